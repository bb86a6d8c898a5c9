"""The part of the store that holds channels: the ways to a runner beside the mail."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import Executable, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.adapters.db.words import made_of, reason_of
from loadwatch.services.channel_ports import Checked
from loadwatch.services.telling_ports import Channel


class ChannelStore:
    """Mixed into `store.SqlTx`; see `services.channel_ports.ChannelTx` for what each method promises."""

    _s: Session
    _upsert: Callable[[Any], postgresql.Insert | sqlite.Insert]
    _changed: Callable[[Executable], int]

    def channels(self, athlete_id: int) -> list[Channel]:
        row = t.ChannelRow
        return [
            _channel(r) for r in self._s.scalars(select(row).where(row.athlete_id == athlete_id).order_by(row.id))
        ]

    def add_channel(
        self, athlete_id: int, kind: Literal["apprise", "web_push"], checked: Checked, **wishes: Any
    ) -> int:
        row = t.ChannelRow(athlete_id=athlete_id, kind=kind, address=checked.address, shown=checked.shown, **wishes)
        self._s.add(row)
        self._s.flush()
        return row.id

    def channel(self, channel_id: int) -> Channel | None:
        row = self._s.get(t.ChannelRow, channel_id)
        return _channel(row) if row else None

    def channel_address(self, channel_id: int) -> str:
        return self._s.get_one(t.ChannelRow, channel_id).address

    def change_channel(self, athlete_id: int, channel_id: int, **changes: Any) -> bool:
        row = t.ChannelRow
        mine = (row.id == channel_id, row.athlete_id == athlete_id)
        return self._changed(update(row).where(*mine).values(**changes)) > 0

    def delete_channel(self, athlete_id: int, channel_id: int) -> bool:
        row = t.ChannelRow
        return self._changed(delete(row).where(row.id == channel_id, row.athlete_id == athlete_id)) > 0

    def note_channel(
        self,
        channel_id: int,
        *,
        ok_at: datetime | None = None,
        disabled_at: datetime | None = None,
        why: str | None = None,
    ) -> None:
        row = t.ChannelRow
        noted = {"disabled_at": disabled_at, "disabled_why": why, "words": made_of(why)}
        if ok_at is not None:
            noted["last_ok_at"] = ok_at
        self._s.execute(update(row).where(row.id == channel_id).values(noted))

    def server_key(self, name: str, make: Callable[[], str], now: datetime) -> str:
        row = t.ServerKey
        if (known := self._s.get(row, name)) is not None:
            return known.secret
        insert = self._upsert(row).values(name=name, secret=make(), created_at=now)
        self._s.execute(insert.on_conflict_do_nothing(index_elements=["name"]))
        return self._s.get_one(row, name).secret  # another process may have been first


def _channel(row: t.ChannelRow) -> Channel:
    return Channel(
        id=row.id,
        athlete_id=row.athlete_id,
        kind=cast("Literal['apprise', 'web_push']", row.kind),
        name=row.name,
        least_severity=row.least_severity,
        takes_weekly=row.takes_weekly,
        takes_asks=row.takes_asks,
        is_discreet=row.is_discreet,
        disabled_at=row.disabled_at,
        disabled_why=reason_of(row.disabled_why, row.words),
        shown=row.shown,
        last_ok_at=row.last_ok_at,
        created_at=row.created_at,
    )
