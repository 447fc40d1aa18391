"""Draw digits in shapes, pens and surroundings that MNIST hardly has.

Every digit goes through the normaliser that serving uses, so that it looks as it will arrive.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..arrays import DIGITS, TILE_SIZE, Ink
from ..data.mnist import LabelledImages
from ..picture.normalise import bounding_box, normalise
from .interference import add_box_remnants, cross_out
from .parallel import draw_in_chunks
from .pen import CLOSED_LOOPS, OPEN_LOOPS, TYPE, Path, draw, write
from .segments import lit_segments
from .skeletons import Skeleton, load_skeletons
from .warp import warp

# Ranges of a pen's width in tile pixels. MNIST's own are mostly 2 to 4. Under a broad brush loops
# close before the normaliser makes the strokes thinner.
_HAIRLINE, _FINE, _USUAL, _BROAD, _VERY_BROAD = (0.5, 1), (1, 2), (2, 4), (3.5, 6), (5, 8)
# The share of writers, or of scanners, that stretch digits to a square.
_STRETCHED = 0.12
# Longer sides, in pixels, of digits so small that the normaliser leaves their pens alone.
_SMALL_SIDES = (11, 38)
_FONT_SIZE = 64
# A level line across a 1 makes a plus.
_NOT_TO_CROSS = (1,)


def draw_digits(count: int, seed: int) -> LabelledImages:
    """Draw digits, the same number of each label (one more where ``count`` is no multiple of 10).

    Returns (count, 28, 28) uint8 images as MNIST holds them and (count,) uint8 labels, shuffled;
    the same for the same count and seed.
    """
    chunks = draw_in_chunks(_draw_digits, count, seed)
    images, labels = map(np.concatenate, zip(*chunks, strict=True))
    return LabelledImages(images, labels)


def _draw_digits(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    labels = rng.permutation(np.arange(count) % DIGITS).astype(np.uint8)
    kinds, shares = zip(*DIGIT_KINDS.items(), strict=True)
    chosen = rng.choice(len(kinds), count, p=np.array(shares) / sum(shares))
    pairs = zip(labels.tolist(), chosen.tolist(), strict=True)
    return stack([kinds[kind](label, rng) for label, kind in pairs]), labels


def stack(tiles: list[np.ndarray]) -> np.ndarray:
    """Stack (28, 28) tiles, possibly none, to (n, 28, 28) uint8."""
    return np.array(tiles, np.uint8).reshape(-1, TILE_SIZE, TILE_SIZE)


def as_tile(ink: Ink) -> np.ndarray:
    """Return the (28, 28) uint8 tile that serving would make of the ink."""
    return as_bytes(normalise(ink)[0])


def as_bytes(tile: np.ndarray) -> np.ndarray:
    """Round values in 0..1 to uint8 in 0..255."""
    return np.rint(tile * 255).astype(np.uint8)


def random_pen(rng: np.random.Generator) -> float:
    """Return a pen's width in tile pixels, mostly one of MNIST's."""
    return rng.uniform(*(_FINE if rng.random() < 0.15 else _USUAL))


def choose(skeletons: dict[str, Skeleton], rng: np.random.Generator) -> Skeleton:
    """Return one of the skeletons, each as likely as any other."""
    return tuple(skeletons.values())[rng.integers(len(skeletons))]


def write_digit(label: int, rng: np.random.Generator) -> list[Path]:
    """Write a digit in one of its handwritten shapes and in one random hand."""
    shapes = load_skeletons().digits[label]
    low, high = shapes.aspects
    aspects = (high, 1.2) if rng.random() < _STRETCHED else (low, high)
    return write(choose(shapes.skeletons, rng), aspects, rng)


def handwritten(label: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a digit with a pen of usual width, or with a brush."""
    return as_tile(_handwritten_ink(label, rng))


