"""Files that runners hand in: kept first, read by a worker, stored and judged like a run from Strava."""

import gzip
import hashlib
import json
import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from math import inf
from statistics import fmean
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.domain.activity import RUN_FAMILY, UNKNOWN_SPORT, Recording, Run, RunFeatures, is_possible_distance
from loadwatch.domain.text import Text, day_text, days_text, distance_text, height_text, joined, say
from loadwatch.domain.thresholds import FASTEST_ASCENT_M_S, LONGEST_RUN_S
from loadwatch.services.errors import LoadwatchError, NotYours
from loadwatch.services.ingest import LEASE, back_off, runs_changed
from loadwatch.services.ports import (
    ActivityRecord,
    Analysis,
    Clock,
    Database,
    Leases,
    Nudge,
    Told,
    Tx,
    Upload,
    UploadFiles,
)

SOURCE: Final = "file"

MAX_FILES: Final = 200
MAX_REQUEST_BYTES: Final = 128 * 2**20
"""What one form or call may hand in at once: it must arrive within the web server's time limit. Design choice."""

SPORTS: Final = {"Run": say("a run"), "TrailRun": say("a trail run"), "VirtualRun": say("a run on a treadmill")}
"""What a runner may say a file holds that does not say so itself."""

MAX_NAME: Final = 200
"""Characters of a file's name that are kept."""

FIT_HEAD: Final = 14
"""Bytes before the first record of a FIT file."""

MAX_ATTEMPTS: Final = 3
"""A file in whose reading a worker died so often is left alone."""

READ_TOGETHER: Final = 10
"""Files that are claimed and stored together: a transaction for each would take as long as reading it. Design choice:
the one write lock that SQLite has is held for some 30 ms."""

HELD_UNREAD: Final = timedelta(seconds=5)
"""How long a claimed file may wait for those before it; then it is given back, for its lease runs."""

AGAIN_AT_ONCE: Final = 60
"""Of so many runs the files are read again at each sweep, which takes some seconds. Design choice."""

ACTIVITIES_PER_FILE: Final = 10_000
"""Room in `source_id`; the readers take at most 5,000."""

CLOCK_AHEAD: Final = timedelta(days=1)
"""A watch on the other side of the date line is ahead by less; what begins later was dated by a wrong clock."""

log = logging.getLogger(__name__)

Read = Callable[[bytes, str], tuple[Recording, ...]]


def source_id(upload_id: int, n: int) -> int:
    """Number of an upload's n-th activity, from 0: the same however often it is read."""
    return upload_id * ACTIVITIES_PER_FILE + n


def upload_id(source_id: int) -> int:
    """The upload that an activity came in."""
    return source_id // ACTIVITIES_PER_FILE


@dataclass(frozen=True, slots=True)
class Receipt:
    """What handing in a file came to: its upload, and whether the same bytes were there before."""

    upload: Upload
    known: bool


@dataclass(frozen=True, slots=True)
class Handed:
    """A file as it was handed in."""

    name: str
    data: bytes
    told: Told = field(default_factory=Told)


