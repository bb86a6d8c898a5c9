from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from loadwatch.domain.activity import Run
from loadwatch.domain.alerts import Alert, AlertState
from loadwatch.domain.rules import Evidence, Reason
from loadwatch.emails import EmailContent
from loadwatch.emails.alert import alert_mail
from tests.support.mails import BASE_URL, reader

CEILING = "Up to 20.2 km: within 10 % of your longest run of the last 30 days, 18.4 km."

RUN = Run(
    id=3,
    start=datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
    local_date=date(2026, 11, 22),
    sport="Run",
    distance_m=18_400.0,
    name="Long run",
)

SPIKE = Alert(
    id=17,
    rule="R-M1",
    rule_version="2026.11",
    severity=2,
    state=AlertState.FIRING,
    title="18.4 km: your longest in 30 days was 15.0 km",
    message="This run was 23 % longer than anything in the 30 days before it.",
    action="Keep the next runs within your usual distance, up to 15.0 km.",
    reasons=(
        Reason("run_distance", 18_400.0, "m", 15_000.0, 16_500.0, "longest of 30 days before"),
        Reason("session_spike", 1.227, "ratio", 1.0, 1.1, "30 days"),
    ),
    evidence=Evidence("A", "Frandsen et al. 2025, doi:10.1136/bjsports-2024-109380"),
    coverage=("48 earlier runs over 120 days", "history complete"),
    run_id=3,
    problem_id=None,
    at=datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
    created_at=datetime(2026, 11, 22, 11, 0, tzinfo=UTC),
)

RETURN = replace(
    SPIKE,
    rule="R-RTN",
    title="Back after 33 days: 9.0 km",
    reasons=(
        Reason("run_distance", 9_000.0, "m", 20_000.0, 10_000.0, "90 days before the break"),
        Reason("run_distance", 9_000.0, "m", None, 5_000.0, "first run after 28 days or more off"),
        Reason("days_without_run", 33.2, "d", None, 14.0, "before this run"),
    ),
    evidence=Evidence("C", "Expert opinion"),
)

DOWNHILL = replace(
    SPIKE,
    rule="R-H1",
    severity=1,
    title="Downhill load 1 240 m: your most in 42 days was 120 m",
    reasons=(
        Reason("eccentric_load", 1_240.0, "m", 120.0, 370.0, "largest of 42 days before"),
        Reason("hill_spike", 10.333, "ratio", 1.0, 2.0, "42 days"),
    ),
    evidence=Evidence("C", "Laboratory studies"),
)

FAST = replace(
    SPIKE,
    rule="R-T1",
    title="5 200 m of fast running in 7 days: your usual week has 2 200 m",
    reasons=(
        Reason("fast_7d", 5_200.0, "m", 2_200.0, 3_300.0, "mean of 12 weeks before"),
        Reason("fast_z7", 5.44, "sd", None, 2.0, "mean of 12 weeks before"),
    ),
    evidence=Evidence("B", "Duhig et al. 2016"),
)

Sound = Callable[[EmailContent], str]


def mail(alert: Alert = SPIKE, run: Run | None = RUN) -> EmailContent:
    return alert_mail(alert, run, CEILING, reader())


def test_the_subject_is_the_fact() -> None:
    assert mail().subject == "18.4 km: your longest in 30 days was 15.0 km"


@pytest.mark.parametrize("alert", [SPIKE, RETURN, DOWNHILL, FAST])
def test_every_alert_is_a_sound_mail(alert: Alert, sound: Sound) -> None:
    sound(mail(alert))


def test_both_parts_say_why_what_to_do_and_how_far_the_next_run_may_go(sound: Sound) -> None:
    content = mail()
    for part in (content.text, sound(content)):
        assert "Mara · Caution · Sun 22 Nov 2026 · Long run" in part
        assert "This run was 23 % longer than anything in the 30 days before it." in part
        assert "Keep the next runs within your usual distance, up to 15.0 km." in part
        assert CEILING in part


def test_the_text_names_value_baseline_and_threshold_of_each_comparison() -> None:
    text = mail().text

    assert (
        "- Distance of this run (longest of 30 days before): 18.4 km; before: 15.0 km; threshold: 16.5 km\n" in text
    )
    assert "- Against the longest before it (30 days): 1.23 times; threshold: 1.10 times\n" in text


def test_the_table_has_the_same_numbers_as_the_text(sound: Sound) -> None:
    shown = sound(mail())

    assert "Distance of this run (longest of 30 days before) 18.4 km 15.0 km 16.5 km" in shown
    assert "Against the longest before it (30 days) 1.23 times – 1.10 times" in shown


def test_metres_downhill_and_fast_are_metres_with_readable_names(sound: Sound) -> None:
    downhill, fast = mail(DOWNHILL), mail(FAST)

    assert (
        "- Downhill load of this run (largest of 42 days before): 1 240 m; before: 120 m; threshold: 370 m\n"
        "- Downhill, against the most before it (42 days): 10.33 times; threshold: 2.00 times\n"
    ) in downhill.text
    assert "Downhill load of this run (largest of 42 days before) 1 240 m 120 m 370 m" in sound(downhill)
    assert (
        "- Fast running of 7 days (mean of 12 weeks before): 5 200 m; before: 2 200 m; threshold: 3 300 m\n"
        "- Spreads above your usual week (mean of 12 weeks before): 5.4; threshold: 2.0\n"
    ) in fast.text
    assert "Evidence: grade B — Duhig et al. 2016. Grade B: taken over from another sport." in sound(fast)


