"""R-T1, R-T2, R-T3: more fast running than usual in a week, in a session, or after weeks without any."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import sqrt
from statistics import fmean
from typing import Final

from loadwatch.domain.activity import Run
from loadwatch.domain.adjusted import STANDARD, Adjusted
from loadwatch.domain.findings import SEVERITY_WITHOUT_SYMPTOMS, Finding, Reason
from loadwatch.domain.hill_rules import find_jump, known_of, largest_of
from loadwatch.domain.loads import (
    FastSpeeds,
    Known,
    Load,
    between,
    can_tell,
    fast_speeds,
    known_runs,
    metres_at,
    mostly_known,
)
from loadwatch.domain.text import Text, days_text, pace_text, say
from loadwatch.domain.thresholds import (
    FAST_ABSENCE,
    FAST_LARGE,
    FAST_LARGE_JUMP_M,
    FAST_RUN_M,
    FAST_SPREAD_M,
    FAST_SPREAD_SHARE,
    FAST_WEEK_LARGE_JUMP_M,
    FAST_WEEK_LARGE_Z,
    FAST_WEEKS,
    FAST_WEEKS_NEEDED,
    FAST_WINDOW,
    REINTRODUCTION_M,
    REINTRODUCTION_SPRINT_M,
)

_ROUNDING = 9
"""Digits kept of a ratio before it meets a threshold."""

_DAY = timedelta(days=1)

FAST_REACH: Final = timedelta(days=7 * (FAST_WEEKS + 1) + 2)
"""How far before a run fast metres are counted: 13 weeks of local days, which may be those of another zone."""


@dataclass(frozen=True, slots=True)
class WeeklyNorm:
    """
    What 7 days of fast running are held against.

    Attributes
    ----------
    so_far_m : float
        Fast metres of the 6 days before the day in question, and of that day up to the run. [m]
    mean_m, spread_m : float
        Of the weeks before those 7 days: mean, and population standard deviation or its floor. [m]
    n_weeks : int
        Weeks known of the 12.
    known : Known
        The runs of all 13 weeks.
    thresholds : Adjusted
        By which it is judged.
    """

    so_far_m: float
    mean_m: float
    spread_m: float
    n_weeks: int
    known: Known
    thresholds: Adjusted = STANDARD

    def z(self, fast_m: float) -> float:
        """How many spreads the 7 days lie above the mean once a run adds its fast metres. [unitless]"""
        return round((self.so_far_m + fast_m - self.mean_m) / self.spread_m, _ROUNDING)

    def level(self, fast_m: float) -> int:
        """Load level of a run with so many fast metres: 0 none, 1 small, 2 moderate."""
        z, jump = self.z(fast_m), self.so_far_m + fast_m - self.mean_m
        if fast_m < FAST_RUN_M:
            return 0
        if z > FAST_WEEK_LARGE_Z and jump >= FAST_WEEK_LARGE_JUMP_M:
            return 2
        own = self.thresholds
        return int(z > own.fast_week_small_z and jump >= own.fast_week_small_jump_m)

    def bound_m(self, level: int) -> float:
        """Fast metres of 7 days at which a level begins. [m]"""
        z, jump = self.thresholds.fast_week_small_z, self.thresholds.fast_week_small_jump_m
        if level == 2:
            z, jump = (FAST_WEEK_LARGE_Z, FAST_WEEK_LARGE_JUMP_M)
        return self.mean_m + max(z * self.spread_m, jump)

    @property
    def quiet_m(self) -> float:
        """Fast metres of one run below which `level` is 0. [m]"""
        return max(self.bound_m(1) - self.so_far_m, FAST_RUN_M)


def weekly_norm(
    before: Sequence[Run],
    at: datetime,
    day: date,
    history: timedelta,
    fast: Load,
    thresholds: Adjusted = STANDARD,
) -> WeeklyNorm | None:
    """
    The norm of 7 days that end with local day `day`; None with fewer than 6 known weeks that had fast running.

    Weeks are blocks of 7 local days, so that Tuesday's session is never counted with last Tuesday's because
    it began an hour earlier. A week of which too many runs are unknown, or that lies before the first run, is
    left out; one without a run is a week of nothing.

    Parameters
    ----------
    before : sequence of Run
        Counted runs before `at`, in order of start.
    history : timedelta
        From the first run ever to `at`.
    """
    totals = [0.0] * (FAST_WEEKS + 1)
    n_known = [0] * (FAST_WEEKS + 1)
    n_runs = [0] * (FAST_WEEKS + 1)
    for run in between(before, at - FAST_REACH, at):
        week = max((day - run.local_date).days, 0) // 7
        if week > FAST_WEEKS:
            continue
        metres = fast(run)
        if metres is not None:
            totals[week] += metres
            n_known[week] += 1
        n_runs[week] += can_tell(run, fast)
    first_day = round(history / _DAY)
    known = [k for k in range(1, FAST_WEEKS + 1) if 7 * k + 6 <= first_day and mostly_known(n_known[k], n_runs[k])]
    weeks = [totals[k] for k in known]
    if sum(week > 0 for week in weeks) < FAST_WEEKS_NEEDED:
        return None
    mean = fmean(weeks)
    return WeeklyNorm(
        so_far_m=totals[0],
        mean_m=mean,
        spread_m=max(sqrt(fmean((week - mean) ** 2 for week in weeks)), FAST_SPREAD_SHARE * mean, FAST_SPREAD_M),
        n_weeks=len(weeks),
        known=Known((0.0,) * sum(n_known), sum(n_runs)),
        thresholds=thresholds,
    )


def fast_level(fast_m: float, largest_m: float, thresholds: Adjusted = STANDARD) -> int:
    """
    Load level of a session's fast metres against the largest before it: 0 none, 1 small, 2 moderate.

    0 where no run before it was fast: that is another rule's.
    """
    if largest_m < FAST_RUN_M:
        return 0
    ratio, jump = round(fast_m / largest_m, _ROUNDING), fast_m - largest_m
    if ratio > FAST_LARGE and jump >= FAST_LARGE_JUMP_M:
        return 2
    return int(ratio > thresholds.fast_small and jump >= thresholds.fast_small_jump_m)


def quiet_fast_m(largest_m: float, thresholds: Adjusted = STANDARD) -> float:
    """The fast metres below which `fast_level` is 0, where a run before was fast. [m]"""
    return max(thresholds.fast_small * largest_m, largest_m + thresholds.fast_small_jump_m)


def session_window(before: Sequence[Run], at: datetime, fast: Load) -> tuple[timedelta, Sequence[Run]]:
    """The runs that a session is measured against: of 30 days, or of 42 where those had no fast run."""
    month = between(before, at - FAST_WINDOW, at)
    if any((fast(r) or 0.0) >= FAST_RUN_M for r in month):
        return FAST_WINDOW, month
    return FAST_ABSENCE, between(before, at - FAST_ABSENCE, at)


def absence(before: Sequence[Run], at: datetime, history: timedelta, fast: Load) -> Known | None:
    """The runs of the 42 days before `at`, if they are known and none of them was fast; otherwise None."""
    known = known_runs(between(before, at - FAST_ABSENCE, at), fast)
    return known if history >= FAST_ABSENCE and known.is_enough and known.largest < FAST_RUN_M else None


def fast_finding(
    run: Run,
    session: Sequence[Run],
    before: Sequence[Run],
    history: timedelta,
    *,
    five_k_m_s: float | None = None,
    thresholds: Adjusted = STANDARD,
) -> Finding | None:
    """
    What the rules on fast running say of a run: the highest level; of equal ones R-T3 before R-T1 before R-T2.

    What is fast is settled as of the run's start, and the runs before it are measured with the same speeds:
    were each measured with its own, a new best time would look like a change in training.

    Parameters
    ----------
    session : sequence of Run
        Files of the session up to this run.
    before : sequence of Run
        Counted runs before it, in order of start, back to 180 days.
    history : timedelta
        From the first run ever to this one.
    """
    if run.features is None or run.features.speed_profile_m is None:
        return None
    speeds = fast_speeds(before, run.start, five_k_m_s=five_k_m_s)
    if speeds is None:
        return None
    fast, sprint = metres_at(speeds.fast_m_s), metres_at(speeds.sprint_m_s)
    if metres_of(session, fast) < min(FAST_RUN_M, REINTRODUCTION_SPRINT_M):
        return None  # sprints are fast as well
    findings = (
        _reintroduction(run, session, before, history, fast, sprint),
        _week(run, before, history, fast, thresholds),
        _session(run, session, before, fast, thresholds),
    )
    finding = max((f for f in findings if f), key=lambda f: f.load_level, default=None)
    return replace(finding, coverage=(*finding.coverage, _speeds_text(speeds))) if finding else None


def _speeds_text(speeds: FastSpeeds) -> Text:
    return say(
        "fast is {fast} and faster, a sprint {sprint} and faster",
        fast=pace_text(speeds.fast_m_s),
        sprint=pace_text(speeds.sprint_m_s),
    )


def _week(run: Run, before: Sequence[Run], history: timedelta, fast: Load, thresholds: Adjusted) -> Finding | None:
    """R-T1: 7 days with more fast running than the weeks before them."""
    own = fast(run) or 0.0
    norm = None
    if own >= FAST_RUN_M:
        norm = weekly_norm(before, run.start, run.local_date, history, fast, thresholds)
    level = norm.level(own) if norm else 0
    if norm is None or not level:
        return None
    window = say("mean of {weeks} weeks before", weeks=norm.n_weeks)
    bound = FAST_WEEK_LARGE_Z if level == 2 else thresholds.fast_week_small_z
    z = Reason("fast_z7", round(norm.z(own), 2), "sd", None, bound, window)
    week_m = Reason("fast_7d", norm.so_far_m + own, "m", round(norm.mean_m, 1), round(norm.bound_m(level), 1), window)
    known = norm.known
    coverage = say(
        "known of {known} of {all} runs of the {weeks} weeks before",
        known=len(known.values),
        all=known.n_runs,
        weeks=FAST_WEEKS + 1,
    )
    return _finding("R-T1", run, level, (week_m, z), (coverage,))


def _session(
    run: Run, session: Sequence[Run], before: Sequence[Run], fast: Load, thresholds: Adjusted
) -> Finding | None:
    """R-T2: a session with more fast running than any of the 30 days before it."""
    span, _ = session_window(before, session[0].start, fast)
    jump = find_jump(
        run,
        session,
        fast,
        lambda at: session_window(before, at, fast)[1],
        lambda fast_m, largest_m: fast_level(fast_m, largest_m, thresholds),
        thresholds.fast_small_jump_m,
    )
    if jump is None:
        return None
    largest = jump.previous.largest
    ratio, metres = thresholds.fast_small, thresholds.fast_small_jump_m
    if jump.level == 2:
        ratio, metres = FAST_LARGE, FAST_LARGE_JUMP_M
    bound_m = round(max(ratio * largest, largest + metres), 1)
    days = span.days
    reasons = (
        Reason(jump.quantity("fast_distance"), jump.value, "m", largest, bound_m, largest_of(days)),
        Reason("fast_spike", round(jump.value / largest, 3), "ratio", 1.0, ratio, days_text(days)),
    )
    return _finding("R-T2", run, jump.level, reasons, jump.coverage(days))


def _reintroduction(
    run: Run, session: Sequence[Run], before: Sequence[Run], history: timedelta, fast: Load, sprint: Load
) -> Finding | None:
    """R-T3: much fast running, or some sprinting, after 42 days without."""
    fast_m, sprint_m = metres_of(session, fast), metres_of(session, sprint)
    if fast_m < REINTRODUCTION_M and sprint_m < REINTRODUCTION_SPRINT_M:
        return None
    known = absence(before, session[0].start, history, fast)
    if known is None:
        return None
    earlier = [r for r in session if r is not run]
    if metres_of(earlier, fast) >= REINTRODUCTION_M or metres_of(earlier, sprint) >= REINTRODUCTION_SPRINT_M:
        return None  # said of the file before
    days = FAST_ABSENCE.days
    prefix = "session_" if len(session) > 1 else ""
    largest = round(known.largest, 1)
    reasons = []
    if fast_m >= REINTRODUCTION_M:
        reasons.append(Reason(f"{prefix}fast_distance", fast_m, "m", largest, REINTRODUCTION_M, largest_of(days)))
    if sprint_m >= REINTRODUCTION_SPRINT_M:
        window = say("after {days} days without fast running", days=days)
        reasons.append(Reason(f"{prefix}sprint_distance", sprint_m, "m", None, REINTRODUCTION_SPRINT_M, window))
    return _finding("R-T3", run, 2, tuple(reasons), (known_of(known, days),))


def metres_of(files: Sequence[Run], load: Load) -> float:
    """What is known of several files together, at least. [m]"""
    return sum(load(r) or 0.0 for r in files)


def _finding(rule: str, run: Run, level: int, reasons: tuple[Reason, ...], coverage: tuple[str, ...]) -> Finding:
    return Finding(
        rule=rule,
        family="T",
        load_type="fast",
        run=run,
        load_level=level,
        severity=SEVERITY_WITHOUT_SYMPTOMS[level],
        confidence="normal",
        reasons=reasons,
        coverage=coverage,
    )
