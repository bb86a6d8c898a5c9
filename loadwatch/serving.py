"""Settings of gunicorn that are no options: `gunicorn -c python:loadwatch.serving`."""

import gc
from typing import Any

from loadwatch.adapters.incoming import ALIVE

NEW_OBJECTS = 50_000
"""So many more made than let go of, and Python looks for cycles. Design choice, measured on pages of 4 000 runs."""


def spare_the_collector() -> None:
    """
    Look for cycles of objects less often, and never again among those of the start.

    A page of ten years of runs makes tens of thousands of records that no cycle holds; by Python's own settings half
    of its time went into looking for some.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 50)


def post_worker_init(worker: Any) -> None:
    """
    Spare the collector, and hand each request the process' sign of life.

    A process that gives none for 40 seconds is killed. One that receives a large file is busy for longer, and as
    long as bytes come it is well.
    """
    spare_the_collector()
    app = worker.wsgi

    def with_sign_of_life(environ: dict[str, Any], start_response: Any) -> Any:
        environ[ALIVE] = worker.notify
        return app(environ, start_response)

    worker.wsgi = with_sign_of_life
