"""Store what a visitor says about an answer. The reader process does this. No gradio here."""

from dataclasses import replace

from digit_model.data.corrections import NOT_A_DIGIT
from digit_model.errors import DigitError
from digit_model.pretrained import Pretrained

from ..models.registry import ModelRegistry
from ..reading.view import ReadingView
from ..templates import render
from ..texts import text
from .store import CHOICES, CorrectionStore

# No picture holds more digits than that in a readable size.
MAX_NUMBER_LETTERS = 100


def correct(
    store: CorrectionStore,
    models: ModelRegistry,
    key: str | None,
    view: ReadingView | None,
    choice: object,
) -> str:
    """Store what a visitor chose, and return the reply as HTML.

    key: of the model that answered. choice: what the chosen mark is, one of CHOICES; or "one 4" if
    all marks together are a 4, or "number 147" for what all marks are.
    """
    kind, _, value = choice.rpartition(" ") if isinstance(choice, str) else ("", "", "")
    if view is None or not _is_valid(kind, value):
        return _reply(text("corrections.nothing"))
    try:
        model = models.get(key)
        if kind == "number":
            return _reply(_correct_number(store, model, view, value))
        if kind == "one":
            view = _as_one_digit(model, view)
        label = None if value == NOT_A_DIGIT else int(value)
        store.store(view, label, model)
    except DigitError as error:
        return _reply(str(error))
    if label is None:
        return _reply(text("corrections.saved_not_a_digit"))
    return _reply(text("corrections.saved", label=label))


def _is_valid(kind: str, value: str) -> bool:
    digits = value.isascii() and value.isdecimal()
    return {
        "": value in CHOICES,
        "one": digits and len(value) == 1,
        "number": digits and len(value) <= MAX_NUMBER_LETTERS,
    }.get(kind, False)


def _as_one_digit(model: Pretrained, view: ReadingView) -> ReadingView:
    """Read the picture again as one digit, whose tile a correction of all marks belongs to."""
    reading = model.recogniser.read(view.reading.picture, one=True)
    return replace(view, reading=reading, mark=0)


def _correct_number(
    store: CorrectionStore, model: Pretrained, view: ReadingView, number: str
) -> str:
    """Store the marks that the number contradicts, and return the reply."""
    marks = view.reading.digits
    if len(number) != len(marks):
        return text("corrections.other_count", digits=len(number), marks=len(marks))
    wrong = [place for place, mark in enumerate(marks) if number[place] != mark.text]
    for place in wrong:
        store.store(replace(view, mark=place), int(number[place]), model)
    return text("corrections.saved_number" if wrong else "corrections.same", number=number)


def _reply(sentence: str) -> str:
    return render("corrections/reply.html", sentence=sentence)
