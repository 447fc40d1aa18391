"""Write a network for the static page: model.json, which lists its layers, and weights.bin.

Batch normalisation is folded into the layer before it. Kernels are stored as integers of 16 bits
with a scale for each unit, which is as small as float16 and several times as exact
(benchmarks/LOG.md). The list of layers is flat: each entry names its operation and the entries
whose output it takes, so that browser/network.js can run any architecture, an ensemble included, by
a loop over the list.
"""

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from .architectures import FEATURES, members
from .architectures.blocks import Depthwise
from .arrays import DIGITS, TILE_SIZE
from .checkpoint import Checkpoint
from .errors import DigitError

MODEL = "model.json"
WEIGHTS = "weights.bin"
FORMAT = 2
LARGEST_INTEGER = 2**15 - 1


def export(checkpoint: Checkpoint, folder: Path, source: str) -> dict:
    """Write ``model.json`` and ``weights.bin`` into a folder, and return what model.json holds.

    source: where the checkpoint came from, in words that include its revision.
    Raises DigitError if the network has a layer that the static page cannot run.
    """
    model, weights = pack(checkpoint, source)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(weights)
    (folder / MODEL).write_text(json.dumps(model) + "\n", encoding="utf-8")
    return model


def pack(checkpoint: Checkpoint, source: str) -> tuple[dict, bytes]:
    """Return what ``export`` writes: the content of ``model.json``, and of ``weights.bin``."""
    network = _Network()
    models = members(checkpoint.model)
    logits = [network.add_model(member) for member in models]
    if len(models) > 1:
        network.append("average", logits, [DIGITS])
    weights = network.packed_weights()
    model = {
        "format": FORMAT,
        "architecture": checkpoint.architecture,
        "parameters": checkpoint.model.count_params(),
        "source": source,
        "checkpoint": checkpoint.sha256,
        "calibration": asdict(checkpoint.calibration),
        "scores": _accuracies(checkpoint.record),
        "weights": {
            "file": WEIGHTS,
            "type": "int16",
            "sha256": hashlib.sha256(weights).hexdigest(),
            "size": len(weights),
        },
        "features": network.features,
        "layers": [layer.as_json() for layer in network.layers],
    }
    return model, weights


def _accuracies(record: dict) -> dict[str, float]:
    return {part: scores["accuracy"] for part, scores in record.get("scores", {}).items()}


@dataclass(eq=False)
class _Layer:
    """An entry of the list; kernel and bias are float32 until the weights are packed."""

    op: str
    inputs: list[int]
    shape: list[int]
    settings: dict = field(default_factory=dict)
    kernel: np.ndarray | None = None
    bias: np.ndarray | None = None
    activation: str | None = None

    def as_json(self) -> dict:
        entry = {"op": self.op, "inputs": self.inputs, "shape": self.shape, **self.settings}
        if self.kernel is not None:
            entry["kernel"] = list(self.kernel.shape)
        if self.activation:
            entry["activation"] = self.activation
        return entry


