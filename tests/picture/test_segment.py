import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from digit_model.picture.lattice import best_path
from digit_model.picture.segment import segmentations, single_digit


def ink(*strokes, size=(300, 200), width=8):
    image = Image.new("L", size)
    draw = ImageDraw.Draw(image)
    for points in strokes:
        draw.line(points, fill=255, width=width)
    return np.asarray(image, np.float32) / 255


ONE = [(40, 40), (40, 120)]
SEVEN = [(100, 40), (150, 40), (120, 120)]
BELOW = [(60, 150), (60, 195)]


def best_glyphs(ink, way=0):
    """Return the glyphs that are chosen where the network has no opinion."""
    return [
        row.glyphs[span]
        for row in list(segmentations(ink))[way]
        for span in best_path(row, dict.fromkeys(row.glyphs, np.zeros(10))).spans
    ]


def test_digits_come_from_left_to_right():
    glyphs = best_glyphs(ink(SEVEN, ONE))
    assert [glyph.box.left for glyph in glyphs] == sorted(glyph.box.left for glyph in glyphs)
    assert len(glyphs) == 2


def test_rows_come_from_top_to_bottom():
    glyphs = best_glyphs(ink(BELOW, SEVEN, ONE))
    assert [glyph.row for glyph in glyphs] == [0, 0, 1]
    assert glyphs[2].box.top > glyphs[0].box.bottom


def test_a_row_may_rise():
    rising = [[(40 + 40 * k, 100 - 10 * k), (40 + 40 * k, 160 - 10 * k)] for k in range(6)]
    assert [glyph.row for glyph in best_glyphs(ink(*rising))] == [0] * 6


def test_digits_that_touch_the_row_below_are_split():
    above = [[(x, 30), (x, 90)] for x in (40, 100, 160)]
    below = [[(x, 90 if x == 100 else 110), (x, 170)] for x in (40, 100, 160)]
    touching = ink(*above, *below, width=10)
    assert len(best_glyphs(touching)) == 5
    assert [glyph.row for glyph in best_glyphs(touching, way=1)] == [0, 0, 0, 1, 1, 1]


def test_commas_and_dashes_belong_to_the_row_beside_them():
    comma, dash = [(70, 112), (64, 134)], [(170, 80), (200, 78)]
    assert len(next(segmentations(ink(ONE, comma, SEVEN, dash)))) == 1


def test_parts_of_a_broken_digit_are_joined():
    bar, body = [(100, 40), (150, 40)], [(105, 52), (105, 80), (150, 90), (140, 120), (100, 120)]
    assert len(best_glyphs(ink(bar, body))) == 1


BROKEN = [
    [(80, 60), (95, 40), (120, 40), (130, 60), (110, 90)],
    [(106, 98), (80, 150), (140, 150)],
]


@pytest.mark.parametrize("way", [1, 2])
def test_a_digit_broken_across_may_be_one_mark(way):
    [glyph] = best_glyphs(ink(*BROKEN), way)
    assert glyph.box.top < 45
    assert glyph.box.bottom > 145


def test_a_digit_broken_across_is_one_mark_beside_whole_ones():
    whole = [[(x, 40), (x, 150)] for x in (20, 180, 220)]
    glyphs = best_glyphs(ink(*BROKEN, *whole))
    assert [glyph.box.height > 100 for glyph in glyphs] == [True] * 4


def test_digits_of_close_rows_are_not_joined():
    rows = [[(x, top), (x + 4, top + 60)] for top in (20, 85) for x in (40, 90, 140)]
    assert [glyph.row for glyph in best_glyphs(ink(*rows))] == [0, 0, 0, 1, 1, 1]


def test_dots_and_specks_are_left_out():
    glyphs = best_glyphs(ink(ONE, [(70, 115), (74, 119)], SEVEN, [(200, 20), (202, 20)]))
    assert len(glyphs) == 2


def test_a_mark_holds_its_own_ink_only():
    whole_ink = ink(ONE, SEVEN)
    first, second = best_glyphs(whole_ink)
    assert first.ink.shape == (first.box.height, first.box.width)
    assert np.isclose(first.ink.sum() + second.ink.sum(), whole_ink.sum())


def test_one_digit_is_taken_with_what_lies_near():
    bar, body = [(100, 40), (150, 40)], [(105, 52), (105, 80), (150, 90), (140, 120), (100, 120)]
    glyph = single_digit(ink(bar, body))
    assert glyph.box.top < 45
    assert glyph.box.bottom > 118


def test_one_digit_is_taken_without_what_lies_far_or_at_the_edge():
    glyph = single_digit(ink(SEVEN, [(280, 190), (299, 199)], [(0, 60), (0, 100)]))
    assert glyph.box.left > 90
    assert glyph.box.right < 160


def test_noise_is_segmented_in_bounded_time():
    noise = (np.random.default_rng(0).random((600, 600)) > 0.8).astype(np.float32)
    assert sum(len(row.glyphs) for way in segmentations(noise) for row in way) <= 1500


