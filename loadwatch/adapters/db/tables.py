"""The tables. Time is UTC; the local date stands beside it where a day counts. Lengths and times in SI."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from loadwatch.adapters.db.crypto import EncryptedText


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in Python, UTC in the database, refused without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        assert isinstance(value, datetime)
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite numbers rows by itself only where the key is called INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")

JsonOrNull = JSON(none_as_null=True)
"""None is NULL, not the text "null"."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, date: Date, str: Text, float: Float, bool: Boolean}


class Athlete(Base):
    __tablename__ = "athletes"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str]
    email: Mapped[str | None]
    """Where mails go; None: nowhere yet."""
    timezone: Mapped[str] = mapped_column(default="UTC")
    units: Mapped[str] = mapped_column(String(10), default="metric")
    language: Mapped[str] = mapped_column(String(10), default="en", server_default="en")
    novice: Mapped[bool] = mapped_column(default=False)
    five_k_s: Mapped[int | None]
    """Time of a present 5 km race. [s]"""
    alert_mails: Mapped[bool] = mapped_column(default=True)
    weekly_mail: Mapped[bool] = mapped_column(default=True)
    sensitivity: Mapped[str] = mapped_column(String(10), default="balanced", server_default="balanced")
    """quiet, balanced, watchful"""
    quiet_from: Mapped[int] = mapped_column(default=21, server_default="21")
    quiet_to: Mapped[int] = mapped_column(default=7, server_default="7")
    """Local hours between which no mail leaves but a red flag's. [h]"""
    thresholds: Mapped[list[dict[str, Any]] | None] = mapped_column(JsonOrNull)
    """Those that the runner has moved, and since when; see `domain.adjusted.OwnThresholds`."""
    ask_mails: Mapped[bool] = mapped_column(default=True, server_default=true())
    weekly_day: Mapped[int] = mapped_column(default=1, server_default="1")
    weekly_hour: Mapped[int] = mapped_column(default=7, server_default="7")
    """ISO weekday and local hour at which the summary of a week leaves."""
    weekly_week: Mapped[str | None] = mapped_column(String(8))
    """The ISO week that the next summary tells of, and when it is due."""
    next_weekly_at: Mapped[datetime | None] = mapped_column(index=True)
    mail_refused_at: Mapped[datetime | None]
    """Since when no mail is sent, as the address takes none; None: it works."""
    mail_refused_why: Mapped[str | None]
    """The mail server's words."""
    sample_until: Mapped[datetime | None]
    """Made up, for somebody to look around with, and deleted after this; None: a real runner."""
    created_at: Mapped[datetime]


class Account(Base):
    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"), unique=True)
    email: Mapped[str | None] = mapped_column(unique=True)
    """Log-in name, in lower case; None where one logs in through Strava alone."""
    password_hash: Mapped[str | None]
    is_operator: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class ApiToken(Base):
    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the token; the token itself is shown once and kept nowhere."""
    name: Mapped[str | None] = mapped_column(String(100))
    """What its owner calls it, to know which to take back."""
    created_at: Mapped[datetime]


class AccountDeletionRow(Base):
    """That an account was deleted: how much of what, never whose it was."""

    __tablename__ = "account_deletions"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    """The athlete's, which names nobody any more and is given to nobody else."""
    at: Mapped[datetime]
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    """Rows by their table."""


class StravaConnection(Base):
    __tablename__ = "strava_connections"

    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"), primary_key=True)
    strava_athlete_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    access_token: Mapped[str] = mapped_column(EncryptedText)
    refresh_token: Mapped[str] = mapped_column(EncryptedText)
    expires_at: Mapped[datetime]
    scopes: Mapped[str]
    """Granted ones, separated by commas."""
    state: Mapped[str] = mapped_column(String(20))
    """connected, needs_reauth"""
    refresh_lease_until: Mapped[datetime | None]
    """While this lies ahead one worker is asking for a new pair and the others wait for it."""
    connected_at: Mapped[datetime]
    backfill_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the list of the last months is to be taken over (again); None: done."""
    backfill_page: Mapped[int | None]
    backfill_after: Mapped[datetime | None]
    """Where taking it over goes on: the next page of what began after then; None: at the beginning."""
    check_at: Mapped[datetime | None]
    """When to ask Strava whether the athlete has withdrawn; None: nothing says so."""
    recent_at: Mapped[datetime | None]
    window_at: Mapped[datetime | None]
    """When the list of the last days, and that of the whole window, is read again."""
    unread_since: Mapped[datetime | None]
    """Since when the list could not be read; None: the last attempt succeeded, or there was none."""


class StravaSubscription(Base):
    __tablename__ = "strava_subscription"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Strava's; at most one row."""
    callback_url: Mapped[str]
    created_at: Mapped[datetime]


