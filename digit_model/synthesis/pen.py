"""Write a skeleton in a random hand and draw it with a random pen: Skeleton -> Path -> Ink."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from ..arrays import TILE_BOX, Ink
from .skeletons import Skeleton, Stroke

# What a pen follows: (m, 2) float64, x and y in units of the box's height.
Path: TypeAlias = np.ndarray

# Serving works at the same resolution, and at four the tile is anti-aliased.
PIXELS_PER_TILE_PIXEL = 4
# The largest share of its box that the strokes may cover, counted along their length: so much that
# the loops of a digit stay open, or that they close as under a broad brush.
OPEN_LOOPS = 0.72
CLOSED_LOOPS = 1.2
_MARGIN_PIXELS = 4
_SAMPLES = 5  # along the curve between two control points


@dataclass(frozen=True)
class Style:
    """The variation with which a skeleton is written.

    jitter: range of the standard deviation by which control points move, in units of the box.
    proportions: standard deviation of the logarithm of the power that stretches one end of the box.
    slant, turn: ranges in degrees. wave: largest amplitude of a smooth distortion.
    overshoot: probability that the last stroke goes on beyond its end.
    """

    jitter: tuple[float, float]
    proportions: float
    slant: tuple[float, float]
    turn: tuple[float, float]
    wave: float
    overshoot: float


HANDWRITING = Style((0.005, 0.04), 0.15, (-15, 25), (-8, 8), wave=0.04, overshoot=0.15)
TYPE = Style((0, 0.01), 0.06, (-3, 14), (-5, 5), wave=0.01, overshoot=0)


def write(
    skeleton: Skeleton,
    aspects: tuple[float, float],
    rng: np.random.Generator,
    style: Style = HANDWRITING,
) -> list[Path]:
    """Write a skeleton in one random hand of the style.

    aspects: the smallest and largest ratio of width to height.
    Returns one path per stroke: jittered, its loops larger or smaller, of a random width, warped,
    slanted and turned.
    """
    jitter = rng.uniform(*style.jitter)
    powers = np.exp(rng.normal(0, style.proportions, 2))
    paths = [_jittered(stroke, jitter, rng) for stroke in skeleton]
    paths = [np.sign(path) * np.abs(path) ** powers for path in paths]
    for path in paths[1:]:
        path += rng.normal(0, jitter, 2)
    if rng.random() < style.overshoot:
        paths[-1] = _overshot(paths[-1], rng.uniform(0.02, 0.08))
    matrix = _hand_matrix(rng.uniform(*aspects), style, rng)
    frequency, phase = rng.uniform(0.3, 0.8, (2, 2)), rng.uniform(0, 2 * np.pi, 2)
    amplitude = rng.uniform(0, style.wave)
    return [
        (path + amplitude * np.sin(2 * np.pi * path @ frequency + phase)) @ matrix.T
        for path in paths
    ]


def draw(
    paths: list[Path], pen: float, rng: np.random.Generator, coverage: float = OPEN_LOOPS
) -> Ink:
    """Draw paths with a round pen, four pixels to a tile's pixel, so that they fill a tile's box.

    pen: its width in tile pixels. Some pens press harder in some places than in others.
    coverage: the largest share of their box that the strokes may cover; a finer pen keeps to it.
    Returns (height, width) float32 ink with a narrow margin.
    """
    pen = min(pen, _max_pen(paths, coverage))
    paths, size = _fitted(paths, pen)
    canvas = Image.new("L", size)
    brush = ImageDraw.Draw(canvas)
    pressure = rng.uniform(0.1, 0.3) if rng.random() < 0.3 else 0.0
    for path in paths:
        _draw_path(brush, path, _widths(len(path), pen * PIXELS_PER_TILE_PIXEL, pressure, rng))
    return np.asarray(canvas, np.float32) / 255


def _max_pen(paths: list[Path], coverage: float) -> float:
    """Return the width in tile pixels at which the strokes cover that share of their box."""
    extent = np.ptp(np.concatenate(paths), axis=0)
    scale = TILE_BOX / max(1e-3, *extent)
    width, height = np.maximum(extent, extent[::-1] / 2) * scale
    length = scale * sum(np.hypot(*np.diff(path, axis=0).T).sum() for path in paths)
    return max(1.0, coverage * width * height / max(1e-3, length))


def _fitted(paths: list[Path], pen: float) -> tuple[list[Path], tuple[int, int]]:
    """Scale paths to canvas pixels; return them and the canvas's (width, height)."""
    points = np.concatenate(paths)
    low, high = points.min(axis=0), points.max(axis=0)
    border = _MARGIN_PIXELS + pen * PIXELS_PER_TILE_PIXEL / 2
    scale = (TILE_BOX - pen) * PIXELS_PER_TILE_PIXEL / max(1e-3, *(high - low))
    width, height = (np.ceil((high - low) * scale + 2 * border) + 1).astype(int).tolist()
    return [(path - low) * scale + border for path in paths], (width, height)


