from collections.abc import Callable
from dataclasses import replace

import pytest

from loadwatch.domain.activity import Run
from loadwatch.domain.alerts import Alert
from loadwatch.domain.findings import Evidence, Finding, Reason
from loadwatch.domain.text import Units
from loadwatch.domain.wording import SEEK_HELP
from loadwatch.emails import EmailContent, Picture
from loadwatch.emails.alert import alert_mail
from tests.support.mails import BASE_URL, LINKS, RUN, SPIKE, alert_of, reader
from tests.unit.emails.findings import LOADS, SYMPTOMS

CEILING = "Up to 20.2 km: within 10 % of your longest run of the last 30 days, 18.4 km."

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
    dedup_key="H:hills",
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
    dedup_key="T:fast",
    title="5 200 m of fast running in 7 days: your usual week has 2 200 m",
    reasons=(
        Reason("fast_7d", 5_200.0, "m", 2_200.0, 3_300.0, "mean of 12 weeks before"),
        Reason("fast_z7", 5.44, "sd", None, 2.0, "mean of 12 weeks before"),
    ),
    evidence=Evidence("B", "Duhig et al. 2016"),
)

Sound = Callable[[EmailContent], str]


def mail(alert: Alert = SPIKE, run: Run | None = RUN) -> EmailContent:
    return alert_mail(alert, run, reader(), ceilings=[CEILING], links=LINKS)


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

    assert "- Distance of this run (longest of 30 days before): This time: 18.4 km; Before: 15.0 km; Thresh" in text
    assert (
        "- Against the longest before it (30 days): This time: 1.23 times; Before: –; Threshold: 1.10 times\n"
    ) in text


def test_the_table_has_the_same_numbers_as_the_text(sound: Sound) -> None:
    shown = sound(mail())

    assert (
        "This time Before Threshold Distance of this run longest of 30 days before 18.4 km 15.0 km 16.5 km" in shown
    )
    assert "Against the longest before it 30 days 1.23 times – 1.10 times" in shown


def test_metres_downhill_and_fast_are_metres_with_readable_names(sound: Sound) -> None:
    downhill, fast = sound(mail(DOWNHILL)), sound(mail(FAST))

    assert "Downhill load of this run largest of 42 days before 1 240 m 120 m 370 m" in downhill
    assert "Downhill, against the most before it 42 days 10.33 times – 2.00 times" in downhill
    assert "Fast running of 7 days mean of 12 weeks before 5 200 m 2 200 m 3 300 m" in fast
    assert "Spreads above your usual week mean of 12 weeks before 5.4 – 2.0" in fast
    assert "Evidence: grade B (taken over from another sport): Duhig et al. 2016." in fast


def test_without_a_picture_the_deciding_comparison_is_drawn_as_two_bars(sound: Sound) -> None:
    """15.0 km are 82 % of 18.4 km: 16 signs of 20."""
    content = mail()

    assert "Before ################.... 15.0 km\nThis time #################### 18.4 km\n" in content.text
    assert 'width="82%"' in content.html
    assert "Before 15.0 km This time 18.4 km" in sound(content)


def test_with_a_picture_it_stands_in_place_of_the_bars(sound: Sound) -> None:
    picture = Picture("distances", b"png", 320, 180, "This run, 18.4 km, is longer than each of the last 30 days.")
    content = alert_mail(SPIKE, RUN, reader(), picture=picture)

    assert f"[{picture.alt}]" in content.text
    assert content.pictures == (picture,)
    assert 'src="cid:distances@loadwatch"' in content.html
    assert "####" not in content.text
    sound(content)


def test_the_ceilings_of_the_other_loads_are_said_where_they_are_given(sound: Sound) -> None:
    all_three = [CEILING, "Downhill load: none until the quads have settled.", "Fast running: below 2 850 m."]
    content = alert_mail(DOWNHILL, RUN, reader(name=""), ceilings=all_three)
    for part in (content.text, sound(content)):
        assert " ".join(all_three) in " ".join(part.split())


def test_while_something_hurts_no_ceiling_is_named() -> None:
    assert CEILING not in mail(replace(SPIKE, symptom_level=1)).text


def test_a_comparison_without_a_baseline_leaves_it_out(sound: Sound) -> None:
    content = mail(RETURN)

    assert "Days without a run before it before this run 33 days – 14 days" in sound(content)


