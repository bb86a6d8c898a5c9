"""Columns of raw numbers into a recording: a clean clock, and NaN for what no sensor can have meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np

from loadwatch.adapters.files.limits import MAX_SAMPLES, MIN_SAMPLES, UnreadableFile
from loadwatch.domain.activity import UNKNOWN_SPORT, Recording, Streams
from loadwatch.domain.arrays import BoolArray, FloatArray
from loadwatch.domain.text import joined, say, say_n

FIRST_TIME_OF_DAY: Final = 899_500_416.0
"""
Seconds of Unix time below which a time is none: FIT's own border between a date and seconds since power-on,
4 July 1998. No sports watch or app with a clock is older.
"""

NO_TIME_OF_DAY_FROM: Final = 4_102_444_800.0
"""The year 2100: a clock that shows it was never set either. [s]"""

CLOCK_WAS_SET_S: Final = 7 * 86_400.0
"""No recording goes on after a week without a sample: such a step is a clock being set, not time. [s]"""

STRAY_SHARE: Final = 0.05
"""Samples before or after a step of the clock are left out where they are fewer than this part of all."""

_MOST_NOTES: Final = 5
"""More than this of a file nobody reads."""

PLANNED: Final = "a planned course: its times were computed, not measured"
"""Note of what was never run."""

_POSSIBLE: Final = {
    "distance_m": (0.0, 1e7),  # a quarter of the way around the earth
    "altitude_m": (-500.0, 9000.0),  # from below the Dead Sea to above Everest
    "speed_m_s": (0.0, 150.0),
    "heartrate_bpm": (20.0, 250.0),  # 0 is a strap without contact
    "cadence_rpm": (0.0, 300.0),
}
"""Values outside are no measurements. Not a judgement of runs: these readers read every sport."""


@dataclass(frozen=True, slots=True)
class About:
    """What a source says of an activity besides its samples; see `Recording`."""

    sport: str = UNKNOWN_SPORT
    name: str = ""
    device: str = ""
    has_barometer: bool | None = None
    distance_m: float | None = None
    ascent_m: float | None = None
    descent_m: float | None = None
    notes: tuple[str, ...] = ()


def recording(
    time: FloatArray, channels: Mapping[str, FloatArray], about: About, *, dated: bool = True
) -> Recording | None:
    """
    One recording of columns of one length.

    Parameters
    ----------
    time : array, shape (n_samples,)
        Unix time, NaN where a sample has none. [s]
    channels : mapping of str to array, each of shape (n_samples,)
        By the names of `Streams`; missing ones are absent sensors.
    dated : bool
        Whether the source has times of day at all; else time counts from anywhere.

    Returns
    -------
    Recording or None
        None of fewer than two samples.

    Raises
    ------
    UnreadableFile
        With more samples than an activity can have.
    """
    if len(time) > MAX_SAMPLES:
        raise UnreadableFile(say("holds more than {n} samples of one activity; split it", n=MAX_SAMPLES))
    notes = list(about.notes)
    known = np.isfinite(time)
    timed = len(np.unique(time[known])) >= MIN_SAMPLES
    start = None
    if timed:
        if not known.all():
            n_left = int((~known).sum())
            notes.append(say_n("{n} sample without a time left out", "{n} samples without a time left out", n_left))
            time, channels = time[known], _kept(channels, known)
        kept, steps = _clock(time)
        if steps:
            notes.append(say("the clock was set during the recording; times are counted on across that"))
            time, channels = time[kept], _kept(channels, kept)
        first, since_start = _since_start(time)
        if dated and FIRST_TIME_OF_DAY <= first < NO_TIME_OF_DAY_FROM:
            start = datetime.fromtimestamp(first, UTC)
        elif dated:
            notes.append(say("the clock was not set: the day of the recording is unknown"))
        since_start, channels = _without_doubles(since_start.round(6), channels)
    else:
        notes.append(say("no times in it: a path only, neither speed nor duration is known"))
        since_start = np.arange(len(time), dtype=np.float64)
    if len(since_start) < MIN_SAMPLES:
        return None
    return Recording(
        sport=about.sport,
        start=start,
        streams=Streams(time_s=since_start, **_clean(channels)),
        reported_distance_m=_total(about.distance_m, _POSSIBLE["distance_m"][1]),
        reported_ascent_m=_total(about.ascent_m, _POSSIBLE["distance_m"][1]),
        reported_descent_m=_total(about.descent_m, _POSSIBLE["distance_m"][1]),
        elapsed_s=float(since_start.max()) if timed else None,
        has_barometer=about.has_barometer,
        timed=timed,
        name=_text(about.name),
        device=_text(about.device),
        notes=tuple(notes),
    )


def noted(recordings: Sequence[Recording], notes: Sequence[str], nothing: str) -> tuple[Recording, ...]:
    """
    What was read, with what was odd about the file added to the last: that is where files break off.

    Raises
    ------
    UnreadableFile
        If nothing was read: `nothing` says what the file is.
    """
    if not recordings:
        raise UnreadableFile(joined("; ", (nothing, *notes[:3])))
    if len(notes) > _MOST_NOTES:
        notes = [*notes[:_MOST_NOTES], say("and {n} more of this kind", n=len(notes) - _MOST_NOTES)]
    last = recordings[-1]
    return (*recordings[:-1], replace(last, notes=(*last.notes, *notes)))


def says_barometer(device: str) -> bool | None:
    """True of a device named so that Strava believes its altitude; others tell nothing."""
    return True if device.lower().rstrip().endswith("with barometer") else None


def numbers(values: Sequence[object]) -> FloatArray:
    """Numbers, or texts of numbers, as an array; NaN for whatever is none."""
    try:
        return np.fromiter(map(float, values), np.float64, len(values))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return np.fromiter(map(_number, values), np.float64, len(values))


def _number(value: object) -> float:
    if value is None:
        return np.nan
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        pass
    try:
        return float(value.replace(",", ".")) if isinstance(value, str) else np.nan
    except ValueError:
        return np.nan


def _kept(channels: Mapping[str, FloatArray], kept: BoolArray) -> Mapping[str, FloatArray]:
    return {name: values[kept] for name, values in channels.items()}


def _clock(time: FloatArray) -> tuple[BoolArray, bool]:
    """Which samples to keep where a clock was set, and whether it was: short strays are left out."""
    cut = np.abs(np.diff(time)) > CLOCK_WAS_SET_S
    if not cut.any():
        return np.ones(len(time), dtype=bool), False
    part = np.concatenate(([0], np.cumsum(cut)))
    size = np.bincount(part)
    kept = size >= STRAY_SHARE * len(time)
    kept[np.argmax(size)] = True
    return kept[part], True


def _since_start(time: FloatArray) -> tuple[float, FloatArray]:
    """Unix time of the first sample by the clock that most samples go by, and seconds since then."""
    steps = np.diff(time)
    cut = np.abs(steps) > CLOCK_WAS_SET_S
    if not cut.any():
        return float(time[0]), time - time[0]
    part = np.concatenate(([0], np.cumsum(cut)))
    since_start = np.concatenate(([0.0], np.cumsum(np.where(cut, 1.0, steps))))
    anchor = np.flatnonzero(part == np.argmax(np.bincount(part)))[0]
    return float(time[anchor] - since_start[anchor]), since_start


def _without_doubles(
    time: FloatArray, channels: Mapping[str, FloatArray]
) -> tuple[FloatArray, Mapping[str, FloatArray]]:
    """Neighbours of one time made one sample: some apps write position and distance apart. The first value counts."""
    new = np.concatenate(([True], np.diff(time) != 0))
    if new.all():
        return time, channels
    sample = np.cumsum(new) - 1
    merged = {}
    for name, values in channels.items():
        known = np.flatnonzero(~np.isnan(values))[::-1]
        merged[name] = np.full(int(new.sum()), np.nan)
        merged[name][sample[known]] = values[known]
    return time[new], merged


def _clean(channels: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    clean = {}
    for name, (lowest, highest) in _POSSIBLE.items():
        if name in channels:
            values = channels[name]
            clean[name] = np.where((values >= lowest) & (values <= highest), values, np.nan)
    if "latitude_deg" in channels and "longitude_deg" in channels:
        latitude, longitude = channels["latitude_deg"], channels["longitude_deg"]
        good = (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180) & ~((latitude == 0) & (longitude == 0))
        clean["latitude_deg"] = np.where(good, latitude, np.nan)
        clean["longitude_deg"] = np.where(good, longitude, np.nan)
    return {name: values for name, values in clean.items() if not np.isnan(values).all()}


def _total(value: float | None, largest: float) -> float | None:
    return float(value) if value is not None and 0 <= value <= largest else None


def _text(value: str) -> str:
    """Text that every database can keep, at most 200 characters of it."""
    return " ".join(value.encode(errors="replace").decode().replace("\0", "").split())[:200]
