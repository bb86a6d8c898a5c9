"""What a runner reports about the thighs, and the problems that such reports make up."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final, Literal

from loadwatch.domain.text import say
from loadwatch.domain.thresholds import (
    ASYMMETRY_REPORTS,
    LASTING,
    MORNING_BASELINE,
    MORNINGS_RISEN,
    NEW_WINDOW,
    NRS_CHANGE,
    NRS_MILD,
    NRS_MODERATE,
    SORENESS_AGE_D,
    STUCK_MODERATE,
    STUCK_SILENCE,
    SYMPTOM_MEMORY,
    TREND_WINDOW,
)

Side = Literal["left", "right", "both_equal", "both_unequal"]

Region = Literal["PP", "PM", "PD", "AP", "AM", "AD", "LT", "LK", "MT", "DV", "BK"]
"""
PP sit bone and upper back of the thigh, PM middle of the back, PD lower back; AP hip crease and upper front, AM
middle of the front, AD front above the knee; LT outer thigh, LK outer knee; MT inner thigh and groin; DV deep or
vague; BK low back or buttock.
"""

Quality = Literal["tight", "ache", "sharp", "burning", "tingling", "numb", "weak", "cord", "cramp"]
Onset = Literal["sudden", "during", "delayed", "gradual", "unrelated"]
"""Sudden while running; during a run; 12 to 72 h after one; over days or weeks; nothing to do with running."""

SIDES: Final[tuple[Side, ...]] = ("left", "right", "both_equal", "both_unequal")
REGIONS: Final[tuple[Region, ...]] = ("PP", "PM", "PD", "AP", "AM", "AD", "LT", "LK", "MT", "DV", "BK")
QUALITIES: Final[tuple[Quality, ...]] = (
    *("tight", "ache", "sharp", "burning", "tingling", "numb", "weak", "cord", "cramp"),
)
ONSETS: Final[tuple[Onset, ...]] = ("sudden", "during", "delayed", "gradual", "unrelated")
AGGRAVATORS: Final = (
    *("sprint", "track", "uphill", "downhill", "stairs_down", "sitting", "bending", "stop_start"),
    *("knee_bend", "hopping", "standing", "cough", "night_rest", "repeatable_distance"),
)
SIGNS: Final = (
    *("pop", "bruise", "swelling", "gap", "limp", "buckling", "warm", "dark_urine"),
    *("numb_saddle", "bladder", "fever", "both_legs", "spreading_weakness"),
)
"""Codes that every check-in may carry; `knowledge/` adds those that red flags and patterns ask for besides."""

Area = Literal["posterior", "anterior", "lateral", "medial", "deep", "back", "unnamed"]
_AREA: Final[dict[Region, Area]] = {
    **dict.fromkeys(("PP", "PM", "PD"), "posterior"),
    **dict.fromkeys(("AP", "AM", "AD"), "anterior"),
    **dict.fromkeys(("LT", "LK"), "lateral"),
    "MT": "medial",
    "DV": "deep",
    "BK": "back",
}
_UNNAMED: Final = frozenset[Area]({"unnamed"})


@cache
def _areas(regions: frozenset[Region]) -> frozenset[Area]:
    """Asked of each report again and again; few sets of regions are ever told."""
    return frozenset(_AREA[r] for r in regions)


@dataclass(frozen=True, slots=True)
class SymptomReport:
    """
    One check-in, as it was given.

    Attributes
    ----------
    id : int
    at : datetime
        When it was given, UTC.
    local_date : date
        The runner's calendar day.
    side : Side or None
        None where nothing hurts.
    regions : frozenset of Region
        Empty where nothing hurts.
    pain_run, pain_today, pain_morning : int or None
        Worst while running, worst today, next morning: 0 to 10; None where it was not asked or not answered.
    qualities, aggravators, signs : frozenset of str
        Codes of the contract and those that the red flags add; see `knowledge/`.
    onset : Onset or None
    answers : mapping of str to bool
        Follow-up questions that were asked; what was not asked is absent, never False.
    """

    id: int
    at: datetime
    local_date: date
    side: Side | None
    regions: frozenset[Region] = frozenset()
    pain_run: int | None = None
    pain_today: int | None = None
    pain_morning: int | None = None
    qualities: frozenset[str] = frozenset()
    onset: Onset | None = None
    aggravators: frozenset[str] = frozenset()
    signs: frozenset[str] = frozenset()
    answers: dict[str, bool] = field(default_factory=dict)
    note: str = ""

    @property
    def codes(self) -> frozenset[str]:
        """Qualities, aggravators and signs, and the questions answered with yes."""
        yes = {code for code, answer in self.answers.items() if answer}
        return self.qualities | self.aggravators | self.signs | yes

    @property
    def worst_pain(self) -> int | None:
        """The highest of the pains that were told; None if none was. [0-10]"""
        told = [p for p in (self.pain_run, self.pain_today, self.pain_morning) if p is not None]
        return max(told) if told else None

    @property
    def hurts(self) -> bool:
        """
        Whether anything is reported: pain, a place, or what it feels like; with no pain told also a side or how it
        began. A closing report reports nothing.
        """
        if self.says_gone:
            return False
        is_of_unknown_pain = self.worst_pain is None and bool(self.side or self.onset)
        return bool(self.worst_pain or self.regions or self.codes) or is_of_unknown_pain

    @property
    def says_gone(self) -> bool:
        """Whether the runner says that it is gone: the answer `gone`, and no pain beside it."""
        return bool(self.answers.get("gone")) and not self.worst_pain

    @property
    def laterality(self) -> Literal["left", "right", "both"] | None:
        """Left, right or both; None where no side was told."""
        if self.side == "left" or self.side == "right":
            return self.side
        return None if self.side is None else "both"

    @property
    def areas(self) -> frozenset[Area]:
        """The parts of the thigh that the regions belong to; "unnamed" where it hurts and no region was told."""
        return _areas(self.regions) or (_UNNAMED if self.hurts else frozenset())


@dataclass(frozen=True, slots=True)
class LoadEvent:
    """
    A run that was a jump in load, as the load rules found it or as the runner told.

    Attributes
    ----------
    kind : str
        session (longest run), volume (weekly build), return (after a break), descent, ascent, fast; hard or hot
        where the runner says so.
    level : int
        Load level, 1 to 3.
    local_date : date
        The runner's calendar day of the run.
    """

    kind: Literal["session", "volume", "return", "descent", "ascent", "fast", "hard", "hot"]
    level: int
    local_date: date

    def days_before(self, day: date) -> int:
        """Calendar days from the run to a day; negative for a run after it."""
        return (day - self.local_date).days


InjuryKind = Literal["hamstring", "sit_bone", "quad", "it_band", "nerve", "adductor", "bone_stress"]


@dataclass(frozen=True, slots=True)
class EarlierInjury:
    """
    An injury from before loadwatch, from the first-time form.

    Attributes
    ----------
    kind : InjuryKind
    side : "left", "right", "both" or None
        None where the runner did not tell.
    ended : date or None
        Roughly when it was over; None where that is not known, which counts as long ago.
    """

    kind: InjuryKind
    side: Literal["left", "right", "both"] | None
    ended: date | None


def in_order(reports: Iterable[SymptomReport]) -> list[SymptomReport]:
    """Reports by time, each once, in whatever order and however often they came."""
    return sorted({r.id: r for r in reports}.values(), key=lambda r: (r.at, r.id))


# problems


@dataclass(frozen=True, slots=True)
class Problem:
    """
    Reports of one side and place over time, until one says that it is gone.

    Attributes
    ----------
    laterality : "left", "right", "both" or None
    areas : frozenset of Area
    reports : tuple of SymptomReport
        In order of time, at least one.
    closed : datetime or None
        When a report said that it is gone, UTC. Nothing else closes a problem.
    """

    laterality: Literal["left", "right", "both"] | None
    areas: frozenset[Area]
    reports: tuple[SymptomReport, ...]
    closed: datetime | None = None

    @property
    def opened(self) -> datetime:
        return self.reports[0].at

    @property
    def updated(self) -> datetime:
        return self.closed or self.reports[-1].at

    @property
    def is_open(self) -> bool:
        return self.closed is None

    @property
    def latest(self) -> SymptomReport:
        return self.reports[-1]

    @property
    def regions(self) -> frozenset[Region]:
        """Every region that a report of it named."""
        return frozenset[Region]().union(*(r.regions for r in self.reports))


def is_quieted(problem: Problem, report: SymptomReport, later: SymptomReport) -> bool:
    """Whether a check-in after `report` says that nothing hurts there now; the problem stays open all the same."""
    is_later = (later.at, later.id) > (report.at, report.id)
    return is_later and not later.hurts and not later.says_gone and later.laterality in (None, problem.laterality)


def problems(reports: Iterable[SymptomReport]) -> list[Problem]:
    """
    The problems that reports make up, in order of opening.

    A report belongs to every open problem of its side that shares a part of the thigh with it, else it opens one.
    A problem takes over further parts from reports that fit no other. A report that says `gone` closes those of its
    side and parts; one without side and parts closes all that are open. Silence and a painless day close nothing.

    Parameters
    ----------
    reports : iterable of SymptomReport
        Of one athlete, in any order.
    """
    found: list[_Growing] = []
    open_ones: list[_Growing] = []
    for report in in_order(reports):
        if report.says_gone:
            for problem in open_ones:
                problem.close(report)
            open_ones = [p for p in open_ones if p.closed is None]
        elif report.hurts:
            fitting = [p for p in open_ones if p.fits(report)]
            for problem in fitting:
                problem.reports.append(report)
            if len(fitting) == 1:
                fitting[0].areas |= report.areas
            elif not fitting:
                open_ones.append(_Growing(report.laterality, report.areas, [report]))
                found.append(open_ones[-1])
    return [Problem(p.laterality, p.areas, tuple(p.reports), p.closed) for p in found]


@dataclass(slots=True)
class _Growing:
    """A problem while its reports are gone through."""

    laterality: Literal["left", "right", "both"] | None
    areas: frozenset[Area]
    reports: list[SymptomReport]
    closed: datetime | None = None

    def fits(self, report: SymptomReport) -> bool:
        return report.laterality == self.laterality and bool(report.areas & self.areas)

    def close(self, report: SymptomReport) -> None:
        """Close it if the report speaks of its side and place."""
        if report.laterality in (None, self.laterality) and (not report.regions or report.areas & self.areas):
            self.closed = report.at


class OfProblem(tuple[SymptomReport, ...]):
    """The reports before some report of its problem, in order of time: they need not be sought again."""

    __slots__ = ()


def earlier_of_problem(report: SymptomReport, reports: Iterable[SymptomReport]) -> OfProblem:
    """
    The reports before this one of the problem that it belongs to, in order of time.

    Parameters
    ----------
    reports : iterable of SymptomReport
        Of the same athlete, in any order; later ones are passed over.
    """
    if isinstance(reports, OfProblem):
        return reports
    until = [r for r in reports if (r.at, r.id) < (report.at, report.id)]
    own = [OfProblem(p.reports[:-1]) for p in problems([*until, report]) if p.latest.id == report.id]
    return max(own, key=len, default=OfProblem())


def lately(before: Sequence[SymptomReport], report: SymptomReport, reach: timedelta) -> Sequence[SymptomReport]:
    """Those of so long before a report; they are in order, and may be those of years."""
    return before[bisect_left(before, report.at - reach, key=lambda r: r.at) :]


# the weekly questionnaire


@dataclass(frozen=True, slots=True)
class Item:
    """A question of the weekly questionnaire, with its four steps from none to worst."""

    name: str
    ask: str
    steps: tuple[str, str, str, str]


WEEKLY_ITEMS: Final = (
    Item(
        "participation",
        say("Could you run this week as you had meant to?"),
        (
            say("yes, my thighs gave no trouble"),
            say("yes, with some trouble"),
            say("only part of it"),
            say("no, my thighs kept me from running"),
        ),
    ),
    Item(
        "volume",
        say("Did you run less because of your thighs?"),
        (say("no"), say("a little less"), say("clearly less"), say("very much less, or not at all")),
    ),
    Item(
        "performance",
        say("Were you slower, or less able than usual, because of your thighs?"),
        (say("no"), say("a little"), say("clearly"), say("very much, or I could not run")),
    ),
    Item(
        "pain",
        say("How much did your thighs hurt when you ran?"),
        (say("not at all"), say("a little"), say("clearly"), say("very much")),
    ),
)

STEP_POINTS: Final = (0, 8, 17, 25)
"""Points of the four steps. As in Clarsen et al. 2013, Br J Sports Med 47:495, whose wording is not used here."""


@dataclass(frozen=True, slots=True)
class WeeklyAnswers:
    """
    A week's questionnaire: of each item the step from 0 (none) to 3 (worst).

    Raises
    ------
    ValueError
        If a step is not one of the four.
    """

    local_date: date
    participation: int
    volume: int
    performance: int
    pain: int

    def __post_init__(self) -> None:
        if not all(step in range(len(STEP_POINTS)) for step in self.steps):
            raise ValueError(f"steps must be 0 to 3: {self.steps}")

    @property
    def steps(self) -> tuple[int, int, int, int]:
        return self.participation, self.volume, self.performance, self.pain

    @property
    def score(self) -> int:
        """Sum of the points of the four items, from 0 to 100, 100 the worst."""
        return sum(STEP_POINTS[step] for step in self.steps)

    @property
    def severity(self) -> Literal["none", "minor", "moderate", "severe"]:
        """By the worst of the four items."""
        names: tuple[Literal["none", "minor", "moderate", "severe"], ...] = ("none", "minor", "moderate", "severe")
        return names[max(self.steps)]

    @property
    def symptom_level(self) -> int:
        """What the week alone amounts to: 0 none, 2 minor, 3 moderate and more."""
        return (0, 2, 3, 3)[max(self.steps)]


# how bad it is


def symptom_level(
    report: SymptomReport,
    earlier: Iterable[SymptomReport] = (),
    *,
    week: WeeklyAnswers | None = None,
    has_red_flag: bool = False,
) -> int:
    """
    Symptom level of a check-in.

    Parameters
    ----------
    report : SymptomReport
        The latest one.
    earlier : iterable of SymptomReport
        The athlete's reports, in any order; those of the same problem before `report` are found among them.
    week : WeeklyAnswers or None
        The questionnaire that counts, see `week_of`.
    has_red_flag : bool
        Whether the red-flag screen of this report found one of severity 4.

    Returns
    -------
    int
        0 none. 1 mild: pain up to 2 that is gone by the next morning, with no change to training. 2 moderate: pain
        of 3 to 5, or for over 24 h, or one-sided and new, or a week with minor limits. 3 severe: pain above 5,
        a limp, a sudden onset, a pop or a bruise, a week with moderate limits, 2 points more than in the 7 days
        before, or level 2 for 10 days. 4 a red flag.
    """
    if has_red_flag:
        return 4
    if not report.hurts:
        return 0
    before = earlier_of_problem(report, earlier)
    level = _level_at(report, before)
    if level == 1 and _is_new_and_one_sided(report, before):
        level = 2
    elif level == 2 and _moderate_since(report, before) <= report.at - STUCK_MODERATE:
        level = 3
    return max(level, week.symptom_level if week else 0)


def week_of(
    report: SymptomReport, weeks: Iterable[WeeklyAnswers], reports: Iterable[SymptomReport]
) -> WeeklyAnswers | None:
    """
    The questionnaire that counts for a report: the latest, unless it is older than a week or than a painless report.

    Parameters
    ----------
    weeks : iterable of WeeklyAnswers
        In any order; those after the report are passed over.
    reports : iterable of SymptomReport
        The athlete's, in any order; those after `report` are passed over.
    """
    known = [w for w in weeks if timedelta() <= report.local_date - w.local_date <= TREND_WINDOW]
    latest = max(known, key=lambda w: (w.local_date, w.steps), default=None)
    before = (r for r in reports if (r.at, r.id) < (report.at, report.id))
    if latest is None or any(not r.hurts and r.local_date >= latest.local_date for r in before):
        return None
    return latest


_SEVERE_SIGNS: Final = frozenset({"limp", "limp_over_24h", "cannot_walk", "pop", "bruise", "large_bruise"})


def _level_at(report: SymptomReport, before: Sequence[SymptomReport]) -> int:
    """The level of a complaint by what is told, whether it is new or has lasted for days left aside."""
    pain = report.worst_pain or 0
    if pain > NRS_MODERATE or report.onset == "sudden" or report.codes & _SEVERE_SIGNS:
        return 3
    if trend(report, lately(before, report, _TREND_REACH)).pain_rise >= NRS_CHANGE:
        return 3
    return 2 if pain > NRS_MILD or _lasts(report, before) else 1


def _moderate_since(report: SymptomReport, before: Sequence[SymptomReport]) -> datetime:
    """Since when, as far as it matters, each report was of level 2 or more, with no silence too long to tell."""
    since = report.at
    for i in range(len(before) - 1, -1, -1):
        if since <= report.at - STUCK_MODERATE:
            break  # long enough
        if since - before[i].at > STUCK_SILENCE or _level_at(before[i], before[:i]) < 2:
            break
        since = before[i].at
    return since


def _lasts(report: SymptomReport, before: Sequence[SymptomReport]) -> bool:
    """Whether it outlasts a day: there next morning, or told the day before too with no painless morning between."""
    if report.pain_morning is not None:
        return report.pain_morning > 0
    if not report.pain_today:
        return False
    ago = [report.at - r.at for r in lately(before, report, SYMPTOM_MEMORY) if r.pain_morning != 0]
    return any(age >= LASTING for age in ago)


def _is_new_and_one_sided(report: SymptomReport, before: Sequence[SymptomReport]) -> bool:
    known = any(r.local_date < report.local_date for r in lately(before, report, NEW_WINDOW))
    return report.laterality in ("left", "right") and not known


def amplifying_level(level: int, age: timedelta) -> int:
    """
    What is left of a check-in's symptom level where it amplifies a load.

    The report itself stays as it is: a problem is open until the runner closes it.

    Parameters
    ----------
    level : int
        Symptom level of the check-in.
    age : timedelta
        From the check-in to the load.

    Returns
    -------
    int
        One less for each 72 h begun after the first 72 h. A red flag does not fade.
    """
    if level >= 4 or age <= SYMPTOM_MEMORY:
        return level
    steps = -((SYMPTOM_MEMORY - age) // SYMPTOM_MEMORY)
    return max(0, level - steps)


_TREND_REACH: Final = TREND_WINDOW + MORNING_BASELINE


@dataclass(frozen=True, slots=True)
class Trend:
    """
    How the pain of a problem moves.

    Attributes
    ----------
    pain_rise : int
        Points above the lowest of the 7 days before: during runs, by day and in the morning each against its own
        kind, the largest of the three; 0 where it does not rise or there is nothing to compare. [0-10]
    bad_mornings : int
        Days of the last 7 whose morning was 2 points or more above the lowest of the 14 days before it.
    """

    pain_rise: int
    bad_mornings: int

    @property
    def is_rising(self) -> bool:
        """What S-TREND asks: 2 points up in 7 days, or twice 2 points up in the morning."""
        return self.pain_rise >= NRS_CHANGE or self.bad_mornings >= MORNINGS_RISEN


def trend(report: SymptomReport, earlier: Iterable[SymptomReport]) -> Trend:
    """
    How pain moved up to a report.

    Parameters
    ----------
    earlier : iterable of SymptomReport
        Reports of the same problem, as `earlier_of_problem` gives them; later ones are passed over.
    """
    if isinstance(earlier, OfProblem):
        earlier = lately(earlier, report, _TREND_REACH)
    reach = report.at - _TREND_REACH
    before = in_order(r for r in earlier if reach <= r.at and (r.at, r.id) < (report.at, report.id))
    week = [r for r in before if report.at - r.at <= TREND_WINDOW]
    rises = [
        now - min(then)
        for now, then in (
            (report.pain_run, [r.pain_run for r in week if r.pain_run is not None]),
            (report.pain_today, [r.pain_today for r in week if r.pain_today is not None]),
            (report.pain_morning, [r.pain_morning for r in week if r.pain_morning is not None]),
        )
        if now is not None and then
    ]
    mornings = [(r, r.pain_morning) for r in (*before, report) if r.pain_morning is not None]
    bad = set()
    for i, (r, pain) in enumerate(mornings):
        baseline = [p for other, p in mornings[:i] if r.at - other.at <= MORNING_BASELINE]
        if baseline and pain >= min(baseline) + NRS_CHANGE and report.at - r.at <= TREND_WINDOW:
            bad.add(r.local_date)
    return Trend(pain_rise=max(0, *rises) if rises else 0, bad_mornings=len(bad))


def is_asymmetric(report: SymptomReport, earlier: Iterable[SymptomReport], level: int) -> bool:
    """
    What S-ASYM asks: one side, the same place twice within 7 days, at symptom level 2 or more.

    Parameters
    ----------
    earlier : iterable of SymptomReport
        The athlete's reports, in any order.
    level : int
        Symptom level of the report.
    """
    if report.laterality not in ("left", "right") or level < 2:
        return False
    week = lately(earlier_of_problem(report, earlier), report, TREND_WINDOW)
    return 1 + len(week) >= ASYMMETRY_REPORTS


_TOLD_OF_THE_RUN: Final = frozenset({"after_hard_session"})
"""Told like a sign, but it is what soreness comes from."""


def is_soreness(
    report: SymptomReport,
    loads: Iterable[LoadEvent],
    earlier: Iterable[SymptomReport] = (),
    *,
    has_red_flag: bool,
) -> bool:
    """
    Whether a report has the pattern of delayed soreness, which caps severity.

    Both sides equally, begun 12 to 72 h after a jump in load, pain of at most 5, no sign such as a limp, no red flag,
    and not yet on its sixth day, whether counted from the run or from the first report. A run after the first report
    is no cause of it. Anything not known speaks against it.

    Parameters
    ----------
    loads : iterable of LoadEvent
        Of `SORENESS_ONSET` or more before the report.
    earlier : iterable of SymptomReport
        The athlete's reports, in any order.
    """
    pain = report.worst_pain
    signs = (report.signs | report.codes & {*SIGNS, *_SEVERE_SIGNS}) - _TOLD_OF_THE_RUN
    looks_like_it = (
        report.side == "both_equal"
        and report.onset == "delayed"
        and pain is not None
        and pain <= NRS_MODERATE
        and not signs
        and not has_red_flag
    )
    if not looks_like_it:
        return False
    first = next(iter(earlier_of_problem(report, earlier)), report)
    causes = [event for event in loads if event.local_date <= first.local_date]
    is_recent = any(event.days_before(report.local_date) <= SORENESS_AGE_D for event in causes)
    return is_recent and (report.local_date - first.local_date).days <= SORENESS_AGE_D
