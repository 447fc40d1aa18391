"""Upload a picture: it is read, or a sentence says why not."""

from playwright.sync_api import expect

from tests.browser.helpers import PATIENCE, SIZES, expect_number, png, upload
from tests.helpers import sketch


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
