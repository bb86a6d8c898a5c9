"""Unit tests judge pure functions: one that opens a socket is in the wrong folder."""

import socket
from typing import NoReturn

import pytest


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to reach something, the own machine included, fails the test."""

    def refuse(*_args: object, **_kwargs: object) -> NoReturn:
        raise AssertionError("a unit test must not open a socket; integration tests may")

    for way_out in ("connect", "connect_ex", "sendto", "bind"):
        monkeypatch.setattr(socket.socket, way_out, refuse)
