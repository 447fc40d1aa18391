"""The panel on which a visitor says that an answer is wrong, and what it should be."""

import os
from collections.abc import Mapping

import gradio as gr

from digit_model.data.corrections import NOT_A_DIGIT

from ..scripts import run
from ..templates import render
from ..texts import text
from .store import CHOICES, CorrectionStore


def correction_panel(store: CorrectionStore, environ: Mapping[str, str] = os.environ) -> gr.HTML:
    """Return the button "Got it wrong?" with its choices; ``correct`` fires when one is pressed."""
    template = render(
        "corrections/panel.html",
        choices=CHOICES,
        not_a_digit=NOT_A_DIGIT,
        consent=consent(store, environ),
    )
    return gr.HTML(
        "",
        html_template=str(template),
        js_on_load=run("corrections/panel.js", "correct"),
        elem_id="correct",
        apply_default_css=False,
    )


def consent(store: CorrectionStore, environ: Mapping[str, str]) -> str:
    """Return what a visitor should know before choosing."""
    kind = "consent"
    if store.repo:
        kind = "consent_hub"
    # https://huggingface.co/docs/hub/spaces-storage: only /data survives a restart of a Space.
    elif "SPACE_ID" in environ and not store.folder.absolute().is_relative_to("/data"):
        kind = "consent_space"
    return f"{text(f'corrections.{kind}')} {text('corrections.nothing_else')}"
