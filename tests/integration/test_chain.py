"""A run arrives, an alert leaves: with real processes, broker and databases, and what can go wrong on the way."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from loadwatch.adapters.broker import BrokerProcess
from loadwatch.services.accounts import StravaLogin
from loadwatch.services.sync_ports import Awaited
from tests.support.stack import SECRET_KEY, Stack, running_stack, wait_until

NOW = datetime.now(UTC).replace(microsecond=0)


def activity(source_id: int, days_ago: float, km: float, **more: Any) -> dict[str, Any]:
    """An activity as Strava's API tells it."""
    start = NOW - timedelta(days=days_ago)
    return {
        "id": source_id,
        "name": f"Run {source_id}",
        "sport_type": "Run",
        "type": "Run",
        "distance": km * 1000,
        "moving_time": round(km * 360),
        "elapsed_time": round(km * 365),
        "total_elevation_gain": 40.0,
        "start_date": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "start_date_local": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "timezone": "(GMT+00:00) Africa/Abidjan",
        "manual": False,
        "has_heartrate": True,
        "max_heartrate": 171.5,
        "average_heartrate": 151.3,
        **more,
    }


def with_history(stack: Stack, longest_km: float = 10.0) -> int:
    """A connected athlete with forty days of runs; the athlete's id."""
    athlete_id = stack.connect()
    for n in range(1, 21):
        stack.sim.add_activity(activity(1000 + n, 1 + 2 * n, longest_km), streams=None, push=False)
    stack.services.ingest.backfill(athlete_id, days=60)
    stack.services.assess.assess(athlete_id)
    return athlete_id


def alerts(stack: Stack, athlete_id: int) -> list[tuple[str, str, int | None]]:
    return [(a.rule, str(a.state), a.severity) for a in stack.services.views.alerts(athlete_id)]


def mails(stack: Stack, athlete_id: int) -> list[tuple[str, str]]:
    return [(m.kind, m.state) for m in stack.services.views.mails(athlete_id)]


def day_total_m(stack: Stack, athlete_id: int, days_ago: float) -> float | None:
    day = (NOW - timedelta(days=days_ago)).date()
    totals = stack.services.views.load(athlete_id, day, day)
    return totals[0].distance_m if totals else None


def push_body(stack: Stack, source_id: int, aspect: str = "create", **more: Any) -> dict[str, Any]:
    subscription = stack.sim.state()["subscription"]["id"]
    return {
        "object_type": "activity",
        "object_id": source_id,
        "aspect_type": aspect,
        "owner_id": 1001,
        "subscription_id": subscription,
        "event_time": int(time.time()),
        "updates": {},
        **more,
    }


def test_a_long_run_becomes_an_alert_with_its_reasons_and_one_mail(stack: Stack):
    athlete_id = with_history(stack)

    stack.sim.add_activity(activity(1, 0.1, 16.2), push=True)
    stack.settle()

    (alert,) = stack.services.views.alerts(athlete_id)
    assert (alert.rule, alert.severity, alert.state) == ("R-M1", 2, "firing")
    assert (alert.reasons[0].value, alert.reasons[0].baseline) == (16_200, 10_000)
    assert alert.reasons[1].value == pytest.approx(1.62)
    assert alert.title == "16.2 km: your longest in 30 days was 10.0 km"
    assert mails(stack, athlete_id) == [("alert", "sent")]
    (mail,) = stack.services.mailbox.list(athlete_id)
    assert "16.2 km" in mail.text
    assert "16.2 km" in mail.html
    assert day_total_m(stack, athlete_id, 0.1) == 16_200


def test_the_same_push_three_times_is_one_run_one_alert_one_mail(stack: Stack):
    athlete_id = with_history(stack)
    stack.sim.add_activity(activity(1, 0.1, 16.2), push=False)
    body = push_body(stack, 1)

    for _ in range(3):
        stack.sim.push(body)
    stack.settle()

    assert stack.run_ids(athlete_id).count(1) == 1
    assert alerts(stack, athlete_id) == [("R-M1", "firing", 2)]
    assert mails(stack, athlete_id) == [("alert", "sent")]
    with stack.services.store.read() as tx:
        assert tx.sync_state(athlete_id, 1001, Awaited()).received == 1


