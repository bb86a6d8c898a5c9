"""What stands in a mail or a push: the row of the outbox in, its content out."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from loadwatch.domain.activity import Run, counted
from loadwatch.domain.alerts import Alert, AlertState
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.report import distance_points, symptoms_decide
from loadwatch.domain.text import Speech, Units
from loadwatch.domain.thresholds import SPIKE_WINDOW
from loadwatch.domain.wording import HURTS_FIRST, ceiling_text, load_ceiling_text
from loadwatch.emails import EmailContent, Picture, Reader
from loadwatch.emails.alert import alert_mail
from loadwatch.emails.ask import ask_mail
from loadwatch.emails.receipt import receipt_mail
from loadwatch.emails.red import red_mail
from loadwatch.emails.retraction import retraction_mail
from loadwatch.emails.taps import AlertLinks, FeelLinks
from loadwatch.emails.trial import trial_mail
from loadwatch.emails.weekly import weekly_mail
from loadwatch.services.facts import what_stands
from loadwatch.services.ports import AthleteProfile, Clock, OutboxItem, Tx
from loadwatch.services.telling_ports import LinkMaker, Pictures
from loadwatch.services.views import RehabOf, ceilings_of, week_of

REPLY_WORKS: Final = timedelta(days=7)
"""So long a mail can be answered with one tap. Design choice: as long as an alert of its kind lives."""
STOP_WORKS: Final = timedelta(days=365)
"""So long a mail can be used to end its kind. Design choice."""
PICTURED: Final = timedelta(days=60)
"""What the drawing of an alert on distance shows up to its run. Design choice."""


class Letters:
    """
    Writes what the outbox asks for, by what is stored now.

    Parameters
    ----------
    speech : callable
        A language by its code, with units.
    links : LinkMaker
        What the answers in a mail point to.
    pictures : callable
        Draws; asked for only when something is to be drawn, as it loads much.
    inactive_since : callable
        Since when Strava has switched the application off.
    rehab_of : RehabOf or None
        Tells of programmes.
    """

    def __init__(
        self,
        clock: Clock,
        base_url: str,
        speech: Callable[[str, Units], Speech],
        links: LinkMaker,
        pictures: Callable[[], Pictures],
        *,
        inactive_since: Callable[[], datetime | None] = lambda: None,
        rehab_of: RehabOf | None = None,
    ) -> None:
        self._clock = clock
        self._base_url = base_url
        self._speech = speech
        self._links = links
        self._pictures = pictures
        self._inactive_since = inactive_since
        self._rehab_of = rehab_of

    def write(self, tx: Tx, profile: AthleteProfile, item: OutboxItem) -> EmailContent | None:
        """The content of a mail, None if what it was about is gone."""
        match item.kind:
            case "weekly":
                return self._weekly(tx, profile, IsoWeek.parse(item.subject))
            case "receipt":
                return self._receipt(tx, profile, int(item.subject))
            case "retraction":
                return self._retraction(tx, profile, int(item.subject))
            case "ask":
                day, _, alert_id = item.subject.partition(".")
                return self._ask(tx, profile, date.fromisoformat(day), int(alert_id))
            case "test":
                return trial_mail(self._reader(profile))
            case _:
                return self._alert(tx, profile, int(item.subject.partition(".")[0]), again=item.kind == "again")

    def _reader(self, profile: AthleteProfile, stop: str | None = None) -> Reader:
        """Whom a mail is for, and what kind of mails its footer can end."""
        speech = self._speech(profile.language, profile.units)
        stop_url = self._link(profile, "stop", stop, STOP_WORKS) if stop else None
        return Reader(profile.name, profile.timezone, speech, self._base_url, stop_url)

    def _link(
        self, profile: AthleteProfile, purpose: str, about: str, works: timedelta = REPLY_WORKS, answer: str = ""
    ) -> str:
        return self._links.url(profile.id, purpose, about, self._clock() + works, answer)

    def _feel_links(self, profile: AthleteProfile, purpose: str, about: str) -> FeelLinks:
        return FeelLinks(
            *(self._link(profile, purpose, about, answer=answer) for answer in ("fine", "sore", "pain")),
        )

    def _weekly(self, tx: Tx, profile: AthleteProfile, week: IsoWeek) -> EmailContent:
        report = week_of(tx, profile, week, self._clock(), self._inactive_since(), self._rehab_of)

        def pain_url(problem_id: int, pain: int) -> str:
            return self._link(profile, "pain", f"{problem_id}.{week}", answer=str(pain))

        reader = self._reader(profile, "weekly")
        is_drawn = report.runs and report.previous  # else there is nothing to draw it over
        picture = self._pictures().week(report, reader.speech) if is_drawn else None
        return weekly_mail(report, reader, picture=picture, pain_url=pain_url)

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
        if alert.is_red:
            read_url = self._link(profile, "read", str(alert.id))
            return red_mail(alert, self._reader(profile), read_url=read_url, again=again)
        reader = self._reader(profile, "alerts")
        run = _run_of(tx, profile, alert)
        ceilings: list[str] = []
        if alert.is_of_load and not alert.symptom_level:
            ceilings = self._ceilings(tx, profile)
        return alert_mail(
            alert,
            run,
            reader,
            ceilings=ceilings,
            picture=self._picture(tx, profile, alert, run, reader.speech),
            links=self._alert_links(profile, alert),
        )

    def _ceilings(self, tx: Tx, profile: AthleteProfile) -> list[str]:
        """What the next run may bring of each load; while something hurts, that it decides."""
        now = self._clock()
        if symptoms_decide(*what_stands(tx, profile.id, now)):
            return [HURTS_FIRST]
        next_run = ceilings_of(tx, profile, now)
        return [ceiling_text(next_run.mileage), *map(load_ceiling_text, (next_run.hills, next_run.fast))]

    def _alert_links(self, profile: AthleteProfile, alert: Alert) -> AlertLinks:
        about = str(alert.id)
        return AlertLinks(
            self._feel_links(profile, "felt", about),
            not_useful=self._link(profile, "not_useful", about),
            planned=self._link(profile, "planned", about) if alert.is_of_load and not alert.symptom_level else None,
        )

    def _picture(
        self, tx: Tx, profile: AthleteProfile, alert: Alert, run: Run | None, speech: Speech
    ) -> Picture | None:
        """The distances of the last weeks, where an alert speaks of distance."""
        if run is None or alert.dedup_key.partition(":")[0] != "M":
            return None
        since = run.start - PICTURED
        runs = counted(tx.runs_between(profile.id, since - SPIKE_WINDOW, run.start + timedelta(seconds=1)))
        points = distance_points(runs, {run.id: alert.id}, since=since, thresholds=profile.thresholds)
        return self._pictures().distances(points, run.id, speech)

    def _ask(self, tx: Tx, profile: AthleteProfile, day: date, alert_id: int) -> EmailContent | None:
        alert = tx.alert(profile.id, alert_id)
        if alert is None or alert.state is AlertState.RETRACTED:
            return None  # there is nothing to ask about
        links = self._feel_links(profile, "ask", day.isoformat())
        return ask_mail(alert, _run_of(tx, profile, alert), day, self._reader(profile, "asks"), links=links)


def _run_of(tx: Tx, profile: AthleteProfile, alert: Alert) -> Run | None:
    detail = tx.run_detail(profile.id, alert.run_id) if alert.run_id is not None else None
    return detail.run if detail else None
