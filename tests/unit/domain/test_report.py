"""What page and mail show: the week beside those before it, the chart's ceilings, the verdict in a sentence."""

from dataclasses import replace
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest

from loadwatch.domain.activity import Run, TrackWork
from loadwatch.domain.alerts import Alert, AlertState
from loadwatch.domain.ceilings import Ceiling, LoadCeiling, next_run_ceiling
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.loads import RunLoad, run_loads
from loadwatch.domain.report import (
    chart_reach,
    check_in_due,
    distance_chart,
    open_problems,
    report_reach,
    today,
    weekly_report,
)
from loadwatch.domain.rules import EVIDENCE
from tests.unit.domain.build import DAY_0, every_other_day, run
from tests.unit.domain.loads_build import NOTHING, loaded
from tests.unit.domain.symptoms_build import NOON, gone, report

# DAY_0 is Monday, 2 March 2026: the first day of 2026-W10.
W10 = IsoWeek(2026, 10)

LEARNING = Ceiling("learning", None, None, None, None, 0, 0)
USUAL = Ceiling("longest_30d", 11_000.0, 11_500.0, 10_000.0, 2.0, 60, 30)
AFTER_BREAK = Ceiling("after_break", 8_000.0, 8_000.0, 16_000.0, 20.0, 60, 30)
AFTER_JUMP = Ceiling("after_jump", 10_000.0, 17_600.0, 10_000.0, 1.0, 60, 30)


def alert(of: Run, state: AlertState = AlertState.FIRING, *, severity: int = 2, alert_id: int = 1) -> Alert:
    return Alert(
        id=alert_id,
        rule="R-M1",
        rule_version="2026.11",
        severity=severity,
        state=state,
        title="",
        message="",
        action="",
        reasons=(),
        evidence=EVIDENCE["R-M1"],
        coverage=(),
        run_id=of.id,
        problem_id=None,
        at=of.start,
        created_at=of.start,
    )


def at(day: float):
    return DAY_0 + timedelta(days=day)


def week(*activities: Run, first_day: date | None = None, alerts: tuple[Alert, ...] = (), of: IsoWeek = W10):
    return weekly_report(of, activities, alerts, LEARNING, first_day)


# the week


def test_the_sums_of_a_week_are_those_of_its_runs():
    report = week(run(0, 10), run(2, 6), run(6.5, 14), run(7, 99), run(-0.5, 99), first_day=at(-1).date())

    assert [r.distance_m for r in report.runs] == [10_000, 6_000, 14_000]
    assert (report.distance_m, report.longest_m) == (30_000, 14_000)
    assert report.moving_s == 30 * 6 * 60


def test_a_week_is_one_of_local_days():
    # Sunday evening in Honolulu is Monday in UTC.
    honolulu = replace(run(0, 9), local_date=date(2026, 3, 1))

    assert week(honolulu).runs == ()
    assert week(honolulu, of=W10.shifted(-1)).runs == (honolulu,)


def test_other_sports_and_second_recordings_are_named_not_summed():
    report = week(run(0, 10, run_id=1), run(0.001, 9.9, run_id=2), run(3, 40, sport="Ride"), run(4, None))

    assert (report.other_sports, report.distance_m) == (3, 10_000)


def test_the_usual_is_the_mean_of_the_four_weeks_before():
    before = [run(-28, 10), run(-21, 20), run(-14, 0.0), run(-7, 30), run(-35, 500)]

    report = week(*before, run(0, 21), first_day=at(-300).date())

    assert [(str(w), d) for w, d in report.previous] == [
        ("2026-W06", 10_000),
        ("2026-W07", 20_000),
        ("2026-W08", 0),
        ("2026-W09", 30_000),
    ]
    assert report.usual_m == 15_000
    assert report.change == pytest.approx(0.4)


def test_weeks_before_the_first_run_are_unknown_not_empty():
    report = week(run(-8, 10), run(0, 5), first_day=at(-8).date())  # a Sunday of 2026-W08

    assert [(str(w), d) for w, d in report.previous] == [("2026-W08", 10_000), ("2026-W09", 0)]
    assert report.usual_m == 5_000
    assert report.change == 0


def test_a_first_week_has_no_usual():
    report = week(run(0, 5), first_day=at(0).date())

    assert (report.previous, report.usual_m, report.change) == ((), None, None)


