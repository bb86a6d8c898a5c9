"""Mails: a record in, `EmailContent` out. Pure; nothing here sends or reads a clock."""

from base64 import b64encode
from dataclasses import dataclass, field

from loadwatch.domain.text import Speech


@dataclass(frozen=True, slots=True)
class Picture:
    """
    A drawing that travels inside of a mail.

    Attributes
    ----------
    name : str
        Differs between the pictures of one mail; letters and "-" alone: "distances".
    png : bytes
    width, height : int
        As it is shown; the file itself may have twice as many. [px]
    alt : str
        What it shows, for those who do not see it.
    """

    name: str
    png: bytes
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True)
class Reader:
    """
    Whom a mail is for, as far as its words depend on it.

    Attributes
    ----------
    name : str
        May be empty.
    timezone : str
        By its IANA name ("Europe/Berlin").
    speech : Speech
        The language, and the units.
    base_url : str
        Where this loadwatch is reached.
    stop_url : str or None
        A signed link that ends mails of this kind without a log-in; None for what cannot be ended by itself.
    """

    name: str
    timezone: str
    speech: Speech
    base_url: str
    stop_url: str | None = None


@dataclass(frozen=True, slots=True)
class EmailContent:
    """
    One mail, ready to be wrapped and sent.

    Attributes
    ----------
    subject : str
        One line.
    text, html : str
        The same content twice; the HTML shows a picture as `cid:NAME@loadwatch`.
    pictures : tuple of Picture
    short : str
        What a push says below the subject: one or two sentences.
    url : str
        The page that a push opens.
    stop_url : str or None
        As in `Reader`: for the header `List-Unsubscribe`.
    language : str
        Its code; "" where it is not known.
    """

    subject: str
    text: str
    html: str
    pictures: tuple[Picture, ...] = field(default=(), repr=False)
    short: str = ""
    url: str = ""
    stop_url: str | None = None
    language: str = ""

    @property
    def page(self) -> str:
        """The HTML with its pictures inside, for a browser."""
        html = self.html
        for picture in self.pictures:
            data = b64encode(picture.png).decode()
            html = html.replace(f"cid:{picture.name}@loadwatch", f"data:image/png;base64,{data}")
        return html
