"""What a runner must know of mails and pushes that do not reach them, and what to do about it."""

from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from loadwatch.domain.text import moment_text, say, say_n, sentences
from loadwatch.services.errors import NotYours
from loadwatch.services.notice_ports import NOTICED_FOR, Untold
from loadwatch.services.ports import AthleteProfile, Clock, Database

NoticeKind = Literal["red", "address", "channels", "dropped", "mail_down"]


@dataclass(frozen=True, slots=True)
class Notice:
    """
    One thing to know.

    Attributes
    ----------
    title, says : str
        What is so, and what follows from it.
    """

    kind: NoticeKind
    title: str
    says: str

    @property
    def is_urgent(self) -> bool:
        """Whether the runner should do something about it now."""
        return self.kind in ("red", "address")


class NoticeService:
    """Tells of what does not arrive."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of(self, athlete_id: int) -> list[Notice]:
        """What is to be said now, the most urgent first."""
        with self._database.read() as tx:
            profile = tx.athlete(athlete_id)
            if profile is None:
                raise NotYours(f"athlete {athlete_id}")
            return notices(profile, tx.not_told(athlete_id, self._clock() - NOTICED_FOR))


def notices(profile: AthleteProfile, untold: Untold) -> list[Notice]:
    """The same of facts that are at hand."""
    zone = ZoneInfo(profile.timezone)
    found: list[Notice] = []
    if untold.n_uncertain_red:
        found.append(
            Notice(
                "red",
                say("A mail about a sign that must not be missed may not have arrived"),
                say("What it says stands on this site, among your alerts. Please read it there."),
            )
        )
    if profile.mail_refused_at is not None:
        since = moment_text(profile.mail_refused_at, zone)
        found.append(
            Notice(
                "address",
                say("Mails do not reach you"),
                sentences(
                    say("Since {since} your address is refused: {why}.", since=since, why=_reason(profile)),
                    say("Nothing but red flags is mailed until it is corrected or tried again."),
                ),
            )
        )
    if untold.n_channels_off:
        n = untold.n_channels_off
        found.append(
            Notice(
                "channels",
                say_n("A channel was switched off", "{n} channels were switched off", n),
                say("It took no messages any more. Look at why, and try it again or remove it."),
            )
        )
    if untold.n_dropped:
        found.append(
            Notice(
                "dropped",
                say_n(
                    "{n} alert could not be sent to you in time",
                    "{n} alerts could not be sent to you in time",
                    untold.n_dropped,
                ),
                say_n(
                    "It could not leave this server until it was of no use. It stands among your alerts.",
                    "They could not leave this server until they were of no use. They stand among your alerts.",
                    untold.n_dropped,
                ),
            )
        )
    if untold.mail_down_since is not None:
        found.append(
            Notice(
                "mail_down",
                say("No mail can leave this server just now"),
                say(
                    "The mail server has been away since {since}. What waits leaves when it is back; whoever runs"
                    " this loadwatch can see why.",
                    since=moment_text(untold.mail_down_since, zone),
                ),
            )
        )
    return found


def _reason(profile: AthleteProfile) -> str:
    return (profile.mail_refused_why or say("no reason was given")).rstrip(".")
