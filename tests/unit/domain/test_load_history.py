"""Weeks beside their own usual, what hurt on which day, and what of a time is not known."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.load_history import (
    Days,
    Pain,
    context_numbers,
    pain_by_day,
    unknown_days,
    weekly_loads,
    weeks_of,
)
from loadwatch.domain.loads import RunLoad
from loadwatch.domain.symptoms import SymptomReport
from tests.unit.domain.build import DAY_0, run

MONDAY = DAY_0.date()
LATER = MONDAY + timedelta(days=1000)
TODAY = MONDAY + timedelta(weeks=40)


def week(n: int, km: float, hill_m: float | None = 50.0) -> RunLoad:
    """The one run of the n-th week."""
    return RunLoad(replace(run(7 * n, km), ascent_m=None), hill_m, None, None, None, 0.0)


def shown(first: int, last: int) -> Days:
    return Days(MONDAY + timedelta(weeks=first), MONDAY + timedelta(weeks=last, days=6))


# weeks


def test_a_week_s_usual_is_the_middle_half_of_the_twelve_before():
    """10 to 32 km in twelve weeks: a quarter of the way from 10 to 32 is 15.5, three quarters 26.5."""
    loads = [week(n, 10 + 2 * n) for n in range(12)] + [week(12, 50)]

    [last] = weekly_loads(loads, shown(12, 12), [], TODAY)

    assert last.mileage.value_m == 50_000
    assert last.mileage.usual_m == pytest.approx((15_500, 26_500))


def test_with_three_weeks_known_nothing_is_usual_yet():
    before_first = Days(MONDAY - timedelta(weeks=20), MONDAY - timedelta(days=1))
    loads = [week(n, 10) for n in range(5)]

    found = weekly_loads(loads, shown(0, 4), [before_first], TODAY)

    assert [w.mileage.usual_m for w in found] == [None, None, None, None, (10_000, 10_000)]


def test_a_week_without_a_run_is_nothing_where_all_is_known_and_unknown_where_not():
    rest, away = shown(1, 1), shown(2, 2)

    first, second, third = weekly_loads([week(0, 10)], Days(MONDAY, away.last), [away], TODAY)

    assert first.mileage.value_m == 10_000
    assert (second.mileage.value_m, second.hills.value_m, second.is_whole) == (0, 0, True)
    assert (third.mileage.value_m, third.hills.value_m, third.is_whole) == (None, None, False)
    assert rest.last < away.first


def test_a_week_whose_run_does_not_tell_of_hills_has_no_hills_not_none_of_them():
    [found] = weekly_loads([week(0, 10, hill_m=None)], shown(0, 0), [], TODAY)

    assert (found.hills.value_m, found.hills.known_runs, found.hills.n_runs) == (None, 0, 1)
    assert found.fast.value_m is None
    assert found.track.value_m == 0


def test_an_unfinished_week_is_no_part_of_what_is_usual():
    loads = [week(n, 10) for n in range(5)]
    wednesday = MONDAY + timedelta(weeks=4, days=2)

    found = weekly_loads(loads, shown(0, 5), [shown(-12, -1)], wednesday)

    assert [w.is_whole for w in found] == [True] * 4 + [False, False]
    assert found[5].mileage.usual_m == (10_000, 10_000)
    assert found[5].mileage.value_m is None


def test_the_weeks_of_some_days_are_all_that_share_one_with_them():
    assert weeks_of(Days(date(2026, 1, 4), date(2026, 1, 5))) == [IsoWeek(2026, 1), IsoWeek(2026, 2)]


# what is not known


def test_before_the_first_run_and_after_what_is_counted_nobody_knows():
    year = Days(date(2026, 1, 1), date(2026, 12, 31))

    found = unknown_days(year, date(2026, 3, 2), date(2026, 11, 20), all_known=False)

    assert found == [Days(date(2026, 1, 1), date(2026, 3, 1)), Days(date(2026, 11, 21), date(2026, 12, 31))]


def test_with_all_there_only_the_time_before_the_first_run_is_unknown():
    year = Days(date(2026, 1, 1), date(2026, 12, 31))

    assert unknown_days(year, date(2020, 1, 1), None, all_known=True) == []
    assert unknown_days(year, date(2026, 1, 3), None, all_known=True) == [Days(date(2026, 1, 1), date(2026, 1, 2))]


def test_with_something_awaited_of_any_day_or_no_run_at_all_no_day_is_known():
    year = Days(date(2026, 1, 1), date(2026, 12, 31))

    assert unknown_days(year, date(2020, 1, 1), None, all_known=False) == [year]
    assert unknown_days(year, None, None, all_known=True) == [year]


# what hurt


def told(day: int, side, pain: int | None, **more) -> SymptomReport:
    at = datetime(2026, 3, day, 18, tzinfo=UTC)
    regions = frozenset({"PM"}) if side else frozenset()
    return SymptomReport(id=day, at=at, local_date=at.date(), side=side, regions=regions, pain_today=pain, **more)


def on(day: int, side, worst: int | None) -> Pain:
    return Pain(date(2026, 3, day), side, worst)


def test_pain_stands_on_its_side_and_a_check_in_of_no_pain_on_both():
    found = pain_by_day([told(2, "left", 3), told(3, None, 0), told(4, "both_equal", 2)])

    assert found == [
        *(on(2, "left", 3), on(3, "left", 0), on(3, "right", 0)),
        *(on(4, "left", 2), on(4, "right", 2)),
    ]


def test_of_several_check_ins_of_a_day_the_worst_counts():
    assert pain_by_day([told(2, "left", 5), told(2, "left", 1), told(2, None, 0)]) == [
        on(2, "left", 5),
        on(2, "right", 0),
    ]


def test_pain_without_a_number_is_no_zero():
    assert pain_by_day([told(2, "right", None)]) == [on(2, "right", None)]
    assert pain_by_day([told(2, "right", None), told(2, "right", 0, signs=frozenset())])[0].worst is None


# context


def daily(km: float, days: int) -> list[RunLoad]:
    return [RunLoad(run(day, km), None, None, None, None, None) for day in range(days)]


def test_somebody_who_runs_the_same_each_day_has_ratios_of_one_and_no_monotony():
    found = context_numbers(daily(10, 60), MONDAY + timedelta(days=59), MONDAY)

    assert (found.acwr_coupled, found.acwr_uncoupled) == (1.0, 1.0)
    assert found.acwr_ewma == pytest.approx(1.0)
    assert found.monotony is None
    assert (found.atl_m, found.ctl_m) == (pytest.approx(10_000), pytest.approx(10_000))


def test_the_long_mean_fades_by_a_forty_second_a_day():
    """42 days of 10 km and a day of rest: corrected for its start, the weights of both add up to one."""
    last = MONDAY + timedelta(days=42)
    found = context_numbers(daily(10, 42), last, MONDAY)

    fading = 1 - 1 / 42
    assert found.ctl_m == pytest.approx(10_000 * fading * (1 - fading**42) / (1 - fading**43))


def test_a_short_history_has_no_ratios():
    found = context_numbers(daily(10, 10), MONDAY + timedelta(days=9), MONDAY)

    assert (found.acwr_coupled, found.acwr_uncoupled, found.acwr_ewma, found.ctl_m) == (None,) * 4
    assert found.atl_m == pytest.approx(10_000)


def test_before_the_first_run_there_is_no_context():
    assert context_numbers([], LATER, None) is None
    assert context_numbers(daily(10, 3), MONDAY - timedelta(days=1), MONDAY) is None
