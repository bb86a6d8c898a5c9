"""What the use cases need from the outside, and the records that pass to and fro."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

from loadwatch.domain.activity import Recording, Run, RunFeatures, Streams
from loadwatch.domain.adjusted import STANDARD_ALWAYS, OwnThresholds
from loadwatch.domain.alerts import (
    Alert,
    AlertState,
    Feedback,
    Sensitivity,
    Settled,
    StoredAlert,
)
from loadwatch.domain.daily import DayTotal, IsoWeek
from loadwatch.domain.rules import EarlierHistory, Finding
from loadwatch.domain.shoes import Shoe
from loadwatch.domain.telling import Mailed, RedAlert
from loadwatch.domain.thresholds import QUIET_FROM, QUIET_TO
from loadwatch.domain.weekly_clock import WEEKLY_DAY, WEEKLY_HOUR
from loadwatch.domain.wording import AlertText, Units
from loadwatch.emails import EmailContent
from loadwatch.services.account_ports import AccountTx
from loadwatch.services.archive_ports import ArchiveTx
from loadwatch.services.channel_ports import ChannelTx
from loadwatch.services.delivery_ports import DeliveryTx
from loadwatch.services.delivery_ports import OutboxItem as OutboxItem
from loadwatch.services.health_ports import HealthTx
from loadwatch.services.load_ports import LoadTx
from loadwatch.services.notice_ports import NoticeTx
from loadwatch.services.operating_ports import OperatingTx
from loadwatch.services.plan_ports import PlanTx
from loadwatch.services.reply_ports import ReplyTx
from loadwatch.services.rights_ports import RightsTx
from loadwatch.services.sync_ports import Awaited, SyncTx
from loadwatch.services.telling_ports import TellingTx
from loadwatch.services.timing_ports import TimingTx


@dataclass(frozen=True, slots=True)
class PushEvent:
    """One body of Strava's push, read and checked; a hint to look, never a fact."""

    object_type: Literal["activity", "athlete"]
    object_id: int
    aspect: Literal["create", "update", "delete"]
    owner_id: int
    subscription_id: int
    event_time: int
    updates: dict[str, str]
    canonical_body: str
    """The body with its keys in order: equal for each delivery of one event."""


@dataclass(frozen=True, slots=True)
class InboxItem:
    """An event as it lies in the inbox."""

    id: int
    object_type: str
    object_id: int
    aspect: str
    owner_id: int
    subscription_id: int
    state: str
    received_at: datetime
    says_withdrawn: bool = False
    """It says that the athlete withdrew the connection."""


@dataclass(frozen=True, slots=True)
class Job:
    """
    Work to be done on one activity: what a claim hands out.

    Attributes
    ----------
    samples_only : bool
        The activity itself is known, and no event has asked for it since: only its samples are wanted.
    """

    id: int
    athlete_id: int
    source: str
    source_id: int
    wanted: int
    attempts: int
    missing_since: datetime | None
    deletion_seen: bool
    stream_attempts: int
    first_event_at: datetime
    samples_only: bool


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """
    How a claimed job ends.

    Attributes
    ----------
    next_attempt_at : datetime or None
        When to look again although nothing new is wanted; None: finished.
    done : int or None
        The `wanted` that this attempt has served; None: it served nothing.
    seen : int or None
        The `wanted` that an attempt in vain knew of: what an event says that came since is tried at once.
    limited_until : datetime or None
        Until when Strava refuses every call of this application, where that is why it ended.
    """

    next_attempt_at: datetime | None
    done: int | None
    attempts: int = 0
    missing_since: datetime | None = None
    deletion_seen: bool = False
    stream_attempts: int = 0
    error: str | None = None
    limited_until: datetime | None = None
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """An athlete's link to Strava."""

    athlete_id: int
    strava_athlete_id: int
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scopes: frozenset[str]
    state: str


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What Strava answers to a refresh."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Gear:
    """
    What an activity was done in or on, as the API told it.

    Attributes
    ----------
    name, distance_m : str or None, float or None
        None in a list, which tells the id alone. The distance is of all its activities so far. [m]
    """

    id: str
    name: str | None = None
    distance_m: float | None = None


