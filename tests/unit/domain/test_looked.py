"""Which rules looked at a run, and what each made of it."""

from dataclasses import replace

import pytest

from loadwatch.domain.activity import Run
from loadwatch.domain.adjusted import Adjusted, OwnThresholds
from loadwatch.domain.looked import RULES, Look, looks_at
from loadwatch.domain.rules import judge
from tests.unit.domain.build import every_other_day, run
from tests.unit.domain.loads_build import NOTHING, loaded


def looks(of: Run, before: list[Run], **how) -> dict[str, Look]:
    found = looks_at(of, [*before, of], **how)
    assert tuple(look.rule for look in found) == RULES
    return {look.rule: look for look in found}


def settled(last: int = 60) -> list[Run]:
    """Runs of 10 km with 100 m downhill and 500 fast metres, every other day."""
    return [loaded(day, 10, hill_m=100, ascent_m=100, fast_m=500) for day in range(0, last + 1, 2)]


def test_a_usual_run_is_quiet_with_what_it_had_and_from_where_each_rule_speaks():
    found = looks(loaded(62, 10.5, hill_m=110, ascent_m=110, fast_m=510), settled())

    assert (found["R-M1"].why, found["R-M1"].value, found["R-M1"].limit) == ("quiet", 10_500, 11_500)  # 1.5 km more
    assert (found["R-H1"].why, found["R-H1"].limit) == ("quiet", 250)  # 150 m more than the most
    assert (found["R-H2"].why, found["R-H2"].limit) == ("quiet", 300)  # 200 m more
    assert (found["R-T2"].why, found["R-T2"].value, found["R-T2"].limit) == ("quiet", 510, 900)  # 400 m more
    assert found["R-RTN"] == Look("R-RTN", "no_break", 2.0, 14.0)
    assert found["R-M3"].why == "no_build"
    assert found["R-T3"].why == "not_new"


def test_what_a_rule_said_is_what_it_says_when_it_judges():
    jump = loaded(62, 14, hill_m=110, ascent_m=110, fast_m=510)
    found = looks(jump, settled())

    assert found["R-M1"].why == "spoke"
    assert found["R-M1"].finding in judge([*settled(), jump], since=jump.start)
    assert found["R-M1"].value == 14_000
    assert found["R-M3"].why == "family_spoke"
    assert found["R-H1"].why == "quiet"


def test_a_rule_that_would_have_spoken_after_another_of_its_family_says_that():
    hilly = loaded(62, 10, hill_m=400, ascent_m=400, fast_m=510)

    assert [looks(hilly, settled())[rule].why for rule in ("R-H1", "R-H2")] == ["spoke", "family_spoke"]


def test_a_run_of_which_nothing_is_known_but_its_distance_says_so():
    found = looks(run(62, 10), settled())

    assert {rule: look.why for rule, look in found.items() if look.why == "not_known"} == dict.fromkeys(
        ("R-H1", "R-H2", "R-T2", "R-T1", "R-T3"), "not_known"
    )


def test_on_a_treadmill_there_were_no_hills_to_look_at():
    indoors = replace(run(62, 10), features=NOTHING)

    assert [looks(indoors, settled())[rule].why for rule in ("R-H1", "R-H2")] == ["indoors", "indoors"]


def test_with_a_short_history_no_rule_looks():
    assert {look.why for look in looks(run(6, 30), every_other_day(0, 4, 5)).values()} == {"learning"}


def test_where_too_few_runs_tell_of_hills_they_are_not_compared():
    found = looks(loaded(62, 10, hill_m=400), every_other_day(0, 60, 10))

    assert found["R-H1"].why == "few_known"
    assert found["R-T2"].why == "speeds_not_known"


def test_after_a_break_the_rule_for_breaks_looks_at_the_distance():
    back = run(80, 12)
    found = looks(back, every_other_day(0, 60, 10))

    assert (found["R-RTN"].why, found["R-RTN"].value) == ("spoke", 20.0)
    assert found["R-M1"].why == "after_break"


def test_later_runs_change_nothing_of_what_a_run_was_held_against():
    later = run(63, 40)
    here = loaded(62, 10.5, hill_m=110, ascent_m=110, fast_m=510)

    assert looks_at(here, [*settled(), here, later]) == looks_at(here, [*settled(), here])


def test_the_runner_s_own_threshold_is_where_it_speaks_from():
    own = OwnThresholds.always(Adjusted(hill_small_jump_m=200.0))

    found = looks(loaded(62, 10.5, hill_m=110, ascent_m=110, fast_m=510), settled(), thresholds=own)

    assert found["R-H1"].limit == pytest.approx(300)
