"""Withdrawal, renewal and retention: nothing goes on an unproven word, and nothing stays for longer than it may."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import redis
from sqlalchemy import text

from loadwatch.adapters.db.tables import Base
from loadwatch.adapters.strava import parse
from loadwatch.bootstrap import Services, make_services
from loadwatch.dashboard import create_app
from loadwatch.services.accounts import ASKED_SCOPES, StravaLogin
from loadwatch.services.health_ports import Draft
from loadwatch.services.tokens import TokenService
from tests.support.every_table import NOBODYS
from tests.support.stack import Stack, running_stack
from webhooks.push_event import parse_push

if TYPE_CHECKING:
    from tests.support.postgres import PostgresServer

NOW = datetime.now(UTC).replace(microsecond=0)
RETENTION = timedelta(days=7)
ANN, BOB = 1001, 2002


@dataclass
class Clock:
    """A clock that a test sets; Strava's goes with it."""

    stack: Stack
    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **time: float) -> None:
        self.at += timedelta(**time)
        self.stack.sim.set_options(clock_offset=(self.at - NOW).total_seconds())


@dataclass
class Home:
    """A loadwatch without running processes: the test is the worker."""

    stack: Stack
    clock: Clock
    services: Services

    def connect(self, email: str, strava_id: int) -> int:
        return self.stack.connect(email, athlete_id=strava_id)

    def add(self, source_id: int, days_ago: float, km: float = 8.0, owner: int = ANN, **more: Any) -> None:
        record = activity(source_id, days_ago, km, **more)
        self.stack.sim.add_activity(record | {"athlete": {"id": owner}}, streams=None, push=False)

    def push(self, **changes: Any) -> None:
        """An event comes in and is taken, as the webhook and the worker do."""
        body = {
            "object_type": "athlete",
            "object_id": ANN,
            "aspect_type": "update",
            "owner_id": ANN,
            "subscription_id": 1,
            "event_time": int(self.clock().timestamp()),
            "updates": {"authorized": "false"},
            **changes,
        }
        receipt = self.services.inbox.record(parse_push(json.dumps(body).encode()))
        assert receipt.inbox_id is not None
        self.services.ingest.take(receipt.inbox_id)

    def check_withdrawals(self) -> None:
        for athlete_id in self.services.rights.due_checks():
            self.services.rights.check(athlete_id)

    def work_off(self) -> None:
        with self.services.store.read() as tx:
            due = tx.due_job_ids(self.clock(), 1000)
        for job_id in due:
            self.services.ingest.work_off(job_id)

    def keep(self) -> None:
        """What beat's task does."""
        for athlete_id in self.services.rights.due_reconciles():
            self.services.rights.reconcile(athlete_id)
        self.services.rights.purge_stale()

    def count(self, table: str, where: str = "1 = 1") -> int:
        with self.services.engines.read.connect() as raw:
            return int(raw.execute(text(f"SELECT count(*) FROM {table} WHERE {where}")).scalar_one())

    def list_calls(self) -> int:
        return int(self.stack.sim.state()["counters"].get("GET /api/v3/athlete/activities", 0))


def activity(source_id: int, days_ago: float, km: float, **more: Any) -> dict[str, Any]:
    start = f"{NOW - timedelta(days=days_ago):%Y-%m-%dT%H:%M:%SZ}"
    return {
        **{"id": source_id, "name": f"Run {source_id}", "sport_type": "Run", "type": "Run"},
        **{"distance": km * 1000, "moving_time": round(km * 360), "elapsed_time": round(km * 365)},
        **{"total_elevation_gain": 40.0, "start_date": start, "start_date_local": start, "manual": False},
        **more,
    }


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory, broker: str) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("rights")
    with running_stack(folder, f"sqlite:///{folder / 'test.db'}", broker) as stack:
        yield stack


