"""
Workers race for a token of an athlete whose refresh token works once.

Short by default; with `LOADWATCH_CHAOS=long` 8 processes run 100 rounds, on either database.
"""

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from typing import Any

import pytest

from loadwatch.services import tokens
from loadwatch.services.accounts import ASKED_SCOPES, StravaLogin
from loadwatch.services.errors import Unauthorized
from loadwatch.settings import Settings
from tests.support.stack import Stack, running_stack

IS_LONG = os.environ.get("LOADWATCH_CHAOS") == "long"
N_WORKERS, N_ROUNDS = (8, 100) if IS_LONG else (4, 6)
DATABASES = ("sqlite", "postgresql") if IS_LONG else ("sqlite",)

LEASE_S = 1.0
"""In place of the program's 45 s: how long the others wait for one that was killed."""

# Imported once and forked from: each worker is a process with engines of its own all the same.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["loadwatch.adapters.strava.client", "loadwatch.bootstrap"])


def work(pipe: Pipe, settings: Settings, athlete_id: int) -> None:
    """A worker's process: at each word from the test it asks for a token and calls Strava with it."""
    from loadwatch.bootstrap import make_services

    tokens.LEASE = timedelta(seconds=LEASE_S)
    services = make_services(settings)
    strava, service = services.strava, services.tokens
    refresh = strava.refresh

    def killed_with_the_answer_in_hand(refresh_token: str) -> Any:
        refresh(refresh_token)
        os.kill(os.getpid(), signal.SIGKILL)

    pipe.send("ready")
    while (word := pipe.recv()) != "end":
        strava.refresh = killed_with_the_answer_in_hand if word == "die" else refresh  # type: ignore[method-assign]
        pipe.send(_call(strava, service, athlete_id))
    services.close()


def _call(strava: Any, service: tokens.TokenService, athlete_id: int) -> str:
    """What came of one call, made as the services make theirs: a refused token is renewed once."""
    try:
        token = service.access_token(athlete_id)
        try:
            strava.check_access(token)
        except Unauthorized:
            strava.check_access(service.access_token(athlete_id, refused=token))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "200"


class Race:
    """A stack with one athlete, and workers who wait for the word."""

    def __init__(self, stack: Stack, n_workers: int) -> None:
        self.stack = stack
        self.athlete_id = stack.connect()
        self.workers = []
        for _ in range(n_workers):
            ours, theirs = processes.Pipe()
            arguments = (theirs, stack.settings, self.athlete_id)
            process = processes.Process(target=work, args=arguments, daemon=True)
            process.start()
            theirs.close()
            self.workers.append((process, ours))
        assert [pipe.recv() for _, pipe in self.workers] == ["ready"] * n_workers

    def close(self) -> None:
        for process, pipe in self.workers:
            with contextlib.suppress(OSError):
                pipe.send("end")
            process.join(10)
            process.kill()

    def go(self, n_workers: int) -> list[str | None]:
        """So many call Strava at once; what came of each call."""
        pipes = [pipe for _, pipe in self.workers[:n_workers]]
        for pipe in pipes:
            pipe.send("go")
        return [self._answer(pipe) for pipe in pipes]

    def let_one_die(self) -> None:
        """The last worker asks for a new pair, and is killed with the answer in hand."""
        process, pipe = self.workers.pop()
        pipe.send("die")
        assert self._answer(pipe) is None
        process.join()

    @staticmethod
    def _answer(pipe: Pipe) -> str | None:
        try:
            return str(pipe.recv()) if pipe.poll(60) else "no answer"
        except (EOFError, ConnectionError):
            return None

    def reconnect(self) -> None:
        """The runner presses the button."""
        granted = self.stack.sim.grant()
        expires_at = datetime.fromtimestamp(granted["expires_at"], UTC)
        login = StravaLogin(
            strava_athlete_id=granted["athlete"]["id"],
            name="Robin",
            access_token=granted["access_token"],
            refresh_token=granted["refresh_token"],
            expires_at=expires_at,
            scopes=frozenset(ASKED_SCOPES),
        )
        self.stack.services.accounts.connect_strava(self.athlete_id, login)

    def run_short(self) -> None:
        """Let the token have ten minutes left, as our database has it."""
        with self.stack.services.store.write() as tx:
            connection = tx.connection(self.athlete_id)
            assert connection is not None
            soon = datetime.now(UTC) + timedelta(minutes=10)
            tx.put_connection(replace(connection, expires_at=soon), datetime.now(UTC))

    def refreshes(self) -> dict[str, int]:
        """How often Strava was asked for a new pair, and how often it refused."""
        counts: dict[str, int] = self.stack.sim.state()["refreshes"]["1001"]
        return counts

    def state(self) -> str:
        connection = self.stack.services.views.connection(self.athlete_id)
        assert connection is not None
        return connection.state


@pytest.fixture(scope="module", params=DATABASES)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, broker: str) -> Iterator[Race]:
    """The processes that the tests share: two of them are for dying."""
    folder = tmp_path_factory.mktemp("race")
    with contextlib.ExitStack() as ends:
        url = f"sqlite:///{folder / 'test.db'}"
        if request.param == "postgresql":
            from tests.support.postgres import create_database, drop_database

            server = request.getfixturevalue("postgres_server")
            url = create_database(server)
            ends.callback(drop_database, server, url)
        race = Race(ends.enter_context(running_stack(folder, url, broker)), N_WORKERS + 2)
        ends.callback(race.close)
        yield race


@pytest.fixture
def race(running: Race) -> Race:
    """An athlete newly connected to a strict Strava, and workers who wait for the word."""
    running.stack.sim.reset()
    running.stack.sim.set_options(strict_access=True, always_rotate=True)  # a refresh ends the old access token too
    running.reconnect()
    return running


def test_in_each_round_one_worker_renews_the_token_and_all_are_let_in(race: Race):
    answers = []
    for n in range(N_ROUNDS):
        # In turn: it is about to run out, as we know ourselves, or Strava refuses it all of a sudden.
        race.run_short() if n % 2 else race.stack.sim.expire_tokens()
        answers += race.go(N_WORKERS)

    assert answers == ["200"] * N_WORKERS * N_ROUNDS
    assert race.refreshes() == {"attempts": N_ROUNDS, "successes": N_ROUNDS, "failures": 0}
    assert race.state() == "connected"


def test_whoever_is_killed_with_a_new_pair_in_hand_costs_nothing_while_strava_gives_it_again(race: Race):
    race.stack.sim.set_options(always_rotate=False)  # Strava's own manner while a token has more than an hour left
    race.run_short()

    race.let_one_die()

    assert race.go(1) == ["200"]
    assert race.state() == "connected"


def test_a_new_pair_that_died_with_its_worker_asks_the_runner_to_connect_again_and_that_heals(race: Race):
    race.run_short()

    race.let_one_die()

    assert race.go(1) == ["NeedsReauth: Strava refused to renew the connection"]
    assert race.state() == "needs_reauth"
    race.reconnect()
    assert race.go(1) == ["200"]
