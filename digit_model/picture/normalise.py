"""Turn the ink of one digit into a tile, by the rule that MNIST was made with.

The rule (http://yann.lecun.com/exdb/mnist) scales the digit to fit 20x20 pixels, keeping its aspect
ratio, and moves its centre of mass to the middle of 28x28 pixels. Measured on MNIST itself, the
shift is by whole pixels: the centre of mass, with pixel centres at i + 0.5, lies in [14, 15).
"""

import numpy as np
from PIL import Image
from scipy import ndimage

from ..arrays import TILE_BOX, TILE_SIZE, Box, Ink, Placement, Tile
from ..errors import NoInk

# Stroke widths in tile pixels: the 20th and the 98th percentile of MNIST's training images,
# measured by stroke_width at five times their size.
MIN_STROKE = 2.0
MAX_STROKE = 4.3
# Strokes are thickened or thinned on a crop of at most this size, if it has at least that size.
WORKING_SIZE_PIXELS = 5 * TILE_BOX
MIN_RESTROKE_PIXELS = 2 * TILE_BOX


def normalise(ink: Ink) -> tuple[Tile, Placement]:
    """Turn the ink of one digit into a tile.

    ink: (height, width) float32 in 0..1 that holds one digit; everything above 0 is part of it.
    Returns the (28, 28) float32 tile in 0..1, and its placement in pixels of the ink.
    Raises NoInk if nothing is above 0.
    """
    box = bounding_box(ink)
    crop = np.ascontiguousarray(ink[box.top : box.bottom, box.left : box.right], np.float32)
    margin = 0.0
    if max(crop.shape) >= MIN_RESTROKE_PIXELS:
        shrunk = _shrink(crop, WORKING_SIZE_PIXELS)
        crop = restroke(shrunk, max(shrunk.shape) / TILE_BOX)
        # Thickening widens the crop; the margin is in pixels of the ink.
        margin = (crop.shape[0] - shrunk.shape[0]) / 2 * max(box.width, box.height)
        margin /= max(shrunk.shape)
    small = _resize(crop, TILE_BOX)
    row, column = _offsets(small)
    tile = np.zeros((TILE_SIZE, TILE_SIZE), np.float32)
    tile[row : row + small.shape[0], column : column + small.shape[1]] = small
    x_scale = (box.width + 2 * margin) / small.shape[1]
    y_scale = (box.height + 2 * margin) / small.shape[0]
    left, top = box.left - margin - column * x_scale, box.top - margin - row * y_scale
    return tile, Placement(left, top, x_scale, y_scale)


def bounding_box(ink: Ink) -> Box:
    """Return the smallest box around everything above 0 in (height, width) ink.

    Raises NoInk if nothing is above 0.
    """
    marked = ink.astype(bool, copy=False)
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    if not rows.size:
        raise NoInk("There is no stroke in this picture. Draw or photograph a digit.")
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def stroke_width(ink: Ink) -> float:
    """Return the mean stroke width of (height, width) ink, in its pixels.

    Across a stroke of width w, the mean distance to the paper is w / 4.
    """
    mask = np.pad(ink >= 0.5 * ink.max(), 1)
    return 4 * float(ndimage.distance_transform_edt(mask)[mask].mean()) - 1


def restroke(crop: Ink, tile_pixel: float) -> Ink:
    """Thicken or thin strokes to the nearest width that is usual in MNIST.

    tile_pixel: the size of a tile's pixel in those of the (height, width) crop. Returns ink that is
    larger on all sides by as much as the strokes grew.
    """
    width = stroke_width(crop) / tile_pixel
    radius = round((np.clip(width, MIN_STROKE, MAX_STROKE) - width) / 2 * tile_pixel)
    if radius > 0:
        return ndimage.grey_dilation(np.pad(crop, radius), footprint=_disc(radius))
    if radius < 0:
        return ndimage.grey_erosion(crop, footprint=_disc(-radius), mode="constant")
    return crop


def _disc(radius: int) -> np.ndarray:
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return x * x + y * y <= (radius + 0.5) ** 2


def _shrink(crop: Ink, longest: int) -> Ink:
    return _resize(crop, longest) if max(crop.shape) > longest else crop


def _resize(crop: Ink, longest: int) -> Ink:
    """Scale the longer side to ``longest`` pixels, keeping the aspect ratio."""
    return resize(crop, longest / max(crop.shape))


def resize(crop: Ink, factor: float) -> Ink:
    """Scale (height, width) ink, anti-aliased, to at least one pixel."""
    if factor == 1:
        return crop
    height, width = (max(1, round(side * factor)) for side in crop.shape)
    resized = Image.fromarray(crop).resize((width, height), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(resized), 0, 1)


def _offsets(small: Ink) -> tuple[int, int]:
    """Return the row and column of the tile where the crop starts."""
    return _offset(small.sum(axis=1)), _offset(small.sum(axis=0))


def _offset(masses: np.ndarray) -> int:
    """Return the shift that moves the centre of (n,) masses to the middle of the tile's side."""
    centre = float((masses * (np.arange(masses.size) + 0.5)).sum() / masses.sum())
    return int(np.clip(TILE_SIZE // 2 - np.floor(centre), 0, TILE_SIZE - masses.size))
