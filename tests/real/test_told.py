"""
Two years of recorded runs, each judged when it ends: what leaves on which way, by a scheduler that is always awake.

Rows of the outbox count as sent when they are due: what is laid out is the most that can leave. Nobody answers, so
each question that a rule asks is asked as long as it may be. With `-s` the numbers are printed.
"""

import gzip
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from loadwatch.adapters.db import migrate
from loadwatch.adapters.db import tables as t
from loadwatch.bootstrap import Services, make_services
from loadwatch.domain.weekly_clock import due, running_week
from loadwatch.services.channel_ports import Checked
from loadwatch.services.ports import ActivityRecord
from loadwatch.settings import Settings

LIST = Path(__file__).parents[2].parent / "shared/data/strava_api/recorded/athlete_activities_2017_2025.json.gz"

pytestmark = pytest.mark.skipif(
    not LIST.exists() and os.environ.get("CI") != "true", reason=f"the recorded list is not here: {LIST.name}"
)

DAY = timedelta(days=1)
ZONE = "Europe/Berlin"
TWO_YEARS = 730 * DAY
RUNS = {"Run", "TrailRun", "VirtualRun"}
WAYS = {"mail": "Mail", "channel-1": "Phone, from severity 2", "channel-2": "Watch, from severity 3"}


@dataclass(frozen=True)
class Word:
    """What left: an alert, a question, a summary, each on one way."""

    kind: str
    subject: str
    way: str
    at: datetime
    severity: int
    """Of the alert; 0 of anything else."""


@dataclass
class Runner:
    """One account on a server whose clock is told to move."""

    services: Services
    now: datetime
    athlete_id: int = 0

    def sign_up(self, sensitivity: str) -> None:
        with self.services.store.write() as tx:
            self.athlete_id = tx.add_athlete("Ann", "ann@example.org", ZONE, self.now)
            week = running_week(self.now, ZONE)
            tx.plan_weekly([(self.athlete_id, week, due(week, ZONE))])
            tx.update_athlete(self.athlete_id, sensitivity=sensitivity)
            for name, least in (("Phone", 2), ("Watch", 3)):
                tx.add_channel(
                    self.athlete_id,
                    "apprise",
                    Checked("json://example.org/x", "json", "json://example.org"),
                    **{"name": name, "least_severity": least, "takes_weekly": least == 2, "takes_asks": least == 2},
                    is_discreet=False,
                    created_at=self.now,
                )

    def store(self, activities: Sequence[dict[str, Any]]) -> None:
        with self.services.store.write() as tx:
            for a in activities:
                tx.upsert_run(self.athlete_id, "strava", record(a), streams="none", trusted=True, now=self.now)
            tx.want_assessment(self.athlete_id, min(start_of(a) for a in activities), self.now)
        self.services.assess.assess(self.athlete_id)

    def wait(self, until: datetime) -> None:
        """Go from one moment at which something is due to the next, and do it."""
        while (at := self._next_due()) is not None and at <= until:
            self.now = max(self.now, at)
            self.services.notify.queue_weekly()
            self.services.notify.queue_asks()
            self._send()
        self.now = until

    def _next_due(self) -> datetime | None:
        moments = (
            select(func.min(t.Athlete.next_weekly_at)),
            select(func.min(t.AlertRow.ask_due_at)),
            select(func.min(t.Outbox.next_attempt_at)).where(t.Outbox.state == "pending"),
        )
        with self.services.store.read() as tx:
            found = [tx._s.scalar(moment) for moment in moments]  # type: ignore[attr-defined]
        return min((at for at in found if at is not None), default=None)

    def _send(self) -> None:
        with self.services.store.write() as tx:
            for item in tx.outbox_items(self.athlete_id, 20):
                if item.state == "pending" and item.next_attempt_at <= self.now:
                    tx.settle_outbox(item.id, "sent", self.now)

    def words(self) -> list[Word]:
        with self.services.store.read() as tx:
            items = tx.outbox_items(self.athlete_id, 100_000)
            severity = {
                str(a.id): a.severity for a in tx.alerts_since(self.athlete_id, datetime(2000, 1, 1, tzinfo=UTC))
            }
        found = [
            Word(i.kind, i.subject, i.channel, i.settled_at, severity.get(i.subject, 0) if i.kind == "alert" else 0)
            for i in items
            if i.settled_at is not None
        ]
        return sorted(found, key=lambda word: word.at)


