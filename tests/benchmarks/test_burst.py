"""
A burst of pushes of as many new runs, worked off by `loadwatch up`, beside a Celery task that inserts one row.

Each event is worth two calls of Strava, the samples read into features, the day recomputed and, at the end, the
athlete judged. The simulator that answers the calls runs on the same cores, so its own share is told apart.
Run with `./run bench -s` to see the figures.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from loadwatch.adapters.broker import parent_death_hook, redis_url
from loadwatch.services.accounts import ASKED_SCOPES, StravaLogin
from tests.benchmarks import bare_worker
from tests.benchmarks.bare_receiver import PUSHES
from tests.support.hammer import hammer
from tests.support.stack import Stack, running_stack, wait_until

BURST = int(os.environ.get("LW_BENCH_BURST", "2000"))
ATHLETES = 4
SAMPLES = 300
LEAST_RATE = 0.4
CORES = 2


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """`loadwatch up` with its own broker and SQLite, and several athletes."""
    folder = tmp_path_factory.mktemp("b")
    with running_stack(folder, f"sqlite:///{folder / 'loadwatch.db'}", "", LOADWATCH_SWEEP_S="30") as running:
        running.start("up", "up", "--port", str(running.port))
        ready = f"it is ready\n{running.log('up')}"
        wait_until(lambda: running._get("/readyz") == 200, ready, 60)
        running.sim.set_options(rate_limits=[10**6, 10**7], read_rate_limits=[10**6, 10**7])
        running.subscribe()
        yield running
        running.stop("up")


def _connect(stack: Stack, strava_id: int) -> int:
    accounts = stack.services.accounts
    account = accounts.sign_up("R", f"r{strava_id}@example.org", "a long password", "Europe/Berlin", force=True)
    granted = stack.sim.grant(scope=",".join(ASKED_SCOPES), athlete_id=strava_id)
    accounts.connect_strava(
        account.athlete_id,
        StravaLogin(
            strava_athlete_id=strava_id,
            name="R",
            access_token=granted["access_token"],
            refresh_token=granted["refresh_token"],
            expires_at=datetime.fromtimestamp(granted["expires_at"], UTC),
            scopes=frozenset(ASKED_SCOPES),
        ),
    )
    with stack.services.store.write() as tx:
        tx.want_backfill(account.athlete_id, None)
    return account.athlete_id


def _new_runs(stack: Stack) -> list[bytes]:
    """Runs at the simulator, two a day for each athlete, and their pushes."""
    subscription_id = stack.sim.state()["subscription"]["id"]
    bodies = []
    for n in range(BURST):
        owner_id, nth = 1001 + n % ATHLETES, n // ATHLETES
        start = datetime.now(UTC) - timedelta(hours=6 + 12 * nth)
        km = 5 + nth % 4
        seconds = [round(km * 360 * i / (SAMPLES - 1)) for i in range(SAMPLES)]
        activity = {
            "id": 10_000 + n,
            "athlete": {"id": owner_id},
            "name": "Run",
            "sport_type": "Run",
            "distance": km * 1000.0,
            "moving_time": km * 360,
            "elapsed_time": km * 360,
            "start_date": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "start_date_local": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        }
        streams = {
            "time": seconds,
            "distance": [round(s / 0.36, 1) for s in seconds],
            "latlng": [[round(52 + s / 0.36 / 111_195, 6), 13.0] for s in seconds],
            "altitude": [round(40 + 5 * (i % 50) / 50, 1) for i in range(SAMPLES)],
        }
        stack.sim.add_activity(activity, streams, push=False)
        push = {
            "object_type": "activity",
            "object_id": 10_000 + n,
            "aspect_type": "create",
            "owner_id": owner_id,
            "subscription_id": subscription_id,
            "event_time": 1_700_000_000 + n,
            "updates": {},
        }
        bodies.append(json.dumps(push).encode())
    return bodies


def _count(stack: Stack, query: str) -> int:
    with stack.services.engines.read.connect() as raw:
        return int(raw.exec_driver_sql(query).scalar() or 0)


@contextlib.contextmanager
def _bare_worker(stack: Stack) -> Iterator[int]:
    with (stack.folder / "bare.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.benchmarks.bare_worker"],
            env={**stack.env, "LOADWATCH_REDIS_URL": redis_url(stack.settings.data_dir)},
            stdout=log,
            stderr=log,
            preexec_fn=parent_death_hook(signal.SIGTERM),
        )
    yield process.pid
    process.terminate()
    process.wait(20)


def _bare_rate(stack: Stack) -> tuple[float, float]:
    """Tasks per second, from the first that is sent to the last row, and the CPU time that one takes. [s]"""
    PUSHES.create(stack.services.engines.write)
    rows = "SELECT count(*) FROM bare_pushes"
    sender = bare_worker.app()
    sender.conf.broker_url = "redis+socket://" + redis_url(stack.settings.data_dir).removeprefix("unix://")
    with _bare_worker(stack) as pid:
        sender.send_task(bare_worker.insert.name, args=[0])
        wait_until(lambda: _count(stack, rows) == 1, "the bare worker is warm", 60)
        began, used_s = time.perf_counter(), _family_s(pid) + time.process_time()
        for n in range(1, BURST + 1):
            sender.send_task(bare_worker.insert.name, args=[n])
        wait_until(lambda: _count(stack, rows) == BURST + 1, "the bare worker is done", 600, every_s=0.02)
        rate = BURST / (time.perf_counter() - began)
        return rate, (_family_s(pid) + time.process_time() - used_s) / BURST


def _family_s(pid: int) -> float:
    return sum(_cpu_s(p.pid) for p in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)])


def _cpu_s(pid: int) -> float:
    used = psutil.Process(pid).cpu_times()
    return used.user + used.system


def test_a_burst_is_drained_beside_a_task_of_one_insert(stack: Stack) -> None:
    athletes = [_connect(stack, 1001 + n) for n in range(ATHLETES)]
    bodies = _new_runs(stack)
    bare, bare_s = _bare_rate(stack)

    up, simulator = stack.processes["up"].pid, stack.simulator.process.pid
    own_s, simulated_s = _family_s(up), _cpu_s(simulator)
    began = time.perf_counter()
    pushed = hammer(stack.services.settings.callback_url, bodies)
    pushed_s = time.perf_counter() - began
    assert pushed.n_stored == BURST
    unread = "SELECT count(*) FROM inbox WHERE state = 'pending'"
    undone = "SELECT count(*) FROM fetch_jobs WHERE wanted > done"
    wait_until(lambda: not _count(stack, unread) and not _count(stack, undone), "drained", 900, every_s=0.05)
    drained_s = time.perf_counter() - began
    wait_until(stack.nothing_waits, "all is judged and mailed", 120, every_s=0.05)
    judged_s = time.perf_counter() - began
    own_s, simulated_s = _family_s(up) - own_s, _cpu_s(simulator) - simulated_s

    assert [len(stack.run_ids(a)) for a in athletes] == [BURST // ATHLETES] * ATHLETES
    rate, net = BURST / drained_s, BURST / (drained_s - simulated_s / CORES)
    own_ms, simulated_ms = 1000 * own_s / BURST, 1000 * simulated_s / BURST
    print(
        f"\n{BURST} pushes, load {os.getloadavg()[0]:.1f}: taken in {pushed_s:.1f} s, worked off in"
        f" {drained_s:.1f} s, judged and mailed in {judged_s:.1f} s"
        f"\nworked off {rate:.1f}/s; without the simulator's share of {CORES} cores {net:.1f}/s"
        f"\na Celery task of one insert: {bare:.0f}/s; of it {rate / bare:.2f},"
        f" without the simulator {net / bare:.2f}"
        f"\nCPU: an event {own_ms:.1f} ms, its two calls in the simulator {simulated_ms:.1f} ms,"
        f" a task of one insert {1000 * bare_s:.1f} ms"
    )
    assert net >= LEAST_RATE * bare
