"""The primitives in JavaScript give what SciPy, NumPy and Pillow give."""

import hashlib
from collections.abc import Iterator

import numpy as np
from PIL import Image
from scipy import ndimage, signal

from digit_model.picture.perspective import homography, warp
from tests.static_page.helpers import store, write_fixtures

EIGHT = np.ones((3, 3))
# One step of a float32 in 0..1, for sums that are taken in another order.
STEP = 3e-7


def disc(radius: int) -> np.ndarray:
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return x * x + y * y <= (radius + 0.5) ** 2


def filtered(grey: np.ndarray) -> Iterator[tuple]:
    for sigma in (0.56, 0.8, 1.0, 2.3):
        yield "gaussian", grey, [sigma], ndimage.gaussian_filter(grey, sigma), STEP
    row = grey[0].astype(np.float64)
    yield "gaussian_of_row", row, [3.1], ndimage.gaussian_filter1d(row, 3.1), 1e-12
    yield "median_of_nine", grey, [], ndimage.median_filter(grey, 3), 0
    for size in (2, 3, 12):
        highest = ndimage.maximum_filter1d(grey, size, axis=1)
        yield "maximum_along_rows", grey, [size], highest, 0
        lowest = ndimage.minimum_filter1d(grey, size, axis=0)
        yield "minimum_along_columns", grey, [size], lowest, 0
        yield "grey_closing", grey, [size], ndimage.grey_closing(grey, (size, size)), 0
    for radius in (1, 2, 3, 5):
        around = np.pad(grey, radius)
        dilated = ndimage.grey_dilation(around, footprint=disc(radius))
        yield "dilated_by_disc", around, [radius], dilated, 0
        eroded = ndimage.grey_erosion(grey, footprint=disc(radius), mode="constant")
        yield "eroded_by_disc", grey, [radius], eroded, 0


def turned(grey: np.ndarray) -> Iterator[tuple]:
    yield "turned_left", grey, [], np.rot90(grey), 0
    yield "turned_right", grey, [], np.rot90(grey, -1), 0


def resized(grey: np.ndarray) -> Iterator[tuple]:
    filters = {"BOX": 4, "BILINEAR": 2, "BICUBIC": 3}
    for name, number in filters.items():
        for height, width in ((20, 13), (100, 71), (64, 47), (1, 1)):
            image = Image.fromarray(grey).resize((width, height), Image.Resampling(number))
            yield "resize", grey, [height, width, name], np.asarray(image), STEP


def masked(mask: np.ndarray) -> Iterator[tuple]:
    yield "label", mask, [True], ndimage.label(mask, EIGHT)[0], 0
    yield "label", mask, [False], ndimage.label(mask)[0], 0
    yield "distance_transform", mask, [], ndimage.distance_transform_edt(mask), 1e-12
    distances = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    yield "distance_to_paper", mask, [], distances, 1e-12
    yield "eroded", mask, [], ndimage.binary_erosion(mask, EIGHT), 0
    yield "dilated_by_cross", mask, [], ndimage.binary_dilation(mask), 0
    yield "opened_by_square", mask, [3], ndimage.binary_opening(mask, EIGHT), 0
    for size in (3, 4, 7, 10):
        for name, shape in (("rows", (1, size)), ("columns", (size, 1))):
            closed = ndimage.binary_closing(mask, np.ones(shape))
            yield f"closing_along_{name}", mask, [size], closed, 0


def shrunk(rng: np.random.Generator) -> Iterator[tuple]:
    for height, width in ((120, 90), (301, 407), (90, 640), (333, 101)):
        picture = rng.integers(0, 256, (height, width, 3), np.uint8)
        image = Image.fromarray(picture)
        image.thumbnail((100, 100), Image.Resampling.BOX, reducing_gap=1)
        yield "shrink_picture", picture, [100], np.asarray(image), 0


def pictures(rng: np.random.Generator) -> Iterator[tuple]:
    picture = rng.integers(0, 256, (61, 83, 3), np.uint8)
    filters = {"BOX": 4, "BICUBIC": 3}
    for name, number in filters.items():
        for height, width in ((20, 31), (97, 120), (61, 40)):
            image = Image.fromarray(picture).resize((width, height), Image.Resampling(number))
            yield "resize_picture", picture, [height, width, name], np.asarray(image), 0
    for length, wanted in ((7, 30), (128, 999), (50, 17)):
        row = np.arange(length, dtype=np.uint8)
        image = Image.fromarray(row[None]).resize((wanted, 1), Image.Resampling.NEAREST)
        yield "nearest_places", row, [wanted], np.asarray(image)[0], 0
    square = np.array([[0, 0], [40, 0], [40, 30], [0, 30]])
    for corners in (
        [[10, 5], [70, 9], [66, 50], [4, 44]],
        [[-6, 3], [90, -4], [80, 70], [5, 58]],
    ):
        matrix = homography(square, np.array(corners))
        seen = warp(picture, matrix, (40, 30))
        yield "warp", picture, [40, 30, *matrix.ravel().tolist()], seen, 0


def of_lines(rng: np.random.Generator) -> Iterator[tuple]:
    for length in (5, 60, 300):
        line = np.round(rng.normal(size=length).cumsum(), 1)
        for distance, prominence in ((1, 0.5), (6.2, 1.0), (20, 2.0)):
            peaks, _ = signal.find_peaks(line, distance=distance, prominence=prominence)
            yield "find_peaks", line, [distance, prominence], peaks.astype(np.int32), 0
        values = line.astype(np.float32)
        for q in (0.0, 0.5, 0.9, 0.995):
            yield "quantile", values, [q], np.array([np.quantile(values, q)]), 1e-6
    halves = np.arange(-10, 10) / 4
    yield "round", halves, [], np.array([round(number) for number in halves.tolist()], float), 0


def hashed(rng: np.random.Generator) -> Iterator[tuple]:
    for length in (0, 55, 56, 63, 64, 1000):
        content = rng.integers(0, 256, length, np.uint8)
        digest = np.frombuffer(hashlib.sha256(content.tobytes()).digest(), np.uint8)
        yield "sha256", content, [], digest, 0


def test_the_primitives_give_what_scipy_and_pillow_give(node, tmp_path):
    rng = np.random.default_rng(0)
    grey = ndimage.gaussian_filter(rng.random((47, 64)), 1).astype(np.float32)
    cases = [*filtered(grey), *turned(grey), *resized(grey), *shrunk(rng), *pictures(rng)]
    cases += [*of_lines(rng), *hashed(rng)]
    for density in (0.35, 0.6, 0.9):
        cases += masked(rng.random((40, 53)) < density)
    write_fixtures(
        tmp_path,
        [
            {
                "name": name,
                "input": store(tmp_path, source),
                "options": options,
                "expected": store(tmp_path, expected),
                "tolerance": tolerance,
            }
            for name, source, options, expected, tolerance in cases
        ],
    )
    node("numerics", tmp_path)
