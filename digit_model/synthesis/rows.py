"""Draw rows of digits as people write them: touching, broken, slanted, close, with marks between.

The costs that decide how a row is cut are chosen on these pictures, and tests read them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from ..arrays import DIGITS, Ink, Picture
from ..picture.normalise import bounding_box
from .digits import write_digit
from .pen import CLOSED_LOOPS, OPEN_LOOPS, Path, draw, write
from .skeletons import load_skeletons

# Ink of a row before it is put on paper; digits are about this high, in pixels.
DIGIT_HEIGHT = 96
_MARGIN = 40
# Between the boxes of two rows, in digit heights.
_USUAL_GAPS = (0.04, 0.3)
MARKS = {".": "dot", ",": "comma", "-": "dash", "/": "slash"}
# Letters that look like no digit, nor like two.
_LETTERS = "AEFKRXk"


@dataclass(frozen=True, eq=False)
class DrawnRows:
    """A picture of rows of digits, their text with a newline between rows, and the other marks.

    marks: the kind of each mark that is no digit, from the left, as in MARKS and SIGNS; None for a
    letter.
    """

    picture: Picture
    text: str
    marks: tuple[str | None, ...] = ()


def draw_rows(rng: np.random.Generator, kind: str) -> DrawnRows:
    """Draw dark digits on light paper. kind: a name in ROW_KINDS."""
    return ROW_KINDS[kind](rng)


def draw_number(text: str, rng: np.random.Generator) -> DrawnRows:
    """Draw a number of digits and marks; text: of 0 to 9 and the characters in MARKS."""
    pen = rng.uniform(1.2, 3)
    glyphs = [
        _draw_mark(MARKS[character], pen * DIGIT_HEIGHT / 20, rng)
        if character in MARKS
        else _digits([int(character)], rng, pen=(pen, pen))[0]
        for character in text
    ]
    labels = [int(character) for character in text if character not in MARKS]
    drawn = _on_paper([_side_by_side(glyphs, (0.1, 0.35), rng)], [labels], rng)
    marks = tuple(MARKS[character] for character in text if character in MARKS)
    return replace(drawn, marks=marks)


def draw_signed(rng: np.random.Generator, sign: str) -> DrawnRows:
    """Draw a number with a sign around it or beside it. sign: a name in SIGNS."""
    labels = _labels(rng, (2, 5))
    ink = _side_by_side(_digits(labels, rng, pen=(1.2, 3)), (0.1, 0.35), rng)
    strokes, marks = SIGNS[sign]
    signed = _with_strokes(ink, strokes(*ink.shape), round(rng.uniform(4, 9)), rng)
    drawn = _on_paper([signed], [labels], rng)
    return replace(drawn, marks=marks)


def _signed(rng: np.random.Generator) -> DrawnRows:
    return draw_signed(rng, tuple(SIGNS)[rng.integers(len(SIGNS))])


def _apart(rng: np.random.Generator) -> DrawnRows:
    labels = _labels(rng)
    return _on_paper([_side_by_side(_digits(labels, rng), (0.08, 0.4), rng)], [labels], rng)


def _touching(rng: np.random.Generator) -> DrawnRows:
    labels = _labels(rng)
    return _on_paper([_side_by_side(_digits(labels, rng), (-0.12, 0.02), rng)], [labels], rng)


def _slanted(rng: np.random.Generator) -> DrawnRows:
    labels = _labels(rng)
    row = _side_by_side(_digits(labels, rng), (0.0, 0.2), rng)
    return _on_paper([_sheared(row, rng.uniform(0.2, 0.6))], [labels], rng)


def _broken(rng: np.random.Generator) -> DrawnRows:
    labels = _labels(rng)
    digits = [_with_cracks(digit, rng) for digit in _digits(labels, rng)]
    return _on_paper([_side_by_side(digits, (0.15, 0.4), rng)], [labels], rng)


def _bold(rng: np.random.Generator) -> DrawnRows:
    labels = _labels(rng)
    digits = _digits(labels, rng, pen=(3.5, 6), coverage=CLOSED_LOOPS)
    return _on_paper([_side_by_side(digits, (0.05, 0.35), rng)], [labels], rng)


def _thin_ones(rng: np.random.Generator) -> DrawnRows:
    """Draw a number with 1s as thin as a hair, as a quick pen leaves them."""
    labels = _labels(rng, (3, 7))
    labels[rng.integers(len(labels))] = 1
    pen = rng.uniform(1.5, 3)
    glyphs = [
        _hair(rng) if label == 1 else _digits([label], rng, pen=(pen, pen))[0] for label in labels
    ]
    return _on_paper([_side_by_side(glyphs, (0.05, 0.3), rng)], [labels], rng)


def _hair(rng: np.random.Generator) -> Ink:
    """Draw a stroke as high as a digit, two or three pixels wide."""
    image = Image.new("F", (3 + round(DIGIT_HEIGHT * rng.uniform(0, 0.12)), DIGIT_HEIGHT))
    ends = (image.width - 2, 0, 1, image.height - 1)
    ImageDraw.Draw(image).line(ends, fill=rng.uniform(0.6, 1), width=int(rng.integers(2, 4)))
    return np.asarray(image)


def _close_rows(rng: np.random.Generator) -> DrawnRows:
    """Draw two to four rows with less than a third of a digit's height between them."""
    return _several_rows(rng, _USUAL_GAPS)


