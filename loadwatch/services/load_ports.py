"""What the pages of load, calendar and runs ask of the store. Everything is asked for with the athlete's id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

from loadwatch.domain.activity import Run
from loadwatch.domain.alerts import Alert, AlertState

RunKind = Literal["all", "race", "hilly", "track", "alert", "other"]
"""
Which activities a list shows: all; races; runs with `HILLY_M` of downhill load and more; runs on a track; those with
an alert; activities that are no runs.
"""


@dataclass(frozen=True, slots=True)
class AlertMark:
    """
    An alert as a mark in a chart or a calendar.

    Attributes
    ----------
    at : datetime
        Start of the run, or time of the check-in, UTC.
    run_id : int or None
        The run it speaks of.
    """

    id: int
    rule: str
    severity: int
    state: AlertState
    at: datetime
    run_id: int | None


@dataclass(frozen=True, slots=True)
class ListedRuns:
    """
    A page of a list of activities.

    Attributes
    ----------
    runs : tuple of Run
        Newest first, other sports included.
    more : bool
        Whether there are older ones.
    """

    runs: tuple[Run, ...]
    more: bool


class LoadTx(Protocol):
    """The part of a transaction that these pages read."""

    def runs_of_loads(
        self, athlete_id: int, since: datetime, until: datetime, detailed_since: datetime, *, with_speeds: bool
    ) -> list[Run]:
        """
        Activities from `since` on that began before `until`, in order of start, with what `loads.run_loads` reads.

        Of those before `detailed_since` only distance, times, and the best and the easy speed. Without speeds nothing
        of any of them that fast running is told by, which for a long history is half of the time.
        """
        ...

    def first_and_last_day(self, athlete_id: int) -> tuple[date, date] | None:
        """Local days of the first and the last run that counts."""
        ...

    def alert_marks(self, athlete_id: int, since: datetime, until: datetime) -> list[AlertMark]:
        """Those that were neither taken back nor followed by another in their place, in order of time."""
        ...

    def alerts_of_run(self, athlete_id: int, run_id: int) -> list[Alert]:
        """All that speak of a run, whatever their state."""
        ...

    def listed_runs(
        self, athlete_id: int, kind: RunKind, year: int | None, name: str, limit: int, offset: int
    ) -> ListedRuns:
        """Activities of a kind, of a year of local days, whose name holds some words; newest first."""
        ...

    def rehab_days(self, athlete_id: int, since: date, until: date) -> Sequence[tuple[date, int]]:
        """Local day and problem of each session of exercises."""
        ...
