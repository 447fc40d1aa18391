"""The static page as a visitor uses it, in Chromium."""

import io
import re
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from digit_model.synthesis.rows import draw_number
from page import settings
from page.sharing import link
from tests.browser.helpers import (
    AXE,
    PATIENCE,
    SIZES,
    THEMES,
    cut_off,
    draw,
    expect_empty,
    expect_number,
    expect_whole_rows,
    png,
    press,
    scribble,
    too_small,
    violations,
)
from tests.helpers import ROOT, sketch

# The Hub's page, as far as it matters here.
FRAMING = """<iframe src="https://user-static.static.hf.space/" width="1200" height="700"></iframe>
<script>addEventListener("message", (event) => (window.told = event.data));</script>"""


def choose(page, name: str, content: bytes) -> None:
    page.get_by_role("tab", name="Image").click()
    file = {"name": name, "mimeType": "image/png", "buffer": content}
    page.locator("#image input[type=file]").set_input_files(file)


@SIZES
def test_a_drawn_digit_is_read(visit_static, size):
    page = visit_static(size)
    expect_empty(page)
    draw(page, 3)
    expect_number(page, "3")
    expect(page.locator("#answer .bar.winner")).to_contain_text("3")


def test_several_digits_are_read_and_each_can_be_looked_at(visit_static):
    page = visit_static()
    draw(page, 4, width=0.5)
    draw(page, 7, left=0.5, width=0.5)
    expect_number(page, "47")
    page.get_by_role("button", name="Digit 2 of 2: 7").click()
    expect(page.locator("#answer .bar.winner")).to_contain_text("7")


# Returns left, top, right and bottom of the digits' blue frames, as shares of the picture's sides.
FRAMED = """() => {
  const canvas = [...document.querySelectorAll("#pictures canvas")].at(-1);
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const [across, down] = [[], []];
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] > 60 || data[i + 2] < 190) continue;
    across.push(((i / 4) % width) / width);
    down.push(Math.floor(i / 4 / width) / height);
  }
  return [Math.min(...across), Math.min(...down), Math.max(...across), Math.max(...down)];
}"""


def test_digits_in_a_corner_of_a_wide_pad_are_framed_where_they_are(visit_static):
    page = visit_static()
    draw(page, 4, left=0.8, width=0.35, top=0.55, height=0.4)
    draw(page, 7, left=1.2, width=0.35, top=0.55, height=0.4)
    expect_number(page, "47")
    pad = page.locator("#pad canvas").bounding_box()
    ratio = pad["height"] / pad["width"]
    left, top, right, bottom = page.evaluate(FRAMED)
    # The labels stand above the frames.
    assert [left, right, bottom] == pytest.approx(
        [(0.8 + 0.35 * 0.25) * ratio, (1.2 + 0.35 * 0.73) * ratio, 0.55 + 0.4 * 0.88], abs=0.04
    )
    assert 0.4 < top < 0.55 + 0.4 * 0.15


def test_digits_are_framed_where_they_are_while_the_pen_is_down_and_afterwards(visit_static):
    page = visit_static()
    page.evaluate("document.addEventListener('answered', () => (window.answers ??= 0, answers++))")
    draw(page, 4, left=0.8, width=0.35, top=0.55, height=0.4)
    expect_number(page, "4")
    pad = page.locator("#pad canvas").bounding_box()
    across, up = pad["x"] + 1.3 * pad["height"], pad["y"] + 0.6 * pad["height"]
    page.mouse.move(across, up)
    page.mouse.down()
    page.mouse.move(across, up + 0.3 * pad["height"], steps=8)
    expect_number(page, "41")
    while_drawn, answers = page.evaluate(FRAMED), page.evaluate("answers")
    page.mouse.up()
    page.wait_for_function(f"answers > {answers}")
    expect_number(page, "41")
    assert page.evaluate(FRAMED) == pytest.approx(while_drawn, abs=0.02)


def test_a_drawing_outside_of_the_pad_is_blank(visit_static):
    page = visit_static()
    page.evaluate("sessionStorage.setItem('drawing', '[[[140, -100], [150, -32]]]')")
    page.reload()
    expect(page.locator("#answer .hero.problem")).to_contain_text("blank")


def test_undo_redo_and_clear(visit_static):
    page = visit_static()
    draw(page, 3)
    expect_number(page, "3")
    press(page, "Clear")
    expect_empty(page)
    press(page, "Undo")
    expect_number(page, "3")
    page.keyboard.press("Control+z")
    expect_empty(page)
    press(page, "Redo")
    expect_number(page, "3")


# The worker's answers are heard late.
LATE_ANSWERS = """
const listen = Worker.prototype.addEventListener;
window.answersHeard = 0;
Worker.prototype.addEventListener = function (type, listener) {
  const hear = (event) => {
    listener(event);
    window.answersHeard++;
  };
  const hearLate = (event) => setTimeout(hear, 300, event);
  return listen.call(this, type, type === "message" ? hearLate : listener);
};
"""


