"""A folder {model.weights.h5, config.json}: save, load, verify. Nothing in it is executed."""

import hashlib
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

import h5py
import jax
import keras
import numpy as np

from .architectures import ARCHITECTURES, seeds
from .arrays import DIGITS, TILE_SIZE, Calibration, Tile
from .errors import BadCheckpoint, CheckpointExists

WEIGHTS = "model.weights.h5"
CONFIG = "config.json"
FORMAT = 1
# The same weights give logits this close on another machine or a later version.
GOLDEN_TOLERANCE = 1e-2
_LARGEST_CONFIG = 1_000_000
_LARGEST_WEIGHTS = 200_000_000
_LARGEST_NUMBER = 1e300
_MOST_MEMBERS = 5000
_SCORES = ("images", "accuracy", "errors", "nll", "ece")
_RECORDED_PACKAGES = ("keras", "jax", "numpy", "h5py")


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A network with what it takes to read its logits.

    record: how it was made and how it scored: ``recipe``, ``scores``, ``versions``, as JSON types.
    sha256: of the weights file, in hexadecimal; it names the weights.
    """

    model: keras.Model
    architecture: str
    calibration: Calibration
    record: dict = field(default_factory=dict)
    sha256: str = ""


def save(folder: Path, checkpoint: Checkpoint, *, force: bool = False) -> Checkpoint:
    """Write the checkpoint and return it with its sha256.

    Raises CheckpointExists if the folder holds one already and ``force`` is not given.
    """
    refuse_to_overwrite(folder, force)
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / WEIGHTS
    checkpoint.model.save_weights(weights)
    digest = _sha256(weights)
    config = {
        "format": FORMAT,
        "architecture": checkpoint.architecture,
        "calibration": asdict(checkpoint.calibration),
        "weights": {"sha256": digest, "size": weights.stat().st_size},
        "golden": _golden_logits(checkpoint.model),
        "versions": {package: version(package) for package in _RECORDED_PACKAGES},
        **checkpoint.record,
    }
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    return load(folder)


def refuse_to_overwrite(folder: Path, force: bool) -> None:
    """Raise CheckpointExists if the folder holds a checkpoint and ``force`` is false."""
    if not force and (folder / CONFIG).exists():
        raise CheckpointExists(
            f"{folder} already holds a checkpoint. Give another folder, or --force to replace it."
        )


def load(folder: Path, *, sha256: str | None = None) -> Checkpoint:
    """Read a checkpoint folder, verified in the order size, sha256, shapes, values, golden answer.

    sha256: what the weights must have besides, where the caller knows it from elsewhere.
    Raises BadCheckpoint, naming what is wrong.
    """
    try:
        return _load(folder, sha256)
    except OSError as error:
        raise BadCheckpoint(
            f"{folder.name} cannot be read as a checkpoint: {error.strerror}. A checkpoint is a "
            f"folder with {CONFIG} and {WEIGHTS}."
        ) from error


def _load(folder: Path, sha256: str | None) -> Checkpoint:
    config = _read_config(folder / CONFIG)
    if sha256 is not None and config["weights"]["sha256"] != sha256.lower():
        raise BadCheckpoint(f"{WEIGHTS} is not the one asked for: its sha256 is another.")
    weights = folder / WEIGHTS
    _verify_file(weights, config)
    model = _without_weights(ARCHITECTURES[config["architecture"]])
    _verify_structure(weights, model.count_params())
    _load_weights(model, weights, config["architecture"])
    _verify_values(model, config)
    record = {name: config[name] for name in config if name not in _OWN_KEYS}
    calibration = Calibration(**{k: float(v) for k, v in config["calibration"].items()})
    return Checkpoint(
        model, config["architecture"], calibration, record, config["weights"]["sha256"]
    )


def _without_weights(architecture: Callable[[], keras.Model]) -> keras.Model:
    """The network with placeholders for its weights: to draw random ones takes JAX seconds."""
    made: list[keras.Model] = []

    def made_seeds() -> list[jax.Array]:
        made.append(architecture())
        return [seed.value for seed in seeds(made[0])]

    values = jax.jit(made_seeds)()
    for seed, value in zip(seeds(made[0]), values, strict=True):
        seed.assign(value)
    return made[0]


def _load_weights(model: keras.Model, weights: Path, architecture: str) -> None:
    """Keras only warns where layers find nothing in the file and keep what they had."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            model.load_weights(weights)
    except (ValueError, KeyError, TypeError, OSError, RuntimeError, UserWarning) as error:
        raise BadCheckpoint(f"{WEIGHTS} does not fit the architecture {architecture!r}.") from error


