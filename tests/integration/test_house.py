"""The files around the program: containers, locks, and the scripts that set it up."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ONE_SHOT = {"migrate"}
OURS = {"migrate", "web", "webhooks", "worker", "beat"}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """The services of docker-compose.yml, anchors resolved."""
    loaded = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return dict(loaded["services"])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose locks are empty and whose program only says how it was called."""
    folder = tmp_path / "a checkout"
    (folder / "loadwatch").mkdir(parents=True)
    shutil.copy(ROOT / "run", folder / "run")
    (folder / "requirements.lock").write_text("# nothing\n")
    (folder / "loadwatch" / "__init__.py").write_text("")
    script = "import os, sys; print(sys.argv[1:], os.getcwd()); sys.exit(3)\n"
    (folder / "loadwatch" / "__main__.py").write_text(script)
    return folder


def _run_all() -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_all", ROOT / "tests" / "run_all.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["run_all"] = module
    spec.loader.exec_module(module)
    return module


def _parses_as_a_command(arguments: list[str]) -> None:
    """Fails if the command line knows no such command or option; nothing is run."""
    from loadwatch.cli import main

    name, *rest = arguments
    with main.make_context("loadwatch", [name]) as context:
        command = main.get_command(context, name)
        assert command is not None, f"loadwatch {name} does not exist"
        command.make_context(name, rest, parent=context)


def test_every_published_port_is_open_on_this_machine_only(services: dict[str, dict[str, Any]]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]

    assert ports
    assert [port for port in ports if not str(port).startswith("127.0.0.1:")] == []


def test_every_service_says_whether_it_is_well_or_runs_once(services: dict[str, dict[str, Any]]) -> None:
    checked = {name for name, service in services.items() if service.get("healthcheck", {}).get("test")}

    assert set(services) - checked == ONE_SHOT
    assert all(services[name]["restart"] == "no" for name in ONE_SHOT)


