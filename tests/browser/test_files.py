"""Example pictures and many files at once, in a real browser."""

import csv

from playwright.sync_api import expect

from page.reading.gallery import EXAMPLES, description
from tests.browser.helpers import (
    DESKTOP,
    PHONE,
    SIZES,
    THEMES,
    choose_files,
    contrast,
    draw,
    expect_number,
    png,
    show_in,
)
from tests.helpers import sketch
from tests.page.helpers import EXAMPLE_TEXTS


@SIZES
def test_an_example_is_one_tap_away(visit, size):
    page = visit(size)
    page.get_by_role("tab", name="Image").click()
    for name in EXAMPLES:
        button = page.get_by_role("button", name=description(name))
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 44
        assert box["y"] + box["height"] <= size["height"]
        button.click()
        number = EXAMPLE_TEXTS[name].replace("\n", "") or "?"
        expect_number(page, number)
    if size == DESKTOP:
        assert page.evaluate("document.documentElement.scrollHeight") <= size["height"]


def test_many_files_become_a_table_and_a_csv(visit):
    page = visit()
    files = {"=7.png": png(sketch(7)), "bad.png": b"no picture", "147.png": png(sketch(1, 4, 7))}
    choose_files(page, files)
    rows = page.locator("#batch tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0).locator(".number")).to_have_text("7")
    expect(rows.nth(1)).to_contain_text("text file")
    expect(rows.nth(2)).to_contain_text("147.png")
    expect(rows.nth(2).locator(".number")).to_have_text("147")
    expect(page.locator("#batch [role=status]")).to_have_text("3 of 3 read")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the results as CSV").click()
    assert download.value.suggested_filename == "digits.csv"
    with open(download.value.path(), encoding="utf-8-sig", newline="") as file:
        kept = list(csv.DictReader(file))
    assert [row["file"] for row in kept] == ["'=7.png", "bad.png", "147.png"]
    assert [row["number"] for row in kept] == ["7", "", "147"]
    assert "text file" in kept[1]["error"]


def test_a_bar_shows_the_progress(visit):
    page = visit()
    choose_files(
        page, dict.fromkeys((f"{number}.png" for number in range(40)), png(sketch(1, 4, 7, 3)))
    )
    expect(page.locator("#batch progress")).to_be_visible()
    expect(page.locator("#batch [role=status]")).to_have_text("40 of 40 read")


def test_the_answer_returns_with_another_tab(visit):
    page = visit(PHONE)
    choose_files(page, {"7.png": png(sketch(7))})
    expect(page.locator("#batch .number")).to_have_text("7")
    expect(page.locator("#answer")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.get_by_role("tab", name="Sketchpad").click()
    expect(page.locator("#batch")).to_be_hidden()
    draw(page, 1)
    expect_number(page, "1")


def test_the_table_is_legible(visit):
    page = visit()
    choose_files(page, {"7.png": png(sketch(7)), "bad.png": b"no picture"})
    expect(page.locator("#batch .why")).to_be_visible()
    for theme in THEMES:
        show_in(page, theme)
        for part in ("#batch .number", "#batch .why", "#batch td:last-child"):
            assert contrast(page, part, "#output") >= 4.5, (theme, part)
