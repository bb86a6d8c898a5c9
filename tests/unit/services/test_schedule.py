"""When the weekly mail is due: Monday, seven in the morning, on the clock of the runner's own wall."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.services.notify import next_monday_morning


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "zone", "expected"),
    [
        # 2026-11-22 is a Sunday.
        ("2026-11-22T12:00", "UTC", "2026-11-23T07:00"),
        ("2026-11-22T12:00", "Europe/Berlin", "2026-11-23T06:00"),  # +1
        ("2026-11-22T12:00", "America/New_York", "2026-11-23T12:00"),  # -5
        ("2026-11-22T12:00", "Asia/Kathmandu", "2026-11-23T01:15"),  # +5:45
        ("2026-11-22T12:00", "Pacific/Kiritimati", "2026-11-22T17:00"),  # +14: Monday 02:00 there already
        ("2026-11-22T17:00", "Pacific/Kiritimati", "2026-11-29T17:00"),
        ("2026-11-22T12:00", "Pacific/Pago_Pago", "2026-11-23T18:00"),  # -11
        # The clocks go forward on Sunday, 29 March 2026, in Berlin, and on 8 March in New York.
        ("2026-03-23T06:00", "Europe/Berlin", "2026-03-30T05:00"),
        ("2026-03-22T12:00", "Europe/Berlin", "2026-03-23T06:00"),
        ("2026-03-02T12:00", "America/New_York", "2026-03-09T11:00"),
        # And back on 25 October and on 1 November.
        ("2026-10-19T05:00", "Europe/Berlin", "2026-10-26T06:00"),
        ("2026-10-26T11:00", "America/New_York", "2026-11-02T12:00"),
        # Samoa had no 30 December 2011, a Friday, and went from -10 to +14.
        ("2011-12-26T17:00", "Pacific/Apia", "2012-01-01T17:00"),
        # Lord Howe's summer time is half an hour: +11, else +10:30.
        ("2026-10-04T00:00", "Australia/Lord_Howe", "2026-10-04T20:00"),
        ("2026-04-05T00:00", "Australia/Lord_Howe", "2026-04-05T20:30"),
    ],
)
def test_monday_seven_on_the_local_clock(after, zone, expected):
    assert next_monday_morning(utc(after), zone) == utc(expected)


def test_at_seven_sharp_the_next_one_is_a_week_away():
    seven = utc("2026-11-23T06:00")

    assert next_monday_morning(seven, "Europe/Berlin") == seven + timedelta(days=7)
    assert next_monday_morning(seven - timedelta(microseconds=1), "Europe/Berlin") == seven


def test_the_answer_is_in_utc_whatever_zone_the_question_came_in():
    asked = datetime(2026, 11, 22, 21, 0, tzinfo=ZoneInfo("Asia/Tokyo"))  # 12:00 UTC

    answer = next_monday_morning(asked, "Europe/Berlin")

    assert answer == utc("2026-11-23T06:00")
    assert answer.utcoffset() == timedelta(0)


ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/Sao_Paulo",
]


@settings(max_examples=50)
@given(st.datetimes(datetime(2012, 2, 1), datetime(2037, 1, 1)), st.sampled_from(ZONES))
def test_it_is_always_the_first_monday_seven_to_come(moment, zone):
    after = moment.replace(tzinfo=UTC)

    at = next_monday_morning(after, zone)
    local = at.astimezone(ZoneInfo(zone))

    assert (local.weekday(), local.hour, local.minute, local.second) == (0, 7, 0, 0)
    assert timedelta(0) < at - after <= timedelta(days=7, hours=1)
