"""A hilly run and a track session, pushed by the pretended Strava, until they stand on the pages in a browser."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from loadwatch.demo.season import DemoActivity, season
from loadwatch.domain.activity import Run, RunFeatures
from tests.support.browser import needs_browser, served
from tests.support.samples import features, give_features
from tests.support.seeding import SeedRun, add_runs
from tests.support.stack import Stack, running_stack

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = needs_browser

TOP_M_S = 5.4
"""The runner's best 20 s: fast from 0.75 × 5.4 = 4.05 m/s, and the season's 400 m are run at 4.35 m/s."""

LOOKS = [
    {"viewport": {"width": w, "height": 800}, "color_scheme": scheme}
    for w, scheme in ((360, "dark"), (1280, "light"))
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, broker: str) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("loads")
    with running_stack(folder, f"sqlite:///{folder / 'test.db'}", broker) as stack:
        stack.start_webhooks()
        stack.start_worker()
        stack.subscribe()
        yield stack


@pytest.fixture(scope="module")
def origin(stack: Stack) -> Iterator[str]:
    with served(stack.services) as origin:
        yield origin


@pytest.fixture(scope="module")
def pushed(stack: Stack) -> dict[str, int]:
    """Ids of two runs that were pushed to an athlete with eight weeks of flat and easy ones; by name."""
    now = datetime.now(UTC)
    athlete_id = stack.connect()
    easy = [SeedRun(now - timedelta(days=2 * n + 1, hours=12), 10_000, f"Easy {n}") for n in range(1, 29)]
    add_runs(stack.services, athlete_id, easy)
    give_features(stack.services, athlete_id, flat_and_easy)
    made = season(now)
    hilly = made.live[1]
    track = next(each for each in reversed(made.history) if each.activity["name"].startswith("Track"))
    for each, start in ((hilly, now - timedelta(hours=26)), (track, now - timedelta(minutes=1))):
        stack.sim.add_activity(moved(each, start), streams=each.streams, push=True)
    stack.settle()
    stored = stack.services.views.runs(athlete_id)
    return {d.run.name: d.run.id for d in stored if d.source_id in (hilly.activity["id"], track.activity["id"])}


def flat_and_easy(run: Run) -> RunFeatures:
    return replace(features(run), best_20s_m_s=TOP_M_S)


def moved(made: DemoActivity, start: datetime) -> dict[str, Any]:
    local = start.astimezone(ZoneInfo("Europe/Berlin"))
    return {
        **made.activity,
        "start_date": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "start_date_local": f"{local:%Y-%m-%dT%H:%M:%SZ}",  # Strava's false Z
    }


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look['viewport']['width']}-{look['color_scheme']}")
def page(request: pytest.FixtureRequest, browser: "Browser", origin: str, pushed: dict[str, int]) -> Iterator["Page"]:
    with contextlib.closing(browser.new_context(**request.param, java_script_enabled=False)) as context:
        page = context.new_page()
        page.goto(origin + "/")
        page.get_by_label("E-mail address").fill("runner@example.org")
        page.get_by_label("Password").fill("a long password")
        page.get_by_role("button", name="Log in").click()
        yield page


def test_both_runs_show_on_today_and_on_their_pages(page: "Page", origin: str, pushed: dict[str, int], stack: Stack):
    name = next(n for n in pushed if n.startswith("Track"))
    n_reps = int(name.split()[1])

    fast = page.get_by_role("region", name="Fast running")
    hills = page.get_by_role("region", name="Hills")
    fast.get_by_text("More").click()
    assert fast.get_by_text("On a track, jogging included").is_visible()
    # Each repetition is some 400 m, of which GPS and the start cost a little.
    metres = int(re.sub(r"\D", "", fast.locator(".load-now").inner_text()))
    assert 0.85 * 400 * n_reps < metres < 1.1 * 400 * n_reps
    assert hills.get_by_text("Usual week").is_visible()
    assert page.get_by_role("article", include_hidden=True).filter(has_text="Downhill load").count() == 1
    assert fits(page)

    page.goto(f"{origin}/runs/{pushed[name]}")
    inside = page.get_by_role("region", name="What it added to each load")
    assert f"{n_reps} × about" in inside.inner_text()
    assert "laps of 400\xa0m" in inside.inner_text()
    assert fits(page)

    page.goto(f"{origin}/runs/{next(i for n, i in pushed.items() if n != name)}")
    inside = page.get_by_role("region", name="What it added to each load")
    assert "altitude from a barometer" in inside.inner_text()
    assert "None" in inside.inner_text()  # on a track
    assert page.get_by_role("link", name="Downhill load").first.is_visible()
    assert fits(page)


def fits(page: "Page") -> bool:
    """Whether nothing sticks out at the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
