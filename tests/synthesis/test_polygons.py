"""Polygons have straight sides and enclose an area, so that none of them is a round 0."""

import numpy as np
from scipy import ndimage, spatial

from digit_model.synthesis.pen import draw
from digit_model.synthesis.polygons import write_polygon


def test_a_polygon_is_one_stroke_around_an_empty_area():
    rng = np.random.default_rng(0)
    for _ in range(100):
        (path,) = write_polygon(rng)
        width, height = np.ptp(path, axis=0)
        assert spatial.ConvexHull(path).volume > 0.25 * width * height
        assert np.hypot(*(path[0] - path[-1])) < 0.5 * max(width, height)


def test_most_polygons_are_closed():
    rng = np.random.default_rng(1)
    inks = [draw(write_polygon(rng), 2, rng) for _ in range(100)]
    closed = [ndimage.label(ink == 0)[1] >= 2 for ink in inks]
    assert np.mean(closed) > 0.6


def test_polygons_vary():
    rng = np.random.default_rng(2)
    outlines = [write_polygon(rng)[0] for _ in range(50)]
    corners = {len(outline) for outline in outlines}
    aspects = [np.ptp(outline[:, 0]) / np.ptp(outline[:, 1]) for outline in outlines]
    assert len(corners) > 3
    assert min(aspects) < 0.9
    assert max(aspects) > 1.2
