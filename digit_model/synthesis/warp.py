"""Distort ink smoothly."""

import numpy as np
from scipy import ndimage

from ..arrays import Ink

_MIN_INK = 0.2


def warp(ink: Ink, rng: np.random.Generator, strength: float = 1.0) -> Ink:
    """Apply a random affine map and smooth waves; returns ink of the same shape.

    strength: 1 for the most that leaves a letter legible, 0 for none.
    """
    centre = (np.array(ink.shape) - 1)[:, None, None] / 2
    grid = np.indices(ink.shape, np.float32) - centre
    turn = np.radians(strength * rng.uniform(-12, 12))
    stretch = rng.uniform(0.85, 1.25, 2) ** strength
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * stretch
    matrix[1, 0] += strength * rng.uniform(-0.25, 0.25)
    source = np.tensordot(matrix, grid, 1)
    waves = np.sin(grid[::-1] * rng.uniform(0.03, 0.09) + rng.uniform(0, 6, (2, 1, 1)))
    source += centre + waves * rng.uniform(0, 4 * strength)
    warped = ndimage.map_coordinates(ink, source, order=1)
    return np.where(warped > _MIN_INK, warped, 0).astype(np.float32)
