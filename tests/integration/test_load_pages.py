"""The pages of load, calendar, runs and a run: what they show, of whom, and with how few queries."""

import html
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from loadwatch.adapters.db.tables import Base
from loadwatch.bootstrap import Services, make_services
from loadwatch.dashboard import create_app
from loadwatch.dashboard.runs import KINDS
from loadwatch.domain.load_history import Days
from loadwatch.services.health_ports import Draft
from loadwatch.settings import Settings
from tests.support.exports import made_runs
from tests.support.samples import give_features, season_of_loads
from tests.support.seeding import (
    ANN,
    BOB,
    NOW,
    PASSWORD,
    SeedRun,
    add_runs,
    athlete,
    busy_season,
    seeded_services,
    sign_up,
)

HERE = "http://127.0.0.1:8000"
MOST_QUERIES = 12


def fill(services: Services) -> int:
    """Ann with her season, its loads and some check-ins; Bob with a run of his own."""
    ann = sign_up(services, ANN).athlete_id
    add_runs(services, ann, busy_season())
    give_features(services, ann, season_of_loads)
    for days_ago, side, pain in ((10, "left", 5), (6, "left", 3), (2, None, 0)):
        regions = frozenset({"PM"}) if side else frozenset()
        draft = Draft(side=side, regions=regions, pain_today=pain, at=NOW - timedelta(days=days_ago))  # type: ignore[arg-type]
        services.check_ins.record(ann, draft)
    bob = sign_up(services, BOB, "Bob").athlete_id
    add_runs(services, bob, [SeedRun(NOW - timedelta(days=1), 4_200, "Bob alone")], 500)
    return ann


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("load-pages")
    services = seeded_services(folder)
    fill(services)
    services.close()
    return folder


@pytest.fixture
def services(season: Path, tmp_path: Path) -> Iterator[Services]:
    shutil.copytree(season, tmp_path / "data")
    services = seeded_services(tmp_path / "data")
    yield services
    services.close()


@pytest.fixture
def client(services: Services) -> Callable[[str], FlaskClient]:
    app = create_app(services, config={"RATELIMIT_ENABLED": False})

    def logged_in(email: str) -> FlaskClient:
        browser = app.test_client()
        form = browser.get("/login", base_url=HERE).text
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', form)
        assert token is not None
        data = {"csrf_token": token.group(1), "email": email, "password": PASSWORD}
        assert browser.post("/login", data=data, base_url=HERE).status_code == 302
        return browser

    return logged_in


def seen(response: Any) -> str:
    """What a reader sees of a page, blanks made even."""
    assert response.status_code == 200, response.status
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def run_named(services: Services, name: str, email: str = ANN) -> int:
    return next(d.run.id for d in services.views.runs(athlete(services, email), 4000) if d.run.name == name)


# load


def test_the_load_of_three_months_is_told_in_numbers_charts_and_a_table(client: Any) -> None:
    response = client(ANN).get("/load", base_url=HERE)
    page = seen(response)

    assert "Longest run 29.0 km Alerts" in page
    assert response.text.count('<svg class="lc"') == 6  # runs, four loads, pain
    assert "Week by week" in page
    assert "The same as a table" in page
    assert "set off no alert" in page


def test_what_is_not_known_is_a_dash_or_hatched_and_never_zero(client: Any) -> None:
    """The week of the autumn trail has a run without positions: how much of it was on a track is unknown."""
    response = client(ANN).get("/load", base_url=HERE)
    (week,) = re.findall(r'<tr><th scope="row"><a href="/weeks/2026-W47">.*?</tr>', response.text, re.DOTALL)
    cells = [" ".join(re.sub(r"<[^>]+>", " ", c).split()) for c in re.findall(r"<td.*?</td>", week, re.DOTALL)]

    assert cells[0] == "3"
    assert cells[4].startswith("–")
    assert 'class="lc-none"' in response.text


def test_a_year_before_the_first_run_is_hatched(client: Any) -> None:
    text = client(ANN).get("/load?period=2020", base_url=HERE).text

    assert "-hatch)" in text
    assert "<dd>0</dd>" in text  # runs that are known
    assert re.search(r'<td class="number">–</td>', text)  # of a week nobody knows whether there were any


