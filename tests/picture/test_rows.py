import numpy as np
from PIL import Image, ImageDraw

from digit_model.picture.components import connected_components
from digit_model.picture.rows import split_between_rows


def split(*strokes):
    """Split vertical strokes, each its x, top and bottom; return the boxes' tops and bottoms."""
    image = Image.new("L", (300, 320))
    draw = ImageDraw.Draw(image)
    for x, top, bottom in strokes:
        draw.line([(x, top), (x, bottom)], fill=255, width=10)
    ink = np.asarray(image, np.float32) / 255
    components = split_between_rows(ink, connected_components(ink))
    assert sum(component.mass for component in components) == ink.sum()
    return sorted((component.box.top, component.box.bottom) for component in components)


def test_a_digit_as_high_as_the_others_is_not_split():
    assert split((40, 40, 119), (100, 40, 119), (160, 30, 129)) == [(30, 130), (40, 120), (40, 120)]


def test_a_tall_digit_of_one_row_is_not_split():
    tall = (180, 5, 179)
    assert split((40, 40, 119), (100, 40, 119), tall) == [(5, 180), (40, 120), (40, 120)]


def test_what_spans_three_rows_is_split_between_them():
    rows = [(x, top, top + 69) for x in (40, 160) for top in (20, 110, 200)]
    found = split(*rows, (100, 20, 269))
    assert len(found) == 9
    above, middle = found[2][1], found[5][1]
    assert 90 <= above <= 110
    assert 180 <= middle <= 200
