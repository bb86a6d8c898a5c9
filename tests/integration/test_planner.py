"""The planner on a real database: what is planned is judged beside what was run, and is its runner's alone."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from loadwatch.bootstrap import Services, make_services
from loadwatch.dashboard import create_app
from loadwatch.services.errors import NotYours
from loadwatch.services.health_ports import Draft
from loadwatch.services.plan_ports import StoredPlan
from loadwatch.services.planning import InvalidPlan
from tests.support.browser import session_cookie
from tests.support.seeding import ANN, BOB, NOW, SeedRun, add_runs, athlete, seeded_services, sign_up

TODAY = NOW.date()


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ann has run 10 km every other day at 7 for two months, last two days ago; Bob is new. Both live in UTC."""
    folder = tmp_path_factory.mktemp("seeded")
    services = seeded_services(folder)
    ann = sign_up(services, ANN, timezone="UTC")
    sign_up(services, BOB, name="Bob", timezone="UTC")
    add_runs(services, ann.athlete_id, [SeedRun(NOW - timedelta(days=d, hours=5), 10_000) for d in range(60, 0, -2)])
    services.close()
    return folder


@pytest.fixture
def ann(services: Services) -> int:
    return athlete(services, ANN)


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return client_of(services, ANN)


def client_of(services: Services, email: str) -> FlaskClient:
    app = create_app(services, config={"RATELIMIT_ENABLED": False, "WTF_CSRF_ENABLED": False})
    client = app.test_client()
    cookie = session_cookie(services, email, "http://localhost")
    client.set_cookie(str(cookie["name"]), str(cookie["value"]))
    return client


def planned(days: int, km: float, **loads: float) -> StoredPlan:
    return StoredPlan(0, TODAY + timedelta(days=days), km * 1000, **loads)


def rules_of(services: Services, athlete_id: int) -> list[list[str]]:
    return [[f.rule for f, _ in item.findings] for item in services.planning.plan(athlete_id).items]


# the service


def test_each_planned_run_is_judged_after_those_before_it(services, ann):
    for days, km in ((2, 12.5), (4, 13.7), (6, 20)):
        services.planning.add(ann, planned(days, km))

    assert rules_of(services, ann) == [["R-M1"], [], ["R-M1"]]  # 1.25 times 10; 1.096 times 12.5; 1.46 times 13.7


def test_the_ceiling_of_a_day_knows_what_is_planned_before_it(services, ann):
    services.planning.add(ann, planned(2, 11))
    days = services.planning.plan(ann).days

    # 1.1 times 10 km up to the planned 11 km and on that day; then 1.1 times 11 km
    assert [round(days[n].ceilings.mileage.distance_m) for n in (0, 1, 2, 3, 13)] == [11_000] * 3 + [12_100] * 2


def test_after_a_planned_jump_the_ceiling_falls_to_what_was_usual_for_a_week(services, ann):
    services.planning.add(ann, planned(2, 15))
    services.planning.add(ann, planned(5, 12))
    plan = services.planning.plan(ann)

    assert [plan.days[n].ceilings.mileage.distance_m for n in (3, 9)] == [10_000, 10_000]
    assert plan.days[10].ceilings.mileage.distance_m == pytest.approx(16_500)
    jump, after = plan.items
    assert [f.rule for f, _ in jump.findings] == ["R-M1"]
    assert (after.findings, after.is_beyond) == ((), True)  # no rule speaks, but 12 km is more than 10
    assert plan.beyond == (after,)


def test_planned_runs_begin_when_the_runner_usually_does(services, ann):
    services.planning.add(ann, planned(1, 8))
    services.planning.add(ann, planned(1, 9))

    starts = [f.run.start.hour for f in _findings(services, ann, planned(1, 30))]

    assert starts == [15]  # at 7, at 11 and, the third, at 15


def _findings(services: Services, athlete_id: int, thought_of: StoredPlan):
    plan = services.planning.plan(athlete_id, thought_of=thought_of)
    return [f for item in plan.items for f, _ in item.findings]


def test_what_is_only_thought_of_is_not_kept(services, ann):
    assert [f.rule for f in _findings(services, ann, planned(3, 30))] == ["R-M1"]
    assert services.planning.plan(ann).items == ()