def _touching_rows(rng: np.random.Generator) -> DrawnRows:
    """Draw two to four rows, some of whose digits touch or overlap the row below."""
    return _several_rows(rng, (-0.04, 0.06))


def _several_rows(rng: np.random.Generator, gaps: tuple[float, float]) -> DrawnRows:
    rows = [_labels(rng) for _ in range(rng.integers(2, 5))]
    inks = [_side_by_side(_digits(labels, rng), (0.1, 0.4), rng) for labels in rows]
    return _on_paper(inks, rows, rng, gaps)


def _single(rng: np.random.Generator) -> DrawnRows:
    """Draw one digit, broken in half of the pictures, at times with a few specks around it."""
    labels = _labels(rng, (1, 2))
    [digit] = _digits(labels, rng, pen=(0.8, 4))
    digit = _with_cracks(digit, rng) if rng.random() < 0.5 else digit
    return _on_paper([digit], [labels], rng)


def _marked(rng: np.random.Generator) -> DrawnRows:
    """Draw a number with one or two marks before or between its digits."""
    labels = _labels(rng, (2, 6))
    glyphs: list[Ink] = []
    marks: list[str | None] = []
    places = set(rng.choice(len(labels), rng.integers(1, 3)).tolist())
    pen = rng.uniform(1.2, 3)
    for place, digit in enumerate(_digits(labels, rng, pen=(pen, pen))):
        if place in places:
            kind = _KINDS_OF_MARKS[rng.integers(0 if place else 2, len(_KINDS_OF_MARKS))]
            glyphs.append(_draw_mark(kind, pen * DIGIT_HEIGHT / 20, rng))
            marks.append(kind)
        glyphs.append(digit)
    drawn = _on_paper([_side_by_side(glyphs, (0.1, 0.35), rng)], [labels], rng)
    return replace(drawn, marks=tuple(marks))


def _with_strokes(ink: Ink, strokes: list[Path], pen: int, rng: np.random.Generator) -> Ink:
    """Draw strokes over ink with an unsteady hand. strokes: x and y from the ink's corner."""
    margin = ink.shape[0]
    canvas = Image.fromarray(np.pad(ink, margin))
    brush = ImageDraw.Draw(canvas)
    for stroke in strokes:
        tremor = ndimage.gaussian_filter1d(rng.normal(0, 6, stroke.shape), 4, axis=0)
        points = [(x, y) for x, y in (stroke + margin + tremor).tolist()]
        brush.line(points, fill=1.0, width=pen, joint="curve")
    return _cropped(np.asarray(canvas))


def _line(*ends: float) -> Path:
    """Return a line between two points, (30, 2). ends: x and y of one, then of the other."""
    return np.linspace(ends[:2], ends[2:], 30)


def _arc(x: float, y: float, across: float, down: float, turn: tuple[float, float]) -> Path:
    """Return a part of an ellipse, (60, 2). turn: degrees, clockwise from the right."""
    angles = np.radians(np.linspace(*turn, 60))
    return np.stack([x + across * np.cos(angles), y + down * np.sin(angles)], axis=1)


def _ring(height: int, width: int) -> list[Path]:
    across, down = 0.75 * width + 20, 0.9 * height
    return [_arc(width / 2, height / 2, across, down, (-80, 290))]


def _parentheses(height: int, width: int) -> list[Path]:
    size = (0.25 * height, 0.7 * height)
    return [
        _arc(-0.1 * height, height / 2, *size, (120, 240)),
        _arc(width + 0.1 * height, height / 2, *size, (-60, 60)),
    ]


