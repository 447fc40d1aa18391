"""The calls that a reader process answers: the public methods of ReaderCalls (reader.py).

A picture comes as the path of an uploaded file or as bytes, the first attachment. ``model`` is the
key of the model that answers. A view is a reading as a visitor looks at it, in bytes that only
reader processes understand (reading/view.py); the page process holds it and hands it back.

| call | takes | answers |
|---|---|---|
| predict | picture, one | reading; the heatmap's PNG |
| explain | picture, other, method, one | the reading, other, method, methods; the contrast's PNG |
| read | picture, one | reading |
| show | picture or link, method, model | answer, pictures: HTML; the view; of strokes nothing |
| look | picture, model | text, "" if a mark is unclear |
| steps | picture, model | html |
| choose | view, choice, model | answer, pictures: HTML, method; the view |
| correct | view, choice, model | html, is_stored |
| read_row | picture, name, model | row: of the Files tab's table |
| open_link | link | pad: JSON for the pad |
| export_network | model | model: as in model.json; the weights |
| describe_model | | what /model_info says |
| model_line | model | html |
| check | | status, sha256 |
| list_models, check_model | | html; is_more to check |
| load_model | model | nothing; the model is loaded |
| pick_model | chosen, model | view, mistakes, line: HTML, and key |
| compare_models | view, chosen, beside | html |
| find_mistakes | model | html, is_more to read; the next call goes on |
"""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from digit_model import pretrained
from digit_model.arrays import TILE_SIZE
from digit_model.backend import cache_compiled_networks
from digit_model.errors import DigitError
from digit_model.picture.ink import ink_steps
from digit_model.picture.render import draw_each_step, overlay_heatmaps
from digit_model.picture.strip import row_steps
from digit_model.pretrained import Pretrained
from digit_model.recogniser import Recogniser

from . import png
from .corrections.correct import correct
from .corrections.store import CorrectionNotStored, CorrectionStore
from .files.rows import read_row
from .inside.networks import ExportedNetworks
from .models.answers import ModelAnswers, accuracy, model_line
from .models.comparison import compare
from .models.mistakes import TestSet, keras_download
from .models.registry import ModelRegistry
from .reading import answers
from .reading.steps import strip
from .reading.view import ReadingView
from .sharing.link import Tiles
from .sharing.link import read as read_link
from .sharing.unpack import unpack as unpack_link
from .texts import text

# The values and the attachments of an answer.
Result = tuple[dict, list[bytes]]


def load(settings: dict) -> "ReaderCalls":
    """Load the weights that the settings name (reader.ReaderSettings), and read a first picture.

    Raises DigitError.
    """
    cache_compiled_networks()
    model, source = settings["model"], settings["source"]
    if model and source:
        served = pretrained.load_folder(Path(model), source)
        served = replace(served, fallback=settings["fallback"])
    else:
        served = pretrained.load_from(model) if model else pretrained.load()
    calls = ReaderCalls(served, settings)
    calls.predict(_touching_strokes())
    # Few pictures need it, and none should wait for it.
    threading.Thread(target=pretrained.row_reader, daemon=True).start()
    return calls


def _touching_strokes() -> bytes:
    """Draw a picture whose reading imports what only some pictures need, such as scipy.signal.

    It is read while Gradio is still being imported, so that no visitor waits for it.
    """
    picture = Image.new("RGB", (280, 280), "white")
    ImageDraw.Draw(picture).line([(40, 60), (240, 60), (140, 240)], "black", 12)
    return png.encode(picture)


