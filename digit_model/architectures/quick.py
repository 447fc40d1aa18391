"""The network that learns fastest on a CPU: two early strides, most of its work at 5x5."""

import keras
from keras import layers

from ..arrays import DIGITS, TILE_SIZE
from .blocks import convolution


def quick() -> keras.Model:
    """Build four convolutions, the first two strided, and dropout. 218,410 parameters.

    The third convolution has no padding: the edge of a tile is empty, and dropping it makes a step
    a sixth faster. For the heatmap the edge is added back, as zeros, around the ``features``,
    7x7x128. The last layer has weights for each of the inner 5x5 positions; with global average
    pooling the same accuracy took longer (benchmarks/LOG.md).
    """
    tiles = keras.Input((TILE_SIZE, TILE_SIZE))
    x = layers.Reshape((TILE_SIZE, TILE_SIZE, 1))(tiles)
    x = convolution(x, 32, kernel=5, strides=2)
    x = convolution(x, 64, strides=2)
    x = convolution(x, 96, padding="valid")
    x = convolution(x, 128)
    x = layers.ZeroPadding2D(1, name="features")(x)
    x = layers.Flatten()(layers.Cropping2D(1)(x))
    return keras.Model(tiles, layers.Dense(DIGITS)(layers.Dropout(0.3)(x)), name="quick")
