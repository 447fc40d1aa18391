"""Lines are added around or across a digit, whose own ink stays as it was."""

import numpy as np
import pytest
from scipy import ndimage

from digit_model.synthesis.interference import add_box_remnants, cross_out


@pytest.fixture
def ink():
    """A disc: whatever lies outside of it was added."""
    y, x = np.mgrid[-1:1:80j, -1:1:80j]
    return (x * x + y * y < 0.9).astype(np.float32)


@pytest.mark.parametrize("add_lines", [add_box_remnants, cross_out])
def test_the_ink_is_kept_and_lines_are_added(ink, add_lines):
    rng = np.random.default_rng(0)
    for _ in range(50):
        result = add_lines(ink, rng)
        assert result.dtype == np.float32
        assert result.min() >= 0
        assert result.max() <= 1
        assert (result == 1).sum() >= ink.sum()
        assert result.sum() > ink.sum() + 10


def test_a_box_leaves_at_least_one_side_open(ink):
    rng = np.random.default_rng(1)
    for _ in range(50):
        result = add_box_remnants(ink, rng)
        sides = [result[:3], result[-3:], result[:, :3], result[:, -3:]]
        complete = [side.max(axis=int(np.argmin(side.shape))).min() > 0 for side in sides]
        assert sum(complete) <= 3


def test_a_crossing_line_ends_outside_of_the_digit_on_both_sides(ink):
    rng = np.random.default_rng(2)
    for _ in range(50):
        result = cross_out(ink, rng)
        margin = (result.shape[0] - ink.shape[0]) // 2
        disc = np.pad(ink, margin) > 0
        outside = (result > 0) & ~ndimage.binary_dilation(disc, iterations=2)
        assert ndimage.label(outside)[1] == 2
