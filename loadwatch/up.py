"""`loadwatch up`: everything on one machine."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

import requests

from loadwatch import supervisor
from loadwatch.adapters import broker
from loadwatch.settings import Settings, SettingsError, ensure_secret_key

Say = Callable[[str], None]


class UpError(SettingsError):
    """`loadwatch up` cannot start; the message says why and what to do."""


def environment(settings: Settings) -> dict[str, str]:
    """What the children must be told beside the environment that they inherit."""
    return {
        "LOADWATCH_DATA_DIR": str(settings.data_dir),
        "LOADWATCH_DATABASE_URL": settings.database_url,
        "LOADWATCH_BASE_URL": settings.base_url,
        "LOADWATCH_REDIS_URL": settings.redis_url,
        "PYTHONUNBUFFERED": "1",
    }


def children(settings: Settings, port: int, env: Mapping[str, str]) -> list[supervisor.Child]:
    """The processes, in the order in which they start; they stop in reverse."""

    def child(name: str, *argv: str, ready: Callable[[], bool], grace_s: float = 15.0) -> supervisor.Child:
        return supervisor.Child(name, command(name, *argv), env, ready=ready, stop_grace_s=grace_s)

    started = []
    if settings.embedded_broker:
        url = broker.redis_url(settings.data_dir)
        argv = broker.server_command(settings.data_dir)
        started.append(
            supervisor.Child(
                "broker",
                argv,
                broker.SERVER_ENV,
                ready=lambda: broker.ping(url),
                stop_grace_s=10.0,
                needed_by_next=True,
            )
        )
    watching = []
    if settings.watch_dir is not None:
        argv = command("import", "--watch", str(settings.watch_dir))
        watching.append(supervisor.Child("watch", argv, env, ready=lambda: True, stop_grace_s=15.0))
    return [
        *started,
        child("web", "--port", str(port), ready=lambda: _parts(port).get("database") == "ok"),
        child("beat", ready=lambda: _parts(port).get("beat") == "ok"),
        # Its running tasks get ten seconds of their own before they are handed back.
        child("worker", ready=lambda: _parts(port).get("worker") == "ok", grace_s=20.0),
        *watching,
    ]


def command(name: str, *argv: str) -> list[str]:
    """How one of our own commands is run."""
    return [sys.executable, "-P", "-m", "loadwatch", name, *argv]


def _parts(port: int) -> dict[str, str]:
    """What /readyz says of each part; nothing while it does not answer."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            return dict(session.get(f"http://127.0.0.1:{port}/readyz", timeout=2).json())
        except (requests.RequestException, ValueError):
            return {}


def _migrate(env: Mapping[str, str]) -> None:
    done = subprocess.run(command("migrate"), env={**os.environ, **env}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UpError(f"the database cannot be brought up to date:\n{(done.stderr or done.stdout).strip()}")


def check_port(port: int) -> None:
    """
    Raises
    ------
    UpError
        If something listens there already.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UpError(
                f"port {port} cannot be used ({error.strerror}): choose another with --port, or stop what uses it"
            ) from error


def run_up(
    settings: Settings,
    port: int,
    say: Say,
    *,
    env: Mapping[str, str] | None = None,
    on_ready: Callable[[supervisor.Supervisor], None] | None = None,
    stay: bool = True,
) -> int:
    """
    Start everything, say where it is, mind it until a signal comes, stop everything.

    Parameters
    ----------
    env : mapping, optional
        Added to the children's environment.
    on_ready : callable, optional
        Called once when all parts answer, with their supervisor: who waits there waits with its `wait`.
    stay : bool
        False: stop when `on_ready` is done.

    Returns
    -------
    int
        Exit code: 0 after a stop that was asked for.
    """
    ensure_secret_key(settings)
    given = {**environment(settings), **(env or {})}
    try:
        with supervisor.Supervisor(settings.data_dir, children(settings, port, given), say) as minder:
            check_port(port)
            say("starting: broker, database, web, beat, worker")
            _migrate(given)
            if minder.start():
                if on_ready is not None:
                    on_ready(minder)
                if stay:
                    say(f"loadwatch is ready: {settings.base_url}")
                    say(f"data and logs: {settings.data_dir}   (Ctrl-C stops everything)")
                    minder.wait()
    except (supervisor.SupervisorError, broker.BrokerError) as error:
        raise UpError(str(error)) from error
    finally:
        with suppress(OSError):
            if settings.embedded_broker and not (settings.data_dir / "run" / "broker.json").exists():
                broker.remove_socket(settings.data_dir)
    return 0
