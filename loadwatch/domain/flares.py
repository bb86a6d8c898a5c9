"""When a problem flared up, and what was run in the days before: counted, nothing concluded."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from loadwatch.domain.loads import RunLoad, is_indoor
from loadwatch.domain.symptoms import Problem, SymptomReport, in_order, is_quieted, trend
from loadwatch.domain.thresholds import FAST_RUN_M, FLARE_REACH_D, HILLY_M, NRS_CHANGE, NRS_MILD, TREND_WINDOW

RunKind = Literal["any", "jump", "hills", "fast"]
"""Any run; one of which a load rule spoke; one with at least 150 m of downhill load; one with at least 200 m fast."""

RUN_KINDS: Final[tuple[RunKind, ...]] = ("any", "jump", "hills", "fast")


@dataclass(frozen=True, slots=True)
class Flare:
    """
    Pain that became more than mild, or clearly more than it was.

    Attributes
    ----------
    report : SymptomReport
        With which it began.
    pain : int
        Worst pain of that check-in. [0-10]
    before : int or None
        Worst pain of the check-in before it. [0-10] None where there was none, or it did not tell.
    runs : tuple of RunLoad
        Of its day and of the three days before, up to the check-in, in order of start.
    """

    report: SymptomReport
    pain: int
    before: int | None
    runs: tuple[RunLoad, ...]


@dataclass(frozen=True, slots=True)
class Preceded:
    """
    How often runs of one kind and flares went together, and how often not.

    Attributes
    ----------
    flares : int
        Those with such a run in the days before.
    flares_unknown : int
        Those without a run that is known to be one, of whose runs one does not tell.
    n_flares : int
        All of them.
    runs : int
        Runs of this kind, from the days before the first check-in of the problem on.
    followed, quiet, untold : int
        Of those: a flare began in the days after; there were check-ins in those days, and none began; there was no
        check-in in those days, so that nobody knows.
    runs_unknown : int
        Runs that do not tell whether they are of this kind.
    """

    kind: RunKind
    flares: int
    flares_unknown: int
    n_flares: int
    runs: int
    followed: int
    quiet: int
    untold: int
    runs_unknown: int


def told_of(problem: Problem, reports: Iterable[SymptomReport]) -> list[SymptomReport]:
    """
    The check-ins that speak of a problem, in order: its own, and those since it opened by which nothing hurts there.

    Parameters
    ----------
    reports : iterable of SymptomReport
        All of the athlete's, in any order.
    """
    first = problem.reports[0]
    painless = (r for r in reports if is_quieted(problem, first, r))
    until = problem.closed
    return in_order((*problem.reports, *(r for r in painless if until is None or r.at <= until)))


def flares(told: Sequence[SymptomReport], loads: Iterable[RunLoad] = ()) -> list[Flare]:
    """
    The flares of a problem.

    One begins with a check-in that tells of pain above 2 after one of at most 2, or after nothing, as RF13 counts
    them. Another begins with pain above 2 that is 2 points or more above the lowest of the 7 days before, as S-TREND
    asks, unless one began in those 7 days already: then it is the same. A check-in without a number is passed over.

    Parameters
    ----------
    told : sequence of SymptomReport
        Of `told_of`.
    loads : iterable of RunLoad
        The athlete's, in any order.
    """
    runs = sorted(loads, key=lambda x: (x.run.start, x.run.id))
    found: list[Flare] = []
    before: int | None = None
    for i, report in enumerate(told):
        pain = report.worst_pain if report.hurts else 0
        if pain is None:
            continue
        if pain > NRS_MILD and (before is None or before <= NRS_MILD or _rises_anew(report, told[:i], found)):
            found.append(Flare(report, pain, before, tuple(x for x in runs if _is_before(x, report))))
        before = pain
    return found


def _rises_anew(report: SymptomReport, earlier: Sequence[SymptomReport], found: Sequence[Flare]) -> bool:
    if found and report.at - found[-1].report.at <= TREND_WINDOW:
        return False
    return trend(report, earlier).pain_rise >= NRS_CHANGE


def _is_before(load: RunLoad, report: SymptomReport) -> bool:
    """Whether a check-in came on the day of a run or in the three days after it, and after its start."""
    days = (report.local_date - load.run.local_date).days
    return 0 <= days <= FLARE_REACH_D and load.run.start <= report.at


def preceded(
    found: Sequence[Flare],
    told: Sequence[SymptomReport],
    loads: Iterable[RunLoad],
    jumps: Collection[int] = (),
) -> list[Preceded]:
    """
    What runs of each kind and the flares had to do with each other in time, kind by kind.

    Parameters
    ----------
    found : sequence of Flare
        Of `flares`.
    told : sequence of SymptomReport
        Of `told_of`, at least one.
    loads : iterable of RunLoad
        The athlete's, in any order; those long before the first check-in are passed over.
    jumps : collection of int
        Ids of the runs of which a load rule spoke.
    """
    since = told[0].local_date - timedelta(days=FLARE_REACH_D)
    runs = [x for x in loads if since <= x.run.local_date]
    is_of: Mapping[RunKind, Callable[[RunLoad], bool | None]] = {
        "any": lambda _: True,
        "jump": lambda x: x.run.id in jumps,
        "hills": lambda x: _reaches(x, x.hill_m, HILLY_M),
        "fast": lambda x: _reaches(x, x.fast_m, FAST_RUN_M),
    }
    began = _by_day(flare.report for flare in found)
    heard = _by_day(told)
    followed = {x.run.id for x in runs if _has_answer(x, began)}
    answered = {x.run.id for x in runs if _has_answer(x, heard)}
    return [_counted(kind, is_of[kind], found, runs, followed, answered) for kind in RUN_KINDS]


def _by_day(reports: Iterable[SymptomReport]) -> dict[date, datetime]:
    """The latest check-in of each local day."""
    latest: dict[date, datetime] = {}
    for report in reports:
        latest[report.local_date] = max(report.at, latest.get(report.local_date, report.at))
    return latest


def _has_answer(load: RunLoad, at: Mapping[date, datetime]) -> bool:
    """Whether one of these check-ins came on the day of a run or in the three days after it, and after its start."""
    days = (load.run.local_date + timedelta(days=n) for n in range(FLARE_REACH_D + 1))
    return any(at[day] >= load.run.start for day in days if day in at)


def _reaches(load: RunLoad, metres: float | None, least_m: float) -> bool | None:
    """None where a run does not tell; a treadmill that tells nothing had neither hills nor speed to tell of."""
    if metres is None:
        return False if is_indoor(load.run) else None
    return metres >= least_m


def _counted(
    kind: RunKind,
    is_of: Callable[[RunLoad], bool | None],
    found: Sequence[Flare],
    runs: Sequence[RunLoad],
    followed: Set[int],
    answered: Set[int],
) -> Preceded:
    before = [[is_of(x) for x in flare.runs] for flare in found]
    such = {x.run.id for x in runs if is_of(x)}
    return Preceded(
        kind=kind,
        flares=sum(True in each for each in before),
        flares_unknown=sum(True not in each and None in each for each in before),
        n_flares=len(found),
        runs=len(such),
        followed=len(such & followed),
        quiet=len(such & answered - followed),
        untold=len(such - answered),
        runs_unknown=sum(is_of(x) is None for x in runs),
    )


# the loads of the same weeks


@dataclass(frozen=True, slots=True)
class LoadSpan:
    """
    What was run in a day or a week.

    Attributes
    ----------
    first, last : date
        Local days, both included.
    n_runs : int
    distance_m : float
    hill_m, fast_m : float or None
        Sums over the runs that tell. [m] None where there were runs and none of them does.
    hill_unknown, fast_unknown : int
        Runs that should tell and do not: the sum is then a lower bound.
    is_complete : bool
        False where runs of these days may still be missing.
    """

    first: date
    last: date
    n_runs: int
    distance_m: float
    hill_m: float | None
    hill_unknown: int
    fast_m: float | None
    fast_unknown: int
    is_complete: bool


def load_spans(
    loads: Iterable[RunLoad],
    since: date,
    until: date,
    *,
    days: int,
    known_from: date | None,
    missing_from: date | None = None,
) -> list[LoadSpan]:
    """
    The loads of a time in spans of so many days, the oldest first; the last one may be cut short.

    Parameters
    ----------
    since, until : date
        First and last local day.
    days : int
        1 or 7.
    known_from : date or None
        Local day of the first run that is known at all: of earlier days nothing is. None: no run is known.
    missing_from : date or None
        Local day from which on runs may still be missing; None: nothing is awaited.
    """
    by_span: dict[int, list[RunLoad]] = {}
    for load in loads:
        if since <= load.run.local_date <= until:
            by_span.setdefault((load.run.local_date - since).days // days, []).append(load)
    spans = []
    for number in range((until - since).days // days + 1):
        first = since + timedelta(days=number * days)
        last = min(first + timedelta(days=days - 1), until)
        spans.append(_span(first, last, by_span.get(number, ()), known_from, missing_from))
    return spans


def _span(
    first: date, last: date, loads: Collection[RunLoad], known_from: date | None, missing_from: date | None
) -> LoadSpan:
    hill_m, hill_unknown = _sum(loads, lambda x: x.hill_m)
    fast_m, fast_unknown = _sum(loads, lambda x: x.fast_m)
    return LoadSpan(
        first=first,
        last=last,
        n_runs=len(loads),
        distance_m=sum(x.run.distance_m or 0.0 for x in loads),
        hill_m=hill_m,
        hill_unknown=hill_unknown,
        fast_m=fast_m,
        fast_unknown=fast_unknown,
        is_complete=known_from is not None and known_from <= first and (missing_from is None or last < missing_from),
    )


def _sum(loads: Collection[RunLoad], metres_of: Callable[[RunLoad], float | None]) -> tuple[float | None, int]:
    """Sum of what is told, and how many do not tell; a treadmill that tells nothing adds nothing. [m; 1]"""
    known = [m for x in loads if (m := metres_of(x)) is not None]
    n_unknown = sum(metres_of(x) is None and not is_indoor(x.run) for x in loads)
    return (None if n_unknown and not known else sum(known)), n_unknown
