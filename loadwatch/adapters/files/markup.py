"""
GPX and TCX share their shape: points with leaves, in segments. Read with expat as a stream, a megabyte at a time.

Namespaces are not resolved: apps use prefixes of every kind, also undeclared ones, and a local name says enough.
"""

import codecs
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, Protocol
from xml.parsers import expat

import numpy as np

from loadwatch.adapters.files.limits import MAX_DEPTH, MAX_POINT_BYTES, MAX_SAMPLES, Deadline, UnreadableFile
from loadwatch.adapters.files.samples import numbers
from loadwatch.domain.arrays import FloatArray
from loadwatch.domain.text import say

SLICE_BYTES: Final = 2**20
"""Between two slices the clock is looked at, and texts are turned into numbers."""

_CHANNELS: Final = {
    "latitude_deg": "lat",
    "longitude_deg": "lon",
    "altitude_m": "ele",
    "distance_m": "distance",
    "speed_m_s": "speed",
    "heartrate_bpm": "hr",
    "cadence_rpm": "cad",
}
"""Our names of channels, by the short names under which points are collected."""

_NO_XML: Final = bytes.maketrans(bytes(i for i in range(32) if i not in b"\t\n\r"), b" " * 29)
"""Control characters, which XML forbids and which titles hold at times."""

_BARE_AMPERSAND: Final = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9A-Fa-f]+);)")

_WHOLE_TIME: Final = len("2026-11-01T08:00:00Z")

_DECLARED: Final = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


class Format(Protocol):
    """What a format's reader tells `read`, and is told by it."""

    points: frozenset[str]
    """Names of the elements that are points."""

    leaves: Mapping[str, str]
    """Names of elements in points, and what they are collected as."""

    def opened(self, name: str, attributes: dict[str, str], n: int) -> None:
        """An element outside of points begins, after `n` points of the document."""

    def closed(self, name: str, text: str) -> None:
        """An element outside of points ends; `text` is what stood directly before its end."""


Columns = dict[str, FloatArray]
"""Each channel by its name in `Streams`, and "time" in Unix seconds; NaN where a point has no value."""


def ends(firsts: Sequence[int], n: int) -> list[int]:
    """Behind which points those parts of `n` points end that begin at `firsts`."""
    return [*firsts[1:], n][: len(firsts)]


def cut(columns: Columns, start: int, end: int) -> Columns:
    """The points from `start` to before `end`."""
    return {name: values[start:end] for name, values in columns.items()}


def joined(parts: Sequence[Columns]) -> Columns:
    """Columns of several parts, one behind the other."""
    return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}


def channels(parts: Sequence[Columns]) -> tuple[FloatArray, Columns]:
    """Unix times, and the channels without them."""
    columns = joined(parts)
    return columns.pop("time"), columns


def in_order(parts: Sequence[Columns]) -> list[Columns]:
    """Parts by their first time, where all have one: some exports list the last lap first."""
    firsts = [times(p)[0] for p in parts]
    if any(np.isnan(firsts)):
        return list(parts)
    return [parts[i] for i in np.argsort(firsts, kind="stable")]


def times(columns: Columns) -> tuple[float, float]:
    """Unix time of the first and last point that have one, else NaN. [s]"""
    known = columns["time"][~np.isnan(columns["time"])]
    return (float(known[0]), float(known[-1])) if len(known) else (np.nan, np.nan)


def unix_times(texts: Sequence[str]) -> FloatArray:
    """ISO 8601 as Unix times; without an offset it is UTC, as both formats demand. NaN if it is no time. [s]"""
    if texts and all(len(t) >= _WHOLE_TIME and t[-1] == "Z" for t in texts):
        try:  # all at once is three times as fast
            return np.array([t[:-1] for t in texts], dtype="datetime64[us]").astype(np.int64) / 1e6
        except (ValueError, UserWarning):  # a warning, where these are errors, of a second zone before the Z
            pass
    return np.array([_unix_time(t) for t in texts], dtype=np.float64)


def _unix_time(text: str) -> float:
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        return np.nan
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()


def as_utf8(data: bytes) -> bytes:
    """The document in UTF-8, begun where it begins, whatever its encoding; slips in its texts mended."""
    data = _utf8(data).lstrip().translate(_NO_XML)
    return _BARE_AMPERSAND.sub(b"&amp;", data) if b"&" in data else data


