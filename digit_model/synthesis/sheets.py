"""Draw scenes as a webcam sees them: a sheet with digits on a desk, its edges in view.

Thresholds that find the writing surface are chosen on these scenes, and tests read them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from ..arrays import DIGITS, Ink, Picture
from ..picture.perspective import homography
from .digits import write_digit
from .pen import draw

WIDTH, HEIGHT = 640, 480
# A sheet is drawn this high before it is seen in perspective.
_SHEET_HEIGHT = 420


@dataclass(frozen=True, eq=False)
class SheetScene:
    """A picture, the digits on its sheet, and the sheet's four corners, (4, 2) x and y."""

    picture: Picture
    text: str
    corners: np.ndarray


def draw_scene(
    rng: np.random.Generator, background: str | None = None, *, digits: int = 1
) -> SheetScene:
    """Draw one sheet with a row of digits on a background, all at random.

    background: a name in BACKGROUNDS; by default one of them at random.
    """
    name = background or str(rng.choice(sorted(BACKGROUNDS)))
    labels = rng.integers(0, DIGITS, digits).tolist()
    sheet = _draw_sheet(labels, rng)
    corners = _place_corners(sheet.width / sheet.height, rng)
    desk = np.clip(BACKGROUNDS[name](rng), 0, 255).astype(np.uint8)
    image = _lay_on(Image.fromarray(desk), sheet, corners, rng)
    if rng.random() < 0.3:
        _draw_thumb(image, corners, rng)
    return SheetScene(_photograph(image, rng), "".join(map(str, labels)), corners)


def draw_notes(
    rng: np.random.Generator, count: int, background: str | None = None
) -> tuple[Picture, list[str]]:
    """Draw notes side by side, each with a row of one or two digits; return their texts, too.

    background: a name in BACKGROUNDS; by default one of them at random.
    """
    name = background or str(rng.choice(sorted(BACKGROUNDS)))
    image = Image.fromarray(np.clip(BACKGROUNDS[name](rng), 0, 255).astype(np.uint8))
    cell = np.array([WIDTH / count, HEIGHT])
    texts = []
    for place in range(count):
        labels = rng.integers(0, DIGITS, rng.integers(1, 3)).tolist()
        texts.append("".join(map(str, labels)))
        sheet = _draw_sheet(labels, rng)
        size = np.array(sheet.size) * min(0.86 * cell / sheet.size)
        corners = _turned(size / 2, rng.uniform(-6, 6)) + cell * (place + 0.5, 0.5)
        image = _lay_on(image, sheet, corners, rng)
    return _photograph(image, rng), texts


def _draw_sheet(labels: list[int], rng: np.random.Generator) -> Image.Image:
    """Return paper with a row of digits: (height, width) of its own, in colour."""
    digit_height = round(_SHEET_HEIGHT * rng.uniform(0.35, 0.85))
    inks = [_draw_digit(label, digit_height, rng) for label in labels]
    ink = np.concatenate([np.pad(ink, ((0, 0), (8, 8))) for ink in inks], axis=1)
    aspect = ink.shape[1] / digit_height * rng.uniform(1.15, 1.7)
    width = max(round(_SHEET_HEIGHT * max(0.62, aspect)), ink.shape[1] + 40)
    canvas = np.zeros((_SHEET_HEIGHT, width), np.float32)
    top = rng.integers(8, _SHEET_HEIGHT - digit_height - 7)
    left = rng.integers(12, width - ink.shape[1] - 11)
    canvas[top : top + digit_height, left : left + ink.shape[1]] = ink
    paper = _draw_paper(width, rng)
    pen = paper.min(axis=(0, 1)) * rng.uniform(0.1, 0.85, 3)
    return Image.fromarray((paper + canvas[..., None] * (pen - paper)).astype(np.uint8))