def test_miles_for_those_who_run_in_miles(sound: Sound) -> None:
    """18 400 m / 1609.344 = 11.43; 15 000 m = 9.32; 16 500 m = 10.25."""
    content = alert_mail(SPIKE, RUN, reader("imperial"), ceilings=["Up to 12.6 mi."])

    assert "This time: 11.4 mi; Before: 9.3 mi; Threshold: 10.3 mi" in content.text
    assert "11.4 mi 9.3 mi 10.3 mi" in sound(content)


def test_a_quantity_without_words_is_shown_by_its_name(sound: Sound) -> None:
    odd = replace(SPIKE, reasons=(Reason("fast_share", 12.5, "percent", None, None, "7 days"),))

    assert "fast share 7 days 12.5 percent – –" in sound(mail(odd))


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
        assert f"Evidence: grade {grade} ({meaning}): Somebody 2025." in part


def test_both_parts_say_what_the_judgement_rests_on(sound: Sound) -> None:
    content = mail()
    for part in (content.text, sound(content)):
        assert "Based on: 48 earlier runs over 120 days; history complete." in part
        assert "Rule R-M1, version 2026.11" in part


def test_both_parts_link_to_the_alert() -> None:
    content = mail()

    assert "https://run.example/alerts/17" in content.text
    assert 'href="https://run.example/alerts/17"' in content.html


def test_a_link_to_elsewhere_is_refused() -> None:
    elsewhere = replace(LINKS, not_useful="https://run.example.evil.example/r/1")
    with pytest.raises(ValueError, match="may only point to"):
        alert_mail(SPIKE, RUN, reader(), links=elsewhere)


def test_an_address_that_a_runner_typed_is_shown_and_not_linked() -> None:
    typed = 'href=http://a.example src="//b.example" url(c) @import d'

    assert typed in mail(run=replace(RUN, name=typed)).text
    assert 'href="http://a.example' not in mail(run=replace(RUN, name=typed)).html


def test_what_a_runner_typed_cannot_become_markup(sound: Sound) -> None:
    run = replace(RUN, name="<script>alert(1)</script> {{ 7*7 }} & <mj-raw>\nx\x00</mj-text>")
    content = alert_mail(SPIKE, run, reader(name="<b>Mara</b>"))

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


def test_a_run_that_is_gone_is_named_by_the_day_that_it_was_where_the_runner_is(sound: Sound) -> None:
    """08:30 UTC on the 22nd is 22:30 of the 21st in Honolulu."""
    content = mail(run=None)
    for part in (content.text, sound(content)):
        assert "Mara · Caution · run of Sun 22 Nov 2026" in part
    assert "run of Sat 21 Nov 2026" in alert_mail(SPIKE, None, reader(timezone="Pacific/Honolulu")).text


def test_a_runner_without_a_name_is_not_greeted_by_a_gap(sound: Sound) -> None:
    content = alert_mail(replace(SPIKE, severity=1), RUN, reader(name=" "))

    assert content.text.startswith("Note · Sun 22 Nov 2026 · Long run\n")
    assert "Note · Sun 22 Nov 2026" in sound(content)


# every rule


@pytest.mark.parametrize("units", ["metric", "imperial"])
@pytest.mark.parametrize("finding", [*LOADS, *SYMPTOMS], ids=lambda f: f.rule)
def test_the_alert_of_every_rule_is_a_sound_mail_in_both_units(finding: Finding, units: Units, sound: Sound) -> None:
    alert = alert_of(finding)
    content = alert_mail(alert, finding.run, reader(units), ceilings=[CEILING], links=LINKS)
    shown = sound(content)

    if units == "imperial":
        assert " km" not in content.text.replace(CEILING, "")
    for part in (content.text, shown):
        assert content.subject in part
        assert "Evidence: grade " in part
        assert content.short in part


def test_the_mail_of_a_jump_goes_from_the_fact_to_what_to_do_to_what_it_rests_on() -> None:
    text = mail().text
    order = (
        "18.4 km: your longest in 30 days was 15.0 km\n",
        "This run was 23 % longer",
        "THE NEXT 48 HOURS\nKeep the next runs within your usual distance",
        "WHAT WOULD MAKE IT WORSE\nAnother run beyond what was usual for you",
        "How does it feel?\n",
        "YOUR NEXT RUN\n",
        "WHAT WAS COMPARED\n",
        "- This was planned: ",
        "Evidence: grade A",
    )

    assert [text.index(words) for words in order] == sorted(text.index(words) for words in order)


