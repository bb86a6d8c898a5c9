"""Shoes: told by Strava or entered by hand, shown beside the IT band pattern, never judged."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, inspect, text

from loadwatch.adapters.db import migrate
from loadwatch.adapters.db.engine import make_engines
from loadwatch.adapters.nudge import no_nudge
from loadwatch.adapters.processes import ProcessLeases
from loadwatch.adapters.strava import parse
from loadwatch.api import create_api
from loadwatch.bootstrap import Services
from loadwatch.dashboard import create_app
from loadwatch.demo.season import season
from loadwatch.domain.activity import Streams
from loadwatch.domain.shoes import NO_THRESHOLD
from loadwatch.domain.text import day_text
from loadwatch.services.health_ports import Draft
from loadwatch.services.ingest import HistoryBudget, IngestService
from loadwatch.services.ports import ActivityRecord, Analysis, ListPage, TokenPair
from loadwatch.services.shoes import InvalidShoe, Pair
from loadwatch.services.tokens import TokenService
from tests.support.seeding import (
    ANN,
    BOB,
    NOW,
    PASSWORD,
    SeedRun,
    add_runs,
    athlete,
    connect,
    seeded_services,
    sign_up,
)

TODAY = NOW.date()
OUTER_KNEE: dict[str, Any] = {
    "side": "left",
    "regions": frozenset({"LK"}),
    "aggravators": frozenset({"repeatable_distance"}),
    "onset": "gradual",
    "pain_run": 3,
}
HAMSTRING = {**OUTER_KNEE, "regions": frozenset({"PM"}), "aggravators": frozenset({"sprint"}), "onset": "during"}


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ann has run 10 km every other day for a hundred days, without a word of shoes; Bob is new."""
    folder = tmp_path_factory.mktemp("seeded")
    services = seeded_services(folder)
    ann, _ = sign_up(services, ANN), sign_up(services, BOB, name="Bob")
    add_runs(services, ann.athlete_id, [SeedRun(NOW - timedelta(days=d), 10_000) for d in range(100, 0, -2)])
    services.close()
    return folder


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def pairs(services: Services, email: str = ANN) -> dict[str, Pair]:
    return {pair.shoe.name: pair for pair in services.shoes.pairs(athlete(services, email))}


def distances(services: Services) -> dict[str, float | None]:
    return {name: pair.facts and pair.facts.distance_m for name, pair in pairs(services).items()}


# told by Strava


@dataclass
class PretendedStrava:
    """Answers with Strava's JSON, read as the client reads it."""

    activities: dict[int, dict[str, Any]] = field(default_factory=dict)

    def activity(self, access_token: str, source_id: int) -> ActivityRecord:
        return parse.activity(self.activities[source_id])

    def streams(self, access_token: str, source_id: int) -> Streams | None:
        return None

    def list_page(self, access_token: str, after: datetime, page: int) -> ListPage:
        return parse.list_page([{k: v for k, v in a.items() if k != "gear"} for a in self.activities.values()])

    def refresh(self, refresh_token: str) -> TokenPair:
        raise AssertionError("the token is fresh")


