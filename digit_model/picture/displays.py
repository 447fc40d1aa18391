"""Join the segments of digits on seven-segment displays, which gaps part."""

import numpy as np
from scipy import ndimage

from ..arrays import Ink
from .components import EIGHT_NEIGHBOURS, close_gaps

# The gaps are at most this share of the strokes' width.
MAX_GAP = 0.7
# A digit has at most so many segments. Each of two is at most this share as high as the digit: two
# 1s side by side are not.
MAX_SEGMENTS = 7
MAX_HEIGHT = 0.65
# The ratios of width to height that digits have. Dashed lines are narrower, and so are mostly two
# handwritten digits of which one lies close below the other.
ASPECTS = (0.42, 0.9)
# A display shows all its digits in segments: at least this share of the picture's ink.
MIN_SHARE = 0.5
# More components than a display has; noise has thousands.
MAX_COMPONENTS = 100

_Box = tuple[slice, slice]


def join_segments(ink: Ink) -> Ink:
    """Return ink with the gaps between the segments of each digit closed.

    ink: (height, width) float32 in 0..1, exactly 0 on the paper.
    """
    mask = ink > 0
    labels, count = ndimage.label(mask, EIGHT_NEIGHBOURS)
    if count > MAX_COMPONENTS:
        return ink
    # The mean distance to the paper across a stroke of width w is w / 4.
    width = 4 * float(ndimage.distance_transform_edt(mask)[mask].mean()) - 1
    reach = round(MAX_GAP * width / 2)
    if reach < 1:
        return ink
    groups, _ = ndimage.label(ndimage.maximum_filter(mask, 2 * reach + 1), EIGHT_NEIGHBOURS)
    segments: dict[int, list[_Box]] = {}
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        first = np.argmax(labels[box] == number)
        segments.setdefault(int(groups[box].ravel()[first]), []).append(box)
    digits = {
        group: box
        for group, boxes in segments.items()
        if _are_segments(boxes, box := _enclosing(boxes))
    }
    if np.isin(groups[mask], list(digits)).mean() < MIN_SHARE:
        return ink
    joined = ink.copy()
    for group, box in digits.items():
        own = np.where(groups[box] == group, ink[box], 0)
        joined[box] = np.maximum(ink[box], close_gaps(own, 2 * reach + 1))
    return joined


def _enclosing(boxes: list[_Box]) -> _Box:
    rows, columns = zip(*boxes, strict=True)
    return _around(rows), _around(columns)


def _around(sides: tuple[slice, ...]) -> slice:
    return slice(min(side.start for side in sides), max(side.stop for side in sides))


def _are_segments(boxes: list[_Box], box: _Box) -> bool:
    """Return whether components close to one another are the segments of one digit."""
    heights = [rows.stop - rows.start for rows, _ in boxes]
    height, width = (side.stop - side.start for side in box)
    return (
        1 < len(boxes) <= MAX_SEGMENTS
        and (len(boxes) > 2 or max(heights) <= MAX_HEIGHT * height)
        and ASPECTS[0] * height <= width <= ASPECTS[1] * height
    )