class ReaderCalls:
    """The calls, and the models that answer them; safe to use from threads."""

    def __init__(self, served: Pretrained, settings: dict):
        self._served = served
        checkpoints, test_set = settings["checkpoints"], settings["test_set"]
        self._models = ModelRegistry(served, Path(checkpoints) if checkpoints else None)
        images = Path(test_set) if test_set else keras_download()
        self._about_models = ModelAnswers(self._models, TestSet(images))
        self._exported = ExportedNetworks()
        corrections = settings["corrections"]
        self._corrections = CorrectionStore(Path(corrections)) if corrections else None

    def loaded(self) -> dict:
        """Return the settings with which another reader loads the same weights."""
        served = self._served
        return {
            "model": str(served.folder),
            "source": served.source,
            "fallback": served.fallback,
        }

    def answer(self, name: str, attachments: list[bytes], parameters: dict) -> Result:
        """Answer a call by its name. Raises DigitError."""
        return getattr(self, name)(*attachments, **parameters)

    def predict(self, *content: bytes, picture: str = "", one: bool = False) -> Result:
        recogniser = self._served.recogniser
        reading = recogniser.read(_source(content, picture), one=one)
        heatmaps = [recogniser.heatmap(digit) for digit in reading.digits]
        image = overlay_heatmaps(reading.picture, reading.shown().digits, heatmaps)
        return {"reading": reading.as_json()}, [png.encode(image)]

    def explain(
        self, *content: bytes, picture: str, other: int | None, method: str | None, one: bool
    ) -> Result:
        recogniser = self._served.recogniser
        methods = recogniser.explanations
        if method is not None and method not in methods:
            raise DigitError(text("api.no_method", method=method, methods=", ".join(methods)))
        reading = recogniser.read(_source(content, picture), one=one)
        evidence = [
            recogniser.heatmap(digit, method=method)
            if other is None
            else recogniser.contrast(digit, other, method=method)
            for digit in reading.digits
        ]
        image = overlay_heatmaps(reading.picture, reading.shown().digits, evidence)
        explained = {"other": other, "method": method or methods[0], "methods": list(methods)}
        return {**reading.as_json(), **explained}, [png.encode(image)]

    def read(self, *content: bytes, picture: str = "", one: bool = False) -> Result:
        reading = self._served.recogniser.read(_source(content, picture), one=one)
        return {"reading": reading.as_json()}, []

    def show(
        self,
        *content: bytes,
        model: str,
        method: str | None,
        picture: str = "",
        link: str = "",
    ) -> Result:
        recogniser = self._models.get(model).recogniser
        if not link:
            reading = recogniser.read(_source(content, picture))
        elif isinstance(found := read_link(link), Tiles):
            reading = recogniser.read_tiles(found.tiles, found.rows)
        else:
            # Of strokes the pad makes a drawing, and asks again.
            return {}, []
        return _shown(recogniser, answers.first_view(recogniser, reading, method))

    def look(self, content: bytes, *, model: str) -> Result:
        reading = self._models.get(model).recogniser.read(content)
        is_clear = all(digit.accepted for digit in reading.digits)
        return {"text": reading.text if is_clear else ""}, []

    def steps(self, content: bytes, *, model: str) -> Result:
        reading = self._models.get(model).recogniser.read(content)
        steps = [*ink_steps(reading.picture), *row_steps(reading.strips)]
        drawn = draw_each_step(steps, reading.picture, reading.shown().digits)
        return {"html": strip(drawn)}, []

    def choose(self, view: bytes, *, model: str, choice: dict) -> Result:
        recogniser = self._models.get(model).recogniser
        chosen = answers.chosen_view(recogniser, ReadingView.from_bytes(view), choice)
        return _shown(recogniser, chosen)

    def correct(self, view: bytes, *, model: str, choice: object) -> Result:
        if self._corrections is None:
            raise CorrectionNotStored(text("corrections.off"))
        seen = ReadingView.from_bytes(view) if view else None
        return {"html": correct(self._corrections, self._models, model, seen, choice)}, []

    def read_row(self, *, model: str, picture: str, name: str) -> Result:
        return {"row": read_row(self._models.get(model).recogniser, name, Path(picture))}, []

    def open_link(self, *, link: str) -> Result:
        return {"pad": unpack_link(link)}, []

    def export_network(self, *, model: str) -> Result:
        found, weights = self._exported.get(self._models.get(model))
        return {"model": found}, [weights]

    def describe_model(self) -> Result:
        found = self._served.checkpoint
        return {
            "source": self._served.source,
            "fallback": self._served.fallback,
            "architecture": found.architecture,
            "parameters": found.model.count_params(),
            "sha256": found.sha256,
            "test_accuracy": accuracy(self._served),
            "explanation": self._served.recogniser.explanations[0],
            "temperature": found.calibration.temperature,
        }, []

    def check(self) -> Result:
        tile = np.zeros((1, TILE_SIZE, TILE_SIZE), np.float32)
        is_finite = np.isfinite(self._served.recogniser.predict_logits(tile)).all()
        status = "ok" if is_finite else "failing"
        return {"status": status, "sha256": self._served.checkpoint.sha256}, []

    def load_model(self, *, model: str) -> Result:
        self._models.get(model)
        return {}, []

    def model_line(self) -> Result:
        return {"html": model_line(self._served)}, []

    def list_models(self) -> Result:
        return {"html": self._about_models.list_rows()}, []

    def check_model(self) -> Result:
        is_more = self._about_models.check_next()
        return {"html": self._about_models.list_rows(), "is_more": is_more}, []

    def pick_model(self, *, chosen: str, model: str) -> Result:
        return self._about_models.pick(chosen, model), []

    def compare_models(self, view: bytes, *, chosen: str, beside: str) -> Result:
        seen = ReadingView.from_bytes(view)
        return {"html": compare(self._models, seen, chosen, beside)}, []

    def find_mistakes(self, *, model: str) -> Result:
        html, is_more = self._about_models.find_mistakes(model)
        return {"html": html, "is_more": is_more}, []


def _source(content: tuple[bytes, ...], picture: str) -> bytes | Path:
    return content[0] if content else Path(picture)


def _shown(recogniser: Recogniser, view: ReadingView) -> Result:
    view, html = answers.shown(recogniser, view)
    return dict(html), [view.to_bytes()]
