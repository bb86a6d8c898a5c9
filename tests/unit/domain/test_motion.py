"""A run put on a grid of one second: what counts as run, and what does not."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.domain.activity import Streams
from loadwatch.domain.motion import EARTH_RADIUS_M, Motion, bounds, resample

DEGREE_M = EARTH_RADIUS_M * math.pi / 180


def counted(time_s, distance_m):
    return Streams(np.array(time_s, dtype=float), distance_m=np.array(distance_m, dtype=float))


def placed(east_m, north_m, time_s=None, *, latitude=45.0, longitude=9.0):
    """Positions only, around a place."""
    east, north = np.asarray(east_m, dtype=float), np.asarray(north_m, dtype=float)
    time = np.arange(len(east), dtype=float) if time_s is None else np.asarray(time_s, dtype=float)
    lon = longitude + east / DEGREE_M / math.cos(math.radians(latitude))
    lon = (lon + 180) % 360 - 180
    return Streams(time, latitude_deg=latitude + north / DEGREE_M, longitude_deg=lon)


def total(motion: Motion) -> float:
    assert motion.distance_m is not None
    return float(motion.distance_m[-1])


def noise(n, sd, tau, seed=0):
    """Error of a position: correlated over tau seconds, white for tau = 0."""
    keep = math.exp(-1 / tau) if tau else 0.0
    steps = np.random.default_rng(seed).normal(0, sd * math.sqrt(1 - keep * keep), (n, 2))
    error = np.empty((n, 2))
    error[0] = steps[0]
    for i in range(1, n):
        error[i] = keep * error[i - 1] + steps[i]
    return error


# the grid


def test_a_second_for_each_second_between_first_and_last_sample():
    motion = resample(counted([0, 1, 4, 5], [0, 3, 12, 15]))

    assert motion.time_s.tolist() == [0, 1, 2, 3, 4, 5]
    assert motion.distance_m.tolist() == [0, 3, 6, 9, 12, 15]
    assert motion.stretch.tolist() == [0] * 6


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_sample_is_hardly_any_motion(n):
    motion = resample(placed(3.0 * np.arange(n), np.zeros(n)))

    assert len(motion) == n
    assert motion.east_m is None or len(motion.east_m) == n


def test_the_bounds_of_a_stretch_are_known_to_each_of_its_seconds():
    first, last = bounds(np.array([0, 0, 0, 1, 2, 2]))

    assert first.tolist() == [0, 0, 0, 3, 4, 4]
    assert last.tolist() == [2, 2, 2, 3, 5, 5]


# clocks


def test_a_moment_recorded_twice_counts_once():
    assert resample(counted([0, 1, 1, 2], [0, 3, 3, 6])).time_s.tolist() == [0, 1, 2]


def test_a_sample_out_of_order_is_left_out_and_not_those_after_it():
    motion = resample(counted([0, 1, 900, 2, 3, 4], [0, 3, 90, 6, 9, 12]))

    assert motion.time_s.tolist() == [0, 1, 2, 3, 4]
    assert total(motion) == 12


def test_a_clock_set_back_by_years_costs_the_samples_before_it_alone():
    motion = resample(counted([6e8, 6e8 + 1, 0, 1, 2, 3], [0, 3, 6, 9, 12, 15]))

    assert motion.time_s.tolist() == [0, 1, 2, 3]


def test_a_clock_set_forward_by_years_is_a_pause():
    motion = resample(counted([0, 1, 6e8, 6e8 + 1], [0, 3, 6, 9]))

    assert len(motion) == 4
    assert motion.stretch.tolist() == [0, 0, 1, 1]


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=30))
def test_whatever_the_clock_says_the_grid_stays_small(times):
    motion = resample(counted(times, range(len(times))))

    assert len(motion) <= 600 * len(times)
    assert (np.diff(motion.time_s) > 0).all()


# pauses


def test_a_pause_adds_no_distance():
    motion = resample(counted([0, 1, 2, 302, 303], [0, 3, 6, 6, 9]))

    assert total(motion) == 9
    assert motion.stretch.tolist() == [0, 0, 0, 1, 1]


def test_what_was_walked_or_driven_in_a_pause_is_not_drawn_by_a_source_that_counts():
    east = np.concatenate((3.0 * np.arange(60), 5000 + 3.0 * np.arange(60)))
    time = np.concatenate((np.arange(60), 400 + np.arange(60)))
    streams = placed(east, np.zeros(120), time)
    counter = np.concatenate((3.0 * np.arange(60), 177 + 3.0 * np.arange(60)))

    motion = resample(Streams(time.astype(float), counter, streams.latitude_deg, streams.longitude_deg))

    assert total(motion) == pytest.approx(2 * 59 * 3)


@pytest.mark.parametrize(
    ("walked_m", "seconds"),
    [(0, 120), (100, 120), (5000, 400), (1500, 610)],
    ids=["stood", "went to the kiosk", "took the bus", "was away for more than ten minutes"],
)
def test_of_positions_alone_a_hole_of_another_pace_than_the_run_is_a_pause(walked_m, seconds):
    east = np.concatenate((3.0 * np.arange(100), 297 + walked_m + 3.0 * np.arange(100)))
    time = np.concatenate((np.arange(100), 99 + seconds + np.arange(100)))

    motion = resample(placed(east, np.zeros(200), time))

    assert motion.stretch[-1] == 1
    assert total(motion) == pytest.approx(2 * 297, rel=0.01)


def test_of_positions_alone_a_hole_at_the_pace_of_the_run_is_a_tunnel():
    east = np.concatenate((3.0 * np.arange(100), 297 + 360 + 3.0 * np.arange(100)))
    time = np.concatenate((np.arange(100), 99 + 120 + np.arange(100)))

    motion = resample(placed(east, np.zeros(200), time))

    assert motion.stretch[-1] == 0
    assert total(motion) == pytest.approx(2 * 297 + 360, rel=0.01)


def test_a_watch_that_leaves_out_seconds_may_be_silent_for_a_minute_at_a_walk():
    time = np.cumsum([0, *[5] * 50, 55, *[5] * 50])
    distance = np.cumsum([0, *[15] * 50, 55, *[15] * 50])  # 1 m/s through the hole

    motion = resample(counted(time, distance))

    assert motion.stretch[-1] == 0
    assert total(motion) == 1555


def test_without_distance_and_positions_a_hole_is_a_pause():
    motion = resample(Streams(np.array([0.0, 1, 30, 31]), altitude_m=np.array([5.0, 5, 9, 9])))

    assert motion.distance_m is None
    assert motion.time_s.tolist() == [0, 1, 30, 31]


@given(st.dictionaries(st.integers(0, 98), st.integers(11, 5000), max_size=4))
def test_inserted_pauses_add_nothing(pauses):
    time, distance = np.arange(100.0), 3.0 * np.arange(100)
    for after, seconds in pauses.items():
        time[after + 1 :] += seconds
        distance[after + 1 :] -= 3.0  # nothing is run while the watch stands

    motion = resample(counted(time, distance))

    assert total(motion) == pytest.approx(distance[-1])


# counters


def test_a_counter_that_begins_anew_with_each_lap_goes_on():
    lap = 3.0 * np.arange(100)

    assert total(resample(counted(np.arange(300), np.tile(lap, 3)))) == pytest.approx(299 * 3)


def test_a_counter_that_falls_to_zero_for_a_moment_loses_nothing():
    distance = 3.0 * np.arange(500)
    distance[300:303] = 0

    assert total(resample(counted(np.arange(500), distance))) == pytest.approx(499 * 3)


def test_a_counter_that_slips_back_counts_again_from_where_it_was():
    assert total(resample(counted(np.arange(6), [0, 3, 6, 4, 6, 9]))) == 9


def test_a_jump_of_the_counter_is_a_second_like_those_around_it():
    distance = 3.0 * np.arange(100)
    distance[50:] += 500

    motion = resample(counted(np.arange(100), distance))

    assert total(motion) == pytest.approx(99 * 3)
    assert np.diff(motion.distance_m).max() == pytest.approx(3)


def test_holes_in_the_counter_are_bridged():
    distance = 3.0 * np.arange(100)
    distance[20:60] = np.nan

    assert total(resample(counted(np.arange(100), distance))) == pytest.approx(99 * 3)


def test_a_counter_that_moves_every_third_second_was_late_not_the_runner():
    late = 9.0 * (np.arange(91) // 3)

    assert np.diff(resample(counted(np.arange(91), late)).distance_m).tolist() == pytest.approx([3] * 90)


def test_a_runner_who_stands_for_longer_stands():
    distance = np.concatenate((3.0 * np.arange(20), [57.0] * 10, 57 + 3.0 * np.arange(20)))

    steps = np.diff(resample(counted(np.arange(50), distance)).distance_m)

    assert np.count_nonzero(steps == 0) == 11


def test_a_counter_that_never_moves_counts_nothing_and_positions_speak():
    streams = placed(3.0 * np.arange(100), np.zeros(100))

    motion = resample(Streams(streams.time_s, np.zeros(100), streams.latitude_deg, streams.longitude_deg))

    assert motion.from_positions
    assert total(motion) == pytest.approx(297, rel=0.01)


# positions


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(0.0, 9.0), (-33.9, 151.2), (60.0, 179.999), (60.0, -179.999), (89.99, 20.0), (-89.999, 0.0)],
)
def test_a_metre_is_a_metre_everywhere(latitude, longitude):
    north = 3.0 * np.arange(200)

    motion = resample(placed(np.zeros(200), -np.sign(latitude or 1) * north, latitude=latitude, longitude=longitude))

    assert total(motion) == pytest.approx(597, rel=0.002)


def test_a_run_across_the_date_line_stays_in_one_piece():
    motion = resample(placed(3.0 * np.arange(200) - 300, np.zeros(200), latitude=-17.0, longitude=180.0))

    assert total(motion) == pytest.approx(597, rel=0.002)
    assert np.ptp(motion.east_m) == pytest.approx(597, rel=0.002)


def test_a_run_over_the_pole_stays_in_one_piece():
    north = 3.0 * np.arange(-100, 100)
    lat, lon = 90 - np.abs(north) / DEGREE_M, np.where(north < 0, 30.0, -150.0)

    motion = resample(Streams(np.arange(200.0), latitude_deg=lat, longitude_deg=lon))

    assert total(motion) == pytest.approx(597, rel=0.002)


def test_positions_of_zero_are_none():
    streams = placed(3.0 * np.arange(100), np.zeros(100))
    streams.latitude_deg[:20] = streams.longitude_deg[:20] = 0.0

    motion = resample(streams)

    assert total(motion) == pytest.approx(79 * 3, rel=0.02)


@pytest.mark.parametrize("length", [1, 2, 10, 40])
def test_positions_far_off_for_a_while_are_left_out(length):
    east, north = 3.0 * np.arange(400), np.zeros(400)
    north[200 : 200 + length] = 800

    motion = resample(placed(east, north))

    assert total(motion) == pytest.approx(399 * 3, rel=0.005)
    assert np.ptp(motion.north_m) < 1


def test_a_first_fix_in_another_town_is_left_out():
    east = 3.0 * np.arange(300)
    east[:15] += 30_000

    motion = resample(placed(east, np.zeros(300)))

    assert total(motion) == pytest.approx(285 * 3, rel=0.01)


def test_a_jump_that_stays_is_no_way_run():
    north = np.where(np.arange(600) < 300, 0.0, 700.0)

    motion = resample(placed(3.0 * np.arange(600), north))

    assert total(motion) == pytest.approx(599 * 3, rel=0.01)


@pytest.mark.parametrize(("sd", "tau"), [(1, 0), (2, 0), (3, 30), (4, 20), (5, 30)])
def test_noise_makes_a_path_hardly_longer(sd, tau):
    error = noise(3000, sd, tau)

    assert total(resample(placed(3.0 * np.arange(3000) + error[:, 0], error[:, 1]))) / 8997 == pytest.approx(
        1, abs=0.02
    )


def test_the_bends_of_a_track_are_hardly_cut():
    # Two straights of 84.39 m, two bends of radius 36.80 m: 400 m, here run 12 times at 4 m/s.
    s = np.linspace(0, 400, 100, endpoint=False)
    bend = math.pi * 36.8
    angle = np.clip((s - 84.39) / 36.8, 0, math.pi) + np.clip((s - 168.78 - bend) / 36.8, 0, math.pi) - math.pi / 2
    heading = angle + math.pi / 2
    step = np.exp(1j * heading) * 4.0
    path = np.cumsum(np.tile(step, 12))

    assert total(resample(placed(path.real, path.imag))) == pytest.approx(12 * 400, rel=0.01)


@pytest.mark.parametrize(("sd", "tau"), [(1, 0), (3, 30), (3, 60)])
def test_a_watch_that_lies_still_covers_almost_nothing(sd, tau):
    error = noise(1200, sd, tau)

    assert total(resample(placed(error[:, 0], error[:, 1]))) < 20


def test_a_walk_is_not_standing():
    error = noise(600, 3, 30)

    assert total(resample(placed(1.0 * np.arange(600) + error[:, 0], error[:, 1]))) == pytest.approx(599, rel=0.06)


def test_altitude_is_unknown_where_it_was_not_recorded_for_long():
    altitude = np.full(1500, 100.0)
    altitude[200:1000] = np.nan
    streams = Streams(np.arange(1500.0), distance_m=3.0 * np.arange(1500), altitude_m=altitude)

    motion = resample(streams)

    assert np.isnan(motion.altitude_m[200:1000]).all()
    assert not np.isnan(motion.altitude_m[:200]).any()
    assert not np.isnan(motion.altitude_m[1000:]).any()


# invariants


def path(seed=0, n=600):
    """A wandering run at about 3 m/s."""
    rng = np.random.default_rng(seed)
    heading = np.cumsum(rng.normal(0, 0.05, n))
    return np.cumsum(3 * np.cos(heading)), np.cumsum(3 * np.sin(heading))


@settings(max_examples=15)
@given(st.floats(-50_000, 50_000), st.floats(-50_000, 50_000), st.floats(0, 2 * math.pi))
def test_where_and_in_which_direction_a_path_was_run_makes_no_difference(east, north, turn):
    x, y = path()
    here = total(resample(placed(x, y)))
    c, s = math.cos(turn), math.sin(turn)

    there = resample(
        placed(c * x - s * y, s * x + c * y, latitude=45 + north / DEGREE_M, longitude=9 + east / DEGREE_M)
    )

    assert total(there) == pytest.approx(here, rel=0.002)


@settings(max_examples=15)
@given(st.floats(-1e6, 1e6))
def test_when_it_was_run_makes_no_difference(shift):
    x, y = path()
    then = placed(x, y, np.arange(600) + round(shift))

    assert total(resample(then)) == pytest.approx(total(resample(placed(x, y))))


@settings(max_examples=15)
@given(st.integers(0, 1000))
def test_samples_left_out_where_nothing_changed_make_no_difference(seed):
    rng = np.random.default_rng(seed)
    pace = np.repeat(rng.uniform(2, 5, 20), 30)
    distance = np.concatenate(([0.0], np.cumsum(pace)))
    time = np.arange(601.0)
    keep = rng.random(601) < 0.3
    keep[::30] = True  # where the pace changes
    every, some = resample(counted(time, distance)), resample(counted(time[keep], distance[keep]))

    assert some.distance_m == pytest.approx(every.distance_m)
