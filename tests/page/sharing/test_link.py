"""Links: a packed drawing comes back, and no query can break the page."""

import base64
import io
import json
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from digit_model.arrays import Box, Digit, Placement
from digit_model.errors import BadLink
from page.settings import MAX_LINK_LETTERS
from page.sharing import link
from page.sharing.button import space_address
from page.sharing.unpack import unpack

point = st.tuples(st.integers(-280, 560), st.integers(-280, 560))
drawings = st.lists(st.lists(point, min_size=1, max_size=30), min_size=1, max_size=8)


def varint(number: int) -> bytes:
    rest, out = 2 * number if number >= 0 else -2 * number - 1, []
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    return bytes([*out, rest])


def packed(kind: str, body: bytes) -> str:
    whole = body + zlib.adler32(body).to_bytes(4, "big")
    return kind + base64.urlsafe_b64encode(whole).decode().rstrip("=")


def strokes_code(strokes) -> str:
    body, x, y = b"", 0, 0
    for points in strokes:
        body += varint(len(points))
        for to_x, to_y in points:
            body += varint(to_x - x) + varint(to_y - y)
            x, y = to_x, to_y
    return packed("s", body)


def deflated(data: bytes) -> bytes:
    return zlib.compress(data, 9, wbits=-15)


def digit(tile: np.ndarray, row: int = 0) -> Digit:
    return Digit(tile, Placement(0, 0, 1, 1), Box(0, 0, 28, 28), row, np.full(10, 0.1), True)


@given(drawings)
def test_a_drawing_comes_back(strokes):
    assert link.read(strokes_code(strokes)) == strokes


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_tiles_come_back_to_within_half_a_shade(seed, count):
    draw = np.random.default_rng(seed)
    tiles = np.zeros((count, 28, 28), np.float32)
    tiles[:, 4:24, 9:19] = draw.random((count, 20, 10)).clip(0.1, 1)
    found = link.read(link.of_digits([digit(tile, row) for row, tile in enumerate(tiles)]))
    assert isinstance(found, link.Tiles)
    assert found.rows == tuple(range(count))
    np.testing.assert_allclose(found.tiles, tiles, atol=0.5 / (link.SHADES - 1) + 1e-6)


@given(st.text(max_size=60) | st.from_regex(r"[st][A-Za-z0-9_-]{0,80}", fullmatch=True))
def test_any_invalid_query_is_reported(code):
    with pytest.raises(BadLink, match=r"\.$"):
        link.read(code)


@given(st.sampled_from("st"), st.binary(max_size=60))
def test_any_bytes_with_a_valid_checksum_are_a_drawing_or_refused(kind, body):
    for content in (body, deflated(body)):
        try:
            found = link.read(packed(kind, content))
        except BadLink:
            continue
        assert kind == "s"
        assert all(-280 <= side <= 560 for points in found for point in points for side in point)


@given(drawings, st.data())
def test_a_damaged_link_is_not_another_drawing(strokes, data):
    code = strokes_code(strokes)
    place = data.draw(st.integers(0, len(code) - 1))
    # The last letter holds bits that are not part of any byte.
    cut = data.draw(st.sampled_from([code[:place], code[:place] + code[place + 1 :]]))
    try:
        assert link.read(cut) == strokes
    except BadLink as error:
        assert "again" in str(error)


def test_a_link_that_unpacks_to_too_much_is_refused():
    bomb = packed("t", deflated(bytes(100_000_000))[:2900])
    with pytest.raises(BadLink):
        link.read(bomb)
    with pytest.raises(BadLink):
        link.read(packed("t", deflated(bytes([0, *[1] * 784]) * (link.MAX_TILES + 1))))


def test_a_long_query_is_refused_at_once():
    with pytest.raises(BadLink, match="too long"):
        link.read("s" + "A" * MAX_LINK_LETTERS)


@pytest.mark.parametrize(
    "body",
    [
        bytes([0, *[64] + [0] * 783]),  # a shade that there is not
        bytes(785),  # an empty tile
        bytes([0, *[1] * 783]),  # a pixel short
    ],
)
def test_invalid_tiles_are_refused(body):
    with pytest.raises(BadLink):
        link.read(packed("t", deflated(body)))


def test_a_picture_of_too_many_digits_has_no_link():
    noise = np.random.default_rng(0).random((70, 28, 28)).astype(np.float32)
    assert link.of_digits([digit(tile) for tile in noise[:20]]) == ""
    assert link.of_digits([digit(tile) for tile in noise]) == ""


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("user/digit-reader", "https://huggingface.co/spaces/user/digit-reader"),
        ("", ""),
        ('user/x"><script>', ""),
    ],
)
def test_the_outer_address_of_a_space(name, address):
    assert space_address({"SPACE_ID": name}) == address


@given(st.text(max_size=40) | drawings.map(lambda strokes: link.PREFIX + strokes_code(strokes)))
def test_the_pad_receives_the_content_of_a_link(value):
    told = json.loads(unpack(value))
    assert told.keys() in ({"strokes"}, {"link"})


def test_the_pad_gets_a_square_picture_of_the_tiles():
    tile = np.zeros((28, 28), np.float32)
    tile[4:24, 13:15] = 1
    value = link.PREFIX + link.of_digits([digit(tile), digit(tile)])
    told = json.loads(unpack(value))
    assert told["link"] == value
    png = base64.b64decode(told["picture"].partition(",")[2])
    with Image.open(io.BytesIO(png)) as image:
        assert image.width == image.height == 560
