import numpy as np
from PIL import Image, ImageDraw

from digit_model.picture.segment import best_path, pieces, segment, whole


def ink(*strokes, size=(300, 200), width=8):
    image = Image.new("L", size)
    draw = ImageDraw.Draw(image)
    for points in strokes:
        draw.line(points, fill=255, width=width)
    return np.asarray(image, np.float32) / 255


ONE = [(40, 40), (40, 120)]
SEVEN = [(100, 40), (150, 40), (120, 120)]
BELOW = [(60, 150), (60, 195)]


def test_digits_come_from_left_to_right():
    marks = segment(ink(SEVEN, ONE))
    assert [mark.box.left for mark in marks] == sorted(mark.box.left for mark in marks)
    assert len(marks) == 2


def test_rows_come_from_top_to_bottom():
    marks = segment(ink(BELOW, SEVEN, ONE))
    assert [mark.row for mark in marks] == [0, 0, 1]
    assert marks[2].box.top > marks[0].box.bottom


def test_parts_of_a_broken_digit_are_joined():
    bar, body = [(100, 40), (150, 40)], [(105, 52), (105, 80), (150, 90), (140, 120), (100, 120)]
    assert len(segment(ink(bar, body))) == 1


def test_dots_and_specks_are_left_out():
    marks = segment(ink(ONE, [(70, 115), (74, 119)], SEVEN, [(200, 20), (202, 20)]))
    assert len(marks) == 2


def test_a_mark_holds_its_own_ink_only():
    whole_ink = ink(ONE, SEVEN)
    first, second = segment(whole_ink)
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


LOOP = [(20, 60), (50, 30), (80, 60), (50, 90), (20, 60)]


def shifted(points, by):
    return [(x + by, y) for x, y in points]


def test_a_mark_no_wider_than_a_digit_is_not_cut():
    [mark] = segment(ink(LOOP))
    assert pieces(mark).keys() == {(0, 1)}
    assert pieces(mark)[0, 1].box == mark.box


def test_touching_loops_fall_apart_where_they_touch():
    [mark] = segment(ink(LOOP, shifted(LOOP, 60)))
    found = pieces(mark)
    last = max(j for _, j in found)
    assert found[0, last].box == mark.box
    halves = [
        (left.box, found[i, last].box)
        for (start, i), left in found.items()
        if start == 0 and (i, last) in found
    ]
    assert any(abs(left.right - 80) <= 6 and abs(right.left - 80) <= 6 for left, right in halves)


def test_pieces_hold_all_of_the_ink_between_their_cuts():
    [mark] = segment(ink(LOOP, shifted(LOOP, 60), shifted(LOOP, 120)))
    found = pieces(mark)
    last = max(j for _, j in found)
    for (i, j), piece in found.items():
        left, top, right, bottom = piece.box
        inside = mark.ink[
            top - mark.box.top : bottom - mark.box.top, left - mark.box.left : right - mark.box.left
        ]
        np.testing.assert_array_equal(piece.ink, inside)
        assert i < j <= last


def test_the_best_path_has_the_best_worst_piece():
    scores = {(0, 3): 0.3, (0, 1): 0.9, (1, 2): 0.8, (2, 3): 0.7, (1, 3): 0.95, (0, 2): 0.2}
    assert best_path(scores) == [(0, 1), (1, 3)]
    assert best_path({(0, 1): -0.5}) == [(0, 1)]
    assert best_path({(0, 2): 0.9, (0, 1): 0.9, (1, 2): 0.9}) == [(0, 2)]


def test_noise_is_segmented_in_bounded_time():
    noise = (np.random.default_rng(0).random((600, 600)) > 0.8).astype(np.float32)
    assert len(segment(noise)) <= 300
