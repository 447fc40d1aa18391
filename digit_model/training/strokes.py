"""Tiles drawn by our own code: digits in shapes that MNIST hardly has, and marks that are no digit.

Every sample goes through the normaliser that serving uses, so that it looks as it will arrive.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from ..arrays import DIGITS, TILE_BOX, TILE_SIZE, Ink
from ..picture.normalise import normalise
from .dataset import Labelled
from .pen import PIXELS_PER_TILE_PIXEL, Path, draw, write
from .skeletons import DIGIT_ASPECTS, DIGIT_SKELETONS, SIGN_SKELETONS

_CANVAS = TILE_BOX * PIXELS_PER_TILE_PIXEL
_SIGNS = tuple(SIGN_SKELETONS.values())
_SIGN_ASPECTS = (0.6, 1.05)
# What Pillow's own font prints and nobody takes for a digit.
_PRINTED = "AEFHKMNPRTUVWXYafhkmntwx" + "+=#@&%?*~<>"
_FONT_SIZE = 64
# 1 and 7 are left out: over a 0 they are its slash.
_OVERLAID = (0, 2, 3, 4, 5, 6, 8, 9)


def draw_digits(count: int, seed: int) -> Labelled:
    """Draw digits, as many of each as of any other (one more where ``count`` is no multiple of 10).

    Returns (count, 28, 28) uint8 images as MNIST holds them and (count,) uint8 labels, shuffled;
    the same for the same count and seed.
    """
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % DIGITS).astype(np.uint8)
    tiles = [_tile(draw(_digit(label, rng), _pen(rng), rng)) for label in labels.tolist()]
    return Labelled(_stack(tiles), labels)


def draw_outliers(count: int, seed: int) -> np.ndarray:
    """Draw marks that are no digit: letters, signs, scribbles, several digits in one, textures.

    Returns (count, 28, 28) uint8 tiles, the same for the same count and seed.
    """
    rng = np.random.default_rng(seed)
    kinds, shares = zip(*_OUTLIERS.items(), strict=True)
    chosen = rng.choice(len(kinds), count, p=np.array(shares) / sum(shares))
    return _stack([kinds[kind](rng) for kind in chosen.tolist()])


def _stack(tiles: list[np.ndarray]) -> np.ndarray:
    return np.array(tiles, np.uint8).reshape(-1, TILE_SIZE, TILE_SIZE)


def _tile(ink: Ink) -> np.ndarray:
    """Ink -> the (28, 28) uint8 tile that serving would make of it."""
    return _bytes(normalise(ink)[0])


def _bytes(tile: np.ndarray) -> np.ndarray:
    return np.rint(tile * 255).astype(np.uint8)


def _pen(rng: np.random.Generator) -> float:
    """A pen's width in tile pixels: mostly MNIST's, sometimes the finest."""
    return rng.uniform(1, 2) if rng.random() < 0.15 else rng.uniform(2, 4)


def _digit(label: int, rng: np.random.Generator) -> list[Path]:
    variants = DIGIT_SKELETONS[label]
    return write(variants[rng.integers(len(variants))], DIGIT_ASPECTS[label], rng)


def _sign(rng: np.random.Generator) -> np.ndarray:
    """A letter or sign from our own skeletons."""
    paths = write(_SIGNS[rng.integers(len(_SIGNS))], _SIGN_ASPECTS, rng)
    return _tile(draw(paths, _pen(rng), rng))


def _printed(rng: np.random.Generator) -> np.ndarray:
    """A letter or sign from Pillow's font, turned, sheared and bent."""
    canvas = Image.new("L", (2 * _FONT_SIZE, 2 * _FONT_SIZE))
    middle = (_FONT_SIZE, _FONT_SIZE)
    sign = _PRINTED[rng.integers(len(_PRINTED))]
    bold = int(rng.integers(0, 3))
    ImageDraw.Draw(canvas).text(
        middle, sign, 255, ImageFont.load_default(_FONT_SIZE), anchor="mm", stroke_width=bold
    )
    return _tile(_bent(np.asarray(canvas, np.float32) / 255, rng))


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
    return _tile(draw(write((tuple(points),), (0.6, 1.4), rng), _pen(rng), rng))


def _overlaid(rng: np.random.Generator) -> np.ndarray:
    """Two or three different digits over each other."""
    labels = rng.choice(_OVERLAID, rng.integers(2, 4), replace=False)
    paths: list[Path] = []
    for label in labels.tolist():
        angle, reach = rng.uniform(-0.8, 0.8), rng.uniform(0.4, 0.65) if paths else 0.0
        offset = reach * np.array([np.cos(angle), np.sin(angle)])
        paths += [path + offset for path in _digit(label, rng)]
    return _tile(draw(paths, rng.uniform(1.5, 3), rng))


def _side_by_side(rng: np.random.Generator) -> np.ndarray:
    """Two digits, or three, squeezed into one tile."""
    paths: list[Path] = []
    right = 0.0
    for label in rng.integers(0, DIGITS, 2 + (rng.random() < 0.2)).tolist():
        digit = _digit(label, rng)
        left = min(path[:, 0].min() for path in digit)
        moved = [path + (right - left, rng.normal(0, 0.04)) for path in digit]
        right = max(path[:, 0].max() for path in moved) + rng.uniform(0.12, 0.35)
        paths += moved
    squeeze = np.array([rng.uniform(0.6, 1), 1])
    return _tile(draw([path * squeeze for path in paths], rng.uniform(1, 2.2), rng))


