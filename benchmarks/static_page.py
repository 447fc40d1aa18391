"""Measure the static page in Chromium on this machine: weight, waiting times, speed.

    python -m benchmarks.static_page [--rounds 60] [--site FOLDER]

Without --site the page is made first, with the bundled network. From a pointer movement to the
answer runs from the event to the changed page, and so does the time for a photo, decoding included.
Only the view inside is measured with WebGL, which is done in software here and would take the
processor from all else.
"""

import argparse
import io
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import numpy as np
from PIL import Image
from playwright.sync_api import (
    Browser,
    Page,
    Playwright,
    Request,
    Route,
    ViewportSize,
    sync_playwright,
)

from browser.site import make_site, serve
from digit_model import pretrained
from digit_model.synthesis.example_pictures import photo

FLAGS = (
    *("--no-sandbox", "--disable-background-networking", "--no-first-run"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
)
WITHOUT_GPU = ("--disable-gpu",)
WITH_WEBGL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
READY = "html[data-ready]"
# 1.6 Mbit/s with 150 ms of latency, as Lighthouse's slow 4G.
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 2e5, "uploadThroughput": 9e4}
PHOTO_SIZE = (4000, 3000)
# Draws a 3 point by point; each movement waits for the answer to it. Returns milliseconds.
MOVE = """async (rounds) => {
  const canvas = document.querySelector("#pad canvas"), box = canvas.getBoundingClientRect();
  const waits = [];
  const at = (k) => ({
    pointerId: 1, button: 0, bubbles: true,
    clientX: box.left + box.width * (0.45 + 0.14 * Math.sin(k / 6.5) * (k < 30 ? 1 : 1.15)),
    clientY: box.top + box.height * (0.15 + (0.7 * k) / rounds),
  });
  canvas.setPointerCapture = () => {};
  // A dot is too little to be read; the page says so.
  const answered = () =>
    new Promise((done) => {
      for (const event of ["answered", "unreadable"]) {
        document.addEventListener(event, done, { once: true });
      }
    });
  let next = answered();
  canvas.dispatchEvent(new PointerEvent("pointerdown", at(0)));
  await next;
  for (let k = 1; k <= rounds; k++) {
    await new Promise((done) => setTimeout(done, 40));
    next = answered();
    const started = performance.now();
    canvas.dispatchEvent(new PointerEvent("pointermove", at(k)));
    await next;
    waits.push(performance.now() - started);
  }
  canvas.dispatchEvent(new PointerEvent("pointerup", at(rounds)));
  return waits;
}"""
# Gives a file to the page and returns the milliseconds to its answer.
PHOTO = """async () => {
  const content = await (await fetch("photo.jpg")).blob();
  const file = new File([content], "photo.jpg", { type: "image/jpeg" });
  const data = new DataTransfer();
  data.items.add(file);
  const answered =
    new Promise((done) => document.addEventListener("answered", done, { once: true }));
  const started = performance.now();
  window.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
  await answered;
  return performance.now() - started;
}"""
# How often something happened in so many seconds.
COUNT_ANSWERS = """async (seconds) => {
  let count = 0;
  const note = () => count++;
  for (const event of ["answered", "unreadable"]) document.addEventListener(event, note);
  await new Promise((done) => setTimeout(done, 1000 * seconds));
  return count / seconds;
}"""
COUNT_FRAMES = """async (seconds) => {
  const canvas = document.querySelector("#pad canvas"), box = canvas.getBoundingClientRect();
  const ended = performance.now() + 1000 * seconds;
  let frames = 0;
  const at = (k) => ({
    pointerId: 1, button: 0, bubbles: true,
    clientX: box.left + box.width * (0.5 + 0.2 * Math.sin(k / 9)),
    clientY: box.top + box.height * (0.5 + 0.3 * Math.cos(k / 9)),
  });
  canvas.setPointerCapture = () => {};
  canvas.dispatchEvent(new PointerEvent("pointerdown", at(0)));
  while (performance.now() < ended) {
    await new Promise(requestAnimationFrame);
    canvas.dispatchEvent(new PointerEvent("pointermove", at(++frames)));
  }
  canvas.dispatchEvent(new PointerEvent("pointerup", at(frames)));
  return frames / seconds;
}"""


