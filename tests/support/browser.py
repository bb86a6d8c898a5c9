"""Chromium as the tests start it, a server for it to look at, and pictures of what it sees."""

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Response, session
from werkzeug.serving import make_server

from loadwatch.bootstrap import Services
from loadwatch.dashboard import create_app
from loadwatch.dashboard.current import log_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, SetCookieParam, ViewportSize

PHONE: "ViewportSize" = {"width": 390, "height": 844}
DESKTOP: "ViewportSize" = {"width": 1280, "height": 900}
USER_AGENT = "Mozilla/5.0 (loadwatch tests)"
"""Of visits, as a session is bound to the browser it began in."""

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

needs_browser = pytest.mark.skipif(
    not Path(CHROMIUM).exists() and os.environ.get("CI") != "true", reason="there is no Chromium on this machine"
)


@contextlib.contextmanager
def served(services: Services) -> Iterator[str]:
    """The address of a server with the pages."""
    app = create_app(services, config={"RATELIMIT_ENABLED": False})
    server = make_server("127.0.0.1", 0, app, threaded=True)
    # Looks for its end often: by default a test would wait half a second for that.
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def session_cookie(services: Services, email: str, origin: str) -> "SetCookieParam":
    """What the browser holds of an athlete who has logged in."""
    app = create_app(services, config={"RATELIMIT_ENABLED": False})
    athlete_id = services.accounts.athlete_by_email(email)
    assert athlete_id is not None, f"{email} has no account here"
    with services.store.read() as tx:
        account = tx.account_of_athlete(athlete_id)
    assert account is not None
    surroundings = {"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": USER_AGENT}
    with app.test_request_context(environ_overrides=surroundings):
        log_in(account)
        response = Response()
        app.session_interface.save_session(app, session, response)  # type: ignore[arg-type]  # what it stands for
    name, _, rest = response.headers["Set-Cookie"].partition("=")
    return {"name": name, "value": rest.partition(";")[0], "url": origin}


@contextlib.contextmanager
def launched() -> Iterator["Browser"]:
    """A browser with an empty profile."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def shoot(page: "Page", name: str) -> None:
    """Keep a picture of the whole page if SCREENSHOTS names a folder: of what shows only in the middle of a test."""
    if folder := os.environ.get("SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