class UploadService:
    """Takes files in; what they hold is found out later."""

    def __init__(self, database: Database, files: UploadFiles, nudge: Nudge, clock: Clock) -> None:
        self._database = database
        self._files = files
        self._nudge = nudge
        self._clock = clock

    def put(self, athlete_id: int, name: str, data: bytes, told: Told | None = None) -> Receipt:
        """
        Keep a file, to be read by a worker; wake one with `wake` when the last is in.

        The bytes are safe before the row is, so a row never stands for nothing. The same bytes once more are the
        same upload; if reading them failed it is tried again.

        Raises
        ------
        StorageFull
        """
        (receipt,) = self.put_all(athlete_id, [Handed(name, data, told or Told())])
        return receipt

    def put_all(self, athlete_id: int, files: Sequence[Handed]) -> list[Receipt]:
        """
        The same for some files at once, all of them or, if it raises, none: their receipts, in their order.

        Raises
        ------
        StorageFull
        """
        digests = [file_digest(file.data) for file in files]
        with self._database.read() as tx:
            known = {upload.sha256: upload for upload in tx.uploads_of(athlete_id, digests)}
        stored = {digest for digest, upload in known.items() if upload.state == "stored"}
        contents = {digest: file.data for digest, file in zip(digests, files, strict=True) if digest not in stored}
        self._files.put(athlete_id, contents)
        now = self._clock()
        with self._database.write() as tx:
            made = [
                tx.add_upload(athlete_id, digest, shown_name(file.name), len(file.data), file.told, now)
                for digest, file in zip(digests, files, strict=True)
            ]
            for upload in known.values():
                tx.retry_upload(athlete_id, upload.id, now)
            uploads = {upload.sha256: upload for upload in tx.uploads_of(athlete_id, digests)}
        return [Receipt(uploads[d], known=new is None) for d, new in zip(digests, made, strict=True)]

    def wake(self) -> None:
        """Tell a worker that files wait."""
        self._nudge.uploads()

    def uploads(self, athlete_id: int, limit: int = 200, *, alone: bool = False) -> list[Upload]:
        """The athlete's, the newest first; `alone`: without those that came in archives."""
        with self._database.read() as tx:
            return tx.uploads(athlete_id, limit, alone=alone)

    def n_unread(self, athlete_id: int) -> int:
        """How many of the athlete's are to be read by now, those under way among them."""
        with self._database.read() as tx:
            return tx.n_due_uploads(self._clock(), athlete_id)

    def uploads_by_id(self, athlete_id: int, ids: Sequence[int]) -> list[Upload]:
        """Those of the athlete's that are named."""
        with self._database.read() as tx:
            return tx.uploads_by_id(athlete_id, ids)

    def upload(self, athlete_id: int, upload_id: int) -> Upload:
        """
        One of the athlete's.

        Raises
        ------
        NotYours
        """
        with self._database.read() as tx:
            found = tx.upload(athlete_id, upload_id)
        if found is None:
            raise NotYours(f"upload {upload_id}")
        return found

    def delete(self, athlete_id: int, upload_id: int) -> None:
        """
        Delete a file with its runs; totals and judgement follow, and another recording of them counts at once.

        Raises
        ------
        NotYours
        """
        upload = self.upload(athlete_id, upload_id)
        now = self._clock()
        with self._database.write() as tx:
            tx.lock_athlete(athlete_id)
            first, after = source_id(upload_id, 0), source_id(upload_id + 1, 0)
            changes = [
                (None, tx.delete_run(athlete_id, SOURCE, run_source_id))
                for run_source_id in tx.source_ids(athlete_id, SOURCE, first, after)
            ]
            runs_changed(tx, athlete_id, changes, now)
            tx.delete_upload(athlete_id, upload_id)
        self._files.drop(athlete_id, upload.sha256)
        self._nudge.assess(athlete_id)

    def delete_beginning(self, athlete_id: int, upload_id: int, data: bytes) -> bool:
        """Delete an earlier upload if these bytes are the same file, grown since; whether they are."""
        try:
            upload = self.upload(athlete_id, upload_id)
            begun = self._files.get(athlete_id, upload.sha256)
        except LoadwatchError:
            return False
        if begun.startswith(b"\x1f\x8b") and not data.startswith(b"\x1f\x8b"):
            begun = gzip.decompress(begun)  # packed by us
        # A FIT file's head tells its length, and so changes as it grows.
        grown = len(data) > len(begun) > FIT_HEAD and data[FIT_HEAD : len(begun)] == begun[FIT_HEAD:]
        if grown:
            self.delete(athlete_id, upload_id)
        return grown

    def tidy(self) -> None:
        """
        Delete bytes that no row knows: of athletes who are gone, and of processes that died while they received.

        What is younger than a day stays, as bytes come before their row.
        """
        before = self._clock() - timedelta(days=1)
        old = [(athlete_id, name) for athlete_id, name, at in self._files.names() if at < before]
        with self._database.read() as tx:
            kept = {each: tx.kept_files(each) for each in {athlete_id for athlete_id, _ in old} if each is not None}
        for athlete_id, name in old:
            if athlete_id is None or name not in kept[athlete_id]:
                self._files.forget(athlete_id, name)

    def retry(self, athlete_id: int, upload_id: int) -> None:
        """
        Let a file that could not be read be read once more; nothing happens to others.

        Raises
        ------
        NotYours
        """
        self.upload(athlete_id, upload_id)
        with self._database.write() as tx:
            again = tx.retry_upload(athlete_id, upload_id, self._clock())
        if again:
            self._nudge.uploads()


