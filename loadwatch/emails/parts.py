"""
What a mail is built of. Each part knows how it looks in HTML and in plain text, so that both say the same.

Words are `Text` wherever they are ours; what somebody typed is a plain str.
"""

from dataclasses import dataclass, field

from loadwatch.emails import Picture


@dataclass(frozen=True, slots=True)
class Title:
    """What the mail says, in one sentence; the first part of each."""

    words: str
    kind: str = field(default="title", init=False)


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a section."""

    words: str
    kind: str = field(default="heading", init=False)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences; with a `url` all of them are the link."""

    words: str
    url: str = ""
    kind: str = field(default="paragraph", init=False)


@dataclass(frozen=True, slots=True)
class Note:
    """Small print."""

    words: str
    url: str = ""
    kind: str = field(default="note", init=False)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a `Listing`: what, what is said about it, and where to read on."""

    words: str
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Several of a kind, never none."""

    items: tuple[Item, ...]
    kind: str = field(default="listing", init=False)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a `Table`: its name and a remark on a line of their own, its values below the headings."""

    name: str
    values: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers below headings, the first of them the one that counts; never without a row."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    kind: str = field(default="table", init=False)


@dataclass(frozen=True, slots=True)
class Bar:
    """
    A bar of `Bars`.

    Attributes
    ----------
    percent : int
        Its length: 100 for the longest. [%]
    stands_out : bool
        The one that is spoken of.
    """

    name: str
    value: str
    percent: int
    stands_out: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """A comparison that needs no picture."""

    bars: tuple[Bar, ...]
    kind: str = field(default="bars", init=False)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture; its `alt` stands in for it where pictures are not shown."""

    picture: Picture
    kind: str = field(default="drawing", init=False)


@dataclass(frozen=True, slots=True)
class Button:
    """The one thing to press."""

    words: str
    url: str
    kind: str = field(default="button", init=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer that is a link."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Choices:
    """
    A question with its answers, each of which is one tap.

    Attributes
    ----------
    question : str
        May be empty where what stands above asks.
    """

    question: str
    choices: tuple[Choice, ...]
    kind: str = field(default="choices", init=False)


Part = Title | Heading | Paragraph | Note | Listing | Table | Bars | Drawing | Button | Choices
