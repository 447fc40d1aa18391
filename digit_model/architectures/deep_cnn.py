"""The accurate network: the shape of the one that ships, wider and deeper, with dropout."""

import keras
from keras import layers

from ..arrays import DIGITS, TILE_SIZE
from .blocks import convolution, residual
from .products import with_products


def deep_cnn() -> keras.Model:
    """Strided stem, one residual block at 14x14 and four at 7x7, dropout. 752,698 parameters.

    Between the blocks whole channels are dropped (Tompson et al. 2015,
    https://arxiv.org/abs/1411.4280), before the last layer single numbers. The ``features`` are
    7x7x96.
    """
    tiles = keras.Input((TILE_SIZE, TILE_SIZE))
    x = layers.Reshape((TILE_SIZE, TILE_SIZE, 1))(tiles)
    x = convolution(x, 48, kernel=5, strides=2)
    x = residual(x, 48)
    x = convolution(x, 96, strides=2)
    for _ in range(3):
        x = layers.SpatialDropout2D(0.05)(residual(x, 96))
    x = residual(x, 96, name="features")
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.3)(x)
    return with_products(keras.Model(tiles, layers.Dense(DIGITS)(x), name="deep_cnn"))
