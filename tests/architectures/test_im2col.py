"""Convolutions as matrix products give the maps of Keras's own layers."""

import keras
import numpy as np
import pytest
from keras import layers

from digit_model.architectures.im2col import ProductConv2D, ProductDepthwiseConv2D, with_products


def network(sizes, kernel, strides, padding) -> keras.Model:
    maps = keras.Input((*sizes, 3))
    x = layers.Conv2D(5, kernel, strides=strides, padding=padding, activation="relu")(maps)
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = layers.DepthwiseConv2D(3, strides=2, padding="same", use_bias=False)(x)
    return keras.Model(maps, x)


@pytest.mark.parametrize(
    ("sizes", "kernel", "strides", "padding"),
    [
        ((7, 7), 3, 1, "same"),
        ((7, 7), 1, 2, "same"),
        ((7, 7), 3, 2, "valid"),
        ((8, 8), 3, 2, "same"),
        ((8, 8), 5, 2, "same"),
        ((8, 8), 1, 2, "valid"),
        ((4, 9), (4, 1), 1, "valid"),
        ((1, 9), (1, 5), 1, "same"),
        ((8, 9), 3, (2, 1), "same"),
    ],
)
def test_products_give_the_maps_of_keras(sizes, kernel, strides, padding):
    model = network(sizes, kernel, strides, padding)
    for variable in model.weights:
        variable.assign(np.random.default_rng(1).normal(size=variable.shape))
    maps = np.random.default_rng(0).normal(size=(2, *sizes, 3)).astype(np.float32)
    np.testing.assert_allclose(with_products(model)(maps), model(maps), atol=1e-4)


def test_the_layers_are_replaced_and_keep_their_names():
    model = network((7, 7), 3, 1, "same")
    twin = with_products(model)
    kinds = [type(layer) for layer in twin.layers[1:]]
    assert kinds == [ProductConv2D, ProductDepthwiseConv2D, ProductDepthwiseConv2D]
    assert [layer.name for layer in twin.layers[1:]] == [layer.name for layer in model.layers[1:]]
