import _thread
import csv
import itertools
import signal

import keras
import numpy as np
import pytest

from digit_model.training.dataset import split
from digit_model.training.fit import AugmentedBatches, Recipe, fit
from digit_model.training.strokes import draw_digits

SHORT = Recipe(architecture="dense", epochs=3, drawn=200, outliers=40, batch_size=64)


@pytest.fixture(scope="module")
def drawn():
    return split(draw_digits(960, seed=5), seed=0)


@pytest.fixture(scope="module")
def trained(drawn, tmp_path_factory):
    history = tmp_path_factory.mktemp("fit") / "history.csv"
    return fit(SHORT, *drawn, history=history, verbose=0), history


def test_training_learns_and_writes_its_history(trained):
    result, history = trained
    with history.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == result.epochs == 3
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert result.validation.accuracy > 0.5


def test_the_seed_decides_the_weights(drawn, trained):
    again = fit(SHORT, *drawn, verbose=0)
    for one, other in zip(trained[0].model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_best_epoch_is_kept(trained):
    result, history = trained
    with history.open(newline="") as file:
        best = max(float(row["val_accuracy"]) for row in csv.DictReader(file))
    assert result.validation.accuracy == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("calls", [1, 5, 20])
def test_ctrl_c_ends_early_and_keeps_the_best_so_far(drawn, monkeypatch, calls):
    before = signal.getsignal(signal.SIGINT)
    interrupt_after(monkeypatch, calls)
    result = fit(SHORT, *drawn, verbose=0)
    assert 1 <= result.epochs < SHORT.epochs
    assert all(np.isfinite(weight).all() for weight in result.model.get_weights())
    assert signal.getsignal(signal.SIGINT) is before


def interrupt_after(monkeypatch, calls):
    """Send what Ctrl-C sends once so many batches have been asked for."""
    batch, counted = AugmentedBatches.__getitem__, itertools.count(1)

    def interrupted(self, index):
        if next(counted) == calls:
            _thread.interrupt_main()
        return batch(self, index)

    monkeypatch.setattr(AugmentedBatches, "__getitem__", interrupted)


def test_batches_hang_on_seed_epoch_and_number_alone():
    images = draw_digits(256, seed=0).images
    targets = np.eye(256, 10, dtype=np.float32)
    one, other = (AugmentedBatches(images, targets, Recipe(batch_size=64)) for _ in range(2))
    one[0], one[1]
    np.testing.assert_array_equal(one[2][0], other[2][0])
    first = one[2][0]
    one.on_epoch_end()
    assert not np.array_equal(one[2][0], first)


def test_no_global_distribution_is_left(trained):
    assert keras.distribution.distribution() is None