def with_a_hairline(sevens, top, bottom):
    """Segment 7s of 120 pixels and a hairline to their right; return the glyphs' right ends."""
    image = Image.new("L", (400, 200))
    draw = ImageDraw.Draw(image)
    for left in range(40, 40 + 100 * sevens, 100):
        draw.line([(left, 40), (left + 50, 40), (left + 20, 150)], fill=255, width=12)
    draw.line([(320, top), (320, bottom)], fill=120, width=1)
    [[row]] = segmentations(np.asarray(image, np.float32) / 255)
    return [glyph.box.right for glyph in row.glyphs.values()]


@pytest.mark.parametrize(("sevens", "top", "bottom"), [(1, 40, 150), (2, 5, 195), (2, 90, 130)])
def test_pieces_of_ruled_lines_are_thinner_than_the_pen_and_left_out(sevens, top, bottom):
    assert max(with_a_hairline(sevens, top, bottom)) < 300


def test_a_thin_stroke_as_high_as_the_digits_of_a_row_may_be_a_1():
    assert max(with_a_hairline(2, 40, 150)) > 315


def test_a_line_around_heavier_marks_is_a_frame_and_no_digit():
    corner = [(280, 15), (280, 185), (15, 185)]
    framed = np.maximum(ink(ONE, SEVEN), ink(corner, width=2))
    assert [glyph.box.right for glyph in best_glyphs(framed)] == [
        glyph.box.right for glyph in best_glyphs(ink(ONE, SEVEN))
    ]


def test_a_line_around_nothing_heavier_is_no_frame():
    corner = [(280, 15), (280, 185), (15, 185)]
    assert best_glyphs(np.maximum(ink(ONE, width=3), ink(corner, width=8)))[-1].box.right > 270


@pytest.mark.parametrize(("top", "count"), [(62, 3), (85, 2)])
def test_a_short_stroke_at_the_middle_of_a_row_is_a_1_and_below_it_a_comma(top, count):
    short = [(200, top), (200, top + 35)]
    [[row]] = segmentations(ink(ONE, SEVEN, short))
    costs = dict.fromkeys(row.glyphs, np.full(10, 0.3))
    assert len(best_path(row, costs).spans) == count


def test_the_fragments_of_a_digit_may_be_one_wherever_they_lie():
    bars = [[(100, 40), (150, 40)], [(100, 60), (100, 80)], [(150, 60), (150, 120)]]
    ways = list(segmentations(ink(*bars)))
    [glyph] = best_glyphs(ink(*bars), len(ways) - 1)
    assert glyph.box.width > 50
    assert glyph.box.height > 75


def test_a_row_of_digits_is_not_also_taken_as_one():
    assert len(list(segmentations(ink(ONE, SEVEN, [(220, 40), (220, 120)])))) == 1
    assert len(list(segmentations(ink(ONE)))) == 1


def row_with(stroke):
    """A row of a 7, a straight stroke and another 7."""
    before, behind = [[(x, 40), (x + 40, 40), (x + 20, 120)] for x in (20, 160)]
    return [row.sign for row in next(segmentations(ink(before, stroke, behind)))]


@pytest.mark.parametrize("stroke", [[(130, 30), (90, 130)], [(135, 40), (80, 120)]])
def test_a_slash_between_digits_is_no_digit(stroke):
    assert row_with(stroke) == [None, "slash"]


@pytest.mark.parametrize("stroke", [[(110, 40), (106, 120)], [(100, 40), (120, 120)]])
def test_a_one_between_digits_is_no_slash(stroke):
    assert row_with(stroke) == [None]


def test_slanted_ones_are_no_slashes():
    ones = [[(40 + 40 * k, 120), (80 + 40 * k, 40)] for k in range(4)]
    assert [row.sign for row in next(segmentations(ink(*ones)))] == [None]


def test_a_small_picture_is_one_digit_with_all_its_fragments():
    bar, stem, foot = [(4, 3), (12, 3)], [(16, 3), (16, 12)], [(16, 15), (14, 28)]
    pieces = ink(bar, stem, foot, size=(28, 32), width=2)
    [[whole], [closed]] = segmentations(pieces)
    [glyph], [joined] = whole.glyphs.values(), closed.glyphs.values()
    assert glyph.ink.sum() == single_digit(pieces).ink.sum() == pieces.sum()
    assert ndimage.label(glyph.ink)[1] > ndimage.label(joined.ink)[1]
    assert joined.box == glyph.box and (joined.ink >= glyph.ink).all()


def test_what_a_small_picture_holds_beside_its_digit_is_told():
    digit, dot = [(6, 3), (6, 24)], [(26, 28), (27, 28)]
    [[row]] = segmentations(ink(digit, dot, size=(30, 32), width=2))
    assert [mark.box.left for mark in row.left_out(list(row.glyphs))] == [26]


def test_a_small_strip_may_hold_several_digits():
    strip = ink([(8, 6), (8, 26)], [(30, 6), (30, 26)], size=(60, 32), width=3)
    assert len(best_glyphs(strip)) == 2
