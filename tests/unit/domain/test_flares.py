"""Flares of a problem, what was run before them, and the loads of the same days."""

import pytest

from loadwatch.domain.flares import flares, load_spans, preceded, told_of
from loadwatch.domain.loads import RunLoad
from loadwatch.domain.redflags import ScreenContext, screen_facts
from loadwatch.domain.symptoms import problems
from tests.unit.domain.build import run
from tests.unit.domain.loads_build import with_loads
from tests.unit.domain.rehab_build import on, told

QUIET = {"side": None, "regions": ()}


def load(day: float, km: float = 8.0, hill_m: float | None = 0.0, fast_m: float | None = 0.0) -> RunLoad:
    """A run `day` days after DAY_0, at seven in the morning."""
    return RunLoad(with_loads(run(day, km)), hill_m=hill_m, ascent_m=None, fast_m=fast_m, sprint_m=None, track_m=None)


def indoors(day: float) -> RunLoad:
    made = run(day, 5.0, sport="VirtualRun")
    return RunLoad(made, hill_m=None, ascent_m=None, fast_m=None, sprint_m=None, track_m=None)


def days_of(found) -> list[int]:
    return [(flare.report.local_date - on(0)).days for flare in found]


# when


def test_a_flare_begins_when_pain_goes_above_two() -> None:
    found = flares([told(0, today=2), told(1, today=3), told(2, today=4), told(3, today=1), told(4, today=5)])

    assert days_of(found) == [1, 4]
    assert [(f.pain, f.before) for f in found] == [(3, 2), (5, 1)]


def test_the_first_check_in_is_a_flare_only_where_it_hurts_more_than_mildly() -> None:
    assert days_of(flares([told(0, today=3)])) == [0]
    assert flares([told(0, today=2)]) == []
    assert flares([told(0, today=3)])[0].before is None


def test_two_points_more_than_the_lowest_of_a_week_are_a_flare_of_their_own() -> None:
    steady = [told(day, today=3) for day in range(0, 28, 3)]

    assert days_of(flares([*steady, told(28, today=5)])) == [0, 28]
    assert days_of(flares([*steady, told(28, today=4)])) == [0]


def test_what_rises_further_within_a_week_is_the_same_flare() -> None:
    assert days_of(flares([told(0, today=1), told(2, today=3), told(4, today=5), told(6, today=7)])) == [2]


def test_a_check_in_without_a_number_begins_nothing_and_ends_nothing() -> None:
    assert days_of(flares([told(0, today=4), told(1), told(2, today=4)])) == [0]


def test_a_day_without_pain_lies_between_two_flares() -> None:
    reports = [told(0, today=4), told(2, today=0, **QUIET), told(4, today=4)]
    (problem,) = problems(reports)

    assert days_of(flares(told_of(problem, reports))) == [0, 4]
    assert days_of(flares(problem.reports)) == [0]


def test_a_painless_check_in_of_the_other_side_says_nothing_of_this_one() -> None:
    reports = [told(0, today=4), told(2, today=0, side="right", regions=()), told(4, today=4)]
    (problem,) = problems(reports)

    assert days_of(flares(told_of(problem, reports))) == [0]


def test_painless_check_ins_after_it_was_gone_are_no_longer_of_it() -> None:
    reports = [told(0, today=4), told(5, yes="gone"), told(9, today=0, **QUIET)]
    (problem,) = problems(reports)

    assert [r.local_date for r in told_of(problem, reports)] == [on(0)]


@pytest.mark.parametrize("pains", [(3, 1, 3, 1, 3), (4, 2, 3, 0, 6), (5, 2, 2, 3, 1, 4)])
def test_whatever_the_screen_counts_as_three_flares_are_at_least_three_here(pains) -> None:
    reports = [told(3 * i, today=pain) for i, pain in enumerate(pains)]
    context = ScreenContext(earlier=tuple(reports[:-1]))

    assert "past:third_flare" in screen_facts(reports[-1], context)
    assert len(flares(reports)) >= 3


# what came before


def test_the_runs_of_a_flare_are_those_of_its_day_and_of_three_days_before() -> None:
    loads = [load(day) for day in (1, 2, 4, 5, 6)]

    (flare,) = flares([told(5, today=4)], loads)

    assert [x.run.local_date for x in flare.runs] == [on(2), on(4), on(5)]


def test_a_run_after_the_check_in_is_not_before_it() -> None:
    at_six = told(5, today=4, hour=4)  # the run begins at seven

    assert flares([at_six], [load(5)])[0].runs == ()


