"""Recognise the shape of a mark that may be no digit: a stroke, a loop, a cross, a hash."""

import numpy as np
from scipy import ndimage

from .components import Component, fill_holes

# A stroke is straight if it is as wide as its ink needs to be, within this factor, ...
MAX_BEND = 1.3
# ... and at most this share of its length.
MAX_STROKE_SHARE = 0.33
# A slash leans to the right by at least this, as a tangent.
MIN_SLASH_LEAN = 0.2
# A narrow stroke is higher than this, in pixels. This share of its rows are one run, narrower than
# this share of its height.
MIN_BOW_HEIGHT = 10
MIN_NARROW = 0.95
MAX_ROW_WIDTH = 0.22
# A loop's ink lies in this share of the directions from its middle, of which there are DIRECTIONS.
MIN_CLOSED = 0.9
DIRECTIONS = 36
# A hash is at most this many times as wide as high; two digits that touch are wider.
MAX_HASH_ASPECT = 1.2
# The parts of a hash, as shares of its side, in which its lines show one by one: in this share of
# their rows. In others the lines across show too.
HASH_ENDS = ((0.02, 0.1), (0.9, 0.98))
HASH_MIDDLE = (0.42, 0.58)
MIN_CLEAR = 0.2
# A hash has one hole of at least this share of its box; a 0 that a slash crosses has two.
MIN_HOLE = 0.002
# A cross is at most this many times as long as wide, ...
MAX_CROSS_ASPECT = 1.8
# ... at most this share of its ink lies beside its bars, ...
MAX_OFF_BARS = 0.06
# ... and each of its four arms has at least this share of its ink.
MIN_ARM = 0.12
# How far a bar may waver, as a share of half the component's side.
MAX_WAVER = 0.1
# Large shapes are judged by every second pixel, every third, ..., so that so many are left.
CROSS_POINTS = 1000
# The slants to try for a plus, as tangents.
PLUS_SLANTS = (-0.15, 0.0, 0.15)


def lean_of_stroke(component: Component) -> float | None:
    """Return how far a straight stroke leans to the right, as a tangent; None if it is bent."""
    y, x = component.pixels
    if len(x) < 2:
        return None
    (x_variance, covariance), (_, y_variance) = np.cov(x, y)
    spread = np.hypot(x_variance - y_variance, 2 * covariance)
    # The variance along a side of a bar is the side squared, by 12.
    length, width = np.sqrt(6 * (x_variance + y_variance + np.array([spread, -spread])) + 1)
    if width > MAX_STROKE_SHARE * length or width * length > MAX_BEND * len(x):
        return None
    return float(-2 * covariance / max(y_variance - x_variance + spread, 1e-6))


def lean_of_slash(component: Component) -> float | None:
    """Return how far a stroke leans to the right if it may be a slash, else None."""
    lean = lean_of_stroke(component)
    return lean if lean is not None and lean >= MIN_SLASH_LEAN else None


def bow_of_stroke(component: Component) -> float | None:
    """Return how far the middle of a narrow stroke lies to the right of its ends.

    As a share of its height; None for anything else. A row of a narrow stroke is one run of pixels.
    """
    mask = component.mask
    height, width = mask.shape
    if height < MIN_BOW_HEIGHT or height <= width:
        return None
    first = mask.argmax(axis=1)
    last = width - 1 - mask[:, ::-1].argmax(axis=1)
    narrow = (_runs(mask) == 1) & (last - first < MAX_ROW_WIDTH * height)
    if narrow.mean() < MIN_NARROW:
        return None
    middles = (first + last) / 2
    fifth = height // 5
    ends = (middles[:fifth].mean() + middles[-fifth:].mean()) / 2
    return float(middles[2 * fifth : -2 * fifth].mean() - ends) / height


def share_of_directions(component: Component, x: float, y: float) -> float:
    """Return in which share of the directions from a point of the ink a component lies."""
    rows, columns = component.pixels
    down, across = rows + component.box.top + 0.5 - y, columns + component.box.left + 0.5 - x
    turns = np.arctan2(down, across) / (2 * np.pi) + 0.5
    return len(np.unique(np.floor(turns * DIRECTIONS))) / DIRECTIONS


