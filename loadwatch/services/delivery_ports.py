"""What delivery needs from the outside: the outbox, whose rows leave once, and the ways on which they leave."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from loadwatch.services.telling_ports import MAIL

OutboxState = Literal["pending", "claimed", "sending", "sent", "failed", "cancelled", "uncertain"]

RED_FIRST: Final = 0
"""The priority of a red flag."""
WEEKLY_LAST: Final = 2
"""The priority of a weekly summary: thousands of them must not hold up an alert."""


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """
    A mail or a push that waits, or what became of it.

    Attributes
    ----------
    kind : str
        alert, again, retraction, weekly, ask, receipt, test.
    state : str
        "pending": it waits. "claimed": a worker has taken it, nothing has left. "sending": it is being handed over.
        "sent", "failed" for good, "cancelled" before it left. "uncertain": its worker was cut off while it was
        "sending", so it may have arrived or not.
    attempts : int
        How often it was handed over, or could not be written.
    channel : str
        `MAIL`, or the `outbox_name` of a channel.
    delayed_since : datetime or None
        When it was first put off, UTC.
    may_have_left : bool
        Somebody may have it whatever its state says, as it was uncertain once.
    dropped_at : datetime or None
        When it was cancelled as it would have come too late, UTC.
    """

    id: int
    athlete_id: int
    kind: str
    subject: str
    state: str
    attempts: int
    message_id: str
    mail_subject: str | None
    error: str | None
    created_at: datetime
    claimed_at: datetime | None
    settled_at: datetime | None
    channel: str = MAIL
    priority: int = 1
    next_attempt_at: datetime | None = None
    delayed_since: datetime | None = None
    may_have_left: bool = False
    dropped_at: datetime | None = None

    @property
    def is_red(self) -> bool:
        """Whether it tells of a red flag."""
        return self.priority == RED_FIRST


@dataclass(frozen=True, slots=True)
class WayDown:
    """
    That no mail can leave: nothing is wrong with any of them, and all of them wait.

    Attributes
    ----------
    retry_at : datetime
        When it is tried again, UTC.
    n : int
        How often in a row it was tried.
    """

    name: str
    down_since: datetime
    retry_at: datetime
    error: str
    n: int


class DeliveryTx(Protocol):
    """Part of `ports.Tx`: the outbox."""

    def add_outbox(
        self,
        athlete_id: int,
        kind: str,
        subject: str,
        now: datetime,
        not_before: datetime | None = None,
        channel: str = MAIL,
    ) -> int | None:
        """Lay a mail or a push out to be sent, not before a time; None if it was sent already."""
        ...

    def cancel_outbox(self, athlete_id: int, kind: str, subject: str, why: str, now: datetime) -> str | None:
        """
        Take back what has not left yet, on all channels.

        Returns the state in which it was found: if any of them has left, that one's, "uncertain" if any of them may
        have; None if there is none.
        """
        ...

    def release_outbox(self, now: datetime) -> None:
        """
        See to what workers that are gone have left behind, by their leases.

        What was only claimed waits again. What was being sent is uncertain; a red flag is sent once more.
        """
        ...

    def claim_due(
        self,
        now: datetime,
        limit: int,
        until: datetime,
        *,
        without: Collection[str] = (),
        only: int | None = None,
    ) -> list[OutboxItem]:
        """
        Take what is due for oneself; nobody else gets it until then.

        Red flags come first and weekly summaries last, else what is due for longest.

        Parameters
        ----------
        without : collection of str
            Channels that are left alone.
        only : int, optional
            This row alone, if it is due.
        """
        ...

    def begin_sending(self, item: OutboxItem, until: datetime) -> bool:
        """Note that a claimed row is handed over from now on; False if it is no longer one's own, or taken back."""
        ...

    def settle_outbox(
        self,
        outbox_id: int,
        state: OutboxState,
        now: datetime,
        *,
        claimed_at: datetime | None = None,
        mail_subject: str | None = None,
        error: str | None = None,
        next_attempt_at: datetime | None = None,
        **changes: object,
    ) -> bool:
        """
        Note what became of a row; False if it is settled already, or somebody else's by now.

        Parameters
        ----------
        claimed_at : datetime, optional
            When one claimed it.
        changes
            Other columns: `attempts`, `delayed_since`, `may_have_left`, `dropped_at`.
        """
        ...

    def give_back(self, items: Collection[OutboxItem]) -> None:
        """Let claimed rows wait again that were not begun."""
        ...

    def send_again(self, athlete_id: int, outbox_id: int, now: datetime) -> bool:
        """Let what failed or is uncertain wait again; False if the athlete has no such row."""
        ...

    def due_outbox_ids(self, now: datetime, limit: int) -> list[int]: ...
    def claimed_outbox_ids(self, limit: int) -> list[int]:
        """What a worker has in its hands."""
        ...

    def outbox_items(self, athlete_id: int, limit: int) -> list[OutboxItem]:
        """The newest first."""
        ...

    def newest_outbox_subject(self, athlete_id: int, kind: str, channel: str) -> str | None:
        """The last by the alphabet of a kind that is not cancelled."""
        ...

    def is_told_anew(self, item: OutboxItem) -> bool:
        """Whether a later telling of the same alert waits on the same channel, or left."""
        ...

    def dropped_mails(self, athlete_id: int, since: datetime) -> list[OutboxItem]:
        """What was not sent as it would have come too late, the newest first."""
        ...

    def ways_down(self) -> list[WayDown]: ...
    def way_is_down(self, name: str, error: str, now: datetime) -> None:
        """Note that a way failed: with each failure in a row it is left alone for longer."""
        ...

    def way_works(self, name: str) -> None: ...