def start_of(activity: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(activity["start_date"])


def record(a: dict[str, Any]) -> ActivityRecord:
    return ActivityRecord(
        source_id=a["id"],
        name="",
        sport=a["sport_type"],
        start=start_of(a),
        local_date=datetime.fromisoformat(a["start_date_local"]).date(),
        timezone=ZONE,
        distance_m=a["distance"],
        moving_s=a["moving_time"],
        elapsed_s=a["elapsed_time"],
        ascent_m=a["total_elevation_gain"],
        average_heartrate_bpm=None,
        is_race=a.get("workout_type") == 1,
        is_manual=bool(a.get("manual")),
    )


def most_in(moments: Sequence[datetime], window: timedelta) -> int:
    """The greatest number within any window."""
    return max((sum(at <= other < at + window for other in moments) for at in moments), default=0)


@pytest.fixture(scope="module")
def two_years() -> list[dict[str, Any]]:
    """All that was recorded until the end of the two years with the most runs."""
    runs = sorted(
        (a for a in json.loads(gzip.decompress(LIST.read_bytes())) if a["sport_type"] in RUNS), key=start_of
    )
    starts = [start_of(a) for a in runs]
    begin = max(starts, key=lambda at: sum(at <= other < at + TWO_YEARS for other in starts))
    return [a for a in runs if start_of(a) < begin + TWO_YEARS]


@pytest.fixture(scope="module", params=["balanced", "watchful"])
def told(
    request: pytest.FixtureRequest, tmp_path_factory: Any, two_years: list[dict[str, Any]]
) -> Iterator[list[Word]]:
    folder = tmp_path_factory.mktemp("told")
    begin = start_of(two_years[-1]) - TWO_YEARS
    earlier = [a for a in two_years if start_of(a) < begin]
    runner = Runner(None, begin)  # type: ignore[arg-type]
    settings = Settings(data_dir=folder, secret_key="k", base_url="https://run.example")
    runner.services = make_services(settings, clock=lambda: runner.now)
    migrate.upgrade(runner.services.engines.write)
    runner.sign_up(request.param)
    if earlier:
        runner.store(earlier)
    for a in two_years[len(earlier) :]:
        runner.wait(start_of(a) + timedelta(seconds=a["elapsed_time"]))
        runner.store([a])
    runner.wait(begin + TWO_YEARS + 7 * DAY)
    words = runner.words()
    show(request.param, words)
    yield words
    runner.services.close()


def show(sensitivity: str, words: Sequence[Word]) -> None:
    months = TWO_YEARS / DAY / 30.44
    print(f"\n{sensitivity}: words per month, and the most in any 7 and any 30 days")
    for way, name in WAYS.items():
        for kinds in (("alert",), ("ask",), ("alert", "ask"), ("weekly",)):
            at = [w.at for w in words if w.way == way and w.kind in kinds]
            most = f"{most_in(at, 7 * DAY)} and {most_in(at, 30 * DAY)}"
            print(f"  {name:24} {' + '.join(kinds):12} {len(at):4}   {len(at) / months:5.2f}   {most}")


def of(words: Sequence[Word], *kinds: str, way: str = "mail") -> list[Word]:
    return [w for w in words if w.kind in kinds and w.way == way]


def test_two_years_bring_no_more_alerts_than_the_budget(told: list[Word]) -> None:
    for way in WAYS:
        small = [w.at for w in of(told, "alert", way=way) if w.severity < 3]
        severe = [w.at for w in of(told, "alert", way=way) if w.severity == 3]
        assert most_in(small, 7 * DAY) <= 2
        assert most_in(small, 30 * DAY) <= 4
        assert most_in(severe, DAY) <= 1
    assert of(told, "alert")  # there is something to count


def test_each_question_finds_room_in_the_budget(told: list[Word]) -> None:
    words = of(told, "alert", "ask")
    for asked in of(told, "ask"):
        assert sum(asked.at - 7 * DAY < w.at <= asked.at for w in words) <= 2
        assert sum(asked.at - 30 * DAY < w.at <= asked.at for w in words) <= 4
    days = [w.subject.partition(".")[0] for w in of(told, "ask")]
    assert len(days) == len(set(days))
    assert days


def test_nothing_leaves_at_night(told: list[Word]) -> None:
    assert {w.at.astimezone(ZoneInfo(ZONE)).hour for w in told} <= set(range(7, 21))


def test_each_week_has_one_summary_on_monday_at_seven(told: list[Word]) -> None:
    summaries = of(told, "weekly")
    local = [w.at.astimezone(ZoneInfo(ZONE)) for w in summaries]

    assert len({w.subject for w in summaries}) == len(summaries) in (104, 105, 106)
    assert {(at.isoweekday(), at.hour, at.minute) for at in local} == {(1, 7, 0)}


def test_all_ways_that_take_a_word_tell_the_same(told: list[Word]) -> None:
    assert [(w.kind, w.subject, w.at) for w in of(told, "alert", "ask", "weekly")] == [
        (w.kind, w.subject, w.at) for w in of(told, "alert", "ask", "weekly", way="channel-1")
    ]
    assert [w.subject for w in of(told, "alert", way="channel-2")] == [
        w.subject for w in of(told, "alert") if w.severity >= 3
    ]
