"""What one page says of an athlete stands on these: read once, so that its parts cannot disagree."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from loadwatch.domain.activity import RUN_FAMILY, Run
from loadwatch.domain.alerts import Alert
from loadwatch.domain.completeness import Completeness
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.loads import loads_reach
from loadwatch.domain.programme import RehabSession
from loadwatch.domain.report import OpenProblem, chart_reach, open_problems, report_reach, standing_alerts
from loadwatch.domain.rules import EarlierHistory, details_from, look_back_from
from loadwatch.domain.symptom_rules import RUNS_REACH
from loadwatch.domain.symptoms import SymptomReport
from loadwatch.domain.thresholds import ALERT_LIFE
from loadwatch.services.health_ports import ProblemEvent
from loadwatch.services.notice_ports import Untold
from loadwatch.services.ports import AthleteProfile, Tx
from loadwatch.services.sync import SAMPLES_REACH, completeness
from loadwatch.services.sync_ports import Awaited, History, Pulse


@dataclass(frozen=True, slots=True)
class Facts:
    """
    What is known of one athlete at one moment, read once for all that one page says of it.

    Attributes
    ----------
    runs : sequence of Run
        As far back as the ceilings, the week, the chart, and the runs around every open problem reach.
    earlier : EarlierHistory
        What lies before them.
    alerts : sequence of Alert
        Of the same time, and whatever is still open: a red flag stands until it is read, however old.
    reports : sequence of SymptomReport
        All of them.
    sessions : mapping of int to sequence of RehabSession, or None
        By the report under whose name they were logged; None where they were not read.
    """

    profile: AthleteProfile
    as_of: datetime
    runs: Sequence[Run]
    earlier: EarlierHistory
    first_day: date | None
    alerts: Sequence[Alert]
    reports: Sequence[SymptomReport]
    events: Sequence[ProblemEvent]
    awaited: Awaited
    known: Completeness
    untold: Untold
    pulse: Pulse
    sessions: Mapping[int, Sequence[RehabSession]] | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.profile.timezone)

    @property
    def seen(self) -> dict[int, datetime]:
        """When the runner last noted that a professional has seen a problem, by its id."""
        return _seen(self.events)


def _seen(events: Iterable[ProblemEvent]) -> dict[int, datetime]:
    return {e.problem_id: e.at for e in events if e.what == "seen"}


def what_stands(
    tx: Tx, athlete_id: int, since: datetime, reports: Sequence[SymptomReport] | None = None
) -> tuple[list[Alert], tuple[OpenProblem, ...]]:
    """
    What may go before any load: the alerts that are open or not older, and the open problems, the worst first.

    Parameters
    ----------
    reports : sequence of SymptomReport or None
        All of the athlete's, where they are at hand.
    """
    if reports is None:
        reports = tx.symptom_reports(athlete_id)
    alerts = tx.alerts_that_stand(athlete_id, since)
    seen = _seen(tx.problem_events(athlete_id)) if any(a.is_red for a in alerts) else {}
    return standing_alerts(alerts, reports, seen), open_problems(reports)


def facts_of(tx: Tx, profile: AthleteProfile, now: datetime, inactive_since: datetime | None) -> Facts:
    """Read them: ten statements, however long the history is."""
    reports, events = tx.symptom_reports(profile.id), tx.problem_events(profile.id)
    awaited = tx.awaited(profile.id, now - SAMPLES_REACH)
    since = min((p.problem.opened for p in open_problems(reports)), default=now + RUNS_REACH) - RUNS_REACH
    history, untold, pulse = tx.history(profile.id, now, since)
    week_began = datetime.combine(IsoWeek.of(now.date()).shifted(-1).monday, time(), UTC)  # or later, in any zone
    back = min(
        look_back_from(history.last_before, since),
        loads_reach(since),
        loads_reach(report_reach(week_began)),
        chart_reach(now),
    )
    runs = tx.runs_between(profile.id, back)
    return Facts(
        profile=profile,
        as_of=now,
        runs=runs,
        earlier=earlier_history(history, runs, now),
        first_day=history.first_day,
        alerts=tx.alerts_that_stand(profile.id, back),
        reports=reports,
        events=events,
        awaited=awaited,
        known=completeness(tx, profile.id, awaited, inactive_since),
        untold=untold,
        pulse=pulse,
    )


def facts_between(
    tx: Tx,
    profile: AthleteProfile,
    now: datetime,
    as_of: datetime,
    since: datetime,
    until: datetime,
    inactive_since: datetime | None,
) -> Facts:
    """
    What was known as of a moment for judging what began since another: six statements, and one where it hurts.

    Parameters
    ----------
    until : datetime
        Later runs are not read; those between `as_of` and here are. Of all of them only what they are judged by.
    """
    reports = [r for r in tx.symptom_reports(profile.id) if r.at < as_of]
    found = open_problems(reports)
    # As far back as the runs around every open problem.
    first = min([since, *(p.problem.opened - RUNS_REACH for p in found)])
    history, untold, pulse = tx.history(profile.id, as_of, first)
    back = min(look_back_from(history.last_before, first), loads_reach(first))
    # Ceilings look at the alerts of the days before too.
    detailed = details_from(min(first, as_of - ALERT_LIFE))
    runs = tx.runs_to_judge(profile.id, back, detailed, until)
    awaited = tx.awaited(profile.id, now - SAMPLES_REACH)
    alerts = tx.alerts_that_stand(profile.id, since)
    # Only these ask what was done about problems.
    sessions, events = tx.problem_log(profile.id) if found or any(a.is_red for a in alerts) else ({}, [])
    return Facts(
        profile=profile,
        as_of=as_of,
        runs=runs,
        earlier=earlier_history(history, runs, as_of),
        first_day=history.first_day,
        alerts=alerts,
        reports=reports,
        events=[e for e in events if e.at < as_of],
        awaited=awaited,
        known=completeness(tx, profile.id, awaited, inactive_since),
        untold=untold,
        pulse=pulse,
        sessions=sessions,
    )


def earlier_history(history: History, runs: Iterable[Run], before: datetime) -> EarlierHistory:
    """What lies before the runs at hand, which go back without a hole; `history` is of all that began before then."""
    n_at_hand = sum(
        r.start < before and r.sport in RUN_FAMILY and bool(r.distance_m) and r.distance_trusted for r in runs
    )
    n_earlier = history.n_runs - n_at_hand
    return EarlierHistory(history.first_start if n_earlier else None, n_earlier)
