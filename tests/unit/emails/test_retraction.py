from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from loadwatch.domain.alerts import Alert, AlertState
from loadwatch.domain.rules import Evidence, Reason
from loadwatch.domain.wording import Units
from loadwatch.emails import EmailContent
from loadwatch.emails.retraction import retraction_mail
from tests.support.mails import reader

ALERT = Alert(
    id=17,
    rule="R-M1",
    rule_version="2026.11",
    severity=2,
    state=AlertState.RETRACTED,
    title="18.4 km: your longest in 30 days was 15.0 km",
    message="This run was 23 % longer than anything in the 30 days before it.",
    action="Keep the next runs within your usual distance, up to 15.0 km.",
    reasons=(
        Reason("run_distance", 18_400.0, "m", 15_000.0, 16_500.0, "longest of 30 days before"),
        Reason("session_spike", 1.227, "ratio", 1.0, 1.1, "30 days"),
    ),
    evidence=Evidence("A", "Frandsen et al. 2025"),
    coverage=(),
    run_id=None,
    problem_id=None,
    at=datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
    created_at=datetime(2026, 11, 22, 11, 0, tzinfo=UTC),
)
CAUSE = "the run was corrected or deleted: the rule no longer speaks"

Sound = Callable[[EmailContent], str]


def mail(alert: Alert = ALERT, cause: str = CAUSE, units: Units = "metric") -> EmailContent:
    return retraction_mail(alert, cause, reader(units))


def test_the_subject_says_what_is_taken_back() -> None:
    assert mail().subject == "Taken back: “18.4 km: your longest in 30 days was 15.0 km”"


def test_both_parts_say_what_it_had_said_and_why_it_no_longer_holds(sound: Sound) -> None:
    content = mail()
    for part in (content.text, sound(content)):
        assert "The alert on your run of Sun 22 Nov 2026 (UTC) no longer holds." in part
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