def test_without_any_run_ever_there_is_nothing_to_compare():
    report = week()

    assert (report.runs, report.distance_m, report.longest_m, report.usual_m) == ((), 0, 0, None)


def test_four_weeks_without_a_run_are_a_usual_of_nothing_without_a_percentage():
    report = week(run(0, 5), first_day=at(-300).date())

    assert (len(report.previous), report.usual_m, report.change) == (4, 0, None)


def test_the_week_tells_of_its_own_alerts_that_still_stand():
    mine, other = run(1, 20, run_id=1), run(-3, 20, run_id=2)
    spent = alert(mine, AlertState.RESOLVED, alert_id=1)
    taken_back = alert(mine, AlertState.RETRACTED, alert_id=2)
    elsewhere = alert(other, alert_id=3)
    gone = replace(alert(mine, alert_id=4), run_id=None)

    assert week(mine, other, alerts=(spent, taken_back, elsewhere, gone)).alerts == (spent,)


# the three loads


def loads_of(*runs: Run, first_day: float = -300):
    report = weekly_report(
        W10,
        runs,
        (),
        USUAL,
        at(first_day).date(),
        run_loads=run_loads(runs, since=at(-60), five_k_m_s=4.3),  # fast from 4.43 m/s
        hill_ceiling=LoadCeiling("hills", "usual", 780.0, 780.0, 600.0, 9, 9),
        fast_ceiling=LoadCeiling("fast", "unknown", None, None, None, 1, 9),
    )
    return report.loads


def test_the_three_loads_stand_side_by_side():
    on_track = loaded(2, 9, fast_m=2_000, sprint_m=300, track=TrackWork(True, distance_m=4_000.0, laps=10.0))
    hilly = loaded(5, 20, hill_m=500, ascent_m=550)

    mileage, hills, fast = loads_of(on_track, hilly)

    assert (mileage.kind, mileage.value, mileage.ceiling, mileage.unit) == ("mileage", 29_000, 11_000, "m")
    assert (hills.kind, hills.value, hills.ascent_m, hills.ceiling) == ("hills", 500, 550, 780)
    assert (fast.kind, fast.value, fast.sprint_m, fast.ceiling) == ("fast", 2_000, 300, None)
    assert (fast.track_m, fast.track_laps) == (4_000, 10)


def test_the_usual_of_each_load_is_the_mean_of_those_weeks_of_which_it_is_known():
    before = [loaded(-28, hill_m=100), loaded(-21, hill_m=300, fast_m=1_000), run(-14, 10)]  # and a week of nothing

    mileage, hills, fast = loads_of(*before, loaded(0))

    assert mileage.usual == pytest.approx(26_000 / 4)
    assert hills.usual == pytest.approx(400 / 3)
    assert fast.usual == pytest.approx(1_000 / 3)


def test_a_week_is_at_least_what_the_runs_that_tell_make_and_says_how_many_they_are():
    three = [loaded(day, hill_m=100) for day in (0, 1, 2)]

    _, most, _ = loads_of(*three, run(3, 8))
    _, few, _ = loads_of(*three[:2], run(3, 8))
    _, nothing, _ = loads_of(*[loaded(day, hill_m=0) for day in (0, 1)], run(3, 8))

    assert (most.value, most.known_runs, most.n_runs) == (300, 3, 4)
    assert (few.value, few.known_runs, few.n_runs) == (200, 2, 3)
    assert (nothing.value, nothing.known_runs, nothing.n_runs) == (None, 2, 3)  # "at least 0 m" says nothing


def test_a_treadmill_is_left_out_of_hills_and_track_and_of_fast_running_if_it_tells_no_speed():
    mileage, hills, fast = loads_of(loaded(0, hill_m=100), replace(run(1, 8), features=NOTHING))

    assert (mileage.known_runs, hills.known_runs, hills.n_runs, fast.n_runs) == (2, 1, 1, 1)
    assert (hills.value, fast.value, fast.track_m) == (100, 0, 0)


def test_a_week_without_a_run_has_none_of_any_load():
    assert [line.value for line in loads_of()] == [0, 0, 0]


