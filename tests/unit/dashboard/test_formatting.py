"""What a run contained, in words."""

import pytest

from loadwatch.dashboard.formatting import or_more, reps_text, track_text, unbroken
from loadwatch.domain.activity import Repetition, TrackWork
from loadwatch.domain.rules import Reason


def rep(start_s: float, duration_s: float, metres: float, rest_s: float | None) -> Repetition:
    return Repetition(start_s, start_s + duration_s, metres, rest_s)


def test_like_repetitions_are_one_line() -> None:
    reps = [rep(174 * n, 84, 398 + n, 90 if n < 5 else None) for n in range(6)]
    assert reps_text(reps) == ["6 × about 400 m in 1:24, rest 1:30"]


def test_a_pyramid_is_a_line_for_each_step() -> None:
    steps = [rep(0, 41, 200, 60), rep(101, 84, 400, 90), rep(275, 40, 202, None)]
    assert reps_text(steps) == [
        "about 200 m in 0:41, rest 1:00",
        "about 400 m in 1:24, rest 1:30",
        "about 200 m in 0:40",
    ]


def test_no_repetitions_no_lines() -> None:
    assert reps_text([]) == []


@pytest.mark.parametrize(
    ("track", "words"),
    [
        (None, "unknown: no positions were recorded"),
        (TrackWork(is_oval=False), "none"),
        (
            TrackWork(True, 3_600.0, 9.0, 400.0, 1, True),
            "9.0 laps of 400 m in lane 1: 3 600 m, jogging included",
        ),
        (
            TrackWork(True, 1_550.0, 5.0, 310.0, None, False),
            "5.0 laps of 310 m, an oval that is no 400 m track: 1 550 m, jogging included",
        ),
    ],
)
def test_a_track_is_told_by_its_laps_and_an_unknown_one_is_not_none(track: TrackWork | None, words: str) -> None:
    assert track_text(track) == words


@pytest.mark.parametrize(
    ("reason", "rule", "expected"),
    [
        (Reason("days_without_run", 33.0, "d", None, 14.0, ""), "R-RTN", True),
        (Reason("fast_distance", 900.0, "m", 0.0, 800.0, ""), "R-T3", True),
        (Reason("eccentric_load", 320.0, "m", 0.0, 300.0, ""), "R-H1", True),
        (Reason("eccentric_load", 320.0, "m", 100.0, 250.0, ""), "R-H1", False),
        (Reason("run_distance", 16_600.0, "m", 15_000.0, 16_500.0, ""), "R-M1", False),
    ],
)
def test_a_rule_that_speaks_at_its_threshold_says_or_more(reason: Reason, rule: str, expected: bool) -> None:
    assert or_more(reason, rule) is expected


def test_a_number_is_not_torn_from_its_unit_at_the_end_of_a_line() -> None:
    assert unbroken("at least 1 250 m in 6 runs") == "at least 1\xa0250\xa0m in 6 runs"
    assert unbroken("18.4 km, 3 more days") == "18.4\xa0km, 3 more days"
