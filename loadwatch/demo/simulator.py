"""
A Strava that runs on this machine, as a process of its own.

It answers the part of Strava's API that loadwatch uses, with the real one's manners: refresh tokens that
rotate, rate limits in natural windows, a webhook handshake, pushes that come up to three times. What the real
one does only on a bad day (errors, hangs, empty streams, lost connections) it does on request, through the
control API under ``/_sim/``.

Start it with ``python -m loadwatch.demo.simulator``, or from Python with
`loadwatch.demo.simulator_client.start_simulator`.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import gzip
import io
import json
import math
import os
import queue
import re
import secrets
import signal
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

import requests
from flask import Flask, Response, g, redirect, render_template_string, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from loadwatch.demo.season import ATHLETE_ID

JsonDict = dict[str, Any]

ACTIVITY_SCOPES = ("activity:read", "activity:read_all")
DETAIL_ONLY_KEYS = frozenset(
    {"laps", "splits_metric", "splits_standard", "best_efforts", "segment_efforts", "calories", "device_name"}
    | {"description", "gear", "photos", "perceived_exertion", "prefer_perceived_exertion", "embed_token"}
)
FAULT_KINDS = ("status", "html", "hang", "delay", "late", "empty_streams", "not_found", "drop")
SHORT_WINDOW_S = 15 * 60
DAY_S = 24 * 60 * 60
PUSH_THREADS = 32
DROP = "loadwatch.drop"  # WSGI environ key: close the connection instead of answering
SYNTHESISE = object()  # in place of streams: make them up when somebody asks

AUTHORIZE_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Strava simulator: authorize</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
 body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#222}
 .note{border:2px dashed #777;border-radius:.4rem;padding:.6rem 1rem;background:#f6f6f6}
 label{display:block;margin:.4rem 0}
 button{font:inherit;padding:.5rem 1.4rem;margin:1rem .6rem 0 0;cursor:pointer}
</style></head><body>
<p class="note"><strong>This is the Strava simulator,</strong> a part of loadwatch that runs on this machine.
It is not Strava, and no real account is involved.</p>
<h1>Authorize application {{ client_id }}?</h1>
<form method="post" action="/oauth/authorize">
 <input type="hidden" name="client_id" value="{{ client_id }}">
 <input type="hidden" name="redirect_uri" value="{{ redirect_uri }}">
 <input type="hidden" name="state" value="{{ oauth_state }}">
 {% if athletes|length > 1 %}<label>Athlete <select name="athlete_id">
 {% for athlete in athletes %}<option value="{{ athlete }}">{{ athlete }}</option>{% endfor %}
 </select></label>{% endif %}
 <fieldset><legend>It would be allowed to use</legend>
 {% for scope in scopes %}
 <label><input type="checkbox" name="scope" value="{{ scope }}" checked> {{ scope }}</label>
 {% endfor %}</fieldset>
 <button type="submit" name="decision" value="authorize">Authorize</button>
 <button type="submit" name="decision" value="cancel">Cancel</button>
</form></body></html>
"""


class StravaError(Exception):
    """
    An error answer in Strava's own form.

    Parameters
    ----------
    status : int
        HTTP status.
    message : str
        Strava's ``message``.
    resource, field, code : str
        The one entry of Strava's ``errors``.
    """

    def __init__(self, status: int, message: str, resource: str, field: str, code: str) -> None:
        super().__init__(f"{status} {message}: {resource} {field} {code}")
        self.status = status
        self.body = {
            "message": message,
            "errors": [{"resource": resource, "field": field, "code": code}],
        }


def _not_found(resource: str = "Activity") -> StravaError:
    return StravaError(404, "Resource Not Found", resource, "", "not found")


def _bad_request(resource: str, field: str, code: str) -> StravaError:
    return StravaError(400, "Bad Request", resource, field, code)


def _unauthorised(resource: str = "Athlete", field: str = "access_token", code: str = "invalid") -> StravaError:
    return StravaError(401, "Authorization Error", resource, field, code)


def _inactive() -> StravaError:
    return StravaError(403, "Forbidden", "Application", "Status", "Inactive")


def parse_limits(value: str | Sequence[int]) -> tuple[int, int]:
    """
    Read a pair of rate limits.

    Parameters
    ----------
    value : str or sequence of int
        ``"200,2000"`` or ``[200, 2000]``: requests per 15 minutes, requests per day.

    Raises
    ------
    ValueError
        If it is not two whole numbers >= 0.
    """
    parts = value.split(",") if isinstance(value, str) else list(value)
    short, day = (int(part) for part in parts)
    if short < 0 or day < 0:
        raise ValueError(f"rate limits must be >= 0: {value!r}")
    return short, day


