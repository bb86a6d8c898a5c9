"""The same tests on SQLite and on PostgreSQL."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

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
