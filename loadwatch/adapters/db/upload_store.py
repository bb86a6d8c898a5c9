"""The part of the store that holds what was handed in. What a runner asks for names the athlete."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.adapters.db.words import made_of, reason_of
from loadwatch.services.ports import Told, Upload
from loadwatch.services.uploads import ACTIVITIES_PER_FILE

_SETTLED = (
    *("state", "reason", "words", "run_id", "n_runs", "next_attempt_at", "settled_at"),
    *("lease_owner", "lease_until"),
)
_SETTLE = (
    update(t.UploadRow.__table__)  # type: ignore[arg-type]
    .where(t.UploadRow.__table__.c.id == bindparam("upload_id"))
    .values({name: bindparam(name) for name in _SETTLED})
)
"""Built once, as it is run for each file of thousands."""


class UploadStore:
    """Mixed into `store.SqlTx`; see `services.ports.Tx` for what each method promises."""

    _s: Session
    _upsert: Callable[[Any], postgresql.Insert | sqlite.Insert]

    def add_upload(self, athlete_id: int, sha256: str, name: str, size: int, told: Told, now: datetime) -> int | None:
        facts = asdict(told) | {"start": told.start.isoformat() if told.start else None}
        insert = self._upsert(t.UploadRow).values(
            athlete_id=athlete_id,
            sha256=sha256,
            name=name,
            size=size,
            told=facts,
            state="waiting",
            n_runs=0,
            attempts=0,
            next_attempt_at=now,
            created_at=now,
        )
        insert = insert.on_conflict_do_nothing(index_elements=["athlete_id", "sha256"])
        return self._s.scalar(insert.returning(t.UploadRow.id))

    def uploads_of(self, athlete_id: int, digests: Iterable[str]) -> list[Upload]:
        row = t.UploadRow
        rows = select(row).where(row.athlete_id == athlete_id, row.sha256.in_(sorted(digests)))
        return [cast("Upload", _upload(each)) for each in self._s.scalars(rows)]

    def upload(self, athlete_id: int, upload_id: int) -> Upload | None:
        row = t.UploadRow
        return _upload(self._s.scalar(select(row).where(row.athlete_id == athlete_id, row.id == upload_id)))

    def uploads_by_id(self, athlete_id: int, ids: Sequence[int]) -> list[Upload]:
        row = t.UploadRow
        rows = select(row).where(row.athlete_id == athlete_id, row.id.in_(ids)).order_by(row.id)
        return [cast("Upload", _upload(each)) for each in self._s.scalars(rows)]

    def uploads(self, athlete_id: int, limit: int, *, alone: bool = False) -> list[Upload]:
        row = t.UploadRow
        rows = select(row).where(row.athlete_id == athlete_id)
        if alone:
            rows = rows.where(~exists().where(t.ArchiveFileRow.upload_id == row.id))
        found = self._s.scalars(rows.order_by(row.id.desc()).limit(limit))
        return [cast("Upload", _upload(each)) for each in found]

    def delete_upload(self, athlete_id: int, upload_id: int) -> None:
        row = t.UploadRow
        self._s.execute(delete(row).where(row.athlete_id == athlete_id, row.id == upload_id))

    def source_ids(self, athlete_id: int, source: str, first: int, end: int) -> list[int]:
        row = t.RunRow
        mine = (row.athlete_id == athlete_id, row.source == source, row.source_id >= first, row.source_id < end)
        return list(self._s.scalars(select(row.source_id).where(*mine)))

    def kept_files(self, athlete_id: int) -> set[str]:
        file, archive = t.UploadRow, t.ArchiveRow
        files = self._s.scalars(select(file.sha256).where(file.athlete_id == athlete_id))
        waiting = select(archive.sha256).where(archive.athlete_id == athlete_id, archive.state == "waiting")
        return {*files, *(f"{digest}.zip" for digest in self._s.scalars(waiting))}

    def outdated_source_ids(self, source: str, version: int, limit: int) -> list[int]:
        row, features = t.RunRow, t.RunFeaturesRow
        file_id = row.source_id // ACTIVITIES_PER_FILE
        query = (
            select(row.source_id)
            .join(features, features.run_id == row.id)
            .join(t.UploadRow, t.UploadRow.id == file_id)
            # What failed the last time would fail again.
            .where(row.source == source, features.version < version, t.UploadRow.state == "stored")
            .order_by(row.start.desc(), row.id.desc())
            .limit(limit)
        )
        return list(self._s.scalars(query))

    def read_again(self, upload_ids: Iterable[int], now: datetime) -> int:
        row = t.UploadRow
        stored = (row.id.in_(list(upload_ids)), row.state == "stored", row.next_attempt_at.is_(None))
        again = update(row).where(*stored).values(attempts=0, next_attempt_at=now)
        return cast("CursorResult[Any]", self._s.execute(again)).rowcount

    def retry_upload(self, athlete_id: int, upload_id: int, now: datetime) -> bool:
        row = t.UploadRow
        failed = (row.athlete_id == athlete_id, row.id == upload_id, row.state == "failed")
        again = {
            "state": "waiting",
            "reason": None,
            "words": None,
            "attempts": 0,
            "next_attempt_at": now,
            "settled_at": None,
        }
        return self._hit(update(row).where(*failed).values(again))

    def claim_uploads(
        self,
        owner: str,
        dead: Iterable[str],
        now: datetime,
        until: datetime,
        limit: int,
        athlete_id: int | None = None,
    ) -> list[Upload]:
        row = t.UploadRow
        free = or_(row.lease_until.is_(None), row.lease_until <= now, row.lease_owner.in_(list(dead)))
        query = select(row).where(*_due(now, athlete_id), free).order_by(row.next_attempt_at, row.id).limit(limit)
        rows = list(self._s.scalars(query.with_for_update(skip_locked=True)))
        if rows and rows[0].attempts:
            rows = rows[:1]
        rows = [r for r in rows if r is rows[0] or (r.athlete_id == rows[0].athlete_id and not r.attempts)]
        for each in rows:
            each.lease_owner, each.lease_until, each.attempts = owner, until, each.attempts + 1
        self._s.flush()
        return [cast("Upload", _upload(each)) for each in rows]

    def release_upload(self, upload_id: int) -> None:
        row = t.UploadRow
        unread = {"lease_owner": None, "lease_until": None, "attempts": row.attempts - 1}
        self._s.execute(update(row).where(row.id == upload_id).values(unread))

    def settle_upload(
        self,
        upload_id: int,
        state: str,
        now: datetime,
        *,
        reason: str | None = None,
        run_id: int | None = None,
        n_runs: int = 0,
        next_attempt_at: datetime | None = None,
    ) -> None:
        outcome = {
            "state": state,
            "reason": None if reason is None else str(reason),
            "words": made_of(reason),
            "run_id": run_id,
            "n_runs": n_runs,
            "next_attempt_at": next_attempt_at,
            "settled_at": None if state == "waiting" else now,
            "lease_owner": None,
            "lease_until": None,
        }
        self._s.execute(_SETTLE, {"upload_id": upload_id, **outcome})

    def n_due_uploads(self, now: datetime, athlete_id: int | None = None) -> int:
        return self._s.scalar(select(func.count()).select_from(t.UploadRow).where(*_due(now, athlete_id))) or 0

    def upload_lease_owners(self) -> list[str]:
        owners = select(t.UploadRow.lease_owner).where(t.UploadRow.lease_owner.is_not(None)).distinct()
        return [o for o in self._s.scalars(owners) if o is not None]

    def _hit(self, change: Any) -> bool:
        return bool(cast("CursorResult[Any]", self._s.execute(change)).rowcount)


def _due(now: datetime, athlete_id: int | None) -> list[ColumnElement[bool]]:
    # A row in a worker's hands is due too: if that worker died it is to be taken up again.
    due = [t.UploadRow.next_attempt_at <= now]
    return due if athlete_id is None else [*due, t.UploadRow.athlete_id == athlete_id]


def _upload(row: t.UploadRow | None) -> Upload | None:
    if row is None:
        return None
    facts = dict(row.told or {})
    start = facts.pop("start", None)
    return Upload(
        id=row.id,
        athlete_id=row.athlete_id,
        sha256=row.sha256,
        name=row.name,
        size=row.size,
        told=Told(**facts, start=datetime.fromisoformat(start) if start else None),
        state=row.state,
        reason=reason_of(row.reason, row.words),
        run_id=row.run_id,
        n_runs=row.n_runs,
        attempts=row.attempts,
        created_at=row.created_at,
        settled_at=row.settled_at,
    )
