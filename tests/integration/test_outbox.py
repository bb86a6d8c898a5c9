"""The page of mails and pushes, the notices, and what the operator sees of them."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from loadwatch.adapters.db.tables import AlertRow
from loadwatch.bootstrap import Services
from loadwatch.services.channel_ports import Checked
from tests.support.athletes import BUSY, EMPTY, INJURED, open_household
from tests.support.measuring import app_and_client, questions
from tests.support.seeding import NOW, athlete

Web = Callable[[str], FlaskClient]


@pytest.fixture
def services(household: Path, tmp_path: Path) -> Iterator[Services]:
    services = open_household(household, tmp_path / "data")
    yield services
    services.close()


@pytest.fixture
def web(services: Services) -> Web:
    return lambda email: app_and_client(services, email)[1]


def lay_out(services: Services, state: str, *, email: str = BUSY, kind: str = "weekly", **settled: Any) -> int:
    """A row of the outbox, settled in this state."""
    with services.store.write() as tx:
        subject = f"2026-W{30 + len(tx.outbox_items(athlete(services, email), 100))}"
        number = tx.add_outbox(athlete(services, email), kind, settled.pop("subject", subject), NOW)
        assert number is not None
        if state != "pending":
            tx.settle_outbox(number, state, NOW, **settled)  # type: ignore[arg-type]
    return number


def page(client: FlaskClient, path: str = "/outbox") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.get_data(as_text=True).split())


def of_state(services: Services, state: str) -> list[int]:
    with services.store.read() as tx:
        return [item.id for item in tx.outbox_items(athlete(services), 100) if item.state == state]


# the page


@pytest.mark.parametrize(
    ("state", "settled", "says"),
    [
        ("pending", {}, "Leaves within a minute."),
        ("failed", {"error": "550 no such box"}, "Not sent: 550 no such box"),
        ("uncertain", {"error": "the line was cut"}, "May or may not have arrived: the line was cut"),
        ("cancelled", {"error": "the run was corrected"}, "Not needed any more: the run was corrected"),
        ("cancelled", {"error": "too old", "dropped_at": NOW}, "Not sent, as it would have come too late: too old"),
    ],
    ids=("due", "failed", "uncertain", "cancelled", "dropped"),
)
def test_what_became_of_a_mail_is_said_in_words(
    services: Services, web: Web, state: str, settled: dict[str, Any], says: str
) -> None:
    lay_out(services, state, **settled)

    assert says in page(web(BUSY))


def test_a_mail_that_waits_says_until_when_by_the_runners_clock(services: Services, web: Web) -> None:
    with services.store.write() as tx:
        tx.add_outbox(athlete(services), "weekly", "2026-W30", NOW, NOW + timedelta(hours=18))

    assert "Waits until Mon 23 Nov, 07:00." in page(web(BUSY))  # 12:00 UTC and 18 h, in Berlin


def test_only_what_failed_or_is_uncertain_can_be_sent_again(services: Services, web: Web) -> None:
    failed, uncertain = lay_out(services, "failed"), lay_out(services, "uncertain")
    lay_out(services, "cancelled")
    client = web(BUSY)

    assert page(client).count("Send again</button>") == 2
    for number in (failed, uncertain):
        assert client.post(f"/outbox/{number}/again").status_code == 302
    assert {failed, uncertain} <= set(of_state(services, "pending"))
    assert "Send again</button>" not in page(client)


def test_a_mail_that_was_sent_is_not_sent_again(services: Services, web: Web) -> None:
    (sent, *_) = of_state(services, "sent")

    assert web(BUSY).post(f"/outbox/{sent}/again").status_code == 404
    assert sent in of_state(services, "sent")


def test_a_push_is_called_by_its_channel(services: Services, web: Web) -> None:
    ann = athlete(services)
    with services.store.write() as tx:
        number = tx.add_channel(ann, "apprise", Checked("ntfy://x", "ntfy", "ntfy://…"), **channel("Her phone"))
        tx.add_outbox(ann, "weekly", "2026-W30", NOW, channel=f"channel-{number}")

    assert "Her phone" in page(web(BUSY))


def channel(name: str, **more: Any) -> dict[str, Any]:
    wishes = {"least_severity": 2, "takes_weekly": True, "takes_asks": True, "is_discreet": False}
    return {"name": name, **wishes, "created_at": NOW, **more}


def test_without_anything_the_page_says_what_comes_first(web: Web) -> None:
    said = page(web(EMPTY))

    assert "Nothing yet." in said
    assert "Send again" not in said


# a mail looked at


def test_a_mail_is_shown_as_it_would_be_written_now(services: Services, web: Web) -> None:
    number = lay_out(services, "sent", subject="2026-W47")
    client = web(BUSY)

    assert "77.0 km" in page(client, f"/outbox/{number}")
    framed = client.get(f"/outbox/{number}/html")
    assert "77.0 km" in framed.get_data(as_text=True)
    assert "cid:" not in framed.get_data(as_text=True)
    assert "sandbox" in framed.headers["Content-Security-Policy"]
    assert "default-src 'none'" in framed.headers["Content-Security-Policy"]


def test_looking_at_a_mail_makes_no_link_that_answers(services: Services, web: Web) -> None:
    client, number = web(INJURED), lay_out(services, "sent", email=INJURED, subject="2026-W47")

    links = [part.split('"')[0] for part in page(client, f"/outbox/{number}/html").split("/r/")[1:]]

    assert set(links) <= {"sample"}


def test_what_is_over_says_so(services: Services, web: Web) -> None:
    number = lay_out(services, "cancelled", kind="alert", subject="999999")

    assert "is over" in page(web(BUSY), f"/outbox/{number}")
    assert web(BUSY).get(f"/outbox/{number}/html").status_code == 404


@pytest.mark.parametrize("path", ["/outbox/{}", "/outbox/{}/html"])
def test_anothers_mail_is_not_there(services: Services, web: Web, path: str) -> None:
    number = lay_out(services, "failed")

    assert web(INJURED).get(path.format(number)).status_code == 404
    assert web(INJURED).post(f"/outbox/{number}/again").status_code == 404
    assert number in of_state(services, "failed")


# notices


def test_whoever_is_told_everything_sees_no_notice(web: Web) -> None:
    for email in (BUSY, EMPTY, INJURED):
        for path in ("/", "/outbox"):
            assert 'id="notice-' not in page(web(email), path)


def test_a_refused_address_is_told_with_what_to_do_and_can_be_tried_again(services: Services, web: Web) -> None:
    with services.store.write() as tx:
        tx.update_athlete(athlete(services), mail_refused_at=NOW, mail_refused_why="550 no such user")
    client = web(BUSY)

    for path in ("/", "/outbox"):
        said = page(client, path)
        assert "Since Sun 22 Nov, 13:00 your address is refused: 550 no such user." in said
        assert "Correct the address" in said
    assert 'id="notice-' not in page(web(INJURED), "/")
    assert client.post("/outbox/address-works", data={"next": "/"}).headers["Location"] == "/"
    assert 'id="notice-' not in page(client, "/")


def test_alerts_that_came_too_late_are_counted_and_stand_on_the_alerts_page(services: Services, web: Web) -> None:
    for n in range(3):
        lay_out(services, "cancelled", kind="alert", subject=f"{900 + n}", dropped_at=NOW - timedelta(days=1))
    lay_out(services, "cancelled", kind="alert", subject="910", dropped_at=NOW - timedelta(days=8))  # long ago
    lay_out(services, "cancelled", dropped_at=NOW)  # a summary is none
    lay_out(services, "cancelled", email=INJURED, kind="alert", subject="911", dropped_at=NOW)

    said = page(web(BUSY), "/")

    assert "3 alerts could not be sent to you in time" in said
    assert 'href="/alerts"' in said


def test_a_channel_that_was_switched_off_is_told(services: Services, web: Web) -> None:
    with services.store.write() as tx:
        number = tx.add_channel(
            athlete(services), "apprise", Checked("ntfy://x", "ntfy", "ntfy://…"), **channel("Her phone")
        )
        tx.note_channel(number, disabled_at=NOW, why="404")

    assert "A channel was switched off" in page(web(BUSY), "/")


def a_red_flag(services: Services) -> int:
    """One of the runner's alerts, made the most severe there is and not read; its id."""
    with services.engines.write.begin() as connection:
        mine = select(func.max(AlertRow.id)).where(AlertRow.athlete_id == athlete(services))
        red_id = connection.scalar(mine)
        connection.execute(update(AlertRow).where(AlertRow.id == red_id).values(severity=4, state="firing"))
    return int(red_id)