def test_without_their_loads_hills_and_fast_running_are_unknown_not_zero():
    mileage, hills, fast = week(run(0, 10), first_day=at(0).date()).loads

    assert (mileage.value, hills.value, fast.value) == (10_000, None, None)
    assert (hills.known_runs, hills.n_runs, hills.ceiling) == (0, 1, None)


def test_a_second_recording_of_a_run_adds_no_load():
    watch, phone = loaded(0, 10, run_id=1, hill_m=100), loaded(0.001, 9.9, run_id=2, hill_m=90)
    both = [RunLoad(r, 100.0, None, None, None, None) for r in (watch, phone)]

    _, hills, _ = weekly_report(W10, (watch, phone), (), USUAL, None, run_loads=both).loads

    assert (hills.value, hills.n_runs) == (100, 1)


def test_a_report_reaches_back_four_weeks_and_a_day():
    assert report_reach(at(0)) == at(-29)


# the chart


def test_each_run_stands_under_a_tenth_more_than_the_longest_of_the_thirty_days_before_it():
    runs = [run(0, 10), run(2, 12), run(4, 8), run(16, 9), run(32, 6), run(33, 5)]

    points = distance_chart(runs, [], since=at(0))

    # Day 16: the 12 km of day 2. Day 32: 16 days off, so nothing to go by. Day 33: the 6 km of the day before.
    assert [p.distance_m for p in points] == [10_000, 12_000, 8_000, 9_000, 6_000, 5_000]
    assert [p.ceiling_m and round(p.ceiling_m, 3) for p in points] == [None, 11_000, 13_200, 13_200, None, 6_600]


def test_runs_before_the_chart_begins_are_baseline_only():
    (point,) = distance_chart([run(0, 10), run(5, 7), run(3, 50, sport="Ride")], [], since=at(1))

    assert (point.distance_m, point.ceiling_m) == (7_000, pytest.approx(11_000))


def test_a_run_with_an_alert_that_stands_is_marked():
    spoken, taken_back = run(2, 20, run_id=1), run(4, 30, run_id=2)
    alerts = [alert(spoken, alert_id=7), alert(taken_back, AlertState.RETRACTED, alert_id=8)]

    assert [p.alert_id for p in distance_chart([spoken, taken_back], alerts, since=at(0))] == [7, None]


# today


def page(
    *activities: Run, ceiling: Ceiling = USUAL, alerts: tuple[Alert, ...] = (), units="metric", n_last: int = 10
):
    return today(activities, alerts, ceiling, week(*activities), as_of=at(40), units=units, n_last=n_last)


def test_without_any_activity_the_page_says_how_runs_get_here():
    shown = page(ceiling=LEARNING)

    assert (shown.level, shown.chart, shown.last_runs) == ("empty", (), ())
    assert "connect Strava" in shown.verdict


def test_while_learning_there_is_no_judgement():
    shown = page(run(38, 5), ceiling=LEARNING)

    assert shown.level == "learning"
    assert shown.verdict == "Still learning what is usual for you: no judgement on load yet."


def test_a_usual_week_may_go_on_up_to_the_ceiling():
    shown = page(run(38, 5))

    assert (shown.level, shown.verdict) == ("quiet", "Nothing unusual in your load: run as planned, up to 11.0 km.")


def test_the_verdict_speaks_in_the_runners_units():
    assert "up to 6.8 mi" in page(run(38, 5), units="imperial").verdict  # 11 000 / 1 609.344 = 6.835


def test_after_a_break_one_starts_low():
    shown = page(run(20, 5), ceiling=AFTER_BREAK)

    assert (shown.level, shown.verdict) == ("caution", "Coming back from a break: start low, up to 8.0 km.")


def test_somebody_back_after_a_year_is_not_taken_for_somebody_new():
    """All activities lie before what the page loads, yet the ceiling knows of them."""
    shown = page(ceiling=replace(AFTER_BREAK, days_since_run=365.0))

    assert shown.level == "caution"
    assert "No runs here yet" not in shown.verdict


def test_a_jump_asks_for_short_and_easy_runs():
    jump = run(39, 16)

    shown = page(jump, ceiling=AFTER_JUMP, alerts=(alert(jump),))

    assert (shown.level, shown.verdict) == (
        "caution",
        "Your load jumped: keep the next runs easy and short, up to 10.0 km.",
    )


