"""The command line as a person uses it, on a data folder and a pretended Strava."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.stack import Stack, running_stack


@dataclass
class Shell:
    """Runs `loadwatch` in the environment of a stack."""

    stack: Stack

    def __call__(self, *argv: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "loadwatch", *argv],
            env={**self.stack.env, **env},
            capture_output=True,
            text=True,
            timeout=60,
        )


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, broker: str) -> Iterator[Shell]:
    folder = tmp_path_factory.mktemp("cli")
    with running_stack(folder, f"sqlite:///{folder / 'test.db'}", broker) as stack:
        stack.start_webhooks()
        yield Shell(stack)


def test_help_names_the_first_steps(shell: Shell):
    said = shell("--help").stdout

    for word in ("demo", "up", "doctor", "explain", "strava", "user", "token"):
        assert word in said


def test_a_setting_that_cannot_be_used_is_named_in_one_line_without_a_traceback(shell: Shell):
    done = shell("doctor", LOADWATCH_BASE_URL="example.org")

    assert done.returncode == 1
    assert "LOADWATCH_BASE_URL" in done.stderr
    assert "http://" in done.stderr
    assert "Traceback" not in done.stderr


def test_accounts_are_made_and_listed_and_the_first_is_the_operators(shell: Shell):
    made = shell(
        "user", "create", "first@example.org", "--password", "a long password", "--timezone", "Europe/Berlin"
    )
    again = shell("user", "create", "FIRST@example.org", "--password", "a long password")
    short = shell("user", "create", "x@example.org", "--password", "short")

    assert made.returncode == 0
    assert "operator" in made.stdout
    assert again.returncode == 1
    assert "already" in again.stderr
    assert short.returncode == 1
    assert "10 characters" in short.stderr
    assert "first@example.org" in shell("user", "list").stdout


def test_a_token_opens_the_api_to_its_athlete(shell: Shell):
    from loadwatch.api import create_api

    token = shell("token", "create", "--athlete", "first@example.org").stdout.strip()

    client = create_api(shell.stack.services).test_client()
    answer = client.get("/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert answer.get_json()["email"] == "first@example.org"
    assert client.get("/me", headers={"Authorization": f"Bearer {token}x"}).status_code == 401


def test_the_subscription_is_made_shown_and_ended_without_telling_its_secret(shell: Shell):
    outputs = [
        shell("strava", word) for word in ("status", "subscribe", "subscribe", "status", "unsubscribe", "status")
    ]

    assert [o.returncode for o in outputs] == [1, 0, 0, 0, 0, 1]
    assert "there already" in outputs[2].stdout
    secret = shell.stack.settings.strava_webhook_secret.get_secret_value()
    assert secret not in "".join(o.stdout + o.stderr for o in outputs)


def test_subscribing_while_the_callback_is_not_reachable_says_what_to_do(shell: Shell):
    done = shell("strava", "subscribe", LOADWATCH_BASE_URL="http://127.0.0.1:9")

    assert done.returncode == 1
    assert "LOADWATCH_BASE_URL" in done.stderr


def test_doctor_masks_secrets_says_where_settings_come_from_and_what_to_do(shell: Shell):
    done = shell("doctor", LOADWATCH_SMTP_URL="smtp://me:hidden-password@127.0.0.1:9")

    assert done.returncode == 1  # no worker runs here, and nothing listens for mail
    for secret in ("hidden-password", shell.stack.env["LOADWATCH_SECRET_KEY"]):
        assert secret not in done.stdout + done.stderr
    assert "environment" in done.stdout
    assert "derived from the secret key" in done.stdout
    assert "loadwatch worker" in done.stdout
    assert "loadwatch strava subscribe" in done.stdout


def test_explaining_an_alert_prints_its_numbers_evidence_and_life(shell: Shell):
    from datetime import UTC, datetime, timedelta

    from tests.integration.test_chain import activity

    stack = shell.stack
    stack.subscribe()
    athlete_id = stack.connect("second@example.org")
    for n in range(1, 21):
        stack.sim.add_activity(activity(1000 + n, 1 + 2 * n, 10), streams=None, push=False)
    stack.sim.add_activity(activity(1, 0.1, 16.2), streams=None, push=False)
    stack.services.ingest.backfill(athlete_id, days=60)
    stack.services.assess.assess(athlete_id)
    with stack.services.store.read() as tx:
        (alert,) = tx.alerts_since(athlete_id, datetime.now(UTC) - timedelta(days=9))

    said = shell("explain", str(alert.id)).stdout

    assert "R-M1" in said
    assert "16.2 km (16200.0 m)" in said
    assert "10.0 km (10000.0 m)" in said
    assert "session_spike = 1.620" in said
    assert "10.1136/bjsports-2024-109380" in said
    assert "new -> firing" in said
    assert shell("explain", "999").returncode == 1


def test_the_whole_list_is_taken_over_on_request(shell: Shell):
    done = shell("strava", "backfill", "--days", "60", "--athlete", "second@example.org")

    assert done.returncode == 0
    assert "21 activities" in done.stdout


def test_no_command_needs_the_place_it_is_called_from(shell: Shell, tmp_path: Path):
    (tmp_path / "loadwatch").mkdir()
    done = subprocess.run(
        [sys.executable, "-P", "-m", "loadwatch", "--version"],
        env={**os.environ, "PYTHONPATH": shell.stack.env["PYTHONPATH"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert done.stdout.startswith("loadwatch, version 0.1")
