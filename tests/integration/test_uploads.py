"""Runs without Strava: files through the page, the API and the command line into runs."""

import gzip
import io
import re
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from rich.console import Console
from sqlalchemy import Engine, inspect

from loadwatch.adapters.db import migrate
from loadwatch.adapters.db.engine import make_engines
from loadwatch.adapters.db.tables import Base
from loadwatch.api import create_api
from loadwatch.bootstrap import Services, make_services
from loadwatch.cli import main
from loadwatch.dashboard import create_app
from loadwatch.import_cli import run_import
from loadwatch.services.errors import NotYours, StorageFull
from loadwatch.services.health_ports import Draft
from loadwatch.services.ports import ActivityRecord, RunDetail, Told
from loadwatch.settings import Settings
from tests.support.fit_writer import run_fit
from tests.support.seeding import ANN, BOB, NOW, PASSWORD, athlete, sign_up
from workers.app import make_nudge, make_publisher
from workers.care import sweep

START = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
FIT_M = 1797.0
"""A FIT file of 600 samples: 599 s at 3 m/s."""


def fit(start: datetime = START, n: int = 600) -> bytes:
    return run_fit(n, start)


def gpx(start: datetime = START, kind: str = "<type>running</type>") -> bytes:
    points = "".join(
        f'<trkpt lat="{52.5 + i * 3 / 111_194.93:.7f}" lon="13.4"><ele>50</ele>'
        f"<time>{(start + timedelta(seconds=i)):%Y-%m-%dT%H:%M:%SZ}</time></trkpt>"
        for i in range(600)
    )
    return f'<?xml version="1.0"?><gpx><trk><name>Loop</name>{kind}<trkseg>{points}</trkseg></trk></gpx>'.encode()


BOMB = gzip.compress(bytes(70 * 2**20), 1)
"""70 MB of zeros in a third of one."""


def read_all(services: Services) -> None:
    """What the sweep does with files."""
    while services.file_ingest.read_next():
        pass


def runs(services: Services, email: str = ANN) -> list[RunDetail]:
    return services.views.runs(athlete(services, email), days=3000)


def states(services: Services, email: str = ANN) -> dict[str, str]:
    return {u.name: u.state for u in services.uploads.uploads(athlete(services, email))}


def reasons(services: Services) -> dict[str, str | None]:
    return {u.name: u.reason for u in services.uploads.uploads(athlete(services))}


def day_total_m(services: Services, email: str = ANN) -> float:
    with services.store.read() as tx:
        (total,) = tx.day_totals(athlete(services, email), START.date(), START.date())
    return total.distance_m


def taken_in(services: Services, data: bytes, name: str = "a.fit") -> str | None:
    """Why a file was not taken, or not all of it."""
    services.uploads.put(athlete(services), name, data)
    read_all(services)
    return reasons(services)[name]


# what no run can be


def test_a_total_that_nobody_can_run_gives_way_to_the_samples(services: Services) -> None:
    assert taken_in(services, run_fit(600, START, total_distance=500_000_000, total_ascent=32_767)) is None

    (found,) = runs(services)
    assert found.run.distance_m == pytest.approx(FIT_M, abs=5)
    assert found.run.ascent_m == pytest.approx(10, abs=2)
    assert found.run.features is not None
    assert (found.run.features.descent_m or 0.0) < 5
    assert any("5 000.0 km, which is not possible" in w for w in found.run.features.warnings)
    assert day_total_m(services) == pytest.approx(FIT_M, abs=5)


def test_an_ascent_longer_than_the_run_gives_way_to_the_samples(services: Services) -> None:
    assert taken_in(services, run_fit(600, START, total_distance=30_000, total_ascent=310)) is None

    (found,) = runs(services)
    assert found.run.ascent_m == pytest.approx(10, abs=2)


def test_a_distance_that_nobody_runs_in_that_time_is_kept_and_not_counted(services: Services) -> None:
    told = Told(sport="Run", start=START, distance_m=80_000.0, elapsed_s=3600.0, is_manual=True)  # on a bicycle
    services.uploads.put(athlete(services), "activity 1", b"1", told)
    read_all(services)

    (found,) = runs(services)
    assert (found.run.distance_m, found.run.distance_trusted) == (80_000, False)
    with services.store.read() as tx:
        assert tx.day_totals(athlete(services), START.date(), START.date()) == []


