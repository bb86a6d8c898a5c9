"""What speed is read from samples: GPS jumps, fast metres, repetitions."""

import math
from itertools import accumulate

import numpy as np
import pytest

from loadwatch.domain.activity import Streams
from loadwatch.domain.speed import distance_is_trusted, implausible_share

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
