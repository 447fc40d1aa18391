"""The accurate network: three others side by side, which learn apart and answer together."""

import keras
from keras import layers

from ..arrays import TILE_SIZE
from .cnn import cnn
from .deep import deep
from .small import small

COLUMNS = (deep, cnn, small)


def deep_cnn() -> keras.Model:
    """Multi-column network, the mean of three networks' logits. 688,234 parameters.

    Columns as in Cireşan et al. 2012, https://arxiv.org/abs/1202.2745. What they gain comes from
    their differences, in shape and in what they learned from: of three alike the mean was hardly
    better than one (benchmarks/LOG.md).
    """
    tiles = keras.Input((TILE_SIZE, TILE_SIZE))
    logits = [column()(tiles) for column in COLUMNS]
    return keras.Model(tiles, layers.Average()(logits), name="deep_cnn")
