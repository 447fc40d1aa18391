"""Store visitors' corrections in a folder, and copy them to the Hub. No gradio here."""

import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from digit_model.arrays import DIGITS, Digit, Picture
from digit_model.data.corrections import (
    NOT_A_DIGIT,
    Correction,
    complete_corrections,
    repeats_the_latest,
    write_correction,
)
from digit_model.errors import DigitError

from ..reading.view import ReadingView
from ..texts import text

if TYPE_CHECKING:
    # The page process has a store, too, and does without Keras.
    from digit_model.pretrained import Pretrained

    from .uploader import CorrectionUploader

CHOICES = (*map(str, range(DIGITS)), NOT_A_DIGIT)

# Even if every picture is pure noise, 5,000 corrections take at most 250 MB.
MAX_CORRECTIONS = 5000
MAX_PER_MINUTE = 30
MAX_SIDE_PIXELS = 128
# How much of the picture around a mark is stored with it, as a share of its longer side.
MARGIN = 0.2


class CorrectionNotStored(DigitError):
    """A correction could not be stored."""


class CorrectionStore:
    """A folder of corrections; safe to use from several threads.

    folder: created with the first correction. repo: a private dataset on the Hub, USER/NAME, to
    which each correction is also copied until ``close``.
    """

    def __init__(self, folder: Path, repo: str | None = None):
        self.folder = folder
        self.repo = repo
        self._lock = threading.Lock()
        self._recent: deque[float] = deque()
        self._uploader = _start_uploader(repo, self._complete) if repo else None

    def store(self, view: ReadingView, label: int | None, model: "Pretrained") -> None:
        """Store what the chosen mark of a reading really is; on disk once this returns.

        label: the digit, or None if the mark is not a digit. model: the one that answered.
        Raises CorrectionNotStored.
        """
        mark = view.chosen
        picture = _crop(view.reading.picture, mark)
        correction = Correction(picture, mark.tile, label, _details(mark, model))
        with self._lock:
            existing = self._complete()
            if repeats_the_latest(correction, existing):
                return
            self._refuse_floods(len(existing))
            try:
                write_correction(self.folder, correction)
            except OSError as error:
                raise CorrectionNotStored(
                    text("corrections.not_saved", reason=error.strerror)
                ) from error
        self.wake()

    def wake(self) -> None:
        """Have new corrections copied to the Hub, whichever process stored them."""
        if self._uploader:
            self._uploader.wake()

    def close(self) -> None:
        """Copy what is not on the Hub yet, for a few seconds at most."""
        if self._uploader:
            self._uploader.close()

    def _complete(self) -> list[Path]:
        return complete_corrections(self.folder)

    def _refuse_floods(self, stored: int) -> None:
        now = time.monotonic()
        while self._recent and self._recent[0] < now - 60:
            self._recent.popleft()
        if stored >= MAX_CORRECTIONS:
            raise CorrectionNotStored(text("corrections.full"))
        if len(self._recent) >= MAX_PER_MINUTE:
            raise CorrectionNotStored(text("corrections.too_many"))
        self._recent.append(now)


def _start_uploader(repo: str, folders: Callable[[], list[Path]]) -> "CorrectionUploader":
    # Imported here because huggingface_hub takes a quarter of a second, and few servers need it.
    from .uploader import CorrectionUploader

    return CorrectionUploader(repo, folders)


def _crop(picture: Picture, mark: Digit) -> Image.Image:
    """Return the mark with a margin around it, at most MAX_SIDE_PIXELS wide and high."""
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
    part.thumbnail((MAX_SIDE_PIXELS, MAX_SIDE_PIXELS))
    return part


def _details(mark: Digit, model: "Pretrained") -> dict[str, object]:
    return {
        "answer": mark.label,
        "accepted": mark.accepted,
        "probabilities": [round(float(share), 6) for share in mark.probabilities],
        "model": model.source,
        "architecture": model.checkpoint.architecture,
        "sha256": model.checkpoint.sha256,
    }
