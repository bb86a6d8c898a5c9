"""Strava's limits, shared by all processes through a real Valkey or Redis, and the simulator behind them."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from loadwatch.adapters.broker import BrokerProcess
from loadwatch.adapters.db.tables import Base
from loadwatch.adapters.strava.limiter import CallClass, Limiter, Reservation, quarter_start
from loadwatch.bootstrap import make_services
from loadwatch.doctor import strava_budget
from loadwatch.services.errors import AppInactive, NotFound, RateLimited
from loadwatch.services.sync_ports import Awaited
from tests.integration.test_chain import activity
from tests.support.stack import Stack, running_stack

NOW = datetime(2026, 11, 22, 12, 7, 30, tzinfo=UTC)
QUARTER_END = datetime(2026, 11, 22, 12, 15, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


def headers(read_limit: str = "100,1000", read_usage: str = "0,0", limit: str = "200,2000", usage: str = "0,0"):
    return {
        "X-ReadRateLimit-Limit": read_limit,
        "X-ReadRateLimit-Usage": read_usage,
        "X-RateLimit-Limit": limit,
        "X-RateLimit-Usage": usage,
    }


@dataclass
class Gate:
    """A limiter whose clock the test sets, and its Redis."""

    url: str
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.limiter = self.another()

    def another(self, application: str = "7") -> Limiter:
        """A limiter as another process would have it."""
        return Limiter(self.url, application, lambda: self.now)

    def let_through(self, calls: CallClass = "interactive", most: int = 3000) -> int:
        """How many calls of a class there is room for."""
        for n in range(most):
            try:
                self.limiter.reserve(calls)
            except RateLimited:
                return n
        return most

    def used(self) -> dict[str, tuple[int, int]]:
        state = self.limiter.state()
        assert state is not None
        return {q.window: (q.used, q.limit) for q in state.quotas}


@pytest.fixture
def gate(redis_url: str) -> Gate:
    return Gate(redis_url)


# room


def test_a_new_application_has_a_hundred_reads_in_a_quarter_of_an_hour(gate: Gate):
    assert gate.let_through() == 100
    with pytest.raises(RateLimited) as refused:
        gate.limiter.reserve("interactive")

    assert refused.value.until == QUARTER_END


def test_the_next_quarter_of_an_hour_has_room_again(gate: Gate):
    gate.let_through()
    gate.now = QUARTER_END - timedelta(seconds=1)
    assert gate.let_through() == 0
    gate.now = QUARTER_END

    assert gate.let_through() == 100


def test_a_used_up_day_ends_at_midnight_of_utc(gate: Gate):
    gate.limiter.note(gate.limiter.reserve("live"), headers(read_usage="100,1000"))  # the quarter with it

    with pytest.raises(RateLimited) as refused:
        gate.limiter.reserve("interactive")
    assert refused.value.until == MIDNIGHT
    gate.now = MIDNIGHT
    gate.limiter.reserve("live")


@pytest.mark.parametrize(("calls", "most"), [("interactive", 100), ("live", 95), ("reconcile", 80), ("backfill", 60)])
def test_each_class_fills_a_window_up_to_its_share(gate: Gate, calls: CallClass, most: int):
    assert gate.let_through(calls) == most


def test_what_the_history_leaves_is_there_for_new_runs(gate: Gate):
    assert gate.let_through("backfill") == 60
    assert gate.let_through("reconcile") == 20
    assert gate.let_through("live") == 15
    assert gate.let_through("interactive") == 5


def test_a_class_is_held_to_its_share_of_the_day_too(gate: Gate):
    gate.limiter.note(gate.limiter.reserve("live"), headers(read_usage="1,600"))

    with pytest.raises(RateLimited) as refused:
        gate.limiter.reserve("backfill")
    assert refused.value.until == MIDNIGHT
    assert "kept" in str(refused.value)
    gate.limiter.reserve("reconcile")


def test_all_calls_count_beside_the_reads(gate: Gate):
    """Uploads of other programs of the same application use the overall limit up, not that of reads."""
    gate.limiter.note(gate.limiter.reserve("live"), headers(read_usage="1,1", usage="200,300"))

    with pytest.raises(RateLimited):
        gate.limiter.reserve("interactive")
    assert gate.used()["quarter"] == (200, 200)  # the narrower of the two is the one that is shown


# what Strava says goes first


def test_a_greater_usage_in_the_headers_wins(gate: Gate):
    gate.limiter.note(gate.limiter.reserve("live"), headers(read_usage="97,500", usage="97,500"))

    assert gate.used() == {"quarter": (97, 100), "day": (500, 1000)}
    assert gate.let_through() == 3


def test_a_smaller_usage_in_the_headers_forgets_no_call_under_way(gate: Gate):
    first = gate.limiter.reserve("live")
    for _ in range(9):
        gate.limiter.reserve("live")
    gate.limiter.note(first, headers(read_usage="1,1", usage="1,1"))

    assert gate.used() == {"quarter": (10, 100), "day": (10, 1000)}


def test_limits_are_learned_from_the_headers_and_kept_for_later_windows(gate: Gate):
    gate.limiter.note(gate.limiter.reserve("live"), headers("200,2000", "1,1", "400,4000", "1,1"))
    assert gate.used() == {"quarter": (1, 200), "day": (1, 2000)}
    gate.now += timedelta(days=2)

    assert gate.let_through() == 200


def test_an_answer_that_tells_nothing_new_costs_no_word_with_redis(gate: Gate):
    def commands() -> int:
        with redis.Redis.from_url(gate.url) as client:
            return int(client.info("stats")["total_commands_processed"])

    gate.limiter.note(gate.limiter.reserve("live"), headers(read_usage="1,1", usage="1,1"))  # the limits were new
    call = gate.limiter.reserve("live")
    counting = commands()
    of_counting = commands() - counting
    gate.limiter.note(call, headers(read_usage="2,2", usage="2,2"))

    assert commands() - counting == 2 * of_counting
    assert gate.used() == {"quarter": (2, 100), "day": (2, 1000)}


def test_a_call_of_another_program_is_counted_with_the_next_answer(gate: Gate):
    gate.limiter.note(gate.limiter.reserve("live"), headers(read_usage="1,1", usage="1,1"))
    gate.limiter.note(gate.limiter.reserve("live"), headers(read_usage="3,3", usage="3,3"))

    assert gate.used() == {"quarter": (3, 100), "day": (3, 1000)}


def test_an_answer_that_comes_in_the_next_window_says_nothing_of_it(gate: Gate):
    gate.now = QUARTER_END - timedelta(seconds=1)
    call = gate.limiter.reserve("live")
    gate.now = QUARTER_END + timedelta(seconds=1)
    gate.limiter.note(call, headers(read_usage="100,100", usage="100,100"))

    assert gate.let_through() == 100


def test_a_429_without_a_word_closes_the_quarter_of_an_hour(gate: Gate):
    gate.limiter.use_up(gate.limiter.reserve("live"))

    assert gate.let_through() == 0
    gate.now = QUARTER_END
    assert gate.let_through() == 100


# many processes


_ELSEWHERE = """
import sys
from datetime import datetime
from loadwatch.adapters.strava.limiter import Limiter
from loadwatch.services.errors import RateLimited
now = datetime.fromisoformat(sys.argv[2])
limiter, n = Limiter(sys.argv[1], "7", lambda: now), 0
limiter.state()
print("ready", flush=True)
input()
try:
    while True:
        limiter.reserve("live")
        n += 1
