"""Check-ins and runs together: red flags, patterns, trends, and running through them."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from loadwatch.domain.activity import Run
from loadwatch.domain.findings import (
    ACT,
    HILL_SEVERITY_WITHOUT_SYMPTOMS,
    LOAD_FAMILIES,
    LOW_CONFIDENCE_CAP,
    RED,
    RED_FAMILY,
    SEVERITY,
    Finding,
    Reason,
)
from loadwatch.domain.loads import RunLoad
from loadwatch.domain.patterns import Patterns, resemblance
from loadwatch.domain.redflags import AgeBand, RedFlag, RedFlagFinding, ScreenContext, screen
from loadwatch.domain.symptoms import (
    Area,
    EarlierInjury,
    InjuryKind,
    LoadEvent,
    OfProblem,
    Problem,
    SymptomReport,
    WeeklyAnswers,
    amplifying_level,
    in_order,
    is_asymmetric,
    is_quieted,
    is_soreness,
    lately,
    problems,
    symptom_level,
    trend,
    week_of,
)
from loadwatch.domain.text import say
from loadwatch.domain.thresholds import (
    ALERT_LIFE,
    BONE_LOAD,
    DESCENT_RECHECK,
    FAST_RUN_M,
    GRADUAL,
    HAMSTRING_LOAD,
    HAMSTRING_WATCH,
    HILL_ALERT_LIFE,
    HILLY_M,
    MATCH_WINDOW,
    MORNING_HOUR,
    NERVE_LASTING,
    NRS_CHANGE,
    NRS_MODERATE,
    PUSHING,
    PUSHING_BLOCK,
    QUAD_LOAD,
    RECENT_INJURY,
    REDUCED_DAYS,
    REDUCED_SHARE,
    SORENESS_ONSET,
    SORENESS_RECHECK,
    STOPPED_RUNS,
    STOPPED_WINDOW,
    TREND_WINDOW,
)

REPORTS_REACH: Final = timedelta(days=14)
"""How far before `since` check-ins are judged: one of severe symptoms amplifies loads for 12 days."""

LOADS_REACH: Final = REPORTS_REACH + BONE_LOAD
"""How far before `since` the load rules must have spoken."""

RUNS_REACH: Final = timedelta(days=3 * REDUCED_DAYS + 2)
"""How far before a check-in runs are looked at: 42 local days, which may be those of another zone."""

SCREEN_REACH: Final = timedelta(days=120)
"""How far back the red flags look at earlier check-ins; the longest of them asks for eight weeks."""

SORENESS_CAP: Final = 1
SORENESS_QUESTIONS: Final = ("dark_urine", "severe_swelling")
NERVE_QUALITIES: Final = frozenset({"burning", "tingling", "numb"})
NERVE_SPREADING: Final = frozenset({"spreading_numbness", "spreading_weakness", "below_knee", "inner_shin"})
IMPACT: Final = frozenset({"hopping", "footfall"})
BONE_REGIONS: Final = frozenset({"AP", "AM", "MT", "DV"})

_INJURED_AREAS: Final[dict[InjuryKind, frozenset[Area]]] = {
    "hamstring": frozenset({"posterior"}),
    "sit_bone": frozenset({"posterior"}),
    "quad": frozenset({"anterior"}),
    "it_band": frozenset({"lateral"}),
    "nerve": frozenset({"posterior", "anterior", "lateral", "back"}),
    "adductor": frozenset({"medial"}),
    "bone_stress": frozenset({"anterior", "medial", "deep"}),
}

_EVENTS: Final = {
    "R-M1": "session",
    "R-M3": "volume",
    "R-RTN": "return",
    "R-H1": "descent",
    "R-H2": "ascent",
    "R-T1": "fast",
    "R-T2": "fast",
    "R-T3": "fast",
}


@dataclass(frozen=True, slots=True)
class Runner:
    """
    What a runner told once.

    Attributes
    ----------
    age_on : callable of date
        The age band on a day; None where it was not told.
    """

    injuries: tuple[EarlierInjury, ...] = ()
    risks: frozenset[str] = frozenset()
    age_on: Callable[[date], AgeBand | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Clinic:
    """The clinical content that check-ins are held against; see `knowledge/`."""

    flags: Sequence[RedFlag]
    patterns: Patterns


def severity(
    symptom_level: int,
    load_level: int,
    *,
    hills_only: bool = False,
    matches: bool = False,
    recent_injury: bool = False,
    soreness: bool = False,
) -> int:
    """
    Severity of a symptom level and a load level together.

    Parameters
    ----------
    symptom_level : int
        0 to 4.
    load_level : int
        0 to 3.
    hills_only : bool
        The load is one of hills.
    matches : bool
        The load was put on the place that hurts: +1.
    recent_injury : bool
        The same site was injured in the last 12 months: +1.
    soreness : bool
        The pattern of delayed soreness: at most 1, whatever matches.

    Returns
    -------
    int
        0 to 3; 4 for symptom level 4 alone.
    """
    if symptom_level >= RED:
        return RED
    if not symptom_level:
        return (HILL_SEVERITY_WITHOUT_SYMPTOMS if hills_only else SEVERITY[0])[load_level]
    base = SEVERITY[symptom_level][load_level]
    if soreness:
        return min(base, SORENESS_CAP)
    return min(base + matches + recent_injury, ACT)


def load_events(findings: Iterable[Finding]) -> tuple[LoadEvent, ...]:
    """The runs of which a load rule spoke, as the screen and the patterns look at them."""
    return tuple(
        LoadEvent(_EVENTS[f.rule], f.load_level, f.local_date)  # type: ignore[arg-type]
        for f in findings
        if f.rule in _EVENTS
    )


def site_of(problem: Problem) -> str:
    """Side and parts of the thigh under which a problem was opened, like "left posterior"."""
    return f"{problem.laterality or 'side unknown'} {'+'.join(sorted(problem.reports[0].areas))}"


def problem_id_of(problem: Problem) -> int:
    """A problem goes by the check-in that opened it."""
    return problem.reports[0].id


def watched_until(problem: Problem) -> datetime | None:
    """Until when a problem that is gone counts as a recent injury; None if it is open or not of the hamstring."""
    if problem.closed is None or "posterior" not in problem.areas:
        return None
    return problem.closed + HAMSTRING_WATCH


@dataclass(frozen=True, slots=True)
class _Seen:
    """A check-in of one problem, with what was known when it was given."""

    report: SymptomReport
    problem: Problem
    before: OfProblem
    level: int
    soreness: bool
    loads: tuple[Finding, ...]
    events: tuple[LoadEvent, ...]
    runs: Sequence[RunLoad]
    runner: Runner
    clinic: Clinic
    recent_injury: bool
    stuck: RedFlagFinding | None
    earlier: tuple[tuple[str, str], ...]
    """Dedup key and episode of what may have been said of the problem's earlier check-ins."""

    def within(self, age: timedelta, *families_or_rules: str) -> tuple[Finding, ...]:
        """Loads of so long before the check-in."""
        return tuple(
            f
            for f in self.loads
            if timedelta() <= self.report.at - f.at <= age
            and (f.family in families_or_rules or f.rule in families_or_rules)
        )

    def fast_run(self) -> Run | None:
        """The last run with fast running within the reach of C-HS."""
        since = self.report.at - HAMSTRING_LOAD
        fast = [x for x in self.runs if since <= x.run.start <= self.report.at and (x.fast_m or 0.0) >= FAST_RUN_M]
        return fast[-1].run if fast else None

    @property
    def standing(self) -> tuple[Finding, ...]:
        """Loads whose alert is not spent yet."""
        return tuple(f for f in self.loads if timedelta() <= self.report.at - f.at < _life(f))

    @property
    def load_level(self) -> int:
        return max((f.load_level for f in self.standing), default=0)

    @property
    def matches(self) -> bool:
        return any(matches(self.report, f) for f in self.within(MATCH_WINDOW, *LOAD_FAMILIES))

    def severity(self, *, matches: bool = False) -> int:
        """By the matrix and what modifies it."""
        return severity(
            self.level,
            self.load_level,
            matches=matches or self.matches,
            recent_injury=self.recent_injury,
            soreness=self.soreness,
        )

    @property
    def one_sided(self) -> bool:
        return self.report.laterality in ("left", "right")


