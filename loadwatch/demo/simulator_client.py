"""Start a `loadwatch.demo.simulator` and work its control API: for the demo, tests and the chaos suite."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, cast
from urllib.parse import parse_qsl, urlsplit

import requests

from loadwatch.adapters.broker import parent_death_hook

JsonDict = dict[str, Any]
PROJECT_ROOT = Path(__file__).resolve().parents[2]
ALL_SCOPES = "read,activity:read,activity:read_all,profile:read_all"


class _Synthesised:
    """Stands for streams that the simulator makes up itself."""


SYNTHESISED: Final = _Synthesised()


class SimulatorClient:
    """
    The control API of a running simulator.

    Every method raises `requests.HTTPError` if the simulator refuses, with its reason in
    ``error.response.text``.

    Parameters
    ----------
    base_url : str
        ``http://127.0.0.1:PORT``.
    timeout_s : float
        How long to wait for an answer. [s]
    """

    def __init__(self, base_url: str, timeout_s: float = 10.0) -> None:
        self.base_url = base_url.rstrip("/")
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy in the environment must not come between

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        answer = self._session.request(method, self.base_url + path, json=body, timeout=self._timeout_s)
        answer.raise_for_status()
        return answer.json()

    def add_activity(
        self,
        activity: Mapping[str, Any],
        streams: Mapping[str, Any] | _Synthesised | None = SYNTHESISED,
        push: bool = True,
    ) -> int:
        """
        Add an activity, or replace the one of the same id; its id.

        Parameters
        ----------
        activity : mapping
            Strava's detail record. ``id`` and ``athlete`` are filled in if missing.
        streams : mapping, None or SYNTHESISED
            Plain lists by stream name; None: the activity has none (404); SYNTHESISED: made up from the
            record.
        push : bool
            Whether the subscriber is told.
        """
        body: JsonDict = {"activity": dict(activity), "push": push}
        if not isinstance(streams, _Synthesised):
            body["streams"] = streams
        return int(self._call("POST", "/_sim/activities", body)["id"])

    def update_activity(
        self, activity_id: int, changes: Mapping[str, Any], push: bool = True, updates: JsonDict | None = None
    ) -> JsonDict:
        """Change fields; the ``updates`` of the push (default: title, type, private, as far as changed)."""
        body: JsonDict = {"changes": dict(changes), "push": push}
        if updates is not None:
            body["updates"] = updates
        answer = self._call("POST", f"/_sim/activities/{activity_id}/update", body)
        return cast(JsonDict, answer["updates"])

    def delete_activity(self, activity_id: int, push: bool = True) -> None:
        """Remove an activity."""
        self._call("POST", f"/_sim/activities/{activity_id}/delete", {"push": push})

    def reset(self) -> None:
        """Begin anew, without activities, tokens and faults; the push subscription stays."""
        self._call("POST", "/_sim/reset")

    def release(self, ids: Iterable[int] | None = None, count: int | None = None, push: bool = True) -> list[int]:
        """Let held activities appear: these ids, or the next `count` in time (neither: all); their ids."""
        body = {"ids": None if ids is None else list(ids), "count": count, "push": push}
        return cast(list[int], self._call("POST", "/_sim/release", body)["ids"])

    def push(self, body: Mapping[str, Any], url: str | None = None, attempts: int | None = None) -> int:
        """Send any body to the callback, or to `url`; the id under which ``state()["deliveries"]`` has it."""
        asked = {"body": dict(body), "url": url, "attempts": attempts}
        return int(self._call("POST", "/_sim/push", asked)["delivery_id"])

    def add_fault(
        self,
        kind: str,
        path: str = "*",
        method: str = "*",
        times: int | None = 1,
        status: int | None = None,
        seconds: float | None = None,
        body: Any = None,
    ) -> None:
        """
        Let something go wrong.

        Parameters
        ----------
        kind : str
            status (answer `status` with `body`), html (a page where JSON is expected), hang (silence for
            `seconds`, then the connection closes), delay (a right answer after `seconds`), late (an answer that
            was right `seconds` ago), empty_streams,
            not_found, drop.
        path, method : str
            fnmatch patterns; ``*`` in a path also matches ``/``. Control calls are never hit.
        times : int or None
            How many requests are hit; None: until `clear_faults`.
        """
        fault = {"kind": kind, "path": path, "method": method, "times": times}
        self._call("POST", "/_sim/faults", fault | {"status": status, "seconds": seconds, "body": body})

    def clear_faults(self) -> None:
        """Let everything work again."""
        self._call("DELETE", "/_sim/faults")

    def deauthorise(self, athlete_id: int | None = None, push: bool = True) -> bool:
        """The athlete takes the permission back on Strava's side; False if there was none."""
        body = {"athlete_id": athlete_id, "push": push}
        return bool(self._call("POST", "/_sim/deauthorise", body)["deauthorised"])

    def set_options(self, **options: Any) -> JsonDict:
        """
        Change how the simulator behaves; the options as they are now.

        Known: token_life [s], always_rotate, strict_access, rate_limits and read_rate_limits (15 min, day),
        rate_usage (15 min, day), push_delays [s, one per attempt], push_timeout [s], inactive, clock_offset
        [s], sample_every [s].
        """
        return cast(JsonDict, self._call("POST", "/_sim/options", options))

    def expire_tokens(self) -> int:
        """Let all access tokens expire now; how many."""
        return int(self._call("POST", "/_sim/tokens/expire")["expired"])

    def state(self) -> JsonDict:
        """Counters, refreshes, subscription, deliveries and so on."""
        return cast(JsonDict, self._call("GET", "/_sim/state"))

    def activities(self) -> list[JsonDict]:
        """All visible activities as summaries, oldest first: what is the truth."""
        return cast(list[JsonDict], self._call("GET", "/_sim/activities"))

    def requests(self) -> list[JsonDict]:
        """The last 1000 requests but for control calls, oldest first; status 0: closed unanswered."""
        return cast(list[JsonDict], self._call("GET", "/_sim/requests"))

    def wait_until_pushed(self, timeout_s: float = 30.0) -> None:
        """Wait until no push is under way. Raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while self.state()["pending_pushes"]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"pushes still under way after {timeout_s} s")
            time.sleep(0.02)

    def authorise(
        self,
        redirect_uri: str,
        scope: str = ALL_SCOPES,
        state: str = "",
        client_id: str = "1",
        athlete_id: int | None = None,
    ) -> dict[str, str]:
        """Press Authorize, as a browser would; the query of the redirect: ``code``, ``scope``, ``state``."""
        form: JsonDict = {"client_id": client_id, "redirect_uri": redirect_uri, "state": state}
        form |= {"scope": scope.split(","), "decision": "authorize"}
        if athlete_id is not None:
            form["athlete_id"] = athlete_id
        answer = self._session.post(
            self.base_url + "/oauth/authorize", data=form, timeout=self._timeout_s, allow_redirects=False
        )
        answer.raise_for_status()
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    def grant(
        self,
        scope: str = ALL_SCOPES,
        client_id: str = "1",
        client_secret: str = "s",
        athlete_id: int | None = None,
    ) -> JsonDict:
        """The whole OAuth round without a browser; Strava's token answer, with athlete."""
        code = self.authorise("http://127.0.0.1/", scope, client_id=client_id, athlete_id=athlete_id)["code"]
        form = {"client_id": client_id, "client_secret": client_secret, "grant_type": "authorization_code"}
        answer = self._session.post(
            self.base_url + "/oauth/token", data=form | {"code": code}, timeout=self._timeout_s
        )
        answer.raise_for_status()
        return cast(JsonDict, answer.json())


