"""Ratios and levels of one run, its session, and the runs it is measured against."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.domain.spikes import (
    baseline,
    longest_before,
    pre_break_longest_m,
    return_level,
    session_spike,
    sessions,
    spike_level,
)
from tests.unit.domain.build import DAY_0, every_other_day, run


def at(day: float):
    return DAY_0 + timedelta(days=day)


def days_of(runs) -> list[float]:
    return [round((r.start - DAY_0) / timedelta(days=1), 3) for r in runs]


# ratio and level


def test_the_ratio_is_taken_to_the_longest_not_to_the_last_or_the_mean():
    assert session_spike(13_000, [5_000, 12_000, 8_000]) == pytest.approx(1.083333, abs=1e-6)


def test_a_ratio_of_one_point_three_with_a_remainder_in_binary_is_one_point_three():
    assert 10_401.560000000001 / 8_001.2 > 1.3  # the trap

    assert session_spike(10_401.560000000001, [8_001.2]) == 1.3
    assert spike_level(10_401.560000000001, [8_001.2]) == 1


def test_without_a_longer_than_zero_run_there_is_no_ratio():
    assert session_spike(10_000, []) is None
    assert session_spike(10_000, [0.0, 0.0]) is None


def test_a_run_of_no_length_is_no_jump():
    assert session_spike(0.0, [10_000]) == 0


@pytest.mark.parametrize(
    ("distance_m", "previous_m"), [(-1, [5_000]), (5_000, [-1]), (math.nan, [5_000]), (5_000, [4_000, math.nan])]
)
def test_a_negative_distance_or_none_at_all_is_an_error(distance_m, previous_m):
    with pytest.raises(ValueError, match="distances must be >= 0"):
        session_spike(distance_m, previous_m)
    with pytest.raises(ValueError, match="distances must be >= 0"):
        spike_level(distance_m, previous_m)


@pytest.mark.parametrize(
    ("distance_m", "longest_m", "level"),
    [
        (16_500, 15_000, 0),  # 1.10: the band begins above
        (16_501, 15_000, 1),
        (19_500, 15_000, 1),  # 1.30
        (19_501, 15_000, 2),
        (30_000, 15_000, 2),  # 2.00
        (30_001, 15_000, 3),
        (11_499, 10_000, 0),  # 1.15, but not 1.5 km more
        (11_500, 10_000, 1),
        (4_999, 2_000, 0),  # under 5 km
        (5_000, 2_000, 3),
    ],
)
def test_levels_by_band_with_both_floors(distance_m, longest_m, level):
    assert spike_level(distance_m, [longest_m, 1_000]) == level


@pytest.mark.parametrize(
    ("distance_m", "longest_m", "level"), [(2_999, 1_000, 0), (3_000, 1_000, 3), (3_999, 3_000, 0), (4_000, 3_000, 2)]
)
def test_levels_of_somebody_new_to_running(distance_m, longest_m, level):
    assert spike_level(distance_m, [longest_m], novice=True) == level
    assert spike_level(distance_m, [longest_m]) == 0


def test_without_a_baseline_there_is_no_level():
    assert spike_level(30_000, []) == 0
    assert spike_level(30_000, [0.0]) == 0


distances = st.floats(0, 100_000)


@settings(max_examples=25)
@given(distances, st.lists(distances, max_size=8), st.randoms())
def test_shorter_runs_and_their_order_do_not_touch_the_ratio(distance_m, previous_m, random):
    ratio = session_spike(distance_m, previous_m)
    others = [*previous_m, *(d / 2 for d in previous_m)]
    random.shuffle(others)

    assert session_spike(distance_m, others) == ratio
    assert ratio is None or 0 <= ratio < math.inf or max(previous_m) < 1


@settings(max_examples=25)
@given(st.floats(1_000, 100_000), st.floats(1_000, 100_000))
def test_the_ratio_is_the_same_in_miles(distance_m, longest_m):
    in_miles = session_spike(distance_m / 1609.344, [longest_m / 1609.344])

    assert in_miles == pytest.approx(session_spike(distance_m, [longest_m]), abs=2e-9)


# sessions


def test_files_less_than_two_hours_apart_are_one_session():
    warm_up = run(0, 3, minutes=20)  # 07:00 to 07:20
    race = run(139 / 1440, 10, minutes=40)  # 09:19

    assert sessions([warm_up, race]) == [(warm_up, race)]


def test_files_two_hours_apart_are_two_sessions():
    first, second = run(0, 3, minutes=20), run(140 / 1440, 10, minutes=40)  # 09:20

    assert sessions([first, second]) == [(first,), (second,)]


def test_the_gap_is_measured_from_the_last_file_not_from_the_first():
    files = [run(hour / 24, 5, minutes=30) for hour in (0, 2, 4)]

    assert sessions(files) == [tuple(files)]


def test_a_new_local_day_begins_a_new_session():
    before = replace(run(0, 5, minutes=20), start=at(0.7))
    after = replace(run(0, 5, minutes=20, run_id=2), start=at(0.72), local_date=at(1).date())

    assert sessions([before, after]) == [(before,), (after,)]


def test_no_runs_are_no_sessions():
    assert sessions([]) == []


# the runs to compare with


def test_the_thirty_days_begin_to_the_second():
    runs = [run(9.99, 5), run(10, 5), run(20, 5), run(30, 5)]

    assert days_of(baseline(runs, at(40))) == [10, 20, 30]


def test_what_lies_before_a_break_is_left_out():
    runs = [run(12, 20), run(14, 20), run(28.1, 5), run(30, 5)]

    assert days_of(baseline(runs, at(32))) == [28.1, 30]


def test_a_gap_of_just_under_fourteen_days_is_no_break():
    assert days_of(baseline([run(12, 20), run(25.99, 5)], at(30))) == [12, 25.99]
    assert days_of(baseline([run(12, 20), run(26, 5)], at(30))) == [26]


def test_straight_after_a_break_there_is_nothing_to_compare_with():
    assert baseline(every_other_day(0, 20, 10), at(34)) == []
    assert baseline([], at(0)) == []


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(st.sampled_from([0, 0.4, 1, 3, 13.9, 14, 29, 31]), st.sampled_from([3, 5, 5.1, 9])), max_size=25
    )
)
def test_the_longest_of_each_baseline_of_a_history_is_that_of_the_baseline_alone(steps):
    day, runs = 0.0, []
    for i, (gap, km) in enumerate(steps):
        day += gap
        runs.append(run(day, km, run_id=i))

    longest = [max((r.distance_m for r in baseline(runs[:i], r.start)), default=None) for i, r in enumerate(runs)]
    assert longest_before(runs) == longest


# return after a break


@pytest.mark.parametrize(
    ("distance_m", "gap_days", "longest_m", "level"),
    [
        (8_000, 33, 16_000, 2),  # the worked example: over 5 km after 28 days
        (5_000, 33, 16_000, 1),
        (5_001, 28, 16_000, 2),
        (5_001, 27.9, 16_000, 1),
        (8_000, 14, 16_000, 1),  # exactly half
        (8_001, 14, 16_000, 2),
        (3_000, 40, 4_000, 2),
    ],
)
def test_level_of_the_first_run_back(distance_m, gap_days, longest_m, level):
    assert return_level(distance_m, gap_days, longest_m) == level


def test_thirteen_days_are_no_break_to_return_from():
    with pytest.raises(ValueError, match="no break"):
        return_level(8_000, 13.9, 16_000)


def test_the_longest_run_before_a_break_is_sought_in_the_ninety_days_up_to_the_last_run():
    assert pre_break_longest_m([run(0, 30), run(0.01, 20), run(90.005, 5)]) == 20_000
    assert pre_break_longest_m([run(0, 30), run(90, 5)]) == 30_000
    assert pre_break_longest_m([]) == 0
