"""
The port `Subscriptions`: the application's one push subscription.

Not through stravalib, which would write the secret into a log line with the address, and which the pages, whose
operator may ask too, are not to load.
"""

from typing import Any

import requests

from loadwatch.adapters.strava.answers import blames_the_application, of_status
from loadwatch.adapters.strava.limiter import INACTIVE_WORDS, CallClass, Limiter
from loadwatch.services.errors import AppInactive, StravaError, StravaUnavailable
from loadwatch.services.ports import Clock
from loadwatch.settings import Settings

TIMEOUT_S = (5, 30)
"""To connect, and between two bytes of an answer: Strava itself waits for our callback before it answers."""


class StravaSubscriptions:
    """
    Calls that Strava answers to the application, whoever its athletes are.

    Parameters
    ----------
    limiter : Limiter, optional
        The gate that all processes share; by default one for this object alone, which lets little through.
    calls : CallClass, optional
        None: one call that shows whether Strava has switched the application on again (`Limiter.probe`).
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        limiter: Limiter | None = None,
        calls: CallClass | None = "interactive",
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._limiter = limiter or Limiter(None, settings.strava_client_id, clock)
        self._calls = calls

    def _request(self, method: str, path: str = "", **kwargs: Any) -> Any:
        settings, limiter = self._settings, self._limiter
        fields = {
            "client_id": settings.strava_client_id,
            "client_secret": settings.strava_client_secret.get_secret_value(),
            **kwargs,
        }
        call = limiter.probe() if self._calls is None else limiter.reserve(self._calls)
        try:
            with requests.Session() as session:
                session.trust_env = False  # a proxy of the environment would see the secret
                response = session.request(
                    method,
                    f"{settings.strava_api_url}/push_subscriptions{path}",
                    data=fields if method == "POST" else None,
                    params=None if method == "POST" else fields,
                    timeout=TIMEOUT_S,
                )
        except requests.RequestException as error:
            # The text of such an error can hold the address with its secrets: its kind is enough.
            raise StravaUnavailable(f"Strava cannot be reached ({type(error).__name__})") from error
        if response.status_code == 403 and blames_the_application(response):
            raise AppInactive(INACTIVE_WORDS, limiter.switched_off(call))
        limiter.note(call, response.headers)
        if response.status_code == 429 and not call.is_told:
            limiter.use_up(call)
        if response.status_code == 400:
            raise StravaError(f"Strava refused: {response.text[:500]}")
        try:
            response.raise_for_status()
            found = response.json() if response.content else None
        except requests.JSONDecodeError as error:
            raise StravaUnavailable("Strava answered with something that is not JSON") from error
        except requests.HTTPError as error:
            raise of_status(error, self._clock()) from error
        limiter.answered(call)
        return found

    def create(self, callback_url: str, verify_token: str) -> int:
        answer = self._request("POST", callback_url=callback_url, verify_token=verify_token)
        try:
            return int(answer["id"])
        except (TypeError, KeyError, ValueError) as error:
            raise StravaUnavailable(f"Strava's answer cannot be read ({type(error).__name__})") from error

    def list(self) -> "list[dict[str, Any]]":
        found = self._request("GET") or []
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    def delete(self, subscription_id: int) -> None:
        self._request("DELETE", f"/{subscription_id}")
