"""Convolutions as matrix products (im2col), which train large networks faster on a CPU.

XLA's own convolutions are as fast with few channels, and on a GPU. On a CPU their gradients with
many channels, and depthwise convolutions, take up to eight times as long (benchmarks/LOG.md).
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

import keras
from keras import layers, ops


def with_products(model: keras.Model) -> keras.Model:
    """Return the same network and weights, with its convolutions computed as matrix products.

    model: a network with square maps and kernels, channels last and no dilation.
    """
    twin = keras.models.clone_model(model, clone_function=_twin)
    for copy, variable in zip(twin.weights, model.weights, strict=True):
        copy.assign(variable)
    return twin


def shifts(maps, kernel: int, strides: int) -> Iterator:
    """Yield (n, y, x, c) maps shifted by each position of a kernel, row by row, without padding."""
    rows, columns = (size - kernel + 1 for size in maps.shape[1:3])
    for i, j in product(range(kernel), repeat=2):
        yield maps[:, i : i + rows : strides, j : j + columns : strides]


class ProductConv2D(layers.Conv2D):
    """A convolution as one matrix product of the shifted maps with the kernel."""

    def convolution_op(self, inputs, kernel):
        size, strides = self.kernel_size[0], self.strides[0]
        shifted = ops.concatenate(list(shifts(_padded(self, inputs), size, strides)), axis=-1)
        return ops.matmul(shifted, ops.reshape(kernel, (-1, self.filters)))


class ProductDepthwiseConv2D(layers.DepthwiseConv2D):
    """A depthwise convolution as a sum of shifted products, without bias or activation."""

    def call(self, inputs):
        size, strides = self.kernel_size[0], self.strides[0]
        kernels = ops.reshape(self.kernel, (size * size, -1))
        shifted = shifts(_padded(self, inputs), size, strides)
        return sum(maps * kernel for maps, kernel in zip(shifted, kernels, strict=True))


_TWINS = {layers.Conv2D: ProductConv2D, layers.DepthwiseConv2D: ProductDepthwiseConv2D}


def _twin(layer: layers.Layer) -> layers.Layer:
    # Any, because mypy 2.4 cannot type a class from a dict.
    twin: Any = _TWINS.get(type(layer), type(layer))
    return twin.from_config(layer.get_config())


def _padded(layer: layers.Layer, maps):
    """Return the maps with the zeros around them that the layer's padding requires."""
    if layer.padding == "valid":
        return maps
    size, strides = layer.kernel_size[0], layer.strides[0]
    rows = maps.shape[1]
    missing = max((-(-rows // strides) - 1) * strides + size - rows, 0)
    around = (missing // 2, missing - missing // 2)
    return ops.pad(maps, ((0, 0), around, around, (0, 0)))
