"""The store: one class, a method for each thing that a use case asks. Rows go in and out as plain records."""

import json
from collections import namedtuple
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import CursorResult, Executable, Select, and_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.adapters.db.account_store import AccountStore
from loadwatch.adapters.db.archive_store import ArchiveStore
from loadwatch.adapters.db.channel_store import ChannelStore
from loadwatch.adapters.db.engine import Engines
from loadwatch.adapters.db.health_store import HealthStore
from loadwatch.adapters.db.inbox_store import SqlInboxTx
from loadwatch.adapters.db.load_store import LoadStore
from loadwatch.adapters.db.notice_store import NoticeStore
from loadwatch.adapters.db.operating_store import OperatingStore
from loadwatch.adapters.db.outbox_store import OutboxStore
from loadwatch.adapters.db.plan_store import PlanStore
from loadwatch.adapters.db.reply_store import ReplyStore
from loadwatch.adapters.db.rights_store import RightsStore
from loadwatch.adapters.db.shoe_store import ShoeStore
from loadwatch.adapters.db.sync_store import COUNTS, SyncStore, read_gap
from loadwatch.adapters.db.timing_store import LEFT_AT, TimingStore
from loadwatch.adapters.db.upload_store import UploadStore
from loadwatch.adapters.db.words import made_of, words_of
from loadwatch.domain.activity import RUN_FAMILY, AltitudeQuality, HillReps, Repetition, Run, RunFeatures, TrackWork
from loadwatch.domain.adjusted import OwnThresholds
from loadwatch.domain.alerts import (
    OPEN_STATES,
    Alert,
    AlertState,
    Feedback,
    Sensitivity,
    Settled,
    StoredAlert,
    alert_life,
)
from loadwatch.domain.bands import N_BANDS
from loadwatch.domain.daily import DayTotal, IsoWeek
from loadwatch.domain.findings import RED
from loadwatch.domain.rules import EarlierHistory, Evidence, Finding, Reason
from loadwatch.domain.telling import Mailed, RedAlert
from loadwatch.domain.text import from_json, say, to_json
from loadwatch.domain.wording import AlertText
from loadwatch.services.ports import (
    AccountRecord,
    ActivityRecord,
    AlertStep,
    AthleteProfile,
    Connection,
    InboxItem,
    Job,
    JobOutcome,
    KeyWish,
    RunDetail,
    SyncState,
    TokenPair,
    Transition,
)
from loadwatch.services.rights_ports import RECENT_EVERY
from loadwatch.services.sync_ports import Awaited

_RUNS = select(t.RunRow, t.RunFeaturesRow).outerjoin(t.RunFeaturesRow, t.RunFeaturesRow.run_id == t.RunRow.id)
"""Runs, each with its features or None, in one query."""


_RUN_COLUMNS = (
    *("id", "start", "local_date", "sport", "distance_m", "moving_s", "elapsed_s", "ascent_m", "name"),
    *("is_race", "start_hidden", "distance_trusted", "told_apart", "preferred"),
)
_FEATURES_COLUMNS = tuple(c.name for c in t.RunFeaturesRow.__table__.columns if c.name != "computed_at")
_RunPart: Any = namedtuple("_RunPart", _RUN_COLUMNS)  # type: ignore[misc]
_FeaturesPart: Any = namedtuple("_FeaturesPart", _FEATURES_COLUMNS)  # type: ignore[misc]
"""What `_run` and `_features` read."""

_NO_METRES = (0.0,) * N_BANDS


def _runs_since(run_columns: Iterable[str], features_columns: Iterable[str]) -> Select[Any]:
    """Some columns of an athlete's runs and features, in order of start; built once, run at every assessment."""
    runs, features = t.RunRow.__table__, t.RunFeaturesRow.__table__
    known = and_(features.c.run_id == runs.c.id, features.c.error.is_(None))
    return (
        select(*(runs.c[n] for n in run_columns), *(features.c[n] for n in features_columns))
        .select_from(runs.outerjoin(features, known))
        .where(runs.c.athlete_id == bindparam("athlete_id"), runs.c.start >= bindparam("since"))
        .order_by(runs.c.start, runs.c.id)
    )


# Parsing JSON is most of what reading runs takes: no rule reads repetitions and warnings, and profiles only lately.
_JUDGED_RUNS = _runs_since(
    _RUN_COLUMNS,
    (n for n in _FEATURES_COLUMNS if n not in {"run_id", "error", "hill_reps", "reps", "warnings"}),
)
_OLDER_RUNS = _runs_since(
    (n for n in _RUN_COLUMNS if n not in {"ascent_m", "name", "is_race"}),
    ("version", "best_20s_m_s", "easy_speed_m_s"),
).where(t.RunRow.__table__.c.start < bindparam("until"))

_JOBS, _ASSESSMENTS = t.FetchJob.__table__, t.AssessJob.__table__


def _given(name: str, column: Any) -> Any:
    return bindparam(name, type_=column.type)


_CLAIMED = (
    *("id", "athlete_id", "source", "source_id", "wanted", "attempts", "missing_since", "deletion_seen"),
    *("stream_attempts", "first_event_at", "history_at"),
)
_CLAIM = (
    update(_JOBS)  # type: ignore[arg-type]
    .where(
        _JOBS.c.id == bindparam("job_id"),
        _JOBS.c.next_attempt_at <= bindparam("now"),
        or_(
            _JOBS.c.lease_until.is_(None),
            _JOBS.c.lease_until <= bindparam("now"),
            _JOBS.c.lease_owner.in_(bindparam("dead", expanding=True)),
        ),
    )
    .values(lease_owner=bindparam("owner"), lease_until=bindparam("until"))
    .returning(*(_JOBS.c[name] for name in _CLAIMED))
)
"""Built once, like all that is run for each event: building takes longer than running."""

_IS_DUE = select(_JOBS.c.id).where(_JOBS.c.id == bindparam("job_id"), _JOBS.c.next_attempt_at <= bindparam("now"))


def _settle(*, is_served: bool) -> Any:
    """Give a claimed job back; where an event came in meanwhile it is due again, with what that event said."""
    jobs, seen = _JOBS.c, bindparam("deletion_outcome", type_=_JOBS.c.deletion_seen.type)
    again = jobs.wanted > bindparam("known")
    return (
        update(_JOBS)  # type: ignore[arg-type]
        .where(jobs.id == bindparam("job_id"), jobs.lease_owner == bindparam("owner"))
        .values(
            lease_owner=None,
            lease_until=None,
            attempts=bindparam("attempts"),
            missing_since=bindparam("missing_since"),
            stream_attempts=bindparam("stream_attempts"),
            last_error=bindparam("last_error"),
            limited_until=bindparam("limited_until"),
            next_attempt_at=case(
                (again, _given("now", jobs.next_attempt_at)), else_=_given("next", jobs.next_attempt_at)
            ),
            deletion_seen=case(
                (again, or_(jobs.deletion_seen, seen)), else_=seen if is_served else jobs.deletion_seen
            ),
            **({"done": bindparam("known")} if is_served else {}),
        )
    )


_SERVED, _POSTPONED = _settle(is_served=True), _settle(is_served=False)


