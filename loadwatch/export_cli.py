"""`loadwatch export`: everything of an athlete into a file."""

import os
import tempfile
from pathlib import Path

from loadwatch.bootstrap import Services
from loadwatch.services.errors import LoadwatchError


def run_export(services: Services, athlete_id: int, target: Path) -> None:
    """
    Write the archive, whole under its name or not at all, readable by nobody else on this machine.

    Raises
    ------
    LoadwatchError
        If the file cannot be written.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as part:
            try:
                for piece in services.export.stream(athlete_id):
                    part.write(piece)
                part.close()
                os.replace(part.name, target)
            except BaseException:
                Path(part.name).unlink()
                raise
    except OSError as error:
        raise LoadwatchError(f"{target} cannot be written: {error.strerror}") from error
