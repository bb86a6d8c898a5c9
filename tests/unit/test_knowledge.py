"""The knowledge files: what ships is whole and as the evidence has it; what is broken is named with its line."""

import re
from collections.abc import Callable
from importlib import resources

import pytest

from loadwatch.domain.patterns import Patterns
from loadwatch.domain.symptoms import AGGRAVATORS, QUALITIES, SIGNS
from loadwatch.knowledge.codes import all_codes
from loadwatch.knowledge.flags import red_flags, red_flags_from
from loadwatch.knowledge.loading import KnowledgeError, load_toml, parse, text_of
from loadwatch.knowledge.thigh_patterns import patterns, patterns_from

FLAGS_TEXT = text_of("red_flags.toml")
PATTERNS_TEXT = text_of("patterns.toml")


# The table of weights, typed a second time, row by row: a slip in either is seen.
WEIGHTS = """
                     HS PHT  QS ITBS FEM LFCN SCI ADD BSI DOMS
PP                    1   3  -2  -2  -2  -3   1   0   0   0
PM                    3   0  -3  -2  -2  -3   1  -1   0   1
PD                    2  -2  -3   0  -2  -3   1  -1  -1   1
AP                   -3  -2   2  -2   1   0  -2   1   2   0
AM                   -3  -3   3  -2   2   1  -2  -1   2   1
AD                   -3  -3   2   0   2   0  -2  -1   1   1
LT                   -2  -2   0   0   0   3   0  -3   0   0
LK                   -2  -3  -1   3  -1  -1   0  -3  -1  -1
MT                   -2  -1   0  -3   0  -3  -2   3   2   0
DV                   -1   0  -1  -2   1  -1   1   0   2   0
BK                    0   0  -1  -1   2   0   2  -1   0  -1
one_side              1   1   1   1   1   1   1   1   1  -2
both_equal           -2  -1  -2  -1  -1  -1  -1  -2  -1   3
sudden                3  -2   3  -2  -1  -3  -1   3   0  -3
gradual              -1   2  -1   2   1   1   1   0   2  -2
repeatable_distance  -1   0  -1   3   0   0   0  -1   1  -2
delayed              -1  -1  -1  -1  -2  -2  -2  -1  -2   3
warms_up              0   2   0   0  -1  -1   0   0  -2   1
nerve                -2  -1  -2  -2   2   3   3  -2  -2  -3
below_knee           -2  -1  -3  -2   1  -3   3  -2  -2  -3
cord                  1   0   2   1   0   0   0   0  -1   1
ache                  0   2   0  -1   0  -2   1   0   2   1
fast                  3   2   2  -1   0   0   0   1   1   0
sitting               1   3  -1  -2  -1   0   2   0  -1  -1
downhill              0   0   2   2   0   0   0   0   1   2
uphill_kick           1   2   2   0   1   0   0   1   0   1
stop_start           -1  -1   0   3  -1  -1  -1  -1  -1   0
bend_cough            0   1  -2  -2   0  -1   2  -1  -1   0
standing              0   0   0   0   0   3   0   0   0   0
impact                0   0   0   0  -1  -1  -1   0   3   0
night_rest           -1   0  -1  -1   1   1   1   0   2  -1
bruise                3  -1   3  -3  -2  -3  -3   2  -2  -3
weakness              0   0   0   0   3  -3   2   0   0   0
previous              2   2   2   2   1   1   1   2   2   0
load_fast             2   2   1   0   0   0   0   1   0   0
load_descent          0   0   2   1   0   0   0   0   0   2
load_mileage          0   1   1   2   0   0   0   0   2   1
"""


def test_every_weight_is_the_one_of_the_table():
    header, *rows = [line.split() for line in WEIGHTS.strip().splitlines()]
    typed = {(pattern, row[0]): int(w) for row in rows for pattern, w in zip(header, row[1:], strict=True)}
    shipped = {(p.id, feature): weight for p in patterns().patterns for feature, weight in p.weights.items()}

    assert len(typed) == 370
    assert shipped == typed


def test_the_weights_that_hold_for_a_part_of_a_feature_only():
    only = {(p.id, f): set(facts) for p in patterns().patterns for f, facts in p.only.items() if f != "previous"}

    assert only == {
        ("PHT", "uphill_kick"): {"uphill"},
        ("PHT", "bend_cough"): {"bending"},
        ("FEM", "below_knee"): {"inner_shin"},
    }


def test_only_the_three_loads_are_capped():
    assert {f.id for f in patterns().features if f.is_load} == {"load_fast", "load_descent", "load_mileage"}


def test_the_flags_are_in_order_and_only_the_last_is_no_emergency():
    assert [f.id for f in red_flags()] == [f"RF{n}" for n in range(1, 14)]
    assert {f.id: f.severity for f in red_flags() if f.severity != 4} == {"RF13": 3}


