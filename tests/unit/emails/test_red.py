from collections.abc import Callable
from dataclasses import replace

import pytest

from loadwatch.domain.redflags import RedFlag
from loadwatch.domain.symptom_rules import UNREVIEWED
from loadwatch.emails import EmailContent
from loadwatch.emails.red import red_mail
from tests.support.mails import BASE_URL, alert_of, reader
from tests.unit.emails.findings import RED_FLAGS, red

Sound = Callable[..., str]
READ = f"{BASE_URL}/r/read"


def mail(flag: RedFlag = RED_FLAGS[0], *, again: bool = False) -> EmailContent:
    return red_mail(alert_of(red(flag)), reader(), read_url=READ, again=again)


@pytest.mark.parametrize("flag", RED_FLAGS, ids=lambda flag: flag.id)
def test_every_red_flag_says_what_was_told_what_to_do_and_where_to_go(flag: RedFlag, sound: Sound) -> None:
    content = mail(flag)
    shown = sound(content, quoted=flag.avoid)

    for part in (content.text, shown):
        assert flag.name in part
        assert flag.action in part
        assert f"Where: {flag.where.removesuffix('.')}." in part
        assert all(line in part for line in flag.avoid)
        assert flag.suspects in part
        assert all(trigger.sentence in part for trigger in flag.triggers)
    for words in (flag.action, flag.where):
        assert words.removesuffix(".") in content.short


def test_there_are_twelve_of_them() -> None:
    assert [flag.id for flag in RED_FLAGS] == [f"RF{n}" for n in range(1, 13)]


def test_it_is_short_and_nothing_in_it_can_be_switched_off(sound: Sound) -> None:
    content = mail()
    shown = sound(content)

    assert len(content.text.split()) < 260
    assert content.stop_url is None
    for part in (content.text, shown):
        assert "always told and cannot be switched off" in part
        assert "through your local emergency number" in part
        for word in ("useful", "planned", "Evidence", "compared", "Threshold", "Change what is mailed"):
            assert word not in part
    assert "<th" not in content.html
    assert "<img" not in content.html


def test_what_to_do_comes_first_and_below_it_where_and_what_to_leave_alone() -> None:
    flag = RED_FLAGS[1]
    text = mail(flag).text

    assert (
        f"WHAT TO DO NOW\n- {flag.action}\n"
        "  Where: Emergency department, or your local emergency number.\n"
        f"{flag.avoid[0]} {flag.avoid[1]}\n"
    ) in text
    assert text.index("WHAT TO DO NOW") < text.index("I have read this: ") < text.index("WHY THIS IS SAID")


def test_one_link_says_that_it_was_read_and_the_page_is_there_to_be_shown() -> None:
    text = mail().text

    assert f"I have read this: {READ}\n" in text
    assert "Until you say so, it is told again every 24 hours." in text
    assert f"Show this page to whoever examines you: {BASE_URL}/check-ins/100000\n" in text


def test_without_a_signed_link_the_alerts_page_is_where_it_is_read() -> None:
    assert f"I have read this: {BASE_URL}/alerts/17\n" in red_mail(alert_of(red(RED_FLAGS[0])), reader()).text


def test_told_again_it_says_so_and_since_when(sound: Sound) -> None:
    """The check-in was at noon UTC in June: 14:00 in Berlin."""
    content = mail(again=True)

    assert content.subject == "Again: Stop running and get this looked at: Nerves of the lower back"
    for part in (content.text, sound(content)):
        assert "You were told this first on Mon 1 Jun 2026, 14:00, and have not said yet that you read it." in part


def test_words_that_nobody_has_reviewed_say_so() -> None:
    reviewed = replace(alert_of(red(RED_FLAGS[0])), coverage=("your check-in",))

    assert "These words were not reviewed by a clinician yet." in mail().text
    assert UNREVIEWED not in red_mail(reviewed, reader()).text


def test_an_action_that_is_one_sentence_is_said_whole() -> None:
    old = replace(alert_of(red(RED_FLAGS[0])), action="Stop running and see a doctor today. No exercises.")

    assert "WHAT TO DO NOW\nStop running and see a doctor today. No exercises.\n" in red_mail(old, reader()).text
