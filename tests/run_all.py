"""
Every check and every test, with one summary at the end.

Run by `./run test` and, with `lint` and optional names of checks, by `./run lint`. Goes on after a failure;
the last line is always `N passed, N failed, N skipped`, where each check counts as one.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Called from its module, as a script's first line goes stale when the checkout is moved.
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"

CHECKS = {
    "format": ["-m", "ruff", "format", "--check", "."],
    "ruff": ["-m", "ruff", "check", "."],
    "mypy": ["-m", "mypy"],
    "imports": ["-c", LINT_IMPORTS],
}
PROCESSES = tuple(
    f"integration/test_{name}.py"
    for name in (
        *("broker", "chain", "cli", "features", "gaps", "limits", "processes", "rights", "samples"),
        *("simulator", "strava_calls", "subscription", "supervisor", "watched", "webhooks"),
        *("archives", "delivery", "mails_received", "scope", "uploads"),  # these for the balance of the lanes
    )
)
"""Tests that start processes of ours and wait for them; the rest of their folder runs beside them."""
EXAMPLES = tuple(f"integration/test_{name}.py" for name in ("worked_examples", "symptom_alerts", "ladder"))
"""What hurts, from the push and the check-in to what is told: in a lane that had room."""


@dataclass(frozen=True)
class Suite:
    """
    Tests that one pytest runs.

    Attributes
    ----------
    folder : str
        Below `tests`.
    part : str
        What to call a part of the folder.
    only, but : tuple of str
        Files, below `tests`, that alone are run, or that are left out.
    """

    folder: str
    part: str = ""
    only: tuple[str, ...] = ()
    but: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"pytest tests/{self.folder}" + (f" ({self.part})" if self.part else "")


CHECKED = "checks"
"""Stands in a lane for all of `CHECKS`."""

LANES: tuple[tuple[Suite | str, ...], ...] = (
    (Suite("integration", "processes", only=PROCESSES),),
    (CHECKED, Suite("integration", but=PROCESSES + EXAMPLES)),
    (Suite("e2e"), Suite("chaos")),
    (Suite("unit"), Suite("real"), Suite("integration", "examples", only=EXAMPLES)),
)
"""
The lanes run side by side, four on two cores: much of what is tested is processes that wait for one another. Each
takes about as long as the others.
"""

ROOM = 4 * 2**30
"""So much memory must be free before the tests' files are laid there. [byte]"""

SECOND_TRY = {"integration", "real", "e2e"}
MOST_SECOND_TRIES = 3
"""
Suites of real processes with real time limits: on a busy machine one may be too slow once. Up to so many failed tests
are run again, alone; what passes then is named in the summary, and what fails twice has failed. Unit tests get none.
"""


@dataclass(frozen=True)
class Result:
    """What came of one step."""

    name: str
    ok: bool
    elapsed_s: float
    passed: int
    failed: int
    skipped: int
    second_tries: tuple[str, ...] = ()


def counts(report: Path) -> tuple[int, int, int]:
    """
    Tests passed, failed and skipped, by pytest's JUnit report; errors count as failed.

    Raises
    ------
    OSError, xml.etree.ElementTree.ParseError
        If there is no whole report, because pytest itself broke down.
    """
    passed = failed = skipped = 0
    for suite in ET.parse(report).getroot().iter("testsuite"):
        number = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
        failed += number["failures"] + number["errors"]
        skipped += number["skipped"]
        passed += max(0, number["tests"] - number["failures"] - number["errors"] - number["skipped"])
    return passed, failed, skipped


def failures(report: Path) -> tuple[str, ...]:
    """Names of the tests that failed or broke, by pytest's JUnit report."""
    cases = ET.parse(report).getroot().iter("testcase")
    return tuple(
        f"{case.get('classname')}::{case.get('name')}"
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    )


def run_check(name: str, scratch: Path | None = None) -> Result:
    """Run one of `CHECKS`; with `scratch` what it says is shown as a whole at its end."""
    status, elapsed_s = _run(name, CHECKS[name], scratch / f"{name}.txt" if scratch else None)
    return Result(name, status == 0, elapsed_s, int(status == 0), int(status != 0), 0)


