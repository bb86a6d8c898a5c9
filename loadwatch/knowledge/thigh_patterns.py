"""Builds the patterns of thigh problems from `patterns.toml`."""

from functools import cache

from loadwatch.domain.clues import REPORT_FACTS
from loadwatch.domain.patterns import BONE_STRESS, HISTORY_FACTS, LOAD_FACTS, Feature, Pattern, Patterns
from loadwatch.knowledge.codes import codes_of
from loadwatch.knowledge.flags import condition
from loadwatch.knowledge.loading import Entry, read, unique_ids

MAX_WEIGHT = 3


@cache
def patterns() -> Patterns:
    """
    The patterns as they ship.

    Raises
    ------
    KnowledgeError
        If the files that they come from are broken.
    """
    return patterns_from(read("patterns.toml"), read("red_flags.toml"))


def patterns_from(file: Entry, *more_codes: Entry) -> Patterns:
    """
    The patterns of a file.

    Parameters
    ----------
    more_codes : Entry
        Further files whose codes a feature may ask for.

    Raises
    ------
    KnowledgeError
        If an entry is incomplete, names what does not exist, or a weight is missing.
    """
    facts = {*codes_of(file, *more_codes), *REPORT_FACTS, *LOAD_FACTS, *HISTORY_FACTS}
    entries = file.entries("feature")
    unique_ids(entries)
    features = tuple(_feature(entry, facts) for entry in entries)
    tables = file.entries("pattern")
    ids = unique_ids(tables)
    found = tuple(_pattern(entry, features) for entry in tables)
    file.done()
    if BONE_STRESS not in ids:
        raise file.wrong(f"the pattern {BONE_STRESS} is missing: its guard needs it")
    return Patterns(features, found)


def _feature(entry: Entry, facts: set[str]) -> Feature:
    feature = Feature(
        id=entry.text("id"),
        says=entry.text("says"),
        condition=condition(entry, facts, may_exclude=True),
        is_load=entry.yes("load", False),
    )
    entry.done()
    return feature


def _pattern(entry: Entry, features: tuple[Feature, ...]) -> Pattern:
    known = {f.id: f for f in features}
    table = entry.entry("weights")
    weights = {}
    for name in table.data:
        if name not in known:
            raise table.wrong(f"the feature {name!r} does not exist", name)
    for name in known:
        weights[name] = table.whole(name)
        if abs(weights[name]) > MAX_WEIGHT:
            raise table.wrong(f"{name} is outside -3 to 3", name)
    narrow = entry.entry("only", optional=True)
    only = {}
    for name in narrow.data:
        if name not in known:
            raise narrow.wrong(f"the feature {name!r} does not exist", name)
        parts = known[name].condition
        only[name] = frozenset(narrow.texts(name, parts.any | parts.all))
    pattern = Pattern(
        id=entry.text("id"),
        name=entry.text("name"),
        weights=weights,
        only=only,
        source=entry.source(),
    )
    entry.done()
    return pattern