def test_a_run_of_weeks_is_refused(services: Services) -> None:
    first, second = (START - timedelta(days=12), START - timedelta(days=6))  # steps of less than a week are pauses
    points = "".join(
        f"<Trackpoint><Time>{at:%Y-%m-%dT%H:%M:%SZ}</Time><DistanceMeters>{n}</DistanceMeters></Trackpoint>"
        for n, at in enumerate((first, second, START))
    )
    data = (
        f"<Activities><Activity Sport='Running'><Lap><Track>{points}</Track></Lap></Activity></Activities>".encode()
    )

    assert taken_in(services, data) == "goes on for 12 days, longer than any run: its times are wrong"
    assert runs(services) == []


def test_a_run_of_tomorrow_week_is_refused_and_one_beyond_the_date_line_is_not(services: Services) -> None:
    assert taken_in(services, fit(NOW + timedelta(hours=14))) is None

    reason = taken_in(services, fit(datetime(2038, 1, 19, tzinfo=UTC)), "b.fit")

    assert reason is not None
    assert reason.startswith("is dated Tue 19 Jan 2038, which lies ahead")
    assert len(runs(services)) == 1


# from bytes to a run


def test_a_file_becomes_a_run_with_features_and_day_totals_and_is_judged(services: Services) -> None:
    ann = athlete(services)
    receipt = services.uploads.put(ann, "evening.fit", fit())
    assert (receipt.known, receipt.upload.state) == (False, "waiting")

    read_all(services)

    (detail,) = runs(services)
    assert detail.source == "file"
    assert detail.run.start == START
    assert detail.run.sport == "Run"
    assert detail.run.distance_m == pytest.approx(FIT_M)
    assert detail.average_heartrate_bpm == 140
    assert detail.run.features is not None
    assert detail.run.features.track is not None
    assert day_total_m(services) == pytest.approx(FIT_M)
    upload = services.uploads.upload(ann, receipt.upload.id)
    assert (upload.state, upload.run_id, upload.n_runs) == ("stored", detail.run.id, 1)
    with services.store.read() as tx:
        assert tx.assessment_waits(ann)


def test_nothing_of_the_samples_is_in_the_database_and_the_original_is_kept_compressed(services: Services) -> None:
    content = gpx()
    services.uploads.put(athlete(services), "loop.gpx", content)
    read_all(services)

    files = [p for p in (services.settings.data_dir / "uploads").rglob("*") if p.is_file()]
    assert len(files) == 1
    assert gzip.decompress(files[0].read_bytes()) == content
    assert b"52.500" not in (services.settings.data_dir / "loadwatch.db").read_bytes()


def test_a_file_of_two_activities_is_two_runs(services: Services) -> None:
    both = fit() + fit(START + timedelta(hours=2))  # FIT files may follow one another in one
    upload_id = services.uploads.put(athlete(services), "both.fit", both).upload.id
    read_all(services)

    assert sorted(d.run.start for d in runs(services)) == [START, START + timedelta(hours=2)]
    assert services.uploads.upload(athlete(services), upload_id).n_runs == 2
    assert day_total_m(services) == pytest.approx(2 * FIT_M)


def test_the_local_day_is_that_of_the_athletes_place(services: Services) -> None:
    services.uploads.put(athlete(services), "late.fit", fit(datetime(2026, 11, 19, 23, 30, tzinfo=UTC)))
    read_all(services)

    assert str(runs(services)[0].run.local_date) == "2026-11-20"  # half past midnight in Berlin


def test_the_same_bytes_are_stored_once(services: Services) -> None:
    ann = athlete(services)
    first = services.uploads.put(ann, "a.fit", fit())
    read_all(services)
    again = services.uploads.put(ann, "copy of a.fit", fit())
    read_all(services)

    assert again.known
    assert again.upload.id == first.upload.id
    assert len(runs(services)) == 1


def test_the_same_run_from_strava_and_from_a_file_is_kept_twice_and_counted_once(services: Services) -> None:
    ann = athlete(services)
    record = ActivityRecord(
        source_id=1,
        name="From Strava",
        sport="Run",
        start=START + timedelta(seconds=2),
        local_date=START.date(),
        timezone="Europe/Berlin",
        distance_m=1790.0,
        moving_s=595,
        elapsed_s=597,
        ascent_m=1,
        average_heartrate_bpm=None,
        is_race=False,
        is_manual=False,
    )
    with services.store.write() as tx:
        tx.upsert_run(ann, "strava", record, streams="listed", trusted=True, now=NOW)
    services.uploads.put(ann, "evening.fit", fit())
    services.uploads.put(ann, "evening.gpx.gz", gzip.compress(gpx()))
    read_all(services)

    assert sorted(d.source for d in runs(services)) == ["file", "file", "strava"]
    assert day_total_m(services) == pytest.approx(FIT_M, rel=0.005)


