"""The part of the store that holds what was answered with one tap. Every query names the athlete."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.services.reply_ports import StoredReply


class ReplyStore:
    """Mixed into `store.SqlTx`; see `services.reply_ports.ReplyTx` for what each method promises."""

    _s: Session
    _upsert: Callable[[Any], postgresql.Insert | sqlite.Insert]

    def reply(self, athlete_id: int, purpose: str, about: str) -> StoredReply | None:
        row = self._s.get(t.ReplyRow, (athlete_id, purpose, about))
        return StoredReply(row.answer, row.report_id, row.at) if row else None

    def add_reply(self, athlete_id: int, purpose: str, about: str, reply: StoredReply) -> bool:
        question = {"athlete_id": athlete_id, "purpose": purpose, "about": about}
        insert = self._upsert(t.ReplyRow).values(
            **question, answer=reply.answer, report_id=reply.report_id, at=reply.at
        )
        # Of what an insert passes over PostgreSQL tells no number: what it stored is asked back.
        return self._s.scalar(insert.on_conflict_do_nothing().returning(t.ReplyRow.athlete_id)) is not None