def test_every_answer_is_one_tap() -> None:
    text = mail().text

    for words, url in (
        ("Fine", LINKS.feel.fine),
        ("Sore", LINKS.feel.sore),
        ("Pain", LINKS.feel.pain),
        ("This was planned", LINKS.planned),
        ("Not useful", LINKS.not_useful),
    ):
        assert f"- {words}: {url}\n" in text


def test_that_it_was_planned_is_no_answer_to_what_hurts() -> None:
    hurts = replace(LINKS, planned=None)

    assert "planned" not in alert_mail(alert_of(SYMPTOMS[1]), None, reader(), links=hurts).text


@pytest.mark.parametrize("finding", SYMPTOMS[1:], ids=lambda f: f.rule)
def test_what_was_reported_comes_with_when_to_get_help_and_without_a_ceiling(finding: Finding) -> None:
    content = alert_mail(alert_of(finding), finding.run, reader(), ceilings=[CEILING], links=LINKS)

    assert f"WHEN TO GET HELP\n{SEEK_HELP}\n" in content.text
    assert content.text.count(SEEK_HELP) == 1
    assert "\nWHAT YOU REPORTED\n" in content.text
    assert "<th" not in content.html
    assert CEILING not in content.text
    assert f"{BASE_URL}/problems/{finding.problem_id}" in content.text
    assert "No clinician has reviewed these words yet." in content.text
    assert SEEK_HELP not in content.short


def test_what_was_reported_is_told_with_what_it_was_before_where_that_is_known() -> None:
    rising, ache = (next(f for f in SYMPTOMS if f.rule == rule) for rule in ("S-TREND", "S-LEVEL"))

    assert (
        "Worst pain you reported (lowest of 7 days before): 4 of 10; before: 2 of 10" in mail(alert_of(rising)).text
    )
    assert (
        "WHAT YOU REPORTED\n"
        "Worst pain you reported: 3 of 10; threshold: 5 of 10\n"
        "Symptom level (0 none to 4): 2 of 4\n"
    ) in mail(alert_of(ache)).text


def test_what_makes_it_worse_is_left_out_where_nobody_knows() -> None:
    climbed = next(f for f in LOADS if f.rule == "R-H2")
    stuck = next(f for f in SYMPTOMS if f.rule == "S-STUCK")

    assert "WORSE" not in mail(alert_of(climbed)).text
    assert "WORSE" not in mail(alert_of(stuck)).text


@pytest.mark.parametrize(
    ("rule", "heading"),
    [
        ("R-M1", "THE NEXT 48 HOURS\nKeep the next runs within"),
        ("R-H1", "THE NEXT 48 HOURS\nRun easy and flat"),
        ("R-T1", "THE NEXT 72 HOURS\nLeave at least 72 hours before the next speed day"),
        ("R-RTN", "WHAT TO DO\nStart lower: for two weeks"),
        ("C-BSI", "THE NEXT 72 HOURS\nStop running and hopping"),
    ],
)
def test_the_heading_of_the_advice_reaches_as_far_as_the_advice(rule: str, heading: str) -> None:
    finding = next(f for f in (*LOADS, *SYMPTOMS) if f.rule == rule)

    assert heading in mail(alert_of(finding)).text


def test_after_a_jump_it_says_when_to_tell_how_it_feels() -> None:
    at = SPIKE.created_at

    assert "Tell how it feels the morning after the run" in mail(replace(SPIKE, ask_at=at)).text
    assert "Tell how it feels two days after the run" in mail(replace(DOWNHILL, ask_at=at, rule="R-H1")).text
    assert "Tell how it feels" not in mail().text


def test_a_run_on_a_leg_that_hurts_names_running_on_as_worse() -> None:
    assert (
        "Running on when it turns sharp, passes 5 out of 10, or makes you limp." in mail(alert_of(SYMPTOMS[0])).text
    )
    assert "Running on when it turns sharp" not in mail().text


def test_a_push_says_what_to_do_below_the_fact() -> None:
    content = mail()

    assert content.short == "Keep the next runs within your usual distance, up to 15.0 km."
    assert content.url == f"{BASE_URL}/alerts/17"


@pytest.mark.parametrize("finding", [*LOADS, *SYMPTOMS], ids=lambda f: f.rule)
def test_a_subject_is_short_enough_for_the_screen_of_a_locked_phone(finding: Finding) -> None:
    """The hilly run of P-PUSH has a number and a place to name."""
    assert len(alert_of(finding).title) <= (75 if finding.rule == "P-PUSH" else 70)
