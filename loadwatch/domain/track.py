"""
Running on an athletics track, recognised by the shape of the path.

The line that a runner keeps on a track is the set of points at one distance from a straight segment: two
straights and two half circles. That segment, the spine, is fitted to the path lap by lap; its length and the
distance tell a track from a block, a pitch or a pond, and one lane from another. No map, no list of known tracks
and no word of the watch is asked.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from loadwatch.domain.activity import TrackWork
from loadwatch.domain.arrays import BoolArray, FloatArray, IntArray
from loadwatch.domain.motion import Motion
from loadwatch.domain.thresholds import (
    LANE_LAP_M,
    OVAL_LAP_M,
    OVAL_MIN_DISTANCE_M,
    OVAL_RADIUS_M,
    OVAL_STRAIGHT_M,
    SMALL_OVAL_LAP_M,
)

_POINT_M: Final = 10.0
"""The path is looked at every so many metres. [m]"""

_WINDOW_M: Final = 420.0
_WINDOW: Final = int(_WINDOW_M / _POINT_M)
_STEP_M: Final = 100.0
"""So much of the path is fitted at a time, a lap in any lane or nearly; the next try begins a step further on. [m]"""

_ROUNDS: Final = 7
"""Gauss-Newton steps of a fit; it has settled after five or six."""

_FAR_OFF_M: Final = 4.0
"""Points further from the line than this pull with less than their distance (Huber). [m]"""

_FIT_M: Final = 4.5
"""Scatter of a lap around its line that satellites can explain. [m]"""

_BINS: Final = 24
_SEEN: Final = 0.8
"""A lap must have been seen from the middle of the oval in this share of all directions. [unitless]"""

_ROUNDEST: Final = OVAL_STRAIGHT_M[0] / OVAL_RADIUS_M[1]
_LONGEST: Final = OVAL_STRAIGHT_M[1] / OVAL_RADIUS_M[0]
"""Straight over radius: a circle has none of it, a road there and back has little else. [unitless]"""

_SAME_PLACE_M: Final = 25.0
_SAME_AXIS: Final = math.radians(12.0)
"""Laps whose fits differ by more than this were not run on one oval. [m; rad]"""

_SEEDS: Final = 60
"""So many windows, evenly spread, are tried as the middle of the others."""

_BAND_M: Final = 7.0
"""How far from the innermost and outermost lap a point still belongs to the oval. [m]"""

_ALONG: Final = 0.8
"""Cosine of the angle between path and oval from which a point runs along it."""

_GAP_M: Final = 40.0
_SHORTEST_M: Final = 80.0
"""A stretch on the oval survives a gap this long, and counts from this length on. [m]"""

_TWICE: Final = 0.7
"""Share of the oval's length that at least two laps must have seen. [unitless]"""

_TRIMMED: Final = 3
_PROFILE_M: Final = 1.0
"""
How far the line averaged over all laps may lie from two straights and two half circles, root mean square over
the 24 parts of a lap without the three worst: a corner cut in each rest is no shape. [m] Computed for ideal
shapes: the three usual double bends differ by 0.4 to 0.7 m, rectangles of a track's size with corners of 25 m
radius by 0.8 to 1.1 m and with sharper ones by 1.5 m and more, ellipses of 170 by 76 m by 2.4 m.
"""


