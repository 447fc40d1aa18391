"""The layout: what Gradio asks of it for each session."""

import inspect
from types import SimpleNamespace
from typing import cast

import gradio as gr

from page.about.panel import about_button
from page.layout import cache_signatures


def test_constructors_are_not_inspected_again_for_each_session():
    component = about_button({})
    cache_signatures(cast(gr.Blocks, SimpleNamespace(blocks={0: component})))
    create = type(component).__init__
    assert inspect.signature(create) is inspect.signature(create)
