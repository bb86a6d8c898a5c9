"""Kilometres, slopes, laps and the shape of a path, from made-up recordings whose answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from loadwatch.domain.activity import Recording, Streams
from loadwatch.domain.splits import inside

DEG_PER_M = 1 / 111_195.0


def recording(seconds: int, speed_m_s: float, **channels) -> Recording:
    """North along a meridian at an even pace, a sample a second."""
    time = np.arange(seconds + 1.0)
    distance = time * speed_m_s
    latitude = 0.5 + distance * DEG_PER_M
    streams = Streams(time, distance, latitude, np.full(len(time), -30.0), **channels)
    return Recording("Run", None, streams)


def test_each_kilometre_has_its_time_and_the_rest_is_a_part():
    found = inside(recording(840, 3.0), 1000.0)  # 2.52 km

    assert [round(s.distance_m) for s in found.splits] == [1000, 1000, 520]
    assert [s.moving_s for s in found.splits] == pytest.approx([333.3, 333.3, 173.3], abs=1.5)


def test_a_mile_is_a_split_where_miles_are_asked_for():
    assert [round(s.distance_m) for s in inside(recording(1100, 3.0), 1609.344).splits] == [1609, 1609, 81]


def test_a_pause_of_the_watch_is_no_part_of_a_kilometre():
    there = recording(840, 3.0)
    time = there.streams.time_s.copy()
    time[200:] += 600
    found = inside(replace(there, streams=replace(there.streams, time_s=time)), 1000.0)

    assert found.splits[0].moving_s == pytest.approx(333, abs=3)


def test_a_climb_is_told_with_its_place_and_grade_and_so_is_the_way_down():
    """A kilometre on the level, one of 50 m up, one of 50 m down."""
    metres = np.arange(0, 3001, 3.0)
    altitude = 100 + np.interp(metres, [0, 1000, 2000, 3000], [0, 0, 50, 0])
    found = inside(replace(recording(1000, 3.0, altitude_m=altitude), has_barometer=True), 1000.0)

    up, down = found.slopes
    assert up.from_m == pytest.approx(1050, abs=15)  # 5 % of its height is climbed
    assert up.length_m == pytest.approx(900, abs=20)
    assert up.gain_m == pytest.approx(50, abs=2)
    assert down.gain_m == pytest.approx(-50, abs=2)
    assert up.grade == pytest.approx(0.05, abs=0.005)
    assert [s.climb_m for s in found.splits] == pytest.approx([0, 50, -50], abs=2)


def test_without_altitude_the_height_of_a_kilometre_is_unknown():
    found = inside(recording(840, 3.0), 1000.0)

    assert {s.climb_m for s in found.splits} == {None}
    assert found.slopes == ()


def test_the_path_keeps_its_shape_in_metres_and_no_place():
    [line] = inside(recording(840, 3.0), 1000.0).path

    east, north = zip(*line.points_m, strict=True)
    assert max(north) - min(north) == pytest.approx(2520, rel=0.01)
    assert max(map(abs, east)) < 5


def test_without_positions_there_is_no_path():
    there = recording(840, 3.0)
    blind = replace(there, streams=replace(there.streams, latitude_deg=None, longitude_deg=None))

    assert inside(blind, 1000.0).path == ()
    assert len(inside(blind, 1000.0).splits) == 3
