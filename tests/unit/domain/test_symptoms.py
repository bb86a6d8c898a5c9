"""Symptoms: levels, trends, soreness, problems, and what must never change; numbers as in the rule set."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadwatch.domain.symptoms import (
    AGGRAVATORS,
    ONSETS,
    QUALITIES,
    REGIONS,
    SIDES,
    SIGNS,
    WEEKLY_ITEMS,
    LoadEvent,
    WeeklyAnswers,
    amplifying_level,
    earlier_of_problem,
    is_asymmetric,
    is_soreness,
    problems,
    symptom_level,
    trend,
    week_of,
)
from tests.unit.domain.symptoms_build import TODAY, gone, load, report

NOTHING = report(side=None, regions=[], pain_today=0)
KNOWN = report(-10, pain_today=1, pain_morning=0)
"""An earlier report of the same place, after which a one-sided complaint is not new."""


# levels


@pytest.mark.parametrize(
    ("told", "level"),
    [
        ({"pain_run": 0}, 1),  # a place was named: something is there
        ({"pain_run": 1}, 1),
        ({"pain_run": 2, "pain_morning": 0}, 1),
        ({"pain_run": 3}, 2),
        ({"pain_run": 5, "pain_morning": 0}, 2),
        ({"pain_run": 2, "pain_morning": 1}, 2),  # not gone by next morning
        ({"pain_run": 6}, 3),
        ({"pain_today": 10}, 3),
        ({"pain_run": 1, "signs": ["limp"]}, 3),
        ({"pain_run": 1, "answers": {"limp": True}}, 3),
        ({"pain_run": 1, "signs": ["limp_over_24h"]}, 3),
        ({"pain_run": 1, "signs": ["cannot_walk"]}, 3),
        ({"pain_run": 1, "signs": ["pop"]}, 3),
        ({"pain_run": 1, "signs": ["bruise"]}, 3),
        ({"pain_run": 1, "onset": "sudden"}, 3),
        ({"onset": "sudden"}, 3),
        ({"pain_run": 1, "onset": "during"}, 1),
        ({"qualities": ["numb"]}, 1),  # pain was not told
    ],
)
def test_levels_of_a_complaint_that_is_not_new(told, level):
    assert symptom_level(report(**told), [KNOWN]) == level


def test_where_nothing_hurts_the_level_is_zero():
    assert symptom_level(NOTHING) == 0
    assert symptom_level(report(side=None, regions=[])) == 0


def test_a_side_or_a_sudden_start_without_a_word_on_pain_is_a_complaint():
    assert symptom_level(report(regions=[], onset="sudden")) == 3
    assert symptom_level(report(side=None, regions=[], onset="sudden")) == 3
    assert symptom_level(report(regions=[])) == 2  # new, on one side
    assert symptom_level(report(regions=[], pain_today=0)) == 0


def test_a_red_flag_is_level_four_also_where_nothing_hurts():
    assert symptom_level(NOTHING, has_red_flag=True) == 4


def test_a_new_one_sided_ache_is_moderate_and_a_known_or_two_sided_one_mild():
    ache = report(pain_run=2, pain_morning=0)

    assert symptom_level(ache) == 2
    assert symptom_level(ache, [KNOWN]) == 1
    assert symptom_level(ache, [report(-10, side="right", pain_today=1)]) == 2
    assert symptom_level(ache, [report(-29, pain_today=1)]) == 2
    assert symptom_level(report(side="both_unequal", pain_run=2, pain_morning=0)) == 1


def test_a_second_report_of_the_same_day_is_still_new():
    assert symptom_level(report(pain_run=2, pain_morning=0), [report(-0.2, pain_run=2)]) == 2


def test_after_it_was_gone_a_one_sided_ache_is_new_again():
    assert symptom_level(report(pain_run=2, pain_morning=0), [KNOWN, gone(-5)]) == 2


def test_pain_told_the_day_before_and_today_lasts():
    today = report(pain_today=1)

    assert symptom_level(today, [KNOWN, report(-1, pain_today=1)]) == 2
    assert symptom_level(today, [KNOWN, report(-0.9, pain_today=1)]) == 1
    assert symptom_level(today, [KNOWN, report(-4, pain_today=1)]) == 1  # nothing is known of the days between
    assert symptom_level(today, [KNOWN, report(-1, pain_today=1, pain_morning=0)]) == 1


def test_two_points_more_within_a_week_is_severe():
    now = report(pain_run=3)

    assert symptom_level(now, [report(-7, pain_run=1)]) == 3
    assert symptom_level(now, [report(-7.1, pain_run=1)]) == 2
    assert symptom_level(now, [report(-6, pain_run=2)]) == 2


def test_pain_during_a_run_is_not_compared_with_pain_by_day():
    assert symptom_level(report(pain_run=4), [report(-2, pain_today=1)]) == 2


def test_moderate_for_ten_days_is_severe():
    def told_every_other_day(first: int, pain: int = 3) -> list[Any]:
        return [report(-d, pain_today=pain) for d in range(2, first + 1, 2)]

    assert symptom_level(report(pain_today=3), told_every_other_day(10)) == 3
    assert symptom_level(report(pain_today=3), told_every_other_day(8)) == 2


def test_moderate_before_and_after_a_long_silence_is_not_moderate_throughout():
    assert symptom_level(report(pain_today=3), [report(-14, pain_today=3)]) == 3
    assert symptom_level(report(pain_today=3), [report(-15, pain_today=3)]) == 2


def test_two_mild_new_aches_a_month_apart_are_not_moderate_for_a_month():
    assert symptom_level(report(pain_run=2, pain_morning=0), [report(-13, pain_run=2)]) == 1
    assert symptom_level(report(pain_run=2, pain_morning=0), [report(-29, pain_run=2)]) == 2


def test_a_milder_day_in_between_begins_the_ten_days_anew():
    earlier = [report(-10, pain_today=3), report(-6, pain_today=2, pain_morning=0), report(-2, pain_today=3)]

    assert symptom_level(report(pain_today=3), earlier) == 2


def test_the_weekly_questionnaire_can_raise_the_level():
    ache = report(pain_run=1)

    assert symptom_level(ache, [KNOWN], week=WeeklyAnswers(TODAY, 0, 0, 0, 0)) == 1
    assert symptom_level(ache, [KNOWN], week=WeeklyAnswers(TODAY, 0, 1, 0, 0)) == 2
    assert symptom_level(ache, [KNOWN], week=WeeklyAnswers(TODAY, 0, 0, 2, 0)) == 3


def test_where_nothing_hurts_any_more_the_week_before_says_nothing():
    assert symptom_level(NOTHING, week=WeeklyAnswers(TODAY, 2, 0, 0, 0)) == 0


def test_the_questionnaire_of_the_last_seven_days_counts_until_a_painless_report():
    weeks = [WeeklyAnswers(TODAY - timedelta(days=d), 0, 0, 0, step) for d, step in ((8, 3), (7, 1), (3, 2), (-1, 3))]
    painless = report(-2, side=None, regions=[], pain_today=0)

    assert week_of(report(), weeks[::-1], []) == weeks[2]
    assert week_of(report(), weeks[:2], []) == weeks[1]
    assert week_of(report(), weeks[:1], []) is None
    assert week_of(report(), weeks, [painless, report(1, side=None, regions=[])]) is None
    assert week_of(report(), weeks, [report(-4, side=None, regions=[]), report(-1)]) == weeks[2]


@pytest.mark.parametrize(("hours", "left"), [(0, 3), (72, 3), (72.1, 2), (144, 2), (144.1, 1), (216.1, 0), (2000, 0)])
def test_an_old_check_in_amplifies_a_load_less(hours, left):
    assert amplifying_level(3, timedelta(hours=hours)) == left


def test_a_red_flag_does_not_fade():
    assert amplifying_level(4, timedelta(days=100)) == 4


# trend and asymmetry


def test_pain_rises_by_its_points_above_the_lowest_of_the_week():
    earlier = [report(-6, pain_run=1, pain_today=4), report(-3, pain_run=2, pain_today=4)]

    assert trend(report(pain_run=4, pain_today=5), earlier).pain_rise == 3
    assert trend(report(pain_run=0, pain_today=1), earlier).pain_rise == 0
    assert trend(report(), earlier).pain_rise == 0


def test_one_bad_morning_is_no_trend_and_two_are():
    first = [report(-9, pain_morning=1), report(-2, pain_morning=3)]

    assert not trend(report(-2, pain_morning=3, id=1), first[:1]).bad_mornings >= 2
    found = trend(report(pain_morning=3), first)
    assert (found.bad_mornings, found.is_rising) == (2, True)


def test_a_morning_is_bad_only_against_mornings_before_it():
    assert trend(report(pain_morning=1), [report(-2, pain_morning=3), report(-1, pain_morning=3)]).bad_mornings == 0


def test_two_reports_of_one_morning_count_once():
    earlier = [report(-5, pain_morning=0), report(-0.1, pain_morning=2)]

    assert trend(report(pain_morning=2), earlier).bad_mornings == 1


def test_one_side_twice_in_a_week_at_level_two_is_asymmetric():
    now = report(pain_today=3)

    assert is_asymmetric(now, [report(-7, pain_today=3)], 2)
    assert not is_asymmetric(now, [report(-8, pain_today=3)], 2)
    assert not is_asymmetric(now, [report(-2, pain_today=3)], 1)
    assert not is_asymmetric(now, [report(-2, side="right", pain_today=3)], 2)
    assert not is_asymmetric(now, [report(-2, regions=["AM"], pain_today=3)], 2)
    assert not is_asymmetric(report(side="both_equal", pain_today=3), [report(-2, side="both_equal")], 2)


# soreness

SORE: dict[str, Any] = {"side": "both_equal", "regions": ["AM"], "onset": "delayed", "pain_today": 4}
DESCENT = [load("descent", 2, 1)]


def test_equally_sore_quads_the_day_after_a_descent_are_soreness():
    assert is_soreness(report(**SORE), DESCENT, has_red_flag=False)


@pytest.mark.parametrize(
    "change",
    [
        {"side": "both_unequal"},
        {"side": "left"},
        {"side": None},
        {"onset": "during"},
        {"onset": None},
        {"pain_today": 6},
        {"pain_today": None},
        {"pain_morning": 7},
        {"signs": ["limp"]},
        {"signs": ["bruise"]},
    ],
)
def test_whatever_does_not_fit_is_no_soreness(change):
    assert not is_soreness(report(**{**SORE, **change}), DESCENT, has_red_flag=False)


def test_with_a_red_flag_or_without_a_jump_in_load_it_is_no_soreness():
    assert not is_soreness(report(**SORE), DESCENT, has_red_flag=True)
    assert not is_soreness(report(**SORE), [], has_red_flag=False)
    assert not is_soreness(report(**SORE), [LoadEvent("descent", 2, TODAY + timedelta(days=1))], has_red_flag=False)


def test_on_the_sixth_day_it_is_no_soreness_any_more():
    assert is_soreness(report(**SORE), [load("descent", 2, 5)], has_red_flag=False)
    assert not is_soreness(report(**SORE), [load("descent", 2, 6)], has_red_flag=False)


def test_a_new_jump_does_not_renew_old_soreness():
    two = [load("descent", 2, 5), load("descent", 2, 1)]

    assert is_soreness(report(**SORE), two, [report(-5, **SORE)], has_red_flag=False)
    assert not is_soreness(report(**SORE), two, [report(-6, **SORE), report(-3, **SORE)], has_red_flag=False)


def test_what_was_there_before_the_run_is_no_soreness_from_it():
    assert is_soreness(report(**SORE), DESCENT, [report(-1, **SORE)], has_red_flag=False)
    assert not is_soreness(report(**SORE), DESCENT, [report(-2, **SORE)], has_red_flag=False)


def test_a_sign_told_as_an_answer_speaks_against_soreness_and_a_hard_session_does_not():
    for code in ("limp", "bruise", "cannot_walk", "limp_over_24h"):
        assert not is_soreness(report(**SORE, answers={code: True}), DESCENT, has_red_flag=False), code
        assert is_soreness(report(**SORE, answers={code: False}), DESCENT, has_red_flag=False), code
    assert is_soreness(report(**SORE, signs=["after_hard_session"]), DESCENT, has_red_flag=False)


# problems


def seen(*reports: Any) -> list[tuple[Any, set[str], int, bool]]:
    return [(p.laterality, set(p.areas), len(p.reports), p.is_open) for p in problems(reports)]


def test_reports_of_one_side_and_part_make_one_problem():
    assert seen(report(0), report(1, regions=["PD"]), report(2, regions=["PP"])) == [("left", {"posterior"}, 3, True)]


def test_another_side_or_part_is_another_problem():
    assert seen(report(0), report(1, side="right"), report(2, regions=["AM"]), report(3, side="both_equal")) == [
        ("left", {"posterior"}, 1, True),
        ("right", {"posterior"}, 1, True),
        ("left", {"anterior"}, 1, True),
        ("both", {"posterior"}, 1, True),
    ]


def test_both_equally_and_both_unequally_are_one_problem():
    assert seen(report(0, side="both_equal"), report(1, side="both_unequal")) == [("both", {"posterior"}, 2, True)]


def test_a_problem_takes_over_a_part_that_comes_with_it():
    assert seen(report(0), report(1, regions=["PM", "BK"]), report(2, regions=["BK"])) == [
        ("left", {"posterior", "back"}, 3, True)
    ]


def test_a_report_that_fits_two_problems_updates_both_and_joins_them_not():
    found = seen(report(0), report(1, regions=["AM"]), report(2, regions=["PM", "AM"]), report(3))

    assert found == [("left", {"posterior"}, 3, True), ("left", {"anterior"}, 2, True)]


def test_a_painless_day_and_silence_close_nothing():
    assert seen(report(0), report(1, side=None, regions=[], pain_today=0), report(300)) == [
        ("left", {"posterior"}, 2, True)
    ]


def test_a_report_that_it_is_gone_closes_the_problem_that_it_names():
    two = (report(0), report(1, regions=["AM"]))

    assert [p.is_open for p in problems([*two, gone(2, side="left", regions=["PD"])])] == [False, True]
    assert [p.is_open for p in problems([*two, gone(2, side="right", regions=["PD"])])] == [True, True]
    assert [p.is_open for p in problems([*two, gone(2)])] == [False, False]


def test_who_says_gone_and_hurts_closes_nothing():
    contradiction = report(2, pain_today=1, answers={"gone": True})

    assert [p.is_open for p in problems([report(0), contradiction])] == [True]


def test_after_closing_a_new_report_opens_a_new_problem():
    found = problems([report(0), gone(2), report(5)])

    assert [(p.opened.day, p.is_open) for p in found] == [(1, False), (6, True)]
    assert found[0].closed == found[0].updated == gone(2).at


def test_earlier_reports_of_a_problem_are_found_among_all():
    everything = [report(-3), report(-2, side="right"), report(-1, regions=["PP"]), report(1)]

    assert [r.at.day for r in earlier_of_problem(report(0), everything)] == [29, 31]  # May


# the weekly questionnaire


def test_the_steps_sum_to_a_hundred():
    assert WeeklyAnswers(TODAY, 0, 0, 0, 0).score == 0
    assert WeeklyAnswers(TODAY, 1, 2, 3, 0).score == 8 + 17 + 25
    assert WeeklyAnswers(TODAY, 3, 3, 3, 3).score == 100


def test_severity_is_that_of_the_worst_item():
    assert WeeklyAnswers(TODAY, 0, 0, 0, 0).severity == "none"
    assert WeeklyAnswers(TODAY, 1, 0, 0, 1).severity == "minor"
    assert WeeklyAnswers(TODAY, 1, 2, 0, 1).severity == "moderate"
    assert WeeklyAnswers(TODAY, 0, 0, 0, 3).severity == "severe"


@pytest.mark.parametrize("step", [-1, 4, 8])
def test_a_step_is_one_of_four(step):
    with pytest.raises(ValueError, match="0 to 3"):
        WeeklyAnswers(TODAY, 0, step, 0, 0)


def test_the_items_are_those_of_the_answers_with_four_steps_each():
    assert [item.name for item in WEEKLY_ITEMS] == ["participation", "volume", "performance", "pain"]
    assert all(len(set(item.steps)) == 4 and item.ask.endswith("?") for item in WEEKLY_ITEMS)


# What must never change.

pains = st.none() | st.integers(0, 10)
reports = st.builds(
    report,
    st.floats(-30, 0),
    id=st.integers(1, 1000),
    side=st.sampled_from([*SIDES, None]),
    regions=st.frozensets(st.sampled_from(REGIONS), max_size=3),
    pain_run=pains,
    pain_today=pains,
    pain_morning=pains,
    qualities=st.frozensets(st.sampled_from(QUALITIES), max_size=2),
    onset=st.sampled_from([*ONSETS, None]),
    aggravators=st.frozensets(st.sampled_from(AGGRAVATORS), max_size=2),
    signs=st.frozensets(st.sampled_from(SIGNS), max_size=1),
    answers=st.sampled_from([{}, {}, {"gone": True}]),
)
histories = st.lists(reports, max_size=6, unique_by=lambda r: r.id)
KINDS = ("pain_run", "pain_today", "pain_morning")


@given(reports, histories, st.sampled_from(KINDS), st.integers(1, 10))
def test_more_pain_never_lowers_the_level_or_the_trend(told, earlier, kind, more):
    pain = getattr(told, kind)
    if pain is None:
        return
    worse = replace(told, **{kind: min(10, pain + more)})

    assert symptom_level(worse, earlier) >= symptom_level(told, earlier)
    assert trend(worse, earlier).pain_rise >= trend(told, earlier).pain_rise
    assert trend(worse, earlier).bad_mornings >= trend(told, earlier).bad_mornings


@given(histories, st.randoms())
def test_order_and_repetition_change_nothing_and_nothing_raises(earlier, random):
    shuffled = [*earlier, *earlier]
    random.shuffle(shuffled)

    assert problems(shuffled) == problems(earlier)
    for told in earlier:
        level = symptom_level(told, earlier)
        assert 0 <= level <= 3
        assert symptom_level(told, shuffled) == level
        assert trend(told, shuffled) == trend(told, earlier)
        assert is_asymmetric(told, shuffled, level) == is_asymmetric(told, earlier, level)
        assert is_soreness(told, DESCENT, shuffled, has_red_flag=False) == is_soreness(
            told, DESCENT, earlier, has_red_flag=False
        )


@given(histories)
def test_every_complaint_is_in_a_problem_and_only_a_report_closes_one(earlier):
    found = problems(earlier)

    assert {r.id for p in found for r in p.reports} == {r.id for r in earlier if r.hurts}
    closing = {r.at for r in earlier if r.says_gone}
    assert all(p.is_open or p.closed in closing for p in found)
