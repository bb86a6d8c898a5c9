"""The part of the store that the operator sees: counts, times and faults, and nothing that a runner told."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    Text,
    case,
    func,
    inspect,
    literal,
    null,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.adapters.db.outbox_store import waits_again
from loadwatch.adapters.db.words import reason_of
from loadwatch.services.operating_ports import (
    QUEUE_KINDS,
    AthleteRow,
    FailedJob,
    JobKind,
    MailOutcomes,
    QueueState,
    UncertainMail,
)

FETCH_FAILED = (t.FetchJob.wanted > t.FetchJob.done, t.FetchJob.last_error.is_not(None))
JUDGEMENT_FAILED = (t.AssessJob.wanted > t.AssessJob.done, t.AssessJob.last_error.is_not(None))
FILE_FAILED = (t.UploadRow.state == "failed",)
ARCHIVE_FAILED = (t.ArchiveRow.state == "failed",)
MAIL_FAILED = (t.Outbox.state == "failed",)


class OperatingStore:
    """Mixed into `store.SqlTx`; see `services.operating_ports.OperatingTx` for what each method promises."""

    _s: Session
    _changed: Callable[[Executable], int]
    _dialect: str

    def athlete_rows(self, since: datetime, limit: int) -> list[AthleteRow]:
        row, account, run, report, mail = t.Athlete, t.Account, t.RunRow, t.SymptomReportRow, t.Outbox
        last_run = select(func.max(run.start)).where(run.athlete_id == row.id).scalar_subquery()
        last_report = select(func.max(report.at)).where(report.athlete_id == row.id).scalar_subquery()
        failed = (
            select(func.count())
            .select_from(mail)
            .where(mail.athlete_id == row.id, *MAIL_FAILED, mail.created_at >= since)
            .scalar_subquery()
        )
        found = self._s.execute(
            select(
                row.id,
                row.name,
                account.is_operator,
                last_run,
                last_report,
                row.email.is_not(None),
                failed,
                t.StravaConnection.state,
            )
            .outerjoin(account, account.athlete_id == row.id)
            .outerjoin(t.StravaConnection, t.StravaConnection.athlete_id == row.id)
            .order_by(row.id)
            .limit(limit)
        )
        return [
            AthleteRow(number, name, bool(operates), ran, told, bool(mailed), n, strava)
            for number, name, operates, ran, told, mailed, n, strava in found
        ]

    def queue_states(self) -> list[QueueState]:
        inbox, fetch, judge, file, archive, mail = (
            *(t.Inbox, t.FetchJob, t.AssessJob, t.UploadRow, t.ArchiveRow, t.Outbox),
        )

        def of(kind: str, oldest: Any, waits: ColumnElement[bool], *failed: ColumnElement[bool]) -> Select[Any]:
            failing = func.count().filter(*failed) if failed else literal(0)
            waiting = func.count().filter(waits)
            counted: Any = select(literal(kind, Text), waiting, func.min(case((waits, oldest))), failing)
            return cast("Select[Any]", counted.select_from(oldest.class_))

        parts = (
            of("inbox", inbox.received_at, inbox.state == "pending"),
            of("fetch", fetch.first_event_at, fetch.wanted > fetch.done, *FETCH_FAILED),
            of("judgement", judge.asked_at, judge.wanted > judge.done, *JUDGEMENT_FAILED),
            of("file", file.created_at, file.state == "waiting", *FILE_FAILED),
            of("archive", archive.created_at, archive.state == "waiting", *ARCHIVE_FAILED),
            of("mail", mail.created_at, mail.state == "pending", *MAIL_FAILED),
        )
        found = {
            kind: QueueState(kind, n, oldest, failed)
            for kind, n, oldest, failed in self._s.execute(union_all(*parts))
        }
        return [found[kind] for kind in QUEUE_KINDS]

    def failed_jobs(self, limit: int) -> list[FailedJob]:
        no_time, no_text, no_words = (cast_to(null(), each) for each in (t.UtcDateTime(), Text(), t.JsonOrNull))
        fetch, judge, file, archive, mail = t.FetchJob, t.AssessJob, t.UploadRow, t.ArchiveRow, t.Outbox

        def of(
            row: Any, kind: str, number: Any, about: Any, reason: Any, words: Any, since: Any, again: Any
        ) -> Select[Any]:
            label = literal(kind, Text).label("kind")
            why = (about, reason, words.label("words"))
            return select(
                label, number.label("id"), row.athlete_id, t.Athlete.name, *why, since.label("since"), again
            ).join_from(row, t.Athlete, t.Athlete.id == row.athlete_id)

        parts = union_all(
            of(
                *(fetch, "fetch", fetch.id, no_text, fetch.last_error, no_words),
                *(fetch.first_event_at, fetch.next_attempt_at),
            ).where(*FETCH_FAILED),
            of(
                *(judge, "judgement", judge.athlete_id, no_text, judge.last_error, no_words),
                *(judge.asked_at, judge.next_attempt_at),
            ).where(*JUDGEMENT_FAILED),
            of(
                *(file, "file", file.id, no_text, file.reason, file.words),
                *(file.created_at, no_time),
            ).where(*FILE_FAILED),
            of(
                *(archive, "archive", archive.id, no_text, archive.reason, archive.words),
                *(archive.created_at, no_time),
            ).where(*ARCHIVE_FAILED),
            of(
                *(mail, "mail", mail.id, mail.kind, mail.error, mail.words),
                *(mail.created_at, no_time),
            ).where(*MAIL_FAILED),
        )
        rows = self._s.execute(parts.order_by(text("since DESC"), text("id DESC")).limit(limit))
        return [
            FailedJob(kind, number, athlete_id, name, about, reason_of(why, words) or "", since, again)
            for kind, number, athlete_id, name, about, why, words, since, again in rows
        ]

    def failed_job_ids(self, kind: JobKind, limit: int) -> list[int]:
        queries: dict[JobKind, Select[Any]] = {
            "fetch": select(t.FetchJob.id).where(*FETCH_FAILED),
            "judgement": select(t.AssessJob.athlete_id).where(*JUDGEMENT_FAILED),
            "file": select(t.UploadRow.id).where(*FILE_FAILED),
            "archive": select(t.ArchiveRow.id).where(*ARCHIVE_FAILED),
            "mail": select(t.Outbox.id).where(*MAIL_FAILED),
        }
        return list(self._s.scalars(queries[kind].limit(limit)))

    def mail_outcomes(self, since: datetime) -> MailOutcomes:
        row = t.Outbox
        states = (("sent",), ("pending", "claimed", "sending"), ("uncertain",), ("failed",), ("cancelled",))
        counts = select(*(func.count().filter(row.state.in_(each)) for each in states))
        numbers: list[int] = list(self._s.execute(counts.where(row.created_at >= since)).one())
        return MailOutcomes(*numbers)

    def uncertain_mails(self, limit: int) -> list[UncertainMail]:
        row = t.Outbox
        rows = self._s.execute(
            select(row.id, t.Athlete.name, row.kind, row.settled_at, row.created_at, row.error, row.words)
            .join(t.Athlete, t.Athlete.id == row.athlete_id)
            .where(row.state == "uncertain")
            .order_by(row.id.desc())
            .limit(limit)
        )
        return [
            UncertainMail(number, name, kind, settled_at or created_at, reason_of(error, words) or "")
            for number, name, kind, settled_at, created_at, error, words in rows
        ]

    def replay_fetch(self, job_id: int, now: datetime) -> bool:
        row = t.FetchJob
        return self._changed(update(row).where(row.id == job_id, *FETCH_FAILED).values(next_attempt_at=now)) > 0

    def replay_judgement(self, athlete_id: int, now: datetime) -> bool:
        row = t.AssessJob
        failed = (row.athlete_id == athlete_id, *JUDGEMENT_FAILED)
        return self._changed(update(row).where(*failed).values(next_attempt_at=now, attempts=0)) > 0

    def replay_file(self, upload_id: int, now: datetime) -> bool:
        athlete_id = self._s.scalar(select(t.UploadRow.athlete_id).where(t.UploadRow.id == upload_id))
        return athlete_id is not None and cast("Any", self).retry_upload(athlete_id, upload_id, now)

    def replay_mail(self, outbox_id: int, now: datetime) -> bool:
        row = t.Outbox
        return self._changed(update(row).where(row.id == outbox_id, *MAIL_FAILED).values(waits_again(now))) > 0

    def failed_mail(self, outbox_id: int) -> tuple[int, str, str] | None:
        row = t.Outbox
        found = self._s.execute(
            select(row.athlete_id, row.kind, row.subject).where(row.id == outbox_id, *MAIL_FAILED)
        ).one_or_none()
        return (found[0], found[1], found[2]) if found else None

    def database_version(self) -> str:
        if self._dialect == "sqlite":
            return f"SQLite {self._s.scalar(select(func.sqlite_version()))}"
        return f"PostgreSQL {self._s.scalar(text('SHOW server_version'))}"

    def schema_revision(self) -> str | None:
        if not inspect(self._s.connection()).has_table("alembic_version"):
            return None
        return cast("str | None", self._s.scalar(text("SELECT version_num FROM alembic_version")))
