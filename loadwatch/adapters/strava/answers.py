"""What Strava's refusals mean. Without stravalib, so that the pages may use it."""

from datetime import datetime

import requests

from loadwatch.adapters.strava.limiter import exhausted_until
from loadwatch.services.errors import NotFound, RateLimited, StravaError, StravaUnavailable, Unauthorized


def of_status(error: requests.HTTPError, now: datetime) -> StravaError:
    """An answer that is no success, in our words."""
    response = error.response
    status = response.status_code if response is not None else 0
    if status == 429 and response is not None:
        return RateLimited(exhausted_until(response.headers, now))
    if status == 401:
        return Unauthorized("Strava refused the token (401)")
    if status == 404:
        return NotFound("404 from Strava")
    return StravaUnavailable(f"Strava answered {status}")


def blames_the_application(response: requests.Response) -> bool:
    """Whether it is the application that Strava refuses, not the athlete's token."""
    try:
        errors = response.json().get("errors") or []
    except (ValueError, AttributeError):
        return False
    return any(isinstance(e, dict) and e.get("resource") == "Application" for e in errors)
