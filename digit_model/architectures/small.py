"""A network of under ten thousand parameters: plain convolutions, then separable ones."""

import keras
from keras import layers

from ..arrays import DIGITS, TILE_SIZE
from .blocks import convolution, separable


def small() -> keras.Model:
    """Build a strided stem, a convolution and three separable ones. 9,350 parameters.

    The ``features`` are 7x7x64.
    """
    tiles = keras.Input((TILE_SIZE, TILE_SIZE))
    x = layers.Reshape((TILE_SIZE, TILE_SIZE, 1))(tiles)
    x = convolution(x, 12, kernel=5, strides=2)
    x = convolution(x, 16)
    x = separable(x, 32, strides=2)
    x = separable(x, 48)
    x = separable(x, 64, name="features")
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(tiles, layers.Dense(DIGITS)(x), name="small")
