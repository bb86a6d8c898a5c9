"""Our own callback, asked as Strava asks it."""

import secrets

import requests

from loadwatch.settings import Settings

TIMEOUT_S = 2.0
"""Strava waits no longer. [s]"""


def callback_fault(settings: Settings) -> str | None:
    """What is wrong with the callback; None if it answers rightly."""
    challenge = secrets.token_hex(8)
    asked = {
        "hub.mode": "subscribe",
        "hub.challenge": challenge,
        "hub.verify_token": settings.strava_verify_token.get_secret_value(),
    }
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.get(settings.callback_url, params=asked, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            return f"it cannot be reached within 2 s ({type(error).__name__})"
    if answer.status_code != 200:
        return f"it answered {answer.status_code}, not 200"
    try:
        echoed = answer.json().get("hub.challenge")
    except (ValueError, AttributeError):
        return "it did not answer with JSON: another server may be listening there"
    return None if echoed == challenge else "it did not repeat the challenge"