def printed_with_serifs(label: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a digit as type prints it, upright strokes broader than level ones, often small."""
    shapes = load_skeletons().printed[label]
    skeleton = choose(shapes.skeletons, rng)
    contrast = rng.uniform(1, 2)
    paths = [path / (contrast, 1) for path in write(skeleton, shapes.aspects, rng, TYPE)]
    ink = draw(paths, rng.uniform(1, 3) / np.sqrt(contrast), rng)
    height, width = ink.shape
    wide = Image.fromarray(ink).resize((round(width * contrast), height), Image.Resampling.BICUBIC)
    return _maybe_small(np.clip(np.asarray(wide), 0, 1), rng)


def printed_without_serifs(label: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a digit in Pillow's font, slightly distorted, often small."""
    ink = print_character(str(label), rng)
    return _maybe_small(warp(ink, rng, strength=0.4), rng)


def print_character(character: str, rng: np.random.Generator) -> Ink:
    """Print a character in Pillow's font, regular or bold, in the middle of a square of ink."""
    canvas = Image.new("L", (2 * _FONT_SIZE, 2 * _FONT_SIZE))
    font = ImageFont.load_default(_FONT_SIZE)
    centre = (_FONT_SIZE, _FONT_SIZE)
    weight = int(rng.integers(0, 3))
    ImageDraw.Draw(canvas).text(centre, character, 255, font, anchor="mm", stroke_width=weight)
    return np.asarray(canvas, np.float32) / 255


def small(label: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a digit of few pixels with a hairline pen, a very broad one or one of usual width."""
    paths, choice = write_digit(label, rng), rng.random()
    if choice < 0.45:
        ink = draw(paths, rng.uniform(*_HAIRLINE), rng)
    elif choice < 0.75:
        ink = draw(paths, rng.uniform(*_VERY_BROAD), rng, OPEN_LOOPS)
    else:
        ink = draw(paths, random_pen(rng), rng)
    return as_tile(_shrunk(ink, int(rng.integers(*_SMALL_SIDES))))


def boxed(label: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a digit with remnants of the box into which it was written."""
    return as_tile(add_box_remnants(_handwritten_ink(label, rng), rng))


def crossed(label: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a digit that a line crosses, unless the line would make another sign of it."""
    ink = _handwritten_ink(label, rng)
    return as_tile(ink if label in _NOT_TO_CROSS else cross_out(ink, rng))


def segmented(label: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a digit as a seven-segment display shows it, once its segments are joined."""
    slant = np.array([[1, 0], [-rng.uniform(0, 0.2), 1]])
    paths = [ends @ slant for ends in lit_segments(label, rng.uniform(0.45, 0.65), 1, 0)]
    return as_tile(draw(paths, rng.uniform(1.5, 4), rng))


def _handwritten_ink(label: int, rng: np.random.Generator) -> Ink:
    paths = write_digit(label, rng)
    if rng.random() < 0.2:
        return draw(paths, rng.uniform(*_BROAD), rng, CLOSED_LOOPS)
    return draw(paths, random_pen(rng), rng, OPEN_LOOPS)


def _maybe_small(ink: Ink, rng: np.random.Generator) -> np.ndarray:
    """Return the tile of the ink, in two of three cases at the size of print on a screen."""
    if rng.random() < 2 / 3:
        ink = _shrunk(ink, int(rng.integers(*_SMALL_SIDES)))
    return as_tile(ink)


def _shrunk(ink: Ink, longest: int) -> Ink:
    """Crop ink and scale it to so many pixels on its longer side; its darkest pixel becomes 1."""
    box = bounding_box(ink)
    scale = longest / max(box.width, box.height)
    size = max(1, round(box.width * scale)), max(1, round(box.height * scale))
    crop = Image.fromarray(ink[box.top : box.bottom, box.left : box.right])
    shrunk = np.asarray(crop.resize(size, Image.Resampling.BOX))
    return shrunk / shrunk.max()


# Each kind of drawn digit and its weight in the mix.
DIGIT_KINDS: dict[Callable[[int, np.random.Generator], np.ndarray], float] = {
    handwritten: 66,
    small: 12,
    printed_with_serifs: 8,
    printed_without_serifs: 4,
    boxed: 6,
    crossed: 4,
    segmented: 3,
}
