"""axe-core finds nothing serious in any state: on a desktop, on a phone, light and dark."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_page import (
    CHROMIUM,
    DESKTOP,
    PATIENCE,
    PHONE,
    draw,
    expect_number,
    png,
    press,
    upload,
)
from tests.helpers import ROOT, sketch

SCAN = str(ROOT / "page" / "examples" / "scan.jpg")
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine"),
    pytest.mark.skipif(
        not AXE.exists(), reason="needs axe-core: npm install --no-save axe-core@4.14"
    ),
]


def violations(page: Page) -> list[str]:
    """What axe-core calls serious or critical: its rule, and the first element."""
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    page.wait_for_timeout(400)  # colours that fade count as what they are half way
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_state_of_the_page_has_a_serious_violation(visit, size, theme):
    page = visit(size, f"?__theme={theme}")
    found = {"empty": violations(page)}
    draw(page, 1, width=0.5)
    draw(page, 7, left=0.45, width=0.5)
    expect_number(page, "17")
    if size is PHONE:
        page.get_by_text("What the network sees, and why").click()
    found["answer"] = violations(page)
    press(page, "Wrong?")
    found["correction"] = violations(page)
    press(page, "no digit")
    expect(page.locator("#correct [role=status]")).to_contain_text("Kept", timeout=PATIENCE)
    found["kept"] = violations(page)
    press(page, "Copy link")
    found["link"] = violations(page)
    press(page, "Clear")
    scribble(page)
    expect(page.locator("#answer .hero.refusal")).to_be_visible(timeout=PATIENCE)
    found["refusal"] = violations(page)
    upload(page, "broken.png", b"no picture at all")
    expect(page.locator("#answer .hero.problem")).to_be_visible(timeout=PATIENCE)
    found["error"] = violations(page)
    page.get_by_role("tab", name="Webcam").click()
    press(page, "Camera")
    expect(page.locator("#camera .note")).to_contain_text("No camera", timeout=PATIENCE)
    found["no camera"] = violations(page)
    page.get_by_role("tab", name="Files").click()
    found["no files"] = violations(page)
    read_files(page, SCAN, str(AXE))
    found["files"] = violations(page)
    show_models(page)
    found["models"] = violations(page)
    assert not {state: what for state, what in found.items() if what}


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_whatever_can_be_pressed_is_large_enough(visit, size):
    page = visit(size, permissions=["clipboard-read", "clipboard-write"])
    draw(page, 7)
    expect_number(page, "7")
    press(page, "Wrong?")
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
    expect(page.locator("#batch")).to_contain_text(done, timeout=PATIENCE)


def show_models(page: Page) -> None:
    page.get_by_role("tab", name="Models").click()
    expect(page.locator("#models input").first).to_be_checked(timeout=PATIENCE)


def too_small(page: Page) -> list[str]:
    """What can be pressed and is less than 44 pixels high, or narrower than a bar on a phone."""
    return page.evaluate(
        """() => [...document.querySelectorAll("button, a[href], input:not([type=file])")]
            .filter((one) => one.checkVisibility({ visibilityProperty: true }))
            .filter((one) => !one.closest(".visually-hidden, .fold"))
            .map((one) => [one, one.getBoundingClientRect()])
            .filter(([one, box]) => box.width && (box.height < 44 || box.width < 30))
            .map(([one, box]) => `${one.outerHTML.slice(0, 80)} ${box.width} x ${box.height}`)"""
    )


def scribble(page: Page) -> None:
    """A stroke that is no digit: to and fro over the whole pad."""
    box = page.locator("#pad canvas").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    for row in range(1, 12):
        across = 0.9 if row % 2 else 0.1
        page.mouse.move(
            box["x"] + across * box["width"], box["y"] + row / 12 * box["height"], steps=3
        )
    page.mouse.up()


def test_an_uploaded_picture_has_no_serious_violation(visit):
    page = visit()
    upload(page, "number.png", png(sketch(1, 4, 7)))
    expect_number(page, "147")
    assert not violations(page)
