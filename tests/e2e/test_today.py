"""The pages in a real browser, against a real server with a season of runs in it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from loadwatch.bootstrap import Services
from tests.support.browser import needs_browser, served, shoot
from tests.support.samples import give_features, season_of_loads
from tests.support.seeding import PASSWORD, SeedRun, add_runs, busy_season, connect, seeded_services, sign_up

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

PAGE_LIMIT_BYTES = 250_000
BUSY, EMPTY, LEARNING = "busy@example.org", "empty@example.org", "learning@example.org"
LOADED = "loaded@example.org"
PAGES = {
    "today": "/",
    "alerts": "/alerts",
    "alert": "/alerts/2",
    "runs": "/runs",
    "run": "/runs/69",
    "week": "/weeks/2026-W47",
    "sync": "/sync",
    "settings": "/settings",
    "mailbox": "/mailbox",
    "about": "/about",
}

pytestmark = needs_browser


@dataclass
class Visit:
    """A browser window, with all that it complained of and asked for."""

    page: "Page"
    origin: str
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    received_bytes: int = 0

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)
        self.page.on("response", self._got)

    def _heard(self, message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _asked(self, request: "Request") -> None:
        if not request.url.startswith((self.origin + "/", "data:")):
            self.elsewhere.append(request.url)

    def _got(self, response: "Response") -> None:
        self.received_bytes += int(response.headers.get("content-length", 0))

    def log_in(self, email: str) -> None:
        self.page.goto(self.origin + "/")
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """A busy athlete without samples, the same with them, one who has just begun, and one without a run."""
    folder = tmp_path_factory.mktemp("e2e")
    services = seeded_services(folder, strava_client_id="1", strava_client_secret="secret")
    busy = sign_up(services, BUSY, "Ann")
    connect(services, busy.athlete_id, 77, frozenset({"read", "activity:read", "profile:read_all"}))
    add_runs(services, busy.athlete_id, busy_season())
    services.notify.deliver_due()
    sign_up(services, EMPTY, "Emil")
    learning = sign_up(services, LEARNING, "Lea")
    connect(services, learning.athlete_id, 78)
    add_runs(services, learning.athlete_id, [SeedRun(services.clock().replace(day=20), 4_200)], 1_000)
    loaded = sign_up(services, LOADED, "Lou")
    connect(services, loaded.athlete_id, 79)
    add_runs(services, loaded.athlete_id, busy_season(), 2_000)
    give_features(services, loaded.athlete_id, season_of_loads)
    with services.store.write() as tx:
        tx.add_outbox(loaded.athlete_id, "weekly", "2026-W45", services.clock())
    services.notify.deliver_due()
    yield services
    services.close()


@pytest.fixture(scope="module")
def origin(services: Services) -> Iterator[str]:
    with served(services) as origin:
        yield origin


@contextlib.contextmanager
def visiting(browser: "Browser", origin: str, **options: Any) -> Iterator[Visit]:
    context = browser.new_context(**options)
    yield Visit(context.new_page(), origin)
    context.close()


LOOKS = [
    pytest.param({"viewport": {"width": w, "height": h}, "color_scheme": scheme}, id=f"{w}-{scheme}")
    for w, h, scheme in ((390, 844, "dark"), (1280, 900, "light"))
]
"""What fits does so in the light as in the dark; how colours differ is axe's."""


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_quiet_small_and_asks_nobody_else(
    browser: "Browser", origin: str, look: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    look_name = request.node.callspec.id
    with visiting(browser, origin, **look) as visit:
        visit.page.goto(origin + "/login")
        shoot(visit.page, f"login-{look_name}")
        visit.log_in(BUSY)
        for name, path in PAGES.items():
            visit.received_bytes = 0
            visit.page.goto(origin + path)
            shoot(visit.page, f"{name}-{look_name}")

            assert visit.page.get_by_role("heading", level=1).count() == 1, name
            assert 0 < visit.received_bytes <= PAGE_LIMIT_BYTES, name
            assert visit.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        visit.page.goto(origin + "/mailbox")
        visit.page.locator("main h2 a").first.click()
        visit.page.wait_for_url("**/mailbox/*")
        shoot(visit.page, f"mail-{look_name}")

        assert visit.page.frame_locator("iframe.mail").get_by_text("21.1 km").filter(visible=True).count()
        assert (visit.complaints, visit.elsewhere) == ([], [])


@pytest.mark.parametrize("look", LOOKS)
def test_the_three_loads_fit_wherever_they_are_shown(
    browser: "Browser", origin: str, services: Services, look: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    athlete_id = services.accounts.athlete_by_email(LOADED)
    assert athlete_id is not None
    runs = {d.run.name: d.run.id for d in services.views.runs(athlete_id)}
    pages = {
        "today": "/",
        "runs": "/runs",
        "alerts": "/alerts",
        "week": "/weeks/2026-W45",
        "run-track": f"/runs/{runs['Tempo']}",
        "run-hills": f"/runs/{runs['Autumn trail']}",
    } | {f"alert-{a.rule}": f"/alerts/{a.id}" for a in services.views.alerts(athlete_id)}
    weekly = next(m.name for m in services.mailbox.list(athlete_id) if "Week" in m.subject)
    pages["mail-weekly"] = f"/mailbox/{weekly}/html"
    with visiting(browser, origin, **look) as visit:
        visit.log_in(LOADED)
        for name, path in pages.items():
            visit.page.goto(origin + path)
            shoot(visit.page, f"loads-{name}-{request.node.callspec.id}")

            assert visit.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        assert (visit.complaints, visit.elsewhere) == ([], [])


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("who", [EMPTY, LEARNING])
def test_an_athlete_without_history_is_told_what_to_do_next(
    browser: "Browser", origin: str, who: str, look: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    with visiting(browser, origin, **look) as visit:
        visit.log_in(who)
        shoot(visit.page, f"today-{request.node.callspec.id}")

        hero = visit.page.get_by_role("heading", level=1)
        if who == EMPTY:
            assert "No runs here yet" in hero.inner_text()
            assert visit.page.get_by_role("link", name="Connect with Strava").is_visible()
        else:
            assert "Still learning" in hero.inner_text()
        visit.page.goto(origin + "/settings")
        shoot(visit.page, f"settings-{request.node.callspec.id}")
        assert (visit.complaints, visit.elsewhere) == ([], [])


def test_a_wrong_password_is_refused_in_words(browser: "Browser", origin: str) -> None:
    with visiting(browser, origin) as visit:
        visit.page.goto(origin + "/login")
        visit.page.get_by_label("E-mail address").fill(BUSY)
        visit.page.get_by_label("Password").fill("not the password")
        visit.page.get_by_role("button", name="Log in").click()

        assert "is not right" in visit.page.get_by_role("status").inner_text()


def test_a_runner_logs_in_reads_why_and_acknowledges(browser: "Browser", origin: str) -> None:
    with visiting(browser, origin, viewport={"width": 390, "height": 844}) as visit:
        visit.log_in(BUSY)
        page = visit.page

        assert "Your load jumped" in page.get_by_role("heading", level=1).inner_text()
        alert = page.get_by_role("article").first
        assert "29.0 km: your longest in 30 days was 21.1 km" in alert.inner_text()
        assert alert.get_by_text("Distance of this run").is_visible()
        assert alert.get_by_text("1.37 times").is_visible()
        assert page.get_by_role("article").count() == 3

        alert.get_by_role("button", name="I have read this").click()
        alert.get_by_text("Read. It counts on").wait_for()
        page.reload()

        assert page.get_by_role("article").count() == 2
        assert page.get_by_role("heading", name="Read, and still counting").is_visible()
        page.goto(origin + "/alerts/2")
        assert page.get_by_text("read by the runner").is_visible()
        page.get_by_role("button", name="Log out").click()
        page.goto(origin + "/alerts/2")
        assert page.url == origin + "/login"
        assert (visit.complaints, visit.elsewhere) == ([], [])
