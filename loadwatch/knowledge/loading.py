"""Reads the files of this package. Whatever is wrong with one is named with its line."""

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, TypeVar

from loadwatch.domain.sources import Source
from loadwatch.domain.text import say

__all__ = ["Entry", "KnowledgeError", "Source", "load_toml", "parse", "read"]

Path = tuple[str | int, ...]
Word = TypeVar("Word", bound=str)

SAID: Final = frozenset(
    {
        *("name", "suspects", "action", "where", "avoid", "because", "ask", "says", "text"),
        *("instruction", "equipment", "caution", "summary", "refer", "do", "running", "source"),
    }
)
"""Keys whose values are words for the runner: each is a message of the catalogues, see `tests/messages.py`."""

GRADES: Final = ("A", "B", "C")
REVIEWS: Final = ("unreviewed", "reviewed")


@dataclass(eq=False)
class KnowledgeError(Exception):
    """
    A file of clinical content that must not be used.

    Attributes
    ----------
    file : str
        Name of the file in this package.
    line : int
        From 1; where an entry lacks something, its first line.
    reason : str
    """

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}"


class Entry:
    """
    A table of a file, with its place: each value is asked for by name and type, `done` refuses all others.

    Every method that reads a value raises KnowledgeError where it is missing, of the wrong type or empty.
    """

    def __init__(self, file: str, data: dict[str, Any], lines: dict[Path, int], path: Path = ()) -> None:
        self.file = file
        self.data = data
        self._lines = lines
        self._path = path
        self._read: set[str] = set()

    def line(self, *keys: str | int) -> int:
        """Line of a value in this table, or of the nearest table around it."""
        path = (*self._path, *keys)
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def wrong(self, reason: str, *keys: str | int) -> KnowledgeError:
        """The error to raise about a value of this table, or about the table itself."""
        return KnowledgeError(self.file, self.line(*keys), reason)

    def text(self, key: str, default: str | None = None) -> str:
        value = self._value(key, str, "a text", default)
        assert isinstance(value, str)
        if not value.strip() and value != default:
            raise self.wrong(f"{key} is empty", key)
        return _said(key, value)

    def choice(self, key: str, allowed: Collection[Word], default: Word | None = None) -> Word:
        """One of the allowed words."""
        value = self.text(key, default)
        for word in allowed:
            if word == value:
                return word
        raise self.wrong(f"{key} is {value!r}, not one of {', '.join(allowed)}", key)

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number."""
        value = self._value(key, int, "a whole number", default)
        if isinstance(value, bool):
            raise self.wrong(f"{key} is not a whole number", key)
        assert isinstance(value, int)
        return value

    def number(self, key: str, default: float | None = None) -> float:
        value = self._value(key, (int, float), "a number", default)
        if isinstance(value, bool):
            raise self.wrong(f"{key} is not a number", key)
        return float(value)

    def yes(self, key: str, default: bool | None = None) -> bool:
        return bool(self._value(key, bool, "true or false", default))

    def texts(self, key: str, allowed: Collection[str] | None = None, *, optional: bool = False) -> tuple[str, ...]:
        """A list of texts, each once and, where that is said, each one of the allowed."""
        values = self._value(key, list, "a list", [] if optional else None)
        if not values and not (optional and key not in self.data):
            raise self.wrong(f"{key} is empty", key)
        for value in values:
            if not isinstance(value, str) or not value.strip():
                raise self.wrong(f"{key} holds {value!r}, which is not a text", key)
            if allowed is not None and value not in allowed:
                raise self.wrong(f"{key} holds {value!r}, which does not exist", key)
            if values.count(value) > 1:
                raise self.wrong(f"{key} holds {value!r} twice", key)
        return tuple(_said(key, v) for v in values)

    def entries(self, key: str, *, optional: bool = False) -> "list[Entry]":
        """The tables of a list of tables."""
        values = self._value(key, list, "a list of tables", [] if optional else None)
        if not values and not optional:
            raise self.wrong(f"{key} is empty", key)
        if not all(isinstance(v, dict) for v in values):
            raise self.wrong(f"{key} is not a list of tables", key)
        return [Entry(self.file, v, self._lines, (*self._path, key, i)) for i, v in enumerate(values)]

    def entry(self, key: str, *, optional: bool = False) -> "Entry":
        """A table in this one."""
        value = self._value(key, dict, "a table", {} if optional else None)
        return Entry(self.file, value, self._lines, (*self._path, key))

    def source(self) -> Source:
        """Citation, grade and review state, which every entry must have."""
        return Source(
            citation=self.text("source"),
            grade=self.choice("grade", GRADES),
            review=self.choice("review", REVIEWS),
        )

    def done(self) -> None:
        """
        Raises
        ------
        KnowledgeError
            If the table has a key that nobody asked for: a misspelt one must not be passed over.
        """
        for key in self.data:
            if key not in self._read:
                raise self.wrong(f"unknown key {key!r}", key)

    def _value(self, key: str, kind: type | tuple[type, ...], name: str, default: Any) -> Any:
        self._read.add(key)
        value = self.data.get(key, default)
        if value is None:
            raise self.wrong(f"{key} is missing")
        if not isinstance(value, kind):
            raise self.wrong(f"{key} is not {name}", key)
        return value


def _said(key: str, value: str) -> str:
    words = " ".join(value.split())  # a long text may be broken into lines
    return say(words) if key in SAID and words else words


def messages(text: str) -> Iterator[tuple[int, str]]:
    """The words for the runner in a file's text, each with its line."""

    def walk(value: Any, path: Path) -> Iterator[tuple[int, str]]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from walk(inner, (*path, key))
        elif isinstance(value, list):
            for i, inner in enumerate(value):
                yield from walk(inner, (*path, i))
        elif isinstance(value, str) and SAID & {*path[-2:]} and value.strip():
            key = path if path in lines else path[:-1]
            yield lines.get(key, 1), " ".join(value.split())

    lines = _lines(text)
    return walk(tomllib.loads(text), ())