@pytest.fixture(scope="module")
def on_postgresql(
    tmp_path_factory: pytest.TempPathFactory, broker: str, postgres_server: "PostgresServer"
) -> Iterator[Stack]:
    from tests.support.postgres import create_database, drop_database

    url = create_database(postgres_server)
    with running_stack(tmp_path_factory.mktemp("rights"), url, broker) as stack:
        yield stack
    drop_database(postgres_server, url)


on_both = pytest.mark.parametrize("home", ["on_sqlite", "on_postgresql"], indirect=True)
"""For what the database itself does; the rest is tried on SQLite."""


@pytest.fixture
def home(request: pytest.FixtureRequest) -> Iterator[Home]:
    stack: Stack = request.getfixturevalue(getattr(request, "param", "on_sqlite"))
    stack.sim.reset()
    stack.sim.set_options(clock_offset=0, inactive=False)
    with redis.Redis.from_url(stack.settings.redis_url) as client:
        client.flushall()
    with stack.services.engines.write.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    for mail in stack.settings.mailbox_dir.glob("*/*.eml"):
        mail.unlink()
    clock = Clock(stack)
    services = make_services(stack.settings, clock=clock)
    yield Home(stack, clock, services)
    services.close()


@pytest.fixture
def ann(home: Home) -> int:
    """An athlete with ten runs, a jump in load that was mailed, shoes, and a check-in."""
    athlete_id = home.connect("ann@example.org", ANN)
    for n in range(1, 11):
        home.add(1000 + n, 1 + 4 * n, 10.0, gear_id="g1")
    home.services.ingest.backfill(athlete_id, days=60)
    home.services.assess.assess(athlete_id)
    home.add(1, 0.1, 16.2, gear_id="g1", gear={"id": "g1", "name": "Red ones", "distance": 116_200.0})
    home.push(object_type="activity", object_id=1, aspect_type="create", updates={})
    home.work_off()
    home.services.assess.assess(athlete_id)
    home.services.notify.deliver_due()
    home.services.check_ins.record(athlete_id, Draft(side="left", regions=frozenset({"PM"}), pain_today=2))
    home.services.assess.assess(athlete_id)
    assert len(home.services.mailbox.list(athlete_id)) == 1
    return athlete_id


def runs(home: Home, athlete_id: int) -> list[int]:
    with home.services.store.read() as tx:
        found = tx.run_details_since(athlete_id, NOW - timedelta(days=1000))
    return sorted(r.source_id for r in found)


# withdrawal


def test_a_forged_withdrawal_changes_nothing(home: Home, ann: int):
    before = runs(home, ann)

    home.push()
    home.check_withdrawals()

    assert runs(home, ann) == before
    assert len(before) == 11
    connection = home.services.views.connection(ann)
    assert connection is not None
    assert connection.state == "connected"
    assert home.services.rights.receipts(ann) == []
    assert home.services.rights.due_checks() == []  # answered


def test_a_forged_withdrawal_changes_nothing_while_the_access_token_has_run_out(home: Home, ann: int):
    home.stack.sim.expire_tokens()

    home.push()
    home.check_withdrawals()

    assert len(runs(home, ann)) == 11
    connection = home.services.views.connection(ann)
    assert connection is not None
    assert connection.state == "connected"


@pytest.mark.parametrize("trouble", [{"status": 500}, {"status": 429}, {"status": 403}])
def test_while_strava_does_not_answer_a_withdrawal_is_neither_believed_nor_forgotten(
    home: Home, ann: int, trouble: dict[str, int]
):
    home.stack.sim.deauthorise(ANN, push=False)
    home.stack.sim.add_fault("status", path="/api/v3/athlete", **trouble)

    home.push()
    home.check_withdrawals()
    assert len(runs(home, ann)) == 11

    home.clock.pass_by(days=1)
    home.check_withdrawals()
    assert runs(home, ann) == []


