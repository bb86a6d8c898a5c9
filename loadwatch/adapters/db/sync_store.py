"""The part of the store that knows what is still awaited, and how the pushes stand."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Executable, delete, func, null, or_, select, update
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.domain.alerts import OPEN_STATES, AlertState
from loadwatch.domain.completeness import Gap
from loadwatch.services.sync_ports import (
    Quarantine,
    QuarantineReason,
    SampleCounts,
    SubscriptionCheck,
    SubscriptionState,
)


class SyncStore:
    """Mixed into `store.SqlTx`; see `services.sync_ports.SyncTx` for what each method promises."""

    _s: Session
    _changed: Callable[[Executable], int]
    _upsert: Any

    # what is awaited

    def starts_without_samples(self, athlete_id: int, since: datetime) -> list[datetime]:
        row = t.RunRow
        awaited = (row.athlete_id == athlete_id, row.start >= since, row.streams.in_(("listed", "waiting")))
        return list(self._s.scalars(select(row.start).where(*awaited)))

    def n_files_awaited(self, athlete_id: int) -> int:
        row = t.UploadRow
        unread = (row.athlete_id == athlete_id, row.state == "waiting")
        return self._s.scalar(select(func.count()).select_from(row).where(*unread)) or 0

    def list_awaited(self, athlete_id: int) -> bool:
        row = self._s.get(t.StravaConnection, athlete_id)
        return row is not None and row.backfill_at is not None

    def list_read_at(self, athlete_id: int) -> datetime | None:
        row = t.ReconciliationRow
        return self._s.scalar(select(func.max(row.at)).where(row.athlete_id == athlete_id))

    # on alerts

    def alert_gaps(self, athlete_id: int, since: datetime) -> Sequence[tuple[int, datetime, Gap | None]]:
        row = t.AlertRow
        query = (
            select(row.id, row.at, row.gap)
            .where(
                row.athlete_id == athlete_id,
                or_(row.at >= since, row.state.in_(sorted(OPEN_STATES))),
                row.state != AlertState.RETRACTED,
            )
            .order_by(row.id)
        )
        return [(alert_id, at, read_gap(gap)) for alert_id, at, gap in self._s.execute(query)]

    def put_gap(self, alert_id: int, gap: Gap | None) -> None:
        stored: dict[str, Any] | None = None
        if gap is not None:
            stored = {**asdict(gap), "until": gap.until.isoformat() if gap.until else None}
        self._s.execute(update(t.AlertRow).where(t.AlertRow.id == alert_id).values(gap=stored))

    def athletes_with_gaps(self, limit: int) -> list[int]:
        row = t.AlertRow
        open_ones = (row.state.in_(sorted(OPEN_STATES)), row.gap.is_not(null()))
        return list(self._s.scalars(select(row.athlete_id).where(*open_ones).distinct().limit(limit)))

    # history

    def begin_backfill(self, athlete_id: int, after: datetime) -> tuple[datetime, int]:
        row = self._s.get(t.StravaConnection, athlete_id, with_for_update=True, populate_existing=True)
        if row is None:
            return after, 1
        if row.backfill_after is None or row.backfill_page is None or row.backfill_after > after:
            row.backfill_after, row.backfill_page = after, 1
            self._s.flush()
        return row.backfill_after, row.backfill_page

    def put_backfill_page(self, athlete_id: int, page: int) -> None:
        row = t.StravaConnection
        self._s.execute(update(row).where(row.athlete_id == athlete_id).values(backfill_page=page))

    def sample_counts(self, athlete_id: int, source: str, since: datetime) -> SampleCounts:
        row, link = t.RunRow, t.StravaConnection
        sampled = (row.source == source, row.start >= since, row.streams != "none")
        awaited = row.streams.in_(("listed", "waiting"))
        mine = select(func.count()).select_from(row).where(*sampled, row.athlete_id == athlete_id)
        connected = select(link.athlete_id).where(link.state == "connected")
        of_all = select(func.count()).select_from(row).where(*sampled, awaited, row.athlete_id.in_(connected))
        queries = (mine, mine.where(awaited), of_all)
        return SampleCounts(*(self._s.scalar(query) or 0 for query in queries))

    # quarantine

    def quarantine(self, since: datetime, reasons: int) -> Quarantine:
        row = t.Inbox
        kept = row.state == "quarantined"
        n = self._s.scalar(select(func.count()).select_from(row).where(kept)) or 0
        n_day = self._s.scalar(select(func.count()).select_from(row).where(kept, row.received_at > since)) or 0
        grouped = (
            select(row.reason, func.count(), func.max(row.received_at))
            .where(kept)
            .group_by(row.reason)
            .order_by(func.count().desc(), func.max(row.id).desc())
            .limit(reasons)
        )
        found = tuple(QuarantineReason(why or "", count, last) for why, count, last in self._s.execute(grouped))
        return Quarantine(n, n_day, found)

    def drop_quarantine(self, before: datetime) -> int:
        row = t.Inbox
        return self._changed(delete(row).where(row.state == "quarantined", row.received_at < before))

    # the push subscription

    def subscription_check(self) -> SubscriptionCheck | None:
        row = self._s.get(t.SubscriptionCheckRow, 1)
        if row is None or row.at is None:
            return None
        return SubscriptionCheck(row.at, cast("SubscriptionState", row.state), row.says, row.next_at)

    def claim_subscription_check(self, now: datetime, again: datetime, stale_before: datetime) -> bool:
        row = t.SubscriptionCheckRow
        insert = self._upsert(row).values(id=1, state="unknown", says="", next_at=again)
        claim = insert.on_conflict_do_update(
            index_elements=["id"],
            set_={"next_at": again},
            where=or_(row.next_at <= now, row.at <= stale_before),
        )
        return self._s.scalar(claim.returning(row.id)) is not None

    def put_subscription_check(self, check: SubscriptionCheck) -> None:
        row = t.SubscriptionCheckRow
        values = asdict(check)
        insert = self._upsert(row).values(id=1, **values)
        self._s.execute(insert.on_conflict_do_update(index_elements=["id"], set_=values))

    # after a pause

    def read_lists_at(self, at: datetime) -> None:
        row = t.StravaConnection
        later = (row.state == "connected", or_(row.recent_at.is_(None), row.recent_at > at))
        self._s.execute(update(row).where(*later).values(recent_at=at))

    def wake_refused(self, now: datetime) -> None:
        job, link = t.FetchJob, t.StravaConnection
        refused = job.limited_until > now
        self._s.execute(update(job).where(refused).values(next_attempt_at=now, limited_until=None))
        for column in (link.backfill_at, link.check_at):
            self._s.execute(update(link).where(column > now).values({column.key: now}))
        self.read_lists_at(now)


def read_gap(stored: dict[str, Any] | None) -> Gap | None:
    """What `put_gap` stored."""
    if stored is None:
        return None
    until = stored["until"]
    return Gap(**{**stored, "until": datetime.fromisoformat(until) if until else None})
