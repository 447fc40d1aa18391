"""What the page serves below /browser/: modules of the static page, and exported networks."""

import hashlib

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from page.inside.modules import BrowserModules


@pytest.fixture(scope="module")
def client(readers) -> TestClient:
    page = Starlette(routes=[Route("/{path:path}", lambda request: PlainTextResponse("page"))])
    return TestClient(BrowserModules(page, readers))


def test_a_network_s_weights_are_those_that_its_description_names(client, bundled):
    described = client.get("/browser/models/served/model.json")
    assert described.headers["cache-control"] == "no-cache"
    model = described.json()
    assert model["checkpoint"] == bundled.checkpoint.sha256
    weights = client.get(f"/browser/models/served/{model['weights']['file']}")
    assert hashlib.sha256(weights.content).hexdigest() == model["weights"]["sha256"]
    assert "immutable" in weights.headers["cache-control"]


def test_weights_that_a_model_no_longer_has_are_not_found(client):
    assert client.get(f"/browser/models/served/{'0' * 64}.bin").status_code == 404


def test_a_model_that_is_gone_is_refused_with_a_sentence(client):
    refused = client.get("/browser/models/runs/gone/model.json")
    assert refused.status_code == 422
    assert refused.text.startswith("This model is no longer there.")


@pytest.mark.parametrize("name", ["page/link.js", "page/settings.js", "page/inside.css"])
def test_modules_are_served_and_asked_for_again(client, name):
    answer = client.get(f"/browser/{name}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["site.py", "index.html", "%2e%2e/app.py", "page/none.js"])
def test_nothing_else_is_served(client, name):
    assert client.get(f"/browser/{name}").status_code == 404


def test_other_addresses_are_the_page_s(client):
    assert client.get("/").text == "page"
