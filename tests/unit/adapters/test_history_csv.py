"""Histories as people keep them: in any spreadsheet's dialect, with slips, and with headers of their own."""

from contextlib import suppress
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadwatch.adapters.files import UnreadableFile
from loadwatch.adapters.files.history_csv import HistoryFile, read_history, read_table
from loadwatch.domain.backtest import replay
from loadwatch.domain.symptom_rules import Clinic
from loadwatch.knowledge.flags import red_flags
from loadwatch.knowledge.thigh_patterns import patterns


def read(text: str, **headers: str) -> HistoryFile:
    return read_table(text.encode(), headers)


def runs(text: str, **headers: str) -> list[tuple[date, float | None]]:
    (history,) = read(text, **headers).histories
    return [(r.local_date, r.distance_m) for r in history.runs]


TWO = [(date(2025, 3, 4), 12_500.0), (date(2025, 3, 25), 8_000.0)]


@pytest.mark.parametrize(
    "text",
    [
        "date,distance_km\n2025-03-04,12.5\n2025-03-25,8\n",
        "\ufeffDate,Distance_KM\r\n2025-03-04,12.5\r\n2025-03-25,8\r\n",
        "date;distance_km\n04.03.2025;12,5\n25.03.2025;8\n",
        "distance_km\tdate\n12.5\t3/4/2025\n8\t3/25/2025\n",
        'date,distance_km\n04/03/2025,"12,5"\n25/03/2025,8\n',
        'date,distance_km\n"Mar 4, 2025",12.5\n25 March 2025,8\n',
        "date,distance_km\n20250304,12.5\n20250325,8.000\n",
        "date,distance_km\n45720,12.5\n45741,8\n",
        "date,distance_km\n2025/3/4,12.5\n2025/3/25,8\n\n,\n",
        "date;distance_km\n2025-03-04;12.5\n2025-03-25;8\n",
        "date;distance_m\n2025-03-04;12.500,0\n2025-03-25;8.000\n",
        'date,distance_m\n2025-03-04,"12,500.0"\n2025-03-25,"8,000"\n',
        "date,distance_km,distance_m\n2025-03-25,8,\n2025-03-04,,12500\n",
    ],
)
def test_every_dialect_says_the_same(text):
    assert runs(text) == TWO


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_does_not_matter(encoding):
    found = read_table("date,distance_km,athlete\n2025-03-04,5,Zoë\n".encode(encoding))

    assert found.histories[0].athlete == "Zoë"


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2025-03-04T07:12:30Z", time(7, 12, 30)),
        ("2025-03-04 19:05", time(19, 5)),
        ("2025-03-04T07:12:30.123+01:00", time(7, 12, 30)),
        ('"Mar 4, 2025, 7:05:09 PM"', time(19, 5, 9)),
        ('"Mar 4, 2025, 12:05:09 AM"', time(0, 5, 9)),
        ("2025-03-04 00:00:00", None),
    ],
)
def test_a_time_of_day_is_kept_as_it_is_written_and_midnight_is_none(text, start):
    (history,) = read(f"date,distance_km,duration_min\n{text},10,60\n").histories
    (run,) = history.runs

    assert run.local_date == date(2025, 3, 4)
    assert run.start_hidden == (start is None)
    assert start is None or run.start.time() == start
    assert run.elapsed_s == 3600.0


def test_no_distance_is_a_day_of_rest():
    (history,) = read("date,distance_km\n2025-03-01,\n2025-03-04,5\n2025-03-09,0\n2025-03-10,-\n").histories

    assert [r.local_date for r in history.runs] == [date(2025, 3, 4)]
    assert (history.first_day, history.last_day) == (date(2025, 3, 1), date(2025, 3, 10))


def test_what_is_not_told_is_unknown_and_not_zero():
    told, untold, zero = (
        read(
            "date,distance_km,ascent_m,descent_m,fast_m\n2025-03-01,5,10,20,300\n2025-03-02,5,,,\n2025-03-03,5,0,0,0\n"
        )
        .histories[0]
        .runs
    )

    assert (told.ascent_m, told.features.descent_m) == (10, 20)
    assert (untold.ascent_m, untold.features) == (None, None)
    assert (zero.ascent_m, zero.features.descent_m, sum(zero.features.speed_profile_m)) == (0, 0, 5000)


