"""Stages by criteria, steps back with their reason, what is due today, and when there is nothing to do but stop."""

import random
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadwatch.domain.programme import Clearance, Dose, QuietSessions, Withheld, withheld
from loadwatch.domain.rehab import stage_of
from loadwatch.domain.session_plan import (
    TodaysSession,
    circuit,
    minutes_of,
    run_gate,
    sessions_of_week,
    todays_session,
    tolerated_directions,
)
from loadwatch.knowledge.rehab_content import rehab_content
from tests.unit.domain.rehab_build import CLEAR, did, on, told

CONTENT = rehab_content()
HAMSTRING = CONTENT.programmes["hamstring_strain"]
TENDON = CONTENT.programmes["proximal_hamstring"]
QUAD = CONTENT.programmes["quad_strain"]
IT_BAND = CONTENT.programmes["it_band"]
NERVE = CONTENT.programmes["nerve"]
BONE = CONTENT.programmes["bone_stress"]
SORENESS = CONTENT.programmes["soreness"]

FIRST_LOAD = "single_leg_squat_painless easy_bike_10_min_painless knee_straightens_fully"
LENGTHENED = "runs_70_percent_painless leg_raise_three_quarters knee_extension_three_quarters"


def stage_id(programme, sessions, reports, day, **more) -> str:
    stage = stage_of(programme, sessions, reports, on(day), **more).stage
    return stage.id if stage else "done"


def plan(programme, sessions, reports, day, clearance=CLEAR, pattern=None, **more):
    progress = stage_of(programme, sessions, reports, on(day), **more)
    return todays_session(
        programme, progress, sessions, on(day), reports=reports, clearance=clearance, pattern=pattern
    )


def due(session) -> set[str]:
    assert isinstance(session, TodaysSession), session
    return {p.exercise.id for p in session.items}


def left_out(session) -> dict[str, str]:
    return {x.exercise.id: x.why for x in session.left_out}


# A hamstring strain, from the day it happened to strides

STRAIN = [
    told(0, today=6, run=7, onset="sudden", signs={"limp"}),
    told(1, today=4, morning=4),
    told(2, today=3, morning=3, yes="walks_normally"),
    told(3, today=2, morning=2),
]
FIRST_SESSIONS = [did(3, "bridge", "heel_dig", during=3, morning=2), did(4, "bridge", during=2, morning=2)]
LOADED = [told(5, today=1, morning=2, yes=FIRST_LOAD)]
LONG_SESSIONS = [did(d, "extender", "diver", during=1, morning=1) for d in (6, 8)]
RAN = [told(20, today=0, run=1, morning=1, yes=LENGTHENED)]
LADDER = [(on(6), 1), (on(12), 4), (on(20), 8), (on(30), 10)]
STRONG_SESSIONS = [did(d, "nordic", during=1, morning=0) for d in (25, 29)]
FAST = [told(31, today=0, run=0, morning=0, yes="full_speed_straight_painless change_of_direction_painless")]

STORY_SESSIONS = FIRST_SESSIONS + LONG_SESSIONS + STRONG_SESSIONS
STORY_REPORTS = STRAIN + LOADED + RAN + FAST


@pytest.mark.parametrize(
    ("day", "stage"),
    [
        (0, "first_days"),
        (1, "first_days"),  # walks, but nobody said so
        (2, "first_load"),
        (4, "first_load"),  # two sessions, the second morning not yet known
        (5, "lengthening"),
        (19, "lengthening"),
        (20, "strength_and_strides"),
        (30, "strength_and_strides"),
        (31, "strides"),
        (40, "strides"),
    ],
)
def test_a_hamstring_strain_moves_on_by_what_the_runner_can_do(day, stage):
    assert stage_id(HAMSTRING, STORY_SESSIONS, STORY_REPORTS, day, ladder=LADDER) == stage


