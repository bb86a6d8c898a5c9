"""How a run's distance compares with the runs before it."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime

from loadwatch.domain.activity import Run, longest_m
from loadwatch.domain.adjusted import STANDARD, Adjusted
from loadwatch.domain.thresholds import (
    BREAK,
    BREAK_BASELINE,
    BREAK_SHARE,
    LONG_BREAK,
    LONG_BREAK_DISTANCE_M,
    NOVICE_MIN_DISTANCE_M,
    NOVICE_MIN_JUMP_M,
    SESSION_GAP,
    SPIKE_LARGE,
    SPIKE_MIN_DISTANCE_M,
    SPIKE_MIN_JUMP_M,
    SPIKE_MODERATE,
    SPIKE_WINDOW,
)

_ROUNDING = 9
"""Digits kept of a ratio before it meets a threshold: 14.3 km over 11.0 km is 1.3, not a hair more."""


def session_spike(distance_m: float, previous_m: Sequence[float]) -> float | None:
    """
    A run's distance over that of the longest run of the preceding 30 days.

    Parameters
    ----------
    distance_m : float
        Distance of the run in question. [m]
    previous_m : sequence of float, shape (n_runs,)
        Distances of the runs of the 30 days before it, in any order. [m]

    Returns
    -------
    float or None
        1.10 means a tenth longer than the longest recent run. [unitless]
        None without a longer-than-zero run to compare with.

    Raises
    ------
    ValueError
        If a distance is negative or NaN.

    References
    ----------
    .. [1] J. S. B. Frandsen et al., Br. J. Sports Med. 59(17), 2025, doi:10.1136/bjsports-2024-109380.
    """
    if not all(d >= 0 for d in (distance_m, *previous_m)):  # NaN fails too
        raise ValueError(f"distances must be >= 0 m: {distance_m}, {list(previous_m)}")
    longest = max(previous_m, default=0.0)
    return round(distance_m / longest, _ROUNDING) if longest else None


def spike_level(
    distance_m: float, previous_m: Sequence[float], *, novice: bool = False, thresholds: Adjusted = STANDARD
) -> int:
    """
    Load level of a run's distance: 0 none, 1 small, 2 moderate, 3 large.

    0 as well where there is no baseline, and where the run is short or the jump small in metres: 5.8 km
    after 5.0 km is a sixth more and yet nothing to speak of.

    Raises
    ------
    ValueError
        If a distance is negative or NaN.
    """
    ratio = session_spike(distance_m, previous_m)
    jump_floor = NOVICE_MIN_JUMP_M if novice else SPIKE_MIN_JUMP_M
    distance_floor = NOVICE_MIN_DISTANCE_M if novice else SPIKE_MIN_DISTANCE_M
    if ratio is None or distance_m < distance_floor or distance_m - max(previous_m) < jump_floor:
        return 0
    return (ratio > thresholds.spike_small) + (ratio > SPIKE_MODERATE) + (ratio > SPIKE_LARGE)


def sessions(runs: Sequence[Run]) -> list[tuple[Run, ...]]:
    """
    Runs grouped as they were run: files of one local day with less than 2 h between them belong together.

    Parameters
    ----------
    runs : sequence of Run
        Counted runs in order of start.
    """
    groups: list[list[Run]] = []
    for run in runs:
        last = groups[-1][-1] if groups else None
        if last and _follows(last, run):
            groups[-1].append(run)
        else:
            groups.append([run])
    return [tuple(group) for group in groups]


def _follows(last: Run, run: Run) -> bool:
    if last.start_hidden or run.start_hidden:
        return False  # how long after one another they were run is not known
    return last.local_date == run.local_date and run.start - last.end < SESSION_GAP


def baseline(earlier: Sequence[Run], at: datetime) -> list[Run]:
    """
    The runs that a run starting at `at` is measured against: those of the 30 days before it.

    What lies before a break of 14 days or more is left out: having run 20 km before three weeks off is no
    licence for 20 km after them.

    Parameters
    ----------
    earlier : sequence of Run
        Counted runs that began before `at`, in order of start.
    """
    first = len(earlier)
    following = at
    while first and earlier[first - 1].start >= at - SPIKE_WINDOW:
        if following - earlier[first - 1].start >= BREAK:
            break
        first -= 1
        following = earlier[first].start
    return list(earlier[first:])


def longest_before(known: Sequence[Run]) -> list[float | None]:
    """
    The longest run of each run's `baseline`, for all of a history at once. [m] None where there is no baseline.

    Parameters
    ----------
    known : sequence of Run
        Counted runs in order of start.
    """
    found: list[float | None] = []
    longest: deque[Run] = deque()  # of the window: the longest, the longest after that one, and so on
    for i, run in enumerate(known):
        if i and run.start - known[i - 1].start >= BREAK:
            longest.clear()
        while longest and longest[0].start < run.start - SPIKE_WINDOW:
            longest.popleft()
        found.append(longest[0].distance_m if longest else None)
        while longest and (longest[-1].distance_m or 0.0) <= (run.distance_m or 0.0):
            longest.pop()
        longest.append(run)
    return found


def return_level(distance_m: float, gap_days: float, pre_break_longest_m: float) -> int:
    """
    Load level of the first run after a break: 1, or 2 where it is long for a return.

    Parameters
    ----------
    distance_m : float
        Distance of the first run back. [m]
    gap_days : float
        Time since the run before it, at least 14. [d]
    pre_break_longest_m : float
        Longest run of the 90 days before the break. [m]

    Raises
    ------
    ValueError
        If the gap is shorter than a break.
    """
    if gap_days < BREAK.days:
        raise ValueError(f"{gap_days} days are no break")
    long_for_a_return = distance_m > BREAK_SHARE * pre_break_longest_m
    after_long_break = gap_days >= LONG_BREAK.days and distance_m > LONG_BREAK_DISTANCE_M
    return 2 if long_for_a_return or after_long_break else 1


def pre_break_longest_m(earlier: Sequence[Run]) -> float:
    """Longest run of the 90 days that ended with the last of these runs, that run included. [m]"""
    if not earlier:
        return 0.0
    since = earlier[-1].start - BREAK_BASELINE
    return longest_m([r for r in reversed(earlier) if r.start >= since])
