"""What pages, mails and the API show: stored facts put into the domain's records, once, here."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from loadwatch.domain.alerts import Alert
from loadwatch.domain.ceilings import Ceiling, next_run_ceiling
from loadwatch.domain.daily import DayTotal, IsoWeek
from loadwatch.domain.report import COMPARED_WEEKS, Today, WeeklyReport, chart_reach, today, weekly_report
from loadwatch.domain.rules import look_back_from
from loadwatch.services.errors import NotYours
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


def ceiling_of(tx: Tx, profile: AthleteProfile, as_of: datetime) -> Ceiling:
    """The ceiling of a run that would start at `as_of`."""
    back = look_back_from(tx.last_counted_start(profile.id, as_of), as_of)
    return next_run_ceiling(
        tx.runs_between(profile.id, back, as_of),
        as_of=as_of,
        earlier=tx.earlier_history(profile.id, back),
        novice=profile.novice,
    )


def week_of(tx: Tx, profile: AthleteProfile, week: IsoWeek, as_of: datetime | None = None) -> WeeklyReport:
    """One week of an athlete; its ceiling as of the week's end in their time zone, or earlier at `as_of`."""
    zone = ZoneInfo(profile.timezone)
    after = week.shifted(1).monday
    end = datetime(after.year, after.month, after.day, tzinfo=zone)
    first = week.shifted(-COMPARED_WEEKS).monday
    # A day on either side: a run's local date may be that of another zone.
    since = datetime(first.year, first.month, first.day, tzinfo=zone) - timedelta(days=1)
    return weekly_report(
        week,
        tx.runs_between(profile.id, since, end + timedelta(days=1)),
        tx.alerts_since(profile.id, since),
        ceiling_of(tx, profile, min(end, as_of) if as_of else end),
        tx.first_local_date(profile.id),
    )


@dataclass(frozen=True, slots=True)
class AlertPage:
    """An alert with its run and its life."""

    alert: Alert
    run: RunDetail | None
    transitions: tuple[Transition, ...]


@dataclass(frozen=True, slots=True)
class RunPage:
    """A run with the alerts that speak of it."""

    detail: RunDetail
    alerts: tuple[Alert, ...]


class ViewService:
    """Reads for one athlete at a time; what is another's raises `NotYours`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def profile(self, athlete_id: int) -> AthleteProfile:
        with self._database.read() as tx:
            return _profile(tx, athlete_id)

    def today(self, athlete_id: int) -> Today:
        now = self._clock()
        with self._database.read() as tx:
            profile = _profile(tx, athlete_id)
            back = chart_reach(now)
            week = IsoWeek.of(now.astimezone(ZoneInfo(profile.timezone)).date())
            return today(
                tx.runs_between(athlete_id, back),
                tx.alerts_since(athlete_id, back),
                ceiling_of(tx, profile, now),
                week_of(tx, profile, week, now),
                as_of=now,
                units=profile.units,
            )

    def week(self, athlete_id: int, week: IsoWeek) -> WeeklyReport:
        with self._database.read() as tx:
            return week_of(tx, _profile(tx, athlete_id), week, self._clock())

    def ceiling(self, athlete_id: int) -> Ceiling:
        with self._database.read() as tx:
            return ceiling_of(tx, _profile(tx, athlete_id), self._clock())

    def alerts(self, athlete_id: int, days: int = 180) -> list[Alert]:
        """Alerts of the last days, newest run first, whatever their state."""
        with self._database.read() as tx:
            found = tx.alerts_since(athlete_id, self._clock() - timedelta(days=days))
        return sorted(found, key=lambda a: a.run_start, reverse=True)

    def alert(self, athlete_id: int, alert_id: int) -> AlertPage:
        with self._database.read() as tx:
            alert = tx.alert(athlete_id, alert_id)
            if alert is None:
                raise NotYours(f"alert {alert_id}")
            run = tx.run_detail(athlete_id, alert.run_id) if alert.run_id is not None else None
            return AlertPage(alert, run, tuple(tx.transitions(athlete_id, alert_id)))

    def runs(self, athlete_id: int, days: int = 180) -> list[RunDetail]:
        """Activities of the last days, newest first, other sports included."""
        with self._database.read() as tx:
            return tx.run_details_since(athlete_id, self._clock() - timedelta(days=days))

    def run(self, athlete_id: int, run_id: int) -> RunPage:
        with self._database.read() as tx:
            detail = tx.run_detail(athlete_id, run_id)
            if detail is None:
                raise NotYours(f"run {run_id}")
            of_run = [a for a in tx.alerts_since(athlete_id, detail.run.start) if a.run_id == run_id]
            return RunPage(detail, tuple(of_run))

    def load(self, athlete_id: int, since: date, until: date) -> list[DayTotal]:
        """Stored totals of the local days with a run, oldest first."""
        with self._database.read() as tx:
            return tx.day_totals(athlete_id, since, until)

    def mails(self, athlete_id: int, limit: int = 50) -> list[OutboxItem]:
        with self._database.read() as tx:
            return tx.outbox_items(athlete_id, limit)

    def sync(self, athlete_id: int) -> SyncState:
        with self._database.read() as tx:
            connection = tx.connection(athlete_id)
            return tx.sync_state(athlete_id, connection.strava_athlete_id if connection else None)

    def connection(self, athlete_id: int) -> Connection | None:
        with self._database.read() as tx:
            return tx.connection(athlete_id)


def _profile(tx: Tx, athlete_id: int) -> AthleteProfile:
    profile = tx.athlete(athlete_id)
    if profile is None:
        raise NotYours(f"athlete {athlete_id}")
    return profile