def golden_tile() -> Tile:
    """A ring drawn by formula: the tile whose logits every checkpoint stores, (28, 28) float32."""
    y, x = np.mgrid[:TILE_SIZE, :TILE_SIZE] - (TILE_SIZE - 1) / 2
    return np.clip(2.5 - np.abs(np.hypot(x * 1.3, y) - 8), 0, 1).astype(np.float32)


_OWN_KEYS = ("format", "architecture", "calibration", "weights", "golden")


def _read_config(path: Path) -> dict:
    try:
        if path.stat().st_size > _LARGEST_CONFIG:
            raise BadCheckpoint(f"{CONFIG} is larger than {_LARGEST_CONFIG:,} bytes.")
        config = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise BadCheckpoint(f"There is no {CONFIG} in {path.parent.name}.") from error
    except (ValueError, RecursionError) as error:
        raise BadCheckpoint(f"{CONFIG} is not JSON.") from error
    _verify_config(config)
    _verify_record(config)
    return config


def _verify_config(config) -> None:
    """Raise BadCheckpoint unless every entry that loading uses is there, of its type and finite."""
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise BadCheckpoint(f"{CONFIG} is not of format {FORMAT}; update the program.")
    name = config.get("architecture")
    if not isinstance(name, str) or name not in ARCHITECTURES:
        raise BadCheckpoint(
            f"{CONFIG} names the architecture {str(name)[:40]!r}; known are "
            f"{', '.join(sorted(ARCHITECTURES))}."
        )
    weights, golden, calibration = (config.get(k) for k in ("weights", "golden", "calibration"))
    if not (
        isinstance(weights, dict)
        and isinstance(weights.get("sha256"), str)
        and _is_count(weights.get("size"))
    ):
        raise BadCheckpoint(f"{CONFIG} lacks the size and sha256 of the weights.")
    if not (isinstance(golden, list) and len(golden) == DIGITS and all(map(_is_finite, golden))):
        raise BadCheckpoint(f"{CONFIG} lacks its golden prediction, {DIGITS} finite logits.")
    if not (
        isinstance(calibration, dict)
        and calibration.keys() == Calibration.__dataclass_fields__.keys()
        and all(map(_is_finite, calibration.values()))
        and calibration["temperature"] > 0
    ):
        raise BadCheckpoint(f"{CONFIG} lacks a usable temperature and refusal thresholds.")


def _verify_record(config: dict) -> None:
    """Raise BadCheckpoint unless what others read from the record is of its type."""
    for name in ("recipe", "training", "scores", "versions"):
        if not isinstance(config.get(name, {}), dict):
            raise BadCheckpoint(f"{CONFIG} has {name} that are no names with values.")
    if not _are_recipes(config.get("recipe", {}).get("columns", [])):
        raise BadCheckpoint(f"{CONFIG} has a recipe of columns that are no recipes.")
    training = config.get("training", {})
    numbers = [training[name] for name in ("epochs", "seconds", "corrections") if name in training]
    if not all(map(_is_finite, numbers)):
        raise BadCheckpoint(f"{CONFIG} has a length of training that is no number.")
    for other in ("start", "teacher"):
        if not isinstance(training.get(other, ""), str):
            raise BadCheckpoint(f"{CONFIG} has a {other} of training that is no sha256.")
    for part, scores in config.get("scores", {}).items():
        if not (
            isinstance(scores, dict)
            and all(_is_finite(scores.get(name)) for name in _SCORES)
            and _is_confusion(scores.get("confusion"))
        ):
            raise BadCheckpoint(f"{CONFIG} has scores on {part[:20]!r} that are not all numbers.")


