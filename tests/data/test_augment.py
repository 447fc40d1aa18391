"""Augmented tiles are tiles, differ, and still show their digit."""

import jax
import numpy as np
import pytest

from digit_model.data import augment as module
from digit_model.data.augment import augment
from digit_model.synthesis.digits import draw_digits


@pytest.fixture(scope="module")
def tiles():
    return draw_digits(120, seed=0).tiles


def test_distorted_tiles_are_tiles(tiles):
    distorted = np.asarray(augment(jax.random.key(0), tiles))
    assert distorted.shape == tiles.shape
    assert distorted.dtype == np.float32
    assert distorted.min() >= 0
    assert distorted.max() <= 1


def test_the_same_key_gives_the_same_tiles(tiles):
    first, again, other = (np.asarray(augment(jax.random.key(k), tiles)) for k in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_every_tile_is_distorted_differently(tiles):
    same = np.repeat(tiles[:1], len(tiles), axis=0)
    assert len(np.unique(np.asarray(augment(jax.random.key(0), same)), axis=0)) > 100


def test_no_digit_disappears(tiles):
    distorted = np.asarray(augment(jax.random.key(3), tiles))
    assert (distorted.sum(axis=(1, 2)) > 0.15 * tiles.sum(axis=(1, 2))).all()


@pytest.mark.parametrize(
    "step", ["shift", "turn", "warp", "change_pen", "add_remnants", "capture_roughly"]
)
def test_each_step_changes_some_tiles_a_little(tiles, step):
    changed = np.asarray(getattr(module, step)(jax.random.key(0), tiles))
    assert not np.array_equal(changed, tiles)
    assert np.abs(changed - tiles).mean() < 0.15
