"""What every architecture must hold."""

import keras
import numpy as np
import pytest

from digit_model.architectures import ARCHITECTURES, FEATURES
from digit_model.arrays import DIGITS, TILE_SIZE


@pytest.fixture(params=sorted(ARCHITECTURES))
def model(request):
    keras.utils.set_random_seed(0)
    return ARCHITECTURES[request.param]()


def test_tiles_give_logits(model):
    tiles = np.random.default_rng(0).random((3, TILE_SIZE, TILE_SIZE), np.float32)
    logits = model.predict_on_batch(tiles)
    assert logits.shape == (3, DIGITS)
    # Logits, not probabilities: their exponentials do not sum to one by themselves.
    assert not np.allclose(logits.sum(axis=1), 1)


def test_a_tile_is_read_alike_alone_and_in_company(model):
    tiles = np.random.default_rng(0).random((5, TILE_SIZE, TILE_SIZE), np.float32)
    together = model.predict_on_batch(tiles)
    alone = np.concatenate([model.predict_on_batch(tile[None]) for tile in tiles])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_features_are_maps_where_there_are_any(model):
    if any(layer.name == FEATURES for layer in model.layers):
        assert len(model.get_layer(FEATURES).output.shape) == 4


def test_the_docstring_tells_the_parameters(model):
    told = ARCHITECTURES[model.name].__doc__
    assert f"{model.count_params():,} parameters" in told


def test_the_network_that_ships_is_small():
    assert ARCHITECTURES["cnn"]().count_params() <= 300_000
