"""
The receiver beside a bare Flask route that inserts one row: same server, same engine, same database, by turns.

Nobody works here: what the worker takes from the receiver is no part of this. But each nudge is taken from the
broker soon after it came, so that the receiver goes on nudging. Run with `./run bench -s` to see the figures.
"""

import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
import redis
import requests

from loadwatch.adapters.broker import parent_death_hook
from tests.benchmarks.bare_receiver import PUSHES
from tests.support.hammer import Hammered, hammer
from tests.support.stack import Stack, free_port, running_stack, wait_until

ROUNDS = 5
PER_ROUND = 1500
PROCESSES = "2"
"""As `loadwatch webhooks` has by default."""

LEAST_RATE = 0.7
GREATEST_P99 = 3.0

_SERVE = "import sys; from loadwatch.cli import _gunicorn; _gunicorn({app!r}, '127.0.0.1', {port}, {processes})"


@pytest.fixture(params=["sqlite", "postgresql"])
def stack(request: pytest.FixtureRequest, tmp_path: Path, redis_url: str) -> Iterator[Stack]:
    with contextlib.ExitStack() as ends:
        url = f"sqlite:///{tmp_path / 'test.db'}"
        if request.param == "postgresql":
            from tests.support.postgres import create_database, drop_database

            server = request.getfixturevalue("postgres_server")
            url = create_database(server)
            ends.callback(drop_database, server, url)
        running = ends.enter_context(running_stack(tmp_path, url, redis_url))
        PUSHES.create(running.services.engines.write)
        running.start_webhooks()
        running.connect()
        running.subscribe()
        yield running


@dataclass
class Server:
    """One of the two, with what its rounds gave."""

    name: str
    url: str
    pid: int
    rounds: list[Hammered] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    def take(self, bodies: list[bytes]) -> None:
        before_s = self._used_s()
        self.rounds.append(hammer(self.url, bodies))
        self.cpu_s.append(self._used_s() - before_s)
        assert self.rounds[-1].n_stored == len(bodies)

    def _used_s(self) -> float:
        times = [child.cpu_times() for child in psutil.Process(self.pid).children()]
        return sum(t.user + t.system for t in times)

    def forget(self) -> None:
        """The first round, in which they warmed up."""
        del self.rounds[0], self.cpu_s[0]

    def __str__(self) -> str:
        rates = ", ".join(f"{r.per_s:.0f}" for r in self.rounds)
        p99s = ", ".join(f"{1000 * r.p99_s:.1f}" for r in self.rounds)
        cpu_ms = 1000 * statistics.median(self.cpu_s) / PER_ROUND
        return f"{self.name}: requests/s {rates}; p99 {p99s} ms; CPU {cpu_ms:.2f} ms each"


@pytest.fixture
def bare(stack: Stack) -> Iterator[Server]:
    port = free_port()
    serve = _SERVE.format(app="tests.benchmarks.bare_receiver:app()", port=port, processes=PROCESSES)
    with (stack.folder / "bare.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", serve],
            env=stack.env,
            stdout=log,
            stderr=log,
            preexec_fn=parent_death_hook(signal.SIGTERM),
        )
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: _answers(f"{url}/healthz"), f"the bare route answers\n{stack.log('bare')}")
    yield Server("bare route", f"{url}/push", process.pid)
    process.terminate()
    process.wait(10)


def _answers(url: str) -> bool:
    with requests.Session() as session, contextlib.suppress(requests.RequestException):
        session.trust_env = False
        return session.get(url, timeout=2).status_code == 200
    return False


@pytest.fixture
def nudges_taken(stack: Stack) -> Iterator[list[int]]:
    """Empties the broker twenty times a second, as workers would that need no time; how many nudges there were."""
    taken: list[int] = []
    done = threading.Event()

    def take() -> None:
        with redis.Redis.from_url(stack.settings.redis_url) as client:
            while not done.wait(0.05):
                taken.append(client.llen("celery"))
                client.flushdb()

    thread = threading.Thread(target=take)
    thread.start()
    yield taken
    done.set()
    thread.join()


def _bodies(subscription_id: int, first: int) -> list[bytes]:
    return [
        json.dumps(
            {
                "object_type": "activity",
                "object_id": 10_000_000_000 + n,
                "aspect_type": "create",
                "owner_id": 1001,
                "subscription_id": subscription_id,
                "event_time": 1_700_000_000 + n,
                "updates": {},
            }
        ).encode()
        for n in range(first, first + PER_ROUND)
    ]


def test_the_receiver_keeps_up_with_a_bare_insert(stack: Stack, bare: Server, nudges_taken: list[int]) -> None:
    ours = Server("receiver", stack.services.settings.callback_url, stack.processes["webhooks"].pid)
    subscription_id = stack.sim.state()["subscription"]["id"]
    for n in range(ROUNDS + 1):
        bodies = _bodies(subscription_id, n * PER_ROUND)
        for server in (ours, bare) if n % 2 else (bare, ours):
            server.take(bodies)
    with stack.services.engines.read.connect() as raw:
        counts = [raw.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() for table in ("inbox", "bare_pushes")]
    assert counts == [(ROUNDS + 1) * PER_ROUND] * 2

    ours.forget()
    bare.forget()
    pairs = list(zip(ours.rounds, bare.rounds, strict=True))
    rate = statistics.median(o.per_s / b.per_s for o, b in pairs)
    p99 = statistics.median(o.p99_s / b.p99_s for o, b in pairs)
    print(
        f"\n{stack.services.engines.write.dialect.name}, load {os.getloadavg()[0]:.1f}:"
        f" {rate:.2f} of the bare route's requests per second, {p99:.2f} times its p99; {sum(nudges_taken)} nudges"
        f"\n{ours}\n{bare}"
    )
    assert rate >= LEAST_RATE
    assert p99 <= GREATEST_P99