class _Network:
    """The flat list of layers, built from Keras models."""

    def __init__(self) -> None:
        self.layers = [_Layer("input", [], [TILE_SIZE, TILE_SIZE, 1])]
        self.features: list[int] = []

    def add_model(self, model: keras.Model) -> int:
        """Append the layers of a model without members; returns the place of its logits."""
        places = {id(model.input): 0}
        uses = Counter(id(tensor) for layer in model.layers for tensor in _inputs(layer))
        for layer in model.layers:
            if isinstance(layer, layers.InputLayer):
                continue
            inputs = _inputs(layer)
            shared = any(uses[id(tensor)] > 1 for tensor in inputs)
            place = self._add(layer, [places[id(tensor)] for tensor in inputs], shared)
            places[id(layer.output)] = place
            if layer.name == FEATURES:
                self.features.append(place)
        return places[id(model.output)]

    def append(self, op: str, inputs: list[int], shape: list[int], **settings) -> int:
        self.layers.append(_Layer(op, inputs, shape, settings))
        return len(self.layers) - 1

    def packed_weights(self) -> bytes:
        """Return all biases and all scales as float32, then all integers, compressed with gzip.

        Of the integers the high bytes come first and then the low ones: the high ones are alike and
        compress well, the low ones not at all.
        """
        kernels = [layer.kernel for layer in self.layers if layer.kernel is not None]
        biases = [layer.bias for layer in self.layers if layer.bias is not None]
        integers, scales = zip(*map(to_integers, kernels), strict=True)
        numbers = np.concatenate([*biases, *scales]).astype("<f4")
        halves = np.concatenate([kernel.ravel() for kernel in integers]).astype("<i2")
        low, high = halves.view(np.uint8).reshape(-1, 2).T
        return gzip.compress(numbers.tobytes() + high.tobytes() + low.tobytes(), 9, mtime=0)

    def _add(self, layer: layers.Layer, inputs: list[int], shared: bool) -> int:
        """Append one Keras layer, or merge it into the layer before; returns its place."""
        if isinstance(layer, _PASSING):
            return inputs[0]
        if isinstance(layer, layers.BatchNormalization):
            return self._fold(layer, inputs[0], shared)
        if isinstance(layer, (layers.ReLU, layers.Activation)):
            return self._activate(_activation_name(layer), inputs, shared)
        for kind, adder in _ADDERS.items():
            if isinstance(layer, kind):
                self.layers.append(adder(layer, inputs, list(layer.output.shape[1:])))
                return len(self.layers) - 1
        raise DigitError(
            f"The static page cannot run a layer of type {type(layer).__name__}; export another "
            "architecture."
        )

    def _fold(self, layer: layers.BatchNormalization, place: int, shared: bool) -> int:
        """Merge a batch normalisation into the convolution before it."""
        before = self.layers[place]
        if shared or before.kernel is None or before.activation:
            raise DigitError("Batch normalisation can be folded only behind a convolution.")
        gamma = 1.0 if layer.gamma is None else np.asarray(layer.gamma)
        beta = 0.0 if layer.beta is None else np.asarray(layer.beta)
        scale = gamma / np.sqrt(np.asarray(layer.moving_variance) + layer.epsilon)
        bias = 0.0 if before.bias is None else before.bias
        before.kernel = before.kernel * scale
        before.bias = (bias - np.asarray(layer.moving_mean)) * scale + beta
        return place

    def _activate(self, name: str, inputs: list[int], shared: bool) -> int:
        """Let the layer before apply the activation, unless another layer needs it without."""
        before = self.layers[inputs[0]]
        if not shared and before.op in _ACTIVATED and not before.activation:
            before.activation = name
            return inputs[0]
        place = self.append("activation", inputs, before.shape)
        self.layers[place].activation = name
        return place


