"""Upload a picture: it is read, or a sentence says why not."""

import io
import time

import numpy as np
import pytest
from PIL import ExifTags, Image
from playwright.sync_api import FileChooser, Page, TimeoutError, expect

from tests.browser.helpers import PATIENCE, SIZES, choose_picture, draw, expect_number, png, upload
from tests.helpers import sketch


@SIZES
def test_an_uploaded_picture_is_read(visit, size):
    page = visit(size)
    upload(page, "number.png", png(sketch(1, 4, 7)))
    expect_number(page, "147")
    box = page.locator("#answer .hero").bounding_box()
    assert box["y"] + box["height"] <= size["height"]


def test_a_broken_file_is_reported_in_the_answer_s_place(visit):
    page = visit()
    upload(page, "broken<b>.png", b"no picture at all")
    hero = page.locator("#answer .hero.problem")
    expect(hero).to_contain_text("text file")
    expect(hero).to_contain_text("Save it as PNG or JPEG")
    expect(page.locator(".toast-body")).to_have_count(0)


@pytest.mark.parametrize("way", ["paste", "drop"])
@pytest.mark.parametrize("tab", ["Sketchpad", "Models"])
def test_a_picture_can_be_given_anywhere_on_the_page(visit, way, tab):
    page = visit()
    page.get_by_role("tab", name=tab).click()
    give(page, way, "seven.png", png(sketch(7)))
    expect_number(page, "7")
    expect(page.get_by_role("tab", name="Image")).to_have_attribute("aria-selected", "true")
    assert page.locator("#image img").evaluate("image => image.naturalWidth") == 280


def test_several_dropped_pictures_become_a_table(visit):
    page = visit()
    page.evaluate(
        """([first, second]) => {
          const files = new DataTransfer();
          for (const [name, data] of [["a.png", first], ["b.png", second]])
            files.items.add(new File([Uint8Array.from(data)], name, { type: "image/png" }));
          const options = { dataTransfer: files, bubbles: true, cancelable: true };
          document.querySelector("#title").dispatchEvent(new DragEvent("drop", options));
        }""",
        [list(png(sketch(7))), list(png(sketch(1, 4)))],
    )
    expect(page.locator("#batch [role=status]")).to_have_text("2 of 2 read")


def test_a_drop_never_leaves_the_page(visit):
    page = visit()
    for kind in ("dragover", "drop"):
        assert page.evaluate(
            """kind => {
              const dataTransfer = new DataTransfer();
              dataTransfer.setData("text/uri-list", "https://example.org/");
              const event = new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true });
              document.querySelector("footer").dispatchEvent(event);
              return event.defaultPrevented;
            }""",
            kind,
        )


@pytest.mark.parametrize(
    ("name", "kind", "content", "says"),
    [
        ("notes.txt", "text/plain", b"seven", "text file"),
        ("form.pdf", "application/pdf", b"%PDF-1.7 form", "PDF"),
        ("photo.heic", "", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "PNG or JPEG"),
    ],
)
def test_a_file_that_is_not_a_picture_is_reported_in_place(visit, name, kind, content, says):
    page = visit()
    choose_picture(page, {"name": name, "mimeType": kind, "buffer": content})
    hero = page.locator("#answer .hero.problem")
    expect(hero).to_contain_text("Couldn’t read this file")
    expect(hero).to_contain_text(says)
    expect(page.locator("#image .file-name")).to_have_text(name)


def test_an_empty_file_is_reported_in_place(visit):
    page = visit()
    choose_picture(page, {"name": "empty.png", "mimeType": "image/png", "buffer": b""})
    expect(page.locator("#trouble .note")).to_contain_text("empty.png is empty")


def test_a_large_photo_is_made_small_before_it_is_sent_and_stays_upright(visit):
    page = visit()
    # A camera that was held sideways: its pixels lie on the side, and the EXIF says so.
    photo = sketch(7, side=3000, pen=200).transpose(Image.Transpose.ROTATE_90)
    noise = np.random.default_rng(0).integers(0, 40, (3000, 3000, 3), np.uint8)
    photo = Image.fromarray(np.asarray(photo) // 2 + 80 + noise)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    file = io.BytesIO()
    photo.save(file, "jpeg", quality=95, exif=exif)
    assert len(file.getvalue()) > 2_000_000
    sent = []
    page.on("request", lambda r: sent.append(r.post_data) if "queue/join" in r.url else None)
    upload(page, "photo.jpg", file.getvalue())
    expect_number(page, "7")
    assert max(map(len, sent)) < 1_000_000


def test_a_slow_answer_is_announced_and_the_old_one_cannot_be_used(visit):
    page = visit()
    draw(page, 7)
    expect_number(page, "7")
    held = []
    page.route("**/queue/join*", lambda route: held.append(route), times=1)
    upload(page, "number.png", png(sketch(1, 4)))
    expect(page.locator("#trouble .waiting")).to_have_text("Reading …")
    assert page.locator("#answer").evaluate("answer => answer.inert")
    held[0].continue_()
    expect_number(page, "14")
    expect(page.locator("#trouble .waiting")).to_have_text("")
    assert not page.locator("#answer").evaluate("answer => answer.inert")


def chooser_by_enter(page: Page) -> FileChooser:
    """Press Enter until the chooser opens, because the tab's script is loaded once it is opened."""
    deadline = time.monotonic() + PATIENCE / 1000
    while True:
        try:
            with page.expect_file_chooser(timeout=1000) as chooser:
                page.keyboard.press("Enter")
            return chooser.value
        except TimeoutError:
            assert time.monotonic() < deadline


def test_a_picture_is_chosen_and_removed_by_keyboard(visit):
    page = visit()
    page.get_by_role("tab", name="Image").click()
    page.locator("#image .zone").focus()
    chooser_by_enter(page).set_files(
        {"name": "7.png", "mimeType": "image/png", "buffer": png(sketch(7))}
    )
    expect_number(page, "7")
    page.get_by_role("button", name="Remove", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#answer .hero")).to_contain_text("Choose a picture")
    expect(page.locator("#image .zone")).to_be_focused()


def give(page: Page, way: str, name: str, content: bytes) -> None:
    """Paste a file, or drop it on the page's title."""
    page.evaluate(
        """([way, name, content]) => {
          const files = new DataTransfer();
          files.items.add(new File([Uint8Array.from(content)], name, { type: "image/png" }));
          const options = { bubbles: true, cancelable: true };
          const event = way === "paste"
            ? new ClipboardEvent("paste", { clipboardData: files, ...options })
            : new DragEvent("drop", { dataTransfer: files, ...options });
          document.querySelector("#title").dispatchEvent(event);
        }""",
        [way, name, list(content)],
    )
