"""The part of the store that holds shoes. Every query names the athlete."""

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import and_, bindparam, delete, outerjoin, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.domain.activity import Run
from loadwatch.domain.shoes import Shoe
from loadwatch.services.ports import Gear

_COUNTING = (
    *("id", "start", "local_date", "sport", "distance_m", "moving_s", "elapsed_s"),
    *("start_hidden", "distance_trusted", "told_apart", "preferred"),
)
"""What `counted` looks at: ten years of runs are read for a shoe."""

_RUN, _SHOE = t.RunRow.__table__.c, t.ShoeRow.__table__.c
_RUNS_WORN = (
    select(*(_RUN[name] for name in _COUNTING), _SHOE.id.label("shoe_id"))
    .select_from(
        outerjoin(
            t.RunRow.__table__,
            t.ShoeRow.__table__,
            and_(_SHOE.athlete_id == _RUN.athlete_id, _SHOE.source == _RUN.source, _SHOE.gear_id == _RUN.gear_id),
        )
    )
    .where(_RUN.athlete_id == bindparam("athlete_id"))
    .order_by(_RUN.start, _RUN.id)
)


class ShoeStore:
    """Mixed into `store.SqlTx`; see `services.ports.Tx` for what each method promises."""

    _s: Session
    _upsert: Callable[[Any], postgresql.Insert | sqlite.Insert]

    def shoes(self, athlete_id: int) -> list[Shoe]:
        row = t.ShoeRow
        return [
            _shoe(each) for each in self._s.scalars(select(row).where(row.athlete_id == athlete_id).order_by(row.id))
        ]

    def runs_worn(self, athlete_id: int) -> tuple[list[Run], dict[int, str]]:
        rows = self._s.execute(_RUNS_WORN, {"athlete_id": athlete_id}).all()
        runs = [Run(**dict(zip(_COUNTING, row, strict=False))) for row in rows]
        return runs, {row[0]: str(row[-1]) for row in rows if row[-1] is not None}

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
