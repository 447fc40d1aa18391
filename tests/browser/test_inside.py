"""Inside the network: the static page's view on the Gradio page."""

from playwright.sync_api import expect

from tests.browser.helpers import (
    AXE,
    PATIENCE,
    PHONE,
    draw,
    expect_number,
    press,
    violations,
)


def test_the_layers_of_the_model_that_answers_can_be_looked_at(visit):
    page = visit(PHONE, has_touch=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    draw(page, 3)
    expect_number(page, "3")
    assert not [url for url in asked if "reader.js" in url]  # loaded only where it is wanted
    press(page, "Look inside")
    maps = page.locator("#inside .maps canvas")
    expect(maps).to_have_count(11)  # the tile, nine layers of maps, the answers
    maps.nth(1).focus()
    page.keyboard.press("PageDown")
    words = page.locator("#inside [role=status]")
    expect(words).to_contain_text("Unit 2 of layer 1, row 1, column 1")
    maps.nth(2).tap(position={"x": 20, "y": 20})
    expect(words).to_contain_text("of layer 2")
    expect(words).to_be_in_viewport()
    page.locator("#answer .bar").nth(8).click()
    expect(page.locator("#inside")).to_contain_text("Blue spoke for 8")
    if AXE.exists():
        assert violations(page) == []
    page.get_by_role("tab", name="Models").click()
    expect(page.locator("#inside")).to_be_hidden()
    page.locator("#models input[value='bundled/quick']").check(timeout=PATIENCE)
    expect(page.locator("#model")).to_contain_text("quick")
    page.get_by_role("tab", name="Sketchpad").click()
    expect(page.locator("#inside")).to_be_visible()
    expect(maps).to_have_count(7)  # of the other network
    press(page, "Look inside")
    expect(page.locator("#inside")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_a_network_that_the_browser_cannot_run_is_told(page):
    page.route(
        "**/models/served/model.json",
        lambda route: route.fulfill(status=422, body="This network has a strange layer."),
    )
    draw(page, 3)
    expect_number(page, "3")
    press(page, "Look inside")
    expect(page.locator("#look .said")).to_have_text("This network has a strange layer.")
    expect(page.locator("#inside")).to_be_hidden()
