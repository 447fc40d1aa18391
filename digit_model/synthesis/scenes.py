"""Draw tiles of pictures without a digit: silhouettes, scenes, textures and noise.

Natural scenes follow the dead leaves model: opaque shapes that cover one another (Lee, Mumford and
Huang 2001, https://doi.org/10.1023/A:1011109015675).
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from ..arrays import TILE_SIZE
from ..errors import NoInk
from ..picture.ink import find_ink
from ..picture.normalise import normalise
from ..picture.segment import single_digit
from .digits import as_bytes, as_tile

# Side in pixels on which pictures are drawn before they are shrunk.
_CANVAS = 112


def _read_as_picture(
    draw_picture: Callable[[np.random.Generator], np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """Draw grey pictures until serving finds ink in one, and return its (28, 28) uint8 tile.

    draw_picture: returns (side, side) float32 in 0..1.
    """
    while True:
        grey = as_bytes(np.clip(draw_picture(rng), 0, 1))
        try:
            ink = find_ink(np.repeat(grey[..., None], 3, axis=2))
        except NoInk:
            continue
        return as_bytes(normalise(single_digit(ink).ink)[0])


def _leaves(rng: np.random.Generator) -> np.ndarray:
    """Draw many shapes that cover one another; their sizes follow a power law."""
    canvas = Image.new("L", (_CANVAS, _CANVAS), int(rng.integers(256)))
    brush = ImageDraw.Draw(canvas)
    for _ in range(rng.integers(4, 60)):
        radius = _CANVAS * min(0.6, 0.06 / rng.uniform(0.04, 1))
        outline = _blob(rng) * radius * rng.uniform(0.3, 1, 2) + rng.uniform(0, _CANVAS, 2)
        brush.polygon(outline.ravel().tolist(), fill=int(rng.integers(256)))
    blurred = canvas.filter(ImageFilter.GaussianBlur(rng.uniform(0, 3)))
    scene = np.asarray(blurred, np.float32) / 255 * _shading(_CANVAS, rng) ** rng.uniform(0, 1)
    return _shrunk(scene, rng)


def _scene(rng: np.random.Generator) -> np.ndarray:
    """Draw the tile of a natural scene."""
    return _read_as_picture(_leaves, rng)


def _object(rng: np.random.Generator) -> np.ndarray:
    """Draw the tile of an object on a plain background, as in a shop's catalogue."""
    return _read_as_picture(_silhouette, rng)


def _silhouette(rng: np.random.Generator) -> np.ndarray:
    """Draw a filled outline, flat or shaded, light on a dark background or dark on a light one."""
    outline = (_blob, _symmetric, _garment)[rng.integers(3)](rng)
    outline = (outline * (rng.uniform(0.6, 1), 1) + 1) / 2
    margin = rng.uniform(0, 0.1)
    corners = (margin + (1 - 2 * margin) * outline) * (_CANVAS - 1)
    canvas = Image.new("L", (_CANVAS, _CANVAS))
    ImageDraw.Draw(canvas).polygon(corners.ravel().tolist(), fill=255)
    shape = np.asarray(canvas, np.float32) / 255
    if rng.random() < 0.7:
        shape = shape * _shading(_CANVAS, rng)
    picture = _shrunk(shape, rng)
    return picture if rng.random() < 0.8 else 1 - picture


def _blob(rng: np.random.Generator) -> np.ndarray:
    """Return a polygon, spiky or rounded: (k, 2) corners in -1..1."""
    corners = int(rng.integers(4, 14))
    angles = 2 * np.pi * (np.arange(corners) + rng.uniform(-0.3, 0.3, corners)) / corners
    radii = rng.uniform(rng.uniform(0.45, 0.9), 1, corners)[:, None]
    return radii * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _symmetric(rng: np.random.Generator) -> np.ndarray:
    """Return an upright outline with mirror symmetry, in one piece or on two legs, (k, 2)."""
    heights = np.linspace(-1, 1, rng.integers(2, 9))
    widths = rng.uniform(0.3, 0.6) * np.exp(np.cumsum(rng.normal(0, 0.25, len(heights))))
    half = np.stack([np.minimum(widths, 1), heights], axis=1)
    gap = rng.uniform(0.1, 0.6) * half[-1, 0]
    legs = [[gap, 1], [0, rng.uniform(-0.6, 0.4)], [-gap, 1]] if rng.random() < 0.4 else []
    return np.concatenate([half, np.reshape(legs, (-1, 2)), half[::-1] * (-1, 1)])


# Outlines of clothes: x and y in turn, y down, in 0..100.
_CLOTHES = (
    # shirt, trousers, dress, shoe, boot, bag, sandal
    "30 0 45 8 55 8 70 0 100 20 88 42 75 32 75 100 25 100 25 32 12 42 0 20",
    "20 0 80 0 88 100 60 100 50 25 40 100 12 100",
    "35 0 42 12 58 12 65 0 68 35 92 100 8 100 32 35",
    "0 30 20 20 35 28 60 55 95 65 100 85 0 85",
    "25 0 60 0 62 55 95 70 98 98 25 98",
    "0 35 25 35 32 8 68 8 75 35 100 35 95 95 5 95",
    "0 40 12 35 40 62 70 70 100 74 100 84 60 82 30 70 14 52 12 84 4 84",
)


def _garment(rng: np.random.Generator) -> np.ndarray:
    """Return the outline of a piece of clothing, (k, 2) corners in about -1..1."""
    outline = np.array(_CLOTHES[rng.integers(len(_CLOTHES))].split(), float).reshape(-1, 2)
    outline = (outline / 50 - 1 + rng.normal(0, 0.04, outline.shape)) * rng.uniform(0.7, 1, 2)
    return outline * (rng.choice([-1, 1]), 1)


def _shrunk(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shrink a square picture to 28 to 40 pixels a side."""
    side = int(rng.integers(TILE_SIZE, 41))
    small = Image.fromarray(picture).resize((side, side), Image.Resampling.BOX)
    return np.asarray(small)


def _shading(side: int, rng: np.random.Generator) -> np.ndarray:
    """Return a gradient, stripes or clouds, (side, side) float32 in 0.15..1."""
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
    """Return smooth noise around 0, (side, side); its grain is 1/12 to 1/4 of the side."""
    coarse = rng.normal(size=(rng.integers(4, 13),) * 2)
    return ndimage.zoom(coarse, side / len(coarse), order=2)[:side, :side]


def _texture(rng: np.random.Generator) -> np.ndarray:
    """Draw a gradient, stripes or clouds that fill a digit's box."""
    return as_tile(_shading(_CANVAS, rng))


def _patches(rng: np.random.Generator) -> np.ndarray:
    """Draw smooth noise cut at a threshold: islands and holes."""
    field = _clouds(_CANVAS, rng)
    return as_tile((field > np.quantile(field, rng.uniform(0.35, 0.75))).astype(np.float32))


def _noise(rng: np.random.Generator) -> np.ndarray:
    """Draw white noise over a whole tile, dense or sparse, in greys or in black."""
    values = rng.random((TILE_SIZE, TILE_SIZE))
    density = rng.uniform(0.1, 1)
    noise = np.where(rng.random(values.shape) < density, values, 0)
    return as_bytes(noise if rng.random() < 0.6 else noise > 0.5)


# Each kind of picture and its weight in the mix of outliers.
SCENES: dict[Callable[[np.random.Generator], np.ndarray], float] = {
    _object: 30,
    _scene: 50,
    _patches: 3,
    _texture: 2,
    _noise: 3,
}