def unique_ids(entries: Iterable[Entry], key: str = "id") -> list[str]:
    """
    The ids of entries, in order.

    Raises
    ------
    KnowledgeError
        If two have the same.
    """
    ids: list[str] = []
    for entry in entries:
        name = entry.text(key)
        if name in ids:
            raise entry.wrong(f"{name!r} is there twice", key)
        ids.append(name)
    return ids


def parse(file: str, text: str) -> Entry:
    """
    A file's text as its outermost table.

    Raises
    ------
    KnowledgeError
        If it is no TOML.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+)", str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        raise KnowledgeError(file, line, f"not TOML: {error}") from error
    return Entry(file, data, _lines(text))


@cache
def text_of(name: str) -> str:
    """The text of a file of this package."""
    return resources.files("loadwatch.knowledge").joinpath(name).read_text("utf-8")


def read(name: str) -> Entry:
    """The outermost table of a file of this package, with the lines of its values."""
    return parse(name, text_of(name))


def load_toml(name: str) -> dict[str, Any]:
    """
    A file of this package as plain data; `read` gives the same with lines.

    Raises
    ------
    KnowledgeError
        If it is no TOML.
    """
    return read(name).data


_HEADER: Final = re.compile(r"\s*(\[\[|\[)\s*([^\[\]]+?)\s*\]")
_KEY: Final = re.compile(r"\s*([\w\-]+|\"[^\"]*\"|'[^']*')\s*=")
_TOKEN: Final = re.compile(r'"""|\'\'\'|"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*|[\[\]{}]')


def _lines(text: str) -> dict[Path, int]:
    """
    Line of each table and key of a valid file: tomllib does not tell.

    Knows plain keys and headers of plain, dotted names; what else TOML allows is found at the table around it.
    """
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}  # tables of each list so far
    table: Path = ()
    inside = ""  # the quotes of a text over several lines
    depth = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not inside and not depth:
            if header := _HEADER.match(line):
                names = [n.strip().strip("\"'") for n in header[2].split(".")]
                table = _resolved(names[:-1], counts)
                if header[1] == "[[":
                    place = (*table, names[-1])
                    counts[place] = counts.get(place, -1) + 1
                    found.setdefault(place, number)
                    table = (*place, counts[place])
                else:
                    table = (*table, names[-1])
                found.setdefault(table, number)
                continue
            if key := _KEY.match(line):
                found.setdefault((*table, key[1].strip("\"'")), number)
        inside, depth = _still_open(line, inside, depth)
    return found


def _resolved(names: Iterable[str], counts: dict[Path, int]) -> Path:
    """The path of a header's parents: of a list of tables the latest."""
    path: Path = ()
    for name in names:
        path = (*path, name)
        if path in counts:
            path = (*path, counts[path])
    return path


def _still_open(line: str, inside: str, depth: int) -> tuple[str, int]:
    """The quotes and the number of brackets that are still open at the end of a line."""
    place = 0
    while True:
        if inside:
            end = line.find(inside, place)
            if end < 0:
                return inside, depth
            place, inside = end + 3, ""
        token = _TOKEN.search(line, place)
        if token is None:
            return "", depth
        place = token.end()
        if token[0] in ('"""', "'''"):
            inside = token[0]
        elif token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
