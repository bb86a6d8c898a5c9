"""Loops of known shape, and a runner with a noisy watch on them."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loadwatch.domain.activity import Streams

Array = NDArray[np.float64]
Loop = tuple[Array, Array]
"""East and north of the points of a closed line, the first not repeated. [m]"""


def even(east: Sequence[float] | Array, north: Sequence[float] | Array, n: int = 3000) -> Loop:
    """The closed line through these points, at equal distances."""
    x, y = np.append(east, east[0]), np.append(north, north[0])
    along = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))))
    at = np.linspace(0.0, along[-1], n, endpoint=False)
    return np.interp(at, along, x), np.interp(at, along, y)


def length_m(loop: Loop) -> float:
    x, y = np.append(loop[0], loop[0][0]), np.append(loop[1], loop[1][0])
    return float(np.hypot(np.diff(x), np.diff(y)).sum())


def of_arcs(*pieces: tuple[float, float, float]) -> Loop:
    """A line of pieces (straight [m], then radius [m] and angle [deg] of an arc to the left)."""
    x = y = heading = 0.0
    xs, ys = [], []
    for straight, radius, degrees in pieces:
        for d in np.arange(0.0, straight, 0.5):
            xs.append(x + d * math.cos(heading))
            ys.append(y + d * math.sin(heading))
        x, y = x + straight * math.cos(heading), y + straight * math.sin(heading)
        turn = math.radians(degrees)
        cx, cy = x - radius * math.sin(heading), y + radius * math.cos(heading)
        for a in np.linspace(heading, heading + turn, max(int(radius * turn / 0.5), 2), endpoint=False):
            xs.append(cx + radius * math.sin(a))
            ys.append(cy - radius * math.cos(a))
        heading += turn
        x, y = cx + radius * math.sin(heading), cy - radius * math.cos(heading)
    return even(xs, ys)


def stadium(straight_m: float = 84.39, radius_m: float = 36.80) -> Loop:
    return of_arcs((straight_m, radius_m, 180), (straight_m, radius_m, 180))


def lane(number: int) -> Loop:
    """Where lane `number` of a standard track is measured: 0.30 m from the kerb, further out 0.20 m from the line."""
    return stadium(84.39, 36.80 if number == 1 else 36.50 + 1.22 * (number - 1) + 0.20)


def double_bend(straight_m: float, side_m: float, side_deg: float, middle_m: float) -> Loop:
    half = ((straight_m, side_m, side_deg), (0.0, middle_m, 180 - 2 * side_deg), (0.0, side_m, side_deg))
    return of_arcs(*half, *half)


def rectangle(long_m: float, short_m: float, corner_m: float) -> Loop:
    sides = (long_m - 2 * corner_m, short_m - 2 * corner_m)
    return of_arcs(*((side, corner_m, 90) for side in sides * 2))


def ellipse(long_m: float, short_m: float) -> Loop:
    q = np.linspace(0, 2 * math.pi, 3000, endpoint=False)
    return even(long_m / 2 * np.cos(q), short_m / 2 * np.sin(q))


def pond(round_m: float, seed: int) -> Loop:
    """A shore without a straight line."""
    rng = np.random.default_rng(seed)
    q = np.linspace(0, 2 * math.pi, 3000, endpoint=False)
    r = 1 + sum(0.12 / k * rng.normal() * np.cos(k * q + rng.uniform(0, 7)) for k in (2, 3, 4, 5))
    x, y = even(1.7 * r * np.cos(q), r * np.sin(q))
    scale = round_m / length_m((x, y))
    return x * scale, y * scale


def around(loop: Loop, laps: float, *, speed_m_s: float = 4.0, start_m: float = 0.0) -> Array:
    """A place each second, shape (n_seconds, 2), on the way around a loop; negative laps go the other way."""
    round_m = length_m(loop)
    at = np.linspace(0.0, round_m, len(loop[0]), endpoint=False)
    n = int(abs(laps) * round_m / speed_m_s) + 1
    s = start_m + math.copysign(speed_m_s, laps) * np.arange(n)
    return np.stack([np.interp(s % round_m, at, axis, period=round_m) for axis in loop], axis=1)


def straight(begin: Array, metres: float, heading_deg: float, *, speed_m_s: float = 3.0) -> Array:
    d = np.arange(speed_m_s, metres, speed_m_s)
    a = math.radians(heading_deg)
    return np.asarray(begin) + np.stack([d * math.cos(a), d * math.sin(a)], axis=1)


def walk_of_noise(n: int, sd: float, tau_s: float, rng: np.random.Generator) -> Array:
    """Noise that remembers itself for `tau_s` (Ornstein-Uhlenbeck), as that of satellites does."""
    keep = math.exp(-1 / tau_s)
    shocks = rng.normal(size=n) * sd * math.sqrt(1 - keep * keep)
    out = np.empty(n)
    last = rng.normal() * sd
    for i, shock in enumerate(shocks.tolist()):
        last = keep * last + shock
        out[i] = last
    return out


def recorded(
    places: Array,
    *,
    noise_m: float = 0.0,
    tau_s: float = 20.0,
    seed: int = 1,
    turned_deg: float = 0.0,
    origin_deg: tuple[float, float] = (47.0, 8.0),
    every_s: int = 1,
) -> Streams:
    """
    What a watch makes of places a second apart: noisy positions, and the distance that was really run.

    A step of more than 15 m between two places is a pause of ten minutes.
    """
    rng = np.random.default_rng(seed)
    n = len(places)
    step = np.hypot(*np.diff(places, axis=0).T)
    paused = step > 15.0
    time = np.concatenate(([0.0], np.cumsum(np.where(paused, 600.0, 1.0))))
    distance = np.concatenate(([0.0], np.cumsum(np.where(paused, 0.0, step))))
    a = math.radians(turned_deg)
    x, y = places.T
    east, north = x * math.cos(a) - y * math.sin(a), x * math.sin(a) + y * math.cos(a)
    if noise_m:
        east, north = east + walk_of_noise(n, noise_m, tau_s, rng), north + walk_of_noise(n, noise_m, tau_s, rng)
    latitude = origin_deg[0] + np.degrees(north / 6_371_008.8)
    longitude = origin_deg[1] + np.degrees(east / 6_371_008.8 / math.cos(math.radians(origin_deg[0])))
    kept = np.arange(n) % every_s == 0
    kept[:-1] |= paused
    kept[1:] |= paused
    return Streams(
        time_s=time[kept],
        distance_m=distance[kept],
        latitude_deg=latitude[kept],
        longitude_deg=(longitude[kept] + 180) % 360 - 180,
    )