@dataclass
class Connected:
    """Bob, connected to Strava."""

    services: Services
    strava: PretendedStrava = field(default_factory=PretendedStrava)

    def __post_init__(self) -> None:
        self.athlete_id = athlete(self.services, BOB)
        connect(self.services, self.athlete_id, 77)
        store, clock = self.services.store, self.services.clock

        def no_features(_: object) -> Any:
            raise AssertionError("there are no samples")

        self.ingest = IngestService(
            store,
            self.strava,
            TokenService(store, self.strava, clock),
            no_nudge(),
            ProcessLeases(),
            clock,
            (60,),
            Analysis(1, no_features, lambda _: True),
            HistoryBudget(20, 300),
        )

    def ran(
        self, source_id: int, days_ago: float, shoe: str | None, *, told_m: float = 0, sport: str = "Run"
    ) -> None:
        """Let Strava have a run of 10 km in these shoes."""
        start = (NOW - timedelta(days=days_ago)).isoformat().replace("+00:00", "Z")
        gear = {"id": shoe, "primary": True, "name": f"Pair {shoe}", "resource_state": 2, "distance": told_m}
        self.strava.activities[source_id] = {
            "id": source_id,
            "name": "Run",
            "sport_type": sport,
            "distance": 10_000.0,
            "moving_time": 3600,
            "elapsed_time": 3600,
            "start_date": start,
            "start_date_local": start,
            "manual": False,
            "gear_id": shoe,
            "gear": gear if shoe else None,
        }

    def arrive(self, source_id: int) -> None:
        with self.services.store.write() as tx:
            job_id = tx.want(self.athlete_id, "strava", source_id, deletion=False, now=self.services.clock())
        assert self.ingest.work_off(job_id)

    def pairs(self) -> dict[str, Pair]:
        return pairs(self.services, BOB)


@pytest.fixture
def bob(services: Services) -> Connected:
    return Connected(services)


def test_a_list_names_the_shoes_and_their_distance_is_that_of_the_runs_known(bob: Connected) -> None:
    bob.ran(1, 40, "g1", told_m=700_000)
    bob.ran(2, 30, "g1", told_m=700_000)
    bob.ran(3, 20, None)
    bob.ingest.backfill(bob.athlete_id)

    (name,), (pair,) = zip(*bob.pairs().items(), strict=True)
    assert name == "Strava g1"  # the list tells no name
    assert pair.facts is not None
    assert (pair.facts.distance_m, pair.facts.is_lower_bound, pair.facts.n_runs) == (20_000, True, 2)
    assert (pair.facts.first_used, pair.facts.last_used) == (ago(40), ago(30))


def test_with_a_run_strava_tells_name_and_distance_as_of_today(bob: Connected) -> None:
    bob.ran(1, 40, "g1", told_m=700_000)
    bob.ingest.backfill(bob.athlete_id)
    bob.ran(2, 0.2, "g1", told_m=710_000)
    bob.arrive(2)

    pair = bob.pairs()["Pair g1"]
    assert (pair.shoe.told_m, pair.shoe.told_on) == (710_000, TODAY)
    assert pair.facts is not None
    assert (pair.facts.distance_m, pair.facts.is_lower_bound, pair.facts.n_runs) == (710_000, False, 2)


def test_a_list_takes_nothing_away_from_what_was_told(bob: Connected) -> None:
    bob.ran(1, 1, "g1", told_m=710_000)
    bob.arrive(1)
    bob.ingest.backfill(bob.athlete_id)

    assert bob.pairs()["Pair g1"].shoe.told_m == 710_000


def test_shoes_that_were_changed_on_strava_change_with_the_next_fetch(bob: Connected) -> None:
    bob.ran(1, 1, "g1", told_m=710_000)
    bob.arrive(1)
    bob.ran(1, 1, "g2", told_m=10_000)
    bob.arrive(1)

    found = bob.pairs()
    assert found["Pair g1"].facts is None
    assert found["Pair g2"].facts is not None


def test_a_bicycle_is_no_shoe(bob: Connected) -> None:
    bob.ran(1, 1, "b5", told_m=9_000_000, sport="Ride")
    bob.arrive(1)

    assert bob.pairs() == {}


def test_the_same_gear_of_two_athletes_is_two_pairs(services: Services, bob: Connected) -> None:
    with services.store.write() as tx:
        tx.put_gear(athlete(services), "strava", parse.Gear("g1", "Ann's", 5_000.0), TODAY)
    bob.ran(1, 1, "g1", told_m=710_000)
    bob.arrive(1)

    assert pairs(services)["Ann's"].facts is None
    assert bob.pairs()["Pair g1"].facts is not None


