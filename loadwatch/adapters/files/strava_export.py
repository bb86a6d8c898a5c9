"""
The list in a Strava bulk export: which activity is in which file, and what the runner called it.

Its columns repeat, move and are translated: they are found by name and occurrence, never by position.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Final

from loadwatch.adapters.files.limits import UnreadableFile
from loadwatch.domain.text import say
from loadwatch.services.ports import Told

LIST_NAME: Final = "activities.csv"

_COLUMNS: Final = {
    "id": ("activity id", "aktivitäts-id", "activiteits-id", "id de l'activité", "id de actividad"),
    "date": (
        *("activity date", "aktivitätsdatum", "datum van activiteit", "date de l'activité", "fecha de la actividad"),
        *("activiteitsdatum", "fecha de actividad"),
    ),
    "name": (
        *("activity name", "name der aktivität", "naam activiteit", "nom de l'activité", "nombre de la actividad"),
        *("naam van activiteit", "nombre de actividad"),
    ),
    "type": (
        *("activity type", "aktivitätsart", "activiteitstype", "type d'activité", "tipo de actividad"),
        *("aktivitätstyp", "type activiteit"),
    ),
    "elapsed": ("elapsed time", "verstrichene zeit", "verstreken tijd", "temps écoulé", "tiempo transcurrido"),
    "moving": (
        *("moving time", "bewegungszeit", "beweegtijd", "durée de déplacement", "tiempo en movimiento"),
        *("bewegingstijd", "temps de déplacement"),
    ),
    "distance": ("distance", "distanz", "afstand", "distancia"),
    "file": ("filename", "dateiname", "bestandsnaam", "nom du fichier", "nombre de archivo", "nombre del archivo"),
}
"""What Strava calls them in English, German, Dutch, French and Spanish, in lower case."""

_RUNS: Final = {
    "Run": ("run", "lauf", "laufen", "hardloopsessie", "hardlopen", "course à pied", "course", "carrera"),
    "TrailRun": ("trail run", "trailrun", "traillauf", "trail", "carrera de montaña", "carrera de trail"),
    "VirtualRun": (
        *("virtual run", "virtueller lauf", "virtuelle hardloopsessie", "course à pied virtuelle"),
        *("course virtuelle", "carrera virtual"),
    ),
}
_OTHERS: Final = {
    "Ride": ("ride", "radfahrt", "radfahren", "fietsrit", "fietsen", "vélo", "sortie à vélo", "bicicleta"),
    "Walk": ("walk", "spaziergang", "wandeling", "marche", "caminata"),
    "Hike": ("hike", "wanderung", "hike", "randonnée", "excursión"),
    "Swim": ("swim", "schwimmen", "zwemmen", "natation", "natación"),
}
_SPORT_OF: Final = {word: sport for table in (_RUNS, _OTHERS) for sport, words in table.items() for word in words}

_MONTHS: Final = (
    ("jan", "jän", "ene"),
    ("feb", "fév", "fev"),
    ("mar", "mär", "maa", "mrt", "mrz"),
    ("apr", "avr", "abr"),
    ("may", "mai", "mei"),
    ("jun", "juin"),
    ("jul", "juil"),
    ("aug", "aoû", "aou", "ago"),
    ("sep",),
    ("oct", "okt"),
    ("nov",),
    ("dec", "dez", "déc", "dic"),
)

_WORDED: Final = re.compile(
    r"^(?:(?P<m1>[^\W\d_]+)\.? (?P<d1>\d{1,2})|(?P<d2>\d{1,2})\.? (?:de )?(?P<m2>[^\W\d_]+)\.?)"
)
_CLOCK: Final = re.compile(
    r"(?P<h>\d{1,2}):(?P<min>\d{2})(?::(?P<s>\d{2}))?(?: (?P<half>[ap])\.? ?m\.?)?$", re.IGNORECASE
)
_NUMERIC: Final = re.compile(r"^(?P<a>\d{1,4})([./-])(?P<b>\d{1,2})\2(?P<c>\d{1,4})\b")
_YEAR: Final = re.compile(r"\b(\d{4})\b")

SLOWEST_M_S: Final = 0.3
FASTEST_M_S: Final = 25.0
"""Any sport's mean speed lies between; a thousandth or a thousandfold of it does not. Design choice. [m/s]"""