def _percent(height: int, width: int) -> list[Path]:
    loop, left, right = 0.13 * height, width + 0.3 * height, width + 0.8 * height
    return [
        _arc(left, 0.2 * height, loop, loop, (0, 360)),
        _line(right, 0, left, height),
        _arc(right, 0.8 * height, loop, loop, (0, 360)),
    ]


def _hash(height: int, width: int) -> list[Path]:
    left, middle, right = -0.9 * height, -0.55 * height, -0.25 * height
    return [
        _line(middle, 0, middle - 0.1 * height, height),
        _line(right, 0, right - 0.1 * height, height),
        _line(left, 0.3 * height, right + 0.15 * height, 0.3 * height),
        _line(left, 0.7 * height, right + 0.15 * height, 0.7 * height),
    ]


def _bar(height: int, width: int) -> list[Path]:
    return [_line(-0.3 * height, -0.45 * height, -0.3 * height, 1.45 * height)]


def _labels(rng: np.random.Generator, count: tuple[int, int] = (2, 7)) -> list[int]:
    return rng.integers(0, DIGITS, rng.integers(*count)).tolist()


def _digits(
    labels: list[int],
    rng: np.random.Generator,
    pen: tuple[float, float] = (1, 3.2),
    coverage: float = OPEN_LOOPS,
) -> list[Ink]:
    """Draw digits with one pen, each about as high as the others."""
    width = rng.uniform(*pen)
    inks = [draw(write_digit(label, rng), width, rng, coverage) for label in labels]
    return [_scaled(ink, round(DIGIT_HEIGHT * rng.uniform(0.85, 1.15))) for ink in inks]


def _scaled(ink: Ink, height: int) -> Ink:
    """Crop ink to its box and scale it to a height."""
    crop = Image.fromarray(_cropped(ink))
    width = max(4, round(crop.width * height / crop.height))
    return np.clip(np.asarray(crop.resize((width, height), Image.Resampling.BICUBIC)), 0, 1)


def _cropped(ink: Ink) -> Ink:
    left, top, right, bottom = bounding_box(ink)
    return ink[top:bottom, left:right]


