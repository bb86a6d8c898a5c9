"""
Calling a server that a runner has named: never one of our own, never for long, and noting what came of it.

An address given by somebody may lead anywhere, also to what only this machine can reach. So every name is resolved
once, each address looked at, and the connection made to just that address; redirects and proxies are not followed.
"""

import contextlib
import os
import socket
import threading
import time
from dataclasses import dataclass, field
from io import BytesIO
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final, Literal

import requests
from apprise.utils.http import HTTPPolicy, HTTPPolicySession, is_public_ip_address
from urllib3.exceptions import HTTPError

from loadwatch.domain.text import say
from loadwatch.services.errors import ChannelRefused, LoadwatchError, MailDelayed, MailRefused, MailUncertain

LIMIT_S: Final = 10.0
"""For all that belongs to one message. Design choice: a test button is waited for. [s]"""

STEP_S: Final = 4.0
"""For finding the address, for connecting, and for each silence of the server. Design choice. [s]"""

MAX_ANSWER_BYTES: Final = 64 * 1024
"""More of an answer is not read. Design choice."""

_NAT64: Final = ip_network("64:ff9b::/96")
_METADATA: Final = frozenset({ip_address("fd00:ec2::254"), ip_address("100.100.100.200")})
"""Where clouds tell a machine its own secrets; the other such addresses are link-local."""


@dataclass(frozen=True, slots=True)
class Reach:
    """
    Which addresses may be called beside those of the internet.

    Attributes
    ----------
    private : bool
        Those of the network around this server: 10/8, 192.168/16, fc00::/7 …
    loopback : bool
        This machine itself.
    """

    private: bool = False
    loopback: bool = False

    def allows(self, address: str) -> bool:
        """Whether an IP address may be called; never one that is link-local, multicast or nobody's."""
        found = ip_address(address.partition("%")[0])
        if isinstance(found, IPv6Address):
            # The IPv4 address that is meant, whatever it is wrapped in.
            wrapped = found.ipv4_mapped or found.sixtofour
            if wrapped is None and found in _NAT64:
                wrapped = ip_address(int(found) & 0xFFFFFFFF)  # type: ignore[assignment]
            if wrapped is not None:
                return self.allows(str(wrapped))
        if found.is_link_local or found.is_multicast or found.is_unspecified or found in _METADATA:
            return False
        if found.is_loopback:
            return self.loopback
        if found.is_reserved or found in ip_network("0.0.0.0/8"):
            return False
        return self.private or is_public_ip_address(found)


@dataclass(slots=True)
class Exchange:
    """
    One request and what came of it.

    Attributes
    ----------
    ended : {"answered", "unanswered", "not_reached", "forbidden"}
        "unanswered": it was sent, or may have been.
    status : int
        Of the answer; 0 without one.
    """

    ended: Literal["answered", "unanswered", "not_reached", "forbidden"]
    status: int = 0

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300

    def fault(self) -> LoadwatchError:
        """The error that says what to do about it."""
        if self.ended == "forbidden":
            return ChannelRefused(FORBIDDEN)
        if self.ended == "not_reached":
            return MailDelayed(say("The service cannot be reached at present."))
        if self.ended == "unanswered":
            return MailUncertain(say("The service was handed the message and did not answer."))
        status = str(self.status)
        if self.status in (401, 403):
            return ChannelRefused(
                say(
                    "The service does not let loadwatch in (answer {status}): check the token or password in the"
                    " address.",
                    status=status,
                )
            )
        if self.status in (404, 410):
            return ChannelRefused(
                say("The service does not know this address, or no longer (answer {status}).", status=status)
            )
        if self.status == 429:
            return MailDelayed(say("The service takes nothing more for the moment (answer {status}).", status=status))
        if 400 <= self.status < 500 and self.status != 408:
            return MailRefused(say("The service did not take the message (answer {status}).", status=status))
        if 300 <= self.status < 400:
            return MailDelayed(
                say(
                    "The service points to another address, which loadwatch does not follow (answer {status}).",
                    status=status,
                )
            )
        return MailDelayed(say("The service has a fault of its own (answer {status}).", status=status))


FORBIDDEN: Final = say(
    "This address leads to a place that this server does not call: itself, or the network around it. Whoever runs the"
    " server can allow it with LOADWATCH_PUSH_TO_PRIVATE."
)


