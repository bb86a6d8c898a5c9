"""Ways to a runner beside the mail: real servers get what is sent, and each of their answers means what it should."""

import io
import json
import logging
import re
import time
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from loadwatch.adapters import outside
from loadwatch.bootstrap import Services
from loadwatch.dashboard import create_app
from loadwatch.emails import EmailContent
from loadwatch.services.channels import InvalidChannel, Wishes
from loadwatch.services.errors import ChannelRefused, MailDelayed, MailRefused, MailUncertain, NotYours
from loadwatch.services.telling_ports import Channel
from tests.support.push_server import PushServer, running_push_server
from tests.support.seeding import ANN, BOB, NOW, PASSWORD, athlete, seeded_services

CONTENT = EmailContent(
    subject="24.6 km, your longest in 30 days was 15.2",
    text="",
    html="",
    short="Take two easy days.",
    url="https://loadwatch.example/alerts/7",
)
OPEN = Wishes(is_discreet=False)


@pytest.fixture
def phone() -> Iterator[PushServer]:
    with running_push_server() as server:
        yield server


@pytest.fixture
def services(services: Services) -> Services:
    services.settings.push_to_private = "yes"
    return services


def add(services: Services, address: str, wishes: Wishes = OPEN, email: str = ANN) -> Channel:
    return services.channels.add(athlete(services, email), "apprise", address, wishes)


def send(services: Services, channel: Channel, *, kind: str = "alert", severity: int = 2) -> None:
    services.channels.send(channel.id, CONTENT, kind=kind, severity=severity, at=NOW)


def stored(services: Services, email: str = ANN) -> list[Channel]:
    return services.channels.channels(athlete(services, email))


def test_ntfy_gets_subject_words_and_link(services: Services, phone: PushServer) -> None:
    send(services, add(services, f"ntfy://{phone.host}/my-runs"))

    (got,) = phone.received
    assert got.json["topic"] == "my-runs"
    assert got.json["title"] == CONTENT.subject
    assert got.json["message"] == f"{CONTENT.short}\n{CONTENT.url}"
    assert stored(services)[0].last_ok_at == NOW


def test_gotify_gets_it_with_the_token_of_the_address(services: Services, phone: PushServer) -> None:
    send(services, add(services, f"gotify://{phone.host}/AbcdefGhijkl_01"))

    (got,) = phone.received
    assert got.path == "/message"
    assert got.headers["X-Gotify-Key"] == "AbcdefGhijkl_01"
    assert (got.json["title"], got.json["message"]) == (CONTENT.subject, f"{CONTENT.short}\n{CONTENT.url}")


def test_a_webhook_gets_it_as_json(services: Services, phone: PushServer) -> None:
    send(services, add(services, f"json://{phone.host}/hooks/loadwatch"))

    (got,) = phone.received
    assert (got.method, got.path) == ("POST", "/hooks/loadwatch")
    assert got.json["title"] == CONTENT.subject
    assert got.json["message"] == f"{CONTENT.short}\n{CONTENT.url}"


@pytest.mark.parametrize(
    ("address", "field", "usual", "urgent"),
    [("ntfy://{}/runs", "X-Priority", None, "max"), ("gotify://{}/AbcdefGhijkl_01", "priority", 5, 10)],
)
def test_a_red_flag_may_ring_at_night(
    services: Services, phone: PushServer, address: str, field: str, usual: Any, urgent: Any
) -> None:
    channel = add(services, address.format(phone.host))
    send(services, channel)
    send(services, channel, severity=4)

    # ntfy is told in a header, Gotify in the message.
    told = [got.headers.get(field) if field.startswith("X-") else got.json[field] for got in phone.received]
    assert told == [usual, urgent]


# what an answer means


MEANINGS: tuple[tuple[type[Exception], tuple[int, ...]], ...] = (
    (ChannelRefused, (401, 403, 404, 410)),
    (MailRefused, (400, 422)),
    (MailDelayed, (302, 408, 429, 500, 503)),
)


