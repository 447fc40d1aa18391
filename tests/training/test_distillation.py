"""A network that learns another's answers in place of the labels."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from digit_model.data.mnist import LabelledImages, split
from digit_model.synthesis.digits import draw_digits
from digit_model.synthesis.outliers import draw_outliers
from digit_model.training.distillation import Teacher
from digit_model.training.fit import TrainingOptions, fit
from digit_model.training.recipes import Recipe
from tests.training.helpers import assert_same_weights

SHORT = Recipe(
    architecture="dense", epochs=4, synthetic=0, outliers=0, batch_size=64, augment="shift"
)
TEMPERATURE = 0.7


@pytest.fixture(scope="module")
def drawn():
    return split(draw_digits(960, seed=5))


@pytest.fixture(scope="module")
def known(drawn):
    """The network that teaches."""
    return fit(SHORT, *drawn, TrainingOptions(verbose=0)).model


@pytest.fixture(scope="module")
def teacher(known):
    return Teacher(known, TEMPERATURE, sha256="abc")


def test_it_answers_softly_and_leaves_what_is_no_digit(drawn, known, teacher):
    tiles = drawn[1].tiles[:6]
    labels = np.eye(10, dtype=np.float32)[[3, 1, 4, 1, 5, 9]]
    labels[4] = 0
    targets = teacher.targets(tiles, labels)
    expected = special.softmax(known.predict(tiles, verbose=0) / (2 * TEMPERATURE), axis=1)
    expected[4] = 0
    assert targets.dtype == np.float32
    np.testing.assert_allclose(targets, expected, atol=1e-5)


def test_a_teacher_that_knows_outliers_answers_yes_or_no_for_each_digit(drawn, known):
    teacher = Teacher(known, TEMPERATURE, sha256="abc", knows_outliers=True)
    tiles = drawn[1].tiles[:6]
    labels = np.eye(10, dtype=np.float32)[[3, 1, 4, 1, 5, 9]]
    labels[4] = 0
    targets = teacher.targets(tiles, labels)
    logits = known.predict(tiles, verbose=0)
    expected = special.softmax(logits / (2 * TEMPERATURE), axis=1)
    expected[4] = special.expit(logits[4])
    np.testing.assert_allclose(targets, expected, atol=1e-5)


def test_the_labels_are_not_learned(drawn, teacher):
    train, validation = drawn
    mislabelled = LabelledImages(train.images, (train.labels + 1) % 10)
    taught = fit(SHORT, train, validation, TrainingOptions(teacher=teacher, verbose=0))
    misled = fit(SHORT, mislabelled, validation, TrainingOptions(teacher=teacher, verbose=0))
    assert_same_weights(taught.model, misled.model)
    assert taught.validation.accuracy > 0.5


def test_what_is_no_digit_is_still_learned(drawn, teacher):
    """Not from the teacher, which knows no such marks, but from their own targets of ten zeros."""
    recipe = replace(SHORT, outliers=400, epochs=6)
    taught = fit(recipe, *drawn, TrainingOptions(teacher=teacher, verbose=0))
    without = fit(replace(recipe, outliers=0), *drawn, TrainingOptions(teacher=teacher, verbose=0))
    marks = draw_outliers(200, seed=9) / np.float32(255)
    with_them, without_them = (
        special.logsumexp(trained.model.predict(marks, verbose=0), axis=1).mean()
        for trained in (taught, without)
    )
    assert with_them < without_them - 1