@dataclass(frozen=True, slots=True)
class ActivityRecord:
    """One activity as the API told it, in our units; what it did not tell is None."""

    source_id: int
    name: str
    sport: str
    start: datetime
    local_date: date
    timezone: str | None
    distance_m: float | None
    moving_s: float | None
    elapsed_s: float | None
    ascent_m: float | None
    average_heartrate_bpm: float | None
    is_race: bool
    is_manual: bool
    start_hidden: bool = False
    gear: Gear | None = None


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of the activity list: the records that could be read, and what was wrong with the others."""

    records: tuple[ActivityRecord, ...]
    unreadable: tuple[str, ...]
    n_raw: int


@dataclass(frozen=True, slots=True)
class AthleteProfile:
    """An athlete with their settings."""

    id: int
    name: str
    email: str | None
    timezone: str
    units: Units
    novice: bool
    alert_mails: bool
    weekly_mail: bool
    next_weekly_at: datetime | None
    five_k_s: int | None = None
    """Time of a present 5 km race, where the runner told it. [s]"""
    sensitivity: Sensitivity = "balanced"
    quiet_from: int = QUIET_FROM
    quiet_to: int = QUIET_TO
    """Local hours between which no mail leaves but a red flag's. [h]"""
    language: str = "en"
    is_sample: bool = False
    """Made up, for somebody to look around with."""
    """What pages say things in; its catalogue's code."""
    thresholds: OwnThresholds = STANDARD_ALWAYS
    ask_mails: bool = True
    """Whether the question how it feels, where a rule asks it, comes by mail."""
    weekly_day: int = WEEKLY_DAY
    weekly_hour: int = WEEKLY_HOUR
    """When the summary of a week leaves: see `weekly_clock.due`."""
    weekly_week: IsoWeek | None = None
    """The week that the next summary tells of."""
    mail_refused_at: datetime | None = None
    """Since when no mail but a red flag's is sent, as the address takes none; None: it works."""
    mail_refused_why: str | None = None
    """The mail server's words."""

    @property
    def five_k_m_s(self) -> float | None:
        """The same as a speed. [m/s]"""
        return 5000 / self.five_k_s if self.five_k_s else None


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """What logs in."""

    id: int
    athlete_id: int
    email: str | None
    password_hash: str | None = field(repr=False)
    is_operator: bool
    created_at: datetime

    @property
    def session_id(self) -> str:
        """What a log-in is kept under: another password ends it, and so does another account of the same number."""
        mark = hashlib.sha256(f"{self.created_at.isoformat()} {self.password_hash}".encode()).hexdigest()
        return f"{self.id}.{mark[:16]}"


@dataclass(frozen=True, slots=True)
class RunDetail:
    """
    A stored activity with what the page of a run shows beside the run itself.

    Attributes
    ----------
    features_version : int or None
        Of the functions that made its features, or failed on its samples; None: neither.
    features_error : str or None
        Why there are no features although there were samples.
    """

    run: Run
    source: str
    source_id: int
    streams: str
    average_heartrate_bpm: float | None
    is_manual: bool
    timezone: str | None
    fetched_at: datetime
    features_version: int | None = None
    features_error: str | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """
    The functions over samples: passed to whoever ingests, so that no other process loads numpy.

    Attributes
    ----------
    version : int
        Of `features_of`; it rises when the same samples would give other features.
    """

    version: int
    features_of: Callable[[Recording], RunFeatures]
    distance_is_trusted: Callable[[Streams], bool]


@dataclass(frozen=True, slots=True)
class KeyWish:
    """What a runner wants to hear of one dedup key; see `tables.AlertWish`."""

    dedup_key: str
    snoozed_until: datetime | None = None
    snoozed_severity: int | None = None
    restored_at: datetime | None = None
    kept_muted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """One step in an alert's life."""

    from_state: str | None
    to_state: str
    cause: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AlertStep:
    """A transition of one of an athlete's alerts."""

    alert_id: int
    to_state: str


