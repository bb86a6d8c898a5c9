"""Mails: who gets which, when; claim, send, note the outcome."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from loadwatch.domain.alerts import AlertState, told_again
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.text import say
from loadwatch.services.errors import MailDelayed, MailRefused, MailUncertain
from loadwatch.services.letters import Letters
from loadwatch.services.ports import Clock, Database, Mailer, OutboxItem

WEEKLY_HOUR = 7
MAX_ATTEMPTS = 12
BUDGET = timedelta(seconds=15)
BACK_OFF_FIRST = timedelta(seconds=30)
BACK_OFF_LONGEST = timedelta(hours=1)


def next_monday_morning(after: datetime, timezone: str) -> datetime:
    """
    The first Monday 07:00 in a time zone after an instant.

    Returns
    -------
    datetime
        UTC. Where the clock skips 07:00 that day, the instant at which it would have been.
    """
    zone = ZoneInfo(timezone)
    local = after.astimezone(zone)
    monday = local.date() - timedelta(days=local.weekday())
    while True:
        at = datetime(monday.year, monday.month, monday.day, WEEKLY_HOUR, tzinfo=zone).astimezone(ZoneInfo("UTC"))
        if at > after:
            return at
        monday += timedelta(days=7)


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

    def queue_weekly(self, limit: int = 500) -> int:
        """
        Put the summaries of the week that has ended into the outbox, for athletes whose Monday has come.

        The row's key (athlete, kind, week) makes each exist once, however often this runs.
        """
        now = self._clock()
        with self._database.write() as tx:
            due = tx.athletes_due_weekly(now, limit)
            for profile in due:
                assert profile.next_weekly_at is not None  # it was due
                monday = now.astimezone(ZoneInfo(profile.timezone)).date()
                week = IsoWeek.of(monday).shifted(-1)
                if profile.weekly_mail and profile.email:
                    tx.add_outbox(profile.id, "weekly", str(week), now)
                tx.update_athlete(profile.id, next_weekly_at=next_monday_morning(now, profile.timezone))
        return len(due)

    def expire(self, limit: int = 500) -> int:
        """Close alerts whose time has run out, and tell again of red flags that nobody has acknowledged."""
        now = self._clock()
        with self._database.write() as tx:
            spent = tx.expired_alerts(now, limit)
            for alert_id in spent:
                tx.move_alert(alert_id, AlertState.EXPIRED, "spent: its time is over", now)
            for athlete_id in tx.athletes_with_red_alerts(limit):
                for red in told_again(tx.red_alerts(athlete_id), now):
                    tx.add_outbox(athlete_id, "again", f"{red.alert_id}.{red.n_mails}", now)
        return len(spent)