def _life(finding: Finding) -> timedelta:
    return HILL_ALERT_LIFE if finding.family == "H" else ALERT_LIFE


def matches(report: SymptomReport, load: Finding) -> bool:
    """Whether a load was put on the place that hurts."""
    if load.family == "T":
        return "posterior" in report.areas
    if load.rule == "R-H1":
        return "anterior" in report.areas or "LK" in report.regions
    return load.family == "M" and "LK" in report.regions


# the rules on patterns: each gives the severity that it asks for by itself, or None where it does not hold


def _hamstring(seen: _Seen) -> int | None:
    fast = seen.within(HAMSTRING_LOAD, "T") or seen.fast_run()
    if seen.level < 1 or "posterior" not in seen.report.areas or not fast:
        return None
    if seen.soreness:
        return SORENESS_CAP
    return max(seen.severity(matches=True), ACT if seen.level >= 2 else 1)


def _sit_bone(seen: _Seen) -> int | None:
    report = seen.report
    told = (*seen.before, report)
    holds = (
        "PP" in report.regions
        and "sitting" in report.codes
        and any(r.onset == "gradual" for r in told)
        and report.at - told[0].at >= GRADUAL
    )
    if not holds or seen.soreness:
        return None
    return ACT if (report.worst_pain or 0) > NRS_MODERATE or seen.standing else 2


