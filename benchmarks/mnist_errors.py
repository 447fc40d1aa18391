#!/usr/bin/env python3
"""The test images that a checkpoint misreads: a list, and a contact sheet.

    python benchmarks/mnist_errors.py CHECKPOINT [--data PATH] [--sheet FILE]

Without --data Keras downloads MNIST. The sheet holds MNIST's images: it is not to be committed.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import special

from digit_model import pretrained
from digit_model.arrays import Tile
from digit_model.data import mnist
from digit_model.data.mnist import LabelledImages
from digit_model.errors import DigitError
from digit_model.picture.render import draw_tile
from digit_model.recogniser import Recogniser

# Of MNIST's 10,000 test images, from 0: the label is wrong or nobody can tell, by the votes that
# Northcutt et al. 2021 gathered (https://arxiv.org/abs/2103.14749, https://labelerrors.com).
BAD_LABELS = frozenset(
    {947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729}
)
MARK = "bad label"
ZOOM, COLUMNS, CAPTION = 3, 10, 36


@dataclass(frozen=True, eq=False)
class Misread:
    """An image that was read as something else than its label."""

    index: int
    label: int
    answer: int
    confidence: float
    tile: Tile

    @property
    def bad_label(self) -> bool:
        """Whether the label itself is in doubt."""
        return self.index in BAD_LABELS


def main() -> int:
    options = _options()
    try:
        recogniser = pretrained.load_from(options.checkpoint).recogniser
        found = misread(recogniser, mnist.load(options.data).required_test_set)
    except DigitError as error:
        print(f"mnist_errors.py: {error}", file=sys.stderr)
        return 1
    for case in found:
        mark = f"  {MARK}" if case.bad_label else ""
        print(f"{case.index:5}: {case.label} read as {case.answer} ({case.confidence:.1%}){mark}")
    print(f"{len(found)} errors, {sum(case.bad_label for case in found)} with a bad label.")
    if options.sheet and found:
        draw_sheet(found).save(options.sheet)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", help="a checkpoint folder, or USER/NAME on the Hub")
    parser.add_argument("--data", type=Path, help="MNIST, as train.py takes it")
    parser.add_argument("--sheet", type=Path, help="draw them into this picture")
    return parser.parse_args()


def misread(recogniser: Recogniser, labelled: LabelledImages) -> list[Misread]:
    """What the recogniser gets wrong, in the order of the set."""
    logits = recogniser.predict_logits(labelled.tiles).astype(np.float64)
    probabilities = special.softmax(logits / recogniser.calibration.temperature, axis=1)
    answers = probabilities.argmax(axis=1)
    return [
        Misread(
            int(index),
            int(labelled.labels[index]),
            int(answers[index]),
            float(probabilities[index].max()),
            labelled.tiles[index],
        )
        for index in np.flatnonzero(answers != labelled.labels)
    ]


def draw_sheet(found: list[Misread]) -> Image.Image:
    """Each with its number, label, answer and confidence; those with a bad label are framed."""
    images = [draw_tile(case.tile, ZOOM) for case in found]
    width, height = images[0].width + 8, images[0].height + CAPTION + 8
    rows = -(-len(found) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * width, rows * height), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for place, (case, image) in enumerate(zip(found, images, strict=True)):
        left, top = place % COLUMNS * width + 4, place // COLUMNS * height + 4
        told = f"{case.index}: {case.label}\n{case.answer} ({case.confidence:.0%})"
        draw.text((left, top), told, "black", font)
        if case.bad_label:
            draw.rectangle((left - 3, top - 2, left + width - 6, top + height - 6), None, "red", 2)
        sheet.paste(image, (left, top + CAPTION))
    return sheet


if __name__ == "__main__":
    sys.exit(main())
