"""What speed is read from samples: GPS jumps, fast metres, repetitions."""

import math
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.domain.activity import Streams
from loadwatch.domain.bands import (
    BAND_M_S,
    N_BANDS,
    SLOWEST_BAND_M_S,
    five_k_thresholds,
    metres_above,
    reference_thresholds,
)
from loadwatch.domain.motion import resample
from loadwatch.domain.speed import Speed, distance_is_trusted, implausible_share, provisional_thresholds, speed

NAN = math.nan


def recorded(time_s: list[float], distance_m: list[float] | None) -> Streams:
    distance = None if distance_m is None else np.array(distance_m, dtype=float)
    return Streams(np.array(time_s, dtype=float), distance_m=distance)


def second_by_second(steps_m: list[float]) -> Streams:
    return recorded([float(t) for t in range(len(steps_m) + 1)], [0.0, *accumulate(steps_m)])


# GPS jumps


def test_one_jump_in_four_steps_is_a_quarter():
    assert implausible_share(second_by_second([3, 3, 94, 3])) == 0.25


def test_twelve_metres_a_second_could_still_be_a_sprinter():
    assert implausible_share(second_by_second([12, 12])) == 0
    assert implausible_share(second_by_second([12, 12.5])) == 0.5


def test_a_pause_is_a_slow_step_not_a_jump():
    assert implausible_share(recorded([0, 1, 601, 602], [0, 3, 3, 6])) == 0


def test_what_was_run_while_the_watch_lost_the_satellites_is_taken_over_the_whole_gap():
    assert implausible_share(recorded([0, 1, 301, 302], [0, 3, 903, 906])) == 0  # 900 m in 5 min
    assert implausible_share(recorded([0, 1, 31, 32], [0, 3, 903, 906])) == pytest.approx(1 / 3)  # in 30 s


def test_a_missing_sample_hides_the_steps_to_and_from_it():
    assert implausible_share(recorded([0, 1, 2, 3, 4], [0, NAN, 6, 9, 200])) == 0.5


def test_two_samples_of_one_moment_or_out_of_order_are_no_step():
    assert implausible_share(recorded([0, 1, 1, 2], [0, 3, 90, 93])) == 0
    assert implausible_share(recorded([0, 2, 1, 3], [0, 6, 90, 93])) == 0


@pytest.mark.parametrize(
    "streams",
    [
        recorded([0, 1, 2], None),
        recorded([0], [0]),
        recorded([], []),
        recorded([0, 1, 2], [NAN, NAN, NAN]),
        recorded([5, 5, 5], [0, 3, 6]),
    ],
)
def test_without_a_single_step_there_is_no_share_and_no_doubt(streams):
    assert implausible_share(streams) is None
    assert distance_is_trusted(streams)


def test_five_jumps_in_a_hundred_steps_are_borne_and_six_are_not():
    assert distance_is_trusted(second_by_second([50.0] * 5 + [3.0] * 95))
    assert not distance_is_trusted(second_by_second([50.0] * 6 + [3.0] * 94))


def test_a_run_without_streams_is_trusted():
    assert distance_is_trusted(None)


def test_a_second_recorded_as_two_halves_changes_no_verdict():
    coarse = recorded([0, 1, 2], [0, 3, 60])
    fine = recorded([0, 0.5, 1, 1.5, 2], [0, 1.5, 3, 31.5, 60])

    assert implausible_share(coarse) == implausible_share(fine) == 0.5


# speed second by second


def run_of(*parts: tuple[int, float | None], noise: float = 0.0, seed: int = 0) -> Speed:
    """A run of parts, each so many seconds at so many m/s; None: the watch was stopped."""
    rng = np.random.default_rng(seed)
    time, distance, now = [0.0], [0.0], 0.0
    for seconds, pace in parts:
        if pace is None:
            now += seconds
            continue
        for _ in range(seconds):
            now += 1
            time.append(now)
            distance.append(distance[-1] + (max(0.0, pace + rng.normal(0, noise)) if pace else 0.0))
    found = speed(resample(recorded(time, distance)))
    assert found is not None
    return found


