"""From a judged run to a mail in somebody's hands: through a real mail server, on a real database."""

import email
import email.policy
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from loadwatch.adapters.db import migrate
from loadwatch.adapters.mail import SmtpMailer
from loadwatch.bootstrap import Services, make_services
from loadwatch.domain.daily import IsoWeek
from loadwatch.emails import EmailContent
from loadwatch.services.errors import MailDelayed
from loadwatch.services.notify import NotifyService
from loadwatch.services.ports import ActivityRecord, OutboxItem
from loadwatch.services.sync_ports import Awaited
from loadwatch.settings import Settings
from tests.support import ReceivedMail, SmtpServer
from tests.support.stack import free_port

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
"""Saturday morning: when the run in question began."""


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = START + timedelta(hours=2)

    def __call__(self) -> datetime:
        return self.now

    def later(self, **more: float) -> None:
        self.now += timedelta(**more)


@dataclass
class House:
    """The services of one server with one athlete."""

    services: Services
    clock: Clock
    athlete_id: int = field(init=False)

    def __post_init__(self) -> None:
        self.athlete_id = self.add_athlete("Ann", "ann@example.org")

    def add_athlete(self, name: str, address: str | None, timezone: str = "Europe/Berlin") -> int:
        with self.services.store.write() as tx:
            return tx.add_athlete(name, address, timezone, self.clock())

    def run(self, source_id: int, days_ago: float, km: float, athlete_id: int | None = None) -> None:
        """Store (or correct) a run that began so long before START."""
        start = START - timedelta(days=days_ago)
        record = ActivityRecord(
            source_id=source_id,
            name=f"Run {source_id}",
            sport="Run",
            start=start,
            local_date=start.date(),
            timezone="Europe/Berlin",
            distance_m=km * 1000,
            moving_s=km * 360,
            elapsed_s=km * 365,
            ascent_m=40.0,
            average_heartrate_bpm=None,
            is_race=False,
            is_manual=False,
        )
        athlete_id = athlete_id or self.athlete_id
        now = self.clock()
        with self.services.store.write() as tx:
            tx.upsert_run(athlete_id, "strava", record, streams="ok", trusted=True, now=now)
            tx.want_assessment(athlete_id, start, now)

    def assess(self, athlete_id: int | None = None) -> None:
        self.services.assess.assess(athlete_id or self.athlete_id)

    def history(self, athlete_id: int | None = None) -> None:
        """Forty days of 10 km on every other day."""
        for n in range(1, 21):
            self.run(1000 + n, 2 * n, 10, athlete_id)
        self.assess(athlete_id)

    def jump(self, km: float = 16.2, athlete_id: int | None = None) -> None:
        """Today's run: of 16.2 km an alert of severity 2, of 10 km none."""
        self.run(1, 0, km, athlete_id)
        self.assess(athlete_id)

    def deliver(self) -> int:
        return self.services.notify.deliver_due()

    def outbox(self, athlete_id: int | None = None) -> list[OutboxItem]:
        with self.services.store.read() as tx:
            return sorted(tx.outbox_items(athlete_id or self.athlete_id, 100), key=lambda i: i.id)

    def states(self, athlete_id: int | None = None) -> list[tuple[str, str]]:
        return [(i.kind, i.state) for i in self.outbox(athlete_id)]

    def untold(self, mail: OutboxItem) -> str | None:
        """What the page of a mail's alert says of why it was not told."""
        return self.services.views.alert(mail.athlete_id, int(mail.subject)).untold

    def alert_states(self) -> list[str]:
        with self.services.store.read() as tx:
            return [str(a.state) for a in tx.alerts_since(self.athlete_id, START - timedelta(days=100))]


@pytest.fixture
def make_house(database_url: str, tmp_path: Path) -> Iterator[Any]:
    made: list[Services] = []

    def make(smtp_url: str = "") -> House:
        settings = Settings(
            data_dir=tmp_path,
            database_url=database_url,
            secret_key="k",
            smtp_url=smtp_url,
            base_url="https://run.example",
            mail_from="loadwatch <runs@run.example>",
        )
        clock = Clock()
        services = make_services(settings, clock=clock)
        made.append(services)
        migrate.upgrade(services.engines.write)
        return House(services, clock)

    yield make
    for services in made:
        services.close()


