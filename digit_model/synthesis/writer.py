"""Draw the digits of one writer, who has a shape for each digit and a pen."""

import numpy as np

from ..arrays import DIGITS
from ..data.mnist import LabelledImages
from .digits import as_tile, choose, random_pen, stack
from .pen import draw, write
from .skeletons import Skeleton, load_skeletons

# The share of digits that writers give their own shape, and how alike these are: the standard
# deviations of the logarithms of their widths and of the pen's.
_OWN_SHAPE = 0.9
_WIDTHS, _PENS = 0.08, 0.1


def draw_writers_digits(rng: np.random.Generator, count: int) -> LabelledImages:
    """Draw random digits of a random writer: (count, 28, 28) uint8 tiles, (count,) labels."""
    labels, pen = rng.integers(0, DIGITS, count), random_pen(rng)
    habits = [_habit(label, rng) for label in range(DIGITS)]
    tiles = []
    for label in labels.tolist():
        own, aspect = habits[label]
        shapes = load_skeletons().digits[label]
        skeleton = own if rng.random() < _OWN_SHAPE else choose(shapes.skeletons, rng)
        width = np.clip(aspect * np.exp(rng.normal(0, _WIDTHS)), *shapes.aspects)
        paths = write(skeleton, (width, width), rng)
        tiles.append(as_tile(draw(paths, pen * np.exp(rng.normal(0, _PENS)), rng)))
    return LabelledImages(stack(tiles), labels.astype(np.uint8))


def _habit(label: int, rng: np.random.Generator) -> tuple[Skeleton, float]:
    """Return a shape of a digit and its ratio of width to height."""
    shapes = load_skeletons().digits[label]
    return choose(shapes.skeletons, rng), rng.uniform(*shapes.aspects)
