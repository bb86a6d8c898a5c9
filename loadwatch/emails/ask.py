"""The question of the morning after: how do the thighs feel?"""

from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.domain.activity import Run
from loadwatch.domain.alerts import Alert
from loadwatch.domain.text import Text, day_text, distance_text, joined, say, sentences
from loadwatch.emails import EmailContent, Reader
from loadwatch.emails.parts import Paragraph, Part, Title
from loadwatch.emails.render import mail, one_line
from loadwatch.emails.taps import FeelLinks, feel_choices

_DECIDES: Final = say("What you feel decides, what you ran only adds to it.")
_SESSION: Final = "session_"


def ask_mail(
    alert: Alert, run: Run | None, day: date, reader: Reader, *, links: FeelLinks | None = None
) -> EmailContent:
    """
    The mail that asks how the thighs feel.

    Parameters
    ----------
    alert : Alert
        After which it is asked.
    run : Run or None
        The run that the alert speaks of; None of a check-in, and if it is gone by now.
    day : date
        The runner's day on which it is asked.
    """
    question = _question(alert, run, day, reader)
    url = f"{reader.base_url}/check-in"
    why = say("Asked because of “{title}”.", title=alert.title)
    parts: list[Part] = [Title(question), Paragraph(sentences(why, _DECIDES))]
    if links:
        parts.append(feel_choices(links))
    parts.append(Paragraph(say("Answer all questions instead"), url))
    return mail(
        parts,
        reader,
        subject=question,
        because=say("asking how it feels after a jump in load is switched on for you"),
        kicker=joined(" · ", (one_line(reader.name), day_text(day, year=True))),
        short=why,
        url=url,
    )


def _question(alert: Alert, run: Run | None, day: date, reader: Reader) -> Text:
    if not alert.is_of_run:
        told = alert.at.astimezone(ZoneInfo(reader.timezone)).date()
        return say("How do the thighs feel since your check-in of {day}?", day=day_text(told))
    ran_on = run.local_date if run else alert.at.astimezone(ZoneInfo(reader.timezone)).date()
    yesterday = ran_on == day - timedelta(days=1)
    metres = _distance_m(alert, run)
    if metres is None:
        if yesterday:
            return say("How do the thighs feel after yesterday’s run?")
        return say("How do the thighs feel after the run of {day}?", day=day_text(ran_on))
    far = distance_text(metres)
    if yesterday:
        return say("How do the thighs feel after yesterday’s {far}?", far=far)
    return say("How do the thighs feel after the {far} of {day}?", far=far, day=day_text(ran_on))


def _distance_m(alert: Alert, run: Run | None) -> float | None:
    """How far it was, where that is known: a session of several recordings is longer than the one that is at hand."""
    for reason in alert.reasons:
        if reason.quantity in ("run_distance", "session_distance"):
            return reason.value
    in_parts = any(reason.quantity.startswith(_SESSION) for reason in alert.reasons)
    return None if run is None or in_parts else run.distance_m
