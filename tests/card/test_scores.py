"""Scores on real pictures, read from JSON for the card."""

import json

import pytest

from digit_model.card.scores import RealPictureScore, read_real_scores
from digit_model.errors import BadDataset

SHA256 = "a" * 64


@pytest.fixture
def read(tmp_path):
    def run(text):
        (tmp_path / "real.json").write_text(text)
        return read_real_scores(tmp_path / "real.json", SHA256)

    return run


def test_scores_are_read_by_set(read):
    record = {
        "scanned forms": {"pictures": 5677, "accuracy": 1},
        "USPS": {"pictures": 1, "accuracy": 0.5},
    }
    assert read(json.dumps(record)) == {
        "scanned forms": RealPictureScore(5677, 1.0),
        "USPS": RealPictureScore(1, 0.5),
    }


def test_a_record_of_other_weights_is_refused(read):
    record = {"sha256": SHA256, "USPS": {"pictures": 1, "accuracy": 0.5}}
    assert read(json.dumps(record)).keys() == {"USPS"}
    with pytest.raises(BadDataset, match="about other weights"):
        read(json.dumps(record | {"sha256": "b" * 64}))


@pytest.mark.parametrize("text", ["", "[]", "1", "[" * 100_000, '{"USPS": 0.9}'])
def test_a_file_of_another_form_is_refused(text, read):
    with pytest.raises(BadDataset, match=r"real\.json"):
        read(text)


@pytest.mark.parametrize(
    ("name", "pictures", "accuracy"),
    [
        *(("USPS", 3, wrong) for wrong in (97.6, float("nan"), -1, None, "0.9")),
        *(("USPS", wrong, 1) for wrong in (0, 2.5, None)),
        ("a|b", 3, 1),
    ],
)
def test_a_set_with_an_invalid_title_or_number_is_refused(name, pictures, accuracy, read):
    with pytest.raises(BadDataset, match="needs a title"):
        read(json.dumps({name: {"pictures": pictures, "accuracy": accuracy}}))


def test_a_missing_file_is_reported(tmp_path):
    with pytest.raises(BadDataset, match="cannot be read"):
        read_real_scores(tmp_path / "real.json", SHA256)
