"""The network that learns fastest on a CPU: two strides early, most of its work at 7x7."""

import keras
from keras import layers

from ..arrays import DIGITS, TILE_SIZE
from .blocks import convolution


def quick() -> keras.Model:
    """Three convolutions with two strides, one more, dropout. 249,130 parameters.

    The last layer sees each place of the ``features``, 7x7x128, on its own: with an average over
    the places it needed longer for the same accuracy (benchmarks/LOG.md).
    """
    tiles = keras.Input((TILE_SIZE, TILE_SIZE))
    x = layers.Reshape((TILE_SIZE, TILE_SIZE, 1))(tiles)
    x = convolution(x, 32, kernel=5, strides=2)
    x = convolution(x, 64, strides=2)
    x = convolution(x, 96)
    x = convolution(x, 128, name="features")
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    return keras.Model(tiles, layers.Dense(DIGITS)(x), name="quick")
