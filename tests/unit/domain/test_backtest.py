"""A history replayed: what would have fired, what it is measured against, and that nothing is known too early."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import pairwise
from math import comb
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from loadwatch.domain.alert_quality import (
    Estimate,
    Watch,
    discrimination,
    leads,
    levels_by_day,
    onset_days,
    open_to_symptoms,
    outlook,
    pairs,
    quality,
    watch,
)
from loadwatch.domain.backtest import (
    COMPARED,
    DAYS_A_MONTH,
    HEALTH_RULES,
    LOAD_RULES,
    History,
    HistoryRow,
    PastAlert,
    as_pushes,
    compared_days,
    histories,
    judged_days,
    rule_counts,
    severe_days,
    silent_because,
)
from loadwatch.domain.backtest import (
    replay as replay_with,
)
from loadwatch.domain.findings import EVIDENCE, LOAD_FAMILIES, Finding
from loadwatch.domain.loads import run_loads
from loadwatch.domain.rules import judge
from loadwatch.domain.symptom_rules import Clinic, judge_health
from loadwatch.knowledge.flags import red_flags
from loadwatch.knowledge.thigh_patterns import patterns
from tests.unit.domain.build import run
from tests.unit.domain.symptoms_build import NOON, gone, report

CLINIC = Clinic(red_flags(), patterns())

MONDAY = date(2026, 3, 2)


def on(day: int) -> date:
    return MONDAY + timedelta(days=day)


def row(day: int, km: float | None = None, **told) -> HistoryRow:
    return HistoryRow(day=on(day), distance_m=None if km is None else km * 1000, **told)


def replay(history: History, **how) -> tuple[PastAlert, ...]:
    return replay_with(history, CLINIC, **how)


def one(rows: Iterable[HistoryRow], *, injuries_told: bool = True) -> History:
    (history,) = histories(rows, injuries_told=injuries_told)
    return history


def fired(history: History, **how) -> list[tuple[int, str, int, bool]]:
    return [((a.day - MONDAY).days, a.finding.rule, a.finding.load_level, a.pushed) for a in replay(history, **how)]


STEADY = [row(day, 12) for day in range(0, 40, 2)]


# what fires


@pytest.mark.parametrize(
    ("km", "expected"),
    [
        (13, []),
        (15, [(40, "R-M1", 1, False)]),
        (20, [(40, "R-M1", 2, True)]),
        (25, [(40, "R-M1", 3, True)]),
    ],
)
def test_a_long_run_fires_as_it_does_when_it_arrives(km, expected):
    assert fired(one([*STEADY, row(40, km)])) == expected


def test_a_second_jump_within_a_week_is_an_alert_and_no_second_push():
    within = one([*STEADY, row(40, 18), row(46, 26)])
    after = one([*STEADY, row(40, 18), row(47, 26)])

    assert fired(within) == [(40, "R-M1", 2, True), (46, "R-M1", 2, False)]
    assert fired(after) == [(40, "R-M1", 2, True), (47, "R-M1", 2, True)]


def test_a_return_after_a_month_is_pushed():
    assert fired(one([*STEADY, row(71, 8)])) == [(71, "R-RTN", 2, True)]


def test_in_the_first_two_weeks_nothing_fires():
    assert fired(one([*(row(day, 5) for day in range(0, 13, 2)), row(13, 20)])) == []


def test_of_a_day_with_two_runs_and_no_hours_the_longer_is_judged_once():
    day = [row(71, 8), row(71, 6)]

    assert fired(one([*STEADY, *day])) == [(71, "R-RTN", 2, True)]


def test_of_two_jumps_of_a_day_without_hours_the_greater_is_told():
    # 16 km is 1.33 times 12 km; had the 15 km come first, they would be 1.25 times it and the 16 km no jump any more
    assert fired(one([*STEADY, row(40, 15), row(40, 16)])) == [(40, "R-M1", 2, True)]


def test_rows_with_hours_are_one_session_where_they_follow_each_other():
    files = [row(40, 9, start=time(7), duration_s=3600.0), row(40, 9, start=time(8, 30), duration_s=3600.0)]
    timed = [replace(r, start=time(7), duration_s=4000.0) for r in STEADY]

    assert fired(one([*timed, *files])) == [(40, "R-M1", 2, True)]  # 18 km together
    assert fired(one([*STEADY, *(replace(r, start=None) for r in files)])) == []


def test_descent_and_ascent_of_a_row_meet_the_rules_on_hills():
    flat = [row(day, 10, descent_m=20.0, ascent_m=20.0) for day in range(0, 40, 2)]

    assert fired(one([*flat, row(40, 10, descent_m=700.0, ascent_m=20.0)])) == [(40, "R-H1", 2, False)]
    assert fired(one([*flat, row(40, 10, descent_m=20.0, ascent_m=300.0)])) == [(40, "R-H2", 1, False)]
    assert fired(one([*flat, row(40, 10)])) == []


def test_fast_metres_of_a_row_meet_the_rules_on_fast_running():
    slow = [row(day, 10, fast_m=0.0) for day in range(0, 50, 2)]

    assert fired(one([*slow, row(50, 10, fast_m=1000.0)])) == [(50, "R-T3", 2, True)]
    assert fired(one([*slow, row(50, 10)])) == []


@given(
    st.lists(st.tuples(st.floats(1, 40), *[st.none() | st.floats(0, 1) for _ in range(3)]), min_size=1, max_size=6)
)
def test_the_loads_of_a_history_are_those_of_its_rows(told):
    rows = [
        row(day, km, ascent_m=up and 900 * up, descent_m=down and 900 * down, fast_m=fast and 1000 * km * fast)
        for day, (km, up, down, fast) in enumerate(told)
    ]
    history = one(rows)

    loads = run_loads(history.runs, since=history.runs[0].start, five_k_m_s=history.five_k_m_s)

    for load, of in zip(loads, rows, strict=True):
        assert (load.ascent_m, load.hill_m) == (of.ascent_m, of.descent_m)
        assert load.fast_m == (None if of.fast_m is None else pytest.approx(of.fast_m))
        assert load.sprint_m in (None, 0.0)
        assert load.run.distance_m == of.distance_m


# what fires when something hurts


def felt(day: int, pain: int | None, *regions: str, side: str | None = "left", km: float | None = None) -> HistoryRow:
    return row(day, km, pain_nrs=pain, regions=frozenset(regions), side=side)


def told(history: History) -> list[tuple[int, str, int, bool]]:
    """Day, rule, severity, and whether it was pushed."""
    return [((a.day - MONDAY).days, a.finding.rule, a.finding.severity, a.pushed) for a in replay(history)]


def test_pain_becomes_a_report_of_that_evening():
    history = one([*STEADY, felt(40, 6, "PM", km=12)])

    (said,) = history.reports
    assert (said.local_date, said.pain_today, said.side, said.regions) == (on(40), 6, "left", {"PM"})
    assert said.at > history.runs[-1].start


def test_one_sided_pain_at_the_back_after_a_long_run_is_told_on_its_day_and_not_before():
    """12 km, then 20 km: load level 2, caution. Pain of 3 on one side: level 2, and act (EVIDENCE 7.3, example 1)."""
    jump = [*STEADY, row(40, 20)]

    assert told(one([*jump, row(43)])) == [(40, "R-M1", 2, True)]
    assert told(one([*jump, felt(42, 3, "PM"), row(43)])) == [(40, "R-M1", 2, True), (42, "S-LEVEL", 3, True)]
    # without the jump the same pain is level 2 alone: caution
    assert told(one([*STEADY, felt(42, 3, "PM")])) == [(42, "S-LEVEL", 2, True)]


def test_pain_at_the_back_after_fast_running_is_told_as_a_hamstring_on_its_day_and_not_before():
    slow = [row(day, 10, fast_m=0.0) for day in range(0, 50, 2)]
    fast = row(50, 10, fast_m=1000.0)

    assert told(one([*slow, fast, row(51)])) == [(50, "R-T3", 2, True)]
    assert told(one([*slow, fast, felt(51, 2, "PM")])) == [(50, "R-T3", 2, True), (51, "C-HS", 3, True)]


def test_a_jump_while_something_hurts_is_more_severe_than_alone():
    """Pain of 4 the day before: level 2 and load level 2 make act. Two days after a push of the same severity."""
    assert told(one([*STEADY, felt(39, 4, "AM"), row(40, 20)])) == [
        (39, "S-LEVEL", 2, True),
        (40, "R-M1", 3, True),
    ]


def test_running_on_with_severe_pain_speaks_in_place_of_the_jump():
    """Pain of 7 is level 3; the long run a day later is a run through it, told once, as P-PUSH."""
    found = told(one([*STEADY, felt(39, 7, "AM"), row(40, 20)]))

    assert (39, "S-LEVEL", 3, True) in found
    assert [(rule, pushed) for day, rule, _, pushed in found if day == 40] in (
        # one mail of severity 3 in 24 hours: that of the evening before left 1 s less than a day ago
        [("P-PUSH", False), ("R-M1", False)],
        [("R-M1", False), ("P-PUSH", False)],
    )
    later = told(one([*STEADY, felt(38, 7, "AM"), row(40, 20)]))
    assert {(rule, pushed) for day, rule, _, pushed in later if day == 40} == {("P-PUSH", True), ("R-M1", False)}


def test_symptoms_are_told_in_the_first_two_weeks_too():
    assert told(one([row(0, 5), felt(1, 6, "AM")])) == [(1, "S-LEVEL", 3, True)]


def test_a_painless_day_is_no_complaint_whatever_place_stands_beside_it():
    assert told(one([*STEADY, felt(40, 0, "PM")])) == []
    assert one([felt(0, 0, "PM")]).reports[0].hurts is False


def test_a_place_without_a_number_is_a_report_all_the_same():
    (alert,) = replay(one([*STEADY, felt(40, None, "PM")]))

    assert (alert.day, alert.finding.rule, alert.finding.symptom_level) == (on(40), "S-LEVEL", 2)


def test_of_two_reports_of_a_day_the_second_knows_the_first():
    """3 after the first run, 5 after the second: 2 points more than in the week before is level 3."""
    morning, evening = felt(40, 3, "PM", km=8), felt(40, 5, "PM", km=8)
    history = one([*STEADY, replace(evening, start=time(18)), replace(morning, start=time(7))])

    assert [r.pain_today for r in history.reports] == [3, 5]
    assert [a.finding.symptom_level for a in replay(history)] == [2, 3]


def test_pain_told_day_by_day_at_the_same_hour_is_exactly_so_many_days_apart():
    """A week ago is within the week: 2 points up in 7 days, here in two reports of which the first day has two."""
    history = one([felt(0, 3, "PM"), felt(0, 3, "PM"), felt(7, 5, "PM")])

    assert history.reports[2].at - history.reports[0].at == timedelta(days=7)


def test_praise_is_no_alert_and_that_a_problem_will_close_is_not_known():
    history = History(runs=(), first_day=NOON.date(), last_day=NOON.date() + timedelta(days=9))

    (alert,) = replay(replace(history, reports=(report(0, pain_today=4), gone(5))))

    assert (alert.finding.rule, alert.finding.closed) == ("S-LEVEL", None)


# nothing is known too early, and no order matters


def some_rows(seed: int) -> list[HistoryRow]:
    """A table of two athletes with runs, rest, injuries, hours and without, and recordings that overlap."""
    rng = Random(seed)
    found = []
    for _ in range(rng.randint(30, 80)):
        km = rng.choice([None, 3.0, 6.0, 8.0, 9.5, 14.0, 22.0])
        found.append(
            row(
                rng.randint(0, 130),
                km,
                descent_m=rng.choice([None, 10.0, 400.0, 900.0]),
                fast_m=rng.choice([None, 0.0, 600.0, 2500.0]) if km else None,
                start=rng.choice([None, time(7), time(7, 20), time(18)]),
                duration_s=rng.choice([None, 1200.0, 4000.0]),
                injured=rng.random() < 0.1,
                athlete=rng.choice("AAAB"),
            )
        )
    return found


rows = st.integers(0, 10**6).map(some_rows)
few = settings(max_examples=12)  # each is a hundred days through all rules


PLACES = [("PM", "left"), ("PM", "right"), ("PP", "left"), ("AM", "both_equal"), ("LK", "left"), (None, None)]


def a_diary(seed: int) -> list[HistoryRow]:
    """A row a day at most for up to half a year: runs, hills, fast metres, pain that comes and goes."""
    rng = Random(seed)
    rows = []
    for day in sorted(rng.sample(range(190), rng.randint(20, 90))):
        region, side = rng.choice(PLACES[: rng.randint(1, 6)])
        km = rng.choice([None, 3.0, 6.0, 8.0, 9.5, 14.0, 22.0])
        rows.append(
            row(
                day,
                km,
                descent_m=rng.choice([None, 10.0, 400.0, 900.0]),
                fast_m=rng.choice([None, 0.0, 600.0, 2500.0]) if km else None,
                pain_nrs=rng.choice([None, None, 0, 1, 3, 4, 6]),
                regions=frozenset({region} - {None}),
                side=side,
                injured=rng.random() < 0.05,
            )
        )
    return rows


diaries = st.integers(0, 10**6).map(a_diary)


def what_counts(finding: Finding) -> Finding:
    """
    But for how far back was looked, which is a matter of `since`: the earlier alerts in whose place this one speaks,
    and which of two places that hurt alike stands beside a jump.
    """
    finding = replace(finding, follows=())
    return replace(finding, site="", problem_id=None) if finding.family in LOAD_FAMILIES else finding


def as_it_came(history: History) -> list[Finding]:
    """What the rules say at each moment, handed all that there was until then and nothing else."""
    findings = []
    for now in sorted({r.start for r in history.runs} | {r.at for r in history.reports}):
        runs = [r for r in history.runs if r.start <= now]
        five_k = history.five_k_m_s
        found = judge_health(
            [r for r in history.reports if r.at <= now],
            judge(runs, since=runs[0].start, five_k_m_s=five_k) if runs else [],
            run_loads(runs, since=runs[0].start, five_k_m_s=five_k) if runs else [],
            since=now,
            clinic=CLINIC,
        )
        findings += [f for f in found if f.severity]
    return findings


@settings(max_examples=8, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # shrinking takes minutes
@given(diaries)
def test_each_moment_is_judged_by_what_there_was_until_then_and_by_nothing_else(drawn):
    history = one(drawn)
    alerts, came = replay(history), as_it_came(history)

    assert [what_counts(a.finding) for a in alerts] == list(map(what_counts, came))
    # The first day of an injury is found among the alerts: no report of level 3 may go without one.
    assert severe_days(alerts) == {f.local_date for f in came if f.report_id and f.symptom_level >= 3}
    assert severe_days(alerts) >= {r.local_date for r in history.reports if (r.pain_today or 0) > 5}


@few
@given(diaries, st.integers(1, 190))
def test_pain_of_later_changes_no_verdict(drawn, day):
    history = one(drawn)
    until = replace(
        history,
        runs=tuple(r for r in history.runs if r.local_date <= on(day)),
        reports=tuple(r for r in history.reports if r.local_date <= on(day)),
    )

    assert replay(until) == tuple(a for a in replay(history) if a.day <= on(day))


@few
@given(diaries, st.integers(0, 99))
def test_runs_and_reports_in_any_order_bring_the_same_alerts(drawn, seed):
    history, rng = one(drawn), Random(seed)
    shuffled = replace(
        history,
        runs=tuple(rng.sample(history.runs, len(history.runs))),
        reports=tuple(rng.sample(history.reports, len(history.reports))),
    )

    assert replay(shuffled) == replay(history)


@few
@given(diaries)
def test_no_more_pushes_than_the_budgets_allow(drawn):
    pushed = [a.finding for a in replay(one(drawn)) if a.pushed and not a.finding.is_red]
    soft, act = [f.at for f in pushed if f.severity < 3], [f.at for f in pushed if f.severity == 3]

    assert all(b - a >= timedelta(days=1) for a, b in pairwise(act))
    assert all(b - a >= timedelta(days=7) for a, b in zip(soft, soft[2:], strict=False))
    assert all(b - a >= timedelta(days=30) for a, b in zip(soft, soft[4:], strict=False))


@few
@given(rows, st.integers(1, 130))
def test_what_comes_later_changes_no_verdict(drawn, day):
    for history in histories(drawn, injuries_told=True):
        until = replace(history, runs=tuple(r for r in history.runs if r.local_date <= on(day)))
        then = [a for a in replay(history) if a.day <= on(day)]

        assert [(a.finding, a.pushed) for a in replay(until)] == [(a.finding, a.pushed) for a in then]


def test_a_longer_recording_that_began_later_does_not_silence_what_was_said():
    """The phone was started first, the watch recorded more of the run: when the phone's came, nobody knew."""
    before = [run(day, 12, run_id=day) for day in range(0, 40, 2)]
    phone, longer = run(40, 20, run_id=100), run(40 + 1 / 1440, 21, run_id=101)
    history = History(runs=(*before, phone, longer), first_day=on(0), last_day=on(41))

    assert [a.finding.run and a.finding.run.id for a in replay(history)] == [100, 101]
    assert [a.pushed for a in replay(history)] == [True, False]


