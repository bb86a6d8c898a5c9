"""The door that Strava pushes at, on a real database: what is kept, what is refused, and with which answer."""

import io
import json
import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select, text

from loadwatch.adapters import log
from loadwatch.adapters.db import migrate
from loadwatch.adapters.db.engine import make_engines
from loadwatch.adapters.db.tables import FetchJob, Inbox
from loadwatch.adapters.nudge import TaskNudge
from loadwatch.bootstrap import Services, make_services
from loadwatch.services.ports import Connection, JobOutcome
from loadwatch.settings import Settings
from tests.support.seeding import connect, sign_up
from tests.support.stack import free_port
from webhooks.app import create_app

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PATH = "/strava/hidden-path"
TOKEN = "hidden-token"
OWNER, SUBSCRIPTION = 28923822, 143570

BODY = {
    "aspect_type": "create",
    "event_time": 1734361680,
    "object_id": 13127941701,
    "object_type": "activity",
    "owner_id": OWNER,
    "subscription_id": SUBSCRIPTION,
    "updates": {},
}


@dataclass
class RecordingNudge:
    """Keeps what would wake a worker."""

    woken: list[int] = field(default_factory=list)

    def inbox(self, inbox_id: int) -> None:
        self.woken.append(inbox_id)

    def assess(self, athlete_id: int) -> None: ...
    def mails(self) -> None: ...
    def more_mails(self) -> None: ...
    def backfill(self, athlete_id: int) -> None: ...
    def backtest(self, athlete_id: int) -> None: ...


@dataclass
class Door:
    """The app with its client, and a look into what it kept."""

    services: Services
    nudge: RecordingNudge
    client: FlaskClient

    def push(self, body: Any = None, **more: Any) -> int:
        return self.client.post(PATH, data=json.dumps(BODY if body is None else body), **more).status_code

    def rows(self) -> list[tuple[int, str, str | None]]:
        """(object, state, reason) of all that is kept."""
        with self.services.engines.write.connect() as connection:
            kept = select(Inbox.object_id, Inbox.state, Inbox.reason).order_by(Inbox.id)
            return [tuple(row) for row in connection.execute(kept)]


def settings_of(database_url: str, folder: Path) -> Settings:
    return Settings(
        data_dir=folder,
        database_url=database_url,
        secret_key="k",
        strava_webhook_secret="hidden-path",
        strava_verify_token=TOKEN,
    )


@pytest.fixture
def door(database_url: str, tmp_path: Path) -> Iterator[Door]:
    nudge = RecordingNudge()
    services = make_services(settings_of(database_url, tmp_path), nudge, clock=lambda: NOW)
    yield Door(services, nudge, create_app(services.settings, services.inbox).test_client())
    services.close()


@pytest.fixture
def known(door: Door) -> Door:
    """The door of a server that has its subscription and its athlete."""
    with door.services.store.write() as tx:
        athlete_id = tx.add_athlete("Ann", "ann@example.org", "Europe/Berlin", NOW)
        scopes = frozenset({"read"})
        link = Connection(athlete_id, OWNER, "poison-access", "poison-refresh", NOW, scopes, "connected")
        tx.put_connection(link, NOW)
        tx.put_subscription(SUBSCRIPTION, "https://run.example", NOW)
    return door


# handshake


def ask(door: Door, path: str = PATH, **changes: str | None):
    query = {"hub.mode": "subscribe", "hub.challenge": "15f7d1a91c1f40f8a748fd134752feb3", "hub.verify_token": TOKEN}
    query |= {f"hub.{k}": v for k, v in changes.items()}
    return door.client.get(path, query_string={k: v for k, v in query.items() if v is not None})


def test_a_subscription_with_our_token_gets_its_challenge_back(door):
    answer = ask(door)

    assert (answer.status_code, answer.json) == (200, {"hub.challenge": "15f7d1a91c1f40f8a748fd134752feb3"})
    assert answer.content_type == "application/json"


def test_a_subscription_without_our_token_is_not_ours(door):
    for token in ("wrong", "", None, "hidden-toke", "hidden-tokenn", "HIDDEN-TOKEN", "tökén"):
        assert ask(door, verify_token=token).status_code == 403


