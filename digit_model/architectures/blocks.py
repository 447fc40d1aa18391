"""What several networks are built of. Each takes and gives maps, (n, rows, columns, channels)."""

from keras import layers, ops

from .im2col import shifts


def convolution(
    x,
    channels: int,
    kernel: int = 3,
    strides: int = 1,
    padding: str = "same",
    name: str | None = None,
):
    """Convolution, batch normalisation, ReLU."""
    return layers.ReLU(name=name)(normalised(x, channels, kernel, strides, padding))


def residual(x, channels: int, name: str | None = None):
    """Two 3x3 convolutions beside a shortcut (He et al. 2015, https://arxiv.org/abs/1512.03385)."""
    y = normalised(convolution(x, channels), channels)
    return layers.ReLU(name=name)(layers.Add()([x, y]))


def separable(x, channels: int, strides: int = 1, name: str | None = None):
    """A 3x3 convolution within each channel, one across them, batch normalisation, ReLU.

    A ninth or so of a plain convolution's parameters (Howard et al. 2017,
    https://arxiv.org/abs/1704.04861).
    """
    return convolution(Depthwise(strides)(x), channels, kernel=1, name=name)


class Depthwise(layers.Layer):
    """A 3x3 convolution within each channel, (n, y, x, c) -> (n, y / strides, x / strides, c).

    XLA on a CPU convolves in groups so slowly that with Keras's own layer a training step of
    ``tiny`` took four times as long (benchmarks/LOG.md).
    """

    def __init__(self, strides: int = 1, **options):
        super().__init__(**options)
        self._strides = strides

    def build(self, shape) -> None:
        self.kernel = self.add_weight(shape=(3, 3, shape[-1]), initializer="he_normal")

    def call(self, maps):
        padded = ops.pad(maps, ((0, 0), (1, 1), (1, 1), (0, 0)))
        seen = shifts(padded, 3, self._strides)
        return sum(part * self.kernel[divmod(place, 3)] for place, part in enumerate(seen))


def normalised(x, channels: int, kernel: int = 3, strides: int = 1, padding: str = "same"):
    """Convolution and batch normalisation; with Keras's "valid" padding the edge places go."""
    x = layers.Conv2D(channels, kernel, strides=strides, padding=padding, use_bias=False)(x)
    return layers.BatchNormalization()(x)
