"""Exercises and programmes as they are shipped, and files that must be refused, by name of the line."""

import re

import pytest

from loadwatch.domain.ladder import ENTRY_QUESTIONS, LADDER, LAST
from loadwatch.domain.programme import (
    NERVE_PATTERNS,
    NOT_WHEN,
    Answered,
    LadderReached,
    NotBefore,
    QuietSessions,
    Told,
)
from loadwatch.domain.session_plan import DIRECTION_QUESTIONS
from loadwatch.knowledge.loading import KnowledgeError, parse, text_of
from loadwatch.knowledge.rehab_content import (
    EXERCISES_FILE,
    LAST_LADDER_LEVEL,
    PROGRAMMES_FILE,
    parse_rehab,
    rehab_content,
)

CONTENT = rehab_content()
EXERCISES = text_of(EXERCISES_FILE)
PROGRAMMES = text_of(PROGRAMMES_FILE)


def prescribed(programme) -> list:
    return [p.exercise for stage in programme.stages for p in stage.prescriptions]


# As shipped


def test_each_entry_has_a_source_a_grade_and_its_review_state():
    sources = [
        *(e.source for e in CONTENT.exercises.values()),
        *(q.source for q in CONTENT.questions.values()),
        *(r.source for r in CONTENT.stop_rules),
        *(p.source for p in CONTENT.programmes.values()),
        *(s.source for p in CONTENT.programmes.values() for s in p.stages),
        *(o.source for p in CONTENT.programmes.values() for o in p.options),
    ]

    assert len(sources) > 100
    assert all(s.citation and s.grade in "ABC" for s in sources)
    assert {s.review for s in sources} == {"unreviewed"}


def test_nobody_claims_a_cohort_of_runners_where_there_is_none():
    assert all(e.source.grade != "A" for e in CONTENT.exercises.values())


def test_every_exercise_has_what_a_runner_needs_to_know():
    for exercise in CONTENT.exercises.values():
        assert exercise.instruction.endswith(".")
        assert exercise.caution.endswith(".")
        assert exercise.loads
        assert 0 < exercise.pain_limit <= 4


def test_every_exercise_is_used_and_every_question_asked():
    used = {e.id for p in CONTENT.programmes.values() for e in prescribed(p)}
    in_circuits = {e.id for e in CONTENT.exercises.values() if e.circuit_slot}
    assert used | in_circuits == set(CONTENT.exercises)

    criteria = [c for p in CONTENT.programmes.values() for s in p.stages for c in s.criteria]
    asked = {c.question for c in criteria if isinstance(c, Answered)}
    asked |= {q for c in criteria if isinstance(c, Told) for q in c.questions}
    asked |= {q for p in CONTENT.programmes.values() for q in p.gate}
    assert asked == set(CONTENT.questions)


def test_the_questions_that_the_code_knows_by_name_are_there():
    assert set(DIRECTION_QUESTIONS) <= set(CONTENT.questions)
    assert set(ENTRY_QUESTIONS).isdisjoint(CONTENT.questions)
    assert set(NOT_WHEN) >= {w for e in CONTENT.exercises.values() for w in e.not_when}


def test_no_stage_is_left_by_the_calendar_alone():
    for programme in CONTENT.programmes.values():
        for stage in programme.stages:
            assert not all(isinstance(c, NotBefore) for c in stage.criteria)


def test_bone_stress_has_no_exercise_and_nothing_to_progress_to():
    bone = CONTENT.by_pattern["BSI"]

    assert bone.stop_and_refer
    assert bone.stages == bone.options == ()
    assert [p.id for p in CONTENT.programmes.values() if p.stop_and_refer] == ["bone_stress"]


def test_nothing_rolls_stretches_or_kneads_a_nerve():
    kinds = {e.kind for pattern in NERVE_PATTERNS for e in prescribed(CONTENT.by_pattern[pattern])}
    forbidden = {e.id for e in prescribed(CONTENT.by_pattern["SCI"]) if "burning_or_numb" in e.not_when}

    assert kinds.isdisjoint({"stretch", "massage", "lengthening"})
    assert not forbidden
    words = " ".join(e.instruction + e.name for e in prescribed(CONTENT.by_pattern["SCI"])).lower()
    assert not re.search(r"\broll|foam|stretch the|knead", words)


def test_what_presses_or_pulls_is_forbidden_where_it_burns_or_is_bruised():
    massage = [e for e in CONTENT.exercises.values() if e.kind == "massage"]
    pulls = [e for e in CONTENT.exercises.values() if e.kind in ("stretch", "lengthening") and "hamstring" in e.loads]

    assert massage
    assert all({"fresh_bruise", "burning_or_numb", "sit_bone"} <= set(e.not_when) for e in massage)
    assert pulls
    assert all({"burning_or_numb", "sit_bone"} <= set(e.not_when) for e in pulls)
    assert not any(e.kind == "stretch" for e in CONTENT.exercises.values())


