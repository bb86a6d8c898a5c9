"""What runs here, by name and version, and how much room there is."""

import platform
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import redis

LIBRARIES: Final = ("celery", "flask", "gunicorn", "numpy", "redis", "sqlalchemy", "stravalib")
"""Those that a report of a fault should name."""

ANSWERS_WITHIN_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Disk:
    """Room on the disk of the data folder, and what its parts take. [bytes]"""

    free: int
    total: int
    database: int | None
    """None: it lies elsewhere."""
    uploads: int


def package_version(name: str) -> str | None:
    """None where it is not installed as a package."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def python_version() -> str:
    return platform.python_version()


def broker_version(url: str) -> str | None:
    """Name and version of the broker; None: it does not answer."""
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=ANSWERS_WITHIN_S, socket_timeout=ANSWERS_WITHIN_S
        ) as client:
            says = client.info("server")
    except (redis.RedisError, OSError):
        return None
    if "valkey_version" in says:
        return f"Valkey {says['valkey_version']}"
    return f"Redis {says.get('redis_version', '?')}"


def disk(data_dir: Path, database: Path | None) -> Disk:
    """
    Parameters
    ----------
    database : Path, optional
        The database's file, where it is one.
    """
    usage = shutil.disk_usage(data_dir)
    files = [database, *(database.with_name(database.name + end) for end in ("-wal", "-shm"))] if database else []
    return Disk(
        free=usage.free,
        total=usage.total,
        database=sum(f.stat().st_size for f in files if f.exists()) if database else None,
        uploads=sum(f.stat().st_size for f in (data_dir / "uploads").rglob("*") if f.is_file()),
    )
