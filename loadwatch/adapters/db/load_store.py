"""The part of the store that the pages of load, calendar and runs read: few columns, however long a history is."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import and_, bindparam, func, not_, select
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.domain.activity import RUN_FAMILY, AltitudeQuality, Run, RunFeatures, TrackWork
from loadwatch.domain.alerts import AlertState
from loadwatch.domain.bands import N_BANDS
from loadwatch.domain.thresholds import HILLY_M
from loadwatch.services.load_ports import AlertMark, ListedRuns, RunKind

_RUN, _FEATURES, _ALERT = t.RunRow.__table__, t.RunFeaturesRow.__table__, t.AlertRow.__table__

_COUNTS = (_RUN.c.sport.in_(sorted(RUN_FAMILY)), _RUN.c.distance_m > 0, _RUN.c.distance_trusted.is_(True))

_STANDS = (_ALERT.c.state != AlertState.RETRACTED, func.coalesce(_ALERT.c.settled, "") != "later")
"""Of an alert: it was neither taken back nor followed by another in its place."""

_RUN_COLUMNS = (
    *("id", "start", "local_date", "sport", "distance_m", "moving_s", "elapsed_s", "ascent_m", "name"),
    *("is_race", "start_hidden", "distance_trusted", "told_apart", "preferred"),
)
_HILLS = ("version", "altitude_quality", "ascent_m", "descent_m", "eccentric_load_m")
_SPEEDS = ("easy_speed_m_s", "best_20s_m_s")

_NO_METRES = (0.0,) * N_BANDS


_ON_TRACK = (_FEATURES.c.track["is_oval"].as_boolean(), _FEATURES.c.track["distance_m"].as_float())
"""Of a long history this much of it is read: parsing it takes as long as all the rest."""


def _runs(features: Iterable[Any], since: str, until: str) -> Any:
    """An athlete's activities of a time with some columns of their features; built once."""
    known = and_(_FEATURES.c.run_id == _RUN.c.id, _FEATURES.c.error.is_(None))
    return (
        select(*(_RUN.c[n] for n in _RUN_COLUMNS), *features)
        .select_from(_RUN.outerjoin(_FEATURES, known))
        .where(
            _RUN.c.athlete_id == bindparam("athlete_id"),
            _RUN.c.start >= bindparam(since),
            _RUN.c.start < bindparam(until),
        )
        .order_by(_RUN.c.start, _RUN.c.id)
    )


_OF_DETAIL = tuple(_FEATURES.c[n] for n in (*_HILLS, "track", *_SPEEDS, "speed_profile_m"))
_OLDER = _runs([_FEATURES.c[n] for n in ("version", *_SPEEDS)], "since", "detailed_since")
_WITHOUT_SPEEDS = _runs([*(_FEATURES.c[n] for n in _HILLS), *_ON_TRACK], "detailed_since", "until")
_DETAILED = _runs(_OF_DETAIL, "detailed_since", "until")


class LoadStore:
    """Mixed into `store.SqlTx`; see `services.load_ports.LoadTx` for what each method promises."""

    _s: Session

    def runs_of_loads(
        self, athlete_id: int, since: datetime, until: datetime, detailed_since: datetime, *, with_speeds: bool
    ) -> list[Run]:
        times = {"since": since, "until": until, "detailed_since": max(since, detailed_since)}
        given = {"athlete_id": athlete_id, **times}
        runs = [_older(row) for row in self._s.execute(_OLDER, given).all()] if since < detailed_since else []
        if with_speeds:
            return runs + [_detailed(row) for row in self._s.execute(_DETAILED, given).all()]
        return runs + [_without_speeds(row) for row in self._s.execute(_WITHOUT_SPEEDS, given).all()]

    def first_and_last_day(self, athlete_id: int) -> tuple[date, date] | None:
        days = select(func.min(_RUN.c.local_date), func.max(_RUN.c.local_date))
        first, last = self._s.execute(days.where(_RUN.c.athlete_id == athlete_id, *_COUNTS)).one()
        return None if first is None else (first, last)

    def alert_marks(self, athlete_id: int, since: datetime, until: datetime) -> list[AlertMark]:
        columns = (_ALERT.c[n] for n in ("id", "rule", "severity", "state", "at", "run_id"))
        query = select(*columns).where(
            _ALERT.c.athlete_id == athlete_id,
            _ALERT.c.at >= since,
            _ALERT.c.at < until,
            *_STANDS,
        )
        return [
            AlertMark(r.id, r.rule, r.severity, AlertState(r.state), r.at, r.run_id)
            for r in self._s.execute(query.order_by(_ALERT.c.at, _ALERT.c.id))
        ]

    def listed_runs(
        self, athlete_id: int, kind: RunKind, year: int | None, name: str, limit: int, offset: int
    ) -> ListedRuns:
        query = (
            select(*(_RUN.c[n] for n in _RUN_COLUMNS), *_OF_DETAIL)
            .select_from(_RUN.outerjoin(_FEATURES, _known()))
            .where(_RUN.c.athlete_id == athlete_id, *_of_kind(athlete_id, kind))
            .order_by(_RUN.c.start.desc(), _RUN.c.id.desc())
        )
        if year is not None:
            query = query.where(_RUN.c.local_date.between(date(year, 1, 1), date(year, 12, 31)))
        if name:
            query = query.where(func.lower(_RUN.c.name).contains(name.lower(), autoescape=True))
        rows = self._s.execute(query.limit(limit + 1).offset(offset)).all()
        return ListedRuns(tuple(_detailed(row) for row in rows[:limit]), len(rows) > limit)

    def rehab_days(self, athlete_id: int, since: date, until: date) -> Sequence[tuple[date, int]]:
        row = t.RehabSessionRow
        query = select(row.local_date, row.problem_id).where(
            row.athlete_id == athlete_id, row.local_date >= since, row.local_date <= until
        )
        return [(day, problem_id) for day, problem_id in self._s.execute(query.order_by(row.at))]


