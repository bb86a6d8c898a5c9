"""A whole history as one zip archive, through the page and the API: streamed in, taken apart, and deleted."""

import gzip
import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from loadwatch.adapters.db.tables import Base
from loadwatch.adapters.incoming import ALIVE
from loadwatch.api import create_api
from loadwatch.bootstrap import Services, make_services
from loadwatch.dashboard import create_app
from loadwatch.services.archives import ArchiveIngestService
from loadwatch.serving import post_worker_init
from loadwatch.settings import Settings
from tests.support.fit_writer import run_fit
from tests.support.seeding import ANN, BOB, NOW, PASSWORD, athlete, sign_up

START = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
HEADER = (
    "Activity ID,Activity Date,Activity Name,Activity Type,Elapsed Time,Distance,Filename,Elapsed Time,Distance\n"
)
ROWS = [
    '11,"Nov 20, 2026, 5:00:00 PM",Club evening,Run,599,1.80,activities/901.fit.gz,599.0,1797.0',
    '12,"Nov 18, 2026, 5:00:00 PM",Lost,Run,599,1.80,activities/902.fit.gz,599.0,1797.0',
    '13,"Nov 17, 2026, 5:00:00 PM",Typed in,Run,1800,5.00,,1800.0,5000.0',
    '14,"Nov 16, 2026, 5:00:00 PM",Yoga,Yoga,1800,0,,1800.0,0',
]