def _are_recipes(columns) -> bool:
    """Whether columns are a list of recipes that name the same choices."""
    return isinstance(columns, list) and all(
        isinstance(column, dict) and column.keys() == columns[0].keys() for column in columns
    )


def _is_confusion(counts) -> bool:
    """Whether counts are DIGITS rows of DIGITS whole numbers."""
    rows = counts if isinstance(counts, list) else []
    return len(rows) == DIGITS and all(
        isinstance(row, list) and len(row) == DIGITS and all(map(_is_count, row)) for row in rows
    )


def _is_count(value) -> bool:
    return type(value) is int and 0 <= value < 1 << 53


def _is_finite(value) -> bool:
    """Whether a value is a number that a float can hold; JSON also has 1e999 and longer ones."""
    return type(value) in (int, float) and abs(value) < _LARGEST_NUMBER


def _verify_file(weights: Path, config: dict) -> None:
    expected = config["weights"]
    if not weights.is_file():
        raise BadCheckpoint(f"There is no {WEIGHTS} in {weights.parent.name}.")
    size = weights.stat().st_size
    if size != expected["size"] or size > _LARGEST_WEIGHTS:
        raise BadCheckpoint(f"{WEIGHTS} has {size:,} bytes, not {expected['size']:,}.")
    if _sha256(weights) != expected["sha256"]:
        raise BadCheckpoint(
            f"{WEIGHTS} is not the file that {CONFIG} describes: its sha256 differs."
        )


def _verify_structure(weights: Path, parameters: int) -> None:
    """Refuse links out of the file and arrays that no network of ours has, before any is read."""
    numbers = 0
    try:
        with h5py.File(weights) as file:
            for array in _arrays(file):
                numbers += array.size
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise BadCheckpoint(f"{WEIGHTS} is not a readable HDF5 file.") from error
    # Besides the parameters Keras writes a few numbers of its own, such as seed states.
    if numbers > parameters + 100:
        raise BadCheckpoint(
            f"{WEIGHTS} holds {numbers:,} numbers; the network has {parameters:,} parameters."
        )


def _arrays(file: h5py.File) -> Iterator[h5py.Dataset]:
    """The arrays of a file, each a plain one; BadCheckpoint at the first thing that is not."""
    groups, seen = [file], 0
    while groups:
        group = groups.pop()
        seen += len(group)
        # Groups within themselves or shared would otherwise be walked for ever.
        if seen > _MOST_MEMBERS:
            raise BadCheckpoint(f"{WEIGHTS} holds more than {_MOST_MEMBERS:,} groups and arrays.")
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise BadCheckpoint(f"{WEIGHTS} holds a link to somewhere else.")
            member = group[name]
            if isinstance(member, h5py.Group):
                groups.append(member)
            else:
                _verify_array(member)
                yield member


def _verify_array(array) -> None:
    if not isinstance(array, h5py.Dataset) or array.shape is None:
        raise BadCheckpoint(f"{WEIGHTS} holds something that is no array.")
    if array.is_virtual or array.external:
        raise BadCheckpoint(f"{WEIGHTS} keeps its numbers in another file.")
    if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:
        raise BadCheckpoint(f"{WEIGHTS} holds an array of {str(array.dtype)[:40]}, not of numbers.")
    # Small in the file, it could be of any size in memory; train.py writes arrays as they are.
    if array.id.get_create_plist().get_nfilters():
        raise BadCheckpoint(f"{WEIGHTS} holds a compressed array; train.py writes plain ones.")


def _verify_values(model: keras.Model, config: dict) -> None:
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise BadCheckpoint(f"{WEIGHTS} holds weights that are not finite numbers.")
    gap = np.abs(np.subtract(_golden_logits(model), config["golden"])).max()
    if not gap <= GOLDEN_TOLERANCE:
        raise BadCheckpoint(
            f"The network answers the golden tile {gap:.3g} away from what {CONFIG} stores: "
            "the weights and the code do not belong together."
        )


def _golden_logits(model: keras.Model) -> list[float]:
    return model.predict_on_batch(golden_tile()[None])[0].astype(float).tolist()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
