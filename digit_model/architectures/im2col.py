"""Convolutions as matrix products: what large networks are made of to train well on a CPU.

XLA's own are as quick with few channels and on a GPU. Backwards, with many channels, and within
each channel they take up to eight times as long on a CPU (benchmarks/LOG.md).
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

import keras
from keras import layers, ops


def with_products(model: keras.Model) -> keras.Model:
    """The same network and weights, its convolutions worked out as products.

    model: of square maps, square kernels and no dilation, channels last.
    """
    twin = keras.models.clone_model(model, clone_function=_twin)
    for copy, variable in zip(twin.weights, model.weights, strict=True):
        copy.assign(variable)
    return twin


def shifts(maps, kernel: int, strides: int) -> Iterator:
    """What each place of a kernel sees of (n, y, x, c) maps without padding, row by row."""
    rows, columns = (size - kernel + 1 for size in maps.shape[1:3])
    for i, j in product(range(kernel), repeat=2):
        yield maps[:, i : i + rows : strides, j : j + columns : strides]


class ProductConv2D(layers.Conv2D):
    """A convolution as one product of all that a kernel sees and the kernel."""

    def convolution_op(self, inputs, kernel):
        size, strides = self.kernel_size[0], self.strides[0]
        seen = ops.concatenate(list(shifts(_padded(self, inputs), size, strides)), axis=-1)
        return ops.matmul(seen, ops.reshape(kernel, (-1, self.filters)))


class ProductDepthwiseConv2D(layers.DepthwiseConv2D):
    """A convolution within each channel as a sum of shifted products; without bias, activation."""

    def call(self, inputs):
        size, strides = self.kernel_size[0], self.strides[0]
        kernels = ops.reshape(self.kernel, (size * size, -1))
        seen = shifts(_padded(self, inputs), size, strides)
        return sum(maps * kernel for maps, kernel in zip(seen, kernels, strict=True))


_TWINS = {layers.Conv2D: ProductConv2D, layers.DepthwiseConv2D: ProductDepthwiseConv2D}


def _twin(layer: layers.Layer) -> layers.Layer:
    # mypy 2.4 fails on this type.
    twin: Any = _TWINS.get(type(layer), type(layer))
    return twin.from_config(layer.get_config())


def _padded(layer: layers.Layer, maps):
    """The maps with the zeros around them that the layer's padding asks for."""
    if layer.padding == "valid":
        return maps
    size, strides = layer.kernel_size[0], layer.strides[0]
    rows = maps.shape[1]
    missing = max((-(-rows // strides) - 1) * strides + size - rows, 0)
    around = (missing // 2, missing - missing // 2)
    return ops.pad(maps, ((0, 0), around, around, (0, 0)))
