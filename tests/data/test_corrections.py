"""Corrections: what is written comes back, and damage is named."""

import json

import numpy as np
import pytest
from PIL import Image

from digit_model.data.corrections import (
    RECORD_FILE,
    TILE_FILE,
    Correction,
    complete_corrections,
    read_corrections,
    repeats_the_latest,
    write_correction,
)
from digit_model.errors import BadDataset


def correction(label: int | None, seed: int = 0) -> Correction:
    tile = np.random.default_rng(seed).random((28, 28)).astype(np.float32)
    return Correction(Image.new("RGB", (40, 30), "white"), tile, label, {"answer": 7})


def written(folder, label=3):
    """Write a correction, and return its folder."""
    write_correction(folder, correction(label))
    [path] = complete_corrections(folder)
    return path


def test_corrections_come_back_as_digits_and_other_marks(tmp_path):
    for seed, label in enumerate((3, None, 0, 9)):
        write_correction(tmp_path, correction(label, seed))
    digits, others = read_corrections(tmp_path)
    assert digits.labels.tolist() == [3, 0, 9]
    for index, seed in enumerate((0, 2, 3)):
        np.testing.assert_allclose(digits.tiles[index], correction(0, seed).tile, atol=0.5 / 255)
    np.testing.assert_allclose(others[0] / 255, correction(None, 1).tile, atol=0.5 / 255)


def test_the_newest_correction_of_a_tile_counts(tmp_path):
    for label in (4, 5, None):
        write_correction(tmp_path, correction(label))
    digits, others = read_corrections(tmp_path)
    assert (len(digits), len(others)) == (0, 1)


def test_a_repeated_correction_is_recognised(tmp_path):
    write_correction(tmp_path, correction(4))
    write_correction(tmp_path, correction(5))
    stored = complete_corrections(tmp_path)
    assert repeats_the_latest(correction(5), stored)
    assert not repeats_the_latest(correction(4), stored)
    assert not repeats_the_latest(correction(5, seed=1), stored)


def test_the_record_holds_the_label_and_the_details(tmp_path):
    record = json.loads((written(tmp_path, None) / RECORD_FILE).read_text())
    assert record["correction"] is None
    assert record["answer"] == 7
    assert record["format"] == 1


def test_an_empty_folder_has_no_corrections(tmp_path):
    digits, others = read_corrections(tmp_path)
    assert digits.images.shape == others.shape == (0, 28, 28)


def test_an_unfinished_correction_is_not_read(tmp_path):
    write_correction(tmp_path, correction(4))
    (tmp_path / ".new-0").mkdir()
    (tmp_path / ".new-0" / TILE_FILE).write_bytes(b"\x89PNG")
    assert len(read_corrections(tmp_path)[0]) == 1


@pytest.mark.parametrize("label", [10, -1, 3.0, "3", True, [3]])
def test_a_label_that_is_not_a_digit_is_named(tmp_path, label):
    path = written(tmp_path)
    (path / RECORD_FILE).write_text(json.dumps({"correction": label}))
    with pytest.raises(BadDataset, match=rf"{path.name}/record\.json"):
        read_corrections(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        (RECORD_FILE, b"{", "does not hold a correction"),
        (RECORD_FILE, b"[]", "does not hold a correction"),
        (TILE_FILE, b"no picture", r"no readable tile\.png"),
    ],
)
def test_a_damaged_correction_is_named(tmp_path, name, content, problem):
    (written(tmp_path) / name).write_bytes(content)
    with pytest.raises(BadDataset, match=problem):
        read_corrections(tmp_path)


def test_a_tile_of_the_wrong_form_is_named(tmp_path):
    Image.new("RGB", (28, 28)).save(written(tmp_path) / TILE_FILE)
    with pytest.raises(BadDataset, match="28 × 28"):
        read_corrections(tmp_path)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(BadDataset, match="no folder"):
        read_corrections(tmp_path / "absent")
