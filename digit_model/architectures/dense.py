"""A multilayer perceptron, the network of most first tutorials."""

import keras
from keras import layers

from ..arrays import DIGITS, TILE_SIZE


def dense() -> keras.Model:
    """Build two hidden layers of 256 and 128 units, with dropout. 235,146 parameters."""
    tiles = keras.Input((TILE_SIZE, TILE_SIZE))
    x = layers.Flatten()(tiles)
    for units in (256, 128):
        x = layers.Dense(units, activation="relu")(x)
        x = layers.Dropout(0.2)(x)
    return keras.Model(tiles, layers.Dense(DIGITS)(x), name="dense")
