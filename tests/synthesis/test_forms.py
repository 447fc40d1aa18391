import numpy as np
import pytest

from digit_model.synthesis.forms import (
    LAYOUTS,
    draw_display,
    draw_form,
    draw_in_pens,
    draw_notebook,
    draw_strip,
)


@pytest.mark.parametrize("kind", sorted(LAYOUTS))
def test_a_form_holds_digits_in_rows(kind):
    form = draw_form(np.random.default_rng(2), kind)
    assert form.picture.dtype == np.uint8
    assert form.picture.shape[2] == 3
    assert all(row.isdigit() for row in form.text.split("\n"))


@pytest.mark.parametrize("draw", [draw_form, draw_in_pens, draw_display, draw_strip, draw_notebook])
def test_the_same_seed_gives_the_same_picture(draw):
    one, two = (draw(np.random.default_rng(5)) for _ in range(2))
    assert (one.picture == two.picture).all()
    assert one.text == two.text
