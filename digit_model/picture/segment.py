"""Split ink into rows, and each row into a lattice of possible digits; or take it as one digit."""

import numpy as np

from ..arrays import Box, Ink
from .components import (
    Component,
    Glyph,
    connected_components,
    enclosing_box,
    make_glyph,
    merge_components,
    typical_height,
)
from .ink import MIN_PAGE_SIDE
from .lattice import Lattice, build_lattice, digitless_lattice

# Maximum gap between a digit and its fragments, as a share of the digit's longer side; or between
# a small mark and its row, as a share of the digits' height.
MAX_GAP = 0.3
# A component lower than this share of the digits' height is a dot, a dash or a fragment, and never
# starts a row.
MIN_ROW_HEIGHT = 0.5
# Neighbours in a row overlap vertically by this share of the lower one's height.
MIN_ROW_OVERLAP = 0.4
# Fragments of a digit that is broken across overlap by this share of the narrower one's width, ...
MIN_STACK_OVERLAP = 0.4
# ... and their gap is at most this share of the taller one's height.
MAX_STACK_GAP = 0.15
# A component with less than this share of the heaviest one's ink is a speck.
MIN_INK = 0.01
# A component with less than this share of the heaviest one's ink per length is a piece of a ruled
# line.
MIN_INK_PER_LENGTH = 0.1
# A single digit is at most this many times as wide as high, ...
MAX_DIGIT_WIDTH = 1.3
# ... and has at most this many fragments, ...
MAX_FRAGMENTS = 8
# ... of which at most MAX_LARGE_FRAGMENTS have this share of the heaviest one's ink.
LARGE_FRAGMENT = 0.1
MAX_LARGE_FRAGMENTS = 3


def single_digit(ink: Ink) -> Glyph:
    """Return the ink as exactly one digit: its heaviest component and those near it.

    ink: (height, width) float32 in 0..1, not all 0. Specks are left out, and so are components at
    the picture's edge, unless the digit was cut out tightly.
    """
    components = connected_components(ink)
    cut_out = min(ink.shape) < MIN_PAGE_SIDE
    main = max(components, key=lambda component: component.mass)
    reach = MAX_GAP * max(main.box.width, main.box.height)
    kept = [
        component
        for component in components
        if component is main
        or (
            _gap(component.box, main.box) <= reach
            and component.mass >= 0.02 * main.mass
            and (cut_out or not _touches_edge(component.box, ink.shape))
        )
    ]
    return make_glyph(ink, kept, 0)


def segment(ink: Ink) -> list[Lattice]:
    """Return a lattice for each row of a picture, from the top.

    ink: (height, width) float32 in 0..1, not all 0. Specks are left out. Marks that belong to no
    row follow as lattices without glyphs.
    """
    components = _merge_broken(_without_specks(connected_components(ink)))
    rows = _group_rows(components)
    in_rows = {id(component) for row in rows for component in row}
    height = typical_height(components)
    return [build_lattice(ink, row, number) for number, row in enumerate(rows)] + [
        digitless_lattice(mark, height) for mark in components if id(mark) not in in_rows
    ]


def fragments_of_one_digit(ink: Ink) -> Glyph | None:
    """Return all of the ink as one glyph, or None if it cannot be a single broken digit.

    ink: (height, width) float32 in 0..1, not all 0. Specks are left out.
    """
    components = _without_specks(connected_components(ink))
    box = enclosing_box(component.box for component in components)
    heaviest = max(component.mass for component in components)
    large = sum(component.mass >= LARGE_FRAGMENT * heaviest for component in components)
    is_broken = 1 < len(components) <= MAX_FRAGMENTS and large <= MAX_LARGE_FRAGMENTS
    if not is_broken or box.width > MAX_DIGIT_WIDTH * box.height:
        return None
    return make_glyph(ink, components, 0)


def _without_specks(components: list[Component]) -> list[Component]:
    """Return the components without specks and pieces of lines thinner than the pen."""
    main = max(components, key=lambda component: component.mass)
    least = MIN_INK_PER_LENGTH * _ink_per_length(main)
    return [
        component
        for component in components
        if component.mass >= MIN_INK * main.mass and _ink_per_length(component) >= least
    ]


def _ink_per_length(component: Component) -> float:
    return component.mass / max(component.box.width, component.box.height)


def _gap(a: Box, b: Box) -> int:
    """Return the larger of the horizontal and vertical distances between two boxes."""
    across = max(a.left, b.left) - min(a.right, b.right)
    down = max(a.top, b.top) - min(a.bottom, b.bottom)
    return max(across, down, 0)


def _touches_edge(box: Box, shape: tuple[int, ...]) -> bool:
    return box.left == 0 or box.top == 0 or box.right == shape[1] or box.bottom == shape[0]


def _merge_broken(components: list[Component]) -> list[Component]:
    """Merge large components that lie on top of each other: a digit that is broken across."""
    height = typical_height(components)
    large = [
        component for component in components if component.box.height >= MIN_ROW_HEIGHT * height
    ]
    done = [component for component in components if component.box.height < MIN_ROW_HEIGHT * height]
    while large:
        component = large.pop()
        other = next((other for other in large if _is_stacked(component.box, other.box)), None)
        if other is None:
            done.append(component)
        else:
            large.remove(other)
            large.append(merge_components([component, other]))
    return done


def _is_stacked(a: Box, b: Box) -> bool:
    """Return whether one box lies on the other, closer than two rows would."""
    across = min(a.right, b.right) - max(a.left, b.left)
    down = max(a.top, b.top) - min(a.bottom, b.bottom)
    low, high = sorted([a.height, b.height])
    return (
        across >= MIN_STACK_OVERLAP * min(a.width, b.width)
        and -low / 2 <= down <= MAX_STACK_GAP * high
    )


def _group_rows(components: list[Component]) -> list[list[Component]]:
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
            if min(gaps) <= MAX_GAP * height:
                rows[int(np.argmin(gaps))].append(component)
    return rows


def _is_beside(component: Component, row: list[Component]) -> bool:
    """Return whether a component overlaps vertically with its nearest neighbour in the row."""
    middle = component.box.left + component.box.right
    near = min(row, key=lambda other: abs(other.box.left + other.box.right - middle)).box
    overlap = min(component.box.bottom, near.bottom) - max(component.box.top, near.top)
    return overlap >= MIN_ROW_OVERLAP * min(component.box.height, near.height)
