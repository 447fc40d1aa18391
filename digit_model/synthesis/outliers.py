"""Draw tiles that show no digit, to teach the network to refuse: pen marks and scenes.

Every one goes through the steps that serving takes, so that it looks as it will arrive.
"""

from collections.abc import Callable
from itertools import islice

import numpy as np
from PIL import Image, ImageDraw

from ..arrays import DIGITS, TILE_SIZE
from ..data.mnist import LabelledImages
from .digits import as_tile, choose, print_character, random_pen, stack, write_digit
from .parallel import draw_in_chunks
from .pen import Path, draw, write
from .polygons import write_polygon
from .scenes import SCENES
from .skeletons import load_skeletons
from .warp import warp

_SIGN_ASPECTS = (0.6, 1.05)
# Characters that nobody takes for a digit.
_PRINTED_SIGNS = "AEFHKMNPRTUVWXYafhkmntwx" + "+=#@&%?*~<>"
# Laid over a 0 they look like its slash.
_SLASHES = (1, 7)
# Two digits over each other have at least so many times the ink of either, or it hides the other.
_MIN_ADDED_INK = 1.15
# In pixels, of the picture in which a solid shape is drawn.
_SOLID_SIDE = 100
_WITHOUT_SLASHES = tuple(sorted(set(range(DIGITS)) - set(_SLASHES)))


def draw_outliers(count: int, seed: int) -> np.ndarray:
    """Draw letters, signs, shapes, scribbles, several digits in one, silhouettes and scenes.

    Returns (count, 28, 28) uint8 tiles, the same for the same count and seed.
    """
    return np.concatenate(draw_in_chunks(_draw_outliers, count, seed))


def _draw_outliers(count: int, rng: np.random.Generator) -> np.ndarray:
    kinds, shares = zip(*OUTLIERS.items(), strict=True)
    chosen = rng.choice(len(kinds), count, p=np.array(shares) / sum(shares))
    return stack([kinds[kind](rng) for kind in chosen.tolist()])


def combine_digits(digits: LabelledImages, count: int, seed: int) -> np.ndarray:
    """Lay pairs of different digits over each other or side by side, so that they are neither.

    Returns (count, 28, 28) uint8 tiles, the same for the same digits, count and seed; fewer where
    the digits are too much alike.
    """
    rng = np.random.default_rng(seed)
    pairs = rng.integers(len(digits), size=(4 * count, 2)) if len(digits) else np.zeros((0, 2), int)
    first, second = np.sort(digits.labels[pairs], axis=1).T
    slashed = (first == 0) & np.isin(second, _SLASHES)
    usable = pairs[(first != second) & ~slashed]
    combined = (_combine(digits[pair].tiles, rng) for pair in usable)
    return stack(list(islice((tile for tile in combined if tile is not None), count)))


