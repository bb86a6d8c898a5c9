"""A stretch of a runner's past at a glance: weeks beside their own usual, and what hurt on which day."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from loadwatch.domain.context import acwr_coupled, acwr_ewma, acwr_uncoupled, ewma, monotony
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.loads import RunLoad, is_indoor, mostly_known
from loadwatch.domain.report import known_sum
from loadwatch.domain.symptoms import SymptomReport
from loadwatch.domain.thresholds import CHRONIC_HISTORY_DAYS

USUAL_WEEKS: Final = 12
"""Weeks before a week that make up its usual range. Design choice: as many as fast running is held against."""

USUAL_WEEKS_NEEDED: Final = 4
"""With fewer of them known there is no usual range. Design choice."""

ATL_DAYS: Final = 7
CTL_DAYS: Final = 42
"""
Time constants of the two means that many programs call ATL and CTL: each day has 1/7, or 1/42, of the weight. [d]
Their convention, here of distance.
"""

Side = Literal["left", "right"]

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """Local days from `first` to `last`, both of them in it."""

    first: date
    last: date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last

    def meets(self, other: "Days") -> bool:
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True)
class WeekSum:
    """
    One load of one week.

    Attributes
    ----------
    value_m : float or None
        Sum over the runs that tell: a lower bound where not all do. [m] None where it is not known.
    known_runs, n_runs : int
        Runs that tell, and those that could.
    usual_m : (float, float) or None
        Its usual range: the middle half of those of the 12 weeks before of which it is known. [m] None with fewer
        than 4 of them.
    """

    value_m: float | None
    known_runs: int
    n_runs: int
    usual_m: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class WeekLoads:
    """
    One week of a history.

    Attributes
    ----------
    is_whole : bool
        It lies after the first run, is over, and nothing of it is still awaited.
    longest_m : float or None
        Its longest run. [m]
    mileage, hills, fast, track : WeekSum
        Distance, downhill load, fast metres, metres on a track.
    """

    week: IsoWeek
    n_runs: int
    is_whole: bool
    longest_m: float | None
    mileage: WeekSum
    hills: WeekSum
    fast: WeekSum
    track: WeekSum


@dataclass(frozen=True, slots=True)
class Pain:
    """
    What one side was told to hurt on one local day.

    Attributes
    ----------
    worst : int or None
        The highest that was told, 0: nothing hurts. [0-10] None where it hurts and no number was told.
    """

    day: date
    side: Side
    worst: int | None


@dataclass(frozen=True, slots=True)
class ContextNumbers:
    """
    Ratios and means that other programs show, as of a day; they set off nothing.

    Attributes
    ----------
    acwr_coupled, acwr_uncoupled, acwr_ewma, monotony : float or None
        See `context`. [unitless]
    atl_m, ctl_m : float or None
        Fading means of the distance of a day, with time constants of 7 and of 42 days. [m] None with a history
        shorter than that.
    """

    day: date
    acwr_coupled: float | None
    acwr_uncoupled: float | None
    acwr_ewma: float | None
    monotony: float | None
    atl_m: float | None
    ctl_m: float | None


def unknown_days(shown: Days, first_day: date | None, known_until: date | None, *, all_known: bool) -> list[Days]:
    """
    The shown days of which nobody knows whether there was a run.

    Parameters
    ----------
    first_day : date or None
        Of the first run that is known: nothing says that there was none before it.
    known_until : date or None
        Last day of which all is counted, where something is awaited.
    all_known : bool
        Nothing is awaited. Else with no `known_until` any day may lack something.
    """
    if first_day is None or (not all_known and known_until is None):
        return [shown]
    spans = [Days(shown.first, first_day - _DAY)]
    if not all_known and known_until is not None:
        spans.append(Days(max(known_until + _DAY, shown.first), shown.last))
    spans = [Days(max(s.first, shown.first), min(s.last, shown.last)) for s in spans]
    return [s for s in spans if s.first <= s.last]


def weeks_of(days: Days) -> list[IsoWeek]:
    """The weeks that share a day with these, oldest first."""
    week, last = IsoWeek.of(days.first), IsoWeek.of(days.last)
    weeks = []
    while week <= last:
        weeks.append(week)
        week = week.shifted(1)
    return weeks


def weekly_loads(loads: Sequence[RunLoad], shown: Days, unknown: Sequence[Days], today: date) -> list[WeekLoads]:
    """
    The weeks of a time, each beside its own usual.

    Parameters
    ----------
    loads : sequence of RunLoad
        Of the runs from `USUAL_WEEKS` weeks before the first of these weeks on, in order of start.
    unknown : sequence of Days
        Of which nobody knows whether there was a run, those weeks before among them.
    today : date
        Local day: its week is not over.
    """
    weeks = weeks_of(Days(shown.first - timedelta(weeks=USUAL_WEEKS), shown.last))
    by_week: dict[IsoWeek, list[RunLoad]] = {week: [] for week in weeks}
    for day, of_day in _by_day(loads):
        if (week := IsoWeek.of(day)) in by_week:
            by_week[week] += of_day
    whole = [
        week.sunday < today and not any(span.meets(Days(week.monday, week.sunday)) for span in unknown)
        for week in weeks
    ]
    columns = [_sums(list(by_week.values()), whole, of, could) for of, could in _QUANTITIES]
    found = []
    for i, week in enumerate(weeks):
        if i < USUAL_WEEKS:
            continue
        runs = by_week[week]
        longest = max((load.run.distance_m or 0.0 for load in runs), default=None)
        mileage, hills, fast, track = (column[i] for column in columns)
        found.append(WeekLoads(week, len(runs), whole[i], longest, mileage, hills, fast, track))
    return found


Quantity = Callable[[RunLoad], float | None]

_QUANTITIES: Final[tuple[tuple[Quantity, Callable[[RunLoad], bool]], ...]] = (
    (lambda load: load.run.distance_m, lambda _: True),
    (lambda load: load.hill_m, lambda load: not is_indoor(load.run)),
    (lambda load: load.fast_m, lambda load: not is_indoor(load.run) or load.fast_m is not None),
    (lambda load: load.track_m, lambda load: not is_indoor(load.run)),
)
"""Each load, and whether a run could have some of it: mileage, hills, fast running, track."""


def _sums(
    weeks: Sequence[Sequence[RunLoad]], whole: Sequence[bool], of: Quantity, could: Callable[[RunLoad], bool]
) -> list[WeekSum]:
    sums: list[WeekSum] = []
    usual: list[float | None] = []
    for loads, is_whole in zip(weeks, whole, strict=True):
        value, known, n = known_sum([of(load) for load in loads if could(load)])
        if not loads and not is_whole:
            value = None  # no run is known, and nobody knows whether there was one
        before = [v for v in usual[-USUAL_WEEKS:] if v is not None]
        sums.append(WeekSum(value, known, n, _middle_half(before)))
        usual.append(value if is_whole and mostly_known(known, n) else None)
    return sums


def _middle_half(values: Sequence[float]) -> tuple[float, float] | None:
    """From the first to the third quartile, both interpolated."""
    if len(values) < USUAL_WEEKS_NEEDED:
        return None
    ordered = sorted(values)
    return _at(ordered, 0.25), _at(ordered, 0.75)


def _at(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _by_day(loads: Iterable[RunLoad]) -> Iterator[tuple[date, list[RunLoad]]]:
    by_day: dict[date, list[RunLoad]] = {}
    for load in loads:
        by_day.setdefault(load.run.local_date, []).append(load)
    yield from by_day.items()


def pain_by_day(reports: Iterable[SymptomReport]) -> list[Pain]:
    """
    What was told of each side, day by day; of several check-ins of a day the worst.

    A check-in on which nothing hurts tells of both sides, one on one side nothing of the other. Where no side was
    told, it stands on both.
    """
    worst: dict[tuple[date, Side], int | None] = {}
    for report in reports:
        for side in _sides(report):
            told = report.worst_pain if report.hurts else 0
            key = (report.local_date, side)
            before = worst.get(key, 0)
            # Hurting by an unknown number is more than nothing, and less than a number.
            worst[key] = max((before, told), key=lambda p: 0.5 if p is None else p)
    return [Pain(day, side, pain) for (day, side), pain in sorted(worst.items(), key=lambda item: item[0])]


def _sides(report: SymptomReport) -> tuple[Side, ...]:
    if report.hurts and (report.side == "left" or report.side == "right"):
        return (report.side,)
    return ("left", "right")


def context_numbers(loads: Sequence[RunLoad], day: date, first_day: date | None) -> ContextNumbers | None:
    """
    The usual ratios as of a day; None before the first run.

    Parameters
    ----------
    loads : sequence of RunLoad
        Of the runs of half a year and more up to the day, in order of start.
    first_day : date or None
        Of the first run of all: days before it are unknown, not days of rest.
    """
    if first_day is None or not any(load.run.local_date <= day for load in loads):
        return None
    since = max(first_day, min(load.run.local_date for load in loads))
    daily_m = [0.0] * ((day - since).days + 1)
    for load in loads:
        if since <= load.run.local_date <= day:
            daily_m[(load.run.local_date - since).days] += load.run.distance_m or 0.0
    return ContextNumbers(
        day=day,
        acwr_coupled=acwr_coupled(daily_m),
        acwr_uncoupled=acwr_uncoupled(daily_m),
        acwr_ewma=acwr_ewma(daily_m)[-1] if len(daily_m) >= CHRONIC_HISTORY_DAYS else None,
        monotony=monotony(daily_m),
        atl_m=_fading_mean(daily_m, ATL_DAYS),
        ctl_m=_fading_mean(daily_m, CTL_DAYS),
    )


def _fading_mean(daily_m: Sequence[float], constant_d: int) -> float | None:
    # `ewma` gives the newest of n days a weight of 2 / (n + 1).
    return ewma(daily_m, 2 * constant_d - 1)[-1] if len(daily_m) >= constant_d else None
