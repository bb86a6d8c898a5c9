"""The one place where the parts are put together."""

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from loadwatch.adapters.broker import redis_url
from loadwatch.adapters.catalogue import speech
from loadwatch.adapters.db.engine import Engines, make_engines
from loadwatch.adapters.db.store import Store
from loadwatch.adapters.mail import FileMailbox, SmtpMailer, mail_domain
from loadwatch.adapters.nudge import no_nudge
from loadwatch.adapters.passwords import Argon2Hasher
from loadwatch.adapters.processes import ProcessLeases
from loadwatch.adapters.reply_links import SealedReplyLinks
from loadwatch.adapters.sample_season import sample_season
from loadwatch.adapters.strava.limiter import SHARE_PERCENT, CallClass, Limiter
from loadwatch.adapters.upload_files import UploadFolder
from loadwatch.domain.activity import Recording
from loadwatch.domain.inside import Inside
from loadwatch.domain.symptom_rules import Clinic
from loadwatch.services.account_deletion import AccountDeletionService
from loadwatch.services.accounts import AccountService
from loadwatch.services.alerts import AlertService
from loadwatch.services.archive_ports import OpenArchive
from loadwatch.services.archives import ArchiveIngestService, ArchiveService
from loadwatch.services.assess import AssessService
from loadwatch.services.backtests import BacktestService
from loadwatch.services.channel_ports import Sender
from loadwatch.services.channels import ChannelService
from loadwatch.services.check_in import CheckInService, ClinicalContent
from loadwatch.services.export import ExportService
from loadwatch.services.inbox import InboxService
from loadwatch.services.ingest import HistoryBudget, IngestService
from loadwatch.services.letters import Letters
from loadwatch.services.load_pages import LoadPages
from loadwatch.services.notices import NoticeService
from loadwatch.services.notify import NotifyService
from loadwatch.services.operating import OperatingService
from loadwatch.services.outbox import OutboxService, SampleLinks
from loadwatch.services.overview import OverviewService
from loadwatch.services.planning import PlanningService
from loadwatch.services.ports import Analysis, Clock, Mailer, Nudge, Strava, StravaRights, Subscriptions
from loadwatch.services.recordings import RecordingService
from loadwatch.services.replies import ReplyService
from loadwatch.services.rights import RightsService
from loadwatch.services.samples import SampleService
from loadwatch.services.shoes import ShoeService
from loadwatch.services.subscription import SubscriptionService
from loadwatch.services.sync import SyncService
from loadwatch.services.telling_ports import LinkMaker, Pictures
from loadwatch.services.thresholds import ThresholdService
from loadwatch.services.tokens import TokenService
from loadwatch.services.uploads import FileIngestService, UploadService
from loadwatch.services.views import ViewService
from loadwatch.settings import Settings, derived_secrets, ensure_secret_key

if TYPE_CHECKING:
    from loadwatch.adapters.outside import Reach


def utc_now() -> datetime:
    """The clock that the program runs by."""
    return datetime.now(UTC)


