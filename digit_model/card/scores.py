"""What a model card may claim: MNIST's scores counted again, and a record of real pictures."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from ..checkpoint import Checkpoint
from ..data.mnist import LabelledImages
from ..errors import BadCheckpoint, BadDataset
from ..metrics import Scores, score

# Another machine rounds otherwise; so many answers of ten thousand, and so many nats, may differ.
_MAX_ERROR_DIFFERENCE = 2
_MAX_NLL_DIFFERENCE = 0.001
_BATCH = 500


@dataclass(frozen=True)
class RealPictureScore:
    """How a set of real pictures was read: the share of them, in 0..1, read right."""

    pictures: int
    accuracy: float


def verify_test_scores(checkpoint: Checkpoint, labelled: LabelledImages) -> Scores:
    """Score the checkpoint on MNIST's test set and compare with the scores that it records.

    Raises BadCheckpoint if they differ by more than rounding, BadDataset if the set is another.
    """
    recorded = checkpoint.record.get("scores", {}).get("test")
    if recorded is None:
        raise BadCheckpoint("config.json records no scores on a test set, so none can be checked.")
    if len(labelled) != recorded["images"]:
        raise BadDataset(
            f"The data hold {len(labelled):,} test images, and the scores in config.json are of "
            f"{recorded['images']:,}. Give the set that the checkpoint was scored on."
        )
    logits = checkpoint.model.predict(labelled.tiles, batch_size=_BATCH, verbose=0)
    found = score(logits, labelled.labels, checkpoint.calibration.temperature)
    if (
        abs(found.errors - recorded["errors"]) > _MAX_ERROR_DIFFERENCE
        or abs(found.nll - recorded["nll"]) > _MAX_NLL_DIFFERENCE
        or abs(found.accuracy - recorded["accuracy"])
        > (_MAX_ERROR_DIFFERENCE + 0.5) / len(labelled)
    ):
        raise BadCheckpoint(
            f"config.json records {recorded['errors']:,} errors on the test set (accuracy "
            f"{recorded['accuracy']:.2%}, NLL {recorded['nll']:.4f}); counted again they are "
            f"{found.errors:,} ({found.accuracy:.2%}, {found.nll:.4f}). Train again, or give the "
            "set that the checkpoint was scored on."
        )
    return found


def read_real_scores(path: Path, sha256: str) -> dict[str, RealPictureScore]:
    """Read a record of real pictures, ``{"SET": {"pictures": 460, "accuracy": 0.976}, ...}``.

    sha256: of the weights; where the record says ``"sha256": "..."`` beside the sets, it is to be
    this one. Raises BadDataset.
    """
    try:
        record = json.loads(path.read_bytes())
    except OSError as error:
        raise BadDataset(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise BadDataset(f"{path.name} is not JSON.") from error
    if not isinstance(record, dict):
        raise BadDataset(f"{path.name} holds no sets by name.")
    if record.pop("sha256", sha256) != sha256:
        raise BadDataset(f"{path.name} is of other weights: its sha256 is not the checkpoint's.")
    return {name: _real_score(path, name, entry) for name, entry in record.items()}


def _real_score(path: Path, name: str, entry: object) -> RealPictureScore:
    given = entry if isinstance(entry, dict) else {}
    pictures, accuracy = given.get("pictures"), given.get("accuracy")
    if (
        re.fullmatch(r"[\w ,.()-]{1,60}", name)
        and isinstance(pictures, int)
        and pictures > 0
        and isinstance(accuracy, (int, float))
        and 0 <= accuracy <= 1
    ):
        return RealPictureScore(pictures, float(accuracy))
    raise BadDataset(
        f"{path.name}: the set {name[:60]!r} needs a plain name, a number of pictures and an "
        "accuracy between 0 and 1."
    )
