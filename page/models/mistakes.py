"""Find the test images that a model gets wrong, if the test set is on this machine. No gradio here.

MNIST is not part of this project's files, and is never downloaded for this.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digit_model.data import mnist
from digit_model.data.mnist import LabelledImages
from digit_model.errors import BadDataset
from digit_model.metrics import misread
from digit_model.pretrained import Pretrained

MAX_SHOWN = 200
# Images between two progress reports.
BATCH = 512


@dataclass(frozen=True, eq=False)
class Mistake:
    """A test image, (28, 28) uint8 with 255 for ink, its label and the wrong answer."""

    image: np.ndarray
    label: int
    answer: int
    confidence: float


@dataclass(frozen=True, eq=False)
class Mistakes:
    """A model's misread images: their number, and in ``shown`` the most confident MAX_SHOWN."""

    images: int
    count: int
    shown: tuple[Mistake, ...]


class TestSet:
    """The images on which models are tested; the results are cached for all visitors.

    path: as train.py's --data takes it; without it there are no images.
    """

    # Keeps pytest from collecting the class, because of its name.
    __test__ = False

    def __init__(self, path: Path | None = None):
        self.path = path
        self._labelled: LabelledImages | None = None
        self._cache: dict[str, Mistakes] = {}

    def cached_mistakes(self, model: Pretrained) -> Mistakes | None:
        """Return what an earlier ``find_mistakes`` found for the same weights."""
        return self._cache.get(model.checkpoint.sha256)

    def find_mistakes(self, model: Pretrained) -> Iterator[float]:
        """Let a model read all images; yields the share done in 0..1, and then fills the cache.

        Raises BadDataset, without naming folders of this machine.
        """
        labelled = self._images()
        logits = []
        for start in range(0, len(labelled), BATCH):
            yield start / len(labelled)
            logits.append(model.recogniser.predict_logits(labelled[start : start + BATCH].tiles))
        temperature = model.checkpoint.calibration.temperature
        found = mistakes_in(labelled, np.concatenate(logits), temperature)
        self._cache[model.checkpoint.sha256] = found

    def _images(self) -> LabelledImages:
        if self.path is None:
            raise BadDataset("There is no test set on this machine.")
        if self._labelled is None:
            try:
                self._labelled = mnist.load(self.path).evaluation_set
            except BadDataset as error:
                without_folder = str(error).replace(f"{self.path.parent}{os.sep}", "")
                raise BadDataset(without_folder) from error
        return self._labelled


def keras_download(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the path of MNIST as Keras has downloaded it earlier, or None."""
    home = environ.get("KERAS_HOME") or Path.home() / ".keras"
    path = Path(home) / "datasets" / "mnist.npz"
    return path if path.is_file() else None


def mistakes_in(labelled: LabelledImages, logits: np.ndarray, temperature: float) -> Mistakes:
    """Return the images whose best logit is not their label's, most confident first.

    logits: (n, 10), before the temperature is applied.
    """
    found = misread(logits, labelled.labels, temperature)
    surest = sorted(found, key=lambda case: -case.confidence)[:MAX_SHOWN]
    shown = tuple(
        Mistake(labelled.images[case.index], case.label, case.answer, case.confidence)
        for case in surest
    )
    return Mistakes(len(labelled), len(found), shown)
