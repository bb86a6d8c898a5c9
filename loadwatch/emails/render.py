"""The frame that all mails share: parts in, both forms of a mail out."""

import re
from collections.abc import Sequence
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any, Final

import mrml
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from loadwatch.domain.text import Speech, render, say
from loadwatch.emails import EmailContent, Reader
from loadwatch.emails.parts import Drawing, Part, Title

DISCLAIMER: Final = (
    say(
        "loadwatch is not a medical device. It holds your runs against research on other people and cannot tell"
        " what is wrong with a leg. Most injuries come without an alert, most alerts come without an injury, and"
        " silence does not mean that all is well."
    ),
    say(
        "Its advice is the same for everybody: stop when pain turns sharp, passes 5 out of 10, or is worse the"
        " morning after. With a swollen, numb or weak leg, a limp, pain at night, fever, dark urine or chest pain:"
        " stop running and get medical help, in an emergency through your local emergency number. If you are under"
        " 18 or pregnant, or have had a blood clot or weak bones, talk to a professional before you go by these"
        " mails."
    ),
)
"""What every mail says at its end: EVIDENCE 7.5 in fewer words."""

URGENT_DISCLAIMER: Final = (
    say("loadwatch is not a medical device. It goes by what you reported and cannot tell what is wrong with a leg."),
    say(
        "With a swollen, numb or weak leg, a limp, pain at night, fever, dark urine or chest pain: stop running and"
        " get medical help, in an emergency through your local emergency number."
    ),
)
"""The same where something must not wait."""

_NO_CHARACTER = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""What XML does not count as text: mrml stops at some of it, and lone surrogates cannot be sent."""
_LOADED_BY_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?([^"'\s;)]*)""")


def one_line(text: str) -> str:
    """What somebody typed, on one line: control characters and runs of spaces become one space."""
    return " ".join(_NO_CHARACTER.sub(" ", text).split())


def mail(
    parts: Sequence[Part],
    reader: Reader,
    *,
    subject: str,
    because: str,
    kicker: str,
    short: str,
    url: str,
    preheader: str = "",
    is_urgent: bool = False,
) -> EmailContent:
    """
    Put a mail together.

    Parameters
    ----------
    parts : sequence of Part
        The first is a `Title`.
    because : str
        Why the reader gets this mail: a clause, the end of "You get this mail from … because …".
    kicker : str
        The line above the title: of whom, of when.
    short : str
        What a push says below the subject.
    url : str
        The page that a push opens.
    preheader : str, optional
        What lists of mails show beside the subject; by default `short`.
    is_urgent : bool
        Whether it is a red flag's: then it ends shorter, and offers nothing to switch off.

    Raises
    ------
    ValueError
        If the HTML would link to, or load, anything that is not under the reader's `base_url`.
    jinja2.UndefinedError
        If a template shows what no part has.
    """
    assert isinstance(parts[0], Title)
    speech, base_url = reader.speech, reader.base_url.rstrip("/")
    line = one_line(render(subject, speech))
    shown = {
        "parts": parts,
        "subject": line,
        "kicker": kicker,
        "preheader": preheader or short,
        "base_url": base_url,
        "language": speech.language,
        "because": say("You get this mail from {address} because {because}.", address=base_url, because=because),
        "settings": None if is_urgent else say("Change what is mailed to you"),
        "stop": say("End mails of this kind"),
        "stop_url": reader.stop_url,
        "disclaimer": URGENT_DISCLAIMER if is_urgent else DISCLAIMER,
    }
    templates = _templates(speech)  # type: ignore[arg-type]  # a protocol does not say that its classes are frozen
    mjml, text = (
        _NO_CHARACTER.sub(" ", templates.get_template(name).render(shown)) for name in ("mail.mjml", "mail.txt")
    )
    # With its own list of fonts, mrml would link to Google's.
    html = mrml.to_html(mjml, render_options=mrml.RenderOptions(fonts={})).content
    pictures = tuple(part.picture for part in parts if isinstance(part, Drawing))
    _check_links(html, base_url, {f"cid:{picture.name}@loadwatch" for picture in pictures})
    return EmailContent(
        line,
        _tidy(text),
        html,
        pictures,
        one_line(render(short, speech)),
        url or base_url,
        reader.stop_url,
        speech.language,
    )


def _check_links(html: str, base_url: str, pictures: set[str]) -> None:
    links = _Links()
    links.feed(html)
    foreign = [
        url for url in links.urls if url != base_url and not url.startswith(f"{base_url}/") and url not in pictures
    ]
    if foreign:
        raise ValueError(f"a mail may only point to {base_url}, not to {foreign}")


@lru_cache(maxsize=16)
def _templates(speech: Speech) -> Environment:
    """Whatever words the templates put out are said in this language."""

    def said(words: Any) -> Any:
        return render(words, speech) if isinstance(words, str) else words

    env = Environment(
        loader=PackageLoader("loadwatch.emails"),
        autoescape=select_autoescape(["mjml"]),
        undefined=StrictUndefined,
        finalize=said,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["said"] = said
    return env


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
