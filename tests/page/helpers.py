"""Shared by the page's tests: readings, models and data that they do not have to train or load."""

import csv
import io
from pathlib import Path

import keras
import numpy as np

from digit_model import checkpoint
from digit_model.architectures import ARCHITECTURES
from digit_model.arrays import Box, Calibration, Digit, Placement, Reading
from digit_model.checkpoint import Checkpoint
from digit_model.metrics import score
from digit_model.pretrained import BUNDLED_FOLDER, Pretrained, bundled_folders
from digit_model.training_log import LOG
from page.reading.view import ReadingView

# The keys of the checkpoints that ship beside the one that serves by default.
OTHER_BUNDLED = [
    f"bundled/{name}" for name, folder in bundled_folders().items() if folder != BUNDLED_FOLDER
]
# The keys of two models in a folder of checkpoints called "runs"; the second is damaged.
DENSE, BROKEN = "runs/dense", "runs/<b>"
TRAINING_LOG = """{"epoch": 1, "step": 1, "seconds": 1.0, "loss": 2.0, "accuracy": 0.5}
{"epoch": 1, "seconds": 2.0, "loss": 1.0, "accuracy": 0.7, "val_loss": 1.0, "val_accuracy": 0.9}
{"epoch": 2, "seconds": 4.0, "loss": 1.0, "accuracy": 0.8, "val_loss": 1.0, "val_accuracy": 0.99}
"""
# What each example picture on the page says.
EXAMPLE_TEXTS = {
    "photo.jpg": "47",
    "scan.jpg": "90210",
    "rows.jpg": "314\n159",
    "board.jpg": "5",
    "letter.jpg": "",
}
# The served model, as far as a correction needs it.
SERVED_MODEL = Pretrained(
    None, Checkpoint(None, "cnn", None, {}, "ab" * 32), "user/digits at 1a2b3c4d"
)


def reading_view(seed: int = 0, side: int = 280) -> ReadingView:
    """Return a reading of one mark, taken for a 7 with 55 %, whose tile is noise from the seed."""
    tile = np.random.default_rng(seed).random((28, 28)).astype(np.float32)
    probabilities = np.full(10, 0.05, np.float32)
    probabilities[7] = 0.55
    box = Box(side // 4, side // 4, side // 2, side // 2)
    mark = Digit(tile, Placement(0, 0, 10, 10), box, 0, probabilities, True)
    picture = np.full((side, side, 3), seed % 256, np.uint8)
    return ReadingView(Reading(picture, (mark,), 0.01), 0, 7)


def write_checkpoint(folder: Path, seed: int = 0, **options) -> Checkpoint:
    """Save an untrained network with scores and a training log as train.py writes them."""
    keras.utils.set_random_seed(seed)
    logits = np.random.default_rng(seed).normal(size=(200, 10))
    scores = {"validation": score(logits, np.arange(200) % 10).as_json()}
    record = {"scores": scores, "training": {"epochs": 2, "seconds": 61.0}}
    saved = checkpoint.save(
        folder, Checkpoint(ARCHITECTURES["dense"](), "dense", Calibration(), record), **options
    )
    (folder / LOG).write_text(TRAINING_LOG)
    return saved


def write_random_mnist(path: Path, images: int = 700) -> Path:
    """Save noise with random labels in the form of MNIST's .npz."""
    rng = np.random.default_rng(0)
    arrays = {
        f"{kind}_{part}": values
        for part in ("train", "test")
        for kind, values in (
            ("x", rng.integers(0, 256, (images, 28, 28), np.uint8)),
            ("y", rng.integers(0, 10, images, np.uint8)),
        )
    }
    np.savez(path, **arrays)
    return path


def parse_csv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))