def _want_assessment(insert: Any) -> Any:
    """Ask for one; while one is waited for, from the earliest start on and since the first asked."""
    jobs, new = _ASSESSMENTS.c, insert(_ASSESSMENTS).values(wanted=1, done=0, attempts=0)
    asked, waiting = new.excluded, jobs.wanted > jobs.done
    return new.on_conflict_do_update(
        index_elements=["athlete_id"],
        set_={
            "since": case((and_(waiting, jobs.since < asked.since), jobs.since), else_=asked.since),
            "asked_at": case((waiting, jobs.asked_at), else_=asked.asked_at),
            "wanted": jobs.wanted + 1,
            "next_attempt_at": asked.next_attempt_at,
        },
    )


_WANT_ASSESSMENT = {
    "postgresql": _want_assessment(postgresql.insert),
    "sqlite": _want_assessment(sqlite.insert),
}
_ASKED_AT = select(_ASSESSMENTS.c.asked_at).where(
    _ASSESSMENTS.c.athlete_id == bindparam("athlete_id"), _ASSESSMENTS.c.wanted > _ASSESSMENTS.c.done
)

# NO KEY UPDATE: rows that merely point to the athlete may still be added beside it.
_LOCK_ATHLETE = (
    select(t.Athlete.__table__.c.id)
    .where(t.Athlete.__table__.c.id == bindparam("athlete_id"))
    .with_for_update(key_share=True)
)

_INBOX, _LINKS = t.Inbox.__table__, t.StravaConnection.__table__
_ARRIVING = (
    select(_JOBS.c.id)
    .where(
        _JOBS.c.athlete_id == bindparam("athlete_id"),
        _JOBS.c.wanted > _JOBS.c.done,
        _JOBS.c.next_attempt_at <= bindparam("now"),
    )
    .limit(1)
)
_UNREAD = (
    select(_INBOX.c.id)
    .where(
        _INBOX.c.state == "pending",
        _INBOX.c.owner_id
        == select(_LINKS.c.strava_athlete_id).where(_LINKS.c.athlete_id == bindparam("athlete_id")).scalar_subquery(),
    )
    .limit(1)
)

_SETTLE_INBOX = (
    update(_INBOX)  # type: ignore[arg-type]
    .where(_INBOX.c.id == bindparam("inbox_id"), _INBOX.c.state == "pending")
    .values({name: bindparam(name) for name in ("state", "reason", "processed_at")})
)


def _want(insert: Any) -> Any:
    """Note an event's work; what was wanted for its samples alone is from now on wanted for itself."""
    jobs, new = _JOBS.c, insert(_JOBS).values(wanted=1, done=0, attempts=0, stream_attempts=0)
    return new.on_conflict_do_update(
        index_elements=["athlete_id", "source", "source_id"],
        set_={
            "wanted": jobs.wanted + 1,
            "next_attempt_at": new.excluded.next_attempt_at,
            "history_at": None,
            "deletion_seen": or_(jobs.deletion_seen, new.excluded.deletion_seen),
        },
    ).returning(jobs.id)


_WANT = {"postgresql": _want(postgresql.insert), "sqlite": _want(sqlite.insert)}

_CONNECTED = (*("athlete_id", "strava_athlete_id", "access_token", "refresh_token", "expires_at", "scopes", "state"),)
_CONNECTION = select(*(_LINKS.c[name] for name in _CONNECTED)).where(_LINKS.c.athlete_id == bindparam("athlete_id"))

_RUN_BY_SOURCE = _RUNS.where(
    t.RunRow.athlete_id == bindparam("athlete_id"),
    t.RunRow.source == bindparam("source"),
    t.RunRow.source_id == bindparam("source_id"),
)
# Of the run only: what an outer join may leave empty cannot be locked.
_LOCKED_RUN_BY_SOURCE = _RUN_BY_SOURCE.with_for_update(of=t.RunRow)


def _both_parts(*wanted: Any) -> Any:
    """An athlete's runs with their features, as columns and not as objects that the session tracks."""
    runs, features = t.RunRow.__table__, t.RunFeaturesRow.__table__
    return (
        select(*(runs.c[n] for n in _RUN_COLUMNS), *(features.c[n] for n in _FEATURES_COLUMNS))
        .select_from(runs.outerjoin(features, features.c.run_id == runs.c.id))
        .where(runs.c.athlete_id == bindparam("athlete_id"), *wanted)
        .order_by(runs.c.start, runs.c.id)
    )


_RUNS_FROM = _both_parts(t.RunRow.__table__.c.start >= bindparam("since"))
_RUNS_AFTER = (
    _both_parts(t.RunRow.__table__.c.id > bindparam("last_run_id"))
    .order_by(None)
    .order_by(t.RunRow.__table__.c.start.desc())
)
_RUNS_OF_DAYS = _both_parts(t.RunRow.__table__.c.local_date.in_(bindparam("days", expanding=True)))


def _put_features(insert: Any) -> Any:
    """The features of a run, in place of those it had or of the error that kept it from any."""
    new = insert(t.RunFeaturesRow.__table__)
    names = [c.name for c in t.RunFeaturesRow.__table__.columns if c.name != "run_id"]
    return new.on_conflict_do_update(index_elements=["run_id"], set_={n: new.excluded[n] for n in names})


_PUT_FEATURES = {"postgresql": _put_features(postgresql.insert), "sqlite": _put_features(sqlite.insert)}

_TOTALS = t.DayTotalRow.__table__
_DELETE_TOTALS = delete(_TOTALS).where(  # type: ignore[arg-type]
    _TOTALS.c.athlete_id == bindparam("athlete_id"), _TOTALS.c.local_date.in_(bindparam("days", expanding=True))
)
_ADD_TOTALS = _TOTALS.insert()  # type: ignore[attr-defined]


class Store:
    """A database as the use cases see it."""

    def __init__(self, engines: Engines, mail_domain: str = "loadwatch") -> None:
        self._engines = engines
        self._mail_domain = mail_domain  # at the end of each Message-ID

    @contextmanager
    def write(self) -> Iterator["SqlTx"]:
        """A transaction that writes: committed at the end, rolled back if anything raises."""
        with Session(self._engines.write, expire_on_commit=False) as session, session.begin():
            yield SqlTx(session, self._mail_domain)

    @contextmanager
    def inbox(self) -> Iterator[SqlInboxTx]:
        """A transaction that writes, of the inbox alone: a push is answered in half the time."""
        with self._engines.write.begin() as connection:
            yield SqlInboxTx(connection)

    @contextmanager
    def read(self) -> Iterator["SqlTx"]:
        """A transaction that reads one consistent state and holds no one up."""
        with Session(self._engines.read) as session:
            yield SqlTx(session, self._mail_domain)


