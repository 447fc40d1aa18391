"""How dark strokes are, and how large the noise of the paper is."""

import numpy as np

# Colour, polarity and noise are estimated from at most this many rows of a picture.
MAX_SAMPLED_ROWS = 125
# Strokes are darker than the paper by at least this share of its brightness ...
MIN_CONTRAST = 0.035
# ... and by at least this many times the paper's noise.
MIN_SIGNAL = 5.0
# Every pixel of a stroke is at least this share as dark as the stroke level.
LOWER_STROKE_SHARE = 0.35


def sampled_rows(height: int) -> slice:
    """Return evenly spaced rows, at most MAX_SAMPLED_ROWS, of a picture of this height."""
    return slice(None, None, -(-height // MAX_SAMPLED_ROWS))


def noise(darkness: np.ndarray, reach: int = 1) -> float:
    """Return the noise's standard deviation, from the median difference of pixels so far apart."""
    rows = darkness[sampled_rows(len(darkness))]
    return median(np.abs(rows[:, reach:] - rows[:, :-reach])) / 0.954


def median(values: np.ndarray) -> float:
    """Return the median; at once if most values are 0, as the differences in a drawing are."""
    return float(np.median(values)) if 2 * np.count_nonzero(values) >= values.size else 0.0


def dark_level(darkness: np.ndarray) -> float:
    """Return the darkness of the darkest half percent."""
    return float(np.quantile(darkness, 0.995))


def stroke_level(darkness: np.ndarray, mask: np.ndarray) -> float:
    """Return the stroke level: the 90th percentile of the mask's darkness."""
    return float(np.quantile(darkness[mask], 0.9))
