import jax
import keras
import numpy as np
import pytest
from keras import layers

from digit_model.architectures import ARCHITECTURES, FEATURES, inference, members
from digit_model.explain import (
    GRAD_CAM,
    GRADIENT_INPUT,
    HIRES_CAM,
    LAYER_CAM,
    Explainer,
    average_over_members,
    gradient_input,
    heatmap_of,
    hires_cam,
    layer_cam,
    logits_and_evidence,
)
from digit_model.synthesis.digits import draw_digits


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


def stretched(maps):
    return np.asarray(jax.image.resize(maps, (28, 28), "linear"))


def pooled(*, finer: bool = False, seed: int = 2) -> keras.Model:
    """Build a network with no learned map below its features or, if finer, one behind a pooling."""
    keras.utils.set_random_seed(seed)
    tiles = keras.Input((28, 28))
    x = layers.Reshape((28, 28, 1))(tiles)
    if finer:
        x = layers.Conv2D(6, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(name="finer")(x)
        x = layers.Conv2D(8, 3, padding="same")(x)
        x = layers.MaxPooling2D()(layers.ReLU()(x))
    x = layers.Conv2D(12, 3, strides=1 if finer else 4, padding="same")(x)
    x = layers.ReLU(name=FEATURES)(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(tiles, layers.Dense(10)(x))


def ensemble() -> keras.Model:
    """Build a small network that averages the logits of two."""
    tiles = keras.Input((28, 28))
    both = [pooled(finer=True, seed=seed)(tiles) for seed in (1, 2)]
    return keras.Model(tiles, layers.Average()(both))


@pytest.mark.parametrize("digit", range(10))
def test_grad_cam_is_cam_behind_average_pooling(cnn, tile, digit):
    expected = jax.image.resize(cam(cnn, tile, digit), (28, 28), "linear")
    found = np.asarray(hires_cam(cnn)(tile, digit))
    # The average over the 7x7 places divides every gradient alike.
    np.testing.assert_allclose(49 * found, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", ["cnn", "quick", "cnn_large", ""])
def test_the_evidence_adds_up_to_the_logit(name, tile):
    """Completeness: stretching 7x7 places to 28x28 counts each sixteen times."""
    model = seeded(name, 1) if name else ensemble()
    logits = model.predict_on_batch(tile[None])[0]
    places = average_over_members(hires_cam)(model)
    bias = np.mean([member.layers[-1].get_weights()[1] for member in members(model)], axis=0)
    found = [np.asarray(places(tile, digit)).sum() / 16 for digit in range(10)]
    np.testing.assert_allclose(found, logits - bias, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "method", "build"),
    [
        ("cnn", GRAD_CAM, hires_cam),
        ("cnn", LAYER_CAM, layer_cam),
        ("quick", HIRES_CAM, hires_cam),
        ("dense", GRADIENT_INPUT, gradient_input),
    ],
)
def test_a_contrast_is_the_difference_of_the_evidence_for_two_digits(name, method, build, tile):
    model = seeded(name, 1)
    explainer, evidence = Explainer(model), build(model)
    expected = np.asarray(evidence(tile, 4)) - np.asarray(evidence(tile, 9))
    found = explainer.contrast(tile, 4, 9, method)
    np.testing.assert_allclose(found, expected / np.abs(expected).max(), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(explainer.contrast(tile, 9, 4, method), -found, atol=1e-6)
    assert not explainer.contrast(tile, 4, 4, method).any()


@pytest.mark.parametrize("name", ["cnn", "quick", "small", "tiny"])
def test_one_pass_gives_the_logits_and_the_evidence_for_each_digit(name, tile):
    model = seeded(name, 1)
    logits, evidence = logits_and_evidence(model)(tile[None])
    np.testing.assert_allclose(logits[0], inference(model)(tile[None])[0], atol=1e-5)
    for digit in range(10):
        expected = Explainer(model).heatmap(tile, digit)
        np.testing.assert_allclose(heatmap_of(np.asarray(evidence[0, digit])), expected, atol=1e-4)


@pytest.mark.parametrize("name", ["dense", "ensemble"])
def test_networks_without_a_map_of_their_own_give_no_evidence(name, tile):
    assert logits_and_evidence(ARCHITECTURES[name]())(tile[None])[1] is None


def test_layer_cam_weights_all_members_equally(tile):
    """Each member counts as a heatmap with a maximum of 1, however strong its evidence is."""
    model = ensemble()
    each = [Explainer(member).heatmap(tile, 4, LAYER_CAM) for member in members(model)]
    mean = np.mean(each, axis=0)
    found = Explainer(model).heatmap(tile, 4, LAYER_CAM)
    np.testing.assert_allclose(found, mean / mean.max(), atol=1e-4)


@pytest.mark.parametrize("digit", range(10))
def test_layer_cam_is_the_positive_part_of_cam_behind_average_pooling(tile, digit):
    """The gradient at each place is then the channel's weight, divided by the places."""
    model = pooled()
    maps = keras.Model(model.input, model.get_layer(FEATURES).output).predict_on_batch(tile[None])
    weights = np.maximum(model.layers[-1].get_weights()[0][:, digit], 0)
    found = np.asarray(layer_cam(model)(tile, digit))
    np.testing.assert_allclose(49 * found, stretched(maps[0] @ weights), rtol=1e-3, atol=1e-5)


def test_layer_cam_at_the_finer_maps_by_finite_differences(tile):
    """Fused, it is the product of the two layers' own maps; the finer one is behind the pooling."""
    model = pooled(finer=True)
    finer = model.get_layer("finer").output
    maps = keras.Model(model.input, finer).predict_on_batch(tile[None])
    assert maps.shape[1:3] == (14, 14)
    above = keras.Model(finer, model.output)
    step = 1e-2
    places = list(np.ndindex(maps.shape[1:]))
    pairs = np.repeat(maps, 2 * len(places), axis=0)
    for number, place in enumerate(places):
        pairs[(2 * number, *place)] += step
        pairs[(2 * number + 1, *place)] -= step
    logits = above.predict(pairs, batch_size=512, verbose=0)[:, 4]
    slopes = ((logits[::2] - logits[1::2]) / (2 * step)).reshape(maps.shape[1:])
    fine = (np.maximum(slopes, 0) * maps[0]).sum(axis=-1)
    features = keras.Model(model.input, model.get_layer(FEATURES).output)
    weights = np.maximum(model.layers[-1].get_weights()[0][:, 4], 0) / 49
    coarse = features.predict_on_batch(tile[None])[0] @ weights
    found = np.asarray(jax.jit(layer_cam(model))(tile, 4))
    expected = stretched(fine) * stretched(coarse)
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.98
    assert found.sum() == pytest.approx(expected.sum(), rel=0.1)


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


EVERY = pytest.mark.parametrize(
    ("name", "method"),
    [("cnn", GRAD_CAM), ("cnn", LAYER_CAM), ("quick", HIRES_CAM), ("dense", GRADIENT_INPUT)],
)


@EVERY
def test_randomised_weights_change_the_map(name, method, tile):
    """The randomisation test of Adebayo et al. 2018."""
    maps = [Explainer(seeded(name, seed)).heatmap(tile, 4, method) for seed in range(2)]
    assert np.abs(maps[0] - maps[1]).max() > 0.1


@EVERY
def test_heatmaps_are_scaled(name, method, tile):
    explainer = Explainer(seeded(name, 0))
    for digit in range(10):
        heatmap = explainer.heatmap(tile, digit, method)
        assert heatmap.shape == (28, 28)
        assert heatmap.min() >= 0
        assert heatmap.max() in (0, pytest.approx(1))


def test_heat_lies_on_the_ink_and_layer_cam_is_the_sharper(bundled):
    """The share of a map's heat that lies on ink, over digits that our own code drew."""
    drawn = draw_digits(100, seed=5)
    explainer = Explainer(bundled.checkpoint.model)

    def share(method: str) -> float:
        shares = []
        for tile, digit in zip(drawn.tiles, drawn.labels, strict=True):
            heatmap = explainer.heatmap(tile, int(digit), method)
            shares.append(heatmap[tile > 0.2].sum() / heatmap.sum())
        return float(np.mean(shares))

    by_chance = np.mean([(tile > 0.2).mean() for tile in drawn.tiles])
    assert share(GRAD_CAM) > 1.5 * by_chance
    assert share(LAYER_CAM) > 1.25 * share(GRAD_CAM)


@pytest.mark.parametrize("method", [GRAD_CAM, LAYER_CAM])
def test_deleting_the_hottest_ink_lowers_the_logit_most(bundled, method):
    """Deletion: a fifth of the ink, where the map is hottest, against a fifth taken by chance."""
    drawn = draw_digits(200, seed=9)
    explainer = Explainer(bundled.checkpoint.model)
    chance = np.random.default_rng(0)
    marked, anywhere = drawn.tiles.copy(), drawn.tiles.copy()
    for number, (tile, digit) in enumerate(zip(drawn.tiles, drawn.labels, strict=True)):
        rows, columns = np.nonzero(tile > 0.2)
        heat = explainer.heatmap(tile, int(digit), method)[rows, columns]
        fifth = len(rows) // 5
        for tiles, order in (
            (marked, np.argsort(-heat)),
            (anywhere, chance.permutation(len(rows))),
        ):
            tiles[number, rows[order[:fifth]], columns[order[:fifth]]] = 0
    whole, without, blindly = (
        _lead(bundled.recogniser.predict_logits(tiles), drawn.labels)
        for tiles in (drawn.tiles, marked, anywhere)
    )
    assert whole - without > 2 * (whole - blindly)


def _lead(logits, labels):
    """Return the mean lead of the true digits' logits over the largest other."""
    own = np.eye(10, dtype=bool)[labels]
    return (logits[own] - np.where(own, -np.inf, logits).max(axis=1)).mean()


def test_an_empty_tile_has_no_gradient_times_input():
    explainer = Explainer(seeded("dense", 0))
    assert not explainer.heatmap(np.zeros((28, 28), np.float32), 3).any()
