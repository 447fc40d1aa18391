"""The part of a picture that is shown: its digits can be seen, and lie where they did."""

import numpy as np
import pytest

from digit_model.arrays import TILE_SIZE, Box, Digit, Placement
from page.reading.crop import FRAME, KEPT_PIXELS, LEGIBLE, look, near


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


def paper(height: int, width: int, *digits: Digit) -> np.ndarray:
    """White, with a black square in each digit's box."""
    picture = np.full((height, width, 3), 255, np.uint8)
    for mark in digits:
        picture[mark.box.top : mark.box.bottom, mark.box.left : mark.box.right] = 0
    return picture


def shown_side(picture: np.ndarray, mark: Digit) -> float:
    """The side of a digit on the page, in its pixels."""
    height, width = picture.shape[:2]
    return mark.box.width * min(FRAME[0] / width, FRAME[1] / height)


def darkness(picture: np.ndarray, mark: Digit) -> float:
    box = mark.box
    return 255 - picture[box.top : box.bottom, box.left : box.right].mean()


@pytest.mark.parametrize("size", [(280, 280), (600, 800), (200, 300)])
def test_a_picture_whose_digits_can_be_seen_stays_whole(size):
    mark = digit(60, 40, 120)
    picture, [kept] = near(paper(*size, mark), [mark])
    height, width = look(picture, [kept], 0).picture.shape[:2]
    assert width / height == pytest.approx(size[1] / size[0], rel=0.01)


@pytest.mark.parametrize(
    ("size", "mark"),
    [((300, 6000), digit(2000, 100, 80)), ((4000, 3000), digit(2900, 3900, 90))],
    ids=["flat", "far"],
)
def test_a_small_digit_is_shown_large(size, mark):
    picture, [kept] = near(paper(*size, mark), [mark])
    part = look(picture, [kept], 0)
    assert shown_side(part.picture, part.digits[0]) >= LEGIBLE
    assert darkness(part.picture, part.digits[0]) > 250


def test_of_a_long_number_the_chosen_part_is_shown_large():
    marks = [digit(20 + 100 * place, 20, 80) for place in range(30)]
    picture, kept = near(paper(120, 3040, *marks), marks)
    for chosen in (0, 14, 29):
        part = look(picture, kept, chosen)
        assert chosen in part.numbers
        assert len(part.digits) == len(part.numbers) < 6
        assert shown_side(part.picture, part.digits[0]) >= 0.9 * LEGIBLE
        assert all(darkness(part.picture, mark) > 200 for mark in part.digits)


@pytest.mark.parametrize("size", [(3000, 4000), (400, 40000)])
def test_what_is_kept_of_a_visitor_is_small(size):
    side = size[0] // 2
    marks = [digit(place, size[0] // 4, side) for place in range(0, size[1] - side, 2 * side)]
    picture, kept = near(paper(*size, *marks), marks)
    assert picture.shape[0] * picture.shape[1] <= KEPT_PIXELS
    for mark in kept:
        assert darkness(picture, mark) > 150
        assert mark.placement.x_scale * TILE_SIZE == pytest.approx(mark.box.width, abs=2)


def test_what_is_kept_of_a_picture_does_not_keep_the_rest():
    mark = digit(300, 9000, 200)
    picture, _ = near(paper(20_000, 1000, mark), [mark])
    assert picture.shape[0] < 20_000
    assert picture.base is None
