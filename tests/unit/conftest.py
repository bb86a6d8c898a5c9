"""Unit tests judge pure functions: one that opens a socket is in the wrong folder."""

import socket
from typing import NoReturn

import pytest
from hypothesis import settings

# No deadline: the machines that run this are shared, and a slow moment is no fault.
settings.register_profile("unit", max_examples=40, deadline=None)
settings.load_profile("unit")


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to reach something, the own machine included, fails the test."""

    def refuse(*_args: object, **_kwargs: object) -> NoReturn:
        raise AssertionError("a unit test must not open a socket; integration tests may")

    for way_out in ("connect", "connect_ex", "sendto", "bind"):
        monkeypatch.setattr(socket.socket, way_out, refuse)
