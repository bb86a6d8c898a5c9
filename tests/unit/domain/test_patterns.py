"""Patterns: the rules of the score, worked by hand from the table of weights, and runners a clinician might meet."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadwatch.domain.patterns import resemblance, score
from loadwatch.domain.redflags import ScreenContext, screen
from loadwatch.domain.symptoms import AGGRAVATORS, ONSETS, QUALITIES, REGIONS, SIDES, SIGNS
from loadwatch.knowledge.flags import red_flags
from loadwatch.knowledge.thigh_patterns import patterns
from tests.unit.domain.symptoms_build import earlier_injury, load, report

PATTERNS = patterns()


def scores(told: Any, history: Any = (), loads: Any = ()) -> dict[str, int]:
    return {s.pattern.id: s.score for s in score(told, history, loads, PATTERNS)}


def resembles(told: Any, history: Any = (), loads: Any = ()) -> Any:
    return resemblance(told, history, loads, PATTERNS)


# Sums by hand from the table.


def test_a_sprinters_stab_in_the_back_of_the_thigh():
    # PM, one side, sudden, sprint
    told = report(regions=["PM"], onset="sudden", aggravators=["sprint"], qualities=["sharp"])

    assert scores(told) == {
        "HS": 3 + 1 + 3 + 3,
        "PHT": 0 + 1 - 2 + 2,
        "QS": -3 + 1 + 3 + 2,
        "ITBS": -2 + 1 - 2 - 1,
        "FEM": -2 + 1 - 1 + 0,
        "LFCN": -3 + 1 - 3 + 0,
        "SCI": 1 + 1 - 1 + 0,
        "ADD": -1 + 1 + 3 + 1,
        "BSI": 0 + 1 + 0 + 1,
        "DOMS": 1 - 2 - 3 + 0,
    }


def test_sore_quads_after_a_descent():
    # AM, both equally, 12-72 h after, tight, ache, downhill; a jump in descent yesterday
    told = report(
        side="both_equal", regions=["AM"], onset="delayed", qualities=["tight", "ache"], aggravators=["downhill"]
    )
    found = scores(told, loads=[load("descent", 2, 1)])

    assert found["DOMS"] == 1 + 3 + 3 + 1 + 1 + 2 + 2
    assert found["QS"] == 3 - 2 - 1 + 2 + 0 + 2 + 2
    assert found["BSI"] == 2 - 1 - 2 - 1 + 2 + 1 + 0


def test_several_things_of_one_feature_count_once():
    one = report(aggravators=["sprint"])
    both = report(aggravators=["sprint", "track"])

    assert scores(one) == scores(both)


def test_recent_loads_add_two_points_at_most():
    plain = report(regions=["LK"])
    loads = [load("descent", 1, 4), load("session", 1, 21), load("fast", 1, 7)]

    assert scores(plain, loads=loads)["ITBS"] - scores(plain)["ITBS"] == 2  # not 1 + 2 + 0
    assert scores(plain, loads=loads)["HS"] - scores(plain)["HS"] == 2
    assert scores(plain, loads=loads)["PHT"] - scores(plain)["PHT"] == 2  # not 2 + 1


@pytest.mark.parametrize(
    ("kind", "days", "pattern"), [("fast", 7, "HS"), ("descent", 4, "QS"), ("volume", 21, "BSI")]
)
def test_a_load_counts_up_to_its_last_day(kind, days, pattern):
    plain = scores(report())[pattern]

    assert scores(report(), loads=[load(kind, 1, days)])[pattern] == plain + 2
    assert scores(report(), loads=[load(kind, 1, days + 1)])[pattern] == plain
    assert scores(report(), loads=[load(kind, 1, -1)])[pattern] == plain  # a run after the report


def test_only_the_same_injury_counts_and_only_within_a_year():
    plain = scores(report())

    assert scores(report(), [earlier_injury("hamstring", 11)])["HS"] == plain["HS"] + 2
    assert scores(report(), [earlier_injury("hamstring", 11)])["QS"] == plain["QS"]
    assert scores(report(), [earlier_injury("hamstring", 13)]) == plain
    assert scores(report(), [earlier_injury("hamstring", 6, side="right")]) == plain
    assert scores(report(), [earlier_injury("nerve")])["SCI"] == plain["SCI"] + 1


def test_weakness_at_the_moment_of_an_injury_is_no_sign_of_a_nerve():
    creeping = report(regions=["AM"], qualities=["weak"], onset="gradual")
    torn = report(regions=["AM"], qualities=["weak"], onset="gradual", signs=["pop"])

    assert {c.feature.id for c in score(creeping, (), (), PATTERNS)[0].clues} >= {"weakness"}
    assert not any(c.feature.id == "weakness" for s in score(torn, (), (), PATTERNS) for c in s.clues)


def test_only_uphill_and_not_a_kick_speaks_for_the_tendon_at_the_sit_bone():
    plain = scores(report(regions=["PP"]))["PHT"]

    assert scores(report(regions=["PP"], aggravators=["uphill"]))["PHT"] == plain + 2
    assert scores(report(regions=["PP"], aggravators=["kick"]))["PHT"] == plain


def test_only_the_inner_shin_speaks_for_the_nerve_of_the_front():
    plain = scores(report(regions=["AM"]))["FEM"]

    assert scores(report(regions=["AM"], qualities=["inner_shin"]))["FEM"] == plain + 1
    assert scores(report(regions=["AM"], qualities=["below_knee"]))["FEM"] == plain


# What is shown.


def test_six_points_and_a_lead_of_two_are_the_least_that_is_named():
    # ITBS: LK 3, one side 1, tight 1, descent 1; QS: -1, 1, 2, 2
    told = report(regions=["LK"], qualities=["tight"])
    descent = [load("descent", 1, 2)]

    assert (scores(told, (), descent)["ITBS"], scores(told, (), descent)["QS"]) == (6, 4)
    assert resembles(told, (), descent).label == "ITBS"
    assert scores(told)["ITBS"] == 5
    assert resembles(told).label == "unclear"
    assert resembles(told).shown == ()


def test_with_a_lead_of_one_the_pattern_is_unclear():
    # SCI: BK 2, PP 1, one side 1, gradual 1, tingling 3, ache 1, sitting 2; PHT 0, 3, 1, 2, -1, 2, 3
    told = report(regions=["BK", "PP"], onset="gradual", qualities=["tingling", "ache"], aggravators=["sitting"])
    found = resembles(told)

    assert (scores(told)["SCI"], scores(told)["PHT"]) == (11, 10)
    assert (found.top, found.label, found.shown) == (None, "unclear", ())


def test_at_most_two_are_shown_and_bone_stress_before_any_other_second():
    told = report(
        regions=["AM"], onset="gradual", qualities=["tight", "ache"], aggravators=["sprint", "uphill", "kick"]
    )
    found = resembles(told)

    assert [s.pattern.id for s in found.shown] == ["QS", "BSI"]
    assert scores(told)["QS"] >= scores(told)["BSI"] + 2


def test_bone_stress_is_shown_although_it_is_not_on_top():
    # BSI: AM 2, one side 1, ache 2 = 5
    told = report(regions=["AM"], onset="sudden", qualities=["ache"], aggravators=["kick"])
    found = resembles(told)

    assert scores(told)["BSI"] == 5
    assert found.label == "QS"
    assert [s.pattern.id for s in found.shown] == ["QS", "BSI"]


def test_bone_stress_is_shown_although_the_pattern_is_unclear():
    told = report(regions=["AM"], qualities=["ache"])  # QS 3 + 1 + 0; BSI 2 + 1 + 2
    found = resembles(told)

    assert found.label == "unclear"
    assert [s.pattern.id for s in found.shown] == ["BSI"]


def test_bone_stress_on_top_is_shown_once():
    found = resembles(report(regions=["MT"], onset="gradual", qualities=["ache"], aggravators=["hopping"]))

    assert found.label == "BSI"
    assert [s.pattern.id for s in found.shown].count("BSI") == 1


def test_the_three_strongest_reasons_are_told_in_words():
    told = report(
        regions=["LK"], onset="gradual", aggravators=["repeatable_distance", "downhill", "stop_start", "sitting"]
    )
    top = resembles(told).top

    assert top.pattern.id == "ITBS"
    assert top.reasons_for == (
        "the place: outer knee",
        "it starts at the same distance in each run",
        "stopping and starting or bending the knee brings it on",
    )
    assert top.reasons_against == ("sitting or driving brings it on",)


def test_isolated_outer_thigh_trouble_is_never_told_as_the_it_band():
    for quality in (*QUALITIES, "below_knee"):
        for onset in ONSETS:
            assert resembles(report(regions=["LT"], qualities=[quality], onset=onset)).label != "ITBS"


def test_a_report_of_nothing_resembles_nothing():
    nothing = report(side=None, regions=[])

    assert set(scores(nothing).values()) == {0}
    assert resembles(nothing).label == "unclear"


# Runners as a clinician might meet them.

VIGNETTES = tomllib.loads((Path(__file__).parent / "vignettes.toml").read_text("utf-8"))["vignette"]

KNOWN_DISAGREEMENTS = {
    # id: (what the score says, why)
    "sit-bone-torn-on-ice": (
        "unclear",
        "One point short: the table knows tears by sprinting, not by slipping. The red flag says what matters.",
    ),
    "sit-bone-nothing-else-known": (
        "PHT",
        "Place, one side and an ache sum to exactly 6 before any history is told. Too ready to name it: with three"
        " answers a form should ask for more.",
    ),
    "one-quad-sore-two-days-after": (
        "QS",
        "Soreness of one thigh: the table weighs one side against soreness, and a jump in descent for both. The"
        " cautious reading; soreness would be gone by the next check-in.",
    ),
    "outer-thigh-on-the-mattress": (
        "BSI",
        "Night, ache and gradual sum to bone stress although the place says nothing: pain on lying on the hip is not"
        " in the table. Errs on the safe side.",
    ),
    "deep-buttock": (
        "unclear",
        "11 to 10 against the tendon at the sit bone: a clinician would not be surer from these answers either.",
    ),
    "groin-again-with-kicking": (
        "unclear",
        "8 to 7 against the quad, for which tight, sprint and kick weigh more than the inner thigh against it (0 in"
        " the table).",
    ),
    "lump-after-a-knee-in-the-thigh": (
        "QS",
        "Place, one side and tight sum to 6. The red flag stands above it and forbids exercises.",
    ),
    "front-and-back-ache": (
        "BSI",
        "Front and back cancel out, a gradual one-sided ache stays: vague thigh pain that does point to bone.",
    ),
    "desk-hamstring": (
        "PHT",
        "Sitting and warming up weigh for the tendon as much as the place would; middle of the thigh is 0 for it.",
    ),
}
"""Vignettes on which the score differs from what was expected before it was known, and the argument about each."""


def report_of(vignette: dict[str, Any]) -> Any:
    told = ("side", "regions", "pain_run", "pain_today", "pain_morning", "qualities", "onset", "aggravators", "signs")
    return report(**{key: vignette[key] for key in told if key in vignette})


def loads_of(vignette: dict[str, Any]) -> list[Any]:
    return [load(e["kind"], e["level"], e["days"]) for e in vignette.get("loads", ())]


def label_of(vignette: dict[str, Any]) -> str:
    history = [earlier_injury(kind) for kind in vignette.get("previous", ())]
    return str(resembles(report_of(vignette), history, loads_of(vignette)).label)


def flags_of(vignette: dict[str, Any]) -> set[str]:
    age = vignette["age"]
    place = {"side": vignette["side"], "regions": vignette["regions"]}
    context = ScreenContext(
        age_band="under_18" if age < 18 else "18_to_40" if age <= 40 else "over_40",
        risks=frozenset(vignette.get("risks", ())),
        earlier=tuple(report(-e["days"], pain_today=e["pain"], **place) for e in vignette.get("earlier", ())),
        loads=tuple(loads_of(vignette)),
    )
    return {f.flag.id for f in screen(report_of(vignette), context, red_flags())}


def test_there_are_enough_vignettes_each_with_its_own_name():
    assert len({v["id"] for v in VIGNETTES}) == len(VIGNETTES) >= 60


def test_the_score_agrees_with_the_vignettes_but_for_the_known_disagreements():
    differing = {v["id"]: label_of(v) for v in VIGNETTES if label_of(v) != v["pattern"]}

    assert differing == {name: said for name, (said, _why) in KNOWN_DISAGREEMENTS.items()}


def test_the_screen_agrees_with_every_vignette():
    assert {v["id"]: flags_of(v) for v in VIGNETTES} == {v["id"]: set(v["flags"]) for v in VIGNETTES}


def test_no_disagreement_misses_bone_stress_or_a_nerve():
    missed = [v["id"] for v in VIGNETTES if v["pattern"] in ("BSI", "SCI", "FEM") and label_of(v) != v["pattern"]]

    assert missed == ["deep-buttock"]  # told as unclear, not as something else


# What must never change.

every_code = st.frozensets(
    st.sampled_from(sorted({*AGGRAVATORS, *QUALITIES, *SIGNS, "footfall", "kick", "belt", "warms_up"})), max_size=8
)
reports = st.builds(
    report,
    side=st.sampled_from([*SIDES, None]),
    regions=st.frozensets(st.sampled_from(REGIONS), max_size=4),
    pain_today=st.none() | st.integers(0, 10),
    signs=every_code,
    onset=st.sampled_from([*ONSETS, None]),
)
loads = st.lists(
    st.builds(
        load,
        st.sampled_from(["fast", "descent", "session", "volume", "return"]),
        st.integers(1, 3),
        st.integers(-2, 30),
    ),
    max_size=5,
)


@given(reports, loads, st.randoms())
def test_order_and_repetition_of_loads_change_nothing_and_nothing_raises(told, events, random):
    shuffled = [*events, *events]
    random.shuffle(shuffled)

    assert resembles(told, (), shuffled) == resembles(told, (), events)


@given(reports, loads)
def test_loads_add_between_nothing_and_two_points_to_each_pattern(told, events):
    without, with_loads = scores(told), scores(told, (), events)

    assert all(0 <= with_loads[name] - without[name] <= 2 for name in without)
