"""From an event to a stored run: fetch, store, recompute the day, ask for an assessment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from loadwatch.domain.activity import RUN_FAMILY, Run, Streams
from loadwatch.domain.daily import day_totals
from loadwatch.domain.speed import distance_is_trusted
from loadwatch.services.errors import (
    AppInactive,
    NeedsReauth,
    NotFound,
    RateLimited,
    StravaUnavailable,
    Unauthorized,
)
from loadwatch.services.ports import (
    ActivityRecord,
    Clock,
    Database,
    InboxItem,
    Job,
    JobOutcome,
    Leases,
    Nudge,
    Strava,
    Tx,
)
from loadwatch.services.tokens import TokenService

SOURCE = "strava"

LEASE = timedelta(seconds=90)
"""How long a fetch may hold its row: the task's hard time limit."""

GIVE_UP_MISSING = timedelta(hours=1)
"""An activity that has answered 404 for so long, and is not in the list, does not exist."""

PAGE = 200
"""Activities that one call to the list can give."""

BACKFILL_DAYS = 180
BACKFILL_AGAIN = timedelta(minutes=10)

BACK_OFF_FIRST = timedelta(seconds=30)
BACK_OFF_LONGEST = timedelta(hours=1)


def back_off(attempts: int) -> timedelta:
    """30 s, 1, 2, 4 min and so on to an hour."""
    return min(BACK_OFF_FIRST * float(2 ** min(attempts, 20)), BACK_OFF_LONGEST)


@dataclass(frozen=True, slots=True)
class _Fetched:
    record: ActivityRecord
    streams: Streams | None
    streams_asked: bool


