"""What stands in a mail or a push: the row of the outbox in, its content out."""

from collections.abc import Callable
from datetime import datetime

from loadwatch.domain.alerts import AlertState
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.text import Speech, Units
from loadwatch.domain.wording import ceiling_text, load_ceiling_text
from loadwatch.emails import EmailContent, Reader
from loadwatch.emails.alert import alert_mail
from loadwatch.emails.receipt import receipt_mail
from loadwatch.emails.retraction import retraction_mail
from loadwatch.emails.weekly import weekly_mail
from loadwatch.services.ports import AthleteProfile, Clock, OutboxItem, Tx
from loadwatch.services.sync import completeness_of
from loadwatch.services.views import ceilings_of, week_of


class Letters:
    """
    Writes what the outbox asks for, by what is stored now.

    Parameters
    ----------
    speech : callable
        A language by its code, with units.
    inactive_since : callable
        Since when Strava has switched the application off.
    """

    def __init__(
        self,
        clock: Clock,
        base_url: str,
        speech: Callable[[str, Units], Speech],
        *,
        inactive_since: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._base_url = base_url
        self._speech = speech
        self._inactive_since = inactive_since

    def write(self, tx: Tx, profile: AthleteProfile, item: OutboxItem) -> EmailContent | None:
        """The content of a mail, None if what it was about is gone."""
        match item.kind:
            case "weekly":
                return self._weekly(tx, profile, IsoWeek.parse(item.subject))
            case "receipt":
                return self._receipt(tx, profile, int(item.subject))
            case "retraction":
                return self._retraction(tx, profile, int(item.subject))
            case _:
                return self._alert(tx, profile, int(item.subject.partition(".")[0]), again=item.kind == "again")

    def _reader(self, profile: AthleteProfile, stop_url: str | None = None) -> Reader:
        speech = self._speech(profile.language, profile.units)
        return Reader(profile.name, profile.timezone, speech, self._base_url, stop_url)

    def _weekly(self, tx: Tx, profile: AthleteProfile, week: IsoWeek) -> EmailContent:
        known = completeness_of(tx, profile.id, self._clock(), self._inactive_since())
        report = week_of(tx, profile, week, known=known)
        return weekly_mail(report, self._reader(profile))

    def _receipt(self, tx: Tx, profile: AthleteProfile, receipt_id: int) -> EmailContent | None:
        receipt = tx.receipt(profile.id, receipt_id)
        if receipt is None:
            return None
        return receipt_mail(receipt.why, receipt.at, receipt.counts, self._reader(profile))

    def _retraction(self, tx: Tx, profile: AthleteProfile, alert_id: int) -> EmailContent | None:
        alert = tx.alert(profile.id, alert_id)
        if alert is None or alert.state is not AlertState.RETRACTED:
            return None  # corrected back before this left: it holds again
        cause = tx.transitions(profile.id, alert.id)[-1].cause
        return retraction_mail(alert, cause, self._reader(profile))

    def _alert(self, tx: Tx, profile: AthleteProfile, alert_id: int, *, again: bool) -> EmailContent | None:
        alert = tx.alert(profile.id, alert_id)
        if alert is None or (again and alert.state is not AlertState.FIRING):
            return None  # gone, or read in the meantime
        detail = tx.run_detail(profile.id, alert.run_id) if alert.run_id else None
        ceilings = ceilings_of(tx, profile, self._clock())
        return alert_mail(
            alert,
            detail.run if detail else None,
            ceiling_text(ceilings.mileage),
            self._reader(profile),
            more_ceilings=[load_ceiling_text(c) for c in (ceilings.hills, ceilings.fast)],
        )
