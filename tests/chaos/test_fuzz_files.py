"""
Whatever is handed in as a file is stored with numbers that a run can have, or failed with a reason one can read.

Broken files of every kind go through upload and worker on a real database, in a process of their own, so that
a crash is seen. Short by default; with `LOADWATCH_CHAOS=long` 5 000 files.
"""

import gzip
import io
import json
import math
import multiprocessing
import os
import random
import re
import struct
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import psutil
import pytest
from sqlalchemy import text

from tests.support.fit_writer import checksum, fit_file, fit_time, message, messages, run_fit

IS_LONG = os.environ.get("LOADWATCH_CHAOS") == "long"
N_FILES = 5_000 if IS_LONG else 60
DATABASES = ("sqlite", "postgresql") if IS_LONG else ("sqlite",)
SEED = 20261123
N_BATCHES = 5

SLOWEST_S: Final = 5.0
"""Of processor time, for one file."""

MAX_GROWTH_BYTES: Final = (40 if IS_LONG else 150) * 2**20
"""Between the first batch and the last; in the short form the first large file may come after the first batch. [B]"""

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "activity_files"
START = datetime(2026, 6, 1, 7, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

MOST_M, MOST_S, FASTEST_M_S = 1_000_000.0, 10 * 86_400.0, 12.0
"""No run is longer, in metres and in time, or faster on the whole."""

Broken = tuple[str, str, bytes]
"""How a file was broken, what it is called, and what is in it."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file, and what is wrong with that."""

    how: str
    state: str
    reason: str
    seconds: float
    faults: tuple[str, ...]


# whole files


def gpx(rng: random.Random, n: int = 40) -> bytes:
    points = "".join(
        f'<trkpt lat="{52.5 + i * 30 / 111_194.93:.7f}" lon="13.4"><ele>{50 + i / 10:.1f}</ele>'
        f"<time>{START + timedelta(seconds=10 * i):%Y-%m-%dT%H:%M:%SZ}</time>"
        f"<extensions><x:hr>{140 + i % 9}</x:hr><x:cad>85</x:cad></extensions></trkpt>"
        for i in range(n)
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<gpx creator="a watch" xmlns:x="y"><trk><name>Späte Runde</name>'
    return f"{head}<type>running</type><trkseg>{points}</trkseg></trk></gpx>".encode()


def tcx(rng: random.Random, n: int = 40) -> bytes:
    points = "".join(
        f"<Trackpoint><Time>{START + timedelta(seconds=10 * i):%Y-%m-%dT%H:%M:%SZ}</Time><Position>"
        f"<LatitudeDegrees>{52.5 + i * 30 / 111_194.93:.7f}</LatitudeDegrees>"
        f"<LongitudeDegrees>13.4</LongitudeDegrees></Position>"
        f"<AltitudeMeters>{50 + i / 10:.1f}</AltitudeMeters><DistanceMeters>{30 * i}</DistanceMeters>"
        f"<HeartRateBpm><Value>{140 + i % 9}</Value></HeartRateBpm></Trackpoint>"
        for i in range(n)
    )
    return (
        '<?xml version="1.0"?><TrainingCenterDatabase><Activities><Activity Sport="Running"><Id>x</Id>'
        f"<Lap><TotalTimeSeconds>{10 * n}</TotalTimeSeconds><DistanceMeters>{30 * (n - 1)}</DistanceMeters>"
        f"<Track>{points}</Track></Lap></Activity></Activities></TrainingCenterDatabase>"
    ).encode()


def fit(rng: random.Random, n: int = 60) -> bytes:
    watch = message("device_info", timestamp=fit_time(START), device_type=4, manufacturer=1, product=1, source_type=5)
    own = message("field_description", developer_data_index=0, field_definition_number=0, fit_base_type_id=2)
    return run_fit(n, START, parts=rng.choice(((), (watch,), (watch, own))))


def stream_set(rng: random.Random, n: int = 40) -> bytes:
    return json.dumps(
        {
            "time": {"data": [10 * i for i in range(n)]},
            "distance": {"data": [30.0 * i for i in range(n)]},
            "latlng": {"data": [[52.5 + i * 30 / 111_194.93, 13.4] for i in range(n)]},
            "altitude": {"data": [50.0] * n},
            "heartrate": {"data": [140] * n},
        }
    ).encode()


@cache
def recorded() -> tuple[tuple[str, bytes], ...]:
    """Small files of real watches and apps, unpacked; none where the shared data are not."""
    found = []
    for path in sorted(p for p in DATA.rglob("*") if p.is_file() and p.stat().st_size < 60_000):
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        if len(data) < 400_000:
            found.append((path.name.removesuffix(".gz"), data))
    return tuple(found)


def whole(rng: random.Random) -> tuple[str, bytes]:
    """A file that can be read, or could be before."""
    if recorded() and rng.random() < 0.4:
        return rng.choice(recorded())
    make: Callable[..., bytes] = rng.choice((fit, fit, gpx, tcx, stream_set))
    kind = {stream_set: "json"}.get(make, make.__name__)
    return f"run.{kind}", make(rng, rng.choice((0, 1, 2, 3, 40, 200)))


# ways to break them


def cut_off(rng: random.Random) -> Broken:
    name, data = whole(rng)
    return (
        "cut off",
        name,
        data[: rng.choice((rng.randrange(len(data) + 1), rng.randrange(20), max(len(data) - 1, 0)))],
    )


def with_wrong_bits(rng: random.Random) -> Broken:
    name, data = whole(rng)
    broken = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 30)) if data else 0):
        broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
    return "wrong bits", name, repaired(bytes(broken)) if rng.random() < 0.7 else bytes(broken)