def run_suite(suite: Suite, scratch: Path) -> Result:
    """Run some tests; `scratch` takes pytest's report."""
    tests = ROOT / "tests"
    kept = scratch / suite.name.partition("/")[2].replace(" ", "-")
    report = kept.with_suffix(".xml")
    chosen = [str(tests / file) for file in suite.only] or [str(tests / suite.folder)]
    left_out = [f"--ignore={tests / file}" for file in suite.but]
    # A cache of its own: pytest's memory of what failed would be overwritten by the other lanes.
    cache = kept.with_name(f"{kept.name}-cache")
    pytest = ["-m", "pytest", *chosen, *left_out, "-q", "-o", f"cache_dir={cache}", f"--junitxml={report}"]
    status, elapsed_s = _run(suite.name, pytest, kept.with_suffix(".txt"))
    try:
        passed, failed, skipped = counts(report)
    except (OSError, ET.ParseError):
        passed, failed, skipped = 0, 1, 0
    if suite.folder in SECOND_TRY and 0 < failed <= MOST_SECOND_TRIES and report.exists():
        names = failures(report)
        title = f"{suite.name}: {failed} failed, a second try"
        again, more_s = _run(title, [*pytest[:-1], "--last-failed"], kept.with_name(f"{kept.name}-again.txt"))
        if again == 0:
            return Result(suite.name, True, elapsed_s + more_s, passed + failed, 0, skipped, names)
    ok = status == 0 or (status == 5 and passed + failed == 0)  # 5: there are no tests yet
    if not ok and failed == 0:  # broke down after its last test
        failed = 1
    return Result(suite.name, ok, elapsed_s, passed, failed, skipped)


def run_lane(lane: Sequence[Suite | str], scratch: Path) -> list[Result]:
    """Run what is in a lane, one after the other."""
    results = []
    for step in lane:
        if isinstance(step, Suite):
            results.append(run_suite(step, scratch))
        else:
            results += [run_check(name, scratch) for name in CHECKS]
    return results


def summary(results: Sequence[Result]) -> str:
    """A line per step, and the line of sums."""
    lines = ["", "summary"]
    for result in results:
        detail = f"  {result.passed} passed, {result.failed} failed, {result.skipped} skipped"
        is_suite = result.name.startswith("pytest")
        verdict = "ok" if result.ok else "FAILED"
        lines.append(f"  {verdict:6}  {result.name:26} {result.elapsed_s:7.1f} s{detail if is_suite else ''}")
        lines += [f"          passed only at the second try: {name}" for name in result.second_tries]
    passed, failed, skipped = (
        sum(getattr(result, what) for result in results) for what in ("passed", "failed", "skipped")
    )
    lines.append(f"{passed} passed, {failed} failed, {skipped} skipped")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; the exit code is 0 if all of it passed, 2 for a name that is not known."""
    only_checks = bool(arguments) and arguments[0] == "lint"
    names = list(arguments[1:]) if only_checks else []
    unknown = set(names) - set(CHECKS)
    if unknown or (arguments and not only_checks):
        print(f"usage: {Path(__file__).name} [lint [{'|'.join(CHECKS)}]…]", file=sys.stderr)
        return 2
    results: list[Result] = []
    interrupted = False
    with tempfile.TemporaryDirectory(prefix="lw-test-", dir=_fast_folder()) as scratch:
        os.environ["TMPDIR"] = scratch
        try:
            if only_checks:
                results += [run_check(name) for name in names or CHECKS]
            else:
                with ThreadPoolExecutor() as pool:
                    for lane in pool.map(lambda lane: run_lane(lane, Path(scratch)), LANES):
                        results += lane
        except KeyboardInterrupt:
            interrupted = True
            results.append(Result("interrupted", False, 0.0, 0, 1, 0))
    print(summary(results), flush=True)
    if interrupted:
        return 130
    return 0 if all(result.ok for result in results) else 1


def _fast_folder() -> Path | None:
    """Where databases of tests lie: in memory, where no commit waits for a disk; None, as usual, without room."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > ROOM else None


def _run(name: str, arguments: Sequence[str], output: Path | None = None) -> tuple[int, float]:
    """Run Python; with a file for the output it is shown as a whole at the end, for others run at the same time."""
    print(f"\n=== {name}{' begins' if output else ''}", flush=True)
    began = time.monotonic()
    if output is None:
        status = subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False).returncode
    else:
        with output.open("wb") as file:
            status = subprocess.run(
                [sys.executable, *arguments], cwd=ROOT, check=False, stdout=file, stderr=subprocess.STDOUT
            ).returncode
        print(f"\n=== {name}\n{output.read_text(errors='replace')}", flush=True)
    sys.stdout.flush()
    return status, time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