def main() -> int:
    options = _options()
    with _served(options.site) as url, sync_playwright() as playwright:
        with _browser(playwright, WITHOUT_GPU) as browser:
            _measure_visit(browser, url, "on loopback", None)
            _measure_visit(browser, url, "at 1.6 Mbit/s", SLOW)
            # A service worker would ask the server for the photo that is given below.
            page = browser.new_page(viewport=DESKTOP, service_workers="block")
            page.goto(url)
            page.wait_for_selector(READY)
            _print_times("pointer to answer", page.evaluate(MOVE, options.rounds))
            page.route("**/photo.jpg", partial(_give_photo, _large_photo()))
            _print_times("12-megapixel photo", [page.evaluate(PHOTO) for _ in range(5)])
            _measure_camera(page)
        with _browser(playwright, WITH_WEBGL) as browser:
            page = browser.new_page(viewport=DESKTOP)
            page.goto(url)
            page.wait_for_selector(READY)
            _measure_inside(page)
    return 0


@contextmanager
def _browser(playwright: Playwright, flags: tuple[str, ...]) -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    running = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *flags])
    yield running
    running.close()


def _measure_visit(browser: Browser, url: str, name: str, conditions: dict | None) -> None:
    """Open the page with an empty cache; print its weight and when it can answer."""
    page = browser.new_page(viewport=DESKTOP)
    requests: list[Request] = []
    page.on("requestfinished", lambda request: requests.append(request))
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    if conditions:
        session.send("Network.emulateNetworkConditions", conditions)
    started = time.perf_counter()
    page.goto(url)
    page.wait_for_selector(READY, timeout=60_000)
    ready = time.perf_counter() - started
    page.wait_for_timeout(1000)
    sizes = [request.sizes() for request in requests]
    size = sum(one["responseBodySize"] + one["responseHeadersSize"] for one in sizes)
    print(f"answers {name:14} after {ready:.2f} s, {size / 1000:.0f} kB in {len(sizes)} requests")
    page.close()


def _give_photo(content: bytes, route: Route) -> None:
    route.fulfill(body=content, content_type="image/jpeg")


def _large_photo() -> bytes:
    """Draw a photo of 12 megapixels."""
    picture = photo(np.random.default_rng(2)).resize(PHOTO_SIZE, Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    picture.save(buffer, "jpeg", quality=90)
    return buffer.getvalue()


def _measure_camera(page: Page) -> None:
    page.get_by_role("tab", name="Camera").click()
    page.get_by_role("button", name="Camera", exact=True).click()
    page.wait_for_selector('[data-camera="live"]:enabled')
    page.get_by_role("button", name="Live").click()
    print(f"camera             {page.evaluate(COUNT_ANSWERS, 5):.1f} readings a second")


def _measure_inside(page: Page) -> None:
    page.get_by_role("button", name="Look inside").click()
    page.wait_for_selector("#inside .stacks")
    print(f"inside view        {page.evaluate(COUNT_FRAMES, 5):.0f} frames a second while drawing")


def _print_times(name: str, milliseconds: list[float]) -> None:
    ordered = sorted(milliseconds)
    within = ordered[int(0.9 * (len(ordered) - 1))]
    print(f"{name:18} median {statistics.median(ordered):.1f} ms, 90 % within {within:.1f} ms")


@contextmanager
def _served(folder: Path | None) -> Iterator[str]:
    """Serve a folder with the static page, or one that is made for it, on a free port."""
    with TemporaryDirectory() as temporary:
        if folder is None:
            folder = Path(temporary)
            served = pretrained.load()
            make_site(folder, served.checkpoint, served.source)
        server = serve(folder, 0)
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        server.server_close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60, help="pointer movements (%(default)s)")
    parser.add_argument("--site", type=Path, help="a folder that browser.site wrote")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
