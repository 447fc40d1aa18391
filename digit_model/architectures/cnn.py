"""The network that ships: a small residual CNN, quick to train and to run on a CPU."""

import keras
from keras import layers

from ..arrays import DIGITS, TILE_SIZE


def cnn() -> keras.Model:
    """Strided stem, one plain and two residual stages, global average pooling. 274,218 parameters.

    The stem halves the resolution at once: in XLA on a CPU the weight gradients of convolutions
    at 28x28 would take most of the training time. The ``features`` are 7x7x80, and with the
    average pooling and one linear layer behind them Grad-CAM equals CAM (Selvaraju et al. 2017).
    """
    tiles = keras.Input((TILE_SIZE, TILE_SIZE))
    x = layers.Reshape((TILE_SIZE, TILE_SIZE, 1))(tiles)
    x = _convolution(x, 32, kernel=5, strides=2)
    x = _convolution(x, 40)
    x = _convolution(x, 80, strides=2)
    x = _residual(x, 80)
    x = _residual(x, 80, name="features")
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(tiles, layers.Dense(DIGITS)(x), name="cnn")


def _convolution(x, channels: int, kernel: int = 3, strides: int = 1):
    return layers.ReLU()(_normalised(x, channels, kernel, strides))


def _residual(x, channels: int, name: str | None = None):
    y = _normalised(_convolution(x, channels), channels, 3, 1)
    return layers.ReLU(name=name)(layers.Add()([x, y]))


def _normalised(x, channels: int, kernel: int, strides: int):
    x = layers.Conv2D(channels, kernel, strides=strides, padding="same", use_bias=False)(x)
    return layers.BatchNormalization()(x)
