"""The part of the store that holds planned runs and replays of histories. Every query names the athlete."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Executable, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.services.plan_ports import StoredBacktest, StoredPlan


class PlanStore:
    """Mixed into `store.SqlTx`; see `services.plan_ports.PlanTx` for what each method promises."""

    _s: Session
    _upsert: Callable[[Any], postgresql.Insert | sqlite.Insert]
    _changed: Callable[[Executable], int]

    def planned_runs(self, athlete_id: int, since: date) -> list[StoredPlan]:
        row = t.PlannedRunRow
        query = select(row).where(row.athlete_id == athlete_id, row.local_date >= since)
        return [
            StoredPlan(each.id, each.local_date, each.distance_m, each.descent_m, each.fast_m)
            for each in self._s.scalars(query.order_by(row.local_date, row.id))
        ]

    def add_planned_run(
        self,
        athlete_id: int,
        day: date,
        distance_m: float,
        descent_m: float | None,
        fast_m: float | None,
        now: datetime,
    ) -> int:
        row = t.PlannedRunRow(
            athlete_id=athlete_id,
            local_date=day,
            distance_m=distance_m,
            descent_m=descent_m,
            fast_m=fast_m,
            created_at=now,
        )
        self._s.add(row)
        self._s.flush()
        return row.id

    def change_planned_run(self, athlete_id: int, planned_id: int, **changes: Any) -> bool:
        row = t.PlannedRunRow
        mine = (row.id == planned_id, row.athlete_id == athlete_id)
        return self._changed(update(row).where(*mine).values(**changes)) > 0

    def delete_planned_runs(self, athlete_id: int, planned_id: int | None = None) -> int:
        row = t.PlannedRunRow
        query = delete(row).where(row.athlete_id == athlete_id)
        return self._changed(query if planned_id is None else query.where(row.id == planned_id))

    def assessments_wanted(self, athlete_id: int) -> int:
        row = t.AssessJob
        return self._s.scalar(select(row.wanted).where(row.athlete_id == athlete_id)) or 0

    def backtest(self, athlete_id: int) -> StoredBacktest | None:
        row = self._s.get(t.BacktestRow, athlete_id)
        if row is None:
            return None
        return StoredBacktest(
            asked_at=row.asked_at,
            next_attempt_at=row.next_attempt_at,
            attempts=row.attempts,
            error=row.error,
            done_at=row.done_at,
            made_of=row.made_of,
            result=row.result,
        )

    def ask_backtest(self, athlete_id: int, now: datetime) -> None:
        asked = {"asked_at": now, "next_attempt_at": now, "attempts": 0, "error": None}
        insert = self._upsert(t.BacktestRow).values(athlete_id=athlete_id, **asked)
        self._s.execute(insert.on_conflict_do_update(index_elements=["athlete_id"], set_=asked))

    def claim_backtest(self, athlete_id: int, now: datetime, until: datetime) -> int | None:
        row = t.BacktestRow
        claimed = {"next_attempt_at": until, "attempts": row.attempts + 1}
        due = (row.athlete_id == athlete_id, row.next_attempt_at <= now)
        return self._s.scalar(update(row).where(*due).values(claimed).returning(row.attempts))

    def settle_backtest(self, athlete_id: int, result: Mapping[str, Any], made_of: str, now: datetime) -> None:
        done = {"result": dict(result), "made_of": made_of, "done_at": now, "next_attempt_at": None, "error": None}
        self._s.execute(update(t.BacktestRow).where(t.BacktestRow.athlete_id == athlete_id).values(done))

    def fail_backtest(self, athlete_id: int, error: str, next_attempt_at: datetime | None) -> None:
        failed = {"error": error, "next_attempt_at": next_attempt_at}
        self._s.execute(update(t.BacktestRow).where(t.BacktestRow.athlete_id == athlete_id).values(failed))

    def due_backtests(self, now: datetime, limit: int) -> list[int]:
        row = t.BacktestRow
        due = select(row.athlete_id).where(row.next_attempt_at <= now).order_by(row.next_attempt_at).limit(limit)
        return list(self._s.scalars(due))
