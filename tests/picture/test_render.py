"""Pictures for people: heat is drawn where the placement says, and nowhere else."""

import numpy as np
import pytest

from digit_model.arrays import TILE_SIZE, Box, Digit, Placement
from digit_model.picture.render import (
    ACCEPTED_FRAME,
    MAX_SIDE_PIXELS,
    MIN_SIDE_PIXELS,
    draw_steps,
    draw_tile,
    fit_to_screen,
    overlay_heatmaps,
)


def digit(placement: Placement, *, best: int = 7, accepted: bool = True) -> Digit:
    probabilities = np.full(10, 0.01, np.float32)
    probabilities[best] = 0.91
    side = round(TILE_SIZE * placement.x_scale)
    left, top = round(placement.left), round(placement.top)
    box = Box(left, top, left + side, top + side)
    return Digit(np.zeros((28, 28), np.float32), placement, box, 0, probabilities, accepted)


def hot(row: int, column: int) -> np.ndarray:
    heatmap = np.zeros((28, 28), np.float32)
    heatmap[row, column] = 1
    return heatmap


def paper(height: int, width: int, grey: int = 255) -> np.ndarray:
    return np.full((height, width, 3), grey, np.uint8)


def changed(picture: np.ndarray, shown) -> np.ndarray:
    """Rows and columns, (n, 2), of the pixels that differ."""
    return np.argwhere((np.asarray(shown) != picture).any(axis=2))


@pytest.mark.parametrize(
    ("placement", "row", "column"),
    [
        (Placement(40, 60, 8, 8), 10, 20),
        (Placement(-20.5, 33.3, 9.7, 9.7), 14, 14),
        (Placement(100, 50, 4.25, 4.25), 5, 6),
        (Placement(60, 40, 7, 7, 0.3), 6, 20),
        (Placement(60, 40, 7, 7, -1.2), 6, 20),
    ],
)
@pytest.mark.parametrize("ground", [255, 20])
def test_a_hot_tile_pixel_lights_its_place_on_the_picture(placement, row, column, ground):
    picture = paper(300, 400, ground)
    places = changed(picture, overlay_heatmaps(picture, [digit(placement)], [hot(row, column)]))
    middle = np.array([placement.top, placement.left]) + 14 * placement.x_scale
    x, y = placement.x_scale * (column - 13.5), placement.x_scale * (row - 13.5)
    cosine, sine = np.cos(placement.turn), np.sin(placement.turn)
    middle = middle + (sine * x + cosine * y, cosine * x - sine * y)
    # Centres of picture pixels lie at + 0.5; a tile pixel reaches its neighbours' centres.
    assert places.mean(axis=0) + 0.5 == pytest.approx(middle, abs=0.6)
    assert (np.abs(places + 0.5 - middle) <= placement.x_scale + 1).all()
    assert len(places) >= placement.x_scale**2 / 2


def test_the_hottest_place_changes_most():
    heatmap = hot(10, 10)
    heatmap[18, 18] = 0.6
    picture = paper(280, 280)
    shown = np.asarray(overlay_heatmaps(picture, [digit(Placement(0, 0, 10, 10))], [heatmap]), int)
    change = np.abs(shown - 255).sum(axis=2)
    assert change[105, 105] > change[185, 185] > 0


def test_what_speaks_against_is_blue_and_what_speaks_for_is_red():
    contrast = hot(10, 10) - hot(18, 18)
    shown = np.asarray(
        overlay_heatmaps(paper(280, 280), [digit(Placement(0, 0, 10, 10))], [contrast]), int
    )
    (red, _, blue), (cold_red, _, cold_blue) = shown[105, 105], shown[185, 185]
    assert red > blue + 50
    assert cold_blue > cold_red + 50


def test_no_heat_leaves_the_picture_as_it_is():
    picture = np.random.default_rng(1).integers(0, 256, (300, 320, 3), dtype=np.uint8)
    shown = overlay_heatmaps(
        picture, [digit(Placement(10, 10, 9, 9))], [np.zeros((28, 28), np.float32)]
    )
    assert (np.asarray(shown) == picture).all()


