"""loadwatch as it runs: simulator, webhooks, worker and beat as processes of their own, on a real database."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import redis
import requests

from loadwatch.adapters.broker import parent_death_hook
from loadwatch.adapters.db import migrate
from loadwatch.adapters.db.tables import Base
from loadwatch.bootstrap import Services, make_services
from loadwatch.demo.simulator_client import SimulatorClient, SimulatorProcess, start_simulator
from loadwatch.services.accounts import ASKED_SCOPES, StravaLogin
from loadwatch.settings import Settings
from loadwatch.strava_admin import subscribe

SECRET_KEY = "a-secret-key-for-tests-that-must-not-be-logged"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_until(is_so: Callable[[], bool], what: str, timeout_s: float = 30.0, every_s: float = 0.01) -> None:
    """Poll a condition; fails with its name."""
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, f"after {timeout_s} s not yet: {what}"
        time.sleep(every_s)


@dataclass
class Stack:
    """
    A running loadwatch with a pretended Strava.

    The tests look into its database through `services`, which are this process' own.
    """

    settings: Settings
    simulator: SimulatorProcess
    folder: Path
    env: dict[str, str]
    port: int
    services: Services = field(init=False)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.services = make_services(self.settings)

    @property
    def sim(self) -> SimulatorClient:
        return self.simulator.client

    # processes

    def start(self, name: str, *argv: str, **env: str) -> subprocess.Popen[bytes]:
        """Run `loadwatch ARGV` (its name by default) with its log in the folder."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "loadwatch", *(argv or (name,))],
                env={**self.env, **env},
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=parent_death_hook(signal.SIGKILL),
            )
        self.processes[name] = process
        return process

    def start_webhooks(self) -> None:
        self.start("webhooks", "webhooks", "--port", str(self.port), "--processes", "2")
        wait_until(lambda: self._get("/healthz") == 200, f"webhooks answer\n{self.log('webhooks')}")

    def start_worker(self, name: str = "worker", **env: str) -> None:
        from loadwatch.adapters.pulse import alive

        self.start(name, "worker", **env)
        url = self.settings.redis_url
        wait_until(lambda: alive(url)["worker"] == "ok", f"the worker answers\n{self.log(name)}")

    def kill(self, name: str) -> None:
        """kill -9 of the process and all that it started."""
        process = self.processes.pop(name)
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def close(self) -> None:
        for name in list(self.processes):
            self.kill(name)
        self.services.close()
        self.simulator.stop()

    def reset(self) -> None:
        """An empty database, broker and Strava; the processes and the subscription stay."""
        self.sim.wait_until_pushed()
        self.sim.reset()
        with redis.Redis.from_url(self.settings.redis_url) as client:
            client.flushall()
        for table in reversed(Base.metadata.sorted_tables):
            if table.name != "strava_subscription":
                with self.services.engines.write.begin() as connection:
                    connection.execute(table.delete())
        shutil.rmtree(self.settings.mailbox_dir, ignore_errors=True)
        if "worker" not in self.processes:
            self.start_worker()

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def all_logs(self) -> str:
        return "\n".join(p.read_text(errors="replace") for p in sorted(self.folder.glob("*.log")))

    def _get(self, path: str) -> int:
        with requests.Session() as session:
            session.trust_env = False
            try:
                return session.get(f"http://127.0.0.1:{self.port}{path}", timeout=2).status_code
            except requests.RequestException:
                return 0

    # people

    def connect(self, email: str = "runner@example.org", *, backfill: bool = False, **grant: Any) -> int:
        """An account whose athlete is connected; the athlete's id."""
        accounts = self.services.accounts
        athlete_id = accounts.sign_up("Robin", email, "a long password", "Europe/Berlin", force=True).athlete_id
        accounts.update_profile(athlete_id, quiet_from=0, quiet_to=0)  # tests run at night too
        granted = self.sim.grant(scope=",".join(ASKED_SCOPES), **grant)
        accounts.connect_strava(
            athlete_id,
            StravaLogin(
                strava_athlete_id=granted["athlete"]["id"],
                name="Robin",
                access_token=granted["access_token"],
                refresh_token=granted["refresh_token"],
                expires_at=datetime.fromtimestamp(granted["expires_at"], UTC),
                scopes=frozenset(ASKED_SCOPES),
            ),
        )
        if not backfill:
            with self.services.store.write() as tx:
                tx.want_backfill(athlete_id, None)
        return athlete_id

    def subscribe(self) -> None:
        subscribe(self.services)

    # looking

    def nothing_waits(self) -> bool:
        """Whether events, fetches, judgements and mails are all worked off; streams may still be waited for."""
        now = datetime.now(UTC) + timedelta(seconds=1)
        # In the order in which work moves on, so that none slips from a place not yet looked at to one behind.
        with self.services.store.read() as tx:
            if tx.pending_inbox_ids(1):
                return False
        with self.services.engines.read.connect() as raw:
            if raw.exec_driver_sql("SELECT 1 FROM fetch_jobs WHERE wanted > done").first():
                return False
        with self.services.store.read() as tx:
            return not (tx.due_assessments(now, 1) or tx.due_outbox_ids(now, 1) or tx.claimed_outbox_ids(1))

    def settle(self, timeout_s: float = 60.0) -> None:
        """Wait until the simulator has pushed and everything is worked off."""
        self.sim.wait_until_pushed(timeout_s)
        wait_until(
            self.nothing_waits, f"everything is worked off\n{self.log('worker')[-3000:]}", timeout_s, every_s=0.03
        )

    def run_ids(self, athlete_id: int) -> list[int]:
        """Strava's ids of the stored activities, sorted, each as often as it is stored."""
        with self.services.store.read() as tx:
            runs = tx.run_details_since(athlete_id, datetime(2000, 1, 1, tzinfo=UTC))
        return sorted(r.source_id for r in runs)


