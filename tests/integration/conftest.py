"""The same tests on SQLite and on PostgreSQL."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadwatch.bootstrap import Services
from tests.support.seeding import ANN, BOB, seeded_services, sign_up
from tests.support.stack import Stack, running_stack


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    from tests.support.postgres import create_database, drop_database

    server = request.getfixturevalue("postgres_server")
    url = create_database(server)
    yield url
    drop_database(server, url)


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
