"""A document as PDF: text, tables and a drawing on A4, with its own font, and nothing that acts or loads."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, ClassVar, Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Image, SimpleDocTemplate, Spacer
from reportlab.platypus import Paragraph as Lines
from reportlab.platypus import Table as Grid

from loadwatch.adapters.pain_chart import FONT, PainChart, pain_chart_height, pain_chart_png

_FONT: Final = "DejaVuSans"
_INK, _MUTED, _LINE, _ACCENT = HexColor("#1b2422"), HexColor("#55625e"), HexColor("#d8ded9"), HexColor("#0a665b")
_MARGIN: Final = 16 * mm
_WIDTH: Final = A4[0] - 2 * _MARGIN
_PADDING: Final = 6.0
"""What a page of reportlab keeps free inside its margins. [pt]"""

_CHART_PX: Final = 900


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph; quiet ones are grey and small."""

    kind: ClassVar = "words"
    text: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what is known of them."""

    kind: ClassVar = "facts"
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Points:
    """A list."""

    kind: ClassVar = "points"
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Rows:
    """
    A table.

    Attributes
    ----------
    marked : collection of int
        Rows that stand out, from 0; the table says in words why.
    wide : bool
        The first column takes most of the room.
    """

    kind: ClassVar = "rows"
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    marked: Sequence[int] = ()
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """Pain over the loads, and what it shows in words."""

    kind: ClassVar = "drawing"
    chart: PainChart
    text: str


Block = Words | Facts | Points | Rows | Drawing


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Document:
    """
    Attributes
    ----------
    lead : str
        What it is, in a sentence under the title.
    notice : str
        What it is not: said at the top.
    language : str
        Of its words, like "en".
    """

    title: str
    lead: str
    notice: str
    language: str
    sections: Sequence[Section]


def document_pdf(document: Document) -> bytes:
    """The document on as many pages as it takes."""
    _register_font()
    out = io.BytesIO()
    pages = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=_MARGIN - _PADDING,
        rightMargin=_MARGIN - _PADDING,
        topMargin=14 * mm,
        bottomMargin=17 * mm,
        title=document.title,
        subject=document.lead,
        author="loadwatch",
        creator="loadwatch",
        lang=document.language,
    )
    story: list[Any] = [
        _lines(document.title, "title"),
        _lines(document.lead, "text"),
        _lines(document.notice, "quiet"),
    ]
    for section in document.sections:
        story.append(_lines(section.title, "heading"))
        story += [flowable for block in section.blocks for flowable in _flowables(block)]
    foot = partial(_foot, document)
    pages.build(story, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _foot(document: Document, canvas: Any, _: Any) -> None:
    canvas.saveState()
    canvas.setFont(_FONT, 7.5)
    canvas.setFillColor(_MUTED)
    canvas.drawString(_MARGIN, 9 * mm, document.title[:110])
    canvas.drawRightString(A4[0] - _MARGIN, 9 * mm, str(canvas.getPageNumber()))
    canvas.restoreState()


def _flowables(block: Block) -> list[Any]:
    match block:
        case Words(text, quiet):
            return [_lines(text, "quiet" if quiet else "text")]
        case Facts(rows):
            named = [[_lines(name, "name"), _lines(text, "cell")] for name, text in rows]
            return [_grid(named, [42 * mm, _WIDTH - 42 * mm])]
        case Points(lines):
            return [_lines(f"•\xa0{item}", "point") for item in lines]
        case Rows(caption, head, rows, marked, wide):
            cells = [[_lines(cell, "name") for cell in head]]
            cells += [
                [_lines(cell, "marked" if number in marked else "cell") for cell in row]
                for number, row in enumerate(rows)
            ]
            return [_lines(caption, "caption"), _grid(cells, _widths(len(head), wide), lines=True)]
        case Drawing(chart, text):
            height = _WIDTH * pain_chart_height(chart, _CHART_PX) / _CHART_PX
            picture = Image(io.BytesIO(pain_chart_png(chart, width=_CHART_PX)), _WIDTH, height)
            return [picture, Spacer(1, 1 * mm), _lines(text, "quiet")]


def _widths(n: int, wide: bool) -> list[float]:
    first = 0.72 if wide else 1 / n
    return [_WIDTH * first, *[_WIDTH * (1 - first) / (n - 1)] * (n - 1)]


def _grid(cells: Sequence[Sequence[Any]], widths: list[float], *, lines: bool = False) -> Any:
    style: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
    ]
    if lines:
        style.append(("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE))
    return Grid([list(row) for row in cells], colWidths=widths, style=style)


def _lines(text: str, style: str) -> Any:
    """A paragraph of plain text: whatever looks like markup in it is text."""
    return Lines(escape(_printable(text)), _styles()[style])


def _printable(text: str) -> str:
    """The same without control characters, on which layout stops."""
    return "".join(c if c.isprintable() or c == "\xa0" else " " for c in text)


@cache
def _styles() -> dict[str, ParagraphStyle]:
    text = ParagraphStyle("text", fontName=_FONT, fontSize=8.6, leading=11.6, textColor=_INK, spaceAfter=1.2 * mm)
    quiet = ParagraphStyle("quiet", text, fontSize=7.6, leading=9.8, textColor=_MUTED)
    cell = ParagraphStyle("cell", text, fontSize=8, leading=9.8, spaceAfter=0)
    return {
        "title": ParagraphStyle("title", text, fontSize=15, leading=19, textColor=_INK, spaceAfter=1.5 * mm),
        "heading": ParagraphStyle(
            "heading",
            text,
            fontSize=10.5,
            leading=13,
            textColor=_ACCENT,
            spaceBefore=2.6 * mm,
            spaceAfter=1 * mm,
            keepWithNext=1,
        ),
        "text": text,
        "quiet": quiet,
        "caption": ParagraphStyle("caption", quiet, keepWithNext=1),
        "name": ParagraphStyle("name", cell, textColor=_MUTED),
        "cell": cell,
        "marked": ParagraphStyle("marked", cell, textColor=_ACCENT),
        "point": ParagraphStyle("point", text, leftIndent=3 * mm, firstLineIndent=-3 * mm, spaceAfter=0.5 * mm),
    }


@cache
def _register_font() -> None:
    pdfmetrics.registerFont(TTFont(_FONT, str(FONT)))
