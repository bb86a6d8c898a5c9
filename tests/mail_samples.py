"""
Every mail as it looks, in docs/mails: `./run mails` makes them anew.

The runner is made up and the clock stands still, so that they change only with the words or the looks of a mail. The
pictures of the screen need Chromium; without it they stay as they are.
"""

import contextlib
import io
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image

from loadwatch.emails import EmailContent
from loadwatch.mail_cli import page
from tests.support.browser import CHROMIUM, launched
from tests.support.mail_samples import looks

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs" / "mails"

ABOUT: Final = {
    "alert-load": ("Alert on a run", "A run was much more than the runner is used to. At most two such in a week."),
    "alert-symptom": ("Alert on a check-in", "What the runner reported about a thigh asks for care."),
    "red-flag": ("Red flag", "A sign that must not be missed. It leaves at once, at night too, and cannot be ended."),
    "again": ("Red flag, again", "The same a day later, until the runner has said that it was read."),
    "ask": ("Question of the morning", "The morning after a run that set off an alert: one tap answers."),
    "weekly-busy": ("Weekly summary", "Monday at 7, with what stood out and what hurts."),
    "weekly-quiet": ("Weekly summary of a quiet week", "Nothing stood out, so it is short."),
    "weekly-without-data": ("Weekly summary without data", "It says what is missing and how to mend it."),
    "retraction": ("An alert taken back", "Its run was corrected or deleted after it had been mailed."),
    "receipt": ("Receipt", "What was deleted of the data that came from Strava."),
    "test": ("Test", "Asked for by a button: whether mails arrive."),
}
"""Each sample: what it is called, and what it is for."""

PICTURES: Final = {
    **{name: (name, 360, "light") for name in ABOUT},
    **{f"{name}-de": (f"{name}-de", 360, "light") for name in ("alert-load", "red-flag", "weekly-quiet")},
    **{f"{name}-dark": (name, 360, "dark") for name in ("alert-load", "weekly-busy")},
    "weekly-busy-wide": ("weekly-busy", 700, "light"),
}
"""Pictures of the screen by their name: of which sample, how wide [px], light or dark."""

COLOURS = 16
"""Of a picture: enough for text, and a third of the size."""


def files(samples: Mapping[str, EmailContent]) -> dict[str, str]:
    """What belongs into the folder, by name; without what is drawn."""
    found = {"README.md": readme(samples)}
    for name, content in samples.items():
        found[f"{name}.txt"] = f"Subject: {content.subject}\n\n{content.text}"
        found[f"{name}.html"] = page(content, f"{name}-")
    return found


def readme(samples: Mapping[str, EmailContent]) -> str:
    """The page that shows them all."""
    parts = [
        "# The mails of loadwatch",
        "Made by `./run mails` from three weeks of a made-up runner; a test compares them with what the code writes"
        " now. In these samples links that answer lead nowhere. To see your own: `loadwatch mail preview KIND`.",
    ]
    for name, (title, purpose) in ABOUT.items():
        german = f"{name}-de"
        forms = [f"[{form}]({name}.{form})" for form in ("html", "txt")]
        forms += [f"[German {form}]({german}.{form})" for form in ("html", "txt")]
        shown = [picture for picture, (sample, _, _) in PICTURES.items() if sample in (name, german)]
        parts += [
            f"## {title}",
            f"{purpose} ({', '.join(forms)})",
            "\n".join(f"![{_alt(title, *PICTURES[picture])}]({picture}.png)" for picture in shown),
        ]
    parts += ["## The same as pushes", "Title, text and the page that it opens.", _pushes(samples)]
    return "\n\n".join(parts) + "\n"


def _alt(title: str, sample: str, width: int, scheme: str) -> str:
    return f"{title}, {'German, ' if sample.endswith('-de') else ''}{width} px wide, {scheme}"


def _pushes(samples: Mapping[str, EmailContent]) -> str:
    rows = ["| Mail | Title | Text | Opens |", "| --- | --- | --- | --- |"]
    for name, (title, _) in ABOUT.items():
        content = samples[name]
        cells = (title, content.subject, content.short, re.sub(r"^https://[^/]+", "", content.url) or "/")
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def write(samples: Mapping[str, EmailContent], folder: Path) -> None:
    """All but the pictures of the screen; what is of no sample any more goes."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted: dict[str, bytes] = {name: words.encode() for name, words in files(samples).items()}
    for name, content in samples.items():
        wanted |= {f"{name}-{picture.name}.png": picture.png for picture in content.pictures}
    for path in folder.iterdir():
        if path.name not in wanted and path.stem not in PICTURES:
            path.unlink()
    for name, data in wanted.items():
        (folder / name).write_bytes(data)


def shoot(browser: "Browser", folder: Path) -> Iterator[Path]:
    """Take the pictures of the screen."""
    for name, (sample, width, scheme) in PICTURES.items():
        context = browser.new_context(
            viewport={"width": width, "height": 400},
            color_scheme=scheme,  # type: ignore[arg-type]  # one of its words
            device_scale_factor=1,
        )
        with contextlib.closing(context):
            screen = context.new_page()
            screen.goto((folder / f"{sample}.html").as_uri())
            taken = Image.open(io.BytesIO(screen.screenshot(full_page=True)))
        target = folder / f"{name}.png"
        # The most frequent colours as they are: the middle of a group of colours is none of the mail's.
        palette = taken.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        palette.save(target, optimize=True)
        yield target


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="lw-mails-") as scratch:
        samples = looks(Path(scratch))
    write(samples, FOLDER)
    if Path(CHROMIUM).exists():
        with launched() as browser:
            for path in shoot(browser, FOLDER):
                print(f"{path.name:32} {path.stat().st_size / 1000:5.1f} kB")
    else:
        print("there is no Chromium here: the pictures of the screen stay as they were", file=sys.stderr)
    total = sum(path.stat().st_size for path in FOLDER.iterdir())
    print(f"{len(samples)} mails in {FOLDER}, {total / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
