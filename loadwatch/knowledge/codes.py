"""The codes that a check-in may carry: those of every check-in, and those that the knowledge files add."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from loadwatch.domain.symptoms import AGGRAVATORS, QUALITIES, SIGNS
from loadwatch.knowledge.loading import Entry, read

CodeKind = Literal["quality", "aggravator", "sign", "answer"]
KINDS: Final[tuple[CodeKind, ...]] = ("quality", "aggravator", "sign", "answer")

_BASIC: Final[dict[str, CodeKind]] = {
    **dict.fromkeys(QUALITIES, "quality"),
    **dict.fromkeys(AGGRAVATORS, "aggravator"),
    **dict.fromkeys(SIGNS, "sign"),
}


@dataclass(frozen=True, slots=True)
class Code:
    """
    Something that a runner can report.

    Attributes
    ----------
    kind : CodeKind
        Which list of a check-in takes it; "answer" only as an answer to a follow-up question. Every code may be
        answered.
    ask : str
        The question in plain words; empty for a code of every check-in that nothing asks for.
    """

    id: str
    kind: CodeKind
    ask: str


def codes_of(*files: Entry) -> dict[str, Code]:
    """
    The codes of every check-in with those that files add or put into words.

    Raises
    ------
    KnowledgeError
        If a code is there twice, or of another kind than in every check-in.
    """
    codes = {name: Code(name, kind, "") for name, kind in _BASIC.items()}
    added: set[str] = set()
    for entry in (e for file in files for e in file.entries("code", optional=True)):
        code = Code(entry.text("id"), entry.choice("kind", KINDS), entry.text("ask"))
        entry.done()
        if code.id in added:
            raise entry.wrong(f"the code {code.id!r} is there twice", "id")
        if _BASIC.get(code.id, code.kind) != code.kind:
            raise entry.wrong(f"{code.id!r} is a {_BASIC[code.id]} in every check-in", "kind")
        added.add(code.id)
        codes[code.id] = code
    return codes


@cache
def all_codes() -> Mapping[str, Code]:
    """Every code that a check-in may carry, by its id."""
    return codes_of(read("red_flags.toml"), read("patterns.toml"))


def codes_of_kind(codes: Iterable[Code], kind: CodeKind) -> frozenset[str]:
    """Ids of the codes that one list of a check-in takes."""
    return frozenset(c.id for c in codes if c.kind == kind)
