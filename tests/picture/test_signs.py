"""Rings, parentheses, hashes, percent signs and bars are told from digits by their shapes."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digit_model.picture.components import connected_components
from digit_model.picture.marks import bow_of_stroke, is_hash, is_loop
from digit_model.picture.rings import without_rings
from digit_model.picture.signs import signs_of_row

SEVEN = [(0, 0), (50, 0), (20, 80)]


def components(*draws):
    """The components of strokes (lists of points) and ellipses (boxes), from the left."""
    image = Image.new("L", (600, 300))
    brush = ImageDraw.Draw(image)
    for draw in draws:
        if isinstance(draw, list):
            brush.line(draw, fill=255, width=8)
        else:
            box, (start, end) = draw
            brush.arc(box, start, end, fill=255, width=8)
    found = connected_components(np.asarray(image, np.float32) / 255)
    return sorted(found, key=lambda component: component.box.left)


def seven(left, top=110):
    return [(x + left, y + top) for x, y in SEVEN]


def ellipse(left, top, right, bottom, turn=(0, 360)):
    return (left, top, right, bottom), turn


def kinds(*draws):
    return [sign.kind for sign in signs_of_row(components(*draws))]


@pytest.mark.parametrize("turn", [(0, 360), (20, 340), (-60, 245)])
def test_a_ring_around_digits_is_left_out_even_if_it_is_open(turn):
    marks = components(seven(200), seven(280), ellipse(150, 60, 390, 240, turn))
    assert [mark.box.height < 100 for mark in without_rings(marks)] == [True, True]


@pytest.mark.parametrize(
    "inner",
    [[(300, 140), (304, 140)], [(290, 200), (320, 100)]],
    ids=["dot", "slash"],
)
def test_a_0_with_a_dot_or_a_slash_in_it_is_no_ring(inner):
    assert len(without_rings(components(inner, ellipse(250, 60, 360, 240)))) == 2


def test_the_outer_stroke_of_a_6_is_no_ring_around_its_loop():
    outer, loop = ellipse(250, 60, 370, 240, (60, 290)), ellipse(300, 150, 350, 220)
    assert len(without_rings(components(outer, loop))) == 2


def test_parentheses_around_digits_are_found():
    around = ellipse(150, 80, 210, 220, (110, 250)), ellipse(370, 80, 430, 220, (-70, 70))
    assert kinds(seven(200), seven(290), *around) == ["parenthesis", "parenthesis"]


def test_straight_ones_around_digits_are_no_parentheses():
    ones = [(160, 110), (156, 190)], [(380, 110), (384, 190)]
    assert kinds(seven(200), seven(290), *ones) == []


def test_a_hash_is_no_digit_and_linked_zeros_are_no_hash():
    lines = [[(100, 100), (92, 200)], [(140, 100), (132, 200)]]
    lines += [[(80, 130), (160, 130)], [(78, 170), (158, 170)]]
    assert kinds(*lines, seven(200)) == ["hash"]
    zeros = ellipse(100, 110, 160, 190), ellipse(155, 110, 215, 190)
    assert not is_hash(components(*zeros)[0])


def test_a_broad_0_that_a_slash_crosses_is_no_hash():
    image = Image.new("L", (300, 300))
    brush = ImageDraw.Draw(image)
    brush.ellipse((100, 100, 219, 228), outline=255, width=33)
    brush.line([(101, 216), (218, 106)], fill=255, width=33)
    [zero] = connected_components(np.asarray(image, np.float32) / 255)
    assert not is_hash(zero)


def test_a_percent_sign_is_one_mark():
    loops = ellipse(300, 105, 330, 135), ellipse(340, 160, 370, 190)
    [sign] = signs_of_row(components(seven(200), [(365, 105), (305, 192)], *loops))
    assert sign.kind == "percent"
    assert len(sign.parts) == 3
    assert sign.mark.box.width > 65


def test_a_bar_is_much_higher_than_all_digits():
    assert kinds([(150, 60), (150, 240)], seven(200), seven(290)) == ["bar"]
    assert kinds([(150, 90), (150, 200)], seven(200), seven(290)) == []


def test_a_bow_is_where_the_middle_lies():
    left, right = components(
        ellipse(100, 80, 160, 220, (110, 250)), ellipse(300, 80, 360, 220, (-70, 70))
    )
    assert bow_of_stroke(left) < -0.05
    assert bow_of_stroke(right) > 0.05
    assert bow_of_stroke(components(seven(100))[0]) is None


def test_a_loop_goes_around_its_middle():
    assert is_loop(components(ellipse(100, 100, 150, 180))[0])
    assert not is_loop(components(ellipse(100, 100, 150, 180, (90, 330)))[0])
    assert not is_loop(components(seven(100))[0])
