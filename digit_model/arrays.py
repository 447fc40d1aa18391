"""Define what the modules hand to each other: array types, MNIST's constants, a reading.

| name | shape | dtype and range | meaning |
|---|---|---|---|
| Picture | (height, width, 3) | uint8 | an upright RGB picture on a white background |
| Ink | (height, width) | float32, 0..1 | 0 is paper, 1 is stroke |
| Tile | (28, 28) | float32, 0..1 | the ink of one digit, sized and centred like MNIST |
| Heatmap | (28, 28) | float32, 0..1 | how much each pixel of a tile counts for a digit |
"""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

import numpy as np

Picture: TypeAlias = np.ndarray
Ink: TypeAlias = np.ndarray
Tile: TypeAlias = np.ndarray
Heatmap: TypeAlias = np.ndarray

# http://yann.lecun.com/exdb/mnist: "The original black and white images were size normalized to
# fit in a 20x20 pixel box while preserving their aspect ratio ... centered in a 28x28 image by
# computing the center of mass of the pixels, and translating the image so as to position this
# point at the center of the 28x28 field."
TILE_SIZE = 28
TILE_BOX = 20
DIGITS = 10


class Box(NamedTuple):
    """A rectangle in the pixels of the upright picture; ``right`` and ``bottom`` are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def middle(self) -> tuple[float, float]:
        """The x and y of its middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def surrounds(self, other: "Box") -> bool:
        """Return whether another box lies inside this one and touches none of its sides."""
        return (
            self.left < other.left
            and self.top < other.top
            and other.right < self.right
            and other.bottom < self.bottom
        )

    def scaled(self, x_factor: float, y_factor: float) -> "Box":
        """Return the box on a picture that is scaled by these factors, with no side cut off."""
        return Box(
            math.floor(x_factor * self.left),
            math.floor(y_factor * self.top),
            math.ceil(x_factor * self.right),
            math.ceil(y_factor * self.bottom),
        )


class Placement(NamedTuple):
    """The position of a tile on its picture.

    Point (x, y) of the tile, measured from its top left corner, lies at
    (left + x_scale * x, top + y_scale * y) on the picture, measured in the same way, and turned
    about the tile's centre by ``turn`` radians, clockwise. The two scales differ slightly where the
    picture was scaled to whole pixels, or where a sheet is seen at an angle.
    """

    left: float
    top: float
    x_scale: float
    y_scale: float
    turn: float = 0.0


@dataclass(frozen=True)
class Calibration:
    """The temperature and the acceptance thresholds of a network, fitted on validation data only.

    Probabilities are softmax(logits / temperature). A tile is accepted as a digit if its highest
    probability is at least ``min_confidence`` and its energy, -logsumexp(logits) (Liu et al. 2020,
    T = 1), is at most ``max_energy``. acceptance.py applies these rules.
    """

    temperature: float = 1.0
    min_confidence: float = 0.0
    max_energy: float = 1e9


@dataclass(frozen=True, eq=False)
class Digit:
    """A part of a picture and what the network reads in it.

    evidence: (10, rows, columns) float32, where on the tile the network found each digit, with
        which its heatmap takes no time; None if it was not computed (explain.py).
    """

    tile: Tile
    placement: Placement
    box: Box
    row: int
    probabilities: np.ndarray  # (10,) float32, sums to 1
    accepted: bool
    evidence: np.ndarray | None = None

    @property
    def label(self) -> int:
        """Return the likeliest digit, whether it is accepted or not."""
        return int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        """Return the calibrated probability of ``label``."""
        return float(self.probabilities.max())

    @property
    def text(self) -> str:
        """Return the label, followed by a question mark if it is not accepted: "7" or "7?"."""
        return f"{self.label}" if self.accepted else f"{self.label}?"

    def scaled(self, x_factor: float, y_factor: float) -> "Digit":
        """Return the digit on a picture that is scaled by these factors."""
        left, top, x_scale, y_scale, turn = self.placement
        placement = Placement(
            x_factor * left, y_factor * top, x_factor * x_scale, y_factor * y_scale, turn
        )
        return replace(self, placement=placement, box=self.box.scaled(x_factor, y_factor))


@dataclass(frozen=True)
class IgnoredMark:
    """A mark of a row that was not read as a digit.

    kind: "dot", "comma", "dash", "slash", "bar", "plus", "times", "percent", "hash" or
        "parenthesis" where the shape is clear, else None.
    """

    box: Box
    kind: str | None = None


@dataclass(frozen=True, eq=False)
class Reading:
    """A picture, its digits in reading order, and the time in seconds that reading it took.

    There is at least one digit: if nothing in the picture looks like one, the best guess is
    reported, not accepted.

    ignored: the marks that were left out, such as a decimal point or a dash.
    reduction: pixels of the original per pixel of ``picture``, on each side. Pictures of 12
        megapixels or more are reduced. Boxes and placements are in pixels of the original;
        ``shown`` has them in pixels of ``picture``.
    strips: the rows that the row reader was asked about, (32, width) each, from the top.
    """

    picture: Picture
    digits: tuple[Digit, ...]
    seconds: float
    ignored: tuple[IgnoredMark, ...] = ()
    reduction: int = 1
    strips: tuple[Ink, ...] = ()

    def shown(self) -> "Reading":
        """Return the reading with its boxes and placements in pixels of ``picture``."""
        factor = 1 / self.reduction
        return replace(
            self,
            digits=tuple(digit.scaled(factor, factor) for digit in self.digits),
            ignored=tuple(
                replace(mark, box=mark.box.scaled(factor, factor)) for mark in self.ignored
            ),
            reduction=1,
        )

    @property
    def rows(self) -> list[list[Digit]]:
        """Return the digits of each row, from the top."""
        rows: dict[int, list[Digit]] = {}
        for digit in self.digits:
            rows.setdefault(digit.row, []).append(digit)
        return list(rows.values())

    @property
    def text(self) -> str:
        """Return the accepted digits in reading order, with a newline between rows."""
        rows = ("".join(digit.text for digit in row if digit.accepted) for row in self.rows)
        return "\n".join(row for row in rows if row)

    @property
    def text_with_guesses(self) -> str:
        """Return all digits, with a question mark after those not accepted: "95?\\n12"."""
        return "\n".join("".join(digit.text for digit in row) for row in self.rows)

    @property
    def confidence(self) -> float:
        """Return the confidence of the least certain digit."""
        return min(digit.confidence for digit in self.digits)

    def as_json(self) -> dict:
        """Return ``text``, ``digits``, ``ignored`` and ``seconds`` as plain JSON types."""
        return {
            "text": self.text,
            "digits": [_digit_as_json(digit) for digit in self.digits],
            "ignored": [{"kind": mark.kind, "box": list(mark.box)} for mark in self.ignored],
            "seconds": round(self.seconds, 6),
        }


def _digit_as_json(digit: Digit) -> dict:
    return {
        "digit": digit.label,
        "confidence": round(digit.confidence, 6),
        "probabilities": [round(float(p), 6) for p in digit.probabilities],
        "box": list(digit.box),
        "accepted": digit.accepted,
    }
