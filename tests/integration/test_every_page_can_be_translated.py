"""Every page of the household in a language of brackets: what stands outside of them nobody could translate."""

import re
from collections.abc import Iterator
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from loadwatch.bootstrap import Services
from loadwatch.dashboard import create_app, speech
from loadwatch.domain.text import Units
from tests.support.athletes import ATHLETES, open_household
from tests.support.pages import PAGES, paths
from tests.support.seeding import PASSWORD
from tests.unit.test_every_word import Brackets

HERE = "http://127.0.0.1:8000"
PLACES = re.compile(r"(\{\w+\}|%\(\w+\)s)")

NOT_OURS = {
    *("admin", "mail", "mailbox", "outbox", "outbox-mail", "sync"),
    *("load", "load-of-all", "calendar", "thresholds"),
}
"""Pages with words of mails as they were sent and of programs, or with months and studies that are no messages."""

NAMES = re.compile(
    r"\b(?:loadwatch|Strava|View on Strava|GPX|FIT|fit|TCX|API|UTC|[MGk]B|English|Deutsch|doi|bjsports"
    r"|ntfy|Telegram|Discord|Slack|Gotify|Signal|Matrix|Pushover|Home Assistant"
    r"|(?:(?:activity|profile):)?read(?:_all)?|km|m|mi|ft|h|min|s|x|RF\d+|R-[A-Z0-9]+|[CSP]-[A-Z]+)\b"
    r"|\S+/\S+|\S+@\S+|[\w.-]+\.(?:fit|gpx|tcx|gz|zip)\b"
)
TYPED = re.compile(
    r"Autumn trail|Easy with Zo\w+ .*|Half an hour|Tempo|Long run|Hike|Club evening|Recovery|Half marathon"
    r"|Morning Run|stiff on the stairs|Blue ones|\bwatch|user operator|\b(?:Ann|Emma|Ian)\b"
)
"""What the household has typed, or what came from Strava."""


class BracketCatalogue(NullTranslations):
    """Every message stands in brackets, but for its places."""

    def gettext(self, message: str) -> str:
        return "".join(part if PLACES.fullmatch(part) else f"⟦{part}⟧" for part in PLACES.split(message) if part)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


class BracketSpeech(Brackets):
    """The same for what the core says."""

    def gettext(self, message: str) -> str:
        return BracketCatalogue().gettext(message)


class Words(HTMLParser):
    """The words of a page, those of its labels too; text that goes on across a link is one."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style", "option")
        self.words += [v for k, v in attrs if k in ("title", "alt", "placeholder", "aria-label") and v]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style", "option")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.words.append(data)


def plain_words(page: str) -> list[str]:
    """What is outside of brackets, and no name, no number and nothing that somebody typed."""
    words = Words()
    words.feed(page)
    left = "\n".join(words.words)
    while "⟦" in left:
        inner = re.sub(r"⟦[^⟦⟧]*⟧", " ", left)
        assert inner != left, "a bracket is not closed"
        left = inner
    return re.findall(r"[^\W\d_]{2,}", NAMES.sub(" ", TYPED.sub(" ", left)))


def sentences_run_together(page: str) -> list[str]:
    """Where a sentence begins at the very end of another, across links and emphasis too."""
    text = re.sub(r"<(svg|script)\b.*?</\1>|</?(?:a|strong|em|b|span|time)\b[^>]*>", "", page, flags=re.S)
    text = re.sub(r"<[^>]*>", "|", text)  # what stands in a tag is no sentence: a token has stops and capitals too
    return re.findall(r"[^|\n]{0,40}[a-z0-9)][.!?][A-Z][a-z][^|\n]{0,40}", text)


@pytest.fixture
def services(household: Path, tmp_path: Path) -> Iterator[Services]:
    services = open_household(household, tmp_path / "data")
    yield services
    services.close()


def logged_in(services: Services, email: str) -> FlaskClient:
    browser = create_app(services, config={"WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False}).test_client()
    browser.post("/login", data={"email": email, "password": PASSWORD}, base_url=HERE)
    return browser


def test_no_sentence_begins_without_a_space_before_it(services: Services) -> None:
    found = {
        f"{path} of {email}": glued
        for email in ATHLETES.values()
        for browser in [logged_in(services, email)]
        for _, path in paths(services, email)
        if (glued := sentences_run_together(browser.get(path, base_url=HERE).text))
    }
    assert found == {}


def test_no_page_has_a_word_that_cannot_be_translated(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def bracketed(_: str, units: Units) -> BracketSpeech:
        return BracketSpeech(units)

    monkeypatch.setattr(speech, "speech", bracketed)
    monkeypatch.setattr(speech, "translations", lambda _: BracketCatalogue())
    plain: dict[str, list[str]] = {}
    seen = set()
    for email in ATHLETES.values():
        browser = logged_in(services, email)
        for page, path in paths(services, email):
            if page.name not in NOT_OURS:
                seen.add(page.name)
                if words := plain_words(browser.get(path, base_url=HERE).text):
                    plain[f"{path} of {email}"] = words
    assert "\n".join(f"{path}: {words}" for path, words in plain.items()) == ""
    assert len(seen) > len(PAGES) / 2
