"""Correct an answer in the browser, from the answer to the stored correction."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from page.corrections.store import CorrectionStore
from page.layout import build
from tests.browser.helpers import (
    DESKTOP,
    SIZES,
    THEMES,
    contrast,
    draw,
    expect_number,
    png,
    press,
    show_in,
    upload,
)
from tests.helpers import CORRECTIONS, ROOT, served, sketch
from tests.loopback_hub import TOKEN, LoopbackHub


@pytest.fixture
def corrections(app_folder) -> Path:
    return app_folder / CORRECTIONS


def said(page: Page):
    return page.locator("#correct [role=status]")


@SIZES
def test_a_wrong_answer_is_corrected_and_stored(visit, corrections, size):
    page = visit(size)
    expect(page.locator("#correct")).to_be_hidden()
    before = set(corrections.glob("*"))
    # Another place on the pad for each size: the same mark is kept once.
    draw(page, 7, left=0.1 if size == DESKTOP else 0.2, width=0.6 if size == DESKTOP else 0.7)
    expect_number(page, "7")
    press(page, "Got it wrong?")
    panel = page.locator("#correct .panel")
    expect(panel).to_contain_text("picture and the answer are saved")
    for button in panel.locator(".choices button").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 44
    assert panel.bounding_box()["y"] >= 0
    if size == DESKTOP:
        assert page.evaluate("document.documentElement.scrollHeight") <= size["height"]
    panel.get_by_role("button", name="1", exact=True).click()
    expect(said(page)).to_have_text("Saved as 1. Thank you.")
    expect(panel).to_be_hidden()
    press(page, "Got it wrong?")
    expect(panel).to_be_visible()
    press(page, "Got it wrong?")
    [folder] = set(corrections.iterdir()) - before
    record = json.loads((folder / "record.json").read_text())
    assert (record["answer"], record["correction"]) == (7, 1)
    press(page, "Clear")
    expect(said(page)).to_have_text("")
    expect(page.locator("#correct")).to_be_hidden()


def test_the_chosen_one_of_several_digits_is_corrected(visit, corrections):
    page = visit()
    upload(page, "number.png", png(sketch(1, 4, 7)))
    expect_number(page, "147")
    page.locator("#answer .picker [data-mark]").nth(2).click()
    expect(page.locator("#answer .bar.winner .name")).to_have_text("7")
    press(page, "Got it wrong?")
    expect(page.locator("#correct .question")).to_have_text("This 7 is really a …")
    press(page, "Not a digit")
    expect(said(page)).to_have_text("Saved as not a digit. Thank you.")
    last = max(corrections.iterdir())
    record = json.loads((last / "record.json").read_text())
    assert (record["answer"], record["correction"]) == (7, None)


def test_the_panel_closes_by_keyboard_and_by_a_press_outside(visit):
    page = visit()
    draw(page, 7)
    expect_number(page, "7")
    panel = page.locator("#correct .panel")
    opener = page.get_by_role("button", name="Got it wrong?")
    opener.focus()
    page.keyboard.press("Enter")
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    page.locator("#title").click()
    expect(panel).to_be_hidden()


def test_the_panel_is_legible(visit):
    page = visit()
    draw(page, 7)
    expect_number(page, "7")
    press(page, "Got it wrong?")
    for theme in THEMES:
        show_in(page, theme)
        for part in ("#correct .consent", "#correct .choices button", "#correct .question"):
            assert contrast(page, part, "#correct .panel") >= 4.5, (theme, part)


def test_all_marks_together_can_be_one_digit(visit, corrections):
    page = visit()
    upload(page, "number.png", png(sketch(1, 7)))
    expect_number(page, "17")
    before = set(corrections.glob("*"))
    press(page, "Got it wrong?")
    page.get_by_label("All marks together are one digit").check()
    expect(page.locator("#correct .question")).to_have_text("All of it is really a …")
    page.locator("#correct .panel").get_by_role("button", name="4", exact=True).click()
    expect(said(page)).to_have_text("Saved as 4. Thank you.")
    [folder] = set(corrections.iterdir()) - before
    assert json.loads((folder / "record.json").read_text())["correction"] == 4


def test_the_whole_number_can_be_given(visit, corrections):
    page = visit()
    upload(page, "number.png", png(sketch(1, 4, 7)))
    expect_number(page, "147")
    before = set(corrections.glob("*"))
    field = page.get_by_label("Or type the whole number")
    press(page, "Got it wrong?")
    field.fill("14")
    page.keyboard.press("Enter")
    sentence = "This number has 2 digits, but 3 marks were found"
    assert sentence in field.evaluate("field => field.validationMessage")
    expect(field).to_be_visible()
    expect(field).to_have_value("14")
    field.press_sequentially("7")
    page.keyboard.press("Enter")
    expect(said(page)).to_contain_text("That is what was read: 147.")
    press(page, "Got it wrong?")
    field.fill("197")
    page.keyboard.press("Enter")
    expect(said(page)).to_contain_text("Saved as 197. Thank you.")
    [folder] = set(corrections.iterdir()) - before
    record = json.loads((folder / "record.json").read_text())
    assert (record["answer"], record["correction"]) == (4, 9)


@SIZES
def test_the_panel_covers_neither_the_picture_nor_the_answer(visit, size):
    page = visit(size)
    draw(page, 7)
    expect_number(page, "7")
    press(page, "Got it wrong?")
    panel = page.locator("#correct .panel").bounding_box()
    for part in ("#pad canvas", "#answer .hero", "#pictures .frame"):
        if not page.locator(part).first.is_visible():
            continue
        box = page.locator(part).first.bounding_box()
        apart = panel["y"] + panel["height"] <= box["y"] or box["y"] + box["height"] <= panel["y"]
        beside = panel["x"] + panel["width"] <= box["x"] or box["x"] + box["width"] <= panel["x"]
        assert apart or beside, part


def test_visitors_are_asked_only_if_corrections_are_stored(browser, readers, tmp_path):
    for store in (None, CorrectionStore(tmp_path)):
        page = build(readers, tmp_path, store)
        ids = {block.elem_id for block in page.blocks.values()}
        assert ("correct" in ids) == (store is not None)


def test_a_stopping_server_uploads_its_corrections_first(browser, tmp_path):
    with LoopbackHub() as remote:
        surroundings = {
            "HF_ENDPOINT": remote.url,
            "HF_TOKEN": TOKEN,
            "HF_HUB_DISABLE_XET": "1",
            "DIGIT_CORRECTIONS_REPO": "user/said",
        }
        with (
            served(ROOT, tmp_path, surroundings) as (url, log),
            closing(browser.new_page()) as page,
        ):
            page.goto(url)
            draw(page, 7)
            expect_number(page, "7")
            press(page, "Got it wrong?")
            expect(page.locator("#correct .consent")).to_contain_text("Hugging Face Hub")
            page.locator("#correct .panel").get_by_role("button", name="1", exact=True).click()
            expect(said(page)).to_have_text("Saved as 1. Thank you.")
        assert "did not reach" not in log.read_text()
        [local] = (tmp_path / CORRECTIONS).iterdir()
        repo = remote.repos["datasets/user/said"]
        assert repo.private
        for file in local.iterdir():
            assert repo.at("main")[1][f"{local.name}/{file.name}"] == file.read_bytes()
