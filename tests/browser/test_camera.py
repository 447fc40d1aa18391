"""The camera: aim, take a photo, read continuously, and report a missing camera."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.helpers import DESKTOP, PATIENCE, PHONE, expect_number, png, press, serving
from tests.helpers import sketch


@pytest.fixture(scope="module")
def filming(start, tmp_path_factory) -> Iterator[Browser]:
    """Start a browser whose camera sees a drawn 3, and a small 7 below the frame to aim with."""
    film = tmp_path_factory.mktemp("film") / "three.mjpeg"
    _film(film)
    running = start(
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    yield running
    running.close()


def _film(path: Path) -> None:
    frame = io.BytesIO()
    picture = Image.new("RGB", (640, 480), "white")
    picture.paste(sketch(3, side=270, pen=20), (185, 105))
    picture.paste(sketch(7, side=56, pen=5), (300, 422))
    picture.save(frame, "jpeg", quality=95)
    path.write_bytes(frame.getvalue() * 5)


@pytest.fixture
def camera(filming, app_url) -> Iterator[Page]:
    """The Webcam tab of a phone, with the camera on."""
    page = filming.new_page(viewport=PHONE)
    page.goto(app_url)
    start_camera(page)
    yield page
    page.close()


def start_camera(page: Page) -> None:
    page.get_by_role("tab", name="Webcam").click()
    press(page, "Start camera")
    page.wait_for_function("document.querySelector('#camera video')?.videoWidth > 0")


def tracks(page: Page) -> int:
    """Return the number of the camera's running tracks."""
    return page.evaluate(
        "document.querySelector('#camera video').srcObject?.getTracks()"
        ".filter((track) => track.readyState === 'live').length ?? 0"
    )


def test_a_captured_picture_is_read_and_stays_in_view(camera):
    expect(camera.locator("#camera .aim")).to_be_visible()
    expect(camera.get_by_role("button", name="Stop camera")).to_be_enabled()
    mirrored = "getComputedStyle(document.querySelector('#camera video')).transform"
    assert camera.evaluate(mirrored) == "none"
    press(camera, "Take photo")
    expect_number(camera, "3")
    assert camera.evaluate("document.querySelector('#camera video').paused")
    for part in ("#camera .stage", "#camera .tools", "#answer .hero"):
        box = camera.locator(part).bounding_box()
        assert box["y"] + box["height"] <= PHONE["height"]
    press(camera, "Again")
    assert not camera.evaluate("document.querySelector('#camera video').paused")


def test_the_rear_camera_is_asked_for_at_a_modest_size(filming, app_url):
    page = filming.new_page(viewport=PHONE)
    page.add_init_script(
        "const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        "navigator.mediaDevices.getUserMedia = (asked) => open((window.asked = asked));"
    )
    page.goto(app_url)
    page.get_by_role("tab", name="Webcam").click()
    press(page, "Start camera")
    page.wait_for_function("window.asked")
    asked = page.evaluate("window.asked.video")
    assert asked["facingMode"] == {"ideal": "environment"}
    assert asked["width"]["ideal"] * asked["height"]["ideal"] <= 1280 * 720
    page.close()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_only_what_lies_inside_the_frame_is_read(filming, app_url, size):
    page = filming.new_page(viewport=size)
    page.goto(app_url)
    start_camera(page)
    sent = []
    page.on("request", lambda r: sent.append(r.post_data) if "queue/join" in r.url else None)
    press(page, "Take photo")
    expect_number(page, "3")
    url = next(part for part in sent[-1].split('"') if part.startswith("data:image/jpeg"))
    aim = page.locator("#camera .aim").bounding_box()
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as picture:
        ratio = picture.width / picture.height
    assert ratio == pytest.approx(aim["width"] / aim["height"], rel=0.02)
    page.close()


def test_the_static_page_reads_what_lies_inside_the_frame_too(filming, site):
    with serving(site) as address:
        page = filming.new_page(viewport=PHONE)
        page.goto(address)
        page.get_by_role("tab", name="Camera").click()
        page.locator("[data-camera=start]").click()
        page.wait_for_function("document.querySelector('#camera video')?.videoWidth > 0")
        press(page, "Capture")
        expect_number(page, "3")
        page.close()


def frame_of(picture: Image.Image) -> str:
    return "data:image/png;base64," + base64.b64encode(png(picture)).decode()