def _draw_digit(label: int, height: int, rng: np.random.Generator) -> Ink:
    ink = Image.fromarray(draw(write_digit(label, rng), rng.uniform(0.7, 3), rng))
    width = max(8, round(ink.width * height / ink.height))
    return np.clip(np.asarray(ink.resize((width, height), Image.Resampling.BICUBIC)), 0, 1)


def _draw_paper(width: int, rng: np.random.Generator) -> np.ndarray:
    """Return (_SHEET_HEIGHT, width, 3) paper: nearly white, grey or tinted, at times ruled."""
    colour = np.minimum(rng.uniform(110, 255) * rng.uniform(0.9, 1, 3), 250)
    paper = np.tile(colour, (_SHEET_HEIGHT, width, 1))
    if rng.random() < 0.2:
        step, shade = int(rng.integers(35, 90)), rng.uniform(0.75, 0.95)
        paper[step // 2 :: step] *= shade
        if rng.random() < 0.5:
            paper[:, step // 2 :: step] *= shade
    crease = _smooth_noise(5, rng)[..., :1]
    return np.clip(paper * (1 + 0.08 * _resized(crease, (_SHEET_HEIGHT, width))), 0, 255)


def _place_corners(aspect: float, rng: np.random.Generator) -> np.ndarray:
    """Return a sheet's corners in the picture, clockwise from the top left, turned and bent."""
    height = HEIGHT * rng.uniform(0.5, 0.92)
    half = np.array([min(height * aspect, 0.95 * WIDTH), height]) / 2
    slack = np.maximum(np.array([WIDTH, HEIGHT]) / 2 - half, 0) * 0.8
    corners = _turned(half, rng.uniform(-14, 14))
    centre = np.array([WIDTH, HEIGHT]) / 2 + rng.uniform(-1, 1, 2) * slack
    return corners * rng.uniform(0.93, 1.07, (4, 1)) + centre


def _turned(half: np.ndarray, degrees: float) -> np.ndarray:
    """Return the corners of a box of twice the size ``half`` around the origin, turned."""
    turn = np.radians(degrees)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half @ rotation


def _lay_on(
    desk: Image.Image, sheet: Image.Image, corners: np.ndarray, rng: np.random.Generator
) -> Image.Image:
    """Return the desk with the sheet on it and the sheet's shadow beside it."""
    source = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * sheet.size
    matrix = homography(corners, source).ravel()[:8].tolist()
    seen = sheet.transform(desk.size, Image.Transform.PERSPECTIVE, matrix, Image.Resampling.BICUBIC)
    offset = rng.uniform(-8, 8, 2)
    shadow = _polygon_mask(corners + offset, round(rng.uniform(20, 130)))
    shadow = shadow.filter(ImageFilter.GaussianBlur(rng.uniform(3, 10)))
    desk = Image.composite(Image.new("RGB", desk.size), desk, shadow)
    edge = _polygon_mask(corners, 255).filter(ImageFilter.GaussianBlur(0.7))
    return Image.composite(seen, desk, edge)


def _polygon_mask(corners: np.ndarray, value: int) -> Image.Image:
    mask = Image.new("L", (WIDTH, HEIGHT))
    ImageDraw.Draw(mask).polygon(corners.ravel().tolist(), fill=value)
    return mask


def _draw_thumb(image: Image.Image, corners: np.ndarray, rng: np.random.Generator) -> None:
    """Draw a thumb that reaches over the sheet's edge, from the outside or from a corner."""
    centre = corners.mean(axis=0)
    side = corners[rng.integers(4)]
    place = side + (centre - side) * rng.uniform(0, 0.3)
    reach = float(np.linalg.norm(side - centre) * rng.uniform(0.1, 0.22))
    skin = tuple(rng.uniform((90, 60, 40), (240, 195, 165)).astype(int).tolist())
    (x, y), length = place.tolist(), reach * rng.uniform(0.8, 1.4)
    box = (x - reach, y - length, x + reach, y + length)
    ImageDraw.Draw(image).ellipse(box, fill=skin)


def _photograph(image: Image.Image, rng: np.random.Generator) -> Picture:
    """Return the scene in uneven light, a little blurred and noisy."""
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    slope = rng.uniform(-0.25, 0.25, 2)
    light = 1 + slope[0] * x + slope[1] * y - rng.uniform(0, 0.2) * (x * x + y * y)
    noise = rng.normal(0, rng.uniform(0.5, 6), (HEIGHT, WIDTH, 1))
    blurred = image.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1)))
    pixels = np.asarray(blurred, np.float32) * np.clip(light, 0.3, 1.3)[..., None] + noise
    return np.clip(pixels, 0, 255).astype(np.uint8)


