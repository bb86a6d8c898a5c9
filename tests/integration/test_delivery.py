"""What leaves the outbox: once, in order, by several workers at a time, however they and the mail server fail."""

import email
import email.policy
import multiprocessing
import os
import random
import signal
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from loadwatch.bootstrap import Services, make_services
from loadwatch.emails import EmailContent
from loadwatch.services.errors import MailDelayed, MailRefused, MailUncertain, NotYours
from loadwatch.services.notify import NotifyService
from loadwatch.services.ports import AthleteProfile, OutboxItem, Tx
from loadwatch.settings import Settings
from tests.integration.test_notify import Clock, House
from tests.support import ReceivedMail, SmtpServer, running_smtp_server
from tests.support.stack import free_port

N_SEEDS = 30 if os.environ.get("LOADWATCH_CHAOS") == "long" else 1

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
"""A Saturday, in week 47."""

on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what does not depend on the kind of the database."""


class Names:
    """Writes of each mail what it is, and nothing more."""

    def write(self, _tx: Tx, _profile: AthleteProfile, item: OutboxItem) -> EmailContent:
        return EmailContent(f"{item.kind} {item.subject}", "text\n", "<p>text</p>\n")


@dataclass
class Office:
    """An outbox with one athlete, and who empties it."""

    services: Services
    clock: Clock
    notify: NotifyService = field(init=False)
    athlete_id: int = field(init=False)

    def __post_init__(self) -> None:
        self.notify = self.with_mailer(self.services.mailer)
        with self.services.store.write() as tx:
            self.athlete_id = tx.add_athlete("Ann", "ann@example.org", "Europe/Berlin", self.clock())

    def with_mailer(self, mailer: Any, **more: Any) -> NotifyService:
        return NotifyService(self.services.store, mailer, self.clock, Names(), **more)  # type: ignore[arg-type]

    def lay_out(self, kind: str, subject: str, channel: str = "mail") -> int:
        with self.services.store.write() as tx:
            outbox_id = tx.add_outbox(self.athlete_id, kind, subject, self.clock(), channel=channel)
        assert outbox_id is not None
        return outbox_id

    def items(self) -> list[OutboxItem]:
        with self.services.store.read() as tx:
            return sorted(tx.outbox_items(self.athlete_id, 200), key=lambda i: i.id)

    def states(self) -> dict[str, str]:
        return {f"{i.kind} {i.subject}": i.state for i in self.items()}

    def profile(self) -> AthleteProfile:
        with self.services.store.read() as tx:
            profile = tx.athlete(self.athlete_id)
        assert profile is not None
        return profile


def settings_for(folder: Path, database_url: str, smtp_url: str) -> Settings:
    return Settings(
        data_dir=folder,
        database_url=database_url,
        secret_key="k",
        smtp_url=smtp_url,
        base_url="https://run.example",
        mail_from="loadwatch <runs@run.example>",
    )


@pytest.fixture
def make_office(database_url: str, tmp_path: Path) -> Iterator[Any]:
    made: list[Services] = []

    def make(smtp_url: str) -> Office:
        clock = Clock(NOW)
        made.append(make_services(settings_for(tmp_path, database_url, smtp_url), clock=clock))
        return Office(made[-1], clock)

    yield make
    for services in made:
        services.close()


@pytest.fixture
def office(make_office: Any, smtp_server: SmtpServer) -> Office:
    made: Office = make_office(smtp_server.url)
    return made


def subjects(server: SmtpServer) -> list[str]:
    return [str(message(m)["Subject"]) for m in server.messages]


def message(received: ReceivedMail) -> Any:
    return email.message_from_bytes(received.content, policy=email.policy.default)


# claims


def test_red_flags_leave_first_and_summaries_last_else_what_waits_for_longest(office, smtp_server):
    for n in range(2):
        office.lay_out("weekly", f"2026-W{46 + n}")
        office.lay_out("receipt", str(n))
        office.lay_out("again", f"{n}.1")
        office.clock.later(minutes=1)

    office.notify.deliver_due()

    assert subjects(smtp_server) == ["again 0.1", "again 1.1", "receipt 0", "receipt 1", "weekly 2026-W47"]


def test_a_red_flag_does_not_wait_behind_a_full_batch(office):
    office.lay_out("weekly", "2026-W47")
    office.lay_out("receipt", "1")
    office.clock.later(minutes=1)
    office.lay_out("again", "1.1")

    with office.services.store.write() as tx:
        (item,) = tx.claim_due(office.clock(), 1, office.clock() + timedelta(minutes=2))
        assert tx.due_outbox_ids(office.clock(), 1) == [office.items()[1].id]
    assert (item.kind, item.is_red) == ("again", True)


def test_workers_side_by_side_each_take_rows_of_their_own(office):
    ids = {office.lay_out("receipt", str(n)) for n in range(40)}
    together = threading.Barrier(4)

    def claim(_: int) -> list[int]:
        together.wait()
        found = []
        for _ in range(4):
            with office.services.store.write() as tx:
                found += [i.id for i in tx.claim_due(NOW, 3, NOW + timedelta(minutes=2))]
        return found

    with ThreadPoolExecutor(4) as threads:
        claimed = [i for each in threads.map(claim, range(4)) for i in each]

    # Of forty, each of four workers asks four times for three: nobody gets more, and nothing twice.
    assert len(claimed) == len(set(claimed)) <= 48
    assert set(claimed) == ids


def test_deliverers_side_by_side_send_each_mail_once(office, smtp_server):
    for n in range(30):
        office.lay_out("receipt", str(n))
    together = threading.Barrier(4)

    def deliver(_: int) -> int:
        together.wait()
        return office.notify.deliver_due()

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(deliver, range(4))) == 30

    assert sorted(subjects(smtp_server)) == sorted(f"receipt {n}" for n in range(30))


@on_one_database
def test_what_was_taken_back_after_it_was_claimed_is_not_sent(office, smtp_server):
    office.lay_out("receipt", "1")

    class TakesBack(Names):
        def write(self, tx: Tx, profile: AthleteProfile, item: OutboxItem) -> EmailContent:
            with office.services.store.write() as other:
                found = other.cancel_outbox(profile.id, item.kind, item.subject, "corrected", office.clock())
            assert found == "claimed"
            return super().write(tx, profile, item)

    notify = NotifyService(office.services.store, office.services.mailer, office.clock, TakesBack())

    assert notify.deliver_due() == 0
    assert (office.states(), smtp_server.messages) == ({"receipt 1": "cancelled"}, [])


@on_one_database
def test_a_worker_that_wakes_up_after_its_lease_sends_nothing(office, smtp_server):
    """A machine that slept: by now the mail is another's."""
    office.lay_out("receipt", "1")

    class Sleeps(Names):
        def write(self, tx: Tx, profile: AthleteProfile, item: OutboxItem) -> EmailContent:
            office.clock.later(hours=1)
            assert office.notify.deliver_due() == 1
            return super().write(tx, profile, item)

    notify = NotifyService(office.services.store, office.services.mailer, office.clock, Sleeps())

    assert notify.deliver_due() == 0
    assert len(smtp_server.messages) == 1


