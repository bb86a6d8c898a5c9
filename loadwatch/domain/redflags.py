"""The red-flag screen: what must not be missed, asked of every report before anything else is said of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from loadwatch.domain.clues import Condition, Facts, report_facts
from loadwatch.domain.sources import Source
from loadwatch.domain.symptoms import LoadEvent, SymptomReport, in_order
from loadwatch.domain.thresholds import (
    AFTER_SESSION_D,
    BONE_SPIKE_D,
    FLARE_WINDOW,
    FLARES,
    LIMP_SETTLES,
    NRS_CHANGE,
    NRS_MILD,
    NRS_MODERATE,
    SEVERE_PAIN,
    STUCK_D,
)

Urgency = Literal["emergency_now", "same_day", "within_72h", "this_week", "see_professional"]
URGENCIES: Final[tuple[Urgency, ...]] = ("emergency_now", "same_day", "within_72h", "this_week", "see_professional")
"""How fast to act, the fastest first."""

AgeBand = Literal["under_18", "18_to_40", "over_40"]

RISKS: Final = (
    *("clot_before", "pregnant", "hormones", "blood_thinner", "smoker"),
    *("low_energy", "absent_periods", "stress_fracture_before"),
)
"""Answers of the optional risk questions of the first-time form."""

CONTEXT_FACTS: Final = frozenset(
    {
        *("age:under_18", "age:18_to_40", "age:over_40", "age:unknown"),
        *(f"risk:{risk}" for risk in RISKS),
        *("load:unknown", "load:within_4d", "load:large_within_4d", "load:mileage_within_28d"),
        *("past:limp_over_24h", "past:severe_over_3d", "past:third_flare", "past:same_for_14d"),
        *("past:not_better_on_less", "past:reduction_unknown"),
    }
)
"""Facts that a `ScreenContext` can tell."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """
    One way in which a flag is raised.

    Attributes
    ----------
    sentence : str
        What was reported, in words.
    urgency : Urgency
        Of the flag, unless this trigger is more or less urgent.
    """

    condition: Condition
    sentence: str
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class Strengthener:
    """What raises no flag but makes one weightier."""

    any: Facts
    sentence: str


@dataclass(frozen=True, slots=True)
class Question:
    """
    A follow-up question.

    Attributes
    ----------
    code : str
        What an answer is stored under.
    ask : str
    when : Condition
        When it may be asked.
    """

    code: str
    ask: str
    when: Condition


@dataclass(frozen=True, slots=True)
class RedFlag:
    """
    Something that must not be missed.

    Attributes
    ----------
    id : str
        RF1 to RF13.
    severity : int
        4; 3 for what is no emergency but should be seen.
    suspects : str
        What it may mean, in words.
    action, where : str
        What to do, and where to go.
    avoid : tuple of str
        What not to do until then.
    """

    id: str
    name: str
    severity: int
    urgency: Urgency
    suspects: str
    action: str
    where: str
    avoid: tuple[str, ...]
    triggers: tuple[Trigger, ...]
    stronger: tuple[Strengthener, ...]
    questions: tuple[Question, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class RedFlagFinding:
    """
    A flag that a report raised.

    Attributes
    ----------
    urgency : Urgency
        The most urgent of the triggers that fired.
    because : tuple of str
        A sentence for each trigger that fired.
    stronger : tuple of str
        Sentences on what makes it weightier.
    """

    flag: RedFlag
    urgency: Urgency
    because: tuple[str, ...]
    stronger: tuple[str, ...]

    @property
    def severity(self) -> int:
        return self.flag.severity


@dataclass(frozen=True, slots=True)
class ScreenContext:
    """
    What the flags need to know beside the report.

    Attributes
    ----------
    age_band : AgeBand or None
        None where it was not told.
    risks : frozenset of str
        Those of `RISKS` that were answered with yes.
    earlier : tuple of SymptomReport
        The athlete's reports, in any order; those after the report are passed over.
    loads : tuple of LoadEvent or None
        Jumps in load of the last weeks; None where no runs are known at all.
    reduced_load_days : int or None
        For how many days up to the report the runner has run less than usual; None where that is not known. [d]
    """

    age_band: AgeBand | None = None
    risks: frozenset[str] = frozenset()
    earlier: tuple[SymptomReport, ...] = ()
    loads: tuple[LoadEvent, ...] | None = None
    reduced_load_days: int | None = None


def screen(report: SymptomReport, context: ScreenContext, flags: Sequence[RedFlag]) -> tuple[RedFlagFinding, ...]:
    """
    The red flags that a report raises, whatever its side and however little it hurts.

    Returns
    -------
    tuple of RedFlagFinding
        The most severe and most urgent first.
    """
    return _raised(screen_facts(report, context), flags)


def follow_ups(report: SymptomReport, context: ScreenContext, flags: Sequence[RedFlag]) -> tuple[Question, ...]:
    """
    Questions whose answer may change what the screen says of a report.

    Each was not answered yet, and a yes would raise a flag or make one more urgent. None once an emergency is found:
    there is nothing left to ask.

    Returns
    -------
    tuple of Question
        Each code once, in order of the flags.
    """
    facts = screen_facts(report, context)
    now = _result(_raised(facts, flags))
    if any(urgency == "emergency_now" for _, urgency in now):
        return ()
    asked: dict[str, Question] = {}
    for question in (q for flag in flags for q in flag.questions if q.when.holds(facts)):
        is_open = question.code not in asked and question.code not in facts and question.code not in report.answers
        if is_open and _result(_raised(facts | {question.code}, flags)) != now:
            asked[question.code] = question
    return tuple(asked.values())


def answered(report: SymptomReport, answers: dict[str, bool]) -> SymptomReport:
    """The report with answers to follow-up questions; an answer does not take back what the report says itself."""
    return replace(report, answers={**report.answers, **answers})


def _raised(facts: Facts, flags: Iterable[RedFlag]) -> tuple[RedFlagFinding, ...]:
    findings = []
    for flag in flags:
        fired = [t for t in flag.triggers if t.condition.holds(facts)]
        if fired:
            findings.append(
                RedFlagFinding(
                    flag=flag,
                    urgency=min((t.urgency for t in fired), key=URGENCIES.index),
                    because=tuple(dict.fromkeys(t.sentence for t in fired)),
                    stronger=tuple(s.sentence for s in flag.stronger if s.any & facts),
                )
            )
    return tuple(sorted(findings, key=lambda f: (-f.severity, URGENCIES.index(f.urgency))))


def _result(findings: Iterable[RedFlagFinding]) -> set[tuple[str, Urgency]]:
    return {(f.flag.id, f.urgency) for f in findings}


def screen_facts(report: SymptomReport, context: ScreenContext) -> Facts:
    """Everything that a condition of a flag may ask for, as far as it is known to be so."""
    facts = {f"age:{context.age_band or 'unknown'}", *(f"risk:{risk}" for risk in context.risks)}
    told = report_facts(report) | _day_facts(report, context.earlier)
    return told | facts | _load_facts(report, context.loads) | _past_facts(report, context)


def _day_facts(report: SymptomReport, earlier: Iterable[SymptomReport]) -> Facts:
    """What the check-ins of a day tell together: who hurts on both sides and in the back may tell of each apart."""
    before = [r for r in earlier if r.local_date == report.local_date and (r.at, r.id) < (report.at, report.id)]
    hurting = [r for r in (*before, report) if r.hurts]
    sides = {r.laterality for r in hurting if r.regions - {"BK"}}
    both = "both" in sides or {"left", "right"} <= sides
    if len(hurting) > 1 and both and any("BK" in r.regions for r in hurting):
        return frozenset({"both_legs"})
    return frozenset()


def _load_facts(report: SymptomReport, loads: Sequence[LoadEvent] | None) -> Facts:
    if loads is None:
        return frozenset({"load:unknown"})
    facts = set()
    for event in loads:
        days = event.days_before(report.local_date)
        if 0 <= days <= AFTER_SESSION_D:
            facts.add("load:within_4d")
            if event.level >= 2 or event.kind in ("descent", "hard", "hot"):
                facts.add("load:large_within_4d")
        if 0 <= days <= BONE_SPIKE_D and event.kind in ("session", "volume"):
            facts.add("load:mileage_within_28d")
    return frozenset(facts)


def _past_facts(report: SymptomReport, context: ScreenContext) -> Facts:
    """What this report and those before it of the same place tell together."""
    if report.says_gone:
        return frozenset()
    before = [r for r in in_order(context.earlier) if (r.at, r.id) < (report.at, report.id)]
    same = [*_of_same_place(before, report), report]
    facts = set()
    if _limps_on(same):
        facts.add("past:limp_over_24h")
    if _severe_for(same):
        facts.add("past:severe_over_3d")
    if _flares(same) >= FLARES:
        facts.add("past:third_flare")
    if _is_same_for_14d(same):
        facts.add("past:same_for_14d")
        if context.reduced_load_days is None:
            facts.add("past:reduction_unknown")
        elif context.reduced_load_days >= STUCK_D:
            facts.add("past:not_better_on_less")
    return frozenset(facts)


def _of_same_place(before: Iterable[SymptomReport], report: SymptomReport) -> Iterator[SymptomReport]:
    """
    Those that share a part of the thigh with a report on a common side; wider than a problem, to miss nothing.

    One by which nothing hurts has no part, and speaks of all of its side.
    """
    areas, side = report.areas, report.laterality
    for r in before:
        told = r.areas
        if (not told or told & areas) and {r.laterality, side} != {"left", "right"}:
            yield r


def _pain(report: SymptomReport) -> int | None:
    """None where it hurts and nobody told how much. [0-10]"""
    return report.worst_pain if report.hurts else 0


def _limps_on(same: Sequence[SymptomReport]) -> bool:
    """Whether the runner limps, and limped a day or more ago without a report free of it since."""
    last = same[-1]
    for r in reversed(same):
        if "limp" not in r.codes:
            return False
        if last.at - r.at >= LIMP_SETTLES:
            return True
    return False


def _severe_for(same: Sequence[SymptomReport]) -> bool:
    """Whether pain has been above 5 in every report for more than three days."""
    last = same[-1]
    for r in reversed(same):
        pain = _pain(r)
        if pain is None:
            continue
        if pain <= NRS_MODERATE:
            return False
        if last.at - r.at > SEVERE_PAIN and (last.worst_pain or 0) > NRS_MODERATE:
            return True
    return False


def _flares(same: Sequence[SymptomReport]) -> int:
    """How often in eight weeks up to now it went from at most mild, or from nothing known, to more."""
    last = same[-1]
    n = 0
    is_flaring = False
    for r in same:
        pain = _pain(r)
        if pain is None:
            continue
        if pain > NRS_MILD and not is_flaring and last.at - r.at <= FLARE_WINDOW:
            n += 1
        is_flaring = pain > NRS_MILD
    return n if is_flaring else 0


def _is_same_for_14d(same: Sequence[SymptomReport]) -> bool:
    """Whether it hurts about as much as when it was last told of at least 14 days ago."""
    last = same[-1]
    if not last.worst_pain:
        return False
    for r in reversed(same):
        if r.says_gone:
            return False
        if (last.local_date - r.local_date).days >= STUCK_D and r.worst_pain is not None:
            gained = r.worst_pain - last.worst_pain
            return r.worst_pain > 0 and gained < NRS_CHANGE and last.worst_pain > r.worst_pain / 2
    return False
