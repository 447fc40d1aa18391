"""Numbers that Python and the page's scripts share, written once and handed over."""

import json

# The pad's height in units of its strokes, and how wide a wide window makes it. Links keep to them.
PAD_HEIGHT = 280
MAX_PAD_WIDTH = 560
# Of 280: benchmarks/pen_width.py shows how many digits a pen leaves room for.
PEN_WIDTH = 10
# A phone's photo has up to 15 MB; decoding refuses by pixels what passes here.
MAX_UPLOAD_MEGABYTES = 25
MAX_LINK_LETTERS = 4000

FOR_SCRIPTS = {
    "PAD_HEIGHT": PAD_HEIGHT,
    "MAX_PAD_WIDTH": MAX_PAD_WIDTH,
    "PEN_WIDTH": PEN_WIDTH,
    "MAX_UPLOAD_MEGABYTES": MAX_UPLOAD_MEGABYTES,
    "MAX_LINK_LETTERS": MAX_LINK_LETTERS,
}


def as_module(**others: str) -> str:
    """Return the numbers, and others by name, as the JavaScript module browser/page/settings.js."""
    shared = FOR_SCRIPTS | others
    return "".join(f"export const {name} = {json.dumps(shared[name])};\n" for name in shared)