def _quad(seen: _Seen) -> int | None:
    if seen.level < 1 or "anterior" not in seen.report.areas or not seen.within(QUAD_LOAD, "H", "R-M1"):
        return None
    if seen.soreness:
        return SORENESS_CAP
    return max(1, seen.severity(matches=seen.one_sided))


def _it_band(seen: _Seen) -> int | None:
    report = seen.report
    if "LK" not in report.regions or "repeatable_distance" not in report.codes or seen.soreness:
        return None
    recent = [r for r in (*seen.before, report) if report.at - r.at <= STOPPED_WINDOW]
    stopped = sum("LK" in r.regions and (r.pain_run or 0) > NRS_MODERATE for r in recent)
    return ACT if stopped >= STOPPED_RUNS else 2


def _nerve(seen: _Seen) -> int | None:
    report = seen.report
    if not NERVE_QUALITIES & report.codes:
        return None
    since = next(r.at for r in (*seen.before, report) if NERVE_QUALITIES & r.codes)
    return ACT if NERVE_SPREADING & report.codes or report.at - since > NERVE_LASTING else 2


def _bone(seen: _Seen) -> int | None:
    report = seen.report
    alike = resemblance(report, seen.runner.injuries, seen.events, seen.clinic.patterns)
    if alike.bone_guard is not None:
        return ACT
    told = (
        seen.level >= 2
        and BONE_REGIONS & report.regions
        and report.onset == "gradual"
        and IMPACT & report.codes
        and seen.within(BONE_LOAD, "R-M1", "R-M3")
    )
    return ACT if told else None


_PATTERN_RULES: Final[tuple[tuple[str, Callable[[_Seen], int | None]], ...]] = (
    ("C-BSI", _bone),
    ("C-N", _nerve),
    ("C-HS", _hamstring),
    ("C-PHT", _sit_bone),
    ("C-Q", _quad),
    ("C-IT", _it_band),
)
"""In the order in which one of several equally severe ones is told."""

NOT_CAPPED: Final = frozenset({"C-BSI", "C-N"})
"""Rules that soreness does not hold down: they guard against more than it."""


# the rules on symptoms alone


def _stuck(seen: _Seen) -> int | None:
    return None if seen.stuck is None else ACT


def _trend(seen: _Seen) -> int | None:
    return ACT if seen.level and trend(seen.report, seen.before).is_rising else None


