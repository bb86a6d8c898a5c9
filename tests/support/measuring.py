"""What a page costs: questions to the database, and time."""

import contextlib
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from loadwatch.bootstrap import Services
from loadwatch.dashboard import create_app
from tests.support.seeding import PASSWORD

NO_QUESTIONS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")


@contextlib.contextmanager
def counting(services: Services) -> Iterator[list[str]]:
    """The statements that are sent to the database in the block; what only begins or ends is left out."""
    asked: list[str] = []

    def ask(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(NO_QUESTIONS):
            asked.append(statement)

    engines = {services.engines.read, services.engines.write}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", ask)
    yield asked
    for engine in engines:
        event.remove(engine, "before_cursor_execute", ask)


def app_and_client(services: Services, email: str | None) -> tuple[Flask, FlaskClient]:
    """The pages, and somebody who is logged in there; None: nobody."""
    app = create_app(services, config={"WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False})
    client = app.test_client()
    if email is not None:
        client.post("/login", data={"email": email, "password": PASSWORD})
    return app, client


def questions(services: Services, client: FlaskClient, path: str) -> list[str]:
    """What the page asks of the database when it is not asked for the first time."""
    client.get(path)
    with counting(services) as asked:
        assert client.get(path).status_code == 200, path
    return asked


def median_ms(client: FlaskClient, path: str, rounds: int) -> tuple[float, float]:
    """What the page takes from the request to the last byte of the answer, and what of that the processor. [ms]"""
    taken, worked = [], []
    for _ in range(rounds):
        began, worked_before = time.perf_counter(), time.process_time()
        client.get(path).get_data()
        taken.append(1000 * (time.perf_counter() - began))
        worked.append(1000 * (time.process_time() - worked_before))
    return median(taken), median(worked)
