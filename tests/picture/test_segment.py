import numpy as np
from PIL import Image, ImageDraw

from digit_model.picture.lattice import best_path
from digit_model.picture.segment import segment, whole


def ink(*strokes, size=(300, 200), width=8):
    image = Image.new("L", size)
    draw = ImageDraw.Draw(image)
    for points in strokes:
        draw.line(points, fill=255, width=width)
    return np.asarray(image, np.float32) / 255


ONE = [(40, 40), (40, 120)]
SEVEN = [(100, 40), (150, 40), (120, 120)]
BELOW = [(60, 150), (60, 195)]


def best_marks(ink):
    """The marks that are taken where the network has no opinion."""
    return [
        row.marks[span]
        for row in segment(ink)
        for span in best_path(row, dict.fromkeys(row.marks, 0.0))
    ]


def test_digits_come_from_left_to_right():
    marks = best_marks(ink(SEVEN, ONE))
    assert [mark.box.left for mark in marks] == sorted(mark.box.left for mark in marks)
    assert len(marks) == 2


def test_rows_come_from_top_to_bottom():
    marks = best_marks(ink(BELOW, SEVEN, ONE))
    assert [mark.row for mark in marks] == [0, 0, 1]
    assert marks[2].box.top > marks[0].box.bottom


def test_a_row_may_rise():
    rising = [[(40 + 40 * k, 100 - 10 * k), (40 + 40 * k, 160 - 10 * k)] for k in range(6)]
    assert [mark.row for mark in best_marks(ink(*rising))] == [0] * 6


def test_commas_and_dashes_belong_to_the_row_beside_them():
    comma, dash = [(70, 112), (64, 134)], [(170, 80), (200, 78)]
    assert len(segment(ink(ONE, comma, SEVEN, dash))) == 1


def test_parts_of_a_broken_digit_are_joined():
    bar, body = [(100, 40), (150, 40)], [(105, 52), (105, 80), (150, 90), (140, 120), (100, 120)]
    assert len(best_marks(ink(bar, body))) == 1


def test_a_digit_broken_across_is_one_mark():
    upper = [(80, 60), (95, 40), (120, 40), (130, 60), (110, 90)]
    lower = [(106, 98), (80, 150), (140, 150)]
    [mark] = best_marks(ink(upper, lower))
    assert mark.box.top < 45
    assert mark.box.bottom > 145


def test_dots_and_specks_are_left_out():
    marks = best_marks(ink(ONE, [(70, 115), (74, 119)], SEVEN, [(200, 20), (202, 20)]))
    assert len(marks) == 2


def test_a_mark_holds_its_own_ink_only():
    whole_ink = ink(ONE, SEVEN)
    first, second = best_marks(whole_ink)
    assert first.ink.shape == (first.box.height, first.box.width)
    assert np.isclose(first.ink.sum() + second.ink.sum(), whole_ink.sum())


def test_one_digit_is_taken_with_what_lies_near():
    bar, body = [(100, 40), (150, 40)], [(105, 52), (105, 80), (150, 90), (140, 120), (100, 120)]
    mark = whole(ink(bar, body))
    assert mark.box.top < 45
    assert mark.box.bottom > 118


def test_one_digit_is_taken_without_what_lies_far_or_at_the_edge():
    mark = whole(ink(SEVEN, [(280, 190), (299, 199)], [(0, 60), (0, 100)]))
    assert mark.box.left > 90
    assert mark.box.right < 160


def test_noise_is_segmented_in_bounded_time():
    noise = (np.random.default_rng(0).random((600, 600)) > 0.8).astype(np.float32)
    assert sum(len(row.marks) for row in segment(noise)) <= 1500