def test_how_fast_to_act_is_as_the_evidence_has_it():
    assert {f.id: f.urgency for f in red_flags()} == {
        **dict.fromkeys(("RF1", "RF2", "RF3"), "emergency_now"),
        **dict.fromkeys(("RF4", "RF6", "RF7"), "same_day"),
        **dict.fromkeys(("RF5", "RF9", "RF12"), "within_72h"),
        **dict.fromkeys(("RF10", "RF11"), "this_week"),
        **dict.fromkeys(("RF8", "RF13"), "see_professional"),
    }


def test_everything_ships_unreviewed_with_a_source_and_a_grade():
    sources = [f.source for f in red_flags()] + [p.source for p in patterns().patterns]

    assert {s.review for s in sources} == {"unreviewed"}
    assert all(s.citation and s.grade in "ABC" for s in sources)


def test_every_flag_tells_to_stop_running_or_to_run_less():
    assert all("Stop" in f.action or f.id == "RF13" for f in red_flags())
    assert all("No exercises." in f.avoid or f.id == "RF13" for f in red_flags())


def test_every_code_of_a_check_in_is_known():
    assert {*QUALITIES, *AGGRAVATORS, *SIGNS} <= set(all_codes())
    assert all_codes()["footfall"].kind == "aggravator"


def test_every_code_that_is_added_is_used():
    used = {f for flag in red_flags() for t in flag.triggers for f in t.condition.all | t.condition.any}
    used |= {f for flag in red_flags() for s in flag.stronger for f in s.any}
    used |= {f for feature in patterns().features for f in feature.condition.any | feature.condition.all}

    assert {code for code, c in all_codes().items() if c.ask} <= used


FORBIDDEN = re.compile(r"diagnos|treat|prevent|cure|%|percent|probab|risk of", re.IGNORECASE)


def test_no_text_is_surer_than_it_may_be():
    for file in ("red_flags.toml", "patterns.toml"):
        lines = [line for line in text_of(file).splitlines() if not line.startswith("#")]

        assert [line for line in lines if FORBIDDEN.search(line)] == []


def test_every_file_of_the_package_is_toml():
    files = [f.name for f in resources.files("loadwatch.knowledge").iterdir() if f.name.endswith(".toml")]

    assert {"red_flags.toml", "patterns.toml"} <= set(files)
    assert all(load_toml(name) for name in files)


# Broken files. Each case is a change to what ships, the line at which it must be seen, and what must be said.


def error_of(text: str, old: str, new: str, load: Callable[[str], object]) -> tuple[str, str]:
    """The reason of the error that a change to a file's text makes, and the text of the line that it names."""
    place = text.index(old, text.index("\n[[code]]"))  # the comment above says how the file is made
    broken = text[:place] + new + text[place + len(old) :]
    with pytest.raises(KnowledgeError) as caught:
        load(broken)
    return caught.value.reason, broken.splitlines()[caught.value.line - 1]


def flags_of(text: str) -> object:
    return red_flags_from(parse("red_flags.toml", text), parse("patterns.toml", PATTERNS_TEXT))


def patterns_of(text: str) -> Patterns:
    return patterns_from(parse("patterns.toml", text), parse("red_flags.toml", FLAGS_TEXT))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('all = ["dark_urine"]', 'all = ["dark_urin"]', "all holds 'dark_urin', which does not exist"),
        ('any = ["cannot_walk", "limp"]', 'any = "limp"', "any is not a list"),
        ('any = ["cannot_walk", "limp"]', 'any = ["limp", "limp"]', "any holds 'limp' twice"),
        ('any = ["cannot_walk", "limp"]', "any = [3]", "any holds 3, which is not a text"),
        ('any = ["cannot_walk", "limp"]', "any = []", "any is empty"),
        ("severity = 4", 'severity = "4"', "severity is not a whole number"),
        ("severity = 4", "severity = true", "severity is not a whole number"),
        ("severity = 4", "severity = 5", "severity is neither 3 nor 4"),
        ('urgency = "same_day"', 'urgency = "soon"', "urgency is 'soon', not one of"),
        ('where = "Physio', 'were = "Physio', "where is missing"),
        ('grade = "C"', 'grade = "D"', "grade is 'D', not one of A, B, C"),
        ('review = "unreviewed"', 'review = "maybe"', "review is 'maybe', not one of"),
        ('name = "Blood clot"', 'name = " "', "name is empty"),
        ('name = "Blood clot"', "name = 7", "name is not a text"),
        ('name = "Blood clot"', 'name = "Blood clot"\nnames = "x"', "unknown key 'names'"),
        ('id = "RF4"', 'id = "RF3"', "'RF3' is there twice"),
        ('id = "RF4"', 'id = "RF14"', "id is 'RF14', not one of"),
        ('codes = ["after_hard_session"]', 'codes = ["onset:sudden"]', "codes holds 'onset:sudden', which does not"),
        ('codes = ["after_hard_session"]', 'codes = ["sharp"]', "there is no question for 'sharp'"),
        ('id = "tense"\nkind = "sign"', 'id = "limp"\nkind = "quality"', "'limp' is a sign in every check-in"),
        ('id = "tense"', 'id = "swelling"', "the code 'swelling' is there twice"),
        ('kind = "sign"', 'kind = "sine"', "kind is 'sine', not one of"),
        ('because = "A warm leg."', 'because = "A warm leg."\nnone = ["bruise"]', "unknown key 'none'"),
    ],
)
def test_a_broken_red_flag_is_named_with_its_line(old, new, reason):
    said, line = error_of(FLAGS_TEXT, old, new, flags_of)

    assert said.startswith(reason)
    assert line in (["[[flag]]"] if said.endswith("missing") else new.splitlines())


