"""The example pictures: made by our own code, and read as what they show."""

import numpy as np
import pytest
from PIL import Image

from digit_model.synthesis import example_pictures
from page.reading.gallery import EXAMPLES, EXAMPLES_FOLDER, description, thumbnails
from tests.page.helpers import EXAMPLE_TEXTS


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_read_as_what_it_shows(bundled, name):
    reading = bundled.recogniser.read(EXAMPLES_FOLDER / name)
    assert reading.text == EXAMPLE_TEXTS[name]


def test_the_examples_can_be_made_again(tmp_path):
    example_pictures.make(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(EXAMPLES)
    for path in tmp_path.iterdir():
        with Image.open(path) as made, Image.open(EXAMPLES_FOLDER / path.name) as kept:
            apart = np.abs(np.asarray(made, float) - np.asarray(kept, float)).mean()
        # Another version of Pillow may round a JPEG's numbers otherwise.
        assert apart < 2, path.name
        assert path.stat().st_size < 40_000


def test_every_example_has_a_text_for_those_who_cannot_see_it():
    html = thumbnails().value
    for name in EXAMPLES:
        assert f'alt="{description(name)}"' in html
