"""Sentences that know how they were made, so that the edge can say them in another language and in other units."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any, Final, Literal, Protocol, Self

Units = Literal["metric", "imperial"]

METRES_PER_MILE: Final = 1609.344
METRES_PER_FOOT: Final = 0.3048
UNKNOWN: Final = "–"


class Speech(Protocol):
    """A language with its numbers and dates, and the units to speak in."""

    @property
    def units(self) -> Units: ...

    @property
    def language(self) -> str:
        """Its code: "en"."""

    def gettext(self, message: str) -> str:
        """A message in the language; itself where nobody has translated it."""

    def ngettext(self, one: str, many: str, n: int) -> str:
        """Of the forms of a message the one that goes with a number."""

    def number(self, value: float, digits: int = 0) -> str:
        """A number with so many decimals: "1 250", "2.1"."""

    def day(self, day: date, *, year: bool = False) -> str:
        """A day: "Sat 21 Nov", with the year where it is asked for."""

    def moment(self, at: datetime, *, year: bool = False) -> str:
        """A moment by the clock that it carries: "Sat 21 Nov, 07:30"."""

    def short_day(self, day: date) -> str:
        """A day without that of the week: "21 Nov"."""

    def span(self, first: date, last: date, *, year: bool = True) -> str:
        """From one day to another: "16 – 22 Nov 2026"."""

    def month(self, day: date, *, year: bool = True) -> str:
        """The month of a day: "November 2026", alone "Nov"."""

    def weekday(self, day: date) -> str:
        """Short: "Sat"."""


class Text(str):
    """
    A sentence, or part of one: a str in plain English, which knows the message and the quantities it was made of.

    Whatever takes a str takes it as the English words; `render` says the same in another language and other units.
    Methods of str give plain words, which are not translated any more; `+` and `joined` keep what it was made of.
    """

    __slots__ = ("_made",)
    _made: "_Made | _Stored"

    def __new__(cls, words: str, made: "_Made | _Stored") -> Self:
        text = super().__new__(cls, words)
        text._made = made
        return text

    @property
    def made(self) -> "_Made":
        """What it is made of; of a stored text that cannot be read any more the words alone."""
        if isinstance(self._made, _Stored):  # read only where somebody wants to know: most titles are never said anew
            try:
                self._made = _made(self._made.data)
            except _UNREADABLE:
                self._made = _Joined("", (str(self),))
        return self._made

    def __add__(self, other: str) -> "Text":
        return joined("", (self, other))

    def __radd__(self, other: str) -> "Text":
        return joined("", (other, self))

    def __reduce__(self) -> tuple[Any, ...]:
        return Text, (str(self), self.made)

    def in_units(self, units: Units) -> "Text":
        """The same with its English words in these units."""
        return Text(_rendered(self.made, English(units)), self.made)


@dataclass(frozen=True, slots=True)
class _Said:
    message: str
    many: str | None
    n: int
    params: tuple[tuple[str, str | int], ...]


@dataclass(frozen=True, slots=True)
class _Joined:
    by: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Capital:
    of: str


@dataclass(frozen=True, slots=True)
class _Quantity:
    kind: str
    value: float | date
    digits: int = 0


_Made = _Said | _Joined | _Capital | _Quantity


@dataclass(frozen=True, slots=True)
class _Stored:
    data: Any


def say(message: str, /, **params: str | int) -> Text:
    """
    A message of the catalogue.

    Parameters
    ----------
    message : str
        English, the id under which it is translated, with {named} places. Whole sentences: parts that are glued
        together cannot be put into another order.
    params : str or int
        What stands in the places: quantities of this module, other texts, the runner's own words, whole numbers.

    Raises
    ------
    KeyError
        If a place has nothing to stand in it; a message without any parameter is taken as it is.
    TypeError
        If a parameter is a bare float: it must be one of the quantities, which say how it is written.
    """
    return _text(_Said(message, None, 0, _checked(params)))


def say_n(one: str, many: str, n: int, /, **params: str | int) -> Text:
    """A message with a number: `say` with the form that goes with it, and the number as {n}."""
    return _text(_Said(one, many, n, _checked({"n": n, **params})))


def _checked(params: Mapping[str, str | int]) -> tuple[tuple[str, str | int], ...]:
    for name, value in params.items():
        if not isinstance(value, str | int):
            raise TypeError(f"{name} is {value!r}: give a quantity that says how it is written")
    return tuple(params.items())


def joined(by: str, texts: Iterable[str]) -> Text:
    """Texts with something between them; empty ones are passed over."""
    return _text(_Joined(by, tuple(t for t in texts if t)))


def sentences(*texts: str) -> Text:
    """Whole sentences, one after the other."""
    return joined(" ", texts)


def sentences_of(text: str) -> tuple[str, ...]:
    """What `sentences` put one after the other, however often; of any other text the text alone, of "" nothing."""
    made = text.made if isinstance(text, Text) else None
    if isinstance(made, _Joined) and made.by == " ":
        return tuple(each for part in made.parts for each in sentences_of(part))
    return (text,) if text else ()


def listed(texts: Iterable[str]) -> Text:
    """ "a", "a and b", "a, b and c"."""
    *first, last = tuple(texts) or ("",)
    return say("{list} and {last}", list=joined(", ", first), last=last) if first else joined("", (last,))


def capital(text: str) -> Text:
    """The text with a capital in front, in whatever language it is said."""
    return _text(_Capital(text))


# quantities


def distance_text(distance_m: float, units: Units = "metric") -> Text:
    """A distance: "18.4 km", "11.4 mi". [m]"""
    return _text(_Quantity("distance", distance_m)).in_units(units)


def height_text(height_m: float, units: Units = "metric") -> Text:
    """Ascent, descent and what is made of them: "1 250 m", "4 101 ft". [m]"""
    return _text(_Quantity("height", height_m)).in_units(units)


def fast_text(distance_m: float, units: Units = "metric") -> Text:
    """A distance run fast, to the ten metres that GPS can tell: "3 200 m", "2.0 mi". [m]"""
    return _text(_Quantity("fast", distance_m)).in_units(units)


def metres_text(distance_m: float) -> Text:
    """Metres in any units, as on a track: "400 m". [m]"""
    return _text(_Quantity("metres", distance_m))


def duration_text(seconds: float) -> Text:
    """A length of time: "1 h 52 min", "48 min". [s]"""
    return _text(_Quantity("duration", seconds))


def clock_text(seconds: float) -> Text:
    """A length of time as a stop-watch shows it: "1:24". [s]"""
    return _text(_Quantity("clock", seconds))


def pace_text(speed_m_s: float) -> Text:
    """A speed as the time for a kilometre or a mile: "4:56 min/km". [m/s]"""
    return _text(_Quantity("pace", speed_m_s))


def days_text(days: float) -> Text:
    """Whole days: "1 day", "33 days". [d]"""
    return say_n("{n} day", "{n} days", int(days))


def percent_text(share: float) -> Text:
    """A share of one: 0.1 as "10 %". [unitless]"""
    return _text(_Quantity("percent", share))


def number_text(value: float, digits: int = 0) -> Text:
    """A number with so many decimals."""
    return _text(_Quantity("number", value, digits))


def day_text(day: date, *, year: bool = False) -> Text:
    """A day of the calendar: "Sat 21 Nov"."""
    return _text(_Quantity("full_day" if year else "day", date(day.year, day.month, day.day)))


def moment_text(at: datetime, zone: tzinfo, *, year: bool = False) -> Text:
    """A moment by the clock of a time zone: "Sat 21 Nov, 07:30"."""
    return _text(_Quantity("full_moment" if year else "moment", at.astimezone(zone)))


def _distance(m: float, speech: Speech) -> str:
    if speech.units == "imperial":
        return f"{speech.number(m / METRES_PER_MILE, 1)} mi"
    return f"{speech.number(m / 1000, 1)} km"


def _height(m: float, speech: Speech) -> str:
    if speech.units == "imperial":
        return f"{speech.number(m / METRES_PER_FOOT)} ft"
    return f"{speech.number(m)} m"


def _fast(m: float, speech: Speech) -> str:
    return _distance(m, speech) if speech.units == "imperial" else f"{speech.number(round(m, -1))} m"


def _duration(seconds: float, _: Speech) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def _clock(seconds: float, _: Speech | None = None) -> str:
    return f"{round(seconds) // 60}:{round(seconds) % 60:02d}"


def _pace(speed_m_s: float, speech: Speech) -> str:
    if not speed_m_s:
        return UNKNOWN
    metres_each, unit = (METRES_PER_MILE, "mi") if speech.units == "imperial" else (1000.0, "km")
    return f"{_clock(metres_each / speed_m_s)} min/{unit}"


_FORMATS: Final[Mapping[str, Callable[[Any, Speech], str]]] = {
    "distance": _distance,
    "height": _height,
    "fast": _fast,
    "metres": lambda m, speech: f"{speech.number(m)} m",
    "duration": _duration,
    "clock": _clock,
    "pace": _pace,
    "percent": lambda share, speech: f"{speech.number(share * 100)} %",
    "day": lambda of, speech: speech.day(of),
    "full_day": lambda of, speech: speech.day(of, year=True),
    "moment": lambda at, speech: speech.moment(at),
    "full_moment": lambda at, speech: speech.moment(at, year=True),
}


# words


def in_units(text: str, units: Units) -> str:
    """A text with its English words in these units; plain words as they are."""
    return text.in_units(units) if isinstance(text, Text) else text


def render(text: str, speech: Speech) -> str:
    """A text in the language and units of a speech; plain words as they are."""
    return _rendered(text.made, speech) if isinstance(text, Text) else text


def _rendered(made: _Made, speech: Speech, part: Callable[[str, Speech], str] = render) -> str:
    match made:
        case _Said(message, many, n, params):
            words = speech.gettext(message) if many is None else speech.ngettext(message, many, n)
            if not params:
                return words
            values = {name: part(p, speech) if isinstance(p, str) else speech.number(p) for name, p in params}
            return one_stop(_filled(words, message if many is None or n == 1 else many, values), values.values())
        case _Joined(by, parts):
            return by.join(filter(None, (part(p, speech) for p in parts)))
        case _Capital(of):
            words = part(of, speech)
            return words[:1].upper() + words[1:]
        case _Quantity("number", value, digits):
            assert isinstance(value, int | float)
            return speech.number(value, digits)
        case _Quantity(kind, value):
            return _FORMATS[kind](value, speech)


def _filled(words: str, english: str, values: Mapping[str, str]) -> str:
    """The words with what stands in their places; in English where a translation names places that do not exist."""
    try:
        return words.format_map(values)
    except (KeyError, IndexError, ValueError):
        return english.format_map(values)


def one_stop(words: str, values: Iterable[object]) -> str:
    """The words with one full stop after a value that ends with one itself: "bis 21. Nov.", not "bis 21. Nov.."."""
    for value in values:
        if str(value).endswith("."):
            words = words.replace(f"{value}.", str(value))
    return words


@dataclass(frozen=True, slots=True)
class English:
    """Plain English: the words that the messages are written in."""

    units: Units = "metric"
    language: str = field(default="en", init=False)

    def gettext(self, message: str) -> str:
        return message

    def ngettext(self, one: str, many: str, n: int) -> str:
        return one if n == 1 else many

    def number(self, value: float, digits: int = 0) -> str:
        return f"{value:,.{digits}f}".replace(",", " ")

    def day(self, day: date, *, year: bool = False) -> str:
        text = f"{self.weekday(day)} {self.short_day(day)}"
        return f"{text} {day.year}" if year else text

    def moment(self, at: datetime, *, year: bool = False) -> str:
        return f"{self.day(at, year=year)}, {at:%H:%M}"

    def short_day(self, day: date) -> str:
        return f"{day.day} {_MONTHS[day.month - 1][:3]}"

    def span(self, first: date, last: date, *, year: bool = True) -> str:
        begin = str(first.day) if (first.year, first.month) == (last.year, last.month) else self.short_day(first)
        if not year:
            return f"{begin} – {self.short_day(last)}"
        begin = begin if first.year == last.year else f"{begin} {first.year}"
        return f"{begin} – {self.short_day(last)} {last.year}"

    def month(self, day: date, *, year: bool = True) -> str:
        name = _MONTHS[day.month - 1]
        return f"{name} {day.year}" if year else name[:3]

    def weekday(self, day: date) -> str:
        return _DAYS[day.weekday()]


_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_METRIC: Final = English()


def _text(made: _Made) -> Text:
    """The words of its parts stay as they are: they may be in other units already."""
    return Text(_rendered(made, _METRIC, lambda part, _: str(part)), made)


# for storage


def to_json(text: str) -> Any:
    """A text as plain data, from which `from_json` makes it again; plain words as they are."""
    if not isinstance(text, Text):
        return text
    match text.made:
        case _Said(message, many, n, params):
            data: dict[str, Any] = {"say": message}
            if many is not None:
                data |= {"many": many, "n": n}
            if params:
                data["with"] = {name: to_json(p) if isinstance(p, str) else p for name, p in params}
            return data
        case _Joined(by, parts):
            return {"join": [to_json(p) for p in parts], "by": by}
        case _Capital(of):
            return {"capital": to_json(of)}
        case _Quantity(kind, value, digits):
            told = value.isoformat() if isinstance(value, date) else value
            return {kind: told, "digits": digits} if digits else {kind: told}


def from_json(data: Any, words: str | None = None) -> str:
    """
    The text of `to_json`.

    Parameters
    ----------
    words : str or None
        The English words that were stored beside it: they stand where it cannot be read any more. None for those
        that it makes now.

    Raises
    ------
    ValueError
        If this is no text, and no words are given.
    """
    if isinstance(data, str):
        return data
    if words is not None:
        return Text(words, _Stored(data))
    try:
        return _text(_made(data))
    except _UNREADABLE as error:
        raise ValueError(f"this is no text: {data!r}") from error


_UNREADABLE: Final = (KeyError, IndexError, TypeError, AttributeError, ValueError)


def _made(data: Mapping[str, Any]) -> _Made:
    if "say" in data:
        params = {k: v if isinstance(v, int) else from_json(v) for k, v in data.get("with", {}).items()}
        return _Said(data["say"], data.get("many"), data.get("n", 0), tuple(params.items()))
    if "join" in data:
        return _Joined(data["by"], tuple(from_json(p) for p in data["join"]))
    if "capital" in data:
        return _Capital(from_json(data["capital"]))
    kind = next(iter(data), "")
    value = data[kind]
    if kind in ("day", "full_day"):
        value = date.fromisoformat(value)
    elif kind in ("moment", "full_moment"):
        value = datetime.fromisoformat(value)
    elif kind not in (*_FORMATS, "number"):
        raise ValueError(kind)
    return _Quantity(kind, value, data.get("digits", 0))