@dataclass
class Services:
    """
    Everything a process may need, made when it is first asked for.

    So the webhook, which needs the inbox alone, loads neither stravalib nor numpy.
    """

    settings: Settings
    engines: Engines
    nudge: Nudge
    clock: Clock = utc_now

    @cached_property
    def store(self) -> Store:
        return Store(self.engines, mail_domain(self.settings.mail_from, self.settings.base_url))

    @cached_property
    def inbox(self) -> InboxService:
        return InboxService(self.store, self.nudge, self.clock)

    @cached_property
    def strava(self) -> Strava:
        return self.strava_for("live")

    @cached_property
    def subscription(self) -> SubscriptionService:
        from loadwatch.adapters.strava.callback import callback_fault

        return SubscriptionService(
            self.store,
            lambda by_hand: self._subscriptions("interactive" if by_hand else "reconcile"),
            self._probe_strava,
            lambda: callback_fault(self.settings),
            self.clock,
            self.settings.callback_url,
            self.settings.strava_verify_token.get_secret_value(),
        )

    def _probe_strava(self) -> None:
        # Of the calls that need no athlete's token the one that changes nothing.
        self._subscriptions(None).list()

    def _subscriptions(self, calls: CallClass | None) -> Subscriptions:
        from loadwatch.adapters.strava.subscriptions import StravaSubscriptions

        return StravaSubscriptions(self.settings, self.clock, self.limiter, calls)

    def strava_for(self, calls: CallClass) -> StravaRights:
        """The API for calls of one class: how much of Strava's limits they may use."""
        from loadwatch.adapters.strava.client import StravaClient  # half a second and 60 MB: workers only

        return StravaClient(self.settings, self.clock, self.limiter, calls)

    @cached_property
    def limiter(self) -> Limiter:
        s = self.settings
        return Limiter(s.redis_url or redis_url(s.data_dir), s.strava_client_id, self.clock)

    @cached_property
    def tokens(self) -> TokenService:
        return TokenService(self.store, self.strava, self.clock)

    @cached_property
    def ingest(self) -> IngestService:
        s = self.settings
        return IngestService(
            self.store,
            self.strava,
            self.tokens,
            self.nudge,
            ProcessLeases(),
            self.clock,
            s.strava_retry_s,
            _analysis(),
            HistoryBudget(s.strava_history_per_quarter, s.strava_history_per_day),
            self.strava_for("backfill"),
        )

    @cached_property
    def rights(self) -> RightsService:
        return RightsService(
            self.store,
            lambda: self.strava_for("reconcile"),
            lambda: self.tokens,
            self._revoke,
            self.mailbox,
            self.nudge,
            self.clock,
            timedelta(days=self.settings.strava_retention_days),
        )

    def _revoke(self, token: str) -> bool:
        from loadwatch.adapters.strava.revoke import revoke

        return revoke(self.settings, token)

    @cached_property
    def assess(self) -> AssessService:
        old = self.settings.notify_old_runs
        return AssessService(
            self.store,
            self.nudge,
            self.clock,
            _clinic,
            notify_old_runs=old,
            inactive_since=self.inactive_since,
        )

    def inactive_since(self) -> datetime | None:
        """Since when Strava has switched the application off; None: it has not, or nobody here knows."""
        budget = self.limiter.state() if self.settings.strava_configured else None
        return budget.inactive_since if budget else None

    @cached_property
    def mailer(self) -> Mailer:
        url = self.settings.smtp_url.get_secret_value()
        return SmtpMailer(url, self.settings.mail_from) if url else self.mailbox

    @cached_property
    def mailbox(self) -> FileMailbox:
        return FileMailbox(self.settings.mailbox_dir, self.settings.mail_from)

    @cached_property
    def notify(self) -> NotifyService:
        return NotifyService(
            self.store,
            self.mailer,
            self.clock,
            self.letters,
            nudge=self.nudge,
            notify_old_runs=self.settings.notify_old_runs,
            pusher=self.channels,
        )

    @cached_property
    def mail_pictures(self) -> Pictures:
        from loadwatch.adapters.mail_pictures import MailPictures  # Pillow: only where mails are written

        return MailPictures()

    @cached_property
    def letters(self) -> Letters:
        return self._letters(self.reply_links)

    def _letters(self, links: LinkMaker) -> Letters:
        return Letters(
            self.clock,
            self.settings.base_url,
            speech,
            links,
            lambda: self.mail_pictures,
            rehab_of=self.check_ins.rehab_weeks,
            inactive_since=self.inactive_since,
        )

    @cached_property
    def notices(self) -> NoticeService:
        return NoticeService(self.store, self.clock)

    @cached_property
    def outbox(self) -> OutboxService:
        return OutboxService(self.store, self.clock, self._letters(SampleLinks(self.settings.base_url)))

    @cached_property
    def channels(self) -> ChannelService:
        return ChannelService(
            self.store,
            {"apprise": lambda: self._apprise, "web_push": lambda: self._web_push},
            self.clock,
            speech,
            self.settings.base_url,
        )

    @cached_property
    def _apprise(self) -> Sender:
        from loadwatch.adapters.push import ApprisePushes  # only where something is sent, or an address looked at

        return ApprisePushes(self._reach, self.settings.base_url)

    @cached_property
    def _web_push(self) -> Sender:
        from loadwatch.adapters.web_push import WebPushes

        contact = self.settings.base_url
        if not contact.startswith("https://"):
            contact = f"mailto:{parseaddr(self.settings.mail_from)[1]}"
        return WebPushes(self._reach, lambda: self._push_key, contact)

    @property
    def _reach(self) -> "Reach":
        from loadwatch.adapters.outside import Reach

        allowed, is_open = self.settings.push_to_private, self.settings.signup == "open"
        return Reach(private=allowed == "yes" or (allowed == "auto" and not is_open), loopback=allowed == "yes")

    @cached_property
    def _push_key(self) -> str:
        from loadwatch.adapters.vapid import new_key

        with self.store.write() as tx:
            return tx.server_key("web_push", new_key, self.clock())

    def push_public_key(self) -> str:
        """What a browser subscribes with."""
        from loadwatch.adapters.vapid import public_key

        return public_key(self._push_key)

    @cached_property
    def accounts(self) -> AccountService:
        return AccountService(self.store, Argon2Hasher(), self.nudge, self.clock, signup=self.settings.signup)

    @cached_property
    def account_deletion(self) -> AccountDeletionService:
        return AccountDeletionService(
            self.store, self._revoke, self.mailbox, self.upload_files, Argon2Hasher(), self.clock
        )

    @cached_property
    def samples(self) -> SampleService:
        return SampleService(
            self.store, sample_season, self.check_ins, self.assess, self.account_deletion, self.clock
        )

    @cached_property
    def export(self) -> ExportService:
        return ExportService(self.store, self.upload_files, self.mailbox, self.clock)

    @cached_property
    def alerts(self) -> AlertService:
        return AlertService(self.store, self.clock)

    @cached_property
    def reply_links(self) -> SealedReplyLinks:
        return SealedReplyLinks(derived_secrets(self.settings, "replies"), self.settings.base_url)

    @cached_property
    def replies(self) -> ReplyService:
        return ReplyService(self.store, self.reply_links, self.check_ins, self.alerts, self.accounts, self.clock)

    @cached_property
    def check_ins(self) -> CheckInService:
        return CheckInService(self.store, self.nudge, self.clock, _clinical_content())

    @cached_property
    def views(self) -> ViewService:
        return ViewService(
            self.store,
            self.clock,
            inactive_since=self.inactive_since,
            rehab_of=self.check_ins.rehab_weeks,
        )

    @cached_property
    def load_pages(self) -> LoadPages:
        return LoadPages(
            self.store,
            self.clock,
            self.upload_files,
            _read_recorded,
            _inside,
            inactive_since=self.inactive_since,
        )

    @cached_property
    def overview(self) -> OverviewService:
        retention = timedelta(days=self.settings.strava_retention_days)
        return OverviewService(self.store, self.clock, retention, inactive_since=self.inactive_since)

    @cached_property
    def sync(self) -> SyncService:
        return SyncService(self.store, self.clock, self._history_budget)

    def _history_budget(self) -> HistoryBudget | None:
        """What the settings allow the history, as far as Strava's limits do; None while nothing may be asked."""
        budget = self.limiter.state() if self.settings.strava_configured else None
        if budget is None or budget.inactive_until is not None:
            return None
        room = {q.window: q.limit * SHARE_PERCENT["backfill"] // 100 for q in budget.quotas}
        s = self.settings
        return HistoryBudget(
            min(s.strava_history_per_quarter, room["quarter"]), min(s.strava_history_per_day, room["day"])
        )

    @cached_property
    def planning(self) -> PlanningService:
        return PlanningService(self.store, self.clock, _clinic)

    @cached_property
    def backtests(self) -> BacktestService:
        return BacktestService(self.store, self.nudge, self.clock, _clinic)

    @cached_property
    def thresholds(self) -> ThresholdService:
        return ThresholdService(self.store, self.clock)

    @cached_property
    def operating(self) -> OperatingService:
        return OperatingService(self.store, self.nudge, self.clock)

    @cached_property
    def shoes(self) -> ShoeService:
        return ShoeService(self.store, self.clock)

    @cached_property
    def recordings(self) -> RecordingService:
        return RecordingService(self.store, self.nudge, self.clock)

    @cached_property
    def upload_files(self) -> UploadFolder:
        return UploadFolder(self.settings.data_dir / "uploads")

    @cached_property
    def uploads(self) -> UploadService:
        return UploadService(self.store, self.upload_files, self.nudge, self.clock)

    @cached_property
    def archives(self) -> ArchiveService:
        return ArchiveService(self.store, self.upload_files, self.nudge, self.clock)

    @cached_property
    def archive_ingest(self) -> ArchiveIngestService:
        return ArchiveIngestService(
            self.store, self.upload_files, _open_archive, self.uploads, ProcessLeases(), self.clock
        )

    @cached_property
    def file_ingest(self) -> FileIngestService:
        return FileIngestService(
            self.store,
            self.upload_files,
            _read_recorded,
            _analysis(),
            ProcessLeases(),
            self.nudge,
            self.clock,
        )

    def close(self) -> None:
        self.engines.dispose()


def _read_recorded(data: bytes, name: str) -> tuple[Recording, ...]:
    from loadwatch.adapters.files.recorded import read_recorded  # numpy: workers only

    return read_recorded(data, name)


def _inside(recording: Recording, unit_m: float) -> Inside:
    from loadwatch.domain.splits import inside  # numpy: only where a run's file is looked into

    return inside(recording, unit_m)


def _open_archive(path: Path) -> AbstractContextManager[OpenArchive]:
    from loadwatch.adapters.files.archive import ZipArchive  # as above

    return ZipArchive(path)


def _analysis() -> Analysis:
    from loadwatch.domain.features import FEATURES_VERSION, features_of  # numpy: workers only
    from loadwatch.domain.speed import distance_is_trusted

    return Analysis(FEATURES_VERSION, features_of, distance_is_trusted)


@cache
def _clinic() -> Clinic:
    """What check-ins are judged by; read once, when the first athlete is assessed."""
    from loadwatch.knowledge.flags import red_flags
    from loadwatch.knowledge.thigh_patterns import patterns

    return Clinic(red_flags(), patterns())


def _clinical_content() -> ClinicalContent:
    """The files of `knowledge`; a broken one is refused here, with its line."""
    from loadwatch.domain.ladder import ENTRY_QUESTIONS
    from loadwatch.knowledge.codes import all_codes
    from loadwatch.knowledge.flags import red_flags
    from loadwatch.knowledge.rehab_content import rehab_content
    from loadwatch.knowledge.thigh_patterns import patterns

    rehab = rehab_content()
    return ClinicalContent(
        flags=red_flags(),
        patterns=patterns(),
        codes=all_codes(),
        questions={**ENTRY_QUESTIONS, **{said.id: said.text for said in rehab.questions.values()}},
        exercises=rehab.exercises,
        programmes=rehab.by_pattern,
        stop_rules=tuple(rule.text for rule in rehab.stop_rules),
    )


def make_services(
    settings: Settings, nudge: Nudge | None = None, clock: Clock = utc_now, *, lock_timeout_s: float = 30.0
) -> Services:
    """
    Services for these settings.

    Parameters
    ----------
    nudge : Nudge, optional
        How to wake a worker; none by default: the sweep finds the work within half a minute.
    lock_timeout_s : float
        How long to wait for another writer of the database. [s]
    """
    ensure_secret_key(settings)
    engines = make_engines(settings.database_url, settings.secret_key.get_secret_value(), lock_timeout_s)
    return Services(settings, engines, nudge or no_nudge(), clock)


@contextlib.contextmanager
def open_services(settings: Settings, nudge: Nudge | None = None) -> Iterator[Services]:
    """Services that are closed at the end of the block."""
    services = make_services(settings, nudge)
    try:
        yield services
    finally:
        services.close()
