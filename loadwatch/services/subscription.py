"""The application's one push subscription at Strava: made, looked after, ended; and the operator's call to Strava."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from loadwatch.services.errors import AppInactive, LoadwatchError, RateLimited, StravaError
from loadwatch.services.ports import Clock, Database, Subscriptions
from loadwatch.services.sync_ports import SubscriptionCheck, SubscriptionState

EVERY = timedelta(days=1)
"""How often Strava is asked whether the subscription is still there: they were seen to end without a word."""

AGAIN = timedelta(minutes=10)
"""When a look is repeated that Strava did not answer, or a subscription that could not be made anew."""

AGAIN_UNASKED = timedelta(hours=6)
"""When a look is repeated that the operator must act on."""

AT_START = timedelta(minutes=10)
"""A worker that starts looks again if the last look is older than this."""

log = logging.getLogger(__name__)


class SubscriptionService:
    """
    What the operator set up is restored, and nothing is set up that was not asked for.

    Parameters
    ----------
    subscriptions : callable
        The API for the operator's own calls (True) or for those in the background.
    probe : callable
        Makes one call although Strava has switched the application off; raises as any call does.
    callback_fault : callable
        What is wrong with the callback, asked as Strava asks; None if it answers rightly.
    """

    def __init__(
        self,
        database: Database,
        subscriptions: Callable[[bool], Subscriptions],
        probe: Callable[[], None],
        callback_fault: Callable[[], str | None],
        clock: Clock,
        callback_url: str,
        verify_token: str,
    ) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._probe = probe
        self._callback_fault = callback_fault
        self._clock = clock
        self._callback_url = callback_url
        self._verify_token = verify_token

    # by the operator

    def subscribe(self) -> list[str]:
        """
        Subscribe, after a test of the callback; what was done, in lines.

        Raises
        ------
        LoadwatchError
            If the callback does not answer, or Strava refuses.
        """
        fault = self._callback_fault()
        if fault:
            raise LoadwatchError(
                f"the callback {masked(self._callback_url)} does not work: {fault}. LOADWATCH_BASE_URL must be the"
                " address at which Strava reaches this server from outside, and the server must be running"
            )
        api = self._subscriptions(True)
        lines = [f"callback {masked(self._callback_url)} answers"]
        for existing in api.list():
            if existing.get("callback_url") != self._callback_url:
                raise StravaError(
                    f"the application is subscribed elsewhere, at {masked(str(existing.get('callback_url')))}: Strava"
                    " allows one. End it with `loadwatch strava unsubscribe`"
                )
            self._keep(int(existing["id"]))
            return [*lines, f"subscription {existing['id']} is there already"]
        subscription_id = api.create(self._callback_url, self._verify_token)
        self._keep(subscription_id)
        return [*lines, f"subscribed: {subscription_id}"]

    def unsubscribe(self) -> list[str]:
        """End every subscription of the application; what was done, in lines."""
        api = self._subscriptions(True)
        ended = [int(s["id"]) for s in api.list()]
        for subscription_id in ended:
            api.delete(subscription_id)
        now = self._clock()
        with self._database.write() as tx:
            tx.put_subscription(None, "", now)
            tx.put_subscription_check(SubscriptionCheck(now, "none", _NONE, now + AGAIN_UNASKED))
        return [f"ended subscription {i}" for i in ended] or ["there was no subscription"]

    def status(self) -> tuple[bool, list[str]]:
        """Whether all is well, and what there is to say; at Strava nothing is changed."""
        state, says, there = self._look(self._subscriptions(True))
        fault = self._callback_fault()
        with self._database.read() as tx:
            kept = tx.subscription_id()
        lines = [
            f"kept here: {kept or 'none'}",
            *[f"at Strava: {s.get('id')} -> {masked(str(s.get('callback_url')))}" for s in there],
            says,
            f"callback {masked(self._callback_url)}: {fault or 'answers'}",
        ]
        return state == "ok" and fault is None, lines

    def ask_now(self) -> None:
        """
        Ask Strava once whether it lets this application in again, and go on with what waits if it does.

        Raises
        ------
        AppInactive
            If the application is still off: when Strava is next asked stays as it was.
        LoadwatchError
            If Strava does not say.
        """
        self._probe()
        with self._database.write() as tx:
            tx.wake_refused(self._clock())

    # by the clock

    def check_if_due(self, *, at_start: bool = False) -> SubscriptionCheck | None:
        """Look at Strava's list if that is due; what was found, None if it was not due."""
        now = self._clock()
        stale_before = now - (AT_START if at_start else 2 * EVERY)
        with self._database.write() as tx:
            if not tx.claim_subscription_check(now, now + AGAIN, stale_before):
                return None
        return self.check()

    def check(self) -> SubscriptionCheck:
        """
        Look at Strava's list, note what it shows, and make ours anew where it is gone.

        A subscription that pushes to another address is left alone: it may be another server's.
        """
        next_at: datetime | None = None
        state: SubscriptionState
        try:
            state, says, _ = self._look(self._subscriptions(False))
            if state == "gone":
                state, says = self._make_anew()
        except (RateLimited, AppInactive) as error:
            state, says, next_at = "unknown", f"Strava was not asked: {error}", error.until
        except StravaError as error:
            state, says = "unknown", f"Strava did not say: {error}"
        now = self._clock()
        wait = {"ok": EVERY, "none": AGAIN_UNASKED, "elsewhere": AGAIN_UNASKED}.get(state, AGAIN)
        check = SubscriptionCheck(now, state, says, max(next_at or now, now + wait))
        with self._database.write() as tx:
            tx.put_subscription_check(check)
        if state not in ("ok", "unknown"):
            log.warning("the push subscription: %s", says)
        return check

    def last_check(self) -> SubscriptionCheck | None:
        with self._database.read() as tx:
            return tx.subscription_check()

    def _look(self, api: Subscriptions) -> tuple[SubscriptionState, str, list[dict[str, Any]]]:
        """The state, its words, and what is at Strava; one of ours that is known by another number is taken over."""
        with self._database.read() as tx:
            kept, told = tx.subscription_id(), tx.subscription_callback()
        there = api.list()
        for subscription in there:
            if subscription.get("callback_url") == self._callback_url:
                number = int(subscription["id"])
                if (number, self._callback_url) != (kept, told):
                    self._keep(number)
                return "ok", f"Strava pushes here, by subscription {number}", there
        if there:
            where = masked(str(there[0].get("callback_url")))
            says = (
                f"the application’s one subscription pushes to {where}, not here: no run arrives by itself. {_TAKE}"
            )
            return "elsewhere", says, there
        if kept is None:
            return "none", _NONE, there
        if told != self._callback_url:
            says = f"the subscription is gone, and this server’s address is another one by now. {_TAKE}"
            return "elsewhere", says, there
        return "gone", f"subscription {kept} is gone at Strava: no run arrives by itself", there

    def _make_anew(self) -> tuple[SubscriptionState, str]:
        fault = self._callback_fault()
        if fault:
            return "gone", (
                "the subscription is gone at Strava and cannot be made anew: the callback"
                f" {masked(self._callback_url)} does not work: {fault}. LOADWATCH_BASE_URL must be the"
                " address at which Strava reaches this server"
            )
        number = self._subscriptions(False).create(self._callback_url, self._verify_token)
        self._keep(number)
        with self._database.write() as tx:
            tx.read_lists_at(self._clock())  # what was pushed to nobody meanwhile
        log.warning("the push subscription was gone at Strava and was made anew: %s", number)
        return "ok", f"the subscription was gone at Strava and was made anew: {number}"

    def _keep(self, subscription_id: int) -> None:
        now = self._clock()
        with self._database.write() as tx:
            tx.put_subscription(subscription_id, self._callback_url, now)
            tx.release_quarantine()
            tx.put_subscription_check(
                SubscriptionCheck(now, "ok", f"Strava pushes here, by subscription {subscription_id}", now + EVERY)
            )


_NONE = "Strava was never asked to push here, so no run arrives by itself: `loadwatch strava subscribe`"
_TAKE = "If it is to push here: `loadwatch strava unsubscribe`, then `subscribe`"


def masked(url: str) -> str:
    """An address without its last part, which is secret."""
    return url.rpartition("/")[0] + "/***"