@pytest.mark.parametrize(("text", "seconds"), [("48", 2880), ("48:30", 2910), ("1:02:03", 3723), ("90.5", 5430)])
def test_durations_are_minutes_or_clock_like(text, seconds):
    (history,) = read(f"date,distance_km,duration_min\n2025-03-04,10,{text}\n").histories

    assert history.runs[0].moving_s == seconds


def test_a_row_that_cannot_be_read_is_named_with_its_line_and_skipped():
    found = read("date,distance_km\n2025-03-04,5\nyesterday,6\n2025-03-06,long\n2025-02-30,7\n2025-03-08,-3\n")

    assert len(found.histories[0].runs) == 1
    assert found.notes == (
        "line 3: rows are skipped: 'yesterday' is no date",
        "line 4: rows are skipped: 'long' is no number",
        "line 5: rows are skipped: '2025-02-30' is no date",
        "line 6: rows are skipped: -3 is negative",
    )


def test_faults_alike_are_named_together():
    found = read("date,distance_km\n2025-03-04,5\n" + ",5\n" * 9)

    assert found.notes == ("lines 3, 4, 5 and 6 more: rows are skipped: there is no date",)


def test_a_cell_beside_the_distance_that_cannot_be_read_costs_only_itself():
    found = read("date,distance_km,descent_m,fast_m,pain_nrs\n2025-03-04,5,steep,6000,11\n")
    (history,) = found.histories

    assert [r.distance_m for r in history.runs] == [5000.0]
    assert (history.runs[0].features, history.reports) == (None, ())
    assert found.notes == (
        "line 2: descent_m is left unknown: 'steep' is no number",
        "line 2: fast_m is left unknown: more than the whole distance",
        "line 2: pain_nrs is left unknown: '11' is no whole number from 0 to 10",
    )


def test_metres_under_the_name_of_kilometres_are_not_believed():
    with pytest.raises(UnreadableFile, match="if these are metres"):
        read("date,distance_km\n2025-03-04,13867.66\n")


def test_kilometres_under_the_name_of_metres_are_asked_about():
    assert "is the distance in another unit?" in " ".join(read("date,distance_m\n2025-03-04,13.9\n").notes)


def test_a_comma_that_may_mean_two_things_is_not_guessed():
    with pytest.raises(UnreadableFile, match="may part thousands or decimals"):
        read('date,distance_m\n2025-03-04,"13,867"\n')


def test_dates_that_can_be_read_two_ways_are_not_guessed():
    with pytest.raises(UnreadableFile, match="3/4/2025 that can be read two ways"):
        read("date,distance_km\n3/4/2025,5\n5/6/2025,5\n")


def test_days_may_simply_be_numbered():
    found = read("date,distance_km\n1,5\n2,\n15,6\n")

    assert [r.local_date for r in found.histories[0].runs] == [date(2000, 1, 1), date(2000, 1, 15)]
    assert "day 1 is shown as 2000-01-01" in " ".join(found.notes)


@pytest.mark.parametrize("word", ["1", "yes", "x", "Hamstring", "TRUE", "2"])
@pytest.mark.parametrize("none", ["0", "", "no", "False", "n/a", "Non-Injured"])
def test_an_injury_is_told_by_a_number_or_in_words(word, none):
    (history,) = read(f"date,distance_km,Injury\n2025-03-04,5,{none}\n2025-03-05,,{word}\n").histories

    assert history.injured == {date(2025, 3, 5)}


def test_without_a_column_of_injuries_nothing_is_known_of_them():
    assert read("date,distance_km\n2025-03-04,5\n").histories[0].injured is None


def test_a_label_of_the_coming_days_is_no_day_of_injury():
    """Some data sets mark the seven days up to an injury: taken for injuries they all begin six days early."""
    days = [f"{day},5,{int(20 <= day % 60 < 27)}" for day in range(1, 200)]

    assert "each of 3 injuries lasts 7 days" in " ".join(read("date,distance_km,injury\n" + "\n".join(days)).notes)


