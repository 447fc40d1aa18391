"""Example pictures, one tap away."""

import base64
import io
from html import escape
from pathlib import Path

import gradio as gr
from PIL import Image, ImageOps

EXAMPLES_FOLDER = Path(__file__).parent / "examples"
EXAMPLES = {
    "photo.jpg": "A photo of a number in ballpoint",
    "scan.jpg": "A scanned line of a form",
    "rows.jpg": "Two rows of digits on squared paper",
    "board.jpg": "A digit in chalk on a board",
    "letter.jpg": "A letter, which is no digit",
}
# Twice the size on the page, for screens of many pixels.
SIDE = 112
SEND_CHOICE = """
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-example]");
  if (button) trigger("pick", { ...button.dataset });
});
"""


def thumbnails() -> gr.HTML:
    """A row of the examples; ``pick`` tells which was pressed."""
    return gr.HTML(
        "".join(
            [
                '<div class="examples" role="group" aria-label="Examples">',
                *(_thumbnail(name, alt) for name, alt in EXAMPLES.items()),
                "</div>",
            ]
        ),
        elem_id="examples",
        js_on_load=SEND_CHOICE,
        apply_default_css=False,
    )


def picked(event: gr.EventData) -> str | None:
    """The path of the example that was pressed."""
    name = (event._data or {}).get("example")
    return str(EXAMPLES_FOLDER / name) if name in EXAMPLES else None


def _thumbnail(name: str, alt: str) -> str:
    with Image.open(EXAMPLES_FOLDER / name) as picture:
        small = ImageOps.fit(picture, (SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "jpeg", quality=70)
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<button type="button" data-example="{name}" title="{escape(alt)}">'
        f'<img alt="{escape(alt)}" src="data:image/jpeg;base64,{data}"></button>'
    )
