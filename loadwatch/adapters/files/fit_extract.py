"""A FIT file cut down to some kinds of message, so that a reader which always reads all of it has less to read."""

import struct
from collections.abc import Collection

from fitdecode.utils import compute_crc  # type: ignore[import-untyped]

_DEFINES, _HAS_OWN_FIELDS, _HAS_SHORT_TIME, _SLOT = 0x40, 0x20, 0x80, 0x0F
"""Bits of a message's first byte: a definition; with fields of its own; a time in the header; which definition."""

_FIRST_BYTES = 6
"""Of a definition: header, a reserved byte, order of bytes, number of the kind (two), number of fields."""


def only(data: bytes, kinds: Collection[int]) -> bytes | None:
    """
    The same file with the messages of these kinds alone.

    Parameters
    ----------
    data : bytes
        A FIT file whose checksums are right.
    kinds : collection of int
        FIT's numbers of kinds of message. The descriptions of fields must be among them, if fields are.

    Returns
    -------
    bytes or None
        None of files that are chained, or tell times in the headers of messages, or end before they say.
    """
    head_size, size = data[0], int.from_bytes(data[4:8], "little")
    end = head_size + size
    if end + 2 != len(data):
        return None
    kept = bytearray()
    sizes: dict[int, int] = {}
    wanted: dict[int, bool] = {}
    at = head_size
    try:
        while at < end:
            first = data[at]
            if first & _HAS_SHORT_TIME:
                return None
            slot = first & _SLOT
            begin = at
            if first & _DEFINES:
                at, sizes[slot] = _defined(data, at, own_fields=bool(first & _HAS_OWN_FIELDS))
                number = data[begin + 3 : begin + 5]
                wanted[slot] = int.from_bytes(number, "big" if data[begin + 2] else "little") in kinds
                if wanted[slot]:
                    kept += data[begin:at]
                continue
            step = sizes[slot]
            while at < end and data[at] == first:
                at += step
            if wanted[slot]:
                kept += data[begin:at]
    except LookupError:
        return None
    if at != end:
        return None
    header = data[:4] + struct.pack("<I", len(kept)) + data[8:12]
    if head_size > len(header):
        header += struct.pack("<H", compute_crc(header))
    return header + kept + struct.pack("<H", compute_crc(header + kept))


def _defined(data: bytes, at: int, *, own_fields: bool) -> tuple[int, int]:
    """Where a definition ends, and how long the messages are that follow it."""
    n_fields = data[at + _FIRST_BYTES - 1]
    after = at + _FIRST_BYTES + 3 * n_fields
    length = 1 + sum(data[at + _FIRST_BYTES + 1 : after : 3])
    if own_fields:
        n_own = data[after]
        length += sum(data[after + 2 : after + 1 + 3 * n_own : 3])
        after += 1 + 3 * n_own
    return after, length
