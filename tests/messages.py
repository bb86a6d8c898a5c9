"""
The catalogues brought up to date with the code: `./run messages [CODE…]`; a code without a catalogue begins one.

A new message comes in empty. One whose words changed comes in marked as uncertain ("fuzzy"), which counts as empty
until somebody has looked at it; what is no longer said goes. At the end it tells how many messages each one lacks.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from loadwatch.knowledge import loading as knowledge

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "loadwatch" / "locale"
METHODS = [
    ("dashboard/templates/**.html", "jinja2"),
    *((f"{room}/**.py", "python") for room in ("dashboard", "domain", "knowledge", "services", "emails", "adapters")),
]
OPTIONS = {"dashboard/templates/**.html": {"trimmed": "true", "silent": "false", "newstyle_gettext": "true"}}
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "lazy": None,
    "say": None,
    "say_n": (1, 2),
}


def messages() -> Catalog:
    """Every message of the code, with the places where it is said."""
    catalog = Catalog(project="loadwatch", charset="utf-8")
    for path, line, message, comments, context in _extracted():
        catalog.add(message, None, [(path, line)], auto_comments=comments, context=context)
    return catalog


def _extracted() -> Iterator[tuple[str, int, str | tuple[str, ...], list[str], str | None]]:
    folder = ROOT / "loadwatch"
    for path, *found in extract_from_dir(folder, METHODS, OPTIONS, KEYWORDS, comment_tags=("TRANSLATORS:",)):
        yield (f"loadwatch/{path}", *found)
    for file in sorted((folder / "knowledge").glob("*.toml")):
        for line, message in knowledge.messages(file.read_text("utf-8")):
            yield f"loadwatch/knowledge/{file.name}", line, message, [], None


def lacking(catalog: Catalog) -> list[str]:
    """Messages without words, or with uncertain ones."""
    return [str(m.id) for m in catalog if m.id and (m.fuzzy or not all(m.string if m.pluralizable else [m.string]))]


def update(code: str, template: Catalog) -> Catalog:
    """Bring one catalogue up to date and write it."""
    path = LOCALE / f"{code}.po"
    if path.exists():
        with path.open("rb") as file:
            catalog = read_po(file, locale=code)
    else:
        catalog = Catalog(locale=code, project="loadwatch", charset="utf-8")
    catalog.update(template, no_fuzzy_matching=False)
    catalog.obsolete.clear()
    catalog.header_comment, catalog.fuzzy = "# The words of loadwatch in another language.", False
    catalog.creation_date = catalog.revision_date = EPOCH  # the history tells when; a date would differ each time
    with path.open("wb") as file:
        write_po(file, catalog, width=110, sort_by_file=False, sort_output=True, include_lineno=False)
    return catalog


def main(codes: list[str]) -> int:
    template = messages()
    print(f"{len(template)} messages")
    for code in codes or sorted(path.stem for path in LOCALE.glob("*.po")):
        missing = lacking(update(code, template))
        print(f"{code}: {len(missing)} to be translated")
        for message in missing[:10]:
            print(f"  {message[:100]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