def test_each_step_forward_is_dated_and_explained():
    progress = stage_of(HAMSTRING, STORY_SESSIONS, STORY_REPORTS, on(40), ladder=LADDER)

    assert [(c.on, c.after) for c in progress.changes] == [(on(2), 1), (on(5), 2), (on(20), 3), (on(31), 4)]
    assert {c.why for c in progress.changes} == {"all criteria of the stage are met"}
    assert progress.day == 40


def test_what_is_missing_for_the_next_stage_is_named():
    progress = stage_of(HAMSTRING, FIRST_SESSIONS, STRAIN, on(5))

    assert [c.text for c in progress.unmet] == [
        "a squat on the sore leg is painless",
        "ten easy minutes on the bicycle are painless",
        "the knee straightens fully when you lie on your back",
    ]


def test_time_alone_moves_nobody_on():
    assert stage_id(HAMSTRING, [], STRAIN[:2], 300) == "first_days"


def test_being_able_does_not_shorten_the_first_two_days():
    walks_at_once = [told(0, today=3, yes="walks_normally")]

    assert stage_id(HAMSTRING, [], walks_at_once, 1) == "first_days"
    assert stage_id(HAMSTRING, [], walks_at_once, 2) == "first_load"


def test_an_answer_given_before_a_stage_began_does_not_leave_it():
    early = [told(0, today=3, yes=f"walks_normally {FIRST_LOAD}")]
    sessions = [did(3, "bridge", morning=2), did(4, "bridge", morning=2)]

    assert stage_id(HAMSTRING, sessions, early, 9) == "first_load"


def test_a_no_takes_back_an_earlier_yes():
    reports = [told(0, today=3, yes="walks_normally"), told(1, today=3, no="walks_normally")]

    assert stage_id(HAMSTRING, [], reports, 5) == "first_days"


def test_speed_waits_for_thirty_quiet_minutes():
    assert stage_id(HAMSTRING, STORY_SESSIONS, STORY_REPORTS, 29, ladder=[(on(6), 7)]) == "lengthening"


def test_a_quad_strain_with_a_bruise_is_held_twice_as_long():
    answers = "ten_leg_raises_painless walks_normally stairs_normal"
    sessions = [did(d, "quad_set", morning=1) for d in (1, 2, 3)]

    plain = [told(0, today=2, morning=2), told(4, today=1, morning=1, yes=answers)]
    bruised = [told(0, today=2, morning=2, signs={"bruise"}), plain[1]]

    assert [stage_id(QUAD, sessions, plain, d) for d in (4, 5)] == ["hold", "bend"]
    assert [stage_id(QUAD, sessions, bruised, d) for d in (9, 10)] == ["hold", "bend"]


def test_downhill_comes_last_for_an_it_band():
    reports = [
        told(0, today=2, morning=1, regions={"LK"}),
        told(1, today=2, morning=1, regions={"LK"}),
        told(6, today=1, morning=1, regions={"LK"}, yes="step_downs_quiet"),
        told(12, today=1, morning=1, regions={"LK"}, yes="pelvis_stays_level"),
        told(30, today=0, run=1, morning=1, regions={"LK"}),
        told(33, today=0, run=1, morning=0, regions={"LK"}),
    ]
    sessions = [
        *(did(d, "hip_hold", morning=1) for d in (1, 2)),
        *(did(d, "hip_hitch", morning=1) for d in (4, 5)),
        *(did(d, "pelvic_drop", morning=1) for d in (8, 10)),
    ]
    ladder = [(on(3), 1), (on(20), 8), (on(28), 9), (on(34), 10)]

    stages = [stage_id(IT_BAND, sessions, reports, d, ladder=ladder) for d in (1, 3, 6, 19, 20, 33, 34)]

    assert stages == ["calm", "hip_strength", "control", "control", *["distance_then_downhill"] * 2, "done"]
    downhill = [s.id for s in IT_BAND.stages if "hills" in s.running]
    assert downhill == ["distance_then_downhill"]


