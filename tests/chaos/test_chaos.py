"""A whole loadwatch, broken at random moments: nothing may be lost, doubled or stuck."""

import time
from pathlib import Path

import pytest

from tests.chaos.harness import StuckError, running_house
from tests.chaos.invariants import unheard, violations
from tests.chaos.script import Plan, steps

SHORT = {"seed": 1, "events": 90, "faults": 18, "seconds": 16.0}


def plans(config: pytest.Config) -> list[Plan]:
    """What the options ask for."""
    events = config.getoption("events") or SHORT["events"]
    faults, only = config.getoption("faults"), config.getoption("database")
    seconds = config.getoption("seconds") or (SHORT["seconds"] if events <= 100 else events * 0.15)
    return [
        Plan(seed, events, SHORT["faults"] if faults is None else faults, database, seconds)
        for seed in config.getoption("seed") or [SHORT["seed"]]
        for database in ([only] if only else ["sqlite", "postgresql"])
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "plan" in metafunc.fixturenames:
        found = plans(metafunc.config)
        metafunc.parametrize("plan", found, ids=[f"{p.database}-{p.seed}" for p in found])


@pytest.mark.timeout(1500)
def test_nothing_is_lost_doubled_or_stuck(plan: Plan, tmp_path: Path, request: pytest.FixtureRequest):
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - began:6.1f} s] {text}", flush=True)

    folder = tmp_path / "data"
    folder.mkdir()
    url = f"sqlite:///{folder / 'chaos.db'}" if plan.database == "sqlite" else _postgres(request)
    print(f"\n{plan.command}", flush=True)
    play = steps(plan)
    with running_house(plan, tmp_path, url, say) as house:
        house.open(sorted({s.args["runner"] for s in play if "runner" in s.args}))
        say("open")
        house.play(play)
        say("played")
        found: list[str] = []
        try:
            house.settle()
            say("settled")
            found += unheard(house)
            house.read_the_lists()
            say("at rest")
        except StuckError as error:
            found.append(str(error))
        found += violations(house)
        say(f"looked at: {dict(sorted(house.counts.items()))}")
        for row in house.figures():
            say(row)

    if found:
        lines = "\n".join(f"  {complaint}" for complaint in found[:60])
        pytest.fail(
            f"{len(found)} things are not as they must be:\n{lines}\nplay it again: {plan.command}", pytrace=False
        )


def _postgres(request: pytest.FixtureRequest) -> str:
    from tests.support.postgres import create_database, drop_database

    server = request.getfixturevalue("postgres_server")
    url = create_database(server)
    request.addfinalizer(lambda: drop_database(server, url))
    return url
