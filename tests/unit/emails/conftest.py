"""What must hold for every mail, whatever it says."""

import re
from collections.abc import Callable, Iterable
from html.parser import HTMLParser

import pytest
from tinyhtml5.parser import HTMLParser as HTMLParser5

from loadwatch.emails import EmailContent
from tests.support.mails import BASE_URL

VOID = {"meta", "br", "img", "hr", "input", "link", "col"}

FORBIDDEN = re.compile(
    r"diagnos|treat|prevent|cure|risk|ibuprofen|aspirin|paracetamol|painkiller|medication|\bpills?\b", re.IGNORECASE
)


class Page(HTMLParser):
    """A strict little reader: every tag that is opened is closed, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.urls: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.urls += [value or "" for key, value in attrs if key in {"href", "src", "background", "action"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "title"} & set(self.open):
            self.texts.append(data)

    @property
    def shown(self) -> str:
        """All that a reader sees, blanks made even."""
        return " ".join(" ".join(self.texts).split())


def numbers(text: str) -> set[str]:
    """The numbers a reader sees, addresses left out."""
    return set(re.findall(r"\d+(?:[.:]\d+)*", re.sub(r"https?://\S+", "", text)))


def addresses(text: str) -> set[str]:
    return set(re.findall(r"https?://\S+", text))


@pytest.fixture
def sound() -> Callable[..., str]:
    """
    Check what holds for every mail; gives back what a reader of the HTML sees.

    Words of `quoted` may be said although they are forbidden: to name what must be left alone.
    """

    def check(mail: EmailContent, quoted: Iterable[str] = ()) -> str:
        page = Page(mail.html)
        reader = HTMLParser5()
        reader.parse(mail.html)
        assert reader.errors == []
        pictured = [f"cid:{picture.name}@loadwatch" for picture in mail.pictures]
        links = [url for url in page.urls if url not in pictured]
        assert [url for url in page.urls if url in pictured] == pictured
        assert numbers(mail.text) == numbers(page.shown)
        assert addresses(mail.text) == set(links)
        assert len(mail.html.encode()) < 100_000
        assert "\n" not in mail.subject
        for part in (mail.subject, mail.short, mail.text, page.shown):
            for words in quoted:
                part = part.replace(words, "")
            assert not FORBIDDEN.search(part)
        assert not {"script", "link", "iframe", "form"} & set(page.tags)
        assert all(url == BASE_URL or url.startswith(BASE_URL + "/") for url in links)
        assert mail.short
        assert mail.url.startswith(f"{BASE_URL}/")
        assert "url(" not in mail.html
        assert "@import" not in mail.html
        assert '<meta name="color-scheme" content="light dark"' in mail.html
        assert "<tr></tr>" not in mail.html.replace(" ", "").replace("\n", "")
        for part in (mail.text, page.shown):
            assert "loadwatch is not a medical device." in part
            assert "You get this mail from https://run.example because" in part
        return page.shown

    return check
