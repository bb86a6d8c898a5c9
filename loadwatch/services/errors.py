"""Errors by what to do next; adapters translate their tools' own errors into these."""

from datetime import datetime


class LoadwatchError(Exception):
    """Something a person can be told in one sentence."""


class StravaError(LoadwatchError):
    """Strava did not give what was asked."""


class NotFound(StravaError):
    """No such activity, not yet or no longer (404)."""


class Unauthorized(StravaError):
    """The token was refused (401): refresh once, then ask the athlete to connect again."""


class RateLimited(StravaError):
    """Too many requests (429): wait until `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"Strava's rate limit is used up until {until:%H:%M} UTC")
        self.until = until


class AppInactive(StravaError):
    """The whole API application is switched off (403 Inactive): only the operator can mend it."""


class StravaUnavailable(StravaError):
    """A fault on the way or on Strava's side: try again later."""


class RefreshRejected(StravaError):
    """The refresh token is no longer valid (400)."""


class NeedsReauth(LoadwatchError):
    """Strava no longer lets us in for this athlete: they must connect again."""


class NotYours(LoadwatchError):
    """There is no such thing, or it belongs to somebody else; the asker learns no difference."""


class SignupClosed(LoadwatchError):
    """No further accounts are made here."""


class AccountExists(LoadwatchError):
    """The e-mail address is taken."""


class StravaTaken(LoadwatchError):
    """The Strava account is connected to another athlete here."""


class MailRefused(LoadwatchError):
    """The mail server refused for good: do not try again."""


class MailDelayed(LoadwatchError):
    """The mail server could not take the mail now: try again later."""
