"""The frame that all mails share: templates in, both parts of a mail out."""

import re
from datetime import date
from functools import cache
from html.parser import HTMLParser
from typing import Final

import mrml
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from loadwatch.emails import EmailContent

DISCLAIMER: Final = (
    (
        "loadwatch is not a medical device. It holds your runs against research on other people and cannot tell"
        " what is wrong with a leg. Most injuries come without an alert, most alerts come without an injury, and"
        " silence does not mean that all is well."
    ),
    (
        "Its advice is the same for everybody: stop when pain turns sharp, passes 5 out of 10, or is worse the"
        " morning after. With a swollen, numb or weak leg, a limp, pain at night, fever, dark urine or chest pain:"
        " stop running and get medical help, in an emergency through your local emergency number. If you are under"
        " 18 or pregnant, or have had a blood clot or weak bones, talk to a professional before you go by these"
        " mails."
    ),
)
"""What every mail says at its end: EVIDENCE 7.5 in fewer words."""

"""Stands under the ceiling of the next run where an alert has just advised less than that."""

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_NO_CHARACTER = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""What XML does not count as text: mrml stops at some of it, and lone surrogates cannot be sent."""
_LOADED_BY_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?([^"'\s;)]*)""")


def day_text(day: date, *, year: bool = False) -> str:
    """A day as people write it, whatever the locale: "Sun 22 Nov", with the year "Sun 22 Nov 2026"."""
    text = f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"
    return f"{text} {day.year}" if year else text


def one_line(text: str) -> str:
    """What somebody typed, on one line: control characters and runs of spaces become one space."""
    return " ".join(_NO_CHARACTER.sub(" ", text).split())


def render(template: str, *, subject: str, because: str, base_url: str, **facts: object) -> EmailContent:
    """
    Fill the two templates of a mail.

    Parameters
    ----------
    template : str
        Base name: "alert" stands for alert.mjml and alert.txt.
    because : str
        Why the reader gets this mail: the end of "You get this mail from ... because ...".
    base_url : str
        Where this loadwatch is reached, with or without a slash at the end.
    **facts
        What the templates show, as text that already has its units.

    Raises
    ------
    ValueError
        If the HTML would link to, or load, anything that is not under `base_url`.
    jinja2.UndefinedError
        If a template shows a fact that was not given.
    """
    base_url = base_url.rstrip("/")
    subject = one_line(subject)
    shown = {
        **facts,
        "subject": subject,
        "because": because,
        "base_url": base_url,
        "disclaimer": DISCLAIMER,
    }
    mjml, text = (
        _NO_CHARACTER.sub(" ", _templates().get_template(f"{template}.{part}").render(shown))
        for part in ("mjml", "txt")
    )
    # With its own list of fonts, mrml would link to Google's.
    html = mrml.to_html(mjml, render_options=mrml.RenderOptions(fonts={})).content
    links = _Links()
    links.feed(html)
    foreign = [url for url in links.urls if url != base_url and not url.startswith(f"{base_url}/")]
    if foreign:
        raise ValueError(f"a mail may only point to {base_url}, not to {foreign}")
    return EmailContent(subject, _tidy(text), html)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("loadwatch.emails"),
        autoescape=select_autoescape(["mjml"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class _Links(HTMLParser):
    """Gathers what a page points to or loads; what it only shows is left alone."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        for key, value in attrs:
            if key in {"href", "src", "srcset", "action", "background"}:
                self.urls.append(value or "")
            elif key == "style":
                self.urls += _LOADED_BY_STYLE.findall(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.urls += _LOADED_BY_STYLE.findall(data)


def _tidy(text: str) -> str:
    """At most one empty line in a row, none at the ends."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
