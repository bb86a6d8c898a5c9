"""One set of services for each worker process, made after the fork: engines cannot be shared across it."""

import os

from celery import current_app
from celery.signals import celeryd_init, heartbeat_sent, worker_process_shutdown, worker_ready

from loadwatch.adapters.pulse import worker_pulse
from loadwatch.bootstrap import Services, make_services
from loadwatch.settings import load_settings
from workers.app import make_nudge

_made: tuple[int, Services] | None = None


def services() -> Services:
    """This process' services."""
    global _made
    if _made is None or _made[0] != os.getpid():
        _made = os.getpid(), make_services(load_settings(), make_nudge(current_app._get_current_object()))
    return _made[1]


@worker_process_shutdown.connect
def _close(**_: object) -> None:
    if _made is not None and _made[0] == os.getpid():
        _made[1].close()


@celeryd_init.connect
def _import_before_the_fork(**_: object) -> None:
    # Loaded once and shared by the children: stravalib alone is 60 MB and half a second.
    import loadwatch.adapters.strava.client
    import loadwatch.emails.alert  # noqa: F401


@heartbeat_sent.connect
def _beat(**_: object) -> None:
    worker_pulse(current_app.conf.loadwatch_redis_url)


@worker_ready.connect
def _start_with_a_sweep(**_: object) -> None:
    worker_pulse(current_app.conf.loadwatch_redis_url)
    # What came in while no worker ran should not wait for the next knock.
    current_app.send_task("workers.care.sweep", expires=60)
    current_app.send_task("workers.care.check_subscription", kwargs={"at_start": True}, expires=60)
