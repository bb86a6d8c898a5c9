"""
A Strava export of 3,000 runs through `loadwatch import`, with a worker of two processes beside it.

The anchor is measured in the same run: fitfast decoding all messages of the very same FIT files, unpacked and in
memory, in one process, and nothing else done with them. LOADWATCH_BENCH_FILES=300 is for a quick try;
LOADWATCH_BENCH_DATABASE=postgresql imports into that. Run with `./run bench -s` to see the summary.
"""

import gzip
import os
import statistics
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fitfast
import psutil
import pytest

from tests.support.exports import made_runs, write_export
from tests.support.postgres import create_database
from tests.support.stack import Stack, running_stack, wait_until

FILES = int(os.environ.get("LOADWATCH_BENCH_FILES", "3000"))
ANCHORED = 200
"""So many of the FIT files are decoded to measure the anchor, before the import and again after it."""

LEAST_SHARE = 0.5
MOST_MB = 200.0
LONGEST_WAIT_S = 5.0
"""Nineteen pushes of twenty are stored sooner; the longest is shown."""


@dataclass
class Use:
    """What each process held in memory, by its part and number [MB], and what time it had on a processor [s]."""

    courses: dict[str, list[float]] = field(default_factory=dict)
    cpu_s: dict[str, list[float]] = field(default_factory=dict)

    def sample(self, parts: dict[str, psutil.Process]) -> None:
        for part, root in parts.items():
            try:
                for process in (root, *root.children(recursive=True)):
                    name = f"{part} {process.pid}"
                    self.courses.setdefault(name, []).append(process.memory_info().rss / 1e6)
                    times = process.cpu_times()
                    self.cpu_s.setdefault(name, []).append(times.user + times.system)
            except psutil.Error:
                continue  # it ended meanwhile

    @property
    def computed_s(self) -> float:
        """Of all processes together, since the first sample."""
        return sum(times[-1] - times[0] for times in self.cpu_s.values())

    @property
    def highest(self) -> float:
        return max(max(course) for course in self.courses.values())

    def shown(self) -> str:
        lines = []
        for name, course in self.courses.items():
            tenths = [course[int(n * (len(course) - 1) / 6)] for n in range(7)]
            lines.append(f"  {name:16} {' '.join(f'{mb:4.0f}' for mb in tenths)}   highest {max(course):.0f}")
        return "\n".join(lines)


@contextmanager
def sampled(parts: dict[str, psutil.Process], every_s: float = 0.1) -> Iterator[Use]:
    use, over = Use(), threading.Event()

    def watch() -> None:
        while not over.wait(every_s):
            use.sample(parts)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield use
    finally:
        over.set()
        watcher.join()


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "export_1.zip"
    write_export(path, made_runs(FILES))
    return path


@pytest.fixture
def stack(request: pytest.FixtureRequest, redis_url: str, tmp_path: Path) -> Iterator[Stack]:
    """Broker, webhooks and a worker of two processes, on a fresh database."""
    url = f"sqlite:///{tmp_path / 'loadwatch.db'}"
    if os.environ.get("LOADWATCH_BENCH_DATABASE") == "postgresql":
        url = create_database(request.getfixturevalue("postgres_server"))
    with running_stack(tmp_path, url, redis_url) as stack:
        stack.start_webhooks()
        stack.start_worker()
        yield stack


def decoded_per_s(
    export: Path, decode: Callable[[bytes], object], clock: Callable[[], float] = time.perf_counter
) -> float:
    """FIT files of the archive that a reader gets through in a second; unpacking is not counted."""
    with zipfile.ZipFile(export) as archive:
        names = [n for n in archive.namelist() if n.endswith(".fit.gz")][:ANCHORED]
        files = [gzip.decompress(archive.read(n)) for n in names]
    began = clock()
    for data in files:
        decode(data)
    return len(files) / (clock() - began)


