"""The mail of one alert: the fact, why it is told, what to do, and what the judgement rests on."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.domain.activity import Run
from loadwatch.domain.alerts import Alert
from loadwatch.domain.completeness import gap_text
from loadwatch.domain.rules import Reason
from loadwatch.domain.text import Text, day_text, joined, say
from loadwatch.domain.wording import QUANTITIES, quantity_text
from loadwatch.emails import EmailContent, Reader
from loadwatch.emails.parts import Button, Heading, Note, Paragraph, Part, Row, Table, Title
from loadwatch.emails.render import mail, one_line

_WEIGHTS: Final = {1: say("Note"), 2: say("Caution"), 3: say("Warning"), 4: say("Stop")}
_BECAUSE_RED: Final = say("a sign that must not be missed is mailed until you have said that you read it")
_GRADES: Final = {
    "A": say("a cohort of runners was followed"),
    "B": say("taken over from another sport"),
    "C": say("expert opinion, no study of this exact rule"),
}
_NONE: Final = "–"


def alert_mail(
    alert: Alert,
    run: Run | None,
    ceiling_sentence: str,
    reader: Reader,
    *,
    more_ceilings: Sequence[str] = (),
) -> EmailContent:
    """
    The mail of an alert that fires.

    Parameters
    ----------
    run : Run or None
        The run it speaks of; None if it is gone by now.
    ceiling_sentence : str
        How far the next run may go, in words (`domain.wording.ceiling_text`).
    more_ceilings : sequence of str
        How much of the other loads the next run may bring, in words (`domain.wording.load_ceiling_text`).
    """
    url = f"{reader.base_url}/alerts/{alert.id}"
    zone = ZoneInfo(reader.timezone)
    parts: list[Part] = [Title(alert.title), Paragraph(alert.message)]
    if alert.reasons:
        parts += [Heading(say("What was compared")), reason_table(alert.reasons)]
    parts += [Heading(say("What to do")), Paragraph(alert.action)]
    if alert.gap:
        parts += [Heading(say("Not all is here yet")), Paragraph(gap_text(alert.gap, zone))]
    # How far the next run may go is no question while something hurts.
    if alert.is_of_run and not alert.symptom_level:
        parts += [Heading(say("Your next run")), *map(Paragraph, (ceiling_sentence, *more_ceilings))]
    parts += [
        Button(say("Open this alert"), url),
        Note(
            say(
                "Evidence: grade {grade} — {study}. Grade {grade}: {meaning}.",
                grade=alert.evidence.grade,
                study=alert.evidence.citation,
                meaning=_GRADES[alert.evidence.grade],
            )
        ),
    ]
    if alert.coverage:
        parts.append(Note(say("Based on: {facts}.", facts=joined("; ", alert.coverage))))
    parts.append(Note(say("Rule {rule}, version {version}", rule=alert.rule, version=alert.rule_version)))
    return mail(
        parts,
        reader,
        subject=alert.title,
        because=_because(alert),
        kicker=joined(" · ", (one_line(reader.name), _WEIGHTS[max(1, alert.severity)], *_which(alert, run, reader))),
        short=alert.action,
        url=url,
    )


def _because(alert: Alert) -> Text:
    if alert.is_red:
        return _BECAUSE_RED
    if alert.is_of_run and not alert.symptom_level:
        return say("mail about jumps in load is switched on for you")
    return say("mail about jumps in load or what you reported is switched on for you")


def reason_table(reasons: Sequence[Reason]) -> Table:
    """The comparisons behind an alert, the deciding one first."""
    return Table(
        (say("This time"), say("Before"), say("Threshold")),
        tuple(
            Row(_name(r), (_shown(r, r.value), _before(r) or _NONE, _shown(r, r.threshold) or _NONE), r.window)
            for r in reasons
        ),
    )


def reason_notes(reasons: Sequence[Reason]) -> list[Note]:
    """The same, each as a line."""
    return [Note(_line(reason)) for reason in reasons]


def _line(r: Reason) -> Text:
    told = {"what": _name(r), "window": r.window, "value": _shown(r, r.value)}
    before, threshold = _before(r), _shown(r, r.threshold)
    if before and threshold:
        return say(
            "{what} ({window}): {value}; before: {before}; threshold: {threshold}",
            **told,
            before=before,
            threshold=threshold,
        )
    if before:
        return say("{what} ({window}): {value}; before: {before}", **told, before=before)
    if threshold:
        return say("{what} ({window}): {value}; threshold: {threshold}", **told, threshold=threshold)
    return say("{what} ({window}): {value}", **told)


def _name(reason: Reason) -> str:
    return QUANTITIES.get(reason.quantity, reason.quantity.replace("_", " "))


def _before(reason: Reason) -> str:
    # Of a ratio the baseline is 1 by its meaning: nothing to tell.
    return "" if reason.unit == "ratio" else _shown(reason, reason.baseline)


def _shown(reason: Reason, number: float | None) -> str:
    return "" if number is None else quantity_text(reason.quantity, number, reason.unit)


def _which(alert: Alert, run: Run | None, reader: Reader) -> tuple[str, ...]:
    if not alert.is_of_run:
        day = alert.at.astimezone(ZoneInfo(reader.timezone)).date()
        return (say("your check-in of {day}", day=day_text(day, year=True)),)
    if run is None:
        return (say("run of {day} (UTC)", day=day_text(alert.at.date(), year=True)),)
    return day_text(run.local_date, year=True), one_line(run.name)
