"""What the one who runs the server may see: whether it works, and nothing of anybody's health."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

JobKind = Literal["fetch", "judgement", "file", "archive", "mail"]
JOB_KINDS: Final[tuple[JobKind, ...]] = ("fetch", "judgement", "file", "archive", "mail")

QueueKind = Literal["inbox", "fetch", "judgement", "file", "archive", "mail"]
QUEUE_KINDS: Final[tuple[QueueKind, ...]] = ("inbox", *JOB_KINDS)


@dataclass(frozen=True, slots=True)
class AthleteRow:
    """
    One athlete, without anything of their body.

    Attributes
    ----------
    last_run_at, last_check_in_at : datetime or None
        Start of the newest activity, and time of the newest check-in; None where there is none.
    has_address : bool
        Whether mails can go anywhere.
    n_mails_failed : int
        Mails of the last week that could not be sent.
    strava : str or None
        State of the connection; None: there is none.
    """

    id: int
    name: str
    is_operator: bool
    last_run_at: datetime | None
    last_check_in_at: datetime | None
    has_address: bool
    n_mails_failed: int
    strava: str | None


@dataclass(frozen=True, slots=True)
class QueueState:
    """
    Attributes
    ----------
    n_waiting : int
        What is still to be done, whatever of it has failed before included.
    oldest : datetime or None
        Since when the first of it waits; None: nothing does.
    n_failed : int
        What failed at its last attempt, or for good.
    """

    kind: QueueKind
    n_waiting: int
    oldest: datetime | None
    n_failed: int


@dataclass(frozen=True, slots=True)
class FailedJob:
    """
    Attributes
    ----------
    about : str or None
        Of a mail its kind; what it says is its reader's.
    reason : str
        As it was noted; "" where nothing was.
    again_at : datetime or None
        When it is tried again by itself; None: not any more.
    """

    kind: JobKind
    id: int
    athlete_id: int
    athlete: str
    about: str | None
    reason: str
    since: datetime
    again_at: datetime | None


@dataclass(frozen=True, slots=True)
class MailOutcomes:
    """Mails of the last week by what became of them; of those that are uncertain it is not known."""

    sent: int
    waiting: int
    uncertain: int
    failed: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class UncertainMail:
    """A mail or a push that may or may not have arrived, without what it says."""

    id: int
    athlete: str
    kind: str
    since: datetime
    reason: str


class OperatingTx(Protocol):
    """Part of `ports.Tx`. What it tells is of all athletes: for the operator alone."""

    def athlete_rows(self, since: datetime, limit: int) -> list[AthleteRow]:
        """By their number; mails that failed are counted since a moment."""
        ...

    def queue_states(self) -> list[QueueState]:
        """In one statement."""
        ...

    def failed_jobs(self, limit: int) -> list[FailedJob]:
        """The newest first, in one statement."""
        ...

    def failed_job_ids(self, kind: JobKind, limit: int) -> list[int]: ...

    def mail_outcomes(self, since: datetime) -> MailOutcomes: ...
    def uncertain_mails(self, limit: int) -> list[UncertainMail]:
        """The newest first."""
        ...

    def replay_fetch(self, job_id: int, now: datetime) -> bool:
        """Let it be tried now; whether it was one that had failed. So for the others."""
        ...

    def replay_judgement(self, athlete_id: int, now: datetime) -> bool: ...
    def replay_file(self, upload_id: int, now: datetime) -> bool: ...
    def replay_mail(self, outbox_id: int, now: datetime) -> bool: ...
    def failed_mail(self, outbox_id: int) -> tuple[int, str, str] | None:
        """Athlete, kind and subject of a mail that could not be sent; None: it is none of those."""
        ...

    def database_version(self) -> str: ...
    def schema_revision(self) -> str | None:
        """None where no migration has run."""
        ...
