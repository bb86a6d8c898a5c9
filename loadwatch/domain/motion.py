"""Samples put on a common footing: once a second, in local metres, pauses cut out, jumps left out."""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

import numpy as np

from loadwatch.domain.activity import Streams
from loadwatch.domain.arrays import BoolArray, FloatArray, IntArray
from loadwatch.domain.thresholds import (
    DRIVEN_RATIO,
    FASTEST_HOLE_M_S,
    IMPLAUSIBLE_SPEED_M_S,
    SMART_HOLE_S,
    SMART_STEP_S,
    STANDING_EXTENT_M,
    WANDERED_RATIO,
)

EARTH_RADIUS_M: Final = 6_371_008.8
"""Mean radius of WGS 84. [m]"""

LONGEST_STEP_S: Final = 10.0
"""Between two samples further apart than this the watch may have been stopped. [s]"""

STANDING_M_S: Final = 0.5
"""A long step slower than this was a pause, and a runner this slow stands. [m/s]"""

LONGEST_HOLE_S: Final = 600.0
"""A hole longer than this is a pause, however far apart its ends. [s]"""

_LATE_COUNTER_S: Final = 5.0
"""A counter that stands for less than this and then goes on was late, not the runner. [s]"""

_COUNTER_NOISE_M: Final = 20.0
"""A counter that falls by more began anew, or slipped. [m]"""

_NOT_THIS_RUN: Final = 0.0784
"""Chord to the run's middle, in earth's radii, beyond which a position is none of it: 500 km. [unitless]"""

_JUMPED_FOR_GOOD_S: Final = 60.0
"""Positions that stay elsewhere for so long are where the runner is, however they came there. [s]"""

_SLOPE_HALF_S: Final = 7
"""Half of the window in which the path is taken for a cubic. [s]"""

_LATEST_S: Final = 1e10
_FARTHEST_M: Final = 1e7
_HIGHEST_M: Final = 1e5
"""What no clock, counter and altimeter of a run can show. [s; m; m]"""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """
    A run once a second, without its pauses; every array has shape (n_seconds,).

    Attributes
    ----------
    time_s : array
        Seconds since the start of the run; steps of one second within a stretch, a longer one between two.
    stretch : array of int
        Number of the stretch between pauses that a second belongs to, from 0.
    distance_m : array or None
        Cumulated from the cleaned steps, pauses add nothing. None without distance and positions.
    east_m, north_m : array or None
        Position on a plane around the run's middle; NaN where there is none.
    altitude_m : array or None
        As recorded; NaN where there is none.
    from_positions : bool
        The distance was made of positions: the source counted none.
    """

    time_s: FloatArray
    stretch: IntArray
    distance_m: FloatArray | None
    east_m: FloatArray | None
    north_m: FloatArray | None
    altitude_m: FloatArray | None
    from_positions: bool = False

    def __len__(self) -> int:
        return len(self.time_s)


def resample(streams: Streams) -> Motion:
    """
    Put a run's samples on a grid of one second.

    Of samples whose times contradict each other the most that go forward are kept.

    A step of more than 10 s is a hole. It was run through (smart recording, a tunnel) where its ends are
    plausibly far apart, and is filled evenly; otherwise it was a pause and is cut out. How far apart they are
    is the source's word, where it counts distance: what was walked or driven with the watch stopped is not in
    it. With positions alone a pause and a tunnel look alike. Then, as with a counter, the hole counts where its
    straight line was covered at a pace like that of the run (half to one and a half times its median) and in
    ten minutes at most; so a walk to the kiosk adds nothing, nor does a bus, a jog with the watch stopped adds
    its straight line, and a tunnel in a bend is too short. A watch that leaves out seconds while it records
    may be silent for a minute at any pace.

    Distance made of positions is the length of the path after a fit of a cubic over 15 s, which noise makes
    hardly longer and the bend of a track hardly shorter. Where all positions of half a minute lie within a few
    metres the runner stood.
    """
    time = np.round(_within(streams.time_s, _LATEST_S), 3)
    keep = _forward(time)
    time = time[keep]
    position = None
    if streams.latitude_deg is not None and streams.longitude_deg is not None:
        position = local_plane(streams.latitude_deg[keep], streams.longitude_deg[keep])
    if position is not None:
        position = _without_jumps(time, *position)
    steps = None
    if streams.distance_m is not None:
        steps = _counted_steps(time, streams.distance_m[keep])
    from_positions = steps is None and position is not None
    if steps is None and position is not None:
        east, north = position
        steps = np.hypot(np.diff(_filled(time, east)), np.diff(_filled(time, north)))
    dt = np.diff(time)
    pause = _pauses(dt, steps)
    grid, stretch = _grid(time, pause)
    east_m, north_m = (None, None) if position is None else (_on(grid, time, channel) for channel in position)
    distance = None
    if from_positions and east_m is not None and north_m is not None:
        distance = _path_m(stretch, _filled(grid, east_m), _filled(grid, north_m))
    elif steps is not None:
        distance = np.interp(grid, time, _cumulated(_plausible(dt, steps, pause)))
    altitude = None if streams.altitude_m is None else _within(streams.altitude_m[keep], _HIGHEST_M)
    return Motion(
        time_s=grid,
        stretch=stretch,
        distance_m=distance,
        east_m=east_m,
        north_m=north_m,
        altitude_m=None if altitude is None else _on(grid, time, altitude),
        from_positions=from_positions and distance is not None,
    )