def _asymmetry(seen: _Seen) -> int | None:
    return 2 if is_asymmetric(seen.report, seen.before, seen.level) else None


def _level(seen: _Seen) -> int | None:
    return seen.severity() or None


_SYMPTOM_RULES: Final[tuple[tuple[str, Callable[[_Seen], int | None]], ...]] = (
    ("S-STUCK", _stuck),
    ("S-TREND", _trend),
    ("S-ASYM", _asymmetry),
    ("S-LEVEL", _level),
)
_TOLD_BY_A_PATTERN: Final = frozenset({"S-ASYM", "S-LEVEL"})
"""Rules that say nothing beside a pattern, whose severity is never below theirs."""


def judge_health(
    reports: Iterable[SymptomReport],
    loads: Sequence[Finding],
    runs: Sequence[RunLoad],
    *,
    since: datetime,
    clinic: Clinic,
    runner: Runner | None = None,
    weeks: Iterable[WeeklyAnswers] = (),
    zone: tzinfo = UTC,
) -> list[Finding]:
    """
    What the rules say from `since` on, of loads and of check-ins together.

    Parameters
    ----------
    reports : iterable of SymptomReport
        All check-ins of one athlete, in any order, each as often as it came.
    loads : sequence of Finding
        What `rules.judge` says from `LOADS_REACH` before `since` on.
    runs : sequence of RunLoad
        Of the same time at least.
    since : datetime
        Runs and check-ins before it are known, but not judged.
    weeks : iterable of WeeklyAnswers
        The questionnaires of the same time.
    zone : tzinfo
        The runner's, in whose morning it is asked how it feels.

    Returns
    -------
    list of Finding
        In order of time, of one moment the most severe first. Each check-in is judged by what was known when it was
        given, and each run when it began; that a later one speaks in place of an earlier one is in `follows`.
    """
    told = in_order(reports)
    known = sorted(runs, key=lambda x: (x.run.start, x.run.id))
    jumps = sorted(loads, key=lambda f: (f.at, f.episode, f.rule))
    found = problems(told)
    judged = _judged_reports(told, found, jumps, known, since - REPORTS_REACH, clinic, runner or Runner(), weeks)
    findings = [_amplified(f, judged, told, zone) for f in jumps if f.at >= since]
    of_reports = [f for j in judged for seen in j.seen for f in _findings_of(seen)]
    findings += [f for f in _each_once([*of_reports, *_red_flags(judged)]) if f.at >= since]
    findings += [f for f in _pushing(judged, known, jumps, since) if f.at >= since]
    findings += [f for f in map(_closing, found) if f is not None and f.at >= since]
    return sorted(findings, key=lambda f: (f.at, -f.severity, f.dedup_key, f.episode))


@dataclass(frozen=True, slots=True)
class _Judged:
    """A check-in with its red flags, and as part of each of its problems."""

    report: SymptomReport
    flags: tuple[RedFlagFinding, ...]
    seen: tuple[_Seen, ...]
    standing: tuple[Finding, ...]

    @property
    def red(self) -> tuple[RedFlagFinding, ...]:
        return tuple(f for f in self.flags if f.severity >= RED)


