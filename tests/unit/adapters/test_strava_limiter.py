"""Strava's windows: when they begin, what the headers say of them, and how little a process alone may ask."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from loadwatch.adapters.strava.limiter import Limiter, day_start, exhausted_until, quarter_start, read_headers
from loadwatch.services.errors import AppInactive, RateLimited

NOW = datetime(2026, 11, 22, 12, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minute", "second", "begins"), [(0, 0, 0), (14, 59, 0), (15, 0, 15), (29, 59, 15), (30, 0, 30), (59, 59, 45)]
)
def test_the_short_window_begins_at_the_full_quarters_of_an_hour(minute: int, second: int, begins: int):
    at = datetime(2026, 11, 22, 12, minute, second, tzinfo=UTC)

    assert quarter_start(at) == datetime(2026, 11, 22, 12, begins, tzinfo=UTC)


def test_the_long_window_begins_at_midnight_of_utc_wherever_the_clock_stands():
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    at = datetime(2026, 11, 23, 3, 0, tzinfo=kathmandu)  # 21:15 of the day before in UTC

    assert day_start(at) == datetime(2026, 11, 22, tzinfo=UTC)
    assert quarter_start(at) == datetime(2026, 11, 22, 21, 15, tzinfo=UTC)


def test_limits_and_usage_are_read_from_both_pairs_of_headers():
    headers = {
        "X-RateLimit-Limit": "400,4000",
        "X-RateLimit-Usage": "7,70",
        "X-ReadRateLimit-Limit": "200, 2000",
        "X-ReadRateLimit-Usage": "5, 50",
    }

    assert read_headers(headers) == ((200, 2000, 400, 4000), (5, 50, 7, 70))


@pytest.mark.parametrize("odd", ["", "200", "a,b", "0,0", "200,2000,1", "-1,5"])
def test_an_odd_header_says_nothing(odd: str):
    assert read_headers({"X-RateLimit-Limit": odd, "X-RateLimit-Usage": "1,1"}) == ((-1,) * 4, (-1,) * 4)


def test_a_used_up_day_ends_after_the_quarter_that_is_used_up_with_it():
    headers = {"X-ReadRateLimit-Limit": "100,1000", "X-ReadRateLimit-Usage": "100,1000"}

    assert exhausted_until(headers, NOW) == datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def at() -> list[datetime]:
    return [NOW]


@pytest.fixture
def alone(at: list[datetime]) -> Limiter:
    """A limiter without Redis, whose clock stands at `at`."""
    return Limiter(None, "1", lambda: at[0])


def calls_let_through(reserve: Callable[[], object], most: int = 100) -> int:
    for n in range(most):
        try:
            reserve()
        except RateLimited:
            return n
    return most


def test_a_process_alone_makes_five_calls_in_a_quarter_of_an_hour(alone: Limiter, at: list[datetime]):
    assert calls_let_through(lambda: alone.reserve("interactive")) == 5
    at[0] += timedelta(minutes=7, seconds=30)

    assert calls_let_through(lambda: alone.reserve("interactive")) == 5


def test_a_process_alone_makes_fifty_calls_in_a_day(alone: Limiter, at: list[datetime]):
    made = 0
    for n in range(96):
        at[0] = datetime(2026, 11, 22, tzinfo=UTC) + n * timedelta(minutes=15)
        made += calls_let_through(lambda: alone.reserve("interactive"))

    assert made == 50


def test_a_process_alone_leaves_room_for_new_runs(alone: Limiter):
    assert calls_let_through(lambda: alone.reserve("backfill")) == 3  # 60 % of 5


def test_what_a_process_alone_refuses_comes_again_soon(alone: Limiter):
    calls_let_through(lambda: alone.reserve("interactive"))

    with pytest.raises(RateLimited) as refused:
        alone.reserve("interactive")
    assert refused.value.until == NOW + timedelta(seconds=15)


def test_a_process_alone_keeps_quiet_too_while_the_application_is_off(alone: Limiter, at: list[datetime]):
    assert alone.switched_off(alone.reserve("live")) == NOW + timedelta(hours=1)

    with pytest.raises(AppInactive):
        alone.reserve("interactive")
    at[0] += timedelta(hours=1)
    alone.reserve("interactive")
