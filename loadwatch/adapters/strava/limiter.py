"""
Strava's rate limits, which count for the whole application: every process asks Redis for room before a call.

Strava counts in two windows, the quarter hours and the days of UTC, and in each once all calls and once those that
read. Room is reserved in all four at once, by a script that Redis runs as one step; what an answer's headers then
say goes before what was counted here, where it is more.
"""

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from loadwatch.services.errors import AppInactive, RateLimited
from loadwatch.services.ports import Clock, Quota, StravaBudget

CallClass = Literal["interactive", "live", "reconcile", "backfill"]

SHARE_PERCENT: dict[CallClass, int] = {"interactive": 100, "live": 95, "reconcile": 80, "backfill": 60}
"""How full a window may get by a call of each class: the rest is kept for the classes before it. Design choice."""

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)

FIRST_LIMITS = (100, 1000, 200, 2000)
"""Reads in a quarter of an hour and in a day, all calls in the same: a new application's, until a header tells."""

ALONE_LIMITS = (5, 50)
"""What one process may ask in a quarter of an hour and in a day while Redis is away. Design choice."""

ALONE_AGAIN = timedelta(seconds=15)
"""When to try again what found no room in that: a Redis that is only slow is back by then."""

ANSWER_S = 2.0
"""How long Redis is waited for, twice at most: on a busy machine it may be late without being away. [s]"""

INACTIVE_FIRST = timedelta(hours=1)
INACTIVE_LONGEST = timedelta(hours=24)
"""How long no call is made after Strava has switched the application off; twice as long each time it still is."""

INACTIVE_WORDS = (
    "Strava has switched this API application off (403 Inactive): since June 2026 its owner needs a paid subscription"
)

log = logging.getLogger(__name__)

_RESERVE = """
local now, percent = tonumber(ARGV[1]), tonumber(ARGV[2])
local broken = redis.call('HGET', KEYS[4], 'until')
if broken and now < tonumber(broken) then return {'inactive', broken, {}} end
local known = redis.call('HMGET', KEYS[3], 'read_quarter', 'read_day', 'overall_quarter', 'overall_day')
local full, told = false, {}
for i = 1, 4 do
    local window, kind = KEYS[2 - i % 2], i <= 2 and 'read' or 'overall'
    local limit = tonumber(known[i] or ARGV[2 + i])
    local share = math.max(1, math.floor(limit * percent / 100))
    local used = tonumber(redis.call('HGET', window, kind) or 0)
    told[i], told[4 + i] = tonumber(known[i] or 0), used + 1
    if used >= share then
        local name = i % 2 == 1 and 'quarter' or 'day'
        if full ~= 'day' then full = name end
    end
end
if full then return {full, '0', {}} end
for i, window in ipairs({KEYS[1], KEYS[2]}) do
    redis.call('HINCRBY', window, 'read', 1)
    redis.call('HINCRBY', window, 'overall', 1)
    redis.call('EXPIRE', window, i == 1 and 3600 or 172800)
end
return {'room', broken or '0', told}
"""
"""
Room for one call: (what is in the way or "room", until when the application is or was switched off, four limits by
the headers so far, 0 where none told, and four usages with this call).

KEYS: quarter, day, limits, break. ARGV: now, percent, four first limits.
"""

_RECONCILE = """
local names = {'read_quarter', 'read_day', 'overall_quarter', 'overall_day'}
for i = 1, 4 do
    local window, kind = KEYS[2 - i % 2], i <= 2 and 'read' or 'overall'
    local limit, used = tonumber(ARGV[i]), ARGV[4 + i]
    if used == 'limit' then used = redis.call('HGET', KEYS[3], names[i]) or ARGV[8 + i] end
    used = tonumber(used)
    if limit > 0 then redis.call('HSET', KEYS[3], names[i], limit) end
    if used > tonumber(redis.call('HGET', window, kind) or 0) then
        redis.call('HSET', window, kind, used)
        redis.call('EXPIRE', window, i % 2 == 1 and 3600 or 172800)
    end
end
"""
"""
The greater of what was counted and what the headers say.

KEYS: quarter, day, limits. ARGV: four limits and four usages (-1: untold, "limit": all of it), four first limits.
"""

_CHECK = "return redis.call('HGET', KEYS[1], 'until') or '0'"
"""Until when the application is or was switched off; 0: it is not. KEYS: break."""

_BREAK = """
local at, kept = tonumber(ARGV[1]), redis.call('HMGET', KEYS[1], 'until', 'times')
if kept[1] and at < tonumber(kept[1]) then return tonumber(kept[1]) end
local times = tonumber(kept[2] or 0)
local again = at + math.min(tonumber(ARGV[2]) * 2 ^ times, tonumber(ARGV[3]))
redis.call('HSETNX', KEYS[1], 'since', at)
redis.call('HSET', KEYS[1], 'until', string.format('%d', again), 'times', times + 1)
return again
"""
"""
Until when no call is made. Those under way when the first was refused do not count again.

KEYS: break. ARGV: when the call was reserved, the first and the longest wait.
"""

