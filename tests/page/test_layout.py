"""The layout: what Gradio asks of it for each session."""

from types import SimpleNamespace
from typing import cast

import gradio as gr

from page.about.panel import about_button
from page.layout import cache_configs


def test_a_component_works_out_its_configuration_once_and_hands_out_copies(monkeypatch):
    component = about_button({})
    expected = component.get_config()
    cache_configs(cast(gr.Blocks, SimpleNamespace(blocks={0: component})))
    # Whatever inspects the constructor again would fail.
    monkeypatch.setattr("gradio.blocks.inspect", None)
    changed = component.get_config()
    changed["value"] = "of one session"
    assert component.get_config() == expected
