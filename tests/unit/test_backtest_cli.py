"""`loadwatch backtest`: tables for people, a JSON line a file for programs, a line for a file that is none."""

import json
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

from loadwatch.cli import main

MEASURES = ("coverage", "precision", "base", "lift")


def backtest(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["backtest", *map(str, arguments)])


def facts(*arguments: object) -> dict:
    result = backtest("--json", *arguments)
    assert result.exit_code == 0, result.stderr
    (line,) = result.stdout.splitlines()
    return json.loads(line)


@pytest.fixture
def jump(tmp_path: Path) -> Path:
    """12 km every other day of February, then 20 km."""
    rows = [f"2026-02-{day:02d},12" for day in range(1, 29, 2)] + ["2026-03-01,12", "2026-03-03,12", "2026-03-05,20"]
    file = tmp_path / "history.csv"
    file.write_text("\n".join(["date,distance_km", *rows]))
    return file


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """Three athletes for 120 days, each with a jump at times and injuries here and there."""
    rng = Random(5)
    rows = ["athlete,date,distance_km,injury"]
    for athlete in "ABC":
        for day in range(120):
            km = 20 + day / 8 if rng.random() < 0.03 else rng.choice([0, 5, 6, 8])
            rows.append(f"{athlete},{day + 1},{km},{'Hamstring' if rng.random() < 0.02 else ''}")
    file = tmp_path / "team.csv"
    file.write_text("\n".join(rows))
    return file


def test_json_tells_each_alert_with_its_reasons_and_how_often_each_rule_spoke(jump: Path):
    found = facts(jump)

    assert found["file"] == str(jump)
    assert found["runner_months"] == pytest.approx(33 / 30.4375, abs=0.001)
    (alert,) = found["alerts"]
    assert (alert["date"], alert["rule"], alert["load_level"], alert["severity"]) == ("2026-03-05", "R-M1", 2, 2)
    assert alert["pushed"] is True
    assert (alert["reasons"][0]["value"], alert["reasons"][0]["baseline"]) == (20000, 12000)
    assert found["rules"]["R-M1"] | found["rules"]["all"] == found["rules"]["R-M1"]
    assert found["rules"]["R-M1"]["by_load_level"] == [0, 1, 0]
    assert found["rules"]["R-H1"]["alerts"] == 0
    # 12 km on four or three days a week, then 12 + 12 + 12 + 20: +56 % on the last day against 36 km
    assert found["compared"]["week +30 %"]["run_days"] > 0
    assert found["reports"] == 0
    assert found["rules"]["load_only"] == found["rules"]["all"]
    assert found["rules"]["S-LEVEL"]["alerts"] == 0
    assert not found.keys() & {*MEASURES, "quality", "burden"}


def test_rules_that_could_not_speak_are_told(jump: Path):
    notes = " ".join(facts(jump)["notes"])

    assert "R-H1 is silent" in notes
    assert "R-T1, R-T2 and R-T3 are silent" in notes
    assert "all rules on symptoms are silent" in notes


def test_with_injuries_the_measures_come_with_intervals_and_baselines(team: Path):
    found = facts(team)

    assert found["athletes"] == 3
    for name in MEASURES:
        assert found[name].keys() == {"7", "14"}
        assert found[name]["7"].keys() == {"value", "low", "high"}
    assert found["burden"]["value"] == pytest.approx(found["rules"]["all"]["pushes_per_runner_month"], abs=1e-4)
    assert found["coverage"]["7"]["value"] <= found["coverage"]["14"]["value"]
    whole = found["quality"]["all"][0]
    assert whole["chance"]["coverage"]["low"] <= whole["chance"]["coverage"]["value"] <= 1
    assert whole["n_injuries"] == found["injuries"] > 0
    assert "week +30 %" in found["quality"]
    assert [d["horizon_days"] for d in found["discrimination"]] == [7, 14]
    assert "3 athletes are few" in " ".join(found["notes"])


def test_the_same_seed_gives_the_same_numbers_in_any_order_of_the_rows(team: Path, tmp_path: Path):
    head, *rows = team.read_text().splitlines()
    other = tmp_path / "other.csv"
    other.write_text("\n".join([head, *reversed(rows)]))

    assert facts("--seed", 7, team) | {"file": ""} == facts("--seed", 7, other) | {"file": ""}


def test_people_read_tables_that_fit_a_terminal(team: Path):
    text = backtest(team).stdout

    assert "3 athletes," in text
    assert "not used:" in text
    assert "injuries: pushes within the 7 days before" in text
    assert "Most injuries come without a load alert" in text
    assert max(map(len, (line for line in text.splitlines() if line.startswith(" ")))) <= 100
    assert "…" not in text


