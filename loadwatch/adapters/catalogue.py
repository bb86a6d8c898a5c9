"""
Languages: English is in the code, every other one in a catalogue beside it, `loadwatch/locale/CODE.po`.

A catalogue is read when somebody first asks for it; nothing is compiled beforehand. A new language is a new file:
`./run messages CODE` makes it, with every message of the code.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol, get_group_symbol

from loadwatch.domain.text import English, Speech, Units

FOLDER = Path(__file__).parents[1] / "locale"

SOURCE = "en"
"""The language of the messages themselves."""


@cache
def languages() -> Mapping[str, str]:
    """The code of each language that there is, with its own name for itself: {"en": "English", "de": "Deutsch"}."""
    codes = [SOURCE, *sorted(path.stem for path in FOLDER.glob("*.po"))]
    return {code: _own_name(code) for code in codes}


def _own_name(code: str) -> str:
    name = Locale.parse(code).get_display_name() or code
    return name[:1].upper() + name[1:]


@cache
def translations(language: str) -> NullTranslations:
    """
    The messages in a language; what a catalogue does not have, or marks as uncertain, stays English.

    Parameters
    ----------
    language : str
        A code; one without a catalogue gets English.
    """
    path = FOLDER / f"{language}.po"
    if language not in languages() or not path.exists():
        return NullTranslations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def speech(language: str, units: Units) -> Speech:
    """A language with the units to speak in; English for one without a catalogue."""
    return Translated(language, units) if language != SOURCE and language in languages() else English(units)


@cache
def _marks(language: str) -> dict[int, str]:
    """What stands in a language for the marks of an English number."""
    return str.maketrans({",": get_group_symbol(language), ".": get_decimal_symbol(language)})


@lru_cache(maxsize=8192)
def _written(language: str, skeleton: str, day: date) -> str:
    """Kept, as Babel takes a tenth of a millisecond and a page may have the days of thousands of runs."""
    return str(format_skeleton(skeleton, day, locale=language))


@dataclass(frozen=True, slots=True)
class Translated:
    """A language of the catalogues, with the numbers and dates of its people."""

    language: str
    units: Units

    def gettext(self, message: str) -> str:
        return translations(self.language).gettext(message) if message else ""

    def ngettext(self, one: str, many: str, n: int) -> str:
        return translations(self.language).ngettext(one, many, n)

    def number(self, value: float, digits: int = 0) -> str:
        return f"{value:,.{digits}f}".translate(_marks(self.language))

    def day(self, day: date, *, year: bool = False) -> str:
        return _written(self.language, "yMMMEd" if year else "MMMEd", day)

    def moment(self, at: datetime, *, year: bool = False) -> str:
        clock = format_time(at.timetz().replace(tzinfo=None), "short", locale=self.language)
        return f"{self.day(at.date(), year=year)}, {clock}"

    def short_day(self, day: date) -> str:
        return _written(self.language, "MMMd", day)

    def span(self, first: date, last: date, *, year: bool = True) -> str:
        return str(format_interval(first, last, "yMMMd" if year else "MMMd", locale=self.language))

    def month(self, day: date, *, year: bool = True) -> str:
        return _written(self.language, "yMMMM" if year else "MMM", day)

    def weekday(self, day: date) -> str:
        return str(format_date(day, "ccc", locale=self.language)).rstrip(".")
