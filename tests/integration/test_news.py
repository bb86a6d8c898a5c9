"""What a page learns while it is open, what Today costs to read, and what must stand on it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from loadwatch.adapters.db.tables import Base
from loadwatch.bootstrap import Services, make_services
from loadwatch.dashboard import create_app
from loadwatch.services.health_ports import Draft
from loadwatch.services.sync_ports import Pulse
from loadwatch.settings import Settings
from tests.support.browser import session_cookie
from tests.support.samples import give_features, season_of_loads
from tests.support.seeding import ANN, BOB, NOW, SeedRun, add_runs, athlete, busy_season, connect, sign_up

HERE = "http://127.0.0.1:8000"
MOST_QUERIES = 12
ACHE = {"side": "left", "regions": frozenset({"PM"}), "pain_today": 4, "pain_run": 5}


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def services(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Services]:
    """Ann with her runs of four months, and Bob without any, on either database."""
    services = make_services(Settings(data_dir=tmp_path, database_url=database_url, secret_key="k" * 40), clock=clock)
    Base.metadata.create_all(services.engines.write)
    ann = sign_up(services, ANN).athlete_id
    sign_up(services, BOB, "Bob")
    connect(services, ann, 77)
    add_runs(services, ann, busy_season())
    give_features(services, ann, season_of_loads)
    yield services
    services.close()


@pytest.fixture
def browser(services: Services) -> FlaskClient:
    """Ann's."""
    return browser_of(services, ANN)


def browser_of(services: Services, email: str) -> FlaskClient:
    client = create_app(services, config={"RATELIMIT_ENABLED": False, "WTF_CSRF_ENABLED": False}).test_client()
    cookie = session_cookie(services, email, HERE)
    client.set_cookie(cookie["name"], cookie["value"], domain="127.0.0.1")
    return client


@contextmanager
def counted(services: Services) -> Iterator[list[str]]:
    """The statements that are run meanwhile."""
    asked: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            asked.append(statement)

    engines = {services.engines.read, services.engines.write}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield asked
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def marker_of(client: FlaskClient, path: str = "/") -> str:
    found = re.search(r'name="since" value="([^"]+)"', client.get(path, base_url=HERE).text)
    assert found is not None
    return found.group(1)


def new_run(services: Services, number: int = 90_000) -> None:
    add_runs(services, athlete(services), [SeedRun(NOW - timedelta(hours=1), 8_200, "Lunch run")], number)


def test_while_nothing_happens_there_is_no_answer_and_hardly_a_question(
    services: Services, browser: FlaskClient
) -> None:
    marker = marker_of(browser)
    with counted(services) as asked:
        answer = browser.get(f"/live?since={marker}", base_url=HERE)

    assert (answer.status_code, answer.text) == (204, "")
    assert len(asked) <= 3


def test_news_are_told_once(services: Services, browser: FlaskClient) -> None:
    marker = marker_of(browser)
    new_run(services)
    with counted(services) as asked:
        first = browser.get(f"/live?since={marker}", base_url=HERE)
    told = re.search(r'name="told" value="([^"]+)"', first.text)
    assert told is not None

    assert "New run: 8.2 km" in first.text
    assert "Week 54.1 km → 62.3 km." in first.text
    assert len(asked) <= MOST_QUERIES
    assert browser.get(f"/live?since={marker}&told={told.group(1)}", base_url=HERE).status_code == 204
    new_run(services, 90_001)
    assert "2 new runs" in browser.get(f"/live?since={marker}&told={told.group(1)}", base_url=HERE).text


def test_files_that_are_being_read_are_counted_and_nothing_else_is_said(
    services: Services, browser: FlaskClient
) -> None:
    ann = athlete(services)
    services.uploads.put(ann, "a.fit", b"no file of a run")
    marker = marker_of(browser, "/runs")
    while services.file_ingest.read_next():
        pass
    services.uploads.put(ann, "b.fit", b"nor this")

    said = browser.get(f"/live?since={marker}&here=/runs", base_url=HERE).text

    assert "1 file read, 1 left." in re.sub(r"\s+", " ", said)
    assert "Show" not in said
    assert browser.get(f"/live?since={marker}&counted=yes", base_url=HERE).status_code == 204


def test_a_marker_of_somebody_else_says_nothing(services: Services, browser: FlaskClient) -> None:
    marker = marker_of(browser)
    new_run(services)

    for mark in (marker, marker[:-3] + "abc", "", "x"):
        assert browser_of(services, BOB).get(f"/live?since={mark}", base_url=HERE).status_code == 204


def test_the_link_to_show_leads_nowhere_else(services: Services, browser: FlaskClient) -> None:
    marker = marker_of(browser)
    new_run(services)
    for here in ("https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"):
        assert 'href="/"' in browser.get("/live", query_string={"since": marker, "here": here}, base_url=HERE).text


