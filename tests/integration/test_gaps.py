"""Alerts, verdicts and mails say what was not here yet when they were made, on both databases."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import select

from loadwatch.adapters.db import migrate
from loadwatch.adapters.db.engine import make_engines
from loadwatch.adapters.db.tables import AssessJob, Base
from loadwatch.adapters.strava.limiter import Limiter
from loadwatch.api.v1 import create_api
from loadwatch.bootstrap import Services, make_services
from loadwatch.dashboard import create_app
from loadwatch.domain.alerts import Alert
from loadwatch.domain.completeness import Gap
from loadwatch.explain import explanation
from loadwatch.services.accounts import StravaLogin
from loadwatch.services.ports import JobOutcome, Told
from loadwatch.settings import Settings
from tests.support.seeding import ALL_SCOPES, NOW, SeedRun, add_runs

STRAVA_ID = 77


@dataclass
class House:
    """An athlete with thirty 8 km, and yesterday one of 16 km; a clock that is told to move."""

    services: Services
    now: datetime = NOW
    athlete_id: int = 0

    def begin(self) -> None:
        with self.services.engines.write.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
        shutil.rmtree(self.services.settings.mailbox_dir, ignore_errors=True)
        login = StravaLogin(STRAVA_ID, "Ann", "a", "r", NOW + timedelta(hours=6), ALL_SCOPES)
        self.athlete_id = self.services.accounts.connect_strava(None, login).athlete_id
        profile = {"timezone": "Europe/Berlin", "email": "ann@example.org"}
        with self.services.store.write() as tx:
            tx.update_athlete(self.athlete_id, **profile)
            tx.want_backfill(self.athlete_id, None)

    def run(self, *, jump: bool = True) -> None:
        runs = [SeedRun(NOW - timedelta(days=2 * n), 8_000) for n in range(30, 0, -1)]
        add_runs(self.services, self.athlete_id, [*runs, SeedRun(NOW - timedelta(days=1), 16_000 if jump else 8_000)])

    def announced(self, source_id: int) -> None:
        with self.services.store.write() as tx:
            tx.want(self.athlete_id, "strava", source_id, deletion=False, now=self.now)

    def arrived(self, source_id: int) -> None:
        """What was awaited turned out to be nothing that counts."""
        with self.services.store.write() as tx:
            job_id = tx.job_id(self.athlete_id, "strava", source_id)
            assert job_id is not None
            job = tx.claim_job(job_id, "me", [], self.now, self.now + timedelta(minutes=1))
            assert job is not None
            tx.settle_job(job_id, "me", JobOutcome(None, done=job.wanted), self.now)

    def judge(self) -> None:
        self.now += timedelta(minutes=11)
        with self.services.store.write() as tx:
            tx.want_assessment(self.athlete_id, NOW - timedelta(days=3), self.now - timedelta(minutes=10))
        self.services.assess.assess(self.athlete_id)

    def alert(self) -> Alert:
        (alert,) = self.services.views.alerts(self.athlete_id)
        return alert

    def mails(self) -> list[str]:
        self.services.notify.deliver_due()
        return [m.text for m in self.services.mailbox.list(self.athlete_id)]


@pytest.fixture(scope="module")
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The tables, made once for the module."""
    kind = getattr(request, "param", "sqlite")
    folder = tmp_path_factory.mktemp("gaps")
    with contextlib.ExitStack() as ends:
        url = f"sqlite:///{folder / 'test.db'}"
        if kind == "postgresql":
            from tests.support.postgres import create_database, drop_database

            server = request.getfixturevalue("postgres_server")
            url = create_database(server)
            ends.callback(drop_database, server, url)
        engines = make_engines(url)
        migrate.upgrade(engines.write)
        engines.dispose()
        yield Settings(data_dir=folder, database_url=url, secret_key="k")


@pytest.fixture
def house(database: Settings) -> Iterator[House]:
    house = House(make_services(database.model_copy(), clock=lambda: house.now))
    house.begin()
    yield house
    house.services.close()


on_both = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
"""For what the database itself does; the rest is tried on SQLite."""

# Announced now and not known: taken to have begun a day ago, as the long run did.
AWAITED = Gap(until=NOW - timedelta(days=1), runs=1)


@on_both
def test_an_alert_carries_what_was_awaited_and_is_neither_changed_nor_mailed_again_when_it_comes(house: House):
    house.announced(900)
    house.run()
    house.judge()
    first = house.alert()
    assert first.gap == AWAITED
    (mail,) = house.mails()
    assert "Counted up to Sat 21 Nov, 13:00: 1 activity is still awaited" in mail

    house.arrived(900)
    house.judge()

    after = house.alert()
    assert after.gap is None
    page = house.services.views.alert(house.athlete_id, after.id)
    assert len(page.transitions) == 1
    assert len(house.mails()) == 1


