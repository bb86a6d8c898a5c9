"""What the operator sees and sets going again: on both databases, and for nobody else."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from loadwatch.adapters.db import tables as t
from loadwatch.bootstrap import Services
from loadwatch.services.errors import NotYours
from loadwatch.services.health_ports import Draft
from tests.support.measuring import app_and_client
from tests.support.seeding import ANN, BOB, NOW, SeedRun, add_runs, athlete, seeded_services, sign_up

SECRET = "left thigh, sharp"


@pytest.fixture
def stored(database_url: str, tmp_path: Path) -> Iterator[Services]:
    services = seeded_services(tmp_path / "stored", database_url=database_url, secret_key="for-tests-alone")
    sign_up(services, ANN)
    sign_up(services, BOB, "Bob")
    yield services
    services.close()


def fail_everything(services: Services) -> None:
    """One job of each kind of Bob's has failed, each since another day."""
    bob = athlete(services, BOB)
    with services.store.write() as tx:
        tx.want(bob, "strava", 990, deletion=False, now=NOW - timedelta(days=1))
        tx.want_assessment(bob, NOW, NOW - timedelta(days=2))
        tx.add_outbox(bob, "weekly", "2026-W46", NOW - timedelta(days=3))
    services.uploads.put(bob, "secret place.fit", b"no run", None)
    with services.engines.write.begin() as connection:
        later = NOW + timedelta(hours=3)
        connection.execute(update(t.FetchJob).values(last_error="HTTP 500", next_attempt_at=later))
        connection.execute(update(t.AssessJob).values(last_error="ValueError", next_attempt_at=later))
        connection.execute(update(t.Outbox).values(state="failed", error="550 no such user", mail_subject=SECRET))
        connection.execute(update(t.UploadRow).values(state="failed", reason="no run", next_attempt_at=None))


def test_queues_failed_jobs_and_outcomes_of_mails_are_counted(stored: Services) -> None:
    before = stored.operating.look()
    assert [(q.n_waiting, q.oldest, q.n_failed) for q in before.queues] == [(0, None, 0)] * 6
    assert before.failed == ()

    fail_everything(stored)
    seen = stored.operating.look()

    counts = {q.kind: (q.n_waiting, q.n_failed) for q in seen.queues}
    assert counts == {
        "inbox": (0, 0),
        "fetch": (1, 1),
        "judgement": (1, 1),
        "file": (0, 1),
        "archive": (0, 0),
        "mail": (0, 1),
    }
    assert {q.kind: q.oldest for q in seen.queues}["judgement"] == NOW - timedelta(days=2)
    assert [(f.kind, f.athlete, f.reason) for f in seen.failed] == [
        ("file", "Bob", "no run"),
        ("fetch", "Bob", "HTTP 500"),
        ("judgement", "Bob", "ValueError"),
        ("mail", "Bob", "550 no such user"),
    ]
    assert (seen.mails.failed, seen.mails.sent) == (1, 0)


def test_a_failed_job_is_tried_again_alone_or_with_all_of_its_kind(stored: Services) -> None:
    fail_everything(stored)
    jobs = {f.kind: f.id for f in stored.operating.look().failed}

    assert stored.operating.replay("fetch", jobs["fetch"])
    assert stored.operating.replay_all("judgement") == 1
    assert stored.operating.replay("file", jobs["file"])
    assert stored.operating.replay_all("mail") == 1

    with stored.store.read() as tx:
        assert tx.due_job_ids(NOW, 5) == [jobs["fetch"]]
        assert tx.due_assessments(NOW, 5) == [athlete(stored, BOB)]
        assert tx.n_due_uploads(NOW) == 1
        assert tx.due_outbox_ids(NOW, 5) == [jobs["mail"]]
    with pytest.raises(NotYours):
        stored.operating.replay("mail", jobs["mail"])  # it has not failed any more


def test_a_mail_on_an_alert_that_is_over_is_not_sent_late(stored: Services) -> None:
    bob = athlete(stored, BOB)
    add_runs(stored, bob, [SeedRun(NOW - timedelta(days=2 * n), 8_000) for n in range(30, 0, -1)])
    add_runs(stored, bob, [SeedRun(NOW - timedelta(hours=5), 20_000)], 100)
    with stored.engines.write.begin() as connection:
        connection.execute(update(t.Outbox).values(state="failed"))
        (mail_id,) = connection.execute(select(t.Outbox.id)).scalars()
        connection.execute(update(t.AlertRow).values(state="retracted"))

    assert not stored.operating.replay("mail", mail_id)
    with stored.store.read() as tx:
        assert tx.due_outbox_ids(NOW, 5) == []


def test_the_athletes_are_there_without_anything_of_their_bodies(stored: Services) -> None:
    bob = athlete(stored, BOB)
    add_runs(stored, bob, [SeedRun(NOW - timedelta(days=1), 8_000, SECRET)])
    stored.check_ins.record(bob, Draft(side="left", regions=frozenset({"PM"}), pain_today=3, note=SECRET))
    fail_everything(stored)
    _, operator = app_and_client(stored, ANN)

    page = operator.get("/admin").text
    rows = {row.name: row for row in stored.operating.look().athletes}

    assert (rows["Bob"].last_run_at, rows["Bob"].last_check_in_at) == (NOW - timedelta(days=1), NOW)
    assert (rows["Ann"].is_operator, rows["Ann"].last_run_at, rows["Bob"].n_mails_failed) == (True, None, 1)
    assert SECRET not in page
    assert "secret place" not in page
    assert "hamstring" not in page


def test_to_others_it_is_not_there(services: Services) -> None:
    _, bob = app_and_client(services, BOB)

    assert bob.get("/admin").status_code == 404
    assert bob.post("/admin/replay", data={"kind": "mail"}).status_code == 404
    assert "/admin" not in bob.get("/").text


def test_what_cannot_be_replayed_is_refused(services: Services) -> None:
    _, operator = app_and_client(services, ANN)

    assert operator.post("/admin/replay", data={"kind": "archive", "job": "1"}).status_code == 400
    assert operator.post("/admin/replay", data={"kind": "mail", "job": "1; --"}).status_code == 400
    assert operator.post("/admin/replay", data={"kind": "mail", "job": "7"}).status_code == 404
