"""The mail of a week: what it amounts to, the one thing to do, then what that rests on."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.domain.alerts import Alert
from loadwatch.domain.completeness import gap_text
from loadwatch.domain.no_runs import Missing, why_no_runs
from loadwatch.domain.pain_week import PainWeek, pain_week_text
from loadwatch.domain.rehab_week import rehab_week_text
from loadwatch.domain.report import WeeklyReport
from loadwatch.domain.sources import UNREVIEWED
from loadwatch.domain.text import Speech, Text, day_text, distance_text, joined, render, say, say_n, sentences
from loadwatch.domain.weekly_action import WeekAction, WeekVerdict, week_fact, week_verdict, weekly_action
from loadwatch.domain.wording import HURTS_FIRST, ceiling_text
from loadwatch.emails import EmailContent, Picture, Reader
from loadwatch.emails.loads import change_text, load_rows
from loadwatch.emails.parts import (
    Bar,
    Bars,
    Button,
    Choice,
    Choices,
    Drawing,
    Heading,
    Item,
    Listing,
    Note,
    Paragraph,
    Part,
    Row,
    Table,
    Title,
)
from loadwatch.emails.render import mail, one_line

PAINS: Final = range(11)
"""0 to 10, as pain is told."""

MOST_ALERTS: Final = 5
"""Of more alerts the mail tells the most severe; the page of the week has them all. Design choice."""

LONGEST_SUBJECT: Final = 70
"""What most lists of mails show of a subject. [1] A longer one falls back to less. Design choice."""


def weekly_mail(
    report: WeeklyReport,
    reader: Reader,
    *,
    picture: Picture | None = None,
    pain_url: Callable[[int, int], str] | None = None,
) -> EmailContent:
    """
    The mail of one week.

    Parameters
    ----------
    picture : Picture or None
        The three loads; without it the weeks are drawn as bars.
    pain_url : callable or None
        The link that answers for a problem, by its id, how much it hurts, 0 to 10; None: nothing is asked.

    Raises
    ------
    zoneinfo.ZoneInfoNotFoundError
        If the reader's time zone does not exist.
    """
    zone, page = ZoneInfo(reader.timezone), f"{reader.base_url}/weeks/{report.week}"
    verdict, action = week_verdict(report), weekly_action(report)
    parts: list[Part] = [Title(verdict.words), *_action(action, reader.base_url)]
    if verdict.level == "red":
        # Whoever must be seen needs no numbers beside it.
        parts.append(Button(say("Open your week"), page))
        return _mail(parts, report, reader, verdict, action)
    # Of a week without a run the action says it all where nothing arrives.
    if report.gap is not None and not (report.gap.cut_off and not report.runs):
        parts.append(Paragraph(gap_text(report.gap, zone)))
    runs, symptoms = _runs(report, reader, picture), _symptoms(report, reader, pain_url)
    # What hurts goes before what was run.
    parts += [*symptoms, *runs] if report.symptoms_decide else [*runs, *symptoms]
    parts += _alerts(report, reader, action)
    parts.append(Button(say("Open your week"), page))
    return _mail(parts, report, reader, verdict, action)


def _mail(
    parts: list[Part], report: WeeklyReport, reader: Reader, verdict: WeekVerdict, action: WeekAction
) -> EmailContent:
    week = report.week
    return mail(
        parts,
        reader,
        subject=_subject(report, verdict, reader.speech),
        because=say("the weekly mail is switched on for you"),
        kicker=joined(
            " · ",
            (
                one_line(reader.name),
                say("Week {week}", week=week.week),
                joined(" – ", (day_text(week.monday), day_text(week.sunday, year=True))),
            ),
        ),
        preheader=action.words,
        short=joined(" ", (verdict.words, action.words)),
        url=f"{reader.base_url}/weeks/{week}",
    )


def _subject(report: WeeklyReport, verdict: WeekVerdict, speech: Speech) -> Text:
    """The verdict without its stop, or as much of the week as fits; what hurts is never cut for its length."""
    week, n, far = report.week.week, len(report.runs), distance_text(report.distance_m)
    told = joined("", (render(verdict.words, speech).rstrip("."),))
    if report.symptoms_decide or not n:
        return told
    tries = [told]
    if verdict.level in ("quiet", "learning", "incomplete"):
        tries = [say("Week {week}: {fact}", week=week, fact=week_fact(report))]
        if report.usual_m:
            usual = distance_text(report.usual_m)
            tries.append(say("Week {week}: {far}, your usual is {usual}", week=week, far=far, usual=usual))
    tries.append(say_n("Week {week}: {far} in {n} run", "Week {week}: {far} in {n} runs", n, week=week, far=far))
    fitting = (words for words in tries if len(one_line(render(words, speech))) <= LONGEST_SUBJECT)
    return next(fitting, tries[-1])


def _action(action: WeekAction, base_url: str) -> list[Part]:
    parts: list[Part] = [Heading(say("What to do this week")), Paragraph(action.words)]
    if action.missing is not None:
        parts.append(_remedy(action.missing, base_url))
    elif action.alert_id is not None:
        parts.append(Paragraph(say("Read why"), f"{base_url}/alerts/{action.alert_id}"))
    elif action.problem_id is not None:
        parts.append(Paragraph(say("Open its page"), f"{base_url}/problems/{action.problem_id}"))
    return parts


def _remedy(missing: Missing, base_url: str) -> Paragraph:
    return Paragraph(missing.remedy, f"{base_url}/{missing.where}")


def _runs(report: WeeklyReport, reader: Reader, picture: Picture | None) -> list[Part]:
    if not report.runs:
        known = weekly_action(report).missing is not None
        missing = why_no_runs(report.no_runs) if report.no_runs and not known else None
        return [Paragraph(missing.words), _remedy(missing, reader.base_url)] if missing else []
    parts: list[Part] = []
    if report.is_first:
        parts.append(
            Paragraph(
                say("From next week on this mail holds your three loads against your own weeks, and says what moved.")
            )
        )
    drawn: list[Part] = [Drawing(picture)] if picture is not None else _weeks(report)
    loads = [*drawn, *_table(report, reader.speech), *(Paragraph(change_text(change)) for change in report.changes)]
    if loads:
        parts += [Heading(say("The three loads")), *loads, _next(report)]
    if report.other_sports:
        parts.append(Note(_others(report.other_sports)))
    return parts


def _table(report: WeeklyReport, speech: Speech) -> list[Part]:
    rows = load_rows(report.loads, speech.units, symptoms_decide=report.symptoms_decide)
    if not rows:
        return []
    headings = (say("This week"), say("Usual week"), say("Next run"))
    # Where something hurts there is no next run to speak of, as is said below.
    n = 2 if report.symptoms_decide else 3
    return [
        Table(
            headings[:n],
            tuple(Row(row.name, (row.value, row.usual, row.ceiling)[:n], row.notes) for row in rows),
        )
    ]


def _weeks(report: WeeklyReport) -> list[Part]:
    if len(report.previous) < 2:
        return []
    weeks = [*report.previous, (report.week, report.distance_m)]
    most = max(distance_m for _, distance_m in weeks)
    bars = (
        Bar(
            say("Week {week}", week=week.week),
            distance_text(distance_m),
            round(100 * distance_m / most) if most else 0,
            week == report.week,
        )
        for week, distance_m in weeks
    )
    return [Bars(tuple(bars))]


def _others(n: int) -> Text:
    return say_n(
        "{n} more recording of the week is kept but not counted: another sport, no usable distance, or a second"
        " recording of one run.",
        "{n} more recordings of the week are kept but not counted: another sport, no usable distance, or a second"
        " recording of one run.",
        n,
    )


def _symptoms(report: WeeklyReport, reader: Reader, pain_url: Callable[[int, int], str] | None) -> list[Part]:
    if not report.pain:
        return []
    parts: list[Part] = [Heading(say("How your thighs were"))]
    for told in report.pain:
        url = f"{reader.base_url}/problems/{told.id}"
        parts.append(Listing((Item(told.place, pain_week_text(told), url),)))
        parts += [
            Note(sentences(rehab_week_text(rehab), "" if rehab.is_reviewed else UNREVIEWED))
            for rehab in report.rehab
            if rehab.problem_id == told.id and rehab.stage
        ]
        if pain_url is not None and told.problem.is_open:
            parts.append(_ask(told, pain_url))
    return parts


def _ask(told: PainWeek, pain_url: Callable[[int, int], str]) -> Choices:
    return Choices(
        say("How much does it hurt today, from 0 to 10?"),
        tuple(Choice(str(pain), pain_url(told.id, pain)) for pain in PAINS),
    )


def _alerts(report: WeeklyReport, reader: Reader, action: WeekAction) -> list[Part]:
    if not report.alerts:
        return []
    items = [
        Item(alert.title, words, f"{reader.base_url}/alerts/{alert.id}")
        for alert, words in _each_once(report.alerts[:MOST_ALERTS], action.words)
    ]
    parts: list[Part] = [Heading(say("What stood out")), Listing(tuple(items))]
    left = len(report.alerts) - len(items)
    if left:
        parts.append(Note(say_n("{n} more is on its page.", "{n} more are on its page.", left)))
    return parts


def _each_once(alerts: Iterable[Alert], said: str) -> Iterator[tuple[Alert, str]]:
    """Alerts with what to do about each, unless that was said before."""
    known = {said}
    for alert in alerts:
        yield alert, "" if alert.action in known else alert.action
        known.add(alert.action)


def _next(report: WeeklyReport) -> Note:
    return Note(HURTS_FIRST if report.symptoms_decide else ceiling_text(report.ceiling))
