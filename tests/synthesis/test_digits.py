"""Drawn digits: the same from the same seed, and tiles as serving makes them."""

import numpy as np
import pytest
from scipy import ndimage

from digit_model.arrays import DIGITS, TILE_BOX
from digit_model.picture.normalise import bounding_box, normalise
from digit_model.synthesis.digits import draw_digits
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


def test_the_pen_is_no_hair_and_few_are_brushes(digits):
    ink = digits.images.mean(axis=(1, 2)) / 255
    assert ink.min() > 0.02
    assert np.quantile(ink, 0.75) < 0.25
    assert ink.max() < 0.4


def test_a_brush_closes_loops_and_a_pen_does_not():
    rng = np.random.default_rng(0)
    paths = [np.array([[0, 0], [0.25, 0], [0.25, 1], [0, 1], [0, 0]], float)]
    pen, brush = (draw(paths, 6, rng, fullest) for fullest in (OPEN_LOOPS, CLOSED_LOOPS))
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


def test_there_are_several_ways_to_write_each_digit():
    assert set(SKELETONS.digits) == set(range(DIGITS))
    assert min(len(shapes.skeletons) for shapes in SKELETONS.digits.values()) >= 5


def test_none_are_drawn_when_none_are_asked_for():
    assert draw_digits(0, seed=0).images.shape == (0, 28, 28)
