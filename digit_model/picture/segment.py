"""Split ink into rows, and each row into a lattice of possible digits; or take it as one digit."""

from collections.abc import Iterator
from dataclasses import replace

from ..arrays import Box, Ink
from .components import (
    Component,
    Glyph,
    close_gaps,
    connected_components,
    enclosing_box,
    make_glyph,
    merge_components,
    typical_height,
)
from .darkness import MIN_PAGE_SIDE
from .lattice import Lattice, build_lattice, digitless_lattice, one_digit_lattice
from .rings import without_rings
from .rows import MIN_ROW_HEIGHT, group_rows, split_between_rows
from .signs import signs_of_row

# Maximum gap between a digit and its fragments, as a share of the digit's longer side.
MAX_GAP = 0.3
# Fragments of a digit that is broken across overlap by this share of the narrower one's width, ...
MIN_STACK_OVERLAP = 0.4
# ... and their gap is at most this share of the taller one's height.
MAX_STACK_GAP = 0.15
# ... Together they are at most this many times as high as the other digits.
MAX_BROKEN_HEIGHT = 1.4
# ... or this many times as high as a usual fragment, if all digits are broken.
MAX_STACK_HEIGHT = 2.5
# A picture with more components is taken in one way only.
MAX_DOUBTFUL_COMPONENTS = 100
# A component with less than this share of the heaviest one's ink is a speck.
MIN_INK = 0.01
# ... and beside a single digit this share, or it is no fragment of it.
MIN_FRAGMENT = 0.02
# A component with less than this share of the heaviest one's ink per length is a piece of a ruled
# line.
MIN_INK_PER_LENGTH = 0.1
# ... unless it is about as high as the digits, of which there are at least so many.
MIN_DIGITS_OF_ROW = 2
# A component that covers less than this share of its box, with heavier ones inside, is a frame.
MAX_FRAME_COVER = 0.1
# A single digit is at most this many times as wide as high, ...
MAX_DIGIT_WIDTH = 1.3
# ... and has at most this many fragments, ...
MAX_FRAGMENTS = 16
# ... of which at most MAX_LARGE_FRAGMENTS have this share of the heaviest one's ink.
LARGE_FRAGMENT = 0.1
MAX_LARGE_FRAGMENTS = 8
# A picture smaller than any page is one digit, cut out, unless it is longer for its width.
MAX_CUT_OUT_ASPECT = 1.3
# Gaps that its strokes may have are narrower than so many pixels: it was made small without blur.
CUT_OUT_GAP = 3


def single_digit(ink: Ink) -> Glyph:
    """Return the ink as exactly one digit: its heaviest component and those near it.

    ink: (height, width) float32 in 0..1, not all 0. Specks are left out, and so are components at
    the picture's edge, unless the digit was cut out tightly.
    """
    components = connected_components(ink)
    if not _is_cut_out(ink.shape):
        components = without_rings(components)
    return make_glyph(ink, _near_heaviest(components, ink.shape), 0)


def segmentations(ink: Ink) -> Iterator[list[Lattice]]:
    """Yield the ways to take a picture, each as a lattice for each of its rows, from the top.

    ink: (height, width) float32 in 0..1, not all 0. The first way joins the fragments of broken
    digits where they are together as high as a digit. The others differ from it and are there
    only where they are possible: one splits digits that touch the row below, one joins everything
    that lies on top of each other, and the last takes the picture as one broken digit. Specks are
    left out. Marks that belong to no row follow as lattices without glyphs. A digit that was cut
    out is taken as it is, and if it is broken also with its gaps closed.
    """
    if _is_cut_out(ink.shape) and max(ink.shape) <= MAX_CUT_OUT_ASPECT * min(ink.shape):
        yield from _cut_out_digit(ink)
        return
    components = without_rings(_without_frames(_without_specks(connected_components(ink))))
    height = typical_height(components)
    fitting = _merge_stacked(components, MAX_BROKEN_HEIGHT * height)
    yield _lattices(ink, fitting, height)
    if len(components) > MAX_DOUBTFUL_COMPONENTS:
        return
    split = split_between_rows(ink, fitting)
    if len(split) > len(fitting):
        yield _lattices(ink, split, typical_height(split))
    joined = _merge_stacked(fitting, MAX_STACK_HEIGHT * height)
    if len(joined) < len(fitting):
        yield _lattices(ink, joined, height)
    if as_one := _as_one_digit(ink, components):
        yield [as_one]