@dataclass(frozen=True, slots=True, eq=False)
class TrackFit:
    """
    An oval found in a path, for those who want to draw it.

    Attributes
    ----------
    work : TrackWork
        What of the run lay on it.
    centre_m : (float, float)
        East and north of its middle, in the plane of the `Motion`. [m]
    axis_rad : float
        Direction of the straights, from east to north. [rad]
    straight_m, radius_m : float
        Of the runner's usual line. [m]
    on_oval : array of bool, shape (n_seconds,)
        Seconds of the `Motion` spent on it.
    """

    work: TrackWork
    centre_m: tuple[float, float] | None
    axis_rad: float
    straight_m: float
    radius_m: float
    on_oval: BoolArray

    def outline(self, n: int = 120) -> FloatArray:
        """Points around the oval, the first also last, shape (n + 1, 2): east and north. [m]"""
        assert self.centre_m is not None
        bend = np.linspace(-math.pi / 2, math.pi / 2, n // 2)
        along = self.straight_m / 2 + self.radius_m * np.cos(bend)
        across = self.radius_m * np.sin(bend)
        along, across = np.concatenate((along, -along, along[:1])), np.concatenate((across, -across, across[:1]))
        c, s = math.cos(self.axis_rad), math.sin(self.axis_rad)
        east, north = self.centre_m
        return np.stack([east + along * c - across * s, north + along * s + across * c], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Path:
    """The run every 10 m: shape (n_points,) each."""

    east_m: FloatArray
    north_m: FloatArray
    time_s: FloatArray
    joined: BoolArray
    """The step from the point before was run, not jumped over in a pause."""


@dataclass(frozen=True, slots=True, eq=False)
class _Fits:
    """One fitted oval for each window: shape (n_windows,) each."""

    first: IntArray
    east_m: FloatArray
    north_m: FloatArray
    axis_rad: FloatArray
    half_m: FloatArray
    """Half a straight."""
    radius_m: FloatArray

    def __len__(self) -> int:
        return len(self.first)

    def towards(self, axis: float) -> FloatArray:
        """Parameters of each fit, shape (n_windows, 5), the axis turned by half a turn where that is nearer."""
        turned = axis + (self.axis_rad - axis + math.pi / 2) % math.pi - math.pi / 2
        return np.stack([self.east_m, self.north_m, turned, self.half_m, self.radius_m], axis=1)

    def __getitem__(self, which: BoolArray) -> "_Fits":
        return _Fits(*(getattr(self, name)[which] for name in self.__slots__))


def find_track(motion: Motion) -> TrackFit | None:
    """
    The athletics track that a run was on, if it was on one.

    Parameters
    ----------
    motion : Motion
        With positions and distance.

    Returns
    -------
    TrackFit or None
        None without positions; with `work.is_oval` False where there is no oval.

    Notes
    -----
    Windows of one lap are fitted with a segment and a distance from it by robust least squares. Windows that
    look like an oval of the right size are compared: those of one place and direction belong together and give,
    by their medians, the oval. The line averaged over all laps must have straight straights and round bends.
    All points beside that line that run along it are on the track; laps are the way around, so that neither
    noise nor a pause lengthens them.
    """
    path = _path(motion)
    if path is None:
        return None
    fits = _plausible(path, _fit_windows(path))
    for low, high, laps in ((*OVAL_LAP_M, 2.0), (*SMALL_OVAL_LAP_M, 4.0)):
        lap = _lap_m(fits.half_m, fits.radius_m)
        found = _oval(motion, path, fits[(lap >= low) & (lap <= high)], (low, high), laps)
        if found is not None:
            return found
    nothing = np.zeros(len(motion), dtype=bool)
    return TrackFit(TrackWork(is_oval=False), None, 0.0, 0.0, 0.0, nothing)


def _lap_m(half_m: FloatArray | float, radius_m: FloatArray) -> FloatArray:
    return 4 * half_m + 2 * math.pi * radius_m


def _path(motion: Motion) -> _Path | None:
    if motion.east_m is None or motion.north_m is None or motion.distance_m is None:
        return None
    known = ~np.isnan(motion.east_m)
    distance = motion.distance_m[known]
    forward = np.concatenate(([True], np.diff(distance) > 1e-6))[: len(distance)]
    if forward.sum() < 3:
        return None
    distance, time = distance[forward], motion.time_s[known][forward]
    east, north = motion.east_m[known][forward], motion.north_m[known][forward]
    grid = np.arange(distance[0], distance[-1], _POINT_M)
    east, north = np.interp(grid, distance, east), np.interp(grid, distance, north)
    gap = np.hypot(np.diff(east), np.diff(north))
    joined = np.concatenate(([False], gap < 3 * _POINT_M))
    return _Path(east, north, np.interp(grid, distance, time), joined)


def _fit_windows(path: _Path) -> _Fits:
    first = np.arange(0, max(len(path.east_m) - _WINDOW + 1, 0), int(_STEP_M / _POINT_M))
    index = first[:, None] + np.arange(_WINDOW)
    x, y = path.east_m[index], path.north_m[index]
    east, north = x.mean(axis=1), y.mean(axis=1)
    dx, dy = x - east[:, None], y - north[:, None]
    xx, yy, xy = (dx * dx).mean(axis=1), (dy * dy).mean(axis=1), (dx * dy).mean(axis=1)
    spread = np.hypot((xx - yy) / 2, xy)
    major, minor = (xx + yy) / 2 + spread, (xx + yy) / 2 - spread
    # The spread along and across of any oval from 190 to 462 m; a road is longer and thinner.
    looks_round = (minor > 10.0**2) & (major < 75.0**2)
    x, y = x[looks_round], y[looks_round]
    axis = 0.5 * np.arctan2(2 * xy, xx - yy)
    radius = np.sqrt(1.6 * np.maximum(minor, 1.0))
    half = np.maximum(np.sqrt(2.2 * major) - radius, 5.0)
    start = np.stack([east, north, axis, half, radius], axis=1)[looks_round]
    fitted = _settle(x, y, start)
    return _Fits(first[looks_round], *fitted.T)


def _settle(x: FloatArray, y: FloatArray, p: FloatArray) -> FloatArray:
    """
    Least squares of the distance to the spine, robust against a few points elsewhere, all windows at once.

    Parameters
    ----------
    x, y : array, shape (n_windows, n_points)
    p : array, shape (n_windows, 5)
        East and north of the middle, axis, half a straight, radius: where to start.
    """
    if not len(p):
        return p
    step_limit = np.array([20.0, 20.0, 0.3, 15.0, 15.0])
    jacobian = np.empty((*x.shape, 5))
    for _ in range(_ROUNDS):
        u, v = _spine_frame(x, y, p)
        beyond = np.sign(u) * np.maximum(np.abs(u) - p[:, 3:4], 0.0)
        rho = np.maximum(np.hypot(beyond, v), 1e-6)
        off = rho - p[:, 4:5]
        gu, gv = beyond / rho, v / rho
        c, s = np.cos(p[:, 2:3]), np.sin(p[:, 2:3])
        jacobian[:, :, 0] = gv * s - gu * c
        jacobian[:, :, 1] = -gu * s - gv * c
        jacobian[:, :, 2] = gu * v - gv * u
        jacobian[:, :, 3] = -np.abs(gu)
        jacobian[:, :, 4] = -1.0
        weight = np.minimum(1.0, _FAR_OFF_M / np.maximum(np.abs(off), 1e-6))
        weighted = (jacobian * weight[:, :, None]).transpose(0, 2, 1)
        normal = weighted @ jacobian
        diagonal = np.einsum("njj->nj", normal)
        diagonal += 1e-3 * diagonal + 1e-6
        step = np.linalg.solve(normal, weighted @ off[:, :, None])[:, :, 0]
        p = p - np.clip(step, -step_limit, step_limit)
        p[:, 3] = np.clip(p[:, 3], 0.5, 120.0)
        p[:, 4] = np.clip(p[:, 4], 2.0, 120.0)
    return p


def _spine_frame(x: FloatArray, y: FloatArray, p: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Along and across the spine, from its middle. [m]"""
    c, s = np.cos(p[:, 2:3]), np.sin(p[:, 2:3])
    dx, dy = x - p[:, 0:1], y - p[:, 1:2]
    return dx * c + dy * s, dy * c - dx * s


def _plausible(path: _Path, fits: _Fits) -> _Fits:
    """Windows whose points lie close to their fitted line, all around it."""
    if not len(fits):
        return fits
    index = fits.first[:, None] + np.arange(_WINDOW)
    u, v, off = _off_line(path.east_m[index], path.north_m[index], fits.towards(0.0))
    # A lap may hold a step aside, to the bottle or to let somebody pass: an eighth of it may lie anywhere.
    near = np.abs(off) < 3 * _FIT_M
    scatter = np.sqrt((np.where(near, off, 0.0) ** 2).sum(axis=1) / np.maximum(near.sum(axis=1), 1))
    direction = ((np.arctan2(v, u) + math.pi) / (2 * math.pi) * _BINS).astype(int) % _BINS
    seen = np.zeros((len(fits), _BINS), dtype=bool)
    seen[np.arange(len(fits))[:, None], direction] = True
    shape = 2 * fits.half_m / fits.radius_m
    good = (near.mean(axis=1) > 0.875) & (scatter < _FIT_M) & (seen.mean(axis=1) >= _SEEN)
    return fits[good & (shape > _ROUNDEST) & (shape < _LONGEST)]


def _off_line(x: FloatArray, y: FloatArray, p: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Along and across the spine of each window, and how far outside its line. [m]"""
    u, v = _spine_frame(x, y, p)
    return u, v, np.hypot(np.maximum(np.abs(u) - p[:, 3:4], 0.0), v) - p[:, 4:5]


def _oval(
    motion: Motion, path: _Path, fits: _Fits, lap_range_m: tuple[float, float], fewest_laps: float
) -> TrackFit | None:
    """The oval that most of these windows agree on, if its shape bears a closer look and enough was run on it."""
    fits = _of_one_place(fits)
    if not len(fits):
        return None
    axis = 0.5 * math.atan2(np.median(np.sin(2 * fits.axis_rad)), np.median(np.cos(2 * fits.axis_rad)))
    half, radius = float(np.median(fits.half_m)), float(np.median(fits.radius_m))
    spine = np.array([[np.median(fits.east_m), np.median(fits.north_m), axis, half, radius]])
    u, v = (a[0] for a in _spine_frame(path.east_m[None], path.north_m[None], spine))
    beyond = np.sign(u) * np.maximum(np.abs(u) - half, 0.0)
    rho = np.hypot(beyond, v)
    radii = _lap_radii(fits, rho, len(u))
    on = _on_oval(path, rho, beyond, v, axis, radii)
    laps_of = _laps(_way_around(u, v, half, radius), on & path.joined)
    laps = float(laps_of.sum())
    if laps < fewest_laps or not _is_stadium(path, fits, axis):
        return None
    is_standard = lap_range_m == OVAL_LAP_M
    distance = float((laps_of * _measured_lap_m(_lap_m(half, radii), is_standard)).sum())
    if distance < OVAL_MIN_DISTANCE_M:
        return None
    usual = float(_measured_lap_m(_lap_m(half, np.array(radius)), is_standard))
    work = TrackWork(
        is_oval=True,
        distance_m=round(distance, 1),
        laps=round(laps, 2),
        lap_m=round(usual, 1),
        lane=int(_lane(np.array(usual))) if is_standard else None,
        is_standard=is_standard,
        stretches_s=_stretches(path.time_s, on),
    )
    centre = (float(spine[0, 0]), float(spine[0, 1]))
    return TrackFit(work, centre, axis, 2 * half, radius, _seconds_on(motion.time_s, work.stretches_s))


def _of_one_place(fits: _Fits) -> _Fits:
    """Of all windows the largest set around one middle and axis."""
    if not len(fits):
        return fits
    seed = np.unique(
        np.linspace(0, len(fits) - 1, _SEEDS).astype(np.intp)
    )  # a long day on the track is all one place
    apart = np.hypot(fits.east_m[seed, None] - fits.east_m, fits.north_m[seed, None] - fits.north_m)
    turned = np.abs((fits.axis_rad[seed, None] - fits.axis_rad + math.pi / 2) % math.pi - math.pi / 2)
    same = (apart < _SAME_PLACE_M) & (turned < _SAME_AXIS)
    return fits[same[same.sum(axis=1).argmax()]]


def _lap_radii(fits: _Fits, rho: FloatArray, n: int) -> FloatArray:
    """Radius of the lap around each point: the lane changes between laps, and satellites drift."""
    in_lap = rho[fits.first[:, None] + np.arange(_WINDOW)]
    return np.asarray(np.interp(np.arange(n), fits.first + _WINDOW / 2, np.median(in_lap, axis=1)))


def _on_oval(
    path: _Path, rho: FloatArray, beyond: FloatArray, v: FloatArray, axis: float, radii: FloatArray
) -> BoolArray:
    """Points beside the line that run along it, for a while."""
    inner, outer = radii.min() - _BAND_M, radii.max() + _BAND_M
    de, dn = np.gradient(path.east_m), np.gradient(path.north_m)
    speed = np.maximum(np.hypot(de, dn), 1e-9)
    along = (de * math.cos(axis) + dn * math.sin(axis)) / speed
    across = (dn * math.cos(axis) - de * math.sin(axis)) / speed
    outward = np.maximum(rho, 1e-6)
    tangential = np.abs(along * v - across * beyond) / outward
    on = (rho > inner) & (rho < outer) & (tangential > _ALONG)
    return _held(on, int(_GAP_M / _POINT_M), int(_SHORTEST_M / _POINT_M))


def _held(on: BoolArray, longest_gap: int, shortest: int) -> BoolArray:
    """Gaps closed and short stretches dropped, in this order."""
    out = on.copy()
    for first, end in _spans(~on):
        if end - first <= longest_gap and first > 0 and end < len(on):
            out[first:end] = True
    for first, end in _spans(out):
        if end - first < shortest:
            out[first:end] = False
    return out


def _spans(on: BoolArray) -> list[tuple[int, int]]:
    """First index and the one past the last of each stretch."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], on, [False]))))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _way_around(u: FloatArray, v: FloatArray, half: FloatArray | float, radius: FloatArray | float) -> FloatArray:
    """Place along the oval from the beginning of one straight on, counter-clockwise; 0 to 1."""
    turn = math.pi * radius
    right = 2 * half + radius * (np.arctan2(v, u - half) + math.pi / 2)
    left = 4 * half + turn + radius * (np.arctan2(-v, -u - half) + math.pi / 2)
    lower, upper = half + u, 3 * half + turn - u
    way = np.where(u > half, right, np.where(u < -half, left, np.where(v < 0, lower, upper)))
    return np.asarray(way / (4 * half + 2 * turn))


def _laps(way: FloatArray, on: BoolArray) -> FloatArray:
    """Part of a round from each point's predecessor to it, whichever way around; 0 off the oval."""
    step = np.diff(way, prepend=way[:1])
    step = np.where(on, step - np.round(step), 0.0)
    kernel = np.ones(5) / 5
    # To and fro by noise is no way gone: the mean of five steps decides which way it goes.
    smooth = np.convolve(step, kernel, mode="same") if len(step) >= 5 else step
    return np.abs(smooth)


def _is_stadium(path: _Path, fits: _Fits, axis: float) -> bool:
    """
    Whether the line averaged over all laps has two straights and two round bends.

    Each lap is seen from its own fit: satellites drift between laps. What remains of noise differs from lap to
    lap and the shape does not, so what the laps disagree on is taken off.
    """
    index = fits.first[:, None] + np.arange(_WINDOW)
    u, v, off = _off_line(path.east_m[index], path.north_m[index], fits.towards(axis))
    half, radius = fits.half_m[:, None], fits.radius_m[:, None]
    place = (_way_around(u, v, half, radius) * _BINS).astype(int) % _BINS
    lap = np.unique(fits.first // _WINDOW, return_inverse=True)[1]
    near = np.abs(off) < 3 * _FIT_M
    cell = (lap[:, None] * _BINS + place)[near]
    size = (int(lap.max()) + 1) * _BINS
    with np.errstate(invalid="ignore"):
        mean: FloatArray = np.bincount(cell, off[near], minlength=size) / np.bincount(cell, minlength=size)
    mean = mean.reshape(-1, _BINS)
    laps = (~np.isnan(mean)).sum(axis=0)
    mean, laps = mean[:, laps >= 2], laps[laps >= 2]
    if len(laps) < _TWICE * _BINS:
        return False
    # The variance of a median is pi/2 times that of a mean.
    by_chance = np.nanvar(mean, axis=0, ddof=1) / laps * math.pi / 2
    unlike = np.nanmedian(mean, axis=0) ** 2
    kept = unlike.argsort()[:-_TRIMMED]
    return bool(np.mean(unlike[kept] - by_chance[kept]) < _PROFILE_M**2)


def _measured_lap_m(round_m: FloatArray, is_standard: bool) -> FloatArray:
    """On a standard track the measured length of the nearest lane, elsewhere the length of the fitted line. [m]"""
    return np.asarray(np.array(LANE_LAP_M)[_lane(round_m) - 1]) if is_standard else round_m


def _lane(round_m: FloatArray) -> IntArray:
    lanes = np.array(LANE_LAP_M)
    return np.asarray(1 + np.searchsorted((lanes[1:] + lanes[:-1]) / 2, round_m))


def _stretches(time_s: FloatArray, on: BoolArray) -> tuple[tuple[float, float], ...]:
    return tuple((round(float(time_s[a]), 1), round(float(time_s[b - 1]), 1)) for a, b in _spans(on))


def _seconds_on(time_s: FloatArray, stretches_s: tuple[tuple[float, float], ...]) -> BoolArray:
    on = np.zeros(len(time_s), dtype=bool)
    for begin, end in stretches_s:
        on |= (time_s >= begin) & (time_s <= end)
    return on
