"""Which answers of a check-in matter at which place, so that a form need not ask everything of everybody."""

from collections.abc import Iterable

from loadwatch.domain.clues import Condition, Facts
from loadwatch.domain.patterns import BONE_STRESS, Patterns
from loadwatch.domain.redflags import RedFlag
from loadwatch.domain.symptoms import Region


def matters_at(region: Region | None, flags: Iterable[RedFlag], patterns: Patterns) -> Facts:
    """
    Facts that may change what is said of a report which names this region.

    Design choice: all that a red flag looks for there, whatever speaks for bone stress, and whatever speaks for a
    pattern that the region speaks for.

    Parameters
    ----------
    region : Region or None
        None where no region was told: it may be any for a red flag, and speaks for no pattern.
    """
    return _flagged_at(region, flags) | _telling_at(region, patterns)


def _flagged_at(region: Region | None, flags: Iterable[RedFlag]) -> Facts:
    """What raises a flag there, makes it weightier, or leads to a question for it."""
    facts: set[str] = set()
    for flag in flags:
        triggers = [t.condition for t in flag.triggers if _may_hold_at(region, t.condition)]
        for condition in (*triggers, *(q.when for q in flag.questions if _may_hold_at(region, q.when))):
            facts |= condition.all | condition.any
        if triggers:
            facts.update(*(s.any for s in flag.stronger))
    return frozenset(facts)


def _may_hold_at(region: Region | None, condition: Condition) -> bool:
    return not condition.regions or (region or "unknown") in condition.regions


def _telling_at(region: Region | None, patterns: Patterns) -> Facts:
    facts: set[str] = set()
    for pattern in patterns.patterns:
        # The weight of a region is that of the feature of its name. Bone stress is looked for everywhere: it is shown
        # whenever its score says so, whatever the place.
        if pattern.id == BONE_STRESS or (region is not None and pattern.weights[region] > 0):
            for feature in patterns.features:
                if pattern.weights[feature.id] > 0:
                    facts |= feature.condition.all | feature.condition.any
    return frozenset(facts)
