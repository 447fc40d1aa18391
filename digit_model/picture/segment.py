"""Ink -> the digits in it, in reading order."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..arrays import Box, Ink

# Sizes are shares of the height of the tallest mark.
SPECK = 0.3
NEAR = 0.3


@dataclass(frozen=True, eq=False)
class Mark:
    """What may be one digit: its ink, cropped to ``box`` (in the ink's pixels), and its row."""

    ink: Ink
    box: Box
    row: int = 0


def whole(ink: Ink) -> Mark:
    """The ink as exactly one digit: its heaviest part, and what lies near that.

    ink: (height, width) float32 in 0..1, not all 0. Specks, and parts at the picture's edge that
    the heaviest part does not touch, are left out.
    """
    parts = _parts(ink)
    main = max(parts, key=lambda part: part.mass)
    reach = NEAR * max(main.box.width, main.box.height)
    kept = [
        part
        for part in parts
        if part is main
        or (
            _gap(part.box, main.box) <= reach
            and part.mass >= 0.02 * main.mass
            and not _touches_edge(part.box, ink.shape)
        )
    ]
    return _mark(ink, kept, 0)


def segment(ink: Ink) -> list[Mark]:
    """The digits of a picture in reading order: rows from the top, each from the left.

    ink: (height, width) float32 in 0..1, not all 0. Parts of a broken digit are joined; specks,
    dots and dashes are left out.
    """
    parts = _parts(ink)
    tallest = max(part.box.height for part in parts)
    heaviest = max(part.mass for part in parts)
    groups = _join([part for part in parts if part.mass >= 0.01 * heaviest], tallest)
    digits = [group for group in groups if _around(group).height >= SPECK * tallest]
    return [
        _mark(ink, group, number)
        for number, row in enumerate(_rows(digits))
        for group in sorted(row, key=lambda group: _around(group).left)
    ]


@dataclass(frozen=True, eq=False)
class _Part:
    """A connected component: its box, the mask inside the box, and the sum of its ink."""

    box: Box
    mask: np.ndarray
    mass: float


def _parts(ink: Ink) -> list[_Part]:
    labels, _ = ndimage.label(ink > 0, np.ones((3, 3)))
    parts = []
    for number, where in enumerate(ndimage.find_objects(labels), start=1):
        mask = labels[where] == number
        box = Box(where[1].start, where[0].start, where[1].stop, where[0].stop)
        parts.append(_Part(box, mask, float(ink[where][mask].sum())))
    return parts


def _mark(ink: Ink, parts: list[_Part], row: int) -> Mark:
    box = _around(parts)
    canvas = np.zeros((box.height, box.width), np.float32)
    for part in parts:
        left, top, right, bottom = part.box
        inside = canvas[top - box.top : bottom - box.top, left - box.left : right - box.left]
        inside[part.mask] = ink[top:bottom, left:right][part.mask]
    return Mark(canvas, box, row)


def _around(parts: list[_Part]) -> Box:
    lefts, tops, rights, bottoms = zip(*(part.box for part in parts), strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


def _gap(a: Box, b: Box) -> int:
    """The larger of the horizontal and vertical distances between two boxes."""
    across = max(a.left, b.left) - min(a.right, b.right)
    down = max(a.top, b.top) - min(a.bottom, b.bottom)
    return max(across, down, 0)


def _touches_edge(box: Box, shape: tuple[int, ...]) -> bool:
    return box.left == 0 or box.top == 0 or box.right == shape[1] or box.bottom == shape[0]


def _join(parts: list[_Part], tallest: int) -> list[list[_Part]]:
    """Group parts that stand above one another closely enough to be one broken digit."""
    groups: list[list[_Part]] = []
    for part in sorted(parts, key=lambda part: -part.mass):
        home = next((g for g in groups if _belongs(part.box, _around(g), tallest)), None)
        if home is None:
            groups.append([part])
        else:
            home.append(part)
    return groups


def _belongs(part: Box, group: Box, tallest: int) -> bool:
    overlap = min(part.right, group.right) - max(part.left, group.left)
    down = max(part.top, group.top) - min(part.bottom, group.bottom)
    return overlap >= 0.4 * min(part.width, group.width) and down <= 0.5 * NEAR * tallest


def _rows(groups: list[list[_Part]]) -> list[list[list[_Part]]]:
    """Groups whose middles lie within one another's height share a row."""
    rows: list[list[list[_Part]]] = []
    for group in sorted(groups, key=lambda group: sum(_around(group)[1::2])):
        middle = sum(_around(group)[1::2]) / 2
        if (
            rows
            and middle
            < max(_around(other).bottom for other in rows[-1]) - 0.2 * _around(group).height
        ):
            rows[-1].append(group)
        else:
            rows.append([group])
    return rows
