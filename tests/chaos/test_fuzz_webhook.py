"""
Whatever is sent to the webhook is kept, refused, or answered with the one deliberate 503.

Against the server as it runs: gunicorn with two processes. Short by default; with `LOADWATCH_CHAOS=long`
100 000 requests on SQLite and a tenth of that on PostgreSQL.
"""

import contextlib
import gzip
import json
import os
import random
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import psutil
import pytest
from sqlalchemy import text

from tests.support.stack import Stack, running_stack

IS_LONG = os.environ.get("LOADWATCH_CHAOS") == "long"
SIZES = {"sqlite": 100_000, "postgresql": 10_000} if IS_LONG else {"sqlite": 400}
SEED = 20261123
N_CLIENTS = 4

MAX_GROWTH_BYTES = 6 * 2**20
"""A leak of a hundred bytes a request would be more than this in the long form."""

MAX_BODY_BYTES = 4096
OWNER, SUBSCRIPTION = 1001, 7

REFUSALS: Final = frozenset({400, 403, 404, 405, 411, 413, 414, 417, 431, 501, 505})
"""What a request that is none may be answered with; 501 and 505 are the server's own words for other protocols."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Sent:
    """
    One request.

    Attributes
    ----------
    raw : bytes
        As it goes over the wire.
    body : bytes or None
        What of it the application gets as a push; None where it gets none.
    may_be_refused : bool
        It is the server's choice whether it gets that far.
    """

    kind: str
    raw: bytes
    body: bytes | None = None
    may_be_refused: bool = False


@dataclass(frozen=True)
class Answered:
    sent: Sent
    status: int
    """0: closed without an answer."""
    stored: bool


def event(rng: random.Random) -> Json:
    """A push that is kept, of our athlete or of a stranger."""
    return {
        "object_type": "activity",
        "object_id": rng.randrange(2**63),
        "aspect_type": rng.choice(("create", "update", "delete")),
        "owner_id": rng.choice((OWNER, OWNER, OWNER, 5)),
        "subscription_id": rng.choice((SUBSCRIPTION, SUBSCRIPTION, SUBSCRIPTION, 8)),
        "event_time": rng.randrange(2**31),
        "updates": rng.choice(({}, {"title": "Späte Runde"}, {"private": "true"})),
    }


def is_push(body: bytes) -> bool:
    """Whether Strava's documentation would call this an event: a second, plain reading of it."""
    try:
        raw = json.loads(body, parse_constant=lambda name: 1 / 0)
    except (ValueError, RecursionError, ZeroDivisionError):
        return False
    if not isinstance(raw, dict):
        return False
    ids = [raw.get(name) for name in ("object_id", "owner_id", "subscription_id", "event_time")]
    return (
        raw.get("object_type") in ("activity", "athlete")
        and raw.get("aspect_type") in ("create", "update", "delete")
        and all(type(each) is int and 0 <= each < 2**63 for each in ids)
        and (raw.get("updates") is None or isinstance(raw["updates"], dict))
    )


def is_ours(body: str) -> bool:
    event = json.loads(body)
    return (event["owner_id"], event["subscription_id"]) == (OWNER, SUBSCRIPTION)


def canonical(body: bytes) -> str:
    return json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"))


# what is sent


ODD_VALUES: tuple[Callable[[random.Random], Any], ...] = (
    lambda rng: rng.choice((None, True, False, "", "1", [], {}, 1.0, -1, 0, -0.0, 1e308, 2**63, 2**63 - 1, -(2**63))),
    lambda rng: rng.randrange(10 ** rng.randrange(1, 1500)),
    lambda rng: "x" * rng.randrange(3000),
    lambda rng: "".join(chr(rng.randrange(0xD7FF)) for _ in range(rng.randrange(20))),
    lambda rng: rng.choice(("\ud800", "\x00", "é́", "​", "'; DROP TABLE inbox; --", "%s%n{0}")),
    lambda rng: {"a": {"b": [{}, [rng.random()], None]}},
    lambda rng: [event(rng)],
)


def odd_field(rng: random.Random) -> bytes:
    changed = event(rng)
    for name in rng.sample(sorted(changed), rng.choice((1, 1, 1, 2, 7))):
        changed[name] = rng.choice(ODD_VALUES)(rng)
    return json.dumps(changed).encode()


def missing_field(rng: random.Random) -> bytes:
    return json.dumps({k: v for k, v in event(rng).items() if rng.random() < 0.8}).encode()