_WINDOWS: tuple[Literal["quarter", "day"], ...] = ("quarter", "day")


def quarter_start(now: datetime) -> datetime:
    """The last full quarter of an hour of UTC: where Strava's short window began."""
    now = now.astimezone(UTC)
    return now.replace(minute=now.minute - now.minute % 15, second=0, microsecond=0)


def day_start(now: datetime) -> datetime:
    """The last midnight of UTC: where Strava's long window began."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def read_headers(headers: Mapping[str, str]) -> tuple[tuple[int, int, int, int], tuple[int, int, int, int]]:
    """
    Limits and usage as an answer tells them.

    Returns
    -------
    (limits, usage)
        Each: reads in a quarter of an hour and in a day, all calls in the same; -1 where it is not told.
    """
    limits, usage = [-1] * 4, [-1] * 4
    for first, kind in ((0, "ReadRateLimit"), (2, "RateLimit")):
        try:
            limit = [int(n) for n in headers[f"X-{kind}-Limit"].split(",")]
            used = [int(n) for n in headers[f"X-{kind}-Usage"].split(",")]
        except (KeyError, ValueError):
            continue
        if len(limit) == len(used) == 2 and min(limit) > 0 and min(used) >= 0:
            limits[first : first + 2], usage[first : first + 2] = limit, used
    return cast("Any", tuple(limits)), cast("Any", tuple(usage))


def exhausted_until(headers: Mapping[str, str], now: datetime) -> datetime:
    """When the window that is used up ends: the day's at midnight UTC, otherwise the quarter of an hour."""
    limits, usage = read_headers(headers)
    if any(limits[i] > 0 and usage[i] >= limits[i] for i in (1, 3)):
        return day_start(now) + DAY
    return quarter_start(now) + QUARTER


@dataclass(slots=True)
class Reservation:
    """
    Room for one call.

    Attributes
    ----------
    at : datetime
        When it was reserved: the windows in which it counts.
    after_break : bool
        Strava had switched the application off: this call shows whether it still is.
    is_told : bool
        The answer's headers said how much is used.
    known : tuple of int
        Four limits and four usages as they stood with this call counted, in the order of `read_headers`; empty
        without Redis.
    """

    at: datetime
    after_break: bool = False
    is_told: bool = False
    known: tuple[int, ...] = ()


