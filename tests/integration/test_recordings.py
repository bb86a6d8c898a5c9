"""One run, recorded by watch, Strava and export: counted once, kept as often, and the runner has the last word."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from loadwatch.adapters.db.tables import Base
from loadwatch.api import create_api
from loadwatch.bootstrap import Services, make_services
from loadwatch.dashboard import create_app
from loadwatch.domain.activity import Run
from loadwatch.services.errors import NotYours
from loadwatch.services.ingest import run_changed
from loadwatch.services.ports import ActivityRecord
from loadwatch.settings import Settings
from tests.support.fit_writer import run_fit
from tests.support.seeding import ANN, BOB, NOW, PASSWORD, athlete, sign_up

START = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
FILE_M = 1797.0
"""A FIT file of 600 samples: 599 s at 3 m/s."""

STRAVA_M = 1790.0
ON_STRAVA = ActivityRecord(
    source_id=1,
    name="From Strava",
    sport="Run",
    start=START + timedelta(seconds=2),
    local_date=START.date(),
    timezone="Europe/Berlin",
    distance_m=STRAVA_M,
    moving_s=595,
    elapsed_s=597,
    ascent_m=1,
    average_heartrate_bpm=None,
    is_race=False,
    is_manual=False,
)
HIDDEN = replace(ON_STRAVA, start=datetime(2026, 11, 19, 23, 0, 1, tzinfo=UTC), start_hidden=True)
"""The same with a hidden start: a second past midnight in Berlin."""


def from_strava(services: Services, record: ActivityRecord = ON_STRAVA) -> int:
    """As the worker stores what it fetched; the run's id."""
    ann = athlete(services)
    with services.store.write() as tx:
        run, before = tx.upsert_run(ann, "strava", record, streams="listed", trusted=True, now=NOW)
        run_changed(tx, ann, run, before, NOW)
    return run.id


def from_file(services: Services, start: datetime = START, n: int = 600) -> int:
    upload = services.uploads.put(athlete(services), "evening.fit", run_fit(n, start)).upload
    services.file_ingest.read_next()
    run_id = services.uploads.upload(athlete(services), upload.id).run_id
    assert run_id is not None
    return run_id


def deleted_on_strava(services: Services) -> None:
    ann = athlete(services)
    with services.store.write() as tx:
        before = tx.delete_run(ann, "strava", ON_STRAVA.source_id)
        run_changed(tx, ann, None, before, NOW)


def day_m(services: Services) -> float:
    with services.store.read() as tx:
        totals = tx.day_totals(athlete(services), START.date() - timedelta(days=5), START.date())
    return sum(total.distance_m for total in totals)


def stored(services: Services) -> list[Run]:
    return [d.run for d in services.views.runs(athlete(services), days=3000)]


@pytest.mark.parametrize("record", [ON_STRAVA, HIDDEN], ids=["start known", "start hidden"])
@pytest.mark.parametrize("file_first", [True, False])
def test_the_run_of_file_and_strava_counts_once_whichever_comes_first(
    services: Services, record: ActivityRecord, file_first: bool
) -> None:
    for take in (from_file, from_strava)[:: 1 if file_first else -1]:
        take(services) if take is from_file else from_strava(services, record)

    assert len(stored(services)) == 2
    assert day_m(services) == pytest.approx(FILE_M)
    deleted_on_strava(services)
    assert day_m(services) == pytest.approx(FILE_M)


@pytest.mark.parametrize("record", [ON_STRAVA, HIDDEN], ids=["start known", "start hidden"])
def test_when_the_file_goes_the_one_from_strava_counts_at_once(services: Services, record: ActivityRecord) -> None:
    from_strava(services, record)
    from_file(services)
    ann = athlete(services)
    with services.store.write() as tx:
        source_id = next(d.source_id for d in tx.run_details_since(ann, START) if d.source == "file")
        run_changed(tx, ann, None, tx.delete_run(ann, "file", source_id), NOW)

    assert day_m(services) == pytest.approx(STRAVA_M)


def test_a_hidden_start_is_no_run_of_another_length_or_day(services: Services) -> None:
    from_strava(services, HIDDEN)
    from_file(services, n=570)  # 5 % shorter
    assert day_m(services) == pytest.approx(STRAVA_M + 3 * 569)

    from_file(services, START - timedelta(days=1))
    assert day_m(services) == pytest.approx(STRAVA_M + 3 * 569 + FILE_M)


def test_told_apart_both_count_and_taken_back_one(services: Services) -> None:
    ann, file_id, strava_id = athlete(services), from_file(services), from_strava(services)
    services.assess.assess(ann)

    services.recordings.count_apart(ann, strava_id)

    assert day_m(services) == pytest.approx(FILE_M + STRAVA_M)
    with services.store.read() as tx:
        assert tx.assessment_waits(ann)
    found = services.recordings.of(ann, file_id)
    assert found is not None
    assert (found.same, found.told_apart, found.counts) == (frozenset(), True, file_id)

    services.recordings.count_once(ann, file_id)

    assert day_m(services) == pytest.approx(FILE_M)


def test_the_runner_chooses_which_one_counts(services: Services) -> None:
    ann, file_id, strava_id = athlete(services), from_file(services), from_strava(services, HIDDEN)

    services.recordings.prefer(ann, strava_id)
    assert day_m(services) == pytest.approx(STRAVA_M)

    services.recordings.prefer(ann, file_id)
    assert day_m(services) == pytest.approx(FILE_M)

    services.recordings.prefer(ann, strava_id)
    deleted_on_strava(services)
    assert day_m(services) == pytest.approx(FILE_M)


