"""A valid access token, refreshed by one worker at a time."""

import logging
import time
from datetime import timedelta

from loadwatch.domain.text import say
from loadwatch.services.errors import NeedsReauth, RefreshRejected, StravaUnavailable
from loadwatch.services.ports import Clock, Connection, Database, Strava, TokenPair

REFRESH_BEFORE = timedelta(minutes=30)
"""Refresh a token with less life left than this, so that it outlives the work it is fetched for."""

LEASE = timedelta(seconds=45)
"""How long one worker may ask for a new pair; longer than the slowest answer that we wait for."""


KEEP_AGAIN_S = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0)
"""Pauses between the attempts to store a new pair; all of them fit into a task's time. [s]"""

log = logging.getLogger(__name__)


class TokenService:
    """
    Hands out access tokens.

    Strava's refresh token is used once: of two workers who refresh at the same time one would be refused and
    the athlete thrown out. So the row is claimed first, in a transaction of its own (no network call lies
    inside one), the new pair is committed before it is used, and the others wait and read it.
    """

    def __init__(self, database: Database, strava: Strava, clock: Clock) -> None:
        self._database = database
        self._strava = strava
        self._clock = clock

    def access_token(self, athlete_id: int, *, refused: str | None = None) -> str:
        """
        A token that should be good for the next minutes.

        Parameters
        ----------
        refused : str or None
            A token that Strava has just refused (401): do not hand out this one again.

        Raises
        ------
        NeedsReauth
            If the athlete must connect again.
        StravaUnavailable
            If a refresh is needed and Strava does not answer.
        """
        deadline = time.monotonic() + LEASE.total_seconds()
        while True:
            with self._database.read() as tx:
                connection = tx.connection(athlete_id)
            if connection is None or connection.state != "connected":
                raise NeedsReauth(say("Strava is not connected"))
            fresh = connection.expires_at - self._clock() > REFRESH_BEFORE
            if fresh and connection.access_token != refused:
                return connection.access_token
            now = self._clock()
            with self._database.write() as tx:
                mine = tx.claim_refresh(connection, now, now + LEASE)
            if mine:
                return self._refresh(connection)
            if time.monotonic() > deadline:
                raise StravaUnavailable("another worker has been refreshing this athlete's token for too long")
            time.sleep(0.05)

    def _refresh(self, connection: Connection) -> str:
        try:
            pair = self._strava.refresh(connection.refresh_token)
        except RefreshRejected as error:
            with self._database.write() as tx:
                gone = tx.fail_refresh(connection.athlete_id, connection.refresh_token, needs_reauth=True)
                if gone:
                    tx.log_sync(connection.athlete_id, "needs_reauth", str(error), self._clock())
            if gone:
                raise NeedsReauth(say("Strava refused to renew the connection")) from error
            return self.access_token(connection.athlete_id)  # a new connection was made meanwhile
        except Exception:
            with self._database.write() as tx:
                tx.fail_refresh(connection.athlete_id, connection.refresh_token, needs_reauth=False)
            raise
        kept = self.keep(connection, pair)
        # Not kept: the pair of a connection that was made meanwhile is newer than ours.
        return pair.access_token if kept else self.access_token(connection.athlete_id)

    def keep(self, seen: Connection, pair: TokenPair) -> bool:
        """
        Store the pair that was given for the refresh token seen; False if another one is stored by now.

        The old pair is spent, so a database that is away for a moment is waited for.
        """
        for wait_s in KEEP_AGAIN_S:
            try:
                return self._keep(seen, pair)
            except Exception as error:  # whatever the database's driver raises
                log.warning("a new pair of tokens could not be stored yet (%s)", type(error).__name__)
                time.sleep(wait_s)
        return self._keep(seen, pair)

    def _keep(self, seen: Connection, pair: TokenPair) -> bool:
        with self._database.write() as tx:
            return tx.put_tokens(seen.athlete_id, pair, seen.refresh_token)