def _plain(low: float, high: float) -> Callable[[np.random.Generator], np.ndarray]:
    def paint(rng: np.random.Generator) -> np.ndarray:
        return np.tile(rng.uniform(low, high, 3), (HEIGHT, WIDTH, 1))

    return paint


def _wood(rng: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j]
    grain = y * rng.uniform(5, 18) + 0.6 * np.sin(rng.uniform(2, 7) * x + 3 * y)
    base = rng.uniform(60, 190) * np.array([1, 0.7, 0.45])
    return base + np.sin(2 * np.pi * grain)[..., None] * rng.uniform(6, 24)


def _cloth(rng: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    across, down = rng.uniform(0.25, 1, 2)
    weave = np.sin(x * across) * np.sin(y * down) * rng.uniform(6, 26)
    folds = np.sin(x / rng.uniform(40, 120) + y / rng.uniform(50, 150)) * rng.uniform(8, 32)
    return rng.uniform(30, 200, 3) + (weave + folds)[..., None]


def _room(rng: np.random.Generator) -> np.ndarray:
    """Return blurred shapes and upright or level bars, as shelves and door frames are."""
    room = 127 + 110 * _smooth_noise(int(rng.integers(3, 11)), rng)
    for _ in range(rng.integers(0, 5)):
        room = room if rng.random() < 0.7 else room.transpose(1, 0, 2)
        start, width = int(rng.uniform(0, room.shape[1])), int(rng.uniform(10, 120))
        room[:, start : start + width] = rng.uniform(10, 245, 3)
        room = room if room.shape[0] == HEIGHT else room.transpose(1, 0, 2)
    return ndimage.gaussian_filter(room, (3, 3, 0))


def _clutter(rng: np.random.Generator) -> np.ndarray:
    """Return boxes, discs and sticks of any colour over each other."""
    blurred = 127 + 110 * _smooth_noise(4, rng)
    image = Image.fromarray(np.clip(blurred, 0, 255).astype(np.uint8))
    brush = ImageDraw.Draw(image)
    for _ in range(rng.integers(8, 22)):
        x, y, width, height = rng.uniform((0, 0, 10, 10), (WIDTH, HEIGHT, 220, 140)).tolist()
        colour = tuple(rng.integers(0, 256, 3).tolist())
        shape = (brush.rectangle, brush.ellipse, brush.line)[rng.integers(3)]
        shape((x, y, x + width, y + height), fill=colour, width=int(rng.integers(3, 14)))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 3))), np.float32)


def _smooth_noise(cells: int, rng: np.random.Generator) -> np.ndarray:
    """Return (HEIGHT, WIDTH, 3) noise of about -1..1 whose grain is a share of the width."""
    return _resized(rng.uniform(-1, 1, (cells, cells, 3)), (HEIGHT, WIDTH))


def _resized(field: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    planes = [
        Image.fromarray(np.ascontiguousarray(plane, np.float32)).resize(
            shape[::-1], Image.Resampling.BICUBIC
        )
        for plane in np.moveaxis(field, 2, 0)
    ]
    return np.stack([np.asarray(plane) for plane in planes], axis=2)


BACKGROUNDS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "dark": _plain(8, 80),
    "light": _plain(130, 225),
    "wood": _wood,
    "cloth": _cloth,
    "room": _room,
    "clutter": _clutter,
}
