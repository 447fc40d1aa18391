"""Drawn digits and outliers: the same from the same seed, and tiles as serving makes them."""

import numpy as np
import pytest
from scipy import ndimage

from digit_model.arrays import DIGITS, TILE_BOX
from digit_model.picture.normalise import bounding_box, normalise
from digit_model.training.pen import draw, write
from digit_model.training.skeletons import DIGIT_ASPECTS, DIGIT_SKELETONS, SIGN_SKELETONS
from digit_model.training.strokes import _OUTLIERS, draw_digits, draw_outliers

VARIANTS = [
    pytest.param(variant, DIGIT_ASPECTS[digit], id=f"{digit}-{i}")
    for digit, variants in DIGIT_SKELETONS.items()
    for i, variant in enumerate(variants)
] + [pytest.param(sign, (0.8, 1.0), id=name) for name, sign in SIGN_SKELETONS.items()]


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


def test_the_pen_is_no_blob_and_no_hair(digits):
    ink = digits.images.mean(axis=(1, 2)) / 255
    assert ink.min() > 0.02
    assert ink.max() < 0.3


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
    assert set(DIGIT_SKELETONS) == set(DIGIT_ASPECTS) == set(range(DIGITS))
    assert min(map(len, DIGIT_SKELETONS.values())) >= 5


def test_outliers_are_tiles_and_the_same_from_the_same_seed():
    outliers = draw_outliers(150, seed=3)
    assert outliers.shape == (150, 28, 28)
    assert outliers.dtype == np.uint8
    assert outliers.any(axis=(1, 2)).all()
    assert np.array_equal(outliers, draw_outliers(150, seed=3))
    assert not np.array_equal(outliers, draw_outliers(150, seed=4))


@pytest.mark.parametrize("kind", _OUTLIERS, ids=lambda kind: kind.__name__)
def test_every_kind_of_outlier_varies_and_is_never_empty(kind):
    rng = np.random.default_rng(5)
    tiles = np.array([kind(rng) for _ in range(15)])
    assert tiles.dtype == np.uint8
    assert tiles.any(axis=(1, 2)).all()
    assert len(np.unique(tiles, axis=0)) == len(tiles)


def test_none_are_drawn_when_none_are_asked_for():
    assert draw_digits(0, seed=0).images.shape == (0, 28, 28)
    assert draw_outliers(0, seed=0).shape == (0, 28, 28)
