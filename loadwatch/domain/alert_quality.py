"""Whether alerts come before injuries: coverage, precision, lift, and what chance alone would give."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from statistics import fmean, median
from typing import Final

from loadwatch.domain.activity import counted
from loadwatch.domain.alerts import alert_life
from loadwatch.domain.backtest import DAYS_A_MONTH, History, PastAlert, judged_days
from loadwatch.domain.findings import LOAD_FAMILIES
from loadwatch.domain.rules import is_learning
from loadwatch.domain.thresholds import INJURY_WASHOUT

N_DRAWS: Final = 1000
"""Draws behind an interval, and behind the alerts of chance."""

_WASHOUT_DAYS: Final = INJURY_WASHOUT.days


@dataclass(frozen=True, slots=True)
class Watch:
    """
    A history as the measures see it; days are counted from its first, which is 0.

    Attributes
    ----------
    at_risk : tuple of bool, shape (n_days,)
        Days on which a rule on load may speak and after which an injury would be a new one: past the first two
        weeks and four runs, no injury and no severe symptoms on that day or in the 20 before it.
    open_days : tuple of int
        Days on which what is measured may speak: where alerts of chance fall. Of rules on load the days with a run.
    onsets : tuple of int
        First days of new injuries, or of symptoms of level 3 and more.
    """

    athlete: str
    at_risk: tuple[bool, ...]
    open_days: tuple[int, ...]
    onsets: tuple[int, ...]

    @property
    def n_days(self) -> int:
        return len(self.at_risk)


def onset_days(injured: Iterable[int]) -> tuple[int, ...]:
    """The days of injury that begin a new one: those with none in the 21 days before."""
    days = sorted(set(injured))
    return tuple(d for n, d in enumerate(days) if not n or d - days[n - 1] > _WASHOUT_DAYS)


def watch(history: History, severe: Collection[date] = ()) -> Watch:
    """
    What the measures need of a history.

    Parameters
    ----------
    severe : collection of date
        Days with a report of symptom level 3 or more: an injury as well, whatever the column says.

    Raises
    ------
    ValueError
        If the history does not tell of injuries.
    """
    if history.injured is None:
        raise ValueError("the history does not tell of injuries")
    injured = sorted((d - history.first_day).days for d in history.injured.union(severe))
    ran = _run_days(history)

    def at_risk(day: int) -> bool:
        n_earlier = bisect_left(ran, day)
        if not n_earlier or is_learning(timedelta(days=day - ran[0]), n_earlier):
            return False
        return bisect_left(injured, day - _WASHOUT_DAYS + 1) == bisect_right(injured, day)

    return Watch(
        athlete=history.athlete,
        at_risk=tuple(at_risk(day) for day in range(history.n_days)),
        open_days=tuple(sorted((d - history.first_day).days for d in judged_days(history))),
        onsets=onset_days(injured),
    )


def open_to_symptoms(watched: Watch, history: History) -> Watch:
    """The same for rules on symptoms: they may speak whenever something comes in, from the first day on."""
    reported = {(r.local_date - history.first_day).days for r in history.reports}
    return replace(watched, open_days=tuple(sorted(reported.union(_run_days(history)))))


def _run_days(history: History) -> list[int]:
    return [(r.local_date - history.first_day).days for r in counted(history.runs)]


def outlook(watched: Watch, horizon_days: int) -> list[bool | None]:
    """
    Whether a new injury follows each day within the horizon, shape (n_days,).

    None where that says nothing of alerts: on days not at risk, and where the record ends before the horizon does.
    """
    onsets = set(watched.onsets)
    n_onsets = list(accumulate((day in onsets for day in range(watched.n_days)), initial=0))
    return [
        n_onsets[day + horizon_days + 1] > n_onsets[day + 1]
        if watched.at_risk[day] and day + horizon_days < watched.n_days
        else None
        for day in range(watched.n_days)
    ]


@dataclass(frozen=True, slots=True)
class Counts:
    """
    What the measures are ratios of; counts of several histories add up.

    Attributes
    ----------
    n_days, n_pushes : int
        Of the whole record.
    n_injuries, n_covered : int
        New injuries, and those with a push in the days of the horizon before them.
    n_judged, n_followed : int
        Pushes on days whose outlook is known, and those that an injury followed.
    n_eligible, n_before : int
        Days whose outlook is known, and those that an injury followed.
    n_same_day : int
        Injuries with a push on their first day: too late to count, and maybe the very run that did it.
    """

    n_days: int = 0
    n_pushes: int = 0
    n_injuries: int = 0
    n_covered: int = 0
    n_judged: int = 0
    n_followed: int = 0
    n_eligible: int = 0
    n_before: int = 0
    n_same_day: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.n_days + other.n_days,
            self.n_pushes + other.n_pushes,
            self.n_injuries + other.n_injuries,
            self.n_covered + other.n_covered,
            self.n_judged + other.n_judged,
            self.n_followed + other.n_followed,
            self.n_eligible + other.n_eligible,
            self.n_before + other.n_before,
            self.n_same_day + other.n_same_day,
        )

    @property
    def coverage(self) -> float | None:
        """Share of injuries that a push came before. [unitless]"""
        return _share(self.n_covered, self.n_injuries)

    @property
    def precision(self) -> float | None:
        """Share of pushes that an injury followed. [unitless]"""
        return _share(self.n_followed, self.n_judged)

    @property
    def base(self) -> float | None:
        """Share of days that an injury followed: the precision of an alert every day. [unitless]"""
        return _share(self.n_before, self.n_eligible)

    @property
    def lift(self) -> float | None:
        """Precision over base. [unitless]"""
        return None if self.precision is None or not self.base else self.precision / self.base

    @property
    def burden(self) -> float | None:
        """Pushes per runner-month. [unitless]"""
        return _share(DAYS_A_MONTH * self.n_pushes, self.n_days)


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None


def count(watched: Watch, follows: Sequence[bool | None], pushes: Sequence[int], horizon_days: int) -> Counts:
    """The counts of one history; `follows` is its `outlook`, `pushes` are days, one for each push."""
    days = set(pushes)
    judged = [follows[day] for day in pushes if follows[day] is not None]
    return Counts(
        n_days=watched.n_days,
        n_pushes=len(pushes),
        n_injuries=len(watched.onsets),
        n_covered=sum(not days.isdisjoint(range(o - horizon_days, o)) for o in watched.onsets),
        n_judged=len(judged),
        n_followed=sum(f is True for f in judged),
        n_eligible=sum(f is not None for f in follows),
        n_before=sum(f is True for f in follows),
        n_same_day=sum(o in days for o in watched.onsets),
    )


def leads(watched: Watch, pushes: Iterable[int], horizon_days: int) -> list[int]:
    """For each covered injury how long before it the first push of the horizon came. [d]"""
    days = sorted(set(pushes))
    found = []
    for onset in watched.onsets:
        n = bisect_left(days, onset - horizon_days)
        if n < len(days) and days[n] < onset:
            found.append(onset - days[n])
    return found


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and where 95 % of its draws lie; None where it is not defined, or where all draws are alike."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Chance:
    """
    What as many pushes would have given had they fallen on other days by chance.

    Attributes
    ----------
    coverage, precision : Estimate
        Mean over the draws, and where 95 % of them lie.
    as_good : float
        Share of the draws that cover at least as many injuries as the rules did. [unitless]
    """

    coverage: Estimate
    precision: Estimate
    as_good: float


@dataclass(frozen=True, slots=True)
class Quality:
    """
    How pushes relate to injuries.

    Attributes
    ----------
    coverage, precision, base, lift, burden : Estimate
        See `Counts`. Intervals are drawn over athletes, not over days; None with one athlete alone.
    lead_days : float or None
        Median of `leads`. [d]
    chance : Chance or None
        None without a push or without an injury.
    """

    horizon_days: int
    counts: Counts
    coverage: Estimate
    precision: Estimate
    base: Estimate
    lift: Estimate
    burden: Estimate
    lead_days: float | None
    chance: Chance | None


def quality(
    watches: Sequence[Watch], pushes: Sequence[Sequence[int]], horizon_days: int, rng: Random, *, draws: int = N_DRAWS
) -> Quality:
    """
    Coverage, precision, base, lift, burden and lead of pushes, with intervals and the alerts of chance.

    Parameters
    ----------
    watches : sequence of Watch, shape (n_histories,)
    pushes : sequence of sequence of int
        Of each history the days on which there was a push, one entry for each.
    horizon_days : int
        How long before an injury a push counts as having come before it. [d]
    rng : Random
        The intervals and the alerts of chance are drawn with it.

    Notes
    -----
    The unit is the push, after cool-downs, not the day. Athletes are drawn with replacement, with all their
    histories: days of one athlete are no independent witnesses. With few athletes such intervals are too narrow.
    """
    follows = [outlook(w, horizon_days) for w in watches]
    each = [count(w, f, p, horizon_days) for w, f, p in zip(watches, follows, pushes, strict=True)]
    by_athlete: dict[str, Counts] = {}
    for watched, counts in zip(watches, each, strict=True):
        by_athlete[watched.athlete] = by_athlete.get(watched.athlete, Counts()) + counts
    total = sum(each, Counts())
    clusters = list(by_athlete.values())
    drawn = [sum(rng.choices(clusters, k=len(clusters)), Counts()) for _ in range(draws)] if len(clusters) > 1 else []

    def estimate(measure: Callable[[Counts], float | None]) -> Estimate:
        return _estimate(measure(total), [measure(d) for d in drawn])

    found = [lead for w, p in zip(watches, pushes, strict=True) for lead in leads(w, p, horizon_days)]
    return Quality(
        horizon_days=horizon_days,
        counts=total,
        coverage=estimate(lambda c: c.coverage),
        precision=estimate(lambda c: c.precision),
        base=estimate(lambda c: c.base),
        lift=estimate(lambda c: c.lift),
        burden=estimate(lambda c: c.burden),
        lead_days=median(found) if found else None,
        chance=_chance(watches, follows, pushes, total, horizon_days, rng, draws),
    )


def _estimate(value: float | None, drawn: Sequence[float | None]) -> Estimate:
    known = sorted(d for d in drawn if d is not None)
    if value is None or not known or known[0] == known[-1]:
        return Estimate(value)  # none covered of six drawn again and again are none: that is no certainty
    last = len(known) - 1
    return Estimate(value, known[round(0.025 * last)], known[round(0.975 * last)])


def _chance(
    watches: Sequence[Watch],
    follows: Sequence[Sequence[bool | None]],
    pushes: Sequence[Sequence[int]],
    observed: Counts,
    horizon_days: int,
    rng: Random,
    draws: int,
) -> Chance | None:
    """Each history keeps its number of pushes; they fall on other days of `open_days`, each at most once."""
    if not observed.n_pushes or not observed.n_injuries:
        return None
    coverages, precisions, as_good = [], [], 0
    drawn_from = [
        (
            w.open_days,
            min(len(days), len(w.open_days)),
            {day: f for day, f in enumerate(follow) if f is not None},
            _windows(w, horizon_days),
        )
        for w, follow, days in zip(watches, follows, pushes, strict=True)
        if days
    ]
    for _ in range(draws):
        n_covered = n_judged = n_followed = 0
        for open_days, n, follow, windows in drawn_from:
            days = rng.sample(open_days, n)
            outlooks = [follow[day] for day in days if day in follow]
            n_covered += len({onset for day in days for onset in windows.get(day, ())})
            n_judged += len(outlooks)
            n_followed += sum(outlooks)
        coverages.append(n_covered / observed.n_injuries)
        precisions.append(_share(n_followed, n_judged))
        as_good += n_covered >= observed.n_covered
    known = [p for p in precisions if p is not None]
    return Chance(
        coverage=_estimate(fmean(coverages), coverages),
        precision=_estimate(fmean(known) if known else None, known),
        as_good=as_good / draws,
    )


def _windows(watched: Watch, horizon_days: int) -> dict[int, list[int]]:
    """The injuries that a push on a day would cover, by day."""
    windows: dict[int, list[int]] = {}
    for onset in watched.onsets:
        for day in range(onset - horizon_days, onset):
            windows.setdefault(day, []).append(onset)
    return windows


# does a higher load level on a day mean that an injury is nearer?


def levels_by_day(alerts: Iterable[PastAlert], history: History) -> list[int]:
    """The highest load level among alerts on loads that are not spent yet, of each day, shape (n_days,)."""
    levels = [0] * history.n_days
    for alert in alerts:
        life = alert_life(alert.finding)
        if life is None or alert.finding.family not in LOAD_FAMILIES:
            continue
        first = (alert.day - history.first_day).days
        for day in range(first, min(first + life.days, history.n_days)):
            levels[day] = max(levels[day], alert.finding.load_level)
    return levels


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of a day that an injury followed and one that none did; concordant if the first has the higher score."""

    n_pairs: int = 0
    concordant: float = 0.0

    def __add__(self, other: "Pairs") -> "Pairs":
        return Pairs(self.n_pairs + other.n_pairs, self.concordant + other.concordant)

    @property
    def auc(self) -> float | None:
        """Area under the ROC curve: share of pairs that are concordant, ties as halves. 0.5 is chance. [unitless]"""
        return _share(self.concordant, self.n_pairs)


