"""The three loads on pages and in the API: the record's numbers, and what is unknown said in words."""

import html
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from loadwatch.api import create_api
from loadwatch.bootstrap import Services
from loadwatch.dashboard import create_app
from loadwatch.domain.daily import IsoWeek
from loadwatch.emails.loads import load_rows
from tests.support.samples import give_features, season_of_loads
from tests.support.seeding import NOW, PASSWORD, SeedRun, add_runs, busy_season, connect, seeded_services, sign_up

HERE = "http://127.0.0.1:8000"
ANN, BOB = "ann@example.org", "bob@example.org"
WEEK = IsoWeek(2026, 47)
TRACK_WEEK = IsoWeek(2026, 45)
"""With a track session, a long run with 120 m downhill, and two easy runs."""


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ann's runs have samples, of one this week there are none; of Bob's run of yesterday there are none either."""
    folder = tmp_path_factory.mktemp("loads")
    services = seeded_services(folder)
    ann = sign_up(services, ANN)
    connect(services, ann.athlete_id, 77)
    add_runs(services, ann.athlete_id, busy_season())
    give_features(services, ann.athlete_id, season_of_loads)
    bob = sign_up(services, BOB, "Bob")
    add_runs(services, bob.athlete_id, [SeedRun(NOW.replace(day=21), 4_200, "Bob, alone", ascent_m=None)], 500)
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
    """Makes a browser in which an athlete is logged in."""
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


@pytest.fixture
def call(services: Services) -> Callable[..., Any]:
    """Asks the API as Ann."""
    client = create_api(services).test_client()
    token = services.accounts.create_token(athlete_of(services, ANN))

    def ask(path: str) -> Any:
        response = client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert response.status_code == 200, response.text
        return response.get_json()

    return ask


def athlete_of(services: Services, email: str) -> int:
    athlete_id = services.accounts.athlete_by_email(email)
    assert athlete_id is not None
    return athlete_id


def run_named(services: Services, name: str, email: str = ANN) -> int:
    return next(d.run.id for d in services.views.runs(athlete_of(services, email)) if d.run.name == name)


def seen(response: Any) -> str:
    """What a reader sees of a page, blanks made even."""
    assert response.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


# Today and the week


def test_today_shows_the_record_s_numbers_of_all_three_loads(services: Services, client: Any) -> None:
    page = seen(client(ANN).get("/", base_url=HERE))
    found = services.views.today_page(services.views.profile(athlete_of(services, ANN)))
    rows = load_rows(found.today.week.loads, "metric")

    assert [r.line.kind for r in rows] == ["mileage", "hills", "fast"]
    for row in rows:
        assert f"{row.name} {row.value} Usual week {row.usual}" in page
        assert f"{row.meaning[0].upper()}{row.meaning[1:]}." in page
    assert "Next run below 120 m More" in page
    assert f"The next run: below 120 m. {BEFORE_THE_JUMP} Ascent 720 m" in page
    assert "The next run: none for now. Until the three days after the jump are over." in page


BEFORE_THE_JUMP = "Your most before the jump of the last days."


def test_a_load_stands_over_the_least_and_the_most_of_the_weeks_before(services: Services, client: Any) -> None:
    """Track sessions of 2 400 m in three of the four weeks, none in the fourth."""
    line = services.views.today(athlete_of(services, ANN)).week.loads[2]

    assert (line.usual, line.usual_least, line.usual_most) == (1_800.0, 0.0, 2_400.0)
    assert "Fast running at least 5 200 m Usual week 1 800 m (0 m to 2 400 m)" in seen(
        client(ANN).get("/", base_url=HERE)
    )


def test_a_jump_downhill_or_in_fast_running_says_nothing_of_a_break_from_running(client: Any) -> None:
    """Five days ago came 21.1 km after 14.4 km: that is what holds the distance back."""
    assert "The next run: up to 14.4 km. Your longest before the jump of the last days." in seen(
        client(ANN).get("/", base_url=HERE)
    )


def test_a_week_with_a_track_session_names_its_laps(services: Services, client: Any) -> None:
    page = seen(client(ANN).get(f"/weeks/{TRACK_WEEK}", base_url=HERE))

    assert "Fast running Metres at a speed that is fast for you 2 400 m Usual week" in page
    assert "Of it sprinted at least 120 m" in page
    assert "On a track, jogging included, 3 600 m, 9.0 laps" in page
    assert "Hills Downhill load: steeper descent, more of it the faster 120 m Usual week 120 m" in page


def test_what_is_not_known_is_a_word_with_its_reason(client: Any) -> None:
    page = seen(client(BOB).get("/", base_url=HERE))

    assert "Hills unknown Usual week not known yet Next run not known yet" in page
    assert "Downhill load: steeper descent, more of it the faster. 0 of 1 run told, too few to add up." in page
    assert "Metres at a speed that is fast for you. 0 of 1 run told: no samples, or" in page
    assert "Not known yet what is usual for you. It takes 3 more runs. It takes 13 more days of history." in page
    assert " 0 m" not in page


def test_the_loads_need_no_colour_and_no_script(client: Any) -> None:
    """Each is a heading, a number and a list of terms; the bar is hidden from those who cannot see it."""
    page = client(ANN).get("/", base_url=HERE).text

    assert page.count('<svg class="load-bars"') == 3
    assert page.count('aria-hidden="true"><rect class="load-') == 3
    assert page.count('class="load-row" aria-labelledby="load-') == 3
    assert not re.search(r"<script(?! defer src=)|\sstyle=", page)


def test_a_track_session_is_told_in_full(services: Services, client: Any) -> None:
    """Fast from 0.75 × 6.0 = 4.5 m/s, 222.2 s/km; a sprint from 5.4 m/s, 185.2 s/km."""
    page = seen(client(ANN).get(f"/runs/{run_named(services, 'Tempo')}", base_url=HERE))

    for words in (
        "Fast running 2 400 m, of it at least 120 m sprinted",
        "what was fast for you then: 3:42 min/km and faster; a sprint: 3:05 min/km and faster",
        "lower bounds",
        "6 × about 400 m in 1:24, rest 1:30",
        "9.0 laps of 400 m in lane 1: 3 600 m, jogging included",
    ):
        assert words in page, words


def test_a_hilly_run_is_told_with_where_its_altitude_came_from(services: Services, client: Any) -> None:
    page = seen(client(ANN).get(f"/runs/{run_named(services, 'Autumn trail')}", base_url=HERE))

    for words in (
        "Ascent 640 m",
        "Descent 640 m altitude from a barometer",
        "Downhill load 640 m",
        "6 climbs of about 80 m",
        "On an athletics track None",
        "Altitude jumped twice; the jumps were left out.",
    ):
        assert words in page, words
    assert "map" not in page.lower()


def test_a_run_of_which_there_are_no_samples_says_so(services: Services, client: Any) -> None:
    page = seen(client(ANN).get(f"/runs/{run_named(services, 'Recovery')}", base_url=HERE))

    assert "hills, fast running and the track are unknown" in page
    assert "Downhill load 0" not in page


@pytest.mark.parametrize(
    ("streams", "words"),
    [
        ("listed", "have not been asked for yet"),
        ("waiting", "still on their way"),
        ("missing", "gave no samples"),
    ],
)
def test_where_samples_stand_is_said(services: Services, client: Any, streams: str, words: str) -> None:
    run_id = run_named(services, "Recovery")
    with services.store.write() as tx:
        tx.put_streams_state(run_id, streams=streams, trusted=True)

    assert words in seen(client(ANN).get(f"/runs/{run_id}", base_url=HERE))


def test_samples_that_cannot_be_read_are_our_fault(services: Services, client: Any) -> None:
    run_id = run_named(services, "Recovery")
    with services.store.write() as tx:
        tx.put_features_error(run_id, 1, "ValueError", NOW)
    page = seen(client(ANN).get(f"/runs/{run_id}", base_url=HERE))

    assert "could not be read" in page
    assert "ValueError" not in page


def test_anothers_run_is_not_found(services: Services, client: Any) -> None:
    bob = client(BOB)
    for name in ("Tempo", "Autumn trail", "Recovery"):
        assert bob.get(f"/runs/{run_named(services, name)}", base_url=HERE).status_code == 404
    assert client(ANN).get(f"/runs/{run_named(services, 'Bob, alone', BOB)}", base_url=HERE).status_code == 404


def test_the_list_marks_fast_running_and_the_track(client: Any) -> None:
    page = seen(client(ANN).get("/runs", base_url=HERE))

    assert "Tempo fast 2 400 m, track 9.0 laps" in page
    assert "Autumn trail" in page
    assert "fast 5 200 m" in page
    assert "Recovery fast" not in page


# alerts


def test_the_alerts_on_hills_and_fast_running_have_readable_reasons(services: Services, client: Any) -> None:
    alerts = {a.rule: a.id for a in services.views.alerts(athlete_of(services, ANN)) if a.state == "firing"}
    ann = client(ANN)
    downhill = seen(ann.get(f"/alerts/{alerts['R-H1']}", base_url=HERE))
    fast = seen(ann.get(f"/alerts/{alerts['R-T1']}", base_url=HERE))

    # 120 m was the most of 42 days: large from 120 + 250 m on.
    assert "Downhill load of this run 640 m 120 m (largest of 42 days before) 370 m" in downhill
    assert "Downhill, against the most before it 5.33 times 1 = as much as the most 2.00 times" in downhill
    assert "Grade C: expert opinion." in downhill
    assert "More downhill than in any run of 42 days (R-H1" in downhill
    assert "Fast running of 7 days 5 200 m 2 200 m (mean of 12 weeks before)" in fast
    assert "Spreads above your usual week" in fast
    assert "Grade B: measured in other sports." in fast


# the API


def test_a_row_of_load_has_all_three_and_null_where_unknown(call: Any) -> None:
    rows = {r["date"]: r for r in call("/load?from=2026-11-01&to=2026-11-22")}
    names = ("descent_m", "eccentric_load_m", "fast_m", "sprint_m", "track_m")

    assert [rows["2026-11-05"][n] for n in names] == [0.0, 0.0, 2_400.0, 120.0, 3_600.0]
    assert [rows["2026-11-21"][n] for n in names] == [640.0, 640.0, 5_200.0, 300.0, 0.0]
    assert [rows["2026-11-19"][n] for n in names] == [None] * 5  # unknown is not zero
    assert [rows["2026-11-20"][n] for n in names] == [0.0] * 5  # nothing was run


def test_the_ceilings_of_all_three_are_those_of_the_pages(call: Any, services: Services) -> None:
    ceilings = services.views.ceilings(athlete_of(services, ANN))
    answer = call("/ceilings")

    assert answer["mileage"]["distance_m"] == answer["distance_m"] == ceilings.mileage.distance_m
    assert answer["hills"]["value_m"] == ceilings.hills.value_m == 120.0
    assert (answer["fast"]["basis"], answer["fast"]["value_m"]) == ("after_jump", 0.0)
    assert set(answer["hills"]) == set(answer["fast"])


def test_a_run_has_its_features_and_what_was_fast_then(call: Any, services: Services) -> None:
    run = call(f"/runs/{run_named(services, 'Tempo')}")

    assert (run["fast_m"], run["sprint_m"], run["streams"]) == (2_400.0, 120.0, "ok")
    assert run["features"]["altitude_quality"] == "baro"
    assert run["features"]["track"] == {
        "is_oval": True,
        "is_standard": True,
        "laps": 9.0,
        "distance_m": 3_600.0,
        "lap_m": 400.0,
        "lane": 1,
    }
    assert run["features"]["reps"][0] == {"start_s": 900.0, "duration_s": 84.0, "distance_m": 400.0, "rest_s": 90.0}
    assert run["features"]["reps"][-1]["rest_s"] is None
    assert "lat" not in str(run["features"]).replace("altitude", "").replace("flat", "")


def test_the_list_of_runs_agrees_with_each_run(call: Any) -> None:
    for short in call("/runs?from=2026-11-01&to=2026-11-22"):
        full = call(f"/runs/{short['id']}")
        assert (short["fast_m"], short["features"]) == (full["fast_m"], full["features"])
        if short["name"] in ("Recovery", "Hike"):
            assert (short["features"], short["fast_m"], short["sprint_m"]) == (None, None, None)


def test_a_week_has_its_three_loads(call: Any, services: Services) -> None:
    loads = call(f"/weeks/{WEEK}")["loads"]
    lines = services.views.week(athlete_of(services, ANN), WEEK).loads

    assert [(r["kind"], r["unit"], r["value"]) for r in loads] == [(x.kind, "m", x.value) for x in lines]
    assert [(r["known_runs"], r["n_runs"]) for r in loads] == [(3, 3), (2, 3), (2, 3)]
    assert loads[1]["value"] == 640  # of the two that tell
