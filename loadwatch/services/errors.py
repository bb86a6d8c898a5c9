"""Errors by what to do next; adapters translate their tools' own errors into these."""

from datetime import datetime
from typing import Final

from loadwatch.domain.text import say


class LoadwatchError(Exception):
    """Something a person can be told in one sentence."""

    @property
    def words(self) -> str:
        """The sentence, as a `Text` where it was made as one: `str(error)` is plain English."""
        return self.args[0] if len(self.args) == 1 and isinstance(self.args[0], str) else str(self)


class StravaError(LoadwatchError):
    """Strava did not give what was asked."""


class NotFound(StravaError):
    """No such activity, not yet or no longer (404)."""


class Unauthorized(StravaError):
    """The token was refused (401): refresh once, then ask the athlete to connect again."""


USED_UP: Final = say("Strava's rate limit is used up")


class RateLimited(StravaError):
    """Too many requests (429), or as many as we may make: wait until `until`, the end of the window."""

    def __init__(self, until: datetime, why: str = USED_UP) -> None:
        super().__init__(say("{why} until {time} UTC", why=why, time=f"{until:%H:%M}"))
        self.until = until


class AppInactive(StravaError):
    """The whole API application is switched off (403 Inactive): only the operator can mend it."""

    def __init__(self, message: str, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until
        """When a call is next tried; None: not known."""


class StravaUnavailable(StravaError):
    """A fault on the way or on Strava's side: try again later."""


class RefreshRejected(StravaError):
    """The refresh token is no longer valid (400)."""


class NeedsReauth(LoadwatchError):
    """Strava no longer lets us in for this athlete: they must connect again."""


class NotYours(LoadwatchError):
    """There is no such thing, or it belongs to somebody else; the asker learns no difference."""


class StorageFull(LoadwatchError):
    """The disk takes nothing more: what came before is safe, the rest must come again later."""


class SignupClosed(LoadwatchError):
    """No further accounts are made here."""


class AccountExists(LoadwatchError):
    """The e-mail address is taken."""


class WrongPassword(LoadwatchError):
    """The password is not right."""


class StravaTaken(LoadwatchError):
    """The Strava account is connected to another athlete here."""


class MailRefused(LoadwatchError):
    """This mail was refused for good: do not try it again."""


class AddressRefused(MailRefused):
    """The address does not exist, or takes no mail any more: send no other there either."""


class ChannelRefused(MailRefused):
    """A way beside the mail takes nothing any more: switch it off."""


class MailDelayed(LoadwatchError):
    """The mail could not be taken now: try it again later."""


class MailWayDown(MailDelayed):
    """No mail can leave, as the mail server is away or does not let us in: nothing is wrong with any of them."""


class MailUncertain(LoadwatchError):
    """The mail's content has left and nobody said whether it was taken: do not try again."""
