"""Everybody's summary at one time: sent by several processes, and holding up nobody."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from loadwatch.adapters.db.store import SqlTx
from loadwatch.adapters.nudge import TaskNudge
from loadwatch.bootstrap import Services
from loadwatch.domain.activity import Run
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.report import WeeklyReport
from loadwatch.settings import Settings
from tests.support.athletes import BUSY, INJURED, open_household
from tests.support.crowd import weekly_is_due
from tests.support.seeding import NOW, athlete, seeded_services, sign_up
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


@pytest.mark.parametrize("email", [BUSY, INJURED])
def test_a_week_is_the_same_whatever_else_is_read_of_its_runs(
    household: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    services = open_household(household, tmp_path / "data")
    one, weeks = athlete(services, email), [IsoWeek.of(NOW.date()).shifted(-n) for n in range(10)]
    lean = [services.views.week(one, week) for week in weeks]

    def all_of_them(tx: SqlTx, athlete_id: int, since: datetime, _: datetime, until: datetime | None) -> list[Run]:
        return tx.runs_between(athlete_id, since, until)

    monkeypatch.setattr(SqlTx, "runs_to_judge", all_of_them)
    whole = [services.views.week(one, week) for week in weeks]

    assert [_without_samples(week) for week in lean] == [_without_samples(week) for week in whole]
    assert len({week.loads for week in lean}) > 5  # they differ


def _without_samples(week: WeeklyReport) -> WeeklyReport:
    return replace(week, runs=tuple(replace(run, features=None) for run in week.runs))


def test_many_mails_are_sent_after_whatever_else_waits(redis_url: str, tmp_path: Path) -> None:
    app = make_publisher(Settings(data_dir=tmp_path, redis_url=redis_url))
    nudge = make_nudge(app)
    nudge.more_mails()
    nudge.assess(1)

    with app.connection_for_read() as connection, connection.SimpleQueue("celery") as queue:
        tasks = [queue.get(timeout=1).headers["task"] for _ in range(2)]

    assert tasks == ["workers.assess.assess", "workers.notify.deliver_more"]