def bounds(stretch: IntArray) -> tuple[IntArray, IntArray]:
    """Index of the first and of the last second of the stretch that each second belongs to."""
    n = len(stretch)
    begins = np.flatnonzero(np.diff(stretch, prepend=-1))
    lengths = np.diff(begins, append=n)
    return np.repeat(begins, lengths), np.repeat(begins + lengths - 1, lengths)


def _forward(time: FloatArray) -> IntArray:
    """Indices of the most samples, each later than the one before: the longest increasing subsequence."""
    known = np.flatnonzero(~np.isnan(time))
    if (np.diff(time[known]) > 0).all():
        return known
    ends: list[float] = []  # the earliest end of an increasing subsequence of each length
    at: list[int] = []
    before = [-1] * len(known)
    for i, t in enumerate(time[known].tolist()):
        length = bisect_left(ends, t)
        before[i] = at[length - 1] if length else -1
        ends[length : length + 1] = [t]
        at[length : length + 1] = [i]
    chain = []
    i = at[-1]
    while i >= 0:
        chain.append(i)
        i = before[i]
    return known[chain[::-1]]


def _within(values: FloatArray, limit: float) -> FloatArray:
    """A channel with NaN for what it cannot show."""
    possible = np.abs(values) <= limit
    return values if possible.all() else np.where(possible, values, np.nan)


def local_plane(latitude: FloatArray, longitude: FloatArray) -> tuple[FloatArray, FloatArray] | None:
    """
    Degrees to metres on the plane that touches the earth in the run's middle; positions that are none are NaN.

    The same everywhere, across the date line and at a pole; 20 km off the middle a metre is 5 µm short.
    """
    good = (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180) & ((latitude != 0) | (longitude != 0))
    if not good.any():
        return None
    if not good.all():
        latitude, longitude = np.where(good, latitude, np.nan), np.where(good, longitude, np.nan)
    phi, lam = np.radians(latitude), np.radians(longitude)
    across = np.cos(phi)
    globe = np.stack((across * np.cos(lam), across * np.sin(lam), np.sin(phi)))
    middle = np.median(globe[:, good], axis=1)
    if not np.linalg.norm(middle):
        middle = globe[:, good][:, 0]
    middle /= np.linalg.norm(middle)
    east = np.array((-middle[1], middle[0], 0.0))
    at_a_pole = np.linalg.norm(east) < 1e-12
    east = np.array((0.0, 1.0, 0.0)) if at_a_pole else east / np.linalg.norm(east)
    north = np.cross(middle, east)
    x, y = EARTH_RADIUS_M * (east @ globe), EARTH_RADIUS_M * (north @ globe)
    elsewhere = 1.0 - middle @ globe > _NOT_THIS_RUN**2 / 2
    if elsewhere.any():
        x, y = np.where(elsewhere, np.nan, x), np.where(elsewhere, np.nan, y)
    return None if np.isnan(x).all() else (x, y)