def test_the_choice_outlasts_fetching_and_reading_again(services: Services) -> None:
    ann, file_id, strava_id = athlete(services), from_file(services), from_strava(services)
    services.recordings.count_apart(ann, strava_id)

    from_strava(services, replace(ON_STRAVA, name="Renamed", distance_m=1792.0))
    with services.store.write() as tx:
        tx.settle_upload(services.uploads.uploads(ann)[0].id, "waiting", NOW, next_attempt_at=NOW)
    assert from_file(services) == file_id
    assert day_m(services) == pytest.approx(FILE_M + 1792)

    services.recordings.count_once(ann, strava_id)
    services.recordings.prefer(ann, strava_id)
    from_strava(services)
    assert day_m(services) == pytest.approx(STRAVA_M)


def test_of_three_recordings_one_told_apart_leaves_the_other_two_one_run(services: Services) -> None:
    ann, file_id = athlete(services), from_file(services)
    from_strava(services)
    phone_id = from_file(services, START + timedelta(seconds=5), n=580)

    services.recordings.count_apart(ann, phone_id)

    assert day_m(services) == pytest.approx(FILE_M + 3 * 579)
    found = services.recordings.of(ann, file_id)
    assert found is not None
    assert [d.source for d in found.others if d.run.id in found.same] == ["strava"]


def test_a_choice_is_judged_at_once(services: Services) -> None:
    """Ten runs of 8 km, then one of which the watch says 12 km and the phone 8."""
    ann = athlete(services)
    for n in range(10):
        start = START - timedelta(days=3 * n + 1)
        even = replace(ON_STRAVA, source_id=10 + n, start=start, local_date=start.date(), distance_m=8000.0)
        from_strava(services, replace(even, elapsed_s=2900))
    watch_id = from_strava(services, replace(ON_STRAVA, source_id=2, distance_m=12_000.0, elapsed_s=3000))
    phone_id = from_strava(services, replace(ON_STRAVA, source_id=3, distance_m=8000.0, elapsed_s=2900))
    services.assess.assess(ann)
    assert [(a.rule, a.run_id, a.state) for a in services.views.alerts(ann)] == [("R-M1", watch_id, "firing")]

    services.recordings.prefer(ann, phone_id)
    services.assess.assess(ann)

    assert [(a.rule, a.state) for a in services.views.alerts(ann)] == [("R-M1", "retracted")]


# the page and the API


def logged_in(services: Services, email: str) -> Any:
    client = create_app(
        services, config={"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False}
    ).test_client()
    client.post("/login", data={"email": email, "password": PASSWORD})
    return client


def test_the_runs_page_says_what_counts_and_takes_the_runners_word(services: Services) -> None:
    file_id, strava_id = from_file(services), from_strava(services)
    client = logged_in(services, ANN)

    assert "The same run was also recorded by" in client.get(f"/runs/{file_id}").text
    page = client.get(f"/runs/{strava_id}").text
    assert "This recording is kept and does not count" in page
    assert "evening.fit" in page
    assert client.get("/runs").text.count(">counted once<") == 1

    page = client.post(f"/runs/{strava_id}/recordings", data={"told": "apart"}, follow_redirects=True).text
    assert "You said that it is another run" in page
    assert ">counted once<" not in client.get("/runs").text
    assert day_m(services) == pytest.approx(FILE_M + STRAVA_M)
    client.post(f"/runs/{strava_id}/recordings", data={"told": "once"})
    client.post(f"/runs/{strava_id}/recordings", data={"told": "prefer"})
    assert day_m(services) == pytest.approx(STRAVA_M)
    assert client.post(f"/runs/{strava_id}/recordings", data={"told": "?"}).status_code == 400

    deleted_on_strava(services)
    assert "Counted once" not in client.get(f"/runs/{file_id}").text


def test_the_api_tells_and_takes_the_same_and_nobody_elses(services: Services) -> None:
    file_id, strava_id = from_file(services), from_strava(services)
    client = create_api(services).test_client()
    mine, hers = (
        {"Authorization": f"Bearer {services.accounts.create_token(athlete(services, e))}"} for e in (ANN, BOB)
    )

    other = {"run_id": strava_id, "source": "strava", "file": None, "same": True, "counts": False}
    path = f"/runs/{file_id}/recordings"
    assert client.get(path, headers=mine).json == {"run_id": file_id, "counts": True, "others": [other]}
    told = client.post(path, headers=mine, json={"told": "apart"}).json
    assert told["others"] == [other | {"same": False}]
    assert client.post(path, headers=mine, json={"told": "maybe"}).status_code == 422

    assert client.get(path, headers=hers).status_code == 404
    assert client.post(path, headers=hers, json={"told": "once"}).status_code == 404
    bob = logged_in(services, BOB)
    assert bob.post(f"/runs/{file_id}/recordings", data={"told": "once"}).status_code == 404
    with pytest.raises(NotYours):
        services.recordings.prefer(athlete(services, BOB), file_id)
    assert day_m(services) == pytest.approx(FILE_M + STRAVA_M)


# the tables


def test_the_choice_is_kept_on_either_database(database_url: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url, secret_key="k" * 40)
    services = make_services(settings, clock=lambda: NOW)
    Base.metadata.create_all(services.engines.write)
    sign_up(services, ANN)
    from_file(services)
    strava_id = from_strava(services, HIDDEN)
    assert day_m(services) == pytest.approx(FILE_M)
    services.recordings.count_apart(athlete(services), strava_id)
    from_strava(services, HIDDEN)
    assert day_m(services) == pytest.approx(FILE_M + STRAVA_M)
    services.close()
