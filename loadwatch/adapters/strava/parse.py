"""Strava's JSON into our records: tolerant of single odd values, strict where a record would be useless."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from loadwatch.domain.activity import Streams
from loadwatch.domain.arrays import FloatArray
from loadwatch.services.ports import ActivityRecord, Gear, ListPage

MAX_SAMPLES = 500_000
"""More samples than six days at one a second are no activity."""

_LARGEST = 1e9
"""No metre, second or beat of a run counts higher; what does would overflow further on."""

_RUN_RACE = 1
"""`workout_type` of a run that was a race; 2 is a long run, 3 a workout, 10 and up belong to rides."""

_HIDDEN_START = "T00:00:01Z"
"""What Strava gives as local start of an activity whose athlete hides it."""

_ZONE = re.compile(r"^\(GMT[+-]\d\d:\d\d\) (.+)$")

_CHANNELS = {
    "time": "time_s",
    "distance": "distance_m",
    "altitude": "altitude_m",
    "velocity_smooth": "speed_m_s",
    "heartrate": "heartrate_bpm",
    "cadence": "cadence_rpm",
}


class Unreadable(ValueError):
    """A record lacks what makes it an activity."""


def activity(raw: Mapping[str, Any]) -> ActivityRecord:
    """
    One activity, summary or detail.

    Only id and start are needed; anything else that is absent or of an odd type becomes None.

    Raises
    ------
    Unreadable
        If there is no id or no start.
    """
    source_id = _integer(raw.get("id"))
    start = _instant(raw.get("start_date"))
    if source_id is None or not 0 < source_id < 2**63 or start is None:
        raise Unreadable(f"activity {raw.get('id')!r} without an id or a start")
    sport = raw.get("sport_type") or raw.get("type") or "Unknown"
    manual = raw.get("manual") is True
    return ActivityRecord(
        source_id=source_id,
        name=_text(raw.get("name") or ""),
        sport=_text(sport)[:60],
        start=start,
        local_date=_local_date(raw, start),
        timezone=_timezone(raw.get("timezone")),
        distance_m=_amount(raw.get("distance")),
        moving_s=_amount(raw.get("moving_time")),
        elapsed_s=_amount(raw.get("elapsed_time")),
        ascent_m=_ascent(raw.get("total_elevation_gain"), manual=manual),
        average_heartrate_bpm=_amount(raw.get("average_heartrate")),
        is_race=_integer(raw.get("workout_type")) == _RUN_RACE,
        is_manual=manual,
        start_hidden=str(raw.get("start_date_local")).endswith(_HIDDEN_START),
        gear=_gear(raw),
    )


def _gear(raw: Mapping[str, Any]) -> Gear | None:
    """Shoes or bicycle: the id is in every answer, name and distance in that of a single activity alone."""
    told = raw.get("gear")
    told = told if isinstance(told, Mapping) else {}
    gear_id = raw.get("gear_id") or told.get("id")
    if not isinstance(gear_id, str):
        return None
    if told.get("id") != gear_id:
        return Gear(_text(gear_id)[:40])
    name = told.get("name")
    return Gear(
        id=_text(gear_id)[:40],
        name=_text(name)[:100] if isinstance(name, str) and name.strip() else None,
        distance_m=_amount(told.get("distance")),
    )


def list_page(raw: Sequence[Any]) -> ListPage:
    """A page of the list; a record that cannot be read is named and never costs the others."""
    records, unreadable = [], []
    for item in raw:
        try:
            records.append(activity(item))
        except (Unreadable, TypeError, AttributeError) as error:
            unreadable.append(str(error) or type(error).__name__)
    return ListPage(tuple(records), tuple(unreadable), len(raw))


def streams(raw: Any) -> Streams | None:
    """
    A stream set, in its `key_by_type` form (a dict) or as a list of streams.

    Returns
    -------
    Streams or None
        None where there are no samples of time: nothing was recorded, or it is not there yet.
        A channel of another length than time is left out: it cannot be lined up.
    """
    found = channels(raw)
    time = found.pop("time_s", None)
    if time is None or np.isnan(time).any():
        return None
    return Streams(time_s=time, **found)


def channels(raw: Any) -> dict[str, FloatArray]:
    """
    The channels of a stream set by their names in `Streams`, all as long as time; without time as the longest.

    A missing sample is NaN; what holds no single number is left out, and so is a channel of another length.
    """
    by_type = _by_type(raw)
    found = {name: samples for key, name in _CHANNELS.items() if (samples := _samples(by_type.get(key)))}
    found |= _positions(by_type.get("latlng"))
    n = len(found.get("time_s") or max(found.values(), key=len, default=()))
    return {name: np.asarray(samples) for name, samples in found.items() if len(samples) == n}


def _by_type(raw: Any) -> dict[str, Any]:
    if isinstance(raw, Mapping):
        return {str(k): v.get("data") for k, v in raw.items() if isinstance(v, Mapping)}
    if isinstance(raw, list):
        return {str(s.get("type")): s.get("data") for s in raw if isinstance(s, Mapping)}
    return {}


def _samples(data: Any) -> tuple[float, ...] | None:
    if not isinstance(data, list) or not data or len(data) > MAX_SAMPLES:
        return None
    if set(map(type, data)) <= {int, float} and min(data) > -_LARGEST and max(data) < _LARGEST:
        samples = tuple(map(float, data))  # as nearly all are: a look at each takes ten times as long
    else:
        samples = tuple(_number(v) for v in data)
    return None if all(map(math.isnan, samples)) else samples


def _positions(data: Any) -> dict[str, tuple[float, ...]]:
    if not isinstance(data, list):
        return {}
    pairs = [p if isinstance(p, list) and len(p) == 2 else (None, None) for p in data]
    latitude, longitude = _samples([p[0] for p in pairs]), _samples([p[1] for p in pairs])
    return {"latitude_deg": latitude, "longitude_deg": longitude} if latitude and longitude else {}


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value) if -_LARGEST < value < _LARGEST else math.nan


def _amount(value: Any) -> float | None:
    """A quantity that cannot be negative; numbers also arrive as text."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    number = _number(value)
    return None if math.isnan(number) or number < 0 else number


def _ascent(value: Any, *, manual: bool) -> float | None:
    """Metres climbed; of a manual entry Strava makes 0 where nothing was typed in, which is not known."""
    ascent = _amount(value)
    return None if manual and ascent == 0 else ascent


def _integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        return int(value)
    return None


def _instant(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _local_date(raw: Mapping[str, Any], start: datetime) -> date:
    # Strava writes local wall time with a false Z behind it: only the date is taken, no zone believed.
    local = raw.get("start_date_local")
    if isinstance(local, str):
        try:
            return date.fromisoformat(local[:10])
        except ValueError:
            pass
    return start.date()


def _timezone(value: Any) -> str | None:
    """The zone's name out of "(GMT+01:00) Europe/Berlin"."""
    match = _ZONE.match(value) if isinstance(value, str) else None
    return _text(match.group(1))[:60] if match else None


def _text(value: Any) -> str:
    """Text that every database can keep: JSON may hold zero bytes and halves of characters."""
    return str(value).encode(errors="replace").decode().replace("\0", "")