class SqlTx(
    AccountStore,
    ArchiveStore,
    ChannelStore,
    HealthStore,
    LoadStore,
    NoticeStore,
    OperatingStore,
    OutboxStore,
    PlanStore,
    ReplyStore,
    RightsStore,
    ShoeStore,
    SyncStore,
    TimingStore,
    UploadStore,
):
    """One transaction; see `services.ports.Tx` for what each method promises."""

    def __init__(self, session: Session, mail_domain: str = "loadwatch") -> None:
        self._s = session
        self._mail_domain = mail_domain
        self._dialect = session.get_bind().dialect.name
        self._upsert = postgresql.insert if self._dialect == "postgresql" else sqlite.insert

    def _changed(self, statement: Executable, values: dict[str, Any] | None = None) -> int:
        return cast("CursorResult[Any]", self._s.execute(statement, values)).rowcount

    # inbox

    def inbox_item(self, inbox_id: int) -> InboxItem | None:
        row = self._s.get(t.Inbox, inbox_id)
        return _inbox_item(row) if row else None

    def claim_pending(self, limit: int) -> list[InboxItem]:
        pending = select(t.Inbox).where(t.Inbox.state == "pending").order_by(t.Inbox.id).limit(limit)
        return [_inbox_item(row) for row in self._s.scalars(pending.with_for_update(skip_locked=True))]

    def pending_inbox_ids(self, limit: int) -> list[int]:
        rows = select(t.Inbox.id).where(t.Inbox.state == "pending").order_by(t.Inbox.id).limit(limit)
        return list(self._s.scalars(rows))

    def settle_inbox(self, inbox_id: int, state: str, reason: str | None, now: datetime) -> bool:
        values = {"inbox_id": inbox_id, "state": state, "reason": reason, "processed_at": now}
        return self._changed(_SETTLE_INBOX, values) > 0

    def release_quarantine(self) -> int:
        ours = self.subscription_id()
        known = select(t.StravaConnection.strava_athlete_id)
        release = update(t.Inbox).where(t.Inbox.state == "quarantined", t.Inbox.owner_id.in_(known))
        if ours is not None:
            release = release.where(t.Inbox.subscription_id == ours)
        return self._changed(release.values(state="pending", reason=None, processed_at=None))

    # fetch jobs

    def want(self, athlete_id: int, source: str, source_id: int, *, deletion: bool, now: datetime) -> int:
        values = {
            "athlete_id": athlete_id,
            "source": source,
            "source_id": source_id,
            "next_attempt_at": now,
            "deletion_seen": deletion,
            "first_event_at": now,
        }
        return cast("int", self._s.scalar(_WANT[self._dialect], values))

    def job_id(self, athlete_id: int, source: str, source_id: int) -> int | None:
        job = t.FetchJob
        mine = (job.athlete_id == athlete_id, job.source == source, job.source_id == source_id)
        return self._s.scalar(select(job.id).where(*mine))

    def claim_job(self, job_id: int, owner: str, dead: Iterable[str], now: datetime, until: datetime) -> Job | None:
        claim = {"job_id": job_id, "now": now, "dead": list(dead), "owner": owner, "until": until}
        row = self._s.execute(_CLAIM, claim).one_or_none()
        if row is None:
            return None
        *first, history_at = row
        return Job(*first, samples_only=history_at is not None)  # type: ignore[misc]  # the columns are in its order

    def settle_job(self, job_id: int, owner: str, outcome: JobOutcome, now: datetime) -> bool:
        is_served = outcome.done is not None
        values = {
            "job_id": job_id,
            "owner": owner,
            "known": outcome.done if is_served else outcome.seen,
            "now": now,
            "next": outcome.next_attempt_at,
            "deletion_outcome": outcome.deletion_seen,
            "attempts": outcome.attempts,
            "missing_since": outcome.missing_since,
            "stream_attempts": outcome.stream_attempts,
            "last_error": outcome.error,
            "limited_until": outcome.limited_until,
        }
        return self._changed(_SERVED if is_served else _POSTPONED, values) > 0

    def due_job_ids(self, now: datetime, limit: int) -> list[int]:
        job = t.FetchJob
        rows = select(job.id).where(job.next_attempt_at <= now).order_by(job.next_attempt_at).limit(limit)
        return list(self._s.scalars(rows))

    def is_due(self, job_id: int, now: datetime) -> bool:
        return self._s.scalar(_IS_DUE, {"job_id": job_id, "now": now}) is not None

    def lease_owners(self) -> list[str]:
        owners = select(t.FetchJob.lease_owner).where(t.FetchJob.lease_owner.is_not(None)).distinct()
        return [o for o in self._s.scalars(owners) if o is not None]

    def wake_jobs(self, athlete_id: int, now: datetime) -> int:
        job = t.FetchJob
        later = job.next_attempt_at > now
        return self._changed(
            update(job).where(job.athlete_id == athlete_id, job.wanted > job.done, later).values(next_attempt_at=now)
        )

    def retry_job(self, athlete_id: int, source: str, source_id: int, now: datetime) -> bool:
        job = t.FetchJob
        his = (job.athlete_id == athlete_id, job.source == source, job.source_id == source_id)
        return self._changed(update(job).where(*his, job.wanted > job.done).values(next_attempt_at=now)) > 0

    def want_samples(self, athlete_id: int, source: str, source_id: int, now: datetime) -> None:
        job = t.FetchJob
        insert = self._upsert(job).values(
            athlete_id=athlete_id,
            source=source,
            source_id=source_id,
            wanted=1,
            done=0,
            attempts=0,
            stream_attempts=0,
            next_attempt_at=now,
            deletion_seen=False,
            first_event_at=now,
            history_at=now,
        )
        upsert = insert.on_conflict_do_update(
            index_elements=["athlete_id", "source", "source_id"],
            set_={"wanted": job.wanted + 1, "next_attempt_at": now, "history_at": now},
            where=job.next_attempt_at.is_(None),
        )
        self._s.execute(upsert)

    def samples_wanted(self, since: datetime) -> int:
        return self._s.scalar(select(func.count()).where(t.FetchJob.history_at > since)) or 0

    def is_limited(self, now: datetime) -> bool:
        limited = select(t.FetchJob.id).where(t.FetchJob.limited_until > now)
        return self._s.scalar(limited.limit(1)) is not None

    # runs

    def lock_athlete(self, athlete_id: int) -> None:
        self._s.execute(_LOCK_ATHLETE, {"athlete_id": athlete_id})

    def upsert_run(
        self, athlete_id: int, source: str, record: ActivityRecord, *, streams: str, trusted: bool, now: datetime
    ) -> tuple[Run, Run | None]:
        row, features = self._run_row(athlete_id, source, record.source_id, lock=True)
        before = _run(row, features) if row else None
        if row is None:
            row = t.RunRow(athlete_id=athlete_id, source=source, source_id=record.source_id, created_at=now)
            self._s.add(row)
        for name in (
            "name",
            "sport",
            "start",
            "local_date",
            "timezone",
            "distance_m",
            "moving_s",
            "elapsed_s",
            "ascent_m",
            "average_heartrate_bpm",
            "is_race",
            "is_manual",
            "start_hidden",
        ):
            setattr(row, name, getattr(record, name))
        row.gear_id = record.gear.id if record.gear is not None else None
        row.streams, row.distance_trusted, row.fetched_at = streams, trusted, now
        if streams == "none" and features is not None:
            self._s.delete(features)
            features = None
        self._s.flush()
        return _run(row, features), before

    def _run_row(
        self, athlete_id: int, source: str, source_id: int, *, lock: bool = False
    ) -> tuple[t.RunRow | None, t.RunFeaturesRow | None]:
        query = _LOCKED_RUN_BY_SOURCE if lock else _RUN_BY_SOURCE
        values = {"athlete_id": athlete_id, "source": source, "source_id": source_id}
        found = self._s.execute(query, values).one_or_none()
        return (None, None) if found is None else (found[0], found[1])

    def put_streams_state(self, run_id: int, *, streams: str, trusted: bool) -> Run:
        row = self._s.get_one(t.RunRow, run_id, with_for_update=True)
        row.streams, row.distance_trusted = streams, trusted
        self._s.flush()
        return _run(row, self._s.get(t.RunFeaturesRow, run_id))

    def put_features(self, run_id: int, features: RunFeatures, now: datetime) -> RunFeatures:
        values = {"run_id": run_id, "computed_at": now, "error": None, **asdict(features)}
        if features.speed_profile_m is not None:
            profile_m = [round(metres, 1) for metres in features.speed_profile_m]
            while profile_m and not profile_m[-1]:
                profile_m.pop()
            values["speed_profile_m"] = profile_m
        values["warnings"] = [to_json(warning) for warning in features.warnings]
        self._s.execute(_PUT_FEATURES[self._dialect], values)
        stored = _features(cast("Any", SimpleNamespace(**values)))
        assert stored is not None  # there is no error
        return stored

    def put_features_error(self, run_id: int, version: int, error: str, now: datetime) -> None:
        self._s.execute(delete(t.RunFeaturesRow).where(t.RunFeaturesRow.run_id == run_id))
        row = t.RunFeaturesRow(run_id=run_id, version=version, computed_at=now, error=error)
        row.altitude_quality, row.reps, row.warnings = "none", [], []
        self._s.add(row)
        self._s.flush()

    def runs_to_sample(self, source: str, version: int, since: datetime, limit: int) -> list[tuple[int, int]]:
        row, features, job, link = t.RunRow, t.RunFeaturesRow, t.FetchJob, t.StravaConnection
        outdated = or_(features.run_id.is_(None), features.version < version)
        of_run = (job.athlete_id == row.athlete_id, job.source == row.source, job.source_id == row.source_id)
        query = (
            select(row.athlete_id, row.source_id)
            .join(link, and_(link.athlete_id == row.athlete_id, link.state == "connected"))
            .outerjoin(features, features.run_id == row.id)
            .outerjoin(job, and_(*of_run))
            .where(row.source == source, row.start >= since, row.sport.in_(sorted(RUN_FAMILY)), ~row.is_manual)
            .where(or_(row.streams == "listed", and_(row.streams == "ok", outdated)))
            .where(job.next_attempt_at.is_(None))
            .order_by(row.start.desc(), row.id.desc())
            .limit(limit)
        )
        return [(athlete_id, source_id) for athlete_id, source_id in self._s.execute(query)]

    def run_by_source(self, athlete_id: int, source: str, source_id: int) -> RunDetail | None:
        row, features = self._run_row(athlete_id, source, source_id)
        return _detail(row, features) if row else None

    def delete_run(self, athlete_id: int, source: str, source_id: int) -> Run | None:
        row, features = self._run_row(athlete_id, source, source_id, lock=True)
        if row is None:
            return None
        run = _run(row, features)
        self._s.delete(row)
        self._s.flush()
        return run

    def runs_between(self, athlete_id: int, since: datetime, until: datetime | None = None) -> list[Run]:
        query = _RUNS_FROM if until is None else _RUNS_FROM.where(t.RunRow.__table__.c.start < until)
        return [_run_of_parts(row) for row in self._s.execute(query, {"athlete_id": athlete_id, "since": since})]

    def runs_after(self, athlete_id: int, last_run_id: int, limit: int) -> list[Run]:
        values = {"athlete_id": athlete_id, "last_run_id": last_run_id}
        return [_run_of_parts(row) for row in self._s.execute(_RUNS_AFTER.limit(limit), values)]

    def runs_to_judge(
        self, athlete_id: int, since: datetime, detailed_since: datetime, until: datetime | None = None
    ) -> list[Run]:
        older = {"athlete_id": athlete_id, "since": since, "until": detailed_since}
        runs = [_older_run(row) for row in self._s.execute(_OLDER_RUNS, older)]
        judged = {"athlete_id": athlete_id, "since": max(since, detailed_since)}
        query = _JUDGED_RUNS if until is None else _JUDGED_RUNS.where(t.RunRow.__table__.c.start < until)
        return runs + [_judged_run(row) for row in self._s.execute(query, judged)]

    def runs_of_days(self, athlete_id: int, days: Iterable[date]) -> list[Run]:
        wanted = {"athlete_id": athlete_id, "days": sorted(days)}
        return [_run_of_parts(row) for row in self._s.execute(_RUNS_OF_DAYS, wanted)]

    def put_day_totals(self, athlete_id: int, days: Iterable[date], totals: Iterable[DayTotal]) -> None:
        self._s.execute(_DELETE_TOTALS, {"athlete_id": athlete_id, "days": sorted(days)})
        rows = [{"athlete_id": athlete_id, **asdict(total)} for total in totals]
        if rows:
            self._s.execute(_ADD_TOTALS, rows)

    def day_totals(self, athlete_id: int, since: date, until: date) -> list[DayTotal]:
        row = t.DayTotalRow
        query = select(row).where(row.athlete_id == athlete_id, row.local_date >= since, row.local_date <= until)
        return [
            DayTotal(
                local_date=r.local_date,
                n_runs=r.n_runs,
                distance_m=r.distance_m,
                moving_s=r.moving_s,
                ascent_m=r.ascent_m,
                descent_m=r.descent_m,
                eccentric_load_m=r.eccentric_load_m,
                track_m=r.track_m,
            )
            for r in self._s.scalars(query.order_by(row.local_date))
        ]

    def last_counted_start(self, athlete_id: int, before: datetime) -> datetime | None:
        row = t.RunRow
        return self._s.scalar(
            select(row.start)
            .where(row.athlete_id == athlete_id, row.start < before, *COUNTS)
            .order_by(row.start.desc())
            .limit(1)
        )

    def earlier_history(self, athlete_id: int, before: datetime, at_most: int | None = None) -> EarlierHistory:
        row = t.RunRow
        starts = select(row.start).where(row.athlete_id == athlete_id, row.start < before, *COUNTS)
        found = starts.order_by(row.start).limit(at_most).subquery()
        first, n_runs = self._s.execute(select(func.min(found.c.start), func.count()).select_from(found)).one()
        return EarlierHistory(first, n_runs)

    def first_local_date(self, athlete_id: int) -> date | None:
        row = t.RunRow
        return self._s.scalar(select(func.min(row.local_date)).where(row.athlete_id == athlete_id, *COUNTS))

    def put_told(self, athlete_id: int, run_id: int, *, told_apart: int | None, preferred: bool) -> None:
        row = t.RunRow
        told = {"told_apart": told_apart, "preferred": preferred}
        self._s.execute(update(row).where(row.athlete_id == athlete_id, row.id == run_id).values(told))

    def run_detail(self, athlete_id: int, run_id: int) -> RunDetail | None:
        query = _RUNS.where(t.RunRow.athlete_id == athlete_id, t.RunRow.id == run_id)
        found = self._s.execute(query).one_or_none()
        return _detail(found[0], found[1]) if found else None

    def run_details_since(self, athlete_id: int, since: datetime) -> list[RunDetail]:
        row = t.RunRow
        query = _RUNS.where(row.athlete_id == athlete_id, row.start >= since).order_by(row.start.desc())
        return [_detail(r, f) for r, f in self._s.execute(query)]

    # assessment

    def want_assessment(self, athlete_id: int, since: datetime, now: datetime) -> None:
        values = {"athlete_id": athlete_id, "since": since, "asked_at": now, "next_attempt_at": now}
        self._s.execute(_WANT_ASSESSMENT[self._dialect], values)

    def is_arriving(self, athlete_id: int, now: datetime) -> bool:
        values = {"athlete_id": athlete_id, "now": now}
        return any(self._s.scalar(query, values) is not None for query in (_ARRIVING, _UNREAD))

    def has_unread_files(self, athlete_id: int, now: datetime) -> bool:
        return any(
            self._s.scalar(select(file.id).where(file.athlete_id == athlete_id, file.next_attempt_at <= now).limit(1))
            for file in (t.UploadRow, t.ArchiveRow)
        )

    def assessment_waits(self, athlete_id: int) -> bool:
        return self.assessment_asked_at(athlete_id) is not None

    def assessment_asked_at(self, athlete_id: int) -> datetime | None:
        return cast("datetime | None", self._s.scalar(_ASKED_AT, {"athlete_id": athlete_id}))

    def lock_assessment(self, athlete_id: int) -> tuple[int, datetime, datetime] | None:
        row = self._s.get(t.AssessJob, athlete_id, with_for_update=True, populate_existing=True)
        return (row.wanted, row.since, row.asked_at) if row and row.wanted > row.done else None

    def settle_assessment(self, athlete_id: int, wanted: int) -> None:
        self._s.execute(
            update(t.AssessJob)
            .where(t.AssessJob.athlete_id == athlete_id)
            .values(done=wanted, attempts=0, next_attempt_at=None, last_error=None)
        )

    def assessment_attempts(self, athlete_id: int) -> int:
        return self._s.scalar(select(t.AssessJob.attempts).where(t.AssessJob.athlete_id == athlete_id)) or 0

    def fail_assessment(self, athlete_id: int, error: str, next_attempt_at: datetime) -> None:
        job = t.AssessJob
        self._s.execute(
            update(job)
            .where(job.athlete_id == athlete_id)
            .values(attempts=job.attempts + 1, last_error=error, next_attempt_at=next_attempt_at)
        )

    def due_assessments(self, now: datetime, limit: int) -> list[int]:
        job = t.AssessJob
        rows = select(job.athlete_id).where(job.next_attempt_at <= now).order_by(job.next_attempt_at).limit(limit)
        return list(self._s.scalars(rows))

    def stored_alerts(self, athlete_id: int, since: datetime) -> list[StoredAlert]:
        row = t.AlertRow
        return [
            StoredAlert(
                id=r.id,
                dedup_key=r.dedup_key,
                episode=r.episode,
                state=AlertState(r.state),
                severity=r.severity,
                at=r.at,
                finding_digest=r.finding_digest,
                symptom_level=r.symptom_level,
                settled=cast("Settled | None", r.settled),
            )
            for r in self._s.scalars(select(row).where(row.athlete_id == athlete_id, row.at >= since))
        ]

    def add_alert(
        self,
        athlete_id: int,
        finding: Finding,
        digest: str,
        text: AlertText,
        state: AlertState,
        cause: str,
        now: datetime,
        settled: Settled | None = None,
    ) -> int:
        row = t.AlertRow(athlete_id=athlete_id, dedup_key=finding.dedup_key, episode=finding.episode, created_at=now)
        _put_finding(row, finding, digest, text)
        row.state, row.settled = state, settled
        self._s.add(row)
        self._s.flush()
        self._log_transition(row.id, None, state, cause, now)
        return row.id

    def revise_alert(
        self,
        alert_id: int,
        finding: Finding,
        digest: str,
        text: AlertText,
        state: AlertState,
        cause: str,
        now: datetime,
        settled: Settled | None = None,
    ) -> None:
        row = self._s.get_one(t.AlertRow, alert_id)
        _put_finding(row, finding, digest, text)
        self._log_transition(row.id, row.state, state, cause, now)
        row.state, row.settled = state, settled
        self._s.flush()

    def move_alert(
        self, alert_id: int, to: AlertState, cause: str, now: datetime, settled: Settled | None = None
    ) -> None:
        row = self._s.get_one(t.AlertRow, alert_id)
        self._log_transition(alert_id, row.state, to, cause, now)
        row.state, row.settled = to, settled
        self._s.flush()

    def _log_transition(self, alert_id: int, was: str | None, to: str, cause: str, now: datetime) -> None:
        step = t.AlertTransition(alert_id=alert_id, from_state=was, to_state=str(to), cause=str(cause), at=now)
        step.words = made_of(cause)
        self._s.add(step)

    def expired_alerts(self, now: datetime, limit: int) -> list[int]:
        row = t.AlertRow
        is_open = row.state.in_(sorted(OPEN_STATES))
        return list(self._s.scalars(select(row.id).where(is_open, row.expires_at <= now).limit(limit)))

    def alerts_since(self, athlete_id: int, since: datetime) -> list[Alert]:
        row = t.AlertRow
        query = select(row).where(row.athlete_id == athlete_id, row.at >= since).order_by(row.at)
        return [_alert(r) for r in self._s.scalars(query)]

    def alerts_of_run(self, athlete_id: int, run_id: int) -> list[Alert]:
        row = t.AlertRow
        query = select(row).where(row.athlete_id == athlete_id, row.run_id == run_id).order_by(row.at, row.id)
        return [_alert(r) for r in self._s.scalars(query)]

    def alerts_that_stand(self, athlete_id: int, since: datetime) -> list[Alert]:
        row = t.AlertRow
        stands = or_(row.at >= since, row.state.in_(sorted(OPEN_STATES)))
        return [
            _alert(r)
            for r in self._s.scalars(select(row).where(row.athlete_id == athlete_id, stands).order_by(row.at))
        ]

    def alert(self, athlete_id: int, alert_id: int) -> Alert | None:
        row = self._s.scalar(select(t.AlertRow).where(t.AlertRow.athlete_id == athlete_id, t.AlertRow.id == alert_id))
        return _alert(row) if row else None

    def alert_owner(self, alert_id: int) -> int | None:
        return self._s.scalar(select(t.AlertRow.athlete_id).where(t.AlertRow.id == alert_id))

    def steps_after(self, athlete_id: int, last_step: int) -> list[AlertStep]:
        step, alert = t.AlertTransition, t.AlertRow
        query = (
            select(step.alert_id, step.to_state)
            .join(alert, alert.id == step.alert_id)
            .where(alert.athlete_id == athlete_id, step.id > last_step)
            .order_by(step.id)
        )
        return [AlertStep(alert_id, to_state) for alert_id, to_state in self._s.execute(query)]

    def transitions(self, athlete_id: int, alert_id: int) -> list[Transition]:
        row = t.AlertTransition
        query = (
            select(row)
            .join(t.AlertRow, t.AlertRow.id == row.alert_id)
            .where(t.AlertRow.athlete_id == athlete_id, row.alert_id == alert_id)
            .order_by(row.id)
        )
        return [
            Transition(r.from_state, r.to_state, words_of(r.cause, r.words), r.at) for r in self._s.scalars(query)
        ]

    def mailed(self, athlete_id: int, since: datetime) -> list[Mailed]:
        row, box = t.AlertRow, t.Outbox
        told = (
            select(box.subject, func.min(LEFT_AT))
            .where(
                box.athlete_id == athlete_id,
                box.kind == "alert",
                box.state.not_in(["cancelled", "failed"]) | box.may_have_left,
            )
            .group_by(box.subject)
        )
        left_at = {int(subject): at for subject, at in self._s.execute(told)}
        query = select(row).where(row.athlete_id == athlete_id, row.at >= since)
        return [
            Mailed(r.dedup_key, r.at, r.severity, r.symptom_level, left_at[r.id], r.state == AlertState.RETRACTED)
            for r in self._s.scalars(query)
            if r.id in left_at
        ]

    def put_feedback(self, alert_id: int, feedback: str, now: datetime) -> None:
        row = self._s.get_one(t.AlertRow, alert_id)
        row.feedback, row.feedback_at = feedback, now
        self._s.flush()

    def feedback(self, athlete_id: int, since: datetime) -> list[Feedback]:
        row = t.AlertRow
        query = select(row.dedup_key, row.feedback, row.feedback_at).where(
            row.athlete_id == athlete_id, row.feedback_at >= since
        )
        return [Feedback(key, given == "useful", at) for key, given, at in self._s.execute(query) if at is not None]

    def alert_wishes(self, athlete_id: int) -> list[KeyWish]:
        row = t.AlertWish
        return [
            KeyWish(r.dedup_key, r.snoozed_until, r.snoozed_severity, r.restored_at, r.kept_muted_at)
            for r in self._s.scalars(select(row).where(row.athlete_id == athlete_id).order_by(row.dedup_key))
        ]

    def put_alert_wish(self, athlete_id: int, dedup_key: str, **changes: Any) -> None:
        insert = self._upsert(t.AlertWish).values(athlete_id=athlete_id, dedup_key=dedup_key, **changes)
        self._s.execute(insert.on_conflict_do_update(index_elements=["athlete_id", "dedup_key"], set_=changes))

    def planned_days(self, athlete_id: int, since: date) -> list[date]:
        row = t.PlannedDay
        return list(
            self._s.scalars(
                select(row.local_date)
                .where(row.athlete_id == athlete_id, row.local_date >= since)
                .order_by(row.local_date)
            )
        )

    def put_planned_day(self, athlete_id: int, day: date, now: datetime) -> None:
        insert = self._upsert(t.PlannedDay).values(athlete_id=athlete_id, local_date=day, created_at=now)
        self._s.execute(insert.on_conflict_do_nothing(index_elements=["athlete_id", "local_date"]))

    def alerts_of_key(self, athlete_id: int, dedup_key: str, until: datetime) -> list[Alert]:
        row = t.AlertRow
        query = select(row).where(
            row.athlete_id == athlete_id,
            row.dedup_key == dedup_key,
            row.at <= until,
            row.state.in_(sorted(OPEN_STATES)),
        )
        return [_alert(r) for r in self._s.scalars(query.order_by(row.at, row.id))]

    def athletes_with_red_alerts(self, limit: int) -> list[int]:
        row = t.AlertRow
        query = select(row.athlete_id).where(row.state == AlertState.FIRING, row.severity >= RED).distinct()
        return list(self._s.scalars(query.limit(limit)))

    def red_alerts(self, athlete_id: int) -> list[RedAlert]:
        row, box = t.AlertRow, t.Outbox
        firing = select(row).where(row.athlete_id == athlete_id, row.state == AlertState.FIRING, row.severity >= RED)
        mails = list(
            self._s.execute(
                select(box.subject, func.max(box.created_at))
                .where(box.athlete_id == athlete_id, box.kind.in_(["alert", "again"]), box.state != "cancelled")
                .group_by(box.kind, box.subject)
            )
        )
        found = []
        for r in self._s.scalars(firing):
            sent = [at for subject, at in mails if subject.partition(".")[0] == str(r.id)]
            found.append(RedAlert(r.id, r.dedup_key, r.at, len(sent), max(sent, default=None)))
        return found

    # athletes and accounts

    def athlete(self, athlete_id: int) -> AthleteProfile | None:
        row = self._s.get(t.Athlete, athlete_id)
        return _profile(row) if row else None

    def athlete_ids(self) -> list[int]:
        return list(self._s.scalars(select(t.Athlete.id).order_by(t.Athlete.id)))

    def add_athlete(self, name: str, email: str | None, timezone: str, now: datetime) -> int:
        row = t.Athlete(name=name, email=email, timezone=timezone, created_at=now)
        if self._dialect == "sqlite":  # it would give the last number again: files and queued work go by it
            highest = [func.coalesce(func.max(c), 0) for c in (t.Athlete.id, t.AccountDeletionRow.number)]
            row.id = 1 + max(self._s.scalar(select(each)) or 0 for each in highest)
        self._s.add(row)
        self._s.flush()
        return row.id

    def update_athlete(self, athlete_id: int, **changes: Any) -> None:
        if "email" in changes:  # of another address nothing is known
            same = t.Athlete.email == changes["email"]
            for column in (t.Athlete.mail_refused_at, t.Athlete.mail_refused_why):
                changes.setdefault(column.key, case((same, column)))
        self._s.execute(update(t.Athlete).where(t.Athlete.id == athlete_id).values(**changes))

    def athletes_due_weekly(self, now: datetime, limit: int) -> list[AthleteProfile]:
        row = t.Athlete
        due = select(row).where(row.next_weekly_at <= now).order_by(row.next_weekly_at).limit(limit)
        return [_profile(r) for r in self._s.scalars(due.with_for_update(skip_locked=True))]

    def count_accounts(self) -> int:
        real = select(t.Athlete.id).where(t.Athlete.sample_until.is_(None))
        return self._s.scalar(select(func.count()).where(t.Account.athlete_id.in_(real))) or 0

    def add_account(
        self, athlete_id: int, email: str | None, password_hash: str | None, *, is_operator: bool, now: datetime
    ) -> int:
        row = t.Account(
            athlete_id=athlete_id, email=email, password_hash=password_hash, is_operator=is_operator, created_at=now
        )
        self._s.add(row)
        self._s.flush()
        return row.id

    def account(self, account_id: int) -> AccountRecord | None:
        return _account(self._s.get(t.Account, account_id))

    def account_by_email(self, email: str) -> AccountRecord | None:
        return _account(self._s.scalar(select(t.Account).where(t.Account.email == email)))

    def account_of_athlete(self, athlete_id: int) -> AccountRecord | None:
        return _account(self._s.scalar(select(t.Account).where(t.Account.athlete_id == athlete_id)))

    def set_password_hash(self, account_id: int, password_hash: str) -> None:
        self._s.execute(update(t.Account).where(t.Account.id == account_id).values(password_hash=password_hash))

    def add_token(self, athlete_id: int, digest: str, now: datetime, name: str | None = None) -> None:
        self._s.add(t.ApiToken(athlete_id=athlete_id, digest=digest, name=name, created_at=now))

    def athlete_by_token(self, digest: str) -> int | None:
        return self._s.scalar(select(t.ApiToken.athlete_id).where(t.ApiToken.digest == digest))

    # Strava

    def athlete_of_strava(self, strava_athlete_id: int) -> int | None:
        row = t.StravaConnection
        return self._s.scalar(select(row.athlete_id).where(row.strava_athlete_id == strava_athlete_id))

    def connection(self, athlete_id: int) -> Connection | None:
        row = self._s.execute(_CONNECTION, {"athlete_id": athlete_id}).one_or_none()
        if row is None:
            return None
        *first, scopes, state = row
        return Connection(*first, frozenset(s for s in scopes.split(",") if s), state)  # type: ignore[call-arg]

    def put_connection(self, connection: Connection, now: datetime) -> None:
        row = self._s.get(t.StravaConnection, connection.athlete_id, with_for_update=True)
        if row is None:
            row = t.StravaConnection(athlete_id=connection.athlete_id, connected_at=now)
            row.recent_at = row.window_at = now + RECENT_EVERY
            self._s.add(row)
        elif row.state != "connected":
            row.window_at = now  # what was missed meanwhile
        row.strava_athlete_id = connection.strava_athlete_id
        row.access_token, row.refresh_token = connection.access_token, connection.refresh_token
        row.expires_at, row.state = connection.expires_at, connection.state
        row.scopes = ",".join(sorted(connection.scopes))
        row.refresh_lease_until = None
        self._s.flush()

    def claim_refresh(self, seen: Connection, now: datetime, until: datetime) -> bool:
        row = self._locked_connection(seen.athlete_id)
        if row is None or (row.refresh_token, row.state) != (seen.refresh_token, seen.state):
            return False  # somebody renewed it since it was read
        if row.refresh_lease_until is not None and row.refresh_lease_until > now:
            return False
        row.refresh_lease_until = until
        return True

    def put_tokens(self, athlete_id: int, pair: TokenPair, seen_refresh_token: str) -> bool:
        row = self._locked_connection(athlete_id)
        if row is None or row.refresh_token != seen_refresh_token:
            return False  # the athlete has connected anew, or left
        row.access_token, row.refresh_token = pair.access_token, pair.refresh_token
        row.expires_at, row.state, row.refresh_lease_until = pair.expires_at, "connected", None
        return True

    def fail_refresh(self, athlete_id: int, seen_refresh_token: str, *, needs_reauth: bool) -> bool:
        row = self._locked_connection(athlete_id)
        if row is None or row.refresh_token != seen_refresh_token:
            return False
        row.refresh_lease_until = None
        if needs_reauth:
            row.state = "needs_reauth"
        return True

    def _locked_connection(self, athlete_id: int) -> t.StravaConnection | None:
        return self._s.get(t.StravaConnection, athlete_id, with_for_update=True, populate_existing=True)

    def want_backfill(self, athlete_id: int, at: datetime | None) -> None:
        row = t.StravaConnection
        values: dict[str, Any] = {"backfill_at": at}
        if at is None:
            values |= {"backfill_page": None, "backfill_after": None}
        self._s.execute(update(row).where(row.athlete_id == athlete_id).values(**values))

    def due_backfills(self, now: datetime, limit: int) -> list[int]:
        row = t.StravaConnection
        due = select(row.athlete_id).where(row.backfill_at <= now, row.state == "connected").limit(limit)
        return list(self._s.scalars(due))

    def subscription_id(self) -> int | None:
        return self._s.scalar(select(t.StravaSubscription.id).limit(1))

    def subscription_callback(self) -> str | None:
        return self._s.scalar(select(t.StravaSubscription.callback_url).limit(1))

    def put_subscription(self, subscription_id: int | None, callback_url: str, now: datetime) -> None:
        row = t.StravaSubscription
        self._s.execute(delete(row).where(row.id != subscription_id) if subscription_id is not None else delete(row))
        if subscription_id is not None:
            # A check and a command may find the same one at once.
            values = {"id": subscription_id, "callback_url": callback_url, "created_at": now}
            insert = self._upsert(row).values(values)
            self._s.execute(insert.on_conflict_do_update(index_elements=["id"], set_={"callback_url": callback_url}))

    # sync

    def log_sync(self, athlete_id: int | None, what: str, detail: str, now: datetime) -> None:
        self._s.add(t.SyncLog(athlete_id=athlete_id, what=what, detail=detail, at=now))

    def sync_state(self, athlete_id: int, strava_athlete_id: int | None, awaited: Awaited) -> SyncState:
        job, row, inbox = t.FetchJob, t.RunRow, t.Inbox
        unfinished = (job.athlete_id == athlete_id, job.wanted > job.done)
        counts = (
            select(func.count()).where(inbox.owner_id == strava_athlete_id),
            select(func.max(inbox.received_at)).where(inbox.owner_id == strava_athlete_id),
            select(func.count()).where(inbox.owner_id == strava_athlete_id, inbox.state == "pending"),
            select(func.count()).where(*unfinished),
            select(func.count()).where(row.athlete_id == athlete_id, row.streams.in_(("listed", "waiting"))),
            select(func.max(row.start)).where(row.athlete_id == athlete_id),
            select(func.count()).where(t.Outbox.athlete_id == athlete_id, t.Outbox.state == "uncertain"),
        )
        received, last_received_at, unread, waiting, unsampled, last_run_start, unsettled_mails = self._s.execute(
            select(*(each.scalar_subquery() for each in counts))
        ).one()
        in_trouble = select(job).where(*unfinished, job.last_error.is_not(None))
        failed = self._s.scalars(in_trouble) if waiting else ()
        return SyncState(
            n_awaited=len(awaited.runs),
            oldest_awaited=min(awaited.runs, default=None),
            list_awaited=awaited.list_awaited,
            n_without_samples=unsampled,
            received=received,
            pending=unread + waiting,
            failed=tuple(
                (j.source_id, say(str(j.last_error)), j.next_attempt_at or j.first_event_at) for j in failed
            ),
            last_received_at=last_received_at,
            last_run_start=last_run_start,
            unsettled_mails=unsettled_mails,
        )


