"""Load level to severity: which runs a rule speaks on, and why."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from loadwatch.domain.activity import Run, counted
from loadwatch.domain.spikes import (
    baseline,
    pre_break_longest_m,
    return_level,
    session_spike,
    sessions,
    spike_level,
)
from loadwatch.domain.thresholds import (
    BREAK,
    BREAK_BASELINE,
    BREAK_SHARE,
    FULL_HISTORY,
    LEARNING_HISTORY,
    LEARNING_RUNS,
    LONG_BREAK,
    LONG_BREAK_DISTANCE_M,
    SPIKE_LARGE,
    SPIKE_MODERATE,
    SPIKE_SMALL,
    SPIKE_WINDOW,
)

RULE_VERSION: Final = "2026.11"
"""Rises when a rule would judge the same facts differently."""

SEVERITY_WITHOUT_SYMPTOMS: Final = (0, 1, 2, 2)
"""Severity by load level while nothing hurts: 0 log, 1 weekly mail, 2 mail at once."""

LOW_CONFIDENCE_CAP: Final = 1
"""Severity that a judgement on an incomplete baseline may reach. Design choice."""

Confidence = Literal["normal", "low"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One comparison behind a finding: a quantity, its value, and what it was held against."""

    quantity: str
    value: float
    unit: str
    baseline: float | None
    threshold: float | None
    window: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """How well a rule is supported: A cohort of runners, B other sport, C expert opinion."""

    grade: Literal["A", "B", "C"]
    citation: str


EVIDENCE: Final = {
    "R-M1": Evidence(
        "A",
        "Frandsen et al. 2025, Br J Sports Med 59(17), doi:10.1136/bjsports-2024-109380:"
        " 5 205 adult runners, any injury, distance only, observational",
    ),
    "R-RTN": Evidence(
        "C",
        "Expert opinion; in line with Nakaoka et al. 2021, Sports Med 51, doi:10.1007/s40279-021-01483-0"
        " (435 runners: low recent load went with more injuries)",
    ),
}


@dataclass(frozen=True, slots=True)
class EarlierHistory:
    """
    What lies before the runs at hand, when not all of a long history is loaded.

    Attributes
    ----------
    first_start : datetime or None
        Start of the very first counted run, UTC; None if there is none before those at hand.
    n_runs : int
        Counted runs before those at hand.
    """

    first_start: datetime | None = None
    n_runs: int = 0