@dataclass(frozen=True, slots=True)
class Told:
    """
    What is said of a file's activity beside the file, by the runner or by the list of a Strava export.

    Attributes
    ----------
    sport : str or None
        Goes before the file's own word.
    sport_if_silent : str or None
        What it is where neither the list nor the file says.
    start : datetime or None
        Counts where the file has no time of day.
    distance_m, moving_s, elapsed_s : float or None
        [m; s] Count where there is no file.
    is_manual : bool
        There is no file: these facts are all there is.
    """

    name: str = ""
    sport: str | None = None
    sport_if_silent: str | None = None
    start: datetime | None = None
    distance_m: float | None = None
    moving_s: float | None = None
    elapsed_s: float | None = None
    is_manual: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """
    A file that was handed in, and what became of it.

    Attributes
    ----------
    state : {"waiting", "stored", "failed"}
    reason : str or None
        Why it failed or waits, or what there is to know of a stored one; begins with a verb.
    run_id : int or None
        The first of its runs.
    attempts : int
        How often reading it began.
    """

    id: int
    athlete_id: int
    sha256: str
    name: str
    size: int
    told: Told
    state: str
    reason: str | None
    run_id: int | None
    n_runs: int
    attempts: int
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Quota:
    """What is used of one of Strava's windows, of the whole application."""

    window: Literal["quarter", "day"]
    used: int
    limit: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class StravaBudget:
    """
    How much Strava lets this application ask.

    Attributes
    ----------
    quotas : tuple of Quota
        Of the quarter of an hour and of the day.
    inactive_since, inactive_until : datetime or None
        While Strava has switched the application off: since when, and when a call is next tried.
    """

    quotas: tuple[Quota, ...]
    inactive_since: datetime | None
    inactive_until: datetime | None


@dataclass(frozen=True, slots=True)
class SyncState:
    """
    Where the runs of one athlete stand.

    Attributes
    ----------
    n_awaited : int
        Activities that were announced or changed and are not fetched yet.
    oldest_awaited : datetime or None
        Start of the oldest of them: up to there the load is complete. Of one that is not known yet the start is
        taken to be a day before it was announced.
    list_awaited : bool
        The list of the last months is still to be taken over.
    n_without_samples : int
        Runs that count by their distance, whose samples are still to come.
    """

    received: int
    pending: int
    failed: tuple[tuple[int, str, datetime], ...]
    """Activities that could not be fetched yet: Strava's id, why, and when it is tried again."""
    last_received_at: datetime | None
    last_run_start: datetime | None
    unsettled_mails: int
    n_awaited: int
    oldest_awaited: datetime | None
    list_awaited: bool
    n_without_samples: int


class InboxTx(Protocol):
    """A transaction in which one event is kept."""

    def add_expected(self, event: PushEvent, digest: str, now: datetime) -> int | None:
        """
        Store an event of our subscription and an athlete of ours, in one statement; its id.

        None where it is of another one, or the very same body is there already.
        """
        ...

    def addressee(self, strava_athlete_id: int) -> tuple[int | None, int | None]:
        """Our subscription's id, and which athlete here is that one of Strava's."""
        ...

    def add(self, event: PushEvent, digest: str, state: str, reason: str | None, now: datetime) -> int | None:
        """Store an event; its id, None if the very same body is there already."""
        ...

    def n_quarantined(self, since: datetime, at_most: int) -> int:
        """Events that came into quarantine since then, counted up to `at_most`."""
        ...


