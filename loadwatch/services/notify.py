"""Mails and pushes: who gets which, when; claim, write, hand over, note the outcome."""

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.domain.alerts import AlertState
from loadwatch.domain.findings import RED
from loadwatch.domain.telling import told_again
from loadwatch.domain.text import capital, say
from loadwatch.domain.thresholds import OLD_RUN
from loadwatch.emails import EmailContent
from loadwatch.services.delivery_ports import OutboxItem, OutboxState
from loadwatch.services.errors import (
    AddressRefused,
    MailDelayed,
    MailRefused,
    MailUncertain,
    MailWayDown,
    NotYours,
)
from loadwatch.services.facts import what_stands
from loadwatch.services.letters import Letters
from loadwatch.services.ports import AthleteProfile, Clock, Database, Mailer, Nudge, Tx
from loadwatch.services.telling import ask, is_to_be_asked, lay_out_weekly, takes_mail, tell
from loadwatch.services.telling_ports import MAIL, Pusher, channel_number

BUDGET = timedelta(seconds=15)
BATCH: Final = 50
"""So many are claimed at once. Design choice: a few seconds' work, all of which waits for the lease of a worker that
is killed."""
LEASE: Final = timedelta(minutes=2)
"""How long what was claimed is its worker's: longer than a task may run, 90 s. Design choice."""
BACK_OFF_FIRST = timedelta(seconds=30)
BACK_OFF_LONGEST = timedelta(hours=1)
_A_WEEK: Final = timedelta(days=7)
GIVEN_UP_AFTER: Final = timedelta(days=2)
"""A mail that was put off for so long has failed. Design choice: mail servers are mended over a weekend, and what an
alert says is of no use after that."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _NotSent:
    """Why something is not handed over at all; `is_of_alert`: on no way, so that the alert's page says it."""

    state: OutboxState
    why: str
    is_too_late: bool = False
    is_of_alert: bool = False


_GONE: Final = _NotSent("cancelled", say("what it was about is gone"))
_NO_ADDRESS: Final = _NotSent("failed", say("no e-mail address is set"))
_ADDRESS_REFUSED: Final = _NotSent("cancelled", say("mail to this address is switched off, as it takes none"))
_SWITCHED_OFF: Final = _NotSent("cancelled", say("mails of this kind were switched off before it left"))
_CLOSED: Final = _NotSent("cancelled", say("the alert was read or closed before this left"), is_of_alert=True)
_RED_FIRST: Final = _NotSent(
    "cancelled", say("a sign that must not be missed stands: it goes before any load"), is_of_alert=True
)
_TOLD_ANEW: Final = _NotSent("cancelled", say("a later mail says the same"))
_OLD_ALERT: Final = _NotSent(
    "cancelled",
    say("it could not be sent in time: an alert is of no use three days later"),
    is_too_late=True,
    is_of_alert=True,
)
_OLD_ASK: Final = _NotSent(
    "cancelled", say("it could not be sent in time: it asked about a day that is over"), is_too_late=True
)
_ANSWERED: Final = _NotSent("cancelled", say("a check-in has answered it, or there is nothing to ask any more"))
_OLD_WEEK: Final = _NotSent(
    "cancelled", say("it could not be sent in time: a newer summary is due"), is_too_late=True
)


