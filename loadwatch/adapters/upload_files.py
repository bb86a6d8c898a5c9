"""The bytes of what runners handed in, compressed, under names of our own choosing."""

import contextlib
import errno
import gzip
import os
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from loadwatch.domain.text import say
from loadwatch.services.errors import LoadwatchError, StorageFull

_PACKED: Final = (b"\x1f\x8b", b"PK\x03\x04")
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})


class UploadFolder:
    """
    The ports `UploadFiles` and `ArchiveFiles`: a folder for each athlete, in it a file for each content, named by its
    SHA-256; archives, which stay only until they are taken apart, have an ending.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, athlete_id: int, contents: Mapping[str, bytes]) -> None:
        """
        Keep bytes, by their SHA-256, so that they outlast a power cut: whole under their name, or not there.

        Raises
        ------
        StorageFull
            If the disk does not take them all.
        """
        folder = self._folder / str(athlete_id)
        if not contents:
            return
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for sha256, data in contents.items():
                _keep(folder / sha256, data if data.startswith(_PACKED) else gzip.compress(data, 5, mtime=0))
            _sync_folder(folder)
        except OSError as error:
            raise full_or_same(error) from error

    def get(self, athlete_id: int, sha256: str) -> bytes:
        """
        The bytes, packed or not as they lie there.

        Raises
        ------
        LoadwatchError
            If they are gone; the text begins with a verb, to be put behind the file's name.
        """
        try:
            return self._path(athlete_id, sha256).read_bytes()
        except FileNotFoundError as error:
            raise LoadwatchError(say("is no longer in the data folder; hand it in again")) from error

    def drop(self, athlete_id: int, sha256: str) -> None:
        """Delete them; nothing happens where they are gone."""
        self._path(athlete_id, sha256).unlink(missing_ok=True)

    def _path(self, athlete_id: int, sha256: str) -> Path:
        return self._folder / str(athlete_id) / sha256

    def names(self) -> Iterator[tuple[int | None, str, datetime]]:
        """Athlete, name and time of each file; the athlete is None for what is being received."""
        for folder in sorted(self._folder.glob("*/")):
            athlete_id = int(folder.name) if folder.name.isdecimal() else None
            for path in folder.glob("*"):
                with contextlib.suppress(FileNotFoundError):
                    yield athlete_id, path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def forget(self, athlete_id: int | None, name: str) -> None:
        """Delete a file that `names` named."""
        folder = "incoming" if athlete_id is None else str(athlete_id)
        (self._folder / folder / name).unlink(missing_ok=True)

    def forget_all(self, athlete_id: int) -> None:
        """Delete all of an athlete's, archives among them."""
        folder = self._folder / str(athlete_id)
        for path in folder.glob("*"):
            path.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            folder.rmdir()

    @property
    def incoming(self) -> Path:
        """Where archives are received, on the disk where they will lie."""
        folder = self._folder / "incoming"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def put_archive(self, athlete_id: int, sha256: str, part: Path) -> None:
        """
        Move what was received to its place so that it outlasts a power cut.

        Raises
        ------
        StorageFull
            If the disk does not take it.
        """
        path = self.archive(athlete_id, sha256)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with part.open("rb") as file:
                os.fsync(file.fileno())
            os.replace(part, path)
            _sync_folder(path.parent)
        except OSError as error:
            raise full_or_same(error) from error

    def archive(self, athlete_id: int, sha256: str) -> Path:
        """Where it lies."""
        return self._folder / str(athlete_id) / f"{sha256}.zip"

    def drop_archive(self, athlete_id: int, sha256: str) -> None:
        """Delete it; nothing happens where it is gone."""
        self.archive(athlete_id, sha256).unlink(missing_ok=True)


def _keep(path: Path, data: bytes) -> None:
    """A whole file under its name; the name lasts when its folder is synced."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix="part.", delete=False) as part:
        try:
            part.write(data)
            part.flush()
            os.fsync(part.fileno())
            os.replace(part.name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(part.name).unlink()
            raise


def full_or_same(error: OSError) -> Exception:
    """The error in words where the disk is full, else the error itself."""
    if error.errno in _FULL:
        return StorageFull("The disk of this server is full: nothing more can be taken in for now.")
    return error


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
