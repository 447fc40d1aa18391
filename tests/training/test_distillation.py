"""A network learns another's answers instead of the labels."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from digit_model.data.mnist import LabelledImages
from digit_model.synthesis.outliers import draw_outliers
from digit_model.training.distillation import Teacher
from digit_model.training.fit import TrainingOptions, fit
from tests.training.helpers import SHORT, assert_same_weights

DIGITS_ONLY = replace(SHORT, epochs=4, synthetic=0, outliers=0)
QUIET = TrainingOptions(verbose=0)
TEMPERATURE = 0.7


@pytest.fixture(scope="module")
def known(digits):
    return fit(DIGITS_ONLY, *digits, QUIET).model


@pytest.fixture(scope="module")
def teacher(known):
    return Teacher(known, TEMPERATURE, sha256="abc")


def test_answers_are_softened_and_targets_of_outliers_are_left(digits, known, teacher):
    tiles = digits[1].tiles[:6]
    labels = np.eye(10, dtype=np.float32)[[3, 1, 4, 1, 5, 9]]
    labels[4] = 0
    targets = teacher.targets(tiles, labels)
    expected = special.softmax(known.predict(tiles, verbose=0) / (2 * TEMPERATURE), axis=1)
    expected[4] = 0
    assert targets.dtype == np.float32
    np.testing.assert_allclose(targets, expected, atol=1e-5)


def test_labels_have_no_influence(digits, teacher):
    train, validation = digits
    mislabelled = LabelledImages(train.images, (train.labels + 1) % 10)
    taught = fit(DIGITS_ONLY, train, validation, replace(QUIET, teacher=teacher))
    misled = fit(DIGITS_ONLY, mislabelled, validation, replace(QUIET, teacher=teacher))
    assert_same_weights(taught.model, misled.model)
    assert taught.validation.accuracy > 0.5


def test_outliers_are_still_learned_from_their_own_targets(digits, teacher):
    recipe = replace(DIGITS_ONLY, outliers=400, epochs=6)
    taught = fit(recipe, *digits, replace(QUIET, teacher=teacher))
    without = fit(replace(recipe, outliers=0), *digits, replace(QUIET, teacher=teacher))
    marks = draw_outliers(200, seed=9) / np.float32(255)
    with_them, without_them = (
        special.logsumexp(trained.model.predict(marks, verbose=0), axis=1).mean()
        for trained in (taught, without)
    )
    assert with_them < without_them - 1
