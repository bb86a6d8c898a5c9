"""What the operator looks at and sets going again. Nothing here tells what anybody reported or what it resembles."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from loadwatch.domain.alerts import OPEN_STATES
from loadwatch.services.errors import NotYours
from loadwatch.services.operating_ports import (
    AthleteRow,
    FailedJob,
    JobKind,
    MailOutcomes,
    QueueState,
    UncertainMail,
)
from loadwatch.services.ports import Clock, Database, Nudge, Tx

MAILS_OF: Final = timedelta(days=7)
"""How far back outcomes of mails are counted. Design choice."""

SHOWN_ATHLETES: Final = 500
SHOWN_FAILED: Final = 50
REPLAYED_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Operations:
    """How the server stands."""

    athletes: tuple[AthleteRow, ...]
    queues: tuple[QueueState, ...]
    failed: tuple[FailedJob, ...]
    mails: MailOutcomes
    uncertain: tuple[UncertainMail, ...]


class OperatingService:
    """For the operator alone; who may ask is for the caller to check."""

    def __init__(self, database: Database, nudge: Nudge, clock: Clock) -> None:
        self._database = database
        self._nudge = nudge
        self._clock = clock

    def look(self) -> Operations:
        since = self._clock() - MAILS_OF
        with self._database.read() as tx:
            return Operations(
                tuple(tx.athlete_rows(since, SHOWN_ATHLETES)),
                tuple(tx.queue_states()),
                tuple(tx.failed_jobs(SHOWN_FAILED)),
                tx.mail_outcomes(since),
                tuple(tx.uncertain_mails(SHOWN_FAILED)),
            )

    def database_versions(self) -> tuple[str, str | None]:
        """Of the database, and the revision of its tables."""
        with self._database.read() as tx:
            return tx.database_version(), tx.schema_revision()

    def replay(self, kind: JobKind, job_id: int) -> bool:
        """
        Let a failed job be tried once more now; False where what it was about is over.

        Raises
        ------
        NotYours
            If there is no such job, or it has not failed.
        """
        with self._database.write() as tx:
            if job_id not in tx.failed_job_ids(kind, REPLAYED_AT_ONCE):
                raise NotYours(f"{kind} {job_id}")
            done = self._replay(tx, kind, job_id)
        self._wake(kind)
        return done

    def replay_all(self, kind: JobKind) -> int:
        """The same for all of a kind; how many are tried."""
        with self._database.write() as tx:
            n = sum(self._replay(tx, kind, job_id) for job_id in tx.failed_job_ids(kind, REPLAYED_AT_ONCE))
        self._wake(kind)
        return n

    def _replay(self, tx: Tx, kind: JobKind, job_id: int) -> bool:
        now = self._clock()
        match kind:
            case "fetch":
                return tx.replay_fetch(job_id, now)
            case "judgement":
                return tx.replay_judgement(job_id, now)
            case "file":
                return tx.replay_file(job_id, now)
            case "mail":
                return _still_holds(tx, job_id) and tx.replay_mail(job_id, now)
            case "archive":
                return False  # its bytes are gone: its owner hands it in again

    def _wake(self, kind: JobKind) -> None:
        if kind == "file":
            self._nudge.uploads()


def _still_holds(tx: Tx, outbox_id: int) -> bool:
    """Whether a mail may be sent late: an alert that is over is told to nobody."""
    mail = tx.failed_mail(outbox_id)
    if mail is None:
        return False
    athlete_id, kind, subject = mail
    if kind not in ("alert", "again"):
        return True
    alert = tx.alert(athlete_id, int(subject.partition(".")[0]))
    return alert is not None and alert.state in OPEN_STATES