@few
@given(rows, st.integers(0, 99))
def test_the_order_of_the_rows_changes_nothing(drawn, seed):
    shuffled = Random(seed).sample(drawn, len(drawn))

    assert histories(shuffled, injuries_told=True) == histories(drawn, injuries_told=True)


def test_seasons_and_athletes_are_histories_of_their_own():
    found = histories(
        [row(0, 5, athlete="B"), row(3, 5, athlete="A", season="10"), row(1, 5, athlete="A", season="9")],
        injuries_told=False,
    )

    # in order of time: what an athlete was injured before must not come from a later season
    assert [(h.athlete, h.season, h.first_day, h.last_day) for h in found] == [
        ("A", "9", on(1), on(1)),
        ("A", "10", on(3), on(3)),
        ("B", "", on(0), on(0)),
    ]


def test_days_of_rest_at_the_ends_belong_to_the_record():
    history = one([row(0), row(3, 5), row(60)])

    assert (history.n_days, len(history.runs)) == (61, 1)
    assert history.months == pytest.approx(61 / 30.4375)


# what others alert on


def test_weeks_above_the_one_before_are_counted_from_the_time_on_when_ours_may_speak():
    # 3 x 8 km a week, then 3 x 10 and 3 x 14 km: +25 %, then +40 % once all three are run
    plan = {0: 8, 2: 8, 5: 8, 7: 8, 9: 8, 12: 8, 14: 10, 16: 10, 19: 10, 21: 14, 23: 14, 26: 14}
    history = one(row(day, km) for day, km in plan.items())

    days = compared_days(history)["week +30 %"]

    # After the run of day 23 the week is 10 + 14 + 14 = 38 against 8 + 10 + 10 = 28: +36 %; after that of day 26
    # 42 against 30. Day 21 has 34 (10 + 10 + 14) against 26: +31 %.
    assert days == (on(21), on(23), on(26))
    assert as_pushes(days) == (on(21),)


