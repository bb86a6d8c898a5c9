"""The mail that takes an alert back."""

from zoneinfo import ZoneInfo

from loadwatch.domain.alerts import Alert
from loadwatch.domain.text import capital, day_text, joined, say
from loadwatch.emails import EmailContent, Reader
from loadwatch.emails.alert import reason_notes
from loadwatch.emails.parts import Button, Heading, Paragraph, Title
from loadwatch.emails.render import mail, one_line


def retraction_mail(alert: Alert, cause: str, reader: Reader) -> EmailContent:
    """
    The mail that says: forget that alert.

    Parameters
    ----------
    alert : Alert
        As it was mailed.
    cause : str
        Why it no longer holds, as the transition has it: a clause in small letters.
    """
    day = day_text(alert.at.astimezone(ZoneInfo(reader.timezone)).date(), year=True)
    if alert.is_red:  # whoever corrects a check-in may still have what was told in it
        gone = say(
            "The red flag of {day} is taken back. If what you told then is so, act on it all the same.", day=day
        )
    elif alert.is_of_run:
        gone = say("The alert on your run of {day} no longer holds. You need not act on it.", day=day)
    else:
        gone = say("The alert on your check-in of {day} no longer holds. You need not act on it.", day=day)
    why = say("{cause}.", cause=capital(cause))
    url = f"{reader.base_url}/alerts/{alert.id}"
    return mail(
        [
            Title(say("We take back an alert")),
            Paragraph(gone),
            Heading(say("What it had said")),
            Paragraph(alert.title),
            *reason_notes(alert.reasons[:1]),
            Heading(say("Why it is taken back")),
            Paragraph(why),
            Paragraph(
                say("This is about the record of the run only: if something hurts, that still counts.")
                if alert.is_of_run
                else say("This is about what was told then: if something hurts now, that still counts.")
            ),
            Button(say("Open this alert"), url),
        ],
        reader,
        subject=say("Taken back: “{title}”", title=alert.title),
        because=say("loadwatch had mailed you the alert that it now takes back"),
        kicker=joined(" · ", (one_line(reader.name), say("Taken back"))),
        preheader=why,
        short=gone,
        url=url,
    )
