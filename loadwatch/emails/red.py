"""The mail of a red flag: what was reported, where to go, how fast. Nothing else."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from loadwatch.domain.alerts import Alert
from loadwatch.domain.symptom_rules import UNREVIEWED
from loadwatch.domain.text import capital, joined, moment_text, say, sentences, sentences_of
from loadwatch.domain.thresholds import RED_AGAIN
from loadwatch.emails import EmailContent, Reader
from loadwatch.emails.alert import which
from loadwatch.emails.parts import Button, Heading, Item, Listing, Note, Paragraph, Part, Title
from loadwatch.emails.render import mail, one_line


def red_mail(alert: Alert, reader: Reader, *, read_url: str | None = None, again: bool = False) -> EmailContent:
    """
    The mail of a red flag.

    Parameters
    ----------
    read_url : str or None
        A signed link that says that it was read, so that it is told no more.
    again : bool
        Whether it was told before and nobody has said that they read it.
    """
    url = f"{reader.base_url}/alerts/{alert.id}"
    parts: list[Part] = [Title(alert.title)]
    if again:
        first = moment_text(alert.created_at, ZoneInfo(reader.timezone), year=True)
        told = say("You were told this first on {moment}, and have not said yet that you read it.", moment=first)
        parts.append(Paragraph(told))
    parts += [
        Heading(say("What to do now")),
        *_steps(alert.action),
        Button(say("I have read this"), read_url or url),
        Note(say("Until you say so, it is told again every {hours} hours.", hours=RED_AGAIN // timedelta(hours=1))),
    ]
    parts += [Heading(say("Why this is said")), Paragraph(alert.message)]
    if alert.report_id is not None:
        page = f"{reader.base_url}/check-ins/{alert.report_id}"
        parts.append(Paragraph(say("Show this page to whoever examines you"), page))
    if UNREVIEWED in alert.coverage:
        parts.append(Note(say("{fact}.", fact=capital(UNREVIEWED))))
    return mail(
        parts,
        reader,
        subject=say("Again: {title}", title=alert.title) if again else alert.title,
        because=say("a sign that must not be missed is always told and cannot be switched off"),
        kicker=joined(" · ", (one_line(reader.name), say("Stop"), *which(alert, None, reader))),
        short=alert.action,
        url=url,
        is_urgent=True,
    )


def _steps(action: str) -> list[Part]:
    """What to do, and below it where; then what to leave alone."""
    do, *rest = sentences_of(action)
    if not rest:
        return [Paragraph(do)]
    where, *leave = rest
    parts: list[Part] = [Listing((Item(do, where),))]
    return [*parts, Paragraph(sentences(*leave))] if leave else parts
