"""Tiles of what is no digit, to teach the network to be unsure: marks with a pen, and things.

Every one goes through the steps that serving takes, so that it looks as it will arrive.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from ..arrays import DIGITS, TILE_SIZE, Ink
from ..data.mnist import LabelledImages
from .digits import as_tile, random_pen, stack, write_digit
from .pen import Path, draw, write
from .scenes import THINGS
from .skeletons import SIGN_SKELETONS

_SIGNS = tuple(SIGN_SKELETONS.values())
_SIGN_ASPECTS = (0.6, 1.05)
# What Pillow's own font prints and nobody takes for a digit.
_PRINTED = "AEFHKMNPRTUVWXYafhkmntwx" + "+=#@&%?*~<>"
_FONT_SIZE = 64
# Over a 0 they are its slash.
_SLASHES = (1, 7)
_WITHOUT_SLASHES = tuple(sorted(set(range(DIGITS)) - set(_SLASHES)))


def draw_outliers(count: int, seed: int) -> np.ndarray:
    """Draw letters, signs, scribbles, several digits in one, silhouettes, textures and scenes.

    Returns (count, 28, 28) uint8 tiles, the same for the same count and seed.
    """
    rng = np.random.default_rng(seed)
    kinds, shares = zip(*OUTLIERS.items(), strict=True)
    chosen = rng.choice(len(kinds), count, p=np.array(shares) / sum(shares))
    return stack([kinds[kind](rng) for kind in chosen.tolist()])


def combine_digits(digits: LabelledImages, count: int, seed: int) -> np.ndarray:
    """Lay pairs of different digits over each other, or side by side, so that they are neither.

    Returns (count, 28, 28) uint8 tiles, the same for the same digits, count and seed; fewer where
    the digits are too much alike.
    """
    rng = np.random.default_rng(seed)
    pairs = rng.integers(len(digits), size=(4 * count, 2)) if len(digits) else np.zeros((0, 2), int)
    first, second = np.sort(digits.labels[pairs], axis=1).T
    slashed = (first == 0) & np.isin(second, _SLASHES)
    usable = pairs[(first != second) & ~slashed][:count]
    return stack([_combined(digits[pair].tiles, rng) for pair in usable])


def _combined(pair: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(2, 28, 28) digits over each other, a little apart, in three of five cases; else beside."""
    beside = rng.random() < 0.4
    apart = rng.integers(11, 19) if beside else rng.integers(0, 3)
    sink = rng.integers(-3, 4) if beside else rng.integers(-1, 2)
    canvas = np.zeros((2, TILE_SIZE + 6, 2 * TILE_SIZE), np.float32)
    canvas[0, 3 : 3 + TILE_SIZE, :TILE_SIZE] = pair[0]
    canvas[1, 3 + sink : 3 + sink + TILE_SIZE, apart : apart + TILE_SIZE] = pair[1]
    return as_tile(canvas.max(axis=0))


def _sign(rng: np.random.Generator) -> np.ndarray:
    """A letter or sign from our own skeletons."""
    paths = write(_SIGNS[rng.integers(len(_SIGNS))], _SIGN_ASPECTS, rng)
    return as_tile(draw(paths, random_pen(rng), rng))


def _printed(rng: np.random.Generator) -> np.ndarray:
    """A letter or sign from Pillow's font, turned, sheared and bent."""
    canvas = Image.new("L", (2 * _FONT_SIZE, 2 * _FONT_SIZE))
    middle = (_FONT_SIZE, _FONT_SIZE)
    sign = _PRINTED[rng.integers(len(_PRINTED))]
    bold = int(rng.integers(0, 3))
    ImageDraw.Draw(canvas).text(
        middle, sign, 255, ImageFont.load_default(_FONT_SIZE), anchor="mm", stroke_width=bold
    )
    return as_tile(_bent(np.asarray(canvas, np.float32) / 255, rng))


def _bent(ink: Ink, rng: np.random.Generator) -> Ink:
    """Ink under a random affine map and smooth waves, of the same shape."""
    centre = (np.array(ink.shape) - 1)[:, None, None] / 2
    grid = np.indices(ink.shape, np.float32) - centre
    turn, stretch = np.radians(rng.uniform(-12, 12)), rng.uniform(0.85, 1.25, 2)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * stretch
    matrix[1, 0] += rng.uniform(-0.25, 0.25)
    source = np.tensordot(matrix, grid, 1)
    waves = np.sin(grid[::-1] * rng.uniform(0.03, 0.09) + rng.uniform(0, 6, (2, 1, 1)))
    source += centre + waves * rng.uniform(0, 4)
    bent = ndimage.map_coordinates(ink, source, order=1)
    return np.where(bent > 0.2, bent, 0).astype(np.float32)


def _scribble(rng: np.random.Generator) -> np.ndarray:
    """A line of many turns, smooth or zigzag."""
    points = [(x, y) for x, y in rng.random((rng.integers(10, 24), 2)).tolist()]
    if rng.random() < 0.3:
        points.sort()
    if rng.random() < 0.4:
        points = [point for point in points for _ in range(2)]
    return as_tile(draw(write((tuple(points),), (0.6, 1.4), rng), random_pen(rng), rng))


def _overlaid(rng: np.random.Generator) -> np.ndarray:
    """Two or three different digits over each other."""
    labels = rng.choice(_WITHOUT_SLASHES, rng.integers(2, 4), replace=False)
    paths: list[Path] = []
    for label in labels.tolist():
        angle, reach = rng.uniform(-0.8, 0.8), rng.uniform(0.4, 0.65) if paths else 0.0
        offset = reach * np.array([np.cos(angle), np.sin(angle)])
        paths += [path + offset for path in write_digit(label, rng)]
    return as_tile(draw(paths, rng.uniform(1.5, 3), rng))


def _side_by_side(rng: np.random.Generator) -> np.ndarray:
    """Two digits, or three, squeezed into one tile."""
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
    """Several parallel lines, or two sets of them across each other."""
    lines = []
    for _ in range(rng.integers(1, 3)):
        places = np.linspace(0, 1, rng.integers(3, 7)).tolist()
        upright = rng.random() < 0.5
        lines += [((p, 0.0), (p, 1.0)) if upright else ((0.0, p), (1.0, p)) for p in places]
    matrix = np.linalg.qr(rng.normal(size=(2, 2)))[0]
    paths = write(tuple(lines), (0.7, 1.3), rng)
    return as_tile(draw([path @ matrix for path in paths], rng.uniform(1, 2.5), rng))


def _dots(rng: np.random.Generator) -> np.ndarray:
    """A few dots."""
    places = rng.random((rng.integers(2, 7), 2))
    paths = [np.tile(place, (2, 1)) for place in places]
    return as_tile(draw(paths, rng.uniform(2, 5), rng))


# Each kind of outlier and its weight in the mix.
OUTLIERS: dict[Callable[[np.random.Generator], np.ndarray], float] = {
    _sign: 30,
    _printed: 15,
    _scribble: 12,
    _overlaid: 8,
    _side_by_side: 10,
    _parallels: 4,
    _dots: 2,
    **THINGS,
}
