"""Plays a plan against a whole loadwatch: each part a process of its own, any of which may break at any moment."""

import asyncio
import contextlib
import heapq
import json
import resource
import shutil
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import redis
import requests
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

from loadwatch.adapters.broker import BrokerProcess
from loadwatch.services.accounts import ASKED_SCOPES, StravaLogin
from tests.chaos.script import FILE_HOUR, FIRST_CALM_ID, FIRST_HISTORY_ID, FIRST_HOUR, HISTORY, Plan, Step
from tests.support import SmtpServer, running_smtp_server
from tests.support.fit_writer import run_fit
from tests.support.stack import Stack, running_stack, wait_until

PARTS = ("web", "worker", "beat")
"""Processes of ours beside the broker."""

TICK_S = 3.0
"""How often an hour passes for what waits in the database: see `House.an_hour_passes`."""

STUCK_S = 90.0
"""Work of which none gets done for so long is stuck."""

STALE_LEASE_S = 6.0
"""After so long without a fault nobody works on what is leased any more."""

PASSES = 5
"""The list is read so often at the end, at most: one pass asks for a limited number of deletions."""


class StuckError(AssertionError):
    """Work that never ends."""


@dataclass
class MoodySmtp(SmtpServer):
    """A mail server with bad days."""

    mood: str = "well"

    async def handle_MAIL(self, server: Any, _session: Any, envelope: Any, address: str, _options: list[str]) -> str:
        if self.mood == "gone":
            server.transport.abort()
            return "421 gone"
        if self.mood == "delays":
            return "451 come again later"
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.mood == "hangs":
            await asyncio.sleep(2.0)
        answer = await super().handle_DATA(server, session, envelope)
        if self.mood == "mute":  # the mail is taken, and the connection lost before that was said
            server.transport.abort()
        return answer


@dataclass
class Runner:
    """A runner as the harness knows them."""

    strava_id: int
    athlete_id: int
    api_token: str
    is_connected: bool = True
    withdrew: bool = False
    """Ever, and for good: some of what Strava told may be gone."""


@dataclass
class HandedIn:
    """A file, and what the server said to it."""

    runner: Runner
    name: str
    content: bytes
    is_good: bool
    start: datetime | None = None
    samples: int = 0
    upload_id: int | None = None


