"""The tab "Models": what happens on it, as methods, and its parts."""

from collections.abc import Iterator
from html import escape
from pathlib import Path

import gradio as gr

from digit_model.errors import DigitError
from digit_model.pretrained import Pretrained
from digit_model.training_log import LOG

from ..api import accuracy
from . import view
from .history import read_history
from .mistakes import TestSet
from .registry import SERVED, Models

Picked = tuple[str, str, str, str]


class Choosing:
    """The events of the tab; what a visitor has chosen is a key that travels with the visitor."""

    def __init__(self, models: Models, tests: TestSet):
        self._models = models
        self._tests = tests

    def listed(self) -> str:
        """The models with what is known of them."""
        return view.choices(self._models.cards())

    def checked(self) -> Iterator[str]:
        """The same while new ones are verified and timed, after each."""
        yield self.listed()
        for cards in self._models.check():
            yield view.choices(cards)

    def pick(self, chosen: str, event: gr.EventData) -> Picked:
        """Choose another model; returns what is to be seen of it, the small print and its key."""
        key = str((event._data or {}).get("key"))
        try:
            return self.shown(key)
        except DigitError as error:
            _, _, print_, _ = self.shown(chosen)
            return view.problem(chosen, str(error)), "", print_, chosen

    def shown(self, key: str) -> Picked:
        """What is to be seen of a model, its mistakes, the small print, and its key."""
        model = self._models.get(key)
        history = read_history(model.folder / LOG) if model.folder else {}
        return view.look(key, model, history), self._marked(model), small_print(model), key

    def marked(self, chosen: str) -> Iterator[str]:
        """Look for a model's mistakes; yields how far it is, and then the mistakes."""
        try:
            model = self._models.get(chosen)
            if self._tests.known(model) is None:
                for share in self._tests.mark(model):
                    yield view.marking(share)
            yield self._marked(model)
        except DigitError as error:
            yield view.unread(str(error))

    def _marked(self, model: Pretrained) -> str:
        found = self._tests.known(model)
        return view.mistakes(found) if found else view.unmarked(self._tests.path is not None)


def small_print(model: Pretrained) -> str:
    """Which model answers, how well it does on MNIST, and why it is not the one asked for."""
    found = model.checkpoint
    share = accuracy(model)
    scored = f", {100 * share:.2f}% right on MNIST’s test set" if share else ""
    why = f' <em role="note">{escape(model.fallback)}</em>' if model.fallback else ""
    return (
        f"<p>Answered by {escape(model.source)}: {escape(found.architecture)}, "
        f"{found.model.count_params():,} parameters{scored}. "
        f'Weights <code title="{escape(found.sha256)}">{escape(found.sha256[:8])}</code>.{why}</p>'
    )


def list_of_models(choosing: Choosing) -> gr.HTML:
    """The list; ``pick`` tells which was chosen, and ``mistakes`` that its mistakes are wanted."""
    return gr.HTML(
        choosing.listed(),
        elem_id="models",
        js_on_load=Path(__file__).with_name("models.js").read_text(encoding="utf-8"),
        apply_default_css=False,
    )


def view_of_model(choosing: Choosing) -> list[gr.HTML]:
    """The places of what is to be seen of the chosen model, and of its mistakes."""
    seen, mistakes, _, _ = choosing.shown(SERVED)
    return [
        gr.HTML(value, elem_id=name, js_on_load=None, apply_default_css=False)
        for name, value in (("look", seen), ("mistakes", mistakes))
    ]
