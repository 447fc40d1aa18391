"""Find the signs in a row that shape and place tell from digits: %, #, parentheses, slashes."""

from collections.abc import Iterator
from typing import NamedTuple

from .components import Component, merge_components, typical_height
from .lattice import row_slant
from .marks import bow_of_stroke, is_hash, is_loop, lean_of_slash
from .rows import MIN_ROW_HEIGHT

# A slash leans beyond the slant of its row by at least MIN_EXTRA_LEAN. This is lower by
# LEAN_PER_HEIGHT times the share by which it is higher than the digits, and more if it is lower.
# Else it is a 1.
MIN_EXTRA_LEAN = 0.42
LEAN_PER_HEIGHT = 2.5
# How far parentheses are bowed at least, as a share of their height: each, and both together.
MIN_BOW = 0.02
MIN_BOWS = 0.08
# A bar is this many times as high as the highest digit, and bowed at most by an unsteady hand.
MIN_BAR_HEIGHT = 1.6
MAX_BAR_BOW = 0.06
# The loops of a percent sign are at most this share of its height.
MAX_LOOP = 0.6


class Sign(NamedTuple):
    """A mark that is no digit: its kind and its components."""

    kind: str
    parts: list[Component]

    @property
    def mark(self) -> Component:
        """All parts as one."""
        return merge_components(self.parts)


def signs_of_row(row: list[Component]) -> list[Sign]:
    """Return the signs among the components of a row; each component belongs to one at most."""
    found: list[Sign] = []
    for find in (_hashes, _percents, _parentheses, _slashes_and_bars):
        taken = {id(part) for sign in found for part in sign.parts}
        found += find([component for component in row if id(component) not in taken])
    return found


def _tall(row: list[Component]) -> list[Component]:
    """Return the components as high as digits, from the left."""
    if not row:
        return []
    least = MIN_ROW_HEIGHT * typical_height(row)
    tall = [component for component in row if component.box.height >= least]
    return sorted(tall, key=lambda component: component.box.left + component.box.right)


def _hashes(row: list[Component]) -> Iterator[Sign]:
    for component in _tall(row):
        if is_hash(component):
            yield Sign("hash", [component])


def _percents(row: list[Component]) -> Iterator[Sign]:
    """Yield strokes that lean to the right between two loops, one above and one below."""
    if len(row) < 3:
        return
    loops = [component for component in row if is_loop(component)]
    for stroke in _tall(row) if len(loops) > 1 else ():
        if lean_of_slash(stroke) is None:
            continue
        above = [loop for loop in loops if _lies_beside(loop, stroke, -1)]
        below = [loop for loop in loops if _lies_beside(loop, stroke, 1)]
        if len(above) == len(below) == 1:
            yield Sign("percent", [stroke, *above, *below])


def _lies_beside(loop: Component, stroke: Component, side: int) -> bool:
    """Return whether a small loop lies near a stroke, to the left and higher (-1), or opposite."""
    a, b, height = loop.box, stroke.box, stroke.box.height
    across = side * (a.left + a.right - b.left - b.right) / 2
    down = side * (a.top + a.bottom - b.top - b.bottom) / 2
    return a.height <= MAX_LOOP * height and 0 < across <= height and 0 < down <= height


def _parentheses(row: list[Component]) -> Iterator[Sign]:
    """Yield the first and the last mark of a row if they are bowed away from each other."""
    tall = _tall(row)
    if len(tall) < 3:
        return
    first, last = tall[0], tall[-1]
    left, right = bow_of_stroke(first), bow_of_stroke(last)
    if left is None or right is None:
        return
    if min(-left, right) >= MIN_BOW and right - left >= MIN_BOWS:
        yield Sign("parenthesis", [first])
        yield Sign("parenthesis", [last])


def _slashes_and_bars(row: list[Component]) -> Iterator[Sign]:
    """Yield the straight strokes that lean too far, or are too high, for a 1."""
    tall = _tall(row)
    for component in tall:
        if _is_slash(component, tall):
            yield Sign("slash", [component])
        elif _is_bar(component, tall):
            yield Sign("bar", [component])


def _is_slash(component: Component, tall: list[Component]) -> bool:
    others = [other for other in tall if other is not component]
    left, right = component.box.left, component.box.right
    is_between = any(other.box.left < left for other in others) and any(
        other.box.right > right for other in others
    )
    lean = lean_of_slash(component) if is_between else None
    if lean is None:
        return False
    excess = component.box.height / max(other.box.height for other in others) - 1
    slant = row_slant(others, typical_height(others))
    return lean - slant + LEAN_PER_HEIGHT * excess >= MIN_EXTRA_LEAN


def _is_bar(component: Component, tall: list[Component]) -> bool:
    heights = [other.box.height for other in tall if other is not component]
    if len(heights) < 2 or component.box.height < MIN_BAR_HEIGHT * max(heights):
        return False
    bow = bow_of_stroke(component)
    return bow is not None and abs(bow) <= MAX_BAR_BOW
