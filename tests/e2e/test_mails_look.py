"""The samples of docs/mails in a browser: on a phone and wide, in light and dark, with pictures and without."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.mail_samples import FOLDER
from tests.support.browser import needs_browser, shoot

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = needs_browser

SAMPLES = sorted(FOLDER.glob("*.html"))
WIDTHS = (360, 700)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LOOKS = [(width, scheme) for width in WIDTHS for scheme in SCHEMES]

CONTRAST = 4.5
"""Of text on its background; WCAG 2.2, 1.4.3."""
FINGER_PX = 44
"""Height of what is to be tapped. WCAG 2.2, 2.5.5."""

_CONTRAST = """
    const rgba = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const linear = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const behind = (node) => {
        for (let n = node; n; n = n.parentElement) {
            const [r, g, b, alpha = 1] = rgba(getComputedStyle(n).backgroundColor);
            if (alpha === 1) return [r, g, b];
        }
        return [255, 255, 255];
    };
    const contrast = (node) => {
        const colours = [rgba(getComputedStyle(node).color), behind(node)];
        const [one, other] = colours.map(luminance).sort((a, b) => a - b);
        return (other + 0.05) / (one + 0.05);
    };
"""

LOW_CONTRASTS = f"""
(least) => {{{_CONTRAST}
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {{
        const node = text.parentElement;
        if (!text.data.trim() || !node.checkVisibility() || node.getBoundingClientRect().width === 0) continue;
        if (contrast(node) < least) found.push(`${{contrast(node).toFixed(2)}}: ${{text.data.trim().slice(0, 40)}}`);
    }}
    return found;
}}
"""

WORDS_FOR_PICTURES = f"""
() => {{{_CONTRAST}
    return [...document.images].map((i) => [i.alt.length, i.naturalWidth, contrast(i)]);
}}
"""

SMALL_TARGETS = """
(least) => [...document.querySelectorAll("a.pick, .go a")]
    .map((a) => [a.textContent.trim(), a.getBoundingClientRect()])
    .filter(([, box]) => box.height < least || box.width < least)
    .map(([words, box]) => `${words}: ${Math.round(box.width)} × ${Math.round(box.height)}`)
"""

TOO_WIDE = """
() => [...document.querySelectorAll("body *")]
    .filter((n) => n.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
    .map((n) => `${n.tagName.toLowerCase()}: ${n.textContent.trim().slice(0, 40)}`)
"""


@pytest.fixture(scope="module")
def screen(browser: "Browser") -> Iterator["Page"]:
    """A page that asks nobody for anything but files of the samples."""
    context = browser.new_context()
    page = context.new_page()
    page.on("request", lambda request: _ASKED.append(request.url))
    yield page
    context.close()


_ASKED: list[str] = []


def show(screen: "Page", sample: Path, width: int, scheme: Any) -> None:
    screen.set_viewport_size({"width": width, "height": 800})
    screen.emulate_media(color_scheme=scheme)
    if screen.url != sample.as_uri():
        screen.goto(sample.as_uri())


def test_there_are_samples() -> None:
    assert len(SAMPLES) > 20  # eleven kinds in two languages


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_mail_can_be_read_and_answered_on_a_phone_and_wide_in_light_and_dark(screen: "Page", sample: Path) -> None:
    _ASKED.clear()
    faults = []
    # What differs by the language is how long words are: on a phone.
    for width, scheme in LOOKS[:1] if sample.stem.endswith("-de") else LOOKS:
        show(screen, sample, width, scheme)
        look = f"{width} {scheme}"
        faults += [f"{look}: too wide: {fault}" for fault in screen.evaluate(TOO_WIDE)]
        faults += [f"{look}: hard to read: {fault}" for fault in screen.evaluate(LOW_CONTRASTS, CONTRAST)]
        faults += [f"{look}: hard to tap: {fault}" for fault in screen.evaluate(SMALL_TARGETS, FINGER_PX)]
        shoot(screen, f"mail-{sample.stem}-{width}-{scheme}")

    assert faults == []
    assert [url for url in _ASKED if not url.startswith(FOLDER.as_uri())] == []


def test_without_pictures_their_words_stand_in_for_them(browser: "Browser") -> None:
    with_pictures = [sample for sample in SAMPLES if "<img" in sample.read_text()]
    assert with_pictures

    context = browser.new_context(viewport={"width": 360, "height": 800})
    context.route("**/*.png", lambda route: route.abort())
    page = context.new_page()
    for sample in with_pictures:
        page.goto(sample.as_uri())
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            shown = page.evaluate(WORDS_FOR_PICTURES)
            assert shown, sample.stem
            for n, loaded, ratio in shown:
                assert not loaded, sample.stem
                assert n > 20, (sample.stem, shown)
                assert ratio >= CONTRAST, (sample.stem, shown)
        assert page.evaluate(TOO_WIDE) == []
        shoot(page, f"mail-{sample.stem}-without-pictures")
    context.close()


@pytest.mark.parametrize(
    ("harm", "look_for", "limit"),
    [
        ("document.querySelector('h1').style.color = '#bbb'", LOW_CONTRASTS, CONTRAST),
        ("document.querySelector('h1').style.width = '900px'", TOO_WIDE, None),
        ("document.querySelector('.go a').style.padding = '0'", SMALL_TARGETS, FINGER_PX),
    ],
    ids=("pale", "wide", "small"),
)
def test_what_is_in_the_way_is_found(screen: "Page", harm: str, look_for: str, limit: float | None) -> None:
    screen.goto("about:blank")
    show(screen, SAMPLES[0], 360, "light")
    screen.evaluate(harm)

    assert screen.evaluate(look_for, limit) != []