@pytest.mark.parametrize(("start", "path"), [("ntfy", "runs"), ("gotify", "AbcdefGhijkl_01"), ("json", "hook")])
def test_each_answer_means_the_same_whichever_service_gives_it(
    services: Services, phone: PushServer, start: str, path: str
) -> None:
    channel = add(services, f"{start}://{phone.host}/{path}")
    for error, answers in MEANINGS:
        for phone.status in answers:
            phone.headers = {"Retry-After": "60", "Location": f"http://{phone.host}/elsewhere"}
            phone.received.clear()
            with pytest.raises(error) as refused:
                send(services, channel, severity=4)

            assert type(refused.value) is error
            assert str(phone.status) in str(refused.value)
            assert len(phone.received) == 1  # nobody went elsewhere, or once more
            (now,) = stored(services)
            assert (now.disabled_at is not None) == (error is ChannelRefused)
            assert now.last_ok_at is None
        with services.store.write() as tx:
            tx.note_channel(channel.id)  # on again, for the next


def test_an_answer_of_200_that_is_no_json_is_an_answer(services: Services, phone: PushServer) -> None:
    channel = add(services, f"ntfy://{phone.host}/runs")
    phone.answer = b"<html>\xff" * 100_000
    send(services, channel)

    assert stored(services)[0].last_ok_at == NOW