@pytest.mark.parametrize(
    "order", [("delete", "update", "create"), ("update", "delete", "create"), ("create", "delete", "update")]
)
def test_events_in_any_order_leave_what_the_server_has(stack: Stack, order: tuple[str, ...]):
    athlete_id = with_history(stack)
    stack.sim.add_activity(activity(1, 0.1, 16.2), push=False)
    stack.sim.update_activity(1, {"distance": 12_000.0}, push=False)
    stack.sim.add_activity(activity(2, 0.2, 9.0), push=False)
    stack.sim.delete_activity(2, push=False)

    for source_id in (1, 2):
        for n, aspect in enumerate(order):
            stack.sim.push(push_body(stack, source_id, aspect, event_time=int(time.time()) + n))
    stack.settle()

    # 1 is there with its corrected distance although a delete was pushed; 2 is gone although a create came last.
    assert set(stack.run_ids(athlete_id)) - set(range(1000, 1100)) == {1}
    assert day_total_m(stack, athlete_id, 0.1) == 12_000


def test_a_corrected_run_retracts_its_alert_with_a_note_to_whoever_got_the_mail(stack: Stack):
    athlete_id = with_history(stack)
    stack.sim.add_activity(activity(1, 0.1, 25), push=True)
    stack.settle()
    assert alerts(stack, athlete_id) == [("R-M1", "firing", 2)]

    stack.sim.update_activity(1, {"distance": 5_000.0}, push=True, updates={"title": "GPS was mad"})
    stack.settle()

    assert alerts(stack, athlete_id) == [("R-M1", "retracted", 2)]
    assert sorted(mails(stack, athlete_id)) == [("alert", "sent"), ("retraction", "sent")]
    assert day_total_m(stack, athlete_id, 0.1) == 5_000


def test_a_deleted_run_takes_its_alert_and_its_distance_along(stack: Stack):
    athlete_id = with_history(stack)
    stack.sim.add_activity(activity(1, 0.1, 25), push=True)
    stack.settle()

    stack.sim.delete_activity(1, push=True)
    stack.settle()

    assert alerts(stack, athlete_id) == [("R-M1", "retracted", 2)]
    assert day_total_m(stack, athlete_id, 0.1) is None


def test_a_forged_deletion_deletes_nothing(stack: Stack):
    athlete_id = with_history(stack)
    before = stack.run_ids(athlete_id)

    stack.sim.push(push_body(stack, 1005, "delete"))
    stack.settle()

    assert stack.run_ids(athlete_id) == before


def test_a_run_that_overtakes_an_earlier_one_is_not_judged_without_it(stack: Stack):
    athlete_id = with_history(stack)
    stack.sim.add_fault("delay", path="/api/v3/activities/1", times=1, seconds=1.5)

    stack.sim.add_activity(activity(1, 5, 16), push=True)
    wait_until(lambda: _leased(stack), "the earlier one is being fetched")
    stack.sim.add_activity(activity(2, 0.1, 16.2), push=True)
    wait_until(lambda: 2 in stack.run_ids(athlete_id), "the later one is there first")
    assert 1 not in stack.run_ids(athlete_id)
    stack.settle()

    # Only the first of the two was a jump, and nobody was told otherwise in between.
    (alert,) = stack.services.views.alerts(athlete_id)
    assert alert.reasons[0].value == 16_000
    assert mails(stack, athlete_id) == []


def test_an_old_run_is_judged_and_shown_but_sends_no_mail(stack: Stack):
    athlete_id = with_history(stack)

    stack.sim.add_activity(activity(1, 3.5, 16.2), push=True)
    stack.settle()

    assert alerts(stack, athlete_id) == [("R-M1", "firing", 2)]
    assert mails(stack, athlete_id) == []


def test_a_ride_is_kept_and_not_counted(stack: Stack):
    athlete_id = with_history(stack)

    stack.sim.add_activity(activity(1, 0.1, 80, sport_type="Ride", type="Ride"), push=True)
    stack.settle()

    assert 1 in stack.run_ids(athlete_id)
    assert day_total_m(stack, athlete_id, 0.1) is None
    assert alerts(stack, athlete_id) == []


