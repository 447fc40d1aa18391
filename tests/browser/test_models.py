"""The Models tab: compare models, choose one, and be answered by it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.helpers import (
    AXE,
    DESKTOP,
    HOLD_QUESTIONS,
    PATIENCE,
    SIZES,
    THEMES,
    choose_files,
    contrast,
    draw,
    expect_number,
    png,
    show_in,
    too_small,
    violations,
)
from tests.helpers import ROOT, served, sketch
from tests.page.helpers import DENSE, OTHER_BUNDLED, write_checkpoint, write_random_mnist


@pytest.fixture(scope="module")
def app_url(tmp_path_factory) -> Iterator[str]:
    """Serve three models, one of them damaged, and random images as the test set."""
    folder = tmp_path_factory.mktemp("models")
    write_checkpoint(folder / "runs" / "dense")
    (folder / "runs" / "broken").mkdir()
    (folder / "runs" / "broken" / "config.json").write_text("{}")
    data = write_random_mnist(folder / "mnist.npz", 900)
    options = ("--checkpoints", str(folder / "runs"), "--data", str(data))
    with served(ROOT, folder, options=options) as (url, _):
        yield url


def open_models(page: Page) -> None:
    page.get_by_role("tab", name="Models").click()
    count = 2 + len(OTHER_BUNDLED)
    # Each model is loaded and compiled before its row is complete.
    expect(page.locator("#models label.model")).to_have_count(count, timeout=4 * PATIENCE)
    expect(page.locator("#models .new")).to_have_count(0)


def pick(page: Page, key: str) -> None:
    page.locator(f"#models input[value='{key}']").check()
    expect(page.locator(f"#model-view [data-answers='{key}']")).to_be_attached()


def methods(page: Page):
    return page.locator("#pictures figcaption").nth(1)


def test_the_chosen_model_answers_only_this_visitor(visit):
    page, other = visit(), visit()
    draw(page, 7)
    expect(methods(page)).to_contain_text("Grad-CAM")
    open_models(page)
    expect(page.locator("#models .bad")).to_contain_text("config.json")
    expect(page.locator("#models input").first).to_be_checked()
    expect(page.locator("#answer")).to_be_hidden()
    compared = page.locator("#compare figcaption")
    expect(compared).to_have_count(2)
    beside = page.get_by_label("The model beside it")
    beside.focus()
    beside.select_option(DENSE)
    expect(compared).to_have_text(["cnn", DENSE])
    expect(beside).to_be_focused()
    pick(page, DENSE)
    expect(compared).to_have_text([DENSE, "cnn"])
    expect(page.locator("#models :checked ~ .now")).to_be_visible()
    expect(page.locator("#model-view .curves")).to_be_visible()
    expect(page.locator("#model-view .confusion tbody td")).to_have_count(100)
    expect(page.locator("#model")).to_contain_text("Source: runs/dense")
    page.get_by_role("tab", name="Sketchpad").click()
    expect(methods(page)).to_contain_text("gradient × input")
    expect(page.locator("#model-view")).to_be_hidden()
    draw(other, 7)
    expect_number(other, "7")
    expect(methods(other)).to_contain_text("Grad-CAM")
    expect(other.locator("#model")).to_contain_text("bundled")


def test_a_choice_that_fails_to_arrive_changes_nothing(browser, app_url):
    page = browser.new_page()
    page.goto(app_url)
    open_models(page)
    page.route("**/queue/join*", lambda route: route.abort())
    page.locator(f"#models input[value='{DENSE}']").click()
    expect(page.locator("#trouble .note")).to_contain_text("does not answer")
    expect(page.locator("#models input").first).to_be_checked()
    assert page.locator("#model-view").get_attribute("aria-busy") is None
    page.unroute("**/queue/join*")
    pick(page, DENSE)
    page.close()


def test_the_last_of_two_quick_choices_answers(visit):
    page = visit()
    open_models(page)
    expect(page.locator("#model-view [data-answers=served]")).to_be_attached()
    page.evaluate("window.picks = 0; document.addEventListener('picked', () => window.picks++)")
    page.evaluate(f"() => {{ {HOLD_QUESTIONS} }}")
    page.locator("#models input").first.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("window.isAsked", timeout=PATIENCE)
    page.keyboard.press("ArrowUp")
    page.evaluate("window.release()")
    page.wait_for_function("window.picks === 2", timeout=PATIENCE)
    expect(page.locator("#models input").first).to_be_checked()
    expect(page.locator("#model-view [data-answers=served]")).to_be_attached()
    expect(page.locator("#model")).to_contain_text("bundled")


def test_files_are_read_again_by_the_chosen_model(visit):
    page = visit()
    choose_files(page, {"7.png": png(sketch(7))})
    sure = page.locator("#batch td:last-child")
    expect(sure).to_contain_text("%")
    before = sure.inner_text()
    open_models(page)
    pick(page, DENSE)
    page.get_by_role("tab", name="Files").click()
    expect(sure).not_to_have_text(before)


def test_mistakes_are_shown_as_pictures(visit):
    page = visit()
    open_models(page)
    page.get_by_role("button", name="Show its mistakes").click()
    expect(page.locator("#mistakes")).to_contain_text("of 900 images misread")
    first = page.locator("#mistakes li").first
    assert first.locator("img").get_attribute("alt").startswith("A ")
    assert first.locator("img").evaluate("image => image.naturalWidth") == 28
    pick(page, DENSE)
    expect(page.get_by_role("button", name="Show its mistakes")).to_be_visible()
    pick(page, "served")
    expect(first).to_be_visible()


@SIZES
def test_the_tab_is_legible_large_enough_and_within_the_page(visit, size):
    page = visit(size)
    assert page.locator("#ways [role=tab]").count() == 5
    open_models(page)
    pick(page, DENSE)
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
    if size == DESKTOP:
        assert page.evaluate("document.documentElement.scrollHeight") <= size["height"]
    assert not too_small(page)
    for theme in THEMES:
        show_in(page, theme)
        for part in (
            *("#model-view header p", "#model-view .line-0"),
            *("#models .bad p", "#models .note"),
        ):
            assert contrast(page, part, "#output") >= 4.5, (theme, part)
    if AXE.exists():
        assert not violations(page)


def test_a_model_can_be_chosen_by_keyboard(visit):
    page = visit()
    open_models(page)
    page.locator("#models input").first.focus()
    page.keyboard.press("ArrowDown")
    second = page.locator("#models input").nth(1)
    expect(second).to_be_checked()
    view = page.locator(f"#model-view [data-answers='{second.get_attribute('value')}']")
    expect(view).to_be_attached()
    expect(second).to_be_focused()
