from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from loadwatch.domain.activity import Run
from loadwatch.domain.alerts import Alert
from loadwatch.domain.findings import Finding
from loadwatch.emails import EmailContent
from loadwatch.emails.ask import ask_mail
from tests.support.mails import BASE_URL, RUN, SPIKE, alert_of, feel_links, reader
from tests.unit.emails.findings import DOWN_700, LOADS, SPIKE_IN_PARTS, SYMPTOMS

Sound = Callable[..., str]
MONDAY = date(2026, 11, 23)
LINKS = feel_links("ask")


def mail(alert: Alert = SPIKE, run: Run | None = RUN, day: date = MONDAY, units="metric") -> EmailContent:
    return ask_mail(alert, run, day, reader(units), links=LINKS)


def test_the_subject_asks_and_names_the_run() -> None:
    assert mail().subject == "How do the thighs feel after yesterday’s 18.4 km?"
    assert mail(day=date(2026, 11, 24)).subject == "How do the thighs feel after the 18.4 km of Sun 22 Nov?"
    assert mail(units="imperial").subject == "How do the thighs feel after yesterday’s 11.4 mi?"


def test_of_a_session_of_several_recordings_its_whole_distance_is_named_or_none() -> None:
    in_parts = alert_of(SPIKE_IN_PARTS)
    down = replace(alert_of(DOWN_700), reasons=(replace(DOWN_700.reasons[0], quantity="session_eccentric_load"),))

    assert "after the 13.0 km of" in ask_mail(in_parts, SPIKE_IN_PARTS.run, MONDAY, reader()).subject
    assert (
        ask_mail(down, DOWN_700.run, MONDAY, reader()).subject == "How do the thighs feel after the run of Fri 1 May?"
    )


def test_after_a_check_in_it_is_named_in_place_of_a_run() -> None:
    sore = alert_of(SYMPTOMS[4])

    assert sore.ask_at is not None
    assert mail(sore, None).subject == "How do the thighs feel since your check-in of Mon 1 Jun?"


def test_a_run_that_is_gone_is_named_by_its_day() -> None:
    down = alert_of(DOWN_700)

    assert mail(down, None).subject == "How do the thighs feel after the run of Fri 1 May?"


def test_it_says_why_and_offers_three_answers_and_the_whole_form(sound: Sound) -> None:
    content = mail()
    for part in (content.text, sound(content)):
        assert "Asked because of “18.4 km: your longest in 30 days was 15.0 km”." in part
    assert f"- Fine: {LINKS.fine}\n- Sore: {LINKS.sore}\n- Pain: {LINKS.pain}\n" in content.text
    assert f"Answer all questions instead: {BASE_URL}/check-in\n" in content.text


def test_it_is_no_longer_than_a_question() -> None:
    body = mail().text.split("---")[0].strip()

    assert len(body.splitlines()) <= 15


@pytest.mark.parametrize("finding", [*LOADS, *SYMPTOMS], ids=lambda f: f.rule)
def test_after_every_rule_it_is_a_sound_mail(finding: Finding, sound: Sound) -> None:
    sound(mail(alert_of(finding), finding.run))


def test_a_push_is_the_question_and_opens_the_form() -> None:
    content = mail()

    assert content.short == "Asked because of “18.4 km: your longest in 30 days was 15.0 km”."
    assert content.url == f"{BASE_URL}/check-in"
