"""`./run screenshots`: what it takes, and the page that shows it."""

from pathlib import Path
from typing import TYPE_CHECKING

from loadwatch.bootstrap import Services
from tests.e2e.screenshots import index, shoot_all, shots
from tests.support.browser import needs_browser
from tests.support.pages import PAGES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = needs_browser


def test_a_page_is_pictured_in_each_look_and_shown_beside_the_others(
    browser: "Browser", services: Services, tmp_path: Path
) -> None:
    wanted = list(shots(services, ["empty"], ["about"]))

    shoot_all(browser, services, wanted, tmp_path)

    pictures = {str(path.relative_to(tmp_path)) for path in tmp_path.glob("empty/*.png")}
    assert pictures == {f"empty/about-{w}-{scheme}.png" for w in (390, 1280) for scheme in ("light", "dark")}
    assert all(f'src="{picture}"' in index(wanted) for picture in pictures)


def test_between_them_the_athletes_show_every_page(services: Services) -> None:
    wanted = shots(services, ["busy", "empty", "injured", "nobody"], [])

    assert {shot.name for shot in wanted} == {page.name for page in PAGES}
