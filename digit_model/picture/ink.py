"""Extract the ink of a picture, 0 for paper to 1 for stroke.

The steps: flatten the writing surface (surface.py); choose the colours in which pens and paper
differ most (colour.py); divide by the light on the paper (darkness.py); threshold with hysteresis
between noise and strokes; remove surroundings, frames and ruled lines.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from ..arrays import Ink, Picture
from ..errors import NoInk
from .colour import clearest_colour
from .components import EIGHT_NEIGHBOURS, marked_area
from .darkness import MIN_PAGE_SIDE
from .displays import join_segments
from .frames import without_frames
from .levels import (
    LOWER_STROKE_SHARE,
    MIN_CONTRAST,
    MIN_SIGNAL,
    dark_level,
    noise,
    stroke_level,
)
from .lines import without_lines
from .surface import flatten, flatten_all
from .surroundings import is_strip, without_slivers, without_surroundings

# Pictures are scaled down to this many pixels on their longer side.
WORKING_SIZE = 1000
# Hysteresis: every stroke is as dark as this share of the stroke level somewhere.
UPPER_STROKE_SHARE = 0.46
# Noise that would hide strokes is blurred with this standard deviation, in pixels; beyond the reach
# pixels are still independent. A camera's noise falls to less than a third by it, the pattern of
# paper does not.
NOISY_SIGMA = 1.0
NOISE_REACH = 4
MIN_NOISE_RATIO = 2.5
# Hysteresis: thin parts of a stroke reach only this share of the limit that noise stays below.
LOWER_SIGNAL_SHARE = 0.65


def find_ink(picture: Picture) -> Ink:
    """Find the strokes of a picture, whatever its light and polarity.

    picture: (height, width, 3) uint8.
    Returns float32 ink in 0..1 on the picture scaled down to at most WORKING_SIZE pixels on its
    longer side, exactly 0 on the paper.
    Raises NoInk if nothing stands out from the paper.
    """
    return locate_ink(picture).ink


@dataclass(frozen=True, eq=False)
class LocatedInk:
    """Ink, and the (3, 3) matrix that maps its pixels to those of the picture (perspective.py)."""

    ink: Ink
    to_picture: np.ndarray


def locate_ink(picture: Picture) -> LocatedInk:
    """Find the strokes of a picture, like find_ink, and map them to the picture's pixels."""
    small = _shrink(picture, WORKING_SIZE)
    return _located([flatten(small)], small, picture)[0]


def locate_all_ink(picture: Picture) -> list[LocatedInk]:
    """Find the strokes on every writing surface of a picture, in reading order.

    Returns one or more, and none without ink. Raises NoInk if there is no ink at all.
    """
    small = _shrink(picture, WORKING_SIZE)
    return _located(flatten_all(small), small, picture)


def _located(
    surfaces: list[tuple[Picture, np.ndarray]], small: Picture, picture: Picture
) -> list[LocatedInk]:
    """Return the ink on each surface of ``small``, mapped to ``picture``; raise NoInk without."""
    factors = [
        side / own for side, own in zip(picture.shape[1::-1], small.shape[1::-1], strict=True)
    ]
    to_picture = np.diag([*factors, 1.0])
    found = []
    for surface, to_small in surfaces:
        *_, (_, ink) = _surface_steps(surface, is_sheet=surface is not small)
        if ink.any():
            found.append(LocatedInk(ink, to_picture @ to_small))
    if not found:
        raise NoInk("This picture looks blank. Draw or photograph a digit with more contrast.")
    return found


def ink_steps(picture: Picture) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name and the result of each step of find_ink.

    picture: (height, width, 3) uint8.
    Yields the picture scaled down, the flattened surface if there is one, then (height, width)
    float arrays of about 0..1 and bool masks. The last one is the ink, or an empty mask if nothing
    stands out.
    """
    small = _shrink(picture, WORKING_SIZE)
    yield "picture", small
    surface, _ = flatten(small)
    if surface is not small:
        yield "surface", surface
    yield from _surface_steps(surface, is_sheet=surface is not small)


def _surface_steps(surface: Picture, *, is_sheet: bool) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the steps from a surface to its ink. is_sheet: it was found in a larger picture."""
    grey, light, darkness = clearest_colour(surface)
    yield "clearest colour", grey
    yield "paper's light", light
    yield "darkness", darkness
    yield from _stroke_steps(darkness, is_sheet=is_sheet)


def _shrink(picture: Picture, longest: int) -> Picture:
    if max(picture.shape) <= longest:
        return picture
    image = Image.fromarray(picture)
    image.thumbnail((longest, longest), Image.Resampling.BOX, reducing_gap=1)
    return np.asarray(image)


def _stroke_steps(darkness: np.ndarray, *, is_sheet: bool) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the steps from darkness to ink; strokes keep their grey values."""
    large = min(darkness.shape) >= MIN_PAGE_SIDE
    raw = darkness
    if large:
        darkness = _smooth(raw, min(0.8, max(raw.shape) / 500))
    least = MIN_SIGNAL * noise(darkness)
    if large and least > MIN_CONTRAST and least > LOWER_STROKE_SHARE * dark_level(darkness):
        smooth = _smooth(raw, NOISY_SIGMA)
        remaining = noise(smooth, NOISE_REACH)
        if noise(raw) > MIN_NOISE_RATIO * remaining:
            darkness, least = smooth, MIN_SIGNAL * remaining
            yield "without noise", darkness
    mask = _above_noise(darkness, least)
    yield "above the noise", mask
    if not mask.any():
        return
    if large and not is_strip(mask):
        # Lines first: the digits that touch them would be removed as surroundings, too. Not in
        # strips, where the pattern behind the writing looks like faint lines.
        mask = without_surroundings(without_lines(mask, darkness), darkness)
        yield "without surroundings", mask
    if large:
        mask = without_frames(mask)
        yield "without frames", mask
    level = stroke_level(darkness, mask)
    mask = mask & (darkness > LOWER_STROKE_SHARE * level)
    yield "as dark as strokes", mask
    if large:
        mask = without_surroundings(without_lines(mask, darkness))
        if is_sheet:
            mask = without_slivers(mask)
        yield "without lines", mask
    strokes, count = _with_seeds(mask, darkness > UPPER_STROKE_SHARE * level)
    ink = np.where(strokes, np.clip(darkness / level, 0, 1), np.float32(0))
    yield "ink", join_segments(ink) if large and count > 1 else ink


def _above_noise(darkness: np.ndarray, least: float) -> np.ndarray:
    """Return the pixels darker than ``least``, and those nearly as dark that are joined to them."""
    mask = darkness > max(MIN_CONTRAST, least)
    if least <= MIN_CONTRAST:
        return mask
    return _with_seeds(darkness > max(MIN_CONTRAST, LOWER_SIGNAL_SHARE * least), mask)[0]


def _with_seeds(mask: np.ndarray, seeds: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the mask's components that hold a seed, and how many they are."""
    area = marked_area(mask)
    own = mask[area]
    labels, count = ndimage.label(own, EIGHT_NEIGHBOURS)
    kept = np.zeros(count + 1, bool)
    kept[labels[own & seeds[area]]] = True
    found = np.zeros_like(mask)
    found[area] = kept[labels]
    return found, int(kept.sum())


def _smooth(darkness: np.ndarray, sigma: float) -> np.ndarray:
    area = marked_area(darkness, margin=math.ceil(4 * sigma))
    smooth = np.zeros_like(darkness)
    smooth[area] = ndimage.gaussian_filter(darkness[area], sigma)
    return smooth
