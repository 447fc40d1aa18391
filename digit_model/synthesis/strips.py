"""Draw strips: numbers as the row reader sees them, set from MNIST's digits and drawn ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from ..arrays import TILE_BOX, Ink
from ..data.mnist import LabelledImages
from ..picture.normalise import bounding_box, stroke_width
from ..picture.strip import STRIP_HEIGHT, STRIP_MARGIN, STRIP_WINDOW
from .parallel import draw_in_chunks

# The shares of strips with 1, 2, ... digits, before those that are wider than the network's window
# are left out.
_COUNTS = np.array([6, 14, 14, 14, 14, 12, 10, 8, 5, 3]) / 100
MAX_DIGITS = len(_COUNTS)
# A number is set from digits that are near each other in their pool: MNIST is ordered by writer,
# and drawn digits by the width of the pen.
_NEAR = 300
_MNIST_SHARE = 0.5
# Between the boxes of two digits, in pixels, and the shares of strips with such gaps.
_GAPS = ((-4, 0.5), (0, 3), (2, 7), (5, 14))
_GAP_SHARES = (0.35, 0.25, 0.25, 0.15)
_MAX_OVERLAP = 0.45
# Ink is set on a canvas of this height, with its foot on this line.
_CANVAS_HEIGHT, _BASELINE = 80, 54
_MIN_INK = 0.15


@dataclass(frozen=True, eq=False)
class Strips:
    """Strips and the digits in them.

    images: (n, STRIP_HEIGHT, STRIP_WINDOW) uint8, 255 for ink. labels: (n, MAX_DIGITS) uint8, from
    the left the digits plus 1, then 0, as Keras's CTC loss expects them.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class _Hand:
    """How one writer sets digits. size: in pixels; shear: a tangent; aspect: extra width."""

    size: float
    spread: float
    shear: float
    aspect: float
    gaps: tuple[float, float]


def draw_strips(digits: LabelledImages, drawn: LabelledImages, count: int, seed: int) -> Strips:
    """Draw strips; the same for the same arguments.

    digits: ordered by writer. drawn: in any order.
    """
    by_pen = np.argsort([stroke_width(tile) for tile in drawn.tiles], kind="stable")
    chunks = draw_in_chunks(partial(_draw_chunk, (digits, drawn[by_pen])), count, seed)
    images, labels = map(np.concatenate, zip(*chunks, strict=True))
    return Strips(images, labels)


