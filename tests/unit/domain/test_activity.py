"""Which distances count: GPS jumps, runs recorded twice, sports that are no running."""

import math
from dataclasses import replace
from datetime import timedelta
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.domain.activity import Run, Streams, counted, distance_is_trusted, implausible_share, longest_m
from tests.unit.domain.build import DAY_0, run

NAN = math.nan


def recorded(time_s: list[float], distance_m: list[float] | None) -> Streams:
    return Streams(tuple(time_s), distance_m=None if distance_m is None else tuple(distance_m))


def second_by_second(steps_m: list[float]) -> Streams:
    return recorded([float(t) for t in range(len(steps_m) + 1)], [0.0, *accumulate(steps_m)])


def minutes_late(minutes: float, km: float, *, lasting: float, run_id: int) -> Run:
    return replace(run(0, km, run_id=run_id, minutes=lasting), start=DAY_0 + timedelta(minutes=minutes))


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


# which runs count


def test_only_runs_with_a_trusted_distance_count():
    road, trail, treadmill = run(1, 5), run(2, 6, sport="TrailRun"), run(3, 7, sport="VirtualRun")
    others = [
        run(4, 5, sport="Walk"),
        run(5, 5, sport="Ride"),
        run(6, 5, sport="run"),
        run(7, None),
        run(8, 0),
        replace(run(9, 5), distance_trusted=False),
    ]

    assert counted([*others, treadmill, trail, road]) == [road, trail, treadmill]


@pytest.mark.parametrize("watch_first", [True, False])
def test_of_watch_and_phone_the_longer_recording_stays(watch_first):
    watch, phone = minutes_late(0, 10.2, lasting=60, run_id=1), minutes_late(1, 10.0, lasting=60, run_id=2)

    assert counted([watch, phone] if watch_first else [phone, watch]) == [watch]


def test_the_longer_one_stays_when_it_is_the_later_one_too():
    watch, phone = minutes_late(1, 10.2, lasting=60, run_id=1), minutes_late(0, 10.0, lasting=60, run_id=2)

    assert counted([watch, phone]) == [watch]


def test_of_two_equally_long_recordings_one_stays():
    a, b = minutes_late(0, 10, lasting=60, run_id=1), minutes_late(0, 10, lasting=60, run_id=2)

    assert counted([b, a]) == [a]


def test_seven_tenths_of_the_shorter_ones_time_are_not_yet_a_duplicate():
    first = minutes_late(0, 10, lasting=60, run_id=1)

    assert len(counted([first, minutes_late(18, 9, lasting=60, run_id=2)])) == 2  # 42 of 60 min
    assert len(counted([first, minutes_late(17, 9, lasting=60, run_id=2)])) == 1  # 43 of 60 min


def test_a_short_file_within_a_long_run_is_part_of_it():
    whole, lap = minutes_late(0, 20, lasting=120, run_id=1), minutes_late(50, 2, lasting=10, run_id=2)

    assert counted([whole, lap]) == [whole]


def test_one_long_recording_stands_for_several_short_ones():
    first, second = minutes_late(0, 4, lasting=25, run_id=1), minutes_late(30, 4, lasting=25, run_id=2)
    whole = minutes_late(1, 9, lasting=56, run_id=3)

    assert counted([first, second, whole]) == [whole]


def test_a_recording_that_does_not_count_displaces_none_that_does():
    phone = minutes_late(0, 10, lasting=60, run_id=1)
    jumpy_watch = replace(minutes_late(0, 55, lasting=60, run_id=2), distance_trusted=False)
    bike_computer = replace(minutes_late(0, 30, lasting=60, run_id=3), sport="Ride")

    assert counted([jumpy_watch, bike_computer, phone]) == [phone]


def test_runs_one_after_the_other_are_two():
    assert len(counted([minutes_late(0, 5, lasting=30, run_id=1), minutes_late(30, 5, lasting=30, run_id=2)])) == 2


def test_a_run_of_unknown_length_of_time_is_nobodys_duplicate():
    timed = minutes_late(0, 10, lasting=60, run_id=1)
    untimed = replace(minutes_late(10, 5, lasting=0, run_id=2), moving_s=None, elapsed_s=None)

    assert counted([timed, untimed]) == [timed, untimed]


def test_a_run_ends_after_its_pauses():
    with_pauses = replace(run(0, 5), moving_s=1800.0, elapsed_s=2400.0)

    assert with_pauses.end == DAY_0 + timedelta(minutes=40)
    assert replace(with_pauses, elapsed_s=None).end == DAY_0 + timedelta(minutes=30)
    assert replace(with_pauses, elapsed_s=None, moving_s=None).end == DAY_0


def test_the_longest_of_no_runs_is_nothing():
    assert longest_m([]) == 0
    assert longest_m([run(0, 5), run(1, None), run(2, 7)]) == 7_000


crowded_days = st.lists(st.tuples(st.floats(0, 300), st.floats(0.5, 30), st.floats(0, 120)), max_size=12).map(
    lambda rows: [minutes_late(at, km, lasting=lasts, run_id=i) for i, (at, km, lasts) in enumerate(rows)]
)


@settings(max_examples=25)
@given(crowded_days, st.randoms())
def test_what_counts_depends_neither_on_order_nor_on_counting_twice(runs, random):
    once = counted(runs)
    random.shuffle(runs)

    assert counted(runs) == once
    assert counted(once) == once
    assert [r.start for r in once] == sorted(r.start for r in once)
    if runs:
        assert longest_m(once) == longest_m(runs)  # the longest is never the one that is dropped


def test_two_runs_of_a_day_whose_start_is_hidden_are_two_runs():
    morning = replace(run(0, 12, run_id=1), start_hidden=True)
    evening = replace(run(0, 8, run_id=2), start_hidden=True)

    assert counted([morning, evening]) == [morning, evening]
    assert counted([replace(morning, start_hidden=False), replace(evening, start_hidden=False)]) != [morning, evening]
