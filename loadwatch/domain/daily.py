"""Totals per local day and per ISO week."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from loadwatch.domain.activity import Run, counted
from loadwatch.domain.loads import ascent_of, is_indoor, track_distance_m


@dataclass(frozen=True, slots=True)
class DayTotal:
    """
    What an athlete ran on one local day.

    Attributes
    ----------
    local_date : date
        Calendar day at the place of each run.
    n_runs : int
        Counted runs.
    distance_m, moving_s : float
        Sums over them; moving time over those that have one. [m; s]
    ascent_m, descent_m, eccentric_load_m, track_m : float or None
        Sums over the runs out of doors; None if one of them does not tell. A treadmill adds nothing. [m]
    """

    local_date: date
    n_runs: int
    distance_m: float
    moving_s: float
    ascent_m: float | None
    descent_m: float | None = None
    eccentric_load_m: float | None = None
    track_m: float | None = None


@dataclass(frozen=True, slots=True, order=True)
class IsoWeek:
    """A week by ISO 8601: Monday to Sunday, named like 2026-W47."""

    year: int
    week: int

    @classmethod
    def of(cls, day: date) -> "IsoWeek":
        year, week, _ = day.isocalendar()
        return cls(year, week)

    @classmethod
    def parse(cls, text: str) -> "IsoWeek":
        """
        Read "2026-W47".

        Raises
        ------
        ValueError
            If the text names no week.
        """
        year, mark, week = text.partition("-W")
        if not mark:
            raise ValueError(f"{text!r} is no ISO week, like 2026-W47")
        return cls.of(date.fromisocalendar(int(year), int(week), 1))

    @property
    def monday(self) -> date:
        return date.fromisocalendar(self.year, self.week, 1)

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    def shifted(self, weeks: int) -> "IsoWeek":
        return IsoWeek.of(self.monday + timedelta(weeks=weeks))

    def __str__(self) -> str:
        return f"{self.year}-W{self.week:02d}"


def day_totals(runs: Iterable[Run]) -> dict[date, DayTotal]:
    """
    Totals of the days on which there was a run that counts; days without one are absent.

    Parameters
    ----------
    runs : iterable of Run
        Activities of one athlete in any order; sports that do not count and duplicates are left out here.
    """
    by_day: dict[date, list[Run]] = {}
    for run in counted(runs):
        by_day.setdefault(run.local_date, []).append(run)
    return {day: _total(day, group) for day, group in by_day.items()}


def _total(day: date, runs: Sequence[Run]) -> DayTotal:
    return DayTotal(
        local_date=day,
        n_runs=len(runs),
        distance_m=sum(r.distance_m or 0.0 for r in runs),
        moving_s=sum(r.moving_s or 0.0 for r in runs),
        ascent_m=_sum_outdoors(runs, ascent_of),
        descent_m=_sum_outdoors(runs, lambda r: r.features.descent_m if r.features else None),
        eccentric_load_m=_sum_outdoors(runs, lambda r: r.features.eccentric_load_m if r.features else None),
        track_m=_sum_outdoors(runs, track_distance_m),
    )


def _sum_outdoors(runs: Sequence[Run], quantity: Callable[[Run], float | None]) -> float | None:
    values = [quantity(r) for r in runs if not is_indoor(r)]
    return None if None in values else sum(v for v in values if v is not None)


def week_distance_m(totals: Iterable[DayTotal], week: IsoWeek) -> float:
    """Distance of the days of one week. [m]"""
    return sum(t.distance_m for t in totals if week.monday <= t.local_date <= week.sunday)
