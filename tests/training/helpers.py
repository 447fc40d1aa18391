"""Shared by the tests of training: a short recipe, comparisons, and a run's interruption."""

import _thread
import itertools

import numpy as np

from digit_model.training.batches import AugmentedBatches
from digit_model.training.recipes import Recipe

SHORT = Recipe(
    architecture="dense", epochs=3, synthetic=200, outliers=40, batch_size=64, augment="shift"
)


def assert_same_weights(model, other):
    for one, another in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, another)


def without_seconds(log):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in log]


def interrupt_after(monkeypatch, calls):
    """Send what Ctrl-C sends once this many batches have been requested."""
    get_batch, count = AugmentedBatches.__getitem__, itertools.count(1)

    def interrupted(self, index):
        if next(count) == calls:
            _thread.interrupt_main()
        return get_batch(self, index)

    monkeypatch.setattr(AugmentedBatches, "__getitem__", interrupted)
