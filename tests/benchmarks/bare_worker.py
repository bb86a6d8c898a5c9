"""What the worker is measured against: a Celery task that inserts one row, run as `loadwatch worker` runs its own."""

import os
import sys
from datetime import UTC, datetime
from functools import cache

from celery import Celery, shared_task
from sqlalchemy import Engine

from loadwatch.adapters.db.engine import make_engines
from loadwatch.settings import load_settings
from tests.benchmarks.bare_receiver import PUSHES
from workers.app import make_celery

QUEUE = "bare"


@cache
def _engine(pid: int) -> Engine:
    """One for each child: engines cannot be shared across a fork."""
    return make_engines(load_settings().database_url).write


@shared_task(name="tests.benchmarks.bare_worker.insert")
def insert(object_id: int) -> None:
    row = {"object_id": object_id, "owner_id": 1001, "received_at": datetime.now(UTC).replace(tzinfo=None)}
    with _engine(os.getpid()).begin() as connection:
        connection.execute(PUSHES.insert().values(**row))


def app() -> Celery:
    celery = make_celery(load_settings(), tasks=["tests.benchmarks.bare_worker"])
    celery.conf.update(task_default_queue=QUEUE, beat_schedule={})
    return celery


if __name__ == "__main__":
    options = ["--without-gossip", "--without-mingle", "--concurrency=2", "--loglevel", "WARNING"]
    app().worker_main(["--quiet", "worker", *options, *sys.argv[1:]])