def test_a_run_that_came_stands_beside_the_one_that_was_planned_for_its_day(services, ann):
    services.planning.add(ann, planned(0, 9))
    services.planning.add(ann, planned(0, 4))
    add_runs(services, ann, [SeedRun(NOW - timedelta(hours=3), 9_300)], first_source_id=900)

    plan = services.planning.plan(ann)

    (done,) = plan.days[0].done
    assert (done.stored.distance_m, done.run.distance_m) == (9_000, 9_300)
    assert [item.stored.distance_m for item in plan.items] == [4_000]  # still to come


def test_the_last_days_show_what_was_planned_and_what_was_run(services, ann, tmp_path):
    services.planning.add(ann, planned(0, 9))
    services.planning.add(ann, planned(1, 7))
    services.close()
    later = make_services(services.settings, clock=lambda: NOW + timedelta(days=3))

    plan = later.planning.plan(ann)
    later.close()

    assert [(m.stored.distance_m, m.run) for m in plan.past] == [(7_000, None), (9_000, None)]
    assert plan.items == ()


def test_while_something_hurts_no_ceiling_decides(services, ann):
    services.check_ins.record(ann, Draft(side="left", regions=frozenset({"PM"}), pain_today=5, pain_run=6))
    services.assess.assess(ann)
    services.planning.add(ann, planned(1, 12))

    plan = services.planning.plan(ann)

    assert plan.symptoms_decide
    (item,) = plan.items
    assert {f.symptom_level for f, _ in item.findings} != {0}


def test_an_old_red_flag_that_nobody_has_read_decides_too(services, ann):
    told = services.check_ins.record(ann, Draft(pain_today=1, signs=frozenset({"numb_saddle"})))
    services.assess.assess(ann)
    services.check_ins.close_problem(ann, told.problem_ids[0])
    with services.store.read() as tx:
        (red,) = [a for a in tx.alerts_since(ann, NOW) if a.is_red]
    later = make_services(services.settings, clock=lambda: NOW + timedelta(days=20))

    assert later.planning.plan(ann).symptoms_decide
    later.alerts.acknowledge(ann, red.id)
    assert not later.planning.plan(ann).symptoms_decide
    later.close()


def test_today_and_the_week_name_the_threshold_that_a_runner_has_set(services, ann, client):
    for path in ("/", "/weeks"):
        assert "Within 10 % of your longest run" in client.get(path, follow_redirects=True).text.replace("\xa0", " ")

    services.thresholds.change(ann, {"spike_small": 1.2})

    for path in ("/", "/weeks"):
        assert "Within 20 % of your longest run" in client.get(path, follow_redirects=True).text.replace("\xa0", " ")


