"""Turn the ink of a row into a strip, which the row reader reads without cutting it.

A strip is as high as a tile is wide and a little more; digits are in it as large as in a tile.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import TILE_BOX, Ink
from .components import Component, make_glyph
from .normalise import resize, restroke

STRIP_HEIGHT = 32
# The row reader looks at so many columns at once.
STRIP_WINDOW = 128
# Paper at the left and right end of a strip.
STRIP_MARGIN = 4
# Strokes are thickened or thinned at this many times the strip's resolution, if the ink has it.
WORKING_SCALE = 5
MIN_RESTROKE_SCALE = 2
# Components of this share of the digits' height tell where the row is, ...
MIN_TALL = 0.6
# ... and at least so many of them its slope, which is at most this.
MIN_SLOPE_COMPONENTS = 3
MAX_SLOPE = 0.5
# The middle between the highest and the lowest edge is at most so many pixels from that of most.
MAX_OFF_MIDDLE = 4


@dataclass(frozen=True, eq=False)
class Strip:
    """A row as the row reader sees it, and where it lies on the ink.

    image: (STRIP_HEIGHT, width) float32 in 0..1.
    left: the column of the ink at its left edge. pixel: the size of its pixels on the ink.
    """

    image: Ink
    left: float
    pixel: float

    def ink_column(self, column: float) -> float:
        """Return the column of the ink that a column of the strip shows."""
        return self.left + self.pixel * column


def draw_strip(ink: Ink, components: list[Component], height: float) -> Strip:
    """Draw the ink of a row as a strip.

    ink: (height, width) float32 in 0..1. components: of the row. height: of its digits, in pixels.
    The digits become TILE_BOX pixels high, the row level, and its middle that of the strip. What
    lies above or below is cut off.
    """
    glyph = make_glyph(ink, components, 0)
    scale = min(1.0, WORKING_SCALE * TILE_BOX / height)
    crop = resize(glyph.ink, scale)
    pixel = height * scale / TILE_BOX
    stroked = restroke(crop, pixel) if pixel >= MIN_RESTROKE_SCALE else crop
    margin = (stroked.shape[0] - crop.shape[0]) / 2
    small = resize(stroked, 1 / pixel)
    tall = [one.box for one in components if one.box.height >= MIN_TALL * height] or [glyph.box]
    boxes = ((np.array(tall) - [*glyph.box[:2], *glyph.box[:2]]) * scale + margin) / pixel
    return Strip(
        image=_levelled(small, *_line_through(boxes)),
        left=glyph.box.left - (STRIP_MARGIN * pixel + margin) / scale,
        pixel=pixel / scale,
    )


def _line_through(boxes: np.ndarray) -> tuple[float, float]:
    """Return the slope of the middle of a row, and where it meets the left edge.

    boxes: (n, 4) left, top, right, bottom of its digits.
    """
    left, top, right, bottom = boxes.T
    x, y = (left + right) / 2, (top + bottom) / 2
    slopes = [0.0]
    if len(x) >= MIN_SLOPE_COMPONENTS and np.ptp(x) >= 2 * TILE_BOX:
        # Rounded, because the fit of a level row may be a little more or less than 0.
        slopes.append(float(np.clip(np.polyfit(x, y, 1)[0].round(6), -MAX_SLOPE, MAX_SLOPE)))
    # Digits that jump up and down lie on no line, and levelling would move them further apart.
    slope = min(slopes, key=lambda slope: np.ptp([*(top - slope * x), *(bottom - slope * x)]))
    edges = np.array([(top - slope * x).min(), (bottom - slope * x).max()])
    usual = np.median(y - slope * x)
    middle = np.clip(edges.mean(), usual - MAX_OFF_MIDDLE, usual + MAX_OFF_MIDDLE)
    return slope, float(middle)


def row_steps(strips: Sequence[Ink]) -> Iterator[tuple[str, Ink]]:
    """Yield the name and a picture of the strips below each other, if there are any."""
    if strips:
        width = max(strip.shape[1] for strip in strips)
        yield "whole rows", np.concatenate([_padded(strip, width) for strip in strips])


def _padded(strip: Ink, width: int) -> Ink:
    return np.pad(strip, ((0, 0), (0, width - strip.shape[1])))


def _levelled(ink: Ink, slope: float, middle: float) -> Ink:
    """Move each column so that the line from (0, ``middle``) with a slope becomes the middle."""
    height, width = ink.shape
    strip = np.zeros((STRIP_HEIGHT, width + 2 * STRIP_MARGIN), np.float32)
    columns = np.arange(width)
    tops = np.floor(STRIP_HEIGHT / 2 - middle - slope * (columns + 0.5) + 0.5).astype(int)
    rows = np.arange(height)[:, None] + tops
    y, x = np.nonzero((rows >= 0) & (rows < STRIP_HEIGHT))
    strip[rows[y, x], x + STRIP_MARGIN] = ink[y, x]
    return strip
