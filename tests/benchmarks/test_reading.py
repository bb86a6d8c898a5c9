"""
Reading a run: ours against the other readers, on the same bytes in the same process.

Each ratio is one of the best of some rounds taken in turn, so that a slow moment of the machine meets all alike.
Run with `./run bench -s` to see the summary.
"""

import gzip
import io
import time
import warnings
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fitdecode
import fitparse
import gpxpy
import pytest

from loadwatch.adapters.files import read_recordings
from tests.support.fit_writer import fit_time, message, run_fit

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "activity_files"
ROUNDS = 10
START = datetime(2026, 11, 1, 8, tzinfo=UTC)


def largest(ending: str) -> tuple[str, bytes] | None:
    """The largest real file of a kind that holds one run, unpacked."""
    files = [(p.name, p.read_bytes()) for p in DATA.rglob(f"*{ending}*")] if DATA.is_dir() else []
    unpacked = [(name, gzip.decompress(data) if name.endswith(".gz") else data) for name, data in files]
    return max(filter(_is_whole_run, unpacked), key=lambda f: len(f[1]), default=None)


def _is_whole_run(file: tuple[str, bytes]) -> bool:
    found = read_recordings(file[1], file[0])
    return len(found) == 1 and found[0].sport in ("Run", "TrailRun") and not found[0].notes


def made_fit() -> bytes:
    """An hour at one sample a second."""
    watch = message(
        "device_info", timestamp=fit_time(START), manufacturer=1, product=2691, device_type=4, source_type=5
    )
    return run_fit(3600, START, parts=[watch])


def made_gpx() -> bytes:
    points = "".join(
        f'<trkpt lat="{52.5 + i * 2.7e-5:.7f}" lon="13.4000000"><ele>{50 + i / 60:.1f}</ele>'
        f"<time>2026-11-01T{8 + i // 3600:02}:{i // 60 % 60:02}:{i % 60:02}Z</time><extensions>"
        f"<gpxtpx:TrackPointExtension><gpxtpx:hr>140</gpxtpx:hr><gpxtpx:cad>85</gpxtpx:cad>"
        f"</gpxtpx:TrackPointExtension></extensions></trkpt>\n"
        for i in range(3600)
    )
    garmin = "http://www.garmin.com/xmlschemas/TrackPointExtension/v1"
    head = f'<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1" xmlns:gpxtpx="{garmin}">'
    return f'<?xml version="1.0"?>{head}<trk><trkseg>{points}</trkseg></trk></gpx>'.encode()


def with_fitdecode(data: bytes) -> list[Any]:
    with fitdecode.FitReader(io.BytesIO(data), check_crc=fitdecode.CrcCheck.RAISE) as frames:
        return [
            {field.name: field.value for field in frame.fields}
            for frame in frames
            if isinstance(frame, fitdecode.FitDataMessage)
        ]


def with_fitparse(data: bytes) -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [m.get_values() for m in fitparse.FitFile(io.BytesIO(data)).get_messages()]


def best(readers: Iterable[Callable[[], Any]]) -> list[float]:
    """Shortest time of each; rounds of all, one after the other. [s]"""
    readers = list(readers)
    taken: list[list[float]] = [[] for _ in readers]
    for _ in range(ROUNDS):
        for reader, times in zip(readers, taken, strict=True):
            began = time.perf_counter()
            reader()
            times.append(time.perf_counter() - began)
    return [min(times) for times in taken]


@pytest.mark.parametrize("which", ["real", "made"])
def test_fit(which: str, benchmark: Any) -> None:
    """A FIT file into recordings; fitdecode and fitparse decode its messages into values, no more."""
    name, data = (largest(".fit") if which == "real" else ("3600 records", made_fit())) or ("", b"")
    if not data:
        pytest.skip(f"the activity files are not here: no folder {DATA}")
    (found,) = read_recordings(data, name)
    ours, decode, parse = best(
        (lambda: read_recordings(data, name), lambda: with_fitdecode(data), lambda: with_fitparse(data))
    )
    benchmark.extra_info.update(times_fitdecode=decode / ours, times_fitparse=parse / ours)
    print(
        f"\nFIT, {name} ({len(data) / 1000:.0f} kB, {len(found.streams)} samples): {1000 * ours:.1f} ms;"
        f" {decode / ours:.0f} times fitdecode's speed, {parse / ours:.0f} times fitparse's"
    )
    benchmark.pedantic(read_recordings, (data, name), rounds=20, warmup_rounds=1)


@pytest.mark.parametrize("which", ["real", "made"])
def test_gpx(which: str, benchmark: Any) -> None:
    """A GPX file into recordings; gpxpy makes objects of it."""
    name, data = (largest(".gpx") if which == "real" else ("3600 points", made_gpx())) or ("", b"")
    if not data:
        pytest.skip(f"the activity files are not here: no folder {DATA}")
    text = data.decode()
    (found,) = read_recordings(data, name)
    ours, others = best((lambda: read_recordings(data, name), lambda: gpxpy.parse(text)))
    benchmark.extra_info.update(times_gpxpy=others / ours)
    print(
        f"\nGPX, {name} ({len(data) / 1000:.0f} kB, {len(found.streams)} points): {1000 * ours:.1f} ms;"
        f" {others / ours:.1f} times gpxpy's speed"
    )
    benchmark.pedantic(read_recordings, (data, name), rounds=20, warmup_rounds=1)
