"""The answer in the browser: kinds of heatmap, several digits, the copied number, no jump."""

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.helpers import (
    DESKTOP,
    PATIENCE,
    PHONE,
    SIZES,
    draw,
    expect_number,
    png,
    press,
    upload,
)
from tests.helpers import sketch

MIN_TARGET_PIXELS = 44


def kind_of_heatmap(page: Page) -> str:
    return page.locator("#pictures .methods [aria-pressed=true]").inner_text()


def heatmap(page: Page) -> str:
    return page.locator("#pictures .heat").get_attribute("src")


def test_the_chosen_kind_of_heatmap_stays_while_drawing(visit):
    page = visit()
    draw(page, 7, width=0.5)
    expect_number(page, "7")
    coarse = heatmap(page)
    assert kind_of_heatmap(page) == "Grad-CAM"
    page.get_by_role("button", name="LayerCAM").focus()
    page.keyboard.press("Enter")
    chosen = page.locator("#pictures [data-method=LayerCAM][aria-pressed=true]")
    expect(chosen).to_be_visible()
    assert heatmap(page) != coarse
    draw(page, 1, left=0.5, width=0.5)
    expect_number(page, "71")
    assert kind_of_heatmap(page) == "LayerCAM"
    page.get_by_role("button", name="Show why it is not a 9").click()
    expect(page.locator("#pictures")).to_contain_text("and not 9")
    assert kind_of_heatmap(page) == "LayerCAM"


@SIZES
def test_every_button_of_an_answer_is_large_enough_for_a_finger(visit, size):
    page = visit(size)
    draw(page, 1, width=0.5)
    draw(page, 7, left=0.45, width=0.5)
    expect_number(page, "17")
    if size is PHONE:
        page.get_by_text("What the network sees, and why").click()
    for button in page.locator("#input .tools button, #output button:not(.bar)").all():
        if not button.is_visible():
            continue
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= MIN_TARGET_PIXELS, button.inner_text()
    card = page.locator("#output").bounding_box()
    for button in page.locator("#output button").all():
        box = button.bounding_box()
        assert box["x"] + box["width"] <= card["x"] + card["width"], button.inner_text()


WORDS = """() => [...document.querySelectorAll(
        "#answer .bars .share, #pictures figcaption:not(:has(.methods)), " +
        "#pictures figcaption > span:first-child, #pictures .methods button"
    )].map(part => {
        const range = document.createRange();
        range.selectNodeContents(part);
        const { left, right, top, bottom } = range.getBoundingClientRect();
        return { words: part.innerText, left, right, top, bottom };
    })"""


def overlap(one: dict, other: dict) -> bool:
    return all(
        max(one[near], other[near]) < min(one[far], other[far])
        for near, far in (("left", "right"), ("top", "bottom"))
    )


