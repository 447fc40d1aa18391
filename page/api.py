"""The endpoints for programs: /predict, /predict_batch, /explain, /model_info and /health."""

import itertools
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from digit_model.arrays import DIGITS
from digit_model.errors import DigitError

from .reader import Readers
from .texts import text

MAX_BATCH = 100
# The file in the examples on the API page.
EXAMPLE = "photo.jpg"

# Values reach the handlers as the client sent them, and leave as they are. Gradio would hand each
# one to a thread twice, to convert it as its component says, which changes only files.
RAW: dict = {"preprocess": False, "postprocess": False}
# A file as Gradio describes it to clients: its "path" on this machine, and more.
DescribedFile = dict


class Api:
    """The public calls as methods. Their docstrings are what the API page and MCP clients show.

    folder: where heatmaps are put for their callers to fetch, and deleted by the sweep.
    """

    def __init__(self, readers: Readers, folder: Path):
        self._readers = readers
        self._folder = folder
        self._started = time.monotonic()

    async def predict(
        self, picture: DescribedFile | None, one: bool = False
    ) -> tuple[dict, DescribedFile]:
        """Read the handwritten digits of a picture, and show what spoke for them.

        Parameters:
            picture: a PNG, JPEG, WebP, HEIC, AVIF, BMP, GIF, TIFF, PGM or PPM file of up to 25 MB.
            one: take the picture as holding exactly one digit.

        Returns:
            the reading: text, digits with confidence, probabilities and box, ignored, and seconds.
            the picture with a heatmap over it, as PNG.
        """
        if not picture:
            raise _error(text("api.no_picture"))
        values, heatmap = await self._ask("predict", picture, one=bool(one))
        return values["reading"], heatmap

    def predict_batch(self, pictures: list[DescribedFile] | None, one: bool = False) -> list[dict]:
        """Read the handwritten digits of up to 100 pictures.

        Parameters:
            pictures: picture files as /predict takes them.
            one: take each picture as holding exactly one digit.

        Returns:
            for each picture, in order, its file name with the reading, or with an error.
        """
        if not pictures:
            raise _error(text("api.no_pictures"))
        if len(pictures) > MAX_BATCH:
            raise _error(text("api.too_many_pictures", number=len(pictures), maximum=MAX_BATCH))
        with ThreadPoolExecutor(self._readers.count) as pool:
            return list(pool.map(self._read_named, pictures, itertools.repeat(bool(one))))

    async def explain(
        self,
        picture: DescribedFile | None,
        other: float | None = None,
        method: str | None = None,
        one: bool = False,
    ) -> tuple[dict, DescribedFile]:
        """Read a picture, and show why each mark is the digit it was read as, and not another.

        Parameters:
            picture: a picture file as /predict takes it.
            other: a digit, 0 to 9. Orange marks what counts for the answer, blue what counts for
                this digit instead. Without it, orange marks all that counts for the answer.
            method: Grad-CAM, LayerCAM or another that the model allows; by default its first.
            one: take the picture as holding exactly one digit.

        Returns:
            the reading as /predict gives it, with the other digit, the method and all methods.
            the picture with what counts over it, as PNG.
        """
        if not picture:
            raise _error(text("api.no_picture"))
        if other is not None and other not in range(DIGITS):
            raise _error(text("api.no_digit", other=other))
        digit = None if other is None else int(other)
        return await self._ask(
            "explain", picture, other=digit, method=method or None, one=bool(one)
        )

    def model_info(self) -> dict:
        """Say which model is serving, where it came from and how well it reads MNIST's test set.

        Returns:
            source, fallback (why the one asked for is not serving), architecture, parameters,
            sha256, test_accuracy, explanation and temperature.
        """
        try:
            return self._readers.call("describe_model").values
        except DigitError as error:
            raise _error(str(error)) from error

    def health(self) -> dict:
        """Say whether the server reads: an empty tile goes through the network.

        Returns:
            status: "ok", "starting" or "failing"; the weights' sha256; the seconds since the start;
            and how often a reader process was started again.
        """
        state = {"status": "starting", "sha256": None}
        if self._readers.is_ready:
            try:
                state = self._readers.call("check").values
            except DigitError:
                state["status"] = "failing"
        return {
            **state,
            "up_seconds": round(time.monotonic() - self._started, 1),
            "restarts": self._readers.restarts,
        }

    async def _ask(
        self, name: str, picture: DescribedFile, **parameters: Any
    ) -> tuple[dict, DescribedFile]:
        """Return what a reader answers to a call about one picture, and its PNG as a file."""
        try:
            values, [png] = await self._readers.call_async(
                name, picture=picture["path"], **parameters
            )
        except DigitError as error:
            raise _error(str(error)) from error
        return values, self._put(png)

    def _read_named(self, picture: DescribedFile, one: bool) -> dict:
        """Read one picture of a batch in a call of its own, so that it can fail alone."""
        path = picture["path"]
        try:
            found = self._readers.call("read", picture=path, one=one).values["reading"]
        except DigitError as error:
            found = {"error": str(error)}
        return {"file": Path(path).name, **found}

    def _put(self, png: bytes) -> DescribedFile:
        """Write a file in Gradio's folder, which need not copy it then, under a name of its own."""
        path = self._folder / f"heatmap-{uuid.uuid4().hex}.png"
        path.write_bytes(png)
        return FileData(path=str(path), orig_name=path.name).model_dump()


def endpoints(api: Api) -> None:
    """Put the calls on the page's API, with a label for everything that goes in and comes out."""
    with gr.Row(visible=False):
        picture = _picture_file(label=text("api.picture"))
        pictures = _picture_file(
            label=text("api.pictures", maximum=MAX_BATCH), file_count="multiple"
        )
        one = gr.Checkbox(False, label=text("api.one"))
        other = gr.Number(label=text("api.other"), precision=0)
        method = gr.Textbox(label=text("api.method"))
        reading = gr.JSON(label=text("api.reading"))
        heatmap = gr.Image(label=text("api.heatmap"), type="filepath", format="png")
        readings = gr.JSON(label=text("api.readings"))
        explained = gr.JSON(label=text("api.explained"))
        contrast = gr.Image(label=text("api.contrast"), type="filepath", format="png")
        info = gr.JSON(label=text("api.model_info"))
        state = gr.JSON(label=text("api.health"))
        for call, inputs, outputs in (
            (api.predict, [picture, one], [reading, heatmap]),
            (api.predict_batch, [pictures, one], readings),
            (api.explain, [picture, other, method, one], [explained, contrast]),
            (api.model_info, None, info),
            (api.health, None, state),
        ):
            gr.Button().click(
                call,
                inputs,
                outputs,
                api_name=call.__name__,
                concurrency_id="reader" if inputs else None,
                **RAW,
            )


def _picture_file(**settings: Any) -> gr.File:
    """Return a file for which the examples on the API page have a picture; Gradio's have a PDF."""
    file = gr.File(type="filepath", **settings)
    picture = {
        "path": EXAMPLE,
        "url": EXAMPLE,
        "orig_name": EXAMPLE,
        "meta": {"_type": "gradio.FileData"},
    }
    example = picture if file.file_count == "single" else [picture]
    # Beside a module with a subclass Gradio would write a .pyi file.
    file.example_payload = lambda: example  # type: ignore[method-assign]
    return file


def _error(sentence: str) -> gr.Error:
    return gr.Error(sentence, print_exception=False)