def test_foreign_headers_are_named_on_the_command_line(tmp_path: Path):
    file = tmp_path / "theirs.csv"
    file.write_text("Day;Metres;Mood\n1;5000;ok\n2;0;ok\n3;6000;ok\n")

    found = facts("--columns", "date=Day, distance_m=Metres", file)

    assert (found["runs"], found["first_day"], found["last_day"]) == (2, "2000-01-01", "2000-01-03")
    assert "columns that are not read: Mood" in found["notes"]


@pytest.mark.parametrize("wrong", ["distance=Metres", "date", "date="])
def test_a_mapping_that_is_none_is_explained(tmp_path: Path, wrong: str):
    result = backtest("--columns", wrong, "any.csv")

    assert result.exit_code == 2
    assert "NAME=HEADER" in result.stderr


def test_a_bad_file_is_one_line_and_the_others_still_run(jump: Path, tmp_path: Path):
    bad, missing = tmp_path / "bad.csv", tmp_path / "missing.csv"
    bad.write_text("this is no table\n")

    result = backtest("--json", bad, missing, tmp_path, jump)

    assert result.exit_code == 1
    assert [json.loads(line)["file"] for line in result.stdout.splitlines()] == [str(jump)]
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [str(bad), str(missing), str(tmp_path)]


@pytest.fixture
def jump_that_hurts(jump: Path, tmp_path: Path) -> Path:
    """The jump, pain of 4 at the back of the left thigh two days later, of 7 four days later."""
    head, *rows = jump.read_text().splitlines()
    file = tmp_path / "pain.csv"
    said = ["2026-03-07,,,4,PM,left", "2026-03-09,,,7,pm,L", "2026-03-30,0,,,,"]
    file.write_text("\n".join([f"{head},injury,pain_nrs,region,side", *(f"{r},,,," for r in rows), *said]))
    return file


def test_pain_is_judged_and_pushes_by_load_alone_are_counted_apart(jump_that_hurts: Path):
    found = facts(jump_that_hurts)

    assert [(a["date"], a["rule"], a["symptom_level"], a["severity"], a["pushed"]) for a in found["alerts"]] == [
        ("2026-03-05", "R-M1", 0, 2, True),
        ("2026-03-07", "S-LEVEL", 2, 3, True),
        ("2026-03-09", "S-TREND", 3, 3, True),
    ]
    assert found["alerts"][1]["site"] == "left posterior"
    assert (found["rules"]["load_only"]["pushes"], found["rules"]["all"]["pushes"]) == (1, 3)
    assert found["rules"]["S-LEVEL"]["by_severity"] == [0, 0, 1, 0]
    assert found["reports"] == 2
    assert any("C-PHT, C-IT, C-N and most red flags are silent" in note for note in found["notes"])


def test_severe_pain_is_an_injury_and_its_own_alert_did_not_come_before_it(jump_that_hurts: Path):
    found = facts(jump_that_hurts)

    assert (found["injuries"], found["injuries_by_symptoms_alone"]) == (1, 1)
    assert found["coverage"]["7"]["value"] == 1.0
    # of the three pushes that of the day itself is none before it
    assert [(q["n_pushes"], q["n_judged"], q["n_followed"]) for q in found["quality"]["all"]] == [(3, 2, 2)] * 2
    assert found["lead_days"]["7"] == 4
    assert found["quality"]["S-TREND"][0]["n_covered"] == 0
    assert found["quality"]["load_only"][0]["n_covered"] == 1


def test_people_read_of_each_rule_on_symptoms_where_pain_is_told(jump_that_hurts: Path, jump: Path):
    text = " ".join(backtest(jump_that_hurts).stdout.split())

    assert "17 runs and 2 check-ins" in text
    assert "by load alone" in text
    assert "S-TREND" in text
    assert "1 are told by symptoms alone" in text
    assert "S-TREND" not in backtest(jump).stdout


def test_a_history_without_a_run_brings_nothing(tmp_path: Path):
    file = tmp_path / "rest.csv"
    file.write_text("date,distance_km,injury\n2026-02-01,0,\n2026-02-09,0,1\n")

    assert (facts(file)["runs"], facts(file)["alerts"], facts(file)["injuries"]) == (0, [], 1)
    assert "No alert would have left at once" in backtest(file).stdout


def test_help_teaches_with_examples():
    text = CliRunner().invoke(main, ["backtest", "--help"]).stdout

    assert "Examples:" in text
    assert "date,distance_km" in text
