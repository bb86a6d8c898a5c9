"""Which answers matter where; that no red flag misses its own is tested on the page that asks."""

from loadwatch.domain.asking import matters_at
from loadwatch.domain.symptoms import REGIONS
from loadwatch.knowledge.flags import red_flags
from loadwatch.knowledge.thigh_patterns import patterns


def test_what_speaks_for_bone_stress_matters_at_every_place():
    for region in REGIONS:
        assert {"hopping", "footfall", "night_rest"} <= matters_at(region, (), patterns())


def test_what_speaks_for_a_pattern_matters_only_where_its_place_speaks_for_it():
    """Meralgia: a belt or long standing; it has 3 points at the outer thigh, 1 at the front, none at the sit bone."""
    assert {"belt", "standing"} <= matters_at("LT", (), patterns()) & matters_at("AM", (), patterns())
    assert not {"belt", "standing"} & matters_at("PP", (), patterns())


def test_where_no_place_is_told_a_flag_of_any_place_may_be_meant():
    assert "one_leg_stand" in matters_at(None, red_flags(), patterns())
    assert "one_leg_stand" not in matters_at("PM", red_flags(), patterns())