def _inbox_item(row: t.Inbox) -> InboxItem:
    return InboxItem(
        id=row.id,
        object_type=row.object_type,
        object_id=row.object_id,
        aspect=row.aspect,
        owner_id=row.owner_id,
        subscription_id=row.subscription_id,
        state=row.state,
        received_at=row.received_at,
        says_withdrawn=row.object_type == "athlete" and _says_withdrawn(row.body),
    )


def _says_withdrawn(body: str) -> bool:
    updates = json.loads(body).get("updates")
    return isinstance(updates, dict) and str(updates.get("authorized")).lower() == "false"


def _run(row: t.RunRow, features: t.RunFeaturesRow | None) -> Run:
    return Run(
        id=row.id,
        start=row.start,
        local_date=row.local_date,
        sport=row.sport,
        distance_m=row.distance_m,
        moving_s=row.moving_s,
        elapsed_s=row.elapsed_s,
        ascent_m=row.ascent_m,
        name=row.name,
        is_race=row.is_race,
        start_hidden=row.start_hidden,
        distance_trusted=row.distance_trusted,
        told_apart=row.told_apart,
        preferred=row.preferred,
        features=_features(features),
    )


def _run_of_parts(row: Sequence[Any]) -> Run:
    """Of a row of `_both_parts`."""
    run: Any = _RunPart._make(row[: len(_RUN_COLUMNS)])
    known: Any = _FeaturesPart._make(row[len(_RUN_COLUMNS) :])
    return _run(run, None if known.run_id is None else known)


