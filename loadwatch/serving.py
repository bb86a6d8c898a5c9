"""Settings of gunicorn that are no options: `gunicorn -c python:loadwatch.serving`."""

from typing import Any

from loadwatch.adapters.incoming import ALIVE


def post_worker_init(worker: Any) -> None:
    """
    Hand each request the process' sign of life.

    A process that gives none for 40 seconds is killed. One that receives a large file is busy for longer, and as
    long as bytes come it is well.
    """
    app = worker.wsgi

    def with_sign_of_life(environ: dict[str, Any], start_response: Any) -> Any:
        environ[ALIVE] = worker.notify
        return app(environ, start_response)

    worker.wsgi = with_sign_of_life