def test_the_ceilings_of_the_other_loads_are_said_where_they_are_given(sound: Sound) -> None:
    more = ["Downhill load: none until the quads have settled.", "Fast running: below 2 850 m."]
    content = alert_mail(DOWNHILL, RUN, CEILING, reader(name=""), more_ceilings=more)
    for part in (content.text, sound(content)):
        assert " ".join((CEILING, *more)) in " ".join(part.split())


def test_a_comparison_without_a_baseline_leaves_it_out(sound: Sound) -> None:
    content = mail(RETURN)

    assert "- Days without a run before it (before this run): 33 days; threshold: 14 days\n" in content.text
    assert "Days without a run before it (before this run) 33 days – 14 days" in sound(content)


def test_miles_for_those_who_run_in_miles(sound: Sound) -> None:
    """18 400 m / 1609.344 = 11.43; 15 000 m = 9.32; 16 500 m = 10.25."""
    content = alert_mail(SPIKE, RUN, "Up to 12.6 mi.", reader("imperial"))

    assert "11.4 mi; before: 9.3 mi; threshold: 10.3 mi" in content.text
    assert "11.4 mi 9.3 mi 10.3 mi" in sound(content)


def test_a_quantity_without_words_is_shown_by_its_name(sound: Sound) -> None:
    odd = replace(SPIKE, reasons=(Reason("fast_share", 12.5, "percent", None, None, "7 days"),))
    content = mail(odd)

    assert "- fast share (7 days): 12.5 percent\n" in content.text
    assert "fast share (7 days) 12.5 percent – –" in sound(content)


def test_an_alert_without_reasons_has_no_table(sound: Sound) -> None:
    content = mail(replace(SPIKE, reasons=()))

    assert "compared" not in content.text.lower()
    assert "What was compared" not in sound(content)


@pytest.mark.parametrize(
    ("grade", "meaning"),
    [
        ("A", "a cohort of runners was followed"),
        ("B", "taken over from another sport"),
        ("C", "expert opinion, no study of this exact rule"),
    ],
)
def test_the_grade_of_evidence_is_explained(grade: str, meaning: str, sound: Sound) -> None:
    content = mail(replace(SPIKE, evidence=Evidence(grade, "Somebody 2025")))  # type: ignore[arg-type]
    for part in (content.text, sound(content)):
        assert f"Evidence: grade {grade} — Somebody 2025. Grade {grade}: {meaning}." in part


def test_both_parts_say_what_the_judgement_rests_on(sound: Sound) -> None:
    content = mail()
    for part in (content.text, sound(content)):
        assert "Based on: 48 earlier runs over 120 days; history complete." in part
        assert "Rule R-M1, version 2026.11" in part


def test_both_parts_link_to_the_alert() -> None:
    content = mail()

    assert "https://run.example/alerts/17" in content.text
    assert 'href="https://run.example/alerts/17"' in content.html


def test_a_link_to_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="may only point to"):
        alert_mail(SPIKE, RUN, CEILING, name="", units="metric", base_url=BASE_URL, explain_url=url)


def test_an_address_that_a_runner_typed_is_shown_and_not_linked() -> None:
    typed = 'href=http://a.example src="//b.example" url(c) @import d'

    assert typed in mail(run=replace(RUN, name=typed)).text
    assert 'href="http://a.example' not in mail(run=replace(RUN, name=typed)).html


def test_what_a_runner_typed_cannot_become_markup(sound: Sound) -> None:
    run = replace(RUN, name="<script>alert(1)</script> {{ 7*7 }} & <mj-raw>\nx\x00</mj-text>")
    content = alert_mail(SPIKE, run, CEILING, name="<b>Mara</b>", units="metric", base_url=BASE_URL)

    shown = sound(content)

    assert "<script" not in content.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in content.html
    for part in (content.text, shown):
        assert "<b>Mara</b> · Caution" in part
        assert "<script>alert(1)</script> {{ 7*7 }} & <mj-raw> x </mj-text>" in part


@pytest.mark.parametrize("odd", ["\ufffe", "\ud800", "\x00", "\x1b"])
def test_what_is_no_character_becomes_a_space(odd: str, sound: Sound) -> None:
    content = mail(run=replace(RUN, name=f"Long{odd}run"))

    assert "· Long run" in content.text
    assert "· Long run" in sound(content)


def test_a_run_that_is_gone_is_named_by_its_day(sound: Sound) -> None:
    content = mail(run=None)
    for part in (content.text, sound(content)):
        assert "Mara · Caution · run of Sun 22 Nov 2026 (UTC)" in part


def test_a_runner_without_a_name_is_not_greeted_by_a_gap(sound: Sound) -> None:
    content = alert_mail(replace(SPIKE, severity=1), RUN, CEILING, name=" ", units="metric", base_url=BASE_URL)

    assert content.text.startswith("Note · Sun 22 Nov 2026 · Long run\n")
    assert "Note · Sun 22 Nov 2026" in sound(content)
