"""A check-in by the drawing of both thighs: each place by mouse and by keyboard, and what is asked of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from loadwatch.bootstrap import Services
from loadwatch.domain.symptoms import REGIONS, Region
from loadwatch.services import health_words as words
from tests.support.browser import needs_browser
from tests.support.seeding import ANN, athlete, seeded_services, sign_up

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.e2e.conftest import Visit

pytestmark = [needs_browser, pytest.mark.timeout(120)]

PLACES = [f"{leg}-{region}" for leg in ("left", "right") for region in REGIONS]
FINGER = 44
"""The least that a finger hits: WCAG 2.2, target size (enhanced). [px]"""

SIZES = "fields => fields.map(f => f.getBoundingClientRect()).map(r => Math.min(r.width, r.height))"
WHAT_IS_HIT = """
() => [...document.querySelectorAll(".body-zone")].map(zone => {
    zone.scrollIntoView({block: "center"});
    const box = zone.getBoundingClientRect(), input = zone.closest("label").control;
    const leg = input.getBoundingClientRect(), x = (leg.left + leg.right) / 2, y = (box.top + box.bottom) / 2;
    return [input.value, document.elementFromPoint(x, y)?.value];
})
"""


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Ann without any run."""
    services = seeded_services(tmp_path / "data")
    sign_up(services, ANN)
    yield services
    services.close()


def spot(page: "Page", place: str) -> "Locator":
    return page.locator(f"[value='{place}']")


def tap(page: "Page", place: str) -> None:
    """Click it as somebody does who sees it: in its middle, whatever lies there."""
    spot(page, place).scroll_into_view_if_needed()
    box = spot(page, place).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def visible_aggravators(page: "Page") -> set[str]:
    found = page.locator("[name=aggravators]:visible").evaluate_all("all => all.map(input => input.value)")
    return set(found)


def told(services: Services) -> list[tuple[str | None, frozenset[Region]]]:
    """Side and regions of all check-ins, the first one first."""
    results = services.check_ins.results(athlete(services))
    return [(r.report.side, r.report.regions) for r in reversed(results)]


def test_a_check_in_of_each_place_of_the_left_leg_by_mouse(visit: "Visit", services: Services) -> None:
    with visit(services, phone=False) as page:
        for region in REGIONS:
            page.goto("/check-in", wait_until="domcontentloaded")
            tap(page, f"left-{region}")
            page.get_by_role("button", name="Send").click()
            page.wait_for_url("**/check-ins/*", wait_until="commit")

    assert told(services) == [("left", {region}) for region in REGIONS]


def test_a_check_in_of_each_place_of_the_right_leg_by_keyboard(visit: "Visit", services: Services) -> None:
    with visit(services, phone=False) as page:
        for region in REGIONS:
            page.goto("/check-in", wait_until="domcontentloaded")
            spot(page, f"right-{region}").focus()
            page.keyboard.press("Space")
            page.get_by_label("Anything else").focus()
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            page.wait_for_url("**/check-ins/*", wait_until="commit")

    assert told(services) == [("right", {region}) for region in REGIONS]


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desktop"])
def test_each_place_is_tapped_reached_and_named(visit: "Visit", services: Services, phone: bool) -> None:
    with visit(services, phone=phone) as page:
        page.goto("/check-in")

        for place, hit in page.evaluate(WHAT_IS_HIT):
            assert hit == place  # what is drawn is what is tapped
        first = page.locator(".tapped").first
        first.focus()
        reached = []
        for _ in PLACES:
            reached.append(page.evaluate("document.activeElement.value"))
            page.keyboard.press("Space")
            page.keyboard.press("Tab")
        assert sorted(reached) == sorted(PLACES)
        assert page.locator(".tapped:checked").count() == len(PLACES)
        for place in ("left-PM", "right-DV"):
            tap(page, place)
            assert not spot(page, place).is_checked()
        for place in PLACES:
            leg, _, code = place.partition("-")
            assert page.get_by_label(f"{leg.capitalize()}: {words.REGIONS[code]}").count() == 1


