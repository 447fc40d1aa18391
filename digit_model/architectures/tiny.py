"""A network of under three thousand parameters: narrow separable convolutions."""

import keras
from keras import layers

from ..arrays import DIGITS, TILE_SIZE
from .blocks import convolution, separable


def tiny() -> keras.Model:
    """Build a strided stem and four separable convolutions. 2,934 parameters.

    The ``features`` are 7x7x24.
    """
    tiles = keras.Input((TILE_SIZE, TILE_SIZE))
    x = layers.Reshape((TILE_SIZE, TILE_SIZE, 1))(tiles)
    x = convolution(x, 8, kernel=5, strides=2)
    x = separable(x, 16)
    x = separable(x, 20, strides=2)
    x = separable(x, 24)
    x = separable(x, 24, name="features")
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(tiles, layers.Dense(DIGITS)(x), name="tiny")
