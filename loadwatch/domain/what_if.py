"""What the rules would say of a run that is only planned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from loadwatch.domain.activity import Run, counted
from loadwatch.domain.loads import fast_speeds
from loadwatch.domain.rules import NO_EARLIER_HISTORY, EarlierHistory, Finding, judge
from loadwatch.domain.told import told_features


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """
    A run that somebody thinks of doing.

    Attributes
    ----------
    start : datetime
        When, UTC.
    distance_m : float
        [m]
    descent_m, ascent_m, fast_m : float or None
        [m] None where the runner cannot tell: the rules on it stay silent, as they do on a recorded run.
    local_date : date or None
        The runner's day; None: that of UTC.
    """

    start: datetime
    distance_m: float
    descent_m: float | None = None
    ascent_m: float | None = None
    fast_m: float | None = None
    local_date: date | None = None


def what_if(
    runs: Sequence[Run],
    planned: PlannedRun,
    *,
    earlier: EarlierHistory = NO_EARLIER_HISTORY,
    novice: bool = False,
    five_k_m_s: float | None = None,
) -> tuple[Finding, ...]:
    """
    Which rules would speak on a planned run, the most severe first.

    Parameters
    ----------
    runs : sequence of Run
        Activities in any order, back to `rules.look_back_from`; those from the planned start on are not looked at.
    earlier, novice, five_k_m_s
        As for `rules.judge`.

    Returns
    -------
    tuple of Finding
        Their `run` is the planned one, with an id that no other has. Fast metres need to know what is fast for
        the runner; where that is not known yet they stay unknown.

    Raises
    ------
    ValueError
        If a quantity is negative or NaN, or more is to be fast than is to be run.
    """
    if planned.ascent_m is not None and not planned.ascent_m >= 0:
        raise ValueError(f"metres must be >= 0: {planned.ascent_m}")
    before = [r for r in runs if r.start < planned.start]
    run = Run(
        id=min((r.id for r in before), default=0) - 1,
        start=planned.start,
        local_date=planned.local_date or planned.start.date(),
        sport="Run",
        distance_m=planned.distance_m,
        ascent_m=planned.ascent_m,
        features=told_features(
            planned.distance_m,
            descent_m=planned.descent_m,
            fast_m=planned.fast_m,
            speeds=fast_speeds(counted(before), planned.start, five_k_m_s=five_k_m_s),
        ),
    )
    return tuple(judge([*before, run], since=planned.start, earlier=earlier, novice=novice, five_k_m_s=five_k_m_s))