@dataclass
class RateWindow:
    """Usage of one of Strava's two budgets (overall, read) in the current natural windows."""

    limits: tuple[int, int]
    used: tuple[int, int] = (0, 0)
    windows: tuple[int, int] = (-1, -1)

    def roll(self, now_s: float) -> None:
        """Start again from zero in each window that has ended: at :00, :15, :30, :45 and at midnight UTC."""
        current = (int(now_s // SHORT_WINDOW_S), int(now_s // DAY_S))
        self.used = (
            self.used[0] if current[0] == self.windows[0] else 0,
            self.used[1] if current[1] == self.windows[1] else 0,
        )
        self.windows = current

    def count(self, now_s: float) -> str | None:
        """Count one request; the name of the limit it went over, or None. Refused requests count as well."""
        self.roll(now_s)
        short_over, day_over = (used >= limit for used, limit in zip(self.used, self.limits, strict=True))
        self.used = (self.used[0] + 1, self.used[1] + 1)
        return "15min" if short_over else "daily" if day_over else None


@dataclass
class Fault:
    """One thing that goes wrong on request, `times` times (None: until cleared)."""

    method: str
    path: str
    kind: str
    times: int | None = 1
    status: int | None = None
    seconds: float = 0.0
    body: Any = None

    def matches(self, method: str, path: str) -> bool:
        """Whether a request of this method and path (no query) is meant."""
        if self.times is not None and self.times <= 0:
            return False
        if self.kind == "empty_streams" and not path.endswith("/streams"):
            return False
        return fnmatchcase(method, self.method.upper()) and fnmatchcase(path, self.path)

    def as_json(self) -> JsonDict:
        """The fault as ``GET /_sim/state`` shows it."""
        return {"method": self.method, "path": self.path, "kind": self.kind, "times": self.times} | {
            "status": self.status,
            "seconds": self.seconds,
        }


@dataclass
class Grant:
    """What one athlete allowed the application, with the tokens that are good now."""

    athlete_id: int
    scope: tuple[str, ...]
    access_token: str
    refresh_token: str
    expires_at_s: float


@dataclass
class AccessToken:
    """An access token that was once handed out; it opens doors until `expires_at_s`."""

    athlete_id: int
    scope: tuple[str, ...]
    expires_at_s: float


@dataclass
class StoredActivity:
    """One activity: its record, its streams, and whether the list shows the record as it is."""

    record: JsonDict
    streams: Any  # dict, None or SYNTHESISE
    athlete_id: int
    verbatim: bool = False

    @property
    def activity_id(self) -> int:
        return int(self.record["id"])

    @property
    def is_private(self) -> bool:
        return bool(self.record.get("private")) or self.record.get("visibility") == "only_me"

    @property
    def start_s(self) -> float:
        """Epoch seconds of the start; 0 if the record has none. [s]"""
        text = self.record.get("start_date") or self.record.get("start_date_local")
        try:
            start = datetime.fromisoformat(str(text))
        except ValueError:
            return 0.0
        return (start if start.tzinfo else start.replace(tzinfo=UTC)).timestamp()

    def is_seen_by(self, token: AccessToken) -> bool:
        """Whether it is the athlete's own, and not hidden from this token's scope."""
        may_see = not self.is_private or "activity:read_all" in token.scope
        return may_see and self.athlete_id == token.athlete_id

    def summary(self) -> JsonDict:
        """The record as Strava's list shows it."""
        if self.verbatim:
            return self.record
        return {k: v for k, v in self.record.items() if k not in DETAIL_ONLY_KEYS} | {"resource_state": 2}

    def detail(self) -> JsonDict:
        """The record as Strava's detail shows it."""
        return {"laps": []} | self.record


@dataclass
class Options:
    """What can be changed while the simulator runs (``POST /_sim/options``)."""

    token_life: float = 21600.0
    """Life of a new access token. [s]"""
    always_rotate: bool = True
    """False: with over an hour left, a refresh answers with the tokens it already gave, as Strava does."""
    strict_access: bool = False
    """True: a refresh also ends the old access token at once."""
    push_delays: tuple[float, ...] = (0.0, 1.0, 2.0)
    """Wait before each attempt at a push; as many attempts as there are entries. [s]"""
    push_timeout: float = 2.0
    """How long a push or a handshake waits for its answer. [s]"""
    inactive: bool = False
    """True: every API call is 403, as for an application whose owner has no subscription."""
    clock_offset: float = 0.0
    """Added to the machine's clock, to reach the next rate window or the end of a token. [s]"""
    sample_every: float = 1.0
    """Time between the samples of made-up streams; watches that record sparsely take several seconds. [s]"""


class PushSender:
    """Sends webhook events in background threads and keeps a log of every attempt."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._jobs: queue.SimpleQueue[tuple[int, str, JsonDict, int | None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._last_id = 0
        self.pending = 0
        self.deliveries: deque[JsonDict] = deque(maxlen=5000)

    def send(self, url: str, body: JsonDict, attempts: int | None = None) -> int:
        """Queue one event for `url`; the number under which its attempts are logged."""
        with self._lock:
            self._last_id += 1
            delivery_id = self._last_id
            self.pending += 1
            if self._threads < min(PUSH_THREADS, self.pending):
                self._threads += 1
                threading.Thread(target=self._run, name=f"push-{self._threads}", daemon=True).start()
        self._jobs.put((delivery_id, url, body, attempts))
        return delivery_id

    def log(self) -> list[JsonDict]:
        """The attempts so far, oldest first."""
        with self._lock:
            return list(self.deliveries)

    def _run(self) -> None:
        while True:
            delivery_id, url, body, attempts = self._jobs.get()
            try:
                self._deliver(delivery_id, url, body, attempts)
            finally:
                with self._lock:
                    self.pending -= 1

    def _deliver(self, delivery_id: int, url: str, body: JsonDict, attempts: int | None) -> None:
        for attempt, delay_s in enumerate(self._options.push_delays[:attempts], start=1):
            time.sleep(delay_s)
            started = time.perf_counter()
            status, error = _post(url, body, self._options.push_timeout)
            with self._lock:
                self.deliveries.append(
                    {"id": delivery_id, "attempt": attempt, "url": url, "body": body, "status": status}
                    | {"error": error, "seconds": round(time.perf_counter() - started, 4), "at": time.time()}
                )
            if status == 200:
                return


def _post(url: str, body: JsonDict, timeout_s: float) -> tuple[int | None, str | None]:
    """POST JSON: (status, None), or (None, what went wrong)."""
    with requests.Session() as session:
        session.trust_env = False  # a proxy in the environment must not see, or swallow, local pushes
        try:
            answer = session.post(
                url, json=body, timeout=timeout_s, allow_redirects=False, headers={"Connection": "close"}
            )
        except requests.RequestException as error:
            return None, type(error).__name__
        return answer.status_code, None


class SimulatorState:
    """
    Everything the simulator knows, behind one lock.

    Parameters
    ----------
    client_id, client_secret : str
        The one application that may use this Strava.
    athlete_id : int
        The athlete who is there from the start. More appear with their first activity.
    rate_limits, read_rate_limits : tuple of int
        Requests per 15 minutes and per UTC day: all, and reads only (default: the same).
    redirect_hosts : iterable of str
        Hosts, besides this machine's own names, to which the authorize page may send the browser back.
    now : callable
        The clock, in epoch seconds.
    """

    def __init__(
        self,
        client_id: str = "1",
        client_secret: str = "s",
        *,
        athlete_id: int = ATHLETE_ID,
        rate_limits: tuple[int, int] = (100_000, 1_000_000),
        read_rate_limits: tuple[int, int] | None = None,
        redirect_hosts: Iterable[str] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        self.lock = threading.RLock()
        self.client_id = client_id
        self.client_secret = client_secret
        self.athlete_id = athlete_id
        self.athlete_ids: list[int] = [athlete_id]
        self.redirect_hosts = {"127.0.0.1", "localhost", "::1", *redirect_hosts}
        self.options = Options()
        self.overall = RateWindow(rate_limits)
        self.read = RateWindow(read_rate_limits or rate_limits)
        self.activities: dict[int, StoredActivity] = {}
        self.held: dict[int, StoredActivity] = {}
        self.codes: dict[str, tuple[int, tuple[str, ...]]] = {}
        self.grants: dict[int, Grant] = {}
        self.access_tokens: dict[str, AccessToken] = {}
        self.retired_refresh: dict[str, int] = {}
        self.refreshes: dict[str, Counter[str]] = {}
        self.subscription: JsonDict | None = None
        self.subscribing = False
        self.last_subscription_id = 1000
        self.faults: list[Fault] = []
        self.counters: Counter[str] = Counter()
        self.requests: deque[JsonDict] = deque(maxlen=1000)
        self.pushes = PushSender(self.options)
        self._now = now

    def now_s(self) -> float:
        """The simulator's time, in epoch seconds. [s]"""
        return self._now() + self.options.clock_offset

    def forget_runners(self) -> None:
        """Begin anew, without activities, tokens and faults; the push subscription stays."""
        with self.lock:
            for kept in (
                self.activities,
                self.held,
                self.codes,
                self.grants,
                self.access_tokens,
                self.retired_refresh,
                self.refreshes,
                self.faults,
                self.counters,
                self.requests,
            ):
                kept.clear()
            self.athlete_ids = [self.athlete_id]

    # ---- OAuth ----

    def new_code(self, athlete_id: int, scope: tuple[str, ...]) -> str:
        """A code that can be exchanged for tokens once."""
        with self.lock:
            code = secrets.token_hex(20)
            self.codes[code] = (athlete_id, scope)
            return code

    def exchange_code(self, code: str) -> JsonDict:
        """Tokens and athlete for a code. Raises StravaError 400 if the code is unknown or used."""
        with self.lock:
            if code not in self.codes:
                raise _bad_request("RequestToken", "code", "invalid")
            athlete_id, scope = self.codes.pop(code)
            self._retire(athlete_id)
            return self._issue(athlete_id, scope) | {"athlete": self.athlete(athlete_id)}

    def refresh(self, refresh_token: str) -> JsonDict:
        """
        Tokens for a refresh token, which stops working at that moment.

        Raises
        ------
        StravaError
            400 if the token is not, or no longer, the athlete's refresh token.
        """
        with self.lock:
            grant = next((each for each in self.grants.values() if each.refresh_token == refresh_token), None)
            athlete_id = grant.athlete_id if grant else self.retired_refresh.get(refresh_token)
            counts = self.refreshes.setdefault(str(athlete_id or "unknown"), Counter())
            counts["attempts"] += 1
            if grant is None:
                counts["failures"] += 1
                raise _bad_request("RefreshToken", "refresh_token", "invalid")
            counts["successes"] += 1
            if not self.options.always_rotate and grant.expires_at_s - self.now_s() > 3600:
                return self._tokens(grant)
            self.retired_refresh[grant.refresh_token] = grant.athlete_id
            if self.options.strict_access:
                self.access_tokens.pop(grant.access_token, None)
            return self._issue(grant.athlete_id, grant.scope)

    def _issue(self, athlete_id: int, scope: tuple[str, ...]) -> JsonDict:
        expires_at_s = self.now_s() + self.options.token_life
        grant = Grant(athlete_id, scope, secrets.token_hex(20), secrets.token_hex(20), expires_at_s)
        self.grants[athlete_id] = grant
        self.access_tokens[grant.access_token] = AccessToken(athlete_id, scope, expires_at_s)
        return self._tokens(grant)

    def _tokens(self, grant: Grant) -> JsonDict:
        return {
            "token_type": "Bearer",
            "access_token": grant.access_token,
            "expires_at": int(grant.expires_at_s),
            "expires_in": max(0, round(grant.expires_at_s - self.now_s())),
            "refresh_token": grant.refresh_token,
        }

    def _retire(self, athlete_id: int) -> bool:
        """End everything the athlete allowed; whether there was anything."""
        grant = self.grants.pop(athlete_id, None)
        if grant:
            self.retired_refresh[grant.refresh_token] = athlete_id
        for token in [t for t, known in self.access_tokens.items() if known.athlete_id == athlete_id]:
            del self.access_tokens[token]
        return grant is not None

    def deauthorise(self, athlete_id: int, push: bool = True) -> bool:
        """Take both tokens away and say so by a push; whether the athlete had authorised the application."""
        with self.lock:
            had_grant = self._retire(athlete_id)
            if had_grant and push:
                self.push_event("athlete", athlete_id, "update", athlete_id, {"authorized": "false"})
            return had_grant

    def athlete_of_token(self, token: str) -> int | None:
        """Whose access or refresh token this is; None if it is not good for anything."""
        with self.lock:
            if token in self.access_tokens:
                return self.access_tokens[token].athlete_id
            return next((each.athlete_id for each in self.grants.values() if each.refresh_token == token), None)

    def expire_tokens(self) -> int:
        """End the life of every access token now; how many there were."""
        with self.lock:
            for token in self.access_tokens.values():
                token.expires_at_s = 0.0
            for grant in self.grants.values():
                grant.expires_at_s = 0.0
            return len(self.access_tokens)

    def bearer(self, token: str | None) -> AccessToken:
        """The access token behind a Bearer header. Raises StravaError 401 if missing, unknown or expired."""
        with self.lock:
            known = self.access_tokens.get(token or "")
            if known is None or known.expires_at_s <= self.now_s():
                raise _unauthorised()
            return known

    def athlete(self, athlete_id: int) -> JsonDict:
        """The athlete as the token answer and ``GET /athlete`` show them."""
        return {
            "id": athlete_id,
            "username": f"runner{athlete_id}",
            "resource_state": 2,
            "firstname": "Robin",
            "lastname": "Example",
            "city": None,
            "state": None,
            "country": None,
            "sex": None,
            "premium": False,
            "summit": False,
            "created_at": "2020-01-01T08:00:00Z",
            "updated_at": "2024-01-01T08:00:00Z",
            "badge_type_id": 0,
            "weight": None,
            "profile_medium": "avatar/athlete/medium.png",
            "profile": "avatar/athlete/large.png",
            "friend": None,
            "follower": None,
        }

    # ---- activities ----

    def load(self, records: Iterable[JsonDict], held: bool, athlete_id: int | None = None) -> int:
        """
        Take over summaries as they are; how many.

        Parameters
        ----------
        records : iterable of dict
            Strava's own activity records, each with an ``id``.
        held : bool
            True: nobody sees them until `release`.
        athlete_id : int, optional
            Whose they are; default the athlete named in the first record that names one.
        """
        with self.lock:
            shelf = self.held if held else self.activities
            count = 0
            for record in records:
                named = (record.get("athlete") or {}).get("id")
                if athlete_id is None and named is not None:
                    athlete_id = int(named)
                    self.athlete_id, self.athlete_ids = athlete_id, [athlete_id]
                stored = StoredActivity(record, SYNTHESISE, athlete_id or self.athlete_id, verbatim=True)
                shelf[stored.activity_id] = stored
                count += 1
            return count

    def add(self, activity: Mapping[str, Any], streams: Any, push: bool) -> int:
        """Store (or replace) one activity and push its creation; its id."""
        with self.lock:
            record = dict(activity)
            if record.get("id") is None:
                record["id"] = max([16_000_000_000, *self.activities, *self.held]) + 1
            athlete = record.get("athlete") or {"id": self.athlete_id, "resource_state": 1}
            record["athlete"] = athlete
            stored = StoredActivity(record, streams, int(athlete["id"]))
            if stored.athlete_id not in self.athlete_ids:
                self.athlete_ids.append(stored.athlete_id)
            self.activities[stored.activity_id] = stored
            if push:
                self.push_event("activity", stored.activity_id, "create", stored.athlete_id, {})
            return stored.activity_id

    def update(self, activity_id: int, changes: Mapping[str, Any], updates: JsonDict | None, push: bool) -> JsonDict:
        """Change fields of an activity; the ``updates`` of its push. Raises StravaError 404 if unknown."""
        with self.lock:
            stored = self._stored(activity_id)
            stored.record = stored.record | dict(changes)
            if updates is None:
                updates = _pushed_updates(changes)
            if push:
                self.push_event("activity", activity_id, "update", stored.athlete_id, updates)
            return updates

    def delete(self, activity_id: int, push: bool) -> None:
        """Remove an activity. Raises StravaError 404 if unknown."""
        with self.lock:
            stored = self._stored(activity_id)
            del self.activities[activity_id]
            if push:
                self.push_event("activity", activity_id, "delete", stored.athlete_id, {})

    def release(self, ids: Sequence[int] | None, count: int | None, push: bool) -> list[int]:
        """Let held activities appear, by id or the next `count` in order of start (None: all); their ids."""
        with self.lock:
            in_time = sorted(self.held.values(), key=lambda each: (each.start_s, each.activity_id))
            if ids is None:
                chosen = in_time if count is None else in_time[:count]
            else:
                unknown = [each for each in ids if each not in self.held]
                if unknown:
                    raise _not_found()
                chosen = [self.held[each] for each in ids]
            for stored in chosen:
                self.activities[stored.activity_id] = self.held.pop(stored.activity_id)
                if push:
                    self.push_event("activity", stored.activity_id, "create", stored.athlete_id, {})
            return [stored.activity_id for stored in chosen]

    def _stored(self, activity_id: int) -> StoredActivity:
        stored = self.activities.get(activity_id)
        if stored is None:
            raise _not_found()
        return stored

    def visible(self, token: AccessToken, activity_id: int) -> StoredActivity:
        """An activity that this token may see. Raises StravaError 401 (no scope) or 404 (nothing to see)."""
        with self.lock:
            _require_activity_scope(token)
            stored = self.activities.get(activity_id)
            if stored is None or not stored.is_seen_by(token):
                raise _not_found()
            return stored

    def listed(
        self, token: AccessToken, after_s: float | None, before_s: float | None, page: int, per_page: int
    ) -> list[JsonDict]:
        """One page of summaries: newest first, but oldest first if `after_s` is given. [s]"""
        with self.lock:
            _require_activity_scope(token)
            mine = [each for each in self.activities.values() if each.is_seen_by(token)]
            mine = [
                each
                for each in mine
                if (after_s is None or each.start_s > after_s) and (before_s is None or each.start_s < before_s)
            ]
            mine.sort(key=lambda each: (each.start_s, each.activity_id), reverse=after_s is None)
            return [each.summary() for each in mine[(page - 1) * per_page : page * per_page]]

    # ---- pushes, faults, limits ----

    def push_event(
        self, object_type: str, object_id: int, aspect_type: str, owner_id: int, updates: JsonDict
    ) -> bool:
        """Send one event to the subscription's callback; False if there is no subscription."""
        with self.lock:
            if self.subscription is None:
                return False
            body = {
                "aspect_type": aspect_type,
                "event_time": int(self.now_s()),
                "object_id": object_id,
                "object_type": object_type,
                "owner_id": owner_id,
                "subscription_id": self.subscription["id"],
                "updates": updates,
            }
            self.pushes.send(self.subscription["callback_url"], body)
            return True

    def take_fault(self, method: str, path: str) -> Fault | None:
        """The fault this request runs into, counted as used."""
        with self.lock:
            for fault in self.faults:
                if fault.matches(method, path):
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
            return None

    def count_request(self, token: str | None, is_read: bool) -> str | None:
        """Count an API request; the limit it went over, or None. Without a known token it costs nothing."""
        with self.lock:
            if (token or "") not in self.access_tokens:
                return None
            now_s = self.now_s()
            over = self.overall.count(now_s)
            over_read = self.read.count(now_s) if is_read else None
            if over:
                return f"{over} rate limit"
            return f"{over_read} read rate limit" if over_read else None

    def limit_headers(self) -> dict[str, str]:
        """Strava's four rate limit headers."""
        with self.lock:
            now_s = self.now_s()
            self.overall.roll(now_s)
            self.read.roll(now_s)
            return {
                "X-RateLimit-Limit": "{},{}".format(*self.overall.limits),
                "X-RateLimit-Usage": "{},{}".format(*self.overall.used),
                "X-ReadRateLimit-Limit": "{},{}".format(*self.read.limits),
                "X-ReadRateLimit-Usage": "{},{}".format(*self.read.used),
            }

    def set_options(self, changes: Mapping[str, Any]) -> None:
        """
        Change options.

        Raises
        ------
        ValueError
            If an option is unknown or its value makes no sense; then nothing is changed.
        """
        with self.lock:
            new = {key: _option(key, value) for key, value in changes.items()}
            for key, value in new.items():
                if key == "rate_limits":
                    self.overall.limits = value
                    if "read_rate_limits" not in new:
                        self.read.limits = value
                elif key == "read_rate_limits":
                    self.read.limits = value
                elif key == "rate_usage":
                    for window in (self.overall, self.read):
                        window.roll(self.now_s())
                        window.used = value
                else:
                    setattr(self.options, key, value)

    def as_json(self) -> JsonDict:
        """What ``GET /_sim/state`` answers."""
        with self.lock:
            return {
                "counters": dict(self.counters),
                "refreshes": {
                    athlete: {key: counts[key] for key in ("attempts", "successes", "failures")}
                    for athlete, counts in self.refreshes.items()
                },
                "athlete_id": self.athlete_id,
                "athlete_ids": self.athlete_ids,
                "grants": {str(each.athlete_id): ",".join(each.scope) for each in self.grants.values()},
                "activities": len(self.activities),
                "held": len(self.held),
                "subscription": self.subscription,
                "deliveries": self.pushes.log(),
                "pending_pushes": self.pushes.pending,
                "faults": [fault.as_json() for fault in self.faults],
                "rate_limit": self.limit_headers(),
                "options": vars(self.options),
            }


def _require_activity_scope(token: AccessToken) -> None:
    if not any(scope in token.scope for scope in ACTIVITY_SCOPES):
        raise _unauthorised("AccessToken", "activity:read_permission", "missing")


def _option(key: str, value: Any) -> Any:
    """The checked value of one option."""
    if key in {"rate_limits", "read_rate_limits", "rate_usage"}:
        return parse_limits(value)
    if key in {"always_rotate", "strict_access", "inactive"}:
        return bool(value)
    if key == "push_delays":
        return tuple(max(0.0, float(each)) for each in value)
    if key in {"token_life", "push_timeout", "clock_offset"}:
        return float(value)
    if key == "sample_every":
        if not float(value) >= 1:
            raise ValueError("sample_every: at least 1 s")
        return float(value)
    raise ValueError(f"unknown option: {key}")


def _pushed_updates(changes: Mapping[str, Any]) -> JsonDict:
    """What Strava's push says about changes: only title, type and privacy."""
    updates: JsonDict = {}
    if "name" in changes:
        updates["title"] = changes["name"]
    if "sport_type" in changes or "type" in changes:
        updates["type"] = changes.get("type", changes.get("sport_type"))
    if "private" in changes:
        updates["private"] = "true" if changes["private"] else "false"
    return updates


# ---- streams ----


def synthesised_streams(record: Mapping[str, Any], sample_every_s: float = 1.0) -> dict[str, list[Any]] | None:
    """
    Cheap streams for a record that came without: an even pace along an out-and-back line.

    Parameters
    ----------
    record : mapping
        A Strava activity; uses distance [m], moving_time [s] and, if there, start_latlng [deg],
        average_heartrate [1/min], average_cadence [1/min] and total_elevation_gain [m].
    sample_every_s : float
        Least time between samples. [s]

    Returns
    -------
    dict or None
        Lists of equal length by stream name. None if the activity was typed in
        by hand or has no moving time.
    """
    moving_s = float(record.get("moving_time") or 0)
    if record.get("manual") or moving_s < 1:
        return None
    distance_m = float(record.get("distance") or 0)
    count = int(min(max(moving_s / sample_every_s, 1), 5000)) + 1
    share = [i / (count - 1) for i in range(count)]
    streams: dict[str, list[Any]] = {
        "time": [round(x * moving_s) for x in share],
        "distance": [round(x * distance_m, 1) for x in share],
        "velocity_smooth": [round(distance_m / moving_s, 3)] * count,
        "moving": [i > 0 for i in range(count)],
    }
    start = record.get("start_latlng")
    if start and len(start) == 2:
        lat_deg, lng_deg = float(start[0]), float(start[1])
        metre_deg = 1 / 111_195
        streams["latlng"] = [
            [round(lat_deg + min(x, 1 - x) * distance_m * metre_deg, 6), round(lng_deg, 6)] for x in share
        ]
        climb_m = float(record.get("total_elevation_gain") or 0)
        hills = max(1, round(climb_m / 20))
        low_m = float(record.get("elev_low") or 0)
        phases = [2 * math.pi * hills * x for x in share]
        streams["altitude"] = [round(low_m + climb_m / hills / 2 * (1 - math.cos(phase)), 1) for phase in phases]
        rise = math.pi * climb_m / max(distance_m, 1.0)
        streams["grade_smooth"] = [round(100 * rise * math.sin(phase), 1) for phase in phases]
    if record.get("average_heartrate"):
        mean = float(record["average_heartrate"])
        streams["heartrate"] = [round(mean + 10 * (x - 0.5)) for x in share]
    if record.get("average_cadence"):
        streams["cadence"] = [round(float(record["average_cadence"]))] * count
    return streams


def _stream_objects(streams: Mapping[str, Any], keys: Iterable[str]) -> dict[str, JsonDict]:
    """Streams in Strava's form. Strava adds distance, whether asked for it or not."""
    objects: dict[str, JsonDict] = {}
    for key in dict.fromkeys([*keys, "distance"]):
        values = streams.get(key)
        if values is None:
            continue
        if isinstance(values, dict):  # already in Strava's form
            objects[key] = values
            continue
        objects[key] = {
            "data": values,
            "series_type": "distance",
            "original_size": len(values),
            "resolution": "high",
        }
    return objects


# ---- the web application ----


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json; charset=utf-8")


def _bearer_token() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _basic_credentials() -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password


def _int_argument(name: str, default: int) -> int:
    value = request.args.get(name)
    try:
        return default if value is None else int(value)
    except ValueError:
        raise _bad_request("Application", name, "invalid") from None


def _time_argument(name: str) -> float | None:
    value = request.args.get(name)
    try:
        return None if value is None else float(value)
    except ValueError:
        raise _bad_request("Application", name, "invalid") from None


def _fault_answer(state: SimulatorState, fault: Fault) -> Response | None:
    """What a fault does to this request; None: it goes on as if nothing were wrong."""
    if fault.kind in {"hang", "delay"}:
        time.sleep(fault.seconds or (60.0 if fault.kind == "hang" else 1.0))
    if fault.kind == "delay":
        return None
    if fault.kind == "late":
        g.late_s = fault.seconds or 1.0
        return None
    if fault.kind in {"hang", "drop"}:
        request.environ[DROP] = True
        return Response(status=502)
    if fault.kind == "html":
        page = "<!doctype html><html><head><title>Oops</title></head><body>We'll be back soon.</body></html>"
        return Response(page, status=fault.status or 200, content_type="text/html; charset=utf-8")
    if fault.kind == "empty_streams":
        return _json({} if request.args.get("key_by_type", "").lower() == "true" else [])
    if fault.kind == "not_found":
        return _json(_not_found().body, 404)
    status = fault.status or 500
    bodies = {
        401: _unauthorised().body,
        403: _inactive().body,
        404: _not_found().body,
        429: _over_limit("rate limit"),
    }
    return _json(fault.body if fault.body is not None else bodies.get(status, {"message": "error"}), status)


def _over_limit(which: str) -> JsonDict:
    return {
        "message": "Rate Limit Exceeded",
        "errors": [{"resource": "Application", "field": which, "code": "exceeded"}],
    }


def create_app(state: SimulatorState) -> Flask:
    """The simulator as a Flask application on `state`."""
    app = Flask("loadwatch.demo.simulator", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    _add_bookkeeping(app, state)
    _add_oauth(app, state)
    _add_api(app, state)
    _add_subscriptions(app, state)
    _add_control(app, state)
    return app


def _is_metered(path: str) -> bool:
    """Whether a request counts toward the rate limits: API calls do, OAuth and subscriptions do not."""
    free = ("/api/v3/oauth/", "/api/v3/push_subscriptions")
    return path.startswith("/api/v3/") and not path.startswith(free)


def _add_bookkeeping(app: Flask, state: SimulatorState) -> None:
    @app.before_request
    def begin() -> Response | None:
        g.started = time.perf_counter()
        if request.path.startswith("/_sim/"):
            return None
        if _is_metered(request.path):
            over = state.count_request(_bearer_token(), is_read=request.method == "GET")
            if over:
                return _json(_over_limit(over), 429)
        fault = state.take_fault(request.method, request.path)
        if fault is not None:
            answer = _fault_answer(state, fault)
            if answer is not None:
                return answer
        if request.path.startswith("/api/v3/") and state.options.inactive:
            raise _inactive()
        return None

    @app.after_request
    def finish(response: Response) -> Response:
        time.sleep(g.get("late_s", 0.0))
        if request.path.startswith("/api/v3/"):
            response.headers.update(state.limit_headers())
        rule = request.url_rule.rule if request.url_rule else "(unknown)"
        query = [(k, v) for k, v in request.args.items(multi=True) if k not in {"client_secret", "access_token"}]
        entry = {
            "method": request.method,
            "path": request.path,
            "query": urlencode(query),
            "status": 0 if request.environ.get(DROP) else response.status_code,
            "ms": round(1000 * (time.perf_counter() - g.started), 2),
        }
        if not request.path.startswith("/_sim/"):  # control calls would only push the interesting ones out
            with state.lock:
                state.counters[f"{request.method} {re.sub(r'<[^>]*>', '<id>', rule)}"] += 1
                state.requests.append(entry)
        return response

    @app.errorhandler(StravaError)
    def strava_error(error: StravaError) -> Response:
        return _json(error.body, error.status)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        if request.path.startswith("/_sim/"):
            return _json({"error": error.description}, status)
        if status == 404:
            return _json(StravaError(404, "Record Not Found", "resource", "path", "invalid").body, 404)
        return _json({"message": error.name, "errors": []}, status)


def _add_oauth(app: Flask, state: SimulatorState) -> None:
    def checked_redirect(values: MultiDict[str, str]) -> str:
        if values.get("client_id") != state.client_id:
            raise _bad_request("Application", "client_id", "invalid")
        redirect_uri = values.get("redirect_uri", "")
        parts = urlsplit(redirect_uri)
        if parts.scheme not in {"http", "https"} or parts.hostname not in state.redirect_hosts:
            raise _bad_request("Application", "redirect_uri", "invalid")
        return redirect_uri

    def check_client(client_id: str | None, client_secret: str | None) -> None:
        if client_id != state.client_id:
            raise _bad_request("Application", "client_id", "invalid")
        if client_secret != state.client_secret:
            raise _unauthorised("Application", "", "invalid")

    @app.get("/oauth/authorize")
    def authorize_page() -> str:
        redirect_uri = checked_redirect(request.args)
        if request.args.get("response_type") != "code":
            raise _bad_request("Application", "response_type", "invalid")
        scopes = [scope for scope in request.args.get("scope", "").split(",") if scope]
        if not scopes:
            raise _bad_request("Authorize", "scope", "invalid")
        return render_template_string(
            AUTHORIZE_PAGE,
            client_id=state.client_id,
            redirect_uri=redirect_uri,
            oauth_state=request.args.get("state", ""),
            scopes=scopes,
            athletes=state.athlete_ids,
        )

    @app.post("/oauth/authorize")
    def authorize_decision() -> Any:
        redirect_uri = checked_redirect(request.form)
        oauth_state = request.form.get("state", "")
        if request.form.get("decision") == "authorize":
            scope = tuple(each for entry in request.form.getlist("scope") for each in entry.split(",") if each)
            athlete_id = request.form.get("athlete_id", default=state.athlete_id, type=int)
            code = state.new_code(athlete_id, scope)
            answer = {"state": oauth_state, "code": code, "scope": ",".join(scope)}
        else:
            answer = {"state": oauth_state, "error": "access_denied"}
        joint = "&" if urlsplit(redirect_uri).query else "?"
        return redirect(redirect_uri + joint + urlencode(answer), 302)

    @app.post("/oauth/token")
    def token() -> Response:
        user, password = _basic_credentials() or (None, None)
        check_client(request.form.get("client_id", user), request.form.get("client_secret", password))
        grant_type = request.form.get("grant_type", "authorization_code")
        if grant_type == "authorization_code":
            return _json(state.exchange_code(request.form.get("code", "")))
        if grant_type == "refresh_token":
            return _json(state.refresh(request.form.get("refresh_token", "")))
        raise _bad_request("Application", "grant_type", "invalid")

    @app.post("/oauth/revoke")
    def revoke() -> Response:
        credentials = _basic_credentials()
        if credentials != (state.client_id, state.client_secret):
            raise _unauthorised("Application", "", "invalid")
        revoked = request.form.get("token", "")
        if not revoked:
            raise _bad_request("Token", "token", "missing")
        athlete_id = state.athlete_of_token(revoked)
        if athlete_id is not None:  # RFC 7009: a token that is no good is revoked already
            state.deauthorise(athlete_id)
        return Response(status=200)

    @app.post("/api/v3/oauth/deauthorize")
    @app.post("/oauth/deauthorize")
    def deauthorize() -> Response:
        access_token = _bearer_token() or request.values.get("access_token")
        state.deauthorise(state.bearer(access_token).athlete_id)
        return _json({"access_token": access_token})


def _add_api(app: Flask, state: SimulatorState) -> None:
    @app.get("/api/v3/athlete")
    def athlete() -> Response:
        return _json(state.athlete(state.bearer(_bearer_token()).athlete_id))

    @app.get("/api/v3/athlete/zones")
    def zones() -> Response:
        token = state.bearer(_bearer_token())
        if "profile:read_all" not in token.scope:
            raise _unauthorised("AccessToken", "profile:read_permission", "missing")
        bounds = [0, 117, 146, 160, 175, -1]
        bands = [{"min": low, "max": high} for low, high in pairwise(bounds)]
        return _json({"heart_rate": {"custom_zones": False, "zones": bands}})

    @app.get("/api/v3/athlete/activities")
    def athlete_activities() -> Response:
        token = state.bearer(_bearer_token())
        page = max(1, _int_argument("page", 1))
        per_page = _int_argument("per_page", 30)
        if not 1 <= per_page <= 200:
            raise _bad_request("Application", "per page", "limit exceeded")
        after_s, before_s = _time_argument("after"), _time_argument("before")
        return _json(state.listed(token, after_s, before_s, page, per_page))

    @app.get("/api/v3/activities/<int:activity_id>")
    def activity(activity_id: int) -> Response:
        token = state.bearer(_bearer_token())
        return _json(state.visible(token, activity_id).detail())

    @app.get("/api/v3/activities/<int:activity_id>/streams")
    def streams(activity_id: int) -> Response:
        token = state.bearer(_bearer_token())
        stored = state.visible(token, activity_id)
        data = stored.streams
        if data is SYNTHESISE:
            data = synthesised_streams(stored.record, state.options.sample_every)
        if data is None or stored.record.get("manual"):
            raise _not_found()
        keys = [key for key in request.args.get("keys", "").split(",") if key]
        objects = _stream_objects(data, keys)
        if request.args.get("key_by_type", "").lower() == "true":
            return _json(objects)
        return _json([{"type": key} | value for key, value in objects.items()])


def _add_subscriptions(app: Flask, state: SimulatorState) -> None:
    def check_client() -> None:
        if request.values.get("client_id") != state.client_id:
            raise _bad_request("Application", "client_id", "invalid")
        if request.values.get("client_secret") != state.client_secret:
            raise _unauthorised("Application", "", "invalid")

    @app.get("/api/v3/push_subscriptions")
    def view() -> Response:
        check_client()
        return _json([state.subscription] if state.subscription else [])

    @app.post("/api/v3/push_subscriptions")
    def create() -> Response:
        check_client()
        callback_url = request.values.get("callback_url", "")
        verify_token = request.values.get("verify_token", "")
        if not callback_url or len(callback_url) > 255:
            raise _bad_request("PushSubscription", "callback url", "invalid")
        with state.lock:
            if state.subscription is not None or state.subscribing:
                raise _bad_request("PushSubscription", "", "already exists")
            state.subscribing = True
        try:
            # Not under the lock: the receiver may well ask us something before it answers.
            _shake_hands(callback_url, verify_token, state.options.push_timeout)
            with state.lock:
                state.last_subscription_id += 1
                at = datetime.fromtimestamp(state.now_s(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                state.subscription = {
                    "id": state.last_subscription_id,
                    "resource_state": 2,
                    "application_id": int(state.client_id) if state.client_id.isdigit() else 0,
                    "callback_url": callback_url,
                    "created_at": at,
                    "updated_at": at,
                }
                return _json({"id": state.last_subscription_id}, 201)
        finally:
            state.subscribing = False

    @app.delete("/api/v3/push_subscriptions/<int:subscription_id>")
    def delete(subscription_id: int) -> Response:
        check_client()
        with state.lock:
            if state.subscription is None or state.subscription["id"] != subscription_id:
                raise _not_found("PushSubscription")
            state.subscription = None
        return Response(status=204)


def _shake_hands(callback_url: str, verify_token: str, timeout_s: float) -> None:
    """Ask the callback to repeat a challenge. Raises StravaError 400 if it does not, or not in time."""
    challenge = secrets.token_hex(8)
    question = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.get(callback_url, params=question, timeout=timeout_s, allow_redirects=False)
            echoed = answer.json().get("hub.challenge") if answer.status_code == 200 else None
        except (requests.RequestException, AttributeError):
            echoed = None
            answer = None
    if answer is None or answer.status_code != 200:
        raise _bad_request("PushSubscription", "callback url", "GET to callback URL does not return 200")
    if echoed != challenge:
        raise _bad_request("PushSubscription", "callback url", "challenge not echoed")


def _add_control(app: Flask, state: SimulatorState) -> None:
    def body() -> JsonDict:
        if not request.get_data():
            return {}
        given = request.get_json(force=True)
        if not isinstance(given, dict):
            raise BadRequest("the body must be a JSON object")
        return given

    @app.get("/_sim/state")
    def show_state() -> Response:
        return _json(state.as_json())

    @app.post("/_sim/reset")
    def reset() -> Response:
        state.forget_runners()
        return _json({})

    @app.get("/_sim/activities")
    def show_activities() -> Response:
        with state.lock:
            in_time = sorted(state.activities.values(), key=lambda each: (each.start_s, each.activity_id))
            return _json([each.summary() for each in in_time])

    @app.get("/_sim/requests")
    def show_requests() -> Response:
        with state.lock:
            return _json(list(state.requests))

    @app.post("/_sim/activities")
    def add_activity() -> Response:
        given = body()
        if not isinstance(given.get("activity"), dict):
            raise BadRequest("'activity' must be an object")
        streams = given.get("streams", SYNTHESISE)
        return _json({"id": state.add(given["activity"], streams, bool(given.get("push")))}, 201)

    @app.post("/_sim/activities/<int:activity_id>/update")
    def update_activity(activity_id: int) -> Response:
        given = body()
        changes = given.get("changes", {})
        if "id" in changes or "athlete" in changes:
            raise BadRequest("an activity keeps its id and its athlete")
        updates = state.update(activity_id, changes, given.get("updates"), bool(given.get("push")))
        return _json({"id": activity_id, "updates": updates})

    @app.post("/_sim/activities/<int:activity_id>/delete")
    def delete_activity(activity_id: int) -> Response:
        state.delete(activity_id, bool(body().get("push")))
        return _json({"id": activity_id})

    @app.post("/_sim/release")
    def release() -> Response:
        given = body()
        return _json({"ids": state.release(given.get("ids"), given.get("count"), bool(given.get("push")))})

    @app.post("/_sim/push")
    def push() -> Response:
        given = body()
        url = given.get("url") or (state.subscription or {}).get("callback_url")
        if not url:
            raise BadRequest("there is no subscription, and no 'url' was given")
        return _json({"delivery_id": state.pushes.send(url, given.get("body", {}), given.get("attempts"))})

    @app.post("/_sim/faults")
    def add_fault() -> Response:
        given = body()
        if given.get("kind") not in FAULT_KINDS:
            raise BadRequest(f"'kind' must be one of {', '.join(FAULT_KINDS)}")
        fault = Fault(
            method=str(given.get("method", "*")),
            path=str(given.get("path", "*")),
            kind=given["kind"],
            times=given.get("times", 1),
            status=given.get("status"),
            seconds=float(given.get("seconds") or 0),
            body=given.get("body"),
        )
        with state.lock:
            state.faults.append(fault)
        return _json(fault.as_json(), 201)

    @app.delete("/_sim/faults")
    def clear_faults() -> Response:
        with state.lock:
            state.faults.clear()
        return _json({})

    @app.post("/_sim/deauthorise")
    def deauthorise() -> Response:
        given = body()
        athlete_id = int(given.get("athlete_id") or state.athlete_id)
        return _json({"deauthorised": state.deauthorise(athlete_id, bool(given.get("push", True)))})

    @app.post("/_sim/options")
    def options() -> Response:
        try:
            state.set_options(body())
        except (TypeError, ValueError) as error:
            raise BadRequest(str(error)) from error
        return _json(vars(state.options))

    @app.post("/_sim/tokens/expire")
    def expire_tokens() -> Response:
        return _json({"expired": state.expire_tokens()})


# ---- the process ----


class QuietHandler(WSGIRequestHandler):
    """
    Serves one connection, with keep-alive and without a log line per request.

    werkzeug's own `run_wsgi` closes every connection and waits 10 ms for stray input first; with thousands of
    requests per test that is most of the time. Here both sides of every message are short, so whole bodies
    are read and written.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one packet
    timeout = 120  # an idle connection holds a thread

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: ``/_sim/requests`` has it."""

    def log_error(self, format: str, *args: Any) -> None:
        """Say nothing: lost connections and timeouts are everyday here."""

    def run_wsgi(self) -> None:
        """Answer one request."""
        environ = self.make_environ()
        if not environ.get("wsgi.input_terminated"):
            environ["wsgi.input"] = io.BytesIO(self.rfile.read(int(environ.get("CONTENT_LENGTH") or 0)))
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str,
            headers: list[tuple[str, str]],
            exc_info: Any = None,
            /,
        ) -> Callable[[bytes], object]:
            started.append((status, headers))
            return lambda data: None

        answer = self.server.app(environ, start_response)
        content = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        if environ.get(DROP):
            self.close_connection = True
            return
        status, headers = started[-1]
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for key, value in headers:
            if key.lower() not in {"content-length", "connection"}:
                self.send_header(key, value)
        if int(code) not in {204, 304}:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def make_simulator_server(state: SimulatorState, host: str = "127.0.0.1", port: int = 0) -> BaseWSGIServer:
    """A threaded server for `state`, bound but not yet serving; port 0 takes a free one."""
    return make_server(host, port, create_app(state), threaded=True, request_handler=QuietHandler)


def read_records(path: Path) -> list[JsonDict]:
    """
    Activity records from a JSON list, gzipped if the name ends in ``.gz``.

    Raises
    ------
    ValueError
        If it is not a JSON list.
    OSError
        If the file cannot be read.
    """
    raw = path.read_bytes()
    records = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    if not isinstance(records, list):
        # A ValueError: it is the file's content that is wrong, not the type of an argument.
        raise ValueError(f"{path} does not hold a JSON list of activities")
    return cast(list[JsonDict], records)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadwatch.demo.simulator", description=__doc__.split("\n\n")[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 (default) takes a free one")
    parser.add_argument("--port-file", type=Path, help="write the port here once it listens")
    parser.add_argument("--from", dest="source", type=Path, help="JSON (.gz) list of Strava activity summaries")
    parser.add_argument("--held", action="store_true", help="activities of --from appear only through /_sim/release")
    parser.add_argument("--client-id", default="1")
    parser.add_argument("--client-secret", default="s")
    parser.add_argument("--athlete-id", type=int, help=f"default: as in --from, else {ATHLETE_ID}")
    parser.add_argument("--rate-limits", type=parse_limits, default=(100_000, 1_000_000), metavar="15MIN,DAY")
    parser.add_argument(
        "--read-rate-limits", type=parse_limits, metavar="15MIN,DAY", help="default: as --rate-limits"
    )
    parser.add_argument("--token-life", type=float, default=21600.0, help="seconds an access token lives")
    parser.add_argument("--redirect-host", action="append", default=[], help="further host to return browsers to")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the simulator until SIGTERM or Ctrl-C."""
    arguments = _arguments(argv)
    state = SimulatorState(
        arguments.client_id,
        arguments.client_secret,
        athlete_id=arguments.athlete_id or ATHLETE_ID,
        rate_limits=arguments.rate_limits,
        read_rate_limits=arguments.read_rate_limits,
        redirect_hosts=arguments.redirect_host,
    )
    state.set_options({"token_life": arguments.token_life})
    if arguments.source:
        state.load(read_records(arguments.source), arguments.held, arguments.athlete_id)
    server = make_simulator_server(state, arguments.host, arguments.port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"simulator listening on http://{arguments.host}:{server.port}", flush=True)
    if arguments.port_file:
        # Renamed into place: whoever waits for the file never reads half a number.
        unfinished = arguments.port_file.with_name(arguments.port_file.name + ".tmp")
        unfinished.write_text(f"{server.port}\n")
        os.replace(unfinished, arguments.port_file)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


if __name__ == "__main__":
    main()