def test_the_demo_wears_two_pairs_one_after_the_other() -> None:
    made = season(NOW, weeks=6)
    runs = [m.activity for m in (*made.history, *made.live) if m.activity["sport_type"] == "Run"]
    worn = [r["gear_id"] for r in runs]

    assert worn == sorted(worn)
    assert len(set(worn)) == 2
    new = [r for r in runs if r["gear_id"] == worn[-1]]
    assert new[-1]["gear"]["distance"] == pytest.approx(sum(r["distance"] for r in new), abs=1)


# entered by hand


def test_runs_without_a_name_of_shoes_are_of_the_pair_entered_for_that_time(services: Services) -> None:
    services.shoes.add(athlete(services), "Old", ago(100), None)
    services.shoes.add(athlete(services), "New", ago(20), 0)

    # Runs 100, 98, … 22 days ago: 40 of them; 20, 18, … 2: ten.
    assert distances(services) == {"New": 100_000, "Old": 400_000}
    assert {n: p.facts and p.facts.is_lower_bound for n, p in pairs(services).items()} == {"New": False, "Old": True}


def test_what_a_pair_had_run_before_is_added(services: Services) -> None:
    services.shoes.add(athlete(services), "Old", ago(20), 600_000)

    assert distances(services) == {"Old": 700_000}


def test_strava_goes_before_what_was_entered_by_hand(bob: Connected) -> None:
    bob.ran(1, 5, "g1", told_m=50_000)
    bob.ran(2, 4, None)
    for source_id in (1, 2):
        bob.arrive(source_id)
    bob.services.shoes.add(bob.athlete_id, "By hand", ago(30), 0)

    assert {n: p.facts and p.facts.n_runs for n, p in bob.pairs().items()} == {"Pair g1": 1, "By hand": 1}


def test_a_deleted_pair_leaves_its_runs_to_the_one_before(services: Services) -> None:
    services.shoes.add(athlete(services), "Old", ago(100), None)
    new = services.shoes.add(athlete(services), "New", ago(20), 0)
    services.shoes.delete(athlete(services), int(new.shoe.id))

    assert distances(services) == {"Old": 500_000}


@pytest.mark.parametrize(
    ("name", "worn_from", "before_m"),
    [
        ("", ago(1), 0),
        ("x" * 101, ago(1), 0),
        ("two\nlines", ago(1), 0),
        ("New", ago(-2), 0),
        ("New", date(1989, 1, 1), 0),
        ("New", ago(1), -1),
        ("New", ago(1), float("nan")),
    ],
)
def test_a_pair_that_cannot_be_is_refused(services: Services, name: str, worn_from: date, before_m: float) -> None:
    with pytest.raises(InvalidShoe):
        services.shoes.add(athlete(services), name, worn_from, before_m)
    assert pairs(services) == {}


# the page


def logged_in(services: Services, email: str = ANN) -> FlaskClient:
    app = create_app(services, config={"TESTING": True, "WTF_CSRF_ENABLED": False})
    client = app.test_client()
    client.post("/login", data={"email": email, "password": PASSWORD})
    return client


def test_a_runner_enters_a_pair_in_their_units_and_deletes_it(services: Services) -> None:
    services.accounts.update_profile(athlete(services), units="imperial")
    client = logged_in(services)
    assert "No shoes are known yet" in client.get("/shoes").text

    form = {"name": "Fresh <pair>", "worn_from": ago(20).isoformat(), "before": "100,5"}
    page = client.post("/shoes", data=form, follow_redirects=True).text

    assert "Fresh &lt;pair&gt;" in page
    assert "162.6 mi" in page  # 100.5 and ten runs of 10 km: 62.1 mi
    assert "10 runs here" in page
    shoe_id = pairs(services)["Fresh <pair>"].shoe.id
    assert "No shoes are known yet" in client.post(f"/shoes/{shoe_id}/delete", follow_redirects=True).text


