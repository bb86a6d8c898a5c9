"""What the next run may be."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.domain.ceilings import next_fast_ceiling, next_hill_ceiling, next_run_ceiling
from loadwatch.domain.rules import EarlierHistory, judge
from tests.unit.domain.build import DAY_0, every_other_day, run
from tests.unit.domain.loads_build import loaded


def at(day: float):
    return DAY_0 + timedelta(days=day)


def test_a_tenth_more_than_the_longest_run_of_thirty_days():
    ceiling = next_run_ceiling([*every_other_day(0, 38, 8), run(30.5, 15)], as_of=at(40))

    assert ceiling.basis == "longest_30d"
    assert ceiling.distance_m == pytest.approx(16_500)
    assert ceiling.speaks_above_m == pytest.approx(16_500)


def test_short_runs_may_grow_by_a_tenth_and_the_rule_keeps_quiet_up_to_its_floors():
    ceiling = next_run_ceiling(every_other_day(0, 38, 3), as_of=at(40))

    assert ceiling.distance_m == pytest.approx(3_300)
    assert ceiling.speaks_above_m == 5_000


def test_for_a_week_after_a_jump_the_ceiling_is_what_was_usual_before_it():
    runs = [*every_other_day(0, 38, 10), run(40, 16)]

    after = next_run_ceiling(runs, as_of=at(41))
    later = next_run_ceiling([*runs, run(44, 8)], as_of=at(48))

    assert (after.basis, after.distance_m) == ("after_jump", 10_000)
    assert after.speaks_above_m == pytest.approx(17_600)
    assert (later.basis, later.distance_m) == ("longest_30d", pytest.approx(17_600))


def test_a_second_jump_in_the_week_does_not_raise_what_was_usual():
    runs = [*every_other_day(0, 38, 10), run(40, 16), run(42, 20)]

    assert next_run_ceiling(runs, as_of=at(43)).distance_m == 10_000


def test_after_two_weeks_off_half_of_the_longest_run():
    ceiling = next_run_ceiling([*every_other_day(0, 38, 8), run(30.5, 16)], as_of=at(55))

    assert (ceiling.basis, ceiling.distance_m) == ("after_break", 8_000)


def test_after_four_weeks_off_five_kilometres_at_most():
    ceiling = next_run_ceiling([*every_other_day(0, 38, 8), run(30.5, 16)], as_of=at(68))

    assert (ceiling.basis, ceiling.distance_m) == ("after_break", 5_000)


def test_a_long_return_does_not_raise_the_ceiling():
    # 33 days off, then 12 km where 5 km would have been enough.
    runs = [*every_other_day(0, 38, 8), run(30.5, 16), run(71, 12)]

    after = next_run_ceiling(runs, as_of=at(72))

    assert (after.basis, after.distance_m, after.longest_m) == ("after_break", 5_000, 16_000)


def test_after_a_short_return_runs_grow_by_a_tenth():
    runs = [*every_other_day(0, 38, 8), run(30.5, 16), run(71, 5)]

    after = next_run_ceiling(runs, as_of=at(72))

    assert (after.basis, after.distance_m) == ("longest_30d", pytest.approx(5_500))


def test_while_learning_there_is_no_number():
    ceiling = next_run_ceiling(every_other_day(0, 4, 5), as_of=at(6))

    assert (ceiling.basis, ceiling.distance_m, ceiling.longest_m) == ("learning", None, None)
    assert (ceiling.days_to_learn, ceiling.runs_to_learn) == (8, 1)


def test_without_any_run_there_is_no_number():
    ceiling = next_run_ceiling([], as_of=at(0))

    assert (ceiling.basis, ceiling.distance_m, ceiling.days_since_run) == ("learning", None, None)


def test_runs_from_the_moment_on_are_not_looked_at():
    known = every_other_day(0, 38, 8)

    assert next_run_ceiling([*known, run(41, 50)], as_of=at(40)) == next_run_ceiling(known, as_of=at(40))


@given(
    st.lists(
        st.tuples(st.floats(0, 80), st.floats(1, 30)), min_size=5, max_size=30, unique_by=lambda t: round(t[0], 3)
    ),
    st.floats(0.01, 13),
)
def test_a_run_up_to_where_the_rule_speaks_sets_it_off_in_no_case(history, wait):
    runs = [run(day, km, run_id=i, minutes=1) for i, (day, km) in enumerate(history)]
    day = max(d for d, _ in history) + wait
    ceiling = next_run_ceiling(runs, as_of=at(day))
    if ceiling.basis != "learning" and ceiling.days_since_run < 14:
        assert ceiling.speaks_above_m is not None
        # A file of the same day within two hours would be added to it: that is another question.
        if wait > 0.1:
            below = run(day, ceiling.speaks_above_m / 1000 - 0.001, run_id=999)
            above = run(day, ceiling.speaks_above_m / 1000 + 0.001, run_id=999)
            assert [f for f in judge([*runs, below], since=below.start) if f.rule == "R-M1"] == []
            assert [f.rule for f in judge([*runs, above], since=above.start)] == ["R-M1"]


# hills


def easy(first: int, last: int) -> list:
    return [loaded(day) for day in range(first, last + 1, 2)]


@pytest.mark.parametrize(
    ("largest_m", "ceiling_m"),
    [(600, 780), (100, 250), (40, 190), (0, 300)],  # 1.3 times; 150 m more; of none at all the first 300 m
)
def test_the_next_run_may_go_downhill_until_the_rule_would_speak(largest_m, ceiling_m):
    ceiling = next_hill_ceiling([*easy(0, 58), loaded(45.5, hill_m=largest_m)], as_of=at(60))

    assert (ceiling.basis, ceiling.value_m, ceiling.largest_m) == ("usual", pytest.approx(ceiling_m), largest_m)
    assert ceiling.speaks_above_m == ceiling.value_m


def test_for_four_days_after_a_descent_that_was_a_jump_the_ceiling_is_what_was_usual_before():
    runs = [*easy(0, 58), loaded(45.5, hill_m=100), loaded(60, hill_m=700)]

    after = next_hill_ceiling(runs, as_of=at(63))
    later = next_hill_ceiling(runs, as_of=at(64.1))

    assert (after.basis, after.value_m, after.speaks_above_m) == ("after_jump", 100, pytest.approx(910))
    assert (later.basis, later.value_m) == ("usual", pytest.approx(910))


def test_while_learning_there_is_no_downhill_number():
    ceiling = next_hill_ceiling(easy(0, 4), as_of=at(6))

    assert (ceiling.basis, ceiling.value_m, ceiling.days_missing, ceiling.runs_missing) == ("learning", None, 8, 1)


def test_without_altitude_the_number_is_unknown_and_says_how_many_runs_it_takes():
    bare = [run(day, 8) for day in range(0, 59, 6)]  # seven of them in the last 42 days

    ceiling = next_hill_ceiling(bare, as_of=at(60))

    assert (ceiling.basis, ceiling.value_m) == ("unknown", None)
    assert (ceiling.known_runs, ceiling.n_runs, ceiling.runs_missing) == (0, 7, 17)  # 17 of 24


def test_what_lies_before_the_loaded_runs_counts_as_history():
    summary = EarlierHistory(first_start=at(0), n_runs=50)

    assert next_hill_ceiling(easy(52, 58), as_of=at(60), earlier=summary).basis == "usual"
    assert next_hill_ceiling(easy(52, 58), as_of=at(60)).basis == "learning"


# fast running


def test_without_a_fast_run_in_six_weeks_eight_hundred_metres_speak():
    ceiling = next_fast_ceiling(easy(0, 58), as_of=at(60))

    assert (ceiling.basis, ceiling.value_m, ceiling.largest_m) == ("return", 800, 0)


@pytest.mark.parametrize(("largest_m", "ceiling_m"), [(3_000, 3_900), (1_000, 1_400)])
def test_a_session_may_grow_until_the_rule_would_speak(largest_m, ceiling_m):
    ceiling = next_fast_ceiling([*easy(0, 58), loaded(45.5, fast_m=largest_m)], as_of=at(60))

    assert (ceiling.basis, ceiling.value_m, ceiling.largest_m) == ("usual", pytest.approx(ceiling_m), largest_m)


def test_what_was_run_fast_in_the_last_days_is_taken_off():
    # Always 1600 m a week: up to 2000 m in 7 days are no jump.
    tuesdays = [loaded(1.5 + 7 * week, fast_m=1_600) for week in range(12)]
    friday = loaded(81.5, fast_m=900)

    fresh = next_fast_ceiling([*easy(-6, 84), *tuesdays], as_of=at(85))
    tired = next_fast_ceiling([*easy(-6, 84), *tuesdays, friday], as_of=at(85))

    assert (fresh.value_m, tired.value_m) == (pytest.approx(2_000), pytest.approx(1_100))
    assert {fresh.basis, tired.basis} == {"usual_week"}  # one session more would be 1.3 × 1600 m = 2080 m


def test_for_three_days_after_a_jump_there_is_no_fast_running():
    runs = [*easy(0, 58), loaded(45.5, fast_m=1_000), loaded(60, fast_m=3_000)]

    after = next_fast_ceiling(runs, as_of=at(62.9))
    later = next_fast_ceiling(runs, as_of=at(63.1))

    assert (after.basis, after.value_m, after.speaks_above_m) == ("after_jump", 0, pytest.approx(3_900))
    assert (later.basis, later.value_m) == ("usual", pytest.approx(3_900))


def test_without_a_reference_speed_the_number_is_unknown_and_says_how_many_runs_it_takes():
    five = [loaded(day) for day in (0, 10, 20, 30, 40)]

    ceiling = next_fast_ceiling(five, as_of=at(45))

    assert (ceiling.basis, ceiling.value_m, ceiling.runs_missing) == ("unknown", None, 3)
    assert next_fast_ceiling(five, as_of=at(45), five_k_m_s=4.3).value_m == 800


def test_a_history_under_six_weeks_without_fast_running_has_no_number_yet():
    ceiling = next_fast_ceiling(easy(0, 28), as_of=at(30))

    assert (ceiling.basis, ceiling.value_m, ceiling.days_missing) == ("unknown", None, 13)


def test_the_local_day_decides_which_days_the_week_holds():
    # Late on day 85 in a zone west of Greenwich it is day 86 in UTC; the session of day 79 is still in its week.
    tuesdays = [loaded(2.5 + 7 * week, fast_m=1_600) for week in range(-1, 12)]
    runs = [*easy(-6, 84), *tuesdays]

    by_utc = next_fast_ceiling(runs, as_of=at(85.8))
    by_local = next_fast_ceiling(runs, as_of=at(85.8), day=at(85).date())

    assert (by_utc.value_m, by_local.value_m) == (pytest.approx(2_000), pytest.approx(400))


FAST = st.sampled_from([0, 0, 0, 150, 300, 900, 2_500])
DOWN = st.sampled_from([0, 0, 30, 200, 700])


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 120), FAST, DOWN), min_size=9, max_size=45, unique_by=lambda t: t[0]))
def test_a_run_below_the_ceilings_never_speaks_and_one_above_them_does(history):
    runs = [loaded(day, 8, run_id=day, fast_m=fast, hill_m=down) for day, fast, down in history]
    day = max(d for d, _, _ in history) + 1
    hills, fast = next_hill_ceiling(runs, as_of=at(day)), next_fast_ceiling(runs, as_of=at(day))

    def families(fast_m: float, hill_m: float) -> set[str]:
        today = loaded(day, 8, run_id=999, fast_m=fast_m, hill_m=hill_m)
        return {f.family for f in judge([*runs, today], since=today.start)}

    down_m, fast_m = hills.speaks_above_m, fast.speaks_above_m
    assert families((fast_m or 0) - 0.5, (down_m or 0) - 0.5) & {"H", "T"} == set()
    if fast_m is not None:
        assert "T" in families(fast_m + 0.5, 0)
    else:
        assert "T" not in families(7_000, 0)
    if down_m is not None:
        assert "H" in families(0, down_m + 0.5)
    else:
        assert "H" not in families(0, 5_000)
