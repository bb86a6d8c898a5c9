"""Data, welcome and samples as pages: what they tell, and what they keep to whom it belongs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from loadwatch.bootstrap import Services
from loadwatch.dashboard import create_app
from loadwatch.services.overview import Beginning
from tests.support.fit_writer import run_fit
from tests.support.seeding import ANN, BOB, NOW, PASSWORD, SeedRun, add_runs, athlete, connect

START = NOW - timedelta(days=2)


@pytest.fixture
def client(services: Services) -> Callable[[str | None], FlaskClient]:
    config = {"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False}

    def logged_in(email: str | None) -> FlaskClient:
        browser = create_app(services, config=config).test_client()
        if email is not None:
            browser.post("/login", data={"email": email, "password": PASSWORD})
        return browser

    return logged_in


def hand_in(services: Services, email: str = ANN, **files: bytes) -> None:
    for name, data in files.items():
        services.uploads.put(athlete(services, email), name, data)
    while services.file_ingest.read_next():
        pass


# where the data comes from


def test_the_overview_tells_each_source_with_its_days_and_until_when_strava_s_may_be_kept(services: Services) -> None:
    ann = athlete(services)
    connect(services, ann, 77)
    add_runs(services, ann, [SeedRun(NOW - timedelta(days=d), 5_000) for d in (30, 20, 10)])
    hand_in(services, a=run_fit(600, START), b=b"no run")

    found = services.overview.overview(ann)

    strava, files = found.sources
    assert (strava.source, strava.n, strava.first, strava.last) == (
        "strava",
        3,
        (NOW - timedelta(days=30)).date(),
        (NOW - timedelta(days=10)).date(),
    )
    assert (files.source, files.n, files.first) == ("file", 1, START.date())
    assert (found.files.n, found.files.n_waiting, found.files.n_failed) == (2, 0, 1)
    assert found.fresh_until == NOW + timedelta(days=7)
    assert services.overview.overview(athlete(services, BOB)).sources == ()


def test_nothing_is_called_complete_while_strava_lets_nobody_in(services: Services) -> None:
    connect(services, athlete(services), 77)
    with services.store.write() as tx:
        tx.want_backfill(athlete(services), None)
    assert services.overview.overview(athlete(services)).gap is None

    services.overview._inactive_since = lambda: NOW - timedelta(hours=1)

    gap = services.overview.overview(athlete(services)).gap
    assert gap is not None
    assert gap.cut_off == "inactive"


def test_a_run_of_watch_and_phone_is_told_as_recorded_twice(services: Services, client: Any) -> None:
    hand_in(services, watch=run_fit(600, START), phone=run_fit(590, START + timedelta(seconds=5)))

    found = services.overview.overview(athlete(services))
    page = client(ANN).get("/data").text

    assert found.n_twice == 1
    (recordings,) = found.twice
    assert recordings[0].elapsed_s is not None
    assert [run.elapsed_s for run in recordings] == [599, 589]  # the longer one counts
    assert f'href="/runs/{recordings[0].id}"' in page


# welcome


def test_the_first_verdict_is_said_to_come_after_four_runs_and_fourteen_days(services: Services) -> None:
    ann = athlete(services)
    assert not services.overview.beginning(ann).has_data
    add_runs(services, ann, [SeedRun(NOW - timedelta(days=d), 5_000) for d in (12, 8, 4, 1)])
    short: Beginning = services.overview.beginning(ann)
    assert (short.runs_known, short.days_known, short.has_verdict) == (4, 12, False)

    add_runs(services, ann, [SeedRun(NOW - timedelta(days=16), 5_000)], 100)

    assert services.overview.beginning(ann).has_verdict


def test_the_browser_s_time_zone_is_taken_over_and_nonsense_is_not(services: Services, client: Any) -> None:
    ann = client(ANN)
    ann.post("/welcome/timezone", data={"timezone": "Asia/Tokyo"})
    assert services.views.profile(athlete(services)).timezone == "Asia/Tokyo"

    ann.post("/welcome/timezone", data={"timezone": "Mars/Base"})

    assert services.views.profile(athlete(services)).timezone == "Asia/Tokyo"
    assert "is not a time zone" in ann.get("/welcome").text


# samples


def test_where_sign_up_is_closed_a_stranger_gets_no_sample(services: Services, client: Any) -> None:
    assert client(None).post("/sample").status_code == 404
    with services.store.read() as tx:
        assert tx.samples() == []


NOT_FOR_SAMPLES = (
    ("POST", "/settings/you"),
    ("POST", "/settings/keys"),
    ("POST", "/settings/password"),
    ("POST", "/upload"),
    ("POST", "/data/delete"),
    ("GET", "/data/delete"),
    ("GET", "/connect/strava"),
)


def test_a_sample_sets_uploads_connects_and_opens_nothing(services: Services, client: Any) -> None:
    browser = client(ANN)
    browser.post("/sample")
    with services.store.read() as tx:
        (sample,) = tx.samples()

    given = {"name": "x", "email": "x@example.org", "new": "a long one"}
    for method, path in NOT_FOR_SAMPLES:
        answer = browser.open(path, method=method, data=given)
        assert (answer.status_code, answer.location) == (302, "/"), (method, path)

    assert "not possible with a sample" in browser.get("/about").text
    assert services.accounts.api_keys(sample) == []
    profile = services.views.profile(sample)
    assert (profile.email, profile.is_sample) == (None, True)


def test_one_leaves_a_sample_only_for_oneself(services: Services, client: Any) -> None:
    browser = client(ANN)

    assert browser.post("/sample/leave").status_code == 404  # she is no sample
    browser.post("/sample")
    assert browser.post("/sample/leave").location == "/welcome"

    assert services.accounts.athlete_by_email(ANN) is not None
    assert 'value="Ann"' in browser.get("/settings").text


# the end


def test_a_deleted_runner_is_logged_out_everywhere(services: Services, client: Any) -> None:
    phone, laptop = client(ANN), client(ANN)
    assert laptop.get("/data").status_code == 200

    done = phone.post("/data/delete", data={"password": PASSWORD, "word": " Delete "})

    assert done.status_code == 200
    assert "Receipt 1" in done.text
    assert laptop.get("/data").location == "/login"
    assert phone.get("/data").location == "/login"


def test_where_there_is_no_password_the_word_is_enough(services: Services, client: Any) -> None:
    with services.engines.write.begin() as connection:
        connection.exec_driver_sql("UPDATE accounts SET password_hash = NULL WHERE email = 'bob@example.org'")
    with services.store.read() as tx:
        bob = tx.account_by_email(BOB)
    assert bob is not None
    browser = client(None)
    with browser.session_transaction() as session:
        session["_user_id"], session["_fresh"] = bob.session_id, True

    assert 'type="password"' not in browser.get("/data/delete").text
    assert browser.post("/data/delete", data={"word": "no"}).status_code == 400
    assert browser.post("/data/delete", data={"word": "delete"}).status_code == 200
    assert services.accounts.athlete_by_email(BOB) is None