def _side_by_side(inks: list[Ink], gaps: tuple[float, float], rng: np.random.Generator) -> Ink:
    """Set inks on a wavering line; gaps: the paper between their boxes in digit heights."""
    height = 2 * DIGIT_HEIGHT
    canvas = np.zeros((height, sum(ink.shape[1] + DIGIT_HEIGHT for ink in inks)), np.float32)
    left = DIGIT_HEIGHT // 2
    for ink in inks:
        lift = int(rng.normal(0, 0.04) * DIGIT_HEIGHT)
        drop = max(0, ink.shape[0] - round(1.15 * DIGIT_HEIGHT)) // 2
        top = int(np.clip((3 * height) // 4 - ink.shape[0] + lift + drop, 0, height - ink.shape[0]))
        target = canvas[top : top + ink.shape[0], left : left + ink.shape[1]]
        np.maximum(target, ink, out=target)
        left += ink.shape[1] + round(rng.uniform(*gaps) * DIGIT_HEIGHT)
    return _cropped(canvas)


def _sheared(ink: Ink, slant: float) -> Ink:
    """Lean ink to the right; slant: a tangent."""
    width = ink.shape[1] + round(slant * ink.shape[0])
    matrix = (1, slant, -slant * ink.shape[0], 0, 1, 0)
    image = Image.fromarray(ink).transform(
        (width, ink.shape[0]), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC
    )
    return np.clip(np.asarray(image), 0, 1)


def _with_cracks(ink: Ink, rng: np.random.Generator) -> Ink:
    """Wipe one or two narrow gaps across the ink, as a dry pen or a poor threshold leaves them."""
    wiped = Image.fromarray(ink)
    brush = ImageDraw.Draw(wiped)
    height, width = ink.shape
    for _ in range(rng.integers(1, 3)):
        centre = rng.uniform(0.2, 0.8, 2) * (width, height)
        angle = rng.uniform(0, np.pi)
        reach = 0.45 * min(height, width) * np.array([np.cos(angle), np.sin(angle)])
        crack = max(2, round(height * rng.uniform(0.02, 0.06)))
        brush.line((*(centre - reach), *(centre + reach)), fill=0.0, width=crack)
    broken = np.asarray(wiped)
    return broken if broken.sum() > 0.8 * ink.sum() else ink


def _draw_mark(kind: str | None, pen: float, rng: np.random.Generator) -> Ink:
    """Draw a mark in a box as high as a digit; pen: its width in pixels."""
    height = DIGIT_HEIGHT
    if kind is None:
        sign = load_skeletons().signs[_LETTERS[rng.integers(len(_LETTERS))]]
        return _scaled(draw(write(sign, (0.6, 0.9), rng), pen * 20 / height, rng), height)
    width = round(height * rng.uniform(*_MARK_WIDTHS[kind])) + round(pen)
    canvas = Image.new("F", (width, height))
    brush = ImageDraw.Draw(canvas)
    half = pen / 2
    left, right = half, width - half - 1
    if kind == "dot":
        brush.ellipse((0, height - 1 - width, width - 1, height - 1), fill=1.0)
    elif kind == "comma":
        brush.line((right, 0.85 * height, left, 1.05 * height), fill=1.0, width=round(pen))
    elif kind == "dash":
        y = height * rng.uniform(0.4, 0.6)
        brush.line((0, y, width, y + rng.normal(0, 2)), fill=1.0, width=round(pen))
    else:
        canvas = Image.new("F", (width, round(height * rng.uniform(1.0, 1.4))))
        ends = (right, half, left, canvas.height - half)
        ImageDraw.Draw(canvas).line(ends, fill=1.0, width=round(pen))
    return np.asarray(canvas)


def _on_paper(
    inks: list[Ink],
    rows: list[list[int]],
    rng: np.random.Generator,
    gaps: tuple[float, float] = _USUAL_GAPS,
) -> DrawnRows:
    """Set rows below each other on paper with a little light, blur and noise.

    gaps: the paper between the rows' boxes in digit heights.
    """
    scale = rng.uniform(0.5, 1.6) if len(inks) < 3 else rng.uniform(0.5, 1)
    width = max(ink.shape[1] for ink in inks) + 2 * _MARGIN
    below = (rng.uniform(*gaps, len(inks)) * DIGIT_HEIGHT).astype(int).tolist()
    height = sum(ink.shape[0] for ink in inks) + sum(below) + 2 * _MARGIN
    canvas = np.zeros((height, width), np.float32)
    top = _MARGIN
    for ink, gap in zip(inks, below, strict=True):
        target = canvas[top : top + ink.shape[0], _MARGIN : _MARGIN + ink.shape[1]]
        np.maximum(target, ink, out=target)
        top += ink.shape[0] + gap
    size = (round(width * scale), round(height * scale))
    ink = np.clip(np.asarray(Image.fromarray(canvas).resize(size, Image.Resampling.BICUBIC)), 0, 1)
    ink = ndimage.gaussian_filter(ink, rng.uniform(0, 1))[..., None]
    paper, pen = rng.uniform(170, 250, 3), rng.uniform(10, 110, 3)
    noise = rng.normal(0, rng.uniform(0, 4), ink.shape)
    picture = np.clip(paper + ink * (pen - paper) + noise, 0, 255).astype(np.uint8)
    return DrawnRows(picture, "\n".join("".join(map(str, labels)) for labels in rows))


_KINDS_OF_MARKS: tuple[str | None, ...] = ("dot", "comma", "dash", "slash", None)
# Widths in digit heights, beside the pen's.
_MARK_WIDTHS = {"dot": (0.0, 0.06), "comma": (0.04, 0.1), "dash": (0.3, 0.55), "slash": (0.3, 0.5)}

# Signs around or beside a number: a function from the number's height and width to the strokes of
# the sign, and the kinds of the marks that a reading should list.
SIGNS: dict[str, tuple[Callable[[int, int], list[Path]], tuple[str, ...]]] = {
    "ring": (_ring, ()),
    "parentheses": (_parentheses, ("parenthesis", "parenthesis")),
    "percent": (_percent, ("percent",)),
    "hash": (_hash, ("hash",)),
    "bar": (_bar, ("bar",)),
}

ROW_KINDS: dict[str, Callable[[np.random.Generator], DrawnRows]] = {
    "single": _single,
    "apart": _apart,
    "touching": _touching,
    "slanted": _slanted,
    "broken": _broken,
    "bold": _bold,
    "thin ones": _thin_ones,
    "close rows": _close_rows,
    "touching rows": _touching_rows,
    "marked": _marked,
    "signed": _signed,
}
