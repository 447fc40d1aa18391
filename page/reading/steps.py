"""The steps from a picture to its tiles, as a strip to step through. No gradio here."""

from collections.abc import Iterable

from markupsafe import Markup
from PIL import Image

from .. import data_urls
from ..templates import render
from ..texts import texts


def strip(panes: Iterable[tuple[str, Image.Image]]) -> Markup:
    """Return the dialog with the strip.

    panes: the name and the picture of each step, as ``draw_each_step`` returns them.
    """
    described = texts()["steps"]
    steps = [
        (name, described.get(name, ""), data_urls.from_image(image.convert("RGB"), "jpeg"))
        for name, image in panes
    ]
    return render("reading/steps.html", steps=steps, problem="")


def no_steps(sentence: str) -> Markup:
    """Return the dialog with the reason why there are no steps."""
    return render("reading/steps.html", steps=[], problem=sentence)
