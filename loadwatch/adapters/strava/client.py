"""The port `Strava` on stravalib's protocol object: raw answers, our parser, one map of errors."""

import logging
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from loadwatch.adapters.strava import parse
from loadwatch.adapters.strava.answers import blames_the_application, of_status
from loadwatch.adapters.strava.limiter import INACTIVE_WORDS, CallClass, Limiter, Reservation
from loadwatch.domain.activity import Streams
from loadwatch.services.errors import (
    AppInactive,
    NotFound,
    RateLimited,
    RefreshRejected,
    StravaUnavailable,
    Unauthorized,
)
from loadwatch.services.ports import ActivityRecord, Clock, ListPage, TokenPair
from loadwatch.settings import Settings

# It asks for its own environment variables at each call; our tokens do not come from there.
os.environ.setdefault("SILENCE_TOKEN_WARNINGS", "true")

with warnings.catch_warnings():
    # stravalib's import sets the filters and the logging of warnings for the whole process.
    import stravalib
    from stravalib import exc as strava_exc
logging.captureWarnings(False)

TIMEOUT_S = (5, 30)
"""To connect, and between two bytes of an answer. stravalib itself sets none."""

KEPT_S = 15.0
"""How long after a call its connection is used again. [s] Design choice: in a burst each call saves the handshake;
what lay idle for longer the other side, or a router between, may have dropped without a word."""

_STRAVA = "https://www.strava.com"
STREAM_KEYS = "time,distance,latlng,altitude"
"""What the features are made of. Positions and samples stay in memory: only the features are stored."""


class _At(HTTPAdapter):
    """Sends what stravalib addresses to strava.com to a base address of ours, with a timeout."""

    def __init__(self, prefix: str, base: str) -> None:
        self._prefix = prefix
        self._base = base
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        assert request.url is not None  # prepared requests have one
        request.url = self._base + request.url.removeprefix(self._prefix)
        kwargs["timeout"] = kwargs.get("timeout") or TIMEOUT_S
        return super().send(request, *args, **kwargs)


def make_session(settings: Settings) -> requests.Session:
    """A session that reaches the API and the OAuth server where the settings say they are."""
    session = requests.Session()
    session.trust_env = False  # a proxy of the environment would see every token
    # The session serves all athletes: what one's answer sets must not go out with another's call.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for path, base in (("/api/v3", settings.strava_api_url), ("/oauth", settings.strava_oauth_url)):
        session.mount(_STRAVA + path, _At(_STRAVA + path, base))
    return session


