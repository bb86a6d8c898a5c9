"""Whatever the core says is made of messages and quantities: a language of brackets finds every word that is not."""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import loadwatch
from loadwatch.domain.ceilings import Ceiling, LoadCeiling
from loadwatch.domain.completeness import Gap, gap_text, missing_text, quiet_verdict
from loadwatch.domain.findings import EVIDENCE, Finding, Reason
from loadwatch.domain.ladder import ENTRY_QUESTIONS, LADDER, LADDER_SOURCE
from loadwatch.domain.programme import NOT_WHEN, STOP_SIGNS, Clearance, Dose, withheld
from loadwatch.domain.redflags import RedFlagFinding
from loadwatch.domain.report import _JUMPED, _NOTES, _URGENT, STILL_OPEN, LoadLine, _limited
from loadwatch.domain.text import English, Text, Units, from_json, render, to_json
from loadwatch.domain.wording import (
    _TEXTS,
    HURTS_FIRST,
    QUANTITIES,
    alert_text,
    ceiling_text,
    load_ceiling_text,
    quantity_text,
    site_text,
)
from loadwatch.emails.loads import load_rows
from loadwatch.emails.receipt import WHY, receipt_rows
from loadwatch.knowledge.codes import all_codes
from loadwatch.knowledge.flags import red_flags
from loadwatch.knowledge.loading import messages, text_of
from loadwatch.knowledge.rehab_content import rehab_content
from loadwatch.knowledge.thigh_patterns import patterns
from loadwatch.services import health_words
from loadwatch.services.accounts import SCOPE_MEANING, missing_scopes
from tests.unit.domain.test_wording import LOADS, back, spike


@dataclass(frozen=True)
class Brackets:
    """Every message stands in brackets, but for its places."""

    units: Units = "metric"
    language: str = "en"

    def gettext(self, message: str) -> str:
        return "".join(
            part if part.startswith("{") else f"⟦{part}⟧" for part in re.split(r"(\{\w+\})", message) if part
        )

    def ngettext(self, one: str, many: str, n: int) -> str:
        return self.gettext(one if n == 1 else many)

    def number(self, value: float, digits: int = 0) -> str:
        return f"{value:.{digits}f}"

    def day(self, day: date, *, year: bool = False) -> str:
        return "⟦day⟧"

    def moment(self, at: datetime, *, year: bool = False) -> str:
        return "⟦moment⟧"

    short_day = day

    def span(self, first: date, last: date, *, year: bool = True) -> str:
        return "⟦span⟧"

    def month(self, day: date, *, year: bool = True) -> str:
        return "⟦month⟧"

    weekday = day


UNITS = r"\b(?:km|m|mi|ft|h|min|s|x)\b"
CODES = r"\b(?:RF\d+|[RS]-[A-Z0-9]+|Strava)\b"


def plain_words(text: str) -> str:
    """What of a text is no message, no number and no unit."""
    left = re.sub(r"⟦[^⟦⟧]*⟧", " ", render(text, Brackets()))
    return " ".join(re.findall(r"[^\W\d_]+", re.sub(f"{UNITS}|{CODES}", "", left)))


def texts_in(thing: Any) -> Iterable[str]:
    """The texts of a record, wherever they are in it."""
    if isinstance(thing, Text):
        yield thing
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from texts_in(getattr(thing, field.name))
    elif isinstance(thing, dict):
        yield from texts_in(tuple(thing.values()))
    elif isinstance(thing, tuple | list | frozenset):
        for each in thing:
            yield from texts_in(each)


# alerts

SITES = ("left posterior", "right anterior", "both lateral", "side unknown medial", "left deep+back", "unnamed")
FLAGS = [
    RedFlagFinding(f, f.urgency, tuple(t.sentence for t in f.triggers), tuple(s.sentence for s in f.stronger))
    for f in red_flags()
]
LOAD = Reason("session_eccentric_load", 700.0, "m", 200.0, 400.0, QUANTITIES["ascent"])


def finding(rule: str, site: str = "left posterior", **changes: Any) -> Finding:
    given = {
        "family": rule[0],
        "load_type": site,
        "run": None,
        "load_level": 0,
        "severity": 2,
        "confidence": "normal",
        "reasons": (Reason("symptom_level", 2.0, "of 4", None, None, QUANTITIES["pain"]),),
        "report_id": 1,
        "site": site,
    }
    return Finding(rule=rule, **(given | changes))