class SubscriptionCheckRow(Base):
    """What the last look at Strava's list of subscriptions showed; at most one row, number 1."""

    __tablename__ = "subscription_checks"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime | None]
    """None: the first look is under way."""
    state: Mapped[str] = mapped_column(String(20))
    """See `services.sync_ports.SubscriptionState`."""
    says: Mapped[str]
    next_at: Mapped[datetime]


class Inbox(Base):
    __tablename__ = "inbox"
    __table_args__ = (Index("ix_inbox_state_id", "state", "id"), Index("ix_inbox_owner_id", "owner_id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the canonical body."""
    body: Mapped[str]
    object_type: Mapped[str] = mapped_column(String(20))
    object_id: Mapped[int] = mapped_column(BigInteger)
    aspect: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[int] = mapped_column(BigInteger)
    subscription_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(20))
    """pending, done, quarantined"""
    reason: Mapped[str | None]
    received_at: Mapped[datetime]
    processed_at: Mapped[datetime | None]


class FetchJob(Base):
    __tablename__ = "fetch_jobs"
    __table_args__ = (
        UniqueConstraint("athlete_id", "source", "source_id"),
        Index("ix_fetch_jobs_next_attempt_at", "next_attempt_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(20))
    source_id: Mapped[int] = mapped_column(BigInteger)
    wanted: Mapped[int] = mapped_column(default=0)
    """Rises by one with each event; the work is finished when `done` has caught up."""
    done: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    """None: nothing to do."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Fetches since the last success that ended in a fault or in nothing."""
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    missing_since: Mapped[datetime | None]
    """Since when Strava has answered 404."""
    deletion_seen: Mapped[bool] = mapped_column(default=False)
    """An event said that it was deleted: the next 404 confirms it."""
    stream_attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    first_event_at: Mapped[datetime]
    history_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the samples of a known run, and nothing else, were asked for; None: the last to ask was an event."""
    limited_until: Mapped[datetime | None] = mapped_column(index=True)
    """Until when Strava takes no call of this application, as it answered this job last."""


class RunRow(Base):
    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("athlete_id", "source", "source_id"),
        Index("ix_runs_athlete_id_start", "athlete_id", "start"),
        Index("ix_runs_athlete_id_local_date", "athlete_id", "local_date"),
        Index("ix_runs_source_fetched_at", "source", "fetched_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(20))
    source_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    sport: Mapped[str] = mapped_column(String(60))
    start: Mapped[datetime]
    local_date: Mapped[date]
    timezone: Mapped[str | None]
    distance_m: Mapped[float | None]
    moving_s: Mapped[float | None]
    elapsed_s: Mapped[float | None]
    ascent_m: Mapped[float | None]
    average_heartrate_bpm: Mapped[float | None]
    is_race: Mapped[bool] = mapped_column(default=False)
    is_manual: Mapped[bool] = mapped_column(default=False)
    start_hidden: Mapped[bool] = mapped_column(default=False)
    gear_id: Mapped[str | None] = mapped_column(String(40))
    """What the source says that it was done in or on; see `ShoeRow`."""
    distance_trusted: Mapped[bool] = mapped_column(default=True)
    told_apart: Mapped[int | None] = mapped_column(BigInteger)
    preferred: Mapped[bool] = mapped_column(default=False, server_default=false())
    """The runner's own word, which no source overwrites; see `domain.activity.Run`."""
    streams: Mapped[str] = mapped_column(String(10))
    """ok, listed (known from the list, not asked for), waiting (not there yet), missing (given up), none (a manual
    entry, another sport)"""
    fetched_at: Mapped[datetime]
    """When the source last told of it, by itself or in a list."""
    list_digest: Mapped[str | None] = mapped_column(String(64))
    """Of what the list told of it last."""
    created_at: Mapped[datetime]


class RunFeaturesRow(Base):
    """What a run's samples showed. No position and no sample: of runs from the API only this is kept."""

    __tablename__ = "run_features"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int]
    """Of the functions that made it, or that failed."""
    computed_at: Mapped[datetime]
    error: Mapped[str | None]
    """What kept them from being made: nothing else here is known then."""
    distance_m: Mapped[float | None]
    moving_s: Mapped[float | None]
    altitude_quality: Mapped[str] = mapped_column(String(10))
    ascent_m: Mapped[float | None]
    descent_m: Mapped[float | None]
    eccentric_load_m: Mapped[float | None]
    flat_equivalent_m: Mapped[float | None]
    hill_share: Mapped[float | None]
    hill_reps: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    easy_speed_m_s: Mapped[float | None]
    best_20s_m_s: Mapped[float | None]
    speed_profile_m: Mapped[list[float] | None] = mapped_column(JsonOrNull)
    """Rounded to 0.1 m; the empty bands at its end are left out."""
    reps: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    track: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    warnings: Mapped[list[Any]] = mapped_column(JSON)
    """As `domain.text.to_json` has them; of earlier versions the plain words."""


class DayTotalRow(Base):
    __tablename__ = "day_totals"

    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"), primary_key=True)
    local_date: Mapped[date] = mapped_column(primary_key=True)
    n_runs: Mapped[int]
    distance_m: Mapped[float]
    moving_s: Mapped[float]
    ascent_m: Mapped[float | None]
    descent_m: Mapped[float | None]
    eccentric_load_m: Mapped[float | None]
    track_m: Mapped[float | None]


class AssessJob(Base):
    __tablename__ = "assess_jobs"

    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"), primary_key=True)
    wanted: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime]
    """Start of the earliest run whose change has not been judged yet."""
    asked_at: Mapped[datetime]
    """When the oldest change that has not been judged yet was stored."""
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(index=True)
    last_error: Mapped[str | None]


class AlertRow(Base):
    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("athlete_id", "dedup_key", "episode"),
        Index("ix_alerts_athlete_id_at", "athlete_id", "at"),
        Index("ix_alerts_state_expires_at", "state", "expires_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"))
    dedup_key: Mapped[str] = mapped_column(String(60))
    episode: Mapped[str] = mapped_column(String(60))
    rule: Mapped[str] = mapped_column(String(20))
    rule_version: Mapped[str] = mapped_column(String(20))
    load_level: Mapped[int]
    severity: Mapped[int]
    confidence: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(20))
    title: Mapped[str]
    message: Mapped[str]
    action: Mapped[str]
    words: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    """How title, message, action, coverage and the windows of the reasons were made; see `domain.text.to_json`."""
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    evidence: Mapped[dict[str, str]] = mapped_column(JSON)
    coverage: Mapped[list[str]] = mapped_column(JSON)
    gap: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    """What was missing when it was last judged; see `domain.completeness.Gap`."""
    finding_digest: Mapped[str] = mapped_column(String(64))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"))
    at: Mapped[datetime]
    """Start of the run, or time of the check-in."""
    expires_at: Mapped[datetime | None]
    """None: never by itself."""
    report_id: Mapped[int | None] = mapped_column(Id)
    problem_id: Mapped[int | None] = mapped_column(Id)
    """Check-ins: the one it stands on, and the one that opened its problem."""
    symptom_level: Mapped[int] = mapped_column(default=0, server_default="0")
    settled: Mapped[str | None] = mapped_column(String(10))
    """Why it is resolved: later (another speaks in its place), gone (the runner says so)."""
    ask_at: Mapped[datetime | None]
    """When to ask how it feels."""
    ask_due_at: Mapped[datetime | None] = mapped_column(index=True)
    """When to see whether the question leaves; None: that is settled."""
    untold: Mapped[Any | None] = mapped_column(JsonOrNull)
    """Why it did not leave by itself when it fired; see `domain.text.to_json`."""
    feedback: Mapped[str | None] = mapped_column(String(10))
    """useful, not_useful"""
    feedback_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class AlertWish(Base):
    """What a runner wants to hear less of."""

    __tablename__ = "alert_wishes"

    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"), primary_key=True)
    dedup_key: Mapped[str] = mapped_column(String(60), primary_key=True)
    snoozed_until: Mapped[datetime | None]
    snoozed_severity: Mapped[int | None]
    restored_at: Mapped[datetime | None]
    """When a key that had been called not useful was to be told at once again."""
    kept_muted_at: Mapped[datetime | None]
    """When the runner, asked whether to hear of it at once again, said no."""


