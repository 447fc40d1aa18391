"""Draw numbers as people and devices show them: in boxes, on ruled pages, in pens, on displays.

What finds ink between lines is chosen on these pictures, and tests read them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from ..arrays import DIGITS, Ink, Picture
from .digits import write_digit
from .pen import draw
from .segments import lit_segments

# Shares of a cell.
_DIGIT_HEIGHTS = (0.5, 0.75)
_TILT_DEGREES = 1.0
# Colours of pens that differ from white paper and from one another.
PENS = {
    "black": (30, 30, 35),
    "blue": (40, 60, 190),
    "red": (215, 40, 45),
    "green": (40, 150, 70),
    "yellow": (240, 215, 30),
    "orange": (245, 140, 30),
    "pink": (250, 130, 190),
    "light blue": (120, 200, 245),
}

Line = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class DrawnNumber:
    """A picture and the digits in it, with a newline between rows."""

    picture: Picture
    text: str


@dataclass
class _Layout:
    """Lines, and rows of cells that hold one digit each; each is (left, top, right, bottom)."""

    size: tuple[int, int]
    lines: list[Line]
    rows: list[list[Line]]


def draw_form(rng: np.random.Generator, kind: str | None = None) -> DrawnNumber:
    """Draw digits between lines, a little tilted. kind: a name in LAYOUTS; by default any."""
    layout = LAYOUTS[kind or str(rng.choice(sorted(LAYOUTS)))](rng)
    height, width = layout.size
    ink = np.zeros(layout.size, np.float32)
    pen = rng.uniform(0.9, 2.8)
    texts = []
    for row in layout.rows:
        labels = rng.integers(0, DIGITS, len(row)).tolist()
        texts.append("".join(map(str, labels)))
        for label, cell in zip(labels, row, strict=True):
            _write_into(ink, label, cell, pen, rng)
    image = Image.new("L", (width, height))
    brush = ImageDraw.Draw(image)
    thickness = int(rng.integers(1, 4))
    for line in layout.lines:
        brush.line(line, fill=255, width=thickness)
    rules = np.asarray(image, np.float32) / 255
    tilt = rng.uniform(-_TILT_DEGREES, _TILT_DEGREES)
    ink, rules = (ndimage.rotate(part, tilt, reshape=False, order=1) for part in (ink, rules))
    paper = rng.uniform(190, 255) * np.ones(3)
    picture = _blend(np.tile(paper, (height, width, 1)), rules, rng.uniform(20, 150) * np.ones(3))
    picture = _blend(picture, ink, rng.uniform(10, 90, 3))
    return DrawnNumber(_scanned(picture, rng), "\n".join(text for text in texts if text))


def draw_in_pens(rng: np.random.Generator, pens: tuple[str, ...] | None = None) -> DrawnNumber:
    """Draw a digit in each of several pens on white paper. pens: names in PENS; by default any."""
    pens = pens or tuple(rng.permutation(sorted(PENS))[: rng.integers(2, 5)].tolist())
    side, margin = 110, 30
    shape = side + 2 * margin, side * len(pens) + 2 * margin
    picture = np.tile(rng.uniform(225, 255, 3), (*shape, 1))
    width = rng.uniform(1.5, 3)
    text = ""
    for place, pen in enumerate(pens):
        ink = np.zeros(shape, np.float32)
        label = int(rng.integers(DIGITS))
        left = margin + place * side
        _write_into(ink, label, (left, margin, left + side, margin + side), width, rng)
        picture = _blend(picture, ink, np.array(PENS[pen], float))
        text += str(label)
    return DrawnNumber(_scanned(picture, rng), text)


def draw_display(rng: np.random.Generator, digits: int = 4) -> DrawnNumber:
    """Draw a number on a seven-segment display, lit on a dark panel or dark on a light one."""
    labels = rng.integers(0, DIGITS, digits).tolist()
    height = int(rng.integers(40, 90))
    width, step = round(0.55 * height), round(height * rng.uniform(0.8, 1.1))
    image = Image.new("L", (step * digits + height, 2 * height))
    brush = ImageDraw.Draw(image)
    thickness, gap = height * rng.uniform(0.09, 0.15), height * rng.uniform(0.01, 0.05)
    for place, label in enumerate(labels):
        origin = np.array([height / 2 + place * step, height / 2])
        for segment in lit_segments(label, width, height, gap):
            brush.line(tuple((segment + origin).ravel()), fill=255, width=round(thickness))
    slant = rng.uniform(0, 0.15)
    matrix = (1, slant, -slant * height, 0, 1, 0)
    slanted = image.transform(image.size, Image.Transform.AFFINE, matrix)
    ink = np.asarray(slanted, np.float32) / 255
    dark, light = rng.uniform(5, 40, 3), rng.uniform(120, 250, 3)
    panel, pen = (dark, light) if rng.random() < 0.6 else (light, dark)
    picture = _blend(np.tile(panel, (*ink.shape, 1)), ink, pen)
    return DrawnNumber(_scanned(picture, rng), "".join(map(str, labels)))


def draw_strip(rng: np.random.Generator, aspect: int = 10) -> DrawnNumber:
    """Draw a closely cropped row of digits, ``aspect`` times as long as high."""
    side = int(rng.integers(60, 100))
    count = max(1, round(aspect * rng.uniform(0.4, 0.9)))
    ink = np.zeros((side, side * aspect), np.float32)
    labels = rng.integers(0, DIGITS, count).tolist()
    width, pen = side * aspect / count, rng.uniform(1, 3)
    for place, label in enumerate(labels):
        cell = (place * width, -0.1 * side, (place + 1) * width, 1.1 * side)
        _write_into(ink, label, cell, pen, rng)
    paper = np.tile(rng.uniform(150, 255) * np.ones(3), (*ink.shape, 1))
    picture = _blend(paper, ink, rng.uniform(10, 90, 3))
    return DrawnNumber(_scanned(picture, rng), "".join(map(str, labels)))


def draw_notebook(rng: np.random.Generator) -> DrawnNumber:
    """Draw rows of digits on a ruled or squared page, tilted and bent like a notebook's."""
    step, count = int(rng.integers(34, 64)), int(rng.integers(4, 10))
    height = step * (count + 1)
    width = round(height * rng.uniform(1, 1.8))
    left = round(width * rng.uniform(0.08, 0.25))
    rules = _page_rules((height, width), step, left, rng)
    ink = np.zeros_like(rules)
    pen, pitch = rng.uniform(0.9, 2), step * rng.uniform(0.5, 0.75)
    texts = []
    for line in sorted(rng.choice(np.arange(1, count), rng.integers(1, count), replace=False)):
        labels = rng.integers(0, DIGITS, rng.integers(2, 8)).tolist()
        texts.append("".join(map(str, labels)))
        start, foot = left + step * rng.uniform(0.1, 0.8), step * (line + 0.55)
        for place, label in enumerate(labels):
            x = start + place * pitch
            cell = (x, foot - 1.15 * step, x + pitch, foot + 0.05 * step)
            _write_into(ink, label, cell, pen, rng)
    ink, rules = _bent(np.stack([ink, rules]), rng)
    paper, blue = rng.uniform(150, 255) * np.ones(3), np.array([0.5, 0.7, 1])
    pen_colour = rng.uniform(10, 90, 3)
    rule_colour = pen_colour + rng.uniform(0, 0.8) * (blue * paper - pen_colour)
    picture = _blend(np.tile(paper, (height, width, 1)), rules, rule_colour)
    return DrawnNumber(_scanned(_blend(picture, ink, pen_colour), rng), "\n".join(texts))


