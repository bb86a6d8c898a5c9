"""The Strava simulator as a process, over HTTP: what everything else that is tested against it relies on."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from loadwatch.demo.simulator_client import SimulatorClient, SimulatorProcess, start_simulator

CLIENT = {"client_id": "1", "client_secret": "s"}
CALLBACK = "http://127.0.0.1:9/back"


class Api:
    """The simulator, spoken to as Strava."""

    def __init__(self, process: SimulatorProcess) -> None:
        self.url = process.url
        self.sim = process.client
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path: str, token: str | None = None, **query: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.session.get(f"{self.url}/api/v3{path}", params=query, headers=headers, timeout=5)

    def token(self, **form: str) -> requests.Response:
        return self.session.post(f"{self.url}/oauth/token", data=CLIENT | form, timeout=5)

    def refresh(self, refresh_token: str) -> requests.Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token)

    def access_token(self, scope: str = "read,activity:read,activity:read_all") -> str:
        return str(self.sim.grant(scope)["access_token"])

    def subscribe(self, callback_url: str) -> requests.Response:
        form = CLIENT | {"callback_url": callback_url, "verify_token": "sesame"}
        return self.session.post(f"{self.url}/api/v3/push_subscriptions", data=form, timeout=10)


@pytest.fixture(scope="module")
def process() -> Iterator[SimulatorProcess]:
    with start_simulator() as running:
        yield running


@pytest.fixture
def api(process: SimulatorProcess) -> Iterator[Api]:
    """The shared process, left as it was found."""
    api = Api(process)
    yield api
    api.sim.clear_faults()
    api.sim.set_options(
        token_life=21600,
        always_rotate=True,
        strict_access=False,
        rate_limits=[100_000, 1_000_000],
        rate_usage=[0, 0],
        push_delays=[0, 1, 2],
        push_timeout=2,
        inactive=False,
        clock_offset=0,
    )
    for record in api.sim.activities():
        api.sim.delete_activity(record["id"], push=False)
    subscription = api.sim.state()["subscription"]
    if subscription:
        address = f"{api.url}/api/v3/push_subscriptions/{subscription['id']}"
        api.session.delete(address, params=CLIENT, timeout=5)
    api.session.close()


class Receiver(ThreadingHTTPServer):
    """A webhook receiver that answers pushes with the next of `statuses`, then 200."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ReceiverHandler)
        self.url = f"http://127.0.0.1:{self.server_port}/hook"
        self.statuses: list[int] = []
        self.events: list[dict[str, Any]] = []
        self.handshakes: list[dict[str, list[str]]] = []
        self.echoes = True