def with_another_part(rng: random.Random) -> Broken:
    """A stretch left out, doubled, moved or overwritten."""
    name, data = whole(rng)
    a, b = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    b = min(b, a + rng.choice((1, 4, 50, 5000)))
    part = data[a:b]
    at = rng.randrange(len(data) + 1)
    other = rng.choice((b"", part + part, rng.randbytes(len(part)), b"\xff" * len(part), bytes(len(part))))
    broken = data[:a] + other + data[b:] if rng.random() < 0.7 else data[:at] + part + data[at:]
    return "another part", name, repaired(broken) if rng.random() < 0.7 else broken


def repaired(data: bytes) -> bytes:
    """A FIT file whose length and checksums are right again, so that readers go on; others as they are."""
    if data[8:12] != b".FIT" or len(data) < 16:
        return data
    body = data[14:-2] if data[0] == 14 else data[12:-2]
    header = struct.pack("<BBHI4s", 14, 0x20, 2132, len(body), b".FIT")
    header += struct.pack("<H", checksum(header))
    return header + body + struct.pack("<H", checksum(header + body))


ODD_TEXTS = (
    *("NaN", "inf", "-inf", "1e400", "-1e308", "1e-320", "", " ", "-", "0", "-0", "٣", "0x10", "1,5", "1 000", "--1"),
    *("90.1", "-181", "181", "360", "1e7", "999999999", "9" * 400, "0." + "0" * 400 + "1", "true", "None", "&#0;"),
    *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1989-12-31T00:00:00Z", "1970-01-01T00:00:00Z"),
    *("2038-01-19T03:14:08Z", "2026-06-01T07:00:00", "2026-06-01T07:00:00+23:59", "2026-02-30T07:00:00Z"),
    *("2026-06-01T24:00:00Z", "2026-06-01T07:00:60Z", "2026-W23-1T07:00:00Z", "20260601T070000Z", "2026-06-01"),
    *("2026-06-01T07:00:00.123456789Z", "2099-06-01T07:00:00Z", "٢٠٢٦-06-01T07:00:00Z", "2028-06-01T07:00:00Z"),
)
_VALUE = re.compile(rb'(?<=[>"\[, :])[-+.\dTZ:eE]+(?=[<"\],}])')


def with_odd_texts(rng: random.Random) -> Broken:
    """Numbers and times of GPX, TCX or JSON replaced: one, some, or all."""
    make: Callable[..., bytes] = rng.choice((gpx, tcx, stream_set))
    share = rng.choice((0.005, 0.005, 0.1, 1.0))
    odd = rng.sample(ODD_TEXTS, rng.choice((1, 1, 5)))
    data = _VALUE.sub(lambda m: rng.choice(odd).encode() if rng.random() < share else m[0], make(rng, 40))
    return f"odd texts in {make.__name__}", f"run.{make.__name__}", data


