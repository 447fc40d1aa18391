"""Verify the scores that a model card states: MNIST's test scores, and those on real pictures."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from ..checkpoint import Checkpoint
from ..data.mnist import LabelledImages
from ..errors import BadCheckpoint, BadDataset
from ..metrics import Scores, score

# How far scores computed on another machine may differ, because it rounds differently.
_MAX_ERROR_DIFFERENCE = 2
_MAX_NLL_DIFFERENCE = 0.001
_BATCH_SIZE = 500


@dataclass(frozen=True)
class RealPictureScore:
    """The accuracy on a set of real pictures, in 0..1."""

    pictures: int
    accuracy: float


def verify_test_scores(checkpoint: Checkpoint, labelled: LabelledImages) -> Scores:
    """Compute the scores on MNIST's test set and compare them with those in the checkpoint.

    Returns the computed scores. Raises BadCheckpoint if they differ by more than rounding, and
    BadDataset if ``labelled`` is not the set that was scored.
    """
    recorded = checkpoint.record.get("scores", {}).get("test")
    if recorded is None:
        raise BadCheckpoint(
            "config.json records no scores on a test set, so there is nothing to verify. Omit "
            "--data, or train with a data set that has a test set."
        )
    if len(labelled) != recorded["images"]:
        raise BadDataset(
            f"The data hold {len(labelled):,} test images, but the scores in config.json are of "
            f"{recorded['images']:,}. Give the data set that the checkpoint was scored on."
        )
    logits = checkpoint.model.predict(labelled.tiles, batch_size=_BATCH_SIZE, verbose=0)
    computed = score(logits, labelled.labels, checkpoint.calibration.temperature)
    if not _agree(computed, recorded):
        raise BadCheckpoint(
            f"config.json records {recorded['errors']:,} errors on the test set (accuracy "
            f"{recorded['accuracy']:.2%}, NLL {recorded['nll']:.4f}), but computed again they are "
            f"{computed.errors:,} ({computed.accuracy:.2%}, {computed.nll:.4f}). Train again, or "
            "give the data set that the checkpoint was scored on."
        )
    return computed


def _agree(computed: Scores, recorded: dict) -> bool:
    max_accuracy_difference = (_MAX_ERROR_DIFFERENCE + 0.5) / computed.images
    return (
        abs(computed.errors - recorded["errors"]) <= _MAX_ERROR_DIFFERENCE
        and abs(computed.nll - recorded["nll"]) <= _MAX_NLL_DIFFERENCE
        and abs(computed.accuracy - recorded["accuracy"]) <= max_accuracy_difference
    )


def read_real_scores(path: Path, sha256: str) -> dict[str, RealPictureScore]:
    """Read scores on real pictures, ``{"SET": {"pictures": 460, "accuracy": 0.976}, ...}``.

    sha256: hash of the checkpoint's weights. If the file holds "sha256", it must be the same.
    Returns the scores by the title of the set. Raises BadDataset.
    """
    try:
        record = json.loads(path.read_bytes())
    except OSError as error:
        raise BadDataset(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise BadDataset(f"{path.name} is not valid JSON.") from error
    if not isinstance(record, dict):
        raise BadDataset(
            f"{path.name} holds a {type(record).__name__} instead of an object with a member for "
            "each set of pictures."
        )
    if record.pop("sha256", sha256) != sha256:
        raise BadDataset(
            f"{path.name} is about other weights: its sha256 differs from the checkpoint's. "
            "Measure this checkpoint."
        )
    return {name: _parse_score(path, name, entry) for name, entry in record.items()}


def _parse_score(path: Path, name: str, entry: object) -> RealPictureScore:
    fields = entry if isinstance(entry, dict) else {}
    pictures, accuracy = fields.get("pictures"), fields.get("accuracy")
    if (
        re.fullmatch(r"[\w ,.()-]{1,60}", name)
        and isinstance(pictures, int)
        and pictures > 0
        and isinstance(accuracy, (int, float))
        and 0 <= accuracy <= 1
    ):
        return RealPictureScore(pictures, float(accuracy))
    raise BadDataset(
        f"{path.name}: the set {name[:60]!r} needs a title of letters, digits and spaces, a "
        f"number of pictures and an accuracy in 0..1, but has {str(entry)[:80]}."
    )
