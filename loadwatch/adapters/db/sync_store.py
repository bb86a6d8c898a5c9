"""The part of the store that knows what is still awaited, and how the pushes stand."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Executable,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.adapters.db.notice_store import untold_columns
from loadwatch.domain.activity import RUN_FAMILY
from loadwatch.domain.alerts import OPEN_STATES, AlertState
from loadwatch.domain.completeness import Gap
from loadwatch.services.notice_ports import NOTICED_FOR, Untold
from loadwatch.services.sync_ports import (
    Awaited,
    History,
    Pulse,
    Quarantine,
    QuarantineReason,
    SampleCounts,
    SubscriptionCheck,
    SubscriptionState,
)

ANNOUNCED_AFTER = timedelta(days=1)
"""How long before its announcement an activity may have begun that is not known yet. Design choice."""

COUNTS = (
    t.RunRow.sport.in_(sorted(RUN_FAMILY)),
    t.RunRow.distance_m > 0,
    t.RunRow.distance_trusted.is_(True),
)
"""What `domain.activity.counted` asks of one row; duplicates it alone can tell."""

_ATHLETE: ColumnElement[int] = bindparam("athlete_id", type_=Integer)


def _awaited() -> CompoundSelect[Any]:
    """Rows of (kind, moment, start, number, state, scopes): of each kind only some are filled."""
    job, row, inbox, link, file = t.FetchJob, t.RunRow, t.Inbox, t.StravaConnection, t.UploadRow
    no_time, no_text = cast_to(null(), t.UtcDateTime()), cast_to(null(), Text())
    zero = literal(0, Integer)
    same = and_(row.athlete_id == job.athlete_id, row.source == job.source, row.source_id == job.source_id)
    owner = select(link.strava_athlete_id).where(link.athlete_id == _ATHLETE).scalar_subquery()

    def kind(name: str) -> ColumnElement[str]:
        return literal(name, Text).label("kind")

    return union_all(
        select(kind("link"), link.backfill_at, no_time, zero, link.state, link.scopes).where(
            link.athlete_id == _ATHLETE
        ),
        select(kind("files"), no_time, no_time, func.count(), no_text, no_text)
        .select_from(file)
        .where(file.athlete_id == _ATHLETE, file.state == "waiting"),
        select(kind("run"), job.first_event_at, row.start, cast_to(job.deletion_seen, Integer), no_text, no_text)
        .outerjoin(row, same)
        # Of a job of samples alone the run is there already.
        .where(job.athlete_id == _ATHLETE, job.wanted > job.done, job.history_at.is_(None)),
        select(kind("run"), inbox.received_at, no_time, zero, no_text, no_text).where(
            inbox.owner_id == owner, inbox.state == "pending", inbox.object_type == "activity"
        ),
        select(kind("samples"), row.start, no_time, zero, no_text, no_text).where(
            row.athlete_id == _ATHLETE,
            row.start >= bindparam("samples_since", type_=t.UtcDateTime()),
            row.streams.in_(("listed", "waiting")),
        ),
    )


def _pulse() -> list[ColumnElement[int]]:
    """Columns of `Pulse`, in its order."""
    row, job, file, step = t.RunRow, t.AssessJob, t.UploadRow, t.AlertTransition

    def of(query: Select[Any]) -> ColumnElement[int]:
        return func.coalesce(query.scalar_subquery(), 0)

    runs = row.athlete_id == _ATHLETE
    files = file.athlete_id == _ATHLETE
    return [
        of(select(func.count()).select_from(row).where(runs)),
        of(select(func.max(row.id)).where(runs)),
        of(select(job.wanted).where(job.athlete_id == _ATHLETE)),
        of(select(job.done).where(job.athlete_id == _ATHLETE)),
        of(
            select(func.max(step.id))
            .join(t.AlertRow, t.AlertRow.id == step.alert_id)
            .where(t.AlertRow.athlete_id == _ATHLETE)
        ),
        of(select(func.count()).select_from(file).where(files, file.state == "waiting")),
        of(select(func.count()).select_from(file).where(files, file.state != "waiting")),
    ]


def _history() -> list[Any]:
    """Columns of `History`, in its order."""
    row = t.RunRow
    own = (row.athlete_id == _ATHLETE, *COUNTS)
    before = row.start < bindparam("before", type_=t.UtcDateTime())
    last = row.start < bindparam("last_before", type_=t.UtcDateTime())
    return [
        select(func.count()).select_from(row).where(*own, before).scalar_subquery(),
        select(func.min(row.start)).where(*own, before).scalar_subquery(),
        select(func.min(row.local_date)).where(*own).scalar_subquery(),
        select(func.max(row.start)).where(*own, last).scalar_subquery(),
    ]


_AWAITED = _awaited()
_PULSE = select(*_pulse())
_HISTORY = select(*_history(), *untold_columns(), *_pulse())
"""Built once, like all that is asked often: building takes longer than running."""


class SyncStore:
    """Mixed into `store.SqlTx`; see `services.sync_ports.SyncTx` for what each method promises."""

    _s: Session
    _changed: Callable[[Executable], int]
    _upsert: Any

    # what is awaited

    def awaited(self, athlete_id: int, samples_since: datetime) -> Awaited:
        values = {"athlete_id": athlete_id, "samples_since": samples_since}
        found: dict[str, Any] = {}
        runs, samples = [], []
        for kind, at, start, number, state, scopes in self._s.execute(_AWAITED, values):
            match kind:
                case "link":
                    granted = frozenset(s for s in scopes.split(",") if s)
                    found |= {"link": state, "scopes": granted, "list_awaited": at is not None}
                case "files":
                    found["n_files"] = number
                case "samples":
                    samples.append(at)
                case _ if start is not None or not number:  # what is deleted and was never here is not awaited
                    runs.append(start or at - ANNOUNCED_AFTER)
        return Awaited(runs=tuple(runs), samples=tuple(samples), **found)

    def pulse(self, athlete_id: int) -> Pulse:
        numbers: list[int] = list(self._s.execute(_PULSE, {"athlete_id": athlete_id}).one())
        return Pulse(*numbers)

    def history(self, athlete_id: int, before: datetime, last_before: datetime) -> tuple[History, Untold, Pulse]:
        values = {"athlete_id": athlete_id, "before": before, "last_before": last_before}
        found = tuple(self._s.execute(_HISTORY, {**values, "lost_since": before - NOTICED_FOR}).one())
        return History(*found[:4]), Untold(*found[4:8]), Pulse(*found[8:])

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
        return SampleCounts(*self._s.execute(select(*(query.scalar_subquery() for query in queries))).one())

    # quarantine

    def quarantine(self, since: datetime, reasons: int) -> Quarantine:
        row = t.Inbox
        kept = row.state == "quarantined"
        n, of_day = func.count(), func.sum(case((row.received_at > since, 1), else_=0))
        grouped = (
            select(row.reason, n, func.max(row.received_at), func.sum(n).over(), func.sum(of_day).over())
            .where(kept)
            .group_by(row.reason)
            .order_by(n.desc(), func.max(row.id).desc())
            .limit(reasons)
        )
        found, n_all, n_day = [], 0, 0
        for why, count, last, n_all, n_day in self._s.execute(grouped):  # noqa: B007  the sums stand in each row
            found.append(QuarantineReason(why or "", count, last))
        return Quarantine(int(n_all), int(n_day), tuple(found))

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
