"""Builds the red flags from `red_flags.toml`."""

from collections.abc import Collection
from dataclasses import replace
from functools import cache
from typing import Final

from loadwatch.domain.clues import REPORT_FACTS, Condition
from loadwatch.domain.redflags import CONTEXT_FACTS, URGENCIES, Question, RedFlag, Strengthener, Trigger, Urgency
from loadwatch.domain.symptoms import REGIONS
from loadwatch.knowledge.codes import Code, codes_of
from loadwatch.knowledge.loading import Entry, read, unique_ids

IDS: Final = tuple(f"RF{n}" for n in range(1, 14))


@cache
def red_flags() -> tuple[RedFlag, ...]:
    """
    The red flags as they ship.

    Raises
    ------
    KnowledgeError
        If the files that they come from are broken.
    """
    return red_flags_from(read("red_flags.toml"), read("patterns.toml"))


def red_flags_from(file: Entry, *more_codes: Entry) -> tuple[RedFlag, ...]:
    """
    The red flags of a file.

    Parameters
    ----------
    more_codes : Entry
        Further files whose codes a flag may ask for.

    Raises
    ------
    KnowledgeError
        If an entry is incomplete or names what does not exist, or a flag is missing.
    """
    codes = codes_of(file, *more_codes)
    entries = file.entries("flag")
    ids = unique_ids(entries)
    flags = tuple(_flag(entry, codes) for entry in entries)
    file.done()
    if missing := [i for i in IDS if i not in ids]:
        raise file.wrong(f"flags are missing: {', '.join(missing)}")
    return flags


def _flag(entry: Entry, codes: dict[str, Code]) -> RedFlag:
    facts = {*codes, *REPORT_FACTS, *CONTEXT_FACTS}
    urgency = entry.choice("urgency", URGENCIES)
    severity = entry.whole("severity")
    if severity not in (3, 4):
        raise entry.wrong("severity is neither 3 nor 4", "severity")
    flag = RedFlag(
        id=entry.choice("id", IDS),
        name=entry.text("name"),
        severity=severity,
        urgency=urgency,
        suspects=entry.text("suspects"),
        action=entry.text("action"),
        where=entry.text("where"),
        avoid=entry.texts("avoid", optional=True),
        triggers=tuple(_trigger(e, facts, urgency) for e in entry.entries("trigger")),
        stronger=tuple(_strengthener(e, facts) for e in entry.entries("stronger", optional=True)),
        questions=tuple(q for e in entry.entries("question", optional=True) for q in _questions(e, facts, codes)),
        source=entry.source(),
    )
    entry.done()
    return flag


def _trigger(entry: Entry, facts: Collection[str], urgency: Urgency) -> Trigger:
    trigger = Trigger(
        condition=_wherever_unknown(condition(entry, facts)),
        sentence=entry.text("because"),
        urgency=entry.choice("urgency", URGENCIES, urgency),
    )
    entry.done()
    return trigger


def _strengthener(entry: Entry, facts: Collection[str]) -> Strengthener:
    strengthener = Strengthener(any=frozenset(entry.texts("any", facts)), sentence=entry.text("because"))
    entry.done()
    return strengthener


def _questions(entry: Entry, facts: Collection[str], codes: dict[str, Code]) -> list[Question]:
    when = _wherever_unknown(condition(entry, facts))
    asked = entry.texts("codes", codes)
    for code in asked:
        if not codes[code].ask:
            raise entry.wrong(f"there is no question for {code!r}", "codes")
    entry.done()
    return [Question(code, codes[code].ask, when) for code in asked]


def _wherever_unknown(condition: Condition) -> Condition:
    """The condition, met as well where it hurts and no region was told: it may be the one that is asked for."""
    return replace(condition, regions=condition.regions | {"unknown"}) if condition.regions else condition


def condition(entry: Entry, facts: Collection[str], *, may_exclude: bool = False) -> Condition:
    """
    A condition in the closed vocabulary of facts: at least one of all, any and regions.

    Raises
    ------
    KnowledgeError
        If a fact does not exist or the condition is empty; a red flag cannot be talked out of by `none`.
    """
    parts = {key: frozenset(entry.texts(key, facts, optional=True)) for key in ("all", "any")}
    none = frozenset(entry.texts("none", facts, optional=True)) if may_exclude else frozenset[str]()
    regions = frozenset(entry.texts("regions", REGIONS, optional=True))
    if not (parts["all"] or parts["any"] or regions):
        raise entry.wrong("a condition needs all, any or regions")
    return Condition(all=parts["all"], any=parts["any"], none=none, regions=regions)
