"""Each script is run by one component, and the server listens to the events that it triggers."""

import re

import httpx
import pytest

from page.scripts import head
from page.templates import HERE, read_text

SCRIPTS = sorted(path.relative_to(HERE).as_posix() for path in HERE.glob("*/*.js"))


@pytest.fixture(scope="module")
def config(app_url) -> dict:
    """Return what Gradio tells the browser of the page."""
    return httpx.get(f"{app_url}/config").raise_for_status().json()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_run_by_the_component_whose_events_are_heard(config, name):
    [component] = [
        found["id"]
        for found in config["components"]
        if f'SCRIPTS["{name}"]' in (found["props"].get("js_on_load") or "")
    ]
    assert f'"{name}"(element, ' in head()
    heard = [tuple(target) for found in config["dependencies"] for target in found["targets"]]
    for event in re.findall(r'trigger\("(\w+)"', read_text(name)):
        assert (component, event) in heard
