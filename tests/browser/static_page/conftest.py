"""The static page, made from this repository and served on loopback."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser.helpers import DESKTOP, PATIENCE, serving


@pytest.fixture(scope="session")
def site_url(site) -> Iterator[str]:
    with serving(site) as url:
        yield url


@pytest.fixture
def visit_static(browser, site_url) -> Iterator[Callable[..., Page]]:
    """Return a function that opens the static page, ready to read, in a window of a size.

    Afterwards nothing may have been logged as an error, nor asked of another host.
    """
    pages, wrong = [], []
    own = urlsplit(site_url).netloc

    def opened(size: dict = DESKTOP, query: str = "", **settings) -> Page:
        page = browser.new_page(viewport=size, **settings)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        page.on("request", lambda r: wrong.append(r.url) if _is_outside(r.url, own) else None)
        pages.append(page)
        page.goto(site_url + query)
        page.wait_for_selector("html[data-ready]", timeout=PATIENCE)
        return page

    yield opened
    for page in pages:
        page.close()
    assert not wrong


def _is_outside(url: str, own: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws") and parts.netloc != own
