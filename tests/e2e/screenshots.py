"""
Pictures of every page, wide and narrow, light and dark, of a busy, an empty and an injured athlete.

`./run screenshots [FOLDER]`; `index.html` in the folder shows them side by side. `--only today,runs` and
`--who busy` take fewer.
"""

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from loadwatch.bootstrap import Services
from tests.support.athletes import ATHLETES, build_household, open_household
from tests.support.browser import DESKTOP, PHONE, USER_AGENT, launched, served, session_cookie
from tests.support.pages import PAGES, paths

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LOOKS = [(size, scheme) for size in (PHONE, DESKTOP) for scheme in ("light", "dark")]
NOBODY = "nobody"

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem; background: #ddd; }
h2, h3 { margin: 2rem 0 .5rem; }
.looks { display: flex; gap: 1rem; align-items: flex-start; overflow-x: auto; }
img { display: block; height: 30rem; object-fit: cover; object-position: top; }
figure { margin: 0; }
"""


@dataclass(frozen=True)
class Shot:
    """A page of somebody, to be pictured in each look."""

    who: str
    name: str
    path: str

    def file(self, width: int, scheme: str) -> str:
        """Below the folder of all pictures."""
        return f"{self.who}/{self.name}-{width}-{scheme}.png"


def shots(services: Services, who: Sequence[str], only: Sequence[str]) -> Iterator[Shot]:
    """What is to be pictured."""
    for name in who:
        if name == NOBODY:
            found = [Shot(NOBODY, page.name, page.path) for page in PAGES if page.is_open]
        else:
            found = [Shot(name, page.name, path) for page, path in paths(services, ATHLETES[name])]
        yield from (shot for shot in found if not only or shot.name in only)


def shoot_all(browser: "Browser", services: Services, wanted: Sequence[Shot], folder: Path) -> None:
    """Take the pictures."""
    done, n_all = 0, len(wanted) * len(LOOKS)
    with served(services) as origin:
        for size, scheme in LOOKS:
            for who in dict.fromkeys(shot.who for shot in wanted):
                context = browser.new_context(
                    viewport=size,
                    color_scheme=scheme,  # type: ignore[arg-type]  # one of its words
                    reduced_motion="reduce",
                    user_agent=USER_AGENT,
                    locale="en-GB",
                )
                if who != NOBODY:
                    context.add_cookies([session_cookie(services, ATHLETES[who], origin)])
                with contextlib.closing(context):
                    page = context.new_page()
                    for shot in (shot for shot in wanted if shot.who == who):
                        done += 1
                        print(f"\r{done:4} of {n_all}  {shot.file(size['width'], scheme):60}", end="", flush=True)
                        page.set_viewport_size(size)
                        page.goto(origin + shot.path)
                        # As high as the page is: what is fixed to the edge of a window stands at its end then.
                        height = page.evaluate("document.documentElement.scrollHeight")
                        page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
                        target = folder / shot.file(size["width"], scheme)
                        target.parent.mkdir(parents=True, exist_ok=True)
                        page.screenshot(path=target, full_page=True)
    print()


def index(wanted: Sequence[Shot]) -> str:
    """A page that shows them all."""
    parts = []
    for who in dict.fromkeys(shot.who for shot in wanted):
        parts.append(f"<h2>{escape(who)}</h2>")
        for shot in (shot for shot in wanted if shot.who == who):
            files = [shot.file(size["width"], scheme) for size, scheme in LOOKS]
            pictures = "".join(
                f'<a href="{escape(f)}"><img loading="lazy" alt="{escape(f)}" src="{escape(f)}"></a>' for f in files
            )
            parts.append(f"<h3>{escape(shot.name)} <small>{escape(shot.path)}</small></h3>")
            parts.append(f'<div class="looks">{pictures}</div>')
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>Pages of loadwatch</title><style>{STYLE}</style>"
    return f"{head}<h1>Pages of loadwatch</h1>{''.join(parts)}"


def main(arguments: Sequence[str]) -> int:
    """Take what is asked for; the exit code is 1 if there was nothing of that name."""
    parser = argparse.ArgumentParser(prog="./run screenshots", description="Pictures of every page.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("screenshots"))
    parser.add_argument("--only", default="", help="names of pages, separated by commas")
    parser.add_argument("--who", default="", help=f"of {', '.join(ATHLETES)} and {NOBODY}, separated by commas")
    given = parser.parse_args(arguments)
    who = given.who.split(",") if given.who else [*ATHLETES, NOBODY]
    with tempfile.TemporaryDirectory(prefix="lw-pictures-") as scratch, launched() as browser:
        built = Path(scratch) / "built"
        built.mkdir()
        print("building the three athletes …", flush=True)
        build_household(built)
        services = open_household(built, Path(scratch) / "data")
        wanted = list(shots(services, who, given.only.split(",") if given.only else ()))
        if not wanted:
            print("there is no such page", file=sys.stderr)
            return 1
        shoot_all(browser, services, wanted, given.folder)
        services.close()
    (given.folder / "index.html").write_text(index(wanted))
    print(f"pictures are in {given.folder.absolute() / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
