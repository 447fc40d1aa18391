"""Pack a drawing into the query of a URL, so that whoever opens it sees the same. No gradio here.

A code is a letter and base64url without padding. The packed bytes end with their Adler-32 (RFC
1950, four bytes, big-endian), by which a link that was cut or mistyped is recognised.

- ``s``: strokes as numbers: for each stroke its number of points, and then for each point the
  difference of x and y to the point before. The lowest bit of a number is its sign. A number is
  written in groups of seven bits, lowest first, with the eighth bit set on all but the last.
  browser/page/link.js writes these.
- ``t``: the tiles of a picture, deflated (RFC 1951): for each its row, and then its pixels in
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

from ..settings import MAX_LINK_LETTERS, PAD_HEIGHT

# How the pad's value begins if it is a link and not a picture.
PREFIX = "?d="
# Enough to keep the probabilities of 99 in 100 MNIST tiles to a tenth of a percent.
SHADES = 64
MAX_TILES = 64
# A captured pen can leave the pad on every side.
MIN_COORDINATE, MAX_COORDINATE = -PAD_HEIGHT, 2 * PAD_HEIGHT
_PIXELS = TILE_SIZE * TILE_SIZE

Stroke = list[tuple[int, int]]


@dataclass(frozen=True, eq=False)
class Tiles:
    """The content of a link to a picture: (n, 28, 28) float32 in 0..1, and the row of each."""

    tiles: np.ndarray
    rows: tuple[int, ...]


def of_digits(digits: Sequence[Digit]) -> str:
    """Return the code of a reading's tiles, or "" if they are too many for a link."""
    if len(digits) > MAX_TILES or any(digit.row > 255 for digit in digits):
        return ""
    body = b"".join(
        bytes([digit.row]) + np.rint(digit.tile * (SHADES - 1)).astype(np.uint8).tobytes()
        for digit in digits
    )
    deflated = zlib.compress(body, 9, wbits=-zlib.MAX_WBITS)
    code = "t" + base64.urlsafe_b64encode(deflated + _checksum(deflated)).decode().rstrip("=")
    return code if len(code) <= MAX_LINK_LETTERS else ""


def read(code: str) -> list[Stroke] | Tiles:
    """Return the strokes or the tiles that a code holds. Raises BadLink for anything else."""
    if len(code) > MAX_LINK_LETTERS:
        raise BadLink(f"This link is too long: at most {MAX_LINK_LETTERS:,} characters are read.")
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
        if any(not MIN_COORDINATE <= side <= MAX_COORDINATE for point in points for side in point):
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
    most = MAX_TILES * (1 + _PIXELS)
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