@pytest.mark.parametrize("left", [40.3, -180.5, -251.999999, 279.999999])
def test_heat_on_a_straight_tile_is_that_on_one_that_hardly_turns(left):
    y, x = np.mgrid[-2:2:28j, -2:2:28j]
    heatmap = np.exp(-x * x - y * y).astype(np.float32)
    picture = paper(280, 280)
    straight, turned = (
        overlay_heatmaps(picture, [digit(Placement(left, 20.7, 9.0, 8.9, turn))], [heatmap])
        for turn in (0.0, 1e-9)
    )
    difference = np.abs(np.asarray(straight, int) - np.asarray(turned, int))
    assert difference.max() <= 10


def test_a_tile_beside_the_picture_changes_nothing():
    picture = paper(300, 300)
    shown = overlay_heatmaps(
        picture, [digit(Placement(400, 400, 5, 5))], [np.ones((28, 28), np.float32)]
    )
    assert not changed(picture, shown).size


@pytest.mark.parametrize(
    ("height", "width"), [(1200, 900), (4, 4), (28, 28), (640, 480), (2000, 4), (4, 700)]
)
def test_fits_the_screen_and_takes_the_digits_along(height, width):
    mark = digit(Placement(width / 4, height / 4, *2 * (min(height, width) / 56,)))
    picture, [scaled] = fit_to_screen(paper(height, width), [mark])
    assert MIN_SIDE_PIXELS <= max(picture.shape) <= MAX_SIDE_PIXELS
    x_factor, y_factor = picture.shape[1] / width, picture.shape[0] / height
    factors = np.array([x_factor, y_factor, x_factor, y_factor])
    np.testing.assert_allclose(scaled.placement[:4], factors * mark.placement[:4])
    np.testing.assert_allclose(scaled.box, factors * mark.box, atol=1)
    assert fit_to_screen(picture, [scaled])[0] is picture
    assert overlay_heatmaps(picture, [scaled], [hot(9, 9)]).size == picture.shape[1::-1]


def test_one_digit_has_no_frame_and_several_have():
    picture = paper(300, 500)
    marks = [digit(Placement(20, 60, 6, 6)), digit(Placement(260, 60, 6, 6), accepted=False)]
    nothing = np.zeros((28, 28), np.float32)
    assert not changed(picture, overlay_heatmaps(picture, marks[:1], [nothing])).size
    places = changed(picture, overlay_heatmaps(picture, marks, [nothing] * 2))
    for mark in marks:
        inside = (places[:, 1] >= mark.box.left - 3) & (places[:, 1] <= mark.box.right + 2)
        assert inside.sum() > 4 * mark.box.width


def test_the_tile_is_shown_as_mnist_holds_it():
    tile = np.zeros((28, 28), np.float32)
    tile[3, 5] = 1
    shown = np.asarray(draw_tile(tile, zoom=4))
    assert shown.shape == (112, 112)
    assert (shown[12:16, 20:24] == 255).all()
    assert shown.sum() == 255 * 16


@pytest.mark.parametrize("count", [1, 3, 9])
def test_every_step_is_shown_with_its_name(count):
    colours = [(255, 20 * number, 0) for number in range(count)]
    steps = [(str(colour), np.full((60, 90, 3), colour, np.uint8)) for colour in colours]
    sheet = np.asarray(draw_steps(steps, paper(60, 90), []))
    for colour in colours:
        places = np.argwhere((sheet == colour).all(axis=2))
        assert len(places) >= 200 * 133
        top, left = places.min(axis=0)
        name = sheet[top - 24 : top, left : left + 30]
        assert (name == 0).all(axis=2).any(), "the name is written above it"


def test_steps_of_any_kind_are_shown_and_what_was_read():
    steps = [("picture", paper(40, 30)), ("mask", np.eye(40, dtype=bool)[:, :30])]
    read = [digit(Placement(2, 2, 0.8, 0.8), best=4)] * 3
    without, with_digits = (draw_steps(steps, paper(40, 30), digits) for digits in ([], read))
    assert with_digits.width == 2 * without.width, "the frames on the picture, and the tiles"
    shown = np.asarray(with_digits)
    assert (shown == ACCEPTED_FRAME).all(axis=2).any()


@pytest.mark.parametrize("shape", [(4, 2000, 3), (2000, 4, 3), (4, 4, 3)])
def test_steps_of_any_shape_are_shown(shape):
    picture = np.full(shape, 100, np.uint8)
    sheet = np.asarray(draw_steps([("picture", picture)], picture, []))
    assert (sheet == 100).all(axis=2).any()