class IngestService:
    """
    Takes events and works off the rows that they leave.

    An event is a hint: what is stored is only what an authenticated GET answered. Each step may run twice.
    """

    def __init__(
        self,
        database: Database,
        strava: Strava,
        tokens: TokenService,
        nudge: Nudge,
        leases: Leases,
        clock: Clock,
        retry_s: Sequence[int],
    ) -> None:
        self._database = database
        self._strava = strava
        self._tokens = tokens
        self._nudge = nudge
        self._leases = leases
        self._clock = clock
        self._retry = [timedelta(seconds=s) for s in retry_s]

    # events

    def take(self, inbox_id: int) -> int | None:
        """
        Turn one event into work; the job's id, or None where there is nothing to fetch.

        The event is settled and the work noted in one transaction, so each event counts exactly once. Of an
        event that was taken before, by a worker that then died, the job's id comes again.
        """
        now = self._clock()
        with self._database.write() as tx:
            item = tx.inbox_item(inbox_id)
            if item is None or item.state == "quarantined":
                return None
            athlete_id = tx.athlete_of_strava(item.owner_id)
            if athlete_id is None:
                tx.settle_inbox(inbox_id, "quarantined", "the athlete is no longer connected", now)
                return None
            if item.state == "done":
                return tx.job_id(athlete_id, SOURCE, item.object_id)
            if item.object_type == "athlete":
                self._take_athlete_event(tx, item, athlete_id, now)
                return None
            job_id = tx.want(athlete_id, SOURCE, item.object_id, deletion=item.aspect == "delete", now=now)
            tx.settle_inbox(inbox_id, "done", None, now)
            return job_id

    def _take_athlete_event(self, tx: Tx, item: InboxItem, athlete_id: int, now: datetime) -> None:
        # Strava's word is a hint: the next call with the athlete's token shows whether it is true.
        tx.settle_inbox(item.id, "done", "noted; the connection proves itself at the next fetch", now)
        tx.log_sync(athlete_id, "athlete_event", "Strava says that the connection was withdrawn", now)

    # fetching

    def work_off(self, job_id: int) -> bool:
        """
        Serve one job if it is due and free; whether it was.

        Whatever goes wrong becomes the time of the next attempt; nothing is raised but a bug.
        """
        served: Job | None = None
        while job := self._once(job_id):  # again where an event came in meanwhile
            served = job
        if served is None:
            return False
        # Also where this fetch changed nothing: a judgement may have waited for it.
        with self._database.read() as tx:
            waits = tx.assessment_waits(served.athlete_id)
        if waits:
            self._nudge.assess(served.athlete_id)
        return True

    def _once(self, job_id: int) -> Job | None:
        owner = self._leases.me()
        now = self._clock()
        with self._database.write() as tx:
            job = tx.claim_job(job_id, owner, self._leases.gone(tx.lease_owners()), now, now + LEASE)
        if job is None:
            return None
        try:
            outcome = self._serve(job)
        except NeedsReauth as error:
            # Woken when the athlete connects again.
            outcome = self._later(job, now + timedelta(days=1), str(error), counts=False)
        except RateLimited as error:
            outcome = self._later(job, error.until, str(error), counts=False)
        except AppInactive as error:
            outcome = self._later(job, now + BACK_OFF_LONGEST, str(error), counts=False)
        except (StravaUnavailable, Unauthorized) as error:
            outcome = self._later(job, self._clock() + back_off(job.attempts), str(error))
        if outcome is not None:
            with self._database.write() as tx:
                tx.settle_job(job.id, owner, outcome, self._clock())
        return job

    def _later(self, job: Job, at: datetime, error: str, *, counts: bool = True) -> JobOutcome:
        return JobOutcome(
            next_attempt_at=at,
            done=None,
            attempts=job.attempts + counts,
            missing_since=job.missing_since,
            deletion_seen=job.deletion_seen,
            stream_attempts=job.stream_attempts,
            error=error,
        )

    def _serve(self, job: Job) -> JobOutcome | None:
        """Fetch and store; None where the outcome is already stored with the run."""
        try:
            fetched = self._with_token(job)
        except NotFound:
            return self._absent(job)
        self._store(job, fetched)
        return None

    def _with_token(self, job: Job) -> _Fetched:
        token = self._tokens.access_token(job.athlete_id)
        try:
            return self._fetch(token, job)
        except Unauthorized:
            # Revoked before its time, or refreshed elsewhere: one more try with a new one.
            token = self._tokens.access_token(job.athlete_id, refused=token)
            return self._fetch(token, job)

    def _fetch(self, token: str, job: Job) -> _Fetched:
        record = self._strava.activity(token, job.source_id)
        asked = record.sport in RUN_FAMILY and not record.is_manual
        streams = self._strava.streams(token, job.source_id) if asked else None
        return _Fetched(record, streams, asked)

    def _store(self, job: Job, fetched: _Fetched) -> None:
        now = self._clock()
        record = fetched.record
        with self._database.write() as tx:
            tx.lock_athlete(job.athlete_id)
            known = tx.run_by_source(job.athlete_id, SOURCE, job.source_id)
            waiting = fetched.streams_asked and fetched.streams is None
            if waiting and known is not None and known.streams == "ok":
                waiting = False  # they were there before: an edit does not take them away
            state, next_attempt_at, stream_attempts = "ok", None, 0
            trusted = distance_is_trusted(fetched.streams)
            if not fetched.streams_asked:
                state = "none"
            elif waiting and job.stream_attempts < len(self._retry):
                state, next_attempt_at = "waiting", now + self._retry[job.stream_attempts]
                stream_attempts = job.stream_attempts + 1
            elif waiting:
                state = "missing"
            elif fetched.streams is None and known is not None:
                trusted = known.run.distance_trusted
            outcome = JobOutcome(next_attempt_at, done=job.wanted, stream_attempts=stream_attempts)
            if not tx.settle_job(job.id, self._leases.me(), outcome, now):
                return  # somebody else holds the row by now: what was fetched here may be older than theirs
            run, before = tx.upsert_run(job.athlete_id, SOURCE, record, streams=state, trusted=trusted, now=now)
            _recompute(tx, job.athlete_id, run, before, now)

    def _absent(self, job: Job) -> JobOutcome | None:
        """404: not yet, no longer, or never."""
        now = self._clock()
        since = job.missing_since or now
        gone = job.deletion_seen
        if not gone and now - since >= GIVE_UP_MISSING and job.attempts >= len(self._retry):
            gone = not self._listed(job)
        if not gone:
            wait = self._retry[min(job.attempts, len(self._retry) - 1)]
            return replace(self._later(job, now + wait, "not on Strava (yet)"), missing_since=since)
        with self._database.write() as tx:
            tx.lock_athlete(job.athlete_id)
            # The deletion stays known: a late create of the same activity must not wait an hour for its 404.
            outcome = JobOutcome(None, done=job.wanted, missing_since=since, deletion_seen=job.deletion_seen)
            if not tx.settle_job(job.id, self._leases.me(), outcome, now):
                return None
            before = tx.delete_run(job.athlete_id, SOURCE, job.source_id)
            if before is not None:
                _recompute(tx, job.athlete_id, None, before, now)
            elif not job.deletion_seen:
                tx.log_sync(job.athlete_id, "never_there", f"activity {job.source_id} was announced, not found", now)
        return None

    def _listed(self, job: Job) -> bool:
        """Whether the activity stands in the athlete's list of the days around its first event."""
        token = self._tokens.access_token(job.athlete_id)
        page = self._strava.list_page(token, job.first_event_at - timedelta(days=7), 1)
        return any(r.source_id == job.source_id for r in page.records)

    # history

    def due_backfills(self) -> list[int]:
        """Athletes whose list waits to be taken over."""
        with self._database.read() as tx:
            return tx.due_backfills(self._clock(), limit=20)

    def backfill(self, athlete_id: int, days: int = BACKFILL_DAYS) -> int:
        """
        Take over the list of the last months after a first connection; the number of activities stored.

        Without it the first spike could be judged only after weeks. One call holds 200 activities; streams
        are not asked for, so these runs count by the distance that Strava states. If it fails half-way it is
        due again in ten minutes.
        """
        with self._database.write() as tx:
            tx.want_backfill(athlete_id, self._clock() + BACKFILL_AGAIN)
        after = self._clock() - timedelta(days=days)
        stored = 0
        for page_number in range(1, 51):
            token = self._tokens.access_token(athlete_id)
            page = self._strava.list_page(token, after, page_number)
            now = self._clock()
            with self._database.write() as tx:
                tx.lock_athlete(athlete_id)
                for record in page.records:
                    known = tx.run_by_source(athlete_id, SOURCE, record.source_id)
                    trusted = known.run.distance_trusted if known else True
                    run, before = tx.upsert_run(
                        athlete_id,
                        SOURCE,
                        record,
                        streams=known.streams if known else "missing",
                        trusted=trusted,
                        now=now,
                    )
                    _recompute(tx, athlete_id, run, before, now)
                    stored += 1
                for complaint in page.unreadable:
                    tx.log_sync(athlete_id, "unreadable", complaint, now)
            if page.n_raw < PAGE:
                break
        with self._database.write() as tx:
            tx.want_backfill(athlete_id, None)
            tx.log_sync(athlete_id, "backfill", f"{stored} activities of the last {days} days", self._clock())
        self._nudge.assess(athlete_id)
        return stored


def _recompute(tx: Tx, athlete_id: int, run: Run | None, before: Run | None, now: datetime) -> None:
    """Day totals from the rows, and an assessment from the earliest start touched on."""
    touched = [r for r in (run, before) if r is not None]
    if run is not None and before is not None and replace(run, name="") == replace(before, name=""):
        return  # a new title changes no load
    days: set[date] = set()
    for r in touched:
        # A recording that overlaps one of the day before or after may count there instead.
        days |= {r.local_date + timedelta(days=n) for n in (-1, 0, 1)}
    totals = day_totals(tx.runs_of_days(athlete_id, {d + timedelta(days=n) for d in days for n in (-1, 0, 1)}))
    tx.put_day_totals(athlete_id, days, [t for d, t in totals.items() if d in days])
    tx.want_assessment(athlete_id, min(r.start for r in touched), now)