def _cut_out_digit(ink: Ink) -> Iterator[list[Lattice]]:
    components = connected_components(ink)
    near = _near_heaviest(components, ink.shape)
    others = [component for component in components if component not in near]
    digit = make_glyph(ink, near, 0)
    yield [one_digit_lattice(digit, others)]
    if len(near) > 1:
        closed = replace(digit, ink=close_gaps(digit.ink, CUT_OUT_GAP))
        yield [one_digit_lattice(closed, others)]


def _near_heaviest(
    components: list[Component], shape: tuple[int, ...], *, chained: bool = False
) -> list[Component]:
    """Return the heaviest component and those near it that may be its fragments.

    chained: a fragment may also be near another fragment only.
    """
    cut_out = _is_cut_out(shape)
    main = max(components, key=lambda component: component.mass)
    reach = MAX_GAP * max(main.box.width, main.box.height)
    near = [main]
    rest = [
        component
        for component in components
        if component is not main
        and component.mass >= MIN_FRAGMENT * main.mass
        and (cut_out or not _touches_edge(component.box, shape))
    ]
    for fragment in near:
        found = [component for component in rest if _gap(component.box, fragment.box) <= reach]
        near.extend(found)
        rest = [component for component in rest if component not in found]
        if not (chained or cut_out):
            break
    return near


def _is_cut_out(shape: tuple[int, ...]) -> bool:
    """Return whether a picture is too small for a page, so that all of it may be one digit."""
    return min(shape) < MIN_PAGE_SIDE


def _lattices(ink: Ink, components: list[Component], height: float) -> list[Lattice]:
    """Return a lattice for each row and each mark between or beside the rows.

    height: of the picture's digits.
    """
    rows = group_rows(components)
    lattices = []
    for number, row in enumerate(rows):
        signs = signs_of_row(row)
        parts = {id(part) for sign in signs for part in sign.parts}
        digits = [component for component in row if id(component) not in parts]
        if digits:
            lattices.append(build_lattice(ink, digits, number, height))
        lattices += [digitless_lattice(sign.mark, height, sign.kind) for sign in signs]
    in_rows = {id(component) for row in rows for component in row}
    beside = [mark for mark in components if id(mark) not in in_rows]
    return lattices + [digitless_lattice(mark, height) for mark in beside]


def _as_one_digit(ink: Ink, components: list[Component]) -> Lattice | None:
    """Return the heaviest component and those near it as one digit, unless they cannot be one."""
    near = _near_heaviest(components, ink.shape, chained=True)
    box = enclosing_box(component.box for component in near)
    large = sum(component.mass >= LARGE_FRAGMENT * near[0].mass for component in near)
    is_broken = 1 < len(near) <= MAX_FRAGMENTS and large <= MAX_LARGE_FRAGMENTS
    if not is_broken or box.width > MAX_DIGIT_WIDTH * box.height:
        return None
    others = [component for component in components if component not in near]
    return one_digit_lattice(make_glyph(ink, near, 0), others)


def _without_specks(components: list[Component]) -> list[Component]:
    """Return the components without specks and pieces of lines thinner than the pen.

    A thin stroke as high as the other digits stays: it may be a 1 in a row of broader digits.
    """
    main = max(components, key=lambda component: component.mass)
    marks = [component for component in components if component.mass >= MIN_INK * main.mass]
    least = MIN_INK_PER_LENGTH * _ink_per_length(main)
    broad = [mark for mark in marks if _ink_per_length(mark) >= least]
    height = typical_height(broad)
    lowest, highest = MIN_ROW_HEIGHT * height, MAX_BROKEN_HEIGHT * height
    if sum(mark.box.height >= lowest for mark in broad) < MIN_DIGITS_OF_ROW:
        return broad
    return [
        mark
        for mark in marks
        if _ink_per_length(mark) >= least or lowest <= mark.box.height <= highest
    ]


def _without_frames(components: list[Component]) -> list[Component]:
    """Return the components without the edges of a sheet, and other lines, around heavier marks."""
    return [
        component
        for component in components
        if component.mask.mean() >= MAX_FRAME_COVER
        or component.mass > sum(o.mass for o in components if component.box.surrounds(o.box))
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


def _merge_stacked(components: list[Component], max_height: float) -> list[Component]:
    """Merge large components on top of each other, up to a height: digits broken across."""
    height = typical_height(components)
    large = [
        component for component in components if component.box.height >= MIN_ROW_HEIGHT * height
    ]
    done = [component for component in components if component.box.height < MIN_ROW_HEIGHT * height]
    while large:
        component = large.pop()
        other = next(
            (
                other
                for other in large
                if _is_stacked(component.box, other.box)
                and enclosing_box([component.box, other.box]).height <= max_height
            ),
            None,
        )
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
