"""The part of a picture that is shown: its digits can be seen, and lie where they did."""

import numpy as np
import pytest

from digit_model.arrays import TILE_SIZE, Box, Digit, IgnoredMark, Placement, Reading
from page.reading.crop import FRAME, MAX_PIXELS, MIN_LEGIBLE_PIXELS, look, near


def digit(left: int, top: int, side: int) -> Digit:
    probabilities = np.full(10, 0.01, np.float32)
    probabilities[7] = 0.91
    return Digit(
        np.zeros((TILE_SIZE, TILE_SIZE), np.float32),
        Placement(left, top, side / TILE_SIZE, side / TILE_SIZE),
        Box(left, top, left + side, top + side),
        0,
        probabilities,
        True,
    )


def paper(height: int, width: int, *digits: Digit, ignored: Box | None = None) -> Reading:
    """White, with a black square in each digit's box, and in that of a mark that was left out."""
    marks = (IgnoredMark(ignored, "dot"),) if ignored else ()
    picture = np.full((height, width, 3), 255, np.uint8)
    for box in [mark.box for mark in (*digits, *marks)]:
        picture[box.top : box.bottom, box.left : box.right] = 0
    return Reading(picture, digits, 0.01, marks)


def shown_side(reading: Reading) -> float:
    """Return the side of the first digit on the page, in its pixels."""
    height, width = reading.picture.shape[:2]
    return reading.digits[0].box.width * min(FRAME[0] / width, FRAME[1] / height)


def darkness(reading: Reading, box: Box) -> float:
    return 255 - reading.picture[box.top : box.bottom, box.left : box.right].mean()


@pytest.mark.parametrize("size", [(280, 280), (600, 800), (200, 300)])
def test_a_picture_whose_digits_can_be_seen_stays_whole(size):
    part = look(near(paper(*size, digit(60, 40, 120))), 0)
    height, width = part.reading.picture.shape[:2]
    assert width / height == pytest.approx(size[1] / size[0], rel=0.01)


@pytest.mark.parametrize(
    ("size", "mark"),
    [((300, 6000), digit(2000, 100, 80)), ((4000, 3000), digit(2900, 3900, 90))],
    ids=["flat", "far"],
)
def test_a_small_digit_is_shown_large(size, mark):
    part = look(near(paper(*size, mark)), 0)
    assert shown_side(part.reading) >= MIN_LEGIBLE_PIXELS
    assert darkness(part.reading, part.reading.digits[0].box) > 250


def test_of_a_long_number_the_chosen_part_is_shown_large():
    marks = [digit(20 + 100 * place, 20, 80) for place in range(30)]
    reading = near(paper(120, 3040, *marks))
    for chosen in (0, 14, 29):
        part = look(reading, chosen)
        assert chosen in part.numbers
        assert len(part.reading.digits) == len(part.numbers) < 6
        assert shown_side(part.reading) >= 0.9 * MIN_LEGIBLE_PIXELS
        assert all(darkness(part.reading, mark.box) > 200 for mark in part.reading.digits)


@pytest.mark.parametrize("size", [(3000, 4000), (400, 40000)])
def test_what_is_held_for_a_visitor_is_small(size):
    side = size[0] // 2
    marks = [digit(place, size[0] // 4, side) for place in range(0, size[1] - side, 2 * side)]
    reading = near(paper(*size, *marks))
    assert reading.picture.shape[0] * reading.picture.shape[1] <= MAX_PIXELS
    for mark in reading.digits:
        assert darkness(reading, mark.box) > 150
        assert mark.placement.x_scale * TILE_SIZE == pytest.approx(mark.box.width, abs=2)


def test_what_is_held_of_a_picture_does_not_hold_the_rest():
    reading = near(paper(20_000, 1000, digit(300, 9000, 200)))
    assert reading.picture.shape[0] < 20_000
    assert reading.picture.base is None


@pytest.mark.parametrize("size", [(300, 6000), (3000, 4000), (280, 280)])
def test_a_mark_that_was_left_out_stays_where_it_is(size):
    height, width = size
    mark = digit(width // 2, height // 3, height // 3)
    dot = Box(width // 2 - height // 8, height // 2, width // 2, height // 2 + height // 8)
    part = look(near(paper(*size, mark, ignored=dot)), 0)
    [left_out] = part.reading.ignored
    assert left_out.kind == "dot"
    assert darkness(part.reading, left_out.box) > 200
