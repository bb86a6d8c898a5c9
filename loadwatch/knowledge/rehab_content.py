"""Exercises and programmes from their files, as records of the domain; a wrong entry is refused with its line."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeVar, get_args

from loadwatch.domain.patterns import BONE_STRESS
from loadwatch.domain.programme import (
    Answered,
    Criterion,
    Direction,
    Dose,
    Exercise,
    Group,
    Kind,
    LadderReached,
    NotBefore,
    NotWhen,
    Option,
    PainAtMost,
    PainMeasure,
    Prescription,
    Programme,
    QuietSessions,
    Slot,
    Stage,
    Told,
)
from loadwatch.domain.sources import Source
from loadwatch.knowledge.loading import Entry, read, unique_ids

EXERCISES_FILE: Final = "exercises.toml"
PROGRAMMES_FILE: Final = "programmes.toml"

PATTERNS: Final = ("HS", "PHT", "QS", "ITBS", "FEM", "LFCN", "SCI", "ADD", "BSI", "DOMS")
LAST_LADDER_LEVEL: Final = 11
"""One more than the last level: the ladder is done."""


@dataclass(frozen=True, slots=True)
class Said:
    """A question about oneself, or a rule, in words for the runner."""

    id: str
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class RehabContent:
    """
    All that the two files hold.

    Attributes
    ----------
    exercises, programmes, questions : dict by id
    by_pattern : dict of pattern to Programme
    stop_rules : tuple of Said
        Valid for every programme.
    """

    exercises: Mapping[str, Exercise]
    programmes: Mapping[str, Programme]
    questions: Mapping[str, Said]
    by_pattern: Mapping[str, Programme]
    stop_rules: tuple[Said, ...]


@cache
def rehab_content() -> RehabContent:
    """
    The files of this package.

    Raises
    ------
    KnowledgeError
        If one of them must not be used.
    """
    return parse_rehab(read(EXERCISES_FILE), read(PROGRAMMES_FILE))


def parse_rehab(exercises_file: Entry, programmes_file: Entry) -> RehabContent:
    """
    The content of the two files.

    Raises
    ------
    KnowledgeError
        Whatever is missing, misspelt, doubled or pointing to nothing, with its line.
    """
    exercises = _by_id(exercises_file.entries("exercises"), _exercise)
    exercises_file.done()
    questions = _by_id(programmes_file.entries("questions"), _said)
    rules = _by_id(programmes_file.entries("stop_rules"), _said)
    entries = programmes_file.entries("programmes")
    programmes = _by_id(entries, lambda e: _programme(e, exercises, questions))
    programmes_file.done()
    by_pattern: dict[str, Programme] = {}
    for entry, programme in zip(entries, programmes.values(), strict=True):
        for pattern in programme.patterns:
            if pattern in by_pattern:
                raise entry.wrong(f"{pattern} has a programme already", "patterns")
            by_pattern[pattern] = programme
    for pattern in PATTERNS:
        if pattern not in by_pattern:
            raise programmes_file.wrong(f"there is no programme for {pattern}")
    return RehabContent(exercises, programmes, questions, by_pattern, tuple(rules.values()))


T = TypeVar("T")


def _by_id(entries: Sequence[Entry], parse: Callable[[Entry], T]) -> dict[str, T]:
    return dict(zip(unique_ids(entries), map(parse, entries), strict=True))


def _said(entry: Entry) -> Said:
    said = Said(entry.text("id"), entry.text("text"), entry.source())
    entry.done()
    return said


def _exercise(entry: Entry) -> Exercise:
    not_when: Sequence[NotWhen] = _words(entry, "not_when", get_args(NotWhen))
    loads: Sequence[Group] = _words(entry, "loads", get_args(Group), optional=False)
    exercise = Exercise(
        id=entry.text("id"),
        name=entry.text("name"),
        kind=entry.choice("kind", get_args(Kind)),
        instruction=entry.text("instruction"),
        equipment=entry.texts("equipment", optional=True),
        each_side=entry.yes("each_side"),
        dose=_dose(entry.entry("dose")),
        pain_limit=_nrs(entry, "pain_limit"),
        not_when=tuple(not_when),
        caution=entry.text("caution"),
        loads=tuple(loads),
        source=entry.source(),
        direction=entry.choice("direction", get_args(Direction)) if "direction" in entry.data else None,
        circuit_slot=entry.choice("circuit", get_args(Slot)) if "circuit" in entry.data else None,
        circuit_not_for=entry.texts("circuit_not_for", PATTERNS, optional=True),
    )
    if exercise.circuit_slot and exercise.not_when:
        raise entry.wrong("what is forbidden on some days has no place in a circuit", "circuit")
    entry.done()
    return exercise


Word = TypeVar("Word", bound=str)


def _words(entry: Entry, key: str, allowed: tuple[Word, ...], *, optional: bool = True) -> list[Word]:
    found = entry.texts(key, allowed, optional=optional)
    return [word for word in allowed if word in found]


_SPAN: Final = re.compile(r"(\d+)(?:-(\d+))?")


def _dose(entry: Entry) -> Dose:
    minutes = entry.whole("minutes") if "minutes" in entry.data else None
    dose = Dose(
        sets=_at_least_one(entry, "sets"),
        reps=_span(entry, "reps"),
        hold_s=_span(entry, "hold_s"),
        minutes=minutes,
        per_day=_at_least_one(entry, "per_day", 1),
        every_days=_at_least_one(entry, "every_days", 1),
        per_week=_at_least_one(entry, "per_week") if "per_week" in entry.data else None,
    )
    if (dose.minutes is None) == (dose.reps is None and dose.hold_s is None):
        raise entry.wrong("a dose has either minutes, or reps or hold_s or both")
    entry.done()
    return dose


def _at_least_one(entry: Entry, key: str, default: int | None = None) -> int:
    value = entry.whole(key, default)
    if value < 1:
        raise entry.wrong(f"{key} is {value}, less than 1", key)
    return value


def _span(entry: Entry, key: str) -> tuple[int, int] | None:
    if key not in entry.data:
        return None
    text = entry.text(key)
    match = _SPAN.fullmatch(text)
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= low <= high:
        raise entry.wrong(f'{key} is {text!r}, not a number like "15" or a span like "8-12"', key)
    return low, high


def _nrs(entry: Entry, key: str) -> int:
    value = entry.whole(key)
    if not 0 <= value <= 10:
        raise entry.wrong(f"{key} is {value}, not 0 to 10", key)
    return value


def _programme(entry: Entry, exercises: Mapping[str, Exercise], questions: Mapping[str, Said]) -> Programme:
    stages = entry.entries("stages", optional=True)
    patterns = entry.texts("patterns", PATTERNS)
    programme = Programme(
        id=entry.text("id"),
        name=entry.text("name"),
        patterns=patterns,
        summary=entry.text("summary"),
        pain_limit=_nrs(entry, "pain_limit"),
        stop_and_refer=entry.yes("stop_and_refer", default=False),
        see_professional=entry.yes("see_professional", default=False),
        recheck_hours=_at_least_one(entry, "recheck_hours") if "recheck_hours" in entry.data else None,
        refer=entry.text("refer"),
        gate=entry.texts("gate", questions, optional=True),
        stages=tuple(_by_id(stages, lambda e: _stage(e, patterns, exercises, questions)).values()),
        options=tuple(_option(e) for e in entry.entries("options", optional=True)),
        source=entry.source(),
    )
    if programme.stop_and_refer == bool(programme.stages):
        raise entry.wrong("a programme has stages, or else it is stop_and_refer")
    if BONE_STRESS in patterns and not programme.stop_and_refer:
        raise entry.wrong("bone stress gets no exercises", "patterns")
    entry.done()
    return programme


def _option(entry: Entry) -> Option:
    option = Option(entry.text("name"), entry.text("text"), entry.source())
    entry.done()
    return option


def _stage(
    entry: Entry, patterns: Iterable[str], exercises: Mapping[str, Exercise], questions: Mapping[str, Said]
) -> Stage:
    criteria = tuple(_criterion(e, questions) for e in entry.entries("criteria"))
    if all(isinstance(c, NotBefore) for c in criteria):
        raise entry.wrong("the calendar alone moves nobody on", "criteria")
    prescriptions = [_prescription(e, tuple(patterns), exercises) for e in entry.entries("exercises")]
    if any(isinstance(c, QuietSessions) for c in criteria) and not prescriptions:
        raise entry.wrong("quiet sessions are asked for where there are no exercises", "criteria")
    stage = Stage(
        id=entry.text("id"),
        name=entry.text("name"),
        do=entry.texts("do"),
        running=entry.text("running"),
        prescriptions=tuple(prescriptions),
        criteria=criteria,
        source=entry.source(),
    )
    entry.done()
    return stage


def _prescription(entry: Entry, patterns: tuple[str, ...], exercises: Mapping[str, Exercise]) -> Prescription:
    exercise = exercises[entry.choice("id", exercises)]
    dose = _dose(entry.entry("dose")) if "dose" in entry.data else exercise.dose
    prescription = Prescription(exercise, dose, entry.texts("only_for", patterns, optional=True))
    entry.done()
    return prescription


def _criterion(entry: Entry, questions: Mapping[str, Said]) -> Criterion:
    criterion = _CRITERIA[entry.choice("kind", _CRITERIA)](entry, questions)
    entry.done()
    return criterion


def _not_before(entry: Entry, _questions: Mapping[str, Said]) -> NotBefore:
    days = _at_least_one(entry, "day"), _at_least_one(entry, "day_with_bruise")
    if days[1] < days[0]:
        raise entry.wrong("day_with_bruise is before day", "day_with_bruise")
    return NotBefore(*days, entry.text("text"))


def _ladder(entry: Entry, _questions: Mapping[str, Said]) -> LadderReached:
    level = entry.whole("level")
    if not 1 <= level <= LAST_LADDER_LEVEL:
        raise entry.wrong(f"the ladder has no level {level}", "level")
    return LadderReached(level, entry.text("text"))


def _pain_at_most(entry: Entry, _questions: Mapping[str, Said]) -> PainAtMost:
    measure: PainMeasure = entry.choice("measure", get_args(PainMeasure))
    return PainAtMost(measure, _nrs(entry, "nrs"), _at_least_one(entry, "times"), entry.text("text"))


_CRITERIA: Final[Mapping[str, Callable[[Entry, Mapping[str, Said]], Criterion]]] = {
    "yes": lambda e, questions: Answered(e.choice("question", questions), e.text("text")),
    "told": lambda e, questions: Told(e.texts("questions", questions), e.text("text")),
    "pain_at_most": _pain_at_most,
    "quiet_sessions": lambda e, _: QuietSessions(_at_least_one(e, "times"), e.text("text")),
    "not_before": _not_before,
    "ladder": _ladder,
}