def _features(row: t.RunFeaturesRow | None) -> RunFeatures | None:
    if row is None or row.error is not None:
        return None
    return RunFeatures(
        version=row.version,
        distance_m=row.distance_m,
        moving_s=row.moving_s,
        altitude_quality=cast("AltitudeQuality", row.altitude_quality),
        ascent_m=row.ascent_m,
        descent_m=row.descent_m,
        eccentric_load_m=row.eccentric_load_m,
        flat_equivalent_m=row.flat_equivalent_m,
        hill_share=row.hill_share,
        hill_reps=HillReps(**row.hill_reps) if row.hill_reps is not None else None,
        easy_speed_m_s=row.easy_speed_m_s,
        best_20s_m_s=row.best_20s_m_s,
        speed_profile_m=_bands(row.speed_profile_m),
        reps=tuple(Repetition(**r) for r in row.reps),
        track=_track(row.track),
        warnings=tuple(say(w) if isinstance(w, str) else from_json(w) for w in row.warnings),
    )


def _judged_run(row: Sequence[Any]) -> Run:
    """Of a row of `_JUDGED_RUNS`, whose columns are in the order of the fields."""
    n = len(_RUN_COLUMNS)
    if row[n] is None:
        return Run(*row[:n])
    *first, easy_m_s, best_m_s, profile_m, track = row[n:]
    features = RunFeatures(  # type: ignore[misc]  # the columns are in the order of the fields
        *first,
        hill_reps=None,
        easy_speed_m_s=easy_m_s,
        best_20s_m_s=best_m_s,
        speed_profile_m=_bands(profile_m),
        reps=(),
        track=_track(track),
    )
    return Run(*row[:n], features=features)  # type: ignore[misc]


