"""The part of the store that hands out, and deletes, all that is an athlete's: in whichever table it lies."""

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Executable, Table, bindparam, delete, func, select, tuple_, update
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.adapters.db.crypto import EncryptedText
from loadwatch.domain.activity import Run
from loadwatch.services.account_ports import ApiKey, DeletionReceipt, FilesState, Rows, SourceState

_SECRET: Final = re.compile(r"token|hash|digest|secret|password|sha256|lease")
"""Columns called so leave the server in no export."""

_RUNS: Final = t.RunRow.__table__
_LIGHT_RUNS: Final = (
    select(*(_RUNS.c[f.name] for f in fields(Run) if f.name != "features"))
    .where(_RUNS.c.athlete_id == bindparam("athlete_id"))
    .order_by(_RUNS.c.start, _RUNS.c.id)
)


@cache
def _owned() -> dict[str, Table]:
    """The tables with rows of an athlete, each after those that it refers to."""
    owned: dict[str, Table] = {}
    for table in t.Base.metadata.sorted_tables:
        parents = {key.column.table.name for key in table.foreign_keys}
        if table.name in ("athletes", "inbox") or "athlete_id" in table.c or parents & owned.keys():
            owned[table.name] = table
    return owned


def _theirs(table: Table, athlete_id: int) -> ColumnElement[bool]:
    """What makes a row of one of these tables this athlete's."""
    if table.name == "athletes":
        return table.c.id == athlete_id
    if table.name == "inbox":  # named by Strava's number: the athlete's as long as the connection is
        link = t.StravaConnection
        return table.c.owner_id.in_(select(link.strava_athlete_id).where(link.athlete_id == athlete_id))
    if "athlete_id" in table.c:
        return table.c.athlete_id == athlete_id
    key = min((k for k in table.foreign_keys if k.column.table.name in _owned()), key=lambda k: k.target_fullname)
    parent = key.column.table
    return key.parent.in_(select(key.column).where(_theirs(parent, athlete_id)))


class AccountStore:
    """Mixed into `store.SqlTx`; see `services.account_ports.AccountTx` for what each method promises."""

    _s: Session
    _changed: Callable[[Executable], int]

    # keys

    def api_keys(self, athlete_id: int) -> list[ApiKey]:
        row = t.ApiToken
        query = select(row.id, row.name, row.created_at).where(row.athlete_id == athlete_id).order_by(row.id.desc())
        return [ApiKey(*found) for found in self._s.execute(query)]

    def delete_api_key(self, athlete_id: int, key_id: int) -> bool:
        row = t.ApiToken
        return bool(self._changed(delete(row).where(row.athlete_id == athlete_id, row.id == key_id)))

    def set_login(self, account_id: int, email: str, password_hash: str) -> None:
        row = t.Account
        self._s.execute(update(row).where(row.id == account_id).values(email=email, password_hash=password_hash))

    def make_operator(self, account_id: int) -> None:
        self._s.execute(update(t.Account).where(t.Account.id == account_id).values(is_operator=True))

    def count_operators(self) -> int:
        return self._s.scalar(select(func.count()).where(t.Account.is_operator.is_(True))) or 0

    # where the data comes from

    def source_states(self, athlete_id: int) -> list[SourceState]:
        row = t.RunRow
        days = (func.min(row.local_date), func.max(row.local_date))
        query = select(row.source, func.count(), *days, func.min(row.fetched_at)).where(row.athlete_id == athlete_id)
        query = query.group_by(row.source).order_by(func.count().desc(), row.source)
        return [SourceState(*found) for found in self._s.execute(query)]

    def files_state(self, athlete_id: int) -> FilesState:
        row = t.UploadRow
        query = select(row.state, func.count().label("n")).where(row.athlete_id == athlete_id).group_by(row.state)
        by_state = {found.state: found.n for found in self._s.execute(query)}
        return FilesState(sum(by_state.values()), by_state.get("waiting", 0), by_state.get("failed", 0))

    def light_runs(self, athlete_id: int) -> list[Run]:
        rows = self._s.execute(_LIGHT_RUNS, {"athlete_id": athlete_id})
        return [Run(*row) for row in rows]  # the columns are in the order of the fields

    # export

    def owned_tables(self) -> dict[str, tuple[str, ...]]:
        return {name: _shown(table) for name, table in _owned().items()}

    def owned_rows(self, athlete_id: int, table: str, after: tuple[Any, ...] | None, limit: int) -> Rows:
        source = _owned()[table]
        shown, key = _shown(source), list(source.primary_key.columns)
        query = select(*(source.c[name] for name in shown), *(c.label(f"_{c.name}") for c in key))
        query = query.where(_theirs(source, athlete_id)).order_by(*key).limit(limit)
        if after is not None:
            query = query.where(tuple_(*key) > after)
        found = self._s.execute(query).mappings().all()
        last = tuple(found[-1][f"_{c.name}"] for c in key) if len(found) == limit else None
        return Rows([{name: row[name] for name in shown} for row in found], last)

    # deletion

    def delete_athlete(self, athlete_id: int, now: datetime) -> DeletionReceipt | None:
        if self._s.get(t.Athlete, athlete_id, with_for_update=True, populate_existing=True) is None:
            return None
        counts = {}
        # What is found through another row goes before it: an event of Strava before the connection.
        tables = dict(_owned())
        for table in (tables.pop("inbox"), *reversed(tables.values())):
            if n := self._changed(delete(table).where(_theirs(table, athlete_id))):
                counts[table.name] = n
        self._s.expire_all()
        row = t.AccountDeletionRow(number=athlete_id, at=now, counts=counts)
        self._s.add(row)
        self._s.flush()
        return DeletionReceipt(row.id, now, counts)

    def deletions(self, limit: int) -> list[DeletionReceipt]:
        row = t.AccountDeletionRow
        found = self._s.scalars(select(row).order_by(row.id.desc()).limit(limit))
        return [DeletionReceipt(r.id, r.at, r.counts) for r in found]

    # samples

    def is_sample(self, athlete_id: int) -> bool:
        row = t.Athlete
        sample = select(row.id).where(row.id == athlete_id, row.sample_until.is_not(None))
        return self._s.scalar(sample) is not None

    def samples(self, before: datetime | None = None) -> list[int]:
        row = t.Athlete
        over = row.sample_until.is_not(None) if before is None else row.sample_until <= before
        return list(self._s.scalars(select(row.id).where(over).order_by(row.id)))


def _shown(table: Table) -> tuple[str, ...]:
    columns = [c for c in table.columns if not isinstance(c.type, EncryptedText) and not _SECRET.search(c.name)]
    return tuple(c.name for c in columns)
