"""Engines for SQLite and PostgreSQL, made in functions, never at import."""

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url

from loadwatch.adapters.db.crypto import Cipher


@dataclass(frozen=True, slots=True)
class Engines:
    """One engine that writes and one that only reads; on PostgreSQL the same."""

    write: Engine
    read: Engine

    def dispose(self) -> None:
        self.write.dispose()
        self.read.dispose()


def make_engines(url: str, secret_key: str = "", lock_timeout_s: float = 30.0) -> Engines:
    """
    Engines for a database address.

    Without the secret key nothing encrypted can be read or written through them: what needs no token (the
    webhook, the migrations) does without it.

    Parameters
    ----------
    lock_timeout_s : float
        How long to wait for another writer. [s] The webhook has less than Strava's two seconds.
    """
    if make_url(url).get_backend_name() == "sqlite":
        write = _sqlite(url, "BEGIN IMMEDIATE", lock_timeout_s)
        read = _sqlite(url, "BEGIN", lock_timeout_s)
    else:
        limits = {"connect_timeout": 2, "options": f"-c lock_timeout={lock_timeout_s * 1000:.0f}"}
        write = read = create_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=5, connect_args=limits)
    if secret_key:
        cipher = Cipher(secret_key)
        for engine in (write, read):
            engine.dialect.loadwatch_cipher = cipher  # type: ignore[attr-defined]
    return Engines(write, read)


def _sqlite(url: str, begin: str, lock_timeout_s: float) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(
        url, connect_args={"timeout": lock_timeout_s, "isolation_level": None, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _pragmas(connection: sqlite3.Connection, _: Any) -> None:
        cursor = connection.cursor()
        for attempt in range(100):
            try:
                cursor.execute("PRAGMA journal_mode=WAL")
                break
            except sqlite3.OperationalError as error:
                # A file's first switch heeds no timeout: of two processes that make it at once one is refused.
                if "locked" not in str(error) or attempt == 99:
                    raise
                time.sleep(0.02)
        for pragma in ("synchronous=NORMAL", f"busy_timeout={lock_timeout_s * 1000:.0f}", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # Writers take the lock at once: a transaction that starts as a reader and then writes fails at random.
        connection.exec_driver_sql(begin)

    return engine
