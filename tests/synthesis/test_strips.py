"""Strips for the row reader: digits of one hand, within the network's window, repeatable."""

import numpy as np
import pytest

from digit_model.picture.strip import STRIP_HEIGHT, STRIP_MARGIN, STRIP_WINDOW
from digit_model.synthesis.digits import draw_digits
from digit_model.synthesis.strips import MAX_DIGITS, draw_strips


@pytest.fixture(scope="module")
def drawn():
    return draw_digits(400, seed=1)


@pytest.fixture(scope="module")
def strips(drawn):
    return draw_strips(drawn, drawn, 150, seed=2)


def test_strips_have_the_size_and_labels_that_training_expects(strips):
    assert strips.images.shape == (150, STRIP_HEIGHT, STRIP_WINDOW)
    assert strips.images.dtype == np.uint8
    assert strips.labels.shape == (150, MAX_DIGITS)
    assert strips.labels.max() == 10
    lengths = (strips.labels > 0).sum(axis=1)
    assert lengths.min() >= 1
    assert set(range(1, 7)) <= set(lengths.tolist())
    for labels, length in zip(strips.labels, lengths, strict=True):
        assert not labels[length:].any()


def test_every_strip_has_ink_and_paper_before_it(strips):
    assert (strips.images.max(axis=(1, 2)) > 150).all()
    assert np.median(strips.images[:, :, : STRIP_MARGIN - 2].max(axis=(1, 2))) < 50


def test_the_longer_the_number_the_wider_its_ink(strips):
    lengths = (strips.labels > 0).sum(axis=1)
    widths = (strips.images.max(axis=1) > 100).sum(axis=1)
    assert np.corrcoef(lengths, widths)[0, 1] > 0.7


def test_the_same_seed_draws_the_same_strips(drawn, strips):
    again = draw_strips(drawn, drawn, 150, seed=2)
    np.testing.assert_array_equal(again.images, strips.images)
    other = draw_strips(drawn, drawn, 150, seed=3)
    assert (other.images != strips.images).any()
