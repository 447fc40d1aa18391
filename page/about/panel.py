"""The button "What is this?" and what it opens."""

import os
from collections.abc import Mapping

import gradio as gr

from ..scripts import run
from ..sharing.button import space_address
from ..templates import render
from . import documents


def about_button(environ: Mapping[str, str] = os.environ) -> gr.HTML:
    """Return the button, with a dialog that links to the source and the walk-through."""
    # push_to_hub.py sets this variable of the Space.
    static_space = space_address(environ, "DIGIT_STATIC_SPACE")
    links = documents.links(space_address(environ), static_space)
    return gr.HTML(
        render("about/panel.html", links=links),
        elem_id="about",
        js_on_load=run("about/panel.js"),
        apply_default_css=False,
    )
