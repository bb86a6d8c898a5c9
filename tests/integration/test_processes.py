"""Whether the holder of a lease lives, asked of real processes."""

import os
import subprocess
import sys
import time

from loadwatch.adapters.processes import ProcessLeases, _name_of

BREAKS = """
import celery.worker.consumer.consumer as consumer
from loadwatch.cli import main

def start(self):
    raise AttributeError("as kombu does")

consumer.Consumer.start = start
main(["worker"])
"""
SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]


def test_a_living_process_keeps_its_lease():
    leases = ProcessLeases()

    assert leases.gone([leases.me()]) == []


def test_a_killed_process_has_lost_it_even_before_anybody_took_note_of_its_end():
    process = subprocess.Popen(SLEEP)
    owner = _name_of(process.pid)
    assert ProcessLeases().gone([owner]) == []

    process.kill()
    time.sleep(0.2)  # not waited for: a zombie, whose number is still taken

    assert ProcessLeases().gone([owner]) == [owner]
    process.wait()
    assert ProcessLeases().gone([owner]) == [owner]


def test_another_process_with_the_same_number_is_not_the_holder():
    host, pid, began = ProcessLeases().me().split("/")
    earlier = f"{host}/{pid}/{float(began) - 3600:.0f}"

    assert int(pid) == os.getpid()
    assert ProcessLeases().gone([earlier]) == [earlier]


def test_nothing_is_said_of_another_machines_processes():
    assert ProcessLeases().gone(["elsewhere/1/0"]) == []


def test_a_worker_that_breaks_down_says_so_by_its_exit_code(tmp_path, redis_url):
    settings = {"DATA_DIR": str(tmp_path), "REDIS_URL": redis_url, "SECRET_KEY": "a-secret-key-for-tests-0123456789"}
    env = os.environ | {f"LOADWATCH_{name}": value for name, value in settings.items()}

    done = subprocess.run([sys.executable, "-P", "-c", BREAKS], env=env, capture_output=True, timeout=60, text=True)

    assert "as kombu does" in done.stdout + done.stderr
    assert done.returncode == 1