def _combine(pair: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """Lay (2, 28, 28) tiles over each other in three of five cases, else side by side.

    Returns a (28, 28) tile, or None if one digit hides the other.
    """
    side_by_side = rng.random() < 0.4
    right = rng.integers(11, 19) if side_by_side else rng.integers(0, 3)
    down = rng.integers(-3, 4) if side_by_side else rng.integers(-1, 2)
    canvas = np.zeros((2, TILE_SIZE + 6, 2 * TILE_SIZE), np.float32)
    canvas[0, 3 : 3 + TILE_SIZE, :TILE_SIZE] = pair[0]
    canvas[1, 3 + down : 3 + down + TILE_SIZE, right : right + TILE_SIZE] = pair[1]
    both = canvas.max(axis=0)
    hidden = both.sum() < _MIN_ADDED_INK * canvas.sum(axis=(1, 2)).max()
    return None if hidden else as_tile(both)


def _sign(rng: np.random.Generator) -> np.ndarray:
    """Draw a letter or sign from our own skeletons."""
    paths = write(choose(load_skeletons().signs, rng), _SIGN_ASPECTS, rng)
    return as_tile(draw(paths, random_pen(rng), rng))


def _printed_sign(rng: np.random.Generator) -> np.ndarray:
    """Draw a letter or sign of Pillow's font, turned, sheared and bent."""
    sign = _PRINTED_SIGNS[rng.integers(len(_PRINTED_SIGNS))]
    return as_tile(warp(print_character(sign, rng), rng))


def _polygon(rng: np.random.Generator) -> np.ndarray:
    """Draw a closed polygon with a pen or a brush."""
    pen = rng.uniform(1, 6) if rng.random() < 0.2 else random_pen(rng)
    return as_tile(draw(write_polygon(rng), pen, rng))


def _scribble(rng: np.random.Generator) -> np.ndarray:
    """Draw a line of many turns, smooth or zigzag."""
    points = [(x, y) for x, y in rng.random((rng.integers(10, 24), 2)).tolist()]
    if rng.random() < 0.3:
        points.sort()
    if rng.random() < 0.4:
        points = [point for point in points for _ in range(2)]
    return as_tile(draw(write((tuple(points),), (0.6, 1.4), rng), random_pen(rng), rng))


def _overlaid(rng: np.random.Generator) -> np.ndarray:
    """Draw two or three different digits over each other."""
    labels = rng.choice(_WITHOUT_SLASHES, rng.integers(2, 4), replace=False)
    paths: list[Path] = []
    for label in labels.tolist():
        angle, reach = rng.uniform(-0.8, 0.8), rng.uniform(0.4, 0.65) if paths else 0.0
        offset = reach * np.array([np.cos(angle), np.sin(angle)])
        paths += [path + offset for path in write_digit(label, rng)]
    return as_tile(draw(paths, rng.uniform(1.5, 3), rng))


def _side_by_side(rng: np.random.Generator) -> np.ndarray:
    """Draw two digits, or three, squeezed into one tile."""
    paths: list[Path] = []
    right = 0.0
    for label in rng.integers(0, DIGITS, 2 + (rng.random() < 0.2)).tolist():
        digit = write_digit(label, rng)
        left = min(path[:, 0].min() for path in digit)
        moved = [path + (right - left, rng.normal(0, 0.04)) for path in digit]
        right = max(path[:, 0].max() for path in moved) + rng.uniform(0.12, 0.35)
        paths += moved
    squeeze = np.array([rng.uniform(0.6, 1), 1])
    return as_tile(draw([path * squeeze for path in paths], rng.uniform(1, 2.2), rng))


def _parallels(rng: np.random.Generator) -> np.ndarray:
    """Draw several parallel lines, or two sets of them across each other."""
    lines = []
    for _ in range(rng.integers(1, 3)):
        places = np.linspace(0, 1, rng.integers(3, 7)).tolist()
        upright = rng.random() < 0.5
        lines += [((p, 0.0), (p, 1.0)) if upright else ((0.0, p), (1.0, p)) for p in places]
    matrix = np.linalg.qr(rng.normal(size=(2, 2)))[0]
    paths = write(tuple(lines), (0.7, 1.3), rng)
    return as_tile(draw([path @ matrix for path in paths], rng.uniform(1, 2.5), rng))


def _dots(rng: np.random.Generator) -> np.ndarray:
    """Draw a few dots."""
    places = rng.random((rng.integers(2, 7), 2))
    paths = [np.tile(place, (2, 1)) for place in places]
    return as_tile(draw(paths, rng.uniform(2, 5), rng))


def _solid(rng: np.random.Generator) -> np.ndarray:
    """Draw a filled disc or box, such as a sticker, a stamp or a thumb."""
    canvas = Image.new("L", (_SOLID_SIDE, _SOLID_SIDE))
    # Narrower ones might be meant for a 1.
    width, height = _SOLID_SIDE / 4 * rng.uniform(0.75, 1.5), _SOLID_SIDE / 4
    box = [_SOLID_SIDE / 2 + side for side in (-width, -height, width, height)]
    brush = ImageDraw.Draw(canvas)
    (brush.ellipse if rng.random() < 2 / 3 else brush.rectangle)(box, fill=255)
    return as_tile(warp(np.asarray(canvas, np.float32) / 255, rng, strength=0.6))


# Each kind of outlier and its weight in the mix.
OUTLIERS: dict[Callable[[np.random.Generator], np.ndarray], float] = {
    _sign: 30,
    _printed_sign: 15,
    _polygon: 22,
    _scribble: 12,
    _overlaid: 8,
    _side_by_side: 10,
    _parallels: 4,
    _dots: 2,
    _solid: 5,
    **SCENES,
}
