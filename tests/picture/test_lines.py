"""Ruled lines are removed, straight or bent, and the strokes on them are kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from digit_model.picture.ink import find_ink
from digit_model.picture.lines import _close, without_border, without_lines
from digit_model.synthesis.forms import draw_notebook

HEIGHT, WIDTH = 300, 420


def line(middle, bend=0.0, tilt=0.0, width=2):
    """The mask of a line from edge to edge. bend, tilt: of its ends, in pixels."""
    x = np.linspace(-1, 1, WIDTH)
    way = middle + bend * x * x + tilt * x
    return np.abs(np.arange(HEIGHT)[:, None] - way) <= width / 2


def ruled(bend=0.0, tilt=0.0):
    return np.logical_or.reduce([line(y, bend, tilt) for y in range(40, HEIGHT, 55)])


def bar(top, bottom, left, right):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top:bottom, left:right] = True
    return mask


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize(("bend", "tilt"), [(0, 0), (0, 12), (14, 0), (-9, 20)])
def test_ruled_lines_go_and_the_strokes_across_them_stay(bend, tilt, upright):
    lines, stroke = ruled(bend, tilt), bar(60, 190, 200, 206)
    mask = lines | stroke
    mask, stroke = (mask.T, stroke.T) if upright else (mask, stroke)
    left = without_lines(mask, mask.astype(np.float32))
    beside = ~ndimage.binary_dilation(stroke, iterations=4)
    assert left[stroke].all()
    assert (left & beside).sum() < 0.02 * mask.sum()


def test_squares_go_without_leaving_their_corners():
    squares = ruled(8, 10)
    squares[:, 30::55] = True
    mask = squares | bar(70, 140, 150, 156)
    left = without_lines(mask, mask.astype(np.float32))
    assert ndimage.label(left)[1] == 1


def test_a_darker_stroke_along_a_line_stays():
    lines, stroke = ruled(), bar(38, 43, 100, 160)
    darkness = 0.3 * lines + 0.6 * stroke
    left = without_lines(lines | stroke, darkness)
    assert left[40, 105:155].all() and not left[:, :90].any()


def test_a_bent_stroke_from_edge_to_edge_is_no_line():
    mask = line(150, bend=-20, width=5) | bar(60, 240, 250, 256)
    assert (without_lines(mask, mask.astype(np.float32)) == mask).all()


def test_rows_of_dashes_are_no_line():
    # Lines alone would be kept in any case.
    mask = bar(60, 190, 200, 206)
    for y in range(40, HEIGHT, 55):
        mask[y : y + 3] = np.arange(WIDTH) % 40 < 24
    assert (without_lines(mask, mask.astype(np.float32)) == mask).all()


def test_a_picture_of_nothing_but_lines_stays():
    assert (without_lines(ruled(), ruled().astype(np.float32)) == ruled()).all()


def test_a_digit_that_touches_a_line_stays_with_its_foot_off_it():
    picture = np.full((HEIGHT, WIDTH, 3), 230, np.uint8)
    picture[ruled()] = 150
    picture[bar(94, 151, 200, 206)] = 40
    ink = find_ink(picture)
    assert (ink[98:145, 202:204] > 0.5).all()
    assert ndimage.label(ink > 0)[1] == 1


def test_most_rows_of_a_notebook_are_read(bundled):
    pages = [draw_notebook(np.random.default_rng((31, seed))) for seed in range(12)]
    readings = bundled.recogniser.read_all([page.picture for page in pages])
    found = [
        row in reading.text.split("\n")
        for page, reading in zip(pages, readings, strict=True)
        for row in page.text.split("\n")
    ]
    assert np.mean(found) >= 0.8


def test_a_line_along_one_edge_is_no_border():
    seven = np.zeros((140, 100), bool)
    seven[:3] = seven[:, 60:63] = True
    assert without_border(seven) is seven


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from([0, 1]))
def test_a_closing_along_an_axis_is_the_general_one_of_scipy(seed, length, axis):
    mask = np.random.default_rng(seed).random((17, 23)) < 0.3
    segment = np.ones((length, 1) if axis == 0 else (1, length), bool)
    expected = ndimage.binary_closing(mask, segment)
    np.testing.assert_array_equal(_close(mask, length, axis), expected)
