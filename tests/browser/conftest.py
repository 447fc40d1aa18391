"""A browser for each test module, and a page whose console must stay clean."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.helpers import CHROMIUM, DESKTOP, open_page

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)


@pytest.fixture(scope="module")
def start() -> Iterator[Callable[..., Browser]]:
    """Return a function that starts a browser with the given flags."""
    if not CHROMIUM:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        yield lambda *flags: playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, *flags]
        )


@pytest.fixture(scope="module")
def browser(start) -> Iterator[Browser]:
    running = start()
    yield running
    running.close()


@pytest.fixture
def visit(browser, app_url) -> Iterator[Callable[..., Page]]:
    """Return a function that opens the page in a window of a size.

    Afterwards nothing may have been logged as an error, nor asked of another host.
    """
    pages, wrong = [], []

    def opened(size: dict = DESKTOP, query: str = "", **settings) -> Page:
        page = browser.new_page(viewport=size, **settings)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        page.on("request", lambda request: wrong.append(request.url) if _outside(request) else None)
        pages.append(page)
        page.goto(app_url + query)
        page.wait_for_selector("#pad [data-tool=clear]")
        return page

    def _outside(request) -> bool:
        parts = urlsplit(request.url)
        return parts.scheme in ("http", "https", "ws") and parts.netloc != urlsplit(app_url).netloc

    yield opened
    for page in pages:
        page.close()
    assert not wrong


@pytest.fixture
def page(browser, app_url) -> Iterator[Page]:
    """The page, whose console may report that the server does not answer."""
    opened = open_page(browser, app_url)
    yield opened
    opened.close()