def test_own_thresholds_count_in_the_planner(services, ann):
    services.planning.add(ann, planned(2, 11.8))
    assert rules_of(services, ann) == [["R-M1"]]

    services.thresholds.change(ann, {"spike_small": 1.2})

    assert rules_of(services, ann) == [[]]
    assert services.planning.plan(ann).days[0].ceilings.mileage.distance_m == pytest.approx(12_000)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (planned(14, 10), "day"),
        (planned(-1, 10), "day"),
        (planned(1, 0), "distance"),
        (planned(1, float("nan")), "distance"),
        (planned(1, 10, descent_m=-1.0), "descent"),
        (planned(1, 10, fast_m=10_001.0), "fast"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(services, ann, wrong, code):
    with pytest.raises(InvalidPlan) as refused:
        services.planning.add(ann, wrong)

    assert refused.value.code == code


def test_a_day_takes_three_runs_at_most(services, ann):
    for _ in range(3):
        services.planning.add(ann, planned(1, 5))
    other = services.planning.add(ann, planned(2, 5))

    for deed in (
        lambda: services.planning.add(ann, planned(1, 5)),
        lambda: services.planning.move(ann, other, TODAY + timedelta(days=1)),
    ):
        with pytest.raises(InvalidPlan, match="full"):
            deed()


def test_what_another_has_planned_is_not_there(services, ann):
    mine = services.planning.add(ann, planned(1, 5))
    bob = athlete(services, BOB)

    for deed in (
        lambda: services.planning.move(bob, mine, TODAY),
        lambda: services.planning.delete(bob, mine),
        lambda: services.planning.change(bob, StoredPlan(mine, TODAY, 1000.0)),
    ):
        with pytest.raises(NotYours):
            deed()
    assert services.planning.clear(bob) == 0
    assert [item.stored.id for item in services.planning.plan(ann).items] == [mine]


# the page


def test_a_run_is_planned_changed_moved_and_deleted_by_forms(services, ann, client):
    day = str(TODAY + timedelta(days=3))
    form = {"day": day, "distance": "12,5", "descent": "", "fast": "800"}
    assert client.post("/planner/add", data=form).status_code == 302
    (item,) = services.planning.plan(ann).items
    assert (item.stored.distance_m, item.stored.descent_m, item.stored.fast_m) == (12_500, None, 800)

    number = item.stored.id
    client.post(f"/planner/{number}/change", data=form | {"distance": "8"})
    client.post(f"/planner/{number}/move", data={"day": str(TODAY + timedelta(days=5))})
    (item,) = services.planning.plan(ann).items
    assert (item.stored.distance_m, item.stored.local_date) == (8_000, TODAY + timedelta(days=5))

    client.post(f"/planner/{number}/delete")
    assert services.planning.plan(ann).items == ()


def test_a_distance_is_read_in_the_runners_units(services, ann, client):
    services.accounts.update_profile(ann, units="imperial")

    client.post("/planner/add", data={"day": str(TODAY), "distance": "10", "descent": "100", "fast": "0.5"})

    (item,) = services.planning.plan(ann).items
    stored = item.stored
    assert (stored.distance_m, stored.descent_m, stored.fast_m) == pytest.approx((16_093.44, 30.48, 804.672))


def test_a_form_that_cannot_be_says_what_to_do_and_keeps_what_was_typed(client):
    for distance in ("", "0", "many", "nan", "-5", "1e9"):
        form = {"day": str(TODAY), "distance": distance, "descent": "77", "fast": ""}
        answer = client.post("/planner/add", data=form)

        assert answer.status_code == 422
        assert "as a number above 0" in answer.text
        assert 'value="77"' in answer.text


def test_the_preview_says_what_a_run_that_is_typed_would_set_off(client):
    day = str(TODAY + timedelta(days=2))

    said = client.get("/planner/preview", query_string={"day": day, "distance": "16"}).text
    quiet = client.get("/planner/preview", query_string={"day": day, "distance": "10"}).text
    unfinished = client.get("/planner/preview", query_string={"day": day, "distance": ""}).text

    assert "16.0 km: your longest in 30 days was 10.0 km" in said
    assert "Up to 11.5 km this rule would not speak" in re.sub(r"\s", " ", said)  # 1.5 km more is nothing to speak of
    assert "no rule would speak" in quiet
    assert unfinished.strip() == ""


def test_the_plan_of_another_gives_404(services, ann):
    mine = services.planning.add(ann, planned(1, 5))
    bob = client_of(services, BOB)

    for way in ("change", "move", "delete"):
        form = {"day": str(TODAY), "distance": "5"}
        assert bob.post(f"/planner/{mine}/{way}", data=form).status_code == 404
    assert "5.0 km" not in bob.get("/planner").text


def test_somebody_without_runs_is_told_what_is_missing(services):
    page = client_of(services, BOB).get("/planner").text

    assert "Still learning what is usual for you" in page


def test_planned_runs_stay_on_either_database(database_url, tmp_path):
    services = seeded_services(tmp_path, database_url=database_url, secret_key="a secret of its own")
    ann = sign_up(services, ANN).athlete_id
    number = services.planning.add(ann, planned(3, 12.5, fast_m=800.0))
    services.planning.move(ann, number, TODAY + timedelta(days=4))
    services.thresholds.change(ann, {"spike_small": 1.15})

    with services.store.read() as tx:
        stored = tx.planned_runs(ann, date.min)
        thresholds = tx.athlete(ann).thresholds
    services.close()

    assert stored == [StoredPlan(number, TODAY + timedelta(days=4), 12_500.0, None, 800.0)]
    assert thresholds.now.spike_small == 1.15
