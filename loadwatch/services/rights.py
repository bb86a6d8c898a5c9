"""What Strava's rules and a runner's rights ask: renew what is kept, delete what is withdrawn, and say so."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from loadwatch.services.errors import (
    AppInactive,
    NeedsReauth,
    RateLimited,
    RefreshRejected,
    StravaUnavailable,
    Unauthorized,
)
from loadwatch.services.ingest import BACKFILL_DAYS, MAX_PAGES, PAGE, SOURCE, recompute_days
from loadwatch.services.ports import (
    ActivityRecord,
    Clock,
    Connection,
    Database,
    MailStore,
    Nudge,
    StravaRights,
    Tx,
)
from loadwatch.services.rights_ports import (
    RECENT_EVERY,
    SUMMARY_FIELDS,
    KnownRun,
    PurgedRuns,
    PurgeReceipt,
    Reconciliation,
    Why,
)
from loadwatch.services.telling import tell
from loadwatch.services.tokens import LEASE, TokenService

RECENT = timedelta(days=14)
WINDOW = timedelta(days=BACKFILL_DAYS)
"""How far back the list is read: what lies before is not renewed, and so not kept."""

AGAIN = timedelta(minutes=10)
"""When a pass or a question is repeated that Strava did not answer."""

AGAIN_INACTIVE = timedelta(hours=1)

GIVE_UP_AFTER = timedelta(hours=12)
LIST_COUNTS_FOR = timedelta(days=1)
"""
What is too old is deleted only once the list has been read within the second, or could not be read for the first: a
server that was switched off for weeks first asks for its runs again. Design choice.
"""

MAX_CHECKED_GONE = 50
"""Design choice: of so many activities that are no longer listed each is asked for in one pass, the newest first."""

SHOWN = timedelta(days=30)
"""Over how long the sync page sums up what the list had found."""

log = logging.getLogger(__name__)


def summary_digest(summary: Iterable[Any]) -> str:
    """Of what the list tells of an activity: another digest, another activity to look at."""
    return hashlib.sha256(json.dumps(list(summary), default=str).encode()).hexdigest()


def _digest(record: ActivityRecord) -> str:
    gear_id = record.gear.id if record.gear is not None else None
    return summary_digest((*(getattr(record, name) for name in SUMMARY_FIELDS), gear_id))


class RightsService:
    """
    Checks withdrawals, holds the stored runs against Strava's list, and deletes.

    Nothing is deleted on the word of an event: only after Strava has refused both tokens, after a 404, when the
    runner asks, or when it was not renewed in time. Each step may run twice.

    Parameters
    ----------
    revoke : callable
        Gives a refresh token back to Strava, best effort.
    retention : timedelta
        What the API told is not kept for longer than this since it told so.
    """

    def __init__(
        self,
        database: Database,
        strava: Callable[[], StravaRights],
        tokens: Callable[[], TokenService],
        revoke: Callable[[str], bool],
        mailbox: MailStore,
        nudge: Nudge,
        clock: Clock,
        retention: timedelta,
    ) -> None:
        self._database = database
        self._strava = strava  # made when it is first asked for: the pages ask for nothing
        self._tokens = tokens
        self._revoke = revoke
        self._mailbox = mailbox
        self._nudge = nudge
        self._clock = clock
        self._retention = retention

    # withdrawal

    def due_checks(self) -> list[int]:
        """Athletes of whom an event says that they have withdrawn."""
        with self._database.read() as tx:
            return tx.due_checks(self._clock(), limit=20)

    def check(self, athlete_id: int) -> PurgeReceipt | None:
        """
        Ask Strava whether an athlete has withdrawn; the receipt of what was then deleted.

        Confirmed is what both tokens say: the access token is refused, and so is its renewal. Whatever else
        Strava answers or does not answer leaves everything as it is.
        """
        with self._database.read() as tx:
            connection = tx.connection(athlete_id)
        if connection is None:
            return None
        again: datetime | None = None
        try:
            refused = self._refused(connection)
        except RateLimited as error:
            refused, again = None, error.until
        except AppInactive as error:
            refused, again = None, error.until or self._clock() + AGAIN_INACTIVE
        except (StravaUnavailable, Unauthorized):
            refused, again = None, self._clock() + AGAIN
        if refused is None:
            with self._database.write() as tx:
                tx.want_check(athlete_id, again)
                if again is None:
                    tx.log_sync(
                        athlete_id, "athlete_event", "a withdrawal was announced; Strava denies it", self._clock()
                    )
            return None
        return self._purge(athlete_id, "withdrawn", refused)

    def _refused(self, connection: Connection) -> str | None:
        """The refresh token that Strava has refused together with its access token; None: we are let in."""
        athlete_id, strava = connection.athlete_id, self._strava()
        try:
            strava.check_access(connection.access_token)
        except Unauthorized:
            pass
        else:
            return None
        if connection.state == "connected":
            try:
                # One at a time, and read anew before: another worker may just have renewed them.
                self._tokens().access_token(athlete_id, refused=connection.access_token)
            except NeedsReauth:
                pass
            else:
                return None
        with self._database.read() as tx:
            now_stored = tx.connection(athlete_id)
        if now_stored is None or now_stored.state == "connected":
            return None  # gone already, or connected anew
        if connection.state != "connected":  # refused some time ago: it must still be so
            return self._refused_again(now_stored)
        return now_stored.refresh_token

    def _refused_again(self, connection: Connection) -> str | None:
        """As `_refused`, of a refresh token alone. One worker at a time: of two the second would be refused."""
        now, token = self._clock(), connection.refresh_token
        with self._database.write() as tx:
            if not tx.claim_refresh(connection, now, now + LEASE):
                raise StravaUnavailable("another worker is asking")
        try:
            pair = self._strava().refresh(token)
        except RefreshRejected:
            return token
        else:
            self._tokens().keep(connection, pair)
            return None
        finally:
            with self._database.write() as tx:
                tx.fail_refresh(connection.athlete_id, token, needs_reauth=False)

    def leave(self, athlete_id: int) -> PurgeReceipt | None:
        """
        Delete all that came from Strava because the runner asks, then tell Strava; None if nothing is connected.

        Strava is told best effort: what was here is gone whether it answers or not.
        """
        with self._database.read() as tx:
            connection = tx.connection(athlete_id)
        receipt = self._purge(athlete_id, "asked", None)
        if receipt is not None and connection is not None:
            self._revoke(connection.refresh_token)
        return receipt

    def _purge(self, athlete_id: int, why: Why, refused: str | None) -> PurgeReceipt | None:
        """All that came from the API, in one transaction; `refused`: only if this refresh token is still stored."""
        now = self._clock()
        with self._database.write() as tx:
            tx.lock_athlete(athlete_id)
            connection = tx.connection(athlete_id)
            if connection is None or refused not in (None, connection.refresh_token):
                return None  # another worker was first, or the athlete has connected anew
            purged = tx.purge_runs(athlete_id, SOURCE)
            counts = tx.purge_connection(athlete_id, SOURCE, connection.strava_athlete_id)
            receipt_id = self._settle(tx, athlete_id, why, purged, counts, now)
            receipt = tx.receipt(athlete_id, receipt_id)
        # First: what a waiting mail on a check-in says must not come from runs that are gone.
        self._nudge.assess(athlete_id)
        self._nudge.mails()
        return receipt

    def _settle(
        self,
        tx: Tx,
        athlete_id: int,
        why: Why,
        purged: PurgedRuns,
        counts: dict[str, int],
        now: datetime,
    ) -> int:
        """What follows from deleted runs: totals, a new judgement, the mails' files, the receipt and its mail."""
        recompute_days(tx, athlete_id, purged.days)
        if purged.starts:
            tx.want_assessment(athlete_id, max(purged.starts[0], now - WINDOW), now)
        # Also those on check-ins, and summaries: they quote runs.
        mails = [*purged.message_ids, *tx.forget_mails(athlete_id)]
        self._mailbox.forget(athlete_id, mails)
        receipt_id = tx.add_receipt(
            athlete_id,
            why,
            {
                "runs": len(purged.starts),
                "features": purged.n_features,
                "alerts": purged.n_alerts,
                "mails": len(mails),
                **counts,
            },
            now,
        )
        profile = tx.athlete(athlete_id)
        assert profile is not None  # whose runs were deleted
        tell(tx, profile, "receipt", str(receipt_id), 0, now)
        return receipt_id

    def receipts(self, athlete_id: int) -> list[PurgeReceipt]:
        """The last ones, the newest first."""
        with self._database.read() as tx:
            return tx.receipts(athlete_id, limit=5)

    # the list

    def due_reconciles(self) -> list[int]:
        """Athletes whose list is to be read again."""
        with self._database.read() as tx:
            return tx.due_reconciles(self._clock(), limit=20)

    def reconcile(self, athlete_id: int) -> Reconciliation | None:
        """
        Hold the stored activities against Strava's list, if that is due; what was found.

        What the list shows is renewed. What is missing here, or differs, is fetched; what is missing there is
        asked for by itself, and deleted if the answer is 404. Windows overlap and go by the start, not by a
        cursor: an upload may be late.
        """
        began = self._clock()
        with self._database.write() as tx:
            whole = tx.begin_reconcile(athlete_id, began, began + AGAIN)
        if whole is None:
            return None
        after = began - (WINDOW if whole else RECENT)
        again: datetime | None = None
        try:
            records, n_calls = self._list(athlete_id, after)
        except RateLimited as error:
            again = error.until
        except AppInactive as error:
            again = error.until or began + AGAIN_INACTIVE
        except (StravaUnavailable, Unauthorized, NeedsReauth) as error:
            log.info("the list of athlete %s could not be read: %s", athlete_id, error)
            with self._database.write() as tx:
                tx.note_unread(athlete_id, began)
            return None  # due again in ten minutes
        if again is not None:
            with self._database.write() as tx:
                tx.note_unread(athlete_id, began)
                tx.schedule_reconcile(athlete_id, again, again if whole else None)
            return None
        now = self._clock()
        with self._database.write() as tx:
            tx.lock_athlete(athlete_id)
            if tx.connection(athlete_id) is None:
                return None  # withdrawn while the list came
            found = self._hold_against(tx, athlete_id, records, after, began, n_calls)
            if whole:
                self._renew_gear(tx, athlete_id, now)
            tx.add_reconciliation(athlete_id, found, now)
            tx.note_unread(athlete_id, None)
            tx.schedule_reconcile(
                athlete_id, now + RECENT_EVERY, now + min(timedelta(days=1), self._retention / 2) if whole else None
            )
        return found

    def _list(self, athlete_id: int, after: datetime) -> tuple[list[ActivityRecord], int]:
        """The activities since then, and how many calls that took."""
        records: list[ActivityRecord] = []
        token = self._tokens().access_token(athlete_id)
        for number in range(1, MAX_PAGES + 1):
            try:
                page = self._strava().list_page(token, after, number)
            except Unauthorized:
                token = self._tokens().access_token(athlete_id, refused=token)
                page = self._strava().list_page(token, after, number)
            records += page.records
            if page.n_raw < PAGE:
                break
        return records, number

    @staticmethod
    def _hold_against(
        tx: Tx, athlete_id: int, records: list[ActivityRecord], after: datetime, began: datetime, n_calls: int
    ) -> Reconciliation:
        known = tx.known_runs(athlete_id, SOURCE, after)
        waiting = tx.waiting_ids(athlete_id, SOURCE)
        listed = {r.source_id: r for r in records}
        digests = {i: _digest(r) for i, r in listed.items()}
        earlier = {i for i in listed if i not in known}  # stored with a start before the window, perhaps
        moved = {i for i in earlier if tx.run_by_source(athlete_id, SOURCE, i) is not None}
        missed = earlier - moved - waiting
        edited = moved | {i for i in listed if i in known and _is_edited(digests[i], known[i])}
        # What was stored after the list was asked for may not stand in it yet.
        gone = [i for i, run in known.items() if i not in listed and run.fetched_at < began]
        gone = sorted(gone, key=lambda i: known[i].start, reverse=True)[:MAX_CHECKED_GONE]
        tx.renew_runs(athlete_id, SOURCE, digests, began)
        for i in sorted(missed | (edited - waiting)):
            tx.want(athlete_id, SOURCE, i, deletion=False, now=began)
        for i in gone:
            tx.want(athlete_id, SOURCE, i, deletion=True, now=began)
        return Reconciliation(
            n_calls=n_calls,
            n_listed=len(records),
            n_missed=len(missed),
            n_edited=len(edited - waiting),
            n_gone=len(gone),
        )

    def _renew_gear(self, tx: Tx, athlete_id: int, now: datetime) -> None:
        """The list names gear by its id alone: what a pair is called and has run comes with its newest run."""
        profile = tx.athlete(athlete_id)
        if profile is None:
            return
        today = now.astimezone(ZoneInfo(profile.timezone)).date()
        half = today - self._retention / 2
        for source_id in tx.gear_to_renew(athlete_id, SOURCE, half):
            tx.want(athlete_id, SOURCE, source_id, deletion=False, now=now)

    def found_by_list(self, athlete_id: int) -> Reconciliation:
        """What the list had found that no message had told, in the last month."""
        with self._database.read() as tx:
            return tx.reconciled(athlete_id, self._clock() - SHOWN)

    # retention

    def purge_stale(self) -> int:
        """
        Delete what the API told longer ago than the retention and has not told again; how many runs.

        Of a connected athlete only after an attempt to renew it.
        Runs that have left the window go without a word. If others go, because Strava let nobody in for so
        long, the runner gets a receipt, and the list is taken over again as soon as it can be.
        """
        now = self._clock()
        before = now - self._retention
        with self._database.read() as tx:
            stale = tx.stale_athletes(
                SOURCE, before, read_since=now - LIST_COUNTS_FOR, unread_before=now - GIVE_UP_AFTER, limit=100
            )
        n_runs = 0
        for athlete_id in stale:
            with self._database.write() as tx:
                tx.lock_athlete(athlete_id)
                purged = tx.purge_runs(athlete_id, SOURCE, fetched_before=before)
                n_runs += len(purged.starts)
                if purged.starts and purged.starts[-1] > now - WINDOW:
                    self._settle(tx, athlete_id, "not_renewed", purged, {}, now)
                    tx.want_backfill(athlete_id, now)
                else:
                    recompute_days(tx, athlete_id, purged.days)
                    self._mailbox.forget(athlete_id, purged.message_ids)
        with self._database.write() as tx:
            n_dropped = tx.drop_quarantine(before)
            tx.forget_gear(SOURCE, before.date() + timedelta(days=1))
            tx.purge_events(before)
        if n_dropped:
            log.warning("%s events in quarantine were nobody's for so long that they were dropped", n_dropped)
        self._nudge.mails()
        return n_runs


def _is_edited(digest: str, run: KnownRun) -> bool:
    """Neither what is stored nor what the list said before: an edit. (List and detail may differ for good.)"""
    return digest not in (run.list_digest, summary_digest(run.summary))