@pytest.fixture
def house(make_house: Any, smtp_server: SmtpServer) -> House:
    """A server that mails through `smtp_server`, whose athlete has forty days of history."""
    house: House = make_house(smtp_server.url)
    house.history()
    return house


def parsed(server: SmtpServer) -> list[EmailMessage]:
    messages = [email.message_from_bytes(m.content, policy=email.policy.default) for m in server.messages]
    assert all(isinstance(m, EmailMessage) for m in messages)
    return messages  # type: ignore[return-value]


# the alert's mail


def test_while_a_red_flag_stands_no_jump_is_told(house, smtp_server):
    """Said to be gone and never read, it stands: what a jump asks for would read as if running were all right."""
    from loadwatch.services.health_ports import Draft

    signs = frozenset({"numb_saddle"})
    told = house.services.check_ins.record(house.athlete_id, Draft(pain_today=1, signs=signs, source="page"))
    house.assess()
    house.deliver()
    house.clock.later(hours=4)
    house.services.check_ins.close_problem(house.athlete_id, told.problem_ids[0])
    house.clock.later(days=2)
    house.run(2, -2.1, 16.2)
    house.assess()
    house.deliver()

    (received,) = parsed(smtp_server)
    assert str(received["Subject"]).startswith("Stop running")
    red, jump = house.outbox()
    assert (jump.state, jump.error) == (
        "cancelled",
        "a sign that must not be missed stands: it goes before any load",
    )
    assert house.untold(jump) == "A sign that must not be missed stands: it goes before any load."

    house.services.alerts.acknowledge(house.athlete_id, int(red.subject))
    house.clock.later(days=1)
    house.run(3, -3.1, 24)
    house.assess()
    house.deliver()

    assert [str(m["Subject"])[:7] for m in parsed(smtp_server)[1:]] == ["24.0 km"]


