"""No text that ships claims more than it may: pages, mails, knowledge, commands, the API, the words of alerts."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import loadwatch

PACKAGE = Path(loadwatch.__file__).parent
TEXTS = sorted(p for p in PACKAGE.rglob("*") if p.suffix in {".html", ".txt", ".mjml", ".toml", ".js"})
SOURCES = sorted(PACKAGE.rglob("*.py"))

CLAIMS = re.compile(
    r"\bdiagnos|\btreats?\b|\btreatment\b|\bprevents? (an? )?injur|\bcures?\b|\d ?% (injury )?risk"
    r"|\brisk of (an? )?injur|\binjury risk|(?<!no )chance of (an? )?injur",
    re.IGNORECASE,
)

DISCLAIMS = re.compile(r"\b(gives|is) no (medical )?diagnosis|no diagnosis", re.IGNORECASE)
"""The sentence in which loadwatch says what it is not."""


def said(path: Path) -> Iterator[str]:
    """Whatever of a file may be shown: its lines without comments; of code each string, docstrings too."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield from (line for line in text.splitlines() if not line.lstrip().startswith("#"))
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("path", [*TEXTS, *SOURCES], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_text_claims_more_than_it_may(path):
    claims = [text for text in said(path) if CLAIMS.search(DISCLAIMS.sub("", text))]

    assert claims == []


def test_all_kinds_of_text_are_looked_at():
    assert {p.suffix for p in TEXTS} >= {".html", ".txt", ".mjml", ".toml"}
    assert {"wording.py", "cli.py", "models.py", "explain.py"} <= {p.name for p in SOURCES}


@pytest.mark.parametrize(
    "claim",
    ["This is a diagnosis.", "It treats strains", "prevents injury", "a 12 % injury risk", "the risk of injury"],
)
def test_a_claim_is_seen(claim):
    assert CLAIMS.search(claim)
