"""One summary for each ISO week, wherever the runner goes, whatever they set, and however badly the server sleeps."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.weekly_clock import due, running_week
from loadwatch.services.ports import AthleteProfile
from loadwatch.services.telling import lay_out_weekly
from loadwatch.services.timing_ports import WeeklyRow
from tests.unit.domain.test_weekly_clock import ZONES, walked

START = datetime(2026, 2, 25, 9, tzinfo=UTC)
"""Before the clocks of many zones change, on the 8th and the 29th of March and in the weeks around."""


@dataclass
class Calendar:
    """A runner, the outbox, and a scheduler that can be put to sleep."""

    profile: AthleteProfile
    now: datetime = START
    sent: list[tuple[IsoWeek, datetime]] = field(default_factory=list)
    """Of which week, and when it may leave."""
    since: datetime = START
    """Of the last that was set, or since when the scheduler is awake."""

    # what `lay_out_weekly` asks of a transaction

    def weekly_channels(self, _: Any) -> dict[int, list[str]]:
        return {}

    def lay_out_weekly(self, rows: list[WeeklyRow], now: datetime) -> None:
        assert now == self.now
        known = {week for week, _ in self.sent}
        self.sent += [(row.week, row.not_before) for row in rows if row.week not in known]

    def plan_weekly(self, plans: list[tuple[int, IsoWeek, datetime]]) -> None:
        for _, week, at in plans:
            self.profile = replace(self.profile, weekly_week=week, next_weekly_at=at)

    # what happens to it

    def set(self, **changes: Any) -> None:
        """As the settings do: the week that waits stays, its hour is worked out anew."""
        self.profile = replace(self.profile, **changes)
        assert self.profile.weekly_week is not None
        self.profile = replace(self.profile, next_weekly_at=due(self.profile.weekly_week, *self.clock))
        self.since = self.now

    @property
    def clock(self) -> tuple[str, int, int]:
        return self.profile.timezone, self.profile.weekly_day, self.profile.weekly_hour

    def sweep(self, times: int = 1) -> None:
        for _ in range(times):
            assert self.profile.next_weekly_at is not None
            if self.profile.next_weekly_at <= self.now:
                lay_out_weekly(self, [self.profile], self.now)  # type: ignore[arg-type]

    def wait(self, until: datetime, *, awake: bool, times: int) -> None:
        """The scheduler, if it is awake, comes when something is due."""
        while awake and self.profile.next_weekly_at is not None and self.profile.next_weekly_at <= until:
            self.now = max(self.now, self.profile.next_weekly_at)
            before = len(self.sent)
            self.sweep(times)
            for week, leaves in self.sent[before:]:
                assert leaves == max(walked(week, *self.clock), self.since)
        self.now = until


def a_runner(timezone: str = "Europe/Berlin", weekday: int = 1, hour: int = 7, **more: Any) -> Calendar:
    profile = AthleteProfile(1, "Ann", "ann@example.org", timezone, "metric", False, True, True, None)
    week = running_week(START, timezone)
    at = due(week, timezone, weekday, hour)
    more = {"quiet_from": 0, "quiet_to": 0, **more}
    return Calendar(
        replace(profile, weekly_day=weekday, weekly_hour=hour, weekly_week=week, next_weekly_at=at, **more)
    )


def told(calendar: Calendar) -> list[str]:
    return [str(week) for week, _ in calendar.sent]


zones, days, hours = st.sampled_from(ZONES), st.integers(1, 7), st.integers(0, 23)
moves = st.builds(lambda zone: {"timezone": zone}, zones)
other_settings = st.fixed_dictionaries({}, optional={"timezone": zones, "weekly_day": days, "weekly_hour": hours})
pauses = st.integers(1, 14 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


@settings(max_examples=150, deadline=None)
@given(
    clock=st.tuples(zones, days, hours),
    steps=st.lists(st.tuples(pauses, moves, st.integers(0, 24 * 60)), max_size=6),
    times=st.integers(1, 3),
)
def test_each_week_is_told_once_though_the_runner_moves_and_the_scheduler_sleeps_for_a_day(clock, steps, times):
    calendar = a_runner(*clock)
    first = calendar.profile.weekly_week
    for pause, move, asleep in steps:
        calendar.wait(calendar.now + pause, awake=True, times=times)
        calendar.wait(calendar.now + timedelta(minutes=asleep), awake=False, times=0)
        calendar.since = calendar.now
        calendar.set(**move)
    calendar.wait(calendar.now + timedelta(days=30), awake=True, times=times)

    weeks = [week for week, _ in calendar.sent]
    assert first is not None
    assert weeks == [first.shifted(n) for n in range(len(weeks))]
    assert len(weeks) >= 3


@settings(max_examples=150, deadline=None)
@given(
    clock=st.tuples(zones, days, hours),
    steps=st.lists(st.tuples(pauses, other_settings, st.booleans()), max_size=8),
)
def test_no_week_is_told_twice_and_none_left_out_but_for_a_newer_one(clock, steps):
    calendar = a_runner(*clock)
    passed_over: list[IsoWeek] = []
    waits = calendar.profile.weekly_week
    for pause, change, awake in [*steps, (timedelta(), {}, True), (timedelta(days=30), {}, True)]:
        before = len(calendar.sent)
        calendar.wait(calendar.now + pause, awake=awake, times=2)
        for week, leaves in calendar.sent[before:]:
            assert waits is not None
            while waits < week:
                passed_over.append(waits)
                waits = waits.shifted(1)
                assert walked(waits, *calendar.clock) <= leaves  # a newer one was due by then
            waits = week.shifted(1)
        calendar.set(**change)

    weeks = [week for week, _ in calendar.sent]
    assert weeks == sorted(set(weeks))
    assert not set(weeks) & set(passed_over)


def test_after_weeks_of_sleep_only_the_newest_is_told():
    calendar = a_runner()
    calendar.wait(START + timedelta(weeks=5), awake=False, times=0)  # Wednesday, 1 April
    calendar.since = calendar.now
    calendar.wait(calendar.now + timedelta(days=7), awake=True, times=1)

    assert told(calendar) == ["2026-W13", "2026-W14"]


def test_a_late_summary_waits_for_the_morning_and_one_in_time_does_not():
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    early = a_runner(hour=3, quiet_from=21, quiet_to=7)
    early.now = monday + timedelta(hours=2)  # 03:00 in Berlin
    early.sweep()
    late = a_runner(quiet_from=21, quiet_to=7)
    late.now = monday + timedelta(hours=21)  # 22:00
    late.sweep()

    assert early.sent == [(IsoWeek(2026, 9), early.now)]
    assert late.sent == [(IsoWeek(2026, 9), monday + timedelta(days=1, hours=6))]


def test_who_chooses_a_day_that_has_gone_by_gets_the_last_week_at_once():
    calendar = a_runner(weekday=7)
    calendar.wait(datetime(2026, 3, 3, 12, tzinfo=UTC), awake=True, times=1)  # Tuesday of week 10
    assert told(calendar) == []  # it would come on Sunday

    calendar.set(weekly_day=1)
    calendar.sweep(2)

    assert told(calendar) == ["2026-W09"]
    assert calendar.profile.next_weekly_at == datetime(2026, 3, 9, 6, tzinfo=UTC)


def test_who_chooses_a_later_day_after_the_summary_waits_for_the_next_week():
    calendar = a_runner()
    calendar.wait(datetime(2026, 3, 3, 12, tzinfo=UTC), awake=True, times=1)
    calendar.set(weekly_day=7, weekly_hour=18)
    calendar.wait(datetime(2026, 3, 16, tzinfo=UTC), awake=True, times=1)

    assert calendar.sent == [
        (IsoWeek(2026, 9), datetime(2026, 3, 2, 6, tzinfo=UTC)),
        (IsoWeek(2026, 10), datetime(2026, 3, 15, 17, tzinfo=UTC)),
    ]
