"""A history as a table: one row for each run or day, in CSV as spreadsheets of any language write it."""

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple, TypeVar, get_args

from loadwatch.adapters.files.limits import MAX_BYTES, UnreadableFile
from loadwatch.adapters.files.sports import sport_of
from loadwatch.domain.activity import RUN_FAMILY
from loadwatch.domain.backtest import History, HistoryRow, histories
from loadwatch.domain.symptoms import Region, Side
from loadwatch.domain.thresholds import LONGEST_RUN_M, LONGEST_RUN_S

COLUMNS: Final[tuple[str, ...]] = (
    *("date", "distance_km", "distance_m", "ascent_m", "descent_m", "fast_m", "duration_min", "duration_s"),
    *("injury", "pain_nrs", "region", "side", "athlete", "season", "sport"),
)
"""What a table may tell; of the two distances and durations it needs one, or none of the latter."""

MAX_DAYS: Final = 40_000
"""A history of more than a hundred years has a wrong date in it."""

_YEARS: Final = range(1900, 2200)

NOTED: Final = 3
"""Rows with the same fault that are named; the others are counted."""

DAY_ONE: Final = date(2000, 1, 1)
"""Stands for day 1 of a history that numbers its days."""

_FIRST_SERIAL: Final = 20_000
_SERIAL_ZERO: Final = date(1899, 12, 30)
"""Whole numbers from the first on are a spreadsheet's dates (1954 and later) counted from the second."""

_BLANK: Final = frozenset({"", "-", "na", "n/a", "nan", "null", "none"})
_NO: Final = _BLANK | {"0", "0.0", "0.00", "no", "n", "false", "f", "healthy", "non-injured", "non.injured"}
"""What a column of injuries says of a day without one, in any case; all else names an injury."""

_SIDES: Final[Mapping[str, Side]] = {
    **{side: side for side in get_args(Side)},
    "l": "left",
    "r": "right",
    "both": "both_equal",
}
_REGIONS: Final[Mapping[str, Region]] = {region: region for region in get_args(Region)}

_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(.+))?")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NUMBERED: Final = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?:,?[T ]+(.+))?")
_WORDED: Final = ("%b %d, %Y", "%d %b %Y", "%B %d, %Y", "%d %B %Y", "%d-%b-%Y")
_WORDED_TIME: Final = re.compile(r"(.*\d{4}),?\s+(\d{1,2}:.+)")
_CLOCK: Final = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*([AaPp]\.?[Mm]\.?)?(?:Z|\s*[-+]\d{2}:?\d{2})?"
)
_WHOLE: Final = re.compile(r"(\d{1,2})(?:[.,]0+)?", re.ASCII)
"""Spreadsheets write 3 as 3.0 where a column has gaps."""
_LENGTH: Final = re.compile(r"(?:(\d+):)?(\d+):(\d{2})(?:\.\d+)?")

_T = TypeVar("_T")


class HistoryFile(NamedTuple):
    """
    What a table tells.

    Attributes
    ----------
    histories : tuple of History
        One for each athlete and season, at least one.
    notes : tuple of str
        What was odd about it, in words for the runner.
    """

    histories: tuple[History, ...]
    notes: tuple[str, ...]


def read_history(path: Path, headers: Mapping[str, str] | None = None) -> HistoryFile:
    """
    The histories in a file; see `read_table`.

    Raises
    ------
    UnreadableFile
    OSError
        If the file cannot be opened.
    """
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableFile(f"is larger than {MAX_BYTES // 2**20} MB")
    return read_table(path.read_bytes(), headers)