def test_other_news_of_an_athlete_are_no_withdrawal(home: Home):
    home.connect("ann@example.org", ANN)
    home.stack.sim.deauthorise(ANN, push=False)

    home.push(updates={"authorized": "true"})

    assert home.services.rights.due_checks() == []


@on_both
def test_a_withdrawal_that_strava_confirms_deletes_all_that_came_from_there(home: Home, ann: int):
    bob = home.connect("bob@example.org", BOB)
    home.add(500, 3, owner=BOB)
    home.services.ingest.backfill(bob)
    home.stack.sim.deauthorise(ANN, push=False)

    home.push()
    home.check_withdrawals()

    mine = f"athlete_id = {ann}"
    assert runs(home, ann) == []
    for table in ("strava_connections", "fetch_jobs", "shoes", "day_totals", "sync_log", "reconciliations"):
        assert (table, home.count(table, mine)) == (table, 0)
    assert home.count("run_features", f"run_id NOT IN (SELECT id FROM runs WHERE athlete_id = {bob})") == 0
    assert home.count("alerts", f"{mine} AND report_id IS NULL") == 0
    assert home.count("inbox", f"owner_id = {ANN}") == 0
    assert home.count("symptom_reports", mine) == 1
    assert runs(home, bob) == [500]
    assert home.services.views.connection(bob) is not None


POISON = re.compile(r"Poison|77001\d\d|g77|16[.,]?234|16\.2")
"""Names, numbers of activities and gear, and a distance that nothing but Strava told."""

KEPT = {
    "athletes": 1,
    "accounts": 1,
    "symptom_reports": 1,
    "ladder_entries": 1,
    "purge_receipts": 1,
    "assess_jobs": 1,
}
"""What is the runner's own or ours, and how many rows of it; all other tables that name an athlete must be empty."""


def rows_of(home: Home, athlete_id: int, strava_id: int) -> dict[str, list[dict[str, Any]]]:
    """Every row that belongs to an athlete, by its table."""
    found: dict[str, list[dict[str, Any]]] = {}
    with home.services.engines.read.connect() as raw:
        for table in Base.metadata.sorted_tables:
            if table.name in NOBODYS:
                continue  # the server's
            if table.name == "inbox":
                theirs = table.c.owner_id == strava_id
            elif table.name == "athletes":
                theirs = table.c.id == athlete_id
            elif "athlete_id" in table.c:
                theirs = table.c.athlete_id == athlete_id
            else:  # rows of a row of theirs
                key = min(table.foreign_keys, key=lambda key: key.target_fullname)
                theirs = key.parent.in_([row["id"] for row in found[key.column.table.name]])
            rows = raw.execute(table.select().where(theirs).order_by(*table.primary_key.columns)).mappings()
            found[table.name] = [dict(row) for row in rows]
    return found


def poisoned(home: Home) -> list[tuple[str, str]]:
    """Table and column, or file, of all that still shows what came from Strava."""
    found = []
    with home.services.engines.read.connect() as raw:
        for table in Base.metadata.sorted_tables:
            for row in raw.execute(table.select()).mappings():
                found += [(table.name, column) for column, value in row.items() if POISON.search(str(value))]
    mails = (path for path in home.stack.settings.mailbox_dir.rglob("*") if path.is_file())
    found += [("a mail", path.name) for path in mails if POISON.search(path.read_text(errors="replace"))]
    return sorted(set(found))