def _judged_reports(
    told: Sequence[SymptomReport],
    found: Sequence[Problem],
    jumps: Sequence[Finding],
    runs: Sequence[RunLoad],
    since: datetime,
    clinic: Clinic,
    runner: Runner,
    weeks: Iterable[WeeklyAnswers],
) -> list[_Judged]:
    times = [r.at for r in told]
    all_weeks = list(weeks)
    places: dict[int, list[tuple[Problem, int]]] = {r.id: [] for r in told}
    for problem in found:
        for i, report in enumerate(problem.reports):
            places[report.id].append((problem, i))
    said: dict[int, list[tuple[str, str]]] = {problem_id_of(p): [] for p in found}
    judged = []
    for i in range(bisect_left(times, since), len(told)):
        report = told[i]
        earlier = told[bisect_left(times, report.at - SCREEN_REACH) : i]
        loads = tuple(f for f in jumps if timedelta() <= report.at - f.at <= BONE_LOAD)
        events = load_events(loads)
        sore_from = load_events(f for f in loads if report.at - f.at >= SORENESS_ONSET)
        context = ScreenContext(
            age_band=runner.age_on(report.local_date),
            risks=runner.risks,
            earlier=tuple(earlier),
            loads=events if knows_runs(runs, report) else None,
            reduced_load_days=reduced_load_days(runs, report),
        )
        flags = screen(report, context, clinic.flags)
        red = any(f.severity >= RED for f in flags)
        week = week_of(report, all_weeks, earlier)
        seen = []
        for problem, n_before in places[report.id]:
            before = OfProblem(problem.reports[:n_before])
            seen.append(
                _Seen(
                    report=report,
                    problem=problem,
                    before=before,
                    level=symptom_level(report, before, week=week, has_red_flag=red),
                    soreness=is_soreness(report, sore_from, before, has_red_flag=bool(flags)),
                    loads=loads,
                    events=events,
                    runs=runs,
                    runner=runner,
                    clinic=clinic,
                    recent_injury=_recently_injured(report, problem, found, runner),
                    stuck=next((f for f in flags if f.severity < RED), None),
                    earlier=tuple(said[problem_id_of(problem)]),
                )
            )
            said[problem_id_of(problem)] += [
                (f"{family}:{site_of(problem)}", f"report-{report.id}") for family in ("C", "S")
            ]
        standing = tuple(f for f in loads if report.at - f.at < _life(f))
        judged.append(_Judged(report, flags, tuple(seen), standing))
    return judged


def _recently_injured(report: SymptomReport, problem: Problem, found: Sequence[Problem], runner: Runner) -> bool:
    for injury in runner.injuries:
        if injury.ended is None or {injury.side, report.laterality} == {"left", "right"}:
            continue
        recent = timedelta() <= report.local_date - injury.ended < RECENT_INJURY
        if recent and _INJURED_AREAS[injury.kind] & report.areas:
            return True
    for other in found:
        until = watched_until(other)
        if other is problem or until is None or other.closed is None:
            continue
        same = "posterior" in report.areas and {other.laterality, report.laterality} != {"left", "right"}
        if same and other.closed < report.at <= until:
            return True
    return False


def knows_runs(runs: Sequence[RunLoad], report: SymptomReport) -> bool:
    """Whether any run of the six weeks before a check-in is known; `runs` are in order of start."""
    n = bisect_right(runs, report.at, key=_start)
    return n > 0 and report.at - runs[n - 1].run.start <= RUNS_REACH


def _start(load: RunLoad) -> datetime:
    return load.run.start


def reduced_load_days(runs: Sequence[RunLoad], report: SymptomReport) -> int | None:
    """
    For how many days up to a check-in less was run than usual, as far as RF13 asks.

    Parameters
    ----------
    runs : sequence of RunLoad
        In order of start, of `RUNS_REACH` before the check-in at least; those after it are passed over.

    Returns
    -------
    int or None
        14 where the 14 days before had under 80 % of the mean of the 28 before them, else 0. [d] None where nothing
        is known of those, or the distance of one of the runs is not.
    """
    recent = earlier = 0.0
    known = (bisect_left(runs, report.at - RUNS_REACH, key=_start), bisect_right(runs, report.at, key=_start))
    for load in runs[slice(*known)]:
        days, metres = (report.local_date - load.run.local_date).days, load.run.distance_m
        if metres is None:
            return None
        if 0 <= days < REDUCED_DAYS:
            recent += metres
        elif REDUCED_DAYS <= days < 3 * REDUCED_DAYS:
            earlier += metres
    if not earlier:
        return None
    return REDUCED_DAYS if recent < REDUCED_SHARE * earlier / 2 else 0


# findings of check-ins


