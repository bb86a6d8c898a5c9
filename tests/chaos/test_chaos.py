"""
A whole loadwatch, broken at random moments: nothing may be lost, doubled or stuck.

That the suite catches what it is for was tried with builds broken on purpose, each in `./run chaos`' short form:

- a fetch is marked as done before it is stored (ack before commit): runs without their samples, or missing;
- one flag instead of the counters `wanted` and `done`: a run edited while it was fetched stays as it was;
- the receiver answers 200 when the insert fails: events answered with 200 and not kept, a withdrawal not heard;
- a new pair of tokens is used without being stored: runners disconnected who never withdrew.
"""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.harness import StuckError, running_house
from tests.chaos.invariants import unheard, violations
from tests.chaos.script import Plan, steps

SHORT: dict[str, Any] = {"seed": [1], "events": 70, "faults": 16, "seconds": 12.0}
LONG: dict[str, Any] = {"seed": [1, 2, 3], "events": 2000, "faults": 200, "seconds": 300.0}


def plans(config: pytest.Config) -> list[Plan]:
    """What the options ask for."""
    usual = LONG if config.getoption("long", False) else SHORT
    asked = {name: config.getoption(name, None) for name in usual}
    wanted = {name: usual[name] if value is None else value for name, value in asked.items()}
    if asked["events"] is not None and asked["seconds"] is None:
        wanted["seconds"] = max(10.0, 0.15 * wanted["events"])
    only = config.getoption("database", None)
    return [
        Plan(seed, wanted["events"], wanted["faults"], database, wanted["seconds"])
        for seed in wanted["seed"]
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
            house.edit_while_fetched()
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
