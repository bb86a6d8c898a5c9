"""
Runs loadwatch's processes on one machine: starts, watches, restarts and stops them.

Everything happens in one thread, because Linux' parent-death signal belongs to the thread that forks. The
loop sleeps until a signal comes or the next restart is due. Each child leads a session of its own: Ctrl-C in
the terminal reaches only the supervisor, and whatever a child leaves behind can be found by its session.
"""

import contextlib
import errno
import fcntl
import json
import os
import re
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

import psutil

from loadwatch.adapters.broker import log_tail, parent_death_hook

BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Pauses before the first, second, … restart in a row of a child that keeps ending. [s]"""

HEALTHY_AFTER_S = 60.0
"""A child that lived this long starts again at the shortest pause. [s]"""

LEFTOVER_GRACE_S = 5.0
"""What is left of an ended child, or of a killed supervisor, gets this long between TERM and KILL. [s]"""

LARGEST_LOG = 5 * 1024 * 1024
"""A longer log is put aside as `<name>.log.1` when its child starts. [bytes]"""

LEAST_FREE = 16 * 1024 * 1024
"""With less free space the database and the broker's file would fail soon after. [bytes]"""

_SAME_START_S = 2.0  # psutil derives a start time from the boot time, which wavers when the clock is set
_NAME = re.compile(r"[A-Za-z0-9_-]+")


class SupervisorError(Exception):
    """The processes cannot be run; the message says why and what to do."""


class AlreadyRunning(SupervisorError):
    """Another supervisor holds this data folder."""


class DataDirError(SupervisorError):
    """The data folder cannot be used: not writable, or the disk is full."""


class ChildFailed(SupervisorError):
    """A child ended, or did not get ready, when it was first started."""