def _page_rules(
    size: tuple[int, int], step: int, left: int, rng: np.random.Generator
) -> np.ndarray:
    """Return (height, width) rules ``step`` pixels apart: squares, or a margin line or none."""
    rules = np.zeros(size, np.float32)
    rules[step // 2 :: step] = 1
    if rng.random() < 0.3:
        rules[:, left % step :: step] = 1
    else:
        rules[:, left] = rng.random() < 0.6
    return rules


def _bent(layers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move the columns of (n, height, width) layers along a tilted and bent line."""
    _, height, width = layers.shape
    x = np.linspace(-1, 1, width)
    tilt, bend, wave, phase = rng.uniform(-1, 1, 4) * (0.035, 0.02, 0.01, np.pi)
    drop = width * (tilt * x + bend * x * x + wave * np.sin(3 * x + phase))
    lean = rng.uniform(-0.06, 0.06)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    places = [y + drop, x + lean * y]
    return np.stack(
        [ndimage.map_coordinates(layer, places, order=1, mode="nearest") for layer in layers]
    )


def _write_into(ink: Ink, label: int, cell: Line, pen: float, rng: np.random.Generator) -> None:
    """Write a digit somewhere in a cell."""
    left, top, right, bottom = cell
    digit = Image.fromarray(draw(write_digit(label, rng), pen, rng))
    scale = min(
        (bottom - top) * rng.uniform(*_DIGIT_HEIGHTS) / digit.height,
        0.8 * (right - left) / digit.width,
    )
    size = max(3, round(digit.width * scale)), max(6, round(digit.height * scale))
    small = np.clip(np.asarray(digit.resize(size, Image.Resampling.BOX)), 0, 1)
    free = right - left - size[0], bottom - top - size[1]
    x, y = (
        round(start + room * rng.uniform(0.25, 0.75))
        for start, room in zip((left, top), free, strict=True)
    )
    place = ink[y : y + size[1], x : x + size[0]]
    np.maximum(place, small[: place.shape[0], : place.shape[1]], out=place)


def _blend(picture: np.ndarray, ink: Ink, colour: np.ndarray) -> np.ndarray:
    return picture + ink[..., None] * (colour - picture)


def _scanned(picture: np.ndarray, rng: np.random.Generator) -> Picture:
    """Return a picture in slightly uneven light, blurred and noisy."""
    height, width = picture.shape[:2]
    light = 1 - rng.uniform(0, 0.25) * np.linspace(0, 1, width)
    blurred = ndimage.gaussian_filter(picture, (*(2 * [rng.uniform(0.3, 1)]), 0))
    noise = rng.normal(0, rng.uniform(0, 4), (height, width, 1))
    return np.clip(blurred * light[:, None] + noise, 0, 255).round().astype(np.uint8)


def _rectangle(left: float, top: float, right: float, bottom: float) -> list[Line]:
    return [
        (left, top, right, top),
        (left, bottom, right, bottom),
        (left, top, left, bottom),
        (right, top, right, bottom),
    ]


def _boxes(rng: np.random.Generator) -> _Layout:
    """Return separate boxes in a row."""
    count, side = int(rng.integers(2, 8)), int(rng.integers(50, 110))
    width, step = round(side * rng.uniform(0.7, 1)), round(side * rng.uniform(1.1, 1.4))
    boxes: list[Line] = [
        (20 + k * step, 20, 20 + k * step + width, 20 + side) for k in range(count)
    ]
    lines = [line for box in boxes for line in _rectangle(*box)]
    return _Layout((side + 40, count * step + 40), lines, [boxes])


def _grid(
    rows: int, columns: int, cell: tuple[int, int], filled: float, rng: np.random.Generator
) -> _Layout:
    """Return a grid of cells of (width, height), some of which hold a digit."""
    width, height = cell
    edge = int(rng.integers(12, 50))
    right, bottom = edge + columns * width, edge + rows * height
    lines: list[Line] = [
        (edge, edge + k * height, right, edge + k * height) for k in range(rows + 1)
    ]
    lines += [(edge + k * width, edge, edge + k * width, bottom) for k in range(columns + 1)]
    cells: list[list[Line]] = [
        [
            (edge + x * width, edge + y * height, edge + (x + 1) * width, edge + (y + 1) * height)
            for x in range(columns)
            if rng.random() < filled
        ]
        for y in range(rows)
    ]
    cells[0] = cells[0] or [(edge, edge, edge + width, edge + height)]
    return _Layout((bottom + edge, right + edge), lines, cells)


def _cells(rng: np.random.Generator) -> _Layout:
    """Return one row of touching cells."""
    side = int(rng.integers(50, 110))
    return _grid(1, int(rng.integers(3, 10)), (round(side * rng.uniform(0.7, 1)), side), 1, rng)


def _table(rng: np.random.Generator) -> _Layout:
    rows, columns, height = (int(rng.integers(*range_)) for range_ in ((2, 6), (2, 7), (50, 90)))
    return _grid(rows, columns, (round(height * rng.uniform(0.9, 1.6)), height), 0.8, rng)


def _sudoku(rng: np.random.Generator) -> _Layout:
    side = int(rng.integers(38, 64))
    layout = _grid(9, 9, (side, side), 0.4, rng)
    # Every third line is thicker.
    layout.lines += [
        (line[0] + 1, line[1] + 1, line[2] + 1, line[3] + 1)
        for lines in (layout.lines[:10:3], layout.lines[10::3])
        for line in lines
    ]
    return layout


def _comb(rng: np.random.Generator) -> _Layout:
    """Return a baseline with short upright lines between the digits."""
    count, side = int(rng.integers(3, 10)), int(rng.integers(50, 110))
    width, tick = round(side * rng.uniform(0.7, 0.95)), side * rng.uniform(0.2, 0.6)
    right, bottom = 25 + count * width, 25 + side
    lines: list[Line] = [(25, bottom, right, bottom)]
    lines += [(x, bottom - tick, x, bottom) for x in range(25, right + 1, width)]
    cells: list[Line] = [(x, 25, x + width, bottom) for x in range(25, right, width)]
    return _Layout((bottom + 25, right + 25), lines, [cells])


def _axes(rng: np.random.Generator) -> _Layout:
    """Return two axes with ticks, and a number between them."""
    width, height = int(rng.integers(260, 560)), int(rng.integers(180, 380))
    left, bottom = 40, height - 40
    lines: list[Line] = [(left, 20, left, bottom), (left, bottom, width - 20, bottom)]
    step = int(rng.integers(25, 60))
    lines += [(x, bottom, x, bottom + 5) for x in range(left, width - 20, step)]
    lines += [(left - 5, y, left, y) for y in range(bottom, 20, -step)]
    count = int(rng.integers(1, 5))
    side = min((width - 100) / count, 0.8 * (bottom - 40))
    cells: list[Line] = [
        (left + 20 + k * side, 30, left + 20 + (k + 1) * side, 30 + side) for k in range(count)
    ]
    return _Layout((height, width), lines, [cells])


def _border(rng: np.random.Generator) -> _Layout:
    """Return a page with a line around it and a number in it."""
    width, height = int(rng.integers(260, 560)), int(rng.integers(180, 380))
    edge = int(rng.integers(4, 20))
    count = int(rng.integers(1, 5))
    side = min((width - 80) / count, 0.8 * (height - 80))
    left, top = (width - count * side) / 2, (height - side) / 2
    cells: list[Line] = [
        (left + k * side, top, left + (k + 1) * side, top + side) for k in range(count)
    ]
    lines = _rectangle(edge, edge, width - edge, height - edge)
    return _Layout((height, width), lines, [cells])


LAYOUTS: dict[str, Callable[[np.random.Generator], _Layout]] = {
    "boxes": _boxes,
    "cells": _cells,
    "table": _table,
    "sudoku": _sudoku,
    "comb": _comb,
    "axes": _axes,
    "border": _border,
}