class NotifyService:
    """
    Sends what lies in the outbox.

    A row is claimed for a time, and noted as being sent before it is handed over. A worker killed before that leaves
    it to the next one. Killed after that, or where the outcome is not known, it is uncertain: it is shown as that and
    not sent again by itself, since a doubled warning is believed less. A red flag is sent once more with the same
    Message-ID, by which mail programs tell doubles: a lost one is worse.
    """

    def __init__(
        self,
        database: Database,
        mailer: Mailer,
        clock: Clock,
        letters: Letters,
        *,
        nudge: Nudge | None = None,
        pusher: Pusher | None = None,
        notify_old_runs: bool = False,
    ) -> None:
        self._database = database
        self._mailer = mailer
        self._clock = clock
        self._letters = letters
        self._nudge = nudge
        self._pusher = pusher
        self._notify_old_runs = notify_old_runs

    def deliver_due(self, budget: timedelta = BUDGET) -> int:
        """
        Send what is due, as far as there is time; the number that left.

        Several workers may do so at once. A mail server that answers slowly must not take the task to its time limit
        in the middle of a mail: what is left over is asked for anew.
        """
        began = self._clock()
        sent = 0
        try:
            while self._clock() - began <= budget:
                batch = self._claim(BATCH)
                if not batch:
                    return sent
                sent += self._deliver_batch(batch, began + budget)
        finally:
            self._mailer.hang_up()
        with self._database.read() as tx:
            is_more_due = bool(tx.due_outbox_ids(self._clock(), 1)) and not tx.ways_down()
        if is_more_due and self._nudge is not None:
            self._nudge.more_mails()
        return sent

    def deliver(self, outbox_id: int) -> str | None:
        """Send one mail if it is due and free; its new state."""
        try:
            for item in self._claim(1, only=outbox_id):
                return self._deliver(item)
        except MailWayDown:
            return "pending"
        finally:
            self._mailer.hang_up()
        return None

    def again(self, athlete_id: int, outbox_id: int) -> None:
        """
        Send what failed or is uncertain once more, with the same Message-ID.

        Raises
        ------
        NotYours
            If there is no such mail, or it is neither.
        """
        with self._database.write() as tx:
            if not tx.send_again(athlete_id, outbox_id, self._clock()):
                raise NotYours(f"mail {outbox_id}")
        if self._nudge is not None:
            self._nudge.mails()

    def mail_works_again(self, athlete_id: int) -> None:
        """Send mails to an athlete's address again, which was refused."""
        with self._database.write() as tx:
            tx.update_athlete(athlete_id, mail_refused_at=None, mail_refused_why=None)

    def _claim(self, limit: int, only: int | None = None) -> list[OutboxItem]:
        now = self._clock()
        with self._database.write() as tx:
            tx.release_outbox(now)
            left_alone = [way.name for way in tx.ways_down() if way.retry_at > now]
            return tx.claim_due(now, limit, now + LEASE, without=left_alone, only=only)

    def _deliver_batch(self, batch: list[OutboxItem], until: datetime) -> int:
        """Send what was claimed, and give back what there is no time or no way for; the number that left."""
        sent, left = 0, list(batch)
        while left and self._clock() <= until:
            item = left.pop(0)
            try:
                sent += self._deliver(item) == "sent"
            except MailWayDown:
                self._give_back([each for each in left if each.channel == item.channel])
                left = [each for each in left if each.channel != item.channel]
            except Exception:
                log.exception("mail %s could not be sent", item.id)
        self._give_back(left)
        return sent

    def _give_back(self, items: list[OutboxItem]) -> None:
        if items:
            with self._database.write() as tx:
                tx.give_back(items)

    def _deliver(self, item: OutboxItem) -> str | None:
        """
        Send one that was claimed; its new state, None if it was taken back or over by somebody else.

        Raises
        ------
        MailWayDown
            If nothing can leave the way that this would have gone. It waits.
        """
        try:
            with self._database.read() as tx:
                profile = tx.athlete(item.athlete_id)
                reason = self._why_not(tx, profile, item) if profile else _GONE
                content = self._letters.write(tx, profile, item) if profile and not reason else None
        except Exception as error:
            # Nothing has left yet: perhaps the database was away for a moment.
            self._later(item, f"could not be written: {error!r}")
            raise
        if profile is None or content is None or reason:
            return self._not_sent(item, reason or _GONE)
        with self._database.write() as tx:
            if not tx.begin_sending(item, self._clock() + LEASE):
                return None
        return self._hand_over(item, profile, content)

    def _hand_over(self, item: OutboxItem, profile: AthleteProfile, content: EmailContent) -> str:
        subject = content.subject
        try:
            self._send(item, profile, content)
        except AddressRefused as error:
            return self._address_refused(item, profile, subject, error.words)
        except MailRefused as error:
            return self._settle(item, "failed", subject=subject, error=error.words)
        except MailWayDown as error:
            self._way_down(item, subject, error.words)
            raise
        except MailDelayed as error:
            return self._later(item, error.words, subject)
        except MailUncertain as error:
            return self._uncertain(item, subject, error.words)
        except Exception as error:
            self._uncertain(item, subject, f"sending it broke off: {error!r}")
            raise
        return self._sent(item, profile, subject)

    def _send(self, item: OutboxItem, profile: AthleteProfile, content: EmailContent) -> None:
        now = self._clock()
        if item.channel != MAIL:
            if self._pusher is None:
                raise MailRefused(say("this server sends mails alone"))
            severity = RED if item.is_red else 0
            self._pusher.send(channel_number(item.channel), content, kind=item.kind, severity=severity, at=now)
            return
        assert profile.email  # looked at in `_why_not`
        self._mailer.send(content, to=profile.email, message_id=item.message_id, athlete_id=profile.id, at=now)

    def _why_not(self, tx: Tx, profile: AthleteProfile, item: OutboxItem) -> _NotSent | None:
        """Why something that was laid out is of no use any more, or cannot arrive; None: it is sent."""
        if item.channel == MAIL and not profile.email:
            return _NO_ADDRESS
        # A red flag is tried all the same, and a test is asked for by its reader.
        if item.channel == MAIL and profile.mail_refused_at and not item.is_red and item.kind != "test":
            return _ADDRESS_REFUSED
        severity = RED if item.is_red else 0
        if item.channel == MAIL and item.kind != "test" and not takes_mail(profile, item.kind, severity):
            return _SWITCHED_OFF
        now = self._clock()
        today = now.astimezone(ZoneInfo(profile.timezone)).date()
        match item.kind:
            case "alert" if not item.is_red:
                return self._why_not_alert(tx, profile.id, int(item.subject), now)
            case "again" if tx.is_told_anew(item):
                return _TOLD_ANEW
            case "ask" if date.fromisoformat(item.subject.partition(".")[0]) < today:
                return _OLD_ASK
            case "ask":
                alert = tx.alert(profile.id, int(item.subject.partition(".")[2]))
                return None if alert is not None and is_to_be_asked(tx, profile, alert, now) else _ANSWERED
            case "weekly":
                newest = tx.newest_outbox_subject(profile.id, "weekly", item.channel) or item.subject
                is_old = now - item.created_at >= _A_WEEK  # its successor is due
                return _OLD_WEEK if newest > item.subject or is_old else None
        return None

    def _why_not_alert(self, tx: Tx, athlete_id: int, alert_id: int, now: datetime) -> _NotSent | None:
        alert = tx.alert(athlete_id, alert_id)
        if alert is None:
            return _GONE
        is_old = now - alert.at > OLD_RUN and not self._notify_old_runs
        if alert.state is AlertState.EXPIRED or (alert.state is AlertState.FIRING and is_old):
            return _OLD_ALERT
        if alert.state is not AlertState.FIRING:
            return _CLOSED
        # What to do after a jump would read as if running were all right.
        if alert.is_of_load and any(a.is_red for a in what_stands(tx, athlete_id, now)[0]):
            return _RED_FIRST
        return None

    def _not_sent(self, item: OutboxItem, reason: _NotSent) -> str:
        dropped_at = self._clock() if reason.is_too_late else None
        if reason.is_of_alert and not item.may_have_left:
            with self._database.write() as tx:
                # Where it left another way before, it was told.
                if tx.ways_gone(item.athlete_id, item.kind, item.subject) <= {item.channel}:
                    tx.note_untold(int(item.subject), say("{fact}.", fact=capital(reason.why)))
        return self._settle(item, reason.state, error=reason.why, dropped_at=dropped_at)

    def _sent(self, item: OutboxItem, profile: AthleteProfile, subject: str) -> str:
        with self._database.write() as tx:
            now = self._clock()
            tx.settle_outbox(item.id, "sent", now, claimed_at=item.claimed_at, mail_subject=subject)
            if item.channel == MAIL:
                tx.way_works(MAIL)
                if profile.mail_refused_at:
                    tx.update_athlete(profile.id, mail_refused_at=None, mail_refused_why=None)
        return "sent"

    def _address_refused(self, item: OutboxItem, profile: AthleteProfile, subject: str, error: str) -> str:
        with self._database.write() as tx:
            tx.update_athlete(profile.id, mail_refused_at=self._clock(), mail_refused_why=error)
        return self._settle(item, "failed", subject=subject, error=error)

    def _way_down(self, item: OutboxItem, subject: str, error: str) -> None:
        with self._database.write() as tx:
            now = self._clock()
            tx.way_is_down(item.channel, error, now)
            tx.settle_outbox(
                item.id,
                "pending",
                now,
                claimed_at=item.claimed_at,
                mail_subject=subject,
                error=error,
                next_attempt_at=item.next_attempt_at,  # in the same place as before
                attempts=item.attempts,
            )

    def _uncertain(self, item: OutboxItem, subject: str, error: str) -> str:
        once_more = item.is_red and not item.may_have_left
        return self._settle(
            item,
            "pending" if once_more else "uncertain",
            subject=subject,
            error=error,
            again=self._clock() + BACK_OFF_FIRST if once_more else None,
            may_have_left=True,
        )

    def _later(self, item: OutboxItem, error: str, subject: str | None = None) -> str:
        now, attempts = self._clock(), item.attempts + 1
        since = item.delayed_since or now
        if now - since >= GIVEN_UP_AFTER:
            return self._settle(
                item, "failed", subject=subject, error=say("given up: {error}", error=error), attempts=attempts
            )
        again = now + min(BACK_OFF_FIRST * 2 ** min(attempts, 10), BACK_OFF_LONGEST)
        kept = {"attempts": attempts, "delayed_since": since}
        return self._settle(item, "pending", subject=subject, error=error, again=again, **kept)

    def _settle(
        self,
        item: OutboxItem,
        state: OutboxState,
        *,
        subject: str | None = None,
        error: str | None = None,
        again: datetime | None = None,
        **changes: object,
    ) -> str:
        if state == "failed" and item.may_have_left:
            state = "uncertain"  # this time it was refused; it may have arrived before
        with self._database.write() as tx:
            tx.settle_outbox(
                item.id,
                state,
                self._clock(),
                claimed_at=item.claimed_at,
                mail_subject=subject,
                error=error,
                next_attempt_at=again,
                **changes,
            )
        return state

    def queue_weekly(self, batch: int = 500) -> int:
        """
        Lay out the summaries that are due; of how many athletes, with those who want none.

        Of the weeks that went by meanwhile only the newest is told. The row's key (athlete, kind, week, way) and the
        week that each athlete waits for make each exist once, however often this runs, and wherever they move.
        """
        n_due = batch
        total = 0
        while n_due == batch:
            now = self._clock()
            with self._database.write() as tx:
                due_now = tx.athletes_due_weekly(now, batch)
                n_due = len(due_now)
                lay_out_weekly(tx, due_now, now)
            total += n_due
        return total

    def queue_asks(self, limit: int = 100) -> int:
        """Lay out the questions how it feels whose morning has come, where that is still to be known; how many."""
        now = self._clock()
        with self._database.write() as tx:
            due_now = tx.due_asks(now, limit)
            return sum(ask(tx, athlete_id, alert_id, now) for athlete_id, alert_id in due_now)

    def expire(self, limit: int = 500) -> int:
        """Close alerts whose time has run out, and tell again of red flags that nobody has acknowledged."""
        now = self._clock()
        with self._database.write() as tx:
            spent = tx.expired_alerts(now, limit)
            for alert_id in spent:
                tx.move_alert(alert_id, AlertState.EXPIRED, "spent: its time is over", now)
            for athlete_id in tx.athletes_with_red_alerts(limit):
                profile = tx.athlete(athlete_id)
                assert profile is not None  # whose alerts they are
                for red in told_again(tx.red_alerts(athlete_id), now):
                    tell(tx, profile, "again", f"{red.alert_id}.{red.n_mails}", RED, now)
        return len(spent)
