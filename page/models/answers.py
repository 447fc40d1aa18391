"""Answer calls about models in the reader process. No gradio here."""

from collections.abc import Iterator

from digit_model.errors import DigitError
from digit_model.pretrained import Pretrained
from digit_model.training_log import LOG

from . import view
from .history import read_history
from .mistakes import TestSet
from .registry import ModelRegistry


class ModelAnswers:
    """The list of models, and what there is to see of one, as HTML.

    A search for a model's mistakes is answered in steps: each call continues the one before.
    """

    def __init__(self, models: ModelRegistry, tests: TestSet):
        self._models = models
        self._tests = tests
        self._searches: dict[str, Iterator[float]] = {}

    def list_rows(self) -> str:
        """Return the list of models with what is known about them."""
        return view.model_list(self._models.rows())

    def check_next(self) -> bool:
        """Verify and time one new model; return whether there was one."""
        return next(self._models.check(), None) is not None

    def pick(self, chosen: str, key: str) -> dict[str, str]:
        """Return what ``show`` does; if the model is damaged, of ``chosen``, with the problem."""
        try:
            return self.show(key)
        except DigitError as error:
            problem = view.problem(chosen, str(error))
            return {**self.show(chosen), "view": problem, "mistakes": ""}

    def show(self, key: str) -> dict[str, str]:
        """Return the "view" of a model, its "mistakes", its "line", and its "key".

        Raises BadCheckpoint.
        """
        model = self._models.get(key)
        curves = read_history(model.folder / LOG) if model.folder else {}
        return {
            "view": view.model_view(key, model, curves),
            "mistakes": self._mistakes(model),
            "line": model_line(model),
            "key": key,
        }

    def find_mistakes(self, key: str) -> tuple[str, bool]:
        """Let a model read one more batch of the test set.

        Returns the progress, or at the end its mistakes, and whether there are images left.
        """
        try:
            model = self._models.get(key)
            if self._tests.cached_mistakes(model) is None:
                search = self._searches.setdefault(key, self._tests.find_mistakes(model))
                if (share := next(search, None)) is not None:
                    return view.mistakes_view(progress=share), True
                self._searches.pop(key, None)
            return self._mistakes(model), False
        except DigitError as error:
            self._searches.pop(key, None)
            return view.mistakes_view(problem=str(error)), False

    def _mistakes(self, model: Pretrained) -> str:
        has_test_set = self._tests.path is not None
        return view.mistakes_view(self._tests.cached_mistakes(model), has_test_set=has_test_set)


def model_line(model: Pretrained) -> str:
    """Return which model answers, its accuracy, and why it is not the one asked for, as HTML."""
    return view.model_line(model, accuracy(model))


def accuracy(model: Pretrained) -> float | None:
    """Return the checkpoint's recorded accuracy on MNIST's test set, if it has one."""
    return model.checkpoint.record.get("scores", {}).get("test", {}).get("accuracy")