@pytest.mark.parametrize(
    ("rule", "severity", "level", "verdict"),
    [
        ("R-T1", 2, 2, "Much more fast running than usual: only easy runs for three days, up to 11.0 km."),
        ("R-T2", 2, 2, "Much more fast running than usual: only easy runs for three days, up to 11.0 km."),
        ("R-T3", 2, 2, "Your first fast running in weeks: only easy runs for three days, up to 11.0 km."),
        ("R-RTN", 2, 2, "You came back with a long run: keep the next runs easy and short, up to 11.0 km."),
        (
            *("R-H1", 1, 2),
            "Much more downhill than you are used to: easy and flat until the quads settle, up to 11.0 km.",
        ),
    ],
)
def test_the_verdict_names_the_load_that_was_too_much(rule, severity, level, verdict):
    jump = run(39, 9)
    its_alert = replace(alert(jump, severity=severity), rule=rule, load_level=level)

    shown = page(jump, alerts=(its_alert,))

    assert (shown.level, shown.verdict) == ("caution", verdict)


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ("R-H1", "More downhill than usual: make the next run an easy, flat one, up to 11.0 km."),
        ("R-T1", "More fast running than usual: make the next run an easy one, up to 11.0 km."),
        ("R-H2", "Nothing unusual in your load: run as planned, up to 11.0 km."),
    ],
)
def test_a_small_jump_is_named_without_alarm(rule, verdict):
    jump = run(39, 9)

    shown = page(jump, alerts=(replace(alert(jump, severity=1), rule=rule),))

    assert (shown.level, shown.verdict) == ("quiet", verdict)


@pytest.mark.parametrize("state", [AlertState.RESOLVED, AlertState.RETRACTED])
def test_what_is_spent_or_taken_back_is_no_longer_held_against_the_runner(state):
    jump = run(39, 16)

    shown = page(jump, alerts=(alert(jump, state),))

    assert (shown.level, shown.alerts) == ("quiet", ())


def test_an_acknowledged_alert_still_stands_and_a_note_alone_is_no_caution():
    jump = run(39, 16)

    assert page(jump, alerts=(alert(jump, AlertState.ACKNOWLEDGED),)).level == "caution"
    assert page(jump, alerts=(alert(jump, severity=1),)).level == "quiet"


def test_the_most_severe_and_newest_alert_stands_first():
    old, new = run(35, 16), run(39, 18)
    alerts = (
        alert(new, severity=1, alert_id=1),
        alert(old, severity=2, alert_id=2),
        alert(old, severity=1, alert_id=3),
        alert(new, severity=2, alert_id=4),
    )

    assert [a.id for a in page(old, new, alerts=alerts).alerts] == [4, 2, 1, 3]


def test_the_last_activities_come_newest_first_with_other_sports():
    activities = [run(30, 5), run(38, 20, sport="Ride"), run(35, 6)]

    assert [(r.sport, r.distance_m) for r in page(*activities, n_last=2).last_runs] == [
        ("Ride", 20_000),
        ("Run", 6_000),
    ]


def test_the_chart_reaches_back_a_hundred_and_twenty_days_and_its_baseline_thirty_more():
    runs = [run(0, 10), run(9, 10), run(11, 12)]

    shown = today(runs, (), LEARNING, week(*runs), as_of=at(130))

    assert [(p.distance_m, round(p.ceiling_m or 0)) for p in shown.chart] == [(12_000, 11_000)]
    assert chart_reach(at(150)) == at(0)


def test_the_sentence_and_the_number_come_from_one_ceiling():
    runs = every_other_day(0, 38, 10)

    shown = page(*runs, ceiling=next_run_ceiling(runs, as_of=at(40)))

    assert shown.ceiling_sentence == "Up to 11.0 km: within 10 % of your longest run of the last 30 days, 10.0 km."


# how it feels


def verdict_on(*reports):
    return today((run(1, 10),), (), USUAL, week(), as_of=NOON, reports=reports)


def test_a_bad_ache_whose_alert_is_spent_still_speaks_before_the_load():
    shown = verdict_on(report(-9, pain_today=6))

    assert shown.level == "act"
    assert shown.verdict.startswith("Left back of the thigh is still open")
    assert "no running" in shown.verdict


def test_a_moderate_ache_that_is_open_asks_for_care():
    assert verdict_on(report(-9, pain_today=4)).level == "caution"