@dataclass
class House:
    """A running loadwatch, its Strava, its runners, and who breaks it."""

    plan: Plan
    stack: Stack
    broker: BrokerProcess
    mails: MoodySmtp
    say: Callable[[str], None]
    runners: dict[int, Runner] = field(default_factory=dict)
    has_streams: dict[int, bool] = field(default_factory=dict)
    files: list[HandedIn] = field(default_factory=list)
    changed: dict[int, float] = field(default_factory=dict)
    """When an activity was changed last. [s since the epoch]"""
    unsure: set[int] = field(default_factory=set)
    """Activities that Strava denied for a while, and of which a deletion was forged: a denial confirms it."""
    forged: list[dict[str, Any]] = field(default_factory=list)
    """Bodies that name another subscription, or nobody."""
    in_renewal: set[int] = field(default_factory=set)
    """Athletes whose tokens were being renewed when a worker was killed."""
    ended: list[str] = field(default_factory=list)
    """Processes that nobody had killed; `loadwatch up` and compose start them again."""
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(8)
        self._pending: list[Future[None]] = []
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._began = time.monotonic()
        self._event_time = int(time.time())
        self._stopping = threading.Event()
        self._denied: set[int] = set()
        self._told: dict[str, float] | None = None

    # the play

    def open(self, strava_ids: list[int]) -> None:
        """Start every part, and let the runners come."""
        for name in PARTS:
            self._start(name)
        ids = count(FIRST_HISTORY_ID)
        for strava_id in strava_ids:
            for days_ago, hour, km in HISTORY:
                self._add_activity(strava_id, next(ids), at(days_ago, hour), km)
            athlete_id = self.stack.connect(f"r{strava_id}@example.org", backfill=True, athlete_id=strava_id)
            token = self.stack.services.accounts.create_token(athlete_id)
            self.runners[strava_id] = Runner(strava_id, athlete_id, token)
        wait_until(lambda: self.stack._get("/healthz") == 200, f"web answers\n{self.stack.log('web')}")
        self.stack.subscribe()

    def play(self, steps: list[Step]) -> None:
        """Do all that the plan says, at its moments; what a step begins ends by itself."""
        self._began = time.monotonic()
        for step in steps:
            self._at(step.at_s, lambda step=step: self._do(step))
        end_s = self.plan.seconds
        for n in range(1, int(end_s / TICK_S)):
            self._at(n * TICK_S, self._tick)
        while self._heap:
            at_s, _, act = heapq.heappop(self._heap)
            time.sleep(max(0.0, self._began + at_s - time.monotonic()))
            act()

    def _tick(self) -> None:
        self._start_what_ended()
        self._in_background(self.an_hour_passes)

    def _do(self, step: Step) -> None:
        self.counts[step.kind] = self.counts.get(step.kind, 0) + 1
        getattr(self, f"_{step.kind}")(**step.args)

    def _at(self, at_s: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (at_s, next(self._order), act))

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        self._at(time.monotonic() - self._began + seconds, act)

    def _in_background(self, act: Callable[[], None]) -> None:
        self._pending = [f for f in self._pending if not f.done() or f.result()]
        self._pending.append(self._pool.submit(act))

    def _persistently(self, act: Callable[[], None]) -> None:
        """Until it succeeds: what a person does who is told to try again."""

        def attempts() -> None:
            for _ in range(200):
                try:
                    return act()
                except Exception as error:
                    last = error
                    if self._stopping.wait(0.5):
                        break
            raise StuckError(f"it never succeeded: {last!r}")

        self._in_background(attempts)

    # at Strava

    def _create(
        self,
        runner: int,
        id: int,
        days_ago: int,
        hour: int,
        km: float,
        sport: str,
        manual: bool,
        streams: bool,
        trouble: str | None,
        times: int,
        pushes: list[float],
    ) -> None:
        if trouble in ("not_found", "both"):
            self.stack.sim.add_fault("not_found", path=f"/api/v3/activities/{id}", times=times)
            self._denied.add(id)
        if trouble in ("empty_streams", "both"):
            self.stack.sim.add_fault("empty_streams", path=f"/api/v3/activities/{id}/streams", times=times)
        self._add_activity(runner, id, at(days_ago, hour), km, sport, manual, streams)
        self._tell(runner, id, "create", {}, pushes)

    def _edited_meanwhile(self, runner: int, id: int, late_s: float, then_km: float, **facts: Any) -> None:
        self.stack.sim.add_fault("late", path=f"/api/v3/activities/{id}", times=1, seconds=late_s)
        self._create(runner, id, **facts)

        def edit() -> None:
            with contextlib.suppress(requests.HTTPError):  # deleted meanwhile
                self._update(runner, id, {"km": then_km}, [0.0])

        self._later(0.6 * late_s, edit)

    def _add_activity(
        self,
        runner: int,
        id: int,
        start: datetime,
        km: float,
        sport: str = "Run",
        manual: bool = False,
        streams: bool = True,
    ) -> None:
        record = {
            "id": id,
            "athlete": {"id": runner, "resource_state": 1},
            "name": f"Run {id}",
            **_sport(sport),
            **_distance(km),
            "total_elevation_gain": float(id % 90),
            "start_date": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "start_date_local": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "timezone": "(GMT+00:00) Africa/Abidjan",
            "manual": manual,
            "has_heartrate": True,
            "average_heartrate": 140.5,
        }
        self.has_streams[id] = streams
        self.stack.sim.add_activity(record, streams=sparse_streams(km) if streams else None, push=False)

    def _update(self, runner: int, id: int, changes: dict[str, Any], pushes: list[float]) -> None:
        facts: dict[str, Any] = {}
        if "km" in changes:
            facts |= _distance(changes["km"])
        if "sport" in changes:
            facts |= _sport(changes["sport"])
        if "name" in changes:
            facts["name"] = changes["name"]
        if "gear" in changes:
            facts["gear_id"] = changes["gear"]
        updates = self.stack.sim.update_activity(id, facts, push=False)
        self._tell(runner, id, "update", updates, pushes)

    def _delete(self, runner: int, id: int, pushes: list[float]) -> None:
        self.stack.sim.delete_activity(id, push=False)
        self._tell(runner, id, "delete", {}, pushes)

    def _tell(self, runner: int, id: int, aspect: str, updates: dict[str, Any], pushes: list[float]) -> None:
        self.changed[id] = time.time()
        body = self._body(id, aspect, runner, updates=updates)
        for delay_s in pushes:
            self._later(delay_s, lambda: self._push(body))

    def _body(self, id: int, aspect: str, owner: int, **more: Any) -> dict[str, Any]:
        # A second of its own for each event: Strava's time has no finer step, and equal bodies are one event.
        self._event_time += 1
        return {
            "object_type": "activity",
            "object_id": id,
            "aspect_type": aspect,
            "owner_id": owner,
            "subscription_id": self.subscription_id(),
            "event_time": self._event_time,
            "updates": {},
            **more,
        }

    def subscription_id(self) -> int:
        """Ours at Strava."""
        if not hasattr(self, "_subscription"):
            self._subscription = int(self.stack.sim.state()["subscription"]["id"])
        return self._subscription

    def _push(self, body: dict[str, Any]) -> None:
        self.stack.sim.push(body)

    def _withdraw(self, runner: int) -> None:
        them = self.runners[runner]
        them.is_connected, them.withdrew = False, True
        self.stack.sim.deauthorise(runner)

    def _connect(self, runner: int) -> None:
        them = self.runners[runner]
        them.is_connected = True
        self._persistently(lambda: self._grant(them))

    def _grant(self, them: Runner) -> None:
        granted = self.stack.sim.grant(scope=",".join(ASKED_SCOPES), athlete_id=them.strava_id)
        login = StravaLogin(
            strava_athlete_id=them.strava_id,
            name="Robin",
            access_token=granted["access_token"],
            refresh_token=granted["refresh_token"],
            expires_at=datetime.fromtimestamp(granted["expires_at"], UTC),
            scopes=frozenset(ASKED_SCOPES),
        )
        self.stack.services.accounts.connect_strava(them.athlete_id, login)

    # forged

    def _forged_deletion(self, runner: int, id: int) -> None:
        if id in self._denied:
            self.unsure.add(id)
        self._push(self._body(id, "delete", runner))

    def _forged_creation(self, runner: int, id: int) -> None:
        self._push(self._body(id, "create", runner))

    def _forged_withdrawal(self, runner: int) -> None:
        self._push(self._body(runner, "update", runner, object_type="athlete", updates={"authorized": "false"}))

    def _wrong_subscription(self, runner: int, id: int, aspect: str) -> None:
        self._forge(self._body(id, aspect, runner, subscription_id=4))

    def _unknown_owner(self, id: int) -> None:
        self._forge(self._body(id, "create", 999_999))

    def _forge(self, body: dict[str, Any]) -> None:
        self.forged.append(body)
        self._push(body)

    # files

    def _upload(self, runner: int, days_ago: int, samples: int) -> None:
        start = at(days_ago, FILE_HOUR)
        name = f"{start:%Y-%m-%d}.fit"
        self._hand_in(HandedIn(self.runners[runner], name, run_fit(samples, start), True, start, samples))

    def _broken_upload(self, runner: int, salt: int) -> None:
        content = b"\x0e\x20 no run is in here " + str(salt).encode()
        self._hand_in(HandedIn(self.runners[runner], f"broken-{salt}.fit", content, False))

    def _same_upload(self, runner: int, which: int) -> None:
        mine = [f for f in self.files if f.runner.strava_id == runner and f.is_good]
        if which < len(mine):
            self._hand_in(mine[which], again=True)

    def _hand_in(self, file: HandedIn, again: bool = False) -> None:
        if not again:
            self.files.append(file)

        def post() -> None:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(
                    f"http://127.0.0.1:{self.stack.port}/api/v1/uploads",
                    files={"files": (file.name, file.content)},
                    headers={"Authorization": f"Bearer {file.runner.api_token}"},
                    timeout=40,
                )
            assert answer.status_code == 202, f"{answer.status_code} {answer.text[:200]}"
            file.upload_id = answer.json()[0]["id"]

        self._persistently(post)

    # Strava's faults

    def _status(self, path: str, times: int, status: int) -> None:
        self.stack.sim.add_fault("status", path=path, times=times, status=status)

    def _rate_limited(self, path: str, times: int, status: int) -> None:
        self.stack.sim.add_fault("status", path="/api/v3/a*", times=times, status=429)

    def _html(self, path: str, times: int, status: int) -> None:
        self.stack.sim.add_fault("html", path=path, times=times)

    def _hang(self, path: str, times: int, status: int) -> None:
        self.stack.sim.add_fault("hang", path=path, times=1, seconds=2.5)

    def _delay(self, path: str, times: int, status: int) -> None:
        self.stack.sim.add_fault("delay", path=path, times=times, seconds=0.7)

    def _drop(self, path: str, times: int, status: int) -> None:
        self.stack.sim.add_fault("drop", path=path, times=times)

    def _window_used_up(self, path: str, times: int, status: int) -> None:
        self.stack.sim.set_options(rate_usage=(100_000, 100_000))
        self._later(1.5, lambda: self.stack.sim.set_options(rate_usage=(0, 0)))

    def _tokens_expire(self, path: str, times: int, status: int) -> None:
        self.stack.sim.expire_tokens()

    def _inactive(self, path: str, times: int, status: int) -> None:
        self.stack.sim.set_options(inactive=True)
        self._later(1.5, lambda: self.stack.sim.set_options(inactive=False))

    # our faults

    def _killed(self, name: str, seconds: float) -> None:
        if self.stack.processes[name].poll() is None:
            self.stack.kill(name)
            self._note_renewals()
            self._later(seconds, lambda: self._start(name))

    def _start(self, name: str) -> None:
        argv = {"web": ("web", "--port", str(self.stack.port), "--processes", "2")}.get(name, (name,))
        self.stack.start(name, *argv)

    def _start_what_ended(self) -> None:
        """As `loadwatch up` and compose do."""
        for name, process in list(self.stack.processes.items()):
            if process.poll() is not None:
                self.ended.append(f"{name} ended by itself, with {process.returncode}")
                self._start(name)

    def _worker_killed(self, seconds: float, dice: int) -> None:
        self._killed("worker", seconds)

    def _web_killed(self, seconds: float, dice: int) -> None:
        """Whole or, twice as often, one of the processes that answer."""
        if dice % 3 == 0:
            self._killed("web", seconds)
        else:
            self._one_killed("web", dice)

    def _beat_killed(self, seconds: float, dice: int) -> None:
        self._killed("beat", seconds)

    def _child_killed(self, seconds: float, dice: int) -> None:
        self._one_killed("worker", dice)

    def _one_killed(self, name: str, dice: int) -> None:
        children = self._family(name)[1:]
        if children:
            with contextlib.suppress(psutil.NoSuchProcess):
                children[dice % len(children)].kill()
            self._note_renewals()

    def _note_renewals(self) -> None:
        """
        Whose new pair may have died with the process that had asked for it.

        Strava gives it once: no order of steps here can save it, and the runner has to connect again.
        """
        with contextlib.suppress(SQLAlchemyError):
            rows = self.rows("SELECT athlete_id FROM strava_connections WHERE refresh_lease_until IS NOT NULL")
            self.in_renewal |= {r["athlete_id"] for r in rows}
            if rows:
                self.say(f"killed while it renewed the tokens of {[r['athlete_id'] for r in rows]}")

    def _connect_again(self) -> None:
        rows = self.rows("SELECT athlete_id FROM strava_connections WHERE state = 'connected'")
        connected = {r["athlete_id"] for r in rows}
        for runner in self.runners.values():
            # Without tokens a forged withdrawal is believed: then even the connection is gone.
            if runner.is_connected and runner.athlete_id in self.in_renewal - connected:
                self.say(f"runner {runner.strava_id}'s tokens died with the worker that renewed them")
                self._grant(runner)

    def _worker_frozen(self, seconds: float, dice: int) -> None:
        self._freeze(self._family("worker"), seconds)

    def _freeze(self, processes: list[psutil.Process], seconds: float) -> None:
        def send(number: signal.Signals) -> None:
            for process in processes:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(number)

        send(signal.SIGSTOP)
        self._later(seconds, lambda: send(signal.SIGCONT))

    def _family(self, name: str) -> list[psutil.Process]:
        process = self.stack.processes.get(name)
        if process is None:
            return []
        try:
            first = psutil.Process(process.pid)
            return [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _broker_killed(self, seconds: float, dice: int) -> None:
        self.broker.kill()
        self._later(seconds, lambda: self.broker.start())

    _broker_gone = _broker_killed

    def _broker_emptied(self, seconds: float, dice: int) -> None:
        self.broker.kill()
        shutil.rmtree(self.broker.data_dir / "broker")
        self._later(seconds, lambda: self.broker.start())

    def _broker_frozen(self, seconds: float, dice: int) -> None:
        assert self.broker.pid is not None
        self._freeze([psutil.Process(self.broker.pid)], seconds)

    def _flushall(self, seconds: float, dice: int) -> None:
        with redis.Redis.from_url(self.broker.url, socket_timeout=2) as client:
            client.flushall()

    def _disk_full(self, seconds: float, dice: int) -> None:
        """No file of the web processes grows beyond two kilobytes: what a full disk does, to them alone."""
        self._limit(["web"], 2048)
        self._later(seconds, lambda: self._limit(["web"], resource.RLIM_INFINITY))

    def _limit(self, names: list[str], size: int) -> None:
        for name in names:
            # Not the worker's own process, whose locks between processes are files too.
            for process in self._family(name)[name == "worker" :]:
                with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
                    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def _mail_gone(self, seconds: float, dice: int) -> None:
        self._mood("gone", seconds)

    def _mail_hangs(self, seconds: float, dice: int) -> None:
        self._mood("hangs", seconds)

    def _mail_delays(self, seconds: float, dice: int) -> None:
        self._mood("delays", seconds)

    def _mail_mute(self, seconds: float, dice: int) -> None:
        self._mood("mute", seconds)

    def _mood(self, mood: str, seconds: float) -> None:
        self.mails.mood = mood
        self._later(seconds, lambda: setattr(self.mails, "mood", "well"))

    def _database_locked(self, seconds: float, dice: int) -> None:
        """Somebody holds the writer's lock, on PostgreSQL that of the inbox."""

        def hold() -> None:
            url = make_url(self.stack.settings.database_url)
            if self.plan.database == "sqlite":
                with contextlib.closing(sqlite3.connect(str(url.database), timeout=5, isolation_level=None)) as held:
                    held.execute("BEGIN EXCLUSIVE")
                    time.sleep(seconds)
                    held.execute("ROLLBACK")
                return
            with self.stack.services.engines.write.begin() as held:
                held.execute(text("LOCK TABLE inbox, fetch_jobs IN ACCESS EXCLUSIVE MODE"))
                time.sleep(seconds)

        self._in_background(lambda: _whatever_comes(hold))

    def _database_gone(self, seconds: float, dice: int) -> None:
        """PostgreSQL throws everybody out and lets nobody in; SQLite's files take nothing more."""
        if self.plan.database == "sqlite":
            self._limit(["web", "worker"], 0)
            self._later(seconds, lambda: self._limit(["web", "worker"], resource.RLIM_INFINITY))
            return
        self._let_in(False)
        self._later(seconds, lambda: self._let_in(True))

    def _let_in(self, anybody: bool) -> None:
        import psycopg
        from psycopg import sql

        url = make_url(self.stack.settings.database_url)
        name = str(url.database)
        other = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
        with psycopg.connect(other, autocommit=True) as connection:
            connection.execute(
                sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(sql.Identifier(name), sql.Literal(anybody))
            )
            if not anybody:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
                )

    # time

    def an_hour_passes(self) -> None:
        """
        For what waits in the database and in the limiter alone: all that waits for a time is due now.

        Any row may be retried early, as the sync page does; so this cannot hide a fault.
        """
        past, now = datetime.now(UTC) - timedelta(seconds=1), datetime.now(UTC)
        statements = [
            "UPDATE fetch_jobs SET next_attempt_at = :past WHERE next_attempt_at > :now",
            "UPDATE fetch_jobs SET missing_since = :long_past WHERE missing_since > :hour_ago AND attempts >= 5",
            "UPDATE fetch_jobs SET limited_until = NULL",
            "UPDATE assess_jobs SET next_attempt_at = :past WHERE next_attempt_at > :now",
            "UPDATE outbox SET next_attempt_at = :past WHERE state = 'pending' AND next_attempt_at > :now",
            "UPDATE ways SET retry_at = :past WHERE retry_at > :now",
            "UPDATE uploads SET next_attempt_at = :past WHERE next_attempt_at > :now",
            "UPDATE strava_connections SET check_at = :past WHERE check_at > :now",
            "UPDATE strava_connections SET backfill_at = :past WHERE backfill_at > :now",
        ]
        times = {
            "past": past,
            "now": now,
            "long_past": now - timedelta(hours=2),
            "hour_ago": now - timedelta(hours=1),
        }
        self._write(statements, times)
        with contextlib.suppress(redis.RedisError), redis.Redis.from_url(self.broker.url, socket_timeout=1) as client:
            for key in client.scan_iter("loadwatch:strava:*"):
                if not key.endswith(b":limits"):
                    client.delete(key)

    def leases_end(self) -> None:
        """What broke off in a process that lives is free when its lease runs out: now."""
        past = {"past": datetime.now(UTC) - timedelta(seconds=1)}
        self._write(
            [
                "UPDATE fetch_jobs SET lease_until = :past WHERE lease_until > :past",
                "UPDATE uploads SET lease_until = :past WHERE lease_until > :past",
                "UPDATE outbox SET lease_until = :past WHERE lease_until > :past",
                "UPDATE strava_connections SET refresh_lease_until = :past WHERE refresh_lease_until > :past",
            ],
            past,
        )

    def _write(self, statements: list[str], times: dict[str, datetime]) -> None:
        if self.plan.database == "sqlite":
            texts = {k: f"{v.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" for k, v in times.items()}
            values: dict[str, Any] = texts
        else:
            values = dict(times)

        def write() -> None:
            with self.stack.services.engines.write.begin() as connection:
                for statement in statements:
                    used = {k: v for k, v in values.items() if f":{k}" in statement}
                    connection.execute(text(statement), used)

        _whatever_comes(write)

    # rest

    def settle(self) -> None:
        """All faults end; what was told is done."""
        for name in PARTS:
            if name not in self.stack.processes:
                self._start(name)
        self._start_what_ended()
        wait_until(lambda: self.stack._get("/healthz") == 200, "web answers")
        for future in self._pending:
            future.result(60)
        self.stack.sim.clear_faults()
        self._wait_for_pushes()
        self._rest()
        self._connect_again()
        self._rest()

    def edit_while_fetched(self) -> None:
        """In the calm after the faults each runner's newest run is changed just while it is read: once for sure."""
        fresh = {FIRST_CALM_ID + n: r for n, r in enumerate(self.runners.values()) if r.is_connected}
        for id, runner in fresh.items():
            self.stack.sim.add_fault("late", path=f"/api/v3/activities/{id}", times=1, seconds=2.0)
            self._add_activity(runner.strava_id, id, at(1, FIRST_HOUR), 5.0)
            self._push(self._body(id, "create", runner.strava_id))
            wait_until(lambda id=id: self._is_fetching(id), "it is being fetched", 60, every_s=0.1)
            time.sleep(0.3)
            self._update(runner.strava_id, id, {"km": 6.0}, [])
            self._push(self._body(id, "update", runner.strava_id))
        self._wait_for_pushes()
        self._rest()

    def _is_fetching(self, source_id: int) -> bool:
        """Whether Strava was asked for it: the fault that makes its answer late is used up."""
        path = f"/api/v3/activities/{source_id}"
        return any(f["path"] == path and f["times"] == 0 for f in self.stack.sim.state()["faults"])

    def _wait_for_pushes(self) -> None:
        deadline = time.monotonic() + 60
        while self.stack.sim.state()["pending_pushes"]:
            assert time.monotonic() < deadline, "pushes still under way"
            time.sleep(0.3)

    def read_the_lists(self) -> None:
        """The list is held against what is stored until it finds nothing more: what was never told."""
        for _ in range(PASSES):
            if not self._read_the_lists():
                return
        raise StuckError(f"the list still finds something after {PASSES} passes")

    def _rest(self) -> None:
        progress = began = time.monotonic()
        seen: set[Any] = set()
        next_tick, next_lease_end, next_word = began, began + STALE_LEASE_S, began + 10.0
        while waits := self.what_waits():
            now = time.monotonic()
            done = {(table, row.get("id"), row.get("done"), row.get("state")) for table, row in waits}
            if done != seen:
                seen, progress = done, now
            if now - progress > STUCK_S:
                lines = "\n".join(f"  {table}: {row}" for table, row in waits[:20])
                raise StuckError(f"{len(waits)} rows wait, and none was done in {STUCK_S:g} s:\n{lines}")
            if now > next_tick:
                self.an_hour_passes()
                self.knock("sweep")
                next_tick = now + 2.0
            if now > next_word:
                self.say(f"waiting: {dict(Counter(table for table, _ in waits))}")
                next_word = now + 10.0
            if now > next_lease_end:
                self.leases_end()
                next_lease_end = now + STALE_LEASE_S
            time.sleep(0.2)

    def _read_the_lists(self) -> int:
        """Let beat's knock renew every list; how much was found."""
        began = datetime.now(UTC)
        before = self._reconciliations()
        self._write(
            ["UPDATE strava_connections SET recent_at = :past, window_at = :past"],
            {"past": began - timedelta(seconds=1)},
        )
        deadline = time.monotonic() + 90
        connected = sum(r.is_connected for r in self.runners.values())
        while len(fresh := self._reconciliations()[len(before) :]) < connected:
            if time.monotonic() > deadline:
                raise StuckError(f"only {len(fresh)} of {connected} lists were read\n{self.connections()}")
            self.knock("keep")
            time.sleep(0.5)
        self._rest()
        return sum(fresh)

    def _reconciliations(self) -> list[int]:
        rows = self.rows("SELECT n_missed + n_edited + n_gone AS n FROM reconciliations ORDER BY id")
        return [int(r["n"]) for r in rows]

    def connections(self) -> str:
        shown = "athlete_id, state, check_at, recent_at, window_at, unread_since, refresh_lease_until"
        return "\n".join(str(r) for r in self.rows(f"SELECT {shown} FROM strava_connections"))

    def knock(self, task: str) -> None:
        """As beat does."""
        from workers.app import make_publisher

        make_publisher(self.stack.settings).send_task(f"workers.care.{task}", retry=False, expires=30)

    def what_waits(self) -> list[tuple[str, dict[str, Any]]]:
        """Rows whose work is not done."""
        asked = {
            "inbox": "SELECT * FROM inbox WHERE state = 'pending'",
            # Of who has to connect again the work waits for that.
            "fetch_jobs": "SELECT * FROM fetch_jobs WHERE"
            " (wanted > done OR next_attempt_at IS NOT NULL OR lease_owner IS NOT NULL) AND athlete_id NOT IN"
            " (SELECT athlete_id FROM strava_connections WHERE state = 'needs_reauth')",
            "assess_jobs": "SELECT * FROM assess_jobs WHERE wanted > done OR next_attempt_at IS NOT NULL",
            "outbox": "SELECT * FROM outbox WHERE state IN ('pending', 'claimed', 'sending')",
            "uploads": "SELECT * FROM uploads WHERE state = 'waiting' OR next_attempt_at IS NOT NULL"
            " OR lease_owner IS NOT NULL",
            "strava_connections": "SELECT athlete_id, state, check_at, backfill_at FROM strava_connections"
            " WHERE check_at IS NOT NULL OR backfill_at IS NOT NULL",
        }
        return [(table, row) for table, query in asked.items() for row in self.rows(query)]

    def told(self) -> dict[str, float]:
        """
        When each event, by its canonical body, came in that was answered with 200. [s since the epoch]

        The first attempt that may have been kept counts: it is the one that a worker was woken for.
        """
        if self._told is None:
            kept: dict[str, float] = {}
            answered: set[str] = set()
            for attempt in self.stack.sim.state()["deliveries"]:
                body = canonical(attempt["body"])
                if attempt["status"] in (200, None):
                    began = attempt["at"] - attempt["seconds"]
                    kept[body] = min(began, kept.get(body, began))
                if attempt["status"] == 200:
                    answered.add(body)
            self._told = {body: began for body, began in kept.items() if body in answered}
        return self._told

    def withdrawal_was_told(self, runner: Runner) -> bool:
        """Whether the push that tells it was answered with 200."""
        mine = f'"owner_id":{runner.strava_id}'
        return any(mine in body and '"object_id":' + str(runner.strava_id) in body for body in self.withdrawals())

    def withdrawals(self) -> list[str]:
        return [body for body in self.told() if '"authorized":"false"' in body]

    def figures(self) -> Iterator[str]:
        """What the run was like."""
        pushes = Counter(d["status"] for d in self.stack.sim.state()["deliveries"])
        yield f"answers to pushes: {dict(pushes)}"
        yield f"inbox: {self._by('state', 'inbox')}, runs: {self._by('source', 'runs')}"
        yield f"alerts: {self._by('state', 'alerts')}, mails: {self._by('state', 'outbox')}"
        yield f"ended: {self.ended}"
        yield f"received mails: {len(self.mails.messages)}, found by the list: {sum(self._reconciliations())}"

    def _by(self, column: str, table: str) -> dict[str, int]:
        rows = self.rows(f"SELECT {column} AS k, count(*) AS n FROM {table} GROUP BY {column} ORDER BY {column}")
        return {r["k"]: r["n"] for r in rows}

    def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        """What a query gives, without any code of the product between."""
        with self.stack.services.engines.read.connect() as connection:
            return [dict(r) for r in connection.execute(text(query), values).mappings()]

    def close(self) -> None:
        self._stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _whatever_comes(act: Callable[[], None]) -> None:
    """The harness' own hand on a database that is being broken: it may fail like any other."""
    with contextlib.suppress(SQLAlchemyError, sqlite3.Error):
        act()


