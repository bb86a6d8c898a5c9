"""The mail, or the push, of a button that tries whether they arrive."""

from loadwatch.domain.text import joined, say
from loadwatch.emails import EmailContent, Reader
from loadwatch.emails.parts import Button, Paragraph, Title
from loadwatch.emails.render import mail, one_line


def trial_mail(reader: Reader) -> EmailContent:
    """The mail that says nothing but that it arrived."""
    url = f"{reader.base_url}/settings"
    arrived = say("It arrived: this is how loadwatch reaches you here.")
    return mail(
        [Title(say("It works")), Paragraph(arrived), Button(say("Open your settings"), url)],
        reader,
        subject=say("A test from loadwatch"),
        because=say("a test was asked for in your settings"),
        kicker=joined(" · ", (one_line(reader.name), say("Test"))),
        short=arrived,
        url=url,
    )