def is_read_and_judged(stack: Stack, athlete_id: int) -> bool:
    with stack.services.store.read() as tx:
        return not tx.has_unread_files(athlete_id, datetime.now(UTC)) and not tx.assessment_waits(athlete_id)


def n_stored(stack: Stack) -> int:
    with stack.services.engines.read.connect() as raw:
        return int(raw.exec_driver_sql("SELECT count(*) FROM runs WHERE source = 'file'").scalar_one())


@pytest.mark.timeout(900)
def test_an_export_of_thousands_is_imported_at_half_the_speed_of_bare_reading(stack: Stack, export: Path) -> None:
    athlete_id = stack.connect()
    before = decoded_per_s(export, fitfast.parse)

    began = time.perf_counter()
    importing = stack.start("import", "import", str(export))
    del stack.processes["import"]  # it ends by itself
    parts = {"import": psutil.Process(importing.pid), "worker": psutil.Process(stack.processes["worker"].pid)}
    with sampled(parts) as use:
        wait_until(lambda: importing.poll() is not None, "the import ends", 850, every_s=0.05)
        wait_until(lambda: is_read_and_judged(stack, athlete_id), "all is judged", 60, every_s=0.05)
    taken_s = time.perf_counter() - began

    anchor = statistics.mean((before, decoded_per_s(export, fitfast.parse)))
    imported = FILES / taken_s
    print(
        f"\n{FILES} files in {taken_s:.1f} s: {imported:.1f} files/s, from the command to the last judgement"
        f"\nfitfast alone, all messages as dictionaries, one process: {anchor:.1f} files/s; share"
        f" {imported / anchor:.2f}"
        f"\nthe same, its values thrown away: {decoded_per_s(export, fitfast.count):.1f} files/s;"
        f" its records alone, as columns: {decoded_per_s(export, fitfast.records):.1f} files/s"
        f"\nprocessor time of all processes: {1000 * use.computed_s / FILES:.1f} ms a file; fitfast's"
        f" {1000 / decoded_per_s(export, fitfast.parse, time.process_time):.1f} ms"
        f"\nmemory, RSS in MB from start to end:\n{use.shown()}"
    )
    assert n_stored(stack) == FILES, stack.log("import") + stack.log("worker")[-3000:]
    assert importing.returncode == 0
    assert use.highest <= MOST_MB
    assert imported >= LEAST_SHARE * anchor


@pytest.mark.timeout(900)
def test_a_run_pushed_during_an_import_waits_for_seconds_at_most(stack: Stack, export: Path) -> None:
    athlete_id = stack.connect()
    stack.subscribe()
    alone = [pushed_s(stack, athlete_id, n) for n in range(1, 6)]

    importing = stack.start("import", "import", str(export))
    del stack.processes["import"]
    during: list[float] = []
    while importing.poll() is None:
        during.append(pushed_s(stack, athlete_id, 10 + len(during)))
        time.sleep(0.3)

    of_twenty = sorted(during)[int(0.95 * len(during))]
    print(
        f"\na push until its run is stored, alone: {statistics.median(alone):.2f} s; during an import of {FILES}"
        f" files: median {statistics.median(during):.2f} s, 19 of 20 within {of_twenty:.2f} s, longest"
        f" {max(during):.2f} s ({len(during)} pushes)"
    )
    assert of_twenty <= LONGEST_WAIT_S


def pushed_s(stack: Stack, athlete_id: int, n: int) -> float:
    """How long a new activity takes from its push to its row. [s]"""
    start = datetime.now(UTC) - timedelta(hours=2 * n)
    began = time.perf_counter()
    activity = {
        "id": n,
        "name": "Run",
        "sport_type": "Run",
        "distance": 8000.0,
        "moving_time": 2900,
        "elapsed_time": 2900,
        "start_date": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "start_date_local": f"{start:%Y-%m-%dT%H:%M:%SZ}",
    }
    stack.sim.add_activity(activity)
    wait_until(lambda: n in stack.run_ids(athlete_id), f"activity {n} is stored", 120, every_s=0.02)
    return time.perf_counter() - began