def canonical(body: dict[str, Any]) -> str:
    """One text for equal bodies."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def at(days_ago: int, hour: int) -> datetime:
    """A start, so many days before today. UTC"""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=days_ago) + timedelta(hours=hour)


def _distance(km: float) -> dict[str, Any]:
    return {"distance": km * 1000, "moving_time": round(km * 330), "elapsed_time": round(km * 345)}


def _sport(sport: str) -> dict[str, str]:
    return {"sport_type": sport, "type": sport}


def sparse_streams(km: float, every_s: int = 20) -> dict[str, list[Any]]:
    """An even run to the north over low hills, a sample every 20 s: as small as samples can be."""
    n = max(2, round(km * 330) // every_s)
    metres = [km * 1000 * i / (n - 1) for i in range(n)]
    return {
        "time": [i * every_s for i in range(n)],
        "distance": [round(m, 1) for m in metres],
        "latlng": [[round(47 + m / 111_194.93, 6), 8.0] for m in metres],
        "altitude": [round(400 + 15 * abs((m / 500) % 2 - 1), 1) for m in metres],
    }


@contextlib.contextmanager
def running_house(plan: Plan, folder: Path, database_url: str, say: Callable[[str], None]) -> Iterator[House]:
    """A house whose parts are made, and gone on leaving; `open` starts them."""
    with (
        BrokerProcess(folder / "broker") as broker,
        running_smtp_server(MoodySmtp) as mails,
        running_stack(
            folder / "data",
            database_url,
            broker.url,
            LOADWATCH_SMTP_URL=mails.url,
            LOADWATCH_SWEEP_S="1",
            LOADWATCH_NOTIFY_OLD_RUNS="true",
        ) as stack,
    ):
        stack.sim.set_options(strict_access=True, push_delays=[0.0, 0.5, 1.0])
        house = House(plan, stack, broker, mails, say)
        try:
            yield house
        finally:
            house.close()
