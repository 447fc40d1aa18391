"""A view as bytes: what the page process holds for a visitor."""

import numpy as np

from digit_model.arrays import Box, Digit, IgnoredMark, Placement, Reading
from page.reading.view import ReadingView


def view(side: int = 640) -> ReadingView:
    rng = np.random.default_rng(0)
    digits = tuple(
        Digit(
            np.rint(rng.random((28, 28)) * 255).astype(np.float32) / 255,
            Placement(1.5, 2.25, 3.125, 3.0),
            Box(1, 2, 30, 40),
            row,
            rng.dirichlet(np.ones(10)).astype(np.float32),
            row == 0,
        )
        for row in range(2)
    )
    picture = np.full((side, side, 3), 200, np.uint8)
    reading = Reading(picture, digits, 0.01, (IgnoredMark(Box(1, 2, 3, 4), "dot"),))
    heatmap = np.rint(rng.random((28, 28)) * 255).astype(np.float32) / 255
    return ReadingView(reading, 1, 7, "LayerCAM", {1: heatmap}, "tabc")


def test_a_view_comes_back_from_its_bytes():
    before = view()
    after = ReadingView.from_bytes(before.to_bytes())
    for name in ("mark", "target", "method", "link_code"):
        assert getattr(after, name) == getattr(before, name)
    assert after.reading.ignored == before.reading.ignored
    np.testing.assert_allclose(after.heatmaps[1], before.heatmaps[1], atol=1e-6)
    np.testing.assert_allclose(
        after.reading.picture.astype(int), before.reading.picture.astype(int), atol=2
    )
    for old, new in zip(before.reading.digits, after.reading.digits, strict=True):
        assert (new.placement, new.box, new.row, new.accepted) == (
            *(old.placement, old.box, old.row, old.accepted),
        )
        np.testing.assert_array_equal(new.tile, old.tile)
        np.testing.assert_array_equal(new.probabilities, old.probabilities)


def test_a_view_takes_less_than_its_picture():
    assert len(view().to_bytes()) < 640 * 640 * 3 / 10
