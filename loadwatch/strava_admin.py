"""Strava from the operator's side, as the command line asks for it: answers in lines."""

from loadwatch.bootstrap import Services
from loadwatch.services.errors import AppInactive, LoadwatchError
from loadwatch.services.inbox import QUARANTINE_PER_DAY


def _check_configured(services: Services) -> None:
    if not services.settings.strava_configured:
        raise LoadwatchError(
            "Strava is not set up: set LOADWATCH_STRAVA_CLIENT_ID and LOADWATCH_STRAVA_CLIENT_SECRET to those of your"
            " API application at https://www.strava.com/settings/api"
        )


def subscribe(services: Services) -> list[str]:
    """
    Subscribe, after a test of the callback; what was done, in lines.

    Raises
    ------
    LoadwatchError
        If Strava is not set up, the callback does not answer, or Strava refuses.
    """
    _check_configured(services)
    return services.subscription.subscribe()


def status(services: Services) -> tuple[bool, list[str]]:
    """Whether all is well, and what there is to say."""
    _check_configured(services)
    return services.subscription.status()


def unsubscribe(services: Services) -> list[str]:
    """End every subscription of the application; what was done, in lines."""
    _check_configured(services)
    return services.subscription.unsubscribe()


def resume(services: Services) -> tuple[bool, list[str]]:
    """Whether Strava lets the application in again, asked now, and what there is to say."""
    _check_configured(services)
    try:
        services.subscription.ask_now()
    except AppInactive as error:
        again = f"; it is asked by itself at {error.until:%Y-%m-%d %H:%M} UTC" if error.until else ""
        return False, [f"{error}{again}"]
    return True, ["Strava lets this application in: what waited is fetched within a minute"]


def quarantine(services: Services) -> list[str]:
    """What lies in quarantine, in lines."""
    kept = services.inbox.quarantine()
    if not kept.n:
        return ["nothing lies in quarantine"]
    lines = [
        f"{kept.n} events lie in quarantine, {kept.n_day} of the last day (at most {QUARANTINE_PER_DAY} are kept)"
    ]
    lines += [f"{each.n} x {each.reason}; last {each.last_at:%Y-%m-%d %H:%M} UTC" for each in kept.reasons]
    days = services.settings.strava_retention_days
    return [*lines, f"they are taken in by themselves if they become ours, and dropped after {days} days"]
