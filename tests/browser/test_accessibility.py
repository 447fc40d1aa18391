"""Axe-core finds nothing serious in any state, and every target is large enough to press."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.helpers import (
    AXE,
    PHONE,
    SIZES,
    draw,
    expect_number,
    png,
    press,
    scribble,
    too_small,
    upload,
    violations,
)
from tests.helpers import ROOT, sketch

SCAN = str(ROOT / "page" / "reading" / "examples" / "scan.jpg")
needs_axe = pytest.mark.skipif(
    not AXE.exists(), reason="needs axe-core: npm install --no-save axe-core@4.14"
)


@SIZES
@needs_axe
def test_no_state_of_the_page_has_a_serious_violation(visit, size):
    page = visit(size)
    found = {"empty": violations(page)}
    draw(page, 1, width=0.5)
    draw(page, 7, left=0.45, width=0.5)
    expect_number(page, "17")
    if size is PHONE:
        page.get_by_text("What the network sees, and why").click()
    found["answer"] = violations(page)
    press(page, "Got it wrong?")
    found["correction"] = violations(page)
    press(page, "Not a digit")
    expect(page.locator("#correct [role=status]")).to_contain_text("Saved")
    found["kept"] = violations(page)
    press(page, "Copy link")
    found["link"] = violations(page)
    press(page, "Clear")
    scribble(page)
    expect(page.locator("#answer .hero.refusal")).to_be_visible()
    found["refusal"] = violations(page)
    upload(page, "broken.png", b"no picture at all")
    expect(page.locator("#answer .hero.problem")).to_be_visible()
    found["error"] = violations(page)
    page.get_by_role("tab", name="Webcam").click()
    press(page, "Start camera")
    expect(page.locator("#camera .note")).to_contain_text("No camera")
    found["no camera"] = violations(page)
    page.get_by_role("tab", name="Files").click()
    found["no files"] = violations(page)
    read_files(page, SCAN, str(AXE))
    found["files"] = violations(page)
    show_models(page)
    found["models"] = violations(page)
    assert not {state: what for state, what in found.items() if what}


@SIZES
def test_every_target_is_large_enough(visit, size):
    page = visit(size, permissions=["clipboard-read", "clipboard-write"])
    draw(page, 7)
    expect_number(page, "7")
    press(page, "Got it wrong?")
    found = {"answer": too_small(page)}
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Image").click()
    page.locator("#examples button").first.click()
    expect_number(page, "47")
    found["example"] = too_small(page)
    page.get_by_role("tab", name="Webcam").click()
    found["camera"] = too_small(page)
    page.get_by_role("tab", name="Files").click()
    read_files(page, SCAN)
    found["files"] = too_small(page)
    show_models(page)
    found["models"] = too_small(page)
    assert not {state: what for state, what in found.items() if what}


def read_files(page: Page, *paths: str) -> None:
    page.locator("#files input[type=file]").set_input_files(paths)
    done = f"{len(paths)} of {len(paths)} read"
    expect(page.locator("#batch")).to_contain_text(done)


def show_models(page: Page) -> None:
    page.get_by_role("tab", name="Models").click()
    expect(page.locator("#models input").first).to_be_checked()


@needs_axe
def test_an_uploaded_picture_has_no_serious_violation(visit):
    page = visit()
    upload(page, "number.png", png(sketch(1, 4, 7)))
    expect_number(page, "147")
    assert not violations(page)
