"""TCX: activities of laps of points; courses, where there is no activity."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np

from loadwatch.adapters.files import markup
from loadwatch.adapters.files.limits import MAX_ACTIVITIES, Deadline, UnreadableFile
from loadwatch.adapters.files.samples import PLANNED, About, noted, numbers, recording, says_barometer
from loadwatch.adapters.files.sports import sport_of
from loadwatch.domain.activity import Recording
from loadwatch.domain.arrays import FloatArray
from loadwatch.domain.text import say

RESTART_SHARE: Final = 0.5
"""A lap whose distance begins below this part of the last lap's end counts from its own beginning."""


@dataclass(slots=True)
class _Activity:
    first: int
    is_course: bool
    sport: str = ""
    name: str = ""
    device: str = ""
    laps: list[int] = field(default_factory=list)
    """Number of the first point of each, as `first` is of the activity."""
    lap_distances: list[str] = field(default_factory=list)


class _Tcx:
    points = frozenset({"Trackpoint"})
    leaves: Mapping[str, str] = {
        "Time": "time",
        "LatitudeDegrees": "lat",
        "LongitudeDegrees": "lon",
        "AltitudeMeters": "ele",
        "DistanceMeters": "distance",
        "Speed": "speed",
        "Value": "hr",  # only heart rate has it
        "Cadence": "cad",
        "RunCadence": "cad",
    }

    def __init__(self) -> None:
        self.activities: list[_Activity] = []
        self._inside: list[str] = []

    def opened(self, name: str, attributes: dict[str, str], n: int) -> None:
        self._inside.append(name)
        if name in ("Activity", "Course"):
            self.activities.append(_Activity(n, is_course=name == "Course", sport=attributes.get("Sport", "")))
        elif name == "Lap" and self.activities:
            self.activities[-1].laps.append(n)

    def closed(self, name: str, text: str) -> None:
        if self._inside[-1:] != [name]:
            return  # it began inside a point, where it had no place
        self._inside.pop()
        if not self.activities or not self._inside:
            return
        outer, activity = self._inside[-1], self.activities[-1]
        if name == "DistanceMeters" and outer == "Lap":
            activity.lap_distances.append(text)
        elif name == "Name" and outer == "Creator":
            activity.device = text
        elif name in ("Name", "Notes") and outer in ("Activity", "Course"):
            activity.name = text


def read(data: bytes, deadline: Deadline) -> tuple[Recording, ...]:
    """The activities of a TCX file in UTF-8; see `read_recordings`."""
    tcx = _Tcx()
    columns, broken = markup.read(data, tcx, deadline)
    recordings: list[Recording] = []
    notes = [broken] if broken else []
    if len(tcx.activities) > MAX_ACTIVITIES:
        raise UnreadableFile(say("holds more than {n} activities; split it", n=MAX_ACTIVITIES))
    ends = markup.ends([a.first for a in tcx.activities], len(columns["time"]))
    any_activity = any(not a.is_course for a in tcx.activities)
    for activity, end in zip(tcx.activities, ends, strict=True):
        if activity.is_course and any_activity:
            continue
        borders = sorted({activity.first, *activity.laps, end})
        laps = markup.in_order([markup.cut(columns, *b) for b in pairwise(borders)])
        found = recording(*_times_and_channels(activity, laps), _about(activity)) if laps else None
        if found:
            recordings.append(found)
        else:
            notes.append(say("an activity without samples left out: {sport}", sport=activity.sport or say("course")))
    return noted(recordings, notes, say("is a TCX file without an activity in it"))


def _about(activity: _Activity) -> About:
    distances = numbers(activity.lap_distances)
    return About(
        sport=sport_of(activity.sport),
        name=activity.name,
        device=activity.device,
        has_barometer=says_barometer(activity.device),
        distance_m=float(distances.sum()) if len(distances) and np.isfinite(distances).all() else None,
        notes=(PLANNED,) if activity.is_course else (),
    )


def _times_and_channels(activity: _Activity, laps: list[markup.Columns]) -> tuple[FloatArray, markup.Columns]:
    time, channels = markup.channels(
        [{**lap, "distance_m": d} for lap, d in zip(laps, _counted_on(laps), strict=True)]
    )
    if activity.is_course:
        time = np.full(len(time), np.nan)
    return time, channels


def _counted_on(laps: list[markup.Columns]) -> list[FloatArray]:
    """Distances since the start of the activity, also where the source counts from each lap's."""
    counted, reached = [], 0.0
    for lap in laps:
        distance = lap["distance_m"]
        known = distance[~np.isnan(distance)]
        if len(known) and known[0] < RESTART_SHARE * reached:
            distance = distance + reached
            known = known + reached
        reached = float(known[-1]) if len(known) else reached
        counted.append(distance)
    return counted
