"""An athletics track is known by its shape, whatever its build, lane, place and direction; other loops are none."""

import math

import numpy as np
import pytest

from loadwatch.domain.activity import Streams, TrackWork
from loadwatch.domain.motion import resample
from loadwatch.domain.thresholds import LANE_LAP_M
from loadwatch.domain.track import TrackFit, find_track
from tests.support import paths
from tests.support.paths import Array, Loop, around, lane, recorded, straight


def found(streams: Streams) -> TrackFit:
    fit = find_track(resample(streams))
    assert fit is not None
    return fit


def with_roads(on_track: Array, metres: float = 1500) -> Array:
    """The way there and the way home."""
    there = straight(on_track[0], metres, 190)[::-1]
    return np.concatenate([there, on_track, straight(on_track[-1], metres, 75)])


# geometry


@pytest.mark.parametrize("number", range(1, 9))
def test_the_length_of_each_lane_follows_from_the_straight_and_the_kerb(number):
    # 2 x 84.39 m and a circle of 36.50 m plus the lanes inside, measured 0.30 or 0.20 m out
    out = 0.30 if number == 1 else 1.22 * (number - 1) + 0.20
    by_hand = 2 * 84.39 + 2 * math.pi * (36.50 + out)

    assert LANE_LAP_M[number - 1] == pytest.approx(by_hand, abs=0.011)
    assert paths.length_m(lane(number)) == pytest.approx(by_hand, abs=0.01)


@pytest.mark.parametrize("number", [1, 2, 4, 8])
def test_the_lane_and_its_length_are_read_from_the_path(number):
    work = found(recorded(with_roads(around(lane(number), 6)), noise_m=1.5)).work

    assert (work.is_oval, work.is_standard, work.lane) == (True, True, number)
    assert work.lap_m == pytest.approx(LANE_LAP_M[number - 1], abs=0.1)
    assert work.laps == pytest.approx(6, abs=0.3)


@pytest.mark.parametrize(
    ("straight_m", "radius_m"),
    [(84.39, 36.80), (85.00, 36.61), (100.0, 31.83), (107.0, 29.60), (74.0, 40.10)],
)
def test_tracks_of_other_builds_are_tracks(straight_m, radius_m):
    loop = paths.stadium(straight_m, radius_m)

    fit = found(recorded(with_roads(around(loop, 6)), noise_m=2.0))

    assert fit.work.is_standard
    assert fit.work.laps == pytest.approx(6, abs=0.4)
    assert fit.straight_m == pytest.approx(straight_m, abs=3)
    assert fit.radius_m == pytest.approx(radius_m, abs=1.5)


@pytest.mark.parametrize("build", [(79.996, 34.0, 70, 51.543), (98.52, 24.0, 60, 48.0), (97.256, 27.082, 53, 40.022)])
def test_a_track_with_double_bends_is_a_track(build):
    assert found(recorded(with_roads(around(paths.double_bend(*build), 8)), noise_m=1.5)).work.is_oval


@pytest.mark.parametrize(("straight_m", "radius_m", "round_m"), [(48.0, 16.5, 199.7), (65.0, 26.8, 298.4)])
def test_a_smaller_oval_is_reported_with_its_own_length_and_no_lane(straight_m, radius_m, round_m):
    work = found(recorded(with_roads(around(paths.stadium(straight_m, radius_m), 10)), noise_m=1.5)).work

    assert (work.is_oval, work.is_standard, work.lane) == (True, False, None)
    assert work.lap_m == pytest.approx(round_m, rel=0.02)
    assert work.laps == pytest.approx(10, abs=0.5)


# what is none


@pytest.mark.parametrize(
    "loop",
    [
        paths.rectangle(140, 60, 5),
        paths.rectangle(130, 70, 15),
        paths.rectangle(115, 78, 8),  # around a football pitch
        paths.rectangle(150, 75, 20),
        paths.ellipse(127.3, 127.3),  # a circle of 400 m
        paths.ellipse(170, 76),
        paths.ellipse(150, 100),
        paths.pond(400, 1),
        paths.pond(430, 2),
        paths.rectangle(200, 200, 10),
    ],
)
def test_another_loop_of_about_400_m_is_no_track(loop: Loop):
    fit = found(recorded(with_roads(around(loop, 8)), noise_m=1.5))

    assert fit.work == TrackWork(is_oval=False)
    assert not fit.on_oval.any()


def test_repetitions_on_a_straight_road_are_no_track():
    there = straight(np.zeros(2), 200, 30, speed_m_s=5)
    places = np.concatenate([there, there[::-1]] * 12)

    assert not found(recorded(places, noise_m=2)).work.is_oval


def test_a_run_along_a_road_is_no_track():
    assert not found(recorded(straight(np.zeros(2), 8000, 10), noise_m=3)).work.is_oval


def test_a_single_lap_is_none_yet():
    assert not found(recorded(with_roads(around(lane(1), 1.1)), noise_m=1)).work.is_oval


