"""A runner may move some thresholds within limits: for loads while nothing hurts, and from then on."""

from dataclasses import fields
from datetime import timedelta

import pytest

from loadwatch.domain.adjusted import ADJUSTABLE, STANDARD, STANDARD_ALWAYS, Adjusted, OwnThresholds, adjust
from loadwatch.domain.ceilings import next_fast_ceiling, next_hill_ceiling, next_run_ceiling
from loadwatch.domain.judging import judge_all
from loadwatch.domain.report import distance_chart
from loadwatch.domain.rules import judge
from loadwatch.domain.symptom_rules import Clinic, judge_health
from loadwatch.domain.thresholds import (
    FAST_LARGE,
    FAST_LARGE_JUMP_M,
    FAST_WEEK_LARGE_JUMP_M,
    FAST_WEEK_LARGE_Z,
    HILL_LARGE,
    HILL_LARGE_JUMP_M,
    SPIKE_MODERATE,
)
from loadwatch.domain.wording import ceiling_text
from loadwatch.knowledge.flags import red_flags
from loadwatch.knowledge.thigh_patterns import patterns
from tests.unit.domain.build import DAY_0, every_other_day, run
from tests.unit.domain.loads_build import loaded
from tests.unit.domain.symptoms_build import NOON, report

CLINIC = Clinic(red_flags(), patterns())
TODAY = DAY_0 + timedelta(days=60)
STEADY = every_other_day(0, 58, 15)


def own(**values: float) -> OwnThresholds:
    return OwnThresholds.always(adjust(values))


def spoken(runs, thresholds=STANDARD_ALWAYS) -> list[tuple[str, int]]:
    return [(f.rule, f.load_level) for f in judge(runs, since=TODAY, thresholds=thresholds)]


# what may be moved


@pytest.mark.parametrize(
    "values", [{"spike_small": 1.04}, {"spike_small": 1.21}, {"hill_small": float("nan")}, {"spike_moderate": 1.2}]
)
def test_what_lies_outside_the_limits_or_cannot_be_moved_is_refused(values):
    with pytest.raises(ValueError, match=next(iter(values))):
        adjust(values)


def test_every_threshold_that_can_be_moved_has_limits_around_its_standard():
    assert {f.name for f in fields(Adjusted)} == set(ADJUSTABLE)
    for name, limits in ADJUSTABLE.items():
        assert limits.lowest < getattr(STANDARD, name) < limits.highest


def test_no_small_load_begins_above_a_moderate_one():
    highest = {name: limits.highest for name, limits in ADJUSTABLE.items()}

    assert highest["spike_small"] < SPIKE_MODERATE
    assert (highest["hill_small"], highest["hill_small_jump_m"]) <= (HILL_LARGE, HILL_LARGE_JUMP_M)
    assert (highest["fast_small"], highest["fast_small_jump_m"]) <= (FAST_LARGE, FAST_LARGE_JUMP_M)
    assert highest["fast_week_small_z"] < FAST_WEEK_LARGE_Z
    assert highest["fast_week_small_jump_m"] < FAST_WEEK_LARGE_JUMP_M


# what it changes


@pytest.mark.parametrize(
    ("km", "ratio", "expected"),
    [(17.4, 1.20, []), (17.4, 1.10, [("R-M1", 1)]), (18.2, 1.20, [("R-M1", 1)]), (16.5, 1.05, [("R-M1", 1)])],
)
def test_the_session_rule_speaks_from_the_runners_own_ratio_on(km, ratio, expected):
    assert spoken([*STEADY, run(60, km)], own(spike_small=ratio)) == expected  # the longest was 15 km


def test_a_moderate_jump_stays_one_whatever_was_moved():
    assert spoken([*STEADY, run(60, 20)], own(spike_small=1.2)) == [("R-M1", 2)]  # 1.33 times


@pytest.mark.parametrize(
    ("own_values", "hill_m", "speaks"),
    [({}, 460.0, True), ({"hill_small": 1.6}, 460.0, False), ({"hill_small_jump_m": 250.0}, 460.0, True)],
)
def test_the_rule_on_descent_speaks_by_the_runners_own_ratio_and_metres(own_values, hill_m, speaks):
    runs = [loaded(2 * day, 10, hill_m=300.0) for day in range(30)]
    values = own(**own_values)

    # 460 m are 1.53 times 300 m, and 160 m more.
    expected = speaks and own_values.get("hill_small_jump_m", 150.0) <= 160.0
    assert (("R-H1", 1) in spoken([*runs, loaded(60, 10, hill_m=hill_m)], values)) is expected


@pytest.mark.parametrize(("z", "level"), [(1.0, 1), (1.5, 0)])
def test_the_rule_on_fast_weeks_speaks_by_the_runners_own_spreads(z, level):
    tuesdays = [loaded(7 * week, 8, fast_m=2000.0) for week in range(-26, 8)]
    last = loaded(60, 8, fast_m=2600.0)  # mean 2 000, spread 0.25 of it: z 1.2, and 600 m more

    found = dict(spoken([*tuesdays, last], own(fast_week_small_z=z)))

    assert found.get("R-T1", 0) == level


