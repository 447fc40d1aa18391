"""A larger CNN than the default, with dropout and a position-aware last layer."""

import keras
from keras import layers

from ..arrays import DIGITS, TILE_SIZE
from .blocks import convolution, residual


def cnn_large() -> keras.Model:
    """Build a CNN for MNIST alone, the largest member of the ensemble. 404,666 parameters.

    A strided stem, three more convolutions and a residual block. The last layer has weights for
    each position of the ``features``, 7x7x128; ``quick`` made a few more errors with global average
    pooling (benchmarks/LOG.md). Dropout acts on whole channels after the block (Tompson et al.
    2015, https://arxiv.org/abs/1411.4280), and on single activations before the last layer.
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
