"""Ascent against the watch's own barometric ascent, on real runs that lie beside the repository."""

import csv
import gzip
import json
import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from loadwatch.adapters.strava import parse
from loadwatch.domain.activity import Streams
from loadwatch.domain.arrays import FloatArray
from loadwatch.domain.elevation import Elevation, elevation
from loadwatch.domain.motion import Motion, resample

DATA = Path(__file__).parents[2].parent / "shared" / "data"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir() and os.environ.get("CI") != "true", reason=f"the recorded runs are not here: no folder {DATA}"
)


def recorded(folder: str, file: str) -> Streams:
    with gzip.open(DATA / folder / file, "rt") as stream:
        found = parse.streams(json.load(stream))
    assert found is not None
    return found


@cache
def labels(folder: str) -> list[dict[str, str]]:
    with (DATA / folder / "labels.csv").open() as file:
        return list(csv.DictReader(file))


@cache
def hills() -> list[tuple[Motion, Elevation, float]]:
    """Each hilly run, what we find, and the watch's ascent."""
    motions = [resample(recorded("hills", row["file"])) for row in labels("hills")]
    return [(m, elevation(m), float(row["watch_ascent_m"])) for m, row in zip(motions, labels("hills"), strict=True)]


@cache
def flats() -> list[tuple[Motion, Elevation]]:
    """The sessions on a track and the runs of the same runner, most of them on level ground."""
    motions = [resample(recorded("track", row["file"])) for row in labels("track")]
    return [(m, elevation(m)) for m in motions]


def ascents() -> tuple[FloatArray, FloatArray]:
    ours = np.array([e.ascent_m for _, e, _ in hills()], dtype=float)
    return ours, np.array([watch for _, _, watch in hills()])


def test_ascent_is_the_watchs_without_knowing_of_a_barometer():
    ours, watch = ascents()
    ratio = ours / watch
    assert len(ratio) == 48
    assert 0.97 <= np.median(ratio) <= 1.03
    assert np.mean(np.abs(ratio - 1) <= 0.12) >= 0.90
    assert np.corrcoef(ours, watch)[0, 1] >= 0.995


def test_descent_is_the_watchs_ascent_less_the_net_rise():
    # No proof of descent beyond that of ascent: it shows that cleaning cuts no real way down.
    ratios = []
    for motion, found, watch in hills():
        if found.quality == "baro" and found.descent_m is not None and motion.altitude_m is not None:
            recorded_m = motion.altitude_m[~np.isnan(motion.altitude_m)]
            ratios.append(found.descent_m / (watch - (recorded_m[-1] - recorded_m[0])))
    assert 0.97 <= np.median(ratios) <= 1.03
    assert np.mean(np.abs(np.array(ratios) - 1) <= 0.12) >= 0.90


def test_nearly_all_of_these_barometers_are_told():
    assert sum(e.quality == "baro" for _, e, _ in hills()) >= 47


def test_a_run_backwards_swaps_ascent_and_descent():
    for motion, found, _ in hills():
        if len(motion) > 20_000:
            continue  # the two nights out: the same, and slow
        assert motion.distance_m is not None
        turned = replace(
            motion,
            time_s=motion.time_s[-1] - motion.time_s[::-1],
            stretch=motion.stretch[-1] - motion.stretch[::-1],
            distance_m=motion.distance_m[-1] - motion.distance_m[::-1],
            east_m=None if motion.east_m is None else motion.east_m[::-1],
            north_m=None if motion.north_m is None else motion.north_m[::-1],
            altitude_m=None if motion.altitude_m is None else motion.altitude_m[::-1],
        )
        back = elevation(turned, has_barometer=True)
        there = elevation(motion, has_barometer=True)
        assert back.ascent_m == pytest.approx(there.descent_m, rel=0.01)
        assert back.descent_m == pytest.approx(there.ascent_m, rel=0.01)
        assert found.easy_speed_m_s is None or found.easy_speed_m_s > 1


def test_eccentric_load_is_of_the_size_of_the_descent():
    for _, found, _ in hills():
        if found.eccentric_load_m is not None and found.descent_m is not None:
            assert 0 <= found.eccentric_load_m <= 1.5 * found.descent_m


def test_laps_on_a_track_climb_next_to_nothing():
    ovals = [
        found.ascent_m / motion.distance_m[-1] * 10_000
        for (motion, found), row in zip(flats(), labels("track"), strict=True)
        if row["label"] == "oval" and found.ascent_m is not None and motion.distance_m is not None
    ]
    assert np.median(ovals) < 15  # [m per 10 km] the way there and back included
    assert np.percentile(ovals, 90) < 30


def test_no_run_of_this_watch_is_taken_for_satellite_altitude():
    assert {e.quality for _, e in flats()} <= {"baro", "corrected"}
