"""Strava export archives with as many runs as a test asks for, each another run on another day."""

import gzip
import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.support.fit_writer import MESSAGES, fit_file, fit_time, message

LATEST = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)

_RECORD = {
    "timestamp": "<u4",
    "position_lat": "<i4",
    "position_long": "<i4",
    "distance": "<u4",
    "enhanced_speed": "<u4",
    "enhanced_altitude": "<u4",
    "heart_rate": "u1",
    "cadence": "u1",
}
"""What a watch writes each second, as numpy calls FIT's types."""

_HEADER = "Activity ID,Activity Date,Activity Name,Activity Type,Elapsed Time,Distance,Filename\n"


@dataclass(frozen=True)
class Made:
    """One member of an export: its name in the archive, what it holds, and the row of the list."""

    name: str
    data: bytes
    row: str


def made_runs(n: int, seed: int = 1, minutes: tuple[float, float] = (45, 60)) -> Iterator[Made]:
    """
    Runs of 45 to 60 minutes at a sample a second, the latest first and five in six days.

    Of fifty 48 are FIT files, one is GPX and one is TCX, each packed; every tenth has repetitions on a track.
    """
    for k in range(n):
        rng = np.random.default_rng((seed, k))
        start = LATEST - timedelta(days=k + k // 5, seconds=int(rng.integers(7200)))
        columns = _run(rng, int(60 * rng.uniform(*minutes)), on_track=k % 10 == 3)
        kind, write = {5: ("gpx", _gpx), 30: ("tcx", _tcx)}.get(k % 50, ("fit", _fit))
        name = f"activities/{900_000 + k}.{kind}.gz"
        km, seconds = columns["distance"][-1] / 1e5, len(columns)
        when = f"{start:%b %d, %Y, %I:%M:%S %p}"
        row = f'{800_000 + k},"{when}",Run {k},Run,{seconds},{km:.2f},{name}\n'
        yield Made(name, gzip.compress(write(columns, start), 6, mtime=0), row)


def write_export(path: Path, runs: Iterator[Made]) -> None:
    """The archive, written run by run; its list comes last, as the rows are known then."""
    rows = []
    with zipfile.ZipFile(path, "w") as archive:
        for made in runs:
            archive.writestr(made.name, made.data)
            rows.append(made.row)
        archive.writestr("activities.csv", _HEADER + "".join(rows), zipfile.ZIP_DEFLATED)


def _run(rng: np.random.Generator, n: int, *, on_track: bool) -> NDArray[np.void]:
    """Samples in FIT's raw units, but for the times: a hilly way, with laps of a track in its middle if asked."""
    second = np.arange(n)
    fast = on_track & (second > n / 3) & (second < 2 * n / 3)
    pace = np.where(fast & (second % 180 < 90), 4.6, 2.9) + rng.normal(0, 0.15, n)
    distance = np.cumsum(pace)
    round_m = (distance - distance[np.argmax(fast)]) % 400.0
    bend = math.pi * 36.8
    heading = np.clip((round_m - 84.39) / 36.8, 0, math.pi) + np.clip((round_m - 168.78 - bend) / 36.8, 0, math.pi)
    wind = rng.uniform(300, 900)
    heading = np.where(fast, heading, 1.6 * np.sin(distance / wind))
    error = np.cumsum(rng.normal(0, 0.12, (2, n)), axis=1)
    north = np.cumsum(pace * np.sin(heading)) + error[0]
    east = np.cumsum(pace * np.cos(heading)) + error[1]
    hills = np.cumsum(np.where(fast, 0.0, np.cos(distance / rng.uniform(400, 1500)) * 0.02 * pace))
    made = np.zeros(n, [("header", "u1"), *_RECORD.items()])
    per_degree = 2**31 / 180
    made["timestamp"] = second
    made["position_lat"] = np.round((47 + north / 111_195) * per_degree)
    made["position_long"] = np.round((8 + east / 111_195 / math.cos(math.radians(47))) * per_degree)
    made["distance"] = np.round(100 * distance)
    made["enhanced_speed"] = np.round(1000 * pace)
    made["enhanced_altitude"] = np.round((400 + hills + rng.normal(0, 0.1, n) + 500) * 5)
    made["heart_rate"] = np.round(140 + 10 * np.sin(second / 300))
    made["cadence"] = 85 + rng.integers(-2, 3, n)
    return made


def _fit(columns: NDArray[np.void], start: datetime) -> bytes:
    began, n = fit_time(start), len(columns)
    columns = columns.copy()
    columns["timestamp"] += began
    number, known = MESSAGES["record"]
    sizes = {name: np.dtype(kind).itemsize for name, kind in _RECORD.items()}
    definition = bytes((0x40, 0, 0, *number.to_bytes(2, "little"), len(sizes)))
    definition += b"".join(bytes((known[name][0], size, known[name][1])) for name, size in sizes.items())
    watch = message("device_info", timestamp=began, manufacturer=1, product=2691, device_type=4, source_type=5)
    totals = {
        "timestamp": began + n - 1,
        "start_time": began,
        "sport": 1,
        "sub_sport": 0,
        "total_elapsed_time": 1000 * (n - 1),
        "total_distance": int(columns["distance"][-1]),
    }
    return fit_file(
        message("file_id", type=4, manufacturer=1, product=2691, time_created=began),
        watch,
        definition + columns.tobytes(),
        message("session", **totals),
    )


def _points(columns: NDArray[np.void], start: datetime) -> Iterator[tuple[str, float, float, float, int, int, float]]:
    for row in columns.tolist():
        _, second, latitude, longitude, distance, _, altitude, beats, steps = row
        when = f"{start + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}"
        degree = 180 / 2**31
        yield when, latitude * degree, longitude * degree, altitude / 5 - 500, beats, steps, distance / 100


def _gpx(columns: NDArray[np.void], start: datetime) -> bytes:
    garmin = "http://www.garmin.com/xmlschemas/TrackPointExtension/v1"
    points = "\n".join(
        f'<trkpt lat="{latitude:.7f}" lon="{longitude:.7f}"><ele>{altitude:.1f}</ele><time>{when}</time><extensions>'
        f"<gpxtpx:TrackPointExtension><gpxtpx:hr>{beats}</gpxtpx:hr><gpxtpx:cad>{steps}</gpxtpx:cad>"
        "</gpxtpx:TrackPointExtension></extensions></trkpt>"
        for when, latitude, longitude, altitude, beats, steps, _ in _points(columns, start)
    )
    head = f'<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1" xmlns:gpxtpx="{garmin}">'
    return f'<?xml version="1.0"?>{head}<trk><type>running</type><trkseg>{points}</trkseg></trk></gpx>'.encode()


def _tcx(columns: NDArray[np.void], start: datetime) -> bytes:
    points = "\n".join(
        f"<Trackpoint><Time>{when}</Time><Position><LatitudeDegrees>{latitude:.7f}</LatitudeDegrees>"
        f"<LongitudeDegrees>{longitude:.7f}</LongitudeDegrees></Position><AltitudeMeters>{altitude:.1f}"
        f"</AltitudeMeters><DistanceMeters>{distance:.1f}</DistanceMeters><HeartRateBpm><Value>{beats}</Value>"
        "</HeartRateBpm></Trackpoint>"
        for when, latitude, longitude, altitude, beats, _, distance in _points(columns, start)
    )
    began = f"{start:%Y-%m-%dT%H:%M:%SZ}"
    xmlns = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
    return (
        f'<?xml version="1.0"?><TrainingCenterDatabase xmlns="{xmlns}"><Activities><Activity Sport="Running">'
        f'<Id>{began}</Id><Lap StartTime="{began}"><TotalTimeSeconds>{len(columns)}</TotalTimeSeconds>'
        f"<Track>{points}</Track></Lap></Activity></Activities></TrainingCenterDatabase>"
    ).encode()
