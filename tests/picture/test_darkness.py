import numpy as np

from digit_model.picture.colour import clearest_colour
from tests.helpers import sketch


def test_the_light_of_a_drawing_is_even_and_its_strokes_are_black():
    drawing = np.asarray(sketch(4).convert("RGB"))
    _, light, darkness = clearest_colour(drawing)
    assert (light == 1).all()
    assert (darkness == 1 - drawing[..., 0] / np.float32(255)).all()
