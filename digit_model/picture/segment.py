"""Ink -> the digits in it, in reading order."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal

from ..arrays import Box, Ink
from .ink import SMALLEST_PAGE

# Sizes are shares of the height of the tallest mark.
SPECK = 0.3
NEAR = 0.3
# The width of a single digit, in shares of its height.
NARROWEST = 0.2
WIDEST = 1.15
MOST_CUTS = 8
# More parts than a page of digits has; noise has thousands.
MOST_PARTS = 300


@dataclass(frozen=True, eq=False)
class Mark:
    """What may be one digit: its ink, cropped to ``box`` (in the ink's pixels), and its row."""

    ink: Ink
    box: Box
    row: int = 0


def whole(ink: Ink) -> Mark:
    """The ink as exactly one digit: its heaviest part, and what lies near that.

    ink: (height, width) float32 in 0..1, not all 0. Specks are left out, and so are parts at the
    picture's edge that the heaviest part does not touch, unless the digit was cut out tightly.
    """
    parts = _parts(ink)
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


def pieces(mark: Mark) -> dict[tuple[int, int], Mark]:
    """What a mark may consist of if its digits touch: it is cut where it has little ink.

    Returns the ink between the i-th and the j-th cut under (i, j), counting the mark's own sides
    as the first and the last cut; a mark no wider than a digit is its own only piece, (0, 1).
    """
    width, height = mark.box.width, mark.box.height
    cuts = [0, *_cuts(mark.ink), width] if width > WIDEST * height else [0, width]
    last = len(cuts) - 1
    return {
        (i, j): _cut_out(mark, cuts[i], cuts[j])
        for i in range(last)
        for j in range(i + 1, last + 1)
        if (i, j) == (0, last) or NARROWEST <= (cuts[j] - cuts[i]) / height <= WIDEST
    }


def best_path(scores: dict[tuple[int, int], float]) -> list[tuple[int, int]]:
    """The pieces that together make up the mark and whose worst score is best.

    scores: for each (i, j) of ``pieces`` how well it reads as a digit, the higher the better.
    """
    last = max(j for _, j in scores)
    paths: dict[int, tuple[float, list[tuple[int, int]]]] = {0: (np.inf, [])}
    for end in range(1, last + 1):
        ways = [
            (min(paths[i][0], score), [*paths[i][1], (i, j)])
            for (i, j), score in scores.items()
            if j == end and i in paths
        ]
        if ways:
            paths[end] = max(ways, key=lambda way: (way[0], -len(way[1])))
    return paths[last][1]


@dataclass(frozen=True, eq=False)
class _Part:
    """A connected component: its box, the mask inside the box, and the sum of its ink."""

    box: Box
    mask: np.ndarray
    mass: float


def _parts(ink: Ink) -> list[_Part]:
    """The connected components of the ink, at most MOST_PARTS of the heaviest."""
    labels, count = ndimage.label(ink > 0, np.ones((3, 3)))
    masses = np.bincount(labels.ravel(), ink.ravel(), count + 1)[1:]
    slices = ndimage.find_objects(labels)
    parts = []
    for index in np.argsort(-masses, kind="stable")[:MOST_PARTS].tolist():
        rows, columns = slices[index]
        box = Box(columns.start, rows.start, columns.stop, rows.stop)
        parts.append(_Part(box, labels[rows, columns] == index + 1, float(masses[index])))
    return parts


def _mark(ink: Ink, parts: list[_Part], row: int) -> Mark:
    box = _around(parts)
    canvas = np.zeros((box.height, box.width), np.float32)
    for part in parts:
        left, top, right, bottom = part.box
        inside = canvas[top - box.top : bottom - box.top, left - box.left : right - box.left]
        inside[part.mask] = ink[top:bottom, left:right][part.mask]
    return Mark(canvas, box, row)


def _cuts(ink: Ink) -> list[int]:
    """The columns with less ink than their surroundings, at most MOST_CUTS of the emptiest."""
    height = ink.shape[0]
    profile = ndimage.gaussian_filter1d(ink.sum(axis=0), max(0.5, 0.04 * height))
    places, _ = signal.find_peaks(-profile, distance=max(1, NARROWEST * height))
    return sorted(places[np.argsort(profile[places], kind="stable")[:MOST_CUTS]].tolist())


def _cut_out(mark: Mark, start: int, stop: int) -> Mark:
    ink = mark.ink[:, start:stop]
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    box = Box(
        mark.box.left + start + int(left),
        mark.box.top + int(top),
        mark.box.left + start + int(right),
        mark.box.top + int(bottom),
    )
    return Mark(ink[top:bottom, left:right], box, mark.row)


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
