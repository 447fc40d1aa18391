"""Save, load and verify a checkpoint: a folder with model.weights.h5 and config.json.

Nothing in a checkpoint is executed: the weights are plain arrays, which are loaded into an
architecture of this package.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

import jax
import keras
import numpy as np

from .architectures import ARCHITECTURES, inference
from .arrays import DIGITS, TILE_SIZE, Calibration, Tile
from .backend import require_jax_backend
from .errors import BadCheckpoint, CheckpointExists
from .former_names import with_current_names
from .weights_file import (
    CONFIG,
    WEIGHTS,
    file_sha256,
    is_described,
    load_weights,
    verify_file,
    verify_structure,
    without_weights,
)

FORMAT = 1
# Logits of the same weights differ by less than this between machines and versions.
GOLDEN_TOLERANCE = 1e-2
# Weights that are saved, but not yet the ones that config.json describes.
_PENDING_WEIGHTS = "pending.weights.h5"
_PENDING_CONFIG = "pending.config.json"
_MAX_CONFIG_BYTES = 1_000_000
_MAX_NUMBER = 1e300
_SCORES = ("images", "accuracy", "errors", "nll", "ece")
_RECORDED_PACKAGES = ("keras", "jax", "numpy", "h5py")
# The entries of config.json that are not part of a checkpoint's record.
_CONFIG_KEYS = ("format", "architecture", "calibration", "weights", "golden")


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A network and how to interpret its logits.

    record: how the network was trained and how it scored, as JSON types: ``recipe``, ``training``,
        ``scores`` and ``versions``.
    sha256: the hash of the weights file in hexadecimal, which identifies the weights.
    """

    model: keras.Model
    architecture: str
    calibration: Calibration
    record: dict = field(default_factory=dict)
    sha256: str = ""


def save(folder: Path, checkpoint: Checkpoint, *, force: bool = False) -> Checkpoint:
    """Write a checkpoint into a folder, and return it with its sha256.

    Saving is atomic: an interrupted save leaves the earlier checkpoint of the folder.
    Raises CheckpointExists if the folder already holds one, unless ``force`` is set.
    """
    refuse_to_overwrite(folder, force)
    folder.mkdir(parents=True, exist_ok=True)
    weights, config = folder / _PENDING_WEIGHTS, folder / _PENDING_CONFIG
    checkpoint.model.save_weights(weights)
    content = {
        "format": FORMAT,
        "architecture": checkpoint.architecture,
        "calibration": asdict(checkpoint.calibration),
        "weights": {"sha256": file_sha256(weights), "size": weights.stat().st_size},
        "golden": _golden_logits(checkpoint.model),
        "versions": {package: version(package) for package in _RECORDED_PACKAGES},
        **checkpoint.record,
    }
    config.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    _flush_to_disk(weights)
    _flush_to_disk(config)
    # Replacing config.json is the moment at which the new checkpoint takes the place of the old
    # one. If the program stops right after it, load() finishes the work.
    os.replace(config, folder / CONFIG)
    os.replace(weights, folder / WEIGHTS)
    return load(folder)


def refuse_to_overwrite(folder: Path, force: bool) -> None:
    """Raise CheckpointExists if the folder holds a checkpoint, unless ``force`` is set."""
    if not force and (folder / CONFIG).exists():
        raise CheckpointExists(
            f"{folder} already holds a checkpoint. Give another folder, or --force to replace it."
        )


def load(folder: Path, *, sha256: str | None = None) -> Checkpoint:
    """Load and verify a checkpoint: size, sha256, structure, values and golden prediction.

    sha256: the hash that the weights must have, if the caller knows it from another source.
    Raises BadCheckpoint, which says what is wrong, and WrongBackend.
    """
    require_jax_backend()
    try:
        return _load(folder, sha256)
    except OSError as error:
        raise BadCheckpoint(
            f"{folder.name} cannot be read as a checkpoint: {error.strerror}. A checkpoint is a "
            f"folder with {CONFIG} and {WEIGHTS}."
        ) from error


def _load(folder: Path, sha256: str | None) -> Checkpoint:
    config = _read_config(folder)
    if sha256 is not None and config["weights"]["sha256"] != sha256.lower():
        raise BadCheckpoint(
            f"{WEIGHTS} does not have the sha256 that was asked for: it has "
            f"{config['weights']['sha256'][:12]}…, not {sha256[:12].lower()}…."
        )
    _finish_interrupted_save(folder, config)
    weights = folder / WEIGHTS
    verify_file(weights, config)
    model = without_weights(ARCHITECTURES[config["architecture"]])
    verify_structure(weights, model.count_params())
    load_weights(model, weights, config["architecture"])
    _verify_values(model, config)
    record = {name: config[name] for name in config if name not in _CONFIG_KEYS}
    calibration = Calibration(**{k: float(v) for k, v in config["calibration"].items()})
    return Checkpoint(
        model, config["architecture"], calibration, record, config["weights"]["sha256"]
    )