def test_without_positions_nothing_is_known():
    assert find_track(resample(Streams(np.arange(600.0), distance_m=np.arange(600.0) * 3))) is None


@pytest.mark.parametrize("n", [0, 1, 2, 3, 60])
def test_a_short_path_is_no_track(n):
    places = around(lane(1), 1)[:n]
    streams = recorded(places) if n else Streams(np.zeros(0), None, np.zeros(0), np.zeros(0))

    fit = find_track(resample(streams))

    assert fit is None or not fit.work.is_oval


# sessions


def test_a_pause_that_draws_a_line_across_the_oval_adds_no_lap():
    oval = lane(1)
    half_lap = around(oval, 0.5)
    places = np.concatenate([around(oval, 3), half_lap[-1:], around(oval, 3)])  # jumps to the far side and back

    work = found(recorded(with_roads(places), noise_m=1.5)).work

    assert work.laps == pytest.approx(6, abs=0.3)


def test_intervals_in_lane_1_with_jogs_in_lane_6_are_one_session():
    places = np.concatenate(
        [around(lane(6), 1, speed_m_s=2.5) if i % 2 else around(lane(1), 1, speed_m_s=5.5) for i in range(12)]
    )

    work = found(recorded(with_roads(places), noise_m=1.5)).work

    assert work.laps == pytest.approx(12, abs=0.7)
    assert work.distance_m == pytest.approx(6 * 400 + 6 * 437.7, rel=0.03)


def test_laps_the_other_way_around_count_as_well():
    work = found(recorded(with_roads(np.concatenate([around(lane(1), 4), around(lane(1), -4)])), noise_m=1.5)).work

    assert work.laps == pytest.approx(8, abs=0.4)


def test_the_way_there_and_home_is_no_part_of_it():
    places = with_roads(around(lane(1), 5), 2000)  # 2 km on the oval, 4 km on the road
    fit = found(recorded(places, noise_m=3))

    assert fit.work.distance_m == pytest.approx(2000, rel=0.06)
    assert len(fit.work.stretches_s) == 1
    begin, end = fit.work.stretches_s[0]
    assert begin == pytest.approx(666, abs=25)  # 2 km at 3 m/s
    assert end - begin == pytest.approx(500, abs=45)  # 2 km at 4 m/s


def test_strides_on_the_straight_belong_to_the_track_once_it_is_known():
    on_straight = around(lane(1), 0.2, speed_m_s=7)
    places = np.concatenate([around(lane(1), 4), on_straight, on_straight[::-1], on_straight, on_straight[::-1]])

    assert found(recorded(places, noise_m=1)).work.distance_m == pytest.approx(4 * 400 + 4 * 80, rel=0.06)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("noise_m", [3.0, 5.0])
def test_noise_of_three_to_five_metres_is_normal(noise_m, seed):
    work = found(recorded(with_roads(around(lane(1), 10)), noise_m=noise_m, tau_s=30, seed=seed)).work

    assert work.laps == pytest.approx(10, abs=1)
    assert work.distance_m == pytest.approx(4000, rel=0.06)  # the path itself is up to a fifth longer


# what must not matter


@pytest.fixture(scope="module")
def session() -> Array:
    return with_roads(np.concatenate([around(lane(3), 3), around(lane(1), 4, speed_m_s=5)]), 800)


@pytest.mark.parametrize("turned_deg", [17, 45, 90, 133, 180, 271])
def test_turning_the_stadium_changes_nothing(session, turned_deg):
    here, turned = found(recorded(session)).work, found(recorded(session, turned_deg=turned_deg)).work

    assert turned.laps == pytest.approx(here.laps, abs=0.05)
    assert turned.lap_m == here.lap_m


@pytest.mark.parametrize(
    "origin_deg", [(0.001, 0.001), (-33.9, 151.2), (60.2, 24.9), (-17.7, 179.999), (51.5, -0.01)]
)
def test_the_place_on_earth_changes_nothing(session, origin_deg):
    here, there = found(recorded(session)).work, found(recorded(session, origin_deg=origin_deg)).work

    assert there.laps == pytest.approx(here.laps, abs=0.05)
    assert there.lap_m == here.lap_m


@pytest.mark.parametrize("every_s", [3, 7])
def test_a_watch_that_records_now_and_then_counts_the_same_laps(session, every_s):
    each, some = found(recorded(session)).work, found(recorded(session, every_s=every_s)).work

    assert some.laps == pytest.approx(each.laps, abs=0.3)


def test_the_outline_is_the_line_that_was_run():
    motion = resample(recorded(around(lane(1), 5), turned_deg=30))
    fit = find_track(motion)
    assert fit is not None

    outline = paths.even(*fit.outline()[:-1].T)

    assert paths.length_m(outline) == pytest.approx(400, abs=2)
    to_line = [
        np.hypot(outline[0] - x, outline[1] - y).min() for x, y in zip(motion.east_m, motion.north_m, strict=True)
    ]
    assert max(to_line) < 0.5