def reps_of(found: Speed) -> list[tuple[int, int]]:
    """Metres and seconds of each repetition."""
    return [(round(rep.distance_m), round(rep.duration_s)) for rep in found.reps]


def test_without_distance_there_is_no_speed():
    assert speed(resample(recorded([0, 1, 2], None))) is None
    assert speed(resample(recorded([0], [0]))) is None


def test_an_even_run_has_one_speed():
    found = run_of((600, 3.0))

    assert found.speed_m_s == pytest.approx(3.0)
    assert (found.moving_s, found.distance_m, found.best_20s_m_s) == (600, 1800, pytest.approx(3.0))


def test_a_second_of_error_does_not_show_in_the_median_over_five():
    # The second before it and the one after it see 6 m/s over two seconds; the median of five does not.
    assert second_speed([3.0] * 20 + [9.0] + [3.0] * 20) == pytest.approx(3.0)


def second_speed(steps: list[float]) -> np.ndarray:
    found = speed(resample(second_by_second(steps)))
    assert found is not None
    return found.speed_m_s


def test_a_counter_of_whole_metres_every_other_second_shows_the_pace():
    assert second_speed([0.0, 8.0] * 50)[4:-4] == pytest.approx(4.0, abs=0.01)


def test_standing_and_pauses_are_not_moving():
    found = run_of((300, 3.0), (120, 0.0), (300, 3.0), (600, None), (300, 3.0))

    assert found.moving_s == pytest.approx(900, abs=4)
    assert found.distance_m == pytest.approx(2700, abs=3)  # the step across the pause is not counted


# the best 20 s


def test_the_best_20_seconds_are_a_mean_over_20():
    assert run_of((300, 3.0), (20, 6.0), (300, 3.0)).best_20s_m_s == pytest.approx(6.0, abs=0.15)
    assert run_of((300, 3.0), (10, 5.0), (300, 3.0)).best_20s_m_s == pytest.approx(4.0, abs=0.25)


def test_jumps_of_the_gps_do_not_make_the_best_20_seconds():
    steps = [3.0] * 300
    for jump, metres in ((50, 200.0), (100, 40.0), (150, 11.5), (151, 11.5), (200, 11.0)):
        steps[jump] = metres

    found = speed(resample(second_by_second(steps)))

    assert found is not None
    assert found.best_20s_m_s < 3.4


def test_the_best_20_seconds_do_not_reach_across_a_pause():
    assert run_of((15, 6.0), (60, None), (15, 6.0)).best_20s_m_s is None


# bands


def test_bands_hold_every_metre():
    found = run_of((100, 1.0), (100, 2.5), (100, 3.85), (50, None), (100, 7.25))

    assert len(found.profile_m) == N_BANDS
    assert sum(found.profile_m) == pytest.approx(found.distance_m)
    assert found.profile_m[0] == pytest.approx(100, abs=5)
    assert found.profile_m[5] == pytest.approx(250, abs=10)  # 2.5 to 2.6 m/s
    assert found.profile_m[18] == pytest.approx(385, abs=15)  # 3.8 to 3.9 m/s
    assert found.profile_m[52] == pytest.approx(725, abs=25)  # 7.2 to 7.3 m/s


def profile(**metres: float) -> list[float]:
    """Metres of bands, by number: b10=100."""
    bands = [0.0] * N_BANDS
    for name, value in metres.items():
        bands[int(name.removeprefix("b"))] = value
    return bands


def test_metres_above_a_speed_take_their_part_of_its_band():
    bands = profile(b0=5000, b20=100, b21=200, b100=30)  # 4.0 and 4.1 m/s; 12 m/s and more

    assert metres_above(bands, 4.0) == pytest.approx(330)
    assert metres_above(bands, 4.05) == pytest.approx(50 + 200 + 30)
    assert metres_above(bands, 4.1) == pytest.approx(230)
    assert metres_above(bands, 11.99) == 30
    assert metres_above(bands, 12.0) == 30


def test_the_slowest_band_never_counts_as_it_holds_everything_slower():
    assert metres_above(profile(b0=5000, b1=10), 0.0) == 10


