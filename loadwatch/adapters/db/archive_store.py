"""The part of the store that holds archives. What a runner asks for names the athlete."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.adapters.db.words import made_of, reason_of, words_of
from loadwatch.services.archive_ports import Archive, ArchiveFilesState, LeftOut

_KEPT_LEFT_OUT = 500


class ArchiveStore:
    """Mixed into `store.SqlTx`; see `services.archive_ports.ArchiveTx` for what row method promises."""

    _s: Session
    _upsert: Callable[[Any], postgresql.Insert | sqlite.Insert]

    def add_archive(
        self, athlete_id: int, sha256: str, name: str, size: int, sport_if_silent: str | None, now: datetime
    ) -> Archive:
        anew: dict[str, Any] = {
            "name": name,
            "sport_if_silent": sport_if_silent,
            "state": "waiting",
            "reason": None,
            "n_entries": None,
            "n_taken": 0,
            "n_left_out": 0,
            "left_out": [],
            "attempts": 0,
            "next_attempt_at": now,
            "lease_owner": None,
            "lease_until": None,
            "created_at": now,
            "settled_at": None,
        }
        row = t.ArchiveRow
        insert = self._upsert(row).values(athlete_id=athlete_id, sha256=sha256, size=size, **anew)
        upsert = insert.on_conflict_do_update(index_elements=["athlete_id", "sha256"], set_=anew)
        archive_id = self._s.scalars(upsert.returning(row.id)).one()
        return _archive(self._s.get_one(row, archive_id, populate_existing=True))

    def archive(self, athlete_id: int, archive_id: int) -> Archive | None:
        row = t.ArchiveRow
        found = self._s.scalar(select(row).where(row.athlete_id == athlete_id, row.id == archive_id))
        return _archive(found) if found else None

    def archives(self, athlete_id: int, limit: int) -> list[Archive]:
        row = t.ArchiveRow
        newest = select(row).where(row.athlete_id == athlete_id).order_by(row.created_at.desc(), row.id.desc())
        return [_archive(row) for row in self._s.scalars(newest.limit(limit))]

    def archive_files(self, athlete_id: int, archive_id: int, limit: int) -> ArchiveFilesState:
        file, row = t.ArchiveFileRow, t.UploadRow
        held = (row.id == file.upload_id, file.archive_id == archive_id, row.athlete_id == athlete_id)
        counts = self._s.execute(select(row.state, func.count()).where(*held).group_by(row.state))
        failed = (
            select(row.name, row.reason, row.words).where(*held, row.state == "failed").order_by(row.id).limit(limit)
        )
        return ArchiveFilesState(
            {row[0]: row[1] for row in counts},
            tuple(LeftOut(name, words_of(why or "", made)) for name, why, made in self._s.execute(failed)),
        )

    def due_archive_ids(self, now: datetime, limit: int) -> list[int]:
        row = t.ArchiveRow
        # One in a worker's hands is due too: if that worker died it is to be taken up again.
        due = select(row.id).where(row.next_attempt_at <= now).order_by(row.next_attempt_at, row.id).limit(limit)
        return list(self._s.scalars(due))

    def archive_lease_owners(self) -> list[str]:
        owners = select(t.ArchiveRow.lease_owner).where(t.ArchiveRow.lease_owner.is_not(None)).distinct()
        return [o for o in self._s.scalars(owners) if o is not None]

    def claim_archive(
        self, archive_id: int, owner: str, dead: Iterable[str], now: datetime, until: datetime
    ) -> Archive | None:
        row = t.ArchiveRow
        free = or_(row.lease_until.is_(None), row.lease_until <= now, row.lease_owner.in_(list(dead)))
        claim = (
            update(row)
            .where(row.id == archive_id, row.next_attempt_at <= now, free)
            .values(lease_owner=owner, lease_until=until, attempts=row.attempts + 1)
        )
        hit = cast("CursorResult[Any]", self._s.execute(claim)).rowcount
        return _archive(self._s.get_one(row, archive_id)) if hit else None

    def advance_archive(
        self,
        archive_id: int,
        *,
        n_entries: int,
        n_taken: int,
        upload_ids: Sequence[int],
        left_out: Sequence[LeftOut],
    ) -> None:
        row = self._s.get_one(t.ArchiveRow, archive_id, with_for_update=True, populate_existing=True)
        row.n_entries, row.n_taken, row.attempts = n_entries, n_taken, 0
        row.n_left_out += len(left_out)
        known = [*row.left_out, *([row.name, row.reason, made_of(row.reason)] for row in left_out)]
        row.left_out = known[:_KEPT_LEFT_OUT]
        if upload_ids:
            files = [{"archive_id": archive_id, "upload_id": upload_id} for upload_id in set(upload_ids)]
            self._s.execute(self._upsert(t.ArchiveFileRow).values(files).on_conflict_do_nothing())

    def settle_archive(
        self,
        archive_id: int,
        state: str,
        now: datetime,
        *,
        reason: str | None = None,
        next_attempt_at: datetime | None = None,
    ) -> None:
        outcome = {
            "state": state,
            "reason": None if reason is None else str(reason),
            "words": made_of(reason),
            "next_attempt_at": next_attempt_at,
            "settled_at": None if state == "waiting" else now,
            "lease_owner": None,
            "lease_until": None,
        }
        self._s.execute(update(t.ArchiveRow).where(t.ArchiveRow.id == archive_id).values(outcome))


def _archive(row: t.ArchiveRow) -> Archive:
    return Archive(
        id=row.id,
        athlete_id=row.athlete_id,
        sha256=row.sha256,
        name=row.name,
        size=row.size,
        sport_if_silent=row.sport_if_silent,
        state=row.state,
        reason=reason_of(row.reason, row.words),
        n_entries=row.n_entries,
        n_taken=row.n_taken,
        n_left_out=row.n_left_out,
        left_out=tuple(LeftOut(name, words_of(why, *made)) for name, why, *made in row.left_out),
        attempts=row.attempts,
        created_at=row.created_at,
        settled_at=row.settled_at,
    )
