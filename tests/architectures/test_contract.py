"""The contract that every architecture passes."""

import keras
import numpy as np
import pytest

from digit_model import checkpoint
from digit_model.architectures import ARCHITECTURES, FEATURES, members
from digit_model.arrays import DIGITS, TILE_SIZE, Calibration
from digit_model.checkpoint import Checkpoint
from digit_model.explain import GRAD_CAM, GRADIENT_INPUT, HIRES_CAM, LAYER_CAM, Explainer
from digit_model.synthesis.digits import draw_digits
from tests.helpers import drawn_by_numpy

# The explanations of each network; by default Grad-CAM and LayerCAM.
METHODS = {
    "cnn_large": (HIRES_CAM, LAYER_CAM),
    "ensemble": (HIRES_CAM, LAYER_CAM),
    "dense": (GRADIENT_INPUT,),
    "quick": (HIRES_CAM, LAYER_CAM),
}
MAX_PARAMETERS = {"cnn": 300_000, "ensemble": 1_500_000, "small": 10_000, "tiny": 3_000}


@pytest.fixture(scope="module", params=sorted(ARCHITECTURES))
def model(request):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(keras.initializers.VarianceScaling, "__call__", drawn_by_numpy)
        return ARCHITECTURES[request.param]()


def test_tiles_give_logits(model):
    tiles = np.random.default_rng(0).random((3, TILE_SIZE, TILE_SIZE), np.float32)
    logits = model.predict_on_batch(tiles)
    assert logits.shape == (3, DIGITS)
    # Logits rather than probabilities: the rows do not sum to one.
    assert not np.allclose(logits.sum(axis=1), 1)


def test_a_tile_has_the_same_logits_alone_and_in_a_batch(model):
    tiles = np.random.default_rng(0).random((3, TILE_SIZE, TILE_SIZE), np.float32)
    batch = model.predict_on_batch(tiles)
    alone = np.concatenate([model.predict_on_batch(tile[None]) for tile in tiles])
    np.testing.assert_allclose(batch, alone, rtol=1e-3, atol=1e-4)


def test_features_are_maps(model):
    for member in members(model):
        if any(layer.name == FEATURES for layer in member.layers):
            assert len(member.get_layer(FEATURES).output.shape) == 4


def test_a_network_has_as_many_parameters_as_its_docstring_says(model):
    docstring = ARCHITECTURES[model.name].__doc__
    assert f"{model.count_params():,} parameters" in docstring
    assert model.count_params() <= MAX_PARAMETERS.get(model.name, np.inf)


def test_a_checkpoint_of_it_loads_and_is_explained(model, tmp_path):
    tile = draw_digits(10, seed=3).tiles[4]
    loaded = checkpoint.save(tmp_path, Checkpoint(model, model.name, Calibration())).model
    np.testing.assert_allclose(
        loaded.predict_on_batch(tile[None]), model.predict_on_batch(tile[None]), atol=1e-5
    )
    explainer = Explainer(loaded)
    assert explainer.methods == METHODS.get(model.name, (GRAD_CAM, LAYER_CAM))
    for method in explainer.methods:
        heatmap = explainer.heatmap(tile, 4, method)
        assert heatmap.shape == (TILE_SIZE, TILE_SIZE)
        assert np.isfinite(heatmap).all()
