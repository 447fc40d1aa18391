"""The preview of a link: our title and picture, under the address that a visitor sees."""

import re

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from page.sharing.preview import PICTURE, LinkPreview
from page.texts import text

GRADIO_HTML = """<!doctype html><html><head><meta charset="utf-8" />
<meta property="og:title" content="Gradio" />
<meta
    property="og:image"
    content=""
/>
<meta name="twitter:creator" content="@Gradio" /></head><body>page</body></html>"""


@pytest.fixture
def client() -> TestClient:
    routes = [
        Route("/", lambda request: HTMLResponse(GRADIO_HTML)),
        Route("/config", lambda request: JSONResponse({"title": "Gradio"})),
    ]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(LinkPreview)]))


def properties(html: str) -> dict[str, str]:
    return dict(re.findall(r'<meta (?:property|name)="([^"]*)" content="([^"]*)"', html))


def test_the_preview_has_our_title_and_picture_once(client):
    html = client.get("/").text
    found = properties(html)
    assert found["og:title"] == text("page.title")
    assert found["og:image"] == "http://testserver/preview.png"
    assert "Gradio" not in html
    assert html.count("og:title") == html.count("og:image") == 1
    assert html.endswith("<body>page</body></html>")


def test_the_address_is_the_proxy_s(client):
    headers = {"x-forwarded-proto": "https,http", "x-forwarded-host": "digits.example"}
    found = properties(client.get("/", headers=headers).text)
    assert found["og:url"] == "https://digits.example/"
    assert found["og:image"] == "https://digits.example/preview.png"


def test_a_host_name_is_escaped(client):
    html = client.get("/", headers={"x-forwarded-host": '"><script>'}).text
    assert "<script>" not in html


def test_the_picture_is_served(client):
    answer = client.get("/preview.png")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == PICTURE.read_bytes()
    with Image.open(PICTURE) as picture:
        assert picture.size == (1200, 630)
    assert PICTURE.stat().st_size < 100_000


def test_other_answers_are_left_alone(client):
    assert client.get("/config").json() == {"title": "Gradio"}