def export(n_more: int = 0, header: str = HEADER, **more: bytes) -> bytes:
    """A Strava export: a named run, one whose file is missing, one typed in, one of which too little is told."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("export/activities.csv", header + "\n".join(ROWS) + "\n")
        more.setdefault("901.fit.gz", gzip.compress(run_fit(600, START), mtime=0))
        archive.writestr("export/media/1.jpg", b"\xff\xd8\xff")
        for n in range(n_more):
            archive.writestr(f"export/activities/x{n:04}.fit", run_fit(60, START - timedelta(days=n + 10)))
        for name, data in more.items():
            archive.writestr(f"export/activities/{name}", data)
    return out.getvalue()


PAGES: dict[str, Any] = {}


def logged_in(services: Services, email: str = ANN) -> Any:
    """A browser; it is logged in once, as all copies of the data folder have the same key and the same accounts."""
    if email not in PAGES:
        config = {"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False}
        PAGES[email] = create_app(services, config=config).test_client()
        PAGES[email].post("/login", data={"email": email, "password": PASSWORD})
    PAGES[email].application.extensions["loadwatch"] = services
    return PAGES[email]


def send(services: Services, data: bytes, name: str = "export_1.zip") -> Any:
    files = {"files": [(io.BytesIO(data), name)]}
    return logged_in(services).post("/upload", data=files, follow_redirects=True)


def work(services: Services) -> None:
    """What a worker does with archives and files."""
    while due := services.archive_ingest.due():
        for archive_id in due:
            services.archive_ingest.work_off(archive_id)
    while services.file_ingest.read_next():
        pass


def names(services: Services) -> list[str]:
    return sorted(d.run.name for d in services.views.runs(athlete(services), days=3000))


def zips(services: Services) -> list[Path]:
    return [p for p in (services.settings.data_dir / "uploads").rglob("*") if p.suffix == ".zip"]


def parts(services: Services) -> list[Path]:
    return list((services.settings.data_dir / "uploads").rglob("part.*"))


def slices(services: Services) -> ArchiveIngestService:
    """A worker whose every slice is over at once."""
    slow = services.archive_ingest
    ticks = iter(range(0, 10_000, 100))
    slow._monotonic = lambda: float(next(ticks))
    return slow


def test_an_export_handed_in_on_the_page_becomes_runs_and_its_bytes_go(services: Services) -> None:
    page = send(services, export(**{"b.gpx": b"broken"}))
    assert "1 file taken in" in page.text
    assert "waiting" in page.text
    assert len(zips(services)) == 1

    work(services)

    assert names(services) == ["Club evening", "Typed in"]
    assert zips(services) == parts(services) == []
    (archive,) = services.archives.archives(athlete(services))
    assert (archive.state, archive.n_entries, archive.n_taken, archive.n_left_out) == ("stored", 5, 5, 2)
    report = logged_in(services).get(f"/upload/archives/{archive.id}").text
    assert "5 of 5 entries gone through, 2 left out" in report
    assert "is named in the list and missing in the archive" in report
    assert "activity 14" in report
    assert "export/activities/b.gpx" in report  # could not be read
    listed = logged_in(services).get("/upload").text
    assert "901.fit.gz" not in listed  # of an archive's files the archive tells
    assert "export_1.zip" in listed


def test_slice_by_slice_with_what_is_done_and_killed_in_between_nothing_is_lost_or_doubled(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadwatch.services.archives.NOTED_EVERY", 3)
    ann = athlete(services)
    send(services, export(n_more=5))
    (archive_id,) = services.archive_ingest.due()
    ingest = slices(services)

    assert ingest.work_off(archive_id)
    (archive,) = services.archives.archives(ann)
    assert (archive.n_taken, archive.n_entries) == (3, 9)
    assert "3 of 9 entries gone through" in logged_in(services).get("/upload").text

    with services.store.write() as tx:  # killed before it noted the next three, of which one was handed in
        tx.claim_archive(archive_id, "elsewhere/1/0", [], NOW, NOW)
    services.uploads.put(ann, "x0000.fit", run_fit(60, START - timedelta(days=10)))
    while ingest.work_off(archive_id):
        pass
    work(services)

    assert len(names(services)) == 7
    (archive,) = services.archives.archives(ann)
    assert (archive.state, archive.n_left_out) == ("stored", 2)
    assert zips(services) == []


def test_one_whose_end_was_noted_before_its_worker_died_is_finished(services: Services) -> None:
    send(services, export())
    (archive_id,) = services.archive_ingest.due()
    services.archive_ingest.work_off(archive_id)
    with services.store.write() as tx:
        tx.settle_archive(archive_id, "waiting", NOW, next_attempt_at=NOW)

    assert not services.archive_ingest.work_off(archive_id)

    assert services.archives.archives(athlete(services))[0].state == "stored"


def test_the_same_archive_once_more_repeats_nothing(services: Services) -> None:
    for packed_at in (1, 2):  # as an archive that was requested twice
        first = gzip.compress(run_fit(600, START), mtime=packed_at)
        send(services, export(**{"901.fit.gz": first}))
        work(services)

    assert names(services) == ["Club evening", "Typed in"]
    assert len(services.archives.archives(athlete(services))) == 2
    send(services, export(**{"901.fit.gz": first}))
    work(services)
    assert len(services.archives.archives(athlete(services))) == 2


def test_one_that_kills_each_worker_is_left_alone(services: Services) -> None:
    send(services, export())
    (archive_id,) = services.archive_ingest.due()
    for _ in range(3):
        with services.store.write() as tx:
            tx.claim_archive(archive_id, "elsewhere/1/0", ["elsewhere/1/0"], NOW, NOW)
    services.archive_ingest.work_off(archive_id)

    (archive,) = services.archives.archives(athlete(services))
    assert archive.state == "failed"
    assert "broke off" in (archive.reason or "")


def test_broken_and_empty_archives_fail_with_the_reason_and_a_list_in_another_language_is_no_guess(
    services: Services,
) -> None:
    silent = b"<gpx><trk><trkseg>" + b"".join(
        b'<trkpt lat="%.7f" lon="13.4"><time>2026-11-01T07:00:%02dZ</time></trkpt>' % (52.5 + i * 3 / 111_195, i)
        for i in range(60)
    )
    send(services, export()[:900], "torn.zip")
    send(services, b"PK\x05\x06" + bytes(18), "empty.zip")
    finnish = HEADER.replace("Activity ID", "Aktiviteetin tunnus").replace("Filename", "Tiedostonimi")
    send(services, export(header=finnish, **{"s.gpx": silent + b"</trkseg></trk></gpx>"}), "fi.zip")
    work(services)

    found = {a.name: a for a in services.archives.archives(athlete(services))}
    assert "damaged zip archive" in (found["torn.zip"].reason or "")
    assert "holds no file of a run" in (found["empty.zip"].reason or "")
    (left_out,) = found["fi.zip"].left_out
    assert "set Strava's language to English" in left_out.reason
    sports = sorted(d.run.sport for d in services.views.runs(athlete(services), days=3000))
    assert sports == ["Run", "Unknown"]  # the FIT file says it itself
    assert zips(services) == []


def test_what_is_too_large_or_has_no_room_is_said_and_leaves_nothing(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as context:
        context.setattr("loadwatch.dashboard.uploads._max_bytes", lambda: 1000)
        answer = send(services, export())
        assert answer.status_code == 413
        assert "more than the" in answer.text
    with monkeypatch.context() as context:
        context.setattr("loadwatch.dashboard.uploads.MAX_REQUEST_BYTES", 100)
        context.setattr("loadwatch.adapters.incoming.KEPT_FREE_BYTES", 2**60)
        answer = send(services, export())
        assert answer.status_code == 507
        assert "no room" in answer.text
    assert services.archives.archives(athlete(services)) == []
    assert zips(services) == parts(services) == []


def test_large_ones_are_received_one_at_a_time(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    monkeypatch.setattr("loadwatch.dashboard.uploads.MAX_REQUEST_BYTES", 100)
    with (services.upload_files.incoming / "turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        answer = send(services, export())
    assert answer.status_code == 503
    assert "try again in some minutes" in answer.text
    assert send(services, export()).status_code == 200


def test_a_process_that_receives_for_long_shows_that_it_lives(services: Services) -> None:
    worker = SimpleNamespace(wsgi=lambda environ, _: environ[ALIVE](), notify=lambda: "alive")
    post_worker_init(worker)
    assert worker.wsgi({}, None) == "alive"

    beats: list[int] = []
    alive = {ALIVE: lambda: beats.append(1)}
    files = {"files": [(io.BytesIO(export() + bytes(200_000)), "e.zip")]}
    logged_in(services).post("/upload", data=files, environ_overrides=alive)
    assert len(beats) >= 3  # of 64 kB each


def test_files_and_an_archive_may_come_in_one_form(services: Services) -> None:
    files = [(io.BytesIO(export()), "export.zip"), (io.BytesIO(run_fit(60, START - timedelta(days=3))), "a.fit")]
    page = logged_in(services).post("/upload", data={"files": files}, follow_redirects=True).text
    work(services)

    assert "2 files taken in" in page
    assert len(names(services)) == 3
    assert parts(services) == []


# the API


def test_the_api_takes_an_archive_and_tells_how_far_it_is(services: Services) -> None:
    client = create_api(services).test_client()
    mine, hers = (
        {"Authorization": f"Bearer {services.accounts.create_token(athlete(services, e))}"} for e in (ANN, BOB)
    )
    made = client.post("/archives", headers=mine, data={"file": (io.BytesIO(export()), "export_1.zip")})
    assert made.status_code == 202
    assert (made.json["state"], made.json["n_entries"]) == ("waiting", None)
    work(services)

    one = client.get(f"/archives/{made.json['id']}", headers=mine).json
    assert (one["state"], one["n_entries"], one["n_taken"], one["files"]) == ("stored", 4, 4, {"stored": 2})
    assert [each["name"] for each in one["left_out"]] == ["export/activities/902.fit.gz", "activity 14 'Yoga'"]
    assert [each["id"] for each in client.get("/archives", headers=mine).json] == [one["id"]]
    assert client.post("/archives", headers=mine, data={"file": (io.BytesIO(b"FIT"), "a")}).status_code == 422
    assert client.post("/archives", headers=mine, data={}).status_code == 422

    assert client.get(f"/archives/{one['id']}", headers=hers).status_code == 404
    assert client.get("/archives", headers=hers).json == []
    assert logged_in(services, BOB).get(f"/upload/archives/{one['id']}").status_code == 404
    assert "export_1.zip" not in logged_in(services, BOB).get("/upload").text


def test_an_archive_becomes_runs_on_either_database(database_url: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url, secret_key="k" * 40)
    services = make_services(settings, clock=lambda: NOW)
    Base.metadata.create_all(services.engines.write)
    sign_up(services, ANN)
    ann = athlete(services)
    for _ in range(2):
        part = services.upload_files.incoming / "part.1"
        part.write_bytes(export(n_more=2))
        services.archives.put(ann, "e.zip", part, sha256="a" * 64, size=9, sport_if_silent="Run")
        with services.store.read() as tx:
            assert tx.has_unread_files(ann, NOW)
        work(services)

    assert len(names(services)) == 4
    _, files = services.archives.archive(ann, services.archives.archives(ann)[0].id)
    assert files.by_state == {"stored": 4}
    services.close()
