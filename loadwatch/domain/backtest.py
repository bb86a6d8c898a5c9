"""A history replayed run by run through the rules, as it was known then."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import groupby, pairwise
from typing import Final

from loadwatch.domain.activity import Run, counted
from loadwatch.domain.adjusted import STANDARD_ALWAYS, OwnThresholds
from loadwatch.domain.alerts import NO_WISHES, Wishes
from loadwatch.domain.bands import five_k_thresholds
from loadwatch.domain.context import Context, context_by_day
from loadwatch.domain.findings import ACT, EVIDENCE
from loadwatch.domain.judging import judge_all
from loadwatch.domain.loads import FastSpeeds, RunLoad, ascent_of, downhill_load_m, run_loads
from loadwatch.domain.rules import NO_EARLIER_HISTORY, EarlierHistory, Finding, is_learning, judge, look_back_from
from loadwatch.domain.symptom_rules import LOADS_REACH, REPORTS_REACH, SCREEN_REACH, Clinic, Runner, judge_health
from loadwatch.domain.symptoms import Region, Side, SymptomReport, WeeklyAnswers, in_order
from loadwatch.domain.telling import Mailed, alert_telling
from loadwatch.domain.text import say
from loadwatch.domain.thresholds import BUDGET_MONTH, COMPARED_ACWR, COMPARED_WEEK, COOL_DOWN, REDUCED_DAYS
from loadwatch.domain.told import told_features

DAYS_A_MONTH: Final = 30.4375
"""Of a runner-month: a twelfth of 365.25 days. [d]"""

STAND_IN_5K_M_S: Final = 4.0
"""
Speed over 5 km of a runner whose history tells how many metres were fast, and not how fast that is. [m/s] Any would
do: `told_features` puts the fast metres above what is fast by it, and the rules look only at how many there are.
"""

_STAND_IN_SPEEDS: Final = FastSpeeds(*five_k_thresholds(STAND_IN_5K_M_S))

_DAY: Final = timedelta(days=1)

_STRETCH: Final = timedelta(days=28)
"""So much of a history is judged at a time: each time anew, the rules look back further than this."""

_SCREENED: Final = REPORTS_REACH + SCREEN_REACH
_RUNS_REACH: Final = REPORTS_REACH + timedelta(days=3 * REDUCED_DAYS + 2)
"""How far before a stretch painless reports and runs are looked at."""

_MAILS_REACH: Final = timedelta(days=30)
"""Mails older than the longest budget decide nothing."""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """
    One row of a history: a run, a day without one, or how the day felt.

    Attributes
    ----------
    day : date
        Local.
    start : time or None
        Local time of day; None where only the day is told.
    distance_m : float or None
        [m] 0 and None: no run.
    ascent_m, descent_m, fast_m, duration_s : float or None
        [m; s] None where it is not told.
    injured : bool
        An injury was there on this day.
    pain_nrs : int or None
        0 to 10; None where it was not asked. 0 says that nothing hurts, whatever place stands beside it.
    athlete, season : str
        Whose row it is; rows of other seasons of an athlete are a history of their own.
    """

    day: date
    start: time | None = None
    distance_m: float | None = None
    ascent_m: float | None = None
    descent_m: float | None = None
    fast_m: float | None = None
    duration_s: float | None = None
    injured: bool = False
    pain_nrs: int | None = None
    regions: frozenset[Region] = frozenset()
    side: Side | None = None
    athlete: str = ""
    season: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """
    The runs of an athlete over a time without gaps in the record: a day without a run is a day of rest.

    Attributes
    ----------
    runs : tuple of Run
        In any order, none outside the two days.
    first_day, last_day : date
        Of the record, local, days of rest included.
    injured : frozenset of date, or None
        Days with an injury; None where the history does not tell.
    reports : tuple of SymptomReport
    five_k_m_s : float or None
        Mean speed over 5 km by which fast metres are counted. [m/s]
    """

    runs: tuple[Run, ...]
    first_day: date
    last_day: date
    athlete: str = ""
    season: str = ""
    injured: frozenset[date] | None = None
    reports: tuple[SymptomReport, ...] = ()
    five_k_m_s: float | None = None

    @property
    def n_days(self) -> int:
        return (self.last_day - self.first_day).days + 1

    @property
    def months(self) -> float:
        """Runner-months. [1]"""
        return self.n_days / DAYS_A_MONTH


def histories(rows: Iterable[HistoryRow], *, injuries_told: bool) -> tuple[History, ...]:
    """
    A history for each athlete and season; the order of the rows changes nothing.

    Of several runs of one day without a time of day the longest comes first: so the day is judged by it. They are
    not put together, as nobody knows whether they were one session.

    Parameters
    ----------
    injuries_told : bool
        Whether the rows tell of injuries at all; False: days without one are unknown, not free of it.
    """
    groups: dict[tuple[str, str], list[HistoryRow]] = {}
    for row in sorted(rows, key=_row_order):
        groups.setdefault((row.athlete, row.season), []).append(row)
    found = []
    # Seasons in order of time, not of name: "10" is not before "9".
    for (athlete, season), group in sorted(groups.items(), key=lambda g: (g[0][0], g[1][0].day, g[0][1])):
        runs = [_run(n, row) for n, row in enumerate((r for r in group if r.distance_m), start=1)]
        felt = [r for r in group if r.pain_nrs is not None or r.regions]
        found.append(
            History(
                runs=tuple(runs),
                first_day=group[0].day,
                last_day=group[-1].day,
                athlete=athlete,
                season=season,
                injured=frozenset(r.day for r in group if r.injured) if injuries_told else None,
                reports=tuple(_reports(felt)),
                five_k_m_s=STAND_IN_5K_M_S,
            )
        )
    return tuple(found)


def _row_order(row: HistoryRow) -> tuple[object, ...]:
    told = (row.ascent_m, row.descent_m, row.fast_m, row.duration_s, row.pain_nrs)
    numbers = tuple(-1.0 if n is None else float(n) for n in told)
    return row.day, row.start or time(), -(row.distance_m or 0.0), numbers, row.side or "", sorted(row.regions)


def _run(n: int, row: HistoryRow) -> Run:
    distance_m = row.distance_m or 0.0
    return Run(
        id=n,
        start=datetime.combine(row.day, row.start or time(0, 0, 1), UTC),
        local_date=row.day,
        sport="Run",
        distance_m=distance_m,
        moving_s=row.duration_s,
        elapsed_s=row.duration_s,
        ascent_m=row.ascent_m,
        start_hidden=row.start is None,
        features=told_features(distance_m, descent_m=row.descent_m, fast_m=row.fast_m, speeds=_STAND_IN_SPEEDS),
    )


def _reports(felt: Sequence[HistoryRow]) -> Iterator[SymptomReport]:
    n = 0
    for day, rows in groupby(felt, key=lambda row: row.day):
        for nth, row in enumerate(rows):
            n += 1
            is_free = row.pain_nrs == 0
            yield SymptomReport(
                id=n,
                # In the evening, after the day's runs; of several of a day one after the other.
                at=datetime.combine(day, time(23, 59), UTC) + timedelta(milliseconds=nth),
                local_date=day,
                side=None if is_free else row.side,
                regions=frozenset() if is_free else row.regions,
                pain_today=row.pain_nrs,
            )


@dataclass(frozen=True, slots=True)
class PastAlert:
    """An alert that would have been, and whether it would have left at once."""

    finding: Finding
    pushed: bool

    @property
    def day(self) -> date:
        return self.finding.local_date


@dataclass(frozen=True, slots=True)
class Replaying:
    """
    By what a history is judged; by default as of a runner of whom nothing else is known.

    Attributes
    ----------
    since : datetime or None
        What lies before is known, but not judged; None: all is judged.
    weeks : sequence of WeeklyAnswers
        Of the whole history.
    zone : tzinfo
        The runner's.
    wishes : Wishes
        What is mailed at once.
    """

    novice: bool = False
    since: datetime | None = None
    thresholds: OwnThresholds = STANDARD_ALWAYS
    runner: Runner | None = None
    weeks: Sequence[WeeklyAnswers] = ()
    zone: tzinfo = UTC
    wishes: Wishes = NO_WISHES


def replay(
    history: History, clinic: Clinic, *, novice: bool = False, by: Replaying | None = None
) -> tuple[PastAlert, ...]:
    """
    The alerts that a history would have brought, in order of time.

    Each run is judged when it begins and each report when it is given, from the runs and the reports before it, by
    the rules, the cool-downs and the budget that judge them as they arrive; as of somebody who reads each mail,
    snoozes nothing and, unless `by` tells of them, had no earlier injuries. Runs that began at the same time, as all
    of a day do whose time is not told, count as one moment: of a family the most severe finding stays.

    Parameters
    ----------
    clinic : Clinic
        The clinical content that reports are held against.
    by : Replaying or None
        Goes before `novice`.
    """
    by = by or Replaying(novice=novice)
    alerts: list[PastAlert] = []
    mailed: list[Mailed] = []
    for now, found in groupby(_findings_with_reports(history, clinic, by), key=lambda f: f.at):
        moment: dict[str, Finding] = {}
        for finding in sorted(found, key=_first_told):
            moment.setdefault(finding.dedup_key, finding)
        followed = {key for f in moment.values() for key in f.follows}
        mailed = [m for m in mailed if now - m.at < _MAILS_REACH]
        for finding in moment.values():
            is_told = finding.is_red or (finding.dedup_key, finding.episode) not in followed
            pushed = is_told and alert_telling(finding, mailed, as_of=now, wishes=by.wishes).leaves
            if pushed:
                mailed.append(Mailed(finding.dedup_key, now, finding.severity, finding.symptom_level))
            alerts.append(PastAlert(finding, pushed))
    return tuple(alerts)


def _first_told(finding: Finding) -> tuple[int, str, int, int]:
    """As alerts that arrive are gone through; of one key the greatest load first, then the first run of the day."""
    return -finding.severity, finding.dedup_key, -finding.load_level, finding.run.id if finding.run else 0


def severe_days(alerts: Iterable[PastAlert]) -> frozenset[date]:
    """Days on which a report was of symptom level 3 or more: none goes without an alert."""
    return frozenset(a.day for a in alerts if a.finding.report_id is not None and a.finding.symptom_level >= ACT)


def _findings_with_reports(history: History, clinic: Clinic, by: Replaying) -> list[Finding]:
    """
    What the rules on loads and on symptoms said together, in order of time.

    A stretch at a time, with as much of what lies before as the rules look back on: otherwise each of ten years of
    reports would be held against all others.
    """
    moments = [*(r.start for r in history.runs), *(r.at for r in history.reports)]
    if not moments:
        return []
    told = in_order(history.reports)
    first = max(min(moments), by.since) if by.since else min(moments)
    runs = run_loads(history.runs, since=first - _RUNS_REACH, five_k_m_s=history.five_k_m_s) if told else []

    def loads(thresholds: OwnThresholds) -> list[Finding]:
        return _findings(history, first - LOADS_REACH, by, thresholds)

    def health(loads: Sequence[Finding]) -> list[Finding]:
        return _with_reports(loads, told, runs, first, max(moments), clinic, by)

    # Severity 0 is praise; and that a problem was to close was not known yet.
    return [replace(f, closed=None) for f in judge_all(by.thresholds, loads, health) if f.severity]


def _with_reports(
    loads: Sequence[Finding],
    told: Sequence[SymptomReport],
    runs: Sequence[RunLoad],
    first: datetime,
    last: datetime,
    clinic: Clinic,
    by: Replaying,
) -> list[Finding]:
    if not told:
        return judge_health((), loads, (), since=first, clinic=clinic, zone=by.zone)
    ats, starts = [f.at for f in loads], [x.run.start for x in runs]
    findings: list[Finding] = []
    while first <= last:
        until = first + _STRETCH
        # Reports of pain make up problems, however long ago they opened; painless ones do not.
        known = [r for r in told if r.at < until and (r.hurts or r.says_gone or r.at >= first - _SCREENED)]
        found = judge_health(
            known,
            loads[bisect_left(ats, first - LOADS_REACH) : bisect_left(ats, until)],
            runs[bisect_left(starts, first - _RUNS_REACH) : bisect_left(starts, until)],
            since=first,
            clinic=clinic,
            runner=by.runner,
            weeks=by.weeks,
            zone=by.zone,
        )
        findings += [f for f in found if f.at < until]
        first = until
    return findings


def _findings(history: History, since: datetime, by: Replaying, thresholds: OwnThresholds) -> list[Finding]:
    """
    What the rules on loads said of each run from `since` on when it began, in order of time.

    The rules look at nothing that began later, with one exception: of two recordings of one run the longer stays,
    even if it began second. Where recordings overlap each run is therefore judged without those that came after.
    """
    runs = sorted(history.runs, key=lambda r: (r.start, r.id))
    timed = [r for r in runs if not r.start_hidden]
    if not any(b.start < a.end for a, b in pairwise(timed)):
        return judge(runs, since=since, novice=by.novice, five_k_m_s=history.five_k_m_s, thresholds=thresholds)
    starts = [r.start for r in runs]
    counted_starts = [r.start for r in counted(runs)]
    findings = []
    for start, _ in groupby(starts[bisect_left(starts, since) :]):
        n_before = bisect_left(counted_starts, start)
        back = look_back_from(counted_starts[n_before - 1] if n_before else None, start)
        n_earlier = bisect_left(counted_starts, back)
        findings += judge(
            runs[bisect_left(starts, back) : bisect_right(starts, start)],
            since=start,
            earlier=EarlierHistory(counted_starts[0], n_earlier) if n_earlier else NO_EARLIER_HISTORY,
            novice=by.novice,
            five_k_m_s=history.five_k_m_s,
            thresholds=thresholds,
        )
    return findings


# other rules, for comparison

COMPARED: Final[dict[str, Callable[[Context], bool]]] = {
    "week +30 %": lambda c: _above(c.week_over_week, COMPARED_WEEK),
    "ACWR 1.5 coupled": lambda c: _above(c.acwr_coupled, COMPARED_ACWR),
    "ACWR 1.5 uncoupled": lambda c: _above(c.acwr_uncoupled, COMPARED_ACWR),
    "ACWR 1.5 EWMA": lambda c: _above(c.acwr_ewma, COMPARED_ACWR),
}
"""Rules on which loadwatch does not alert, by name."""


def _above(value: float | None, bound: float) -> bool:
    return value is not None and round(value, 9) > bound


def daily_distances(history: History) -> list[float]:
    """Distance of each day from that of the first run to the end of the record, shape (n_days,). [m]"""
    known = counted(history.runs)
    if not known:
        return []
    first = min(r.local_date for r in known)
    daily = [0.0] * ((history.last_day - first).days + 1)
    for run in known:
        daily[(run.local_date - first).days] += run.distance_m or 0.0
    return daily


def compared_days(history: History) -> dict[str, tuple[date, ...]]:
    """On which days with a run each rule of `COMPARED` would speak, from the time on when ours may speak."""
    days: dict[str, list[date]] = {name: [] for name in COMPARED}
    contexts = context_by_day(daily_distances(history))
    open_days = judged_days(history)
    first = min((r.local_date for r in counted(history.runs)), default=history.first_day)
    for n, context in enumerate(contexts):
        day = first + n * _DAY
        for name, speaks in COMPARED.items():
            if day in open_days and speaks(context):
                days[name].append(day)
    return {name: tuple(found) for name, found in days.items()}


def judged_days(history: History) -> frozenset[date]:
    """Days with a run on which a rule on load may speak: those of the first two weeks, or first runs, are not."""
    known = counted(history.runs)
    return frozenset(r.local_date for n, r in enumerate(known) if not is_learning(r.start - known[0].start, n))


def as_pushes(days: Sequence[date]) -> tuple[date, ...]:
    """Of the days on which a rule would speak those on which it would push, with cool-down and budget as ours."""
    pushes: list[date] = []
    for day in sorted(days):
        of_a_month = sum((day - earlier).days < 30 for earlier in pushes)
        if (not pushes or day - pushes[-1] >= COOL_DOWN) and of_a_month < BUDGET_MONTH:
            pushes.append(day)
    return tuple(pushes)


# how often, and what could not be judged


@dataclass(frozen=True, slots=True)
class RuleCount:
    """
    How often a rule spoke.

    Attributes
    ----------
    n_alerts : int
    levels : tuple of int, shape (3,)
        Alerts of load level 1, 2, 3; of a rule on symptoms those beside such a load.
    severities : tuple of int, shape (4,)
        Alerts of severity 1, 2, 3, 4.
    n_pushes : int
        Of them, those that would have left at once.
    """

    rule: str
    n_alerts: int
    levels: tuple[int, ...]
    severities: tuple[int, ...]
    n_pushes: int


ALL_RULES: Final = "all"
LOAD_ONLY: Final = "load_only"
"""Alerts of loads while nothing hurts."""

LOAD_RULES: Final = ("R-M1", "R-M3", "R-RTN", "R-H1", "R-H2", "R-T1", "R-T2", "R-T3")
HEALTH_RULES: Final = tuple(rule for rule in EVIDENCE if rule not in (*LOAD_RULES, "R-OK"))
"""Rules on reports, and on runs while something hurts. R-OK is praise and no alert."""


def by_rule(alerts: Sequence[PastAlert]) -> dict[str, list[PastAlert]]:
    """The alerts of each rule, silent ones too; last those of load alone, and all of them."""
    found: dict[str, list[PastAlert]] = {rule: [] for rule in (*LOAD_RULES, *HEALTH_RULES)}
    for alert in alerts:
        found[alert.finding.rule].append(alert)
    return found | {LOAD_ONLY: [a for a in alerts if a.finding.is_load_only], ALL_RULES: list(alerts)}


def rule_counts(alerts: Sequence[PastAlert]) -> tuple[RuleCount, ...]:
    """One for each entry of `by_rule`."""
    return tuple(
        RuleCount(
            rule,
            len(of),
            tuple(sum(a.finding.load_level == level for a in of) for level in (1, 2, 3)),
            tuple(sum(a.finding.severity == severity for a in of) for severity in (1, 2, 3, 4)),
            sum(a.pushed for a in of),
        )
        for rule, of in by_rule(alerts).items()
    )


def silent_because(past: Iterable[History]) -> tuple[str, ...]:
    """Which rules could not speak, and what the histories would have to tell."""
    runs = [run for history in past for run in history.runs]
    reasons = []
    if all(downhill_load_m(r) is None for r in runs):
        reasons.append(say("R-H1 is silent: the history tells no descent"))
    if all(ascent_of(r) is None for r in runs):
        reasons.append(say("R-H2 is silent: the history tells no ascent"))
    if all(r.features is None or r.features.speed_profile_m is None for r in runs):
        reasons.append(say("R-T1, R-T2 and R-T3 are silent: the history tells no fast metres"))
    reports = [report for history in past for report in history.reports]
    if not reports:
        reasons.append(say("all rules on symptoms are silent: the history tells no pain"))
    elif not any(report.codes for report in reports):
        reasons.append(
            say(
                "C-PHT, C-IT, C-N and most red flags are silent, and soreness is not told from pain: the history"
                " tells how much it hurt, where and on which side, and no more"
            )
        )
    return tuple(reasons)
