"""Two years replayed on a real database: what it counts, when it is worked out again, and whom it belongs to."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from loadwatch.bootstrap import Services
from loadwatch.dashboard import create_app
from loadwatch.domain.rules import RULE_VERSION
from loadwatch.services.backtests import two_years_before
from loadwatch.services.errors import NotYours
from loadwatch.services.health_ports import Draft
from tests.support.browser import session_cookie
from tests.support.seeding import ANN, BOB, NOW, SeedRun, add_runs, athlete, seeded_services, sign_up

TODAY = NOW.date()


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    Ann has run 10 km every other day for 200 days, but 12 km 100 days and 16 km 50 days ago, when the back of the
    left thigh had hurt since two days. Eight days after the 12 km the front of the right one began to. Bob is new.
    """
    folder = tmp_path_factory.mktemp("seeded")
    services = seeded_services(folder)
    ann = sign_up(services, ANN, timezone="UTC").athlete_id
    sign_up(services, BOB, name="Bob", timezone="UTC")
    far = {100: 12_000, 50: 16_000}
    runs = [SeedRun(NOW - timedelta(days=d, hours=5), far.get(d, 10_000)) for d in range(200, 0, -2)]
    add_runs(services, ann, runs)
    for days_ago, side, region, pain in ((92, "right", "AM", 2), (52, "left", "PM", 4)):
        at = NOW - timedelta(days=days_ago)
        draft = Draft(at=at, side=side, regions=frozenset({region}), pain_today=pain, pain_run=pain)
        services.check_ins.record(ann, draft)
    services.assess.assess(ann)
    services.close()
    return folder


@pytest.fixture
def ann(services: Services) -> int:
    return athlete(services, ANN)


def client_of(services: Services, email: str = ANN) -> FlaskClient:
    app = create_app(services, config={"RATELIMIT_ENABLED": False, "WTF_CSRF_ENABLED": False})
    client = app.test_client()
    cookie = session_cookie(services, email, "http://localhost")
    client.set_cookie(str(cookie["name"]), str(cookie["value"]))
    return client


def replayed(services: Services, athlete_id: int):
    services.backtests.ask(athlete_id)
    assert services.backtests.replay(athlete_id)
    result = services.backtests.look(athlete_id).result
    assert result is not None
    return result


def test_a_replay_says_what_the_stored_alerts_say(services, ann):
    result = replayed(services, ann)

    stored = sorted((a.at, a.rule, a.severity) for a in services.views.alerts(ann, days=800))
    assert [(f.at, f.rule, f.severity) for f in result.findings] == stored
    assert [f.run_id for f in result.findings if f.is_load_only] == [
        a.run_id for a in reversed(services.views.alerts(ann, days=800)) if a.rule == "R-M1" and not a.symptom_level
    ]


def test_a_replay_counts_by_rule_and_by_month(services, ann):
    result = replayed(services, ann)

    jump = TODAY - timedelta(days=100)
    (month,) = [m for m in result.months if m.month == jump.replace(day=1)]
    assert (result.since, result.until) == (TODAY - timedelta(days=200), TODAY)
    assert result.n_runs == sum(m.n_runs for m in result.months) == 100
    assert sum(m.n_alerts for m in result.months) == sum(r.n_alerts for r in result.rules) == len(result.findings)
    assert [(f.rule, f.severity) for f in result.findings if f.day == jump] == [("R-M1", 1)]  # 1.2 times
    assert month.severities[0] >= 1
    assert result.unknown == ("descent", "fast")


def test_a_problem_is_held_against_mails_on_load_alone(services, ann):
    # A mail on load alone needs a moderate jump: 16 km after 12, seven days before the problem in front.
    add_runs(services, ann, [SeedRun(NOW - timedelta(days=99, hours=2), 16_000)], first_source_id=900)
    result = replayed(services, ann)

    assert [(p.day, p.is_new, p.lead_days) for p in result.problems] == [
        (TODAY - timedelta(days=92), True, 7),
        (TODAY - timedelta(days=52), True, None),
    ]
    assert result.n_mailed_on_load == 1
    assert result.n_near == 14


def test_a_run_that_changes_makes_it_stale(services, ann):
    replayed(services, ann)
    assert not services.backtests.look(ann).is_stale

    add_runs(services, ann, [SeedRun(NOW - timedelta(hours=1), 30_000)], first_source_id=900)

    page = services.backtests.look(ann)
    assert page.is_stale
    assert page.result is not None  # what stood before is still shown


def test_a_threshold_that_is_moved_makes_it_stale_and_counts(services, ann):
    before = replayed(services, ann)
    services.thresholds.change(ann, {"spike_small": 1.2})
    assert services.backtests.look(ann).is_stale

    after = replayed(services, ann)

    said = {f.day for f in before.findings if f.is_load_only} - {f.day for f in after.findings if f.is_load_only}
    assert said == {TODAY - timedelta(days=100)}  # 12 km after 10 km are exactly 1.2 times as far
    assert [f for f in after.findings if not f.is_load_only] == [f for f in before.findings if not f.is_load_only]
    assert (after.thresholds, after.rule_version) == ({"spike_small": 1.2}, RULE_VERSION)


def test_who_has_nothing_to_look_back_on_gets_an_empty_replay(services):
    result = replayed(services, athlete(services, BOB))

    assert (result.n_runs, result.findings, result.problems) == (0, (), ())


