"""Archives that runners hand in, a Strava export above all: taken apart into uploads, slice by slice."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from loadwatch.domain.text import say
from loadwatch.services.archive_ports import (
    Archive,
    ArchiveFiles,
    ArchiveFilesState,
    ArchiveReader,
    LeftOut,
    OpenArchive,
)
from loadwatch.services.errors import LoadwatchError, NotYours, StorageFull
from loadwatch.services.ingest import LEASE, back_off
from loadwatch.services.ports import Clock, Database, Leases, Nudge, Told
from loadwatch.services.uploads import MAX_ATTEMPTS, Handed, UploadService, shown_name

SLICE_S: Final = 5.0
"""So long an archive is taken apart at a time: a task must end, and others want their turn. Design choice."""

NOTED_EVERY: Final = 25
"""After so many files it is noted how far it came: what was not noted is gone through again. Design choice."""

SHOWN_PROBLEMS: Final = 500
"""Of so many files that stayed out or could not be read the names are kept or shown; the others are counted."""

FULL_AGAIN: Final = timedelta(minutes=10)

log = logging.getLogger(__name__)


class ArchiveService:
    """Takes archives in; a worker takes them apart."""

    def __init__(self, database: Database, files: ArchiveFiles, nudge: Nudge, clock: Clock) -> None:
        self._database = database
        self._files = files
        self._nudge = nudge
        self._clock = clock

    def put(
        self, athlete_id: int, name: str, part: Path, *, sha256: str, size: int, sport_if_silent: str | None
    ) -> Archive:
        """
        Keep an archive that lies in a file of the incoming folder.

        The same bytes once more are gone through once more: what is known of them already is not stored twice.

        Raises
        ------
        StorageFull
        """
        self._files.put_archive(athlete_id, sha256, part)
        with self._database.write() as tx:
            archive = tx.add_archive(athlete_id, sha256, shown_name(name), size, sport_if_silent, self._clock())
        self._nudge.uploads()
        return archive

    def archives(self, athlete_id: int, limit: int = 20) -> list[Archive]:
        """The athlete's, the newest first."""
        with self._database.read() as tx:
            return tx.archives(athlete_id, limit)

    def archive(self, athlete_id: int, archive_id: int) -> tuple[Archive, ArchiveFilesState]:
        """
        One of the athlete's, and what became of its files.

        Raises
        ------
        NotYours
        """
        with self._database.read() as tx:
            found = tx.archive(athlete_id, archive_id)
            if found is None:
                raise NotYours(f"archive {archive_id}")
            return found, tx.archive_files(athlete_id, archive_id, SHOWN_PROBLEMS)


class ArchiveIngestService:
    """Takes archives apart; each step may run twice."""

    def __init__(
        self,
        database: Database,
        files: ArchiveFiles,
        read: ArchiveReader,
        uploads: UploadService,
        leases: Leases,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._files = files
        self._read = read
        self._uploads = uploads
        self._leases = leases
        self._clock = clock
        self._monotonic = monotonic

    def due(self, limit: int = 20) -> list[int]:
        """Archives that wait to be taken (further) apart, those of a dead worker among them."""
        with self._database.read() as tx:
            return tx.due_archive_ids(self._clock(), limit)

    def work_off(self, archive_id: int) -> bool:
        """Hand in some of its files, if it is due and free; whether it wants to go on at once."""
        now = self._clock()
        with self._database.write() as tx:
            dead = self._leases.gone(tx.archive_lease_owners())
            archive = tx.claim_archive(archive_id, self._leases.me(), dead, now, now + LEASE)
        if archive is None:
            return False
        try:
            if archive.attempts > MAX_ATTEMPTS:
                raise LoadwatchError(
                    say("could not be taken apart: each time the program broke off. Please report it")
                )
            finished = self._take_apart(archive)
        except StorageFull:
            why = say("waits for room, as the disk of this server is full; it goes on by itself")
            return self._wait(archive, why, FULL_AGAIN)
        except LoadwatchError as error:
            self._finish(archive, "failed", str(error))
            return False
        except OSError as error:
            why = say("could not be opened just now ({fault}) and is tried again", fault=type(error).__name__)
            return self._wait(archive, why, back_off(archive.attempts))
        except Exception as error:
            with self._database.read() as tx:
                if tx.archive(archive.athlete_id, archive.id) is None:
                    return False  # deleted, with its athlete, while it was taken apart
            log.exception("archive %s cannot be taken apart", archive.id)
            self._finish(
                archive, "failed", say("could not be read; please report it ({fault})", fault=type(error).__name__)
            )
            return False
        if finished:
            self._finish(archive, "stored", None)
        else:
            self._wait(archive, None, timedelta(0))
        return not finished

    def _take_apart(self, archive: Archive) -> bool:
        """A slice of it; whether it was the last."""
        if archive.n_entries is not None and archive.n_taken >= archive.n_entries:
            return True  # its end was noted, and then the worker died
        deadline = self._monotonic() + SLICE_S
        with self._read(self._files.archive(archive.athlete_id, archive.sha256)) as opened:
            n = archive.n_taken
            while n < len(opened):
                until = min(n + NOTED_EVERY, len(opened))
                self._hand_in(archive, opened, n, until)
                n = until
                if self._monotonic() > deadline:
                    break
            else:
                if not len(opened):
                    raise LoadwatchError(say("holds no file of a run: FIT, GPX or TCX"))
            return n >= len(opened)

    def _hand_in(self, archive: Archive, opened: OpenArchive, first: int, until: int) -> None:
        handed, left_out = [], []
        for n in range(first, until):
            given = opened[n]
            if given.data is None:
                left_out.append(LeftOut(shown_name(given.name), given.failed or given.skipped))
                continue
            told = given.told or Told()
            told = replace(told, sport_if_silent=told.sport_if_silent or archive.sport_if_silent)
            handed.append(Handed(given.name, given.data, told))
        upload_ids = [receipt.upload.id for receipt in self._uploads.put_all(archive.athlete_id, handed)]
        with self._database.write() as tx:
            tx.advance_archive(
                archive.id, n_entries=len(opened), n_taken=until, upload_ids=upload_ids, left_out=left_out
            )

    def _wait(self, archive: Archive, reason: str | None, wait: timedelta) -> bool:
        now = self._clock()
        with self._database.write() as tx:
            tx.settle_archive(archive.id, "waiting", now, reason=reason, next_attempt_at=now + wait)
        return False

    def _finish(self, archive: Archive, state: str, reason: str | None) -> None:
        # First the bytes: an archive whose end is noted is finished without them.
        self._files.drop_archive(archive.athlete_id, archive.sha256)
        with self._database.write() as tx:
            tx.settle_archive(archive.id, state, self._clock(), reason=reason)