except RateLimited:
    print(n)
"""


def test_two_processes_share_the_limit_to_the_last_call(gate: Gate):
    gate.limiter.note(gate.limiter.reserve("live"), headers("2000,100000", "1,1", "9000,900000", "1,1"))
    two = [
        subprocess.Popen(
            [sys.executable, "-c", _ELSEWHERE, gate.url, NOW.isoformat()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in two:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in two:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    made = [int(process.communicate(timeout=30)[0]) for process in two]

    assert sum(made) == 1899  # 95 % of 2000, one of which was made above
    assert min(made) > 0
    assert gate.used()["quarter"] == (1900, 2000)


def test_another_application_has_limits_of_its_own(gate: Gate):
    gate.let_through()

    gate.another("8").reserve("live")


# Redis away


def test_without_redis_few_calls_are_made_and_never_all(tmp_path: Path):
    with BrokerProcess(tmp_path) as process:
        gate = Gate(process.url)
        gate.limiter.reserve("live")
        process.kill()
        began = time.monotonic()
        assert gate.let_through() == 5
        assert gate.limiter.state() is None

        assert time.monotonic() - began < 3
        process.start()
        assert gate.let_through() == 99  # its file remembers the one before


def test_an_emptied_redis_learns_from_the_next_answer(gate: Gate):
    gate.let_through("live")
    with redis.Redis.from_url(gate.url) as client:
        client.flushall()
    gate.limiter.note(gate.limiter.reserve("live"), headers(read_usage="96,96", usage="96,96"))

    assert gate.let_through("live") == 0
    assert gate.let_through() == 4


# the application switched off


def test_after_a_403_inactive_no_process_calls_for_an_hour(gate: Gate):
    until = gate.limiter.switched_off(gate.limiter.reserve("live"))
    assert until == NOW + timedelta(hours=1)

    for limiter in (gate.limiter, gate.another()):
        with pytest.raises(AppInactive) as refused:
            limiter.reserve("interactive")
        assert refused.value.until == until
        with pytest.raises(AppInactive):
            limiter.check()
    gate.now = until
    gate.limiter.reserve("live")


def test_the_wait_doubles_up_to_a_day_while_it_stays_off(gate: Gate):
    waits = []
    for _ in range(7):
        until = gate.limiter.switched_off(gate.limiter.reserve("live"))
        waits.append((until - gate.now) / timedelta(hours=1))
        gate.now = until
    state = gate.limiter.state()

    assert waits == [1, 2, 4, 8, 16, 24, 24]
    assert state is not None
    assert (state.inactive_since, state.inactive_until) == (NOW, gate.now)


def test_calls_under_way_when_it_was_switched_off_do_not_prolong_the_wait(gate: Gate):
    three = [gate.limiter.reserve("live") for _ in range(3)]
    untils = []
    for call in three:
        untils.append(gate.limiter.switched_off(call))
        gate.now += timedelta(seconds=20)

    assert untils == [NOW + timedelta(hours=1)] * 3


def test_a_call_that_is_served_ends_the_break(gate: Gate):
    gate.now = gate.limiter.switched_off(gate.limiter.reserve("live"))
    gate.limiter.answered(gate.limiter.reserve("live"))
    state = gate.limiter.state()

    assert state is not None
    assert state.inactive_until is None
    assert gate.limiter.switched_off(gate.limiter.reserve("live")) == gate.now + timedelta(hours=1)


# through the client, with the simulator


@dataclass
class House:
    """A connected athlete, the simulator, and services whose clock the test moves; the tests do each step."""

    stack: Stack
    ahead: timedelta

    def __post_init__(self) -> None:
        self.services = make_services(self.stack.settings, clock=lambda: datetime.now(UTC) + self.ahead)
        self.athlete_id = self.stack.connect()

    def announced(self, source_id: int) -> int:
        """An activity that is on Strava and wanted here; the job's id."""
        self.stack.sim.add_activity(activity(source_id, source_id, 9), push=False)
        with self.services.store.write() as tx:
            return tx.want(self.athlete_id, "strava", source_id, deletion=False, now=self.services.clock())

    def waits(self) -> dict[int, tuple[str, datetime]]:
        """Why and until when each unfinished activity waits."""
        with self.services.store.read() as tx:
            return {i: (why, at) for i, why, at in tx.sync_state(self.athlete_id, None, Awaited()).failed}

    def calls(self) -> int:
        """How many calls of the API Strava has had."""
        return sum(r["path"].startswith("/api/v3/") for r in self.stack.sim.requests())


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory, broker: str) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("limits")
    with running_stack(folder, f"sqlite:///{folder / 'test.db'}", broker) as stack:
        yield stack