def more_fields(rng: random.Random) -> bytes:
    return json.dumps({**event(rng), "more": rng.choice(ODD_VALUES)(rng), "": 1, "__proto__": {}}).encode()


def twice_the_same_key(rng: random.Random) -> bytes:
    return json.dumps(event(rng)).encode()[:-1] + b"," + json.dumps(event(rng)).encode()[1:]


def odd_words(rng: random.Random) -> bytes:
    """Texts of JSON that Python's own writer does not write."""
    value = rng.choice(
        (b"NaN", b"-Infinity", b"1e999", b"01", b"0x1", b"1_0", b".5", b"5.", b"'x'", b"\\u0030", b"+1")
    )
    name = rng.choice((b'"more"', b'"object_id"', b'"updates"'))
    return json.dumps(event(rng)).encode()[:-1] + b"," + name + b":" + value + b"}"


def deep(rng: random.Random) -> bytes:
    begin, end = rng.choice(((b"[", b"]"), (b'{"a":', b"0}")))
    n = rng.choice((rng.randrange(1, 700), rng.randrange(1200, 1900)))  # between them depends on who reads it
    whole = rng.random() < 0.8
    name = rng.choice((b'"more":', b'"updates":{"t":'))
    closed = b"}" if b"{" in name else b""
    inner = begin * n + (end * n if whole else b"")
    if b"0" in end:
        inner = begin * n + b"0" + (b"}" * n if whole else b"")
    return json.dumps(event(rng)).encode()[:-1] + b"," + name + inner + closed + b"}"


