"""What the use cases ask of the store about when a runner is told."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.telling import Asked


@dataclass(frozen=True, slots=True)
class WeeklyRow:
    """A summary to be laid out: for whom, of which week, which way, and when it may leave, UTC."""

    athlete_id: int
    week: IsoWeek
    channel: str
    not_before: datetime


class TimingTx(Protocol):
    """The part of a transaction that knows when."""

    def ways_gone(self, athlete_id: int, kind: str, subject: str) -> frozenset[str]:
        """The ways by which something left, or may have left."""

    def weekly_channels(self, athlete_ids: Collection[int]) -> dict[int, list[str]]:
        """The ways beside the mail that take the summary, by their names in the outbox, of those who have any."""

    def lay_out_weekly(self, rows: Sequence[WeeklyRow], now: datetime) -> None:
        """Put summaries into the outbox at once; those that are there already stay as they are."""

    def plan_weekly(self, plans: Iterable[tuple[int, IsoWeek, datetime]]) -> None:
        """Note for athletes of which week the next summary tells, and when it is due."""

    def plan_ask(self, alert_id: int, due_at: datetime | None) -> None:
        """When to see whether the question after an alert leaves; None: no more."""

    def due_asks(self, now: datetime, limit: int) -> list[tuple[int, int]]:
        """Athlete and alert of the questions to be looked at, held until the transaction ends."""

    def asked(self, athlete_id: int, since: datetime) -> list[Asked]:
        """The questions that were laid out since then and not taken back."""

    def note_untold(self, alert_id: int, why: str | None) -> None:
        """Why an alert did not leave by itself; None: it did."""

    def untold(self, athlete_id: int, alert_id: int) -> str | None:
        """The same."""