def test_a_tendon_and_an_it_band_bear_less_pain_than_a_strain():
    limits = {p.id: p.pain_limit for p in CONTENT.programmes.values()}

    assert limits["hamstring_strain"] == limits["quad_strain"] == 4
    assert limits["proximal_hamstring"] == limits["it_band"] == limits["nerve"] == 2


def test_doses_as_the_l_protocol_and_the_programmes_have_them():
    doses = {
        (p.id, s.id, x.exercise.id): (x.dose.amount, x.dose.frequency)
        for p in CONTENT.programmes.values()
        for s in p.stages
        for x in s.prescriptions
    }

    assert doses["hamstring_strain", "first_load", "bridge"] == ("4 x 15", "once a day")
    assert doses["hamstring_strain", "lengthening", "extender"] == ("3 x 12", "up to 2 times a day")
    assert doses["hamstring_strain", "lengthening", "diver"] == ("3 x 6", "every 2nd day")
    assert doses["hamstring_strain", "lengthening", "glider"] == ("3 x 4", "every 3rd day")
    assert doses["hamstring_strain", "strength_and_strides", "nordic"] == ("3 x 4-8", "2 days a week")
    assert doses["proximal_hamstring", "hold", "bridge_hold"] == ("5 x 45 s", "up to 3 times a day")
    assert doses["quad_strain", "hold", "quad_set"] == ("5 x 30-45 s", "once a day")
    assert doses["quad_strain", "lengthen", "reverse_nordic"] == ("3 x 5-10", "2 days a week")
    assert doses["it_band", "calm", "side_lying_abduction"] == ("3 x 15-30", "once a day")
    assert doses["it_band", "hip_strength", "hip_hitch"] == ("3 x 8-15", "3 days a week")
    assert doses["nerve", "ease", "bird_dog"] == ("3 x 5-8, each held 10 s", "once a day")
    assert doses["nerve", "ease", "sciatic_slider"] == ("2 x 10", "up to 2 times a day")


def test_no_speed_before_thirty_minutes_were_quiet_twice():
    """Level 8 is reached when level 7, thirty minutes, has been passed."""
    for programme in CONTENT.programmes.values():
        reached = 0
        for stage in programme.stages:
            if re.search(r"\bstrides\b|\bsprints\b|200 m", stage.running.lower()):
                assert reached >= 8, f"{programme.id}: {stage.id}"
            reached = max([reached, *(c.level for c in stage.criteria if isinstance(c, LadderReached))])


def test_the_ladder_has_the_levels_that_the_files_may_name():
    assert LAST + 1 == LAST_LADDER_LEVEL
    assert [level.number for level in LADDER] == list(range(1, 11))


def test_the_inner_thigh_is_sent_to_a_professional():
    adductor = CONTENT.by_pattern["ADD"]

    assert adductor.see_professional
    assert "adductor" not in {g for e in prescribed(adductor) for g in e.loads}


FORBIDDEN = (
    r"diagnos|treat|prevent|cure[sd]?\b|heal|\d ?% (of )?(the )?(injury )?risk|risk of .*%|prolotherapy|scar tissue"
)


def test_no_text_promises_or_names_a_risk_in_per_cent():
    for text in (EXERCISES, PROGRAMMES, *ENTRY_QUESTIONS.values(), *(level.text for level in LADDER)):
        assert not re.search(FORBIDDEN, text, re.IGNORECASE), re.search(FORBIDDEN, text, re.IGNORECASE)


# Files that must be refused


GOOD_EXERCISES = parse(EXERCISES_FILE, EXERCISES)


def broken(*, exercises: str | None = None, programmes: str | None = None) -> KnowledgeError:
    with pytest.raises(KnowledgeError) as caught:
        parse_rehab(
            GOOD_EXERCISES if exercises is None else parse(EXERCISES_FILE, exercises),
            parse(PROGRAMMES_FILE, programmes or "programmes = []"),
        )
    return caught.value


def line_of(text: str, part: str) -> int:
    assert part in text
    return text[: text.index(part)].count("\n") + 1


