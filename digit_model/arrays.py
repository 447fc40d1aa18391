"""What travels between the modules: the names of the arrays, MNIST's constants, a Reading.

| name | shape | dtype and range | meaning |
|---|---|---|---|
| Picture | (height, width, 3) | uint8 | an upright RGB picture on white |
| Ink | (height, width) | float32, 0..1 | 0 is paper, 1 is stroke |
| Tile | (28, 28) | float32, 0..1 | one digit's ink as MNIST holds it |
| Heatmap | (28, 28) | float32, 0..1 | how much each place of a tile counts for a digit |
"""

from dataclasses import dataclass
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
    """A rectangle in the pixels of the upright picture; right and bottom lie just outside."""

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


class Placement(NamedTuple):
    """Where a tile lies on its picture: picture = origin + scale * tile, in pixel edges."""

    left: float
    top: float
    scale: float


@dataclass(frozen=True)
class Calibration:
    """How logits become probabilities and a verdict; fitted on validation data only.

    Probabilities are softmax(logits / temperature). A mark is accepted as a digit when the best
    of them reaches ``min_confidence`` and the energy -logsumexp(logits) (Liu et al. 2020, T = 1)
    does not pass ``max_energy``.
    """

    temperature: float = 1.0
    min_confidence: float = 0.0
    max_energy: float = 1e9


@dataclass(frozen=True, eq=False)
class Digit:
    """One mark of a picture and what the network makes of it."""

    tile: Tile
    placement: Placement
    box: Box
    row: int
    probabilities: np.ndarray  # (10,) float32, sums to 1
    accepted: bool

    @property
    def label(self) -> int:
        """The best guess, accepted or not."""
        return int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        """The calibrated probability of the best guess."""
        return float(self.probabilities.max())


@dataclass(frozen=True, eq=False)
class Reading:
    """A picture and the digits in it, in reading order; ``seconds`` is the time that took.

    At least one: of a picture in which nothing looks like a digit, the best guess, refused.
    """

    picture: Picture
    digits: tuple[Digit, ...]
    seconds: float

    @property
    def text(self) -> str:
        """The accepted digits in reading order, a newline between rows."""
        rows: dict[int, str] = {}
        for mark in self.digits:
            rows[mark.row] = rows.get(mark.row, "") + (str(mark.label) if mark.accepted else "")
        return "\n".join(row for row in rows.values() if row)

    def as_json(self) -> dict:
        """The reading as plain JSON types: ``text``, ``digits`` and ``seconds``."""
        return {
            "text": self.text,
            "digits": [
                {
                    "digit": mark.label,
                    "confidence": round(mark.confidence, 6),
                    "probabilities": [round(float(p), 6) for p in mark.probabilities],
                    "box": list(mark.box),
                    "accepted": mark.accepted,
                }
                for mark in self.digits
            ],
            "seconds": round(self.seconds, 6),
        }