def test_every_part_is_there_and_waits_for_migrations(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == OURS | {"postgres", "redis", "mail"}
    for name in OURS - ONE_SHOT:
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert all("container_name" not in service for service in services.values())


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_service_runs_a_command_that_exists(services: dict[str, dict[str, Any]], name: str) -> None:
    _parses_as_a_command(services[name]["command"])


def test_the_images_own_command_exists_and_it_does_not_run_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    [command] = [yaml.safe_load(line.removeprefix("CMD ")) for line in lines if line.startswith("CMD [")]
    users = [line for line in lines if line.startswith("USER ")]

    assert 'ENTRYPOINT ["loadwatch"]' in lines
    assert users == ["USER loadwatch"]
    assert any("pip install --require-hashes -r" in line for line in lines)
    _parses_as_a_command(command)


def test_what_the_image_copies_is_sent_to_docker() -> None:
    copied = {
        source.split("/")[0]
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ")
        for source in line.split()[1:-1]
    }
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    assert copied == sent


def test_secrets_have_no_default(services: dict[str, dict[str, Any]]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()

    for secret in ("LOADWATCH_SECRET_KEY", "POSTGRES_PASSWORD"):
        uses = re.findall(r"\$\{" + secret + r"(..)", text)
        assert uses
        assert set(uses) == {":?"}
    assert services["web"]["environment"]["LOADWATCH_REDIS_URL"] == "redis://redis:6379/0"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_locks_hold_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    requirements = re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE | re.IGNORECASE)

    assert requirements
    assert text.count("--hash=sha256:") >= len(requirements)
    assert re.search(r"https?:|--index-url|--extra-index|--find-links| @ ", text) is None


@pytest.mark.parametrize(("script", "shell"), [("run", "sh"), (".ci/run", "bash")])
def test_scripts_are_executable_and_parse(script: str, shell: str) -> None:
    path = ROOT / script

    assert os.access(path, os.X_OK)
    assert path.read_text().startswith(f"#!/bin/{shell}\n")
    subprocess.run([shell, "-n", path], check=True)


def test_run_sets_up_once_and_hands_over_arguments_folder_and_exit_code(checkout: Path, tmp_path: Path) -> None:
    command = [str(checkout / "run"), "analyze", "my file.fit", "--json"]
    first = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    second = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    said = f"['analyze', 'my file.fit', '--json'] {tmp_path}\n"
    assert (first.returncode, first.stdout) == (3, said), first.stderr
    assert [line.split()[0] for line in first.stderr.splitlines()] == ["making", "installing", "ready"]
    assert (second.returncode, second.stdout, second.stderr) == (3, said, "")
    (checkout / "requirements.lock").write_text("# changed\n")
    third = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert [line.split()[0] for line in third.stderr.splitlines()] == ["installing", "ready"]


@pytest.mark.parametrize(
    ("python", "message"),
    [
        ("", "Python 3.11 or later is needed"),
        ("exit 1", "Python 3.11 or later is needed"),
        # It is recent enough, but Debian's package without ensurepip.
        ('case "$2" in *ensurepip*) exit 1;; *print*) echo 3.12;; esac', "sudo apt install python3.12-venv"),
    ],
)
def test_run_says_which_package_is_missing(checkout: Path, tmp_path: Path, python: str, message: str) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sh", "dirname", "basename", "mkdir", "rm", "cat", "sha256sum", "shasum", "sleep"):
        if found := shutil.which(tool):
            (tools / tool).symlink_to(found)
    if python:
        (tools / "python3").write_text(f"#!/bin/sh\n{python}\n")
        (tools / "python3").chmod(0o755)
    answer = subprocess.run(
        [str(checkout / "run"), "up"], env={"PATH": str(tools)}, capture_output=True, text=True, check=False
    )

    assert answer.returncode == 1
    assert message in answer.stderr


def test_the_summary_adds_up_and_ends_with_the_line_others_read(tmp_path: Path) -> None:
    run_all = _run_all()
    report = tmp_path / "unit.xml"
    report.write_text(
        '<testsuites><testsuite tests="10" failures="2" errors="1" skipped="3"></testsuite></testsuites>'
    )

    assert run_all.counts(report) == (4, 3, 3)
    results = [
        run_all.Result("ruff", True, 0.1, 1, 0, 0),
        run_all.Result("mypy", False, 0.1, 0, 1, 0),
        run_all.Result("pytest tests/unit", False, 2.0, 4, 3, 3),
    ]
    lines = run_all.summary(results).splitlines()
    assert lines[-1] == "5 passed, 4 failed, 3 skipped"
    assert [line.split()[0] for line in lines[-4:-1]] == ["ok", "FAILED", "FAILED"]


def test_a_suite_that_breaks_down_without_a_report_counts_as_failed(tmp_path: Path) -> None:
    run_all = _run_all()

    result = run_all.run_suite(run_all.Suite("no such folder"), tmp_path)
    assert (result.ok, result.failed) == (False, 1)


def test_each_folder_of_tests_is_run_once_and_whole() -> None:
    run_all = _run_all()
    suites = [step for lane in run_all.LANES for step in lane if isinstance(step, run_all.Suite)]
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")} - {"benchmarks"}
    folders |= {path.parent.parent.name for path in (ROOT / "tests").glob("*/*/test_*.py")}

    assert {suite.folder for suite in suites} == folders
    for folder in folders:
        mine = [suite for suite in suites if suite.folder == folder]
        parts = [file for suite in mine for file in suite.only]
        assert len(set(parts)) == len(parts)
        (rest,) = (suite for suite in mine if not suite.only)
        assert sorted(rest.but) == sorted(parts)
    assert all((ROOT / "tests" / file).exists() for suite in suites for file in suite.only)
    assert sum(step == run_all.CHECKED for lane in run_all.LANES for step in lane) == 1


@pytest.mark.parametrize(("body", "ok"), [("assert seen.exists() or seen.touch()", True), ("assert False", False)])
def test_a_test_of_processes_gets_a_second_try_that_is_named_and_a_real_fault_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, ok: bool
) -> None:
    run_all = _run_all()
    folder = tmp_path / "tests" / "integration"
    folder.mkdir(parents=True)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    code = f"import pathlib\nseen = pathlib.Path({str(tmp_path / 'seen')!r})\ndef test_slow_once():\n    {body}\n"
    (folder / "test_it.py").write_text(code)
    monkeypatch.setattr(run_all, "ROOT", tmp_path)

    result = run_all.run_suite(run_all.Suite("integration"), tmp_path)

    assert result.ok is ok
    assert (result.passed, result.failed) == ((1, 0) if ok else (0, 1))
    assert ("second try: tests.integration.test_it::test_slow_once" in run_all.summary([result])) is ok
