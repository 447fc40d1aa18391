"""What several networks are built of. Each takes and gives maps, (n, rows, columns, channels)."""

from keras import layers


def convolution(x, channels: int, kernel: int = 3, strides: int = 1, name: str | None = None):
    """Convolution, batch normalisation, ReLU."""
    return layers.ReLU(name=name)(normalised(x, channels, kernel, strides))


def residual(x, channels: int, name: str | None = None):
    """Two 3x3 convolutions beside a shortcut (He et al. 2015, https://arxiv.org/abs/1512.03385)."""
    y = normalised(convolution(x, channels), channels)
    return layers.ReLU(name=name)(layers.Add()([x, y]))


def separable(x, channels: int, strides: int = 1, name: str | None = None):
    """A 3x3 convolution within each channel, one across them, batch normalisation, ReLU.

    A ninth or so of a plain convolution's parameters (Howard et al. 2017,
    https://arxiv.org/abs/1704.04861).
    """
    x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
    return convolution(x, channels, kernel=1, name=name)


def normalised(x, channels: int, kernel: int = 3, strides: int = 1):
    """Convolution and batch normalisation, of the same size for stride 1."""
    x = layers.Conv2D(channels, kernel, strides=strides, padding="same", use_bias=False)(x)
    return layers.BatchNormalization()(x)
