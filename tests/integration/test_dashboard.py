"""The pages, on a real database: who may see what, and whether each form does what it says."""

import html
import json
import logging
import re
import shutil
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from loadwatch.adapters.strava.limiter import Limiter
from loadwatch.bootstrap import Services
from loadwatch.dashboard import create_app
from loadwatch.dashboard.app import OPEN_ENDPOINTS, limit_storage
from loadwatch.services.accounts import ASKED_SCOPES
from loadwatch.services.health_ports import Draft
from loadwatch.services.ports import JobOutcome
from tests.support.seeding import NOW, PASSWORD, SeedRun, add_runs, busy_season, connect, seeded_services, sign_up

HERE = "http://127.0.0.1:8000"
ANN, BOB = "ann@example.org", "bob@example.org"
EXAMPLE = {
    **{"alert_id": 2, "run_id": 69, "check_in_id": 1, "problem_id": 1},
    **{
        "iso_week": "2026-W47",
        "filename": "app.css",
        "name": "x.eml",
        "channel_id": 1,
        "shoe_id": 1,
        "source_id": 990,
        "upload_id": 1,
        "archive_id": 1,
        "key_id": 990,
        "part": "you",
        "outbox_id": 1,
        "planned_id": 1,
        "token": "not-one-of-ours",
    },
}

ACHE = Draft(side="left", regions=frozenset({"PM"}), pain_today=3)


@dataclass
class FakeStrava:
    """Strava's token endpoint: a real server that answers what it is told to."""

    url: str = ""
    status: int = 200
    answer: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    raw: bytes | None = None

    def grants(self, athlete_id: int = 4711) -> None:
        self.answer = {
            "token_type": "Bearer",
            "access_token": "poison-access-new",
            "refresh_token": "poison-refresh-new",
            "expires_at": int(NOW.timestamp()) + 21_600,
            "expires_in": 21_600,
            "athlete": {"id": athlete_id, "firstname": "Åsa", "lastname": "<b>Berg</b>"},
        }


