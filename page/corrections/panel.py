"""The panel "Wrong? It is a …"."""

import os
from collections.abc import Mapping
from html import escape
from pathlib import Path

import gradio as gr

from digit_model.arrays import DIGITS
from digit_model.errors import DigitError

from ..models.registry import Models
from ..reading.answer import ReadingView
from .store import NO_DIGIT, Corrections

CHOICES = (*map(str, range(DIGITS)), NO_DIGIT)
TEMPLATE = """
<button type="button" class="plain" data-open aria-expanded="false">Wrong?</button>
<div class="panel" hidden><p class="question">It is a</p><div class="choices" role="group"
aria-label="What it is">{buttons}</div><p class="consent">{consent}</p></div>
<span class="said" role="status">${{value}}</span>
"""


def correction_panel(corrections: Corrections, environ: Mapping[str, str] = os.environ) -> gr.HTML:
    """The button "Wrong?" with its choices; ``correct`` tells which was pressed."""
    buttons = "".join(
        f'<button type="button" data-digit="{name}">'
        f"{'no digit' if name == NO_DIGIT else name}</button>"
        for name in CHOICES
    )
    consented = escape(consent(corrections, environ))
    return gr.HTML(
        "",
        html_template=TEMPLATE.format(buttons=buttons, consent=consented),
        js_on_load=Path(__file__).with_name("panel.js").read_text(encoding="utf-8"),
        elem_id="correct",
        apply_default_css=False,
    )


def consent(corrections: Corrections, environ: Mapping[str, str]) -> str:
    """What a visitor should know before pressing."""
    where = "on this server"
    if corrections.repo:
        where += ", and in a private data set on the Hugging Face Hub,"
    # https://huggingface.co/docs/hub/spaces-storage: only /data outlives a restart of a Space.
    elif "SPACE_ID" in environ and not corrections.folder.absolute().is_relative_to("/data"):
        where += " until this Space restarts,"
    return (
        f"Pressing one keeps the picture of this digit, the answer and your choice {where} "
        "to train later networks. Nothing else about you is kept."
    )


def correct(
    corrections: Corrections,
    models: Models,
    key: str | None,
    seen: ReadingView | None,
    choice: object,
) -> str:
    """Keep what a visitor pressed; returns what to say, as HTML. key: the model that answered."""
    if seen is None or choice not in CHOICES:
        return "There is no answer to correct. Draw or choose a picture, and wait for its answer."
    digit = None if choice == NO_DIGIT else int(str(choice))
    try:
        corrections.keep(seen, digit, models.get(key))
    except DigitError as error:
        return escape(str(error))
    return "Kept as no digit. Thank you." if digit is None else f"Kept as {digit}. Thank you."
