"""A watched folder: whatever appears there, slowly, torn or twice; and what becomes of files later."""

import os
import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from loadwatch.adapters.files.watched import SETTLED_S, WatchedFolder
from loadwatch.bootstrap import Services
from loadwatch.services.errors import NotYours
from loadwatch.services.ports import RunDetail
from loadwatch.settings import Settings
from loadwatch.up import children
from loadwatch.watch_cli import _Watcher, whose
from tests.support.fit_writer import run_fit
from tests.support.seeding import ANN, BOB, NOW, athlete, seeded_services, sign_up
from workers.care import sweep

START = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


def runs(services: Services, email: str = ANN) -> list[RunDetail]:
    return services.views.runs(athlete(services, email), days=3000)


def gpx(n: int) -> bytes:
    points = "".join(
        f'<trkpt lat="{52.5 + i * 3 / 111_194.93:.7f}" lon="13.4">'
        f"<time>{(START + timedelta(seconds=i)):%Y-%m-%dT%H:%M:%SZ}</time></trkpt>"
        for i in range(n)
    )
    return f'<?xml version="1.0"?><gpx><trk><type>running</type><trkseg>{points}'.encode()


GPX_END = b"</trkseg></trk></gpx>"


class Folder:
    """A watched folder, and a clock that is moved by hand."""

    def __init__(self, services: Services, path: Path) -> None:
        self.path = path
        path.mkdir(exist_ok=True)
        self.services = services
        self.at_s = 0.0
        self.said: list[str] = []
        self.start()

    def start(self) -> None:
        memory = self.services.settings.data_dir / "watched" / "x.json"
        watched = WatchedFolder(self.path, memory, lambda: self.at_s)
        stop = threading.Event()
        self.watcher = _Watcher(self.services, watched, self.whose, "Run", self.said.append, stop)

    def whose(self, path: Path) -> int | None:
        return self.services.accounts.athlete_by_email(path.parts[0])

    def put(self, name: str, data: bytes) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def look(self, times: int = 2) -> list[str]:
        """Look so often, so long after each other that what lies still is complete; what was said."""
        self.said.clear()
        for _ in range(times):
            self.watcher.look()
            self.at_s += SETTLED_S
        return sorted(said.replace(f"{self.path}/", "") for said in self.said)


@pytest.fixture
def folder(services: Services, tmp_path: Path) -> Folder:
    return Folder(services, tmp_path / "watch")


def test_a_file_is_taken_in_once_it_lies_still(services: Services, folder: Folder) -> None:
    whole = run_fit(600, START)
    folder.put(f"{ANN}/2026/a.fit", whole[:4000])
    assert folder.look(1) == []
    folder.put(f"{ANN}/2026/a.fit", whole[:8000])
    assert folder.look(1) == []  # it has grown
    folder.put(f"{ANN}/2026/a.fit", whole)
    assert folder.look(1) == []

    assert folder.look(1) == [f"stored: {ANN}/2026/a.fit"]
    assert folder.look(3) == []
    assert [d.run.distance_m for d in runs(services)] == [1797.0]
    with services.store.read() as tx:
        assert not tx.assessment_waits(athlete(services))


def test_after_a_restart_nothing_is_taken_twice_and_a_lost_memory_does_no_harm(
    services: Services, folder: Folder
) -> None:
    folder.put(f"{ANN}/a.fit", run_fit(600, START))
    folder.look()

    folder.start()
    assert folder.look() == []

    shutil.rmtree(services.settings.data_dir / "watched")
    folder.start()
    assert folder.look() == [f"known already: {ANN}/a.fit"]
    assert len(runs(services)) == 1


def test_a_file_that_grows_after_it_was_taken_in_replaces_its_beginning(services: Services, folder: Folder) -> None:
    fit = run_fit(600, START + timedelta(hours=3))  # its head tells its length
    folder.put(f"{ANN}/a.gpx", gpx(300)), folder.put(f"{ANN}/b.fit", fit[:6000])
    folder.look()
    folder.put(f"{ANN}/a.gpx", gpx(600) + GPX_END), folder.put(f"{ANN}/b.fit", fit)

    said = folder.look()

    assert [line for line in said if line.startswith("replaced")] == [
        f"replaced: {ANN}/a.gpx: it has grown since it was taken in",
        f"replaced: {ANN}/b.fit: it has grown since it was taken in",
    ]
    assert {u.name for u in services.uploads.uploads(athlete(services))} == {
        str(folder.path / ANN / "a.gpx"),
        str(folder.path / ANN / "b.fit"),
    }
    assert sorted(round(d.run.distance_m or 0) for d in runs(services)) == [1797, 1797]


def test_another_run_under_the_same_name_replaces_nothing(services: Services, folder: Folder) -> None:
    folder.put(f"{ANN}/latest.fit", run_fit(300, START))
    folder.look()
    folder.put(f"{ANN}/latest.fit", run_fit(600, START + timedelta(days=1)))

    assert folder.look() == [f"stored: {ANN}/latest.fit"]
    assert len(runs(services)) == 2


def test_each_athlete_has_a_folder_and_what_is_nobodys_stays_out_with_a_word(
    services: Services, folder: Folder
) -> None:
    folder.put(f"{ANN}/a.fit", run_fit(60, START))
    folder.put(f"{BOB}/b.fit", run_fit(70, START))
    folder.put("c.fit", run_fit(80, START))
    folder.put(f"{ANN}/notes.txt", b"no run")
    folder.put(f"{ANN}/.syncing.fit", b"half")
    folder.put(f"{ANN}/broken.gpx", b"<gpx")
    (folder.path / ANN / "link.fit").symlink_to(folder.path / BOB / "b.fit")

    said = folder.look()

    assert [line.partition(": it")[0] for line in said] == [
        f"failed: {ANN}/broken.gpx",
        "skipped: c.fit: nothing says whose it is; see loadwatch import --help",
        f"stored: {ANN}/a.fit",
        f"stored: {BOB}/b.fit",
    ]
    assert folder.look() == []
    assert (len(runs(services)), len(runs(services, BOB))) == (1, 1)


