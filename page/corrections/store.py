"""What visitors say about wrong answers, kept in a folder for a later training. No gradio here.

Each correction is a folder of its own, written under a hidden name, brought to the disk and then
renamed: what is there under its name is whole, whenever the server was stopped. From there a
thread copies it to the Hub, where a repository is named.
"""

import hashlib
import json
import os
import threading
import time
import uuid
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from digit_model.arrays import Digit, Picture, Tile
from digit_model.data.mnist import RECORD_FILE, TILE_FILE, corrections_in
from digit_model.errors import DigitError
from digit_model.pretrained import Pretrained

from ..reading.answer import ReadingView
from .uploader import Copying

PICTURE_FILE = "picture.png"
FORMAT = 1
NO_DIGIT = "none"
# 5,000 corrections have at most 250 MB, if every picture is nothing but noise.
MOST_KEPT = 5000
MOST_A_MINUTE = 30
LONGEST_SIDE = 128
# How much of the picture around a mark is kept with it, as a share of its longer side.
MARGIN = 0.2


class NotKept(DigitError):
    """A correction could not be kept."""


class Corrections:
    """The folder of corrections; safe to use from threads.

    folder: made with the first of them. repo: a private dataset on the Hub, USER/NAME, into which
    each is copied, too; ``close`` ends that, with nothing left out if the Hub answers.
    """

    def __init__(self, folder: Path, repo: str | None = None):
        self.folder = folder
        self.repo = repo
        self._lock = threading.Lock()
        self._recent: deque[float] = deque()
        self._copying = Copying(repo, self._kept) if repo else None

    def keep(self, seen: ReadingView, correction: int | None, served: Pretrained) -> None:
        """Keep what the chosen mark of a reading really is; once this returns it is on the disk.

        correction: the digit, or None for no digit at all. served: what gave the answer.
        Raises NotKept.
        """
        mark = seen.chosen
        picture = _crop(seen.reading.picture, mark)
        record = _record(mark, correction, served)
        with self._lock:
            try:
                self._write(picture, mark.tile, correction, record)
            except OSError as error:
                raise NotKept(
                    f"The correction could not be kept: {error.strerror}. Try again later."
                ) from error
        if self._copying:
            self._copying.wake()

    def close(self) -> None:
        """Copy what is not yet on the Hub, for a few seconds at most."""
        if self._copying:
            self._copying.close()

    def _write(self, picture: Image.Image, tile: Tile, correction: int | None, record: str) -> None:
        pixels = Image.fromarray(np.rint(tile * 255).astype(np.uint8))
        named = f"{_digest(picture, pixels)}-{NO_DIGIT if correction is None else correction}"
        kept = [path.name for path in self._kept()]
        earlier = [name for name in kept if name.split("-")[1:2] == named.split("-")[:1]]
        if earlier and earlier[-1].endswith(named):
            return
        self._refuse_floods(len(kept))
        hidden = self.folder / f".new-{uuid.uuid4().hex}"
        hidden.mkdir(parents=True)
        picture.save(hidden / PICTURE_FILE)
        pixels.save(hidden / TILE_FILE)
        (hidden / RECORD_FILE).write_text(record, encoding="utf-8")
        for path in (*hidden.iterdir(), hidden):
            _to_disk(path)
        hidden.rename(self.folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{named}")
        _to_disk(self.folder)

    def _kept(self) -> list[Path]:
        """The finished ones, the oldest first."""
        return corrections_in(self.folder) if self.folder.exists() else []

    def _refuse_floods(self, kept: int) -> None:
        now = time.monotonic()
        while self._recent and self._recent[0] < now - 60:
            self._recent.popleft()
        if kept >= MOST_KEPT:
            raise NotKept("There is no room for more corrections. Thank you all the same.")
        if len(self._recent) >= MOST_A_MINUTE:
            raise NotKept("Too many corrections at once. Try again in a minute.")
        self._recent.append(now)


def _crop(picture: Picture, mark: Digit) -> Image.Image:
    """The mark with a little of what is around it."""
    box = mark.box
    margin = round(MARGIN * max(box.width, box.height))
    height, width = picture.shape[:2]
    part = Image.fromarray(picture).crop(
        (
            max(0, box.left - margin),
            max(0, box.top - margin),
            min(width, box.right + margin),
            min(height, box.bottom + margin),
        )
    )
    part.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return part


def _digest(picture: Image.Image, tile: Image.Image) -> str:
    """What tells one corrected mark from another."""
    return hashlib.sha256(picture.tobytes() + tile.tobytes()).hexdigest()[:16]


def _record(mark: Digit, correction: int | None, served: Pretrained) -> str:
    record = {
        "format": FORMAT,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "correction": correction,
        "answer": mark.label,
        "accepted": mark.accepted,
        "probabilities": [round(float(share), 6) for share in mark.probabilities],
        "model": served.source,
        "architecture": served.checkpoint.architecture,
        "sha256": served.checkpoint.sha256,
    }
    return json.dumps(record, indent=2) + "\n"


def _to_disk(path: Path) -> None:
    """Bring a file, or the entries of a folder, from the system's memory to the disk."""
    if os.name == "nt" and path.is_dir():  # Windows opens no folders
        return
    handle = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
