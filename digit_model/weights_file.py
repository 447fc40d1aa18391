"""Verify a file of weights and load it into a network, without executing anything in it."""

import hashlib
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import jax
import keras

from .architectures import seeds
from .errors import BadCheckpoint

WEIGHTS = "model.weights.h5"
CONFIG = "config.json"
_MAX_WEIGHTS_BYTES = 200_000_000
_MAX_HDF5_MEMBERS = 5000
# Keras stores a few numbers beside the parameters, such as the state of seed generators.
_MAX_EXTRA_NUMBERS = 100


def without_weights(architecture: Callable[[], keras.Model]) -> keras.Model:
    """Build a network with placeholders for weights, as JAX needs seconds to draw random ones."""
    built: list[keras.Model] = []

    def build() -> list[jax.Array]:
        built.append(architecture())
        return [seed.value for seed in seeds(built[0])]

    values = jax.jit(build)()
    for seed, value in zip(seeds(built[0]), values, strict=True):
        seed.assign(value)
    return built[0]


def load_weights(model: keras.Model, weights: Path, architecture: str) -> None:
    """Load the weights; layers that are missing in the file are an error, not Keras's warning."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            model.load_weights(weights)
    except (ValueError, KeyError, TypeError, OSError, RuntimeError, UserWarning) as error:
        raise BadCheckpoint(f"{WEIGHTS} does not fit the architecture {architecture!r}.") from error


def verify_file(weights: Path, config: dict) -> None:
    """Raise BadCheckpoint unless the file has the size and sha256 that the config gives."""
    expected = config["weights"]
    if not weights.is_file():
        raise BadCheckpoint(
            f"There is no {WEIGHTS} in {weights.parent.name}. Copy it beside {CONFIG}, or name "
            "another checkpoint folder."
        )
    size = weights.stat().st_size
    if size != expected["size"] or size > _MAX_WEIGHTS_BYTES:
        raise BadCheckpoint(f"{WEIGHTS} has {size:,} bytes, not {expected['size']:,}.")
    if not is_described(weights, config):
        raise BadCheckpoint(
            f"{WEIGHTS} is not the file that {CONFIG} describes: its sha256 differs."
        )


def is_described(weights: Path, config: dict) -> bool:
    """Return whether a weights file has the size and sha256 that the config gives."""
    expected = config["weights"]
    return weights.stat().st_size == expected["size"] and file_sha256(weights) == expected["sha256"]


def verify_structure(weights: Path, parameters: int) -> None:
    """Reject links out of the file and surplus arrays before any array is read."""
    numbers = 0
    try:
        with h5py.File(weights) as file:
            for array in _arrays(file):
                numbers += array.size
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise BadCheckpoint(f"{WEIGHTS} is not a readable HDF5 file.") from error
    if numbers > parameters + _MAX_EXTRA_NUMBERS:
        raise BadCheckpoint(
            f"{WEIGHTS} holds {numbers:,} numbers; the network has {parameters:,} parameters."
        )


def _arrays(file: h5py.File) -> Iterator[h5py.Dataset]:
    """Yield the arrays of a file, and raise BadCheckpoint at anything but a plain array."""
    groups, seen = [file], 0
    while groups:
        group = groups.pop()
        seen += len(group)
        # Without this limit, groups that contain themselves would be walked for ever.
        if seen > _MAX_HDF5_MEMBERS:
            raise BadCheckpoint(
                f"{WEIGHTS} holds more than {_MAX_HDF5_MEMBERS:,} groups and arrays."
            )
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise BadCheckpoint(f"{WEIGHTS} holds a link to another place.")
            member = group[name]
            if isinstance(member, h5py.Group):
                groups.append(member)
            else:
                _verify_array(member)
                yield member


def _verify_array(array: object) -> None:
    if not isinstance(array, h5py.Dataset) or array.shape is None:
        raise BadCheckpoint(f"{WEIGHTS} holds something that is not an array.")
    if array.is_virtual or array.external:
        raise BadCheckpoint(f"{WEIGHTS} keeps its numbers in another file.")
    if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:
        raise BadCheckpoint(f"{WEIGHTS} holds an array of {str(array.dtype)[:40]}, not of numbers.")
    # A small compressed array can expand to any size in memory, and train.py does not compress.
    if array.id.get_create_plist().get_nfilters():
        raise BadCheckpoint(f"{WEIGHTS} holds a compressed array; train.py writes plain ones.")


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
