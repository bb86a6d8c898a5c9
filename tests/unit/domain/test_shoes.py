"""Shoes beside a pattern: facts, and no threshold."""

import random

from hypothesis import given
from hypothesis import strategies as st

from loadwatch.domain.shoes import IT_BAND, NO_THRESHOLD, Shoe, shoe_context, shoe_facts, shoe_words, worn_by_run
from loadwatch.domain.text import day_text
from loadwatch.knowledge.thigh_patterns import patterns
from tests.unit.domain.build import run
from tests.unit.domain.rehab_build import on

OLD, NEW = Shoe("g1", "Old faithful"), Shoe("g2", "Fresh pair")
RUNS = [run(d, 10) for d in range(0, 60, 2)]
WORN = {r.id: "g1" if r.local_date < on(50) else "g2" for r in RUNS}


def test_distance_and_age_of_each_pair_come_from_its_runs():
    old, new = shoe_facts(RUNS, WORN, [NEW, OLD], on(60))

    assert (old.shoe, old.n_runs, old.distance_m, old.age_days) == (OLD, 25, 250_000, 60)
    assert (new.shoe, new.n_runs, new.distance_m, new.first_used) == (NEW, 5, 50_000, on(50))
    assert old.is_lower_bound  # nobody told what it had run before


def test_a_distance_that_was_told_is_taken_and_later_runs_are_added():
    told = Shoe("g1", "Old faithful", told_m=600_000, told_on=on(40))

    (facts,) = shoe_facts(RUNS, WORN, [told], on(49))

    assert facts.distance_m == 600_000 + 4 * 10_000  # days 42, 44, 46, 48
    assert not facts.is_lower_bound


def test_what_was_told_later_is_not_known_yet():
    told = Shoe("g1", "Old faithful", told_m=600_000, told_on=on(40))

    (facts,) = shoe_facts(RUNS, WORN, [told], on(10))

    assert facts.distance_m == 60_000
    assert facts.is_lower_bound


def test_a_change_before_the_complaint_is_named_first():
    context = shoe_context(RUNS, WORN, [OLD, NEW], on(56))

    assert context.changed_on == on(50)
    assert shoe_words(context, on(56)) == (
        "Fresh pair: first run here 6 days before",
        f"Fresh pair: at least 40.0 km, first run here on {day_text(on(50), year=True)}",
        f"Old faithful: at least 250.0 km, first run here on {day_text(on(0), year=True)}",
        NO_THRESHOLD,
    )


def test_a_change_long_ago_is_no_change_and_the_only_pair_none_either():
    months_later = [*RUNS, *(run(d, 10) for d in range(100, 120))]
    worn = WORN | {r.id: "g2" for r in months_later[len(RUNS) :]}

    assert shoe_context(months_later, worn, [OLD, NEW], on(119)).changed_on is None
    assert shoe_context(RUNS, WORN, [OLD], on(10)).changed_on is None


def test_runs_in_unknown_shoes_are_counted_not_guessed():
    some = {i: s for i, s in WORN.items() if i != RUNS[-1].id}

    context = shoe_context(RUNS, some, [OLD, NEW], on(59))

    assert context.n_unknown == 1
    assert "1 run in unknown shoes" in shoe_words(context, on(59))


def test_where_no_shoe_is_known_nothing_is_said():
    context = shoe_context(RUNS, {}, [OLD, NEW], on(59))

    assert context.worn == ()
    assert shoe_words(context, on(59)) == ()


def test_rides_and_walks_wear_no_running_shoes():
    walk = run(1, 8, sport="Walk")

    assert shoe_facts([walk], {walk.id: "g1"}, [OLD], on(5)) == ()


@given(st.randoms(use_true_random=False), st.integers(-5, 70))
def test_order_and_doubles_change_nothing(rng, day):
    seed = random.Random(rng.randint(0, 10**9))
    mixed = seed.sample([*RUNS, *RUNS[:5]], len(RUNS) + 5)

    assert shoe_context(mixed, WORN, [NEW, OLD, NEW], on(day)) == shoe_context(RUNS, WORN, [OLD, NEW], on(day))


def test_a_run_is_of_the_pair_worn_by_then_unless_the_source_names_another():
    first = Shoe("h1", "First", source="hand", worn_from=on(10))
    second = Shoe("h2", "Second", source="hand", worn_from=on(20))
    runs = [run(d, 10) for d in (9, 10, 19, 20, 30)]
    before, begun, last, changed, named = (r.id for r in runs)

    worn = worn_by_run(runs, {named: "g1"}, [second, OLD, first])

    assert worn == {begun: "h1", last: "h1", changed: "h2", named: "g1"}
    assert before not in worn


def test_distances_are_told_in_the_units_of_the_runner():
    context = shoe_context(RUNS, WORN, [OLD], on(40))

    assert any("at least 130.5 mi" in line for line in shoe_words(context, on(40), "imperial"))  # 210 km


def test_the_pattern_beside_which_shoes_stand_exists():
    assert IT_BAND in {pattern.id for pattern in patterns().patterns}
