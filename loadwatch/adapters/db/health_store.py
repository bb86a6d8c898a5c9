"""The part of the store that holds what the runner reports. Every query names the athlete."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import (
    JSON,
    ColumnElement,
    Date,
    Float,
    Integer,
    Row,
    Select,
    Text,
    bindparam,
    case,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy import cast as cast_to
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.ladder import LadderEntry
from loadwatch.domain.programme import RehabSession, StopSign
from loadwatch.domain.symptoms import EarlierInjury, Onset, Region, Side, SymptomReport, WeeklyAnswers
from loadwatch.services.health_ports import Draft, ProblemEvent, ProblemStep, RiskProfile

_REPORT = t.SymptomReportRow.__table__.c
_NOT_TOLD = {"athlete_id", "client_key", "source", "created_at"}


def _told(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """NULL for an empty list or mapping, which most are: parsing JSON is most of what reading takes."""
    return case((cast_to(column, Text).not_in(["[]", "{}"]), column)).label(column.key)


_REPORTS = (
    select(
        *(_told(c) if isinstance(c.type, JSON) else c for c in _REPORT if c.name not in _NOT_TOLD),
    )
    .where(_REPORT.athlete_id == bindparam("athlete_id"))
    .order_by(_REPORT.at, _REPORT.id)
)
"""Columns, not objects that the session tracks: years of check-ins are read for every assessment."""


def _ladders() -> Select[Any]:
    """Entries, and words on runs: (report, run or NULL, tendon or kept, what an entry has besides, came, id)."""
    entry, word = t.LadderEntryRow, t.LadderKeptRow
    no_number = cast_to(null(), Float())
    both = union_all(
        select(
            entry.problem_id,
            cast_to(null(), t.Id).label("run_id"),
            entry.tendon.label("flag"),
            entry.first_day,
            entry.level,
            entry.old_long_m,
            entry.old_fast_m,
            entry.created_at.label("came"),
            entry.id.label("number"),
        ).where(entry.athlete_id == bindparam("athlete_id")),
        select(
            word.problem_id,
            word.run_id,
            word.kept,
            cast_to(null(), Date()),
            cast_to(null(), Integer()),
            no_number,
            no_number,
            word.updated_at,
            word.run_id,
        ).where(word.athlete_id == bindparam("athlete_id")),
    ).subquery()
    return select(both).order_by(both.c.came, both.c.number, both.c.problem_id)


_LADDERS = _ladders()


def _problem_log() -> Select[Any]:
    """Sessions, and what happened with problems: (report, NULL or what, when, what a session has besides, id)."""
    session, event = t.RehabSessionRow, t.ProblemEventRow
    both = union_all(
        select(
            session.problem_id,
            cast_to(null(), Text()).label("what"),
            session.at.label("at"),
            session.local_date,
            session.exercises,
            session.pain_during,
            session.pain_next_morning,
            session.signs,
            session.note,
            session.id.label("number"),
        ).where(session.athlete_id == bindparam("athlete_id")),
        select(
            event.problem_id,
            event.what,
            event.at,
            event.local_date,
            cast_to(null(), JSON()),
            cast_to(null(), Integer()),
            cast_to(null(), Integer()),
            cast_to(null(), JSON()),
            cast_to(null(), Text()),
            event.id,
        ).where(event.athlete_id == bindparam("athlete_id")),
    ).subquery()
    return select(both).order_by(both.c.at, both.c.number)


_PROBLEM_LOG = _problem_log()


class HealthStore:
    """Mixed into `store.SqlTx`; see `services.health_ports.HealthTx` for what each method promises."""

    _s: Session

    def _insert(self, table: Any) -> Any:
        insert = postgresql.insert if self._s.get_bind().dialect.name == "postgresql" else sqlite.insert
        return insert(table)

    # reports

    def symptom_reports(self, athlete_id: int, since: datetime | None = None) -> list[SymptomReport]:
        query = _REPORTS if since is None else _REPORTS.where(_REPORT.at >= since)
        return [_report(each) for each in self._s.execute(query, {"athlete_id": athlete_id})]

    def symptom_report(self, athlete_id: int, report_id: int) -> SymptomReport | None:
        row = self._report_row(athlete_id, report_id)
        return _report(row) if row else None

    def lock_report(self, athlete_id: int, report_id: int) -> SymptomReport | None:
        row = self._report_row(athlete_id, report_id, lock=True)
        return _report(row) if row else None

    def _report_row(self, athlete_id: int, report_id: int, *, lock: bool = False) -> t.SymptomReportRow | None:
        row = t.SymptomReportRow
        query = select(row).where(row.id == report_id, row.athlete_id == athlete_id)
        return self._s.scalar(query.with_for_update() if lock else query)

    def report_by_key(self, athlete_id: int, client_key: str) -> SymptomReport | None:
        row = t.SymptomReportRow
        found = self._s.scalar(select(row).where(row.athlete_id == athlete_id, row.client_key == client_key))
        return _report(found) if found else None

    def add_symptom_report(
        self, athlete_id: int, draft: Draft, at: datetime, local_date: date, now: datetime
    ) -> SymptomReport | None:
        insert = self._insert(t.SymptomReportRow).values(
            athlete_id=athlete_id,
            client_key=draft.client_key,
            at=at,
            local_date=local_date,
            side=draft.side,
            regions=sorted(draft.regions),
            pain_run=draft.pain_run,
            pain_today=draft.pain_today,
            pain_morning=draft.pain_morning,
            qualities=sorted(draft.qualities),
            onset=draft.onset,
            aggravators=sorted(draft.aggravators),
            signs=sorted(draft.signs),
            answers=dict(draft.answers),
            note=draft.note,
            source=draft.source,
            created_at=now,
        )
        insert = insert.on_conflict_do_nothing(index_elements=["athlete_id", "client_key"])
        report_id = self._s.scalar(insert.returning(t.SymptomReportRow.id))
        return None if report_id is None else self.symptom_report(athlete_id, report_id)

    def put_answers(self, athlete_id: int, report_id: int, answers: Mapping[str, bool]) -> None:
        row = t.SymptomReportRow
        mine = (row.id == report_id, row.athlete_id == athlete_id)
        self._s.execute(update(row).where(*mine).values(answers=dict(answers)))

    # the one-time form

    def risk_profile(self, athlete_id: int) -> RiskProfile:
        row = self._s.get(t.RiskProfileRow, athlete_id)
        if row is None:
            return RiskProfile()
        return RiskProfile(
            birth_year=row.birth_year,
            injuries=tuple(
                EarlierInjury(i["kind"], i["side"], date.fromisoformat(i["ended"]) if i["ended"] else None)
                for i in row.injuries
            ),
            answers=dict(row.answers),
        )

    def put_risk_profile(self, athlete_id: int, profile: RiskProfile, now: datetime) -> None:
        values = {
            "birth_year": profile.birth_year,
            "injuries": [
                {"kind": i.kind, "side": i.side, "ended": i.ended.isoformat() if i.ended else None}
                for i in profile.injuries
            ],
            "answers": dict(profile.answers),
            "updated_at": now,
        }
        insert = self._insert(t.RiskProfileRow).values(athlete_id=athlete_id, **values)
        self._s.execute(insert.on_conflict_do_update(index_elements=["athlete_id"], set_=values))

    # weeks

    def weekly_answers(self, athlete_id: int, since: date | None = None) -> list[WeeklyAnswers]:
        row = t.WeeklyQuestionnaireRow
        query = select(row).where(row.athlete_id == athlete_id).order_by(row.iso_week)
        if since is not None:
            query = query.where(row.local_date >= since)
        return [_week(each) for each in self._s.scalars(query)]

    def week_answers(self, athlete_id: int, week: IsoWeek) -> WeeklyAnswers | None:
        row = t.WeeklyQuestionnaireRow
        found = self._s.scalar(select(row).where(row.athlete_id == athlete_id, row.iso_week == str(week)))
        return _week(found) if found else None

    def put_weekly_answers(self, athlete_id: int, week: IsoWeek, answers: WeeklyAnswers, now: datetime) -> None:
        values = {
            "local_date": answers.local_date,
            "participation": answers.participation,
            "volume": answers.volume,
            "performance": answers.performance,
            "pain": answers.pain,
            "updated_at": now,
        }
        insert = self._insert(t.WeeklyQuestionnaireRow).values(athlete_id=athlete_id, iso_week=str(week), **values)
        self._s.execute(insert.on_conflict_do_update(index_elements=["athlete_id", "iso_week"], set_=values))

    # exercises

    def sessions_by_problem(self, athlete_id: int) -> dict[int, list[RehabSession]]:
        row = t.RehabSessionRow
        found: dict[int, list[RehabSession]] = {}
        for each in self._s.scalars(select(row).where(row.athlete_id == athlete_id).order_by(row.at, row.id)):
            found.setdefault(each.problem_id, []).append(_session(each))
        return found

    def problem_log(self, athlete_id: int) -> tuple[dict[int, list[RehabSession]], list[ProblemEvent]]:
        sessions: dict[int, list[RehabSession]] = {}
        events = []
        for row in self._s.execute(_PROBLEM_LOG, {"athlete_id": athlete_id}):
            if row.what is None:
                sessions.setdefault(row.problem_id, []).append(_session(row))
            else:
                events.append(ProblemEvent(row.problem_id, cast("ProblemStep", row.what), row.at, row.local_date))
        return sessions, events

    def put_rehab_session(self, athlete_id: int, problem_id: int, session: RehabSession, now: datetime) -> None:
        values = {
            "local_date": session.local_date,
            "exercises": sorted(session.exercises),
            "pain_during": session.pain_during,
            "pain_next_morning": session.pain_next_morning,
            "signs": sorted(session.signs),
            "note": session.note,
        }
        insert = self._insert(t.RehabSessionRow).values(
            athlete_id=athlete_id, problem_id=problem_id, at=session.at, created_at=now, **values
        )
        unique = ["athlete_id", "problem_id", "at"]
        self._s.execute(insert.on_conflict_do_update(index_elements=unique, set_=values))

    def problem_events(self, athlete_id: int) -> list[ProblemEvent]:
        row = t.ProblemEventRow
        query = select(row).where(row.athlete_id == athlete_id).order_by(row.at, row.id)
        return [
            ProblemEvent(e.problem_id, cast("ProblemStep", e.what), e.at, e.local_date)
            for e in self._s.scalars(query)
        ]

    def add_problem_event(self, athlete_id: int, event: ProblemEvent) -> None:
        self._s.add(t.ProblemEventRow(athlete_id=athlete_id, **asdict(event)))
        self._s.flush()

    # the way back to running

    def ladders(self, athlete_id: int) -> tuple[list[tuple[int, LadderEntry]], list[tuple[int, int, bool]]]:
        entries, kept = [], []
        for problem_id, run_id, flag, *entry in self._s.execute(_LADDERS, {"athlete_id": athlete_id}):
            if run_id is None:
                first_day, level, old_long_m, old_fast_m = entry[:4]
                entries.append((problem_id, LadderEntry(first_day, level, flag, old_long_m, old_fast_m)))
            else:
                kept.append((problem_id, run_id, flag))
        return entries, kept

    def add_ladder_entry(self, athlete_id: int, problem_id: int, entry: LadderEntry, now: datetime) -> None:
        row = t.LadderEntryRow(
            athlete_id=athlete_id,
            problem_id=problem_id,
            first_day=entry.on,
            level=entry.level,
            tendon=entry.tendon,
            old_long_m=entry.old_long_m,
            old_fast_m=entry.old_fast_m,
            created_at=now,
        )
        self._s.add(row)
        self._s.flush()

    def put_ladder_kept(self, athlete_id: int, problem_id: int, run_id: int, kept: bool, now: datetime) -> None:
        values = {"kept": kept, "updated_at": now}
        insert = self._insert(t.LadderKeptRow).values(
            athlete_id=athlete_id, problem_id=problem_id, run_id=run_id, **values
        )
        unique = ["athlete_id", "problem_id", "run_id"]
        self._s.execute(insert.on_conflict_do_update(index_elements=unique, set_=values))


def _report(row: t.SymptomReportRow | Row[Any]) -> SymptomReport:
    return SymptomReport(
        id=row.id,
        at=row.at,
        local_date=row.local_date,
        side=cast("Side | None", row.side),
        regions=frozenset(cast("list[Region]", row.regions or ())),
        pain_run=row.pain_run,
        pain_today=row.pain_today,
        pain_morning=row.pain_morning,
        qualities=frozenset(row.qualities or ()),
        onset=cast("Onset | None", row.onset),
        aggravators=frozenset(row.aggravators or ()),
        signs=frozenset(row.signs or ()),
        answers=dict(row.answers or {}),
        note=row.note,
    )


def _week(row: t.WeeklyQuestionnaireRow) -> WeeklyAnswers:
    return WeeklyAnswers(row.local_date, row.participation, row.volume, row.performance, row.pain)


def _session(row: t.RehabSessionRow | Row[Any]) -> RehabSession:
    return RehabSession(
        at=row.at,
        local_date=row.local_date,
        exercises=frozenset(row.exercises),
        pain_during=row.pain_during,
        pain_next_morning=row.pain_next_morning,
        note=row.note,
        signs=frozenset(cast("list[StopSign]", row.signs)),
    )
