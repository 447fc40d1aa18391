"""Ink -> its connected components; components -> a glyph, which may be a digit."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from ..arrays import Box, Ink
from .normalise import bounding_box

# A structuring element for scipy.ndimage: pixels that share a corner are connected.
EIGHT_NEIGHBOURS = np.ones((3, 3), bool)
# More components than a page of digits has; noise has thousands.
MAX_COMPONENTS = 300


@dataclass(frozen=True, eq=False)
class Glyph:
    """A candidate digit: its ink, cropped to ``box`` (in the ink's pixels), and its row."""

    ink: Ink
    box: Box
    row: int = 0


@dataclass(frozen=True, eq=False)
class Component:
    """A piece of ink: its box, the mask inside the box, and the sum of its ink."""

    box: Box
    mask: np.ndarray
    mass: float

    @cached_property
    def pixels(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows and columns of the mask's pixels inside the box, (n,) integers each."""
        return places_of(self.mask)


def places_of(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows and columns of a mask's pixels; three times as fast as numpy.nonzero."""
    return np.divmod(np.flatnonzero(mask), mask.shape[1])


def marked_area(values: np.ndarray, margin: int = 0) -> tuple[slice, slice]:
    """Return the rows and columns of a (height, width) array that are not 0, and a margin.

    These are all rows and columns if everything is 0. A drawing's paper is exactly 0: working
    inside the area saves most of the time.
    """
    if not values.any():
        return slice(None), slice(None)
    left, top, right, bottom = bounding_box(values)
    return (
        slice(max(0, top - margin), bottom + margin),
        slice(max(0, left - margin), right + margin),
    )


def close_gaps(ink: Ink, size: int) -> Ink:
    """Return (height, width) ink with gaps narrower than ``size`` pixels closed."""
    closed = ndimage.grey_closing(np.pad(ink, size), (size, size))
    return closed[size:-size, size:-size]


def fill_holes(mask: np.ndarray) -> np.ndarray:
    """Return a mask with its holes filled; faster than scipy.ndimage's binary_fill_holes."""
    labels, _ = ndimage.label(np.pad(~mask, 1, constant_values=True))
    return (labels != labels[0, 0])[1:-1, 1:-1]


def connected_components(ink: Ink) -> list[Component]:
    """Return the heaviest MAX_COMPONENTS connected components of (height, width) ink."""
    left, top, right, bottom = bounding_box(ink)
    inside = ink[top:bottom, left:right]
    labels, count = ndimage.label(inside > 0, EIGHT_NEIGHBOURS)
    masses = np.bincount(labels.ravel(), inside.ravel(), count + 1)[1:]
    slices = label_boxes(labels, count)
    components = []
    for index in np.argsort(-masses, kind="stable")[:MAX_COMPONENTS].tolist():
        rows, columns = slices[index]
        box = Box(left + columns.start, top + rows.start, left + columns.stop, top + rows.stop)
        components.append(Component(box, labels[rows, columns] == index + 1, float(masses[index])))
    return components


def label_boxes(labels: np.ndarray, count: int) -> list[tuple[slice, slice]]:
    """Return the rows and columns of each of ``count`` labels; at once if there is one.

    labels: (height, width) int, cropped to what is labelled.
    """
    if count == 1:
        return [(slice(0, labels.shape[0]), slice(0, labels.shape[1]))]
    return ndimage.find_objects(labels)


def component_at(ink: Ink, y: np.ndarray, x: np.ndarray) -> Component:
    """Return the component that consists of the (n,) pixels at rows y and columns x of the ink."""
    box = Box(int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1)
    mask = np.zeros((box.height, box.width), bool)
    mask[y - box.top, x - box.left] = True
    return Component(box, mask, float(ink[y, x].sum()))


def merge_components(components: list[Component]) -> Component:
    """Return several components as one."""
    box = enclosing_box(component.box for component in components)
    mask = np.zeros((box.height, box.width), bool)
    for component in components:
        left, top, right, bottom = component.box
        mask[top - box.top : bottom - box.top, left - box.left : right - box.left] |= component.mask
    return Component(box, mask, sum(component.mass for component in components))


def make_glyph(ink: Ink, components: list[Component], row: int) -> Glyph:
    """Join components into one glyph, which holds their ink only."""
    box = enclosing_box(component.box for component in components)
    canvas = np.zeros((box.height, box.width), np.float32)
    for component in components:
        left, top, right, bottom = component.box
        inside = canvas[top - box.top : bottom - box.top, left - box.left : right - box.left]
        inside[component.mask] = ink[top:bottom, left:right][component.mask]
    return Glyph(canvas, box, row)


def enclosing_box(boxes: Iterable[Box]) -> Box:
    """Return the smallest box around all boxes."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


def typical_height(components: list[Component], share: float = 0.5) -> int:
    """Return the height that components with this share of the ink have at most.

    That is the median by default, weighted by ink, so that dots do not count.
    """
    order = sorted(components, key=lambda component: component.box.height)
    masses = np.cumsum([component.mass for component in order])
    return order[int(np.searchsorted(masses, share * masses[-1]))].box.height
