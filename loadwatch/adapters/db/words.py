"""Words as the database keeps them: in plain English, and beside that how they were made."""

from typing import Any

from loadwatch.domain.text import Text, from_json, to_json


def made_of(words: str | None) -> Any | None:
    """How a text was made; None for plain words, and for none."""
    return to_json(words) if isinstance(words, Text) else None


def words_of(words: str, made: Any | None = None) -> str:
    """A text as it was stored; plain words where nobody noted how they were made."""
    return words if made is None else from_json(made, words)


def reason_of(words: str | None, made: Any | None) -> str | None:
    """`words_of` something that may not be there."""
    return None if words is None else words_of(words, made)
