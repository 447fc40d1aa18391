"""Ink -> its one digit, or its rows of digits, each taken apart into what they may be."""

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
# Of the ink of the heaviest component: what has less is a speck.
SPECK = 0.01
# Of the heaviest component's ink per length: what has less was not drawn with its pen, but is a
# piece of a ruled line.
MIN_INK_PER_LENGTH = 0.1
# One digit is no wider for its height than this, ...
MAX_DIGIT_WIDTH = 1.3
# ... and does not fall into more components than this.
MAX_FRAGMENTS = 8
# Of these no more than MAX_LARGE_FRAGMENTS have this share of the heaviest one's ink.
LARGE_FRAGMENT = 0.1
MAX_LARGE_FRAGMENTS = 3


def single_digit(ink: Ink) -> Glyph:
    """The ink as exactly one digit: its heaviest component, and what lies near that.

    ink: (height, width) float32 in 0..1, not all 0. Specks are left out, and so are components at
    the picture's edge, unless the digit was cut out tightly.
    """
    components = connected_components(ink)
    cut_out = min(ink.shape) < MIN_PAGE_SIDE
    main = max(components, key=lambda component: component.mass)
    reach = NEAR * max(main.box.width, main.box.height)
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
    """The rows of a picture from the top, and what the digits in each may be, from the left.

    ink: (height, width) float32 in 0..1, not all 0. Specks are left out. Marks that are in no row
    follow as rows without glyphs.
    """
    mended = _mended(_without_specks(connected_components(ink)))
    rows = _rows(mended)
    in_rows = {id(component) for row in rows for component in row}
    height = typical_height(mended)
    return [build_lattice(ink, row, number) for number, row in enumerate(rows)] + [
        digitless_lattice(mark, height) for mark in mended if id(mark) not in in_rows
    ]


def fragments_of_one_digit(ink: Ink) -> Glyph | None:
    """Return all of the ink as one glyph if it may be a single digit, broken; None if it may not.

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
        if component.mass >= SPECK * main.mass and _ink_per_length(component) >= least
    ]


def _ink_per_length(component: Component) -> float:
    return component.mass / max(component.box.width, component.box.height)


def _gap(a: Box, b: Box) -> int:
    """The larger of the horizontal and vertical distances between two boxes."""
    across = max(a.left, b.left) - min(a.right, b.right)
    down = max(a.top, b.top) - min(a.bottom, b.bottom)
    return max(across, down, 0)


def _touches_edge(box: Box, shape: tuple[int, ...]) -> bool:
    return box.left == 0 or box.top == 0 or box.right == shape[1] or box.bottom == shape[0]


def _mended(components: list[Component]) -> list[Component]:
    """Join what would be rows of their own but lies on top of each other: a digit broken across."""
    height = typical_height(components)
    large = [component for component in components if component.box.height >= SMALL * height]
    done = [component for component in components if component.box.height < SMALL * height]
    while large:
        component = large.pop()
        other = next((other for other in large if _stacked(component.box, other.box)), None)
        if other is None:
            done.append(component)
        else:
            large.remove(other)
            large.append(merge_components([component, other]))
    return done


def _stacked(a: Box, b: Box) -> bool:
    """Whether one box stands on the other without a row's distance."""
    across = min(a.right, b.right) - max(a.left, b.left)
    down = max(a.top, b.top) - min(a.bottom, b.bottom)
    low, high = sorted([a.height, b.height])
    return across >= STACKED * min(a.width, b.width) and -low / 2 <= down <= CRACK * high


def _rows(components: list[Component]) -> list[list[Component]]:
    """Parts share a row where they lie beside each other; small ones join the nearest."""
    height = typical_height(components)
    large = [component for component in components if component.box.height >= SMALL * height]
    rows: list[list[Component]] = []
    for component in sorted(large, key=lambda component: component.box.top + component.box.bottom):
        home = next((row for row in reversed(rows) if _beside(component, row)), None)
        if home is None:
            rows.append([component])
        else:
            home.append(component)
    boxes = [enclosing_box(component.box for component in row) for row in rows]
    for component in components:
        if component.box.height < SMALL * height:
            gaps = [
                max(box.top - component.box.bottom, component.box.top - box.bottom) for box in boxes
            ]
            if min(gaps) <= NEAR * height:
                rows[int(np.argmin(gaps))].append(component)
    return rows


def _beside(component: Component, row: list[Component]) -> bool:
    """Whether a component overlaps in height with its nearest neighbour in the row."""
    middle = component.box.left + component.box.right
    near = min(row, key=lambda other: abs(other.box.left + other.box.right - middle)).box
    overlap = min(component.box.bottom, near.bottom) - max(component.box.top, near.top)
    return overlap >= BESIDE * min(component.box.height, near.height)
