"""What the next run may be."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadwatch.domain.ceilings import next_run_ceiling
from loadwatch.domain.rules import judge
from tests.unit.domain.build import DAY_0, every_other_day, run


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
