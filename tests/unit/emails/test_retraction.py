from collections.abc import Callable
from dataclasses import replace

from loadwatch.domain.alerts import Alert, AlertState
from loadwatch.domain.wording import Units
from loadwatch.emails import EmailContent
from loadwatch.emails.retraction import retraction_mail
from tests.support.mails import SPIKE, reader

ALERT = replace(SPIKE, state=AlertState.RETRACTED, run_id=None, coverage=())
CAUSE = "the run was corrected or deleted: the rule no longer speaks"

Sound = Callable[[EmailContent], str]


def mail(alert: Alert = ALERT, cause: str = CAUSE, units: Units = "metric") -> EmailContent:
    return retraction_mail(alert, cause, reader(units))


def test_the_subject_says_what_is_taken_back() -> None:
    assert mail().subject == "Taken back: “18.4 km: your longest in 30 days was 15.0 km”"


def test_both_parts_say_what_it_had_said_and_why_it_no_longer_holds(sound: Sound) -> None:
    content = mail()
    for part in (content.text, sound(content)):
        assert "The alert on your run of Sun 22 Nov 2026 no longer holds." in part
        assert "18.4 km: your longest in 30 days was 15.0 km" in part
        assert (
            "Distance of this run (longest of 30 days before): 18.4 km; before: 15.0 km; threshold: 16.5 km" in part
        )
        assert "The run was corrected or deleted: the rule no longer speaks." in part


def test_the_advice_that_is_taken_back_is_not_repeated() -> None:
    assert "Keep the next runs" not in mail().text + mail().html


def test_pain_still_counts_after_an_alert_is_taken_back(sound: Sound) -> None:
    content = mail()
    for part in (content.text, sound(content)):
        assert "if something hurts, that still counts" in part


def test_it_links_to_the_alert() -> None:
    assert "https://run.example/alerts/17" in mail().text
    assert 'href="https://run.example/alerts/17"' in mail().html


def test_miles_for_those_who_run_in_miles(sound: Sound) -> None:
    content = mail(units="imperial")
    for part in (content.text, sound(content)):
        assert "11.4 mi; before: 9.3 mi; threshold: 10.3 mi" in part


def test_an_alert_without_reasons_can_be_taken_back_too(sound: Sound) -> None:
    assert "threshold" not in sound(mail(replace(ALERT, reasons=())))


def test_a_cause_cannot_become_markup(sound: Sound) -> None:
    content = mail(cause="<script>alert(1)</script>")

    assert "<script>alert(1)</script>." in sound(content)
    assert "<script" not in content.html


def test_the_day_is_the_runners(sound: Sound) -> None:
    """08:30 UTC on the 22nd is 22:30 of the 21st in Honolulu."""
    content = retraction_mail(ALERT, CAUSE, reader(timezone="Pacific/Honolulu"))

    assert "your run of Sat 21 Nov 2026 no longer holds" in sound(content)


def test_of_a_check_in_nothing_is_said_about_a_record_of_a_run() -> None:
    text = mail(replace(ALERT, report_id=5)).text

    assert "The alert on your check-in of Sun 22 Nov 2026 no longer holds." in text
    assert "record of the run" not in text
    assert "if something hurts now, that still counts" in text


def test_a_red_flag_that_was_taken_back_does_not_say_that_all_is_well(sound: Sound) -> None:
    content = mail(replace(ALERT, severity=4, report_id=5))

    for part in (content.short, content.text, sound(content)):
        assert "If what you told then is so, act on it all the same." in part
        assert "need not act" not in part
