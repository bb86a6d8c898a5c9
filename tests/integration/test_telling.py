"""What is laid out for a runner, when, and on which of their ways: on both databases."""

import contextlib
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from loadwatch.bootstrap import make_services
from loadwatch.domain.daily import IsoWeek
from loadwatch.services.channel_ports import Checked
from loadwatch.settings import Settings
from tests.integration.test_symptom_alerts import START, House

SUNRISE = datetime(2026, 11, 19, 6, 0, tzinfo=UTC)
"""Thursday, seven in Berlin: the morning after the jump."""


on_both = pytest.mark.parametrize("house", ["sqlite", "postgresql"], indirect=True)
"""For what the database itself does; the rest is tried on SQLite."""


@pytest.fixture
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A runner with forty days of 10 km on every other day."""
    with contextlib.ExitStack() as ends:
        url = f"sqlite:///{tmp_path / 'test.db'}"
        if getattr(request, "param", "sqlite") == "postgresql":
            from tests.support.postgres import create_database, drop_database

            server = request.getfixturevalue("postgres_server")
            url = create_database(server, template=request.getfixturevalue("postgres_tables"))
            ends.callback(drop_database, server, url)
        else:
            shutil.copyfile(request.getfixturevalue("sqlite_tables"), tmp_path / "test.db")
        house = House()
        settings = Settings(data_dir=tmp_path, database_url=url, secret_key="k", base_url="https://run.example")
        house.services = make_services(settings, clock=lambda: house.now)
        ends.callback(house.services.close)
        house.begin()
        yield house


def jump(house: House, km: float = 16, source_id: int = 1) -> None:
    """A run of this noon: of 16 km an alert of severity 2."""
    house.run(source_id, START - timedelta(hours=1), km)


def channel(house: House, least: int = 2, *, weekly: bool = False, asks: bool = False, **more: Any) -> str:
    """Another way to the runner; its name in the outbox."""
    checked = Checked("json://example.org/x", "json", "json://example.org")
    takes = {"least_severity": least, "takes_weekly": weekly, "takes_asks": asks}
    with house.services.store.write() as tx:
        number = tx.add_channel(
            house.athlete_id, "apprise", checked, name="Phone", is_discreet=False, created_at=house.now, **takes
        )
        if more:
            tx.change_channel(house.athlete_id, number, **more)
    return f"channel-{number}"


def put(house: House, **changes: Any) -> None:
    with house.services.store.write() as tx:
        tx.update_athlete(house.athlete_id, **changes)


def laid_out(house: House, *kinds: str) -> list[tuple[str, str, str]]:
    with house.services.store.read() as tx:
        items = sorted(tx.outbox_items(house.athlete_id, 100), key=lambda item: item.id)
    return [(i.kind, i.channel, i.state) for i in items if not kinds or i.kind in kinds]


def ways(house: House, kind: str) -> list[str]:
    return [way for _, way, _ in laid_out(house, kind)]


# ways


def test_an_alert_goes_to_the_mail_and_to_the_channels_that_take_its_severity(house):
    loud = channel(house, least=2)
    channel(house, least=3)
    channel(house, least=2, disabled_at=START)

    jump(house)

    assert ways(house, "alert") == ["mail", loud]


@pytest.mark.parametrize("changes", [{"alert_mails": False}, {"email": None}, {"mail_refused_at": START}])
def test_who_takes_no_mail_is_told_by_the_channel(house, changes):
    phone = channel(house)
    put(house, **changes)

    jump(house)

    assert ways(house, "alert") == [phone]


@on_both
def test_an_alert_counts_once_however_many_ways_it_went(house):
    channel(house)
    channel(house)
    jump(house)

    with house.services.store.read() as tx:
        told = tx.mailed(house.athlete_id, START - timedelta(days=30))
    assert [(m.severity, m.left_at) for m in told] == [(2, START)]


def test_a_mail_that_nobody_got_stands_for_no_later_alert(house):
    jump(house)
    with house.services.store.write() as tx:
        (item,) = tx.outbox_items(house.athlete_id, 10)
        tx.settle_outbox(item.id, "failed", house.now)
    house.later(days=2)
    house.run(2, house.now - timedelta(hours=2), 25)

    assert laid_out(house, "alert") == [("alert", "mail", "failed"), ("alert", "mail", "pending")]


def test_a_red_flag_goes_every_way_that_works_though_all_is_switched_off(house):
    phone = channel(house, least=4)
    channel(house, least=2, disabled_at=START)
    put(house, alert_mails=False, mail_refused_at=START)

    house.tell(pain_today=6, signs=["numb_saddle"])

    assert ways(house, "alert") == ["mail", phone]


@on_both
def test_a_red_flag_that_nobody_has_read_is_told_again_once_a_day_on_each_way(house):
    phone = channel(house)
    house.tell(pain_today=6, signs=["numb_saddle"])
    house.later(hours=24)
    house.services.notify.expire()
    house.services.notify.expire()

    assert ways(house, "again") == ["mail", phone]


@on_both
def test_who_was_not_told_of_an_alert_does_not_hear_that_it_is_withdrawn(house):
    phone = channel(house)
    jump(house)
    put(house, alert_mails=False)
    with house.services.store.write() as tx:
        for item in tx.outbox_items(house.athlete_id, 10):
            if item.channel == "mail":  # it had not left yet, and the phone's had
                tx.settle_outbox(item.id, "failed", house.now)
            else:
                tx.settle_outbox(item.id, "sent", house.now)
    channel(house)

    jump(house, km=10)

    assert ways(house, "retraction") == [phone]


def test_a_red_flag_is_laid_out_for_nobody_else(house):
    with house.services.store.write() as tx:
        other = tx.add_athlete("Bob", "bob@example.org", "Europe/Berlin", START)
    house.tell(pain_today=6, signs=["numb_saddle"])

    with house.services.store.read() as tx:
        assert tx.outbox_items(other, 10) == []


# summaries


@on_both
def test_the_summary_goes_to_the_ways_that_take_it_once(house):
    phone = channel(house, weekly=True)
    channel(house)
    with house.services.store.write() as tx:
        tx.plan_weekly([(house.athlete_id, IsoWeek(2026, 46), START)])

    assert [house.services.notify.queue_weekly() for _ in range(2)] == [1, 0]
    assert ways(house, "weekly") == ["mail", phone]


@on_both
def test_summaries_of_many_are_laid_out_in_batches(house):
    with house.services.store.write() as tx:
        for n in range(25):
            athlete_id = tx.add_athlete(f"Runner {n}", f"r{n}@example.org", "Europe/Berlin", START)
            tx.plan_weekly([(athlete_id, IsoWeek(2026, 46), START)])

    assert house.services.notify.queue_weekly(batch=10) == 25
    assert house.services.notify.queue_weekly(batch=10) == 0


def test_another_hour_or_place_moves_the_summary_that_waits(house):
    with house.services.store.write() as tx:
        tx.plan_weekly([(house.athlete_id, IsoWeek(2026, 47), datetime(2026, 11, 23, 6, tzinfo=UTC))])

    house.services.accounts.update_profile(house.athlete_id, weekly_day=7, weekly_hour=0, timezone="Asia/Kolkata")

    profile = house.services.views.profile(house.athlete_id)
    assert profile.weekly_week == IsoWeek(2026, 47)
    assert profile.next_weekly_at == datetime(2026, 11, 28, 18, 30, tzinfo=UTC)  # Sunday 00:00 there


# questions


def ask(house: House, at: datetime) -> list[tuple[str, str, str]]:
    house.now = at
    house.services.notify.queue_asks()
    return laid_out(house, "ask")


@on_both
def test_on_the_morning_after_a_jump_it_is_asked_once_how_it_feels(house):
    phone = channel(house, asks=True)
    jump(house)

    assert ask(house, SUNRISE - timedelta(minutes=1)) == []
    assert ask(house, SUNRISE) == [("ask", "mail", "pending"), ("ask", phone, "pending")]
    assert len(ask(house, SUNRISE + timedelta(hours=1))) == 2
    assert len(ask(house, SUNRISE + timedelta(days=1))) == 2


def test_a_check_in_of_that_morning_answers_before_it_is_asked(house):
    jump(house)
    house.now = SUNRISE - timedelta(minutes=30)
    house.tell(pain_today=0)

    assert ask(house, SUNRISE) == []


@on_both
def test_a_check_in_before_the_question_leaves_takes_it_back(house):
    jump(house)
    house.deliver()
    ask(house, SUNRISE)
    house.now += timedelta(minutes=1)
    house.tell(pain_today=0)
    house.deliver()

    assert laid_out(house, "ask") == [("ask", "mail", "cancelled")]


def test_after_a_run_that_was_corrected_nothing_is_asked(house):
    jump(house)
    jump(house, km=10)

    assert ask(house, SUNRISE) == []


def test_a_scheduler_that_slept_through_the_day_asks_no_more(house):
    jump(house)

    assert ask(house, SUNRISE + timedelta(hours=18)) == []
    assert ask(house, SUNRISE + timedelta(hours=25)) == []


def test_who_wants_no_questions_is_asked_none(house):
    put(house, ask_mails=False)
    jump(house)

    assert ask(house, SUNRISE) == []


@pytest.mark.parametrize(("n_not_useful", "n_asked"), [(2, 1), (3, 0)])
def test_of_a_kind_that_was_called_not_useful_three_times_nothing_is_asked(house, n_not_useful, n_asked):
    for n, km in enumerate((14, 17, 21, 26)):
        house.run(1 + n, START - timedelta(days=3 - n, hours=1), km)
    for alert in house.of_rule("R-M1")[:n_not_useful]:
        house.services.alerts.feedback(house.athlete_id, alert.id, useful=False)

    assert len(ask(house, SUNRISE)) == n_asked


def test_who_sleeps_until_nine_is_asked_at_nine(house):
    jump(house)
    put(house, quiet_to=9)

    assert ask(house, SUNRISE) == []
    assert len(ask(house, SUNRISE + timedelta(hours=2))) == 1


def test_a_small_jump_that_sends_no_alert_is_asked_after_too(house):
    jump(house, km=12.5)

    assert laid_out(house, "alert") == []
    assert len(ask(house, SUNRISE)) == 1


def test_a_season_of_old_runs_asks_nothing(house):
    house.now = START + timedelta(days=30)
    jump(house)

    assert ask(house, house.now + timedelta(days=1)) == []
