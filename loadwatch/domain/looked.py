"""Which load rules looked at a run, and what each made of it: also that it had nothing to say, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from loadwatch.domain.activity import Run, counted
from loadwatch.domain.adjusted import STANDARD_ALWAYS, Adjusted, OwnThresholds
from loadwatch.domain.ceilings import next_run_ceiling
from loadwatch.domain.fast_rules import absence, quiet_fast_m, session_window, weekly_norm
from loadwatch.domain.findings import Finding
from loadwatch.domain.hill_rules import quiet_descent_m
from loadwatch.domain.loads import (
    Load,
    ascent_of,
    between,
    downhill_load_m,
    fast_speeds,
    is_indoor,
    known_runs,
    metres_at,
)
from loadwatch.domain.rules import NO_EARLIER_HISTORY, EarlierHistory, is_learning, judge
from loadwatch.domain.thresholds import (
    ASCENT_SMALL_JUMP_M,
    BREAK,
    BUILD_WEEKS,
    FAST_ABSENCE,
    FAST_RUN_M,
    HILL_WINDOW,
    REINTRODUCTION_M,
)

Why = Literal[
    "spoke",
    "quiet",
    "learning",
    "not_known",
    "indoors",
    "few_known",
    "nothing_before",
    "after_break",
    "no_break",
    "no_build",
    "short_history",
    "speeds_not_known",
    "not_new",
    "family_spoke",
]
"""
It spoke; the run stayed below where it speaks; the history was too short for any rule; the run does not tell of this
load; it was indoors; too few runs before it tell; no run before it had any of it; it is the first after a break,
which another rule looks at; there was no break; the weeks did not grow so; the history was too short for this rule;
what is fast for the runner was not known yet; there was fast running in the weeks before; another rule of its family
spoke.
"""

_FAMILY: Final = {
    **dict.fromkeys(("R-M1", "R-RTN", "R-M3"), "M"),
    **dict.fromkeys(("R-H1", "R-H2"), "H"),
    **dict.fromkeys(("R-T2", "R-T1", "R-T3"), "T"),
}
RULES: Final = tuple(_FAMILY)


@dataclass(frozen=True, slots=True)
class Look:
    """
    One rule's look at one run.

    Attributes
    ----------
    value, limit : float or None
        What the run had of what the rule measures, and from where the rule would have spoken. [m; days for R-RTN]
    finding : Finding or None
        What it said, where it spoke.
    """

    rule: str
    why: Why
    value: float | None = None
    limit: float | None = None
    finding: Finding | None = None


def looks_at(
    run: Run,
    runs: Sequence[Run],
    *,
    earlier: EarlierHistory = NO_EARLIER_HISTORY,
    novice: bool = False,
    five_k_m_s: float | None = None,
    thresholds: OwnThresholds = STANDARD_ALWAYS,
) -> tuple[Look, ...]:
    """
    What each load rule made of a run when it was judged.

    Parameters
    ----------
    run : Run
        One that counts.
    runs : sequence of Run
        Activities up to this run and the run itself, in any order, back to `rules.look_back_from`.
    earlier : EarlierHistory
        What lies before `runs`.
    thresholds : OwnThresholds
        The runner's; those count that held when the run began.
    """
    known = counted(r for r in runs if (r.start, r.id) <= (run.start, run.id))
    before = [r for r in known if r.id != run.id]
    first_start = earlier.first_start or known[0].start
    history = run.start - first_start
    if is_learning(history, earlier.n_runs + len(before)):
        return tuple(Look(rule, "learning") for rule in RULES)
    findings = judge(
        known, since=run.start, earlier=earlier, novice=novice, five_k_m_s=five_k_m_s, thresholds=thresholds
    )
    found = {f.rule: f for f in findings if f.run is not None and f.run.id == run.id}
    speeds = fast_speeds(before, run.start, five_k_m_s=five_k_m_s)
    fast = metres_at(speeds.fast_m_s) if speeds else None
    looks = (
        *_mileage(run, before, history, earlier, thresholds, novice=novice),
        *_hills(run, before, thresholds.at(run.start)),
        *_fast(run, before, history, fast, thresholds.at(run.start)),
    )
    return tuple(_with_finding(look, found) for look in looks)


def _with_finding(look: Look, found: dict[str, Finding]) -> Look:
    finding = found.get(look.rule)
    if finding is not None:
        first = finding.reasons[0]
        in_days = look.rule == "R-RTN"
        value = look.value if in_days else first.value
        return Look(look.rule, "spoke", value, look.limit if in_days else first.threshold, finding)
    # A family speaks once of a run, so that one jump is not told three times.
    would_speak = look.value is not None and look.limit is not None and look.value >= look.limit
    if look.why == "no_build" or (look.why == "quiet" and would_speak):
        is_told = any(f.family == _FAMILY[look.rule] for f in found.values())
        return Look(look.rule, "family_spoke", look.value, look.limit) if is_told else look
    return look


def _mileage(
    run: Run,
    before: Sequence[Run],
    history: timedelta,
    earlier: EarlierHistory,
    thresholds: OwnThresholds,
    *,
    novice: bool,
) -> tuple[Look, Look, Look]:
    gap = run.start - before[-1].start if before else None
    ceiling = next_run_ceiling(before, as_of=run.start, earlier=earlier, novice=novice, thresholds=thresholds)
    gap_days = gap / timedelta(days=1) if gap is not None else None
    if gap is not None and gap >= BREAK:
        spike = Look("R-M1", "after_break", run.distance_m)
    elif ceiling.speaks_above_m is None:
        spike = Look("R-M1", "nothing_before", run.distance_m)
    else:
        spike = Look("R-M1", "quiet", run.distance_m, ceiling.speaks_above_m)
    back = Look("R-RTN", "no_break", gap_days, float(BREAK.days))
    is_short = history < timedelta(weeks=BUILD_WEEKS + 1)
    return spike, back, Look("R-M3", "short_history" if is_short else "no_build")


def _hills(run: Run, before: Sequence[Run], own: Adjusted) -> tuple[Look, Look]:
    window = between(before, run.start - HILL_WINDOW, run.start)

    def look(rule: str, load: Load) -> Look:
        value, previous = load(run), known_runs(window, load)
        if value is None:
            return Look(rule, "indoors" if is_indoor(run) else "not_known")
        if not previous.is_enough:
            return Look(rule, "few_known", value)
        if rule == "R-H1":
            return Look(rule, "quiet", value, quiet_descent_m(previous.largest, own))
        if not previous.largest:
            return Look(rule, "nothing_before", value)
        largest = previous.largest
        return Look(rule, "quiet", value, max(own.ascent_small * largest, largest + ASCENT_SMALL_JUMP_M))

    return look("R-H1", downhill_load_m), look("R-H2", ascent_of)


def _fast(run: Run, before: Sequence[Run], history: timedelta, fast: Load | None, own: Adjusted) -> tuple[Look, ...]:
    rules = ("R-T2", "R-T1", "R-T3")
    if run.features is None or run.features.speed_profile_m is None:
        return tuple(Look(rule, "not_known") for rule in rules)
    if fast is None:
        return tuple(Look(rule, "speeds_not_known") for rule in rules)
    value = fast(run)
    previous = known_runs(session_window(before, run.start, fast)[1], fast)
    norm = weekly_norm(before, run.start, run.local_date, history, fast, own)
    is_new = absence(before, run.start, history, fast) is not None
    if not previous.is_enough:
        session = Look("R-T2", "few_known", value)
    elif previous.largest < FAST_RUN_M:
        session = Look("R-T2", "nothing_before", value)
    else:
        session = Look("R-T2", "quiet", value, quiet_fast_m(previous.largest, own))
    week = Look("R-T1", "few_known", value) if norm is None else Look("R-T1", "quiet", value, norm.quiet_m)
    if history < FAST_ABSENCE:
        new = Look("R-T3", "short_history", value)
    elif not previous.is_enough:
        new = Look("R-T3", "few_known", value)
    else:
        new = Look("R-T3", "quiet" if is_new else "not_new", value, REINTRODUCTION_M if is_new else None)
    return session, week, new
