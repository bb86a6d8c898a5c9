"""A sample runner: made in a moment, marked, without mails, and gone after a day; never the first account."""

import json
from datetime import timedelta

import pytest

from loadwatch.adapters.sample_season import FILE, sample_season
from loadwatch.bootstrap import Services
from loadwatch.demo.sample import lines
from loadwatch.services import samples
from loadwatch.services.errors import LoadwatchError, NotYours
from tests.support.seeding import ANN, NOW, athlete, seeded_services


def test_a_sample_has_a_season_an_ache_and_something_to_say(services: Services) -> None:
    sam = services.samples.make("Sam", "Europe/Berlin").athlete_id

    today = services.views.today(sam)
    runs = services.views.runs(sam)
    assert len(runs) == 67
    assert NOW - runs[0].run.start < timedelta(hours=44)
    assert today.level == "act"
    (problem,) = services.check_ins.problems(sam)
    assert len(problem.problem.reports) == 3
    assert services.samples.is_sample(sam)
    assert not services.samples.is_sample(athlete(services))


def test_the_stored_season_is_what_the_program_finds_in_the_samples() -> None:
    stored = FILE.read_text(encoding="utf-8").splitlines()
    made = lines()
    for n in range(3):  # an easy run, a long one, and laps of a track
        assert json.loads(next(made)) == json.loads(stored[n]), "run `python -m loadwatch.demo.sample`"
    assert any(run.sport == "Ride" for run, _ in sample_season(NOW, "UTC"))


def test_no_mail_is_sent_to_anybody_about_a_sample(services: Services) -> None:
    services.samples.make("Sam", "UTC")

    services.notify.expire()
    services.notify.queue_weekly()
    services.notify.deliver_due()

    assert list(services.settings.mailbox_dir.glob("*/*.eml")) == []


def test_a_sample_goes_when_it_is_left_and_nobody_real_goes_that_way(services: Services) -> None:
    sam = services.samples.make("Sam", "UTC").athlete_id

    services.samples.leave(sam)

    with pytest.raises(NotYours):
        services.views.profile(sam)
    with pytest.raises(NotYours):
        services.samples.leave(athlete(services))
    assert services.accounts.athlete_by_email(ANN) is not None


def test_a_sample_that_nobody_left_goes_after_a_day(services: Services) -> None:
    services.samples.make("Sam", "UTC")
    services.samples.tidy()
    with services.store.read() as tx:
        assert len(tx.samples()) == 1

    services.samples._clock = lambda: NOW + timedelta(days=1)
    services.samples.tidy()

    with services.store.read() as tx:
        assert tx.samples() == []
        assert len(tx.athlete_ids()) == 2


def test_a_sample_before_the_first_account_neither_closes_the_door_nor_runs_the_server(tmp_path) -> None:
    services = seeded_services(tmp_path)
    sample = services.samples.make("Sam", "UTC")
    assert not sample.is_operator

    assert services.accounts.signup_open()
    assert services.accounts.sign_up("Ann", ANN, "a long password").is_operator
    assert not services.accounts.signup_open()
    services.close()


def test_there_are_only_so_many_samples_at_a_time(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "MAX_SAMPLES", 1)
    services.samples.make("Sam", "UTC")

    with pytest.raises(LoadwatchError, match="tomorrow"):
        services.samples.make("Sam", "UTC")
