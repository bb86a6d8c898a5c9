"""How chaos is asked for: short by itself, long by options."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("chaos", "a run of chaos; a failing one names the options that play it again")
    group.addoption("--seed", type=int, action="append", help="what the plan follows from; may be given repeatedly")
    group.addoption("--events", type=int, help="what happens at Strava and to runners")
    group.addoption("--faults", type=int, help="what breaks, there and here")
    group.addoption("--seconds", type=float, help="over which it is spread")
    group.addoption("--database", choices=["sqlite", "postgresql"], help="one of the two; by default both")
