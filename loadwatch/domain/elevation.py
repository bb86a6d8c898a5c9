"""Ascent, descent, grade and eccentric load from an altitude that is noisy, stepped, and sometimes made up."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from loadwatch.domain.activity import AltitudeQuality, HillReps
from loadwatch.domain.arrays import BoolArray, FloatArray, IntArray
from loadwatch.domain.motion import Motion
from loadwatch.domain.text import height_text, say
from loadwatch.domain.thresholds import (
    ALTITUDE_COVERAGE,
    BAROMETER_ROUGHNESS_M,
    BAROMETER_WAVES_M,
    ECCENTRIC_GRADE,
    ECCENTRIC_SPEED,
    HILL_GRADE,
    HILL_REP_GAIN_M,
    HILL_REP_GAIN_VARIATION,
    HILL_REP_HEADING_DEG,
    HILL_REP_LENGTH_M,
    HILL_REP_S,
    HILL_REP_START_M,
    HILL_REPS,
    IMPLAUSIBLE_CLIMB_M_S,
    LEVEL_GRADE,
    REPORTED_ASCENT_M,
    REPORTED_ASCENT_SHARE,
    REVERSAL_BARO_M,
    REVERSAL_CORRECTED_M,
    REVERSAL_GPS_M,
    REVISIT_MAP_M,
    REVISIT_OTHER_HILLS,
    REVISIT_SAME_HILLS,
    STEEPEST_COST_GRADE,
    STEEPEST_GRADE,
    TERRAIN_OVER_WAVES,
    WALKING_M_S,
)

SMOOTHING_S: Final = 9
"""
Seconds of altitude that are averaged before turning points are sought, for a barometer and for a map. [s]

Averaging cuts the tops off a climb: at 10 m a minute 31 s lose 1.3 m at every turn, 9 s lose 0.4 m; and 9 s bring a
barometer's noise of 0.5 m down to 0.2 m.
"""

SMOOTHING_GPS_S: Final = 31
"""The same for satellite altitude, whose noise is larger and slower. [s]"""

GRADE_WINDOW_M: Final = 80.0
"""A grade is the rise over this length of way, half of it behind and half ahead. [m]"""

COST_ON_THE_LEVEL: Final = 3.6
"""Energy cost of level running in the polynomial of Minetti et al. 2002. [J/kg/m]"""

LOWEST_M: Final = -450.0
HIGHEST_M: Final = 9_000.0
"""No run lies outside: the shore of the Dead Sea and the top of Everest, with room for a barometer's drift. [m]"""

SETTLING_S: Final = 60
"""An altitude that jumps this soon after the start, or this shortly before the end, had not settled. [s]"""

STUCK_S: Final = 600
"""So long it may have stood still, and then jumped, to count as not settled all the same. [s]"""

SPIKE_S: Final = 30
"""A jump and its way back within this time is a spike. [s]"""

CLEAR_OF_NOISE: Final = 6.0
"""A spike is so many times as high as altitude changes from second to second anyway (one standard deviation)."""

PAUSE_NOISE_M: Final = 1.0
"""So much altitude may differ across a pause by noise alone. [m]"""

STEEPEST_PAUSE: Final = 0.45
"""Across a pause altitude may differ by this much of the way between its ends: the steepest that Minetti measured."""

