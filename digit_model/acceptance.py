"""Turn logits into probabilities, and decide which digits are accepted.

This is the only place where that is decided; the command line, the page, the benchmarks and the
scores all call it. The text of a reading follows from the decision: see ``Digit.text``,
``Reading.text`` and ``Reading.text_with_guesses`` in arrays.py.
"""

from collections.abc import Sequence

import numpy as np
from scipy import special

from .arrays import Box, Calibration

# In a row where at least MIN_SURE_SHARE of the digits pass the calibrated thresholds, the other
# digits have to pass weaker ones only: a minimum confidence of LENIENT_MIN_CONFIDENCE and
# LENIENT_EXTRA_ENERGY on top of the maximum energy. A neighbour that is surely a digit is evidence.
MIN_SURE_SHARE = 0.5
LENIENT_MIN_CONFIDENCE = 0.3
LENIENT_EXTRA_ENERGY = 3.0
# Letters that fall into pieces like digits seldom fall into as many as this.
MIN_CUT_DIGITS = 4
# The box of a dial's arc holds digits of less than this share of its area. Next to a slanting digit
# a narrow 1 may do so as well, but is seldom that small.
ENCLOSED_SHARE = 0.3
# The tallest digit of a row is at most this many times as high as the others usually are. Drawn
# rows that are read rightly reach 1.6; people who write a large first digit reach 2.5.
MAX_TALLER = 2.6


def to_probabilities(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Return softmax(logits / temperature) over the last axis, as float64 of the same shape."""
    return special.softmax(np.asarray(logits, np.float64) / temperature, axis=-1)


def energy(logits: np.ndarray) -> np.ndarray:
    """Return -logsumexp(logits) over the last axis (Liu et al. 2020, T = 1), as float64.

    The less a tile looks like any digit, the higher its energy.
    """
    # scipy.special.logsumexp takes 0.3 ms for a single row.
    return -np.logaddexp.reduce(np.asarray(logits, np.float64), axis=-1)


def accept(logits: np.ndarray, calibration: Calibration, *, lenient: bool = False) -> np.ndarray:
    """Return whether each tile is accepted as a digit, (n,) bool, from its logits, (n, 10).

    lenient: use the weaker thresholds for the neighbours of digits that are sure.
    """
    min_confidence, max_energy = calibration.min_confidence, calibration.max_energy
    if lenient:
        min_confidence = min(min_confidence, LENIENT_MIN_CONFIDENCE)
        max_energy += LENIENT_EXTRA_ENERGY
    confidence = to_probabilities(logits, calibration.temperature).max(axis=-1)
    return (confidence >= min_confidence) & (energy(logits) <= max_energy)


def accept_row(
    logits: np.ndarray, calibration: Calibration, *, cut_from_one: bool = False
) -> np.ndarray:
    """Return which digits of one row are accepted, (n,) bool, from their logits, (n, 10).

    cut_from_one: the digits were cut from a single connected component. Only the digits themselves
        justify the cuts, so all are accepted or none: an H is not a 1 beside something unclear.
        Of fewer than MIN_CUT_DIGITS, all must pass the calibrated thresholds.
    """
    sure = accept(logits, calibration)
    if len(sure) > 1 and sure.mean() >= MIN_SURE_SHARE:
        lenient = accept(logits, calibration, lenient=True)
        if not cut_from_one:
            return lenient
        if len(sure) >= MIN_CUT_DIGITS:
            return np.full(len(sure), lenient.all())
    return np.full(len(sure), sure.all()) if cut_from_one else sure


def any_encloses(boxes: Sequence[Box]) -> bool:
    """Return whether the box of one digit holds the middle of a much smaller one."""
    left, top, right, bottom = np.reshape(boxes, (-1, 4)).T
    x, y = (left + right) / 2, (top + bottom) / 2
    area = (right - left) * (bottom - top)
    across = (left[:, None] < x) & (x < right[:, None])
    down = (top[:, None] < y) & (y < bottom[:, None])
    return bool((across & down & (area < ENCLOSED_SHARE * area[:, None])).any())


def any_outsize(heights: Sequence[int]) -> bool:
    """Return whether one digit of a row is too tall for the others, as a dial's arc is."""
    if len(heights) < 2:
        return False
    *others, tallest = sorted(heights)
    return bool(tallest > MAX_TALLER * np.median(others))


def label_costs(logits: np.ndarray) -> np.ndarray:
    """Return the cost in nats of reading each tile as each digit, (n, 10), from (n, 10) logits.

    The network is trained with one sigmoid per digit, so the cost is the negative log-likelihood of
    a yes to one digit and a no to each of the others.
    """
    logits = np.asarray(logits, np.float64)
    return np.logaddexp(0, logits).sum(axis=-1, keepdims=True) - logits
