"""
A load generator: as many connections as asked for, each answered push followed by the next, none sent twice.

A process of its own, with one thread and no library between it and the sockets, so that it takes little from the
servers that it measures. Our servers close each connection after its answer.
"""

import json
import math
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

AT_ONCE = 8


@dataclass(frozen=True)
class Hammered:
    """What came of many pushes: how many were answered with 200, how fast, and how long each one took. [s]"""

    n_stored: int
    per_s: float
    median_s: float
    p99_s: float


def hammer(url: str, bodies: Sequence[bytes], at_once: int = AT_ONCE) -> Hammered:
    """Post each body once and wait for its answer."""
    asked = json.dumps({"url": url, "bodies": [body.decode() for body in bodies], "at_once": at_once})
    done = subprocess.run([sys.executable, "-P", __file__], input=asked.encode(), capture_output=True, check=True)
    return Hammered(**json.loads(done.stdout))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all do not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def _run(url: str, bodies: list[str], at_once: int) -> Hammered:
    host, _, path = url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    head = f"POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: "
    waiting = [f"{head}{len(body.encode())}\r\n\r\n{body}".encode() for body in reversed(bodies)]
    taken: list[float] = []
    n_stored = 0
    began_at: dict[socket.socket, float] = {}
    with selectors.DefaultSelector() as selector:

        def start() -> None:
            request = waiting.pop()
            began = time.perf_counter()
            connection = socket.create_connection((name, int(port)))
            connection.sendall(request)
            began_at[connection] = began
            selector.register(connection, selectors.EVENT_READ, bytearray())

        began = time.perf_counter()
        for _ in range(min(at_once, len(waiting))):
            start()
        while began_at:
            for key, _ in selector.select():
                connection, answer = key.fileobj, key.data
                assert isinstance(connection, socket.socket)
                if piece := connection.recv(65536):
                    answer += piece
                    continue
                taken.append(time.perf_counter() - began_at.pop(connection))
                n_stored += answer.startswith(b"HTTP/1.1 200 ")
                selector.unregister(connection)
                connection.close()
                if waiting:
                    start()
        whole = time.perf_counter() - began
    return Hammered(n_stored, len(taken) / whole, percentile(taken, 0.5), percentile(taken, 0.99))


if __name__ == "__main__":
    result = _run(**json.loads(sys.stdin.read()))
    print(json.dumps(vars(result)))
