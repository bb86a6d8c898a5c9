"""The part of the store that tells what did not reach an athlete."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.domain.alerts import AlertState
from loadwatch.domain.findings import RED
from loadwatch.services.delivery_ports import RED_FIRST
from loadwatch.services.notice_ports import Untold
from loadwatch.services.telling_ports import MAIL


def untold_columns() -> list[ColumnElement[Any]]:
    """Columns of `Untold`, in its order; of the athlete `athlete_id`, lost since `lost_since`."""
    box, channel, way, alert = t.Outbox, t.ChannelRow, t.WayRow, t.AlertRow
    athlete_id = bindparam("athlete_id", type_=t.Id)
    since = bindparam("lost_since", type_=t.UtcDateTime())
    # A warning that left another way, or by hand afterwards, is not lost; of one alert each row is one way.
    dropped = (box.athlete_id == athlete_id, box.kind == "alert", box.channel == MAIL, box.dropped_at >= since)
    # Read since then, it has arrived, whatever became of its mail.
    unread = (alert.athlete_id == athlete_id, alert.severity >= RED, alert.state == AlertState.FIRING)
    red = (
        select(alert.id).where(*unread).exists(),
        box.athlete_id == athlete_id,
        box.state == "uncertain",
        box.priority == RED_FIRST,
        box.created_at >= since,
    )
    off = (channel.athlete_id == athlete_id, channel.disabled_at.is_not(None))
    return [
        select(func.count()).select_from(box).where(*dropped).scalar_subquery(),
        select(func.count()).select_from(box).where(*red).scalar_subquery(),
        select(func.count()).select_from(channel).where(*off).scalar_subquery(),
        select(way.down_since).where(way.name == MAIL).scalar_subquery(),
    ]


_UNTOLD = select(*untold_columns())


class NoticeStore:
    """Mixed into `store.SqlTx`; see `services.notice_ports.NoticeTx` for what each method promises."""

    _s: Session

    def not_told(self, athlete_id: int, since: datetime) -> Untold:
        return Untold(*self._s.execute(_UNTOLD, {"athlete_id": athlete_id, "lost_since": since}).one())