NO_EARLIER_HISTORY: Final = EarlierHistory()


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One rule's word on one run.

    Attributes
    ----------
    rule : str
        For example "R-M1".
    family, load_type : str
        Rule family ("M" mileage) and the load it speaks of; together the key against repetition.
    run : Run
        The run judged; of a session of several files the last.
    load_level : int
        1 small, 2 moderate, 3 large.
    severity : int
        1 weekly mail, 2 caution at once.
    confidence : "normal" or "low"
        Low while the history is shorter than the window the rule compares with.
    reasons : tuple of Reason
        The comparisons made, the deciding one first.
    coverage : tuple of str
        What the judgement rests on, in words.
    """

    rule: str
    family: str
    load_type: str
    run: Run
    load_level: int
    severity: int
    confidence: Confidence
    reasons: tuple[Reason, ...]
    coverage: tuple[str, ...] = field(default=())
    rule_version: str = RULE_VERSION

    @property
    def dedup_key(self) -> str:
        return f"{self.family}:{self.load_type}"


def is_learning(history: timedelta, n_earlier_runs: int) -> bool:
    """Whether too little is known for any load alert: under 14 days of history or under 4 earlier runs."""
    return history < LEARNING_HISTORY or n_earlier_runs < LEARNING_RUNS


def judge(
    runs: Sequence[Run],
    *,
    since: datetime,
    earlier: EarlierHistory = NO_EARLIER_HISTORY,
    novice: bool = False,
) -> list[Finding]:
    """
    What the load rules say of each run from `since` on, each as of its own start.

    Parameters
    ----------
    runs : sequence of Run
        Activities of one athlete in any order. To judge as with the whole history they must reach back to
        120 days before the last run that began before `since`.
    since : datetime
        Runs that began earlier are baseline only.
    earlier : EarlierHistory
        What lies before `runs`.
    novice : bool
        Use the lower floors of somebody new to running.

    Returns
    -------
    list of Finding
        In order of run; at most one of a family for a run.
    """
    known = counted(runs)
    session_of = {run.id: group for group in sessions(known) for run in group}
    starts = [run.start for run in known]
    first_start = earlier.first_start or (known[0].start if known else None)
    findings: list[Finding] = []
    for i in range(bisect_left(starts, since), len(known)):
        run = known[i]
        assert first_start is not None  # there is at least this run
        history = run.start - first_start
        n_earlier = earlier.n_runs + i
        if is_learning(history, n_earlier):
            continue
        before = known[:i] if i < _LOOK_BACK_RUNS else known[_first_needed(known, starts, i) : i]
        session = tuple(r for r in session_of[run.id] if r.start <= run.start)
        finding = _return_after_break(run, session, before) or _spike(run, session, before, novice=novice)
        if finding:
            findings.append(_with_history(finding, history, n_earlier))
    return findings


_LOOK_BACK_RUNS = 50
"""Below this many runs a slice costs less than finding out what is needed."""


def _first_needed(known: Sequence[Run], starts: Sequence[datetime], i: int) -> int:
    """Index of the first run that any rule on run `i` may look at: the 90 days up to the run before it."""
    back = min(known[i - 1].start - BREAK_BASELINE, known[i].start - SPIKE_WINDOW)
    return bisect_left(starts, back)


def _with_history(finding: Finding, history: timedelta, n_earlier: int) -> Finding:
    coverage = (*finding.coverage, f"{n_earlier} earlier runs over {history.days} days")
    if history >= FULL_HISTORY:
        return replace(finding, coverage=coverage)
    low = "history shorter than 30 days: low confidence, shown but not mailed at once"
    return replace(
        finding,
        coverage=(*coverage, low),
        confidence="low",
        severity=min(finding.severity, LOW_CONFIDENCE_CAP),
    )


def _return_after_break(run: Run, session: Sequence[Run], before: Sequence[Run]) -> Finding | None:
    """R-RTN: the first session after 14 days or more without a run, as far as it is recorded by now."""
    first = session[0]
    earlier = [r for r in before if r.start < first.start]
    if not earlier or first.start - earlier[-1].start < BREAK:
        return None
    gap = first.start - earlier[-1].start
    gap_days = gap / timedelta(days=1)
    distance_m = _total_m(session)
    longest = pre_break_longest_m(earlier)
    level = return_level(distance_m, gap_days, longest)
    quantity = "session_distance" if len(session) > 1 else "run_distance"
    reasons = [
        Reason(quantity, distance_m, "m", longest, BREAK_SHARE * longest, "90 days before the break"),
        Reason("days_without_run", round(gap_days, 1), "d", None, float(BREAK.days), "before this run"),
    ]
    if gap >= LONG_BREAK:
        window = "first run after 28 days or more off"
        reasons.insert(1, Reason(quantity, distance_m, "m", None, LONG_BREAK_DISTANCE_M, window))
    return Finding(
        rule="R-RTN",
        family="M",
        load_type="mileage",
        run=run,
        load_level=level,
        severity=SEVERITY_WITHOUT_SYMPTOMS[level],
        confidence="normal",
        reasons=tuple(reasons),
        coverage=_session_coverage(session),
    )


def _spike(run: Run, session: Sequence[Run], before: Sequence[Run], *, novice: bool) -> Finding | None:
    """R-M1: longer than the longest of the 30 days before it, alone or with the session's other files."""
    value = run.distance_m or 0.0
    previous = [r.distance_m or 0.0 for r in baseline(before, run.start)]
    level = spike_level(value, previous, novice=novice)
    quantity = "run_distance"
    coverage: tuple[str, ...] = ()
    if len(session) > 1:
        # Like with like: a session of several files is measured against sessions.
        first = session[0].start
        total = _total_m(session)
        totals = [_total_m(s) for s in sessions(baseline([r for r in before if r.start < first], first))]
        together = spike_level(total, totals, novice=novice)
        if together > level:
            level, value, previous = together, total, totals
            quantity, coverage = "session_distance", _session_coverage(session)
    if not level:
        return None
    ratio = session_spike(value, previous)
    assert ratio is not None  # a level needs a baseline
    longest = max(previous)
    bound = (SPIKE_SMALL, SPIKE_MODERATE, SPIKE_LARGE)[level - 1]
    return Finding(
        rule="R-M1",
        family="M",
        load_type="mileage",
        run=run,
        load_level=level,
        severity=SEVERITY_WITHOUT_SYMPTOMS[level],
        confidence="normal",
        reasons=(
            Reason(quantity, value, "m", longest, round(bound * longest, 1), "longest of 30 days before"),
            Reason("session_spike", round(ratio, 3), "ratio", 1.0, bound, "30 days"),
        ),
        coverage=coverage,
    )


def _total_m(session: Sequence[Run]) -> float:
    return sum(r.distance_m or 0.0 for r in session)


def _session_coverage(session: Sequence[Run]) -> tuple[str, ...]:
    if len(session) == 1:
        return ()
    return (f"{len(session)} recordings less than 2 hours apart, taken together",)


def look_back_from(last_before_since: datetime | None, since: datetime) -> datetime:
    """Where the runs that `judge` needs begin, given the start of the last run before `since`."""
    return min(last_before_since or since, since) - BREAK_BASELINE - SPIKE_WINDOW
