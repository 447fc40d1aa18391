"""Convolutions as matrix products (im2col), which train large networks faster on a CPU.

XLA's own convolutions are as fast with few channels, and on a GPU. On a CPU their gradients with
many channels, and depthwise convolutions, take up to eight times as long (benchmarks/LOG.md).
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops


def with_products(model: keras.Model) -> keras.Model:
    """Return the same network and weights, with its convolutions computed as matrix products.

    model: a network with channels last and no dilation.
    """
    twin = keras.models.clone_model(model, clone_function=_twin)
    for copy, variable in zip(twin.weights, model.weights, strict=True):
        copy.assign(variable)
    return twin


def shifts(maps, kernel: tuple[int, int], strides: tuple[int, int]) -> Iterator:
    """Yield (n, y, x, c) maps shifted by each position of a kernel, row by row, without padding."""
    rows, columns = np.subtract(maps.shape[1:3], kernel) + 1
    for i, j in np.ndindex(kernel):
        yield maps[:, i : i + rows : strides[0], j : j + columns : strides[1]]


class ProductConv2D(layers.Conv2D):
    """A convolution as one matrix product of the shifted maps with the kernel."""

    def convolution_op(self, inputs, kernel):
        shifted = shifts(_padded(self, inputs), self.kernel_size, self.strides)
        shifted = ops.concatenate(list(shifted), axis=-1)
        return ops.matmul(shifted, ops.reshape(kernel, (-1, self.filters)))


class ProductDepthwiseConv2D(layers.DepthwiseConv2D):
    """A depthwise convolution as a sum of shifted products, without bias or activation."""

    def call(self, inputs):
        kernels = ops.reshape(self.kernel, (math.prod(self.kernel_size), -1))
        shifted = shifts(_padded(self, inputs), self.kernel_size, self.strides)
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
    around = same_padding(maps.shape[1:3], layer.kernel_size, layer.strides)
    return ops.pad(maps, ((0, 0), *around, (0, 0)))


def same_padding(
    sizes: Sequence[int], kernel: Sequence[int], strides: Sequence[int]
) -> list[tuple[int, int]]:
    """Return the zeros before and after each side of a map that "same" means in Keras.

    Where their number is odd, the larger part comes after.
    """
    missing = [
        max((-(-size // stride) - 1) * stride + taps - size, 0)
        for size, taps, stride in zip(sizes, kernel, strides, strict=True)
    ]
    return [(zeros // 2, zeros - zeros // 2) for zeros in missing]
