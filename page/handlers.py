"""What happens when someone draws, uploads, photographs, or picks a bar or a heatmap."""

import base64
from dataclasses import replace

import gradio as gr

from digit_model.arrays import DIGITS, Reading
from digit_model.errors import DigitError
from digit_model.pretrained import Pretrained

from . import answer, link
from .answer import Seen
from .view import near

PAD_EMPTY = ("Draw a digit", "Or several. The answer comes by itself after each stroke.")
IMAGE_EMPTY = ("Choose a picture", "A photo, a scan or a drawing, with one digit or several.")
CAMERA_EMPTY = (
    "Take a picture",
    "Hold the paper so that the digit fills a good part of the frame.",
)

Shown = tuple[str, str, Seen | None]


class Handlers:
    """The events of the page as methods; each returns the answer, the pictures and what to keep."""

    def __init__(self, served: Pretrained):
        self._recogniser = served.recogniser
        self.methods = self._recogniser.explanations

    def pad(self, drawing: str | None, method: str | None = None) -> Shown:
        """drawing: the pad's PNG in a data: URL, a link that was opened there, or nothing.

        method: how to make the heatmap.
        """
        if drawing and drawing.startswith(link.PREFIX):
            return self._linked(drawing.removeprefix(link.PREFIX), method)
        png = _picture_in(drawing)
        return self._read(png, method) if png else _nothing(PAD_EMPTY)

    def image(self, path: str | None, method: str | None = None) -> Shown:
        return self._read(path, method) if path else _nothing(IMAGE_EMPTY)

    def camera(self, frame: str | None, method: str | None = None) -> Shown:
        """frame: the camera's JPEG in a data: URL, or nothing."""
        jpeg = _picture_in(frame)
        return self._read(jpeg, method) if jpeg else _nothing(CAMERA_EMPTY)

    def choose(
        self, seen: Seen | None, method: str | None, event: gr.EventData
    ) -> tuple[str, str, Seen | None, str | None]:
        """Show another mark's bars, what speaks for another digit, or another kind of heatmap."""
        choice = event._data or {}
        if choice.get("method") in self.methods:
            method = choice["method"]
        if seen is None:
            return *_nothing(PAD_EMPTY), method
        mark = _index(choice.get("mark"), len(seen.reading.digits))
        if mark is not None:
            seen = replace(seen, mark=mark, target=seen.reading.digits[mark].digit)
        target = _index(choice.get("target"), DIGITS)
        if target is not None:
            seen = replace(seen, target=target)
        return *self._show(seen, method), method

    def _read(self, source: str | bytes, method: str | None) -> Shown:
        try:
            reading = self._recogniser.read(source)
        except DigitError as error:
            return answer.problem(str(error)), answer.no_pictures(), None
        return self._look(reading, method)

    def _linked(self, code: str, method: str | None) -> Shown:
        """The tiles in a link; the pad itself draws the strokes in one."""
        try:
            found = link.read(code)
        except DigitError as error:
            return answer.problem(str(error)), answer.no_pictures(), None
        if isinstance(found, link.Tiles):
            return self._look(self._recogniser.read_tiles(found.tiles, found.rows), method)
        return _nothing(PAD_EMPTY)

    def _look(self, reading: Reading, method: str | None) -> Shown:
        picture, digits = near(reading.picture, reading.digits)
        mark = _least_sure(reading)
        small = replace(reading, picture=picture, digits=digits)
        return self._show(Seen(small, mark, digits[mark].digit), method)

    def _show(self, seen: Seen, method: str | None) -> Shown:
        method = method or self.methods[0]
        heatmaps = [
            self._recogniser.heatmap(
                digit, seen.target if number == seen.mark else None, method=method
            )
            for number, digit in enumerate(seen.reading.digits)
        ]
        tiles = f'<span hidden data-tiles="{link.of_digits(seen.reading.digits)}"></span>'
        pictures = answer.pictures(seen, heatmaps, method, self.methods)
        return answer.answer(seen) + tiles, pictures, seen


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