@dataclass(frozen=True, slots=True)
class _Found:
    """One activity of a file, ready to be stored."""

    record: ActivityRecord
    streams: str
    trusted: bool
    features: RunFeatures | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What reading an upload came to, ready to be stored."""

    upload: Upload
    state: str
    reason: str | None = None
    found: Sequence[_Found] = ()
    next_attempt_at: datetime | None = None


class FileIngestService:
    """Reads what was handed in; each step may run twice."""

    def __init__(
        self,
        database: Database,
        files: UploadFiles,
        read: Read,
        analysis: Analysis,
        leases: Leases,
        nudge: Nudge,
        clock: Clock,
    ) -> None:
        self._database = database
        self._files = files
        self._read = read
        self._analysis = analysis
        self._leases = leases
        self._nudge = nudge
        self._clock = clock

    def want_again(self) -> int:
        """
        Have files read again whose features an older version made, the newest runs first; how many.

        None while others wait to be read: a new run must not wait for the past.
        """
        now = self._clock()
        with self._database.read() as tx:
            if tx.n_due_uploads(now):
                return 0
            outdated = tx.outdated_source_ids(SOURCE, self._analysis.version, AGAIN_AT_ONCE)
        if not outdated:
            return 0
        with self._database.write() as tx:
            return tx.read_again(sorted({upload_id(run_source_id) for run_source_id in outdated}), now)

    def read_next(self, athlete_id: int | None = None) -> int:
        """
        Read the next files that are due and free, some at once; how many were.

        They are stored together, each with its outcome, in one transaction: a process that dies before its end
        leaves all of them to be read again, one that dies after it none. Nothing is raised but a fault of the
        database.

        Parameters
        ----------
        athlete_id : int, optional
            Only this athlete's; else whosever are next.
        """
        now = self._clock()
        with self._database.write() as tx:
            dead = self._leases.gone(tx.upload_lease_owners())
            uploads = tx.claim_uploads(self._leases.me(), dead, now, now + LEASE, READ_TOGETHER, athlete_id)
            profile = tx.athlete(uploads[0].athlete_id) if uploads else None
        if profile is None:
            return 0
        outcomes: list[_Outcome] = []
        for upload in uploads:
            if outcomes and self._clock() - now > HELD_UNREAD:
                break
            outcomes.append(self._read_one(upload, profile.timezone))
        self._store(profile.id, outcomes, unread=uploads[len(outcomes) :])
        # Also where these changed nothing: a judgement may have waited for the last of many.
        with self._database.read() as tx:
            waits = tx.assessment_waits(profile.id) and not tx.is_arriving(profile.id, self._clock())
        if waits:
            self._nudge.assess(profile.id)
        return len(outcomes)

    def _read_one(self, upload: Upload, timezone: str) -> _Outcome:
        try:
            found, left_out = self._found(upload, timezone)
        except LoadwatchError as error:
            return _Outcome(upload, "failed", error.words)
        except OSError as error:
            why = say("could not be opened just now ({fault}) and is tried again", fault=type(error).__name__)
            later = self._clock() + back_off(upload.attempts)
            return _Outcome(upload, "waiting", why, next_attempt_at=later)
        except Exception as error:
            return _Outcome(
                upload, "failed", say("could not be read; please report it ({fault})", fault=_logged(upload, error))
            )
        return _Outcome(upload, "stored", joined("; ", dict.fromkeys(left_out)) or None, found)

    def _found(self, upload: Upload, timezone: str) -> tuple[list[_Found], list[str]]:
        """
        The activities of an upload, and why some of it is left out.

        Raises
        ------
        LoadwatchError
            If there is none; the text begins with a verb.
        """
        if upload.attempts > MAX_ATTEMPTS:
            raise LoadwatchError(say("could not be read: each time the program broke off. Please report it"))
        if upload.told.is_manual:
            record = _manual(upload, timezone)
            if why := self._impossible(record.sport, record.start, record.elapsed_s or record.moving_s):
                raise LoadwatchError(why)
            possible = is_possible_distance(record.distance_m, record.elapsed_s or record.moving_s)
            return [_Found(record, streams="none", trusted=possible)], []
        recordings = self._read(self._files.get(upload.athlete_id, upload.sha256), upload.name)
        told = upload.told if len(recordings) == 1 else Told(sport_if_silent=upload.told.sport_if_silent)
        found: list[_Found] = []
        left_out: list[str] = []
        for n, recording in enumerate(recordings):
            start = recording.start or told.start
            if start is None:
                left_out.append(say("does not say on which day it was recorded"))
                continue
            dated = replace(_with_sport(recording, told), start=start, name=told.name or recording.name)
            if why := self._impossible(dated.sport, start, dated.elapsed_s):
                left_out.append(why)
                continue
            found.append(self._analysed(upload, dated, n, timezone))
        if not found:
            raise LoadwatchError(joined("; ", dict.fromkeys(left_out)))
        return found, left_out

    def _impossible(self, sport: str, start: datetime, elapsed_s: float | None) -> str | None:
        """Why this cannot have been done, whatever else is said of it; begins with a verb."""
        if start > self._clock() + CLOCK_AHEAD:
            return say(
                "is dated {day}, which lies ahead: the clock was wrong. Correct the date and add it again",
                day=day_text(start.date(), year=True),
            )
        if sport in RUN_FAMILY and elapsed_s is not None and elapsed_s > LONGEST_RUN_S:
            return say(
                "goes on for {days}, longer than any run: its times are wrong",
                days=days_text(round(elapsed_s / 86_400)),
            )
        return None

    def _analysed(self, upload: Upload, recording: Recording, n: int, timezone: str) -> _Found:
        if recording.sport in RUN_FAMILY:
            recording = _with_possible_totals(recording)
        assert recording.start is not None
        record = ActivityRecord(
            source_id=source_id(upload.id, n),
            name=recording.name,
            sport=recording.sport,
            start=recording.start,
            local_date=recording.start.astimezone(ZoneInfo(timezone)).date(),
            timezone=timezone,
            distance_m=recording.reported_distance_m,
            moving_s=None,
            elapsed_s=recording.elapsed_s,
            ascent_m=recording.reported_ascent_m,
            average_heartrate_bpm=_mean_heartrate(recording),
            is_race=False,
            is_manual=False,
        )
        if recording.sport not in RUN_FAMILY:
            return _Found(record, streams="none", trusted=True)
        trusted = self._analysis.distance_is_trusted(recording.streams)
        try:
            features = self._analysis.features_of(recording)
            json.dumps(asdict(features), allow_nan=False)  # NaN and the like no database would keep
        except Exception as error:  # a bug must not cost the run
            return _Found(record, streams="ok", trusted=trusted, error=_logged(upload, error))
        record = replace(
            record,
            distance_m=features.distance_m if record.distance_m is None else record.distance_m,
            moving_s=features.moving_s,
            ascent_m=features.ascent_m if record.ascent_m is None else record.ascent_m,
        )
        trusted = trusted and is_possible_distance(record.distance_m, record.elapsed_s)
        return _Found(record, streams="ok", trusted=trusted, features=features)

    def _store(self, athlete_id: int, outcomes: Sequence[_Outcome], *, unread: Sequence[Upload]) -> None:
        now = self._clock()
        with self._database.write() as tx:
            tx.lock_athlete(athlete_id)
            kept = {upload.id for upload in tx.uploads_by_id(athlete_id, [o.upload.id for o in outcomes])}
            changes: list[tuple[Run | None, Run | None]] = []
            for outcome in outcomes:
                if outcome.upload.id not in kept:
                    continue  # deleted while it was read
                stored = [self._put(tx, athlete_id, each, now) for each in outcome.found]
                changes += stored
                tx.settle_upload(
                    outcome.upload.id,
                    outcome.state,
                    now,
                    reason=outcome.reason,
                    run_id=stored[0][0].id if stored else None,
                    n_runs=len(stored),
                    next_attempt_at=outcome.next_attempt_at,
                )
            for upload in unread:
                tx.release_upload(upload.id)
            runs_changed(tx, athlete_id, changes, now)

    def _put(self, tx: Tx, athlete_id: int, found: _Found, now: datetime) -> tuple[Run, Run | None]:
        """The run as it is now, and as it was."""
        run, before = tx.upsert_run(
            athlete_id, SOURCE, found.record, streams=found.streams, trusted=found.trusted, now=now
        )
        if found.features is not None:
            run = replace(run, features=tx.put_features(run.id, found.features, now))
        elif found.error is not None:
            tx.put_features_error(run.id, self._analysis.version, found.error, now)
            run = replace(run, features=None)
        return run, before


def file_digest(data: bytes) -> str:
    """SHA-256, without the time in gzip's header: two exports hold the same file packed at two times."""
    if data.startswith(b"\x1f\x8b"):
        data = data[:4] + bytes(4) + data[8:]
    return hashlib.sha256(data).hexdigest()