def test_the_numbers_for_the_charts_are_those_of_the_record(services: Services, client: Any) -> None:
    ann = services.views.profile(athlete(services, ANN))
    days = Days(date(2026, 11, 1), date(2026, 11, 22))
    history = services.load_pages.history(ann, days)
    data = client(ANN).get("/load/data?from=2026-11-01&to=2026-11-22", base_url=HERE).get_json()

    assert data["runs"]["value"] == [14.24, 6.24, 8.3, 5.0, 14.4, 6.2, 21.1, 4.0, 29.0]
    assert data["runs"]["ceiling"][-1] == 23.21  # 110 % of 21.1 km
    assert data["runs"]["unit"] == "km"
    assert data["weeks"]["hills"]["unit"] == "m"
    assert [a[1] for a in data["alerts"]] == [a.mark.id for a in history.alerts]
    assert data["pains"] == {"day": [20769, 20773, 20777, 20777], "side": ["left", "left", "left", "right"],
                             "worst": [5, 3, 0, 0]}  # fmt: skip


def test_the_charts_follow_the_runner_s_units(services: Services, client: Any) -> None:
    with services.store.write() as tx:
        tx.update_athlete(athlete(services, ANN), units="imperial")
    data = client(ANN).get("/load/data?from=2026-11-21&to=2026-11-21", base_url=HERE).get_json()

    assert data["runs"]["value"] == [18.02]
    assert (data["runs"]["unit"], data["weeks"]["hills"]["unit"]) == ("mi", "ft")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/load?period=forever", 404),
        ("/load?period=1980", 404),
        ("/load?period=2026-q5", 404),
        ("/load?period=2026-q4", 200),
        ("/load?period=2026-q1", 200),
        ("/load/data?from=yesterday", 400),
        ("/load/data?from=2026-02-01&to=2026-01-01", 400),
        ("/calendar?month=2026-13", 404),
        ("/calendar?month=2031-01", 404),
        ("/calendar?month=2026-12", 200),
        ("/runs?kind=fast", 404),
        ("/runs?page=0", 404),
        ("/runs?year=20", 404),
    ],
)
def test_a_time_or_a_list_that_cannot_be_is_refused(client: Any, path: str, status: int) -> None:
    assert client(ANN).get(path, base_url=HERE).status_code == status


def test_of_another_athlete_nothing_is_shown(services: Services, client: Any) -> None:
    bob = client(BOB)
    for path in ("/load", "/load?period=all", "/calendar", "/runs", "/runs?q=trail"):
        assert "29.0 km" not in seen(bob.get(path, base_url=HERE)), path
    assert bob.get("/load/data?from=2026-11-01&to=2026-11-22", base_url=HERE).get_json()["runs"]["value"] == [4.2]
    run = run_named(services, "Autumn trail")
    for path in (f"/runs/{run}", f"/runs/{run}/inside"):
        assert bob.get(path, base_url=HERE).status_code == 404


# the calendar


def test_a_month_shows_runs_pain_and_alerts_on_their_days(client: Any) -> None:
    text = client(ANN).get("/calendar", base_url=HERE).text
    days = dict(re.findall(r'<time datetime="([\d-]+)">(.*?)</td>', text, re.DOTALL))

    assert "Autumn trail" in days["2026-11-21"]
    assert "640" in days["2026-11-21"]
    assert 'class="cal-alert"' in days["2026-11-21"]
    assert "left 5 of 10" in days["2026-11-12"]
    assert "nothing hurt" in days["2026-11-20"]
    assert "not counted" in days["2026-11-13"]  # the hike
    assert "cal-unknown" not in text
    assert 'role="table"' in text


def test_a_planned_run_stands_in_the_calendar(services: Services, client: Any) -> None:
    with services.store.write() as tx:
        tx.add_planned_run(athlete(services, ANN), date(2026, 11, 25), 12_500, None, None, NOW)

    text = client(ANN).get("/calendar", base_url=HERE).text
    assert "12.5 km planned" in re.findall(r'<time datetime="2026-11-25">(.*?)</td>', text, re.DOTALL)[0]
    assert "planned" not in client(BOB).get("/calendar", base_url=HERE).text


def test_days_before_the_first_run_are_not_known_in_the_calendar(client: Any) -> None:
    page = client(ANN).get("/calendar?month=2026-05", base_url=HERE)

    assert page.text.count("cal-unknown") >= 31
    assert "no run" not in seen(page)


# runs


def test_runs_are_found_by_kind_year_and_name(client: Any) -> None:
    ann = client(ANN)

    def names(query: str) -> list[str]:
        page = ann.get(f"/runs?{query}", base_url=HERE).text
        return re.findall(r'<td><a href="/runs/\d+">([^<]+)</a>', page)

    assert names("kind=race") == ["Half marathon"]
    assert names("kind=other") == ["Hike"]
    assert names("kind=hilly") == ["Autumn trail"]
    assert names("kind=alert") == ["Autumn trail", "Half marathon"]
    assert names("q=AUTUMN") == ["Autumn trail"]
    assert names("q=100%25") == []
    assert set(names("kind=track")) == {"Tempo"}
    assert names("year=2025") == []
    assert len(names("")) == 50
    assert len(names("page=2")) == 19


