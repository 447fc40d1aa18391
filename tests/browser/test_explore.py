"""What invites visitors to explore: samples, the guess over time, the steps, "What is this?"."""

import re

import httpx
from playwright.sync_api import Page, expect

from tests.browser.helpers import (
    AXE,
    PHONE,
    draw,
    expect_empty,
    expect_number,
    press,
    violations,
)


def went(page: Page, leaders: str):
    """Return the timeline whose last leaders are these."""
    return page.get_by_role("img", name=re.compile(f"The guess over time: .*{leaders}$"))


def test_a_sample_goes_to_the_pad_by_keyboard_and_the_guess_is_followed(visit):
    page = visit()
    sample = page.get_by_role("button", name="Put on the pad: a plain 5")
    sample.focus()
    page.keyboard.press("Enter")
    expect_number(page, "5")
    expect(went(page, "5")).to_be_visible()
    expect(sample).to_be_hidden()
    expect(page.get_by_role("button", name="Clear")).to_be_focused()
    page.keyboard.press("Enter")
    expect_empty(page)
    expect(sample).to_be_visible()
    expect(page.locator("#timeline svg")).to_be_hidden()
    draw(page, 7, width=0.5)
    expect_number(page, "7")
    draw(page, 1, width=0.45, top=0.75, height=0.25)  # a longer leg: two answers make a line
    expect_number(page, "7")
    expect(went(page, "7")).to_be_visible()
    draw(page, 1, left=0.5, width=0.5)
    expect_number(page, "71")
    expect(page.locator("#timeline svg")).to_be_hidden()


def test_without_motion_a_sample_is_there_at_once(visit):
    page = visit(reduced_motion="reduce")
    sent = []
    page.on("request", lambda r: sent.append(r.url) if "image/png" in (r.post_data or "") else None)
    page.get_by_role("button", name="Put on the pad: a house").click()
    expect(page.locator("#answer .hero.refusal")).to_be_visible()
    assert len(sent) == 1


def test_the_steps_from_the_picture_to_the_tile_can_be_stepped_through(visit):
    page = visit(PHONE, has_touch=True)
    draw(page, 7)
    expect_number(page, "7")
    page.get_by_text("What the network sees, and why").click()
    assert page.locator("#steps img").count() == 0  # asked for only when someone wants them
    press(page, "How it got there")
    dialog = page.get_by_role("dialog", name="How it got there")
    expect(dialog).to_be_visible()
    current = dialog.locator("[aria-current=step]")
    expect(current).to_have_text("1. picture")
    press(page, "Next")
    expect(current).to_contain_text("2. ")
    page.keyboard.press("ArrowRight")
    expect(current).to_contain_text("3. ")
    page.keyboard.press("End")
    expect(current).to_contain_text("tiles")
    expect(dialog.locator(".words")).to_contain_text("28 by 28 pixels")
    expect(dialog.get_by_role("button", name="Next")).to_be_disabled()
    dialog.locator("[data-step]").nth(-2).tap()
    expect(current).to_contain_text("digits")
    if AXE.exists():
        assert not violations(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_what_this_is_can_be_found_out(visit):
    page = visit()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="What is this?")).to_be_focused()  # it is at the top
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="What is this?")
    expect(dialog).to_contain_text("What happens with your pictures")
    for link in dialog.get_by_role("link").all():
        answer = httpx.get(page.evaluate("link => link.href", link.element_handle()))
        assert answer.status_code == 200
        assert "MNIST" in answer.text
    assert dialog.get_by_role("link").count() == 2
    if AXE.exists():
        assert not violations(page)
    press(page, "Close")
    expect(dialog).to_be_hidden()
