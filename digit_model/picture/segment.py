"""Ink -> its one digit, or its rows of digits, each taken apart into what they may be."""

import numpy as np

from ..arrays import Box, Ink
from .components import Mark, Part, around, connected_parts, joined, united, usual_height
from .ink import SMALLEST_PAGE
from .lattice import Lattice, lattice

# A share of the digit's longer side, or of the height of the picture's digits.
NEAR = 0.3
# Of the height of the picture's digits: what is lower is a dot, a dash or a piece, and has no row
# of its own.
SMALL = 0.5
# Of the lower one's height: neighbours in a row overlap by this, though it rises.
BESIDE = 0.4
# Parts of one digit overlap by this share of the narrower one's width, ...
STACKED = 0.4
# ... with no more paper between them than this share of the higher one's height.
CRACK = 0.15
# Of the ink of the heaviest part: what has less is a speck.
SPECK = 0.01


def whole(ink: Ink) -> Mark:
    """The ink as exactly one digit: its heaviest part, and what lies near that.

    ink: (height, width) float32 in 0..1, not all 0. Specks are left out, and so are parts at the
    picture's edge that the heaviest part does not touch, unless the digit was cut out tightly.
    """
    parts = connected_parts(ink)
    cut_out = min(ink.shape) < SMALLEST_PAGE
    main = max(parts, key=lambda part: part.mass)
    reach = NEAR * max(main.box.width, main.box.height)
    kept = [
        part
        for part in parts
        if part is main
        or (
            _gap(part.box, main.box) <= reach
            and part.mass >= 0.02 * main.mass
            and (cut_out or not _touches_edge(part.box, ink.shape))
        )
    ]
    return joined(ink, kept, 0)


def segment(ink: Ink) -> list[Lattice]:
    """The rows of a picture from the top, and what the digits in each may be, from the left.

    ink: (height, width) float32 in 0..1, not all 0. Specks are left out.
    """
    parts = connected_parts(ink)
    heaviest = max(part.mass for part in parts)
    rows = _rows(_mended(ink, [part for part in parts if part.mass >= SPECK * heaviest]))
    return [lattice(ink, row, number) for number, row in enumerate(rows)]


def _gap(a: Box, b: Box) -> int:
    """The larger of the horizontal and vertical distances between two boxes."""
    across = max(a.left, b.left) - min(a.right, b.right)
    down = max(a.top, b.top) - min(a.bottom, b.bottom)
    return max(across, down, 0)


def _touches_edge(box: Box, shape: tuple[int, ...]) -> bool:
    return box.left == 0 or box.top == 0 or box.right == shape[1] or box.bottom == shape[0]


def _mended(ink: Ink, parts: list[Part]) -> list[Part]:
    """Join what would be rows of their own but lies on top of each other: a digit broken across."""
    height = usual_height(parts)
    large = [part for part in parts if part.box.height >= SMALL * height]
    whole = [part for part in parts if part.box.height < SMALL * height]
    while large:
        part = large.pop()
        other = next((other for other in large if _stacked(part.box, other.box)), None)
        if other is None:
            whole.append(part)
        else:
            large.remove(other)
            large.append(united(ink, [part, other]))
    return whole


def _stacked(a: Box, b: Box) -> bool:
    """Whether one box stands on the other without a row's distance."""
    across = min(a.right, b.right) - max(a.left, b.left)
    down = max(a.top, b.top) - min(a.bottom, b.bottom)
    low, high = sorted([a.height, b.height])
    return across >= STACKED * min(a.width, b.width) and -low / 2 <= down <= CRACK * high


def _rows(parts: list[Part]) -> list[list[Part]]:
    """Parts share a row where they lie beside each other; small ones join the nearest."""
    height = usual_height(parts)
    large = [part for part in parts if part.box.height >= SMALL * height]
    rows: list[list[Part]] = []
    for part in sorted(large, key=lambda part: part.box.top + part.box.bottom):
        home = next((row for row in reversed(rows) if _beside(part, row)), None)
        if home is None:
            rows.append([part])
        else:
            home.append(part)
    boxes = [around(row) for row in rows]
    for part in parts:
        if part.box.height < SMALL * height:
            gaps = [max(box.top - part.box.bottom, part.box.top - box.bottom) for box in boxes]
            if min(gaps) <= NEAR * height:
                rows[int(np.argmin(gaps))].append(part)
    return rows


def _beside(part: Part, row: list[Part]) -> bool:
    """Whether a part and the part of the row that is nearest along it overlap in height."""
    middle = part.box.left + part.box.right
    near = min(row, key=lambda other: abs(other.box.left + other.box.right - middle)).box
    overlap = min(part.box.bottom, near.bottom) - max(part.box.top, near.top)
    return overlap >= BESIDE * min(part.box.height, near.height)