def read_table(data: bytes, headers: Mapping[str, str] | None = None) -> HistoryFile:
    """
    The histories in a table.

    Separated by commas, semicolons or tabs; decimal points or commas; headers in any case, columns and rows in any
    order. Days are ISO dates, 31.12.2025, 12/31/2025, "Dec 31, 2025", each also with a time of day, a spreadsheet's
    numbers of days, or simply day 1, 2, 3. A row whose date or distance cannot be read is skipped and named; of
    another column only that field is left unknown.

    Parameters
    ----------
    headers : mapping of str to str
        For names of `COLUMNS` the header under which the file has them.

    Raises
    ------
    UnreadableFile
        If it is no such table; the text begins with a verb, to be put behind the file's name.
    """
    notes: list[str] = []
    text = _decoded(data, notes)
    separator = max(",;\t", key=text.partition("\n")[0].count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        table = [(lines.line_num, row) for row in lines if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise UnreadableFile(f"is no table: {error}") from error
    if not table:
        raise UnreadableFile("is empty")
    places = _places(table[0][1], headers or {}, notes)
    if len(table) == 1:
        raise UnreadableFile("has headers and no rows")
    reader = _Rows(places, separator, [row for _, row in table[1:]])
    rows = []
    for line, row in table[1:]:
        try:
            rows.append(reader.read(line, row))
        except ValueError as error:
            reader.faults.setdefault(f"rows are skipped: {error}", []).append(line)
    notes += _fault_notes(reader.faults)
    if not rows:
        raise UnreadableFile(f"holds no row that can be read: {notes[-1]}")
    _check_dates(rows)
    found = histories(rows, injuries_told="injury" in places)
    return HistoryFile(found, (*notes, *reader.notes, *_oddities(found)))


def _decoded(data: bytes, notes: list[str]) -> str:
    if data.startswith(b"PK\x03\x04"):
        raise UnreadableFile("is a spreadsheet or a zip archive: save the sheet as CSV")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data or data.startswith(b"\x1f\x8b"):
        raise UnreadableFile("is no text: a history is a table in CSV")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        notes.append("the file is not in UTF-8: read as Western European")
        return data.decode("cp1252", errors="replace")


def _places(header: Sequence[str], headers: Mapping[str, str], notes: list[str]) -> dict[str, int]:
    """The place of each column that is there, by its name."""
    names = [cell.strip() for cell in header]
    first: dict[str, int] = {}
    for place, name in enumerate(names):
        first.setdefault(name.casefold(), place)
    places = {name: first[name] for name in COLUMNS if name in first}
    for name, theirs in headers.items():
        if theirs.strip().casefold() not in first:
            raise UnreadableFile(f"has no column {theirs!r} for {name}; its columns are {_listed(names)}")
        places[name] = first[theirs.strip().casefold()]
    if "date" not in places or not places.keys() & {"distance_km", "distance_m"}:
        missing = "date" if "date" not in places else "distance_km"
        hint = f"name it with --columns {missing}=HEADER"
        raise UnreadableFile(f"has no column {missing}; its columns are {_listed(names)}: {hint}")
    ignored = [name for place, name in enumerate(names) if place not in places.values() and name]
    if ignored:
        notes.append(f"columns that are not read: {_listed(ignored)}")
    return places


def _listed(names: Sequence[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _fault_notes(faults: Mapping[str, Sequence[int]]) -> list[str]:
    notes = []
    for fault, lines in faults.items():
        named = ", ".join(map(str, lines[:NOTED]))
        more = f" and {len(lines) - NOTED} more" if len(lines) > NOTED else ""
        notes.append(f"line{'s' if len(lines) > 1 else ''} {named}{more}: {fault}")
    return notes


class _Rows:
    """Reads rows by what all of them show: which comma is a decimal one, which number of a date is the day."""

    def __init__(self, places: Mapping[str, int], separator: str, rows: Sequence[Sequence[str]]) -> None:
        self.faults: dict[str, list[int]] = {}
        self.notes: list[str] = []
        self._places = places
        numeric = [name for name in COLUMNS if name.endswith(("_m", "_km", "_min", "_s"))]
        self._comma = _comma_is_decimal([self._text(row, name) for row in rows for name in numeric], separator)
        dates = [self._text(row, "date") for row in rows]
        self._day_first = _day_is_first(dates)
        if any(text.isdecimal() and int(text) < _FIRST_SERIAL for text in dates):
            self.notes.append(f"the days are numbers: day 1 is shown as {DAY_ONE}")

    def read(self, line: int, row: Sequence[str]) -> HistoryRow:
        """
        One row.

        Raises
        ------
        ValueError
            If its date or its distance cannot be read.
        """

        def told(name: str, read: Callable[[str], _T]) -> _T | None:
            text = self._text(row, name)
            if text.casefold() in _BLANK:
                return None
            try:
                return read(text)
            except ValueError as error:
                self.faults.setdefault(f"{name} is left unknown: {error}", []).append(line)
                return None

        day, start = self._date(self._text(row, "date"))
        distance_m = self._distance(row)
        sport = self._text(row, "sport")
        if sport and sport_of(sport) not in RUN_FAMILY:
            self.faults.setdefault(f"not counted, as {sport} is no run", []).append(line)
            distance_m = None
        is_run = bool(distance_m)
        duration_s = told("duration_s", lambda t: self._seconds(t, 1)) or told(
            "duration_min", lambda t: self._seconds(t, 60)
        )
        regions = told("region", _regions) or frozenset()
        return HistoryRow(
            day=day,
            start=start,
            distance_m=distance_m,
            ascent_m=told("ascent_m", self._metres) if is_run else None,
            descent_m=told("descent_m", self._metres) if is_run else None,
            fast_m=told("fast_m", lambda t: _at_most(self._metres(t), distance_m or 0.0)) if is_run else None,
            duration_s=duration_s if is_run else None,
            injured=self._text(row, "injury").casefold() not in _NO,
            pain_nrs=told("pain_nrs", _nrs),
            regions=regions,
            side=told("side", _side),
            athlete=self._text(row, "athlete"),
            season=self._text(row, "season"),
        )

    def _text(self, row: Sequence[str], name: str) -> str:
        place = self._places.get(name)
        return row[place].strip() if place is not None and place < len(row) else ""

    def _distance(self, row: Sequence[str]) -> float | None:
        in_metres = self._text(row, "distance_m").casefold() not in _BLANK
        text = self._text(row, "distance_m" if in_metres else "distance_km")
        if text.casefold() in _BLANK:
            return None
        metres = self._metres(text) * (1 if in_metres else 1000)
        if metres > LONGEST_RUN_M:  # metres under the name of kilometres
            hint = "" if in_metres else "; if these are metres, map them with --columns distance_m=…"
            raise ValueError(f"{text} {'m' if in_metres else 'km'} is no distance of a run{hint}")
        return metres

    def _metres(self, text: str) -> float:
        number = self._number(text)
        if number < 0:
            raise ValueError(f"{text} is negative")
        return number

    def _seconds(self, text: str, unit_s: int) -> float:
        length = _LENGTH.fullmatch(text)
        if length is None:
            total = self._metres(text) * unit_s
        else:
            hours, minutes, seconds = (int(part or 0) for part in length.groups())
            total = 3600.0 * hours + 60 * minutes + seconds
        if total > LONGEST_RUN_S:  # seconds under the name of minutes
            raise ValueError(f"{text} is longer than anybody runs")
        return total

    def _number(self, text: str) -> float:
        plain = re.sub(r"[\s'\u2019]", "", text)
        if "," in plain:
            if self._comma is None:
                raise ValueError(f"the comma of {text} may part thousands or decimals")
            plain = plain.replace(".", "").replace(",", ".") if self._comma else plain.replace(",", "")
        elif self._comma and re.fullmatch(r"\d{1,3}(\.\d{3})+", plain):
            plain = plain.replace(".", "")
        try:
            number = float(plain)
        except ValueError:
            raise ValueError(f"{text!r} is no number") from None
        if not math.isfinite(number):
            raise ValueError(f"{text!r} is no number")
        return number

    def _date(self, text: str) -> tuple[date, time | None]:
        day: date | None = None
        clock: str | None = None
        if match := _ISO.fullmatch(text):
            day, clock = _day(*map(int, match.groups()[:3])), match[4]
        elif match := _COMPACT.fullmatch(text):
            day = _day(*map(int, match.groups()))
        elif text.isdecimal() and len(text) < 6:
            zero = _SERIAL_ZERO if int(text) >= _FIRST_SERIAL else DAY_ONE - timedelta(days=1)
            day = zero + timedelta(days=int(text))
        elif match := _NUMBERED.fullmatch(text):
            first, mark, second, year, clock = match.groups()
            one, two = int(first), int(second)
            if mark != "." and not self._day_first:
                one, two = two, one
            day = _day(int(year) + (2000 if len(year) == 2 else 0), two, one)
        else:
            match = _WORDED_TIME.fullmatch(text)
            words, clock = (match[1], match[2]) if match else (text, None)
            day = _worded(words)
        if day is None:
            raise ValueError(f"{text!r} is no date" if text else "there is no date")
        return day, _clock(clock) if clock else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year in _YEARS else None
    except ValueError:
        return None


def _worded(text: str) -> date | None:
    for form in _WORDED:
        try:
            return datetime.strptime(text.strip().rstrip(","), form).date()
        except ValueError:
            continue
    return None


def _clock(text: str) -> time | None:
    """The time of day as it is written, whatever its zone; None at midnight, which spreadsheets add to a day."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no time of day")
    hour, minute, second = (int(part or 0) for part in match.groups()[:3])
    if match[4]:
        hour = hour % 12 + 12 * match[4].lower().startswith("p")
    try:
        found = time(hour, minute, second)
    except ValueError:
        raise ValueError(f"{text!r} is no time of day") from None
    return found if found != time() else None


def _day_is_first(texts: Iterable[str]) -> bool:
    """
    Of dates like 3/4/2025 whether the first number is the day.

    Raises
    ------
    UnreadableFile
        If nothing tells.
    """
    found = [m for m in map(_NUMBERED.fullmatch, texts) if m and m[2] != "."]
    day_first = any(int(m[1]) > 12 for m in found)
    month_first = any(int(m[3]) > 12 for m in found)
    if found and day_first == month_first:
        raise UnreadableFile(f"has dates like {found[0][0]} that can be read two ways: write them as 2025-12-31")
    return day_first


def _comma_is_decimal(texts: Iterable[str], separator: str) -> bool | None:
    """Whether commas in numbers are decimal ones; None where nothing tells them from those of thousands."""
    found = [text for text in texts if "," in text]
    if not found or any(re.search(r",\d{3}\.", text) for text in found):
        return False
    if separator == ";" or any(not re.fullmatch(r"\d{1,3}(,\d{3})+", text) for text in found):
        return True
    return None


def _at_most(metres: float, most_m: float) -> float:
    if metres > most_m:
        raise ValueError("more than the whole distance")
    return metres


def _nrs(text: str) -> int:
    match = _WHOLE.fullmatch(text)
    if match is None or int(match[1]) > 10:
        raise ValueError(f"{text!r} is no whole number from 0 to 10")
    return int(match[1])


def _regions(text: str) -> frozenset[Region]:
    codes = re.split(r"[\s,;|/+]+", text.upper())
    wrong = [code for code in codes if code not in _REGIONS]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is none of {', '.join(_REGIONS)}")
    return frozenset(_REGIONS[code] for code in codes)


def _side(text: str) -> Side:
    side = _SIDES.get(re.sub(r"[\s-]+", "_", text.casefold()))
    if side is None:
        raise ValueError(f"{text!r} is none of {', '.join(get_args(Side))}")
    return side


def _check_dates(rows: Sequence[HistoryRow]) -> None:
    days = [row.day for row in rows]
    if (max(days) - min(days)).days > MAX_DAYS:
        raise UnreadableFile(f"goes from {min(days)} to {max(days)}: one of these dates must be wrong")


def _oddities(found: Sequence[History]) -> list[str]:
    """What makes the numbers of a table look like something else than they are called."""
    notes = []
    longest = max((run.distance_m or 0.0 for history in found for run in history.runs), default=0.0)
    if not longest:
        notes.append("no row has a distance")
    elif longest < 1000:
        notes.append(f"no run is as long as 1 km, the longest is {longest:.0f} m: is the distance in another unit?")
    spells = [length for history in found for length in _spells(sorted(history.injured or ()))]
    if len(spells) > 2 and len(set(spells)) == 1 and spells[0] > 1:
        notes.append(
            f"each of {len(spells)} injuries lasts {spells[0]} days to the day: if the column tells whether an injury"
            " comes within so many days, all that follows on injuries is wrong by as many; it must tell on which"
            " days there was one"
        )
    return notes


def _spells(days: Sequence[date]) -> list[int]:
    """Lengths of the stretches of days without a gap. [d]"""
    breaks = [n for n, (a, b) in enumerate(pairwise(days), start=1) if b - a > timedelta(days=1)]
    edges = [0, *breaks, len(days)] if days else [0]
    return [b - a for a, b in pairwise(edges)]
