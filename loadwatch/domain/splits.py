"""Kilometres or miles, slopes, laps and the shape of the path, out of the samples of a run."""

from typing import Final

import numpy as np

from loadwatch.domain.activity import Recording
from loadwatch.domain.arrays import FloatArray
from loadwatch.domain.features import Analysis, analyse
from loadwatch.domain.inside import Inside, OnTrack, PathLine, Slope, Split

SLOPE_M: Final = 20.0
"""Climbs and descents of less are not listed. [m] Design choice."""

LEVEL_SHARE: Final = 0.05
"""A slope begins where this share of its height is climbed, and ends where as much is left. Design choice."""

LEAST_PART: Final = 0.05
"""What is left after the last whole kilometre or mile is a part of its own from this share on. Design choice."""

LEAST_LAPS: Final = 1.0
"""A stretch of less than a round on a track has no time for one."""

PATH_POINTS: Final = 800
"""More points of a path than this nobody sees."""


def inside(recording: Recording, unit_m: float) -> Inside:
    """
    What the samples of a run show.

    Parameters
    ----------
    recording : Recording
    unit_m : float
        Length of a split: a kilometre, or a mile. [m]
    """
    found = analyse(recording)
    return Inside(
        splits=_splits(found, unit_m, timed=recording.timed),
        slopes=_slopes(found),
        on_track=_on_track(found) if recording.timed else (),
        path=_path(found),
    )


def _clock(found: Analysis) -> FloatArray:
    """Seconds of running at each second of the motion: pauses add nothing."""
    return np.concatenate(([0.0], np.cumsum(np.diff(found.motion.stretch) == 0)))


def _splits(found: Analysis, unit_m: float, *, timed: bool) -> tuple[Split, ...]:
    distance = found.motion.distance_m
    if distance is None or len(distance) < 2:
        return ()
    total = float(distance[-1])
    edges = list(np.arange(0.0, total + 1e-6, unit_m))
    if total - edges[-1] >= LEAST_PART * unit_m:
        edges.append(total)
    at_s = np.interp(edges, distance, _clock(found))
    hills = found.elevation
    known = hills.altitude_m is not None and hills.quality in ("baro", "corrected")
    height = np.interp(edges, distance, hills.altitude_m) if known and hills.altitude_m is not None else None
    return tuple(
        Split(
            distance_m=float(edges[i + 1] - edges[i]),
            moving_s=float(at_s[i + 1] - at_s[i]) if timed else None,
            climb_m=None if height is None or np.isnan(height[i : i + 2]).any() else float(height[i + 1] - height[i]),
        )
        for i in range(len(edges) - 1)
    )


def _slopes(found: Analysis) -> tuple[Slope, ...]:
    altitude, distance = found.elevation.altitude_m, found.motion.distance_m
    if found.elevation.quality not in ("baro", "corrected") or altitude is None or distance is None:
        return ()
    slopes = []
    for climb in found.elevation.climbs:
        if abs(climb.gain_m) < SLOPE_M:
            continue
        first, last = np.searchsorted(found.motion.time_s, (climb.start_s, climb.end_s))
        share = (altitude[first : last + 1] - altitude[first]) / climb.gain_m
        # Between two turning points there may be level ground before it goes up, and after.
        begin = first + int(np.argmax(share > LEVEL_SHARE))
        end = first + int(np.argmax(share >= 1 - LEVEL_SHARE))
        length = float(distance[end] - distance[begin])
        grade = float(altitude[end] - altitude[begin]) / length if length > 0 else None
        slopes.append(Slope(float(distance[begin]), length, climb.gain_m, grade))
    return tuple(slopes)


def _on_track(found: Analysis) -> tuple[OnTrack, ...]:
    motion, work = found.motion, found.track.work if found.track else None
    if work is None or not work.is_oval or not work.lap_m or motion.distance_m is None:
        return ()
    clock = _clock(found)
    stretches = []
    for begin_s, end_s in work.stretches_s:
        here = (motion.time_s >= begin_s) & (motion.time_s <= end_s)
        if not here.any():
            continue
        metres, seconds = np.ptp(motion.distance_m[here]), np.ptp(clock[here])
        laps = float(metres / work.lap_m)
        if laps >= LEAST_LAPS:
            stretches.append(OnTrack(begin_s, laps, float(seconds / laps)))
    return tuple(stretches)


def _path(found: Analysis) -> tuple[PathLine, ...]:
    motion = found.motion
    east, north = motion.east_m, motion.north_m
    if east is None or north is None:
        return ()
    known = np.flatnonzero(~(np.isnan(east) | np.isnan(north)))
    if len(known) < 2:
        return ()
    on = found.track.on_oval if found.track else np.zeros(len(motion), dtype=bool)
    kept = known[:: max(len(known) // PATH_POINTS, 1)]
    # A new line where the watch stood still, and where the track begins or ends.
    breaks = np.flatnonzero((np.diff(motion.stretch[kept]) != 0) | (np.diff(on[kept]) != 0)) + 1
    lines = []
    for part in np.split(kept, breaks):
        begin = max(int(np.searchsorted(kept, part[0])) - 1, 0)
        joined = kept[begin : int(np.searchsorted(kept, part[-1])) + 1]
        if motion.stretch[joined[0]] != motion.stretch[part[0]]:
            joined = part
        points = tuple((round(float(east[i]), 1), round(float(north[i]), 1)) for i in joined)
        lines.append(PathLine(points, bool(on[part[0]])))
    return tuple(lines)
