"""What a rule says of a run: the finding, its reasons, and how well the rule is supported."""

from dataclasses import dataclass, field
from typing import Final, Literal

from loadwatch.domain.activity import Run

RULE_VERSION: Final = "2026.11.2"
"""Rises when a rule would judge the same facts differently."""

SEVERITY_WITHOUT_SYMPTOMS: Final = (0, 1, 2, 2)
"""Severity by load level while nothing hurts: 0 log, 1 weekly mail, 2 mail at once."""

HILL_SEVERITY_WITHOUT_SYMPTOMS: Final = (0, 1, 1, 2)
"""The same for hills: they announce sore quads, which is no reason to be mailed at once."""

LOW_CONFIDENCE_CAP: Final = 1
"""Severity that a judgement on an incomplete baseline may reach. Design choice."""

Confidence = Literal["normal", "low"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One comparison behind a finding: a quantity, its value, and what it was held against."""

    quantity: str
    value: float
    unit: str
    baseline: float | None
    threshold: float | None
    window: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """How well a rule is supported: A cohort of runners, B other sport, C expert opinion."""

    grade: Literal["A", "B", "C"]
    citation: str


EVIDENCE: Final = {
    "R-M1": Evidence(
        "A",
        "Frandsen et al. 2025, Br J Sports Med 59(17), doi:10.1136/bjsports-2024-109380:"
        " 5 205 adult runners, any injury, distance only, observational",
    ),
    "R-RTN": Evidence(
        "C",
        "Expert opinion; in line with Nakaoka et al. 2021, Sports Med 51, doi:10.1007/s40279-021-01483-0"
        " (435 runners: low recent load went with more injuries)",
    ),
    "R-H1": Evidence(
        "C",
        "Laboratory studies of downhill running: Maeo et al. 2017, Sci Rep 7:5769; Bontemps et al. 2020, Sports"
        " Med 50, doi:10.1007/s40279-020-01355-z. They show soreness and lost strength after 900 m of descent, not"
        " injuries; the thresholds here are our choice",
    ),
    "R-H2": Evidence(
        "C", "Plausibility alone: no study of climbed metres and injury was found; the threshold is ours"
    ),
    "R-T1": Evidence(
        "B",
        "Duhig et al. 2016, Br J Sports Med 50, doi:10.1136/bjsports-2015-095679 (one Australian football team);"
        " Malone et al. 2018, J Sci Med Sport 21, doi:10.1016/j.jsams.2017.05.016 (37 soccer players). Small squads,"
        " no distance runners; the thresholds here are our choice",
    ),
    "R-T2": Evidence(
        "C",
        "By analogy with the rule on distance (Frandsen et al. 2025, doi:10.1136/bjsports-2024-109380); nobody has"
        " measured it for fast running",
    ),
    "R-T3": Evidence(
        "B",
        "Malone et al. 2017, J Sci Med Sport 20:250-254 (Gaelic football: too little top speed went with injury as"
        " well as too much); the thresholds here are our choice",
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One rule's word on one run.

    Attributes
    ----------
    rule : str
        For example "R-M1".
    family, load_type : str
        Rule family ("M" mileage, "H" hills, "T" fast running) and the load it speaks of; together the key
        against repetition.
    run : Run
        The run judged; of a session of several files the last.
    load_level : int
        1 small, 2 moderate, 3 large.
    severity : int
        1 weekly mail, 2 caution at once.
    confidence : "normal" or "low"
        Low while the history is shorter than the window the rule compares with.
    reasons : tuple of Reason
        The comparisons made, the deciding one first.
    coverage : tuple of str
        What the judgement rests on, in words.
    """

    rule: str
    family: str
    load_type: str
    run: Run
    load_level: int
    severity: int
    confidence: Confidence
    reasons: tuple[Reason, ...]
    coverage: tuple[str, ...] = field(default=())
    rule_version: str = RULE_VERSION

    @property
    def dedup_key(self) -> str:
        return f"{self.family}:{self.load_type}"
