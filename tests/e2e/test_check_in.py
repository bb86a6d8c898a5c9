"""A check-in in a real browser: by keyboard, up to a red flag, up to closing a problem."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from loadwatch.bootstrap import Services
from tests.support.browser import needs_browser, served, shoot
from tests.support.seeding import NOW, PASSWORD, SeedRun, add_runs, seeded_services, sign_up

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

EMAIL = "ann@example.org"

pytestmark = needs_browser

LOOKS = [
    pytest.param({"viewport": {"width": w, "height": h}, "color_scheme": scheme}, id=f"{w}-{scheme}")
    for w, h, scheme in ((360, 740, "dark"), (1280, 900, "light"))
]


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = seeded_services(tmp_path)
    sign_up(services, EMAIL)
    yield services
    services.close()


@pytest.fixture
def origin(services: Services) -> Iterator[str]:
    with served(services) as origin:
        yield origin


def logged_in(browser: "Browser", origin: str, **options: Any) -> "Page":
    """A page without any script, as the pages need none."""
    page = browser.new_context(java_script_enabled=False, **options).new_page()
    page.goto(origin + "/")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    return page


def tab_to(page: "Page", label: str) -> None:
    """Press Tab until the field or button of this name has the focus."""
    wanted = page.get_by_label(label, exact=True).or_(page.get_by_role("button", name=label, exact=True))
    for _ in range(150):
        page.keyboard.press("Tab")
        if wanted.and_(page.locator(":focus")).count():
            return
    pytest.fail(f"the keyboard does not reach {label!r}")


def pain(page: "Page", of: str, n: int) -> None:
    page.get_by_role("group", name=of).get_by_label(str(n), exact=True).check()


def test_a_check_in_by_keyboard_alone_tells_what_it_resembles(browser: "Browser", origin: str) -> None:
    page = logged_in(browser, origin, viewport={"width": 360, "height": 740})
    page.goto(origin + "/check-in")

    tab_to(page, "Left: Back of the thigh, middle")
    page.keyboard.press("Space")
    tab_to(page, "not told")  # a group of choices is one stop, at the one chosen; the next one is "0"
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    for answer in ("Tight", "Sprinting"):
        tab_to(page, answer)
        page.keyboard.press("Space")
    shoot(page, "check-in-filled-in")
    tab_to(page, "Send")
    page.keyboard.press("Enter")
    page.wait_for_url("**/check-ins/1")
    shoot(page, "check-in-result")

    assert page.get_by_role("heading", name="It resembles: hamstring strain").is_visible()
    assert page.get_by_text("Not yet reviewed by a clinician.").first.is_visible()
    assert page.get_by_text("One side only").is_visible()


def test_a_red_flag_fills_the_page_with_what_to_do(browser: "Browser", origin: str) -> None:
    page = logged_in(browser, origin, viewport={"width": 360, "height": 740})
    page.goto(origin + "/check-in")
    pain(page, "Worst pain today", 1)
    page.get_by_label("Left: Low back or buttock").check()
    page.get_by_label("Right: Low back or buttock").check()
    page.get_by_label("Yes, the same").check()
    page.get_by_label("Numb between the legs or around the genitals").check()
    page.get_by_role("button", name="Send").click()
    shoot(page, "red-flag")

    assert page.get_by_role("heading", level=1).inner_text() == "Get medical help now"
    assert page.get_by_text("Now: emergency").is_visible()
    assert "emergency department now" in page.get_by_role("main").inner_text()
    assert "resembles" not in page.get_by_role("main").inner_text()


def test_a_problem_is_worked_on_and_closed(browser: "Browser", origin: str, services: Services) -> None:
    page = logged_in(browser, origin, viewport={"width": 360, "height": 740})
    page.goto(origin + "/check-in")
    pain(page, "Worst pain during your last run", 3)
    page.get_by_label("Left: Back of the thigh, middle").check()
    page.get_by_label("Sprinting").check()
    page.get_by_label("Bit by bit during a run").check()
    page.get_by_role("button", name="Send").click()
    page.get_by_role("link", name="What to do: the page of this problem").click()
    page.get_by_role("button", name="Show me exercises").click()
    shoot(page, "problem")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("group", name="Worst pain during it").get_by_label("1", exact=True).check()
    page.get_by_role("button", name="Send session").click()
    assert "Noted" in page.get_by_role("status").inner_text()

    page.get_by_role("button", name="It is gone").click()

    assert "it is gone" in page.get_by_role("status").inner_text()
    athlete_id = services.accounts.athlete_by_email(EMAIL)
    assert athlete_id is not None
    (problem,) = services.check_ins.problems(athlete_id)
    assert not problem.problem.is_open
    assert len(problem.sessions) == 1


def test_after_a_long_run_today_asks_and_the_problem_leads_back_to_running(
    browser: "Browser", origin: str, services: Services
) -> None:
    athlete_id = services.accounts.athlete_by_email(EMAIL)
    assert athlete_id is not None
    long_run = NOW.replace(hour=6) - timedelta(days=1)
    before = [SeedRun(long_run - timedelta(days=2 * n), 8_000) for n in range(25, 0, -1)]
    add_runs(services, athlete_id, [*before, SeedRun(long_run, 15_000, "Too far")])
    page = logged_in(browser, origin, viewport={"width": 360, "height": 740})
    shoot(page, "today-asks")

    page.get_by_role("link", name="All questions").click()
    pain(page, "Worst pain during your last run", 4)
    page.get_by_label("Right: Outer side of the knee").check()
    page.get_by_label("It begins at about the same distance in each run").check()
    page.get_by_label("Running downhill").check()
    page.get_by_role("button", name="Send").click()
    services.assess.assess(athlete_id)
    page.goto(origin + "/")
    shoot(page, "today-with-a-problem")
    verdict = page.get_by_role("heading", level=1).inner_text()
    page.goto(origin + "/problems/1")
    page.get_by_role("button", name="Show me exercises").click()
    page.get_by_role("button", name="Start the way back to running").click()
    shoot(page, "problem-way-back")
    way_back = page.locator("#way-back").inner_text()
    page.get_by_role("link", name="A circuit of half an hour").click()
    shoot(page, "circuit")
    page.get_by_role("button", name="Done, worst pain 1 of 10").click()

    assert "Right" in verdict
    assert "Level" in way_back
    assert "flat and easy" in way_back
    assert "Noted" in page.get_by_role("status").inner_text()


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_fits_and_each_field_has_a_name(
    browser: "Browser", origin: str, look: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    page = logged_in(browser, origin, **look)
    page.goto(origin + "/check-in")
    pain(page, "Worst pain today", 3)
    page.get_by_label("Left: Inner side of the thigh, groin").check()
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/check-ins/1")
    paths = ["/check-in", "/check-ins/1", "/problems", "/problems/1", "/problems/1/circuit", "/shoes", "/about-you"]
    paths.append("/weeks/2026-W47/questionnaire")
    for path in paths:
        page.goto(origin + path)
        shoot(page, f"health{path.replace('/', '-')}-{request.node.callspec.id}")

        assert page.get_by_role("heading", level=1).count() == 1, path
        # Playwright's own evaluation works where the page's scripts do not.
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        nameless = "[...document.querySelectorAll('main input:not([type=hidden]), main select, main textarea')]"
        assert page.evaluate(f"{nameless}.filter(f => !f.labels.length).length") == 0, path
