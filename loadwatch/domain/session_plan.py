"""What a runner may do today: the exercises that are due, a circuit for core and hip, the gate before a run."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean
from typing import Final

from loadwatch.domain.mornings import DAY, in_order, pain_days
from loadwatch.domain.patterns import BONE_STRESS
from loadwatch.domain.programme import (
    NERVE_PATTERNS,
    NOT_WHEN,
    Clearance,
    Direction,
    Dose,
    Exercise,
    NotWhen,
    Prescription,
    Programme,
    RehabSession,
    Slot,
    Stage,
    Withheld,
    withheld,
)
from loadwatch.domain.rehab import Progress, bruised_since, next_mornings, sessions_in_order
from loadwatch.domain.symptoms import SymptomReport
from loadwatch.domain.text import capital, day_text, joined, say
from loadwatch.domain.thresholds import FRESH_BRUISE


@dataclass(frozen=True, slots=True)
class Planned:
    """An exercise that is due: its dose, its pain limit, and how often it may still be done today."""

    exercise: Exercise
    dose: Dose
    pain_limit: int
    times_left: int = 1


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An exercise of the stage that is not due today, and why."""

    exercise: Exercise
    why: str


@dataclass(frozen=True, slots=True)
class TodaysSession:
    """
    Attributes
    ----------
    items : tuple of Planned
        Empty on a day of rest.
    ask_next_morning : bool
        Nobody has said yet how the morning after yesterday's session was.
    """

    stage: Stage
    on: date
    items: tuple[Planned, ...]
    left_out: tuple[LeftOut, ...]
    ask_next_morning: bool

    @property
    def minutes(self) -> float:
        """Roughly, once through. [min]"""
        return sum(minutes_of(p.exercise, p.dose) for p in self.items)


def todays_session(
    programme: Programme,
    progress: Progress,
    sessions: Iterable[RehabSession],
    as_of: date,
    *,
    reports: Iterable[SymptomReport],
    clearance: Clearance,
    pattern: str | None = None,
) -> TodaysSession | Withheld | None:
    """
    What is due today in the stage that `stage_of` found.

    Parameters
    ----------
    progress : Progress
        As of the same day.
    pattern : str or None
        Which of the programme's patterns it is; None for the only one.

    Returns
    -------
    TodaysSession, Withheld or None
        Withheld, with the reason, while something stands against any exercise; None once all stages are done.
    """
    pattern = pattern or programme.patterns[0]
    stopped = _stopped(programme, progress, pattern, clearance)
    if stopped or progress.stage is None:
        return stopped
    told = in_order(reports, as_of)
    done = sessions_in_order(sessions, as_of)
    items: list[Planned] = []
    left_out: list[LeftOut] = []
    for prescription in progress.stage.prescriptions:
        exercise, dose = prescription.exercise, prescription.dose
        if prescription.patterns and pattern not in prescription.patterns:
            continue
        days = [s.local_date for s in done if exercise.id in s.exercises]
        why = _forbidden(exercise, pattern, told, as_of) or _not_due(dose, days, as_of)
        if why:
            left_out.append(LeftOut(exercise, why))
        else:
            limit = min(exercise.pain_limit, programme.pain_limit)
            items.append(Planned(exercise, dose, limit, dose.per_day - days.count(as_of)))
    yesterday = as_of - DAY
    mornings = pain_days(told, next_mornings(done, as_of)).morning
    return TodaysSession(
        stage=progress.stage,
        on=as_of,
        items=tuple(items),
        left_out=tuple(left_out),
        ask_next_morning=as_of not in mornings and any(s.local_date == yesterday for s in done),
    )


_AGREE_FIRST: Final = say("Exercises are shown once you have agreed to see them.")


@dataclass(frozen=True, slots=True)
class SessionsOfWeek:
    """
    How much of a stage was done in the last seven days, or since it began.

    Attributes
    ----------
    done : int
        Days with one of its exercises.
    planned : int
        Days on which one of them was due.
    """

    done: int
    planned: int