class PlannedDay(Base):
    """A day whose long run or race was planned."""

    __tablename__ = "planned_days"

    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"), primary_key=True)
    local_date: Mapped[date] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]


class PlannedRunRow(Base):
    """A run that a runner thinks of doing."""

    __tablename__ = "planned_runs"
    __table_args__ = (Index("ix_planned_runs_athlete_id_local_date", "athlete_id", "local_date"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"))
    local_date: Mapped[date]
    distance_m: Mapped[float]
    descent_m: Mapped[float | None]
    fast_m: Mapped[float | None]
    created_at: Mapped[datetime]


class BacktestRow(Base):
    """What the rules would have said of an athlete's stored history."""

    __tablename__ = "backtests"

    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"), primary_key=True)
    asked_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime | None] = mapped_column(index=True)
    """None: nothing to do."""
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    done_at: Mapped[datetime | None]
    made_of: Mapped[str | None]
    """What the result was worked out from; see `services.backtests`."""
    result: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)


class AlertTransition(Base):
    __tablename__ = "alert_transitions"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), index=True)
    from_state: Mapped[str | None] = mapped_column(String(20))
    to_state: Mapped[str] = mapped_column(String(20))
    cause: Mapped[str]
    words: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    """How the cause was made; see `domain.text.to_json`."""
    at: Mapped[datetime]