def with_odd_times(rng: random.Random) -> Broken:
    """Times that go backwards, stand still, or leap."""
    data = rng.choice((gpx, tcx))(rng, 40)
    leap = rng.choice((-1, 0, -3600, 86_400, 6 * 86_400, 8 * 86_400, 365 * 86_400, 20 * 365 * 86_400))
    share = rng.choice((0.05, 0.5, 1.0))
    at = START

    def moved(_: re.Match[bytes]) -> bytes:
        nonlocal at
        at += timedelta(seconds=leap if rng.random() < share else 10)
        at = at if 1 < at.year < 9990 else START
        return f"{at:%Y-%m-%dT%H:%M:%SZ}".encode().rjust(20, b"0")

    return f"odd times, {leap} s", "run.gpx", re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", moved, data)


ODD_NUMBERS = (0, 1, 127, 128, 254, 255, 256, 32_767, 65_534, 65_535, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1)


def odd_fit(rng: random.Random) -> Broken:
    """A FIT file that is right in form, whose values are not."""
    bits = {"position_lat": 31, "position_long": 31, "heart_rate": 8, "cadence": 8}
    n = rng.choice((2, 30, 300))
    odd = {rng.choice(("timestamp", "position_lat", "position_long", "distance", "enhanced_speed", "heart_rate"))}
    odd |= {"enhanced_altitude"} if rng.random() < 0.2 else set()
    share = rng.choice((0.02, 0.3, 1.0))
    began = fit_time(START)
    rows = []
    for i in range(n):
        row = {"timestamp": began + i, "position_lat": 626_000_000 + 300 * i, "position_long": 160_000_000}
        row |= {"distance": 300 * i, "enhanced_speed": 3000, "enhanced_altitude": 2750, "heart_rate": 140}
        for name in odd:
            if rng.random() < share:
                row[name] = rng.choice((*ODD_NUMBERS, rng.randrange(2**32))) % 2 ** bits.get(name, 32)
        rows.append(row)
    totals = {"timestamp": began + n, "start_time": began, "sport": 1, "sub_sport": 0}
    totals |= {"total_elapsed_time": 1000 * n, "total_distance": 300 * n, "total_ascent": 5, "total_descent": 5}
    if rng.random() < 0.5:
        name = rng.choice(("start_time", "total_elapsed_time", "total_distance", "total_ascent", "total_descent"))
        size = 16 if "scent" in name else 32
        totals[name] = rng.choice((*ODD_NUMBERS, rng.randrange(2**32), rng.randrange(10**9))) % 2**size
    parts = [message("file_id", type=rng.choice((4, 4, 4, 6, 255)), manufacturer=1, product=2691, time_created=began)]
    parts += [messages("record", rows), message("session", **totals)]
    if rng.random() < 0.2:
        rng.shuffle(parts)
    data = fit_file(*parts)
    return f"odd values in FIT: {', '.join(sorted(odd))}", "run.fit", data * rng.choice((1, 1, 1, 2))


def encoded(rng: random.Random) -> Broken:
    text = rng.choice((gpx, tcx, stream_set))(rng, 20).decode()
    how = rng.choice(
        ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1", "cp500", "utf-7")
    )
    return f"in {how}", "run.gpx", text.encode(how, errors="replace")


def packed(rng: random.Random) -> Broken:
    name, data = whole(rng)
    once = gzip.compress(data, 1)
    how = rng.choice(("twice", "cut off", "wrong bits", "two members", "rubbish behind", "an archive inside"))
    if how == "twice":
        return "packed twice", name + ".gz", gzip.compress(once)
    if how == "cut off":
        return "packed and cut off", name + ".gz", once[: rng.randrange(len(once))]
    if how == "two members":
        return "packed, two members", name + ".gz", once + once
    if how == "rubbish behind":
        return "packed, rubbish behind", name + ".gz", once + rng.randbytes(rng.randrange(50))
    if how == "an archive inside":
        return "an archive in gzip", name + ".gz", gzip.compress(archive(rng)[2])
    broken = bytearray(once)
    broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
    return "packed, wrong bits", name + ".gz", bytes(broken)


