"""What telling a runner needs from the outside: ways beside the mail, signed links, pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from loadwatch.domain.report import ChartPoint, WeeklyReport
from loadwatch.domain.text import Speech
from loadwatch.emails import EmailContent, Picture

MAIL = "mail"
"""The outbox's word for the way that everybody has."""


def channel_name(channel_id: int) -> str:
    """The outbox's word for a channel."""
    return f"channel-{channel_id}"


@dataclass(frozen=True, slots=True)
class Channel:
    """
    A way to tell a runner beside the mail: a service that Apprise knows, or a browser that takes web pushes.

    Attributes
    ----------
    kind : {"apprise", "web_push"}
    name : str
        What its owner calls it.
    least_severity : int
        Alerts from this severity on: 2 caution, 3 act, 4 red flags alone.
    takes_weekly, takes_asks : bool
        Whether the weekly summary, and the question of the morning, come this way too.
    is_discreet : bool
        Whether only that there is something is said, and not what.
    disabled_at : datetime or None
        Since when nothing is sent this way, as it was refused for good, UTC; None: it works.
    disabled_why : str or None
    shown : str
        Its address, without what must stay secret.
    last_ok_at, created_at : datetime or None
        When something was last taken there, and when it was set up, UTC.
    """

    id: int
    athlete_id: int
    kind: Literal["apprise", "web_push"]
    name: str
    least_severity: int
    takes_weekly: bool
    takes_asks: bool
    is_discreet: bool
    disabled_at: datetime | None = None
    disabled_why: str | None = None
    shown: str = ""
    last_ok_at: datetime | None = None
    created_at: datetime | None = None

    @property
    def outbox_name(self) -> str:
        """What stands in the outbox for it, in place of `MAIL`."""
        return channel_name(self.id)


def channel_number(outbox_name: str) -> int:
    """The id of the channel of that `outbox_name`."""
    return int(outbox_name.removeprefix("channel-"))


class TellingTx(Protocol):
    """Part of a transaction: the ways to an athlete."""

    def channels(self, athlete_id: int) -> list[Channel]:
        """All of an athlete, also the disabled ones, the oldest first."""


class Pusher(Protocol):
    """Hands something to a way beside the mail."""

    def send(self, channel_id: int, content: EmailContent, *, kind: str, severity: int, at: datetime) -> None:
        """
        Send, notice that it arrived, and switch the channel off where it is refused for good.

        Parameters
        ----------
        kind : str
            Of the row in the outbox: a discreet channel says no more than that.
        severity : int
            Of the alert; a red flag goes also where other things are refused. 0: no alert.

        Raises
        ------
        MailRefused
            Not to be tried again.
        MailDelayed
            To be tried again later.
        MailUncertain
            It may have arrived.
        """


REPLY_PURPOSES: Final = ("felt", "planned", "not_useful", "read", "pain", "ask", "stop")
"""What a link may answer. Links name them by their place here: add at the end."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a link says; see `ReplyLinks.url`. `until` is a whole minute, UTC."""

    athlete_id: int
    purpose: str
    about: str
    answer: str
    until: datetime


class LinkMaker(Protocol):
    """Makes links that answer for one athlete, without a log-in, for one purpose and until a moment."""

    def url(self, athlete_id: int, purpose: str, about: str, until: datetime, answer: str = "") -> str:
        """
        One link.

        Parameters
        ----------
        purpose : str
            "felt", "planned", "not_useful", "read", "pain", "ask", "stop".
        about : str
            What it answers to: an alert's id, "problem id.ISO week", a local day, what to stop. With the athlete and
            the purpose it is what can be answered once: links that differ in their `answer` alone are one question.
        until : datetime
            When it stops to work, UTC.
        answer : str
            Of several links to one question which this is: "fine", "7".
        """


class ReplyLinks(LinkMaker, Protocol):
    """Makes such links, and reads them."""

    def read(self, token: str) -> Reply | None:
        """What the last part of such an address says, also of one that has expired; None if it was not made here."""


class Pictures(Protocol):
    """Draws what stands in a mail."""

    def distances(self, points: Sequence[ChartPoint], run_id: int | None, speech: Speech) -> Picture:
        """The distance of each run with the ceiling that held for it; one of them stands out."""

    def week(self, report: WeeklyReport, speech: Speech) -> Picture:
        """The three loads of a week, each over the band of the weeks before."""