UNITS_M: Final = (1000.0, 1609.344)


@dataclass(frozen=True, slots=True)
class Listed:
    """
    One row of the list.

    Attributes
    ----------
    activity_id : str
        Strava's; the number in the file's name is another one.
    file : str or None
        The member that holds it; None where Strava has none.
    told : Told
        `is_manual` where there is no file, and enough is told to count it.
    lacks : str
        Why a row without a file cannot be stored; empty where it can.
    """

    activity_id: str
    file: str | None
    told: Told
    lacks: str


def read_list(data: bytes) -> list[Listed]:
    """
    The rows of `activities.csv`.

    Raises
    ------
    UnreadableFile
        If its columns are in a language that is not known here.
    """
    rows = csv.reader(io.StringIO(data.decode("utf-8-sig", errors="replace"), newline=""))
    try:
        header = next(rows, [])
        found = _found(header)
        # English writes 1,234 for what the others write 1.234.
        english = "activity id" in map(_plain, header)
        raw = [_raw(row, found, english) for row in rows if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise UnreadableFile(
            say("is no list that can be read ({fault}); export it again", fault=str(error))
        ) from error
    unit_m = _unit_m(raw)
    return [_listed(each, unit_m) for each in raw]


@dataclass(frozen=True, slots=True)
class _Raw:
    activity_id: str
    date: str
    name: str
    sport: str
    file: str
    elapsed_s: float | None
    moving_s: float | None
    distances: tuple[float | None, ...]
    """The first is shown in the runner's unit, the second in metres, if it is there."""


def _found(header: Sequence[str]) -> dict[str, list[int]]:
    """Positions of each column that is known."""
    names = [_plain(h) for h in header]
    found = {key: [i for i, name in enumerate(names) if name in known] for key, known in _COLUMNS.items()}
    if missing := [key for key in ("id", "date", "file") if not found[key]]:
        raise UnreadableFile(
            say(
                "has no column that is known here for {columns}; set Strava's language to English and request the"
                " archive again",
                columns=", ".join(missing),
            )
        )
    return found


def _plain(text: str) -> str:
    """A header or word in lower case, with plain spaces and apostrophes."""
    return " ".join(text.replace("’", "'").split()).casefold()


def _raw(row: Sequence[str], found: dict[str, list[int]], english: bool) -> _Raw:
    def texts(key: str) -> Iterator[str]:
        return (row[i].strip() for i in found[key] if i < len(row))

    def first(key: str) -> str:
        return next(texts(key), "")

    def seconds(key: str) -> float | None:
        # Both of a repeated column are seconds; the first may be empty.
        return next((n for n in (number(text, english=english) for text in texts(key)) if n is not None), None)

    return _Raw(
        activity_id=first("id"),
        date=first("date"),
        name=first("name"),
        sport=first("type"),
        file=first("file"),
        elapsed_s=seconds("elapsed"),
        moving_s=seconds("moving"),
        distances=tuple(number(text, english=english) for text in texts("distance")),
    )


def number(text: str, *, english: bool) -> float | None:
    """A number with point or comma, as Strava writes it in a language; None for none."""
    text = "".join(text.split())
    if not re.fullmatch(r"-?[\d.,]*\d", text, re.ASCII):
        return None
    comma, point = text.rfind(","), text.rfind(".")
    if comma >= 0 and point >= 0:
        thousands = "," if point > comma else "."
    elif comma >= 0 and english and re.fullmatch(r"-?\d{1,3}(,\d{3})+", text):
        thousands = ","
    elif text.count(".") > 1:
        thousands = "."
    else:
        thousands = ""
    plain = text.replace(thousands, "") if thousands else text
    try:
        return float(plain.replace(",", "."))
    except ValueError:
        return None


def moment(text: str) -> datetime | None:
    """
    A time as Strava writes it in a language, which is UTC: "Sep 20, 2026, 2:12:12 PM", "20.09.2026, 14:12:12".

    None where it cannot be read, or could be read in two ways.
    """
    text = " ".join(text.replace(",", " ").split())
    clock = _CLOCK.search(text)
    if clock is None:
        return None
    hour = int(clock["h"])
    if clock["half"]:
        hour = hour % 12 + 12 * (clock["half"].lower() == "p")
    day = _day(text[: clock.start()].strip(), american=bool(clock["half"]))
    if day is None:
        return None
    try:
        return datetime(*day, hour, int(clock["min"]), int(clock["s"] or 0), tzinfo=UTC)
    except ValueError:
        return None


def _day(text: str, *, american: bool) -> tuple[int, int, int] | None:
    """Year, month, day."""
    if worded := _WORDED.match(text):
        word = (worded["m1"] or worded["m2"]).casefold()
        month = next((n for n, names in enumerate(_MONTHS, 1) if word.startswith(names)), None)
        year = _YEAR.search(text)
        if month is None or year is None:
            return None
        return int(year[1]), month, int(worded["d1"] or worded["d2"])
    numeric = _NUMERIC.match(text)
    if numeric is None:
        return None
    a, b, c = (int(numeric[part]) for part in "abc")
    if a > 31:
        return a, b, c
    return (c, a, b) if american and numeric[2] == "/" else (c, b, a)


def _unit_m(rows: Sequence[_Raw]) -> float | None:
    """What the shown distances are in, by the rows that have both; None where no row tells. [m]"""
    ratios = [
        row.distances[1] / row.distances[0]
        for row in rows
        if len(row.distances) > 1 and row.distances[0] and row.distances[1] and row.distances[0] >= 1
    ]
    typical = median(ratios) if ratios else 0.0
    return next((unit for unit in UNITS_M if abs(typical / unit - 1) < 0.02), None)


def _distance_m(row: _Raw, unit_m: float | None) -> float | None:
    """The row's distance where its unit is beyond doubt. [m]"""
    shown, metres = (*row.distances, None, None)[:2]
    seconds = row.moving_s or row.elapsed_s

    def possible(distance_m: float | None) -> bool:
        return bool(distance_m and seconds and SLOWEST_M_S <= distance_m / seconds <= FASTEST_M_S)

    if metres and possible(metres):
        return metres
    # The second is empty in old rows, and in some exports it is shown like the first.
    told = metres or shown
    scaled = told * unit_m if told and unit_m else None
    if scaled is None and metres and shown == metres and possible(metres * 1000):
        scaled = metres * 1000
    return scaled if possible(scaled) else None


def _listed(row: _Raw, unit_m: float | None) -> Listed:
    start, distance_m = moment(row.date), _distance_m(row, unit_m)
    sport = _SPORT_OF.get(_plain(row.sport))
    file = row.file if row.file and not row.file.startswith("#") else None
    facts = {"date": start, "distance": distance_m, "time": row.elapsed_s or row.moving_s}
    lacks = ", ".join(what for what, fact in facts.items() if not fact)
    told = Told(
        name=" ".join(row.name.split())[:200],
        sport=sport,
        sport_if_silent=None if sport else row.sport[:60] or None,
        start=start,
        distance_m=distance_m,
        moving_s=row.moving_s,
        elapsed_s=row.elapsed_s,
        is_manual=file is None,
    )
    return Listed(
        row.activity_id, file, told, f"has no file, and the list does not tell its {lacks}" if lacks else ""
    )
