#!/usr/bin/env python3
"""Compare pen widths of the drawing pad on single digits, rows and grids.

    python benchmarks/pen_width.py [--drawings 60] [--seed 0]

Each drawing has handwritten skeletons in random hands, drawn with round strokes on a pad that is
280 high. For each width of the pen it prints the share of drawings whose text is read exactly.
"""

import argparse
import sys

import numpy as np
from PIL import Image, ImageDraw

from digit_model import pretrained
from digit_model.arrays import DIGITS
from digit_model.recogniser import Recogniser
from digit_model.synthesis.digits import write_digit

HEIGHT = 280
SUPERSAMPLING = 4
WIDTHS = (8, 10, 11, 12, 13, 14, 16, 18, 22)
# The name of a layout: pad width, rows, columns.
LAYOUTS = {
    "one": (280, 1, 1),
    "three in a row": (280, 1, 3),
    "3 x 3": (280, 3, 3),
    "eight on a wide pad": (560, 1, 8),
    "ten on a wide pad": (560, 1, 10),
}


def main() -> int:
    options = _options()
    recogniser = pretrained.load().recogniser
    print("pen  " + "  ".join(f"{name:>20}" for name in LAYOUTS))
    for pen in WIDTHS:
        shares = [_share(recogniser, layout, pen, options) for layout in LAYOUTS.values()]
        print(f"{pen:3}  " + "  ".join(f"{100 * share:19.1f}%" for share in shares), flush=True)
    return 0


def _share(
    recogniser: Recogniser, layout: tuple[int, int, int], pen: int, options: argparse.Namespace
) -> float:
    """Return the share of drawings that are read exactly; the same drawings for every pen."""
    rng = np.random.default_rng(options.seed)
    exact = 0
    for _ in range(options.drawings):
        width, rows, columns = layout
        labels = rng.integers(0, DIGITS, (rows, columns))
        strokes = _strokes(labels, width, rng)
        text = "\n".join("".join(map(str, row)) for row in labels)
        exact += recogniser.read(_drawn(strokes, width, pen)).text == text
    return exact / options.drawings


def _strokes(labels: np.ndarray, width: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Place each label's strokes in its cell, as large and as central as a person would."""
    rows, columns = labels.shape
    cell = np.array([width / columns, HEIGHT / rows])
    strokes = []
    for (row, column), label in np.ndenumerate(labels):
        paths = write_digit(int(label), rng)
        points = np.concatenate(paths)
        low, size = points.min(0), np.maximum(np.ptp(points, axis=0), 1e-6)
        room = cell * (0.6, rng.uniform(0.55, 0.75))
        scale = min(room / size)
        centre = cell * (column + 0.5, row + 0.5) + rng.uniform(-0.04, 0.04, 2) * cell
        strokes += [(path - low - size / 2) * scale + centre for path in paths]
    return strokes


def _drawn(strokes: list[np.ndarray], width: int, pen: int) -> Image.Image:
    image = Image.new("L", (width * SUPERSAMPLING, HEIGHT * SUPERSAMPLING), 255)
    brush = ImageDraw.Draw(image)
    radius = pen * SUPERSAMPLING / 2
    for stroke in strokes:
        points = [tuple(point) for point in stroke * SUPERSAMPLING]
        brush.line(points, 0, round(2 * radius), joint="curve")
        for x, y in points:
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), 0)
    return image.resize((width, HEIGHT), Image.Resampling.BOX)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--drawings", type=int, default=60, help="of each layout (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
