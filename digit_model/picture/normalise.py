"""One digit's ink -> an MNIST tile, by LeCun's rule.

The rule (http://yann.lecun.com/exdb/mnist) fits the digit into 20x20 pixels with its aspect kept
and puts its centre of mass into the middle of 28x28. Measured on MNIST itself the shift is by
whole pixels, so that the centre of mass, with pixel centres at i + 0.5, falls into [14, 15).
"""

import numpy as np
from PIL import Image
from scipy import ndimage

from ..arrays import TILE_BOX, TILE_SIZE, Box, Ink, Placement, Tile
from ..errors import NoInk

# Stroke widths in tile pixels. MNIST's own, measured by stroke_width on its training images scaled
# up fivefold, have their 20th percentile at 2.0 and their 98th at 4.3.
THIN_STROKE = 2.0
THICK_STROKE = 4.3
# Pens are only thickened or thinned where there are pixels enough to do it in.
WORKING_SIZE = 5 * TILE_BOX
SMALLEST_RESTROKED = 2 * TILE_BOX


def normalise(ink: Ink) -> tuple[Tile, Placement]:
    """Fit one digit into a tile.

    ink: (height, width) float32 in 0..1 that holds one digit; everything above 0 is part of it.
    Returns the (28, 28) float32 tile in 0..1, and where it lies on the ink's pixels.
    Raises NoInk if there is nothing above 0.
    """
    box = bounding_box(ink)
    crop = np.ascontiguousarray(ink[box.top : box.bottom, box.left : box.right], np.float32)
    margin = 0.0
    if max(crop.shape) >= SMALLEST_RESTROKED:
        shrunk = _shrink(crop, WORKING_SIZE)
        crop = _restroke(shrunk)
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
    """The smallest box around everything above 0 in (height, width) ink; NoInk if there is none."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not rows.size:
        raise NoInk("There is no stroke in this picture. Draw or photograph a digit.")
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def stroke_width(ink: Ink) -> float:
    """The mean width of the strokes of (height, width) ink, in its pixels.

    Across a stroke of width w the distance to the paper averages w / 4.
    """
    mask = np.pad(ink >= 0.5 * ink.max(), 1)
    return 4 * float(ndimage.distance_transform_edt(mask)[mask].mean()) - 1


def _restroke(crop: Ink) -> Ink:
    """Bring a pen thinner or thicker than any of MNIST's to the nearest that it has."""
    tile_pixel = max(crop.shape) / TILE_BOX
    width = stroke_width(crop) / tile_pixel
    radius = round((np.clip(width, THIN_STROKE, THICK_STROKE) - width) / 2 * tile_pixel)
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
    """Scale so that the longer side is ``longest``, anti-aliased, with the aspect kept."""
    factor = longest / max(crop.shape)
    if factor == 1:
        return crop
    height, width = (max(1, round(side * factor)) for side in crop.shape)
    resized = Image.fromarray(crop).resize((width, height), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(resized), 0, 1)


def _offsets(small: Ink) -> tuple[int, int]:
    """Where the crop's first row and column go, kept inside the tile."""
    return _offset(small.sum(axis=1)), _offset(small.sum(axis=0))


def _offset(masses: np.ndarray) -> int:
    """The shift that brings the centre of (n,) masses into the middle pixel of the tile's side."""
    centre = float((masses * (np.arange(masses.size) + 0.5)).sum() / masses.sum())
    return int(np.clip(TILE_SIZE // 2 - np.floor(centre), 0, TILE_SIZE - masses.size))
