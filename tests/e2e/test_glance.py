"""Today in a browser: a check-in of three taps, alerts dealt with where they stand, and what arrives meanwhile."""

from datetime import timedelta
from typing import TYPE_CHECKING

from loadwatch.bootstrap import Services
from tests.support.athletes import EMPTY
from tests.support.browser import needs_browser
from tests.support.seeding import ANN, NOW, SeedRun, add_runs, athlete

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.conftest import Visit

pytestmark = needs_browser

PAGE_LIMIT_BYTES = 250_000

SENT_BYTES = """() => performance.getEntries()
    .filter((e) => ["navigation", "resource"].includes(e.entryType))
    .reduce((sum, e) => sum + e.transferSize, 0)"""


def ask_for_news(page: "Page") -> None:
    """As when somebody comes back to the window: nobody waits for the next time by itself."""
    with page.expect_response(lambda r: "/live" in r.url):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def a_run_arrives(services: Services, email: str = ANN, km: float = 8.2) -> None:
    start = NOW - timedelta(minutes=52)  # it takes 49 minutes and a bit by the pace of the seed
    add_runs(services, athlete(services, email), [SeedRun(start, 1000 * km, "Lunch run")], 90_000)


def test_today_is_small_whatever_it_loads(services: Services, visit: "Visit") -> None:
    with visit(services) as page:
        page.goto("/")
        page.wait_for_load_state("networkidle")

        names = page.evaluate("performance.getEntriesByType('resource').map((e) => e.name).join(' ')")
        assert all(part in names for part in ("app.css", "htmx.min.js", "live.js"))
        assert 0 < page.evaluate(SENT_BYTES) <= PAGE_LIMIT_BYTES


def test_three_taps_tell_where_it_hurts_and_how_much_and_one_that_nothing_does(
    services: Services, visit: "Visit"
) -> None:
    emma = athlete(services, EMPTY)
    with visit(services, email=EMPTY) as page:
        page.goto("/")
        page.get_by_role("button", name="Nothing hurts").click()

        assert "Noted: nothing hurts" in page.locator(".messages").inner_text()
        told = services.check_ins.results(emma)[0].report
        assert (told.pain_today, told.hurts) == (0, False)

        page.get_by_text("Something hurts").click()
        page.locator("label.spot", has_text="Left: Back of the thigh, middle").click()
        page.get_by_role("button", name="4 of 10").click()
        page.wait_for_url("**/check-in?*")

        told = next(r.report for r in services.check_ins.results(emma) if r.report.hurts)
        assert (told.side, told.regions, told.pain_today) == ("left", {"PM"}, 4)


def test_an_alert_is_dealt_with_where_it_stands(services: Services, visit: "Visit") -> None:
    with visit(services) as page:
        page.goto("/")
        card = page.locator("article.alert").filter(has_text="29.0 km").first
        page.evaluate("window.here = 'the same page'")

        card.get_by_role("button", name="Yes").click()
        assert "Thank you" in card.get_by_role("status").inner_text()
        assert card.get_by_role("button", name="Yes").get_attribute("aria-pressed") == "true"
        card.get_by_role("button", name="I have read this").click()
        card.get_by_text("Read. It counts on").wait_for()

        assert card.get_by_role("button", name="I have read this").count() == 0
        assert page.evaluate("document.activeElement.getAttribute('role')") == "status"
        card.get_by_role("button", name="None of this kind").click()
        card.get_by_text("No more of this kind until").wait_for()
        assert page.evaluate("window.here") == "the same page"


def test_alerts_and_the_three_taps_work_without_a_script(services: Services, visit: "Visit") -> None:
    with visit(services, javascript=False) as page:
        page.goto("/alerts")
        card = page.locator("article.alert").filter(has_text="29.0 km").first
        card.get_by_role("button", name="This run was planned").click()

        assert "this run was planned" in page.locator(".messages").inner_text()
        assert page.url.partition("#")[0].endswith("/alerts")
        assert "Read" in card.locator(".alert-head").inner_text()

        page.goto("/")
        page.get_by_text("Something hurts").click()
        page.locator("label.spot", has_text="Right: Outer side of the knee").click()
        page.get_by_role("button", name="3 of 10").click()
        told = services.check_ins.results(athlete(services))[0].report
        assert (told.side, told.regions, told.pain_today) == ("right", {"LK"}, 3)


def test_a_run_that_arrives_appears_on_a_page_that_nobody_touches(services: Services, visit: "Visit") -> None:
    with visit(services) as page:
        page.goto("/")
        page.evaluate("window.here = 'the same page'")
        ask_for_news(page)
        assert page.locator("#live-said").inner_text() == ""

        a_run_arrives(services)
        ask_for_news(page)
        page.get_by_role("link", name="Lunch run").wait_for()

        said = page.locator("#live-said").inner_text()
        assert "New run: 8.2 km, 2 minutes ago." in said
        assert "Week 77.0 km → 85.2 km." in said
        assert page.get_by_role("link", name="Show").count() == 0
        assert page.evaluate("window.here") == "the same page"
        ask_for_news(page)
        assert page.locator("#live-said").inner_text() == said


def test_a_run_that_arrives_waits_for_who_is_filling_in_a_form(services: Services, visit: "Visit") -> None:
    with visit(services) as page:
        page.goto("/")
        page.get_by_text("Something hurts").click()
        page.locator("label.spot", has_text="Right: Front of the thigh, middle").click()
        before = page.evaluate("scrollY")

        a_run_arrives(services, km=33.0)
        ask_for_news(page)
        page.get_by_role("link", name="Show").wait_for()

        assert "new alert" in page.locator("#live-said").inner_text()
        assert page.get_by_label("Right: Front of the thigh, middle").is_checked()
        assert page.evaluate("scrollY") == before
        assert page.get_by_role("link", name="Lunch run").count() == 0
        page.get_by_role("link", name="Show").click()
        page.get_by_role("link", name="Lunch run").wait_for()
        assert page.evaluate("document.activeElement.id") == "main"


def test_a_session_that_ends_leaves_an_open_page_as_it_is(services: Services, visit: "Visit") -> None:
    with visit(services) as page:
        page.goto("/")
        page.context.clear_cookies()
        ask_for_news(page)

        assert page.locator("#live-said").inner_text() == ""
        page.locator("article.alert").first.get_by_role("button", name="I have read this").click()
        page.wait_for_url("**/login")
