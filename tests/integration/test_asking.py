"""What the check-in asks: no red flag is missed for want of a question."""

import itertools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import loadwatch.knowledge
from loadwatch.bootstrap import Services
from loadwatch.dashboard import create_app
from loadwatch.dashboard.health import SIGNS
from loadwatch.domain.redflags import ScreenContext, follow_ups, screen
from loadwatch.domain.symptoms import REGIONS, LoadEvent, SymptomReport
from loadwatch.knowledge.flags import red_flags
from loadwatch.services import health_words as words
from tests.support.seeding import ANN, PASSWORD, seeded_services, sign_up

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FLAGS = tomllib.loads((Path(loadwatch.knowledge.__file__).parent / "red_flags.toml").read_text(encoding="utf-8"))[
    "flag"
]
ONSETS = ("sudden", "during", "delayed", "gradual", "unrelated", "unknown")

COMES_WITH = {
    "bowel": {"bladder"},
    "sexual_change": {"numb"},
    "rapid_weakness": {"weak"},
    "little_urine": {"after_hard_session"},
    "pain_out_of_proportion": {"after_hard_session"},
    "severe_swelling": {"swelling", "after_hard_session"},
    "rapid_swelling": {"swelling"},
    "pain_rising_at_rest": {"swelling"},
    "passive_stretch_pain": {"swelling"},
    "new_numbness": {"numb"},
    "spreading_numbness": {"numb"},
    "limp_over_24h": {"limp"},
    "skin_wound": {"warm"},
    "fixed_distance_pain": {"cramp"},
    "weight_loss": {"night_rest"},
    "cancer_history": {"night_rest"},
    "lump_firm": {"blow"},
    "bend_shrinking": {"blow"},
}
"""What the form offers in place of what is asked for only afterwards: who has the one has, or ticks, the other."""

FOLLOWS = {
    "cannot_straighten": "sudden",
    "cannot_raise_leg": "sudden",
    "immediate_weakness": "sudden",
    "walking_hurts": "gradual",
    "new_numbness": "during",
    "sudden_start": "sudden",
}
"""How it began, where only that leads to the question."""


ASKED_AT = {"deep_impact_pain": ["AP", "AM", "AD"]}
"""Where a follow-up asks about another place than the one that was tapped."""


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    services = seeded_services(tmp_path_factory.mktemp("asking"))
    sign_up(services, ANN)
    yield services
    services.close()


@pytest.fixture(scope="module")
def shown(services: Services) -> dict[str, set[str]]:
    """For each region, and "none", the codes that the page shows when it alone is tapped, as its classes say."""
    client = create_app(services, config={"RATELIMIT_ENABLED": False, "WTF_CSRF_ENABLED": False}).test_client()
    client.post("/login", data={"email": ANN, "password": PASSWORD})
    chips = re.findall(r'<label class="chip([^"]*)"><input[^>]*value="(\w+)"', client.get("/check-in").text)
    return {
        region: {code for classes, code in chips if "at-" not in classes or f"at-{region}" in classes.split()}
        for region in (*REGIONS, "none")
    }


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: flag["id"])
def test_at_no_place_anything_that_a_red_flag_looks_for_is_hidden(
    flag: dict[str, Any], shown: dict[str, set[str]]
) -> None:
    offered = words.QUALITIES.keys() | words.AGGRAVATORS.keys() | words.SIGNS.keys()
    for part in (*flag["trigger"], *flag.get("question", ())):
        needed = offered & {*part.get("all", ()), *part.get("any", ())}
        for region in ("none", *part.get("regions", REGIONS)):
            assert needed <= shown[region], (region, needed - shown[region])


def test_a_place_hides_what_tells_nothing_there_and_only_that(shown: dict[str, set[str]]) -> None:
    assert "belt" in shown["LT"]
    assert "belt" not in shown["PP"]
    assert {"sitting", "bending"} <= shown["PP"]
    assert "sitting" not in shown["LK"]


def test_signs_are_all_offered_each_once_and_never_hidden(shown: dict[str, set[str]]) -> None:
    grouped = [code for _, codes in SIGNS for code in codes]

    assert sorted(grouped) == sorted(words.SIGNS)
    assert all(words.SIGNS.keys() <= codes for codes in shown.values())


def ways() -> Iterator[Any]:
    """Each way in which a flag is raised by what a runner notices: one code of each alternative."""
    for flag in FLAGS:
        for trigger in flag["trigger"]:
            for choice in trigger.get("any", [None]):
                facts = {*trigger.get("all", ()), *([choice] if choice else ())}
                if not any(fact.startswith("past:") for fact in facts):
                    urgency, regions = trigger.get("urgency", flag["urgency"]), trigger.get("regions", REGIONS)
                    name = "-".join([flag["id"], *sorted(facts)])
                    yield pytest.param(flag["id"], urgency, facts, regions, id=name)


@pytest.mark.parametrize(("flag_id", "urgency", "facts", "regions"), list(ways()))
def test_who_ticks_what_is_shown_and_answers_what_is_asked_raises_the_flag(
    flag_id: str, urgency: str, facts: set[str], regions: list[str], shown: dict[str, set[str]]
) -> None:
    so = {fact for fact in facts if ":" not in fact}
    so |= {other for code in so for other in COMES_WITH.get(code, ())}
    told = {fact.partition(":")[2] for fact in facts if fact.startswith("onset:")}
    told |= {onset for code, onset in FOLLOWS.items() if code in so}
    regions = next((places for code, places in ASKED_AT.items() if code in so), regions)
    missed = []
    for region, onset in itertools.product(regions, told or ONSETS):
        ticked = frozenset(so & shown[region])
        report = SymptomReport(
            id=1,
            at=NOW,
            local_date=NOW.date(),
            side="both_unequal" if "side:both" in facts else "left",
            regions=frozenset({region, "BK"} if "region:BK" in facts else {region}),
            onset=None if onset == "unknown" else onset,
            signs=ticked,
        )
        context = ScreenContext(
            age_band="under_18" if "age:under_18" in facts else None,
            loads=() if "load:unknown" not in facts else None,
        )
        if "load:within_4d" in facts or "deep_impact_pain" in facts:
            context = replace(context, loads=(LoadEvent("session", 1, NOW.date()),))
        while asked := follow_ups(report, context, red_flags()):
            report = replace(report, answers={**report.answers, **{q.code: q.code in so for q in asked}})
        found = {(f.flag.id, f.urgency) for f in screen(report, context, red_flags())}
        if (flag_id, urgency) not in found and not any(u == "emergency_now" for _, u in found):
            missed.append((region, onset, found))
    assert not missed
