"""Load level to severity: which runs a rule speaks on, and why."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from loadwatch.domain.activity import Run, counted
from loadwatch.domain.adjusted import STANDARD_ALWAYS, Adjusted, OwnThresholds, own_text
from loadwatch.domain.fast_rules import FAST_REACH, fast_finding
from loadwatch.domain.findings import (
    EVIDENCE,
    LOW_CONFIDENCE_CAP,
    RULE_VERSION,
    SEVERITY_WITHOUT_SYMPTOMS,
    Evidence,
    Finding,
    Reason,
)
from loadwatch.domain.hill_rules import hill_finding, taken_together
from loadwatch.domain.spikes import (
    baseline,
    pre_break_longest_m,
    return_level,
    session_spike,
    sessions,
    spike_level,
)
from loadwatch.domain.text import days_text, say, say_n
from loadwatch.domain.thresholds import (
    ALERT_LIFE,
    BREAK,
    BREAK_BASELINE,
    BREAK_SHARE,
    BUILD_MEAN,
    BUILD_WEEK,
    BUILD_WEEKS,
    FAST_WEEKS,
    FULL_HISTORY,
    HILL_WINDOW,
    LEARNING_HISTORY,
    LEARNING_RUNS,
    LONG_BREAK,
    LONG_BREAK_DISTANCE_M,
    REFERENCE_WINDOW,
    SPIKE_LARGE,
    SPIKE_MODERATE,
    SPIKE_WINDOW,
)

__all__ = [
    "EVIDENCE",
    "NO_EARLIER_HISTORY",
    "RULE_VERSION",
    "EarlierHistory",
    "Evidence",
    "Finding",
    "Reason",
    "details_from",
    "is_learning",
    "judge",
    "look_back_from",
]


@dataclass(frozen=True, slots=True)
class EarlierHistory:
    """
    What lies before the runs at hand, when not all of a long history is loaded.

    Attributes
    ----------
    first_start : datetime or None
        Start of the very first counted run, UTC; None if there is none before those at hand.
    n_runs : int
        Counted runs before those at hand; from `MANY_RUNS` on findings do not depend on how many they are.
    """

    first_start: datetime | None = None
    n_runs: int = 0


NO_EARLIER_HISTORY: Final = EarlierHistory()

MANY_RUNS: Final = 100
"""So many earlier runs are not told apart from more: nobody has to count those of ten years for each alert."""


def is_learning(history: timedelta, n_earlier_runs: int) -> bool:
    """Whether too little is known for any load alert: under 14 days of history or under 4 earlier runs."""
    return history < LEARNING_HISTORY or n_earlier_runs < LEARNING_RUNS


def judge(
    runs: Sequence[Run],
    *,
    since: datetime,
    earlier: EarlierHistory = NO_EARLIER_HISTORY,
    novice: bool = False,
    five_k_m_s: float | None = None,
    thresholds: OwnThresholds = STANDARD_ALWAYS,
) -> list[Finding]:
    """
    What the load rules say of each run from `since` on, each as of its own start.

    Parameters
    ----------
    runs : sequence of Run
        Activities of one athlete in any order. To judge as with the whole history they must reach back to
        `look_back_from`.
    since : datetime
        Runs that began earlier are baseline only.
    earlier : EarlierHistory
        What lies before `runs`.
    novice : bool
        Use the lower floors of somebody new to running.
    five_k_m_s : float or None
        Mean speed of the runner's present 5 km race, where it is known. [m/s]
    thresholds : OwnThresholds
        Each run is judged by those that held when it began.

    Returns
    -------
    list of Finding
        In order of run, of one run the most severe first; at most one of a family for a run.
    """
    known = counted(runs)
    session_of = {run.id: group for group in sessions(known) for run in group}
    starts = [run.start for run in known]
    first_start = earlier.first_start or (known[0].start if known else None)
    findings: list[Finding] = []
    days = _DayDistances(known)
    for i in range(bisect_left(starts, since), len(known)):
        run = known[i]
        assert first_start is not None  # there is at least this run
        history = run.start - first_start
        n_earlier = earlier.n_runs + i
        if is_learning(history, n_earlier):
            continue
        before = known[:i] if i < _LOOK_BACK_RUNS else known[_first_needed(known, starts, i) : i]
        session = tuple(r for r in session_of[run.id] if r.start <= run.start)
        own = thresholds.at(run.start)
        found = (
            _return_after_break(run, session, before)
            or _spike(run, session, before, own, novice=novice)
            or _build(run, days, history),
            fast_finding(run, session, known[:i], history, five_k_m_s=five_k_m_s, thresholds=own),
            hill_finding(run, session, known[:i], own),
        )
        told = [_with_history(_with_own(f, own), history, n_earlier) for f in found if f]
        findings += sorted(told, key=lambda f: -f.severity)
    return findings


_LOOK_BACK_RUNS = 50
"""Below this many runs a slice costs less than finding out what is needed."""


def _first_needed(known: Sequence[Run], starts: Sequence[datetime], i: int) -> int:
    """Index of the first run that a mileage rule on run `i` may look at: the 90 days up to the run before it."""
    back = min(known[i - 1].start - BREAK_BASELINE, known[i].start - SPIKE_WINDOW)
    return bisect_left(starts, back)


_FULL_HISTORY: Final = {"R-H1": HILL_WINDOW, "R-H2": HILL_WINDOW, "R-T1": timedelta(weeks=FAST_WEEKS)}
"""How long a history must be for a rule's full confidence, where that is not 30 days."""


