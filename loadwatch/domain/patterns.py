"""Which thigh problem a report resembles, and why: sums of weighted features, never more than a resemblance."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from loadwatch.domain.clues import Condition, Facts, report_facts
from loadwatch.domain.sources import Source
from loadwatch.domain.symptoms import EarlierInjury, LoadEvent, SymptomReport
from loadwatch.domain.thresholds import (
    BONE_GUARD_SCORE,
    DESCENT_SPIKE_D,
    FAST_SPIKE_D,
    LOAD_POINTS,
    MILEAGE_SPIKE_D,
    PATTERN_MARGIN,
    PATTERN_SCORE,
    PREVIOUS_INJURY_D,
)

BONE_STRESS: Final = "BSI"
"""Id of the pattern that is shown whenever its score says so."""

N_REASONS: Final = 3
"""How many reasons for, and how many against, are told."""

INJURY_KINDS: Final = ("hamstring", "sit_bone", "quad", "it_band", "nerve", "adductor", "bone_stress")
LOAD_FACTS: Final = frozenset({"load:fast_within_7d", "load:descent_within_4d", "load:mileage_within_21d"})
HISTORY_FACTS: Final = frozenset(f"previous:{kind}" for kind in INJURY_KINDS)


@dataclass(frozen=True, slots=True)
class Feature:
    """
    Something that speaks for some patterns and against others.

    Attributes
    ----------
    says : str
        What was reported, in words.
    is_load : bool
        Whether it is about recent loads, which together add only so much.
    """

    id: str
    says: str
    condition: Condition
    is_load: bool


@dataclass(frozen=True, slots=True)
class Pattern:
    """
    A thigh problem that a report may resemble.

    Attributes
    ----------
    name : str
        In plain words.
    weights : mapping of feature id to int
        3 characteristic, 2 supportive, 1 weak, below 0 against; of every feature.
    only : mapping of feature id to facts
        Where a weight counts only if one of these facts is there.
    """

    id: str
    name: str
    weights: Mapping[str, int]
    only: Mapping[str, Facts]
    source: Source


@dataclass(frozen=True, slots=True)
class Patterns:
    """All features and all patterns, in the order in which ties are told."""

    features: tuple[Feature, ...]
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Clue:
    """A feature that was found, and what it says of one pattern."""

    feature: Feature
    weight: int


@dataclass(frozen=True, slots=True)
class PatternScore:
    """
    How much a report resembles a pattern.

    Attributes
    ----------
    score : int
        Sum of the weights of the features found, loads counting for at most 2. [points]
    clues : tuple of Clue
        The features found whose weight is not 0, in order of the features.
    """

    pattern: Pattern
    score: int
    clues: tuple[Clue, ...]

    @property
    def reasons_for(self) -> tuple[str, ...]:
        """The strongest reasons for it in words, at most three."""
        return _strongest(c for c in self.clues if c.weight > 0)

    @property
    def reasons_against(self) -> tuple[str, ...]:
        """The strongest reasons against it in words, at most three."""
        return _strongest(c for c in self.clues if c.weight < 0)


def _strongest(clues: Iterable[Clue]) -> tuple[str, ...]:
    ordered = sorted(clues, key=lambda c: -abs(c.weight))
    return tuple(c.feature.says for c in ordered[:N_REASONS])


@dataclass(frozen=True, slots=True)
class Resemblance:
    """
    What a report resembles.

    Attributes
    ----------
    top : PatternScore or None
        None where no pattern is clear enough: "unclear pattern".
    shown : tuple of PatternScore
        What may be told, at most two, always as "resembles": the top pattern; then bone stress where its score asks
        for it, else a second pattern whose own score would do. Bone stress alone where the pattern is unclear.
    bone_guard : PatternScore or None
        Bone stress, whenever its score is at least 5.
    scores : tuple of PatternScore
        All patterns, the highest first.
    """

    top: PatternScore | None
    shown: tuple[PatternScore, ...]
    bone_guard: PatternScore | None
    scores: tuple[PatternScore, ...]

    @property
    def label(self) -> str:
        """Id of the top pattern, or "unclear"."""
        return self.top.pattern.id if self.top else "unclear"


def score(
    report: SymptomReport,
    history: Iterable[EarlierInjury],
    loads: Iterable[LoadEvent],
    patterns: Patterns,
) -> list[PatternScore]:
    """
    How much a report resembles each pattern, the highest score first.

    Parameters
    ----------
    history : iterable of EarlierInjury
        Those of the same or an unknown side that ended within a year count.
    loads : iterable of LoadEvent
        Jumps in load; those after the report, and those too long before it, are passed over.
    """
    facts = report_facts(report) | _history_facts(report, history) | _load_facts(report, loads)
    found = [f for f in patterns.features if f.condition.holds(facts)]
    scores = [_pattern_score(pattern, found, facts) for pattern in patterns.patterns]
    return sorted(scores, key=lambda s: -s.score)


def resemblance(
    report: SymptomReport,
    history: Iterable[EarlierInjury],
    loads: Iterable[LoadEvent],
    patterns: Patterns,
) -> Resemblance:
    """
    The pattern that a report resembles, if one is clear enough: a score of 6 and 2 more than the next.

    Parameters as of `score`.
    """
    scores = score(report, history, loads, patterns)
    guard = next((s for s in scores if s.pattern.id == BONE_STRESS and s.score >= BONE_GUARD_SCORE), None)
    top = scores[0] if _is_clear(scores) else None
    second = scores[1] if top and len(scores) > 1 and scores[1].score >= PATTERN_SCORE else None
    shown = [s for s in (top, guard or second) if s]
    if top and guard and top.pattern.id == BONE_STRESS:
        shown = [s for s in (top, second) if s]
    return Resemblance(top=top, shown=tuple(shown), bone_guard=guard, scores=tuple(scores))


def _is_clear(scores: Sequence[PatternScore]) -> bool:
    if not scores or scores[0].score < PATTERN_SCORE:
        return False
    return len(scores) == 1 or scores[0].score - scores[1].score >= PATTERN_MARGIN


def _pattern_score(pattern: Pattern, found: Iterable[Feature], facts: Facts) -> PatternScore:
    clues = []
    for feature in found:
        only = pattern.only.get(feature.id)
        if pattern.weights[feature.id] and (only is None or only & facts):
            clues.append(Clue(feature, pattern.weights[feature.id]))
    told = sum(c.weight for c in clues if not c.feature.is_load)
    loads = sum(c.weight for c in clues if c.feature.is_load)
    return PatternScore(pattern, told + min(loads, LOAD_POINTS), tuple(clues))


def _history_facts(report: SymptomReport, history: Iterable[EarlierInjury]) -> Facts:
    return frozenset(
        f"previous:{injury.kind}"
        for injury in history
        if injury.ended is not None
        and (report.local_date - injury.ended).days < PREVIOUS_INJURY_D
        and {injury.side, report.laterality} != {"left", "right"}
    )


def _load_facts(report: SymptomReport, loads: Iterable[LoadEvent]) -> Facts:
    facts = set()
    for event in loads:
        days = event.days_before(report.local_date)
        if event.kind == "fast" and 0 <= days <= FAST_SPIKE_D:
            facts.add("load:fast_within_7d")
        if event.kind == "descent" and 0 <= days <= DESCENT_SPIKE_D:
            facts.add("load:descent_within_4d")
        if event.kind in ("session", "volume") and 0 <= days <= MILEAGE_SPIKE_D:
            facts.add("load:mileage_within_21d")
    return frozenset(facts)
