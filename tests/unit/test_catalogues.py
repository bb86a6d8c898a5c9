"""A catalogue says every message of the code, in each of its forms and with its places."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

import loadwatch
from tests.messages import KEYWORDS, LOCALE, lacking, messages

CODES = sorted(path.stem for path in LOCALE.glob("*.po"))
PLACE = re.compile(r"\{\w+\}|%\(\w+\)s")


@cache
def of_the_code() -> Catalog:
    return messages()


@cache
def catalogue(code: str) -> Catalog:
    with (LOCALE / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


def forms(message: Message) -> Iterator[tuple[str, str]]:
    """Each form of a translation with the English one it stands for; the last for those that English has not."""
    english = message.id if isinstance(message.id, tuple) else (message.id,)
    german = message.string if isinstance(message.string, tuple) else (message.string,)
    for i, words in enumerate(german):
        yield english[min(i, len(english) - 1)], words


def ids(catalog: Catalog) -> set[str]:
    return {m.id[0] if isinstance(m.id, tuple) else m.id for m in catalog if m.id}


def test_there_is_german() -> None:
    assert "de" in CODES


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_has_just_the_messages_of_the_code(code: str) -> None:
    assert ids(catalogue(code)) ^ ids(of_the_code()) == set()


@pytest.mark.parametrize("code", CODES)
def test_no_message_lacks_words_and_none_is_uncertain(code: str) -> None:
    assert lacking(catalogue(code)) == []


@pytest.mark.parametrize("code", CODES)
def test_a_message_of_numbers_has_every_form_of_the_language(code: str) -> None:
    found = catalogue(code)
    wrong = [m.id for m in found if m.id and m.pluralizable and len(m.string) != found.num_plurals]
    assert wrong == []


@pytest.mark.parametrize("code", CODES)
def test_a_translation_has_the_places_of_its_message(code: str) -> None:
    """A form for one may leave out its number, as "one run" does."""
    wrong = []
    for message in catalogue(code):
        for english, words in forms(message) if message.id else ():
            asked, given = set(PLACE.findall(english)), set(PLACE.findall(words))
            number = {"{n}", "%(n)s"} if message.pluralizable else set()
            if given - asked or asked - given - number:
                wrong.append((english, words))
    assert wrong == []


@pytest.mark.parametrize("code", CODES)
def test_a_translation_writes_percent_and_marks_as_its_message_does(code: str) -> None:
    """A single % in words that are filled in would break the page."""

    def marks(words: str) -> list[str]:
        return sorted(re.findall(r"%%|%(?!\()|</?\w+", words))

    wrong = [pair for m in catalogue(code) if m.id for pair in forms(m) if marks(pair[0]) != marks(pair[1])]
    assert wrong == []


def test_every_message_of_the_code_is_found() -> None:
    """Babel passes over a message within the call of another one."""
    said = set()
    for path in Path(loadwatch.__file__).parent.rglob("*.py"):
        if path.parent.name not in ("dashboard", "domain", "knowledge", "services", "emails", "adapters", "db"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    said.add(first.value)
    assert len(said) > 800
    assert said - ids(of_the_code()) == set()
