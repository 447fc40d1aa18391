"""A row becomes a strip whose digits are as large as in a tile, and which is level."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digit_model.arrays import TILE_BOX
from digit_model.picture.components import connected_components
from digit_model.picture.strip import STRIP_HEIGHT, STRIP_MARGIN, draw_strip, row_steps


def bars(height, *, count=4, pen=0.15, rise=0.0):
    """Upright bars with feet as a row's ink. rise: the slope of the row, a tangent."""
    pitch = height
    canvas = Image.new("F", (count * pitch + height, 3 * height))
    brush = ImageDraw.Draw(canvas)
    for number in range(count):
        x = height / 2 + number * pitch
        top = height + rise * x
        width = max(1, round(pen * height))
        brush.rectangle((x, top, x + width - 1, top + height - 1), fill=1.0)
        brush.rectangle((x, top + height - width, x + height / 2, top + height - 1), fill=1.0)
    return np.asarray(canvas)


def strip_of(ink, height):
    return draw_strip(ink, connected_components(ink), height).image


@pytest.mark.parametrize("height", [8, 20, 37, 100, 333])
def test_digits_of_any_size_are_as_high_as_in_a_tile(height):
    strip = strip_of(bars(height), height)
    assert strip.dtype == np.float32
    assert strip.shape[0] == STRIP_HEIGHT
    assert 0 <= strip.min() <= strip.max() <= 1
    filled = np.flatnonzero((strip > 0.5).any(axis=1))
    assert filled[-1] + 1 - filled[0] == pytest.approx(TILE_BOX, abs=2)
    assert filled.mean() == pytest.approx(STRIP_HEIGHT / 2, abs=1.5)


def test_paper_lies_at_both_ends():
    strip = strip_of(bars(60), 60)
    filled = np.flatnonzero(strip.any(axis=0))
    assert filled[0] == STRIP_MARGIN
    assert strip.shape[1] - 1 - filled[-1] == STRIP_MARGIN


@pytest.mark.parametrize("height", [20, 60, 333])
@pytest.mark.parametrize("pen", [0.02, 0.15, 0.4])
def test_a_column_of_a_strip_is_found_on_the_ink(height, pen):
    ink = bars(height, pen=pen)
    strip = draw_strip(ink, connected_components(ink), height)
    ends = [np.flatnonzero(one.any(axis=0))[[0, -1]] + [0, 1] for one in (strip.image, ink)]
    found = [strip.ink_column(column) for column in ends[0]]
    np.testing.assert_allclose(np.mean(found), np.mean(ends[1]), atol=strip.pixel)


@pytest.mark.parametrize("rise", [-0.3, 0.2])
def test_a_slanting_row_becomes_level(rise):
    strip = strip_of(bars(60, count=6, rise=rise), 60)
    filled = np.flatnonzero((strip > 0.5).any(axis=1))
    assert filled[-1] + 1 - filled[0] <= TILE_BOX + 4


def test_two_digits_at_different_heights_keep_them():
    strip = strip_of(bars(60, count=2, rise=0.2), 60)
    filled = np.flatnonzero((strip > 0.5).any(axis=1))
    assert filled[-1] + 1 - filled[0] >= TILE_BOX + 3


def test_thin_and_broad_pens_come_nearer_to_the_usual_width():
    thin, broad = (strip_of(bars(100, pen=pen), 100) for pen in (0.02, 0.4))
    assert (thin > 0.5).sum(axis=1).max() >= 2 * 4
    assert (broad > 0.5).sum() < 0.6 * 4 * TILE_BOX * 0.4 * TILE_BOX * 1.5


def test_what_lies_far_above_or_below_is_cut_off():
    ink = bars(60).copy()
    ink[:5, 100:120] = 1
    ink[-5:, 100:120] = 1
    strip = strip_of(ink, 60)
    assert strip.shape[0] == STRIP_HEIGHT
    assert not strip[:2].any()


def test_strips_are_one_step_below_each_other():
    strips = [np.full((STRIP_HEIGHT, width), 0.5, np.float32) for width in (40, 70)]
    [(name, together)] = row_steps(strips)
    assert name == "whole rows"
    assert together.shape == (2 * STRIP_HEIGHT, 70)
    assert not together[:STRIP_HEIGHT, 40:].any()
    assert list(row_steps([])) == []
