"""FIT through fitfast; through fitdecode where that gives up: damaged files, and old ones with odd headers."""

import io
import itertools
import math
import re
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import fitdecode  # type: ignore[import-untyped]
import fitfast
import numpy as np
from fitdecode.profile import FIELD_TYPES  # type: ignore[import-untyped]

from loadwatch.adapters.files.fit_extract import only
from loadwatch.adapters.files.limits import Deadline, UnreadableFile
from loadwatch.adapters.files.samples import PLANNED, About, noted, numbers, recording
from loadwatch.adapters.files.sports import fit_sport
from loadwatch.domain.activity import Recording
from loadwatch.domain.arrays import BoolArray, FloatArray
from loadwatch.domain.text import say

Columns = Mapping[str, FloatArray]
Message = Mapping[str, Any]
Messages = dict[str, Sequence[Message]]
"""Messages by kind; their fields by their names in FIT's profile, sports and the like as FIT's numbers."""

FIT_EPOCH_S: Final = 631_065_600
"""31 December 1989 in Unix time. [s]"""

DEGREES_PER_SEMICIRCLE: Final = 180.0 / 2**31

UNCOUNTED_BYTES: Final = 200_000
"""As columns of 280 fields at a byte for each record, fewer than this take less than 0.5 GB."""

MAX_DECODED_BYTES: Final = 600_000_000
"""What the columns of a larger file may take: 74 hours at one record a second with every field there is."""

FIELDS: Final = 280
"""More kinds of field than this a message has only through descriptions of fields of its own."""

_DESCRIBES_FIELDS: Final = (b"\x00\xce\x00", b"\x01\x00\xce")
_ANNOUNCED: Final = re.compile(rb"[\x40-\x7f].(?:\x00\xce\x00|\x01\x00\xce)", re.DOTALL)
"""How message 206, the description of a field, is announced in either order of bytes; behind a header and a byte."""

_TIMES: Final = ("timestamp", "start_time")
_READ: Final = frozenset({"file_id", "device_info", "sport", "session", "record"})
_BESIDES_SAMPLES: Final = frozenset({0, 12, 18, 23, 206, 207})
"""FIT's numbers of file_id, sport, session and device_info, and of what describes fields of their own."""

_FRAMES_PER_CHECK: Final = 1000

_CHANNELS: Final = {
    "distance_m": ("distance",),
    "altitude_m": ("enhanced_altitude", "altitude"),
    "speed_m_s": ("enhanced_speed", "speed"),
    "heartrate_bpm": ("heart_rate",),
    "cadence_rpm": ("cadence",),
}

_GPS, _ACCELEROMETER, _BAROMETER = 0, 3, 4
"""FIT's numbers of sensors in the device itself (local_device_type)."""

_LOCAL: Final = 5
"""FIT's number of the source of what is built in."""

_GARMINS: Final = frozenset({"garmin", "dynastream", "dynastream_oem", "tacx"})
"""Makers whose product numbers are Garmin's."""

_WHOLE_FIELDS: Final = {"local_device_type": "device_type", "garmin_product": "product"}
"""What fitdecode calls a field whose meaning depends on another one, and what it is."""

_KINDS: Final = {
    "settings": "settings",
    "workout": "a planned workout",
    "course": "a planned course",
    "monitoring_a": "a day's steps",
    "monitoring_b": "a day's steps",
    "monitoring_daily": "a day's steps",
    "totals": "totals",
    "goals": "goals",
    "schedules": "a schedule",
    "weight": "weights",
    "blood_pressure": "blood pressures",
    "segment": "a segment",
    "device": "a device's description",
    "sport": "a sport's settings",
}


_MALFORMED: Final = (
    fitdecode.FitError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    struct.error,
)
"""What fitdecode raises on damaged files: its own errors, and those of the line that stumbled."""


class _Content(NamedTuple):
    """What of a file is used: columns of its records, times in Unix seconds; other messages; and its damage."""

    records: Columns
    others: Messages
    damage: str | None = None


