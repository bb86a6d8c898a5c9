"""The runner's 5 km time: how it is written, and that it decides what is fast."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from loadwatch.services.accounts import five_k_text, read_five_k
from loadwatch.services.errors import LoadwatchError
from tests.support.seeding import NOW, SeedRun, add_runs, seeded_services, sign_up
from tests.unit.domain.loads_build import NO_TRACK, NOTHING, profile


@pytest.mark.parametrize(
    ("text", "seconds"), [("22:30", 1350), (" 19:05 ", 1145), ("72:00", 4320), ("", 0), ("  ", 0)]
)
def test_a_time_is_read_as_people_write_it(text, seconds):
    assert read_five_k(text) == seconds
    assert five_k_text(seconds) == text.strip()


@pytest.mark.parametrize("text", ["22", "22.30", "22:3", "22:75", "5:00", "-22:30", "3:00:00", "121:00", "fast"])
def test_what_is_no_time_is_explained(text):
    with pytest.raises(LoadwatchError, match="like 22:30"):
        read_five_k(text)


def test_a_new_time_decides_from_then_on_what_was_fast(tmp_path: Path):
    services = seeded_services(tmp_path)
    athlete_id = sign_up(services, "ann@example.org").athlete_id
    [run_id] = add_runs(services, athlete_id, [SeedRun(NOW - timedelta(days=1), 8000)])
    # 2 km at 4.5 m/s among easy running
    with services.store.write() as tx:
        metres = profile({4.55: 2000.0, 2.85: 6000.0})
        tx.put_features(run_id, replace(NOTHING, speed_profile_m=metres, track=NO_TRACK), NOW)

    assert services.views.run(athlete_id, run_id).load.fast_m is None  # one run is no reference

    services.accounts.update_profile(athlete_id, five_k_s=20 * 60)  # 4.17 m/s, fast from 4.29
    assert services.views.profile(athlete_id).five_k_s == 1200
    assert services.views.run(athlete_id, run_id).load.fast_m == pytest.approx(2000)
    [day] = services.views.load(athlete_id, NOW.date() - timedelta(days=2), NOW.date())
    assert day.fast_m == pytest.approx(2000)
    with services.store.read() as tx:
        assert tx.assessment_waits(athlete_id)  # the past is judged anew

    services.accounts.update_profile(athlete_id, five_k_s=17 * 60)  # fast from 5.05
    assert services.views.run(athlete_id, run_id).load.fast_m == 0

    services.accounts.update_profile(athlete_id, five_k_s=0)
    assert services.views.profile(athlete_id).five_k_s is None


def test_an_impossible_time_is_refused(tmp_path: Path):
    services = seeded_services(tmp_path)
    athlete_id = sign_up(services, "ann@example.org").athlete_id

    with pytest.raises(LoadwatchError, match="between 12 minutes and 2 hours"):
        services.accounts.update_profile(athlete_id, five_k_s=300)
