"""Write networks for the static page: model.json, which lists their layers, and their weights.

Batch normalisation is folded into the layer before it. Kernels are stored as integers of 16 bits
with a scale for each unit, which is as small as float16 and several times as exact
(benchmarks/LOG.md). The list of layers is flat: each entry names its operation and the entries
whose output it takes, so that browser/network.js can run any architecture, an ensemble included, by
a loop over the list. The row reader's network, which is the same for all checkpoints, is described
by an entry of its own.
"""

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from .architectures import FEATURES, members
from .architectures.blocks import Depthwise
from .architectures.im2col import same_padding
from .checkpoint import Checkpoint
from .errors import DigitError
from .pretrained import ROW_READER_FOLDER
from .row_reader import load_row_network

MODEL = "model.json"
WEIGHTS = "weights.bin"
ROW_WEIGHTS = "row_weights.bin"
FORMAT = 3
LARGEST_INTEGER = 2**15 - 1


def export(checkpoint: Checkpoint, folder: Path, source: str) -> dict:
    """Write a checkpoint and the bundled row reader into a folder.

    The files are ``model.json``, whose content is returned, ``weights.bin`` and
    ``row_weights.bin``.
    source: where the checkpoint came from, in words that include its revision.
    Raises DigitError if the network has a layer that the static page cannot run.
    """
    model, weights = pack(checkpoint, source)
    row_network = load_row_network(ROW_READER_FOLDER)
    model["row_reader"], row_weights = pack_network(row_network, ROW_WEIGHTS)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(weights)
    (folder / ROW_WEIGHTS).write_bytes(row_weights)
    (folder / MODEL).write_text(json.dumps(model) + "\n", encoding="utf-8")
    return model


def pack(checkpoint: Checkpoint, source: str) -> tuple[dict, bytes]:
    """Return the description of a checkpoint, without a row reader, and its weights.

    source: as ``export`` takes it. Raises DigitError as ``export`` does.
    """
    network, weights = pack_network(checkpoint.model, WEIGHTS)
    model = {
        "architecture": checkpoint.architecture,
        "parameters": checkpoint.model.count_params(),
        "source": source,
        "checkpoint": checkpoint.sha256,
        "calibration": asdict(checkpoint.calibration),
        "scores": _accuracies(checkpoint.record),
        **network,
    }
    return model, weights


def pack_network(model: keras.Model, file: str) -> tuple[dict, bytes]:
    """Return what browser/network.js reads: the description of a network, and its weights.

    file: the name of the file with the weights.
    """
    models = members(model)
    network = _Network(model.input.shape[1:])
    logits = [network.add_model(member) for member in models]
    if len(models) > 1:
        network.append("average", logits, network.layers[-1].shape)
    weights = network.packed_weights()
    description = {
        "format": FORMAT,
        "weights": {
            "file": file,
            "type": "int16",
            "sha256": hashlib.sha256(weights).hexdigest(),
            "size": len(weights),
        },
        "features": network.features,
        "layers": [layer.as_json() for layer in network.layers],
    }
    return description, weights


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
    """The flat list of layers, built from Keras models.

    sides: the rows and columns of what they take.
    """

    def __init__(self, sides: Sequence[int]) -> None:
        self.layers = [_Layer("input", [], [*sides, 1])]
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


def _window(layer: layers.Layer, kernel: Sequence[int]) -> dict:
    """Return the strides down and across, and the zeros at the top, bottom, left and right."""
    around = [(0, 0), (0, 0)]
    if layer.padding == "same":
        around = same_padding(layer.input.shape[1:3], kernel, layer.strides)
    return {"strides": list(layer.strides), "padding": [zeros for side in around for zeros in side]}


def _convolution(layer: layers.Conv2D, inputs: list[int], shape: list[int]) -> _Layer:
    settings = _window(layer, layer.kernel_size)
    bias = np.asarray(layer.bias) if layer.use_bias else np.zeros(shape[-1], np.float32)
    return _Layer("convolution", inputs, shape, settings, np.asarray(layer.kernel), bias)


def _depthwise(layer: layers.DepthwiseConv2D, inputs: list[int], shape: list[int]) -> _Layer:
    settings = _window(layer, layer.kernel_size)
    kernel = np.asarray(layer.kernel)[..., 0]
    bias = np.asarray(layer.bias) if layer.use_bias else np.zeros(shape[-1], np.float32)
    return _Layer("depthwise", inputs, shape, settings, kernel, bias)


def _own_depthwise(layer: Depthwise, inputs: list[int], shape: list[int]) -> _Layer:
    strides = [-(-layer.input.shape[1] // shape[0])] * 2
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
    settings = {"pool": list(layer.pool_size), **_window(layer, layer.pool_size)}
    return _Layer("max_pool", inputs, shape, settings)


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
