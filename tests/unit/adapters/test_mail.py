"""Mails as they go over the wire, and what mail servers mean by their answers."""

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from loadwatch.adapters.mail import FileMailbox, _refused, mail_domain, to_message
from loadwatch.emails import EmailContent, Picture
from loadwatch.services.errors import AddressRefused, MailDelayed, MailRefused, MailWayDown

AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
CONTENT = EmailContent(
    subject="16.2 km: your longest",
    text="Läufe über 16 km\n" + "x" * 2000 + "\n",
    html='<p>Läufe über 16 km <img src="cid:distances@loadwatch" alt="Ihre Läufe"></p>' + "y" * 2000,
    pictures=(Picture("distances", PNG, 300, 100, "Ihre Läufe"),),
    stop_url="https://run.example/reply/" + "aB3-_" * 60 + "?x=1",
    language="de",
)


def wire(
    content: EmailContent = CONTENT, *, to: str = "ann@example.org", sender: str = "loadwatch <a@b.example>"
) -> bytes:
    message = to_message(content, sender=sender, to=to, message_id="<alert.1.2@b.example>", at=AT)
    return message.as_bytes()


def parsed(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_the_picture_belongs_to_the_html_and_the_plain_text_stands_beside_both():
    message = parsed(wire())

    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    *_, html, picture = message.walk()
    assert (picture["Content-ID"], picture.get_content_disposition()) == ("<distances@loadwatch>", "inline")
    assert picture.get_payload(decode=True) == PNG
    assert "Läufe über 16 km" in html.get_content()
    assert message.get_body(("plain",)).get_content().splitlines() == CONTENT.text.splitlines()


def test_without_a_picture_nothing_is_related():
    message = parsed(wire(replace(CONTENT, pictures=())))

    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_every_byte_on_the_wire_is_ascii_and_no_line_is_longer_than_998():
    """RFC 5321 and RFC 5322: servers may cut longer lines, and some refuse or mangle 8-bit ones."""
    data = wire()

    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert b"\n" not in data.replace(b"\r\n", b"")


def test_mail_programs_are_told_how_to_unsubscribe_with_one_click():
    data = wire()

    # On one line: as encoded words no mail program takes it for a link.
    assert f"List-Unsubscribe: <{CONTENT.stop_url}>\r\n".encode() in data
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in data


def test_what_cannot_be_ended_by_itself_has_no_such_header():
    assert b"List-Unsubscribe" not in wire(replace(CONTENT, stop_url=None))


def test_the_headers_say_the_language_and_that_nobody_wrote_it():
    message = parsed(wire())

    assert (message["Content-Language"], message["Auto-Submitted"]) == ("de", "auto-generated")
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert (message["Message-ID"], message["Date"].datetime) == ("<alert.1.2@b.example>", AT)


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028", "\x00"])
def test_nothing_that_somebody_typed_begins_another_header(ending):
    subject = f"Anna{ending}Bcc: eve@example.org{ending}{ending}<p>"
    stop_url = f"https://run.example/stop{ending}Bcc: eve@example.org"
    message = parsed(wire(replace(CONTENT, subject=subject, stop_url=stop_url, language=f"de{ending}Bcc: eve@e.org")))

    assert message["Bcc"] is None
    assert message["Subject"] == "Anna Bcc: eve@example.org <p>"
    assert message.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize("to", ["ann@example.org\r\nBcc: eve@example.org", "ann@example.org, eve@example.org", ""])
def test_an_address_that_is_more_than_one_is_refused(to):
    with pytest.raises(Exception, match=r".+"):
        wire(to=to)


def test_a_long_subject_with_letters_of_another_language_arrives_as_it_was():
    subject = "Zurückgenommen: „16,2 km: Ihr längster Lauf in 30 Tagen war 10,0 km“ 🏃 " + "ü" * 200
    data = wire(replace(CONTENT, subject=subject))

    assert parsed(data)["Subject"] == subject
    assert all(len(line) <= 78 for line in data.partition(b"From:")[0].split(b"\r\n"))


@pytest.mark.parametrize(
    ("sender", "base_url", "domain"),
    [
        ("loadwatch <runs@run.example>", "https://other.example", "run.example"),
        ("loadwatch <loadwatch@localhost>", "https://run.example/lw", "run.example"),
        ("loadwatch <loadwatch@localhost>", "http://127.0.0.1:8000", "loadwatch"),
        ("nonsense", "http://localhost", "loadwatch"),
    ],
)
def test_a_message_id_ends_with_the_domain_that_mails_come_from(sender, base_url, domain):
    assert mail_domain(sender, base_url) == domain


# what an answer means: RFC 5321, RFC 3463, RFC 4954, RFC 7505

REFUSED = [
    (550, "5.1.1 no such user", AddressRefused),
    (550, "no such user here", AddressRefused),
    (551, "user not local", AddressRefused),
    (553, "mailbox name not allowed", AddressRefused),
    (556, "5.1.10 domain takes no mail", AddressRefused),
    (550, "5.2.1 mailbox disabled", AddressRefused),
    (552, "mailbox full", MailDelayed),
    (552, "5.2.2 over quota", MailDelayed),
    (550, "5.2.2 over quota", MailDelayed),
    (452, "4.2.2 over quota", MailDelayed),
    (451, "4.7.1 greylisted", MailDelayed),
    (450, "4.1.1 try later", MailDelayed),
    (550, "5.7.1 looks like spam", MailRefused),
    (554, "5.7.1 rejected by policy", MailRefused),
    (554, "no", MailRefused),
    (552, "5.3.4 too big", MailRefused),
    (550, "5.4.1 no route", MailRefused),
    (530, "5.7.0 authentication required", MailWayDown),
    (550, "5.1.8 bad sender domain", MailWayDown),
]


@pytest.mark.parametrize(("code", "words", "kind"), REFUSED)
def test_the_answer_to_an_address_says_what_to_do_next(code, words, kind):
    error = _refused(code, words.encode(), of_address=True)

    assert (type(error), str(error)) == (kind, f"{code} {words}")


@pytest.mark.parametrize("answer", ["550 5.1.1 unknown", "550 no", "553 no", "554 5.7.1 spam", "571 no"])
def test_who_refuses_the_content_says_nothing_of_the_address(answer):
    error = _refused(int(answer[:3]), answer[4:].encode(), of_address=False)

    assert type(error) is MailRefused


# the mailbox folder


def test_the_mailbox_shows_pictures_without_loading_anything(tmp_path):
    mailbox = FileMailbox(tmp_path, "loadwatch <a@b.example>")
    mailbox.send(CONTENT, to="ann@example.org", message_id="<alert.1.2@b.example>", athlete_id=1, at=AT)

    (stored,) = mailbox.list(1)

    assert "cid:" not in stored.html
    assert 'src="data:image/png;base64,iVBORw0KGgo' in stored.html
    assert stored.text.splitlines() == CONTENT.text.splitlines()