@pytest.fixture
def all_of_ann(home: Home) -> int:
    """An athlete with rows in every table that data from Strava reach, each marked."""
    athlete_id = home.connect("ann@example.org", ANN)
    with home.services.store.write() as tx:
        tx.put_subscription(1, "https://run.example", NOW)
    shoes = {"gear_id": "g77", "gear": {"id": "g77", "name": "Poison shoes", "distance": 116_200.0}}
    for n in range(1, 11):
        home.add(7_700_100 + n, 1 + 4 * n, 10.0, name="Poison run", gear_id="g77")
    home.services.ingest.backfill(athlete_id, days=60)
    home.services.assess.assess(athlete_id)
    home.add(7_700_150, 0.1, 16.234, name="Poison run", **shoes)
    home.push(object_type="activity", object_id=7_700_150, aspect_type="create", updates={"title": "Poison run"})
    home.work_off()
    home.services.assess.assess(athlete_id)
    receipt = home.services.check_ins.record(
        athlete_id, Draft(side="left", regions=frozenset({"PM"}), pain_today=6, pain_run=6)
    )
    assert receipt
    home.services.assess.assess(athlete_id)
    with home.services.store.write() as tx:
        tx.update_athlete(athlete_id, next_weekly_at=NOW)
    home.services.notify.queue_weekly()
    home.services.notify.deliver_due()
    home.clock.pass_by(hours=7)
    home.services.rights.reconcile(athlete_id)
    home.stack.sim.add_fault("status", path="/api/v3/activities/7700151", status=500)
    home.push(object_type="activity", object_id=7_700_151, aspect_type="create", updates={})
    home.work_off()
    stray = {"object_type": "activity", "object_id": 7_700_152, "aspect_type": "create", "owner_id": ANN}
    stray |= {"subscription_id": 9, "event_time": 1, "updates": {"title": "Poison run"}}
    assert home.services.inbox.record(parse_push(json.dumps(stray).encode())).quarantined
    with home.services.engines.write.begin() as raw:
        (problem,) = raw.execute(text("SELECT id FROM symptom_reports")).scalars()
        (run,) = raw.execute(text("SELECT id FROM runs WHERE source_id = 7700150")).scalars()
        given = {"athlete_id": athlete_id, "problem_id": problem}
        ladder = {
            "first_day": NOW.date(),
            "level": 1,
            "tendon": False,
            "old_long_m": 16_234.0,
            "old_fast_m": 16_234.0,
        }
        raw.execute(Base.metadata.tables["ladder_entries"].insert().values(**given, **ladder, created_at=NOW))
        kept = {"run_id": run, "kept": True, "updated_at": NOW}
        raw.execute(Base.metadata.tables["ladder_kept"].insert().values(**given, **kept))
    return athlete_id


@on_both
def test_after_a_withdrawal_no_table_and_no_mail_shows_what_came_from_strava(
    home: Home, all_of_ann: int, caplog: pytest.LogCaptureFixture
):
    bob = home.connect("bob@example.org", BOB)
    home.add(500, 3, owner=BOB)
    home.services.ingest.backfill(bob)
    home.services.assess.assess(bob)
    before, of_bob = rows_of(home, all_of_ann, ANN), rows_of(home, bob, BOB)
    reached = {table for table, _ in poisoned(home)}
    assert reached >= {"runs", "shoes", "inbox", "fetch_jobs", "alerts", "ladder_entries", "a mail"}
    assert all(before[t] for t in ("day_totals", "reconciliations", "sync_log", "outbox", "ladder_kept", "alerts"))
    caplog.set_level("INFO")
    home.stack.sim.deauthorise(ANN, push=False)

    home.push()
    home.check_withdrawals()
    home.services.assess.assess(all_of_ann)
    home.services.notify.deliver_due()

    assert poisoned(home) == []
    after = rows_of(home, all_of_ann, ANN)
    on_check_ins = [alert["id"] for alert in after["alerts"] if alert["report_id"] is None]
    assert on_check_ins == []
    left = {t: len(rows) for t, rows in after.items() if rows and t not in ("alerts", "alert_transitions", "outbox")}
    assert left == KEPT
    assert {(mail["kind"], mail["state"]) for mail in after["outbox"]} == {
        ("alert", "sent"),
        ("receipt", "sent"),
        ("weekly", "sent"),
    }
    assert rows_of(home, bob, BOB) == of_bob
    assert POISON.search(caplog.text) is None


