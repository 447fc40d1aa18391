"""The pad in the browser: the picture that is sent, whatever the window, and when it is sent."""

import base64
import io
from pathlib import Path
from time import sleep

import gradio
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from page.settings import PAD_HEIGHT
from tests.browser.helpers import (
    DESKTOP,
    PHONE,
    draw,
    expect_empty,
    expect_number,
    open_page,
    press,
)

ASSETS = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"


def drawing_sent(page: Page) -> np.ndarray:
    """Draw a 7, wait for its answer, and take the last picture that went out."""
    posted: list[str] = []
    page.on("request", lambda r: posted.append(r.post_data) if "queue/join" in r.url else None)
    draw(page, 7)
    expect_number(page, "7")
    page.wait_for_timeout(1000)
    url = next(part for part in posted[-1].split('"') if part.startswith("data:image/png"))
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
        return np.asarray(image.convert("L"), float)


@pytest.fixture(scope="module")
def usual(browser, app_url) -> np.ndarray:
    """Return what a window of the usual size sends."""
    page = open_page(browser, app_url, viewport=DESKTOP)
    sent = drawing_sent(page)
    page.close()
    return sent


@pytest.mark.parametrize(
    ("size", "density", "zoom"),
    [((900, 500), 1, 1), ((390, 664), 3, 1), ((1280, 800), 1.5, 1), ((1280, 800), 1, 1.5)],
    ids=["low window", "phone", "dense screen", "zoomed"],
)
def test_the_drawing_does_not_depend_on_the_window(visit, usual, size, density, zoom):
    width, height = size
    page = visit({"width": width, "height": height}, device_scale_factor=density)
    page.evaluate("zoom => { document.body.style.zoom = zoom; }", zoom)
    page.locator("#pad canvas").scroll_into_view_if_needed()
    found = drawing_sent(page)
    assert found.shape[0] == usual.shape[0] == PAD_HEIGHT
    # A pixel of the window is the finest step of a mouse.
    square = np.s_[:, :PAD_HEIGHT]
    assert np.abs(found[square] - usual[square]).mean() < 4


def test_the_answer_comes_while_the_stroke_is_drawn(visit):
    page = visit()
    box = page.locator("#pad canvas").bounding_box()
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + 0.2 * box["height"])
    page.mouse.down()
    for step in range(1, 20):
        page.mouse.move(x, box["y"] + (0.2 + 0.03 * step) * box["height"])
        page.wait_for_timeout(20)
    expect(page.locator("#answer .hero.answer, #answer .hero.refusal")).to_be_visible()
    page.mouse.up()
    expect_number(page, "1")


def test_no_second_question_is_sent_before_the_first_answer(visit):
    """What is drawn before an answer has come waits for it: nothing piles up."""
    page = visit()
    held = []
    page.route("**/queue/join*", lambda route: held.append(route))
    box = page.locator("#pad canvas").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(box["x"] + 40 + 3 * step, box["y"] + 40 + 2 * step)
        page.wait_for_timeout(20)
    assert len(held) == 1
    held[0].continue_()
    page.unroute("**/queue/join*")
    page.mouse.up()
    expect(page.locator("#answer .hero.empty")).to_have_count(0)


def test_the_answer_comes_by_itself_when_the_pen_is_up(visit):
    page = visit()
    draw(page, 7)
    expect_number(page, "7")
    press(page, "Clear")
    expect_empty(page)
    draw(page, 1)
    expect_number(page, "1")


def test_the_pad_works_at_once_and_after_clear_undo_and_another_tab(visit):
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
    expect(page.locator("#answer .hero")).to_contain_text("Choose a picture")
    page.get_by_role("tab", name="Sketchpad").click()
    expect_empty(page)
    draw(page, 7)
    expect_number(page, "7")


def test_quick_strokes_end_with_the_answer_to_the_last(visit):
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


def test_a_reload_keeps_the_drawing(visit):
    page = visit()
    draw(page, 1, width=0.5)
    draw(page, 7, left=0.5, width=0.5)
    expect_number(page, "17")
    page.reload()
    page.wait_for_selector("#pad [data-tool=clear]:enabled")
    expect_number(page, "17")
    press(page, "Clear")
    expect_empty(page)


def test_a_reload_on_a_slow_line_reads_the_drawing(visit):
    page = visit()
    draw(page, 7)
    expect_number(page, "7")
    # All else is there two seconds before Gradio's component for HTML.
    component = next(
        asset for asset in ASSETS.glob("Index-*.js") if "js_on_load" in asset.read_text()
    )
    page.route(f"**/assets/{component.name}", come_late)
    page.reload()
    expect_number(page, "7")


def come_late(route: Route) -> None:
    sleep(2)
    route.continue_()


def test_a_wide_window_gives_room_for_a_number(visit):
    page = visit()
    for place in range(8):
        draw(page, 4 if place % 2 else 7, left=0.17 * place, width=0.2, top=0.35, height=0.3)
    expect_number(page, "74747474")


def test_nine_digits_in_a_grid_are_kept_apart(visit):
    page = visit(PHONE)
    cell = 1 / 3
    for place, digit in enumerate([1, 4, 7, 3, 1, 4, 7, 3, 1]):
        row, column = divmod(place, 3)
        draw(page, digit, left=column * cell, width=cell, top=row * cell, height=cell)
    expect_number(page, "147314731")


def test_a_wide_drawing_can_be_opened_in_a_narrow_window(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    draw(page, 1, width=0.5)
    draw(page, 7, left=1, width=0.45)
    expect_number(page, "17")
    page.set_viewport_size({"width": 1000, "height": 800})
    draw(page, 4, left=0.4, width=0.3)
    expect(page.locator("#answer .number")).not_to_have_text("17")
    assert len(expect_digits(page)) == 3


def expect_digits(page: Page) -> list[str]:
    expect(page.locator("#answer .marks button")).to_have_count(3)
    return page.locator("#answer .marks button").all_inner_texts()