def test_an_ache_is_listed_and_leaves_the_word_to_the_load_once_nothing_hurts():
    shown = verdict_on(report(-9, pain_today=4), report(-1, side=None, regions=[], pain_today=0))

    assert shown.level == "quiet"
    assert [(p.id, p.level) for p in shown.problems] == [(report(-9).id, 0)]


def test_that_nothing_hurts_on_the_other_side_quiets_nothing_on_this_one():
    shown = verdict_on(report(-2, pain_today=7), report(-1, side="right", regions=[], pain_today=0))

    assert shown.level == "act"


def test_what_is_gone_is_not_open():
    assert open_problems([report(-3, pain_today=7), gone(-1)]) == ()


def test_the_worst_of_several_open_problems_comes_first():
    mild, bad = report(-1, pain_today=3), report(-2, side="right", regions=["AM"], pain_today=7)

    assert [p.id for p in open_problems([mild, bad])] == [bad.id, mild.id]


def asked_after(hours: float, *reports, state: AlertState = AlertState.FIRING):
    """Whether it is asked so long after it should be: noon UTC, midnight in Auckland."""
    due = replace(alert(run(1, 10), state), ask_at=NOON)
    as_of = NOON + timedelta(hours=hours)
    return check_in_due([due], reports, as_of=as_of, timezone=ZoneInfo("Pacific/Auckland")) is not None


def test_it_is_asked_from_the_hour_on_for_three_days():
    assert [asked_after(h) for h in (-0.1, 0, 71.9, 72)] == [False, True, True, False]


def test_a_check_in_of_that_day_or_later_answers():
    auckland = NOON.astimezone(ZoneInfo("Pacific/Auckland")).date()
    same_day = replace(report(-0.01, pain_today=0), local_date=auckland)
    day_before = replace(same_day, local_date=auckland - timedelta(days=1))

    assert not asked_after(1, same_day)
    assert asked_after(1, day_before)


def test_nobody_is_asked_after_an_alert_that_was_taken_back():
    assert not asked_after(1, state=AlertState.RETRACTED)


def test_of_several_jumps_the_latest_is_named():
    first, second = (replace(alert(run(d, 10), alert_id=d), ask_at=NOON) for d in (1, 2))

    assert check_in_due([second, first], [], as_of=NOON, timezone=UTC) == second


def test_the_alerts_of_a_week_begin_with_the_most_severe():
    early, late = run(1, 10, run_id=1), run(3, 10, run_id=2)
    alerts = (alert(early, severity=1, alert_id=1), alert(late, severity=3, alert_id=2))

    assert [a.id for a in week(early, late, alerts=alerts).alerts] == [2, 1]


RED = replace(alert(run(1, 10), AlertState.ACKNOWLEDGED, severity=4), rule="R-RED", report_id=1, at=NOON)


def stands(state: AlertState, *reports, seen_after: float | None = None):
    """Whether a red flag of the first check-in stands for the verdict, `seen_after` hours after it."""
    red = replace(RED, state=state, problem_id=reports[0].id)
    seen = {} if seen_after is None else {reports[0].id: NOON + timedelta(hours=seen_after)}
    shown = today((), (red,), USUAL, week(), as_of=at(40), reports=reports, seen=seen)
    return shown.level == "red", shown.symptoms_decide


@pytest.mark.parametrize(
    ("state", "seen_after", "expected"),
    [
        (AlertState.ACKNOWLEDGED, None, True),
        (AlertState.ACKNOWLEDGED, 1, False),
        (AlertState.ACKNOWLEDGED, -1, True),  # somebody saw it before this came up
        (AlertState.FIRING, 1, True),  # nobody has read it
    ],
)
def test_a_red_flag_stands_until_it_is_read_and_a_professional_has_seen_it(state, seen_after, expected):
    assert stands(state, report(pain_today=0, regions=[], signs=["dark_urine"]), seen_after=seen_after)[0] is expected


def test_a_red_flag_that_was_read_ends_when_its_problem_is_gone():
    told = report(signs=["dark_urine"])

    assert stands(AlertState.ACKNOWLEDGED, told, gone(2)) == (False, False)
    assert stands(AlertState.FIRING, told, gone(2)) == (True, True)
