"""Everybody's summary at one time: sent by several processes, and holding up nobody."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from loadwatch.adapters.nudge import TaskNudge
from loadwatch.bootstrap import Services
from loadwatch.settings import Settings
from tests.support.crowd import weekly_is_due
from tests.support.seeding import seeded_services, sign_up
from workers.app import make_nudge, make_publisher
from workers.care import sweep


@dataclass
class Monday:
    """A few athletes on the morning on which everybody's summary is due; what workers are asked for is noted."""

    services: Services
    asked: list[str] = field(default_factory=list)

    def states(self) -> list[str]:
        with self.services.engines.read.connect() as raw:
            return list(raw.exec_driver_sql("SELECT state FROM outbox WHERE kind = 'weekly'").scalars())


@pytest.fixture
def monday(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Monday:
    asked: list[str] = []
    services = seeded_services(tmp_path)
    services.nudge = TaskNudge(lambda task, _: asked.append(task))
    for n in range(8):
        sign_up(services, f"r{n}@example.org")
    weekly_is_due(services)
    asked.clear()
    monkeypatch.setattr("workers.care.services", lambda: services)
    return Monday(services, asked)


def test_many_summaries_are_sent_by_several_processes(monday: Monday, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.care.MANY", 7)

    sweep()

    assert monday.asked.count("notify.deliver_more") == 4
    assert monday.states() == ["sent"] * 8


def test_a_few_summaries_need_no_other_process(monday: Monday) -> None:
    sweep()

    assert monday.asked.count("notify.deliver_more") == 0
    assert monday.states() == ["sent"] * 8


def test_a_turn_that_ends_before_all_are_sent_asks_for_the_next(monday: Monday) -> None:
    monday.services.notify.queue_weekly()

    monday.services.notify.deliver_due(timedelta(microseconds=-1))  # no time at all

    assert monday.asked == ["notify.deliver_more"]
    assert monday.states() == ["pending"] * 8


def test_many_mails_are_sent_after_whatever_else_waits(redis_url: str, tmp_path: Path) -> None:
    app = make_publisher(Settings(data_dir=tmp_path, redis_url=redis_url))
    nudge = make_nudge(app)
    nudge.more_mails()
    nudge.assess(1)

    with app.connection_for_read() as connection, connection.SimpleQueue("celery") as queue:
        tasks = [queue.get(timeout=1).headers["task"] for _ in range(2)]

    assert tasks == ["workers.assess.assess", "workers.notify.deliver_more"]