@pytest.mark.parametrize("way", ["hangs", "drips", "hangs_up", "babbles"])
def test_a_service_that_took_it_and_says_nothing_leaves_it_uncertain(
    services: Services, phone: PushServer, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(outside, "LIMIT_S", 0.3)
    monkeypatch.setattr(outside, "STEP_S", 0.2)
    channel = add(services, f"ntfy://{phone.host}/runs")
    phone.way = way

    began = time.monotonic()
    with pytest.raises(MailUncertain):
        send(services, channel)
    assert time.monotonic() - began < 10  # a byte now and then does not hold it up
    assert stored(services)[0].disabled_at is None


def test_a_service_that_is_away_is_tried_again_later(services: Services) -> None:
    with running_push_server() as server:
        channel = add(services, f"ntfy://{server.host}/runs")

    with pytest.raises(MailDelayed, match="cannot be reached"):
        send(services, channel)


def test_of_several_receivers_one_that_failed_leaves_it_uncertain(
    services: Services, phone: PushServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apprise.plugins.ntfy.NotifyNtfy.request_rate_per_sec", 0)  # else it waits five seconds
    channel = add(services, f"ntfy://{phone.host}/first/second")
    phone.fails_from = 1

    with pytest.raises(MailUncertain):
        send(services, channel)
    assert {got.json["topic"] for got in phone.received} == {"first", "second"}


# switched off, and on again


def test_what_is_refused_for_good_switches_the_channel_off_and_a_test_that_arrives_on_again(
    services: Services, phone: PushServer
) -> None:
    channel = add(services, f"ntfy://{phone.host}/runs")
    phone.status = 403
    with pytest.raises(ChannelRefused):
        send(services, channel)
    (off,) = stored(services)
    assert off.disabled_at == NOW
    assert "check the token" in str(off.disabled_why)

    with pytest.raises(MailRefused, match="switched off"):
        send(services, channel)
    with pytest.raises(ChannelRefused):
        send(services, channel, severity=4)  # a red flag is tried all the same
    assert len(phone.received) == 2

    phone.status = 200
    services.channels.test(athlete(services), channel.id)
    (on,) = stored(services)
    assert (on.disabled_at, on.disabled_why, on.last_ok_at) == (None, None, NOW)


def test_what_was_removed_is_refused(services: Services, phone: PushServer) -> None:
    channel = add(services, f"ntfy://{phone.host}/runs")
    services.channels.remove(athlete(services), channel.id)

    with pytest.raises(MailRefused, match="removed"):
        send(services, channel)
    assert phone.received == []


# discreet


def test_a_discreet_channel_says_only_that_there_is_something(services: Services, phone: PushServer) -> None:
    channel = add(services, f"ntfy://{phone.host}/runs", Wishes())
    something = "loadwatch has something for you"
    for kind, severity, says in (
        ("alert", 3, f"{something}: There is an alert. Open loadwatch to read it."),
        ("weekly", 0, f"{something}: Your summary of the week is there."),
        ("ask", 0, f"{something}: There is a question for you."),
        ("receipt", 0, f"{something}: Open loadwatch to read it."),
        ("again", 4, "Please open loadwatch now: There is a message that should not wait."),
    ):
        send(services, channel, kind=kind, severity=severity)
        got = phone.received[-1]
        assert f"{got.json['title']}: {got.json['message']}" == f"{says}\n{CONTENT.url}"
        assert CONTENT.short.encode() not in got.body
        assert b"24.6" not in got.body + repr(got.headers).encode()


# addresses


NO_ADDRESSES = (
    "",
    "my phone",
    "nonsense://x",
    "file:///etc/passwd",
    "syslog://",
    "dbus://",
    "mailto://ann:secret@example.org",
    "script:///bin/sh",
    "apprise",
    "json://127.0.0.1/?method=GET",
    "json://127.0.0.1/?method=DELETE",
    "discord://123456789012345678/abcdefghijklmnopqrstuvwxyz?template=/etc/passwd",
    "ntfy://127.0.0.1/runs?attach=file:///etc/passwd",
    "ntfy://127.0.0.1/" + "x" * 2000,
)


def test_an_address_that_nothing_can_be_sent_to_is_refused_with_words(services: Services) -> None:
    for address in NO_ADDRESSES:
        with pytest.raises(InvalidChannel) as refused:
            add(services, address)
        assert str(refused.value)
        assert "secret" not in str(refused.value)

    assert stored(services) == []


def test_the_address_of_a_webhook_is_taken_as_the_site_shows_it(services: Services) -> None:
    channel = add(services, "https://discord.com/api/webhooks/123456789012345678/abcdefghijklmnopqrstuvwxyz")

    assert (channel.name, channel.shown) == ("Discord", "discord://1...8/a...z/")


LOOPBACK = ("127.0.0.1", "127.1.2.3", "localhost", "2130706433", "0x7f000001")
PRIVATE = ("10.1.2.3", "192.168.1.5", "172.16.0.9", "100.64.1.1")
NEVER = ("169.254.169.254", "100.100.100.200", "224.0.0.1", "0.0.0.0", "0.1.2.3", "240.0.0.1", "255.255.255.255")


def is_taken(services: Services, host: str) -> bool:
    try:
        channel = add(services, f"json://{host}:9/hook")
    except InvalidChannel:
        return False
    services.channels.remove(athlete(services), channel.id)
    return True


@pytest.mark.parametrize(
    ("allowed", "signup", "private", "loopback"),
    [
        ("auto", "first", True, False),
        ("auto", "closed", True, False),
        ("auto", "open", False, False),
        ("yes", "open", True, True),
        ("no", "first", False, False),
    ],
)
def test_what_is_around_the_server_is_called_only_where_its_operator_allows_it(
    services: Services, allowed: Any, signup: Any, private: bool, loopback: bool
) -> None:
    services.settings.push_to_private, services.settings.signup = allowed, signup

    assert {host for host in PRIVATE if is_taken(services, host)} == (set(PRIVATE) if private else set())
    assert {host for host in LOOPBACK if is_taken(services, host)} == (set(LOOPBACK) if loopback else set())
    assert not {host for host in NEVER if is_taken(services, host)}


def test_an_address_is_looked_at_again_when_something_is_sent(services: Services, phone: PushServer) -> None:
    channel = add(services, f"ntfy://{phone.host}/runs")
    stricter = seeded_services(services.settings.data_dir, push_to_private="auto")

    with pytest.raises(ChannelRefused, match="does not call"):
        send(stricter, channel)
    stricter.close()
    assert phone.received == []
    assert stored(services)[0].disabled_at == NOW


def test_the_address_that_was_looked_at_is_the_one_that_is_called(
    services: Services, phone: PushServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere the second time it is asked for."""
    import socket

    answers = iter(["93.184.215.14", "127.0.0.1", "127.0.0.1"])
    found = socket.getaddrinfo

    def rebinding(host: Any, port: Any, *args: Any, **given: Any) -> Any:
        return found(next(answers) if host == "rebind.example" else host, port, *args, **given)

    services.settings.push_to_private = "auto"
    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    channel = add(services, f"ntfy://rebind.example:{phone.port}/runs")

    with pytest.raises(ChannelRefused, match="does not call"):
        send(services, channel)
    assert phone.received == []


def test_no_redirect_is_followed(services: Services, phone: PushServer) -> None:
    with running_push_server() as inside:
        channel = add(services, f"json://{phone.host}/hook?redirect=yes")
        phone.status, phone.headers = 307, {"Location": f"http://{inside.host}/secret"}
        with pytest.raises(MailDelayed):
            send(services, channel)

    assert inside.received == []


# secrets


def test_an_address_is_encrypted_in_the_database_and_never_shown_in_full(services: Services) -> None:
    channel = add(services, "gotify://127.0.0.1:9/AverySecretToken")

    assert channel.shown == "gotify://127.0.0.1:9/A...n/"
    with services.engines.read.connect() as connection:
        row = str(connection.execute(text("SELECT * FROM channels")).one())
    assert "AverySecretToken" not in row


def test_neither_addresses_nor_words_are_logged(
    services: Services, phone: PushServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # as `adapters.log` does
    channel = add(services, f"gotify://{phone.host}/AverySecretToken")
    send(services, channel)
    for status in (500, 404):
        phone.status = status
        with pytest.raises((MailDelayed, MailRefused)):
            send(services, channel)

    assert "AverySecretToken" not in caplog.text
    assert "two easy days" not in caplog.text
    assert "24.6" not in caplog.text


# whose it is


def test_somebody_elses_channel_is_not_there(services: Services, phone: PushServer) -> None:
    channel = add(services, f"ntfy://{phone.host}/runs")
    bob = athlete(services, BOB)

    assert stored(services, BOB) == []
    for deed in (
        lambda: services.channels.channel(bob, channel.id),
        lambda: services.channels.change(bob, channel.id, Wishes()),
        lambda: services.channels.test(bob, channel.id),
        lambda: services.channels.remove(bob, channel.id),
    ):
        with pytest.raises(NotYours):
            deed()
    assert stored(services) == [channel]
    assert phone.received == []


def test_the_sample_runner_sends_nothing(services: Services, phone: PushServer) -> None:
    with services.store.write() as tx:
        tx.update_athlete(athlete(services), sample_until=NOW + timedelta(days=1))

    with pytest.raises(InvalidChannel, match="sample"):
        add(services, f"ntfy://{phone.host}/runs")


def test_there_is_an_end_to_the_number_of_channels(services: Services) -> None:
    for n in range(10):
        add(services, f"ntfy://127.0.0.1:9/runs-{n}")

    with pytest.raises(InvalidChannel, match="10 ways"):
        add(services, "ntfy://127.0.0.1:9/one-more")


# the page


def logged_in(services: Services, email: str = ANN) -> FlaskClient:
    app = create_app(services, config={"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False})
    client = app.test_client()
    client.post("/login", data={"email": email, "password": PASSWORD})
    return client


def words(page: str) -> str:
    """What is to be read on a page, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_runner_adds_a_service_tries_it_changes_it_and_removes_it(services: Services, phone: PushServer) -> None:
    client = logged_in(services)
    assert "reaches you by mail alone" in client.get("/settings/channels").text

    form = {"address": f"gotify://{phone.host}/AverySecretToken", "name": "Phone <1>", "least_severity": "3"}
    page = client.post("/settings/channels", data=form, follow_redirects=True).text
    assert "Phone &lt;1&gt;" in page
    assert "not tried yet" in page
    assert "AverySecretToken" not in page
    (channel,) = stored(services)
    assert (channel.least_severity, channel.takes_weekly, channel.is_discreet) == (3, False, False)

    page = client.post(f"/settings/channels/{channel.id}/test", follow_redirects=True).text
    assert "took the test" in page
    assert "Last taken Sun 22 Nov" in words(page)
    (got,) = phone.received
    assert got.json["title"] == "A test from loadwatch"

    changes = {"name": "Watch", "least_severity": "4", "takes_weekly": "yes", "is_discreet": "yes"}
    page = client.post(f"/settings/channels/{channel.id}", data=changes, follow_redirects=True).text
    assert "Signs that must not be missed Summary of the week Discreet" in words(page)
    (changed,) = stored(services)
    assert (changed.name, changed.least_severity, changed.takes_weekly, changed.is_discreet) == (
        "Watch",
        4,
        True,
        True,
    )

    page = client.post(f"/settings/channels/{channel.id}/delete", follow_redirects=True).text
    assert "nothing goes there any more" in page
    assert stored(services) == []


def test_the_page_says_why_a_service_was_switched_off_and_offers_to_try_again(
    services: Services, phone: PushServer
) -> None:
    channel = add(services, f"ntfy://{phone.host}/runs")
    phone.status = 403
    client = logged_in(services)

    page = client.post(f"/settings/channels/{channel.id}/test", follow_redirects=True).text
    assert page.count("check the token or password") == 2  # of this test, and beside the channel
    assert "switched off" in page
    assert "Try again" in page

    phone.status = 200
    assert "Try again" not in client.post(f"/settings/channels/{channel.id}/test", follow_redirects=True).text


def test_a_mistake_is_named_and_what_was_typed_stays(services: Services) -> None:
    client = logged_in(services)
    for wrong, says in (
        ({"address": "mailto://ann:secret@example.org"}, "Addresses look like"),
        ({"least_severity": "1"}, "from which alerts on"),
        ({"least_severity": "²"}, "from which alerts on"),
        ({"name": "x" * 101}, "at most 100"),
    ):
        form = {"address": "ntfy://127.0.0.1:9/runs", "name": "Phone", "least_severity": "4"} | wrong
        answer = client.post("/settings/channels", data=form)

        assert answer.status_code == 400
        assert says in answer.text
        assert f'value="{form["address"]}"' in answer.text
    assert stored(services) == []


def test_the_page_shows_nothing_of_somebody_else(services: Services, phone: PushServer) -> None:
    channel = add(services, f"ntfy://{phone.host}/anns-runs", Wishes(name="Ann’s phone"))
    client = logged_in(services, BOB)

    assert "Ann’s phone" not in client.get("/settings/channels").text
    for deed in ("", "/test", "/delete"):
        assert client.post(f"/settings/channels/{channel.id}{deed}", data={"least_severity": "2"}).status_code == 404
    assert stored(services) == [channel]
    assert phone.received == []


def test_the_export_tells_of_a_channel_without_its_secret(services: Services) -> None:
    add(services, "gotify://127.0.0.1:9/AverySecretToken")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(services.export.stream(athlete(services)))))
    everything = b"".join(archive.read(name) for name in archive.namelist())

    assert json.loads(archive.read("loadwatch/channels.json"))[0]["shown"] == "gotify://127.0.0.1:9/A...n/"
    assert b"AverySecretToken" not in everything


def test_what_lies_in_the_outbox_for_a_channel_goes_there(services: Services, phone: PushServer) -> None:
    channel = add(services, f"ntfy://{phone.host}/runs")
    with services.store.write() as tx:
        outbox_id = tx.add_outbox(athlete(services), "weekly", "2026-W46", NOW, channel=channel.outbox_name)
    assert outbox_id is not None
    services.notify.deliver_due()

    (got,) = phone.received
    assert got.json["message"].strip()
