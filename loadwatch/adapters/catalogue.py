"""
Languages: English is in the code, every other one in a catalogue beside it, `loadwatch/locale/CODE.po`.

A catalogue is read when somebody first asks for it; nothing is compiled beforehand. A new language is a new file:
`./run messages CODE` makes it, with every message of the code.
"""

import io
from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

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
