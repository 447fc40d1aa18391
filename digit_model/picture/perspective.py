"""Perspective maps between planes, as 3 x 3 matrices on homogeneous (x, y, 1) points."""

import numpy as np
from PIL import Image

from ..arrays import Picture


def homography(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the (3, 3) matrix that maps four points to four others (Hartley and Zisserman 4.1).

    source, target: (4, 2) points, no three of which lie on a line.
    """
    rows = []
    for (x, y), (u, v) in zip(source.tolist(), target.tolist(), strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    solution = np.linalg.solve(np.array(rows), np.asarray(target, float).ravel())
    return np.append(solution, 1.0).reshape(3, 3)


def map_points(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map (n, 2) points, x and y, by a (3, 3) matrix."""
    mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return mapped[:, :2] / mapped[:, 2:]


def warp(picture: Picture, to_picture: np.ndarray, size: tuple[int, int]) -> Picture:
    """Return the part of a picture that a (3, 3) matrix maps a (width, height) rectangle to.

    Beyond the edge of the picture its outermost pixels are repeated.
    """
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size
    reach = map_points(to_picture, corners)
    excess = np.max([-reach.min(axis=0), reach.max(axis=0) - picture.shape[1::-1]], initial=0)
    margin = int(np.ceil(excess)) + 1 if excess > 0 else 0
    if margin:
        picture = np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    shift = np.array([[1, 0, margin], [0, 1, margin], [0, 0, 1]])
    matrix = shift @ to_picture
    coefficients = (matrix / matrix[2, 2]).ravel()[:8].tolist()
    image = Image.fromarray(picture).transform(
        size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR
    )
    return np.asarray(image)
