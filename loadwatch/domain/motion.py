"""Samples put on a common footing: once a second, in local metres, pauses cut out, jumps left out."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from loadwatch.domain.activity import Streams
from loadwatch.domain.arrays import BoolArray, FloatArray, IntArray
from loadwatch.domain.thresholds import IMPLAUSIBLE_SPEED_M_S

EARTH_RADIUS_M: Final = 6_371_008.8
"""Mean radius of WGS 84. [m]"""

LONGEST_STEP_S: Final = 10.0
"""Between two samples further apart than this the watch may have been stopped. [s]"""

STANDING_M_S: Final = 0.5
"""A long step slower than this was a pause, and a runner this slow stands. [m/s]"""

LONGEST_HOLE_S: Final = 600.0
"""A hole longer than this is a pause, however far apart its ends. [s]"""


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

    Samples that do not go forward in time are dropped. A step of more than 10 s in which nearly nothing was
    covered is a pause and is cut out; a longer hole that was run through (a tunnel) is kept and filled evenly.
    """
    keep = _forward(streams.time_s)
    time = streams.time_s[keep]
    east, north = _plane(
        None if streams.latitude_deg is None else streams.latitude_deg[keep],
        None if streams.longitude_deg is None else streams.longitude_deg[keep],
    )
    if east is not None and north is not None:
        east, north = _without_jumps(time, east, north)
    steps = None
    if streams.distance_m is not None:
        steps = np.diff(_filled(time, streams.distance_m[keep]))
    from_positions = steps is None
    if steps is None and east is not None and north is not None:
        steps = np.hypot(np.diff(_filled(time, east)), np.diff(_filled(time, north)))
    dt = np.diff(time)
    pause = dt > LONGEST_HOLE_S
    if steps is None:
        pause |= dt > LONGEST_STEP_S
    else:
        speed = steps / dt
        pause |= (dt > LONGEST_STEP_S) & (speed < STANDING_M_S)
        steps = np.where(pause | (speed < 0), 0.0, np.minimum(steps, IMPLAUSIBLE_SPEED_M_S * dt))
    grid, stretch = _grid(time, pause)
    distance = None
    if steps is not None:
        distance = np.interp(grid, time, np.concatenate(([0.0], np.cumsum(steps))))
        if from_positions:
            distance = _smoothed_path_m(grid, stretch, time, east, north)
    return Motion(
        time_s=grid,
        stretch=stretch,
        distance_m=distance,
        east_m=_on(grid, time, east),
        north_m=_on(grid, time, north),
        altitude_m=_on(grid, time, None if streams.altitude_m is None else streams.altitude_m[keep]),
        from_positions=from_positions and distance is not None,
    )


def _forward(time: FloatArray) -> BoolArray:
    """Samples later than every one before them."""
    if len(time) == 0:
        return np.zeros(0, dtype=bool)
    latest = np.maximum.accumulate(time)
    return np.concatenate(([True], time[1:] > latest[:-1]))


def _plane(latitude: FloatArray | None, longitude: FloatArray | None) -> tuple[FloatArray | None, FloatArray | None]:
    """Degrees to metres around the run's middle; positions that are none become NaN."""
    if latitude is None or longitude is None:
        return None, None
    bad = ~(np.abs(latitude) <= 90) | ~(np.abs(longitude) <= 180) | ((latitude == 0) & (longitude == 0))
    if bad.all():
        return None, None
    latitude, longitude = np.where(bad, np.nan, latitude), np.where(bad, np.nan, longitude)
    middle = float(np.nanmedian(latitude))
    first = longitude[~bad][0]
    turn = (longitude - first + 180.0) % 360.0 - 180.0  # a run across the date line stays in one piece
    turn = turn - np.nanmedian(turn)
    east = np.radians(turn) * EARTH_RADIUS_M * np.cos(np.radians(middle))
    north = np.radians(latitude - middle) * EARTH_RADIUS_M
    return east, north


def _without_jumps(time: FloatArray, east: FloatArray, north: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Positions with those taken out from which and to which nobody could have run."""
    known = np.flatnonzero(~np.isnan(east) & ~np.isnan(north))
    if len(known) < 5:
        return east, north
    x, y, t = east[known], north[known], time[known]
    off = np.hypot(x - _median5(x), y - _median5(y))
    reach = IMPLAUSIBLE_SPEED_M_S * np.maximum(np.gradient(t), 1.0)
    bad = known[off > np.maximum(25.0, 2 * reach)]
    east, north = east.copy(), north.copy()
    east[bad] = north[bad] = np.nan
    return east, north


def _median5(values: FloatArray) -> FloatArray:
    padded = np.pad(values, 2, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1))


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
    n = np.floor(time[lasts] - time[firsts]).astype(np.intp) + 1
    stretch = np.repeat(np.arange(len(n)), n)
    second = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    return time[firsts][stretch] + second, stretch


def _on(grid: FloatArray, time: FloatArray, values: FloatArray | None) -> FloatArray | None:
    """A channel on the grid; NaN where the nearest known samples are far apart in time."""
    if values is None:
        return None
    known = ~np.isnan(values)
    if not known.any():
        return None
    t = time[known]
    after = np.clip(np.searchsorted(t, grid), 1, max(len(t) - 1, 1))
    out = np.interp(grid, t, values[known])
    if len(t) > 1:
        hole = t[after] - t[after - 1]
        out = np.where(hole > LONGEST_HOLE_S, np.nan, out)
    return np.where((grid < t[0] - LONGEST_STEP_S) | (grid > t[-1] + LONGEST_STEP_S), np.nan, out)


def _smoothed_path_m(
    grid: FloatArray,
    stretch: IntArray,
    time: FloatArray,
    east: FloatArray | None,
    north: FloatArray | None,
) -> FloatArray | None:
    """Length of the path along the grid, after a mean over five seconds: noise makes a path longer."""
    x, y = _on(grid, time, east), _on(grid, time, north)
    if x is None or y is None or len(grid) < 2:
        return None
    x, y = _filled(grid, x), _filled(grid, y)
    kernel = np.ones(5) / 5
    if len(grid) >= 5:
        x = np.convolve(np.pad(x, 2, mode="edge"), kernel, mode="valid")
        y = np.convolve(np.pad(y, 2, mode="edge"), kernel, mode="valid")
    step = np.minimum(np.hypot(np.diff(x), np.diff(y)), IMPLAUSIBLE_SPEED_M_S)
    step[np.diff(stretch) > 0] = 0.0
    step[step < STANDING_M_S] = 0.0
    return np.concatenate(([0.0], np.cumsum(step)))
