"""Large answers: what goes out is made while it goes, however long that takes."""

from collections.abc import Callable, Iterator

from flask import Response, request

from loadwatch.adapters.incoming import ALIVE


def send_zip(pieces: Iterator[bytes], name: str) -> Response:
    """
    An archive as an answer that a browser stores under a name.

    With each piece the web server learns that the process which sends it lives.
    """
    alive: Callable[[], object] = request.environ.get(ALIVE, lambda: None)

    def living() -> Iterator[bytes]:
        for piece in pieces:
            alive()
            yield piece

    response = Response(living(), mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
