"""Mails: who gets which, when; claim, send, note the outcome."""

from datetime import datetime, timedelta

from loadwatch.domain.alerts import AlertState
from loadwatch.domain.findings import RED
from loadwatch.domain.telling import told_again
from loadwatch.domain.text import say
from loadwatch.services.errors import MailDelayed, MailRefused, MailUncertain
from loadwatch.services.letters import Letters
from loadwatch.services.ports import Clock, Database, Mailer, OutboxItem
from loadwatch.services.telling import ask, lay_out_weekly, tell

MAX_ATTEMPTS = 12
BUDGET = timedelta(seconds=15)
BACK_OFF_FIRST = timedelta(seconds=30)
BACK_OFF_LONGEST = timedelta(hours=1)


class NotifyService:
    """
    Sends what lies in the outbox.

    A mail is claimed before it is sent and its outcome noted after. A worker killed between the two leaves
    it claimed: it is shown as uncertain and not sent again, since a doubled warning is believed less.
    """

    def __init__(
        self,
        database: Database,
        mailer: Mailer,
        clock: Clock,
        letters: Letters,
    ) -> None:
        self._database = database
        self._mailer = mailer
        self._clock = clock
        self._letters = letters

    def deliver(self, outbox_id: int) -> str | None:
        """Send one mail if it is due and free; its new state."""
        with self._database.write() as tx:
            item = tx.claim_outbox(outbox_id, self._clock())
        if item is None:
            return None
        now = self._clock()
        try:
            with self._database.read() as tx:
                profile = tx.athlete(item.athlete_id)
                content = self._letters.write(tx, profile, item) if profile else None
        except Exception as error:
            # Nothing has left yet: perhaps the database was away for a moment.
            self._later(item, f"could not be written: {error!r}")
            raise
        if profile is None or content is None:
            return self._settle(item, "cancelled", error=say("what it was about is gone"))
        if not profile.email:
            return self._settle(item, "failed", error=say("no e-mail address is set"))
        try:
            self._mailer.send(content, to=profile.email, message_id=item.message_id, athlete_id=profile.id, at=now)
        except MailRefused as error:
            return self._settle(item, "failed", subject=content.subject, error=str(error))
        except MailDelayed as error:
            return self._later(item, str(error), content.subject)
        except MailUncertain as error:
            return self._settle(item, "claimed", subject=content.subject, error=str(error))
        except Exception as error:
            self._settle(item, "failed", subject=content.subject, error=f"could not be sent: {error!r}")
            raise
        return self._settle(item, "sent", subject=content.subject)

    def deliver_due(self, limit: int = 100) -> int:
        """
        Send what is due, as far as it can be done in a quarter of a minute; the number that left.

        A mail server that answers slowly must not take the task to its time limit in the middle of a mail.
        """
        began = self._clock()
        with self._database.read() as tx:
            due = tx.due_outbox_ids(began, limit)
        sent = 0
        for outbox_id in due:
            if self._clock() - began > BUDGET:
                break  # the sweep goes on with them
            sent += self.deliver(outbox_id) == "sent"
        return sent

    def _later(self, item: OutboxItem, error: str, subject: str | None = None) -> str:
        if item.attempts >= MAX_ATTEMPTS:
            return self._settle(item, "failed", subject=subject, error=f"given up: {error}")
        wait = min(BACK_OFF_FIRST * 2**item.attempts, BACK_OFF_LONGEST)
        return self._settle(item, "pending", subject=subject, error=error, again=self._clock() + wait)

    def _settle(
        self,
        item: OutboxItem,
        state: str,
        *,
        subject: str | None = None,
        error: str | None = None,
        again: datetime | None = None,
    ) -> str:
        with self._database.write() as tx:
            tx.settle_outbox(item.id, state, self._clock(), mail_subject=subject, error=error, next_attempt_at=again)
        return state

    def queue_weekly(self, batch: int = 500) -> int:
        """
        Lay out the summaries that are due; of how many athletes, with those who want none.

        Of the weeks that went by meanwhile only the newest is told. The row's key (athlete, kind, week, way) and the
        week that each athlete waits for make each exist once, however often this runs, and wherever they move.
        """
        n_due = batch
        total = 0
        while n_due == batch:
            now = self._clock()
            with self._database.write() as tx:
                due_now = tx.athletes_due_weekly(now, batch)
                n_due = len(due_now)
                lay_out_weekly(tx, due_now, now)
            total += n_due
        return total

    def queue_asks(self, limit: int = 100) -> int:
        """Lay out the questions how it feels whose morning has come, where that is still to be known; how many."""
        now = self._clock()
        with self._database.write() as tx:
            due_now = tx.due_asks(now, limit)
            return sum(ask(tx, athlete_id, alert_id, now) for athlete_id, alert_id in due_now)

    def expire(self, limit: int = 500) -> int:
        """Close alerts whose time has run out, and tell again of red flags that nobody has acknowledged."""
        now = self._clock()
        with self._database.write() as tx:
            spent = tx.expired_alerts(now, limit)
            for alert_id in spent:
                tx.move_alert(alert_id, AlertState.EXPIRED, "spent: its time is over", now)
            for athlete_id in tx.athletes_with_red_alerts(limit):
                profile = tx.athlete(athlete_id)
                assert profile is not None  # whose alerts they are
                for red in told_again(tx.red_alerts(athlete_id), now):
                    tell(tx, profile, "again", f"{red.alert_id}.{red.n_mails}", RED, now)
        return len(spent)
