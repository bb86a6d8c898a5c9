"""Connecting with Strava as a runner does: with a browser, through the consent page of the pretended Strava."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import make_server

from loadwatch.adapters.db import migrate
from loadwatch.bootstrap import Services, make_services
from loadwatch.dashboard import create_app
from loadwatch.demo.simulator_client import SimulatorProcess, start_simulator
from loadwatch.settings import Settings
from tests.support.browser import needs_browser, shoot
from tests.support.stack import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = needs_browser


@pytest.fixture(scope="module")
def strava() -> Iterator[SimulatorProcess]:
    with start_simulator() as simulator:
        yield simulator


@pytest.fixture
def server(tmp_path: Path, strava: SimulatorProcess) -> Iterator[Services]:
    """A dashboard for which the simulator is Strava."""
    strava.client.reset()
    port = free_port()
    settings = Settings(
        data_dir=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'test.db'}",
        base_url=f"http://127.0.0.1:{port}",
        strava_client_id="1",
        strava_client_secret="s",  # type: ignore[arg-type]
        strava_api_url=f"{strava.url}/api/v3",
        strava_oauth_url=f"{strava.url}/oauth",
    )
    services = make_services(settings)
    migrate.upgrade(services.engines.write)
    http = make_server("127.0.0.1", port, create_app(services), threaded=True)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield services
    http.shutdown()
    thread.join()
    http.server_close()
    services.close()


@pytest.fixture
def page(browser) -> Iterator["Page"]:
    with contextlib.closing(browser.new_context()) as context:
        yield context.new_page()


def sign_up(page: "Page", origin: str) -> None:
    page.goto(origin + "/signup")
    page.get_by_label("Name").fill("Robin")
    page.get_by_label("E-mail address").fill("robin@example.org")
    page.get_by_label("Password").first.fill("a long password")
    page.get_by_role("button", name="Make").click()


def test_a_runner_connects_and_sees_what_was_granted(server: Services, page: "Page"):
    origin = server.settings.base_url
    sign_up(page, origin)
    page.goto(origin + "/settings")
    shoot(page, "settings-before-connecting")

    page.get_by_role("link", name="Connect with Strava").click()
    page.get_by_role("button", name="Authorize").click()

    page.wait_for_url(origin + "/**")
    page.goto(origin + "/settings")
    assert page.get_by_text("Connected", exact=False).first.is_visible()
    with server.store.read() as tx:
        (athlete_id,) = tx.athlete_ids()
        connection = tx.connection(athlete_id)
        assert tx.due_backfills(server.clock(), 5) == [athlete_id]  # the history is asked for
    assert connection is not None
    assert connection.strava_athlete_id == 1001
    assert "activity:read_all" in connection.scopes


def test_what_was_not_granted_is_explained_with_its_consequence(server: Services, page: "Page"):
    origin = server.settings.base_url
    sign_up(page, origin)
    page.goto(origin + "/connect/strava")

    page.locator("input[type=checkbox][value='activity:read_all']").uncheck()
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url(origin + "/**")
    page.goto(origin + "/settings")

    assert page.get_by_text("a long private run goes unnoticed").is_visible()
    shoot(page, "settings-scope-missing")


def test_saying_no_on_the_consent_page_changes_nothing_and_says_so(server: Services, page: "Page"):
    origin = server.settings.base_url
    sign_up(page, origin)
    page.goto(origin + "/connect/strava")

    page.get_by_role("button", name="Cancel").click()

    page.wait_for_url(origin + "/**")
    with server.store.read() as tx:
        assert tx.connection(tx.athlete_ids()[0]) is None
    assert page.get_by_role("status").first.is_visible()


def test_a_known_runner_logs_in_through_strava(server: Services, page: "Page", browser):
    origin = server.settings.base_url
    sign_up(page, origin)
    page.goto(origin + "/connect/strava")
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url(origin + "/**")

    with contextlib.closing(browser.new_context()) as elsewhere:
        other = elsewhere.new_page()
        other.goto(origin + "/login")
        other.get_by_role("link", name="Connect with Strava").click()
        other.get_by_role("button", name="Authorize").click()
        other.wait_for_url(origin + "/**")
        other.goto(origin + "/runs")

        assert other.url == origin + "/runs", other.locator("main").inner_text()  # not sent to the log-in page
