"""A language of the catalogues says numbers and days as its people do, in the units of whoever reads."""

from datetime import UTC, date, datetime

from loadwatch.adapters.catalogue import speech
from loadwatch.domain.text import distance_text, height_text, render


def test_german_has_decimal_commas_and_its_own_days() -> None:
    german = speech("de", "metric")
    assert render(distance_text(1_218_440), german) == "1.218,4 km"
    assert german.day(date(2026, 11, 21)) == "Sa., 21. Nov."
    assert german.day(date(2026, 5, 2), year=True) == "Sa., 2. Mai 2026"
    assert german.moment(datetime(2026, 11, 21, 7, 30, tzinfo=UTC)) == "Sa., 21. Nov., 07:30"
    assert german.span(date(2026, 11, 16), date(2026, 11, 22)) == "16.–22. Nov. 2026"
    assert (german.month(date(2026, 3, 1)), german.month(date(2026, 3, 1), year=False)) == ("März 2026", "Mär")
    assert german.weekday(date(2026, 11, 21)) == "Sa"


def test_units_do_not_go_by_the_language() -> None:
    assert render(height_text(1_250), speech("de", "imperial")) == "4.101 ft"
    assert render(height_text(1_250), speech("en", "imperial")) == "4 101 ft"


def test_a_language_without_a_catalogue_is_english() -> None:
    assert speech("xx", "metric") == speech("en", "metric")