def _with_own(finding: Finding, thresholds: Adjusted) -> Finding:
    """With the thresholds that the runner has moved named, so that the judgement can be made again."""
    own = (own_text(name, value) for name, value in thresholds.of_rule(finding.rule).items())
    return replace(finding, coverage=(*finding.coverage, *own))


def _with_history(finding: Finding, history: timedelta, n_earlier: int) -> Finding:
    days = history.days
    if n_earlier >= MANY_RUNS:
        told = say("{runs} or more earlier runs over {days} days", runs=MANY_RUNS, days=days)
    else:
        told = say_n("{n} earlier run over {days}", "{n} earlier runs over {days}", n_earlier, days=days_text(days))
    coverage = (*finding.coverage, told)
    full = _FULL_HISTORY.get(finding.rule, FULL_HISTORY)
    if history >= full:
        return replace(finding, coverage=coverage)
    low = say("history shorter than {days} days: low confidence, shown but not mailed at once", days=full.days)
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
    window = say("{days} days before the break", days=BREAK_BASELINE.days)
    reasons = [
        Reason(quantity, distance_m, "m", longest, BREAK_SHARE * longest, window),
        Reason("days_without_run", round(gap_days, 1), "d", None, float(BREAK.days), say("before this run")),
    ]
    if gap >= LONG_BREAK:
        window = say("first run after {days} days or more off", days=LONG_BREAK.days)
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


def _spike(
    run: Run, session: Sequence[Run], before: Sequence[Run], thresholds: Adjusted, *, novice: bool
) -> Finding | None:
    """R-M1: longer than the longest of the 30 days before it, alone or with the session's other files."""
    value = run.distance_m or 0.0
    previous = [r.distance_m or 0.0 for r in baseline(before, run.start)]
    level = spike_level(value, previous, novice=novice, thresholds=thresholds)
    quantity = "run_distance"
    coverage: tuple[str, ...] = ()
    if len(session) > 1:
        # Like with like: a session of several files is measured against sessions.
        first = session[0].start
        total = _total_m(session)
        totals = [_total_m(s) for s in sessions(baseline([r for r in before if r.start < first], first))]
        together = spike_level(total, totals, novice=novice, thresholds=thresholds)
        if together > level:
            level, value, previous = together, total, totals
            quantity, coverage = "session_distance", _session_coverage(session)
    if not level:
        return None
    ratio = session_spike(value, previous)
    assert ratio is not None  # a level needs a baseline
    longest = max(previous)
    bound = (thresholds.spike_small, SPIKE_MODERATE, SPIKE_LARGE)[level - 1]
    days = SPIKE_WINDOW.days
    window = say("longest of {days} days before", days=days)
    return Finding(
        rule="R-M1",
        family="M",
        load_type="mileage",
        run=run,
        load_level=level,
        severity=SEVERITY_WITHOUT_SYMPTOMS[level],
        confidence="normal",
        reasons=(
            Reason(quantity, value, "m", longest, round(bound * longest, 1), window),
            Reason("session_spike", round(ratio, 3), "ratio", 1.0, bound, days_text(days)),
        ),
        coverage=coverage,
    )


