"""Totals per local day and the weeks of ISO 8601."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.domain.activity import TrackWork
from loadwatch.domain.daily import DayTotal, IsoWeek, day_totals, week_distance_m
from tests.unit.domain.build import run
from tests.unit.domain.loads_build import NOTHING, loaded


def test_a_run_counts_for_the_day_on_the_runners_own_calendar():
    # 23:30 in New York is 04:30 UTC of the next day.
    late = replace(run(0, 10), start=datetime(2026, 3, 3, 4, 30, tzinfo=UTC), local_date=date(2026, 3, 2))

    assert list(day_totals([late])) == [date(2026, 3, 2)]


def test_two_runs_of_a_day_are_summed_and_rest_days_are_absent():
    morning, evening = replace(run(0, 10), ascent_m=100.0), replace(run(0.5, 5), ascent_m=20.5)
    next_but_one = replace(run(2, 8), ascent_m=0.0)

    totals = day_totals([next_but_one, evening, morning])

    assert totals == {
        date(2026, 3, 2): DayTotal(date(2026, 3, 2), 2, 15_000, 5_400, 120.5),  # 6 min a km: 90 min
        date(2026, 3, 4): DayTotal(date(2026, 3, 4), 1, 8_000, 2_880, 0.0),
    }


def test_one_unknown_ascent_makes_the_days_ascent_unknown():
    (total,) = day_totals([replace(run(0, 10), ascent_m=100.0), run(0.5, 5)]).values()

    assert (total.n_runs, total.ascent_m) == (2, None)


def test_hills_and_track_of_a_day_are_sums_over_its_runs():
    on_track = loaded(0.5, hill_m=30.0, track=TrackWork(True, distance_m=4_000.0, laps=10))

    (total,) = day_totals([loaded(0, hill_m=100.0), on_track]).values()

    assert (total.descent_m, total.eccentric_load_m, total.track_m) == (130, 130, 4_000)


def test_one_run_that_does_not_tell_makes_the_days_hills_and_track_unknown():
    (total,) = day_totals([loaded(0, hill_m=100.0), run(0.5, 5)]).values()

    assert (total.descent_m, total.eccentric_load_m, total.track_m) == (None, None, None)


def test_a_treadmill_adds_nothing_and_hides_nothing():
    treadmill = replace(run(0.5, 5), features=NOTHING)

    (total,) = day_totals([loaded(0, hill_m=100.0, ascent_m=90.0), treadmill]).values()
    (indoors,) = day_totals([treadmill]).values()

    assert (total.ascent_m, total.descent_m, total.eccentric_load_m, total.track_m) == (90, 100, 100, 0)
    assert (indoors.ascent_m, indoors.descent_m, indoors.track_m) == (0, 0, 0)


def test_a_run_without_a_time_adds_its_distance_alone():
    (total,) = day_totals([run(0, 10), replace(run(0.5, 5), moving_s=None)]).values()

    assert (total.distance_m, total.moving_s) == (15_000, 3_600)


def test_other_sports_duplicates_and_unmeasured_runs_add_nothing():
    runs = [run(0, 10, run_id=1), run(0.001, 9.9, run_id=2), run(0.3, 40, sport="Ride"), run(0.6, None)]

    (total,) = day_totals(runs).values()

    assert (total.n_runs, total.distance_m) == (1, 10_000)


def test_no_runs_have_no_days():
    assert day_totals([]) == {}


# weeks; all by the calendar on the wall


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2026, 11, 22), "2026-W47"),  # a Sunday
        (date(2026, 11, 23), "2026-W48"),
        (date(2026, 12, 31), "2026-W53"),  # a Thursday: 2026 has 53 weeks
        (date(2027, 1, 1), "2026-W53"),
        (date(2027, 1, 3), "2026-W53"),
        (date(2027, 1, 4), "2027-W01"),
        (date(2025, 12, 29), "2026-W01"),
        (date(2025, 12, 28), "2025-W52"),
        (date(2024, 12, 30), "2025-W01"),
        (date(2021, 1, 3), "2020-W53"),
    ],
)
def test_which_week_a_day_belongs_to(day, week):
    assert str(IsoWeek.of(day)) == week


def test_a_week_runs_from_monday_to_sunday_over_new_year():
    week = IsoWeek.parse("2026-W53")

    assert (week.monday, week.sunday) == (date(2026, 12, 28), date(2027, 1, 3))
    assert (str(week.shifted(1)), str(week.shifted(-1))) == ("2027-W01", "2026-W52")


@pytest.mark.parametrize(
    "text", ["2026-W54", "2025-W53", "2026-W00", "2026-47", "", "W47", "2026-W", "x-W47", "2026-W4x"]
)
def test_a_text_that_names_no_week_is_an_error(text):
    with pytest.raises(ValueError):
        IsoWeek.parse(text)


@pytest.mark.parametrize("text", ["99999999999999999999-W01", "0-W01", "-5-W01", "2026-W99999999999999999999"])
def test_a_week_of_no_calendar_is_an_error_of_the_same_kind(text):
    """Such texts come in through addresses: any other error would be shown as a fault of ours."""
    with pytest.raises(ValueError):
        IsoWeek.parse(text)


@settings(max_examples=25)
@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(-200, 200))
def test_weeks_parse_what_they_print_and_shift_back_and_forth(day, n):
    week = IsoWeek.of(day)

    assert IsoWeek.parse(str(week)) == week
    assert week.monday <= day <= week.sunday
    assert week.shifted(n).shifted(-n) == week
    assert (week.shifted(n).monday - week.monday).days == 7 * n


def test_the_distance_of_a_week_ends_with_its_sunday():
    totals = [
        DayTotal(date(2026, 12, 27), 1, 1, 0, None),
        DayTotal(date(2026, 12, 28), 1, 10, 0, None),
        DayTotal(date(2027, 1, 3), 1, 100, 0, None),
        DayTotal(date(2027, 1, 4), 1, 1000, 0, None),
    ]

    assert week_distance_m(totals, IsoWeek(2026, 53)) == 110
    assert week_distance_m([], IsoWeek(2026, 53)) == 0
