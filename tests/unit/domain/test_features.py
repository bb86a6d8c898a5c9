"""Features of a whole recording: what is known, what is not, and what does not matter."""

import json
import math
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from loadwatch.domain.activity import Recording, RunFeatures, Streams
from loadwatch.domain.features import FEATURES_VERSION, analyse, features_of

START = datetime(2026, 5, 1, 7, tzinfo=UTC)
DEGREE_M = 111_195.0


def hilly_session(seed: int = 0) -> Recording:
    """Fifteen minutes easy over a hill of 60 m, six times 400 m, home again: with everything recorded."""
    rng = np.random.default_rng(seed)
    pace = np.concatenate(
        (np.full(900, 3.0), np.tile(np.concatenate((np.full(84, 4.76), np.full(90, 2.2))), 6), np.full(600, 2.9))
    )
    distance = np.cumsum(pace + rng.normal(0, 0.1, len(pace)))
    heading = 0.6 * np.sin(distance / 400)
    east, north = np.cumsum(pace * np.cos(heading)), np.cumsum(pace * np.sin(heading))
    altitude = 300 + 30 * (1 - np.cos(2 * math.pi * np.clip(distance / 2700, 0, 1))) + rng.normal(0, 0.1, len(pace))
    return Recording(
        "Run",
        START,
        Streams(
            np.arange(len(pace), dtype=float), distance, 45 + north / DEGREE_M, 9 + east / DEGREE_M * 2**0.5, altitude
        ),
        has_barometer=True,
    )


def numbers(value: Any) -> list[float]:
    """Every number in a record."""
    if isinstance(value, dict):
        return [n for v in value.values() for n in numbers(v)]
    if isinstance(value, list | tuple):
        return [n for v in value for n in numbers(v)]
    return [value] if isinstance(value, float | int) else []


def essence(features: RunFeatures) -> list[float]:
    """The numbers that nothing but the run itself may change."""
    some = (features.distance_m, features.moving_s, features.ascent_m, features.descent_m, features.best_20s_m_s)
    return [*(n for n in some if n is not None), float(len(features.reps))]


def test_a_run_with_everything_has_every_feature():
    f = features_of(hilly_session())

    assert f.version == FEATURES_VERSION
    assert f.distance_m == pytest.approx(900 * 3 + 6 * (400 + 198) + 1740, abs=20)
    assert f.moving_s == pytest.approx(2543, abs=2)
    assert f.altitude_quality == "baro"
    assert f.ascent_m == pytest.approx(60, abs=3)
    assert f.descent_m == pytest.approx(60, abs=3)
    assert [rep.distance_m for rep in f.reps] == pytest.approx([400] * 6, abs=12)
    assert f.best_20s_m_s == pytest.approx(4.76, abs=0.1)
    assert sum(f.speed_profile_m or ()) == pytest.approx(f.distance_m, abs=5)
    assert f.track is not None
    assert not f.track.is_oval


def test_what_features_were_made_of_has_one_length():
    analysis = analyse(hilly_session())

    assert analysis.speed is not None
    assert len(analysis.speed.speed_m_s) == len(analysis.motion)
    assert analysis.features.reps


def test_stored_features_are_small():
    assert len(json.dumps(asdict(features_of(hilly_session())))) < 2500


def test_without_altitude_hills_are_unknown_and_not_none():
    recording = hilly_session()
    f = features_of(replace(recording, streams=replace(recording.streams, altitude_m=None)))

    assert f.altitude_quality == "none"
    assert (f.ascent_m, f.descent_m, f.eccentric_load_m, f.hill_reps) == (None, None, None, None)
    assert f.reps


def test_indoors_there_is_no_track_and_no_hill_but_speed():
    recording = hilly_session()
    f = features_of(replace(recording, streams=Streams(recording.streams.time_s, recording.streams.distance_m)))

    assert f.track is None
    assert f.ascent_m is None
    assert len(f.reps) == 6


def test_with_heart_rate_alone_nothing_is_known_and_it_is_said():
    beats = Streams(np.arange(600.0), heartrate_bpm=np.full(600, 150.0))
    f = features_of(Recording("Run", START, beats))

    assert (f.distance_m, f.moving_s, f.best_20s_m_s, f.speed_profile_m, f.track) == (None,) * 5
    assert f.reps == ()
    assert "Neither distance nor positions were recorded." in f.warnings


def test_distance_from_positions_says_so():
    recording = hilly_session()
    f = features_of(replace(recording, streams=replace(recording.streams, distance_m=None)))

    assert f.distance_m == pytest.approx(features_of(recording).distance_m, rel=0.02)
    assert any("along the positions" in warning for warning in f.warnings)


def test_a_path_without_times_has_distance_and_hills_but_no_speed():
    recording = hilly_session()
    s = recording.streams
    path = Streams(
        np.arange(len(s), dtype=float)[::4], None, s.latitude_deg[::4], s.longitude_deg[::4], s.altitude_m[::4]
    )
    path = replace(path, time_s=np.arange(len(path.time_s), dtype=float))
    f = features_of(Recording("Run", None, path, timed=False, notes=("no times in it",)))

    assert f.distance_m == pytest.approx(features_of(recording).distance_m, rel=0.02)
    assert f.ascent_m == pytest.approx(60, abs=6)
    assert (f.moving_s, f.best_20s_m_s, f.easy_speed_m_s, f.speed_profile_m, f.eccentric_load_m) == (None,) * 5
    assert f.reps == ()
    assert f.track is not None
    assert f.track.stretches_s == ()
    assert "no times in it" in f.warnings


