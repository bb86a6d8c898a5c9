"""The same tests on SQLite and on PostgreSQL."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadwatch.adapters.db import migrate
from loadwatch.adapters.db.engine import make_engines
from loadwatch.bootstrap import Services
from tests.support.seeding import ANN, BOB, seeded_services, sign_up
from tests.support.stack import Stack, running_stack


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database of either kind without a table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    from tests.support.postgres import create_database, drop_database

    server = request.getfixturevalue("postgres_server")
    url = create_database(server)
    yield url
    drop_database(server, url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database of either kind with all tables, and nothing in them."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_tables"), tmp_path / "test.db")
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    from tests.support.postgres import create_database, drop_database

    server = request.getfixturevalue("postgres_server")
    url = create_database(server, template=request.getfixturevalue("postgres_tables"))
    yield url
    drop_database(server, url)


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy: the steps of all migrations would take each test a fifth of a second."""
    path = tmp_path_factory.mktemp("tables") / "tables.db"
    _make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_tables(request: pytest.FixtureRequest) -> Iterator[str]:
    """The same for PostgreSQL: a database to copy."""
    from tests.support.postgres import create_database, drop_database

    server = request.getfixturevalue("postgres_server")
    url = create_database(server)
    _make_tables(url)
    yield url
    drop_database(server, url)


def _make_tables(url: str) -> None:
    engines = make_engines(url)
    migrate.upgrade(engines.write)
    engines.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, broker: str) -> Iterator[Stack]:
    """The processes that the module's tests share."""
    folder = tmp_path_factory.mktemp("stack")
    with contextlib.ExitStack() as ends:
        if request.param == "sqlite":
            url = f"sqlite:///{folder / 'test.db'}"
        else:
            from tests.support.postgres import create_database, drop_database

            server = request.getfixturevalue("postgres_server")
            url = create_database(server)
            ends.callback(drop_database, server, url)
        stack = ends.enter_context(running_stack(folder, url, broker))
        stack.start_webhooks()
        stack.start_worker()
        stack.subscribe()
        yield stack


@pytest.fixture
def stack(running: Stack) -> Stack:
    """A loadwatch with webhooks and a worker running, and nothing in it."""
    running.reset()
    return running


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of Ann and Bob, without a run; modules that need more have their own."""
    folder = tmp_path_factory.mktemp("seeded")
    services = seeded_services(folder)
    sign_up(services, ANN), sign_up(services, BOB, name="Bob")
    services.close()
    return folder


@pytest.fixture
def services(seeded: Path, tmp_path: Path) -> Iterator[Services]:
    """The services on a copy of it."""
    services = seeded_services(Path(shutil.copytree(seeded, tmp_path / "data")))
    yield services
    services.close()