def _parallels(rng: np.random.Generator) -> np.ndarray:
    """Several parallel lines, or two sets of them across each other."""
    lines = []
    for _ in range(rng.integers(1, 3)):
        places = np.linspace(0, 1, rng.integers(3, 7)).tolist()
        upright = rng.random() < 0.5
        lines += [((p, 0.0), (p, 1.0)) if upright else ((0.0, p), (1.0, p)) for p in places]
    matrix = np.linalg.qr(rng.normal(size=(2, 2)))[0]
    paths = write(tuple(lines), (0.7, 1.3), rng)
    return _tile(draw([path @ matrix for path in paths], rng.uniform(1, 2.5), rng))


def _dots(rng: np.random.Generator) -> np.ndarray:
    """A few dots."""
    places = rng.random((rng.integers(2, 7), 2))
    paths = [np.tile(place, (2, 1)) for place in places]
    return _tile(draw(paths, rng.uniform(2, 5), rng))


def _filled(rng: np.random.Generator) -> np.ndarray:
    """A filled polygon, spiky or rounded, flat or shaded, as large as a whole tile or a digit."""
    corners = int(rng.integers(5, 14))
    angles = 2 * np.pi * (np.arange(corners) + rng.uniform(-0.3, 0.3, corners)) / corners
    radii = rng.uniform(rng.uniform(0.45, 0.9), 1, corners)[:, None]
    outline = radii * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return _silhouette(outline * (rng.uniform(0.65, 1), 1), rng)


# Outlines of clothes as a shop pictures them: (x, y), y down.
_CLOTHES = (
    # shirt, trousers, dress, shoe, boot, bag
    "30 0 45 8 55 8 70 0 100 20 88 42 75 32 75 100 25 100 25 32 12 42 0 20",
    "20 0 80 0 88 100 60 100 50 25 40 100 12 100",
    "35 0 42 12 58 12 65 0 68 35 92 100 8 100 32 35",
    "0 30 20 20 35 28 60 55 95 65 100 85 0 85",
    "25 0 60 0 62 55 95 70 98 98 25 98",
    "0 35 25 35 32 8 68 8 75 35 100 35 95 95 5 95",
)


def _garment(rng: np.random.Generator) -> np.ndarray:
    outline = np.array(_CLOTHES[rng.integers(len(_CLOTHES))].split(), float).reshape(-1, 2)
    outline = (outline / 50 - 1 + rng.normal(0, 0.04, outline.shape)) * rng.uniform(0.7, 1, 2)
    return _silhouette(outline * (rng.choice([-1, 1]), 1), rng)


def _silhouette(outline: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Fill an outline of (k, 2) points in -1..1, shade it, and bring it into a tile."""
    canvas = Image.new("L", (_CANVAS, _CANVAS))
    corners = ((outline + 1) / 2 * (_CANVAS - 1)).ravel().tolist()
    ImageDraw.Draw(canvas).polygon(corners, fill=255)
    ink = np.asarray(canvas, np.float32) / 255
    if rng.random() < 0.5:
        ink = ink * _shading(_CANVAS, rng)
    return _small_or_whole(ink, rng)


def _small_or_whole(ink: Ink, rng: np.random.Generator) -> np.ndarray:
    """Ink that fills its canvas -> a whole tile, a digit's place in it, or what serving makes."""
    kind = rng.random()
    if kind < 0.1:
        return _tile(ink)
    side = TILE_SIZE if kind < 0.5 else TILE_BOX
    small = Image.fromarray(ink).resize((side, side), Image.Resampling.BOX)
    tile = np.asarray(small)
    return _bytes(tile) if side == TILE_SIZE else _tile(tile)


def _shading(side: int, rng: np.random.Generator) -> np.ndarray:
    """A slope, stripes or clouds, (side, side) float32 in 0.15..1."""
    y, x = np.mgrid[0:side, 0:side] / side
    angle = rng.uniform(0, 2 * np.pi)
    along = np.cos(angle) * x + np.sin(angle) * y
    kind = rng.integers(3)
    if kind == 0:
        field = along
    elif kind == 1:
        field = np.sin(along * rng.uniform(10, 60))
    else:
        field = _clouds(side, rng)
    spread = field - field.min()
    return (0.15 + 0.85 * spread / spread.max()).astype(np.float32)


def _clouds(side: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise, (side, side), about 0; its grain is a twelfth to a third of the side."""
    coarse = rng.normal(size=(rng.integers(4, 13),) * 2)
    return ndimage.zoom(coarse, side / len(coarse), order=2)[:side, :side]


def _patches(rng: np.random.Generator) -> np.ndarray:
    """Smooth noise with a threshold: islands and holes."""
    field = _clouds(_CANVAS, rng)
    ink = (field > np.quantile(field, rng.uniform(0.35, 0.75))).astype(np.float32)
    return _small_or_whole(ink, rng)


def _texture(rng: np.random.Generator) -> np.ndarray:
    """A slope, stripes or clouds over a whole tile or a digit's box."""
    return _small_or_whole(_shading(_CANVAS, rng), rng)


def _noise(rng: np.random.Generator) -> np.ndarray:
    """White noise over a whole tile, dense or sparse, in greys or in black."""
    values = rng.random((TILE_SIZE, TILE_SIZE))
    density = rng.uniform(0.1, 1)
    noise = np.where(rng.random(values.shape) < density, values, 0)
    return _bytes(noise if rng.random() < 0.6 else noise > 0.5)


# Each kind of outlier and its weight in the mix.
_OUTLIERS: dict[Callable[[np.random.Generator], np.ndarray], float] = {
    _sign: 30,
    _printed: 15,
    _scribble: 12,
    _overlaid: 8,
    _side_by_side: 10,
    _parallels: 4,
    _dots: 2,
    _filled: 5,
    _garment: 5,
    _patches: 4,
    _texture: 2,
    _noise: 3,
}
