"""Which part of a person's picture is shown: near enough that the digits in it can be seen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from digit_model.arrays import Box, Digit, Picture
from digit_model.picture.render import scale_digit

# The place of the picture on a desktop, in its pixels, and how large a digit there is legible.
FRAME = (300, 190)
LEGIBLE = 36
# Around the digits is left this share of the largest one.
MARGIN = 0.5
# The most pixels of a picture that is kept for a visitor.
KEPT_PIXELS = 640 * 640


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a picture with the digits in it; ``numbers`` are their places in the reading."""

    picture: Picture
    digits: tuple[Digit, ...]
    numbers: tuple[int, ...]


def near(picture: Picture, digits: Sequence[Digit]) -> tuple[Picture, tuple[Digit, ...]]:
    """The picture, cut around all its digits if they would be too small to be seen, and made small.

    picture: (height, width, 3) uint8. Returns at most KEPT_PIXELS, and the digits moved along.
    """
    if not _is_legible(picture, digits):
        window = _around([digit.box for digit in digits], MARGIN * _size(digits), picture)
        picture, digits = _cut(picture, digits, window)
    height, width = picture.shape[:2]
    factor = (KEPT_PIXELS / (width * height)) ** 0.5
    if factor >= 1:
        return picture, tuple(digits)
    size = (max(1, int(width * factor)), max(1, int(height * factor)))
    small = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))
    return small, tuple(scale_digit(digit, size[0] / width, size[1] / height) for digit in digits)


def look(picture: Picture, digits: Sequence[Digit], chosen: int) -> Part:
    """The whole picture, or, of one too flat or too full to be legible, the chosen digit's part."""
    if _is_legible(picture, digits):
        return Part(picture, tuple(digits), tuple(range(len(digits))))
    box = digits[chosen].box
    window = _around([box], 1.5 * max(box.width, box.height), picture)
    numbers = tuple(n for n, digit in enumerate(digits) if _is_inside(digit.box, window))
    return Part(*_cut(picture, [digits[number] for number in numbers], window), numbers)


def _is_legible(picture: Picture, digits: Sequence[Digit]) -> bool:
    height, width = picture.shape[:2]
    return _size(digits) * min(FRAME[0] / width, FRAME[1] / height) >= LEGIBLE


def _size(digits: Sequence[Digit]) -> float:
    """The side of a typical digit's box in the picture's pixels."""
    return float(np.median([max(digit.box.width, digit.box.height) for digit in digits]))


def _around(boxes: Sequence[Box], margin: float, picture: Picture) -> Box:
    height, width = picture.shape[:2]
    edge = round(margin)
    return Box(
        max(0, min(box.left for box in boxes) - edge),
        max(0, min(box.top for box in boxes) - edge),
        min(width, max(box.right for box in boxes) + edge),
        min(height, max(box.bottom for box in boxes) + edge),
    )


def _is_inside(box: Box, window: Box) -> bool:
    """Whether the middle of the box is in the window."""
    across, down = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return window.left <= across < window.right and window.top <= down < window.bottom


def _cut(
    picture: Picture, digits: Sequence[Digit], window: Box
) -> tuple[Picture, tuple[Digit, ...]]:
    part = picture[window.top : window.bottom, window.left : window.right]
    moved = (_moved(digit, window.left, window.top) for digit in digits)
    return part.copy(), tuple(moved)  # what is kept would keep the whole picture


def _moved(digit: Digit, left: int, top: int) -> Digit:
    place, box = digit.placement, digit.box
    return replace(
        digit,
        placement=place._replace(left=place.left - left, top=place.top - top),
        box=Box(box.left - left, box.top - top, box.right - left, box.bottom - top),
    )
