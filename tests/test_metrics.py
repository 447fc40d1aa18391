import numpy as np
import pytest
from scipy import special

from digit_model.metrics import (
    calibrate,
    expected_calibration_error,
    fit_temperature,
    misread,
    score,
)


def test_scores_of_a_case_worked_by_hand():
    logits = np.log([[0.7, 0.2, 0.1] + [1e-12] * 7, [0.5, 0.3, 0.2] + [1e-12] * 7])
    scores = score(logits, np.array([0, 1]))
    assert (scores.images, scores.errors, scores.accuracy) == (2, 1, 0.5)
    assert scores.nll == pytest.approx(-(np.log(0.7) + np.log(0.3)) / 2)
    # Each answer is alone in its bin: |1 - 0.7| and |0 - 0.5|, averaged.
    assert scores.ece == pytest.approx(0.4)
    assert scores.confusion[0, 0] == scores.confusion[1, 0] == 1
    assert scores.confusion.sum() == 2


def test_certain_and_right_is_perfectly_calibrated():
    assert expected_calibration_error(np.eye(10), np.arange(10)) == 0


def test_temperature_that_was_applied_is_found_again():
    draw = np.random.default_rng(0)
    logits = draw.normal(0, 3, (20_000, 10))
    labels = (special.softmax(logits, axis=1).cumsum(axis=1) < draw.random((20_000, 1))).sum(axis=1)
    assert fit_temperature(2.5 * logits, labels) == pytest.approx(2.5, rel=0.03)


def test_calibration_refuses_few_of_what_it_was_fitted_to():
    draw = np.random.default_rng(1)
    labels = draw.integers(0, 10, 5_000)
    logits = draw.normal(0, 1, (5_000, 10)) + 8 * np.eye(10)[labels]
    found = calibrate(logits, labels)
    confidence = special.softmax(logits / found.temperature, axis=1).max(axis=1)
    energy = -special.logsumexp(logits, axis=1)
    accepted = (confidence >= found.min_confidence) & (energy <= found.max_energy)
    assert 0.995 <= accepted.mean() < 1


def test_misread_images_are_listed_with_their_answer_and_confidence():
    logits = np.log([[0.7, 0.2, 0.1] + [1e-12] * 7, [0.5, 0.3, 0.2] + [1e-12] * 7])
    [case] = misread(logits, np.array([0, 1]), temperature=1.0)
    assert (case.index, case.label, case.answer) == (1, 1, 0)
    assert case.confidence == pytest.approx(0.5)
