import numpy as np
import pytest
from scipy import ndimage

from digit_model.picture.displays import join_segments
from digit_model.synthesis.forms import draw_display


def count(ink):
    return ndimage.label(ink > 0, np.ones((3, 3)))[1]


def segments(*boxes, shape=(100, 100)):
    ink = np.zeros(shape, np.float32)
    for top, bottom, left, right in boxes:
        ink[top:bottom, left:right] = 1
    return ink


def test_the_segments_of_one_digit_are_joined():
    seven = segments((10, 16, 20, 48), (12, 48, 50, 56), (52, 88, 50, 56))
    joined = join_segments(seven)
    assert count(joined) == 1
    assert (joined >= seven).all()


@pytest.mark.parametrize(
    "marks",
    [
        [(10, 90, 20, 28), (10, 90, 32, 40)],  # two 1s
        [(y, y + 6, 50, 56) for y in range(5, 90, 9)],  # a dotted line
        [(10, 50, 20, 28), (60, 90, 20, 28)],  # too far apart
        [(10, 48, 20, 50), (50, 88, 20, 50)],  # one above the other, as digits of two rows
        [(10, 16, 20, 48), (12, 48, 50, 56), (52, 88, 50, 56), (10, 90, 70, 90)],  # few
    ],
)
def test_other_marks_stay_apart(marks):
    ink = segments(*marks)
    assert (join_segments(ink) == ink).all()


def test_most_displays_are_read(bundled):
    displays = [draw_display(np.random.default_rng(seed)) for seed in range(12)]
    readings = bundled.recogniser.read_all([display.picture for display in displays])
    right = [r.text == d.text for r, d in zip(readings, displays, strict=True)]
    assert sum(right) >= 10
