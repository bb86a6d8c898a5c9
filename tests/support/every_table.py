"""A row in every table that names an athlete: what a walk over all tables needs to mean something."""

from typing import Any

from sqlalchemy import JSON, Boolean, Connection, Date, Float, Integer, LargeBinary, String, Table

from loadwatch.adapters.db.crypto import EncryptedText
from loadwatch.adapters.db.tables import Base, UtcDateTime
from tests.support.seeding import NOW

NOBODYS = ("strava_subscription", "subscription_checks", "account_deletions", "server_keys", "ways")
"""The server's own."""


def fill_every_table(connection: Connection, athlete_id: int, strava_id: int) -> None:
    """Give an athlete, who has an account, a row in each other table."""
    ids: dict[str, Any] = {"athletes": athlete_id}
    for table in Base.metadata.sorted_tables:
        if table.name in (*NOBODYS, "athletes", "accounts") or not is_owned(table):
            continue
        values = {c.name: _value(c, athlete_id, ids, strava_id) for c in table.columns if _is_needed(c, table)}
        made = connection.execute(table.insert().values(**values))
        ids[table.name] = (made.inserted_primary_key or (None,))[0]


def rows_by_table(connection: Connection) -> dict[str, int]:
    """How many rows there are, of all athletes."""
    tables = [t for t in Base.metadata.sorted_tables if t.name not in NOBODYS]
    return {t.name: len(connection.execute(t.select()).all()) for t in tables}


def is_owned(table: Table) -> bool:
    return table.name == "inbox" or bool(table.foreign_keys)


def _is_needed(column: Any, table: Table) -> bool:
    is_number = column.primary_key and not column.foreign_keys and len(table.primary_key.columns) == 1
    return (not column.nullable or column.name == "athlete_id") and not is_number


def _value(column: Any, athlete_id: int, ids: dict[str, Any], strava_id: int) -> Any:
    for key in column.foreign_keys:
        return ids[key.column.table.name]
    if column.name in ("owner_id", "strava_athlete_id"):
        return strava_id
    match column.type:
        case UtcDateTime():
            return NOW
        case Date():
            return NOW.date()
        case Boolean():
            return False
        case JSON():
            return []
        case Float():
            return 1.5
        case Integer():
            return 1
        case EncryptedText() | LargeBinary():
            return f"encrypted-{athlete_id}"
        case String():
            return f"{athlete_id}-{column.name}"[: column.type.length or 60]
    raise TypeError(f"{column}: no example for {column.type!r}")
