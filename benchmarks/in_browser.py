#!/usr/bin/env python3
"""Measure the page in a browser on this machine: weight, waiting times, and layout shift.

    python benchmarks/in_browser.py [--strokes 20] [--url http://127.0.0.1:7860]

Without --url, app.py is started on a free port. Needs Chromium or Chrome and Playwright. Pen-up to
answer runs from the event in the browser to the frame that paints the answer to the whole stroke;
one that was asked for while the stroke was drawn does not count.
"""

import argparse
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

ROOT = Path(__file__).parents[1]
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
# Runs in the page: from the pen-up to the answer to what was asked after it; shifts of the layout.
WATCH = """() => {
  const waits = (window.waits = []), shifts = (window.shifts = []);
  let up = 0, asked = false;
  const ask = window.fetch;
  window.fetch = (input, init) => {
    asked ||= up > 0 && String(input.url ?? input).includes("queue/join");
    return ask(input, init);
  };
  document.addEventListener("pointerup", () => (up = performance.now()), true);
  document.addEventListener("answered", () => requestAnimationFrame(() => {
    if (!asked) return;
    waits.push(performance.now() - up);
    up = 0;
    asked = false;
  }));
  new PerformanceObserver((list) => shifts.push(...list.getEntries().map((one) => one.value)))
    .observe({ type: "layout-shift", buffered: true });
}"""

SHIFT = "window.shifts.splice(0).reduce((sum, one) => sum + one, 0)"


def main() -> int:
    options = _options()
    with _served(options.url) as url, sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, BROWSERS)), None)
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        page = browser.new_page(viewport=DESKTOP)
        _load(page, url)
        page.evaluate(WATCH)
        page.wait_for_timeout(500)
        print(f"shift on loading    {page.evaluate(SHIFT):.4f}")
        _draw(page, options.strokes)
        print(f"shift on answering  {page.evaluate(SHIFT):.4f}")
        browser.close()
    return 0


def _load(page: Page, url: str) -> None:
    """Open the page with an empty cache, and print its weight and when one can draw."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    bodies: list[float] = []
    session.on("Network.loadingFinished", lambda event: bodies.append(event["encodedDataLength"]))
    started = time.perf_counter()
    page.goto(url)
    page.wait_for_selector("#pad [data-tool=clear]")
    usable = time.perf_counter() - started
    page.wait_for_timeout(2000)
    print(f"page weight         {sum(bodies) / 1e6:.2f} MB in {len(bodies)} requests")
    print(f"usable pad after    {usable:.2f} s")


def _draw(page: Page, strokes: int) -> None:
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if r.url.startswith("http") else None)
    for number in range(strokes):
        _stroke(page, number)
        page.wait_for_function(f"window.waits.length > {number}")
        page.wait_for_timeout(200)
    waits = sorted(page.evaluate("window.waits"))
    print(f"pen-up to answer    median {statistics.median(waits):.0f} ms, ", end="")
    print(f"90 % within {waits[int(0.9 * (len(waits) - 1))]:.0f} ms, {strokes} strokes")
    print(f"requests a stroke   {len(asked) / strokes:.1f}")


def _stroke(page: Page, number: int) -> None:
    """Draw an upright line in half a second, beside the previous one; clear the pad after ten."""
    box = page.locator("#pad canvas").bounding_box()
    assert box
    if number and number % 10 == 0:
        page.locator("[data-tool=clear]").click()
        page.wait_for_timeout(1000)
    x = box["x"] + box["width"] * (number % 10 + 0.5) / 10
    page.mouse.move(x, box["y"] + 0.2 * box["height"])
    page.mouse.down()
    for step in range(1, 26):
        page.mouse.move(x, box["y"] + (0.2 + 0.6 * step / 25) * box["height"])
        page.wait_for_timeout(20)
    page.mouse.up()


@contextmanager
def _served(url: str | None) -> Iterator[str]:
    if url:
        yield url
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "app.py", "--port", str(port)]
    app = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if app.poll() is not None:
                raise SystemExit("app.py ended before it served.")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        app.terminate()
        app.wait(20)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--strokes", type=int, default=20, help="how many to draw (%(default)s)")
    parser.add_argument("--url", help="a page that is being served already")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
