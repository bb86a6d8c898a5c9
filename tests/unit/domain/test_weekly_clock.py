"""
When the summary of a week is due: worked examples, and a second implementation that walks through the hours.

The walk reads a time zone's clock each quarter of an hour: no zone of these years differs by less.
"""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.weekly_clock import due, newest_due, running_week

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
QUARTER = timedelta(minutes=15)
YEAR = 2026

clocks = st.tuples(st.sampled_from(ZONES), st.integers(1, 7), st.integers(0, 23))
weeks = st.integers(0, 20 * 52).map(lambda n: IsoWeek(2015, 1).shifted(n))


def walked(week: IsoWeek, timezone: str, weekday: int, hour: int) -> datetime:
    """When a clock on the wall first shows the hour; where it is skipped, when it would have shown it."""
    zone = ZoneInfo(timezone)
    day = date.fromisocalendar(week.year, week.week, 1) + timedelta(days=6 + weekday)
    wanted = datetime.combine(day, time(hour))
    at = datetime.combine(day, time(hour), UTC) - timedelta(hours=16)
    shown = at.astimezone(zone).replace(tzinfo=None)
    while shown < wanted:
        before, at = shown, at + QUARTER
        shown = at.astimezone(zone).replace(tzinfo=None)
    return at if shown == wanted else at - QUARTER + (wanted - before)


@pytest.mark.parametrize(
    ("week", "clock", "expected"),
    [
        # Clocks went forward on Sunday the 29th of March, and back on the 25th of October.
        ("2026-W12", ("Europe/Berlin", 1, 7), "2026-03-23T06:00"),
        ("2026-W13", ("Europe/Berlin", 1, 7), "2026-03-30T05:00"),
        ("2026-W12", ("Europe/Berlin", 7, 2), "2026-03-29T01:00"),  # 02:00 was skipped: it was 03:00
        ("2026-W42", ("Europe/Berlin", 7, 2), "2026-10-25T00:00"),  # 02:00 came twice: the first
        ("2026-W43", ("Europe/Berlin", 1, 7), "2026-10-26T06:00"),
        ("2026-W09", ("America/New_York", 7, 2), "2026-03-08T07:00"),
        ("2026-W10", ("America/New_York", 1, 7), "2026-03-09T11:00"),
        ("2026-W44", ("America/New_York", 1, 7), "2026-11-02T12:00"),
        ("2026-W47", ("Asia/Kolkata", 1, 7), "2026-11-23T01:30"),
        # By half an hour: from 11:00 to 10:30 on Sunday the 5th of April.
        ("2026-W13", ("Australia/Lord_Howe", 1, 7), "2026-03-29T20:00"),
        ("2026-W14", ("Australia/Lord_Howe", 1, 7), "2026-04-05T20:30"),
        # Friday the 30th of December 2011 was left out: 07:00 of it would have been 07:00 of the 31st.
        ("2011-W51", ("Pacific/Apia", 5, 7), "2011-12-30T17:00"),
        ("2011-W51", ("Pacific/Apia", 6, 7), "2011-12-30T17:00"),
        ("2011-W52", ("Pacific/Apia", 1, 7), "2012-01-01T17:00"),
        # An hour back during Ramadan, from Sunday the 15th of February to the 22nd of March.
        ("2026-W06", ("Africa/Casablanca", 1, 7), "2026-02-09T06:00"),
        ("2026-W07", ("Africa/Casablanca", 1, 7), "2026-02-16T07:00"),
        ("2026-W12", ("Africa/Casablanca", 1, 7), "2026-03-23T06:00"),
        # The 53rd week of 2026 ends on the 3rd of January.
        ("2026-W53", ("UTC", 1, 7), "2027-01-04T07:00"),
    ],
)
def test_the_summary_is_due_at_its_hour_by_the_runners_clock(week, clock, expected):
    assert due(IsoWeek.parse(week), *clock) == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert walked(IsoWeek.parse(week), *clock) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@settings(max_examples=150, deadline=None)
@given(week=weeks, clock=clocks)
def test_it_is_due_when_a_clock_on_the_wall_shows_the_hour(week, clock):
    assert due(week, *clock) == walked(week, *clock)


def test_it_is_due_rightly_on_each_day_on_which_a_clock_of_the_world_is_changed():
    checked = 0
    for name in ZONES:
        zone, noon = ZoneInfo(name), datetime(YEAR, 1, 1, 12, tzinfo=UTC)
        offsets = [(noon + timedelta(days=n)).astimezone(zone).utcoffset() for n in range(366)]
        for n, (before, after) in enumerate(pairwise(offsets)):
            if before == after:
                continue
            day = date(YEAR, 1, 2) + timedelta(days=n)
            week = IsoWeek.of(day).shifted(-1)
            for hour in (1, 2):
                assert due(week, name, day.isoweekday(), hour) == walked(week, name, day.isoweekday(), hour)
                checked += 1
    assert checked > 500


@settings(max_examples=100, deadline=None)
@given(week=weeks, clock=clocks)
def test_a_summary_is_the_newest_from_its_moment_until_the_next_one_is_due(week, clock):
    at = due(week, *clock)

    assert newest_due(at, *clock) == week
    assert newest_due(at - timedelta(seconds=1), *clock) == week.shifted(-1)
    assert newest_due(due(week.shifted(1), *clock) - timedelta(seconds=1), *clock) == week


def test_a_new_account_is_told_first_of_the_week_that_is_running_where_it_is():
    sunday_evening = datetime(2026, 11, 22, 20, tzinfo=UTC)

    assert running_week(sunday_evening, "Europe/Berlin") == IsoWeek(2026, 47)
    assert running_week(sunday_evening, "Asia/Tokyo") == IsoWeek(2026, 48)  # Monday morning