@pytest.fixture
def strava() -> Iterator[FakeStrava]:
    fake = FakeStrava()
    fake.grants()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            fake.asked.append(urllib.parse.parse_qs(body))
            content = fake.raw if fake.raw is not None else json.dumps(fake.answer).encode()
            self.send_response(fake.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fake.url = f"http://127.0.0.1:{server.server_port}/oauth"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield fake
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder, made once and copied: Ann has a season, a mail, an ache that is gone, an archive; Bob a run."""
    folder = tmp_path_factory.mktemp("season")
    services = seeded_services(folder)
    ann = sign_up(services, ANN)
    connect(services, ann.athlete_id, 77)
    add_runs(services, ann.athlete_id, busy_season())
    services.notify.deliver_due()
    services.check_ins.record(ann.athlete_id, ACHE)
    services.check_ins.close_problem(ann.athlete_id, 1)
    with services.store.write() as tx:
        tx.add_archive(ann.athlete_id, "0" * 64, "export.zip", 10, "Run", NOW)
    bob = sign_up(services, BOB, "Bob", "UTC")
    add_runs(services, bob.athlete_id, [SeedRun(NOW.replace(day=20), 4_200, "Bob's run")], 500)
    services.close()
    return folder


@pytest.fixture
def make(tmp_path: Path, strava: FakeStrava) -> Iterator[Callable[..., Services]]:
    """Makes services with the settings that a test wants to have otherwise."""
    made: list[Services] = []

    def services(**settings: Any) -> Services:
        usual: dict[str, Any] = {
            "strava_client_id": "123",
            "strava_client_secret": "poison-client-secret",
            "strava_oauth_url": strava.url,
            "base_url": HERE,
        }
        made.append(seeded_services(tmp_path / f"data{len(made)}", **(usual | settings)))
        return made[-1]

    yield services
    for each in made:
        each.close()


@pytest.fixture
def services(make: Callable[..., Services], season: Path, tmp_path: Path) -> Services:
    """Ann and Bob."""
    shutil.copytree(season, tmp_path / "data0")
    return make()


@pytest.fixture
def app(services: Services) -> Flask:
    return application(services)


class Browser(FlaskClient):
    """A client that calls the server by its own name, as `base_url` has it."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("base_url", HERE)
        return super().open(*args, **kwargs)


def application(services: Services, **config: Any) -> Flask:
    app = create_app(services, config={"RATELIMIT_ENABLED": False} | config)
    app.test_client_class = Browser
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def token_of(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', client.get(path).text)
    assert found, f"no form at {path}"
    return found.group(1)


def send(client: FlaskClient, path: str, form_at: str | None = None, **data: Any) -> TestResponse:
    """Fill in a form and send it, as a browser would."""
    return client.post(path, data={"csrf_token": token_of(client, form_at or path), **data})


def log_in(client: FlaskClient, email: str) -> FlaskClient:
    response = send(client, "/login", email=email, password=PASSWORD)
    assert response.status_code == 302, response.text
    return client


def athlete_of(services: Services, email: str) -> int:
    athlete_id = services.accounts.athlete_by_email(email)
    assert athlete_id is not None
    return athlete_id


def rules(app: Flask) -> list[tuple[str, str, str]]:
    """(endpoint, method, path) of everything there is."""
    found = []
    for rule in app.url_map.iter_rules():
        path = rule.rule
        for name in rule.arguments:
            path = re.sub(rf"<(\w+:)?{name}>", str(EXAMPLE[name]), path)
        found += [(rule.endpoint, m, path) for m in sorted((rule.methods or set()) & {"GET", "POST"})]
    return found


# who may come in


def test_everything_asks_for_a_login_but_the_few_that_are_named(app: Flask) -> None:
    asked = set()
    for endpoint, method, path in rules(app):
        with app.test_client().open(path, method=method) as response:
            response.get_data()
        if endpoint not in OPEN_ENDPOINTS:
            assert (response.status_code, response.location) == (302, "/login"), (method, path)
            asked.add(endpoint)
    assert len(asked) >= 15


def test_every_page_opens_for_its_owner(app: Flask) -> None:
    client = log_in(app.test_client(), ANN)
    for endpoint, method, path in rules(app):
        if method == "GET" and endpoint not in OPEN_ENDPOINTS and "x.eml" not in path:
            wanted = 204 if endpoint == "live.news" else 200  # nothing is new
            assert client.get(path, follow_redirects=True).status_code == wanted, path


def test_what_is_told_of_a_week_is_ones_own(app: Flask) -> None:
    bob = log_in(app.test_client(), BOB)
    assert "21.1" not in bob.get("/weeks/2026-W47").text
    assert "Autumn trail" not in bob.get("/").text


def test_the_mail_itself_opens_for_its_owner(app: Flask, services: Services) -> None:
    mail = services.mailbox.list(athlete_of(services, ANN))[0].name
    ann = log_in(app.test_client(), ANN)
    assert ann.get(f"/mailbox/{mail}").status_code == 200
    response = ann.get(f"/mailbox/{mail}/html")

    assert response.status_code == 200
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox" in policy
    assert ann.get("/mailbox/..%2F..%2Fsecret_key").status_code == 404


def test_a_wrong_password_and_an_unknown_address_sound_the_same(client: FlaskClient) -> None:
    wrong = send(client, "/login", email=ANN, password="not the password")
    unknown = send(client, "/login", email="nobody@example.org", password="not the password")

    message = "The e-mail address or the password is not right."
    assert wrong.status_code == unknown.status_code == 400
    assert message in wrong.text
    assert message in unknown.text
    # Apart from the address given back and the form's own token not a letter differs.
    token = re.compile(r'name="csrf_token"[^>]*>')
    assert token.sub("", wrong.text).replace(ANN, "-") == token.sub("", unknown.text).replace(
        "nobody@example.org", "-"
    )


def test_after_the_login_one_arrives_where_one_wanted_to_go(client: FlaskClient) -> None:
    client.get("/alerts/2")
    assert send(client, "/login", email=ANN, password=PASSWORD).location == "/alerts/2"


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_elsewhere(client: FlaskClient, target: str) -> None:
    client.get("/login", query_string={"next": target})
    assert send(client, "/login", email=ANN, password=PASSWORD).location == "/"
    assert send(client, "/alerts/2/acknowledge", "/settings", next=target).location == "/alerts/2"


def test_logging_out_ends_it(client: FlaskClient) -> None:
    log_in(client, ANN)
    send(client, "/logout", "/settings")

    assert client.get("/").location == "/login"


def test_forms_without_their_token_are_refused(app: Flask) -> None:
    stranger = app.test_client()
    ann = log_in(app.test_client(), ANN)

    for path in ("/login", "/signup"):
        assert stranger.post(path, data={"email": ANN, "password": PASSWORD}).status_code == 400
    for path in ("/logout", "/alerts/2/acknowledge", "/settings/you"):
        response = ann.post(path)
        assert response.status_code == 400, path
        assert "Please try once more" in response.text
    assert ann.get("/").status_code == 200


def test_too_many_attempts_have_to_wait(services: Services) -> None:
    client = application(services, RATELIMIT_ENABLED=True).test_client()
    token = token_of(client, "/login")
    codes = [
        client.post("/login", data={"csrf_token": token, "email": ANN, "password": "x"}).status_code
        for _ in range(11)
    ]

    assert codes == [400] * 10 + [429]
    assert client.get("/login").status_code == 200


def test_a_dead_broker_takes_no_page_down(services: Services) -> None:
    uri = limit_storage("unix:///nowhere/broker.sock")
    client = application(services, RATELIMIT_ENABLED=True, RATELIMIT_STORAGE_URI=uri).test_client()

    assert send(client, "/login", email=ANN, password=PASSWORD).status_code == 302


# sign-up


def test_the_first_account_is_the_operators_and_closes_the_door(make: Callable[..., Services]) -> None:
    services = make()
    client = application(services).test_client()
    assert "the operator’s" in client.get("/signup").text
    form = {"name": "Ann", "email": "Ann@Example.org", "password": PASSWORD, "timezone": "Europe/Berlin"}
    assert send(client, "/signup", **form).location == "/welcome"
    assert "Three steps" in client.get("/welcome").text
    account = services.accounts.account(1)
    assert account is not None
    assert account.is_operator
    assert account.email == ANN
    assert services.views.profile(account.athlete_id).timezone == "Europe/Berlin"

    stranger = application(services).test_client()
    closed = stranger.get("/signup")
    assert "closed" in closed.text
    assert "<form" not in closed.text
    token = token_of(stranger, "/login")
    response = stranger.post("/signup", data={"csrf_token": token, **form, "email": BOB})
    assert response.status_code == 403
    assert services.accounts.athlete_by_email(BOB) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"password": "short"}, "at least 10 characters"),
        ({"email": "nowhere"}, "not an e-mail address"),
        ({"name": ""}, "A name to greet you with"),
        ({"email": ANN}, "an account with this e-mail address already"),
    ],
)
def test_a_sign_up_that_cannot_work_says_why(
    make: Callable[..., Services], change: dict[str, str], message: str
) -> None:
    services = make(signup="open")
    sign_up(services, ANN)
    client = application(services).test_client()
    form = {"name": "Bob", "email": BOB, "password": PASSWORD, "timezone": "UTC"} | change
    response = send(client, "/signup", **form)

    assert response.status_code == 400
    assert message in response.text
    assert PASSWORD not in response.text


