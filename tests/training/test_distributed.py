"""The devices that take part, and the sizes of scoring batches."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from digit_model.errors import DigitError
from digit_model.training.distributed import data_parallel, scoring_batch


def on_devices(count):
    """Return a fake distribution over this many devices of one process."""
    return SimpleNamespace(device_mesh=SimpleNamespace(devices=np.empty(count)))


@pytest.mark.parametrize("devices", [1, 2, 3, 7, 8, 100, 600])
def test_every_scoring_batch_divides_evenly(devices):
    """The last batch too, of any set that the devices divide."""
    batch = scoring_batch(on_devices(devices))
    assert batch % devices == 0
    assert batch <= max(500, devices)
    assert (devices * 37) % batch % devices == 0


@pytest.mark.parametrize("devices", [2, 0, -1])
def test_devices_that_are_not_there_are_a_sentence(devices):
    """These tests run with one device."""
    with pytest.raises(DigitError, match="There are 1 devices"):
        data_parallel(devices, 64)


def test_devices_that_do_not_divide_the_batches_are_a_sentence(monkeypatch):
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["cpu"] * 100)
    with pytest.raises(DigitError, match=r"3 devices do not divide 128, 5000.* divisors of 8 do"):
        data_parallel(3, 128, 5000)
