"""The list of a Strava export: columns by name and occurrence, in five languages."""

from datetime import UTC, datetime

import pytest

from loadwatch.adapters.files.limits import UnreadableFile
from loadwatch.adapters.files.strava_export import Listed, moment, number, read_list

ENGLISH = (
    "Activity ID,Activity Date,Activity Name,Activity Type,Elapsed Time,Distance,Filename,"
    "Elapsed Time,Moving Time,Distance\n"
)


LINE = '7,"Sep 20, 2026, 2:12:12 PM",Morning'


def one(text: str) -> Listed:
    (row,) = read_list(text.encode())
    return row


def test_of_the_two_distances_the_second_is_in_metres() -> None:
    row = one(
        ENGLISH + '7,"Sep 20, 2026, 2:12:12 PM",Morning,Run,3700,10.20,activities/9.fit.gz,3700.0,3600.0,10203.5\n'
    )

    assert row.activity_id == "7"
    assert row.file == "activities/9.fit.gz"
    assert row.told.name == "Morning"
    assert row.told.sport == "Run"
    assert row.told.start == datetime(2026, 9, 20, 14, 12, 12, tzinfo=UTC)
    assert row.told.distance_m == 10203.5
    assert (row.told.elapsed_s, row.told.moving_s) == (3700, 3600)
    assert not row.told.is_manual


def test_columns_may_come_in_any_order_and_number() -> None:
    row = one(
        "Media,Filename,Activity Type,Distance,Activity Date,New Column,Distance,Elapsed Time,Activity ID\n"
        'x,,Run,5.00,"Sep 20, 2026, 2:12:12 PM",?,5000.0,1500,8\n'
    )

    assert row.told.is_manual
    assert row.lacks == ""
    assert row.told.distance_m == 5000


def test_a_row_without_a_second_distance_is_in_the_unit_of_the_others() -> None:
    rows = read_list(
        (
            ENGLISH
            + '1,"Sep 20, 2026, 2:12:12 PM",A,Run,3000,5.00,a.fit,3000,3000,8046.7\n'
            + '2,"Sep 21, 2026, 2:12:12 PM",B,Run,3000,6.00,,,,\n'
        ).encode()
    )

    assert rows[1].told.distance_m == pytest.approx(6 * 1609.344)


def test_a_distance_of_unknown_unit_is_not_guessed() -> None:
    row = one(ENGLISH + '2,"Sep 21, 2026, 2:12:12 PM",B,Run,3000,6.00,,,,\n')

    assert row.told.distance_m is None
    assert "distance" in row.lacks


@pytest.mark.parametrize(
    ("header", "line"),
    [
        (
            "Aktivitäts-ID,Aktivitätsdatum,Name der Aktivität,Aktivitätsart,Verstrichene Zeit,Distanz,Dateiname,"
            "Verstrichene Zeit,Bewegungszeit,Distanz",
            '7,"20.09.2026, 14:12:12",Runde,Lauf,3700,"10,20",,"3700,0","3600,0","10203,5"',
        ),
        (
            "Activiteits-ID,Datum van activiteit,Naam activiteit,Activiteitstype,Verstreken tijd,Afstand,"
            "Bestandsnaam,Verstreken tijd,Beweegtijd,Afstand",
            '7,"20 sep. 2026 14:12:12",Runde,Hardloopsessie,3700,"10,20",,"3700,0","3600,0","10203,5"',
        ),
        (
            "ID de l’activité,Date de l'activité,Nom de l'activité,Type d'activité,Temps écoulé,Distance,"
            "Nom du fichier,Temps écoulé,Durée de déplacement,Distance",
            '7,"20 sept. 2026, 14:12:12",Runde,Course à pied,3700,"10,20",,"3700,0","3600,0","10203,5"',
        ),
        (
            "ID de actividad,Fecha de la actividad,Nombre de la actividad,Tipo de actividad,Tiempo transcurrido,"
            "Distancia,Nombre de archivo,Tiempo transcurrido,Tiempo en movimiento,Distancia",
            '7,"20 sept 2026, 14:12:12",Runde,Carrera,3700,"10,20",,"3700,0","3600,0","10203,5"',
        ),
    ],
)
def test_a_list_in_another_language_says_the_same(header: str, line: str) -> None:
    row = one(f"\ufeff{header}\n{line}\n")

    assert row.lacks == ""
    assert row.told.name == "Runde"
    assert row.told.sport == "Run"
    assert row.told.start == datetime(2026, 9, 20, 14, 12, 12, tzinfo=UTC)
    assert row.told.distance_m == 10203.5
    assert row.told.moving_s == 3600


def test_kilometres_in_both_columns_are_told_by_the_speed_they_would_mean() -> None:
    row = one(
        "Aktivitäts-ID,Aktivitätsdatum,Verstrichene Zeit,Distanz,Dateiname,Distanz\n"
        '7,"20.09.2026, 14:12:12",3600,"10,20",,"10,20"\n'
    )

    assert row.told.distance_m == pytest.approx(10200)


def test_a_sport_without_a_known_word_does_not_overrule_the_file() -> None:
    row = one(ENGLISH + '7,"Sep 20, 2026, 2:12:12 PM",Morning,Yoga,3700,0,,3700,3600,\n')

    assert row.told.sport is None
    assert row.told.sport_if_silent == "Yoga"


def test_a_broken_filename_is_no_file() -> None:
    assert one(ENGLISH + '7,"Sep 20, 2026, 2:12:12 PM",A,Run,3700,10.2,#error#,3700,3600,10200\n').file is None


def test_an_unknown_language_is_refused_with_what_to_do() -> None:
    with pytest.raises(UnreadableFile, match="language to English"):
        read_list(b"Aktivitet-ID,Dato\n1,2\n")


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("Sep 20, 2026, 2:12:12\u202fPM", 14),
        ("Sep 20, 2026, 12:12:12 AM", 0),
        ("20/09/2026 14:12:12", 14),
        ("2026-09-20 14:12:12", 14),
        ("20 de sept de 2026, 14:12:12", 14),
        ("9/20/2026, 2:12:12 PM", 14),
    ],
)
def test_a_moment_is_read_however_it_is_written(text: str, hour: int) -> None:
    assert moment(text) == datetime(2026, 9, 20, hour, 12, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "31.02.2026, 10:00:00", "20 foo 2026 10:00:00", "Sep 20, 2026"])
def test_what_is_no_moment_is_unknown(text: str) -> None:
    assert moment(text) is None


@pytest.mark.parametrize(
    ("text", "english", "value"),
    [
        ("10.20", True, 10.2),
        ("1,234", True, 1234),
        ("1,234.5", True, 1234.5),
        ("10,20", False, 10.2),
        ("1.234,5", False, 1234.5),
        ("1\u202f234,5", False, 1234.5),
        ("1,234", False, 1.234),
        ("", True, None),
        ("--", True, None),
    ],
)
def test_numbers_are_read_with_point_or_comma(text: str, english: bool, value: float | None) -> None:
    assert number(text, english=english) == value