# what the pages say


def test_today_says_the_verdict_the_ceiling_and_the_reasons(client: FlaskClient) -> None:
    text = html.unescape(log_in(client, ANN).get("/").text)

    assert "Your load jumped" in text
    assert "29.0 km: your longest in 30 days was 21.1 km" in text
    assert "1.37 times" in text
    assert "up to 14.4 km" in text
    assert text.count('<svg class="chart"') == 2


def test_a_title_from_strava_is_text_and_nothing_more(client: FlaskClient) -> None:
    text = log_in(client, ANN).get("/runs").text

    assert "Easy with Zoë &amp; &lt;friends&gt;" in text
    assert "<friends>" not in text


def test_an_alert_tells_its_whole_derivation_and_is_acknowledged(client: FlaskClient, services: Services) -> None:
    page = html.unescape(log_in(client, ANN).get("/alerts/2").text)
    for words in (
        "Distance of this run",
        "21.1 km (longest of 30 days before)",
        "27.4 km",
        "Grade A",
        "doi:10.1136/bjsports-2024-109380",
        "67 earlier runs",
        "R-M1, version 2026",
        "rule spoke",
    ):
        assert words in re.sub(r"<[^>]+>", "", page), words

    response = send(client, "/alerts/2/acknowledge", "/alerts/2", next="/")

    assert response.location == "/"
    assert services.views.alert(athlete_of(services, ANN), 2).alert.state == "acknowledged"
    assert "I have read this" not in client.get("/alerts/2").text
    assert client.get("/").text.count("<article") == 2


