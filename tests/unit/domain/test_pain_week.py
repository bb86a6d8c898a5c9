"""NOON is Monday 1 June 2026, the first day of week 23; a report of day 6 is of its Sunday."""

import pytest

from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.pain_week import PainOn, PainWeek, pain_week, pain_week_text, pain_weeks
from loadwatch.domain.symptoms import SymptomReport, problems
from tests.unit.domain.symptoms_build import NOON, gone, report

WEEK = IsoWeek(2026, 23)


def week_of(*reports: SymptomReport) -> PainWeek:
    return pain_week(problems(reports)[0], reports, WEEK)


def on(day: int, pain: int) -> PainOn:
    return PainOn(report(day).local_date, pain)


@pytest.mark.parametrize(
    ("first", "last", "trend"), [(4, 2, "better"), (4, 3, "same"), (4, 4, "same"), (3, 4, "same"), (3, 5, "worse")]
)
def test_it_takes_two_points_to_be_better_or_worse(first: int, last: int, trend: str) -> None:
    told = week_of(report(0, pain_today=first), report(5, pain_today=last))

    assert (told.trend, told.first, told.last) == (trend, on(0, first), on(5, last))
    assert told.n_told == 2


def test_each_pain_is_held_against_its_own_kind() -> None:
    """4 on the run and 2 in the morning is no relief: mornings tell nothing of runs."""
    told = week_of(report(0, pain_run=4), report(1, pain_morning=2))

    assert told.trend is None
    assert told.worst == 4


def test_what_got_worse_goes_before_what_got_better() -> None:
    told = week_of(report(0, pain_today=5, pain_run=1), report(4, pain_today=1, pain_run=4))

    assert (told.trend, told.measure, told.first, told.last) == ("worse", "run", on(0, 1), on(4, 4))


def test_nothing_is_better_while_another_kind_rises_by_a_step() -> None:
    assert week_of(report(0, pain_today=5, pain_morning=1), report(4, pain_today=1, pain_morning=2)).trend == "same"


def test_the_worst_of_the_week_is_kept_though_its_ends_are_low() -> None:
    told = week_of(report(0, pain_today=2), report(3, pain_today=7), report(6, pain_today=2))

    assert (told.trend, told.worst) == ("same", 7)
    assert "The worst of the week was 7." in pain_week_text(told)


def test_of_a_day_told_twice_the_worse_counts() -> None:
    assert week_of(report(0.0, pain_today=2), report(0.2, pain_today=5), report(6, pain_today=5)).first == on(0, 5)


def test_a_single_word_is_held_against_the_last_of_the_week_before() -> None:
    told = week_of(report(-4, pain_today=5), report(2, pain_today=2))

    assert (told.trend, told.first, told.last) == ("better", on(-4, 5), on(2, 2))
    assert told.n_told == 1


def test_a_word_of_more_than_a_week_before_is_too_old_to_compare_with() -> None:
    """Wednesday's against that of the Tuesday of the week before: 8 days."""
    told = week_of(report(-6, pain_today=5), report(2, pain_today=2))

    assert (told.trend, told.first) == (None, None)
    assert pain_week_text(told) == "Pain by day 2 of 10 on Wed 3 Jun. Told once."


def test_mornings_that_are_a_step_above_those_of_the_week_before_are_rising() -> None:
    """Medians 1 and 2: the pain-monitoring model wants no increase from week to week."""
    mornings = [(-6, 1), (-4, 1), (-2, 1), (1, 2), (3, 2), (5, 2)]
    told = week_of(*(report(day, pain_morning=pain) for day, pain in mornings))

    assert told.trend == "rising"
    assert (
        pain_week_text(told) == "The mornings are worse than those of the week before: 2 on Sat 6 Jun. Told 3 times."
    )


def test_a_painless_check_in_counts_as_none() -> None:
    told = week_of(report(0, pain_today=3), report(4, side=None, regions=[], pain_today=0))

    assert (told.trend, told.last, told.n_told) == ("better", on(4, 0), 2)


def test_a_week_of_silence_is_called_so() -> None:
    told = week_of(report(-3, pain_today=4))

    assert (told.n_told, told.trend, told.last, told.worst) == (0, None, None, None)
    assert pain_week_text(told) == "You did not tell this week how it is."


def test_without_a_number_no_number_is_told() -> None:
    assert pain_week_text(week_of(report(2))) == "No number was told. Told once."


def test_what_the_other_side_does_is_another_problem() -> None:
    assert week_of(report(0, pain_today=4), report(4, side="right", pain_today=1)).n_told == 1


def test_what_went_in_the_week_is_told_with_its_day_and_once() -> None:
    before = (report(-9, pain_today=4), gone(-8))
    reports = (*before, report(0, pain_today=2), gone(3, side="left"))
    told = pain_weeks(problems(reports), reports, WEEK)

    assert [t.gone_on for t in told] == [report(3).local_date]
    assert pain_week_text(told[0]) == "You said on Thu 4 Jun that it is gone."


def test_the_place_and_the_days_are_said() -> None:
    told = week_of(report(0, pain_run=2), report(6, pain_run=6))

    assert told.place == "Left back of the thigh"
    assert pain_week_text(told) == (
        "Worse: pain while running went from 2 (Mon 1 Jun) to 6 (Sun 7 Jun). Told 2 times."
    )
    assert NOON.isoweekday() == 1