class Tx(
    AccountTx,
    ArchiveTx,
    ChannelTx,
    DeliveryTx,
    HealthTx,
    LoadTx,
    NoticeTx,
    OperatingTx,
    PlanTx,
    ReplyTx,
    RightsTx,
    SyncTx,
    TellingTx,
    TimingTx,
    Protocol,
):
    """One transaction. Everything an athlete owns is asked for with that athlete's id."""

    # inbox
    def inbox_item(self, inbox_id: int) -> InboxItem | None: ...
    def pending_inbox_ids(self, limit: int) -> list[int]: ...
    def claim_pending(self, limit: int) -> list[InboxItem]:
        """The oldest pending events, held until the transaction ends; without those that another one holds."""
        ...

    def settle_inbox(self, inbox_id: int, state: str, reason: str | None, now: datetime) -> bool:
        """Mark a pending event; False if another worker was first."""
        ...

    def release_quarantine(self) -> int:
        """Let go the events whose athlete and subscription are ours by now; how many."""
        ...

    # fetch jobs
    def want(self, athlete_id: int, source: str, source_id: int, *, deletion: bool, now: datetime) -> int:
        """Note that the activity must be looked at (once more); the job's id."""
        ...

    def job_id(self, athlete_id: int, source: str, source_id: int) -> int | None: ...
    def claim_job(
        self, job_id: int, owner: str, dead: Iterable[str], now: datetime, until: datetime
    ) -> Job | None: ...
    def settle_job(self, job_id: int, owner: str, outcome: JobOutcome, now: datetime) -> bool:
        """Note the outcome and free the row; False if `owner` no longer holds it."""
        ...

    def is_due(self, job_id: int, now: datetime) -> bool: ...
    def due_job_ids(self, now: datetime, limit: int) -> list[int]: ...
    def lease_owners(self) -> list[str]: ...
    def wake_jobs(self, athlete_id: int, now: datetime) -> int: ...
    def retry_job(self, athlete_id: int, source: str, source_id: int, now: datetime) -> bool:
        """Make unfinished work on an activity due now; False if there is none of this athlete."""
        ...

    def want_samples(self, athlete_id: int, source: str, source_id: int, now: datetime) -> None:
        """Note that the samples of a known activity are wanted, unless something is wanted of it anyway."""
        ...

    def samples_wanted(self, since: datetime) -> int:
        """For how many activities, of all athletes, `want_samples` has asked since then."""
        ...

    def is_limited(self, now: datetime) -> bool:
        """Whether Strava has said that it takes no call of this application for now."""
        ...

    # runs
    def lock_athlete(self, athlete_id: int) -> None:
        """Let writers of this athlete's runs follow one another, so that totals are sums of all rows."""
        ...

    def upsert_run(
        self, athlete_id: int, source: str, record: ActivityRecord, *, streams: str, trusted: bool, now: datetime
    ) -> tuple[Run, Run | None]:
        """Store an activity; (as it is now, as it was before). With streams "none" its features go."""
        ...

    def put_streams_state(self, run_id: int, *, streams: str, trusted: bool) -> Run:
        """Note what became of a stored run's samples; the run as it is now."""
        ...

    def put_features(self, run_id: int, features: RunFeatures, now: datetime) -> RunFeatures:
        """Store what a run's samples showed, in place of what was there; as it is read back."""
        ...

    def put_features_error(self, run_id: int, version: int, error: str, now: datetime) -> None:
        """Note that functions of this version could not read a run's samples, in place of what was there."""
        ...

    def runs_to_sample(self, source: str, version: int, since: datetime, limit: int) -> list[tuple[int, int]]:
        """
        Runs of connected athletes whose samples may give features that are not stored, newest first.

        Returns
        -------
        list of (athlete_id, source_id)
            Those never asked for, or with features older than `version`, of which nothing is wanted yet.
        """
        ...

    def run_by_source(self, athlete_id: int, source: str, source_id: int) -> RunDetail | None: ...
    def delete_run(self, athlete_id: int, source: str, source_id: int) -> Run | None: ...
    def runs_between(self, athlete_id: int, since: datetime, until: datetime | None = None) -> list[Run]: ...
    def runs_to_judge(
        self, athlete_id: int, since: datetime, detailed_since: datetime, until: datetime | None = None
    ) -> list[Run]:
        """
        Activities from `since` on in order of start, with what `rules.judge` and `loads.run_loads` read of them.

        Of those before `detailed_since` only distance, times, and the best and the easy speed.
        """
        ...

    def runs_of_days(self, athlete_id: int, days: Iterable[date]) -> list[Run]: ...
    def put_day_totals(self, athlete_id: int, days: Iterable[date], totals: Iterable[DayTotal]) -> None: ...
    def day_totals(self, athlete_id: int, since: date, until: date) -> list[DayTotal]: ...
    def last_counted_start(self, athlete_id: int, before: datetime) -> datetime | None: ...
    def earlier_history(self, athlete_id: int, before: datetime, at_most: int | None = None) -> EarlierHistory:
        """The first counted run before a moment, and how many there are, counted up to `at_most`."""
        ...

    def first_local_date(self, athlete_id: int) -> date | None: ...
    def put_told(self, athlete_id: int, run_id: int, *, told_apart: int | None, preferred: bool) -> None:
        """Note what the runner says of a recording; see `Run`."""
        ...

    def run_detail(self, athlete_id: int, run_id: int) -> RunDetail | None: ...
    def run_details_since(self, athlete_id: int, since: datetime) -> list[RunDetail]: ...

    # shoes
    def shoes(self, athlete_id: int) -> list[Shoe]: ...
    def runs_worn(self, athlete_id: int) -> tuple[list[Run], dict[int, str]]:
        """All runs, with no more than decides whether they count; by their ids the shoes that the source named."""
        ...

    def put_gear(self, athlete_id: int, source: str, gear: Gear, told_on: date) -> None:
        """Note a pair that the source named, with what it told of it; what it did not tell stays as it was."""
        ...

    def add_shoe(
        self, athlete_id: int, name: str, worn_from: date, told_m: float | None, told_on: date | None
    ) -> int | None:
        """Store a pair entered by hand; its id, None if another one begins on that day."""
        ...

    def delete_shoe(self, athlete_id: int, shoe_id: int) -> None: ...

    # files
    def add_upload(self, athlete_id: int, sha256: str, name: str, size: int, told: Told, now: datetime) -> int | None:
        """Note a file to be read; None if the athlete's very same bytes are there already."""
        ...

    def uploads_of(self, athlete_id: int, digests: Iterable[str]) -> list[Upload]: ...
    def upload(self, athlete_id: int, upload_id: int) -> Upload | None: ...
    def uploads_by_id(self, athlete_id: int, ids: Sequence[int]) -> list[Upload]: ...
    def uploads(self, athlete_id: int, limit: int, *, alone: bool = False) -> list[Upload]:
        """The newest first; `alone`: without those that came in archives."""
        ...

    def delete_upload(self, athlete_id: int, upload_id: int) -> None: ...
    def source_ids(self, athlete_id: int, source: str, first: int, end: int) -> list[int]:
        """Of the stored runs of a source, those from `first` to before `end`."""
        ...

    def kept_files(self, athlete_id: int) -> set[str]:
        """What the athlete's files in the data folder are called: digests, of archives with an ending."""
        ...

    def outdated_source_ids(self, source: str, version: int, limit: int) -> list[int]:
        """Runs of stored files with features older than `version`, of all athletes, the newest first."""
        ...

    def read_again(self, upload_ids: Iterable[int], now: datetime) -> int:
        """Let stored files be read once more; of how many."""
        ...

    def retry_upload(self, athlete_id: int, upload_id: int, now: datetime) -> bool:
        """Let a failed one be read once more; False if it has not failed."""
        ...

    def claim_uploads(
        self,
        owner: str,
        dead: Iterable[str],
        now: datetime,
        until: datetime,
        limit: int,
        athlete_id: int | None = None,
    ) -> list[Upload]:
        """
        Some of those due that nobody holds, all of one athlete, in the order in which they came in.

        One whose reading began before and never ended comes alone.
        """
        ...

    def release_upload(self, upload_id: int) -> None:
        """Give one back whose reading did not begin."""
        ...

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
    ) -> None: ...
    def n_due_uploads(self, now: datetime, athlete_id: int | None = None) -> int:
        """How many are to be read by now, those under way among them."""
        ...

    def upload_lease_owners(self) -> list[str]: ...

    # assessment
    def want_assessment(self, athlete_id: int, since: datetime, now: datetime) -> None: ...
    def is_arriving(self, athlete_id: int, now: datetime) -> bool:
        """Whether an event of this athlete is unread, or a fetch due or under way."""
        ...

    def has_unread_files(self, athlete_id: int, now: datetime) -> bool:
        """Whether a file of this athlete is due to be read, or being read, or an archive to be taken apart."""
        ...

    def assessment_waits(self, athlete_id: int) -> bool: ...
    def assessment_asked_at(self, athlete_id: int) -> datetime | None:
        """Since when a judgement waits; None: none does."""
        ...

    def lock_assessment(self, athlete_id: int) -> tuple[int, datetime, datetime] | None:
        """(wanted, since, asked at) of an athlete who waits to be assessed, locked to the transaction's end."""
        ...

    def settle_assessment(self, athlete_id: int, wanted: int) -> None: ...
    def assessment_attempts(self, athlete_id: int) -> int:
        """How often in a row judging this athlete has failed."""
        ...

    def fail_assessment(self, athlete_id: int, error: str, next_attempt_at: datetime) -> None: ...
    def due_assessments(self, now: datetime, limit: int) -> list[int]: ...
    def stored_alerts(self, athlete_id: int, since: datetime) -> list[StoredAlert]: ...
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
    ) -> int: ...
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
    ) -> None: ...
    def move_alert(
        self, alert_id: int, to: AlertState, cause: str, now: datetime, settled: Settled | None = None
    ) -> None: ...
    def put_feedback(self, alert_id: int, feedback: str, now: datetime) -> None: ...
    def feedback(self, athlete_id: int, since: datetime) -> list[Feedback]: ...
    def alert_wishes(self, athlete_id: int) -> list[KeyWish]: ...
    def put_alert_wish(self, athlete_id: int, dedup_key: str, **changes: Any) -> None:
        """Change what a runner wants of one key; what is not named stays."""
        ...

    def planned_days(self, athlete_id: int, since: date) -> list[date]: ...
    def put_planned_day(self, athlete_id: int, day: date, now: datetime) -> None: ...
    def alerts_of_key(self, athlete_id: int, dedup_key: str, until: datetime) -> list[Alert]:
        """Open ones of what was no later than a time, oldest first."""
        ...

    def athletes_with_red_alerts(self, limit: int) -> list[int]:
        """Those with a red flag that nobody has acknowledged."""
        ...

    def red_alerts(self, athlete_id: int) -> list[RedAlert]: ...
    def expired_alerts(self, now: datetime, limit: int) -> list[int]: ...
    def alerts_since(self, athlete_id: int, since: datetime) -> list[Alert]: ...
    def alerts_that_stand(self, athlete_id: int, since: datetime) -> list[Alert]:
        """Those since then, and those still open from before it."""
        ...

    def alert(self, athlete_id: int, alert_id: int) -> Alert | None: ...
    def alert_owner(self, alert_id: int) -> int | None: ...
    def transitions(self, athlete_id: int, alert_id: int) -> list[Transition]: ...
    def steps_after(self, athlete_id: int, last_step: int) -> list[AlertStep]:
        """The transitions of all of an athlete's alerts after that one, in order."""
        ...

    def runs_after(self, athlete_id: int, last_run_id: int, limit: int) -> list[Run]:
        """Activities with a higher id, the latest start first."""
        ...

    def mailed(self, athlete_id: int, since: datetime) -> list[Mailed]: ...

    # athletes and accounts
    def athlete(self, athlete_id: int) -> AthleteProfile | None: ...
    def athlete_ids(self) -> list[int]: ...
    def add_athlete(self, name: str, email: str | None, timezone: str, now: datetime) -> int: ...
    def update_athlete(self, athlete_id: int, **changes: Any) -> None: ...
    def athletes_due_weekly(self, now: datetime, limit: int) -> list[AthleteProfile]: ...
    def count_accounts(self) -> int: ...
    def add_account(
        self, athlete_id: int, email: str | None, password_hash: str | None, *, is_operator: bool, now: datetime
    ) -> int: ...
    def account(self, account_id: int) -> AccountRecord | None: ...
    def account_by_email(self, email: str) -> AccountRecord | None: ...
    def account_of_athlete(self, athlete_id: int) -> AccountRecord | None: ...
    def set_password_hash(self, account_id: int, password_hash: str) -> None: ...
    def add_token(self, athlete_id: int, digest: str, now: datetime, name: str | None = None) -> None: ...
    def athlete_by_token(self, digest: str) -> int | None: ...

    # Strava
    def athlete_of_strava(self, strava_athlete_id: int) -> int | None: ...
    def connection(self, athlete_id: int) -> Connection | None: ...
    def put_connection(self, connection: Connection, now: datetime) -> None: ...
    def claim_refresh(self, seen: Connection, now: datetime, until: datetime) -> bool:
        """Take the right to ask for a new pair, if the connection is still as it was seen and nobody has it."""
        ...

    def put_tokens(self, athlete_id: int, pair: TokenPair, seen_refresh_token: str) -> bool:
        """Keep the pair that was given for this refresh token; False if another one is stored by now."""
        ...

    def fail_refresh(self, athlete_id: int, seen_refresh_token: str, *, needs_reauth: bool) -> bool: ...
    def want_backfill(self, athlete_id: int, at: datetime | None) -> None:
        """When to take over the athlete's list; None: it is done."""
        ...

    def due_backfills(self, now: datetime, limit: int) -> list[int]: ...
    def subscription_id(self) -> int | None: ...
    def subscription_callback(self) -> str | None:
        """The address that Strava was told to push to."""
        ...

    def put_subscription(self, subscription_id: int | None, callback_url: str, now: datetime) -> None: ...

    # sync
    def log_sync(self, athlete_id: int | None, what: str, detail: str, now: datetime) -> None: ...
    def sync_state(self, athlete_id: int, strava_athlete_id: int | None, awaited: Awaited) -> SyncState:
        """Of what is awaited as it was read in the same transaction."""
        ...