class _Policy(HTTPPolicy):  # type: ignore[misc, unused-ignore]  # Apprise has few types
    """Which addresses are called; notes how far a connection came, and cuts it when the time is up."""

    def __init__(self, reach: Reach, ends_at: float) -> None:
        super().__init__(address_filter=self._allows, resolve_timeout=STEP_S)  # type: ignore[no-untyped-call]
        self._reach = reach
        self._refused = False
        self._ends_at = ends_at
        self._watched: list[tuple[threading.Timer, socket.socket]] = []
        self.is_forbidden = False
        self.is_connected = False

    def _allows(self, address: str) -> bool:
        allowed = self._reach.allows(address)
        self._refused |= not allowed
        return allowed

    def resolve(self, host: str, port: int) -> Any:
        try:
            return super().resolve(host, port)  # type: ignore[no-untyped-call]
        except socket.gaierror:  # Apprise does not tell a name without address from one whose address is refused
            self.is_forbidden = self._refused
            raise

    def create_connection(self, *args: Any, **given: Any) -> socket.socket:
        sock: socket.socket = super().create_connection(*args, **given)  # type: ignore[no-untyped-call]
        self.is_connected = True
        # A server that sends a byte now and then keeps to every time limit of a socket. The copy still reaches the
        # connection when TLS has taken over the socket itself.
        copy = socket.socket(fileno=os.dup(sock.fileno()))
        timer = threading.Timer(max(0.0, self._ends_at - time.monotonic()), _cut, [copy])
        timer.daemon = True
        timer.start()
        self._watched.append((timer, copy))
        return sock

    def end(self) -> None:
        for timer, copy in self._watched:
            timer.cancel()
            copy.close()


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has ended by then
        connection.shutdown(socket.SHUT_RDWR)


@dataclass(slots=True)
class Call:
    """All requests of one message; what came of each stands in `exchanges`."""

    reach: Reach
    exchanges: list[Exchange] = field(default_factory=list)
    _ends_at: float = field(default_factory=lambda: time.monotonic() + LIMIT_S)

    def request(self, method: str, url: str, **given: Any) -> requests.Response:
        """
        As `requests.request`, within what is left of the time, and with the whole answer read.

        Raises
        ------
        requests.RequestException
        """
        left = self._ends_at - time.monotonic()
        if left <= 0:
            self.exchanges.append(Exchange("not_reached"))
            raise requests.Timeout("the time for this message is up")
        policy = _Policy(self.reach, self._ends_at)
        step = min(STEP_S, left)
        given |= {"timeout": (step, step), "allow_redirects": False, "stream": True}
        try:
            with HTTPPolicySession(policy) as session, session.request(method, url, **given) as response:
                response.raw = BytesIO(_start_of(response.raw))
                assert response.content is not None  # read while there is a connection
        except requests.RequestException as error:
            self.exchanges.append(Exchange(_ended(policy, error)))
            raise
        except (OSError, ValueError) as error:
            self.exchanges.append(Exchange(_ended(policy, error)))
            raise requests.ConnectionError("the request could not be made") from error
        finally:
            policy.end()
        self.exchanges.append(Exchange("answered", response.status_code))
        return response

    def find(self, host: str, port: int) -> None:
        """
        Look up a server's addresses, without calling it.

        Raises
        ------
        ChannelRefused
            If it may not be called.
        MailDelayed
            If there is none of this name.
        """
        policy = _Policy(self.reach, self._ends_at)
        try:
            policy.resolve(host, port)
        except OSError:
            raise Exchange("forbidden" if policy.is_forbidden else "not_reached").fault() from None


def _start_of(raw: Any) -> bytes:
    """As much of an answer as is worth reading: its status is known by now, so nothing is lost with the rest."""
    read = bytearray()
    with contextlib.suppress(HTTPError, OSError):
        for piece in raw.stream(4096, decode_content=True):
            read += piece
            if len(read) >= MAX_ANSWER_BYTES:
                break
    raw.close()
    return bytes(read[:MAX_ANSWER_BYTES])


def _ended(policy: _Policy, error: Exception) -> Literal["unanswered", "not_reached", "forbidden"]:
    if policy.is_connected and not isinstance(error, requests.exceptions.SSLError):
        return "unanswered"
    return "forbidden" if policy.is_forbidden else "not_reached"
