import numpy as np
import pytest

from digit_model.arrays import TILE_SIZE
from digit_model.picture.tile_sheet import draw_tile_sheet


def tiles(count: int) -> np.ndarray:
    found = np.zeros((count, TILE_SIZE, TILE_SIZE), np.float32)
    found[np.arange(count), 5 + np.arange(count) % 18, 14] = 1
    return found


@pytest.mark.parametrize("rows", [(0,), (0, 0, 0), (0, 0, 1), (0, 3, 3, 3, 7), tuple(range(64))])
def test_each_tile_lies_where_its_placement_says(rows):
    given = tiles(len(rows))
    picture, placements = draw_tile_sheet(given, rows)
    assert picture.dtype == np.uint8
    assert max(picture.shape) <= 64 * TILE_SIZE
    for tile, (left, top, scale, y_scale, turn) in zip(given, placements, strict=True):
        assert y_scale == scale
        assert turn == 0
        side = round(scale * TILE_SIZE)
        part = picture[round(top) : round(top) + side, round(left) : round(left) + side, 0]
        assert part.shape == (side, side)
        y, x = np.unravel_index(part.argmin(), part.shape)
        assert tile[int(y / scale), int(x / scale)] == 1


def test_rows_stand_below_one_another():
    picture, placements = draw_tile_sheet(tiles(3), (0, 0, 1))
    assert picture.shape[0] == picture.shape[1]
    assert placements[2].top > placements[1].top
    assert placements[2].left == placements[0].left