def _findings_of(seen: _Seen) -> list[Finding]:
    if seen.level >= RED:
        return []
    pattern, symptom = _first_of(_PATTERN_RULES, seen), _first_of(_SYMPTOM_RULES, seen)
    if pattern is not None and symptom is not None and symptom[0] in _TOLD_BY_A_PATTERN:
        symptom = None
    return [_report_finding(rule, level, seen) for rule, level in filter(None, (pattern, symptom))]


def _first_of(rules: Sequence[tuple[str, Callable[[_Seen], int | None]]], seen: _Seen) -> tuple[str, int] | None:
    """The most severe rule that holds, of equals the first; never below what the matrix asks for."""
    base, held = seen.severity(), []
    for rule, says in rules:
        own = says(seen)
        if own is not None:
            held.append((rule, _capped(rule, max(own, base), seen)))
    return max(held, key=lambda h: h[1], default=None)


def _capped(rule: str, level: int, seen: _Seen) -> int:
    return min(level, SORENESS_CAP) if seen.soreness and rule not in NOT_CAPPED else level


_HELD_DOWN: Final = say("soreness on both sides alike after a jump in load: severity held down")
_INJURED_LATELY: Final = say("an injury of the same site in the last 12 months")
_THIS_CHECK_IN: Final = say("this check-in")
_THIS_RUN: Final = say("this run")


def _report_finding(rule: str, level: int, seen: _Seen) -> Finding:
    report, problem = seen.report, seen.problem
    site, family = site_of(problem), rule[0]
    # What it speaks in place of: loads it rests on, where it is no softer; and this problem's earlier check-ins.
    parents = tuple((f.dedup_key, f.episode) for f in seen.standing if level >= f.severity)
    top = max(seen.standing, key=lambda f: f.load_level, default=None)
    run = top.run if top is not None else None
    if rule == "C-HS" and (run is None or not seen.within(HAMSTRING_LOAD, "T")):
        run = seen.fast_run() or run
    return Finding(
        rule=rule,
        family=family,
        load_type=site,
        run=run,
        load_level=seen.load_level,
        severity=level,
        confidence="normal",
        reasons=_reasons(rule, seen),
        coverage=(
            say("your check-in, and {n} earlier of the same place", n=len(seen.before)),
            say("the load rule {rule} on a run of the days before", rule=top.rule)
            if top
            else say("no jump in load before it"),
            *((_HELD_DOWN,) if seen.soreness else ()),
            *((_INJURED_LATELY,) if seen.recent_injury else ()),
        ),
        report_id=report.id,
        problem_id=problem_id_of(problem),
        reported_at=report.at,
        reported_on=report.local_date,
        site=site,
        symptom_level=seen.level,
        is_soreness=seen.soreness,
        flag=seen.stuck if rule == "S-STUCK" else None,
        ask=SORENESS_QUESTIONS if seen.soreness and seen.load_level >= 2 else (),
        ask_at=report.at + SORENESS_RECHECK if seen.soreness else None,
        follows=(*parents, *seen.earlier),
        closed=problem.closed,
    )


def _reasons(rule: str, seen: _Seen) -> tuple[Reason, ...]:
    report = seen.report
    reasons = [Reason("symptom_level", float(seen.level), "of 4", None, None, _THIS_CHECK_IN)]
    if report.worst_pain is not None:
        week = lately(seen.before, report, TREND_WINDOW)
        before = [pain for r in week if (pain := r.worst_pain) is not None]
        lowest = float(min(before)) if before else None
        bound = lowest + NRS_CHANGE if rule == "S-TREND" and lowest is not None else float(NRS_MODERATE)
        window = say("lowest of {days} days before", days=TREND_WINDOW.days)
        reasons.insert(0, Reason("pain", float(report.worst_pain), "of 10", lowest, bound, window))
    if seen.standing:
        window = say("runs of the last {days} days", days=ALERT_LIFE.days)
        reasons.append(Reason("load_level", float(seen.load_level), "of 3", None, None, window))
        top = max(seen.standing, key=lambda f: f.load_level)
        reasons.append(top.reasons[0])
    return tuple(reasons)


UNREVIEWED: Final = say("these words were not reviewed by a clinician yet")
"""Part of what a red flag rests on, until somebody has."""