def test_a_ride_is_analysed_and_said_not_to_count():
    f = features_of(replace(hilly_session(), sport="Ride"))

    assert f.reps
    assert "Not a run (Ride): it is not counted as running." in f.warnings


def test_sprint_metres_are_called_a_lower_bound_where_somebody_ran_fast():
    easy = hilly_session().streams
    slow = Recording("Run", START, Streams(easy.time_s, 3.0 * easy.time_s))

    assert any("lower bound" in warning for warning in features_of(hilly_session()).warnings)
    assert not any("lower bound" in warning for warning in features_of(slow).warnings)


def test_a_device_that_says_something_else_is_quoted():
    f = features_of(replace(hilly_session(), reported_distance_m=9000.0))

    assert any(warning.endswith("the device says 9.0 km.") for warning in f.warnings)


def test_nothing_is_said_twice():
    f = features_of(replace(hilly_session(), notes=("odd", "odd")))

    assert len(f.warnings) == len(set(f.warnings))


def test_sparse_recording_says_so():
    recording = hilly_session()
    every_five = Streams(recording.streams.time_s[::5], recording.streams.distance_m[::5])

    assert any("every 5 s" in w for w in features_of(replace(recording, streams=every_five)).warnings)


# what does not matter

FEW = settings(max_examples=3, deadline=None)


@FEW
@given(st.floats(-20_000, 20_000), st.floats(-20_000, 20_000), st.integers(-(10**6), 10**6))
def test_elsewhere_and_at_another_time_it_is_the_same_run(east, north, seconds):
    recording = hilly_session()
    s = recording.streams
    moved = replace(
        s,
        time_s=s.time_s + seconds,
        latitude_deg=s.latitude_deg + north / DEGREE_M,
        longitude_deg=s.longitude_deg + east / DEGREE_M,
    )

    assert essence(features_of(replace(recording, streams=moved))) == pytest.approx(essence(features_of(recording)))


@FEW
@given(st.floats(0, 2 * math.pi))
def test_run_in_another_direction_it_is_the_same_run(turn):
    recording = replace(hilly_session())
    s = replace(recording.streams, distance_m=None)
    x, y = (s.longitude_deg - 9) / 2**0.5, s.latitude_deg - 45
    c, n = math.cos(turn), math.sin(turn)
    turned = replace(s, latitude_deg=45 + n * x + c * y, longitude_deg=9 + 2**0.5 * (c * x - n * y))

    there = essence(features_of(replace(recording, streams=turned)))
    assert there == pytest.approx(essence(features_of(replace(recording, streams=s))), rel=0.01)


@FEW
@given(st.integers(0, 100))
def test_smart_recording_leaves_the_same_run(seed):
    recording = hilly_session()
    s = recording.streams
    keep = np.random.default_rng(seed).random(len(s)) < 0.5
    turns = np.flatnonzero(np.abs(np.diff(s.distance_m, 2)) > 1.0)  # of pace: there a watch records
    keep[[0, *turns, *(turns + 1), *(turns + 2), -1]] = True
    fewer = Streams(
        *(
            None if c is None else c[keep]
            for c in (s.time_s, s.distance_m, s.latitude_deg, s.longitude_deg, s.altitude_m)
        )
    )
    f, g = features_of(recording), features_of(replace(recording, streams=fewer))

    assert g.distance_m == pytest.approx(f.distance_m)
    assert g.ascent_m == pytest.approx(f.ascent_m, rel=0.03)
    assert len(g.reps) == len(f.reps)
    assert [rep.distance_m for rep in g.reps] == pytest.approx(
        [rep.distance_m for rep in f.reps], abs=25
    )  # an end may lie in a hole


@FEW
@given(st.integers(11, 5000), st.integers(50, 800))
def test_a_pause_adds_nothing(seconds, at):
    recording = hilly_session()
    time = recording.streams.time_s.copy()
    time[at:] += seconds
    f, g = features_of(recording), features_of(replace(recording, streams=replace(recording.streams, time_s=time)))

    assert g.distance_m == pytest.approx(f.distance_m, abs=4)
    assert g.moving_s == pytest.approx(f.moving_s, abs=1)
    assert g.ascent_m == pytest.approx(f.ascent_m, abs=2)
    assert len(g.reps) == len(f.reps)


# whatever comes

ANY = st.floats(allow_nan=True, allow_infinity=False, width=64)


@st.composite
def any_recording(draw: st.DrawFn) -> Recording:
    n = draw(st.integers(0, 40))
    values = st.one_of(ANY, st.floats(-200, 200))

    def channel() -> Any:
        return draw(st.none() | arrays.arrays(np.float64, n, elements=values))

    time = draw(
        st.sampled_from([np.arange(n, dtype=float), np.arange(n) * 60.0])
        | arrays.arrays(np.float64, n, elements=st.floats(allow_nan=False, allow_infinity=False))
    )
    streams = Streams(time, channel(), channel(), channel(), channel())
    return Recording("Run", None, streams, timed=draw(st.booleans()))


@settings(max_examples=25, deadline=None)
@given(any_recording())
def test_whatever_was_recorded_features_are_numbers_or_none(recording):
    assert all(math.isfinite(n) for n in numbers(asdict(features_of(recording))))
