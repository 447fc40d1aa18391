"""Read one file for its row in the table. The reader process does this. No gradio here."""

from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from digit_model.arrays import Picture, Reading
from digit_model.errors import DigitError

from .. import data_urls
from ..reading.answer import percent

if TYPE_CHECKING:
    # The page process uses this module, too, and does without Keras.
    from digit_model.recogniser import Recogniser

THUMBNAIL_PIXELS = (96, 56)


def read_row(recogniser: "Recogniser", name: str, path: Path) -> dict[str, object]:
    """Read a file and return its row for table.html, and its "cells" for the CSV.

    name: as its owner calls the file, which errors say instead of the path.
    """
    try:
        reading = recogniser.read(path)
    except DigitError as error:
        return failed_row(name, str(error).replace(path.name, name))
    return reading_row(name, reading)


def reading_row(name: str, reading: Reading) -> dict[str, object]:
    """Return the row of a file that was read."""
    unclear = sum(not mark.accepted for mark in reading.digits)
    number = reading.text.replace("\n", " ")
    return {
        "file": name,
        "thumbnail": _thumbnail(reading.picture),
        "error": "",
        "lines": [[(mark.label, mark.accepted) for mark in row] for row in reading.rows],
        "sure": percent(reading.confidence),
        "cells": [name, number, f"{reading.confidence:.4f}", str(unclear), ""],
    }


def failed_row(name: str, sentence: str) -> dict[str, object]:
    """Return the row of a file that could not be read."""
    cells = [name, "", "", "", sentence]
    return {"file": name, "thumbnail": "", "error": sentence, "cells": cells}


def _thumbnail(picture: Picture) -> str:
    small = Image.fromarray(picture)
    small.thumbnail(THUMBNAIL_PIXELS)
    return data_urls.from_image(small, "jpeg", quality=70)
