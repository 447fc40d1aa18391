"""The strip of steps: each step is described, and none is shown of what has no picture."""

import numpy as np
import pytest
from PIL import Image

from digit_model.picture.decode import decode
from digit_model.picture.ink import ink_steps
from page.reading.gallery import EXAMPLES, EXAMPLES_FOLDER
from page.reading.steps import no_steps, strip
from page.texts import texts
from tests.helpers import sketch


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_step_is_described(name):
    steps = dict(ink_steps(decode(EXAMPLES_FOLDER / name)))
    assert {*steps, "digits", "tiles"} <= texts()["steps"].keys()


def test_each_step_has_its_number_its_picture_and_its_words():
    panes = [("picture", sketch(7)), ("ink", Image.fromarray(np.zeros((9, 9), np.uint8)))]
    html = strip(panes)
    assert html.count("data:image/jpeg") == 2
    assert "2. ink" in html
    assert "The strokes that are left" in html


def test_a_reason_stands_in_place_of_the_steps():
    html = no_steps("<b> cannot be read.")
    assert "&lt;b&gt; cannot be read." in html
    assert "data-step" not in html
