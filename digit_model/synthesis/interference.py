"""Lines that are not part of a digit but lie on it or around it."""

import numpy as np
from PIL import Image, ImageDraw

from ..arrays import Ink
from .pen import PIXELS_PER_TILE_PIXEL

# Widths in tile pixels before the digit is scaled to make room for the lines.
_LINE_WIDTHS = (0.7, 2.2)


def add_box_remnants(ink: Ink, rng: np.random.Generator) -> Ink:
    """Draw pieces of one to three sides of a box around the ink, as a cropper leaves them.

    Returns larger (height, width) float32 ink in 0..1.
    """
    longest = max(ink.shape)
    gaps = (longest * rng.uniform(0.02, 0.3, 4)).round().astype(int).tolist()
    left, top, right, bottom = gaps
    canvas = np.pad(ink, ((top, bottom), (left, right)))
    height, width = (side - 1 for side in canvas.shape)
    corners = [(0, 0), (width, 0), (width, height), (0, height)]
    sides = [(corners[i], corners[(i + 1) % 4]) for i in range(4)]
    count = rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15])
    first = rng.integers(4)
    chosen = [sides[(first + i) % 4] for i in range(count)]
    return _with_lines(canvas, [_piece(*side, rng) for side in chosen], rng)


def cross_out(ink: Ink, rng: np.random.Generator) -> Ink:
    """Draw a straight line across the ink that ends outside of it on both sides.

    Returns larger (height, width) float32 ink in 0..1.
    """
    margin = round(max(ink.shape) * rng.uniform(0.05, 0.35))
    canvas = np.pad(ink, margin)
    size = np.array(canvas.shape[::-1])
    centre = size / 2 + rng.uniform(-0.2, 0.2, 2) * ink.shape[::-1]
    angle = rng.normal(0, 0.25) if rng.random() < 0.6 else rng.uniform(-np.pi / 2, np.pi / 2)
    half = size.sum() * np.array([np.cos(angle), np.sin(angle)])
    return _with_lines(canvas, [(tuple(centre - half), tuple(centre + half))], rng)


def _piece(start, end, rng: np.random.Generator) -> tuple:
    """Return a line along the side from start to end: all of it, or a piece at one of its ends."""
    start, end = np.array(start, float), np.array(end, float)
    if rng.random() < 0.5:
        start, end = end, start
    length = 1 if rng.random() < 0.4 else rng.uniform(0.2, 0.9)
    tilt = rng.normal(0, 0.02, 2) * np.abs(end - start).max()
    return tuple(start), tuple(start + length * (end - start) + tilt)


def _with_lines(ink: Ink, lines: list[tuple], rng: np.random.Generator) -> Ink:
    """Draw lines of one random width and darkness over the ink."""
    layer = Image.new("L", ink.shape[::-1])
    brush = ImageDraw.Draw(layer)
    width = max(1, round(rng.uniform(*_LINE_WIDTHS) * PIXELS_PER_TILE_PIXEL))
    for start, end in lines:
        brush.line((*start, *end), fill=255, width=width)
    darkness = np.float32(rng.uniform(0.4, 1))
    return np.maximum(ink, darkness * np.asarray(layer, np.float32) / 255)
