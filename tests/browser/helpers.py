"""Shared by the browser tests: window sizes, what a visitor does, and what they should see."""

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from threading import Thread

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from browser.site import serve
from tests.helpers import ROOT, STROKES, sketch

# The first opens a page with half the work of the others.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), "")
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 664}
SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
THEMES = ("light", "dark")
# Generous, because the tests share their processors; what is measured has its own limit.
PATIENCE = 45_000
expect.set_options(timeout=PATIENCE)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a folder that is served on loopback."""
    server = serve(folder, 0)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


# Holds questions to the server back until release() is called.
HOLD_QUESTIONS = """
const ask = window.fetch;
const released = new Promise((release) => (window.release = release));
window.fetch = async (input, init) => {
  if (String(input.url ?? input).includes("queue/join")) {
    window.isAsked = true;
    await released;
  }
  return ask(input, init);
};
"""


def open_page(browser: Browser, url: str, **settings) -> Page:
    """Open the Gradio page in a context of its own, and wait until one can draw."""
    page = browser.new_page(**settings)
    page.goto(url)
    page.wait_for_selector("#pad [data-tool=clear]")
    return page


def draw(
    page: Page,
    digit: int,
    *,
    left: float = 0,
    width: float = 1,
    top: float = 0,
    height: float = 1,
    pad: Locator | None = None,
) -> None:
    """Draw a digit's strokes with the mouse.

    left, width, top, height: where, as shares of the pad's height; a wide pad is wider than 1.
    pad: in a frame.
    """
    box = (pad or page.locator("#pad canvas")).bounding_box()
    side = box["height"]
    for stroke in STROKES[digit]:
        points = [
            (box["x"] + side * (left + width * x), box["y"] + side * (top + height * y))
            for x, y in stroke
        ]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=4)
        page.mouse.up()


def press(page: Page, tool: str) -> None:
    page.get_by_role("button", name=tool, exact=True).click()


def expect_number(page: Page, text: str) -> None:
    """Expect that the page shows this number and waits for no other answer."""
    expect(page.locator("#answer .number")).to_have_text(text)
    busy = page.locator("#answer[aria-busy=true], #answer [aria-busy=true], #pad [aria-busy=true]")
    expect(busy).to_have_count(0)
    expect(page.locator("#answer .number")).to_have_text(text)


def expect_empty(page: Page) -> None:
    expect(page.locator("#answer .hero")).to_contain_text("Draw a digit")


def upload(page: Page, name: str, content: bytes) -> None:
    choose_picture(page, {"name": name, "mimeType": "image/png", "buffer": content})


def choose_picture(page: Page, file) -> None:
    """file: a path, or a file as Playwright takes it."""
    page.get_by_role("tab", name="Image").click()
    page.locator("#image input[type=file]").set_input_files(file)


def png(image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "png")
    return buffer.getvalue()


def rows_of_digits(rows: int, length: int) -> Image.Image:
    """Draw rows of digits below each other, each beginning with another digit."""
    digits = cycle(STROKES)
    drawn = [sketch(*islice(digits, length), side=140, pen=11) for _ in range(rows)]
    picture = Image.new("RGB", (drawn[0].width, 140 * rows))
    for place, row in enumerate(drawn):
        picture.paste(row, (0, 140 * place))
    return picture


def choose_files(page: Page, files: dict[str, bytes]) -> None:
    page.get_by_role("tab", name="Files").click()
    page.locator("#files input[type=file]").set_input_files(
        [{"name": n, "mimeType": "image/png", "buffer": content} for n, content in files.items()]
    )


def scribble(page: Page) -> None:
    """Draw a zigzag over the whole pad, which is not a digit."""
    box = page.locator("#pad canvas").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    for row in range(1, 12):
        across = 0.9 if row % 2 else 0.1
        page.mouse.move(
            box["x"] + across * box["width"], box["y"] + row / 12 * box["height"], steps=3
        )
    page.mouse.up()


def show_in(page: Page, theme: str) -> None:
    """Show the page in a theme at once, because a fading colour would be judged half way."""
    page.add_style_tag(content="* { transition: none !important; animation: none !important }")
    page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")


def violations(page: Page) -> list[str]:
    """Return each serious violation that axe-core finds: theme, rule and first element."""
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    found = []
    for theme in THEMES:
        show_in(page, theme)
        result = page.evaluate("axe.run({ resultTypes: ['violations'] })")
        found += [
            f"{theme}: {one['id']}: {one['nodes'][0]['html'][:200]}"
            for one in result["violations"]
            if one["impact"] in ("serious", "critical")
        ]
    return found


def too_small(page: Page) -> list[str]:
    """Return the targets that are less than 44 pixels high, or narrower than a bar on a phone."""
    return page.evaluate(
        """() => [...document.querySelectorAll("button, a[href], input:not([type=file])")]
            .filter((one) => one.checkVisibility({ visibilityProperty: true }))
            .filter((one) => !one.closest(".visually-hidden, .fold"))
            .map((one) => [one, one.getBoundingClientRect()])
            .filter(([one, box]) => box.width && (box.height < 44 || box.width < 30))
            .map(([one, box]) => `${one.outerHTML.slice(0, 80)} ${box.width} x ${box.height}`)"""
    )


OVERLAPPING = """() => {
  const shown = [...document.querySelectorAll(
    "#answer .number, #answer .verdict, #answer .picker button, #answer .bars, #trouble .note"
  )].filter((part) => part.checkVisibility() && part.textContent && !part.closest(".marks"));
  const boxes = shown.map((part) => part.getBoundingClientRect());
  return shown.flatMap((part, n) => shown.slice(n + 1).filter((_, m) => {
    const [one, other] = [boxes[n], boxes[n + 1 + m]];
    return one.left < other.right - 1 && other.left < one.right - 1
      && one.top < other.bottom - 1 && other.top < one.bottom - 1;
  }).map((other) => `${part.className} / ${other.className}`));
}"""

# The parts of an answer that are smaller than their content.
OVERFULL = """() => [...document.querySelectorAll(
    "#answer .number, #answer .hero, #answer .verdict, #trouble .note"
  )].filter((part) => part.checkVisibility())
  .filter((part) => part.scrollHeight > part.clientHeight + 1
    || part.scrollWidth > part.clientWidth + 1)
  .map((part) => part.className)"""


def cut_off(page: Page) -> list[str]:
    """Return what of an answer is cut off, overlaps or is too wide, from a phone to a desktop."""
    found = []
    for width in (320, 390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate("new Promise(requestAnimationFrame)")
        found += [f"{width}: {part} is cut off" for part in page.evaluate(OVERFULL)]
        found += [f"{width}: {parts} overlap" for parts in page.evaluate(OVERLAPPING)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{width}: the page scrolls sideways")
    return found


def expect_whole_rows(page: Page, give: Callable[[Page, str, bytes], None]) -> None:
    """Give pictures of several rows, and of a long one; expect to see all digits of the answers."""
    for rows, length in ((4, 3), (8, 3), (1, 24)):
        give(page, "rows.png", png(rows_of_digits(rows, length)))
        expect(page.locator("#answer .digits")).to_have_count(rows)
        expect(page.locator("#answer .number [data-mark]")).to_have_count(rows * length)
        assert cut_off(page) == []
    last = page.locator("#answer .marks button").last
    last.click()
    expect(last).to_have_attribute("aria-pressed", "true")
    expect(last).to_be_in_viewport(ratio=0.9)


def colour(page: Page, selector: str, kind: str) -> list[int]:
    rgb = page.eval_on_selector(selector, f"element => getComputedStyle(element).{kind}")
    return [int(part) for part in rgb[rgb.index("(") + 1 : -1].split(",")[:3]]


def contrast(page: Page, text: str, ground: str) -> float:
    """WCAG 2.2's contrast ratio of a text on the ground of another element."""

    def luminance(rgb: list[int]) -> float:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in (level / 255 for level in rgb)
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    pair = (
        luminance(colour(page, text, "color")),
        luminance(colour(page, ground, "backgroundColor")),
    )
    return (max(pair) + 0.05) / (min(pair) + 0.05)
