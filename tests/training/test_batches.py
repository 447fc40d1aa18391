"""Batches depend only on seed, epoch and index; the training set holds what the recipe names."""

from dataclasses import replace

import numpy as np

from digit_model.synthesis.digits import draw_digits
from digit_model.training.batches import AugmentedBatches, build_training_set
from tests.training.helpers import SHORT


def test_batches_depend_only_on_seed_epoch_and_index():
    images = draw_digits(256, seed=0).images
    targets = np.eye(256, 10, dtype=np.float32)
    one, other = (AugmentedBatches(images, targets, SHORT) for _ in range(2))
    one[0], one[1]
    first = one[2][0]
    np.testing.assert_array_equal(first, other[2][0])
    one.on_epoch_end()
    assert not np.array_equal(one[2][0], first)


def test_the_training_set_holds_digits_and_outliers(digits):
    train, _ = digits
    recipe = replace(SHORT, synthetic=10, outliers=9, label_smoothing=0.1)
    images, targets = build_training_set(recipe, train, more_outliers=train.images[:2])
    assert images.shape == (len(train) + 10 + 9 + 2, 28, 28)
    assert (images.dtype, targets.dtype) == (np.uint8, np.float32)
    np.testing.assert_array_equal(images[-2:], train.images[:2])
    assert (targets[-11:] == 0).all()
    np.testing.assert_array_equal(targets[: len(train)].argmax(axis=1), train.labels)
    np.testing.assert_allclose(np.sort(targets[0]), [*[0.01] * 9, 0.91], atol=1e-6)
