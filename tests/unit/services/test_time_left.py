"""How long the past takes at Strava's limits."""

from datetime import timedelta

import pytest

from loadwatch.dashboard.formatting import about_text
from loadwatch.services.ingest import HistoryBudget
from loadwatch.services.sync import time_left

BUDGET = HistoryBudget(per_quarter_hour=60, per_day=600)


@pytest.mark.parametrize(
    ("n_left", "used_today", "left"),
    [
        (0, 0, timedelta()),
        (1, 0, timedelta(minutes=15)),
        (61, 0, timedelta(minutes=30)),
        (600, 0, timedelta(minutes=150)),  # ten quarters of an hour
        (600, 1, timedelta(days=1)),
        (1600, 0, timedelta(days=2)),  # 600 today, 600 tomorrow, 400 the day after
        (1600, 600, timedelta(days=3)),
        (100, 900, timedelta(days=1)),
    ],
)
def test_what_fits_into_today_takes_quarters_of_an_hour_and_the_rest_days(n_left, used_today, left):
    assert time_left(n_left, used_today, BUDGET) == left


def test_with_few_calls_in_a_quarter_of_an_hour_these_decide():
    assert time_left(960, 0, HistoryBudget(per_quarter_hour=5, per_day=900)) == timedelta(days=2)


def test_where_nothing_may_be_asked_nobody_knows_when_it_is_done():
    assert time_left(1, 0, HistoryBudget(0, 600)) is None
    assert time_left(1, 0, HistoryBudget(60, 0)) is None


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (timedelta(minutes=15), "15 minutes"),
        (timedelta(minutes=105), "2 hours"),
        (timedelta(days=1), "24 hours"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_a_time_to_wait_is_told_roughly(left, text):
    assert about_text(left) == text