class Database(Protocol):
    """Hands out transactions. No network call belongs inside one."""

    def write(self) -> AbstractContextManager[Tx]: ...
    def read(self) -> AbstractContextManager[Tx]: ...
    def inbox(self) -> AbstractContextManager[InboxTx]: ...


class Strava(Protocol):
    """The API, one client per use; every error is one of `errors.StravaError`."""

    def activity(self, access_token: str, source_id: int) -> ActivityRecord: ...
    def streams(self, access_token: str, source_id: int) -> Streams | None:
        """None where there are none (yet)."""
        ...

    def list_page(self, access_token: str, after: datetime, page: int) -> ListPage: ...
    def refresh(self, refresh_token: str) -> TokenPair: ...


class StravaRights(Strava, Protocol):
    """The API, with the question whether an athlete still lets us in."""

    def check_access(self, access_token: str) -> None:
        """Raises `Unauthorized` if the token opens nothing."""
        ...


class Subscriptions(Protocol):
    """The application's one push subscription at Strava; every error is one of `errors.StravaError`."""

    def create(self, callback_url: str, verify_token: str) -> int:
        """Subscribe; Strava asks the callback for its consent before this returns. The subscription's id."""
        ...

    def list(self) -> "list[dict[str, Any]]":
        """At most one, with `id` and `callback_url`."""
        ...

    def delete(self, subscription_id: int) -> None: ...


