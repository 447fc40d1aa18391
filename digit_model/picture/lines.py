"""Remove ruled lines and grids that reach from edge to edge; keep the strokes across them."""

import numpy as np
from scipy import ndimage

from .components import EIGHT_NEIGHBOURS
from .surroundings import MIN_STRIP_RATIO

# A ruled line consists of runs of at least 1 / LINE_PIECES of the picture's side, covers this
# share of the side in all, and is at most this wide, as a share of the longer side.
LINE_PIECES = 10
MIN_LINE_COVERAGE = 0.5
MAX_LINE_WIDTH = 0.02
# In pixels: a blurred hairline that falls between two rows of pixels.
HAIRLINE_PIXELS = 3
STROKE_TO_LINE_RATIO = 1.5
# A baseline under a strip of writing may have more gaps. The feet of digits cover a smaller share.
MIN_BASELINE_COVERAGE = 0.65
BASELINE_MARGIN = 0.07


def without_lines(mask: np.ndarray, darkness: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Remove ruled lines and grids: long, thin, nearly straight, from edge to edge.

    marks: all that is above the noise, in which faint lines have fewer gaps than in the mask.

    A pixel of a line is kept as part of a stroke across it if it is darker than the line, or lies
    between ink on both sides of the line.
    """
    for axis in (0, 1):
        lines = (_lines(mask, axis) | _lines(marks, axis)) & mask
        if lines.any():
            strokes = mask & ~lines
            strokes |= lines & (darkness > STROKE_TO_LINE_RATIO * np.median(darkness[lines]))
            reach = 2 * round(MAX_LINE_WIDTH * max(mask.shape)) + 1
            mask = strokes | (lines & _close(strokes, reach, 1 - axis))
    return mask


def _lines(mask: np.ndarray, axis: int) -> np.ndarray:
    """Return the pixels of lines along the axis that cross most of the picture."""
    length = mask.shape[axis]
    lines = (
        _baseline(mask, axis)
        if length >= MIN_STRIP_RATIO * mask.shape[1 - axis]
        else np.zeros_like(mask)
    )
    if not _reaches_both_ends(np.flatnonzero(mask.any(axis=1 - axis)), length):
        return lines
    piece = length // LINE_PIECES
    # Runs are one pixel wider than the line on each side.
    widest = 2 + max(HAIRLINE_PIXELS, MAX_LINE_WIDTH * max(mask.shape))
    thick = ndimage.maximum_filter1d(mask, 3, axis=1 - axis)
    runs = ndimage.maximum_filter1d(
        ndimage.minimum_filter1d(thick, piece, axis=axis), piece, axis=axis
    )
    labels, _ = ndimage.label(
        ndimage.maximum_filter1d(runs, 2 * piece, axis=axis), EIGHT_NEIGHBOURS
    )
    for number, where in enumerate(ndimage.find_objects(labels), start=1):
        own = runs[where] & (labels[where] == number)
        covered = np.flatnonzero(own.any(axis=1 - axis)) + where[axis].start
        widths = own.sum(axis=1 - axis, keepdims=True)
        thin = np.median(widths[widths > 0]) <= widest
        if (
            thin
            and len(covered) >= MIN_LINE_COVERAGE * length
            and _reaches_both_ends(covered, length)
        ):
            lines[where] |= own & (widths <= widest)
    return lines


def _baseline(mask: np.ndarray, axis: int) -> np.ndarray:
    """Return the pixels of the baseline under a strip of writing, which may have gaps.

    The baseline and the digits on it form one component. The baseline's rows are those with ink at
    every place between the ends.
    """
    length = mask.shape[axis]
    thick = ndimage.maximum_filter1d(mask, 3, axis=1 - axis)
    closed = _close(thick, length // LINE_PIECES, axis)
    margin = round(BASELINE_MARGIN * length)
    inner = np.take(closed, range(margin, length - margin), axis)
    full = inner.all(axis=axis) & (thick.mean(axis=axis) >= MIN_BASELINE_COVERAGE)
    return mask & np.expand_dims(full, axis)


def _reaches_both_ends(covered: np.ndarray, length: int) -> bool:
    """Return whether the covered places of a side reach close to both of its ends."""
    margin = MAX_LINE_WIDTH * length
    return covered.size > 0 and covered[0] <= margin and covered[-1] >= length - 1 - margin


def _close(mask: np.ndarray, length: int, axis: int) -> np.ndarray:
    """Return the binary closing of a mask by a segment of this length along an axis.

    Equal to ndimage.binary_closing, but its time does not grow with the length.
    """
    origin = 0 if length % 2 else -1  # Of a segment of even length, SciPy mirrors the first one.
    options = {"axis": axis, "mode": "constant", "cval": 0}
    filled = ndimage.maximum_filter1d(mask.view(np.uint8), length, origin=origin, **options)
    return ndimage.minimum_filter1d(filled, length, **options).view(bool)