def test_whose_a_file_is_the_owner_says_or_the_folder_or_that_there_is_but_one(
    services: Services, tmp_path: Path
) -> None:
    ann, bob = athlete(services), athlete(services, BOB)
    assert whose(services, bob, Path(ANN) / "a.fit") == bob
    assert whose(services, None, Path(ANN) / "2026" / "a.fit") == ann
    assert whose(services, None, Path("a.fit")) is None
    assert whose(services, None, Path(str(bob)) / "a.fit") is None

    alone = seeded_services(tmp_path / "alone")
    sign_up(alone, ANN)
    assert whose(alone, None, Path("2") / "a.fit") == athlete(alone)
    alone.close()


def test_loadwatch_up_watches_where_a_folder_is_set(tmp_path: Path) -> None:
    def started(**more: object) -> dict[str, list[str]]:
        return {c.name: list(c.argv) for c in children(Settings(data_dir=tmp_path, **more), 8000, {})}  # type: ignore[arg-type]

    assert "watch" not in started()
    assert started(watch_dir=tmp_path / "w")["watch"][-3:] == ["import", "--watch", str(tmp_path / "w")]


def test_a_folder_that_is_gone_for_a_while_is_said_once_and_taken_up_again(
    services: Services, folder: Folder
) -> None:
    moved = folder.path.with_name("elsewhere")
    folder.put(f"{ANN}/a.fit", run_fit(60, START))
    folder.path.rename(moved)
    assert [s.partition(": cannot")[1] for s in folder.look()] == [": cannot"]
    assert folder.look() == []

    moved.rename(folder.path)
    assert folder.look() == [f"stored: {ANN}/a.fit"]


def test_a_file_that_vanishes_between_two_looks_is_no_fault(services: Services, folder: Folder) -> None:
    path = folder.put(f"{ANN}/a.fit", run_fit(60, START))
    folder.look(1)
    path.unlink()

    assert folder.look() == []


# what becomes of files later


def test_a_deleted_file_takes_its_run_and_its_bytes_along_and_is_nobody_elses_to_delete(services: Services) -> None:
    ann = athlete(services)
    upload_id = services.uploads.put(ann, "a.fit", run_fit(600, START)).upload.id
    other_id = services.uploads.put(ann, "b.fit", run_fit(590, START)).upload.id  # the same run, shorter
    assert services.file_ingest.read_next() == 2
    with pytest.raises(NotYours):
        services.uploads.delete(athlete(services, BOB), upload_id)

    services.uploads.delete(ann, upload_id)

    with services.store.read() as tx:
        (total,) = tx.day_totals(ann, START.date(), START.date())
    assert total.distance_m == 3 * 589  # the other recording counts at once
    assert [u.id for u in services.uploads.uploads(ann)] == [other_id]
    assert len([p for p in (services.settings.data_dir / "uploads").rglob("*") if p.is_file()]) == 1


def test_a_file_deleted_while_a_worker_reads_it_leaves_no_run(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = athlete(services)
    upload_id = services.uploads.put(ann, "a.fit", run_fit(60, START)).upload.id
    read = services.file_ingest._read

    def slowly(data: bytes, name: str) -> object:
        services.uploads.delete(ann, upload_id)
        return read(data, name)

    monkeypatch.setattr(services.file_ingest, "_read", slowly)
    services.file_ingest.read_next()

    assert runs(services) == []


def test_bytes_that_no_row_knows_are_deleted_a_day_later(services: Services) -> None:
    ann = athlete(services)
    kept = services.uploads.put(ann, "a.fit", run_fit(60, START)).upload.sha256
    folder = services.settings.data_dir / "uploads"
    left = [folder / str(ann) / ("0" * 64), folder / str(ann) / f"{'1' * 64}.zip", folder / "incoming" / "part.x"]
    left += [folder / "77" / kept, folder / str(ann) / "part.y"]  # of an athlete who is gone; of a killed process
    fresh = folder / str(ann) / ("2" * 64)
    for path in (*left, fresh):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    for path in (*left, folder / str(ann) / kept):
        os.utime(path, (NOW.timestamp() - 90_000,) * 2)
    os.utime(fresh, (NOW.timestamp() - 80_000,) * 2)

    services.uploads.tidy()

    assert {p for p in folder.rglob("*") if p.is_file()} == {folder / str(ann) / kept, fresh}


def test_when_features_change_the_originals_are_read_again_the_newest_first_and_after_what_waits(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = athlete(services)
    for days in (3, 2, 1):
        services.uploads.put(ann, f"{days}.fit", run_fit(60, START - timedelta(days=days)))
        services.file_ingest.read_next()
    monkeypatch.setattr("workers.care.services", lambda: services)
    monkeypatch.setattr("loadwatch.services.uploads.AGAIN_AT_ONCE", 2)
    assert services.file_ingest.want_again() == 0  # all are of today's version

    for detail in runs(services):
        with services.store.write() as tx:
            assert detail.run.features is not None
            tx.put_features_error(detail.run.id, 0, "old", NOW)
    services.uploads.put(ann, "new.fit", run_fit(60, START))
    assert services.file_ingest.want_again() == 0
    services.file_ingest.read_next()

    sweep()
    assert [d.features_error for d in runs(services)] == [None, None, None, "old"]
    sweep()
    assert [d.features_error for d in runs(services)] == [None] * 4
    assert {u.state for u in services.uploads.uploads(ann)} == {"stored"}
