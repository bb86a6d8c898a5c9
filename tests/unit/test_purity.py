"""What each part of the program loads, seen in a process of its own: the core no tool, the webhook nothing slow."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def modules_after(code: str) -> set[str]:
    """The top-level packages in memory after some code ran in a fresh interpreter."""
    report = "\nimport sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    # -P and the path: the tree under test, not one that happens to be installed.
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    done = subprocess.run(
        [sys.executable, "-P", "-c", start + code + report], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def every_module(package: str) -> list[str]:
    folder = ROOT / package.replace(".", "/")
    return [package, *(f"{package}.{p.stem}" for p in sorted(folder.glob("*.py")) if p.stem != "__init__")]


def imports(modules: list[str]) -> str:
    return "\n".join(f"import {m}" for m in modules)


TOOLS = {
    *("flask", "celery", "sqlalchemy", "redis", "stravalib", "requests", "pydantic"),
    *("smtplib", "socket", "sqlite3", "jinja2", "scipy", "pandas"),
}
NUMERIC = ("arrays", "motion", "speed", "splits", "elevation", "track", "features")
WITH_NUMBERS = {f"loadwatch.domain.{name}" for name in NUMERIC}


def test_the_core_loads_no_tool():
    modules = every_module("loadwatch.domain")
    assert len(modules) > 5

    loaded = modules_after(imports(modules))

    assert not loaded & TOOLS


def test_only_what_reads_samples_loads_numpy():
    without = [m for m in every_module("loadwatch.domain") if m not in WITH_NUMBERS]

    loaded = modules_after(imports(without))

    assert not loaded & {"numpy"}


PUSH = """
from loadwatch.services.inbox import Receipt
from loadwatch.settings import Settings
from webhooks.app import create_app

class SmallInbox:
    def record(self, event):
        return Receipt(inbox_id=1, quarantined=None)

settings = Settings(strava_webhook_secret="hidden", strava_verify_token="token", data_dir="/nowhere")
body = {"object_type": "activity", "object_id": 1, "aspect_type": "create", "owner_id": 2, "subscription_id": 3,
        "event_time": 4, "updates": {}}
answer = create_app(settings, SmallInbox()).test_client().post("/strava/hidden", json=body)
assert (answer.status_code, answer.json) == (200, {"stored": True}), answer.data
"""


def test_answering_a_push_loads_neither_numbers_nor_stravalib_nor_celery():
    loaded = modules_after(PUSH)

    assert "flask" in loaded
    assert not loaded & {"numpy", "stravalib", "celery", "kombu", "requests", "mrml", "matplotlib"}


def test_the_process_that_answers_pushes_loads_neither_numbers_nor_stravalib(tmp_path):
    start = f"import os; os.environ['LOADWATCH_DATA_DIR'] = {str(tmp_path)!r}\n"

    loaded = modules_after(start + "from loadwatch import wsgi; wsgi.hooks()")

    assert {"flask", "sqlalchemy"} <= loaded
    assert not loaded & {"numpy", "stravalib"}


def test_no_worker_loads_flask():
    loaded = modules_after(imports(every_module("workers")))

    assert "celery" in loaded
    assert not loaded & {"flask", "werkzeug", "flask_login", "flask_openapi3", "gunicorn"}


@pytest.mark.parametrize("package", ["loadwatch.services", "loadwatch.emails"])
def test_use_cases_and_mails_load_no_edge_library(package):
    loaded = modules_after(imports(every_module(package)))

    assert not loaded & {"flask", "celery", "sqlalchemy", "redis", "stravalib", "requests", "pydantic"}