@on_both
def test_what_comes_in_without_a_judgement_is_noted_all_the_same(house: House):
    house.announced(900)
    house.run()
    house.judge()
    assert house.alert().gap is not None
    house.arrived(900)

    assert house.services.assess.refresh_gaps() == 1

    assert house.alert().gap is None
    assert house.services.assess.refresh_gaps() == 0


def test_the_first_page_says_all_is_well_only_where_all_is_here(house: House):
    house.run(jump=False)
    assert house.services.views.today(house.athlete_id).level == "quiet"

    house.announced(900)
    page = house.services.views.today(house.athlete_id)

    assert page.level == "incomplete"
    assert page.verdict == "Nothing unusual up to Sat 21 Nov, 13:00; what came after is not all here yet."


def test_a_broken_connection_an_unread_file_and_a_list_to_come_are_gaps(house: House):
    house.run(jump=False)
    views, store = house.services.views, house.services.store
    assert views.gap(house.athlete_id) is None

    with store.write() as tx:
        tx.add_upload(house.athlete_id, "0" * 64, "a.fit", 10, Told(), house.now)
    assert views.gap(house.athlete_id) == Gap(until=None, files=1)

    with store.write() as tx:
        tx.want_backfill(house.athlete_id, house.now)
        connection = tx.connection(house.athlete_id)
        assert connection is not None
        tx.claim_refresh(connection, house.now, house.now)
        tx.fail_refresh(house.athlete_id, connection.refresh_token, needs_reauth=True)
    gap = views.gap(house.athlete_id)
    assert gap == Gap(until=None, files=1, list_awaited=True, cut_off="reconnect")
    verdict = views.today(house.athlete_id).verdict
    assert verdict == "Nothing unusual in what is here, but not all of it has arrived yet."


def logged_in(house: House) -> FlaskClient:
    """A browser in which the athlete is logged in."""
    with house.services.store.read() as tx:
        account = tx.account_of_athlete(house.athlete_id)
    assert account is not None
    client = create_app(house.services, config={"RATELIMIT_ENABLED": False}).test_client()
    with client.session_transaction() as session:
        session["_user_id"] = account.session_id
    return client


def test_each_page_that_judges_says_it(house: House):
    house.announced(900)
    house.run()
    house.judge()
    browser = logged_in(house)

    for path in ("/", f"/alerts/{house.alert().id}", "/weeks/2026-W47"):
        assert "Counted up to Sat 21 Nov, 13:00: 1 activity is still awaited" in browser.get(path).text, path


def test_the_week_and_the_api_and_explain_say_it_too(house: House):
    house.announced(900)
    house.run()
    house.judge()
    alert = house.alert()

    token = house.services.accounts.create_token(house.athlete_id)
    client = create_api(house.services).test_client()
    sent = client.get(f"/alerts/{alert.id}", headers={"Authorization": f"Bearer {token}"}).get_json()
    week = client.get("/weeks/2026-W47", headers={"Authorization": f"Bearer {token}"}).get_json()
    page = house.services.views.alert(house.athlete_id, alert.id)

    assert (sent["gap"]["awaited"], sent["gap"]["complete_until"]) == (1, "2026-11-21T12:00:00Z")
    assert week["gap"]["awaited"] == 1
    assert "not all is here: Counted up to Sat 21 Nov, 13:00" in explanation(
        page, "metric", ZoneInfo("Europe/Berlin")
    )


def test_while_strava_lets_nobody_in_a_quiet_week_says_up_to_when(house: House, redis_url: str):
    house.run(jump=False)
    settings = house.services.settings
    settings.redis_url, settings.strava_client_id = redis_url, "7"
    settings.strava_client_secret = SecretStr("s")
    limiter = Limiter(redis_url, "7", lambda: house.now)
    limiter.switched_off(limiter.reserve("live"))
    since = house.now
    house.now += timedelta(hours=2)

    page = house.services.views.today(house.athlete_id)

    assert page.week.gap == Gap(until=since, cut_off="inactive")
    assert page.level == "incomplete"
    with house.services.store.write() as tx:
        tx.add_outbox(house.athlete_id, "weekly", "2026-W47", house.now)
    (mail,) = house.mails()
    assert "Counted up to Sun 22 Nov, 13:00: Strava has switched off this server’s access" in mail
    assert "Whoever runs the server has to mend that; until then, hand in the files of your runs." in mail


def test_a_judgement_that_broke_off_is_tried_again_soon_and_then_less_and_less_often(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    with house.services.store.write() as tx:
        tx.want_assessment(house.athlete_id, NOW - timedelta(days=3), house.now - timedelta(minutes=1))

    def stumble(*_: object) -> None:
        raise ConnectionError("terminated by the administrator")

    monkeypatch.setattr(house.services.assess, "_judge", stumble)
    waits = []
    for _ in range(7):
        with pytest.raises(ConnectionError):
            house.services.assess.assess(house.athlete_id)
        with house.services.engines.read.connect() as raw:
            at = raw.execute(select(AssessJob.next_attempt_at)).scalar_one()
        waits.append((at - house.now).total_seconds())

    assert waits == [30, 60, 120, 240, 480, 600, 600]
