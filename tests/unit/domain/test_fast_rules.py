"""R-T1, R-T2, R-T3: the worked example of the evidence, each gate from both sides, and how often they speak."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.domain.activity import Run
from loadwatch.domain.rules import EarlierHistory, Finding, judge, look_back_from
from loadwatch.domain.telling import Mailed, alert_telling
from tests.unit.domain.build import DAY_0, run
from tests.unit.domain.loads_build import NOTHING, loaded


def fast(runs: list[Run], day: float, **known) -> list[Finding]:
    return [f for f in judge(runs, since=DAY_0 + timedelta(days=day), **known) if f.family == "T"]


def said(runs: list[Run], day: float, **known) -> list[tuple[str, int, int]]:
    return [(f.rule, f.load_level, f.severity) for f in fast(runs, day, **known)]


def easy(first: int, last: int, step: int = 3) -> list[Run]:
    """Runs in the evening without anything fast."""
    return [loaded(day + 0.5) for day in range(first, last + 1, step)]


# a week

TODAY = 85
"""A Tuesday; the twelve before it lie on the days 1, 8 ... 78."""


def season(*tuesdays_m: float, today_m: float, before: float = 0, **loads) -> list[Run]:
    """Thirteen weeks and a bit: Tuesdays on the track, the oldest first, and easy runs between them."""
    track = [loaded(1 + 7 * week, fast_m=metres) for week, metres in enumerate(tuesdays_m)]
    if before:
        track.append(loaded(TODAY - 2, fast_m=before))
    return [*easy(-6, TODAY - 1), *track, loaded(TODAY, fast_m=today_m, **loads)]


def test_a_week_of_twice_the_norm():
    # Worked example 2: mean 1500, standard deviation 400, then 3200 m: z 4.25, +1700 m.
    (finding,) = fast(season(*(1_100, 1_900) * 6, today_m=3_200), TODAY)

    assert (finding.rule, finding.load_level, finding.severity) == ("R-T1", 2, 2)
    week, z = finding.reasons
    assert (week.value, week.baseline, week.threshold) == (3_200, 1_500, 2_300)
    assert (z.quantity, z.value, z.threshold) == ("fast_z7", 4.25, 2.0)
    assert finding.dedup_key == "T:fast"
    assert "fast is 3:42 min/km and faster, a sprint 3:05 min/km and faster" in finding.coverage


@pytest.mark.parametrize(
    ("today_m", "said_of_the_week"),
    [
        # Always 1600: the spread is its floor of a quarter, 400 m.
        (2_000, []),  # z 1 exactly
        (2_010, [("R-T1", 1, 1)]),  # z 1.025, +410 m
        (2_400, [("R-T1", 1, 1)]),  # z 2 exactly
        (2_410, [("R-T1", 2, 2)]),
    ],
)
def test_a_steady_norm_has_a_quarter_as_its_spread(today_m, said_of_the_week):
    assert said(season(*[1_600] * 12, today_m=today_m), TODAY) == said_of_the_week


def test_small_norms_need_four_and_eight_hundred_metres_more():
    # Always 400: the spread is its floor of 300 m, and the metres decide.
    assert said(season(*[400] * 12, today_m=790), TODAY) == []
    assert said(season(*[400] * 12, today_m=800), TODAY)[0][:2] == ("R-T1", 1)
    assert said(season(*[400] * 12, today_m=1_200), TODAY)[0][:2] == ("R-T1", 2)


def test_the_seven_days_hold_what_was_run_before_in_them():
    assert said(season(*[1_600] * 12, today_m=1_600), TODAY) == []
    (finding,) = fast(season(*[1_600] * 12, today_m=1_600, before=1_600), TODAY)
    assert (finding.rule, finding.reasons[0].value) == ("R-T1", 3_200)


def test_last_tuesdays_session_is_never_in_this_tuesdays_week_whatever_the_hour():
    runs = season(*[1_600] * 12, today_m=0)
    an_hour_earlier = loaded(TODAY - 1 / 24, fast_m=1_600)

    assert said([*runs[:-1], an_hour_earlier], TODAY - 1) == []


def test_an_easy_run_does_not_repeat_what_was_said_of_the_session():
    after = [loaded(TODAY + 1, fast_m=190), loaded(TODAY + 2, fast_m=200)]

    findings = fast([*season(*[1_600] * 12, today_m=3_200), *after], TODAY)

    assert [f.run.id for f in findings] == [round(TODAY * 1000) + 1, after[1].id]


def test_six_weeks_with_fast_running_are_a_norm_and_five_are_none():
    # 1800 m are 1.2 times the most of any session: R-T2 is silent.
    six, five = [0, 1_500] * 6, [0, 1_500] * 5 + [0, 0]

    assert said(season(*six, today_m=2_900), TODAY)[0][:2] == ("R-T1", 2)  # mean 750, sd 750: z 2.87
    assert said(season(*five, today_m=1_880), TODAY) == []


def test_a_week_of_which_too_many_runs_are_unknown_is_left_out():
    runs = season(*[1_600] * 12, today_m=2_410)
    # Without features the Tuesday would be a week of nothing; unknown, it counts for nothing.
    bare = [replace(r, features=None) if -1 <= (r.start - DAY_0).days <= 6 else r for r in runs]

    (finding,) = fast(bare, TODAY)

    assert finding.reasons[0].baseline == 1_600
    assert finding.reasons[0].window == "mean of 10 weeks before"


def test_weeks_before_the_first_run_are_left_out():
    young = [r for r in season(*[1_600] * 12, today_m=2_410) if (r.start - DAY_0).days >= 29]

    (finding,) = fast(young, TODAY)

    assert finding.reasons[0].window == "mean of 7 weeks before"  # 56 days of history hold the days 7 to 55
    assert (finding.confidence, finding.severity) == ("low", 1)  # under twelve weeks


# a session


def sessions_before(most_m: float, today_m: float, *, day: float = 60, most_on: float = 45) -> list[Run]:
    """Two months with one fast session: too few weeks for a norm."""
    return [*easy(0, 58), loaded(most_on, fast_m=most_m), loaded(day, fast_m=today_m)]


@pytest.mark.parametrize(
    ("most_m", "today_m", "expected"),
    [
        (2_000, 2_600, []),  # 1.3 exactly
        (2_000, 2_610, [("R-T2", 1, 1)]),
        (1_000, 1_390, []),  # 1.39, +390 m
        (1_000, 1_400, [("R-T2", 1, 1)]),
        (1_000, 2_000, [("R-T2", 1, 1)]),  # 2.0 exactly
        (1_000, 2_010, [("R-T2", 2, 2)]),
        (500, 1_290, [("R-T2", 1, 1)]),  # 2.58, +790 m
        (500, 1_300, [("R-T2", 2, 2)]),
    ],
)
def test_a_session_against_the_most_of_thirty_days(most_m, today_m, expected):
    assert said(sessions_before(most_m, today_m), 60) == expected


def test_after_thirty_days_without_a_fast_run_the_most_of_forty_two_counts():
    (finding,) = fast(sessions_before(1_000, 2_010, most_on=25), 60)

    assert (finding.rule, finding.load_level) == ("R-T2", 2)
    assert finding.reasons[0].window == "largest of 42 days before"


def test_a_few_fast_metres_are_no_session_to_compare_with():
    # 40 m of noise within 30 days would make anything a jump; the real session lies 35 days back.
    noise = loaded(50.2, fast_m=40)

    assert said([*sessions_before(1_500, 1_600, most_on=25), noise], 60) == []


def test_the_two_files_of_a_session_count_together():
    first, second = loaded(60, 4, minutes=20, fast_m=900), loaded(60 + 1 / 24, 4, minutes=20, fast_m=900)

    (finding,) = fast([*easy(0, 58), loaded(45, fast_m=1_000), first, second], 60)

    assert (finding.run.id, finding.reasons[0].quantity, finding.reasons[0].value) == (
        second.id,
        "session_fast_distance",
        1_800,
    )


def test_with_too_few_known_runs_a_session_is_not_judged():
    def unknown(n: int) -> list[Run]:
        return [run(41.3 + i, 8) for i in range(n)]

    # Of the days 30 to 59 the ten easy runs and the fast one tell.
    assert said([*sessions_before(1_000, 2_010), *unknown(4)], 60) == [("R-T2", 2, 2)]  # 11 of 15
    assert said([*sessions_before(1_000, 2_010), *unknown(5)], 60) == []  # 11 of 16


# reintroduction


@pytest.mark.parametrize(
    ("fast_m", "sprint_m", "speaks"), [(790, 140, False), (800, 0, True), (160, 150, True), (190, 140, False)]
)
def test_the_first_fast_run_in_six_weeks(fast_m, sprint_m, speaks):
    runs = [*easy(0, 58), loaded(60, fast_m=fast_m, sprint_m=sprint_m)]

    assert said(runs, 60) == [("R-T3", 2, 2)] * speaks


def test_a_fast_run_of_forty_two_days_ago_is_still_remembered():
    assert said(sessions_before(1_000, 900, most_on=18), 60) == []
    assert said(sessions_before(1_000, 900, most_on=17.9), 60) == [("R-T3", 2, 2)]


def test_less_than_two_hundred_fast_metres_are_no_fast_run():
    assert said(sessions_before(190, 900), 60) == [("R-T3", 2, 2)]
    assert said(sessions_before(200, 590), 60) == []


def test_six_weeks_without_fast_running_need_a_history_of_six_weeks():
    assert said([*easy(0, 40), loaded(41.9, fast_m=900)], 41) == []
    assert said([*easy(0, 40), loaded(42.5, fast_m=900)], 42) == [("R-T3", 2, 2)]


def test_of_equal_levels_the_return_of_fast_running_is_told():
    # Six weeks on the track, then six without: the week and the first session are both a jump.
    runs = season(*[1_000] * 6, *[0] * 6, today_m=2_500)

    assert said(runs, TODAY) == [("R-T3", 2, 2)]


def test_the_second_file_of_a_return_repeats_nothing():
    two = [loaded(60, 4, minutes=20, fast_m=900), loaded(60 + 1 / 24, 4, minutes=20, fast_m=900)]

    assert [f.run.id for f in fast([*easy(0, 58), *two], 60)] == [two[0].id]


# what must be known


def test_without_a_reference_speed_nothing_is_said_of_fast_running():
    seven = [loaded(i * 7) for i in range(7)]

    assert said([*seven, loaded(60, fast_m=2_000)], 60) == []
    assert said([loaded(55), *seven, loaded(60, fast_m=2_000)], 60) == [("R-T3", 2, 2)]


def test_a_known_five_kilometre_speed_is_reference_enough():
    seven = [loaded(i * 7) for i in range(7)]

    assert said([*seven, loaded(60, fast_m=2_000)], 60, five_k_m_s=4.3) == [("R-T3", 2, 2)]  # from 4.43 m/s


def test_a_treadmill_without_a_speed_is_not_unknown():
    silent = [replace(run(30.2 + i, 8), features=NOTHING) for i in range(25)]

    assert said([*sessions_before(1_000, 2_010), *silent], 60) == [("R-T2", 2, 2)]


def test_a_new_best_makes_earlier_sessions_no_slower_than_todays():
    """Old and new metres are measured with one rule: 4.85 m/s is fast by 6.0 and not by 7.0."""
    bests = [loaded(day, top_m_s=7.0) for day in (50, 52)]
    runs = [*easy(0, 58), *bests, loaded(45, fast_m=1_000), loaded(60, fast_m=2_600, sprint_m=600)]

    # Today 600 m above 5.25 m/s; the 1000 m of day 45 were none by that measure: R-T3 would need 800 m, and
    # the 600 m are no sprint from 6.3 m/s on.
    assert said(runs, 60) == []


def test_one_run_may_be_a_jump_of_each_family_the_most_severe_first():
    base = [*easy(0, 58), loaded(45, fast_m=1_000, hill_m=80)]
    findings = judge([*base, loaded(60, 25, fast_m=3_000, hill_m=700)], since=DAY_0 + timedelta(days=60))

    assert [(f.rule, f.severity) for f in findings] == [("R-M1", 2), ("R-T2", 2), ("R-H1", 1)]


# what must never change


@st.composite
def histories(draw):
    days = sorted(draw(st.lists(st.integers(0, 300), min_size=1, max_size=40, unique=True)))
    return [
        loaded(
            day,
            10,
            run_id=day,
            minutes=60,
            fast_m=draw(st.sampled_from([0, 0, 100, 500, 1_000, 4_000])),
            hill_m=draw(st.sampled_from([None, 0, 50, 400, 1_000])),
            top_m_s=draw(st.sampled_from([5.9, 6.0, 6.3])),
        )
        for day in days
    ]


@settings(max_examples=20)
@given(histories(), st.integers(0, 39))
def test_judging_the_last_runs_alone_gives_what_judging_all_gives(runs, n):
    since = runs[min(n, len(runs) - 1)].start
    earlier = [r for r in runs if r.start < since]
    back = look_back_from(earlier[-1].start if earlier else None, since)
    left_out = [r for r in runs if r.start < back]
    summary = EarlierHistory(left_out[0].start if left_out else None, len(left_out))

    partly = judge([r for r in runs if r.start >= back], since=since, earlier=summary)

    assert all(a.end <= b.start for a, b in pairwise(runs))
    assert partly == [f for f in judge(runs, since=DAY_0) if f.run.start >= since]


@settings(max_examples=20)
@given(histories(), st.sampled_from([250, 800, 3_000]), st.sampled_from([0, 100, 2_000]))
def test_more_fast_running_is_never_judged_milder(runs, metres, more):
    def level(fast_m: float) -> int:
        return max((f.load_level for f in fast([*runs, loaded(301, fast_m=fast_m)], 301)), default=0)

    assert level(metres + more) >= level(metres)


# how often they speak


def sensible_runner(seed: int, weeks: int = 78) -> list[Run]:
    """
    A track session a week and a hilly long run, both a twentieth more each week, less in every fourth.

    One session in ten is missed, one in seven moved by a day; after half a year the plan begins anew.
    """
    r = random.Random(seed)
    fast_m, hill_m = r.uniform(1_200, 3_000), r.uniform(60, 350)
    runs: list[Run] = []

    def add(day: float, km: float, **loads: float) -> None:
        if r.random() > 0.1:
            runs.append(loaded(day + r.gauss(0, 0.04), km, run_id=len(runs), **loads))

    for week in range(weeks):
        share = 1.05 ** min(week % 26, 16) * (0.7 if week % 4 == 3 else 1.0)
        moved = r.choice((-1, 1)) if r.random() < 0.15 else 0
        add(7 * week + 1.4 + moved, 9, fast_m=fast_m * share * r.gauss(1, 0.12), sprint_m=r.uniform(0, 200))
        add(7 * week + 3.4, 8, fast_m=r.uniform(0, 40), hill_m=r.uniform(0, 40))
        add(7 * week + 5.1, 6, fast_m=r.choice((0, 0, 300)))
        add(7 * week + 6.1, 15, fast_m=r.uniform(0, 80), hill_m=max(hill_m * share * r.gauss(1, 0.2), 0))
    return runs


def test_a_sensible_plan_is_seldom_spoken_of():
    said: Counter[str] = Counter()
    months = 0.0
    for seed in range(3):
        months += 78 * 7 / 30.44
        mailed: list[Mailed] = []
        for finding in judge(sensible_runner(seed), since=DAY_0):
            said[finding.family] += 1
            if alert_telling(finding, mailed, as_of=finding.run.start).leaves:
                mailed.append(Mailed(finding.dedup_key, finding.run.start, finding.severity))
        said["mails"] += len(mailed)

    # A plan that grows by a twentieth a week lies above the mean of its 12 weeks most of the time: small ones, for
    # the weekly mail.
    assert said["T"] / months < 2.0
    assert said["H"] / months < 0.3
    assert said["mails"] / months < 0.7  # of load alone, as the evidence sets for all its rules together
