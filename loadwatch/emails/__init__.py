"""Mails: a record in, `EmailContent` out. Pure; nothing here sends or reads a clock."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EmailContent:
    """
    One mail, ready to be wrapped and sent.

    Attributes
    ----------
    subject : str
        One line.
    text, html : str
        The same content twice.
    """

    subject: str
    text: str
    html: str
