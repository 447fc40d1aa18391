"""Remove frames from a mask of strokes: boxes, cells, grids, combs, axes, a border.

A frame is a component with straight sides that has other marks inside. What is written across its
lines stays, without them.
"""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from .components import EIGHT_NEIGHBOURS, label_boxes, marked_area

# In pixels. A smaller frame has no room for a digit.
MIN_SIDE = 10
# A side is straight if the component's outline stays this near to a line, in pixels plus a share of
# the component's shorter side, along this share of the side.
MIN_DEVIATION = 2
MAX_DEVIATION = 0.015
MIN_STRAIGHT = 0.85
# The largest slope of a side, and its largest distance from the component's box, as a share.
MAX_SLOPE = 0.06
MAX_INSET = 0.08
# The shorter side is this many times the lines' thickness: of a frame with three straight sides or
# more, and of one with two, such as axes. A digit's own strokes are thicker.
BOX_ASPECT = 4
AXES_ASPECT = 16
# A frame this many times as long as high is a comb, or cells. Without an upright side it is a
# baseline under digits, which lines.py removes.
ROW_ASPECT = 2.5
# Marks inside are this many times as high as the lines are thick. A dot in a 0 is not.
MIN_CONTENT = 2.5
# A line is longer than this many times its thickness, and than this share of a cell. In a frame of
# at least two cells it goes on beyond one, as an upright stroke that stands on a line does not.
LINE_ASPECT = 4
LINE_LENGTH = 0.8
BEYOND_CELL = 1.25
# Once its lines are removed, a component loses pieces that are shorter than this share of a cell,
# such as the ticks of axes, and slivers of slanting lines: as thin as a line, and longer than this
# many times its thickness.
SHORT_TICK = 0.2
SLIVER_ASPECT = 12
# After gaps are closed, a piece is a tick if it is at most this many lines wide, and as thin as a
# line or shorter than this share of a cell. A narrow digit is wider and longer.
MAX_TICK = 2.0
LONG_TICK = 0.5

_Box = tuple[slice, slice]


def without_frames(mask: np.ndarray) -> np.ndarray:
    """Return a (height, width) bool mask without its frames."""
    area = marked_area(mask)
    result = mask.copy()
    result[area] = _without_frames(mask[area])
    return result


def _without_frames(mask: np.ndarray) -> np.ndarray:
    labels, count = ndimage.label(mask, EIGHT_NEIGHBOURS)
    boxes = label_boxes(labels, count)
    result = mask
    for number, box in enumerate(boxes, start=1):
        if min(_size(box)) < MIN_SIDE:
            continue
        own = labels[box] == number
        if not _is_frame(own):
            continue
        rest = _written_across(own)
        least = MIN_CONTENT * _thickness(own)
        if rest.any() or any(_size(o)[0] >= least and _lies_in(o, box) for o in boxes):
            result = result.copy()
            result[box] &= ~own | rest
    return result


def _size(box: _Box) -> tuple[int, int]:
    rows, columns = box
    return rows.stop - rows.start, columns.stop - columns.start


def _lies_in(mark: _Box, frame: _Box) -> bool:
    """Return whether a mark lies between the left and right of a frame.

    It may stand out at the top, as a digit does of a comb.
    """
    (rows, columns), (frame_rows, frame_columns) = mark, frame
    return (
        frame_columns.start < columns.start
        and columns.stop < frame_columns.stop
        and frame_rows.start < rows.stop < frame_rows.stop
    )


def _is_frame(own: np.ndarray) -> bool:
    """Return whether a component, cropped to its box, may be a frame by its sides and lines."""
    # Of digits, fewer have straight upright sides: most are ruled out by these.
    upright = _straight_sides(own.T)
    level = upright and _straight_sides(own)
    if not level:
        return False
    if _is_row(own):
        return True
    aspect = BOX_ASPECT if level + upright > 2 else AXES_ASPECT
    return min(own.shape) >= aspect * _thickness(own)


def _straight_sides(own: np.ndarray) -> int:
    """Return how many of the top and bottom of a component are straight."""
    return sum(map(_is_straight, (own, own[::-1])))


def _is_row(own: np.ndarray) -> bool:
    height, width = own.shape
    return width >= ROW_ASPECT * height