@on_both
def test_after_a_forged_withdrawal_every_row_is_as_it_was(home: Home, all_of_ann: int):
    before = rows_of(home, all_of_ann, ANN)

    home.push()
    home.check_withdrawals()

    after = rows_of(home, all_of_ann, ANN)
    assert len(after.pop("inbox")) == len(before.pop("inbox")) + 1
    told = after.pop("sync_log")
    assert told[:-1] == before.pop("sync_log")
    assert told[-1]["detail"] == "a withdrawal was announced; Strava denies it"
    assert after == before


def test_the_runner_gets_a_receipt_on_the_page_and_by_mail_and_no_copy_of_the_old_mails_stays(home: Home, ann: int):
    home.stack.sim.deauthorise(ANN, push=False)
    home.push()
    home.check_withdrawals()
    home.services.assess.assess(ann)

    home.services.notify.deliver_due()

    (receipt,) = home.services.rights.receipts(ann)
    assert (receipt.why, receipt.at) == ("withdrawn", NOW)
    assert (receipt.counts["runs"], receipt.counts["alerts"], receipt.counts["shoes"]) == (11, 1, 1)
    mails = home.services.mailbox.list(ann)
    (mail,) = [m for m in mails if m.subject == "Your data from Strava has been deleted"]
    assert "11 activities" in mail.text
    assert [m.subject for m in mails if "16.2" in m.text + m.html] == []
    page = logged_in(home, "ann@example.org").get("/settings").text
    assert "11 activities" in page


@on_both
def test_runs_from_files_stay_and_their_days_are_counted_anew(home: Home, ann: int):
    record = parse.activity(activity(9, 5, 5.0))  # on the day of Strava's run 1001
    with home.services.store.write() as tx:
        tx.upsert_run(ann, "file", record, streams="none", trusted=True, now=NOW)
    home.stack.sim.deauthorise(ANN, push=False)

    home.push()
    home.check_withdrawals()

    assert runs(home, ann) == [9]
    with home.services.store.read() as tx:
        (total,) = tx.day_totals(ann, record.local_date - timedelta(days=90), record.local_date + timedelta(days=90))
    assert (total.local_date, total.distance_m) == (record.local_date, 5000)


def test_what_was_being_fetched_as_the_runner_left_is_not_stored(home: Home, ann: int):
    home.push(object_type="activity", object_id=1, updates={"title": "New"})
    service = home.services.ingest
    owner = service._leases.me()
    with home.services.store.write() as tx:
        job_id = tx.job_id(ann, "strava", 1)
        assert job_id is not None
        job = tx.claim_job(job_id, owner, [], NOW, NOW + timedelta(minutes=1))
    assert job is not None
    fetched = service._with_token(job)

    home.services.rights.leave(ann)
    service._store(job, fetched)

    assert runs(home, ann) == []


def test_whoever_connects_anew_meanwhile_keeps_their_data(home: Home, ann: int):
    connection = home.services.views.connection(ann)
    assert connection is not None
    with home.services.store.write() as tx:
        tx.put_connection(replace(connection, refresh_token="another", access_token="x"), NOW)

    assert home.services.rights._purge(ann, "withdrawn", connection.refresh_token) is None
    assert len(runs(home, ann)) == 11


class Between:
    """Strava's client; something happens between Strava's new pair and its being stored."""

    def __init__(self, strava: Any, happens: Callable[[], object]) -> None:
        self._strava = strava
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._strava, name)

    def refresh(self, refresh_token: str) -> Any:
        pair = self._strava.refresh(refresh_token)
        self._happens()
        return pair