def test_soreness_waits_and_asks_again_after_72_hours():
    reports = [told(1, today=4, side="both_equal", onset="delayed"), told(3, today=1, side="both_equal")]

    assert SORENESS.recheck_hours == 72
    assert [stage_id(SORENESS, [], reports, d) for d in (1, 2, 3)] == ["wait", "wait", "done"]


# Quiet sessions


QUIET_BASE = [told(0, today=2, morning=2), told(1, today=2, morning=2)]
"""A tendon whose mornings are at 2."""


def missing(sessions, day) -> bool:
    unmet = stage_of(TENDON, sessions, QUIET_BASE, on(day)).unmet
    return any(isinstance(c, QuietSessions) for c in unmet)


def test_two_days_with_a_quiet_next_morning_are_two_quiet_sessions():
    sessions = [did(1, "bridge_hold", morning=2), did(2, "bridge_hold", morning=1)]

    assert [stage_id(TENDON, sessions, QUIET_BASE, d) for d in (2, 3)] == ["hold", "strength_hip_straight"]


@pytest.mark.parametrize(
    "second",
    [
        did(2, "bridge_hold", morning=3),  # a point above the usual
        did(2, "bridge_hold", during=3, morning=2),  # above the tendon's limit of 2
        did(2, "bridge_hold"),  # nobody said how the morning was
        did(2, "squat", morning=2),  # no exercise of the stage
        did(2, "bridge_hold", morning=2, signs={"sharp"}),
        did(1, "bridge_hold", morning=2, hour=8),  # the same day again
    ],
)
def test_what_does_not_count_as_a_second_quiet_session(second):
    sessions = [did(1, "bridge_hold", morning=2), second]

    assert stage_id(TENDON, sessions, QUIET_BASE, 5) == "hold"
    assert missing(sessions, 5)


def test_pain_that_rises_week_on_week_holds_the_stage():
    sessions = [did(d, "bridge_hold") for d in (12, 13)]
    level = [told(d, today=2, morning=1) for d in range(15)]
    rising = [told(d, today=2, morning=0 if d < 8 else 1) for d in range(15)]

    assert stage_id(TENDON, sessions, level, 14) == "strength_hip_straight"
    held = stage_of(TENDON, sessions, rising, on(14))
    assert held.rising
    assert held.stage.id == "hold"


# Setbacks


def test_a_next_morning_two_points_up_takes_it_one_stage_back():
    sessions = [*STORY_SESSIONS[:4], did(12, "diver", during=2, morning=3)]  # the week before: 1, 1

    progress = stage_of(HAMSTRING, sessions, STRAIN + LOADED, on(13))

    assert progress.stage.id == "first_load"
    assert progress.changes[-1].on == on(13)
    assert "two points or more" in progress.changes[-1].why
    assert not progress.referred


def test_a_point_up_for_one_morning_is_no_setback_for_two_it_is():
    one = [*STORY_SESSIONS[:4], did(12, "diver", morning=2)]
    settled = [*STRAIN, *LOADED, told(14, morning=1)]
    lasting = [*STRAIN, *LOADED, told(14, morning=2)]

    assert stage_id(HAMSTRING, one, settled, 14) == "lengthening"
    back = stage_of(HAMSTRING, one, lasting, on(14))
    assert back.stage.id == "first_load"
    assert "24 hours" in back.changes[-1].why


def test_two_setbacks_in_two_weeks_stop_the_programme_and_refer():
    sessions = [*STORY_SESSIONS[:4], did(10, "diver", morning=4), did(20, "bridge", morning=5)]
    reports = [*STRAIN, *LOADED, *(told(d, morning=1) for d in (13, 15, 17, 19, 20))]

    progress = stage_of(HAMSTRING, sessions, reports, on(21))
    today = plan(HAMSTRING, sessions, reports, 30)

    assert "2 setbacks within 14 days" in progress.referred
    assert isinstance(today, Withheld)
    assert today.reason == "refer"


