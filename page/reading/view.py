"""A reading as one visitor looks at it, and the same as bytes that the page process holds."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from digit_model.arrays import (
    TILE_SIZE,
    Box,
    Digit,
    Heatmap,
    IgnoredMark,
    Picture,
    Placement,
    Reading,
)

from ..messages import pack, unpack

_TILE_BYTES = TILE_SIZE * TILE_SIZE
# Of 92 an edge of ink shows no ripples at twice its size.
_JPEG_QUALITY = 92


@dataclass(frozen=True, eq=False)
class ReadingView:
    """A reading as one visitor looks at it: which mark's bars, and the case for which digit.

    mark: the chosen one's place in the reading. target: the digit whose evidence is shown for it.
    method: how the heatmaps are made. heatmaps: what speaks for the answers of some marks, by the
    marks' places. link_code: the tiles for a link, or nothing.
    """

    reading: Reading
    mark: int
    target: int
    method: str = ""
    heatmaps: Mapping[int, Heatmap] = field(default_factory=dict)
    link_code: str = ""

    @property
    def chosen(self) -> Digit:
        return self.reading.digits[self.mark]

    def to_bytes(self) -> bytes:
        """Return the view as a message (messages.py). Its picture is a JPEG in there."""
        reading = self.reading
        content = {
            "mark": self.mark,
            "target": self.target,
            "method": self.method,
            "link_code": self.link_code,
            "seconds": reading.seconds,
            "digits": [_described(digit) for digit in reading.digits],
            "ignored": [[*mark.box, mark.kind] for mark in reading.ignored],
            "heatmaps": list(self.heatmaps),
        }
        tiles = b"".join(_to_bytes(digit.tile) for digit in reading.digits)
        heatmaps = b"".join(map(_to_bytes, self.heatmaps.values()))
        return pack(content, [_to_jpeg(reading.picture), tiles, heatmaps])

    @classmethod
    def from_bytes(cls, message: bytes) -> "ReadingView":
        """Return the view that ``to_bytes`` made the message of."""
        content, (jpeg, tiles, heatmaps) = unpack(message)
        digits = tuple(map(_digit, content["digits"], _from_bytes(tiles)))
        ignored = tuple(IgnoredMark(Box(*box), kind) for *box, kind in content["ignored"])
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            reading = Reading(np.asarray(image), digits, content["seconds"], ignored)
        return cls(
            reading,
            content["mark"],
            content["target"],
            content["method"],
            dict(zip(content["heatmaps"], _from_bytes(heatmaps), strict=True)),
            content["link_code"],
        )


def _described(digit: Digit) -> dict:
    return {
        "placement": list(digit.placement),
        "box": list(digit.box),
        "row": digit.row,
        "probabilities": digit.probabilities.tolist(),
        "accepted": digit.accepted,
    }


def _digit(described: dict, tile: np.ndarray) -> Digit:
    return Digit(
        tile,
        Placement(*described["placement"]),
        Box(*described["box"]),
        described["row"],
        np.array(described["probabilities"], np.float32),
        described["accepted"],
    )


def _to_jpeg(picture: Picture) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "jpeg", quality=_JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()


def _to_bytes(shades: np.ndarray) -> bytes:
    """Return a tile or a heatmap, (28, 28) in 0..1, in MNIST's 256 shades."""
    return np.rint(shades * 255).astype(np.uint8).tobytes()


def _from_bytes(shades: bytes) -> np.ndarray:
    array = np.frombuffer(shades, np.uint8).reshape(-1, TILE_SIZE, TILE_SIZE)
    return array.astype(np.float32) / 255