def test_the_pulse_moves_with_whatever_a_page_shows(services: Services) -> None:
    ann = athlete(services)
    seen: list[Pulse] = [services.views.pulse(ann)]

    def moved() -> bool:
        seen.append(services.views.pulse(ann))
        return seen[-1] != seen[-2]

    assert not moved()
    new_run(services)
    assert moved()
    services.check_ins.record(ann, Draft(**ACHE))
    assert moved()
    services.assess.assess(ann)
    assert moved()
    services.alerts.acknowledge(ann, services.views.alerts(ann)[0].id)
    assert moved()
    services.uploads.put(ann, "a.fit", b"no file of a run")
    assert moved()
    assert services.views.pulse(athlete(services, BOB)) == Pulse()


def test_today_asks_little_also_with_an_open_problem_and_a_ladder(services: Services, browser: FlaskClient) -> None:
    ann = athlete(services)
    problem = services.check_ins.record(ann, Draft(**ACHE, onset="during", aggravators=frozenset({"sprint"})))
    services.check_ins.note_step(ann, problem.problem_ids[0], "agreed")
    services.check_ins.begin_ladder(ann, problem.problem_ids[0], 1)
    services.assess.assess(ann)
    browser.get("/", base_url=HERE)
    with counted(services) as asked:
        page = browser.get("/", base_url=HERE).text

    assert len(asked) <= MOST_QUERIES
    assert "Way back to running, level 1:" in page


def test_a_week_asks_little(services: Services, browser: FlaskClient) -> None:
    browser.get("/weeks/2026-W46", base_url=HERE)
    with counted(services) as asked:
        page = browser.get("/weeks/2026-W46", base_url=HERE)

    assert page.status_code == 200
    assert len(asked) <= MOST_QUERIES


def test_what_today_reads_at_once_is_what_each_page_reads_by_itself(services: Services) -> None:
    ann = athlete(services)
    services.check_ins.record(ann, Draft(**ACHE, at=NOW - timedelta(days=30)))
    services.check_ins.record(ann, Draft(**ACHE))
    page = services.views.today_page(services.views.profile(ann))

    assert page.ceilings == services.views.ceilings(ann)
    assert services.check_ins.open_problems(page.facts) == services.check_ins.problems(ann)


def test_a_red_flag_that_nobody_has_read_stands_however_old_it_is(
    services: Services, browser: FlaskClient, clock: Clock
) -> None:
    ann = athlete(services)
    services.check_ins.record(ann, Draft(**ACHE, signs=frozenset({"pop", "cannot_walk"})))
    services.assess.assess(ann)
    clock.now = NOW + timedelta(days=400)

    page = services.views.today(ann)

    assert (page.level, page.alerts[0].is_red) == ("red", True)
    assert page.alerts[0].id in {a.id for a in services.views.alerts(ann)}


@pytest.mark.parametrize("told", [{"pain": "8"}, {"spot": "left:PM"}, {"spot": ":PM", "pain": "4"}, {"pain": "4x"}])
def test_taps_that_tell_half_of_it_lead_to_all_questions(
    services: Services, browser: FlaskClient, told: dict[str, str]
) -> None:
    before = len(services.check_ins.results(athlete(services)))
    answer = browser.post("/feel", data=told, base_url=HERE)

    assert answer.status_code == 302
    assert answer.location.startswith("/check-in")
    after = services.check_ins.results(athlete(services))
    assert len(after) - before == (1 if told == {"pain": "8"} else 0)


def test_taps_lead_to_the_questions_that_must_not_be_missed_and_on_to_all_of_them(
    services: Services, browser: FlaskClient
) -> None:
    """After the jumps of the last week dark urine is asked for, whatever hurts."""
    answer = browser.post("/feel", data={"spot": "left:PM", "pain": "4", "key": "tapped"}, base_url=HERE)
    result = services.check_ins.results(athlete(services))[0]

    assert "dark_urine" in {q.code for q in result.follow_ups}
    assert answer.location == f"/check-ins/{result.report.id}"
    page = browser.get(answer.location, base_url=HERE).text
    assert 'href="/check-in?side=left&amp;regions=PM&amp;pain_today=4"' in page

    again = browser.post("/feel", data={"spot": "left:PM", "pain": "4", "key": "tapped"}, base_url=HERE)
    assert again.location == answer.location
    changed = browser.post("/feel", data={"spot": "left:PM", "pain": "5", "key": "tapped"}, base_url=HERE)
    assert changed.location != answer.location


def test_taps_that_raise_a_red_flag_lead_to_its_page(services: Services, browser: FlaskClient) -> None:
    """Pain above 5 of 10 for more than three days."""
    severe = {**ACHE, "pain_today": 7}
    for days in (5, 4, 3, 2, 1):
        services.check_ins.record(athlete(services), Draft(**severe, at=NOW - timedelta(days=days)))
    answer = browser.post("/feel", data={"spot": "left:PM", "pain": "7"}, base_url=HERE)
    result = services.check_ins.results(athlete(services))[0]

    assert "RF13" in {found.flag.id for found in result.red_flags}
    assert answer.location == f"/check-ins/{result.report.id}"
