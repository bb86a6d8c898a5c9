"""GPX: tracks of segments of points; routes, where there is no track."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np

from loadwatch.adapters.files import markup
from loadwatch.adapters.files.limits import MAX_ACTIVITIES, Deadline, UnreadableFile
from loadwatch.adapters.files.samples import CLOCK_WAS_SET_S, About, noted, recording, says_barometer
from loadwatch.adapters.files.sports import sport_of
from loadwatch.domain.activity import Recording
from loadwatch.domain.text import say

SAME_ACTIVITY_S: Final = 600.0
"""A track that begins within this of the end of another one of the same sport goes on with it: some devices
begin a new track at each lap or stop. [s]"""

NEXT_ACTIVITY_S: Final = 12 * 3600.0
"""What begins so long after the points before is another activity: some phones write all into one track. [s]"""


@dataclass(slots=True)
class _Track:
    first: int
    is_route: bool
    sport: str = ""
    name: str = ""
    segments: list[int] = field(default_factory=list)
    """Number of the first point of each, as `first` is of the track."""


@dataclass(slots=True)
class _Activity:
    sport: str
    name: str
    parts: list[markup.Columns]


class _Gpx:
    points = frozenset({"trkpt", "rtept"})
    leaves: Mapping[str, str] = {
        "ele": "ele",
        "time": "time",
        "speed": "speed",
        "hr": "hr",
        "heartrate": "hr",
        "cad": "cad",
        "cadence": "cad",
    }

    def __init__(self) -> None:
        self.creator = ""
        self.tracks: list[_Track] = []
        self._inside: list[str] = []

    def opened(self, name: str, attributes: dict[str, str], n: int) -> None:
        self._inside.append(name)
        if name == "gpx":
            self.creator = attributes.get("creator", "")
        elif name in ("trk", "rte"):
            self.tracks.append(_Track(n, is_route=name == "rte"))
        elif name == "trkseg" and self.tracks:
            self.tracks[-1].segments.append(n)

    def closed(self, name: str, text: str) -> None:
        if self._inside[-1:] != [name]:
            return  # it began inside a point, where it had no place
        self._inside.pop()
        if self._inside and self._inside[-1] in ("trk", "rte") and self.tracks:
            if name == "name":
                self.tracks[-1].name = text
            elif name == "type":
                self.tracks[-1].sport = text


def read(data: bytes, deadline: Deadline) -> tuple[Recording, ...]:
    """The activities of a GPX file in UTF-8; see `read_recordings`."""
    gpx = _Gpx()
    columns, broken = markup.read(data, gpx, deadline)
    recordings: list[Recording] = []
    notes = [broken] if broken else []
    for activity in _activities(gpx.tracks, columns):
        about = About(
            sport=sport_of(activity.sport),
            name=activity.name,
            device=gpx.creator,
            has_barometer=says_barometer(gpx.creator),
        )
        found = recording(*markup.channels(activity.parts), about) if activity.parts else None
        if found:
            recordings.append(found)
        else:
            left_out = say("a track without samples left out")
            notes.append(say("{note}: {name}", note=left_out, name=activity.name) if activity.name else left_out)
    return noted(recordings, notes, say("is a GPX file without a track in it"))


def _activities(tracks: list[_Track], columns: markup.Columns) -> list[_Activity]:
    """Which segments belong together; a route counts only where there is no track."""
    ends = markup.ends([t.first for t in tracks], len(columns["time"]))
    any_track = any(end > t.first for t, end in zip(tracks, ends, strict=True) if not t.is_route)
    steps = np.diff(columns["time"])
    holes = np.flatnonzero((steps > NEXT_ACTIVITY_S) & (steps <= CLOCK_WAS_SET_S)) + 1
    found: list[_Activity] = []
    for track, end in zip(tracks, ends, strict=True):
        if track.is_route and any_track:
            continue
        inside = holes[np.searchsorted(holes, track.first) : np.searchsorted(holes, end)].tolist()
        borders = sorted({track.first, *track.segments, *inside, end})
        segments = markup.in_order([markup.cut(columns, *b) for b in pairwise(borders)])
        if not segments:
            found.append(_Activity(track.sport, track.name, []))
        for i, segment in enumerate(segments):
            if not found or not _goes_on(found[-1], segment, new_track=track if i == 0 else None):
                found.append(_Activity(track.sport, track.name, []))
            found[-1].parts.append(segment)
        if len(found) > MAX_ACTIVITIES:
            raise UnreadableFile(say("holds more than {n} activities; split it", n=MAX_ACTIVITIES))
    return found


def _goes_on(activity: _Activity, segment: markup.Columns, new_track: _Track | None) -> bool:
    """Whether a segment belongs to the activity before it. What has no times belongs to its own track."""
    gap_s = markup.times(segment)[0] - markup.times(activity.parts[-1])[1] if activity.parts else math.nan
    if new_track is None:
        return not gap_s > NEXT_ACTIVITY_S
    return activity.sport == new_track.sport and 0 <= gap_s <= SAME_ACTIVITY_S
