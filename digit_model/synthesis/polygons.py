"""Write closed polygons: squares, boxes, diamonds, triangles. None of them is a 0."""

import numpy as np

from .pen import Path, Style, write
from .skeletons import Point, Stroke, straight

# A box that is rounder or narrower than these may be meant for a 0.
_MAX_ROUNDING = 0.18
_BOX_ASPECTS = (0.72, 1.5)
_STYLE = Style((0, 0.015), 0.03, (-8, 8), (-10, 10), wave=0.012, overshoot=0.1)


def write_polygon(rng: np.random.Generator) -> list[Path]:
    """Write a triangle, box, diamond, parallelogram or pentagon in a random hand.

    Its corners are sharp or rounded, or one of them is open or overshot.
    """
    corners = np.roll(_corners(rng), rng.integers(4), axis=0)
    choice = rng.random()
    if choice < 0.25:
        stroke = _rounded(corners, rng.uniform(0.05, _MAX_ROUNDING))
    elif choice < 0.55:
        stroke = _ending_at(corners, rng.uniform(0.65, 0.95))
    elif choice < 0.65:
        stroke = _ending_at(corners, rng.uniform(1.05, 1.25))
    else:
        stroke = _ending_at(corners, 1)
    return write((stroke,), (0.95, 1.05), rng, _STYLE)


def _corners(rng: np.random.Generator) -> np.ndarray:
    """Return the corners of a random polygon, (k, 2), in about the unit box."""
    kind = rng.choice(
        ["box", "diamond", "triangle", "parallelogram", "trapezium", "pentagon"],
        p=[0.38, 0.16, 0.26, 0.08, 0.06, 0.06],
    )
    if kind == "triangle":
        return _triangle(rng)
    if kind == "pentagon":
        angles = 2 * np.pi * (np.arange(5) / 5 + rng.random())
        return 0.5 + 0.5 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    width = rng.uniform(*_BOX_ASPECTS)
    if kind == "diamond":
        return np.array([(0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5)]) * (width, 1)
    box = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float)
    if kind == "parallelogram":
        box[:2, 0] += rng.uniform(0.2, 0.5) * rng.choice([-1, 1])
    if kind == "trapezium":
        inset = rng.uniform(0.1, 0.3)
        box[:2, 0] = (inset, 1 - inset) if rng.random() < 0.5 else (-inset, 1 + inset)
    return box * (width, 1)


def _triangle(rng: np.random.Generator) -> np.ndarray:
    """Return a triangle that points up, down, left or right, (3, 2)."""
    triangle = np.array([(rng.uniform(0.2, 0.8), 0), (1, 1), (0, 1)])
    triangle[:, 0] *= rng.uniform(0.75, 1.4)
    pointing = rng.integers(4)
    if pointing == 1:
        triangle[:, 1] *= -1
    if pointing >= 2:
        triangle = triangle[:, ::-1] * (1 if pointing == 2 else -1, 1)
    return triangle


def _ending_at(corners: np.ndarray, share: float) -> Stroke:
    """Return the outline; share: how far along its last side the pen stops, 1 to close it."""
    end = corners[-1] + share * (corners[0] - corners[-1])
    return straight(*_points(corners), *_points(end[None]))


def _rounded(corners: np.ndarray, rounding: float) -> Stroke:
    """Return the closed outline with rounded corners; rounding: the part of each side they take."""
    before = corners + rounding * (np.roll(corners, 1, axis=0) - corners)
    after = corners + rounding * (np.roll(corners, -1, axis=0) - corners)
    bends = (before + 2 * corners + after) / 4
    stroke: list[np.ndarray] = []
    for arc in zip(before, before, bends, after, after, strict=True):
        stroke += arc
    return _points(np.array([*stroke[1:], before[0]]))


def _points(array: np.ndarray) -> tuple[Point, ...]:
    return tuple((x, y) for x, y in array.tolist())
