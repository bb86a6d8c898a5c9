"""What a week amounts to and what is to be done: the staircases, step by step."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from loadwatch.domain.alerts import Alert, AlertState
from loadwatch.domain.ceilings import Ceiling
from loadwatch.domain.completeness import Gap
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.no_runs import NoRuns
from loadwatch.domain.pain_week import PainWeek
from loadwatch.domain.rehab_week import RehabWeek
from loadwatch.domain.report import OpenProblem, WeeklyReport
from loadwatch.domain.rules import Evidence
from loadwatch.domain.symptoms import Problem
from loadwatch.domain.weekly_action import week_verdict, weekly_action
from tests.unit.domain.build import run
from tests.unit.domain.symptoms_build import report

CEILING = Ceiling("longest_30d", 11_000.0, 11_500.0, 10_000.0, 1.0, 200, 90)
LEARNING = Ceiling("learning", None, None, None, None, 5, 2)
BACK = Ceiling("after_break", 5_000.0, 5_000.0, 10_000.0, 20.0, 200, 90)
AFTER_JUMP = Ceiling("after_jump", 9_000.0, 16_500.0, 9_000.0, 1.0, 200, 90)

QUIET = WeeklyReport(
    week=IsoWeek(2026, 23),
    runs=(run(0, 10.0),),
    other_sports=0,
    distance_m=10_000.0,
    moving_s=3_000.0,
    longest_m=10_000.0,
    previous=((IsoWeek(2026, 22), 10_000.0),),
    usual_m=10_000.0,
    alerts=(),
    ceiling=CEILING,
    first_day=date(2026, 1, 5),
)
EMPTY = replace(QUIET, runs=(), distance_m=0.0)


def alert(rule: str, severity: int, *, of_run: bool = True, problem_id: int | None = None) -> Alert:
    return Alert(
        id=7,
        rule=rule,
        rule_version="1",
        severity=severity,
        state=AlertState.FIRING,
        title=f"{rule} speaks",
        message="",
        action=f"Do what {rule} says.",
        reasons=(),
        evidence=Evidence("C", "none"),
        coverage=(),
        run_id=1 if of_run else None,
        problem_id=problem_id,
        at=datetime(2026, 6, 3, tzinfo=UTC),
        created_at=datetime(2026, 6, 3, tzinfo=UTC),
        symptom_level=0 if of_run else 2,
        report_id=None if of_run else 3,
    )


def problem(level: int) -> OpenProblem:
    return OpenProblem(Problem("left", frozenset({"posterior"}), (report(pain_today=4),)), level)


REHAB = RehabWeek(problem(1).id, "Left back of the thigh", "Hamstring strain", "First load", 2, 7, asked=4)


def test_a_quiet_week_is_told_by_its_distance_and_goes_on_as_planned() -> None:
    verdict, action = week_verdict(QUIET), weekly_action(QUIET)

    assert (verdict.level, verdict.words) == ("quiet", "You ran 10.0 km in 1 run, close to your usual 10.0 km.")
    assert (action.reason, action.words) == (
        "as_planned",
        "Nothing unusual in your load: run as planned, up to 11.0 km.",
    )


def test_a_red_flag_goes_before_everything() -> None:
    red = alert("R-RED", 4, of_run=False)
    week = replace(
        QUIET, standing=(red, alert("R-M1", 2)), problems=(problem(3),), rehab=(REHAB,), gap=Gap(None, runs=1)
    )

    assert (week_verdict(week).level, week_verdict(week).words) == ("red", "R-RED speaks.")
    assert (weekly_action(week).reason, weekly_action(week).alert_id) == ("red_flag", 7)
    assert weekly_action(week).words == "Do what R-RED says."


@pytest.mark.parametrize("rule", ["C-HS", "C-BSI", "S-STUCK"])
def test_a_symptom_that_asks_to_act_goes_before_loads_and_exercises(rule: str) -> None:
    week = replace(QUIET, standing=(alert(rule, 3, of_run=False), alert("R-M1", 2)), rehab=(REHAB,))

    assert week_verdict(week).level == "act"
    assert week_verdict(week).words == f"{rule} speaks."
    assert weekly_action(week).words == f"Do what {rule} says."


def test_running_through_a_problem_is_about_what_hurts() -> None:
    week = replace(QUIET, standing=(alert("P-PUSH", 3),))

    assert (week_verdict(week).level, weekly_action(week).reason) == ("act", "problem")


def test_where_an_alert_says_only_that_it_hurts_the_week_tells_how_it_moved() -> None:
    ache = problem(2)
    told = PainWeek(ache.problem, 2, "worse")
    speaks = alert("S-ASYM", 2, of_run=False, problem_id=ache.id)
    week = replace(QUIET, standing=(speaks,), problems=(ache,), pain=(told,))

    assert week_verdict(week).words == "Left back of the thigh is still open, and got worse this week."


def test_a_bad_problem_forbids_running_though_its_alert_is_spent() -> None:
    week = replace(QUIET, problems=(problem(3),), rehab=(REHAB,))

    assert week_verdict(week).level == "act"
    assert weekly_action(week).reason == "problem"
    assert "no running before it has settled" in weekly_action(week).words


def test_what_is_held_against_exercises_goes_before_those_of_another_problem() -> None:
    held = replace(REHAB, asked=0, held_back="This may be a bone.")

    assert weekly_action(replace(QUIET, rehab=(REHAB, held))).words == "This may be a bone."


def test_the_next_step_of_a_programme_goes_before_caution_and_loads() -> None:
    week = replace(QUIET, standing=(alert("S-LEVEL", 2, of_run=False), alert("R-M1", 2)), rehab=(REHAB,))

    assert weekly_action(week).reason == "rehab"
    assert weekly_action(week).words == "Do the exercises of your stage, “First load”, on 4 days."


def test_a_moderate_problem_without_a_programme_keeps_runs_short() -> None:
    action = weekly_action(replace(QUIET, problems=(problem(2),)))

    assert (action.reason, action.problem_id) == ("problem", problem(2).id)
    assert "run short and easy, and only while it stays quiet" in action.words


def test_a_mild_problem_leaves_the_plan() -> None:
    assert weekly_action(replace(QUIET, problems=(problem(1),))).reason == "as_planned"


def test_a_jump_is_the_verdict_and_its_limit_the_action() -> None:
    week = replace(QUIET, standing=(alert("R-M1", 2),), ceiling=AFTER_JUMP)

    assert (week_verdict(week).level, week_verdict(week).words) == ("caution", "R-M1 speaks.")
    assert weekly_action(week).words == "Your load jumped: keep the next runs easy and short, up to 9.0 km."


def test_after_a_break_one_starts_low() -> None:
    action = weekly_action(replace(QUIET, ceiling=BACK))

    assert (action.reason, action.words) == ("load", "Coming back from a break: start low, up to 5.0 km.")


def test_a_note_of_the_week_is_its_verdict() -> None:
    week = replace(QUIET, standing=(replace(alert("R-H1", 1), load_level=1),))

    assert week_verdict(week).words == "R-H1 speaks."
    assert weekly_action(week).words.startswith("More downhill than usual: make the next run an easy, flat one")


def test_a_build_of_two_weeks_asks_for_a_week_no_longer() -> None:
    action = weekly_action(replace(QUIET, standing=(alert("R-M3", 1),)))

    assert (action.reason, action.words) == ("build", "Do what R-M3 says.")


def test_while_a_usual_is_learnt_nothing_is_called_unusual() -> None:
    week = replace(QUIET, ceiling=LEARNING)

    assert week_verdict(week).level == "learning"
    assert (weekly_action(week).reason, "unusual" in weekly_action(week).words) == ("learning", False)


def test_of_a_week_that_is_not_all_here_nobody_says_that_all_is_well() -> None:
    week = replace(QUIET, gap=Gap(None, runs=1))

    assert week_verdict(week).level == "incomplete"
    assert weekly_action(week).words == (
        "Nothing unusual in what is here, but not all of it has arrived yet."
        " Until it has, run no further than 11.0 km."
    )


def test_a_connection_that_is_gone_is_what_to_mend_first() -> None:
    week = replace(QUIET, gap=Gap(None, cut_off="reconnect"), standing=(alert("R-M3", 1),))

    action = weekly_action(week)
    assert action.reason == "no_data"
    assert action.missing is not None
    assert action.missing.where == "settings"


def test_a_jump_is_told_though_the_connection_is_gone_since() -> None:
    week = replace(QUIET, gap=Gap(None, cut_off="reconnect"), standing=(alert("R-M1", 2),), ceiling=AFTER_JUMP)

    assert week_verdict(week).level == "caution"
    assert weekly_action(week).words == "Your load jumped: keep the next runs easy and short, up to 9.0 km."


def test_where_nothing_can_arrive_silence_is_no_break() -> None:
    assert weekly_action(replace(QUIET, gap=Gap(None, cut_off="reconnect"), ceiling=BACK)).reason == "no_data"


def test_a_week_without_runs_names_the_usual_and_a_first_one_does_not() -> None:
    assert week_verdict(EMPTY).words == "No runs arrived in week 23, your usual is 10.0 km."
    assert week_verdict(replace(EMPTY, first_day=None)).words == "No runs here yet."


def test_who_has_handed_in_no_file_is_asked_for_one() -> None:
    action = weekly_action(replace(EMPTY, no_runs=NoRuns("files")))

    assert (action.reason, action.missing.where if action.missing else None) == ("no_data", "upload")


def test_a_week_off_with_strava_connected_is_no_fault() -> None:
    assert weekly_action(replace(EMPTY, no_runs=NoRuns("strava"))).reason == "as_planned"