def test_continuous_reading_answers_when_pictures_agree_and_else_says_what_to_do(camera):
    # The next frame is shown once the last one is read, however long that takes.
    camera.evaluate(
        """() => {
            let read = 0;
            document.addEventListener("looked", () => (read += 1));
            HTMLCanvasElement.prototype.toDataURL = () =>
                window.frames[read % window.frames.length];
        }"""
    )
    show = "frames => { window.frames = frames; }"
    three, seven = frame_of(sketch(3)), frame_of(sketch(7))
    camera.evaluate(show, [three, seven])
    press(camera, "Read continuously")
    note = camera.locator("#camera .note")
    expect(note).to_have_text("Hold the paper still.")
    expect(camera.locator("#answer .hero")).to_contain_text("Take a photo")
    camera.evaluate(show, [seven])
    expect_number(camera, "7")
    expect(note).to_have_text("")
    camera.evaluate(show, [frame_of(Image.new("RGB", (280, 280), "white"))])
    expect(note).to_contain_text("Hold the paper closer")
    assert camera.locator("#answer").evaluate("answer => answer.inert")
    camera.evaluate(show, [three])
    expect_number(camera, "3")
    assert not camera.locator("#answer").evaluate("answer => answer.inert")


def test_continuous_reading_stops_when_the_tab_is_left(camera):
    asked = []
    camera.on("request", lambda r: asked.append(r.url) if "queue/join" in r.url else None)
    press(camera, "Read continuously")
    expect_number(camera, "3")
    with camera.expect_request("**/queue/join*", timeout=PATIENCE):
        pass  # It goes on after the answer.
    asked.clear()
    camera.wait_for_timeout(2000)
    assert len(asked) <= 6
    assert tracks(camera) == 1
    camera.get_by_role("tab", name="Sketchpad").click()
    expect(camera.locator("#answer .hero")).to_contain_text("Draw a digit")
    assert tracks(camera) == 0
    before = len(asked)
    camera.wait_for_timeout(1500)
    assert len(asked) == before
    camera.get_by_role("tab", name="Webcam").click()
    expect(camera.locator("#answer .hero")).to_contain_text("Take a photo")


def test_correcting_pauses_the_camera(camera):
    press(camera, "Read continuously")
    expect_number(camera, "3")
    press(camera, "Got it wrong?")
    assert camera.evaluate("document.querySelector('#camera video').paused")
    expect(camera.get_by_role("button", name="Read continuously")).to_have_attribute(
        "aria-pressed", "false"
    )
    camera.wait_for_timeout(1500)
    expect(camera.locator("#correct .panel")).to_be_visible()
    expect(camera.locator("#correct .question")).to_have_text("This is really a …")


@pytest.fixture
def asking(filming, app_url) -> Iterator[Page]:
    """The Webcam tab while the browser asks whether the camera is allowed, which it is later."""
    page = filming.new_page(viewport=PHONE)
    page.add_init_script(
        """const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        window.streams = [];
        const allowed = new Promise((allow) => (window.allow = allow));
        navigator.mediaDevices.getUserMedia = async (asked) => {
            await allowed;
            const stream = await open(asked);
            window.streams.push(stream);
            return stream;
        };"""
    )
    page.goto(app_url)
    page.get_by_role("tab", name="Webcam").click()
    press(page, "Start camera")
    yield page
    page.close()


def test_a_second_press_opens_no_second_camera(asking):
    press(asking, "Start camera")
    asking.evaluate("window.allow()")
    asking.wait_for_function("document.querySelector('#camera video')?.videoWidth > 0")
    asking.wait_for_timeout(500)
    assert asking.evaluate("window.streams.length") == 1


def test_a_camera_that_is_allowed_too_late_is_turned_off(asking):
    asking.get_by_role("tab", name="Sketchpad").click()
    asking.evaluate("window.allow()")
    asking.wait_for_function("window.streams.length === 1")
    asking.wait_for_function("!window.streams[0].active")
    asking.get_by_role("tab", name="Webcam").click()
    press(asking, "Start camera")
    asking.wait_for_function("document.querySelector('#camera video')?.videoWidth > 0")


def test_continuous_reading_waits_for_each_answer(camera):
    asked = []
    camera.route("**/queue/join*", lambda route: asked.append(route))
    with camera.expect_request("**/queue/join*", timeout=PATIENCE):
        press(camera, "Read continuously")
    camera.wait_for_timeout(2000)
    assert len(asked) == 1
    asked[0].abort()


def test_a_hidden_page_turns_the_camera_off(camera):
    press(camera, "Read continuously")
    assert tracks(camera) == 1
    camera.evaluate(
        "Object.defineProperty(document, 'hidden', { value: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    assert tracks(camera) == 0
    expect(camera.get_by_role("button", name="Read continuously")).to_be_disabled()


def test_a_missing_camera_is_reported_with_a_remedy(visit):
    page = visit()
    page.get_by_role("tab", name="Webcam").click()
    press(page, "Start camera")
    note = page.locator("#camera .note")
    expect(note).to_contain_text("upload a photo in the Image tab")
    expect(note).to_be_visible()


def test_a_forbidden_camera_is_reported_with_a_remedy(start, app_url):
    running = start("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream=deny")
    page = running.new_page()
    page.goto(app_url)
    page.get_by_role("tab", name="Webcam").click()
    press(page, "Start camera")
    expect(page.locator("#camera .note")).to_contain_text("not allowed")
    running.close()
