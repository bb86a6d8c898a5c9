"""How Strava is called: what the calls of one process share, and what they must not."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from loadwatch.adapters.strava import client
from loadwatch.adapters.strava.client import StravaClient
from loadwatch.settings import Settings

NOW = datetime(2026, 6, 1, tzinfo=UTC)


class Strava(ThreadingHTTPServer):
    """Answers each call with an activity and a cookie; notes on which connection it came, and its headers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[tuple[int, dict[str, str]]] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Strava

    def do_GET(self) -> None:
        headers = {key.lower(): value for key, value in self.headers.items()}
        self.server.calls.append((self.client_address[1], headers))
        body = json.dumps({"id": 1, "start_date": "2026-05-31T08:00:00Z", "sport_type": "Run"}).encode()
        self.send_response(200)
        self.send_header("Set-Cookie", "session=of-this-athlete")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def strava() -> Iterator[Strava]:
    server = Strava()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def calls(strava: Strava, tmp_path: Path) -> StravaClient:
    url = f"http://127.0.0.1:{strava.server_port}/api/v3"
    return StravaClient(Settings(data_dir=tmp_path, strava_client_id="1", strava_api_url=url), lambda: NOW)


def test_calls_in_a_row_share_a_connection_and_no_token(strava: Strava, calls: StravaClient) -> None:
    for token in ("of-ann", "of-ben"):
        calls.activity(token, 1)

    (first, _), (second, headers) = strava.calls
    assert first == second
    assert headers["authorization"] == "Bearer of-ben"


def test_a_cookie_is_not_kept_for_the_next_athlete(strava: Strava, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{strava.server_port}/api/v3"
    with client.make_session(Settings(data_dir=tmp_path, strava_api_url=url)) as session:
        answer = session.get("https://www.strava.com/api/v3/athlete")

        assert answer.headers["Set-Cookie"]
        assert not session.cookies


def test_a_connection_that_lay_idle_is_not_used_again(
    strava: Strava, calls: StravaClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls.activity("of-ann", 1)
    monkeypatch.setattr(client, "KEPT_S", 0.0)
    calls.activity("of-ann", 1)

    assert len({port for port, _ in strava.calls}) == 2


def test_threads_do_not_share_a_connection(strava: Strava, calls: StravaClient) -> None:
    calls.activity("of-ann", 1)
    other = threading.Thread(target=calls.activity, args=("of-ben", 1))
    other.start()
    other.join()

    assert len({port for port, _ in strava.calls}) == 2