def bomb(rng: random.Random) -> Broken:
    laughs = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    bombs: dict[str, Callable[[], bytes]] = {
        "zeros in gzip": lambda: gzip.compress(bytes(70 * 2**20), 1),
        "a gzip bomb in gzip": lambda: gzip.compress(gzip.compress(bytes(20 * 2**20))),
        "laughs": lambda: f'<!DOCTYPE gpx [<!ENTITY a0 "ha">{laughs}]><gpx>&a9;</gpx>'.encode(),
        "an external entity": lambda: b'<!DOCTYPE gpx [<!ENTITY a SYSTEM "file:///etc/passwd">]><gpx>&a;</gpx>',
        "a quadratic entity": lambda: b'<!DOCTYPE g [<!ENTITY a "' + b"x" * 10**5 + b'">]><gpx>' + b"&a;" * 10**5,
        "a parameter entity": lambda: b'<!DOCTYPE g [<!ENTITY % a SYSTEM "http://127.0.0.1:1/">%a;]><gpx/>',
        "deep elements": lambda: b"<gpx>" + b"<a>" * 10**6,
        "deep elements in a point": lambda: b'<gpx><trk><trkseg><trkpt lat="1" lon="2">' + b"<a>" * 10**6,
        "deep JSON": lambda: b"[" * 10**6,
        "deep JSON objects": lambda: b'{"a":' * 10**5,
        "a long attribute": lambda: b'<gpx creator="' + b"x" * 10**7 + b'"><trk/></gpx>',
        "a long text": lambda: b"<gpx><trk><name>" + b"x" * 10**7 + b"</name></trk></gpx>",
        "many attributes": lambda: b"<gpx " + b" ".join(b'a%d="1"' % i for i in range(10**5)) + b"/>",
        "many empty tracks": lambda: b"<gpx>" + b"<trk/>" * 10**5 + b"</gpx>",
        "many empty points": lambda: b"<gpx><trk><trkseg>" + b"<trkpt/>" * 10**5 + b"</trkseg></trk></gpx>",
        "many ampersands": lambda: b"<gpx>" + b"&" * 10**6 + b"</gpx>",
        "a declared length": lambda: struct.pack("<BBHI4sH", 14, 32, 2132, 2**32 - 1, b".FIT", 0) + bytes(100),
        "a huge number": lambda: b'{"time": {"data": [' + b"9" * 10**5 + b", 1]}}",
    }
    how = rng.choice(sorted(bombs))
    return how, "run.gpx", bombs[how]()


def something_else(rng: random.Random) -> Broken:
    name, data = whole(rng)
    others = (
        b"",
        b"\0" * 100,
        b" \n",
        rng.randbytes(1000),
        b"<html>log in</html>",
        b"%PDF-1.4",
        b"\x89PNG",
        b"<kml/>",
    )
    if rng.random() < 0.5:
        return "another ending", rng.choice(("a.tcx", "a.fit", "a", "a.fit.gz", "a.jpg", "\0\n", "é" * 300)), data
    return "no activity", name, rng.choice(others)


