"""What must never stand in a log, whoever writes the line."""

import io
import logging
from collections.abc import Callable, Iterator

import pytest

from loadwatch.adapters import log
from loadwatch.adapters.log import without_secrets

SECRET = "deadbeef9d64b225d0c50db4"


@pytest.mark.parametrize(
    "text",
    [
        f"access_token={SECRET}",
        f"refresh_token={SECRET}&grant_type=refresh_token",
        f"POST /api/v3/push_subscriptions?client_id=5&client_secret={SECRET}",
        f"GET /strava/callback?state=abc&code={SECRET}&scope=read",
        f"GET /webhooks/strava/x?hub.mode=subscribe&hub.verify_token={SECRET}&hub.challenge=1",
        f'{{"token_type":"Bearer","access_token":"{SECRET}","expires_in":21600}}',
        f'{{"refresh_token" : "{SECRET}"}}',
        f"{{'client_secret': '{SECRET}', 'client_id': 5}}",
        f"password={SECRET}",
        f"Authorization: Bearer {SECRET}",
        f"authorization: bearer {SECRET}",
        f"Authorization: Basic {SECRET}==",
        f"{{'Authorization': 'Bearer {SECRET}'}}",
        f"('Authorization', 'Bearer {SECRET}')",
        f"curl -H Bearer {SECRET}",
        f"'{{\\'access_token\\': \\'{SECRET}\\'}}'",
        f'"{{\\"access_token\\": \\"{SECRET}\\"}}"',
        f"POST /webhooks/strava/{SECRET} HTTP/1.1",
        f"http://127.0.0.1:8000/webhooks/strava/{SECRET}?hub.mode=subscribe",
        f"GET /r/{SECRET} HTTP/1.1",
        f"Exception on /r/{SECRET}/answers [POST]",
        f"smtp://robin:{SECRET}@mail.example.org:587",
        f"postgresql+psycopg://robin:{SECRET}@db/loadwatch",
        f"redis://:{SECRET}@broker:6379/0",
    ],
)
def test_a_secret_is_masked_in_every_dress(text):
    masked = without_secrets(text)

    assert SECRET not in masked
    assert "***" in masked


def test_two_secrets_of_one_line_are_both_masked():
    assert without_secrets("access_token=a1&refresh_token=b2") == "access_token=***&refresh_token=***"


def test_what_stands_beside_a_secret_stays_legible():
    assert without_secrets("GET /cb?state=s&code=c0de&scope=read 302") == "GET /cb?state=s&code=***&scope=read 302"
    assert without_secrets('POST /webhooks/strava/hidden HTTP/1.1" 200') == 'POST /webhooks/strava/*** HTTP/1.1" 200'


@pytest.mark.parametrize(
    "text",
    ["an event was stored", "Strava answered 503", "http://127.0.0.1:8000/runs/5", "redis://broker:6379/0", ""],
)
def test_a_line_without_secrets_is_left_alone(text):
    assert without_secrets(text) == text


# through real logging


@pytest.fixture
def logging_set_up() -> Iterator[None]:
    """The program's logging, and the test runner's afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {
        name: logging.getLogger(name).level
        for name in ("stravalib", "urllib3", "celery.beat", "kombu", "authlib", "alembic")
    }
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@pytest.fixture
def lines(logging_set_up: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Set up the logging; the function gives what was written since."""
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    log.set_up("debug")
    return written.getvalue


def test_arguments_are_masked_after_they_were_put_in(lines):
    logging.getLogger("any.library").warning("sent %s with %s", {"access_token": SECRET}, f"code={SECRET}")

    written = lines()
    assert "any.library" in written
    assert SECRET not in written


def test_a_text_with_both_kinds_of_quotes_is_masked_though_they_are_escaped(lines):
    logging.getLogger("any.library").warning("it's %r", {"access_token": SECRET, "name": 'a "b"'})

    assert SECRET not in lines()


def test_a_traceback_is_written_and_masked(lines):
    def ask(url: str) -> None:
        raise ConnectionError(f"no answer from {url}")

    try:
        ask(f"https://www.strava.com/api/v3/push_subscriptions?client_secret={SECRET}")
    except ConnectionError:
        logging.getLogger("workers").exception("the call failed")

    written = lines()
    assert "Traceback" in written
    assert "ConnectionError: no answer from" in written
    assert SECRET not in written


def test_a_chain_of_exceptions_is_masked_too(lines):
    try:
        try:
            raise ValueError(f"refresh_token={SECRET}")
        except ValueError as error:
            raise RuntimeError("outer") from error
    except RuntimeError:
        logging.getLogger("workers").exception("the call failed")

    written = lines()
    assert "outer" in written
    assert SECRET not in written


def test_a_line_has_its_time_level_and_logger(lines):
    logging.getLogger("loadwatch.x").info("stored")

    (line,) = lines().splitlines()
    assert line.startswith("timestamp='20")
    assert "level='info' logger='loadwatch.x' event='stored'" in line


def test_libraries_that_narrate_each_request_are_quiet(lines):
    logging.getLogger("urllib3.connectionpool").info("GET /api/v3/athlete")
    logging.getLogger("urllib3.connectionpool").warning("retrying")

    assert [line.partition("event=")[2] for line in lines().splitlines()] == ["'retrying'"]


def test_the_level_is_what_was_asked_for(lines):
    log.set_up("WARNING")
    logging.getLogger("loadwatch.x").info("unheard")

    assert lines() == ""