def test_two_workers_who_check_a_withdrawal_at_once_do_not_take_each_other_for_its_proof(home: Home, ann: int):
    connection = home.services.views.connection(ann)
    assert connection is not None
    with home.services.store.write() as tx:
        tx.fail_refresh(ann, connection.refresh_token, needs_reauth=True)  # a fault of Strava's, long ago
    home.stack.sim.expire_tokens()
    other = make_services(home.stack.settings, clock=home.clock)
    rights, strava = home.services.rights, home.services.strava_for("reconcile")
    rights._strava = lambda: Between(strava, lambda: other.rights.check(ann))

    home.push()
    home.check_withdrawals()
    other.close()

    assert len(runs(home, ann)) == 11
    after = home.services.views.connection(ann)
    assert after is not None
    assert after.state == "connected"


def test_a_pair_of_tokens_that_comes_late_does_not_replace_those_of_a_newer_connection(home: Home, ann: int):
    def connect_anew() -> None:
        granted = home.stack.sim.grant(athlete_id=ANN)
        login = StravaLogin(
            strava_athlete_id=ANN,
            name="Ann",
            access_token=granted["access_token"],
            refresh_token=granted["refresh_token"],
            expires_at=datetime.fromtimestamp(granted["expires_at"], UTC),
            scopes=frozenset(ASKED_SCOPES),
        )
        home.services.accounts.connect_strava(ann, login)

    old = home.services.views.connection(ann)
    assert old is not None
    tokens = TokenService(home.services.store, Between(home.services.strava, connect_anew), home.clock)

    token = tokens.access_token(ann, refused=old.access_token)

    home.services.strava.check_access(token)  # Strava takes it
    new = home.services.views.connection(ann)
    assert new is not None
    assert (new.access_token, new.state) == (token, "connected")


# the button


def logged_in(home: Home, email: str) -> Any:
    app = create_app(home.services, config={"RATELIMIT_ENABLED": False})
    client = app.test_client()
    send(client, "/login", email=email, password="a long password")
    return client


def send(client: Any, path: str, **data: str) -> Any:
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', client.get(path).text)
    assert found
    return client.post(path, data={"csrf_token": found.group(1), **data})


def test_the_button_asks_first_then_deletes_and_tells_strava(home: Home, ann: int):
    client = logged_in(home, "ann@example.org")
    page = client.get("/settings").text
    assert "/settings/strava/disconnect" in page

    assert "cannot be undone" in client.get("/settings/strava/disconnect").text
    assert client.post("/settings/strava/disconnect").status_code == 400  # without its token
    assert len(runs(home, ann)) == 11

    answer = send(client, "/settings/strava/disconnect")

    assert answer.status_code == 302
    assert runs(home, ann) == []
    assert str(ANN) not in home.stack.sim.state()["grants"]
    assert [r.why for r in home.services.rights.receipts(ann)] == ["asked"]
    assert client.get("/settings/strava/disconnect").status_code == 404
    assert "data from Strava deleted" in client.get("/sync").text


def test_data_go_even_if_strava_cannot_be_told(home: Home, ann: int):
    home.stack.sim.add_fault("drop", path="/oauth/revoke", times=None)

    assert home.services.rights.leave(ann) is not None

    assert runs(home, ann) == []


def test_a_receipt_is_shown_to_its_runner_alone(home: Home, ann: int):
    home.connect("bob@example.org", BOB)
    home.services.rights.leave(ann)

    client = logged_in(home, "bob@example.org")

    assert "data from Strava deleted" not in client.get("/settings").text + client.get("/sync").text


# the list


@on_both
def test_the_list_finds_what_no_message_told(home: Home, ann: int):
    home.add(2, 5.0, 7.0)  # missed
    home.stack.sim.update_activity(1003, {"distance": 12_345.0}, push=False)
    home.stack.sim.delete_activity(1005, push=False)
    home.clock.pass_by(hours=7)

    home.keep()
    home.work_off()

    found = home.services.rights.found_by_list(ann)
    assert (found.n_missed, found.n_edited, found.n_gone) == (1, 1, 1)
    assert 2 in runs(home, ann)
    assert 1005 not in runs(home, ann)
    with home.services.store.read() as tx:
        edited = tx.run_by_source(ann, "strava", 1003)
    assert edited is not None
    assert edited.run.distance_m == 12_345
    page = logged_in(home, "ann@example.org").get("/sync").text
    assert re.findall(r"<dt>([\w ]+)</dt><dd>1</dd>", page)[-3:] == ["Without a message", "Edited", "No longer there"]


