"""Name the marks that a reading leaves out: a decimal point, a comma, a dash, a plus."""

from collections.abc import Sequence
from typing import NamedTuple

from ..arrays import Box
from .components import enclosing_box
from .lattice import Lattice, Span
from .marks import kind_of_cross

# A mark with less ink than this share of the row's heaviest digit is a speck.
MIN_MASS = 0.02
# Shares of the height of the row's digits.
MAX_DOT_SIZE = 0.35
MAX_DASH_HEIGHT = 0.3
MIN_DASH_WIDTH = 0.15
MAX_COMMA_HEIGHT = 0.55
# A dash is this many times as wide as high, and a comma as high as wide.
DASH_ASPECT = 1.8
COMMA_ASPECT = 1.3


class LeftOut(NamedTuple):
    """A mark that is not read: its box on the ink, and its kind where the shape is clear."""

    box: Box
    kind: str | None


def marks_left_out(row: Lattice, spans: Sequence[Span]) -> list[LeftOut]:
    """Return the marks of a row that are in none of the spans that are read as digits."""
    marks = row.left_out(spans)
    if not spans:
        return [LeftOut(mark.box, row.sign) for mark in marks]
    glyphs = [row.glyphs[span] for span in spans]
    boxes = enclosing_box([glyph.box for glyph in glyphs])
    heaviest = max(float(glyph.ink.sum()) for glyph in glyphs)
    return [
        LeftOut(mark.box, kind_of_mark(mark.box, boxes, row.height) or kind_of_cross(mark))
        for mark in marks
        if mark.mass >= MIN_MASS * heaviest
    ]


def kind_of_mark(box: Box, row: Box, height: float) -> str | None:
    """Return "dot", "comma" or "dash" if the box's shape and place are those of one, else None.

    row: the box of the row's digits. height: the usual height of the digits.
    """
    middle = (box.top + box.bottom) / 2
    is_low = middle > row.bottom - 0.35 * height
    if box.width >= DASH_ASPECT * box.height:
        is_dash = (
            box.height <= MAX_DASH_HEIGHT * height
            and box.width >= MIN_DASH_WIDTH * height
            and not is_low
        )
        return "dash" if is_dash else None
    if is_low and COMMA_ASPECT * box.width <= box.height <= MAX_COMMA_HEIGHT * height:
        return "comma"
    if is_low and max(box.width, box.height) <= MAX_DOT_SIZE * height:
        return "dot"
    return None
