"""Fixtures for all tests: real servers, started once and only when a test asks for them."""

import copy
import functools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # unit tests should not pay for these imports
    from tests.support import SmtpServer
    from tests.support.postgres import PostgresServer


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """The same hash of passwords, less slow: hundreds of tests sign somebody up."""
    from argon2 import PasswordHasher

    quick = functools.partial(PasswordHasher, time_cost=1, memory_cost=1024, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("loadwatch.adapters.passwords.PasswordHasher", quick)
        yield


@pytest.fixture(scope="session", autouse=True)
def made_once() -> Iterator[None]:
    """What an application makes at its start is the same in each: hundreds of tests start one."""
    import flask
    import flask_openapi3.utils
    from jinja2.bccache import Bucket, BytecodeCache

    class InMemory(BytecodeCache):
        """The code of templates."""

        def __init__(self) -> None:
            self.code: dict[str, bytes] = {}

        def load_bytecode(self, bucket: Bucket) -> None:
            if bucket.key in self.code:
                bucket.bytecode_from_string(self.code[bucket.key])

        def dump_bytecode(self, bucket: Bucket) -> None:
            self.code[bucket.key] = bucket.bytecode_to_string()

    schema_of = functools.cache(flask_openapi3.utils.get_model_schema)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flask.Flask, "jinja_options", {"bytecode_cache": InMemory()})
        patch.setattr("flask_openapi3.utils.get_model_schema", lambda *a, **k: copy.deepcopy(schema_of(*a, **k)))
        yield


@pytest.fixture(scope="session")
def household(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of `tests.support.athletes`, built once; tests open copies of it."""
    from tests.support.athletes import build_household

    folder = tmp_path_factory.mktemp("household")
    build_household(folder)
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator["PostgresServer"]:
    """A PostgreSQL; `tests.support.postgres.create_database` makes a database of one's own on it."""
    from tests.support.postgres import running_postgres

    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """The address of a real Valkey or Redis; `redis_url` is the same, emptied for each test."""
    from loadwatch.adapters.broker import BrokerProcess

    with (
        tempfile.TemporaryDirectory(prefix="lw-broker-") as folder,
        BrokerProcess(Path(folder)) as process,
    ):
        yield process.url


@pytest.fixture
def redis_url(broker: str) -> str:
    """The address of an empty broker."""
    import redis

    with redis.Redis.from_url(broker) as client:
        client.flushall()
    return broker


@pytest.fixture
def smtp_server() -> Iterator["SmtpServer"]:
    """A mail server that keeps what it gets in `messages`."""
    from tests.support import running_smtp_server

    with running_smtp_server() as server:
        yield server