@pytest.fixture
def house(simulated: Stack, redis_url: str) -> Iterator[House]:
    simulated.sim.reset()
    # Both clocks in the middle of a quarter of an hour: no test may come upon its end.
    now = datetime.now(UTC)
    ahead = quarter_start(now) + timedelta(minutes=20) - now
    simulated.sim.set_options(clock_offset=ahead.total_seconds(), inactive=False)
    simulated.sim.set_options(rate_limits=(100, 1000), rate_usage=(0, 0))
    with simulated.services.engines.write.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    house = House(simulated, ahead)
    yield house
    house.services.close()


def test_a_429_moves_the_row_to_the_windows_end_and_stops_the_others_before_they_call(house: House):
    first, second = house.announced(1), house.announced(2)
    house.stack.sim.set_options(rate_usage=(100, 300))
    began = house.services.clock()
    assert house.services.ingest.work_off(first)
    made = house.calls()
    assert house.services.ingest.work_off(second)

    assert made == house.calls() == 1
    for why, again in house.waits().values():
        assert "rate limit" in why
        end = quarter_start(again)
        assert began < end <= again <= end + timedelta(seconds=30)
    with house.services.store.read() as tx:
        assert tx.is_limited(house.services.clock())
    house.ahead += timedelta(minutes=16)
    house.stack.sim.set_options(rate_usage=(0, 301))
    assert house.services.ingest.work_off(first)
    assert house.stack.run_ids(house.athlete_id) == [1]