REVISIT_CELL_M: Final = 10.0
REVISIT_GAP_S: Final = 60.0
REVISIT_PAIRS: Final = 50
"""
Two passages of one square of 10 m count as the same place seen twice if a minute lies between. [m; s] Fewer than
50 of them, a quarter of a kilometre, prove nothing.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Climb:
    """
    The way from one turning point of altitude to the next.

    Attributes
    ----------
    start_s, end_s : float
        Since the start of the run. [s]
    start_distance_m, end_distance_m : float or None
        Since the start of the run; None where no distance is known. [m]
    gain_m : float
        Positive up, negative down. [m]
    """

    start_s: float
    end_s: float
    start_distance_m: float | None
    end_distance_m: float | None
    gain_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Elevation:
    """
    What altitude says of a run; whatever it is not good enough for is None.

    Attributes
    ----------
    quality : {"baro", "corrected", "gps", "none"}
    ascent_m, descent_m : float or None
        Sum of the climbs, and of the descents as a positive number. [m]
    eccentric_load_m : float or None
        Metres of descent at a grade of -3 % and steeper, weighted by how fast they were run. [m]
    flat_equivalent_m : float or None
        Distance on the level that would have cost as much energy. For trends, not for rules. [m]
    hill_share : float or None
        Share of the distance with a grade of 4 % and more, up or down. [unitless]
    easy_speed_m_s : float or None
        Median speed on nearly level ground, or over the whole run where little of it was level. [m/s]
    hill_reps : HillReps or None
        None where the run was no hill session, and where positions or a good altitude are missing.
    climbs : tuple of Climb
        Climbs and descents in turn, in order of time: what ascent and descent of the samples are the sums of.
    altitude_m, grade : array or None
        Shape (n_seconds,) of the motion: smoothed altitude [m]; rise over run, uphill positive [unitless], NaN
        where the way is too short for it.
    warnings : tuple of str
        What limits the numbers, in words for the runner.
    """

    quality: AltitudeQuality
    ascent_m: float | None = None
    descent_m: float | None = None
    eccentric_load_m: float | None = None
    flat_equivalent_m: float | None = None
    hill_share: float | None = None
    easy_speed_m_s: float | None = None
    hill_reps: HillReps | None = None
    climbs: tuple[Climb, ...] = ()
    altitude_m: FloatArray | None = None
    grade: FloatArray | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Revisits:
    """Median difference of altitude where the run came by again [m]; correlation of its changes between there."""

    difference_m: float
    correlation: float


def energy_cost(grade: FloatArray | float) -> FloatArray:
    """
    Energy that a runner spends per kilogram and metre of way.

    Parameters
    ----------
    grade : array of any shape
        Rise over run, uphill positive. [unitless] Measured from -0.45 to +0.45; no sense beyond.

    Returns
    -------
    array of the same shape
        [J/kg/m] 3.6 on the level, least at -0.18.

    References
    ----------
    .. [1] A. E. Minetti et al., J. Appl. Physiol. 93, 2002, doi:10.1152/japplphysiol.01177.2001. 10 runners.
    """
    return np.polyval(np.array([155.4, -30.4, -43.3, 46.3, 19.5, COST_ON_THE_LEVEL]), np.asarray(grade, dtype=float))


def elevation(
    motion: Motion,
    *,
    reported_ascent_m: float | None = None,
    has_barometer: bool | None = None,
    speed_m_s: FloatArray | None = None,
) -> Elevation:
    """
    Ascent, descent and what follows from them.

    Altitude is cleaned, averaged over a few seconds and cut into climbs and descents at the turning points
    from which it came back by 2 m at least (a barometer; 5 m for a map, 10 m for satellites).

    Parameters
    ----------
    motion : Motion
        The run once a second.
    reported_ascent_m : float, optional
        What the source says was climbed. [m] Taken where the altitude is not a barometer's; and descent is
        counted from the samples only where their ascent agrees with it, else it follows from it and from the
        altitude at both ends.
    has_barometer : bool, optional
        Whether the source has one, where it says so; else the signal tells.
    speed_m_s : array, shape (n_seconds,), optional
        Cleaned speed; else made of the distance.

    Notes
    -----
    On some real runs altitude stands still and then falls 20 to 50 m within seconds, and stays there; levelling
    such steps made them agree less with themselves at places passed twice more often than better. A possible
    reason is a barometer whose hole was blocked. So a step that does not come back counts in full: a choice,
    the runs do not prove it.
    """
    raw = _cleaned(motion)
    if raw is None:
        return Elevation("none", warnings=_why_none(motion))
    revisits = _revisits(motion, raw)
    quality = _quality(raw, placed=motion.east_m is not None, revisits=revisits, has_barometer=has_barometer)
    altitude = _mean(raw, SMOOTHING_GPS_S if quality == "gps" else SMOOTHING_S)
    turns = turning_points(altitude, _REVERSAL_M[quality])
    steps = np.diff(altitude[turns])
    ascent, descent = float(np.sum(steps, where=steps > 0)), float(-np.sum(steps, where=steps < 0)) + 0.0
    warnings = _doubts(quality, raw, revisits)
    net = float(raw[-1] - raw[0])
    ascent_m, descent_m = _reconciled(quality, ascent, descent, reported_ascent_m, net, warnings)
    speed = _speed(motion) if speed_m_s is None else speed_m_s
    grade = eccentric = flat = share = None
    if quality != "gps" and motion.distance_m is not None:
        grade = _grade(altitude, motion.distance_m)
        step = np.diff(motion.distance_m, prepend=motion.distance_m[:1])
        flat = _flat_equivalent(step, grade)
        share = _hill_share(step, grade)
    easy = _easy_speed(speed, grade)
    if grade is not None and speed is not None and easy is not None:
        eccentric = _eccentric_load(step, grade, speed, easy)
    return Elevation(
        quality=quality,
        ascent_m=ascent_m,
        descent_m=descent_m,
        eccentric_load_m=eccentric,
        flat_equivalent_m=flat,
        hill_share=share,
        easy_speed_m_s=easy,
        hill_reps=None if quality == "gps" else _hill_reps(motion, altitude, turns),
        climbs=_climbs(motion, altitude, turns),
        altitude_m=altitude,
        grade=grade,
        warnings=tuple(warnings),
    )


_REVERSAL_M: Final[dict[AltitudeQuality, float]] = {
    "baro": REVERSAL_BARO_M,
    "corrected": REVERSAL_CORRECTED_M,
    "gps": REVERSAL_GPS_M,
}


def _why_none(motion: Motion) -> tuple[str, ...]:
    if motion.altitude_m is None or np.isnan(motion.altitude_m).all():
        return ()
    return (say("Too little altitude was recorded to count ascent and descent."),)


def _doubts(quality: AltitudeQuality, altitude: FloatArray, revisits: _Revisits | None) -> list[str]:
    if quality != "baro" or revisits is None or _roughness(altitude, 20) <= BAROMETER_WAVES_M:
        return []
    if revisits.correlation >= REVISIT_OTHER_HILLS:
        return []
    return [say("Where the run came by again its altitude went another way: ascent and descent are rough.")]


# cleaning


def _cleaned(motion: Motion) -> FloatArray | None:
    """Altitude without gaps, spikes and drop-outs; None where too little of it was recorded."""
    if motion.altitude_m is None or len(motion) < 2:
        return None
    altitude = motion.altitude_m
    known = ~np.isnan(altitude) & (altitude > LOWEST_M) & (altitude < HIGHEST_M)
    known &= ~_fallen_to_zero(altitude)
    index = np.flatnonzero(known)
    if len(index) < max(2.0, ALTITUDE_COVERAGE * len(motion)):
        return None
    index = index[_steady(altitude[index])]
    whole = np.interp(np.arange(len(altitude)), index, altitude[index])
    return _level_across_pauses(motion, whole)


def _fallen_to_zero(altitude: FloatArray) -> BoolArray:
    """Zeros that stand for nothing: all of them where there is nothing else, and those that altitude jumps to."""
    zero: BoolArray = altitude == 0
    if not zero.any() or zero.all():
        return zero
    edge = np.flatnonzero(np.diff(zero))
    jumped = np.abs(np.diff(altitude))[edge] > IMPLAUSIBLE_CLIMB_M_S
    # Between two edges all is zero or nothing is: a run of zeros is none if altitude jumps at one of its ends.
    bad = np.concatenate(([False], jumped)) | np.concatenate((jumped, [False]))
    bad = np.repeat(bad, np.diff(edge + 1, prepend=0, append=len(zero)))
    return np.logical_and(zero, bad)


def _steady(altitude: FloatArray) -> BoolArray:
    """Samples that belong to no spike, nor to the time before altitude had settled, at either end."""
    keep = np.ones(len(altitude), dtype=bool)
    step = np.diff(altitude)
    jumps = np.flatnonzero(np.abs(step) > IMPLAUSIBLE_CLIMB_M_S)
    if len(jumps) == 0:
        return keep
    noise = 1.4826 * float(np.median(np.abs(step)))
    for at in jumps:
        for back in jumps[np.searchsorted(jumps, at + 1) : np.searchsorted(jumps, at + SPIKE_S, side="right")]:
            base = (altitude[at] + altitude[back + 1]) / 2
            size = np.abs(altitude[at + 1 : back + 1] - base).max()
            returned = step[at] * step[back] < 0 and abs(altitude[back + 1] - altitude[at]) <= size / 4
            if returned and size > CLEAR_OF_NOISE * noise:
                keep[at + 1 : back + 1] = False
    jumps = jumps[keep[jumps] & keep[jumps + 1]]
    if len(jumps):
        head, tail = jumps[jumps < len(altitude) // 2], jumps[jumps >= len(altitude) // 2]
        if len(head):
            keep[: _unsettled(altitude[: head[0] + 1], head)] = False
        if len(tail):
            n = _unsettled(altitude[tail[-1] + 1 :], (len(altitude) - 2 - tail)[::-1])
            keep[len(altitude) - n :] = False
    return keep


def _unsettled(first: FloatArray, jumps: IntArray) -> int:
    """How many samples from the end in question come before altitude had settled; `first` lies before any jump."""
    early = jumps[jumps < SETTLING_S]
    if len(early):
        return int(early[-1]) + 1
    return len(first) if len(first) <= STUCK_S and np.ptp(first) == 0 else 0


def _level_across_pauses(motion: Motion, altitude: FloatArray) -> FloatArray:
    """Altitude carried on where it drifted while the watch was stopped: nobody climbs without getting anywhere."""
    last = np.flatnonzero(np.diff(motion.stretch))
    if len(last) == 0:
        return altitude
    drift = altitude[last + 1] - altitude[last]
    allowed = np.full(len(last), PAUSE_NOISE_M)
    if motion.east_m is not None and motion.north_m is not None:
        moved = np.hypot(
            motion.east_m[last + 1] - motion.east_m[last], motion.north_m[last + 1] - motion.north_m[last]
        )
        allowed = np.fmax(allowed, STEEPEST_PAUSE * moved)
    shift = np.zeros(len(altitude))
    shift[last + 1] = np.where(np.abs(drift) > allowed, drift, 0.0)
    return altitude - np.cumsum(shift)


def _mean(values: FloatArray, window: int) -> FloatArray:
    """Moving average over an odd number of samples; the ends go on as they are."""
    half = window // 2
    total = np.cumsum(np.concatenate(([0.0], np.pad(values - values[0], half, mode="edge"))))
    return np.asarray((total[window:] - total[:-window]) / window + values[0])


# turning points


def turning_points(altitude: FloatArray, reversal_m: float) -> IntArray:
    """
    Where a climb ends and a descent begins, or the other way round: hysteresis.

    Parameters
    ----------
    altitude : array, shape (n,)
        Smoothed, without NaN. [m]
    reversal_m : float
        Altitude must come back by this much for a turning point to be one. [m]

    Returns
    -------
    array of int, shape (n_turns,)
        Indices of low and high points in turn; empty where altitude stays within `reversal_m`. From either
        end of the run the same are found.
    """
    steps = np.diff(altitude)
    moving = np.flatnonzero(steps)
    if len(moving) == 0:
        return np.zeros(0, dtype=np.intp)
    turned = np.flatnonzero(np.diff(steps[moving] > 0))
    extremes = np.concatenate(([0], moving[turned] + 1, [len(altitude) - 1]))
    values: list[float] = altitude[extremes].tolist()
    turns: list[int] = []
    enough = reversal_m - 1e-6  # a step of just the reversal counts from either end of the run
    low = high = 0
    rising: bool | None = None
    for i, value in enumerate(values):
        if value > values[high]:
            high = i
        if value < values[low]:
            low = i
        if rising is not False and values[high] - value >= enough and high < i:
            turns.append(high)
            rising, low, high = False, i, i
        elif rising is not True and value - values[low] >= enough and low < i:
            turns.append(low)
            rising, low, high = True, i, i
    if rising is not None:
        turns.append(high if rising else low)
    return extremes[np.asarray(turns, dtype=np.intp)]


def _climbs(motion: Motion, altitude: FloatArray, turns: IntArray) -> tuple[Climb, ...]:
    time = motion.time_s[turns].tolist()
    distance = [None] * len(turns) if motion.distance_m is None else motion.distance_m[turns].tolist()
    gain = np.diff(altitude[turns]).tolist()
    return tuple(Climb(time[i], time[i + 1], distance[i], distance[i + 1], gain[i]) for i in range(len(gain)))


def _reconciled(
    quality: AltitudeQuality,
    ascent: float,
    descent: float,
    reported: float | None,
    net: float,
    warnings: list[str],
) -> tuple[float, float | None]:
    """Ascent and descent after a look at what the source reports."""
    if reported is None:
        if quality != "gps":
            return ascent, descent
        warnings.append(_ONLY_SATELLITES)
        return ascent, None
    agrees = abs(ascent - reported) <= max(REPORTED_ASCENT_M, REPORTED_ASCENT_SHARE * reported)
    if not agrees:
        descent = max(reported - net, 0.0)
        warnings.append(
            say(
                "The samples climb {ascent}, the source says {reported}: the descent is worked out from the latter"
                " and from the altitude at both ends.",
                ascent=height_text(ascent),
                reported=height_text(reported),
            )
        )
    return (ascent if quality == "baro" else reported), descent


_ONLY_SATELLITES: Final = say(
    "Altitude seems to come from satellites only: the ascent is rough, the descent unknown."
)


# quality


def _quality(
    altitude: FloatArray, *, placed: bool, revisits: _Revisits | None, has_barometer: bool | None
) -> AltitudeQuality:
    """
    Where an altitude comes from, judged by the signal; in doubt "gps", which is trusted least.

    A barometer is quiet from second to second and wanders slowly. A map says exactly the same where one comes
    by again. Satellite altitude is rough, or, once a watch has smoothed it, makes waves of some metres within
    a minute that are no hills: they neither add up to real differences of height, nor are they there again.
    """
    if has_barometer:
        return "baro"
    if np.ptp(altitude) == 0:  # no barometer is as still as that
        return "corrected" if placed else "gps"
    waves = _roughness(altitude, 20)
    if _roughness(altitude, 5) > BAROMETER_ROUGHNESS_M:
        return "gps"
    if revisits is not None and revisits.difference_m <= REVISIT_MAP_M:
        return "corrected"
    if has_barometer is False:
        return "gps"
    low, high = np.percentile(altitude, [1, 99])
    if waves <= BAROMETER_WAVES_M or high - low >= TERRAIN_OVER_WAVES * waves:
        return "baro"
    return "baro" if revisits is not None and revisits.correlation >= REVISIT_SAME_HILLS else "gps"


def _roughness(altitude: FloatArray, block: int) -> float:
    """Spread of the second difference of altitude averaged over blocks of so many seconds. [m]"""
    n = len(altitude) // block
    if n < 3:
        return 0.0
    means = altitude[: n * block].reshape(n, block).mean(axis=1)
    return float(1.4826 * np.median(np.abs(np.diff(means, 2))))


def _revisits(motion: Motion, altitude: FloatArray) -> _Revisits | None:
    """What the places say that the run passed twice; None where they are too few."""
    if motion.east_m is None or motion.north_m is None or motion.distance_m is None:
        return None
    placed = np.flatnonzero(~np.isnan(motion.east_m) & ~np.isnan(motion.north_m))
    if len(placed) == 0:
        return None
    seen = placed[np.flatnonzero(np.diff(motion.distance_m[placed] // (REVISIT_CELL_M / 2), prepend=-1.0))]
    column = np.floor(motion.east_m[seen] / REVISIT_CELL_M).astype(np.int64)
    row = np.floor(motion.north_m[seen] / REVISIT_CELL_M).astype(np.int64)
    cell = column * 2_000_003 + row
    order = np.argsort(cell, kind="stable")
    cell, seen = cell[order], seen[order]
    again = (cell[1:] == cell[:-1]) & (np.diff(motion.time_s[seen]) > REVISIT_GAP_S)
    if np.count_nonzero(again) < REVISIT_PAIRS:
        return None
    before, after = seen[:-1][again], seen[1:][again]
    along = np.argsort(before)
    first, second = altitude[before[along]], altitude[after[along]]
    # Changes over ten places rather than altitudes: a barometer's drift must not hide that the hills are the same.
    changes = first[10:] - first[:-10], second[10:] - second[:-10]
    spread = float(np.std(changes[0]) * np.std(changes[1]))
    covariance = float(np.mean(changes[0] * changes[1]) - np.mean(changes[0]) * np.mean(changes[1]))
    return _Revisits(float(np.median(np.abs(second - first))), covariance / spread if spread > 0 else 0.0)


# grade and what is made of it


def _grade(altitude: FloatArray, distance: FloatArray) -> FloatArray:
    """Rise over run across a window of way, cut at the run's ends; NaN where half a window is all there is."""
    ahead = np.minimum(distance + GRADE_WINDOW_M / 2, distance[-1])
    behind = np.maximum(distance - GRADE_WINDOW_M / 2, distance[0])
    run = ahead - behind
    rise = np.interp(ahead, distance, altitude) - np.interp(behind, distance, altitude)
    # Rounded, so that a grade of 3 % is 3 % at any height above the sea.
    grade = np.round(rise / np.maximum(run, GRADE_WINDOW_M / 2), 9)
    return np.where(run >= GRADE_WINDOW_M / 2, grade, np.nan)


