"""The button that copies a link to what was drawn or photographed, and opening such a link."""

import json
import os
import re
from collections.abc import Mapping

import gradio as gr
from PIL import Image, ImageOps

from digit_model.arrays import Picture
from digit_model.errors import DigitError
from digit_model.picture.tile_sheet import draw_tile_sheet

from .. import data_urls
from ..templates import read_text, render
from . import link


def link_button(environ: Mapping[str, str] = os.environ) -> gr.HTML:
    """Return the button; its value becomes the link that is being opened."""
    return gr.HTML(
        "",
        html_template=str(render("sharing/button.html", space=space_address(environ))),
        js_on_load=read_text("sharing/link.js"),
        elem_id="link",
        apply_default_css=False,
    )


def space_address(environ: Mapping[str, str]) -> str:
    """Return the Hub's page that shows this Space in a frame, or "" if this is not a Space."""
    name = environ.get("SPACE_ID", "")
    return f"https://huggingface.co/spaces/{name}" if re.fullmatch(r"[\w.-]+/[\w.-]+", name) else ""


def unpack(value: str | None) -> str:
    """Return a link's content as JSON for the pad: strokes, a picture of its tiles, or the link.

    A damaged link is passed on as it is, so that the answer says what is wrong with it.
    """
    value = str(value or "")
    try:
        content = link.read(value.removeprefix(link.PREFIX))
    except DigitError:
        return json.dumps({"link": value})
    if isinstance(content, link.Tiles):
        sheet, _ = draw_tile_sheet(content.tiles, content.rows)
        return json.dumps({"picture": _square(sheet), "link": value})
    return json.dumps({"strokes": content})


def _square(picture: Picture) -> str:
    """Return a picture padded to a white square, as a data: URL."""
    side = max(picture.shape[:2])
    square = ImageOps.pad(Image.fromarray(picture), (side, side), color="white")
    return data_urls.from_image(square.convert("L"))