def test_after_a_professional_has_seen_it_the_programme_goes_on():
    sessions = [*STORY_SESSIONS[:4], did(10, "diver", morning=4), did(20, "bridge", morning=5)]
    reports = [*STRAIN, *LOADED, *(told(d, morning=1) for d in (13, 15, 17, 19, 20))]

    assert stage_of(HAMSTRING, sessions, reports, on(27), resumed=on(28)).referred
    resumed = stage_of(HAMSTRING, sessions, reports, on(28), resumed=on(28))
    assert not resumed.referred
    assert resumed.number == 0

    again = [*sessions, did(30, "knee_bends", morning=6)]
    once_more = stage_of(HAMSTRING, again, reports, on(31), resumed=on(28))
    assert not once_more.referred  # the two before are settled


def test_setbacks_more_than_two_weeks_apart_do_not_add_up():
    sessions = [*STORY_SESSIONS[:4], did(10, "diver", morning=4), did(25, "bridge", morning=5)]
    reports = [*STRAIN, *LOADED, *(told(d, morning=1) for d in (20, 22, 24, 25))]

    assert not stage_of(HAMSTRING, sessions, reports, on(26)).referred


def test_something_sudden_takes_it_back_to_the_first_stage():
    torn = told(25, today=6, run=7, onset="sudden", signs={"pop"})

    progress = stage_of(HAMSTRING, STORY_SESSIONS[:4], [*STRAIN, *LOADED, *RAN, torn], on(26), ladder=LADDER)

    assert progress.stage.id == "first_days"
    assert "suddenly" in progress.changes[-1].why
    assert progress.day == 1


def test_a_form_that_carries_sudden_along_is_no_new_injury():
    carried = [replace(r, onset="sudden") for r in STRAIN + LOADED]

    assert stage_id(HAMSTRING, FIRST_SESSIONS, carried, 6) == "lengthening"


# Stop for today


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (told(6, today=6), "pain above 5"),
        (told(6, run=6), "pain above 5"),
        (told(6, today=2, qualities={"sharp"}), "sharp"),
        (told(6, today=2, signs={"limp"}), "limp"),
        (told(6, today=2, signs={"buckling"}), "gave way"),
        (told(6, today=2, qualities={"numb"}), "new numbness"),
        (told(6, today=4, onset="sudden"), "suddenly"),
    ],
)
def test_what_stops_the_day_is_said_and_the_next_day_goes_on(report, words):
    reports = [*STRAIN, *LOADED, report]

    today = plan(HAMSTRING, FIRST_SESSIONS, reports, 6)

    assert isinstance(today, Withheld)
    assert today.reason == "stop_today"
    assert words in today.text
    assert isinstance(plan(HAMSTRING, FIRST_SESSIONS, reports, 7), TodaysSession)


@pytest.mark.parametrize("how", [{"during": 6}, {"signs": {"giving_way"}}, {"signs": {"sharp"}}])
def test_a_session_that_went_wrong_stops_the_day(how):
    today = plan(HAMSTRING, [*FIRST_SESSIONS, did(6, "extender", **how)], STRAIN + LOADED, 6)

    assert isinstance(today, Withheld)
    assert today.reason == "stop_today"


def test_numbness_that_was_there_from_the_first_is_not_new():
    reports = [told(d, today=2, regions={"LT"}, qualities={"numb", "burning"}) for d in (0, 1)]

    assert isinstance(plan(NERVE, [], reports, 1, pattern="LFCN"), TodaysSession)


# What is due today


def test_the_l_protocol_keeps_its_days():
    done = [did(6, "extender", "diver", "glider", morning=1)]

    def day(n):
        return plan(HAMSTRING, FIRST_SESSIONS + done, STRAIN + LOADED, n)

    assert {"extender"} <= due(day(7))
    assert {"diver", "glider"}.isdisjoint(due(day(7)))
    assert left_out(day(7))["diver"] == "every 2nd day: next on Tue 10 Mar"
    assert {"extender", "diver"} <= due(day(8))
    assert "glider" not in due(day(8))
    assert {"extender", "glider"} <= due(day(9))