def test_each_ratio_above_one_and_a_half_is_counted_on_days_with_a_run():
    base = [row(day, 10) for day in range(0, 28, 2)]
    week = [row(day, 20) for day in range(28, 35, 2)]
    history = one([*base, *week])

    days = compared_days(history)

    assert days.keys() == COMPARED.keys()
    # uncoupled on day 34: 80 km over (10 + 10 + ... ten runs of days 14-27: 70 + days 7-13: 30) / 3 = 33.3
    assert on(34) in days["ACWR 1.5 uncoupled"]
    assert all((day - MONDAY).days % 2 == 0 for of in days.values() for day in of)
    # coupled: 80 / ((30 + 70 + 80) / 4 = 45) = 1.78
    assert on(34) in days["ACWR 1.5 coupled"]


def test_a_push_of_theirs_keeps_our_cool_down_and_our_budget():
    assert as_pushes([on(0), on(6), on(7), on(13), on(14)]) == (on(0), on(7), on(14))
    # four in 30 days: the fifth waits until the first is 30 days ago
    assert as_pushes([on(day) for day in range(40)]) == tuple(map(on, (0, 7, 14, 21, 30, 37)))


def test_counts_name_silent_rules_too():
    alerts = replay(one([*STEADY, row(40, 18), row(46, 26), row(48, 30)]))

    counts = {c.rule: c for c in rule_counts(alerts)}
    spike, silent, by_load, total = counts["R-M1"], counts["R-H1"], counts["load_only"], counts["all"]

    # 18 over 12, 26 over 18, 30 over 26 km: moderate, moderate, small, and one push in the week
    assert (spike.rule, spike.levels, spike.n_pushes, spike.n_alerts) == ("R-M1", (1, 2, 0), 1, 3)
    assert (silent.n_alerts, silent.n_pushes) == (0, 0)
    assert (total.rule, total.n_alerts, total.severities) == ("all", 3, (1, 2, 0, 0))
    assert by_load.n_pushes == total.n_pushes
    assert {*LOAD_RULES, *HEALTH_RULES, "R-OK"} == EVIDENCE.keys()


