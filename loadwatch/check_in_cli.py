"""The check-in on the command line: by options, or question by question."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import click

from loadwatch.bootstrap import Services
from loadwatch.domain.redflags import RedFlagFinding
from loadwatch.domain.symptoms import ONSETS, REGIONS, SIDES
from loadwatch.services.check_in import CheckInResult
from loadwatch.services.health_ports import Draft
from loadwatch.services.health_words import (
    AGGRAVATORS,
    DISCLAIMER,
    QUALITIES,
    SIGNS,
    UNREVIEWED,
    URGENCIES,
)
from loadwatch.services.health_words import ONSETS as ONSET_WORDS
from loadwatch.services.health_words import REGIONS as REGION_WORDS
from loadwatch.services.health_words import SIDES as SIDE_WORDS

Say = Callable[[str], None]


def draft_of(options: Mapping[str, Any]) -> Draft:
    """A check-in from the command's options."""
    at: datetime | None = options["at"]
    return Draft(
        side=options["side"],
        regions=frozenset(options["region"]),
        pain_run=options["pain_run"],
        pain_today=options["pain_today"],
        pain_morning=options["pain_morning"],
        qualities=frozenset(options["quality"]),
        onset=options["onset"],
        aggravators=frozenset(options["aggravator"]),
        signs=frozenset(options["sign"]),
        answers={**dict.fromkeys(options["no"], False), **dict.fromkeys(options["yes"], True)},
        note=options["note"],
        at=at.astimezone() if at is not None and at.tzinfo is None else at,
        source="cli",
    )


def run_check_in(services: Services, athlete_id: int, draft: Draft, say: Say) -> None:
    """Store a check-in and say what it means: red flags first."""
    for line in lines(services.check_ins.record(athlete_id, draft)):
        say(line)


def run_interactive(services: Services, athlete_id: int, say: Say) -> None:
    """Ask for a check-in question by question, and for what would change its result."""
    result = services.check_ins.record(athlete_id, _asked())
    while result.follow_ups:
        say("")
        answers = {q.code: click.confirm(q.ask, default=None) for q in result.follow_ups}
        result = services.check_ins.answer(athlete_id, result.report.id, answers)
    say("")
    for line in lines(result):
        say(line)


def _asked() -> Draft:
    pain_run = _pain("Worst pain in the thighs during your last run")
    pain_today = _pain("Worst pain today")
    pain_morning = _pain("Pain this morning")
    hurts = any((pain_run, pain_today, pain_morning)) or click.confirm("Is there anything else wrong with them?")
    if not hurts:
        return Draft(pain_run=pain_run, pain_today=pain_today or 0, pain_morning=pain_morning, source="cli")
    side = _one("Which side?", dict(zip(SIDES, SIDE_WORDS.values(), strict=True)))
    regions = _several("Where?", REGION_WORDS)
    qualities = _several("What does it feel like?", QUALITIES)
    onset = _one("How did it begin?", ONSET_WORDS)
    aggravators = _several("What brings it on?", AGGRAVATORS)
    signs = _several("Did you notice any of these?", SIGNS)
    return Draft(
        side=next((s for s in SIDES if s == side), None),
        regions=frozenset(r for r in REGIONS if r in regions),
        pain_run=pain_run,
        pain_today=pain_today,
        pain_morning=pain_morning,
        qualities=frozenset(qualities),
        onset=next((o for o in ONSETS if o == onset), None),
        aggravators=frozenset(aggravators),
        signs=frozenset(signs),
        source="cli",
    )


def _pain(ask: str) -> int | None:
    text = click.prompt(f"{ask}, 0 to 10 (Enter: not told)", default="", show_default=False)
    while text and not (text.isdecimal() and int(text) <= 10):
        text = click.prompt("A whole number from 0 to 10, or Enter", default="", show_default=False)
    return int(text) if text else None


def _one(ask: str, words: Mapping[str, str]) -> str | None:
    return next(iter(_several(ask, words, limit=1)), None)


def _several(ask: str, words: Mapping[str, str], limit: int | None = None) -> list[str]:
    codes = list(words)
    click.echo(f"\n{ask}")
    for number, code in enumerate(codes, start=1):
        click.echo(f"  {number:2d}  {words[code]}")
    hint = "Number" if limit == 1 else "Numbers, with spaces between"
    while True:
        given = click.prompt(f"{hint} (Enter: none)", default="", show_default=False).replace(",", " ").split()
        numbers = [int(n) for n in given if n.isdecimal()]
        good = len(numbers) == len(given) and all(1 <= n <= len(codes) for n in numbers)
        if good and (limit is None or len(numbers) <= limit):
            return [codes[n - 1] for n in numbers]
        click.echo(f"Write numbers from 1 to {len(codes)}.")


def lines(result: CheckInResult) -> Iterator[str]:
    """What a check-in says, line by line: red flags first, and beside them nothing softer."""
    for found in result.red_flags:
        yield from _flag_lines(found)
    if not result.red_flags:
        yield from _pattern_lines(result)
    if result.follow_ups:
        yield ""
        yield "Please answer, as it may change the result:"
        for question in result.follow_ups:
            yield f"  {question.ask} (--yes {question.code} or --no {question.code})"
    yield ""
    yield f"check-in {result.report.id}" + "".join(f", problem {number}" for number in result.problem_ids)
    yield DISCLAIMER


def _flag_lines(found: RedFlagFinding) -> Iterator[str]:
    flag = found.flag
    yield f"RED FLAG {flag.id}: {flag.name}. {URGENCIES[found.urgency]}."
    yield f"  What to do: {flag.action}"
    yield f"  Where: {flag.where}"
    yield f"  What it may mean: {flag.suspects}"
    for sentence in (*found.because, *found.stronger):
        yield f"  Because: {sentence}"
    for sentence in flag.avoid:
        yield f"  Until then: {sentence}"
    yield f"  Evidence {flag.source.grade}: {flag.source.citation}"
    if flag.source.review == "unreviewed":
        yield f"  {UNREVIEWED}"


def _pattern_lines(result: CheckInResult) -> Iterator[str]:
    like = result.resemblance
    if like is None:
        yield "Noted: nothing hurts."
        return
    if like.top is None:
        yield "The pattern is unclear: what you report fits none of the known ones well enough."
    for score in like.shown:
        yield f"It resembles: {score.pattern.name}"
        for sentence in score.reasons_for:
            yield f"  for: {sentence}"
        for sentence in score.reasons_against:
            yield f"  against: {sentence}"
        if score.pattern.source.review == "unreviewed":
            yield f"  {UNREVIEWED}"
