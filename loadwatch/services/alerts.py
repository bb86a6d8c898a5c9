"""What a runner does with alerts: reads them, snoozes their kind, says whether they were of use."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.domain.alerts import OPEN_STATES, READ_STATES, Alert, AlertState, snoozed_until
from loadwatch.domain.findings import LOAD_FAMILIES
from loadwatch.domain.text import say
from loadwatch.domain.thresholds import MUTE_WINDOW, SNOOZE
from loadwatch.services.errors import LoadwatchError, NotYours
from loadwatch.services.ports import Clock, Database, Tx
from loadwatch.services.telling import muted


class NotForRedFlags(LoadwatchError):
    """A red flag cannot be snoozed or planned away."""


@dataclass(frozen=True, slots=True)
class Muted:
    """A kind of alert that waits for the weekly mail; `alert` is one of those called not useful."""

    dedup_key: str
    alert: Alert


class AlertService:
    """Each method is safe to run twice, and refuses what belongs to somebody else."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def acknowledge(self, athlete_id: int, alert_id: int) -> None:
        """
        Note that the runner has read an alert; of a red flag with it the earlier ones of its kind.

        Raises
        ------
        NotYours
        """
        with self._database.write() as tx:
            alert = _own(tx, athlete_id, alert_id)
            same = tx.alerts_of_key(athlete_id, alert.dedup_key, alert.at) if alert.is_red else [alert]
            for each in same:
                if each.state in OPEN_STATES - READ_STATES:
                    tx.move_alert(each.id, AlertState.ACKNOWLEDGED, "read by the runner", self._clock())

    def snooze(self, athlete_id: int, alert_id: int) -> datetime:
        """
        Tell no more of this kind for 14 days, unless it is worse; until when.

        Raises
        ------
        NotYours, NotForRedFlags
        """
        now = self._clock()
        with self._database.write() as tx:
            alert = _own(tx, athlete_id, alert_id)
            if alert.is_red:
                raise NotForRedFlags(say("A red flag is told until you have acknowledged it; it cannot be snoozed."))
            until = now + SNOOZE
            tx.put_alert_wish(athlete_id, alert.dedup_key, snoozed_until=until, snoozed_severity=alert.severity)
            cause = snoozed_until(until)
            for each in tx.alerts_of_key(athlete_id, alert.dedup_key, now):
                if each.severity <= alert.severity and each.state is not AlertState.SNOOZED:
                    tx.move_alert(each.id, AlertState.SNOOZED, cause, now)
                    tx.cancel_outbox(athlete_id, "alert", str(each.id), cause, now)
        return until

    def planned(self, athlete_id: int, alert_id: int) -> None:
        """
        Note that the run of an alert was planned: the load alerts of its day are read.

        Raises
        ------
        NotYours, NotForRedFlags
        """
        with self._database.read() as tx:
            alert = _own(tx, athlete_id, alert_id)
            detail = tx.run_detail(athlete_id, alert.run_id) if alert.run_id is not None else None
        if alert.is_red or detail is None or alert.dedup_key.partition(":")[0] not in LOAD_FAMILIES:
            raise NotForRedFlags(say("Only an alert on the load of a run can be marked as planned."))
        self.plan_day(athlete_id, detail.run.local_date)

    def plan_day(self, athlete_id: int, day: date) -> None:
        """Note that a day's long run or race is planned: its load is no news, what hurts still is."""
        now = self._clock()
        with self._database.write() as tx:
            profile = tx.athlete(athlete_id)
            if profile is None:
                raise NotYours(f"athlete {athlete_id}")
            tx.put_planned_day(athlete_id, day, now)
            tx.log_sync(athlete_id, "planned", f"long run or race on {day}", now)
            run_days = {r.id: r.local_date for r in tx.runs_of_days(athlete_id, [day])}
            since = datetime.combine(day, datetime.min.time(), ZoneInfo("UTC")) - timedelta(days=1)
            for alert in tx.alerts_since(athlete_id, since):
                of_load = alert.dedup_key.partition(":")[0] in LOAD_FAMILIES and not alert.symptom_level
                if alert.run_id in run_days and of_load and alert.state in OPEN_STATES - READ_STATES:
                    tx.move_alert(alert.id, AlertState.ACKNOWLEDGED, _PLANNED, now)
                    tx.cancel_outbox(athlete_id, "alert", str(alert.id), _PLANNED, now)

    def feedback(self, athlete_id: int, alert_id: int, *, useful: bool) -> None:
        """
        Note whether an alert was of use; three times not in 60 days, and its kind waits for the weekly mail.

        Raises
        ------
        NotYours
        """
        with self._database.write() as tx:
            alert = _own(tx, athlete_id, alert_id)
            tx.put_feedback(alert.id, "useful" if useful else "not_useful", self._clock())

    def to_restore(self, athlete_id: int) -> list[Muted]:
        """Muted kinds of which the runner was not asked yet whether to tell them at once again."""
        now = self._clock()
        with self._database.read() as tx:
            wishes = {w.dedup_key: w for w in tx.alert_wishes(athlete_id)}
            keys = muted(tx, athlete_id, now)
            alerts = tx.alerts_since(athlete_id, now - 2 * MUTE_WINDOW)
        found = []
        for key in sorted(keys):
            wish = wishes.get(key)
            asked = wish is not None and wish.kept_muted_at is not None and now - wish.kept_muted_at < MUTE_WINDOW
            of_key = [a for a in alerts if a.dedup_key == key]
            if not asked and of_key:
                found.append(Muted(key, of_key[-1]))
        return found

    def restore(self, athlete_id: int, dedup_key: str, *, restore: bool) -> None:
        """Answer to the question whether to tell a muted kind at once again."""
        now = self._clock()
        with self._database.write() as tx:
            if restore:
                tx.put_alert_wish(athlete_id, dedup_key, restored_at=now)
            else:
                tx.put_alert_wish(athlete_id, dedup_key, kept_muted_at=now)


_PLANNED: Final = say("planned by the runner")


def _own(tx: Tx, athlete_id: int, alert_id: int) -> Alert:
    alert = tx.alert(athlete_id, alert_id)
    if alert is None:
        raise NotYours(f"alert {alert_id}")
    return alert
