"""A network at full resolution: large kernels and no padding shrink the maps, nothing strides."""

import keras
from keras import layers

from ..arrays import DIGITS, TILE_SIZE
from .blocks import convolution
from .products import with_products


def m5() -> keras.Model:
    """Five 5x5 convolutions and dropout. 660,202 parameters.

    After M5 of An et al. 2020, https://arxiv.org/abs/2008.10400, with fewer channels. Of what it
    sees 8x8 places are left, those in the middle of the tile, and the last layer sees each on its
    own. For the heatmap the edge is put back, as zeros, around the ``features``, 28x28x128.
    """
    tiles = keras.Input((TILE_SIZE, TILE_SIZE))
    x = layers.Reshape((TILE_SIZE, TILE_SIZE, 1))(tiles)
    for channels in (32, 48, 64, 96, 128):
        x = convolution(x, channels, kernel=5, padding="valid")
    edge = (TILE_SIZE - x.shape[1]) // 2
    x = layers.ZeroPadding2D(edge, name="features")(x)
    x = layers.Flatten()(layers.Cropping2D(edge)(x))
    logits = layers.Dense(DIGITS)(layers.Dropout(0.3)(x))
    return with_products(keras.Model(tiles, logits, name="m5"))
