"""Which worker holds a lease, and whether it still lives."""

import functools
import os
import socket
from collections.abc import Sequence

import psutil


class ProcessLeases:
    """
    The port `Leases`: a holder is a machine, a process on it and when that began.

    A process of this machine that is gone was killed in the middle of its work: what it held is free at once.
    What one of another machine held is free when the lease runs out.
    """

    def me(self) -> str:
        return _name_of(os.getpid())

    def gone(self, owners: Sequence[str]) -> list[str]:
        here = socket.gethostname()
        return [owner for owner in owners if owner.split("/")[0] == here and not _lives(owner)]


@functools.cache
def _name_of(pid: int) -> str:
    return f"{socket.gethostname()}/{pid}/{psutil.Process(pid).create_time():.0f}"


def _lives(owner: str) -> bool:
    _, pid, began = owner.split("/")
    try:
        process = psutil.Process(int(pid))
        # A second either way: the time of a start is counted from a boot time that wavers with the clock.
        same = abs(process.create_time() - float(began)) <= 2
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True