def test_a_jump_arrives_as_one_mail_in_two_forms(house, smtp_server):
    house.jump()

    assert house.deliver() == 1

    (received,) = smtp_server.messages
    (message,) = parsed(smtp_server)
    (item,) = house.outbox()
    assert (received.mail_from, received.rcpt_tos) == ("runs@run.example", ["ann@example.org"])
    assert message["Subject"] == "16.2 km: your longest in 30 days was 10.0 km"
    assert (message["From"], message["To"]) == ("loadwatch <runs@run.example>", "ann@example.org")
    assert message["Date"].datetime == house.clock()
    assert message["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    for form in ("plain", "html"):
        part = message.get_body((form,))
        assert part is not None
        assert "16.2 km" in part.get_content()
        assert "https://run.example" in part.get_content()
    assert (item.kind, item.state, item.attempts, item.error) == ("alert", "sent", 1, None)
    assert (item.mail_subject, item.settled_at) == (message["Subject"], house.clock())


def test_the_message_id_follows_from_what_the_mail_is_about(house, smtp_server):
    house.jump()
    house.deliver()

    (item,) = house.outbox()
    assert (
        parsed(smtp_server)[0]["Message-ID"]
        == item.message_id
        == f"<alert.{item.subject}.{house.athlete_id}@run.example>"
    )


def test_a_sent_mail_is_never_sent_again(house, smtp_server):
    house.jump()
    house.deliver()
    house.clock.later(days=1)

    assert house.deliver() == 0
    (item,) = house.outbox()
    assert house.services.notify.deliver(item.id) is None
    house.assess()
    house.run(1, 0, 16.2)
    house.assess()
    assert house.deliver() == 0
    assert len(smtp_server.messages) == 1


def test_a_run_that_is_nothing_to_speak_of_sends_nothing(house, smtp_server):
    house.jump(km=10)

    assert house.deliver() == 0
    assert (house.outbox(), smtp_server.messages) == ([], [])


def test_who_wants_no_alert_mails_gets_none_and_sees_the_alert_all_the_same(house):
    with house.services.store.write() as tx:
        tx.update_athlete(house.athlete_id, alert_mails=False)
    house.jump()

    assert house.outbox() == []
    assert house.alert_states() == ["firing"]


def test_a_run_older_than_three_days_is_told_on_the_page_alone(house):
    house.clock.later(days=3)
    house.jump()

    assert house.alert_states() == ["firing"]
    assert house.outbox() == []


def test_within_a_week_a_second_jump_of_the_same_weight_is_not_mailed(house, smtp_server):
    house.jump()
    house.clock.later(days=2)
    house.run(2, -2, 25)
    house.assess()
    house.deliver()

    assert house.alert_states() == ["firing", "firing"]
    assert len(smtp_server.messages) == 1


def test_without_an_address_nothing_leaves_and_the_alert_says_why(house):
    nobody = house.add_athlete("Nobody", None)
    house.history(nobody)
    house.jump(athlete_id=nobody)

    assert house.outbox(nobody) == []
    with house.services.store.read() as tx:
        (alert,) = tx.alerts_since(nobody, START)
        assert tx.untold(nobody, alert.id) == "No mail and no other way that you have set up takes it."


# what the mail server may say


def test_a_refusal_for_good_is_not_tried_again_and_its_reason_is_shown(house, smtp_server):
    smtp_server.answer = "550 5.7.1 we do not like runners"
    house.jump()
    house.deliver()

    (item,) = house.outbox()
    assert item.state == "failed"
    assert "550" in (item.error or "")
    assert "we do not like runners" in (item.error or "")
    smtp_server.answer = "250 OK"
    house.clock.later(days=2)
    assert house.deliver() == 0
    assert smtp_server.messages == []


def test_a_delay_is_tried_later_and_sent_once_the_server_accepts(house, smtp_server):
    smtp_server.answer = "451 4.7.1 greylisted"
    house.jump()
    assert house.deliver() == 0

    (item,) = house.outbox()
    assert (item.state, item.attempts, item.settled_at) == ("pending", 1, None)
    assert "451" in (item.error or "")
    smtp_server.answer = "250 OK"
    assert house.deliver() == 0  # not yet
    house.clock.later(seconds=59)
    assert house.deliver() == 0
    house.clock.later(seconds=1)
    assert house.deliver() == 1
    (item,) = house.outbox()
    assert (item.state, item.attempts, item.error) == ("sent", 2, None)
    assert len(smtp_server.messages) == 1


def is_due(house: House) -> bool:
    with house.services.store.read() as tx:
        return bool(tx.due_outbox_ids(house.clock(), 1))


def test_the_pauses_grow_to_an_hour_and_after_two_days_it_is_given_up(house, smtp_server):
    smtp_server.answer = "451 4.7.1 greylisted"
    house.jump()
    began = house.clock()
    pauses_min: list[int] = []
    house.deliver()
    while house.states() == [("alert", "pending")]:
        # An hour's pause is not looked at minute by minute, 48 times.
        pauses_min.append(59 if len(pauses_min) > 7 else 0)
        house.clock.later(minutes=pauses_min[-1])
        while not is_due(house):
            house.clock.later(minutes=1)
            pauses_min[-1] += 1
        house.deliver()

    assert pauses_min[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert set(pauses_min[7:]) == {60}
    # After 63 minutes it is tried every hour: for the 47th time after 48 hours and 3 minutes.
    assert house.clock() - began == timedelta(hours=48, minutes=3)
    (item,) = house.outbox()
    assert item.state == "failed"
    assert (item.error or "").startswith("given up: 451")


def test_a_mail_server_that_is_down_only_delays(make_house):
    house = make_house(f"smtp://127.0.0.1:{free_port()}")
    house.history()
    house.jump()

    assert house.deliver() == 0
    (item,) = house.outbox()
    assert item.state == "pending"
    assert "ConnectionRefusedError" in (item.error or "")


def test_a_server_that_stumbles_after_it_took_the_mail_has_taken_it(house, smtp_server):
    """A second mail would be a doubled warning."""

    async def handle_quit(_server: object, _session: object, _envelope: object) -> str:
        return "421 4.3.2 going down"

    smtp_server.handle_QUIT = handle_quit
    house.jump()
    house.deliver()
    house.clock.later(hours=1)
    house.deliver()

    assert len(smtp_server.messages) == 1
    assert house.states() == [("alert", "sent")]


def test_a_server_that_takes_the_content_and_hangs_up_may_have_it_and_gets_no_second_one(house, smtp_server):
    async def handle_data(server: Any, _session: object, envelope: Any) -> str:
        smtp_server.messages.append(ReceivedMail(envelope.mail_from, envelope.rcpt_tos, envelope.content))
        server.transport.abort()
        return "250 OK"

    smtp_server.handle_DATA = handle_data
    house.jump()
    house.deliver()
    house.clock.later(hours=2)
    house.deliver()

    assert len(smtp_server.messages) == 1
    (item,) = house.outbox()
    assert item.state == "uncertain"  # shown, not repeated
    assert "did not answer" in (item.error or "")


def test_a_connection_lost_before_the_content_left_only_delays(house, smtp_server):
    async def handle_rcpt(server: Any, *_: object) -> str:
        server.transport.abort()
        return "250 OK"

    smtp_server.handle_RCPT = handle_rcpt
    house.jump()
    house.deliver()
    assert house.states() == [("alert", "pending")]
    del smtp_server.handle_RCPT
    house.clock.later(hours=2)
    house.deliver()

    assert house.states() == [("alert", "sent")]
    assert len(smtp_server.messages) == 1


def test_a_database_that_stumbles_while_a_mail_is_written_costs_no_mail(house, smtp_server):
    class Stumbling:
        """Takes the claim, and does not answer the question after it."""

        write = house.services.store.write

        def read(self) -> Any:
            raise ConnectionError("terminated by the administrator")

    house.jump()
    (item,) = house.outbox()
    stumbling = NotifyService(Stumbling(), house.services.mailer, house.clock, house.services.letters)
    with pytest.raises(ConnectionError):
        stumbling.deliver(item.id)
    house.clock.later(hours=2)
    house.deliver()

    assert house.states() == [("alert", "sent")]


def test_an_address_that_the_server_does_not_know_is_refused_for_good(house, smtp_server):
    async def handle_rcpt(
        _server: object, _session: object, _envelope: object, address: str, _options: object
    ) -> str:
        return f"550 5.1.1 {address} is unknown here"

    smtp_server.handle_RCPT = handle_rcpt
    house.jump()
    house.deliver()

    (item,) = house.outbox()
    assert (item.state, item.error) == ("failed", "550 5.1.1 ann@example.org is unknown here")


def test_one_athletes_refused_mail_does_not_hold_up_the_others(house, smtp_server):
    async def handle_rcpt(_server: object, _session: object, envelope: Any, address: str, _options: object) -> str:
        if address == "ann@example.org":
            return "550 5.1.1 unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    smtp_server.handle_RCPT = handle_rcpt
    bob = house.add_athlete("Bob", "bob@example.org")
    house.history(bob)
    house.jump()
    house.jump(athlete_id=bob)

    assert house.deliver() == 1
    assert [m.rcpt_tos for m in smtp_server.messages] == [["bob@example.org"]]


# at most once


def claim(house: House) -> OutboxItem:
    """As a worker that is killed thereafter."""
    with house.services.store.write() as tx:
        (item,) = tx.claim_due(house.clock(), 1, house.clock() + timedelta(minutes=2))
    return item


def begin_sending(house: House) -> OutboxItem:
    item = claim(house)
    with house.services.store.write() as tx:
        assert tx.begin_sending(item, house.clock() + timedelta(minutes=2))
    return item


def test_a_mail_whose_sender_was_killed_before_it_began_to_send_is_sent_by_the_next_one(house, smtp_server):
    house.jump()
    claim(house)

    assert (house.deliver(), house.states()) == (0, [("alert", "claimed")])  # it may still be at it
    house.clock.later(minutes=2)
    assert (house.deliver(), house.states()) == (1, [("alert", "sent")])
    assert len(smtp_server.messages) == 1


def test_a_mail_whose_sender_was_killed_while_it_sent_is_shown_and_not_sent_again(house, smtp_server):
    house.jump()
    item = begin_sending(house)
    house.clock.later(days=2)

    assert house.deliver() == 0
    assert house.services.notify.deliver(item.id) is None
    assert (house.states(), smtp_server.messages) == ([("alert", "uncertain")], [])
    with house.services.store.read() as tx:
        assert tx.claimed_outbox_ids(10) == []
        assert tx.sync_state(house.athlete_id, None, Awaited()).unsettled_mails == 1


def test_eight_deliverers_at_once_send_one_mail(house, smtp_server):
    house.jump()
    (item,) = house.outbox()
    together = threading.Barrier(8)

    def deliver(_: int) -> str | None:
        together.wait()
        return house.services.notify.deliver(item.id)

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(deliver, range(8)))

    assert sorted(o or "" for o in outcomes) == [""] * 7 + ["sent"]
    assert len(smtp_server.messages) == 1


def test_that_a_mail_is_being_sent_is_noted_before_it_is_handed_over(house):
    seen = []

    class Watching:
        def send(self, content: EmailContent, **_: Any) -> None:
            seen.append(house.states())
            raise MailDelayed("later")

        def hang_up(self) -> None:
            pass

    house.jump()
    notify = NotifyService(house.services.store, Watching(), house.clock, house.services.letters)
    notify.deliver_due()

    assert seen == [[("alert", "sending")]]
    assert house.states() == [("alert", "pending")]


# taking back


def test_a_corrected_run_takes_a_mailed_alert_back_once(house, smtp_server):
    house.jump()
    house.deliver()
    house.jump(km=10)
    assert house.alert_states() == ["retracted"]
    house.deliver()
    house.assess()
    house.jump(km=9)
    house.deliver()

    assert house.states() == [("alert", "sent"), ("retraction", "sent")]
    assert [m["Subject"] for m in parsed(smtp_server)] == [
        "16.2 km: your longest in 30 days was 10.0 km",
        "Taken back: “16.2 km: your longest in 30 days was 10.0 km”",
    ]


def test_a_deleted_run_takes_its_mailed_alert_back(house, smtp_server):
    house.jump()
    house.deliver()
    with house.services.store.write() as tx:
        run = tx.delete_run(house.athlete_id, "strava", 1)
        assert run is not None
        tx.want_assessment(house.athlete_id, run.start, house.clock())
    house.assess()

    assert house.deliver() == 1
    assert parsed(smtp_server)[1]["Subject"].startswith("Taken back:")


def test_what_nobody_has_read_is_cancelled_without_a_word(house, smtp_server):
    house.jump()
    house.jump(km=10)

    assert house.deliver() == 0
    (item,) = house.outbox()
    assert item.state == "cancelled"
    assert "corrected or deleted" in (item.error or "")
    assert smtp_server.messages == []


def test_an_alert_that_comes_back_before_its_mail_left_is_mailed_once(house, smtp_server):
    house.jump()
    house.jump(km=10)
    house.jump(km=16.2)

    assert house.deliver() == 1
    assert (house.states(), house.alert_states()) == ([("alert", "sent")], ["firing"])


def test_what_may_have_been_read_is_taken_back_too(house, smtp_server):
    house.jump()
    begin_sending(house)
    house.clock.later(minutes=2)
    house.deliver()
    house.jump(km=10)
    house.deliver()

    assert house.states() == [("alert", "uncertain"), ("retraction", "sent")]
    assert len(smtp_server.messages) == 1


def test_an_alert_whose_mail_failed_needs_no_taking_back(house, smtp_server):
    smtp_server.answer = "550 no"
    house.jump()
    house.deliver()
    house.jump(km=10)

    assert house.states() == [("alert", "failed")]


def test_an_alert_that_holds_again_is_not_taken_back(house, smtp_server):
    """Corrected to and fro before the retraction left: the reader must not be told that it no longer holds."""
    house.jump()
    house.deliver()
    house.jump(km=10)
    house.jump(km=16.2)
    house.deliver()

    assert house.alert_states() == ["firing"]
    assert len(smtp_server.messages) == 1


# the weekly mail

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
"""07:00 in Berlin, of 2026-W48."""


@pytest.fixture
def weekly(house: House) -> House:
    """The house with its athlete's first Monday ahead."""
    with house.services.store.write() as tx:
        tx.plan_weekly([(house.athlete_id, IsoWeek(2026, 47), MONDAY)])
    return house


def weeks(house: House) -> list[str]:
    return [i.subject for i in house.outbox() if i.kind == "weekly"]


def test_before_monday_seven_nothing_is_queued(weekly):
    weekly.clock.now = MONDAY - timedelta(seconds=1)

    assert weekly.services.notify.queue_weekly() == 0
    assert weekly.outbox() == []


def test_on_monday_the_week_that_ended_is_mailed_once(weekly, smtp_server):
    weekly.clock.now = MONDAY

    assert [weekly.services.notify.queue_weekly() for _ in range(3)] == [1, 0, 0]
    assert weekly.deliver() == 1
    assert weekly.deliver() == 0
    (message,) = parsed(smtp_server)
    # Monday to Sunday, 16 to 22 November: 10 km on Tuesday and on Thursday, two and four days before Saturday.
    assert message["Subject"].startswith("Week 47: 20.0 km in 2 runs")
    assert message["Message-ID"] == f"<weekly.2026-W47.{weekly.athlete_id}@run.example>"
    with weekly.services.store.read() as tx:
        profile = tx.athlete(weekly.athlete_id)
    assert profile is not None
    assert profile.next_weekly_at == MONDAY + timedelta(days=7)


def test_a_server_that_slept_through_monday_mails_the_same_week_on_thursday(weekly):
    weekly.clock.now = MONDAY + timedelta(days=3)
    weekly.services.notify.queue_weekly()
    weekly.services.notify.queue_weekly()

    assert weeks(weekly) == ["2026-W47"]
    weekly.clock.now = MONDAY + timedelta(days=7)
    weekly.services.notify.queue_weekly()
    assert weeks(weekly) == ["2026-W47", "2026-W48"]


def test_after_a_month_asleep_only_the_last_week_is_mailed(weekly):
    weekly.clock.now = MONDAY + timedelta(days=30)  # Wednesday, 23 December, 2026-W52
    weekly.services.notify.queue_weekly()

    assert weeks(weekly) == ["2026-W51"]


def test_two_sweeps_at_once_queue_one(weekly):
    weekly.clock.now = MONDAY
    together = threading.Barrier(4)

    def queue(_: int) -> int:
        together.wait()
        return weekly.services.notify.queue_weekly()

    with ThreadPoolExecutor(4) as threads:
        counts = list(threads.map(queue, range(4)))

    assert sum(counts) == 1
    assert weeks(weekly) == ["2026-W47"]


@pytest.mark.parametrize("changes", [{"weekly_mail": False}, {"email": None}])
def test_who_wants_none_or_has_no_address_gets_none_but_stays_on_the_calendar(weekly, changes):
    with weekly.services.store.write() as tx:
        tx.update_athlete(weekly.athlete_id, **changes)
    weekly.clock.now = MONDAY
    weekly.services.notify.queue_weekly()

    assert weekly.outbox() == []
    with weekly.services.store.read() as tx:
        profile = tx.athlete(weekly.athlete_id)
    assert profile is not None
    assert profile.next_weekly_at == MONDAY + timedelta(days=7)


# expiry


def test_a_week_after_its_run_an_alert_is_closed(house):
    house.jump()
    house.clock.now = START + timedelta(days=7) - timedelta(seconds=1)
    assert house.services.notify.expire() == 0

    house.clock.later(seconds=1)

    assert [house.services.notify.expire() for _ in range(2)] == [1, 0]
    assert house.alert_states() == ["expired"]


# without a mail server


def test_the_mailbox_keeps_each_athletes_mails_in_a_folder_of_their_own(make_house, tmp_path):
    house = make_house()
    bob = house.add_athlete("Bob", "bob@example.org")
    for athlete_id in (house.athlete_id, bob):
        house.history(athlete_id)
        house.jump(athlete_id=athlete_id)

    assert house.deliver() == 2

    for athlete_id, address in ((house.athlete_id, "ann@example.org"), (bob, "bob@example.org")):
        folder = tmp_path / "mailbox" / str(athlete_id)
        (path,) = folder.iterdir()
        assert path.suffix == ".eml"
        assert folder.stat().st_mode & 0o077 == 0
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert message["To"] == address
        (stored,) = house.services.mailbox.list(athlete_id)
        assert (stored.subject, stored.to) == ("16.2 km: your longest in 30 days was 10.0 km", address)
        assert "16.2 km" in stored.text
        assert "16.2 km" in stored.html
        assert house.services.mailbox.get(athlete_id, path.name) == stored
    (ann,) = house.services.mailbox.list(house.athlete_id)
    assert house.services.mailbox.get(bob, ann.name) in (None, house.services.mailbox.list(bob)[0])
    assert house.services.mailbox.get(bob, f"../{house.athlete_id}/{ann.name}") is None


def test_the_same_mail_written_twice_is_one_file(make_house):
    house = make_house()
    content = EmailContent("Subject", "text\n", "<p>html</p>\n")
    send = {"to": "ann@example.org", "message_id": "<a@loadwatch>", "athlete_id": 1}

    house.services.mailbox.send(content, at=house.clock(), **send)
    house.clock.later(hours=1)
    house.services.mailbox.send(replace(content, subject="Again"), at=house.clock(), **send)

    assert [m.subject for m in house.services.mailbox.list(1)] == ["Again"]


def test_a_mailbox_that_cannot_be_written_only_delays(make_house, tmp_path):
    house = make_house()
    house.history()
    house.jump()
    (tmp_path / "mailbox").write_text("in the way")

    assert house.deliver() == 0
    (item,) = house.outbox()
    assert item.state == "pending"
    assert "mailbox folder cannot be written" in (item.error or "")


@pytest.mark.parametrize("url", ["mail.example.org:25", "http://mail.example.org", "smtp://", "smtp:mail"])
def test_an_address_of_no_mail_server_is_refused_by_the_settings_name(url):
    with pytest.raises(ValueError, match="LOADWATCH_SMTP_URL"):
        SmtpMailer(url, "runs@run.example")


def test_who_moves_east_past_monday_morning_gets_the_week_at_once(weekly):
    weekly.clock.now = MONDAY - timedelta(hours=2)  # 05:00 in Berlin, 13:00 in Tokyo
    weekly.services.accounts.update_profile(weekly.athlete_id, timezone="Asia/Tokyo")

    weekly.services.notify.queue_weekly()

    assert weeks(weekly) == ["2026-W47"]


def test_who_moves_west_after_the_mail_gets_no_second_one(weekly):
    weekly.clock.now = MONDAY + timedelta(hours=1)  # 08:00 in Berlin, 02:00 in New York
    weekly.services.notify.queue_weekly()
    weekly.services.accounts.update_profile(weekly.athlete_id, timezone="America/New_York")

    weekly.clock.now = MONDAY + timedelta(hours=6)
    weekly.services.notify.queue_weekly()

    assert weeks(weekly) == ["2026-W47"]


def test_a_wrong_password_for_the_mail_server_costs_no_mail(make_house, smtp_server):
    # The server of the tests knows no log-in at all.
    house = make_house(smtp_server.url.replace("smtp://", "smtp://user:wrong@"))
    house.history()
    house.jump()

    house.deliver()

    (item,) = house.outbox()
    assert item.state == "pending"
    assert "wrong" not in (item.error or "")


def test_a_slow_mail_server_is_left_after_a_quarter_of_a_minute_and_gone_on_with_later(weekly):
    from loadwatch.services.notify import NotifyService

    class Slow:
        def send(self, content, **_):
            weekly.clock.now += timedelta(seconds=6)

        def hang_up(self):
            pass

    with weekly.services.store.write() as tx:
        for n in range(5):
            someone = tx.add_athlete(f"Runner {n}", f"runner{n}@example.org", "Europe/Berlin", weekly.clock())
            tx.add_outbox(someone, "weekly", "2026-W47", weekly.clock())
    notify = NotifyService(weekly.services.store, Slow(), weekly.clock, weekly.services.letters)

    assert notify.deliver_due() == 3  # begun after 0, 6 and 12 s
    assert notify.deliver_due() == 2