def test_twice_a_day_is_twice_a_day():
    once = [did(6, "extender", hour=8)]
    twice = [*once, did(6, "extender", hour=18)]

    def times_left(sessions):
        session = plan(HAMSTRING, FIRST_SESSIONS + sessions, STRAIN + LOADED, 6)
        return {p.exercise.id: p.times_left for p in session.items}.get("extender", 0)

    assert [times_left([]), times_left(once), times_left(twice)] == [2, 1, 0]


def test_three_days_a_week_are_counted_over_any_seven_days():
    hitch = [did(d, "hip_hitch", morning=1) for d in (4, 6, 8)]
    reports = [told(d, today=1, morning=1, regions={"LK"}) for d in range(3)]
    calm = [did(d, "hip_hold", morning=1) for d in (0, 1)]

    days = {d: "hip_hitch" in due(plan(IT_BAND, calm + hitch, reports, d)) for d in (9, 10, 11)}

    assert days == {9: False, 10: False, 11: True}


def test_no_deep_massage_in_the_first_ten_days_with_a_bruise():
    bruised = [*STRAIN, *LOADED[:-1], told(5, today=1, morning=2, yes=FIRST_LOAD, signs={"bruise"})]

    session = plan(HAMSTRING, FIRST_SESSIONS, bruised, 14)
    assert "ten" in left_out(session)["ball_massage"] or "10" in left_out(session)["ball_massage"]
    assert "ball_massage" in due(plan(HAMSTRING, FIRST_SESSIONS, bruised, 15))


def test_nothing_presses_or_pulls_where_it_burns():
    burning = [*STRAIN, *LOADED, told(6, today=1, qualities={"burning"})]

    session = plan(HAMSTRING, FIRST_SESSIONS, burning, 7)

    assert {"ball_massage", "extender", "diver", "glider", "good_morning"} <= set(left_out(session))
    assert "burns" in left_out(session)["ball_massage"]


def test_the_pain_limit_is_the_lower_of_programme_and_exercise():
    strain = plan(HAMSTRING, [], [*STRAIN[:2], STRAIN[2]], 2)
    tendon = plan(TENDON, [], QUIET_BASE, 1)

    assert {p.exercise.id: p.pain_limit for p in strain.items} == {"bridge": 4, "heel_dig": 4, "easy_bike": 4}
    assert {p.pain_limit for p in tendon.items} == {2}


def test_a_dose_is_written_as_people_write_it():
    assert Dose(4, reps=(15, 15)).amount == "4 x 15"
    assert Dose(5, hold_s=(30, 45)).amount == "5 x 30-45 s"
    assert Dose(3, reps=(5, 8), hold_s=(10, 10)).amount == "3 x 5-8, each held 10 s"
    assert Dose(1, minutes=10).amount == "10 min"
    assert Dose(3, reps=(6, 6), every_days=2).frequency == "every 2nd day"
    assert Dose(3, reps=(4, 4), every_days=3).frequency == "every 3rd day"
    assert Dose(3, reps=(4, 6), per_week=2).frequency == "2 days a week"
    assert Dose(3, reps=(12, 12), per_day=2).frequency == "up to 2 times a day"
    assert Dose(1, reps=(1, 1)).frequency == "once a day"


def test_the_morning_after_yesterdays_session_is_asked_for_until_it_is_told():
    asked = plan(HAMSTRING, [*FIRST_SESSIONS, did(6, "extender")], STRAIN + LOADED, 7)
    told_since = plan(HAMSTRING, [*FIRST_SESSIONS, did(6, "extender", morning=1)], STRAIN + LOADED, 7)

    assert asked.ask_next_morning
    assert not told_since.ask_next_morning


