"""What axe-core finds on every page: nothing, for each athlete, wide and narrow, light and dark."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from loadwatch.bootstrap import Services
from tests.support.athletes import ATHLETES, open_household
from tests.support.browser import DESKTOP, PHONE, needs_browser
from tests.support.pages import PAGES, paths

if TYPE_CHECKING:
    from playwright.sync_api import Page as BrowserPage

    from tests.e2e.conftest import Visit

AXE = Path(__file__).parents[1] / "vendor" / "axe.min.js"

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
"""WCAG 2.2 at level AA, and what the makers of axe recommend beside it."""

ALIKE = frozenset(
    {
        *(
            "about",
            "about-you",
            "access",
            "channels",
            "check-in",
            "delete-account",
            "disconnect",
            "questionnaire",
            "settings",
        ),
        "thresholds",
    }
)
"""Pages that are the same, or as good as that, for every athlete: looked at once."""

ONLY_COLOURS = ("color-contrast", "link-in-text-block")
"""All that differs between light and dark."""

FIND = """
async (only) => {
    const found = await axe.run(document, {runOnly: only, resultTypes: ["violations"], iframes: false});
    return found.violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(" ")).join(", ")} (${v.help})`);
}
"""

pytestmark = [needs_browser, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def services(household: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    services = open_household(household, tmp_path_factory.mktemp("axe") / "data")
    yield services
    services.close()


def violations(page: "BrowserPage", path: str) -> Iterator[str]:
    """Of one page, in the four looks; it is loaded once."""
    page.goto(path)
    for width, size in (("phone", PHONE), ("desktop", DESKTOP)):
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            only: dict[str, Any] = {"type": "tag", "values": TAGS}
            if scheme == "dark":
                only = {"type": "rule", "values": ONLY_COLOURS}
            yield from (f"{width} {scheme}: {violation}" for violation in page.evaluate(FIND, only))


def look_at(visit: "Visit", services: Services, email: str | None, wanted: dict[str, str]) -> dict[str, list[str]]:
    """Violations by the page's name; pages without any are left out."""
    with visit(services, email=email, phone=False, reduced_motion="reduce") as page:
        page.context.add_init_script(path=AXE)
        found = {name: list(violations(page, path)) for name, path in wanted.items()}
    return {name: said for name, said in found.items() if said}


@pytest.mark.parametrize("who", ATHLETES)
def test_no_page_of_an_athlete_is_in_somebodys_way(visit: "Visit", services: Services, who: str) -> None:
    email = ATHLETES[who]
    skipped = ALIKE if who != "busy" else frozenset()
    wanted = {page.name: path for page, path in paths(services, email) if page.name not in skipped}

    assert look_at(visit, services, email, wanted) == {}


def test_no_page_before_the_log_in_is_in_somebodys_way(visit: "Visit", services: Services) -> None:
    wanted = {page.name: page.path for page in PAGES if page.is_open}

    assert look_at(visit, services, None, wanted) == {}


def test_what_is_in_the_way_is_found(visit: "Visit", services: Services) -> None:
    with visit(services, email=None, phone=False) as page:
        page.context.add_init_script(path=AXE)
        page.goto("/login")
        page.evaluate("document.querySelectorAll('label').forEach(label => label.remove())")

        found = page.evaluate(FIND, {"type": "tag", "values": TAGS})

    assert any(violation.startswith("label: #email") for violation in found)
