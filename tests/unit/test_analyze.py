"""`loadwatch analyze`: a table for people, JSON lines for programs, pictures, a line for a bad file."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from loadwatch.cli import main
from tests.support.paths import Array, around, lane, recorded, straight

PNG = b"\x89PNG\r\n\x1a\n"


def stream_set(places: Array, climb: float = 0.0) -> bytes:
    """Strava's form, as a watch with a barometer would have filled it."""
    streams = recorded(places, noise_m=1.0)
    assert streams.distance_m is not None
    assert streams.latitude_deg is not None
    assert streams.longitude_deg is not None
    altitude = 400 + climb * np.sin(streams.distance_m / 300)
    channels = {
        "time": streams.time_s.tolist(),
        "distance": streams.distance_m.tolist(),
        "latlng": np.stack([streams.latitude_deg, streams.longitude_deg], axis=1).tolist(),
        "altitude": (np.round(altitude * 5) / 5).tolist(),
    }
    return json.dumps({key: {"data": data} for key, data in channels.items()}).encode()


@pytest.fixture(scope="module")
def session() -> bytes:
    """2 km to the track, six rounds of 400 m with a jogged one between, and home."""
    rounds = [around(lane(1), 1, speed_m_s=v) for v in (5.0, 2.5) * 6]
    oval = np.concatenate(rounds)
    there = straight(oval[0], 2000, 190)[::-1]
    return stream_set(np.concatenate([there, oval, straight(oval[-1], 2000, 75)]))


def analyze(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["analyze", *arguments])


def test_json_holds_what_the_contract_names_and_the_file_as_given(tmp_path: Path, session: bytes):
    file = tmp_path / "tuesday.json.gz"
    file.write_bytes(gzip.compress(session))

    result = analyze("--json", str(file))

    assert result.exit_code == 0, result.stderr
    [facts] = [json.loads(line) for line in result.stdout.splitlines()]
    assert facts["file"] == str(file)
    assert facts.keys() >= {
        *("file", "distance_m", "moving_s", "ascent_m", "descent_m", "eccentric_load_m", "altitude_quality"),
        *("fast_distance_m", "sprint_distance_m", "reps", "track", "warnings"),
    }
    assert facts["distance_m"] == pytest.approx(8800, rel=0.01)
    assert facts["track"]["is_oval"] is True
    assert facts["track"]["is_track_session"] is True
    assert facts["track"]["laps"] == pytest.approx(12, abs=0.5)
    assert facts["track"]["lane"] == 1
    assert [round(rep["distance_m"], -2) for rep in facts["reps"]] == [400] * 6
    assert facts["fast_distance_m"] == pytest.approx(2400, rel=0.05)


def test_a_known_five_k_time_decides_what_is_fast(tmp_path: Path, session: bytes):
    file = tmp_path / "tuesday.json"
    file.write_bytes(session)

    of = {t: json.loads(analyze("--json", "--five-k", t, str(file)).stdout) for t in ("16:00", "20:00")}

    # 5 km in 16:00 is 5.21 m/s, above the six rounds at 5.0; in 20:00 it is 4.17 m/s, and they are fast
    assert of["16:00"]["fast_distance_m"] < 200
    assert of["20:00"]["fast_distance_m"] == pytest.approx(2400, rel=0.05)
    assert of["16:00"]["track"]["is_track_session"] is False


@pytest.mark.parametrize("wrong", ["fast", "5:00", "22", "1:2:3"])
def test_a_time_that_is_none_is_explained(tmp_path: Path, wrong):
    result = analyze("--five-k", wrong, "any.fit")

    assert result.exit_code == 2
    assert "like 22:30" in result.stderr


def test_a_bad_file_is_one_line_and_the_others_still_run(tmp_path: Path, session: bytes):
    good, bad, missing = tmp_path / "good.json", tmp_path / "bad.fit", tmp_path / "missing.gpx"
    good.write_bytes(session)
    bad.write_bytes(b"this is no activity")

    result = analyze("--json", str(bad), str(missing), str(tmp_path), str(good))

    assert result.exit_code == 1
    assert [json.loads(line)["file"] for line in result.stdout.splitlines()] == [str(good)]
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [str(bad), str(missing), str(tmp_path)]
    assert "please report" not in result.stderr


def test_people_read_a_table_with_units(tmp_path: Path, session: bytes):
    file = tmp_path / "tuesday.json"
    file.write_bytes(session)

    text = analyze(str(file)).stdout

    assert "tuesday.json" in text
    assert "8.8 km" in text or "8.80 km" in text or "8.79 km" in text
    assert "6 × " in text
    assert "laps of 400 m in lane 1" in text


def test_a_plot_is_a_picture_and_none_overwrites_another(tmp_path: Path, session: bytes):
    first, second = tmp_path / "a" / "run.json", tmp_path / "b" / "run.json"
    for file in (first, second):
        file.parent.mkdir()
        file.write_bytes(session)

    result = analyze("--plot", str(tmp_path / "pictures"), str(first), str(second))

    assert result.exit_code == 0, result.stderr
    pictures = sorted((tmp_path / "pictures").iterdir())
    assert [p.name for p in pictures] == ["run-1.png", "run.png"]
    assert all(p.read_bytes().startswith(PNG) for p in pictures)


def test_a_run_without_positions_and_altitude_is_drawn_as_well(tmp_path: Path):
    file = tmp_path / "treadmill.json"
    seconds = list(range(1200))
    file.write_text(json.dumps({"time": {"data": seconds}, "distance": {"data": [3.0 * t for t in seconds]}}))

    result = analyze("--json", "--plot", str(tmp_path), str(file))

    facts = json.loads(result.stdout)
    assert (facts["distance_m"], facts["altitude_quality"], facts["ascent_m"]) == (3597.0, "none", None)
    assert facts["track"]["is_oval"] is None
    assert (tmp_path / "treadmill.png").read_bytes().startswith(PNG)


def test_help_teaches_with_examples():
    text = CliRunner().invoke(main, ["analyze", "--help"]).stdout

    assert "Examples:" in text
    assert "--five-k" in text