class Limiter:
    """
    The one gate before Strava's API, for all processes with the same Redis.

    Nothing sleeps here: where there is no room the call is refused with the time at which there will be.

    Parameters
    ----------
    url : str or None
        Redis; None: this process is alone.
    application : str
        The client id: Strava counts by application.
    """

    def __init__(self, url: str | None, application: str, clock: Clock) -> None:
        self._clock = clock
        self._keys = f"loadwatch:strava:{{{application}}}"
        self._alone = _Alone()
        self._redis: redis.Redis | None = None
        if url is not None:
            # One new try at once, for a connection that went stale: waiting is for the row in the database.
            retry = Retry(NoBackoff(), 1)
            self._redis = redis.Redis.from_url(
                url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S, decode_responses=True, retry=retry
            )
            self._scripts = {s: self._redis.register_script(s) for s in (_RESERVE, _RECONCILE, _CHECK, _BREAK)}

    def reserve(self, calls: CallClass) -> Reservation:
        """
        Room for one call of a class, in each window.

        Raises
        ------
        RateLimited
            If the class has no room left; until the end of the window.
        AppInactive
            While Strava has switched the application off.
        """
        now = self._clock()
        percent = SHARE_PERCENT[calls]
        keys = [*self._windows(now), self._key("limits"), self._key("inactive")]
        answer = self._run(_RESERVE, keys, [int(now.timestamp()), percent, *FIRST_LIMITS])
        if answer is None:
            return self._alone.reserve(now, percent)
        found, broken, known = answer
        if found == "inactive":
            raise _inactive_until(int(broken))
        if found != "room":
            until = day_start(now) + DAY if found == "day" else quarter_start(now) + QUARTER
            if percent == 100:
                raise RateLimited(until)
            raise RateLimited(until, "the rest of Strava's rate limit is kept for what is more urgent")
        return Reservation(now, after_break=broken != "0", known=tuple(known))

    def probe(self) -> Reservation:
        """
        Room for one call that shows whether Strava has switched the application on again, whatever was noted.

        Raises
        ------
        RateLimited
            If no call is left.
        """
        now = self._clock()
        answer = self._run(
            _RESERVE,
            [*self._windows(now), self._key("limits"), self._key("no break")],
            [int(now.timestamp()), SHARE_PERCENT["interactive"], *FIRST_LIMITS],
        )
        if answer is not None and answer[0] != "room":
            raise RateLimited(day_start(now) + DAY if answer[0] == "day" else quarter_start(now) + QUARTER)
        return Reservation(now, after_break=True)

    def check(self) -> Reservation:
        """
        Leave for a call that Strava does not count: of a token.

        Raises
        ------
        AppInactive
            While Strava has switched the application off.
        """
        now = self._clock()
        answer = self._run(_CHECK, [self._key("inactive")], [])
        if answer is None:
            return self._alone.check(now)
        if int(now.timestamp()) < int(answer):
            raise _inactive_until(int(answer))
        return Reservation(now, after_break=answer != "0")

    def note(self, call: Reservation, headers: Mapping[str, str]) -> None:
        """Take over what an answer's headers say of the windows in which its call was reserved."""
        limits, usage = read_headers(headers)
        call.is_told = max(usage) >= 0
        # Counts only grow within a window: what tells no more than stood there with this call is in Redis already.
        is_news = not call.known or any(
            limit not in (-1, known_limit) or used > known_used
            for limit, used, known_limit, known_used in zip(
                limits, usage, call.known[:4], call.known[4:], strict=True
            )
        )
        if call.is_told and is_news:
            self._run(_RECONCILE, [*self._windows(call.at), self._key("limits")], [*limits, *usage, *FIRST_LIMITS])

    def use_up(self, call: Reservation) -> None:
        """Close the quarter of an hour of a call that was refused (429) without a word on usage."""
        full = (-1, -1, -1, -1, "limit", -1, "limit", -1)
        self._run(_RECONCILE, [*self._windows(call.at), self._key("limits")], [*full, *FIRST_LIMITS])

    def switched_off(self, call: Reservation) -> datetime:
        """Note that Strava refused a call because the application is off; until when no other is made."""
        wait = [int(t.total_seconds()) for t in (INACTIVE_FIRST, INACTIVE_LONGEST)]
        until = self._run(_BREAK, [self._key("inactive")], [int(call.at.timestamp()), *wait])
        moment = _moment(int(until)) if until is not None else call.at + INACTIVE_FIRST
        self._alone.inactive_until = moment
        return moment

    def answered(self, call: Reservation) -> None:
        """Note that Strava served a call: the application is on."""
        self._alone.inactive_until = None
        if call.after_break and self._redis is not None:
            try:
                self._redis.delete(self._key("inactive"))
            except redis.RedisError as error:
                _warn(error)

    def state(self) -> StravaBudget | None:
        """What is used of each window and whether the application is off; None: Redis does not answer."""
        now = self._clock()
        if self._redis is None:
            return None
        try:
            with self._redis.pipeline(transaction=False) as ask:
                for key in (*self._windows(now), self._key("limits"), self._key("inactive")):
                    ask.hgetall(key)
                quarter, day, limits, inactive = ask.execute()
        except redis.RedisError as error:
            _warn(error)
            return None
        ends = (quarter_start(now) + QUARTER, day_start(now) + DAY)
        quotas = tuple(
            min(
                (
                    Quota(name, int(used.get(kind, 0)), int(limits.get(f"{kind}_{name}", FIRST_LIMITS[i])), end)
                    for kind, i in (("read", place), ("overall", place + 2))
                ),
                key=lambda quota: quota.limit - quota.used,
            )
            for place, (name, used, end) in enumerate(zip(_WINDOWS, (quarter, day), ends, strict=True))
        )
        if not inactive:
            return StravaBudget(quotas, None, None)
        return StravaBudget(quotas, _moment(int(inactive["since"])), _moment(int(inactive["until"])))

    def _key(self, name: str) -> str:
        return f"{self._keys}:{name}"

    def _windows(self, at: datetime) -> tuple[str, str]:
        return self._key(f"{quarter_start(at):%Y-%m-%dT%H:%M}"), self._key(f"{day_start(at):%Y-%m-%d}")

    def _run(self, script: str, keys: list[str], values: Iterable[int | str]) -> Any:
        """The script's answer; None if Redis gives none."""
        if self._redis is None:
            return None
        try:
            return self._scripts[script](keys=keys, args=list(values))
        except redis.RedisError as error:
            _warn(error)
            return None


class _Alone:
    """What a process allows itself while it cannot ask the others: little, never everything."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used: dict[tuple[str, datetime], int] = {}
        self.inactive_until: datetime | None = None

    def check(self, now: datetime) -> Reservation:
        if self.inactive_until is not None and now < self.inactive_until:
            raise AppInactive(INACTIVE_WORDS, self.inactive_until)
        return Reservation(now)

    def reserve(self, now: datetime, percent: int) -> Reservation:
        call = self.check(now)
        windows = (("quarter", quarter_start(now)), ("day", day_start(now)))
        with self._lock:
            used = [self._used.get(w, 0) for w in windows]
            if any(u >= limit * percent // 100 for u, limit in zip(used, ALONE_LIMITS, strict=True)):
                raise RateLimited(
                    now + ALONE_AGAIN, "without the broker few calls of Strava are made, to keep its rate limit,"
                )
            self._used = {w: u + 1 for w, u in zip(windows, used, strict=True)}
        return call


def _inactive_until(moment: int) -> AppInactive:
    return AppInactive(INACTIVE_WORDS, _moment(moment))


def _moment(epoch_s: int) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)


def _warn(error: redis.RedisError) -> None:
    log.warning("Strava's limits cannot be shared with other processes: %s", type(error).__name__)