def test_a_visit_that_is_no_handshake_is_told_so(door):
    for changes in (
        {"mode": None},
        {"mode": "unsubscribe"},
        {"challenge": None},
        {"challenge": ""},
        {"challenge": "x" * 257},
    ):
        assert ask(door, **changes).status_code == 400


def test_nobody_who_does_not_know_the_path_learns_that_it_exists(door):
    for path in (
        "/strava/wrong",
        "/strava/",
        "/strava/hidden-path/",
        "/strava/hidden-path/x",
        "/",
        "/strava/hidden-pätt",
    ):
        assert ask(door, path).status_code == 404
        assert door.client.post(path, data=json.dumps(BODY)).status_code == 404
    assert door.rows() == []


def test_without_a_path_or_a_token_of_our_own_nobody_comes_in(door):
    bare = create_app(Settings(strava_verify_token=TOKEN), door.services.inbox).test_client()
    mute = create_app(Settings(strava_webhook_secret="hidden-path"), door.services.inbox).test_client()

    assert bare.post("/strava/", data=json.dumps(BODY)).status_code == 404
    assert (
        mute.get(
            PATH, query_string={"hub.mode": "subscribe", "hub.challenge": "c", "hub.verify_token": ""}
        ).status_code
        == 403
    )


# push


def test_a_push_is_stored_and_wakes_a_worker_once(known):
    answer = known.client.post(PATH, json=BODY)

    assert (answer.status_code, answer.json) == (200, {"stored": True})
    assert known.rows() == [(13127941701, "pending", None)]
    with known.services.store.read() as tx:
        assert tx.pending_inbox_ids(10) == known.nudge.woken
        (item,) = [tx.inbox_item(i) for i in known.nudge.woken]
    assert item is not None
    assert (item.object_type, item.aspect, item.owner_id, item.received_at) == ("activity", "create", OWNER, NOW)


def test_the_same_body_three_times_is_one_row_and_one_nudge(known):
    answers = [known.client.post(PATH, json=BODY) for _ in range(3)]

    assert [(a.status_code, a.json["stored"]) for a in answers] == [(200, True), (200, False), (200, False)]
    assert len(known.rows()) == len(known.nudge.woken) == 1


def test_the_order_of_keys_and_blanks_make_no_other_event(known):
    known.push()
    known.client.post(PATH, data=json.dumps(dict(reversed(BODY.items())), indent=4))
    known.client.post(PATH, data=json.dumps(BODY, separators=(",", ":")).encode("utf-16"))

    assert len(known.rows()) == 1


def test_any_other_value_is_another_event(known):
    changes = [
        {},
        {"event_time": 1734361681},
        {"aspect_type": "update"},
        {"updates": {"title": "x"}},
        {"object_id": 1},
    ]
    for change in changes:
        known.push({**BODY, **change})

    assert len(known.rows()) == 5


def test_a_body_without_updates_or_content_type_is_an_event(known):
    bare = {k: v for k, v in BODY.items() if k != "updates"}

    assert known.push(bare) == 200
    assert known.push({**bare, "object_id": 2}, content_type="text/plain") == 200
    assert known.push({**bare, "object_id": 3, "updates": None}) == 200
    assert len(known.rows()) == 3


def test_a_withdrawal_carries_its_false_as_a_word(known):
    withdrawn = {
        **BODY,
        "object_type": "athlete",
        "object_id": OWNER,
        "aspect_type": "update",
        "updates": {"authorized": "false"},
    }

    assert known.push(withdrawn) == 200
    assert known.rows() == [(OWNER, "pending", None)]


def test_titles_in_any_script_are_kept(known):
    assert known.push({**BODY, "updates": {"title": "Späte Runde 🏃 \x00 \ud83d"}}) == 200
    assert len(known.rows()) == 1


# size


def padded(size: int) -> bytes:
    body = json.dumps(BODY).encode()
    return body + b" " * (size - len(body))


def test_four_thousand_and_ninety_six_bytes_are_the_limit(known):
    assert known.client.post(PATH, data=padded(4096)).status_code == 200
    assert known.client.post(PATH, data=padded(4097)).status_code == 413


