"""The charts of load in a browser: zoomed by buttons, keys and fingers, read without a script; a run of a file."""

from typing import TYPE_CHECKING

import pytest

from loadwatch.bootstrap import Services
from tests.support.athletes import BUSY, EMPTY
from tests.support.browser import needs_browser, shoot
from tests.support.pages import known
from tests.support.seeding import athlete

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.conftest import Visit

pytestmark = needs_browser

DRAWN = "document.querySelector('[data-chart=runs] canvas').toDataURL()"


def drawn(page: "Page") -> str:
    """The first chart as a picture: it changes when the time does."""
    return str(page.evaluate(DRAWN))


def test_the_charts_are_zoomed_by_buttons_and_keys_and_tell_their_numbers(visit: "Visit", services: Services) -> None:
    with visit(services, email=BUSY, phone=False) as page:
        page.goto("/load")
        page.locator("#zoom").wait_for()
        whole = drawn(page)
        assert page.locator(".lc-live canvas").count() == 6

        closer = page.get_by_role("button", name="Closer")
        closer.focus()
        page.keyboard.press("Enter")
        page.wait_for_function(f"drawn => {DRAWN} !== drawn", arg=whole)
        assert page.get_by_role("button", name="Later").is_enabled()
        shoot(page, "load-zoomed")
        page.get_by_role("button", name="Whole time").click()
        page.wait_for_function(f"drawn => {DRAWN} === drawn", arg=whole)
        assert page.get_by_role("button", name="Wider").is_disabled()

        page.locator("[data-chart=mileage] .u-over").hover(position={"x": 300, "y": 40})
        page.locator("[data-chart=mileage] .lc-read", has_text="km").wait_for()
        assert "Week of" in page.locator("[data-chart=mileage] .lc-read").inner_text()


def test_a_part_that_is_drawn_over_is_looked_at_closer(visit: "Visit", services: Services) -> None:
    with visit(services, email=BUSY, phone=False) as page:
        page.goto("/load")
        page.locator("#zoom").wait_for()
        whole = drawn(page)
        over = page.locator("[data-chart=runs] .u-over").bounding_box()
        assert over is not None
        page.mouse.move(over["x"] + over["width"] * 0.3, over["y"] + 60)
        page.mouse.down()
        page.mouse.move(over["x"] + over["width"] * 0.6, over["y"] + 60, steps=4)
        page.mouse.up()

        page.wait_for_function(f"drawn => {DRAWN} !== drawn", arg=whole)
        assert page.get_by_role("button", name="Wider").is_enabled()


@pytest.mark.parametrize("email", [BUSY, EMPTY])
def test_without_a_script_the_load_is_drawings_and_a_table(visit: "Visit", services: Services, email: str) -> None:
    with visit(services, email=email, javascript=False) as page:
        page.goto("/load")

        if email == EMPTY:
            assert page.get_by_role("heading", name="No runs here yet").is_visible()
            return
        assert page.locator("svg.lc").count() == 6
        assert page.locator("#zoom").is_hidden()
        page.get_by_text("The same as a table").click()
        assert page.get_by_role("columnheader", name="Downhill").is_visible()
        page.get_by_role("link", name="12 months").click()
        assert page.url.endswith("/load?period=12m")


def test_on_a_phone_the_calendar_is_a_list_and_still_a_table_to_those_who_listen(
    visit: "Visit", services: Services
) -> None:
    with visit(services, email=BUSY) as page:
        page.goto("/calendar")

        assert (
            page.get_by_role("table").get_by_role("row").count() == 5
        )  # the weeks up to the last run that is planned
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_role("link", name="Month before").click()
        assert "/calendar?month=" in page.url


def test_the_kilometres_and_the_path_of_a_run_come_by_themselves_or_by_a_link(
    visit: "Visit", services: Services
) -> None:
    run = known(services, athlete(services, BUSY))["file_run"]
    with visit(services, email=BUSY) as page:
        page.goto(f"/runs/{run}")
        page.get_by_role("heading", name="Kilometre by kilometre").wait_for()
        assert page.locator("svg.path-shape").is_visible()
        shoot(page, "run-inside")
    with visit(services, email=BUSY, javascript=False) as page:
        page.goto(f"/runs/{run}")
        page.get_by_role("link", name="Its path, kilometres, climbs and laps").click()
        assert page.get_by_role("heading", name="Kilometre by kilometre", level=1).is_visible()
