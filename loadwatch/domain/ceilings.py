"""What the next run may be without setting off a rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Literal

from loadwatch.domain.activity import Counted, Run, counted, longest_m
from loadwatch.domain.adjusted import STANDARD_ALWAYS, OwnThresholds
from loadwatch.domain.fast_rules import absence, quiet_fast_m, session_window, weekly_norm
from loadwatch.domain.findings import Finding
from loadwatch.domain.hill_rules import quiet_descent_m
from loadwatch.domain.loads import (
    Known,
    between,
    downhill_load_m,
    fast_speeds,
    known_runs,
    metres_at,
    reference_features,
)
from loadwatch.domain.rules import NO_EARLIER_HISTORY, EarlierHistory, is_learning, judge
from loadwatch.domain.spikes import baseline, pre_break_longest_m
from loadwatch.domain.thresholds import (
    ALERT_LIFE,
    BREAK,
    BREAK_SHARE,
    FAST_ABSENCE,
    FAST_REST,
    FAST_RUN_M,
    HILL_ALERT_LIFE,
    HILL_WINDOW,
    LEARNING_HISTORY,
    LEARNING_RUNS,
    LONG_BREAK,
    LONG_BREAK_DISTANCE_M,
    NOVICE_MIN_DISTANCE_M,
    NOVICE_MIN_JUMP_M,
    REFERENCE_RUNS,
    REINTRODUCTION_M,
    SPIKE_MIN_DISTANCE_M,
    SPIKE_MIN_JUMP_M,
    SPIKE_SMALL,
)

Basis = Literal["longest_30d", "after_jump", "after_break", "learning"]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """
    How far the next run may go.

    Attributes
    ----------
    basis : {"longest_30d", "after_jump", "after_break", "learning"}
        Where the number comes from; "learning" means that there is none yet.
    distance_m : float or None
        What the next run should stay within. [m] 1.10 times the longest run of 30 days; for a week after a
        jump, or a long return from a break, no more than what was usual before it or fit for the return,
        although that run is now the longest.
    speaks_above_m : float or None
        Above this R-M1 (or, after a break, R-RTN at its second level) would speak. [m] Differs from
        `distance_m` where runs are so short that the floors of the rule decide.
    longest_m : float or None
        Longest run of the window behind the number. [m]
    days_since_run : float or None
        None if there is no run at all. [d]
    days_known, runs_known : int
        Length of the history in days, and its runs.
    ratio : float
        The runner's threshold: the 1.10, unless they have moved it. [unitless]
    """

    basis: Basis
    distance_m: float | None
    speaks_above_m: float | None
    longest_m: float | None
    days_since_run: float | None
    days_known: int
    runs_known: int
    ratio: float = SPIKE_SMALL

    @property
    def days_to_learn(self) -> int:
        return max(LEARNING_HISTORY.days - self.days_known, 0)

    @property
    def runs_to_learn(self) -> int:
        return max(LEARNING_RUNS - self.runs_known, 0)


def next_run_ceiling(
    runs: Sequence[Run],
    *,
    as_of: datetime,
    earlier: EarlierHistory = NO_EARLIER_HISTORY,
    novice: bool = False,
    thresholds: OwnThresholds = STANDARD_ALWAYS,
    judged: Sequence[Finding] | None = None,
) -> Ceiling:
    """
    The ceiling for a run that would start at `as_of`.

    Parameters
    ----------
    runs : sequence of Run
        Activities in any order; those from `as_of` on are not looked at. To reach the answer of the whole
        history they must go back to 120 days before the last of them.
    as_of : datetime
        UTC.
    thresholds : OwnThresholds
    judged : sequence of Finding or None
        What `rules.judge` says of the runs of the 7 days before `as_of`, and of any others; None: found out here.
    """
    known = Counted(r for r in counted(runs) if r.start < as_of)
    n_known = earlier.n_runs + len(known)
    first = earlier.first_start or (known[0].start if known else as_of)
    gap = as_of - known[-1].start if known else None
    ratio = thresholds.at(as_of).spike_small

    def ceiling(
        basis: Basis,
        distance_m: float | None = None,
        speaks_above_m: float | None = None,
        longest: float | None = None,
    ) -> Ceiling:
        return Ceiling(
            basis=basis,
            distance_m=distance_m,
            speaks_above_m=speaks_above_m,
            longest_m=longest,
            days_since_run=None if gap is None else gap / timedelta(days=1),
            days_known=(as_of - first).days,
            runs_known=n_known,
            ratio=ratio,
        )

    if gap is None or is_learning(as_of - first, n_known):
        return ceiling("learning")
    if gap >= BREAK:
        longest = pre_break_longest_m(known)
        limit = BREAK_SHARE * longest
        if gap >= LONG_BREAK:
            limit = min(limit, LONG_BREAK_DISTANCE_M)
        return ceiling("after_break", limit, limit, longest)
    longest = longest_m(baseline(known, as_of))
    jump = NOVICE_MIN_JUMP_M if novice else SPIKE_MIN_JUMP_M
    shortest = NOVICE_MIN_DISTANCE_M if novice else SPIKE_MIN_DISTANCE_M
    usual = ratio * longest
    speaks_above = max(usual, longest + jump, shortest)
    if judged is None:
        judged = judge(known, since=as_of - ALERT_LIFE, earlier=earlier, novice=novice, thresholds=thresholds)
    held = _held_back(_of_last(judged, ALERT_LIFE, as_of))
    if held is not None:
        basis, limit, before = held
        return ceiling(basis, limit, speaks_above, before)
    return ceiling("longest_30d", usual, speaks_above, longest)


def _held_back(
    judged: Sequence[Finding],
) -> tuple[Basis, float, float] | None:
    """
    The limit of somebody whose run of the last 7 days was a jump or a long return, if it was.

    Returns
    -------
    (basis, limit, longest before), or None
        After a jump what was the longest before it; after a return what that first run should have stayed
        within; the lowest if there were several. [m]
    """
    limits: list[tuple[float, Basis, float]] = []
    for finding in judged:
        before = finding.reasons[0].baseline
        if before is None:
            continue
        if finding.rule == "R-M1":
            limits.append((before, "after_jump", before))
        elif finding.rule == "R-RTN" and finding.load_level > 1:
            bounds = [r.threshold for r in finding.reasons if r.unit == "m" and r.threshold is not None]
            limits.append((min(bounds), "after_break", before))
    if not limits:
        return None
    limit, basis, before = min(limits)
    return basis, limit, before


LoadBasis = Literal["usual", "usual_week", "return", "after_jump", "learning", "unknown"]


@dataclass(frozen=True, slots=True)
class LoadCeiling:
    """
    How much downhill load, or fast running, the next run may bring.

    Attributes
    ----------
    kind : {"hills", "fast"}
    basis : {"usual", "usual_week", "return", "after_jump", "learning", "unknown"}
        Where the number comes from. "usual": the largest run before; of fast running also "usual_week": what the
        last days leave of a usual week, and "return": there was none for six weeks. "learning": the history is
        too short for a number; "unknown": too few runs tell of this load.
    value_m : float or None
        What the next run should stay below. [m] The same as `speaks_above_m`, but for some days after a jump:
        downhill no more than was usual before it, and no fast running for 72 hours.
    speaks_above_m : float or None
        Below this no rule of the family would speak. [m] Sprinting is not in it: after six weeks without
        fast running R-T3 speaks from 150 m of sprints on.
    largest_m : float or None
        Largest run of the window behind the number. [m]
    known_runs, n_runs : int
        Runs of that window: that tell of this load, and in all.
    days_missing, runs_missing : int
        How much more history, and how many more runs that tell, there must be for a number; 0 where there is.
    """

    kind: Literal["hills", "fast"]
    basis: LoadBasis
    value_m: float | None
    speaks_above_m: float | None
    largest_m: float | None
    known_runs: int
    n_runs: int
    days_missing: int = 0
    runs_missing: int = 0


def next_hill_ceiling(
    runs: Sequence[Run],
    *,
    as_of: datetime,
    earlier: EarlierHistory = NO_EARLIER_HISTORY,
    thresholds: OwnThresholds = STANDARD_ALWAYS,
    judged: Sequence[Finding] | None = None,
) -> LoadCeiling:
    """
    The ceiling of downhill load (R-H1) for a run that would start at `as_of`.

    Parameters
    ----------
    runs : sequence of Run
        Activities in any order, back to `rules.look_back_from`; those from `as_of` on are not looked at.
    """
    known = Counted(r for r in counted(runs) if r.start < as_of)
    previous = known_runs(between(known, as_of - HILL_WINDOW, as_of), downhill_load_m)
    days, n_more = _to_learn(known, as_of, earlier)
    if days or n_more:
        return _no_ceiling("hills", "learning", previous, days, max(n_more, previous.missing))
    if not previous.is_enough:
        return _no_ceiling("hills", "unknown", previous, 0, previous.missing)
    limit = quiet_descent_m(previous.largest, thresholds.at(as_of))
    if judged is None:
        judged = judge(known, since=as_of - HILL_ALERT_LIFE, earlier=earlier, thresholds=thresholds)
    recent = _of_last(judged, HILL_ALERT_LIFE, as_of)
    before = [f.reasons[0].baseline or 0.0 for f in recent if f.rule == "R-H1"]
    return LoadCeiling(
        kind="hills",
        basis="after_jump" if before else "usual",
        value_m=min(before, default=limit),
        speaks_above_m=limit,
        largest_m=previous.largest,
        known_runs=len(previous.values),
        n_runs=previous.n_runs,
    )


def next_fast_ceiling(
    runs: Sequence[Run],
    *,
    as_of: datetime,
    day: date | None = None,
    earlier: EarlierHistory = NO_EARLIER_HISTORY,
    five_k_m_s: float | None = None,
    thresholds: OwnThresholds = STANDARD_ALWAYS,
    judged: Sequence[Finding] | None = None,
) -> LoadCeiling:
    """
    The ceiling of fast metres (R-T1, R-T2, R-T3) for a run that would start at `as_of`.

    Parameters
    ----------
    runs : sequence of Run
        Activities in any order, back to `rules.look_back_from`; those from `as_of` on are not looked at.
    day : date or None
        The runner's local day at `as_of`; None: that of UTC.
    five_k_m_s : float or None
        Mean speed of the runner's present 5 km race, where it is known. [m/s]
    """
    known = Counted(r for r in counted(runs) if r.start < as_of)
    days, n_more = _to_learn(known, as_of, earlier)
    speeds = fast_speeds(known, as_of, five_k_m_s=five_k_m_s)
    if speeds is None:
        recent = between(known, as_of - FAST_ABSENCE, as_of)
        nothing = Known((), len(recent))
        n_more = max(n_more, REFERENCE_RUNS - len(reference_features(known, as_of)))
        return _no_ceiling("fast", "learning" if days else "unknown", nothing, days, n_more)
    fast = metres_at(speeds.fast_m_s)
    previous = known_runs(session_window(known, as_of, fast)[1], fast)
    if days or n_more:
        return _no_ceiling("fast", "learning", previous, days, max(n_more, previous.missing))
    history = as_of - (earlier.first_start or known[0].start)
    limits: list[tuple[float, LoadBasis]] = []
    own = thresholds.at(as_of)
    norm = weekly_norm(known, as_of, day or as_of.date(), history, fast, own)
    if norm:
        limits.append((norm.quiet_m, "usual_week"))
    if previous.is_enough and previous.largest >= FAST_RUN_M:
        limits.append((quiet_fast_m(previous.largest, own), "usual"))
    if absence(known, as_of, history, fast):
        limits.append((REINTRODUCTION_M, "return"))
    if not limits:
        days_missing = max((FAST_ABSENCE - history).days + 1, 0) if previous.is_enough else 0
        return _no_ceiling("fast", "unknown", previous, days_missing, previous.missing)
    limit_m, basis = min(limits, key=itemgetter(0))
    if judged is None:
        judged = judge(known, since=as_of - FAST_REST, earlier=earlier, five_k_m_s=five_k_m_s, thresholds=thresholds)
    jumped = any(f.family == "T" for f in _of_last(judged, FAST_REST, as_of))
    return LoadCeiling(
        kind="fast",
        basis="after_jump" if jumped else basis,
        value_m=0.0 if jumped else limit_m,
        speaks_above_m=limit_m,
        largest_m=previous.largest,
        known_runs=len(previous.values),
        n_runs=previous.n_runs,
    )


def _of_last(judged: Sequence[Finding], age: timedelta, as_of: datetime) -> list[Finding]:
    return [f for f in judged if as_of - age <= f.at < as_of]


def _to_learn(known: Sequence[Run], as_of: datetime, earlier: EarlierHistory) -> tuple[int, int]:
    """Days and runs that are missing until any rule on load speaks."""
    n_known = earlier.n_runs + len(known)
    first = earlier.first_start or (known[0].start if known else as_of)
    return max(LEARNING_HISTORY.days - (as_of - first).days, 0), max(LEARNING_RUNS - n_known, 0)


def _no_ceiling(
    kind: Literal["hills", "fast"], basis: LoadBasis, previous: Known, days: int, n_more: int
) -> LoadCeiling:
    return LoadCeiling(kind, basis, None, None, None, len(previous.values), previous.n_runs, days, n_more)
