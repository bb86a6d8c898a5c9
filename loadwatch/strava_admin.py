"""The app's push subscription, from the operator's side."""

import secrets
from typing import TYPE_CHECKING

import requests

from loadwatch.bootstrap import Services
from loadwatch.services.errors import LoadwatchError, StravaError

if TYPE_CHECKING:
    from loadwatch.adapters.strava.client import StravaSubscriptions


def _check_configured(services: Services) -> None:
    if not services.settings.strava_configured:
        raise LoadwatchError(
            "Strava is not set up: set LOADWATCH_STRAVA_CLIENT_ID and LOADWATCH_STRAVA_CLIENT_SECRET to those of your"
            " API application at https://www.strava.com/settings/api"
        )


def _masked(url: str) -> str:
    return url.rpartition("/")[0] + "/***"


def callback_fault(services: Services) -> str | None:
    """What is wrong with the callback, asked as Strava asks; None if it answers rightly."""
    settings = services.settings
    challenge = secrets.token_hex(8)
    asked = {
        "hub.mode": "subscribe",
        "hub.challenge": challenge,
        "hub.verify_token": settings.strava_verify_token.get_secret_value(),
    }
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.get(settings.callback_url, params=asked, timeout=2)  # Strava waits no longer
        except requests.RequestException as error:
            return f"it cannot be reached within 2 s ({type(error).__name__})"
    if answer.status_code != 200:
        return f"it answered {answer.status_code}, not 200"
    try:
        echoed = answer.json().get("hub.challenge")
    except (ValueError, AttributeError):
        return "it did not answer with JSON: another server may be listening there"
    return None if echoed == challenge else "it did not repeat the challenge"


def _subscriptions(services: Services) -> "StravaSubscriptions":
    from loadwatch.adapters.strava.client import StravaSubscriptions  # stravalib is slow to load

    return StravaSubscriptions(services.settings, services.clock)


def subscribe(services: Services) -> list[str]:
    """
    Subscribe, after a test of the callback; what was done, in lines.

    Raises
    ------
    LoadwatchError
        If Strava is not set up, the callback does not answer, or Strava refuses.
    """
    _check_configured(services)
    url = services.settings.callback_url
    fault = callback_fault(services)
    if fault:
        raise LoadwatchError(
            f"the callback {_masked(url)} does not work: {fault}. LOADWATCH_BASE_URL must be the address at which"
            " Strava reaches this server from outside, and the server must be running"
        )
    api = _subscriptions(services)
    lines = [f"callback {_masked(url)} answers"]
    for existing in api.list():
        if existing.get("callback_url") == url:
            _keep(services, int(existing["id"]), url)
            return [*lines, f"subscription {existing['id']} is there already"]
        raise StravaError(
            f"the application is subscribed elsewhere, at {_masked(str(existing.get('callback_url')))}: Strava allows"
            " one. End it with `loadwatch strava unsubscribe`"
        )
    subscription_id = api.create(url, services.settings.strava_verify_token.get_secret_value())
    _keep(services, subscription_id, url)
    return [*lines, f"subscribed: {subscription_id}"]


def _keep(services: Services, subscription_id: int | None, url: str) -> None:
    with services.store.write() as tx:
        tx.put_subscription(subscription_id, url, services.clock())
        tx.release_quarantine()


def status(services: Services) -> tuple[bool, list[str]]:
    """Whether all is well, and what there is to say."""
    _check_configured(services)
    url = services.settings.callback_url
    with services.store.read() as tx:
        kept = tx.subscription_id()
    there = _subscriptions(services).list()
    fault = callback_fault(services)
    lines = [
        f"kept here: {kept or 'none'}",
        *[f"at Strava: {s.get('id')} -> {_masked(str(s.get('callback_url')))}" for s in there],
    ]
    if not there:
        lines.append("at Strava: none; `loadwatch strava subscribe` makes one")
    lines.append(f"callback {_masked(url)}: {fault or 'answers'}")
    fine = fault is None and [s.get("id") for s in there] == [kept]
    if there and not fine and fault is None:
        lines.append("they differ: unsubscribe, then subscribe again")
    return fine, lines


def unsubscribe(services: Services) -> list[str]:
    """End every subscription of the application; what was done, in lines."""
    _check_configured(services)
    api = _subscriptions(services)
    ended = [int(s["id"]) for s in api.list()]
    for subscription_id in ended:
        api.delete(subscription_id)
    _keep(services, None, "")
    return [f"ended subscription {i}" for i in ended] or ["there was no subscription"]
