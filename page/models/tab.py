"""The Models tab: its components, and what happens on it."""

from collections.abc import Iterator

import gradio as gr

from digit_model.errors import DigitError
from digit_model.pretrained import Pretrained
from digit_model.training_log import LOG

from ..api import accuracy
from ..templates import read_text
from . import view
from .history import read_history
from .mistakes import TestSet
from .registry import SERVED, ModelRegistry

# HTML of a model and of its mistakes, the line about the model, and its key.
ModelOutputs = tuple[str, str, str, str]


class ModelsTab:
    """The events of the tab as methods. A visitor's choice is a key that the browser keeps."""

    def __init__(self, models: ModelRegistry, tests: TestSet):
        self._models = models
        self._tests = tests

    def list_rows(self) -> str:
        """Return the list of models with what is known about them."""
        return view.model_list(self._models.rows())

    def check_rows(self) -> Iterator[str]:
        """Verify and time new models, and yield the list before and after each."""
        yield self.list_rows()
        for rows in self._models.check():
            yield view.model_list(rows)

    def pick(self, chosen: str, event: gr.EventData) -> ModelOutputs:
        """Switch to the model whose key is in the event; stay with ``chosen`` if it is damaged."""
        key = str((event._data or {}).get("key"))
        try:
            return self.show(key)
        except DigitError as error:
            _, _, line, _ = self.show(chosen)
            return view.problem(chosen, str(error)), "", line, chosen

    def show(self, key: str) -> ModelOutputs:
        """Return what there is to see of a model. Raises BadCheckpoint."""
        model = self._models.get(key)
        curves = read_history(model.folder / LOG) if model.folder else {}
        return view.model_view(key, model, curves), self._mistakes(model), model_line(model), key

    def find_mistakes(self, chosen: str) -> Iterator[str]:
        """Let a model read the test set; yield the progress, and then its mistakes."""
        try:
            model = self._models.get(chosen)
            if self._tests.cached_mistakes(model) is None:
                for share in self._tests.find_mistakes(model):
                    yield view.mistakes_view(progress=share)
            yield self._mistakes(model)
        except DigitError as error:
            yield view.mistakes_view(problem=str(error))

    def _mistakes(self, model: Pretrained) -> str:
        has_test_set = self._tests.path is not None
        return view.mistakes_view(self._tests.cached_mistakes(model), has_test_set=has_test_set)


def model_line(model: Pretrained) -> str:
    """Return which model answers, its accuracy, and why it is not the one asked for, as HTML."""
    return view.model_line(model, accuracy(model))


def models_list(tab: ModelsTab) -> gr.HTML:
    """Return the list; its events are ``pick`` (a model) and ``mistakes`` (find them)."""
    return gr.HTML(
        tab.list_rows(),
        elem_id="models",
        js_on_load=read_text("models/models.js"),
        apply_default_css=False,
    )


def model_views(tab: ModelsTab) -> list[gr.HTML]:
    """Return the components that show the chosen model and its mistakes."""
    model, mistakes, _, _ = tab.show(SERVED)
    return [
        gr.HTML(value, elem_id=name, js_on_load=None, apply_default_css=False)
        for name, value in (("model-view", model), ("mistakes", mistakes))
    ]
