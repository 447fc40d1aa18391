"""Average the weights of networks that were trained from the same start (a model soup).

Trainings that start from the same weights end so close together that the mean of their weights is a
network as good as the mean of their answers, and steadier than each of them (Wortsman et al. 2022,
https://arxiv.org/abs/2203.05482).
"""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from ..data.mnist import LabelledImages
from ..errors import DigitError
from ..training_log import LOG, epoch_rows, read_log, write_member_logs
from .fit import TrainingResult, calibrate_and_score


def average(
    models: Sequence[keras.Model], trainings: Sequence[dict], validation: LabelledImages
) -> TrainingResult:
    """Return the network of mean weights, calibrated and scored on the validation images.

    models: the first one receives the mean weights. trainings: each one's entry of that name in its
    record. epochs and seconds of the result are their sums.
    Raises DigitError if the architectures differ, or if a network was refitted on all images, so
    that none are left to calibrate the mean.
    """
    if len(names := {model.name for model in models}) > 1:
        raise DigitError(
            "Only networks of one architecture can be averaged, and these are "
            f"{' and '.join(sorted(names))}."
        )
    if any("refit" in training for training in trainings):
        raise DigitError(
            "A network that was refitted has learned the validation images, too, and none are left "
            "to calibrate the mean. Average networks that train.py wrote without --refit."
        )
    mean = models[0]
    weights = zip(*(model.get_weights() for model in models), strict=True)
    mean.set_weights([np.mean(values, axis=0) for values in weights])
    calibration, scores = calibrate_and_score(mean, validation)
    return TrainingResult(
        mean,
        calibration,
        scores,
        epochs=sum(training.get("epochs", 0) for training in trainings),
        seconds=sum(training.get("seconds", 0.0) for training in trainings),
        finished=True,
    )


def shared_entries(trainings: Sequence[dict]) -> dict:
    """Return the entries that all trainings have in common, such as the start."""
    first, *others = trainings
    return {
        name: value
        for name, value in first.items()
        if name not in ("epochs", "seconds", "average")
        and all(other.get(name) == value for other in others)
    }


def write_common_log(folders: Sequence[Path], out: Path) -> bool:
    """Write the epochs of all trainings into one log, and return whether there are any.

    Each training is named after its folder.
    """
    logs = [(folder.resolve().name, epoch_rows(read_log(folder / LOG))) for folder in folders]
    has_rows = any(rows for _, rows in logs)
    if has_rows:
        write_member_logs(out / LOG, logs)
    return has_rows
