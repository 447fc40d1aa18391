"""What visitors say about wrong answers, kept in a folder for a later training.

Each correction is a folder of its own, written under a hidden name, brought to the disk and then
renamed: what is there under its name is whole, whenever the server was stopped.
"""

import hashlib
import json
import os
import threading
import time
import uuid
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image

from digit_model.arrays import DIGITS, Digit, Picture
from digit_model.checkpoint import Checkpoint
from digit_model.errors import DigitError
from digit_model.training.dataset import RECORD_FILE, TILE_FILE

from .answer import Seen

PICTURE_FILE = "picture.png"
FORMAT = 1
NO_DIGIT = "none"
# 5,000 corrections have at most 250 MB, if every picture is nothing but noise.
MOST_KEPT = 5000
MOST_A_MINUTE = 30
LONGEST_SIDE = 128
# How much of the picture around a mark is kept with it, as a share of its longer side.
MARGIN = 0.2
TEMPLATE = """
<button type="button" class="plain" data-open aria-expanded="false">Wrong?</button>
<div class="panel" hidden><p class="question">It is a</p><div class="choices" role="group"
aria-label="What it is">{buttons}</div><p class="consent">{consent}</p></div>
<span class="said" role="status">${{value}}</span>
"""


class NotKept(DigitError):
    """A correction could not be kept."""


class Corrections:
    """The folder of corrections; safe to use from threads."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._lock = threading.Lock()
        self._recent: deque[float] = deque()

    def keep(self, seen: Seen, correction: int | None, checkpoint: Checkpoint) -> None:
        """Keep what the chosen mark of a reading really is; once this returns it is on the disk.

        correction: the digit, or None for no digit at all.
        Raises NotKept.
        """
        mark = seen.chosen
        picture = _crop(seen.reading.picture, mark)
        with self._lock:
            try:
                self._write(picture, mark, correction, checkpoint)
            except OSError as error:
                raise NotKept(
                    f"The correction could not be kept: {error.strerror}. Try again later."
                ) from error

    def _write(
        self, picture: Image.Image, mark: Digit, correction: int | None, checkpoint: Checkpoint
    ) -> None:
        tile = Image.fromarray(np.rint(mark.tile * 255).astype(np.uint8))
        named = f"{_digest(picture, tile)}-{NO_DIGIT if correction is None else correction}"
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = sorted(path.name for path in self._folder.iterdir() if path.name[0] != ".")
        earlier = [name for name in kept if name.split("-")[1:2] == named.split("-")[:1]]
        if earlier and earlier[-1].endswith(named):
            return
        self._refuse_floods(len(kept))
        hidden = self._folder / f".new-{uuid.uuid4().hex}"
        hidden.mkdir()
        picture.save(hidden / PICTURE_FILE)
        tile.save(hidden / TILE_FILE)
        (hidden / RECORD_FILE).write_text(_record(mark, correction, checkpoint), encoding="utf-8")
        for path in (*hidden.iterdir(), hidden):
            _to_disk(path)
        hidden.rename(self._folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{named}")
        _to_disk(self._folder)

    def _refuse_floods(self, kept: int) -> None:
        now = time.monotonic()
        while self._recent and self._recent[0] < now - 60:
            self._recent.popleft()
        if kept >= MOST_KEPT:
            raise NotKept("There is no room for more corrections. Thank you all the same.")
        if len(self._recent) >= MOST_A_MINUTE:
            raise NotKept("Too many corrections at once. Try again in a minute.")
        self._recent.append(now)


def correction_panel(folder: Path, environ: Mapping[str, str] = os.environ) -> gr.HTML:
    """The button "Wrong?" with its choices; ``correct`` tells which was pressed."""
    names = [*map(str, range(DIGITS)), NO_DIGIT]
    buttons = "".join(
        f'<button type="button" data-digit="{name}">'
        f"{'no digit' if name == NO_DIGIT else name}</button>"
        for name in names
    )
    return gr.HTML(
        "",
        html_template=TEMPLATE.format(buttons=buttons, consent=escape(consent(folder, environ))),
        js_on_load=Path(__file__).with_name("corrections.js").read_text(encoding="utf-8"),
        elem_id="correct",
        apply_default_css=False,
    )


def consent(folder: Path, environ: Mapping[str, str]) -> str:
    """What a visitor should know before pressing."""
    until = ""
    # https://huggingface.co/docs/hub/spaces-storage: only /data outlives a restart of a Space.
    if "SPACE_ID" in environ and not folder.absolute().is_relative_to("/data"):
        until = " until this Space restarts"
    return (
        "Pressing one keeps the picture of this digit, the answer and your choice on this "
        f"server{until}, to train later networks. Nothing else about you is kept."
    )


def correct(
    corrections: Corrections, checkpoint: Checkpoint, seen: Seen | None, choice: object
) -> str:
    """Keep what a visitor pressed; returns what to say, as HTML."""
    names = [*map(str, range(DIGITS)), NO_DIGIT]
    if seen is None or choice not in names:
        return "There is no answer to correct yet."
    digit = None if choice == NO_DIGIT else int(str(choice))
    try:
        corrections.keep(seen, digit, checkpoint)
    except NotKept as error:
        return escape(str(error))
    return "Kept as no digit. Thank you." if digit is None else f"Kept as {digit}. Thank you."


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


def _record(mark: Digit, correction: int | None, checkpoint: Checkpoint) -> str:
    record = {
        "format": FORMAT,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "correction": correction,
        "answer": mark.digit,
        "accepted": mark.accepted,
        "probabilities": [round(float(share), 6) for share in mark.probabilities],
        "architecture": checkpoint.architecture,
        "sha256": checkpoint.sha256,
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
