"""The part of the store that holds the outbox: what is to leave, who is sending it, and what became of it."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Executable, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.adapters.db.words import made_of, words_of
from loadwatch.domain.findings import RED
from loadwatch.domain.text import say
from loadwatch.services.delivery_ports import RED_FIRST, WEEKLY_LAST, OutboxItem, OutboxState, WayDown
from loadwatch.services.telling_ports import MAIL

_FURTHEST_FIRST: Final = ("sent", "sending", "uncertain", "claimed", "pending", "failed", "cancelled")
_CUT_OFF: Final = say("sending it was cut off: it may have arrived or not")

WAY_RETRY_FIRST: Final = timedelta(seconds=30)
WAY_RETRY_LONGEST: Final = timedelta(minutes=15)
"""How long a way that is down is left alone, at first and at most. Design choice."""


class OutboxStore:
    """Mixed into `store.SqlTx`; see `services.delivery_ports.DeliveryTx` for what each method promises."""

    _s: Session
    _upsert: Callable[[Any], postgresql.Insert | sqlite.Insert]
    _changed: Callable[[Executable], int]
    _mail_domain: str

    def add_outbox(
        self,
        athlete_id: int,
        kind: str,
        subject: str,
        now: datetime,
        not_before: datetime | None = None,
        channel: str = MAIL,
    ) -> int | None:
        box, due = t.Outbox, not_before or now
        insert = self._upsert(box).values(
            athlete_id=athlete_id,
            kind=kind,
            subject=subject,
            channel=channel,
            state="pending",
            priority=self._priority(athlete_id, kind, subject),
            attempts=0,
            next_attempt_at=due,
            message_id=f"<{kind}.{subject}.{athlete_id}@{self._mail_domain}>",
            created_at=now,
        )
        waits = {"state": "pending", "next_attempt_at": due, "settled_at": None, "error": None, "words": None}
        insert = insert.on_conflict_do_update(
            index_elements=["athlete_id", "kind", "subject", "channel"],
            # A mail that was taken back before it left may be wanted after all; one that left is not repeated.
            set_={**waits, "dropped_at": None, "delayed_since": None, "attempts": 0},
            where=(box.state == "cancelled") & ~box.may_have_left,
        )
        return self._s.scalar(insert.returning(box.id))

    def _priority(self, athlete_id: int, kind: str, subject: str) -> int:
        if kind == "weekly":
            return WEEKLY_LAST
        if kind == "again":
            return RED_FIRST
        if kind != "alert":
            return 1
        row = t.AlertRow
        severity = self._s.scalar(
            select(row.severity).where(row.athlete_id == athlete_id, row.id == int(subject.partition(".")[0]))
        )
        return RED_FIRST if severity is not None and severity >= RED else 1

    def cancel_outbox(self, athlete_id: int, kind: str, subject: str, why: str, now: datetime) -> str | None:
        box = t.Outbox
        rows = self._s.scalars(
            select(box)
            .where(box.athlete_id == athlete_id, box.kind == kind, box.subject == subject)
            .order_by(box.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        found = {"uncertain" if row.may_have_left and row.state != "sent" else row.state for row in rows}
        for row in rows:
            if row.state in ("pending", "claimed"):
                row.state, row.error, row.words, row.settled_at = "cancelled", why, made_of(why), now
                row.next_attempt_at = row.lease_until = None
        self._s.flush()
        return next((state for state in _FURTHEST_FIRST if state in found), None)

    def release_outbox(self, now: datetime) -> None:
        box = t.Outbox

        def lost(state: str, *which: ColumnElement[bool]) -> ColumnElement[bool]:
            ids = select(box.id).where(box.state == state, box.lease_until <= now, *which)
            return box.id.in_(select(ids.with_for_update(skip_locked=True).cte("lost").c.id))

        self._s.execute(update(box).where(lost("claimed")).values(state="pending", lease_until=None))
        cut_off = {"may_have_left": True, "lease_until": None, "error": _CUT_OFF, "words": made_of(_CUT_OFF)}
        once_more = (box.priority == RED_FIRST, ~box.may_have_left)
        self._s.execute(
            update(box).where(lost("sending", *once_more)).values(state="pending", next_attempt_at=now, **cut_off)
        )
        self._s.execute(
            update(box)
            .where(lost("sending"))
            .values(state="uncertain", next_attempt_at=None, settled_at=now, **cut_off)
        )

    def claim_due(
        self,
        now: datetime,
        limit: int,
        until: datetime,
        *,
        without: Collection[str] = (),
        only: int | None = None,
    ) -> list[OutboxItem]:
        box = t.Outbox
        due = select(box.id).where(box.state == "pending", box.next_attempt_at <= now)
        if without:
            due = due.where(box.channel.not_in(without))
        if only is not None:
            due = due.where(box.id == only)
        due = due.order_by(box.priority, box.next_attempt_at, box.id).limit(limit)
        # A common table expression is computed once: PostgreSQL may run a subquery with a limit more than once.
        claimed = due.with_for_update(skip_locked=True).cte("due")
        claim = (
            update(box)
            .where(box.id.in_(select(claimed.c.id)))
            .values(state="claimed", claimed_at=now, lease_until=until)
            .returning(box)
            .execution_options(populate_existing=True, synchronize_session=False)
        )
        rows = sorted(self._s.scalars(claim), key=lambda r: (r.priority, r.next_attempt_at, r.id))
        return [outbox_item(row) for row in rows]

    def begin_sending(self, item: OutboxItem, until: datetime) -> bool:
        box = t.Outbox
        mine = (box.id == item.id, box.state == "claimed", box.claimed_at == item.claimed_at)
        begin = {"state": "sending", "lease_until": until, "attempts": box.attempts + 1}
        return self._changed(_plain(update(box).where(*mine).values(begin))) > 0

    def settle_outbox(
        self,
        outbox_id: int,
        state: OutboxState,
        now: datetime,
        *,
        claimed_at: datetime | None = None,
        mail_subject: str | None = None,
        error: str | None = None,
        next_attempt_at: datetime | None = None,
        **changes: object,
    ) -> bool:
        box = t.Outbox
        mine = [box.id == outbox_id, box.state.in_(("pending", "claimed", "sending", "uncertain"))]
        if claimed_at is not None:
            mine.append(box.claimed_at == claimed_at)
        values: dict[str, Any] = {
            "state": state,
            "lease_until": None,
            "error": error,
            "words": made_of(error),
            "next_attempt_at": next_attempt_at,
            "mail_subject": func.coalesce(mail_subject, box.mail_subject),
            "settled_at": None if state == "pending" else now,
            **changes,
        }
        return self._changed(_plain(update(box).where(*mine).values(values))) > 0

    def give_back(self, items: Collection[OutboxItem]) -> None:
        box = t.Outbox
        for claimed_at in {item.claimed_at for item in items}:
            ids = [item.id for item in items if item.claimed_at == claimed_at]
            mine = (box.id.in_(ids), box.state == "claimed", box.claimed_at == claimed_at)
            self._s.execute(_plain(update(box).where(*mine).values(state="pending", lease_until=None)))

    def send_again(self, athlete_id: int, outbox_id: int, now: datetime) -> bool:
        box = t.Outbox
        mine = (box.athlete_id == athlete_id, box.id == outbox_id, box.state.in_(("failed", "uncertain")))
        return self._changed(_plain(update(box).where(*mine).values(waits_again(now)))) > 0

    def due_outbox_ids(self, now: datetime, limit: int) -> list[int]:
        box = t.Outbox
        due = select(box.id).where(box.state == "pending", box.next_attempt_at <= now)
        return list(self._s.scalars(due.order_by(box.priority, box.next_attempt_at, box.id).limit(limit)))

    def claimed_outbox_ids(self, limit: int) -> list[int]:
        box = t.Outbox
        return list(self._s.scalars(select(box.id).where(box.state.in_(("claimed", "sending"))).limit(limit)))

    def outbox_items(self, athlete_id: int, limit: int) -> list[OutboxItem]:
        box = t.Outbox
        rows = select(box).where(box.athlete_id == athlete_id).order_by(box.id.desc()).limit(limit)
        return [outbox_item(r) for r in self._s.scalars(rows)]

    def newest_outbox_subject(self, athlete_id: int, kind: str, channel: str) -> str | None:
        box = t.Outbox
        of_kind = (box.athlete_id == athlete_id, box.kind == kind, box.channel == channel, box.state != "cancelled")
        return self._s.scalar(select(func.max(box.subject)).where(*of_kind))

    def is_told_anew(self, item: OutboxItem) -> bool:
        box = t.Outbox
        later = (
            box.athlete_id == item.athlete_id,
            box.kind == item.kind,
            box.channel == item.channel,
            box.id > item.id,
            box.subject.startswith(f"{item.subject.partition('.')[0]}."),
            box.state.not_in(("failed", "cancelled")),
        )
        return self._s.scalar(select(box.id).where(*later).limit(1)) is not None

    def dropped_mails(self, athlete_id: int, since: datetime) -> list[OutboxItem]:
        box = t.Outbox
        rows = select(box).where(box.athlete_id == athlete_id, box.dropped_at >= since)
        return [outbox_item(r) for r in self._s.scalars(rows.order_by(box.dropped_at.desc(), box.id.desc()))]

    def ways_down(self) -> list[WayDown]:
        row = t.WayRow
        return [
            WayDown(r.name, r.down_since, r.retry_at, r.error, r.n)
            for r in self._s.scalars(select(row).order_by(row.name))
        ]

    def way_is_down(self, name: str, error: str, now: datetime) -> None:
        row = t.WayRow
        waits = [WAY_RETRY_FIRST * 2**n for n in range(10)]
        first = {"name": name, "down_since": now, "retry_at": now + waits[0], "error": error, "n": 1}
        insert = self._upsert(row).values(first).on_conflict_do_nothing(index_elements=["name"])
        if self._s.scalar(insert.returning(row.name)) is not None:
            return
        known = self._s.scalars(
            select(row).where(row.name == name).with_for_update().execution_options(populate_existing=True)
        ).one_or_none()
        # Of several workers that find it down at once one counts.
        if known is not None and known.retry_at <= now:
            wait = min(waits[min(known.n, len(waits) - 1)], WAY_RETRY_LONGEST)
            known.retry_at, known.error, known.n = now + wait, error, known.n + 1
            self._s.flush()

    def way_works(self, name: str) -> None:
        self._s.execute(delete(t.WayRow).where(t.WayRow.name == name))


def waits_again(now: datetime) -> dict[str, Any]:
    """What makes a row that has failed wait as if it were new; its Message-ID stays."""
    fresh = dict.fromkeys(("settled_at", "error", "words", "delayed_since", "dropped_at"))
    return {**fresh, "state": "pending", "attempts": 0, "next_attempt_at": now}


def _plain(statement: Any) -> Any:
    """Without a look at what the session holds: rows of the outbox are read anew."""
    return statement.execution_options(synchronize_session=False)


def outbox_item(row: t.Outbox) -> OutboxItem:
    return OutboxItem(
        id=row.id,
        athlete_id=row.athlete_id,
        kind=row.kind,
        subject=row.subject,
        state=row.state,
        attempts=row.attempts,
        message_id=row.message_id,
        mail_subject=row.mail_subject,
        # Before their making was stored, words without a number in them were kept as they are.
        error=None if row.error is None else words_of(say(row.error), row.words),
        created_at=row.created_at,
        claimed_at=row.claimed_at,
        settled_at=row.settled_at,
        channel=row.channel,
        priority=row.priority,
        next_attempt_at=row.next_attempt_at,
        delayed_since=row.delayed_since,
        may_have_left=row.may_have_left,
        dropped_at=row.dropped_at,
    )