def test_where_only_the_runs_are_known_the_page_says_at_least(services: Services) -> None:
    services.shoes.add(athlete(services), "Old", ago(100), None)

    page = logged_in(services).get("/shoes").text
    assert re.search(r"at least 500\.0\skm", page)
    assert "Problems" in page


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"worn_from": "yesterday"}, "like 2026-03-31"),
        ({"before": "many"}, "like 412"),
        ({"name": " "}, "a name"),
        ({"worn_from": ago(20).isoformat()}, "Another pair begins on that day"),
    ],
)
def test_a_mistake_in_the_form_is_named_and_what_was_typed_stays(
    services: Services, wrong: dict[str, str], says: str
) -> None:
    services.shoes.add(athlete(services), "Old", ago(20), None)
    form = {"name": "Fresh", "worn_from": ago(10).isoformat(), "before": "7"} | wrong

    answer = logged_in(services).post("/shoes", data=form)

    assert answer.status_code == 400
    assert says in answer.text
    assert 'value="' + form["worn_from"] in answer.text
    assert set(pairs(services)) == {"Old"}


def test_a_form_without_its_safety_mark_changes_nothing(services: Services) -> None:
    app = create_app(services, config={"TESTING": True})
    client = app.test_client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)
    assert token is not None
    client.post("/login", data={"email": ANN, "password": PASSWORD, "csrf_token": token[1]})
    assert client.get("/shoes").status_code == 200

    answer = client.post("/shoes", data={"name": "Fresh", "worn_from": ago(1).isoformat()})

    assert answer.status_code == 400
    assert pairs(services) == {}


def test_somebody_elses_shoes_are_neither_seen_nor_deleted(services: Services) -> None:
    mine = services.shoes.add(athlete(services), "Old", ago(20), None)
    client = logged_in(services, BOB)

    assert "Old" not in client.get("/shoes").text
    assert client.post(f"/shoes/{mine.shoe.id}/delete").status_code == 404
    assert set(pairs(services)) == {"Old"}


# the API


def call(services: Services, method: str, path: str, email: str = ANN, **more: Any) -> Any:
    token = services.accounts.create_token(athlete(services, email))
    client = create_api(services).test_client()
    return client.open(path, method=method, headers={"Authorization": f"Bearer {token}"}, **more)


def test_the_api_takes_lists_and_forgets_a_pair(services: Services) -> None:
    body = {"name": "Old", "worn_from": ago(20).isoformat(), "before_m": 600_000}
    made = call(services, "POST", "/shoes", json=body)

    assert made.status_code == 200
    assert made.json == {
        "id": made.json["id"],
        "source": "hand",
        "name": "Old",
        "worn_from": ago(20).isoformat(),
        "distance_m": 700_000,
        "is_lower_bound": False,
        "n_runs": 10,
        "first_run_on": ago(20).isoformat(),
        "last_run_on": ago(2).isoformat(),
    }
    assert call(services, "GET", "/shoes").json == [made.json]
    assert call(services, "DELETE", f"/shoes/{made.json['id']}").json == []
    assert call(services, "GET", "/shoes").json == []


def test_the_api_finds_nobody_elses_pair(services: Services) -> None:
    mine = services.shoes.add(athlete(services), "Old", ago(20), None)

    assert call(services, "GET", "/shoes", BOB).json == []
    assert call(services, "DELETE", f"/shoes/{mine.shoe.id}", BOB).status_code == 404
    assert set(pairs(services)) == {"Old"}


def test_a_pair_of_strava_stays_and_the_api_says_why(bob: Connected) -> None:
    bob.ran(1, 1, "g1")
    bob.arrive(1)
    (pair,) = bob.pairs().values()

    answer = call(bob.services, "DELETE", f"/shoes/{pair.shoe.id}", BOB)

    assert answer.status_code == 422
    assert "Strava keeps this pair" in answer.text
    assert len(bob.pairs()) == 1


@pytest.mark.parametrize("wrong", [{}, {"name": "New"}, {"name": "New", "worn_from": "2026-11-01", "before_m": -1}])
def test_the_api_refuses_half_a_pair(services: Services, wrong: dict[str, Any]) -> None:
    assert call(services, "POST", "/shoes", json=wrong).status_code == 422


# beside the pattern


