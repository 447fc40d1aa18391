"""The panel on which a visitor says that an answer is wrong, and what it should be."""

import os
from collections.abc import Mapping

import gradio as gr

from digit_model.arrays import DIGITS
from digit_model.data.corrections import NOT_A_DIGIT
from digit_model.errors import DigitError

from ..models.registry import ModelRegistry
from ..reading.answer import ReadingView
from ..templates import read_text, render
from ..texts import text
from .store import CorrectionStore

CHOICES = (*map(str, range(DIGITS)), NOT_A_DIGIT)


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
        js_on_load=read_text("corrections/panel.js"),
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


def correct(
    store: CorrectionStore,
    models: ModelRegistry,
    key: str | None,
    view: ReadingView | None,
    choice: object,
) -> str:
    """Store what a visitor chose, and return the reply as HTML. key: the model that answered."""
    if view is None or choice not in CHOICES:
        return _reply(text("corrections.nothing"))
    label = None if choice == NOT_A_DIGIT else int(str(choice))
    try:
        store.store(view, label, models.get(key))
    except DigitError as error:
        return _reply(str(error))
    if label is None:
        return _reply(text("corrections.saved_not_a_digit"))
    return _reply(text("corrections.saved", label=label))


def _reply(sentence: str) -> str:
    return render("corrections/reply.html", sentence=sentence)
