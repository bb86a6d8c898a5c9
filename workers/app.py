"""The Celery app: how work travels. What work there is stands in the database."""

import os
from collections.abc import Sequence

# A soft shutdown on SIGTERM: it is read when Celery is imported.
os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")

from celery import Celery

from loadwatch.adapters.broker import celery_broker_url, redis_url
from loadwatch.adapters.nudge import BackgroundNudge, TaskNudge
from loadwatch.settings import Settings
from workers.schedule import schedule

TASKS = ("workers.ingest", "workers.assess", "workers.notify", "workers.uploads", "workers.backtests", "workers.care")


ROUTES = {
    "workers.uploads.read_due": {"priority": 9},
    "workers.backtests.replay": {"priority": 9},
    "workers.notify.deliver_more": {"priority": 9},
}
"""Files are read, histories replayed, and thousands of summaries sent when nothing else waits: on Redis the highest
number comes last."""


def broker_url(settings: Settings) -> str:
    """The broker's address: the one set, or the embedded one's socket."""
    return settings.redis_url or redis_url(settings.data_dir)


def make_celery(settings: Settings, tasks: Sequence[str] = TASKS) -> Celery:
    """
    A Celery app for these settings; for beat without the tasks, which it only names.

    Each setting below is there because without it work is lost, doubled or late: see the comments.
    """
    app = Celery("loadwatch", broker=celery_broker_url(broker_url(settings)), include=list(tasks))
    app.conf.update(
        # A task is acknowledged after it ran: a killed worker's task comes back.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        # What a task did stands in the database; results would cost a third of the speed.
        task_ignore_result=True,
        task_serializer="json",
        task_routes=ROUTES,
        accept_content=["json"],
        # Far below the visibility timeout, after which the broker hands a running task to another worker.
        task_soft_time_limit=60,
        task_time_limit=90,
        broker_transport_options={
            "visibility_timeout": 3600,
            # kombu looks for lost tasks each interval x throttle seconds: 100 with its defaults.
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 20,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
        },
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # SIGTERM gives running tasks this long and hands the rest back.
        worker_soft_shutdown_timeout=10,
        worker_enable_soft_shutdown_on_idle=False,
        worker_hijack_root_logger=False,
        # A task goes on when the broker is lost. Another worker may be given it meanwhile: leases in the database are
        # for that. Cancelled at the wrong moment it would take a new pair of tokens with it, which Strava gives once.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_max_tasks_per_child=5000,
        beat_max_loop_interval=2,
        beat_scheduler="workers.schedule:MemoryScheduler",
        timezone="UTC",
        loadwatch_redis_url=broker_url(settings),
    )
    app.conf.beat_schedule = schedule(settings)
    return app


def run_worker(app: Celery, options: Sequence[str]) -> int:
    """
    Work until told to stop; the exit code.

    Not `Celery.worker_main`, which keeps it to itself: a worker whose connection breaks in the wrong moment ends by a
    fault of kombu, and whoever minds it would take that for a wish to stop.
    """
    from celery.bin.celery import celery

    celery.params[0].default = app
    return celery.main(["--quiet", "worker", *options], standalone_mode=False) or 0


def make_nudge(app: Celery, *, in_background: bool = False) -> TaskNudge:
    """
    A nudge through this app, which gives up within a second where its settings are those of `make_publisher`.

    Parameters
    ----------
    in_background : bool
        For processes that answer requests: they are not held up by the broker.
    """

    def send(task: str, args: tuple[int, ...]) -> None:
        app.send_task(f"workers.{task}", args=args, retry=False)

    return BackgroundNudge(send) if in_background else TaskNudge(send)


def make_publisher(settings: Settings) -> Celery:
    """An app for processes that only send: it loads no task and waits less than a second for the broker."""
    app = Celery("loadwatch", broker=celery_broker_url(broker_url(settings)))
    app.conf.update(
        task_serializer="json",
        task_routes=ROUTES,
        task_ignore_result=True,
        broker_transport_options={
            "socket_timeout": 0.5,
            "socket_connect_timeout": 0.3,
            "max_retries": 0,
            "retry_on_timeout": False,
        },
        broker_connection_retry=False,
        broker_connection_timeout=0.5,
        broker_pool_limit=2,
    )
    return app