def _findings() -> list[Finding]:
    loads = [spike(15), spike(25), spike(20, is_race=True), back(20, 5), back(33, 8), *LOADS]
    found = [*loads, *(replace(f, confidence="low") for f in loads)]
    found += [replace(f, symptom_level=2, severity=n) for f in loads for n in range(4)]
    week = Reason("week_distance", 40e3, "m", 30e3, 39e3, QUANTITIES["pain"])
    found.append(finding("R-M3", reasons=(week,), family="M"))
    for f in loads:  # next to nothing before, and several files
        many = [replace(r, value=900.0, quantity=f"session_{r.quantity}") for r in f.reasons[:1]]
        found.append(
            replace(f, reasons=(*many, *(replace(r, value=25.0) for r in f.reasons[1:]))) if f.rule != "R-RTN" else f
        )
    for site in SITES:
        for rule in ("C-HS", "C-PHT", "C-IT", "C-N", "C-BSI", "S-ASYM", "S-TREND"):
            found += [finding(rule, site), finding(rule, site, load_level=2, reasons=(LOAD,))]
        for rule in ("C-Q", "S-LEVEL"):
            found += [finding(rule, site, severity=n) for n in (1, 2, 3)]
            found += [finding(rule, site, is_soreness=True, ask=ask) for ask in ((), ("dark_urine",))]
        for quantity in ("fast_distance", "hill_height", "run_distance"):
            found.append(finding("P-PUSH", site, reasons=(replace(LOAD, quantity=quantity),)))
        opened = Reason("days_open", 9.0, "d", None, None, QUANTITIES["pain"])
        found += [finding("R-OK", site, reasons=(opened,), coverage=coverage) for coverage in ((), ("watched",))]
    found += [finding("R-RED", flag=flag, severity=4) for flag in FLAGS]
    found += [finding("S-STUCK", flag=flag) for flag in FLAGS]
    return found


FINDINGS = _findings()


def test_the_words_of_every_rule_are_looked_at() -> None:
    assert {f.rule for f in FINDINGS} == set(_TEXTS)


@pytest.mark.parametrize("rule", sorted(_TEXTS))
def test_no_alert_has_a_word_that_cannot_be_translated(rule: str) -> None:
    for f in (f for f in FINDINGS if f.rule == rule):
        words = alert_text(f)
        told = (words.title, words.message, words.action, *(r.window for r in f.reasons), f.evidence.citation)
        assert {plain_words(text) for text in told} == {""}


@pytest.mark.parametrize("rule", sorted(_TEXTS))
def test_an_alert_is_the_same_after_it_was_stored(rule: str) -> None:
    for f in (f for f in FINDINGS if f.rule == rule):
        words = alert_text(f, "imperial")
        for text in (words.title, words.message, words.action):
            again = from_json(to_json(text), str(text))
            assert (again, render(again, Brackets())) == (text, render(text, Brackets()))


@pytest.mark.parametrize("rule", sorted(_TEXTS))
def test_in_imperial_units_no_alert_has_a_metre_in_it(rule: str) -> None:
    for f in (f for f in FINDINGS if f.rule == rule):
        words = alert_text(f)
        for text in (words.title, words.message, words.action):
            assert not re.search(r"\d k?m\b", render(text, English("imperial")))


# what is said beside alerts

ZONE = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
GAPS = [
    Gap(AT, runs=1, samples=1, files=1),
    Gap(None, runs=2, samples=2, files=2, list_awaited=True),
    *(Gap(AT, cut_off=why) for why in ("reconnect", "permission", "inactive")),
]
CEILINGS = [
    Ceiling("learning", None, None, None, None, 3, 1),
    Ceiling("learning", None, None, None, None, 40, 40),
    *(Ceiling(basis, 8e3, 8e3, 16e3, 20.7, 60, 30) for basis in ("after_break", "after_jump", "longest_30d")),
    Ceiling("after_break", 8e3, 8e3, 16e3, 3.0, 60, 30),
]
LOAD_CEILINGS = [
    LoadCeiling(kind, basis, value, value, 700.0, 8, 8, days_missing=days, runs_missing=runs)
    for kind in ("hills", "fast")
    for basis, value in (
        ("usual", 780.0),
        ("usual_week", 600.0),
        ("return", 800.0),
        ("after_jump", 100.0),
        ("after_jump", 0.0),
        ("unknown", None),
    )
    for days, runs in ((0, 0), (1, 1), (2, 3))
]
LINES = [
    LoadLine(kind, value, usual, ceiling, known, 3, ascent_m=200.0, sprint_m=60.0, track_m=track, track_laps=laps)
    for kind in ("mileage", "hills", "fast")
    for value, usual, ceiling, known in ((None, None, None, 0), (900.0, 800.0, 950.0, 2), (900.0, None, 0.0, 3))
    for track, laps in ((None, None), (800.0, None), (800.0, 2.0))
]
DOSES = [
    Dose(2, minutes=10),
    Dose(3, (5, 8), (10, 10), per_day=3),
    Dose(5, None, (30, 45), every_days=2),
    Dose(4, (15, 15), every_days=4),
    Dose(4, (15, 15), per_week=2),
]
CLEARANCES = [
    Clearance(frozenset({"RF1"}), 0, bone_stress=False, confirmed=True),
    Clearance(frozenset(), 0, bone_stress=True, confirmed=True),
    Clearance(frozenset(), 4, bone_stress=False, confirmed=True),
]

