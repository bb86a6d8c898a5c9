"""What pages, mails and the API show: stored facts put into the domain's records, once, here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from loadwatch.domain.activity import RUN_FAMILY, Counted, Run, counted
from loadwatch.domain.alerts import Alert
from loadwatch.domain.ceilings import (
    Ceiling,
    LoadCeiling,
    next_fast_ceiling,
    next_hill_ceiling,
    next_run_ceiling,
)
from loadwatch.domain.completeness import Completeness, Gap
from loadwatch.domain.daily import DayTotal, IsoWeek
from loadwatch.domain.loads import FastSpeeds, RunLoad, fast_by_day, fast_speeds, loads_reach, run_loads
from loadwatch.domain.no_runs import NoRuns
from loadwatch.domain.rehab_week import RehabWeek
from loadwatch.domain.report import LoadLine, Today, WeeklyReport, chart_reach, report_reach, today, weekly_report
from loadwatch.domain.rules import EarlierHistory, Finding, judge, look_back_from
from loadwatch.domain.thresholds import ALERT_LIFE
from loadwatch.services.delivery_ports import WayDown
from loadwatch.services.errors import NotYours
from loadwatch.services.facts import Facts, facts_between, facts_of
from loadwatch.services.ingest import SOURCE
from loadwatch.services.news import News, Seen, news
from loadwatch.services.ports import (
    AthleteProfile,
    Clock,
    Connection,
    Database,
    OutboxItem,
    RunDetail,
    SyncState,
    Transition,
    Tx,
)
from loadwatch.services.sync import SAMPLES_REACH, completeness, completeness_of
from loadwatch.services.sync_ports import Pulse
from loadwatch.services.telling_ports import MAIL

MOST_NEW_RUNS = 20
"""Of more than so many new runs none is looked at more closely. Design choice."""


class RehabOf(Protocol):
    """Tells of the programmes of an athlete's open problems in a week."""

    def __call__(self, tx: Tx, facts: Facts, week: IsoWeek) -> Sequence[RehabWeek]: ...


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What the next run may bring of each load."""

    mileage: Ceiling
    hills: LoadCeiling
    fast: LoadCeiling


def ceilings_of(tx: Tx, profile: AthleteProfile, as_of: datetime) -> Ceilings:
    """The ceilings of a run that would start at `as_of`."""
    return ceilings_after(profile, *_before(tx, profile, as_of), as_of)


def ceilings_after(
    profile: AthleteProfile,
    runs: Sequence[Run],
    earlier: EarlierHistory,
    as_of: datetime,
    judged: Sequence[Finding] | None = None,
) -> Ceilings:
    """
    The same after given runs, which must reach as far back as those that are read for it.

    Parameters
    ----------
    judged : sequence of Finding or None
        What `lately_judged` says as of `as_of` or earlier, where it is known.
    """
    known = Counted(r for r in counted(runs) if r.start < as_of)
    if judged is None:
        judged = lately_judged(profile, known, earlier, as_of)
    day, own = as_of.astimezone(ZoneInfo(profile.timezone)).date(), profile.thresholds
    five_k = profile.five_k_m_s
    return Ceilings(
        next_run_ceiling(known, as_of=as_of, earlier=earlier, novice=profile.novice, thresholds=own, judged=judged),
        next_hill_ceiling(known, as_of=as_of, earlier=earlier, thresholds=own, judged=judged),
        next_fast_ceiling(
            known, as_of=as_of, day=day, earlier=earlier, five_k_m_s=five_k, thresholds=own, judged=judged
        ),
    )


def lately_judged(
    profile: AthleteProfile, runs: Sequence[Run], earlier: EarlierHistory, as_of: datetime
) -> list[Finding]:
    """What the rules on load say of the runs of the 7 days before a moment, and of those after it."""
    return judge(
        runs,
        since=as_of - ALERT_LIFE,
        earlier=earlier,
        novice=profile.novice,
        five_k_m_s=profile.five_k_m_s,
        thresholds=profile.thresholds,
    )


def ceiling_of(tx: Tx, profile: AthleteProfile, as_of: datetime) -> Ceiling:
    """The ceiling of the distance of a run that would start at `as_of`."""
    runs, earlier = _before(tx, profile, as_of)
    return next_run_ceiling(runs, as_of=as_of, earlier=earlier, novice=profile.novice, thresholds=profile.thresholds)


def _before(tx: Tx, profile: AthleteProfile, as_of: datetime) -> tuple[list[Run], EarlierHistory]:
    back = look_back_from(tx.last_counted_start(profile.id, as_of), as_of)
    return tx.runs_between(profile.id, back, as_of), tx.earlier_history(profile.id, back)


def week_of(
    tx: Tx,
    profile: AthleteProfile,
    week: IsoWeek,
    now: datetime,
    inactive_since: datetime | None = None,
    rehab_of: RehabOf | None = None,
) -> WeeklyReport:
    """
    One week of an athlete, for its page, its mail and the API alike.

    What stands, what hurts and what the next run may bring is told as of now until a week after its end, by which
    time it is the last week no more; of older weeks as of their end in the athlete's time zone.

    Parameters
    ----------
    inactive_since : datetime or None
        Since when Strava has switched the application off.
    rehab_of : RehabOf or None
        Tells of programmes; without it none is told of.
    """
    return _week_and_loads(tx, profile, week, now, inactive_since, rehab_of)[0]


def _week_and_loads(
    tx: Tx,
    profile: AthleteProfile,
    week: IsoWeek,
    now: datetime,
    inactive_since: datetime | None,
    rehab_of: RehabOf | None,
) -> tuple[WeeklyReport, list[RunLoad]]:
    """The week, and the load of each run that its report looks at."""
    zone = ZoneInfo(profile.timezone)
    monday, end, next_end = (datetime.combine(week.shifted(n).monday, time(), zone) for n in range(3))
    as_of = now if now < next_end else end
    since = report_reach(monday)
    # A day more at the end: a run's local date may be that of another zone.
    facts = facts_between(tx, profile, now, as_of, since, max(end, as_of) + timedelta(days=1), inactive_since)
    ceilings = ceilings_after(profile, facts.runs, facts.earlier, as_of)
    loads = run_loads(facts.runs, since=since, five_k_m_s=profile.five_k_m_s)
    of_week = [r for r in facts.runs if week.monday <= r.local_date <= week.sunday]
    report = weekly_report(
        week,
        [r for r in facts.runs if r.start >= since],
        facts.alerts,
        ceilings.mileage,
        facts.first_day,
        run_loads=loads,
        hill_ceiling=ceilings.hills,
        fast_ceiling=ceilings.fast,
        reports=facts.reports,
        timezone=zone,
        gap=facts.known.gap(min(as_of, end)),
        as_of=as_of,
        seen=facts.seen,
        rehab=rehab_of(tx, facts, week) if rehab_of else (),
        no_runs=None if counted(of_week) else _no_runs(tx, profile.id, of_week, facts.known),
        is_latest=now < next_end,
    )
    return report, loads


def _no_runs(tx: Tx, athlete_id: int, of_week: Sequence[Run], known: Completeness) -> NoRuns:
    files = [s.last for s in tx.source_states(athlete_id) if s.source != SOURCE]
    return NoRuns(
        source="strava" if known.is_linked else "files" if files else "none",
        cut_off=known.cut_off,
        last_from_files=max(files, default=None),
        sports=tuple(dict.fromkeys(r.sport for r in of_week if r.sport not in RUN_FAMILY)),
    )


def _week_of_facts(facts: Facts, week: IsoWeek, ceilings: Ceilings) -> WeeklyReport:
    """The week that is not over yet."""
    since = report_reach(datetime.combine(week.monday, time(), facts.zone))
    return weekly_report(
        week,
        [r for r in facts.runs if r.start >= since],
        facts.alerts,
        ceilings.mileage,
        facts.first_day,
        run_loads=run_loads(facts.runs, since=since, five_k_m_s=facts.profile.five_k_m_s),
        hill_ceiling=ceilings.hills,
        fast_ceiling=ceilings.fast,
        reports=facts.reports,
        timezone=facts.zone,
        gap=facts.known.gap(facts.as_of),
        as_of=facts.as_of,
        seen=facts.seen,
    )


@dataclass(frozen=True, slots=True)
class TodayPage:
    """
    The first page.

    Attributes
    ----------
    loads : mapping of int to RunLoad
        Of its last runs, by their id; of what does not count there is none.
    """

    today: Today
    ceilings: Ceilings
    loads: Mapping[int, RunLoad]
    facts: Facts


@dataclass(frozen=True, slots=True)
class DayLoad(DayTotal):
    """
    A day's totals with what was fast for the runner on that day.

    Attributes
    ----------
    fast_m, sprint_m : float or None
        Sums over its runs. [m] None where one of them does not tell, or not yet what is fast for this runner.
    """

    fast_m: float | None = None
    sprint_m: float | None = None


@dataclass(frozen=True, slots=True)
class AlertPage:
    """An alert with its run and its life."""

    alert: Alert
    run: RunDetail | None
    transitions: tuple[Transition, ...]
    untold: str | None = None
    """Why it did not leave by itself, where that is so."""


@dataclass(frozen=True, slots=True)
class RunPage:
    """
    A run with the alerts that speak of it.

    Attributes
    ----------
    load : RunLoad or None
        What it added to each load, fast running by what was fast for its runner on that day; None for an
        activity that does not count.
    speeds : FastSpeeds or None
        What was fast for its runner when it began; None where that was not known.
    """

    detail: RunDetail
    alerts: tuple[Alert, ...]
    load: RunLoad | None
    speeds: FastSpeeds | None


@dataclass(frozen=True, slots=True)
class SyncPage:
    """
    Where the runs of an athlete stand.

    Attributes
    ----------
    gap : Gap or None
        What is missing of the load now.
    mail_down : WayDown or None
        While no mail can leave, whoever it is for.
    """

    state: SyncState
    connection: Connection | None
    gap: Gap | None
    mail_down: WayDown | None


class ViewService:
    """Reads for one athlete at a time; what is another's raises `NotYours`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        inactive_since: Callable[[], datetime | None] = lambda: None,
        rehab_of: RehabOf | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._inactive_since = inactive_since  # of the application at Strava
        self._rehab_of = rehab_of

    def profile(self, athlete_id: int) -> AthleteProfile:
        with self._database.read() as tx:
            return _profile(tx, athlete_id)

    def today(self, athlete_id: int) -> Today:
        return self.today_page(self.profile(athlete_id)).today

    def today_page(self, profile: AthleteProfile) -> TodayPage:
        now, inactive_since = self._clock(), self._inactive_since()
        with self._database.read() as tx:
            facts = facts_of(tx, profile, now, inactive_since)
        ceilings = ceilings_after(profile, facts.runs, facts.earlier, now)
        week = _week_of_facts(facts, IsoWeek.of(now.astimezone(facts.zone).date()), ceilings)
        reach = chart_reach(now)
        page = today(
            [r for r in facts.runs if r.start >= reach],
            facts.alerts,
            ceilings.mileage,
            week,
            as_of=now,
            reports=facts.reports,
            seen=facts.seen,
            timezone=facts.zone,
            units=profile.units,
            n_last=5,
            chart_days=60,
            thresholds=profile.thresholds,
        )
        oldest = min((r.start for r in page.last_runs), default=now)
        loads = run_loads(facts.runs, since=oldest, five_k_m_s=profile.five_k_m_s)
        return TodayPage(page, ceilings, {load.run.id: load for load in loads}, facts)

    def pulse(self, athlete_id: int) -> Pulse:
        """Whether anything may have changed."""
        with self._database.read() as tx:
            return tx.pulse(athlete_id)

    def news(self, profile: AthleteProfile, seen: Seen, pulse: Pulse) -> News:
        """What is new since a page was made, given the pulse of now."""
        lines: Sequence[LoadLine] = ()
        if seen.loads is not None:
            page = self.today_page(profile)
            lines, pulse = page.today.week.loads, page.facts.pulse
        with self._database.read() as tx:
            steps = tx.steps_after(profile.id, seen.pulse.last_step)
            runs = tx.runs_after(profile.id, seen.pulse.last_run_id, MOST_NEW_RUNS)
        return news(seen, pulse, runs, steps, lines)

    def week(self, athlete_id: int, week: IsoWeek) -> WeeklyReport:
        return self.week_and_loads(self.profile(athlete_id), week)[0]

    def week_and_loads(self, profile: AthleteProfile, week: IsoWeek) -> tuple[WeeklyReport, dict[int, RunLoad]]:
        """A week, and the load of its runs by their ids; of what does not count there is none."""
        now, inactive_since = self._clock(), self._inactive_since()
        with self._database.read() as tx:
            report, loads = _week_and_loads(tx, profile, week, now, inactive_since, self._rehab_of)
        return report, {load.run.id: load for load in loads}

    def ceiling(self, athlete_id: int) -> Ceiling:
        with self._database.read() as tx:
            return ceiling_of(tx, _profile(tx, athlete_id), self._clock())

    def ceilings(self, athlete_id: int) -> Ceilings:
        with self._database.read() as tx:
            return ceilings_of(tx, _profile(tx, athlete_id), self._clock())

    def alerts(self, athlete_id: int, days: int = 180) -> list[Alert]:
        """Alerts of the last days, newest run first, whatever their state; and older ones that are still open."""
        with self._database.read() as tx:
            found = tx.alerts_that_stand(athlete_id, self._clock() - timedelta(days=days))
        return sorted(found, key=lambda a: a.at, reverse=True)

    def alert(self, athlete_id: int, alert_id: int) -> AlertPage:
        with self._database.read() as tx:
            alert = tx.alert(athlete_id, alert_id)
            if alert is None:
                raise NotYours(f"alert {alert_id}")
            run = tx.run_detail(athlete_id, alert.run_id) if alert.run_id is not None else None
            steps = tuple(tx.transitions(athlete_id, alert_id))
            return AlertPage(alert, run, steps, tx.untold(athlete_id, alert_id))

    def runs(self, athlete_id: int, days: int = 180) -> list[RunDetail]:
        """Activities of the last days, newest first, other sports included."""
        with self._database.read() as tx:
            return tx.run_details_since(athlete_id, self._clock() - timedelta(days=days))

    def run_loads(self, athlete_id: int, runs: Sequence[Run]) -> dict[int, RunLoad]:
        """The load of each of these runs, as of its own start, by its id; of what does not count there is none."""
        if not runs:
            return {}
        since = min(r.start for r in runs)
        until = max(r.start for r in runs) + timedelta(days=1)  # a longer second recording may begin later
        with self._database.read() as tx:
            known = tx.runs_between(athlete_id, loads_reach(since), until)
            five_k_m_s = _profile(tx, athlete_id).five_k_m_s
        return {load.run.id: load for load in run_loads(known, since=since, five_k_m_s=five_k_m_s)}

    def run(self, athlete_id: int, run_id: int) -> RunPage:
        with self._database.read() as tx:
            detail = tx.run_detail(athlete_id, run_id)
            if detail is None:
                raise NotYours(f"run {run_id}")
            of_run = [a for a in tx.alerts_since(athlete_id, detail.run.start) if a.run_id == run_id]
            before = tx.runs_between(athlete_id, loads_reach(detail.run.start), detail.run.start)
            five_k_m_s = _profile(tx, athlete_id).five_k_m_s
        return RunPage(
            detail,
            tuple(of_run),
            load=self.run_loads(athlete_id, [detail.run]).get(run_id),
            speeds=fast_speeds(counted(before), detail.run.start, five_k_m_s=five_k_m_s),
        )

    def load(self, athlete_id: int, since: date, until: date) -> list[DayLoad]:
        """
        Loads of the local days with a run, oldest first.

        What is fast depends on the runner's other runs, so it is worked out here; the rest is stored.
        """
        # A day on either side: a local date may begin and end earlier or later than that of UTC.
        first = datetime.combine(since, time(), UTC) - timedelta(days=1)
        last = datetime.combine(until, time(), UTC) + timedelta(days=2)
        with self._database.read() as tx:
            totals = tx.day_totals(athlete_id, since, until)
            runs = tx.runs_between(athlete_id, loads_reach(first), last)
            five_k_m_s = _profile(tx, athlete_id).five_k_m_s
        fast = fast_by_day(run_loads(runs, since=first, five_k_m_s=five_k_m_s))
        loads = []
        for total in totals:
            fast_m, sprint_m = fast.get(total.local_date) or (None, None)
            loads.append(DayLoad(**asdict(total), fast_m=fast_m, sprint_m=sprint_m))
        return loads

    def mails(self, athlete_id: int, limit: int = 50) -> list[OutboxItem]:
        with self._database.read() as tx:
            return tx.outbox_items(athlete_id, limit)

    def sync(self, athlete_id: int) -> SyncPage:
        now, inactive_since = self._clock(), self._inactive_since()
        with self._database.read() as tx:
            connection, awaited = tx.connection(athlete_id), tx.awaited(athlete_id, now - SAMPLES_REACH)
            strava_athlete_id = connection.strava_athlete_id if connection else None
            return SyncPage(
                tx.sync_state(athlete_id, strava_athlete_id, awaited),
                connection,
                completeness(tx, athlete_id, awaited, inactive_since).gap(now),
                next((way for way in tx.ways_down() if way.name == MAIL), None),
            )

    def gap(self, athlete_id: int) -> Gap | None:
        """What is missing of an athlete's load now."""
        now, inactive_since = self._clock(), self._inactive_since()
        with self._database.read() as tx:
            return completeness_of(tx, athlete_id, now, inactive_since).gap(now)

    def connection(self, athlete_id: int) -> Connection | None:
        with self._database.read() as tx:
            return tx.connection(athlete_id)


def _profile(tx: Tx, athlete_id: int) -> AthleteProfile:
    profile = tx.athlete(athlete_id)
    if profile is None:
        raise NotYours(f"athlete {athlete_id}")
    return profile
