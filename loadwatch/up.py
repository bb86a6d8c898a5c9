"""`loadwatch up`: everything on one machine."""

import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

import requests

from loadwatch import supervisor
from loadwatch.adapters import broker
from loadwatch.adapters.db import migrate
from loadwatch.adapters.db.engine import make_engines
from loadwatch.bootstrap import make_services
from loadwatch.ready import readiness
from loadwatch.settings import Settings, SettingsError

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


def children(settings: Settings, port: int, extra: Mapping[str, str]) -> list[supervisor.Child]:
    """The processes, in the order in which they start; they stop in reverse."""
    env = {**environment(settings), **extra}
    url = settings.redis_url or broker.redis_url(settings.data_dir)
    services = make_services(settings)

    def child(name: str, *argv: str, ready: Callable[[], bool], grace_s: float = 15.0) -> supervisor.Child:
        command = [sys.executable, "-P", "-m", "loadwatch", name, *argv]
        return supervisor.Child(name, command, env, ready=ready, stop_grace_s=grace_s)

    def part_is_ready(part: str) -> Callable[[], bool]:
        return lambda: readiness(services)[part] == "ok"

    started = []
    if settings.embedded_broker:
        command = broker.server_command(settings.data_dir)
        started.append(
            supervisor.Child("broker", command, broker.SERVER_ENV, ready=lambda: broker.ping(url), stop_grace_s=10.0)
        )
    return [
        *started,
        child("web", "--port", str(port), ready=lambda: _answers(port)),
        child("beat", ready=part_is_ready("beat")),
        # Its running tasks get ten seconds of their own before they are handed back.
        child("worker", ready=part_is_ready("worker"), grace_s=20.0),
    ]


def _answers(port: int) -> bool:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(f"http://127.0.0.1:{port}/healthz", timeout=2).ok
        except requests.RequestException:
            return False


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
    try:
        with supervisor.Supervisor(settings.data_dir, children(settings, port, env or {}), say) as minder:
            check_port(port)
            engines = make_engines(settings.database_url)
            migrate.upgrade(engines.write)
            engines.dispose()
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