def test_what_the_list_left_out_by_mistake_is_asked_for_and_stays(home: Home, ann: int):
    home.stack.sim.update_activity(
        1005, {"start_date": f"{NOW - timedelta(days=300):%Y-%m-%dT%H:%M:%SZ}"}, push=False
    )
    home.clock.pass_by(hours=7)

    home.keep()
    home.work_off()

    assert home.services.rights.found_by_list(ann).n_gone == 1
    assert 1005 in runs(home, ann)  # Strava answered 200, with another start


def test_an_unchanged_list_asks_for_nothing_more(home: Home, ann: int):
    for _ in range(5):  # Strava has no samples of the newest run: that is asked a few times
        home.clock.pass_by(hours=2)
        home.keep()
        home.work_off()
    asked = len(home.stack.sim.requests())

    home.clock.pass_by(hours=7)
    home.keep()
    home.work_off()

    after = [r["path"] for r in home.stack.sim.requests()[asked:] if r["method"] == "GET"]
    assert after == ["/api/v3/athlete/activities"]


def test_an_activity_whose_message_waits_is_not_found_by_the_list(home: Home, ann: int):
    home.add(2, 0.5, 7.0)
    home.push(object_type="activity", object_id=2, aspect_type="create", updates={})
    home.clock.pass_by(hours=7)

    home.keep()

    assert home.services.rights.found_by_list(ann).n_missed == 0


# events on one activity


@on_both
def test_a_burst_of_events_costs_one_fetch_and_what_comes_during_a_fetch_one_more(home: Home):
    athlete_id = home.connect("ann@example.org", ANN)
    home.add(5, 1)

    def title(text: str) -> None:
        home.stack.sim.update_activity(5, {"name": text}, push=False)
        home.push(object_type="activity", object_id=5, updates={"title": text})

    def fetches() -> int:
        return int(home.stack.sim.state()["counters"].get("GET /api/v3/activities/<id>", 0))

    for n in range(20):
        home.push(object_type="activity", object_id=5, updates={"title": f"Title {n}"})
    home.work_off()
    assert fetches() == 1

    title("Before")
    service = home.services.ingest
    with home.services.store.write() as tx:
        job_id = tx.job_id(athlete_id, "strava", 5)
        assert job_id is not None
        job = tx.claim_job(job_id, service._leases.me(), [], NOW, NOW + timedelta(minutes=1))
    assert job is not None
    fetched = service._with_token(job)
    title("Meanwhile")
    service._store(job, fetched)
    home.work_off()

    assert fetches() == 3
    with home.services.store.read() as tx:
        known = tx.run_by_source(athlete_id, "strava", 5)
    assert known is not None
    assert known.run.name == "Meanwhile"


# retention


def api_rows_older(home: Home, than: datetime) -> dict[str, int]:
    """What the API told before then, by table."""
    with home.services.engines.read.connect() as raw:
        counts = {}
        for name, column in (("runs", "fetched_at"), ("inbox", "received_at"), ("shoes", "told_on")):
            table = Base.metadata.tables[name]
            limit = than.date() if column == "told_on" else than
            rows = raw.execute(table.select().where(table.c[column] < limit)).all()
            counts[name] = len(rows)
        return counts


@on_both
def test_nothing_of_the_api_gets_older_than_the_retention_and_nothing_of_the_window_is_lost(home: Home, ann: int):
    for _ in range(2 * 8):
        home.clock.pass_by(hours=12)
        home.keep()
        home.work_off()
        older = api_rows_older(home, home.clock() - RETENTION)
        assert older == {"runs": 0, "inbox": 0, "shoes": 0}

    assert len(runs(home, ann)) == 11
    assert home.services.rights.receipts(ann) == []
    (shoe,) = home.services.shoes.pairs(ann)
    assert shoe.shoe.name == "Red ones"  # renewed with its newest run