def test_an_alert_that_sent_nothing_says_why_and_one_that_did_does_not(client: FlaskClient) -> None:
    """Ann's runs arrived at once: the half marathon of five days ago, and the long one of yesterday."""
    log_in(client, ANN)

    assert "What it speaks of was more than three days ago when it became known." in client.get("/alerts/1").text
    assert "Why no mail or push" not in client.get("/alerts/2").text


def test_a_run_links_to_strava_in_strava_s_words(client: FlaskClient) -> None:
    page = log_in(client, ANN).get("/runs/69").text

    assert 'href="https://www.strava.com/activities/69"' in page
    assert ">View on Strava</a>" in page


def test_an_activity_that_does_not_count_says_so(client: FlaskClient) -> None:
    log_in(client, ANN)
    assert "only runs are compared" in client.get("/runs/65").text
    assert "not counted" in client.get("/runs").text


def test_weeks_lead_to_their_neighbours_and_end_somewhere(client: FlaskClient) -> None:
    log_in(client, ANN)
    assert client.get("/weeks").location == "/weeks/2026-W47"
    page = client.get("/weeks/2026-W45").text
    assert "/weeks/2026-W44" in page
    assert "/weeks/2026-W46" in page
    for wrong in ("2026-W99", "yesterday", "9999-W01", "0001-W01", "1950-W10", "2026-W60"):
        assert client.get(f"/weeks/{wrong}").status_code == 404, wrong
    for wrong in ("kind=slow", "year=then", "page=0"):
        assert client.get(f"/runs?{wrong}").status_code == 404, wrong


def test_each_part_of_the_settings_is_saved_by_itself(client: FlaskClient, services: Services) -> None:
    log_in(client, ANN)
    ann = athlete_of(services, ANN)
    place = {"language": "en", "units": "imperial", "timezone": "America/New_York"}

    assert send(client, "/settings/place", "/settings", **place).location == "/settings#place"
    assert "Saved: language, units and time zone." in client.get("/settings").text
    send(client, "/settings/you", "/settings", name="Anna", email="mail@example.org")
    send(client, "/settings/running", "/settings", novice="y", five_k="22:30")
    profile = services.views.profile(ann)
    assert (profile.name, profile.email) == ("Anna", "mail@example.org")
    assert (profile.units, profile.timezone) == ("imperial", "America/New_York")
    assert (profile.novice, profile.five_k_s) == (True, 1350)
    assert (profile.alert_mails, profile.weekly_mail, profile.quiet_from) == (True, True, 21)
    assert "mi" in client.get("/").text

    mails = {"weekly_mail": "y", "weekly_day": "7", "weekly_hour": "18"}
    loudness = {"sensitivity": "quiet", "quiet_from": "22", "quiet_to": "6"}
    send(client, "/settings/mails", "/settings", **mails, **loudness)
    profile = services.views.profile(ann)
    assert (profile.ask_mails, profile.weekly_day, profile.weekly_hour) == (False, 7, 18)
    assert (profile.alert_mails, profile.weekly_mail, profile.sensitivity) == (False, True, "quiet")
    assert (profile.quiet_from, profile.quiet_to, profile.name) == (22, 6, "Anna")


