"""Large forms: what comes in goes straight to the disk where it will lie, however long that takes."""

import contextlib
import fcntl
import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final, cast

from flask import Request, Response, after_this_request
from werkzeug.formparser import FormDataParser

from loadwatch.adapters.upload_files import full_or_same
from loadwatch.domain.text import say
from loadwatch.services.archive_ports import Archive
from loadwatch.services.archives import ArchiveService
from loadwatch.services.errors import LoadwatchError, StorageFull

ALIVE: Final = "loadwatch.alive"
"""Where a web process' sign of life is in the environment of a request; see `loadwatch.serving`."""

KEPT_FREE_BYTES: Final = 500 * 2**20
"""Room on the disk that a large form leaves to the database. Design choice."""

_LONGEST_DRAIN_S: Final = 10.0
_CHUNK_BYTES: Final = 2**18


class TooLarge(LoadwatchError):
    """A form is larger than the operator lets in."""


class OneAtATime(LoadwatchError):
    """Somebody else's large form is being received: each keeps a web process busy."""


def receive_form(request: Request, folder: Path, *, max_bytes: int, large_bytes: int, max_parts: int) -> None:
    """
    Read the form of a request, its files into `folder`, where they are deleted after the request.

    The stream of each file is a named one; who moves it away keeps it.

    Parameters
    ----------
    max_bytes : int
        Of the whole form.
    large_bytes : int
        Forms larger than this are received one at a time.

    Raises
    ------
    TooLarge
    OneAtATime
    StorageFull
    """
    size = request.content_length
    alive = request.environ.get(ALIVE, lambda: None)
    request.max_content_length = max_bytes
    if size is not None and size > max_bytes:
        if size < 2 * max_bytes:
            _drain(request, alive)
        raise TooLarge(say("That is more than the {n} MB that this server takes at once.", n=max_bytes // 2**20))
    if size is not None and size > large_bytes and shutil.disk_usage(folder).free < size + KEPT_FREE_BYTES:
        _drain(request, alive)
        raise StorageFull(say("The disk of this server has no room for that. Nothing was taken in."))
    parts: list[IO[bytes]] = []

    def new_part(*_: object, **__: object) -> IO[bytes]:
        part = tempfile.NamedTemporaryFile(dir=folder, prefix="part.", delete=False)  # noqa: SIM115  see `_forget`
        parts.append(part)
        return part

    @after_this_request
    def _end(response: Response) -> Response:
        _forget(parts)
        return response

    with _turn(folder) if size is None or size > large_bytes else contextlib.nullcontext():
        parser = FormDataParser(
            stream_factory=new_part, max_form_memory_size=500_000, max_form_parts=max_parts, cls=None
        )
        try:
            stream = cast("IO[bytes]", _Alive(request.stream, alive))
            _, form, files = parser.parse(stream, request.mimetype, size, request.mimetype_params)
        except OSError as error:
            _forget(parts)
            _drain(request, alive)
            raise full_or_same(error) from error
    request.__dict__["form"], request.__dict__["files"] = form, files


class _Alive:
    """A stream that lets the web server know that the process reading it lives."""

    def __init__(self, stream: IO[bytes], alive: Callable[[], object]) -> None:
        self._stream = stream
        self._alive = alive

    def read(self, size: int = -1) -> bytes:
        self._alive()
        return self._stream.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def _turn(folder: Path) -> Iterator[None]:
    with (folder / "turn").open("w") as turn:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OneAtATime(
                say("Another large file is being received just now. Nothing was taken in: try again in some minutes.")
            ) from error
        yield


def _drain(request: Request, alive: Callable[[], object]) -> None:
    """Read on for a while to nowhere: a browser that may not send to the end shows no answer."""
    end = time.monotonic() + _LONGEST_DRAIN_S
    with contextlib.suppress(Exception):
        while time.monotonic() < end and request.stream.read(_CHUNK_BYTES):
            alive()


def _forget(parts: list[IO[bytes]]) -> None:
    for part in parts:
        part.close()
        Path(part.name).unlink(missing_ok=True)


def is_archive(stream: IO[bytes]) -> bool:
    """Whether it is a zip archive by its first bytes; reads from the beginning and goes back there."""
    stream.seek(0)
    mark = stream.read(4)
    stream.seek(0)
    return mark in (b"PK\x03\x04", b"PK\x05\x06")


def hand_in_archive(
    archives: ArchiveService, athlete_id: int, name: str, stream: IO[bytes], sport_if_silent: str | None
) -> Archive:
    """
    Keep an archive that `receive_form` has received.

    Raises
    ------
    StorageFull
    """
    stream.flush()
    stream.seek(0)
    digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # a file, open for reading
    size = stream.tell()
    return archives.put(
        athlete_id, name, Path(stream.name), sha256=digest, size=size, sport_if_silent=sport_if_silent
    )