def test_texts_of_an_answer_do_not_overlap_at_any_width(visit):
    page = visit()
    draw(page, 7)
    expect_number(page, "7")
    expect(page.locator("#pictures .heat")).to_be_visible()
    # The longest caption.
    page.get_by_role("button", name="Show why it is not a 9").click()
    expect(page.locator("#pictures")).to_contain_text("Why 7 and not 9")
    page.evaluate("document.querySelector('#pictures .key.against').innerText = 'nothing for 9'")
    for width in (768, 820, 1024, 1099, 1100, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        words = page.evaluate(WORDS)
        card = page.locator("#output").bounding_box()
        for number, part in enumerate(words):
            assert part["right"] <= card["x"] + card["width"], (width, part["words"])
            for other in words[:number]:
                assert not overlap(part, other), (width, part["words"], other["words"])
        for caption in page.locator("#pictures figcaption").all():
            assert caption.evaluate("caption => caption.scrollWidth <= caption.clientWidth"), width
        tile = page.locator("#pictures .tile").bounding_box()
        assert tile["width"] == pytest.approx(tile["height"], abs=1), width


def test_copying_the_number_is_confirmed(visit):
    page = visit()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    draw(page, 1, width=0.5)
    draw(page, 7, left=0.45, width=0.5)
    expect_number(page, "17")
    button = page.get_by_role("button", name="Copy 17")
    button.click()
    expect(button).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "17"
    expect(button).to_have_text("Copy")


def test_the_last_of_several_quick_choices_is_shown(visit):
    page = visit()
    draw(page, 7)
    expect_number(page, "7")
    page.evaluate(
        """() => {
            for (const digit of ["2", "9", "1"])
                document.querySelector(`#answer [data-target="${digit}"]`).click();
        }"""
    )
    expect(page.locator("#pictures")).to_contain_text("Why 7 and not 1")


def test_a_late_answer_does_not_stay_in_another_tab(visit):
    page = visit()
    held = []
    page.route("**/queue/join*", lambda route: held.append(route), times=1)
    with page.expect_request("**/queue/join*", timeout=PATIENCE):
        draw(page, 7)
    page.get_by_role("tab", name="Image").click()
    page.wait_for_timeout(500)
    held[0].continue_()
    hero = page.locator("#answer .hero")
    expect(hero).to_contain_text("Choose a picture")
    page.get_by_role("tab", name="Sketchpad").click()
    expect_number(page, "7")


def test_a_file_that_arrives_after_its_tab_was_left_is_read_on_return(visit):
    page = visit()
    page.evaluate(
        """() => {
            window.createImageBitmap = () => new Promise((decode) => (window.decode = decode));
        }"""
    )
    upload(page, "7.png", png(sketch(7)))
    page.wait_for_function("window.decode !== undefined")
    page.get_by_role("tab", name="Sketchpad").click()
    page.evaluate("window.decode(null)")
    page.wait_for_timeout(1500)
    expect(page.locator("#answer .hero")).to_contain_text("Draw a digit")
    page.get_by_role("tab", name="Image").click()
    expect_number(page, "7")


def test_a_digit_is_picked_in_the_number_and_on_the_picture(visit):
    page = visit()
    draw(page, 1, width=0.5)
    draw(page, 7, left=0.45, width=0.5)
    expect_number(page, "17")
    winner = page.locator("#answer .bar.winner .name")
    for digit, place in (("7", 1), ("1", 0)):
        page.locator("#answer .number [data-mark]").nth(place).click()
        expect(winner).to_have_text(digit)
    page.locator("#pictures .spot").nth(1).click()
    expect(winner).to_have_text("7")
    expect(page.locator("#pictures .spot").nth(1)).to_have_class("spot chosen")


def test_the_digit_of_a_wide_flat_picture_is_shown_large(visit):
    page = visit()
    flat = Image.new("RGB", (4000, 200), "white")
    flat.paste(sketch(7, side=150, pen=12), (3000, 25))
    upload(page, "flat.png", png(flat))
    expect_number(page, "7")
    shown = page.locator("#pictures .heat").bounding_box()
    assert shown["height"] > 100


@SIZES
def test_nothing_jumps_while_an_answer_arrives(visit, size):
    page = visit(size)
    page.wait_for_timeout(1000)
    page.evaluate(
        """() => {
          window.jumps = [];
          const note = (list) => window.jumps.push(...list.getEntries().map((e) => e.value));
          new PerformanceObserver(note).observe({ type: "layout-shift", buffered: true });
        }"""
    )
    # Those since the page began to load come with the next frames.
    page.evaluate("() => new Promise((done) => setTimeout(() => requestAnimationFrame(done), 200))")
    assert np.sum(page.evaluate("window.jumps.splice(0)")) < 0.01
    draw(page, 1, width=0.5)
    expect_number(page, "1")
    draw(page, 7, left=0.45, width=0.5)
    expect_number(page, "17")
    press(page, "Clear")
    expect(page.locator("#answer .hero")).to_contain_text("Draw a digit")
    # Also those that follow a press at once, which the usual figure leaves out.
    assert np.sum(page.evaluate("window.jumps")) < 0.02


def test_the_time_and_the_model_are_in_small_print(visit):
    page = visit(DESKTOP)
    draw(page, 7)
    expect_number(page, "7")
    expect(page.locator("#pictures")).to_contain_text("read in ")
    expect(page.locator("#model")).to_contain_text("parameters")
    for part in ("#pictures figcaption", "#model p"):
        size = page.eval_on_selector(part, "part => parseFloat(getComputedStyle(part).fontSize)")
        assert size <= 14


def test_why_it_is_not_another_digit_is_shown_of_each_mark(visit):
    page = visit()
    draw(page, 1, width=0.5)
    draw(page, 7, left=0.45, width=0.5)
    expect_number(page, "17")
    marks = page.locator("#answer .marks button")
    expect(marks).to_have_count(2)
    marks.nth(1).click()
    expect(page.locator("#answer .bar.winner .name")).to_have_text("7")
    answer = page.locator("#pictures .heat").get_attribute("src")
    page.get_by_role("button", name="Show why it is not a 9").click()
    expect(page.locator("#pictures")).to_contain_text("Why 7 and not 9")
    contrast = page.get_by_role(
        "img", name="orange marks what speaks for 7, blue what speaks for 9"
    )
    assert contrast.get_attribute("src") != answer
    page.get_by_role("button", name="Show the evidence for 7").click()
    expect(page.locator("#pictures")).to_contain_text("Evidence for 7")
    expect_number(page, "17")


def test_the_pictures_are_folded_on_a_phone_and_stay_open(visit):
    page = visit(PHONE)
    draw(page, 7)
    expect_number(page, "7")
    expect(page.locator("#pictures .tile")).to_be_hidden()
    page.get_by_text("What the network sees, and why").click()
    expect(page.locator("#pictures .tile")).to_be_visible()
    page.get_by_role("button", name="Show why it is not a 9").click()
    expect(page.locator("#pictures")).to_contain_text("Why 7 and not 9")
    expect(page.locator("#pictures .heat")).to_be_visible()