@contextmanager
def _translated(clock: Clock) -> Iterator[None]:
    """The one map from what stravalib and requests raise to what we do about it."""
    try:
        yield
    except strava_exc.ObjectNotFound as error:
        raise NotFound("404 from Strava") from error
    except strava_exc.AccessUnauthorized as error:
        raise Unauthorized("Strava refused the token (401)") from error
    except strava_exc.ApplicationInactive as error:
        raise AppInactive(INACTIVE_WORDS) from error
    except requests.HTTPError as error:
        raise of_status(error, clock()) from error
    except requests.JSONDecodeError as error:
        raise StravaUnavailable("Strava answered with something that is not JSON") from error
    except requests.RequestException as error:
        # The text of such an error can hold the address with its secrets: its kind is enough.
        raise StravaUnavailable(f"Strava cannot be reached ({type(error).__name__})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StravaUnavailable(f"Strava's answer cannot be read ({type(error).__name__})") from error


class _Kept(threading.local):
    """A thread's session, and when it was last asked for."""

    session: requests.Session | None = None
    asked_s = 0.0


class StravaClient:
    """
    The API. One stravalib client a call, for it holds the token; the session below it is kept for each thread.

    Not to be shared across a fork: the connections would be.

    Parameters
    ----------
    limiter : Limiter, optional
        The gate that all processes share; by default one for this client alone, which lets little through.
    calls : CallClass
        What the calls are for: how much of Strava's limits they may use.
    """

    def __init__(
        self, settings: Settings, clock: Clock, limiter: Limiter | None = None, calls: CallClass = "live"
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._limiter = limiter or Limiter(None, settings.strava_client_id, clock)
        self._calls = calls
        self._kept = _Kept()

    def _session(self) -> requests.Session:
        kept, now_s = self._kept, time.monotonic()
        if kept.session is None or now_s - kept.asked_s > KEPT_S:
            if kept.session is not None:
                kept.session.close()
            kept.session = make_session(self._settings)
        kept.asked_s = now_s
        return kept.session

    def _protocol(self, access_token: str | None, call: Reservation | None = None) -> Any:
        def note(headers: Any, _method: str) -> None:
            if call is not None:
                self._limiter.note(call, headers)

        client = stravalib.Client(
            access_token=access_token,
            requests_session=self._session(),
            # Not the default one: it sleeps inside the worker, up to 21 hours.
            rate_limiter=note,  # type: ignore[arg-type]  # any callable will do
        )
        return client.protocol

    def _get(self, access_token: str, url: str, read: Callable[[Any], Any], **params: Any) -> Any:
        call = self._limiter.reserve(self._calls)
        try:
            with self._minding(call):
                found = read(self._protocol(access_token, call).get(url, **params))
        except NotFound:
            self._limiter.answered(call)
            raise
        except RateLimited:
            if not call.is_told:
                self._limiter.use_up(call)
            raise
        self._limiter.answered(call)
        return found

    @contextmanager
    def _minding(self, call: Reservation) -> Iterator[None]:
        """Errors in our words; that the application is switched off holds for the calls after this one too."""
        try:
            with _translated(lambda: call.at):
                yield
        except AppInactive as error:
            raise AppInactive(str(error), self._limiter.switched_off(call)) from error

    def check_access(self, access_token: str) -> None:
        self._get(access_token, "/athlete", lambda _: None)

    def activity(self, access_token: str, source_id: int) -> ActivityRecord:
        def read(raw: Any) -> ActivityRecord:
            return parse.activity(raw if isinstance(raw, dict) else {})

        record: ActivityRecord = self._get(access_token, "/activities/{id}", read, id=source_id)
        return record

    def streams(self, access_token: str, source_id: int) -> Streams | None:
        try:
            found: Streams | None = self._get(
                access_token,
                "/activities/{id}/streams",
                parse.streams,
                id=source_id,
                keys=STREAM_KEYS,
                key_by_type="true",
            )
        except NotFound:
            return None
        return found

    def list_page(self, access_token: str, after: datetime, page: int) -> ListPage:
        def read(raw: Any) -> ListPage:
            return parse.list_page(raw if isinstance(raw, list) else [])

        found: ListPage = self._get(
            access_token, "/athlete/activities", read, after=int(after.timestamp()), page=page, per_page=200
        )
        return found

    def refresh(self, refresh_token: str) -> TokenPair:
        settings = self._settings
        call = self._limiter.check()
        try:
            with self._minding(call):
                answer = self._protocol(None).refresh_access_token(
                    client_id=int(settings.strava_client_id),
                    client_secret=settings.strava_client_secret.get_secret_value(),
                    refresh_token=refresh_token,
                )
        except (Unauthorized, StravaUnavailable) as error:
            response = getattr(error.__cause__, "response", None)
            if response is None or response.status_code not in (400, 401):
                raise
            if blames_the_application(response):
                # Our own client id or secret is wrong: no athlete's connection is lost by that.
                raise AppInactive(
                    "Strava does not accept this application: check LOADWATCH_STRAVA_CLIENT_ID and _SECRET"
                ) from error
            raise RefreshRejected("Strava no longer accepts the refresh token") from error
        return TokenPair(
            access_token=answer["access_token"],
            refresh_token=answer["refresh_token"],
            expires_at=datetime.fromtimestamp(answer["expires_at"], UTC),
        )