def test_reading_a_file_again_changes_the_run_in_place(services: Services) -> None:
    ann = athlete(services)
    upload_id = services.uploads.put(ann, "a.fit", fit()).upload.id
    read_all(services)
    before = runs(services)[0].run
    with services.store.write() as tx:
        tx.settle_upload(upload_id, "waiting", NOW, next_attempt_at=NOW)
    read_all(services)

    assert [d.run for d in runs(services)] == [before]
    assert day_total_m(services) == pytest.approx(FIT_M)


def test_what_a_silent_file_was_the_runner_says(services: Services) -> None:
    client = logged_in(services)
    client.post("/upload", data={"files": [(io.BytesIO(gpx(kind="")), "a.gpx")], "sport": "TrailRun"})
    later = gpx(START + timedelta(days=1), kind="")
    client.post("/upload", data={"files": [(io.BytesIO(later), "b.gpx")], "sport": "other"})
    client.post("/upload", data={"files": [(io.BytesIO(fit()), "c.fit")], "sport": "other"})
    read_all(services)

    assert sorted(d.run.sport for d in runs(services)) == ["Run", "TrailRun", "Unknown"]
    trail = next(d.run for d in runs(services) if d.run.sport == "TrailRun")
    assert trail.features is not None
    assert any("does not say which sport" in w for w in trail.features.warnings)


def test_files_that_hold_no_run_fail_with_the_reason_and_leave_the_others_alone(services: Services) -> None:
    ann = athlete(services)
    for name, data in {
        "empty.fit": b"",
        "broken.gpx": b"<gpx><trk><trkseg><trkpt lat='1'",
        "bomb.gpx.gz": BOMB,
        "letter.pdf": b"%PDF-1.7",
        "good.fit": fit(),
        "entities.gpx": b'<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "b">]><gpx>&a;</gpx>',
    }.items():
        services.uploads.put(ann, name, data)
    read_all(services)

    assert states(services) == {
        "empty.fit": "failed",
        "broken.gpx": "failed",
        "bomb.gpx.gz": "failed",
        "letter.pdf": "failed",
        "entities.gpx": "failed",
        "good.fit": "stored",
    }
    why = reasons(services)
    assert why["empty.fit"] == "is empty"
    assert "nothing but repetition" in (why["bomb.gpx.gz"] or "")
    assert why["letter.pdf"] == "is a PDF document"
    assert "entities" in (why["entities.gpx"] or "")
    assert services.uploads.n_unread(athlete(services)) == 0


def held_by(services: Services, owner: str) -> None:
    """A worker has begun to read Ann's file, and nobody has heard of it since."""
    upload_id = services.uploads.put(athlete(services), "a.fit", fit()).upload.id
    with services.store.write() as tx:
        (claimed,) = tx.claim_uploads(owner, [], NOW, NOW + timedelta(seconds=90), limit=1)
    assert claimed.id == upload_id