def is_loop(component: Component) -> bool:
    """Return whether a component goes around its middle, at a distance."""
    height, width = component.mask.shape
    if component.mask[height // 2, width // 2]:
        return False
    return share_of_directions(component, *component.box.middle) >= MIN_CLOSED


def is_hash(component: Component) -> bool:
    """Return whether a component is two upright bars across two level ones."""
    mask = component.mask
    height, width = mask.shape
    # Most digits are ruled out by their middle, without the time to fill their holes.
    if width > MAX_HASH_ASPECT * height or not all(
        _shows(2, sides, HASH_MIDDLE) for sides in (mask, mask.T)
    ):
        return False
    filled = fill_holes(mask)
    return _stick_out(filled) and _stick_out(filled.T) and _count_holes(mask, filled) < 2


def _count_holes(mask: np.ndarray, filled: np.ndarray) -> int:
    """Return how many holes a mask has, but for specks. filled: the mask without holes."""
    labels, _ = ndimage.label(filled & ~mask)
    return int(np.count_nonzero(np.bincount(labels.ravel())[1:] >= MIN_HOLE * mask.size))


def _stick_out(filled: np.ndarray) -> bool:
    """Return whether two upright bars stick out at both ends of a mask without holes."""
    return _shows(1, filled, HASH_MIDDLE) and all(_shows(2, filled, end) for end in HASH_ENDS)


def _shows(bars: int, mask: np.ndarray, part: tuple[float, float]) -> bool:
    """Return whether enough of the rows between two shares of the height cross so many bars."""
    start, end = (int(share * len(mask)) for share in part)
    return bool(np.mean(_runs(mask[start : end + 1]) == bars) > MIN_CLEAR)


def _runs(mask: np.ndarray) -> np.ndarray:
    """Return the number of runs of pixels in each row of a mask."""
    return np.count_nonzero(mask[:, 1:] > mask[:, :-1], axis=1) + mask[:, 0]


def kind_of_cross(component: Component) -> str | None:
    """Return "plus" or "times" if a component consists of two bars across each other, else None."""
    height, width = component.mask.shape
    if max(height, width) > MAX_CROSS_ASPECT * min(height, width):
        return None
    y, x = component.pixels
    stroke = len(x) / (height * width)
    some = slice(None, None, 1 + len(x) // CROSS_POINTS)
    y, x = 2 * (y[some] + 0.5) / height - 1, 2 * (x[some] + 0.5) / width - 1
    middle = _centred(y)
    reach = 0.5 * stroke + MAX_WAVER
    if _has_bar(middle, reach) and any(
        _is_cross_along(_centred(x + slant * y), middle, reach) for slant in PLUS_SLANTS
    ):
        return "plus"
    falling = _centred((x - y) / 2)
    reach = 0.25 * stroke + MAX_WAVER
    if _has_bar(falling, reach) and _is_cross_along(_centred((x + y) / 2), falling, reach):
        return "times"
    return None


def _has_bar(places: np.ndarray, reach: float) -> bool:
    """Return whether enough points for two arms lie near 0; few digits have as many."""
    return bool(np.count_nonzero(np.abs(places) <= reach) >= 2 * MIN_ARM * len(places))


def _centred(places: np.ndarray) -> np.ndarray:
    return places - np.median(places)


def _is_cross_along(x: np.ndarray, y: np.ndarray, reach: float) -> bool:
    """Return whether (n,) points lie along the axes, on both sides of the origin of each."""
    on_x, on_y = np.abs(y) <= reach, np.abs(x) <= reach
    # Counted, since NumPy takes long for the mean of few booleans.
    if len(x) - np.count_nonzero(on_x | on_y) > MAX_OFF_BARS * len(x):
        return False
    arms = [on_x & (x > reach), on_x & (x < -reach), on_y & (y > reach), on_y & (y < -reach)]
    return bool(min(map(np.count_nonzero, arms)) >= MIN_ARM * len(x))