def _older_run(row: Sequence[Any]) -> Run:
    """Of a row of `_OLDER_RUNS`; what it leaves out is unknown here."""
    *first, start_hidden, trusted, told_apart, preferred, version, best_m_s, easy_m_s = row
    features = None
    if version is not None:
        nothing = (None,) * 5
        features = RunFeatures(version, None, None, "none", *nothing, None, easy_m_s, best_m_s, None, (), None)
    flags = {"start_hidden": start_hidden, "distance_trusted": trusted, "preferred": preferred}
    return Run(*first, features=features, told_apart=told_apart, **flags)  # type: ignore[misc]


def _bands(stored_m: list[float] | None) -> tuple[float, ...] | None:
    """With the empty bands at its end, which are not stored."""
    return None if stored_m is None else (*stored_m, *_NO_METRES[len(stored_m) :])


def _track(track: dict[str, Any] | None) -> TrackWork | None:
    if track is None:
        return None
    return TrackWork(**{**track, "stretches_s": tuple((start_s, end_s) for start_s, end_s in track["stretches_s"])})


def _detail(row: t.RunRow, features: t.RunFeaturesRow | None) -> RunDetail:
    return RunDetail(
        run=_run(row, features),
        source=row.source,
        source_id=row.source_id,
        streams=row.streams,
        average_heartrate_bpm=row.average_heartrate_bpm,
        is_manual=row.is_manual,
        timezone=row.timezone,
        fetched_at=row.fetched_at,
        features_version=features.version if features else None,
        features_error=features.error if features else None,
    )