def test_an_answer_to_a_cleared_drawing_is_not_shown(visit_static):
    page = visit_static()
    page.add_init_script(LATE_ANSWERS)
    page.reload()
    page.wait_for_selector("html[data-ready]", timeout=PATIENCE)
    draw(page, 3)
    expect_number(page, "3")
    draw(page, 4)
    heard = page.evaluate("window.answersHeard")
    press(page, "Clear")
    page.wait_for_function(f"window.answersHeard > {heard}")
    page.wait_for_timeout(100)
    expect_empty(page)


def test_a_scribble_is_refused(visit_static):
    page = visit_static()
    scribble(page)
    expect(page.locator("#answer .hero.refusal")).to_be_visible()
    expect_number(page, "?")


def test_a_reload_keeps_the_drawing(visit_static):
    page = visit_static()
    draw(page, 3)
    expect_number(page, "3")
    page.reload()
    expect_number(page, "3")


def test_a_picture_is_read(visit_static):
    page = visit_static()
    choose(page, "digits.png", png(sketch(4, 7)))
    expect_number(page, "47")


def test_rows_of_digits_are_shown_whole(visit_static):
    page = visit_static()
    expect_whole_rows(page, choose)
    marked = draw_number("12.34-56", np.random.default_rng(0)).picture
    choose(page, "marked.png", png(Image.fromarray(marked)))
    expect(page.locator("#answer .verdict")).to_contain_text("2 marks left out.")
    assert cut_off(page) == []


def test_what_cannot_be_read_is_told(visit_static):
    page = visit_static()
    for content, sentence in (
        (b"", "The file is empty"),
        (b"%PDF-1.7 and so on", "This file is a PDF document"),
        (b"no picture", "This file is a text file"),
        (png(Image.new("RGB", (64, 64), "white")), "This picture looks blank"),
        (png(Image.new("RGB", (3, 3))), "The picture is 3 × 3 pixels"),
    ):
        choose(page, "file.png", content)
        expect(page.locator("#answer .hero.problem")).to_contain_text(sentence)


def test_a_photo_is_turned_upright_by_its_exif(visit_static):
    picture = sketch(4, 7).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    picture.save(buffer, "jpeg", exif=exif)
    page = visit_static()
    choose(page, "photo.jpg", buffer.getvalue())
    expect_number(page, "47")


def test_white_strokes_on_nothing_are_seen(visit_static):
    grey = 255 - np.asarray(sketch(3).convert("L"))
    drawing = Image.fromarray(np.dstack([np.full_like(grey, 255)] * 3 + [grey]))
    page = visit_static()
    choose(page, "white.png", png(drawing))
    expect_number(page, "3")


def test_a_picture_can_be_pasted_anywhere(visit_static):
    page = visit_static()
    page.evaluate(
        """async (bytes) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "a.png", { type: "image/png" }));
            window.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
        }""",
        list(png(sketch(7))),
    )
    expect_number(page, "7")
    expect(page.get_by_role("tab", name="Image")).to_have_attribute("aria-selected", "true")


def test_a_bar_shows_the_evidence_for_its_digit(visit_static):
    page = visit_static()
    draw(page, 3)
    expect_number(page, "3")
    page.get_by_role("button", name="8: 0%. Show the evidence for 8").click()
    evidence = page.locator("#pictures").get_by_text("Evidence for 8")
    expect(evidence).to_be_visible()
    draw(page, 3)
    expect_number(page, "3")
    expect(evidence).to_be_visible()
    page.get_by_role("button", name="LayerCAM").click()
    button = page.get_by_role("button", name="LayerCAM")
    expect(button).to_have_attribute("aria-pressed", "true")


def test_tabs_can_be_walked_with_the_arrow_keys(visit_static):
    page = visit_static()
    page.get_by_role("tab", name="Sketchpad").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Image")).to_be_focused()
    expect(page.locator("#image")).to_be_visible()
    expect(page.locator("#pad")).to_be_hidden()


def test_a_link_opens_the_drawing_in_either_page(visit_static):
    page = visit_static()
    draw(page, 3)
    expect_number(page, "3")
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_function("location.search.startsWith('?d=s')")
    query = page.evaluate("location.search")
    strokes = link.read(query.removeprefix("?d="))
    assert len(strokes) == 1
    expect_number(visit_static(query=query), "3")


def test_a_link_to_the_tiles_of_a_picture_opens_in_either_page(visit_static, bundled):
    page = visit_static()
    choose(page, "digits.png", png(sketch(4, 7)))
    expect_number(page, "47")
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_function("location.search.startsWith('?d=t')")
    tiles = link.read(page.evaluate("location.search").removeprefix("?d="))
    assert bundled.recogniser.read_tiles(tiles.tiles, tiles.rows).text == "47"
    ours = bundled.recogniser.read(np.asarray(sketch(4, 7)))
    expect_number(visit_static(query=f"?d={link.of_digits(ours.digits)}"), "47")