class ReceiverHandler(BaseHTTPRequestHandler):
    server: Receiver

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self.server.handshakes.append(query)
        challenge = query["hub.challenge"][0] if self.server.echoes else "something else"
        self._answer(200, json.dumps({"hub.challenge": challenge}).encode())

    def do_POST(self) -> None:
        self.server.events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._answer(self.server.statuses.pop(0) if self.server.statuses else 200, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def run_record(activity_id: int, day: int = 1, **more: Any) -> dict[str, Any]:
    start = datetime(2026, 1, 1, 7, tzinfo=UTC) + timedelta(days=day)
    return {
        "id": activity_id,
        "name": f"Run {activity_id}",
        "sport_type": "Run",
        "distance": 5000.0,
        "moving_time": 1500,
        "elapsed_time": 1510,
        "start_date": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "start_latlng": [0.5, -30.0],
        "calories": 350.0,
        "laps": [],
    } | more


# ---- OAuth ----


def test_the_authorize_page_says_what_it_is_and_offers_each_scope(api: Api) -> None:
    query = {
        "client_id": "1",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "read,activity:read",
    }

    page = api.session.get(f"{api.url}/oauth/authorize", params=query, timeout=5)

    assert "Strava simulator" in page.text
    assert 'value="read" checked' in page.text
    assert 'value="activity:read" checked' in page.text


def test_the_authorize_page_refuses_to_send_browsers_to_other_machines(api: Api) -> None:
    query = {
        "client_id": "1",
        "redirect_uri": "http://evil.example/",
        "response_type": "code",
        "scope": "read",
    }

    assert api.session.get(f"{api.url}/oauth/authorize", params=query, timeout=5).status_code == 400


def test_cancelling_returns_access_denied_with_the_state(api: Api) -> None:
    form = {"client_id": "1", "redirect_uri": CALLBACK, "state": "abc", "decision": "cancel"}

    answer = api.session.post(f"{api.url}/oauth/authorize", data=form, allow_redirects=False, timeout=5)

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{CALLBACK}?state=abc&error=access_denied"


def test_a_code_brings_tokens_for_the_granted_scope(api: Api) -> None:
    answer = api.sim.authorise(CALLBACK, scope="read,activity:read", state="abc")

    tokens = api.token(grant_type="authorization_code", code=answer["code"]).json()

    assert (answer["scope"], answer["state"]) == ("read,activity:read", "abc")
    assert tokens["expires_in"] == 21600
    assert tokens["athlete"]["id"] == 1001
    assert api.get("/athlete", tokens["access_token"]).json()["id"] == 1001


def test_a_code_works_once(api: Api) -> None:
    code = api.sim.authorise(CALLBACK)["code"]
    api.token(grant_type="authorization_code", code=code)

    second = api.token(grant_type="authorization_code", code=code)

    assert second.status_code == 400
    assert second.json()["errors"] == [{"resource": "RequestToken", "field": "code", "code": "invalid"}]


def test_a_refresh_ends_the_old_refresh_token_but_not_the_old_access_token(api: Api) -> None:
    old = api.sim.grant()

    new = api.refresh(old["refresh_token"]).json()

    assert new["refresh_token"] != old["refresh_token"]
    assert new["access_token"] != old["access_token"]
    assert api.refresh(old["refresh_token"]).status_code == 400
    assert api.get("/athlete", old["access_token"]).status_code == 200
    assert api.refresh(new["refresh_token"]).status_code == 200


def test_of_four_parallel_refreshes_one_succeeds(api: Api) -> None:
    refresh_token = api.sim.grant()["refresh_token"]
    before = api.sim.state()["refreshes"].get("1001", {"attempts": 0, "failures": 0})

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: api.refresh(refresh_token).status_code, range(4)))

    counts = api.sim.state()["refreshes"]["1001"]
    assert sorted(statuses) == [200, 400, 400, 400]
    assert counts["attempts"] - before["attempts"] == 4
    assert counts["failures"] - before["failures"] == 3


def test_without_rotation_a_fresh_token_is_answered_again(api: Api) -> None:
    api.sim.set_options(always_rotate=False)
    tokens = api.sim.grant()

    again = api.refresh(tokens["refresh_token"]).json()

    assert again["access_token"] == tokens["access_token"]


def test_expired_tokens_get_401(api: Api) -> None:
    access_token = api.access_token()

    api.sim.expire_tokens()

    assert api.get("/athlete", access_token).status_code == 401


def test_the_clock_can_be_put_forward_to_the_end_of_a_token(api: Api) -> None:
    access_token = api.access_token()

    api.sim.set_options(clock_offset=21601)

    assert api.get("/athlete", access_token).status_code == 401


def test_a_wrong_client_secret_is_refused(api: Api) -> None:
    assert api.token(client_secret="wrong", grant_type="refresh_token").status_code == 401


def test_revoking_ends_both_tokens_and_is_pushed(api: Api, receiver: Receiver) -> None:
    api.subscribe(receiver.url)
    tokens = api.sim.grant()

    answer = requests.post(f"{api.url}/oauth/revoke", auth=("1", "s"), data={"token": tokens["refresh_token"]})

    api.sim.wait_until_pushed()
    assert answer.status_code == 200
    assert api.get("/athlete", tokens["access_token"]).status_code == 401
    assert api.refresh(tokens["refresh_token"]).status_code == 400
    assert [event["updates"] for event in receiver.events] == [{"authorized": "false"}]
    assert receiver.events[0]["object_type"] == "athlete"
    assert receiver.events[0]["aspect_type"] == "update"


# ---- activities ----


def test_the_list_is_newest_first_in_pages(api: Api) -> None:
    token = api.access_token()
    for number in range(1, 6):
        api.sim.add_activity(run_record(number, day=number), push=False)

    pages = [api.get("/athlete/activities", token, page=page, per_page=2).json() for page in (1, 2, 3, 4)]

    assert [[record["id"] for record in page] for page in pages] == [[5, 4], [3, 2], [1], []]