@dataclass(frozen=True)
class Child:
    """One process to run."""

    name: str
    """Letters, digits, - and _; names its log and pid file."""
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the supervisor's own environment."""
    ready: Callable[[], bool] | None = None
    """Asked every 0.1 s at the first start until true (OSError counts as false); None: ready when started."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_grace_s: float = 15.0
    """From the stop signal until the child is killed. [s]"""
    ready_timeout_s: float = 60.0
    needed_by_next: bool = False
    """At the first start the next child waits until this one is ready; the others come up side by side."""


@dataclass
class _State:
    """What the supervisor knows about a child."""

    child: Child
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    restart_at: float | None = None


class Supervisor:
    """
    Keeps children running on one data folder until it is told to stop.

    `run()` is all of it. In steps, for a caller with work in between::

        with Supervisor(data_dir, children, say) as supervisor:  # lock taken, leftovers of a crash removed
            migrate()
            if supervisor.start():                               # all ready; False: told to stop meanwhile
                supervisor.wait()                                # until SIGINT, SIGTERM or SIGHUP
                                                                 # on leaving: stopped in reverse order
    """

    def __init__(
        self,
        data_dir: Path,
        children: Sequence[Child],
        say: Callable[[str], None],
        *,
        backoff_s: Sequence[float] = BACKOFF_S,
        healthy_after_s: float = HEALTHY_AFTER_S,
        leftover_grace_s: float = LEFTOVER_GRACE_S,
    ) -> None:
        """
        Parameters
        ----------
        data_dir : Path
            Its lock, logs and pid files are kept here; made if need be.
        children : sequence of Child
            In the order in which they start.
        say : callable
            Takes one line for the user at a time.
        backoff_s, healthy_after_s, leftover_grace_s
            See the constants of the same names. [s]

        Raises
        ------
        ValueError
            If two children share a name, or a name does not fit a file.
        """
        names = [child.name for child in children]
        if len(set(names)) != len(names) or not all(_NAME.fullmatch(name) for name in names):
            raise ValueError(f"children need distinct names of letters, digits, - and _: {names}")
        self.data_dir = data_dir.expanduser().resolve()
        self._states = [_State(child) for child in children]
        self._say = say
        self._backoff_s = tuple(backoff_s)
        self._healthy_after_s = healthy_after_s
        self._leftover_grace_s = leftover_grace_s
        self._lock: int | None = None
        self._wakeups: tuple[int, int] | None = None
        self._old_handlers: dict[signal.Signals, Any] = {}
        self._old_wakeup_fd = -1
        self._stopping = False
        self._in_a_hurry = False

    @property
    def stopping(self) -> bool:
        """Whether a signal has asked to stop."""
        return self._stopping

    def run(self, on_ready: Callable[[], None] | None = None) -> int:
        """
        Start all, call `on_ready`, mind them until a signal says stop, stop all; the exit code, 0.

        Raises
        ------
        AlreadyRunning, DataDirError, ChildFailed
            When it cannot start; nothing is left running then.
        """
        with self:
            if self.start():
                if on_ready is not None:
                    on_ready()
                self.wait()
        return 0

    def __enter__(self) -> Self:
        """
        Take the lock and the signals, and end what a killed supervisor left running on this folder.

        Raises
        ------
        AlreadyRunning, DataDirError
        """
        try:
            self._lock = self._take_lock()
            self._catch_signals()
            self._end_leftovers()
        except BaseException:
            self._let_go()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the children in reverse order, then give back signals and lock."""
        try:
            self._stop_all()
        finally:
            self._let_go()

    def start(self) -> bool:
        """
        Start the children in order and wait until all are ready.

        Returns
        -------
        bool
            False if a signal asked to stop before all were ready.

        Raises
        ------
        ChildFailed
            If one ends or is not ready in time; the message has the end of its log.
        DataDirError
            If its log or pid file cannot be written.
        """
        for state in self._states:
            if self._stopping:
                return False
            try:
                self._launch(state)
            except OSError as error:
                raise ChildFailed(f"cannot start {state.child.name}: {error}") from error
            if state.child.needed_by_next:
                self._await_ready(state)
        for state in self._states:
            if not state.child.needed_by_next:
                self._await_ready(state)
        return not self._stopping

    def wait(self, timeout_s: float | None = None) -> bool:
        """
        Mind the children until a signal asks to stop, or the time is over.

        Returns
        -------
        bool
            True if it is time to stop, False if only `timeout_s` [s] has passed.
        """
        until = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._stopping:
            self._mind()
            now = time.monotonic()
            if until is not None and now >= until:
                return False
            due = [state.restart_at for state in self._states if state.restart_at is not None]
            if until is not None:
                due.append(until)
            self._pause(max(0.0, min(due) - now) if due else None)
        return True

    # -- lock and signals --------------------------------------------------------------------------

    def _take_lock(self) -> int:
        path = self.data_dir / "up.lock"
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in ("logs", "run"):
                (self.data_dir / folder).mkdir(mode=0o700, exist_ok=True)
            # Python's files are not inherited by children, so the lock dies with this process.
            lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._data_dir_error(error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.pwrite(lock, b"%d\n" % os.getpid(), 0)
            os.ftruncate(lock, len(b"%d\n" % os.getpid()))
            if shutil.disk_usage(self.data_dir).free < LEAST_FREE:
                raise OSError(errno.ENOSPC, "almost no space left on device")
        except BlockingIOError as error:
            owner = os.pread(lock, 20, 0).decode(errors="replace").strip()
            os.close(lock)
            raise AlreadyRunning(
                f"loadwatch is running on {self.data_dir} already, as process {owner or '(unknown)'}."
                f" Stop it with Ctrl-C where it runs or with: kill {owner or 'PID'} ."
                " To run a second one beside it, give that its own --data-dir and --port."
            ) from error
        except OSError as error:
            os.close(lock)
            raise self._data_dir_error(error) from error
        return lock

    def _data_dir_error(self, error: OSError) -> DataDirError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            what = "free some space"
        else:
            what = "make it a folder that this user may write to"
        return DataDirError(
            f"cannot write to the data folder {self.data_dir}: {error.strerror}."
            f" Please {what}, or choose another one with --data-dir or LOADWATCH_DATA_DIR."
        )

    def _catch_signals(self) -> None:
        reader, writer = os.pipe()
        self._wakeups = (reader, writer)
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        self._old_wakeup_fd = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            # Under nohup SIGHUP is ignored on purpose.
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue
            self._old_handlers[number] = signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGCHLD:  # only to wake up
            return
        if self._stopping and number == signal.SIGINT:
            self._in_a_hurry = True
        self._stopping = True

    def _let_go(self) -> None:
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        self._old_handlers.clear()
        if self._wakeups is not None:
            signal.set_wakeup_fd(self._old_wakeup_fd)
            for end in self._wakeups:
                os.close(end)
            self._wakeups = None
        if self._lock is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None

    def _pause(self, timeout_s: float | None) -> None:
        """Sleep until a signal arrives or the time is over."""
        assert self._wakeups is not None
        readable, _, _ = select.select([self._wakeups[0]], [], [], timeout_s)
        if readable:
            with contextlib.suppress(BlockingIOError):
                while os.read(self._wakeups[0], 512):
                    pass

    def _tell(self, line: str) -> None:
        # A closed terminal must not keep us from stopping what we started.
        with contextlib.suppress(OSError, ValueError):
            self._say(line)

    # -- starting ----------------------------------------------------------------------------------

    def _log(self, child: Child) -> Path:
        return self.data_dir / "logs" / f"{child.name}.log"

    def _pid_file(self, child: Child) -> Path:
        return self.data_dir / "run" / f"{child.name}.json"

    def _launch(self, state: _State) -> None:
        child = state.child
        log = self._log(child)
        try:
            with contextlib.suppress(FileNotFoundError):
                if log.stat().st_size > LARGEST_LOG:
                    log.replace(log.with_name(log.name + ".1"))
            output = log.open("ab")
        except OSError as error:
            raise self._data_dir_error(error) from error
        with output:
            process = subprocess.Popen(
                list(child.argv),
                env={**os.environ, **child.env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=parent_death_hook(signal.SIGTERM),
            )
        state.process = process
        state.started_at = time.monotonic()
        state.restart_at = None
        try:
            _write_pid_file(self._pid_file(child), process.pid, child.argv)
        except OSError as error:
            raise self._data_dir_error(error) from error

    def _await_ready(self, state: _State) -> None:
        child, process = state.child, state.process
        assert process is not None
        give_up_at = time.monotonic() + child.ready_timeout_s
        while not self._stopping:
            status = process.poll()
            if status is not None:
                what = f"stopped while starting ({_how(status)})"
                break
            if child.ready is None:
                return
            with contextlib.suppress(OSError):
                if child.ready():
                    return
            if time.monotonic() > give_up_at:
                what = f"was not ready after {child.ready_timeout_s:g} s"
                break
            self._mind(apart_from=state)
            self._pause(0.1)
        else:
            return
        raise ChildFailed(f"{child.name} {what}. The end of {self._log(child)}:\n{log_tail(self._log(child))}")

    # -- minding -----------------------------------------------------------------------------------

    def _mind(self, apart_from: _State | None = None) -> None:
        """Notice children that ended, and start again those whose pause is over."""
        for state in self._states:
            if state is apart_from or self._stopping:
                continue
            if state.process is not None and (status := state.process.poll()) is not None:
                self._on_crash(state, status)
            elif state.restart_at is not None and time.monotonic() >= state.restart_at:
                try:
                    self._launch(state)
                except (OSError, DataDirError) as error:
                    if state.process is not None:
                        _signal_all(_session(state.process.pid), signal.SIGKILL)
                        state.process.wait()
                        state.process = None
                    self._plan_restart(state, f"{state.child.name} could not be started: {error}")

    def _on_crash(self, state: _State, status: int) -> None:
        assert state.process is not None
        if time.monotonic() - state.started_at >= self._healthy_after_s:
            state.failures = 0
        pid, state.process = state.process.pid, None
        self._plan_restart(state, f"{state.child.name} stopped unexpectedly ({_how(status)})")
        # A killed worker leaves its pool behind, which would go on beside the new one.
        self._end(_session(pid))
        self._pid_file(state.child).unlink(missing_ok=True)

    def _plan_restart(self, state: _State, what: str) -> None:
        pause_s = self._backoff_s[min(state.failures, len(self._backoff_s) - 1)]
        state.failures += 1
        state.restart_at = time.monotonic() + pause_s
        self._tell(f"{what}; starting it again in {pause_s:g} s")

    # -- stopping ----------------------------------------------------------------------------------

    def _stop_all(self) -> None:
        self._stopping = True
        running = [state for state in reversed(self._states) if state.process is not None]
        if running:
            self._tell("stopping; Ctrl-C again to stop at once")
        for state in running:
            self._stop(state)
        for state in self._states:
            state.restart_at = None
            self._pid_file(state.child).unlink(missing_ok=True)
        if running:
            self._tell("stopped")

    def _stop(self, state: _State) -> None:
        child, process = state.child, state.process
        assert process is not None
        # Taken now: once the parent is gone, a descendant with a session of its own could not be found.
        family = _descendants(process.pid)
        if process.poll() is None:
            # Only the parent: Celery and gunicorn bring their own children home.
            process.send_signal(child.stop_signal)
        give_up_at = time.monotonic() + child.stop_grace_s
        while process.poll() is None and not self._in_a_hurry:
            left_s = give_up_at - time.monotonic()
            if left_s <= 0:
                self._tell(f"{child.name} did not stop within {child.stop_grace_s:g} s; killing it")
                break
            self._pause(left_s)
        family |= _session(process.pid)
        if process.poll() is None:
            family |= _descendants(process.pid)
            _signal_all(family, signal.SIGKILL)
            process.kill()
            process.wait()
        self._end(family)
        state.process = None
        self._pid_file(child).unlink(missing_ok=True)

    def _end(self, processes: Iterable[psutil.Process]) -> set[psutil.Process]:
        """TERM, then KILL after the grace (at once when in a hurry); returns the survivors."""
        left = _alive(processes)
        if left and not self._in_a_hurry:
            _signal_all(left, signal.SIGTERM)
            left = self._await_gone(left, self._leftover_grace_s)
        if left:
            _signal_all(left, signal.SIGKILL)
            left = self._await_gone(left, 2.0)
        for process in left:  # another user's, or stuck in the kernel as on a dead network disk
            self._tell(f"process {process.pid} cannot be ended")
        return left

    def _await_gone(self, processes: set[psutil.Process], timeout_s: float) -> set[psutil.Process]:
        # They are not our children, so no signal tells of their end.
        give_up_at = time.monotonic() + timeout_s
        pause_s = 0.01
        hurried_before = self._in_a_hurry
        while (left := _alive(processes)) and time.monotonic() < give_up_at:
            if self._in_a_hurry and not hurried_before:
                break
            self._pause(pause_s)
            pause_s = min(2 * pause_s, 0.2)
        return left

    def _end_leftovers(self) -> None:
        """End what a killed supervisor left running, by the pid files it could not remove."""
        found: set[psutil.Process] = set()
        files = sorted((self.data_dir / "run").glob("*.json"))
        for file in files:
            left = _alive(_leftovers(file))
            if left:
                number = "a process" if len(left) == 1 else f"{len(left)} processes"
                self._tell(f"an earlier loadwatch was killed and left {number} of {file.stem} behind; ending that")
                found |= left
        if survivors := self._end(found):
            pids = " ".join(str(process.pid) for process in survivors)
            raise SupervisorError(
                f"an earlier loadwatch still runs on {self.data_dir}, perhaps as another user."
                f" Stop it first: kill {pids}"
            )
        for file in files:
            file.unlink(missing_ok=True)


def _how(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit code {status}"


def _write_pid_file(path: Path, pid: int, argv: Sequence[str]) -> None:
    try:
        create_time = psutil.Process(pid).create_time()
    except psutil.Error:  # ended already; the next look at it will say so
        return
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"pid": pid, "create_time": create_time, "argv": list(argv)}))
    fresh.replace(path)


