"""Which distances count: runs recorded twice, sports that are no running."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.domain.activity import Run, counted, longest_m, recordings
from tests.unit.domain.build import DAY_0, run


def minutes_late(minutes: float, km: float, *, lasting: float, run_id: int) -> Run:
    return replace(run(0, km, run_id=run_id, minutes=lasting), start=DAY_0 + timedelta(minutes=minutes))


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


# what tells only its day, as Strava does where the start is hidden


def hidden(km: float, *, lasting: float, run_id: int, day: int = 0) -> Run:
    """Begins a second past midnight, as far as it tells."""
    known = run(day, km, run_id=run_id, minutes=lasting)
    return replace(known, start=known.start.replace(hour=0, second=1), start_hidden=True)


def test_a_recording_that_hides_its_start_is_the_run_of_its_day_with_its_distance_and_time():
    on_strava, watch = hidden(10.1, lasting=60.2, run_id=1), run(0, 10.0, run_id=2, minutes=60)

    assert counted([on_strava, watch]) == [watch]  # the one that tells its hour stays, though it is shorter
    assert counted([watch, on_strava]) == [watch]


def test_a_recording_that_hides_its_start_is_no_run_of_another_distance_time_or_day():
    on_strava = hidden(10, lasting=60, run_id=1)
    others = [
        run(0, 10.3, run_id=2, minutes=60),  # 3 % longer
        run(0, 10.0, run_id=3, minutes=62),
        run(1, 10.0, run_id=4, minutes=60),
        run(-1, 10.0, run_id=5, minutes=60),
        replace(run(0, 10.0, run_id=6), elapsed_s=None, moving_s=None),
    ]

    assert [len(counted([on_strava, other])) for other in others] == [2] * 5


def test_there_and_back_on_one_way_are_two_runs_from_each_source():
    there, back = minutes_late(0, 8.00, lasting=45, run_id=1), minutes_late(600, 8.05, lasting=45.3, run_id=2)
    hidden_there, hidden_back = hidden(8.01, lasting=45, run_id=3), hidden(8.06, lasting=45.3, run_id=4)

    everything = [hidden_back, hidden_there, there, back]

    assert counted(everything) == [there, back]
    assert [[r.id for r in each] for each in recordings(everything)] == [[1, 3], [2, 4]]
    assert len(counted([there, hidden_there, hidden_back])) == 2  # one recording is not both of them


def test_a_file_read_twice_and_a_hidden_copy_are_one_run():
    fit, gpx = run(0, 10.2, run_id=1, minutes=60), run(0, 10.0, run_id=2, minutes=60)

    assert counted([hidden(9.95, lasting=60, run_id=3), gpx, fit]) == [fit]


# what the runner says


def test_what_the_runner_prefers_counts_though_it_is_shorter():
    watch, phone = minutes_late(0, 10.2, lasting=60, run_id=1), minutes_late(1, 10.0, lasting=60, run_id=2)
    phone, on_strava = replace(phone, preferred=True), hidden(10.1, lasting=60, run_id=3)

    assert counted([watch, phone, on_strava]) == [phone]
    assert counted([watch, replace(on_strava, preferred=True)]) == [replace(on_strava, preferred=True)]


def test_recordings_that_the_runner_told_apart_both_count():
    mine, hers = minutes_late(0, 10.2, lasting=60, run_id=1), minutes_late(1, 10.0, lasting=60, run_id=2)

    assert len(counted([mine, hers])) == 1
    assert len(counted([replace(mine, told_apart=1), replace(hers, told_apart=2)])) == 2
    assert len(counted([replace(mine, told_apart=1), hers])) == 1
    hidden_copy = hidden(10.1, lasting=60, run_id=3)
    assert len(counted([replace(mine, told_apart=1), replace(hidden_copy, told_apart=3)])) == 2


@pytest.mark.parametrize("late", [-1, 0.5, 2])
@pytest.mark.parametrize("km", [9, 11])
def test_a_third_recording_does_not_join_two_that_were_told_apart(late, km):
    mine = replace(minutes_late(0, 10.2, lasting=60, run_id=1), told_apart=1)
    hers = replace(minutes_late(1, 10.0, lasting=60, run_id=2), told_apart=2)

    assert len(counted([mine, hers, minutes_late(late, km, lasting=60, run_id=3)])) == 2
    again = replace(minutes_late(late, km, lasting=60, run_id=3), told_apart=1)
    assert len(counted([mine, hers, again])) == 2
