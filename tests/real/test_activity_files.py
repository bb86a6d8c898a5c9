"""Files of many watches and apps, as people upload them, against second implementations of the readers."""

import gzip
import io
import math
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fitdecode
import fitfast
import gpxpy
import numpy as np
import pytest

from loadwatch.adapters.files import UnreadableFile, read_file, read_recordings
from loadwatch.adapters.files.fit_extract import only
from loadwatch.domain.activity import Recording

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "activity_files"
FILES = sorted(p for p in DATA.rglob("*") if p.is_file()) if DATA.is_dir() else []

pytestmark = pytest.mark.skipif(
    not DATA.is_dir() and os.environ.get("CI") != "true", reason=f"the activity files are not here: no folder {DATA}"
)

SLOWEST_S = 2.0
NAN = math.nan


def named(*kinds: str) -> Any:
    """The files of these kinds, one test each."""
    files = [p for p in FILES if any(f".{kind}" in p.name for kind in kinds)]
    return pytest.mark.parametrize("path", files, ids=[p.name[-60:] for p in files])


def content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def seconds(moment: datetime) -> float:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()


def test_the_files_are_there():
    assert len(FILES) >= 124


@named("fit", "gpx", "tcx")
def test_a_file_gives_recordings_or_one_clear_line_in_good_time(path):
    began = time.process_time()  # not the wall's: machines that run tests are shared
    try:
        recordings, error = read_file(path), ""
    except UnreadableFile as refused:
        recordings, error = (), str(refused)
    took_s = time.process_time() - began

    assert took_s < SLOWEST_S
    assert bool(recordings) != bool(error)
    assert "\n" not in error
    for found in recordings:
        check(found)


def check(found: Recording) -> None:
    streams = found.streams
    assert len(streams) >= 2
    assert streams.time_s[0] == 0
    assert np.isfinite(streams.time_s).all()
    assert found.elapsed_s is None or 0 < found.elapsed_s < 2 * 86_400
    assert found.start is None or datetime(2005, 1, 1, tzinfo=UTC) < found.start < datetime(2026, 1, 1, tzinfo=UTC)
    for channel in (streams.distance_m, streams.latitude_deg, streams.longitude_deg, streams.altitude_m):
        assert channel is None or len(channel) == len(streams)
        assert channel is None or not np.isnan(channel).all()


def test_every_file_of_this_collection_holds_something():
    """Broken, cut off and indoor ones included: of each some of it can be used."""
    assert all(read_file(path) for path in FILES)


@named("fit")
def test_what_a_file_is_cut_down_to_reads_as_in_the_whole(path):
    kinds = {"file_id": 0, "sport": 12, "session": 18, "device_info": 23}
    data = content(path)
    cut = only(data, {*kinds.values(), 206, 207})
    if cut is None:
        return  # then the whole is read
    try:
        wholes = {kind: fitfast.records(data, kind) for kind in kinds}
    except fitfast.FitDecodeError:
        return  # another reader's
    for kind, whole in wholes.items():
        part = fitfast.records(cut, kind)
        assert whole.keys() == part.keys()
        assert all(np.array_equal(whole[name], part[name], equal_nan=True) for name in whole)


# a second implementation


def merged(times: list[float], rows: list[list[float]]) -> tuple[list[float], list[list[float]]]:
    """Neighbours of one time as one sample, the first value of each channel counting."""
    kept_times: list[float] = []
    kept: list[list[float]] = []
    for at, row in zip(times, rows, strict=True):
        if kept_times and kept_times[-1] == at:
            kept[-1] = [new if math.isnan(old) else old for old, new in zip(kept[-1], row, strict=True)]
        else:
            kept_times.append(at)
            kept.append(list(row))
    return kept_times, kept


@named("gpx")
def test_gpxpy_finds_the_same_points(path):
    data = content(path)
    expected_times: list[float] = []
    expected: list[list[float]] = []
    for track in gpxpy.parse(data.decode()).tracks:
        points = [point for segment in track.segments for point in segment.points]
        timed = sum(p.time is not None for p in points) > 1
        points = [p for p in points if p.time is not None or not timed]
        times = [seconds(p.time) if p.time and timed else float(i) for i, p in enumerate(points)]
        rows = [[p.latitude, p.longitude, NAN if p.elevation is None else p.elevation] for p in points]
        own_times, own = merged(times, rows)
        expected_times += own_times
        expected += own

    recordings = read_recordings(data, path.name)

    times = [t + (seconds(r.start) if r.start else 0.0) for r in recordings for t in r.streams.time_s]
    assert times == pytest.approx(expected_times, abs=1e-5)
    found = np.concatenate([columns(r, "latitude_deg", "longitude_deg", "altitude_m") for r in recordings])
    np.testing.assert_allclose(found, np.array(expected), rtol=0, atol=1e-12)


