"""What red flags and patterns look for: facts with plain names, and conditions on them."""

from dataclasses import dataclass
from typing import Final

from loadwatch.domain.symptoms import ONSETS, REGIONS, SIDES, SymptomReport

Facts = frozenset[str]
"""
What is known to be so. The codes of a check-in and of answered questions stand as they are; what else a report tells
has its kind before it: `side:one`, `region:PP`, `onset:sudden`. What is not known is absent, but for `onset:unknown`,
and `region:unknown` where it hurts.
"""

REPORT_FACTS: Final = frozenset(
    {
        *(f"side:{side}" for side in SIDES),
        *("side:one", "side:both"),
        *(f"region:{region}" for region in REGIONS),
        *(f"onset:{onset}" for onset in ONSETS),
        "onset:unknown",
        "region:unknown",
    }
)
"""Facts that a report can tell besides its codes."""


def report_facts(report: SymptomReport) -> Facts:
    """What a report alone tells."""
    facts = {*report.codes, f"onset:{report.onset or 'unknown'}"}
    facts.update(f"region:{region}" for region in report.regions)
    if report.hurts and not report.regions:
        facts.add("region:unknown")
    if report.side is not None:
        facts |= {f"side:{report.side}", "side:both" if report.laterality == "both" else "side:one"}
    return frozenset(facts)


@dataclass(frozen=True, slots=True)
class Condition:
    """
    When something holds: every part that is given must.

    Attributes
    ----------
    all, any, none : frozenset of str
        Facts that must all be there, of which one must be, and of which none may be.
    regions : frozenset of str
        Regions of which the report must name one.
    """

    all: Facts = frozenset()
    any: Facts = frozenset()
    none: Facts = frozenset()
    regions: frozenset[str] = frozenset()

    def holds(self, facts: Facts) -> bool:
        return (
            self.all <= facts
            and (not self.any or bool(self.any & facts))
            and not self.none & facts
            and (not self.regions or any(f"region:{region}" in facts for region in self.regions))
        )
