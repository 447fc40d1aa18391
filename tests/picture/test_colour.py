import numpy as np
import pytest

from digit_model.picture.ink import find_ink
from digit_model.synthesis.forms import PENS, draw_in_pens


def bars(*colours, paper=(250, 250, 250)):
    """A picture with an upright bar of each colour."""
    picture = np.full((160, 60 + 60 * len(colours), 3), paper, np.uint8)
    for place, colour in enumerate(colours):
        picture[40:120, 50 + 60 * place : 62 + 60 * place] = colour
    return picture


@pytest.mark.parametrize(
    "pens",
    [("red", "green"), ("yellow", "black"), ("blue", "orange", "pink"), ("light blue", "red")],
)
def test_the_ink_of_all_pens_counts(pens):
    ink = find_ink(bars(*(PENS[pen] for pen in pens)))
    for place in range(len(pens)):
        assert ink[50:110, 52 + 60 * place : 60 + 60 * place].min() > 0.5


def test_light_and_coloured_strokes_on_a_dark_board_count():
    ink = find_ink(bars((240, 240, 240), (240, 90, 90), (90, 220, 240), paper=(30, 45, 40)))
    assert [ink[50:110, 52 + 60 * place : 60 + 60 * place].min() > 0.5 for place in range(3)] == [
        True
    ] * 3


def test_a_highlighter_under_a_stroke_is_no_ink():
    picture = bars(PENS["black"], PENS["black"])
    picture[70:90, 30:160][picture[70:90, 30:160].min(axis=2) > 200] = (255, 250, 150)
    ink = find_ink(picture)
    assert not ink[72:88, 80:100].any()


def test_most_numbers_in_several_pens_are_read(bundled):
    numbers = [draw_in_pens(np.random.default_rng(seed)) for seed in range(12)]
    readings = bundled.recogniser.read_all([number.picture for number in numbers])
    right = [r.text == n.text for r, n in zip(readings, numbers, strict=True)]
    assert sum(right) >= 9
