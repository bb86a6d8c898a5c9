"""The part of the store that renews and deletes what came from the API. Every deletion of runs names the athlete."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Executable, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.services.rights_ports import (
    SUMMARY_FIELDS,
    KnownRun,
    PurgedRuns,
    PurgeReceipt,
    Reconciliation,
    Why,
)

_COUNTED = ("n_calls", "n_listed", "n_missed", "n_edited", "n_gone")
_NOTES = ("unreadable", "never_there")
"""Kinds of `SyncLog` that quote the API."""


class RightsStore:
    """Mixed into `store.SqlTx`; see `services.rights_ports.RightsTx` for what each method promises."""

    _s: Session
    _changed: Callable[[Executable], int]

    # withdrawal

    def want_check(self, athlete_id: int, at: datetime | None) -> None:
        row = t.StravaConnection
        self._s.execute(update(row).where(row.athlete_id == athlete_id).values(check_at=at))

    def due_checks(self, now: datetime, limit: int) -> list[int]:
        row = t.StravaConnection
        return list(self._s.scalars(select(row.athlete_id).where(row.check_at <= now).limit(limit)))

    # the list

    def due_reconciles(self, now: datetime, limit: int) -> list[int]:
        row = t.StravaConnection
        due = or_(row.recent_at <= now, row.window_at <= now)
        ready = (row.state == "connected", row.backfill_at.is_(None))
        return list(self._s.scalars(select(row.athlete_id).where(due, *ready).limit(limit)))

    def begin_reconcile(self, athlete_id: int, now: datetime, again: datetime) -> bool | None:
        row = self._s.get(t.StravaConnection, athlete_id, with_for_update=True, populate_existing=True)
        if row is None or row.state != "connected":
            return None
        whole = row.window_at is not None and row.window_at <= now
        if not whole and not (row.recent_at is not None and row.recent_at <= now):
            return None
        row.recent_at = again
        if whole:
            row.window_at = again
        return whole

    def schedule_reconcile(self, athlete_id: int, recent_at: datetime, window_at: datetime | None) -> None:
        row = t.StravaConnection
        values = {"recent_at": recent_at} | ({"window_at": window_at} if window_at is not None else {})
        self._s.execute(update(row).where(row.athlete_id == athlete_id).values(**values))

    def note_unread(self, athlete_id: int, now: datetime | None) -> None:
        row = t.StravaConnection
        since = None if now is None else func.coalesce(row.unread_since, now)
        self._s.execute(update(row).where(row.athlete_id == athlete_id).values(unread_since=since))

    def known_runs(self, athlete_id: int, source: str, since: datetime) -> dict[int, KnownRun]:
        row = t.RunRow
        query = select(row).where(row.athlete_id == athlete_id, row.source == source, row.start > since)
        return {
            r.source_id: KnownRun(
                start=r.start,
                fetched_at=r.fetched_at,
                summary=(*(getattr(r, name) for name in SUMMARY_FIELDS), r.gear_id),
                list_digest=r.list_digest,
            )
            for r in self._s.scalars(query)
        }

    def waiting_ids(self, athlete_id: int, source: str) -> set[int]:
        job = t.FetchJob
        waiting = (job.athlete_id == athlete_id, job.source == source, job.wanted > job.done)
        return set(self._s.scalars(select(job.source_id).where(*waiting)))

    def renew_runs(self, athlete_id: int, source: str, digests: Mapping[int, str], now: datetime) -> None:
        row = t.RunRow
        mine = select(row).where(row.athlete_id == athlete_id, row.source == source)
        for run in self._s.scalars(mine.where(row.source_id.in_(sorted(digests))).with_for_update()):
            run.fetched_at, run.list_digest = now, digests[run.source_id]
        self._s.flush()

    def gear_to_renew(self, athlete_id: int, source: str, told_before: date) -> list[int]:
        run, shoe = t.RunRow, t.ShoeRow
        worn = and_(shoe.athlete_id == run.athlete_id, shoe.source == run.source, shoe.gear_id == run.gear_id)
        newest = (
            select(shoe.gear_id, func.max(run.start).label("start"))
            .join(shoe, worn)
            .where(run.athlete_id == athlete_id, run.source == source, shoe.told_on < told_before)
            .group_by(shoe.gear_id)
            .subquery()
        )
        query = select(run.source_id).join(newest, and_(newest.c.gear_id == run.gear_id, newest.c.start == run.start))
        return list(self._s.scalars(query.where(run.athlete_id == athlete_id, run.source == source)))

    def add_reconciliation(self, athlete_id: int, found: Reconciliation, now: datetime) -> None:
        counts = {name: getattr(found, name) for name in _COUNTED}
        self._s.add(t.ReconciliationRow(athlete_id=athlete_id, at=now, **counts))

    def reconciled(self, athlete_id: int, since: datetime) -> Reconciliation:
        row = t.ReconciliationRow
        sums = [func.coalesce(func.sum(getattr(row, name)), 0) for name in _COUNTED]
        query = select(func.max(row.at), *sums).where(row.athlete_id == athlete_id, row.at >= since)
        at, *counts = self._s.execute(query).one()
        return Reconciliation(at, *(int(n) for n in counts))

    # deletion

    def stale_athletes(
        self, source: str, before: datetime, *, read_since: datetime, unread_before: datetime, limit: int
    ) -> list[int]:
        row, link, read = t.RunRow, t.StravaConnection, t.ReconciliationRow
        connected = select(link.athlete_id).where(link.state == "connected")
        given_up = select(link.athlete_id).where(link.unread_since <= unread_before)
        was_read = select(read.athlete_id).where(read.at >= read_since)
        stale = select(row.athlete_id).where(
            row.source == source,
            row.fetched_at < before,
            or_(row.athlete_id.not_in(connected), row.athlete_id.in_(given_up), row.athlete_id.in_(was_read)),
        )
        return list(self._s.scalars(stale.distinct().limit(limit)))

    def purge_runs(self, athlete_id: int, source: str, fetched_before: datetime | None = None) -> PurgedRuns:
        row, alert = t.RunRow, t.AlertRow
        wanted = [row.athlete_id == athlete_id, row.source == source]
        if fetched_before is not None:
            wanted.append(row.fetched_at < fetched_before)
        runs = self._s.execute(select(row.id, row.start, row.local_date).where(*wanted).with_for_update()).all()
        going = select(row.id).where(*wanted)
        # All of a source: also alerts whose run is gone already.
        orphaned = [alert.run_id.is_(None)] if fetched_before is None else []
        about = or_(alert.run_id.in_(going), *orphaned)
        spoken = select(alert.id).where(
            alert.athlete_id == athlete_id, alert.report_id.is_(None), alert.problem_id.is_(None), about
        )
        alert_ids = list(self._s.scalars(spoken))
        message_ids = self._forget_mails(athlete_id, alert_ids)
        transitions = delete(t.AlertTransition).where(t.AlertTransition.alert_id.in_(alert_ids))
        self._s.execute(transitions)
        self._s.execute(delete(alert).where(alert.athlete_id == athlete_id, alert.id.in_(alert_ids)))
        n_features = self._changed(delete(t.RunFeaturesRow).where(t.RunFeaturesRow.run_id.in_(going)))
        self._s.execute(delete(row).where(*wanted))
        self._s.expire_all()
        return PurgedRuns(
            starts=tuple(sorted(r.start for r in runs)),
            days=frozenset(r.local_date for r in runs),
            n_features=n_features,
            n_alerts=len(alert_ids),
            message_ids=tuple(message_ids),
        )

    def _forget_mails(self, athlete_id: int, alert_ids: list[int]) -> list[str]:
        """Delete the mails on these alerts from the outbox; their message ids."""
        box, gone = t.Outbox, set(alert_ids)
        kinds = ("alert", "retraction", "again")
        rows = self._s.execute(
            select(box.id, box.subject, box.message_id).where(box.athlete_id == athlete_id, box.kind.in_(kinds))
        )
        mails = [r for r in rows if int(r.subject.partition(".")[0]) in gone]
        self._s.execute(delete(box).where(box.id.in_([r.id for r in mails])))
        return [r.message_id for r in mails]

    def purge_connection(self, athlete_id: int, source: str, strava_athlete_id: int) -> dict[str, int]:
        job, shoe, ladder = t.FetchJob, t.ShoeRow, t.LadderEntryRow
        counts = {
            "shoes": self._changed(delete(shoe).where(shoe.athlete_id == athlete_id, shoe.source == source)),
            "jobs": self._changed(delete(job).where(job.athlete_id == athlete_id, job.source == source)),
            "events": self._changed(delete(t.Inbox).where(t.Inbox.owner_id == strava_athlete_id)),
        }
        alert = t.AlertRow
        self._s.execute(update(alert).where(alert.athlete_id == athlete_id).values(gap=None))
        # Measured on the runs that go: the page of the problem asks for them anew.
        measured = update(ladder).where(ladder.athlete_id == athlete_id)
        self._s.execute(measured.values(old_long_m=None, old_fast_m=None))
        for log in (t.SyncLog, t.ReconciliationRow, t.StravaConnection):
            self._s.execute(delete(log).where(log.athlete_id == athlete_id))
        self._s.expire_all()
        return counts

    def forget_mails(self, athlete_id: int) -> list[str]:
        box = t.Outbox
        quoting = (box.athlete_id == athlete_id, box.kind != "receipt")
        self._s.execute(update(box).where(*quoting).values(mail_subject=None))
        return list(self._s.scalars(select(box.message_id).where(*quoting)))

    def forget_gear(self, source: str, told_before: date) -> None:
        shoe, run = t.ShoeRow, t.RunRow
        old = update(shoe).where(shoe.source == source, shoe.told_on < told_before)
        self._s.execute(old.values(name=None, told_m=None, told_on=None))
        worn = select(run.id).where(
            run.athlete_id == shoe.athlete_id, run.source == shoe.source, run.gear_id == shoe.gear_id
        )
        self._s.execute(delete(shoe).where(shoe.source == source, ~worn.exists()))

    def purge_events(self, before: datetime) -> int:
        inbox, log, job = t.Inbox, t.SyncLog, t.FetchJob
        n = self._changed(delete(inbox).where(inbox.state != "pending", inbox.received_at < before))
        self._s.execute(delete(log).where(log.what.in_(_NOTES), log.at < before))
        self._s.execute(delete(t.ReconciliationRow).where(t.ReconciliationRow.at < before))
        connected = select(t.StravaConnection.athlete_id)
        self._s.execute(delete(job).where(job.source == "strava", job.athlete_id.not_in(connected)))
        return n

    def add_receipt(self, athlete_id: int, why: Why, counts: Mapping[str, int], now: datetime) -> int:
        row = t.PurgeReceiptRow(athlete_id=athlete_id, at=now, why=why, counts=dict(counts))
        self._s.add(row)
        self._s.flush()
        return row.id

    def receipt(self, athlete_id: int, receipt_id: int) -> PurgeReceipt | None:
        row = t.PurgeReceiptRow
        found = self._s.scalar(select(row).where(row.athlete_id == athlete_id, row.id == receipt_id))
        return _receipt(found) if found else None

    def receipts(self, athlete_id: int, limit: int) -> list[PurgeReceipt]:
        row = t.PurgeReceiptRow
        query = select(row).where(row.athlete_id == athlete_id).order_by(row.id.desc()).limit(limit)
        return [_receipt(r) for r in self._s.scalars(query)]


def _receipt(row: t.PurgeReceiptRow) -> PurgeReceipt:
    counts: dict[str, Any] = row.counts
    return PurgeReceipt(id=row.id, at=row.at, why=cast("Why", row.why), counts=counts)
