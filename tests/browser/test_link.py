"""Links to a drawing in a real browser: copied on one page, opened on another."""

import re
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from playwright.sync_api import Page, expect

from page.sharing import link
from tests.browser.helpers import PHONE, draw, expect_number, png, press, upload
from tests.helpers import sketch

CLIPBOARD = ["clipboard-read", "clipboard-write"]


def copied(page: Page) -> str:
    page.locator("[data-share]").click()
    expect(page.get_by_role("button", name="Link copied")).to_be_visible()
    expect(page.locator("#link [role=status]")).to_have_text("Link copied")
    return page.evaluate("navigator.clipboard.readText()")


def confidence(page: Page) -> float:
    said = page.locator("#answer .verdict strong").inner_text()
    return float(said.split(":")[1].strip(" >%"))


def test_a_link_shows_the_same_drawing_which_can_be_continued(visit):
    page = visit(permissions=CLIPBOARD)
    draw(page, 7, width=0.5)
    expect_number(page, "7")
    address = copied(page)
    assert len(address) < 300
    assert len(link.read(parse_qs(urlsplit(address).query)["d"][0])) == 1
    other = visit(PHONE, query="?" + urlsplit(address).query)
    expect_number(other, "7")
    expect(other.get_by_role("img", name=re.compile("The guess over time: .*7$"))).to_be_visible()
    assert confidence(other) == pytest.approx(confidence(page), abs=1)
    draw(other, 1, left=0.5, width=0.5)
    expect_number(other, "71")
    press(other, "Undo")
    expect_number(other, "7")


def test_a_link_to_a_picture_shows_what_the_network_saw(visit):
    page = visit(permissions=CLIPBOARD)
    upload(page, "number.png", png(sketch(1, 4, 7)))
    expect_number(page, "147")
    other = visit(query="?" + urlsplit(copied(page)).query)
    expect_number(other, "147")
    assert page.locator("#answer .verdict").inner_text() == (
        other.locator("#answer .verdict").inner_text()
    )
    assert other.evaluate("document.querySelector('#pad .pad-hint').hidden")
    again = visit(query="?" + urlsplit(copied(page)).query)
    expect_number(again, "147")
    press(again, "Clear")
    expect(again.locator("#answer .hero")).to_contain_text("Draw a digit")


def test_after_copying_a_link_everything_is_where_it_was(visit):
    page = visit()
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    draw(page, 7)
    expect_number(page, "7")
    buttons = page.locator("#after .plain:visible")
    before = [button.bounding_box() for button in buttons.all()]
    button = page.locator("[data-share]")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_text("Link copied")
    expect(button).to_be_focused()
    assert [button.bounding_box() for button in buttons.all()] == before


def test_without_a_clipboard_the_link_is_shown_in_a_field(visit):
    page = visit()
    page.evaluate(
        "navigator.clipboard.writeText = () => Promise.reject(new Error());"
        "document.execCommand = () => false"
    )
    draw(page, 7)
    expect_number(page, "7")
    press(page, "Copy link")
    field = page.get_by_label("Link", exact=True)
    expect(field).to_be_visible()
    assert "?d=s" in field.input_value()
    draw(page, 1, left=0.5, width=0.5)
    expect(field).to_be_hidden()


def test_a_link_from_a_space_leads_to_the_hub_s_page(visit):
    page = visit()
    # The server that the tests share is no Space, and stands in no frame.
    page.evaluate(
        "document.querySelector('[data-space]').dataset.space ="
        " 'https://huggingface.co/spaces/user/digits';"
        "Object.defineProperty(window, 'parent', { value: null });"
        "navigator.clipboard.writeText = async (text) => { window.copied = text; }"
    )
    draw(page, 7)
    expect_number(page, "7")
    press(page, "Copy link")
    page.wait_for_function("window.copied")
    copied = page.evaluate("window.copied")
    assert copied.startswith("https://huggingface.co/spaces/user/digits?d=s")


def test_a_damaged_link_is_reported_in_the_answer_s_place(visit):
    page = visit(query="?d=sAAAA")
    hero = page.locator("#answer .hero.problem")
    expect(hero).to_contain_text("This link is damaged")
    draw(page, 7)
    expect_number(page, "7")


def test_without_a_drawing_there_is_nothing_to_link_to(visit):
    page = visit()
    press(page, "Copy link")
    expect(page.locator("#link .said")).to_contain_text("Draw or choose a picture first")
    assert page.locator("[data-share]").bounding_box()["height"] >= 44
    draw(page, 7)
    expect_number(page, "7")
    expect(page.locator("#link .said")).to_have_text("")


@pytest.mark.parametrize("damaged", [False, True])
def test_a_late_answer_to_the_empty_pad_does_not_stay(visit, damaged):
    """As it is opened, the page asks what to show for the empty pad, and then for the link."""
    page = visit(permissions=CLIPBOARD)
    draw(page, 7)
    expect_number(page, "7")
    link = "/?d=sAAAA" if damaged else copied(page)
    number = "!" if damaged else "7"
    page.add_init_script(
        """const ask = window.fetch;
        window.fetch = async (input, init) => {
            if (String(init?.body).startsWith('{"data":["",'))
                await new Promise((done) => setTimeout(done, 1500));
            return ask(input, init);
        };"""
    )
    page.goto(urljoin(page.url, link))
    expect_number(page, number)
    page.wait_for_timeout(2500)
    expect_number(page, number)