def test_a_run_that_is_not_there_yet_arrives_when_it_is(stack: Stack):
    athlete_id = with_history(stack)
    stack.sim.add_fault("not_found", path="/api/v3/activities/1", times=2)

    stack.sim.add_activity(activity(1, 0.1, 16.2), push=True)
    wait_until(lambda: _sweep(stack) or 1 in stack.run_ids(athlete_id), "the run arrives")
    stack.settle()

    assert alerts(stack, athlete_id) == [("R-M1", "firing", 2)]


def test_streams_that_are_empty_at_first_are_asked_for_again(stack: Stack):
    athlete_id = with_history(stack)
    stack.sim.add_fault("empty_streams", path="/api/v3/activities/1/streams", times=1)

    stack.sim.add_activity(activity(1, 0.1, 16.2), push=True)
    wait_until(lambda: _streams_of(stack, athlete_id, 1) == "waiting", "the run is there without streams")
    wait_until(lambda: _sweep(stack) or _streams_of(stack, athlete_id, 1) == "ok", "the streams are there")

    assert alerts(stack, athlete_id) == [("R-M1", "firing", 2)]  # judged at once, and once


def test_a_manual_entry_needs_no_streams(stack: Stack):
    athlete_id = with_history(stack)

    stack.sim.add_activity(activity(1, 0.1, 8, manual=True), streams=None, push=True)
    stack.settle()

    assert _streams_of(stack, athlete_id, 1) == "none"


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 500}, {"kind": "html"}, {"kind": "drop"}])
def test_a_fault_of_strava_delays_a_run_and_loses_none(stack: Stack, fault: dict[str, Any]):
    athlete_id = with_history(stack)
    stack.sim.add_fault(path="/api/v3/activities/1", times=1, **fault)

    stack.sim.add_activity(activity(1, 0.1, 16.2), push=True)
    wait_until(lambda: stack.services.views.sync(athlete_id).state.failed != (), "the fault is noted")
    _hurry(stack)
    wait_until(lambda: 1 in stack.run_ids(athlete_id), "the run arrives")

    stack.settle()
    assert mails(stack, athlete_id) == [("alert", "sent")]


def test_a_used_up_rate_limit_waits_in_the_database_and_not_in_a_worker(stack: Stack):
    athlete_id = with_history(stack)
    stack.sim.add_fault("status", path="/api/v3/activities/1", times=1, status=429)

    stack.sim.add_activity(activity(1, 0.1, 9), push=True)
    wait_until(lambda: stack.services.views.sync(athlete_id).state.failed != (), "the limit is noted")

    ((source_id, why, again),) = stack.services.views.sync(athlete_id).state.failed
    assert source_id == 1
    assert "rate limit" in why
    assert again.minute % 15 == 0  # the window's end
    stack.sim.add_activity(activity(2, 0.2, 9), push=True)
    wait_until(lambda: 2 in stack.run_ids(athlete_id), "another run passes meanwhile", timeout_s=5)


def test_an_odd_value_in_one_record_of_the_list_never_loses_the_others(stack: Stack):
    athlete_id = stack.connect()
    stack.sim.add_activity(activity(1, 3, 8, athlete_count=0, max_heartrate=171.5, suffer_score=81.5), push=False)
    stack.sim.add_activity(activity(2, 2, 8, moving_time=2880.5, average_heartrate="n/a"), push=False)
    stack.sim.add_activity(activity(3, 1, 8, sport_type="SomethingNew", distance=None), push=False)

    stored = stack.services.ingest.backfill(athlete_id, days=60)

    assert stored == 3
    assert stack.run_ids(athlete_id) == [1, 2, 3]


# our own faults


def test_a_push_is_answered_at_once_while_the_broker_is_down_and_its_run_arrives_after(tmp_path, database_url):
    with BrokerProcess(tmp_path / "broker") as broker, running_stack(tmp_path, database_url, broker.url) as stack:
        stack.start_webhooks()
        stack.start_worker()
        stack.start("beat")
        stack.subscribe()
        athlete_id = with_history(stack)
        stack.sim.add_activity(activity(1, 0.1, 16.2), push=False)

        broker.kill()
        began = time.monotonic()
        answer = requests.post(stack.settings.callback_url, json=push_body(stack, 1), timeout=5)
        seconds = time.monotonic() - began
        broker.start()

        assert answer.status_code == 200
        assert seconds < 2

        def arrives() -> bool:
            ended = stack.processes["worker"].poll()
            if ended is not None:
                assert ended > 0, "whoever minds it would not start it again"
                stack.start_worker()
            return 1 in stack.run_ids(athlete_id)

        # No human act: beat and worker find the broker again, the sweep finds the row.
        wait_until(arrives, "the run arrives", 90)
        stack.settle()
        assert mails(stack, athlete_id) == [("alert", "sent")]


