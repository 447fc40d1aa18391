"""What happens when someone draws, uploads, photographs, or picks a bar or a heatmap."""

import base64
from dataclasses import replace
from pathlib import Path

import gradio as gr

from digit_model.arrays import DIGITS, Reading
from digit_model.errors import DigitError
from digit_model.recogniser import Recogniser

from ..models.registry import ModelRegistry
from ..sharing import link
from . import answer
from .answer import ReadingView
from .crop import near

PAD_EMPTY = ("Draw a digit", "Or several. The answer comes by itself after each stroke.")
IMAGE_EMPTY = ("Choose a picture", "A photo, a scan or a drawing, with one digit or several.")
CAMERA_EMPTY = (
    "Take a picture",
    "Hold the paper so that the digit fills a good part of the frame.",
)
FORGOTTEN = (
    "This answer is over an hour old, and what it was about is no longer kept here. Open another "
    "tab and come back, and it is read again."
)
FORGOTTEN_FILE = "This picture came over an hour ago and is no longer kept here. Choose it again."

Shown = tuple[str, str, ReadingView | None]


class Handlers:
    """The events of the page as methods; each returns the answer, the pictures and what to keep.

    method: how to make the heatmap, where the model can. key: the model that answers.
    """

    def __init__(self, models: ModelRegistry):
        self._models = models

    def pad(self, drawing: str | None, method: str | None = None, key: str | None = None) -> Shown:
        """drawing: the pad's PNG in a data: URL, a link that was opened there, or nothing."""
        if drawing and drawing.startswith(link.PREFIX):
            return self._linked(drawing.removeprefix(link.PREFIX), method, key)
        png = _picture_in(drawing)
        return self._read(png, method, key) if png else _nothing(PAD_EMPTY)

    def image(self, path: str | None, method: str | None = None, key: str | None = None) -> Shown:
        if path and not Path(path).exists():
            return _problem(FORGOTTEN_FILE)
        return self._read(path, method, key) if path else _nothing(IMAGE_EMPTY)

    def camera(self, frame: str | None, method: str | None = None, key: str | None = None) -> Shown:
        """frame: the camera's JPEG in a data: URL, or nothing."""
        jpeg = _picture_in(frame)
        return self._read(jpeg, method, key) if jpeg else _nothing(CAMERA_EMPTY)

    def choose(
        self, seen: ReadingView | None, method: str | None, key: str | None, event: gr.EventData
    ) -> tuple[str, str, ReadingView | None, str | None]:
        """Show another mark's bars, what speaks for another digit, or another kind of heatmap."""
        choice = event._data or {}
        if seen is None:
            return *_problem(FORGOTTEN), method
        try:
            recogniser = self._models.get(key).recogniser
        except DigitError as error:
            return *_problem(str(error)), method
        if choice.get("method") in recogniser.explanations:
            method = choice["method"]
        mark = _index(choice.get("mark"), len(seen.reading.digits))
        if mark is not None:
            seen = replace(seen, mark=mark, target=seen.reading.digits[mark].label)
        target = _index(choice.get("target"), DIGITS)
        if target is not None:
            seen = replace(seen, target=target)
        return *_shown(recogniser, seen, method), method

    def _read(self, source: str | bytes, method: str | None, key: str | None) -> Shown:
        try:
            recogniser = self._models.get(key).recogniser
            return _looked_at(recogniser, recogniser.read(source), method)
        except DigitError as error:
            return _problem(str(error))

    def _linked(self, code: str, method: str | None, key: str | None) -> Shown:
        """The tiles in a link; the pad itself draws the strokes in one."""
        try:
            found = link.read(code)
            if not isinstance(found, link.Tiles):
                return _nothing(PAD_EMPTY)
            recogniser = self._models.get(key).recogniser
        except DigitError as error:
            return _problem(str(error))
        return _looked_at(recogniser, recogniser.read_tiles(found.tiles, found.rows), method)


def _looked_at(recogniser: Recogniser, reading: Reading, method: str | None) -> Shown:
    picture, digits = near(reading.picture, reading.digits)
    mark = _least_sure(reading)
    small = replace(reading, picture=picture, digits=digits)
    return _shown(recogniser, ReadingView(small, mark, digits[mark].label), method)


def _shown(recogniser: Recogniser, seen: ReadingView, method: str | None) -> Shown:
    """The answer with its heatmaps; a method that this model has not is its first one."""
    methods = recogniser.explanations
    method = method if method in methods else methods[0]
    heatmaps = [
        recogniser.heatmap(digit, seen.target if number == seen.mark else None, method=method)
        for number, digit in enumerate(seen.reading.digits)
    ]
    tiles = f'<span hidden data-tiles="{link.of_digits(seen.reading.digits)}"></span>'
    pictures = answer.pictures(seen, heatmaps, method, methods)
    return answer.answer(seen) + tiles, pictures, seen


def _problem(sentence: str) -> Shown:
    return answer.problem(sentence), answer.no_pictures(), None


def _picture_in(url: str | None) -> bytes:
    """The file in a base64 data: URL; nothing if there is none."""
    try:
        return base64.b64decode(str(url or "").partition(",")[2])
    except ValueError:
        return b""


def _nothing(words: tuple[str, str]) -> Shown:
    return answer.empty(*words), answer.no_pictures(), None


def _least_sure(reading: Reading) -> int:
    marks = range(len(reading.digits))
    return min(marks, key=lambda number: reading.digits[number].confidence)


def _index(value: object, count: int) -> int | None:
    """What the browser sent as an index, if it is one."""
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 4 and int(text) < count else None
