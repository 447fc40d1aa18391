"""Shared by the tests of training: small networks and recipes, comparisons, an interruption."""

import _thread
import itertools
from dataclasses import replace

import keras
import numpy as np
from keras import layers

from digit_model.architectures.blocks import convolution
from digit_model.architectures.dense import dense
from digit_model.training.batches import AugmentedBatches
from digit_model.training.recipes import Recipe

SHORT = Recipe(
    architecture="dense", epochs=3, synthetic=200, outliers=40, batch_size=64, augment="shift"
)
DENSE = replace(SHORT, synthetic=0, outliers=20)
MINI = replace(DENSE, architecture="mini", epochs=2, outliers=0, learning_rate=3e-3)
PAIR = Recipe(architecture="pair", members=(DENSE, MINI))


def mini() -> keras.Model:
    """Build one convolution with batch normalisation, which compiles quickly."""
    tiles = keras.Input((28, 28))
    x = layers.Reshape((28, 28, 1))(tiles)
    x = layers.Flatten()(convolution(x, 8, strides=4))
    return keras.Model(tiles, layers.Dense(10)(x), name="mini")


def pair() -> keras.Model:
    """Build an ensemble of ``dense`` and ``mini``."""
    tiles = keras.Input((28, 28))
    return keras.Model(tiles, layers.Average()([dense()(tiles), mini()(tiles)]))


def assert_same_weights(model, other):
    for one, another in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, another)


def without_seconds(log):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in log]


def interrupt_after(monkeypatch, calls):
    """Send what Ctrl-C sends once this many batches have been requested."""
    get_batch, count = AugmentedBatches.__getitem__, itertools.count(1)

    def interrupted(self, index):
        if next(count) == calls:
            _thread.interrupt_main()
        return get_batch(self, index)

    monkeypatch.setattr(AugmentedBatches, "__getitem__", interrupted)
