"""Write and read corrections: what visitors say a wrong answer should have been.

Each correction is a folder named ``{time}-{mark}-{label}`` that holds the picture of one mark, its
tile and a JSON record. It is written under a hidden name, flushed to disk and then renamed, so a
folder that has its final name is complete even if the server was killed.
"""

import hashlib
import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from ..arrays import DIGITS, TILE_SIZE, Tile
from ..errors import BadDataset
from .mnist import LabelledImages

PICTURE_FILE = "picture.png"
TILE_FILE = "tile.png"
RECORD_FILE = "record.json"
FORMAT = 1
# How a folder's name says that a mark is not a digit.
NOT_A_DIGIT = "none"


@dataclass(frozen=True, eq=False)
class Correction:
    """A visitor's statement of what one mark is.

    picture: the mark with some of its surroundings. tile: (28, 28) float32 in 0..1. label: the
    digit, or None for a mark that is not a digit. details: JSON values to record with it, such as
    the answer that was wrong.
    """

    picture: Image.Image
    tile: Tile
    label: int | None
    details: Mapping[str, object]

    @property
    def tile_image(self) -> Image.Image:
        return Image.fromarray(np.rint(self.tile * 255).astype(np.uint8))

    @property
    def mark(self) -> str:
        """An identifier of the corrected mark: the same for every correction of it."""
        pixels = self.picture.tobytes() + self.tile_image.tobytes()
        return hashlib.sha256(pixels).hexdigest()[:16]

    @property
    def label_name(self) -> str:
        return NOT_A_DIGIT if self.label is None else str(self.label)


def write_correction(folder: Path, correction: Correction) -> None:
    """Add a correction to the folder, which is created if missing. Raises OSError.

    Once this returns, the correction is on disk.
    """
    hidden = folder / f".new-{uuid.uuid4().hex}"
    hidden.mkdir(parents=True)
    correction.picture.save(hidden / PICTURE_FILE)
    correction.tile_image.save(hidden / TILE_FILE)
    (hidden / RECORD_FILE).write_text(_record(correction), encoding="utf-8")
    for path in (*hidden.iterdir(), hidden):
        _flush_to_disk(path)
    time = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    hidden.rename(folder / f"{time}-{correction.mark}-{correction.label_name}")
    _flush_to_disk(folder)


def read_corrections(folder: str | Path) -> tuple[LabelledImages, np.ndarray]:
    """Read the corrections in a folder; if a tile was corrected twice, the newer one counts.

    Returns the corrected digits, and (n, 28, 28) uint8 marks that are not digits.
    Raises BadDataset.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BadDataset(f"There is no folder {folder} with corrections.")
    labels = {
        _read_tile(path / TILE_FILE): _read_label(path / RECORD_FILE)
        for path in complete_corrections(folder)
    }
    digits = {tile: label for tile, label in labels.items() if label is not None}
    others = [tile for tile, label in labels.items() if label is None]
    return (
        LabelledImages(_stack(list(digits)), np.array(list(digits.values()), np.uint8)),
        _stack(others),
    )


def complete_corrections(folder: Path) -> list[Path]:
    """Return the folders of all complete corrections, oldest first; none if folder is missing."""
    if not folder.exists():
        return []
    found = (path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    return sorted(found)


def repeats_the_latest(correction: Correction, corrections: list[Path]) -> bool:
    """Return whether the latest of these corrections of the same mark gives it the same label.

    corrections: as ``complete_corrections`` returns them.
    """
    names = [path.name.split("-") for path in corrections]
    labels = [name[2] for name in names if len(name) == 3 and name[1] == correction.mark]
    return labels[-1:] == [correction.label_name]


def _record(correction: Correction) -> str:
    record = {
        "format": FORMAT,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "correction": correction.label,
        **correction.details,
    }
    return json.dumps(record, indent=2) + "\n"


def _flush_to_disk(path: Path) -> None:
    """Flush a file's content or a folder's entries from the system's cache to disk."""
    if os.name == "nt" and path.is_dir():  # Windows cannot open folders
        return
    handle = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_tile(path: Path) -> bytes:
    try:
        with Image.open(path, formats=("PNG",)) as image:
            if image.size == (TILE_SIZE, TILE_SIZE) and image.mode == "L":
                return image.tobytes()
    except (OSError, SyntaxError, ValueError) as error:
        raise BadDataset(f"{path.parent.name} has no readable {path.name}.") from error
    raise BadDataset(f"{path.parent.name}/{path.name} is not 28 × 28 pixels of grey.")


def _read_label(path: Path) -> int | None:
    try:
        label = json.loads(path.read_bytes())["correction"]
    except OSError as error:
        raise BadDataset(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadDataset(f"{path.parent.name}/{path.name} does not hold a correction.") from error
    if label is None or (type(label) is int and 0 <= label < DIGITS):
        return label
    raise BadDataset(
        f"{path.parent.name}/{path.name} corrects to {label!r}, which is not a digit from 0 to 9."
    )


def _stack(tiles: list[bytes]) -> np.ndarray:
    return np.frombuffer(b"".join(tiles), np.uint8).reshape(-1, TILE_SIZE, TILE_SIZE)
