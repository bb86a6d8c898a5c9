"""`loadwatch up` and `loadwatch demo --once`, started as a person starts them, and treated badly."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.support.stack import free_port, wait_until

ROOT = Path(__file__).parents[2]


class Up:
    """`loadwatch up` on a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.home = folder / "home"
        self.home.mkdir()
        self.port = free_port()
        self.output = folder / "up.log"
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self) -> subprocess.Popen[bytes]:
        command = ["up", "--port", str(self.port), "--data-dir", str(self.data)]
        with self.output.open("ab") as log:
            command = [sys.executable, "-P", "-m", "loadwatch", *command]
            env = {**environment(), "HOME": str(self.home)}
            return subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=self.folder)

    def start(self) -> None:
        before = self.said().count("loadwatch is ready")
        self.process = self.launch()
        self.wait_ready()
        wait_until(lambda: self.said().count("loadwatch is ready") > before, "it says that it is ready")

    def wait_ready(self) -> None:
        wait_until(lambda: self.ready() == 200, f"/readyz is 200\n{self.said()}", 60, every_s=0.05)

    def ready(self) -> int:
        with requests.Session() as session:
            session.trust_env = False
            try:
                return session.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code
            except requests.RequestException:
                return 0

    def said(self) -> str:
        return self.output.read_text() if self.output.exists() else ""

    def pid_of(self, child: str) -> int:
        return int(json.loads((self.data / "run" / f"{child}.json").read_text())["pid"])

    def family(self) -> list[psutil.Process]:
        """All processes that work on this data folder."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.pid != os.getpid() and str(self.data) in " ".join(
                    [*process.cmdline(), process.environ().get("LOADWATCH_DATA_DIR", "")]
                ):
                    found.append(process)
        return found


def environment() -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("LOADWATCH_")}
    return {**inherited, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    running = Up(tmp_path)
    yield running
    for process in running.family():
        with contextlib.suppress(psutil.Error):
            process.kill()
    if running.process is not None:
        running.process.wait()


def test_ctrl_c_stops_all_and_leaves_nothing_behind(up: Up):
    up.start()
    assert f"http://127.0.0.1:{up.port}" in up.said()
    assert up.process is not None

    up.process.send_signal(signal.SIGINT)

    assert up.process.wait(40) == 0
    assert up.family() == []
    assert list((up.data / "run").glob("*.json")) == []
    assert not list(up.data.glob("*.sock"))
    assert list(up.home.iterdir()) == []


def test_what_crashes_is_started_again_and_a_second_start_is_refused(up: Up):
    """In one start, as each takes seconds."""
    up.start()
    for part in ("worker", "beat", "broker", "web"):
        crash(up, part)
    assert up.process is not None

    second = up.launch()
    assert second.wait(30) == 1
    assert str(up.process.pid) in up.said()
    assert up.ready() == 200

    os.kill(up.pid_of("worker"), signal.SIGSTOP)
    wait_until(lambda: up.ready() == 503, "it is not ready while the worker is gone")


def crash(up: Up, part: str) -> None:
    """Kill a part, and wait until that is said and the part is back."""
    before, said = up.pid_of(part), len(up.said())
    os.kill(before, signal.SIGKILL)

    wait_until(lambda: part in up.said()[said:] and "signal 9" in up.said()[said:], f"the crash of {part} is said")
    wait_until(lambda: (up.data / "run" / f"{part}.json").exists() and up.pid_of(part) != before, f"{part} is back")
    up.wait_ready()


def test_a_port_in_use_is_named_and_nothing_is_left_running(up: Up):
    import socket

    with socket.create_server(("127.0.0.1", up.port)):
        assert up.launch().wait(30) == 1

    assert f"port {up.port} cannot be used" in up.said()
    assert up.family() == []


def test_killed_outright_it_starts_again_cleans_up_and_has_lost_nothing(up: Up):
    up.start()
    assert up.process is not None
    create = [sys.executable, "-m", "loadwatch", "user", "create", "a@example.org", "--password", "a long password"]
    env = {**environment(), "LOADWATCH_DATA_DIR": str(up.data)}
    subprocess.run(create, env=env, check=True, capture_output=True)

    up.process.kill()
    up.process.wait()
    time.sleep(0.2)
    up.start()

    listed = subprocess.run(
        [sys.executable, "-m", "loadwatch", "user", "list"], env=env, check=True, capture_output=True, text=True
    )
    assert "a@example.org" in listed.stdout
    roots = [p for p in up.family() if p.ppid() == up.process.pid]
    assert len(roots) == 4  # broker, web, beat, worker, each once


def test_the_demo_shows_the_chain_and_ends_well(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-P", "-m", "loadwatch", "demo", "--once", "--port", str(free_port())],
        env={**environment(), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"arrived after \d+ ms", done.stdout)) == 3
    assert re.search(r"ALERT \d+ \(R-M1, severity 2\): [\d.]+ km: your longest in 30 days was", done.stdout)
    assert re.search(r"ALERT \d+ \(R-H1, severity 1\): Downhill load \d+ m: your most in 42 days was", done.stdout)
    assert re.search(r"ALERT \d+ \(C-Q, severity 3\): Left front of the thigh", done.stdout)
    assert done.stdout.count("MAIL ") == 3
    assert list(tmp_path.iterdir()) == []  # nothing is kept
