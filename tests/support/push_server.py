"""A server that takes pushes: keeps what it gets, and answers as it is told to."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Received:
    """One request as the server got it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class PushServer:
    """
    A real HTTP server on 127.0.0.1.

    Attributes
    ----------
    status : int
        Of its answers.
    answer : bytes
        Their body; an object of JSON unless something else is wanted.
    headers : dict
        Beside its own.
    way : {"answers", "hangs", "drips", "hangs_up", "babbles"}
        "drips": a first line without end; "babbles": what is no HTTP.
    """

    port: int = 0
    status: int = 200
    answer: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    way: str = "answers"
    fails_from: int | None = None
    """After so many requests each is answered with 500; None: none is."""
    received: list[Received] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextlib.contextmanager
def running_push_server() -> Iterator[PushServer]:
    """A push server on a free port, gone on leaving."""
    told = PushServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            told.received.append(Received(self.command, self.path, dict(self.headers), body))
            if told.way == "hangs":
                told.over.wait(30)
            elif told.way == "babbles":
                self.wfile.write(b"\x00\xff no HTTP \r\n\r\n")
            elif told.way == "drips":
                self._drip()
            elif told.way == "answers":
                is_over = told.fails_from is not None and len(told.received) > told.fails_from
                self.send_response(500 if is_over else told.status)
                for name, value in told.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(told.answer)))
                self.end_headers()
                self.wfile.write(told.answer)

        do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815  # as the library calls them

        def _drip(self) -> None:
            with contextlib.suppress(OSError):
                while not told.over.is_set():
                    self.wfile.write(b"X")
                    time.sleep(0.02)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield told
    finally:
        told.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
