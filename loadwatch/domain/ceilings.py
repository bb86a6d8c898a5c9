"""What the next run may be without setting off a rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from loadwatch.domain.activity import Run, counted, longest_m
from loadwatch.domain.rules import NO_EARLIER_HISTORY, EarlierHistory, is_learning, judge
from loadwatch.domain.spikes import baseline, pre_break_longest_m
from loadwatch.domain.thresholds import (
    ALERT_LIFE,
    BREAK,
    BREAK_SHARE,
    LEARNING_HISTORY,
    LEARNING_RUNS,
    LONG_BREAK,
    LONG_BREAK_DISTANCE_M,
    NOVICE_MIN_DISTANCE_M,
    NOVICE_MIN_JUMP_M,
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
    """

    basis: Basis
    distance_m: float | None
    speaks_above_m: float | None
    longest_m: float | None
    days_since_run: float | None
    days_known: int
    runs_known: int

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
    """
    known = [r for r in counted(runs) if r.start < as_of]
    n_known = earlier.n_runs + len(known)
    first = earlier.first_start or (known[0].start if known else as_of)
    gap = as_of - known[-1].start if known else None

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
    usual = SPIKE_SMALL * longest
    speaks_above = max(usual, longest + jump, shortest)
    held = _held_back(known, as_of, earlier, novice=novice)
    if held is not None:
        basis, limit, before = held
        return ceiling(basis, limit, speaks_above, before)
    return ceiling("longest_30d", usual, speaks_above, longest)


def _held_back(
    known: Sequence[Run], as_of: datetime, earlier: EarlierHistory, *, novice: bool
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
    for finding in judge(known, since=as_of - ALERT_LIFE, earlier=earlier, novice=novice):
        before = finding.reasons[0].baseline
        if before is None:
            continue
        if finding.rule == "R-M1":
            limits.append((before, "after_jump", before))
        elif finding.load_level > 1:
            bounds = [r.threshold for r in finding.reasons if r.unit == "m" and r.threshold is not None]
            limits.append((min(bounds), "after_break", before))
    if not limits:
        return None
    limit, basis, before = min(limits)
    return basis, limit, before
