#!/usr/bin/env python3
"""List the test images that a checkpoint misreads, and draw them on a contact sheet.

    python benchmarks/mnist_errors.py CHECKPOINT [--data PATH] [--sheet FILE]

Without --data, Keras downloads MNIST. The sheet shows MNIST's images: do not commit it.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from digit_model import pretrained
from digit_model.data import mnist
from digit_model.data.mnist import LabelledImages
from digit_model.errors import DigitError
from digit_model.metrics import Misread, misread
from digit_model.picture.render import draw_tile

# Indices of MNIST's test images, from 0, whose label is wrong or ambiguous according to the votes
# gathered by Northcutt et al. 2021 (https://arxiv.org/abs/2103.14749, https://labelerrors.com).
BAD_LABELS = frozenset(
    {947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729}
)
ZOOM, SHEET_COLUMNS, CAPTION_PIXELS, MARGIN_PIXELS = 3, 10, 36, 4


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    try:
        recogniser = pretrained.load_from(options.checkpoint).recogniser
        test = mnist.load(options.data).required_test_set
    except DigitError as error:
        print(f"mnist_errors.py: {error}", file=sys.stderr)
        return 1
    logits = recogniser.predict_logits(test.tiles)
    errors = misread(logits, test.labels, recogniser.calibration.temperature)
    for image in errors:
        mark = "  bad label" if image.index in BAD_LABELS else ""
        answer = f"{image.label} read as {image.answer} ({image.confidence:.1%})"
        print(f"{image.index:5}: {answer}{mark}")
    bad_labels = sum(image.index in BAD_LABELS for image in errors)
    print(f"{len(errors)} errors, {bad_labels} with a bad label.")
    if options.sheet and errors:
        draw_sheet(errors, test).save(options.sheet)
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", help="a checkpoint folder, or USER/NAME on the Hub")
    parser.add_argument("--data", type=Path, help="MNIST, as train.py takes it")
    parser.add_argument("--sheet", type=Path, help="draw the images into this file")
    return parser.parse_args(arguments)


def draw_sheet(errors: Sequence[Misread], test: LabelledImages) -> Image.Image:
    """Draw each image with its index, label, answer and confidence; frame bad labels in red."""
    tiles = test.tiles
    images = [draw_tile(tiles[error.index], ZOOM) for error in errors]
    width = images[0].width + 2 * MARGIN_PIXELS
    height = images[0].height + CAPTION_PIXELS + 2 * MARGIN_PIXELS
    rows = -(-len(errors) // SHEET_COLUMNS)
    sheet = Image.new("RGB", (SHEET_COLUMNS * width, rows * height), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for number, (error, image) in enumerate(zip(errors, images, strict=True)):
        row, column = divmod(number, SHEET_COLUMNS)
        left, top = column * width + MARGIN_PIXELS, row * height + MARGIN_PIXELS
        caption = f"{error.index}: {error.label}\n{error.answer} ({error.confidence:.0%})"
        draw.text((left, top), caption, "black", font)
        if error.index in BAD_LABELS:
            frame = (left - 3, top - 2, left + width - 6, top + height - 6)
            draw.rectangle(frame, None, "red", 2)
        sheet.paste(image, (left, top + CAPTION_PIXELS))
    return sheet


if __name__ == "__main__":
    sys.exit(main())