class MailStore(Protocol):
    """Mails that are kept as files."""

    def forget(self, athlete_id: int, message_ids: Iterable[str]) -> None: ...
    def owners(self) -> Iterable[int]:
        """Athletes of whom some are kept."""
        ...

    def copies(self, athlete_id: int) -> Iterable[tuple[str, bytes]]:
        """Name and content of each of an athlete's, the oldest first."""
        ...

    def forget_all(self, athlete_id: int) -> None:
        """Delete all of an athlete's."""
        ...


class UploadFiles(Protocol):
    """The bytes of what was handed in."""

    def put(self, athlete_id: int, contents: Mapping[str, bytes]) -> None:
        """Keep them durably, by their SHA-256; raises `StorageFull`."""
        ...

    def get(self, athlete_id: int, sha256: str) -> bytes: ...
    def drop(self, athlete_id: int, sha256: str) -> None:
        """Delete them; nothing happens where they are gone."""
        ...

    def names(self) -> Iterable[tuple[int | None, str, datetime]]:
        """Athlete, name and time of each file there is; the athlete is None for what is being received."""
        ...

    def forget(self, athlete_id: int | None, name: str) -> None: ...
    def forget_all(self, athlete_id: int) -> None:
        """Delete all of an athlete's, archives among them."""
        ...


