"""The test images that a model gets wrong."""

import numpy as np

import app
from digit_model.data.mnist import LabelledImages
from page.models import mistakes, view


def test_mistakes_are_sorted_by_confidence():
    labels = np.array([0, 1, 2, 3], np.uint8)
    images = np.arange(4, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8)
    logits = np.zeros((4, 10))
    for place, (answer, height) in enumerate([(0, 9), (7, 2), (2, 9), (5, 4)]):
        logits[place, answer] = height
    found = mistakes.mistakes_in(LabelledImages(images, labels), logits, 1.0)
    assert (found.images, found.count) == (4, 2)
    assert [(one.label, one.answer) for one in found.shown] == [(3, 5), (1, 7)]
    assert found.shown[0].image.max() == 3
    html = view.mistakes_view(found)
    assert html.count("<img") == 2
    assert "A 3 read as 5" in html


def test_keras_s_download_is_found_and_never_started(tmp_path):
    assert mistakes.keras_download({"KERAS_HOME": str(tmp_path)}) is None
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "mnist.npz").write_bytes(b"")
    found = mistakes.keras_download({"KERAS_HOME": str(tmp_path)})
    assert found == tmp_path / "datasets" / "mnist.npz"


def test_missing_data_are_reported_in_one_sentence(capsys, tmp_path):
    assert app.main(["--port", "0", "--data", str(tmp_path / "no.npz")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
