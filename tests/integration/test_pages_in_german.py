"""Every page of the household as a German reads it: no English left, no place unfilled, commas in its numbers."""

import re
from pathlib import Path

import pytest

from loadwatch.adapters.catalogue import FOLDER
from tests.integration.test_every_page_can_be_translated import HERE, NAMES, TYPED, Words, logged_in
from tests.support.athletes import ATHLETES, INJURED, open_household
from tests.support.pages import PAGES, paths
from tests.unit.test_catalogues import catalogue, forms

OF_MAILS = {"mail", "mailbox", "outbox", "sync"}
"""Pages with the words of mails, as they were sent."""

WORD = re.compile(r"[^\W\d_]{2,}")
DAYS = {"Do"}
"""Short names of days that look English."""

NOTES = re.compile(r"Altitude jumped twice; the jumps were left out\.")
"""What the seed noted of a run in plain words."""

Read = dict[str, str]


@pytest.fixture(scope="module")
def pages(household: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Read, Read]:
    """The pages by athlete and path, as they are and their words alone; the injured athlete runs miles."""
    services = open_household(household, tmp_path_factory.mktemp("german") / "data")
    whole, words = {}, {}
    for email in ATHLETES.values():
        athlete_id = services.accounts.athlete_by_email(email)
        assert athlete_id is not None
        units = "imperial" if email == INJURED else "metric"
        services.accounts.update_profile(athlete_id, language="de", units=units)
        browser = logged_in(services, email)
        for page, path in paths(services, email):
            if page.name not in OF_MAILS:
                name = f"{email} {path}"
                whole[name] = browser.get(path, base_url=HERE).text
                reader = Words()
                reader.feed(whole[name])
                words[name] = "\n".join(reader.words)
    services.close()
    assert len(words) > len(PAGES)
    return whole, words


def telling_words() -> set[str]:
    """English words: those of messages that no translation uses too."""
    pairs = [pair for message in catalogue("de") if message.id for pair in forms(message)]
    english = {word for message, _ in pairs for word in WORD.findall(message)}
    return english - {word for _, german in pairs for word in WORD.findall(german)} - DAYS


def test_no_page_has_an_english_word_left(pages: tuple[Read, Read]) -> None:
    telling = telling_words()
    assert {"the", "your", "learning"} <= telling, FOLDER
    left = {}
    for name, words in pages[1].items():
        ours = NAMES.sub(" ", TYPED.sub(" ", NOTES.sub(" ", words)))
        if found := sorted(telling & set(WORD.findall(ours))):
            left[name] = found
    assert left == {}


def test_every_page_says_that_it_is_german(pages: tuple[Read, Read]) -> None:
    assert [name for name, page in pages[0].items() if '<html lang="de"' not in page] == []


def test_no_place_of_a_message_stays_unfilled(pages: tuple[Read, Read]) -> None:
    unfilled = {name: re.findall(r"%\(\w+\)s|\{\w+\}|%%", words) for name, words in pages[1].items()}
    assert {name: found for name, found in unfilled.items() if found} == {}


def test_no_sentence_ends_on_two_stops(pages: tuple[Read, Read]) -> None:
    assert [name for name, words in pages[1].items() if re.search(r"\w\.\.(?!\.)", words)] == []


def test_numbers_have_decimal_commas(pages: tuple[Read, Read]) -> None:
    english = re.compile(r"\b\d+\.\d{1,2}\s(?:km|mi|m|ft|%|GB|MB)\b")
    points = {name: english.findall(words) for name, words in pages[1].items()}
    assert {name: found for name, found in points.items() if found} == {}
    told = " ".join(pages[1].values())
    assert re.search(r"\d,\d\skm\b", told)
    assert re.search(r"\d,\d\smi\b", told)