class Mailer(Protocol):
    """Hands mails over."""

    def send(self, content: EmailContent, *, to: str, message_id: str, athlete_id: int, at: datetime) -> None:
        """
        Hand one over.

        Raises
        ------
        MailRefused
            If this mail is refused for good; `AddressRefused` if the address takes none at all.
        MailDelayed
            If it cannot be taken now.
        MailUncertain
            If it may have been taken.
        MailWayDown
            If none can leave now, whichever it is.
        """
        ...

    def hang_up(self) -> None:
        """No more follows for now: the connection that was kept for the next can end."""


class PasswordHasher(Protocol):
    """Slow hashes of passwords."""

    def hash(self, password: str) -> str: ...
    def verify(self, password_hash: str, password: str) -> bool: ...
    def needs_rehash(self, password_hash: str) -> bool: ...


class Leases(Protocol):
    """Who works on a row."""

    def me(self) -> str:
        """This worker's name in a lease."""
        ...

    def gone(self, owners: Sequence[str]) -> list[str]:
        """Those of these holders that no longer live."""
        ...


class Nudge(Protocol):
    """Wakes a worker, best effort: what is lost here the sweep finds."""

    def inbox(self, inbox_id: int) -> None: ...
    def assess(self, athlete_id: int) -> None: ...
    def mails(self) -> None: ...
    def more_mails(self) -> None:
        """Of many that are due, when nothing else waits."""

    def backfill(self, athlete_id: int) -> None: ...
    def uploads(self) -> None: ...
    def backtest(self, athlete_id: int) -> None: ...


class Clock(Protocol):
    """Now, UTC."""

    def __call__(self) -> datetime: ...