@pytest.mark.parametrize("broken", ["name = Blood", 'name = "Blood', "name 3", "= 3"])
def test_what_is_no_toml_is_named_with_its_line(broken):
    said, line = error_of(FLAGS_TEXT, 'name = "Blood clot"', broken, flags_of)

    assert said.startswith("not TOML")
    assert line == broken


@pytest.mark.parametrize("key", ["source", "grade", "review", "action", "suspects", "urgency", "severity"])
def test_a_flag_that_lacks_something_is_named_with_its_first_line(key):
    start = FLAGS_TEXT.index('[[flag]]\nid = "RF4"')
    found = re.compile(rf"^{key} = .*\n", re.MULTILINE).search(FLAGS_TEXT, start)
    assert found

    with pytest.raises(KnowledgeError) as caught:
        flags_of(FLAGS_TEXT[: found.start()] + FLAGS_TEXT[found.end() :])

    line = FLAGS_TEXT[:start].count("\n") + 1
    assert str(caught.value) == f"red_flags.toml, line {line}: {key} is missing"


def test_a_trigger_without_a_condition_is_named_with_its_line():
    said, line = error_of(FLAGS_TEXT, 'all = ["lump_growing"]\n', "", flags_of)

    assert (said, line) == ("a condition needs all, any or regions", "[[flag.trigger]]")


def test_a_missing_flag_stops_the_start():
    cut = FLAGS_TEXT[: FLAGS_TEXT.index('[[flag]]\nid = "RF13"')]

    with pytest.raises(KnowledgeError, match="flags are missing: RF13"):
        flags_of(cut)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("PM = 3", "PN = 3", "the feature 'PN' does not exist"),
        ("PM = 3", 'PM = "3"', "PM is not a whole number"),
        ("PM = 3", "PM = 3.0", "PM is not a whole number"),
        ("PM = 3", "PM = 4", "PM is outside -3 to 3"),
        ('uphill_kick = ["uphill"]', 'uphill_kick = ["downhill"]', "uphill_kick holds 'downhill', which does not"),
        ('uphill_kick = ["uphill"]', 'uphil = ["uphill"]', "the feature 'uphil' does not exist"),
        ('all = ["warms_up"]', 'all = ["warm_up"]', "all holds 'warm_up', which does not exist"),
        ("load = true", "load = 1", "load is not true or false"),
        ('says = "a bruise"', 'say = "a bruise"', "says is missing"),
        ('id = "cord"', 'id = "ache"', "'ache' is there twice"),
        ("[pattern.only]", "[pattern.onli]", "unknown key 'onli'"),
    ],
)
def test_a_broken_pattern_is_named_with_its_line(old, new, reason):
    said, line = error_of(PATTERNS_TEXT, old, new, patterns_of)

    assert said.startswith(reason)
    assert line in (["[[feature]]"] if said.endswith("missing") else new.splitlines())


def test_a_weight_left_out_is_named_with_the_table_that_lacks_it():
    assert error_of(PATTERNS_TEXT, "PM = 3\n", "", patterns_of) == ("PM is missing", "[pattern.weights]")


def test_a_pattern_without_a_source_is_named_with_its_first_line():
    source = 'source = "Clinical reasoning, unvalidated: weights version 1"\n'

    assert error_of(PATTERNS_TEXT, source, "", patterns_of) == ("source is missing", "[[pattern]]")


def test_without_bone_stress_there_are_no_patterns():
    said, _ = error_of(PATTERNS_TEXT, 'id = "BSI"', 'id = "BS"', patterns_of)

    assert said == "the pattern BSI is missing: its guard needs it"


def test_lines_are_right_after_texts_and_lists_over_several_lines():
    text = 'a = """\n[[b]]\nc = 1\n"""\nd = [\n  "x]", # ]\n]\n\n'
    text += '[[e]]\nf = {g = "[", h = 1}\n\n[[e]]\nf = 2\n[e.i]\nj = 3\n'
    file = parse("x.toml", text)
    first, second = file.entries("e")

    assert (file.line("a"), file.line("d"), file.line("c")) == (1, 5, 1)
    assert (first.line(), first.line("f"), second.line("f")) == (9, 10, 13)
    assert second.entry("i").line("j") == 15
