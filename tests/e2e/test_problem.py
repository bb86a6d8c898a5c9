"""A problem in a real browser: a session ticked off, the ladder, the page to print, the report to take along."""

from pathlib import Path

import pytest
from pypdf import PdfReader

from loadwatch.bootstrap import Services
from tests.e2e.conftest import Visit
from tests.support.athletes import INJURED
from tests.support.browser import needs_browser
from tests.support.pages import known
from tests.support.seeding import athlete

pytestmark = needs_browser


def problem_of(services: Services) -> int:
    return int(known(services, athlete(services, INJURED))["problem"])


@pytest.mark.parametrize("javascript", [True, False])
def test_a_session_is_ticked_off_sent_and_counted(visit: Visit, services: Services, javascript: bool) -> None:
    ian, number = athlete(services, INJURED), problem_of(services)
    before = services.check_ins.problem(ian, number).sessions

    with visit(services, email=INJURED, javascript=javascript) as page:
        page.goto(f"/problems/{number}")
        session = page.locator("#session")
        first = session.get_by_role("group", name="Tick what you have done").get_by_role("checkbox").first
        first.check()
        session.get_by_role("group", name="Worst pain during it").get_by_label("2", exact=True).check()
        session.get_by_role("button", name="Send session").click()
        said = page.get_by_role("status").inner_text()
        counted = page.locator("#session .message").inner_text()

    added = services.check_ins.problem(ian, number).sessions[len(before) :]
    assert "Noted" in said
    assert "noted" in counted
    assert [(len(s.exercises), s.pain_during, s.signs) for s in added] == [(1, 2, frozenset())]


def test_the_pain_of_a_session_is_chosen_by_keyboard(visit: Visit, services: Services) -> None:
    ian, number = athlete(services, INJURED), problem_of(services)

    with visit(services, email=INJURED) as page:
        page.goto(f"/problems/{number}")
        session = page.locator("#session")
        session.get_by_role("checkbox").first.focus()
        page.keyboard.press("Space")
        session.get_by_role("radio").first.focus()
        for key in ("Space", "ArrowRight", "ArrowRight", "ArrowRight", "Enter"):
            page.keyboard.press(key)
        page.get_by_role("status").wait_for()

    assert services.check_ins.problem(ian, number).sessions[-1].pain_during == 3


def test_a_session_without_a_tick_is_not_counted_and_says_what_to_do(visit: Visit, services: Services) -> None:
    ian, number = athlete(services, INJURED), problem_of(services)
    before = services.check_ins.problem(ian, number).sessions

    with visit(services, email=INJURED, expected=(400,)) as page:
        page.goto(f"/problems/{number}")
        page.get_by_role("group", name="Worst pain during it").get_by_label("0", exact=True).check()
        page.get_by_role("button", name="Send session").click()
        said = page.get_by_role("alert").inner_text()

    assert "Tick what you have done: at least one exercise." in said
    assert services.check_ins.problem(ian, number).sessions == before


def test_the_ladder_is_begun_anew_and_its_level_stands_there(visit: Visit, services: Services) -> None:
    number = problem_of(services)

    with visit(services, email=INJURED) as page:
        page.goto(f"/problems/{number}")
        way_back = page.locator("#way-back")
        way_back.get_by_text("Begin anew", exact=True).first.click()
        way_back.get_by_label("Level to begin with").select_option("1")
        way_back.get_by_role("button", name="Begin anew").click()
        level = page.locator("#way-back [aria-current=step]").inner_text()
        said = page.get_by_role("status").inner_text()

    assert level == "1"
    assert "You are on the ladder." in said


def test_the_report_comes_as_a_file_and_as_two_printed_pages(
    visit: Visit, services: Services, tmp_path: Path
) -> None:
    number = problem_of(services)

    with visit(services, email=INJURED, phone=False) as page:
        page.goto(f"/problems/{number}")
        with page.expect_download() as download:
            page.get_by_role("link", name="Report as PDF").click()
        download.value.save_as(tmp_path / "report.pdf")
        page.get_by_role("link", name="Page to print").click()
        page.pdf(path=tmp_path / "printed.pdf", format="A4", prefer_css_page_size=True)

    report, printed = (PdfReader(tmp_path / name) for name in ("report.pdf", "printed.pdf"))
    assert download.value.suggested_filename == "loadwatch-2026-11-22.pdf"
    assert (len(report.pages), len(printed.pages)) == (2, 2)
    for reader in (report, printed):
        text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
        assert "nobody has examined anything" in text
        assert "Back of the thigh, middle" in text
    assert "Log out" not in " ".join(page.extract_text() for page in printed.pages)


def test_the_drawing_of_pain_has_words_and_a_table(visit: Visit, services: Services) -> None:
    number = problem_of(services)
    told = services.check_ins.problem(athlete(services, INJURED), number).problem.reports

    with visit(services, email=INJURED, dark=True) as page:
        page.goto(f"/problems/{number}")
        drawing = page.get_by_role("img", name="Pain, and the loads of the same days")
        is_seen = drawing.is_visible()
        page.get_by_text("The same as a table").click()
        rows = page.get_by_role("table", name="Pain of each check-in, 0 to 10").locator("tbody tr").count()

    assert is_seen
    assert rows >= len(told)