def chunked(door: Door, body: bytes) -> int:
    """A body whose length nobody stated."""
    return door.client.post(
        PATH,
        input_stream=io.BytesIO(body),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    ).status_code


def test_a_body_of_unstated_length_has_the_same_limit(known):
    assert chunked(known, padded(4097)) == 413
    assert chunked(known, padded(10_000_000)) == 413
    assert known.rows() == []
    assert chunked(known, padded(4096)) == 200
    assert len(known.rows()) == 1


# malformed


def test_a_body_as_deep_as_python_can_just_read_is_kept_or_refused(known):
    for depth in range(850, 1000, 3):
        body = json.dumps({**BODY, "object_id": depth})[:-1] + ', "more": ' + "[" * depth + "]" * depth + "}"

        assert known.client.post(PATH, data=body).status_code in (200, 400)


class BrokenChunks(io.BytesIO):
    """A body as gunicorn gives it where a chunk does not end as it should."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise RuntimeError("Invalid chunk terminator")


def test_a_chunked_body_that_breaks_off_is_refused(known):
    answer = known.client.post(
        PATH,
        input_stream=BrokenChunks(),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )

    assert answer.status_code == 400
    assert known.rows() == []


def refused(door: Door, bodies: Iterable[bytes]) -> list[bytes]:
    """Those that are not answered with 400: one database for a whole table of them."""
    return [b for b in bodies if door.client.post(PATH, data=b).status_code != 400]


def test_what_is_no_object_of_json_is_refused(known):
    bodies = [b"", b"{", b"null", b"[]", b'"activity"', b"5", b"\xff\xfe\xfd", b"NaN", b"hub.mode=subscribe"]
    bodies += [b"[" * 4000, b'{"a":' * 800, json.dumps([BODY]).encode()]

    assert refused(known, bodies) == []
    assert known.rows() == []


def test_each_field_is_needed(known):
    for key in set(BODY) - {"updates"}:
        answer = known.client.post(PATH, json={k: v for k, v in BODY.items() if k != key})

        assert answer.status_code == 400
        assert key in answer.json["error"]


@pytest.mark.parametrize("key", ["object_id", "owner_id", "subscription_id", "event_time"])
def test_numbers_out_of_range_are_refused(known, key):
    odd = [-1, 2**63, 10**300, 1.0, 1.5, "1", True, None, [], {}, float("inf")]

    assert refused(known, [json.dumps({**BODY, key: value}).encode() for value in odd]) == []
    assert known.rows() == []


def test_the_largest_numbers_are_kept(known):
    assert known.push({**BODY, "object_id": 2**63 - 1, "event_time": 2**63 - 1}) == 200
    assert known.rows() == [(2**63 - 1, "pending", None)]


def test_words_that_strava_does_not_know_are_refused(known):
    changes: list[dict[str, Any]] = [{"object_type": v} for v in ("club", "Activity", None, [], 1)]
    changes += [{"aspect_type": v} for v in ("created", None, {}, 1)]
    changes += [{"updates": v} for v in ([], "x", 5, True)]

    assert refused(known, [json.dumps({**BODY, **change}).encode() for change in changes]) == []
    assert known.rows() == []


def test_other_methods_are_not_served(known):
    assert known.client.put(PATH, json=BODY).status_code == 405
    assert known.client.delete(PATH).status_code == 405


# quarantine


def test_an_unknown_owner_is_kept_apart_and_released_when_they_connect(door):
    assert door.push() == 200

    assert door.rows() == [(13127941701, "quarantined", f"no athlete here is connected to Strava's athlete {OWNER}")]
    assert door.nudge.woken == []

    account = sign_up(door.services, "ann@example.org")
    connect(door.services, account.athlete_id, OWNER + 1)
    assert [state for _, state, _ in door.rows()] == ["quarantined"]
    other = sign_up(door.services, "bob@example.org")
    connect(door.services, other.athlete_id, OWNER)
    assert door.rows() == [(13127941701, "pending", None)]


def test_a_wrong_subscription_is_kept_apart_and_released_when_it_becomes_ours(known):
    assert known.push({**BODY, "subscription_id": 9}) == 200

    assert known.rows() == [(13127941701, "quarantined", f"subscription 9 is not ours ({SUBSCRIPTION})")]
    assert known.nudge.woken == []

    with known.services.store.write() as tx:
        assert tx.release_quarantine() == 0
        tx.put_subscription(9, "https://run.example", NOW)
        assert tx.release_quarantine() == 1
    assert known.rows() == [(13127941701, "pending", None)]


def test_what_waited_apart_is_released_in_the_order_in_which_it_came(door):
    with door.services.store.write() as tx:
        tx.put_subscription(SUBSCRIPTION, "https://run.example", NOW)
    for object_id in (3, 1, 2):
        door.push({**BODY, "object_id": object_id})

    with door.services.store.write() as tx:
        link = Connection(tx.add_athlete("Ann", None, "UTC", NOW), OWNER, "a", "r", NOW, frozenset(), "connected")
        tx.put_connection(link, NOW)
        tx.release_quarantine()
    with door.services.store.read() as tx:
        found = [tx.inbox_item(i) for i in tx.pending_inbox_ids(10)]
    assert [item.object_id for item in found if item] == [3, 1, 2]
    with door.services.store.write() as tx:
        assert tx.release_quarantine() == 0


def test_of_what_is_nobodys_only_so_many_a_day_are_kept_and_what_is_ours_still_is(known, monkeypatch, caplog):
    monkeypatch.setattr("loadwatch.services.inbox.QUARANTINE_PER_DAY", 3)
    answers = [known.push({**BODY, "owner_id": 666, "object_id": n}) for n in range(1, 6)]

    assert answers == [200] * 5  # Strava is not to try again
    assert [object_id for object_id, _, _ in known.rows()] == [1, 2, 3]
    assert "dropped" in caplog.text
    known.push({**BODY, "object_id": 6})
    assert known.rows()[-1] == (6, "pending", None)
    kept = known.services.inbox.quarantine()
    assert (kept.n, kept.n_day, [r.n for r in kept.reasons]) == (3, 3, [3])

    known.services.inbox._clock = lambda: NOW + timedelta(days=1)
    known.push({**BODY, "owner_id": 666, "object_id": 7})
    assert known.rows()[-1][:2] == (7, "quarantined")


def test_what_nobody_claims_is_dropped_with_the_other_old_events(known, caplog):
    known.push({**BODY, "owner_id": 666})
    rights = known.services.rights
    for days, n_left in ((7, 1), (8, 0)):
        rights._clock = lambda days=days: NOW + timedelta(days=days)
        rights.purge_stale()
        assert len(known.rows()) == n_left

    assert "1 events in quarantine" in caplog.text


def test_before_a_subscription_is_noted_every_one_is_taken_for_ours(door):
    connect(door.services, sign_up(door.services, "ann@example.org").athlete_id, OWNER)

    assert door.push({**BODY, "subscription_id": 9}) == 200
    assert [state for _, state, _ in door.rows()] == ["pending"]


# when something is broken


def test_a_broker_that_is_down_changes_nothing_in_the_answer(known):
    def send(_task: str, _args: tuple[int, ...]) -> None:
        raise ConnectionError("no broker")

    services = make_services(known.services.settings, TaskNudge(send), clock=lambda: NOW)
    client = create_app(services.settings, services.inbox).test_client()

    assert client.post(PATH, json=BODY).status_code == 200
    assert [state for _, state, _ in known.rows()] == ["pending"]
    services.close()


def test_a_missing_table_is_a_503_and_the_next_try_is_kept(known):
    with known.services.engines.write.begin() as connection:
        connection.execute(text("ALTER TABLE inbox RENAME TO away"))
    first = known.client.post(PATH, json=BODY)
    with known.services.engines.write.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO inbox"))

    assert first.status_code == 503
    assert "inbox" not in first.get_data(as_text=True)
    assert known.push() == 200
    assert len(known.rows()) == len(known.nudge.woken) == 1


def test_a_database_that_only_reads_is_a_503(known):
    engine = known.services.engines.write
    refuse = "PRAGMA query_only=ON" if engine.dialect.name == "sqlite" else "SET TRANSACTION READ ONLY"
    hook = "begin" if engine.dialect.name == "postgresql" else "engine_connect"

    def only_read(connection: Any) -> None:
        connection.exec_driver_sql(refuse)

    event.listen(engine, hook, only_read)
    answer = known.push()
    event.remove(engine, hook, only_read)

    assert answer == 503
    assert known.nudge.woken == []


@pytest.mark.parametrize("url", ["postgresql://u:hidden-password@127.0.0.1:{port}/none", "sqlite"])
def test_a_database_that_cannot_be_reached_is_a_503(tmp_path, url, caplog):
    settings_ = settings_of("sqlite://", tmp_path)
    services = make_services(settings_, RecordingNudge(), clock=lambda: NOW)
    if url.startswith("sqlite"):
        services.engines = make_engines(f"sqlite:///{tmp_path}/gone/lw.db")
        (tmp_path / "gone").rmdir()
    else:
        reached = Settings(database_url=url.format(port=free_port())).database_url
        services.engines = make_engines(reached)
    client = create_app(settings_, services.inbox).test_client()

    answer = client.post(PATH, json=BODY)

    assert answer.status_code == 503
    assert "hidden" not in answer.get_data(as_text=True) + caplog.text
    services.close()


# whatever comes

ids = st.sampled_from([OWNER, SUBSCRIPTION, 0, 1, -1, 2**63 - 1, 2**63]) | st.integers()
scalars = st.none() | st.booleans() | ids | st.floats() | st.text(max_size=10)
values = st.recursive(
    scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=5), v, max_size=3), max_leaves=5
)
almost = st.fixed_dictionaries(
    {},
    optional={
        "object_type": st.sampled_from(["activity", "athlete"]) | values,
        "aspect_type": st.sampled_from(["create", "update", "delete"]) | values,
        "object_id": ids | values,
        "owner_id": ids | values,
        "subscription_id": ids | values,
        "event_time": ids | values,
        "updates": st.dictionaries(st.text(max_size=5), values, max_size=3) | values,
        "more": values,
    },
)
# Half of the examples differ from a good event in a field or two, so that some get in.
bodies = (
    st.binary(max_size=200)
    | values.map(lambda v: json.dumps(v).encode())
    | almost.map(lambda v: json.dumps(v).encode())
    | almost.map(lambda v: json.dumps({**BODY, **v}).encode())
    | st.tuples(st.sampled_from(sorted(BODY)), values).map(lambda kv: json.dumps({**BODY, kv[0]: kv[1]}).encode())
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies)
def test_whatever_is_pushed_is_kept_or_refused_but_breaks_nothing(known, body):
    before = len(known.rows())

    answer = known.client.post(PATH, data=body)

    assert answer.status_code in (200, 400)
    kept = len(known.rows()) - before
    assert kept == (1 if answer.status_code == 200 and answer.json["stored"] else 0)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from(["hub.mode", "hub.challenge", "hub.verify_token", "x"]), st.text(max_size=20)),
    st.text(max_size=20),
)
def test_whoever_asks_gets_an_answer_that_is_none_of_our_faults(known, query, secret):
    encodable = {k: v.encode(errors="replace").decode() for k, v in query.items()}
    path = secret.encode(errors="replace").decode()

    assert known.client.get(PATH, query_string=encodable).status_code in (200, 400, 403)
    assert known.client.get(f"/strava/{path}").status_code in (200, 308, 400, 404, 405)


def test_no_secret_is_written_to_the_log(known, monkeypatch):
    written = io.StringIO()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    monkeypatch.setattr("sys.stderr", written)
    log.set_up("DEBUG")
    try:
        ask(known)
        ask(known, verify_token="wrong")
        known.push()
        known.push({**BODY, "owner_id": 9})
        known.client.post("/strava/wrong", json=BODY)
        with known.services.engines.write.begin() as connection:
            connection.execute(text("ALTER TABLE inbox RENAME TO away"))
        known.push()
        monkeypatch.setattr(known.services.inbox, "record", lambda _event: 1 / 0)
        assert known.push() == 500
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)

    shown = written.getvalue()
    assert "wrong verify token" in shown
    assert "quarantine" in shown
    assert "could not be stored" in shown
    assert "broke down" in shown
    for secret in ("hidden-path", TOKEN, "poison"):
        assert secret not in shown


def test_a_burst_from_many_threads_is_each_event_once(known):
    app = create_app(known.services.settings, known.services.inbox)

    def push(n: int) -> int:
        return app.test_client().post(PATH, json={**BODY, "object_id": n % 20}).status_code

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(push, range(60)))

    assert answers == [200] * 60
    assert len(known.rows()) == 20
    with known.services.engines.write.connect() as connection:
        assert connection.scalar(select(func.count(Inbox.digest.distinct()))) == 20
    assert len(known.nudge.woken) == 20


def test_another_writer_of_the_database_is_waited_for_no_longer_than_strava_waits(tmp_path):
    import time

    from loadwatch.wsgi import HOOK_LOCK_TIMEOUT_S

    given_settings = Settings(
        data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'test.db'}", strava_webhook_secret="hidden-path"
    )
    services = make_services(given_settings, lock_timeout_s=HOOK_LOCK_TIMEOUT_S)
    migrate.upgrade(services.engines.write)
    client = create_app(services.settings, services.inbox).test_client()
    with services.engines.write.begin():  # holds SQLite's one write lock
        began = time.monotonic()
        answer = client.post(PATH, json=BODY)
        seconds = time.monotonic() - began

    assert answer.status_code == 503
    assert seconds < 1.8
    assert client.post(PATH, json=BODY).status_code == 200
    services.close()


# what a worker takes


def work_noted(door: Door) -> dict[int, int]:
    """How many events ask for each activity."""
    with door.services.engines.write.connect() as connection:
        jobs = connection.execute(select(FetchJob.source_id, FetchJob.wanted))
        return dict(tuple(row) for row in jobs)


def test_events_that_wait_are_taken_together_and_each_activity_is_worked_off_once(known):
    for n in range(30):
        known.push({**BODY, "object_id": n % 10, "event_time": n})

    first, second, third = (known.services.ingest.take_due() for _ in range(3))

    assert (len(first), len(set(first) | set(second)), third) == (10, 10, None)
    assert work_noted(known) == dict.fromkeys(range(10), 3)
    assert {state for _, state, _ in known.rows()} == {"done"}


def test_workers_who_take_at_once_take_each_event_once(known):
    for n in range(200):
        known.push({**BODY, "object_id": n % 50, "event_time": n})

    def take_all(_: int) -> None:
        while known.services.ingest.take_due() is not None:
            pass

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(take_all, range(4)))

    assert work_noted(known) == dict.fromkeys(range(50), 4)
    assert {state for _, state, _ in known.rows()} == {"done"}


def test_a_withdrawal_and_a_stranger_among_the_events_are_no_work_but_are_taken(known):
    known.push({**BODY, "object_type": "athlete", "aspect_type": "update", "updates": {"authorized": "false"}})
    known.push()
    with known.services.engines.write.begin() as connection:
        connection.execute(text("UPDATE inbox SET owner_id = 9 WHERE object_type = 'activity'"))

    assert known.services.ingest.take_due() == []
    assert known.services.ingest.take_due() is None
    assert known.rows() == [
        (13127941701, "done", "Strava is asked whether the connection was withdrawn"),
        (13127941701, "quarantined", "the athlete is no longer connected"),
    ]
    assert len(known.services.rights.due_checks()) == 1


def test_a_deletion_pushed_while_its_activity_is_found_missing_is_heeded_at_once(known):
    services = known.services
    known.push({**BODY, "aspect_type": "update"})
    (job_id,) = services.ingest.take_due()
    until = NOW + timedelta(seconds=90)
    with services.store.write() as tx:
        job = tx.claim_job(job_id, "me", (), NOW, until)
    known.push({**BODY, "aspect_type": "delete"})
    services.ingest.take_due()
    with services.store.write() as tx:
        tx.settle_job(job_id, "me", JobOutcome(until, done=None, seen=job.wanted), NOW)

    with services.store.write() as tx:
        assert tx.claim_job(job_id, "me", (), NOW, until).deletion_seen
