import jax
import keras
import numpy as np
import pytest

from digit_model.architectures import ARCHITECTURES, FEATURES
from digit_model.explain import (
    GRAD_CAM,
    GRADIENT_INPUT,
    Explainer,
    grad_cam,
    gradient_input,
)
from digit_model.training.strokes import draw_digits


@pytest.fixture(scope="module")
def tile():
    return draw_digits(10, seed=3).tiles[4]


@pytest.fixture(scope="module")
def cnn():
    return seeded("cnn", 0)


def seeded(name, seed):
    keras.utils.set_random_seed(seed)
    return ARCHITECTURES[name]()


def cam(model, tile, digit):
    """Zhou et al. 2016, eq. 2: the last feature maps under the weights of the linear layer."""
    below = keras.Model(model.input, model.get_layer(FEATURES).output)
    kernel = model.layers[-1].get_weights()[0]
    return below.predict_on_batch(tile[None])[0] @ kernel[:, digit]


@pytest.mark.parametrize("digit", range(10))
def test_grad_cam_is_cam_behind_average_pooling(cnn, tile, digit):
    expected = jax.image.resize(cam(cnn, tile, digit), (28, 28), "linear")
    found = np.asarray(grad_cam(cnn)(tile, digit))
    # The average over the 7x7 places divides every gradient alike.
    np.testing.assert_allclose(49 * found, expected, rtol=1e-3, atol=1e-5)


def test_gradient_times_input_by_finite_differences(tile):
    model = seeded("dense", 0)
    found = np.asarray(gradient_input(model)(tile, 7))
    step = 1e-3  # few ReLUs switch in so short a step
    for y, x in zip(*np.nonzero(tile > 0.5), strict=True):
        if (y + x) % 5:
            continue
        pair = np.stack([tile, tile])
        pair[:, y, x] += step, -step
        up, down = model.predict_on_batch(pair)[:, 7]
        slope = (up - down) / (2 * step)
        assert found[y, x] == pytest.approx(tile[y, x] * slope, abs=2e-3)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_other_weights_give_another_map(name, tile):
    """The randomisation test of Adebayo et al. 2018."""
    maps = [Explainer(seeded(name, seed)).heatmap(tile, 4) for seed in range(2)]
    assert np.abs(maps[0] - maps[1]).max() > 0.1


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_heatmaps_are_scaled(name, tile):
    explainer = Explainer(seeded(name, 0))
    for digit in range(10):
        heatmap = explainer.heatmap(tile, digit)
        assert heatmap.shape == (28, 28)
        assert heatmap.min() >= 0
        assert heatmap.max() in (0, pytest.approx(1))


def test_the_method_is_named(cnn):
    assert Explainer(cnn).method == GRAD_CAM
    assert Explainer(seeded("dense", 0)).method == GRADIENT_INPUT


def test_an_empty_tile_has_no_gradient_times_input():
    explainer = Explainer(seeded("dense", 0))
    assert not explainer.heatmap(np.zeros((28, 28), np.float32), 3).any()
