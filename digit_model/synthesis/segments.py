"""The segments that make up a display's digits."""

import numpy as np

# Which of the seven segments of a digit are lit: top, upper left, upper right, middle, lower left,
# lower right, bottom.
_LIT = (
    *("1110111", "0010010", "1011101", "1011011", "0111010"),
    *("1101011", "1101111", "1010010", "1111111", "1111011"),
)


def lit_segments(label: int, width: float, height: float, gap: float) -> list[np.ndarray]:
    """Return the two ends, (2, 2) x and y, of each segment that a digit lights.

    gap: between the end of a segment and the corner, in the unit of width and height.
    """
    level = [[(gap, y), (width - gap, y)] for y in (0, height / 2, height)]
    upright = [
        [(x, top + gap), (x, top + height / 2 - gap)] for top in (0, height / 2) for x in (0, width)
    ]
    order = [level[0], *upright[:2], level[1], *upright[2:], level[2]]
    return [np.array(ends) for ends, lit in zip(order, _LIT[label], strict=True) if lit == "1"]