def test_a_worker_killed_in_the_middle_of_a_fetch_costs_neither_run_nor_a_second_mail(stack: Stack):
    athlete_id = with_history(stack)
    stack.sim.add_fault("delay", path="/api/v3/activities/1", times=None, seconds=2)
    stack.sim.add_activity(activity(1, 0.1, 16.2), push=True)
    wait_until(lambda: _leased(stack), "the fetch is under way")
    time.sleep(0.3)

    stack.kill("worker")
    stack.start_worker()
    wait_until(lambda: 1 in stack.run_ids(athlete_id), "the run arrives with the worker's first sweep")
    stack.settle()

    assert stack.run_ids(athlete_id).count(1) == 1
    assert alerts(stack, athlete_id) == [("R-M1", "firing", 2)]
    assert mails(stack, athlete_id) == [("alert", "sent")]


def test_a_pool_process_killed_in_the_middle_of_a_fetch_gives_the_run_to_another(stack: Stack):
    import os
    import signal

    import psutil

    athlete_id = with_history(stack)
    stack.sim.add_fault("delay", path="/api/v3/activities/1", times=None, seconds=2)
    stack.sim.add_activity(activity(1, 0.1, 16.2), push=True)
    wait_until(lambda: _leased(stack), "the fetch is under way")

    with stack.services.store.read() as tx:
        (owner,) = tx.lease_owners()
    pid = int(owner.split("/")[1])
    assert pid in {c.pid for c in psutil.Process(stack.processes["worker"].pid).children(recursive=True)}
    os.kill(pid, signal.SIGKILL)

    wait_until(lambda: _sweep(stack) or 1 in stack.run_ids(athlete_id), "the run arrives")
    stack.settle()
    assert mails(stack, athlete_id) == [("alert", "sent")]


def test_losing_everything_that_the_broker_holds_loses_nothing(stack: Stack, redis_url: str):
    import redis

    athlete_id = with_history(stack)
    stack.kill("worker")
    stack.sim.add_activity(activity(1, 0.1, 16.2), push=True)
    stack.sim.wait_until_pushed()
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()

    stack.start_worker()
    wait_until(lambda: 1 in stack.run_ids(athlete_id), "the run arrives")


def test_four_workers_that_need_a_token_at_once_refresh_it_once(stack: Stack):
    from loadwatch.bootstrap import make_services

    athlete_id = stack.connect()
    with stack.services.store.write() as tx:
        connection = tx.connection(athlete_id)
        assert connection is not None
    before = stack.sim.state()["refreshes"]  # the worker may be the one that refreshes it
    _expire_token(stack, athlete_id)
    four = [make_services(stack.settings) for _ in range(4)]
    barrier = threading.Barrier(4)

    def token(services) -> str:
        barrier.wait()
        return services.tokens.access_token(athlete_id)

    with ThreadPoolExecutor(4) as pool:
        tokens = set(pool.map(token, four))
    for services in four:
        services.close()

    after = stack.sim.state()["refreshes"]
    assert len(tokens) == 1
    assert _refreshes(after) - _refreshes(before) == 1
    stack.sim.add_activity(activity(1, 0.1, 8), push=True)
    wait_until(lambda: 1 in stack.run_ids(athlete_id), "the new token works")


def test_a_database_that_is_away_when_a_new_pair_comes_costs_no_connection(stack: Stack):
    """Strava has spent the old refresh token by then: what is not stored now is lost for good."""
    from loadwatch.services.tokens import TokenService

    athlete_id = stack.connect()
    _expire_token(stack, athlete_id)
    answers = iter([True, False, False, True])

    class Stumbling:
        """Away after the claim, twice."""

        read = stack.services.store.read

        def write(self) -> Any:
            if not next(answers):
                raise ConnectionError("terminated by the administrator")
            return stack.services.store.write()

    tokens = TokenService(Stumbling(), stack.services.strava, stack.services.clock)  # type: ignore[arg-type]
    token = tokens.access_token(athlete_id)

    with stack.services.store.read() as tx:
        connection = tx.connection(athlete_id)
    assert connection is not None
    assert (connection.state, connection.access_token) == ("connected", token)


