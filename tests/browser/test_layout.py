"""The layout: everything is in view, in place and legible."""

import pytest
from playwright.sync_api import expect

from tests.browser.helpers import (
    DESKTOP,
    OVERLAPPING,
    PHONE,
    colour,
    contrast,
    cut_off,
    draw,
    expect_number,
    expect_whole_rows,
    upload,
)

SIDEWAYS = {"width": 844, "height": 390}


@pytest.mark.parametrize(
    "size", [DESKTOP, PHONE, SIDEWAYS], ids=["desktop", "phone", "phone held sideways"]
)
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
    expect(page.locator("#pictures .heat")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollHeight") <= DESKTOP["height"]


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


# How far the content of a card reaches beyond its right edge.
RIGHTMOST = """card => {
  const parts = document.querySelectorAll(`${card} :is(h1, h2, button, p, strong, img)`);
  const hidden = ".marks, .visually-hidden";
  const shown = [...parts].filter((part) => part.checkVisibility() && !part.closest(hidden));
  const right = Math.max(...shown.map((part) => part.getBoundingClientRect().right));
  return right - document.querySelector(card).getBoundingClientRect().right;
}"""


def test_nothing_overlaps_or_leaves_its_card_at_any_width(visit):
    page = visit({"width": 320, "height": 800})
    for place in range(12):
        draw(page, 1, left=0.08 * place, width=0.08, top=0.4, height=0.25)
    expect(page.locator("#answer .marks button")).to_have_count(12)
    for width in (320, 390, 768, 912, 960, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 1080 if width == 1920 else 800})
        page.evaluate("new Promise(requestAnimationFrame)")
        assert page.evaluate(OVERLAPPING) == [], width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for card in ("#input", "#output"):
            assert page.evaluate(RIGHTMOST, card) <= 1, (card, width)


def test_rows_of_digits_and_long_sentences_are_shown_whole(visit):
    page = visit()
    expect_whole_rows(page, upload)
    upload(page, "text.png", b"no picture at all")
    expect(page.locator("#answer .hero.problem")).to_contain_text("text file")
    assert cut_off(page) == []
    upload(page, "a long name " * 9 + ".png", b"")
    expect(page.locator("#trouble .note")).to_contain_text("is empty")
    assert cut_off(page) == []


def test_a_projector_s_screen_is_used(visit):
    page = visit({"width": 1920, "height": 1080})
    desk = page.locator("#desk").bounding_box()
    assert desk["width"] > 0.85 * 1920
    assert desk["height"] > 0.7 * 1080
    assert page.evaluate("document.documentElement.scrollHeight") <= 1080


def test_the_bars_can_be_seen_with_forced_colours(visit):
    page = visit(forced_colors="active")
    draw(page, 7)
    expect_number(page, "7")
    winner = page.locator("#answer .bar.winner")
    fill = winner.locator(".fill").evaluate("bar => getComputedStyle(bar).backgroundColor")
    ground = winner.locator(".well").evaluate("bar => getComputedStyle(bar).backgroundColor")
    assert fill != ground
    assert winner.locator(".well").evaluate("bar => getComputedStyle(bar).borderTopWidth") == "1px"


def test_the_api_page_opens_by_its_address(page):
    # Gradio asks its own server for files that are not there.
    page.goto(f"{page.url}?view=api")
    expect(page.get_by_text("/predict_batch").first).to_be_visible()


def test_the_desk_waits_for_the_title_that_would_push_it_down(visit):
    page = visit(DESKTOP)
    expect(page.locator("#pad canvas")).to_be_visible()
    page.evaluate("document.querySelector('#title h1').remove()")
    expect(page.locator("#pad canvas")).to_be_hidden()