@contextlib.contextmanager
def running_stack(
    folder: Path, database_url: str, redis_url: str, *, source: Path | None = None, held: bool = False, **env: str
) -> Iterator[Stack]:
    """A stack whose database is migrated and whose processes the test starts as it needs them."""
    port = free_port()
    simulator = start_simulator(source=source, held=held)
    given = {
        "LOADWATCH_DATA_DIR": str(folder),
        "LOADWATCH_DATABASE_URL": database_url,
        "LOADWATCH_REDIS_URL": redis_url,
        "LOADWATCH_BASE_URL": f"http://127.0.0.1:{port}",
        "LOADWATCH_SECRET_KEY": SECRET_KEY,
        "LOADWATCH_STRAVA_CLIENT_ID": "1",
        "LOADWATCH_STRAVA_CLIENT_SECRET": "s",
        "LOADWATCH_STRAVA_API_URL": f"{simulator.url}/api/v3",
        "LOADWATCH_STRAVA_OAUTH_URL": f"{simulator.url}/oauth",
        "LOADWATCH_STRAVA_RETRY_S": "[1, 1, 1, 1]",
        "LOADWATCH_SWEEP_S": "3",
        "LOADWATCH_STRAVA_HISTORY_PER_QUARTER": "10000",
        "LOADWATCH_STRAVA_HISTORY_PER_DAY": "10000",
        **env,
    }
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("LOADWATCH_")}
    fields = {k.removeprefix("LOADWATCH_").lower(): v for k, v in given.items()}
    fields["strava_retry_s"] = (1, 1, 1, 1)  # type: ignore[assignment]
    settings = Settings(**fields)  # type: ignore[arg-type]
    stack = Stack(settings, simulator, folder, {**inherited, **given, "PYTHONPATH": os.pathsep.join(sys.path)}, port)
    try:
        migrate.upgrade(stack.services.engines.write)
        yield stack
    finally:
        stack.close()
