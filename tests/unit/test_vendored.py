"""What others wrote and we ship unchanged: each file is byte for byte the one of its release, with its licence."""

from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

VENDORED = {
    "loadwatch/dashboard/static/vendor/htmx.LICENSE.txt": (
        "htmx.org 4.0.1",
        "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38",
    ),
    "loadwatch/dashboard/static/vendor/htmx.min.js": (
        "htmx.org 4.0.1",
        "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
    ),
    "loadwatch/dashboard/static/vendor/uPlot.LICENSE.txt": (
        "uplot 1.6.32",
        "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
    ),
    "loadwatch/dashboard/static/vendor/uPlot.iife.min.js": (
        "uplot 1.6.32",
        "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    ),
    "loadwatch/dashboard/static/vendor/uPlot.min.css": (
        "uplot 1.6.32",
        "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    ),
    "tests/vendor/axe.LICENSE-3RD-PARTY.txt": (
        "axe-core 4.14.1",
        "4f8563870d0fca38bbc3e00b6f670cb7fa9f380ba9f26a7f7d1184a6b18b1653",
    ),
    "tests/vendor/axe.LICENSE.txt": (
        "axe-core 4.14.1",
        "af175b9d96ee93c21a036152e1b905b0b95304d4ae8c2c921c7609100ba8df7e",
    ),
    "tests/vendor/axe.min.js": (
        "axe-core 4.14.1",
        "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c",
    ),
}
"""Path of the file, its package and release on npm, and the file's hash there."""


@pytest.mark.parametrize("path", VENDORED)
def test_a_vendored_file_is_that_of_its_release(path: str) -> None:
    assert sha256((ROOT / path).read_bytes()).hexdigest() == VENDORED[path][1]


def test_nothing_vendored_goes_unlisted() -> None:
    folders = {(ROOT / path).parent for path in VENDORED}
    found = {str(p.relative_to(ROOT)) for folder in folders for p in folder.iterdir()}
    assert found == set(VENDORED)