def test_with_after_the_list_is_oldest_first_and_leaves_out_the_bounds(api: Api) -> None:
    token = api.access_token()
    for number in range(1, 6):
        api.sim.add_activity(run_record(number, day=number), push=False)
    after, before = (int((datetime(2026, 1, 1, 7, tzinfo=UTC) + timedelta(days=day)).timestamp()) for day in (1, 5))

    records = api.get("/athlete/activities", token, after=after, before=before).json()

    assert [record["id"] for record in records] == [2, 3, 4]


def test_more_than_200_a_page_is_refused(api: Api) -> None:
    assert api.get("/athlete/activities", api.access_token(), per_page=201).status_code == 400


def test_details_have_what_summaries_lack(api: Api) -> None:
    token = api.access_token()
    api.sim.add_activity(run_record(1), push=False)

    detail = api.get("/activities/1", token).json()
    (summary,) = api.get("/athlete/activities", token).json()

    assert detail["calories"] == 350.0
    assert "laps" in detail
    assert "calories" not in summary
    assert "laps" not in summary


def test_a_private_activity_needs_read_all(api: Api) -> None:
    api.sim.add_activity(run_record(1, private=True), push=False)

    token = api.access_token("read,activity:read")

    assert api.get("/activities/1", token).status_code == 404
    assert api.get("/athlete/activities", token).json() == []
    assert api.get("/activities/1", api.access_token()).status_code == 200


def test_without_an_activity_scope_the_list_is_401(api: Api) -> None:
    answer = api.get("/athlete/activities", api.access_token("read"))

    assert answer.status_code == 401
    assert answer.json()["message"] == "Authorization Error"


def test_zones_need_the_profile_scope(api: Api) -> None:
    assert api.get("/athlete/zones", api.access_token()).status_code == 401
    zones = api.get("/athlete/zones", api.access_token("read,profile:read_all")).json()
    assert len(zones["heart_rate"]["zones"]) == 5


def test_streams_come_by_type_or_as_a_list(api: Api) -> None:
    token = api.access_token()
    api.sim.add_activity(run_record(1), {"time": [0, 1, 3], "distance": [0.0, 3.0, 9.0]}, push=False)

    by_type = api.get("/activities/1/streams", token, keys="time", key_by_type="true").json()
    as_list = api.get("/activities/1/streams", token, keys="time").json()

    assert by_type["time"]["data"] == [0, 1, 3]
    assert by_type["time"]["original_size"] == 3
    assert [stream["type"] for stream in as_list] == ["time", "distance"]


def test_streams_that_nobody_gave_are_made_up(api: Api) -> None:
    token = api.access_token()
    api.sim.add_activity(run_record(1), push=False)

    streams = api.get("/activities/1/streams", token, keys="time,latlng,heartrate", key_by_type="true").json()

    assert streams["time"]["data"][-1] == 1500
    assert streams["distance"]["data"][-1] == 5000.0
    assert len(streams["latlng"]["data"]) == 1501
    assert "heartrate" not in streams


@pytest.mark.parametrize("record", [run_record(1, manual=True), run_record(1)])
def test_streams_of_a_manual_activity_or_one_without_are_404(api: Api, record: dict[str, Any]) -> None:
    api.sim.add_activity(record, None, push=False)

    assert api.get("/activities/1/streams", api.access_token(), keys="time").status_code == 404


def test_an_unknown_activity_is_404_in_stravas_form(api: Api) -> None:
    answer = api.get("/activities/99", api.access_token())

    assert answer.status_code == 404
    assert answer.json()["errors"][0]["resource"] == "Activity"


# ---- rate limits ----


def test_every_api_answer_tells_limits_and_usage(api: Api) -> None:
    api.sim.set_options(rate_limits=[200, 2000], read_rate_limits=[100, 1000], rate_usage=[0, 0])

    headers = api.get("/athlete", api.access_token()).headers

    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Usage"]) == ("200,2000", "1,1")
    assert (headers["X-ReadRateLimit-Limit"], headers["X-ReadRateLimit-Usage"]) == ("100,1000", "1,1")


def test_over_the_short_limit_is_429_and_still_counts_for_the_day(api: Api) -> None:
    token = api.access_token()
    api.sim.set_options(rate_limits=[2, 1000], rate_usage=[2, 2])

    refused = api.get("/athlete", token)

    assert refused.status_code == 429
    assert refused.json()["errors"][0]["code"] == "exceeded"
    assert refused.headers["X-ReadRateLimit-Usage"].endswith(",3")


def test_the_next_quarter_hour_is_a_new_short_window(api: Api) -> None:
    token = api.access_token()
    api.sim.set_options(rate_limits=[2, 1000], rate_usage=[2, 2])

    api.sim.set_options(clock_offset=900)

    assert api.get("/athlete", token).status_code == 200