def test_counts_keep_loads_alone_apart_from_what_hurts():
    """A jump, then pain, then a jump that hurts: one push of load alone, three in all."""
    alerts = replay(one([*STEADY, row(40, 20), felt(48, 4, "PM"), row(50, 30)]))

    counts = {c.rule: c for c in rule_counts(alerts)}

    assert [(a.finding.rule, a.pushed) for a in alerts] == [("R-M1", True), ("S-LEVEL", True), ("R-M1", True)]
    assert (counts["R-M1"].n_pushes, counts["S-LEVEL"].n_pushes) == (2, 1)
    assert (counts["load_only"].n_pushes, counts["all"].n_pushes) == (1, 3)
    # beside no load that is not spent, 8 days after the jump; it counts all the same
    assert (counts["S-LEVEL"].levels, counts["S-LEVEL"].n_alerts) == ((0, 0, 0), 1)


def test_rules_that_could_not_speak_are_named():
    whole = [*STEADY, row(40, 9, descent_m=5.0, ascent_m=5.0, fast_m=0.0)]

    assert len(silent_because([one(STEADY)])) == 4
    assert [r for r in silent_because([one(whole)]) if not r.startswith("all rules on symptoms")] == []
    (of_reports,) = silent_because([one([*whole, felt(41, 3, "PM")])])
    assert of_reports.startswith("C-PHT, C-IT, C-N")


