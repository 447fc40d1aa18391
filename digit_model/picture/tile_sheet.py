"""Draw tiles side by side in their rows, in black on white."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from ..arrays import TILE_SIZE, Picture, Placement

# Tiles are enlarged until the longer side of the sheet would pass this, or by this factor at most.
MAX_SIDE_PIXELS = 640
MAX_ZOOM = 10


def draw_tile_sheet(tiles: np.ndarray, rows: Sequence[int]) -> tuple[Picture, list[Placement]]:
    """Draw tiles on one sheet, from left to right in their rows.

    tiles: (n, 28, 28) float32 in 0..1, at least one. rows: the row number of each tile.
    Returns the (height, width, 3) uint8 sheet and the placement of each tile on it.
    """
    numbers = sorted(set(rows))
    columns = [list(rows[:place]).count(row) for place, row in enumerate(rows)]
    width = max(columns) + 1
    zoom = min(MAX_ZOOM, max(1, MAX_SIDE_PIXELS // (TILE_SIZE * max(width, len(numbers)))))
    side = zoom * TILE_SIZE
    paper = np.full((side * len(numbers), side * width), 255, np.uint8)
    placements = []
    for tile, row, column in zip(tiles, rows, columns, strict=True):
        top, left = side * numbers.index(row), side * column
        grey = Image.fromarray(np.rint(255 * (1 - tile)).astype(np.uint8))
        large = grey.resize((side, side), Image.Resampling.BILINEAR)
        paper[top : top + side, left : left + side] = np.asarray(large)
        placements.append(Placement(left, top, zoom, zoom))
    return np.repeat(paper[..., None], 3, axis=2), placements