def _utf8(data: bytes) -> bytes:
    if data.startswith(codecs.BOM_UTF8):
        data = data[len(codecs.BOM_UTF8) :]
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return data.decode("utf-16", errors="replace").encode(errors="replace")
    if data[:2] in (b"<\0", b"\0<"):
        return data.decode("utf-16-le" if data[1] == 0 else "utf-16-be", errors="replace").encode(errors="replace")
    try:
        data.decode()
        return data
    except UnicodeDecodeError:
        pass
    declared = _DECLARED.match(data.lstrip()[:200])
    try:
        return data.decode(declared[1].decode() if declared else "cp1252").encode()
    except (LookupError, ValueError):
        return data.decode("latin-1").encode()  # takes any byte; at worst a title looks odd


class _Found(Exception):
    """The outermost element was met."""


def root_name(data: bytes) -> str:
    """Local name of the outermost element; "" if there is none. Refuses document types."""
    found: list[str] = []

    def start(tag: str, _attributes: dict[str, str]) -> None:
        found.append(_local(tag))
        raise _Found

    parser = _parser()
    parser.StartElementHandler = start
    with suppress(_Found, expat.ExpatError):
        parser.Parse(data[: 64 * 1024], False)
    return found[0] if found else ""


def read(data: bytes, format: Format, deadline: Deadline) -> tuple[Columns, str | None]:
    """
    Send a document in UTF-8 through a format's reader.

    Returns
    -------
    columns : dict of array, each of shape (n_points,)
    broken : str or None
        What was wrong where the document broke off; everything before that has been read.

    Raises
    ------
    UnreadableFile
        If it declares a document type or entities, is nested too deep, too long or takes too long.
    """
    role = _Roles(format)
    points: list[dict[str, str]] = []
    packed: list[Columns] = []
    texts: list[str] = []
    point: dict[str, str] | None = None
    depth = n = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal point, depth
        texts.clear()
        if role[tag] == _POINT:
            point = attributes
            parser.StartElementHandler = None  # in a point the ends of elements say all there is
            return
        depth += 1
        if depth > MAX_DEPTH:
            raise UnreadableFile(say("is nested too deep to be a GPX or TCX file"))
        format.opened(_local(tag), attributes, n)

    def end(tag: str) -> None:
        nonlocal point, depth, n
        key = role[tag]
        if point is None:
            if key != _POINT:  # else the rest of points within a point
                depth -= 1
                format.closed(_local(tag), "".join(texts))
        elif key:
            point.setdefault(key, "".join(texts))
        elif key == _POINT:
            points.append(point)
            point = None
            n += 1
            parser.StartElementHandler = start
        texts.clear()

    parser = _parser()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = texts.append
    still_open: dict[str, str] | None = None
    open_since = 0
    broken = None
    try:
        for offset in range(0, len(data), SLICE_BYTES):
            deadline.check()
            parser.Parse(data[offset : offset + SLICE_BYTES], False)
            if n > MAX_SAMPLES:
                raise UnreadableFile(say("holds more than {n} points; split it", n=MAX_SAMPLES))
            if point is None or point is not still_open:
                still_open, open_since = point, offset
            elif offset - open_since >= MAX_POINT_BYTES:
                raise UnreadableFile(say("holds a point that is far too long; export it again"))
            packed.append(_packed(points, role))
            points.clear()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        broken = f"broken at line {error.lineno:,}: only what stands before that was read"
    finally:
        # They know the parser that knows them: all of the file would lie about until the garbage collector comes.
        parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None
    packed.append(_packed(points, role))
    return joined(packed), broken


_POINT: Final = ""
"""Role of an element that is a point; other roles are what a leaf is collected as, or None."""


class _Roles(dict[str, str | None]):
    """Roles of elements by their tags as written, prefix included: looked up once each."""

    def __init__(self, format: Format) -> None:
        self._format = format

    def __missing__(self, tag: str) -> str | None:
        name = _local(tag)
        self[tag] = _POINT if name in self._format.points else self._format.leaves.get(name)
        return self[tag]


def _packed(points: list[dict[str, str]], roles: _Roles) -> Columns:
    """Numbers of the points' texts."""
    met = {"lat", "lon", *roles.values()}  # lat and lon are attributes in GPX
    columns = {
        name: numbers([p.get(key, "nan") for p in points]) if key in met else np.full(len(points), np.nan)
        for name, key in _CHANNELS.items()
    }
    columns["time"] = unix_times([p.get("time", "") for p in points])
    return columns


def _local(tag: str) -> str:
    return tag[tag.rfind(":") + 1 :]


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate("UTF-8")
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    return parser


def _refuse(*_declaration: object) -> None:
    raise UnreadableFile(say("declares a document type or entities, which no GPX or TCX file needs; export it again"))
