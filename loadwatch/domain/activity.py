"""What was recorded: a run, and the streams of its sensors. What a sensor did not give is None."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from loadwatch.domain.thresholds import DUPLICATE_OVERLAP, IMPLAUSIBLE_SHARE, IMPLAUSIBLE_SPEED_M_S

RUN_FAMILY: Final = frozenset({"Run", "TrailRun", "VirtualRun"})
"""Sports whose distance counts. Strava's words, kept as they come; other sports are stored, not counted."""


@dataclass(frozen=True, slots=True)
class Run:
    """
    One recorded activity, as the rules see it.

    Attributes
    ----------
    id : int
        Ours, not the source's.
    start : datetime
        Beginning, UTC.
    local_date : date
        Calendar day at the place of the run: the day it counts for.
    sport : str
        The source's word, for example "TrailRun".
    distance_m : float or None
        [m] None where nothing measured it.
    moving_s, elapsed_s : float or None
        Time in motion; time from start to end, pauses included. [s]
    ascent_m : float or None
        Metres climbed, as the source gives them. [m]
    name : str
        The runner's own title.
    is_race : bool
        Marked as a race: judged alike, worded differently.
    start_hidden : bool
        The source tells only the day: the start is a second past midnight. Nothing follows from the hour.
    distance_trusted : bool
        False where too many samples were GPS jumps: kept and shown, but neither counted nor judged.
    """

    id: int
    start: datetime
    local_date: date
    sport: str
    distance_m: float | None
    moving_s: float | None = None
    elapsed_s: float | None = None
    ascent_m: float | None = None
    name: str = ""
    is_race: bool = False
    start_hidden: bool = False
    distance_trusted: bool = True

    @property
    def end(self) -> datetime:
        """Start plus elapsed time (or moving time, or nothing, where that is all there is), UTC."""
        return self.start + timedelta(seconds=self.elapsed_s or self.moving_s or 0.0)


@dataclass(frozen=True, slots=True)
class Streams:
    """
    A run's samples: channels of one length, in order of time, not necessarily a second apart.

    Each channel has shape (n_samples,); None where the sensor was absent, NaN where one sample is missing.
    """

    time_s: tuple[float, ...]
    distance_m: tuple[float, ...] | None = None
    latitude_deg: tuple[float, ...] | None = None
    longitude_deg: tuple[float, ...] | None = None
    altitude_m: tuple[float, ...] | None = None
    speed_m_s: tuple[float, ...] | None = None
    heartrate_bpm: tuple[float, ...] | None = None
    cadence_rpm: tuple[float, ...] | None = None

    def __len__(self) -> int:
        return len(self.time_s)


def implausible_share(streams: Streams) -> float | None:
    """
    Share of steps between samples in which nobody could have run so far.

    Returns
    -------
    float or None
        0 to 1 [unitless]; None without a distance channel or with fewer than two samples.
    """
    if streams.distance_m is None or len(streams) < 2:
        return None
    steps = implausible = 0
    for i in range(1, len(streams)):
        dt = streams.time_s[i] - streams.time_s[i - 1]
        ds = streams.distance_m[i] - streams.distance_m[i - 1]
        if dt <= 0 or math.isnan(ds):
            continue
        steps += 1
        implausible += ds / dt > IMPLAUSIBLE_SPEED_M_S
    return implausible / steps if steps else None


def distance_is_trusted(streams: Streams | None) -> bool:
    """Whether the recorded distance may be judged; without samples there is nothing to hold against it."""
    share = implausible_share(streams) if streams is not None else None
    return share is None or share <= IMPLAUSIBLE_SHARE


def counted(runs: Iterable[Run]) -> list[Run]:
    """
    The runs whose distance counts, in order of start: of the run family, measured, trusted, and each once.

    Of two that share most of the shorter one's time (a watch and a phone) the longer stays.
    """
    eligible = [r for r in runs if r.sport in RUN_FAMILY and r.distance_m and r.distance_trusted]
    kept: dict[int, Run] = {}
    under_way: list[Run] = []
    for run in sorted(eligible, key=lambda r: (r.start, r.id)):
        under_way = [r for r in under_way if r.end > run.start]
        same = [r for r in under_way if _is_duplicate(run, r)]
        if any((r.distance_m or 0.0) >= (run.distance_m or 0.0) for r in same):
            continue
        for shorter in same:
            del kept[shorter.id]
            under_way.remove(shorter)
        kept[run.id] = run
        under_way.append(run)
    return list(kept.values())


def _is_duplicate(a: Run, b: Run) -> bool:
    if a.start_hidden or b.start_hidden:
        return False  # two runs of a day would seem to overlap
    shared = (min(a.end, b.end) - max(a.start, b.start)).total_seconds()
    shorter = min((a.end - a.start).total_seconds(), (b.end - b.start).total_seconds())
    return shorter > 0 and shared / shorter > DUPLICATE_OVERLAP


def longest_m(runs: Sequence[Run]) -> float:
    """Distance of the longest run, 0 if there is none. [m]"""
    return max((r.distance_m or 0.0 for r in runs), default=0.0)
