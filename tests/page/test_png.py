"""PNG files written without Pillow, read back with it."""

import io

import numpy as np
import pytest
from PIL import Image

from page.png import encode


@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 300, 3), (301, 2, 3)])
def test_a_png_holds_the_pixels_of_its_image(shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    with Image.open(io.BytesIO(encode(Image.fromarray(pixels))), formats=("PNG",)) as image:
        assert image.mode == "RGB"
        image.load()  # checks the sums
        np.testing.assert_array_equal(np.asarray(image), pixels)


def test_a_drawing_takes_few_bytes():
    assert len(encode(Image.new("RGB", (280, 280), "white"))) < 3000
