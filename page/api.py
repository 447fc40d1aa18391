"""What programs call: /predict, /predict_batch, /model_info and /health."""

import tempfile
import time
import uuid
from contextlib import suppress
from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image

from digit_model.arrays import TILE_SIZE, Reading
from digit_model.errors import DigitError
from digit_model.picture.render import overlay_heatmaps
from digit_model.pretrained import Pretrained

# Pictures handed to API clients are fetched at once; afterwards nobody can ask for them.
KEPT_SECONDS = 600
LARGEST_BATCH = 100


class Api:
    """The public calls as methods. Their docstrings are what the API page and MCP clients show."""

    def __init__(self, served: Pretrained):
        self._served = served
        self._recogniser = served.recogniser
        self._shelf = tempfile.TemporaryDirectory(prefix="digit-")
        self._started = time.monotonic()

    def predict(self, picture: str | None, one: bool = False) -> tuple[dict, str]:
        """Read the handwritten digits of a picture, and show what spoke for them.

        Parameters:
            picture: a PNG, JPEG, WebP, BMP, GIF or TIFF file of up to 25 MB and 20 megapixels.
            one: take the picture as holding exactly one digit.

        Returns:
            the reading: text, digits with confidence, probabilities and box, and seconds.
            the picture with a heatmap over it, as PNG.
        """
        if not picture:
            raise gr.Error("There is no picture. Give a picture file.", print_exception=False)
        try:
            reading = self._recogniser.read(picture, one=bool(one))
        except DigitError as error:
            raise gr.Error(str(error), print_exception=False) from error
        heatmaps = [self._recogniser.heatmap(digit) for digit in reading.digits]
        return reading.as_json(), self._keep(
            overlay_heatmaps(reading.picture, reading.digits, heatmaps)
        )

    def predict_batch(self, pictures: list[str] | None, one: bool = False) -> list[dict]:
        """Read the handwritten digits of up to 100 pictures.

        Parameters:
            pictures: PNG, JPEG, WebP, BMP, GIF or TIFF files of up to 25 MB and 20 megapixels each.
            one: take each picture as holding exactly one digit.

        Returns:
            for each picture, in order, its file name with the reading, or with an error.
        """
        if not pictures:
            raise gr.Error("There are no pictures. Give picture files.", print_exception=False)
        if len(pictures) > LARGEST_BATCH:
            raise gr.Error(
                f"{len(pictures)} pictures are too many at once. Send {LARGEST_BATCH} at most.",
                print_exception=False,
            )
        return [self._read_named(path, bool(one)) for path in pictures]

    def model_info(self) -> dict:
        """Say which model is serving, where it came from and how well it reads MNIST's test set.

        Returns:
            source, fallback (why the one asked for is not serving), architecture, parameters,
            sha256, test_accuracy, explanation and temperature.
        """
        found = self._served.checkpoint
        return {
            "source": self._served.source,
            "fallback": self._served.fallback,
            "architecture": found.architecture,
            "parameters": found.model.count_params(),
            "sha256": found.sha256,
            "test_accuracy": accuracy(self._served),
            "explanation": self._recogniser.explanations[0],
            "temperature": found.calibration.temperature,
        }

    def health(self) -> dict:
        """Say whether the server reads: an empty tile goes through the network.

        Returns:
            status, "ok" or "failing", the weights' sha256, and the seconds since the start.
        """
        logits = self._recogniser.predict_logits(np.zeros((1, TILE_SIZE, TILE_SIZE), np.float32))
        return {
            "status": "ok" if np.isfinite(logits).all() else "failing",
            "sha256": self._served.checkpoint.sha256,
            "up_seconds": round(time.monotonic() - self._started, 1),
        }

    def _read_named(self, path: str, one: bool) -> dict:
        [outcome] = self._recogniser.read_all([path], one=one)
        found = outcome.as_json() if isinstance(outcome, Reading) else {"error": str(outcome)}
        return {"file": Path(path).name, **found}

    def _keep(self, image: Image.Image) -> str:
        """A file of its own for each call: Gradio copies by content, and not atomically."""
        shelf = Path(self._shelf.name)
        for old in shelf.iterdir():
            with suppress(FileNotFoundError):  # another call was faster
                if old.stat().st_mtime < time.time() - KEPT_SECONDS:
                    old.unlink()
        path = shelf / f"heatmap-{uuid.uuid4().hex}.png"
        image.save(path)
        return str(path)


def endpoints(api: Api) -> None:
    """Put the calls on the page's API, with a label for everything that goes in and comes out."""
    with gr.Row(visible=False):
        picture = gr.File(label="Picture: PNG, JPEG, WebP, BMP, GIF or TIFF", type="filepath")
        pictures = gr.File(
            label=f"Pictures, up to {LARGEST_BATCH}", type="filepath", file_count="multiple"
        )
        one = gr.Checkbox(False, label="Take each picture as holding exactly one digit")
        reading = gr.JSON(label="Reading: text, digits and seconds")
        heatmap = gr.Image(label="Heatmap over the picture", type="filepath", format="png")
        readings = gr.JSON(label="Readings in order: file with text, digits and seconds, or error")
        info = gr.JSON(label="Model: source, architecture, parameters, sha256, test_accuracy")
        state = gr.JSON(label="Health: status, sha256 and up_seconds")
        for call, inputs, outputs in (
            (api.predict, [picture, one], [reading, heatmap]),
            (api.predict_batch, [pictures, one], readings),
            (api.model_info, None, info),
            (api.health, None, state),
        ):
            gr.Button().click(
                call,
                inputs,
                outputs,
                api_name=call.__name__,
                concurrency_id="reader" if inputs else None,
            )


def accuracy(served: Pretrained) -> float | None:
    """The share of MNIST's test images that the checkpoint names right, where it says so."""
    return served.checkpoint.record.get("scores", {}).get("test", {}).get("accuracy")