def read(data: bytes, deadline: Deadline) -> tuple[Recording, ...]:
    """The activities of a FIT file, chained ones included; see `read_recordings`."""
    records, others, damage = _content(data, deadline)
    kinds = [_named("file", m.get("type")) for m in others.get("file_id", ())]
    if not records:
        raise UnreadableFile(_nothing_in(kinds, damage))
    n = len(next(iter(records.values())))
    time = records.get("timestamp", np.full(n, np.nan))
    channels = _channels(records, n)
    device, has_barometer = _device(others), _has_barometer(others)
    recordings: list[Recording] = []
    notes = [damage] if damage else []
    if "course" in kinds and "activity" not in kinds:
        time = np.full(n, np.nan)
        notes.append(PLANNED)
    for session, own in _sessions(others, time):
        sport = _named("sport", session.get("sport"))
        about = About(
            sport=fit_sport(sport, _named("sub_sport", session.get("sub_sport"))),
            device=device,
            has_barometer=has_barometer,
            distance_m=_amount(session.get("total_distance")),
            ascent_m=_amount(session.get("total_ascent")),
            descent_m=_amount(session.get("total_descent")),
        )
        found = recording(time[own], _from_its_start(channels, own), about)
        if found:
            recordings.append(found)
        else:
            notes.append(say("a part without samples left out: {sport}", sport=sport or say("of unknown sport")))
    return noted(recordings, notes, say("is a FIT file with less than two samples"))


def _nothing_in(kinds: Sequence[str], damage: str | None) -> str:
    kind = next((_KINDS[k] for k in kinds if k in _KINDS), None)
    if kind:
        return f"is a FIT file of {kind}, no activity"
    if damage:
        return "is a FIT file that is damaged or cut off before its first sample; copy it from the watch again"
    return "is a FIT file without samples in it"


def _content(data: bytes, deadline: Deadline) -> _Content:
    try:
        content = _read_quickly(data)
    except fitfast.FitDecodeError as error:
        return _read_slowly(data, deadline, check="checksum" in str(error))
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Rust's, for damage not foreseen; no module has its class
            raise
        return _read_slowly(data, deadline, check=False)
    covered = any(_amount(s.get("total_distance")) for s in content.others["session"])
    if covered and not {"distance", "position_lat"} & content.records.keys():
        return _read_slowly(data, deadline, check=False)  # old foot pods pack distance in a way only it knows
    return content


def _read_quickly(data: bytes) -> _Content:
    """
    Through fitfast: a pass for each kind of message, which as columns is faster than one for objects of all.

    Each pass decodes the whole file: so all but the first get the few messages that are not samples.
    """
    if len(data) > UNCOUNTED_BYTES or _may_describe_fields(data):
        counts = fitfast.message_counts(data)
        rows = max((counts.get(kind, 0) for kind in _READ), default=0)
        if 8 * rows * (FIELDS + counts.get("field_description", 0)) > MAX_DECODED_BYTES:
            raise UnreadableFile(say("is a FIT file with more in it than an activity can have"))
    records = fitfast.records(data, degrees=False)
    rest = only(data, _BESIDES_SAMPLES) or data
    others: Messages = {kind: _rows(fitfast.records(rest, kind)) for kind in ("session", "device_info")}
    if not records or not others["session"] or not _device(others):
        others |= {kind: _rows(fitfast.records(rest, kind)) for kind in ("file_id", "sport")}
    return _Content(records, others)


def _may_describe_fields(data: bytes) -> bool:
    # First by its plain bytes, which takes a hundredth of the time: few files hold them, and few of those by chance.
    return any(mark in data for mark in _DESCRIBES_FIELDS) and _ANNOUNCED.search(data) is not None


def _rows(columns: Columns) -> list[Message]:
    n = len(next(iter(columns.values()), ()))
    return [{name: float(v[i]) for name, v in columns.items() if not math.isnan(v[i])} for i in range(n)]


