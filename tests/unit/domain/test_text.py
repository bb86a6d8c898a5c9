"""Texts know how they were made: in English as they always were, and at the edge in any language and units."""

import copy
import json
import pickle
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from loadwatch.domain.text import (
    English,
    Text,
    Units,
    capital,
    clock_text,
    day_text,
    days_text,
    distance_text,
    duration_text,
    fast_text,
    from_json,
    height_text,
    joined,
    listed,
    metres_text,
    moment_text,
    number_text,
    pace_text,
    percent_text,
    render,
    say,
    say_n,
    sentences,
    sentences_of,
    to_json,
)

GERMAN = {
    "This run was {far}.": "{far} lang war dieser Lauf.",
    "back of the thigh": "Rückseite des Oberschenkels",
    "inner thigh": "innerer Oberschenkel",
    "{list} and {last}": "{list} und {last}",
    "Rest until {day}.": "Pause bis {tag}.",
    "{n} run": "{n} Lauf",
    "{n} runs": "{n} Läufe",
    "{n} day": "{n} Tag",
    "{n} days": "{n} Tage",
}


@dataclass(frozen=True)
class German:
    """A speech for tests: a few messages, decimal commas."""

    units: Units = "metric"

    def gettext(self, message: str) -> str:
        return GERMAN.get(message, message)

    def ngettext(self, one: str, many: str, n: int) -> str:
        return self.gettext(one if n == 1 else many)

    def number(self, value: float, digits: int = 0) -> str:
        return f"{value:.{digits}f}".replace(".", ",")

    def day(self, day: date, *, year: bool = False) -> str:
        return f"{day.day}.{day.month}." + (str(day.year) if year else "")

    def moment(self, at: datetime, *, year: bool = False) -> str:
        return f"{self.day(at, year=year)} {at:%H:%M} Uhr"


def test_as_a_str_a_text_is_the_plain_metric_sentence() -> None:
    text = say("This run was {far}.", far=distance_text(18_400))
    assert text == "This run was 18.4 km."
    assert isinstance(text, str)
    assert json.dumps(text) == '"This run was 18.4 km."'


def test_the_same_text_is_said_in_another_language_and_in_other_units() -> None:
    text = say("This run was {far}.", far=distance_text(18_400))
    assert render(text, German()) == "18,4 km lang war dieser Lauf."
    assert render(text, German("imperial")) == "11,4 mi lang war dieser Lauf."
    assert text.in_units("imperial") == "This run was 11.4 mi."
    assert render(text.in_units("imperial"), German()) == "18,4 km lang war dieser Lauf."


def test_a_text_is_written_in_the_units_of_its_parts() -> None:
    text = say("This run was {far}.", far=distance_text(18_400, "imperial"))
    assert text == "This run was 11.4 mi."
    assert text.in_units("metric") == "This run was 18.4 km."
    assert joined(", ", [distance_text(18_400, "imperial"), "easy"]) == "11.4 mi, easy"


def test_what_nobody_translated_is_said_in_english() -> None:
    assert render(say("Rest a day."), German()) == "Rest a day."


def test_a_sentence_that_ends_on_an_abbreviation_has_one_full_stop() -> None:
    assert render(say("{a} and {b}.", a="21. Nov.", b="3. Dez."), English()) == "21. Nov. and 3. Dez."


def test_a_translation_that_names_a_place_which_does_not_exist_is_passed_over() -> None:
    assert render(say("Rest until {day}.", day=day_text(date(2026, 11, 21))), German()) == "Rest until 21.11."


def test_what_a_person_typed_stays_as_it_is() -> None:
    assert render("back of the thigh", German()) == "back of the thigh"
    assert render(say("{name}: back of the thigh", name="{n} runs"), German()) == "{n} runs: back of the thigh"


@pytest.mark.parametrize(("n", "english", "german"), [(1, "1 run", "1 Lauf"), (2, "2 runs", "2 Läufe")])
def test_a_plural_goes_with_its_number(n: int, english: str, german: str) -> None:
    text = say_n("{n} run", "{n} runs", n)
    assert (text, render(text, German())) == (english, german)


def test_texts_put_together_keep_what_they_were_made_of() -> None:
    run, rest = say_n("{n} run", "{n} runs", 2), days_text(1)
    assert render(run + ", " + rest, German()) == "2 Läufe, 1 Tag"
    assert render("(" + run, German()) == "(2 Läufe"
    assert render(joined("; ", [run, "", rest]), German()) == "2 Läufe; 1 Tag"
    assert render(sentences(run, rest), German()) == "2 Läufe 1 Tag"