# alerts and injuries: sixty days, two injuries, by hand


@pytest.fixture
def sixty_days() -> Watch:
    """5 km a day from day 0 to day 59; injuries on day 25 and on day 50."""
    return watch(one(row(day, 5, injured=day in (25, 50)) for day in range(60)))


PUSHES = [16, 20, 30, 47]


def test_days_at_risk_are_past_the_first_two_weeks_and_three_weeks_after_an_injury(sixty_days):
    # the injury of day 25 rules out days 25 to 45, that of day 50 days 50 to 59
    assert [day for day, at in enumerate(sixty_days.at_risk) if at] == [*range(14, 25), *range(46, 50)]
    assert sixty_days.onsets == (25, 50)
    assert sixty_days.open_days == tuple(range(14, 60))


def test_measures_of_seven_days_by_hand(sixty_days):
    found = quality([sixty_days], [PUSHES], 7, Random(1))

    # 25 has day 20 before it (18-24), 50 has day 47 (43-49): both covered, 5 and 3 days ahead
    assert found.coverage.value == 1.0
    assert found.lead_days == 4.0
    # day 16 was followed by none, 20 and 47 were; day 30 is not at risk
    assert (found.counts.n_judged, found.counts.n_followed) == (3, 2)
    # of the 15 days at risk 18-24 and 46-49 were followed by one
    assert found.base.value == pytest.approx(11 / 15)
    assert found.lift.value == pytest.approx((2 / 3) / (11 / 15))
    assert found.burden.value == pytest.approx(4 / (60 / DAYS_A_MONTH))


