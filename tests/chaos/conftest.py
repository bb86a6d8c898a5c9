"""How chaos is asked for: short by `pytest tests/chaos`, long by `./run chaos`, and any other by options."""

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("chaos", "a run of chaos; a failing one names the options that play it again")
    group.addoption("--long", action="store_true", help="2,000 events and 200 faults, three seeds, both databases")
    group.addoption("--seed", type=int, action="append", help="what the plan follows from; may be given repeatedly")
    group.addoption("--events", type=int, help="what happens at Strava and to runners")
    group.addoption("--faults", type=int, help="what breaks, there and here")
    group.addoption("--seconds", type=float, help="over which it is spread")
    group.addoption("--database", choices=["sqlite", "postgresql"], help="one of the two; by default both")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("long"):
        os.environ["LOADWATCH_CHAOS"] = "long"  # the fuzzes and the race read their sizes when they are imported


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Who names a plan wants that plan alone."""
    if any(config.getoption(name, None) for name in ("seed", "events", "faults", "database")):
        items[:] = [item for item in items if "plan" in getattr(item, "fixturenames", ())]
