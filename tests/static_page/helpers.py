"""Shared by the tests of the static page: arrays in files that fixtures.mjs reads."""

import json
from itertools import count
from pathlib import Path

import numpy as np

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
