"""From bytes to recordings: unpack, see what it is, and hand it to the format's reader."""

import zlib
from contextlib import suppress
from pathlib import Path
from typing import Final

from loadwatch.adapters.files import fit, gpx, markup, stream_set, tcx
from loadwatch.adapters.files.limits import MAX_BYTES, MAX_RATIO, Deadline, UnreadableFile
from loadwatch.adapters.files.samples import noted
from loadwatch.domain.activity import Recording
from loadwatch.domain.text import say

_GZIP: Final = b"\x1f\x8b"
_FIT_MARK: Final = slice(8, 12)
_CHUNK_BYTES: Final = 2**20

_SALVAGE_BYTES: Final = 8
"""A step short enough to lose no sample, as long as the checksums at the end."""

_MEGABYTES: Final = MAX_BYTES // 2**20

_OTHER_FILES: Final = (
    (b"PK\x03\x04", "is a zip archive: unpack it and upload what is in it"),
    (b"PK\x05\x06", "is an empty zip archive"),
    (b"\x89PNG", "is a picture"),
    (b"\xff\xd8\xff", "is a picture"),
    (b"%PDF", "is a PDF document"),
    (b"SQLite format 3", "is a database"),
    (b"BZh", "is packed with bzip2: unpack it first"),
    (b"\xfd7zXZ", "is packed with xz: unpack it first"),
)


def read_file(path: Path) -> tuple[Recording, ...]:
    """
    The activities in a file; see `read_recordings`.

    Raises
    ------
    UnreadableFile
    OSError
        If the file cannot be opened.
    """
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableFile(say("is larger than {n} MB", n=_MEGABYTES))
    return read_recordings(path.read_bytes(), path.name)


def read_recordings(data: bytes, name: str) -> tuple[Recording, ...]:
    """
    The activities in what was uploaded: FIT, GPX, TCX or Strava's stream set, each also packed with gzip.

    What it is shows in its content; the name only helps to word an error.

    Returns
    -------
    tuple of Recording
        One for each activity, at least one. Laps and segments of an activity stay together. What was odd is in
        the notes of the recording concerned, else of the last.

    Raises
    ------
    UnreadableFile
        If it holds no activity, is damaged beyond use, too large or takes too long; the text begins with a verb,
        to be put behind the file's name.
    """
    deadline = Deadline()
    if len(data) > MAX_BYTES:
        raise UnreadableFile(say("is larger than {n} MB", n=_MEGABYTES))
    notes = []
    if data.startswith(_GZIP):
        data, whole = _unpacked(data)
        if not whole:
            notes.append(say("the packed file is cut off or damaged: only what came before that was read"))
    return noted(_read(data, name, deadline), notes, say("holds no activity"))


def _read(data: bytes, name: str, deadline: Deadline) -> tuple[Recording, ...]:
    if not data.strip(b"\0 \t\r\n"):
        raise UnreadableFile(say("is empty"))
    if data[_FIT_MARK] == b".FIT":
        return fit.read(data, deadline)
    for mark, what in _OTHER_FILES:
        if data.startswith(mark):
            raise UnreadableFile(what)
    text = markup.as_utf8(data)
    if text[:1] in (b"{", b"["):
        return stream_set.read(text)
    if text[:1] == b"<":
        return _read_markup(text, deadline)
    called = next((end for end in (".fit", ".gpx", ".tcx") if end in name.lower()), None)
    if called is None:
        raise UnreadableFile(say("is neither FIT, GPX, TCX nor a stream set; export it again"))
    raise UnreadableFile(
        say("is neither FIT, GPX, TCX nor a stream set although it is called {end}; export it again", end=called)
    )


def _read_markup(text: bytes, deadline: Deadline) -> tuple[Recording, ...]:
    beginning = text[:200].lower()
    root = "html" if beginning.startswith((b"<!doctype html", b"<html")) else markup.root_name(text)
    if root in ("gpx", "trk"):
        return gpx.read(text, deadline)
    if root in ("TrainingCenterDatabase", "Activities", "Activity"):  # cut down by hand, still whole inside
        return tcx.read(text, deadline)
    if root.lower() == "html":
        raise UnreadableFile(say("is a web page, probably that of a log-in: download the file again"))
    if root == "kml":
        raise UnreadableFile(say("is a map in KML: export it as GPX, TCX or FIT"))
    raise UnreadableFile(say("is XML, but neither GPX nor TCX"))


def _unpacked(data: bytes) -> tuple[bytes, bool]:
    """What gzip packed, all members of it, and whether it came to its end."""
    chunks: list[bytes] = []
    size = 0
    rest = data
    while rest.startswith(_GZIP):
        packed, kept = rest, len(chunks)
        member = zlib.decompressobj(wbits=31)
        try:
            while not member.eof and rest:
                chunks.append(member.decompress(rest, _CHUNK_BYTES))
                rest = member.unconsumed_tail
                size += len(chunks[-1])
                if size > MAX_BYTES or size > max(MAX_RATIO * len(data), _CHUNK_BYTES):
                    raise UnreadableFile(
                        say("unpacks to more than {n} MB, or to nothing but repetition", n=_MEGABYTES)
                    )
        except zlib.error:
            return b"".join((*chunks[:kept], _salvaged(packed))), False
        if not member.eof:
            return b"".join(chunks), False
        rest = member.unused_data
    return b"".join(chunks), True


def _salvaged(packed: bytes) -> bytes:
    """Of a damaged member all that comes out before the damage; an error takes what its own step gave."""
    member = zlib.decompressobj(wbits=31)
    chunks = []
    with suppress(zlib.error):
        for at in range(0, len(packed), _SALVAGE_BYTES):
            chunks.append(member.decompress(packed[at : at + _SALVAGE_BYTES]))
    return b"".join(chunks)