def test_a_damaged_link_is_told(visit_static):
    page = visit_static(query="?d=sAAAA")
    expect(page.locator("#answer .hero")).to_contain_text("This link is damaged")


@SIZES
def test_the_page_passes_axe(visit_static, size):
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm install axe-core")
    page = visit_static(size)
    assert violations(page) == []
    draw(page, 3)
    expect_number(page, "3")
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        assert violations(page) == [], theme
    assert too_small(page) == []


def test_the_page_starts_without_a_network(visit_static):
    page = visit_static()
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    draw(page, 7)
    expect_number(page, "7")
    page.context.set_offline(False)


def test_the_example_in_the_readme_reads_a_file(visit_static):
    [example] = re.findall(r"```js\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    page = visit_static()
    file = "(bytes) => { window.file = new Blob([new Uint8Array(bytes)]); }"
    page.evaluate(file, list(png(sketch(4, 7))))
    tell = "window.found = await reader.read(file, { one: false }); reader.close();"
    page.add_script_tag(type="module", content=f"{example}\n{tell}")
    page.wait_for_function("window.found", timeout=PATIENCE)
    found = page.evaluate("window.found")
    assert found["text"] == "47"
    assert found.keys() == {"text", "digits", "ignored", "seconds"}
    for digit in found["digits"]:
        assert digit.keys() == {"digit", "confidence", "probabilities", "box", "accepted"}
        assert sum(digit["probabilities"]) == pytest.approx(1, abs=1e-4)


def test_a_picture_that_is_chosen_while_the_network_loads_is_read(browser, site_url):
    page = browser.new_page()
    held = []
    page.route("**/weights.bin", lambda route: held.append(route))
    page.goto(site_url)
    choose(page, "digits.png", png(sketch(4, 7)))
    expect(page.locator("#image .zone img")).to_be_visible()
    press(page, "Look inside")
    held[0].continue_()
    expect_number(page, "47")
    expect(page.locator("#inside")).to_contain_text("Inside the network")
    page.close()


@pytest.mark.parametrize("name", ["weights.bin", "row_weights.bin"])
def test_damaged_weights_are_refused(browser, site_url, name):
    page = browser.new_page()
    page.route(f"**/{name}", lambda route: route.fulfill(body=b"damaged"))
    page.goto(site_url)
    expect(page.locator("#answer .hero.problem")).to_contain_text("weights are not those")
    page.close()


def test_in_the_frame_of_a_space_links_lead_to_the_hub_s_pages(browser, site):
    """And the Hub is told the new query of its own address."""
    space, app = "https://huggingface.co/spaces/user/static", "https://user-static.static.hf.space"
    server = "https://huggingface.co/spaces/user/page"
    module = settings.as_module(SPACE_URL=space, SERVER_URL=server)

    def answer(route) -> None:
        name = urlsplit(route.request.url).path.lstrip("/") or "index.html"
        if name == "page/settings.js":
            route.fulfill(body=module, content_type="text/javascript")
        else:
            route.fulfill(path=site / name)

    page = browser.new_context(service_workers="block").new_page()
    page.route(f"{app}/**", answer)
    page.route(space, lambda route: route.fulfill(body=FRAMING, content_type="text/html"))
    page.goto(space)
    frame = page.frame_locator("iframe")
    expect(frame.locator("html[data-ready]")).to_be_attached()
    frame.locator("body").evaluate(
        "() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }"
    )
    draw(page, 7, pad=frame.locator("#pad canvas"))
    expect(frame.locator("#answer .number")).to_have_text("7")
    frame.get_by_role("button", name="Copy link").click()
    page.wait_for_function("window.told")
    query = page.evaluate("window.told.queryString")
    assert link.read(query.removeprefix("d="))
    expect(frame.locator("#link .said")).to_have_text("Link copied")
    assert frame.locator("body").evaluate("() => window.copied") == f"{space}?{query}"
    other = frame.get_by_role("link", name="The same page with a server")
    expect(other).to_have_attribute("href", server)
    page.context.close()


def test_digits_are_read_on_plain_http_too(start, site_url):
    """Where browsers have no service workers, and no hashes of their own."""
    running = start("--host-resolver-rules=MAP lan.test 127.0.0.1")
    page = running.new_page()
    page.goto(site_url.replace("127.0.0.1", "lan.test"))
    page.wait_for_selector("html[data-ready]", timeout=PATIENCE)
    assert not page.evaluate("window.isSecureContext")
    draw(page, 7)
    expect_number(page, "7")
    press(page, "Copy 7")
    expect(page.get_by_role("button", name="Copy 7")).to_have_text("Copied")
    running.close()
