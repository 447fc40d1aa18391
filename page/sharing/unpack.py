"""Turn a link into what the pad draws. The reader process does this. No gradio here."""

import json

from PIL import Image, ImageOps

from digit_model.arrays import Picture
from digit_model.errors import DigitError
from digit_model.picture.tile_sheet import draw_tile_sheet

from .. import data_urls
from . import link


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
