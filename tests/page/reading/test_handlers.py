"""What is answered to events about what the server no longer has."""

import gradio as gr
import pytest

from page.models.registry import ModelRegistry
from page.reading.handlers import Handlers


@pytest.fixture(scope="module")
def handlers(bundled) -> Handlers:
    return Handlers(ModelRegistry(bundled))


def test_a_choice_about_a_reading_that_is_forgotten(handlers):
    html, _, seen, _ = handlers.choose(None, None, None, gr.EventData(None, {"target": "3"}))
    assert "no longer kept" in html
    assert "come back" in html
    assert seen is None


def test_a_picture_that_is_forgotten(handlers, tmp_path):
    html, _, seen = handlers.image(str(tmp_path / "photo.jpg"))
    assert "Choose it again" in html
    assert seen is None
