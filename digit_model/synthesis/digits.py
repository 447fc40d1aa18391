"""Digits drawn by our own code, in shapes that MNIST hardly has.

Every one goes through the normaliser that serving uses, so that it looks as it will arrive.
"""

import numpy as np

from ..arrays import DIGITS, TILE_SIZE, Ink
from ..data.mnist import LabelledImages
from ..picture.normalise import normalise
from .pen import CLOSED_LOOPS, OPEN_LOOPS, Path, draw, write
from .skeletons import DIGIT_ASPECTS, DIGIT_SKELETONS

# Of the pens in tile pixels: most are as wide as MNIST's, some finer, and some brushes so broad
# that loops close before the normaliser makes the strokes thinner.
_FINE, _USUAL, _BROAD = (1, 2), (2, 4), (3.5, 6)
# Part of the digits whose writers, or whose scanner, stretch them to a square.
_STRETCHED = 0.12


def draw_digits(count: int, seed: int) -> LabelledImages:
    """Draw digits, as many of each as of any other (one more where ``count`` is no multiple of 10).

    Returns (count, 28, 28) uint8 images as MNIST holds them and (count,) uint8 labels, shuffled;
    the same for the same count and seed.
    """
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % DIGITS).astype(np.uint8)
    return LabelledImages(stack([_digit(label, rng) for label in labels.tolist()]), labels)


def stack(tiles: list[np.ndarray]) -> np.ndarray:
    """(28, 28) tiles, maybe none -> (n, 28, 28) uint8."""
    return np.array(tiles, np.uint8).reshape(-1, TILE_SIZE, TILE_SIZE)


def as_tile(ink: Ink) -> np.ndarray:
    """Ink -> the (28, 28) uint8 tile that serving would make of it."""
    return as_bytes(normalise(ink)[0])


def as_bytes(tile: np.ndarray) -> np.ndarray:
    """0..1 -> 0..255, rounded."""
    return np.rint(tile * 255).astype(np.uint8)


def random_pen(rng: np.random.Generator) -> float:
    """A pen's width in tile pixels: mostly MNIST's, sometimes the finest."""
    return rng.uniform(*(_FINE if rng.random() < 0.15 else _USUAL))


def write_digit(label: int, rng: np.random.Generator) -> list[Path]:
    """Write a digit in one of its shapes and one random hand."""
    variants = DIGIT_SKELETONS[label]
    low, high = DIGIT_ASPECTS[label]
    aspects = (high, 1.2) if rng.random() < _STRETCHED else (low, high)
    return write(variants[rng.integers(len(variants))], aspects, rng)


def _digit(label: int, rng: np.random.Generator) -> np.ndarray:
    paths = write_digit(label, rng)
    if rng.random() < 0.2:
        return as_tile(draw(paths, rng.uniform(*_BROAD), rng, CLOSED_LOOPS))
    return as_tile(draw(paths, random_pen(rng), rng, OPEN_LOOPS))
