"""Exported networks answer in JavaScript as they do in Keras."""

import hashlib
import json

import jax
import keras
import numpy as np
import pytest
from keras import layers

from digit_model.architectures import ARCHITECTURES, inference
from digit_model.architectures.row import row_network
from digit_model.arrays import Calibration
from digit_model.checkpoint import Checkpoint
from digit_model.export import MODEL, WEIGHTS, export, pack_network, to_integers
from digit_model.synthesis.digits import draw_digits
from tests.static_page.helpers import (
    random_network,
    set_random_weights,
    store,
    write_fixtures,
)

SMALL = sorted(set(ARCHITECTURES) - {"mobilenetv2", "resnet50"})


@pytest.fixture(scope="module")
def tiles():
    return draw_digits(8, seed=5).tiles.astype(np.float32)


def exported(folder, name, model, tiles):
    export(Checkpoint(model, name, Calibration()), folder / name, "a test")
    return case(folder, name, tiles, np.asarray(jax.jit(inference(model))(tiles)))


def case(folder, name, tiles, logits):
    return {
        "name": name,
        "folder": name,
        "tiles": store(folder, tiles),
        "logits": store(folder, logits),
    }


def test_the_network_that_ships_answers_as_in_keras(node, tmp_path, tiles, bundled):
    export(bundled.checkpoint, tmp_path / "bundled", bundled.source)
    logits = bundled.recogniser.predict_logits(tiles)
    write_fixtures(
        tmp_path, {"tolerance": 0.002, "cases": [case(tmp_path, "bundled", tiles, logits)]}
    )
    node("network", tmp_path)


def test_every_architecture_answers_as_in_keras(node, tmp_path, tiles):
    # Random networks round worse than trained ones.
    cases = [exported(tmp_path, name, random_network(name), tiles) for name in SMALL]
    write_fixtures(tmp_path, {"tolerance": 0.005, "cases": cases})
    node("network", tmp_path)


def test_networks_for_transfer_answer_as_in_keras(node, tmp_path, tiles):
    mobile = exported(tmp_path, "mobilenetv2", random_network("mobilenetv2"), tiles[:2])
    write_fixtures(tmp_path, {"tolerance": 0.02, "cases": [mobile]})
    node("network", tmp_path)


def test_the_row_network_answers_as_in_keras(node, tmp_path):
    model = row_network()
    set_random_weights(model)
    strips = np.random.default_rng(0).random((3, *model.input.shape[1:]), np.float32)
    description, weights = pack_network(model, WEIGHTS)
    (tmp_path / "row").mkdir()
    (tmp_path / "row" / MODEL).write_text(json.dumps(description))
    (tmp_path / "row" / WEIGHTS).write_bytes(weights)
    logits = np.asarray(jax.jit(inference(model))(strips))
    assert logits.std() > 0.5
    cases = [case(tmp_path, "row", strips, logits)]
    write_fixtures(tmp_path, {"tolerance": 0.005, "cases": cases})
    node("network", tmp_path)


def test_rectangles_are_pooled_and_weighted_by_channel_as_in_keras(node, tmp_path, tiles):
    drawn = keras.Input((28, 28))
    maps = layers.Conv2D(8, (3, 5), strides=(2, 1))(layers.Reshape((28, 28, 1))(drawn))
    maps = layers.DepthwiseConv2D((1, 3), padding="same")(maps)
    maps = layers.MaxPooling2D((1, 2), padding="same")(maps)
    model = keras.Model(drawn, layers.Dense(10)(layers.Flatten()(maps)))
    set_random_weights(model)
    cases = [exported(tmp_path, "rectangles", model, tiles)]
    write_fixtures(tmp_path, {"tolerance": 0.005, "cases": cases})
    node("network", tmp_path)


def test_maxima_are_pooled_as_in_keras(node, tmp_path, tiles):
    drawn = keras.Input((28, 28))
    maps = layers.Conv2D(8, 3, strides=2, padding="same")(layers.Reshape((28, 28, 1))(drawn))
    maps = layers.MaxPooling2D(3, strides=2, padding="same")(maps)
    logits = layers.Dense(10)(layers.Flatten()(layers.MaxPooling2D(2)(maps)))
    model = keras.Model(drawn, logits)
    set_random_weights(model)
    cases = [exported(tmp_path, "pooling", model, tiles)]
    write_fixtures(tmp_path, {"tolerance": 0.005, "cases": cases})
    node("network", tmp_path)


def test_the_model_file_says_what_the_reader_needs(tmp_path, bundled):
    returned = export(bundled.checkpoint, tmp_path, bundled.source)
    model = json.loads((tmp_path / "model.json").read_text())
    assert model == returned
    assert model["checkpoint"] == bundled.checkpoint.sha256
    assert model["calibration"].keys() == {"temperature", "min_confidence", "max_energy"}
    for network in (model, model["row_reader"]):
        weights = (tmp_path / network["weights"]["file"]).read_bytes()
        assert network["weights"]["size"] == len(weights)
        assert network["weights"]["sha256"] == hashlib.sha256(weights).hexdigest()


def test_two_exports_are_the_same_bytes(tmp_path, bundled):
    for name in ("first", "second"):
        export(bundled.checkpoint, tmp_path / name, bundled.source)
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("first", "second")
    )
    assert first.keys() == {"model.json", "weights.bin", "row_weights.bin"}
    assert first == second


def test_rounding_errors_of_a_channel_cancel():
    kernel = np.random.default_rng(0).normal(size=(5, 5, 8, 16))
    integers, scale = to_integers(kernel)
    rounded = integers * scale.astype(float)
    assert np.abs(rounded - kernel).max() < 3e-4
    plain = np.rint(kernel / scale) * scale.astype(float)
    spread = [np.abs((half - kernel).sum(axis=(0, 1))).mean() for half in (rounded, plain)]
    assert spread[0] < spread[1] / 3
