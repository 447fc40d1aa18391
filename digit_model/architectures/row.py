"""The network that reads a whole row at once: a strip in, digits and blanks from the left out."""

import keras
from keras import layers

from ..arrays import DIGITS
from ..picture.strip import STRIP_HEIGHT, STRIP_WINDOW
from .blocks import convolution, residual

# One frame of its answer for so many columns of pixels. Two 1s that touch need three frames.
FRAME = 2
# An answer does not depend on pixels that are further away than this to its left or right.
REACH = 24


def row_network() -> keras.Model:
    """Build the fully convolutional row reader. 247,931 parameters.

    (n, 32, 128) float32 strips in 0..1 -> (n, 64, 11) logits of blank and the ten digits, for the
    connectionist temporal classification of Graves et al. 2006
    (https://doi.org/10.1145/1143844.1143891). Without recurrent layers it sees a digit and its
    neighbours only, so that it knows what touches but no usual numbers.
    """
    strips = keras.Input((STRIP_HEIGHT, STRIP_WINDOW))
    x = layers.Reshape((STRIP_HEIGHT, STRIP_WINDOW, 1))(strips)
    x = convolution(x, 16, kernel=5, strides=FRAME)
    x = convolution(x, 32)
    x = convolution(x, 40, strides=(2, 1))
    x = convolution(x, 40)
    x = convolution(x, 64, strides=(2, 1))
    x = residual(x, 64)
    x = convolution(x, 96, kernel=(STRIP_HEIGHT // 8, 1), padding="valid")
    x = convolution(x, 96, kernel=(1, 5))
    x = convolution(x, 96, kernel=(1, 5))
    x = layers.Conv2D(1 + DIGITS, 1)(x)
    return keras.Model(strips, layers.Reshape((-1, 1 + DIGITS))(x), name="row")