# ---- webhooks ----


def test_a_subscription_is_made_after_a_handshake(api: Api, receiver: Receiver) -> None:
    answer = api.subscribe(receiver.url)

    assert answer.status_code == 201
    assert isinstance(answer.json()["id"], int)
    assert receiver.handshakes[0]["hub.mode"] == ["subscribe"]
    assert receiver.handshakes[0]["hub.verify_token"] == ["sesame"]
    (listed,) = api.get("/push_subscriptions", **CLIENT).json()
    assert listed["callback_url"] == receiver.url


def test_a_receiver_that_does_not_echo_gets_no_subscription(api: Api, receiver: Receiver) -> None:
    receiver.echoes = False

    assert api.subscribe(receiver.url).status_code == 400
    assert api.sim.state()["subscription"] is None


def test_a_second_subscription_is_refused(api: Api, receiver: Receiver) -> None:
    api.subscribe(receiver.url)

    second = api.subscribe(receiver.url)

    assert second.status_code == 400
    assert second.json()["errors"][0]["code"] == "already exists"


def test_a_new_activity_is_pushed(api: Api, receiver: Receiver) -> None:
    subscription_id = api.subscribe(receiver.url).json()["id"]

    activity_id = api.sim.add_activity(run_record(7), push=True)

    api.sim.wait_until_pushed()
    (event,) = receiver.events
    assert abs(event.pop("event_time") - time.time()) < 5
    assert event == {
        "aspect_type": "create",
        "object_type": "activity",
        "object_id": activity_id,
        "owner_id": 1001,
        "subscription_id": subscription_id,
        "updates": {},
    }


def test_an_update_says_title_and_privacy_and_nothing_else(api: Api, receiver: Receiver) -> None:
    api.subscribe(receiver.url)
    api.sim.add_activity(run_record(7), push=False)

    api.sim.update_activity(7, {"name": "New", "private": True, "distance": 1.0})

    api.sim.wait_until_pushed()
    assert receiver.events[0]["updates"] == {"title": "New", "private": "true"}


def test_a_push_is_repeated_until_200(api: Api, receiver: Receiver) -> None:
    api.sim.set_options(push_delays=[0, 0.01, 0.01])
    api.subscribe(receiver.url)
    receiver.statuses = [503]

    api.sim.push({"n": 1})

    api.sim.wait_until_pushed()
    assert [entry["status"] for entry in api.sim.state()["deliveries"][-2:]] == [503, 200]
    assert receiver.events == [{"n": 1}, {"n": 1}]


def test_a_push_is_given_up_after_three_attempts(api: Api, receiver: Receiver) -> None:
    api.sim.set_options(push_delays=[0, 0.01, 0.01])
    receiver.statuses = [503] * 5

    delivery_id = api.sim.push({"n": 1}, url=receiver.url)

    api.sim.wait_until_pushed()
    attempts = [entry["attempt"] for entry in api.sim.state()["deliveries"] if entry["id"] == delivery_id]
    assert attempts == [1, 2, 3]
    assert len(receiver.events) == 3


# ---- faults ----


def test_a_status_fault_hits_as_often_as_asked(api: Api) -> None:
    token = api.access_token()
    api.sim.add_fault("status", "/api/v3/athlete", "GET", times=2, status=503)

    assert [api.get("/athlete", token).status_code for _ in range(3)] == [503, 503, 200]


def test_a_fault_spares_other_paths_and_methods(api: Api) -> None:
    token = api.access_token()
    api.sim.add_fault("status", "/api/v3/activities/*", status=500)
    api.sim.add_fault("status", "/api/v3/athlete", "POST", status=500)

    assert api.get("/athlete", token).status_code == 200


def test_an_html_fault_is_a_page_where_json_is_expected(api: Api) -> None:
    api.sim.add_fault("html", "/api/v3/athlete")

    answer = api.get("/athlete", api.access_token())

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


def test_empty_streams_spare_the_detail_and_are_full_the_next_time(api: Api) -> None:
    token = api.access_token()
    api.sim.add_activity(run_record(1), push=False)
    api.sim.add_fault("empty_streams", "/api/v3/activities/*")

    assert api.get("/activities/1", token).json()["id"] == 1
    assert api.get("/activities/1/streams", token, keys="time", key_by_type="true").json() == {}
    assert api.get("/activities/1/streams", token, keys="time", key_by_type="true").json() != {}


