"""The button that opens the view of the network's layers, and the place of the view."""

import gradio as gr

from ..scripts import run
from ..templates import render

# JavaScript that tells the page's scripts the key of the model that answers.
_TELL = """(key) => {{ document.dispatchEvent(new CustomEvent("{event}", {{ detail: key }})); }}"""


def inside_button(model: gr.Textbox) -> gr.HTML:
    """Return the button. model: holds the key of the model that answers."""
    button = gr.HTML(
        "",
        html_template=str(render("inside/button.html")),
        js_on_load=run("inside/inside.js", "open"),
        elem_id="look",
        apply_default_css=False,
    )
    private: dict = {"show_progress": "hidden", "api_visibility": "private"}
    button.open(None, model, js=_TELL.format(event="model told"), **private)
    model.change(None, model, js=_TELL.format(event="model changed"), **private)
    return button


def inside_place() -> gr.HTML:
    """Return the place that the view fills when it is opened."""
    return gr.HTML("", elem_id="inside", js_on_load="", apply_default_css=False)
