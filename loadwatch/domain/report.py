"""The records that a page and a mail both show, so that they cannot disagree."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, Literal, TypedDict

from loadwatch.domain.activity import Run, counted, longest_m
from loadwatch.domain.adjusted import STANDARD_ALWAYS, OwnThresholds
from loadwatch.domain.alerts import MAIL_FROM_SEVERITY, OPEN_STATES, READ_STATES, Alert, AlertState
from loadwatch.domain.ceilings import Ceiling, LoadCeiling
from loadwatch.domain.completeness import Gap, missing_text, quiet_verdict
from loadwatch.domain.daily import IsoWeek, day_totals, week_distance_m
from loadwatch.domain.findings import ACT
from loadwatch.domain.loads import RunLoad, is_indoor, mostly_known
from loadwatch.domain.no_runs import NoRuns
from loadwatch.domain.pain_week import PainWeek, pain_weeks
from loadwatch.domain.rehab_week import RehabWeek
from loadwatch.domain.spikes import longest_before
from loadwatch.domain.symptom_rules import problem_id_of, site_of
from loadwatch.domain.symptoms import Problem, SymptomReport, is_quieted, problems, symptom_level
from loadwatch.domain.text import Text, Units, capital, distance_text, in_units, say
from loadwatch.domain.thresholds import (
    ASK_FOR,
    FAST_WEEK_SMALL_JUMP_M,
    HILL_SMALL_JUMP_M,
    SPIKE_MIN_JUMP_M,
    SPIKE_WINDOW,
)
from loadwatch.domain.wording import ceiling_text, site_text

COMPARED_WEEKS = 4

MOVED_SHARE: Final = 0.25
MOVED_M: Final = {"mileage": SPIKE_MIN_JUMP_M, "hills": HILL_SMALL_JUMP_M, "fast": FAST_WEEK_SMALL_JUMP_M}
MOST_CHANGES: Final = 2
"""
A load moved in a week that is outside of all the weeks compared, and this share of their mean and so many metres away
from it; so many are told of. [unitless; m; 1] Design choice: chooses words, sets off nothing.
"""

STILL_OPEN: Final[Mapping[int, tuple[Callable[[Text], Text], str]]] = {
    2: (
        lambda place: say("{place} is still open: run short and easy, and only while it stays quiet.", place=place),
        "caution",
    ),
    3: (
        lambda place: say(
            "{place} is still open, and was bad when you last told: no running before it has settled.", place=place
        ),
        "act",
    ),
}
"""By the symptom level of the latest check-in, for a problem whose alert is spent."""


@dataclass(frozen=True, slots=True)
class LoadLine:
    """
    One of the three loads of a week, beside what is usual and what the next run may bring.

    Attributes
    ----------
    kind : {"mileage", "hills", "fast"}
    value : float or None
        The week's distance, downhill load, or fast metres, summed over the runs that tell: a lower bound where
        not all do. [m] None if too few do and those had nothing of it.
    usual : float or None
        Mean of those of the four weeks before of which it is known. [m]
    usual_least, usual_most : float or None
        The least and the most of those weeks. [m]
    ceiling : float or None
        Of the next run. [m]
    known_runs, n_runs : int
        Runs of the week that tell, and those that could.
    ascent_m : float or None
        Beside the downhill load: the week's ascent. [m]
    sprint_m, track_m, track_laps : float or None
        Beside the fast metres: those sprinted, those on a track, and its laps. [m; m; unitless]
    """

    kind: Literal["mileage", "hills", "fast"]
    value: float | None
    usual: float | None
    ceiling: float | None
    known_runs: int
    n_runs: int
    ascent_m: float | None = None
    sprint_m: float | None = None
    track_m: float | None = None
    track_laps: float | None = None
    unit: str = "m"
    usual_least: float | None = None
    usual_most: float | None = None


@dataclass(frozen=True, slots=True)
class LoadChange:
    """
    A load that was more than in any of the weeks before, or less.

    Attributes
    ----------
    value : float
        Of the week. [m]
    before : float
        The most of the weeks before it; the least where the week had less. [m]
    share : float
        How far it is from their mean, in means. [unitless]
    """

    kind: Literal["mileage", "hills", "fast"]
    value: float
    before: float
    share: float

    @property
    def is_more(self) -> bool:
        return self.value > self.before


def _change(line: LoadLine) -> LoadChange | None:
    if line.value is None or line.usual is None or line.usual_least is None or line.usual_most is None:
        return None
    apart = abs(line.value - line.usual)
    if apart < max(MOVED_SHARE * line.usual, MOVED_M[line.kind]):
        return None
    share = apart / line.usual if line.usual else float("inf")
    if line.value > line.usual_most:
        return LoadChange(line.kind, line.value, line.usual_most, share)
    # Of a sum that leaves runs out nobody knows that it is less.
    if line.value < line.usual_least and line.known_runs == line.n_runs:
        return LoadChange(line.kind, line.value, line.usual_least, share)
    return None


@dataclass(frozen=True, slots=True)
class OpenProblem:
    """A problem that nobody has said to be gone, with its symptom level by the latest check-in, 0 to 3."""

    problem: Problem
    level: int

    @property
    def id(self) -> int:
        return problem_id_of(self.problem)


def open_problems(
    reports: Sequence[SymptomReport], all_problems: Sequence[Problem] | None = None
) -> tuple[OpenProblem, ...]:
    """
    The open problems of all reports of an athlete, the worst first, of equal ones the latest.

    Red flags are not screened for here: their alerts stand until they are read.

    Parameters
    ----------
    all_problems : sequence of Problem or None
        `problems` of the reports, where they are at hand.
    """
    found = []
    for problem in problems(reports) if all_problems is None else all_problems:
        if problem.is_open:
            is_quiet = any(is_quieted(problem, problem.latest, r) for r in reports)
            found.append(OpenProblem(problem, 0 if is_quiet else symptom_level(problem.latest, reports)))
    return tuple(sorted(found, key=lambda p: (-p.level, -p.problem.latest.at.timestamp())))


def standing_alerts(
    alerts: Iterable[Alert], reports: Iterable[SymptomReport], seen: Mapping[int, datetime]
) -> list[Alert]:
    """
    The alerts without the red flags that the runner has dealt with.

    A red flag never ends by itself. It no longer stands once it has been read, and the runner has said of its
    problem, after it, that a professional has seen it or that it is gone.
    """
    alerts = list(alerts)
    if not any(a.is_red for a in alerts):
        return alerts
    closed = {problem_id_of(p): p.closed for p in problems(reports)}

    def is_dealt_with(alert: Alert) -> bool:
        if not alert.is_red or alert.state not in READ_STATES or alert.problem_id is None:
            return False
        words = (closed.get(alert.problem_id), seen.get(alert.problem_id))
        return any(said is not None and said >= alert.at for said in words)

    return [a for a in alerts if not is_dealt_with(a)]


def symptoms_decide(alerts: Iterable[Alert], still_open: Sequence[OpenProblem]) -> bool:
    """Whether something hurts, or an alert on it is open, so that no ceiling may be named."""
    if still_open and still_open[0].level in STILL_OPEN:
        return True
    return any(
        a.state in OPEN_STATES and a.severity >= MAIL_FROM_SEVERITY and (not a.is_of_run or a.symptom_level > 1)
        for a in alerts
    )


@dataclass(frozen=True, slots=True)
class WeeklyReport:
    """
    One week of one athlete.

    Attributes
    ----------
    week : IsoWeek
    runs : tuple of Run
        Those that count, in order.
    other_sports : int
        Activities of the week that are kept but do not count.
    distance_m, moving_s : float
        Sums over the runs. [m; s]
    previous : tuple of (IsoWeek, float)
        The four weeks before, oldest first, with their distance [m]; weeks before the first run are left out.
    usual_m : float or None
        Their mean; None if there is none. [m]
    alerts : tuple of Alert
        Those of the week's runs and check-ins that still stand, the most severe first.
    ceiling : Ceiling
        For the first run of the week to come.
    loads : tuple of LoadLine
        Mileage, hills and fast running, in this order.
    hill_ceiling, fast_ceiling : LoadCeiling or None
        Of the other two loads, as `ceiling`; None where nobody asked for them.
    gap : Gap or None
        What of the week, or before it, is not here yet.
    standing : tuple of Alert
        Those that still count when it is told, of whatever week, the most severe and newest first.
    pain : tuple of PainWeek
        Of each problem that is open, the worst first, then of those that went in the week.
    rehab : tuple of RehabWeek
        Of the open problems with a programme, in the same order.
    no_runs : NoRuns or None
        What may be behind a week without a run; None where there was one, or nobody asked.
    first_day : date or None
        Local day of the athlete's first run ever.
    is_latest : bool
        Whether it is told as of now; an older week is told as of its end, and nothing is to be done about it.
    """

    week: IsoWeek
    runs: tuple[Run, ...]
    other_sports: int
    distance_m: float
    moving_s: float
    longest_m: float
    previous: tuple[tuple[IsoWeek, float], ...]
    usual_m: float | None
    alerts: tuple[Alert, ...]
    ceiling: Ceiling
    loads: tuple[LoadLine, ...] = ()
    hill_ceiling: LoadCeiling | None = None
    fast_ceiling: LoadCeiling | None = None
    problems: tuple[OpenProblem, ...] = ()
    gap: Gap | None = None
    standing: tuple[Alert, ...] = ()
    pain: tuple[PainWeek, ...] = ()
    rehab: tuple[RehabWeek, ...] = ()
    no_runs: NoRuns | None = None
    first_day: date | None = None
    is_latest: bool = True

    @property
    def symptoms_decide(self) -> bool:
        """Whether something hurts so that no ceiling may be named."""
        return symptoms_decide(self.standing, self.problems)

    @property
    def is_first(self) -> bool:
        """Whether nothing was known of the runner before this week."""
        return self.first_day is None or self.first_day >= self.week.monday

    @property
    def changes(self) -> tuple[LoadChange, ...]:
        """The loads that moved most against the weeks before, two at most, the most first."""
        if not self.runs or len(self.previous) < 2:
            return ()
        found = [change for line in self.loads if (change := _change(line)) is not None]
        return tuple(sorted(found, key=lambda c: c.share, reverse=True)[:MOST_CHANGES])

    @property
    def change(self) -> float | None:
        """This week over the usual, minus one; None without a usual. [unitless]"""
        return self.distance_m / self.usual_m - 1 if self.usual_m else None


def weekly_report(
    week: IsoWeek,
    activities: Sequence[Run],
    alerts: Sequence[Alert],
    ceiling: Ceiling,
    first_day: date | None,
    *,
    run_loads: Sequence[RunLoad] = (),
    hill_ceiling: LoadCeiling | None = None,
    fast_ceiling: LoadCeiling | None = None,
    reports: Sequence[SymptomReport] = (),
    timezone: tzinfo = UTC,
    gap: Gap | None = None,
    as_of: datetime | None = None,
    seen: Mapping[int, datetime] | None = None,
    rehab: Sequence[RehabWeek] = (),
    no_runs: NoRuns | None = None,
    is_latest: bool = True,
) -> WeeklyReport:
    """
    Put one week together.

    Parameters
    ----------
    activities : sequence of Run
        At least those of the week and of the four weeks before it, in any order.
    alerts : sequence of Alert
        At least those of the week's runs, and whatever is open.
    ceiling : Ceiling
        As of the end of the week.
    first_day : date or None
        Local day of the athlete's first run ever: weeks before it are unknown, not empty.
    run_loads : sequence of RunLoad
        `loads.run_loads` of at least the runs of the week and of the four weeks before it. A run that is not
        among them is one of which hills and fast running are not known.
    hill_ceiling, fast_ceiling : LoadCeiling or None
        As of the end of the week.
    reports : sequence of SymptomReport
        All check-ins of the athlete up to `as_of`.
    timezone : tzinfo
        Of the runner: decides to which week a check-in belongs.
    gap : Gap or None
        What is not here yet.
    as_of : datetime or None
        As of when it is told, UTC: later alerts do not stand yet. None: whatever is open stands.
    seen : mapping of int to datetime
        When the runner last noted that a professional has seen a problem, by its id, UTC.
    """
    in_week = [a for a in activities if week.monday <= a.local_date <= week.sunday]
    runs = [r for r in counted(activities) if week.monday <= r.local_date <= week.sunday]
    totals = day_totals(activities).values()
    earlier = [week.shifted(-n) for n in range(COMPARED_WEEKS, 0, -1)]
    previous = tuple((w, week_distance_m(totals, w)) for w in earlier if first_day and w.sunday >= first_day)
    ids = {r.id for r in in_week}
    of_week = [a for a in alerts if _stands(a) and _is_of_week(a, week, ids, timezone)]
    usual_m = sum(d for _, d in previous) / len(previous) if previous else None
    compared = [w for w, _ in previous]
    load_of = {load.run.id: load for load in run_loads}
    loads = [load_of.get(r.id) or RunLoad(r, None, None, None, None, None) for r in counted(activities)]
    distance_m = sum(r.distance_m or 0.0 for r in runs)
    found = problems(reports)
    problems_now = open_problems(reports, found)
    gone = [p for p in found if not p.is_open]
    stand = (a for a in standing_alerts(alerts, reports, seen or {}) if _stood(a, as_of))
    return WeeklyReport(
        week=week,
        runs=tuple(runs),
        other_sports=len(in_week) - len(runs),
        distance_m=distance_m,
        moving_s=sum(r.moving_s or 0.0 for r in runs),
        longest_m=longest_m(runs),
        previous=previous,
        usual_m=usual_m,
        alerts=tuple(sorted(of_week, key=lambda a: (-a.severity, a.at, a.id))),
        ceiling=ceiling,
        loads=(
            _mileage_line(distance_m, [d for _, d in previous], ceiling, len(runs)),
            _hill_line(week, compared, loads, hill_ceiling),
            _fast_line(week, compared, loads, fast_ceiling),
        ),
        hill_ceiling=hill_ceiling,
        fast_ceiling=fast_ceiling,
        problems=problems_now,
        gap=gap,
        standing=tuple(sorted(stand, key=lambda a: (-a.severity, -a.at.timestamp(), a.id))),
        pain=pain_weeks([*(p.problem for p in problems_now), *gone], reports, week),
        rehab=tuple(rehab),
        no_runs=no_runs if not runs else None,
        first_day=first_day,
        is_latest=is_latest,
    )


def _stands(alert: Alert) -> bool:
    """Whether an alert was neither taken back nor followed by another in its place."""
    return alert.state != "retracted" and alert.settled != "later"


def _stood(alert: Alert, as_of: datetime | None) -> bool:
    """Whether an alert counted at a moment; one that was spent since then did."""
    if as_of is None:
        return alert.state in OPEN_STATES
    if alert.at >= as_of:
        return False
    return alert.state in OPEN_STATES or (alert.state is AlertState.EXPIRED and as_of < alert.at + alert.life)


def _is_of_week(alert: Alert, week: IsoWeek, run_ids: Collection[int], timezone: tzinfo) -> bool:
    if alert.is_of_run:
        return alert.run_id in run_ids
    return week.monday <= alert.at.astimezone(timezone).date() <= week.sunday


def report_reach(monday: datetime) -> datetime:
    """From when on `weekly_report` wants activities, given the start of its week; `loads_reach` of it for loads."""
    return monday - timedelta(weeks=COMPARED_WEEKS, days=1)  # a run's local day may be that of another zone


def _mileage_line(distance_m: float, before_m: Sequence[float], ceiling: Ceiling, n_runs: int) -> LoadLine:
    return LoadLine(
        kind="mileage",
        value=distance_m,
        usual=sum(before_m) / len(before_m) if before_m else None,
        ceiling=ceiling.distance_m,
        known_runs=n_runs,
        n_runs=n_runs,
        usual_least=min(before_m, default=None),
        usual_most=max(before_m, default=None),
    )


def _hill_line(
    week: IsoWeek, compared: Sequence[IsoWeek], loads: Sequence[RunLoad], ceiling: LoadCeiling | None
) -> LoadLine:
    outdoors = [load for load in loads if not is_indoor(load.run)]
    value, known_runs, n_runs = _week_sum(week, outdoors, _hill_m)
    return LoadLine(
        kind="hills",
        value=value,
        **_usual(compared, outdoors, _hill_m),
        ceiling=ceiling.value_m if ceiling else None,
        known_runs=known_runs,
        n_runs=n_runs,
        ascent_m=_week_sum(week, outdoors, lambda load: load.ascent_m)[0],
    )


def _fast_line(
    week: IsoWeek, compared: Sequence[IsoWeek], loads: Sequence[RunLoad], ceiling: LoadCeiling | None
) -> LoadLine:
    outdoors = [load for load in loads if not is_indoor(load.run)]
    could = [load for load in loads if not is_indoor(load.run) or load.fast_m is not None]
    value, known_runs, n_runs = _week_sum(week, could, _fast_m)
    return LoadLine(
        kind="fast",
        value=value,
        **_usual(compared, could, _fast_m),
        ceiling=ceiling.value_m if ceiling else None,
        known_runs=known_runs,
        n_runs=n_runs,
        sprint_m=_week_sum(week, could, lambda load: load.sprint_m)[0],
        track_m=_week_sum(week, outdoors, lambda load: load.track_m)[0],
        track_laps=_week_sum(week, outdoors, _track_laps)[0],
    )


def _hill_m(load: RunLoad) -> float | None:
    return load.hill_m


def _fast_m(load: RunLoad) -> float | None:
    return load.fast_m


def _track_laps(load: RunLoad) -> float | None:
    track = load.run.features.track if load.run.features else None
    return None if load.track_m is None or track is None else track.laps if track.is_oval else 0.0


def _week_sum(
    week: IsoWeek, loads: Sequence[RunLoad], quantity: Callable[[RunLoad], float | None]
) -> tuple[float | None, int, int]:
    """`known_sum` of the runs of a week."""
    return known_sum(quantity(load) for load in loads if week.monday <= load.run.local_date <= week.sunday)


def known_sum(quantities: Iterable[float | None]) -> tuple[float | None, int, int]:
    """Sum over the runs that tell, None if too few do and had nothing of it; how many do; how many there are."""
    values = list(quantities)
    known = [v for v in values if v is not None]
    total = sum(known) if mostly_known(len(known), len(values)) or sum(known) > 0 else None
    return total, len(known), len(values)


class _Usual(TypedDict):
    usual: float | None
    usual_least: float | None
    usual_most: float | None


def _usual(
    compared: Sequence[IsoWeek], loads: Sequence[RunLoad], quantity: Callable[[RunLoad], float | None]
) -> _Usual:
    weeks = [_week_sum(w, loads, quantity) for w in compared]
    sums = [total for total, known, n in weeks if total is not None and mostly_known(known, n)]
    return {
        "usual": sum(sums) / len(sums) if sums else None,
        "usual_least": min(sums, default=None),
        "usual_most": max(sums, default=None),
    }


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """
    One run in the chart of distances.

    Attributes
    ----------
    ceiling_m : float or None
        1.10 times, or by the runner's own threshold, the longest of the 30 days before this run; None where there
        was none. [m]
    """

    run: Run
    distance_m: float
    ceiling_m: float | None
    alert_id: int | None


def distance_chart(
    runs: Sequence[Run],
    alerts: Sequence[Alert],
    *,
    since: datetime,
    thresholds: OwnThresholds = STANDARD_ALWAYS,
) -> tuple[ChartPoint, ...]:
    """
    Distance per run with the ceiling that held for it.

    Parameters
    ----------
    runs : sequence of Run
        Activities that reach back to 30 days before `since`.
    """
    alert_of = {a.run_id: a.id for a in alerts if a.run_id is not None and a.state != "retracted"}
    return distance_points(counted(runs), alert_of, since=since, thresholds=thresholds)


def distance_points(
    known: Sequence[Run],
    alert_of: Mapping[int, int],
    *,
    since: datetime,
    thresholds: OwnThresholds = STANDARD_ALWAYS,
) -> tuple[ChartPoint, ...]:
    """The same of counted runs, with the alert of each run by its id."""
    points = []
    for run, longest in zip(known, longest_before(known), strict=True):
        if run.start >= since:
            ceiling_m = thresholds.at(run.start).spike_small * longest if longest else None
            points.append(ChartPoint(run, run.distance_m or 0.0, ceiling_m, alert_of.get(run.id)))
    return tuple(points)


def check_in_due(
    alerts: Iterable[Alert], reports: Iterable[SymptomReport], *, as_of: datetime, timezone: tzinfo
) -> Alert | None:
    """
    The latest alert after which it is time to ask how the thighs feel.

    Asked from `Alert.ask_at` on for three days, until a check-in of that local day or later is there.
    """
    last = max((r.local_date for r in reports), default=None)
    due = [
        a
        for a in alerts
        if a.ask_at is not None
        and a.state is not AlertState.RETRACTED
        and timedelta() <= as_of - a.ask_at < ASK_FOR
        and (last is None or last < a.ask_at.astimezone(timezone).date())
    ]
    return max(due, key=lambda a: (a.at, a.severity, a.id), default=None)


@dataclass(frozen=True, slots=True)
class Today:
    """
    What the first page shows.

    Attributes
    ----------
    verdict : str
        The whole page in one sentence.
    level : {"quiet", "caution", "act", "red", "learning", "incomplete", "empty"}
        The verdict's weight; "incomplete": quiet so far, and not all is here.
    alerts : tuple of Alert
        Open ones, the most severe and newest first.
    problems : tuple of OpenProblem
        The worst first.
    ask : Alert or None
        What a check-in is asked for after; None where none is due.
    last_runs : tuple of Run
        Newest first, other sports included.
    because : Alert, OpenProblem or None
        What the verdict stands on; None: on the loads alone, as the sentence of the ceiling says.
    """

    verdict: str
    level: str
    ceiling: Ceiling
    ceiling_sentence: str
    alerts: tuple[Alert, ...]
    last_runs: tuple[Run, ...]
    chart: tuple[ChartPoint, ...]
    week: WeeklyReport
    problems: tuple[OpenProblem, ...] = ()
    ask: Alert | None = None
    because: Alert | OpenProblem | None = None

    @property
    def symptoms_decide(self) -> bool:
        """Whether something hurts so that no ceiling may be named."""
        return symptoms_decide(self.alerts, self.problems)


def today(
    activities: Sequence[Run],
    alerts: Sequence[Alert],
    ceiling: Ceiling,
    week: WeeklyReport,
    *,
    as_of: datetime,
    reports: Sequence[SymptomReport] = (),
    seen: Mapping[int, datetime] | None = None,
    timezone: tzinfo = UTC,
    units: Units = "metric",
    n_last: int = 10,
    chart_days: int = 120,
    thresholds: OwnThresholds = STANDARD_ALWAYS,
) -> Today:
    """
    Put the first page together.

    Parameters
    ----------
    activities : sequence of Run
        Those of `chart_days` and 30 days more before `as_of`.
    alerts : sequence of Alert
        Those of the same time.
    reports : sequence of SymptomReport
        All check-ins of the athlete.
    seen : mapping of int to datetime
        When the runner last noted that a professional has seen a problem, by its id, UTC.
    """
    open_alerts = sorted(
        (a for a in standing_alerts(alerts, reports, seen or {}) if a.state in OPEN_STATES),
        key=lambda a: (-a.severity, -a.at.timestamp()),
    )
    newest = sorted(activities, key=lambda r: r.start, reverse=True)
    any_ever = bool(activities) or ceiling.days_since_run is not None
    problems_now = open_problems(reports)
    verdict, level = _verdict(open_alerts, problems_now, ceiling, any_ever)
    if week.gap is not None and level == "empty":
        verdict = say("No runs here yet: {missing}.", missing=missing_text(week.gap))
    elif week.gap is not None and level == "quiet":
        # What has not arrived may be what matters: without it nobody can say that all is well.
        noted = any(a.rule in _NOTES for a in open_alerts)
        verdict, level = verdict if noted else quiet_verdict(week.gap, timezone), "incomplete"
    return Today(
        verdict=in_units(verdict, units),
        level=level,
        ceiling=ceiling,
        ceiling_sentence=ceiling_text(ceiling, units),
        alerts=tuple(open_alerts),
        last_runs=tuple(newest[:n_last]),
        chart=distance_chart(activities, alerts, since=as_of - timedelta(days=chart_days), thresholds=thresholds),
        week=week,
        problems=problems_now,
        ask=check_in_due(alerts, reports, as_of=as_of, timezone=timezone),
        because=_ground(open_alerts, problems_now) if level not in ("empty", "learning", "incomplete") else None,
    )


def chart_reach(as_of: datetime, chart_days: int = 120) -> datetime:
    """From when on `today` wants activities, UTC."""
    return as_of - timedelta(days=chart_days) - SPIKE_WINDOW


def _ground(alerts: Sequence[Alert], still_open: Sequence[OpenProblem]) -> Alert | OpenProblem | None:
    """What `_verdict` speaks of: what hurts goes before what was run."""
    urgent = [a for a in alerts if a.severity >= MAIL_FROM_SEVERITY]
    told = next((a for a in urgent if a.is_red or not a.is_of_run or a.rule == "P-PUSH"), None)
    if told is not None:
        return told
    if still_open and still_open[0].level in STILL_OPEN:
        return still_open[0]
    return next((a for a in alerts if a in urgent or a.rule in _NOTES), None)


def _verdict(
    alerts: Sequence[Alert], still_open: Sequence[OpenProblem], ceiling: Ceiling, any_activity: bool
) -> tuple[str, str]:
    urgent = [a for a in alerts if a.severity >= MAIL_FROM_SEVERITY]
    for alert in urgent:
        if alert.is_red:
            return alert.title + ".", "red"
        if not alert.is_of_run or alert.rule == "P-PUSH":
            return alert.title + ".", "act" if alert.severity >= ACT else "caution"
    if still_open and still_open[0].level in STILL_OPEN:
        words, weight = STILL_OPEN[still_open[0].level]
        return words(capital(site_text(site_of(still_open[0].problem)))), weight
    if not any_activity:
        return say("No runs here yet: connect Strava and the next run arrives by itself."), "empty"
    return load_advice(alerts, ceiling)


def load_advice(alerts: Sequence[Alert], ceiling: Ceiling) -> tuple[Text, str]:
    """What the loads alone ask for, and its weight; of open alerts, the most severe first."""
    urgent = [a for a in alerts if a.severity >= MAIL_FROM_SEVERITY]
    if urgent:
        return _limited(_URGENT.get(urgent[0].rule, _JUMPED), ceiling), "caution"
    if ceiling.basis == "learning":
        return say("Still learning what is usual for you: no judgement on load yet."), "learning"
    if ceiling.basis == "after_break":
        return _limited(say("Coming back from a break: start low"), ceiling), "caution"
    for alert in alerts:
        if alert.rule == "R-H1" and alert.load_level > 1:
            return _limited(_MUCH_DOWNHILL, ceiling), "caution"
        if alert.rule in _NOTES:
            return _limited(_NOTES[alert.rule], ceiling), "quiet"
    return _limited(say("Nothing unusual in your load: run as planned"), ceiling), "quiet"


def _limited(advice: Text, ceiling: Ceiling) -> Text:
    """Advice as a sentence, with how far the next run may go where that is known."""
    if ceiling.distance_m is None:
        return say("{advice}.", advice=advice)
    return say("{advice}, up to {far}.", advice=advice, far=distance_text(ceiling.distance_m))


_JUMPED: Final = say("Your load jumped: keep the next runs easy and short")
_MUCH_DOWNHILL: Final = say("Much more downhill than you are used to: easy and flat until the quads settle")
_MUCH_FAST: Final = say("Much more fast running than usual: only easy runs for three days")
_URGENT: Final = {
    "R-RTN": say("You came back with a long run: keep the next runs easy and short"),
    "R-T1": _MUCH_FAST,
    "R-T2": _MUCH_FAST,
    "R-T3": say("Your first fast running in weeks: only easy runs for three days"),
}
_MORE_FAST: Final = say("More fast running than usual: make the next run an easy one")
_NOTES: Final = {
    "R-H1": say("More downhill than usual: make the next run an easy, flat one"),
    "R-T1": _MORE_FAST,
    "R-T2": _MORE_FAST,
}