def test_how_much_faster_than_12_m_s_is_not_known():
    assert metres_above(profile(b100=30), 12.5) == 0


def test_a_profile_of_other_bands_is_refused():
    with pytest.raises(ValueError, match="100 bands"):
        metres_above([0.0] * 100, 4.0)
    with pytest.raises(ValueError, match="nan"):
        metres_above([0.0] * N_BANDS, NAN)


@given(st.floats(2.1, 12.0), st.floats(2.1, 12.0))
def test_fewer_metres_lie_above_a_higher_speed(a, b):
    bands = list(range(N_BANDS))
    low, high = sorted((a, b))

    assert metres_above(bands, low) >= metres_above(bands, high) - 1e-9


def test_bands_are_those_of_the_nomenclature():
    assert (BAND_M_S, SLOWEST_BAND_M_S, N_BANDS) == (0.1, 2.0, 101)


# thresholds


def test_thresholds_follow_from_the_reference_speed_or_from_5_km():
    assert reference_thresholds(8.0) == pytest.approx((6.0, 7.2))
    assert five_k_thresholds(4.0) == pytest.approx((4.12, 4.8))


def test_a_run_without_contrast_has_no_fast_speed_of_its_own():
    steady = run_of((3000, 3.0), noise=0.2)

    assert provisional_thresholds(steady) is None


def test_a_session_is_its_own_witness():
    session = run_of((900, 3.0), *[(40, 6.0), (60, 2.0)] * 8, (600, 3.0))

    assert provisional_thresholds(session) == pytest.approx((4.5, 5.4), abs=0.03)  # 75 % and 90 % of 6 m/s


def test_without_repetitions_only_what_stands_out_from_the_run_is_fast():
    runner = run_of((900, 3.4), (120, 4.3), (900, 3.4))

    assert provisional_thresholds(runner) == pytest.approx((4.25, 4.25), abs=0.02)  # 1.25 x 3.4 > 0.75 x 4.3


def test_with_repetitions_fast_is_never_slower_than_well_above_easy():
    session = run_of((900, 3.4), *[(180, 4.4), (90, 3.4)] * 6, (600, 3.4))

    assert session.reps
    assert provisional_thresholds(session) == pytest.approx((3.96, 3.96), abs=0.2)  # 0.90 x 4.4; 1.15 x 3.4 = 3.91


def test_of_a_session_that_holds_nothing_else_the_repetitions_are_fast():
    found = run_of(*[(84, 4.75), (90, None)] * 10)
    thresholds = provisional_thresholds(found)

    assert thresholds is not None
    assert thresholds[0] < 4.75


# repetitions

WARM_UP, COOL_DOWN = (900, 2.9), (600, 2.8)


@pytest.mark.parametrize(
    ("rest", "seconds"),
    [((90, 2.2), 90), ((90, 1.3), 90), ((90, 0.0), 90), ((90, None), 90), ((60, 2.4), 60), ((200, 2.4), 200)],
    ids=["jogged", "walked", "stood", "watch stopped", "short", "long"],
)
def test_ten_times_400_m(rest, seconds):
    found = run_of(WARM_UP, *[(84, 4.75), rest] * 10, COOL_DOWN, noise=0.2)

    assert len(found.reps) == 10
    assert [rep.distance_m for rep in found.reps] == pytest.approx([399] * 10, rel=0.03)
    assert [rep.duration_s for rep in found.reps] == pytest.approx([84] * 10, abs=2)
    assert [rep.rest_s for rep in found.reps[:-1]] == pytest.approx([seconds] * 9, abs=3)
    assert found.reps[-1].rest_s is None


@pytest.mark.parametrize(
    ("repetition", "rest", "count"),
    [
        ((220, 4.55), (180, 2.2), 5),
        ((40, 5.0), (60, 2.2), 12),
        ((20, 5.5), (70, 2.6), 6),
        ((20, 4.5), (90, 1.3), 8),
        ((30, 5.0), (30, 2.5), 20),
        ((600, 3.9), (120, 2.4), 3),
    ],
    ids=["kilometres", "200s", "strides", "hill sprints", "thirty-thirty", "three times ten minutes"],
)
def test_sessions_of_other_kinds(repetition, rest, count):
    found = run_of((1500, 2.9), *[repetition, rest] * count, COOL_DOWN, noise=0.2)

    seconds, pace = repetition
    assert len(found.reps) == count
    assert [rep.distance_m for rep in found.reps] == pytest.approx([seconds * pace] * count, rel=0.08)


