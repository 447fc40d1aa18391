"""Building blocks of the networks. Each takes and returns (n, rows, columns, channels) maps."""

from keras import layers, ops

from .im2col import shifts


def convolution(
    x,
    channels: int,
    kernel: int | tuple[int, int] = 3,
    strides: int | tuple[int, int] = 1,
    padding: str = "same",
    name: str | None = None,
):
    """Apply a convolution, batch normalisation and ReLU."""
    return layers.ReLU(name=name)(normalised(x, channels, kernel, strides, padding))


def residual(x, channels: int, name: str | None = None):
    """Add two 3x3 convolutions to their input (He et al. 2015, https://arxiv.org/abs/1512.03385)."""
    y = normalised(convolution(x, channels), channels)
    return layers.ReLU(name=name)(layers.Add()([x, y]))


def separable(x, channels: int, strides: int = 1, name: str | None = None):
    """Apply a depthwise-separable 3x3 convolution, batch normalisation and ReLU.

    It has about a ninth of a plain convolution's parameters (Howard et al. 2017,
    https://arxiv.org/abs/1704.04861).
    """
    return convolution(Depthwise(strides)(x), channels, kernel=1, name=name)


class Depthwise(layers.Layer):
    """A 3x3 depthwise convolution, (n, y, x, c) -> (n, y / strides, x / strides, c).

    Grouped convolutions are slow in XLA on a CPU: with Keras's own layer a training step of
    ``tiny`` took four times as long (benchmarks/LOG.md).
    """

    def __init__(self, strides: int = 1, **options):
        super().__init__(**options)
        self._strides = strides

    def build(self, shape) -> None:
        self.kernel = self.add_weight(shape=(3, 3, shape[-1]), initializer="he_normal")

    def call(self, maps):
        padded = ops.pad(maps, ((0, 0), (1, 1), (1, 1), (0, 0)))
        shifted = shifts(padded, (3, 3), (self._strides, self._strides))
        return sum(part * self.kernel[divmod(index, 3)] for index, part in enumerate(shifted))


def normalised(
    x,
    channels: int,
    kernel: int | tuple[int, int] = 3,
    strides: int | tuple[int, int] = 1,
    padding: str = "same",
):
    """Apply a convolution and batch normalisation; "valid" padding drops the edge positions."""
    x = layers.Conv2D(channels, kernel, strides=strides, padding=padding, use_bias=False)(x)
    return layers.BatchNormalization()(x)