def to_integers(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Round a kernel to integers of 16 bits, with error diffusion.

    kernel: (rows, columns, channels, units) or smaller. Each rounding error is passed on to the
    next weight of the same unit and channel. What a kernel sees are neighbouring pixels of smooth
    maps, so that the errors nearly cancel in the sum.
    Returns the integers and the (units,) float32 scale by which they are multiplied.
    """
    largest = np.abs(kernel).reshape(-1, kernel.shape[-1]).max(axis=0)
    scale = (np.where(largest > 0, largest, 1) / LARGEST_INTEGER).astype(np.float32)
    integers = np.empty(kernel.shape, np.int16)
    error = np.zeros(kernel.shape[2:] if kernel.ndim > 2 else kernel.shape[1:])
    for tap in np.ndindex(kernel.shape[:2] if kernel.ndim > 2 else kernel.shape[:1]):
        wanted = kernel[tap] / scale + error
        integers[tap] = np.clip(np.rint(wanted), -LARGEST_INTEGER, LARGEST_INTEGER)
        error = wanted - integers[tap]
    return integers, scale


# Layers that change nothing at inference, given that maps are flat arrays, channels last.
_PASSING: Any = (
    layers.Reshape,
    layers.Flatten,
    layers.Identity,
    layers.Dropout,
    layers.SpatialDropout2D,
)
_ACTIVATED = ("convolution", "depthwise", "dense", "add")


def _inputs(layer: layers.Layer) -> list:
    """Return the tensors that a layer takes; an input layer takes none."""
    if isinstance(layer, layers.InputLayer):
        return []
    return layer.input if isinstance(layer.input, list) else [layer.input]


def _activation_name(layer: layers.Layer) -> str:
    if isinstance(layer, layers.ReLU) and not layer.negative_slope and not layer.threshold:
        names = {None: "relu", 6.0: "relu6"}
        if layer.max_value in names:
            return names[layer.max_value]
    elif isinstance(layer, layers.Activation) and layer.activation is keras.activations.relu:
        return "relu"
    raise DigitError(f"The static page cannot run the activation {layer.name!r}.")


def _padding(layer: layers.Layer, kernel: int, strides: int) -> list[int]:
    """Return the rows and columns of zeros before and after the maps: [top, bottom, left, right].

    "same" as Keras means it: where the number is odd, the larger part comes after.
    """
    if getattr(layer, "padding", "same") == "valid":
        return [0, 0, 0, 0]
    around = []
    for size in layer.input.shape[1:3]:
        missing = max((-(-size // strides) - 1) * strides + kernel - size, 0)
        around += [missing // 2, missing - missing // 2]
    return around


def _convolution(layer: layers.Conv2D, inputs: list[int], shape: list[int]) -> _Layer:
    size, strides = layer.kernel_size[0], layer.strides[0]
    settings = {"strides": strides, "padding": _padding(layer, size, strides)}
    channels = shape[-1]
    bias = np.asarray(layer.bias) if layer.use_bias else np.zeros(channels, np.float32)
    return _Layer("convolution", inputs, shape, settings, np.asarray(layer.kernel), bias)


def _depthwise(layer: layers.DepthwiseConv2D, inputs: list[int], shape: list[int]) -> _Layer:
    size, strides = layer.kernel_size[0], layer.strides[0]
    settings = {"strides": strides, "padding": _padding(layer, size, strides)}
    kernel = np.asarray(layer.kernel)[..., 0]
    bias = np.asarray(layer.bias) if layer.use_bias else np.zeros(shape[-1], np.float32)
    return _Layer("depthwise", inputs, shape, settings, kernel, bias)


def _own_depthwise(layer: Depthwise, inputs: list[int], shape: list[int]) -> _Layer:
    strides = -(-layer.input.shape[1] // shape[0])
    settings = {"strides": strides, "padding": [1, 1, 1, 1]}
    bias = np.zeros(shape[-1], np.float32)
    return _Layer("depthwise", inputs, shape, settings, np.asarray(layer.kernel), bias)


def _dense(layer: layers.Dense, inputs: list[int], shape: list[int]) -> _Layer:
    dense = _Layer("dense", inputs, shape, {}, np.asarray(layer.kernel), np.asarray(layer.bias))
    if layer.activation is keras.activations.relu:
        dense.activation = "relu"
    elif layer.activation is not keras.activations.linear:
        raise DigitError(f"The static page cannot run the activation of {layer.name!r}.")
    return dense


def _max_pool(layer: layers.MaxPooling2D, inputs: list[int], shape: list[int]) -> _Layer:
    size, strides = layer.pool_size[0], layer.strides[0]
    padding = _padding(layer, size, strides)
    return _Layer("max_pool", inputs, shape, {"pool": size, "strides": strides, "padding": padding})


def _pad(layer: layers.ZeroPadding2D, inputs: list[int], shape: list[int]) -> _Layer:
    return _Layer("pad", inputs, shape, {"padding": [n for side in layer.padding for n in side]})


def _crop(layer: layers.Cropping2D, inputs: list[int], shape: list[int]) -> _Layer:
    return _Layer("crop", inputs, shape, {"cropping": [n for side in layer.cropping for n in side]})


def _rescale(layer: layers.Rescaling, inputs: list[int], shape: list[int]) -> _Layer:
    """Return the scale and offset of each channel."""
    scale, offset = (
        np.broadcast_to(np.asarray(value, float), shape[-1]).tolist()
        for value in (layer.scale, layer.offset)
    )
    return _Layer("rescale", inputs, shape, {"scale": scale, "offset": offset})


def _plain(op: str) -> Callable[[layers.Layer, list[int], list[int]], _Layer]:
    return lambda layer, inputs, shape: _Layer(op, inputs, shape)


_ADDERS: dict[Any, Callable[..., _Layer]] = {
    Depthwise: _own_depthwise,
    layers.DepthwiseConv2D: _depthwise,
    layers.Conv2D: _convolution,
    layers.Dense: _dense,
    layers.Add: _plain("add"),
    layers.Average: _plain("average"),
    layers.Concatenate: _plain("concatenate"),
    layers.GlobalAveragePooling2D: _plain("average_places"),
    layers.MaxPooling2D: _max_pool,
    layers.ZeroPadding2D: _pad,
    layers.Cropping2D: _crop,
    layers.Rescaling: _rescale,
    layers.Resizing: _plain("resize"),
}
