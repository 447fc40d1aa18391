"""Group components into rows, and split those that span several rows."""

from itertools import pairwise

import numpy as np

from ..arrays import Box, Ink
from .components import Component, component_at, enclosing_box, typical_height

# A component lower than this share of the digits' height is a dot, a dash or a fragment, and never
# starts a row.
MIN_ROW_HEIGHT = 0.5
# Neighbours in a row overlap vertically by this share of the lower one's height.
MIN_ROW_OVERLAP = 0.4
# Maximum gap between a small mark and its row, as a share of the digits' height.
MAX_ROW_GAP = 0.3
# The lowest components, which have this share of the ink together, do not touch the row below.
SINGLE_ROW = 0.25
# A component that spans several rows is at least this many times as high as the digits.
MIN_SPANNING_HEIGHT = 1.4


def group_rows(components: list[Component]) -> list[list[Component]]:
    """Group components into rows: large ones by their neighbours, small ones into the nearest."""
    height = typical_height(components)
    large = [
        component for component in components if component.box.height >= MIN_ROW_HEIGHT * height
    ]
    rows: list[list[Component]] = []
    for component in sorted(large, key=lambda component: component.box.top + component.box.bottom):
        home = next((row for row in reversed(rows) if _is_beside(component, row)), None)
        if home is None:
            rows.append([component])
        else:
            home.append(component)
    boxes = [enclosing_box(component.box for component in row) for row in rows]
    for component in components:
        if component.box.height < MIN_ROW_HEIGHT * height:
            gaps = [
                max(box.top - component.box.bottom, component.box.top - box.bottom) for box in boxes
            ]
            if min(gaps) <= MAX_ROW_GAP * height:
                rows[int(np.argmin(gaps))].append(component)
    return rows


def _is_beside(component: Component, row: list[Component]) -> bool:
    """Return whether a component overlaps vertically with its nearest neighbour in the row."""
    near = _nearest_box(component, row)
    overlap = min(component.box.bottom, near.bottom) - max(component.box.top, near.top)
    return overlap >= MIN_ROW_OVERLAP * min(component.box.height, near.height)


def _nearest_box(component: Component, row: list[Component]) -> Box:
    middle = component.box.left + component.box.right
    return min((other.box for other in row), key=lambda box: abs(box.left + box.right - middle))


def split_between_rows(ink: Ink, components: list[Component]) -> list[Component]:
    """Split components that span several rows, such as a digit that touches the one below it.

    ink: (height, width) float32 in 0..1, which holds the components.
    """
    highest = MIN_SPANNING_HEIGHT * typical_height(components, SINGLE_ROW)
    low = [component for component in components if component.box.height <= highest]
    if len(low) == len(components):
        return components
    rows = group_rows(low)
    parts = []
    for component in components:
        if component.box.height <= highest:
            parts.append(component)
        else:
            beside = [_nearest_box(component, row) for row in rows if _is_beside(component, row)]
            parts += _cut_between(ink, component, beside)
    return parts


def _cut_between(ink: Ink, component: Component, beside: list[Box]) -> list[Component]:
    """Cut a component between the boxes beside it, one of each row.

    A cut goes where there is least ink. Ink counts twice as much at the middle of a box as halfway
    between two.
    """
    middles = sorted((box.top + box.bottom) // 2 for box in beside)
    y, x = component.pixels
    y, x = y + component.box.top, x + component.box.left
    amounts = np.bincount(y, ink[y, x])
    cuts = [
        start + int((amounts[start:end] * (1 + np.linspace(-1, 1, end - start) ** 2)).argmin())
        for upper, lower in pairwise(middles)
        if (start := max(upper, component.box.top + 1)) < (end := min(lower, component.box.bottom))
    ]
    numbers = np.searchsorted(cuts, y, side="right")
    sides = [numbers == number for number in range(len(cuts) + 1)]
    return [component_at(ink, y[side], x[side]) for side in sides]
