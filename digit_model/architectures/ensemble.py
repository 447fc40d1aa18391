"""The accurate network: three others, two of each, which learn apart and answer together."""

import keras
from keras import layers

from ..arrays import TILE_SIZE
from .cnn import cnn
from .cnn_large import cnn_large
from .small import small

COLUMNS = {
    "cnn_large": cnn_large,
    "cnn": cnn,
    "small": small,
    "cnn_large-2": cnn_large,
    "cnn-2": cnn,
    "small-2": small,
}


def ensemble() -> keras.Model:
    """Multi-column network, the mean of six networks' logits. 1,376,468 parameters.

    Columns as in Cireşan et al. 2012, https://arxiv.org/abs/1202.2745. Most of what they gain comes
    from their differences, in shape and in what they learned from: of three alike the mean was
    hardly better than one (benchmarks/LOG.md).
    """
    tiles = keras.Input((TILE_SIZE, TILE_SIZE))
    logits = [_named(name, column())(tiles) for name, column in COLUMNS.items()]
    return keras.Model(tiles, layers.Average()(logits), name="ensemble")


def _named(name: str, column: keras.Model) -> keras.Model:
    column.name = name
    return column
