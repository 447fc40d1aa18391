"""Draw pictures for people: a tile, heatmaps over the picture, the steps of a reading."""

import math
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFont

from ..arrays import TILE_SIZE, Digit, Heatmap, Picture, Placement

# The bounds of the longer side of a picture for the screen.
MAX_SIDE_PIXELS = 640
MIN_SIDE_PIXELS = 280
# Weak and strong heat. Amber and vermilion differ from grey, and from sky blue and blue, for the
# three common kinds of colour blindness (Okabe and Ito 2008, https://jfly.uni-koeln.de/color/), and
# all are visible on white paper and on dark boards.
FOR = ((255, 176, 0), (213, 62, 0))
AGAINST = ((120, 190, 255), (0, 80, 200))
# Heat below this share of its maximum is not shown.
MIN_HEAT = 0.25
OPACITY = 0.75
# Heat fades out over the outermost pixels of a tile, where there is no ink, so that the edge of the
# tile does not look like part of the explanation.
FADE_PIXELS = 3
ACCEPTED_FRAME = (29, 78, 216)
REFUSED_FRAME = (107, 114, 128)
# The longer side of each step, the height of the name above it, and the steps in a row.
STEP_SIZE = 240
CAPTION_PIXELS = 26
STEP_COLUMNS = 6
# Neither white nor black, so that the edges of both are visible.
BACKGROUND = (221, 225, 230)


def draw_tile(tile: np.ndarray, zoom: int = 8) -> Image.Image:
    """Draw a (28, 28) tile in 0..1 in white on black like MNIST, each pixel zoom x zoom."""
    return _visible(tile).resize((zoom * TILE_SIZE,) * 2, Image.Resampling.NEAREST)


def fit_to_screen(picture: Picture, digits: Sequence[Digit]) -> tuple[Picture, tuple[Digit, ...]]:
    """Scale a picture and its digits until its longer side suits a screen.

    picture: (height, width, 3) uint8. It is returned unchanged if its longer side has
        MIN_SIDE_PIXELS to MAX_SIDE_PIXELS already.
    """
    height, width = picture.shape[:2]
    longest = max(height, width)
    if longest > MAX_SIDE_PIXELS:
        factor, method = MAX_SIDE_PIXELS / longest, Image.Resampling.BOX
    else:
        factor, method = float(math.ceil(MIN_SIDE_PIXELS / longest)), Image.Resampling.NEAREST
    if factor == 1:
        return picture, tuple(digits)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    resized = np.asarray(Image.fromarray(picture).resize(size, method))
    factors = size[0] / width, size[1] / height
    return resized, tuple(digit.scaled(*factors) for digit in digits)


def overlay_heatmaps(
    picture: Picture, digits: Sequence[Digit], heatmaps: Sequence[Heatmap]
) -> Image.Image:
    """Draw the heatmap of each digit over the picture, which is fitted to the screen.

    picture: (height, width, 3) uint8.
    digits: what was read in it, with placements in its pixels.
    heatmaps: (28, 28) in 0..1, one for each digit; or contrasts in -1..1, whose negative part is
        drawn in blue.
    Several digits also get a frame and their label each; a digit that is not accepted gets a grey
    frame and a question mark.
    """
    picture, digits = fit_to_screen(picture, digits)
    image = Image.fromarray(picture)
    _paint_heat(image, digits, heatmaps, FOR)
    _paint_heat(image, digits, [-heatmap for heatmap in heatmaps], AGAINST)
    if len(digits) > 1:
        for digit in digits:
            _frame(image, digit)
    return image


def draw_each_step(
    steps: Iterable[tuple[str, np.ndarray]], picture: Picture, digits: Sequence[Digit]
) -> list[tuple[str, Image.Image]]:
    """Return the name and a picture of each step of a reading, and of the digits and their tiles.

    steps, picture, digits: as ``draw_steps`` takes them. The longer side of each is STEP_SIZE.
    """
    panes = [(name, _fit_to_step(_visible(step))) for name, step in steps]
    if digits:
        panes += [("digits", _framed(picture, digits)), ("tiles", _tiles_together(digits))]
    return panes


