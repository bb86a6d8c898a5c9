"""
Everybody's weekly summary at one time, handed to a mail server: by the worker as it runs, with its two processes.

The mail server is a process of its own, which notes what it got; its share of the processor is told apart. What each
part of a mail costs is measured beside it, in one process. `LW_BENCH_SUMMARIES=10000 ./run bench
tests/benchmarks/test_summaries.py -s` is a Monday of ten thousand.
"""

import contextlib
import functools
import json
import os
import pkgutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import resvg_py

from loadwatch.adapters.broker import parent_death_hook
from loadwatch.adapters.charts import distance_chart_svg
from loadwatch.adapters.pain_chart import FONT
from loadwatch.bootstrap import Services
from loadwatch.domain.report import distance_chart
from tests.support.crowd import crowd, weekly_is_due
from tests.support.stack import Stack, free_port, running_stack, wait_until
from workers.app import make_publisher
from workers.care import SWEEP

N = int(os.environ.get("LW_BENCH_SUMMARIES", "200"))
N_BY_PART = 40
LEAST_PER_S = 20.0
CORES = 2

PARTS = {
    "claim": "loadwatch.services.notify.NotifyService._claim",
    "report": "loadwatch.services.letters.week_of",
    "picture": "loadwatch.adapters.mail_pictures.MailPictures.week",
    "words and templates": "loadwatch.services.letters.weekly_mail",
    "mrml": "mrml.to_html",
    "look at links": "loadwatch.emails.render._check_links",
    "MIME": "loadwatch.adapters.mail._made",
    "SMTP": "loadwatch.adapters.mail.SmtpMailer.send",
    "note as being sent": "loadwatch.adapters.db.outbox_store.OutboxStore.begin_sending",
    "note as sent": "loadwatch.services.notify.NotifyService._sent",
}


@dataclass
class Sink:
    """The mail server."""

    port: int
    process: subprocess.Popen[bytes]
    notes: Path

    def mails(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.notes.read_text().splitlines()]


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    port, notes = free_port(), tmp_path / "mails.jsonl"
    with notes.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.benchmarks.mail_sink", str(port)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=out,
            preexec_fn=parent_death_hook(signal.SIGTERM),
        )
    yield Sink(port, process, notes)
    process.terminate()
    process.wait(10)


@pytest.fixture(params=["sqlite", "postgresql"])
def stack(request: pytest.FixtureRequest, tmp_path: Path, redis_url: str, sink: Sink) -> Iterator[Stack]:
    with contextlib.ExitStack() as ends:
        url = f"sqlite:///{tmp_path / 'test.db'}"
        if request.param == "postgresql":
            from tests.support.postgres import create_database, drop_database

            server = request.getfixturevalue("postgres_server")
            url = create_database(server)
            ends.callback(drop_database, server, url)
        smtp_url = f"smtp://127.0.0.1:{sink.port}"
        yield ends.enter_context(running_stack(tmp_path, url, redis_url, LOADWATCH_SMTP_URL=smtp_url))