def test_the_sweep_takes_up_at_once_what_a_killed_worker_of_this_machine_held(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as worker:
        worker.kill()
    held_by(services, f"{socket.gethostname()}/{worker.pid}/{time.time():.0f}")
    monkeypatch.setattr("workers.care.services", lambda: services)

    sweep()

    assert states(services) == {"a.fit": "stored"}
    assert len(runs(services)) == 1


def test_what_a_worker_elsewhere_holds_is_free_when_its_lease_runs_out(services: Services) -> None:
    held_by(services, "elsewhere/1/0")
    read_all(services)
    assert states(services) == {"a.fit": "waiting"}  # it may still live

    later = make_services(services.settings, clock=lambda: NOW + timedelta(seconds=91))
    read_all(later)
    later.close()

    assert states(services) == {"a.fit": "stored"}


def test_a_file_that_kills_each_worker_is_left_alone_after_three(services: Services) -> None:
    services.uploads.put(athlete(services), "a.fit", fit())
    for _ in range(3):
        with services.store.write() as tx:
            tx.claim_uploads("elsewhere/1/0", ["elsewhere/1/0"], NOW, NOW, limit=1)
    read_all(services)

    assert states(services) == {"a.fit": "failed"}
    assert "broke off" in (reasons(services)["a.fit"] or "")


def test_a_database_that_stumbles_while_a_file_is_read_does_not_condemn_the_file(services: Services) -> None:
    answers = iter([True, False])

    class Stumbling:
        """Takes the claim, and not the outcome."""

        read = services.store.read

        def write(self) -> Any:
            if not next(answers):
                raise ConnectionError("terminated by the administrator")
            return services.store.write()

    services.uploads.put(athlete(services), "evening.fit", fit())
    reader = services.file_ingest
    database, reader._database = reader._database, Stumbling()  # type: ignore[assignment]
    with pytest.raises(ConnectionError):
        reader.read_next()
    reader._database = database

    assert states(services) == {"evening.fit": "waiting"}


def test_of_files_that_a_dead_worker_held_each_is_read_alone_so_that_none_is_blamed_for_another(
    services: Services,
) -> None:
    for day in range(3):
        services.uploads.put(athlete(services), f"{day}.fit", fit(START - timedelta(days=day)))
    with services.store.write() as tx:
        assert len(tx.claim_uploads("elsewhere/1/0", [], NOW, NOW, limit=10)) == 3

    assert [services.file_ingest.read_next() for _ in range(4)] == [1, 1, 1, 0]
    assert set(states(services).values()) == {"stored"}


def test_what_a_slow_file_keeps_waiting_is_given_back_as_if_nobody_had_held_it(services: Services) -> None:
    for day in range(3):
        services.uploads.put(athlete(services), f"{day}.fit", fit(START - timedelta(days=day)))
    times = iter(NOW + timedelta(seconds=6 * n) for n in range(100))
    slow = make_services(services.settings, clock=lambda: next(times))

    assert slow.file_ingest.read_next() == 1
    slow.close()

    waiting = [u for u in services.uploads.uploads(athlete(services)) if u.state == "waiting"]
    assert [u.attempts for u in waiting] == [0, 0]
    assert services.file_ingest.read_next() == 2


def test_who_imports_reads_their_own_files_only(services: Services) -> None:
    services.uploads.put(athlete(services), "a.fit", fit())
    services.uploads.put(athlete(services, BOB), "b.fit", fit())

    assert services.file_ingest.read_next(athlete(services, BOB)) == 1

    assert states(services) == {"a.fit": "waiting"}
    assert [services.file_ingest.read_next() for _ in range(2)] == [1, 0]
    assert len(runs(services)) == len(runs(services, BOB)) == 1


def test_files_are_read_after_whatever_else_waits(redis_url: str, tmp_path: Path) -> None:
    app = make_publisher(Settings(data_dir=tmp_path, redis_url=redis_url))
    nudge = make_nudge(app)
    nudge.uploads()
    nudge.assess(1)

    with app.connection_for_read() as connection, connection.SimpleQueue("celery") as queue:
        tasks = [queue.get(timeout=1).headers["task"] for _ in range(2)]

    assert tasks == ["workers.assess.assess", "workers.uploads.read_due"]


def test_a_judgement_waits_for_the_files_that_still_wait(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = athlete(services)
    services.uploads.put(ann, "a.fit", fit())
    services.uploads.put(ann, "b.fit", fit(START + timedelta(days=1)))
    monkeypatch.setattr("loadwatch.services.uploads.READ_TOGETHER", 1)

    services.file_ingest.read_next()
    services.assess.assess(ann)
    assert is_to_be_judged(services, ann)

    services.file_ingest.read_next()
    services.assess.assess(ann)
    assert not is_to_be_judged(services, ann)


def test_a_check_in_is_judged_at_once_whatever_files_wait(services: Services) -> None:
    ann = athlete(services)
    services.uploads.put(ann, "a.fit", fit())
    services.check_ins.record(ann, Draft(signs=frozenset({"dark_urine"})))

    services.assess.assess(ann)

    assert [a.rule for a in services.views.alerts(ann)] == ["R-RED"]


def is_to_be_judged(services: Services, athlete_id: int) -> bool:
    with services.store.read() as tx:
        return tx.assessment_waits(athlete_id)


def test_a_full_disk_is_said_and_leaves_no_row(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr("loadwatch.adapters.upload_files.os.fsync", full)
        with pytest.raises(StorageFull):
            services.uploads.put(athlete(services), "a.fit", fit())
        page = logged_in(services).post("/upload", data={"files": [(io.BytesIO(fit()), "a.fit")]})
        answer = call(services, "POST", "/uploads", data={"files": [(io.BytesIO(fit()), "a.fit")]})

    assert page.status_code == answer.status_code == 507
    assert "disk of this server is full" in page.text
    assert "0 of 1 files are safe" in answer.json["detail"]
    assert states(services) == {}
    assert [p for p in (services.settings.data_dir / "uploads").rglob("*") if p.is_file()] == []


# the page


PAGES: list[Flask] = []


def logged_in(services: Services, email: str = ANN) -> FlaskClient:
    if not PAGES:  # made once, as all copies of the data folder have the same key
        PAGES.append(create_app(services, config={"TESTING": True, "WTF_CSRF_ENABLED": False}))
    PAGES[0].extensions["loadwatch"] = services
    client = PAGES[0].test_client()
    client.post("/login", data={"email": email, "password": PASSWORD})
    return client


def test_the_page_takes_many_files_at_once_and_shows_what_became_of_each(services: Services) -> None:
    client = logged_in(services)
    assert "Nothing yet" in client.get("/upload").text
    files = [(io.BytesIO(fit()), "a.fit"), (io.BytesIO(b"nonsense"), "<b>.gpx"), (io.BytesIO(fit()), "again.fit")]

    page = client.post("/upload", data={"files": files}, follow_redirects=True).text

    assert "2 files taken in" in page
    assert "Known already, and not taken twice: again.fit" in page
    assert "waiting" in page
    read_all(services)
    page = client.get("/upload").text
    (link,) = re.findall(r'href="(/runs/\d+)"', page)
    assert client.get(link).status_code == 200
    assert "&lt;b&gt;.gpx" in page
    assert "is neither FIT, GPX, TCX" in page
    assert "Retry" in page


def test_more_than_a_form_usually_takes_goes_through_the_upload_alone(services: Services) -> None:
    client = logged_in(services)
    large = fit() + bytes(400_000)  # beyond the 256 kB of every other form

    assert client.post("/upload", data={"files": [(io.BytesIO(large), "a.fit")]}).status_code == 302
    assert client.post("/shoes", data={"name": "x" * 400_000}).status_code == 413


def test_a_form_without_its_safety_mark_or_without_a_log_in_takes_nothing(services: Services) -> None:
    app = create_app(services, config={"TESTING": True})
    client = app.test_client()
    stranger = client.post("/upload", data={"files": [(io.BytesIO(fit()), "a.fit")]})
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)
    assert token is not None
    client.post("/login", data={"email": ANN, "password": PASSWORD, "csrf_token": token[1]})

    answer = client.post("/upload", data={"files": [(io.BytesIO(fit()), "a.fit")]})

    assert stranger.headers["Location"] == "/login"
    assert answer.status_code == 400
    assert states(services) == {}


def test_a_form_without_a_file_says_so(services: Services) -> None:
    answer = logged_in(services).post("/upload", data={"sport": "Run"})

    assert answer.status_code == 400
    assert "Choose at least one file" in answer.text


def test_a_failed_file_is_read_once_more_when_asked(services: Services) -> None:
    ann, client = athlete(services), logged_in(services)
    upload_id = services.uploads.put(ann, "a.fit", fit()).upload.id
    with services.store.write() as tx:
        tx.settle_upload(upload_id, "failed", NOW, reason="is odd")
    assert services.uploads.n_unread(athlete(services)) == 0

    client.post(f"/upload/{upload_id}/retry")
    read_all(services)

    assert states(services) == {"a.fit": "stored"}


def test_somebody_elses_files_are_neither_seen_nor_retried(services: Services) -> None:
    mine = services.uploads.put(athlete(services), "secret.fit", b"broken").upload.id
    read_all(services)
    bob = logged_in(services, BOB)

    assert "secret.fit" not in bob.get("/upload").text
    assert bob.post(f"/upload/{mine}/retry").status_code == 404
    assert call(services, "GET", f"/uploads/{mine}", BOB).status_code == 404
    assert call(services, "POST", f"/uploads/{mine}/retry", BOB).status_code == 404
    assert call(services, "GET", "/uploads", BOB).json == []
    with pytest.raises(NotYours):
        services.uploads.upload(athlete(services, BOB), mine)
    assert states(services) == {"secret.fit": "failed"}


def test_two_athletes_with_the_same_file_have_a_run_each(services: Services) -> None:
    for email in (ANN, BOB):
        assert not services.uploads.put(athlete(services, email), "a.fit", fit()).known
    read_all(services)

    assert len(runs(services)) == len(runs(services, BOB)) == 1


def test_a_runner_without_runs_finds_the_way_to_the_upload(services: Services) -> None:
    client = logged_in(services)

    assert 'href="/upload"' in client.get("/").text
    assert 'href="/upload"' in client.get("/settings").text


# the API


def _api(services: Services) -> Flask:
    made = services.__dict__.get("api") or create_api(services)
    services.__dict__["api"] = made
    return made


def call(services: Services, method: str, path: str, email: str = ANN, **more: Any) -> Any:
    token = services.accounts.create_token(athlete(services, email))
    client = _api(services).test_client()
    return client.open(path, method=method, headers={"Authorization": f"Bearer {token}"}, **more)


def test_the_api_takes_many_files_and_tells_what_became_of_them(services: Services) -> None:
    files = [(io.BytesIO(gzip.compress(gpx())), "a.gpx.gz"), (io.BytesIO(b""), "b.fit")]

    made = call(services, "POST", "/uploads", data={"files": files})

    assert made.status_code == 202
    assert [(u["name"], u["state"], u["known"]) for u in made.json] == [
        ("a.gpx.gz", "waiting", False),
        ("b.fit", "waiting", False),
    ]
    read_all(services)
    one = call(services, "GET", f"/uploads/{made.json[0]['id']}").json
    assert (one["state"], one["n_runs"], one["run_id"]) == ("stored", 1, runs(services)[0].run.id)
    assert [(u["name"], u["reason"]) for u in call(services, "GET", "/uploads").json] == [
        ("b.fit", "is empty"),
        ("a.gpx.gz", None),
    ]


def test_the_api_refuses_a_call_without_files(services: Services) -> None:
    assert call(services, "POST", "/uploads", data={"sport": "Run"}).status_code == 422
    assert (
        call(services, "POST", "/uploads", data={"files": (io.BytesIO(b"1"), "a"), "sport": "x"}).status_code == 422
    )


# the command line


HEADER = (
    "Activity ID,Activity Date,Activity Name,Activity Type,Elapsed Time,Distance,Filename,Elapsed Time,Distance\n"
)


def export(folder: Path, **more: bytes) -> Path:
    """A Strava export: a named run, one whose file is missing, one typed in, one of which too little is told."""
    rows = [
        '11,"Nov 20, 2026, 5:00:00 PM",Club evening,Run,599,1.80,activities/901.fit.gz,599.0,1797.0',
        '12,"Nov 18, 2026, 5:00:00 PM",Lost,Run,599,1.80,activities/902.fit.gz,599.0,1797.0',
        '13,"Nov 17, 2026, 5:00:00 PM",Typed in,Run,1800,5.00,,1800.0,5000.0',
        '14,"Nov 16, 2026, 5:00:00 PM",Yoga,Yoga,1800,0,,1800.0,0',
    ]
    path = folder / "export_1.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("activities.csv", HEADER + "\n".join(rows) + "\n")
        archive.writestr("activities/901.fit.gz", gzip.compress(fit()))
        archive.writestr("activities/903.gpx", gpx(START - timedelta(days=9)))
        archive.writestr("media/1.jpg", b"\xff\xd8\xff")
        archive.writestr("routes/1.gpx", gpx(START - timedelta(days=30)))
        for name, data in more.items():
            archive.writestr(f"activities/{name}", data)
    return path


def imported(services: Services, *paths: Path) -> tuple[int, str]:
    out = io.StringIO()
    code = run_import(services, athlete(services), paths, sport="Run", console=Console(file=out, width=200))
    return code, out.getvalue().strip()


def test_a_strava_export_is_read_from_its_list(
    services: Services, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, says = imported(services, export(tmp_path))

    assert (code, says) == (0, "3 stored, 2 skipped")
    found = {d.run.name: d for d in runs(services)}
    assert set(found) == {"Club evening", "Typed in", "Loop"}
    typed = found["Typed in"]
    assert (typed.is_manual, typed.run.distance_m, str(typed.run.local_date)) == (True, 5000, "2026-11-17")
    assert found["Club evening"].run.features is not None
    told = capsys.readouterr().err
    assert "activities/902.fit.gz: is named in the list and missing" in told
    assert "activity 14" in told
    with services.store.read() as tx:
        assert not tx.assessment_waits(athlete(services))


def test_without_a_terminal_an_import_says_in_lines_how_far_it_is(
    services: Services, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadwatch.import_cli.SAID_EVERY_S", 0.0)

    imported(services, export(tmp_path))

    told = capsys.readouterr().err
    assert "taking in: 5 of 5" in told
    assert "reading: 0 of 3" in told


def test_an_import_called_again_repeats_nothing(services: Services, tmp_path: Path) -> None:
    path = export(tmp_path)
    imported(services, path)

    assert imported(services, path) == (0, "3 known already, 2 skipped")
    assert len(runs(services)) == 3


def test_an_import_stopped_half_way_goes_on(services: Services, tmp_path: Path) -> None:
    (tmp_path / "a.fit").write_bytes(fit())
    services.uploads.put(athlete(services), "a.fit", fit())  # kept, and then the power went

    assert imported(services, tmp_path / "a.fit") == (0, "1 stored")
    assert len(runs(services)) == 1


def test_folders_are_searched_and_a_broken_file_makes_the_exit_code_1(
    services: Services, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "watch" / "2026"
    folder.mkdir(parents=True)
    (folder / "a.fit").write_bytes(fit())
    (folder / "b.gpx.gz").write_bytes(gzip.compress(gpx(START - timedelta(days=1))))
    (folder / "c.tcx").write_bytes(b"<Training")
    (folder / "notes.txt").write_text("no run")

    code, says = imported(services, tmp_path / "watch")

    assert (code, says) == (1, "2 stored, 1 failed")
    assert "c.tcx" in capsys.readouterr().err


def test_the_command_reads_for_the_athlete_that_it_is_told(services: Services, tmp_path: Path) -> None:
    (tmp_path / "a.fit").write_bytes(fit())
    folder = {"LOADWATCH_DATA_DIR": str(services.settings.data_dir)}

    unsaid = CliRunner().invoke(main, ["import", str(tmp_path / "a.fit")], env=folder)
    said = CliRunner().invoke(main, ["import", "--athlete", BOB, str(tmp_path / "a.fit")], env=folder)

    assert unsaid.exit_code == 1
    assert "say which: --athlete" in unsaid.output
    assert said.exit_code == 0
    assert [len(runs(services, email)) for email in (ANN, BOB)] == [0, 1]


def test_members_beyond_the_limits_fail_with_the_reason_and_the_others_are_read(
    services: Services, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "watch.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("../../etc/a.fit", fit())
        archive.writestr("zeros.gpx", bytes(20 * 2**20))
        archive.writestr("large.gpx", bytes(65 * 2**20))
    torn = tmp_path / "torn.zip"
    torn.write_bytes(path.read_bytes()[:300])

    code, says = imported(services, path, torn)

    assert (code, says) == (1, "1 stored, 3 failed")
    told = capsys.readouterr().err
    assert "zeros.gpx: unpacks to nothing but repetition" in told
    assert "large.gpx: is larger than 64 MB" in told
    assert "torn.zip: is a damaged zip archive" in told
    assert [p.name for p in tmp_path.rglob("a.fit")] == []


# the tables


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    engines = make_engines(empty_database_url)
    yield engines.write
    engines.dispose()


def test_the_table_of_uploads_comes_and_goes(engine: Engine) -> None:
    migrate.upgrade(engine, "0007")
    assert "uploads" in inspect(engine).get_table_names()
    migrate.downgrade(engine, "0006")
    assert "uploads" not in inspect(engine).get_table_names()


def test_a_file_becomes_a_run_on_either_database(database_url: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url, secret_key="k" * 40)
    services = make_services(settings, clock=lambda: NOW)
    Base.metadata.create_all(services.engines.write)
    sign_up(services, ANN)
    ann = athlete(services)
    services.uploads.put(ann, "a.fit", fit())
    services.uploads.put(ann, "a.fit", fit())
    read_all(services)

    assert day_total_m(services) == pytest.approx(FIT_M)
    with services.store.write() as tx:
        assert tx.delete_run(ann, "file", runs(services)[0].source_id) is not None
    assert services.uploads.uploads(ann)[0].run_id is None
    services.close()
