"""Recognise by its shape a mark that is no digit: a plus, a multiplication sign, a slash."""

import numpy as np

from .components import Component

# A stroke is straight if it is as wide as its ink needs to be, within this factor, ...
MAX_BEND = 1.3
# ... and at most this share of its length.
MAX_STROKE_SHARE = 0.33
# A cross is at most this many times as long as wide, ...
MAX_CROSS_ASPECT = 1.8
# ... at most this share of its ink lies beside its bars, ...
MAX_OFF_BARS = 0.06
# ... and each of its four arms has at least this share of its ink.
MIN_ARM = 0.12
# How far a bar may waver, as a share of half the component's side.
MAX_WAVER = 0.1
# The slants to try for a plus, as tangents.
PLUS_SLANTS = (-0.15, 0.0, 0.15)


def lean_of_stroke(component: Component) -> float | None:
    """Return how far a straight stroke leans to the right, as a tangent; None if it is bent."""
    y, x = np.nonzero(component.mask)
    if len(x) < 2:
        return None
    (x_variance, covariance), (_, y_variance) = np.cov(x, y)
    spread = np.hypot(x_variance - y_variance, 2 * covariance)
    # The variance along a side of a bar is the side squared, by 12.
    length, width = np.sqrt(6 * (x_variance + y_variance + np.array([spread, -spread])) + 1)
    if width > MAX_STROKE_SHARE * length or width * length > MAX_BEND * len(x):
        return None
    return float(-2 * covariance / max(y_variance - x_variance + spread, 1e-6))


def kind_of_cross(component: Component) -> str | None:
    """Return "plus" or "times" if a component consists of two bars across each other, else None."""
    mask = component.mask
    height, width = mask.shape
    if max(height, width) > MAX_CROSS_ASPECT * min(height, width):
        return None
    y, x = np.nonzero(mask)
    y, x = 2 * (y + 0.5) / height - 1, 2 * (x + 0.5) / width - 1
    stroke = len(x) / (height * width)
    middle = _centred(y)
    reach = 0.5 * stroke + MAX_WAVER
    if any(_is_cross_along(_centred(x + slant * y), middle, reach) for slant in PLUS_SLANTS):
        return "plus"
    rising, falling = _centred((x + y) / 2), _centred((x - y) / 2)
    return "times" if _is_cross_along(rising, falling, 0.25 * stroke + MAX_WAVER) else None


def _centred(places: np.ndarray) -> np.ndarray:
    return places - np.median(places)


def _is_cross_along(x: np.ndarray, y: np.ndarray, reach: float) -> bool:
    """Return whether (n,) points lie along the axes, on both sides of the origin of each."""
    on_x, on_y = np.abs(y) <= reach, np.abs(x) <= reach
    if np.mean(~(on_x | on_y)) > MAX_OFF_BARS:
        return False
    arms = [on_x & (x > reach), on_x & (x < -reach), on_y & (y > reach), on_y & (y < -reach)]
    return bool(min(np.mean(arm) for arm in arms) >= MIN_ARM)