def test_no_token_and_no_secret_stands_in_a_log_or_unencrypted_in_the_database(stack: Stack, tmp_path):
    athlete_id = with_history(stack)
    stack.sim.expire_tokens()
    stack.sim.add_activity(activity(1, 0.1, 16.2), push=True)
    wait_until(lambda: 1 in stack.run_ids(athlete_id), "the run arrives")
    stack.sim.add_fault("status", path="/api/v3/activities/2", times=1, status=500)
    stack.sim.add_activity(activity(2, 0.1, 8), push=True)
    wait_until(lambda: stack.services.views.sync(athlete_id).state.failed != (), "a fault is logged")

    with stack.services.store.read() as tx:
        connection = tx.connection(athlete_id)
    assert connection is not None
    secrets = [
        connection.access_token,
        connection.refresh_token,
        SECRET_KEY,
        stack.settings.strava_verify_token.get_secret_value(),
        stack.settings.strava_webhook_secret.get_secret_value(),
    ]
    logs = stack.all_logs()
    assert "ingest" in logs  # there is something to look at
    assert [s for s in secrets if s in logs] == []
    with stack.services.engines.read.connect() as raw:
        row = raw.exec_driver_sql("SELECT access_token, refresh_token FROM strava_connections").one()
    assert connection.access_token.encode() not in bytes(row[0])
    assert connection.refresh_token.encode() not in bytes(row[1])


def _streams_of(stack: Stack, athlete_id: int, source_id: int) -> str | None:
    with stack.services.store.read() as tx:
        detail = tx.run_by_source(athlete_id, "strava", source_id)
    return detail.streams if detail else None


def _sweep(stack: Stack) -> bool:
    """Knock as beat does; always false, to stand in a condition."""
    from workers.app import make_publisher

    make_publisher(stack.settings).send_task("workers.care.sweep", retry=False)
    time.sleep(0.2)
    return False


def _hurry(stack: Stack) -> None:
    """Let half a minute of back-off pass at once, then knock."""
    with stack.services.engines.write.begin() as raw:
        raw.exec_driver_sql("UPDATE fetch_jobs SET next_attempt_at = '2020-01-01 00:00:00' WHERE wanted > done")
    _sweep(stack)


def _leased(stack: Stack) -> bool:
    with stack.services.store.read() as tx:
        return bool(tx.lease_owners())


def _expire_token(stack: Stack, athlete_id: int) -> None:
    with stack.services.engines.write.begin() as raw:
        raw.exec_driver_sql("UPDATE strava_connections SET expires_at = '2020-01-01 00:00:00'")


def _refreshes(state: Any) -> int:
    return sum(int(each["successes"]) for each in state.values()) if isinstance(state, dict) else int(state)


def test_a_second_strava_account_is_not_mixed_into_an_athletes_history(stack: Stack):
    from loadwatch.services.errors import StravaTaken

    athlete_id = stack.connect()
    other = StravaLogin(4711, "Other", "a", "r", NOW + timedelta(hours=6), frozenset({"activity:read"}))

    with pytest.raises(StravaTaken):
        stack.services.accounts.connect_strava(athlete_id, other)

    with stack.services.store.read() as tx:
        assert tx.athlete_of_strava(4711) is None


def test_a_withdrawal_at_strava_deletes_the_runs_and_mails_a_receipt(stack: Stack):
    athlete_id = with_history(stack)

    stack.sim.deauthorise()
    wait_until(lambda: mails(stack, athlete_id) == [("receipt", "sent")], "the receipt is mailed")

    assert stack.run_ids(athlete_id) == []
    assert stack.services.views.connection(athlete_id) is None


def test_a_forged_withdrawal_leaves_the_runs_and_the_connection(stack: Stack):
    athlete_id = with_history(stack)
    forged = push_body(
        stack, 1001, "update", object_type="athlete", updates={"authorized": "false"}, event_time=int(time.time())
    )

    stack.sim.push(forged)
    stack.settle()
    wait_until(lambda: not stack.services.rights.due_checks(), "Strava was asked")

    assert len(stack.run_ids(athlete_id)) == 20
    assert stack.services.views.connection(athlete_id) is not None