@on_one_database
def test_who_has_no_more_time_asks_for_another_round(office):
    class Slow:
        def send(self, _content: EmailContent, **_: Any) -> None:
            office.clock.later(seconds=10)

        def hang_up(self) -> None:
            pass

    class Nudge:
        n = 0

        def more_mails(self) -> None:
            self.n += 1

    nudge = Nudge()
    notify = office.with_mailer(Slow(), nudge=nudge)
    for n in range(3):
        office.lay_out("receipt", str(n))

    assert (notify.deliver_due(), nudge.n) == (2, 1)
    assert list(office.states().values()) == ["sent", "sent", "pending"]  # given back at once, not after a lease
    assert (notify.deliver_due(), nudge.n) == (1, 1)


# workers that are killed

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["loadwatch.bootstrap", "loadwatch.services.notify", "loadwatch.adapters.mail"])


def _deliver_and_die(settings: Settings, where: str) -> None:
    """A worker's process, killed at a point of its way."""
    services = make_services(settings, clock=Clock(NOW))

    def die(*_: Any, **__: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

    letters, mailer = Names(), services.mailer
    if where == "written":
        letters.write = die  # type: ignore[method-assign]
    if where == "handed over":
        mailer.send = die  # type: ignore[method-assign]
    notify = NotifyService(services.store, mailer, services.clock, letters)  # type: ignore[arg-type]
    if where == "noted":
        notify._sent = die  # type: ignore[method-assign]
    notify.deliver_due()


def killed(office: Office, where: str) -> None:
    """Let a worker take what is due, and kill it before the mail is written, handed over, or noted as sent."""
    process = processes.Process(target=_deliver_and_die, args=(office.services.settings, where))
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL


def test_of_a_worker_killed_before_it_sends_the_next_one_takes_the_mail(office, smtp_server):
    office.lay_out("receipt", "1")
    killed(office, "written")
    assert office.states() == {"receipt 1": "claimed"}

    assert office.notify.deliver_due() == 0
    office.clock.later(minutes=2)
    assert office.notify.deliver_due() == 1

    assert office.states() == {"receipt 1": "sent"}
    assert len(smtp_server.messages) == 1


@pytest.mark.parametrize(("where", "n_arrived"), [("handed over", 0), ("noted", 1)])
def test_a_mail_cut_off_while_it_was_sent_is_uncertain_and_not_sent_again(office, smtp_server, where, n_arrived):
    office.lay_out("receipt", "1")
    killed(office, where)
    assert (office.states(), len(smtp_server.messages)) == ({"receipt 1": "sending"}, n_arrived)

    for _ in range(2):
        office.clock.later(hours=1)
        assert office.notify.deliver_due() == 0

    (item,) = office.items()
    assert (item.state, item.may_have_left, len(smtp_server.messages)) == ("uncertain", True, n_arrived)
    assert item.error == "sending it was cut off: it may have arrived or not"


def test_a_red_flag_cut_off_while_it_was_sent_is_sent_once_more_as_the_same_mail(office, smtp_server):
    office.lay_out("again", "1.1")
    killed(office, "noted")
    office.clock.later(minutes=2)

    assert office.notify.deliver_due() == 1

    assert office.states() == {"again 1.1": "sent"}
    ids = [message(m)["Message-ID"] for m in smtp_server.messages]
    assert ids == [f"<again.1.1.{office.athlete_id}@run.example>"] * 2


@on_one_database
def test_a_red_flag_cut_off_twice_is_uncertain(office):
    class Uncertain:
        def send(self, _content: EmailContent, **_: Any) -> None:
            raise MailUncertain("no answer")

        def hang_up(self) -> None:
            pass

    office.lay_out("again", "1.1")
    notify = office.with_mailer(Uncertain())
    notify.deliver_due()
    assert office.states() == {"again 1.1": "pending"}
    office.clock.later(minutes=1)
    notify.deliver_due()
    office.clock.later(days=1)
    notify.deliver_due()

    (item,) = office.items()
    assert (item.state, item.attempts) == ("uncertain", 2)


def test_a_red_flag_whose_worker_is_killed_twice_while_it_sends_is_uncertain(office):
    office.lay_out("again", "1.1")
    states = []
    for _ in range(2):
        until = office.clock() + timedelta(minutes=2)
        with office.services.store.write() as tx:
            (item,) = tx.claim_due(office.clock(), 1, until)
            assert tx.begin_sending(item, until)
        office.clock.now = until
        with office.services.store.write() as tx:
            tx.release_outbox(office.clock())
        states += office.states().values()

    assert states == ["pending", "uncertain"]


def test_by_hand_an_uncertain_mail_is_sent_again_as_the_same_mail(office, smtp_server):
    outbox_id = office.lay_out("receipt", "1")
    office.notify.deliver_due()
    with office.services.store.write() as tx:  # as if its worker had been killed at the end
        tx._s.execute(text("UPDATE outbox SET state = 'uncertain'"))

    office.notify.again(office.athlete_id, outbox_id)
    assert office.notify.deliver_due() == 1

    assert office.states() == {"receipt 1": "sent"}
    assert len({message(m)["Message-ID"] for m in smtp_server.messages}) == 1
    with pytest.raises(NotYours):
        office.notify.again(office.athlete_id, outbox_id)  # it was sent


@on_one_database
def test_nobody_sends_another_ones_mail_again(office):
    outbox_id = office.lay_out("receipt", "1")
    with office.services.store.write() as tx:
        tx.settle_outbox(outbox_id, "failed", NOW)
        stranger = tx.add_athlete("Bob", "bob@example.org", "UTC", NOW)

    with pytest.raises(NotYours):
        office.notify.again(stranger, outbox_id)
    assert office.states() == {"receipt 1": "failed"}


# one connection


class Counting(SmtpServer):
    """Counts connections, and ends each after so many mails."""

    patience: int = 1000
    connections: int = 0

    async def handle_EHLO(self, server: Any, session: Any, _envelope: Any, hostname: str, responses: Any) -> Any:
        self.connections += 1
        session.host_name, session.n_mails = hostname, 0
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if session.n_mails == self.patience:
            return "421 4.7.0 too many from one connection"
        session.n_mails += 1
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"


@on_one_database
def test_mails_that_follow_each_other_share_a_connection(make_office):
    with running_smtp_server(Counting) as server:
        office = make_office(server.url)
        for n in range(6):
            office.lay_out("receipt", str(n))

        assert (office.notify.deliver_due(), server.connections) == (6, 1)


@on_one_database
def test_a_server_that_hangs_up_after_some_mails_gets_the_others_over_another_connection(make_office):
    with running_smtp_server(Counting) as server:
        server.patience = 2
        office = make_office(server.url)
        for n in range(5):
            office.lay_out("receipt", str(n))

        assert (office.notify.deliver_due(), server.connections) == (5, 3)
        assert subjects(server) == [f"receipt {n}" for n in range(5)]
        assert {i.attempts for i in office.items()} == {1}


@on_one_database
def test_a_connection_that_breaks_between_two_mails_costs_neither(office, smtp_server):
    mailer = office.services.mailer
    send = {"to": "ann@example.org", "athlete_id": office.athlete_id, "at": NOW}
    mailer.send(EmailContent("first", "text\n", "<p>text</p>"), message_id="<1@run.example>", **send)
    mailer._kept.smtp.sock.shutdown(socket.SHUT_RDWR)
    mailer.send(EmailContent("second", "text\n", "<p>text</p>"), message_id="<2@run.example>", **send)
    mailer.hang_up()

    assert subjects(smtp_server) == ["first", "second"]


@on_one_database
def test_a_refused_mail_leaves_the_connection_to_the_next_one(make_office):
    async def handle_data(_server: Any, _session: Any, envelope: Any) -> str:
        if b"receipt 1" in envelope.content:
            return "554 5.7.1 looks like spam"
        server.messages.append(ReceivedMail(envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 OK"

    with running_smtp_server(Counting) as server:
        server.handle_DATA = handle_data
        office = make_office(server.url)
        for n in range(3):
            office.lay_out("receipt", str(n))

        assert (office.notify.deliver_due(), server.connections) == (2, 1)
    assert list(office.states().values()) == ["sent", "failed", "sent"]
    assert office.profile().mail_refused_at is None


# the mail server is away


def ways(office: Office) -> list[tuple[str, timedelta, int]]:
    with office.services.store.read() as tx:
        return [(w.name, w.retry_at - office.clock(), w.n) for w in tx.ways_down()]


def test_while_the_mail_server_is_away_all_mails_wait_and_none_of_them_is_blamed(make_office):
    office = make_office(f"smtp://127.0.0.1:{free_port()}")
    for n in range(3):
        office.lay_out("receipt", str(n))
    pauses_s = []
    for _ in range(7):
        assert office.notify.deliver_due() == 0
        ((name, pause, _n),) = ways(office)
        pauses_s.append(pause.total_seconds())
        assert name == "mail"
        tried_at = office.clock()
        office.clock.later(seconds=pause.total_seconds() - 1)
        assert office.notify.deliver_due() == 0
        assert {i.claimed_at for i in office.items()} == {tried_at}  # too early: nobody knocks
        office.clock.later(seconds=1)

    assert pauses_s == [30, 60, 120, 240, 480, 900, 900]
    assert {(i.state, i.attempts, i.delayed_since) for i in office.items()} == {("pending", 0, None)}


@on_one_database
def test_one_mail_that_leaves_shows_that_the_way_works(make_office):
    with running_smtp_server() as server:
        office = make_office(server.url)
        with office.services.store.write() as tx:
            tx.way_is_down("mail", "connection refused", NOW - timedelta(minutes=1))
        office.lay_out("receipt", "1")

        assert (office.notify.deliver_due(), ways(office)) == (1, [])


@on_one_database
@pytest.mark.parametrize(
    ("command", "answer"),
    [("MAIL", "553 5.1.8 sender not known"), ("MAIL", "530 5.7.0 log in"), ("MAIL", "421 4.3.2 going down")],
)
def test_who_refuses_the_sender_refuses_them_all(office, smtp_server, command, answer):
    async def refuse(*_: Any) -> str:
        return answer

    setattr(smtp_server, f"handle_{command}", refuse)
    office.lay_out("receipt", "1")
    office.notify.deliver_due()

    assert [name for name, _, _ in ways(office)] == ["mail"]
    (item,) = office.items()
    assert (item.state, item.attempts) == ("pending", 0)
    assert office.profile().mail_refused_at is None


@on_one_database
def test_other_channels_go_on_while_the_mail_server_is_away(make_office):
    class Pusher:
        sent: list[tuple[int, str, int]] = []

        def send(self, channel_id: int, content: EmailContent, *, kind: str, severity: int, at: datetime) -> None:
            self.sent.append((channel_id, content.subject, severity))

    office = make_office(f"smtp://127.0.0.1:{free_port()}")
    notify = office.with_mailer(office.services.mailer, pusher=Pusher())
    office.lay_out("again", "1.1")
    office.lay_out("again", "1.1", "channel-7")
    office.lay_out("receipt", "1", "channel-8")

    assert notify.deliver_due() == 2
    assert Pusher.sent == [(7, "again 1.1", 4), (8, "receipt 1", 0)]


@on_one_database
@pytest.mark.parametrize(
    ("error", "state"),
    [(MailRefused("gone"), "failed"), (MailDelayed("later"), "pending"), (MailUncertain("no answer"), "uncertain")],
)
def test_a_push_has_the_same_outcomes_as_a_mail(office, error, state):
    class Pusher:
        def send(self, *_: Any, **__: Any) -> None:
            raise error

    office.lay_out("receipt", "1", "channel-7")
    office.with_mailer(office.services.mailer, pusher=Pusher()).deliver_due()

    (item,) = office.items()
    assert (item.state, item.error) == (state, str(error))
    assert ways(office) == []


# an address that takes no mail


def unknown(server: SmtpServer, address: str) -> None:
    async def handle_rcpt(_server: Any, _session: Any, envelope: Any, to: str, _options: Any) -> str:
        if to == address:
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(to)
        return "250 OK"

    server.handle_RCPT = handle_rcpt  # type: ignore[attr-defined]


def test_an_address_that_does_not_exist_gets_no_more_mail_but_red_flags(office, smtp_server):
    unknown(smtp_server, "ann@example.org")
    office.lay_out("receipt", "1")
    office.notify.deliver_due()
    profile = office.profile()
    assert (profile.mail_refused_at, profile.mail_refused_why) == (NOW, "550 5.1.1 nobody of that name")

    office.lay_out("receipt", "2")
    office.lay_out("again", "1.1")
    office.notify.deliver_due()

    assert office.states() == {"receipt 1": "failed", "receipt 2": "cancelled", "again 1.1": "failed"}
    second = office.items()[1]
    assert second.error == "mail to this address is switched off, as it takes none"
    assert second.dropped_at is None


def test_another_address_is_tried_anew_and_the_same_one_entered_again_is_not(office, smtp_server):
    unknown(smtp_server, "ann@example.org")
    office.lay_out("receipt", "1")
    office.notify.deliver_due()

    office.services.accounts.update_profile(office.athlete_id, email="ann@example.org")
    assert office.profile().mail_refused_at == NOW
    office.services.accounts.update_profile(office.athlete_id, email="ann@example.net")
    assert (office.profile().mail_refused_at, office.profile().mail_refused_why) == (None, None)
    office.lay_out("receipt", "2")
    assert office.notify.deliver_due() == 1


@on_one_database
def test_mail_works_again_when_the_runner_says_so_or_a_red_flag_arrives(office, smtp_server):
    for n, how in enumerate((lambda: office.notify.mail_works_again(office.athlete_id), lambda: None)):
        with office.services.store.write() as tx:
            tx.update_athlete(office.athlete_id, mail_refused_at=NOW, mail_refused_why="550")
        how()
        office.lay_out("again", f"1.{n}")
        assert office.notify.deliver_due() == 1
        assert office.profile().mail_refused_at is None


# what comes too late


def dropped(office: Office) -> list[str]:
    with office.services.store.read() as tx:
        return [f"{i.kind} {i.subject}" for i in tx.dropped_mails(office.athlete_id, NOW - timedelta(days=9))]


def test_of_several_summaries_that_wait_the_last_one_leaves(office, smtp_server):
    for week in (45, 46, 47):
        office.lay_out("weekly", f"2026-W{week}")

    assert office.notify.deliver_due() == 1

    assert subjects(smtp_server) == ["weekly 2026-W47"]
    assert dropped(office) == ["weekly 2026-W46", "weekly 2026-W45"]


@on_one_database
def test_of_a_red_flag_that_waited_for_days_one_reminder_leaves_on_each_channel(make_office, smtp_server):
    class Pusher:
        def send(self, *_: Any, **__: Any) -> None:
            raise MailDelayed("later")

    office = make_office(smtp_server.url)
    for n in range(1, 4):
        office.lay_out("again", f"5.{n}")
    office.lay_out("again", "55.1")
    office.lay_out("again", "5.4", "channel-7")

    office.with_mailer(office.services.mailer, pusher=Pusher()).deliver_due()

    assert subjects(smtp_server) == ["again 5.3", "again 55.1"]
    assert [i.state for i in office.items()] == ["cancelled", "cancelled", "sent", "sent", "pending"]
    assert dropped(office) == []


def test_a_summary_is_too_late_when_the_week_after_it_has_ended(office):
    office.lay_out("weekly", "2026-W46")
    office.clock.now = datetime(2026, 11, 22, 22, 59, tzinfo=UTC)  # the last minute of week 47 in Berlin
    assert office.notify.deliver_due() == 1
    office.lay_out("weekly", "2026-W47")
    office.clock.now = datetime(2026, 11, 29, 23, 0, tzinfo=UTC)  # the first of week 49
    assert office.notify.deliver_due() == 0
    assert dropped(office) == ["weekly 2026-W47"]


@on_one_database
def test_nobody_is_asked_about_a_day_that_is_over(office):
    office.lay_out("ask", "2026-11-21.7")
    office.lay_out("ask", "2026-11-22.8")
    office.clock.now = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)  # half past midnight in Berlin

    assert office.notify.deliver_due() == 0
    assert dropped(office) == ["ask 2026-11-21.7"]  # the other one because of its alert, which is gone


# with alerts


@pytest.fixture
def make_house(database_url: str, tmp_path: Path) -> Iterator[Any]:
    made: list[Services] = []

    def make(smtp_url: str) -> House:
        clock = Clock()
        made.append(make_services(settings_for(tmp_path, database_url, smtp_url), clock=clock))
        house = House(made[-1], clock)
        house.history()
        return house

    yield make
    for services in made:
        services.close()


def test_an_alert_is_not_sent_three_days_after_its_run_and_the_page_can_say_so(make_house, smtp_server):
    house = make_house(smtp_server.url)
    house.jump()
    house.clock.later(hours=70)  # the run began two hours before
    house.clock.later(seconds=1)

    assert house.deliver() == 0

    (item,) = house.outbox()
    assert (item.state, item.dropped_at) == ("cancelled", house.clock())
    assert item.error == "it could not be sent in time: an alert is of no use three days later"
    with house.services.store.read() as tx:
        assert tx.dropped_mails(house.athlete_id, NOW) == [item]
        assert tx.dropped_mails(house.add_athlete("Bob", None), NOW) == []
        assert tx.untold(house.athlete_id, int(item.subject)) == (
            "It could not be sent in time: an alert is of no use three days later."
        )


@on_one_database
def test_an_alert_that_left_another_way_was_told_though_its_mail_came_too_late(make_house, smtp_server):
    house = make_house(smtp_server.url)
    house.jump()
    (mail,) = house.outbox()
    with house.services.store.write() as tx:
        other = tx.add_outbox(house.athlete_id, "alert", mail.subject, house.clock(), channel="channel-9")
        tx.settle_outbox(other, "sent", house.clock())
    house.clock.later(hours=71)

    assert house.deliver() == 0
    with house.services.store.read() as tx:
        assert tx.untold(house.athlete_id, int(mail.subject)) is None


@on_one_database
def test_an_alert_leaves_up_to_three_days_after_its_run(make_house, smtp_server):
    house = make_house(smtp_server.url)
    house.jump()
    house.clock.later(hours=70)

    assert house.deliver() == 1


@on_one_database
def test_an_alert_that_was_read_in_the_meantime_is_cancelled_without_a_word(make_house, smtp_server):
    house = make_house(smtp_server.url)
    house.jump()
    (item,) = house.outbox()
    house.services.alerts.acknowledge(house.athlete_id, int(item.subject))

    assert house.deliver() == 0
    (item,) = house.outbox()
    assert (item.state, item.dropped_at) == ("cancelled", None)
    with house.services.store.read() as tx:
        assert tx.dropped_mails(house.athlete_id, NOW - timedelta(days=9)) == []


def test_after_six_hours_without_a_mail_server_all_leaves_in_order_and_nothing_stale(make_house):
    """Monday 05:00 to 11:00 in Berlin: an alert of Friday grows too old, a summary and a fresh alert wait."""
    with running_smtp_server() as away:
        port = away.port  # free again on leaving
    house = make_house(f"smtp://127.0.0.1:{port}")
    bob = house.add_athlete("Bob", "bob@example.org")
    cleo = house.add_athlete("Cleo", "cleo@example.org")
    dora = house.add_athlete("Dora", "dora@example.org")
    house.history(bob)
    house.jump()  # Ann's run of Saturday morning
    house.run(2, -1.9, 16.2, bob)  # Bob's of Monday morning
    began = house.clock.now = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
    house.assess(bob)
    with house.services.store.write() as tx:
        for week in ("2026-W46", "2026-W47"):
            tx.add_outbox(cleo, "weekly", week, house.clock())
        tx.add_outbox(dora, "weekly", "2026-W47", house.clock())
    while house.clock() - began < timedelta(hours=6):
        house.clock.later(minutes=20)
        house.services.notify.expire()
        assert house.deliver() == 0

    with running_smtp_server(port=port) as server:
        house.clock.later(minutes=15)
        sent = house.deliver()

        assert sent == len(server.messages) == 3
        assert [m.rcpt_tos for m in server.messages] == [
            ["bob@example.org"],
            ["cleo@example.org"],
            ["dora@example.org"],
        ]
    assert [i.state for i in house.outbox()] == ["cancelled"]
    assert [(i.subject, i.state) for i in house.outbox(cleo)] == [("2026-W46", "cancelled"), ("2026-W47", "sent")]
    with house.services.store.read() as tx:
        since = began - timedelta(days=1)
        assert [i.kind for i in tx.dropped_mails(house.athlete_id, since)] == ["alert"]
        assert [i.subject for i in tx.dropped_mails(cleo, since)] == ["2026-W46"]
        assert tx.dropped_mails(bob, since) == []


# a mail server of moods


class Moody(SmtpServer):
    """Fails at any step, in any way."""

    dice: random.Random = random.Random(0)
    taken: Counter[str] = Counter()

    def mood(self) -> str:
        return self.dice.choice(["well"] * 5 + ["451 4.3.0 later", "421 4.3.2 closing", "abort", "554 5.6.0 no"])

    async def handle_MAIL(self, server: Any, _session: Any, envelope: Any, address: str, options: Any) -> str:
        mood = self.mood()
        if mood == "abort":
            server.transport.abort()
        if mood.startswith("4"):
            return mood
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        mood = self.mood()
        if mood in ("well", "abort"):
            self.taken[email.message_from_bytes(envelope.content)["Message-ID"]] += 1
        if mood == "abort":
            server.transport.abort()
        return "250 OK" if mood == "well" else mood


@pytest.mark.parametrize("seed", range(N_SEEDS))
def test_whatever_the_mail_server_does_no_mail_is_doubled_and_none_is_lost_in_silence(make_office, seed):
    with running_smtp_server(Moody) as server:
        server.dice, server.taken = random.Random(seed), Counter()
        office = make_office(server.url)
        for n in range(6):
            office.lay_out("receipt", str(n))
            office.lay_out("again", f"{n}.1")
        for _ in range(400):
            office.notify.deliver_due()
            if not any(i.state == "pending" for i in office.items()):
                break
            office.clock.later(minutes=16)

        for item in office.items():
            # A red flag that was cut off is sent once more, as the same mail.
            doubled = {2} if item.is_red and item.may_have_left else set()
            may_have_arrived = {"sent": {1} | doubled, "failed": {0}, "uncertain": {0, 1} | doubled}[item.state]
            assert server.taken[item.message_id] in may_have_arrived, item
        assert set(server.taken) <= {i.message_id for i in office.items()}
