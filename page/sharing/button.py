"""Copy a link to what was drawn or photographed, and open such a link."""

import base64
import io
import json
import os
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path

import gradio as gr
from PIL import Image, ImageOps

from digit_model.arrays import Picture
from digit_model.errors import DigitError
from digit_model.picture.tile_sheet import lay_out

from . import link

TEMPLATE = """
<button type="button" class="plain" data-share>Copy link</button>
<span class="said" role="status"></span><span hidden data-space="{space}"></span>
<label class="field" hidden>Link <input type="text" readonly></label>
"""


def link_button(environ: Mapping[str, str] = os.environ) -> gr.HTML:
    """The button; its value becomes the link that is being opened."""
    return gr.HTML(
        "",
        html_template=TEMPLATE.format(space=escape(space_address(environ))),
        js_on_load=Path(__file__).with_name("link.js").read_text(encoding="utf-8"),
        elem_id="link",
        apply_default_css=False,
    )


def space_address(environ: Mapping[str, str]) -> str:
    """The page of the Hub that shows this Space in a frame, or nothing elsewhere."""
    name = environ.get("SPACE_ID", "")
    return f"https://huggingface.co/spaces/{name}" if re.fullmatch(r"[\w.-]+/[\w.-]+", name) else ""


def unpack(value: str | None) -> str:
    """What the pad makes of a link, as JSON: strokes, a picture of its tiles, or the link alone."""
    value = str(value or "")
    try:
        found = link.read(value.removeprefix(link.PREFIX))
    except DigitError:
        # The pad hands it on to be read, and the answer's place says what is wrong.
        return json.dumps({"link": value})
    if isinstance(found, link.Tiles):
        sheet, _ = lay_out(found.tiles, found.rows)
        return json.dumps({"picture": _square(sheet), "link": value})
    return json.dumps({"strokes": found})


def _square(picture: Picture) -> str:
    """A picture on square paper, as a data: URL."""
    side = max(picture.shape[:2])
    square = ImageOps.pad(Image.fromarray(picture), (side, side), color="white")
    buffer = io.BytesIO()
    square.convert("L").save(buffer, "png")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