def test_the_sessions_of_a_week_are_counted_by_days_against_the_days_that_a_stage_asks_for():
    lengthening = HAMSTRING.stages[2]  # its extender is due every day, its diver every 2nd
    nordics_only = replace(
        lengthening, prescriptions=[replace(lengthening.prescriptions[0], dose=Dose(3, per_week=2))]
    )
    done = [did(3, "extender"), did(4, "extender"), did(4, "diver", hour=20), did(9, "bridge"), did(10, "glider")]

    week = sessions_of_week(lengthening, "HS", done, on(0), on(10))
    since_yesterday = sessions_of_week(lengthening, "HS", done, on(9), on(10))

    assert (week.done, week.planned) == (2, 7)  # of days 4 to 10: day 4 and day 10; bridges are of another stage
    assert (since_yesterday.done, since_yesterday.planned) == (1, 2)
    assert sessions_of_week(nordics_only, "HS", done, on(0), on(10)).planned == 2


def test_once_all_stages_are_done_nothing_is_due():
    reports = [told(1, today=1, side="both_equal")]

    assert plan(SORENESS, [], reports, 1) is None


# A nerve: direction, sliders, the gate


def nerve_reports(answers="", **more):
    first = told(0, today=2, morning=1, regions={"PM", "BK"}, qualities={"tingling"})
    return [first, told(1, today=2, morning=1, regions={"PM", "BK"}, qualities={"tingling"}, yes=answers, **more)]


def test_without_a_directional_test_there_are_no_bending_exercises():
    reports = nerve_reports()

    assert tolerated_directions(reports, on(3)) is None
    assert stage_id(NERVE, [], reports, 3) == "direction"
    assert due(plan(NERVE, [], reports, 3, pattern="SCI")) == {"easy_walk"}


@pytest.mark.parametrize(
    ("yes", "no", "bending"),
    [
        ("bending_back_eases", "bending_forward_eases", {"forearm_prop", "prone_press_up", "bird_dog"}),
        ("bending_forward_eases", "bending_back_eases", {"knees_to_chest", "dead_bug"}),
        ("", "bending_back_eases bending_forward_eases", set()),
        ("bending_back_eases symptoms_spread_further_down", "", set()),
    ],
)
def test_only_the_direction_that_eases_is_exercised(yes, no, bending):
    reports = nerve_reports(yes, no=no)

    session = plan(NERVE, [], reports, 2, pattern="SCI")

    assert session.stage.id == "ease"
    assert due(session) == {*bending, "sciatic_slider", "hip_mobility", "thoracic_rotation"}


def test_each_nerve_has_its_slider_and_the_skin_nerve_none():
    reports = nerve_reports("bending_back_eases")

    sliders = {
        pattern: {i for i in due(plan(NERVE, [], reports, 2, pattern=pattern)) if "slider" in i}
        for pattern in ("SCI", "FEM", "LFCN")
    }

    assert sliders == {"SCI": {"sciatic_slider"}, "FEM": {"femoral_slider"}, "LFCN": set()}


def test_one_no_at_the_gate_means_no_run_today_and_so_does_no_answer():
    yes = dict.fromkeys(NERVE.gate, True)

    assert len(NERVE.gate) == 3
    assert run_gate(NERVE, yes).is_open
    for question in NERVE.gate:
        refused = run_gate(NERVE, yes | {question: False})
        assert not refused.is_open
        assert refused.refused == (question,)
        assert run_gate(NERVE, {q: True for q in yes if q != question}).unanswered == (question,)
    assert run_gate(HAMSTRING, {}).is_open  # no gate


# Withheld


FLAG = replace(CLEAR, red_flags=frozenset({"RF6"}))


def test_a_suspicion_of_bone_stress_gets_no_exercise_only_the_way_to_a_doctor():
    reports = [told(0, today=3, regions={"DV", "MT"}, aggravators={"hopping"})]

    today = plan(BONE, [], reports, 0)

    assert isinstance(today, Withheld)
    assert today.reason == "bone_stress"
    assert BONE.stages == ()
    assert "24 to 72 hours" in BONE.refer


