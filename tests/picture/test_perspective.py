import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digit_model.picture.perspective import homography, map_points, warp

SQUARE = np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [0.0, 100.0]])
shifts = st.lists(st.floats(-20, 20), min_size=8, max_size=8)


@given(shifts)
def test_four_points_are_mapped_to_four_others(shift):
    target = SQUARE + np.reshape(shift, (4, 2))
    assert map_points(homography(SQUARE, target), SQUARE) == pytest.approx(target, abs=1e-6)


@given(shifts)
def test_the_inverse_maps_back(shift):
    matrix = homography(SQUARE, SQUARE + np.reshape(shift, (4, 2)))
    points = np.array([[50.0, 50.0], [10.0, 90.0]])
    back = map_points(np.linalg.inv(matrix), map_points(matrix, points))
    assert back == pytest.approx(points, abs=1e-5)


def test_warping_cuts_out_what_the_matrix_maps_to():
    picture = np.zeros((50, 80, 3), np.uint8)
    picture[20:30, 40:60] = 200
    cut = warp(picture, np.array([[1.0, 0, 40], [0, 1, 20], [0, 0, 1]]), (20, 10))
    assert cut.shape == (10, 20, 3)
    assert (cut == 200).all()


def test_beyond_the_picture_its_edge_is_repeated():
    picture = np.full((50, 80, 3), 90, np.uint8)
    cut = warp(picture, np.array([[1.0, 0, -10], [0, 1, -10], [0, 0, 1]]), (100, 70))
    assert (cut == 90).all()
