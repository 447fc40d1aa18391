"""Draw the figures of a model card: the confusion matrix, and heatmaps of drawn digits.

The digits are drawn by this program's own code. No picture of a data set is shown.
"""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..arrays import DIGITS, Box, Digit, Ink, Picture
from ..checkpoint import Checkpoint
from ..explain import Explainer
from ..picture.normalise import normalise
from ..picture.render import overlay_heatmaps
from ..synthesis.pen import draw, write
from ..synthesis.skeletons import load_skeletons

_CELL_PIXELS, _MARGIN_PIXELS = 44, 40
_PAPER, _TEXT, _GRID = (255, 255, 255), (31, 41, 55), (156, 163, 175)
# Distinguishable by colour-blind people (Okabe and Ito 2008), and in grey.
_RIGHT, _WRONG = np.array([0, 114, 178.0]), np.array([213, 94, 0.0])
_SEED, _PEN_PIXELS = 3, 2.5


def draw_confusion_matrix(confusion: list[list[int]]) -> Image.Image:
    """Draw counts as a matrix with a row for each true digit and a column for each answer.

    The diagonal is blue. Errors are orange, and darker the more there are.

    confusion: ten rows of ten counts.
    """
    counts = np.asarray(confusion)
    side = _MARGIN_PIXELS + DIGITS * _CELL_PIXELS + 8
    image = Image.new("RGB", (side, side), _PAPER)
    canvas = ImageDraw.Draw(image)
    shades = _cell_shades(counts)
    for (row, column), count in np.ndenumerate(counts):
        left, top = _MARGIN_PIXELS + column * _CELL_PIXELS, _MARGIN_PIXELS + row * _CELL_PIXELS
        box = (left, top, left + _CELL_PIXELS - 2, top + _CELL_PIXELS - 2)
        canvas.rectangle(box, tuple(shades[row, column].tolist()), _GRID)
        if count:
            centre = left + _CELL_PIXELS / 2 - 1, top + _CELL_PIXELS / 2 - 1
            _draw_text(canvas, *centre, f"{count}", 13)
    _draw_axes(canvas)
    return image


def draw_heatmaps(checkpoint: Checkpoint) -> Image.Image:
    """Draw the ten digits, each with the heatmap of its answer over it and the answer below."""
    explainer = Explainer(checkpoint.model)
    examples = [_draw_digit(digit) for digit in range(DIGITS)]
    logits = checkpoint.model.predict_on_batch(np.array([digit.tile for _, digit in examples]))
    side, text_height = 160, 30
    sheet = Image.new("RGB", (5 * side, 2 * (side + text_height)), _PAPER)
    canvas = ImageDraw.Draw(sheet)
    for index, (picture, digit) in enumerate(examples):
        answer = int(logits[index].argmax())
        cell = overlay_heatmaps(picture, [digit], [explainer.heatmap(digit.tile, answer)])
        cell.thumbnail((side - 12, side - 12))
        left, top = index % 5 * side, index // 5 * (side + text_height)
        sheet.paste(cell, (left + (side - cell.width) // 2, top + (side - cell.height) // 2))
        centre = left + side / 2, top + side + text_height / 3
        _draw_text(canvas, *centre, f"read as {answer}", 14)
    return sheet


def encode_png(image: Image.Image) -> bytes:
    """Encode a picture with 128 colours as PNG; the same pixels give the same bytes."""
    file = io.BytesIO()
    image.quantize(128).save(file, "PNG", optimize=True)
    return file.getvalue()


def _cell_shades(counts: np.ndarray) -> np.ndarray:
    """Return the colour of each cell, (10, 10, 3) integers in 0..255."""
    most_errors = max(1, int((counts - np.diag(np.diag(counts))).max()))
    share = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    is_right = np.eye(DIGITS, dtype=bool)
    depth = np.where(is_right, share, counts / most_errors)[..., None]
    colour = np.where(is_right[..., None], _RIGHT, _WRONG)
    return np.rint(255 + (colour - 255) * (0.65 * depth)).astype(int)


def _draw_axes(canvas: ImageDraw.ImageDraw) -> None:
    for digit in range(DIGITS):
        along = _MARGIN_PIXELS + (digit + 0.5) * _CELL_PIXELS
        _draw_text(canvas, along, _MARGIN_PIXELS - 10, str(digit), 14)
        _draw_text(canvas, _MARGIN_PIXELS - 10, along, str(digit), 14)
    middle = _MARGIN_PIXELS + DIGITS * _CELL_PIXELS / 2
    _draw_text(canvas, middle, 12, "answer (column), true digit (row)", 14)


def _draw_digit(digit: int) -> tuple[Picture, Digit]:
    """Draw a digit in black on white; return the picture and the digit in it."""
    rng = np.random.default_rng(_SEED + digit)
    shapes = load_skeletons().digits[digit]
    ink = draw(write(next(iter(shapes.skeletons.values())), shapes.aspects, rng), _PEN_PIXELS, rng)
    ink = np.pad(ink, _square_padding(ink))
    tile, placement = normalise(ink)
    picture = np.rint((1 - np.repeat(ink[..., None], 3, 2)) * 255).astype(np.uint8)
    box = Box(0, 0, ink.shape[1], ink.shape[0])
    return picture, Digit(tile, placement, box, 0, np.zeros(DIGITS, np.float32), True)


def _square_padding(ink: Ink) -> list[tuple[int, int]]:
    """Return the padding of each axis that makes the ink square, with a margin."""
    missing = [max(ink.shape) + 24 - length for length in ink.shape]
    return [(length // 2, length - length // 2) for length in missing]


def _draw_text(canvas: ImageDraw.ImageDraw, x: float, y: float, text: str, size: int) -> None:
    canvas.text((x, y), text, _TEXT, ImageFont.load_default(size), anchor="mm")
