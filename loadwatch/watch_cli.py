"""`loadwatch import --watch`: what appears in a folder is taken in, with a word on each file."""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from loadwatch.adapters.files.archive import files_in
from loadwatch.adapters.files.watched import WatchedFolder
from loadwatch.bootstrap import Services
from loadwatch.services.errors import StorageFull
from loadwatch.services.ports import Told, Upload

LOOK_EVERY_S = 5.0
"""How often a watched folder is looked at; on a slow one less often. Design choice."""


def whose(services: Services, owner: int | None, path: Path) -> int | None:
    """
    The athlete of a file in a watched folder, by its path within it.

    Who owns the folder, else who has the sub-folder, else the only one there is. It is never a number that says so:
    a sub-folder called 2 may be a month.
    """
    if owner is not None:
        return owner
    named = services.accounts.athlete_by_email(path.parts[0]) if len(path.parts) > 1 else None
    with services.store.read() as tx:
        everyone = sorted(set(tx.athlete_ids()) - set(tx.samples()))
    return everyone[0] if named is None and len(everyone) == 1 else named


def run_watch(
    services: Services,
    folder: Path,
    whose: Callable[[Path], int | None],
    *,
    sport: str | None,
    say: Callable[[str], None],
    stop: threading.Event,
) -> None:
    """
    Take in what appears in a folder, until told to stop; a line for each file, what it came to or why it stays out.

    Parameters
    ----------
    whose : callable
        The athlete of a file, by its path within the folder; None where nothing says so.
    sport : str or None
        What it was where a file does not say.
    """
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    watched = WatchedFolder(folder, services.settings.data_dir / "watched" / f"{name}.json")
    watcher = _Watcher(services, watched, whose, sport, say, stop)
    say(f"watching {folder}")
    while not stop.is_set():
        began = time.monotonic()
        watcher.look()
        stop.wait(max(LOOK_EVERY_S, 5 * (time.monotonic() - began)))


class _Watcher:
    """Takes in what a watched folder names as complete."""

    def __init__(
        self,
        services: Services,
        watched: WatchedFolder,
        whose: Callable[[Path], int | None],
        sport: str | None,
        say: Callable[[str], None],
        stop: threading.Event,
    ) -> None:
        self._services = services
        self._watched = watched
        self._whose = whose
        self._sport = sport
        self._say = say
        self._stop = stop
        self._said: set[str] = set()

    def look(self) -> None:
        athletes = set()
        try:
            for path in self._watched.complete():
                if self._stop.is_set():
                    break
                athlete_id = self._whose(path.relative_to(self._watched.folder))
                if athlete_id is None:
                    self._say_once(f"skipped: {path}: nothing says whose it is; see loadwatch import --help")
                elif self._take(athlete_id, path):
                    athletes.add(athlete_id)
        finally:
            self._watched.save()
        for place, why in self._watched.unreadable.items():
            self._say_once(f"skipped: {place}: cannot be opened: {why}")
        for athlete_id in athletes:
            self._services.assess.assess(athlete_id)

    def _say_once(self, words: str) -> None:
        if words not in self._said:
            self._said.add(words)
            self._say(words)

    def _take(self, athlete_id: int, path: Path) -> bool:
        """Hand in a file or an archive, and read it; False if it is to be named again."""
        uploads = self._services.uploads
        upload_id = None
        for given in files_in(path):
            if self._stop.is_set():
                return False  # what is handed in is known when this archive is gone through again
            if given.data is None:
                if given.failed.startswith("cannot be opened"):
                    self._say_once(f"skipped: {given.name}: {given.failed}; tried again")
                    return False
                self._say(f"{'failed' if given.failed else 'skipped'}: {given.name}: {given.failed or given.skipped}")
                continue
            told = given.told or Told()
            told = replace(told, sport_if_silent=told.sport_if_silent or self._sport)
            try:
                receipt = uploads.put(athlete_id, given.name, given.data, told)
            except StorageFull as error:
                self._say_once(f"waits: {path}: {error}")
                return False
            upload_id = receipt.upload.id
            upload = self._read(athlete_id, upload_id)
            state = "known already" if receipt.known and upload.state == "stored" else upload.state
            self._say(f"{state}: {given.name}" + (f": it {upload.reason}" if upload.reason else ""))
            self._replace_torn(athlete_id, path, upload_id, given.data)
        self._watched.done(path, upload_id if path.suffix.lower() != ".zip" else None)
        return True

    def _read(self, athlete_id: int, upload_id: int) -> Upload:
        """The upload after its reading; it still waits if a worker is at it."""
        while (upload := self._services.uploads.upload(athlete_id, upload_id)).state == "waiting":
            if not self._services.file_ingest.read_next(athlete_id):
                break
        return upload

    def _replace_torn(self, athlete_id: int, path: Path, upload_id: int, data: bytes) -> None:
        """A file that was taken in before it was whole goes when it is."""
        before = self._watched.upload_id(path)
        if before in (None, upload_id):
            return
        if self._services.uploads.delete_beginning(athlete_id, before, data):
            self._say(f"replaced: {path}: it has grown since it was taken in")
