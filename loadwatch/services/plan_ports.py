"""What the use cases ask of the store about runs that are only planned, and about replays of a history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """
    A run that a runner has planned.

    Attributes
    ----------
    distance_m : float
        [m]
    descent_m, fast_m : float or None
        [m] None where the runner could not tell.
    """

    id: int
    local_date: date
    distance_m: float
    descent_m: float | None = None
    fast_m: float | None = None


@dataclass(frozen=True, slots=True)
class StoredBacktest:
    """
    A replay of an athlete's history, asked for or done.

    Attributes
    ----------
    asked_at : datetime
        When it was last asked for, UTC.
    next_attempt_at : datetime or None
        When it is worked out, or tried again; None: nothing is to be done.
    attempts : int
        How often it was begun since it was asked for.
    error : str or None
        Why the last attempt failed.
    done_at : datetime or None
        As of when the result stands; None: there is none yet.
    made_of : str or None
        What the result was worked out from; see `backtests.made_of`.
    result : mapping or None
        See `backtests.Replayed`.
    """

    asked_at: datetime
    next_attempt_at: datetime | None
    attempts: int
    error: str | None
    done_at: datetime | None
    made_of: str | None
    result: Mapping[str, Any] | None


class PlanTx(Protocol):
    """The part of a transaction that holds plans and replays."""

    def planned_runs(self, athlete_id: int, since: date) -> list[StoredPlan]:
        """Those of a day and later, in order of day and of when they were entered."""
        ...

    def add_planned_run(
        self,
        athlete_id: int,
        day: date,
        distance_m: float,
        descent_m: float | None,
        fast_m: float | None,
        now: datetime,
    ) -> int: ...

    def change_planned_run(self, athlete_id: int, planned_id: int, **changes: Any) -> bool:
        """Whether there was such a run of this athlete."""
        ...

    def delete_planned_runs(self, athlete_id: int, planned_id: int | None = None) -> int:
        """One, or all of them; how many there were."""
        ...

    def assessments_wanted(self, athlete_id: int) -> int:
        """Rises whenever a run or a check-in changed so that it must be judged."""
        ...

    def backtest(self, athlete_id: int) -> StoredBacktest | None: ...

    def ask_backtest(self, athlete_id: int, now: datetime) -> None:
        """Have a history replayed (again); what is known of the last time stays until then."""
        ...

    def claim_backtest(self, athlete_id: int, now: datetime, until: datetime) -> int | None:
        """
        Begin a replay that is due, and keep others from it until a moment.

        Returns
        -------
        int or None
            How often it was begun by now; None if it is not due.
        """
        ...

    def settle_backtest(self, athlete_id: int, result: Mapping[str, Any], made_of: str, now: datetime) -> None: ...

    def fail_backtest(self, athlete_id: int, error: str, next_attempt_at: datetime | None) -> None: ...

    def due_backtests(self, now: datetime, limit: int) -> list[int]:
        """Athletes whose history is to be replayed."""
        ...
