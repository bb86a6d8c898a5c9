"""A folder in which files appear: by hand, by a watch that syncs, over a network."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadwatch.adapters.files.archive import is_activity_file

SETTLED_S: Final = 10.0
"""A file whose size and time have not changed for so long is complete. Design choice; a torn one is taken once more
when it changes."""


@dataclass(frozen=True, slots=True)
class _Look:
    size: int
    mtime_ns: int


class WatchedFolder:
    """
    Tells which files have become complete; what it was told to be done with it remembers over restarts.

    It looks at everything each time: messages of the operating system do not come from network folders. Hidden
    files and links are left alone, as are files that are not called like those of runs.

    Parameters
    ----------
    memory : Path
        A file of ours; lost, all is handed in once more, which is known then.
    """

    def __init__(self, folder: Path, memory: Path, clock_s: Callable[[], float] = time.monotonic) -> None:
        self.folder = folder
        self._memory = memory
        self._clock_s = clock_s
        self._done: dict[str, list[int]] = self._remembered()
        self._seen: dict[str, tuple[_Look, float]] = {}
        self._changed = False
        self.unreadable: dict[str, str] = {}
        """What could not be looked at in the last look, and why."""

    def complete(self) -> list[Path]:
        """Files that are new or changed, and have been left as they are for a while."""
        now = self._clock_s()
        self.unreadable = {}
        seen: dict[str, tuple[_Look, float]] = {}
        complete = []
        for path, look in self._files(self.folder):
            name = str(path.relative_to(self.folder))
            if self._done.get(name, [])[:2] == [look.size, look.mtime_ns]:
                continue
            before, since = self._seen.get(name, (None, now))
            seen[name] = (look, since if look == before else now)
            if look == before and now - since >= SETTLED_S and look.size:
                complete.append(path)
        self._seen = seen
        return sorted(complete)

    def upload_id(self, path: Path) -> int | None:
        """The upload that an earlier content of this file was handed in as."""
        _, _, *upload_ids = self._done.get(str(path.relative_to(self.folder)), [0, 0])
        return upload_ids[0] if upload_ids else None

    def done(self, path: Path, upload_id: int | None = None) -> None:
        """Do not name this file again before it changes."""
        name = str(path.relative_to(self.folder))
        look, _ = self._seen.pop(name)
        self._done[name] = [look.size, look.mtime_ns, *([] if upload_id is None else [upload_id])]
        self._changed = True

    def save(self) -> None:
        """Remember what is done."""
        if not self._changed:
            return
        self._memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._memory.with_suffix(".new")
        fresh.write_text(json.dumps(self._done))
        fresh.replace(self._memory)
        self._changed = False

    def _remembered(self) -> dict[str, list[int]]:
        try:
            return dict(json.loads(self._memory.read_text()))
        except (OSError, ValueError):
            return {}

    def _files(self, folder: Path) -> Iterator[tuple[Path, _Look]]:
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            self.unreadable[str(folder)] = error.strerror or type(error).__name__
            return
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    yield from self._files(Path(entry.path))
                elif entry.is_file(follow_symlinks=False) and _is_wanted(entry.name):
                    stat = entry.stat(follow_symlinks=False)
                    yield Path(entry.path), _Look(stat.st_size, stat.st_mtime_ns)
            except FileNotFoundError:
                continue  # gone since the folder was listed
            except OSError as error:
                self.unreadable[entry.path] = error.strerror or type(error).__name__


def _is_wanted(name: str) -> bool:
    return is_activity_file(name) or name.lower().endswith(".zip")