def test_flares_and_hilly_runs_are_counted_both_ways() -> None:
    reports = [told(day, today=pain) for day, pain in ((0, 1), (3, 4), (5, 1), (10, 3), (12, 1), (15, 4), (20, 1))]
    hilly = [load(day, hill_m=200.0) for day in (2, 9, 19)]
    loads = [*hilly, load(14), load(26, hill_m=180.0), load(7, hill_m=149.0)]

    hills = next(p for p in preceded(flares(reports, loads), reports, loads) if p.kind == "hills")

    assert (hills.flares, hills.n_flares) == (2, 3)  # of days 3 and 10; before that of day 15 there was none
    assert hills.runs == 4
    assert (hills.followed, hills.quiet, hills.untold) == (2, 1, 1)  # day 19: quiet; day 26: nobody said
    assert (hills.flares_unknown, hills.runs_unknown) == (0, 0)


def test_any_run_is_the_measure_of_the_others() -> None:
    reports = [told(day, today=pain) for day, pain in ((0, 1), (3, 4), (5, 1))]
    loads = [load(day) for day in (2, 4)]

    first = preceded(flares(reports, loads), reports, loads)[0]

    assert first.kind == "any"
    assert (first.flares, first.n_flares, first.runs, first.followed, first.quiet) == (1, 1, 2, 1, 1)


def test_a_run_that_does_not_tell_its_descent_is_unknown_and_not_flat() -> None:
    reports = [told(0, today=1), told(3, today=4)]
    loads = [load(2, hill_m=None)]

    hills = next(p for p in preceded(flares(reports, loads), reports, loads) if p.kind == "hills")

    assert (hills.flares, hills.flares_unknown, hills.runs, hills.runs_unknown) == (0, 1, 0, 1)


def test_a_known_hilly_run_is_enough_beside_an_unknown_one() -> None:
    reports = [told(0, today=1), told(3, today=4)]
    loads = [load(1, hill_m=None), load(2, hill_m=400.0)]

    hills = next(p for p in preceded(flares(reports, loads), reports, loads) if p.kind == "hills")

    assert (hills.flares, hills.flares_unknown) == (1, 0)


def test_a_treadmill_has_no_hills_to_tell_of() -> None:
    reports = [told(0, today=1), told(3, today=4)]
    loads = [indoors(2)]

    hills = next(p for p in preceded(flares(reports, loads), reports, loads) if p.kind == "hills")

    assert (hills.flares_unknown, hills.runs_unknown) == (0, 0)


def test_a_jump_is_a_run_of_which_a_load_rule_spoke() -> None:
    reports = [told(0, today=1), told(3, today=4)]
    loads = [load(1), load(2)]

    jump = next(p for p in preceded(flares(reports, loads), reports, loads, {loads[1].run.id}) if p.kind == "jump")

    assert (jump.flares, jump.runs, jump.followed) == (1, 1, 1)


def test_runs_of_long_before_the_first_check_in_are_not_counted() -> None:
    reports = [told(10, today=4)]
    loads = [load(6), load(7)]

    first = preceded(flares(reports, loads), reports, loads)[0]

    assert first.runs == 1


# the loads of the same days


def test_loads_are_summed_by_week_and_the_last_one_is_cut_short() -> None:
    loads = [load(0, 8, hill_m=100, fast_m=400), load(6, 10, hill_m=50), load(7, 5), load(20, 7)]

    spans = load_spans(loads, on(0), on(9), days=7, known_from=on(0))

    assert [(s.first, s.last) for s in spans] == [(on(0), on(6)), (on(7), on(9))]
    assert [(s.n_runs, s.distance_m, s.hill_m, s.fast_m) for s in spans] == [(2, 18_000, 150, 400), (1, 5_000, 0, 0)]


def test_a_day_without_a_run_is_nothing_and_not_unknown() -> None:
    (day,) = load_spans([], on(0), on(0), days=1, known_from=on(0))

    assert (day.n_runs, day.distance_m, day.hill_m, day.fast_m, day.is_complete) == (0, 0, 0, 0, True)


def test_a_week_of_runs_that_do_not_tell_has_no_sum() -> None:
    (week,) = load_spans([load(0, hill_m=None, fast_m=None), indoors(1)], on(0), on(6), days=7, known_from=on(0))

    assert (week.hill_m, week.hill_unknown, week.fast_m, week.fast_unknown) == (None, 1, None, 1)
    assert week.distance_m == 13_000


def test_a_week_in_which_one_run_tells_is_at_least_that() -> None:
    (week,) = load_spans([load(0, hill_m=None), load(1, hill_m=120)], on(0), on(6), days=7, known_from=on(0))

    assert (week.hill_m, week.hill_unknown) == (120, 1)


def test_days_whose_runs_are_awaited_are_not_complete() -> None:
    spans = load_spans([], on(0), on(2), days=1, known_from=on(0), missing_from=on(1))

    assert [s.is_complete for s in spans] == [True, False, False]


def test_days_before_the_first_run_that_is_known_are_not_days_of_rest() -> None:
    spans = load_spans([load(9)], on(0), on(20), days=7, known_from=on(9))

    assert [s.is_complete for s in spans] == [False, False, True]
    assert not any(s.is_complete for s in load_spans([], on(0), on(20), days=7, known_from=None))
