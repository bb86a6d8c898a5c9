"""A planned run through the API: which rules would speak, and nothing is stored."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from loadwatch.api import create_api
from loadwatch.bootstrap import Services
from loadwatch.services.health_ports import Draft
from tests.support.seeding import NOW, SeedRun, add_runs, seeded_services, sign_up

ANN, BOB = "ann@example.org", "bob@example.org"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Ann has run 10 km every other day for two months; Bob is new."""
    services = seeded_services(tmp_path)
    ann, _ = sign_up(services, ANN), sign_up(services, BOB, name="Bob")
    runs = [SeedRun(NOW - timedelta(days=d), 10_000) for d in range(60, 0, -2)]
    add_runs(services, ann.athlete_id, runs)
    yield services
    services.close()


def ask(services: Services, email: str, **planned: Any) -> tuple[int, dict[str, Any]]:
    account = services.accounts.athlete_by_email(email)
    assert account is not None
    token = services.accounts.create_token(account)
    client = create_api(services).test_client()
    answer = client.post("/what-if", json=planned, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.get_json()


def test_a_run_within_the_usual_sets_off_nothing(services):
    status, answer = ask(services, ANN, distance_m=10_900)

    assert status == 200
    assert answer["findings"] == []
    assert answer["ceilings"]["mileage"]["distance_m"] == pytest.approx(11_000)


def test_a_jump_says_which_rule_would_speak_and_why(services):
    _, answer = ask(services, ANN, distance_m=16_000)

    [said] = answer["findings"]
    assert (said["rule"], said["load_level"], said["severity"]) == ("R-M1", 2, 2)  # 1.6 times
    assert said["reasons"][0]["baseline"] == 10_000
    assert said["evidence"]["grade"] == "A"
    assert "16.0 km" in said["title"]


def test_nothing_is_stored(services):
    athlete_id = services.accounts.athlete_by_email(ANN)
    before = len(services.views.runs(athlete_id)), len(services.views.alerts(athlete_id))
    ask(services, ANN, distance_m=30_000)

    assert (len(services.views.runs(athlete_id)), len(services.views.alerts(athlete_id))) == before


def test_each_athlete_is_judged_by_their_own_runs(services):
    _, answer = ask(services, BOB, distance_m=30_000)

    assert answer["findings"] == []
    assert answer["ceilings"]["mileage"]["basis"] == "learning"


@pytest.mark.parametrize(
    "wrong", [{}, {"distance_m": -1}, {"distance_m": 5000, "fast_m": 6000}, {"distance_m": 5000, "speed": 3}]
)
def test_what_cannot_be_run_is_refused(services, wrong):
    status, answer = ask(services, ANN, **wrong)

    assert status == 422
    assert answer["status"] == 422


def test_an_ache_on_one_side_makes_a_planned_jump_weigh_more(services):
    report(services, pain_today=3)

    _, answer = ask(services, ANN, distance_m=16_000)

    # Evidence 7.3, example 1: severity 2 without, 3 with an ache of 3 at the back of one thigh.
    assert ("R-M1", 3) in [(said["rule"], said["severity"]) for said in answer["findings"]]
    assert answer["symptoms_decide"] is True


def test_a_short_run_on_a_thigh_that_hurts_badly_is_running_through_it(services):
    report(services, pain_today=7)

    _, answer = ask(services, ANN, distance_m=5_000)

    assert [(said["rule"], said["severity"]) for said in answer["findings"]] == [("P-PUSH", 3)]
    assert answer["symptoms_decide"] is True
    assert ask(services, BOB, distance_m=5_000)[1]["findings"] == []


def test_where_nothing_hurts_the_ceilings_hold(services):
    assert ask(services, ANN, distance_m=5_000)[1]["symptoms_decide"] is False


def report(services: Services, **told: Any) -> None:
    athlete_id = services.accounts.athlete_by_email(ANN)
    assert athlete_id is not None
    at = NOW - timedelta(hours=3)
    services.check_ins.record(athlete_id, Draft(side="left", regions=frozenset({"PM"}), at=at, **told))