def _jittered(stroke: Stroke, jitter: float, rng: np.random.Generator) -> Path:
    points, curve = _curve(stroke)
    return curve @ (points + rng.normal(0, jitter, points.shape))


def _overshot(path: Path, length: float) -> Path:
    """Extend the path in its last direction."""
    direction = path[-1] - path[-2]
    return np.vstack([path, path[-1] + direction * length / max(1e-6, np.hypot(*direction))])


def _hand_matrix(aspect: float, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Return the (2, 2) matrix of a width, a slant and a turn."""
    slant = np.tan(np.radians(rng.uniform(*style.slant)))
    turn = np.radians(rng.uniform(*style.turn))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return rotation @ np.array([[1, -slant], [0, 1]]) @ np.diag([aspect, 1.0])


def _widths(count: int, pen: float, pressure: float, rng: np.random.Generator) -> np.ndarray:
    """Return the pen's width in canvas pixels at each sample of a path, (count,)."""
    if not pressure:
        return np.full(count, max(2, round(pen)))
    waves = np.sin(np.linspace(0, rng.uniform(1, 5), count) + rng.uniform(0, 2 * np.pi))
    return np.maximum(2, np.rint(pen * (1 + pressure * waves))).astype(int)


def _draw_path(brush: ImageDraw.ImageDraw, path: Path, widths: np.ndarray) -> None:
    """Draw a round dab at every sample and a straight line from each to the next."""
    corners = path.tolist()
    for (x, y), width in zip(corners, widths.tolist(), strict=True):
        radius = (width - 1) / 2
        brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    if np.ptp(widths) == 0:
        brush.line(path.ravel().tolist(), fill=255, width=int(widths[0]))
        return
    for (start, end), width in zip(pairwise(corners), widths[1:].tolist(), strict=True):
        brush.line((*start, *end), fill=255, width=width)


@lru_cache(maxsize=1024)
def _curve(stroke: Stroke) -> tuple[np.ndarray, np.ndarray]:
    """Return a stroke's control points, (k, 2), and the (m, k) matrix from them to the curve.

    The two points of a corner are merged here. The curve is a centripetal Catmull-Rom spline
    between corners, linear in its control points for the knots of the unmoved skeleton
    (Barry and Goldman 1988; Yuksel, Schaefer and Keyser 2011).
    """
    points, corners = [stroke[0]], {0}
    for before, point in pairwise(stroke):
        if point == before:
            corners.add(len(points) - 1)
        else:
            points.append(point)
    corners.add(len(points) - 1)
    controls = np.array(points, float)
    identity = np.eye(len(points))
    pieces = [
        _spline(controls[start : end + 1]) @ identity[start : end + 1]
        for start, end in pairwise(sorted(corners))
    ]
    return controls, np.concatenate(pieces)


def _spline(points: np.ndarray) -> np.ndarray:
    """Return the (m, k) weights of the spline through (k, 2) points, mirrored beyond its ends."""
    mirror = np.eye(len(points))
    mirror = np.vstack([2 * mirror[0] - mirror[1], mirror, 2 * mirror[-1] - mirror[-2]])
    steps = np.sqrt(np.hypot(*np.diff(mirror @ points, axis=0).T))
    knots = np.concatenate([[0], np.cumsum(steps)])
    windows = np.arange(len(points) - 1)[:, None] + np.arange(4)
    curve = _between_middle_two(mirror[windows], knots[windows])
    return np.vstack([curve.reshape(-1, len(points)), mirror[-2]])


def _between_middle_two(controls: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Evaluate Barry and Goldman's pyramid over s windows of four points, between the middle two.

    controls: (s, 4, k) weights; knots: (s, 4). Returns (s, samples, k) weights.
    """
    steps = np.linspace(0, 1, _SAMPLES, endpoint=False)
    t = (knots[:, 1:2] + steps * (knots[:, 2:3] - knots[:, 1:2]))[..., None]

    def blend(low: np.ndarray, high: np.ndarray, first: int, last: int) -> np.ndarray:
        start, end = knots[:, first, None, None], knots[:, last, None, None]
        return ((end - t) * low + (t - start) * high) / (end - start)

    points = [controls[:, i, None] for i in range(4)]
    lines = [blend(points[i], points[i + 1], i, i + 1) for i in range(3)]
    first, second = (blend(lines[i], lines[i + 1], i, i + 2) for i in range(2))
    return blend(first, second, 1, 2)