def _without_jumps(time: FloatArray, east: FloatArray, north: FloatArray) -> tuple[FloatArray, FloatArray]:
    """
    Positions without those to and from which nobody could have run.

    The path is cut where it is too fast. Of its pieces the longest is taken for true, and what can be reached
    from it running; a piece that cannot is left out unless it is long: then the runner is there.
    """
    known = np.flatnonzero(~np.isnan(east))
    t, x, y = time[known], east[known], north[known]
    cut = np.flatnonzero(np.hypot(np.diff(x), np.diff(y)) > IMPLAUSIBLE_SPEED_M_S * np.maximum(np.diff(t), 1.0))
    if not len(cut):
        return east, north
    first = np.concatenate(([0], cut + 1))
    last = np.concatenate((cut, [len(known) - 1]))
    lasts = t[last] - t[first]
    begin = int(np.argmax(lasts))
    kept = np.zeros(len(first), dtype=bool)
    kept[begin] = True

    def follow(pieces: range, near: IntArray, far: IntArray) -> None:
        at = far[begin]
        for piece in pieces:
            to = near[piece]
            metres = float(np.hypot(x[to] - x[at], y[to] - y[at]))
            if metres <= IMPLAUSIBLE_SPEED_M_S * abs(t[to] - t[at]) or lasts[piece] >= _JUMPED_FOR_GOOD_S:
                kept[piece] = True
                at = far[piece]

    follow(range(begin + 1, len(first)), first, last)
    follow(range(begin - 1, -1, -1), last, first)
    left_out = known[~np.repeat(kept, last - first + 1)]
    east, north = east.copy(), north.copy()
    east[left_out] = north[left_out] = np.nan
    return east, north


def _counted_steps(time: FloatArray, distance: FloatArray) -> FloatArray | None:
    """Metres from sample to sample as the source counted them; None where its counter never moved."""
    distance = _filled(time, _within(distance, _FARTHEST_M))
    if len(distance) < 2 or np.isnan(distance[0]) or np.ptp(distance) < 1.0:
        return None
    moved = np.diff(distance, prepend=np.nan) != 0
    if not moved.all():
        stood_s = np.diff(time[moved], append=np.inf)
        keep = moved | (stood_s > _LATE_COUNTER_S)[np.cumsum(moved) - 1]
        distance = np.interp(time, time[keep], distance[keep])
    return np.diff(distance)


def _pauses(dt: FloatArray, steps: FloatArray | None) -> BoolArray:
    """Which steps between samples are pauses."""
    hole = dt > LONGEST_STEP_S
    if steps is None or not hole.any():
        return hole
    speed = steps / dt
    runs = speed[(speed > STANDING_M_S) & (speed < IMPLAUSIBLE_SPEED_M_S)]
    usual = float(np.median(runs)) if len(runs) else 0.0
    possible = (speed >= STANDING_M_S) & (speed <= FASTEST_HOLE_M_S)
    like_the_run = possible & (speed >= WANDERED_RATIO * usual) & (speed <= DRIVEN_RATIO * usual)
    is_smart = np.mean(dt[~hole]) > SMART_STEP_S if not hole.all() else True
    run_through = np.where(is_smart & (dt <= SMART_HOLE_S), possible, like_the_run & (dt <= LONGEST_HOLE_S))
    return hole & ~run_through


def _plausible(dt: FloatArray, steps: FloatArray, pause: BoolArray) -> FloatArray:
    """Steps that nobody could have run replaced by the pace around them; nothing is covered in a pause."""
    bad = (steps > IMPLAUSIBLE_SPEED_M_S * dt) | (steps < -_COUNTER_NOISE_M)
    good = ~bad & ~pause
    if bad.any():
        i = np.arange(len(dt))
        around = np.interp(i[bad], i[good], steps[good] / dt[good]) if good.any() else 0.0
        steps = steps.copy()
        steps[bad] = around * dt[bad]
    return np.where(pause, 0.0, steps)


def _cumulated(steps: FloatArray) -> FloatArray:
    """Distance of each sample; a counter that slips back by a few metres stands until it is there again."""
    return np.maximum.accumulate(np.concatenate(([0.0], np.cumsum(steps))))


def _filled(time: FloatArray, values: FloatArray) -> FloatArray:
    """Holes of a channel bridged in a straight line."""
    known = ~np.isnan(values)
    if known.all() or not known.any():
        return values
    return np.interp(time, time[known], values[known])


def _grid(time: FloatArray, pause: BoolArray) -> tuple[FloatArray, IntArray]:
    """Seconds of each stretch between pauses, and the stretch's number."""
    if len(time) == 0:
        return np.zeros(0), np.zeros(0, dtype=np.intp)
    firsts = np.concatenate(([0], np.flatnonzero(pause) + 1))
    lasts = np.concatenate((firsts[1:] - 1, [len(time) - 1]))
    n = np.floor(time[lasts] - time[firsts] + 1e-6).astype(np.intp) + 1
    stretch = np.repeat(np.arange(len(n)), n)
    second = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    return time[firsts][stretch] + second, stretch


