"""The most accurate network: an ensemble of three others, two of each, trained separately."""

import keras
from keras import layers

from ..arrays import TILE_SIZE
from .cnn import cnn
from .cnn_large import cnn_large
from .small import small

MEMBERS = {
    "cnn_large": cnn_large,
    "cnn": cnn,
    "small": small,
    "cnn_large-2": cnn_large,
    "cnn-2": cnn,
    "small-2": small,
}


def ensemble() -> keras.Model:
    """Return the mean of six networks' logits. 1,376,468 parameters.

    After the multi-column networks of Cireşan et al. 2012 (https://arxiv.org/abs/1202.2745). Most
    of the gain comes from differences between the members, in architecture and training data: the
    mean of three networks of the same kind was hardly better than one (benchmarks/LOG.md).
    """
    tiles = keras.Input((TILE_SIZE, TILE_SIZE))
    logits = [_named(name, build())(tiles) for name, build in MEMBERS.items()]
    return keras.Model(tiles, layers.Average()(logits), name="ensemble")


def _named(name: str, member: keras.Model) -> keras.Model:
    member.name = name
    return member