def test_the_bone_guard_withholds_the_exercises_of_any_other_pattern():
    guarded = replace(CLEAR, bone_stress=True)

    assert plan(QUAD, [], QUIET_BASE, 1, guarded).reason == "bone_stress"
    assert circuit("QS", CONTENT.exercises.values(), clearance=guarded, pain_limit=4).reason == "bone_stress"


def test_severity_three_may_exercise_four_may_not():
    assert withheld("HS", replace(CLEAR, severity=3)) is None
    assert withheld("HS", replace(CLEAR, severity=4)).reason == "severity"


def test_exercises_are_shown_only_to_those_who_agreed():
    unasked = replace(CLEAR, confirmed=False)

    assert plan(HAMSTRING, [], STRAIN, 3, unasked).reason == "not_confirmed"
    assert circuit("HS", CONTENT.exercises.values(), clearance=unasked, pain_limit=4).reason == "not_confirmed"


def test_the_flag_is_named_before_anything_softer():
    everything = Clearance(frozenset({"RF5", "RF2"}), 4, bone_stress=True, confirmed=False)

    stopped = withheld("BSI", everything)

    assert stopped.reason == "red_flag"
    assert "RF2, RF5" in stopped.text


# The circuit


@pytest.mark.parametrize("pattern", sorted(set(CONTENT.by_pattern) - {"BSI"}))
@pytest.mark.parametrize("directions", [None, (), ("extension",), ("flexion",), ("extension", "flexion")])
def test_every_pattern_but_bone_stress_has_a_circuit_of_half_an_hour(pattern, directions):
    made = circuit(pattern, CONTENT.exercises.values(), clearance=CLEAR, pain_limit=4, directions=directions)

    assert 25 <= made.minutes <= 35
    assert made.minutes == pytest.approx(sum(minutes_of(p.exercise, p.dose) for p in made.items))
    worked = {group for p in made.items for group in p.exercise.loads}
    assert {"trunk", "glute"} <= worked


def test_time_of_a_set_is_its_repetitions_on_each_side_and_the_rest():
    bridge = CONTENT.exercises["bridge"]  # 4 sets of (15 x 4 s + 40 s)
    bird_dog = CONTENT.exercises["bird_dog"]  # 3 sets of (6.5 x 10 s x 2 sides + 40 s)

    assert minutes_of(bridge, bridge.dose) == pytest.approx(400 / 60)
    assert minutes_of(bird_dog, bird_dog.dose) == pytest.approx(510 / 60)


@pytest.mark.parametrize(("pattern", "sore"), [("HS", "hamstring"), ("PHT", "hamstring"), ("QS", "quad")])
def test_a_circuit_spares_the_sore_part(pattern, sore):
    made = circuit(pattern, CONTENT.exercises.values(), clearance=CLEAR, pain_limit=4)

    assert all(sore not in p.exercise.loads for p in made.items)


def test_a_nerve_circuit_moves_upper_back_and_hips_and_bends_only_where_it_eases():
    def ids(directions):
        made = circuit("SCI", CONTENT.exercises.values(), clearance=CLEAR, pain_limit=2, directions=directions)
        return {p.exercise.id for p in made.items}

    assert {"thoracic_rotation", "hip_mobility"} <= ids(None)
    assert {"bird_dog", "dead_bug", "forearm_prop", "prone_press_up"}.isdisjoint(ids(None))
    assert {"bird_dog", "forearm_prop"} <= ids({"extension"})
    assert "dead_bug" not in ids({"extension"})
    assert "dead_bug" in ids({"flexion"})


def test_a_shorter_circuit_is_shorter():
    made = circuit("ITBS", CONTENT.exercises.values(), 15, clearance=CLEAR, pain_limit=2)

    assert made.minutes <= 17.5
    assert {p.pain_limit for p in made.items} == {2}


