"""Convolutions as matrix products give the maps of Keras's own layers."""

import keras
import numpy as np
import pytest
from keras import layers

from digit_model.architectures.im2col import ProductConv2D, ProductDepthwiseConv2D, with_products


def network(size: int, kernel: int, strides: int, padding: str) -> keras.Model:
    maps = keras.Input((size, size, 3))
    x = layers.Conv2D(5, kernel, strides=strides, padding=padding, activation="relu")(maps)
    x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
    return keras.Model(maps, x)


@pytest.mark.parametrize(
    ("size", "kernel", "strides", "padding"),
    [
        (7, 3, 1, "same"),
        (7, 1, 2, "same"),
        (7, 3, 2, "valid"),
        (8, 3, 2, "same"),
        (8, 5, 2, "same"),
        (8, 1, 2, "valid"),
    ],
)
def test_products_give_the_maps_of_keras(size, kernel, strides, padding):
    model = network(size, kernel, strides, padding)
    for variable in model.weights:
        variable.assign(np.random.default_rng(1).normal(size=variable.shape))
    maps = np.random.default_rng(0).normal(size=(2, size, size, 3)).astype(np.float32)
    np.testing.assert_allclose(with_products(model)(maps), model(maps), atol=1e-4)


def test_the_layers_are_replaced_and_keep_their_names():
    model = network(7, 3, 1, "same")
    twin = with_products(model)
    assert [type(layer) for layer in twin.layers[1:]] == [ProductConv2D, ProductDepthwiseConv2D]
    assert [layer.name for layer in twin.layers[1:]] == [layer.name for layer in model.layers[1:]]