def damaged(rng: random.Random) -> bytes:
    body = bytearray(json.dumps(event(rng)).encode())
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(body))
        body[at : at + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
    return bytes(body)


def cut_off(rng: random.Random) -> bytes:
    body = json.dumps(event(rng)).encode()
    return body[: rng.randrange(len(body))]


def encoded(rng: random.Random) -> bytes:
    body = json.dumps(event(rng), ensure_ascii=False)
    return body.encode(rng.choice(("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-7", "latin-1", "cp500")))


def padded(rng: random.Random) -> bytes:
    body = json.dumps(event(rng)).encode()
    return body + b" " * (rng.choice((4095, 4096, 4097, 5000, 100_000)) - len(body))


def noise(rng: random.Random) -> bytes:
    return rng.randbytes(rng.choice((0, 1, 2, 16, 300, 4096)))


def packed(rng: random.Random) -> bytes:
    return gzip.compress(json.dumps(event(rng)).encode())


def something_else(rng: random.Random) -> bytes:
    return rng.choice(
        (b"null", b"[]", b"true", b'"x"', b"1", b"a=b&c=d", b"<xml/>", json.dumps([event(rng)]).encode())
    )


def good(rng: random.Random) -> bytes:
    return json.dumps(event(rng)).encode()


BODIES = (
    *(good, odd_field, odd_field, odd_field, missing_field, more_fields, twice_the_same_key, odd_words, deep),
    *(damaged, damaged, cut_off, encoded, padded, noise, packed, something_else),
)


class Requests:
    """A stream of requests, the same for the same seed."""

    def __init__(self, seed: int, path: str) -> None:
        self._rng = random.Random(seed)
        self._path = path
        self._earlier = [good(self._rng)]

    def __iter__(self) -> Iterator[Sent]:
        rng = self._rng
        while True:
            make = rng.choice(BODIES)
            body = make(rng)
            if make is good and rng.random() < 0.3:
                body = rng.choice(self._earlier)  # Strava's second try
            elif make is good:
                self._earlier = [*self._earlier[-50:], body]
            kind = rng.randrange(20)
            if kind == 0:
                yield self._elsewhere(body)
            elif kind == 1:
                yield self._odd_transport(body)
            elif kind == 2:
                yield self._chunked(body)
            else:
                yield self._plain(make.__name__, body)

    def _plain(self, kind: str, body: bytes) -> Sent:
        content = self._rng.choice(
            ("application/json", "application/json", "text/plain", "multipart/form-data", "x" * 500, "\xff;;=")
        )
        extra = {"packed": "Content-Encoding: gzip\r\n"}.get(kind, "")
        return Sent(kind, self._head(f"Content-Type: {content}\r\n{extra}", len(body)) + body, body)

    def _head(self, fields: str, length: object, method: str = "POST", path: str | None = None) -> bytes:
        first = f"{method} {self._path if path is None else path} HTTP/1.1\r\nHost: x\r\n"
        return (first + fields + f"Content-Length: {length}\r\n\r\n").encode("latin-1")

    def _chunked(self, body: bytes) -> Sent:
        head = f"POST {self._path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        size = self._rng.choice((1, 7, 100, 5000))
        parts = [body[i : i + size] for i in range(0, len(body), size)]
        raw = b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts)
        if self._rng.random() < 0.3:
            return Sent("chunked and broken", head + raw[:-3] + self._rng.choice((b"", b"zz\r\n", b"-5\r\n", b"\0")))
        return Sent("chunked", head + raw + b"0\r\n\r\n", body)

    def _elsewhere(self, body: bytes) -> Sent:
        """Other methods, other paths."""
        rng = self._rng
        method = rng.choice(("GET", "PUT", "DELETE", "HEAD", "PATCH", "TRACE", "CONNECT", "POST", "post", "XYZ", ""))
        path = rng.choice(
            (
                *(
                    self._path + "/",
                    self._path[:-1],
                    self._path + "x",
                    "/webhooks/strava/",
                    "/webhooks/strava",
                    "/",
                    "",
                ),
                *("*", "//", "/../" + self._path, self._path + "%00", "/%ff%fe", "/webhooks/strava/" + "x" * 3000),
                *("/webhooks/strava/é", self._path + "?hub.mode=subscribe&hub.challenge=x&hub.verify_token=wrong"),
                *("http://[::1", "/webhooks/strava/%F0%9F%8F%83", "/healthz", "/x" * 5000, "/\x01"),
            )
        )
        pushed = body if method == "POST" and path.partition("?")[0] == self._path else None
        return Sent("elsewhere", self._head("", len(body), method, path) + body, pushed)

    def _odd_transport(self, body: bytes) -> Sent:
        """Lengths that are wrong, headers that are none."""
        rng = self._rng
        n = len(body)
        if rng.random() < 0.4:  # the rest never comes, or is not read
            length = rng.choice((n + 1, n + 100, max(n - 1, 0), n // 2, 0))
            gets = body[:length] if length <= MAX_BODY_BYTES else None
            return Sent("another length", self._head("", length) + body, gets)
        length = rng.choice((n, "-1", "abc", "1e3", "", "9" * 30, f"{n}, {n}", f"{n}\r\nContent-Length: {n + 1}"))
        fields = rng.choice(
            (
                *("X: " + "y" * 9000 + "\r\n", "X: y\r\n" * 200, "no colon\r\n", ": empty\r\n", " folded: x\r\n"),
                *("X\0: y\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, xyz\r\n"),
                *("Expect: 200-maybe\r\n", "Upgrade: h2c\r\nConnection: Upgrade\r\n", "Host: a\r\nHost: b\r\n"),
            )
        )
        head = self._head(fields, length)[: rng.choice((None, None, 40))]
        return Sent("odd headers", head + body, body if length == n else None, may_be_refused=True)


# sending


def answer(port: int, sent: Sent) -> Answered:
    """Send a request over a connection of its own; gunicorn's sync workers keep none."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(sent.raw)
            connection.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(OSError):  # closed before all was read: what was said before counts
            while part := connection.recv(65536):
                received += part
    if not received.startswith(b"HTTP/1."):
        return Answered(sent, 0, False)
    return Answered(sent, int(received[9:12]), b'{"stored":true}' in received)


def fuzz(port: int, path: str, n: int, seed: int) -> list[Answered]:
    """Send that many, from several clients at once."""

    def one(client: int) -> list[Answered]:
        stream = iter(Requests(seed + client, path))
        return [answer(port, next(stream)) for _ in range(n // N_CLIENTS)]

    with ThreadPoolExecutor(N_CLIENTS) as pool:
        return [each for part in pool.map(one, range(N_CLIENTS)) for each in part]


def wrong(answered: Answered) -> bool:
    """Whether this is not what the request should be answered with."""
    sent, status = answered.sent, answered.status
    if sent.may_be_refused and status in REFUSALS | {0}:  # one that breaks off may be left without an answer
        return False
    if sent.body is None:
        return status not in REFUSALS | {0, 200, 308} or answered.stored
    if len(sent.body) > MAX_BODY_BYTES:
        return status not in (413, 0)  # 0: refused before all of it was read, so that the answer is lost
    return status != (200 if is_push(sent.body) else 400)


def memory(stack: Stack) -> dict[int, int]:
    """Resident bytes of each process that answers, by its number."""
    family = psutil.Process(stack.processes["webhooks"].pid).children(recursive=True)
    return {member.pid: member.memory_info().rss for member in family}


@pytest.fixture(params=list(SIZES))
def stack(request: pytest.FixtureRequest, tmp_path: Any, redis_url: str) -> Iterator[Stack]:
    with contextlib.ExitStack() as ends:
        url = f"sqlite:///{tmp_path / 'test.db'}"
        if request.param == "postgresql":
            from tests.support.postgres import create_database, drop_database

            server = request.getfixturevalue("postgres_server")
            url = create_database(server)
            ends.callback(drop_database, server, url)
        running = ends.enter_context(running_stack(tmp_path, url, redis_url))
        running.connect()
        with running.services.store.write() as tx:
            tx.put_subscription(SUBSCRIPTION, "https://run.example", running.services.clock())
        running.start_webhooks()
        yield running


@pytest.mark.timeout(3600)
def test_whatever_is_sent_is_kept_once_or_refused_and_the_server_neither_falls_nor_grows(
    stack: Stack, request: pytest.FixtureRequest
):
    n = SIZES[request.node.callspec.params["stack"]]
    path = f"/webhooks/strava/{stack.settings.strava_webhook_secret.get_secret_value()}"

    answers = fuzz(stack.port, path, n // 4, SEED)
    # On a busy machine one process may have answered all so far: what the other loads at first is no leak, but once.
    for seed in (SEED + N_CLIENTS, SEED + 2 * N_CLIENTS):
        before = memory(stack)
        answers += fuzz(stack.port, path, n - n // 4, seed)
        after = memory(stack)
        print("grown by", [after.get(pid, 0) - before[pid] for pid in before])
        if sorted(after) != sorted(before) or max(after[pid] - before[pid] for pid in before) < MAX_GROWTH_BYTES:
            break

    statuses = Counter((a.sent.kind, a.status) for a in answers)
    print(n, sorted(statuses.items()))
    assert [(a.sent.kind, a.status, a.sent.raw) for a in answers if wrong(a)][:10] == []
    assert {status for _, status in statuses} & {200, 400, 404, 405, 413} == {200, 400, 404, 405, 413}
    assert sorted(after) == sorted(before)
    assert max(after[pid] - before[pid] for pid in before) < MAX_GROWTH_BYTES
    with stack.services.engines.read.connect() as raw:
        rows = raw.execute(text("SELECT body, state FROM inbox")).all()
    taken = {canonical(a.sent.body) for a in answers if a.sent.body is not None and a.status == 200}
    ours = {body for body in taken if is_ours(body)}
    kept = [row.body for row in rows]
    assert len(set(kept)) == len(kept) == sum(a.stored for a in answers)
    # Of what is nobody's only so much is kept: whoever learns the address could fill the disk.
    assert ours <= set(kept) <= taken
    assert len(kept) - len(ours) >= min(len(taken - ours), 1000)
    assert {row.state for row in rows if row.body in ours} == {"pending"}
    assert {row.state for row in rows} == {"pending", "quarantined"}
    assert "Traceback" not in stack.log("webhooks")


def test_while_the_database_is_locked_events_are_refused_with_503_and_the_second_try_is_kept(stack: Stack):
    path = f"/webhooks/strava/{stack.settings.strava_webhook_secret.get_secret_value()}"
    stream = Requests(SEED, path)
    pushes = [stream._plain("good", good(random.Random(i))) for i in range(20 if IS_LONG else 4)]
    others = [stream._plain("cut off", cut_off(random.Random(i))) for i in range(20)]

    with ThreadPoolExecutor(N_CLIENTS) as pool:
        with stack.services.engines.write.begin() as locked:
            if locked.dialect.name == "postgresql":
                locked.execute(text("LOCK TABLE inbox"))
            during = list(pool.map(lambda sent: answer(stack.port, sent).status, pushes + others))
        after = list(pool.map(lambda sent: answer(stack.port, sent).status, pushes + others))

    assert during == [503] * len(pushes) + [400] * len(others)
    assert after == [200] * len(pushes) + [400] * len(others)
    with stack.services.engines.read.connect() as raw:
        assert raw.execute(text("SELECT count(*) FROM inbox")).scalar_one() == len(pushes)
