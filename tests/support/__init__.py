"""Real servers for the tests: PostgreSQL, the broker, and a mail server."""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar


class ReceivedMail(NamedTuple):
    """One mail as the server got it."""

    mail_from: str
    rcpt_tos: list[str]
    content: bytes


@dataclass
class SmtpServer:
    """A real mail server on 127.0.0.1 that keeps what it gets."""

    port: int
    host: str = "127.0.0.1"
    answer: str = "250 OK"
    """Its answer to a mail's content; what it refuses (4xx, 5xx) it does not keep."""
    messages: list[ReceivedMail] = field(default_factory=list)

    @property
    def url(self) -> str:
        """As LOADWATCH_SMTP_URL takes it."""
        return f"smtp://{self.host}:{self.port}"

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        """Called by aiosmtpd for each mail."""
        if self.answer.startswith("2"):
            mail = ReceivedMail(envelope.mail_from, list(envelope.rcpt_tos), envelope.content)
            self.messages.append(mail)
        return self.answer


Server = TypeVar("Server", bound=SmtpServer)


@contextlib.contextmanager
def running_smtp_server(kind: type[Server] = SmtpServer, port: int = 0) -> Iterator[Server]:  # type: ignore[assignment]
    """A mail server, by default on a free port, gone on leaving."""
    from aiosmtpd.controller import Controller

    # Bound here, so that nobody can take the port between choosing and using it.
    listener = socket.create_server(("127.0.0.1", port))
    server = kind(port=listener.getsockname()[1])

    class OnListener(Controller):
        def _create_server(self) -> Any:
            return self.loop.create_server(self._factory_invoker, sock=listener)

    controller = OnListener(server, hostname=server.host, port=server.port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
