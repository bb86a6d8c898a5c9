"""An export handed in by processes that are stopped in the middle of it, again and again."""

import io
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import Connection, Engine

from loadwatch.adapters.broker import parent_death_hook
from loadwatch.adapters.db.tables import Base
from loadwatch.bootstrap import Services, make_services
from loadwatch.domain.daily import day_totals
from loadwatch.import_cli import run_import
from loadwatch.settings import Settings
from tests.support.exports import made_runs, write_export
from tests.support.seeding import sign_up
from tests.support.stack import wait_until

N = 40
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
EVER = (date(2000, 1, 1), date(2100, 1, 1))


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = make_services(Settings(data_dir=tmp_path / "data"))  # by the true clock, as the other processes
    Base.metadata.create_all(services.engines.write)
    sign_up(services, "ann@example.org")
    yield services
    services.close()


def started(services: Services, *argv: str) -> subprocess.Popen[bytes]:
    """A process of its own on the same data folder."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("LOADWATCH_")}
    env = {"LOADWATCH_DATA_DIR": str(services.settings.data_dir), "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-P", *argv],
        env={**inherited, **env},
        stderr=subprocess.PIPE,
        preexec_fn=parent_death_hook(signal.SIGKILL),
    )


def killed(process: subprocess.Popen[bytes], services: Services, uploads: str, n: int) -> None:
    """Kill a process the moment that so many uploads are of this kind."""
    wait_until(lambda: count(services.engines.read, uploads) >= n, f"{n} uploads {uploads}", 90, every_s=0.001)
    process.kill()
    process.communicate()


def interrupted(process: subprocess.Popen[bytes], services: Services, uploads: str, n: int) -> tuple[int, str]:
    """Ctrl-C when so many uploads are of this kind, before there are more; exit code, and what it says."""

    def reached() -> bool:
        with services.engines.write.begin() as only_writer:
            if count(only_writer, uploads) < n:
                return False
            process.send_signal(signal.SIGINT)
            return True

    wait_until(reached, f"{n} uploads {uploads}", 90, every_s=0.005)
    _, told = process.communicate(timeout=30)
    return process.returncode, told.decode()


def count(database: Engine | Connection, uploads: str) -> int:
    query = f"SELECT count(*) FROM uploads WHERE {uploads}"
    if isinstance(database, Connection):
        return int(database.exec_driver_sql(query).scalar_one())
    with database.connect() as connection:
        return count(connection, uploads)


def test_an_export_whose_import_and_worker_are_killed_and_interrupted_is_there_once(
    services: Services, tmp_path: Path
) -> None:
    path = tmp_path / "export_1.zip"
    write_export(path, made_runs(N, minutes=(20, 25)))
    importing = ("-m", "loadwatch", "import", str(path))

    killed(started(services, *importing), services, "true", 1)
    reader = started(services, "-c", "from workers.care import read_files; read_files(60)")
    killed(reader, services, "state = 'stored'", 10)
    code, told = interrupted(started(services, *importing), services, "state = 'stored'", 20)

    assert code == 130
    assert "Call the same command again" in told
    with services.store.read() as tx:
        before = len(tx.run_details_since(1, LONG_AGO))
    assert 20 <= before < N
    out = io.StringIO()
    assert run_import(services, 1, [path], sport=None, console=Console(file=out, width=200)) == 0
    assert out.getvalue().strip() == f"{N - before} stored, {before} known already"
    with services.store.read() as tx:
        runs = [detail.run for detail in tx.run_details_since(1, LONG_AGO)]
        totals = {total.local_date: total for total in tx.day_totals(1, *EVER)}
    assert Counter(run.name for run in runs) == Counter(f"Run {k}" for k in range(N))
    assert totals == day_totals(runs)
    assert services.uploads.n_unread(1) == 0
