"""Links that answer for somebody: what goes in comes out, and whatever was not made here says nothing."""

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadwatch.adapters.reply_links import SealedReplyLinks
from loadwatch.services.telling_ports import REPLY_PURPOSES, Reply

UNTIL = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)
LINKS = SealedReplyLinks(["first secret"], "https://loadwatch.example.org/")
IN_TOKENS = string.ascii_letters + string.digits + "-_"


@pytest.mark.parametrize("purpose", REPLY_PURPOSES)
def test_a_link_says_what_was_put_into_it(purpose: str) -> None:
    token = LINKS.token(7, purpose, "12.2026-W47", UNTIL, "3")

    assert LINKS.read(token) == Reply(7, purpose, "12.2026-W47", "3", UNTIL)


def test_a_link_is_an_address_of_this_server() -> None:
    url = LINKS.url(7, "felt", "12", UNTIL, "fine")

    assert url.startswith("https://loadwatch.example.org/r/")
    assert url.rpartition("/")[2] == LINKS.token(7, "felt", "12", UNTIL, "fine")


def test_a_link_is_short_and_made_of_characters_that_no_mail_program_breaks() -> None:
    token = LINKS.token(2**40, "pain", "1099511627776.2026-W47", UNTIL, "10")

    assert len("/r/" + token) < 120
    assert set(token) <= set(IN_TOKENS)


def test_a_link_shows_nobody_what_it_answers() -> None:
    """A log holds many links of a runner: they must not tell a pain of 9 from one of 0."""
    tokens = {answer: LINKS.token(7, "pain", "12.2026-W47", UNTIL, answer) for answer in ("0", "9")}

    alike = sum(a == b for a, b in zip(tokens["0"], tokens["9"], strict=True))
    assert alike < len(tokens["0"]) / 4  # of 64 characters two are the same once in 64 by chance


def test_the_same_answer_has_the_same_link() -> None:
    again = SealedReplyLinks(["first secret"], "https://loadwatch.example.org")

    assert LINKS.token(7, "felt", "12", UNTIL, "fine") == again.token(7, "felt", "12", UNTIL, "fine")


def test_any_changed_character_is_refused() -> None:
    token = LINKS.token(7, "pain", "123.2026-W47", UNTIL, "3")
    assert len(token) % 4 != 0  # else the last character has no idle bits, and this test proves less

    changed = [token[:at] + other + token[at + 1 :] for at in range(len(token)) for other in IN_TOKENS]
    read = {text for text in changed if LINKS.read(text) is not None}

    assert read == {token}


@pytest.mark.parametrize("ending", ["", "A", "=", "==", ".", "\n", " ", "ä", "%00"])
def test_what_is_cut_off_or_longer_is_refused(ending: str) -> None:
    token = LINKS.token(7, "pain", "12.2026-W47", UNTIL, "3")

    assert LINKS.read((token if ending else token[:-1]) + ending) is None


@given(st.text(max_size=300))
def test_no_text_that_somebody_makes_up_is_a_link(text: str) -> None:
    assert LINKS.read(text) is None


def test_the_link_of_another_server_is_refused() -> None:
    token = SealedReplyLinks(["another secret"], "https://x.example.org").token(7, "felt", "12", UNTIL, "fine")

    assert LINKS.read(token) is None


def test_a_link_outlives_the_key_it_was_made_with() -> None:
    token = LINKS.token(7, "stop", "weekly", UNTIL)
    renewed = SealedReplyLinks(["new secret", "first secret"], "https://loadwatch.example.org")

    assert renewed.read(token) == Reply(7, "stop", "weekly", "", UNTIL)
    assert LINKS.read(renewed.token(7, "stop", "weekly", UNTIL)) is None


def test_until_is_kept_to_the_minute() -> None:
    reply = LINKS.read(LINKS.token(7, "ask", "2026-11-22", UNTIL + timedelta(seconds=59), "pain"))

    assert reply is not None
    assert reply.until == UNTIL


@pytest.mark.parametrize(("about", "answer"), [("12|3", "fine"), ("12", "fi|ne")])
def test_what_would_be_read_as_something_else_is_not_sealed(about: str, answer: str) -> None:
    with pytest.raises(ValueError, match="parts what is sealed"):
        LINKS.token(7, "felt", about, UNTIL, answer)
