"""The service worker: what it keeps, and how a new version replaces the old one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.site import write_file_list
from tests.browser.helpers import PATIENCE, serving


@pytest.fixture
def own_site(site, tmp_path) -> Path:
    """A copy of the static page that a test may change."""
    return Path(shutil.copytree(site, tmp_path / "site"))


@pytest.fixture
def site_url(own_site) -> Iterator[str]:
    with serving(own_site) as url:
        yield url


def publish_second_version(folder: Path) -> None:
    replace(folder / "index.html", "<h1>Digit reader", "<h1>Second version")
    replace(folder / "index.html", "page/offline.js", "page/offline_2.js")
    replace(folder / "page" / "page.js", '"./offline.js"', '"./offline_2.js"')
    (folder / "page" / "offline.js").rename(folder / "page" / "offline_2.js")
    write_file_list(folder)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_new_version_replaces_the_old_one_in_all_tabs_once_it_is_asked_for(
    visit_static, own_site
):
    page = visit_static()
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    stored = "caches.keys().then(async ([name, ...others]) => [others.length, "
    stored += "(await (await caches.open(name)).keys()).map((kept) => new URL(kept.url).pathname)])"
    others, first = page.evaluate(stored)
    assert others == 0
    assert {"/", "/page/offline.js", "/model.json"} <= set(first)
    assert {"/weights.bin", "/row_weights.bin"} <= set(first)
    assert not {"/service_worker.js", "/files.js"} & set(first)
    page.evaluate("fetch('?d=sAAAA')")  # answered from the cache, and not stored beside it
    publish_second_version(own_site)

    page.reload()
    expect(page.get_by_role("heading", name="Digit reader")).to_be_visible()  # the old one answers
    notice = page.get_by_text("A new version is ready")
    expect(notice).to_be_visible()
    with page.expect_popup() as opened:
        page.evaluate("() => { window.open(location.href); }")
    other = opened.value
    other.wait_for_selector("html[data-ready]", timeout=PATIENCE)
    expect(other.get_by_role("heading", name="Digit reader")).to_be_visible()

    page.get_by_role("button", name="Load it").click()
    for tab in (page, other):
        heading = tab.get_by_role("heading", name="Second version")
        expect(heading).to_be_visible()
        expect(tab.get_by_text("A new version is ready")).to_be_hidden()
    page.wait_for_selector("html[data-ready]", timeout=PATIENCE)
    others, second = page.evaluate(stored)
    assert others == 0
    assert set(second) - set(first) == {"/page/offline_2.js"}
    assert set(first) - set(second) == {"/page/offline.js"}

    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("html[data-ready]", timeout=PATIENCE)
    expect(page.get_by_role("heading", name="Second version")).to_be_visible()
    page.context.set_offline(False)
