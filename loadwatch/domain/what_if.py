"""What the rules would say of runs that are only planned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from loadwatch.domain.activity import Run, counted
from loadwatch.domain.adjusted import STANDARD_ALWAYS, OwnThresholds
from loadwatch.domain.judging import judge_all
from loadwatch.domain.loads import fast_speeds, run_loads
from loadwatch.domain.rules import NO_EARLIER_HISTORY, EarlierHistory, Finding, judge
from loadwatch.domain.symptom_rules import LOADS_REACH, REPORTS_REACH, RUNS_REACH, Clinic, Runner, judge_health
from loadwatch.domain.symptoms import SymptomReport, WeeklyAnswers
from loadwatch.domain.told import told_features


@dataclass(frozen=True, slots=True)
class Health:
    """
    What a runner has reported, and the clinical content that it is held against.

    Attributes
    ----------
    reports : sequence of SymptomReport
        All check-ins; those from the planned start on are not looked at.
    weeks : sequence of WeeklyAnswers
        The questionnaires of the six weeks before.
    """

    reports: Sequence[SymptomReport]
    clinic: Clinic
    runner: Runner
    weeks: Sequence[WeeklyAnswers] = ()
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """
    A run that somebody thinks of doing.

    Attributes
    ----------
    start : datetime
        When, UTC.
    distance_m : float
        [m]
    descent_m, ascent_m, fast_m : float or None
        [m] None where the runner cannot tell: the rules on it stay silent, as they do on a recorded run.
    local_date : date or None
        The runner's day; None: that of UTC.
    """

    start: datetime
    distance_m: float
    descent_m: float | None = None
    ascent_m: float | None = None
    fast_m: float | None = None
    local_date: date | None = None


def planned_runs(
    runs: Sequence[Run], planned: Sequence[PlannedRun], *, five_k_m_s: float | None = None
) -> tuple[Run, ...]:
    """
    Planned runs as the rules take them, in the order given, with ids that no other run has.

    Fast metres need to know what is fast for the runner; where that is not known yet they stay unknown.

    Parameters
    ----------
    runs : sequence of Run
        What was run before the first of them, in any order.

    Raises
    ------
    ValueError
        If a quantity is negative or NaN, or more is to be fast than is to be run.
    """
    before = counted(runs)
    first_id = min((r.id for r in runs), default=0)
    return tuple(_as_run(p, before, min(first_id, 0) - n, five_k_m_s) for n, p in enumerate(planned, start=1))


def _as_run(planned: PlannedRun, before: Sequence[Run], run_id: int, five_k_m_s: float | None) -> Run:
    if planned.ascent_m is not None and not planned.ascent_m >= 0:
        raise ValueError(f"metres must be >= 0: {planned.ascent_m}")
    return Run(
        id=run_id,
        start=planned.start,
        local_date=planned.local_date or planned.start.date(),
        sport="Run",
        distance_m=planned.distance_m,
        ascent_m=planned.ascent_m,
        features=told_features(
            planned.distance_m,
            descent_m=planned.descent_m,
            fast_m=planned.fast_m,
            speeds=fast_speeds(before, planned.start, five_k_m_s=five_k_m_s),
        ),
    )


def plan_ahead(
    runs: Sequence[Run],
    planned: Sequence[PlannedRun],
    *,
    earlier: EarlierHistory = NO_EARLIER_HISTORY,
    novice: bool = False,
    five_k_m_s: float | None = None,
    thresholds: OwnThresholds = STANDARD_ALWAYS,
    health: Health | None = None,
) -> tuple[tuple[Finding, ...], ...]:
    """
    Which rules would speak on each of several planned runs, as if those before it had been run as planned.

    Parameters
    ----------
    runs : sequence of Run
        Activities in any order, back to `rules.look_back_from` as of `symptom_rules.LOADS_REACH` before the first
        planned start; those from that start on are not looked at.
    planned : sequence of PlannedRun
        In any order, no two with one start.
    earlier, novice, five_k_m_s, thresholds
        As for `rules.judge`.
    health : Health or None
        Without it loads alone are judged. Nothing is supposed of how it will feel until then.

    Returns
    -------
    tuple of tuple of Finding
        For each planned run, in the order given, what the rules say of it, the most severe first.

    Raises
    ------
    ValueError
        If a quantity is negative or NaN, or more is to be fast than is to be run.
    """
    if not planned:
        return ()
    start = min(p.start for p in planned)
    before = [r for r in runs if r.start < start]
    ahead = planned_runs(before, planned, five_k_m_s=five_k_m_s)
    known = counted([*before, *ahead])
    since = start - LOADS_REACH if health else start

    def loads(own: OwnThresholds) -> list[Finding]:
        return judge(known, since=since, earlier=earlier, novice=novice, five_k_m_s=five_k_m_s, thresholds=own)

    def with_health(loads: Sequence[Finding]) -> list[Finding]:
        if health is None:
            return list(loads)
        return judge_health(
            [r for r in health.reports if r.at < start],
            loads,
            run_loads(known, since=start - REPORTS_REACH - RUNS_REACH, five_k_m_s=five_k_m_s),
            since=start,
            clinic=health.clinic,
            runner=health.runner,
            weeks=health.weeks,
            zone=health.zone,
        )

    found = judge_all(thresholds, loads, with_health)
    return tuple(tuple(f for f in found if f.run is not None and f.run.id == run.id) for run in ahead)


def what_if(
    runs: Sequence[Run],
    planned: PlannedRun,
    *,
    earlier: EarlierHistory = NO_EARLIER_HISTORY,
    novice: bool = False,
    five_k_m_s: float | None = None,
    thresholds: OwnThresholds = STANDARD_ALWAYS,
    health: Health | None = None,
) -> tuple[Finding, ...]:
    """Which rules would speak on one planned run, the most severe first; see `plan_ahead`."""
    (found,) = plan_ahead(
        runs,
        [planned],
        earlier=earlier,
        novice=novice,
        five_k_m_s=five_k_m_s,
        thresholds=thresholds,
        health=health,
    )
    return found
