"""A planned run meets the rules that a recorded one meets; what nobody can tell stays unknown."""

from dataclasses import replace
from datetime import timedelta
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadwatch.domain.loads import FastSpeeds, downhill_load_m, metres_from, run_loads
from loadwatch.domain.rules import judge
from loadwatch.domain.told import told_features
from loadwatch.domain.what_if import PlannedRun, plan_ahead, planned_runs, what_if
from tests.unit.domain.build import DAY_0, every_other_day, run
from tests.unit.domain.loads_build import loaded

TODAY = DAY_0 + timedelta(days=60)
STEADY = every_other_day(0, 58, 12)


def spoken(runs, *, km: float = 10.0, start=TODAY, **loads) -> list[tuple[str, int]]:
    planned = PlannedRun(start, km * 1000, **loads)
    return [(f.rule, f.load_level) for f in what_if(runs, planned)]


@pytest.mark.parametrize(
    ("km", "expected"), [(13, []), (15, [("R-M1", 1)]), (20, [("R-M1", 2)]), (25, [("R-M1", 3)]), (0, [])]
)
def test_a_longer_run_is_announced_as_it_would_be_judged(km, expected):
    assert spoken(STEADY, km=km) == expected


def test_the_first_run_after_a_month_off_is_a_return():
    assert spoken(STEADY, km=8, start=TODAY + timedelta(days=31)) == [("R-RTN", 2)]


def test_while_too_little_is_known_nothing_is_said():
    assert spoken(every_other_day(52, 58, 8), km=30) == []


def flat(n: int = 30) -> list:
    return [loaded(2 * day, 10, hill_m=20.0, fast_m=0.0) for day in range(n)]


def test_a_planned_descent_after_weeks_on_the_flat_speaks():
    assert spoken(flat(), descent_m=700.0) == [("R-H1", 2)]


def test_a_descent_that_nobody_tells_is_unknown_and_not_nothing():
    assert spoken(flat(), descent_m=None) == []


def test_planned_ascent_is_judged_by_itself():
    assert spoken([replace(r, ascent_m=100.0) for r in flat()], ascent_m=400.0) == [("R-H2", 1)]


def test_planned_fast_metres_are_fast_by_the_runners_own_measure():
    assert spoken(flat(), fast_m=1000.0) == [("R-T3", 2)]
    assert spoken(flat(), fast_m=700.0) == []


def test_fast_metres_of_somebody_whose_speed_is_not_known_stay_unknown():
    assert spoken(STEADY, fast_m=5000.0) == []


def test_what_is_announced_is_what_the_recorded_run_is_then_told():
    runs = [loaded(2 * day, 10, hill_m=100.0, ascent_m=100.0, fast_m=400.0) for day in range(30)]
    done = loaded(60, 16, hill_m=600.0, ascent_m=600.0, fast_m=3000.0)

    announced = what_if(runs, PlannedRun(done.start, 16_000.0, descent_m=600.0, ascent_m=600.0, fast_m=3000.0))
    told = judge([*runs, done], since=done.start)

    assert {f.rule for f in told} == {"R-M1", "R-H1", "R-T1"}
    assert [(f.rule, f.load_level, f.severity) for f in announced] == [
        (f.rule, f.load_level, f.severity) for f in told
    ]
    assert [f.reasons[0].value for f in announced] == pytest.approx([f.reasons[0].value for f in told])
    assert [f.reasons[0].baseline for f in announced] == [f.reasons[0].baseline for f in told]


def test_runs_after_the_planned_start_are_not_looked_at():
    later = [run(61, 40, run_id=9), run(60.5, 3, run_id=-7)]

    assert spoken([*STEADY, *later], km=20) == spoken(STEADY, km=20)


def test_a_run_planned_within_two_hours_of_another_makes_one_session_with_it():
    morning = run(60, 9)

    assert spoken([*STEADY, morning], km=9, start=morning.end + timedelta(minutes=30)) == [("R-M1", 2)]
    assert spoken([*STEADY, morning], km=9, start=morning.end + timedelta(hours=3)) == []