def pairs(scored: Iterable[tuple[float, bool | None]]) -> Pairs:
    """All pairs among days of which score and outlook are given; days without an outlook are left out."""
    before: Counter[float] = Counter()
    others: Counter[float] = Counter()
    for score, follows in scored:
        if follows is not None:
            (before if follows else others)[score] += 1
    lower, concordant = 0, 0.0
    for score in sorted(before.keys() | others.keys()):
        concordant += before[score] * (lower + others[score] / 2)
        lower += others[score]
    return Pairs(before.total() * others.total(), concordant)


@dataclass(frozen=True, slots=True)
class Discrimination:
    """
    Whether the load level tells days before an injury from others.

    Attributes
    ----------
    within_athlete : Estimate
        Area under the ROC curve, over pairs of days of the same athlete. [unitless]
    pooled : float or None
        The same over all pairs, so that differences between athletes count as well. [unitless]
    athlete_rate : float or None
        Of a score that knows nothing of load: how often the athlete was injured so far. What `pooled` must beat.
    n_athletes : int
        With both kinds of days.
    """

    horizon_days: int
    within_athlete: Estimate
    pooled: float | None
    athlete_rate: float | None
    n_athletes: int


def discrimination(
    watches: Sequence[Watch],
    levels: Sequence[Sequence[int]],
    horizon_days: int,
    rng: Random,
    *,
    draws: int = N_DRAWS,
) -> Discrimination:
    """
    Areas under the ROC curve of the load level by day.

    Parameters
    ----------
    watches : sequence of Watch, shape (n_histories,)
        Of an athlete with several in order of time.
    levels : sequence of sequence of int
        Of each history `levels_by_day`.
    rng : Random
        The interval is drawn with it, over athletes.
    """
    scored: dict[str, list[tuple[float, bool | None]]] = {}
    rated: list[tuple[float, bool | None]] = []
    days_so_far: Counter[str] = Counter()
    injuries_so_far: Counter[str] = Counter()
    for watched, level in zip(watches, levels, strict=True):
        follows = outlook(watched, horizon_days)
        scored.setdefault(watched.athlete, []).extend(zip(map(float, level), follows, strict=True))
        for day, follow in enumerate(follows):
            days_so_far[watched.athlete] += 1
            injuries_so_far[watched.athlete] += day in watched.onsets
            rated.append((injuries_so_far[watched.athlete] / days_so_far[watched.athlete], follow))
    of_athlete = [p for p in map(pairs, scored.values()) if p.n_pairs]
    drawn = [sum(rng.choices(of_athlete, k=len(of_athlete)), Pairs()) for _ in range(draws * (len(of_athlete) > 1))]
    return Discrimination(
        horizon_days=horizon_days,
        within_athlete=_estimate(sum(of_athlete, Pairs()).auc, [d.auc for d in drawn]),
        pooled=pairs(s for days in scored.values() for s in days).auc,
        athlete_rate=pairs(rated).auc,
        n_athletes=len(of_athlete),
    )
