"""What a model gets wrong on the test set, where that is at hand on this machine. No gradio here.

MNIST is no part of this project's files, and is never downloaded for this.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import special

from digit_model.data import mnist
from digit_model.data.mnist import LabelledImages
from digit_model.errors import BadDataset
from digit_model.pretrained import Pretrained

MOST_SHOWN = 200
# Images between two reports of how far it is.
STEP = 512


@dataclass(frozen=True, eq=False)
class Mistake:
    """A test image, (28, 28) uint8 with 255 for ink, its label and the wrong answer."""

    image: np.ndarray
    label: int
    answer: int
    confidence: float


@dataclass(frozen=True, eq=False)
class Mistakes:
    """All that a model gets wrong of so many images; ``shown`` are the surest MOST_SHOWN."""

    images: int
    count: int
    shown: tuple[Mistake, ...]


class TestSet:
    """LabelledImages images by which models are marked; what came of it is kept for all visitors.

    path: as train.py's --data takes it; without it there are no images.
    """

    # For pytest, which takes a class of this name for tests.
    __test__ = False

    def __init__(self, path: Path | None = None):
        self.path = path
        self._labelled: LabelledImages | None = None
        self._marked: dict[str, Mistakes] = {}

    def known(self, model: Pretrained) -> Mistakes | None:
        """What an earlier ``mark`` of the same weights found."""
        return self._marked.get(model.checkpoint.sha256)

    def mark(self, model: Pretrained) -> Iterator[float]:
        """Let a model read all images; yields the share done, in 0..1, and then ``known`` has it.

        Raises BadDataset, without naming folders of this machine.
        """
        labelled = self._images()
        logits = []
        for start in range(0, len(labelled), STEP):
            yield start / len(labelled)
            logits.append(model.recogniser.predict_logits(labelled[start : start + STEP].tiles))
        found = wrong(labelled, np.concatenate(logits), model.checkpoint.calibration.temperature)
        self._marked[model.checkpoint.sha256] = found

    def _images(self) -> LabelledImages:
        if self.path is None:
            raise BadDataset("There is no test set on this machine.")
        if self._labelled is None:
            try:
                self._labelled = mnist.load(self.path).scored
            except BadDataset as error:
                said = str(error).replace(f"{self.path.parent}{os.sep}", "")
                raise BadDataset(said) from error
        return self._labelled


def at_hand(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Keras's own download of MNIST, where an earlier run has left it."""
    home = environ.get("KERAS_HOME") or Path.home() / ".keras"
    path = Path(home) / "datasets" / "mnist.npz"
    return path if path.is_file() else None


def wrong(labelled: LabelledImages, logits: np.ndarray, temperature: float) -> Mistakes:
    """The images whose best logit is not their label's, the surest first. logits: (n, 10)."""
    probabilities = special.softmax(logits.astype(np.float64) / temperature, axis=1)
    answers, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    places = np.flatnonzero(answers != labelled.labels)
    surest = places[np.argsort(-confidence[places], kind="stable")][:MOST_SHOWN]
    shown = tuple(
        Mistake(
            labelled.images[place],
            int(labelled.labels[place]),
            int(answers[place]),
            float(confidence[place]),
        )
        for place in surest
    )
    return Mistakes(len(labelled), len(places), shown)