def columns(found: Recording, *names: str) -> np.ndarray:
    absent = np.full(len(found.streams), NAN)
    channels = [getattr(found.streams, name) for name in names]
    return np.column_stack([absent if c is None else c for c in channels])


def decoded(data: bytes) -> tuple[list[float], list[list[float]]] | None:
    """Times, and distance, altitude and position of each record, as fitdecode gives them; None if it cannot."""
    times: list[float] = []
    rows: list[list[float]] = []
    with fitdecode.FitReader(
        io.BytesIO(data), check_crc=fitdecode.CrcCheck.READONLY, error_handling=fitdecode.ErrorHandling.IGNORE
    ) as frames:
        try:
            for frame in frames:
                if isinstance(frame, fitdecode.FitDataMessage) and frame.name == "record":
                    values = {f.name: f.value for f in frame.fields if f.value is not None}
                    at = values["timestamp"]
                    times.append(seconds(at) if isinstance(at, datetime) else at)
                    altitude = values.get("enhanced_altitude", values.get("altitude", NAN))
                    place = [values.get(name, NAN) * 180 / 2**31 for name in ("position_lat", "position_long")]
                    rows.append([values.get("distance", NAN), altitude, *place])
        except fitdecode.FitError:
            return None
    return times, rows


@named("fit")
def test_fitdecode_finds_the_same_samples(path):
    data = content(path)
    oracle = decoded(data)
    if oracle is None:
        pytest.skip("fitdecode cannot read it to its end")
    times, rows = merged(*oracle)
    expected = np.array(rows)

    recordings = read_recordings(data, path.name)

    first = seconds(recordings[0].start) if recordings[0].start else times[0]
    starts = [seconds(r.start) if r.start else first for r in recordings]
    found_times = [s + t for s, r in zip(starts, recordings, strict=True) for t in r.streams.time_s]
    assert found_times == times
    found = np.concatenate([columns(r, "altitude_m", "latitude_deg", "longitude_deg") for r in recordings])
    np.testing.assert_allclose(found, expected[:, 1:], rtol=0, atol=1e-9)
    n = 0
    for r in recordings:
        own = expected[n : n + len(r.streams), 0]
        n += len(r.streams)
        if r.streams.distance_m is None:
            assert np.isnan(own).all()
        else:  # of later sessions counted from their own start
            np.testing.assert_allclose(np.diff(r.streams.distance_m), np.diff(own), rtol=0, atol=1e-6)
    if recordings[0].streams.distance_m is not None:
        np.testing.assert_array_equal(recordings[0].streams.distance_m[:10], expected[:10, 0])


# what is known of single files


def recordings_of(ending: str) -> tuple[Recording, ...]:
    (path,) = [p for p in FILES if p.name.endswith(ending)]
    return read_file(path)


def test_a_triathlon_comes_apart():
    found = recordings_of("sample_mulitple_header.fit.gz")

    assert [r.sport for r in found] == ["Swim", "Workout", "Ride", "Workout", "Run"]
    for part in found:
        assert part.streams.distance_m is not None
        assert part.reported_distance_m is not None
        assert float(part.streams.distance_m[-1]) == pytest.approx(part.reported_distance_m, abs=8)


def test_barometers_are_known_where_the_watch_lists_its_sensors():
    """A Fenix 5 and a Forerunner 645 have one, a Venu Sq has none; the Fenix 2 listed nothing yet."""
    endings = ["garmin-fenix-5-run.fit", "fit__run.fit.gz", "Laufen_Landal_Park.fit.gz", "small-fenix2-run.fit.gz"]

    assert [recordings_of(e)[0].has_barometer for e in endings] == [True, True, False, None]


def test_of_a_file_that_breaks_off_the_note_tells():
    for ending in ("nick.fit.gz", "unexpected-eof.fit", "strava-android-app-201.10-b1218918.fit.gz"):
        assert any("damaged or cut off" in note for note in recordings_of(ending)[-1].notes)


def test_an_old_foot_pods_distance_is_read():
    (found,) = recordings_of("compressed-speed-distance.fit")

    assert found.streams.distance_m is not None
    assert found.reported_distance_m == pytest.approx(float(np.nanmax(found.streams.distance_m)), abs=0.1)


@pytest.mark.parametrize(("gpx", "tcx"), [("gpx__run.gpx.gz", "tcx__run.tcx.gz")])
def test_two_exports_of_one_run_agree(gpx, tcx):
    (a,), (b,) = recordings_of(gpx), recordings_of(tcx)

    assert a.start == b.start
    assert a.streams.time_s.tolist() == b.streams.time_s.tolist()
    np.testing.assert_allclose(a.streams.latitude_deg, b.streams.latitude_deg, atol=1e-5)
