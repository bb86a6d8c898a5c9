"""Recorded Strava traffic through our own readers. The data lies beside the repository and never inside it."""

import gzip
import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from loadwatch.adapters.strava import parse
from loadwatch.adapters.strava.client import StravaClient
from loadwatch.adapters.strava.subscriptions import StravaSubscriptions
from loadwatch.domain.activity import RUN_FAMILY, counted
from loadwatch.domain.speed import distance_is_trusted
from loadwatch.services.errors import (
    AppInactive,
    NotFound,
    RateLimited,
    RefreshRejected,
    StravaUnavailable,
    Unauthorized,
)
from loadwatch.services.ports import ActivityRecord, TokenPair
from loadwatch.settings import Settings
from tests.support.seeding import PASSWORD
from webhooks.push_event import parse_push

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "strava_api"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir() and os.environ.get("CI") != "true", reason=f"the recorded traffic is not here: no folder {DATA}"
)

NOW = datetime(2026, 11, 22, 12, 7, tzinfo=UTC)


@cache
def interactions(name: str) -> list[dict[str, Any]]:
    """What was recorded, by the name of its file."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # 2 MB take half a minute in Python alone
    with (DATA / "recorded" / name).open() as file:
        return list(yaml.load(file, Loader=loader)["http_interactions"])


def body(name: str) -> Any:
    (interaction,) = interactions(name)
    return json.loads(interaction["response"]["body"]["string"])


@cache
def whole_list() -> list[dict[str, Any]]:
    with gzip.open(DATA / "recorded" / "athlete_activities_2017_2025.json.gz", "rt") as file:
        return list(json.load(file))


def facts(record: ActivityRecord) -> tuple[Any, ...]:
    return (record.source_id, record.name, record.sport, record.distance_m, record.moving_s, record.elapsed_s)


def raw_facts(raw: dict[str, Any]) -> tuple[Any, ...]:
    sport = raw["sport_type"] if raw.get("sport_type") else raw["type"]
    return (raw["id"], raw["name"], sport, raw["distance"], raw["moving_time"], raw["elapsed_time"])


# bodies


def test_the_marathon():
    record = parse.activity(body("client/activity.yml"))

    assert (record.source_id, record.name, record.sport) == (1946417534, "TCS NYC Marathon 2018", "Run")
    assert (record.distance_m, record.moving_s, record.elapsed_s, record.ascent_m) == (
        42_268.1,
        13_085,
        13_333,
        270.9,
    )
    assert record.start == datetime(2018, 11, 4, 14, 53, 46, tzinfo=UTC)
    assert (record.local_date, record.timezone) == (date(2018, 11, 4), "America/New_York")
    assert record.is_race
    assert not record.is_manual


def test_the_marathons_streams():
    raw = body("client/activity_streams.yml")
    assert set(raw) == {"distance"}  # it was asked for without naming channels

    assert parse.streams(raw) is None  # what cannot be laid out in time is nothing yet

    n = raw["distance"]["original_size"]
    found = parse.streams({**raw, "time": {"data": list(range(n))}})
    assert found is not None
    assert found.distance_m is not None
    assert found.distance_m.tolist() == raw["distance"]["data"]
    assert len(found) == 13_129
    assert distance_is_trusted(found)


def test_a_page_of_the_list():
    raw = body("client/athlete_activities.yml")
    page = parse.list_page(raw)

    assert page.unreadable == ()
    assert page.n_raw == len(raw) == 30
    assert [facts(r) for r in page.records] == [raw_facts(r) for r in raw]


def test_seventeen_pages_of_seventy_two():
    pages = [
        json.loads(i["response"]["body"]["string"]) for i in interactions("client/all_athlete_activities_by_72.yml")
    ]
    read = [parse.list_page(page) for page in pages]

    assert len(read) == 17
    assert [p.n_raw for p in read[:-2]] == [72] * 15
    assert (read[-1].n_raw, read[-1].records) == (0, ())
    assert not any(p.unreadable for p in read)
    assert [facts(r) for p in read for r in p.records] == [raw_facts(r) for page in pages for r in page]


def test_eight_years_of_one_runner():
    raw = whole_list()
    page = parse.list_page(raw)
    runs = [r for r in page.records if r.sport in RUN_FAMILY]
    raw_runs = [r for r in raw if r["type"] == "Run"]

    assert (page.n_raw, len(page.records), page.unreadable) == (1132, 1132, ())
    assert len(runs) == len(raw_runs) == 908
    assert Counter(r.sport for r in runs) == {"Run": 902, "TrailRun": 6}
    assert sum(r.distance_m or 0 for r in runs) == pytest.approx(sum(r["distance"] for r in raw_runs))
    assert sum(r.ascent_m or 0 for r in runs) == pytest.approx(
        sum(r["total_elevation_gain"] for r in raw_runs if not (r["manual"] and r["total_elevation_gain"] == 0))
    )
    assert [str(r.local_date) for r in page.records] == [r["start_date_local"][:10] for r in raw]
    assert [f"{r.start:%Y-%m-%dT%H:%M:%SZ}" for r in page.records] == [r["start_date"] for r in raw]
    assert [r.timezone for r in page.records] == [r["timezone"].split(") ")[1] for r in raw]
    assert sum(r.is_race for r in runs) == sum(r["workout_type"] == 1 for r in raw_runs)
    assert [r.average_heartrate_bpm for r in page.records] == [r.get("average_heartrate") for r in raw]


def test_in_eight_years_only_second_recordings_are_not_counted():
    """Runs of one day whose times overlap, found here by plain arithmetic on the raw records."""
    from loadwatch.domain.activity import Run

    records = parse.list_page(whole_list()).records
    runs = [Run(r.source_id, r.start, r.local_date, r.sport, r.distance_m, r.moving_s, r.elapsed_s) for r in records]
    spans = sorted(
        (datetime.fromisoformat(r["start_date"]).timestamp(), r["elapsed_time"], r["distance"])
        for r in whole_list()
        if r["type"] == "Run" and r["distance"] > 0
    )
    doubled = sum(
        b[0] < a[0] + a[1] and (min(a[0] + a[1], b[0] + b[1]) - b[0]) / min(a[1], b[1]) > 0.7
        for a, b in pairwise(spans)
        if min(a[1], b[1]) > 0
    )

    assert len(counted(runs)) == len(spans) - doubled


@pytest.mark.parametrize("name", ["activity.3.json", "activity-manual.3.json"])
def test_bodies_of_stravas_early_years(name):
    raw = json.loads((DATA / "spec" / name).read_text())
    record = parse.activity(raw)

    assert facts(record) == raw_facts(raw)
    assert record.is_manual is raw["manual"]
    assert str(record.local_date) == raw["start_date_local"][:10]
    if raw["manual"]:
        assert record.ascent_m is None


def test_an_id_that_was_made_too_long_is_named_not_stored():
    raw = body("client/activity_with_fake_id.yml")
    page = parse.list_page([raw, body("client/activity.yml")])

    assert [r.source_id for r in page.records] == [1946417534]
    assert len(page.unreadable) == 1


def test_real_pushes_are_read_whole():
    events = json.loads((DATA / "webhook_events.json").read_text())
    read = [parse_push(json.dumps(e).encode()) for e in events]

    assert len(read) == 8
    for raw, event in zip(events, read, strict=True):
        assert (event.object_type, event.aspect) == (raw["object_type"], raw["aspect_type"])
        assert (event.object_id, event.owner_id, event.subscription_id, event.event_time) == (
            *(raw["object_id"], raw["owner_id"]),
            *(raw["subscription_id"], raw["event_time"]),
        )
        assert event.updates == raw.get("updates", {})
        assert json.loads(event.canonical_body) == raw
    assert len({e.canonical_body for e in read}) == 8
    assert [e.updates for e in read if e.object_type == "athlete"] == [{"authorized": "false"}] * 2


# answers over the wire


@dataclass
class RecordedServer:
    """Gives one recorded answer to whatever is asked, and keeps what was asked."""

    url: str
    asked: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)


@contextmanager
def answering(status: int, text: str, headers: dict[str, str] | None = None) -> Iterator[RecordedServer]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            server.asked.append((self.command, self.path, dict(self.headers), self.rfile.read(length).decode()))
            content = text.encode()
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        server = RecordedServer(f"http://127.0.0.1:{listener.server_address[1]}")
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()


@contextmanager
def recorded(name: str) -> Iterator[RecordedServer]:
    (interaction,) = interactions(name)
    response = interaction["response"]
    headers = {k: v[0] for k, v in response["headers"].items() if "ratelimit" in k.lower()}
    with answering(response["status"]["code"], response["body"]["string"] or "", headers) as server:
        yield server


def settings_for(server: RecordedServer) -> Settings:
    return Settings(
        strava_api_url=f"{server.url}/api/v3",
        strava_oauth_url=f"{server.url}/oauth",
        strava_client_id="24523",
        strava_client_secret="client-secret",
        secret_key=PASSWORD,
    )


def client(server: RecordedServer, clock: Callable[[], datetime] = lambda: NOW) -> StravaClient:
    return StravaClient(settings_for(server), clock)


def test_an_activity_is_asked_for_with_the_token_in_the_header_alone():
    with recorded("client/activity.yml") as server:
        record = client(server).activity("secret-token", 1946417534)

    ((method, path, headers, sent),) = server.asked
    assert record.distance_m == 42_268.1
    assert (method, path.partition("?")[0], sent) == ("GET", "/api/v3/activities/1946417534", "")
    assert headers["Authorization"] == "Bearer secret-token"
    assert "secret-token" not in path


def test_streams_and_lists_come_through_the_client_too():
    with recorded("client/activity_streams.yml") as server:
        found = client(server).streams("token", 1946417534)
    with recorded("client/athlete_activities.yml") as server:
        page = client(server).list_page("token", datetime(2025, 1, 1, tzinfo=UTC), 2)

    assert found is None
    assert len(page.records) == 30
    assert "after=1735689600" in server.asked[0][1]
    assert "page=2" in server.asked[0][1]
    assert "per_page=200" in server.asked[0][1]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("client/authorization_error.yml", Unauthorized),
        ("client/not_found_error.yml", NotFound),
        ("client/activity_with_ratelimit_exceeded.yml", RateLimited),
    ],
)
def test_a_recorded_refusal_becomes_what_to_do_about_it(name, error):
    with recorded(name) as server, pytest.raises(error):
        client(server).activity("token", 1946417534)

    assert len(server.asked) == 1  # no silent second try


def test_streams_that_are_not_there_are_no_error():
    with recorded("client/not_found_error.yml") as server:
        assert client(server).streams("token", 1) is None


def test_a_used_up_day_ends_at_midnight_utc():
    """The recorded one: 30 000 of 30 000 calls of the day."""
    with recorded("client/activity_with_ratelimit_exceeded.yml") as server, pytest.raises(RateLimited) as refused:
        client(server).activity("token", 1)

    assert refused.value.until == datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "until"),
    [
        (
            {"X-RateLimit-Limit": "200,2000", "X-RateLimit-Usage": "201,900"},
            datetime(2026, 11, 22, 12, 15, tzinfo=UTC),
        ),
        (
            {"X-ReadRateLimit-Limit": "100,1000", "X-ReadRateLimit-Usage": "3,1000"},
            datetime(2026, 11, 23, 0, 0, tzinfo=UTC),
        ),
        ({"X-RateLimit-Limit": "odd", "X-RateLimit-Usage": ""}, datetime(2026, 11, 22, 12, 15, tzinfo=UTC)),
        ({}, datetime(2026, 11, 22, 12, 15, tzinfo=UTC)),
    ],
)
def test_which_window_is_used_up_is_read_from_the_headers(headers, until):
    with (
        answering(429, '{"message":"Rate Limit Exceeded"}', headers) as server,
        pytest.raises(RateLimited) as refused,
    ):
        client(server).activity("token", 1)

    assert refused.value.until == until


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (500, "", StravaUnavailable),
        (503, "<html>", StravaUnavailable),
        (200, "<html>maintenance</html>", StravaUnavailable),
        (200, "[]", StravaUnavailable),
        (200, "{}", StravaUnavailable),
        (403, '{"errors":[{"resource":"Application","field":"Status","code":"Inactive"}]}', AppInactive),
    ],
)
def test_what_is_no_activity_is_a_fault_to_wait_out(status, text, error):
    with answering(status, text) as server, pytest.raises(error):
        client(server).activity("token", 1)


def test_a_server_that_is_gone_is_waited_for():
    with answering(200, "") as server:
        pass

    with pytest.raises(StravaUnavailable) as gone:
        client(server).activity("secret-token", 1)
    assert "secret-token" not in str(gone.value)


# tokens


def test_a_refresh_gives_the_new_pair():
    with recorded("oauth/token_refresh_token.yml") as server:
        pair = client(server).refresh("old-refresh-token")

    assert pair == TokenPair("new-access-token", "new-refresh-token", datetime(2018, 11, 23, 2, 29, 59, tzinfo=UTC))
    ((method, path, _, sent),) = server.asked
    assert (method, path.partition("?")[0]) == ("POST", "/oauth/token")
    told = path.partition("?")[2] + sent
    assert "grant_type=refresh_token" in told
    assert "refresh_token=old-refresh-token" in told


def test_a_refresh_token_that_is_spent_is_the_athletes_matter():
    with recorded("oauth/token_invalid_code.yml") as server, pytest.raises(RefreshRejected):
        client(server).refresh("old")


def test_a_wrong_client_id_is_the_operators_matter():
    with recorded("oauth/token_invalid_client.yml") as server, pytest.raises(AppInactive, match="CLIENT_ID"):
        client(server).refresh("old")


@pytest.mark.parametrize(
    ("status", "text"), [(500, ""), (200, "<html>"), (200, "{}"), (200, '{"access_token": "a"}'), (200, "[]")]
)
def test_an_answer_without_a_pair_is_waited_out_and_nobody_is_thrown_out(status, text):
    with answering(status, text) as server, pytest.raises(StravaUnavailable):
        client(server).refresh("old")


# subscriptions


def test_subscriptions_as_recorded():
    with recorded("webhooks/create_push_subscription.yml") as server:
        assert (
            StravaSubscriptions(settings_for(server), lambda: NOW).create("https://run.example/x", "token") == 131300
        )
    assert "client-secret" not in server.asked[0][1]
    with recorded("webhooks/push_subscriptions.yml") as server:
        assert [s["id"] for s in StravaSubscriptions(settings_for(server), lambda: NOW).list()] == [131300]
    with recorded("webhooks/no_push_subscriptions.yml") as server:
        assert StravaSubscriptions(settings_for(server), lambda: NOW).list() == []
    with recorded("webhooks/delete_push_subscription.yml") as server:
        StravaSubscriptions(settings_for(server), lambda: NOW).delete(131300)
    assert server.asked[0][:2] == (
        "DELETE",
        "/api/v3/push_subscriptions/131300?client_id=24523&client_secret=client-secret",
    )