def test_the_history_waits_where_a_new_run_still_passes(house: House):
    first, second = house.announced(1), house.announced(2)
    house.stack.sim.set_options(rate_usage=(60, 60))
    house.services.ingest.work_off(first)  # two calls, of which the answers tell how much is used

    assert house.services.ingest.backfill(house.athlete_id) == 0
    with house.services.store.read() as tx:
        assert tx.due_backfills(house.services.clock(), 10) == []
        assert tx.due_backfills(house.services.clock() + timedelta(minutes=15), 10) == [house.athlete_id]
    house.services.ingest.work_off(second)
    assert house.stack.run_ids(house.athlete_id) == [1, 2]


def list_pages(house: House) -> list[str]:
    """The pages of the list that Strava was asked for, in order."""
    asked = [r["query"] for r in house.stack.sim.requests() if r["path"] == "/api/v3/athlete/activities"]
    return [page for query in asked for page in re.findall(r"\bpage=(\d+)", query)]


def test_a_history_that_is_refused_half_way_goes_on_where_it_stopped(house: House, redis_url: str):
    for n in range(1, 411):
        house.stack.sim.add_activity(activity(n, 176 - n / 4, 8), push=False)
    ingest, athlete_id = house.services.ingest, house.athlete_id
    house.stack.sim.set_options(rate_usage=(98, 98))
    assert ingest.backfill(athlete_id) == 200  # the answer says how much is used: no second call
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    house.stack.sim.set_options(rate_usage=(100, 100))
    assert ingest.backfill(athlete_id) == 0  # Strava itself answers 429
    with house.services.store.read() as tx:
        assert tx.due_backfills(house.services.clock(), 10) == []
    assert len(house.stack.run_ids(athlete_id)) == 200

    house.ahead += timedelta(minutes=15)
    house.stack.sim.set_options(clock_offset=house.ahead.total_seconds(), rate_usage=(0, 100))
    assert ingest.backfill(athlete_id) == 210

    assert list_pages(house) == ["1", "2", "2", "3"]
    assert house.stack.run_ids(athlete_id) == list(range(1, 411))
    assert not house.services.views.sync(athlete_id).state.list_awaited
    progress = house.services.sync.progress(athlete_id)
    # 60 of 100 calls in each quarter of an hour, and 600 of 1000 in a day.
    assert (progress.n_runs, progress.n_read, progress.left) == (410, 0, timedelta(minutes=7 * 15))
    assert ingest.backfill(athlete_id, days=100) == 106  # from its first page: the one before is done


def test_an_application_that_is_switched_off_is_left_alone_and_comes_back_by_itself(house: House):
    first, second = house.announced(1), house.announced(2)
    house.stack.sim.set_options(inactive=True)
    house.services.ingest.work_off(first)
    house.services.ingest.work_off(second)
    access = house.services.limiter.state()

    assert house.calls() == 1
    assert access is not None
    assert access.inactive_until is not None
    for why, again in house.waits().values():
        assert "paid subscription" in why
        assert timedelta(0) <= again - access.inactive_until <= timedelta(seconds=30)
    house.stack.sim.set_options(inactive=False)
    house.ahead += timedelta(hours=1, seconds=31)
    for job in (first, second):
        assert house.services.ingest.work_off(job)
    access = house.services.limiter.state()
    assert house.stack.run_ids(house.athlete_id) == [1, 2]
    assert access is not None
    assert access.inactive_since is None


def test_doctor_says_what_a_switched_off_application_means_and_what_is_used(house: House):
    limiter = house.services.limiter
    (fine,) = strava_budget(house.services)
    call = limiter.reserve("live")
    limiter.switched_off(call)
    (off,) = strava_budget(house.services)
    limiter.answered(Reservation(call.at, after_break=True))
    limiter.use_up(call)
    (used_up,) = strava_budget(house.services)

    assert (fine.state, fine.says) == ("ok", "0 of 100 in this quarter of an hour, 0 of 1000 today (UTC)")
    assert off.state == "bad"
    assert "403 Inactive" in off.says
    assert "paid Strava subscription" in off.do
    assert used_up.state == "note"
    assert "100 of 100" in used_up.says


def test_an_activity_that_is_not_there_still_counts_as_a_call(house: House):
    client = house.services.strava_for("live")
    with house.services.store.read() as tx:
        connection = tx.connection(house.athlete_id)
    assert connection is not None

    with pytest.raises(NotFound):
        client.activity(connection.access_token, 99)
    access = house.services.limiter.state()
    assert access is not None
    assert [q.used for q in access.quotas] == [1, 1]
