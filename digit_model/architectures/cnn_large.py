"""A network deeper than the one that ships, with dropout, and told where things are."""

import keras
from keras import layers

from ..arrays import DIGITS, TILE_SIZE
from .blocks import convolution, residual


def cnn_large() -> keras.Model:
    """Strided stem, three convolutions more and a residual block, dropout. 404,666 parameters.

    The last layer sees each place of the ``features``, 7x7x128, on its own: with an average over
    the places ``quick`` misread a little more (benchmarks/LOG.md). After the block whole channels
    are dropped (Tompson et al. 2015, https://arxiv.org/abs/1411.4280), before the last layer single
    numbers.
    """
    tiles = keras.Input((TILE_SIZE, TILE_SIZE))
    x = layers.Reshape((TILE_SIZE, TILE_SIZE, 1))(tiles)
    x = convolution(x, 48, kernel=5, strides=2)
    x = convolution(x, 48)
    x = convolution(x, 96, strides=2)
    x = layers.SpatialDropout2D(0.05)(residual(x, 96))
    x = convolution(x, 128, name="features")
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    return keras.Model(tiles, layers.Dense(DIGITS)(x), name="cnn_large")
