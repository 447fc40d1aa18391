"""The layout: everything is in view, in place and legible."""

from playwright.sync_api import expect

from tests.browser.helpers import DESKTOP, PATIENCE, SIZES, colour, contrast, draw, expect_number


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
