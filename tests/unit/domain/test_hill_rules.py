"""R-H1 and R-H2: the worked examples of the evidence, each gate from both sides, and what must never change."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.domain.activity import Run
from loadwatch.domain.hill_rules import descent_level, quiet_descent_m
from loadwatch.domain.rules import Finding, judge
from tests.unit.domain.build import DAY_0, run
from tests.unit.domain.loads_build import NOTHING, loaded


def hills(runs: list[Run], day: float = 60) -> list[Finding]:
    return [f for f in judge(runs, since=DAY_0 + timedelta(days=day)) if f.family == "H"]


def said(runs: list[Run], day: float = 60) -> list[tuple[str, int, int]]:
    return [(f.rule, f.load_level, f.severity) for f in hills(runs, day)]


def flat(first: int = 0, last: int = 58) -> list[Run]:
    return [loaded(day) for day in range(first, last + 1, 2)]


def after(largest_m: float, today_m: float) -> list[Run]:
    """Two months on the flat but for one run, then today."""
    return [*flat(), loaded(45.5, hill_m=largest_m), loaded(60, hill_m=today_m)]


@pytest.mark.parametrize(
    ("largest_m", "today_m", "level"),
    [
        (600, 780, 0),  # 1.3 exactly
        (600, 781, 1),
        (100, 249, 0),  # 2.5 times as much, yet only 149 m more
        (100, 250, 1),
        (100, 350, 2),  # 3.5, +250 m
        (400, 800, 1),  # 2.0 exactly
        (400, 801, 2),
        (300, 390, 0),  # 1.3 with a remainder in binary
        (0, 299, 0),  # no ratio without a baseline
        (0, 300, 2),
        (49, 300, 2),
        (0, 700, 2),
        (199, 600, 2),
        (80, 700, 2),  # worked example 3
    ],
)
def test_descent_against_the_most_of_six_weeks(largest_m, today_m, level):
    # Sore quads are told of on the page and on Monday: nothing hurts, so no mail at once.
    assert said(after(largest_m, today_m)) == [("R-H1", level, 1)] * (level > 0)


def test_a_finding_tells_what_it_compared():
    (finding,) = hills(after(80, 700))

    most, spike = finding.reasons
    assert (most.quantity, most.value, most.baseline, most.threshold) == ("eccentric_load", 700, 80, 330)
    assert (spike.quantity, spike.value, spike.threshold) == ("hill_spike", 8.75, 2.0)
    assert finding.dedup_key == "H:hills"
    assert finding.coverage == ("known of 22 of 22 runs of the 42 days before", "31 earlier runs over 60 days")


def test_what_was_run_more_than_six_weeks_ago_protects_nobody():
    assert said([*flat(), loaded(17.9, hill_m=700, run_id=9), loaded(60, hill_m=700)]) == [("R-H1", 2, 1)]
    assert said([*flat(), loaded(18.0, hill_m=700, run_id=9), loaded(60, hill_m=700)]) == []


def with_unknown(n_unknown: int, n_known: int) -> list[Run]:
    """Six weeks of so many runs, then 700 m down; before them a history that is not compared with."""
    known = [loaded(20 + i) for i in range(n_known)]
    return [*flat(0, 16), *known, *(run(50 + i / 3, 8) for i in range(n_unknown)), loaded(60, hill_m=700)]


def test_seven_in_ten_runs_of_the_six_weeks_must_be_known():
    assert said(with_unknown(n_unknown=3, n_known=7)) == [("R-H1", 2, 1)]
    assert said(with_unknown(n_unknown=4, n_known=7)) == []


def test_four_runs_of_the_six_weeks_must_be_known():
    assert said(with_unknown(n_unknown=0, n_known=4)) == [("R-H1", 2, 1)]
    assert said(with_unknown(n_unknown=0, n_known=3)) == []


def test_runs_on_a_treadmill_are_neither_unknown_nor_flat():
    treadmills = [replace(run(30.3 + i, 8), features=NOTHING) for i in range(20)]

    assert said([*with_unknown(0, 4), *treadmills]) == [("R-H1", 2, 1)]
    assert said([*with_unknown(0, 3), *treadmills]) == []
    assert said([*flat(), replace(loaded(60, hill_m=700), sport="VirtualRun")]) == []


def test_a_run_whose_descent_is_unknown_is_not_judged():
    assert said([*flat(), loaded(60, hill_m=None, ascent_m=None)]) == []


def test_a_history_under_six_weeks_gives_low_confidence():
    (young,) = hills([*flat(0, 38), loaded(40, hill_m=700)], day=40)
    (old,) = hills([*flat(0, 40), loaded(42, hill_m=700)], day=42)

    assert (young.confidence, old.confidence) == ("low", "normal")
    assert "history shorter than 42 days" in young.coverage[-1]


def test_while_learning_nothing_is_said_of_hills():
    assert said([*flat(0, 10), loaded(13, hill_m=900)], day=13) == []


def test_the_file_that_makes_a_session_a_jump_is_spoken_of_and_no_later_one():
    up_and_down = [loaded(60, 3, minutes=20, hill_m=200), loaded(60 + 1 / 24, 3, minutes=20, hill_m=200)]
    jog_home = loaded(60 + 2 / 24, 2, minutes=15, hill_m=5)

    findings = hills([*flat(), loaded(45.5, hill_m=100), *up_and_down, jog_home])

    assert [(f.run.id, f.reasons[0].quantity, f.reasons[0].value) for f in findings] == [
        (up_and_down[1].id, "session_eccentric_load", 400)
    ]
    assert "2 recordings less than 2 hours apart, taken together" in findings[0].coverage


# ascent


def climbing(largest_m: float, today_m: float, **loads) -> list[Run]:
    return [*flat(), loaded(45.5, ascent_m=largest_m), loaded(60, ascent_m=today_m, **loads)]


@pytest.mark.parametrize(
    ("largest_m", "today_m", "speaks"),
    [(600, 900, False), (600, 901, True), (300, 499, False), (300, 500, True), (0, 900, False)],
)
def test_ascent_against_the_most_of_six_weeks(largest_m, today_m, speaks):
    assert said(climbing(largest_m, today_m)) == [("R-H2", 1, 1)] * speaks


def test_of_a_run_up_and_down_only_the_descent_is_told():
    assert said(climbing(300, 900, hill_m=900.0)) == [("R-H1", 2, 1)]


def test_the_sources_ascent_is_enough_for_it_without_samples():
    bare = [replace(run(day, 8), ascent_m=100.0) for day in range(0, 59, 2)]

    assert said([*bare, replace(run(60, 8), ascent_m=900.0)]) == [("R-H2", 1, 1)]


# what must never change


@given(st.floats(0, 2000), st.floats(0, 2000), st.floats(0, 500))
def test_more_descent_is_never_a_lower_level_and_more_practice_never_a_higher_one(load_m, largest_m, more):
    level = descent_level(load_m, largest_m)

    assert descent_level(load_m + more, largest_m) >= level
    if largest_m:  # with none at all there is no ratio
        assert descent_level(load_m, largest_m + more) <= level


@given(st.one_of(st.just(0.0), st.floats(1, 2000)))
def test_below_the_quiet_bound_nothing_is_said_and_above_it_something(largest_m):
    bound = quiet_descent_m(largest_m)

    assert descent_level(bound - 0.01, largest_m) == 0
    assert descent_level(bound + 0.01, largest_m) > 0


@settings(max_examples=15)
@given(st.lists(st.tuples(st.floats(0, 90), st.floats(0, 900)), min_size=1, max_size=30), st.randoms())
def test_the_order_of_arrival_changes_nothing(history, random):
    runs = [loaded(day, run_id=i, minutes=20, hill_m=m, ascent_m=m / 2) for i, (day, m) in enumerate(history)]
    shuffled = list(runs)
    random.shuffle(shuffled)

    assert judge(shuffled, since=DAY_0) == judge(runs, since=DAY_0)