def test_not_found_at_first_is_found_at_the_second_try(api: Api) -> None:
    token = api.access_token()
    api.sim.add_activity(run_record(1), push=False)
    api.sim.add_fault("not_found", "/api/v3/activities/1")

    assert [api.get("/activities/1", token).status_code for _ in range(2)] == [404, 200]


@pytest.mark.parametrize(("kind", "seconds"), [("drop", 0.0), ("hang", 0.1)])
def test_a_dropped_or_hung_connection_ends_without_an_answer(api: Api, kind: str, seconds: float) -> None:
    token = api.access_token()
    api.sim.add_fault(kind, "/api/v3/athlete", seconds=seconds)

    with pytest.raises(requests.ConnectionError):
        api.get("/athlete", token)

    assert api.sim.requests()[-1]["status"] == 0
    assert api.get("/athlete", token).status_code == 200


def test_a_late_answer_tells_what_was_there_before(api: Api) -> None:
    token = api.access_token()
    api.sim.add_activity({"id": 7, "name": "old", "distance": 1.0}, push=False)
    api.sim.add_fault("late", "/api/v3/activities/7", seconds=0.5)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(api.get, "/activities/7", token)
        time.sleep(0.2)
        api.sim.update_activity(7, {"name": "new"}, push=False)

    assert answer.result().json()["name"] == "old"


def test_a_delay_ends_in_the_right_answer(api: Api) -> None:
    token = api.access_token()
    api.sim.add_fault("delay", "/api/v3/athlete", seconds=0.1)
    started = time.perf_counter()

    assert api.get("/athlete", token).status_code == 200
    assert time.perf_counter() - started >= 0.1


def test_an_inactive_application_gets_403_everywhere(api: Api) -> None:
    token = api.access_token()

    api.sim.set_options(inactive=True)

    answer = api.get("/athlete", token)
    assert answer.status_code == 403
    assert answer.json()["errors"] == [{"resource": "Application", "field": "Status", "code": "Inactive"}]


def test_requests_are_counted_by_route(api: Api) -> None:
    token = api.access_token()
    before = api.sim.state()["counters"].get("GET /api/v3/activities/<id>", 0)

    api.get("/activities/1", token)
    api.get("/activities/2", token)

    assert api.sim.state()["counters"]["GET /api/v3/activities/<id>"] == before + 2


def test_an_unknown_option_is_refused(api: Api) -> None:
    with pytest.raises(requests.HTTPError, match="400"):
        api.sim.set_options(speed_of_light=1)


# ---- the process ----


@pytest.fixture(scope="module")
def history_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("history") / "activities.json.gz"
    athlete = {"id": 55, "resource_state": 1}
    records = [run_record(number, day=9 - number, athlete=athlete) for number in (1, 2, 3, 4)]
    path.write_bytes(gzip.compress(json.dumps(records).encode()))
    return path


def test_a_history_from_a_file_is_served_as_it_is(history_file: Path) -> None:
    with start_simulator(source=history_file) as process:
        api = Api(process)
        record = api.get("/athlete/activities", api.access_token()).json()[0]

        assert record == run_record(1, day=8, athlete={"id": 55, "resource_state": 1})
        assert api.get("/athlete", api.access_token()).json()["id"] == 55


def test_held_activities_appear_in_order_of_time_when_released(history_file: Path, receiver: Receiver) -> None:
    with start_simulator(source=history_file, held=True) as process:
        api = Api(process)
        api.subscribe(receiver.url)
        assert api.sim.activities() == []

        first, by_id = api.sim.release(count=2), api.sim.release(ids=[1], push=False)

        api.sim.wait_until_pushed()
        assert (first, by_id) == ([4, 3], [1])
        assert {record["id"] for record in api.sim.activities()} == {1, 3, 4}
        assert {event["object_id"] for event in receiver.events} == {3, 4}
        assert api.sim.state()["held"] == 1


def test_sigterm_ends_the_process_cleanly() -> None:
    process = start_simulator()

    process.stop()

    assert process.process.returncode == 0


def test_a_simulator_that_cannot_start_says_why() -> None:
    with pytest.raises(RuntimeError, match="No such file"):
        start_simulator(source="/nonexistent/activities.json")


def test_the_client_reaches_it_whatever_proxy_the_environment_names(
    process: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert SimulatorClient(process.url).state()["athlete_id"] == 1001
