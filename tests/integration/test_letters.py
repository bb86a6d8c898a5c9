"""Mails about single things, written from what is stored: their links, their pictures, and when there is none."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from loadwatch.bootstrap import Services
from loadwatch.domain.alerts import Alert
from loadwatch.emails import EmailContent
from loadwatch.services.health_ports import Draft
from loadwatch.services.ports import OutboxItem
from loadwatch.services.telling_ports import Reply
from tests.support.seeding import ANN, BOB, NOW, SeedRun, add_runs, athlete, seeded_services, sign_up

CLEO = "cleo@example.org"
WEEK = timedelta(days=7)
YEAR = timedelta(days=365)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """This morning's runs of Ann and Cleo were jumps; Cleo's check-in of now is a red flag; Bob told of an ache."""
    services = seeded_services(tmp_path_factory.mktemp("letters"), base_url="https://run.example")
    for email in (ANN, BOB, CLEO):
        sign_up(services, email)
    ann, bob, cleo = (athlete(services, email) for email in (ANN, BOB, CLEO))
    earlier = [SeedRun(NOW - timedelta(days=2 * n), 10_000) for n in range(1, 25)]
    for n, athlete_id in enumerate((ann, cleo)):
        add_runs(services, athlete_id, [*earlier, SeedRun(NOW - timedelta(hours=4), 18_400, "Long run")], 100 * n)
    services.check_ins.record(cleo, Draft(pain_today=1, signs=frozenset({"numb_saddle"})))
    services.check_ins.record(bob, Draft(side="left", regions=frozenset({"PM"}), pain_today=4))
    for athlete_id in (ann, bob, cleo):
        services.assess.assess(athlete_id)
    yield services
    services.close()


def alert_of(services: Services, rule: str, email: str = ANN) -> Alert:
    with services.store.read() as tx:
        alerts = tx.alerts_since(athlete(services, email), NOW - timedelta(days=1))
    (found,) = [a for a in alerts if a.rule == rule]
    return found


def letter(services: Services, kind: str, subject: str, email: str = ANN) -> EmailContent | None:
    athlete_id = athlete(services, email)
    row: dict[str, Any] = dict.fromkeys(("mail_subject", "error", "claimed_at", "settled_at"))
    item = OutboxItem(1, athlete_id, kind, subject, "sending", 1, "<1@run.example>", created_at=NOW, **row)
    with services.store.read() as tx:
        profile = tx.athlete(athlete_id)
        assert profile is not None
        return services.letters.write(tx, profile, item)


def replies(services: Services, content: EmailContent) -> list[Reply]:
    """What the links of a mail answer, in their order."""
    tokens = re.findall(r"https://run\.example/r/(\S+)", content.text)
    found = [services.reply_links.read(token) for token in tokens]
    return [reply for reply in found if reply is not None]


def answers(services: Services, content: EmailContent) -> list[tuple[str, str, str, timedelta]]:
    known = {athlete(services, email) for email in (ANN, BOB, CLEO)}
    assert {reply.athlete_id for reply in replies(services, content)} <= known
    return [(r.purpose, r.about, r.answer, r.until - NOW) for r in replies(services, content)]


def test_a_jump_can_be_answered_for_a_week_and_its_kind_ended_for_a_year(services: Services):
    jump = alert_of(services, "R-M1")
    content = letter(services, "alert", str(jump.id))

    assert content is not None
    about = str(jump.id)
    assert answers(services, content) == [
        ("felt", about, "fine", WEEK),
        ("felt", about, "sore", WEEK),
        ("felt", about, "pain", WEEK),
        ("planned", about, "", WEEK),
        ("not_useful", about, "", WEEK),
        ("stop", "alerts", "", YEAR),
    ]
    assert content.stop_url is not None
    assert content.stop_url in content.html


def test_a_jump_shows_the_runs_of_sixty_days_and_what_the_next_may_bring(services: Services):
    content = letter(services, "alert", str(alert_of(services, "R-M1").id))

    assert content is not None
    (picture,) = content.pictures
    assert picture.png.startswith(b"\x89PNG")
    assert "18.4 km" in picture.alt
    assert f"[{picture.alt}]" in content.text
    assert "YOUR NEXT RUN\nUp to 10.0 km: your longest before the jump of the last days." in content.text


def test_beside_a_sign_that_must_not_be_missed_no_jump_names_a_distance_for_the_next_run(services: Services):
    content = letter(services, "alert", str(alert_of(services, "R-M1", CLEO).id), CLEO)

    assert content is not None
    assert "YOUR NEXT RUN\nWhat hurts decides: while it is open, no distance is named here." in content.text
    assert "10.0 km: your longest before the jump" not in content.text


def test_a_red_flag_can_only_be_read(services: Services):
    red = alert_of(services, "R-RED", CLEO)
    for kind, subject in (("alert", str(red.id)), ("again", f"{red.id}.1")):
        content = letter(services, kind, subject, CLEO)

        assert content is not None
        assert answers(services, content) == [("read", str(red.id), "", WEEK)]
        assert (content.stop_url, content.pictures) == (None, ())
        assert f"https://run.example/check-ins/{red.report_id}" in content.text


def test_what_was_reported_cannot_be_planned_and_has_its_problems_page(services: Services):
    ache = alert_of(services, "S-LEVEL", BOB)
    content = letter(services, "alert", str(ache.id), BOB)

    assert content is not None
    assert [purpose for purpose, *_ in answers(services, content)] == ["felt", "felt", "felt", "not_useful", "stop"]
    assert f"https://run.example/problems/{ache.problem_id}" in content.text
    assert "YOUR NEXT RUN" not in content.text
    assert content.pictures == ()


def test_the_mornings_question_is_about_its_day(services: Services):
    content = letter(services, "ask", f"2026-11-23.{alert_of(services, 'R-M1').id}")

    assert content is not None
    assert content.subject == "How do the thighs feel after yesterday’s 18.4 km?"
    assert answers(services, content) == [
        *(("ask", "2026-11-23", answer, WEEK) for answer in ("fine", "sore", "pain")),
        ("stop", "asks", "", YEAR),
    ]


def test_a_test_answers_nothing(services: Services):
    content = letter(services, "test", "1")

    assert content is not None
    assert replies(services, content) == []
    assert content.stop_url is None


@pytest.mark.parametrize("kind", ["alert", "again", "ask", "retraction"])
def test_of_another_runners_alert_there_is_no_mail(services: Services, kind: str):
    of_ann = alert_of(services, "R-M1").id

    assert letter(services, kind, f"2026-11-23.{of_ann}" if kind == "ask" else str(of_ann), BOB) is None


def test_an_alert_that_stands_is_not_taken_back(services: Services):
    assert letter(services, "retraction", str(alert_of(services, "R-M1").id)) is None
