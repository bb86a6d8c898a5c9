"""
Features of a run of one hour and of five, once a second, with hills, repetitions and laps of a track.

The anchor is measured in the same run: numpy sorting a million numbers. Run with `./run bench -s` to see the
summary.
"""

import math
import statistics
from typing import Any

import numpy as np
import pytest

from loadwatch.domain.activity import Recording, Streams
from loadwatch.domain.features import features_of

LONGEST_FOR_AN_HOUR_MS = 15.0
MOST_FOR_FIVE_HOURS = 5.5
ROUNDS = 15

median_ms: dict[str, float] = {}


def synthetic_run(hours: float) -> Recording:
    """Hills out, ten times 400 m on a track in the middle, hills back; positions with correlated noise."""
    n = round(3600 * hours)
    rng = np.random.default_rng(1)
    time = np.arange(n, dtype=float)
    on_track = (time > n / 3) & (time < n / 3 + 1800)
    pace = np.where(on_track & (time % 180 < 90), 4.6, 2.9) + rng.normal(0, 0.15, n)
    distance = np.cumsum(pace)
    round_m = (distance - distance[np.argmax(on_track)]) % 400.0
    bend = math.pi * 36.8
    heading = np.clip((round_m - 84.39) / 36.8, 0, math.pi) + np.clip((round_m - 168.78 - bend) / 36.8, 0, math.pi)
    heading = np.where(on_track, heading, 0.8 * np.sin(distance / 500))
    error = np.convolve(rng.normal(0, 0.6, (2, n + 30)).ravel(), np.ones(30) / 5.5, "same").reshape(2, -1)[:, :n]
    east, north = np.cumsum(pace * np.cos(heading)) + error[0], np.cumsum(pace * np.sin(heading)) + error[1]
    altitude = 400 + np.where(on_track, 0, 40 * np.sin(distance / 700)) + rng.normal(0, 0.2, n)
    latitude = 46 + north / 111_195
    longitude = 7 + east / 111_195 / math.cos(math.radians(46))
    return Recording("Run", None, Streams(time, distance, latitude, longitude, altitude))


def measured(benchmark: Any, name: str, function: Any) -> float:
    benchmark.pedantic(function, rounds=ROUNDS, iterations=1, warmup_rounds=2)
    median_ms[name] = 1000 * statistics.median(benchmark.stats.stats.data)
    return 1000 * min(benchmark.stats.stats.data)  # a bound is judged by the least disturbed round


def test_anchor_sorting_a_million_numbers(benchmark: Any) -> None:
    numbers = np.random.default_rng(0).normal(size=1_000_000)
    measured(benchmark, "anchor", lambda: np.sort(numbers))


def test_features_of_one_hour(benchmark: Any) -> None:
    recording = synthetic_run(1)
    features = features_of(recording)
    assert len(features.reps) == 10
    took = measured(benchmark, "1 h", lambda: features_of(recording))
    print(f"\n1 h: {median_ms['1 h']:.1f} ms, {median_ms['1 h'] / median_ms.get('anchor', math.nan):.2f} anchors")
    assert took <= LONGEST_FOR_AN_HOUR_MS


def test_features_of_five_hours_cost_five_times_as_much_at_most(benchmark: Any) -> None:
    recording = synthetic_run(5)
    took = measured(benchmark, "5 h", lambda: features_of(recording))
    print(f"\n5 h: {median_ms['5 h']:.1f} ms, {median_ms['5 h'] / median_ms.get('anchor', math.nan):.2f} anchors")
    if "1 h" not in median_ms:
        pytest.skip("one hour was not measured in this run")
    print(f"5 h over 1 h: {median_ms['5 h'] / median_ms['1 h']:.2f}")
    assert took <= MOST_FOR_FIVE_HOURS * median_ms["1 h"]
