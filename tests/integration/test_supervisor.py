"""The supervisor, with real processes: what it starts, restarts and, above all, never leaves behind."""

import contextlib
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from loadwatch.adapters import broker
from loadwatch.supervisor import AlreadyRunning, Child, ChildFailed, DataDirError, Supervisor

ROOT = Path(__file__).parents[2]
LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="uses /dev/full or the parent-death signal")

SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]

# Like Celery's pool: a parent, and a child in the same process group that takes no notice of TERM.
POOL = [
    sys.executable,
    "-S",
    "-c",
    "import os, signal, sys, time\n"
    "if os.fork() == 0:\n"
    "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "    open(sys.argv[1], 'w').write(str(os.getpid()))\n"
    "time.sleep(60)\n",
]

STUBBORN = [
    sys.executable,
    "-S",
    "-c",
    "import signal, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "open(sys.argv[1], 'w').write('deaf')\n"
    "time.sleep(60)\n",
]

# The supervisor as a process of its own; children are given as JSON, its lines go to standard output.
SCRIPT = """
import json, pathlib, sys
from loadwatch.adapters import broker
from loadwatch.supervisor import Child, Supervisor, SupervisorError
data_dir = pathlib.Path(sys.argv[1])
def say(line):
    print(line, flush=True)
children = []
for child in json.loads(sys.argv[2]):
    ready = None
    if "ready_file" in child:
        ready = pathlib.Path(child.pop("ready_file")).exists
    if child["name"] == "broker":
        url = broker.redis_url(data_dir)
        child |= {"argv": broker.server_command(data_dir), "env": dict(broker.SERVER_ENV)}
        ready = lambda: broker.ping(url)
    children.append(Child(**child, ready=ready))
try:
    supervisor = Supervisor(data_dir, children, say, backoff_s=(0.1, 0.2), leftover_grace_s=0.5)
    code = supervisor.run(on_ready=lambda: say("ready"))
except SupervisorError as error:
    sys.exit(f"{type(error).__name__}: {error}")
say("left cleanly")
sys.exit(code)
"""


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Each test fails if a supervisor in it leaves a process behind."""
    before = set(psutil.Process().children())
    yield
    assert set(psutil.Process().children()) <= before


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder whose path leaves room for a socket, which pytest's own may not."""
    with tempfile.TemporaryDirectory(prefix="lw-") as folder:
        yield Path(folder).resolve()


