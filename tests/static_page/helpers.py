"""Shared by the tests of the static page: arrays in files that fixtures.mjs reads, networks."""

import gzip
import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import keras
import numpy as np

from digit_model.architectures import ARCHITECTURES
from digit_model.export import MODEL, WEIGHTS

_numbers = count()


def store(folder: Path, array: np.ndarray) -> dict:
    """Write an array into a file of the folder, and return its description for JavaScript."""
    array = np.asarray(array)
    kinds = {"b": np.uint8, "f": np.float32, "i": np.int32, "u": array.dtype}
    wanted = array.dtype if array.dtype == np.float64 else kinds[array.dtype.kind]
    name = f"array-{next(_numbers)}.bin"
    (folder / name).write_bytes(np.ascontiguousarray(array, wanted).tobytes())
    return {"file": name, "type": np.dtype(wanted).name, "shape": list(array.shape)}


def write_fixtures(folder: Path, fixtures: object) -> None:
    (folder / "fixtures.json").write_text(json.dumps(fixtures), encoding="utf-8")


def random_network(architecture: str, seed: int = 0) -> keras.Model:
    """Return a network with random weights."""
    model = ARCHITECTURES[architecture]()
    set_random_weights(model, seed)
    return model


def set_random_weights(model: keras.Model, seed: int = 0) -> None:
    """Give a network random weights, statistics of batch normalisation included."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        if weight.path.split("/")[-1] in ("kernel", "depthwise_kernel"):
            spread = (2 / np.prod(weight.shape[:-1])) ** 0.5
            weight.assign(rng.normal(0, spread, weight.shape))
        elif "variance" in weight.path or "gamma" in weight.path:
            weight.assign(rng.uniform(0.7, 1.3, weight.shape))
        elif weight.dtype == "float32":
            weight.assign(rng.normal(0, 0.1, weight.shape))


def take_exported_weights(model: keras.Model, folder: Path) -> None:
    """Give a network the weights of its export: rounded kernels, normalisation folded into them.

    Gradients jump where rounding switches a unit on or off, so that they can only be compared if
    both sides calculate with the same weights.
    """
    exported = json.loads((folder / MODEL).read_text(encoding="utf-8"))
    packed = gzip.decompress((folder / WEIGHTS).read_bytes())
    kernels = _exported_kernels(exported["layers"], packed)
    bias = np.zeros(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.gamma.assign(np.ones(layer.gamma.shape))
            layer.beta.assign(bias)
            layer.moving_mean.assign(np.zeros(bias.shape))
            layer.moving_variance.assign(np.full(bias.shape, 1 - layer.epsilon))
        elif hasattr(layer, "kernel"):
            kernel, bias = next(kernels)
            layer.kernel.assign(kernel.reshape(layer.kernel.shape))
            if getattr(layer, "use_bias", False):
                layer.bias.assign(bias)


def _exported_kernels(
    layers: list[dict], weights: bytes
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the kernel and the bias of each layer that has them; see browser/network.js."""
    shapes = [layer["kernel"] for layer in layers if "kernel" in layer]
    units = sum(shape[-1] for shape in shapes)
    biases, scales = np.frombuffer(weights, "<f4", 2 * units).reshape(2, -1)
    high, low = np.frombuffer(weights, np.uint8, offset=8 * units).reshape(2, -1)
    integers = np.stack([low, high], axis=1).reshape(-1).view("<i2")
    for shape in shapes:
        size, columns = int(np.prod(shape)), shape[-1]
        yield integers[:size].reshape(shape) * scales[:columns], biases[:columns]
        integers, biases, scales = integers[size:], biases[columns:], scales[columns:]