def draw_steps(
    steps: Iterable[tuple[str, np.ndarray]], picture: Picture, digits: Sequence[Digit]
) -> Image.Image:
    """Draw the steps of a reading side by side under their names, then the digits and their tiles.

    steps: as ``ink_steps`` and ``row_steps`` yield them. digits: what was read in the picture;
    without any, only the steps are drawn.
    """
    panes = draw_each_step(steps, picture, digits)
    columns = min(len(panes), STEP_COLUMNS)
    rows = math.ceil(len(panes) / columns)
    width, height = STEP_SIZE + 8, STEP_SIZE + CAPTION_PIXELS
    sheet = Image.new("RGB", (columns * width, rows * height), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    for number, (name, pane) in enumerate(panes):
        left, top = number % columns * width + 4, number // columns * height
        draw.text((left, top + 4), f"{number + 1}. {name}", "black", _font(15))
        sheet.paste(pane, (left, top + CAPTION_PIXELS))
    return sheet


def _visible(step: np.ndarray) -> Image.Image:
    if step.ndim == 3:
        return Image.fromarray(step)
    return Image.fromarray(np.rint(np.clip(step, 0, 1) * 255).astype(np.uint8))


def _fit_to_step(image: Image.Image) -> Image.Image:
    factor = STEP_SIZE / max(image.size)
    size = [max(1, round(factor * side)) for side in image.size]
    return image.resize(size, Image.Resampling.BOX)


def _framed(picture: Picture, digits: Sequence[Digit]) -> Image.Image:
    image = _fit_to_step(Image.fromarray(picture))
    factors = image.width / picture.shape[1], image.height / picture.shape[0]
    for digit in digits:
        _frame(image, digit.scaled(*factors))
    return image


def _tiles_together(digits: Sequence[Digit]) -> Image.Image:
    """Draw all tiles in a square grid."""
    columns = math.ceil(math.sqrt(len(digits)))
    square = np.zeros((columns * TILE_SIZE, columns * TILE_SIZE), np.float32)
    for number, digit in enumerate(digits):
        top, left = (TILE_SIZE * place for place in divmod(number, columns))
        square[top : top + TILE_SIZE, left : left + TILE_SIZE] = digit.tile
    return _fit_to_step(_visible(square))


def _paint_heat(
    image: Image.Image,
    digits: Sequence[Digit],
    heatmaps: Sequence[Heatmap],
    colours: tuple[tuple[int, int, int], tuple[int, int, int]],
) -> None:
    """Paint the positive part of the digits' heatmaps on the image, from weak to strong colour."""
    pairs = zip(digits, heatmaps, strict=True)
    visible = [(digit.placement, heatmap) for digit, heatmap in pairs if heatmap.max() > 0]
    if not visible:
        return
    heat = Image.new("L", image.size)
    for placement, heatmap in visible:
        _add_heat(heat, placement, heatmap)
    if window := heat.getbbox():
        heat = heat.crop(window)
        palette, opacity = _colour_table(colours)
        mask = heat.point(opacity)
        heat.putpalette(palette)
        image.paste(heat.convert("RGB"), window, mask)


def _add_heat(heat: Image.Image, placement: Placement, heatmap: Heatmap) -> None:
    """Draw the heatmap of a tile into the heat of the picture; the maximum of both is kept.

    heat: of mode L, 255 is the strongest.
    """
    across, down = _axes(placement)
    size = TILE_SIZE * np.array([placement.x_scale, placement.y_scale])
    centre = np.array([placement.left, placement.top]) + size / 2
    reach = TILE_SIZE / 2 * (np.abs(across) + np.abs(down))
    left, top = np.clip(np.floor(centre - reach), 0, heat.size).astype(int).tolist()
    right, bottom = np.clip(np.ceil(centre + reach), 0, heat.size).astype(int).tolist()
    if right <= left or bottom <= top:
        return
    to_tile = np.linalg.inv(np.column_stack([across, down]))
    start = to_tile @ ((left, top) - centre) + TILE_SIZE / 2
    local = _resample(_visible(heatmap * _fade()), start, to_tile, (right - left, bottom - top))
    window = (left, top, right, bottom)
    heat.paste(ImageChops.lighter(heat.crop(window), local), window)


def _resample(
    tile: Image.Image, start: np.ndarray, to_tile: np.ndarray, size: tuple[int, int]
) -> Image.Image:
    """Draw a tile on a window of the picture.

    start: where the window's upper left corner lies on the tile, (2,). to_tile: the (2, 2) matrix
    from steps on the picture to steps on the tile. size: of the window.
    """
    is_turned = to_tile[0, 1] != 0
    if not is_turned:  # A transform would take five times as long, for nearly the same.
        box = np.clip([*start, *(start + to_tile @ size)], 0, TILE_SIZE)
        return tile.resize(size, Image.Resampling.BILINEAR, box.tolist())
    # Pillow evaluates the transform at pixel centres, so the matrix maps edges to edges.
    matrix = np.column_stack([to_tile, start]).ravel().tolist()
    return tile.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)


def _axes(placement: Placement) -> tuple[np.ndarray, np.ndarray]:
    """Return how a pixel of a tile reaches across and down on the picture, (2,) x and y each."""
    cosine, sine = math.cos(placement.turn), math.sin(placement.turn)
    across = placement.x_scale * np.array([cosine, sine])
    return across, placement.y_scale * np.array([-sine, cosine])


@cache
def _fade() -> np.ndarray:
    """Return a (28, 28) mask that is 1 inside and falls to 0 at the edge."""
    along = np.minimum(np.arange(TILE_SIZE), np.arange(TILE_SIZE)[::-1])
    side = np.minimum(1, (along + 0.5) / FADE_PIXELS).astype(np.float32)
    return np.minimum(side[:, None], side)


@cache
def _colour_table(
    colours: tuple[tuple[int, int, int], tuple[int, int, int]],
) -> tuple[list[int], list[int]]:
    """Return the colour of each of 256 levels of heat as a palette, and its opacity in 0..255."""
    strength = np.clip((np.arange(256) / 255 - MIN_HEAT) / (1 - MIN_HEAT), 0, 1)
    weak, strong = np.array(colours)
    palette = weak + strength[:, None] * (strong - weak)
    opacity = 255 * OPACITY * strength**0.75
    return np.rint(palette).astype(int).ravel().tolist(), np.rint(opacity).astype(int).tolist()


def _frame(image: Image.Image, digit: Digit) -> None:
    """Draw a digit's box, and its label above the box, or inside it if there is no room."""
    draw = ImageDraw.Draw(image)
    colour = ACCEPTED_FRAME if digit.accepted else REFUSED_FRAME
    box = digit.box
    draw.rectangle((box.left - 3, box.top - 3, box.right + 2, box.bottom + 2), None, colour, 2)
    size = min(28, max(14, image.height // 12))
    text = str(digit.label) if digit.accepted else "?"
    width, height = round(0.9 * size), round(1.15 * size)
    x = min(max(0, box.left - 3), image.width - width)
    y = box.top - 3 - height if box.top - 3 >= height else box.top - 3
    draw.rectangle((x, y, x + width, y + height), colour)
    middle = (x + width / 2, y + height / 2)
    draw.text(middle, text, "white", _font(size), anchor="mm")


# Cached, because Pillow unpacks its font on each call.
@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