def _draw_chunk(
    pools: Sequence[LabelledImages], count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    images = np.zeros((count, STRIP_HEIGHT, STRIP_WINDOW), np.uint8)
    labels = np.zeros((count, MAX_DIGITS), np.uint8)
    for index in range(count):
        strip, digits = _draw_strip(pools, rng)
        while strip.shape[1] > STRIP_WINDOW:
            strip, digits = _draw_strip(pools, rng)
        images[index, :, : strip.shape[1]] = strip
        labels[index, : len(digits)] = digits + 1
    return images, labels


def _draw_strip(
    pools: Sequence[LabelledImages], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the (STRIP_HEIGHT, width) uint8 image of a strip and its digits."""
    count = 1 + int(rng.choice(MAX_DIGITS, p=_COUNTS))
    digits = _near_digits(pools[int(rng.random() >= _MNIST_SHARE)], count, rng)
    hand = _random_hand(rng)
    glyphs = [_glyph(image, hand, rng) for image in digits.images]
    canvas, boxes = _side_by_side(glyphs, hand, rng)
    if rng.random() < 0.15:
        canvas = _with_lines(canvas, boxes, hand.size, rng)
    if rng.random() < 0.08:
        canvas = _with_other_row(canvas, glyphs, rng)
    if rng.random() < 0.15:
        canvas = _with_cracks(canvas, boxes, rng)
    return np.rint(255 * _worn(_fit(canvas, boxes, rng), rng)).astype(np.uint8), digits.labels


def _near_digits(pool: LabelledImages, count: int, rng: np.random.Generator) -> LabelledImages:
    """Return digits of one writer, or one pen; in some numbers digits repeat, as in amounts."""
    near = min(_NEAR, len(pool))
    first = rng.integers(len(pool) - near + 1)
    chosen = first + rng.integers(near, size=count)
    if count > 2 and rng.random() < 0.35:
        start = rng.integers(1, count)
        chosen[start : start + rng.integers(2, 4)] = chosen[start]
    return pool[chosen]


def _random_hand(rng: np.random.Generator) -> _Hand:
    shear = rng.normal(0.03, 0.12) if rng.random() < 0.65 else rng.uniform(-0.3, 0.65)
    return _Hand(
        size=TILE_BOX * rng.uniform(0.8, 1.12),
        spread=0.06 if rng.random() < 0.6 else 0.15,
        shear=shear,
        aspect=np.exp(rng.normal(0, 0.13)),
        gaps=_GAPS[rng.choice(len(_GAPS), p=_GAP_SHARES)],
    )


def _glyph(image: np.ndarray, hand: _Hand, rng: np.random.Generator) -> Ink:
    """Return a digit as one hand writes it: its ink, cropped."""
    scale = hand.size / TILE_BOX * np.exp(rng.normal(0, hand.spread))
    across = scale * hand.aspect * np.exp(rng.normal(0, 0.06))
    turn, shear = rng.normal(0, 0.06), hand.shear + rng.normal(0, 0.05)
    matrix = np.array(
        [
            [across * np.cos(turn), -scale * (np.sin(turn) + shear)],
            [across * np.sin(turn), scale * np.cos(turn)],
        ]
    )
    size = np.ceil(np.abs(matrix) @ image.shape[::-1]).astype(int) + 2
    inverse = np.linalg.inv(matrix)
    start = np.array(image.shape[::-1]) / 2 - inverse @ (size / 2)
    data = np.column_stack([inverse, start]).ravel().tolist()
    moved = Image.fromarray(image).transform(
        tuple(size.tolist()), Image.Transform.AFFINE, data, Image.Resampling.BICUBIC
    )
    return _cropped(np.asarray(moved, np.float32) / 255)


def _cropped(ink: Ink) -> Ink:
    left, top, right, bottom = bounding_box(np.where(ink > _MIN_INK, ink, 0))
    return ink[top:bottom, left:right]


_Boxes = list[tuple[int, int, int, int]]


def _side_by_side(glyphs: list[Ink], hand: _Hand, rng: np.random.Generator) -> tuple[Ink, _Boxes]:
    """Set digits on a wavering line, in one of eight numbers with marks between them.

    Returns the canvas and the left, top, right and bottom of each digit.
    """
    width = sum(glyph.shape[1] for glyph in glyphs) + 20 * (len(glyphs) + 3)
    canvas = np.zeros((_CANVAS_HEIGHT, width), np.float32)
    x, slope, has_marks = 20.0, rng.normal(0, 0.02), rng.random() < 0.16
    boxes: _Boxes = []
    for index, glyph in enumerate(glyphs):
        if index:
            gap = rng.uniform(*hand.gaps) + rng.normal(0, 0.8)
            x += max(gap, -_MAX_OVERLAP * min(glyph.shape[1], glyphs[index - 1].shape[1]))
        if index and has_marks and rng.random() < 0.4:
            x += _set_mark(canvas, x, hand.size, rng)
        foot = _BASELINE + slope * x + rng.normal(0, 1)
        missing = max(0.0, hand.size - glyph.shape[0])
        if missing > hand.size / 4 and rng.random() < 0.5:
            foot -= rng.uniform(0, missing)
        height, breadth = glyph.shape
        top, left = int(np.clip(foot - height, 0, _CANVAS_HEIGHT - height)), max(0, round(x))
        target = canvas[top : top + height, left : left + breadth]
        np.maximum(target, glyph, out=target)
        boxes.append((left, top, left + breadth, top + height))
        x = left + breadth
    if has_marks and rng.random() < 0.4:
        _set_mark(canvas, x + 2, hand.size, rng)
    return canvas, boxes


def _set_mark(canvas: Ink, x: float, size: float, rng: np.random.Generator) -> float:
    """Set a dot, a comma, a dash or a colon behind x, and return the space that it takes."""
    pen, left = int(rng.integers(2, 4)), int(x) + 1
    kind = rng.integers(4)
    if kind == 1:
        for step in range(6):
            column = left + 3 - step // 2
            canvas[_BASELINE - 2 + step, column : column + 2] = 1
        return 6
    if kind == 2:
        length, top = int(rng.integers(5, 12)), int(_BASELINE - size * rng.uniform(0.35, 0.65))
        canvas[top : top + 2, left : left + length] = 1
        return length + 2
    canvas[_BASELINE - pen : _BASELINE, left : left + pen] = 1
    if kind == 3:
        top = int(_BASELINE - 0.6 * size)
        canvas[top : top + pen, left : left + pen] = 1
    return pen + 2


def _with_lines(ink: Ink, boxes: _Boxes, size: float, rng: np.random.Generator) -> Ink:
    """Link neighbouring digits with a stroke, or leave pieces of lines above or below them."""
    image = Image.fromarray(ink)
    brush = ImageDraw.Draw(image)
    for _ in range(rng.integers(1, 3)):
        if len(boxes) > 1 and rng.random() < 0.6:
            index = int(rng.integers(len(boxes) - 1))
            share = rng.uniform(0, 1)
            other = np.clip(share + rng.normal(0, 0.15), 0, 1)
            ends = [
                ((left + right) / 2, top + part * (bottom - top))
                for (left, top, right, bottom), part in zip(
                    boxes[index : index + 2], (share, other), strict=True
                )
            ]
            brush.line(ends, fill=rng.uniform(0.5, 1), width=int(rng.integers(1, 3)))
        else:
            left, y = rng.uniform(15, boxes[-1][2]), _BASELINE + rng.normal(0, 1.5)
            y += 2 if rng.random() < 0.5 else -size - 2
            ends = [(left, y), (left + rng.uniform(3, 25), y + rng.normal(0, 1))]
            brush.line(ends, fill=rng.uniform(0.3, 1), width=1)
    return np.asarray(image)


def _with_other_row(ink: Ink, glyphs: list[Ink], rng: np.random.Generator) -> Ink:
    """Leave pieces of the digits of another row at the canvas's middle row's top or foot."""
    canvas = ink.copy()
    for _ in range(rng.integers(1, 4)):
        glyph = glyphs[rng.integers(len(glyphs))]
        height = min(int(rng.integers(3, 9)), glyph.shape[0])
        left = int(rng.integers(canvas.shape[1] - glyph.shape[1]))
        if rng.random() < 0.5:
            piece, top = glyph[:height], _BASELINE + int(rng.integers(0, 4))
        else:
            piece, top = glyph[-height:], _BASELINE - 22 - height - int(rng.integers(0, 4))
        target = canvas[top : top + height, left : left + glyph.shape[1]]
        np.maximum(target, piece, out=target)
    return canvas


def _with_cracks(ink: Ink, boxes: _Boxes, rng: np.random.Generator) -> Ink:
    """Wipe narrow gaps across digits, as a dry pen or a poor threshold leaves them."""
    image = Image.fromarray(ink)
    brush = ImageDraw.Draw(image)
    for left, top, right, bottom in boxes:
        if rng.random() < 0.6:
            middle = rng.uniform((left, top), (right, bottom))
            angle = rng.uniform(0, np.pi)
            reach = 8 * np.array([np.cos(angle), np.sin(angle)])
            ends = [tuple(middle - reach), tuple(middle + reach)]
            brush.line(ends, fill=0.0, width=int(rng.integers(1, 3)))
    return np.asarray(image)


def _fit(canvas: Ink, boxes: _Boxes, rng: np.random.Generator) -> Ink:
    """Return the canvas as a strip, a little off the place and size that it should have."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    down = np.exp(rng.normal(0, 0.08))
    across = down * np.exp(rng.normal(0, 0.04))
    middle = (min(tops) + max(bottoms)) / 2 + rng.normal(0, 1.3)
    width = int(np.ceil((max(rights) - min(lefts)) * across)) + 2 * STRIP_MARGIN + 1
    start = min(lefts) - (STRIP_MARGIN + rng.uniform(-1, 1)) / across
    data = (1 / across, 0, start, 0, 1 / down, middle - STRIP_HEIGHT / 2 / down)
    strip = Image.fromarray(canvas).transform(
        (width, STRIP_HEIGHT), Image.Transform.AFFINE, data, Image.Resampling.BICUBIC
    )
    return np.asarray(strip)


def _worn(ink: Ink, rng: np.random.Generator) -> Ink:
    """Blur ink, and make it thinner, thicker or patchy."""
    if rng.random() < 0.6:
        ink = ndimage.gaussian_filter(ink, rng.uniform(0.3, 0.75))
    ink = ink * rng.uniform(0.85, 1.7)
    if rng.random() < 0.25:
        ink = ink - rng.uniform(0, 0.25)
    if rng.random() < 0.1:
        ink = ink * (ndimage.gaussian_filter(rng.normal(0, 1, ink.shape), 1.5) > -0.36)
    return np.clip(ink, 0, 1)