def test_measures_of_fourteen_days_by_hand(sixty_days):
    found = quality([sixty_days], [PUSHES], 14, Random(1))

    # the record ends on day 59: outlooks of 14 days are known up to day 45
    assert (found.counts.n_eligible, found.counts.n_before) == (11, 11)
    assert (found.counts.n_judged, found.counts.n_followed) == (2, 2)
    assert found.coverage.value == 1.0
    assert found.lead_days == (9 + 3) / 2  # day 16 before 25 is the first of two


def test_a_push_on_the_day_of_the_injury_or_after_it_came_too_late(sixty_days):
    found = quality([sixty_days], [[25, 26]], 7, Random(1))

    assert (found.counts.n_covered, found.counts.n_same_day) == (0, 1)
    assert found.precision.value is None  # neither day is at risk
    assert found.lead_days is None


def test_severe_symptoms_are_an_injury_and_their_own_alert_did_not_come_before_it():
    """5 km a day for 60 days; pain of 4 on day 28, of 7 on day 30; the column tells of an injury on day 31."""
    days = [row(day, 5, injured=day == 31) for day in range(60) if day not in (28, 30)]
    history = one([*days, felt(28, 4, "PM", km=5), felt(30, 7, "PM", km=5)])
    alerts = replay(history)
    watched = watch(history, severe_days(alerts))

    # the symptoms were first: day 31 belongs to the same injury, and rules out days 30 to 51
    assert watched.onsets == (30,)
    assert [day for day, at in enumerate(watched.at_risk) if at] == [*range(14, 30), *range(52, 60)]
    assert watch(history).onsets == (31,)

    pushes = [(a.day - MONDAY).days for a in alerts if a.pushed and a.finding.report_id]
    found = quality([watched], [pushes], 7, Random(1))

    # that of day 28 came two days ahead; that of day 30 is the injury itself: neither before it nor a false one
    assert pushes == [28, 30]
    assert (found.counts.n_covered, found.counts.n_same_day, found.lead_days) == (1, 1, 2)
    assert (found.counts.n_judged, found.counts.n_followed) == (1, 1)
    alone = quality([watched], [[30]], 7, Random(1))
    assert (alone.counts.n_covered, alone.counts.n_judged, alone.precision.value) == (0, 0, None)


