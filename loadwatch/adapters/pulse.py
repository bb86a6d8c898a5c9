"""Signs of life of worker and beat, kept by the broker for a few seconds each."""

import logging
import socket

import redis

LIFE_S = 7
"""A sign of life older than this is none: three missed beats of two seconds."""

log = logging.getLogger(__name__)


def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5)


def worker_pulse(url: str) -> None:
    """Say that a worker's main loop runs."""
    _pulse(url, "worker")


def beat_pulse(url: str) -> None:
    """Say that beat's loop runs."""
    _pulse(url, "beat")


def _pulse(url: str, who: str) -> None:
    try:
        with _client(url) as client, client.pipeline(transaction=False) as both:
            both.set(_key(who), 1, ex=LIFE_S)
            both.set(_key(who, socket.gethostname()), 1, ex=LIFE_S)
            both.execute()
    except redis.RedisError as error:
        log.warning("no sign of life could be left: %s", type(error).__name__)


def _key(who: str, host: str | None = None) -> str:
    return f"loadwatch:alive:{who}" + (f"@{host}" if host else "")


def alive_here(url: str, who: str) -> bool:
    """Whether a worker or beat of this very machine gave a sign of life: a container's health."""
    try:
        with _client(url) as client:
            return bool(client.exists(_key(who, socket.gethostname())))
    except redis.RedisError:
        return False


def alive(url: str) -> dict[str, str]:
    """
    "ok", or what is wrong, for broker, worker and beat.

    Takes at most about a second, also while the broker hangs.
    """
    try:
        with _client(url) as client:
            client.ping()
            worker, beat = client.mget(_key("worker"), _key("beat"))
    except redis.RedisError as error:
        down = f"no answer ({type(error).__name__})"
        return {
            "broker": down,
            "worker": "not known: the broker does not answer",
            "beat": "not known: the broker does not answer",
        }
    silent = f"no sign of life for {LIFE_S} s"
    return {"broker": "ok", "worker": "ok" if worker else silent, "beat": "ok" if beat else silent}
