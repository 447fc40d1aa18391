"""Skeleton -> ink: one person's hand writes it, a pen draws it."""

from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from ..arrays import TILE_BOX, Ink
from .skeletons import Skeleton, Stroke

# What a pen follows: (m, 2) float64, x and y in units of the box's height.
Path: TypeAlias = np.ndarray

# Four canvas pixels to a tile's pixel anti-alias the tile, and are as fine as serving works.
PIXELS_PER_TILE_PIXEL = 4
_MARGIN = 4
# How much of its box the strokes of a mark may cover, counted along their length: before the
# loops of a digit close, and when they do as under a broad brush.
OPEN_LOOPS = 0.72
CLOSED_LOOPS = 1.2
_SAMPLES = 5  # along the curve between two control points


def write(skeleton: Skeleton, aspects: tuple[float, float], rng: np.random.Generator) -> list[Path]:
    """Write a skeleton in one random hand.

    aspects: the least and the greatest width over height.
    Returns one path a stroke: jittered, its loops larger or smaller, of a random width, warped,
    slanted and turned.
    """
    jitter = rng.uniform(0.005, 0.04)
    proportions = np.exp(rng.normal(0, 0.15, 2))
    paths = [_jittered(stroke, jitter, rng) for stroke in skeleton]
    paths = [np.sign(path) * np.abs(path) ** proportions for path in paths]
    for path in paths[1:]:
        path += rng.normal(0, 0.02, 2)
    if rng.random() < 0.15:
        paths[-1] = _overshot(paths[-1], rng.uniform(0.02, 0.08))
    matrix = _hand(rng.uniform(*aspects), rng)
    frequency, phase = rng.uniform(0.3, 0.8, (2, 2)), rng.uniform(0, 2 * np.pi, 2)
    amplitude = rng.uniform(0, 0.04)
    return [
        (path + amplitude * np.sin(2 * np.pi * path @ frequency + phase)) @ matrix.T
        for path in paths
    ]


def draw(
    paths: list[Path], pen: float, rng: np.random.Generator, fullest: float = OPEN_LOOPS
) -> Ink:
    """Draw paths with a round pen, four pixels to a tile's pixel, so that they fill a tile's box.

    pen: its width in tile pixels. Some pens press harder in some places than in others.
    fullest: how much of their box the strokes may cover before a finer pen is taken.
    Returns (height, width) float32 ink with a narrow margin.
    """
    pen = min(pen, _thickest_pen(paths, fullest))
    paths, size = _fitted(paths, pen)
    canvas = Image.new("L", size)
    brush = ImageDraw.Draw(canvas)
    pressure = rng.uniform(0.1, 0.3) if rng.random() < 0.3 else 0.0
    for path in paths:
        _draw_path(brush, path, _widths(len(path), pen * PIXELS_PER_TILE_PIXEL, pressure, rng))
    return np.asarray(canvas, np.float32) / 255


def _thickest_pen(paths: list[Path], fullest: float) -> float:
    """The width in tile pixels beyond which the strokes would cover more than that of their box."""
    extent = np.ptp(np.concatenate(paths), axis=0)
    scale = TILE_BOX / max(1e-3, *extent)
    width, height = np.maximum(extent, extent[::-1] / 2) * scale
    length = scale * sum(np.hypot(*np.diff(path, axis=0).T).sum() for path in paths)
    return max(1.0, fullest * width * height / max(1e-3, length))


def _fitted(paths: list[Path], pen: float) -> tuple[list[Path], tuple[int, int]]:
    """Scale paths to canvas pixels; returns them and the canvas's (width, height)."""
    everything = np.concatenate(paths)
    low, high = everything.min(axis=0), everything.max(axis=0)
    border = _MARGIN + pen * PIXELS_PER_TILE_PIXEL / 2
    scale = (TILE_BOX - pen) * PIXELS_PER_TILE_PIXEL / max(1e-3, *(high - low))
    width, height = (np.ceil((high - low) * scale + 2 * border) + 1).astype(int).tolist()
    return [(path - low) * scale + border for path in paths], (width, height)


def _jittered(stroke: Stroke, jitter: float, rng: np.random.Generator) -> Path:
    points, curve = _curve(stroke)
    return curve @ (points + rng.normal(0, jitter, points.shape))


def _overshot(path: Path, length: float) -> Path:
    """The path with its end carried on in its last direction."""
    direction = path[-1] - path[-2]
    return np.vstack([path, path[-1] + direction * length / max(1e-6, np.hypot(*direction))])


def _hand(aspect: float, rng: np.random.Generator) -> np.ndarray:
    """The (2, 2) matrix of a width, a slant and a turn."""
    slant = np.tan(np.radians(rng.uniform(-15, 25)))
    turn = np.radians(rng.uniform(-8, 8))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return rotation @ np.array([[1, -slant], [0, 1]]) @ np.diag([aspect, 1.0])


def _widths(count: int, pen: float, pressure: float, rng: np.random.Generator) -> np.ndarray:
    """The pen's width in canvas pixels at each sample of a path, (count,)."""
    if not pressure:
        return np.full(count, max(2, round(pen)))
    waves = np.sin(np.linspace(0, rng.uniform(1, 5), count) + rng.uniform(0, 2 * np.pi))
    return np.maximum(2, np.rint(pen * (1 + pressure * waves))).astype(int)


def _draw_path(brush: ImageDraw.ImageDraw, path: Path, widths: np.ndarray) -> None:
    """A round dab at every sample and a straight line from each to the next."""
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
    """A stroke's control points, (k, 2), and the (m, k) matrix that takes them to the curve.

    A corner's two points are one here. The curve is a centripetal Catmull-Rom spline between
    corners, linear in its control points for the knots of the unmoved skeleton
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
    """The (m, k) weights of the spline through (k, 2) points, mirrored beyond its ends."""
    mirror = np.eye(len(points))
    mirror = np.vstack([2 * mirror[0] - mirror[1], mirror, 2 * mirror[-1] - mirror[-2]])
    steps = np.sqrt(np.hypot(*np.diff(mirror @ points, axis=0).T))
    knots = np.concatenate([[0], np.cumsum(steps)])
    windows = np.arange(len(points) - 1)[:, None] + np.arange(4)
    curve = _between_middle_two(mirror[windows], knots[windows])
    return np.vstack([curve.reshape(-1, len(points)), mirror[-2]])


def _between_middle_two(controls: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Barry and Goldman's pyramid over s windows of four points, from the second to the third.

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
