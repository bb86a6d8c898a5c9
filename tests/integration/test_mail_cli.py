"""`loadwatch mail`: looking at mails without sending any."""

import email
import email.policy
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from loadwatch.bootstrap import Services
from loadwatch.cli import main
from tests.support.athletes import BUSY, EMPTY, INJURED, open_household

Mail = Callable[..., Result]


@pytest.fixture
def services(household: Path, tmp_path: Path) -> Iterator[Services]:
    services = open_household(household, tmp_path / "data")
    yield services
    services.close()


@pytest.fixture
def mail(services: Services, monkeypatch: pytest.MonkeyPatch) -> Mail:
    """`loadwatch mail …` on the household."""
    monkeypatch.setenv("LOADWATCH_DATA_DIR", str(services.settings.data_dir))
    return lambda *argv: CliRunner().invoke(main, ["mail", *argv])


def rows(services: Services) -> list[object]:
    with services.store.read() as tx:
        return [tx.outbox_items(athlete_id, 100) for athlete_id in tx.athlete_ids()]


def test_the_summary_of_a_week_is_shown_as_text_and_nothing_is_sent(mail: Mail, services: Services) -> None:
    before, mailbox = rows(services), services.mailbox.list(1)

    shown = mail("preview", "weekly", "--athlete", BUSY, "--about", "2026-W47")

    assert shown.exit_code == 0
    assert shown.output.startswith("Subject: ")
    assert "77.0 km" in shown.output  # all runs of that week together
    assert (rows(services), services.mailbox.list(1)) == (before, mailbox)


def test_another_language_and_other_units_are_those_of_the_look_alone(mail: Mail, services: Services) -> None:
    shown = mail(
        *("preview", "weekly", "--athlete", BUSY, "--about", "2026-W47", "--units", "imperial", "--language", "de")
    )

    assert "47,9 mi" in shown.output  # 77.03 km / 1.609
    profile = services.views.profile(1)
    assert (profile.units, profile.language) == ("metric", "en")


def test_a_red_flag_is_found_among_the_alerts(mail: Mail) -> None:
    red = mail("preview", "red", "--athlete", INJURED).output
    other = mail("preview", "alert", "--athlete", INJURED).output

    assert "Nerves of the lower back" in red
    assert "Nerves of the lower back" not in other


def test_where_there_is_nothing_it_says_what_would_make_one(mail: Mail) -> None:
    shown = mail("preview", "alert", "--athlete", EMPTY)

    assert shown.exit_code == 1
    assert "no alert here: one comes when" in shown.output


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("nonsense",), "take one of alert, red"),
        (("weekly", "--about", "last"), "write it like 2026-W47"),
        (("alert", "--about", "x"), "not a number"),
        (("alert", "--about", "999999"), "999999 is nothing that a mail of the kind alert could be about"),
        (("weekly", "--language", "xx"), "is none of"),
    ],
)
def test_what_cannot_be_understood_is_said_in_a_line(mail: Mail, argv: tuple[str, ...], said: str) -> None:
    shown = mail("preview", *argv, "--athlete", BUSY)

    assert shown.exit_code in (1, 2)
    assert said in shown.output
    assert "Traceback" not in shown.output


def test_anothers_alert_is_not_shown(mail: Mail, services: Services) -> None:
    (theirs, *_) = services.views.alerts(3)

    assert mail("preview", "alert", "--athlete", BUSY, "--about", str(theirs.id)).exit_code == 1


def test_a_mail_is_written_as_text_page_and_message(mail: Mail, tmp_path: Path) -> None:
    folder = tmp_path / "looks"

    mail("preview", "weekly", "--athlete", BUSY, "--about", "2026-W47", "--out", str(folder))

    message = email.message_from_bytes((folder / "weekly.eml").read_bytes(), policy=email.policy.default)
    assert message["To"] == BUSY
    assert "29.0 km" in str(message["Subject"])  # what stood out, above the sum of the week
    assert "77.0 km" in (folder / "weekly.txt").read_text()
    page = (folder / "weekly.html").read_text()
    assert "cid:" not in page
    assert all((folder / f"weekly-{p.stem.removeprefix('weekly-')}.png").exists() for p in folder.glob("*.png"))


def test_the_outbox_lists_what_failed_and_on_request_all(mail: Mail, services: Services) -> None:
    with services.store.write() as tx:
        number = tx.add_outbox(1, "weekly", "2026-W45", services.clock())
        assert number is not None
        tx.settle_outbox(number, "failed", services.clock(), error="550 no such box")

    unsettled, everything = mail("outbox").output, mail("outbox", "--all").output

    assert "Not sent: 550 no such box" in unsettled
    assert "2026-W46" not in unsettled  # it was sent
    assert "2026-W46" in everything
    assert "2026-W46" not in mail("outbox", "--all", "--athlete", EMPTY).output