def _is_straight(own: np.ndarray) -> bool:
    """Return whether the top of a component, cropped to its box, is a nearly level line."""
    height, width = own.shape
    columns = np.flatnonzero(own.any(axis=0))
    depth = own[:, columns].argmax(axis=0)
    near = depth <= 1 + MAX_INSET * height + MAX_SLOPE * width
    for _ in range(3):
        if near.sum() < MIN_STRAIGHT * width:
            return False
        slope, offset = _linear_fit(columns[near], depth[near])
        deviation = np.abs(depth - offset - slope * columns)
        before, near = near, deviation <= MIN_DEVIATION + MAX_DEVIATION * min(own.shape)
        if (near == before).all():
            break
    inset = min(offset, offset + slope * width)
    return abs(slope) <= MAX_SLOPE and inset <= MIN_DEVIATION + MAX_INSET * height


def _linear_fit(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the slope and the offset of the least-squares line; faster than numpy.polyfit."""
    middle = x.mean()
    slope = (x - middle) @ y / ((x - middle) ** 2).sum()
    return float(slope), float(y.mean() - slope * middle)


def _written_across(own: np.ndarray) -> np.ndarray:
    """Return what a frame's component holds besides its lines and ticks."""
    thickness, cell = _thickness(own), _cell_side(own)
    lines = _lines(own, thickness, cell)
    broad = ndimage.binary_opening(own, np.ones((2 * thickness + 1,) * 2))

    def is_short_or_sliver(width: int, length: int) -> bool:
        is_sliver = width <= thickness and length > SLIVER_ASPECT * thickness
        return is_sliver or length < SHORT_TICK * cell

    def is_tick(width: int, length: int) -> bool:
        is_narrow = width <= MAX_TICK * thickness
        is_thin_or_short = width <= thickness or length < LONG_TICK * cell
        return length < MIN_SIDE or (is_narrow and is_thin_or_short)

    strokes = _without_pieces(own & (broad | ~lines), is_short_or_sliver)
    # A digit's stroke that goes on in a line may be as long as one, and part the digit.
    return _without_pieces(_with_gaps_closed(strokes, own, 2 * thickness + 3), is_tick)


def _lines(own: np.ndarray, thickness: int, cell: float) -> np.ndarray:
    """Return the pixels of a frame's component, and some around it, that lie on its lines."""
    length = max(LINE_ASPECT * thickness, round(LINE_LENGTH * cell))
    lines = np.zeros_like(own)
    for axis in (0, 1):
        thick = ndimage.maximum_filter1d(own, 3, axis=1 - axis)
        runs = ndimage.binary_opening(thick, _segment(length, axis))
        if own.shape[axis] >= 2 * cell:
            runs = _without_pieces(runs, lambda _, longest: longest < BEYOND_CELL * cell)
        lines |= runs
    return lines


def _without_pieces(mask: np.ndarray, is_unwanted: Callable[[int, int], bool]) -> np.ndarray:
    """Return a mask without components that are unwanted by their shorter and longer side."""
    mask = mask.copy()
    labels, _ = ndimage.label(mask, EIGHT_NEIGHBOURS)
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if is_unwanted(*sorted(_size(box))):
            mask[box] &= labels[box] != number
    return mask


def _cell_side(own: np.ndarray) -> float:
    """Return the usual shorter side of a frame's cells, or of the frame if they are open."""
    holes, _ = ndimage.label(np.pad(~own, 1, constant_values=True))
    sides = [min(_size(box)) for box in ndimage.find_objects(holes)[1:]]
    cells = [side for side in sides if side >= MIN_SIDE]
    return float(np.median(cells)) if cells else min(own.shape)


def _with_gaps_closed(rest: np.ndarray, own: np.ndarray, reach: int) -> np.ndarray:
    """Add the component's pixels between strokes on both sides of a removed line."""
    if not rest.any():
        return rest
    for axis in (0, 1):
        closed = ndimage.binary_closing(np.pad(rest, reach), _segment(reach, axis))
        rest = rest | (own & closed[reach:-reach, reach:-reach])
    return rest


def _segment(length: int, axis: int) -> np.ndarray:
    return np.ones((length, 1) if axis == 0 else (1, length), bool)


def _thickness(own: np.ndarray) -> int:
    """Return the usual thickness of the lines at the outline of a component, in pixels."""
    depths = []
    for turned in (own, own[::-1], own.T, own.T[::-1]):
        first = turned.argmax(axis=0)
        below = np.where(np.arange(len(turned))[:, None] >= first, ~turned, False)
        run = np.where(below.any(axis=0), below.argmax(axis=0), len(turned)) - first
        depths.append(np.median(run[turned.any(axis=0)]))
    return max(1, round(float(min(depths))))
