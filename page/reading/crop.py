"""Choose the part of a person's picture that is shown: near enough that its digits can be seen."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from digit_model.arrays import Box, Digit, Picture, Reading

# The place of the picture on a desktop, in its pixels, and from which size on a digit is legible.
FRAME = (300, 190)
MIN_LEGIBLE_PIXELS = 36
# Around all digits this share of the typical one's size is left, around a chosen one this.
MARGIN, CHOSEN_MARGIN = 0.5, 1.5
# The most pixels of a picture that is held for a visitor.
MAX_PIXELS = 640 * 640


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a picture as a reading of its own; ``numbers`` are its digits' places in all."""

    reading: Reading
    numbers: tuple[int, ...]


def near(reading: Reading) -> Reading:
    """Return a reading whose picture has at most MAX_PIXELS.

    If its digits would be too small to be seen, the picture is cut around all that was found in it.
    """
    if not _is_legible(reading):
        boxes = [digit.box for digit in reading.digits] + [mark.box for mark in reading.ignored]
        reading = _cut(reading, _around(boxes, MARGIN * _size(reading), reading.picture)).reading
    height, width = reading.picture.shape[:2]
    factor = (MAX_PIXELS / (width * height)) ** 0.5
    if factor >= 1:
        return reading
    size = (max(1, int(width * factor)), max(1, int(height * factor)))
    return _scale(reading, size)


def look(reading: Reading, chosen: int) -> Part:
    """Return the whole picture, or, if it is too flat or too full, the chosen digit's part."""
    if _is_legible(reading):
        return Part(reading, tuple(range(len(reading.digits))))
    box = reading.digits[chosen].box
    margin = CHOSEN_MARGIN * max(box.width, box.height)
    return _cut(reading, _around([box], margin, reading.picture))


def _is_legible(reading: Reading) -> bool:
    height, width = reading.picture.shape[:2]
    on_page = min(FRAME[0] / width, FRAME[1] / height)
    return _size(reading) * on_page >= MIN_LEGIBLE_PIXELS


def _size(reading: Reading) -> float:
    """Return the side of a typical digit's box in the picture's pixels."""
    return float(np.median([max(digit.box.width, digit.box.height) for digit in reading.digits]))


def _around(boxes: Iterable[Box], margin: float, picture: Picture) -> Box:
    height, width = picture.shape[:2]
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    edge = round(margin)
    return Box(
        max(0, min(lefts) - edge),
        max(0, min(tops) - edge),
        min(width, max(rights) + edge),
        min(height, max(bottoms) + edge),
    )


def _cut(reading: Reading, window: Box) -> Part:
    """Return the part of a reading in a window, with the digits whose middle lies in it."""
    numbers = tuple(n for n, digit in enumerate(reading.digits) if _is_inside(digit.box, window))
    picture = reading.picture[window.top : window.bottom, window.left : window.right]
    part = Reading(
        picture.copy(),  # A view would hold the whole picture in memory.
        tuple(_moved(reading.digits[number], window) for number in numbers),
        reading.seconds,
        tuple(
            replace(mark, box=_box_in(mark.box, window))
            for mark in reading.ignored
            if _is_inside(mark.box, window)
        ),
    )
    return Part(part, numbers)


def _is_inside(box: Box, window: Box) -> bool:
    across, down = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return window.left <= across < window.right and window.top <= down < window.bottom


def _moved(digit: Digit, window: Box) -> Digit:
    left, top = digit.placement.left - window.left, digit.placement.top - window.top
    placement = digit.placement._replace(left=left, top=top)
    return replace(digit, placement=placement, box=_box_in(digit.box, window))


def _box_in(box: Box, window: Box) -> Box:
    left, top = window.left, window.top
    return Box(box.left - left, box.top - top, box.right - left, box.bottom - top)


def _scale(reading: Reading, size: tuple[int, int]) -> Reading:
    """Return a reading whose picture is scaled down to a size, (width, height) in pixels."""
    height, width = reading.picture.shape[:2]
    factors = size[0] / width, size[1] / height
    return replace(
        reading,
        picture=np.asarray(Image.fromarray(reading.picture).resize(size, Image.Resampling.BOX)),
        digits=tuple(digit.scaled(*factors) for digit in reading.digits),
        ignored=tuple(replace(mark, box=mark.box.scaled(*factors)) for mark in reading.ignored),
    )