def test_the_planned_run_has_an_id_that_no_other_has():
    (finding,) = what_if([*STEADY, run(59, 5, run_id=-3)], PlannedRun(TODAY, 20_000.0))

    assert finding.run.id == -4
    assert finding.run.local_date == TODAY.date()


@pytest.mark.parametrize(
    "wrong", [{"descent_m": -1.0}, {"fast_m": nan}, {"ascent_m": -5.0}, {"fast_m": 10_001.0}, {"ascent_m": nan}]
)
def test_a_plan_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=r"metres must be|were fast of"):
        spoken(flat(), **wrong)


# what is told and nothing else


@given(
    fast_m_s=st.floats(1.5, 9.0),
    distance_m=st.floats(1000, 40_000),
    share=st.floats(0, 1),
    descent_m=st.none() | st.floats(0, 2000),
)
def test_told_metres_come_out_as_they_went_in(fast_m_s, distance_m, share, descent_m):
    speeds = FastSpeeds(fast_m_s, fast_m_s + 0.4)
    features = told_features(distance_m, descent_m=descent_m, fast_m=share * distance_m, speeds=speeds)
    of = replace(run(0, distance_m / 1000), features=features)

    assert downhill_load_m(of) == descent_m
    assert metres_from(of, speeds.fast_m_s) == pytest.approx(share * distance_m)
    assert metres_from(of, max(speeds.sprint_m_s, 2.2)) == 0.0


def test_of_a_run_of_which_nothing_is_told_nothing_is_known():
    assert told_features(8000.0, descent_m=None, fast_m=None, speeds=FastSpeeds(4.0, 5.0)) is None
    assert told_features(8000.0, descent_m=None, fast_m=500.0, speeds=None) is None


def test_a_run_of_which_only_fast_metres_are_told_is_not_indoors():
    features = told_features(8000.0, descent_m=None, fast_m=500.0, speeds=FastSpeeds(4.12, 4.8))
    (load,) = run_loads([replace(run(0, 8), features=features)], since=DAY_0, five_k_m_s=4.0)

    assert (load.hill_m, load.ascent_m, load.fast_m, load.sprint_m) == (None, None, 500.0, 0.0)


# several in a row


def ahead(runs, *planned: PlannedRun) -> list[list[tuple[str, int]]]:
    return [[(f.rule, f.load_level) for f in found] for found in plan_ahead(runs, planned)]


def at(day: float, km: float, **loads) -> PlannedRun:
    return PlannedRun(DAY_0 + timedelta(days=day), km * 1000, **loads)


def test_a_planned_run_is_judged_as_if_those_before_it_had_been_run():
    # 12 km is the longest; 15 is 1.25 times it, and then 16.5 is 1.1 times 15, no more; 18.2 is 1.103 times that
    assert ahead(STEADY, at(60, 15), at(62, 16.5), at(64, 18.2)) == [[("R-M1", 1)], [], [("R-M1", 1)]]
    assert ahead(STEADY, at(62, 16.5)) == [[("R-M1", 2)]]  # 1.375 times 12


def test_the_order_in_which_runs_are_planned_changes_nothing():
    first, second = at(60, 15), at(62, 16.5)

    assert ahead(STEADY, second, first) == [[], [("R-M1", 1)]]


def test_fast_metres_of_several_planned_runs_add_up():
    tuesdays = [loaded(7 * week, 8, fast_m=1000.0) for week in range(-26, 8)]
    # a usual week has 1 000 m, its spread is 300: 1 900 m are three of them and 900 m above

    assert ahead(tuesdays, at(60, 8, fast_m=1000.0)) == [[]]
    assert ahead(tuesdays, at(58, 8, fast_m=950.0), at(60, 8, fast_m=950.0)) == [[], [("R-T1", 2)]]


def test_after_a_planned_break_the_first_run_is_a_return():
    assert ahead(STEADY, at(75, 8)) == [[("R-RTN", 2)]]
    assert ahead(STEADY, at(70, 4), at(75, 8)) == [[], []]


def test_each_planned_run_has_an_id_of_its_own():
    runs = planned_runs([run(59, 5, run_id=-3)], [at(60, 8), at(61, 8)])

    assert [r.id for r in runs] == [-4, -5]


def test_nothing_planned_says_nothing():
    assert plan_ahead(STEADY, []) == ()
