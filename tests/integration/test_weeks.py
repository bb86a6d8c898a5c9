"""A week as its page, its mail and the API tell it: one record, the same words and numbers."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from loadwatch.bootstrap import Services
from loadwatch.domain.daily import IsoWeek
from loadwatch.emails import EmailContent
from loadwatch.services.health_ports import Draft
from loadwatch.services.ports import AthleteProfile
from tests.support.athletes import BUSY, EMPTY, INJURED, open_household
from tests.support.measuring import app_and_client, counting
from tests.support.seeding import NOW, SeedRun, add_runs, connect, seeded_services, sign_up

WEEK = IsoWeek(2026, 47)
MONDAY = NOW + timedelta(hours=18)
"""07:00 in Berlin of the day after `NOW`."""

MOST_QUESTIONS = 6
"""Of a mail for somebody whom nothing hurts: thousands leave on one morning."""


@pytest.fixture(scope="module")
def services(household: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    services = open_household(household, tmp_path_factory.mktemp("weeks") / "data")
    yield services
    services.close()


def profile(services: Services, email: str) -> AthleteProfile:
    with services.store.read() as tx:
        account = tx.account_by_email(email)
        assert account is not None
        found = tx.athlete(account.athlete_id)
    assert found is not None
    return found


def mail(services: Services, email: str, week: IsoWeek = WEEK) -> EmailContent:
    reader = profile(services, email)
    with services.store.read() as tx:
        return services.letters._weekly(tx, reader, week)


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\xa0", " ").split())


@pytest.mark.parametrize("email", [BUSY, EMPTY, INJURED])
def test_the_page_and_the_mail_of_a_week_say_the_same(services: Services, email: str) -> None:
    _, client = app_and_client(services, email)
    report = services.views.week(profile(services, email).id, WEEK)
    page, content = words(client.get(f"/weeks/{WEEK}").text), mail(services, email)
    verdict, _, action = (line for line in content.text.splitlines()[2:6] if line)

    assert verdict in page
    assert action in page
    for told in re.findall(r"^[A-Z][^:]+: pain .*|^More .* then\.$|^Less .* then\.$", content.text, re.MULTILINE):
        assert told in page
    if "This week: " in content.text:
        for value, usual in re.findall(r"This week: ([^;\n]+); Usual week: ([^;\n]+)", content.text):
            assert value in page
            assert usual in page
    for alert in report.alerts if verdict != "Stop" else ():
        assert alert.title in page


def test_the_api_tells_the_verdict_and_the_action_of_the_page(services: Services) -> None:
    from loadwatch.api.models import Week

    told = Week.of(services.views.week(profile(services, BUSY).id, WEEK))

    assert f"{told.verdict}\n" in mail(services, BUSY).text
    assert told.action is not None
    assert f"{told.action.words}\n" in mail(services, BUSY).text


def test_an_older_week_has_nothing_to_do_any_more(services: Services) -> None:
    from loadwatch.api.models import Week

    old = IsoWeek(2026, 44)
    _, client = app_and_client(services, BUSY)

    assert Week.of(services.views.week(profile(services, BUSY).id, old)).action is None
    assert "What to do:" not in client.get(f"/weeks/{old}").text


@pytest.fixture
def quinn(tmp_path: Path) -> Iterator[Services]:
    """Quinn, who runs every other day and whom nothing hurts; the clock stands at MONDAY, and can be put."""
    services = seeded_services(tmp_path, now=MONDAY)
    athlete_id = sign_up(services, QUINN, "Quinn").athlete_id
    connect(services, athlete_id, 501)
    with services.store.write() as tx:
        tx.want_backfill(athlete_id, None)
    add_runs(services, athlete_id, [SeedRun(NOW - timedelta(days=d, hours=3), 9_000) for d in range(1, 120, 2)])
    services.assess.assess(athlete_id)
    yield services
    services.close()


QUINN = "quinn@example.org"


def test_a_quiet_week_is_told_in_few_words_and_asks_the_database_little(quinn: Services) -> None:
    with counting(quinn) as asked:
        content = mail(quinn, QUINN)
    asked = [statement for statement in asked if "accounts" not in statement]

    assert len(asked) - 1 <= MOST_QUESTIONS  # one for the profile
    lines = [line for line in content.text.split("\n---\n")[0].splitlines() if line]
    assert len(lines) <= 25
    assert "/r/" not in content.text.split("\n---\n")[0]


def check_in(services: Services, at: datetime, **told: object) -> None:
    draft = Draft(side="left", regions=frozenset({"PM"}), at=at, **told)  # type: ignore[arg-type]
    athlete_id = profile(services, QUINN).id
    services.check_ins.record(athlete_id, draft)
    services.assess.assess(athlete_id)


def test_what_is_reported_between_the_week_and_its_mail_is_not_passed_over(quinn: Services) -> None:
    """Sunday was quiet; on Monday at six the thigh is bad. No mail at seven names a distance."""
    assert "up to 9.9 km" in mail(quinn, QUINN).text
    check_in(quinn, MONDAY - timedelta(hours=1), pain_today=7, signs=frozenset({"limp"}))

    content = mail(quinn, QUINN)
    assert "9.9 km" not in content.text
    assert "Left back of the thigh" in content.subject


def test_an_older_week_knows_nothing_of_what_came_after(quinn: Services) -> None:
    check_in(quinn, MONDAY - timedelta(hours=1), pain_today=7, signs=frozenset({"limp"}))
    athlete_id = profile(quinn, QUINN).id

    assert quinn.views.week(athlete_id, WEEK).symptoms_decide
    old = quinn.views.week(athlete_id, WEEK.shifted(-2))
    assert (old.symptoms_decide, old.problems, old.standing) == (False, (), ())


def test_pain_of_the_week_is_told_with_its_trend_and_asked_for_with_one_tap(quinn: Services) -> None:
    check_in(quinn, MONDAY - timedelta(days=6), pain_today=4)
    check_in(quinn, MONDAY - timedelta(days=1), pain_today=1)

    text = mail(quinn, QUINN).text
    assert "Better: pain by day went from 4 (Tue 17 Nov) to 1 (Sun 22 Nov). Told 2 times." in text
    assert text.split("\n---\n")[0].count("/r/") == 11


def test_nobody_is_told_of_anothers_week(quinn: Services) -> None:
    check_in(quinn, MONDAY - timedelta(days=1), pain_today=6)
    sign_up(quinn, "omar@example.org", "Omar")

    text = mail(quinn, "omar@example.org").text
    assert "thigh" not in text.split("\n---\n")[0]
    assert "No runs here yet." in text


def test_the_units_of_the_reader_hold_for_every_number(quinn: Services) -> None:
    """9.9 km, the ceiling, are 6.15 miles."""
    athlete = profile(quinn, QUINN)
    with quinn.store.read() as tx:
        content = quinn.letters._weekly(tx, replace(athlete, units="imperial"), WEEK)

    assert "6.2 mi" in content.text
    assert " km" not in content.text.split("\n---\n")[0]
