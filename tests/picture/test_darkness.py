import numpy as np

from digit_model.picture.colour import clearest_colour


def test_the_light_of_a_drawing_is_even_also_under_broad_strokes():
    drawing = np.full((280, 280, 3), 255, np.uint8)
    drawing[90:190, 90:190] = 128
    _, light, darkness = clearest_colour(drawing)
    assert (light == 1).all()
    assert (darkness == 1 - drawing[..., 0] / np.float32(255)).all()