class Clocks:
    """The processor's time in each of `PARTS`, without what they spend in one another; the rest is "beside"."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.spent_s: Counter[str] = Counter()
        self._running = ["beside"]
        self._since_s = time.process_time()
        for part, target in PARTS.items():
            patch.setattr(target, self._timed(part, pkgutil.resolve_name(target)))

    def _timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self._switch()
            self._running.append(part)
            try:
                return function(*args, **kwargs)
            finally:
                self._switch()
                self._running.pop()

        return timed

    def _switch(self) -> None:
        now_s = time.process_time()
        self.spent_s[self._running[-1]] += now_s - self._since_s
        self._since_s = now_s

    def start(self) -> None:
        self._switch()
        self.spent_s.clear()

    def stop(self) -> None:
        self._switch()


def _family(pid: int) -> list[psutil.Process]:
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def _cpu_s(processes: list[psutil.Process]) -> float:
    used = [process.cpu_times() for process in processes]
    return sum(t.user + t.system for t in used)


def _rss_mb(processes: list[psutil.Process]) -> list[int]:
    return [process.memory_info().rss >> 20 for process in processes]


def _queued(stack: Stack, state: str) -> int:
    with stack.services.engines.read.connect() as raw:
        query = f"SELECT count(*) FROM outbox WHERE kind = 'weekly' AND state = '{state}'"
        return int(raw.exec_driver_sql(query).scalar() or 0)


@pytest.mark.timeout(1800)  # of ten thousand
def test_all_summaries_of_a_monday_leave_at_twenty_a_second(stack: Stack, sink: Sink) -> None:
    n = crowd(stack.services, N)
    stack.start_worker()
    stack.start("beat")
    wait_until(stack.nothing_waits, "the worker is idle")
    worker, sunk = _family(stack.processes["worker"].pid), [psutil.Process(sink.process.pid)]
    cpu_s, sink_s, memory = _cpu_s(worker), _cpu_s(sunk), _rss_mb(worker)

    began = time.perf_counter()
    weekly_is_due(stack.services)
    make_publisher(stack.settings).send_task(SWEEP)
    wait_until(lambda: _queued(stack, "sent") == n, f"all are sent\n{stack.log('worker')[-2000:]}", 1200, every_s=0.2)
    took_s = time.perf_counter() - began
    cpu_s, sink_s = _cpu_s(worker) - cpu_s, _cpu_s(sunk) - sink_s

    mails = sink.mails()
    assert Counter(Counter(m["to"] for m in mails).values()) == {1: n}  # one for each
    assert len({m["id"] for m in mails}) == n
    rate, mean_kb = n / took_s, sum(m["bytes"] for m in mails) / n / 1000
    print(
        f"\n{stack.services.engines.write.dialect.name}, load {os.getloadavg()[0]:.1f}: {n} summaries in"
        f" {took_s:.1f} s, {rate:.1f}/s; a mail of {mean_kb:.0f} kB, {sum(m['pictures'] for m in mails)} pictures"
        f"\nCPU a mail: the worker {1000 * cpu_s / n:.1f} ms, the mail server {1000 * sink_s / n:.1f} ms;"
        f" {CORES} cores of the worker's own would do {CORES * n / cpu_s:.0f}/s"
        f"\nmemory of the worker and its processes: {memory} MB before, {_rss_mb(worker)} MB after"
    )
    # What others on the machine take does not count, and a few summaries are over before the worker is warm.
    assert CORES * n / cpu_s >= LEAST_PER_S


def test_what_a_summary_costs_by_its_parts(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    services = stack.services
    n = crowd(services, N_BY_PART)
    clocks = Clocks(monkeypatch)
    for turn in range(2):  # the first is to warm up
        weekly_is_due(services)
        with services.engines.write.begin() as connection:
            connection.exec_driver_sql("DELETE FROM outbox")
        services.notify.queue_weekly()
        clocks.start()
        sent = 0
        while sent < n:
            sent += services.notify.deliver_due() or pytest.fail(f"turn {turn}: {sent} of {n} left")
        clocks.stop()

    spent_ms = {part: 1000 * s / n for part, s in clocks.spent_s.most_common()}
    parts = ", ".join(f"{part} {ms:.1f}" for part, ms in spent_ms.items())
    print(
        f"\n{services.engines.write.dialect.name}: of {sum(spent_ms.values()):.1f} ms a mail: {parts}"
        f"\nfor comparison, the runs of two months drawn as SVG by resvg: {_resvg_ms(services):.1f} ms"
    )
    assert clocks.spent_s["picture"] < sum(clocks.spent_s.values()) / 2


def _resvg_ms(services: Services) -> float:
    now, rounds = services.clock(), 10
    with services.store.read() as tx:
        points = distance_chart(tx.runs_between(1, now - timedelta(days=90), now), (), since=now - timedelta(days=60))
    svg = distance_chart_svg(points, width=480, height=250, link_prefix="")
    began_s = time.process_time()
    for _ in range(rounds):
        resvg_py.svg_to_bytes(svg_string=svg, font_files=[str(FONT)], skip_system_fonts=True, zoom=2)
    return 1000 * (time.process_time() - began_s) / rounds
