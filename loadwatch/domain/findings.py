"""What a rule says of a run or of a check-in: the finding, its reasons, and how well the rule is supported."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal

from loadwatch.domain.activity import Run
from loadwatch.domain.redflags import RedFlagFinding
from loadwatch.domain.text import say

RULE_VERSION: Final = "2026.12.1"
"""Rises when a rule would judge the same facts differently."""

SEVERITY: Final = (
    (0, 1, 2, 2),
    (0, 1, 2, 2),
    (2, 2, 3, 3),
    (3, 3, 3, 3),
    (4, 4, 4, 4),
)
"""
Severity by symptom level (rows, 0 to 4) and load level (columns, 0 to 3): 0 log, 1 weekly mail, 2 caution at once,
3 act at once, 4 red flag. Design choice: symptoms decide, load modulates.
"""

SEVERITY_WITHOUT_SYMPTOMS: Final = SEVERITY[0]

HILL_SEVERITY_WITHOUT_SYMPTOMS: Final = (0, 1, 1, 2)
"""The same for hills: they announce sore quads, which is no reason to be mailed at once."""

ACT = 3
RED = 4
"""Severities with a name: to be acted on; a red flag."""

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
        say(
            "Frandsen et al. 2025, Br J Sports Med 59(17), doi:10.1136/bjsports-2024-109380:"
            " 5 205 adult runners, any injury, distance only, observational"
        ),
    ),
    "R-M3": Evidence(
        "C",
        say(
            "Nielsen et al. 2014, J Orthop Sports Phys Ther 44:739-747, doi:10.2519/jospt.2014.5164 (874 novice"
            " runners: more injuries of some kinds after weeks above +30 %, p = 0.07); Frandsen et al. 2025 found"
            " nothing for the weekly ratio. Weak"
        ),
    ),
    "R-RTN": Evidence(
        "C",
        say(
            "Expert opinion; in line with Nakaoka et al. 2021, Sports Med 51, doi:10.1007/s40279-021-01483-0"
            " (435 runners: low recent load went with more injuries)"
        ),
    ),
    "R-H1": Evidence(
        "C",
        say(
            "Laboratory studies of downhill running: Maeo et al. 2017, Sci Rep 7:5769; Bontemps et al. 2020, Sports"
            " Med 50, doi:10.1007/s40279-020-01355-z. They show soreness and lost strength after 900 m of descent,"
            " not injuries; the thresholds here are our choice"
        ),
    ),
    "R-H2": Evidence(
        "C", say("Plausibility alone: no study of climbed metres and injury was found; the threshold is ours")
    ),
    "R-T1": Evidence(
        "B",
        say(
            "Duhig et al. 2016, Br J Sports Med 50, doi:10.1136/bjsports-2015-095679 (one Australian football"
            " team); Malone et al. 2018, J Sci Med Sport 21, doi:10.1016/j.jsams.2017.05.016 (37 soccer players)."
            " Small squads, no distance runners; the thresholds here are our choice"
        ),
    ),
    "R-T2": Evidence(
        "C",
        say(
            "By analogy with the rule on distance (Frandsen et al. 2025, doi:10.1136/bjsports-2024-109380); nobody"
            " has measured it for fast running"
        ),
    ),
    "R-T3": Evidence(
        "B",
        say(
            "Malone et al. 2017, J Sci Med Sport 20:250-254 (Gaelic football: too little top speed went with injury"
            " as well as too much); the thresholds here are our choice"
        ),
    ),
    "R-RED": Evidence("C", say("Clinical guidance on what must not be missed; self-reported, false alarms accepted")),
    "C-HS": Evidence(
        "B",
        say(
            "Duhig et al. 2016, Br J Sports Med 50, doi:10.1136/bjsports-2015-095679; Green et al. 2020, Br J"
            " Sports Med 54, doi:10.1136/bjsports-2019-100983 (team sports: an earlier injury and fast running go"
            " with hamstring injuries); the combination is our choice"
        ),
    ),
    "C-PHT": Evidence(
        "C",
        say("Goom et al. 2016, J Orthop Sports Phys Ther 46:483-493 (clinical commentary); the thresholds are ours"),
    ),
    "C-Q": Evidence(
        "C",
        say(
            "Maeo et al. 2017, Sci Rep 7:5769 (laboratory: unaccustomed downhill running makes both quads sore);"
            " that one side is a warning is clinical reasoning"
        ),
    ),
    "C-IT": Evidence(
        "C",
        say(
            "BMJ Best Practice on the iliotibial band; Nielsen et al. 2014 (weeks above +30 %, p = 0.07). The"
            " thresholds are our choice"
        ),
    ),
    "C-N": Evidence(
        "C", say("Clinical reasoning on nerve symptoms; where they come from cannot be told from a check-in")
    ),
    "C-BSI": Evidence(
        "C",
        say(
            "Robertson and Wood 2017 (review of stress fractures of the femoral neck: delay worsens the outcome);"
            " asks too often on purpose"
        ),
    ),
    "S-LEVEL": Evidence(
        "C",
        say(
            "The pain-monitoring model (Thomeé 1997; Silbernagel et al. 2007, Am J Sports Med: tendons and"
            " kneecaps), not validated for strains of the thigh; its combination with load is our choice"
        ),
    ),
    "S-ASYM": Evidence(
        "C", say("Clinical reasoning: one side, again at one place. Asymmetry itself is not validated")
    ),
    "S-TREND": Evidence(
        "C", say("The pain-monitoring model (Silbernagel et al. 2007, Am J Sports Med), not validated for strains")
    ),
    "S-STUCK": Evidence("C", say("Expert opinion: what does not settle should be seen")),
    "P-PUSH": Evidence(
        "C",
        say(
            "Green et al. 2020, doi:10.1136/bjsports-2019-100983 (another hamstring injury is 4.8 times as frequent"
            " after a recent one, in team sports); the rule itself is our choice"
        ),
    ),
    "R-OK": Evidence(
        "C",
        say("Wangensteen et al. 2016 and other cohorts of athletes: about one in ten has it again within two months"),
    ),
}


LOAD_FAMILIES: Final = frozenset({"M", "H", "T"})
RED_FAMILY: Final = "RED"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One rule's word on one run, on one check-in, or on both.

    Attributes
    ----------
    rule : str
        For example "R-M1".
    family, load_type : str
        Rule family and what it speaks of: "M" mileage, "H" hills, "T" fast running; "C" a pattern, "S" symptoms and
        "P" running through them, of a site; "RED" a red flag, by its id. Together the key against repetition.
    run : Run or None
        The run judged; of a session of several files the last. Beside a check-in the run that adds to it.
    load_level : int
        0 none, 1 small, 2 moderate, 3 large.
    severity : int
        0 log, 1 weekly mail, 2 caution at once, 3 act at once, 4 red flag.
    confidence : "normal" or "low"
        Low while the history is shorter than the window the rule compares with.
    reasons : tuple of Reason
        The comparisons made, the deciding one first.
    coverage : tuple of str
        What the judgement rests on, in words.
    report_id, problem_id : int or None
        The check-in judged, and the one that opened its problem.
    reported_at : datetime or None
        When the check-in was given, UTC.
    reported_on : date or None
        The runner's calendar day of it.
    site : str
        Side and parts of the thigh, of whatever rests on a problem.
    symptom_level : int
        0 none to 4 red flag; 0 where load alone speaks.
    is_soreness : bool
        Whether the pattern of delayed soreness held severity down.
    flag : RedFlagFinding or None
        Of R-RED and S-STUCK.
    ask : tuple of str
        Codes of questions that must be asked now.
    ask_at : datetime or None
        When to ask how it feels (again), UTC.
    follows : tuple of (str, str)
        Key and episode of earlier alerts in whose place this one speaks.
    closed : datetime or None
        When the runner said that the problem is gone, UTC.
    """

    rule: str
    family: str
    load_type: str
    run: Run | None
    load_level: int
    severity: int
    confidence: Confidence
    reasons: tuple[Reason, ...]
    coverage: tuple[str, ...] = field(default=())
    rule_version: str = RULE_VERSION
    report_id: int | None = None
    problem_id: int | None = None
    reported_at: datetime | None = None
    reported_on: date | None = None
    site: str = ""
    symptom_level: int = 0
    is_soreness: bool = False
    flag: RedFlagFinding | None = None
    ask: tuple[str, ...] = ()
    ask_at: datetime | None = None
    follows: tuple[tuple[str, str], ...] = ()
    closed: datetime | None = None

    @property
    def dedup_key(self) -> str:
        return f"{self.family}:{self.load_type}"

    @property
    def episode(self) -> str:
        """With the key what makes an alert one: the check-in, else the run."""
        if self.report_id is not None:
            return f"report-{self.report_id}"
        assert self.run is not None  # a finding stands on something
        return f"run-{self.run.id}"

    @property
    def at(self) -> datetime:
        """When the check-in was given, or the run began, UTC."""
        if self.reported_at is not None:
            return self.reported_at
        assert self.run is not None
        return self.run.start

    @property
    def local_date(self) -> date:
        """The runner's calendar day of it."""
        if self.reported_on is not None:
            return self.reported_on
        assert self.run is not None
        return self.run.local_date

    @property
    def is_load_only(self) -> bool:
        return self.family in LOAD_FAMILIES and not self.symptom_level

    @property
    def is_red(self) -> bool:
        return self.severity >= RED

    @property
    def evidence(self) -> Evidence:
        """Of the rule; of a red flag that of the flag."""
        if self.flag is not None:
            return Evidence(self.flag.flag.source.grade, self.flag.flag.source.citation)
        return EVIDENCE[self.rule]
