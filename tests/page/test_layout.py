"""The layout: what Gradio asks of it for each session."""

import inspect
from types import SimpleNamespace
from typing import cast

import gradio as gr

from page.about.panel import about_button
from page.layout import cache_signatures


def test_constructors_are_not_inspected_again_for_each_session(monkeypatch):
    component = about_button({})
    # Another test may have built the page in this process.
    monkeypatch.delattr(type(component).__init__, "__signature__", raising=False)
    cache_signatures(cast(gr.Blocks, SimpleNamespace(blocks={0: component})))
    create = type(component).__init__
    assert inspect.signature(create) is inspect.signature(create)
