"""Draw the page's example pictures: python -m digit_model.synthesis.example_pictures FOLDER."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from digit_model.synthesis.digits import write_digit
from digit_model.synthesis.pen import draw, write
from digit_model.synthesis.skeletons import load_skeletons

QUALITY = 82
BALLPOINT = (38, 58, 140)
PENCIL = (84, 84, 90)
FELT_TIP = (24, 22, 26)
CHALK = (236, 238, 232)

Colour = tuple[int, int, int]


def photo(rng: np.random.Generator) -> Image.Image:
    """Draw a number in ballpoint on a sheet of paper under a lamp, slightly rotated."""
    ink = _sheet((400, 520), ["47"], 250, 1.9, rng)
    ink = ndimage.rotate(ink, 5, reshape=False, order=1)
    y, x = np.mgrid[-1 : 1 : ink.shape[0] * 1j, -1 : 1 : ink.shape[1] * 1j]
    light = (
        0.93
        - 0.2 * np.hypot(x + 0.3, y + 0.2) ** 2
        - 0.12 * ndimage.gaussian_filter((x - 0.5 * y > 0.75).astype(float), 14)
    )
    return _photographed(ink, (246, 240, 226), BALLPOINT, light, 4, rng)


def scan(rng: np.random.Generator) -> Image.Image:
    """Draw a line of a form, written with a thin pen and scanned flat."""
    ink = _sheet((150, 620), ["90210"], 84, 1.4, rng)
    picture = np.asarray(_photographed(ink, (244, 244, 244), FELT_TIP, 1, 2, rng)).copy()
    picture[124:126, 40:580] = 168
    return Image.fromarray(picture)


def rows(rng: np.random.Generator) -> Image.Image:
    """Draw two rows of digits in pencil on squared paper."""
    ink = _sheet((360, 480), ["314", "159"], 110, 2.2, rng)
    paper = np.ones(ink.shape)
    paper[::24] = paper[:, ::24] = 0.9
    return _photographed(ink, (250, 250, 246), PENCIL, paper, 3, rng)


def board(rng: np.random.Generator) -> Image.Image:
    """Draw a digit in chalk on a board."""
    ink = _sheet((360, 420), ["5"], 220, 2.8, rng)
    grain = ndimage.gaussian_filter(rng.random(ink.shape), 1.2)
    chalk = ink * np.clip(0.7 + 4 * (grain - 0.45), 0.55, 1)
    return _photographed(chalk, (44, 66, 58), CHALK, 1 + 0.15 * (grain - 0.5), 4, rng)


def letter(rng: np.random.Generator) -> Image.Image:
    """Draw a letter with a felt tip: the network should refuse it."""
    paths = write(load_skeletons().signs["A"], (0.7, 0.9), rng)
    ink = np.zeros((360, 360), np.float32)
    _paste(ink, _scaled(draw(paths, 2.6, rng), 210), 180, 75)
    return _photographed(ink, (250, 248, 242), FELT_TIP, 1, 2, rng)


def _sheet(
    size: tuple[int, int], lines: list[str], height: int, pen: float, rng: np.random.Generator
) -> np.ndarray:
    """Return ink of the size (height, width) with centred lines of digits, so many pixels high."""
    ink = np.zeros(size, np.float32)
    step = size[0] // len(lines)
    for row, line in enumerate(lines):
        top = row * step + (step - height) // 2
        for column, character in enumerate(line):
            digit = _scaled(draw(write_digit(int(character), rng), pen, rng), height)
            middle = size[1] * (2 * column + 1) // (2 * len(line))
            _paste(ink, digit, middle, top + int(rng.integers(-4, 5)))
    return ink


def _scaled(ink: np.ndarray, longest: int) -> np.ndarray:
    """Scale ink so that its longer side has so many pixels."""
    scale = longest / max(ink.shape)
    size = (round(ink.shape[1] * scale), round(ink.shape[0] * scale))
    large = Image.fromarray(ink).resize(size, Image.Resampling.BICUBIC)
    return np.clip(np.asarray(large), 0, 1)


def _paste(sheet: np.ndarray, digit: np.ndarray, middle: int, top: int) -> None:
    """Draw a digit's ink on the sheet; middle: the column of its centre."""
    left = middle - digit.shape[1] // 2
    target = sheet[top : top + digit.shape[0], left : left + digit.shape[1]]
    np.maximum(target, digit, out=target)


def _photographed(
    ink: np.ndarray,
    paper: Colour,
    pen: Colour,
    light: np.ndarray | float,
    noise: float,
    rng: np.random.Generator,
) -> Image.Image:
    """Return ink on coloured paper as a camera sees it; light: brightness, as a factor."""
    ink = ndimage.gaussian_filter(ink, 0.8)[..., None]
    colours = np.asarray(paper) * (1 - ink) + np.asarray(pen) * ink
    shade = np.broadcast_to(light, ink.shape[:2])[..., None]
    grain = ndimage.gaussian_filter(rng.normal(0, noise, ink.shape), 0.6)
    return Image.fromarray(np.clip(colours * shade + grain, 0, 255).round().astype(np.uint8))


# Each picture's file name, the function that draws it and the seed of its handwriting.
PICTURES: dict[str, tuple[Callable[[np.random.Generator], Image.Image], int]] = {
    "photo.jpg": (photo, 2),
    "scan.jpg": (scan, 3),
    "rows.jpg": (rows, 11),
    "board.jpg": (board, 2),
    "letter.jpg": (letter, 1),
}


def make(folder: Path) -> None:
    """Write every example picture into the folder."""
    for name, (draw_picture, seed) in PICTURES.items():
        draw_picture(np.random.default_rng(seed)).save(folder / name, quality=QUALITY)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