def test_sentences_can_be_taken_apart_again_also_from_storage() -> None:
    do, where, leave = say("Stop."), say("Where: {place}", place=joined(" ", ("a", "clinic"))), say("No exercises.")
    action = sentences(do, sentences(where, "", leave))

    assert sentences_of(action) == (do, where, leave)
    assert sentences_of(from_json(to_json(action), str(action))) == (do, where, leave)
    assert sentences_of("Stop. No exercises.") == ("Stop. No exercises.",)
    assert sentences_of("") == ()


def test_a_list_ends_in_and() -> None:
    a, b, c = say("back of the thigh"), say("inner thigh"), days_text(2)
    assert listed([]) == ""
    assert listed([a]) == "back of the thigh"
    assert listed([a, b, c]) == "back of the thigh, inner thigh and 2 days"
    assert render(listed([a, b]), German()) == "Rückseite des Oberschenkels und innerer Oberschenkel"


def test_the_capital_in_front_is_that_of_the_language() -> None:
    text = capital(say("inner thigh"))
    assert (text, render(text, German())) == ("Inner thigh", "Innerer Oberschenkel")


AT = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "english", "imperial"),
    [
        (distance_text(18_440), "18.4 km", "11.5 mi"),
        (height_text(1_250), "1 250 m", "4 101 ft"),
        (fast_text(3_204), "3 200 m", "2.0 mi"),
        (metres_text(400), "400 m", "400 m"),
        (pace_text(1000 / 296), "4:56 min/km", "7:56 min/mi"),
        (duration_text(6_720), "1 h 52 min", "1 h 52 min"),
        (clock_text(84), "1:24", "1:24"),
        (percent_text(0.67), "67 %", "67 %"),
        (number_text(2.14, 1), "2.1", "2.1"),
        (day_text(date(2026, 11, 21)), "Sat 21 Nov", "Sat 21 Nov"),
        (day_text(date(2026, 11, 21), year=True), "Sat 21 Nov 2026", "Sat 21 Nov 2026"),
        (moment_text(AT, BERLIN), "Sat 21 Nov, 07:30", "Sat 21 Nov, 07:30"),
        (moment_text(AT, BERLIN, year=True), "Sat 21 Nov 2026, 07:30", "Sat 21 Nov 2026, 07:30"),
    ],
)
def test_quantities_are_written_in_the_units_of_whoever_reads(text: Text, english: str, imperial: str) -> None:
    assert text == english
    assert render(text, English("imperial")) == imperial
    assert from_json(json.loads(json.dumps(to_json(text)))) == text


def test_a_bare_float_is_refused_as_nobody_knows_how_to_write_it() -> None:
    with pytest.raises(TypeError, match="says how it is written"):
        say("This run was {far}.", far=18.4)  # type: ignore[arg-type]


def test_a_text_that_was_stored_is_said_in_any_language() -> None:
    text = capital(
        sentences(say_n("{n} run", "{n} runs", 2), say("This run was {far}.", far=distance_text(5e3)), "Ann’s")
    )
    again = from_json(json.loads(json.dumps(to_json(text))))
    assert again == text == "2 runs This run was 5.0 km. Ann’s"
    assert render(again, German()) == "2 Läufe 5,0 km lang war dieser Lauf. Ann’s"


def test_a_stored_text_keeps_the_words_that_were_stored_with_it() -> None:
    text = from_json(to_json(distance_text(5_000)), words="3.1 mi")
    assert (text, render(text, German())) == ("3.1 mi", "5,0 km")


@pytest.mark.parametrize("data", [{}, {"furlongs": 3}, {"say": "{far}", "with": {"a": 1}}, {"day": "soon"}, 7, None])
def test_what_is_no_text_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="this is no text"):
        from_json(data)


def test_a_copy_of_a_text_is_one() -> None:
    text = say("This run was {far}.", far=distance_text(18_400))
    for again in (copy.deepcopy(text), pickle.loads(pickle.dumps(text))):
        assert again == text
        assert render(again, German()) == "18,4 km lang war dieser Lauf."


def test_a_week_is_told_from_its_first_day_to_its_last() -> None:
    monday = date(2026, 11, 16)
    assert English().span(monday, date(2026, 11, 22)) == "16 – 22 Nov 2026"
    assert English().span(date(2026, 11, 30), date(2026, 12, 6), year=False) == "30 Nov – 6 Dec"
    assert English().span(date(2026, 12, 28), date(2027, 1, 3)) == "28 Dec 2026 – 3 Jan 2027"
