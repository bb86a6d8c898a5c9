"""From an event to a stored run: fetch, read the samples, store, recompute the day, ask for an assessment."""

import json
import logging
import random
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from loadwatch.domain.activity import RUN_FAMILY, Recording, Run, RunFeatures, Streams
from loadwatch.domain.daily import day_totals
from loadwatch.domain.text import say
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
    Analysis,
    Clock,
    Database,
    InboxItem,
    Job,
    JobOutcome,
    Leases,
    Nudge,
    RunDetail,
    Strava,
    Tx,
)
from loadwatch.services.tokens import TokenService

SOURCE = "strava"

LEASE = timedelta(seconds=90)
"""How long a fetch may hold its row: the task's hard time limit."""

TAKEN_TOGETHER = 20
"""Events that one transaction takes: the work that they ask for is one worker's, others find more. Design choice."""

PATIENCE = timedelta(seconds=10)
"""How long a judgement waits for runs that are just arriving. A watch hands over a week of runs at once and they
overtake one another: judged too early, today's run would be a jump over last Sunday's, which is still on its way."""

GIVE_UP_MISSING = timedelta(hours=1)
"""An activity that has answered 404 for so long, and is not in the list, does not exist."""

PAGE = 200
"""Activities that one call to the list can give."""

MAX_PAGES = 50
"""Of one list: ten thousand activities."""

BACKFILL_DAYS = 180
BACKFILL_AGAIN = timedelta(minutes=10)

LOAD_WINDOW = timedelta(days=84 + 180)
"""How far back samples are sought: twelve weeks, of which the first looks 180 days back for a reference speed."""

BACK_OFF_FIRST = timedelta(seconds=30)
BACK_OFF_LONGEST = timedelta(hours=1)

REFUSED_JITTER_S = 30.0
"""Over how long the work that waited for a window's end is spread after it. [s]"""


log = logging.getLogger(__name__)


def back_off(attempts: int) -> timedelta:
    """30 s, 1, 2, 4 min and so on to an hour."""
    return min(BACK_OFF_FIRST * float(2 ** min(attempts, 20)), BACK_OFF_LONGEST)


@dataclass(frozen=True, slots=True)
class HistoryBudget:
    """
    How many runs of the past, of all athletes together, may have their samples asked for.

    Strava counts calls per application: what the history takes, a new run cannot have.
    """

    per_quarter_hour: int
    per_day: int


@dataclass(frozen=True, slots=True)
class _Samples:
    """What remains of a run's samples: whether they bear the distance out, and the features or an error."""

    trusted: bool
    features: RunFeatures | None
    error: str | None


@dataclass(frozen=True, slots=True)
class _Fetched:
    """
    What Strava gave of one activity.

    Attributes
    ----------
    record : ActivityRecord or None
        None where only samples were asked for.
    """

    record: ActivityRecord | None
    streams_asked: bool
    samples: _Samples | None = None