def test_alerts_of_chance_on_symptoms_may_fall_on_any_day_with_a_run_or_a_report():
    history = one([*(row(day, 5) for day in range(0, 30, 2)), felt(1, 3, "PM"), felt(29, 3, "PM")])

    watched = watch(history)

    assert watched.open_days == tuple(range(14, 30, 2))
    assert open_to_symptoms(watched, history).open_days == (0, 1, *range(2, 30, 2), 29)


def test_an_injury_that_lasts_is_one_and_a_day_after_three_weeks_is_a_new_one():
    assert onset_days([10, 11, 12, 20, 41, 63]) == (10, 63)  # 41 is 21 days after 20, 63 is 22 after 41


def test_alerts_of_chance_cover_what_arithmetic_says(sixty_days):
    """Four of 46 days drawn: an injury with 7 of them before it is missed with C(39, 4) / C(46, 4)."""
    expected = 1 - comb(39, 4) / comb(46, 4)

    chance = quality([sixty_days], [PUSHES], 7, Random(2)).chance

    assert chance is not None
    assert chance.coverage.value == pytest.approx(expected, abs=0.04)
    # both covered by chance: 1 - 2 C(39, 4) / C(46, 4) + C(32, 4) / C(46, 4)
    assert chance.as_good == pytest.approx(1 - 2 * comb(39, 4) / comb(46, 4) + comb(32, 4) / comb(46, 4), abs=0.04)


def test_without_pushes_or_injuries_nothing_is_made_up(sixty_days):
    silent = quality([sixty_days], [[]], 7, Random(1))
    healthy = quality([watch(one(row(day, 5) for day in range(60)))], [[20]], 7, Random(1))

    assert (silent.coverage.value, silent.precision.value, silent.lift.value, silent.chance) == (
        0.0,
        None,
        None,
        None,
    )
    assert (healthy.coverage.value, healthy.precision.value, healthy.lift.value) == (None, 0.0, None)
    assert healthy.chance is None


def test_intervals_are_drawn_over_athletes(sixty_days):
    """One of two injured athletes is covered: the draws are 0, 1/2 and 1."""
    others = [replace(sixty_days, athlete=name) for name in "AB"]

    found = quality(others, [PUSHES, []], 7, Random(3))

    assert found.coverage == Estimate(0.5, 0.0, 1.0)
    assert quality(others, [PUSHES, []], 7, Random(3)) == found
    assert quality(others[:1], [PUSHES], 7, Random(3)).burden.low is None
    same = [replace(w, athlete="A") for w in others]
    assert quality(same, [PUSHES, []], 7, Random(3)).coverage == Estimate(0.5)


def test_draws_that_are_all_alike_are_no_interval(sixty_days):
    """None covered of two athletes, drawn again and again, is none: that is no certainty."""
    others = [replace(sixty_days, athlete=name) for name in "AB"]

    assert quality(others, [[], []], 7, Random(3)).coverage == Estimate(0.0)


def plain_measures(watched: Watch, pushes: Sequence[int], horizon: int) -> tuple[int, int, int, int, int]:
    """The definitions once more, day by day."""
    eligible = [d for d in range(watched.n_days) if watched.at_risk[d] and d + horizon <= watched.n_days - 1]
    before = [d for d in eligible if any(d < o <= d + horizon for o in watched.onsets)]
    return (
        sum(any(o - horizon <= p <= o - 1 for p in pushes) for o in watched.onsets),
        sum(p in eligible for p in pushes),
        sum(p in before for p in pushes),
        len(eligible),
        len(before),
    )


@few
@given(rows, st.lists(st.integers(0, 130), max_size=12), st.sampled_from([7, 14]))
def test_the_measures_are_those_of_a_second_implementation(drawn, days, horizon):
    watched = [watch(h) for h in histories(drawn, injuries_told=True)]
    pushes = [sorted({d for d in days if d < w.n_days}) for w in watched]

    counts = quality(watched, pushes, horizon, Random(1), draws=2).counts

    expected = [plain_measures(w, p, horizon) for w, p in zip(watched, pushes, strict=True)]
    assert (counts.n_covered, counts.n_judged, counts.n_followed, counts.n_eligible, counts.n_before) == tuple(
        map(sum, zip(*expected, strict=True))
    )


