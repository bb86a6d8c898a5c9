"""The part of the store that holds shoes. Every query names the athlete."""

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import and_, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.domain.shoes import Shoe
from loadwatch.services.ports import Gear


class ShoeStore:
    """Mixed into `store.SqlTx`; see `services.ports.Tx` for what each method promises."""

    _s: Session
    _upsert: Callable[[Any], postgresql.Insert | sqlite.Insert]

    def shoes(self, athlete_id: int) -> list[Shoe]:
        row = t.ShoeRow
        return [
            _shoe(each) for each in self._s.scalars(select(row).where(row.athlete_id == athlete_id).order_by(row.id))
        ]

    def gear_by_run(self, athlete_id: int) -> dict[int, str]:
        run, shoe = t.RunRow, t.ShoeRow
        same = and_(shoe.athlete_id == run.athlete_id, shoe.source == run.source, shoe.gear_id == run.gear_id)
        query = select(run.id, shoe.id).join(shoe, same).where(run.athlete_id == athlete_id)
        return {run_id: str(shoe_id) for run_id, shoe_id in self._s.execute(query)}

    def put_gear(self, athlete_id: int, source: str, gear: Gear, told_on: date) -> None:
        told: dict[str, Any] = {}
        if gear.name is not None:
            told["name"] = gear.name
        if gear.distance_m is not None:
            told |= {"told_m": gear.distance_m, "told_on": told_on}
        insert = self._upsert(t.ShoeRow).values(athlete_id=athlete_id, source=source, gear_id=gear.id, **told)
        unique = ["athlete_id", "gear_id"]
        self._s.execute(
            insert.on_conflict_do_update(index_elements=unique, set_=told)
            if told
            else insert.on_conflict_do_nothing(index_elements=unique)
        )

    def add_shoe(
        self, athlete_id: int, name: str, worn_from: date, told_m: float | None, told_on: date | None
    ) -> int | None:
        insert = self._upsert(t.ShoeRow).values(
            athlete_id=athlete_id, source="hand", name=name, worn_from=worn_from, told_m=told_m, told_on=told_on
        )
        insert = insert.on_conflict_do_nothing(index_elements=["athlete_id", "worn_from"])
        return self._s.scalar(insert.returning(t.ShoeRow.id))

    def delete_shoe(self, athlete_id: int, shoe_id: int) -> None:
        row = t.ShoeRow
        self._s.execute(delete(row).where(row.id == shoe_id, row.athlete_id == athlete_id))


def _shoe(row: t.ShoeRow) -> Shoe:
    return Shoe(
        id=str(row.id),
        name=row.name or f"Strava {row.gear_id}",
        told_m=row.told_m,
        told_on=row.told_on,
        source="hand" if row.source == "hand" else "strava",
        worn_from=row.worn_from,
    )
