"""Outliers depend on the seed alone, vary, and are never empty."""

import numpy as np
import pytest

from digit_model.data.mnist import LabelledImages
from digit_model.synthesis.digits import draw_digits
from digit_model.synthesis.outliers import OUTLIERS, combine_digits, draw_outliers


def test_the_same_seed_draws_the_same_outliers():
    outliers = draw_outliers(150, seed=3)
    assert outliers.shape == (150, 28, 28)
    assert outliers.dtype == np.uint8
    assert outliers.any(axis=(1, 2)).all()
    assert np.array_equal(outliers, draw_outliers(150, seed=3))
    assert not np.array_equal(outliers, draw_outliers(150, seed=4))


@pytest.mark.parametrize("kind", OUTLIERS, ids=lambda kind: kind.__name__)
def test_every_kind_of_outlier_varies_and_is_never_empty(kind):
    rng = np.random.default_rng(5)
    tiles = np.array([kind(rng) for _ in range(15)])
    assert tiles.dtype == np.uint8
    assert tiles.any(axis=(1, 2)).all()
    assert len(np.unique(tiles, axis=0)) == len(tiles)


def test_a_count_of_zero_draws_nothing():
    assert draw_outliers(0, seed=0).shape == (0, 28, 28)
    assert combine_digits(draw_digits(20, seed=0), 0, seed=0).shape == (0, 28, 28)


def test_combined_digits_differ_from_every_digit():
    digits = draw_digits(200, seed=1)
    combined = combine_digits(digits, 50, seed=2)
    assert combined.shape == (50, 28, 28)
    assert combined.dtype == np.uint8
    assert np.array_equal(combined, combine_digits(digits, 50, seed=2))
    gaps = np.abs(combined[:, None].astype(int) - digits.images).mean(axis=(2, 3))
    # As shares of the ink: combining adds at least 15 % to that of either digit.
    assert (gaps.min(axis=1) / combined.mean(axis=(1, 2))).min() > 0.13


def test_digits_of_one_label_are_not_combined():
    digits = draw_digits(100, seed=1)
    threes = digits[digits.labels == 3]
    assert combine_digits(threes, 10, seed=0).shape == (0, 28, 28)
    none = LabelledImages(np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8))
    assert combine_digits(none, 10, seed=0).shape == (0, 28, 28)
