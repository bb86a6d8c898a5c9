"""The push subscription is looked after, what is nobody's is kept apart, and an operator asks Strava at once."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from loadwatch.adapters.db.tables import Base
from loadwatch.adapters.strava.subscriptions import StravaSubscriptions
from loadwatch.api.v1 import create_api
from loadwatch.bootstrap import Services, make_services
from loadwatch.dashboard import create_app as create_pages
from loadwatch.services.accounts import ASKED_SCOPES, StravaLogin
from loadwatch.services.errors import LoadwatchError
from loadwatch.services.sync_ports import SubscriptionCheck
from loadwatch.strava_admin import quarantine, resume
from tests.integration.test_chain import activity
from tests.support.stack import Stack, running_stack
from webhooks.app import create_app
from webhooks.push_event import parse_push

ANN = 1001


@dataclass
class House:
    """Services whose clock the test moves, the simulator, and a callback that Strava reaches."""

    stack: Stack
    services: Services
    ahead: timedelta = timedelta()

    @property
    def api(self) -> StravaSubscriptions:
        """Strava's list, past all that is kept here."""
        return StravaSubscriptions(self.services.settings, self.services.clock)

    def connect(self, strava_id: int = ANN) -> int:
        """An athlete who came in through Strava; the first is the operator."""
        granted = self.stack.sim.grant(scope=",".join(ASKED_SCOPES), athlete_id=strava_id)
        login = StravaLogin(
            strava_athlete_id=strava_id,
            name="Robin",
            access_token=granted["access_token"],
            refresh_token=granted["refresh_token"],
            expires_at=datetime.fromtimestamp(granted["expires_at"], UTC),
            scopes=frozenset(ASKED_SCOPES),
        )
        athlete_id = self.services.accounts.connect_strava(None, login).athlete_id
        with self.services.store.write() as tx:
            tx.want_backfill(athlete_id, None)
        return athlete_id

    def kept(self) -> int | None:
        with self.services.store.read() as tx:
            return tx.subscription_id()

    def check(self) -> SubscriptionCheck:
        return self.services.subscription.check()

    def push(self, subscription_id: int, source_id: int = 1, owner: int = ANN) -> None:
        body = (
            f'{{"object_type": "activity", "object_id": {source_id}, "aspect_type": "create", "owner_id": {owner},'
            f' "subscription_id": {subscription_id}, "event_time": {source_id}, "updates": {{}}}}'
        )
        self.services.inbox.record(parse_push(body.encode()))

    def pending(self) -> list[int]:
        """Activities of the events that wait to be taken, in their order."""
        with self.services.store.read() as tx:
            items = [tx.inbox_item(i) for i in tx.pending_inbox_ids(100)]
        return [item.object_id for item in items if item is not None]

    def browser(self, athlete_id: int) -> FlaskClient:
        with self.services.store.read() as tx:
            account = tx.account_of_athlete(athlete_id)
        assert account is not None
        client = create_pages(self.services, config={"RATELIMIT_ENABLED": False}).test_client()
        with client.session_transaction() as session:
            session["_user_id"] = account.session_id
        return client

    def get(self, athlete_id: int, path: str) -> Any:
        token = self.services.accounts.create_token(athlete_id)
        client = create_api(self.services).test_client()
        return client.get(path, headers={"Authorization": f"Bearer {token}"}).get_json()


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory, broker: str) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("subscription")
    with running_stack(folder, f"sqlite:///{folder / 'test.db'}", broker) as stack:
        inbox = stack.services.inbox
        app = create_app(stack.settings, inbox)
        app.config["APPLICATION_ROOT"] = "/webhooks"
        server = make_server("127.0.0.1", stack.port, _mounted(app), threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield stack
        server.shutdown()
        server.server_close()


def _mounted(app: Any) -> Any:
    def mounted(environ: dict[str, Any], start_response: Any) -> Any:
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/webhooks")
        return app(environ, start_response)

    return mounted


@pytest.fixture
def house(simulated: Stack, redis_url: str) -> Iterator[House]:
    simulated.sim.reset()
    simulated.sim.set_options(clock_offset=0, inactive=False)
    with simulated.services.engines.write.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    settings = simulated.settings.model_copy(update={"signup": "open"})
    services = make_services(settings, clock=lambda: datetime.now(UTC) + house.ahead)
    house = House(simulated, services)
    for existing in house.api.list():
        house.api.delete(existing["id"])
    yield house
    services.close()


# the subscription


def test_a_subscription_that_is_there_is_looked_at_once_a_day_and_when_a_worker_starts(house: House):
    house.services.subscription.subscribe()
    subscription = house.services.subscription
    assert subscription.check_if_due() is None  # seen when it was made
    house.ahead = timedelta(minutes=11)
    assert subscription.check_if_due() is None
    at_start = subscription.check_if_due(at_start=True)
    assert at_start is not None
    assert (at_start.state, subscription.check_if_due(at_start=True)) == ("ok", None)

    house.ahead += timedelta(days=1)

    daily = subscription.check_if_due()
    assert daily is not None
    assert daily == subscription.last_check()
    assert (daily.state, daily.next_at - daily.at) == ("ok", timedelta(days=1))
    assert f"subscription {house.kept()}" in daily.says


def test_a_subscription_that_is_gone_is_made_anew_and_the_lists_are_read(house: House):
    athlete_id = house.connect()
    house.services.subscription.subscribe()
    before = house.kept()
    assert before is not None
    house.api.delete(before)
    house.push(before + 1, source_id=7)  # one of the new subscription comes in before it is noted
    assert house.pending() == []

    check = house.check()

    assert check.state == "ok"
    assert "made anew" in check.says
    assert house.kept() == before + 1
    assert [s["id"] for s in house.api.list()] == [before + 1]
    assert house.pending() == [7]
    assert house.services.rights.due_reconciles() == [athlete_id]


def test_a_subscription_that_is_gone_waits_for_a_callback_that_works(house: House, monkeypatch: pytest.MonkeyPatch):
    house.services.subscription.subscribe()
    kept = house.kept()
    assert kept is not None
    house.api.delete(kept)
    monkeypatch.setattr(house.services.subscription, "_callback_fault", lambda: "it answered 502, not 200")

    check = house.check()

    assert (check.state, check.next_at - check.at) == ("gone", timedelta(minutes=10))
    assert "it answered 502, not 200" in check.says
    assert house.stack.settings.strava_webhook_secret.get_secret_value() not in check.says
    assert (house.api.list(), house.kept()) == ([], kept)


def test_a_subscription_of_another_address_is_told_of_and_left_alone(house: House):
    house.services.subscription.subscribe()
    kept = house.kept()
    assert kept is not None
    house.api.delete(kept)
    elsewhere = house.stack.settings.callback_url.replace("127.0.0.1", "localhost")
    other = house.api.create(elsewhere, house.stack.settings.strava_verify_token.get_secret_value())

    check = house.check()

    assert check.state == "elsewhere"
    assert "localhost" in check.says
    assert [s["id"] for s in house.api.list()] == [other]


def test_what_the_operator_never_made_or_ended_is_not_made(house: House):
    assert house.check().state == "none"
    house.services.subscription.subscribe()
    house.services.subscription.unsubscribe()

    assert house.check().state == "none"
    assert house.api.list() == []


def test_a_strava_that_does_not_answer_says_nothing_of_the_subscription(house: House):
    house.services.subscription.subscribe()
    house.stack.sim.add_fault("status", path="/api/v3/push_subscriptions", status=500)

    check = house.check()

    assert (check.state, check.next_at - check.at) == ("unknown", timedelta(minutes=10))


# quarantine


def test_a_runner_who_connects_after_their_push_has_the_run_once(house: House):
    house.stack.sim.add_activity(activity(5, 1, 9) | {"athlete": {"id": ANN}}, push=False)
    house.push(1, source_id=5)
    athlete_id = house.connect()
    assert house.pending() == [5]

    house.services.ingest.backfill(athlete_id)
    with house.services.store.read() as tx:
        (inbox_id,) = tx.pending_inbox_ids(10)
    job_id = house.services.ingest.take(inbox_id)
    assert job_id is not None
    house.services.ingest.work_off(job_id)

    assert house.stack.run_ids(athlete_id) == [5]
    assert house.services.ingest.take(inbox_id) == job_id  # a second worker: nothing more to do
    assert not house.services.ingest.work_off(job_id)


# the operator


def test_the_operator_and_nobody_else_is_shown_the_subscription_and_the_quarantine(house: House):
    operator = house.connect()
    runner = house.connect(ANN + 1)
    house.check()
    house.push(1, owner=555)

    page, other = (house.browser(i).get("/sync").text for i in (operator, runner))
    body, of_runner = (house.get(i, "/sync") for i in (operator, runner))

    assert "loadwatch strava subscribe" in page
    assert "connected to Strava&#39;s athlete 555" in page
    assert "For you as the operator" not in other
    assert (body["operator"]["quarantined"], body["operator"]["subscription"]["state"]) == (1, "none")
    assert of_runner["operator"] is None
    assert any("athlete 555" in line for line in quarantine(house.services))


def ask(client: FlaskClient) -> tuple[int, str]:
    """Press the button; its status, and what the page then says."""
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', client.get("/settings").text)
    assert found
    answer = client.post("/sync/ask-strava", data={"csrf_token": found.group(1)})
    return answer.status_code, client.get("/sync").text


def test_an_operator_who_has_paid_asks_at_once_and_what_waited_goes_on(house: House):
    operator = house.connect()
    runner = house.connect(ANN + 1)
    house.stack.sim.add_activity(activity(5, 1, 9) | {"athlete": {"id": ANN}}, push=False)
    with house.services.store.write() as tx:
        job_id = tx.want(operator, "strava", 5, deletion=False, now=house.services.clock())
    house.stack.sim.set_options(inactive=True)
    house.services.ingest.work_off(job_id)
    first = house.services.limiter.state()
    assert first is not None

    _, page = ask(house.browser(operator))
    still = house.services.limiter.state()
    assert still is not None
    assert "Not yet: Strava has switched this API application off" in page
    assert still.inactive_until == first.inactive_until  # it is not put off by that
    assert not house.services.ingest.work_off(job_id)

    house.stack.sim.set_options(inactive=False)
    assert ask(house.browser(runner))[0] == 404
    _, page = ask(house.browser(operator))

    assert "lets this server in again" in page
    after = house.services.limiter.state()
    assert after is not None
    assert after.inactive_since is None
    assert house.services.ingest.work_off(job_id)
    assert house.stack.run_ids(operator) == [5]


def test_resume_says_when_strava_is_asked_next_and_fails_where_it_cannot_ask(house: House):
    house.stack.sim.set_options(inactive=True)
    with pytest.raises(LoadwatchError):
        house.services.subscription.subscribe()

    fine, (line,) = resume(house.services)

    assert not fine
    assert "paid subscription" in line
    assert "UTC" in line
    house.stack.sim.set_options(inactive=False)
    assert resume(house.services)[0]
