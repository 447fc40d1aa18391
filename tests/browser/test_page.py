"""The page in a real browser: draw, upload, photograph, and read the answer off it."""

import io
import shutil
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.helpers import STROKES, sketch

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 664}
SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
# A machine that trains at the same time is slow; what is measured has its own limit.
PATIENCE = 20_000

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")


@pytest.fixture(scope="module")
def start() -> Iterator[Callable[..., Browser]]:
    """Starts a browser with the flags given."""
    with sync_playwright() as playwright:
        yield lambda *flags: playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, *flags]
        )


@pytest.fixture(scope="module")
def browser(start) -> Iterator[Browser]:
    running = start()
    yield running
    running.close()


@pytest.fixture
def visit(browser, app_url) -> Iterator[Callable[..., Page]]:
    """Opens the page; afterwards nothing was wrong on its console or asked of another host."""
    pages, wrong = [], []

    def opened(size: dict = DESKTOP, query: str = "", **settings) -> Page:
        page = browser.new_page(viewport=size, **settings)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        page.on("request", lambda request: wrong.append(request.url) if _outside(request) else None)
        pages.append(page)
        page.goto(app_url + query)
        page.wait_for_selector("#pad [data-tool=clear]")
        return page

    def _outside(request) -> bool:
        parts = urlsplit(request.url)
        return parts.scheme in ("http", "https", "ws") and parts.netloc != urlsplit(app_url).netloc

    yield opened
    for page in pages:
        page.close()
    assert not wrong