def _put_finding(row: t.AlertRow, finding: Finding, digest: str, text: AlertText) -> None:
    row.rule, row.rule_version = finding.rule, finding.rule_version
    row.load_level, row.severity, row.confidence = finding.load_level, finding.severity, finding.confidence
    row.title, row.message, row.action = str(text.title), str(text.message), str(text.action)
    row.words = {
        "title": to_json(text.title),
        "message": to_json(text.message),
        "action": to_json(text.action),
        "coverage": [to_json(line) for line in finding.coverage],
        "windows": [to_json(reason.window) for reason in finding.reasons],
    }
    row.reasons = [asdict(r) for r in finding.reasons]
    row.evidence = asdict(finding.evidence)
    row.coverage = list(finding.coverage)
    row.finding_digest = digest
    row.run_id, row.at = finding.run.id if finding.run else None, finding.at
    row.report_id, row.problem_id = finding.report_id, finding.problem_id
    row.symptom_level, row.ask_at = finding.symptom_level, finding.ask_at
    life = alert_life(finding)
    row.expires_at = None if life is None else finding.at + life


def _alert(row: t.AlertRow) -> Alert:
    made = row.words or {}
    windows = made.get("windows") or [None] * len(row.reasons)
    coverage = made.get("coverage") or [None] * len(row.coverage)
    return Alert(
        id=row.id,
        rule=row.rule,
        rule_version=row.rule_version,
        severity=row.severity,
        state=AlertState(row.state),
        title=words_of(row.title, made.get("title")),
        message=words_of(row.message, made.get("message")),
        action=words_of(row.action, made.get("action")),
        reasons=tuple(
            Reason(**{**r, "window": words_of(r["window"], how)}) for r, how in zip(row.reasons, windows, strict=True)
        ),
        evidence=Evidence(cast("Any", row.evidence["grade"]), say(row.evidence["citation"])),
        coverage=tuple(words_of(line, how) for line, how in zip(row.coverage, coverage, strict=True)),
        run_id=row.run_id,
        problem_id=row.problem_id,
        at=row.at,
        created_at=row.created_at,
        load_level=row.load_level,
        dedup_key=row.dedup_key,
        symptom_level=row.symptom_level,
        report_id=row.report_id,
        ask_at=row.ask_at,
        feedback=row.feedback,
        settled=cast("Settled | None", row.settled),
        gap=read_gap(row.gap),
    )


