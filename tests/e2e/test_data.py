"""From sign-up to the first verdict and to the end of the account, as a runner does it: in a browser."""

import io
import json
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loadwatch.bootstrap import Services
from tests.support.athletes import BUSY, EMPTY, read_files
from tests.support.browser import needs_browser
from tests.support.exports import made_runs
from tests.support.fit_writer import run_fit
from tests.support.seeding import NOW, PASSWORD, athlete, seeded_services

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = needs_browser

Visit = Callable[..., AbstractContextManager["Page"]]


def files_of_three_weeks() -> list[dict[str, object]]:
    """As a browser hands them in."""
    return [
        {
            "name": f"{n}.fit",
            "mimeType": "application/octet-stream",
            "buffer": run_fit(600, NOW - timedelta(days=3 * n, hours=3)),
        }
        for n in range(8)
    ]


def make_account(page: "Page") -> None:
    page.goto("/signup")
    page.get_by_label("Name").fill("Robin")
    page.get_by_label("E-mail address").fill("robin@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    page.wait_for_url("**/welcome")


@pytest.fixture
def fresh(tmp_path: Path) -> Services:
    """A server that nobody has an account on."""
    return seeded_services(tmp_path)


def test_in_three_steps_from_sign_up_over_files_to_the_first_verdict(fresh: Services, visit: Visit) -> None:
    with visit(fresh, email=None, timezone_id="Europe/Paris") as page:
        make_account(page)
        assert fresh.views.profile(athlete(fresh, "robin@example.org")).timezone == "Europe/Paris"  # the browser's

        page.get_by_label("Files, or a zip archive").set_input_files(files_of_three_weeks())
        page.get_by_role("button", name="Upload").click()
        page.get_by_text("0 of 8 files are read.").wait_for()
        read_files(fresh)
        page.get_by_text("8 of 8 files are read.").wait_for()  # it looks again by itself
        fresh.assess.assess(athlete(fresh, "robin@example.org"))
        page.goto("/welcome")
        page.get_by_role("link", name="See what it says today").click()
        page.wait_for_url("**/")

        assert page.get_by_role("heading", level=1).is_visible()
        assert "No runs here yet" not in page.locator("main").inner_text()
    fresh.close()


def test_without_scripts_a_zip_is_handed_in_and_read_too(services: Services, visit: Visit) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for made in made_runs(3, minutes=(20, 30)):
            archive.writestr(made.name, made.data)
    with visit(services, email=EMPTY, javascript=False) as page:
        page.goto("/welcome")
        page.get_by_label("Files, or a zip archive").set_input_files(
            {"name": "mine.zip", "mimeType": "application/zip", "buffer": packed.getvalue()}
        )
        page.get_by_role("button", name="Upload").click()
        page.wait_for_url("**/welcome")
        assert page.get_by_text("mine.zip is looked at next.").is_visible()
        read_files(services)
        page.get_by_role("link", name="Look again").click()

        assert page.get_by_text("3 of 3 files are read.").is_visible()


def test_files_may_be_dropped_on_the_page(services: Services, visit: Visit) -> None:
    with visit(services, email=EMPTY, phone=False) as page:
        page.goto("/upload")
        page.evaluate(
            """() => {
              const carried = new DataTransfer();
              carried.items.add(new File(["no run"], "dropped.fit"));
              const drop = new DragEvent("drop", {dataTransfer: carried, bubbles: true});
              document.getElementById("upload").dispatchEvent(drop);
            }"""
        )
        assert "dropped.fit" in page.locator("#sending").inner_text()
        page.get_by_role("button", name="Upload").click()

        page.get_by_text("1 file taken in").wait_for()
        assert [upload.name for upload in services.uploads.uploads(athlete(services, EMPTY))] == ["dropped.fit"]


def test_a_runner_takes_a_copy_of_everything(services: Services, visit: Visit) -> None:
    with visit(services, email=BUSY) as page:
        page.goto("/data")
        with page.expect_download() as started:
            page.get_by_role("link", name="Download the copy").click()
        archive = zipfile.ZipFile(started.value.path())

        assert started.value.suggested_filename == "loadwatch-2026-11-22.zip"
        assert len(json.loads(archive.read("loadwatch/runs.json"))) == 74
        assert "README.txt" in {Path(name).name for name in archive.namelist()}


def test_the_account_ends_only_with_the_password_and_the_word(services: Services, visit: Visit) -> None:
    with visit(services, email=EMPTY, expected=(400,)) as page:
        page.goto("/data")
        page.get_by_role("link", name="Delete the account").click()
        page.get_by_label("Your password").fill("not the password")
        page.get_by_label("Type the word").fill("delete")
        page.get_by_role("button", name="Delete everything").click()
        assert "Nothing was deleted" in page.get_by_role("status").inner_text()
        page.get_by_label("Your password").fill(PASSWORD)
        page.get_by_label("Type the word").fill("remove")
        page.get_by_role("button", name="Delete everything").click()
        assert "Nothing was deleted" in page.get_by_role("status").inner_text()

        page.get_by_label("Your password").fill(PASSWORD)
        page.get_by_label("Type the word").fill("delete")
        page.get_by_role("button", name="Delete everything").click()

        assert page.get_by_role("heading", name="Receipt 1").is_visible()
        assert services.accounts.athlete_by_email(EMPTY) is None
        page.goto("/")
        assert page.url.endswith("/login")


def test_one_looks_around_with_a_sample_and_comes_back_to_oneself(services: Services, visit: Visit) -> None:
    with visit(services, email=EMPTY) as page:
        page.goto("/welcome")
        page.get_by_role("button", name="Look around with a sample runner").click()
        page.wait_for_url("**/")
        for path in ("/", "/problems", "/alerts", "/runs", "/data", "/settings"):
            page.goto(path)
            assert page.get_by_role("complementary", name="Sample").is_visible(), path
        page.get_by_role("button", name="Save: You", exact=True).click()
        assert "not possible with a sample" in page.get_by_role("status").inner_text()

        page.get_by_role("button", name="Leave the sample").click()

        page.wait_for_url("**/welcome")
        page.goto("/settings")
        assert page.get_by_label("Name").input_value() == "Emma"
        with services.store.read() as tx:
            assert tx.samples() == []


def test_another_language_is_that_of_the_next_page(services: Services, visit: Visit) -> None:
    with visit(services, email=EMPTY, javascript=False) as page:
        page.goto("/settings")
        languages = page.get_by_label("Language", exact=True).locator("option").all_inner_texts()
        if "Deutsch" not in languages:
            pytest.skip("there is no German catalogue")
        page.get_by_label("Language", exact=True).select_option("de")
        page.locator("#place button").click()

        assert page.locator("html").get_attribute("lang") == "de"


def test_a_key_is_shown_once_and_taken_back(services: Services, visit: Visit) -> None:
    emma = athlete(services, EMPTY)
    with visit(services, email=EMPTY) as page:
        page.goto("/settings/access")
        page.get_by_label("What it is for").fill("my watch")
        page.get_by_role("button", name="Make a key").click()
        key = page.locator(".key-text").inner_text()
        assert services.accounts.athlete_by_token(key) == emma

        page.goto("/settings/access")
        assert key not in page.content()
        page.get_by_role("button", name="Take back the key my watch").click()
        page.get_by_text("No keys yet").wait_for()

        assert services.accounts.athlete_by_token(key) is None


def test_another_password_keeps_this_log_in_and_ends_the_others(services: Services, visit: Visit) -> None:
    with visit(services, email=EMPTY) as page:
        elsewhere = services.accounts.log_in(EMPTY, PASSWORD)
        assert elsewhere is not None
        page.goto("/settings/access")
        page.get_by_label("Your present password").fill(PASSWORD)
        page.get_by_label("A new password").fill("a much longer one")
        page.get_by_role("button", name="Save the password").click()

        assert "Saved: your new password" in page.get_by_role("status").inner_text()
        page.goto("/settings")
        assert page.get_by_role("heading", level=1, name="Settings").is_visible()
        assert services.accounts.by_session(elsewhere.session_id) is None
