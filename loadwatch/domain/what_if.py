"""What the rules would say of a run that is only planned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from loadwatch.domain.activity import Run, counted
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


def what_if(
    runs: Sequence[Run],
    planned: PlannedRun,
    *,
    earlier: EarlierHistory = NO_EARLIER_HISTORY,
    novice: bool = False,
    five_k_m_s: float | None = None,
    health: Health | None = None,
) -> tuple[Finding, ...]:
    """
    Which rules would speak on a planned run, the most severe first.

    Parameters
    ----------
    runs : sequence of Run
        Activities in any order, back to `rules.look_back_from` as of `symptom_rules.LOADS_REACH` before the planned
        start; those from the start on are not looked at.
    earlier, novice, five_k_m_s
        As for `rules.judge`.
    health : Health or None
        Without it loads alone are judged.

    Returns
    -------
    tuple of Finding
        Their `run` is the planned one, with an id that no other has. Fast metres need to know what is fast for
        the runner; where that is not known yet they stay unknown.

    Raises
    ------
    ValueError
        If a quantity is negative or NaN, or more is to be fast than is to be run.
    """
    if planned.ascent_m is not None and not planned.ascent_m >= 0:
        raise ValueError(f"metres must be >= 0: {planned.ascent_m}")
    before = [r for r in runs if r.start < planned.start]
    run = Run(
        id=min((r.id for r in before), default=0) - 1,
        start=planned.start,
        local_date=planned.local_date or planned.start.date(),
        sport="Run",
        distance_m=planned.distance_m,
        ascent_m=planned.ascent_m,
        features=told_features(
            planned.distance_m,
            descent_m=planned.descent_m,
            fast_m=planned.fast_m,
            speeds=fast_speeds(counted(before), planned.start, five_k_m_s=five_k_m_s),
        ),
    )
    since = planned.start - LOADS_REACH if health else planned.start
    known = [*before, run]
    loads = judge(known, since=since, earlier=earlier, novice=novice, five_k_m_s=five_k_m_s)
    if health is None:
        return tuple(loads)
    runs_from = planned.start - REPORTS_REACH - RUNS_REACH
    findings = judge_health(
        [r for r in health.reports if r.at < planned.start],
        loads,
        run_loads(known, since=runs_from, five_k_m_s=five_k_m_s),
        since=planned.start,
        clinic=health.clinic,
        runner=health.runner,
        weeks=health.weeks,
        zone=health.zone,
    )
    return tuple(f for f in findings if f.run is not None and f.run.id == run.id)