def sessions_of_week(
    stage: Stage, pattern: str | None, sessions: Iterable[RehabSession], since: date, as_of: date
) -> SessionsOfWeek:
    """
    Days with a session of a stage, and days on which it asks for one.

    Parameters
    ----------
    pattern : str or None
        Whose exercises count; None for all.
    since : date
        First day of the stage.
    """
    first = max(since, as_of - 6 * DAY)
    n_days = (as_of - first).days + 1
    ids = {p.exercise.id for p in _asked(stage, pattern)}
    done = {s.local_date for s in sessions if first <= s.local_date <= as_of and s.exercises & ids}
    return SessionsOfWeek(len(done), days_asked(stage, pattern, n_days))


def days_asked(stage: Stage, pattern: str | None, n_days: int) -> int:
    """On how many of so many days a stage asks for one of its exercises; of a pattern, None for all."""
    return max((_days_due(p.dose, n_days) for p in _asked(stage, pattern)), default=0)


def _asked(stage: Stage, pattern: str | None) -> list[Prescription]:
    return [p for p in stage.prescriptions if not p.patterns or pattern is None or pattern in p.patterns]


def _days_due(dose: Dose, n_days: int) -> int:
    days = -(-n_days // dose.every_days)
    return days if dose.per_week is None else min(days, dose.per_week)


def _stopped(programme: Programme, progress: Progress, pattern: str, clearance: Clearance) -> Withheld | None:
    urgent = withheld(BONE_STRESS if programme.stop_and_refer else pattern, clearance)
    if urgent:
        return urgent
    if progress.referred:
        return Withheld("refer", say("The programme is stopped. {reason}.", reason=capital(progress.referred)))
    if progress.stop_today:
        return Withheld("stop_today", say("No exercises today: {why}.", why=joined(", ", progress.stop_today)))
    if not clearance.confirmed:
        return Withheld("not_confirmed", _AGREE_FIRST)
    return None


def _forbidden(exercise: Exercise, pattern: str, reports: Sequence[SymptomReport], as_of: date) -> str:
    """Why an exercise is not for today, in words; empty where it may be done."""
    bruise = bruised_since(reports)
    latest = next((r for r in reversed(reports) if r.regions), None)
    nervous = pattern in NERVE_PATTERNS
    if latest is not None:
        nervous = nervous or not latest.qualities.isdisjoint(("burning", "tingling", "numb"))
    holds: dict[NotWhen, bool] = {
        "fresh_bruise": bruise is not None and as_of - bruise < FRESH_BRUISE,
        "burning_or_numb": nervous,
        "sit_bone": pattern == "PHT" or (latest is not None and "PP" in latest.regions),
    }
    for reason in exercise.not_when:
        if holds[reason]:
            return NOT_WHEN[reason]
    back = latest is not None and "BK" in latest.regions
    if exercise.direction is None or not (nervous or back):
        return ""
    directions = tolerated_directions(reports, as_of)
    if directions is None:
        return say("first find out which direction eases it")
    return "" if exercise.direction in directions else say("this direction did not ease it")


def _not_due(dose: Dose, days: Sequence[date], as_of: date) -> str:
    """Why an exercise that was done on these days is not due again, in words."""
    if days.count(as_of) >= dose.per_day:
        return say("done for today")
    before = sorted({d for d in days if d < as_of})
    if before and as_of - before[-1] < dose.every_days * DAY:
        following = day_text(before[-1] + dose.every_days * DAY)
        return say("{frequency}: next on {day}", frequency=dose.frequency, day=following)
    if dose.per_week is not None and len([d for d in before if as_of - d < 7 * DAY]) >= dose.per_week:
        return dose.frequency
    return ""


# A circuit for core and hip


@dataclass(frozen=True, slots=True)
class Circuit:
    """Exercises for trunk, low back and glutes, once through in about so many minutes."""

    pattern: str
    items: tuple[Planned, ...]
    minutes: float


_SLOTS: Final[tuple[Slot, ...]] = ("trunk", "low_back", "glute")
_NERVE_SLOTS: Final[tuple[Slot, ...]] = ("thoracic", "hip", "press_up")
_REP_S: Final = 4.0
_REST_S: Final = 40.0
"""Time that a repetition and the rest after a set take, roughly. [s]"""


def minutes_of(exercise: Exercise, dose: Dose) -> float:
    """How long an exercise takes, roughly, rests included. [min]"""
    if dose.minutes is not None:
        return float(dose.minutes)
    hold = fmean(dose.hold_s) if dose.hold_s else _REP_S
    set_s = hold * (fmean(dose.reps) if dose.reps else 1) * (2 if exercise.each_side else 1)
    return dose.sets * (set_s + _REST_S) / 60


def circuit(
    pattern: str,
    exercises: Iterable[Exercise],
    minutes: float = 30,
    *,
    clearance: Clearance,
    pain_limit: int,
    directions: Collection[Direction] | None = None,
) -> Circuit | Withheld:
    """
    A core-and-hip circuit from the library, in turn one exercise for each part, as many as the time holds.

    Whatever works the sore part is left to the programme. For a nerve it holds thoracic and hip mobility too, and
    of bending exercises only those in a direction that eases it.

    Parameters
    ----------
    minutes : float
        About how long it may take. [min] The last exercise may exceed it by a sixth.
    pain_limit : int
        Of the pattern's programme, 0 to 10.
    directions : collection of Direction or None
        Of `tolerated_directions`; matters for a nerve only.
    """
    stopped = withheld(pattern, clearance)
    if stopped:
        return stopped
    if not clearance.confirmed:
        return Withheld("not_confirmed", _AGREE_FIRST)
    is_nerve = pattern in NERVE_PATTERNS
    queues: dict[Slot, list[Exercise]] = {s: [] for s in (*_SLOTS, *(_NERVE_SLOTS if is_nerve else ()))}
    for exercise in sorted(set(exercises), key=lambda e: e.id):
        slot = exercise.circuit_slot
        eases = not is_nerve or exercise.direction is None or exercise.direction in (directions or ())
        if slot in queues and eases and pattern not in exercise.circuit_not_for:
            queues[slot].append(exercise)
    chosen: list[Exercise] = []
    total = 0.0
    while any(queues.values()):
        for queue in queues.values():
            if not queue:
                continue
            needed = minutes_of(queue[0], queue[0].dose)
            exercise = queue.pop(0)
            if total < minutes and total + needed <= minutes * 7 / 6:
                chosen.append(exercise)
                total += needed
    items = tuple(Planned(e, e.dose, min(e.pain_limit, pain_limit)) for e in chosen)
    return Circuit(pattern, items, total)


# Before each run


@dataclass(frozen=True, slots=True)
class RunGate:
    """The questions before a run: it is open only if each was answered with yes."""

    is_open: bool
    refused: tuple[str, ...]
    unanswered: tuple[str, ...]


def run_gate(programme: Programme, answers: Mapping[str, bool]) -> RunGate:
    """Whether today's run may begin: one no means no run today, and so does no answer."""
    refused = tuple(q for q in programme.gate if answers.get(q) is False)
    unanswered = tuple(q for q in programme.gate if q not in answers)
    return RunGate(not refused and not unanswered, refused, unanswered)


def tolerated_directions(reports: Iterable[SymptomReport], as_of: date) -> frozenset[Direction] | None:
    """
    Which ways of bending the low back eased symptoms in the leg, by the last directional test that was told.

    Returns
    -------
    frozenset of Direction or None
        Empty where neither did, or symptoms went further down the leg. None if it was not tested.
    """
    last: Mapping[str, bool] = {}
    for report in in_order(reports, as_of):
        if DIRECTION_QUESTIONS.keys() & report.answers.keys():
            last = report.answers
    if not last:
        return None
    if last.get(SPREADS, False):
        return frozenset()
    return frozenset(d for question, d in DIRECTION_QUESTIONS.items() if last.get(question, False) and d)


SPREADS: Final = "symptoms_spread_further_down"
DIRECTION_QUESTIONS: Final[Mapping[str, Direction | None]] = {
    "bending_back_eases": "extension",
    "bending_forward_eases": "flexion",
    SPREADS: None,
}