def archive(rng: random.Random) -> Broken:
    """A zip archive with something wrong about it."""
    made = io.BytesIO()
    names = ("a.fit", "../../etc/a.gpx", "/a.tcx", "C:\\a.gpx", "a.fit", "x/y/z.gpx", "é.gpx", "a.gpx\n", "link.gpx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that stand in it twice
        with zipfile.ZipFile(made, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as out:
            for name in rng.sample(names, rng.randrange(1, 5)) * rng.choice((1, 1, 2)):
                info = zipfile.ZipInfo(name)
                if name.startswith("link"):
                    info.external_attr = 0o120777 << 16
                out.writestr(info, b"/etc/passwd" if name.startswith("link") else breaking(rng)(rng)[2][:200_000])
            if rng.random() < 0.4:
                out.writestr("activities.csv", table(rng))
            if rng.random() < 0.1:
                out.writestr("bomb.gpx", bytes(20 * 2**20), zipfile.ZIP_DEFLATED)
    data = bytearray(made.getvalue())
    how = rng.choice(("whole", "wrong bits", "cut off", "encrypted"))
    if how == "wrong bits":
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif how == "cut off":
        del data[rng.randrange(len(data)) :]
    elif how == "encrypted":
        data = bytearray(re.sub(rb"(PK\x01\x02....)(.)", lambda m: m[1] + b"\x01", bytes(data), flags=re.DOTALL))
        data = bytearray(re.sub(rb"(PK\x03\x04..)(.)", lambda m: m[1] + b"\x01", bytes(data), flags=re.DOTALL))
    return f"archive, {how}", "export.zip", bytes(data)


def table(rng: random.Random) -> bytes:
    """A list of activities with something wrong about it."""
    columns = [
        "Activity ID",
        "Activity Date",
        "Activity Name",
        "Activity Type",
        "Elapsed Time",
        "Distance",
        "Filename",
    ]
    columns += ["Elapsed Time", "Moving Time", "Distance"]
    rng.random() < 0.2 and rng.shuffle(columns)
    rows = [columns[: rng.choice((10, 10, 10, 5))]]
    odd = (*ODD_TEXTS, '"', "x\ny", "../../../etc/passwd", "a" * 200_000, "Sep 20, 2026, 2:12:12 PM", "\0", "=1+1")
    for i in range(rng.randrange(6)):
        row = [str(i), "Sep 20, 2026, 2:12:12 PM", "Run", "Run", "3600", "10.0", "", "3600.0", "3500.0", "10000.0"]
        for _ in range(rng.randrange(3)):
            row[rng.randrange(len(row))] = rng.choice(odd)
        rows.append(row[: rng.choice((10, 10, 3, 0))])
    text = "\n".join(",".join(f'"{c}"' if "," in c else c for c in row) for row in rows)
    return text.encode(rng.choice(("utf-8", "utf-8", "utf-16", "latin-1")), errors="replace")


WAYS = (
    *(
        cut_off,
        with_wrong_bits,
        with_wrong_bits,
        with_another_part,
        with_another_part,
        with_odd_texts,
        with_odd_texts,
    ),
    *(with_odd_times, odd_fit, odd_fit, encoded, packed, something_else),
)


def breaking(rng: random.Random) -> Callable[[random.Random], Broken]:
    return rng.choice(WAYS)


def broken_files(seed: int) -> Iterator[Broken]:
    """A stream of broken files, the same for the same seed."""
    rng = random.Random(seed)
    while True:
        way = rng.choice((*WAYS, archive, bomb)) if rng.random() < 0.3 else rng.choice(WAYS)
        yield way(rng)


# what becomes of them, in a process of its own


def hand_in(folder: Path, url: str, seed: int, n: int) -> tuple[list[Outcome], int]:
    """So many broken files through upload and worker; what became of each, and the memory of the process. [B]"""
    from loadwatch.adapters.files.archive import files_in
    from loadwatch.bootstrap import make_services
    from loadwatch.settings import Settings

    services = make_services(Settings(data_dir=folder, database_url=url, secret_key="k"), clock=lambda: NOW)
    athlete_id = services.accounts.athlete_by_email("ann@example.org")
    assert athlete_id is not None
    outcomes = []
    files = broken_files(seed)
    for how, name, data in (next(files) for _ in range(n)):
        given = [(name, data)]
        began = time.process_time()
        if name.endswith(".zip"):
            path = folder / "given.zip"
            path.write_bytes(data)
            members = list(files_in(path))
            given = [(m.name, m.data) for m in members if m.data is not None]
            reasons = [m.failed or m.skipped for m in members if m.data is None]
            outcomes += [Outcome(how, "left out", reason, 0.0, _faults_of_reason(reason)) for reason in reasons]
        for shown, content in given:
            upload_id = services.uploads.put(athlete_id, shown, content).upload.id
            services.file_ingest.read_next()
            upload = services.uploads.upload(athlete_id, upload_id)
            faults = _faults_of_reason(upload.reason) if upload.state == "failed" else ()
            faults += () if upload.state in ("stored", "failed") else (f"is {upload.state}",)
            seconds = time.process_time() - began
            began = time.process_time()
            outcomes.append(Outcome(how, upload.state, upload.reason or "", seconds, faults))
    with services.store.read() as tx:
        runs = tx.run_details_since(athlete_id, datetime(1, 1, 2, tzinfo=UTC))
    outcomes += [Outcome("run", "stored", d.run.name, 0.0, faults) for d in runs if (faults := _faults_of_run(d))]
    with services.engines.read.connect() as raw:
        broke = raw.execute(text("SELECT error FROM run_features WHERE error IS NOT NULL")).scalars()
        outcomes += [Outcome("analysis", "stored", "", 0.0, (f"broke down: {error}",)) for error in broke]
    services.close()
    return outcomes, psutil.Process().memory_info().rss


def _faults_of_reason(reason: str | None) -> tuple[str, ...]:
    if not reason or not reason[0].islower() or len(reason) > 400 or not reason.isprintable():
        return (f"no reason that one can read: {reason!r}",)
    return ("a fault of the program's own",) if "report it" in reason or "Traceback" in reason else ()


def _faults_of_run(detail: Any) -> tuple[str, ...]:
    """What no run can be."""
    run = detail.run
    f = run.features
    faults = []
    numbers = {name: getattr(run, name) for name in ("distance_m", "moving_s", "elapsed_s", "ascent_m")}
    if f is not None:
        numbers |= {
            f"features.{name}": getattr(f, name)
            for name in ("distance_m", "moving_s", "ascent_m", "descent_m", "eccentric_load_m", "flat_equivalent_m")
        }
    numbers["average_heartrate_bpm"] = detail.average_heartrate_bpm
    faults += [f"{k} is {v}" for k, v in numbers.items() if v is not None and not (math.isfinite(v) and v >= 0)]
    elapsed = run.elapsed_s or run.moving_s
    faults += [f"took {elapsed} s"] if elapsed and elapsed > MOST_S else []
    faults += (
        [f"began at {run.start}"] if not datetime(1998, 1, 1, tzinfo=UTC) < run.start < NOW + timedelta(1) else []
    )
    if run.sport not in ("Run", "TrailRun", "VirtualRun") or not run.distance_trusted:
        return tuple(faults)
    metres = run.distance_m or 0.0
    faults += [f"{metres} m"] if metres > MOST_M else []
    faults += [f"{metres} m in {elapsed} s"] if elapsed and metres > FASTEST_M_S * elapsed + 100 else []
    faults += [f"{run.ascent_m} m up in {metres} m"] if (run.ascent_m or 0) > metres + 50 else []
    if f is not None and f.best_20s_m_s is not None and f.best_20s_m_s > FASTEST_M_S:
        faults.append(f"20 s at {f.best_20s_m_s} m/s")
    return tuple(faults)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    from tests.support.postgres import create_database, drop_database

    server = request.getfixturevalue("postgres_server")
    url = create_database(server)
    yield url
    drop_database(server, url)


@pytest.mark.timeout(3600)
def test_a_broken_file_is_stored_with_possible_numbers_or_fails_with_a_reason(database_url: str, tmp_path: Path):
    from loadwatch.adapters.db import migrate
    from loadwatch.bootstrap import make_services
    from loadwatch.settings import Settings

    services = make_services(Settings(data_dir=tmp_path, database_url=database_url, secret_key="k"))
    migrate.upgrade(services.engines.write)
    services.accounts.sign_up("Ann", "ann@example.org", "a long password", "Europe/Berlin", force=True)
    services.close()

    outcomes: list[Outcome] = []
    memory = []
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        for batch in range(N_BATCHES):
            work = process.submit(hand_in, tmp_path, database_url, SEED + batch, N_FILES // N_BATCHES)
            more, rss = work.result(timeout=1800)  # BrokenProcessPool: it died
            outcomes += more
            memory.append(rss)

    states = Counter(o.state for o in outcomes)
    slowest = max(outcomes, key=lambda o: o.seconds)
    print(f"\n{len(outcomes)}", dict(states), f"slowest {slowest.seconds:.2f} s: {slowest.how}", f"memory {memory}")
    print(Counter(re.sub(r"\d[\d,.]*", "N", o.reason)[:110] for o in outcomes if o.state != "stored").most_common(40))
    assert sorted({(o.how, *o.faults, o.reason[:200]) for o in outcomes if o.faults})[:30] == []
    assert slowest.seconds < SLOWEST_S
    assert memory[-1] - memory[0] < MAX_GROWTH_BYTES
    assert states["stored"] > 0.2 * N_FILES
    assert states["failed"] > 0.2 * N_FILES