def draw(page: Page, digit: int, *, left: float = 0.0, width: float = 1.0) -> None:
    """Draw a digit's strokes with the mouse into a part of the pad."""
    box = page.locator("#pad canvas").bounding_box()
    for stroke in STROKES[digit]:
        points = [
            (box["x"] + box["width"] * (left + width * x), box["y"] + box["height"] * y)
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
    """The page shows this number and waits for no other answer."""
    expect(page.locator("#answer .number")).to_have_text(text, timeout=PATIENCE)
    expect(page.locator("#answer [aria-busy=true]")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("#answer .number")).to_have_text(text)


def expect_empty(page: Page) -> None:
    expect(page.locator("#answer .hero")).to_contain_text("Draw a digit", timeout=PATIENCE)


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


@SIZES
def test_a_drawn_digit_is_answered_where_it_can_be_seen(visit, size):
    page = visit(size)
    before = page.locator("#answer .bars").bounding_box()
    draw(page, 7)
    expect_number(page, "7")
    expect(page.locator("#answer .verdict")).to_contain_text("ure")
    expect(page.locator("#answer .bar.winner .name")).to_have_text("7")
    expect(page.locator("#answer .bar")).to_have_count(10)
    for part in ("#pad canvas", "#pad .tools", "#answer .hero", "#answer .bars"):
        box = page.locator(part).bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= size["height"], part
        assert box["x"] + box["width"] <= size["width"], part
    assert page.locator("#answer .bars").bounding_box() == before
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_nothing_is_below_the_fold_on_a_desktop(visit):
    page = visit(DESKTOP)
    draw(page, 7)
    expect(page.locator("#pictures .heat")).to_be_visible(timeout=PATIENCE)
    assert page.evaluate("document.documentElement.scrollHeight") <= DESKTOP["height"]


def test_the_answer_comes_by_itself_when_the_pen_is_up(visit):
    page = visit()
    draw(page, 7)
    expect_number(page, "7")
    press(page, "Clear")
    expect_empty(page)
    draw(page, 1)
    expect_number(page, "1")


def test_the_pad_draws_at_once_and_after_clear_undo_and_another_tab(visit):
    page = visit()
    draw(page, 1, width=0.5)
    expect_number(page, "1")
    draw(page, 7, left=0.45, width=0.5)
    expect_number(page, "17")
    press(page, "Undo")
    expect_number(page, "1")
    page.keyboard.press("Control+y")
    expect_number(page, "17")
    press(page, "Clear")
    expect_empty(page)
    page.keyboard.press("Control+z")
    expect_number(page, "17")
    press(page, "Clear")
    expect_empty(page)
    page.get_by_role("tab", name="Image").click()
    expect(page.locator("#answer .hero")).to_contain_text("Choose a picture", timeout=PATIENCE)
    page.get_by_role("tab", name="Sketchpad").click()
    expect_empty(page)
    draw(page, 7)
    expect_number(page, "7")


def test_strokes_in_quick_succession_end_with_the_answer_to_the_last(visit):
    page = visit()
    for place in range(4):
        draw(page, 1, left=place / 4, width=0.25)
    expect_number(page, "1111")


def test_undo_and_clear_work_by_keyboard(visit):
    page = visit()
    draw(page, 7)
    expect_number(page, "7")
    page.get_by_role("button", name="Undo", exact=True).focus()
    page.keyboard.press("Enter")
    expect_empty(page)


def test_a_finger_draws_without_scrolling_the_page(visit):
    page = visit(PHONE, has_touch=True)
    box = page.locator("#pad canvas").bounding_box()
    touch = page.context.new_cdp_session(page)
    x, top = box["x"] + box["width"] / 2, box["y"] + 0.2 * box["height"]
    for kind, y in [("Start", 0.0), *(("Move", 0.1 * step) for step in range(1, 7)), ("End", 0)]:
        points = [] if kind == "End" else [{"x": x, "y": top + y * box["height"]}]
        touch.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
    expect_number(page, "1")
    assert page.evaluate("window.scrollY") == 0


def test_why_not_another_digit_and_another_mark(visit):
    page = visit()
    draw(page, 1, width=0.5)
    draw(page, 7, left=0.45, width=0.5)
    expect_number(page, "17")
    marks = page.locator("#answer .marks button")
    expect(marks).to_have_count(2)
    marks.nth(1).click()
    expect(page.locator("#answer .bar.winner .name")).to_have_text("7", timeout=PATIENCE)
    answer = page.locator("#pictures .heat").get_attribute("src")
    page.get_by_role("button", name="Show what speaks for 9").click()
    expect(page.locator("#pictures")).to_contain_text("speaks for 9", timeout=PATIENCE)
    assert page.locator("#pictures .heat").get_attribute("src") != answer
    expect_number(page, "17")


def test_the_pictures_are_folded_on_a_phone_and_stay_as_they_were_left(visit):
    page = visit(PHONE)
    draw(page, 7)
    expect_number(page, "7")
    expect(page.locator("#pictures .tile")).to_be_hidden()
    page.get_by_text("What the network sees, and why").click()
    expect(page.locator("#pictures .tile")).to_be_visible()
    page.get_by_role("button", name="Show what speaks for 9").click()
    expect(page.locator("#pictures")).to_contain_text("speaks for 9", timeout=PATIENCE)
    expect(page.locator("#pictures .heat")).to_be_visible()


@SIZES
def test_an_uploaded_picture_is_read(visit, size):
    page = visit(size)
    upload(page, "number.png", png(sketch(1, 4, 7)))
    expect_number(page, "147")
    box = page.locator("#answer .hero").bounding_box()
    assert box["y"] + box["height"] <= size["height"]


def test_a_broken_file_is_a_sentence_in_place(visit):
    page = visit()
    upload(page, "broken<b>.png", b"no picture at all")
    hero = page.locator("#answer .hero.problem")
    expect(hero).to_contain_text("text file", timeout=PATIENCE)
    expect(hero).to_contain_text("Save it as PNG or JPEG")
    expect(page.locator(".toast-body")).to_have_count(0)


def test_the_page_says_which_model_is_serving(visit):
    expect(visit().locator("#model")).to_contain_text("bundled checkpoint")


def test_both_themes_are_legible(visit):
    for theme in ("light", "dark"):
        page = visit(query=f"?__theme={theme}")
        draw(page, 7)
        expect_number(page, "7")
        for part in ("#answer strong", "#answer .verdict span", "#model p", ".bar .name"):
            assert contrast(page, part, "#output") >= 4.5, (theme, part)
        level = max(colour(page, "#output", "backgroundColor"))
        assert level > 220 if theme == "light" else level < 60


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