class SimulatorProcess:
    """A simulator in a process of its own; a context manager that ends it."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, folder: tempfile.TemporaryDirectory[str]) -> None:
        self.process = process
        self.url = url
        self.client = SimulatorClient(url)
        self._folder = folder

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the process, by force after `timeout_s`. Harmless the second time. [s]"""
        self.client.close()
        _end(self.process, timeout_s)
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _end(process: subprocess.Popen[bytes], timeout_s: float) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def start_simulator(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    source: str | Path | None = None,
    held: bool = False,
    client_id: str = "1",
    client_secret: str = "s",
    athlete_id: int | None = None,
    rate_limits: Sequence[int] | None = None,
    read_rate_limits: Sequence[int] | None = None,
    token_life_s: float | None = None,
    wait_s: float = 20.0,
) -> SimulatorProcess:
    """
    Start a simulator and wait until it answers.

    Parameters
    ----------
    source : path, optional
        JSON (or .json.gz) list of activity summaries to start with.
    held : bool
        Whether they wait for `SimulatorClient.release`.
    rate_limits, read_rate_limits : (int, int), optional
        Requests per 15 minutes and per UTC day.
    token_life_s, wait_s : float
        Life of access tokens; patience with the start. [s]

    Raises
    ------
    RuntimeError
        If it ends, or does not listen within `wait_s`; the message has the end of its log.
    """
    folder = tempfile.TemporaryDirectory(prefix="loadwatch-simulator-")
    port_file = Path(folder.name, "port")
    log_path = Path(folder.name, "log")
    argv = [sys.executable, "-m", "loadwatch.demo.simulator", "--host", host, "--port", str(port)]
    argv += ["--port-file", str(port_file), "--client-id", client_id, "--client-secret", client_secret]
    if source is not None:
        argv += ["--from", str(Path(source).resolve())]
    if held:
        argv.append("--held")
    for name, value in (("--athlete-id", athlete_id), ("--token-life", token_life_s)):
        if value is not None:
            argv += [name, str(value)]
    for name, limits in (("--rate-limits", rate_limits), ("--read-rate-limits", read_rate_limits)):
        if limits is not None:
            argv += [name, ",".join(str(limit) for limit in limits)]
    path = os.pathsep.join(filter(None, [str(PROJECT_ROOT), os.environ.get("PYTHONPATH")]))
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONPATH": path},
            preexec_fn=parent_death_hook(signal.SIGTERM),  # killed, we could not end it
            start_new_session=True,  # Ctrl-C in the terminal is for us; we end the simulator ourselves
        )
    deadline = time.monotonic() + wait_s
    # The file appears after bind and listen, so a connection made now is answered.
    while not port_file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            _end(process, 1.0)
            said = log_path.read_text(errors="replace")[-2000:]
            folder.cleanup()
            raise RuntimeError(f"the simulator did not start (exit code {process.returncode}): {said}")
        time.sleep(0.01)
    return SimulatorProcess(process, f"http://{host}:{int(port_file.read_text())}", folder)
