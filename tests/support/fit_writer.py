"""A minimal encoder of FIT, enough to make files for tests: whole, chained, or damaged afterwards."""

import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

FIT_EPOCH = datetime(1989, 12, 31, tzinfo=UTC)

_FORMATS = {0x00: "B", 0x01: "b", 0x02: "B", 0x83: "h", 0x84: "H", 0x85: "i", 0x86: "I", 0x8C: "I"}
"""Base types by their number: enum, sint8, uint8, sint16, uint16, sint32, uint32, uint32z."""

MESSAGES: Mapping[str, tuple[int, Mapping[str, tuple[int, int]]]] = {
    "file_id": (0, {"type": (0, 0x00), "manufacturer": (1, 0x84), "product": (2, 0x84), "time_created": (4, 0x86)}),
    "sport": (12, {"sport": (0, 0x00), "sub_sport": (1, 0x00)}),
    "session": (
        18,
        {
            "timestamp": (253, 0x86),
            "start_time": (2, 0x86),
            "sport": (5, 0x00),
            "sub_sport": (6, 0x00),
            "total_elapsed_time": (7, 0x86),
            "total_distance": (9, 0x86),
            "total_ascent": (22, 0x84),
            "total_descent": (23, 0x84),
        },
    ),
    "record": (
        20,
        {
            "timestamp": (253, 0x86),
            "position_lat": (0, 0x85),
            "position_long": (1, 0x85),
            "altitude": (2, 0x84),
            "heart_rate": (3, 0x02),
            "cadence": (4, 0x02),
            "distance": (5, 0x86),
            "speed": (6, 0x84),
            "enhanced_speed": (73, 0x86),
            "enhanced_altitude": (78, 0x86),
        },
    ),
    "device_info": (
        23,
        {
            "timestamp": (253, 0x86),
            "device_type": (1, 0x02),
            "manufacturer": (2, 0x84),
            "product": (4, 0x84),
            "source_type": (25, 0x00),
        },
    ),
    "field_description": (
        206,
        {"developer_data_index": (0, 0x02), "field_definition_number": (1, 0x02), "fit_base_type_id": (2, 0x02)},
    ),
}
"""Numbers of messages and their fields in FIT's profile."""


def fit_time(instant: datetime) -> int:
    """Seconds since FIT's own epoch."""
    return int((instant - FIT_EPOCH).total_seconds())


def semicircles(degrees: float) -> int:
    return round(degrees * 2**31 / 180)


def message(kind: str, local: int = 0, **fields: int) -> bytes:
    """One message of raw values (scaled as FIT stores them) behind its definition."""
    return messages(kind, [fields], local)


def messages(kind: str, rows: Sequence[Mapping[str, int]], local: int = 0) -> bytes:
    """Messages of the same fields behind one definition."""
    number, known = MESSAGES[kind]
    used = [known[name] for name in rows[0]]
    sizes = [struct.calcsize(_FORMATS[base]) for _, base in used]
    definition = struct.pack("<BBBHB", 0x40 | local, 0, 0, number, len(used))
    definition += b"".join(
        struct.pack("<BBB", field, size, base) for (field, base), size in zip(used, sizes, strict=True)
    )
    layout = struct.Struct("<B" + "".join(_FORMATS[base] for _, base in used))
    return definition + b"".join(layout.pack(local, *row.values()) for row in rows)


def fit_file(*parts: bytes) -> bytes:
    """A whole file: header, messages, and the checksums of both."""
    body = b"".join(parts)
    header = struct.pack("<BBHI4s", 14, 0x20, 2132, len(body), b".FIT")
    header += struct.pack("<H", checksum(header))
    return header + body + struct.pack("<H", checksum(header + body))


def checksum(data: bytes) -> int:
    """FIT's CRC-16 (polynomial 0x8005, reflected, from 0)."""
    crc = 0
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


def _entry(n: int) -> int:
    for _ in range(8):
        n = (n >> 1) ^ 0xA001 if n & 1 else n >> 1
    return n


_TABLE = [_entry(n) for n in range(256)]


def run_fit(n: int, start: datetime, *, parts: Sequence[bytes] = (), **session: int) -> bytes:
    """A run of `n` seconds at 3 m/s due north, gently rising, with everything a watch usually writes."""
    began = fit_time(start)
    rows = [
        {
            "timestamp": began + i,
            "position_lat": semicircles(52.5 + i * 3 / 111_194.93),
            "position_long": semicircles(13.4),
            "distance": 300 * i,
            "enhanced_speed": 3000,
            "enhanced_altitude": round((50 + i / 60 + 500) * 5),
            "heart_rate": 140,
            "cadence": 85,
        }
        for i in range(n)
    ]
    totals = {
        "timestamp": began + max(n - 1, 0),
        "start_time": began,
        "sport": 1,
        "sub_sport": 0,
        "total_elapsed_time": 1000 * max(n - 1, 0),
        "total_distance": 300 * max(n - 1, 0),
        "total_ascent": 59,
        "total_descent": 0,
        **session,
    }
    return fit_file(
        message("file_id", type=4, manufacturer=1, product=2691, time_created=began),
        *parts,
        messages("record", rows) if rows else b"",
        message("session", **totals),
    )