SAID: dict[str, Iterable[str]] = {
    "gaps": [text for gap in GAPS for text in (gap_text(gap, ZONE), missing_text(gap), quiet_verdict(gap, ZONE))],
    "ceilings": [*(ceiling_text(c) for c in CEILINGS), *(load_ceiling_text(c) for c in LOAD_CEILINGS), HURTS_FIRST],
    "verdicts": [
        *(_limited(advice, c) for advice in (_JUMPED, *_URGENT.values(), *_NOTES.values()) for c in CEILINGS[1:3]),
        *(words(site_text("left posterior")) for words, _ in STILL_OPEN.values()),
    ],
    "quantities": [
        *QUANTITIES.values(),
        *(
            quantity_text(q, 7.5, u)
            for q in ("pain", "descent", "fast_7d")
            for u in ("m", "d", "ratio", "sd", "of 10")
        ),
    ],
    "places": [site_text(site) for site in SITES],
    "loads of a week": [
        text
        for row in [*load_rows(LINES, "metric"), *load_rows(LINES, "metric", symptoms_decide=True)]
        for text in (row.name, row.meaning, row.value, row.usual, row.ceiling, row.notes)
    ],
    "doses": [text for dose in DOSES for text in (dose.amount, dose.frequency)],
    "withheld": [held.text for c in CLEARANCES if (held := withheld(None, c))],
    "ladder": [*(level.text for level in LADDER), *ENTRY_QUESTIONS.values(), LADDER_SOURCE.citation],
    "signs": [*NOT_WHEN.values(), *STOP_SIGNS.values()],
    "evidence": [e.citation for e in EVIDENCE.values()],
    "receipts": [*WHY.values(), *receipt_rows(dict.fromkeys(("runs", "features", "shoes", "alerts", "mails"), 2))],
    "scopes": [*SCOPE_MEANING.values(), *(why for _, why in missing_scopes(frozenset()))],
    "check-in": [
        text
        for name, words in vars(health_words).items()
        if name.isupper()
        for text in ([words] if isinstance(words, str) else words.values())
    ],
}


@pytest.mark.parametrize("kind", SAID)
def test_nothing_that_is_said_has_a_word_that_cannot_be_translated(kind: str) -> None:
    assert {plain_words(text) for text in SAID[kind]} == {""}


@pytest.mark.parametrize("kind", ["ceilings", "verdicts", "loads of a week", "quantities"])
def test_in_imperial_units_nothing_has_a_metre_in_it(kind: str) -> None:
    for text in SAID[kind]:
        assert not re.search(r"\d k?m\b", render(text, English("imperial")))


# the knowledge


def test_every_sentence_of_the_knowledge_can_be_translated() -> None:
    content = rehab_content()
    known = (red_flags(), patterns(), tuple(content.exercises.values()), tuple(content.programmes.values()))
    texts = list(texts_in((*known, tuple(content.questions.values()), content.stop_rules)))
    codes = [code.ask for code in all_codes().values() if code.ask]
    assert len(texts) > 600
    assert all(isinstance(text, Text) for text in codes)
    assert {plain_words(text) for text in (*texts, *codes)} == {""}


def test_no_sentence_of_the_knowledge_is_plain() -> None:
    """What is no text is a code: it has no blank in it."""

    def plain(thing: Any) -> Iterable[str]:
        if isinstance(thing, str):
            if not isinstance(thing, Text):
                yield thing
        elif is_dataclass(thing):
            for field in fields(thing):
                yield from plain(getattr(thing, field.name))
        elif isinstance(thing, tuple | list | frozenset):
            for each in thing:
                yield from plain(each)

    content = rehab_content()
    known = (red_flags(), patterns(), tuple(content.exercises.values()), tuple(content.programmes.values()))
    assert [words for words in plain(known) if " " in words] == []


def test_every_sentence_of_the_knowledge_is_in_the_catalogues() -> None:
    content = rehab_content()
    known = (red_flags(), patterns(), tuple(content.exercises.values()), tuple(content.programmes.values()))
    said = {*texts_in((*known, tuple(content.questions.values()), content.stop_rules))}
    said |= {code.ask for code in all_codes().values() if code.ask}
    extracted = {
        message
        for name in ("red_flags", "patterns", "exercises", "programmes")
        for _, message in messages(text_of(f"{name}.toml"))
    }
    assert {str(text) for text in said} - extracted == set()


# the code

DOMAIN = sorted((Path(loadwatch.__file__).parent / "domain").glob("*.py"))
SAYING = {"say", "say_n"}
CODE = re.compile(r"of \d+|side unknown|m fast|(?:ACWR|week) .*|.*[|\[].*")
"""Units of reasons, the code of a place, names of what is only compared with, types in quotes."""


def unsaid(path: Path) -> Iterable[str]:
    """Strings of several words that no message holds; docstrings, and errors for programmers, aside."""

    def walk(node: ast.AST) -> Iterable[str]:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYING:
            return
        if isinstance(node, ast.Raise | ast.Assert) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            return
        words = str(node.value) if isinstance(node, ast.Constant) else ""
        if re.search(r"[a-z] [a-z]", words) and not CODE.fullmatch(words):
            yield words
        for inner in ast.iter_child_nodes(node):
            yield from walk(inner)

    return walk(ast.parse(path.read_text("utf-8")))


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: path.name)
def test_no_sentence_of_the_domain_stands_outside_of_a_message(path: Path) -> None:
    assert list(unsaid(path)) == []
