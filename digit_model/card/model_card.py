"""Write the model card that accompanies a checkpoint on the Hub, and its figures."""

import re
from collections.abc import Mapping

from .. import hub
from ..checkpoint import Checkpoint
from .figures import draw_confusion_matrix, draw_heatmaps, encode_png
from .scores import RealPictureScore
from .templates import TEMPLATES

_TEMPLATE = TEMPLATES.get_template("model_card.md.jinja")
_METRICS = ("accuracy", "nll", "ece")
_CONFUSION, _HEATMAPS = "confusion.png", "heatmaps.png"
_CAPTIONS = {
    _CONFUSION: "MNIST's test images: true digit by row, answer by column.",
    _HEATMAPS: "Digits drawn by the program, and where the network looked.",
}
# How a record names other weights that a network learned from, and the words for it.
_ORIGINS = {
    "start": "starting from",
    "teacher": "distilled from",
    "refit": "refitted on all training images after",
}


def build_card(
    checkpoint: Checkpoint,
    repo: str,
    program: str | None = None,
    real: Mapping[str, RealPictureScore] | None = None,
) -> dict[str, bytes]:
    """Return the files of a model card by name: README.md with its front matter, and its figures.

    checkpoint: a verified one, whose record holds its training and its scores on MNIST.
    repo: where the card will be published, USER/NAME.
    program: URL of a git repository with this program, such as a Space.
    real: scores on sets of real pictures, by the set's title.
    """
    record, real = checkpoint.record, real or {}
    name = repo.rpartition("/")[2]
    scores = record.get("scores", {})
    figures = _draw_figures(checkpoint, scores)
    recipe, training = record.get("recipe", {}), record.get("training", {})
    text = _TEMPLATE.render(
        front_matter=hub.model_front_matter(name, _evaluations(scores, real)).strip(),
        name=name,
        repo=repo,
        program=program,
        parameters=checkpoint.model.count_params(),
        architecture=checkpoint.architecture,
        temperature=checkpoint.calibration.temperature,
        scores=scores,
        real=real,
        figures={file: text for file, text in _CAPTIONS.items() if file in figures},
        training=training,
        origins={words: training[key] for key, words in _ORIGINS.items() if training.get(key)},
        versions=record.get("versions", {}),
        recipes=recipe.get("members") or [recipe],
        sha256=checkpoint.sha256,
    )
    return {"README.md": text.encode(), **figures}


def _evaluations(scores: dict, real: Mapping[str, RealPictureScore]) -> list[hub.Evaluation]:
    """Return the scores for the model-index of the front matter."""
    evaluations = []
    if "test" in scores:
        metrics = {metric: float(scores["test"][metric]) for metric in _METRICS}
        evaluations.append(hub.Evaluation("ylecun/mnist", "MNIST", metrics, "test"))
    for title, score in real.items():
        dataset = re.sub(r"\W+", "-", title.lower()).strip("-")
        evaluations.append(hub.Evaluation(dataset, title, {"accuracy": score.accuracy}))
    return evaluations


def _draw_figures(checkpoint: Checkpoint, scores: dict) -> dict[str, bytes]:
    figures = {_HEATMAPS: encode_png(draw_heatmaps(checkpoint))}
    if "test" in scores:
        figures[_CONFUSION] = encode_png(draw_confusion_matrix(scores["test"]["confusion"]))
    return figures