def shown_name(name: str) -> str:
    """A file's name as it can be shown and kept: one line, at most 200 characters; "file" where there is none."""
    text = "".join(c if c.isprintable() else " " for c in name.encode(errors="replace").decode())
    return " ".join(text.split())[-MAX_NAME:] or "file"


def _with_sport(recording: Recording, told: Told) -> Recording:
    if told.sport is not None and not {told.sport, recording.sport} <= RUN_FAMILY:  # the watch knows which of them
        return replace(recording, sport=told.sport)
    if recording.sport != UNKNOWN_SPORT or told.sport_if_silent in (None, UNKNOWN_SPORT):
        return recording
    note = taken_as(told.sport_if_silent)
    return replace(recording, sport=told.sport_if_silent, notes=(*recording.notes, note))


def taken_as(sport: str) -> Text:
    """That a file did not say what it holds, and the runner did."""
    return say("the file does not say which sport it was: taken as {sport}, as you said", sport=sport)


def _with_possible_totals(recording: Recording) -> Recording:
    """Without the device's own totals where no run can have them: what the samples show counts then."""
    notes = list(recording.notes)
    distance_m, ascent_m = recording.reported_distance_m, recording.reported_ascent_m
    descent_m, elapsed_s = recording.reported_descent_m, recording.elapsed_s
    if distance_m is not None and not is_possible_distance(distance_m, elapsed_s):
        notes.append(
            say("the device says {far}, which is not possible: the samples count", far=distance_text(distance_m))
        )
        distance_m = None
    most_m = min(
        inf if distance_m is None else distance_m, inf if elapsed_s is None else FASTEST_ASCENT_M_S * elapsed_s
    )
    if ascent_m is not None and ascent_m > most_m:
        notes.append(
            say("the device says {up} of ascent, which is not possible: the samples count", up=height_text(ascent_m))
        )
        ascent_m = descent_m = None
    return replace(
        recording,
        reported_distance_m=distance_m,
        reported_ascent_m=ascent_m,
        reported_descent_m=descent_m,
        notes=tuple(notes),
    )


def _manual(upload: Upload, timezone: str) -> ActivityRecord:
    told = upload.told
    assert told.start is not None  # else it is no manual run
    return ActivityRecord(
        source_id=source_id(upload.id, 0),
        name=told.name,
        sport=told.sport or told.sport_if_silent or UNKNOWN_SPORT,
        start=told.start,
        local_date=told.start.astimezone(ZoneInfo(timezone)).date(),
        timezone=timezone,
        distance_m=told.distance_m,
        moving_s=told.moving_s,
        elapsed_s=told.elapsed_s,
        ascent_m=None,
        average_heartrate_bpm=None,
        is_race=False,
        is_manual=True,
    )


def _mean_heartrate(recording: Recording) -> float | None:
    """Mean of the samples. [1/min]"""
    beats = recording.streams.heartrate_bpm
    known = [] if beats is None else [b for b in beats.tolist() if b == b]
    return fmean(known) if known else None


def _logged(upload: Upload, error: Exception) -> str:
    """The kind of a fault, put down without the error's own text, which may quote positions."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("upload %s cannot be read: %s\n%s", upload.id, type(error).__name__, frames)
    return type(error).__name__
