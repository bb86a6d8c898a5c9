"""What a rehabilitation programme is made of, what is logged of it, and when there is nothing to do but stop."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from loadwatch.domain.patterns import BONE_STRESS
from loadwatch.domain.sources import Source
from loadwatch.domain.text import Text, say, say_n
from loadwatch.domain.thresholds import FRESH_BRUISE

Kind = Literal["easy", "isometric", "strength", "lengthening", "energy", "mobility", "stretch", "massage", "slider"]
"""
Easy movement; holding without moving; strength through a range; strength in a long position of the muscle; skips and
bounds; movement of joints; holding a stretch; pressing on the muscle; gliding of a nerve.
"""

Group = Literal[
    "hamstring",
    "quad",
    "hip_flexor",
    "glute",
    "adductor",
    "calf",
    "trunk",
    "low_back",
    "thoracic",
    "hip",
    "nerve",
    "general",
]
Slot = Literal["trunk", "low_back", "glute", "thoracic", "hip", "press_up"]
Direction = Literal["extension", "flexion"]
"""Which way of bending the low back eases symptoms in the leg."""

NotWhen = Literal["fresh_bruise", "burning_or_numb", "sit_bone"]
"""What forbids an exercise today; words for the runner in `NOT_WHEN`."""

NOT_WHEN: Final[Mapping[str, Text]] = {
    "fresh_bruise": say("not in the first {days} days with a bruise", days=FRESH_BRUISE.days),
    "burning_or_numb": say("not where it burns, tingles or is numb"),
    "sit_bone": say("not with pain at the sit bone"),
}

NERVE_PATTERNS: Final = frozenset({"FEM", "LFCN", "SCI"})


@dataclass(frozen=True, slots=True)
class Dose:
    """
    How much of an exercise, how often.

    Attributes
    ----------
    sets : int
    reps : (int, int) or None
        From, to.
    hold_s : (int, int) or None
        Time that each repetition, or each set if there are none, is held. [s]
    minutes : int or None
        Length of something that has neither. [min]
    per_day : int
        At most so many times a day.
    every_days : int
        1 daily, 2 every 2nd day. [d]
    per_week : int or None
        Days of any seven, at most.
    """

    sets: int
    reps: tuple[int, int] | None = None
    hold_s: tuple[int, int] | None = None
    minutes: int | None = None
    per_day: int = 1
    every_days: int = 1
    per_week: int | None = None

    @property
    def amount(self) -> str:
        """For example "4 x 15", "5 x 30-45 s", "3 x 5-8, each held 10 s", "10 min"."""
        if self.minutes is not None:
            return f"{self.minutes} min"
        hold = f"{_span(self.hold_s)} s" if self.hold_s else ""
        if self.reps is None:
            return f"{self.sets} x {hold}"
        times = f"{self.sets} x {_span(self.reps)}"
        return say("{times}, each held {seconds}", times=times, seconds=hold) if hold else times

    @property
    def frequency(self) -> Text:
        """For example "every 2nd day", "up to 3 times a day", "2 days a week"."""
        if self.per_week is not None:
            return say_n("{n} day a week", "{n} days a week", self.per_week)
        if self.every_days > 1:
            return _EVERY.get(self.every_days) or say("every {n}th day", n=self.every_days)
        return say("once a day") if self.per_day == 1 else say("up to {n} times a day", n=self.per_day)


_EVERY: Final = {2: say("every 2nd day"), 3: say("every 3rd day")}


def _span(of: tuple[int, int]) -> str:
    return str(of[0]) if of[0] == of[1] else f"{of[0]}-{of[1]}"


@dataclass(frozen=True, slots=True)
class Exercise:
    """
    One exercise of the library.

    Attributes
    ----------
    instruction : str
        How it is done, for the runner.
    equipment : tuple of str
        Empty where it takes none.
    each_side : bool
        Done with one leg, then the other.
    dose : Dose
        Where a programme gives no other.
    pain_limit : int
        Pain during it that is never to be exceeded, 0 to 10; a programme may ask for less.
    not_when : tuple of NotWhen
        What forbids it today.
    caution : str
        When not, in words.
    loads : tuple of Group
        What it works.
    direction : Direction or None
        Only for those whom this way of bending eases.
    circuit_slot : Slot or None
        Its place in a core-and-hip circuit.
    circuit_not_for : tuple of str
        Patterns whose circuit leaves it out, as it works the sore part.
    """

    id: str
    name: str
    kind: Kind
    instruction: str
    equipment: tuple[str, ...]
    each_side: bool
    dose: Dose
    pain_limit: int
    not_when: tuple[NotWhen, ...]
    caution: str
    loads: tuple[Group, ...]
    source: Source
    direction: Direction | None = None
    circuit_slot: Slot | None = None
    circuit_not_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """A question about oneself, last answered with yes."""

    question: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """One of these questions was answered, with yes or with no."""

    questions: tuple[str, ...]
    text: str


PainMeasure = Literal["pain_run", "pain_today", "pain_morning"]


@dataclass(frozen=True, slots=True)
class PainAtMost:
    """The last so many check-ins that name this pain name no more than `nrs`."""

    measure: PainMeasure
    nrs: int
    times: int
    text: str


@dataclass(frozen=True, slots=True)
class QuietSessions:
    """The last so many days with a session of the stage stayed in the limit, and so did the mornings after."""

    times: int
    text: str


@dataclass(frozen=True, slots=True)
class NotBefore:
    """So many days since the beginning, or since a bruise showed. [d] Never the only criterion of a stage."""

    day: int
    day_with_bruise: int
    text: str


@dataclass(frozen=True, slots=True)
class LadderReached:
    """The return-to-run ladder stands at this level or higher."""

    level: int
    text: str


Criterion = Answered | Told | PainAtMost | QuietSessions | NotBefore | LadderReached


@dataclass(frozen=True, slots=True)
class Prescription:
    """An exercise in a stage; of several patterns of one programme only for these, for all where empty."""

    exercise: Exercise
    dose: Dose
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """
    Attributes
    ----------
    do : tuple of str
        What else to do and to leave, in words.
    running : str
        What running there is.
    criteria : tuple of Criterion
        All must hold to move on.
    """

    id: str
    name: str
    do: tuple[str, ...]
    running: str
    prescriptions: tuple[Prescription, ...]
    criteria: tuple[Criterion, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class Option:
    """Something that a clinician may offer; named, not recommended."""

    name: str
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class Programme:
    """
    What to do about one pattern, or a family of patterns.

    Attributes
    ----------
    patterns : tuple of str
        Codes of the patterns it is for.
    pain_limit : int
        During any exercise, 0 to 10.
    stop_and_refer : bool
        No exercises, ever: it has no stages.
    see_professional : bool
        General rules only, shown with the advice to see a professional.
    recheck_hours : int or None
        A check-in is asked for so long after the first. [h]
    refer : str
        When and to whom to go.
    gate : tuple of str
        Questions to answer with yes before each run.
    """

    id: str
    name: str
    patterns: tuple[str, ...]
    summary: str
    pain_limit: int
    stop_and_refer: bool
    see_professional: bool
    recheck_hours: int | None
    refer: str
    gate: tuple[str, ...]
    stages: tuple[Stage, ...]
    options: tuple[Option, ...]
    source: Source


StopSign = Literal["sharp", "limp", "numbness", "giving_way"]
STOP_SIGNS: Final[Mapping[StopSign, Text]] = {
    "sharp": say("sharp or sudden pain"),
    "limp": say("a limp"),
    "numbness": say("new numbness or weakness"),
    "giving_way": say("the leg gave way"),
}


@dataclass(frozen=True, slots=True)
class RehabSession:
    """
    One session, as it was logged.

    Attributes
    ----------
    at : datetime
        UTC; a second entry of the same moment is the same session.
    local_date : date
    exercises : frozenset of str
        Ids of those that were done.
    pain_during : int
        0 to 10.
    pain_next_morning : int or None
        0 to 10; None until it is told.
    signs : frozenset of StopSign
        What happened that ends a session.
    """

    at: datetime
    local_date: date
    exercises: frozenset[str]
    pain_during: int
    pain_next_morning: int | None = None
    note: str = ""
    signs: frozenset[StopSign] = frozenset()


# Whether there is anything to do at all


@dataclass(frozen=True, slots=True)
class Clearance:
    """
    What decides whether exercises may be shown.

    Attributes
    ----------
    red_flags : frozenset of str
        Ids of those that stand.
    severity : int
        Of the open problem, 0 to 4.
    bone_stress : bool
        The bone-stress guard speaks, whatever pattern is on top.
    confirmed : bool
        The runner has agreed to be shown exercises.
    """

    red_flags: frozenset[str]
    severity: int
    bone_stress: bool
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Withheld:
    """No exercises and no run, and why."""

    reason: Literal["red_flag", "bone_stress", "severity", "refer", "stop_today", "not_confirmed"]
    text: str


def withheld(pattern: str | None, clearance: Clearance) -> Withheld | None:
    """Why there is nothing to do but stop, the most urgent reason first; None if there is no such reason."""
    if clearance.red_flags:
        flags = ", ".join(sorted(clearance.red_flags))
        words = say("A warning sign stands ({flags}): no exercises. Do first what it says.", flags=flags)
        return Withheld("red_flag", words)
    if pattern == BONE_STRESS or clearance.bone_stress:
        return Withheld(
            "bone_stress",
            say("This may be a bone. Stop running, hopping and exercising until a professional has examined it."),
        )
    if clearance.severity > _HIGHEST_SEVERITY:
        return Withheld("severity", say("This is too much for exercises at home: have it looked at first."))
    return None


_HIGHEST_SEVERITY = 3
