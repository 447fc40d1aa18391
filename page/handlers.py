"""What happens when someone draws, uploads, photographs, picks a bar or calls the API."""

import base64
import tempfile
import time
import uuid
from dataclasses import replace
from pathlib import Path

import gradio as gr

from digit_model.arrays import DIGITS, Reading
from digit_model.errors import DigitError
from digit_model.picture.render import fit_to_screen, overlay
from digit_model.pretrained import Pretrained

from . import answer, link
from .answer import Seen

PAD_EMPTY = ("Draw a digit", "Or several. The answer comes by itself after each stroke.")
IMAGE_EMPTY = ("Choose a picture", "A photo, a scan or a drawing, with one digit or several.")
CAMERA_EMPTY = (
    "Take a picture",
    "Hold the paper so that the digit fills a good part of the frame.",
)
# Pictures handed to API clients are fetched at once; afterwards nobody can ask for them.
KEPT_SECONDS = 600

Shown = tuple[str, str, Seen | None]


class Handlers:
    """The events of the page as methods; each returns the answer, the pictures and what to keep."""

    def __init__(self, served: Pretrained):
        self._served = served
        self._recogniser = served.recogniser
        self._shelf = tempfile.TemporaryDirectory(prefix="digit-")

    def pad(self, drawing: str | None) -> Shown:
        """drawing: the pad's PNG in a data: URL, a link that was opened there, or nothing."""
        if drawing and drawing.startswith(link.PREFIX):
            return self._linked(drawing.removeprefix(link.PREFIX))
        try:
            png = base64.b64decode((drawing or "").partition(",")[2])
        except ValueError:
            png = b""
        return self._read(png) if png else _nothing(PAD_EMPTY)

    def image(self, path: str | None) -> Shown:
        return self._read(path) if path else _nothing(IMAGE_EMPTY)

    def camera(self, path: str | None) -> Shown:
        return self._read(path) if path else _nothing(CAMERA_EMPTY)

    def choose(self, seen: Seen | None, event: gr.EventData) -> Shown:
        """Show another mark's bars, or what speaks for another digit."""
        if seen is None:
            return _nothing(PAD_EMPTY)
        choice = event._data or {}
        mark = _index(choice.get("mark"), len(seen.reading.digits))
        if mark is not None:
            seen = replace(seen, mark=mark, target=seen.reading.digits[mark].digit)
        target = _index(choice.get("target"), DIGITS)
        if target is not None:
            seen = replace(seen, target=target)
        return self._show(seen)

    def predict(self, picture: str | None, one: bool = False) -> tuple[dict, str]:
        """Read the handwritten digits of a picture.

        Returns the reading and a picture of what spoke for it.
        """
        if not picture:
            raise gr.Error("There is no picture. Give a picture file.", print_exception=False)
        try:
            reading = self._recogniser.read(picture, one=bool(one))
        except DigitError as error:
            raise gr.Error(str(error), print_exception=False) from error
        heatmaps = [self._recogniser.heatmap(digit) for digit in reading.digits]
        return reading.as_json(), self._keep(overlay(reading.picture, reading.digits, heatmaps))

    def model_info(self) -> dict:
        """Say which model is serving, where it came from and how well it reads MNIST's test set."""
        found = self._served.checkpoint
        return {
            "source": self._served.source,
            "fallback": self._served.fallback,
            "architecture": found.architecture,
            "parameters": found.model.count_params(),
            "sha256": found.sha256,
            "test_accuracy": accuracy(self._served),
            "explanation": self._recogniser.explanation,
            "temperature": found.calibration.temperature,
        }

    def _read(self, source: str | bytes) -> Shown:
        try:
            reading = self._recogniser.read(source)
        except DigitError as error:
            return answer.problem(str(error)), answer.no_pictures(), None
        if not reading.digits:
            return answer.problem("Nothing here looks like a digit."), answer.no_pictures(), None
        return self._look(reading)

    def _linked(self, code: str) -> Shown:
        """The tiles in a link; the pad itself draws the strokes in one."""
        try:
            found = link.read(code)
        except DigitError as error:
            return answer.problem(str(error)), answer.no_pictures(), None
        if isinstance(found, link.Tiles):
            return self._look(self._recogniser.read_tiles(found.tiles, found.rows))
        return _nothing(PAD_EMPTY)

    def _look(self, reading: Reading) -> Shown:
        picture, digits = fit_to_screen(reading.picture, reading.digits)
        mark = _least_sure(reading)
        small = replace(reading, picture=picture, digits=digits)
        return self._show(Seen(small, mark, digits[mark].digit))

    def _show(self, seen: Seen) -> Shown:
        heatmaps = [
            self._recogniser.heatmap(digit, seen.target if number == seen.mark else None)
            for number, digit in enumerate(seen.reading.digits)
        ]
        method = self._recogniser.explanation
        tiles = f'<span hidden data-tiles="{link.of_digits(seen.reading.digits)}"></span>'
        return answer.answer(seen) + tiles, answer.pictures(seen, heatmaps, method), seen

    def _keep(self, image) -> str:
        """A file of its own for each call: Gradio copies by content, and not atomically."""
        shelf = Path(self._shelf.name)
        for old in shelf.iterdir():
            if old.stat().st_mtime < time.time() - KEPT_SECONDS:
                old.unlink(missing_ok=True)
        path = shelf / f"heatmap-{uuid.uuid4().hex}.png"
        image.save(path)
        return str(path)


def accuracy(served: Pretrained) -> float | None:
    """The share of MNIST's test images that the checkpoint names right, where it says so."""
    return served.checkpoint.record.get("scores", {}).get("test", {}).get("accuracy")


def _nothing(words: tuple[str, str]) -> Shown:
    return answer.empty(*words), answer.no_pictures(), None


def _least_sure(reading: Reading) -> int:
    marks = range(len(reading.digits))
    return min(marks, key=lambda number: reading.digits[number].confidence)


def _index(value: object, count: int) -> int | None:
    """What the browser sent as an index, if it is one."""
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 4 and int(text) < count else None