def test_a_pyramid_is_found_whole():
    steps = [60, 120, 180, 240, 180, 120, 60]
    found = run_of(WARM_UP, *[part for s in steps for part in ((s, 4.3), (90, 2.7))], COOL_DOWN, noise=0.2)

    assert [rep.duration_s for rep in found.reps] == pytest.approx(steps, abs=3)


def test_repetitions_alone_in_their_file_are_known_by_being_alike():
    assert len(run_of(*[(84, 4.75), (90, None)] * 10, noise=0.2).reps) == 10
    assert len(run_of(*[(220, 4.55), (120, 0.0)] * 5, noise=0.2).reps) == 5


def test_a_short_dip_does_not_cut_a_repetition():
    halves = [(40, 4.8), (4, 3.6), (40, 4.8), (90, 2.2)]

    assert len(run_of(WARM_UP, *halves * 6, COOL_DOWN).reps) == 6


RNG = np.random.default_rng(7)
LIGHTS = [part for s in RNG.exponential(200, 14) for part in ((30 + int(s), 3.1), (int(RNG.uniform(15, 60)), 0.0))]
ROLLING = [(int(s), float(v)) for s, v in zip(RNG.uniform(60, 300, 20), RNG.uniform(2.6, 3.3, 20), strict=True)]


@pytest.mark.parametrize(
    "parts",
    [
        [(3600, 3.0)],
        [(60, 2.6 + 0.02 * k) for k in range(60)],
        LIGHTS,
        [(s, v or None) for s, v in LIGHTS],
        ROLLING,
        [(9000, 3.6), (3000, 3.2)],
        [(1400, 3.5), (20, 1.5)] * 8,
        [(500, 3.0), (30, 1.5)] * 12,
        [(240, 2.4), (60, 1.5)] * 10,
        [(600, 2.8), (300, 0.0), (1300, 3.9), (120, 0.0), (600, 2.7)],
    ],
    ids=[
        "steady",
        "progressive",
        "traffic lights",
        "traffic lights, watch stopped",
        "rolling",
        "marathon, slowing",
        "marathon, walking at the aid stations",
        "walking breaks",
        "run and walk, slowly",
        "one race between jogs",
    ],
)
def test_what_is_no_session_has_no_repetitions(parts):
    assert run_of(*parts, noise=0.2).reps == ()


def test_repetitions_lie_in_order_and_within_the_run():
    found = run_of(WARM_UP, *[(40, 5.0), (60, None)] * 8, COOL_DOWN, noise=0.3)

    assert all(a.end_s + (a.rest_s or 0) == b.start_s for a, b in zip(found.reps, found.reps[1:], strict=False))
    assert all(rep.duration_s >= 15 and rep.distance_m >= 80 for rep in found.reps)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(1, 60), st.floats(0, 13)), min_size=1, max_size=8))
def test_whatever_was_run_bands_add_up_and_nothing_is_impossible(parts):
    found = run_of((5, 3.0), *parts)

    assert sum(found.profile_m) == pytest.approx(found.distance_m)
    assert 0 <= found.moving_s <= 5 + sum(seconds for seconds, _ in parts)
    assert found.best_20s_m_s is None or 0 <= found.best_20s_m_s <= 12.0 + 1e-6


@settings(max_examples=8)
@given(st.integers(11, 5000), st.integers(100, 800))
def test_a_pause_changes_neither_metres_nor_bands(seconds, at):
    whole, parted = run_of((900, 3.0)), run_of((at, 3.0), (seconds, None), (900 - at, 3.0))

    assert parted.distance_m == pytest.approx(whole.distance_m, abs=3.01)
    assert parted.moving_s == pytest.approx(whole.moving_s, abs=1)
