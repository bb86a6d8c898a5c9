"""The part of the store that knows what is still awaited."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import func, null, or_, select, update
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.domain.alerts import OPEN_STATES, AlertState
from loadwatch.domain.completeness import Gap


class SyncStore:
    """Mixed into `store.SqlTx`; see `services.sync_ports.SyncTx` for what each method promises."""

    _s: Session

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
        row = t.StravaConnection
        awaited = (row.athlete_id == athlete_id, row.backfill_at.is_not(None))
        return self._s.scalar(select(row.athlete_id).where(*awaited)) is not None

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


def read_gap(stored: dict[str, Any] | None) -> Gap | None:
    """What `put_gap` stored."""
    if stored is None:
        return None
    until = stored["until"]
    return Gap(**{**stored, "until": datetime.fromisoformat(until) if until else None})
