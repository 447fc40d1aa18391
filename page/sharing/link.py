"""A drawing in the query of a URL, so that whoever opens it sees the same. No gradio here.

A code is a letter and base64url without padding. What it packs ends with its Adler-32 (RFC 1950,
four bytes, big end first), so that a link that was cut or mistyped is told from a whole one.

- ``s``: strokes as numbers: for each stroke how many points it has and then the points, x and y,
  each as its way from the point before. A number takes the sign into its lowest bit and goes out
  in groups of seven bits, the lowest first, the eighth bit set on all but the last. link.js
  writes these.
- ``t``: the tiles of a picture, deflated (RFC 1951): for each its row, then its pixels in
  SHADES shades.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from digit_model.arrays import TILE_SIZE, Digit
from digit_model.errors import BadLink

# How the pad's value begins where it is a link and not a picture.
PREFIX = "?d="
LONGEST = 4000
# With this many the probabilities are the same to a tenth of a percent in 99 of 100 tiles of MNIST.
SHADES = 64
MOST_TILES = 64
# The pad is 280 wide; a pen may leave it, and come back, by another width on each side.
FARTHEST = (-280, 560)
_PIXELS = TILE_SIZE * TILE_SIZE

Stroke = list[tuple[int, int]]


@dataclass(frozen=True, eq=False)
class Tiles:
    """What a link to a picture holds: (n, 28, 28) float32 in 0..1, and the row of each."""

    tiles: np.ndarray
    rows: tuple[int, ...]


def of_digits(digits: Sequence[Digit]) -> str:
    """The code of a reading's tiles, or nothing where they are too many for a link."""
    if len(digits) > MOST_TILES or any(digit.row > 255 for digit in digits):
        return ""
    body = b"".join(
        bytes([digit.row]) + np.rint(digit.tile * (SHADES - 1)).astype(np.uint8).tobytes()
        for digit in digits
    )
    deflated = zlib.compress(body, 9, wbits=-zlib.MAX_WBITS)
    code = "t" + base64.urlsafe_b64encode(deflated + _checksum(deflated)).decode().rstrip("=")
    return code if len(code) <= LONGEST else ""


def read(code: str) -> list[Stroke] | Tiles:
    """What a code stands for: the strokes of a drawing, or the tiles of a picture.

    Raises BadLink for everything that is not wholly a code.
    """
    if len(code) > LONGEST:
        raise BadLink(f"This link is too long: at most {LONGEST:,} characters are read.")
    if not re.fullmatch(r"[st][A-Za-z0-9_-]+", code, re.ASCII):
        raise _damaged()
    try:
        packed = base64.b64decode(code[1:] + "=" * (-(len(code) - 1) % 4), b"-_", validate=True)
    except binascii.Error as error:
        raise _damaged() from error
    body, checksum = packed[:-4], packed[-4:]
    if not body or _checksum(body) != checksum:
        raise _damaged()
    return _strokes(body) if code[0] == "s" else _tiles(body)


def _strokes(body: bytes) -> list[Stroke]:
    numbers = list(_numbers(body))
    strokes: list[Stroke] = []
    x = y = start = 0
    while start < len(numbers):
        end = start + 1 + 2 * numbers[start]
        if end < start + 3 or end > len(numbers):
            raise _damaged()
        points = []
        for place in range(start + 1, end, 2):
            x, y = x + numbers[place], y + numbers[place + 1]
            points.append((x, y))
        if any(not FARTHEST[0] <= side <= FARTHEST[1] for point in points for side in point):
            raise _damaged()
        strokes.append(points)
        start = end
    return strokes


def _numbers(body: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in body:
        number |= (byte & 0x7F) << shift
        shift += 7
        if shift > 21:
            raise _damaged()
        if byte < 0x80:
            yield (number >> 1) ^ -(number & 1)
            number = shift = 0
    if shift:
        raise _damaged()


def _tiles(body: bytes) -> Tiles:
    most = MOST_TILES * (1 + _PIXELS)
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = inflating.decompress(body, most + 1)
    except zlib.error as error:
        raise _damaged() from error
    if not inflating.eof or inflating.unused_data or not 0 < len(data) <= most:
        raise _damaged()
    if len(data) % (1 + _PIXELS):
        raise _damaged()
    entries = np.frombuffer(data, np.uint8).reshape(-1, 1 + _PIXELS)
    pixels = entries[:, 1:]
    if pixels.max() >= SHADES or not pixels.any(axis=1).all():
        raise _damaged()
    tiles = pixels.reshape(-1, TILE_SIZE, TILE_SIZE).astype(np.float32) / (SHADES - 1)
    return Tiles(tiles, tuple(entries[:, 0].tolist()))


def _checksum(body: bytes) -> bytes:
    return zlib.adler32(body).to_bytes(4, "big")


def _damaged() -> BadLink:
    return BadLink(
        "This link is damaged or incomplete. Ask for it again and copy all of it, or draw here."
    )
