"""From a link of a mail to what must not wait: on a phone, without a log-in and without scripts."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loadwatch.bootstrap import Services
from loadwatch.services.health_ports import Draft
from tests.support.browser import PHONE, needs_browser, served, shoot
from tests.support.seeding import ANN, NOW, athlete, seeded_services, sign_up

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = needs_browser


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = seeded_services(tmp_path / "data")
    sign_up(services, ANN)
    yield services
    services.close()
    shutil.rmtree(tmp_path / "data")


@pytest.fixture
def phone(browser: "Browser", services: Services) -> Iterator["Page"]:
    with served(services) as origin:
        context = browser.new_context(viewport=PHONE, java_script_enabled=False, base_url=origin)
        yield context.new_page()
        assert context.cookies() == []
        context.close()


def link(services: Services, purpose: str, about: str, answer: str) -> str:
    token = services.reply_links.token(athlete(services), purpose, about, NOW + timedelta(days=3), answer)
    return f"/r/{token}"


def test_pain_is_told_on_a_phone_and_what_must_not_wait_is_seen(phone: "Page", services: Services) -> None:
    phone.goto(link(services, "ask", "2026-11-22", "fine"))
    phone.get_by_role("link", name="Something hurts").click()
    phone.get_by_label("Left: Low back or buttock").check()
    phone.get_by_label("Numb between the legs or around the genitals").check()
    phone.get_by_role("button", name="Send").click()

    assert phone.get_by_role("heading", name="Get medical help now").is_visible()
    assert phone.get_by_text("Where to go").is_visible()
    shoot(phone, "reply-red-flag")
    with services.store.read() as tx:
        (report,) = tx.symptom_reports(athlete(services))
    assert (report.side, report.regions, report.signs) == ("left", {"BK"}, {"numb_saddle"})


def test_a_wrong_number_is_put_right_before_it_is_recorded(phone: "Page", services: Services) -> None:
    told = Draft(side="left", regions=frozenset({"PM"}), pain_today=3, onset="gradual", at=NOW - timedelta(days=7))
    number = services.check_ins.record(athlete(services), told).report.id
    phone.goto(link(services, "pain", f"{number}.2026-W47", "7"))
    phone.get_by_role("link", name="2", exact=True).click()
    phone.get_by_role("button", name="Record: 2 of 10").click()

    assert phone.get_by_role("heading", name="Noted").is_visible()
    with services.store.read() as tx:
        assert [r.pain_today for r in tx.symptom_reports(athlete(services))] == [3, 2]
