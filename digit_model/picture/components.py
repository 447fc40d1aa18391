"""Ink -> its connected parts; parts -> a mark, which may be a digit."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..arrays import Box, Ink
from .normalise import bounding_box

# More parts than a page of digits has; noise has thousands.
MOST_PARTS = 300


@dataclass(frozen=True, eq=False)
class Mark:
    """What may be one digit: its ink, cropped to ``box`` (in the ink's pixels), and its row."""

    ink: Ink
    box: Box
    row: int = 0


@dataclass(frozen=True, eq=False)
class Part:
    """A piece of ink: its box, the mask inside the box, and the sum of its ink."""

    box: Box
    mask: np.ndarray
    mass: float


def connected_parts(ink: Ink) -> list[Part]:
    """The connected components of (height, width) ink, at most MOST_PARTS of the heaviest."""
    left, top, right, bottom = bounding_box(ink)
    inside = ink[top:bottom, left:right]
    labels, count = ndimage.label(inside > 0, np.ones((3, 3)))
    masses = np.bincount(labels.ravel(), inside.ravel(), count + 1)[1:]
    slices = ndimage.find_objects(labels)
    parts = []
    for index in np.argsort(-masses, kind="stable")[:MOST_PARTS].tolist():
        rows, columns = slices[index]
        box = Box(left + columns.start, top + rows.start, left + columns.stop, top + rows.stop)
        parts.append(Part(box, labels[rows, columns] == index + 1, float(masses[index])))
    return parts


def part_of(ink: Ink, y: np.ndarray, x: np.ndarray) -> Part:
    """The part that consists of the (n,) pixels at rows y and columns x of the ink."""
    box = Box(int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1)
    mask = np.zeros((box.height, box.width), bool)
    mask[y - box.top, x - box.left] = True
    return Part(box, mask, float(ink[y, x].sum()))


def united(ink: Ink, parts: list[Part]) -> Part:
    """Several parts of the ink as one."""
    where = [np.argwhere(part.mask) + (part.box.top, part.box.left) for part in parts]
    return part_of(ink, *np.concatenate(where).T)


def joined(ink: Ink, parts: list[Part], row: int) -> Mark:
    """The parts as one mark, which holds their ink only."""
    box = around(parts)
    canvas = np.zeros((box.height, box.width), np.float32)
    for part in parts:
        left, top, right, bottom = part.box
        inside = canvas[top - box.top : bottom - box.top, left - box.left : right - box.left]
        inside[part.mask] = ink[top:bottom, left:right][part.mask]
    return Mark(canvas, box, row)


def around(parts: list[Part]) -> Box:
    """The smallest box around all of the parts."""
    lefts, tops, rights, bottoms = zip(*(part.box for part in parts), strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


def usual_height(parts: list[Part]) -> int:
    """The median height of parts, each counted by its ink: that of a digit, not of a dot."""
    order = sorted(parts, key=lambda part: part.box.height)
    masses = np.cumsum([part.mass for part in order])
    return order[int(np.searchsorted(masses, masses[-1] / 2))].box.height