def test_a_busy_athlete_costs_five_calls_to_the_list_a_day(home: Home):
    # Two activities a day over the window of 180 days are 360: two pages.
    athlete_id = home.connect("ann@example.org", ANN)
    records = [parse.activity(activity(n, n / 2, 8.0)) for n in range(1, 359)]
    for n in range(1, 359):
        home.add(n, n / 2, 8.0)
    with home.services.store.write() as tx:
        for record in records:
            tx.upsert_run(athlete_id, "strava", record, streams="missing", trusted=True, now=NOW)
    home.clock.pass_by(hours=6)
    home.keep()  # the whole window, for the first time
    home.work_off()
    before, asked = home.list_calls(), len(home.stack.sim.requests())

    for _ in range(24):
        home.clock.pass_by(hours=1)
        home.keep()
        home.work_off()

    # Three times the last fortnight in one page, once the whole window in two: STRAVA.md allows 6 to 8 reads.
    assert home.list_calls() - before == 5
    reads = [r for r in home.stack.sim.requests()[asked:] if r["path"].startswith("/api/v3/activities")]
    assert reads == []
    assert api_rows_older(home, home.clock() - timedelta(days=1, hours=1))["runs"] == 0


def test_what_strava_no_longer_lets_us_renew_is_deleted_with_a_receipt(home: Home, ann: int):
    home.stack.sim.deauthorise(ANN, push=False)  # and no message of it arrives
    home.clock.pass_by(days=6, hours=23)
    home.keep()
    assert len(runs(home, ann)) == 11

    home.clock.pass_by(hours=2)
    home.keep()

    assert runs(home, ann) == []
    assert [r.why for r in home.services.rights.receipts(ann)] == ["not_renewed"]
    assert home.count("symptom_reports") == 1
    home.services.notify.deliver_due()
    assert "could not be renewed" in home.services.mailbox.list(ann)[0].text


def test_a_server_that_was_off_for_weeks_asks_for_its_runs_before_it_deletes_them(home: Home, ann: int):
    home.clock.pass_by(days=21)
    home.stack.sim.add_fault("status", path="/api/v3/athlete/activities", status=503, times=2)
    home.keep()  # no network yet, say
    home.clock.pass_by(minutes=10)
    home.keep()
    assert len(runs(home, ann)) == 11

    home.clock.pass_by(minutes=10)
    home.keep()
    home.work_off()

    assert len(runs(home, ann)) == 11
    assert home.services.rights.receipts(ann) == []
    assert api_rows_older(home, home.clock() - RETENTION)["runs"] == 0


def test_what_cannot_be_renewed_for_twelve_hours_is_deleted_if_it_is_too_old(home: Home, ann: int):
    home.clock.pass_by(days=21)
    home.stack.sim.add_fault("status", path="/api/v3/athlete/activities", status=503, times=None)
    for hours, n_left in ((0, 11), (11, 11), (2, 0)):
        home.clock.pass_by(hours=hours)
        home.keep()
        assert len(runs(home, ann)) == n_left

    assert [r.why for r in home.services.rights.receipts(ann)] == ["not_renewed"]


def test_what_leaves_the_window_goes_without_a_word(home: Home, ann: int):
    record = parse.activity(activity(7, 190, 8.0))
    with home.services.store.write() as tx:
        tx.upsert_run(ann, "strava", record, streams="missing", trusted=True, now=NOW - timedelta(days=7, hours=1))

    home.clock.pass_by(hours=7)  # the list is read, and then what it could not renew goes
    home.keep()

    assert 7 not in runs(home, ann)
    assert len(runs(home, ann)) == 11
    assert home.services.rights.receipts(ann) == []