class _DayDistances:
    """Distance of stretches of local days, each as it stood after some run."""

    def __init__(self, known: Sequence[Run]) -> None:
        self._runs = known
        self._starts = [r.start for r in known]

    def weeks_m(self, run: Run, n: int) -> list[float]:
        """Of the `n` times 7 local days up to a run, the last first. [m] Runs after it are left out."""
        totals = [0.0] * n
        reach = timedelta(days=7 * n + 2)  # a local day may be that of another zone
        begin, end = bisect_left(self._starts, run.start - reach), bisect_right(self._starts, run.start)
        for other in self._runs[begin:end]:
            week = (run.local_date - other.local_date).days // 7
            if 0 <= week < n:
                totals[week] += other.distance_m or 0.0
        return totals

    def runs_of(self, run: Run, before: timedelta) -> Sequence[Run]:
        """The runs of a time before a run."""
        return self._runs[bisect_left(self._starts, run.start - before) : bisect_left(self._starts, run.start)]


def _is_build(weeks_m: Sequence[float]) -> bool:
    last, before, first = weeks_m[0], weeks_m[1], weeks_m[2]
    if not before or not first:
        return False
    grew = [round(a / b - 1, 9) >= BUILD_WEEK for a, b in ((last, before), (before, first))]
    return all(grew) and last >= BUILD_MEAN * sum(weeks_m[1:]) / BUILD_WEEKS


_DAYS_BEFORE: Final = say("7 days before those")


def _build(run: Run, days: _DayDistances, history: timedelta) -> Finding | None:
    """R-M3: two weeks in a row of a third more, told when it begins."""
    if history < timedelta(weeks=BUILD_WEEKS + 1):
        return None
    weeks_m = days.weeks_m(run, BUILD_WEEKS + 1)
    if not _is_build(weeks_m):
        return None
    if any(_is_build(days.weeks_m(r, BUILD_WEEKS + 1)) for r in days.runs_of(run, timedelta(days=6))):
        return None
    mean_m = sum(weeks_m[1:]) / BUILD_WEEKS
    last, before, first = weeks_m[:3]
    mean = say("mean of {weeks} weeks", weeks=BUILD_WEEKS)
    return Finding(
        rule="R-M3",
        family="M",
        load_type="mileage",
        run=run,
        load_level=1,
        severity=SEVERITY_WITHOUT_SYMPTOMS[1],
        confidence="normal",
        reasons=(
            Reason("week_distance", last, "m", before, round((1 + BUILD_WEEK) * before, 1), _DAYS_BEFORE),
            Reason("week_before", before, "m", first, round((1 + BUILD_WEEK) * first, 1), _DAYS_BEFORE),
            Reason("week_distance", last, "m", round(mean_m, 1), round(BUILD_MEAN * mean_m, 1), mean),
        ),
    )


def _total_m(session: Sequence[Run]) -> float:
    return sum(r.distance_m or 0.0 for r in session)


def _session_coverage(session: Sequence[Run]) -> tuple[str, ...]:
    if len(session) == 1:
        return ()
    return (taken_together(len(session)),)


def look_back_from(last_before_since: datetime | None, since: datetime) -> datetime:
    """Where the runs that `judge` needs begin, given the start of the last run before `since`."""
    mileage = min(last_before_since or since, since) - BREAK_BASELINE - SPIKE_WINDOW
    # A week more than the reference speed needs, for a ceiling that looks at the alerts of the last days.
    return min(mileage, since - REFERENCE_WINDOW - ALERT_LIFE)


def details_from(since: datetime) -> datetime:
    """From which start on `judge` reads all of a run; before it distance, times, and the best and the easy speed."""
    return since - FAST_REACH