@pytest.mark.parametrize(
    ("part", "given", "message"),
    [
        ("you", {"name": "Anna", "email": "nowhere"}, "not an e-mail address"),
        ("you", {"name": "", "email": ANN}, "A name to greet you with"),
        ("running", {"five_k": "now"}, "minutes and seconds"),
        ("place", {"language": "xx", "units": "metric", "timezone": "UTC"}, "Not a valid choice"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_the_reason(
    client: FlaskClient, services: Services, part: str, given: dict[str, str], message: str
) -> None:
    log_in(client, ANN)
    before = services.views.profile(athlete_of(services, ANN))

    refused = send(client, f"/settings/{part}", "/settings", **given)

    assert refused.status_code == 400
    assert message in refused.text
    assert services.views.profile(athlete_of(services, ANN)) == before


def test_the_time_zone_of_a_profile_may_be_an_unusual_one(client: FlaskClient, services: Services) -> None:
    services.accounts.update_profile(athlete_of(services, ANN), timezone="Etc/GMT+5")
    assert 'selected value="Etc/GMT+5"' in log_in(client, ANN).get("/settings").text


def stuck(services: Services, athlete_id: int, source_id: int) -> int:
    """An activity that could not be fetched and waits for an hour; the job's id."""
    with services.store.write() as tx:
        job_id = tx.want(athlete_id, "strava", source_id, deletion=False, now=NOW)
        assert tx.claim_job(job_id, "a worker", [], NOW, NOW + timedelta(seconds=90)) is not None
        outcome = JobOutcome(NOW + timedelta(hours=1), done=None, error="Strava answered 500")
        assert tx.settle_job(job_id, "a worker", outcome, NOW)
    return job_id


def test_sync_says_that_no_mail_can_leave_and_that_none_is_lost(client: FlaskClient, services: Services) -> None:
    with services.store.write() as tx:
        tx.way_is_down("mail", "535 5.7.8 wrong password", NOW)
    page = html.unescape(log_in(client, ANN).get("/sync").text)

    assert "The mail server has not taken any mail since" in page
    assert "Yours are kept" in page
    assert "wrong password" not in page  # what it said is the operator's to know


def test_sync_tells_what_failed_and_what_became_of_the_mails(client: FlaskClient, services: Services) -> None:
    athlete_id = athlete_of(services, ANN)
    with services.store.write() as tx:
        tx.want(athlete_id, "strava", 990, deletion=False, now=NOW)
        tx.add_outbox(athlete_id, "weekly", "2026-W46", NOW)
        (item,) = tx.claim_due(NOW, 10, NOW)
        assert tx.begin_sending(item, NOW)
        tx.release_outbox(NOW)
    page = html.unescape(log_in(client, ANN).get("/sync").text)
    outbox = html.unescape(client.get("/outbox").text)

    assert "1 mail: sending began and no outcome is known" in page
    assert 'href="/outbox"' in page
    assert "29.0 km: your longest" in outbox
    assert "Sent." in outbox


def test_a_runner_may_have_a_stuck_run_tried_again_at_once(client: FlaskClient, services: Services) -> None:
    athlete_id = athlete_of(services, ANN)
    job_id = stuck(services, athlete_id, 990)
    log_in(client, ANN)
    assert "Strava answered 500" in client.get("/sync").text
    with services.store.read() as tx:
        assert tx.due_job_ids(NOW, 10) == []

    answer = send(client, "/sync/990/retry", form_at="/sync")

    assert answer.status_code == 302
    with services.store.read() as tx:
        assert tx.due_job_ids(NOW, 10) == [job_id]


def test_nobody_has_the_runs_of_others_tried_again(client: FlaskClient, services: Services) -> None:
    stuck(services, athlete_of(services, ANN), 990)
    log_in(client, BOB)

    assert "990" not in client.get("/sync").text
    assert send(client, "/sync/990/retry", form_at="/settings").status_code == 404
    with services.store.read() as tx:
        assert tx.due_job_ids(NOW, 10) == []


def test_sync_tells_up_to_when_the_load_is_complete(client: FlaskClient, services: Services) -> None:
    log_in(client, ANN)
    assert "the list of your last months is still to be taken over" in client.get("/sync").text
    with services.store.write() as tx:
        tx.want_backfill(athlete_of(services, ANN), None)
    assert "Your load is complete up to now" in client.get("/sync").text
    stuck(services, athlete_of(services, ANN), 990)

    page = html.unescape(client.get("/sync").text)
    # Announced on the 22nd at 12:00 UTC and not known: a day before, in Berlin.
    assert re.search(r"complete up to [^<]*21[^<]*13:00", page), page
    assert "1 activity is" in page


def test_sync_without_the_broker_says_that_the_limits_are_not_known(client: FlaskClient) -> None:
    assert "not known just now" in log_in(client, ANN).get("/sync").text


def test_sync_tells_the_operator_what_a_switched_off_application_means(
    client: FlaskClient, services: Services, redis_url: str
) -> None:
    services.limiter = Limiter(redis_url, "24523", services.clock)
    services.limiter.switched_off(services.limiter.reserve("live"))

    page = html.unescape(log_in(client, ANN).get("/sync").text)
    assert "paid subscription" in page
    assert "1 of 100 calls used" in page
    send(client, "/logout", form_at="/settings")
    other = html.unescape(log_in(client, BOB).get("/sync").text)
    assert "operator must mend that" in other
    assert "paid subscription" not in other


def test_the_mailbox_says_where_mails_go(client: FlaskClient, make: Callable[..., Services]) -> None:
    assert "No mail server is set up" in log_in(client, ANN).get("/mailbox").text
    services = make(smtp_url="smtp://u:poison-smtp@mail.example:25")
    sign_up(services, ANN)
    page = log_in(application(services).test_client(), ANN).get("/mailbox").text

    assert "go out by SMTP" in page
    assert "poison-smtp" not in page


def test_an_athlete_without_runs_is_told_what_comes_next(make: Callable[..., Services]) -> None:
    services = make()
    sign_up(services, ANN)
    client = log_in(application(services).test_client(), ANN)

    assert "No runs here yet" in client.get("/").text
    for path in ("/alerts", "/runs", "/weeks/2026-W47", "/sync", "/mailbox", "/settings"):
        assert client.get(path).status_code == 200, path


def test_no_page_speaks_like_a_doctor_or_counts_the_odds(client: FlaskClient) -> None:
    log_in(client, ANN)
    for path in ("/", "/alerts/2", "/about", "/settings", "/weeks/2026-W47"):
        text = re.sub(r"<[^>]+>", " ", client.get(path).text).lower()
        for word in ("diagnos", "treat", "prevent injur", "risk"):
            assert word not in text, (path, word)


def test_nothing_is_styled_or_scripted_inline(client: FlaskClient) -> None:
    log_in(client, ANN)
    for path in ("/", "/alerts", "/alerts/2", "/runs", "/runs/69", "/weeks/2026-W47", "/settings", "/sync", "/about"):
        response = client.get(path)
        assert not re.search(r"<script(?! defer src=)|<style|\sstyle=|\son\w+=", response.text), path
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy


def test_headers_and_cookie_are_strict(make: Callable[..., Services]) -> None:
    services = make(base_url="https://load.example")
    sign_up(services, ANN)
    client = application(services, WTF_CSRF_SSL_STRICT=False).test_client()
    base = "https://load.example"
    form = client.get("/login", base_url=base)
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', form.text)
    assert token
    data = {"csrf_token": token.group(1), "email": ANN, "password": PASSWORD}
    cookie = client.post("/login", data=data, base_url=base).headers["Set-Cookie"]

    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax"))
    assert form.headers["X-Content-Type-Options"] == "nosniff"
    assert form.headers["Referrer-Policy"] == "same-origin"
    assert form.headers["Cache-Control"] == "no-store"
    assert "max-age" in form.headers["Strict-Transport-Security"]


# health and errors


def test_health_needs_nothing_and_readiness_needs_every_part(services: Services) -> None:
    client = application(services).test_client()
    assert (client.get("/healthz").status_code, client.get("/healthz").text) == (200, "ok")
    assert client.get("/readyz").get_json() == {"database": "ok"}
    parts = {"database": "ok", "broker": "refused"}
    app = create_app(services, ready_check=lambda: parts)
    response = app.test_client().get("/readyz")

    assert (response.status_code, response.get_json()) == (503, parts)


def test_a_database_that_is_away_is_told_in_words(
    app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = log_in(app.test_client(), ANN)

    def away() -> None:
        raise OperationalError("SELECT poison-statement", {}, Exception("gone"))

    monkeypatch.setattr(services.store, "read", away)
    for path in ("/", "/runs", "/alerts/2"):
        response = client.get(path)
        assert response.status_code == 503, path
        assert "The database does not answer" in response.text
        assert "poison" not in response.text
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_a_fault_of_ours_shows_no_entrails(app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    client = log_in(app.test_client(), ANN)

    def broken(profile: object) -> None:
        raise RuntimeError("poison-detail")

    monkeypatch.setattr(services.views, "today_page", broken)
    response = client.get("/")

    assert response.status_code == 500
    assert "Something broke" in response.text
    assert "poison" not in response.text


# the way to Strava


def begin(client: FlaskClient) -> dict[str, str]:
    """Start a connection; what Strava is asked."""
    response = client.get("/connect/strava")
    assert response.status_code == 302, response.text
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(response.location).query))


def come_back(client: FlaskClient, **answer: str) -> TestResponse:
    return client.get("/connect/strava/callback", query_string=answer, follow_redirects=True)


def test_strava_is_asked_for_what_is_needed(client: FlaskClient, strava: FakeStrava) -> None:
    location = client.get("/connect/strava").location
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))

    assert location.startswith(strava.url + "/authorize?")
    assert asked["client_id"] == "123"
    assert asked["response_type"] == "code"
    assert asked["approval_prompt"] == "auto"
    assert asked["scope"] == ",".join(ASKED_SCOPES)
    assert asked["redirect_uri"] == "http://127.0.0.1:8000/connect/strava/callback"
    assert len(asked["state"]) >= 20
    assert "secret" not in location


def test_bob_connects_and_his_scopes_are_kept(
    app: Flask, services: Services, strava: FakeStrava, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = log_in(app.test_client(), BOB)
    assert "What is fetched" in client.get("/settings").text
    asked = begin(client)
    page = come_back(client, state=asked["state"], code="the-code", scope="read,activity:read")

    connection = services.views.connection(athlete_of(services, BOB))
    assert connection is not None
    assert connection.strava_athlete_id == 4711
    assert connection.scopes == {"read", "activity:read"}
    assert connection.access_token == "poison-access-new"
    assert connection.expires_at.timestamp() == NOW.timestamp() + 21_600
    assert page.request.path == "/settings"
    assert "Strava is connected." in page.text
    text = html.unescape(page.text)
    assert "runs that only you can see are not counted" in text  # activity:read_all was not granted
    [form] = strava.asked
    assert form["client_id"] == ["123"]
    assert form["client_secret"] == ["poison-client-secret"]
    assert form["code"] == ["the-code"]
    assert form["grant_type"] == ["authorization_code"]
    pages = [client.get(p).text for p in ("/", "/settings", "/sync")]
    for secret in ("poison-access", "poison-refresh", "poison-client-secret"):
        assert secret not in caplog.text
        assert not any(secret in each for each in pages)


def test_without_activities_the_page_says_that_nothing_will_come(app: Flask) -> None:
    client = log_in(app.test_client(), BOB)
    page = come_back(client, state=begin(client)["state"], code="c", scope="read")

    assert "without the permission to see activities" in page.text
    assert "No run can arrive" in page.text
    assert "A permission is missing" in client.get("/").text


def test_a_known_athlete_logs_in_through_strava(app: Flask, strava: FakeStrava) -> None:
    strava.grants(77)
    client = app.test_client()
    client.get("/alerts/2")
    page = come_back(client, state=begin(client)["state"], code="c", scope=",".join(ASKED_SCOPES))

    assert page.status_code == 200
    assert "Log out" in page.text


def test_an_unknown_athlete_signs_up_only_where_that_is_open(make: Callable[..., Services], app: Flask) -> None:
    stranger = app.test_client()
    page = come_back(stranger, state=begin(stranger)["state"], code="c", scope=",".join(ASKED_SCOPES))
    assert "no further accounts are made" in page.text
    assert "Log out" not in page.text

    services = make(signup="open")
    client = application(services).test_client()
    page = come_back(client, state=begin(client)["state"], code="c", scope=",".join(ASKED_SCOPES))
    assert page.request.path == "/welcome"
    assert "No address for mails is set" in page.text
    assert services.views.profile(1).name == "Åsa <b>Berg</b>"
    assert "<b>Berg" not in page.text


def test_one_strava_account_is_not_two_athletes(app: Flask, services: Services, strava: FakeStrava) -> None:
    strava.grants(77)  # Ann's
    client = log_in(app.test_client(), BOB)
    page = come_back(client, state=begin(client)["state"], code="c", scope="read,activity:read")

    assert "connected to another athlete" in page.text
    assert services.views.connection(athlete_of(services, BOB)) is None


def test_a_refusal_changes_nothing(app: Flask, services: Services, strava: FakeStrava) -> None:
    client = log_in(app.test_client(), BOB)
    page = come_back(client, state=begin(client)["state"], error="access_denied")

    assert "You did not allow the connection" in page.text
    assert strava.asked == []
    assert services.views.connection(athlete_of(services, BOB)) is None


@pytest.mark.parametrize("answer", [{"state": "forged", "code": "c"}, {"code": "c"}, {}])
def test_an_answer_that_nobody_asked_for_is_refused(app: Flask, strava: FakeStrava, answer: dict[str, str]) -> None:
    client = log_in(app.test_client(), BOB)
    begin(client)
    page = come_back(client, scope="read,activity:read", **answer)

    assert "does not belong to a connection begun here" in page.text
    assert strava.asked == []


def test_an_answer_counts_once(app: Flask, strava: FakeStrava) -> None:
    client = log_in(app.test_client(), BOB)
    state = begin(client)["state"]
    come_back(client, state=state, code="c", scope="read,activity:read")
    again = come_back(client, state=state, code="c", scope="read,activity:read")

    assert "does not belong" in again.text
    assert len(strava.asked) == 1


@pytest.mark.parametrize(
    ("status", "raw", "message"),
    [
        (500, b"oops", "does not answer just now"),
        (200, b"<html>", "does not answer just now"),
        (
            400,
            b'{"message":"Bad Request","errors":[{"resource":"AuthorizationCode","code":"invalid"}]}',
            "did not accept",
        ),
        (403, b'{"errors":[{"resource":"Application","field":"Status","code":"Inactive"}]}', "operator must look"),
        (200, b'{"access_token":"poison-a","refresh_token":"poison-r","expires_at":1}', "did not accept"),
        (200, b'["poison-a"]', "does not answer just now"),
    ],
)
def test_strava_in_trouble_is_told_in_words(
    app: Flask, strava: FakeStrava, status: int, raw: bytes, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    strava.status, strava.raw = status, raw
    client = log_in(app.test_client(), BOB)
    page = come_back(client, state=begin(client)["state"], code="c", scope="read")

    assert page.status_code == 200
    assert message in page.text
    assert "poison" not in page.text + caplog.text


def test_strava_that_cannot_be_reached_is_told_in_words(make: Callable[..., Services]) -> None:
    services = make(strava_oauth_url="http://127.0.0.1:1/oauth")
    sign_up(services, ANN)
    client = log_in(application(services).test_client(), ANN)
    page = come_back(client, state=begin(client)["state"], code="c", scope="read")

    assert "Strava does not answer just now" in page.text


def test_a_server_without_strava_says_so(make: Callable[..., Services]) -> None:
    services = make(strava_client_id="")
    sign_up(services, ANN)
    client = application(services).test_client()
    assert "Connect with Strava" not in client.get("/login").text
    page = client.get("/connect/strava", follow_redirects=True)

    assert "not set up on this server" in page.text


def test_another_name_of_this_machine_is_sent_to_the_right_one(client: FlaskClient) -> None:
    page = client.get("/connect/strava", base_url="http://localhost:8000", follow_redirects=True)

    assert "open loadwatch at http://127.0.0.1:8000" in page.text


def test_an_answer_that_changes_nothing_does_not_send_the_session_again(client: FlaskClient) -> None:
    # The browser asks for the icon while a form is being sent: its answer must not bring back the session of before.
    send(client, "/login", email=ANN, password=PASSWORD)
    client.get("/")

    for path in ("/static/app.css", "/static/favicon.svg", "/", "/alerts/2", "/healthz"):
        with client.get(path) as answer:
            assert "Set-Cookie" not in answer.headers, path


# how it feels


ASKED = "what you feel decides, the numbers only say when to ask."


def test_today_asks_how_it_feels_after_a_jump_until_it_is_told(services: Services, app: Flask) -> None:
    client = log_in(app.test_client(), BOB)
    assert ASKED not in client.get("/").text
    bob = athlete_of(services, BOB)
    jump = NOW.replace(hour=5) - timedelta(days=1)
    add_runs(services, bob, [*(SeedRun(jump - timedelta(days=2 * n), 8_000) for n in range(20, 0, -1))], 600)
    add_runs(services, bob, [SeedRun(jump, 16_000)], 700)

    assert ASKED in client.get("/").text
    told = send(client, "/feel", "/", pain="0")

    assert (told.status_code, told.location) == (302, "/")
    assert ASKED not in client.get("/").text


def test_today_lists_what_is_still_open_and_lets_it_decide(services: Services, app: Flask) -> None:
    problem = services.check_ins.record(athlete_of(services, BOB), ACHE).problem_ids[0]
    client = log_in(app.test_client(), BOB)

    page = client.get("/").text
    send(client, f"/problems/{problem}/gone", "/settings")

    assert f'href="/problems/{problem}"' in page
    assert "Left: Back of the thigh, middle" in page
    assert "is still open: run short and easy" in page
    assert page.count("What hurts decides: while it is open, no distance is named here.") == 1
    assert "Next run" not in page
    assert "still open" not in client.get("/").text