def test_a_replay_is_worked_out_once_for_each_time_it_is_asked_for(services, ann):
    assert not services.backtests.replay(ann)
    services.backtests.ask(ann)

    assert services.backtests.due() == [ann]
    assert [services.backtests.replay(ann), services.backtests.replay(ann)] == [True, False]
    assert services.backtests.due() == []


def test_a_replay_that_fails_is_tried_three_times_and_then_waits_to_be_asked(services, ann, monkeypatch):
    def fails(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("a fault of ours")

    service, now = services.backtests, [NOW]
    service._clock = lambda: now[0]
    service.ask(ann)
    with monkeypatch.context() as patch:
        patch.setattr("loadwatch.services.backtests.replay", fails)
        for _ in range(3):
            with pytest.raises(RuntimeError):
                service.replay(ann)
            now[0] += timedelta(minutes=1)

    page = service.look(ann)
    assert (page.has_failed, page.is_working) == (True, False)
    assert service.due() == []
    service.ask(ann)
    assert service.replay(ann)
    assert not service.look(ann).has_failed


def test_the_page_asks_for_what_is_not_there_and_shows_it_when_it_is(services, ann):
    client = client_of(services)

    waits = client.get("/backtest").text
    assert "Your history is being gone through" in waits
    assert services.backtests.due() == [ann]
    services.backtests.replay(ann)
    page = client.get("/backtest").text

    assert "100 runs" in page
    assert f'href="/runs/{_run_on(services, ann, 100)}"' in page
    assert services.backtests.due() == []


def _run_on(services: Services, athlete_id: int, days_ago: int) -> int:
    day = TODAY - timedelta(days=days_ago)
    return next(d.run.id for d in services.views.runs(athlete_id, days=400) if d.run.local_date == day)


def test_looking_whether_it_is_ready_does_not_ask_again(services, ann):
    replayed(services, ann)
    add_runs(services, ann, [SeedRun(NOW - timedelta(hours=1), 10_000)], first_source_id=900)

    client_of(services).get("/backtest", headers={"HX-Request": "true"})
    assert services.backtests.due() == []

    client_of(services).get("/backtest")
    assert services.backtests.due() == [ann]


def test_nobody_sees_the_years_of_another(services, ann):
    replayed(services, ann)

    assert services.backtests.look(athlete(services, BOB)).result is None
    with pytest.raises(NotYours):
        services.backtests.look(10**6)


def test_two_years_before_a_leap_day_is_the_first_of_march():
    assert two_years_before(date(2028, 2, 29)) == date(2026, 3, 1)
    assert two_years_before(date(2026, 11, 22)) == date(2024, 11, 22)


def test_a_replay_is_kept_on_either_database(database_url, tmp_path):
    services = seeded_services(tmp_path, database_url=database_url, secret_key="a secret of its own")
    ann = sign_up(services, ANN).athlete_id
    add_runs(services, ann, [SeedRun(NOW - timedelta(days=d), 10_000 + 8_000 * (d == 2)) for d in range(60, 0, -2)])

    result = replayed(services, ann)
    services.close()

    (finding,) = result.findings
    assert (finding.rule, finding.day, finding.severity) == ("R-M1", TODAY - timedelta(days=2), 2)
    assert finding.reason is not None
    assert finding.reason.baseline == 10_000


# thresholds on their page


def test_a_threshold_is_moved_and_set_back_by_the_form(services, ann):
    client = client_of(services)
    form = dict(_form(client.get("/settings/thresholds").text))

    client.post("/settings/thresholds", data=form | {"spike_small": "1.15"})
    assert services.views.profile(ann).thresholds.now.changed == {"spike_small": 1.15}
    assert "Yours; the standard is 10" in client.get("/settings/thresholds").text

    client.post("/settings/thresholds/reset")
    assert services.views.profile(ann).thresholds.now.changed == {}


def test_a_threshold_beyond_its_limits_is_refused(services, ann):
    client = client_of(services)
    form = dict(_form(client.get("/settings/thresholds").text))

    for wrong in ("1.5", "nan", ""):
        answer = client.post("/settings/thresholds", data=form | {"spike_small": wrong})
        assert answer.status_code == 400
        assert "outside its limits" in answer.text
    assert services.views.profile(ann).thresholds.changes == ()


def _form(page: str) -> Iterator[tuple[str, str]]:
    """The chosen option of each list."""
    import re

    for name, options in re.findall(r'<select id="\w+" name="(\w+)"[^>]*>(.*?)</select>', page, flags=re.DOTALL):
        (chosen,) = re.findall(r'<option value="([^"]+)" selected>', options)
        yield name, chosen


def test_moving_a_threshold_leaves_what_was_said_before(services, ann):
    before = [(a.id, a.state) for a in services.views.alerts(ann, days=400)]

    services.thresholds.change(ann, {"spike_small": 1.2})
    with services.store.write() as tx:
        tx.want_assessment(ann, NOW - timedelta(days=365), NOW)
    services.assess.assess(ann)

    assert [(a.id, a.state) for a in services.views.alerts(ann, days=400)] == before


def test_a_run_after_the_change_is_judged_by_it_and_the_alert_says_so(services, ann):
    services.thresholds.change(ann, {"spike_small": 1.15})
    services.assess._clock = lambda: NOW + timedelta(hours=3)
    runs = [SeedRun(NOW + timedelta(hours=1), 11_800)]
    add_runs(services, ann, runs, first_source_id=900)

    alert = services.views.alerts(ann)[0]

    assert (alert.rule, alert.reasons[1].threshold) == ("R-M1", 1.15)
    assert any(line.startswith("your own threshold: ") for line in alert.coverage)