@dataclass
class Running:
    """A supervisor that runs as a process of its own."""

    process: subprocess.Popen[str]
    data_dir: Path
    lines: list[str] = field(default_factory=list)

    def read_until(self, wanted: str) -> str:
        """The first line that has these words in it; fails at the end of the output."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if wanted in line:
                return self.lines[-1]
        raise AssertionError(f"no line with {wanted!r} in {self.lines}")

    def pid_of(self, name: str) -> int:
        return int(json.loads((self.data_dir / "run" / f"{name}.json").read_text())["pid"])

    def wait(self) -> int:
        assert self.process.stdout is not None
        self.lines += self.process.stdout.read().splitlines()
        return self.process.wait(20)


Start = Callable[..., Running]


@pytest.fixture
def start(data_dir: Path) -> Iterator[Start]:
    """Starts supervisors, and kills in the end what a failed test has left."""
    all_started: list[Running] = []

    def start_one(*children: dict[str, object], folder: Path = data_dir) -> Running:
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, folder, json.dumps(children)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
            text=True,
            start_new_session=True,
            # Whoever runs the tests under nohup would hand down that SIGHUP is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        )
        all_started.append(Running(process, folder))
        return all_started[-1]

    yield start_one
    for running in all_started:
        running.process.kill()
        running.process.wait()
        assert running.process.stdout is not None
        running.process.stdout.close()
        for file in (running.data_dir / "run").glob("*.json"):
            with contextlib.suppress(OSError, ValueError):
                os.killpg(int(json.loads(file.read_text())["pid"]), signal.SIGKILL)


def _ignore(_line: str) -> None:
    pass


def _until(true: Callable[[], bool], timeout_s: float = 8.0) -> bool:
    give_up_at = time.monotonic() + timeout_s
    while not true() and time.monotonic() < give_up_at:
        time.sleep(0.02)
    return true()


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _written_pid(file: Path) -> int:
    assert _until(lambda: file.exists() and file.read_text() != "")
    return int(file.read_text())


def _clean(data_dir: Path) -> bool:
    return not list((data_dir / "run").iterdir()) and not list(data_dir.rglob("*.sock"))


def test_children_start_in_order_and_stop_in_reverse(data_dir: Path) -> None:
    journal = data_dir / "journal"
    script = (
        "import signal, sys\n"
        "def note(what): open(sys.argv[1], 'a').write(what + ' ' + sys.argv[2] + '\\n')\n"
        "signal.signal(signal.SIGTERM, lambda *_: (note('stop'), sys.exit()))\n"
        "note('start')\n"
        "signal.pause()\n"
    )

    def child(name: str) -> Child:
        argv = [sys.executable, "-S", "-c", script, str(journal), name]
        return Child(name, argv, ready=lambda: f"start {name}" in journal.read_text())

    said: list[str] = []
    with Supervisor(data_dir, [child("broker"), child("web"), child("beat")], said.append) as supervisor:
        assert supervisor.start()
        assert not supervisor.wait(0.05)

    started = ["start broker", "start web", "start beat"]
    assert journal.read_text().splitlines() == [*started, "stop beat", "stop web", "stop broker"]
    assert said == ["stopping; Ctrl-C again to stop at once", "stopped"]
    assert _clean(data_dir)


def test_a_child_gets_its_environment_and_writes_into_its_log(data_dir: Path) -> None:
    log = data_dir / "logs" / "web.log"
    (data_dir / "logs").mkdir()
    log.write_bytes(b"x" * (5 * 1024 * 1024 + 1))
    script = (
        "import os, time\nprint(os.environ['LOADWATCH_X'], os.getsid(0) == os.getpid(), flush=True)\ntime.sleep(60)\n"
    )
    argv = [sys.executable, "-S", "-c", script]
    child = Child("web", argv, env={"LOADWATCH_X": "42"}, ready=lambda: log.stat().st_size > 0)

    with Supervisor(data_dir, [child], _ignore) as supervisor:
        assert supervisor.start()

    assert log.read_text() == "42 True\n"
    assert log.with_name("web.log.1").stat().st_size == 5 * 1024 * 1024 + 1


def test_a_child_that_ends_while_starting_is_reported_with_the_end_of_its_log(data_dir: Path) -> None:
    broken = Child("web", [sys.executable, "-c", "raise SystemExit('port 8000 is taken')"], ready=lambda: False)
    fine = Child("broker", SLEEP)

    with pytest.raises(ChildFailed, match=r"(?s)web stopped while starting \(exit code 1\).*port 8000 is taken"):
        Supervisor(data_dir, [fine, broken], _ignore).run()
    assert _clean(data_dir)


def test_a_child_that_does_not_get_ready_is_reported_and_stopped(data_dir: Path) -> None:
    child = Child("web", SLEEP, ready=lambda: False, ready_timeout_s=0.2)

    with pytest.raises(ChildFailed, match=r"web was not ready after 0\.2 s"):
        Supervisor(data_dir, [child], _ignore).run()


def test_a_program_that_is_not_there_is_reported(data_dir: Path) -> None:
    with pytest.raises(ChildFailed, match="cannot start web"):
        Supervisor(data_dir, [Child("web", ["/no/such/program"])], _ignore).run()


def test_a_crashed_child_starts_again_after_growing_pauses_and_the_others_go_on(data_dir: Path) -> None:
    said: list[str] = []
    count = data_dir / "count"
    crash = f"import os; open({str(count)!r}, 'a').write('x'); os.kill(os.getpid(), 9)"
    children = [Child("web", SLEEP), Child("worker", [sys.executable, "-S", "-c", crash])]

    with Supervisor(data_dir, children, said.append, backoff_s=(0.01, 0.02, 0.03)) as supervisor:
        supervisor.start()
        web = int(json.loads((data_dir / "run" / "web.json").read_text())["pid"])
        while len(said) < 4:
            supervisor.wait(0.05)
        assert _runs(web)

    what = "worker stopped unexpectedly (signal 9); starting it again in"
    assert said[:4] == [f"{what} {pause} s" for pause in ("0.01", "0.02", "0.03", "0.03")]
    assert len(count.read_text()) >= 4


def test_a_child_that_was_healthy_for_long_starts_again_at_the_shortest_pause(data_dir: Path) -> None:
    said: list[str] = []
    child = Child("worker", [sys.executable, "-S", "-c", "import time; time.sleep(0.1)"])

    supervisor = Supervisor(data_dir, [child], said.append, backoff_s=(0.01, 60), healthy_after_s=0.05)
    with supervisor:
        supervisor.start()
        while len(said) < 3:
            supervisor.wait(0.05)

    assert set(said[:3]) == {"worker stopped unexpectedly (exit code 0); starting it again in 0.01 s"}


def test_the_pauses_double_up_to_half_a_minute(data_dir: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(data_dir, [Child("worker", SLEEP)], said.append)
    for _ in range(7):
        supervisor._plan_restart(supervisor._states[0], "down")

    assert [re.findall(r"\d+", line) for line in said] == [["1"], ["2"], ["4"], ["8"], ["16"], ["30"], ["30"]]


def test_orphans_of_a_killed_child_are_gone_before_it_starts_again(data_dir: Path, start: Start) -> None:
    file = data_dir / "pool.pid"
    running = start({"name": "worker", "argv": [*POOL, str(file)], "ready_file": str(file)})
    running.read_until("ready")
    orphan = _written_pid(file)
    os.kill(running.pid_of("worker"), signal.SIGKILL)

    line = running.read_until("worker stopped unexpectedly")
    assert line == "worker stopped unexpectedly (signal 9); starting it again in 0.1 s"
    assert _until(lambda: file.read_text() not in ("", str(orphan)))
    assert not _runs(orphan)


def test_a_second_start_on_the_same_folder_is_refused_and_harms_nothing(data_dir: Path, start: Start) -> None:
    first = start({"name": "web", "argv": SLEEP})
    first.read_until("ready")

    with pytest.raises(AlreadyRunning, match=rf"as process {first.process.pid}\. Stop it with Ctrl-C"):
        Supervisor(data_dir, [Child("web", SLEEP)], _ignore).run()
    assert _runs(first.pid_of("web"))


def test_the_lock_is_not_inherited_by_children(data_dir: Path) -> None:
    with Supervisor(data_dir, [Child("web", SLEEP)], _ignore) as supervisor:
        supervisor.start()
        os.close(supervisor._lock or 0)
        supervisor._lock = None
        with (data_dir / "up.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


@LINUX_ONLY
def test_after_kill_9_the_next_start_ends_what_was_left_and_says_so(data_dir: Path, start: Start) -> None:
    pool, deaf = data_dir / "pool.pid", data_dir / "deaf"
    first = start(
        {"name": "worker", "argv": [*POOL, str(pool)], "ready_file": str(pool)},
        {"name": "web", "argv": [*STUBBORN, str(deaf)], "ready_file": str(deaf)},
        {"name": "beat", "argv": SLEEP},
    )
    first.read_until("ready")
    worker, web, beat = (first.pid_of(name) for name in ("worker", "web", "beat"))
    orphan = _written_pid(pool)
    first.process.kill()
    first.process.wait()
    # The parent-death signal ends those that listen to it, but not the pool's child, nor the deaf one.
    assert _until(lambda: not _runs(worker) and not _runs(beat))
    assert _runs(orphan)
    assert _runs(web)

    second = start({"name": "beat", "argv": SLEEP})
    second.read_until("ready")

    assert not _runs(orphan)
    assert not _runs(web)
    assert "an earlier loadwatch was killed and left a process of worker behind; ending that" in second.lines
    assert "an earlier loadwatch was killed and left a process of web behind; ending that" in second.lines
    assert [file.name for file in (data_dir / "run").iterdir()] == ["beat.json"]


def test_a_pid_that_now_belongs_to_somebody_else_is_left_alone(data_dir: Path) -> None:
    stranger = subprocess.Popen(SLEEP, start_new_session=True)
    try:
        (data_dir / "run").mkdir()
        record = {"pid": stranger.pid, "create_time": psutil.Process(stranger.pid).create_time() - 3600}
        (data_dir / "run" / "worker.json").write_text(json.dumps({**record, "argv": SLEEP}))
        (data_dir / "run" / "web.json").write_text("{half a rec")

        with Supervisor(data_dir, [], _ignore):
            assert stranger.poll() is None
        assert _clean(data_dir)
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_and_leaves_nothing_behind(data_dir: Path, start: Start, number: signal.Signals) -> None:
    pool = data_dir / "pool.pid"
    running = start(
        {"name": "broker"},
        {"name": "worker", "argv": [*POOL, str(pool)], "ready_file": str(pool)},
    )
    running.read_until("ready")
    pids = [running.pid_of("broker"), running.pid_of("worker"), _written_pid(pool)]
    assert all(_runs(pid) for pid in pids)
    assert broker.socket_path(data_dir).exists()
    running.process.send_signal(number)

    assert running.wait() == 0
    assert running.lines[-2:] == ["stopped", "left cleanly"]
    assert not any(_runs(pid) for pid in pids)
    assert _clean(data_dir)
    assert not (data_dir / "broker" / "server.pid").exists()
    assert (data_dir / "up.lock").read_text() == ""


def test_a_child_that_does_not_stop_in_time_is_killed(data_dir: Path) -> None:
    said: list[str] = []
    deaf = data_dir / "deaf"
    child = Child("web", [*STUBBORN, str(deaf)], ready=deaf.exists, stop_grace_s=0.2)
    with Supervisor(data_dir, [child], said.append) as supervisor:
        supervisor.start()

    assert "web did not stop within 0.2 s; killing it" in said


def test_a_second_ctrl_c_kills_at_once(data_dir: Path, start: Start) -> None:
    deaf = data_dir / "deaf"
    running = start({"name": "web", "argv": [*STUBBORN, str(deaf)], "ready_file": str(deaf)})
    running.read_until("ready")
    web = running.pid_of("web")
    running.process.send_signal(signal.SIGINT)
    running.read_until("stopping")
    before = time.monotonic()
    running.process.send_signal(signal.SIGINT)

    assert running.wait() == 0
    assert time.monotonic() - before < 5
    assert not _runs(web)
    assert _clean(data_dir)


def test_ctrl_c_while_starting_stops_what_has_started(data_dir: Path, start: Start) -> None:
    running = start(
        {"name": "broker"},
        {"name": "web", "argv": SLEEP, "ready_file": str(data_dir / "never")},
    )
    assert _until((data_dir / "run" / "web.json").exists)
    pids = [running.pid_of("broker"), running.pid_of("web")]
    running.process.send_signal(signal.SIGINT)

    assert running.wait() == 0
    assert "ready" not in running.lines
    assert not any(_runs(pid) for pid in pids)
    assert _clean(data_dir)


def test_a_closed_terminal_does_not_keep_it_from_stopping(data_dir: Path) -> None:
    def broken(line: str) -> None:
        raise BrokenPipeError(line)

    with Supervisor(data_dir, [Child("web", SLEEP)], broken) as supervisor:
        supervisor.start()


def test_the_callers_signal_handlers_are_given_back(data_dir: Path) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
    before = [signal.getsignal(number) for number in numbers]
    with Supervisor(data_dir, [], _ignore):
        assert [signal.getsignal(number) for number in numbers] != before

    assert [signal.getsignal(number) for number in numbers] == before


def test_a_data_folder_that_cannot_be_made_is_reported(data_dir: Path) -> None:
    (data_dir / "file").write_text("")

    with pytest.raises(DataDirError, match=r"cannot write to the data folder .*Not a directory.*--data-dir"):
        Supervisor(data_dir / "file" / "data", [], _ignore).run()


@LINUX_ONLY
def test_a_full_disk_is_reported(data_dir: Path) -> None:
    (data_dir / "up.lock").symlink_to("/dev/full")

    with pytest.raises(DataDirError, match=r"No space left on device.*free some space"):
        Supervisor(data_dir, [], _ignore).run()


@pytest.mark.parametrize("names", [("web", "web"), ("../web",), ("",)])
def test_names_that_would_clash_or_leave_the_folder_are_refused(data_dir: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="distinct names"):
        Supervisor(data_dir, [Child(name, SLEEP) for name in names], _ignore)
