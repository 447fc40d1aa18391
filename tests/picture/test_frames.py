from difflib import SequenceMatcher

import numpy as np
import pytest

from digit_model.picture.frames import without_frames
from digit_model.synthesis.forms import LAYOUTS, draw_form


def box(top, bottom, left, right, width=3, shape=(120, 160)):
    mask = np.zeros(shape, bool)
    mask[top:bottom, left:right] = True
    mask[top + width : bottom - width, left + width : right - width] = False
    return mask


def bar(top=40, bottom=80, left=60, right=70, shape=(120, 160)):
    mask = np.zeros(shape, bool)
    mask[top:bottom, left:right] = True
    return mask


def test_a_box_around_a_stroke_is_removed():
    assert (without_frames(box(20, 100, 20, 110) | bar()) == bar()).all()


def test_a_stroke_that_touches_its_box_stays():
    mask = box(20, 100, 20, 110) | bar(bottom=100) | bar(top=60, bottom=70, right=85)
    left = without_frames(mask)
    assert left[45:90, 60:70].mean() > 0.9
    assert not left[30:90, 20:23].any()


def grid(side=50, cells=3, width=6):
    mask = np.zeros((cells * side + width, cells * side + width), bool)
    for at in range(0, cells * side + 1, side):
        mask[at : at + width] = mask[:, at : at + width] = True
    return mask


@pytest.mark.parametrize(
    "digit",
    [
        pytest.param([(60, 102, 72, 80)], id="1"),
        pytest.param([(60, 102, 86, 93), (58, 66, 64, 93)], id="7"),
        pytest.param([(60, 103, 72, 79), (96, 103, 62, 92), (60, 67, 64, 79)], id="1 with a foot"),
    ],
)
def test_a_digit_that_touches_the_lines_of_a_grid_stays(digit):
    digit = np.any([bar(*sides, shape=(156, 156)) for sides in digit], axis=0)
    left = without_frames(grid() | digit)
    assert left[digit & ~grid()].mean() > 0.9
    assert not left[:50].any()


def test_slanting_axes_are_removed_with_their_ticks():
    rows, columns = np.mgrid[:330, :330]
    axes = (abs(columns - 20 + rows // 40) <= 3) | ((abs(rows - 310) <= 3) & (columns > 8))
    for row in range(10, 300, 24):
        axes[row : row + 6, 8:20] = True
    digit = bar(60, 140, 150, 165, axes.shape)
    assert (without_frames(axes | digit) == digit).all()


def test_an_empty_box_may_be_a_0_and_stays():
    mask = box(20, 100, 40, 90, width=10)
    assert (without_frames(mask) == mask).all()


def test_a_comb_is_removed_with_its_ticks():
    comb = bar(90, 93, 10, 150)
    for x in range(10, 151, 28):
        comb |= bar(70, 93, x, x + 3)
    digits = bar(40, 85, 20, 28) | bar(40, 85, 48, 56) | bar(40, 85, 76, 84)
    assert (without_frames(comb | digits) == digits).all()


def test_digits_on_a_baseline_stay():
    mask = bar(90, 92, 4, 156)
    for left in (10, 50, 90, 130):
        mask |= bar(40, 92, left, left + 3) | bar(40, 43, left, left + 20)
    assert (without_frames(mask) == mask).all()


def test_strokes_without_a_frame_stay():
    seven = bar(20, 28, 40, 90) | bar(20, 100, 82, 90)
    assert (without_frames(seven | bar(50, 60, 50, 60)) == (seven | bar(50, 60, 50, 60))).all()


@pytest.mark.parametrize("kind", sorted(LAYOUTS))
def test_digits_between_lines_are_read_in_order(bundled, kind):
    forms = [draw_form(np.random.default_rng(seed), kind) for seed in range(4)]
    readings = bundled.recogniser.read_all([form.picture for form in forms])
    likeness = [
        SequenceMatcher(None, form.text, reading.text).ratio()
        for form, reading in zip(forms, readings, strict=True)
    ]
    assert np.mean(likeness) >= 0.9
