"""R-M1 and R-RTN: the worked examples of the evidence, each gate from both sides, and what must never change."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadwatch.domain.activity import Run
from loadwatch.domain.rules import EarlierHistory, Finding, judge, look_back_from
from tests.unit.domain.build import DAY_0, every_other_day, run


def findings_of(day: float, runs: list[Run]) -> list[Finding]:
    return judge(runs, since=DAY_0 + timedelta(days=day))


def said(day: float, runs: list[Run]) -> list[tuple[str, int, int]]:
    return [(f.rule, f.load_level, f.severity) for f in findings_of(day, runs)]


# 40 days of history whose longest run in the last 30 days is the given one.
def after_longest(km: float, today_km: float) -> list[Run]:
    return [*every_other_day(0, 38, 4), run(30.5, km), run(40, today_km)]


@pytest.mark.parametrize(
    ("longest_km", "today_km", "expected"),
    [
        (12.0, 13.0, []),  # 1.083
        (5.0, 5.8, []),  # 1.16, yet only 0.8 km more
        (12.0, 15.0, [("R-M1", 1, 1)]),  # 1.25
        (12.0, 20.0, [("R-M1", 2, 2)]),  # 1.67
        (12.0, 25.0, [("R-M1", 3, 2)]),  # 2.08
        (15.0, 16.5, []),  # 1.10 exactly, 1.5 km more: the band begins above
        (15.0, 16.6, [("R-M1", 1, 1)]),
        (10.0, 13.0, [("R-M1", 1, 1)]),  # 1.30 exactly belongs to the lower band
        (10.0, 13.1, [("R-M1", 2, 2)]),
        (10.0, 20.0, [("R-M1", 2, 2)]),  # 2.00 likewise
        (10.0, 20.1, [("R-M1", 3, 2)]),
        (11.0, 14.3, [("R-M1", 1, 1)]),  # 1.3 with a remainder in binary
    ],
)
def test_worked_examples_of_the_session_rule(longest_km, today_km, expected):
    assert said(40, after_longest(longest_km, today_km)) == expected


def test_a_jump_of_just_under_one_and_a_half_kilometres_is_not_spoken_of():
    base = [*every_other_day(0, 38, 3), run(30.5, 4.0)]

    assert said(40, [*base, run(40, 5.49)]) == []
    assert said(40, [*base, run(40, 5.5)]) == [("R-M1", 2, 2)]  # 1.375, +1.5 km


def test_a_run_under_five_kilometres_is_not_spoken_of():
    base = every_other_day(0, 38, 3)

    assert said(40, [*base, run(40, 4.9)]) == []
    assert said(40, [*base, run(40, 5.0)]) == [("R-M1", 2, 2)]  # 1.667


def test_somebody_new_to_running_has_lower_floors():
    runs = [*every_other_day(0, 38, 2), run(40, 3.0)]  # 1.5, +1.0 km

    assert said(40, runs) == []
    assert [f.rule for f in judge(runs, since=DAY_0 + timedelta(days=40), novice=True)] == ["R-M1"]


def test_with_less_than_fourteen_days_of_history_nothing_is_said():
    assert said(13, [*every_other_day(0, 12, 5), run(13.9, 20)]) == []
    assert said(14, [*every_other_day(0, 12, 5), run(14, 20)]) != []


def test_with_fewer_than_four_earlier_runs_nothing_is_said():
    three = [run(0, 5), run(20, 5), run(30, 5)]

    assert said(40, [*three, run(40, 20)]) == []
    assert said(40, [*three, run(35, 5), run(40, 20)]) != []


def test_a_history_under_thirty_days_gives_low_confidence_and_severity_one_at_most():
    (finding,) = findings_of(20, [*every_other_day(0, 18, 10), run(20, 25)])

    assert (finding.load_level, finding.severity, finding.confidence) == (3, 1, "low")


def test_a_history_of_thirty_days_gives_full_confidence():
    (finding,) = findings_of(30, [*every_other_day(0, 28, 10), run(30, 25)])

    assert (finding.load_level, finding.severity, finding.confidence) == (3, 2, "normal")


def test_the_longest_run_counts_for_thirty_days_to_the_hour():
    recent = every_other_day(0, 58, 5)

    assert said(60, [*recent, run(30.0, 20, run_id=9), run(60, 20)]) == []
    assert said(60, [*recent, run(29.99, 20, run_id=9), run(60, 20)]) == [("R-M1", 3, 2)]


def test_a_run_is_not_its_own_baseline_nor_is_a_later_one():
    runs = [*every_other_day(0, 38, 10), run(40, 15), run(45, 30)]

    assert [f.run.distance_m for f in findings_of(40, runs)] == [15_000, 30_000]
    assert [f.reasons[0].baseline for f in findings_of(40, runs)] == [10_000, 15_000]


def test_rides_hikes_and_unmeasured_runs_are_neither_judged_nor_baseline():
    base = every_other_day(0, 38, 10)
    others = [run(31, 60, sport="Ride"), run(33, 30, sport="Hike"), run(35, None)]

    assert said(40, [*base, *others, run(40, 20)]) == [("R-M1", 2, 2)]
    assert said(40, [*base, run(40, 90, sport="Ride")]) == []


def test_trail_and_virtual_runs_count_like_road_runs():
    base = every_other_day(0, 38, 10)

    assert said(40, [*base, run(40, 20, sport="TrailRun")]) == [("R-M1", 2, 2)]
    assert said(40, [*base, run(31, 20, sport="VirtualRun", run_id=9), run(40, 20)]) == []


def test_a_distance_made_of_gps_jumps_is_neither_judged_nor_baseline():
    from dataclasses import replace

    base = every_other_day(0, 38, 10)
    jumpy = replace(run(31, 50, run_id=9), distance_trusted=False)

    assert said(40, [*base, jumpy, run(40, 20)]) == [("R-M1", 2, 2)]
    assert said(31, [*base[:16], jumpy]) == []


def test_the_same_run_from_watch_and_phone_counts_once_with_the_longer_distance():
    watch, phone = run(31, 15, run_id=8), run(31.001, 14.8, run_id=9)
    base = every_other_day(0, 38, 10)

    assert [f.run.id for f in findings_of(31, [*base, watch, phone, run(40, 16)])] == [8]


def test_two_recordings_less_than_two_hours_apart_are_one_session_too():
    base = every_other_day(0, 38, 10)
    warm_up = run(40, 5, minutes=30)  # ends at 07:30
    main = run(40 + 1 / 24, 8, minutes=48)  # 08:00

    (finding,) = findings_of(40, [*base, warm_up, main])

    assert finding.run == main
    assert (finding.reasons[0].quantity, finding.reasons[0].value) == ("session_distance", 13_000)
    assert finding.load_level == 1  # 1.3


def test_recordings_two_hours_apart_are_not_added_up():
    base = every_other_day(0, 38, 10)
    morning = run(40, 8, minutes=60)  # ends at 08:00
    later = run(40 + 3 / 24, 8, minutes=60)  # 10:00

    assert said(40, [*base, morning, later]) == []


def test_a_session_of_two_files_is_measured_against_sessions_of_two_files():
    split_sunday = [run(33, 5, minutes=30), run(33 + 1 / 24, 8, minutes=48)]
    split_today = [run(40, 5, minutes=30), run(40 + 1 / 24, 8, minutes=48)]

    assert said(40, [*every_other_day(0, 38, 10), *split_sunday, *split_today]) == []


# return after a break


def after_break(days_off: float, pre_km: float, today_km: float) -> list[Run]:
    """Fifty days of running with one run of `pre_km`, the last one on day 50, then nothing."""
    return [*every_other_day(0, 48, 6), run(45.5, pre_km), run(50, 6), run(50 + days_off, today_km)]


@pytest.mark.parametrize(
    ("days_off", "pre_km", "today_km", "level"),
    [
        (33, 16, 8, 2),  # worked example: 8 km is no more than half of 16, but over 5 km after 28 days
        (33, 16, 5, 1),
        (14, 16, 8, 1),  # exactly half
        (14, 16, 8.1, 2),
        (27.9, 16, 8, 1),
        (28, 16, 5.1, 2),
    ],
)
def test_the_first_run_after_a_break(days_off, pre_km, today_km, level):
    assert said(50 + days_off, after_break(days_off, pre_km, today_km)) == [("R-RTN", level, level)]


def test_thirteen_days_off_are_no_break():
    assert said(63.9, after_break(13.9, 16, 8)) == []


def test_half_a_year_without_a_run_is_judged_as_a_return_not_by_an_empty_baseline():
    assert said(230, after_break(180, 16, 6)) == [("R-RTN", 2, 2)]


def test_what_was_run_before_a_break_is_no_licence_after_it():
    back = [*every_other_day(0, 48, 6), run(50, 20), run(66, 6), run(68, 12)]

    assert [(f.rule, f.load_level) for f in findings_of(66, back)] == [("R-RTN", 1), ("R-M1", 2)]
    assert findings_of(68, back)[0].reasons[0].baseline == 6_000


def test_a_return_recorded_in_two_files_is_judged_as_one_return():
    warm_up, main = run(83, 2, minutes=12), run(83 + 0.5 / 24, 9, minutes=54)

    assert said(83, [*after_break(33, 16, 2), main])[1:] == [("R-RTN", 2, 2)]
    assert findings_of(83, [*every_other_day(0, 50, 6), warm_up, main])[1].reasons[0].value == 11_000


# what must never change


@st.composite
def histories(draw):
    days = draw(st.lists(st.floats(0, 200, allow_nan=False), min_size=1, max_size=40, unique=True))
    return [
        run(day, draw(st.floats(0.1, 40)), run_id=i, minutes=draw(st.floats(5, 240))) for i, day in enumerate(days)
    ]


@given(histories(), st.randoms())
def test_the_order_of_arrival_changes_nothing(runs, random):
    shuffled = list(runs)
    random.shuffle(shuffled)

    assert judge(shuffled, since=DAY_0) == judge(runs, since=DAY_0)


@given(histories())
def test_a_later_run_changes_no_earlier_judgement(runs):
    ordered = sorted(runs, key=lambda r: r.start)
    before_last = [f for f in judge(ordered, since=DAY_0) if f.run.end < ordered[-1].start]

    assert [f for f in judge(ordered[:-1], since=DAY_0) if f.run.end < ordered[-1].start] == before_last


@given(histories(), st.integers(0, 39))
def test_judging_the_last_runs_alone_gives_what_judging_all_gives(runs, n):
    ordered = sorted(runs, key=lambda r: r.start)
    since = ordered[min(n, len(ordered) - 1)].start
    earlier_runs = [r for r in ordered if r.start < since]
    back = look_back_from(earlier_runs[-1].start if earlier_runs else None, since)
    loaded = [r for r in ordered if r.start >= back]
    left_out = [r for r in ordered if r.start < back]
    summary = EarlierHistory(left_out[0].start if left_out else None, len(left_out))

    partly = judge(loaded, since=since, earlier=summary)

    # Duplicates are counted apart on both sides of the cut, so only histories without any compare exactly.
    if all(a.end <= b.start for a, b in pairwise(ordered)):
        assert partly == [f for f in judge(ordered, since=DAY_0) if f.run.start >= since]


@pytest.mark.parametrize(
    ("n_left_out", "told"),
    [(79, "99 earlier runs"), (80, "100 or more earlier runs"), (900, "100 or more earlier runs")],
)
def test_from_a_hundred_on_earlier_runs_are_not_told_apart(n_left_out, told):
    runs = [*every_other_day(0, 38, 10), run(40, 13)]
    before = EarlierHistory(DAY_0 - timedelta(days=3000), n_left_out)

    (finding,) = judge(runs, since=DAY_0 + timedelta(days=40), earlier=before)

    assert finding.coverage[-1] == f"{told} over 3 040 days"


@given(histories(), st.floats(0.1, 40), st.floats(0, 20))
def test_a_longer_run_is_never_judged_milder(runs, km, more):
    day = max((r.start - DAY_0) / timedelta(days=1) for r in runs) + 1
    shorter = judge([*runs, run(day, km, run_id=999, minutes=60)], since=DAY_0 + timedelta(days=day))
    longer = judge([*runs, run(day, km + more, run_id=999, minutes=60)], since=DAY_0 + timedelta(days=day))

    def level(findings):
        return max((f.load_level for f in findings), default=0)

    assert level(longer) >= level(shorter)


# R-M3


def weeks_of(*weekly_km: float) -> list[Run]:
    """Four equal runs a week, one week after another."""
    return [run(7 * week + day, km / 4) for week, km in enumerate(weekly_km) for day in (0, 2, 4, 6)]


def builds(runs: list[Run]) -> list[tuple[int, float]]:
    return [
        (f.load_level, (f.run.start - DAY_0).days) for f in judge(runs, since=DAY_0) if f.run and f.rule == "R-M3"
    ]


def test_two_weeks_of_thirty_percent_more_are_a_note_told_once():
    # 20, 26 and 33.8 km: 30 % each; the mean of the four weeks before the last is 21.5 km.
    found = builds(weeks_of(20, 20, 20, 20, 26, 33.8))

    assert [level for level, _ in found] == [1]
    assert 35 < found[0][1] <= 41


def test_one_week_of_more_or_a_little_less_than_thirty_percent_is_no_build():
    assert builds(weeks_of(20, 20, 20, 20, 20, 33)) == []
    assert builds(weeks_of(20, 20, 20, 20, 25.8, 33)) == []


def test_coming_back_to_what_was_usual_is_no_build():
    # 12, 16 and 21 km grow by a third each, and are below 1.2 times the mean of 24.8 km before them.
    assert builds(weeks_of(45, 45, 12, 16, 21, 28)) == []


def test_five_weeks_must_be_known_for_a_build():
    assert builds(weeks_of(20, 26, 33.8, 44)) == []