def _red_flags(judged: Sequence[_Judged]) -> list[Finding]:
    findings = []
    for j in judged:
        problem = j.seen[0].problem if j.seen else None
        for flag in j.red:
            coverage = [say("you reported: {fact}", fact=sentence) for sentence in flag.because]
            coverage += [say("beside it: {fact}", fact=sentence) for sentence in flag.stronger]
            if flag.flag.source.review == "unreviewed":
                coverage.append(UNREVIEWED)
            pain = j.report.worst_pain
            reasons = [Reason("symptom_level", float(RED), "of 4", None, None, _THIS_CHECK_IN)]
            if pain is not None:
                reasons.append(Reason("pain", float(pain), "of 10", None, None, say("does not matter here")))
            findings.append(
                Finding(
                    rule="R-RED",
                    family=RED_FAMILY,
                    load_type=flag.flag.id,
                    run=None,
                    load_level=0,
                    severity=RED,
                    confidence="normal",
                    reasons=tuple(reasons),
                    coverage=tuple(coverage),
                    report_id=j.report.id,
                    problem_id=problem_id_of(problem) if problem else None,
                    reported_at=j.report.at,
                    reported_on=j.report.local_date,
                    site=site_of(problem) if problem else "",
                    symptom_level=RED,
                    flag=flag,
                    follows=(
                        *((f.dedup_key, f.episode) for f in j.standing),
                        *(key for s in j.seen for key in s.earlier),
                    ),
                )
            )
    return findings


# loads while something hurts


def _amplified(load: Finding, judged: Sequence[_Judged], told: Sequence[SymptomReport], zone: tzinfo) -> Finding:
    """A load finding with the severity that it has while something hurts."""
    best = replace(load, ask_at=_ask_at(load, zone))
    before = [r for r in told if r.at <= load.at]
    for seen in _open_at(judged, load.at):
        level = 0 if seen.soreness else amplifying_level(min(seen.level, ACT), load.at - seen.report.at)
        if not level or any(is_quieted(seen.problem, seen.report, r) for r in before):
            continue
        matched = matches(seen.report, load) and load.at - seen.report.at <= MATCH_WINDOW
        hills = load.family == "H"
        raised = severity(level, load.load_level, hills_only=hills, matches=matched, recent_injury=seen.recent_injury)
        if load.confidence == "low" and level < 2:
            raised = min(raised, LOW_CONFIDENCE_CAP)
        if raised < best.severity or (raised == best.severity and level <= best.symptom_level):
            continue
        told_before = Reason("symptom_level", float(level), "of 4", None, None, say("your last check-in"))
        best = replace(
            load,
            severity=raised,
            symptom_level=level,
            site=site_of(seen.problem),
            problem_id=problem_id_of(seen.problem),
            reasons=(*load.reasons, told_before),
        )
    return best


def _ask_at(load: Finding, zone: tzinfo) -> datetime:
    """When to ask how it feels: the runner's next morning, two days after a jump downhill."""
    assert load.run is not None
    if load.rule == "R-H1":
        return load.at + DESCENT_RECHECK
    morning = datetime.combine(load.run.local_date + timedelta(days=1), time(MORNING_HOUR), zone)
    return max(morning.astimezone(UTC), load.at)


def _open_at(judged: Sequence[_Judged], at: datetime) -> list[_Seen]:
    """Of each problem that was open at some time its last check-in up to then, the first opened problem first."""
    last: dict[int, _Seen] = {}
    for j in judged:
        if j.report.at <= at:
            for seen in j.seen:
                if seen.problem.closed is None or seen.problem.closed > at:
                    last[problem_id_of(seen.problem)] = seen
    # Not in order of those check-ins: how far back they are judged must not choose between two that hurt alike.
    return [last[problem_id] for problem_id in sorted(last)]


