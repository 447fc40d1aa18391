"""The pictures of a model card: what is taken for what, and where the network looks.

Drawn by this program's own code; no picture of a data set is in them.
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

_CELL = 44
_MARGIN = 40
_PAPER, _WORDS, _FAINT = (255, 255, 255), (31, 41, 55), (156, 163, 175)
# Colour-blind safe (Okabe and Ito 2008), and apart in grey: right answers and wrong ones.
_RIGHT, _WRONG = np.array([0, 114, 178.0]), np.array([213, 94, 0.0])
_SEED, _PEN = 3, 2.5


def draw_confusion_matrix(confusion: list[list[int]]) -> Image.Image:
    """Ten by ten counts as a picture: a row for each true digit, a column for each answer.

    The diagonal is blue; mistakes are orange, darker the more there are of them.
    """
    counts = np.asarray(confusion)
    image = Image.new("RGB", (_MARGIN + DIGITS * _CELL + 8, _MARGIN + DIGITS * _CELL + 8), _PAPER)
    draw_on = ImageDraw.Draw(image)
    most = max(1, int((counts - np.diag(np.diag(counts))).max()))
    for (row, column), count in np.ndenumerate(counts):
        left, top = _MARGIN + column * _CELL, _MARGIN + row * _CELL
        right = row == column
        depth = count / max(1, counts[row].sum()) if right else count / most
        shade = 255 + ((_RIGHT if right else _WRONG) - 255) * (0.65 * depth)
        box = (left, top, left + _CELL - 2, top + _CELL - 2)
        draw_on.rectangle(box, tuple(np.rint(shade).astype(int).tolist()), _FAINT)
        if count:
            _write(draw_on, left + _CELL / 2 - 1, top + _CELL / 2 - 1, f"{count}", 13)
    for digit in range(DIGITS):
        along = _MARGIN + (digit + 0.5) * _CELL
        _write(draw_on, along, _MARGIN - 10, str(digit), 14)
        _write(draw_on, _MARGIN - 10, along, str(digit), 14)
    _write(draw_on, _MARGIN + DIGITS * _CELL / 2, 12, "answer (column), true digit (row)", 14)
    return image


def draw_heatmaps(checkpoint: Checkpoint) -> Image.Image:
    """Ten digits drawn by our own pen, each with what spoke for it; the answer stands below."""
    explainer = Explainer(checkpoint.model)
    drawn = [_drawn(digit) for digit in range(DIGITS)]
    logits = checkpoint.model.predict_on_batch(np.array([one.tile for _, one in drawn]))
    side, words = 160, 30
    sheet = Image.new("RGB", (5 * side, 2 * (side + words)), _PAPER)
    draw_on = ImageDraw.Draw(sheet)
    for place, (picture, digit) in enumerate(drawn):
        answer = int(logits[place].argmax())
        cell = overlay_heatmaps(picture, [digit], [explainer.heatmap(digit.tile, answer)])
        cell.thumbnail((side - 12, side - 12))
        left, top = place % 5 * side, place // 5 * (side + words)
        sheet.paste(cell, (left + (side - cell.width) // 2, top + (side - cell.height) // 2))
        _write(draw_on, left + side / 2, top + side + words / 3, f"read as {answer}", 14)
    return sheet


def encode_png(image: Image.Image) -> bytes:
    """The picture as a file; the same bytes for the same pixels."""
    file = io.BytesIO()
    image.quantize(128).save(file, "PNG", optimize=True)
    return file.getvalue()


def _drawn(digit: int) -> tuple[Picture, Digit]:
    """A digit in one hand, black on white, and its tile with the place where it lies."""
    rng = np.random.default_rng(_SEED + digit)
    shapes = load_skeletons().digits[digit]
    ink = draw(write(shapes.skeletons[0], shapes.aspects, rng), _PEN, rng)
    ink = np.pad(ink, _border(ink))
    tile, placement = normalise(ink)
    picture = np.rint((1 - np.repeat(ink[..., None], 3, 2)) * 255).astype(np.uint8)
    box = Box(0, 0, ink.shape[1], ink.shape[0])
    return picture, Digit(tile, placement, box, 0, np.zeros(DIGITS, np.float32), True)


def _border(ink: Ink) -> list[tuple[int, int]]:
    """White on all sides up to one square."""
    spare = [max(ink.shape) + 24 - length for length in ink.shape]
    return [(length // 2, length - length // 2) for length in spare]


def _write(on: ImageDraw.ImageDraw, x: float, y: float, text: str, size: int) -> None:
    on.text((x, y), text, _WORDS, ImageFont.load_default(size), anchor="mm")
