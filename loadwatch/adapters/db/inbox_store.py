"""What the webhook asks of the database: statements built once, without the session that all else uses."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, bindparam, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite

from loadwatch.adapters.db import tables as t
from loadwatch.services.ports import PushEvent

_INBOX = t.Inbox.__table__
_OURS = select(t.StravaSubscription.__table__.c.id).limit(1).scalar_subquery()


def _given(column: str) -> Any:
    return bindparam(column, type_=_INBOX.c[column].type)


_LINK = t.StravaConnection.__table__.c
_ADDRESSEE = select(
    _OURS, select(_LINK.athlete_id).where(_LINK.strava_athlete_id == _given("owner_id")).scalar_subquery()
)

_GIVEN = (
    "digest",
    "body",
    "object_type",
    "object_id",
    "aspect",
    "owner_id",
    "subscription_id",
    "state",
    "received_at",
)
_EXPECTED = select(*(_given(column) for column in _GIVEN)).where(
    exists().where(_LINK.strava_athlete_id == _given("owner_id")),
    func.coalesce(_OURS, _given("subscription_id")) == _given("subscription_id"),
)


def _statements(insert: Any) -> tuple[Any, Any]:
    """To add what is expected, and whatever else, each unless it is there."""
    new = insert(_INBOX).on_conflict_do_nothing(index_elements=["digest"]).returning(_INBOX.c.id)
    return new.from_select(_GIVEN, _EXPECTED), new


_ADD = {"postgresql": _statements(postgresql.insert), "sqlite": _statements(sqlite.insert)}


class SqlInboxTx:
    """One transaction; see `services.ports.InboxTx` for what each method promises."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._add_expected, self._add = _ADD[connection.dialect.name]

    def add_expected(self, event: PushEvent, digest: str, now: datetime) -> int | None:
        values = _values(event, digest, "pending", now)
        return cast("int | None", self._connection.scalar(self._add_expected, values))

    def addressee(self, strava_athlete_id: int) -> tuple[int | None, int | None]:
        ours, athlete_id = self._connection.execute(_ADDRESSEE, {"owner_id": strava_athlete_id}).one()
        return ours, athlete_id

    def add(self, event: PushEvent, digest: str, state: str, reason: str | None, now: datetime) -> int | None:
        values = {**_values(event, digest, state, now), "reason": reason}
        return cast("int | None", self._connection.scalar(self._add, values))

    def n_quarantined(self, since: datetime, at_most: int) -> int:
        # By the index of states: the newest first, and no more of them than are asked for.
        kept = select(_INBOX.c.received_at).where(_INBOX.c.state == "quarantined")
        newest = self._connection.scalars(kept.order_by(_INBOX.c.id.desc()).limit(at_most))
        return sum(received_at > since for received_at in newest)


def _values(event: PushEvent, digest: str, state: str, now: datetime) -> dict[str, Any]:
    return {
        "digest": digest,
        "body": event.canonical_body,
        "object_type": event.object_type,
        "object_id": event.object_id,
        "aspect": event.aspect,
        "owner_id": event.owner_id,
        "subscription_id": event.subscription_id,
        "state": state,
        "received_at": now,
    }
