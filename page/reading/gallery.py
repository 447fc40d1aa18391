"""Example pictures, one tap away."""

from pathlib import Path

import gradio as gr
from PIL import Image, ImageOps

from .. import data_urls
from ..scripts import run
from ..templates import render
from ..texts import text

EXAMPLES_FOLDER = Path(__file__).parent / "examples"
EXAMPLES = ("photo.jpg", "scan.jpg", "rows.jpg", "board.jpg", "letter.jpg")
# Twice the size on the page, for screens with a high pixel density.
THUMBNAIL_PIXELS = 112


def thumbnails() -> gr.HTML:
    """Return a row of the examples; its event ``pick`` fires when one is pressed."""
    examples = [(name, description(name), _thumbnail(name)) for name in EXAMPLES]
    return gr.HTML(
        render("reading/gallery.html", examples=examples),
        elem_id="examples",
        js_on_load=run("reading/gallery.js", "pick"),
        apply_default_css=False,
    )


def description(name: str) -> str:
    """Return what an example shows, in words."""
    return text(f"examples.{Path(name).stem}")


def picked(event: gr.EventData) -> str:
    """Return the example that was pressed, as a data: URL."""
    name = (event._data or {}).get("example")
    if name not in EXAMPLES:
        return ""
    return data_urls.from_bytes((EXAMPLES_FOLDER / name).read_bytes(), "image/jpeg")


def _thumbnail(name: str) -> str:
    size = (THUMBNAIL_PIXELS, THUMBNAIL_PIXELS)
    with Image.open(EXAMPLES_FOLDER / name) as picture:
        small = ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
    return data_urls.from_image(small, "jpeg", quality=70)
