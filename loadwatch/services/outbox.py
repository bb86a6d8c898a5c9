"""What waits to be told, what was told, and what a mail looks like: rendered from what is stored, sent to nobody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

from loadwatch.domain.alerts import Alert, AlertState
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.text import Units, moment_text, say
from loadwatch.emails import EmailContent
from loadwatch.services.errors import LoadwatchError, NotYours
from loadwatch.services.letters import Letters
from loadwatch.services.ports import AthleteProfile, Clock, Database, OutboxItem, Tx
from loadwatch.services.telling_ports import MAIL

KINDS: Final[Mapping[str, str]] = {
    "alert": say("Alert"),
    "again": say("Alert, again"),
    "retraction": say("Correction"),
    "weekly": say("Weekly summary"),
    "ask": say("Question of the morning"),
    "receipt": say("Receipt"),
    "test": say("Test"),
}
"""What lies in the outbox, in words."""

LookKind = Literal["alert", "red", "again", "ask", "weekly", "retraction", "receipt", "test"]
LOOK_KINDS: Final[tuple[LookKind, ...]] = get_args(LookKind)

SHOWN: Final = 100
"""So many rows of the outbox are shown, the newest. Design choice."""

LONG_AGO: Final = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Look:
    """A mail that is only looked at, with the row of the outbox that it would have."""

    item: OutboxItem
    content: EmailContent


RowState = Literal["waits", "sending", "sent", "failed", "uncertain", "too_late", "not_needed"]


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """
    A mail or a push as its reader may want to know of it.

    Attributes
    ----------
    name : str
        Its subject line, where it was written already; else what kind it is.
    way : str
        "Mail", or what the channel is called.
    says : str
        What became of it, in a sentence.
    since : datetime
        When that was, UTC.
    """

    item: OutboxItem
    name: str
    way: str
    state: RowState
    says: str
    since: datetime

    @property
    def kind(self) -> str:
        return KINDS.get(self.item.kind, self.item.kind)

    @property
    def can_be_repeated(self) -> bool:
        return self.state in ("failed", "uncertain")


class SampleLinks:
    """Stands in for links that answer: whoever reads over a shoulder, or finds a file, can answer nothing by them."""

    def __init__(self, base_url: str) -> None:
        self._url = f"{base_url.rstrip('/')}/r/sample"

    def url(self, athlete_id: int, purpose: str, about: str, until: datetime, answer: str = "") -> str:  # noqa: ARG002
        """The same for every question; the page behind it says that it answers nothing."""
        return self._url


class OutboxService:
    """
    Shows mails.

    Parameters
    ----------
    letters : Letters
        With links that answer nothing: see `SampleLinks`.
    """

    def __init__(self, database: Database, clock: Clock, letters: Letters) -> None:
        self._database = database
        self._clock = clock
        self._letters = letters

    def rows(self, athlete_id: int, limit: int = SHOWN) -> list[OutboxRow]:
        """What was laid out for an athlete, the newest first."""
        now = self._clock()
        with self._database.read() as tx:
            profile = _profile(tx, athlete_id)
            items = tx.outbox_items(athlete_id, limit)
            names = {channel.outbox_name: channel.name for channel in tx.channels(athlete_id)}
        return [_row(item, names, now, ZoneInfo(profile.timezone)) for item in items]

    def look(
        self,
        athlete_id: int,
        kind: LookKind,
        about: str | None = None,
        *,
        language: str | None = None,
        units: Units | None = None,
    ) -> Look | None:
        """
        A mail as it would be written now, of the newest thing that it fits; None if there is none.

        Parameters
        ----------
        about : str, optional
            The number of an alert or of a receipt, or an ISO week ("2026-W47").
        language, units : optional
            Others than the reader's own.

        Raises
        ------
        LoadwatchError
            If `about` cannot be read.
        """
        now = self._clock()
        with self._database.read() as tx:
            profile = _profile(tx, athlete_id)
            subject = _subject(tx, profile, kind, about, now)
            if subject is None:
                return None
            item = _unsent(athlete_id, "alert" if kind == "red" else kind, subject, now)
            reader = replace(profile, language=language or profile.language, units=units or profile.units)
            content = self._letters.write(tx, reader, item)
        return Look(item, content) if content is not None else None

    def of_row(self, athlete_id: int, outbox_id: int) -> Look:
        """
        A mail of the outbox as it would be written now.

        Raises
        ------
        NotYours
            If the athlete has no such mail.
        LoadwatchError
            If what it was about is gone.
        """
        with self._database.read() as tx:
            item = next((i for i in tx.outbox_items(athlete_id, SHOWN) if i.id == outbox_id), None)
            if item is None:
                raise NotYours(f"mail {outbox_id}")
            content = self._letters.write(tx, _profile(tx, athlete_id), item)
        if content is None:
            raise LoadwatchError(say("What this mail was about is over, so there is nothing to show any more."))
        return Look(item, content)


def _row(item: OutboxItem, channels: Mapping[str, str], now: datetime, zone: tzinfo) -> OutboxRow:
    state = _STATES.get(item.state, "waits")
    if state == "not_needed" and item.dropped_at is not None:
        state = "too_late"
    since = item.settled_at or item.claimed_at or item.created_at
    return OutboxRow(
        item=item,
        name=item.mail_subject or KINDS.get(item.kind, item.kind),
        way=say("Mail") if item.channel == MAIL else channels.get(item.channel, say("a channel that is gone")),
        state=state,
        says=_says(item, state, now, zone),
        since=since,
    )


_STATES: Final[Mapping[str, RowState]] = {
    "pending": "waits",
    "claimed": "sending",
    "sending": "sending",
    "sent": "sent",
    "failed": "failed",
    "uncertain": "uncertain",
    "cancelled": "not_needed",
}


def _says(item: OutboxItem, state: RowState, now: datetime, zone: tzinfo) -> str:
    why = item.error or say("no reason was noted")
    match state:
        case "waits":
            at = item.next_attempt_at
            if at is None or at <= now:
                return say("Leaves within a minute.")
            moment = moment_text(at, zone)
            if item.error:
                return say("Could not be sent yet, tried again {moment}: {why}", moment=moment, why=why)
            return say("Waits until {moment}.", moment=moment)
        case "sending":
            return say("Is being sent just now.")
        case "sent":
            return say("Sent.")
        case "failed":
            return say("Not sent: {why}", why=why)
        case "uncertain":
            return say("May or may not have arrived: {why}", why=why)
        case "too_late":
            return say("Not sent, as it would have come too late: {why}", why=why)
        case "not_needed":
            return say("Not needed any more: {why}", why=why)


def _profile(tx: Tx, athlete_id: int) -> AthleteProfile:
    profile = tx.athlete(athlete_id)
    if profile is None:
        raise NotYours(f"athlete {athlete_id}")
    return profile


def _unsent(athlete_id: int, kind: str, subject: str, now: datetime) -> OutboxItem:
    return OutboxItem(
        id=0,
        athlete_id=athlete_id,
        kind=kind,
        subject=subject,
        state="pending",
        attempts=0,
        message_id=f"<{kind}.{subject}.{athlete_id}@sample.invalid>",
        mail_subject=None,
        error=None,
        created_at=now,
        claimed_at=None,
        settled_at=None,
    )


def _subject(tx: Tx, profile: AthleteProfile, kind: LookKind, about: str | None, now: datetime) -> str | None:
    """What the row of such a mail is about."""
    zone = ZoneInfo(profile.timezone)
    match kind:
        case "weekly":
            return str(_week(about) if about else IsoWeek.of(now.astimezone(zone).date()).shifted(-1))
        case "receipt":
            known = [receipt.id for receipt in tx.receipts(profile.id, limit=SHOWN)]
            return next((str(n) for n in known if about is None or n == _number(about)), None)
        case "test":
            return about or "mail"
    alert = _alert(tx, profile.id, kind, about)
    if alert is None:
        return None
    if kind == "again":
        return f"{alert.id}.1"
    if kind == "ask":
        assert alert.ask_at is not None  # by _FITS
        return f"{alert.ask_at.astimezone(zone).date()}.{alert.id}"
    return str(alert.id)


def _alert(tx: Tx, athlete_id: int, kind: str, about: str | None) -> Alert | None:
    found: Iterable[Alert | None] = reversed(tx.alerts_since(athlete_id, LONG_AGO))
    if about is not None:
        found = [tx.alert(athlete_id, _number(about))]
    return next((alert for alert in found if alert is not None and _fits(alert, kind)), None)


def _fits(alert: Alert, kind: str) -> bool:
    if kind == "retraction":
        return alert.state is AlertState.RETRACTED
    if alert.state is AlertState.RETRACTED:
        return False
    match kind:
        case "red":
            return alert.is_red
        case "again":
            return alert.is_red and alert.state is AlertState.FIRING
        case "ask":
            return alert.ask_at is not None
    return not alert.is_red


def _number(about: str) -> int:
    if not about.isdecimal():
        raise LoadwatchError(say("{given} is not a number: give that of an alert or of a receipt", given=about))
    return int(about)


def _week(about: str) -> IsoWeek:
    try:
        return IsoWeek.parse(about)
    except ValueError as error:
        raise LoadwatchError(say("{given} is not a week: write it like 2026-W47", given=about)) from error
