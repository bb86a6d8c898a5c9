"""The samples in docs/mails are what the code writes now."""

from pathlib import Path

import pytest

from tests.mail_samples import ABOUT, FOLDER, PICTURES, files
from tests.support.mail_samples import looks

PICTURE_LIMIT = 60_000
ALL_LIMIT = 1_500_000
"""So that nobody fetches many megabytes with the code. [bytes]"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    samples = looks(tmp_path_factory.mktemp("mails"))
    assert {name.removesuffix("-de") for name in samples} == set(ABOUT)
    return files(samples)


def test_the_samples_say_what_mails_say_now(written: dict[str, str]) -> None:
    kept = {path.name: path.read_text() for path in FOLDER.iterdir() if path.suffix != ".png"}

    differing = sorted(name for name in kept.keys() | written.keys() if kept.get(name) != written.get(name))

    assert not differing, f"run ./run mails, then look at what changed: {', '.join(differing)}"


def test_every_picture_is_there_and_small() -> None:
    kept = {path.stem: path.stat().st_size for path in FOLDER.glob("*.png")}

    assert set(PICTURES) <= set(kept)
    assert {name for name, size in kept.items() if size > PICTURE_LIMIT} == set()
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < ALL_LIMIT


def test_a_page_shows_only_pictures_that_lie_beside_it() -> None:
    for path in FOLDER.glob("*.html"):
        shown = [part.split('"')[0] for part in path.read_text().split('src="')[1:]]
        assert all(Path(FOLDER / name).exists() for name in shown), path.name
