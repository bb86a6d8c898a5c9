"""Giving a connection back. Without stravalib, which knows no such call: the pages need no more than this."""

import logging

import requests

from loadwatch.settings import Settings

TIMEOUT_S = (3, 5)
"""Somebody waits for a page meanwhile."""

log = logging.getLogger(__name__)


def revoke(settings: Settings, token: str) -> bool:
    """
    Tell Strava that the application gives up an athlete's tokens; whether Strava took it.

    Parameters
    ----------
    token : str
        Access or refresh token: with one both end.
    """
    client = (settings.strava_client_id, settings.strava_client_secret.get_secret_value())
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(
                f"{settings.strava_oauth_url}/revoke", auth=client, data={"token": token}, timeout=TIMEOUT_S
            )
        except requests.RequestException as error:
            log.warning("Strava could not be told of a withdrawal (%s)", type(error).__name__)
            return False
    if not answer.ok:
        log.warning("Strava did not take a withdrawal: %s", answer.status_code)
    return answer.ok
