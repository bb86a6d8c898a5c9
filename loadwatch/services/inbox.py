"""A push becomes a row before it is answered."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from loadwatch.services.ports import Clock, Database, Nudge, PushEvent
from loadwatch.services.sync_ports import Quarantine

DAY = timedelta(days=1)

QUARANTINE_PER_DAY = 1000
"""
Design choice: more events than this that are nobody's are not kept in a day. Whoever learns the address can send any
number of them; what is lost of an athlete's own the list finds. They are kept as long as other events, see `rights`.
"""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a push."""

    inbox_id: int | None
    """None: the very same body is there already."""
    quarantined: str | None
    dropped: bool = False
    """The quarantine took no more today."""


class InboxService:
    """Keeps events. Needs a database and nothing else; the nudge may fail unseen."""

    def __init__(self, database: Database, nudge: Nudge, clock: Clock) -> None:
        self._database = database
        self._nudge = nudge
        self._clock = clock

    def record(self, event: PushEvent) -> Receipt:
        """
        Keep an event durably, then wake a worker.

        An event of a subscription that is not ours, or of an athlete whom we do not know, is kept in
        quarantine: a wrong setting must be visible, not a loss.
        """
        digest = hashlib.sha256(event.canonical_body.encode()).hexdigest()
        now, reason = self._clock(), None
        with self._database.inbox() as tx:
            inbox_id = tx.add_expected(event, digest, now)
            if inbox_id is None:
                ours, athlete_id = tx.addressee(event.owner_id)
                if ours is not None and event.subscription_id != ours:
                    reason = f"subscription {event.subscription_id} is not ours ({ours})"
                elif athlete_id is None:
                    reason = f"no athlete here is connected to Strava's athlete {event.owner_id}"
                if reason and tx.n_quarantined(now - DAY, QUARANTINE_PER_DAY) >= QUARANTINE_PER_DAY:
                    return Receipt(None, reason, dropped=True)
                # With no reason it is there already, or what was missing has come this very moment.
                inbox_id = tx.add(event, digest, "quarantined" if reason else "pending", reason, now)
        if inbox_id is not None and reason is None:
            self._nudge.inbox(inbox_id)
        return Receipt(inbox_id, reason)

    def quarantine(self) -> Quarantine:
        """What lies in quarantine, and why."""
        since = self._clock() - DAY
        with self._database.read() as tx:
            return tx.quarantine(since, reasons=5)