def _known() -> Any:
    return and_(_FEATURES.c.run_id == _RUN.c.id, _FEATURES.c.error.is_(None))


def _of_kind(athlete_id: int, kind: RunKind) -> tuple[Any, ...]:
    if kind == "race":
        return (_RUN.c.is_race.is_(True),)
    if kind == "hilly":
        return (func.coalesce(_FEATURES.c.eccentric_load_m, _FEATURES.c.descent_m) >= HILLY_M,)
    if kind == "track":
        return (_FEATURES.c.track["is_oval"].as_boolean(),)
    if kind == "alert":
        spoke = (_ALERT.c.athlete_id == athlete_id, _ALERT.c.run_id.is_not(None), *_STANDS)
        return (_RUN.c.id.in_(select(_ALERT.c.run_id).where(*spoke)),)
    if kind == "other":
        return (not_(_RUN.c.sport.in_(sorted(RUN_FAMILY))),)
    return ()


def _older(row: Sequence[Any]) -> Run:
    """Of a row of `_OLDER`; what it leaves out is unknown here."""
    n = len(_RUN_COLUMNS)
    version, easy_m_s, best_m_s = row[n:]
    if version is None:
        return Run(*row[:n])
    nothing = (None,) * 5
    features = RunFeatures(version, None, None, "none", *nothing, None, easy_m_s, best_m_s, None, (), None)
    return Run(*row[:n], features=features)  # type: ignore[misc]  # the columns are in the order of the fields


def _without_speeds(row: Sequence[Any]) -> Run:
    """Of a row of `_WITHOUT_SPEEDS`."""
    n = len(_RUN_COLUMNS)
    *hills, is_oval, track_m = row[n:]
    track = None if is_oval is None else TrackWork(is_oval=bool(is_oval), distance_m=track_m or 0.0)
    return _run(row[:n], hills, track, None, None, None)


def _detailed(row: Sequence[Any]) -> Run:
    """Of a row of `_DETAILED`, or of a list."""
    n = len(_RUN_COLUMNS)
    *hills, track, easy_m_s, best_m_s, profile_m = row[n:]
    work = None if track is None else TrackWork(**{**track, "stretches_s": ()})
    return _run(row[:n], hills, work, easy_m_s, best_m_s, profile_m)


def _run(
    run: Sequence[Any],
    hills: Sequence[Any],
    track: TrackWork | None,
    easy_m_s: float | None,
    best_m_s: float | None,
    profile_m: Sequence[float] | None,
) -> Run:
    version, quality, ascent_m, descent_m, eccentric_load_m = hills
    if version is None:
        return Run(*run)
    features = RunFeatures(
        version=version,
        distance_m=None,
        moving_s=None,
        altitude_quality=cast("AltitudeQuality", quality),
        ascent_m=ascent_m,
        descent_m=descent_m,
        eccentric_load_m=eccentric_load_m,
        flat_equivalent_m=None,
        hill_share=None,
        hill_reps=None,
        easy_speed_m_s=easy_m_s,
        best_20s_m_s=best_m_s,
        # The empty bands at its end are not stored.
        speed_profile_m=None if profile_m is None else (*profile_m, *_NO_METRES[len(profile_m) :]),
        reps=(),
        track=track,
    )
    return Run(*run, features=features)  # type: ignore[misc]
