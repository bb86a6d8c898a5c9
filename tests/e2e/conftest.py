"""A browser for all tests, a household to look at, and visits that forgive nothing."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from loadwatch.bootstrap import Services
from tests.support.athletes import open_household
from tests.support.browser import DESKTOP, PHONE, USER_AGENT, launched, served, session_cookie
from tests.support.seeding import ANN

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

Visit = Callable[..., AbstractContextManager["Page"]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The server of these tests, Werkzeug's, leaves a file open when the browser goes on while it is sent."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed file .*/dashboard/static/:ResourceWarning"))


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """The one browser; a visit has a profile of its own."""
    with launched() as browser:
        yield browser


@pytest.fixture
def services(household: Path, tmp_path: Path) -> Iterator[Services]:
    """The busy, the empty and the injured athlete, in a data folder of the test's own."""
    services = open_household(household, tmp_path / "data")
    yield services
    services.close()


@dataclass
class Complaints:
    """What a page said, asked for and failed at that no page should."""

    origin: str
    expected: tuple[int, ...]
    said: list[str] = field(default_factory=list)

    def listen(self, page: "Page") -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.said.append(f"page error: {error}"))
        page.on("request", self._asked)
        page.on("requestfailed", self._failed)
        page.on("response", self._got)

    def _heard(self, message: "ConsoleMessage") -> None:
        is_status = message.text.startswith("Failed to load resource")  # judged by `_got`, who knows the page
        if message.type in ("error", "warning") and not is_status:
            self.said.append(f"console: {message.text}")

    def _asked(self, request: "Request") -> None:
        if not request.url.startswith((self.origin + "/", "data:", "blob:", "about:")):
            self.said.append(f"asked elsewhere: {request.url}")

    def _failed(self, request: "Request") -> None:
        if request.failure != "net::ERR_ABORTED":  # left for another page, or a download
            self.said.append(f"failed: {request.url} {request.failure}")

    def _got(self, response: "Response") -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.said.append(f"{response.status}: {response.url}")


@pytest.fixture
def visit(browser: "Browser") -> Visit:
    """
    A logged-in page of a server for these services; addresses begin with a slash.

    `with visit(services, email=ANN, phone=True, dark=False, javascript=True) as page:`. On leaving it fails if the
    console, the page or its policy complained, if a request failed, or if anything was asked of another server.
    `email=None` is nobody, `expected` names answers like 400 that the test is about, and more options go to
    Playwright's `new_context`.
    """

    @contextlib.contextmanager
    def visit(
        services: Services,
        *,
        email: str | None = ANN,
        phone: bool = True,
        dark: bool = False,
        javascript: bool = True,
        expected: tuple[int, ...] = (),
        **options: Any,
    ) -> Iterator["Page"]:
        with served(services) as origin, contextlib.ExitStack() as ends:
            context = browser.new_context(
                **{
                    "base_url": origin,
                    "viewport": PHONE if phone else DESKTOP,
                    "has_touch": phone,
                    "color_scheme": "dark" if dark else "light",
                    "java_script_enabled": javascript,
                    "user_agent": USER_AGENT,
                    "locale": "en-GB",
                    **options,
                }
            )
            ends.callback(context.close)
            if email is not None:
                context.add_cookies([session_cookie(services, email, origin)])
            complaints = Complaints(origin, expected)
            context.on("page", complaints.listen)
            page = context.new_page()
            page.set_default_timeout(10_000)
            yield page
        assert complaints.said == []

    return visit