def _finish_interrupted_save(folder: Path, config: dict) -> None:
    """Move the pending weights into place if config.json already describes them."""
    pending = folder / _PENDING_WEIGHTS
    if pending.is_file() and is_described(pending, config):
        os.replace(pending, folder / WEIGHTS)


def golden_tile() -> Tile:
    """Return the tile whose logits every checkpoint stores: a ring drawn by a formula."""
    y, x = np.mgrid[:TILE_SIZE, :TILE_SIZE] - (TILE_SIZE - 1) / 2
    return np.clip(2.5 - np.abs(np.hypot(x * 1.3, y) - 8), 0, 1).astype(np.float32)


def _read_config(folder: Path) -> dict:
    path = folder / CONFIG
    try:
        if path.stat().st_size > _MAX_CONFIG_BYTES:
            raise BadCheckpoint(f"{CONFIG} is larger than {_MAX_CONFIG_BYTES:,} bytes.")
        config = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        missing = f"no {CONFIG} in {folder.name}" if folder.is_dir() else f"no folder {folder.name}"
        raise BadCheckpoint(
            f"There is {missing}. Name a checkpoint folder, such as train.py writes."
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadCheckpoint(f"{CONFIG} is not JSON.") from error
    if isinstance(config, dict):
        config = with_current_names(config)
    _verify_config(config)
    _verify_record(config)
    return config


def _verify_config(config: object) -> None:
    """Raise BadCheckpoint unless every entry that loading needs is present, typed and finite."""
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise BadCheckpoint(f"{CONFIG} does not have format {FORMAT}. Update this program.")
    name = config.get("architecture")
    if not isinstance(name, str) or name not in ARCHITECTURES:
        raise BadCheckpoint(
            f"{CONFIG} names the architecture {str(name)[:40]!r}; known ones are "
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
        raise BadCheckpoint(f"{CONFIG} lacks a usable temperature and acceptance thresholds.")


def _verify_record(config: dict) -> None:
    """Raise BadCheckpoint unless the parts of the record that others read have the right types."""
    for name in ("recipe", "training", "scores", "versions"):
        if not isinstance(config.get(name, {}), dict):
            raise BadCheckpoint(f"In {CONFIG}, {name} is not an object.")
    if not _are_recipes(config.get("recipe", {}).get("members", [])):
        raise BadCheckpoint(f"In {CONFIG}, the members of the recipe are not recipes.")
    training = config.get("training", {})
    for name in ("epochs", "seconds", "corrections", "start_share"):
        if not _is_finite(training.get(name, 0)):
            raise BadCheckpoint(f"In {CONFIG}, training.{name} is not a number.")
    for name in ("start", "teacher", "refit"):
        if not isinstance(training.get(name, ""), str):
            raise BadCheckpoint(f"In {CONFIG}, training.{name} is not a sha256.")
    averaged = training.get("average", [])
    if not (isinstance(averaged, list) and all(isinstance(sha256, str) for sha256 in averaged)):
        raise BadCheckpoint(f"In {CONFIG}, training.average is not a list of sha256.")
    for part, scores in config.get("scores", {}).items():
        if not (
            isinstance(scores, dict)
            and all(_is_finite(scores.get(name)) for name in _SCORES)
            and _is_confusion_matrix(scores.get("confusion"))
        ):
            raise BadCheckpoint(f"In {CONFIG}, the scores on {part[:20]!r} are not all numbers.")


def _are_recipes(members: object) -> bool:
    """Return whether members is a list of recipes with the same entries."""
    return isinstance(members, list) and all(
        isinstance(member, dict) and member.keys() == members[0].keys() for member in members
    )


def _is_confusion_matrix(counts: object) -> bool:
    rows = counts if isinstance(counts, list) else []
    return len(rows) == DIGITS and all(
        isinstance(row, list) and len(row) == DIGITS and all(map(_is_count, row)) for row in rows
    )


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 53


def _is_finite(value: object) -> bool:
    """Return whether a value is a number that fits a float; JSON allows 1e999 and longer ones."""
    return isinstance(value, int | float) and type(value) is not bool and abs(value) < _MAX_NUMBER


def _verify_values(model: keras.Model, config: dict) -> None:
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise BadCheckpoint(f"{WEIGHTS} holds weights that are not finite numbers.")
    difference = np.abs(np.subtract(_golden_logits(model), config["golden"])).max()
    if not difference <= GOLDEN_TOLERANCE:
        raise BadCheckpoint(
            f"The logits of the golden tile differ by {difference:.3g} from those in {CONFIG}: "
            "the weights do not belong to this version of the architecture."
        )


def _golden_logits(model: keras.Model) -> list[float]:
    # Keras's predict would compile the model in another way than a Recogniser does.
    logits = jax.jit(inference(model))(golden_tile()[None])
    return np.asarray(logits)[0].astype(float).tolist()


def _flush_to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