def _read_slowly(data: bytes, deadline: Deadline, *, check: bool) -> _Content:
    """The same through fitdecode, up to where the file breaks; `check` for its checksum."""
    messages: dict[str, list[Message]] = {kind: [] for kind in _READ}
    damage = None
    checksum = fitdecode.CrcCheck.READONLY if check else fitdecode.CrcCheck.DISABLED
    with fitdecode.FitReader(
        io.BytesIO(data), processor=None, check_crc=checksum, error_handling=fitdecode.ErrorHandling.IGNORE
    ) as frames:
        try:
            for n, frame in enumerate(frames):
                if n % _FRAMES_PER_CHECK == 0:
                    deadline.check()
                if isinstance(frame, fitdecode.FitDataMessage):
                    if frame.name in _READ:
                        messages[frame.name].append(_message(frame))
                elif check and isinstance(frame, fitdecode.FitCRC) and not frame.matched:
                    damage = "the checksum is wrong: some values may be damaged"
        except _MALFORMED:
            damage = "the file is damaged or cut off: only what stands before that was read"
    rows = messages.pop("record")
    names = ("timestamp", "position_lat", "position_long", *itertools.chain(*_CHANNELS.values()))
    records = {name: numbers([r.get(name) for r in rows]) for name in names if rows}
    return _Content(records, {**messages}, damage)


def _message(frame: fitdecode.FitDataMessage) -> Message:
    """A message as fitfast gives it: numbers for what has names, times in Unix seconds."""
    message: dict[str, Any] = {}
    for field in frame.fields:
        is_named = isinstance(field.value, str) and isinstance(field.raw_value, int)
        value = field.raw_value if is_named else field.value
        if value is not None:
            message[_WHOLE_FIELDS.get(field.name, field.name)] = value
    for name in _TIMES:
        if isinstance(message.get(name), int):
            message[name] += FIT_EPOCH_S
    return message


def _channels(records: Columns, n: int) -> dict[str, FloatArray]:
    absent = np.full(n, np.nan)
    channels = {}
    for channel, (name, *others) in _CHANNELS.items():
        values = records.get(name, absent)
        for other in others:
            values = np.where(np.isnan(values), records.get(other, absent), values)
        channels[channel] = values
    channels["latitude_deg"] = records.get("position_lat", absent) * DEGREES_PER_SEMICIRCLE
    channels["longitude_deg"] = records.get("position_long", absent) * DEGREES_PER_SEMICIRCLE
    return channels


def _sessions(others: Messages, time: FloatArray) -> list[tuple[Message, BoolArray]]:
    """
    Each session and which records are its own: from its start to that of the next.

    Ends would do as well, were they not the time of writing on some watches.
    """
    sessions = others.get("session") or others.get("sport") or [{}]
    by_start: dict[float, Message] = {}
    for session in sessions:
        start = _amount(session.get("start_time"))
        if start is not None:
            by_start.setdefault(start, session)  # the same one twice: a file chained to itself
    if len(by_start) < 2:
        return [(sessions[0], np.ones(len(time), dtype=bool))]
    starts = np.array(sorted(by_start))
    own = np.maximum(np.searchsorted(starts, time, side="right") - 1, 0)
    return [(by_start[float(start)], own == i) for i, start in enumerate(starts)]


def _from_its_start(channels: Mapping[str, FloatArray], own: BoolArray) -> dict[str, FloatArray]:
    """The channels of one session, without the distance of those before it where the watch counts on."""
    mine = {name: values[own] for name, values in channels.items()}
    first = int(np.argmax(own))
    before = channels["distance_m"][:first]
    before, distance = before[~np.isnan(before)], mine["distance_m"]
    if len(before) and not np.isnan(distance).all() and np.nanmin(distance) >= before[-1]:
        mine["distance_m"] = distance - before[-1]
    return mine


def _amount(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _named(kind: str, number: object) -> str:
    """The name that FIT gives a number, "" if it has none."""
    name = FIELD_TYPES[kind].enum.get(number) if isinstance(number, int | float) else None
    return name if isinstance(name, str) else ""


def _device(others: Messages) -> str:
    """Manufacturer and product of what wrote the file, as far as they are named."""
    for message in (*others.get("file_id", ()), *others.get("device_info", ())):
        maker = _named("manufacturer", message.get("manufacturer"))
        product = _named("garmin_product", message.get("product")) if maker in _GARMINS else ""
        if maker:
            return f"{maker} {product}".rstrip()
    return ""


def _has_barometer(others: Messages) -> bool | None:
    """Watches that list the sensors built into them list the barometer too, if they have one."""
    sensors = {m.get("device_type") for m in others.get("device_info", ()) if m.get("source_type") == _LOCAL}
    if _BAROMETER in sensors:
        return True
    return False if sensors & {_GPS, _ACCELEROMETER} else None
