"""What a run contained, all in all: hills, fast running and the track, from one recording."""

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from loadwatch.domain.activity import (
    RUN_FAMILY,
    UNKNOWN_SPORT,
    HillReps,
    Recording,
    Repetition,
    RunFeatures,
    Streams,
    TrackWork,
)
from loadwatch.domain.elevation import Elevation, elevation
from loadwatch.domain.motion import LONGEST_STEP_S, Motion, local_plane, resample
from loadwatch.domain.speed import Speed, distance_is_trusted, speed
from loadwatch.domain.text import distance_text, say
from loadwatch.domain.thresholds import CONTRAST, DISTANCE_DISAGREES, DISTANCE_DISAGREES_M, SPARSE_STEP_S
from loadwatch.domain.track import TrackFit, find_track

FEATURES_VERSION: Final = 1
"""Rises when the same recording would give other features: what is stored is then computed anew."""

_UNTIMED_PACE_M_S: Final = 3.0
"""A path without times is walked through at this pace, which nothing depends on. [m/s]"""


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """
    A run's features, and what they were made of, for drawings.

    Attributes
    ----------
    features : RunFeatures
    motion : Motion
    elevation : Elevation
    speed : Speed or None
        None without distance, and of a path without times.
    track : TrackFit or None
        None without positions.
    """

    features: RunFeatures
    motion: Motion
    elevation: Elevation
    speed: Speed | None
    track: TrackFit | None


def features_of(recording: Recording) -> RunFeatures:
    """
    What a run contained beyond its distance.

    Recordings of other sports are analysed alike and say so in their warnings.
    """
    return analyse(recording).features


def analyse(recording: Recording) -> Analysis:
    """The same, with what it was made of."""
    streams = recording.streams if recording.timed else _at_even_pace(recording.streams)
    motion = resample(streams)
    pace = speed(motion) if recording.timed else None
    hills = elevation(
        motion,
        reported_ascent_m=recording.reported_ascent_m,
        has_barometer=recording.has_barometer,
        speed_m_s=None if pace is None else pace.speed_m_s,
    )
    track = find_track(motion)
    return Analysis(_features(recording, motion, hills, pace, track), motion, hills, pace, track)


def _at_even_pace(streams: Streams) -> Streams:
    """A path without times, as if it had been run evenly."""
    along = streams.distance_m
    if along is None and streams.latitude_deg is not None and streams.longitude_deg is not None:
        plane = local_plane(streams.latitude_deg, streams.longitude_deg)
        if plane is not None:
            i, known = np.arange(len(streams)), ~np.isnan(plane[0])
            east, north = (np.interp(i, i[known], channel[known]) for channel in plane)
            along = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(east), np.diff(north)))))
    return streams if along is None else replace(streams, time_s=along / _UNTIMED_PACE_M_S)


def _features(
    recording: Recording, motion: Motion, hills: Elevation, pace: Speed | None, track: TrackFit | None
) -> RunFeatures:
    distance_m = None
    if motion.distance_m is not None and len(motion):
        distance_m = float(motion.distance_m[-1] - motion.distance_m[0])
    timed = recording.timed
    return RunFeatures(
        version=FEATURES_VERSION,
        distance_m=_rounded(distance_m, 1),
        moving_s=_rounded(pace.moving_s, 1) if pace else None,
        altitude_quality=hills.quality,
        ascent_m=_rounded(hills.ascent_m, 1),
        descent_m=_rounded(hills.descent_m, 1),
        eccentric_load_m=_rounded(hills.eccentric_load_m, 1) if timed else None,
        flat_equivalent_m=_rounded(hills.flat_equivalent_m, 1),
        hill_share=_rounded(hills.hill_share, 3),
        hill_reps=_hill_reps(hills.hill_reps) if hills.hill_reps else None,
        easy_speed_m_s=_rounded(hills.easy_speed_m_s, 3) if timed else None,
        best_20s_m_s=_rounded(pace.best_20s_m_s, 3) if pace else None,
        speed_profile_m=tuple(round(m, 1) for m in pace.profile_m) if pace else None,
        reps=tuple(_repetition(rep) for rep in pace.reps) if pace else (),
        track=_track_work(track.work, timed=timed) if track else None,
        warnings=_warnings(recording, motion, distance_m, hills, pace),
    )


def _warnings(
    recording: Recording, motion: Motion, distance_m: float | None, hills: Elevation, pace: Speed | None
) -> tuple[str, ...]:
    """What limits the numbers, in words for the runner, each once."""
    said = list(recording.notes)
    if recording.sport == UNKNOWN_SPORT:
        said.append(say("Nothing says which sport it was: taken for a run here."))
    elif recording.sport not in RUN_FAMILY:
        said.append(say("Not a run ({sport}): it is not counted as running.", sport=recording.sport))
    if not recording.timed:
        said.append(say("Without times there is no speed: fast running and repetitions are unknown."))
    if distance_m is None:
        said.append(say("Neither distance nor positions were recorded."))
    elif motion.from_positions:
        said.append(say("Distance was measured along the positions: it may be a few per cent off."))
    if recording.timed and not distance_is_trusted(recording.streams):
        said.append(say("Too many jumps in the distance: it cannot be trusted."))
    reported_m = recording.reported_distance_m
    if (
        distance_m
        and reported_m
        and abs(distance_m - reported_m) > max(DISTANCE_DISAGREES * reported_m, DISTANCE_DISAGREES_M)
    ):
        made, reported = distance_text(distance_m), distance_text(reported_m)
        said.append(say("The samples make {made}, the device says {reported}.", made=made, reported=reported))
    if pace is not None:
        easy, best = pace.easy_m_s, pace.best_20s_m_s
        if best is not None and easy is not None and best >= CONTRAST * easy:
            said.append(say("Efforts of less than 5 s do not show in samples: sprint metres are a lower bound."))
        steps = np.diff(recording.streams.time_s)
        steps = steps[(steps > 0) & (steps <= LONGEST_STEP_S)]
        if len(steps) and np.mean(steps) > SPARSE_STEP_S:
            apart = round(np.mean(steps))
            said.append(say("Recorded every {n} s only: short fast efforts are blurred.", n=apart))
    return tuple(dict.fromkeys((*said, *hills.warnings)))


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), digits)


def _repetition(rep: Repetition) -> Repetition:
    return Repetition(round(rep.start_s, 1), round(rep.end_s, 1), round(rep.distance_m, 1), _rounded(rep.rest_s, 1))


def _hill_reps(reps: HillReps) -> HillReps:
    return HillReps(reps.count, round(reps.ascent_each_m, 1), round(reps.descent_each_m, 1))


def _track_work(work: TrackWork, *, timed: bool) -> TrackWork:
    stretches = work.stretches_s if timed else ()
    return replace(
        work,
        distance_m=round(work.distance_m, 1),
        laps=round(work.laps, 2),
        lap_m=_rounded(work.lap_m, 1),
        stretches_s=tuple((round(begin, 1), round(end, 1)) for begin, end in stretches),
    )