def test_the_finding_states_the_own_threshold_and_that_it_is_one():
    (finding,) = judge([*STEADY, run(60, 18.2)], since=TODAY, thresholds=own(spike_small=1.2))

    assert finding.reasons[0].threshold == 18_000
    assert finding.reasons[1].threshold == 1.2
    assert finding.coverage[0] == (
        "your own threshold: longer than the longest run of 30 days, by 20 % instead of 10 %"
    )


def test_a_rule_whose_thresholds_are_the_standard_does_not_speak_of_own_ones():
    (finding,) = judge([*STEADY, run(60, 18.2)], since=TODAY, thresholds=own(hill_small=1.5))

    assert not any("your own" in line for line in finding.coverage)


def test_the_ceilings_go_by_the_own_thresholds():
    runs = [loaded(2 * day, 10, hill_m=600.0, fast_m=2000.0) for day in range(-20, 30)]
    values = own(spike_small=1.2, hill_small=1.5, fast_small=1.2, fast_small_jump_m=200.0)

    assert next_run_ceiling(runs, as_of=TODAY, thresholds=values).distance_m == 12_000
    assert next_hill_ceiling(runs, as_of=TODAY, thresholds=values).value_m == 900
    fast = next_fast_ceiling(runs, as_of=TODAY, thresholds=own(fast_week_small_z=0.5))
    assert fast.value_m < (next_fast_ceiling(runs, as_of=TODAY).value_m or 0)


# from when on


def test_a_run_is_judged_by_the_thresholds_that_held_when_it_began():
    runs = [*STEADY, run(60, 17.4)]
    before, after = TODAY - timedelta(days=1), TODAY + timedelta(hours=1)

    assert spoken(runs, STANDARD_ALWAYS.then(adjust({"spike_small": 1.2}), after)) == [("R-M1", 1)]
    assert spoken(runs, STANDARD_ALWAYS.then(adjust({"spike_small": 1.2}), before)) == []


def test_thresholds_come_back_from_storage_as_they_were():
    thresholds = STANDARD_ALWAYS.then(adjust({"spike_small": 1.15}), TODAY).then(STANDARD, TODAY + timedelta(days=3))

    assert OwnThresholds.from_json(thresholds.as_json()) == thresholds
    assert OwnThresholds.from_json(None) == STANDARD_ALWAYS


def test_a_stored_threshold_that_is_not_allowed_any_more_counts_as_the_standard():
    stored = [{"since": TODAY.isoformat(), "values": {"spike_small": 1.9, "hill_small": 1.5, "gone": 3.0}}]

    assert OwnThresholds.from_json(stored).now == adjust({"hill_small": 1.5})


# beside symptoms


def judged(runs, reports, thresholds):
    since = runs[-1].start
    return judge_all(
        thresholds,
        lambda by: judge(runs, since=since - timedelta(days=42), thresholds=by),
        lambda loads: judge_health(reports, loads, (), since=since, clinic=CLINIC),
    )


def at_noon(km: float) -> list:
    """Fifteen kilometres on every other day, and a last run a day before `NOON`."""
    first = (NOON - DAY_0) / timedelta(days=1)
    return [*(run(first - day, 15) for day in range(61, 2, -2)), run(first - 1, km)]


def test_a_raised_threshold_keeps_a_load_silent_while_nothing_hurts():
    assert judged(at_noon(17.4), [], own(spike_small=1.2)) == []


def test_while_something_hurts_a_raised_threshold_counts_at_its_standard():
    hurts = [report(-2, pain_today=4, pain_run=4)]

    standard = judged(at_noon(17.4), hurts, STANDARD_ALWAYS)
    raised = judged(at_noon(17.4), hurts, own(spike_small=1.2))

    assert [(f.rule, f.symptom_level) for f in standard] == [("R-M1", 2)]
    assert raised == standard


def test_a_check_in_knows_of_a_load_that_a_raised_threshold_kept_silent():
    front = [report(0, regions=["AM"], pain_run=2, pain_today=2)]

    by_standard = [f for f in judged(at_noon(17.4), front, STANDARD_ALWAYS) if not f.is_load_only]
    by_own = [f for f in judged(at_noon(17.4), front, own(spike_small=1.2)) if not f.is_load_only]

    assert [f.rule for f in by_standard] == ["C-BSI"]
    assert by_own == by_standard


def test_a_lowered_threshold_counts_beside_symptoms_too():
    hurts = [report(-2, pain_today=4, pain_run=4)]

    assert [f.rule for f in judged(at_noon(16.5), hurts, STANDARD_ALWAYS)] == []
    assert [f.rule for f in judged(at_noon(16.5), hurts, own(spike_small=1.05))] == ["R-M1"]


def test_the_ceiling_and_the_chart_say_and_show_the_own_ratio():
    ceiling = next_run_ceiling(STEADY, as_of=TODAY, thresholds=own(spike_small=1.2))
    points = distance_chart([*STEADY, run(60, 10)], [], since=TODAY, thresholds=own(spike_small=1.2))

    assert ceiling_text(ceiling).startswith("Up to 18.0 km: within 20 % of your longest run")
    assert [p.ceiling_m for p in points] == [18_000]