def _speed(motion: Motion) -> FloatArray | None:
    """Speed from distance, the median of five seconds. [m/s]"""
    if motion.distance_m is None or len(motion) < 5:
        return None
    padded = np.pad(np.diff(motion.distance_m, prepend=motion.distance_m[:1]), 2, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1))


def _easy_speed(speed: FloatArray | None, grade: FloatArray | None) -> float | None:
    if speed is None:
        return None
    moving = speed >= WALKING_M_S
    level = moving if grade is None else moving & (np.abs(grade) < LEVEL_GRADE)
    chosen = level if np.count_nonzero(level) >= 120 else moving
    return float(np.median(speed[chosen])) if chosen.any() else None


def _eccentric_load(step: FloatArray, grade: FloatArray, speed: FloatArray, easy_speed: float) -> float:
    down = (grade <= ECCENTRIC_GRADE) & (speed >= WALKING_M_S)
    drop = step[down] * -np.maximum(grade[down], -STEEPEST_GRADE)
    return float(np.sum(drop * np.clip(speed[down] / easy_speed, *ECCENTRIC_SPEED)))


def _flat_equivalent(step: FloatArray, grade: FloatArray) -> float:
    clipped = np.clip(np.nan_to_num(grade), -STEEPEST_COST_GRADE, STEEPEST_COST_GRADE)
    return float(np.sum(step * energy_cost(clipped)) / COST_ON_THE_LEVEL)


