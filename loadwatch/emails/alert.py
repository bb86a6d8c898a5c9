"""The mail of one alert: the fact, why it is told, what to do, what to leave alone, and what it rests on."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.domain.activity import Run
from loadwatch.domain.alerts import Alert
from loadwatch.domain.completeness import gap_text
from loadwatch.domain.rules import Reason
from loadwatch.domain.text import Text, day_text, joined, say, sentences, sentences_of
from loadwatch.domain.wording import QUANTITIES, SEEK_HELP, quantity_text, worse_text
from loadwatch.emails import EmailContent, Picture, Reader
from loadwatch.emails.parts import (
    Bar,
    Bars,
    Button,
    Choice,
    Choices,
    Drawing,
    Heading,
    Note,
    Paragraph,
    Part,
    Row,
    Table,
    Title,
)
from loadwatch.emails.render import mail, one_line
from loadwatch.emails.taps import AlertLinks, feel_choices

_WEIGHTS: Final = {1: say("Note"), 2: say("Caution"), 3: say("Warning"), 4: say("Stop")}
_GRADES: Final = {
    "A": say("a cohort of runners was followed"),
    "B": say("taken over from another sport"),
    "C": say("expert opinion, no study of this exact rule"),
}
_NONE: Final = "–"

_TWO_DAYS: Final = say("The next 48 hours")
_THREE_DAYS: Final = say("The next 72 hours")
_HOW_LONG: Final = {
    **dict.fromkeys(("R-T1", "R-T2", "R-T3", "C-BSI"), _THREE_DAYS),
    **dict.fromkeys(("R-RTN", "R-M3", "S-STUCK"), say("What to do")),
}
"""How far the advice of a rule reaches, where that is not two days; of some it is weeks."""

_TELL_NEXT_MORNING: Final = say(
    "Tell how it feels the morning after the run: what you feel decides, what you ran only adds to it."
)
_TELL_AFTER_DESCENT: Final = say("Tell how it feels two days after the run: what you feel decides.")


def alert_mail(
    alert: Alert,
    run: Run | None,
    reader: Reader,
    *,
    ceilings: Sequence[str] = (),
    picture: Picture | None = None,
    links: AlertLinks | None = None,
) -> EmailContent:
    """
    The mail of an alert that fires, red flags left out: they have `red.red_mail`.

    Parameters
    ----------
    run : Run or None
        The run it speaks of; None if it is gone by now.
    ceilings : sequence of str
        How far the next run may go, and what it may bring of the other loads, in words. Not said while something
        hurts.
    picture : Picture or None
        The runs of the last weeks; without it the comparison is drawn as two bars.
    """
    url = f"{reader.base_url}/alerts/{alert.id}"
    steps = tuple(step for step in sentences_of(alert.action) if step != SEEK_HELP)
    parts: list[Part] = [Title(alert.title), Paragraph(alert.message)]
    parts += [Heading(_HOW_LONG.get(alert.rule, _TWO_DAYS)), Paragraph(sentences(*steps))]
    if alert.is_of_load and alert.ask_at is not None:
        parts.append(Paragraph(_TELL_AFTER_DESCENT if alert.rule == "R-H1" else _TELL_NEXT_MORNING))
    worse = worse_text(alert.rule, ran_on=alert.is_of_load and alert.symptom_level > 0)
    if worse is not None:
        parts += [Heading(say("What would make it worse")), Paragraph(worse)]
    if SEEK_HELP in sentences_of(alert.action):
        parts += [Heading(say("When to get help")), Paragraph(SEEK_HELP)]
    if links:
        parts.append(feel_choices(links.feel, say("How does it feel?")))
    if ceilings and alert.is_of_load and not alert.symptom_level:
        parts += [Heading(say("Your next run")), *map(Paragraph, ceilings)]
    parts += _compared(alert, picture)
    if alert.gap:
        parts += [Heading(say("Not all is here yet")), Paragraph(gap_text(alert.gap, ZoneInfo(reader.timezone)))]
    if alert.problem_id is not None:
        page = f"{reader.base_url}/problems/{alert.problem_id}"
        parts.append(Paragraph(say("How it has gone so far, and what to do for it"), page))
    parts.append(Button(say("Open this alert"), url))
    if links:
        parts.append(_no_news(links))
    return mail(
        [*parts, *_ground(alert)],
        reader,
        subject=alert.title,
        because=_because(alert),
        kicker=joined(" · ", (one_line(reader.name), _WEIGHTS[max(1, alert.severity)], *which(alert, run, reader))),
        short=sentences(*steps),
        url=url,
    )


def _no_news(links: AlertLinks) -> Choices:
    planned = [Choice(say("This was planned"), links.planned)] if links.planned else []
    return Choices(say("No news to you?"), (*planned, Choice(say("Not useful"), links.not_useful)))


def _ground(alert: Alert) -> list[Part]:
    """What the judgement rests on, in small print."""
    evidence = say(
        "Evidence: grade {grade} ({meaning}): {study}.",
        grade=alert.evidence.grade,
        meaning=_GRADES[alert.evidence.grade],
        study=alert.evidence.citation,
    )
    notes: list[Part] = [Note(evidence)]
    if alert.coverage:
        notes.append(Note(say("Based on: {facts}.", facts=joined("; ", alert.coverage))))
    if not alert.is_of_load:
        notes.append(Note(say("No clinician has reviewed these words yet.")))
    return [*notes, Note(say("Rule {rule}, version {version}", rule=alert.rule, version=alert.rule_version))]


def _because(alert: Alert) -> Text:
    if alert.is_of_run and not alert.symptom_level:
        return say("mail about jumps in load is switched on for you")
    return say("mail about jumps in load or what you reported is switched on for you")


def _compared(alert: Alert, picture: Picture | None) -> list[Part]:
    """The numbers behind it, loads in a drawing and a table; of what was reported there is seldom an earlier one."""
    if not alert.reasons:
        return []
    if not alert.is_of_load:
        return [Heading(say("What you reported")), *reason_notes(alert.reasons)]
    drawn = [Drawing(picture)] if picture else _bars(alert.reasons[0])
    return [Heading(say("What was compared")), *drawn, reason_table(alert.reasons)]


def _bars(first: Reason) -> list[Part]:
    """The deciding comparison of loads; none where there was nothing before."""
    if first.unit != "m" or not first.baseline:
        return []
    most = max(first.value, first.baseline)
    before, this = (round(100 * metres / most) for metres in (first.baseline, first.value))
    return [
        Bars(
            (
                Bar(say("Before"), _shown(first, first.baseline), before),
                Bar(say("This time"), _shown(first, first.value), this, stands_out=True),
            )
        )
    ]


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
    what, value, before, threshold = _name(r), _shown(r, r.value), _before(r), _shown(r, r.threshold)
    # The window is that of what was before: beside a lone value it would be taken for the value's own.
    if before and threshold:
        return say(
            "{what} ({window}): {value}; before: {before}; threshold: {threshold}",
            what=what,
            window=r.window,
            value=value,
            before=before,
            threshold=threshold,
        )
    if before:
        return say(
            "{what} ({window}): {value}; before: {before}", what=what, window=r.window, value=value, before=before
        )
    if threshold:
        return say("{what}: {value}; threshold: {threshold}", what=what, value=value, threshold=threshold)
    return say("{what}: {value}", what=what, value=value)


def _name(reason: Reason) -> str:
    return QUANTITIES.get(reason.quantity, reason.quantity.replace("_", " "))


def _before(reason: Reason) -> str:
    # Of a ratio the baseline is 1 by its meaning: nothing to tell.
    return "" if reason.unit == "ratio" else _shown(reason, reason.baseline)


def _shown(reason: Reason, number: float | None) -> str:
    return "" if number is None else quantity_text(reason.quantity, number, reason.unit)


def which(alert: Alert, run: Run | None, reader: Reader) -> tuple[str, ...]:
    """The run or the check-in that an alert speaks of, by its day where the runner is."""
    if run is not None and alert.is_of_run:
        return day_text(run.local_date, year=True), one_line(run.name)
    day = day_text(alert.at.astimezone(ZoneInfo(reader.timezone)).date(), year=True)
    return (say("run of {day}", day=day) if alert.is_of_run else say("your check-in of {day}", day=day),)