def test_a_red_flag_that_may_not_have_arrived_comes_before_all_other_notices(services: Services, web: Web) -> None:
    red = a_red_flag(services)
    lay_out(services, "uncertain", kind="again", subject=f"{red}.1")
    with services.store.write() as tx:
        tx.update_athlete(athlete(services), mail_refused_at=NOW, mail_refused_why="550")
        tx.way_is_down("mail", "connection refused", NOW)

    def told() -> list[str]:
        return [part.split('"')[0] for part in page(web(BUSY), "/outbox").split('id="notice-')[1:]]

    assert told() == ["red", "address", "mail_down"]

    services.alerts.acknowledge(athlete(services), red)
    assert told() == ["address", "mail_down"]


@pytest.mark.parametrize("path", ["/", "/outbox"])
def test_notices_cost_no_more_questions_than_none(services: Services, path: str) -> None:
    _, client = app_and_client(services, BUSY)
    before = len(questions(services, client, path))
    lay_out(services, "uncertain", kind="again", subject="7.1")
    with services.store.write() as tx:
        tx.update_athlete(athlete(services), mail_refused_at=NOW, mail_refused_why="550")

    assert len(questions(services, client, path)) == before <= 12


# the operator


def test_the_operator_sees_how_many_are_uncertain_and_whose_and_nothing_of_what_they_say(
    services: Services, web: Web
) -> None:
    lay_out(services, "uncertain", email=INJURED, subject="2026-W47", mail_subject="Your thigh hurts")

    said = page(web(BUSY), "/admin")

    assert "May or may not have arrived" in said
    assert "Ian" in said
    assert "Your thigh hurts" not in said
