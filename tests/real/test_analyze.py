"""Every file that people uploaded elsewhere, through `loadwatch analyze`. The data lies beside the repository."""

import json
import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from loadwatch.cli import main

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "activity_files"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir() and os.environ.get("CI") != "true", reason=f"the recorded files are not here: no folder {DATA}"
)

FILES = sorted(p for p in DATA.rglob("*") if p.is_file()) if DATA.is_dir() else []


def test_the_folder_is_the_one_that_is_meant():
    assert len(FILES) > 100


def test_each_file_gives_features_or_one_clear_line_within_two_seconds():
    slowest = 0.0
    for path in FILES:
        begun = time.process_time()  # the machine may have other work
        result = CliRunner().invoke(main, ["analyze", "--json", str(path)])
        slowest = max(slowest, time.process_time() - begun)
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        complaints = result.stderr.splitlines()
        assert (result.exit_code, len(complaints)) == ((0, 0) if lines else (1, 1)), (path.name, complaints)
        assert "please report" not in result.stderr, complaints
        for facts in lines:
            assert facts["file"] == str(path)
            for name in ("distance_m", "moving_s", "ascent_m", "descent_m", "eccentric_load_m", "fast_distance_m"):
                assert facts[name] is None or 0 <= facts[name] < 1e6, (path.name, name)
            assert not facts["track"]["is_oval"], f"{path.name} is no session on a track"
    assert slowest < 2.0


def test_ascent_agrees_with_what_the_watch_with_a_barometer_reported():
    # The session's own totals, as another reader prints them (fitdecode: total_ascent). [m]
    reported = {
        "tests__files__2013-02-06-12-11-14.fit": 168,
        "tests__files__activity-small-fenix2-run.fit.gz": 64,
        "runpandas__tests__io__data__fit__run.fit.gz": 234,
    }
    paths = {p.name: p for p in FILES}
    for name, metres in reported.items():
        facts = json.loads(CliRunner().invoke(main, ["analyze", "--json", str(paths[name])]).stdout)
        assert facts["ascent_m"] == pytest.approx(metres, rel=0.12), name