def runs_arrive(tx: Tx, athlete_id: int, now: datetime, asked_at: datetime) -> bool:
    """Whether a judgement asked for at `asked_at` waits for runs on their way: it is too early for it."""
    return now - asked_at < PATIENCE and tx.is_arriving(athlete_id, now)


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
        analysis: Analysis,
        history: HistoryBudget,
        strava_past: Strava | None = None,
    ) -> None:
        self._database = database
        self._strava = strava
        self._strava_past = strava_past or strava  # the same API, for calls that must leave room for new runs
        self._tokens = tokens
        self._nudge = nudge
        self._leases = leases
        self._clock = clock
        self._retry = [timedelta(seconds=s) for s in retry_s]
        self._analysis = analysis
        self._history = history

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
            if item.state == "done" and athlete_id is not None:
                return tx.job_id(athlete_id, SOURCE, item.object_id)
            return self._turn(tx, item, athlete_id, now)

    def take_due(self) -> list[int] | None:
        """
        Turn the events that have waited longest into work, as `take` does with one; None if none waits.

        They are settled and the work noted in one transaction. A job's id is there once, however many events ask
        for it.
        """
        now = self._clock()
        with self._database.write() as tx:
            items = tx.claim_pending(TAKEN_TOGETHER)
            athletes = {owner: tx.athlete_of_strava(owner) for owner in {item.owner_id for item in items}}
            # Every transaction locks the rows in this order: two that note the same work do not wait in a circle.
            items.sort(key=lambda item: (item.owner_id, item.object_id))
            job_ids = [self._turn(tx, item, athletes[item.owner_id], now) for item in items]
        return list(dict.fromkeys(i for i in job_ids if i is not None)) if items else None

    def _turn(self, tx: Tx, item: InboxItem, athlete_id: int | None, now: datetime) -> int | None:
        """What a pending event asks for; the job's id."""
        if athlete_id is None:
            tx.settle_inbox(item.id, "quarantined", "the athlete is no longer connected", now)
            return None
        if item.object_type == "athlete":
            self._take_athlete_event(tx, item, athlete_id, now)
            return None
        job_id = tx.want(athlete_id, SOURCE, item.object_id, deletion=item.aspect == "delete", now=now)
        tx.settle_inbox(item.id, "done", None, now)
        return job_id

    def _take_athlete_event(self, tx: Tx, item: InboxItem, athlete_id: int, now: datetime) -> None:
        # The event is a hint, and anybody may have sent it: `RightsService.check` asks Strava.
        if not item.says_withdrawn:
            tx.settle_inbox(item.id, "done", "nothing to do", now)
            return
        tx.want_check(athlete_id, now)
        tx.settle_inbox(item.id, "done", "Strava is asked whether the connection was withdrawn", now)

    # fetching

    def work_off(self, job_id: int) -> bool:
        """
        Serve one job if it is due and free; whether it was.

        Whatever goes wrong becomes the time of the next attempt; nothing is raised but a bug.
        """
        served = False
        while job := self._once(job_id):
            served, now = True, self._clock()
            with self._database.read() as tx:
                again = tx.is_due(job_id, now)  # an event came in meanwhile
                # Also where this fetch changed nothing: a judgement may have waited for it.
                asked_at = tx.assessment_asked_at(job.athlete_id)
                judge = asked_at is not None and not runs_arrive(tx, job.athlete_id, now, asked_at)
            if again:
                continue
            if judge:  # else whoever stores the last of the runs that arrive asks for it
                self._nudge.assess(job.athlete_id)
            break
        return served

    def _once(self, job_id: int) -> Job | None:
        owner = self._leases.me()
        now = self._clock()
        with self._database.write() as tx:
            job = tx.claim_job(job_id, owner, (), now, now + LEASE)
            if job is None and (gone := self._leases.gone(tx.lease_owners())):
                job = tx.claim_job(job_id, owner, gone, now, now + LEASE)
        if job is None:
            return None
        try:
            outcome = self._serve(job)
        except NeedsReauth as error:
            # Woken when the athlete connects again.
            outcome = self._later(job, now + timedelta(days=1), str(error), counts=False)
        except RateLimited as error:
            outcome = self._refused(job, error.until, str(error))
        except AppInactive as error:
            outcome = self._refused(job, error.until or now + BACK_OFF_LONGEST, str(error))
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
            seen=job.wanted,
        )

    def _refused(self, job: Job, until: datetime, error: str) -> JobOutcome:
        """The whole application is refused, not this job: later, and not all of them in the same second."""
        until += timedelta(seconds=random.uniform(1, REFUSED_JITTER_S))
        return replace(self._later(job, until, error, counts=False), limited_until=until)

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
        """Whatever Strava gives; its samples end here, read into features."""
        if job.samples_only:
            with self._database.read() as tx:
                known = tx.run_by_source(job.athlete_id, SOURCE, job.source_id)
            if known is not None:
                return self._with_samples(token, job, None, known.run)
        record = self._strava.activity(token, job.source_id)
        if not _has_samples(record):
            return _Fetched(record, streams_asked=False)
        return self._with_samples(token, job, record, record)

    def _with_samples(
        self, token: str, job: Job, record: ActivityRecord | None, about: ActivityRecord | Run
    ) -> _Fetched:
        strava = self._strava_past if job.samples_only else self._strava
        streams = strava.streams(token, job.source_id)
        if streams is None:
            return _Fetched(record, streams_asked=True)
        return _Fetched(record, streams_asked=True, samples=self._read(job.source_id, about, streams))

    def _read(self, source_id: int, about: ActivityRecord | Run, streams: Streams) -> _Samples:
        """What the samples show; a bug that prevents it must not cost the run."""
        trusted = self._analysis.distance_is_trusted(streams)
        recording = Recording(
            sport=about.sport,
            start=about.start,
            streams=streams,
            reported_distance_m=about.distance_m,
            reported_ascent_m=about.ascent_m,
        )
        try:
            features = self._analysis.features_of(recording)
            json.dumps(asdict(features), allow_nan=False)  # NaN and the like no database would keep
        except Exception as error:
            kind = type(error).__name__
            # Without the error's own text, which may quote positions.
            frames = "".join(traceback.format_tb(error.__traceback__))
            log.error("the samples of %s activity %s cannot be read: %s\n%s", SOURCE, source_id, kind, frames)
            return _Samples(trusted, None, kind)
        return _Samples(trusted, features, None)

    def _store(self, job: Job, fetched: _Fetched) -> None:
        now, samples = self._clock(), fetched.samples
        with self._database.write() as tx:
            tx.lock_athlete(job.athlete_id)
            known = tx.run_by_source(job.athlete_id, SOURCE, job.source_id)
            state, next_attempt_at, stream_attempts = "ok", None, 0
            if not fetched.streams_asked:
                state = "none"
            elif samples is not None or (known is not None and self._is_up_to_date(known)):
                pass  # if they were there before, an edit does not take them away
            elif job.stream_attempts < len(self._retry):
                state, next_attempt_at = "waiting", now + self._retry[job.stream_attempts]
                stream_attempts = job.stream_attempts + 1
            else:
                state = "missing"
            if samples is not None:
                trusted = samples.trusted
            else:
                trusted = known.run.distance_trusted if known is not None else True
            outcome = JobOutcome(next_attempt_at, done=job.wanted, stream_attempts=stream_attempts)
            if not tx.settle_job(job.id, self._leases.me(), outcome, now):
                return  # somebody else holds the row by now: what was fetched here may be older than theirs
            before: Run | None
            if fetched.record is not None:
                run, before = tx.upsert_run(
                    job.athlete_id, SOURCE, fetched.record, streams=state, trusted=trusted, now=now
                )
            elif known is not None:
                run, before = tx.put_streams_state(known.run.id, streams=state, trusted=trusted), known.run
            else:
                return  # deleted while its samples came
            if fetched.record is not None:
                _note_gear(tx, job.athlete_id, [fetched.record], now)
            if samples is not None and samples.features is not None:
                run = replace(run, features=tx.put_features(run.id, samples.features, now))
            elif samples is not None:
                # Noted with its version, so that it is not tried again before that rises.
                tx.put_features_error(run.id, self._analysis.version, samples.error or "", now)
                run = replace(run, features=None)
            run_changed(tx, job.athlete_id, run, before, now)

    def _is_up_to_date(self, known: RunDetail) -> bool:
        version = known.features_version
        return known.streams == "ok" and version is not None and version >= self._analysis.version

    def _absent(self, job: Job) -> JobOutcome | None:
        """404: not yet, no longer, or never."""
        now = self._clock()
        since = job.missing_since or now
        gone = job.deletion_seen
        if not gone and now - since >= GIVE_UP_MISSING and job.attempts >= len(self._retry):
            gone = not self._listed(job)
        if not gone:
            wait = self._retry[min(job.attempts, len(self._retry) - 1)]
            return replace(self._later(job, now + wait, say("not on Strava (yet)")), missing_since=since)
        with self._database.write() as tx:
            tx.lock_athlete(job.athlete_id)
            # The deletion stays known: a late create of the same activity must not wait an hour for its 404.
            outcome = JobOutcome(None, done=job.wanted, missing_since=since, deletion_seen=job.deletion_seen)
            if not tx.settle_job(job.id, self._leases.me(), outcome, now):
                return None
            before = tx.delete_run(job.athlete_id, SOURCE, job.source_id)
            if before is not None:
                run_changed(tx, job.athlete_id, None, before, now)
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

        Without it the first spike could be judged only after weeks. One call holds 200 activities; until
        `want_features` has asked for their samples these runs count by the distance that Strava states. If it
        fails half-way it is due again in ten minutes, and goes on with the page at which it stopped: Strava lists
        the oldest first, so what is new comes at the end. What a deletion moves to a page that was read already
        `RightsService.reconcile` finds.
        """
        with self._database.write() as tx:
            if tx.athlete(athlete_id) is None:
                return 0  # deleted since it was asked for
            tx.want_backfill(athlete_id, self._clock() + BACKFILL_AGAIN)
            after, first_page = tx.begin_backfill(athlete_id, self._clock() - timedelta(days=days))
        stored = 0
        for page_number in range(first_page, MAX_PAGES + 1):
            try:
                token = self._tokens.access_token(athlete_id)
                page = self._strava_past.list_page(token, after, page_number)
            except (RateLimited, AppInactive) as error:
                with self._database.write() as tx:
                    tx.want_backfill(athlete_id, error.until or self._clock() + BACK_OFF_LONGEST)
                    tx.log_sync(athlete_id, "backfill_waits", str(error), self._clock())
                return stored
            now = self._clock()
            with self._database.write() as tx:
                tx.lock_athlete(athlete_id)
                if tx.connection(athlete_id) is None:
                    return stored  # withdrawn while the page came
                changes = []
                for record in page.records:
                    known = tx.run_by_source(athlete_id, SOURCE, record.source_id)
                    trusted = known.run.distance_trusted if known else True
                    run, before = tx.upsert_run(
                        athlete_id,
                        SOURCE,
                        record,
                        streams=_streams_when_listed(record, known),
                        trusted=trusted,
                        now=now,
                    )
                    changes.append((run, before))
                    stored += 1
                runs_changed(tx, athlete_id, changes, now)
                _note_gear(tx, athlete_id, page.records, now)
                for complaint in page.unreadable:
                    tx.log_sync(athlete_id, "unreadable", complaint, now)
                tx.put_backfill_page(athlete_id, page_number + 1)
            if page.n_raw < PAGE:
                break
        with self._database.write() as tx:
            tx.want_backfill(athlete_id, None)
            tx.log_sync(athlete_id, "backfill", f"{stored} activities of the last {days} days", self._clock())
        self._nudge.assess(athlete_id)
        return stored

    def want_features(self) -> int:
        """
        Ask for samples of the past, as far as the budget goes; for how many runs.

        They are those of the load window that came with the list, without samples, and those whose features
        an older version made. Each costs one call, so the newest come first, and none comes while Strava
        refuses calls.
        """
        now = self._clock()
        with self._database.read() as tx:
            room = min(
                self._history.per_quarter_hour - tx.samples_wanted(now - timedelta(minutes=15)),
                self._history.per_day - tx.samples_wanted(now - timedelta(days=1)),
            )
            if room <= 0 or tx.is_limited(now):
                return 0
            runs = tx.runs_to_sample(SOURCE, self._analysis.version, now - LOAD_WINDOW, room)
        if runs:  # two workers at once find the same ones, and ask for each once
            with self._database.write() as tx:
                for athlete_id, source_id in runs:
                    tx.want_samples(athlete_id, SOURCE, source_id, now)
        return len(runs)


def _has_samples(record: ActivityRecord) -> bool:
    """Whether samples are worth asking for: of a run that was recorded, not typed in."""
    return record.sport in RUN_FAMILY and not record.is_manual


def _streams_when_listed(record: ActivityRecord, known: RunDetail | None) -> str:
    if not _has_samples(record):
        return "none"
    return "listed" if known is None or known.streams == "none" else known.streams


def _note_gear(tx: Tx, athlete_id: int, records: Iterable[ActivityRecord], now: datetime) -> None:
    """The shoes of these activities, with what is told of them today."""
    shoes = {r.gear.id: r.gear for r in records if r.gear is not None and r.sport in RUN_FAMILY}
    profile = tx.athlete(athlete_id) if shoes else None
    if profile is None:
        return
    today = now.astimezone(ZoneInfo(profile.timezone)).date()
    for gear in shoes.values():
        tx.put_gear(athlete_id, SOURCE, gear, today)


def run_changed(tx: Tx, athlete_id: int, run: Run | None, before: Run | None, now: datetime) -> None:
    """Day totals from the rows, and an assessment from the earliest start touched on."""
    runs_changed(tx, athlete_id, [(run, before)], now)


def runs_changed(tx: Tx, athlete_id: int, changes: Iterable[tuple[Run | None, Run | None]], now: datetime) -> None:
    """The same for many runs, each as it is and as it was."""
    touched: list[Run] = []
    for run, before in changes:
        if run is not None and before is not None and replace(run, name="") == replace(before, name=""):
            continue  # a new title changes no load
        touched += [r for r in (run, before) if r is not None]
    if touched:
        recompute_days(tx, athlete_id, {r.local_date for r in touched})
        tx.want_assessment(athlete_id, min(r.start for r in touched), now)


def recompute_days(tx: Tx, athlete_id: int, changed: Iterable[date]) -> None:
    """The totals of days on which runs changed, from the rows."""
    # A recording that overlaps one of the day before or after may count there instead.
    days = {d + timedelta(days=n) for d in changed for n in (-1, 0, 1)}
    totals = day_totals(tx.runs_of_days(athlete_id, {d + timedelta(days=n) for d in days for n in (-1, 0, 1)}))
    tx.put_day_totals(athlete_id, days, [t for d, t in totals.items() if d in days])