def _pushing(
    judged: Sequence[_Judged], runs: Sequence[RunLoad], loads: Sequence[Finding], since: datetime
) -> list[Finding]:
    """P-PUSH: a run through severe symptoms, or a fast or hilly one while a pattern is open."""
    findings = []
    said: set[tuple[int, int]] = set()
    for load in runs:
        run = load.run
        if run.start < since - PUSHING_BLOCK:
            continue
        for seen in _open_at(judged, run.start):
            age = run.start - seen.report.at
            fast_m, hill_m = load.fast_m or 0.0, max(load.hill_m or 0.0, load.ascent_m or 0.0)
            severe = seen.level >= ACT and age <= PUSHING and not seen.soreness
            demanding = fast_m >= FAST_RUN_M or hill_m >= HILLY_M
            through = demanding and age < ALERT_LIFE and _has_open_pattern(seen)
            if not (severe or through):
                continue
            problem_id = problem_id_of(seen.problem)
            block = problem_id, (run.start - seen.problem.opened) // PUSHING_BLOCK
            if block in said:
                continue
            said.add(block)
            findings.append(_push_finding(load, seen, severe=severe, loads=loads))
    return findings


def _has_open_pattern(seen: _Seen) -> bool:
    pattern = _first_of(_PATTERN_RULES, seen)
    return pattern is not None and (not seen.soreness or pattern[0] in NOT_CAPPED)


_LAST_CHECK_IN: Final = say("last check-in")


def _push_finding(load: RunLoad, seen: _Seen, *, severe: bool, loads: Sequence[Finding]) -> Finding:
    run = load.run
    since = (run.start - seen.report.at) / timedelta(days=1)
    reasons = [
        Reason("symptom_level", float(seen.level), "of 4", None, float(ACT) if severe else None, _LAST_CHECK_IN),
        Reason("days_since_check_in", round(since, 1), "d", None, None, say("before this run")),
    ]
    if not severe and (load.fast_m or 0.0) >= FAST_RUN_M:
        reasons.insert(0, Reason("fast_distance", load.fast_m or 0.0, "m", None, FAST_RUN_M, _THIS_RUN))
    elif not severe:
        height = max(load.hill_m or 0.0, load.ascent_m or 0.0)
        reasons.insert(0, Reason("hill_height", height, "m", None, HILLY_M, _THIS_RUN))
    else:
        reasons.insert(0, Reason("run_distance", run.distance_m or 0.0, "m", None, None, _THIS_RUN))
    return Finding(
        rule="P-PUSH",
        family="P",
        load_type=site_of(seen.problem),
        run=run,
        load_level=max((f.load_level for f in loads if f.run == run), default=0),
        severity=ACT,
        confidence="normal",
        reasons=tuple(reasons),
        coverage=(say("your last check-in, and this run"),),
        problem_id=problem_id_of(seen.problem),
        site=site_of(seen.problem),
        symptom_level=min(seen.level, ACT),
        follows=tuple((f.dedup_key, f.episode) for f in loads if f.run == run),
        closed=seen.problem.closed,
    )


_OPEN: Final = say("from the first check-in to the last")


def _closing(problem: Problem) -> Finding | None:
    """R-OK: the runner says that it is gone."""
    if problem.closed is None:
        return None
    last = problem.latest
    lasted = (problem.closed - problem.opened) / timedelta(days=1)
    watched = watched_until(problem) is not None
    return Finding(
        rule="R-OK",
        family="OK",
        load_type=site_of(problem),
        run=None,
        load_level=0,
        severity=0,
        confidence="normal",
        reasons=(Reason("days_open", round(lasted, 1), "d", None, None, _OPEN),),
        coverage=(say("watched for {weeks} weeks", weeks=HAMSTRING_WATCH.days // 7),) if watched else (),
        report_id=last.id,
        problem_id=problem_id_of(problem),
        reported_at=problem.closed,
        reported_on=last.local_date,
        site=site_of(problem),
        closed=problem.closed,
    )


def _each_once(findings: Iterable[Finding]) -> list[Finding]:
    """Of one key and episode the most severe."""
    kept: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        key = finding.dedup_key, finding.episode
        if key not in kept or finding.severity > kept[key].severity:
            kept[key] = finding
    return list(kept.values())
