"""What the receiver is measured against: a Flask route that inserts one row, on the product's own engine."""

import os
from datetime import UTC, datetime

from flask import Flask, request
from sqlalchemy import BigInteger, Column, DateTime, Integer, MetaData, Table

from loadwatch.adapters.db.engine import make_engines
from loadwatch.wsgi import HOOK_LOCK_TIMEOUT_S

PUSHES = Table(
    "bare_pushes",
    MetaData(),
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("object_id", BigInteger),
    Column("owner_id", BigInteger),
    Column("received_at", DateTime),
)


def app() -> Flask:
    engine = make_engines(os.environ["LOADWATCH_DATABASE_URL"], lock_timeout_s=HOOK_LOCK_TIMEOUT_S).write
    bare = Flask(__name__)

    @bare.post("/push")
    def push() -> str:
        body = request.get_json()
        values = {"object_id": body["object_id"], "owner_id": body["owner_id"]}
        with engine.begin() as connection:
            connection.execute(PUSHES.insert().values(**values, received_at=datetime.now(UTC).replace(tzinfo=None)))
        return "stored"

    @bare.get("/healthz")
    def healthz() -> str:
        return "ok"

    return bare