@few
@given(rows)
def test_every_push_falls_on_a_day_that_chance_may_choose(drawn):
    for history in histories(drawn, injuries_told=True):
        assert {a.day for a in replay(history)} <= judged_days(history)
        assert {d for of in compared_days(history).values() for d in of} <= judged_days(history)


def test_a_history_that_tells_of_no_injuries_is_not_measured():
    with pytest.raises(ValueError, match="does not tell of injuries"):
        watch(one(STEADY, injuries_told=False))


def test_leads_count_from_the_first_push_of_the_horizon(sixty_days):
    assert leads(sixty_days, [16, 20, 24], 7) == [5]
    assert leads(sixty_days, [16, 20, 24], 14) == [9]
    assert leads(sixty_days, [], 14) == []


# does the level tell when?


def test_a_level_holds_for_the_week_after_its_alert():
    history = one([*STEADY, row(40, 18), row(60)])

    levels = levels_by_day(replay(history), history)

    assert [day for day, level in enumerate(levels) if level] == list(range(40, 47))
    assert levels[40] == 2


def test_a_level_of_hills_holds_for_four_days_and_a_report_brings_none():
    flat = [row(day, 10, descent_m=20.0) for day in range(0, 40, 2)]
    history = one([*flat, row(40, 10, descent_m=700.0), felt(42, 4, "AM"), row(60)])

    alerts = replay(history)

    assert [(a.finding.rule, a.finding.load_level) for a in alerts] == [("R-H1", 2), ("C-Q", 2)]
    assert [day for day, level in enumerate(levels_by_day(alerts, history)) if level] == [40, 41, 42, 43]


def test_pairs_by_hand():
    # days before an injury scored 1 and 2, others 0 and 1: 1 > 0, 1 = 1 counts half, 2 > 0, 2 > 1
    found = pairs([(0, False), (1, True), (1, False), (2, True), (9, None)])

    assert (found.n_pairs, found.concordant, found.auc) == (4, 3.5, 0.875)


def test_a_level_that_tells_athletes_apart_and_not_days_is_worth_nothing_within_them(sixty_days):
    """B is always higher and injured twice as often: pooled it looks like skill, within B and A it is chance."""
    healthy = watch(one(row(day, 5, injured=day == 25) for day in range(60)))
    watches = [replace(healthy, athlete="A"), replace(sixty_days, athlete="B")]

    found = discrimination(watches, [[0] * 60, [2] * 60], 7, Random(1))

    assert found.within_athlete.value == 0.5
    # A: 7 days before its injury (18-24), 11 others (14-17 and 46-52); B: 11 before (18-24, 46-49), 4 others
    assert found.pooled == pytest.approx((7 * 11 / 2 + 11 * 11 + 11 * 4 / 2) / (18 * 15))
    assert found.n_athletes == 2


def test_the_rate_of_earlier_injuries_uses_the_past_alone():
    """Injured on day 25: up to then the rate is 0, days 46 to 52 have 1 in 47 to 53 and no injury after them."""
    watched = watch(one(row(day, 5, injured=day == 25) for day in range(60)))

    found = discrimination([watched], [[0] * 60], 7, Random(1))

    # 7 days before (all rate 0) against 4 others at 0 and 7 above: 28 ties of 77 pairs
    assert found.athlete_rate == pytest.approx(14 / 77)


def test_the_rate_of_earlier_injuries_is_one_per_day_of_record(sixty_days):
    other = watch(one(row(day, 5, injured=day == 25) for day in range(60)))
    watches = [replace(sixty_days, athlete="A"), replace(other, athlete="B")]

    found = discrimination(watches, [[0] * 60, [0] * 60], 7, Random(1))

    # Before an injury: 14 days at rate 0 (18-24 of both), A's 46-49 at 1/47 to 1/50. Others: 8 at 0 (14-17 of both),
    # B's 46-52 at 1/47 to 1/53. 14 * 8 ties; 4 * 8 higher; against B's 6.5 + 5.5 + 4.5 + 3.5, ties as halves.
    assert found.athlete_rate == pytest.approx((14 * 8 / 2 + 4 * 8 + 20) / (18 * 15))


def test_the_outlook_ends_where_the_record_does(sixty_days):
    follows = outlook(sixty_days, 14)

    assert follows[46:] == [None] * 14
    assert follows[24] is True
