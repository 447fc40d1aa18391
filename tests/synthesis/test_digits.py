"""Drawn digits depend on the seed alone and are tiles as serving makes them."""

import numpy as np
import pytest
from scipy import ndimage

from digit_model.arrays import DIGITS, TILE_BOX, TILE_SIZE
from digit_model.picture.normalise import bounding_box, normalise
from digit_model.synthesis.digits import (
    DIGIT_KINDS,
    crossed,
    draw_digits,
    handwritten,
    small,
)
from digit_model.synthesis.pen import CLOSED_LOOPS, OPEN_LOOPS, draw, write
from digit_model.synthesis.skeletons import load_skeletons

SKELETONS = load_skeletons()
VARIANTS = [
    pytest.param(skeleton, shapes.aspects, id=f"{style} {label} {name}")
    for style, digits in (("written", SKELETONS.digits), ("printed", SKELETONS.printed))
    for label, shapes in digits.items()
    for name, skeleton in shapes.skeletons.items()
] + [pytest.param(sign, (0.8, 1.0), id=name) for name, sign in SKELETONS.signs.items()]


@pytest.fixture(scope="module")
def digits():
    return draw_digits(203, seed=1)


def test_the_same_seed_draws_the_same_digits(digits):
    again = draw_digits(203, seed=1)
    assert np.array_equal(digits.images, again.images)
    assert np.array_equal(digits.labels, again.labels)
    assert not np.array_equal(digits.images, draw_digits(203, seed=2).images)


def test_digits_are_labelled_as_mnist_is_and_balanced(digits):
    assert digits.images.shape == (203, 28, 28)
    assert digits.images.dtype == digits.labels.dtype == np.uint8
    counts = np.bincount(digits.labels, minlength=DIGITS)
    assert counts.min() == 20
    assert counts.max() == 21


def test_digits_are_shuffled(digits):
    assert len(set(digits.labels[:20].tolist())) > 5
    assert not np.array_equal(digits.labels[:20], np.arange(20) % DIGITS)


def test_digits_obey_lecuns_rule(digits):
    for image in digits.images:
        left, top, right, bottom = bounding_box(image.astype(np.float32))
        assert right - left <= TILE_BOX
        assert bottom - top <= TILE_BOX
        row, column = np.add(ndimage.center_of_mass(image), 0.5)
        # The rounding to bytes moves the centre by less than a hundredth of a pixel.
        assert 13.99 <= row < 15.01 or top == 0 or bottom == 28
        assert 13.99 <= column < 15.01 or left == 0 or right == 28


def test_most_pens_are_as_wide_as_those_of_mnist(digits):
    ink = digits.images.mean(axis=(1, 2)) / 255
    assert ink.min() > 0.02
    assert np.quantile(ink, 0.75) < 0.25
    assert ink.max() < 0.4


def test_high_coverage_closes_loops_and_low_coverage_does_not():
    rng = np.random.default_rng(0)
    paths = [np.array([[0, 0], [0.25, 0], [0.25, 1], [0, 1], [0, 0]], float)]
    pen, brush = (draw(paths, 6, rng, coverage) for coverage in (OPEN_LOOPS, CLOSED_LOOPS))
    assert ndimage.label(pen == 0)[1] == 2
    assert ndimage.label(brush == 0)[1] == 1


@pytest.mark.parametrize(("skeleton", "aspects"), VARIANTS)
@pytest.mark.parametrize("pen", [1.0, 4.0])
def test_every_skeleton_can_be_written(skeleton, aspects, pen):
    rng = np.random.default_rng(0)
    ink = draw(write(skeleton, aspects, rng), pen, rng)
    tile, _ = normalise(ink)
    assert not (ink[0].any() or ink[-1].any() or ink[:, 0].any() or ink[:, -1].any())
    assert tile.max() > 0.9
    box = bounding_box(tile)
    assert max(box.width, box.height) >= TILE_BOX - 2


@pytest.mark.parametrize("kind", DIGIT_KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_digit_varies_and_is_never_empty(kind):
    rng = np.random.default_rng(5)
    for label in range(DIGITS):
        tiles = np.array([kind(label, rng) for _ in range(5)])
        assert tiles.shape == (5, TILE_SIZE, TILE_SIZE)
        assert tiles.dtype == np.uint8
        assert tiles.any(axis=(1, 2)).all()
        assert len(np.unique(tiles, axis=0)) == len(tiles)


def test_small_digits_have_hairlines_and_brushes():
    rng = np.random.default_rng(6)
    ink = np.array([small(label % DIGITS, rng).mean() / 255 for label in range(300)])
    assert np.quantile(ink, 0.1) < 0.06
    assert np.quantile(ink, 0.9) > 0.17


def test_no_line_crosses_a_one():
    """It would be a plus."""
    first, second = (np.random.default_rng(7) for _ in range(2))
    assert np.array_equal(crossed(1, first), handwritten(1, second))


def test_a_count_of_zero_draws_nothing():
    assert draw_digits(0, seed=0).images.shape == (0, 28, 28)
