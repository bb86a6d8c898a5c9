"""The embedded broker, with a real server."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import redis
from kombu.connection import Connection

from loadwatch.adapters import broker
from loadwatch.adapters.broker import BrokerError, BrokerProcess

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder whose path leaves room for a socket, which pytest's own may not."""
    with tempfile.TemporaryDirectory(prefix="lw-") as folder:
        yield Path(folder).resolve()


def _program(folder: Path, name: str, answer: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{answer}'\n")
    path.chmod(0o755)
    return path


def _until(true: Callable[[], bool], timeout_s: float = 5.0) -> bool:
    give_up_at = time.monotonic() + timeout_s
    while not true() and time.monotonic() < give_up_at:
        time.sleep(0.02)
    return true()


def test_a_recent_server_on_the_path_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = _program(tmp_path, "redis-server", "Redis server v=6.2.14 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert broker.find_server() == own


@pytest.mark.parametrize("answer", ["Redis server v=6.0.16 sha=0:0", "what?"])
def test_an_old_server_on_the_path_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    old = _program(tmp_path, "redis-server", answer)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert broker.find_server() != old


def test_without_any_server_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(BrokerError, match="LOADWATCH_REDIS_URL"):
        broker.find_server()


@pytest.mark.parametrize(
    ("url", "celery_url"),
    [
        ("redis://:secret@host:6380/2", "redis://:secret@host:6380/2"),
        ("rediss://host/0", "rediss://host/0"),
        ("unix:///srv/a%20b/broker.sock", "redis+socket:///srv/a%20b/broker.sock?virtual_host=0"),
        ("unix://ann:secret@/srv/x.sock?db=3", "redis+socket://ann:secret@/srv/x.sock?virtual_host=3"),
    ],
)
def test_an_address_is_said_in_celerys_words(url: str, celery_url: str) -> None:
    assert broker.celery_broker_url(url) == celery_url


@pytest.mark.parametrize("url", ["amqp://host", "/srv/x.sock", "unix://"])
def test_an_address_celery_could_not_use_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="redis://"):
        broker.celery_broker_url(url)


def test_it_answers_redis_and_celery_on_a_private_socket_and_on_no_port(data_dir: Path) -> None:
    folder = data_dir / "with space & 100%"
    with BrokerProcess(folder) as process:
        assert process.url == broker.redis_url(folder)
        assert broker.ping(process.url)
        with Connection(broker.celery_broker_url(process.url)) as connection:  # type: ignore[no-untyped-call]
            queue = connection.SimpleQueue("runs")
            queue.put({"id": 7})
            assert queue.get(timeout=2).payload == {"id": 7}
            queue.close()
        assert process.pid is not None
        server = psutil.Process(process.pid)
        assert [c for c in server.net_connections("inet") if c.status == psutil.CONN_LISTEN] == []
        mode = broker.socket_path(folder).stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o700
        with redis.Redis.from_url(process.url, decode_responses=True) as client:
            wanted = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
            assert {name: client.config_get(name)[name] for name in wanted} == wanted

    assert not broker.socket_path(folder).exists()
    assert not broker.ping(process.url)
    assert not server.is_running()


def test_a_long_data_folder_gets_a_short_private_socket_and_keeps_its_data_at_home(data_dir: Path) -> None:
    folder = data_dir / ("x" * 120)
    with BrokerProcess(folder) as process:
        path = broker.socket_path(folder)
        assert len(os.fsencode(path)) < 104
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert broker.ping(process.url)
        assert (folder / "broker" / "appendonlydir").is_dir() or (folder / "broker" / "appendonly.aof").exists()

    assert not path.parent.exists()


def test_a_socket_folder_that_others_may_enter_is_refused(data_dir: Path) -> None:
    folder = data_dir / ("x" * 120)
    private = broker.socket_path(folder).parent
    private.chmod(0o755)
    try:
        with pytest.raises(BrokerError, match="not a private folder"):
            broker.socket_path(folder)
    finally:
        private.rmdir()


def test_a_planted_link_in_place_of_the_socket_folder_is_refused(data_dir: Path) -> None:
    folder = data_dir / ("x" * 120)
    private = broker.socket_path(folder).parent
    private.rmdir()
    private.symlink_to(data_dir)
    try:
        with pytest.raises(BrokerError, match="not a private folder"):
            broker.socket_path(folder)
    finally:
        private.unlink()


def test_what_was_queued_survives_kill_9_of_the_broker(data_dir: Path) -> None:
    # All but the last moment: while one sync to the disk is under way the next write waits, two seconds at most.
    # What is lost there the sweep finds in the database.
    first = BrokerProcess(data_dir)
    first.start()
    with redis.Redis.from_url(first.url) as client:
        for number in range(100):
            client.rpush("runs", number)
    first.kill()

    with BrokerProcess(data_dir) as second, redis.Redis.from_url(second.url) as client:
        assert client.lrange("runs", 0, -1) == [b"%d" % number for number in range(100)]


def test_a_second_broker_on_the_same_folder_is_refused(data_dir: Path) -> None:
    with BrokerProcess(data_dir) as first:
        with pytest.raises(BrokerError, match="already"):
            BrokerProcess(data_dir).start()

        assert broker.ping(first.url)


def test_a_broker_that_ends_at_once_says_why(data_dir: Path) -> None:
    (data_dir / "broker" / "appendonlydir").mkdir(parents=True)
    (data_dir / "broker" / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")

    with pytest.raises(BrokerError, match=r"(?s)ended with status.*manifest"):
        BrokerProcess(data_dir).start()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_the_broker_ends_when_its_parent_is_killed(data_dir: Path) -> None:
    script = """
        import pathlib, sys, time
        from loadwatch.adapters.broker import BrokerProcess
        broker = BrokerProcess(pathlib.Path(sys.argv[1]))
        broker.start()
        print(broker.pid, flush=True)
        time.sleep(60)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), data_dir],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        server = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)

    assert _until(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)


def test_nobody_answers_at_a_wrong_address(data_dir: Path) -> None:
    assert not broker.ping(f"unix://{data_dir}/none.sock")
    with pytest.raises(ValueError, match="scheme"):
        broker.ping("http://host")