def _on(grid: FloatArray, time: FloatArray, values: FloatArray) -> FloatArray | None:
    """A channel on the grid; NaN where the nearest known samples are far apart in time."""
    known = ~np.isnan(values)
    if not known.any():
        return None
    t = time if known.all() else time[known]
    out = np.interp(grid, t, values if known.all() else values[known])
    wide = np.flatnonzero(np.diff(t) > LONGEST_HOLE_S)
    unknown = (grid < t[0] - LONGEST_STEP_S) | (grid > t[-1] + LONGEST_STEP_S)
    if len(wide):
        after = np.searchsorted(t[wide], grid, side="left")  # wide holes that began before the second
        inside = after > 0
        unknown[inside] |= grid[inside] < t[wide[after[inside] - 1] + 1]
    return np.where(unknown, np.nan, out) if unknown.any() else out


def _path_m(stretch: IntArray, east: FloatArray, north: FloatArray) -> FloatArray:
    """
    Length of the path up to each second, without what noise adds to it.

    Where it jumps, a new piece begins: the second between goes at the pace around it.
    """
    jump = np.hypot(np.diff(east), np.diff(north)) > IMPLAUSIBLE_SPEED_M_S
    piece = stretch + np.concatenate(([0], np.cumsum(jump)))
    speed = np.hypot(_slope(piece, east), _slope(piece, north))
    speed[_standing(piece, east, north)] = 0.0
    speed = np.minimum(speed, IMPLAUSIBLE_SPEED_M_S)
    step = (speed[1:] + speed[:-1]) / 2
    step[np.diff(stretch) > 0] = 0.0
    return np.concatenate(([0.0], np.cumsum(step)))


_SLOPE_AT = np.arange(-_SLOPE_HALF_S, _SLOPE_HALF_S + 1)
_S2, _S4, _S6 = (float(np.sum(_SLOPE_AT.astype(float) ** power)) for power in (2, 4, 6))
_SLOPE_WEIGHTS = (_S6 * _SLOPE_AT - _S4 * _SLOPE_AT**3.0) / (_S2 * _S6 - _S4**2)
"""Slope in the middle of the cubic that fits 15 seconds best. Savitzky & Golay 1964, doi:10.1021/ac60214a047."""


def _slope(stretch: IntArray, values: FloatArray) -> FloatArray:
    """Change per second, from a cubic over 15 s; at the ends of a stretch it is mirrored in its last point."""
    slope = np.convolve(values, _SLOPE_WEIGHTS[::-1], mode="full")[_SLOPE_HALF_S : _SLOPE_HALF_S + len(values)]
    first, last = bounds(stretch)
    i = np.arange(len(values))
    edge = np.flatnonzero((i - first < _SLOPE_HALF_S) | (last - i < _SLOPE_HALF_S))
    at = edge[:, None] + _SLOPE_AT
    low, high = first[edge, None], last[edge, None]
    end = np.clip(at, low, high)
    mirrored = np.clip(2 * end - at, low, high)
    slope[edge] = (np.where(at == end, values[end], 2 * values[end] - values[mirrored])) @ _SLOPE_WEIGHTS
    return slope


def _standing(stretch: IntArray, east: FloatArray, north: FloatArray) -> BoolArray:
    """Seconds around which, for 15 s to either side, all positions lie together."""
    first, last = bounds(stretch)
    i = np.arange(len(east))
    begin, end = np.maximum(i - 15, first), np.minimum(i + 15, last)
    judged = np.flatnonzero(end - begin >= 15)
    begin, end = begin[judged], end[judged]
    extent = np.hypot(_range_between(east, begin, end), _range_between(north, begin, end))
    standing = np.zeros(len(east), dtype=bool)
    standing[judged] = extent < STANDING_EXTENT_M * (end - begin) / 30
    return standing


def _range_between(values: FloatArray, begin: IntArray, end: IntArray) -> FloatArray:
    """Highest minus lowest of `values[begin : end + 1]`, windows of 16 to 32 values: two of 16 cover each."""
    if not len(begin):
        return np.zeros(0)
    high = low = values
    for width in (1, 2, 4, 8):
        high = np.maximum(high[:-width], high[width:])
        low = np.minimum(low[:-width], low[width:])
    return np.maximum(high[begin], high[end - 15]) - np.minimum(low[begin], low[end - 15])
