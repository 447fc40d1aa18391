"""The view of the network's layers, in three dimensions and flat."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.helpers import AXE, PHONE, draw, expect_number, violations


@pytest.fixture(scope="module")
def browser(start) -> Iterator[Browser]:
    """Start a browser that draws WebGL in software."""
    running = start("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
    yield running
    running.close()


def look_inside(page) -> None:
    draw(page, 3)
    expect_number(page, "3")
    page.get_by_role("button", name="Look inside").click()
    expect(page.get_by_role("heading", name="Inside the network")).to_be_visible()


def test_units_of_the_flat_maps_tell_their_sum(visit_static):
    page = visit_static(PHONE)
    look_inside(page)
    maps = page.locator("#inside .maps canvas")
    expect(maps).to_have_count(11)  # the tile, nine layers of maps, the answers
    maps.nth(1).focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowDown")
    words = page.locator("#inside [role=status]")
    expect(words).to_contain_text("Unit 2 of layer 1, row 2, column 1")
    expect(page.locator("#inside")).to_contain_text("Blue spoke for 3")


def test_stacks_open_where_there_is_webgl_and_can_be_shown_flat(visit_static):
    page = visit_static()
    look_inside(page)
    stacks = page.locator("#inside .stacks")
    expect(stacks).to_be_visible()
    stacks.scroll_into_view_if_needed()
    box = stacks.bounding_box()
    page.mouse.move(box["x"] + 0.22 * box["width"], box["y"] + 0.6 * box["height"])
    expect(page.locator("#inside [role=status]")).to_contain_text("what it sees times its kernel")
    page.get_by_role("button", name="Show flat").click()
    expect(page.locator("#inside .maps")).to_be_visible()
    if AXE.exists():
        assert violations(page) == []


def test_those_who_want_less_motion_see_it_flat(visit_static):
    page = visit_static(reduced_motion="reduce")
    look_inside(page)
    expect(page.locator("#inside .maps")).to_be_visible()
