import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageDraw

from digit_model.arrays import TILE_BOX, TILE_SIZE
from digit_model.data.mnist import load
from digit_model.errors import NoInk
from digit_model.picture.normalise import bounding_box, normalise, stroke_width
from tests.helpers import MNIST, needs_mnist


@needs_mnist
def test_mnist_comes_back_unchanged():
    """The meeting point of drawing and training: MNIST's own images are tiles already."""
    images = load(MNIST).test.images
    tiles = np.stack([normalise(image.astype(np.float32) / 255)[0] for image in images])
    apart = np.abs(np.round(255 * tiles) - images).max(axis=(1, 2))
    assert (apart <= 1).mean() >= 0.999


inks = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=70),
    elements=st.sampled_from([0, 0, 0, 0.25, 0.5, 1]),
)


@settings(deadline=None)
@given(inks)
def test_every_ink_becomes_a_tile_by_the_rule(ink):
    if not ink.any():
        with pytest.raises(NoInk):
            normalise(ink)
        return
    tile, placement = normalise(ink)
    assert tile.shape == (TILE_SIZE, TILE_SIZE)
    assert tile.dtype == np.float32
    assert tile.min() >= 0
    assert tile.max() <= 1
    assert placement.x_scale > 0
    if tile.any():
        box = bounding_box(tile)
        assert max(box.width, box.height) <= TILE_BOX


def ring(size=200, centre=(100, 100), radius=60, width=16):
    image = Image.new("L", (size, size))
    x, y = centre
    box = (x - radius, y - radius, x + radius, y + radius)
    ImageDraw.Draw(image).ellipse(box, outline=255, width=width)
    return np.asarray(image, np.float32) / 255


def test_the_longer_side_is_twenty_and_the_centre_of_mass_is_in_the_middle():
    tile, _ = normalise(ring())
    box = bounding_box(tile)
    assert (box.width, box.height) == (TILE_BOX, TILE_BOX)
    rows = (tile.sum(axis=1) * (np.arange(TILE_SIZE) + 0.5)).sum() / tile.sum()
    assert 14 - 1e-5 <= rows < 15


@pytest.mark.parametrize("centre", [(70, 70), (100, 120), (139, 61)])
@pytest.mark.parametrize("radius", [20, 45, 60])
def test_the_tile_lies_where_the_placement_says(centre, radius):
    tile, (left, top, x_scale, y_scale, _) = normalise(ring(centre=centre, radius=radius))
    y, x = (np.average(np.arange(28) + 0.5, weights=tile.sum(axis=axis)) for axis in (1, 0))
    assert left + x_scale * x == pytest.approx(centre[0] + 0.5, abs=1.5)
    assert top + y_scale * y == pytest.approx(centre[1] + 0.5, abs=1.5)


def test_the_tile_of_a_thin_stroke_lies_on_it_in_both_directions():
    """Its width of 20 / 9 tile pixels is rounded, and its pen is thickened: both move its edges."""
    ink = np.zeros((320, 90), np.float32)
    ink[40:220, 30:50] = 1
    ink[40:220, 39:41] = 0.5
    tile, (left, top, x_scale, y_scale, _) = normalise(ink)
    rows, columns = (np.flatnonzero(tile.max(axis=axis) > 0.02)[[0, -1]] for axis in (1, 0))
    np.testing.assert_allclose(left + x_scale * (columns + [0, 1]), [30, 50], atol=1)
    np.testing.assert_allclose(top + y_scale * (rows + [0, 1]), [40, 220], atol=1)


def test_where_a_digit_lies_does_not_matter():
    np.testing.assert_array_equal(
        normalise(ring(centre=(70, 80)))[0], normalise(ring(centre=(110, 100)))[0]
    )


@pytest.mark.parametrize("width", [6, 10, 20])
def test_stroke_width_is_measured(width):
    assert stroke_width(ring(width=width)) == pytest.approx(width, rel=0.2)


def test_pens_thin_and_thick_look_like_mnists():
    def tile_width(width):
        tile = normalise(ring(width=width))[0]
        return tile.sum() / (np.pi * 18)

    assert 1.5 < tile_width(2) < 3
    assert tile_width(50) < 5.5


def test_a_dot_is_a_tile_too():
    tile, _ = normalise(np.pad(np.ones((1, 1), np.float32), 5))
    assert tile.sum() > 0


def test_no_ink_is_told():
    with pytest.raises(NoInk, match="no stroke"):
        normalise(np.zeros((28, 28), np.float32))