def _profile(row: t.Athlete) -> AthleteProfile:
    return AthleteProfile(
        id=row.id,
        name=row.name,
        email=row.email,
        timezone=row.timezone,
        units="imperial" if row.units == "imperial" else "metric",
        novice=row.novice,
        five_k_s=row.five_k_s,
        alert_mails=row.alert_mails,
        weekly_mail=row.weekly_mail,
        next_weekly_at=row.next_weekly_at,
        sensitivity=cast("Sensitivity", row.sensitivity),
        quiet_from=row.quiet_from,
        quiet_to=row.quiet_to,
        language=row.language,
        thresholds=OwnThresholds.from_json(row.thresholds),
        ask_mails=row.ask_mails,
        weekly_day=row.weekly_day,
        weekly_hour=row.weekly_hour,
        weekly_week=IsoWeek.parse(row.weekly_week) if row.weekly_week else None,
        is_sample=row.sample_until is not None,
        mail_refused_at=row.mail_refused_at,
        mail_refused_why=row.mail_refused_why,
    )


def _account(row: t.Account | None) -> AccountRecord | None:
    if row is None:
        return None
    return AccountRecord(
        id=row.id,
        athlete_id=row.athlete_id,
        email=row.email,
        password_hash=row.password_hash,
        is_operator=row.is_operator,
        created_at=row.created_at,
    )
