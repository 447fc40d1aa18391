import jax
import numpy as np
import pytest

from digit_model.data import augment as module
from digit_model.data.augment import augment
from digit_model.synthesis.digits import draw_digits


@pytest.fixture(scope="module")
def tiles():
    return draw_digits(120, seed=0).tiles


def test_tiles_stay_tiles(tiles):
    harder = np.asarray(augment(jax.random.key(0), tiles))
    assert harder.shape == tiles.shape
    assert harder.dtype == np.float32
    assert harder.min() >= 0
    assert harder.max() <= 1


def test_the_key_decides(tiles):
    first, again, other = (np.asarray(augment(jax.random.key(k), tiles)) for k in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_tiles_differ_from_one_another(tiles):
    same = np.repeat(tiles[:1], len(tiles), axis=0)
    assert len(np.unique(np.asarray(augment(jax.random.key(0), same)), axis=0)) > 100


def test_no_digit_is_lost(tiles):
    harder = np.asarray(augment(jax.random.key(3), tiles))
    assert (harder.sum(axis=(1, 2)) > 0.15 * tiles.sum(axis=(1, 2))).all()


@pytest.mark.parametrize(
    "step", ["shift", "turn", "warp", "change_pen", "add_remnants", "capture_roughly"]
)
def test_each_step_changes_some_tiles_a_little(tiles, step):
    changed = np.asarray(getattr(module, step)(jax.random.key(0), tiles))
    assert not np.array_equal(changed, tiles)
    assert np.abs(changed - tiles).mean() < 0.15
