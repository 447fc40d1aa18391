"""Store what a visitor says about an answer. The reader process does this. No gradio here."""

from digit_model.data.corrections import NOT_A_DIGIT
from digit_model.errors import DigitError

from ..models.registry import ModelRegistry
from ..reading.view import ReadingView
from ..templates import render
from ..texts import text
from .store import CHOICES, CorrectionStore


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
