"""The JSON API on a real database: shapes, days, errors, and nobody else's things."""

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from loadwatch.api import create_api
from loadwatch.bootstrap import Services
from tests.support.seeding import NOW, SeedRun, add_runs, busy_season, connect, seeded_services, sign_up

ANN, BOB = "ann@example.org", "bob@example.org"
ALERT_KEYS = [
    "id",
    "rule",
    "rule_version",
    "severity",
    "state",
    "title",
    "message",
    "action",
    "reasons",
    "evidence",
    "coverage",
    "run_id",
    "problem_id",
    "created_at",
    "gap",
]
EXAMPLE = {
    "check_in_id": "1",
    "problem_id": "1",
    "run_id": "69",
    "alert_id": "2",
    "shoe_id": "1",
    "upload_id": "1",
    "source_id": "990",
    "archive_id": "1",
    "iso_week": "2026-W47",
}


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder, made once and copied: Ann with a season and three alerts, Bob with one run in New York."""
    folder = tmp_path_factory.mktemp("season")
    services = seeded_services(folder)
    ann = sign_up(services, ANN)
    connect(services, ann.athlete_id, 77)
    add_runs(services, ann.athlete_id, busy_season())
    bob = sign_up(services, BOB, "Bob", "America/New_York")
    add_runs(services, bob.athlete_id, [SeedRun(NOW.replace(day=20), 4_200, ascent_m=None)], 500)
    services.close()
    return folder


@pytest.fixture
def services(season: Path, tmp_path: Path) -> Iterator[Services]:
    shutil.copytree(season, tmp_path / "data")
    services = seeded_services(tmp_path / "data")
    yield services
    services.close()


@pytest.fixture
def api(services: Services) -> Flask:
    return create_api(services)


Caller = Callable[..., TestResponse]


def caller(api: Flask, services: Services, email: str) -> Caller:
    athlete_id = services.accounts.athlete_by_email(email)
    assert athlete_id is not None
    headers = {"Authorization": f"Bearer {services.accounts.create_token(athlete_id)}"}

    def call(path: str, method: str = "GET", **options: Any) -> TestResponse:
        return api.test_client().open(path, method=method, headers=headers, **options)

    return call


@pytest.fixture
def ann(api: Flask, services: Services) -> Caller:
    return caller(api, services, ANN)


@pytest.fixture
def bob(api: Flask, services: Services) -> Caller:
    return caller(api, services, BOB)


def problem(response: TestResponse, status: int) -> str:
    """The detail of an error that has the right shape."""
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    body = response.get_json()
    assert set(body) == {"type", "title", "status", "detail"}
    assert body["status"] == status
    return str(body["detail"])


def routes(api: Flask) -> list[tuple[str, str]]:
    found = []
    for rule in api.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda m: EXAMPLE[m.group(1)], rule.rule)
        found += [(m, path) for m in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]
    return found


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer lw_wrong", "Basic abc", "lw_wrong"])
def test_everything_but_the_description_asks_for_a_token(api: Flask, header: str) -> None:
    for method, path in routes(api):
        response = api.test_client().open(path, method=method, headers={"Authorization": header} if header else {})
        if path == "/openapi.json":
            assert response.status_code == 200
        else:
            problem(response, 401)
            assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_what_belongs_to_another_is_not_found(api: Flask, bob: Caller, services: Services) -> None:
    checked = 0
    for method, path in routes(api):
        if "/69" in path or "/2" in path.replace("/2026", ""):
            problem(bob(path, method), 404)
            checked += 1
    assert checked == 7
    athlete_id = services.accounts.athlete_by_email(ANN)
    assert athlete_id is not None
    assert services.views.alert(athlete_id, 2).alert.state == "firing"
    assert bob("/weeks/2026-W47").get_json()["distance_m"] == 4_200


def test_an_alert_has_exactly_the_shape_that_was_promised(ann: Caller) -> None:
    alert = ann("/alerts/2").get_json()

    assert list(alert) == ALERT_KEYS
    assert (alert["rule"], alert["severity"], alert["state"]) == ("R-M1", 2, "firing")
    assert alert["reasons"][0] == {
        "quantity": "run_distance",
        "value": 29_000.0,
        "unit": "m",
        "baseline": 21_100.0,
        "threshold": 27_430.0,
        "window": "longest of 30 days before",
    }
    assert set(alert["evidence"]) == {"grade", "citation"}
    assert alert["problem_id"] is None
    assert alert["run_id"] == 69
    assert alert["created_at"] == "2026-11-22T12:00:00Z"


def test_alerts_come_newest_first_and_by_day(ann: Caller) -> None:
    assert [a["id"] for a in ann("/alerts").get_json()] == [2, 3, 1]  # 2 and 3 speak of one run
    assert [a["id"] for a in ann("/alerts?from=2026-11-17&to=2026-11-17").get_json()] == [1]
    assert ann("/alerts?from=2026-01-01&to=2026-02-01").get_json() == []


def test_acknowledging_twice_is_once(ann: Caller) -> None:
    assert ann("/alerts/2/acknowledge", "POST").get_json()["state"] == "acknowledged"
    assert ann("/alerts/2/acknowledge", "POST").get_json()["state"] == "acknowledged"
    assert problem(ann("/alerts/999/acknowledge", "POST"), 404)


def test_a_row_for_each_local_day_between_the_first_run_and_today(ann: Caller, bob: Caller) -> None:
    rows = ann("/load?from=2026-11-15&to=2026-11-30").get_json()

    assert [r["date"] for r in rows] == [f"2026-11-{d}" for d in range(15, 23)]  # today is the 22nd
    assert [r["distance_m"] for r in rows] == [0, 0, 21_100, 0, 4_000, 0, 29_000, 0]
    sums = ("distance_m", "moving_s", "ascent_m", "descent_m", "eccentric_load_m", "fast_m", "sprint_m", "track_m")
    assert rows[0] == {"date": "2026-11-15", "n_runs": 0, **dict.fromkeys(sums, 0.0)}
    assert [(r["date"], r["n_runs"], r["ascent_m"]) for r in bob("/load?from=2026-01-01").get_json()] == [
        ("2026-11-20", 1, None),  # unknown is not zero
        ("2026-11-21", 0, 0.0),
        ("2026-11-22", 0, 0.0),
    ]


def test_nothing_was_run_before_the_first_run(ann: Caller, tmp_path: Path) -> None:
    assert ann("/load?from=2025-01-01&to=2025-12-31").get_json() == []
    services = seeded_services(tmp_path / "empty")
    sign_up(services, ANN)
    call = caller(create_api(services), services, ANN)
    assert call("/load").get_json() == []
    assert call("/runs").get_json() == []
    assert call("/ceilings").get_json()["basis"] == "learning"
    assert call("/sync").get_json()["strava"] == "none"
    services.close()


def test_runs_by_local_day(ann: Caller) -> None:
    runs = ann("/runs?from=2026-11-13&to=2026-11-17").get_json()

    assert [(r["id"], r["name"], r["local_date"]) for r in runs] == [
        (67, "Half marathon", "2026-11-17"),
        (66, "Morning Run", "2026-11-14"),
        (65, "Hike", "2026-11-13"),
    ]
    run = ann("/runs/69").get_json()
    assert (run["distance_m"], run["ascent_m"], run["start"]) == (29_000.0, 640.0, "2026-11-21T12:00:00Z")
    assert (run["source"], run["source_id"], run["alert_ids"]) == ("strava", 69, [2, 3])
    assert len(ann("/runs").get_json()) == 69


def test_the_ceiling_and_the_week_are_those_of_the_pages(ann: Caller, services: Services) -> None:
    athlete_id = services.accounts.athlete_by_email(ANN)
    assert athlete_id is not None
    ceiling = ann("/ceilings").get_json()
    week = ann("/weeks/2026-W47").get_json()

    assert ceiling["distance_m"] == services.views.ceiling(athlete_id).distance_m
    assert week["distance_m"] == 54_100.0
    assert (week["monday"], week["sunday"]) == ("2026-11-16", "2026-11-22")
    assert [r["id"] for r in week["runs"]] == [67, 68, 69]
    assert [a["id"] for a in week["alerts"]] == [1, 2, 3]
    assert [p["week"] for p in week["previous"]] == ["2026-W43", "2026-W44", "2026-W45", "2026-W46"]


def test_the_day_and_hour_of_the_summary_and_the_questions_are_settings(ann: Caller, services: Services) -> None:
    before = ann("/me").get_json()
    after = ann("/me", "PATCH", json={"weekly_day": 7, "weekly_hour": 18, "ask_mails": False}).get_json()

    assert (before["weekly_day"], before["weekly_hour"], before["ask_mails"]) == (1, 7, True)
    assert (after["weekly_day"], after["weekly_hour"], after["ask_mails"]) == (7, 18, False)
    athlete_id = services.accounts.athlete_by_email(ANN)
    assert athlete_id is not None
    due_at = services.views.profile(athlete_id).next_weekly_at
    assert due_at is not None
    local = due_at.astimezone(ZoneInfo("Europe/Berlin"))
    assert (local.isoweekday(), local.hour, local.minute) == (7, 18, 0)


def test_the_profile_is_read_and_changed(ann: Caller) -> None:
    assert ann("/me").get_json()["timezone"] == "Europe/Berlin"
    changed = ann("/me", "PATCH", json={"timezone": "UTC", "units": "imperial", "weekly_mail": False}).get_json()

    assert (changed["timezone"], changed["units"], changed["weekly_mail"]) == ("UTC", "imperial", False)
    assert (changed["name"], changed["email"], changed["alert_mails"]) == ("Ann", ANN, True)
    assert ann("/me").get_json() == changed


@pytest.mark.parametrize(
    "body",
    [
        {"timezone": "Mars/Olympus"},
        {"units": "parsec"},
        {"email": "nowhere"},
        {"name": ""},
        {"is_operator": True},
        {"weekly_day": 0},
        {"weekly_day": 8},
        {"weekly_hour": 24},
        {"novice": "perhaps"},
        [],
    ],
)
def test_a_change_that_cannot_be_is_refused_in_words(ann: Caller, body: object) -> None:
    before = ann("/me").get_json()
    assert problem(ann("/me", "PATCH", json=body), 422)
    assert ann("/me").get_json() == before


def test_a_body_that_is_no_json_is_refused(ann: Caller) -> None:
    assert problem(ann("/me", "PATCH", data="{", content_type="application/json"), 422)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/runs?from=yesterday", 422),
        ("/runs?from=2026-02-01&to=2026-01-01", 422),
        ("/load?from=0001-01-01", 422),
        ("/load?to=9999-12-31", 422),
        ("/load?to=9999-12-31&from=9999-12-01", 422),
        ("/weeks/2026-W99", 422),
        ("/weeks/0000-W01", 422),
        ("/weeks/0001-W01", 404),
        ("/weeks/9999-W52", 404),
        ("/weeks/yesterday", 422),
        ("/runs/999", 404),
        ("/runs/many", 404),
        ("/nothing", 404),
    ],
)
def test_what_cannot_be_answered_is_a_problem_in_words(ann: Caller, path: str, status: int) -> None:
    assert problem(ann(path), status)


def test_a_wrong_method_is_a_problem_too(ann: Caller) -> None:
    problem(ann("/me", "DELETE"), 405)


def test_sync_says_where_things_stand_and_shows_no_token(ann: Caller, services: Services) -> None:
    athlete_id = services.accounts.athlete_by_email(ANN)
    assert athlete_id is not None
    response = ann("/sync")
    body = response.get_json()

    assert (body["strava"], body["received"], body["pending"], body["failed"]) == ("connected", 0, 0, [])
    assert body["last_run_start"] == "2026-11-21T12:00:00Z"
    assert "poison" not in response.text


def test_sync_says_up_to_when_the_load_is_complete(ann: Caller, services: Services) -> None:
    athlete_id = services.accounts.athlete_by_email(ANN)
    assert athlete_id is not None
    assert ann("/sync").get_json()["complete_until"] is None  # the list of the last months is not there yet
    with services.store.write() as tx:
        tx.want_backfill(athlete_id, None)
    assert ann("/sync").get_json()["complete_until"] == "2026-11-22T12:00:00Z"  # now
    edited, newest = services.views.runs(athlete_id)[1::-1]
    with services.store.write() as tx:
        for detail in (edited, newest):
            tx.want(athlete_id, detail.source, detail.source_id, deletion=False, now=NOW)
        tx.want(athlete_id, "strava", 990, deletion=True, now=NOW)  # gone before it was ever here

    body = ann("/sync").get_json()
    assert (body["awaited"], body["pending"]) == (2, 3)
    assert datetime.fromisoformat(body["complete_until"]) == edited.run.start < newest.run.start


def test_a_stuck_activity_is_tried_again_for_whom_it_is_stuck(ann: Caller, bob: Caller, services: Services) -> None:
    athlete_id = services.accounts.athlete_by_email(ANN)
    assert athlete_id is not None
    with services.store.write() as tx:
        job_id = tx.want(athlete_id, "strava", 990, deletion=False, now=NOW + timedelta(hours=3))

    problem(bob("/sync/990/retry", "POST"), 404)
    problem(ann("/sync/991/retry", "POST"), 404)
    with services.store.read() as tx:
        assert tx.due_job_ids(NOW, 10) == []
    body = ann("/sync/990/retry", "POST").get_json()

    assert (body["pending"], body["found_by_list"]["missed"]) == (1, 0)
    with services.store.read() as tx:
        assert tx.due_job_ids(NOW, 10) == [job_id]


def test_a_database_that_is_away_is_a_503(ann: Caller, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("SELECT poison", {}, Exception("gone"))

    monkeypatch.setattr(services.store, "read", away)
    response = ann("/me")

    assert "database" in problem(response, 503)
    assert "poison" not in response.text
    assert response.headers["Retry-After"] == "30"


def test_the_description_names_every_route_with_its_answers(api: Flask) -> None:
    client: FlaskClient = api.test_client()
    document = client.get("/openapi.json").get_json()

    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    described = {(m.upper(), p) for p, ops in document["paths"].items() for m in ops}
    existing = {
        (m, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", r.rule))
        for r in api.url_map.iter_rules()
        if r.endpoint != "openapi"
        for m in (r.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == existing
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["security"] == [{"bearer": []}]
            assert "401" in operation["responses"]
            assert operation["responses"].keys() & {"200", "202", "204"}


def test_times_are_utc_wherever_the_runner_lives(api: Flask, tmp_path: Path) -> None:
    late = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)  # still the 22nd in New York
    services = seeded_services(tmp_path / "late", now=late)
    account = sign_up(services, BOB, "Bob", "America/New_York")
    add_runs(services, account.athlete_id, [SeedRun(NOW, 5_000)])
    call = caller(create_api(services), services, BOB)

    assert [r["date"] for r in call("/load").get_json()] == ["2026-11-22"]
    assert call("/runs").get_json()[0]["start"] == "2026-11-22T12:00:00Z"
    services.close()