def test_everything_is_large_enough_for_a_finger(visit: "Visit", services: Services) -> None:
    with visit(services) as page:
        page.goto("/check-in")
        page.locator("#all").check()

        for what in (".tapped", "label.chip", ".steps-11 label"):
            assert min(page.locator(what).locator("visible=true").evaluate_all(SIZES)) >= FINGER, what


def test_a_place_is_named_under_the_pointer_and_in_words_once_it_is_tapped(
    visit: "Visit", services: Services
) -> None:
    with visit(services, phone=False, has_touch=False) as page:
        page.goto("/check-in")
        name = page.get_by_text("Left: Back of the thigh, middle")
        assert name.evaluate("name => getComputedStyle(name).opacity") == "0"
        spot(page, "left-PM").hover()
        assert name.evaluate("name => getComputedStyle(name).opacity") == "1"

        tap(page, "left-PM")
        tap(page, "right-LK")

        said = page.locator("#tapped p").all_inner_texts()
        assert said == ["Left: Back of the thigh, middle", "Right: Outer side of the knee"]


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_only_what_matters_at_the_places_tapped_is_asked_and_all_of_it_on_request(
    visit: "Visit", services: Services, javascript: bool
) -> None:
    with visit(services, javascript=javascript) as page:
        page.goto("/check-in")
        for region in REGIONS:
            spot(page, f"left-{region}").check()
            offered = page.locator(f".at-{region} [name=aggravators]").evaluate_all("all => all.map(i => i.value)")
            assert visible_aggravators(page) == set(offered) < words.AGGRAVATORS.keys()
            spot(page, f"left-{region}").uncheck()

        page.locator("#all").check()
        assert visible_aggravators(page) == words.AGGRAVATORS.keys()
        spot(page, "left-LT").check()
        page.get_by_label("Sitting or driving").check()
        page.locator("#all").uncheck()

        assert page.get_by_label("Sitting or driving").is_visible()  # what is ticked stays
        assert not page.get_by_label("Bending forward").is_visible()


def test_whether_it_is_the_same_is_asked_only_of_both_sides(visit: "Visit", services: Services) -> None:
    with visit(services) as page:
        page.goto("/check-in")
        same = page.get_by_label("Yes, the same")
        tap(page, "left-AM")
        assert not same.is_visible()

        tap(page, "right-AM")
        same.check()
        page.get_by_role("button", name="Send").click()
        page.wait_for_url("**/check-ins/*")

    assert told(services) == [("both_equal", {"AM"})]


@pytest.mark.parametrize("options", [{}, {"javascript": False, "dark": True}], ids=["scripts", "no-scripts"])
def test_an_answer_turns_a_same_day_flag_into_an_emergency(
    visit: "Visit", services: Services, options: dict[str, Any]
) -> None:
    with visit(services, **options) as page:
        page.goto("/check-in")
        spot(page, "right-PD").check()
        page.get_by_label("One calf is swollen").check()
        page.get_by_role("button", name="Send").click()
        assert page.get_by_role("heading", level=1).inner_text() == "Have this looked at today"

        page.get_by_role("group", name="Do you have chest pain?").get_by_label("Yes").check()
        page.get_by_role("button", name="Send answers").click()

        assert page.get_by_role("heading", level=1).inner_text() == "Get medical help now"
        first = page.locator(".red-flag").first.inner_text()
        assert "Now: emergency" in first
        assert "call the emergency number now" in first
        assert "Chest pain or short of breath." in first
        assert page.get_by_role("button", name="Send answers").count() == 0
        assert "resembles" not in page.get_by_role("main").inner_text()


def test_nothing_hurts_is_one_tap(visit: "Visit", services: Services) -> None:
    with visit(services) as page:
        page.goto("/check-in")
        page.get_by_role("button", name="Nothing hurts today").click()
        page.wait_for_url("**/check-ins/1")

        assert page.get_by_role("heading", level=1).inner_text() == "Noted: nothing hurts"