def _hill_share(step: FloatArray, grade: FloatArray) -> float | None:
    total = step.sum()
    return float(step[np.abs(grade) >= HILL_GRADE].sum() / total) if total > 0 else None


# hill repetitions


def _hill_reps(motion: Motion, altitude: FloatArray, turns: IntArray) -> HillReps | None:
    """The longest series of climbs that begin at one place, lead one way and are of about one height."""
    if motion.east_m is None or motion.north_m is None or motion.distance_m is None or len(turns) < 2:
        return None
    gains = np.diff(altitude[turns])
    first, last = turns[:-1], turns[1:]
    long_enough = (motion.time_s[last] - motion.time_s[first] >= HILL_REP_S) | (
        motion.distance_m[last] - motion.distance_m[first] >= HILL_REP_LENGTH_M
    )
    climb = np.flatnonzero((gains >= HILL_REP_GAIN_M) & long_enough)
    if len(climb) < HILL_REPS:
        return None
    # The lowest and the highest sample may lie anywhere on the level below and above: the slope itself counts.
    foot = np.array([_first_above(altitude, turns[i], turns[i + 1], 0.1) for i in climb])
    top = np.array([_first_above(altitude, turns[i], turns[i + 1], 0.9) for i in climb])
    east, north = motion.east_m, motion.north_m
    heading = np.arctan2(north[top] - north[foot], east[top] - east[foot])
    best: IntArray = climb[:0]
    for i in range(len(climb)):
        near = np.hypot(east[foot] - east[foot[i]], north[foot] - north[foot[i]]) <= HILL_REP_START_M
        turn = np.abs((heading - heading[i] + np.pi) % (2 * np.pi) - np.pi)
        same = near & (turn <= np.radians(HILL_REP_HEADING_DEG))
        series = climb[_longest_series(same)]
        if len(series) > len(best) and np.std(gains[series]) < HILL_REP_GAIN_VARIATION * np.mean(gains[series]):
            best = series
    if len(best) < HILL_REPS:
        return None
    down = -gains[best[best + 1 < len(gains)] + 1]
    return HillReps(len(best), float(np.median(gains[best])), float(np.median(down)))


def _first_above(altitude: FloatArray, start: int, end: int, share: float) -> int:
    level = altitude[start] + share * (altitude[end] - altitude[start])
    return int(start + np.argmax(altitude[start : end + 1] >= level))


def _longest_series(same: BoolArray) -> slice:
    """The longest run of climbs in succession."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], same, [False]))))
    starts, ends = edges[::2], edges[1::2]
    if len(starts) == 0:
        return slice(0, 0)
    longest = int(np.argmax(ends - starts))
    return slice(int(starts[longest]), int(ends[longest]))