# one run


def test_a_run_says_what_each_rule_made_of_it(services: Services, client: Any) -> None:
    page = seen(client(ANN).get(f"/runs/{run_named(services, 'Autumn trail')}", base_url=HERE))

    assert "29.0 km: your longest in 30 days was 21.1 km 29.0 km; it speaks above 27.4 km" in page
    assert "First run after a break Nothing: 2.0 days since the run before, and a break has 14." in page
    assert "its samples and its path may not be stored" in page


def test_a_run_of_a_file_shows_its_kilometres_and_its_path_to_its_runner_alone(
    services: Services, client: Any
) -> None:
    ann = athlete(services, ANN)
    made = next(made_runs(1))
    services.uploads.put(ann, made.name, made.data)
    assert services.file_ingest.read_next() == 1
    run = next(d.run.id for d in services.views.runs(ann, 4000) if d.source == "file")

    page = client(ANN).get(f"/runs/{run}", base_url=HERE).text
    inside = client(ANN).get(f"/runs/{run}/inside", base_url=HERE)

    assert f'hx-get="/runs/{run}/inside"' in page
    assert "Kilometre by kilometre" in seen(inside)
    assert '<svg class="path-shape"' in inside.text
    assert "<html" not in client(ANN).get(f"/runs/{run}/inside", base_url=HERE, headers={"HX-Request": "true"}).text
    assert client(BOB).get(f"/runs/{run}/inside", base_url=HERE).status_code == 404


def test_a_file_that_is_gone_is_a_sentence_and_no_fault(services: Services, client: Any) -> None:
    run = run_named(services, "Autumn trail")

    assert "cannot be read any more" in seen(client(ANN).get(f"/runs/{run}/inside", base_url=HERE))


# speed, and both databases


@pytest.mark.parametrize("path", ["/load", "/load?period=all", "/calendar", "/runs", "/runs?kind=race", "/runs/69"])
def test_a_page_asks_the_database_a_few_questions(services: Services, client: Any, path: str) -> None:
    ann = client(ANN)
    ann.get(path, base_url=HERE)
    asked: list[str] = []
    event.listen(services.engines.read, "before_cursor_execute", lambda c, cur, said, *rest: asked.append(said))

    assert ann.get(path, base_url=HERE).status_code == 200
    assert len([said for said in asked if said != "BEGIN"]) <= MOST_QUERIES


def test_both_databases_read_the_same(database_url: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url, secret_key="k" * 40)  # type: ignore[arg-type]
    services = make_services(settings, clock=lambda: NOW)
    Base.metadata.create_all(services.engines.write)
    profile = services.views.profile(fill(services))
    pages = services.load_pages

    kinds = {kind: len(pages.runs(profile, kind=kind).runs) for kind in KINDS}
    year = pages.history(profile, Days(date(2026, 8, 1), date(2026, 11, 22)))
    brief = pages.history(profile, Days(date(2020, 1, 1), date(2026, 11, 22)))
    month = pages.month(profile, date(2026, 11, 1))
    sheet = pages.run(profile, next(r.id for r in pages.runs(profile, name="autumn").runs))
    services.close()

    assert kinds == {"all": 50, "race": 1, "hilly": 1, "track": 16, "alert": 2, "other": 1}
    assert year.weeks[-3].track.value_m == brief.weeks[-3].track.value_m == 3_600
    assert (year.weeks[-3].fast.value_m, brief.weeks[-3].fast.value_m) == (2_400, None)
    assert brief.weeks[0].mileage.value_m is None
    assert sum(day.n_runs for week in month.weeks for day in week) == 12
    assert {look.rule for look in sheet.looks if look.why == "spoke"} == {"R-M1", "R-H1", "R-T1"}


def test_an_alert_that_another_followed_is_no_mark_of_its_own(services: Services, client: Any) -> None:
    ann = athlete(services, ANN)
    profile = services.views.profile(ann)
    days = Days(date(2026, 11, 1), date(2026, 11, 22))
    marks = services.load_pages.history(profile, days).alerts
    with services.store.write() as tx:
        tx.move_alert(marks[0].mark.id, marks[0].mark.state, "a later alert speaks", NOW, "later")

    assert services.load_pages.history(profile, days).alerts == marks[1:]
