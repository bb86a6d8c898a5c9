"""The way back to running: levels climbed by runs that arrive and by the mornings after them."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadwatch.domain.ladder import (
    LADDER,
    LadderEntry,
    entry_levels,
    ladder_state,
    running_min,
    usual_before,
)
from loadwatch.domain.loads import RunLoad
from tests.unit.domain.build import run
from tests.unit.domain.loads_build import NOTHING, profile
from tests.unit.domain.rehab_build import CLEAR, on, told

RUN_M_S, WALK_M_S = 2.85, 1.5
READY = told(0, today=1, morning=1, yes="walks_30_min_quietly single_leg_step_down_ok", hour=1)
ENTRY = LadderEntry(on=on(0), old_long_m=10_000.0, old_fast_m=3_000.0)


def ran(
    day: float,
    minutes: float,
    walk: float = 0,
    *,
    fast_m: float | None = 0.0,
    descent_m: float | None = 10.0,
    measured: bool = True,
) -> RunLoad:
    """A run of so many minutes of running at 2.85 m/s, and of walking."""
    km = (minutes * RUN_M_S + walk * WALK_M_S) * 60 / 1000
    bands = profile({RUN_M_S: minutes * 60 * RUN_M_S, 2.0: walk * 60 * WALK_M_S})
    features = replace(
        NOTHING, altitude_quality="baro", descent_m=descent_m, speed_profile_m=bands if measured else None
    )
    it = replace(run(day, km, minutes=minutes + walk), features=features)
    return RunLoad(it, hill_m=descent_m, ascent_m=None, fast_m=fast_m, sprint_m=0.0, track_m=None)


def answer(day: int, run_pain: int | None = 1, morning: int | None = 1, **more):
    """A check-in on the day of a run and one on the morning after, at the usual 1 unless told."""
    return [told(day, run=run_pain, today=1, **more), told(day + 1, morning=morning, hour=1)]


def level_runs(level: int, first_day: int) -> list[RunLoad]:
    """Two sessions of a level below 8, a day apart."""
    step = LADDER[level - 1]
    return [ran(first_day + 2 * i, step.running_min, step.walk_min * step.repeats) for i in range(2)]


def climbed(last_level: int):
    """Runs and check-ins that pass levels 1 to `last_level`, and the first day after them."""
    loads = [x for level in range(1, last_level + 1) for x in level_runs(level, 4 * (level - 1))]
    reports = [READY, *(r for day in range(0, 4 * last_level, 2) for r in answer(day))]
    return loads, reports, 4 * last_level


def state(loads, reports, day, entry=ENTRY, clearance=CLEAR, **more):
    return ladder_state(loads, reports, entry, on(day), clearance=clearance, **more)


# Entry


def test_the_levels_are_those_of_the_evidence():
    steps = [(x.run_min, x.walk_min, x.repeats) for x in LADDER[:7]]

    assert steps == [(1, 4, 6), (2, 3, 6), (3, 2, 6), (4, 1, 6), (7, 1, 4), (15, 1, 2), (30, 0, 1)]
    assert [x.running_min for x in LADDER[:7]] == [6, 12, 18, 24, 28, 30, 30]


def test_the_first_step_waits_for_a_brisk_walk_and_a_step_down():
    locked = state([], [told(0, today=1, morning=1)], 0)

    assert not locked.is_unlocked
    assert any("briskly" in why for why in locked.why_locked)
    assert state([], [READY], 0).is_unlocked


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (told(0, today=3), "pain 3 in daily life"),
        (told(0, today=1, signs={"limp"}), "limp"),
        (told(0, today=1, qualities={"sharp"}), "sharp"),
    ],
)
def test_pain_in_daily_life_or_a_limp_lock_the_step(report, words):
    locked = state([], [READY, report], 0)

    assert not locked.is_unlocked
    assert any(words in why for why in locked.why_locked)


@pytest.mark.parametrize(
    ("days", "levels"), [(5, (1, 7)), (13, (1, 7)), (14, (4, 7)), (28, (4, 7)), (29, (1, 4)), (90, (1, 4))]
)
def test_after_a_break_one_starts_lower_even_if_nothing_hurts(days, levels):
    assert entry_levels(timedelta(days=days)) == levels


@pytest.mark.parametrize("level", [0, 8, 11])
def test_nobody_starts_above_level_seven(level):
    with pytest.raises(ValueError, match="is not one to start from"):
        state([], [], 0, replace(ENTRY, level=level))


def test_before_the_entry_nothing_counts():
    early = state(level_runs(1, 0), [READY, *answer(0), *answer(2)], 3, replace(ENTRY, on=on(10)))

    assert early.verdicts == ()
    assert early.why_locked == ("the ladder begins on Thu 12 Mar 2026",)


# What was run


def test_running_is_told_from_walking_by_speed():
    assert running_min(ran(0, 12, 18).run) == pytest.approx(12)
    assert running_min(ran(0, 12, 18, measured=False).run) is None


def test_what_was_usual_is_the_longest_run_and_the_fastest_day_of_ninety_days():
    loads = [
        ran(-100, 90),
        ran(-50, 60, fast_m=1_000),
        ran(-50.5, 10, fast_m=800),
        ran(-30, 40, fast_m=None),
        ran(-29, 20, fast_m=1_500),
        ran(0, 200),
    ]

    assert usual_before(loads, on(0)) == (pytest.approx(60 * 60 * RUN_M_S), pytest.approx(1_500))
    assert usual_before([], on(0)) == (None, None)


# Climbing


def test_two_clean_sessions_with_a_quiet_next_morning_pass_a_level():
    loads, reports, day = climbed(1)

    after = state(loads, reports, day - 1)

    assert after.level == 2
    (move,) = after.moves
    assert (move.before, move.after, move.on) == (1, 2, on(3))
    assert move.run_ids == (loads[0].run.id, loads[1].run.id)
    assert [v.kind for v in after.verdicts] == ["clean", "clean"]
    assert after.step.level.text.startswith("6 times 2 min run")


def test_one_session_is_not_enough():
    loads, reports, _ = climbed(1)

    after = state(loads[:1], reports, 2)

    assert (after.level, after.clean, after.needed) == (1, 1, 2)
    assert after.why_not_next == "1 of 2 clean sessions of this level"


def test_until_the_next_morning_is_told_a_session_waits():
    loads, reports, _ = climbed(1)
    untold = [r for r in reports if r.local_date < on(1)]

    same_day = state(loads[:1], untold, 0)
    next_day = state(loads[:1], untold, 1)
    later = state(loads[:1], untold, 4)

    assert [s.verdicts[0].kind for s in (same_day, next_day, later)] == ["waiting", "waiting", "unclear"]
    assert same_day.why_locked == ("you have run today",)
    assert next_day.why_locked == ("a day of rest between runs",)
    assert later.why_locked == ("say how the morning after the last run was",)


def test_nobody_climbs_without_saying_how_it_felt():
    loads, _, day = climbed(1)

    after = state(loads, [READY, told(1, morning=1), told(3, morning=1)], day)

    assert after.level == 1
    assert {v.kind for v in after.verdicts} == {"unclear"}


@pytest.mark.parametrize(("tendon", "pain", "kind"), [(False, 2, "clean"), (False, 3, "hold"), (True, 3, "clean")])
def test_a_tendon_may_hurt_a_point_more(tendon, pain, kind):
    loads, _, _ = climbed(1)

    after = state(loads[:1], [READY, *answer(0, pain)], 2, replace(ENTRY, tendon=tendon))

    assert after.verdicts[0].kind == kind


@pytest.mark.parametrize("pain", [3, 4, 5])
def test_pain_of_three_to_five_holds_the_level_and_begins_its_count_anew(pain):
    first, second = level_runs(1, 0)
    third = ran(4, 6, 24)
    reports = [READY, *answer(0), *answer(2, pain), *answer(4)]

    after = state([first, second, third], reports, 5)

    assert [v.kind for v in after.verdicts] == ["clean", "hold", "clean"]
    assert (after.level, after.clean) == (1, 1)


@pytest.mark.parametrize(
    ("how", "words", "moved_on"),
    [
        ({"run_pain": 6}, "pain 6 while running", 4),
        ({"signs": {"limp"}}, "a limp", 4),
        ({"morning": 3}, "2 points or more above the usual", 5),
    ],
)
def test_more_pain_a_limp_or_a_bad_morning_take_it_one_level_down(how, words, moved_on):
    loads, reports, day = climbed(1)

    after = state([*loads, ran(day, 12, 18)], [*reports, *answer(day, **how)], day + 1)

    assert after.level == 1
    assert words in after.moves[-1].why
    assert after.moves[-1].on == on(moved_on)


def test_two_steps_down_within_two_weeks_send_to_a_professional():
    loads, reports, day = climbed(3)
    bad = [ran(day, 24, 6), ran(day + 4, 18, 12)]
    told_ = [*reports, *answer(day, 6), *answer(day + 4, 7)]

    after = state([*loads, *bad], told_, day + 30)

    assert "2 steps down within 14 days" in after.referred
    assert not after.is_unlocked
    anew = state([*loads, *bad], [*told_, told(day + 30, today=1)], day + 30, replace(ENTRY, on=on(day + 30)))
    assert anew.is_unlocked


# More than the step


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (ran(2, 30), "30 min of running where 6 were planned"),
        (ran(2, 6, 24, descent_m=80), "80 m of descent where 50 m"),
        (ran(2, 6, 24, fast_m=400), "400 m of fast running where 100 m were"),
        (ran(1, 6, 24), "no day of rest before it"),
    ],
)
def test_an_overshoot_locks_the_next_step(load, words):
    first, _ = level_runs(1, 0)
    day = round((load.run.start - first.run.start) / timedelta(days=1))

    after = state([first, load], [READY, *answer(0), *answer(day)], day + 2)

    assert after.verdicts[-1].kind == "overshoot"
    assert words in ", ".join(after.verdicts[-1].why)
    assert (after.level, after.clean) == (1, 0)
    assert words in after.why_not_next


def test_after_an_overshoot_two_clean_sessions_go_on():
    loads = [*level_runs(1, 0)[:1], ran(2, 30), ran(4, 6, 24), ran(6, 6, 24)]
    reports = [READY, *(r for d in (0, 2, 4, 6) for r in answer(d))]

    levels = [state(loads, reports, d).level for d in (3, 5, 7)]

    assert levels == [1, 1, 2]


def test_a_little_more_or_less_than_the_step_is_the_step():
    reports = [READY, *answer(0)]

    kinds = {m: state([ran(0, m, 24)], reports, 1).verdicts[0].kind for m in (4.7, 4.9, 6, 7.1, 7.3)}

    assert kinds == {4.7: "unclear", 4.9: "clean", 6: "clean", 7.1: "clean", 7.3: "overshoot"}


def test_where_running_and_walking_cannot_be_told_apart_the_runners_word_counts():
    load = ran(0, 6, 24, measured=False)
    reports = [READY, *answer(0)]

    def kind(**kept):
        return state([load], reports, 1, **kept).verdicts[0].kind

    assert kind() == "unclear"
    assert kind(kept={load.run.id: True}) == "clean"
    assert kind(kept={load.run.id: False}) == "overshoot"


def test_the_runners_word_does_not_undo_what_was_measured():
    load = ran(0, 30)

    assert state([load], [READY, *answer(0)], 1, kept={load.run.id: True}).verdicts[0].kind == "overshoot"


def test_files_of_one_day_are_one_session():
    halves = [ran(0, 3, 12), ran(0.05, 3, 12)]

    after = state(halves, [READY, *answer(0)], 1)

    (verdict,) = after.verdicts
    assert verdict.kind == "clean"
    assert len(verdict.run_ids) == 2


def test_unknown_hills_and_speed_lock_nothing_but_are_named():
    loads = [ran(0, 6, 24, descent_m=None, fast_m=None)]

    after = state(loads, [READY, *answer(0)], 1)

    assert after.verdicts[0].kind == "clean"
    assert after.notes == ("hills of some runs are not known", "the speed of some runs is not known")


# Distance, then hills, then speed


def test_the_whole_way_distance_then_hills_then_half_of_the_old_track():
    loads, reports, day = climbed(7)  # thirty minutes: 5.13 km
    half_hour_m = 30 * 60 * RUN_M_S

    at_eight = state(loads, reports, day)
    assert at_eight.level == 8
    # 1.15 x 5.13 km would be 5.9 km; 60 % of the old 10 km is 6 km
    assert at_eight.step.longest_m == pytest.approx(1.15 * half_hour_m)
    assert at_eight.step.descent_m == 50

    further = [ran(day, 32), ran(day + 2, 35), ran(day + 4, 35.2)]  # 5.5, 6.0, 6.0 km
    reports += [r for d in (day, day + 2, day + 4) for r in answer(d)]
    at_nine = state([*loads, *further], reports, day + 5)
    assert at_nine.level == 9
    assert at_nine.moves[-1].run_ids == tuple(x.run.id for x in further[1:])

    hills = [ran(day + 6, 35, descent_m=48), ran(day + 8, 35, descent_m=70)]
    reports += [r for d in (day + 6, day + 8) for r in answer(d)]
    after_one = state([*loads, *further, *hills[:1]], reports, day + 7)
    assert after_one.step.descent_m == pytest.approx(1.5 * 48)
    at_ten = state([*loads, *further, *hills], reports, day + 9)
    assert at_ten.level == 10
    assert at_ten.step.fast_m == 1_500
    assert at_ten.step.descent_m == 70
    assert at_ten.next_step is None

    track = [ran(day + 10, 30, fast_m=1_400), ran(day + 12, 30, fast_m=1_500)]
    reports += [r for d in (day + 10, day + 12) for r in answer(d)]
    done = state([*loads, *further, *hills, *track], reports, day + 13)
    assert done.is_done
    assert done.level == 11
    assert done.levels[0] == (on(0), 1)
    assert done.levels[-1] == (on(day + 13), 11)
    assert done.why_not_next == ""


def test_at_distance_a_session_grows_by_at_most_fifteen_per_cent():
    loads, reports, day = climbed(7)

    far = state([*loads, ran(day, 40)], [*reports, *answer(day)], day + 1)

    assert far.verdicts[-1].kind == "overshoot"
    assert far.level == 8


def test_a_flat_run_does_not_pass_the_level_of_hills_nor_an_easy_one_that_of_speed():
    loads, reports, day = climbed(7)
    entry = replace(ENTRY, old_long_m=5_000.0)  # 60 % of it is less than half an hour
    loads += [ran(day, 30), ran(day + 2, 30), ran(day + 4, 30), ran(day + 6, 30, descent_m=45)]
    loads += [ran(day + 8, 30, descent_m=45), ran(day + 10, 30)]
    reports += [r for d in range(day, day + 12, 2) for r in answer(d)]

    verdicts = state(loads, reports, day + 11, entry).verdicts[-4:]

    assert [(v.level, v.kind) for v in verdicts] == [(9, "unclear"), (9, "clean"), (9, "clean"), (10, "unclear")]


def test_without_the_old_fast_metres_the_track_stays_locked():
    loads, reports, day = climbed(7)
    entry = replace(ENTRY, old_long_m=5_000.0, old_fast_m=None)
    loads += [ran(day + 2 * i, 30, descent_m=10 if i < 2 else 45) for i in range(4)]
    reports += [r for d in range(day, day + 8, 2) for r in answer(d)]

    at_ten = state(loads, reports, day + 8, entry)

    assert at_ten.level == 10
    assert not at_ten.is_unlocked
    assert at_ten.why_locked == ("say how many fast metres a session had before",)


def test_without_the_old_long_run_distance_goes_on_and_hills_wait():
    loads, reports, day = climbed(7)
    loads += [ran(day + 2 * i, 30) for i in range(4)]
    reports += [r for d in range(day, day + 8, 2) for r in answer(d)]

    assert state(loads, reports, day + 8, replace(ENTRY, old_long_m=None)).level == 8


# Breaks, and what locks today


def test_a_break_on_the_way_takes_it_back_to_level_four_a_long_one_to_one():
    loads, reports, day = climbed(6)

    levels = {d: state(loads, reports, day - 2 + d).level for d in (13, 14, 28, 29)}

    assert levels == {13: 7, 14: 4, 28: 4, 29: 1}


def test_a_break_at_a_low_level_leaves_it_there():
    loads, reports, day = climbed(1)

    assert state(loads, reports, day - 2 + 20).level == 2


def test_mornings_above_the_usual_lock_the_next_run():
    loads, _, _ = climbed(1)

    after = state(loads[:1], [READY, told(0, run=1, today=1), told(1, morning=2, hour=1)], 2)

    assert after.verdicts[0].kind == "hold"
    assert after.why_locked == ("mornings are not yet back to the usual",)


def test_a_red_flag_and_a_bone_lock_the_ladder():
    flag = state([], [READY], 0, clearance=replace(CLEAR, red_flags=frozenset({"RF5"})))
    bone = state([], [READY], 0, clearance=replace(CLEAR, bone_stress=True))

    assert "RF5" in flag.why_locked[0]
    assert "bone" in bone.why_locked[0]
    assert not flag.is_unlocked
    assert not bone.is_unlocked


# Whatever comes in


class Story:
    """Some runs and check-ins: a seed and all that follows from it, as that is quick."""

    def __init__(self, seed: int):
        rng = self.rng = random.Random(seed)
        some = rng.choice([None, 5_000.0, 12_000.0])
        self.entry = LadderEntry(on(0), rng.randint(1, 7), rng.random() < 0.5, some, some)
        self.day = rng.randrange(-2, 45)
        days = [2 * d for d in range(-2, 20)] if rng.random() < 0.7 else range(-3, 40)
        self.loads = [self._run(d + rng.randrange(500) / 1000) for d in days if rng.random() < 0.9]
        self.reports = [READY, *(self._report(d) for d in range(1, 40) if rng.random() < 0.9)]

    def _run(self, day):
        rng = self.rng
        step = LADDER[min(self.entry.level + max(int(day) // 5, 0), 7) - 1]
        usual = (step.running_min, step.walk_min * step.repeats)
        minutes, walk = rng.choice([usual] * 9 + [(35, 0)])
        return ran(
            day,
            minutes,
            walk,
            fast_m=rng.choice([None, 0, 0, 0, 0, 0, 300]),
            descent_m=rng.choice([None, 0, 0, 45, 45, 45, 300]),
            measured=rng.random() < 0.9,
        )

    def _report(self, day):
        pain = [self.rng.choice([None, 3, 6] + [1] * 15) for _ in range(3)]
        limp = {"limp"} if self.rng.random() < 0.05 else ()
        return told(day, run=pain[0], today=pain[1], morning=pain[2], signs=limp, hour=self.rng.choice([1, 12]))

    def shuffled(self, items):
        return self.rng.sample([*items, *items[:3]], len(items) + len(items[:3]))


@given(st.integers(0, 2**40).map(Story))
def test_order_and_doubles_change_nothing_and_nothing_raises(story):
    plain = state(story.loads, story.reports, story.day, story.entry)

    assert state(story.shuffled(story.loads), story.shuffled(story.reports), story.day, story.entry) == plain
    assert 1 <= plain.level <= 11
    assert plain.is_unlocked == (not plain.why_locked)


@given(st.integers(0, 2**40).map(Story), st.integers(1, 13))
def test_a_red_flag_always_locks(story, flag):
    flagged = replace(CLEAR, red_flags=frozenset({f"RF{flag}"}))

    assert not state(story.loads, story.reports, story.day, story.entry, flagged).is_unlocked


@given(st.integers(0, 2**40).map(Story))
def test_no_level_is_passed_without_two_clean_days_of_it(story):
    for move in state(story.loads, story.reports, story.day, story.entry).moves:
        if move.after > move.before:
            verdicts = state(story.loads, story.reports, story.day, story.entry).verdicts
            clean = [v for v in verdicts if set(v.run_ids) <= set(move.run_ids)]
            assert [(v.kind, v.level) for v in clean] == [("clean", move.before)] * 2
            assert move.after == move.before + 1