def first_change(text: str, original: str) -> int:
    pairs = zip(text.splitlines(), original.splitlines(), strict=False)
    return next(n for n, (a, b) in enumerate(pairs, 1) if a != b)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('kind = "lengthening"', 'kind = "stretching"', "kind is 'stretching'"),
        ('grade = "B"', 'grade = "D"', "grade is 'D'"),
        ("pain_limit = 4", "pain_limit = 11", "pain_limit is 11"),
        ("pain_limit = 4", "pain_limits = 4", "pain_limit is missing"),
        ('loads = ["nerve"]', 'loads = ["nerves"]', "holds 'nerves'"),
        ('reps = "5-8"', 'reps = "8-5"', "reps is '8-5'"),
        ('reps = "5-8"', 'reps = "five"', "reps is 'five'"),
        ("sets = 5", "sets = 0", "sets is 0"),
        ('circuit = "trunk"', 'circuit = "core"', "circuit is 'core'"),
        ('id = "glider"', 'id = "diver"', "'diver' is there twice"),
        ('circuit_not_for = ["QS"]', 'circuit_not_for = ["QUAD"]', "holds 'QUAD'"),
        ("minutes = 15", 'minutes = 15, reps = "3"', "either minutes, or reps"),
        ('review = "unreviewed"', 'review = "fine"', "review is 'fine'"),
    ],
)
def test_a_wrong_exercise_is_refused_with_its_line(before, after, reason):
    text = EXERCISES.replace(before, after, 1)

    error = broken(exercises=text)

    assert reason in error.reason
    assert error.file == EXERCISES_FILE
    changed = first_change(text, EXERCISES)
    entry = text.splitlines()[:changed]
    header = max(n for n, line in enumerate(entry, 1) if line == "[[exercises]]")
    assert error.line in (changed, header)  # what is missing is named at its table


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('{ id = "diver" }', '{ id = "dive" }', "id is 'dive'"),
        ('question = "walks_normally"', 'question = "walks"', "question is 'walks'"),
        ('kind = "quiet_sessions"', 'kind = "quiet_session"', "kind is 'quiet_session'"),
        ('measure = "pain_run"', 'measure = "pain"', "measure is 'pain'"),
        ("level = 8", "level = 12", "no level 12"),
        ("day_with_bruise = 10", "day_with_bruise = 3", "before day"),
        ('patterns = ["PHT"]', 'patterns = ["HS"]', "HS has a programme already"),
        ('patterns = ["ADD"]', 'patterns = ["ADDUCTOR"]', "holds 'ADDUCTOR'"),
        ('only_for = ["SCI"]', 'only_for = ["HS"]', "holds 'HS'"),
        ('gate = ["can_keep_trunk_steady"', 'gate = ["steady"', "holds 'steady'"),
        ("stop_and_refer = true\n", "", "has stages, or else"),
        ("pain_limit = 0", "pain_limit = true", "not a whole number"),
        ('summary = "Early, graded load', 'summmary = "Early, graded load', "summary is missing"),
    ],
)
def test_a_wrong_programme_is_refused_with_its_line(before, after, reason):
    text = PROGRAMMES.replace(before, after, 1)
    assert text != PROGRAMMES

    error = broken(programmes=text)

    assert reason in error.reason
    assert error.file == PROGRAMMES_FILE
    changed = first_change(text, PROGRAMMES)
    table = max(n for n, line in enumerate(text.splitlines()[:changed], 1) if re.match(r"\[\[|\w+ = \[$", line))
    assert error.line in range(table, changed + 1)


def test_a_stage_that_only_waits_is_refused():
    start = PROGRAMMES.index('    { kind = "yes", question = "walks_normally"')
    text = PROGRAMMES[:start] + PROGRAMMES[PROGRAMMES.index("\n", start) + 1 :]

    assert "calendar alone" in broken(programmes=text).reason


def test_exercises_for_bone_stress_are_refused():
    stage = PROGRAMMES[PROGRAMMES.index("[[programmes.stages]]") : PROGRAMMES.index("[[programmes.stages]]", 12_000)]
    with_stage = PROGRAMMES.replace("stop_and_refer = true\n", "") + stage[: stage.index("[[", 10)]

    error = broken(programmes=with_stage)

    assert error.reason == "bone stress gets no exercises"
    assert error.line == line_of(with_stage, 'patterns = ["BSI"]')


def test_a_pattern_without_a_programme_is_refused():
    text = PROGRAMMES.replace('patterns = ["FEM", "LFCN", "SCI"]', 'patterns = ["FEM", "SCI"]')

    assert "no programme for LFCN" in broken(programmes=text).reason


def test_quiet_sessions_need_exercises():
    assert any(isinstance(c, QuietSessions) for s in CONTENT.programmes["it_band"].stages for c in s.criteria)
    text = PROGRAMMES.replace('exercises = [{ id = "hip_hold" }, { id = "side_lying_abduction" }]', "exercises = []")

    assert "exercises is empty" in broken(programmes=text).reason
