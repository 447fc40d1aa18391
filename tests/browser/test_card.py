"""The result as a picture, on both pages."""

import io

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.helpers import draw, expect_number, press


def saved_card(page: Page) -> tuple[str, np.ndarray]:
    """The name and the pixels of the picture that the browser saves."""
    with page.expect_download() as download:
        press(page, "Share picture")
    expect(page.locator("#link .said")).to_have_text("Picture saved")
    content = download.value.path().read_bytes()
    with Image.open(io.BytesIO(content)) as image:
        return download.value.suggested_filename, np.asarray(image.convert("RGB")).astype(int)


def share_of(pixels: np.ndarray, colour: tuple[int, int, int]) -> float:
    """The share of pixels that have about this colour."""
    return (np.abs(pixels - colour).max(axis=-1) < 24).mean()


def expect_card(pixels: np.ndarray) -> None:
    """The drawing at the left, the evidence beside it, and the number in blue below."""
    assert pixels.shape == (630, 1200, 3)
    drawing, evidence, below = pixels[60:410, 72:573], pixels[60:410, 627:1128], pixels[488:582]
    assert 0.02 < share_of(drawing, (0, 0, 0)) < 0.5
    red, green, blue = evidence[..., 0], evidence[..., 1], evidence[..., 2]
    assert ((red > green + 40) & (green > blue)).mean() > 0.01  # warm
    assert share_of(below, (29, 78, 216)) > 0.002


def test_the_result_is_saved_as_a_picture_where_nothing_can_be_shared(visit):
    page = visit()
    press(page, "Share picture")
    expect(page.locator("#link .said")).to_have_text("Draw or choose a picture first.")
    draw(page, 3)
    expect_number(page, "3")
    name, pixels = saved_card(page)
    assert name == "digits-3.png"
    expect_card(pixels)


def test_the_result_is_shared_where_the_browser_can(visit):
    page = visit()
    page.evaluate(
        "navigator.canShare = ({ files }) => files.length === 1;"
        "navigator.share = async ({ files, title }) => { window.shared = [files[0].type, title]; };"
        "null"
    )
    draw(page, 4, width=0.5)
    draw(page, 7, left=0.5, width=0.5)
    expect_number(page, "47")
    press(page, "Share picture")
    page.wait_for_function("window.shared")
    assert page.evaluate("window.shared") == ["image/png", "Digit reader: 47"]
