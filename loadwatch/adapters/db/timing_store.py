"""The part of the store that knows when a runner is told: summaries and questions that are due, and what left."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.telling import Asked
from loadwatch.domain.text import from_json, to_json
from loadwatch.services.delivery_ports import WEEKLY_LAST
from loadwatch.services.telling_ports import channel_name
from loadwatch.services.timing_ports import WeeklyRow

_GONE: Final = ("claimed", "sending", "sent", "uncertain")
"""States of what has left, may have left, or is about to."""

LEFT_AT: Final = func.coalesce(
    t.Outbox.settled_at, t.Outbox.next_attempt_at, t.Outbox.claimed_at, t.Outbox.created_at
)
"""When a row left, or is to leave."""


class TimingStore:
    """Mixed into `store.SqlTx`; see `services.timing_ports.TimingTx` for what each method promises."""

    _s: Session
    _upsert: Callable[[Any], postgresql.Insert | sqlite.Insert]
    _mail_domain: str

    def ways_gone(self, athlete_id: int, kind: str, subject: str) -> frozenset[str]:
        box = t.Outbox
        gone = select(box.channel).where(
            box.athlete_id == athlete_id,
            box.kind == kind,
            box.subject == subject,
            box.state.in_(_GONE) | box.may_have_left,
        )
        return frozenset(self._s.scalars(gone))

    def weekly_channels(self, athlete_ids: Collection[int]) -> dict[int, list[str]]:
        row = t.ChannelRow
        some = select(row.athlete_id, row.id).where(
            row.athlete_id.in_(athlete_ids), row.takes_weekly, row.disabled_at.is_(None)
        )
        found: dict[int, list[str]] = {}
        for athlete_id, channel_id in self._s.execute(some.order_by(row.id)):
            found.setdefault(athlete_id, []).append(channel_name(channel_id))
        return found

    def lay_out_weekly(self, rows: Sequence[WeeklyRow], now: datetime) -> None:
        if not rows:
            return
        values = [
            {
                "athlete_id": row.athlete_id,
                "kind": "weekly",
                "subject": str(row.week),
                "channel": row.channel,
                "state": "pending",
                "priority": WEEKLY_LAST,
                "attempts": 0,
                "next_attempt_at": row.not_before,
                "message_id": f"<weekly.{row.week}.{row.athlete_id}@{self._mail_domain}>",
                "created_at": now,
            }
            for row in rows
        ]
        insert = self._upsert(t.Outbox).on_conflict_do_nothing(
            index_elements=["athlete_id", "kind", "subject", "channel"]
        )
        self._s.execute(insert, values)

    def plan_weekly(self, plans: Iterable[tuple[int, IsoWeek, datetime]]) -> None:
        values = [{"id": who, "weekly_week": str(week), "next_weekly_at": at} for who, week, at in plans]
        if values:
            self._s.execute(update(t.Athlete), values)

    def plan_ask(self, alert_id: int, due_at: datetime | None) -> None:
        self._s.execute(update(t.AlertRow).where(t.AlertRow.id == alert_id).values(ask_due_at=due_at))

    def due_asks(self, now: datetime, limit: int) -> list[tuple[int, int]]:
        row = t.AlertRow
        due = select(row.athlete_id, row.id).where(row.ask_due_at <= now).order_by(row.ask_due_at, row.id)
        found = self._s.execute(due.limit(limit).with_for_update(skip_locked=True))
        return [(athlete_id, alert_id) for athlete_id, alert_id in found]

    def asked(self, athlete_id: int, since: datetime) -> list[Asked]:
        box, row = t.Outbox, t.AlertRow
        laid_out = select(box.subject, LEFT_AT).where(
            box.athlete_id == athlete_id, box.kind == "ask", box.state != "cancelled", box.created_at >= since
        )
        left = dict(self._s.execute(laid_out).all())
        of_alert = {subject: int(subject.partition(".")[2]) for subject in left}
        alerts = select(row.id, row.at).where(row.athlete_id == athlete_id, row.id.in_(of_alert.values()))
        about = dict(self._s.execute(alerts).all())
        return [
            Asked(about.get(of_alert[subject], at), at, date.fromisoformat(subject.partition(".")[0]))
            for subject, at in left.items()
        ]

    def note_untold(self, alert_id: int, why: str | None) -> None:
        untold = None if why is None else to_json(why)
        self._s.execute(update(t.AlertRow).where(t.AlertRow.id == alert_id).values(untold=untold))

    def untold(self, athlete_id: int, alert_id: int) -> str | None:
        row = t.AlertRow
        data = self._s.scalar(select(row.untold).where(row.athlete_id == athlete_id, row.id == alert_id))
        return None if data is None else from_json(data)
