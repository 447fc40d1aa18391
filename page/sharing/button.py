"""The button that copies a link to what was drawn or photographed."""

import os
import re
from collections.abc import Mapping

import gradio as gr

from ..scripts import run
from ..templates import render


def link_button(environ: Mapping[str, str] = os.environ) -> gr.HTML:
    """Return the button; its value becomes the link that is being opened."""
    return gr.HTML(
        "",
        html_template=str(render("sharing/button.html", space=space_address(environ))),
        js_on_load=run("sharing/link.js", "open"),
        elem_id="link",
        apply_default_css=False,
    )


def space_address(environ: Mapping[str, str], variable: str = "SPACE_ID") -> str:
    """Return the Hub's page that shows a Space in a frame, or "" where none is named.

    variable: has the Space's name; by default that of this Space, if it is one.
    """
    name = environ.get(variable, "")
    return f"https://huggingface.co/spaces/{name}" if re.fullmatch(r"[\w.-]+/[\w.-]+", name) else ""