def test_pain_side_and_region_make_a_report():
    (history,) = read("date,distance_km,pain_nrs,region,side\n2025-03-04,5,4,pm ap,L\n2025-03-05,,0,,\n").histories
    first, second = history.reports

    assert (first.pain_today, first.regions, first.side) == (4, {"PM", "AP"}, "left")
    assert (second.pain_today, second.regions, second.side) == (0, set(), None)


def test_pain_may_be_written_as_spreadsheets_write_whole_numbers():
    (history,) = read("date,distance_km,pain_nrs\n2025-03-04,5,3.0\n2025-03-05,5,10\n2025-03-06,5,3.5\n").histories

    assert [r.pain_today for r in history.reports] == [3, 10]


def test_a_region_that_is_none_is_named_and_the_pain_kept():
    found = read("date,distance_km,pain_nrs,region\n2025-03-04,5,4,thigh\n")

    assert found.histories[0].reports[0].regions == set()
    assert found.notes[0].startswith("line 2: region is left unknown: 'THIGH' is none of PP, PM")


def test_other_sports_are_not_counted_where_the_sport_is_told():
    found = read("date,distance_km,sport\n2025-03-04,5,Run\n2025-03-05,60,Ride\n2025-03-06,7,Trail Run\n")

    assert [r.distance_m for r in found.histories[0].runs] == [5000, 7000]
    assert found.notes == ("line 3: not counted, as Ride is no run",)


def test_foreign_headers_are_mapped():
    text = "Tag;Strecke (m);Puls\n04.03.2025;12500;150\n25.03.2025;8000;150\n"

    assert runs(text, date="tag", distance_m="Strecke (m)") == TWO
    assert read(text, date="tag", distance_m="Strecke (m)").notes == ("columns that are not read: Puls",)


def test_of_two_columns_of_one_name_the_first_is_read():
    """Strava's export has Distance twice: in kilometres, then in metres."""
    text = 'Activity Date,Distance,Name,Distance\n"Mar 4, 2025, 7:00:00 AM",12.5,"a\nb",12500\n'

    assert runs(text, date="Activity Date", distance_km="Distance") == TWO[:1]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"date,distance_km\n", "has headers and no rows"),
        (b"when,distance_km\n2025-03-04,5\n", "has no column date; its columns are when, distance_km"),
        (b"date,km\n2025-03-04,5\n", "has no column distance_km"),
        (b"date,distance_km\nx,5\n", "holds no row that can be read: line 2"),
        (b"PK\x03\x04rest", "is a spreadsheet or a zip archive"),
        (b"\x1f\x8b\x08\x00", "is no text"),
        (b"date,distance_km\n2025-03-04,5\n2199-03-04,5\n", "one of these dates must be wrong"),
        (b'date,distance_km\n2025-03-04,"' + b"5" * 200_000, "is no table"),
    ],
)
def test_a_file_that_is_no_history_is_one_clear_line(data, says):
    with pytest.raises(UnreadableFile) as error:
        read_table(data)

    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_header_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(UnreadableFile, match="no column 'Datum' for date; its columns are date, distance_km"):
        read("date,distance_km\n2025-03-04,5\n", date="Datum")


def test_a_file_is_read_from_its_path(tmp_path: Path):
    file = tmp_path / "history.csv"
    file.write_text("date,distance_km\n2025-03-04,12.5\n")

    assert read_history(file).histories[0].runs[0].distance_m == 12_500


@pytest.mark.parametrize(
    "line",
    [
        "0001-01-05,5,1",
        "9999-12-31,5,1",
        "99999,5,1",
        "2025-01-01,5,1e300",
        "2025-01-01,1e300,1",
        "0,5,nan",
        "-1,5,1",
    ],
)
def test_absurd_numbers_are_refused_or_survive_the_replay(line):
    try:
        found = read(f"date,distance_km,duration_min\n{line}\n")
    except UnreadableFile:
        return
    for history in found.histories:
        assert replay(history, Clinic(red_flags(), patterns())) == ()


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: ("date,distance_km\n" + t).encode()))
def test_no_input_raises_anything_else(data):
    with suppress(UnreadableFile):
        assert read_table(data).histories