def problem_page(services: Services, complaint: dict[str, Any], days_ago: int) -> str:
    """The page of a complaint that was first reported so many days ago, and again today."""
    first = Draft(**complaint, at=NOW - timedelta(days=days_ago))
    (problem_id,) = services.check_ins.record(athlete(services), first).problem_ids
    services.check_ins.record(athlete(services), Draft(**complaint))
    return logged_in(services).get(f"/problems/{problem_id}").text


def test_beside_the_it_band_pattern_stand_the_shoes_of_its_first_day(services: Services) -> None:
    services.shoes.add(athlete(services), "Old faithful", ago(100), None)
    services.shoes.add(athlete(services), "Fresh pair", ago(20), 0)
    services.shoes.add(athlete(services), "Bought since", ago(3), 0)

    page = problem_page(services, OUTER_KNEE, days_ago=10)

    assert "It resembles: " in page
    assert "Fresh pair: first run here 10 days before" in page
    assert f"Fresh pair: 60.0 km, first run here on {day_text(ago(20), year=True)}" in page  # 20, 18, … 10 days ago
    assert f"Old faithful: at least 400.0 km, first run here on {day_text(ago(100), year=True)}" in page
    assert NO_THRESHOLD in page
    assert "Bought since" not in page


def test_beside_another_pattern_no_shoes_are_told(services: Services) -> None:
    services.shoes.add(athlete(services), "Fresh pair", ago(20), 0)

    page = problem_page(services, HAMSTRING, days_ago=10)

    assert "It resembles: " in page
    assert "Fresh pair" not in page


def test_where_no_shoe_is_known_the_page_says_nothing_of_shoes(services: Services) -> None:
    page = problem_page(services, OUTER_KNEE, days_ago=10)

    assert "It resembles: " in page
    assert "shoes" not in page.lower()


def test_shoes_change_no_score_and_raise_no_alert(services: Services) -> None:
    ann = athlete(services)
    report_id = services.check_ins.record(ann, Draft(**OUTER_KNEE)).report.id
    services.assess.assess(ann)
    before = services.check_ins.result(ann, report_id), services.views.alerts(ann)
    assert before[1]  # the knee spoke

    services.shoes.add(ann, "Old faithful", ago(100), 3_000_000)
    services.shoes.add(ann, "Fresh pair", ago(2), 0)
    with services.store.write() as tx:
        tx.want_assessment(ann, NOW - timedelta(days=100), NOW)
    services.assess.assess(ann)

    assert (services.check_ins.result(ann, report_id), services.views.alerts(ann)) == before


# the tables


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    engines = make_engines(empty_database_url)
    yield engines.write
    engines.dispose()


def test_runs_outlive_the_coming_and_going_of_shoes(engine: Engine) -> None:
    at = "'2026-11-22 12:00:00+00:00'"
    migrate.upgrade(engine, "0005")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO athletes (name, timezone, units, novice, alert_mails, weekly_mail, created_at)"
                f" VALUES ('Ann', 'UTC', 'metric', false, true, true, {at})"
            )
        )
        connection.execute(
            text(
                "INSERT INTO runs (athlete_id, source, source_id, name, sport, start, local_date, is_race, is_manual,"
                " start_hidden, distance_trusted, streams, fetched_at, created_at)"
                f" VALUES (1, 'strava', 1, 'Run', 'Run', {at}, '2026-11-22', false, false, false, true, 'ok', {at},"
                f" {at})"
            )
        )

    migrate.upgrade(engine, "0006")
    with engine.begin() as connection:
        assert connection.execute(text("SELECT source_id, gear_id FROM runs")).one() == (1, None)
        connection.execute(text("UPDATE runs SET gear_id = 'g1'"))
        connection.execute(text("INSERT INTO shoes (athlete_id, source, gear_id) VALUES (1, 'strava', 'g1')"))

    migrate.downgrade(engine, "0005")
    assert "shoes" not in inspect(engine).get_table_names()
    assert "gear_id" not in {column["name"] for column in inspect(engine).get_columns("runs")}
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM runs")) == 1
