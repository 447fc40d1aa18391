"""Ink -> its connected components; components -> a glyph, which may be a digit."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..arrays import Box, Ink
from .normalise import bounding_box

# More components than a page of digits has; noise has thousands.
MAX_COMPONENTS = 300
# The gaps in a display's digit are at most this share of the strokes' width, ...
MAX_SEGMENT_GAP = 0.7
# ... each segment is at most this share as high as the digit, ...
MAX_SEGMENT_HEIGHT = 0.65
# ... and the digit is this many times as wide as high. A dashed line is narrower.
SEGMENTS_WIDTH = (0.3, 0.9)
MAX_SEGMENTS = 7


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


def connected_components(ink: Ink) -> list[Component]:
    """Return the heaviest MAX_COMPONENTS connected components of (height, width) ink.

    The segments of a digit on a display count as one component, though gaps part them.
    """
    left, top, right, bottom = bounding_box(ink)
    inside = ink[top:bottom, left:right]
    labels, count = ndimage.label(inside > 0, np.ones((3, 3)))
    masses = np.bincount(labels.ravel(), inside.ravel(), count + 1)[1:]
    slices = ndimage.find_objects(labels)
    components = []
    for index in np.argsort(-masses, kind="stable")[:MAX_COMPONENTS].tolist():
        rows, columns = slices[index]
        box = Box(left + columns.start, top + rows.start, left + columns.stop, top + rows.stop)
        components.append(Component(box, labels[rows, columns] == index + 1, float(masses[index])))
    return _join_segments(components, ink.shape) if len(components) > 1 else components


def _join_segments(components: list[Component], shape: tuple[int, ...]) -> list[Component]:
    """Merge components that are the segments of one digit on a display."""
    mask = np.zeros(shape, bool)
    for component in components:
        left, top, right, bottom = component.box
        mask[top:bottom, left:right] |= component.mask
    # The mean distance to the paper across a stroke of width w is w / 4.
    width = 4 * float(ndimage.distance_transform_edt(mask)[mask].mean()) - 1
    reach = round(MAX_SEGMENT_GAP * width / 2)
    if reach < 1:
        return components
    labels, _ = ndimage.label(ndimage.binary_dilation(mask, np.ones((3, 3)), iterations=reach))
    groups: dict[int, list[Component]] = {}
    for component in components:
        y, x = np.argwhere(component.mask)[0]
        place = int(labels[component.box.top + y, component.box.left + x])
        groups.setdefault(place, []).append(component)
    return [
        component
        for group in groups.values()
        for component in ([merge_components(group)] if _are_segments(group) else group)
    ]


def _are_segments(group: list[Component]) -> bool:
    """Return whether components close to one another are the segments of one digit."""
    box = enclosing_box(component.box for component in group)
    highest = max(component.box.height for component in group)
    least, most = SEGMENTS_WIDTH
    return (
        1 < len(group) <= MAX_SEGMENTS
        and highest <= MAX_SEGMENT_HEIGHT * box.height
        and least * box.height <= box.width <= most * box.height
    )


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


def typical_height(components: list[Component]) -> int:
    """Return the median height of components, weighted by ink, so that dots do not count."""
    order = sorted(components, key=lambda component: component.box.height)
    masses = np.cumsum([component.mass for component in order])
    return order[int(np.searchsorted(masses, masses[-1] / 2))].box.height