class Outbox(Base):
    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("athlete_id", "kind", "subject", "channel"),
        Index("ix_outbox_state_priority_next_attempt_at", "state", "priority", "next_attempt_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    """alert, again, retraction, weekly, receipt"""
    subject: Mapped[str] = mapped_column(String(40))
    """What it is about: an alert's id, an ISO week, a receipt's id."""
    channel: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    """See `services.delivery_ports.OutboxItem`."""
    priority: Mapped[int] = mapped_column(default=1, server_default="1")
    """0 red flag, 1, 2 weekly: of what is due the lower leaves first."""
    attempts: Mapped[int] = mapped_column(default=0)
    """How often it was handed over, or could not be written."""
    next_attempt_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    """Until when it is the worker's who claimed it; after that it was cut off."""
    delayed_since: Mapped[datetime | None]
    """When it was first put off."""
    may_have_left: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Somebody may have it though its state says otherwise: it was cut off once while it was handed over."""
    dropped_at: Mapped[datetime | None]
    """When it was cancelled because it would have come too late."""
    settled_at: Mapped[datetime | None]
    message_id: Mapped[str]
    mail_subject: Mapped[str | None]
    error: Mapped[str | None]
    words: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    """How the error was made; see `domain.text.to_json`."""
    created_at: Mapped[datetime]


class WayRow(Base):
    """That the mail server, or whatever takes what stands in the outbox, cannot be reached."""

    __tablename__ = "ways"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    down_since: Mapped[datetime]
    retry_at: Mapped[datetime]
    error: Mapped[str]
    n: Mapped[int]
    """How often in a row it was tried."""


class ReplyRow(Base):
    """That a question of a mail was answered with one tap: each is answered once."""

    __tablename__ = "replies"

    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(12), primary_key=True)
    about: Mapped[str] = mapped_column(String(60), primary_key=True)
    """See `services.telling_ports.ReplyLinks`."""
    answer: Mapped[str] = mapped_column(String(10))
    report_id: Mapped[int | None] = mapped_column(Id)
    """The check-in that it became."""
    at: Mapped[datetime]


class SyncLog(Base):
    __tablename__ = "sync_log"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int | None] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"), index=True)
    what: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str]
    at: Mapped[datetime]


class SymptomReportRow(Base):
    """A check-in, as it was given; `answers` alone grows."""

    __tablename__ = "symptom_reports"
    __table_args__ = (
        UniqueConstraint("athlete_id", "client_key"),
        Index("ix_symptom_reports_athlete_id_at", "athlete_id", "at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"))
    client_key: Mapped[str | None] = mapped_column(String(200))
    """Chosen by whoever sends it, so that a second try is the same check-in; None: each stands for itself."""
    at: Mapped[datetime]
    local_date: Mapped[date]
    side: Mapped[str | None] = mapped_column(String(20))
    regions: Mapped[list[str]] = mapped_column(JSON)
    pain_run: Mapped[int | None]
    pain_today: Mapped[int | None]
    pain_morning: Mapped[int | None]
    qualities: Mapped[list[str]] = mapped_column(JSON)
    onset: Mapped[str | None] = mapped_column(String(20))
    aggravators: Mapped[list[str]] = mapped_column(JSON)
    signs: Mapped[list[str]] = mapped_column(JSON)
    answers: Mapped[dict[str, bool]] = mapped_column(JSON)
    """Follow-up questions that were answered; what was not asked is absent."""
    note: Mapped[str]
    source: Mapped[str] = mapped_column(String(20))
    """page, api, cli"""
    created_at: Mapped[datetime]


class RiskProfileRow(Base):
    """The one-time form."""

    __tablename__ = "risk_profiles"

    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"), primary_key=True)
    birth_year: Mapped[int | None]
    injuries: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    answers: Mapped[dict[str, bool]] = mapped_column(JSON)
    """Optional risk questions that were answered; what was not is absent."""
    updated_at: Mapped[datetime]


class WeeklyQuestionnaireRow(Base):
    __tablename__ = "weekly_questionnaires"
    __table_args__ = (UniqueConstraint("athlete_id", "iso_week"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"))
    iso_week: Mapped[str] = mapped_column(String(10))
    local_date: Mapped[date]
    """When it was answered last."""
    participation: Mapped[int]
    volume: Mapped[int]
    performance: Mapped[int]
    pain: Mapped[int]
    updated_at: Mapped[datetime]


class RehabSessionRow(Base):
    """Exercises that were done, by the report that opened their problem."""

    __tablename__ = "rehab_sessions"
    __table_args__ = (
        UniqueConstraint("athlete_id", "problem_id", "at"),
        Index("ix_rehab_sessions_problem_id", "problem_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"))
    problem_id: Mapped[int] = mapped_column(ForeignKey("symptom_reports.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    local_date: Mapped[date]
    exercises: Mapped[list[str]] = mapped_column(JSON)
    pain_during: Mapped[int]
    pain_next_morning: Mapped[int | None]
    signs: Mapped[list[str]] = mapped_column(JSON)
    note: Mapped[str]
    created_at: Mapped[datetime]


class ProblemEventRow(Base):
    """What happened with a problem beside its reports."""

    __tablename__ = "problem_events"
    __table_args__ = (Index("ix_problem_events_athlete_id_problem_id", "athlete_id", "problem_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"))
    problem_id: Mapped[int] = mapped_column(ForeignKey("symptom_reports.id", ondelete="CASCADE"))
    what: Mapped[str] = mapped_column(String(20))
    """agreed (to be shown exercises), seen (by a professional)"""
    at: Mapped[datetime]
    local_date: Mapped[date]


class ShoeRow(Base):
    """A pair of shoes, as the source or the runner keeps it."""

    __tablename__ = "shoes"
    __table_args__ = (UniqueConstraint("athlete_id", "gear_id"), UniqueConstraint("athlete_id", "worn_from"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(20))
    """strava, hand"""
    gear_id: Mapped[str | None] = mapped_column(String(40))
    """As in `runs`; None of a pair entered by hand."""
    name: Mapped[str | None] = mapped_column(String(100))
    """None until the source has told it."""
    told_m: Mapped[float | None]
    told_on: Mapped[date | None]
    """Local day up to which `told_m` counts."""
    worn_from: Mapped[date | None]
    """Of a pair entered by hand: it was worn from then on, until the next one."""


class LadderEntryRow(Base):
    """Where and when a runner stepped on the ladder; of a problem's rows the newest counts."""

    __tablename__ = "ladder_entries"
    __table_args__ = (Index("ix_ladder_entries_athlete_id_problem_id", "athlete_id", "problem_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"))
    problem_id: Mapped[int] = mapped_column(ForeignKey("symptom_reports.id", ondelete="CASCADE"))
    first_day: Mapped[date]
    level: Mapped[int]
    tendon: Mapped[bool]
    old_long_m: Mapped[float | None]
    old_fast_m: Mapped[float | None]
    """Longest run, and most fast metres of a day, before the problem; None: not known."""
    created_at: Mapped[datetime]


class LadderKeptRow(Base):
    """The runner's own word on whether a run kept to the step of the ladder, where nothing measured that."""

    __tablename__ = "ladder_kept"
    __table_args__ = (Index("ix_ladder_kept_run_id", "run_id"),)

    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"), primary_key=True)
    problem_id: Mapped[int] = mapped_column(ForeignKey("symptom_reports.id", ondelete="CASCADE"), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    kept: Mapped[bool]
    updated_at: Mapped[datetime]


class UploadRow(Base):
    """
    A file that was handed in: its bytes lie in the data folder, and a worker reads them.

    Its runs are those of source "file"; see `services.uploads.source_id`.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        UniqueConstraint("athlete_id", "sha256"),
        Index("ix_uploads_next_attempt_at", "next_attempt_at"),
        Index("ix_uploads_run_id", "run_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"))
    sha256: Mapped[str] = mapped_column(String(64))
    """Of what was handed in, without the time in gzip's header."""
    name: Mapped[str]
    """As the runner calls it; nothing is ever opened by it."""
    size: Mapped[int] = mapped_column(BigInteger)
    told: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    """What was said of it beside the file; see `ports.Told`."""
    state: Mapped[str] = mapped_column(String(10))
    """waiting, stored, failed"""
    reason: Mapped[str | None]
    words: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    """How the reason was made; see `domain.text.to_json`."""
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"))
    """The first of its runs."""
    n_runs: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    """How often reading it began."""
    next_attempt_at: Mapped[datetime | None]
    """None: nothing to do."""
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class ArchiveRow(Base):
    """An archive that was handed in: its bytes lie in the data folder until a worker has taken it apart."""

    __tablename__ = "archives"
    __table_args__ = (
        UniqueConstraint("athlete_id", "sha256"),
        Index("ix_archives_next_attempt_at", "next_attempt_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"))
    sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sport_if_silent: Mapped[str | None] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(10))
    """waiting, stored, failed"""
    reason: Mapped[str | None]
    words: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    """How the reason was made; see `domain.text.to_json`."""
    n_entries: Mapped[int | None]
    n_taken: Mapped[int] = mapped_column(default=0)
    n_left_out: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[list[list[Any]]] = mapped_column(JSON)
    """Names and reasons of the first that were not handed in, and how the reason was made."""
    attempts: Mapped[int] = mapped_column(default=0)
    """How often it was taken up since it last got on."""
    next_attempt_at: Mapped[datetime | None]
    """None: nothing to do."""
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class ArchiveFileRow(Base):
    """Which uploads an archive held."""

    __tablename__ = "archive_files"
    __table_args__ = (Index("ix_archive_files_upload_id", "upload_id"),)

    archive_id: Mapped[int] = mapped_column(ForeignKey("archives.id", ondelete="CASCADE"), primary_key=True)
    upload_id: Mapped[int] = mapped_column(ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True)


class ReconciliationRow(Base):
    """What one pass over Strava's list found; see `services.rights_ports.Reconciliation`."""

    __tablename__ = "reconciliations"
    __table_args__ = (Index("ix_reconciliations_athlete_id_at", "athlete_id", "at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    n_calls: Mapped[int]
    n_listed: Mapped[int]
    n_missed: Mapped[int]
    n_edited: Mapped[int]
    n_gone: Mapped[int]


class PurgeReceiptRow(Base):
    """That data of the API was deleted: how much of what, never what it was."""

    __tablename__ = "purge_receipts"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    why: Mapped[str] = mapped_column(String(20))
    """withdrawn (at Strava), asked (here), not_renewed (within the retention)"""
    counts: Mapped[dict[str, int]] = mapped_column(JSON)


class ChannelRow(Base):
    """A way to tell a runner beside the mail; see `services.telling_ports.Channel`."""

    __tablename__ = "channels"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    athlete_id: Mapped[int] = mapped_column(ForeignKey("athletes.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    """apprise, web_push"""
    name: Mapped[str] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(EncryptedText)
    """An address of Apprise, with its tokens, or the subscription of a browser as JSON."""
    shown: Mapped[str]
    """The address without its secrets: all that anybody is ever shown of it."""
    least_severity: Mapped[int]
    takes_weekly: Mapped[bool]
    takes_asks: Mapped[bool]
    is_discreet: Mapped[bool]
    disabled_at: Mapped[datetime | None]
    """None: it works, as far as is known."""
    disabled_why: Mapped[str | None]
    words: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    """How the reason was made; see `domain.text.to_json`."""
    last_ok_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ServerKey(Base):
    """A secret that the server made for itself."""

    __tablename__ = "server_keys"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    secret: Mapped[str] = mapped_column(EncryptedText)
    created_at: Mapped[datetime]