# Whatever comes in

QUESTIONS = sorted(CONTENT.questions)
EXERCISES = sorted(CONTENT.exercises)


@dataclass
class Story:
    """Anything that may have been told of a problem: a seed and all that follows from it, as that is quick."""

    seed: int

    def __post_init__(self):
        rng = self.rng = random.Random(self.seed)
        self.programme = rng.choice(list(CONTENT.programmes.values()))
        self.day = rng.randrange(40)
        self.ladder = [(on(rng.randrange(40)), rng.randint(1, 11))]
        moments = rng.sample([(day, hour) for day in range(30) for hour in (2, 8, 20)], rng.randrange(40))
        middle = rng.randint(0, len(moments))
        self.reports = [self._report(*m) for m in moments[:middle]]
        self.sessions = [self._session(*m) for m in moments[middle:]]

    def _nrs(self):
        return self.rng.choice([None, 0, 1, 1, 2, 2, 3, 5, 8, 10])

    def _some(self, of, most=3):
        return self.rng.sample(of, self.rng.randint(0, most))

    def _report(self, day, hour):
        return told(
            day,
            hour=hour,
            today=self._nrs(),
            run=self._nrs(),
            morning=self._nrs(),
            yes=" ".join(self._some(QUESTIONS, 9)),
            no=" ".join(self._some(QUESTIONS)),
            onset=self.rng.choice([None, None, "gradual", "sudden"]),
            qualities=self._some(["sharp", "numb", "burning", "ache"], 1),
            signs=self._some(["limp", "bruise", "pop", "buckling"], 1),
            regions=self._some(["PP", "PM", "AM", "LK", "BK"]),
        )

    def _session(self, day, hour):
        done = self._some(EXERCISES, 9)
        during, signs = self.rng.randint(0, 6), self._some(["sharp", "limp"], 1)
        return did(day, *done, hour=hour, during=during, morning=self._nrs(), signs=signs)

    def shuffled(self, items):
        return self.rng.sample([*items, *items[:3]], len(items) + len(items[:3]))


stories = st.integers(0, 2**40).map(Story)


@given(stories)
def test_order_and_doubles_change_nothing_and_nothing_raises(story):
    sessions, said = story.shuffled(story.sessions), story.shuffled(story.reports)
    day, ladder = story.day, story.ladder

    progress = stage_of(story.programme, sessions, said, on(day), ladder=ladder)

    assert progress == stage_of(story.programme, story.sessions, story.reports, on(day), ladder=ladder)
    assert plan(story.programme, sessions, said, day, ladder=ladder) == plan(
        story.programme, story.sessions, story.reports, day, ladder=ladder
    )


@given(stories, st.integers(1, 13))
def test_a_red_flag_always_withholds(story, flag):
    flagged = replace(CLEAR, red_flags=frozenset({f"RF{flag}"}))

    for pattern in story.programme.patterns:
        today = plan(story.programme, story.sessions, story.reports, story.day, flagged, pattern=pattern)
        made = circuit(pattern, CONTENT.exercises.values(), clearance=flagged, pain_limit=4)
        assert isinstance(today, Withheld)
        assert today.reason == "red_flag"
        assert isinstance(made, Withheld)


@given(stories)
def test_a_day_says_the_same_whatever_comes_later_and_whoever_looked_before(story):
    day = on(story.day)
    sessions = [s for s in story.sessions if s.local_date <= day]
    reports = [r for r in story.reports if r.local_date <= day]

    then = stage_of(story.programme, story.sessions, story.reports, day, ladder=story.ladder)
    later = stage_of(story.programme, story.sessions, story.reports, on(60), ladder=story.ladder)

    assert then == stage_of(story.programme, sessions, reports, day, ladder=story.ladder)
    assert then.changes == tuple(c for c in later.changes if c.on <= day)
