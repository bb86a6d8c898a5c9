"""Ascent, descent and what follows from them, on hills made by hand and on noise that is known."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.domain.activity import HillReps, Streams
from loadwatch.domain.arrays import FloatArray
from loadwatch.domain.elevation import Elevation, elevation, energy_cost, turning_points
from loadwatch.domain.motion import Motion, resample

HOUR = 3600
PACE = 10_000 / HOUR
"""10 km in an hour. [m/s]"""


def run(altitude_m: FloatArray, *, speed_m_s: float = PACE, placed: bool = False) -> Motion:
    """A run once a second, due east where it has positions."""
    time = np.arange(len(altitude_m), dtype=float)
    way = time * speed_m_s
    return Motion(
        time_s=time,
        stretch=np.zeros(len(time), dtype=np.intp),
        distance_m=way,
        east_m=way if placed else None,
        north_m=np.zeros(len(time)) if placed else None,
        altitude_m=np.asarray(altitude_m, dtype=float),
    )


def out_and_back(altitude_out_m: FloatArray, **options: float) -> Motion:
    motion = run(np.concatenate((altitude_out_m, altitude_out_m[::-1])), **options)
    assert motion.distance_m is not None
    way = motion.distance_m
    return replace(motion, east_m=np.minimum(way, way[-1] - way), north_m=np.zeros(len(way)))


def triangles(n: int, height_m: float, half_s: int) -> FloatArray:
    up = np.linspace(0, height_m, half_s, endpoint=False)
    return 100 + np.concatenate([*[np.concatenate((up, height_m - up)) for _ in range(n)], [0.0]])


def waves(n: int, height_m: float) -> FloatArray:
    """So many hills in an hour."""
    return 100 + height_m / 2 * (1 - np.cos(2 * np.pi * n * np.arange(HOUR) / HOUR))


def satellite_noise(seed: int, sd_m: float, tau_s: float, n: int = HOUR) -> FloatArray:
    """Ornstein-Uhlenbeck noise, as EVIDENCE.md 2.2 has it."""
    random = np.random.default_rng(seed)
    keep = math.exp(-1 / tau_s)
    noise = [random.normal(0, sd_m)]
    for push in random.normal(0, sd_m * math.sqrt(1 - keep**2), n - 1).tolist():
        noise.append(keep * noise[-1] + push)
    return np.array(noise)


def white_noise(seed: int, sd_m: float = 0.5, n: int = HOUR) -> FloatArray:
    return np.random.default_rng(seed).normal(0, sd_m, n)


def rounded(altitude: FloatArray, step_m: float) -> FloatArray:
    return np.round(altitude / step_m) * step_m


def up_and_down(found: Elevation) -> tuple[float, float]:
    assert found.ascent_m is not None
    assert found.descent_m is not None
    return found.ascent_m, found.descent_m


def backwards(motion: Motion) -> Motion:
    def turned(values: FloatArray | None) -> FloatArray | None:
        return None if values is None else values[::-1]

    assert motion.distance_m is not None
    return Motion(
        time_s=motion.time_s[-1] - motion.time_s[::-1],
        stretch=motion.stretch[-1] - motion.stretch[::-1],
        distance_m=motion.distance_m[-1] - motion.distance_m[::-1],
        east_m=turned(motion.east_m),
        north_m=turned(motion.north_m),
        altitude_m=turned(motion.altitude_m),
    )


# energy cost


@pytest.mark.parametrize(
    ("grade", "cost"),
    [(0.0, 3.600), (0.45, 19.43), (-0.20, 1.800), (-0.45, 4.03), (0.10, 1.66 * 3.6), (-0.10, 0.60 * 3.6)],
)
def test_energy_cost_is_that_of_the_paper(grade: float, cost: float):
    assert energy_cost(grade) == pytest.approx(cost, abs=0.02)


def test_running_costs_least_at_eighteen_percent_down():
    grades = np.arange(-0.45, 0.45, 0.001)
    costs = energy_cost(grades)
    assert grades[np.argmin(costs)] == pytest.approx(-0.181, abs=0.001)
    assert costs.min() == pytest.approx(1.781, abs=0.001)


def test_a_little_uphill_costs_more_and_not_less():
    # A copy of the polynomial with -165 for +19.5 goes round in public code: there 1 % up costs 1.95 J/kg/m.
    assert energy_cost(0.01) == pytest.approx(3.80, abs=0.01)


# turning points


def test_a_dip_smaller_than_the_reversal_does_not_part_a_climb():
    assert turning_points(np.array([0.0, 10, 8.5, 20, 0]), 2.0).tolist() == [0, 3, 4]


def test_a_dip_as_large_as_the_reversal_does():
    assert turning_points(np.array([0.0, 10, 8, 20, 0]), 2.0).tolist() == [0, 1, 2, 3, 4]


def test_what_stays_within_the_reversal_has_no_turning_points():
    assert turning_points(np.array([0.0, 1.9, 0.5, 1.5]), 2.0).tolist() == []


def test_the_small_ups_and_downs_before_the_first_climb_and_after_the_last_do_not_count():
    assert turning_points(np.array([1.0, 0, 1, 5, 4, 5, 4.5]), 2.0).tolist() == [1, 3]


@given(st.lists(st.integers(0, 60), min_size=2, max_size=40), st.integers(1, 8))
def test_turning_points_climb_as_much_as_a_plain_search_finds(values: list[int], reversal: int):
    altitude = np.array(values, dtype=float)
    steps = np.diff(altitude[turning_points(altitude, reversal)])
    assert (np.abs(steps) >= reversal).all()
    assert (np.sign(steps[1:]) == -np.sign(steps[:-1])).all()
    assert np.sum(np.abs(steps) - reversal) == pytest.approx(most_gain_beyond(values, reversal))


def most_gain_beyond(values: list[int], reversal: int) -> float:
    """The largest sum of alternating steps, each less the reversal: what hysteresis finds, by dynamic programming."""
    up = [-math.inf] * len(values)  # best sum whose last step rose and ended here
    down = [-math.inf] * len(values)
    for i in range(len(values)):
        for j in range(i):
            rise = values[i] - values[j]
            up[i] = max(up[i], rise - reversal + max(down[j], 0))
            down[i] = max(down[i], -rise - reversal + max(up[j], 0))
    return max(0, *up, *down)


# ascent and descent


def test_eight_hills_of_thirty_metres_are_240_up_and_240_down():
    found = elevation(run(triangles(8, 30, 225)))
    assert found.quality == "baro"
    assert up_and_down(found) == (pytest.approx(240, rel=0.03), pytest.approx(240, rel=0.03))


def test_a_climb_alone_has_no_descent():
    assert up_and_down(elevation(run(np.linspace(100, 400, HOUR)))) == (pytest.approx(300, rel=0.01), 0)


def test_rollers_of_a_minute_are_not_smoothed_away():
    altitude = 100 + 4 * np.sin(2 * np.pi * np.arange(HOUR) / 60)  # 60 of 8 m
    assert up_and_down(elevation(run(altitude), has_barometer=True))[0] == pytest.approx(480, rel=0.05)


@pytest.mark.parametrize("step_m", [0.001, 0.1, 0.2, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_flat_run_with_a_barometer_is_flat(step_m: float, seed: int):
    found = elevation(run(rounded(100 + white_noise(seed), step_m)))
    assert found.quality == "baro"
    assert max(up_and_down(found)) < 25


@pytest.mark.parametrize("altitude", [waves(8, 25), waves(8, 30)], ids=["200 m", "240 m"])
@pytest.mark.parametrize("seed", range(3))
def test_hills_under_a_barometers_noise_are_as_high_as_they_are(altitude: FloatArray, seed: int):
    found = elevation(run(rounded(altitude + white_noise(seed), 0.2)))
    assert found.quality == "baro"
    assert up_and_down(found) == pytest.approx((8 * np.ptp(altitude),) * 2, rel=0.05)


@pytest.mark.parametrize(("sd_m", "tau_s"), [(3, 30), (6, 60), (3, 60), (2, 30)])
@pytest.mark.parametrize("step_m", [0.001, 0.2, 1.0])
def test_satellite_noise_on_the_flat_is_told_and_gives_no_descent(sd_m: float, tau_s: float, step_m: float):
    for seed in range(2):
        found = elevation(run(rounded(100 + satellite_noise(seed, sd_m, tau_s), step_m)))
        assert found.quality == "gps"
        assert found.descent_m is found.eccentric_load_m is found.hill_share is found.flat_equivalent_m is None
        assert found.warnings


@pytest.mark.parametrize("window_s", [9, 15, 31])
def test_satellite_noise_that_the_watch_has_smoothed_is_told_too(window_s: int):
    for seed in range(2):
        noise = np.convolve(satellite_noise(seed, 6, 60, HOUR + window_s - 1), np.ones(window_s) / window_s, "valid")
        assert elevation(run(100 + noise)).quality == "gps"
        assert elevation(out_and_back(100 + noise)).quality != "baro"


def test_satellite_noise_with_random_walk_and_white_noise_on_top_is_told():
    walk = np.cumsum(white_noise(7, 0.05))
    assert elevation(run(100 + satellite_noise(1, 3, 30) + walk + white_noise(2, 1.0))).quality == "gps"


def test_a_slow_drift_of_the_barometer_is_not_a_hilly_run():
    found = elevation(run(rounded(100 + np.linspace(0, 5, HOUR) + white_noise(1, 0.3), 0.2)))
    assert found.quality == "baro"
    assert found.ascent_m == pytest.approx(5, abs=2)


# where altitude comes from


def test_altitude_that_is_the_same_at_the_same_place_to_the_centimetre_is_a_maps():
    hills = 100 + 3 * np.sin(np.arange(1800) / 70)
    assert elevation(out_and_back(hills)).quality == "corrected"
    assert elevation(out_and_back(hills), has_barometer=False).quality == "corrected"


def test_a_barometer_that_drifts_between_two_passages_is_no_map():
    motion = out_and_back(100 + 3 * np.sin(np.arange(1800) / 70))
    assert motion.altitude_m is not None
    drifted = replace(motion, altitude_m=motion.altitude_m + np.linspace(0, 4, HOUR) + white_noise(3, 0.3))
    assert elevation(drifted).quality == "baro"


def test_steep_small_hills_are_believed_where_they_are_there_again():
    hills = 100 + 6 * np.sin(np.arange(1800) / 12) * np.sin(np.arange(1800) / 70)
    motion = out_and_back(hills)
    assert motion.altitude_m is not None
    noisy = replace(motion, altitude_m=motion.altitude_m + white_noise(4))
    assert elevation(noisy).quality == "baro"
    assert elevation(replace(noisy, east_m=None, north_m=None)).quality == "gps"


def test_the_source_knows_better_whether_it_has_a_barometer():
    flat = run(100 + white_noise(1))
    assert elevation(flat, has_barometer=False).quality == "gps"
    assert elevation(run(100 + satellite_noise(1, 3, 30)), has_barometer=True).quality == "baro"


def test_a_run_without_altitude_says_nothing_of_hills():
    found = elevation(replace(run(np.zeros(HOUR)), altitude_m=None))
    assert found.quality == "none"
    assert (found.ascent_m, found.descent_m, found.eccentric_load_m, found.flat_equivalent_m) == (None,) * 4
    assert (found.hill_share, found.easy_speed_m_s, found.hill_reps, found.altitude_m) == (None,) * 4
    assert found.warnings == ()


def test_altitude_for_less_than_half_of_the_run_says_nothing_but_why():
    altitude = waves(8, 30)
    altitude[1000:3000] = np.nan
    found = elevation(run(altitude))
    assert (found.quality, found.ascent_m) == ("none", None)
    assert len(found.warnings) == 1


def test_zeros_throughout_are_no_altitude():
    assert elevation(run(np.zeros(HOUR))).quality == "none"


def test_an_altitude_that_never_changes_has_no_climbs():
    assert elevation(run(np.full(HOUR, 100.0))).ascent_m == 0
    assert up_and_down(elevation(run(np.full(HOUR, 100.0), placed=True))) == (0, 0)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 10])
def test_runs_of_a_few_samples_do_no_harm(n: int):
    assert elevation(run(np.full(n, 100.0), placed=True)).ascent_m in (None, 0)


# what the source reports


def test_a_barometers_ascent_stands_whatever_the_source_says():
    found = elevation(run(triangles(8, 30, 225)), reported_ascent_m=230)
    assert up_and_down(found) == pytest.approx((240, 240), rel=0.03)
    assert found.warnings == ()


def test_a_descent_that_does_not_fit_the_reported_ascent_follows_from_it_and_the_ends():
    altitude = np.concatenate((np.linspace(100, 150, 600), np.linspace(150, 80, 600)))
    found = elevation(run(altitude), reported_ascent_m=120)  # the samples climb 50: 70 too little
    assert found.descent_m == pytest.approx(120 + 20)
    assert "120 m" in found.warnings[0]


def test_with_satellite_altitude_the_reported_ascent_is_taken():
    altitude = waves(8, 30) + satellite_noise(1, 3, 30)
    found = elevation(run(altitude), reported_ascent_m=240)
    assert (found.quality, found.ascent_m) == ("gps", 240)
    assert found.descent_m == pytest.approx(240, abs=40)
    assert found.eccentric_load_m is None


def test_a_reported_descent_is_never_negative():
    found = elevation(run(np.linspace(100, 400, HOUR)), reported_ascent_m=10)
    assert found.descent_m == 0


# dirt


@pytest.mark.parametrize("wrong", [0.0, -500.0, 160.0, np.nan])
@pytest.mark.parametrize("length", [1, 5, 30])
def test_a_sensor_that_drops_out_for_a_moment_climbs_nothing(wrong: float, length: int):
    altitude = triangles(8, 30, 225)
    altitude[700 : 700 + length] = wrong
    assert up_and_down(elevation(run(altitude))) == pytest.approx((240, 240), rel=0.03)


def test_zeros_for_minutes_are_a_gap():
    altitude = triangles(8, 30, 225)
    altitude[900:1350] = 0  # one hill and its way down and back are not seen
    assert up_and_down(elevation(run(altitude))) == pytest.approx((210, 210), rel=0.05)


def test_a_gap_is_bridged_by_the_difference_of_its_ends():
    altitude = np.linspace(100, 400, HOUR)
    altitude[1000:2000] = np.nan
    assert up_and_down(elevation(run(altitude))) == (pytest.approx(300, rel=0.01), 0)


@pytest.mark.parametrize("stuck_s", [3, 40, 300])
def test_an_altitude_that_had_not_settled_at_the_start_is_left_out(stuck_s: int):
    altitude = triangles(8, 30, 225)
    altitude[:stuck_s] = 250
    assert up_and_down(elevation(run(altitude))) == pytest.approx((240, 240), abs=45)
    assert up_and_down(elevation(run(altitude)))[1] < 245
    assert up_and_down(elevation(backwards(run(altitude))))[0] < 245


def test_a_barometer_whose_hole_opens_again_has_come_down_all_the_same():
    """It stood still while one ran down, then fell 40 m within two seconds: the way down was real."""
    altitude = np.concatenate((np.linspace(100, 150, 900), np.full(300, 150.0), [130.0], np.full(900, 110.0)))
    assert up_and_down(elevation(run(altitude + white_noise(1, 0.2, len(altitude)), placed=True))) == pytest.approx(
        (50, 40), abs=3
    )


# pauses


def streams(altitude: FloatArray, *, time: FloatArray | None = None) -> Streams:
    n = len(altitude)
    way = np.arange(n) * PACE
    return Streams(
        time_s=np.arange(n, dtype=float) if time is None else time,
        distance_m=way,
        latitude_deg=np.full(n, 50.0),
        longitude_deg=8 + way / 71_500,
        altitude_m=altitude,
    )


def test_a_pause_changes_nothing():
    altitude = waves(8, 30)
    time = np.arange(HOUR) + np.where(np.arange(HOUR) > 1000, 900.0, 0.0)
    straight, paused = elevation(resample(streams(altitude))), elevation(resample(streams(altitude, time=time)))
    assert up_and_down(paused) == pytest.approx(up_and_down(straight), abs=0.5)
    assert paused.eccentric_load_m == pytest.approx(straight.eccentric_load_m, rel=0.01)


@pytest.mark.parametrize("drift_m", [-25.0, 6.0, 25.0])
def test_drift_while_the_watch_was_stopped_is_no_climb(drift_m: float):
    altitude = waves(8, 30)
    altitude[1000:] += drift_m
    time = np.arange(HOUR) + np.where(np.arange(HOUR) >= 1000, 900.0, 0.0)
    found = elevation(resample(streams(altitude, time=time)))
    assert up_and_down(found) == pytest.approx((240, 240), abs=5)


# what must not matter


hilly = st.lists(st.tuples(st.integers(60, 240), st.integers(-60, 60)), min_size=2, max_size=8)
few = settings(max_examples=12, deadline=None)


def landscape(legs: list[tuple[int, int]]) -> FloatArray:
    """Legs of so many seconds and so many metres, not below 300 m."""
    at = 800.0
    parts = [np.array([at])]
    for seconds, metres in legs:
        parts.append(np.linspace(at, at + metres, seconds + 1)[1:])
        at += metres
    return np.concatenate(parts)


@few
@given(hilly, st.integers(0, 99))
def test_a_run_backwards_swaps_ascent_and_descent(legs: list[tuple[int, int]], seed: int):
    altitude = landscape(legs)
    motion = run(rounded(altitude + white_noise(seed, 0.4, len(altitude)), 0.2))
    there, back = elevation(motion, has_barometer=True), elevation(backwards(motion), has_barometer=True)
    assert up_and_down(back) == pytest.approx(up_and_down(there)[::-1], rel=1e-6, abs=1e-6)


@few
@given(hilly, st.floats(-500, 2000))
def test_height_above_the_sea_does_not_matter(legs: list[tuple[int, int]], lift: float):
    altitude = landscape(legs)
    low, high = elevation(run(altitude)), elevation(run(altitude + lift))
    assert high.quality == low.quality
    assert high.ascent_m == pytest.approx(low.ascent_m, abs=1e-6)
    assert high.eccentric_load_m == pytest.approx(low.eccentric_load_m, abs=1e-6)


@few
@given(hilly, st.floats(0, 1e6))
def test_a_later_start_does_not_matter(legs: list[tuple[int, int]], later: float):
    motion = run(landscape(legs))
    moved = elevation(replace(motion, time_s=motion.time_s + later), has_barometer=True)
    assert up_and_down(moved) == up_and_down(elevation(motion, has_barometer=True))


@few
@given(hilly, st.integers(2, 7))
def test_a_watch_that_leaves_out_seconds_finds_the_same(legs: list[tuple[int, int]], every: int):
    altitude = landscape(legs)
    keep = np.unique(np.append(np.arange(0, len(altitude), every), len(altitude) - 1))
    whole = streams(altitude)
    assert whole.latitude_deg is not None
    assert whole.longitude_deg is not None
    assert whole.distance_m is not None
    thinned = Streams(
        time_s=whole.time_s[keep],
        distance_m=whole.distance_m[keep],
        latitude_deg=whole.latitude_deg[keep],
        longitude_deg=whole.longitude_deg[keep],
        altitude_m=altitude[keep],
    )
    first, second = (elevation(resample(s), has_barometer=True) for s in (whole, thinned))
    assert up_and_down(second) == pytest.approx(up_and_down(first), rel=0.02, abs=1.0 * len(legs))


@few
@given(hilly)
def test_climbs_and_descents_add_up_to_ascent_and_descent(legs: list[tuple[int, int]]):
    found = elevation(run(landscape(legs)), has_barometer=True)
    gains = [c.gain_m for c in found.climbs]
    assert sum(g for g in gains if g > 0) == pytest.approx(found.ascent_m)
    assert -sum(g for g in gains if g < 0) == pytest.approx(found.descent_m)
    assert all(a.end_s == b.start_s for a, b in zip(found.climbs, found.climbs[1:], strict=False))


# grade and eccentric load


def slope(grade: float, *, level_m: float = 2000, slope_m: float = 1000, speed_m_s: float = 2.5) -> FloatArray:
    """A level stretch, a slope, a level stretch, second by second."""
    way = np.arange(0, 2 * level_m + slope_m, speed_m_s)
    return 500 + grade * np.clip(way - level_m, 0, slope_m)


def test_grade_is_rise_over_run():
    found = elevation(run(slope(0.08), speed_m_s=2.5))
    assert found.grade is not None
    assert found.grade[1000] == pytest.approx(0.08, abs=1e-6)
    assert found.grade[400] == pytest.approx(0, abs=1e-6)


def test_a_descent_at_easy_speed_counts_its_metres():
    found = elevation(run(slope(-0.10), speed_m_s=2.5))
    assert found.easy_speed_m_s == pytest.approx(2.5)
    assert found.eccentric_load_m == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize(("factor", "weight"), [(0.5, 0.7), (1.2, 1.2), (2.0, 1.5)])
def test_a_faster_descent_counts_for_more_within_bounds(factor: float, weight: float):
    altitude = slope(-0.10)
    way = np.arange(len(altitude)) * 2.5
    speed = np.where((way > 1900) & (way < 3100), 2.5 * factor, 2.5)
    found = elevation(run(altitude, speed_m_s=2.5), speed_m_s=speed)
    assert found.eccentric_load_m == pytest.approx(100 * weight, rel=0.01)


def test_a_gentle_descent_and_a_walked_one_load_nothing():
    assert elevation(run(slope(-0.02), speed_m_s=2.5)).eccentric_load_m == 0
    altitude = slope(-0.10)
    walked = elevation(run(altitude, speed_m_s=2.5), speed_m_s=np.full(len(altitude), 0.9))
    assert walked.easy_speed_m_s is None
    assert walked.eccentric_load_m is None


def test_a_descent_steeper_than_the_steepest_counts_as_that():
    found = elevation(run(slope(-0.5, slope_m=400), speed_m_s=2.5))
    assert found.eccentric_load_m == pytest.approx(0.35 * 400, rel=0.1)


def test_uphill_loads_no_thigh_but_costs_distance():
    found = elevation(run(slope(0.10), speed_m_s=2.5))
    assert found.eccentric_load_m == 0
    assert found.flat_equivalent_m == pytest.approx(4000 + 1000 * 1.66, rel=0.01)
    assert found.hill_share == pytest.approx(1000 / 5000, abs=0.01)


def test_easy_speed_is_that_of_level_ground():
    altitude = slope(0.10, level_m=500, slope_m=3000)
    speed = np.where(np.gradient(altitude) > 0.01, 1.8, 3.1)
    assert elevation(run(altitude, speed_m_s=2.5), speed_m_s=speed).easy_speed_m_s == pytest.approx(3.1)


def test_without_level_ground_easy_speed_is_that_of_the_run():
    altitude = np.concatenate((np.linspace(500, 700, 800), np.linspace(700, 500, 800)))
    assert elevation(run(altitude)).easy_speed_m_s == pytest.approx(PACE)


def test_without_distance_there_is_ascent_and_no_grade():
    found = elevation(replace(run(triangles(8, 30, 225)), distance_m=None))
    assert found.ascent_m == pytest.approx(240, rel=0.03)
    assert (found.grade, found.eccentric_load_m, found.hill_share, found.climbs[0].start_distance_m) == (None,) * 4


# hill repetitions


def repetitions(gains_m: list[float], *, half_s: int = 120) -> Motion:
    """Up and down one straight hill, to these heights."""
    parts, places = [np.full(300, 100.0)], [np.linspace(-800, 0, 300)]
    for gain in gains_m:
        reach = 250 * gain / 25
        up, there = np.linspace(100, 100 + gain, half_s), np.linspace(0, reach, half_s)
        parts += [up, up[::-1]]
        places += [there, there[::-1]]
    parts.append(np.full(300, 100.0))
    places.append(np.linspace(0, -800, 300))
    east = np.concatenate(places)
    altitude = np.concatenate(parts)
    way = np.concatenate(([0.0], np.cumsum(np.abs(np.diff(east)))))
    noise = white_noise(5, 0.3, len(altitude))
    return replace(run(altitude + noise), distance_m=way, east_m=east, north_m=np.zeros(len(east)))


def test_six_times_up_one_hill_are_six_repetitions():
    reps = elevation(repetitions([25.0] * 6), has_barometer=True).hill_reps
    assert isinstance(reps, HillReps)
    assert reps.count == 6
    assert (reps.ascent_each_m, reps.descent_each_m) == pytest.approx((25, 25), abs=1.5)


@pytest.mark.parametrize("gains", [[25.0] * 3, [6.0] * 6, [10.0, 40.0, 12.0, 45.0]], ids=["few", "low", "uneven"])
def test_three_climbs_or_low_ones_or_uneven_ones_are_no_repetitions(gains: list[float]):
    assert elevation(repetitions(gains), has_barometer=True).hill_reps is None


def test_hills_one_after_another_along_a_road_are_no_repetitions():
    assert elevation(run(triangles(8, 30, 225), placed=True), has_barometer=True).hill_reps is None


def test_without_positions_nobody_knows_whether_it_was_one_hill():
    assert elevation(run(triangles(8, 30, 225)), has_barometer=True).hill_reps is None
