"""Speed from samples: what was really run, how fast, and how often."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from loadwatch.domain.activity import Repetition, Streams
from loadwatch.domain.arrays import BoolArray, FloatArray, IntArray
from loadwatch.domain.bands import BAND_M_S, N_BANDS, SLOWEST_BAND_M_S
from loadwatch.domain.motion import STANDING_M_S, Motion, bounds
from loadwatch.domain.thresholds import (
    CONTRAST,
    FAST_OF_EASY,
    FAST_SHARE,
    IMPLAUSIBLE_SHARE,
    IMPLAUSIBLE_SPEED_M_S,
    JOG_M_S,
    RARE_CONTRAST,
    REP_CONTRAST,
    REP_MIN_M,
    REP_MIN_M_S,
    REP_MIN_S,
    REP_SLOWER_S,
    REP_VARIATION,
    REPS_ALIKE,
    REST_SHARE,
    SLOWEST_FAST_M_S,
    SPRINT_SHARE,
    WAY_RATIO,
)

BEST_S: Final = 20
"""The best 20 s stand for what a runner can do. [s]"""

_UNEVEN: Final = 1.25
"""Of 20 s no second counts for more than this many times their median: what stands out is a jump. [unitless]"""

_DIP_S: Final = 12
_DIP_SHARE: Final = 0.8
"""A repetition goes on after a dip no longer than this [s], in which that share of its level was held [1]."""

_VALLEY_DEPTH: Final = 0.8
"""A valley among the speeds is no deeper than this share of the lower of the hills beside it. [unitless]"""

_SIDE_S: Final = 60.0
"""How much before and after a repetition must be slower. [s]"""


@dataclass(frozen=True, slots=True, eq=False)
class Speed:
    """
    How fast a run was; arrays have shape (n_seconds,) as those of its `Motion`.

    Attributes
    ----------
    speed_m_s : array
        Median over 5 s, within a stretch between pauses. [m/s]
    moving : array of bool
        Faster than 0.5 m/s.
    moving_s : float
        [s]
    distance_m : float
        [m]
    best_20s_m_s : float or None
        Fastest mean over 20 s without a pause; None where there are no 20 s. [m/s]
    profile_m : tuple of float, shape (N_BANDS,)
        Metres run in each band of speed, see `bands`; together `distance_m`. [m]
    reps : tuple of Repetition
        Fast stretches between slower ones; none where the run had no such shape.
    """

    speed_m_s: FloatArray
    moving: BoolArray
    moving_s: float
    distance_m: float
    best_20s_m_s: float | None
    profile_m: tuple[float, ...]
    reps: tuple[Repetition, ...]

    @property
    def easy_m_s(self) -> float | None:
        """Lower quartile of the speed in motion, by time. [m/s]"""
        v = self.speed_m_s[self.moving]
        return float(np.percentile(v, 25)) if len(v) else None


def speed(motion: Motion) -> Speed | None:
    """
    How fast a run was.

    Satellites tell once a second where a runner is to a few metres: an effort of less than 5 s does not show
    in the median over 5 s, and a sprint's speed is a lower bound.

    Returns
    -------
    Speed or None
        None without distance.
    """
    if motion.distance_m is None or len(motion) < 2:
        return None
    distance = motion.distance_m
    first, last = bounds(motion.stretch)
    v = _median_speed(distance, first, last)
    moving = v >= STANDING_M_S
    metres = np.diff(distance, prepend=distance[0])
    band = np.clip((v - SLOWEST_BAND_M_S) / BAND_M_S + 1e-9, 0, N_BANDS - 1).astype(np.intp)
    profile = np.bincount(band, weights=metres, minlength=N_BANDS)
    return Speed(
        speed_m_s=v,
        moving=moving,
        moving_s=float(np.count_nonzero(moving[1:] & (np.diff(motion.stretch) == 0))),
        distance_m=float(distance[-1] - distance[0]),
        best_20s_m_s=_best_20s(v, last),
        profile_m=tuple(profile.tolist()),
        reps=_repetitions(motion, v, moving),
    )


def provisional_thresholds(found: Speed) -> tuple[float, float] | None:
    """
    Speeds from which running is fast, and a sprint, where the run is its own only witness.

    For a single file without a history, and for nothing else: that the fastest 20 s of a run are what its
    runner can do is not known. Design choice.

    Returns
    -------
    (float, float) or None
        [m/s] None where the run had no contrast: without repetitions, and without 20 s at 1.25 times its median
        speed, it may have been all fast or all easy.
    """
    best, easy = found.best_20s_m_s, found.easy_m_s
    if best is None or easy is None:
        return None
    if found.reps:  # of a file that holds nothing else the easy speed is theirs
        slower = FAST_OF_EASY * min(easy, float(np.median([rep.speed_m_s for rep in found.reps])) / REP_CONTRAST)
    else:  # without such a shape only what stands out from the whole run
        slower = CONTRAST * float(np.median(found.speed_m_s[found.moving]))
        if best < slower:
            return None
    fast = max(FAST_SHARE * best, slower, SLOWEST_FAST_M_S)
    return fast, max(SPRINT_SHARE * best, fast)


def _median_speed(distance: FloatArray, first: IntArray, last: IntArray) -> FloatArray:
    """
    Median over 5 s of the speed from the second before to the second after.

    Over two seconds, as counters move by whole metres, or every other second.
    """
    i = np.arange(len(distance))
    before, after = np.maximum(i - 1, first), np.minimum(i + 1, last)
    v = (distance[after] - distance[before]) / np.maximum(after - before, 1)
    a, b, c, d, e = v[np.maximum(i - 2, first)], v[before], v, v[after], v[np.minimum(i + 2, last)]
    # Of two pairs the lowest value cannot be the median of the five, nor can the highest: three are left.
    low, high = np.maximum(np.minimum(a, b), np.minimum(d, e)), np.minimum(np.maximum(a, b), np.maximum(d, e))
    return np.asarray(np.maximum(np.minimum(low, high), np.minimum(np.maximum(low, high), c)))


def _best_20s(v: FloatArray, last: IntArray) -> float | None:
    """Fastest mean over 20 s of one stretch, no second of them counted for much more than their median."""
    begins = np.flatnonzero(last - np.arange(len(v)) >= BEST_S - 1)
    if not len(begins):
        return None
    cumulated = np.concatenate(([0.0], np.cumsum(v)))
    means = (cumulated[begins + BEST_S] - cumulated[begins]) / BEST_S
    order = begins[np.argsort(-means)]
    means = -np.sort(-means)
    windows = np.lib.stride_tricks.sliding_window_view(v, BEST_S)
    best = 0.0
    for k in range(0, len(order), 64):
        if means[k] <= best:
            break
        twenty = windows[order[k : k + 64]]
        cap = _UNEVEN * np.median(twenty, axis=1, keepdims=True)
        best = max(best, float(np.minimum(twenty, cap).mean(axis=1).max()))
    return best


def _repetitions(motion: Motion, v: FloatArray, moving: BoolArray) -> tuple[Repetition, ...]:
    """
    The fast stretches of a run whose speed has two levels.

    What parts the levels is sought from slow to fast: standing, the valleys of the time spent at each speed, and
    well above the median, for a few strides leave no trace in that. The first that leaves stretches clearly
    faster than what is around them, and makes a session of them, is taken.
    """
    if np.count_nonzero(moving) < 2 * REP_MIN_S:
        return ()
    rare = RARE_CONTRAST**0.5 * float(np.median(v[moving]))
    levels = [(level, REP_CONTRAST) for level in (STANDING_M_S, *_valleys(v[moving]))]
    for level, contrast in (*levels, (rare, RARE_CONTRAST)):
        stretches = _stretches_above(level, motion, v)
        reps = [stretches[i] for i in range(len(stretches)) if _stands_out(i, stretches, motion)]
        if len(reps) >= 2 and _is_session(reps, level, contrast, motion, v):
            return _with_rests(reps, motion)
    return ()


def _valleys(v: FloatArray) -> list[float]:
    """Speeds at which less time was spent than at a slower and at a faster one, from slow to fast. [m/s]"""
    seconds = np.bincount(np.minimum(v / BAND_M_S, 130).astype(np.intp), minlength=131).astype(float)
    bell = np.exp(-0.5 * (np.arange(-5, 6) / 2.0) ** 2)
    smooth = np.convolve(seconds, bell / bell.sum(), mode="same")
    below, above = np.maximum.accumulate(smooth), np.maximum.accumulate(smooth[::-1])[::-1]
    lower = np.minimum(below, above)
    deep = (lower >= 1.0) & (smooth <= _VALLEY_DEPTH * lower)
    edges = np.flatnonzero(np.diff(deep, prepend=False, append=False))
    return [
        float((a + np.argmin(smooth[a:b]) + 0.5) * BAND_M_S) for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]


def _stretches_above(level: float, motion: Motion, v: FloatArray) -> list[tuple[int, int]]:
    """First and last second of each long enough stretch faster than a level, short dips left in."""
    part = np.where(v > level, motion.stretch, -1)
    changes = np.flatnonzero(np.diff(part)) + 1
    begins, ends = np.concatenate(([0], changes)), np.concatenate((changes, [len(v)])) - 1
    fast = part[begins] >= 0
    begins, ends = begins[fast], ends[fast]
    if not len(begins):
        return []
    same = motion.stretch[ends[:-1]] == motion.stretch[begins[1:]]
    assert motion.distance_m is not None
    gap_s = begins[1:] - ends[:-1]
    held = motion.distance_m[begins[1:]] - motion.distance_m[ends[:-1]] >= _DIP_SHARE * level * gap_s
    apart = np.flatnonzero(~same | (gap_s > _DIP_S) | ~held)
    begins = begins[np.concatenate(([0], apart + 1))]
    ends = ends[np.concatenate((apart, [len(ends) - 1]))]
    # A second's speed is that from the one before it to the one after: the fast part began half a second earlier.
    begins = np.maximum(begins - 1, bounds(motion.stretch)[0][begins])
    metres = motion.distance_m[ends] - motion.distance_m[begins]
    seconds = motion.time_s[ends] - motion.time_s[begins]
    good = (seconds >= REP_MIN_S) & (metres >= REP_MIN_M) & (metres >= REP_MIN_M_S * seconds)
    return list(zip(begins[good].tolist(), ends[good].tolist(), strict=True))


def _stands_out(i: int, stretches: Sequence[tuple[int, int]], motion: Motion) -> bool:
    """Whether a stretch is clearly faster than up to a minute before and after it, to the next fast one."""
    time, distance = motion.time_s, motion.distance_m
    assert distance is not None
    begin, end = stretches[i]
    fast = (distance[end] - distance[begin]) / (time[end] - time[begin])
    before = int(np.searchsorted(time, time[begin] - _SIDE_S))
    after = int(np.searchsorted(time, time[end] + _SIDE_S, side="right")) - 1
    if i:
        before = max(before, stretches[i - 1][1])
    if i + 1 < len(stretches):
        after = min(after, stretches[i + 1][0])
    for first, last in ((before, begin), (end, after)):
        seconds = time[last] - time[first]
        if seconds and (distance[last] - distance[first]) / seconds * REP_CONTRAST > fast:
            return False
    return True


def _is_session(
    reps: Sequence[tuple[int, int]], level: float, contrast: float, motion: Motion, v: FloatArray
) -> bool:
    """
    Whether fast stretches are repetitions, and not what lies between traffic lights or walking breaks.

    They are where the run holds slower running as well. Where it holds none, only if they are alike, and the
    rests not short beside them. A way to and from the session, faster than the rests, must not be among them.
    """
    time, distance = motion.time_s, motion.distance_m
    assert distance is not None
    begins, ends = np.array(reps).T
    metres, seconds = distance[ends] - distance[begins], time[ends] - time[begins]
    pace = metres / seconds
    ways = [pace[k] for k, at_the_end in ((0, begins[0] == 0), (-1, ends[-1] == len(v) - 1)) if at_the_end]
    if min(ways, default=np.inf) < WAY_RATIO * np.median(pace):
        return False
    running = (v >= JOG_M_S) & (v < level)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], running, [False]))))
    slower = [v[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= REP_MIN_S]
    if sum(map(len, slower)) >= REP_SLOWER_S:
        return bool(np.median(pace) >= contrast * np.median(np.concatenate(slower)))
    rests = time[begins[1:]] - time[ends[:-1]]
    alike = np.std(metres) <= REP_VARIATION * np.mean(metres)
    return bool(len(reps) >= REPS_ALIKE and alike and np.median(rests) >= REST_SHARE * np.median(seconds))


def _with_rests(reps: Sequence[tuple[int, int]], motion: Motion) -> tuple[Repetition, ...]:
    time, distance = motion.time_s, motion.distance_m
    assert distance is not None
    nexts = [begin for begin, _ in reps[1:]]
    rests = [float(time[n] - time[end]) for n, (_, end) in zip(nexts, reps, strict=False)]
    return tuple(
        Repetition(float(time[begin]), float(time[end]), float(distance[end] - distance[begin]), rest)
        for (begin, end), rest in zip(reps, [*rests, None], strict=True)
    )


def implausible_share(streams: Streams) -> float | None:
    """
    Share of steps between samples in which nobody could have run so far.

    Returns
    -------
    float or None
        0 to 1 [unitless]; None without a distance channel or with fewer than two samples.
    """
    if streams.distance_m is None or len(streams) < 2:
        return None
    dt = np.diff(streams.time_s)
    ds = np.diff(streams.distance_m)
    counts = (dt > 0) & ~np.isnan(ds)
    if not counts.any():
        return None
    with np.errstate(over="ignore"):
        return float(np.mean(ds[counts] / dt[counts] > IMPLAUSIBLE_SPEED_M_S))


def distance_is_trusted(streams: Streams | None) -> bool:
    """Whether the recorded distance may be judged; without samples there is nothing to hold against it."""
    share = implausible_share(streams) if streams is not None else None
    return share is None or share <= IMPLAUSIBLE_SHARE