def _leftovers(pid_file: Path) -> set[psutil.Process]:
    """The processes that a pid file speaks of and that still run, with all they have started."""
    try:
        record = json.loads(pid_file.read_text())
        pid, create_time = int(record["pid"]), float(record["create_time"])
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    try:
        leader = psutil.Process(pid)
        if abs(leader.create_time() - create_time) > _SAME_START_S:
            return set()  # another process by now
        return {leader} | _descendants(pid) | _session(pid)
    except psutil.NoSuchProcess:
        # A number is not given out again while a session still bears it, so these are its orphans.
        return {process for process in _session(pid) if process.create_time() > create_time - _SAME_START_S}


def _descendants(pid: int) -> set[psutil.Process]:
    try:
        return set(psutil.Process(pid).children(recursive=True))
    except psutil.Error:
        return set()


def _session(leader: int) -> set[psutil.Process]:
    """All processes in the session or the process group that `leader` founded, also after its end."""
    members = set()
    for pid in psutil.pids():
        try:
            if leader in (os.getsid(pid), os.getpgid(pid)):
                members.add(psutil.Process(pid))
        except (OSError, psutil.Error):
            continue
    return members


def _alive(processes: Iterable[psutil.Process]) -> set[psutil.Process]:
    """Those that still run; a zombie has ended, whether or not its parent ever asks."""
    alive = set()
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                alive.add(process)
    return alive


def _signal_all(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process.send_signal(number)
